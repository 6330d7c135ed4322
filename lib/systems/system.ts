// What a microscopic system must be able to do: the five verbs, and the relaxation inside overlapping patches.
import type { GpuArray } from "../gpu/buffer.ts";
import type { Stream } from "../random/stream.ts";

export interface Observable {
  readonly name: string;
  readonly symbol: string;
  readonly unit: string;
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
 * What happened to the patch observables φ_I in a partial evolution. Row-major float32, one row per pair: row s·P + j is patch j
 * of replica s.
 * Compensator and variation are null for a simulator whose rates are not known. Both may be estimates with the right mean given
 * the start, such as averages over reversed noise.
 */
export interface PatchChange {
  /** φ_I at the start, `[pairs, d]`. */
  readonly before: Float32Array;
  /** Δ = φ_I(x') − φ_I(x), `[pairs, d]`. */
  readonly delta: Float32Array;
  /** A = ∫ Lφ_I ds along the evolution, `[pairs, d]`. */
  readonly compensator: Float32Array | null;
  /** Q = ∫ Γ(φ_I) ds, upper triangles row by row, `[pairs, d(d+1)/2]`. */
  readonly variation: Float32Array | null;
}

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
  /**
   * Random states of the training law. Replicas of one cohort (consecutive ones, as many as the system says where it says so) start
   * macroscopically alike.
   */
  initial(count: number, side: number, stream: Stream): Promise<S>;
  /** The true dynamics of whole systems for `time`, in place. */
  evolve(states: S, time: number, stream: Stream): Promise<void>;
  /**
   * The true dynamics for `time` inside each chosen patch, the rest frozen; the states are left as they are. For time 0, where
   * rates are known: no change, and A and Q are the generator's Lφ_I and Γ(φ_I) at the states, per unit of time.
   * `patches` `[count, P]`: P different patches of every replica, numbered row by row in the tiling.
   */
  evolvePatches(states: S, patches: Uint32Array, time: number, stream: Stream): Promise<PatchChange>;
  /** New states of `factor` times the side, by copying, interpolation, or from pieces of states of one cohort. */
  upsample(states: S, factor: number, stream: Stream): Promise<S>;
  /** The macroscopic observables of whole systems, `[count, d]`, float32. */
  observe(states: S): Promise<Float32Array>;
  /** The same of every patch, `[count, K, d]`; their averages over the patches are the values of the systems. */
  observePatches(states: S): Promise<Float32Array>;
  /**
   * LocalRelax: the true dynamics for `time` inside patch after patch at half-patch stride, in place; patches that do not touch may
   * move at once. Steps `stream.step` … + 5 are its own.
   */
  relax(states: S, time: number, stream: Stream): Promise<void>;
  /** Device bytes of one replica of the given side, resolved into patches. */
  bytes(side: number): number;
  /** 32-bit words of one packed replica of the given side. */
  words(side: number): number;
  /** States as host words, `[count, words(side)]`, to be saved, shuffled and put back with `unpack`. */
  pack(states: S): Promise<Uint32Array>;
  /** The states of `words`; the inverse of `pack` for lattices of side `side`. */
  unpack(words: Uint32Array, side: number): S | Promise<S>;
}

/** A system whose patches can be cut out as states of their own: what learned closures work on. */
export interface CuttableSystem<S extends States = States> extends System<S> {
  /** The chosen patches `[count, P]` as states of side `patchSide`, which evolve between frozen surroundings. */
  cut(states: S, patches: Uint32Array): Promise<S>;
}

/** Spins up and down on a square lattice. */
export interface SpinSystem<S extends States = States> extends CuttableSystem<S> {
  /** As `System.evolvePatches`; `watch` sees the cut-out patches before and after. A patch may be chosen several times. */
  evolvePatches(
    states: S,
    patches: Uint32Array,
    time: number,
    stream: Stream,
    watch?: (cut: S, evolved: boolean) => Promise<void>,
  ): Promise<PatchChange>;
  /** `[count][side][⌈side/32⌉]`: bit c % 32 of word ⌊c/32⌋ of a row is the spin at column c, 1 is up. The caller destroys it. */
  bits(states: S): Promise<GpuArray>;
}

/**
 * A system of numbers on a lattice that move by drift and independent noise. The configuration of a patch is `parts` rows of
 * `patchSide` numbers.
 */
export interface DiffusiveSystem<S extends FieldStates = FieldStates> extends CuttableSystem<S> {
  /** Numbers per site, e.g. species. */
  readonly parts: number;
  /** Variance per time of the noise of each number. */
  readonly noiseVariance: number;
  /** As `System.evolve`; `reversed` turns the sign of all noise. */
  evolve(states: S, time: number, stream: Stream, reversed?: boolean): Promise<void>;
}

export interface FieldStates extends States {
  /** `[count][parts][side]`, float32, as they stand now. */
  readonly fields: GpuArray;
}

/**
 * Rows of `measure` on the chosen patches: at the start, their change Δ⁺, and the compensator ½ (Δ⁺ + Δ⁻), whose mean is E[Δ | x]
 * exactly, free of the noise to first order. `measure` sees the cut-out patches before and after each evolution.
 */
export async function antitheticChange<S extends FieldStates>(
  system: DiffusiveSystem<S>,
  states: S,
  patches: Uint32Array,
  time: number,
  stream: Stream,
  measure: (cut: S, evolved: boolean) => Promise<Float32Array>,
): Promise<{ before: Float32Array; delta: Float32Array; compensator: Float32Array }> {
  const measured = async (sign: -1 | 0 | 1) => {
    const cut = await system.cut(states, patches);
    try {
      if (sign !== 0) await system.evolve(cut, time, stream, sign < 0);
      return await measure(cut, sign !== 0);
    } finally {
      cut.destroy();
    }
  };
  const before = await measured(0);
  const after = await measured(1);
  const mirrored = await measured(-1);
  return {
    before,
    delta: after.map((value, k) => value - before[k]),
    compensator: after.map((value, k) => (value + mirrored[k]) / 2 - before[k]),
  };
}
