// Lists of numbers in tests: sizes, differences, closeness.
import { expect } from "bun:test";

/** f(0) … f(count − 1). */
export const range = <T>(count: number, f: (k: number) => T) => Array.from({ length: count }, (_, k) => f(k));

export const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, x) => total + x, 0);
export const mean = (values: ArrayLike<number>) => sum(values) / values.length;

/** The largest absolute value; NaN where there is one. */
export const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((top, x) => Math.max(top, Math.abs(x)), 0);

/** √ of the mean of the squares. */
export function rootMeanSquare(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0) / values.length);
}

/** a − b, entry by entry. */
export const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a, (value, k) => value - b[k]);

/** An assertion: all of `found` is within `tolerance` (`usual` where none is given) times the largest of `exact`. */
export function closeWithin(usual: number) {
  return (found: ArrayLike<number>, exact: ArrayLike<number>, tolerance = usual): void => {
    expect(found.length).toBe(exact.length);
    expect(largest(difference(found, exact))).toBeLessThan(tolerance * largest(exact));
  };
}
