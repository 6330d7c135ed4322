// Rollouts of the learned SDE: Euler–Maruyama and Heun against float64, exact moments, orders.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { evaluate, type TrainedModel } from "../../../lib/method/sde/model.ts";
import { rollout } from "../../../lib/method/sde/rollout.ts";
import { normalPair } from "../../../lib/random/normal.ts";
import { philox4x32 } from "../../../lib/random/philox.ts";
import { type Stream, stream } from "../../../lib/random/stream.ts";
import { defined, generators, normal } from "../../fixtures.ts";
import { identity, square, times } from "../../matrices.ts";
import { difference, rootMeanSquare } from "../../numbers.ts";
import { expectWithin } from "../../statistics.ts";
import {
  exactValues,
  FORMS,
  fieldLayout,
  grid,
  modelOf,
  type Parts,
  quiet,
  randomModel,
  sigmaOutputs,
} from "./reference.ts";

const SEED = 30;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

describe("rollout", () => {
  /** A model by hand: networks zero but for what `sigma` puts into the last bias of the diffusion network. */
  function byHand(
    d: number,
    { sigma, ...parts }: Partial<Parts> & { readonly sigma?: readonly number[] },
  ): TrainedModel {
    const model = modelOf(d, parts);
    const { bias } = defined(fieldLayout(model.diffusion, d, d * d).layers.at(-1));
    sigma?.forEach((value, k) => {
      model.diffusion.parameters[bias + k] = value - (k % (d + 1) === 0 ? 1 : 0);
    });
    return model;
  }

  /** The documented noise of trajectory p at step k: normal numbers from Philox at (step, replica, stream step, j). */
  function noise(at: Stream, p: number, k: number, d: number): number[] {
    const xi: number[] = [];
    for (let j = 0; j < d; j += 4) {
      const [a, b, c, e] = philox4x32([k, at.replica + p, at.step, j], [at.seed, at.purpose]);
      xi.push(...normalPair(a, b), ...normalPair(c, e));
    }
    return xi.slice(0, d);
  }

  const at = stream(SEED, "test/rollout");

  test("equals the float64 recursion with the same noise, in five dimensions, standardised", async () => {
    const [d, count, steps, dt] = [5, 3, 50, 0.05];
    const rng = generator("rollout/recursion");
    const vector = (scale: number) => Float32Array.from({ length: d }, () => scale * (0.5 + rng.uniform()));
    const model = byHand(d, {
      sigma: identity(d).map((one) => one + 0.5 * normal(rng)),
      center: vector(1),
      spread: vector(2),
      offset: vector(0.5),
      slope: Float32Array.from(identity(d), (one) => 0.4 * normal(rng) - one),
      noiseScale: vector(0.3),
    });
    const start = Float32Array.from({ length: count * d }, () => normal(rng));
    for (const used of [quiet(model), model]) {
      const record = await rollout(gpu, used, start, { dt, times: grid(dt, steps), stream: at });
      const { center, spread } = used;
      const { offset, slope } = used.drift;
      const { scale, parameters } = used.diffusion;
      const raw = parameters.subarray(fieldLayout(used.diffusion, d, d * d).layers[1].bias);
      const sigma = identity(d).map((one, k) => scale[Math.floor(k / d)] * (one + raw[k]));
      const expected: number[] = [...start];
      for (let k = 0; k < steps; k++) {
        for (let p = 0; p < count; p++) {
          const z = expected.slice((k * count + p) * d, (k * count + p + 1) * d);
          const drift = times(
            slope,
            z.map((x, j) => (x - center[j]) / spread[j]),
          );
          const kick = times(sigma, noise(at, p, k, d));
          expected.push(...z.map((x, j) => x + dt * (offset[j] + drift[j]) + Math.sqrt(dt) * kick[j]));
        }
      }
      expect(record).toEqual({ times: grid(dt, steps), cases: 1, runs: count, d, data: record.data });
      expect(record.data.length).toBe((steps + 1) * count * d);
      expect(Math.max(...difference(record.data, expected).map(Math.abs))).toBeLessThan(2e-5);
    }
  });

  const SCHEMES = ["euler", "heun"] as const;

  for (const scheme of SCHEMES) {
    for (const form of FORMS) {
      test(`${scheme}, ${form} diffusion: equals the float64 recursion with the same noise`, async () => {
        const [count, steps, dt] = [4, 40, 0.05];
        for (const d of [2, 5]) {
          const rng = generator(`rollout/${form}/${d}`);
          const model = randomModel(d, form, rng);
          const start = Float32Array.from({ length: count * d }, () => normal(rng));
          const { data } = await rollout(gpu, model, start, { dt, times: grid(dt, steps), scheme, stream: at });
          const expected: number[] = [...start];
          for (let k = 0; k < steps; k++) {
            for (let p = 0; p < count; p++) {
              const z = expected.slice((k * count + p) * d, (k * count + p + 1) * d);
              const { f, sigma } = exactValues(model, z);
              const kick = times(sigma, noise(at, p, k, d)).map((x) => Math.sqrt(dt) * x);
              const ahead = z.map((x, j) => x + dt * f[j] + kick[j]);
              const late = scheme === "heun" ? exactValues(model, ahead).f : f;
              expected.push(...z.map((x, j) => x + (dt / 2) * (f[j] + late[j]) + kick[j]));
            }
          }
          expect(data.length).toBe(expected.length);
          expect(Math.max(...difference(data, expected).map(Math.abs))).toBeLessThan(2e-5);
        }
      });
    }
  }

  test("without noise is of order 1 by Euler's scheme and of order 2 by Heun's, for a nonlinear drift", async () => {
    const count = 16;
    const rng = generator("rollout/order");
    const model = quiet(randomModel(2, "full", rng));
    const start = Float32Array.from({ length: 2 * count }, () => 1.5 * normal(rng));
    // The exact solution at time 1: 400 steps of the classical Runge–Kutta method, error below 1e-9.
    const exact = Array.from({ length: count }, (_, p) => {
      let z = Array.from(start.subarray(2 * p, 2 * p + 2));
      const h = 1 / 400;
      const f = (y: number[]) => exactValues(model, y).f;
      const move = (step: number, by: number[]) => z.map((x, j) => x + step * by[j]);
      for (let k = 0; k < 400; k++) {
        const a = f(z);
        const b = f(move(h / 2, a));
        const c = f(move(h / 2, b));
        const e = f(move(h, c));
        z = z.map((x, j) => x + (h / 6) * (a[j] + 2 * b[j] + 2 * c[j] + e[j]));
      }
      return z;
    }).flat();
    const errors = async (scheme: "euler" | "heun") => {
      const found: number[] = [];
      for (const steps of [8, 16, 32]) {
        const times = Float64Array.of(0, 1);
        const { data } = await rollout(gpu, model, start, { dt: 1 / steps, times, scheme, stream: at });
        found.push(rootMeanSquare(difference(data.subarray(2 * count), exact)));
      }
      return found;
    };
    // Errors are a dt^q (1 + b dt): the ratios tend to 2^q. Rounding is 1e-6 at most.
    const [euler, heun] = [await errors("euler"), await errors("heun")];
    expect(euler[0] / euler[1]).toBeWithin(1.8, 2.3);
    expect(euler[1] / euler[2]).toBeWithin(1.9, 2.15);
    expect(heun[0] / heun[1]).toBeWithin(3.4, 5);
    expect(heun[1] / heun[2]).toBeWithin(3.6, 4.5);
    expect(heun[2]).toBeGreaterThan(2e-5);
    expect(heun[2]).toBeLessThan(euler[2] / 10);
  });

  test("by Heun's scheme has Euler's noise, which is all there is where the drift is zero", async () => {
    const rng = generator("rollout/still");
    const zero = { offset: new Float32Array(3), slope: new Float32Array(9), scale: new Float32Array(3) };
    const moving = randomModel(3, "triangular", rng);
    const model = { ...moving, drift: { ...moving.drift, ...zero } };
    const start = Float32Array.from({ length: 300 }, () => normal(rng));
    const options = { dt: 0.1, times: grid(0.1, 20, 4), stream: at };
    const { data: euler } = await rollout(gpu, model, start, options);
    const { data: heun } = await rollout(gpu, model, start, { ...options, scheme: "heun" });
    expect(rootMeanSquare(difference(euler.subarray(1500), euler.subarray(0, 300)))).toBeGreaterThan(0.3);
    expect(Math.max(...difference(heun, euler).map(Math.abs))).toBeLessThan(1e-6);
  });

  test("of an Ornstein–Uhlenbeck process has the exact mean and covariance of discrete time", async () => {
    const [count, steps, every, dt] = [8192, 40, 10, 0.1];
    const slope = [-1, 0.6, -0.4, -0.5];
    const offset = [0.3, -0.2];
    const sigma = [0.5, 0.2, -0.3, 0.4];
    const model = byHand(2, { sigma, slope: Float32Array.from(slope), offset: Float32Array.from(offset) });
    const start = new Float32Array(2 * count).map((_, k) => (k % 2 ? -1 : 2));
    const { data: record } = await rollout(gpu, model, start, { dt, times: grid(dt, steps, every), stream: at });
    const step = identity(2).map((one, k) => one + dt * slope[k]);
    let mean = [2, -1];
    let covariance = [0, 0, 0, 0];
    for (let k = 1; k <= steps; k++) {
      mean = times(step, mean).map((x, j) => x + dt * offset[j]);
      // A C Aᵀ + σσᵀ dt, C symmetric.
      const [a, b] = [times(step, covariance.slice(0, 2)), times(step, covariance.slice(2))];
      const columns = [times(step, [a[0], b[0]]), times(step, [a[1], b[1]])];
      covariance = square(sigma, 2).map((s, at) => dt * s + columns[at % 2][at >> 1]);
      if (k % every > 0) continue;
      const block = record.subarray((k / every) * 2 * count, (k / every + 1) * 2 * count);
      const average = (f: (p: number) => number) =>
        Array.from({ length: count }, (_, p) => f(p)).reduce((s, x) => s + x) / count;
      for (const j of [0, 1]) {
        const found = average((p) => block[2 * p + j]);
        expectWithin(`mean ${j} at step ${k}`, found, mean[j], Math.sqrt(covariance[3 * j] / count));
        for (const l of [0, 1]) {
          const product = average((p) => (block[2 * p + j] - mean[j]) * (block[2 * p + l] - mean[l]));
          const c = covariance[2 * j + l];
          const error = Math.sqrt((covariance[3 * j] * covariance[3 * l] + c * c) / count);
          expectWithin(`covariance ${j}${l} at step ${k}`, product, c, error);
        }
      }
    }
  });

  /** A model of one variable whose diffusion network puts out `raw` everywhere. */
  function constantRaw(form: "diagonal" | "triangular", raw: number, scale = 1): TrainedModel {
    const model = modelOf(1, { form, noiseScale: Float32Array.of(scale) });
    model.diffusion.parameters[fieldLayout(model.diffusion, 1, sigmaOutputs(form, 1)).layers[1].bias] = raw;
    return model;
  }

  test("of more runs and times than are recorded at once are those of few", async () => {
    // 80 MB: the device records 64 MiB at once.
    const [count, times, dt] = [100_000, 200, 0.1];
    const model = constantRaw("diagonal", -1);
    const start = Float32Array.from({ length: count }, (_, p) => p / count);
    const options = { dt, times: grid(dt, times - 1), stream: at };
    const { data } = await rollout(gpu, model, start, options);
    const few = await rollout(gpu, model, start.slice(0, 50), options);
    for (let k = 0; k < times; k++) {
      expect(data.slice(k * count, k * count + 50)).toEqual(few.data.slice(50 * k, 50 * (k + 1)));
    }
  });

  const STEP = { dt: 0.25, times: Float64Array.of(0, 0.25), stream: at };

  test("has the diagonal diffusion exp(s) too", async () => {
    const model = constantRaw("diagonal", Math.log(3), 0.5);
    const { data } = await rollout(gpu, model, Float32Array.of(0), STEP);
    expect(data[1]).toBeCloseTo(3 * 0.5 * 0.5 * noise(at, 0, 0, 1)[0], 5);
    expect((await evaluate(gpu, model, [0])).diffusion[0]).toBeCloseTo(2.25, 5);
  });

  test("has exponents within ±12, as f and σ at points have", async () => {
    for (const form of ["diagonal", "triangular"] as const) {
      for (const [raw, used] of [
        [30, 12],
        [-30, -12],
      ]) {
        const model = constantRaw(form, raw);
        const { data } = await rollout(gpu, model, Float32Array.of(0), STEP);
        expect(data[1] / (Math.exp(used) * 0.5 * noise(at, 0, 0, 1)[0])).toBeCloseTo(1, 5);
        expect((await evaluate(gpu, model, [0])).diffusion[0] / Math.exp(2 * used)).toBeCloseTo(1, 5);
      }
    }
  });

  test("of geometric Brownian motion converges strongly with order ½", async () => {
    // σ(z) = z exactly: raw = relu(z) − relu(−z) − 1, so that 1 + raw = z. f(z) = μ z is the slope.
    const [mu, sigma, time, count] = [0.5, 0.8, 1, 2048];
    const model = modelOf(1, { slope: Float32Array.of(mu), noiseScale: Float32Array.of(sigma) });
    const { layers } = fieldLayout(model.diffusion, 1, 1);
    const { parameters } = model.diffusion;
    for (const [unit, sign] of [1, -1].entries()) {
      parameters[layers[0].weights + unit] = sign;
      parameters[layers[1].weights + 8 * unit] = sign;
    }
    parameters[layers[1].bias] = -1;
    const start = new Float32Array(count).fill(1);
    const points: { x: number; y: number }[] = [];
    for (const steps of [8, 16, 32, 64]) {
      const dt = time / steps;
      const { data } = await rollout(gpu, model, start, { dt, times: Float64Array.of(0, time), stream: at });
      let error = 0;
      for (let p = 0; p < count; p++) {
        let w = 0;
        for (let k = 0; k < steps; k++) w += Math.sqrt(dt) * noise(at, p, k, 1)[0];
        error += Math.abs(data[count + p] - Math.exp((mu - sigma ** 2 / 2) * time + sigma * w)) / count;
      }
      points.push({ x: Math.log(dt), y: Math.log(error) });
    }
    const [mx, my] = [points.reduce((s, { x }) => s + x / 4, 0), points.reduce((s, { y }) => s + y / 4, 0)];
    const order =
      points.reduce((s, { x, y }) => s + (x - mx) * (y - my), 0) / points.reduce((s, { x }) => s + (x - mx) ** 2, 0);
    // Errors of 2,048 paths are good to about 4 % (they are skewed), the order to 0.03; higher terms add 0.02.
    expect(order).toBeWithin(0.4, 0.6);
  });
});
