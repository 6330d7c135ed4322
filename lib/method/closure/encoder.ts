// What a kind of encoder ψ has to offer: training on the patches of a table, arrays for a file, evaluation on a system. The kinds that
// there are stand in kinds.ts.
import { InputError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Call } from "../../gpu/kernel.ts";
import { type Activation, layout, type MlpShape } from "../../nn/mlp.ts";
import type { States, System } from "../../systems/system.ts";
import type { drawUniform, FitOptions, Trainable } from "../train.ts";
import type { Encoder } from "./coordinates.ts";
import type { Head } from "./head.ts";
import type { ClosureTable } from "./table.ts";

/** Which rows a mini-batch is made of. */
export type Draw = ReturnType<typeof drawUniform>;

export interface AnyShape {
  readonly kind: string;
  readonly patchSide: number;
  /** Closure variables. */
  readonly variables: number;
}

/** `Model`: a shape with the numbers that training gives it, float32 arrays. */
export interface EncoderKind<Shape extends AnyShape, Model extends Shape> {
  /** Lengths of a model's arrays by name. Throws InputError for a shape that cannot be. */
  arrays(shape: Shape): Record<string, number>;
  /** 32-bit words of a packed patch. */
  words(shape: Shape): number;
  /** The network of a shape that arrays() takes, on a table of such patches. Throws InputError for a batch that does not fit. A kind without it is solved. */
  training?(gpu: Gpu, shape: Shape, table: ClosureTable, options: FitOptions): Promise<EncoderTraining<Model>>;
  /** Where ψ is linear in features of a patch, to be solved for (lagged.ts). */
  readonly linear?: LinearKind<Shape, Model>;
  /** ψ on a system. Holds nothing on the device between calls. Throws InputError unless the system has what the encoder reads. */
  encoder(gpu: Gpu, system: System, model: Model): Encoder<States>;
}

export interface LinearKind<Shape extends AnyShape, Model extends Shape> {
  /** Number of features. Throws InputError for a shape that is not linear. */
  features(shape: Shape): number;
  /** ψ_v = constant_v + Σ weight_vf feature_f; weights `[variables, features]`, constants `[variables]` or none. */
  model(shape: Shape, weights: ArrayLike<number>, constants: ArrayLike<number>): Model;
}

/** Parameters of a network of one layer (nn/mlp.ts) with weights `[outputs, count]`, count at most its inputs, and constants. */
export function linearParameters(
  network: MlpShape,
  weights: ArrayLike<number>,
  constants: ArrayLike<number>,
): Float32Array {
  const { layers, stride } = layout(network);
  const [{ weights: start, bias, outputs: width }] = layers;
  const count = weights.length / network.outputs;
  const parameters = new Float32Array(stride);
  for (let v = 0; v < network.outputs; v++) {
    for (let f = 0; f < count; f++) parameters[start + f * width + v] = weights[v * count + f];
    parameters[bias + v] = constants[v] ?? 0;
  }
  return parameters;
}

/** An encoder in training. */
export interface EncoderTraining<Model> {
  readonly network: EncoderNetwork;
  readonly initial: Float32Array;
  /** Blocks of a patch, which the network sees as columns of their own, and outputs of each: variable g · outputs + c is output c of block g. */
  readonly groups: number;
  readonly outputs: number;
  /** Activation of the networks that read it in `dynamics`. */
  readonly activation: Activation;
  /** Puts the patches of a drawn batch of snapshots into the network's input: column (q · batch + b) is block q = g · P + I of sample b. */
  read(draw: Draw): Call;
  /**
   * Rebuilds the configurations that the network reads. `observables`: standardised, `[d][snapshots]`. Throws InputError where the
   * patches or the batch do not suit it.
   */
  decoder(hidden: readonly number[], observables: Float32Array): Promise<Head>;
  model(parameters: Float32Array): Model;
  destroy(): void;
}

export interface EncoderNetwork extends Trainable {
  /** Columns. */
  readonly batch: number;
  /** Rows of the output. */
  readonly width: number;
  /** `[width][batch]`. */
  readonly output: GpuArray;
  readonly outputGradient: GpuArray;
  forward(): Call[];
  backward(): Call[];
}

/** Number of patches that tile a system. Throws InputError where they do not. */
export function patchCount(side: number, patchSide: number, dimension: number): number {
  if (side % patchSide !== 0) throw new InputError(`patch side ${patchSide} does not divide lattice side ${side}`);
  return (side / patchSide) ** dimension;
}

/** Consecutive pieces of `total` patches, `most` at a time. */
export function passes(total: number, most: number): { first: number; count: number }[] {
  return Array.from({ length: Math.ceil(total / most) }, (_, k) => ({
    first: k * most,
    count: Math.min(most, total - k * most),
  }));
}
