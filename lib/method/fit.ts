// Fits the SDE to training pairs: standardisation, the loss with λ, AdamW (paper, section 2).
//
// Increments: the negative Gaussian log-likelihood of z1 − z0 with covariance λ σσᵀ δt (the paper's custom loss).
// Compensator: least squares of f on A/δt, and for the diffusion the same likelihood with r rᵀ replaced by its
// conditional expectation Q, tr(C⁻¹Q) + log det C, whose minimiser is C = E[Q | z].
import { lusolve } from "mathjs";
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import { initialParameters, TrainableMlp } from "../nn/mlp.ts";
import { stream } from "../random/stream.ts";
import { type Method, type Pairs, type Regression, regression } from "./pairs.ts";
import { type SdeModel, type SdeShape, sdeConstants, sdeNetworks, standardise } from "./sde-model.ts";

export interface FitOptions {
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
}

/** State of a fit in progress; enough to go on to the same bytes. */
export interface FitState {
  readonly parameters: Float32Array;
  readonly moments: Float32Array;
  readonly step: number;
}

/** The arrays of a state by name, for a safetensors file. */
export function fitTensors({ parameters, moments, step }: FitState) {
  return {
    parameters: { shape: [parameters.length], data: parameters },
    moments: { shape: [moments.length], data: moments },
    step: { shape: [1], data: Uint32Array.of(step) },
  };
}

/** The inverse of `fitTensors`. */
export function fitState(tensors: Record<string, { readonly data: ArrayLike<number> }>): FitState {
  const { parameters, moments, step } = tensors;
  return {
    parameters: Float32Array.from(parameters.data),
    moments: Float32Array.from(moments.data),
    step: step.data[0],
  };
}

export interface FitProgress {
  /** Seen after every quarter of a second or so of training. */
  onSteps?(done: number, loss: number): void;
  /** At the same times, if `wanted` says so, the state is handed to `save`, and then `onSteps` may throw to stop. */
  readonly checkpoint?: { wanted(): boolean; save(state: FitState): void };
  readonly resumeFrom?: FitState | null;
}

/** ε of the loss, in units of the empirical variance of the increments: negligible by construction. */
const EPSILON = 1e-6;

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
}

/**
 * Scales of the regression, from the data alone: mean and spread of z; the affine least-squares drift, which the
 * network corrects; the size of the noise.
 */
function standardisation(pairs: Pairs, data: Regression, compensator: boolean): Standardisation {
  const { d, time } = pairs;
  const { state, change, lambda } = data;
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
  return { center, spread, offset, slope, driftScale, noiseScale, residualScale };
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
function lossData(pairs: Pairs, data: Regression, scales: Standardisation, compensator: boolean): Float32Array {
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
  if (rows < batch) throw new InputError(`${rows} training pairs are fewer than one batch of ${batch}`);
  const finite = [data.state, data.change, data.variation].every((values) => values.every(Number.isFinite));
  if (!finite) throw new InputError(`the ${method} training pairs are not all finite`);
  const scales = standardisation(pairs, data, compensator);

  const networks = sdeNetworks(shape);
  const mlp = await TrainableMlp.createTrainable(gpu, networks, batch, {
    ...options,
    constant: [false, shape.diffusion === "constant"],
  });
  const start = progress.resumeFrom;
  mlp.load(start?.parameters ?? initialParameters(networks, options.seed), start?.moments, start?.step);
  const table = gpu.buffer("sde.data", lossData(pairs, data, scales, compensator));
  const training = await trainingStep(gpu, mlp, shape, scales, table, rows, pairs.time, compensator, options.seed);

  let slice = 8;
  for (let step = start?.step ?? 0; step < steps; ) {
    const count = Math.min(slice, steps - step);
    const begin = performance.now();
    gpu.run(training.calls, count);
    const losses = await gpu.read(training.losses, Float32Array);
    step += count;
    const seconds = (performance.now() - begin) / 1000;
    slice = Math.max(1, Math.min(1024, Math.round((count * 0.25) / seconds)));
    const loss = losses.reduce((sum, value) => sum + value, 0) / batch;
    if (!Number.isFinite(loss))
      throw new Error(`training of ${method} diverged at step ${step}: lower the learning rate`);
    if (step < steps && progress.checkpoint?.wanted()) progress.checkpoint.save({ ...(await mlp.save()), step });
    progress.onSteps?.(step, loss);
  }
  const { parameters } = await mlp.save();
  for (const buffer of [table, ...training.buffers]) buffer.destroy();
  mlp.destroy();
  const { center, spread, offset, slope, driftScale, noiseScale } = scales;
  return { ...shape, center, spread, offset, slope, driftScale, noiseScale, parameters };
}

/** The calls of one training step: draw a batch, forward, loss, backward. */
export async function trainingStep(
  gpu: Gpu,
  mlp: TrainableMlp,
  shape: SdeShape,
  { driftScale, residualScale }: Standardisation,
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
  const loss = await gpu.kernel("sde/loss.wgsl", {
    constants: { ...sdeConstants(shape, mlp.width), COMPENSATOR: compensator ? 1 : 0 },
  });
  const { purpose } = stream(seed, "fit/batches");
  const kappa = new Float32Array(8);
  for (let j = 0; j < d; j++) kappa[j] = (driftScale[j] * time) / residualScale[j];
  const calls = [
    draw.call(
      {
        params: { rows, batch, fields, inputs: d, half_bits: Math.ceil(Math.log2(rows) / 2), key: [seed, purpose] },
        step: mlp.step,
        data: table,
        batch: drawn,
        input: mlp.input,
      },
      batch / 64,
    ),
    ...mlp.forward(),
    loss.call(
      {
        params: { batch, epsilon: EPSILON, kappa },
        batch: drawn,
        outputs: mlp.output,
        gradient: mlp.outputGradient,
        losses,
      },
      batch / 64,
    ),
    ...mlp.backward(),
  ];
  return { calls, losses, buffers: [drawn, losses] };
}
