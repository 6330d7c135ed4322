// Ranges of scores that cannot be below 0 or above 1: of the laws that they stand for, and never outside.
import { describe, expect, test } from "bun:test";
import { chi2Range, shareRange } from "../../lib/analysis/law-range.ts";

const REACH = 1.96;

describe("χ² over its degrees of freedom", () => {
  // scipy.stats.chi2.ppf([0.025, 0.975], freedom) / freedom
  test.each([
    [2, 0.025318, 3.688879],
    [3, 0.071932, 3.116135],
    [10, 0.324697, 2.048318],
    [100, 0.742219, 1.295612],
  ])("of %d", (freedom, low, high) => {
    const found = chi2Range(Math.sqrt(2 / freedom), REACH);
    expect(Math.abs(found[0] - low)).toBeLessThan(0.03);
    expect(Math.abs(found[1] - high)).toBeLessThan(0.03);
  });

  test("is never negative, however large its error", () => {
    for (const error of [1, 2, 10]) expect(chi2Range(error, REACH)[0]).toBeGreaterThanOrEqual(0);
    expect(chi2Range(Number.NaN, REACH)).toEqual([Number.NaN, Number.NaN]);
  });
});

describe("a share", () => {
  test("with a small error has the range of a normal law", () => {
    const [low, high] = shareRange(0.95, 1e-4, REACH);
    expect(low).toBeCloseTo(0.95 - 1.96e-4, 6);
    expect(high).toBeCloseTo(0.95 + 1.96e-4, 6);
  });

  test("of 24 runs has that of a binomial law, and is never above 1", () => {
    const [low, high] = shareRange(0.95, Math.sqrt((0.95 * 0.05) / 24), REACH);
    // scipy.stats.binom.ppf([0.025, 0.975], 24, 0.95) / 24 = [0.833, 1]: within one run.
    expect(Math.abs(low - 20 / 24)).toBeLessThan(1 / 24);
    expect(high).toBeWithin(23 / 24, 1 + 1e-12);
    expect(shareRange(0.95, 0.3, REACH)).toEqual([expect.any(Number), 1]);
    expect(shareRange(0.95, 3, REACH)[0]).toBe(0);
  });
});
