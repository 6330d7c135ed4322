// How many replicas of a system are worked on at a time.
import type { System } from "../systems/system.ts";

/** Device memory that one batch of states may take. */
const BYTES = 64 * 2 ** 20;
/** Batches are whole words of replicas, for systems that pack 32 of them into one: so results do not depend on batches. */
const LANES = 32;

/** Replicas of the given side that one batch may have, a multiple of 32. */
export function batchThatFits(system: System, side: number): number {
  return LANES * Math.max(1, Math.floor(BYTES / system.bytes(side) / LANES));
}
