// Learning the encoder ψ, with one of two objectives:
//   autoencoder  (paper, section 2) a decoder rebuilds the configuration from z = (observables, mean of ψ); mean square.
//   dynamics     ψ, f and σ together on the likelihood of what partial evolution does to the observables, given z.
//
// Why `dynamics` takes the likelihood of the observables alone: that of all of z has no maximum. If ψ shrinks, or repeats an
// observable, det C → 0 and −log det C grows without bound, although nothing became more predictable. The observables are
// fixed, so their likelihood can only grow by closure variables that tell more about their drift and noise. The
// equation of the closure variables themselves is fitted afterwards, with all of z, for every closure in the same way.
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call } from "../gpu/kernel.ts";
import { initialParameters, type MlpShape, TrainableMlp } from "../nn/mlp.ts";
import type { ClosureTable } from "./closure-table.ts";
import { type EncoderModel, type EncoderShape, encoderNetwork, gatherUniform } from "./encoder.ts";
import { lossCall, lossData, standardisation, stateScales } from "./fit.ts";
import { regression } from "./pairs.ts";
import { standardise } from "./sde-model.ts";
import { drawUniform, type FitOptions, type FitProgress, requireBatch, trainNetworks } from "./train.ts";

export const CLOSURES = ["autoencoder", "dynamics"] as const;
export type ClosureKind = (typeof CLOSURES)[number];

/** The network that reads z, and how its loss is taken. */
interface Head {
  readonly network: MlpShape;
  /** Rows of numbers `[fields][snapshots]`; the first d* are the standardised observables. */
  readonly data: Float32Array;
  readonly fields: number;
  loss(head: TrainableMlp, encoder: TrainableMlp, drawn: GpuArray, losses: GpuArray): Promise<Call>;
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
  const { parts, patches, fields } = table;
  const rows = table.pairs.whole.length / parts;
  const { batch } = options;
  requireBatch(rows, batch);
  const { groups, outputs, network } = encoderNetwork(shape);
  const scales = partScales(table);
  const head =
    kind === "autoencoder" ? decoderHead(gpu, table, shape, hidden) : dynamicsHead(gpu, table, shape, hidden);
  const encoder = await TrainableMlp.createTrainable(gpu, network, groups * patches * batch, options);
  const reader = await TrainableMlp.createTrainable(gpu, head.network, batch, { ...options, inputGradient: true });
  const buffers = {
    data: gpu.buffer("closure.data", head.data),
    fields: gpu.buffer("closure.fields", fields),
    drawn: gpu.buffer("closure.drawn", 4 * head.fields * batch),
    losses: gpu.buffer("closure.losses", 4 * batch),
  };
  const draw = drawUniform(rows, batch, options.seed, "closure/batches");
  const [drawBatch, gather, pool, unpool] = await Promise.all([
    gpu.kernel("nn/draw_batch.wgsl"),
    gpu.kernel("closure/gather.wgsl", { constants: { JOINT: shape.joint ? 1 : 0 }, conditions: { DRAWN: true } }),
    gpu.kernel("closure/pool.wgsl"),
    gpu.kernel("closure/unpool.wgsl"),
  ]);
  const columns = encoder.batch;
  const pooling = { batch, groups, outputs, patches, columns, offset: parts };
  const calls = [
    drawBatch.call(
      {
        params: { draw, fields: head.fields, inputs: parts },
        step: reader.step,
        data: buffers.data,
        batch: buffers.drawn,
        input: reader.input,
      },
      batch / 64,
    ),
    gather.call(
      {
        params: { ...gatherUniform({ ...shape, ...scales }, patches, network.inputs, columns), draw, first: 0 },
        step: encoder.step,
        fields: buffers.fields,
        input: encoder.input,
      },
      columns / 64,
    ),
    ...encoder.forward(),
    pool.call({ params: pooling, y: encoder.output, input: reader.input }, (shape.variables * batch) / 64),
    ...reader.forward(),
    await head.loss(reader, encoder, buffers.drawn, buffers.losses),
    ...reader.backward(),
    unpool.call(
      {
        params: { ...pooling, width: encoder.width, readers: head.network.groups, rows: head.network.inputs },
        gradient: reader.inputGradient!,
        dy: encoder.outputGradient,
      },
      (encoder.width * columns) / 64,
    ),
    ...encoder.backward(),
  ];
  const initial = [
    initialParameters(network, options.seed, "closure/encoder"),
    initialParameters(head.network, options.seed, "closure/reader"),
  ];
  const what = `the ${kind} closure`;
  await trainNetworks(gpu, what, [encoder, reader], initial, calls, buffers.losses, options.steps, progress);
  const { parameters } = await encoder.save();
  for (const buffer of Object.values(buffers)) buffer.destroy();
  encoder.destroy();
  reader.destroy();
  return { ...shape, ...scales, parameters };
}

/** Rebuilds the standardised configurations of all patches of the table: the target is what the encoder reads. */
function decoderHead(gpu: Gpu, table: ClosureTable, shape: EncoderShape, hidden: readonly number[]): Head {
  const { parts, size, patches, pairs } = table;
  const outputs = parts * patches * size;
  const { inputs: inner } = encoderNetwork(shape);
  const { center, spread } = stateScales(pairs.whole, parts);
  return {
    network: { groups: 1, inputs: paddedInputs(shape), hidden, outputs, activation: shape.activation },
    data: standardise({ d: parts, center, spread }, pairs.whole, pairs.whole.length / parts),
    fields: parts,
    async loss(head, encoder, _drawn, losses) {
      const kernel = await gpu.kernel("nn/mean_square.wgsl");
      const params = { batch: head.batch, outputs, width: head.width, inner, columns: encoder.batch };
      return kernel.call(
        { params, outputs: head.output, target_values: encoder.input, gradient: head.outputGradient, losses },
        head.batch / 64,
      );
    },
  };
}

/** f and σ of the observables, given z, on the likelihood of the compensator where rates are known, else of increments. */
function dynamicsHead(gpu: Gpu, table: ClosureTable, shape: EncoderShape, hidden: readonly number[]): Head {
  const { parts: d, pairs } = table;
  const compensator = pairs.compensator.length > 0;
  const data = regression(pairs, compensator ? "compensator" : "increment");
  const scales = standardisation(pairs, data, compensator);
  const sde = { d, hidden, activation: shape.activation, diffusion: "full" } as const;
  return {
    network: { groups: 2, inputs: paddedInputs(shape), hidden, outputs: d * d, activation: shape.activation },
    data: lossData(pairs, data, scales, compensator),
    fields: 2 * d + (compensator ? (d * (d + 1)) / 2 : 0),
    loss: (head, _encoder, drawn, losses) => lossCall(gpu, head, sde, scales, pairs.time, compensator, drawn, losses),
  };
}

/** Observables and closure variables, padded for the gradient of the input. */
function paddedInputs({ parts, variables }: EncoderShape): number {
  return Math.ceil((parts + variables) / 8) * 8;
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
