// The band of sampling noise behind residuals: as wide as means of finitely many runs are apart.
import { describe, expect, test } from "bun:test";
import { noiseBand, noiseSeries } from "../../../lib/report/figures/noise-band.ts";
import { draws } from "../../fixtures.ts";
import { range } from "../../numbers.ts";

/** Runs and spread of truth and prediction: unlike, so that neither can stand for the other. */
const TRUE = { runs: 400, spread: 1 };
const PREDICTED = { runs: 60, spread: 1.3 };

test("holds 95 % of the differences between means of one value, whatever the runs and spreads", () => {
  const cases = 1500;
  const { normal } = draws(1)("noise-band");
  const sample = ({ runs, spread }: typeof TRUE) => {
    const values = range(runs, () => 5 + spread * normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / runs;
    const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (runs - 1));
    return { mean, std };
  };
  const truth = range(cases, () => sample(TRUE));
  const predicted = range(cases, () => sample(PREDICTED));
  const stds = (list: typeof truth) => list.map(({ std }) => std);
  const { low, high } = noiseBand(
    { std: stds(truth), runs: TRUE.runs },
    { std: stds(predicted), runs: PREDICTED.runs },
  );
  const inside = range(cases, (k) => {
    const difference = predicted[k].mean - truth[k].mean;
    return difference > low[k] && difference < high[k];
  }).filter(Boolean).length;
  // The mean of 60 is Student's within 0.003 of a normal one. Four standard errors: one false alarm in 16,000.
  expect(Math.abs(inside / cases - 0.95)).toBeLessThan(0.003 + 4 * Math.sqrt((0.95 * 0.05) / cases));
});

describe("the numbers of the band", () => {
  test("are 1.96 √(s²/n + s²/n) around zero", () => {
    // √(0.3²/9 + 0.8²/4) = √(0.01 + 0.16).
    const { low, high } = noiseBand({ std: [0.3], runs: 9 }, { std: [0.8], runs: 4 });
    expect(high[0]).toBeCloseTo(1.96 * Math.sqrt(0.17), 12);
    expect(low[0]).toBe(-high[0]);
  });

  test("stand around a line at zero on the times of the residuals", () => {
    const { x, y, low, high } = noiseSeries([0, 2], { std: [0, 1], runs: 4 }, { std: [0, 1], runs: 4 });
    expect([x, y]).toEqual([
      [0, 2],
      [0, 0],
    ]);
    expect([low, high].map((one) => Math.abs(Number(one?.[0])))).toEqual([0, 0]);
    expect(high?.[1]).toBeCloseTo(1.96 / Math.sqrt(2), 12);
  });
});
