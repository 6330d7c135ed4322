// From the small simulator to training pairs: trajectories of one patch's size, upsampling, partial evolution.
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import type { States, System } from "../systems/system.ts";
import { batchThatFits } from "./batch.ts";
import { concatenate } from "./concatenate.ts";
import { type Coordinates, observables } from "./coordinates.ts";
import { choosePatches, type Pairs, pairDuration } from "./pairs.ts";
import { upsampleTo, upsamplingFactors } from "./upsample.ts";

const MAX_BATCH = 16_384;

export interface TrajectoryOptions {
  /** Number of independent small systems. */
  readonly trajectories: number;
  /** When snapshots are taken, ascending from 0 on. */
  readonly times: readonly number[];
  /** Side of the small systems; that of a patch by default. */
  readonly smallSide?: number;
  readonly seed: number;
}

/** `records` times from 0 on, `interval` apart. */
export function evenTimes(records: number, interval: number): number[] {
  return Array.from({ length: records }, (_, k) => k * interval);
}

/** `records` times from 0 to `horizon` at growing distances, like squares: most changes are early. */
export function quadraticTimes(records: number, horizon: number): number[] {
  return Array.from({ length: records }, (_, k) => horizon * (k / Math.max(1, records - 1)) ** 2);
}

/**
 * Snapshots of small systems from random initial states, packed: `[times · trajectories, words]`,
 * all replicas of one time together.
 */
export async function smallTrajectories<S extends States>(system: System<S>, options: TrajectoryOptions) {
  const { trajectories, times, smallSide = system.patchSide, seed } = options;
  const states = await system.initial(trajectories, smallSide, stream(seed, "small/initial"));
  const snapshots: Uint32Array[] = [];
  try {
    for (const [r, time] of times.entries()) {
      const pause = time - (times[r - 1] ?? 0);
      if (pause > 0) await system.evolve(states, pause, stream(seed, "small/evolve", r));
      snapshots.push(await system.pack(states));
    }
  } finally {
    states.destroy();
  }
  return concatenate(snapshots);
}

/** At most `most` of the rows of `width` numbers (snapshots of so many words), evenly out of all. */
export function thinned<T extends Float32Array | Uint32Array>(rows: T, width: number, most: number): T {
  const count = rows.length / width;
  if (count <= most) return rows;
  const kept = new (rows.constructor as new (length: number) => T)(most * width);
  for (let k = 0; k < most; k++) {
    const from = Math.floor((k * count) / most) * width;
    kept.set(rows.subarray(from, from + width), k * width);
  }
  return kept;
}

export interface UpsampleOptions {
  /** Side of the snapshots; that of a patch by default. */
  readonly smallSide?: number;
  /** Side of the large system. */
  readonly side: number;
  /** LocalRelax time of every patch position at every level; it may depend on the snapshot and on the side that a level leads to. */
  readonly relaxTime: number | ((snapshot: number, side: number) => number);
  readonly seed: number;
}

/**
 * Upsamples every snapshot (`words` as `smallTrajectories` gives them) to the large side, in batches that fit the device;
 * `use` sees the large states of the snapshots [from, to), which are destroyed behind it. The same options give the same
 * states at every call.
 */
export async function upsampled<S extends States>(
  system: System<S>,
  words: Uint32Array,
  { smallSide = system.patchSide, side, relaxTime, seed }: UpsampleOptions,
  use: (large: S, from: number, to: number) => Promise<void>,
): Promise<void> {
  const perState = system.words(smallSide);
  const count = words.length / perState;
  const batch = Math.min(MAX_BATCH, batchThatFits(system, side));
  const timeOf = (snapshot: number, at: number) =>
    typeof relaxTime === "number" ? relaxTime : relaxTime(snapshot, at);
  let at = smallSide;
  const sides = upsamplingFactors(smallSide, side).map((factor) => (at *= factor));
  const alike = (a: number, b: number) => sides.every((level) => timeOf(a, level) === timeOf(b, level));
  for (let from = 0, to = 0; from < count; from = to) {
    // Snapshots of a batch are relaxed for the same times.
    for (to = from + 1; to < Math.min(count, from + batch) && alike(from, to); ) to++;
    const small = await system.unpack(words.subarray(from * perState, to * perState), smallSide);
    const first = from;
    const time = (at: number) => timeOf(first, at);
    const large = await upsampleTo(system, small, side, time, stream(seed, "upsample", 0, from));
    try {
      await use(large, from, to);
    } finally {
      large.destroy();
    }
  }
}

export interface PairOptions extends UpsampleOptions {
  /** Patches evolved per snapshot, at most K. */
  readonly patchesPerSnapshot: number;
  /** Goes before the names of the random streams, for pairs that are to be independent of others. */
  readonly purpose?: string;
  onSnapshots?(count: number): void;
}

/**
 * Upsamples every snapshot to the large side and evolves some of its patches, once for each of the durations `times`; 0 stands
 * for the generator (`System.evolvePatches`).
 * Returns one set of pairs per duration, on the same snapshots and patches.
 */
export async function makePairs<S extends States>(
  system: System<S>,
  words: Uint32Array,
  times: readonly number[],
  options: PairOptions,
  coordinates: Coordinates<S> = observables(system),
): Promise<Pairs[]> {
  const { side, patchesPerSnapshot, seed, purpose = "", onSnapshots } = options;
  const { d } = coordinates;
  const patches = Math.round((side / system.patchSide) ** system.dimension);
  const perSnapshot = Math.min(patchesPerSnapshot, patches);
  const whole: Float32Array[] = [];
  const parts = times.map(() => ({
    patch: [] as Float32Array[],
    delta: [] as Float32Array[],
    compensator: [] as Float32Array[],
    variation: [] as Float32Array[],
  }));
  await upsampled(system, words, options, async (large, from, to) => {
    whole.push(await coordinates.whole(large));
    const rng = Xoshiro.open(stream(seed, `${purpose}patches`), from, 0);
    const chosen = choosePatches(to - from, perSnapshot, patches, rng);
    for (const [k, time] of times.entries()) {
      const at = stream(seed, `${purpose}partial`, k, from * perSnapshot);
      const change = await coordinates.change(large, chosen, time, at);
      parts[k].patch.push(change.before);
      parts[k].delta.push(change.delta);
      if (change.compensator) parts[k].compensator.push(change.compensator);
      if (change.variation) parts[k].variation.push(change.variation);
    }
    onSnapshots?.(to - from);
  });
  const all = concatenate(whole);
  return times.map((time, k) => ({
    d,
    whole: all,
    patch: concatenate(parts[k].patch),
    delta: concatenate(parts[k].delta),
    compensator: concatenate(parts[k].compensator),
    variation: concatenate(parts[k].variation),
    perSnapshot,
    time: pairDuration(time),
    patches,
  }));
}
