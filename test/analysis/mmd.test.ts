// Comparisons of ensembles in law: maximum mean discrepancy on the device against float64 and closed forms.
//
// Statistical assertions are at 4.5 standard errors (test/statistics.ts) with fixed seeds.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Ensemble } from "../../lib/analysis/ensemble.ts";
import { MMD_BANDWIDTHS, mmdFloor, mmdOverTime } from "../../lib/analysis/mmd.ts";
import { InputError } from "../../lib/errors.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { draws, emptied } from "../fixtures.ts";
import { expectLaw, expectWithin, histogram, moments } from "../statistics.ts";
import { gaussian, recordOf } from "./records.ts";

/** Error of a biased or unbiased statistic over the mean of 1 − k; measured below 1.5e-7. */
const TOLERANCE = 4e-7;
/** Relative error of 1 − k for one pair, from some thirty roundings; measured below 3.5e-7. */
const PAIR_TOLERANCE = 7e-7;

setDefaultTimeout(120_000);

const gpu = await openDevice();

const generator = (purpose: string) => draws(723)(purpose).normal;

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
      const found = await mmdOverTime(gpu, recordOf(widths.length, d, join(x)), recordOf(widths.length, d, join(y)), {
        spread,
      });
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
    const at = (data: Float32Array) => recordOf(distances.length, 1, data);
    const { biased } = await mmdOverTime(gpu, at(x), at(y), { spread: [1] });
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
    const { unbiased } = await mmdOverTime(gpu, recordOf(times, 2, x), recordOf(times, 2, y), {
      spread,
      center: [1, 3],
    });
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
    const { biased, unbiased } = await mmdOverTime(gpu, recordOf(times, 3, x), recordOf(times, 3, y), { spread: std });
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
    const score = async (a: Float32Array, b: Float32Array) =>
      (await mmdOverTime(gpu, recordOf(1, 2, a), recordOf(1, 2, b), { spread: [1, 1] })).biased[0];
    const biased = await score(x, y);
    const near = async (a: Float32Array, b: Float32Array, tolerance: number) =>
      expect(Math.abs((await score(a, b)) - biased)).toBeLessThan(tolerance);
    await near(reversed(x), y, TOLERANCE);
    await near(y, x, TOLERANCE);
    const moved = (z: Float32Array) => z.map((value, i) => value + (i % 2 === 0 ? 64 : -32));
    // Float32 input near 64 is rounded to 4e-6, at random.
    await near(moved(x), moved(y), 1e-6);
    expect(await score(x, reversed(x))).toBeLessThan(TOLERANCE);
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
    const { biased } = await emptied(() =>
      mmdOverTime(gpu, recordOf(times, 1, repeated(x, 0)), recordOf(times, 1, repeated(y, 1)), { spread: [1] }),
    );
    for (let t = 0; t < times; t += 99) {
      const shifted = y.map((value) => value + t / times);
      const { biased: exact, scale } = reference(x, shifted, [1]);
      // Values near 500 are rounded to 1.5e-5.
      expect(Math.abs(biased[t] - exact)).toBeLessThan(2e-5 * scale);
    }
  });

  test("bad input is refused", async () => {
    const z = recordOf(2, 3, new Float32Array(24));
    const spread = [1, 1, 1];
    const refused = (x: Ensemble, other: object, message: string, y = z) =>
      expect(mmdOverTime(gpu, x, y, { spread, ...other })).rejects.toThrow(new InputError(message));
    expect(() => recordOf(2, 3, new Float32Array(25))).toThrow("25 values are not 2 times of 1 × ");
    await refused(recordOf(2, 3, new Float32Array(6)), {}, "1 runs: at least 2 are needed");
    const wide = recordOf(2, 9, new Float32Array(36));
    await refused(wide, { spread: new Array(9).fill(1) }, "9 components: use 1 to 8", wide);
    const never = { ...z, times: new Float64Array(0), data: new Float32Array(0) };
    await refused(never, {}, "0 times: use an integer from 1 on", never);
    await refused(z, { spread: [1, 0, 1] }, "spread 0 must be positive and finite");
    await refused(z, { center: [1] }, "3 spreads and 1 centers for 3 components");
    const poisoned = z.data.slice();
    poisoned[19] = Number.POSITIVE_INFINITY;
    await refused({ ...z, data: poisoned }, {}, "component 1 of a run is not finite at time index 1");
    for (const other of [recordOf(3, 3, new Float32Array(36)), recordOf(2, 2, new Float32Array(16))]) {
      const message = `ensembles of ${other.times.length} × ${other.d} and 2 × 3 times and components differ`;
      await refused(other, {}, message);
    }
    // Cases are different laws: to be compared one by one.
    const cases = { ...z, cases: 2, runs: 2 };
    for (const pair of [
      [cases, z],
      [z, cases],
    ]) {
      await expect(mmdOverTime(gpu, pair[0], pair[1], { spread })).rejects.toThrow("an ensemble of 2 cases: take them");
    }
    const floor = (options: object, pool = z) =>
      mmdFloor(gpu, pool, { spread, size: 2, splits: 10, seed: 1, ...options });
    await expect(floor({}, cases)).rejects.toThrow("an ensemble of 2 cases: take them one by one");
    await expect(floor({}, never)).rejects.toThrow(new InputError("0 times: use an integer from 1 on"));
    await expect(floor({ size: 3 })).rejects.toThrow(new InputError("4 runs: at least 6 are needed"));
    await expect(floor({ size: 1.5 })).rejects.toThrow(InputError);
    await expect(floor({ splits: 0 })).rejects.toThrow(InputError);
  });
});

describe("floor of the discrepancy", () => {
  const spread = [1, 1];

  test("of one split is the discrepancy of its two halves, all splits being equally likely", async () => {
    const truth = gaussian(generator("halves"), 3 * 5, [0, 0], [1, 1]);
    // Two pairs out of five runs: one run is left out, three ways to pair the others.
    const options = { spread, size: 2, splits: 1500, seed: 3 };
    const pool = recordOf(3, 2, truth);
    const floor = await mmdFloor(gpu, pool, options);
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
    expect(await mmdFloor(gpu, pool, options)).toEqual(floor);
    expect((await mmdFloor(gpu, pool, { ...options, seed: 4 })).perSplit).not.toEqual(floor.perSplit);
  });

  test("averages to the bias, whatever the pool, and to what independent ensembles score", async () => {
    const [times, pool, size, splits] = [20, 150, 50, 1000];
    const normal = generator("pool");
    const truth = gaussian(normal, times * pool, [0, 0], [1, 1]);
    const options = { spread, size, splits, seed: 4 };
    const { perSplit, bias, mean, low, high } = await mmdFloor(gpu, recordOf(times, 2, truth), options);
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
    const { biased } = await mmdOverTime(gpu, recordOf(fresh, 2, x), recordOf(fresh, 2, y), { spread });
    const average = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const beyond = biased.filter((value) => value < average(low) || value > average(high)).length / fresh;
    // The interval from 20 times × 1,000 splits of a pool has itself an error, of about a tenth of the 5 %.
    expectWithin("beyond the interval", beyond, 0.05, Math.hypot(Math.sqrt((0.05 * 0.95) / fresh), 0.005));
  });
});
