// Macroscopic coordinates z = φ(x): the system's observables, alone or with the closure variables of an encoder.
// φ is the average over the patches of φ_I (paper, section 2).
import { branch, type Stream } from "../random/stream.ts";
import {
  antitheticChange,
  type DiffusiveSystem,
  type FieldStates,
  type PatchChange,
  type SpinSystem,
  type States,
  type System,
} from "../systems/system.ts";
import type { ConvEncoder } from "./closure/conv-encoder.ts";
import type { Encoder } from "./closure/encoder.ts";

export interface Coordinates<S extends States> {
  /** Number of variables. */
  readonly d: number;
  /** φ of whole systems, `[count, d]`. */
  whole(states: S): Promise<Float32Array>;
  /** What partial evolution of the chosen patches does to φ_I; see `System.evolvePatches`. */
  change(states: S, patches: Uint32Array, time: number, stream: Stream): Promise<PatchChange>;
}

/** The observables alone. */
export function observables<S extends States>(system: System<S>): Coordinates<S> {
  return {
    d: system.observables.length,
    whole: (states) => system.observe(states),
    change: (states, patches, time, stream) => system.evolvePatches(states, patches, time, stream),
  };
}

/**
 * Observables (the means of the parts) and closure variables. The compensator is A = ½ (Δ⁺ + Δ⁻) over an evolution and the one
 * with all noise reversed, whose mean is E[Δ | x] exactly, free of the noise to first order; Q is the noise mapped through the
 * Jacobian of φ_I at the start, Γ(φ_I) δt, with an error of order δt².
 */
export function closedBy<S extends FieldStates>(system: DiffusiveSystem<S>, encoder: Encoder): Coordinates<S> {
  const { parts } = system;
  const d = parts + encoder.variables;
  const whole = async (states: S) => {
    const means = await system.observe(states);
    return join(means, parts, patchMeans(await encoder.encode(states), states.count, encoder.variables));
  };
  return {
    d,
    whole,
    change: async (states, patches, time, stream) => {
      let variation: Float32Array | null = null;
      const change = await antitheticChange(system, states, patches, time, stream, async (cut, evolved) => {
        if (!evolved) variation = await encoder.variation(cut, system.noiseVariance * time);
        return whole(cut);
      });
      return { ...change, variation };
    },
  };
}

/**
 * Observables and closure variables of spins. ψ has no rates, so every partial evolution is done `copies` times with independent
 * noise: A of a closure variable is the mean of its changes, Q the covariance of all changes over the copies, which have the means
 * E[Δ | x] and Cov(Δ | x): right for a prediction that steps with the same δt. A of the observables is the system's own. Δ
 * is that of the first copy. Throws Error for a duration of 0, which has no changes, and for fewer than two copies.
 */
export function closedBySpins<S extends States>(
  system: SpinSystem<S>,
  encoder: Pick<ConvEncoder, "encode"> & { readonly model: { readonly variables: number } },
  copies: number,
): Coordinates<S> {
  if (!(copies >= 2)) throw new Error(`${copies} copies have no covariance: use 2 or more`);
  const own = system.observables.length;
  const { variables } = encoder.model;
  const d = own + variables;
  const encode = async (states: S) => {
    const bits = await system.bits(states);
    try {
      return await encoder.encode(bits, states.count, states.side);
    } finally {
      bits.destroy();
    }
  };
  return {
    d,
    whole: async (states) => {
      const values = await system.observe(states);
      return join(values, own, patchMeans(await encode(states), states.count, variables));
    },
    change: async (states, patches, time, stream) => {
      if (!(time > 0)) throw new Error(`closure variables have no generator: ${time} is no duration`);
      let before: Float32Array | undefined;
      const deltas: Float32Array[] = [];
      const known: Float32Array[] = [];
      let start: Float32Array | undefined;
      for (let copy = 0; copy < copies; copy++) {
        let end: Float32Array = new Float32Array(0);
        const change = await system.evolvePatches(states, patches, time, branch(stream, copy), async (cut, evolved) => {
          if (evolved) end = await encode(cut);
          else start ??= await encode(cut);
        });
        const first = start ?? end;
        before ??= join(change.before, own, first);
        const closure = end.map((value, k) => value - first[k]);
        deltas.push(join(change.delta, own, closure));
        known.push(join(change.compensator ?? change.delta, own, closure));
      }
      return {
        before: before ?? new Float32Array(0),
        delta: deltas[0],
        compensator: meanOf(known),
        variation: covarianceOf(deltas, d),
      };
    },
  };
}

/** Entry by entry. */
function meanOf(rows: readonly Float32Array[]): Float32Array {
  return rows[0].map((_, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length);
}

/** Covariance over the copies, of each row of d numbers: upper triangles, divisor copies − 1. */
function covarianceOf(copies: readonly Float32Array[], d: number): Float32Array {
  const rows = copies[0].length / d;
  const triangle = (d * (d + 1)) / 2;
  const mean = meanOf(copies);
  const covariance = new Float32Array(rows * triangle);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let j = row * d; j < (row + 1) * d; j++) {
      for (let k = j; k < (row + 1) * d; k++, at++) {
        let sum = 0;
        for (const copy of copies) sum += (copy[j] - mean[j]) * (copy[k] - mean[k]);
        covariance[at] = sum / (copies.length - 1);
      }
    }
  }
  return covariance;
}

/** Means over patches: `[count, patches, width]` → `[count, width]`. */
function patchMeans(values: Float32Array, count: number, width: number): Float32Array {
  const patches = values.length / (count * width);
  const means = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let patch = 0; patch < patches; patch++) sum += values[(row * patches + patch) * width + j];
      means[row * width + j] = sum / patches;
    }
  }
  return means;
}

/** Rows of a and b side by side; a has `width` columns. */
function join(a: Float32Array, width: number, b: Float32Array): Float32Array {
  const rows = a.length / width;
  const other = b.length / rows;
  const joined = new Float32Array(a.length + b.length);
  for (let row = 0; row < rows; row++) {
    joined.set(a.subarray(row * width, (row + 1) * width), row * (width + other));
    joined.set(b.subarray(row * other, (row + 1) * other), row * (width + other) + width);
  }
  return joined;
}
