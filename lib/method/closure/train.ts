// Learning the encoder ψ, of fields or (spin-closure.ts) of spins, with one of two objectives:
//   autoencoder  (paper, section 2) a decoder rebuilds the configuration from z = (observables, mean of ψ); mean square of
//                fields, cross-entropy of spins.
//   dynamics     ψ, f and σ together on the likelihood of what partial evolution does to the observables, given z.
//
// Why `dynamics` takes the likelihood of the observables alone: that of all of z has no maximum. If ψ shrinks, or repeats an
// observable, det C → 0 and −log det C grows without bound, although nothing became more predictable. The observables are
// fixed, so their likelihood can only grow by closure variables that tell more about their drift and noise. The
// equation of the closure variables themselves is fitted afterwards, with all of z, for every closure in the same way.
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Call } from "../../gpu/kernel.ts";
import { type Activation, initialParameters, roundUpBatch, TrainableMlp } from "../../nn/mlp.ts";
import { type Pairs, regression } from "../pairs.ts";
import { lossCall, lossData, standardisation, stateScales } from "../sde/fit.ts";
import { standardise } from "../sde/model.ts";
import {
  drawUniform,
  type FitOptions,
  type FitProgress,
  requireBatch,
  type Trainable,
  trainNetworks,
} from "../train.ts";
import { type EncoderModel, type EncoderShape, encoderNetwork, gatherUniform } from "./encoder.ts";
import type { ClosureTable } from "./table.ts";

export const CLOSURES = ["autoencoder", "dynamics"] as const;
export type ClosureKind = (typeof CLOSURES)[number];

/** A network in training, of either kind, for `batch` columns. */
interface Network extends Trainable {
  readonly batch: number;
  readonly input: GpuArray;
  /** Steps done; a device counter. */
  readonly step: GpuArray;
  forward(): Call[];
  backward(): Call[];
  destroy(): void;
}

/** ψ in training: column (q · batch + b) of its input is block q of sample b of the mini-batch. */
export interface EncoderNetwork extends Network {
  /** `[width][batch]`. */
  readonly width: number;
  readonly output: GpuArray;
  readonly outputGradient: GpuArray;
}

/** The network that reads z = (observables, closure variables), and how its loss is taken. */
export interface Head {
  /** Input `[rows][batch]`, its gradient `[readers][rows][batch]`. */
  readonly reader: Network & { readonly inputGradient: GpuArray | null };
  readonly readers: number;
  readonly rows: number;
  readonly initial: Float32Array;
  /** Rows of numbers `[fields][snapshots]`; the first are the standardised observables. */
  readonly data: Float32Array;
  readonly fields: number;
  readonly observables: number;
  /** Loss and gradient of the batch `drawn` `[fields][batch]`; `losses` `[batch]`. */
  loss(drawn: GpuArray, losses: GpuArray): Promise<Call>;
}

/** How outputs of ψ become closure variables (kernels/closure/pool.wgsl). */
export interface Pooling {
  readonly groups: number;
  /** Per group. */
  readonly outputs: number;
  readonly patches: number;
}

/**
 * Trains an encoder of `shape` on the table. `hidden`: widths of the decoder or of f and σ. Deterministic for given data, options
 * and adapter. Throws InputError when there are fewer snapshots than one batch, Error when training diverges.
 */
export async function trainClosure(
  gpu: Gpu,
  kind: ClosureKind,
  table: ClosureTable,
  shape: EncoderShape,
  hidden: readonly number[],
  options: FitOptions,
  progress: FitProgress = {},
): Promise<EncoderModel> {
  const { parts, patches, fields, pairs } = table;
  const { batch, seed } = options;
  requireBatch(pairs.whole.length / parts, batch);
  const { groups, outputs, network } = encoderNetwork(shape);
  const scales = partScales(table);
  const encoder = await TrainableMlp.createTrainable(gpu, network, groups * patches * batch, options);
  const head =
    kind === "autoencoder"
      ? await decoderHead(gpu, table, shape, hidden, options, encoder)
      : await dynamicsHead(gpu, pairs, shape.variables, hidden, shape.activation, options);
  const gather = await gpu.kernel("closure/gather.wgsl", {
    constants: { JOINT: shape.joint ? 1 : 0 },
    conditions: { DRAWN: true },
  });
  const configurations = gpu.buffer("closure.fields", fields);
  const uniform = gatherUniform({ ...shape, ...scales }, patches, network.inputs, encoder.batch);
  const read = (draw: ReturnType<typeof drawUniform>) =>
    gather.call(
      {
        params: { ...uniform, draw, first: 0 },
        step: encoder.step,
        fields: configurations,
        input: encoder.input,
      },
      encoder.batch / 64,
    );
  const initial = initialParameters(network, seed, "closure/encoder");
  try {
    const pooling = { groups, outputs, patches };
    const parameters = await trainEncoder(gpu, kind, encoder, initial, read, pooling, head, options, progress);
    return { ...shape, ...scales, parameters };
  } finally {
    configurations.destroy();
    encoder.destroy();
    head.reader.destroy();
  }
}

/**
 * Trains an encoder together with the head that reads its means over the patches, and returns the encoder's parameters.
 * `read`: the call that puts the configurations of a drawn batch into the encoder's input. Where the head has more columns
 * than the batch has snapshots, a multiple, it sees every snapshot as many times: mean loss and gradient are the same.
 */
export async function trainEncoder(
  gpu: Gpu,
  kind: ClosureKind,
  encoder: EncoderNetwork,
  initial: Float32Array,
  read: (draw: ReturnType<typeof drawUniform>) => Call,
  { groups, outputs, patches }: Pooling,
  head: Head,
  options: FitOptions,
  progress: FitProgress,
): Promise<Float32Array> {
  const { batch } = options;
  const { reader, readers, rows, fields, observables } = head;
  const columns = encoder.batch;
  const draw = drawUniform(head.data.length / fields, batch, options.seed, "closure/batches");
  const [drawBatch, pool, unpool, repeat, fold] = await Promise.all(
    ["nn/draw_batch", "closure/pool", "closure/unpool", "closure/repeat", "closure/fold"].map((name) =>
      gpu.kernel(`${name}.wgsl`),
    ),
  );
  const repeats = reader.batch > batch;
  const own = {
    data: gpu.buffer("closure.data", head.data),
    drawn: gpu.buffer("closure.drawn", 4 * fields * batch),
    losses: gpu.buffer("closure.losses", 4 * reader.batch),
    ...(repeats && {
      z: gpu.buffer("closure.z", 4 * rows * batch),
      gradient: gpu.buffer("closure.gradient", 4 * readers * rows * batch),
      repeated: gpu.buffer("closure.repeated", 4 * fields * reader.batch),
    }),
  };
  const { data, drawn, losses, z = reader.input, gradient = reader.inputGradient!, repeated = drawn } = own;
  const toReader = (count: number, x: GpuArray, y: GpuArray) =>
    repeat.call(
      { params: { rows: count, batch, columns: reader.batch }, x, y },
      Math.ceil((count * reader.batch) / 64),
    );
  const fromReader = { rows: readers * rows, batch, columns: reader.batch };
  const pooling = { batch, groups, outputs, patches, columns, offset: observables };
  const calls = [
    drawBatch.call(
      { params: { draw, fields, inputs: observables }, step: reader.step, data, batch: drawn, input: z },
      Math.ceil(batch / 64),
    ),
    read(draw),
    ...encoder.forward(),
    pool.call({ params: pooling, y: encoder.output, input: z }, Math.ceil((groups * outputs * batch) / 64)),
    ...(repeats ? [toReader(rows, z, reader.input), toReader(fields, drawn, repeated)] : []),
    ...reader.forward(),
    await head.loss(repeated, losses),
    ...reader.backward(),
    ...(repeats
      ? [
          fold.call(
            { params: fromReader, y: reader.inputGradient!, x: gradient },
            Math.ceil((readers * rows * batch) / 64),
          ),
        ]
      : []),
    unpool.call(
      { params: { ...pooling, width: encoder.width, readers, rows }, gradient, dy: encoder.outputGradient },
      Math.ceil((encoder.width * columns) / 64),
    ),
    ...encoder.backward(),
  ];
  try {
    const networks = [encoder, reader];
    const starts = [initial, head.initial];
    await trainNetworks(gpu, `the ${kind} closure`, networks, starts, calls, losses, options.steps, progress);
    return (await encoder.save()).parameters;
  } finally {
    for (const buffer of Object.values(own)) buffer?.destroy();
  }
}

/** Rebuilds the standardised configurations of all patches of the table: the target is what the encoder reads. */
async function decoderHead(
  gpu: Gpu,
  table: ClosureTable,
  shape: EncoderShape,
  hidden: readonly number[],
  options: FitOptions,
  encoder: TrainableMlp,
): Promise<Head> {
  const { parts, size, patches, pairs } = table;
  const outputs = parts * patches * size;
  const { inputs: inner } = encoderNetwork(shape);
  const rows = paddedInputs(parts, shape.variables);
  const network = { groups: 1, inputs: rows, hidden, outputs, activation: shape.activation };
  const reader = await TrainableMlp.createTrainable(gpu, network, options.batch, { ...options, inputGradient: true });
  return {
    reader,
    readers: 1,
    rows,
    initial: initialParameters(network, options.seed, "closure/reader"),
    data: standardisedObservables(pairs),
    fields: parts,
    observables: parts,
    async loss(_drawn, losses) {
      const kernel = await gpu.kernel("nn/mean_square.wgsl");
      const params = { batch: reader.batch, outputs, width: reader.width, inner, columns: encoder.batch };
      return kernel.call(
        { params, outputs: reader.output, target_values: encoder.input, gradient: reader.outputGradient, losses },
        Math.ceil(reader.batch / 64),
      );
    },
  };
}

/** f and σ of the observables, given z, on the likelihood of the compensator where rates are known, else of increments. */
export async function dynamicsHead(
  gpu: Gpu,
  pairs: Pairs,
  variables: number,
  hidden: readonly number[],
  activation: Activation,
  options: FitOptions,
): Promise<Head> {
  const { d } = pairs;
  const compensator = pairs.compensator.length > 0;
  const data = regression(pairs, compensator ? "compensator" : "increment");
  const scales = standardisation(pairs, data, compensator);
  const sde = { d, hidden, activation, diffusion: "full" } as const;
  const rows = paddedInputs(d, variables);
  const network = { groups: 2, inputs: rows, hidden, outputs: d * d, activation };
  const columns = wholeTiles(options.batch);
  const reader = await TrainableMlp.createTrainable(gpu, network, columns, { ...options, inputGradient: true });
  return {
    reader,
    readers: 2,
    rows,
    initial: initialParameters(network, options.seed, "closure/reader"),
    data: lossData(pairs, data, scales, compensator),
    fields: 2 * d + (compensator ? (d * (d + 1)) / 2 : 0),
    observables: d,
    loss: (drawn, losses) => lossCall(gpu, reader, sde, scales, pairs.time, compensator, drawn, losses),
  };
}

/** The smallest multiple of the batch that a multilayer perceptron takes. */
function wholeTiles(batch: number): number {
  let columns = batch;
  while (columns !== roundUpBatch(columns)) columns += batch;
  return columns;
}

/** Observables of all snapshots in units of their spread, `[d][snapshots]`. */
export function standardisedObservables({ whole, d }: Pairs): Float32Array {
  return standardise({ d, ...stateScales(whole, d) }, whole, whole.length / d);
}

/** Observables and closure variables, padded for the gradient of the input. */
function paddedInputs(observables: number, variables: number): number {
  return Math.ceil((observables + variables) / 8) * 8;
}

/** Mean of every part over all configurations, and one over its standard deviation. */
function partScales({ parts, size, patches, fields }: ClosureTable) {
  const run = patches * size;
  const rows = fields.length / (parts * run);
  const center = new Float32Array(parts);
  const scale = new Float32Array(parts);
  for (let p = 0; p < parts; p++) {
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < rows; row++) {
      for (let i = (row * parts + p) * run; i < (row * parts + p + 1) * run; i++) {
        sum += fields[i];
        squares += fields[i] ** 2;
      }
    }
    const mean = sum / (rows * run);
    center[p] = mean;
    scale[p] = 1 / (Math.sqrt(Math.max(0, squares / (rows * run) - mean ** 2)) || 1);
  }
  return { center, scale };
}
