// What an equation dz = f(z) dt + σ(z) dW is made of: two fields, functions of z. Drift and diffusion are each of a kind of its own; a
// kind is one file here and one module under kernels/sde, listed in fields.ts.
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Call } from "../../gpu/kernel.ts";
import type { Tensors } from "../../io/safetensors.ts";
import type { Regression } from "../pairs.ts";
import type { FitOptions, Trainable } from "../train.ts";
import type { Points } from "./points.ts";
import type { Scales } from "./scales.ts";

/** Mean and spread of every variable, in its own unit: z̃ = (z − center)/spread is what kernels see. */
export interface Units {
  readonly center: Float32Array;
  readonly spread: Float32Array;
}

/** A field as the integrator links it: a function of z̃ and of numbers that stand in a buffer of both fields. */
export interface DeviceField {
  /** WGSL module below kernels/, without its ending. */
  readonly module: string;
  /** Sizes that the module imports; where both fields have one of a name, the larger counts. */
  readonly constants: Record<string, number>;
  /** What the module reads; parameters that differ between sets stand last, set after set. */
  readonly numbers: Float32Array;
}

/** A field in training: what it puts out goes into kernels/sde/loss.wgsl, the gradient comes back. */
export interface TrainableField<F> extends Trainable {
  /** `[inputs][batch]`, z̃ and then conditions, shared with the other field. */
  readonly input: GpuArray;
  readonly batch: number;
  /** `[width][batch]`, outputs with padding. */
  readonly width: number;
  readonly output: GpuArray;
  readonly outputGradient: GpuArray;
  /** `[inputs][batch]`; null unless it was asked for. */
  readonly inputGradient: GpuArray | null;
  readonly initial: Float32Array;
  forward(): Call[];
  backward(): Call[];
  /** The field of such parameters, in the units of the data. */
  field(parameters: Float32Array, scales: Scales): F;
  destroy(): void;
}

export interface TrainingOptions extends FitOptions {
  /**
   * Rows that the field reads, d by default: z̃ and conditions, or other variables, padded to a multiple of 8 where the gradient of the input
   * is wanted.
   */
  readonly inputs?: number;
  readonly inputGradient?: boolean;
  /** The input of the other field. */
  readonly input?: GpuArray;
  /** Name of the random stream of the first parameters. */
  readonly purpose?: string;
}

/** What the methods of a kind of field do; `S` says what to learn, `F` is the result. */
interface FieldKind<S, F> {
  /** A field that is trained by gradient steps, for d variables; kinds without are solved. */
  trainable?(gpu: Gpu, spec: S, d: number, options: TrainingOptions): Promise<TrainableField<F>>;
  /**
   * `weights` `[draws, groups]`: parameters drawn from what the training data leave open, one set a draw (`drawnCoefficients`); null: the
   * field itself. Throws Error where it has no such draws.
   */
  load(field: F, units: Units, weights: Float64Array | null): DeviceField;
  /** How many groups of training data draws are made of; 0: none. */
  groups(field: F): number;
  /** Standard errors that the training data leave of what `values` gives, in the same shape. */
  errors?(field: F, z: ArrayLike<number>): Float64Array;
  /** The arrays of a field, and the rest as JSON. */
  write(field: F): { head: object; tensors: Tensors };
  /** The inverse. Throws InputError for arrays that are missing or of another length. */
  read(head: object, tensors: Tensors, d: number): F;
  /**
   * The field of systems of one condition (temperature, say): of z alone, what `load` and `values` want. Throws InputError for conditions
   * outside the training data, or another number of them.
   */
  atCondition(field: F, condition: readonly number[]): F;
}

export interface DriftKind<S, F> extends FieldKind<S, F> {
  /** What the training takes in place of the scales of its data. */
  scales?(scales: Scales): Scales;
  /** f, `[n, d]`, in units of z per time. */
  values(gpu: Gpu, field: F, points: Points): Promise<Float64Array>;
  /** What is solved in closed form behind the training. */
  finish?(gpu: Gpu, model: Omit<Points, "n" | "z"> & { readonly drift: F }, data: Regression): Promise<F>;
}

export interface DiffusionKind<S, F> extends FieldKind<S, F> {
  /** σσᵀ, `[n, d, d]`, in units of z² per time. */
  values(gpu: Gpu, field: F, points: Points): Promise<Float64Array>;
  /** Whether its training wants the Cholesky factor of the mean noise as frame (scales.ts). */
  inMeanFrame?(spec: S): boolean;
  /** Of kernels/sde/loss.wgsl. */
  lossConstants?(spec: S): Record<string, number>;
  /** σ times a factor. */
  scaled(field: F, factor: number): F;
}
