// Error bars: closed forms, and coverage by simulation.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { bootstrap, seedInterval } from "../../lib/analysis/bootstrap.ts";
import { studentCentral, studentQuantile } from "../../lib/analysis/student-t.ts";
import { InputError } from "../../lib/errors.ts";
import { draws } from "../fixtures.ts";

// Each test takes below a second alone; a loaded machine may need many.
setDefaultTimeout(60_000);

/** Quantile of the standard normal law at 0.975: scipy.stats.norm.ppf(0.975). */
const Z975 = 1.959963984540054;

const generator = draws(2511);

describe("error bars", () => {
  const average = (x: readonly number[]) => (picks: readonly Uint32Array[]) =>
    picks[0].reduce((sum, i) => sum + x[i], 0) / picks[0].length;

  test("bootstrap is deterministic by seed, and its standard error is that of the mean", () => {
    const { normal } = generator("bootstrap se");
    const x = Array.from({ length: 50 }, normal);
    const options = { seed: 3, resamples: 20_000 };
    const a = bootstrap([50], average(x), options);
    expect(bootstrap([50], average(x), options)).toEqual(a);
    expect(bootstrap([50], average(x), { ...options, seed: 4 }).low).not.toBe(a.low);
    const mean = x.reduce((sum, v) => sum + v, 0) / 50;
    const exact = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0)) / 50;
    expect(a.estimate).toBeCloseTo(mean, 12);
    // Relative error of a standard deviation from 20,000 replicas: 1/√40,000; 4 of them, false alarm 6e-5.
    expect(Math.abs(a.standardError / exact - 1)).toBeLessThan(4 * 0.005);
    const basic = bootstrap([50], average(x), { ...options, method: "basic" });
    expect(basic.low).toBeCloseTo(2 * a.estimate - a.high, 12);
    expect(basic.high).toBeCloseTo(2 * a.estimate - a.low, 12);
  });

  test("bootstrap resamples inside each group", () => {
    const x = [
      [0, 2],
      [100, 104, 108],
    ];
    const statistic = (picks: readonly Uint32Array[]) =>
      picks.reduce((sum, group, g) => sum + group.reduce((s, i) => s + x[g][i], 0) / group.length, 0);
    const { standardError, low, high } = bootstrap([2, 3], statistic, { seed: 1, resamples: 20_000, level: 0.999 });
    // Variances of the two means add: 1/2 and (32/3)/3.
    expect(Math.abs(standardError / Math.sqrt(0.5 + 32 / 9) - 1)).toBeLessThan(0.02);
    expect(low).toBeGreaterThanOrEqual(100);
    expect(high).toBeLessThanOrEqual(110);
  });

  test("bootstrap interval of a mean covers as often as theory says, at R = 20", () => {
    const { normal } = generator("coverage");
    const trials = 1500;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const x = Array.from({ length: 20 }, normal);
      const { low, high } = bootstrap([20], average(x), { seed: trial, resamples: 400 });
      if (low <= 0 && 0 <= high) covered++;
    }
    // Resampled means are nearly Gaussian around x̄ with std s √(19/20)/√20: coverage P(|t₁₉| ≤ z √(19/20)) = 0.929. Quantiles of 400
    // replicas jitter and the tails are a little short: 0.01 allowed. 4 standard errors: false alarm 6e-5.
    const expected = studentCentral(Z975 * Math.sqrt(19 / 20), 19);
    expect(expected).toBeCloseTo(0.929, 3);
    const error = Math.sqrt((expected * (1 - expected)) / trials);
    expect(Math.abs(covered / trials - expected)).toBeLessThan(4 * error + 0.01);
  });

  test("seed intervals of 2, 3 and 5 Gaussian seeds cover 95 %", () => {
    const { normal } = generator("seeds");
    for (const count of [2, 3, 5]) {
      const trials = 20_000;
      let covered = 0;
      for (let trial = 0; trial < trials; trial++) {
        const { low, high } = seedInterval(Array.from({ length: count }, normal));
        if (low <= 0 && 0 <= high) covered++;
      }
      // 4 standard errors: false alarm 6e-5 for each count.
      expect(Math.abs(covered / trials - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / trials));
    }
  });

  test("seed interval by hand, with and without a shared error", () => {
    // Mean 2, s = 1, s/√3; t = 0.95 √(2 / (4 · 0.975 · 0.025)) = 4.3027 for two degrees of freedom.
    const alone = seedInterval([1, 2, 3]);
    expect(alone.estimate).toBe(2);
    expect(alone.high - 2).toBeCloseTo((0.95 * Math.sqrt(2 / 0.0975)) / Math.sqrt(3), 12);
    // Shared error 1: total variance 1/3 + 1, freedom ⌊2 (4/3 / (1/3))²⌋ = 32.
    const shared = seedInterval([1, 2, 3], { shared: 1 });
    expect(shared.standardError).toBeCloseTo(Math.sqrt(4 / 3), 12);
    expect(shared.high - 2).toBeCloseTo(studentQuantile(0.975, 32) * Math.sqrt(4 / 3), 9);
    expect(() => seedInterval([1])).toThrow(InputError);
    expect(() => seedInterval([1, 2], { level: 95 })).toThrow(InputError);
    expect(() => bootstrap([1], () => 0, { seed: 1 })).toThrow(InputError);
  });
});
