import { expect, test } from "bun:test";
import { average, averageRow, meanWithError } from "../../lib/analysis/mean.ts";

test("average of plain and typed lists, NaN of none", () => {
  expect(average([1, 2, 6])).toBe(3);
  expect(average(Float32Array.of(-1, 2))).toBe(0.5);
  expect(average([])).toBeNaN();
});

test("averageRow is the mean over rows at each place", () => {
  expect(averageRow([[1, 2, 3], Float64Array.of(3, 6, -3)])).toEqual(Float64Array.of(2, 4, 0));
});

test("meanWithError: the standard error is that of independent values, unknown of a single one", () => {
  const { mean, error } = meanWithError([1, 2, 6]);
  expect(mean).toBe(3);
  expect(error).toBeCloseTo(Math.sqrt(14 / 2 / 3), 12);
  expect(meanWithError([5])).toEqual({ mean: 5, error: Number.NaN });
});
