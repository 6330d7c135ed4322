// What fields by networks share: their training, their values at points, their file form.
import type { Gpu } from "../../gpu/device.ts";
import { readArrays } from "../../io/format.ts";
import type { Tensors } from "../../io/safetensors.ts";
import {
  ACTIVATIONS,
  type Activation,
  initialParameters,
  type Layer,
  layout,
  Mlp,
  type MlpShape,
  roundUpBatch,
  TrainableMlp,
} from "../../nn/mlp.ts";
import { concatenate, wholeVectors } from "../concatenate.ts";
import type { Conditioned } from "./conditions.ts";
import type { DeviceField, TrainableField, TrainingOptions } from "./field.ts";
import { type Points, standardise } from "./points.ts";
import type { Scales } from "./scales.ts";

/** Hidden layers of a multilayer perceptron. */
export interface Perceptron {
  /** Widths, multiples of 8. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
}

/**
 * What corrects an affine map: offset + slope x + scale ∘ g(x), x = (z̃, c̃) and g the perceptron. `slope` `[d, d + conditions]` row by
 * row, the others d numbers.
 */
export interface AffineNetwork extends Perceptron, Conditioned {
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

/** Parameters of a group of networks whose last inputs have these values: a group of fewer inputs, their part in its first biases. */
export function withInputs(shape: MlpShape, parameters: Float32Array, values: ArrayLike<number>): Float32Array {
  const { layers, stride } = layout(shape);
  const [{ inputs, outputs, bias }] = layers;
  const own = (inputs - values.length) * outputs;
  const shorter = stride - values.length * outputs;
  const out = new Float32Array(shape.groups * shorter);
  for (let g = 0; g < shape.groups; g++) {
    const all = parameters.subarray(g * stride, (g + 1) * stride);
    const rest = out.subarray(g * shorter, (g + 1) * shorter);
    rest.set(all.subarray(0, own));
    rest.set(all.subarray(bias), own);
    for (let o = 0; o < outputs; o++) {
      let sum = all[bias + o];
      for (let k = 0; k < values.length; k++) sum += values[k] * all[own + k * outputs + o];
      rest[own + o] = sum;
    }
  }
  return out;
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

/** Outputs of one network at one point, in float64. */
export function outputsAt(shape: MlpShape, parameters: Float32Array, x: ArrayLike<number>): Float64Array {
  let values = Float64Array.from(x);
  for (const { inputs, outputs, weights, bias, activation } of layout(shape).layers) {
    const before = values;
    values = Float64Array.from({ length: outputs }, (_, o) => {
      let sum = parameters[bias + o];
      for (let k = 0; k < inputs; k++) sum += parameters[weights + k * outputs + o] * before[k];
      if (activation === ACTIVATIONS.tanh) return Math.tanh(sum);
      if (activation === ACTIVATIONS.relu) return Math.max(0, sum);
      return activation === ACTIVATIONS.requr ? Math.max(0, sum) ** 2 - Math.max(0, sum - 0.5) ** 2 : sum;
    });
  }
  return values;
}

/** Numbers of a network on the device (kernels/sde/perceptron.wgsl), its parameters last; a multiple of four of them. */
export function networkNumbers(shape: MlpShape, parameters: Float32Array): Float32Array {
  const { layers } = layout(shape);
  const head = 4 * Math.ceil((2 + 3 * layers.length) / 4);
  const places = layers.flatMap(({ inputs, outputs, weights }) => [inputs, outputs, head + weights]);
  const first = Float32Array.of(layers.length, ACTIVATIONS[shape.activation], ...places);
  return concatenate([wholeVectors(first), parameters]);
}

/** Inputs or outputs of its widest layer. */
export const widest = (shape: MlpShape): number =>
  Math.max(...layout(shape).layers.map(({ inputs, outputs }) => Math.max(inputs, outputs)));

/** Throws Error where draws of the parameters are wanted. */
export function requireNoDraws(weights: Float64Array | null): void {
  if (weights) throw new Error("a network has no draws of its parameters: train it on other data instead");
}

/** What a network's module reads, behind the numbers `before` of its field. */
export function networkOnDevice(
  module: string,
  shape: MlpShape,
  parameters: Float32Array,
  before: Float32Array,
  constants: Record<string, number>,
  weights: Float64Array | null,
): DeviceField {
  requireNoDraws(weights);
  return {
    module,
    constants: { ...constants, WIDE: widest(shape) },
    numbers: concatenate([wholeVectors(before), networkNumbers(shape, parameters)]),
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

/** Layers as a file keeps them: `<name> layer <l> weight` `[inputs, outputs]` and `bias` `[outputs]`, outputs with padding; several networks are numbered. */
export function layerTensors(name: string, shape: MlpShape, parameters: Float32Array): Tensors {
  const tensors: Tensors = {};
  eachLayer(name, shape, (own, { inputs, outputs }, weights, bias) => {
    const rows = parameters.slice(weights, weights + inputs * outputs);
    tensors[`${own} weight`] = { shape: [inputs, outputs], data: rows };
    tensors[`${own} bias`] = { shape: [outputs], data: parameters.slice(bias, bias + outputs) };
  });
  return tensors;
}

/** The inverse. Throws InputError for layers that are missing or of another size. */
export function layerParameters(name: string, shape: MlpShape, tensors: Tensors): Float32Array {
  const parameters = new Float32Array(shape.groups * layout(shape).stride);
  eachLayer(name, shape, (own, { inputs, outputs }, weights, bias) => {
    const sizes = { [`${own} weight`]: inputs * outputs, [`${own} bias`]: outputs };
    const { [`${own} weight`]: rows, [`${own} bias`]: biases } = readArrays(tensors, sizes, "model");
    parameters.set(rows, weights);
    parameters.set(biases, bias);
  });
  return parameters;
}

/** Calls `use` for every layer of every network with its name, and where its weights and biases begin. */
function eachLayer(
  name: string,
  shape: MlpShape,
  use: (name: string, layer: Layer, weights: number, bias: number) => void,
): void {
  const { layers, stride } = layout(shape);
  for (let g = 0; g < shape.groups; g++) {
    const own = shape.groups > 1 ? `${name} ${g}` : name;
    for (const [l, layer] of layers.entries())
      use(`${own} layer ${l}`.trim(), layer, g * stride + layer.weights, g * stride + layer.bias);
  }
}
