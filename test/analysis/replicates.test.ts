// Replicates of the moments of predictions: runs drawn again, clusters, draws of the parameters, intervals of scores.
//
// 200 replicates know a spread to 5 %; means over 60 cases, with runs of their own, to 0.6 %. What they are compared with, from 120 runs
// of each case, is as exact: the 3 % that are allowed are 3.5 standard errors of the difference.
import { describe, expect, test } from "bun:test";
import { type Ensemble, ensemble, type Moments, momentsOf } from "../../lib/analysis/ensemble.ts";
import { logInterval, logSpread, replicateMoments, uncertaintyOf } from "../../lib/analysis/replicates.ts";
import { draws } from "../fixtures.ts";
import { closeWithin, difference, mean, range, rootMeanSquare } from "../numbers.ts";

const SEED = 46;
const CASES = 60;
const RUNS = 120;
const generator = draws(SEED);
const close = closeWithin(1e-6);

/** Size of the fluctuations of variable j; the mean is 10 (1 + c + t) + 100 j. */
const SIZE = [1, 3];

interface Shape {
  readonly cases?: number;
  readonly runs?: number;
  /** Runs in a row that are copies of each other. */
  readonly copies?: number;
}

/** Normal runs of two variables at two times, all independent but for the copies. */
function normalRuns(purpose: string, { cases = CASES, runs = RUNS, copies = 1 }: Shape = {}): Ensemble {
  const { normal } = generator(purpose);
  const data = range(2, (t) =>
    range(cases, (c) => {
      let one: number[] = [];
      return range(runs, (r) => {
        if (r % copies === 0) one = SIZE.map((size, j) => 10 * (1 + c + t) + 100 * j + size * normal());
        return one;
      });
    }),
  );
  return ensemble({ times: Float64Array.of(0, 1), cases, runs, d: 2 }, Float32Array.from(data.flat(3)));
}

/** Spread over the replicates of mean or std, root mean square over cases and times, for each variable. */
function spread(replicates: readonly Moments[][], key: keyof Moments): number[] {
  const cases = replicates[0].length;
  return SIZE.map((_, j) =>
    rootMeanSquare(
      range(2 * cases, (k) => {
        const values = replicates.map((one) => one[k >> 1][key][2 * (k % 2) + j]);
        return Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
      }),
    ),
  );
}

describe("replicates of runs", () => {
  const best = normalRuns("runs");
  const replicates = replicateMoments(best, null, SEED);

  test("spread the mean by its standard error, the standard deviation by its own", () => {
    for (const [j, value] of spread(replicates, "mean").entries()) {
      expect(value / (SIZE[j] / Math.sqrt(RUNS))).toBeWithin(0.97, 1.03);
    }
    // σ/√(2R) of a normal law.
    for (const [j, value] of spread(replicates, "std").entries()) {
      expect(value / (SIZE[j] / Math.sqrt(2 * RUNS))).toBeWithin(0.96, 1.04);
    }
  });

  test("lie about the moments of the runs themselves", () => {
    for (const [c, own] of momentsOf(best).entries()) {
      const average = (key: keyof Moments) => range(4, (k) => mean(replicates.map((one) => one[c][key][k])));
      // 200 of them: 1/√200 = 0.07 of their spread, 4.5 times.
      for (const [k, gap] of difference(average("mean"), own.mean).entries()) {
        expect(Math.abs(gap)).toBeLessThan((4.5 * 1.3 * SIZE[k % 2]) / Math.sqrt(200 * RUNS));
      }
      for (const [k, gap] of difference(average("std"), own.std).entries()) {
        // n − 1 of few distinct runs: 1/(2R) less.
        expect(Math.abs(gap)).toBeLessThan(SIZE[k % 2] * (4.5 / Math.sqrt(400 * RUNS) + 1 / RUNS));
      }
    }
  });

  test("are drawn anew for every case, and are the same for the same seed", () => {
    expect(replicateMoments(best, null, SEED)).toEqual(replicates);
    expect(replicateMoments(best, null, SEED + 1)).not.toEqual(replicates);
    const shift = (c: number) => replicates.map((one) => one[c].mean[0] - momentsOf(best)[c].mean[0]);
    const [a, b] = [shift(0), shift(1)];
    const correlation = mean(a.map((x, r) => x * b[r])) / (rootMeanSquare(a) * rootMeanSquare(b));
    expect(Math.abs(correlation)).toBeLessThan(4.5 / Math.sqrt(200));
  });
});

describe("clusters", () => {
  test("of copies have the error of the number of clusters, which runs for themselves do not", () => {
    const best = normalRuns("copies", { copies: 4 });
    const exact = SIZE.map((size) => size / Math.sqrt(RUNS / 4));
    const ratio = (cluster: number) =>
      spread(replicateMoments(best, null, SEED, cluster), "mean").map((s, j) => s / exact[j]);
    // 30 clusters: their own spread is known to 1.2 % on average, and is √(29/30) too small.
    for (const value of ratio(4)) expect(value).toBeWithin(0.94, 1.03);
    for (const value of ratio(1)) expect(value).toBeWithin(0.47, 0.53);
  });

  test("count their runs, the last one fewer", () => {
    // 10 runs in clusters of 4, 4 and 2: means of a replicate are (4 a x + 4 b y + 2 c z)/(4 a + 4 b + 2 c), a + b + c = 3.
    const data = range(10, (r) => [0, 30, 900][r >> 2]);
    const best = ensemble({ times: Float64Array.of(0), cases: 1, runs: 10, d: 1 }, Float32Array.from(data));
    const possible = range(4, (a) => range(4 - a, (b) => [a, b, 3 - a - b]))
      .flat()
      .map(([a, b, c]) => {
        const count = 4 * a + 4 * b + 2 * c;
        const middle = (4 * b * 30 + 2 * c * 900) / count;
        const square = 4 * a * middle ** 2 + 4 * b * (30 - middle) ** 2 + 2 * c * (900 - middle) ** 2;
        return [middle, Math.sqrt(square / (count - 1))];
      });
    const seen = new Set<number>();
    for (const [{ mean, std }] of replicateMoments(best, null, SEED, 4)) {
      const which = possible.findIndex(([m, s]) => Math.abs(mean[0] - m) < 1e-9 * 900 && Math.abs(std[0] - s) < 1e-4);
      expect(which).toBeGreaterThanOrEqual(0);
      seen.add(which);
    }
    // The rarest have probability 1/27: 200 replicates miss one of three with 1.6e-3.
    expect(seen.size).toBe(10);
  });

  test("of all runs leave nothing to draw", () => {
    const best = normalRuns("all", { cases: 3 });
    const own = momentsOf(best);
    for (const one of replicateMoments(best, null, SEED, RUNS)) {
      for (const [c, { mean, std }] of one.entries()) {
        close(mean, own[c].mean);
        close(std, own[c].std);
      }
    }
  });
});

describe("draws of the parameters", () => {
  const [cases, draws] = [3, 4];
  const best = normalRuns("best", { cases });
  const some = normalRuns("some", { cases, runs: 4 });
  const shiftOf = (b: number, c: number, j: number) => (b === 0 ? 0 : 0.5 * b - c + 2 * j);
  const stretchOf = (b: number, c: number) => 1 + 0.25 * b + 0.1 * c * b;
  /** The same runs with the best parameters (b = 0) and those of each draw: with the same noise they are shifted and stretched. */
  function drawn(): Ensemble {
    const own = momentsOf(some);
    const data = range(2, (t) =>
      range(cases * (1 + draws), (k) => {
        const [b, c] = [Math.floor(k / cases), k % cases];
        return range(8, (at) => {
          const j = at % 2;
          const middle = own[c].mean[2 * t + j];
          const value = some.data[(t * cases + c) * 8 + at];
          return middle + shiftOf(b, c, j) + stretchOf(b, c) * (value - middle);
        });
      }),
    );
    return ensemble({ ...some, cases: cases * (1 + draws) }, Float32Array.from(data.flat(2)));
  }

  test("shift the mean of a replicate, and stretch its deviation, by just what they do to some runs", () => {
    const without = replicateMoments(best, null, SEED);
    for (const [r, one] of replicateMoments(best, drawn(), SEED).entries()) {
      const b = 1 + (r % draws);
      for (const [c, { mean, std }] of one.entries()) {
        close(
          mean,
          range(4, (k) => without[r][c].mean[k] + shiftOf(b, c, k % 2)),
        );
        close(
          std,
          range(4, (k) => without[r][c].std[k] * stretchOf(b, c)),
          1e-5,
        );
      }
    }
  });

  test("of runs that do not fluctuate leave the deviation as it is", () => {
    const still = drawn();
    const flat = { ...still, data: still.data.map((_, at) => Math.floor(at / 8)) };
    const without = replicateMoments(best, null, SEED);
    const found = replicateMoments(best, flat, SEED);
    expect(found.map((one) => one.map(({ std }) => std))).toEqual(without.map((one) => one.map(({ std }) => std)));
  });

  test("of other cases or variables are an error", () => {
    expect(() => replicateMoments(best, normalRuns("other", { cases: 4, runs: 4 }), SEED)).toThrow(
      "not of the same cases",
    );
    expect(() => replicateMoments(best, { ...drawn(), d: 1, runs: 8 }, SEED)).toThrow("not of the same cases");
  });
});

describe("intervals of scores", () => {
  test("are 1.96 standard deviations of the logarithms wide, about the estimate", () => {
    expect(logSpread([1 / 3, 3])).toBeCloseTo(Math.log(3), 12);
    expect(logSpread([5, 5, 5])).toBe(0);
    const known = (estimate: number, replicates: number[]) => logInterval(estimate, replicates) as [number, number];
    close(known(0.2, [0.5, 2]), [0.2 * 2 ** -1.96, 0.2 * 2 ** 1.96], 1e-12);
    // Replicates that are all too large move neither end.
    close(known(0.2, [50, 200]), known(0.2, [0.5, 2]), 1e-12);
  });

  test("hold the true score in 95 % of cases, for scores with normal logarithms", () => {
    const { normal } = generator("intervals");
    const score = () => Math.exp(Math.log(0.03) + 0.4 * normal());
    const hits = range(1000, () => logInterval(score(), range(200, score)) as [number, number]).filter(
      ([a, b]) => a < 0.03 && b > 0.03,
    );
    // 4.5 √(0.95 · 0.05/1000) = 0.031.
    expect(Math.abs(hits.length / 1000 - 0.95)).toBeLessThan(0.031);
  });

  test("are none for what is not positive and finite", () => {
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(logInterval(bad, [1, 2])).toBeNull();
      expect(logInterval(1, [1, bad])).toBeNull();
    }
    expect(logSpread([1, 0])).toBeNaN();
  });

  test("stand by name: intervals from replicates of everything, where there are any, spreads from those of the truth", () => {
    const scores = { error: 0.2, early: 3, other: 1 };
    const all = [
      { error: 0.5, early: 4, other: 1 },
      { error: 2, early: 4, other: 1 },
    ];
    const truth = [
      { error: 1, early: 1 / 3, other: 1 },
      { error: 1, early: 3, other: 1 },
    ];
    const { intervals, truthSpread } = uncertaintyOf(["error", "early"], scores, all, truth);
    expect(intervals).toEqual({ error: logInterval(0.2, [0.5, 2]), early: [3, 3] });
    expect(truthSpread).toEqual({ error: 0, early: logSpread([1 / 3, 3]) });
    expect(uncertaintyOf(["error"], scores, null, truth).intervals).toBeNull();
  });
});
