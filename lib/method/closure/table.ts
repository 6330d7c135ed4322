// Training data of a closure: configurations of patches of large snapshots, and what partial evolution does to them.
import type { States, System } from "../../systems/system.ts";
import { concatenate } from "../concatenate.ts";
import { observables } from "../coordinates.ts";
import type { Pairs } from "../pairs.ts";
import { type Duration, madeCount, makePairs, type PairOptions, type Snapshots } from "../snapshots.ts";

export interface ClosureTable {
  readonly patchSide: number;
  /** Patches P of each snapshot; all K in the order of the tiling, or fewer at random. */
  readonly patches: number;
  /** The patches as states of their own, packed, `[snapshots · P, system.words(patchSide)]`. */
  readonly words: Uint32Array;
  /** Their partial evolution in the observables alone. */
  readonly pairs: Pairs;
}

/**
 * Upsamples the snapshots, evolves some patches of each and keeps these as they were before. Where these are not all, closure variables
 * averaged over them carry a sampling error that those of whole systems do not have: it makes the training of ψ noisier, not
 * the pairs that f and σ are fitted to. Throws Error for a system that does not show its patches.
 */
export async function closureTable<S extends States>(
  system: System<S>,
  snapshots: Snapshots,
  duration: Duration,
  options: PairOptions,
): Promise<ClosureTable> {
  const { patchSide } = system;
  const words: Uint32Array[] = [];
  const watched = observables(system, async (patches, moment) => {
    if (moment === "before") words.push(await system.pack(patches));
  });
  const purpose = `${options.purpose ?? ""}closure/`;
  const [pairs] = await makePairs(system, snapshots, [duration], { ...options, purpose }, watched);
  const seen = concatenate(words);
  const count = madeCount(snapshots) * pairs.perSnapshot;
  if (seen.length !== count * system.words(patchSide)) {
    throw new Error(
      `${system.name} showed ${seen.length / system.words(patchSide)} of ${count} patches: it cannot be closed`,
    );
  }
  return { patchSide, patches: pairs.perSnapshot, words: seen, pairs };
}
