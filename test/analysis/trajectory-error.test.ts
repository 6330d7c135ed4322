// Errors of trajectories: closed forms, and the sampling floor by simulation.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import paper from "../../data/curie-weiss-paper.json";
import { equilibrium, magnetizationTrajectory } from "../../lib/analysis/curie-weiss-theory.ts";
import {
  ensembleMoments,
  isWithinSpread,
  relativeSquaredError,
  samplingFloor,
  trajectoryError,
} from "../../lib/analysis/trajectory-error.ts";
import { InputError } from "../../lib/errors.ts";
import { draws, SHARED } from "../fixtures.ts";

// Each test takes below a second alone; a loaded machine may need many.
setDefaultTimeout(60_000);

const SYSTEM = { spins: 4096, temperature: 1.1, field: 0.1 };
const STARTS = [-0.5, -0.25, 0, 0.25, 0.5];
const PUBLISHED = join(SHARED, "paper/curie_weiss_paper.csv");

const generator = draws(2511);

describe("trajectory error", () => {
  test("is the paper's ratio of sums, for scalars and vectors", () => {
    // (0.1² + 0.2²) / (1² + 2²)
    expect(relativeSquaredError([1.1, 2.2], { mean: [1, 2] })).toBeCloseTo(0.05 / 5, 12);
    // Two times, two observables: errors (1, 0), (0, 2) against (3, 4), (0, 5).
    expect(relativeSquaredError([4, 4, 0, 7], { mean: [3, 4, 0, 5] })).toBeCloseTo(5 / 50, 12);
    const { perStart, mean } = trajectoryError([[1.1], [3]], [{ mean: [1] }, { mean: [2] }]);
    expect(perStart[0]).toBeCloseTo(0.01, 12);
    expect(mean).toBeCloseTo((0.01 + 0.25) / 2, 12);
  });

  test("a truth within the spread of runs is measured by the spread, with its floor, and one that is zero and does not spread by nothing", () => {
    const curve = { mean: [1e-15, -1e-15], std: [0.3, 0.4] };
    expect(isWithinSpread(curve)).toBe(true);
    expect(relativeSquaredError([0.1, 0], curve)).toBeCloseTo(0.01 / 0.25, 12);
    // 8 runs of a perfect model: σ²/8 of the spread; a truth of 50 runs adds σ²/50.
    expect(samplingFloor(curve.mean, curve.std, 8)).toBeCloseTo(1 / 8, 12);
    expect(samplingFloor(curve.mean, curve.std, 8, 50)).toBeCloseTo(1 / 8 + 1 / 50, 12);
    expect(isWithinSpread({ mean: [0.5], std: [0.4] })).toBe(false);
    // Continuous where spread and mean are equal.
    const [below, above] = [0.5 - 1e-9, 0.5 + 1e-9].map((std) =>
      relativeSquaredError([0.6], { mean: [0.5], std: [std] }),
    );
    expect(Math.abs(below / above - 1)).toBeLessThan(1e-8);
    expect(relativeSquaredError([1], { mean: [0], std: [0] })).toBeNaN();
    expect(relativeSquaredError([1], { mean: [0] })).toBeNaN();
    expect(samplingFloor([0], [0], 8)).toBeNaN();
  });

  test("refuses unequal lengths", () => {
    expect(() => relativeSquaredError([1], { mean: [1, 2] })).toThrow(InputError);
    expect(() => relativeSquaredError([], { mean: [] })).toThrow(InputError);
    expect(() => samplingFloor([1], [1], 0)).toThrow(InputError);
    expect(() => ensembleMoments([1, 2, 3], 2)).toThrow(InputError);
  });

  test("ensemble moments are those of the picked runs", () => {
    const runs = [1, 10, 2, 20, 6, 60];
    const all = ensembleMoments(runs, 3);
    expect(Array.from(all.mean)).toEqual([3, 30]);
    expect(all.std[0]).toBeCloseTo(Math.sqrt((4 + 1 + 9) / 2), 12);
    const picked = ensembleMoments(runs, 3, [2, 2, 0]);
    expect(picked.mean[1]).toBeCloseTo(130 / 3, 12);
    // Far from zero: 1e8 + {0, 1, 2}.
    expect(ensembleMoments([1e8, 1e8 + 1, 1e8 + 2], 3).std[0]).toBeCloseTo(1, 7);
  });

  test("a perfect model with 20 + 20 runs of n = 4,096 scores 2.5e-4, by formula and by simulation", () => {
    // The paper's clock: 500 coarse steps of 2.6272 time units.
    const times = Array.from({ length: 500 }, (_, i) => 2.6272 * i);
    const truths = STARTS.map((m0) => magnetizationTrajectory(SYSTEM, m0, times));
    const floors = truths.map(({ mean, std }) => samplingFloor(mean, std, 20, 20));
    const floor = floors.reduce((sum, f) => sum + f, 0) / 5;
    const { mean: m, std: s } = equilibrium(SYSTEM);
    expect((s / m) ** 2 * (1 / 20 + 1 / 20)).toBeCloseTo(2.503e-4, 7);
    expect(floor).toBeGreaterThan(2.5e-4);
    expect(floor).toBeLessThan(2.6e-4);
    expect(Math.abs(floor - paper.samplingFloor.value) / floor).toBeLessThan(0.05);

    // The expected score depends on the law at single times only; Gaussian draws have its mean and variance.
    const { normal } = generator("floor");
    const scores = Array.from({ length: 20 }, (_, replica) => {
      const { mean, std } = truths[replica % 5];
      const draw = () => Float64Array.from({ length: 20 * 500 }, (_, i) => mean[i % 500] + std[i % 500] * normal());
      return relativeSquaredError(ensembleMoments(draw(), 20).mean, ensembleMoments(draw(), 20)) / floors[replica % 5];
    });
    const average = scores.reduce((sum, x) => sum + x, 0) / 20;
    const error = Math.sqrt(scores.reduce((sum, x) => sum + (x - average) ** 2, 0) / 19 / 20);
    // 4.5 standard errors of 20 replicas (Student, 19 degrees of freedom): false alarm 2.5e-4. The bar itself must be sharp.
    expect(error).toBeLessThan(0.03);
    expect(Math.abs(average - 1)).toBeLessThan(4.5 * error);
  });

  const missing = !existsSync(PUBLISHED);
  const note = missing ? " (skipped: no ../shared beside the project)" : "";
  test.skipIf(missing)(`our copy of the published errors equals the published table${note}`, () => {
    const rows = readFileSync(PUBLISHED, "utf8").trim().split("\n").slice(1);
    const columns = [paper.patchSide, paper.published.ours, paper.published.naive];
    expect(rows.map((row) => row.split(",").map(Number))).toEqual(
      paper.patchSide.map((_, i) => columns.map((column) => column[i])),
    );
  });
});
