// What a microscopic system must be able to do: the verbs, and what a batch of its states is.
import type { GpuArray } from "../gpu/buffer.ts";
import type { Stream } from "../random/stream.ts";

export interface Observable {
  readonly name: string;
  readonly symbol: string;
  readonly unit: string;
  /** Values that it can have, ends included; any by default. */
  readonly range?: readonly [number, number];
  /** Whether it changes sign where the system is turned over (all spins flipped), which is a symmetry without a field. */
  readonly odd?: boolean;
}

/** A batch of microscopic states on the device, in the system's own packing. */
export interface States {
  /** Number of replicas. */
  readonly count: number;
  /** Sites per side of the lattice. */
  readonly side: number;
  /** Frees the device memory. */
  destroy(): void;
}

/**
 * What a partial evolution of patches did. Row-major float32, one row per pair: row s·P + j is patch j of replica s. Δ, A and Q are K
 * times the change of the whole system's observables by what happens inside the patch: a bond that leaves the patch counts
 * in full, as it does in the whole; their means over the patches then add up to the whole system.
 * Compensator and variation are null for a simulator whose rates are not known. Both may be estimates with the right mean given
 * the start, such as averages over reversed noise.
 */
export interface PatchChange {
  /** φ_I at the start, `[pairs, d]`. */
  readonly before: Float32Array;
  /** Δ, `[pairs, d]`. */
  readonly delta: Float32Array;
  /** A = ∫ Lφ_I ds along the evolution, `[pairs, d]`. */
  readonly compensator: Float32Array | null;
  /** Q = ∫ Γ(φ_I) ds, upper triangles row by row, `[pairs, d(d+1)/2]`. */
  readonly variation: Float32Array | null;
}

/** The generator at the states themselves, rows and meaning of events as in `PatchChange`. */
export interface PatchGenerator {
  /** φ_I, `[pairs, d]`. */
  readonly before: Float32Array;
  /** Lφ_I, per unit of time, `[pairs, d]`. */
  readonly drift: Float32Array;
  /** Γ(φ_I), per unit of time, upper triangles row by row, `[pairs, d(d+1)/2]`. */
  readonly variation: Float32Array;
}

/** When a watched patch is seen: at the start, after its evolution, and after the one with all noise reversed where there is one. */
export type Moment = "before" | "after" | "mirrored";

/** Sees the evolving patches as states of side `patchSide`, one replica per pair in the order of the pairs; they are not its to keep. */
export type Watch<S> = (patches: S, moment: Moment) => Promise<void>;

/**
 * A system tiled by K = (side / patchSide)^dimension patches. All verbs are deterministic functions of their
 * arguments and the stream. Times are physical.
 */
export interface System<S extends States = States> {
  readonly name: string;
  readonly dimension: number;
  readonly observables: readonly Observable[];
  readonly patchSide: number;
  /** How many replicas share a word and its random numbers; batches are multiples of it. 1: each replica has its own. */
  readonly lanes: number;
  /** So many consecutive replicas of `initial` start macroscopically alike, and `upsample` may mix them. 1: each starts by itself. */
  readonly cohort: number;
  /** Random states of the training law. */
  initial(count: number, side: number, stream: Stream): Promise<S>;
  /** The true dynamics of whole systems for `time`, in place. */
  evolve(states: S, time: number, stream: Stream): Promise<void>;
  /**
   * The true dynamics for `time` inside each chosen patch, the rest frozen; the states are left as they are.
   * `patches` `[count, P]`: P patches of every replica, numbered row by row in the tiling.
   * `rates` false: Δ alone is wanted, and A and Q are null, not measured; true by default.
   */
  evolvePatches(
    states: S,
    patches: Uint32Array,
    time: number,
    stream: Stream,
    watch?: Watch<S>,
    rates?: boolean,
  ): Promise<PatchChange>;
  /** Where rates are known: Lφ_I and Γ(φ_I). `stream`: for what a lazy system has not drawn of its states. */
  generator?(states: S, patches: Uint32Array, stream: Stream, watch?: Watch<S>): Promise<PatchGenerator>;
  /**
   * New states of `factor` times the side, by copying, interpolation, or from pieces of states of one cohort. `keep`, ascending: replicas that
   * are to be made larger, all by default; each comes out as it would among all. Systems whose replicas start by themselves (cohort 1) are
   * not asked for it.
   */
  upsample(states: S, factor: number, stream: Stream, keep?: Uint32Array): Promise<S>;
  /** Whether upsampling by a large factor at once does what several levels do, as where a state is put together from tiles; else not. */
  readonly leaps?: boolean;
  /** The macroscopic observables of whole systems, `[count, d]`, float32. */
  observe(states: S): Promise<Float32Array>;
  /** The same of every patch, `[count, K, d]`; their averages over the patches are the values of the systems. */
  observePatches(states: S): Promise<Float32Array>;
  /**
   * LocalRelax: the true dynamics for `time` inside patch after patch at half-patch stride, in place; patches that do not touch may
   * move at once. Steps `stream.step` … + 5 are its own.
   */
  relax?(states: S, time: number, stream: Stream): Promise<void>;
  /** Device bytes of one replica of the given side, resolved into patches. */
  bytes(side: number): number;
  /** 32-bit words of one packed replica of the given side. */
  words(side: number): number;
  /** States as host words, `[count, words(side)]`, to be saved, shuffled and put back with `unpack`. */
  pack(states: S): Promise<Uint32Array>;
  /** The states of `words`; the inverse of `pack` for lattices of side `side`. */
  unpack(words: Uint32Array, side: number): S | Promise<S>;
}

/** Sites with two states on a square lattice, such as spins. `pack` gives the words of `bits`. */
export interface BinarySystem<S extends States = States> extends System<S> {
  /** `[count][side][⌈side/32⌉]`: bit c % 32 of word ⌊c/32⌋ of a row is the site at column c. The caller destroys it. */
  bits(states: S): Promise<GpuArray>;
}

/**
 * A system of numbers on a lattice that move by drift and independent noise. The configuration of a patch is `parts` blocks of
 * `patchSide`^dimension numbers, row by row; the observables are the means of the parts. `pack` gives the words of `fields`. Partial
 * evolutions are shown to `watch` before, after and mirrored.
 */
export interface DiffusiveSystem<S extends FieldStates = FieldStates> extends System<S> {
  /** Numbers per site, e.g. species. */
  readonly parts: number;
  /** Variance per time of the noise of each number. */
  readonly noiseVariance: number;
}

export interface FieldStates extends States {
  /** `[count][parts][side^dimension]`, float32, as they stand now. */
  readonly fields: GpuArray;
}

/**
 * The partial evolution of systems that move by drift and noise: Δ⁺ of `observe`, and the compensator ½ (Δ⁺ + Δ⁻) over an evolution and
 * the one with reversed noise, whose mean is E[Δ | x] exactly, free of the noise to first order; null unless `rates`. `cut` makes states of
 * the chosen patches, `evolve` moves them in place.
 */
export async function antitheticChange<S extends States>(
  cut: () => Promise<S>,
  evolve: (patches: S, reversed: boolean) => Promise<void>,
  observe: (patches: S) => Promise<Float32Array>,
  watch?: Watch<S>,
  rates = true,
): Promise<{ before: Float32Array; delta: Float32Array; compensator: Float32Array | null }> {
  const measured = async (moment: Moment) => {
    const patches = await cut();
    try {
      if (moment !== "before") await evolve(patches, moment === "mirrored");
      await watch?.(patches, moment);
      return await observe(patches);
    } finally {
      patches.destroy();
    }
  };
  const before = await measured("before");
  const after = await measured("after");
  const delta = differences(after, before);
  if (!rates) return { before, delta, compensator: null };
  return { before, delta, compensator: antitheticMean(before, after, await measured("mirrored")) };
}

/** Entry by entry. */
export function differences(after: Float32Array, before: Float32Array): Float32Array {
  return after.map((value, k) => value - before[k]);
}

/** ½ (Δ⁺ + Δ⁻), entry by entry. */
export function antitheticMean(before: Float32Array, after: Float32Array, mirrored: Float32Array): Float32Array {
  return after.map((value, k) => (value + mirrored[k]) / 2 - before[k]);
}
