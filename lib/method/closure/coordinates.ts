// Coordinates closed by an encoder: the system's observables and the means over the patches of ψ.
import { branch, type Stream } from "../../random/stream.ts";
import { antitheticMean, differences, type States, type System } from "../../systems/system.ts";
import type { Coordinates } from "../coordinates.ts";

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
    change: async (states, patches, time, stream) => {
      let before: Float32Array = new Float32Array(0);
      let start: Float32Array | undefined;
      let variation: Float32Array | undefined;
      const deltas: Float32Array[] = [];
      const known: Float32Array[] = [];
      for (let copy = 0; copy < copies; copy++) {
        const seen: Partial<Record<"after" | "mirrored", Float32Array>> = {};
        const at: Stream = copies === 1 ? stream : branch(stream, copy);
        const change = await system.evolvePatches(states, patches, time, at, async (cut, moment) => {
          if (moment !== "before") {
            seen[moment] = await encoder.encode(cut);
          } else if (!start) {
            variation = await encoder.variation?.(cut, time);
            start = await encoder.encode(cut);
          }
        });
        const { after, mirrored } = seen;
        if (!(start && after)) throw new Error(`${system.name} does not show its patches: it cannot be closed`);
        const delta = differences(after, start);
        const drift = mirrored ? antitheticMean(start, after, mirrored) : delta;
        if (copy === 0) before = join(change.before, own, start);
        deltas.push(join(change.delta, own, delta));
        known.push(join(change.compensator ?? change.delta, own, drift));
      }
      return { before, delta: deltas[0], compensator: meanOf(known), variation: variation ?? covarianceOf(deltas, d) };
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
