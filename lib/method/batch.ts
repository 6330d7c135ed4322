// How many replicas of a system are worked on at a time.
import type { System } from "../systems/system.ts";

/** Device memory that one batch of states may take. */
const BYTES = 64 * 2 ** 20;

/**
 * Replicas of the given side that one batch may have: as many as fit, in whole words and whole cohorts, so that neither their dynamics nor
 * what upsampling mixes depends on batches; no more than `most` unless one unit has more.
 */
export function batchThatFits(system: System, side: number, most = Number.POSITIVE_INFINITY): number {
  const { lanes, cohort } = system;
  let unit = lanes;
  while (unit % cohort !== 0) unit += lanes;
  return unit * Math.max(1, Math.floor(Math.min(most, BYTES / system.bytes(side)) / unit));
}
