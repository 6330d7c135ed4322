// Comparisons of ensembles in law: maximum mean discrepancy on the device against float64 and closed forms, and the
// errors of mean and std (ensemble-error.ts) with their floors, by simulation.
//
// Statistical assertions are at 4.5 standard errors (test/statistics.ts) with fixed seeds.
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  effectiveTimes,
  ensembleError,
  ensembleFloor,
  type Moments,
  recordMoments,
  rootFactor,
} from "../../lib/analysis/ensemble-error.ts";
import { MMD_BANDWIDTHS, mmdFloor, mmdOverTime } from "../../lib/analysis/mmd.ts";
import { InputError } from "../../lib/errors.ts";
import { allocatedBytes } from "../../lib/gpu/buffer.ts";
import { type Gpu, openDevice } from "../../lib/gpu/device.ts";
import { normalPair } from "../../lib/random/normal.ts";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { expectLaw, expectWithin, histogram, moments } from "../statistics.ts";

/** Error of a biased or unbiased statistic over the mean of 1 − k; measured below 1.5e-7. */
const TOLERANCE = 4e-7;
/** Relative error of 1 − k for one pair, from some thirty roundings; measured below 3.5e-7. */
const PAIR_TOLERANCE = 7e-7;

setDefaultTimeout(120_000);

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openDevice();
});

function generator(purpose: string): () => number {
  const random = Xoshiro.open(stream(723, purpose), 0, 0);
  return () => normalPair(random.next(), random.next())[0];
}

/** `[times][runs][d]` independent normal numbers, component j with mean `center[j]` and deviation `std[j]`. */
function gaussian(normal: () => number, count: number, center: readonly number[], std: readonly number[]) {
  const d = center.length;
  return Float32Array.from({ length: count * d }, (_, i) => center[i % d] + std[i % d] * normal());
}

/** MMD² at one time in float64, with the mean of 1 − k between x and y. `x`, `y`: `[runs][d]`. */
function reference(x: ArrayLike<number>, y: ArrayLike<number>, spread: readonly number[]) {
  const d = spread.length;
  const total = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < a.length; i += d) {
      for (let j = 0; j < b.length; j += d) {
        let square = 0;
        for (let k = 0; k < d; k++) square += ((a[i + k] - b[j + k]) / spread[k]) ** 2;
        for (const s of MMD_BANDWIDTHS) sum -= Math.expm1(-square / (2 * s * s)) / MMD_BANDWIDTHS.length;
      }
    }
    return sum;
  };
  const [n, m] = [x.length / d, y.length / d];
  const [xx, yy, xy] = [total(x, x), total(y, y), total(x, y)];
  return {
    biased: (2 * xy) / (n * m) - xx / n ** 2 - yy / m ** 2,
    unbiased: (2 * xy) / (n * m) - xx / (n * (n - 1)) - yy / (m * (m - 1)),
    scale: xy / (n * m),
  };
}

/** E k(a, b) for a − b normal with independent components of mean `shift[j]` and variance `variance[j]`. */
function expectedKernel(shift: readonly number[], variance: readonly number[]): number {
  const terms = MMD_BANDWIDTHS.map((s) =>
    shift.reduce(
      (product, delta, j) =>
        (product * s * Math.exp(-(delta ** 2) / (2 * (s ** 2 + variance[j])))) / Math.sqrt(s ** 2 + variance[j]),
      1,
    ),
  );
  return terms.reduce((sum, term) => sum + term, 0) / terms.length;
}

describe("maximum mean discrepancy", () => {
  for (const d of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`equals float64 for ensembles of any width, unequal sizes, several times: d = ${d}`, async () => {
      const normal = generator(`twin${d}`);
      const spread = Array.from({ length: d }, (_, j) => 0.5 + 0.3 * j);
      // Widths from far below the smallest bandwidth to far beyond the largest, far from the origin.
      const widths = [1e-3, 0.03, 1, 10, 300];
      const [n, m] = [130, 67];
      const draw = (runs: number, shift: number) =>
        widths.map((w) =>
          gaussian(
            normal,
            runs,
            spread.map((s) => s * (7 + shift * w)),
            spread.map((s) => s * w),
          ),
        );
      const [x, y] = [draw(n, 0), draw(m, 0.5)];
      const join = (parts: Float32Array[]) => Float32Array.from(parts.flatMap((part) => Array.from(part)));
      const found = await mmdOverTime(gpu, join(x), join(y), { times: widths.length, d, spread });
      widths.forEach((_, t) => {
        const { biased, unbiased, scale } = reference(x[t], y[t], spread);
        expect(Math.abs(found.biased[t] - biased)).toBeLessThan(TOLERANCE * scale);
        expect(Math.abs(found.unbiased[t] - unbiased)).toBeLessThan(TOLERANCE * scale);
      });
    });
  }

  test("1 − k of a single pair is right at every distance", async () => {
    // MMD² of two runs at 0 and two at r is 2 (1 − k(r)); one distance per time, 1e-4 … 1e3.
    const distances = Array.from({ length: 701 }, (_, t) => Math.fround(10 ** (t / 100 - 4)));
    const x = new Float32Array(2 * distances.length);
    const y = Float32Array.from(x, (_, i) => distances[i >> 1]);
    const { biased } = await mmdOverTime(gpu, x, y, { times: distances.length, d: 1, spread: [1] });
    distances.forEach((r, t) => {
      expect(Math.abs(biased[t] / reference([0, 0], [r, r], [1]).biased - 1)).toBeLessThan(PAIR_TOLERANCE);
    });
  });

  test("two Gaussian laws have the closed form, shift and widths", async () => {
    const [times, runs] = [200, 100];
    const normal = generator("closed form");
    const [stdX, stdY, shift] = [
      [0.7, 1.3],
      [1, 0.8],
      [0.4, -0.3],
    ];
    const spread = [2, 0.5];
    const x = gaussian(normal, times * runs, [1, 3], stdX);
    const y = gaussian(normal, times * runs, [1 + shift[0], 3 + shift[1]], stdY);
    const { unbiased } = await mmdOverTime(gpu, x, y, { times, d: 2, spread, center: [1, 3] });
    const variance = (a: number[], b: number[]) => a.map((s, j) => (s ** 2 + b[j] ** 2) / spread[j] ** 2);
    const exact =
      expectedKernel([0, 0], variance(stdX, stdX)) +
      expectedKernel([0, 0], variance(stdY, stdY)) -
      2 *
        expectedKernel(
          shift.map((delta, j) => delta / spread[j]),
          variance(stdX, stdY),
        );
    const { mean, meanError } = moments(unbiased);
    expect(meanError).toBeLessThan(0.05 * exact);
    expectWithin("MMD² of two Gaussians", mean, exact, meanError);
  });

  test("for equal laws the unbiased statistic has mean 0, the biased one (1/n + 1/m)(1 − E k)", async () => {
    const [times, n, m] = [1000, 20, 30];
    const normal = generator("equal laws");
    const center = [0, 0, 0];
    const std = [1, 1, 1];
    const x = gaussian(normal, times * n, center, std);
    const y = gaussian(normal, times * m, center, std);
    const { biased, unbiased } = await mmdOverTime(gpu, x, y, { times, d: 3, spread: std });
    const none = moments(unbiased);
    expectWithin("unbiased MMD²", none.mean, 0, none.meanError);
    const some = moments(biased);
    const exact = (1 / n + 1 / m) * (1 - expectedKernel(center, [2, 2, 2]));
    expect(some.meanError).toBeLessThan(0.02 * exact);
    expectWithin("biased MMD²", some.mean, exact, some.meanError);
  });

  test("does not depend on the order of runs, of the two ensembles, nor on a common shift", async () => {
    const normal = generator("order");
    const x = gaussian(normal, 150, [0, 1], [1, 1]);
    const y = gaussian(normal, 100, [0.2, 1], [1, 1.2]);
    const reversed = (z: Float32Array) => z.map((_, i) => z[z.length - 2 - 2 * Math.floor(i / 2) + (i % 2)]);
    const shape = { times: 1, d: 2, spread: [1, 1] };
    const { biased } = await mmdOverTime(gpu, x, y, shape);
    const near = async (a: Float32Array, b: Float32Array, tolerance: number) =>
      expect(Math.abs((await mmdOverTime(gpu, a, b, shape)).biased[0] - biased[0])).toBeLessThan(tolerance);
    await near(reversed(x), y, TOLERANCE);
    await near(y, x, TOLERANCE);
    const moved = (z: Float32Array) => z.map((value, i) => value + (i % 2 === 0 ? 64 : -32));
    // Float32 input near 64 is rounded to 4e-6, at random.
    await near(moved(x), moved(y), 1e-6);
    expect((await mmdOverTime(gpu, x, reversed(x), shape)).biased[0]).toBeLessThan(TOLERANCE);
  });

  test("many times of many runs are the same in chunks, and leave no buffers behind", async () => {
    const normal = generator("chunks");
    // At least 8 numbers per run and time: 2²² / (8 · 20) = 26,214 times make a chunk.
    const [runs, times] = [20, 27_000];
    const x = gaussian(normal, runs, [0], [1]);
    const y = gaussian(normal, runs, [0.1], [1]);
    // The same at all times but for a shift of y by 0 … 1 and of both by 0 … 499.
    const at = (i: number) => Math.floor(i / runs);
    const repeated = (z: Float32Array, shift: number) =>
      Float32Array.from({ length: times * runs }, (_, i) => z[i % runs] + (at(i) % 500) + (shift * at(i)) / times);
    const before = allocatedBytes();
    const { biased } = await mmdOverTime(gpu, repeated(x, 0), repeated(y, 1), { times, d: 1, spread: [1] });
    expect(allocatedBytes()).toBe(before);
    for (let t = 0; t < times; t += 99) {
      const shifted = y.map((value) => value + t / times);
      const { biased: exact, scale } = reference(x, shifted, [1]);
      // Values near 500 are rounded to 1.5e-5.
      expect(Math.abs(biased[t] - exact)).toBeLessThan(2e-5 * scale);
    }
  });

  test("bad input is refused", async () => {
    const z = new Float32Array(24);
    const shape = { times: 2, d: 3, spread: [1, 1, 1] };
    const refused = (x: Float32Array, other: object, message: string) =>
      expect(mmdOverTime(gpu, x, z, { ...shape, ...other })).rejects.toThrow(new InputError(message));
    await refused(new Float32Array(25), {}, "25 values do not divide into 2 times of 3 components");
    await refused(new Float32Array(6), {}, "1 runs: at least 2 are needed");
    await refused(z, { d: 9, spread: new Array(9).fill(1) }, "9 components: use 1 to 8");
    await refused(z, { times: 0 }, "0 times: use an integer from 1 on");
    await refused(z, { spread: [1, 0, 1] }, "spread 0 must be positive and finite");
    await refused(z, { center: [1] }, "3 spreads and 1 centers for 3 components");
    const poisoned = z.slice();
    poisoned[19] = Number.POSITIVE_INFINITY;
    await refused(poisoned, {}, "component 1 of a run is not finite at time index 1");
    const floor = (options: object) => mmdFloor(gpu, z, { ...shape, size: 2, splits: 10, seed: 1, ...options });
    await expect(floor({ size: 3 })).rejects.toThrow(new InputError("4 runs: at least 6 are needed"));
    await expect(floor({ size: 1.5 })).rejects.toThrow(InputError);
    await expect(floor({ splits: 0 })).rejects.toThrow(InputError);
  });
});

describe("floor of the discrepancy", () => {
  const shape = { times: 3, d: 2, spread: [1, 1] };

  test("of one split is the discrepancy of its two halves, all splits being equally likely", async () => {
    const truth = gaussian(generator("halves"), 3 * 5, [0, 0], [1, 1]);
    // Two pairs out of five runs: one run is left out, three ways to pair the others.
    const options = { ...shape, size: 2, splits: 1500, seed: 3 };
    const floor = await mmdFloor(gpu, truth, options);
    const halves = [0, 1, 2, 3, 4].flatMap((out) => {
      const [a, b, c, e] = [0, 1, 2, 3, 4].filter((run) => run !== out);
      return [
        [a, b, c, e],
        [a, c, b, e],
        [a, e, b, c],
      ];
    });
    const possible = halves.map(([a, b, c, e]) => {
      const pair = (t: number, runs: number[]) =>
        runs.flatMap((run) => Array.from(truth.subarray(10 * t + 2 * run, 10 * t + 2 * run + 2)));
      return [0, 1, 2].map((t) => reference(pair(t, [a, b]), pair(t, [c, e]), [1, 1]).biased);
    });
    const averages = possible.map((s) => (s[0] + s[1] + s[2]) / 3);
    const kind = floor.perSplit.map((score) => averages.findIndex((a) => Math.abs(a - score) < TOLERANCE));
    expectLaw("splits", histogram(kind, 15), new Array(15).fill(1 / 15));
    for (let t = 0; t < 3; t++) {
      const all = possible.map((s) => s[t]);
      expect(Math.abs(floor.low[t] - Math.min(...all))).toBeLessThan(TOLERANCE);
      expect(Math.abs(floor.high[t] - Math.max(...all))).toBeLessThan(TOLERANCE);
      expect(floor.mean[t]).toBeGreaterThan(floor.low[t]);
      expect(floor.mean[t]).toBeLessThan(floor.high[t]);
    }
    expect(await mmdFloor(gpu, truth, options)).toEqual(floor);
    expect((await mmdFloor(gpu, truth, { ...options, seed: 4 })).perSplit).not.toEqual(floor.perSplit);
  });

  test("averages to the bias, whatever the pool, and to what independent ensembles score", async () => {
    const [times, pool, size, splits] = [20, 150, 50, 1000];
    const normal = generator("pool");
    const truth = gaussian(normal, times * pool, [0, 0], [1, 1]);
    const options = { times, d: 2, spread: [1, 1], size, splits, seed: 4 };
    const { perSplit, bias, mean, low, high } = await mmdFloor(gpu, truth, options);
    const found = moments(perSplit);
    expect(found.meanError).toBeLessThan(0.01 * bias);
    expectWithin("mean over splits", found.mean, bias, found.meanError);
    expect(mean.reduce((sum, value) => sum + value, 0) / times).toBeCloseTo(found.mean, 12);
    // 1 − E k from 20 × 150 points: 1 %, far more than 4.5 standard errors.
    expect(bias / ((2 / size) * (1 - expectedKernel([0, 0], [2, 2])))).toBeCloseTo(1, 1.7);
    // Fresh pairs of ensembles of one law fall below 2.5 % and above 97.5 % as often as stated.
    const fresh = 2000;
    const x = gaussian(normal, fresh * size, [0, 0], [1, 1]);
    const y = gaussian(normal, fresh * size, [0, 0], [1, 1]);
    const { biased } = await mmdOverTime(gpu, x, y, { times: fresh, d: 2, spread: [1, 1] });
    const average = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const beyond = biased.filter((value) => value < average(low) || value > average(high)).length / fresh;
    // The interval from 20 times × 1,000 splits of a pool has itself an error, of about a tenth of the 5 %.
    expectWithin("beyond the interval", beyond, 0.05, Math.hypot(Math.sqrt((0.05 * 0.95) / fresh), 0.005));
  });
});

describe("errors of mean and std", () => {
  /** `runs` Gaussian trajectories, two variables: correlated over time by ρ per step, mean 1 and 2, std growing. */
  const [times, d, rho] = [40, 2, [0.9, 0.3]];
  const center = (t: number, j: number) => (1 + j) * Math.cos(t / 15);
  const std = (t: number, j: number) => (0.2 + 0.1 * j) * Math.sqrt((t + 1) / times);
  const exact: Moments = {
    mean: Float64Array.from({ length: times * d }, (_, i) => center(Math.floor(i / d), i % d)),
    std: Float64Array.from({ length: times * d }, (_, i) => std(Math.floor(i / d), i % d)),
  };
  function record(normal: () => number, runs: number): Float32Array {
    const out = new Float32Array(times * runs * d);
    for (let r = 0; r < runs; r++) {
      for (let j = 0; j < d; j++) {
        for (let t = 0, x = normal(); t < times; t++, x = rho[j] * x + Math.sqrt(1 - rho[j] ** 2) * normal()) {
          out[(t * runs + r) * d + j] = center(t, j) + std(t, j) * x;
        }
      }
    }
    return out;
  }

  test("are relative L2 norms over time, per variable, with mean and worst over cases", () => {
    const truth: Moments = { mean: [3, 1, 4, 1], std: [1, 2, 0, 2] };
    const guess: Moments = { mean: [3, 1.5, 4.5, 1], std: [1, 2.2, 0, 2.2] };
    const { mean, std: spread } = ensembleError([truth, guess], [truth, truth], 2);
    expect(Array.from(mean.perCase.subarray(0, 2))).toEqual([0, 0]);
    expect(mean.perCase[2]).toBeCloseTo(0.5 / 5, 12);
    expect(mean.perCase[3]).toBeCloseTo(0.5 / Math.SQRT2, 12);
    expect(mean.average[0]).toBeCloseTo(0.05, 12);
    expect(mean.worst[0]).toBeCloseTo(0.1, 12);
    expect(spread.perCase[2]).toBe(0);
    expect(spread.worst[1]).toBeCloseTo(0.1, 12);
    expect(() => ensembleError([truth], [truth, truth], 2)).toThrow(InputError);
    expect(() => ensembleError([truth], [truth], 3)).toThrow(InputError);
    expect(() => ensembleFloor([truth], { d: 2, predictedRuns: 1, trueRuns: 5 })).toThrow(InputError);
    expect(() => recordMoments(new Float32Array(4), 2, 2)).toThrow(InputError);
    expect(() => effectiveTimes(new Float32Array(12), 2, 2)).toThrow(InputError);
  });

  test("the mean of a sample std is that of the gamma function", () => {
    // Γ(½) = √π, Γ(1) = 1: ν = 1, 2, 3.
    expect(rootFactor(1)).toBeCloseTo(Math.sqrt(2 / Math.PI), 10);
    expect(rootFactor(2)).toBeCloseTo(Math.sqrt(Math.PI) / 2, 10);
    expect(rootFactor(3)).toBeCloseTo(2 * Math.sqrt(2 / (3 * Math.PI)), 10);
    expect(Math.abs(rootFactor(10_000) - rootFactor(10_000.001))).toBeLessThan(1e-10);
    expect(rootFactor(Number.POSITIVE_INFINITY)).toBe(1);
  });

  for (const [predictedRuns, trueRuns] of [
    [40, 20],
    [20, Number.POSITIVE_INFINITY],
    [10, 10],
  ]) {
    test(`a perfect model scores the floor: ${predictedRuns} predicted, ${trueRuns} true runs`, () => {
      const normal = generator(`floor${predictedRuns}`);
      const replicas = 2000;
      const many = effectiveTimes(record(normal, 400), times, d);
      const floor = ensembleFloor([exact], { d, predictedRuns, trueRuns, effective: [many] });
      const scores = Array.from({ length: replicas }, () => {
        const guess = recordMoments(record(normal, predictedRuns), times, d);
        const truth = Number.isFinite(trueRuns) ? recordMoments(record(normal, trueRuns), times, d) : exact;
        return ensembleError([guess], [truth], d);
      });
      for (const curve of ["mean", "std"] as const) {
        for (let j = 0; j < d; j++) {
          const { mean, meanError } = moments(scores.map((score) => score[curve].perCase[j]));
          const stated = floor[curve].perCase[j];
          // 3 %, stated in the docstring: Satterthwaite's approximation, and effective times from 400 runs.
          expectWithin(`floor of ${curve} ${j}`, mean, stated, Math.hypot(meanError, (0.03 * stated) / 4.5));
        }
      }
      // Slow errors are far from their root mean square: without the effective times the floor is too high.
      const plain = ensembleFloor([exact], { d, predictedRuns, trueRuns });
      expect(floor.mean.perCase[0] / plain.mean.perCase[0]).toBeLessThan(0.96);
      expect(floor.mean.perCase[0] / plain.mean.perCase[0]).toBeGreaterThan(0.8);
    });
  }

  test("effective times: one when errors are common to all times, all when they are independent", () => {
    const normal = generator("effective");
    const runs = 400;
    const common = Float64Array.from({ length: runs }, normal);
    const same = Float32Array.from({ length: times * runs }, (_, i) => 5 + common[i % runs]);
    expect(effectiveTimes(same, times, 1).mean[0]).toBeCloseTo(1, 1);
    expect(effectiveTimes(same, times, 1).std[0]).toBeCloseTo(1, 1);
    // With 50 runs the noise of the sampled covariances alone would halve the number: T / (1 + T/50). Mean of 20 draws.
    const white = Array.from({ length: 20 }, () => effectiveTimes(gaussian(normal, times * 50, [0], [1]), times, 1));
    for (const curve of ["mean", "std"] as const) {
      const average = white.reduce((sum, effective) => sum + effective[curve][0], 0) / 20;
      expect(average).toBeGreaterThan(0.93 * times);
    }
    // A stationary AR(1): T / Σ over lags of ρ^2k (1 − |k|/T), ρ⁴ for the std.
    const ar = effectiveTimes(
      record(normal, 2000).map((z, i) => {
        const [t, j] = [Math.floor(i / (2000 * d)), i % d];
        return (z - center(t, j)) / std(t, j);
      }),
      times,
      d,
    );
    const lags = (power: number) =>
      times /
      Array.from({ length: 2 * times - 1 }, (_, k) => Math.abs(k - times + 1)).reduce(
        (sum, lag) => sum + power ** lag * (1 - lag / times),
        0,
      );
    expect(Math.abs(ar.mean[0] / lags(rho[0] ** 2) - 1)).toBeLessThan(0.1);
    expect(Math.abs(ar.std[0] / lags(rho[0] ** 4) - 1)).toBeLessThan(0.1);
  });
});
