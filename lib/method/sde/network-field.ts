// What fields by networks share: their training, their values at points, their file form.
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

/** What a network's module reads (kernels/sde/perceptron.wgsl), behind the numbers `before` of its field. */
export function networkOnDevice(
  module: string,
  shape: MlpShape,
  parameters: Float32Array,
  before: Float32Array,
  constants: Record<string, number>,
  weights: Float64Array | null,
): DeviceField {
  if (weights) throw new Error("a network has no draws of its parameters: train it on other data instead");
  const { layers } = layout(shape);
  const head = 2 + 3 * layers.length;
  const places = layers.flatMap(({ inputs, outputs, weights: at }) => [inputs, outputs, head + at]);
  return {
    module,
    constants: { ...constants, WIDE: Math.max(...layers.map(({ inputs, outputs }) => Math.max(inputs, outputs))) },
    numbers: Float32Array.of(...before, layers.length, shape.activation === "relu" ? 1 : 0, ...places, ...parameters),
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
