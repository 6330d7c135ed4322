// Units of a regression, from its data alone: mean and spread of z, the affine least-squares drift that a trained drift corrects,
// the size of drift and noise.
import { type Regression, rowScales } from "../pairs.ts";
import { type Conditions, conditionCount, conditionRange } from "./conditions.ts";
import { standardise } from "./points.ts";
import { addRow, noEquations, solve } from "./polynomial/least-squares.ts";

/** ε of the loss, in units of the empirical variance of the increments: negligible by construction. */
export const EPSILON = 1e-5;

export interface Scales {
  readonly center: Float32Array;
  readonly spread: Float32Array;
  /** Of what varies between the systems of the data; empty arrays for one system. */
  readonly conditions: Conditions;
  /** Affine part of the drift: offset + slope (z̃, c̃), `[d]` and `[d, d + conditions]`. */
  readonly offset: Float32Array;
  readonly slope: Float32Array;
  readonly driftScale: Float32Array;
  readonly noiseScale: Float32Array;
  /** Scale of the residual of the drift, d; the loss divides by it. */
  readonly residualScale: Float32Array;
  /** F, `[d, d]`: what a triangular σ̃ is taken relative to; the identity for other forms. */
  readonly frame: Float32Array;
}

/** `inMeanFrame`: F is the Cholesky factor of the mean standardised covariance, so that σ̃ = 1 starts at the right mean. */
export function regressionScales(data: Regression, inMeanFrame = false): Scales {
  const { d, time, state, change, condition, lambda } = data;
  const n = state.length / d;
  const c = conditionCount(data);
  const conditions = { ...stateScales(condition, c), ...conditionRange(condition, c) };
  const units = { ...stateScales(state, d), conditions };
  const affine = { ...units, ...affineDrift(data, units) };
  const driftScale = new Float32Array(d);
  const residual = new Float64Array(d);
  for (let p = 0; p < n; p++) {
    const scale = rowScales(data, p);
    for (let j = 0; j < d; j++) {
      const f = affineAt(affine, data, p, j);
      driftScale[j] += f * f;
      residual[j] += (scale.change * change[p * d + j] - scale.drift * f * time) ** 2;
    }
  }
  const noiseScale = new Float32Array(d);
  const residualScale = new Float32Array(d);
  for (let j = 0; j < d; j++) {
    driftScale[j] = Math.sqrt(driftScale[j] / n) || units.spread[j];
    residualScale[j] = Math.max(Math.sqrt(residual[j] / n), 1e-6 * driftScale[j] * time);
    const variance = data.variation ? meanVariation(data, data.variation, j) : residual[j] / n;
    noiseScale[j] = Math.sqrt(variance / (lambda * time)) || 1;
  }
  const identity = Float32Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));
  const scales = { ...affine, driftScale, noiseScale, residualScale, frame: identity };
  return inMeanFrame ? { ...scales, frame: meanFrame(scales, data) } : scales;
}

/** Cholesky factor of the mean standardised covariance. */
function meanFrame(scales: Scales, data: Regression): Float32Array {
  const { d } = data;
  const table = lossData(data, scales);
  const n = data.state.length / d;
  const mean = new Float64Array(d * d);
  const first = d + conditionCount(data);
  for (let j = 0, column = first + d; j < d; j++) {
    for (let k = j; k < d; k++, column++) {
      let sum = 0;
      for (let p = 0; p < n; p++)
        sum += data.variation ? table[column * n + p] : table[(first + j) * n + p] * table[(first + k) * n + p];
      mean[j * d + k] = sum / n;
      mean[k * d + j] = sum / n;
    }
  }
  const frame = new Float32Array(d * d);
  for (let j = 0; j < d; j++) {
    for (let k = 0; k <= j; k++) {
      let rest = mean[j * d + k];
      for (let l = 0; l < k; l++) rest -= frame[j * d + l] * frame[k * d + l];
      frame[j * d + k] = j === k ? Math.sqrt(Math.max(rest, EPSILON)) : rest / frame[k * d + k];
    }
  }
  return frame;
}

/** Mean and standard deviation of every variable of `state` `[n, d]`; 1 for a constant. */
export function stateScales(state: ArrayLike<number>, d: number) {
  const n = state.length / d;
  const center = new Float32Array(d);
  const spread = new Float32Array(d);
  for (let j = 0; j < d; j++) {
    let sum = 0;
    for (let p = 0; p < n; p++) sum += state[p * d + j];
    const mean = sum / n;
    let square = 0;
    for (let p = 0; p < n; p++) square += (state[p * d + j] - mean) ** 2;
    center[j] = mean;
    spread[j] = Math.sqrt(square / n) || 1;
  }
  return { center, spread };
}

/** Mean of the diagonal entry j of Q over the rows. */
function meanVariation(data: Regression, variation: Float32Array, j: number): number {
  const { d } = data;
  const width = (d * (d + 1)) / 2;
  const column = j * d - (j * (j - 1)) / 2;
  const rows = variation.length / width;
  let sum = 0;
  for (let p = 0; p < rows; p++) sum += rowScales(data, p).change ** 2 * variation[p * width + column];
  return sum / rows;
}

type InputUnits = Pick<Scales, "center" | "spread" | "conditions">;

/** Component j of the affine drift of row p. */
function affineAt(
  { center, spread, conditions, offset, slope }: InputUnits & Pick<Scales, "offset" | "slope">,
  { d, state, condition }: Regression,
  p: number,
  j: number,
): number {
  const c = conditions.center.length;
  const row = j * (d + c);
  let f = offset[j];
  for (let k = 0; k < d; k++) f += (slope[row + k] * (state[p * d + k] - center[k])) / spread[k];
  for (let k = 0; k < c; k++) {
    f += (slope[row + d + k] * (condition[p * c + k] - conditions.center[k])) / conditions.spread[k];
  }
  return f;
}

/** Least squares of change/δt on (1, z̃, c̃): offset `[d]` and slope `[d, d + conditions]`. */
function affineDrift(data: Regression, { center, spread, conditions }: InputUnits) {
  const { state, change, condition, d, time } = data;
  const n = state.length / d;
  const c = conditions.center.length;
  const inputs = d + c;
  const size = inputs + 1;
  const equations = noEquations(size, d);
  const row = new Float64Array(size);
  const y = new Float64Array(d);
  for (let p = 0; p < n; p++) {
    const scale = rowScales(data, p);
    row[0] = scale.drift;
    for (let k = 0; k < d; k++) row[k + 1] = (scale.drift * (state[p * d + k] - center[k])) / spread[k];
    for (let k = 0; k < c; k++) {
      row[d + k + 1] = (scale.drift * (condition[p * c + k] - conditions.center[k])) / conditions.spread[k];
    }
    for (let j = 0; j < d; j++) y[j] = (scale.change * change[p * d + j]) / time;
    addRow(equations, row, y);
  }
  const terms = Array.from({ length: size }, (_, a) => a);
  // A ridge far below the noise keeps observables that are functions of each other solvable.
  const solution = solve(
    equations,
    [{ terms, columns: terms.slice(1).map((a) => a - 1) }],
    terms.map(() => 1e-6),
  );
  const offset = Float32Array.from({ length: d }, (_, j) => solution[j]);
  const slope = Float32Array.from(
    { length: d * inputs },
    (_, at) => solution[(1 + (at % inputs)) * d + Math.floor(at / inputs)],
  );
  return { offset, slope };
}

/**
 * Rows of the loss kernel's data: z̃ (d), c̃ (conditions), y (d), V (d(d+1)/2) where the variation is known, and a scale of the drift where
 * durations differ.
 */
export function lossRows(data: Pick<Regression, "d" | "state" | "condition" | "variation" | "each">): number {
  const { d, variation, each } = data;
  return 2 * d + conditionCount(data) + (variation ? (d * (d + 1)) / 2 : 0) + (each ? 1 : 0);
}

/** The data of the loss kernel, feature-major `[z̃, c̃, y, V, scale][n]`. */
export function lossData(data: Regression, scales: Scales): Float32Array {
  const { d, time, state, change, condition, variation, lambda } = data;
  const { center, spread, conditions, noiseScale, residualScale } = scales;
  const n = state.length / d;
  const c = conditionCount(data);
  const first = d + c;
  const width = (d * (d + 1)) / 2;
  const out = new Float32Array(lossRows(data) * n);
  out.set(standardise({ n, d, z: state, center, spread }, n));
  out.set(standardise({ n, d: c, z: condition, ...conditions }, n), d * n);
  for (let p = 0; p < n; p++) {
    const scale = rowScales(data, p);
    if (data.each) out[(lossRows(data) - 1) * n + p] = scale.drift;
    for (let j = 0; j < d; j++) {
      const f = affineAt(scales, data, p, j);
      out[(first + j) * n + p] = (scale.change * change[p * d + j] - scale.drift * f * time) / residualScale[j];
    }
    let column = 0;
    for (let j = 0; variation && j < d; j++) {
      for (let k = j; k < d; k++, column++) {
        out[(first + d + column) * n + p] =
          (scale.change ** 2 * variation[p * width + column]) / (lambda * time * noiseScale[j] * noiseScale[k]);
      }
    }
  }
  return out;
}
