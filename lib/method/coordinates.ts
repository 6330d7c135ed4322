// Macroscopic coordinates z = φ(x): the system's observables, alone or with the closure variables of an encoder.
// φ is the average over the patches of φ_I (paper, section 2).
import type { Stream } from "../random/stream.ts";
import {
  antitheticChange,
  type DiffusiveSystem,
  type FieldStates,
  type PatchChange,
  type States,
  type System,
} from "../systems/system.ts";
import type { Encoder } from "./encoder.ts";

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
