// Checks of arguments that the verbs of several systems share.
import { InputError } from "../errors.ts";

/** Throws InputError for a time that is negative or not finite. */
export function checkTime(time: number): number {
  if (!(time >= 0 && Number.isFinite(time))) throw new InputError(`time ${time} is not a number from 0 up`);
  return time;
}

/** Chunks of one evolution that kernels count. */
const MOST_CHUNKS = 2 ** 31;

/** Throws InputError for more chunks of work at once than kernels count. */
export function requireChunks(chunks: number): number {
  if (chunks > MOST_CHUNKS) {
    throw new InputError(
      `so large a system is not evolved for so long at once, it takes ${chunks.toPrecision(2)} chunks of attempts: give times between`,
    );
  }
  return chunks;
}

/** The same number of patches for every replica, and all below `tiles`. */
export function requirePatches(patches: Uint32Array, perReplica: number, tiles: number): void {
  if (!Number.isInteger(perReplica)) throw new Error(`${patches.length} patches are not the same number per replica`);
  const outside = patches.find((patch) => patch >= tiles);
  if (outside !== undefined) throw new Error(`patch ${outside} is not below the ${tiles} patches of the lattice`);
}

/** As `requirePatches`; and no patch twice, for patches that are drawn together without replacement. */
export function requireDistinct(patches: Uint32Array, perReplica: number, tiles: number): void {
  requirePatches(patches, perReplica, tiles);
  const seen = new Set<number>();
  for (let p = 0; p < patches.length; p++) {
    if (p % perReplica === 0) seen.clear();
    if (seen.has(patches[p])) throw new Error(`patch ${patches[p]} is chosen twice in one replica`);
    seen.add(patches[p]);
  }
}
