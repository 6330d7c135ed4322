// Checks of arguments that the verbs of several systems share, and streams for the parts of a verb.
import { InputError } from "../errors.ts";
import type { Stream } from "../random/stream.ts";

/** Throws InputError for a time that is negative or not finite. */
export function checkTime(time: number): number {
  if (!(time >= 0 && Number.isFinite(time))) throw new InputError(`time ${time} is not a number from 0 up`);
  return time;
}

/** Patches of one replica are drawn together without replacement, so no two may be the same. */
export function requireDistinct(patches: Uint32Array, perReplica: number, tiles: number): void {
  if (!Number.isInteger(perReplica)) throw new Error(`${patches.length} patches are not the same number per replica`);
  const seen = new Set<number>();
  for (let p = 0; p < patches.length; p++) {
    if (p % perReplica === 0) seen.clear();
    if (patches[p] >= tiles) throw new Error(`patch ${patches[p]} is not below the ${tiles} patches of the lattice`);
    if (seen.has(patches[p])) throw new Error(`patch ${patches[p]} is chosen twice in one replica`);
    seen.add(patches[p]);
  }
}

/** The stream of part `index` of a verb: other numbers at the same address. */
export function branch(stream: Stream, index: number): Stream {
  return { ...stream, purpose: Math.imul(stream.purpose ^ (index + 1), 0x9e3779b1) >>> 0 };
}
