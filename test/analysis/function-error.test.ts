// Errors of functions on a grid.
import { describe, expect, test } from "bun:test";
import { diffusion, drift, limitDiffusion, limitDrift } from "../../lib/analysis/curie-weiss-theory.ts";
import { evenGrid, maxError, relativeL2 } from "../../lib/analysis/function-error.ts";
import { InputError } from "../../lib/errors.ts";

const SYSTEM = { spins: 4096, temperature: 1.1, field: 0.1 };

describe("function error", () => {
  test("even grids have the values that are meant, and their ends as they are given", () => {
    expect(Array.from(evenGrid(-0.95, 0.95, 77)).filter((x) => String(x).length > 6)).toEqual([]);
    expect(evenGrid(-0.95, 0.95, 77)[38]).toBe(0);
    expect(Array.from(evenGrid(0, 1, 41))).toEqual(Array.from({ length: 41 }, (_, k) => k / 40));
    const [third, seventh] = [1 / 3, 1e-9 / 7];
    expect(Array.from(evenGrid(third, 2 * third, 3))).toEqual([third, 0.5, 2 * third]);
    expect(evenGrid(0, seventh, 3)[1] / seventh).toBeCloseTo(0.5, 12);
    expect(Array.from(evenGrid(-3e20, 3e20, 3))).toEqual([-3e20, 0, 3e20]);
    expect(Array.from(evenGrid(0, 0, 2))).toEqual([0, 0]);
  });

  test("largest error inside the bound only; NaN is never hidden", () => {
    const grid = evenGrid(-1, 1, 21);
    const exact = grid.map((m) => -m);
    const learned = exact.map((f, i) => f + (i === 0 ? 9 : i === 15 ? -0.2 : 0.1));
    const { error, at } = maxError(grid, learned, exact);
    expect(error).toBeCloseTo(0.2, 12);
    expect(at).toBeCloseTo(0.5, 12);
    learned[10] = Number.NaN;
    expect(maxError(grid, learned, exact).error).toBeNaN();
    expect(() => maxError([0.9], [1], [1])).toThrow(InputError);
    expect(() => maxError([0, 1], [1], [1])).toThrow(InputError);
  });

  test("relative L2, plain and weighted", () => {
    expect(relativeL2([3, 6], [2, 4])).toBeCloseTo(0.5, 12);
    expect(relativeL2([3, 4], [2, 4], [0, 1])).toBe(0);
    // √((1·1 + 3·0) / (1·4 + 3·16))
    expect(relativeL2([3, 4], [2, 4], [1, 3])).toBeCloseTo(Math.sqrt(1 / 52), 12);
    expect(() => relativeL2([1], [0])).toThrow(InputError);
  });

  test("finite-size corrections of n = 4,096 bound what a comparison with the n → ∞ curves can show", () => {
    const grid = evenGrid(-0.8, 0.8, 161);
    const { error } = maxError(
      grid,
      grid.map((m) => drift(SYSTEM, m)),
      grid.map((m) => limitDrift(SYSTEM, m)),
    );
    expect(error).toBeLessThan(1 / 4096);
    expect(error).toBeGreaterThan(0.1 / 4096);
    const learned = grid.map((m) => diffusion(SYSTEM, m));
    const exact = grid.map((m) => limitDiffusion(SYSTEM, m));
    expect(relativeL2(learned, exact)).toBeLessThan(1 / 4096);
  });
});
