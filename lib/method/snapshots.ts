// From the small simulator to training pairs: trajectories of one patch's size, upsampling, partial evolution.
import { InputError } from "../errors.ts";
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import type { PatchChange, PatchGenerator, States, System } from "../systems/system.ts";
import { batchThatFits } from "./batch.ts";
import { concatenate } from "./concatenate.ts";
import { type Coordinates, observables } from "./coordinates.ts";
import { choosePatches, type Pairs } from "./pairs.ts";
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

/** Snapshots of small systems, kept on the host. */
export interface Snapshots {
  /** Side of the small systems. */
  readonly side: number;
  /** Packed states, `[count, system.words(side)]`. */
  readonly words: Uint32Array;
  /** Time since the start, `[count]`. */
  readonly age: Float64Array;
  /** Which systems started alike, `[count]`: snapshots of one small system belong to one cohort, whatever their age. */
  readonly cohort: Uint32Array;
}

/**
 * Snapshots of small systems from random initial states, all replicas of one time together. Throws InputError unless the
 * trajectories are whole cohorts: upsampling would mix states of different ages.
 */
export async function smallTrajectories<S extends States>(
  system: System<S>,
  { trajectories, times, smallSide: side = system.patchSide, seed }: TrajectoryOptions,
): Promise<Snapshots> {
  if (trajectories % system.cohort !== 0) {
    throw new InputError(`${trajectories} trajectories are not whole cohorts of ${system.cohort}, which start alike`);
  }
  const states = await system.initial(trajectories, side, stream(seed, "small/initial"));
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
  const count = times.length * trajectories;
  return {
    side,
    words: concatenate(snapshots),
    age: Float64Array.from({ length: count }, (_, k) => times[Math.floor(k / trajectories)]),
    cohort: Uint32Array.from({ length: count }, (_, k) => Math.floor((k % trajectories) / system.cohort)),
  };
}

/** At most about `most` of the snapshots, evenly out of all: cohorts of the system stay whole, as upsampling mixes their states. */
export function someSnapshots<S extends States>(system: System<S>, all: Snapshots, most: number): Snapshots {
  const block = system.cohort;
  const keep = Math.ceil(most / block);
  return {
    side: all.side,
    words: thinned(all.words, block * system.words(all.side), keep),
    age: thinned(all.age, block, keep),
    cohort: thinned(all.cohort, block, keep),
  };
}

/** At most `most` of the rows of `width` numbers evenly out of all. */
export function thinned<T extends Float32Array | Float64Array | Uint32Array>(rows: T, width: number, most: number): T {
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
  /** Side of the large system. */
  readonly side: number;
  /** LocalRelax time of every patch position at every level; it may depend on the age of a snapshot and on the side that a level leads to. */
  readonly relaxTime: number | ((age: number, side: number) => number);
  readonly seed: number;
}

/**
 * Upsamples every snapshot to the large side, in batches that fit the device; `use` sees the large states of the snapshots [from, to),
 * which are destroyed behind it. The same options give the same states at every call.
 */
export async function upsampled<S extends States>(
  system: System<S>,
  { words, side: smallSide, age }: Snapshots,
  { side, relaxTime, seed }: UpsampleOptions,
  use: (large: S, from: number, to: number) => Promise<void>,
): Promise<void> {
  const perState = system.words(smallSide);
  const count = age.length;
  const batch = batchThatFits(system, side, MAX_BATCH);
  const timeOf = (snapshot: number, at: number) =>
    typeof relaxTime === "number" ? relaxTime : relaxTime(age[snapshot], at);
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

/** A partial evolution over so long a time, or the generator at the states themselves. */
export type Duration = number | "generator";

export interface PairOptions extends UpsampleOptions {
  /** Patches evolved per snapshot, at most K. */
  readonly patchesPerSnapshot: number;
  /** What the system has in common that varies between systems, e.g. its temperature; goes beside every snapshot. */
  readonly condition?: readonly number[];
  /** Goes before the names of the random streams, for pairs that are to be independent of others. */
  readonly purpose?: string;
  onSnapshots?(count: number): void;
}

/**
 * Upsamples every snapshot to the large side and evolves some of its patches, once for each of the durations.
 * Returns one set of pairs per duration, on the same snapshots and patches. Throws Error for a time that is not positive, which would
 * teach that nothing moves, and for the generator of coordinates that have none.
 */
export async function makePairs<S extends States>(
  system: System<S>,
  snapshots: Snapshots,
  durations: readonly Duration[],
  options: PairOptions,
  coordinates: Coordinates<S> = observables(system),
): Promise<Pairs[]> {
  const { side, patchesPerSnapshot, condition = [], seed, purpose = "", onSnapshots } = options;
  const { d } = coordinates;
  for (const duration of durations) {
    if (duration === "generator" ? !coordinates.generator : !(duration > 0)) {
      const remedy = coordinates.generator ? "use a positive time or the generator" : "use a positive time";
      throw new Error(`pairs over ${duration} are not to be had from ${system.name} in ${d} variables: ${remedy}`);
    }
  }
  const patches = Math.round((side / system.patchSide) ** system.dimension);
  const perSnapshot = Math.min(patchesPerSnapshot, patches);
  const whole: Float32Array[] = [];
  const changes: (PatchChange | PatchGenerator)[][] = durations.map(() => []);
  await upsampled(system, snapshots, options, async (large, from, to) => {
    whole.push(await coordinates.whole(large));
    const at = stream(seed, `${purpose}patches`);
    const chosen = choosePatches(to - from, perSnapshot, patches, (k) => Xoshiro.open(at, from + k, 0));
    for (const [k, duration] of durations.entries()) {
      const at = stream(seed, `${purpose}partial`, k, from * perSnapshot);
      const work =
        duration === "generator"
          ? coordinates.generator?.(large, chosen, at)
          : coordinates.change(large, chosen, duration, at);
      const change = await work;
      if (change) changes[k].push(change);
    }
    onSnapshots?.(to - from);
  });
  const count = snapshots.age.length;
  const shared = {
    d,
    patches,
    perSnapshot,
    whole: concatenate(whole),
    cohort: snapshots.cohort,
    condition: Float32Array.from({ length: count * condition.length }, (_, k) => condition[k % condition.length]),
  };
  return durations.map((duration, k): Pairs => {
    const rows = { ...shared, patch: concatenate(changes[k].map(({ before }) => before)) };
    if (duration === "generator") {
      const all = changes[k] as PatchGenerator[];
      return {
        ...rows,
        kind: "generator",
        drift: concatenate(all.map(({ drift }) => drift)),
        variation: concatenate(all.map(({ variation }) => variation)),
      };
    }
    const all = changes[k] as PatchChange[];
    const delta = concatenate(all.map((change) => change.delta));
    const known = all.flatMap(({ compensator, variation }) =>
      compensator && variation ? [{ compensator, variation }] : [],
    );
    if (known.length < all.length) return { ...rows, kind: "increments", time: duration, delta };
    return {
      ...rows,
      kind: "compensated",
      time: duration,
      delta,
      compensator: concatenate(known.map(({ compensator }) => compensator)),
      variation: concatenate(known.map(({ variation }) => variation)),
    };
  });
}
