// Training data of a closure: configurations of patches of large snapshots, and what partial evolution does to them.
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import type { DiffusiveSystem, FieldStates, PatchChange } from "../../systems/system.ts";
import { concatenate } from "../concatenate.ts";
import { choosePatches, type Pairs } from "../pairs.ts";
import { type UpsampleOptions, upsampled } from "../snapshots.ts";

export interface ClosureTable {
  readonly parts: number;
  /** Numbers of one part of a patch. */
  readonly size: number;
  /** Patches P of each snapshot that the table holds. */
  readonly patches: number;
  /** `[snapshots][parts][patches · size]`. */
  readonly fields: Float32Array;
  /** Partial evolution of these patches in the observables alone, `d` = parts. */
  readonly pairs: Pairs;
}

export interface ClosureTableOptions extends UpsampleOptions {
  /** Patches per snapshot; all of them, in order, where there are no more. */
  readonly patchesPerSnapshot: number;
  /** Duration δt of the partial evolutions. */
  readonly time: number;
}

/**
 * Upsamples the snapshots `words` and keeps the configurations of some patches of each. Where these are not all, closure variables
 * averaged over them carry a sampling error that those of whole systems do not have: it makes the training of ψ noisier, not
 * the pairs that f and σ are fitted to.
 */
export async function closureTable<S extends FieldStates>(
  system: DiffusiveSystem<S>,
  words: Uint32Array,
  options: ClosureTableOptions,
): Promise<ClosureTable> {
  const { side, seed, time, patchesPerSnapshot, smallSide = system.patchSide } = options;
  const { parts, patchSide: size } = system;
  const all = side / size;
  const perSnapshot = Math.min(patchesPerSnapshot, all);
  const count = words.length / system.words(smallSide);
  const row = parts * perSnapshot * size;
  const fields = new Float32Array(count * row);
  const whole = new Float32Array(count * parts);
  const changes: PatchChange[] = [];
  await upsampled(system, words, options, async (large, from, to) => {
    const rng = Xoshiro.open(stream(seed, "closure/patches"), from, 0);
    const chosen =
      perSnapshot === all
        ? Uint32Array.from({ length: (to - from) * all }, (_, k) => k % all)
        : choosePatches(to - from, perSnapshot, all, rng);
    whole.set(await system.observe(large), from * parts);
    const cut = await system.cut(large, chosen);
    const patches = new Float32Array((await system.pack(cut)).buffer);
    cut.destroy();
    for (let k = 0; k < to - from; k++) {
      for (let patch = 0; patch < perSnapshot; patch++) {
        for (let part = 0; part < parts; part++) {
          const start = ((k * perSnapshot + patch) * parts + part) * size;
          const at = (from + k) * row + (part * perSnapshot + patch) * size;
          fields.set(patches.subarray(start, start + size), at);
        }
      }
    }
    const change = await system.evolvePatches(
      large,
      chosen,
      time,
      stream(seed, "closure/partial", 0, from * perSnapshot),
    );
    changes.push(change);
  });
  const column = (pick: (change: PatchChange) => Float32Array | null) =>
    concatenate(changes.flatMap((change) => pick(change) ?? []));
  const pairs = {
    d: parts,
    whole,
    patch: column(({ before }) => before),
    delta: column(({ delta }) => delta),
    compensator: column(({ compensator }) => compensator),
    variation: column(({ variation }) => variation),
    perSnapshot,
    time,
    patches: all,
  };
  return { parts, size, patches: perSnapshot, fields, pairs };
}
