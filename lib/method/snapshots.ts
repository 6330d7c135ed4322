// From the small simulator to training pairs: trajectories of one patch's size, upsampling, partial evolution.
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import type { States, System } from "../systems/system.ts";
import { choosePatches, type Pairs } from "./pairs.ts";
import { upsampleTo } from "./upsample.ts";

/** Device memory that one batch of large states may take. */
const BATCH_BYTES = 64 * 2 ** 20;
const MAX_BATCH = 16_384;

export interface TrajectoryOptions {
  /** Number of independent small systems. */
  readonly trajectories: number;
  /** Snapshots of each, from time 0 on. */
  readonly records: number;
  /** Time between snapshots. */
  readonly interval: number;
  readonly seed: number;
}

/**
 * Snapshots of small systems (side = patch side) from random initial states, packed: `[records · trajectories, words]`,
 * all replicas of one time together.
 */
export async function smallTrajectories<S extends States>(system: System<S>, options: TrajectoryOptions) {
  const { trajectories, records, interval, seed } = options;
  const states = await system.initial(trajectories, system.patchSide, stream(seed, "small/initial"));
  const snapshots: Uint32Array[] = [];
  for (let r = 0; r < records; r++) {
    if (r > 0) await system.evolve(states, interval, stream(seed, "small/evolve", r));
    snapshots.push(await system.pack(states));
  }
  states.destroy();
  return concatenate(snapshots);
}

export interface PairOptions {
  /** Side of the large system. */
  readonly side: number;
  /** LocalRelax time of every patch position at every level. */
  readonly relaxTime: number;
  /** Patches evolved per snapshot, at most K. */
  readonly patchesPerSnapshot: number;
  readonly seed: number;
  onSnapshots?(count: number): void;
}

/**
 * Upsamples every snapshot (`words` as `smallTrajectories` gives them) to the large side and evolves some of its
 * patches, once for each of the durations `times`. Returns one set of pairs per duration, on the same snapshots.
 */
export async function makePairs<S extends States>(
  system: System<S>,
  words: Uint32Array,
  times: readonly number[],
  { side, relaxTime, patchesPerSnapshot, seed, onSnapshots }: PairOptions,
): Promise<Pairs[]> {
  const d = system.observables.length;
  const patches = Math.round((side / system.patchSide) ** system.dimension);
  const perSnapshot = Math.min(patchesPerSnapshot, patches);
  const perState = system.words(system.patchSide);
  const count = words.length / perState;
  const batch = Math.max(1, Math.min(MAX_BATCH, Math.floor(BATCH_BYTES / system.bytes(side))));
  const whole: Float32Array[] = [];
  const parts = times.map(() => ({
    patch: [] as Float32Array[],
    delta: [] as Float32Array[],
    compensator: [] as Float32Array[],
    variation: [] as Float32Array[],
  }));
  for (let from = 0; from < count; from += batch) {
    const to = Math.min(count, from + batch);
    const small = system.unpack(words.subarray(from * perState, to * perState), system.patchSide);
    const large = await upsampleTo(system, small, side, relaxTime, stream(seed, "upsample", 0, from));
    whole.push(await system.observe(large));
    const rng = Xoshiro.open(stream(seed, "patches"), from, 0);
    const chosen = choosePatches(to - from, perSnapshot, patches, rng);
    for (const [k, time] of times.entries()) {
      const at = stream(seed, "partial", k, from * perSnapshot);
      const change = await system.evolvePatches(large, chosen, time, at);
      parts[k].patch.push(change.before);
      parts[k].delta.push(change.delta);
      if (change.compensator) parts[k].compensator.push(change.compensator);
      if (change.variation) parts[k].variation.push(change.variation);
    }
    large.destroy();
    onSnapshots?.(to - from);
  }
  const all = concatenate(whole);
  return times.map((time, k) => ({
    d,
    whole: all,
    patch: concatenate(parts[k].patch),
    delta: concatenate(parts[k].delta),
    compensator: concatenate(parts[k].compensator),
    variation: concatenate(parts[k].variation),
    perSnapshot,
    time,
    patches,
  }));
}

function concatenate<T extends Float32Array | Uint32Array>(parts: readonly T[]): T {
  if (parts.length === 0) return new Float32Array(0) as T;
  const joined = new (parts[0].constructor as new (length: number) => T)(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
