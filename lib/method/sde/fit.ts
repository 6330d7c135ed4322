// Fits the SDE to training pairs: standardisation, the loss with λ, AdamW (paper, section 2).
//
// Increments: the negative Gaussian log-likelihood of z1 − z0 with covariance λ σσᵀ δt (the paper's custom loss).
// Compensator: least squares of f on A/δt, and for the diffusion the same likelihood with r rᵀ replaced by its
// conditional expectation Q, tr(C⁻¹Q) + log det C, whose minimiser is C = E[Q | z].
import { lusolve } from "mathjs";
import { InputError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import { initialParameters, TrainableMlp } from "../../nn/mlp.ts";
import { type Method, type Pairs, type Regression, regression } from "../pairs.ts";
import { drawUniform, type FitOptions, type FitProgress, requireBatch, trainNetworks } from "../train.ts";
import { solveLastLayer } from "./last-layer.ts";
import { type SdeModel, type SdeShape, sdeConstants, sdeNetworks, standardise } from "./model.ts";

/** ε of the loss, in units of the empirical variance of the increments: negligible by construction. */
const EPSILON = 1e-5;

/** Everything about a fit but the networks' parameters. */
export interface Standardisation {
  readonly center: Float32Array;
  readonly spread: Float32Array;
  readonly offset: Float32Array;
  readonly slope: Float32Array;
  readonly driftScale: Float32Array;
  readonly noiseScale: Float32Array;
  /** Scale of the residual of the drift, d; the loss divides by it. */
  readonly residualScale: Float32Array;
  /** F, `[d, d]`: what a triangular σ̃ is taken relative to. */
  readonly frame: Float32Array;
}

/**
 * Scales of the regression, from the data alone: mean and spread of z; the affine least-squares drift, which the
 * network corrects; the size of the noise.
 */
export function standardisation(pairs: Pairs, data: Regression, compensator: boolean): Standardisation {
  const { d, time } = pairs;
  const { state, change, lambda } = data;
  const n = state.length / d;
  const { center, spread } = stateScales(state, d);
  const { offset, slope } = affineDrift(data, d, time, center, spread);
  const driftScale = new Float32Array(d);
  const residual = new Float64Array(d);
  for (let p = 0; p < n; p++) {
    for (let j = 0; j < d; j++) {
      let f = offset[j];
      for (let k = 0; k < d; k++) f += (slope[j * d + k] * (state[p * d + k] - center[k])) / spread[k];
      driftScale[j] += f * f;
      residual[j] += (change[p * d + j] - f * time) ** 2;
    }
  }
  const noiseScale = new Float32Array(d);
  const residualScale = new Float32Array(d);
  for (let j = 0; j < d; j++) {
    driftScale[j] = Math.sqrt(driftScale[j] / n) || spread[j];
    residualScale[j] = Math.max(Math.sqrt(residual[j] / n), 1e-6 * driftScale[j] * time);
    const variance = compensator ? meanVariation(data, d, j) : residual[j] / n;
    noiseScale[j] = Math.sqrt(variance / (lambda * time)) || 1;
  }
  const frame = Float32Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));
  return { center, spread, offset, slope, driftScale, noiseScale, residualScale, frame };
}

/** Scales with the Cholesky factor of the mean standardised covariance as frame: σ̃ then starts at the right mean. */
function inMeanFrame(scales: Standardisation, pairs: Pairs, data: Regression, compensator: boolean): Standardisation {
  const { d } = pairs;
  const table = lossData(pairs, data, scales, compensator);
  const n = data.state.length / d;
  const mean = new Float64Array(d * d);
  for (let j = 0, column = 2 * d; j < d; j++) {
    for (let k = j; k < d; k++, column++) {
      let sum = 0;
      for (let p = 0; p < n; p++)
        sum += compensator ? table[column * n + p] : table[(d + j) * n + p] * table[(d + k) * n + p];
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
  return { ...scales, frame };
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
function meanVariation({ variation }: Regression, d: number, j: number): number {
  const width = (d * (d + 1)) / 2;
  const column = j * d - (j * (j - 1)) / 2;
  let sum = 0;
  for (let at = column; at < variation.length; at += width) sum += variation[at];
  return sum / (variation.length / width);
}

/** Least squares of change/δt on (1, z̃): offset `[d]` and slope `[d, d]`. */
function affineDrift(
  { state, change }: Regression,
  d: number,
  time: number,
  center: Float32Array,
  spread: Float32Array,
) {
  const n = state.length / d;
  const size = d + 1;
  const normal = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const right = Array.from({ length: size }, () => new Array<number>(d).fill(0));
  const row = new Float64Array(size).fill(1);
  for (let p = 0; p < n; p++) {
    for (let k = 0; k < d; k++) row[k + 1] = (state[p * d + k] - center[k]) / spread[k];
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) normal[a][b] += row[a] * row[b];
      for (let j = 0; j < d; j++) right[a][j] += (row[a] * change[p * d + j]) / time;
    }
  }
  // A ridge far below the noise keeps observables that are functions of each other solvable.
  for (let a = 0; a < size; a++) normal[a][a] += 1e-6 * n;
  const offset = new Float32Array(d);
  const slope = new Float32Array(d * d);
  for (let j = 0; j < d; j++) {
    const solution = lusolve(
      normal,
      right.map((values) => values[j]),
    ) as number[][];
    offset[j] = solution[0][0];
    for (let k = 0; k < d; k++) slope[j * d + k] = solution[k + 1][0];
  }
  return { offset, slope };
}

/** The data of the loss kernel, feature-major `[z̃ (d), y (d), V (d(d+1)/2 with the compensator)][n]`. */
export function lossData(pairs: Pairs, data: Regression, scales: Standardisation, compensator: boolean): Float32Array {
  const { d, time } = pairs;
  const { state, change, variation, lambda } = data;
  const { center, spread, offset, slope, noiseScale, residualScale } = scales;
  const n = state.length / d;
  const width = compensator ? (d * (d + 1)) / 2 : 0;
  const out = new Float32Array((2 * d + width) * n);
  const standard = standardise({ d, center, spread }, state, n);
  out.set(standard);
  for (let p = 0; p < n; p++) {
    for (let j = 0; j < d; j++) {
      let f = offset[j];
      for (let k = 0; k < d; k++) f += (slope[j * d + k] * (state[p * d + k] - center[k])) / spread[k];
      out[(d + j) * n + p] = (change[p * d + j] - f * time) / residualScale[j];
    }
    let column = 0;
    for (let j = 0; compensator && j < d; j++) {
      for (let k = j; k < d; k++, column++) {
        out[(2 * d + column) * n + p] = variation[p * width + column] / (lambda * time * noiseScale[j] * noiseScale[k]);
      }
    }
  }
  return out;
}

/**
 * The SDE that `method` learns from `pairs`. Deterministic for given data, options and adapter.
 * Throws InputError when there are fewer pairs than one batch or the data are not finite, Error when training diverges.
 */
export async function fitSde(
  gpu: Gpu,
  pairs: Pairs,
  method: Method,
  shape: SdeShape,
  options: FitOptions,
  progress: FitProgress = {},
): Promise<SdeModel> {
  const data = regression(pairs, method);
  const compensator = method === "compensator";
  const { d } = shape;
  const rows = data.state.length / d;
  const { batch, steps } = options;
  requireBatch(rows, batch);
  const finite = [data.state, data.change, data.variation].every((values) => values.every(Number.isFinite));
  if (!finite) throw new InputError(`the ${method} training pairs are not all finite`);
  const plain = standardisation(pairs, data, compensator);
  const scales = shape.diffusion === "triangular" ? inMeanFrame(plain, pairs, data, compensator) : plain;

  const networks = sdeNetworks(shape);
  const mlp = await TrainableMlp.createTrainable(gpu, networks, batch, {
    ...options,
    constant: [false, shape.diffusion === "constant"],
  });
  const table = gpu.buffer("sde.data", lossData(pairs, data, scales, compensator));
  const training = await trainingStep(gpu, mlp, shape, scales, table, rows, pairs.time, compensator, options.seed);

  const initial = initialParameters(networks, options.seed);
  await trainNetworks(gpu, method, [mlp], [initial], training.calls, training.losses, steps, progress);
  const { parameters } = await mlp.save();
  for (const buffer of [table, ...training.buffers]) buffer.destroy();
  mlp.destroy();
  const { residualScale: _, ...rest } = scales;
  const model = { ...shape, ...rest, parameters };
  if (!options.closedForm) return model;
  const noise = scales.residualScale.map((scale, j) => (scale / (scales.driftScale[j] * pairs.time)) ** 2);
  return solveLastLayer(gpu, model, data.state, data.change, pairs.time, noise);
}

/** The loss of f and σ and its gradient, for the batch `drawn` in the layout of `lossData`. */
export async function lossCall(
  gpu: Gpu,
  mlp: TrainableMlp,
  shape: SdeShape,
  { driftScale, residualScale, frame }: Standardisation,
  time: number,
  compensator: boolean,
  drawn: GpuArray,
  losses: GpuArray,
) {
  const loss = await gpu.kernel("sde/loss.wgsl", {
    constants: { ...sdeConstants(shape, mlp.width), COMPENSATOR: compensator ? 1 : 0 },
  });
  const kappa = new Float32Array(8);
  for (let j = 0; j < shape.d; j++) kappa[j] = (driftScale[j] * time) / residualScale[j];
  const padded = new Float32Array(64);
  padded.set(frame);
  const params = { batch: mlp.batch, epsilon: EPSILON, kappa, frame: padded };
  return loss.call({ params, batch: drawn, outputs: mlp.output, gradient: mlp.outputGradient, losses }, mlp.batch / 64);
}

/** The calls of one training step: draw a batch, forward, loss, backward. */
export async function trainingStep(
  gpu: Gpu,
  mlp: TrainableMlp,
  shape: SdeShape,
  scales: Standardisation,
  table: GpuArray,
  rows: number,
  time: number,
  compensator: boolean,
  seed: number,
) {
  const { d } = shape;
  const { batch } = mlp;
  const fields = table.bytes / 4 / rows;
  const drawn = gpu.buffer("sde.batch", 4 * fields * batch);
  const losses = gpu.buffer("sde.losses", 4 * batch);
  const draw = await gpu.kernel("nn/draw_batch.wgsl");
  const calls = [
    draw.call(
      {
        params: { draw: drawUniform(rows, batch, seed), fields, inputs: d },
        step: mlp.step,
        data: table,
        batch: drawn,
        input: mlp.input,
      },
      batch / 64,
    ),
    ...mlp.forward(),
    await lossCall(gpu, mlp, shape, scales, time, compensator, drawn, losses),
    ...mlp.backward(),
  ];
  return { calls, losses, buffers: [drawn, losses] };
}
