// A kind of encoder: a multilayer perceptron on the numbers of a patch of fields, in one or two dimensions (paper, section 2).
import { InputError } from "../../errors.ts";
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
import type { DiffusiveSystem, FieldStates, System } from "../../systems/system.ts";
import type { FitOptions } from "../train.ts";
import type { Encoder } from "./coordinates.ts";
import { type Draw, type EncoderKind, linearParameters, passes, patchCount } from "./encoder.ts";
import { decoderHead, type Head } from "./head.ts";
import type { ClosureTable } from "./table.ts";

/** Columns of one evaluation at the most. */
const MAX_COLUMNS = 16_384;
/** The kernel holds center and scale of so many parts. */
const MAX_PARTS = 4;

export interface PerceptronShape {
  readonly kind: "perceptron";
  /** 1 or 2. */
  readonly dimension: number;
  /** Sites per side of a patch. */
  readonly patchSide: number;
  /** Numbers per site, at most 4. */
  readonly parts: number;
  /** Whether the network reads all parts of a patch together; else one network serves each part by itself (paper). */
  readonly joint: boolean;
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /** Closure variables, a multiple of the parts unless joint. */
  readonly variables: number;
}

export interface PerceptronModel extends PerceptronShape {
  /** Numbers of part p are read as (x − center[p]) scale[p]. */
  readonly center: Float32Array;
  readonly scale: Float32Array;
  readonly parameters: Float32Array;
}

/** Patches [first, first + count) in columns of the network: group g of patch b in column g · columns + b. */
interface Pass {
  readonly first: number;
  readonly count: number;
  readonly columns: number;
}

export const perceptron: EncoderKind<PerceptronShape, PerceptronModel> = {
  arrays(shape) {
    const { parts } = shape;
    return { center: parts, scale: parts, parameters: layout(perceptronNetwork(shape).network).stride };
  },
  words: (shape) => shape.parts * perceptronNetwork(shape).size,
  training,
  linear: {
    features: linearFeatures,
    model: (shape, weights, constants) => ({
      ...shape,
      center: new Float32Array(shape.parts),
      scale: new Float32Array(shape.parts).fill(1),
      parameters: linearParameters(perceptronNetwork(shape).network, weights, constants),
    }),
  },
  encoder,
};

/** The numbers of a patch. Throws InputError for hidden layers, and for one map of several parts. */
function linearFeatures(shape: PerceptronShape): number {
  if (shape.hidden.length > 0) {
    throw new InputError("an encoder with hidden layers is trained: one without them is linear, and can be solved for");
  }
  if (!shape.joint && shape.parts > 1) {
    throw new InputError("an encoder that serves each part by itself is trained: a joint one can be solved for");
  }
  return perceptronNetwork(shape).inputs;
}

/** What one pass of the network sees: `groups` columns per patch with `inputs` numbers and `outputs` variables each. */
export function perceptronNetwork(shape: PerceptronShape) {
  const { dimension, patchSide, parts, joint, hidden, activation, variables } = shape;
  if (dimension !== 1 && dimension !== 2) throw new InputError(`fields in ${dimension} dimensions: use 1 or 2`);
  if (!(Number.isInteger(patchSide) && patchSide > 0)) throw new InputError(`patches of ${patchSide} sites a side`);
  if (!(Number.isInteger(parts) && parts > 0 && parts <= MAX_PARTS)) {
    throw new InputError(`${parts} numbers per site: use 1 to ${MAX_PARTS}`);
  }
  const groups = joint ? 1 : parts;
  if (!(Number.isInteger(variables) && variables >= 1 && variables % groups === 0)) {
    throw new InputError(`${variables} closure variables are not a positive multiple of the ${parts} parts`);
  }
  const size = patchSide ** dimension;
  const inputs = joint ? parts * size : size;
  const outputs = variables / groups;
  const network: MlpShape = { groups: 1, inputs: padded(inputs), hidden, outputs, activation };
  return { size, groups, inputs, outputs, network };
}

/** Uniform of kernels/closure/gather.wgsl but for `draw` and `first`: `patches` per sample, of stored states of `side`. */
export function gatherUniform(
  { dimension, patchSide, parts, center, scale }: Omit<PerceptronModel, "parameters">,
  side: number,
  patches: number,
  rows: number,
  columns: number,
) {
  const four = (values: Float32Array) => Float32Array.from({ length: MAX_PARTS }, (_, p) => values[p] ?? 0);
  const tiling = { side, patch_side: patchSide, dimension };
  return { tiling, patches, parts, rows, columns, center: four(center), scale: four(scale) };
}

function gatherKernel(gpu: Gpu, { joint }: PerceptronShape, drawn: boolean) {
  return gpu.kernel("closure/gather.wgsl", { constants: { JOINT: joint ? 1 : 0 }, conditions: { DRAWN: drawn } });
}

async function training(gpu: Gpu, shape: PerceptronShape, table: ClosureTable, options: FitOptions) {
  const { groups, outputs, network } = perceptronNetwork(shape);
  const { patches, words } = table;
  const standard = { ...shape, ...partScales(table, shape) };
  const gather = await gatherKernel(gpu, shape, true);
  const encoder = await TrainableMlp.createTrainable(
    gpu,
    network,
    roundUpBatch(groups * patches * options.batch),
    options,
  );
  const fields = gpu.buffer("closure.fields", words);
  const uniform = gatherUniform(standard, shape.patchSide, patches, network.inputs, encoder.batch);
  const { step, input } = encoder;
  return {
    network: encoder,
    initial: initialParameters(network, options.seed, "closure/encoder"),
    groups,
    outputs,
    activation: shape.activation,
    read: (draw: Draw) =>
      gather.call({ params: { ...uniform, draw, first: 0 }, step, fields, input }, Math.ceil(encoder.batch / 64)),
    decoder: (hidden: readonly number[], observables: Float32Array) =>
      decoder(gpu, shape, table, hidden, observables, encoder, options),
    model: (parameters: Float32Array) => ({ ...standard, parameters }),
    destroy() {
      fields.destroy();
      encoder.destroy();
    },
  };
}

/** A perceptron from z to the standardised configurations of all patches of the table, which are the encoder's input; mean square. */
async function decoder(
  gpu: Gpu,
  shape: PerceptronShape,
  { patches, pairs }: ClosureTable,
  hidden: readonly number[],
  observables: Float32Array,
  encoder: Mlp,
  options: FitOptions,
): Promise<Head> {
  const { batch, seed } = options;
  if (batch !== roundUpBatch(batch)) {
    throw new InputError(`a batch of ${batch} snapshots is not a multiple of ${roundUpBatch(1)}, as decoders need`);
  }
  const { size, inputs: inner } = perceptronNetwork(shape);
  const outputs = shape.parts * patches * size;
  const rows = padded(pairs.d + shape.variables);
  const network = { groups: 1, inputs: rows, hidden, outputs, activation: shape.activation };
  const kernel = await gpu.kernel("nn/mean_square.wgsl");
  const reader = await TrainableMlp.createTrainable(gpu, network, batch, { ...options, inputGradient: true });
  const initial = initialParameters(network, seed, "closure/reader");
  const { width, output, outputGradient: gradient } = reader;
  const params = { batch, outputs, width, inner, columns: encoder.batch };
  return decoderHead(gpu, reader, initial, observables, pairs.d, "mean squared error, over the variance", (losses) =>
    kernel.call({ params, outputs: output, target_values: encoder.input, gradient, losses }, Math.ceil(batch / 64)),
  );
}

function encoder(gpu: Gpu, system: System, model: PerceptronModel): Encoder<FieldStates> {
  if (!isDiffusive(system)) {
    throw new InputError(`${system.name} has no fields of numbers, which this encoder reads: use one of another kind`);
  }
  const { parts, variables, dimension, patchSide } = model;
  if (system.parts !== parts || system.dimension !== dimension) {
    throw new InputError(
      `the encoder reads ${parts} numbers per site in dimension ${dimension}, ${system.name} has ${system.parts} in dimension ${system.dimension}`,
    );
  }
  const { noiseVariance } = system;
  const { groups, outputs, network } = perceptronNetwork(model);

  /** Feeds all patches through the network, as many at a time as fit; `use` reads the network behind each pass. */
  async function feed<M extends Mlp>(
    { fields, count, side }: FieldStates,
    create: (batch: number) => Promise<M>,
    use: (mlp: M, pass: Pass) => Promise<void>,
  ) {
    const total = count * patchCount(side, patchSide, dimension);
    const columns = Math.min(total, Math.floor(MAX_COLUMNS / groups));
    const gather = await gatherKernel(gpu, model, false);
    const mlp = await create(roundUpBatch(columns * groups));
    try {
      // Every patch is a sample.
      const uniform = gatherUniform(model, side, 1, network.inputs, mlp.batch);
      const draw = { rows: total, batch: columns, half_bits: 0, key: [0, 0] };
      const forward = mlp.forward();
      for (const { first, count } of passes(total, columns)) {
        const params = { ...uniform, draw, first };
        const call = gather.call({ params, fields, input: mlp.input }, Math.ceil(mlp.batch / 64));
        gpu.run([call, ...forward]);
        await use(mlp, { first, count, columns });
      }
    } finally {
      mlp.destroy();
    }
  }

  async function encode(states: FieldStates): Promise<Float32Array> {
    const values = new Float32Array(states.count * patchCount(states.side, patchSide, dimension) * variables);
    const create = async (batch: number) => {
      const mlp = await Mlp.create(gpu, network, batch);
      gpu.write(mlp.parameters, model.parameters);
      return mlp;
    };
    await feed(states, create, async (mlp, pass) => {
      const rows = await gpu.read(mlp.output, Float32Array, outputs * mlp.batch);
      scatter(values, rows, mlp.batch, groups, outputs, pass);
    });
    return values;
  }

  /** noise · J Jᵀ with the Jacobian J of z. */
  async function variation(states: FieldStates, time: number): Promise<Float32Array> {
    if (states.side !== patchSide) throw new Error("the variation is that of single patches: cut them out first");
    const d = parts + variables;
    const result = new Float32Array((states.count * (d * (d + 1))) / 2);
    const create = async (batch: number) => {
      const options = { steps: 1, learningRate: 0, weightDecay: 0, inputGradient: true } as const;
      const mlp = await TrainableMlp.createTrainable(gpu, network, batch, options);
      mlp.load(model.parameters);
      return mlp;
    };
    await feed(states, create, async (mlp, pass) => {
      const { batch, width } = mlp;
      const gradients: Float32Array[] = [];
      for (let c = 0; c < outputs; c++) {
        gpu.write(mlp.outputGradient, new Float32Array(width * batch).fill(1, c * batch, (c + 1) * batch));
        gpu.run(mlp.backpropagate());
        gradients.push(await gpu.read(mlp.inputGradient, Float32Array));
      }
      jacobianSquares(result, gradients, batch, model, noiseVariance * time, pass);
    });
    return result;
  }

  return { variables, encode, ...(system.observables.length === parts && { variation }) };
}

/** Outputs of a pass, `[outputs][batch]`, as rows of `values`. */
function scatter(
  values: Float32Array,
  rows: Float32Array,
  batch: number,
  groups: number,
  outputs: number,
  { first, count, columns }: Pass,
): void {
  for (let c = 0; c < outputs; c++) {
    for (let group = 0; group < groups; group++) {
      const from = c * batch + group * columns;
      for (let b = 0; b < count; b++) values[((first + b) * groups + group) * outputs + c] = rows[from + b];
    }
  }
}

/** noise · J Jᵀ of a pass as rows of `result`; `gradients`: those of each output with respect to the network's input, `[inputs][batch]`. */
function jacobianSquares(
  result: Float32Array,
  gradients: readonly Float32Array[],
  batch: number,
  model: PerceptronModel,
  noise: number,
  { first, count, columns }: Pass,
): void {
  const { parts, joint, scale } = model;
  const { size, groups, inputs, outputs } = perceptronNetwork(model);
  const d = parts + groups * outputs;
  const rows = Array.from({ length: d }, () => new Float64Array(parts * size));
  for (let p = 0; p < parts; p++) rows[p].fill(1 / size, p * size, (p + 1) * size);
  let at = (first * d * (d + 1)) / 2;
  for (let b = 0; b < count; b++) {
    for (let group = 0; group < groups; group++) {
      const start = joint ? 0 : group * size;
      for (let c = 0; c < outputs; c++) {
        const row = rows[parts + group * outputs + c];
        for (let i = 0; i < inputs; i++) {
          const part = Math.floor((start + i) / size);
          row[start + i] = gradients[c][i * batch + group * columns + b] * scale[part];
        }
      }
    }
    for (let j = 0; j < d; j++) {
      for (let k = j; k < d; k++) {
        let sum = 0;
        for (let i = 0; i < parts * size; i++) sum += rows[j][i] * rows[k][i];
        result[at++] = noise * sum;
      }
    }
  }
}

function isDiffusive(system: System): system is DiffusiveSystem {
  return "parts" in system && "noiseVariance" in system;
}

/** Mean of every part over all configurations, and one over its standard deviation. */
function partScales({ words }: ClosureTable, shape: PerceptronShape) {
  const { parts } = shape;
  const { size } = perceptronNetwork(shape);
  const numbers = new Float32Array(words.buffer, words.byteOffset, words.length);
  const n = numbers.length / parts;
  const center = new Float32Array(parts);
  const scale = new Float32Array(parts);
  for (let p = 0; p < parts; p++) {
    let sum = 0;
    let squares = 0;
    for (let start = p * size; start < numbers.length; start += parts * size) {
      for (let i = start; i < start + size; i++) {
        sum += numbers[i];
        squares += numbers[i] ** 2;
      }
    }
    const mean = sum / n;
    center[p] = mean;
    scale[p] = 1 / (Math.sqrt(Math.max(0, squares / n - mean ** 2)) || 1);
  }
  return { center, scale };
}

/** Networks read multiples of 8 numbers. */
function padded(inputs: number): number {
  return Math.ceil(inputs / 8) * 8;
}
