// Training pairs: what partial evolution of patches tells about the drift and diffusion of the whole system.
import type { Xoshiro } from "../random/xoshiro.ts";

/** The estimators of drift and diffusion, and the baselines (`naive` is the paper's). */
export const METHODS = ["compensator", "increment", "naive", "small"] as const;
export type Method = (typeof METHODS)[number];

/**
 * Partial evolutions of `perSnapshot` different patches of each snapshot, row-major float32: row s·perSnapshot + j is
 * patch j of snapshot s; d observables, n rows.
 */
export interface Pairs {
  readonly d: number;
  /** Observables of the whole system, `[snapshots, d]`. */
  readonly whole: Float32Array;
  /** Observables of the patch before, `[n, d]`. */
  readonly patch: Float32Array;
  /** Change of the patch's observables, `[n, d]`. */
  readonly delta: Float32Array;
  /** Compensator A of the change, `[n, d]`; empty when the system's rates are not known. */
  readonly compensator: Float32Array;
  /** Quadratic variation Q, upper triangles, `[n, d(d+1)/2]`; empty when the rates are not known. */
  readonly variation: Float32Array;
  readonly perSnapshot: number;
  /** Duration δt of the partial evolution; 1 where it is the generator itself, whose A and Q are per unit of time. */
  readonly time: number;
  /** Number of patches K that tile the system. */
  readonly patches: number;
}

/** What a method regresses on what, row-major float32. */
export interface Regression {
  /** z0, `[rows, d]`. */
  readonly state: Float32Array;
  /** z1 − z0, or the compensator, `[rows, d]`. */
  readonly change: Float32Array;
  /** Q, `[rows, d(d+1)/2]`; empty but for the compensator estimator. */
  readonly variation: Float32Array;
  /** λ of the loss: the covariance of the change is λ σσᵀ δt. */
  readonly lambda: number;
}

/**
 * increment and compensator: z0 of the whole system, change of one patch, λ = K (paper, the custom loss). With P
 * patches per snapshot their mean change is one row: as the patches are independent given the snapshot its covariance
 * is 1/P of one patch's, so λ = K/P.
 * naive (the paper's baseline): z0 of the whole system, z1 of one patch, λ = 1.
 * small: z0 and z1 of the same patch, λ = 1.
 */
export function regression(pairs: Pairs, method: Method): Regression {
  const { d, whole, patch, delta, compensator, variation, perSnapshot: p, patches } = pairs;
  const none = new Float32Array(0);
  switch (method) {
    case "compensator":
      if (compensator.length === 0) throw new Error("the compensator estimator needs a system whose rates are known");
      return {
        state: whole,
        change: blockMeans(compensator, p, d, 1),
        variation: blockMeans(variation, p, (d * (d + 1)) / 2, 1 / p),
        lambda: patches / p,
      };
    case "increment":
      return { state: whole, change: blockMeans(delta, p, d, 1), variation: none, lambda: patches / p };
    case "naive": {
      const z0 = (k: number) => whole[Math.floor(k / (d * p)) * d + (k % d)];
      const state = Float32Array.from(delta, (_, k) => z0(k));
      return { state, change: delta.map((change, k) => patch[k] + change - state[k]), variation: none, lambda: 1 };
    }
    case "small":
      return { state: patch, change: delta, variation: none, lambda: 1 };
  }
}

/** One snapshot in `step`, with its patches, evenly out of all. */
export function everyRow(pairs: Pairs, step: number): Pairs {
  const snapshots = pairs.whole.length / pairs.d;
  const pick = (rows: Float32Array) => {
    const width = rows.length / snapshots;
    const picked = new Float32Array(Math.ceil(snapshots / step) * width);
    for (let k = 0; k * step < snapshots; k++)
      picked.set(rows.subarray(k * step * width, (k * step + 1) * width), k * width);
    return picked;
  };
  return {
    ...pairs,
    whole: pick(pairs.whole),
    patch: pick(pairs.patch),
    delta: pick(pairs.delta),
    compensator: pick(pairs.compensator),
    variation: pick(pairs.variation),
  };
}

const ARRAYS = ["whole", "patch", "delta", "compensator", "variation"] as const;

/** The arrays of pairs of several durations by name, for a safetensors file. */
export function pairsTensors(list: readonly Pairs[]) {
  return Object.fromEntries(
    list.flatMap((pairs, k) =>
      ARRAYS.map((name) => [`${k} ${name}`, { shape: [pairs[name].length], data: pairs[name] }]),
    ),
  );
}

/** The duration that pairs of a partial evolution over `time` stand for: A and Q of time 0, the generator's, are per unit of time. */
export function pairDuration(time: number): number {
  return time === 0 ? 1 : time;
}

/** The inverse of `pairsTensors`; `durations` as they were given to `makePairs`. */
export function pairsFromTensors(
  tensors: Record<string, { readonly data: ArrayLike<number> }>,
  durations: readonly number[],
  { d, patches }: Pick<Pairs, "d" | "patches">,
): Pairs[] {
  return durations.map((time, k) => {
    const arrays = Object.fromEntries(ARRAYS.map((name) => [name, tensors[`${k} ${name}`].data as Float32Array]));
    const { whole, patch, ...rest } = arrays as Record<(typeof ARRAYS)[number], Float32Array>;
    return { d, patches, time: pairDuration(time), whole, patch, ...rest, perSnapshot: patch.length / whole.length };
  });
}

/** Means over runs of `length` rows of `width` numbers, times `scale`. */
function blockMeans(rows: Float32Array, length: number, width: number, scale: number): Float32Array {
  const means = new Float32Array(rows.length / length);
  for (let block = 0; block < means.length / width; block++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += rows[(block * length + k) * width + j];
      means[block * width + j] = (scale * sum) / length;
    }
  }
  return means;
}

/** `perSnapshot` different patches, uniformly, for each of `snapshots` states, `[snapshots, perSnapshot]`, below `patches`. */
export function choosePatches(snapshots: number, perSnapshot: number, patches: number, rng: Xoshiro): Uint32Array {
  const chosen = new Uint32Array(snapshots * perSnapshot);
  const deck = Uint32Array.from({ length: patches }, (_, k) => k);
  for (let s = 0; s < snapshots; s++) {
    for (let j = 0; j < perSnapshot; j++) {
      // Fisher–Yates, stopped after perSnapshot cards; any order of the deck is a fair start for the next snapshot.
      const k = j + rng.below(patches - j);
      [deck[j], deck[k]] = [deck[k], deck[j]];
      chosen[s * perSnapshot + j] = deck[j];
    }
  }
  return chosen;
}
