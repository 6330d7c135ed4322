// From the small simulator to training pairs: trajectories of one patch's size, upsampling, partial evolution.
import { InputError } from "../errors.ts";
import { Pace } from "../gpu/pace.ts";
import { branch, type Stream, stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import type { PatchChange, PatchGenerator, States, System } from "../systems/system.ts";
import { batchThatFits } from "./batch.ts";
import { concatenate } from "./concatenate.ts";
import { type Coordinates, observables } from "./coordinates.ts";
import { covarianceOf, meanOf } from "./copies.ts";
import { atZeroTime, choosePatches, type Increments, type Pairs } from "./pairs.ts";
import { pickedRows, type Rows } from "./rows.ts";
import { upsampleTo, upsamplingSides } from "./upsample.ts";

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
  /**
   * Which of them are made larger, ascending; all by default. The others are there for the sake of these: upsampling puts states together
   * from all of a cohort.
   */
  readonly made?: Uint32Array;
}

/** Which of the snapshots are made larger, ascending. */
export function madeOf({ made, age }: Snapshots): Uint32Array {
  return made ?? Uint32Array.from(age, (_, k) => k);
}

/** Number of large states that come from snapshots. */
export function madeCount({ made, age }: Snapshots): number {
  return made?.length ?? age.length;
}

/**
 * Snapshots of small systems from random initial states, all replicas of one time together; in batches that fit the device, where a
 * system may spread its starts evenly over each. Throws InputError unless the
 * trajectories are whole cohorts: upsampling would mix states of different ages.
 */
export async function smallTrajectories<S extends States>(
  system: System<S>,
  { trajectories, times, smallSide: side = system.patchSide, seed }: TrajectoryOptions,
): Promise<Snapshots> {
  if (trajectories % system.cohort !== 0) {
    throw new InputError(`${trajectories} trajectories are not whole cohorts of ${system.cohort}, which start alike`);
  }
  const count = times.length * trajectories;
  const width = system.words(side);
  const words = new Uint32Array(count * width);
  const batch = batchThatFits(system, side);
  const pace = new Pace(count);
  for (let from = 0; from < trajectories; from += batch) {
    const some = Math.min(batch, trajectories - from);
    const states = await system.initial(some, side, stream(seed, "small/initial", 0, from));
    try {
      for (const [r, time] of times.entries()) {
        const pause = time - (times[r - 1] ?? 0);
        if (pause > 0) await system.evolve(states, pause, stream(seed, "small/evolve", r, from));
        words.set(await system.pack(states), (r * trajectories + from) * width);
        await pace.rest(from * times.length + (r + 1) * some);
      }
    } finally {
      states.destroy();
    }
  }
  return {
    side,
    words,
    age: Float64Array.from({ length: count }, (_, k) => times[Math.floor(k / trajectories)]),
    cohort: Uint32Array.from({ length: count }, (_, k) => Math.floor((k % trajectories) / system.cohort)),
  };
}

/**
 * At most about `most` of the snapshots, evenly out of all, so that as many cohorts and ages as can be are among them. Where upsampling mixes
 * the states of a cohort these stay, as a source (`made`), or are kept or left as a whole if it goes by levels.
 */
export function someSnapshots<S extends States>(system: System<S>, all: Snapshots, most: number): Snapshots {
  if (system.cohort > 1 && system.leaps) {
    return { ...all, made: thinned(madeOf(all), 1, most) };
  }
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
export function thinned<T extends Rows>(rows: T, width: number, most: number): T {
  const count = rows.length / width;
  if (count <= most) return rows;
  const which = Uint32Array.from({ length: most }, (_, k) => Math.floor((k * count) / most));
  return pickedRows(rows, width, which);
}

export interface UpsampleOptions {
  /** Side of the large system. */
  readonly side: number;
  /** LocalRelax time of every patch position at every level; it may depend on the age of a snapshot and on the side that a level leads to. */
  readonly relaxTime: number | ((age: number, side: number) => number);
  readonly seed: number;
}

/**
 * Upsamples the snapshots to the large side, in batches that fit the device; `use` sees the large states [from, to) of those that are made,
 * which are destroyed behind it. The same options give the same states at every call.
 */
export async function upsampled<S extends States>(
  system: System<S>,
  snapshots: Snapshots,
  { side, relaxTime, seed }: UpsampleOptions,
  use: (large: S, from: number, to: number) => Promise<void>,
): Promise<void> {
  const { words, side: smallSide, age, made } = snapshots;
  const perState = system.words(smallSide);
  const list = madeOf(snapshots);
  const count = list.length;
  const batch = batchThatFits(system, side, MAX_BATCH);
  const sides = upsamplingSides(system, smallSide, side);
  const timeOf = (k: number, at: number) => (typeof relaxTime === "number" ? relaxTime : relaxTime(age[list[k]], at));
  const alike = (a: number, b: number) => sides.every((level) => timeOf(a, level) === timeOf(b, level));
  const pace = new Pace(count);
  for (let from = 0, to = 0; from < count; from = to) {
    // Snapshots of a batch are relaxed for the same times.
    for (to = from + 1; to < Math.min(count, from + batch) && alike(from, to); ) to++;
    const some = list.subarray(from, to);
    const first = from;
    const options = {
      side,
      relaxTime: (at: number) => timeOf(first, at),
      stream: stream(seed, "upsample", 0, from),
    };
    let large: S;
    if (made && sides.length > 0) {
      // Whole cohorts, as they are mixed.
      const start = some[0] - (some[0] % system.cohort);
      const end = some[some.length - 1] + 1;
      const source = words.subarray(start * perState, Math.ceil(end / system.cohort) * system.cohort * perState);
      const small = await system.unpack(source, smallSide);
      const replicas = some.map((k) => k - start);
      const keep = { replicas, stream: options.stream };
      large = await upsampleTo(system, small, { ...options, keep, stream: stream(seed, "upsample", 0, start) });
    } else {
      const packed = made ? pickedRows(words, perState, some) : words.subarray(from * perState, to * perState);
      large = await upsampleTo(system, await system.unpack(packed, smallSide), options);
    }
    try {
      await use(large, from, to);
    } finally {
      large.destroy();
    }
    await pace.rest(to);
  }
}

/** Changes alone, as means over independent evolutions of every patch, whose covariance is their variation. */
export interface Evolutions {
  readonly time: number;
  readonly copies: number;
}

/** A partial evolution over so long a time, with compensator and variation where rates are known; changes alone; or the generator itself. */
export type Duration = number | "generator" | Evolutions;

export interface PairOptions extends UpsampleOptions {
  /** Patches evolved per snapshot, at most K; all of them by default. */
  readonly patchesPerSnapshot?: number;
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
  const { side, condition = [], seed, purpose = "", onSnapshots } = options;
  const { d } = coordinates;
  for (const duration of durations) {
    if (duration === "generator" ? !coordinates.generator : !(timeOf(duration) > 0)) {
      const remedy = coordinates.generator ? "use a positive time or the generator" : "use a positive time";
      throw new Error(
        `pairs over ${duration === "generator" ? duration : timeOf(duration)} are not to be had from ${system.name} in ${d} variables: ${remedy}`,
      );
    }
  }
  const patches = Math.round((side / system.patchSide) ** system.dimension);
  const perSnapshot = Math.min(options.patchesPerSnapshot ?? patches, patches);
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
          : typeof duration === "number"
            ? coordinates.change(large, chosen, duration, at)
            : changeOfCopies(
                (copy) => coordinates.change(large, chosen, duration.time, copy, false),
                at,
                duration.copies,
                d,
              );
      const change = await work;
      if (change) changes[k].push(change);
    }
    onSnapshots?.(to - from);
  });
  const count = madeCount(snapshots);
  const shared = {
    d,
    patches,
    perSnapshot,
    whole: concatenate(whole),
    cohort: pickedRows(snapshots.cohort, 1, madeOf(snapshots)),
    condition: Float32Array.from({ length: count * condition.length }, (_, k) => condition[k % condition.length]),
  };
  return durations.map((duration, k): Pairs => {
    const rows = { ...shared, patch: concatenate(changes[k].map(({ before }) => before)) };
    const all = changes[k];
    const variation = joinedOrNull(all.map((change) => change.variation));
    if (duration === "generator") {
      if (!variation) throw new Error(`${system.name} has a generator without Γ`);
      return {
        ...rows,
        kind: "generator",
        drift: concatenate((all as PatchGenerator[]).map(({ drift }) => drift)),
        variation,
      };
    }
    const known = all as PatchChange[];
    const delta = concatenate(known.map((change) => change.delta));
    const compensator = joinedOrNull(known.map((change) => change.compensator));
    const changed = { ...rows, time: timeOf(duration), delta };
    return compensator && variation
      ? { ...changed, kind: "compensated", compensator, variation }
      : { ...changed, kind: "increments", variation, copies: typeof duration === "number" ? 1 : duration.copies };
  });
}

const timeOf = (duration: number | Evolutions) => (typeof duration === "number" ? duration : duration.time);

/** What is measured of snapshots for both estimators. */
export interface Measures {
  /** δt of the compensators; 0: the generator. */
  readonly compensatorTimes: readonly number[];
  readonly incrementTimes: readonly number[];
  /** Evolutions of each patch for the increments; with 1 their covariance is not known. */
  readonly copies: number;
  /** δt of changes that are taken as they are, of one evolution each and not corrected for their time. */
  readonly rawTimes?: readonly number[];
}

/**
 * What both estimators learn from, on the same snapshots and patches, in the order of the times: compensators, or the generator; then
 * increments, whose covariance, where there are copies, is corrected to zero time by evolutions of twice δt; then changes as they are.
 */
export async function measuredPairs<S extends States>(
  system: System<S>,
  snapshots: Snapshots,
  { compensatorTimes, incrementTimes, copies, rawTimes = [] }: Measures,
  options: PairOptions,
  coordinates: Coordinates<S> = observables(system),
): Promise<Pairs[]> {
  const known = compensatorTimes.map((time): Duration => (time === 0 ? "generator" : time));
  const twice = Math.max(2, Math.ceil(copies / 2));
  const changes = incrementTimes.flatMap((time): Duration[] => [
    { time, copies },
    ...(copies > 1 ? [{ time: 2 * time, copies: twice }] : []),
  ]);
  const raw = rawTimes.map((time): Duration => ({ time, copies: 1 }));
  const all = await makePairs(system, snapshots, [...known, ...changes, ...raw], options, coordinates);
  const increments = all.splice(known.length) as Increments[];
  const each = copies > 1 ? 2 : 1;
  const corrected = incrementTimes.map((_, k) =>
    each === 2 ? atZeroTime(increments[2 * k], increments[2 * k + 1]) : increments[k],
  );
  return [...all, ...corrected, ...increments.slice(each * incrementTimes.length)];
}

/** null where one is missing. */
function joinedOrNull(parts: readonly (Float32Array | null)[]): Float32Array | null {
  const there = parts.filter((part) => part !== null);
  return there.length < parts.length ? null : concatenate(there);
}

/** The mean change of some independent evolutions, and their covariance as its variation; one evolution stays as it is. */
async function changeOfCopies(
  change: (at: Stream) => Promise<PatchChange>,
  at: Stream,
  copies: number,
  d: number,
): Promise<PatchChange> {
  if (copies === 1) return change(at);
  const all: PatchChange[] = [];
  for (let copy = 0; copy < copies; copy++) all.push(await change(branch(at, copy)));
  const deltas = all.map(({ delta }) => delta);
  const delta = meanOf(deltas);
  return { before: all[0].before, delta, compensator: null, variation: covarianceOf(deltas, d, delta) };
}
