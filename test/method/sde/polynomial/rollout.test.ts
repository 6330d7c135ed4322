// Equations with polynomial fields on the device: against float64 recursions, as sets of drawn parameters, at the edge of the data, and
// back from a file.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { CholeskyDecomposition, Matrix, solve } from "ml-matrix";
import { InputError } from "../../../../lib/errors.ts";
import { openDevice } from "../../../../lib/gpu/device.ts";
import { regression } from "../../../../lib/method/pairs.ts";
import { solveSde } from "../../../../lib/method/sde/fit.ts";
import { evaluate, MODEL, type SdeModel, standardErrors, withLambda } from "../../../../lib/method/sde/model.ts";
import { diffusionValues } from "../../../../lib/method/sde/polynomial/diffusion.ts";
import { driftValues } from "../../../../lib/method/sde/polynomial/drift.ts";
import { groupsOf, polynomialValues } from "../../../../lib/method/sde/polynomial/field.ts";
import type { Solution } from "../../../../lib/method/sde/polynomial/solve.ts";
import { rollout } from "../../../../lib/method/sde/rollout.ts";
import { normalPair } from "../../../../lib/random/normal.ts";
import { philox4x32 } from "../../../../lib/random/philox.ts";
import { type Stream, stream } from "../../../../lib/random/stream.ts";
import type { Xoshiro } from "../../../../lib/random/xoshiro.ts";
import { defined, generators, withClock } from "../../../fixtures.ts";
import { identity, times } from "../../../matrices.ts";
import { closeWithin, difference, largest, mean, range, rootMeanSquare } from "../../../numbers.ts";
import { expectWithin, moments } from "../../../statistics.ts";
import { type Plan, plant } from "../planted.ts";
import { grid } from "../reference.ts";

const SEED = 44;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);
const close = closeWithin(1e-6);
const at = stream(SEED, "test/polynomial/rollout");

type Model = SdeModel & Solution;

/** What is solved of planted pairs; states are uniform within 1 of 10 j. */
function solved(plan: Pick<Plan, "d" | "drift" | "sigma"> & Partial<Plan>, degree: number): Model {
  const state = (rng: Xoshiro) => range(plan.d, (j) => 10 * j + 2 * rng.uniform() - 1);
  const pairs = plant({ snapshots: 1000, patches: 4, time: 0.1, state, ...plan }, `polynomial/${plan.d}`);
  return solveSde(regression(pairs, "compensator"), { kind: "polynomial", degree }) as Model;
}

/** A bounded nonlinear process in d dimensions, with correlated noise that depends on z. */
function learned(d: number, degree: number): Model {
  const x = (z: number[], j: number) => z[j % d] - 10 * (j % d);
  const drift = (z: number[]) => range(d, (j) => 0.5 * Math.sin(3 * x(z, j + 1)) - 2 * x(z, j));
  const sigma = (z: number[]) => identity(d).map((one, k) => (0.1 + 0.4 * one) * (1 + 0.5 * Math.cos(x(z, k) + k)));
  return solved({ d, drift, sigma }, degree);
}

/** Starts within the data of `learned`. */
const starts = (d: number, count: number) => {
  const rng = generator(`starts/${d}`);
  return Float32Array.from({ length: count * d }, (_, k) => 10 * (k % d) + 1.6 * rng.uniform() - 0.8);
};

/** The documented noise of trajectory p at step k: normal numbers from Philox at (step, replica, stream step, j). */
function noise({ replica, step, seed, purpose }: Stream, p: number, k: number, d: number): number[] {
  const xi = range(Math.ceil(d / 4), (block) => {
    const [a, b, c, e] = philox4x32([k, replica + p, step, 4 * block], [seed, purpose]);
    return [...normalPair(a, b), ...normalPair(c, e)];
  });
  return xi.flat().slice(0, d);
}

/** The recursion in float64, `[steps + 1, starts]`. */
function recursion(model: Model, start: Float32Array, dt: number, steps: number, scheme: "euler" | "heun"): number[] {
  const { d } = model;
  const out = Array.from(start);
  for (let k = 0; k < steps; k++) {
    for (let p = 0; p < start.length / d; p++) {
      const z = out.slice(k * start.length + p * d, k * start.length + (p + 1) * d);
      const f = driftValues(model.drift, z);
      const gamma = Matrix.from1DArray(d, d, diffusionValues(model.diffusion, z));
      const factor = new CholeskyDecomposition(gamma).lowerTriangularMatrix;
      const kick = times(factor.to1DArray(), noise(at, p, k, d)).map((x) => Math.sqrt(dt) * x);
      const ahead = z.map((x, j) => x + dt * f[j] + kick[j]);
      const late = scheme === "heun" ? driftValues(model.drift, ahead) : f;
      out.push(...z.map((x, j) => x + (dt / 2) * (f[j] + late[j]) + kick[j]));
    }
  }
  return out;
}

describe("a rollout of polynomials", () => {
  for (const [d, degree] of [
    [1, 5],
    [3, 3],
    [5, 2],
  ]) {
    for (const scheme of ["euler", "heun"] as const) {
      test(`${scheme}, d = ${d}, degree ${degree}: equals the float64 recursion with the same noise`, async () => {
        const model = learned(d, degree);
        expect([model.drift.degree, model.diffusion.degree > 0]).toEqual([degree, true]);
        const [count, steps, dt] = [70, 20, 0.05];
        const start = starts(d, count);
        const { data } = await rollout(gpu, model, start, { dt, times: grid(dt, steps), scheme, stream: at });
        const exact = recursion(model, start, dt, steps, scheme);
        expect(data.length).toBe(exact.length);
        expect(largest(difference(data, exact))).toBeLessThan(1e-4);
        const other = recursion(model, start, dt, steps, scheme === "heun" ? "euler" : "heun");
        expect(largest(difference(data, other))).toBeGreaterThan(1e-2);
      });
    }
  }

  test("does not depend on how many times are recorded, nor on how steps are cut into submissions", async () => {
    const model = learned(3, 3);
    const start = starts(3, 5);
    const options = { dt: 0.05, stream: at };
    const { data: fine } = await rollout(gpu, model, start, { ...options, times: grid(0.05, 60) });
    for (const every of [6, 15, 60]) {
      // A clock that leaps cuts the steps into many submissions, one that creeps into few.
      const milliseconds = every === 15 ? 1e-3 : 1e6;
      const record = await withClock(milliseconds, () =>
        rollout(gpu, model, start, { ...options, times: grid(0.05, 60, every) }),
      );
      expect(record.data).toEqual(fine.filter((_, k) => Math.floor(k / start.length) % every === 0));
    }
  });

  test("has a positive definite noise far beyond the data, where the polynomials of σσᵀ are not", async () => {
    // Correlation x: singular at the edge, and beyond it the polynomials go on.
    const sigma = ([x]: number[]) => [1, 0, x, Math.sqrt(1.0001 - x * x)];
    const model = solved({ d: 2, drift: (z) => z.map((x) => -x), sigma }, 1);
    const start = Float32Array.from({ length: 400 }, (_, k) => 50 * Math.sin(k + 1));
    const raw = polynomialValues(model.diffusion, start);
    const indefinite = range(200, (p) => raw[3 * p] * raw[3 * p + 2] < raw[3 * p + 1] ** 2).filter(Boolean).length;
    expect(indefinite).toBeWithin(20, 190);
    const { data } = await rollout(gpu, model, start, { dt: 0.04, times: grid(0.04, 1), stream: at });
    // States of 50 have a rounding of 2e-6, twice.
    expect(largest(difference(data, recursion(model, start, 0.04, 1, "euler")))).toBeLessThan(2e-5);
  });

  test("has a drift that goes on along the least-squares plane a little beyond the data, and then stays", () => {
    const [plane, curved] = [1, 4].map((degree) => learned(2, degree).drift);
    const { shift, frame } = plane.chart;
    /** Where both axes of the chart are at `x`, not cut. */
    const at = (x: number) =>
      solve(Matrix.from1DArray(2, 2, frame), Matrix.columnVector([x - shift[0], x - shift[1]])).to1DArray();
    const f = (field: typeof plane, x: number) => driftValues(field, at(x));
    const move = (field: typeof plane, x: number, y: number) => difference(f(field, y), f(field, x));
    // Degree 1 is that plane.
    const own = move(plane, 0.1, 0.2);
    for (const field of [plane, curved]) close(move(field, 1.05, 1.15), own);
    expect(largest(difference(move(curved, 0.1, 0.2), own))).toBeGreaterThan(0.01);
    close(f(curved, 1 + 1e-9), f(curved, 1 - 1e-9));
    expect(f(curved, 900)).toEqual(f(curved, 2));
  });
});

describe("drawn parameters", () => {
  const [count, runs, dt] = [1000, 64, 0.1];

  test("come behind the best ones, which are the rollout without, bit for bit; the same seed gives the same", async () => {
    const model = learned(3, 3);
    const options = { dt, times: grid(dt, 20, 10), cases: 2, stream: at };
    const start = starts(3, 6);
    const { data: plain } = await rollout(gpu, model, start, options);
    const drawn = (seed: number) => rollout(gpu, model, start, { ...options, draws: { count: 3, seed } });
    const all = await drawn(1);
    expect([all.cases, all.runs]).toEqual([8, 3]);
    const set = (data: Float32Array, k: number) =>
      Array.from(data).filter((_, i) => Math.floor(i / start.length) % 4 === k);
    expect(set(all.data, 0)).toEqual(Array.from(plain));
    expect(set(all.data, 1).slice(0, 18)).toEqual(Array.from(start));
    for (const k of [1, 2, 3]) expect(rootMeanSquare(difference(set(all.data, k), plain))).toBeGreaterThan(1e-3);
    expect(await drawn(1)).toEqual(all);
    expect(set((await drawn(2)).data, 0)).toEqual(Array.from(plain));
    expect((await drawn(2)).data).not.toEqual(all.data);
  });

  test("spread the mean as the jackknife says, at all times, for a linear drift", async () => {
    const noise = { snapshots: 300, patches: 16, sigma: () => [0.05] };
    const model = solved({ d: 1, drift: ([x]) => [0.2 - x], ...noise }, 1);
    const start = new Float32Array(runs).fill(-0.5);
    const options = { dt, times: grid(dt, 40, 4), stream: at, draws: { count, seed: 5 } };
    const { data, times } = await rollout(gpu, model, start, options);
    const { drift } = model;
    const [groups, size] = [groupsOf(drift), drift.coefficients.length];
    /** The mean of a linear equation knows no noise. */
    const path = (coefficients: Float64Array) => {
      const z = [-0.5];
      for (let k = 0; k < 40; k++) z.push(z[k] + dt * polynomialValues({ ...drift, coefficients }, [z[k]])[0]);
      return z;
    };
    const best = path(drift.coefficients);
    const others = range(groups, (g) => path(drift.replicates.subarray(g * size, (g + 1) * size)));
    for (let t = 1; t < times.length; t++) {
      const means = range(1 + count, (b) =>
        mean(data.subarray((t * (1 + count) + b) * runs, (t * (1 + count) + b + 1) * runs)),
      );
      // Draws have the noise of the best ones, which is no part of their difference.
      const shifts = means.slice(1).map((value) => value - means[0]);
      const middle = mean(others.map((z) => z[4 * t]));
      const variance = ((groups - 1) / groups) * others.reduce((sum, z) => sum + (z[4 * t] - middle) ** 2, 0);
      const found = moments(shifts);
      expectWithin(`variance at time ${times[t]}`, found.variance, variance, found.varianceError);
      expect(found.varianceError / variance).toBeLessThan(0.06);
      expectWithin(`shift at time ${times[t]}`, found.mean, 0, found.meanError);
      expectWithin(`mean at time ${times[t]}`, means[0], best[4 * t], 0.05 / Math.sqrt(2 * runs));
    }
  });
});

describe("an equation of polynomials", () => {
  const model = learned(2, 3);

  test("of another λ has σσᵀ and its errors like 1/λ, and the same f", async () => {
    const z = starts(2, 20);
    const other = withLambda(model, 3, 12);
    const [a, b] = [await evaluate(gpu, model, z), await evaluate(gpu, other, z)];
    expect(b.drift).toEqual(a.drift);
    const four = (values: Float64Array) => Array.from(values, (value) => expect.closeTo(4 * value, 12));
    expect(Array.from(b.diffusion)).toEqual(four(a.diffusion));
    const errors = [model, other].map((one) => defined(standardErrors(one, z)));
    expect(errors[1].drift).toEqual(errors[0].drift);
    expect(Array.from(errors[1].diffusion)).toEqual(four(errors[0].diffusion));
  });

  test("comes back from its file, with the same trajectories and errors; a truncated one is refused", async () => {
    const { tensors, text } = MODEL.write(model);
    const read = MODEL.read({ tensors, text: JSON.parse(JSON.stringify(text)) });
    expect(read).toEqual(model);
    const options = { dt: 0.05, times: grid(0.05, 20), stream: at, draws: { count: 2, seed: 1 } };
    expect(await rollout(gpu, read, starts(2, 9), options)).toEqual(await rollout(gpu, model, starts(2, 9), options));
    const names = ["shift", "frame", "coefficients", "replicates"];
    const fields = { drift: [...names, "slope"], diffusion: [...names, "floor"] };
    const all = Object.entries(fields).flatMap(([field, list]) => list.map((name) => `${field} ${name}`));
    all.push("center", "spread", "hull");
    // For readers: what follows from the degrees.
    const exponents = ["drift exponents", "diffusion exponents"];
    expect(Object.keys(tensors).sort()).toEqual([...all, ...exponents].sort());
    for (const name of all) {
      const { [name]: tensor, ...rest } = tensors;
      expect(() => MODEL.read({ tensors: rest, text })).toThrow(InputError);
      const short = tensor.data.slice(1);
      expect(() => MODEL.read({ tensors: { ...rest, [name]: { shape: [short.length], data: short } }, text })).toThrow(
        InputError,
      );
    }
    const { drift, diffusion } = JSON.parse(text.sde);
    for (const changed of [{ degree: 4 }, { degree: 2.5 }, { width: 3 }, { chart: { ...drift.chart, d: 3 } }]) {
      const sde = JSON.stringify({ d: 2, drift: { ...drift, ...changed }, diffusion, limit: model.hull.limit });
      expect(() => MODEL.read({ tensors, text: { sde } })).toThrow(
        "the file of the model holds no polynomials of 2 variables",
      );
    }
  });
});

test("beyond the data the drift leads back, also where the plane through them would lead out", () => {
  const state = (rng: Xoshiro) => [2 * rng.uniform() - 1];
  const flat = { sigma: () => [1e-3], snapshots: 4000, patches: 1, state };
  const at = (f: (x: number) => number, z: number[]) => {
    const pairs = plant({ d: 1, time: 0.1, ...flat, drift: ([x]) => [f(x)] }, "back");
    return driftValues(
      (solveSde(regression(pairs, "compensator"), { kind: "polynomial", degree: 3 }) as Model).drift,
      z,
    );
  };
  // A bistable one goes on with the slope −2 of its edges, a quarter of half the range far; a relaxing one with that of the plane.
  const back = at((x) => x - x ** 3, [1.05, -1.05, 1.25, 1.6]);
  close(back, [-0.1, 0.1, -0.5, -0.5], 0.05);
  close(
    at((x) => -x - 0.5 * x ** 3, [1.2, -1.2]),
    [-1.5 - 0.2 * 1.3, 1.5 + 0.2 * 1.3],
    0.02,
  );
  // Where f leads out at the edges too it stays what it is there.
  close(
    at((x) => 0.5 * x, [1.2, 2]),
    [0.5, 0.5],
    0.01,
  );
});
