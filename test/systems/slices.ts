// Long work of a device, cut otherwise than by the clock.
import { expect } from "bun:test";
import type { Gpu } from "../../lib/gpu/device.ts";

/** Does `work` while the device runs what is long in another way. */
export async function withRuns<K extends "runSplit" | "runRepeated", T>(
  gpu: Gpu,
  name: K,
  run: Gpu[K],
  work: () => Promise<T>,
): Promise<T> {
  const usual = gpu[name];
  try {
    gpu[name] = run;
    return await work();
  } finally {
    gpu[name] = usual;
  }
}

/** Fails unless `results` are the same from slices of `size(k)` units, k = 0, 1, …, of which there are more than `least`. */
export async function expectSameInSlices<T>(
  gpu: Gpu,
  results: (gpu: Gpu) => Promise<T>,
  size: (slice: number) => number,
  least: number,
): Promise<void> {
  const usual = await results(gpu);
  let slices = 0;
  const split: Gpu["runSplit"] = async (_label, total, _first, make) => {
    for (let from = 0; from < total; slices++) {
      const to = Math.min(total, from + size(slices));
      gpu.run(make(from, to));
      from = to;
    }
    await gpu.idle();
  };
  expect(await withRuns(gpu, "runSplit", split, () => results(gpu))).toEqual(usual);
  expect(slices).toBeGreaterThan(least);
}
