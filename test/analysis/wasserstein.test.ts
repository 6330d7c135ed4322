// Distances of laws on a line: closed forms, and the sampling floor by simulation.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { binomialLaw } from "../../lib/analysis/birth-death.ts";
import { magnetizations } from "../../lib/analysis/curie-weiss-theory.ts";
import { evenGrid } from "../../lib/analysis/function-error.ts";
import { wasserstein, wassersteinFloor } from "../../lib/analysis/wasserstein.ts";
import { InputError } from "../../lib/errors.ts";
import { draws } from "../fixtures.ts";

// Each test takes below a second alone; a loaded machine may need many.
setDefaultTimeout(60_000);

const generator = draws(2511);

/** Gaussian law on a fine lattice, spacing std/200, ±8 std. */
function gaussianAtoms(mean: number, std: number) {
  const values = evenGrid(mean - 8 * std, mean + 8 * std, 3201);
  return { values, weights: values.map((x) => Math.exp(-0.5 * ((x - mean) / std) ** 2)) };
}

describe("Wasserstein-1", () => {
  test("closed forms: shift, weights, points, two Gaussians", () => {
    const values = [3, -1, 0.5, 0.5, 7];
    expect(wasserstein({ values }, { values: values.map((x) => x + 0.3) })).toBeCloseTo(0.3, 12);
    expect(wasserstein({ values }, { values: [...values].reverse() })).toBe(0);
    expect(wasserstein({ values: [0, 1], weights: [3, 1] }, { values: [0] })).toBeCloseTo(0.25, 12);
    // A sample with repetitions is a weighted set of atoms; unsorted weights follow their values.
    expect(wasserstein({ values: [2, 1], weights: [1, 2] }, { values: [1, 2, 1] })).toBeCloseTo(0, 12);
    // Equal shape: |μ₁ − μ₂|. Equal mean: |σ₁ − σ₂| E|Z| = |σ₁ − σ₂| √(2/π); the lattice costs about 1e-5.
    expect(wasserstein(gaussianAtoms(1, 2), gaussianAtoms(1.7, 2))).toBeCloseTo(0.7, 9);
    expect(wasserstein(gaussianAtoms(1, 2), gaussianAtoms(1, 3.2))).toBeCloseTo(1.2 * Math.sqrt(2 / Math.PI), 4);
  });

  test("between a sample and its exact law it is the sampling floor", () => {
    const law = binomialLaw(400, 0.3);
    const values = magnetizations(400, law);
    const cumulative: number[] = [];
    law.mass.reduce((sum, p, u) => (cumulative[u] = sum + p), 0);
    const { uniform } = generator("wasserstein");
    const distances = Array.from({ length: 200 }, () => {
      const sample = Float64Array.from({ length: 1000 }, () => {
        const r = uniform();
        return values[cumulative.findIndex((c) => c >= r)] ?? values[400];
      });
      return wasserstein({ values: sample }, { values, weights: law.mass });
    });
    const average = distances.reduce((sum, d) => sum + d, 0) / 200;
    const spread = Math.sqrt(distances.reduce((sum, d) => sum + (d - average) ** 2, 0) / 199 / 200);
    // 4 standard errors (false alarm 6e-5) and 1 % for the terms beyond the leading one.
    const floor = wassersteinFloor({ values, weights: law.mass }, 1000);
    expect(Math.abs(average - floor)).toBeLessThan(4 * spread + 0.01 * floor);
    expect(spread / floor).toBeLessThan(0.04);
  });

  test("bad input is refused", () => {
    expect(() => wasserstein({ values: [] }, { values: [1] })).toThrow(InputError);
    expect(() => wasserstein({ values: [Number.NaN] }, { values: [1] })).toThrow(InputError);
    expect(() => wasserstein({ values: [1, 2], weights: [1] }, { values: [1] })).toThrow(InputError);
    expect(() => wasserstein({ values: [1, 2], weights: [1, -1] }, { values: [1] })).toThrow(InputError);
  });
});
