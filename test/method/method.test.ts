// The method against exact results: the loss, the fit, training pairs, upsampling, rollouts of the learned SDE.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { beforeAll, describe, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { relaxTimeOf } from "../../lib/experiments/ising/plan.ts";
import { type Gpu, openDevice } from "../../lib/gpu/device.ts";
import { batchThatFits } from "../../lib/method/batch.ts";
import { concatenate } from "../../lib/method/concatenate.ts";
import {
  choosePatches,
  everyRow,
  type Method,
  type Pairs,
  pairsFromTensors,
  pairsTensors,
  regression,
} from "../../lib/method/pairs.ts";
import { fitSde } from "../../lib/method/sde/fit.ts";
import {
  evaluate,
  modelFromTensors,
  modelTensors,
  type SdeModel,
  type SdeShape,
  type SdeValues,
  sdeConstants,
  sdeNetworks,
  withLambda,
} from "../../lib/method/sde/model.ts";
import { DivergedError, rollout } from "../../lib/method/sde/rollout.ts";
import {
  evenTimes,
  makePairs,
  quadraticTimes,
  smallTrajectories,
  thinned,
  upsampled,
} from "../../lib/method/snapshots.ts";
import { type FitOptions, type FitState, fitState, fitTensors } from "../../lib/method/train.ts";
import { upsampleTo, upsamplingFactors } from "../../lib/method/upsample.ts";
import { layout } from "../../lib/nn/mlp.ts";
import { normalPair } from "../../lib/random/normal.ts";
import { philox4x32 } from "../../lib/random/philox.ts";
import { type Stream, stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import type { States, System } from "../../lib/systems/system.ts";
import { expectLaw, expectWithin, histogram, moments } from "../statistics.ts";

const SEED = 30;
setDefaultTimeout(120_000);

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openDevice();
});

const generator = (purpose: string) => Xoshiro.open(stream(SEED, `test/${purpose}`), 0, 0);
const normal = (rng: Xoshiro) => normalPair(rng.next(), rng.next())[0];
const identity = (d: number) => Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));

/** a aᵀ of a d × d matrix. */
function square(a: ArrayLike<number>, d: number): number[] {
  return Array.from({ length: d * d }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += a[Math.floor(at / d) * d + k] * a[(at % d) * d + k];
    return sum;
  });
}

function times(a: ArrayLike<number>, x: ArrayLike<number>): number[] {
  const d = x.length;
  return Array.from({ length: d }, (_, j) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += a[j * d + k] * x[k];
    return sum;
  });
}

const upper = (a: ArrayLike<number>, d: number) =>
  Array.from({ length: d }, (_, j) => Array.from({ length: d - j }, (_, k) => a[j * d + j + k])).flat();

function rootMeanSquare(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0) / values.length);
}

const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a, (value, k) => value - b[k]);

const KINDS = ["constant", "diagonal", "full", "triangular"] as const;

/** a b of d × d matrices. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += a[Math.floor(at / d) * d + k] * b[k * d + (at % d)];
    return sum;
  });
}

/** A frame unlike the identity: diagonal 0.6 … 1.2, entries below it of the order 0.4. */
function lowerTriangle(d: number, rng: Xoshiro): Float32Array {
  return Float32Array.from(identity(d), (one, at) => {
    const [j, k] = [Math.floor(at / d), at % d];
    return one * (0.6 + 0.6 * rng.uniform()) + (k < j ? 0.4 * normal(rng) : 0);
  });
}

/** σ̃ of the outputs of the diffusion network, by its definition (SdeModel). */
function innerSigma(diffusion: SdeShape["diffusion"], d: number, raw: ArrayLike<number>): Float64Array {
  return Float64Array.from(identity(d), (one, at) => {
    const [j, k] = [Math.floor(at / d), at % d];
    if (diffusion === "full") return one + raw[at];
    if (diffusion !== "triangular") return one * Math.exp(raw[j]);
    return j === k ? Math.exp(raw[at]) : k < j ? raw[at] : 0;
  });
}

/** f and σ at one point in float64, from the formula of SdeModel. */
function exactValues(model: SdeModel, z: readonly number[]) {
  const { d, center, spread, offset, slope, driftScale, noiseScale, frame, parameters } = model;
  const { layers, stride } = layout(sdeNetworks(model));
  const standard = z.map((x, j) => (x - center[j]) / spread[j]);
  const outputs = (group: number) => {
    let values = standard;
    for (const [l, { inputs, outputs, weights, bias }] of layers.entries()) {
      const before = values;
      values = Array.from({ length: outputs }, (_, o) => {
        let sum = parameters[group * stride + bias + o];
        for (let k = 0; k < inputs; k++) sum += parameters[group * stride + weights + k * outputs + o] * before[k];
        if (l === layers.length - 1) return sum;
        return model.activation === "tanh" ? Math.tanh(sum) : Math.max(0, sum);
      });
    }
    return values;
  };
  const [g, raw] = [outputs(0), outputs(1)];
  const f = times(slope, standard).map((x, j) => offset[j] + x + driftScale[j] * g[j]);
  const sigma = product(frame, innerSigma(model.diffusion, d, raw), d).map((x, k) => noiseScale[Math.floor(k / d)] * x);
  return { f, sigma };
}

/** A model with random networks and scales; of triangular diffusion with a frame. It stays bounded. */
function randomModel(d: number, diffusion: SdeShape["diffusion"], rng: Xoshiro): SdeModel {
  const shape: SdeShape = { d, hidden: [16, 8], activation: "tanh", diffusion };
  const vector = (scale: number) => Float32Array.from({ length: d }, () => scale * (0.5 + rng.uniform()));
  return {
    ...shape,
    center: vector(0.5),
    spread: vector(1.5),
    offset: vector(0.5),
    slope: Float32Array.from(identity(d), (one) => 0.4 * normal(rng) - 2 * one),
    driftScale: vector(1.5),
    noiseScale: vector(0.3),
    frame: diffusion === "triangular" ? lowerTriangle(d, rng) : Float32Array.from(identity(d)),
    parameters: Float32Array.from({ length: 2 * layout(sdeNetworks(shape)).stride }, () => 0.4 * normal(rng)),
  };
}

describe("loss kernel", () => {
  const BATCH = 64;
  const EPSILON = 0.05;
  /** Relative to the largest value; float32 inverses of matrices with condition numbers up to about 100. */
  const TOLERANCE = 5e-5;

  /** Loss of one sample in float64: r and V as given, C = S Sᵀ + ε; by elimination of [C | r V]. */
  function lossOf(d: number, s: Float64Array, r: number[], v: number[] | null): number {
    const c = square(s, d);
    const rows = Array.from({ length: d }, (_, j) => [
      ...c.slice(j * d, (j + 1) * d).map((x, k) => x + (j === k ? EPSILON : 0)),
      r[j],
      ...(v ?? []).slice(j * d, (j + 1) * d),
    ]);
    let loss = 0;
    for (let p = 0; p < d; p++) {
      const pivot = rows[p][p];
      loss += Math.log(pivot);
      rows[p] = rows[p].map((x) => x / pivot);
      for (let j = 0; j < d; j++) {
        const factor = rows[j][p];
        if (j !== p) rows[j] = rows[j].map((x, k) => x - factor * rows[p][k]);
      }
    }
    for (let j = 0; j < d; j++) loss += v ? r[j] * r[j] + rows[j][d + 1 + j] : r[j] * rows[j][d];
    return loss;
  }

  for (const diffusion of KINDS) {
    for (const method of ["increment", "compensator"] as const) {
      test(`${diffusion} diffusion, ${method}: value and gradient equal the float64 ones for d = 1 … 8`, async () => {
        for (const d of [1, 2, 3, 4, 8]) {
          const rng = generator(`loss/${diffusion}/${method}/${d}`);
          const shape: SdeShape = { d, hidden: [8], activation: "tanh", diffusion };
          const count = sdeNetworks(shape).outputs;
          const width = 8 * Math.ceil(count / 8);
          const triangle = method === "compensator" ? (d * (d + 1)) / 2 : 0;
          const batch = new Float32Array((2 * d + triangle) * BATCH);
          const outputs = Float32Array.from({ length: 2 * width * BATCH }, () => 0.3 * normal(rng));
          const kappa = Float32Array.from({ length: 8 }, (_, j) => 0.5 + 0.2 * j);
          const frame = diffusion === "triangular" ? lowerTriangle(d, rng) : Float32Array.from(identity(d));
          const padded = Float32Array.from({ length: 64 }, (_, k) => frame[k] ?? 0);
          const full: (number[] | null)[] = [];
          for (let b = 0; b < BATCH; b++) {
            for (let j = 0; j < d; j++) batch[(d + j) * BATCH + b] = normal(rng);
            const root = Array.from({ length: d * d }, () => normal(rng) / Math.sqrt(d));
            const v = square(root, d).map(Math.fround);
            for (let k = 0; k < triangle; k++) batch[(2 * d + k) * BATCH + b] = upper(v, d)[k];
            full.push(triangle > 0 ? v : null);
          }
          const buffers = {
            batch: gpu.buffer("test.batch", batch),
            outputs: gpu.buffer("test.outputs", outputs),
            gradient: gpu.buffer("test.gradient", 4 * outputs.length),
            losses: gpu.buffer("test.losses", 4 * BATCH),
          };
          const kernel = await gpu.kernel("sde/loss.wgsl", {
            constants: { ...sdeConstants(shape, width), COMPENSATOR: triangle > 0 ? 1 : 0 },
          });
          gpu.run(kernel.call({ params: { batch: BATCH, epsilon: EPSILON, kappa, frame: padded }, ...buffers }, 1));
          const gradient = await gpu.read(buffers.gradient, Float32Array);
          const losses = await gpu.read(buffers.losses, Float32Array);
          for (const buffer of Object.values(buffers)) buffer.destroy();

          const expected = new Float64Array(gradient.length);
          let lossError = 0;
          for (let b = 0; b < BATCH; b++) {
            const g = Float64Array.from({ length: d }, (_, j) => outputs[j * BATCH + b]);
            const raw = Float64Array.from({ length: count }, (_, k) => outputs[(width + k) * BATCH + b]);
            const value = () => {
              const s = product(frame, innerSigma(diffusion, d, raw), d);
              const r = Array.from(g, (x, j) => batch[(d + j) * BATCH + b] - kappa[j] * x);
              return lossOf(d, s, r, full[b]);
            };
            lossError = Math.max(lossError, Math.abs(losses[b] - value()));
            const h = 1e-5;
            for (const [values, first] of [
              [g, 0],
              [raw, width],
            ] as const) {
              for (let k = 0; k < values.length; k++) {
                const at = values[k];
                values[k] = at + h;
                const above = value();
                values[k] = at - h;
                expected[(first + k) * BATCH + b] = (above - value()) / (2 * h) / BATCH;
                values[k] = at;
              }
            }
          }
          const top = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));
          expect(lossError).toBeLessThan(TOLERANCE * top(losses));
          expect(top(difference(gradient, expected))).toBeLessThan(TOLERANCE * top(expected));
          // Rows of padding: exactly zero.
          for (let k = 0; k < gradient.length; k++) {
            const row = Math.floor(k / BATCH);
            if (row < width ? row >= d : row - width >= count) expect(gradient[k]).toBe(0);
          }
        }
      });
    }
  }
});

/** What synthetic pairs are made of; matrices row by row. */
interface Plan {
  readonly d: number;
  readonly snapshots: number;
  readonly patches: number;
  readonly perSnapshot?: number;
  readonly time: number;
  state(rng: Xoshiro): number[];
  drift(z: number[]): number[];
  sigma(z: number[]): number[];
}

/**
 * Pairs with a planted drift and diffusion: Δ = f δt + √(K δt) σ ξ per patch; A = f δt plus as much noise, smaller by a
 * factor 3; Q = K σσᵀ δt times a factor uniform on 0 … 2 (its mean is what counts).
 */
function plant(plan: Plan, purpose: string): Pairs {
  const { d, snapshots, patches, perSnapshot = 1, time } = plan;
  const rng = generator(purpose);
  const whole: number[] = [];
  const delta: number[] = [];
  const compensator: number[] = [];
  const variation: number[] = [];
  for (let s = 0; s < snapshots; s++) {
    const z = plan.state(rng).map(Math.fround);
    const f = plan.drift(z);
    const sigma = plan.sigma(z);
    const gamma = upper(square(sigma, d), d);
    whole.push(...z);
    for (let p = 0; p < perSnapshot; p++) {
      const noise = () => {
        const xi = Array.from({ length: d }, () => normal(rng));
        return times(sigma, xi).map((x) => Math.sqrt(patches * time) * x);
      };
      const [first, second] = [noise(), noise()];
      const factor = 2 * rng.uniform();
      for (let j = 0; j < d; j++) {
        delta.push(f[j] * time + first[j]);
        compensator.push(f[j] * time + second[j] / 3);
      }
      for (const q of gamma) variation.push(factor * patches * time * q);
    }
  }
  return {
    d,
    whole: Float32Array.from(whole),
    patch: new Float32Array(delta.length),
    delta: Float32Array.from(delta),
    compensator: Float32Array.from(compensator),
    variation: Float32Array.from(variation),
    perSnapshot,
    time,
    patches,
  };
}

const OPTIONS: FitOptions = { batch: 512, steps: 300, learningRate: 5e-3, weightDecay: 0, seed: SEED };
const SHAPE: SdeShape = { d: 1, hidden: [16], activation: "tanh", diffusion: "diagonal" };
const fit = (pairs: Pairs, method: Method, shape: Partial<SdeShape> = {}, options: Partial<FitOptions> = {}) =>
  fitSde(gpu, pairs, method, { ...SHAPE, d: pairs.d, ...shape }, { ...OPTIONS, ...options });

/** The solution of t x = y, t a lower triangle row by row. */
function solveLower(t: ArrayLike<number>, y: readonly number[]): number[] {
  const x: number[] = [];
  for (let j = 0; j < y.length; j++) {
    x.push(x.reduce((rest, value, k) => rest - t[j * y.length + k] * value, y[j]) / t[j * y.length + j]);
  }
  return x;
}

/** Least squares of `values` `[n, d]` on (1, z): d rows of d + 1 coefficients, by the normal equations. */
function affine(values: ArrayLike<number>, z: ArrayLike<number>, d: number): number[][] {
  const n = z.length / d;
  const size = d + 1;
  const rows = Array.from({ length: size }, () => new Array<number>(size + d).fill(0));
  for (let p = 0; p < n; p++) {
    const x = [1, ...Array.from({ length: d }, (_, k) => z[p * d + k])];
    const y = Array.from({ length: d }, (_, j) => values[p * d + j]);
    for (const [a, row] of rows.entries()) for (const [b, v] of [...x, ...y].entries()) row[b] += x[a] * v;
  }
  for (let p = 0; p < size; p++) {
    const pivot = rows[p][p];
    rows[p] = rows[p].map((v) => v / pivot);
    for (let a = 0; a < size; a++) {
      const factor = rows[a][p];
      if (a !== p) rows[a] = rows[a].map((v, b) => v - factor * rows[p][b]);
    }
  }
  return Array.from({ length: d }, (_, j) => rows.map((row) => row[size + j]));
}

/** Mean of the matrices σσᵀ over the points. */
function meanDiffusion({ diffusion }: SdeValues, d: number): number[] {
  const mean = new Array<number>(d * d).fill(0);
  for (const [k, value] of diffusion.entries()) mean[k % (d * d)] += (value * d * d) / diffusion.length;
  return mean;
}

/** An Ornstein–Uhlenbeck process in d dimensions: states of spread 0.5 … 2 about 0, a full drift matrix. */
function ornsteinUhlenbeck(d: number, diagonal: boolean) {
  const rng = generator(`ou/${d}`);
  const spread = Array.from({ length: d }, (_, j) => 0.5 + (1.5 * j) / Math.max(1, d - 1));
  const matrix = identity(d).map((one) => 0.3 * normal(rng) - one);
  const sigma = identity(d).map((one) =>
    diagonal ? one * (0.3 + 0.2 * rng.uniform()) : 0.3 * one + 0.08 * normal(rng),
  );
  const plan: Plan = {
    d,
    snapshots: 20_000 / Math.max(1, d / 4),
    patches: 16,
    time: 0.1,
    state: (r) => spread.map((s) => s * normal(r)),
    drift: (z) => times(matrix, z),
    sigma: () => sigma,
  };
  return { plan, spread, matrix, covariance: square(sigma, d) };
}

describe("fit", () => {
  for (const [d, diffusion] of [
    [1, "constant"],
    [2, "full"],
    [4, "diagonal"],
    [8, "full"],
  ] as const) {
    test(`Ornstein–Uhlenbeck increments in ${d} dimensions, ${diffusion} diffusion: the closed-form estimates`, async () => {
      const { plan, spread, covariance } = ornsteinUhlenbeck(d, diffusion !== "full");
      const { time, patches, snapshots: n } = plan;
      const pairs = plant(plan, `fit/ou/${d}`);
      const { drift, diffusion: matrices } = await evaluate(
        gpu,
        await fit(pairs, "increment", { diffusion }),
        pairs.whole,
      );
      const found = affine(drift, pairs.whole, d);
      const exact = affine(
        pairs.delta.map((change) => change / time),
        pairs.whole,
        d,
      );
      const residuals = pairs.delta.map((change, at) => {
        const row = exact[at % d];
        const z = pairs.whole.subarray(at - (at % d), at - (at % d) + d);
        return change - time * z.reduce((f, x, k) => f + row[k + 1] * x, row[0]);
      });
      for (let j = 0; j < d; j++) {
        // The networks are freer than the linear law and take up some noise: two standard errors are allowed. One is,
        // of least squares, Var B̂_jk = K (σσᵀ)_jj / (δt n Var z_k).
        const noise = Math.sqrt((patches * covariance[j * d + j]) / (time * n));
        for (let k = 0; k <= d; k++) {
          const error = noise / (k === 0 ? 1 : spread[k - 1]);
          expect(Math.abs(found[j][k] - exact[j][k]) / error).toBeLessThan(2);
        }
        for (let k = 0; k < d; k++) {
          let [fitted, estimate] = [0, 0];
          for (let p = 0; p < n; p++) {
            fitted += matrices[(p * d + j) * d + k] / n;
            estimate += (residuals[p * d + j] * residuals[p * d + k]) / (patches * time * n);
          }
          const [c, cj, ck] = [covariance[j * d + k], covariance[j * d + j], covariance[k * d + k]];
          if (diffusion !== "full" && j !== k) expect(fitted).toBe(0);
          else expect(Math.abs(fitted - estimate) / Math.sqrt((cj * ck + c * c) / n)).toBeLessThan(2);
          // And the truth: what is wrong with both would show here.
          if (diffusion === "full" || j === k)
            expectWithin(`σσᵀ ${j}${k}`, fitted, c, Math.sqrt((cj * ck + c * c) / n));
        }
      }
    });
  }

  test("λ = K recovers the planted σ; λ = 1 on the same increments is off by exactly K", async () => {
    const { plan, covariance } = ornsteinUhlenbeck(1, true);
    const pairs = plant(plan, "fit/lambda");
    const right = await evaluate(gpu, await fit(pairs, "increment"), [0.1]);
    const wrong = await evaluate(gpu, await fit({ ...pairs, patches: 1 }, "increment"), [0.1]);
    expect(Math.abs(wrong.diffusion[0] / right.diffusion[0] / plan.patches - 1)).toBeLessThan(1e-6);
    expect(Math.abs(right.diffusion[0] / covariance[0] - 1)).toBeLessThan(0.1);
    expect(wrong.drift).toEqual(right.drift);
  });

  for (const method of ["increment", "compensator"] as const) {
    test(`another λ needs no other training: ${method}`, async () => {
      const { plan } = ornsteinUhlenbeck(2, false);
      const pairs = plant({ ...plan, snapshots: 600, perSnapshot: 2 }, `fit/withLambda/${method}`);
      const lambda = (patches: number) => patches / pairs.perSnapshot;
      const train = (patches: number) =>
        fit({ ...pairs, patches }, method, { diffusion: "full" }, { batch: 256, steps: 60 });
      const model = await train(plan.patches);
      const points = pairs.whole.subarray(0, 40);
      const values = await evaluate(gpu, model, points);
      expect(withLambda(model, 5, 5)).toEqual(model);
      // Powers of four divide the noise by powers of two, without rounding; a third does not.
      for (const patches of [4 * plan.patches, plan.patches / 16, 3 * plan.patches]) {
        const trained = await train(patches);
        const derived = withLambda(model, lambda(patches), lambda(plan.patches));
        const exact = patches !== 3 * plan.patches;
        if (exact) expect(trained).toEqual(derived);
        const { noiseScale, parameters, ...rest } = trained;
        expect(rest).toEqual({ ...model, noiseScale: undefined, parameters: undefined } as unknown as typeof rest);
        // Of increments no number that the training sees contains λ.
        if (method === "increment") expect(parameters).toEqual(model.parameters);
        else expect(rootMeanSquare(difference(parameters, model.parameters))).toBeLessThan(1e-4);
        noiseScale.forEach((scale, j) => {
          expect(Math.abs(scale / derived.noiseScale[j] - 1)).toBeLessThan(2e-7);
        });
        const other = await evaluate(gpu, derived, points);
        expect(other.drift).toEqual(values.drift);
        const ratio = plan.patches / patches;
        const size = rootMeanSquare(values.diffusion);
        expect(
          rootMeanSquare(
            difference(
              other.diffusion,
              values.diffusion.map((x) => ratio * x),
            ),
          ),
        ).toBeLessThan(1e-6 * ratio * size);
      }
    });
  }

  test("the first loss is that of standardised data: d for increments, 2 d with the compensator", async () => {
    const { plan } = ornsteinUhlenbeck(2, false);
    // One batch holds all rows, the networks start at zero: mean |y|² = d and mean tr V = d by construction.
    const pairs = plant({ ...plan, snapshots: 256 }, "fit/first");
    for (const [method, expected] of [
      ["increment", 2],
      ["compensator", 4],
    ] as const) {
      const losses: number[] = [];
      const shape: SdeShape = { ...SHAPE, d: 2, diffusion: "full" };
      await fitSde(
        gpu,
        pairs,
        method,
        shape,
        { ...OPTIONS, batch: 256, steps: 1 },
        { onSteps: (_, l) => losses.push(l) },
      );
      expect(losses.length).toBe(1);
      expect(losses[0]).toBeCloseTo(expected, 4);
    }
  });

  const WELL: Plan = {
    d: 1,
    snapshots: 30_000,
    patches: 4,
    time: 0.05,
    state: (rng) => [4 * rng.uniform() - 2],
    drift: ([z]) => [z - z ** 3],
    sigma: ([z]) => [0.2 + 0.1 * Math.sin(2 * z)],
  };

  for (const method of ["increment", "compensator"] as const) {
    test(`a planted double well with σ(z) is recovered: ${method}`, async () => {
      const pairs = plant(WELL, `fit/well/${method}`);
      const model = await fit(pairs, method, { hidden: [16, 16] }, { steps: 500, learningRate: 1e-2 });
      const points = Array.from({ length: 37 }, (_, k) => -1.8 + 0.1 * k);
      const { drift, diffusion } = await evaluate(gpu, model, points);
      // Noise alone, were the curve a fit of q free parameters: √(K σ² q / (δt n)), with q = 10 about 0.03; a third of
      // it with the compensator. The bound is three times that; the drift itself reaches 4.
      const noise = Math.sqrt((4 * 0.04 * 10) / (0.05 * 30_000)) / (method === "compensator" ? 3 : 1);
      const exact = points.map((z) => z - z ** 3);
      expect(rootMeanSquare(difference(drift, exact))).toBeLessThan(3 * noise);
      // Relative: √(2 q / n) = 0.026 for Gaussian increments, √(q / (3 n)) for a uniform factor.
      const ratios = points.map((z, k) => diffusion[k] / WELL.sigma([z])[0] ** 2 - 1);
      expect(rootMeanSquare(ratios)).toBeLessThan(0.08);
    });
  }

  test("the compensator recovers a planted σ(z)σ(z)ᵀ with off-diagonal elements in three dimensions", async () => {
    const plan: Plan = {
      d: 3,
      snapshots: 12_000,
      patches: 9,
      time: 0.1,
      state: (rng) => Array.from({ length: 3 }, () => 2 * rng.uniform() - 1),
      drift: ([x, y, z]) => [y * z, -x + 0.5 * y ** 2, Math.sin(2 * x) - z],
      sigma: ([x, y, z]) => [0.3, 0, 0, 0.2 * x, 0.3 + 0.1 * z, 0, -0.2, 0.2 * y, 0.4],
    };
    const pairs = plant(plan, "fit/full");
    const model = await fit(
      pairs,
      "compensator",
      { hidden: [24], diffusion: "full" },
      { batch: 256, steps: 600, learningRate: 2e-2 },
    );
    const rng = generator("fit/full/points");
    const points = Array.from({ length: 200 }, () => plan.state(rng).map(Math.fround));
    const { drift, diffusion } = await evaluate(gpu, model, points.flat());
    // As above with q = 25: noise √(K σ² q / (δt n)) / 3 = 0.05 of f, √(q / (3 n)) = 0.026 of Q. The short training
    // leaves 0.12 of f, which reaches 2.
    expect(rootMeanSquare(difference(drift, points.flatMap(plan.drift)))).toBeLessThan(0.2);
    for (let at = 0; at < 9; at++) {
      const exact = points.map((z) => square(plan.sigma(z), 3)[at]);
      const found = points.map((_, p) => diffusion[9 * p + at]);
      // All entries are of the order 0.04 … 0.24.
      expect(rootMeanSquare(difference(found, exact))).toBeLessThan(0.01);
    }
    for (let p = 0; p < 200; p++) expect(diffusion[9 * p + 1]).toBe(diffusion[9 * p + 3]);
  });

  for (const method of ["increment", "compensator"] as const) {
    test(`four patches per snapshot agree with one, with less noise: ${method}`, async () => {
      const { plan, spread, matrix, covariance } = ornsteinUhlenbeck(1, true);
      for (const perSnapshot of [1, 4]) {
        const pairs = plant({ ...plan, snapshots: 10_000, perSnapshot }, `fit/per${perSnapshot}`);
        const { drift, diffusion } = await evaluate(gpu, await fit(pairs, method), pairs.whole);
        const noise = Math.sqrt((plan.patches * covariance[0]) / (plan.time * 10_000 * perSnapshot)) / spread[0];
        const scale = method === "compensator" ? 3 : 1;
        expectWithin(`slope, P = ${perSnapshot}`, affine(drift, pairs.whole, 1)[0][1], matrix[0], noise / scale);
        // Increments: variance of a variance. Compensator: of the factor uniform on 0 … 2, averaged over patches.
        const relative = method === "compensator" ? Math.sqrt(1 / 3 / perSnapshot) : Math.sqrt(2);
        const [mean] = meanDiffusion({ drift, diffusion }, 1);
        expectWithin(`σ², P = ${perSnapshot}`, mean, covariance[0], (covariance[0] * relative) / 100);
      }
    });
  }

  describe("awkward data", () => {
    const base = plant({ ...ornsteinUhlenbeck(2, false).plan, snapshots: 600 }, "fit/awkward");
    const scaled = (data: Float32Array, factor: number) => data.map((x) => factor * x);
    const twice = (data: Float32Array) => data.map((_, k) => data[k - (k % 2)]);
    const same = (data: Float32Array) => data.map((_, k) => data[k - (k % 3)]);
    const cases: Record<string, Pairs> = {
      "constant states": { ...base, whole: base.whole.map(() => 0.1) },
      "one constant observable": { ...base, whole: base.whole.map((z, k) => (k % 2 ? 0.3 : z)) },
      "no change at all": {
        ...base,
        delta: scaled(base.delta, 0),
        compensator: scaled(base.compensator, 0),
        variation: scaled(base.variation, 0),
      },
      "changes without noise": { ...base, delta: scaled(base.whole, -0.1), compensator: scaled(base.whole, -0.1) },
      ...Object.fromEntries(
        [1e-15, 1e15].map((factor) => [
          `observables of size ${factor}`,
          {
            ...base,
            whole: scaled(base.whole, factor),
            delta: scaled(base.delta, factor),
            compensator: scaled(base.compensator, factor),
            variation: scaled(base.variation, factor * factor),
          },
        ]),
      ),
      "two equal observables": {
        ...base,
        whole: twice(base.whole),
        delta: twice(base.delta),
        compensator: twice(base.compensator),
        variation: same(base.variation),
      },
      "nearly equal observables": {
        ...base,
        whole: twice(base.whole).map((z, k) => z + 1e-5 * base.whole[k]),
        delta: twice(base.delta).map((z, k) => z + 1e-5 * base.delta[k]),
      },
    };
    for (const [name, pairs] of Object.entries(cases)) {
      test(`${name}: everything stays finite`, async () => {
        for (const method of ["increment", "compensator"] as const) {
          for (const diffusion of ["constant", "full", "triangular"] as const) {
            const model = await fit(pairs, method, { diffusion }, { steps: 40, learningRate: 1e-2 });
            for (const { data } of Object.values(modelTensors(model))) expect(data.every(Number.isFinite)).toBe(true);
            const { drift, diffusion: matrix } = await evaluate(gpu, model, pairs.whole);
            expect(drift.every(Number.isFinite)).toBe(true);
            expect(matrix.every(Number.isFinite)).toBe(true);
            await rollout(gpu, model, pairs.whole.slice(0, 20), {
              dt: 0.01,
              steps: 10,
              every: 10,
              stream: stream(1, "x"),
            });
          }
        }
      });
    }

    test("observables correlated to 0.95, in state and noise, keep their σσᵀ", async () => {
      const rho = 0.95;
      const mix = [1, 0, rho, Math.sqrt(1 - rho ** 2)];
      const plan: Plan = {
        d: 2,
        snapshots: 4000,
        patches: 16,
        time: 0.1,
        state: (rng) => times(mix, [normal(rng), normal(rng)]),
        drift: (z) => z.map((x) => -x),
        sigma: () => mix,
      };
      const pairs = plant(plan, "fit/correlated");
      for (const method of ["increment", "compensator"] as const) {
        const model = await fit(pairs, method, { diffusion: "full" }, { steps: 500 });
        const found = meanDiffusion(await evaluate(gpu, model, pairs.whole), 2);
        // Relative errors of the estimates: √((1 + ρ²)/n) of a covariance, √(1/(3 n)) of the mean factor of Q.
        const error = method === "increment" ? Math.sqrt(2 / 4000) : Math.sqrt(1 / 3 / 4000);
        square(mix, 2).forEach((exact, k) => {
          expectWithin(`${method}: σσᵀ ${k}`, found[k], exact, error);
        });
      }
    });

    for (const method of ["increment", "compensator"] as const) {
      test(`triangular: noise of three observables, correlated to 0.95, nearly none in a corner: ${method}, three seeds`, async () => {
        // Cholesky factor of the matrix with 1 on the diagonal and 0.95 beside it.
        const rho = 0.95;
        const root = Math.sqrt(1 - rho ** 2);
        const last = (rho - rho ** 2) / root;
        const cholesky = [1, 0, 0, rho, root, 0, rho, last, Math.sqrt(1 - rho ** 2 - last ** 2)];
        const size = (z: readonly number[]) => 0.01 + 0.05 * (3 + z[0] + z[1] + z[2]);
        const plan: Plan = {
          d: 3,
          snapshots: 16_000,
          patches: 16,
          time: 0.1,
          state: (rng) => Array.from({ length: 3 }, () => 2 * rng.uniform() - 1),
          drift: (z) => z.map((x) => -x),
          // From 0.01 to 0.31; the third observable's noise varies once more.
          sigma: (z) => cholesky.map((x, k) => x * size(z) * (k < 6 ? 1 : 1 + 0.5 * z[0])),
        };
        const pairs = plant(plan, `fit/triangular/${method}`);
        const points = Array.from({ length: 500 }, (_, p) => Array.from(pairs.whole.subarray(3 * p, 3 * p + 3)));
        for (const seed of [1, 2, 3]) {
          const options = { batch: 1024, steps: 1500, learningRate: 1e-2, seed };
          const model = await fit(pairs, method, { diffusion: "triangular", hidden: [16] }, options);
          const { diffusion } = await evaluate(gpu, model, points.flat());
          // C of the model where the planted one is the identity: T⁻¹ C T⁻ᵀ, T the planted lower triangle; every direction counts
          // alike, those of variance 0.05 too.
          const white = points.map((z, p) => {
            const t = plan.sigma(z);
            const half = [0, 1, 2].map((column) =>
              solveLower(
                t,
                [0, 1, 2].map((row) => diffusion[9 * p + 3 * row + column]),
              ),
            );
            return [0, 1, 2].flatMap((row) =>
              solveLower(
                t,
                half.map((_, column) => half[column][row]),
              ),
            );
          });
          const mean = identity(3).map((_, k) => white.reduce((sum, w) => sum + w[k], 0) / white.length);
          const [bias, error] = [difference(mean, identity(3)), white.flatMap((w) => difference(w, identity(3)))];
          expect(rootMeanSquare(bias)).toBeLessThan(0.03);
          expect(rootMeanSquare(error)).toBeLessThan(0.06);
        }
      });
    }

    test("fewer rows than one batch, or numbers that are not finite, are refused", async () => {
      const message = "600 training pairs are fewer than one batch of 1024";
      await expect(fit(base, "increment", {}, { batch: 1024 })).rejects.toThrow(new InputError(message));
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const field of ["whole", "compensator", "variation"] as const) {
          const data = base[field].slice();
          data[7] = bad;
          const pairs = { ...base, [field]: data };
          await expect(fit(pairs, "compensator", {}, { batch: 256 })).rejects.toThrow(InputError);
        }
        const delta = base.delta.with(7, bad);
        await expect(fit({ ...base, delta }, "increment", {}, { batch: 256 })).rejects.toThrow(
          new InputError("the increment training pairs are not all finite"),
        );
      }
    });
  });

  describe("units", () => {
    const { plan } = ornsteinUhlenbeck(2, false);
    const base = plant({ ...plan, snapshots: 2000 }, "fit/units");
    const points = base.whole.slice(0, 200);

    /** The same data in units where z' = scale z + shift. */
    function rescaled(pairs: Pairs, scale: number[], shift: number[]): Pairs {
      const q = [scale[0] ** 2, scale[0] * scale[1], scale[1] ** 2];
      return {
        ...pairs,
        whole: pairs.whole.map((z, k) => scale[k % 2] * z + shift[k % 2]),
        delta: pairs.delta.map((x, k) => scale[k % 2] * x),
        compensator: pairs.compensator.map((x, k) => scale[k % 2] * x),
        variation: pairs.variation.map((x, k) => q[k % 3] * x),
      };
    }

    /** Largest change of f and σσᵀ, taken back to the old units, relative to their size. */
    async function deviation(method: Method, scale: number[], shift: number[]) {
      const shape = { diffusion: "full" } as const;
      const before = await evaluate(gpu, await fit(base, method, shape, { steps: 150 }), points);
      const model = await fit(rescaled(base, scale, shift), method, shape, { steps: 150 });
      const after = await evaluate(
        gpu,
        model,
        points.map((z, k) => scale[k % 2] * z + shift[k % 2]),
      );
      const drift = after.drift.map((f, k) => f / scale[k % 2]);
      const diffusion = after.diffusion.map((s, k) => s / scale[(k % 4) >> 1] / scale[k % 2]);
      return Math.max(
        rootMeanSquare(difference(drift, before.drift)) / rootMeanSquare(before.drift),
        rootMeanSquare(difference(diffusion, before.diffusion)) / rootMeanSquare(before.diffusion),
      );
    }

    for (const method of ["increment", "compensator"] as const) {
      test(`powers of two change nothing at all: ${method}`, async () => {
        expect(await deviation(method, [2 ** 20, 2 ** -20], [0, 0])).toBe(0);
      });

      test(`other factors and shifts change f and σ by rounding alone: ${method}`, async () => {
        // Shifts of the size of the spread: float32 data lose a few units of 1e-7, amplified by the training.
        expect(await deviation(method, [1e6, 1e-6], [2e6, -3e-6])).toBeLessThan(1e-4);
      });
    }
  });

  describe("bytes", () => {
    const shape: SdeShape = { ...SHAPE, d: 2, diffusion: "full" };
    const pairs = plant({ ...ornsteinUhlenbeck(2, false).plan, snapshots: 1000 }, "fit/bytes");
    const options: FitOptions = { ...OPTIONS, batch: 256, steps: 60, weightDecay: 1e-2 };

    test("do not depend on how the steps are cut into submissions, but on the seed", async () => {
      const expected = await fitSde(gpu, pairs, "increment", shape, options);
      for (const milliseconds of [1e6, 1e-3]) {
        const done: number[] = [];
        await withClock(milliseconds, async () => {
          const model = await fitSde(gpu, pairs, "increment", shape, options, { onSteps: (step) => done.push(step) });
          expect(model).toEqual(expected);
        });
        // The first submission has 8 steps; then single ones on a slow clock, all the rest at once on a fast one.
        expect(done.length).toBe(milliseconds > 1 ? 53 : 2);
      }
      expect(await fitSde(gpu, pairs, "increment", shape, { ...options, seed: 1 })).not.toEqual(expected);
    });

    test("are the same after resuming from any checkpoint", async () => {
      const states: FitState[] = [];
      const expected = await withClock(1e6, () =>
        fitSde(gpu, pairs, "increment", shape, options, {
          checkpoint: { wanted: () => true, save: (state) => states.push(state) },
        }),
      );
      expect(states.map(({ step }) => step)).toEqual(Array.from({ length: 52 }, (_, k) => k + 8));
      for (const k of [0, 20, 51]) {
        const resumeFrom = fitState(fitTensors(states[k]));
        expect(await fitSde(gpu, pairs, "increment", shape, options, { resumeFrom })).toEqual(expected);
      }
    });

    test("of a model survive the file form; a foreign one is refused", async () => {
      const model = await fitSde(gpu, pairs, "compensator", shape, { ...options, steps: 5 });
      const tensors = modelTensors(model);
      expect(modelFromTensors(shape, tensors)).toEqual(model);
      const { slope, ...rest } = tensors;
      expect(() => modelFromTensors(shape, rest)).toThrow(
        new InputError("the model file has 0 numbers for slope, not 4"),
      );
      const longer = { ...tensors, offset: slope };
      expect(() => modelFromTensors(shape, longer)).toThrow(
        new InputError("the model file has 4 numbers for offset, not 2"),
      );
      expect(() => modelFromTensors({ ...shape, hidden: [24] }, tensors)).toThrow(InputError);
    });

    test("of a model with triangular diffusion keep its frame, the Cholesky factor of the mean noise", async () => {
      const triangular: SdeShape = { ...shape, diffusion: "triangular" };
      const model = await fitSde(gpu, pairs, "compensator", triangular, { ...options, steps: 5 });
      const { frame, noiseScale } = model;
      expect(modelFromTensors(triangular, modelTensors(model))).toEqual(model);
      const { frame: _, ...rest } = modelTensors(model);
      expect(() => modelFromTensors(triangular, rest)).toThrow(
        new InputError("the model file has 0 numbers for frame, not 4"),
      );
      const n = pairs.variation.length / 3;
      const scale = pairs.patches * pairs.time;
      const mean = [0, 1, 2].map((k) => pairs.variation.reduce((sum, q, at) => (at % 3 === k ? sum + q : sum), 0) / n);
      expect(frame[1]).toBe(0);
      const found = square(frame, 2).map((x, k) => x * noiseScale[k >> 1] * noiseScale[k % 2] * scale);
      for (const [k, q] of [mean[0], mean[1], mean[1], mean[2]].entries()) expect(found[k] / q).toBeCloseTo(1, 5);
      expect(Math.abs(frame[2])).toBeGreaterThan(0.05);
    });

    test("of f and σσᵀ at a point do not depend on the points beside it", async () => {
      const model = await fitSde(gpu, pairs, "compensator", shape, options);
      const all = await evaluate(gpu, model, pairs.whole);
      expect(all.drift.length).toBe(2 * 1000);
      for (const p of [0, 1, 500, 999]) {
        const one = await evaluate(gpu, model, pairs.whole.slice(2 * p, 2 * p + 2));
        expect(one.drift).toEqual(all.drift.slice(2 * p, 2 * p + 2));
        expect(one.diffusion).toEqual(all.diffusion.slice(4 * p, 4 * p + 4));
      }
    });

    test("0 or 9 macroscopic variables are refused", () => {
      for (const d of [0, 9, 1.5]) {
        expect(() => sdeNetworks({ ...shape, d })).toThrow(new InputError(`${d} macroscopic variables: use 1 to 8`));
      }
    });
  });
});

/** Runs `work` with a clock that goes on by the same time at every look: it decides how work is cut into slices. */
async function withClock<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let now = 0;
  const clock = spyOn(performance, "now").mockImplementation(() => {
    now += milliseconds;
    return now;
  });
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}

describe("regression", () => {
  // Two snapshots, two of four patches each, two observables; Q of a patch is (q11, q12, q22).
  const pairs: Pairs = {
    d: 2,
    whole: Float32Array.of(1, 2, 3, 4),
    patch: Float32Array.of(1.5, 2, 0.5, 2.5, 3, 5, 2, 3),
    delta: Float32Array.of(0.25, 0.5, 0.75, -0.5, 1, 0, -2, 3),
    compensator: Float32Array.of(1, 2, 3, 6, 5, 7, 9, 1),
    variation: Float32Array.of(1, 2, 3, 5, 6, 7, 4, 0, 8, 8, 4, 16),
    perSnapshot: 2,
    time: 0.5,
    patches: 4,
  };

  test("increment: mean change of the patches, λ = K/P", () => {
    expect(regression(pairs, "increment")).toEqual({
      state: pairs.whole,
      change: Float32Array.of(0.5, 0, -0.5, 1.5),
      variation: new Float32Array(0),
      lambda: 2,
    });
  });

  test("compensator: mean A, and Q of the mean change, which is the mean Q over P", () => {
    expect(regression(pairs, "compensator")).toEqual({
      state: pairs.whole,
      change: Float32Array.of(2, 4, 7, 4),
      variation: Float32Array.of(1.5, 2, 2.5, 3, 1, 6),
      lambda: 2,
    });
    const blackBox = { ...pairs, compensator: new Float32Array(0) };
    expect(() => regression(blackBox, "compensator")).toThrow("needs a system whose rates are known");
  });

  test("naive: from the whole to one patch, λ = 1", () => {
    expect(regression(pairs, "naive")).toEqual({
      state: Float32Array.of(1, 2, 1, 2, 3, 4, 3, 4),
      change: Float32Array.of(0.75, 0.5, 0.25, 0, 1, 1, -3, 2),
      variation: new Float32Array(0),
      lambda: 1,
    });
  });

  test("small: from patch to patch, λ = 1", () => {
    expect(regression(pairs, "small")).toEqual({
      state: pairs.patch,
      change: pairs.delta,
      variation: new Float32Array(0),
      lambda: 1,
    });
  });
});

describe("pairs", () => {
  /** Of two observables, two patches per snapshot; every number tells its array and its place. */
  const numbered = (snapshots: number, time: number, known = true): Pairs => {
    const array = (start: number, width: number) =>
      Float32Array.from({ length: snapshots * width }, (_, k) => start + time + k);
    return {
      d: 2,
      whole: array(1000, 2),
      patch: array(2000, 4),
      delta: array(3000, 4),
      compensator: array(4000, known ? 4 : 0),
      variation: array(5000, known ? 6 : 0),
      perSnapshot: 2,
      time,
      patches: 9,
    };
  };

  test("every third snapshot is taken with all its patches, from the first on", () => {
    const pairs = numbered(8, 0.5);
    const rows = (array: Float32Array, width: number) =>
      Float32Array.from([0, 3, 6].flatMap((s) => Array.from(array.subarray(s * width, (s + 1) * width))));
    expect(everyRow(pairs, 3)).toEqual({
      ...pairs,
      whole: rows(pairs.whole, 2),
      patch: rows(pairs.patch, 4),
      delta: rows(pairs.delta, 4),
      compensator: rows(pairs.compensator, 4),
      variation: rows(pairs.variation, 6),
    });
    expect(everyRow(pairs, 1)).toEqual(pairs);
    expect(everyRow(pairs, 7).whole).toEqual(Float32Array.of(1000.5, 1001.5, 1014.5, 1015.5));
    expect(everyRow(numbered(8, 0.5, false), 3).variation.length).toBe(0);
    // What a method makes of the rows that stay is what it made of them before.
    const all = regression(pairs, "naive");
    const some = regression(everyRow(pairs, 3), "naive");
    expect(some.state).toEqual(rows(all.state, 4));
    expect(some.change).toEqual(rows(all.change, 4));
  });

  test("of several durations survive the file form, with and without known rates", () => {
    for (const known of [true, false]) {
      const list = [numbered(5, 0.25, known), numbered(5, 0.5, known)];
      const tensors = pairsTensors(list);
      for (const { shape, data } of Object.values(tensors)) expect(shape).toEqual([data.length]);
      expect(pairsFromTensors(tensors, [0.25, 0.5], { d: 2, patches: 9 })).toEqual(list);
    }
  });

  test("thinned snapshots are evenly spaced, and all where there are no more than asked", () => {
    const words = Uint32Array.from({ length: 30 }, (_, k) => k);
    expect(thinned(words, 3, 10)).toEqual(words);
    expect(thinned(words, 3, 99)).toEqual(words);
    // Of ten snapshots four: floor(10 k / 4) = 0, 2, 5, 7.
    expect(Array.from(thinned(words, 3, 4))).toEqual([0, 2, 5, 7].flatMap((s) => [3 * s, 3 * s + 1, 3 * s + 2]));
    expect(Array.from(thinned(words, 1, 1))).toEqual([0]);
  });
});

describe("choice of patches", () => {
  test("different ones in a snapshot, every ordered pair equally likely, independent of the snapshot before", () => {
    const [snapshots, patches] = [20_000, 8];
    const chosen = choosePatches(snapshots, 2, patches, generator("patches"));
    const pairs = histogram(
      Array.from({ length: snapshots }, (_, s) => chosen[2 * s] * patches + chosen[2 * s + 1]),
      patches ** 2,
    );
    const uniform = Array.from(pairs, (_, k) => (k % (patches + 1) === 0 ? 0 : 1 / (patches * (patches - 1))));
    expectLaw("pairs of patches", pairs, uniform);
    const successive = histogram(
      Array.from({ length: snapshots - 1 }, (_, s) => chosen[2 * s] * patches + chosen[2 * s + 2]),
      patches ** 2,
    );
    expectLaw("patches of successive snapshots", successive, new Array(patches ** 2).fill(1 / patches ** 2));
  });

  test("all patches are a permutation of the tiling", () => {
    const chosen = choosePatches(50, 9, 9, generator("all"));
    for (let s = 0; s < 50; s++) {
      expect(Array.from(chosen.slice(9 * s, 9 * s + 9)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });
});

describe("upsampling", () => {
  test("factors 2, 3 and 5 lead from side to side, smallest first", () => {
    expect(upsamplingFactors(16, 16)).toEqual([]);
    expect(upsamplingFactors(8, 64)).toEqual([2, 2, 2]);
    expect(upsamplingFactors(8, 24)).toEqual([3]);
    expect(upsamplingFactors(8, 48)).toEqual([2, 3]);
    expect(upsamplingFactors(4, 144)).toEqual([2, 2, 3, 3]);
    expect(upsamplingFactors(8, 40)).toEqual([5]);
    expect(upsamplingFactors(20, 2000)).toEqual([2, 2, 5, 5]);
    expect(upsamplingFactors(4, 120)).toEqual([2, 3, 5]);
  });

  test("impossible sides are refused in one sentence that names both and a remedy", () => {
    const message = (patchSide: number, side: number): string => {
      try {
        upsamplingFactors(patchSide, side);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        return (error as InputError).message;
      }
      throw new Error(`${patchSide} and ${side} were accepted`);
    };
    expect(message(12, 64)).toBe("patch side 12 does not divide lattice side 64: use 4, 8, 16, 32, 64 or another side");
    expect(message(64, 16)).toContain("patch side 64 does not divide lattice side 16");
    expect(message(8, 56)).toBe("lattice side 56 is 7 times patch side 8: the ratio must be a product of 2, 3 and 5");
    expect(message(4, 440)).toBe(
      "lattice side 440 is 110 times patch side 4: the ratio must be a product of 2, 3 and 5",
    );
    for (const [patchSide, side] of [
      [4, 9],
      [0, 64],
      [8, 0],
      [-8, 64],
      [8, -64],
      [Number.NaN, 64],
      [8, Number.NaN],
      [8, 2.5],
    ]) {
      const text = message(patchSide, side);
      expect(text).toContain(`patch side ${patchSide}`);
      expect(text).toContain(`lattice side ${side}`);
      expect(text).not.toContain("use  or");
    }
  });
});

/** Independent spins of two species, in columns of even and of odd number; species j is up with probability UP[j]. */
const UP = [0.7, 0.35];

interface Spins extends States {
  /** ±1, `[count, side, side]`. */
  readonly values: Int8Array;
  alive: boolean;
}

/**
 * Two-state spins with no coupling: every spin is redrawn at rate 1. A complete system of its own, in host memory.
 * States are shuffled within each species by `upsample` (no rate knows a position), so that all patches of a state are
 * alike given its observables.
 */
class FreeSpins implements System<Spins> {
  readonly name = "free spins";
  readonly dimension = 2;
  lanes = 32;
  readonly observables = ["a", "b"].map((symbol) => ({ name: symbol, symbol, unit: "1" }));
  readonly patchSide = 4;
  readonly steps: number[] = [];
  /** What `relax` was asked for. */
  readonly relaxed: { count: number; side: number; time: number; first: number }[] = [];
  /** Memory per site, as `bytes` says. */
  siteBytes = 1;

  #states(count: number, side: number, values = new Int8Array(count * side * side)): Spins {
    return {
      count,
      side,
      values,
      alive: true,
      destroy() {
        if (!this.alive) throw new Error("destroyed twice");
        this.alive = false;
      },
    };
  }

  async initial(count: number, side: number, at: Stream): Promise<Spins> {
    const states = this.#states(count, side);
    for (let r = 0; r < count; r++) {
      const rng = Xoshiro.open(at, r, 0);
      const up = [rng.uniform(), rng.uniform()];
      for (let k = 0; k < side * side; k++) states.values[r * side * side + k] = rng.uniform() < up[k % 2] ? 1 : -1;
    }
    return states;
  }

  async evolve({ count, side, values }: Spins, time: number, at: Stream): Promise<void> {
    for (let r = 0; r < count; r++) {
      const rng = Xoshiro.open(at, r, 0);
      for (let k = 0; k < side * side; k++) {
        if (rng.uniform() > Math.exp(-time)) values[r * side * side + k] = rng.uniform() <= UP[k % 2] ? 1 : -1;
      }
    }
  }

  async evolvePatches({ count, side, values }: Spins, patches: Uint32Array, time: number, at: Stream) {
    const perSnapshot = patches.length / count;
    const [before, delta, compensator, variation]: number[][] = [[], [], [], []];
    const half = this.patchSide ** 2 / 2;
    patches.forEach((patch, row) => {
      const rng = Xoshiro.open(at, row, 0);
      const spins = this.#patch(values, side, Math.floor(row / perSnapshot), patch);
      const sums = [0, 1].map((j) => spins.reduce((sum, s, k) => (k % 2 === j ? sum + s : sum), 0));
      const start = sums.map((sum) => sum / half);
      const a = [0, 0];
      const q = [0, 0];
      if (time === 0) {
        for (const j of [0, 1]) {
          a[j] = 2 * UP[j] - 1 - start[j];
          q[j] = (2 / half) * (1 - start[j] * (2 * UP[j] - 1));
        }
      }
      for (let now = 0; now < time; ) {
        const next = Math.min(time, now - Math.log(rng.uniform()) / spins.length);
        for (const j of [0, 1]) {
          // L m = 2p − 1 − m and Γ = (2/n)(1 − m (2p − 1)) of one species.
          a[j] += (next - now) * (2 * UP[j] - 1 - sums[j] / half);
          q[j] += (next - now) * (2 / half) * (1 - (sums[j] / half) * (2 * UP[j] - 1));
        }
        now = next;
        if (now === time) break;
        const k = rng.below(spins.length);
        sums[k % 2] -= spins[k];
        spins[k] = rng.uniform() <= UP[k % 2] ? 1 : -1;
        sums[k % 2] += spins[k];
      }
      before.push(...start);
      delta.push(...sums.map((sum, j) => sum / half - start[j]));
      compensator.push(...a);
      variation.push(q[0], 0, q[1]);
    });
    const [b, d, c, v] = [before, delta, compensator, variation].map((list) => Float32Array.from(list));
    return { before: b, delta: d, compensator: c, variation: v };
  }

  async upsample({ count, side, values }: Spins, factor: number, at: Stream): Promise<Spins> {
    this.steps.push(at.step);
    const large = side * factor;
    const states = this.#states(count, large);
    for (let r = 0; r < count; r++) {
      const rng = Xoshiro.open(at, r, 0);
      for (const j of [0, 1]) {
        const copies: number[] = [];
        for (let k = j; k < side * side; k += 2) {
          for (let c = 0; c < factor * factor; c++) copies.push(values[r * side * side + k]);
        }
        for (let k = copies.length - 1; k >= 0; k--) {
          const other = rng.below(k + 1);
          [copies[k], copies[other]] = [copies[other], copies[k]];
          states.values[r * large * large + 2 * k + j] = copies[k];
        }
      }
    }
    return states;
  }

  async observe({ count, side, values }: Spins): Promise<Float32Array> {
    const sums = new Float32Array(2 * count);
    for (const [k, s] of values.entries()) sums[2 * Math.floor(k / side ** 2) + (k % 2)] += (2 * s) / side ** 2;
    return sums;
  }

  async observePatches(): Promise<Float32Array> {
    throw new Error("not needed");
  }

  async relax(states: Spins, time: number, at: Stream): Promise<void> {
    this.steps.push(at.step);
    this.relaxed.push({ count: states.count, side: states.side, time, first: at.replica });
    await this.evolve(states, time, at);
  }

  bytes(side: number): number {
    return this.siteBytes * side * side;
  }

  words(side: number): number {
    return side * side;
  }

  async pack({ values }: Spins): Promise<Uint32Array> {
    return Uint32Array.from(values, (s) => (s + 1) / 2);
  }

  unpack(words: Uint32Array, side: number): Spins {
    return this.#states(
      words.length / side ** 2,
      side,
      Int8Array.from(words, (w) => 2 * w - 1),
    );
  }

  #patch(values: Int8Array, side: number, replica: number, patch: number): number[] {
    const grid = side / this.patchSide;
    const corner =
      replica * side * side + Math.floor(patch / grid) * this.patchSide * side + (patch % grid) * this.patchSide;
    return Array.from({ length: this.patchSide ** 2 }, (_, k) => values[corner + Math.floor(k / 4) * side + (k % 4)]);
  }
}

describe("a system without coupling, made in this file", () => {
  const system = new FreeSpins();

  test("is upsampled level by level with different numbers; every smaller state is freed", async () => {
    const small = await system.initial(3, 4, stream(SEED, "small"));
    const levels: Spins[] = [];
    system.steps.length = 0;
    const large = await upsampleTo(system, small, 24, 0.1, stream(SEED, "up"), async (states, level) => {
      expect(levels.push(states)).toBe(level);
    });
    expect(levels.map(({ side, alive }) => [side, alive])).toEqual([
      [8, false],
      [24, true],
    ]);
    expect([small.alive, large.alive, large.side]).toEqual([false, true, 24]);
    expect(new Set(system.steps).size).toBe(4);
    // No level to climb: the states themselves. No time to relax: the observables are kept exactly.
    expect(await upsampleTo(system, large, 24, 1, stream(SEED, "up"))).toBe(large);
    const copies = await upsampleTo(
      system,
      await system.initial(3, 4, stream(SEED, "small")),
      24,
      0,
      stream(SEED, "up"),
    );
    const expected = await system.observe(await system.initial(3, 4, stream(SEED, "small")));
    expect(rootMeanSquare(difference(await system.observe(copies), expected))).toBeLessThan(1e-5);
  });

  test("is learned exactly from single patches, in closed form; so is what the baselines learn", async () => {
    const [side, relaxTime, patchesPerSnapshot, snapshots] = [16, 0.1, 4, 2100];
    const words = await smallTrajectories(system, { trajectories: 700, times: evenTimes(3, 0.5), seed: SEED });
    expect(words.length).toBe(snapshots * 16);
    const seen: number[] = [];
    const options = {
      side,
      relaxTime,
      patchesPerSnapshot,
      seed: SEED,
      onSnapshots: (count: number) => seen.push(count),
    };
    const [pairs, shorter] = await makePairs(system, words, [0.2, 0.1], options);
    expect(seen.reduce((sum, count) => sum + count)).toBe(snapshots);
    expect([pairs.patches, pairs.perSnapshot, pairs.time, shorter.time]).toEqual([16, 4, 0.2, 0.1]);
    expect(shorter.whole).toBe(pairs.whole);
    const { time, patches } = pairs;
    const spins = side ** 2 / 2;
    const own = spins / patches;
    const decay = Math.exp(-time);
    for (const method of ["increment", "compensator", "naive", "small"] as const) {
      const model = await fit(pairs, method, {}, { weightDecay: 0.1 });
      const { state } = regression(pairs, method);
      const rows = state.length / 2;
      const { drift, diffusion } = await evaluate(gpu, model, state);
      const slopes = affine(drift, state, 2);
      for (const j of [0, 1]) {
        const limit = 2 * UP[j] - 1;
        const m = Float64Array.from({ length: rows }, (_, p) => state[2 * p + j]);
        const mean = (f: (x: number, p: number) => number) => m.reduce((sum, x, p) => sum + f(x, p), 0) / rows;
        // Of the patches of a state: they are drawn without replacement. Of a patch: independent spins with conditional
        // means ⟨s⟩ = m∞ + (s − m∞) exp(−δt), which average to this square.
        const spread = (x: number) => (((1 - x * x) / own) * (spins - own)) / (spins - 1);
        const squared = (x: number) =>
          limit ** 2 + 2 * limit * (x - limit) * decay + (1 - 2 * x * limit + limit ** 2) * decay ** 2;
        const thermal = (x: number) => (1 - squared(x)) / own;
        /** Variance of a row's change given its state, for one patch. */
        const variance = {
          increment: (x: number) => thermal(x) + (1 - decay) ** 2 * spread(x),
          compensator: (x: number) => (2 / own) * (time - limit * (limit * time + (x - limit) * (1 - decay))),
          naive: (x: number) => thermal(x) + decay ** 2 * spread(x),
          small: thermal,
        }[method];
        const whole = method === "increment" || method === "compensator";
        const noise = Math.sqrt(mean(variance) / (pairs.delta.length / 2)) / time;
        // E[Δ] = E[A] = (m∞ − m)(1 − exp(−δt)) exactly, for a patch as for the whole.
        const rate = (1 - decay) / time;
        const center = mean((x) => x);
        const deviation = Math.sqrt(mean((x) => (x - center) ** 2));
        expectWithin(`${method}: slope ${j}`, slopes[j][1 + j], -rate, noise / deviation);
        expectWithin(`${method}: other slope ${j}`, slopes[j][2 - j], 0, noise / deviation);
        expectWithin(
          `${method}: mean ${j}`,
          mean((_, p) => drift[2 * p + j]),
          rate * (limit - center),
          noise,
        );
        // The factor K is what divides ours from the baselines. A variance of Gaussian rows has relative error √(2/rows);
        // Q is far sharper, there the error of the network remains.
        const ratio = mean((x, p) => (diffusion[4 * p + 3 * j] * time * (whole ? patches : 1)) / variance(x));
        expectWithin(`${method}: diffusion ${j}`, ratio, 1, method === "compensator" ? 0.003 : Math.sqrt(2 / rows));
      }
    }
  });

  describe("snapshots and batches", () => {
    test("times: even ones are one interval apart; quadratic ones end at the horizon, at distances like 1, 3, 5 …", () => {
      expect(evenTimes(4, 0.5)).toEqual([0, 0.5, 1, 1.5]);
      expect(evenTimes(1, 2)).toEqual([0]);
      expect(quadraticTimes(5, 16)).toEqual([0, 1, 4, 9, 16]);
      expect(quadraticTimes(2, 3)).toEqual([0, 3]);
      expect(quadraticTimes(1, 3)).toEqual([0]);
      const times = quadraticTimes(24, 7);
      const steps = times.slice(1).map((time, k) => (time - times[k]) / times[1]);
      for (const [k, step] of steps.entries()) expect(step).toBeCloseTo(2 * k + 1, 9);
    });

    test("small systems are looked at when asked: means decay as exp(−t) at uneven times (10 assertions)", async () => {
      const free = new FreeSpins();
      const times = [0, 0.1, 0.4, 0.9, 1.6];
      const trajectories = 2000;
      const words = await smallTrajectories(free, { trajectories, times, smallSide: 8, seed: SEED });
      expect(words.length).toBe(times.length * trajectories * 64);
      const seen = await free.observe(free.unpack(words, 8));
      for (const [r, time] of times.entries()) {
        for (const j of [0, 1]) {
          // Given the start, E[m(t)] = m∞ + (m(0) − m∞) exp(−t).
          const off = Array.from({ length: trajectories }, (_, p) => {
            const limit = 2 * UP[j] - 1;
            return seen[2 * (r * trajectories + p) + j] - limit - (seen[2 * p + j] - limit) * Math.exp(-time);
          });
          const { mean, meanError } = moments(off);
          if (time > 0) expectWithin(`m${j} at ${time}`, mean, 0, meanError);
          else expect(mean).toBeCloseTo(0, 6);
        }
      }
    });

    test.each([1, 32])(
      "a batch is whole words of %p replicas, at least one, and takes no more than 64 MiB if it can",
      (lanes) => {
        const free = new FreeSpins();
        free.lanes = lanes;
        for (const siteBytes of [1, 3, 100, 2 ** 14, 2 ** 20, 2 ** 30]) {
          free.siteBytes = siteBytes;
          for (const side of [4, 12, 48, 100]) {
            const batch = batchThatFits(free, side);
            expect(batch % lanes).toBe(0);
            expect(batch).toBeGreaterThanOrEqual(lanes);
            if (batch > lanes) expect(batch * free.bytes(side)).toBeLessThanOrEqual(2 ** 26);
            expect((batch + lanes) * free.bytes(side)).toBeGreaterThan(2 ** 26);
          }
        }
      },
    );

    const times = [0, 0.3, 0.6];
    const small = (trajectories = 50) => smallTrajectories(new FreeSpins(), { trajectories, times, seed: SEED });

    /** Whole states, their order, and the relaxations, with batches of 32 or as large as may be. */
    async function large(siteBytes: number, relaxTime: number | ((snapshot: number, side: number) => number)) {
      const free = new FreeSpins();
      free.siteBytes = siteBytes;
      const words: Uint32Array[] = [];
      const ranges: number[][] = [];
      await upsampled(free, await small(), { side: 16, relaxTime, seed: SEED }, async (states, from, to) => {
        expect(states.count).toBe(to - from);
        ranges.push([from, to]);
        words.push(await free.pack(states));
      });
      return { words: concatenate(words), ranges, relaxed: free.relaxed };
    }

    test("a relaxation time of its own for every age cuts the batches where it changes, and nothing else", async () => {
      const constant = await large(1, 0.25);
      expect(constant.ranges).toEqual([[0, 150]]);
      expect((await large(1, () => 0.25)).words).toEqual(constant.words);
      const byAge = (snapshot: number, side: number) => 0.1 + Math.floor(snapshot / 50) + side / 100;
      const { ranges, relaxed } = await large(1, byAge);
      expect(ranges).toEqual([
        [0, 50],
        [50, 100],
        [100, 150],
      ]);
      // Levels of 8 and 16; replicas are numbered through.
      expect(relaxed).toEqual(
        [0, 50, 100].flatMap((first) => [8, 16].map((side) => ({ count: 50, side, time: byAge(first, side), first }))),
      );
      // By side alone: no cut.
      expect((await large(1, (_, side) => side / 100)).ranges).toEqual([[0, 150]]);
      // Early snapshots that are not relaxed at all are copies.
      const late = await large(1, (snapshot) => (snapshot < 50 ? 0 : 0.25));
      expect(late.relaxed.map(({ first }) => first)).toEqual([50, 50]);
    });

    test("does not depend on how many snapshots the device holds", async () => {
      for (const relaxTime of [0.25, (snapshot: number) => (snapshot < 50 ? 0.1 : 0.25)]) {
        const [one, many] = [await large(1, relaxTime), await large(2 ** 20, relaxTime)];
        expect(many.ranges.length).toBeGreaterThan(one.ranges.length);
        for (const [from, to] of many.ranges) expect(to - from).toBeLessThanOrEqual(32);
        expect(many.words).toEqual(one.words);
      }
    });

    test("snapshots whose times differ at the first level only have their own there", async () => {
      const times = (snapshot: number, side: number) =>
        relaxTimeOf(1, [0.6, 0.8, 2][Math.floor(snapshot / 50)], 4, side);
      const { relaxed } = await large(1, times);
      for (const { first, count, side, time } of relaxed) {
        for (let snapshot = first; snapshot < first + count; snapshot++) expect(times(snapshot, side)).toBe(time);
      }
    });

    // A known fault: the numbers that choose patches are drawn through a batch, from an address of its first snapshot.
    test.failing("pairs are of the same patches however many snapshots the device holds", async () => {
      const pairs = async (siteBytes: number) => {
        const free = new FreeSpins();
        free.siteBytes = siteBytes;
        const options = { side: 16, relaxTime: 0.25, patchesPerSnapshot: 2, seed: SEED };
        return (await makePairs(free, await small(), [0.2], options))[0];
      };
      expect(await pairs(2 ** 20)).toEqual(await pairs(1));
    });

    test("pairs of duration 0 have time 1, no change, and A and Q of the generator as rates", async () => {
      const free = new FreeSpins();
      const options = { side: 16, relaxTime: 0.25, patchesPerSnapshot: 3, seed: SEED };
      const [rates, moved] = await makePairs(free, await small(200), [0, 0.01], options);
      expect([rates.time, moved.time, rates.perSnapshot]).toEqual([1, 0.01, 3]);
      expect(rates.whole).toBe(moved.whole);
      expect(rates.patch).toEqual(moved.patch);
      expect(rates.delta.every((x) => x === 0)).toBe(true);
      // Lm and Γ of each species are linear in m (FreeSpins); over 0.01 they change by 1 % of A and by the jumps of m.
      rates.patch.forEach((m, k) => {
        const limit = 2 * UP[k % 2] - 1;
        expect(rates.compensator[k]).toBeCloseTo(limit - m, 6);
        expect(rates.variation[3 * (k >> 1) + 2 * (k % 2)]).toBeCloseTo((1 - m * limit) / 4, 6);
      });
      for (const j of [0, 1]) {
        const rest = Array.from({ length: rates.patch.length / 2 }, (_, row) => {
          const k = 2 * row + j;
          return moved.compensator[k] / 0.01 - rates.compensator[k] * ((1 - Math.exp(-0.01)) / 0.01);
        });
        expectWithin(`A${j} over time`, moments(rest).mean, 0, moments(rest).meanError);
      }
      const values = await evaluate(gpu, await fit(rates, "compensator", {}, { batch: 256, steps: 200 }), [0, 0]);
      // E[A | z of the whole] = m∞ − m, λσσᵀ = Γ: at m = 0 Γ = 1/4 of a patch of 8 spins each, and K = 16.
      for (const j of [0, 1]) {
        expect(values.drift[j]).toBeWithin(2 * UP[j] - 1 - 0.1, 2 * UP[j] - 1 + 0.1);
        expect(values.diffusion[3 * j] * 16).toBeWithin(0.24, 0.26);
      }
    });
  });

  test("relaxation time: the first level takes the longest, later ones in proportion to their seams, none longer than the age", () => {
    expect(relaxTimeOf(0.5, 100, 16, 32)).toBe(0.5);
    expect(relaxTimeOf(0.5, 100, 16, 64)).toBe(0.25);
    expect(relaxTimeOf(0.6, 100, 8, 24)).toBeCloseTo(0.4, 12);
    expect(relaxTimeOf(0.5, 0.3, 16, 32)).toBe(0.3);
    expect(relaxTimeOf(0.5, 0.3, 16, 64)).toBe(0.25);
    expect(relaxTimeOf(0.5, 0, 16, 32)).toBe(0);
    expect(relaxTimeOf(0, 5, 16, 32)).toBe(0);
  });

  test("neither method nor networks name a system, or import more than the interface of one", () => {
    const root = join(import.meta.dir, "../..");
    for (const folder of ["lib/method", "lib/nn", "kernels/nn", "kernels/sde", "kernels/closure"]) {
      for (const name of readdirSync(join(root, folder))) {
        const text = readFileSync(join(root, folder, name), "utf8");
        expect(`${name}: ${text.match(/curie|ising|magneti[sz]ation/i)?.[0]}`).toBe(`${name}: undefined`);
        for (const [, from] of text.matchAll(/from "([^"]*systems[^"]*)"/g)) expect(from).toBe("../systems/system.ts");
      }
    }
  });
});

describe("evaluate", () => {
  for (const diffusion of KINDS) {
    test(`${diffusion} diffusion: f and σσᵀ equal the float64 formula for d = 1, 2, 3, 5, 8`, async () => {
      for (const d of [1, 2, 3, 5, 8]) {
        const rng = generator(`evaluate/${diffusion}/${d}`);
        const model = randomModel(d, diffusion, rng);
        const points = Array.from({ length: 40 }, () => Array.from({ length: d }, () => Math.fround(normal(rng))));
        const found = await evaluate(gpu, model, points.flat());
        const exact = points.map((z) => exactValues(model, z));
        const drift = exact.flatMap(({ f }) => f);
        const covariance = exact.flatMap(({ sigma }) => square(sigma, d));
        expect(rootMeanSquare(difference(found.drift, drift))).toBeLessThan(2e-6 * rootMeanSquare(drift));
        expect(rootMeanSquare(difference(found.diffusion, covariance))).toBeLessThan(2e-6 * rootMeanSquare(covariance));
      }
    });
  }
});

describe("rollout", () => {
  /** A model by hand: networks zero but for what `outputs` puts into the last bias of the diffusion network. */
  function byHand(d: number, parts: Partial<SdeModel> & { readonly sigma?: readonly number[] }): SdeModel {
    const { sigma, ...rest } = parts;
    const shape: SdeShape = { d, hidden: [8], activation: "relu", diffusion: "full" };
    const { layers, stride } = layout(sdeNetworks(shape));
    const parameters = new Float32Array(2 * stride);
    const bias = stride + layers[1].bias;
    sigma?.forEach((value, k) => {
      parameters[bias + k] = value - (k % (d + 1) === 0 ? 1 : 0);
    });
    const ones = new Float32Array(d).fill(1);
    return {
      ...shape,
      center: new Float32Array(d),
      spread: ones,
      offset: new Float32Array(d),
      slope: new Float32Array(d * d),
      driftScale: ones,
      noiseScale: ones,
      frame: Float32Array.from(identity(d)),
      parameters,
      ...rest,
    };
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
    for (const quiet of [true, false]) {
      const used = quiet ? { ...model, noiseScale: new Float32Array(d) } : model;
      const record = await rollout(gpu, used, start, { dt, steps, every: 1, stream: at });
      const { center, spread, offset, slope, noiseScale, parameters } = used;
      const { layers, stride } = layout(sdeNetworks(used));
      const raw = parameters.subarray(stride + layers[1].bias);
      const sigma = identity(d).map((one, k) => noiseScale[Math.floor(k / d)] * (one + raw[k]));
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
      expect(record.length).toBe((steps + 1) * count * d);
      expect(Math.max(...difference(record, expected).map(Math.abs))).toBeLessThan(2e-5);
    }
  });

  const SCHEMES = ["euler", "heun"] as const;

  for (const scheme of SCHEMES) {
    for (const diffusion of KINDS) {
      test(`${scheme}, ${diffusion} diffusion: equals the float64 recursion with the same noise`, async () => {
        const [count, steps, dt] = [4, 40, 0.05];
        for (const d of [2, 5]) {
          const rng = generator(`rollout/${diffusion}/${d}`);
          const model = randomModel(d, diffusion, rng);
          const start = Float32Array.from({ length: count * d }, () => normal(rng));
          const record = await rollout(gpu, model, start, { dt, steps, every: 1, scheme, stream: at });
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
          expect(record.length).toBe(expected.length);
          expect(Math.max(...difference(record, expected).map(Math.abs))).toBeLessThan(2e-5);
        }
      });
    }
  }

  test("without noise is of order 1 by Euler's scheme and of order 2 by Heun's, for a nonlinear drift", async () => {
    const count = 16;
    const rng = generator("rollout/order");
    const model = { ...randomModel(2, "full", rng), noiseScale: new Float32Array(2) };
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
        const record = await rollout(gpu, model, start, { dt: 1 / steps, steps, every: steps, scheme, stream: at });
        found.push(rootMeanSquare(difference(record.subarray(2 * count), exact)));
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
    const zero = { offset: new Float32Array(3), slope: new Float32Array(9), driftScale: new Float32Array(3) };
    const model = { ...randomModel(3, "triangular", rng), ...zero };
    const start = Float32Array.from({ length: 300 }, () => normal(rng));
    const options = { dt: 0.1, steps: 20, every: 4, stream: at };
    const euler = await rollout(gpu, model, start, options);
    const heun = await rollout(gpu, model, start, { ...options, scheme: "heun" });
    expect(rootMeanSquare(difference(euler.subarray(1500), euler.subarray(0, 300)))).toBeGreaterThan(0.3);
    expect(Math.max(...difference(heun, euler).map(Math.abs))).toBeLessThan(1e-6);
  });

  test("records at multiples of `every` steps, in either scheme: z = t where f = 1", async () => {
    for (const scheme of SCHEMES) {
      const model = byHand(1, { offset: Float32Array.of(1), noiseScale: new Float32Array(1) });
      const options = { dt: 0.125, steps: 12, every: 4, scheme, stream: at };
      expect(Array.from(await rollout(gpu, model, Float32Array.of(0, 10), options))).toEqual([
        0, 10, 0.5, 10.5, 1, 11, 1.5, 11.5,
      ]);
      const rng = generator("rollout/record");
      const curved = randomModel(2, "triangular", rng);
      const start = Float32Array.of(0.1, 0.2, -0.3, 0.4);
      const fine = await rollout(gpu, curved, start, { ...options, every: 1 });
      const some = await rollout(gpu, curved, start, options);
      expect(some).toEqual(fine.filter((_, k) => Math.floor(k / 4) % 4 === 0));
    }
  });

  test("of an Ornstein–Uhlenbeck process has the exact mean and covariance of discrete time", async () => {
    const [count, steps, every, dt] = [8192, 40, 10, 0.1];
    const slope = [-1, 0.6, -0.4, -0.5];
    const offset = [0.3, -0.2];
    const sigma = [0.5, 0.2, -0.3, 0.4];
    const model = byHand(2, { sigma, slope: Float32Array.from(slope), offset: Float32Array.from(offset) });
    const start = new Float32Array(2 * count).map((_, k) => (k % 2 ? -1 : 2));
    const record = await rollout(gpu, model, start, { dt, steps, every, stream: at });
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

  test("has the diagonal diffusion exp(s) too", async () => {
    const shape: SdeShape = { d: 1, hidden: [8], activation: "relu", diffusion: "diagonal" };
    const { layers, stride } = layout(sdeNetworks(shape));
    const parameters = new Float32Array(2 * stride);
    parameters[stride + layers[1].bias] = Math.log(3);
    const model = byHand(1, { ...shape, noiseScale: Float32Array.of(0.5), parameters });
    const record = await rollout(gpu, model, Float32Array.of(0), { dt: 0.25, steps: 1, every: 1, stream: at });
    expect(record[1]).toBeCloseTo(3 * 0.5 * 0.5 * noise(at, 0, 0, 1)[0], 5);
    expect((await evaluate(gpu, model, [0])).diffusion[0]).toBeCloseTo(2.25, 5);
  });

  test("has exponents within ±12, as f and σ at points have", async () => {
    for (const diffusion of ["diagonal", "triangular"] as const) {
      for (const [raw, used] of [
        [30, 12],
        [-30, -12],
      ]) {
        const shape: SdeShape = { d: 1, hidden: [8], activation: "relu", diffusion };
        const { layers, stride } = layout(sdeNetworks(shape));
        const parameters = new Float32Array(2 * stride);
        parameters[stride + layers[1].bias] = raw;
        const model = byHand(1, { ...shape, parameters });
        const record = await rollout(gpu, model, Float32Array.of(0), { dt: 0.25, steps: 1, every: 1, stream: at });
        expect(record[1] / (Math.exp(used) * 0.5 * noise(at, 0, 0, 1)[0])).toBeCloseTo(1, 5);
        expect((await evaluate(gpu, model, [0])).diffusion[0] / Math.exp(2 * used)).toBeCloseTo(1, 5);
      }
    }
  });

  test("of geometric Brownian motion converges strongly with order ½", async () => {
    // σ(z) = z exactly: raw = relu(z) − relu(−z) − 1, so that 1 + raw = z. f(z) = μ z is the slope.
    const [mu, sigma, time, count] = [0.5, 0.8, 1, 2048];
    const shape: SdeShape = { d: 1, hidden: [8], activation: "relu", diffusion: "full" };
    const { layers, stride } = layout(sdeNetworks(shape));
    const parameters = new Float32Array(2 * stride);
    for (const [unit, sign] of [1, -1].entries()) {
      parameters[stride + layers[0].weights + unit] = sign;
      parameters[stride + layers[1].weights + 8 * unit] = sign;
    }
    parameters[stride + layers[1].bias] = -1;
    const model = byHand(1, { slope: Float32Array.of(mu), noiseScale: Float32Array.of(sigma), parameters });
    const start = new Float32Array(count).fill(1);
    const points: { x: number; y: number }[] = [];
    for (const steps of [8, 16, 32, 64]) {
      const dt = time / steps;
      const record = await rollout(gpu, model, start, { dt, steps, every: steps, stream: at });
      let error = 0;
      for (let p = 0; p < count; p++) {
        let w = 0;
        for (let k = 0; k < steps; k++) w += Math.sqrt(dt) * noise(at, p, k, 1)[0];
        error += Math.abs(record[count + p] - Math.exp((mu - sigma ** 2 / 2) * time + sigma * w)) / count;
      }
      points.push({ x: Math.log(dt), y: Math.log(error) });
    }
    const [mx, my] = [points.reduce((s, { x }) => s + x / 4, 0), points.reduce((s, { y }) => s + y / 4, 0)];
    const order =
      points.reduce((s, { x, y }) => s + (x - mx) * (y - my), 0) / points.reduce((s, { x }) => s + (x - mx) ** 2, 0);
    // Errors of 2,048 paths are good to about 4 % (they are skewed), the order to 0.03; higher terms add 0.02.
    expect(order).toBeWithin(0.4, 0.6);
  });

  /** A nonlinear model in two dimensions that stays bounded, with random networks. */
  function wild(): SdeModel {
    const shape: SdeShape = { d: 2, hidden: [16], activation: "tanh", diffusion: "full" };
    const rng = generator("rollout/wild");
    const { stride } = layout(sdeNetworks(shape));
    const parameters = Float32Array.from({ length: 2 * stride }, () => 0.5 * normal(rng));
    return byHand(2, {
      ...shape,
      parameters,
      slope: Float32Array.of(-2, 0, 0, -2),
      noiseScale: Float32Array.of(0.3, 0.2),
    });
  }

  test("gives each trajectory the same bits alone and among 1,024, and different streams different ones", async () => {
    const model = wild();
    const start = Float32Array.from({ length: 2048 }, (_, k) => Math.sin(k));
    const options = { dt: 0.1, steps: 20, every: 5, stream: at };
    const all = await rollout(gpu, model, start, options);
    for (const p of [0, 1, 63, 64, 777, 1023]) {
      const one = await rollout(gpu, model, start.slice(2 * p, 2 * p + 2), {
        ...options,
        stream: { ...at, replica: p },
      });
      for (let r = 0; r < 5; r++) {
        expect(one.slice(2 * r, 2 * r + 2)).toEqual(all.slice(2048 * r + 2 * p, 2048 * r + 2 * p + 2));
      }
    }
    for (const other of [
      stream(SEED + 1, "test/rollout"),
      stream(SEED, "test/other"),
      { ...at, step: 1 },
      { ...at, replica: 9999 },
    ]) {
      const record = await rollout(gpu, model, start, { ...options, stream: other });
      expect(record.slice(0, 2048)).toEqual(all.slice(0, 2048));
      expect(record.slice(2048).filter((z, k) => z === all[2048 + k]).length).toBeLessThan(10);
    }
  });

  test("keeps every k-th step, and does not depend on how steps are cut into submissions", async () => {
    const model = wild();
    const start = Float32Array.of(0.1, 0.2, -0.3, 0.4);
    const options = { dt: 0.1, steps: 60, stream: at };
    const fine = await rollout(gpu, model, start, { ...options, every: 1 });
    expect(fine.length).toBe(61 * 4);
    for (const [every, milliseconds] of [
      [6, 1e6],
      [15, 1e-3],
      [60, 30],
    ]) {
      const done: number[] = [];
      const record = await withClock(milliseconds, () =>
        rollout(gpu, model, start, { ...options, every, onSteps: (step) => done.push(step) }),
      );
      expect(done.at(-1)).toBe(60);
      if (milliseconds > 1e3) expect(done.length).toBe(53);
      const expected = fine.filter((_, k) => Math.floor(k / 4) % every === 0);
      expect(record).toEqual(expected);
    }
    await expect(rollout(gpu, model, start, { ...options, every: 7 })).rejects.toThrow(
      "60 steps are not a multiple of the recording interval 7",
    );
  });

  test("names the trajectory that is not finite, and the time", async () => {
    const model = byHand(1, { slope: Float32Array.of(1e4), noiseScale: new Float32Array(1) });
    // From 1 the recursion multiplies by 1001: the 13th step, at time 1.3, is the first beyond 3.4e38.
    const options = { dt: 0.1, steps: 20, every: 1, stream: at };
    await expect(rollout(gpu, model, Float32Array.of(0, 0, 1, 0), options)).rejects.toThrow(
      new DivergedError("trajectory 2 of the learned SDE is not finite at time 1.3"),
    );
    await expect(rollout(gpu, model, Float32Array.of(0, 1), options)).rejects.toBeInstanceOf(DivergedError);
    await expect(rollout(gpu, model, Float32Array.of(0, Number.NaN), options)).rejects.toThrow(
      "trajectory 1 of the learned SDE is not finite at time 0",
    );
    expect((await rollout(gpu, model, Float32Array.of(0, 0), options)).every((z) => z === 0)).toBe(true);
  });
});
