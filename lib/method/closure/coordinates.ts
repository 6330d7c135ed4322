// Coordinates closed by an encoder: the system's observables and the means over the patches of ψ.
import { branch, type Stream } from "../../random/stream.ts";
import { antitheticMean, differences, type States, type System, type Watch } from "../../systems/system.ts";
import type { Coordinates } from "../coordinates.ts";
import { covarianceOf, meanOf } from "../copies.ts";

/** ψ of patches, the same for every patch. */
export interface Encoder<S extends States> {
  /** Closure variables. */
  readonly variables: number;
  /** ψ of every patch of the states, `[count, patches, variables]`; a watched patch is a system of one. */
  encode(states: S): Promise<Float32Array>;
  /**
   * Quadratic variation of z = (observables, ψ) over `time` of watched patches, where ψ has a Jacobian to map the noise of the sites
   * through: upper triangles `[count, d(d+1)/2]`.
   */
  variation?(patches: S, time: number): Promise<Float32Array>;
}

/**
 * Observables and closure variables. A of the observables is the system's own; ψ has no rates, so that of a closure variable is the mean
 * of its changes: over an evolution and the mirrored one where the system has it (½ (Δ⁺ + Δ⁻), free of the noise to first order), and
 * over `copies` independent evolutions. Q is the noise mapped through the Jacobian of ψ at the start, with an error of order
 * δt²; or, without a Jacobian, the covariance of the changes over the copies, which have the means E[Δ | x] and
 * Cov(Δ | x): right for a prediction that steps with the same δt. Δ is that of the first copy.
 * Throws Error for one copy where the encoder has no Jacobian.
 */
export function closedBy<S extends States>(system: System<S>, encoder: Encoder<S>, copies = 1): Coordinates<S> {
  if (!(copies >= (encoder.variation ? 1 : 2))) throw new Error(`${copies} copies have no covariance: use 2 or more`);
  const own = system.observables.length;
  const { variables } = encoder;
  const d = own + variables;
  return {
    d,
    whole: async (states) => {
      const values = await system.observe(states);
      return join(values, own, patchMeans(await encoder.encode(states), states.count, variables));
    },
    change: async (states, patches, time, stream, rates = true) => {
      let before: Float32Array = new Float32Array(0);
      let start: Float32Array | undefined;
      let variation: Float32Array | undefined;
      const deltas: Float32Array[] = [];
      const known: Float32Array[] = [];
      const evolutions = rates ? copies : 1;
      for (let copy = 0; copy < evolutions; copy++) {
        const seen: Partial<Record<"after" | "mirrored", Float32Array>> = {};
        const at: Stream = evolutions === 1 ? stream : branch(stream, copy);
        const watch: Watch<S> = async (cut, moment) => {
          if (moment !== "before") {
            seen[moment] = await encoder.encode(cut);
          } else if (!start) {
            if (rates) variation = await encoder.variation?.(cut, time);
            start = await encoder.encode(cut);
          }
        };
        const change = await system.evolvePatches(states, patches, time, at, watch, rates);
        const { after, mirrored } = seen;
        if (!(start && after)) throw new Error(`${system.name} does not show its patches: it cannot be closed`);
        const delta = differences(after, start);
        const drift = mirrored ? antitheticMean(start, after, mirrored) : delta;
        if (copy === 0) before = join(change.before, own, start);
        deltas.push(join(change.delta, own, delta));
        known.push(join(change.compensator ?? change.delta, own, drift));
      }
      if (!rates) return { before, delta: deltas[0], compensator: null, variation: null };
      return { before, delta: deltas[0], compensator: meanOf(known), variation: variation ?? covarianceOf(deltas, d) };
    },
  };
}

/** Means over patches: `[count, patches, width]` → `[count, width]`. */
export function patchMeans(values: Float32Array, count: number, width: number): Float32Array {
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
