// Training data of a learned closure of spins: whole upsampled lattices, and what partial evolution does to their observables.
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import type { SpinSystem, States } from "../systems/system.ts";
import { concatenate } from "./concatenate.ts";
import { choosePatches } from "./pairs.ts";
import { type UpsampleOptions, upsampled } from "./snapshots.ts";
import type { SpinTable } from "./spin-closure.ts";

export interface SpinTableOptions extends UpsampleOptions {
  /** Patches evolved per snapshot, at most K. */
  readonly patchesPerSnapshot: number;
  /** Duration δt of the partial evolutions; 0: the generator. */
  readonly time: number;
}

/** Upsamples the snapshots `words`, keeps them all and evolves some patches of each. */
export async function spinTable<S extends States>(
  system: SpinSystem<S>,
  words: Uint32Array,
  options: SpinTableOptions,
): Promise<SpinTable> {
  const { side, seed, time } = options;
  const observables = system.observables.length;
  const patches = (side / system.patchSide) ** system.dimension;
  const perSnapshot = Math.min(options.patchesPerSnapshot, patches);
  const bits: Uint32Array[] = [];
  const columns: Record<"whole" | "patch" | "delta" | "compensator" | "variation", Float32Array[]> = {
    whole: [],
    patch: [],
    delta: [],
    compensator: [],
    variation: [],
  };
  await upsampled(system, words, options, async (large, from, to) => {
    bits.push(await system.pack(large));
    columns.whole.push(await system.observe(large));
    const rng = Xoshiro.open(stream(seed, "closure/patches"), from, 0);
    const chosen = choosePatches(to - from, perSnapshot, patches, rng);
    const at = stream(seed, "closure/partial", 0, from * perSnapshot);
    const { before, delta, compensator, variation } = await system.evolvePatches(large, chosen, time, at);
    columns.patch.push(before);
    columns.delta.push(delta);
    if (compensator) columns.compensator.push(compensator);
    if (variation) columns.variation.push(variation);
  });
  const joined = Object.fromEntries(Object.entries(columns).map(([name, parts]) => [name, concatenate(parts)]));
  const pairs = {
    d: observables,
    ...(joined as Record<keyof typeof columns, Float32Array>),
    perSnapshot,
    time: time === 0 ? 1 : time,
    patches,
  };
  return { side, patchSide: system.patchSide, observables, bits: concatenate(bits), pairs };
}
