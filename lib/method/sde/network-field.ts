// What fields by networks share: their training, their values at points, their file form.
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
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

/** What corrects an affine map: offset + slope z̃ + scale ∘ g(z̃), g the perceptron. `slope` `[d, d]` row by row, the others d numbers. */
export interface AffineNetwork extends Perceptron {
  readonly offset: Float32Array;
  readonly slope: Float32Array;
  readonly scale: Float32Array;
  /** See `layout` in nn/mlp.ts. */
  readonly parameters: Float32Array;
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
