// Histograms and kernel estimates of densities.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { histogram, kernelDensity, silvermanBandwidth } from "../../lib/analysis/density.ts";
import { evenGrid } from "../../lib/analysis/function-error.ts";
import { InputError } from "../../lib/errors.ts";
import { draws } from "../fixtures.ts";

// Each test takes below a second alone; a loaded machine may need many.
setDefaultTimeout(60_000);

const generator = draws(2511);

describe("density", () => {
  test("histogram counts, edges, normalisation and standard error", () => {
    const { centres, density, standardError } = histogram([0, 0.1, 0.6, 1, 5], 0, 1, 2);
    expect(Array.from(centres)).toEqual([0.25, 0.75]);
    // 2 and 2 of 5 samples in bins of width 1/2.
    expect(density[0]).toBeCloseTo(0.8, 12);
    expect(density[1]).toBeCloseTo(0.8, 12);
    expect(standardError[0]).toBeCloseTo(Math.sqrt((0.4 * 0.6) / 5) / 0.5, 12);
    expect(() => histogram([1], 1, 1, 4)).toThrow(InputError);
    expect(() => histogram([], 0, 1, 4)).toThrow(InputError);
  });

  test("kernel estimate is the exact mixture, and has variance σ² + h²", () => {
    const samples = [-1, 0.2, 2];
    const gauss = (x: number) => Math.exp(-0.5 * (x / 0.3) ** 2) / (0.3 * Math.sqrt(2 * Math.PI));
    const at = 0.5;
    const mixture = samples.reduce((sum, x) => sum + gauss(at - x), 0) / 3;
    expect(kernelDensity(samples, [at], 0.3)[0]).toBeCloseTo(mixture, 7);
    const grid = evenGrid(-4, 5, 2001);
    const density = kernelDensity(samples, grid, 0.3);
    const moment = (f: (x: number) => number) => density.reduce((sum, d, i) => sum + d * f(grid[i]), 0) * (9 / 2000);
    expect(moment(() => 1)).toBeCloseTo(1, 7);
    // Samples: mean 0.4, population variance (1.4² + 0.2² + 1.6²)/3.
    expect(moment((x) => (x - 0.4) ** 2)).toBeCloseTo(4.56 / 3 + 0.09, 6);
    // A law of one value has no density.
    expect(Array.from(kernelDensity([1, 1], [0, 1]))).toEqual([Number.NaN, Number.NaN]);
    expect(() => kernelDensity([1, 2], [1], 0)).toThrow(InputError);
  });

  test("Silverman's bandwidth of a Gaussian sample", () => {
    const { normal } = generator("silverman");
    const x = Array.from({ length: 10_000 }, () => 3 * normal());
    // min(σ, IQR/1.34) ≈ 3 within a few percent at N = 10⁴.
    expect(silvermanBandwidth(x) / (0.9 * 3 * 10_000 ** -0.2)).toBeCloseTo(1, 1);
  });
});
