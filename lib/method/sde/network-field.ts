// What fields by networks share: their training, their values at points, their file form.
import { InputError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Tensors } from "../../io/safetensors.ts";
import {
  type Activation,
  initialParameters,
  layout,
  Mlp,
  type MlpShape,
  roundUpBatch,
  TrainableMlp,
} from "../../nn/mlp.ts";
import type { DeviceField, TrainableField, TrainingOptions } from "./field.ts";
import { type Points, standardise } from "./points.ts";
import type { Scales } from "./scales.ts";

/** Hidden layers of a multilayer perceptron. */
export interface Perceptron {
  /** Widths, multiples of 8. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
}

/** The perceptron of `outputs` functions of `inputs` variables. */
export function perceptron({ hidden, activation }: Perceptron, inputs: number, outputs: number): MlpShape {
  return { groups: 1, inputs, hidden, outputs, activation };
}

/** A perceptron in training. `number`: tells the networks of one equation apart. `constant`: only the bias of its last layer learns. */
export async function trainableNetwork<F>(
  gpu: Gpu,
  shape: MlpShape,
  { batch, seed, purpose, ...options }: TrainingOptions,
  number: number,
  field: (parameters: Float32Array, scales: Scales) => F,
  constant = false,
): Promise<TrainableField<F>> {
  const mlp = await TrainableMlp.createTrainable(gpu, shape, batch, { ...options, constant: [constant] });
  return Object.assign(mlp, { initial: initialParameters(shape, seed, purpose, number), field });
}

/** A network on the device, and what the module of its field reads beside its outputs, as `<role>_outputs` and `<role>_scales`. */
export async function deviceNetwork(
  gpu: Gpu,
  role: "drift" | "diffusion",
  shape: MlpShape,
  parameters: Float32Array,
  scales: Float32Array,
  constants: Record<string, number>,
  standard: GpuArray,
  columns: number,
): Promise<DeviceField> {
  const mlp = await Mlp.create(gpu, shape, columns, standard);
  gpu.write(mlp.parameters, parameters);
  const beside = gpu.buffer(`${role}.scales`, scales);
  return {
    module: `sde/network_${role}`,
    constants,
    bindings: { [`${role}_outputs`]: mlp.output, [`${role}_scales`]: beside },
    calls: mlp.forward(),
    destroy: () => {
      mlp.destroy();
      beside.destroy();
    },
  };
}

/** Outputs of a network at points, as a function of output and point. */
export async function networkOutputs(
  gpu: Gpu,
  shape: MlpShape,
  parameters: Float32Array,
  points: Points,
): Promise<(output: number, point: number) => number> {
  const mlp = await Mlp.create(gpu, shape, roundUpBatch(points.n));
  try {
    gpu.write(mlp.parameters, parameters);
    gpu.write(mlp.input, standardise(points, mlp.batch));
    gpu.run(mlp.forward());
    const outputs = await gpu.read(mlp.output, Float32Array);
    const columns = mlp.batch;
    return (output, point) => outputs[output * columns + point];
  } finally {
    mlp.destroy();
  }
}

/** Number of parameters. */
export function parameterCount(shape: MlpShape): number {
  return layout(shape).stride;
}

/** Flat arrays by name, for a file. */
export function flatTensors(arrays: Record<string, Float32Array>): Tensors {
  return Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, { shape: [data.length], data }]));
}

/** Arrays of given lengths out of a file. Throws InputError when one is missing or has another length. */
export function readArrays<N extends string>(tensors: Tensors, lengths: Record<N, number>): Record<N, Float32Array> {
  const entries = Object.entries<number>(lengths).map(([name, length]) => {
    const data = tensors[name]?.data;
    if (data?.length !== length) {
      throw new InputError(`the model file has ${data?.length ?? 0} numbers for ${name}, not ${length}`);
    }
    return [name, Float32Array.from(data)];
  });
  return Object.fromEntries(entries) as Record<N, Float32Array>;
}
