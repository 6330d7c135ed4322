// What a system computes on two adapters: integers the same, floats nearly.
import { expect } from "bun:test";

/** Columns of numbers by name; integers are exact in float32, floats rounded. */
export interface Results {
  readonly integers: Readonly<Record<string, readonly number[]>>;
  readonly floats: Readonly<Record<string, readonly number[]>>;
}

/** Fails unless all integers are equal and all floats within 1e-5 of their column's largest. */
export function expectSameResults(other: Results, here: Results): void {
  for (const kind of ["integers", "floats"] as const) {
    expect(Object.keys(other[kind])).toEqual(Object.keys(here[kind]));
    expect(Object.keys(here[kind]).length).toBeGreaterThan(0);
  }
  for (const [name, column] of Object.entries(here.integers)) {
    const different = column.filter((x, k) => x !== other.integers[name][k]).length;
    expect([name, column.length, different]).toEqual([name, other.integers[name].length, 0]);
  }
  for (const [name, column] of Object.entries(here.floats)) {
    expect([name, column.length]).toEqual([name, other.floats[name].length]);
    const worst = Math.max(...column.map((x, k) => Math.abs(x - other.floats[name][k])));
    const size = Math.max(...column.map(Math.abs));
    expect(worst / size).toBeLessThan(1e-5);
  }
}
