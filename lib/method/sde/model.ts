// The learned SDE dz = f(z) dt + σ(z) dW: what it is made of, its values at points, its file form.
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Activation, layout, Mlp, type MlpShape, roundUpBatch } from "../../nn/mlp.ts";

/**
 * constant: σ diagonal, the same everywhere; diagonal, full, triangular: by a network of z. triangular: lower with a positive
 * diagonal, relative to the Cholesky factor of the mean covariance; what strongly correlated noise needs.
 */
export type DiffusionKind = "constant" | "diagonal" | "full" | "triangular";

/** The shape of both networks. */
export interface SdeShape {
  /** Number of macroscopic variables, 1 … 8. */
  readonly d: number;
  readonly hidden: readonly number[];
  readonly activation: Activation;
  readonly diffusion: DiffusionKind;
}

/**
 * With z̃ = (z − center)/spread and the networks g, s:
 *   f(z) = offset + slope z̃ + driftScale ∘ g(z̃),     σ(z) = diag(noiseScale) F σ̃(z̃),
 * σ̃ = diag(exp s) (constant, diagonal), I + s (full) or the triangle of s (kernels/sde/sigma.wgsl); F (`frame`) is a lower triangle, the
 * identity unless σ̃ is triangular. Arrays have d
 * entries, `slope` and `frame` d × d row by row.
 */
export interface SdeModel extends SdeShape {
  readonly center: Float32Array;
  readonly spread: Float32Array;
  readonly offset: Float32Array;
  readonly slope: Float32Array;
  readonly driftScale: Float32Array;
  readonly noiseScale: Float32Array;
  readonly frame: Float32Array;
  /** Parameters of the drift network, then of the diffusion network (see `layout` in nn/mlp.ts). */
  readonly parameters: Float32Array;
}

export function sdeNetworks({ d, hidden, activation, diffusion }: SdeShape): MlpShape {
  if (!Number.isInteger(d) || d < 1 || d > 8) throw new InputError(`${d} macroscopic variables: use 1 to 8`);
  return { groups: 2, inputs: d, hidden, outputs: isMatrix(diffusion) ? d * d : d, activation };
}

const isMatrix = (diffusion: DiffusionKind) => diffusion === "full" || diffusion === "triangular";

/** Compile-time constants of the kernels under kernels/sde. */
export function sdeConstants(shape: SdeShape, width: number) {
  return {
    D: shape.d,
    FULL: shape.diffusion === "triangular" ? 2 : shape.diffusion === "full" ? 1 : 0,
    OUTPUTS: width,
  };
}

/** The networks of a model on the device, for `batch` points. The caller destroys them. */
export async function loadNetworks(gpu: Gpu, model: SdeModel, batch: number): Promise<Mlp> {
  const mlp = await Mlp.create(gpu, sdeNetworks(model), roundUpBatch(batch));
  gpu.write(mlp.parameters, model.parameters);
  return mlp;
}

export interface SdeValues {
  /** f, `[n, d]`, in units of z per time. */
  readonly drift: Float64Array;
  /** The matrix σσᵀ, `[n, d, d]`, in units of z² per time. */
  readonly diffusion: Float64Array;
}

/** f and σσᵀ at the points `z` `[n, d]`. */
export async function evaluate(gpu: Gpu, model: SdeModel, z: ArrayLike<number>): Promise<SdeValues> {
  const { d, center, spread, offset, slope, driftScale } = model;
  const n = z.length / d;
  const mlp = await loadNetworks(gpu, model, n);
  const standard = standardise(model, z, mlp.batch);
  gpu.write(mlp.input, standard);
  gpu.run(mlp.forward());
  const outputs = await gpu.read(mlp.output, Float32Array);
  const { width, batch } = mlp;
  mlp.destroy();
  const drift = new Float64Array(n * d);
  const diffusion = new Float64Array(n * d * d);
  for (let p = 0; p < n; p++) {
    for (let j = 0; j < d; j++) {
      let f = offset[j] + driftScale[j] * outputs[j * batch + p];
      for (let k = 0; k < d; k++) f += (slope[j * d + k] * (z[p * d + k] - center[k])) / spread[k];
      drift[p * d + j] = f;
    }
    const sigma = sigmaAt(model, (output) => outputs[(width + output) * batch + p]);
    for (let j = 0; j < d; j++) {
      for (let k = 0; k < d; k++) {
        let sum = 0;
        for (let l = 0; l < d; l++) sum += sigma[j * d + l] * sigma[k * d + l];
        diffusion[(p * d + j) * d + k] = sum;
      }
    }
  }
  return { drift, diffusion };
}

/** σ as a d × d matrix from the outputs of the diffusion network. */
function sigmaAt({ d, diffusion, noiseScale, frame }: SdeModel, output: (index: number) => number): Float64Array {
  const inner = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    for (let k = 0; k < d; k++) {
      const raw = output(isMatrix(diffusion) ? j * d + k : j);
      const scale = j === k ? Math.exp(Math.max(-12, Math.min(12, raw))) : 0;
      const below = diffusion === "triangular" && k < j ? raw : scale;
      inner[j * d + k] = diffusion === "full" ? (j === k ? 1 : 0) + raw : below;
    }
  }
  return Float64Array.from({ length: d * d }, (_, at) => {
    const j = Math.floor(at / d);
    let sum = 0;
    for (let l = 0; l <= j; l++) sum += frame[j * d + l] * inner[l * d + (at % d)];
    return noiseScale[j] * sum;
  });
}

/** z `[n, d]` standardised and feature-major, `[d][columns]`. */
export function standardise(
  { d, center, spread }: Pick<SdeModel, "d" | "center" | "spread">,
  z: ArrayLike<number>,
  columns: number,
): Float32Array {
  const out = new Float32Array(d * columns);
  for (let p = 0; p < z.length / d; p++) {
    for (let j = 0; j < d; j++) out[j * columns + p] = (z[p * d + j] - center[j]) / spread[j];
  }
  return out;
}

/**
 * The model that training with another λ gives. In units of the noise of the data the loss does not contain λ: f stays, σσᵀ goes
 * like 1/λ, so one training serves every λ.
 */
export function withLambda(model: SdeModel, lambda: number, trainedWith: number): SdeModel {
  const factor = Math.sqrt(trainedWith / lambda);
  return { ...model, noiseScale: model.noiseScale.map((scale) => scale * factor) };
}

const ARRAYS = ["center", "spread", "offset", "slope", "driftScale", "noiseScale", "frame", "parameters"] as const;

/** The arrays of a model by name, for a safetensors file; the shape goes into the experiment's parameters. */
export function modelTensors(model: SdeModel) {
  return Object.fromEntries(ARRAYS.map((name) => [name, { shape: [model[name].length], data: model[name] }]));
}

/** The model of a shape from its arrays. Throws InputError when an array is missing or has another length. */
export function modelFromTensors(
  shape: SdeShape,
  tensors: Record<string, { readonly data: ArrayLike<number> }>,
): SdeModel {
  const { d } = shape;
  const networks = sdeNetworks(shape);
  const parameterCount = networks.groups * layout(networks).stride;
  const lengths = {
    center: d,
    spread: d,
    offset: d,
    slope: d * d,
    driftScale: d,
    noiseScale: d,
    frame: d * d,
    parameters: parameterCount,
  };
  const arrays = Object.fromEntries(
    ARRAYS.map((name) => {
      const data = tensors[name]?.data;
      if (data?.length !== lengths[name]) {
        throw new InputError(`the model file has ${data?.length ?? 0} numbers for ${name}, not ${lengths[name]}`);
      }
      return [name, Float32Array.from(data)];
    }),
  ) as unknown as Pick<SdeModel, (typeof ARRAYS)[number]>;
  return { ...shape, ...arrays };
}
