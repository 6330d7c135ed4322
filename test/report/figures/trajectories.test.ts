// What sampling does to standard deviations, by simulation, and what stands for runs that have not begun to spread.
import { expect, test } from "bun:test";
import { deviationError, meanError, methodCurves, withinNoise } from "../../../lib/report/figures/trajectories.ts";
import { draws } from "../../fixtures.ts";
import { range } from "../../numbers.ts";

/** Unlike, so that neither can stand for the other. */
const RUNS = { truth: 200, predicted: 80 };
const CASES = 1500;

const { normal } = draws(7)("figures/trajectories");

/** Mean and standard deviation of so many runs of one law, at each of `CASES` times that know nothing of each other. */
function moments(runs: number) {
  const all = range(CASES, () => {
    const values = range(runs, () => 3 + 2 * normal());
    const mean = values.reduce((sum, x) => sum + x, 0) / runs;
    return { mean, std: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (runs - 1)) };
  });
  return { mean: all.map(({ mean }) => mean), std: all.map(({ std }) => std) };
}

test("the bands of errors of means and of standard deviations hold 95 % of what runs of one law show", () => {
  const times = range(CASES, (t) => t);
  const [truth, predicted] = [{ m: moments(RUNS.truth) }, { m: moments(RUNS.predicted) }];
  for (const shown of [meanError("m"), deviationError("m")]) {
    const y = shown.of(predicted, truth, times).y;
    const noise = shown.noise?.(truth, times, RUNS);
    const inside = times.filter(
      (t) => Number(y[t]) > Number(noise?.low?.[t]) && Number(y[t]) < Number(noise?.high?.[t]),
    );
    // The normal law of a standard deviation of 80 runs is right to 0.006. Four standard errors: one false alarm in 16,000.
    expect(Math.abs(inside.length / CASES - 0.95)).toBeLessThan(0.006 + 4 * Math.sqrt((0.95 * 0.05) / CASES));
  }
});

test("against an exact truth only the predicted runs are noise", () => {
  const truth = { m: { mean: [0], std: [0.3] } };
  const noise = meanError("m").noise?.(truth, [0], { truth: Number.POSITIVE_INFINITY, predicted: 9 });
  expect(noise?.high?.[0]).toBeCloseTo(1.96 * 0.1, 12);
  const ratio = deviationError("m").noise?.(truth, [0], { truth: Number.POSITIVE_INFINITY, predicted: 51 });
  expect(ratio?.high?.[0]).toBeCloseTo(100 * 1.96 * 0.1, 12);
});

test("runs that have hardly begun to spread have no ratio", () => {
  const law = (std: number[]) => ({ m: { mean: [0, 0, 0], std } });
  const { y } = deviationError("m").of(law([1e-3, 0.11, 0.2]), law([0, 0.1, 0.2]), [0, 1, 2]);
  expect(Array.from(y, (value) => (value === null || Number.isNaN(value) ? null : Math.round(value)))).toEqual([
    null,
    10,
    0,
  ]);
});

test("how much of the time curves stay within the noise is said by curve, of all cases together", () => {
  const law = (mean: number[]) => ({ m: { mean, std: [0, 1, 1, 1, 1] } });
  const [times, runs] = [[0, 1, 2, 3, 4], { truth: 8, predicted: 8 }]; // the noise is 1.96/2
  const one = (mean: number[]) => ({
    ...{ title: "", times, runs, truth: law([0, 0, 0, 0, 0]) },
    predicted: [{ method: "compensator" as const, patch: 8, laws: law(mean) }],
  });
  const curves = methodCurves(["compensator"], 8);
  // Of eight times with a noise, the first has none, seven are within it.
  const cases = [one([9, 0.9, -0.9, 0, 0]), one([9, 0, 0, 1, 0])];
  expect(withinNoise(cases, meanError("m"), curves)).toBe(
    " Within the grey, of all times and starts: Ours (compensator) 88 %.",
  );
  expect(withinNoise([{ ...cases[0], runs: undefined }], meanError("m"), curves)).toBe("");
});
