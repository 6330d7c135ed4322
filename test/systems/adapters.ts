// What a system computes on two adapters: integers the same, floats nearly.
import { expect, test } from "bun:test";
import type { Gpu } from "../../lib/gpu/device.ts";
import { inChild, type OtherAdapter } from "../processes.ts";

/** Columns of numbers by name; integers are exact in float32, floats rounded. */
interface Results {
  readonly integers: Readonly<Record<string, readonly number[]>>;
  readonly floats: Readonly<Record<string, readonly number[]>>;
}

/** Fails unless all integers are equal and all floats within 1e-5 of their column's largest. */
function expectSameResults(other: Results, here: Results): void {
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

/** Registers a test for each of `others`: the program computes there, in a process of its own, what `results` does here. */
export function testAdapters(
  gpu: Gpu,
  others: readonly OtherAdapter[],
  program: "curie-weiss" | "ising",
  results: (gpu: Gpu) => Promise<Results>,
): void {
  for (const { kind, missing, note } of others) {
    const both = `${gpu.adapter.kind} and ${kind}`;
    test.skipIf(missing)(`not on the adapter: integers equal, floats within 1e-5, ${both}${note}`, async () => {
      const other = await inChild(program, { PATCHWISE_ADAPTER: kind });
      expect(other.adapter.kind).toBe(kind);
      expectSameResults(other, await results(gpu));
    });
  }
}
