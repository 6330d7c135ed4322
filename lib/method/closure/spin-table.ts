// Training data of a learned closure of spins: whole upsampled lattices, and what partial evolution does to their observables.
import type { SpinSystem, States } from "../../systems/system.ts";
import { concatenate } from "../concatenate.ts";
import { observables } from "../coordinates.ts";
import { makePairs, type UpsampleOptions } from "../snapshots.ts";
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
  const bits: Uint32Array[] = [];
  const plain = observables(system);
  const keeping = {
    ...plain,
    whole: async (large: S) => {
      bits.push(await system.pack(large));
      return plain.whole(large);
    },
  };
  const [pairs] = await makePairs(system, words, [options.time], { ...options, purpose: "closure/" }, keeping);
  const { side } = options;
  return { side, patchSide: system.patchSide, observables: pairs.d, bits: concatenate(bits), pairs };
}
