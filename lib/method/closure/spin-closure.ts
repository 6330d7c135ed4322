// Learning the closure variables of a lattice of spins with the objectives of closure-training.ts: a convolutional encoder of
// patches, and a convolutional decoder of the whole lattice or the dynamics of the observables as its head.
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { initialDecoder, TrainableConvDecoder } from "../../nn/conv-decoder-net.ts";
import { initialEncoder, TrainableConvEncoder } from "../../nn/conv-encoder-net.ts";
import type { Pairs } from "../pairs.ts";
import { type drawUniform, type FitOptions, type FitProgress, requireBatch } from "../train.ts";
import {
  bitWords,
  type ConvEncoderModel,
  type ConvEncoderShape,
  convEncoderNetwork,
  patchCount,
} from "./conv-encoder.ts";
import { type ClosureKind, dynamicsHead, type Head, standardisedObservables, trainEncoder } from "./train.ts";

/** Training data: whole lattices, and what partial evolution does to their observables. */
export interface SpinTable {
  readonly side: number;
  readonly patchSide: number;
  /** d*. */
  readonly observables: number;
  /** `[snapshots][side][⌈side/32⌉]`, bit c mod 32 of word ⌊c/32⌋ of a row is the spin in column c, 1 up, 0 down. */
  readonly bits: Uint32Array;
  /** Partial evolution in the observables alone, d = d*. */
  readonly pairs: Pairs;
}

/**
 * Trains an encoder of `shape` on mini-batches of snapshots (a multiple of 8), of which all patches are encoded. `hidden`: widths
 * of f and σ, tanh networks, in `dynamics`; the decoder of `autoencoder` has the channels of the encoder. The head of
 * `dynamics` works on multiples of 256 columns: it sees a smaller batch several times over, which changes neither the mean
 * loss nor its gradient. Deterministic for given data, options and adapter. Throws InputError where shape, table and batch do
 * not fit, Error when training diverges.
 */
export async function trainSpinClosure(
  gpu: Gpu,
  kind: ClosureKind,
  table: SpinTable,
  shape: ConvEncoderShape,
  hidden: readonly number[],
  options: FitOptions,
  progress: FitProgress = {},
): Promise<ConvEncoderModel> {
  const { side, bits } = table;
  const { patchSide, channels, variables, observables } = shape;
  const { batch, seed } = options;
  const network = convEncoderNetwork(shape);
  const patches = patchCount(side, patchSide);
  const snapshots = requireTable(table, shape);
  if (batch < 8 || batch % 8 !== 0)
    throw new InputError(`a batch of ${batch} snapshots is not a positive multiple of 8`);
  requireBatch(snapshots, batch);
  const initial = initialEncoder(network, seed, "closure/encoder");
  const encoder = await TrainableConvEncoder.createTrainable(gpu, network, patches * batch, options);
  const lattices = gpu.buffer("closure.bits", bits);
  let head: Head | undefined;
  try {
    head =
      kind === "autoencoder"
        ? await decoderHead(gpu, table, shape, options, encoder)
        : await dynamicsHead(gpu, table.pairs, variables, hidden, "tanh", options);
    const gather = await gpu.kernel("closure/gather_bits.wgsl", { conditions: { DRAWN: true } });
    const read = (draw: ReturnType<typeof drawUniform>) =>
      gather.call(
        {
          params: { draw, first: 0, side, patch_side: patchSide, columns: encoder.batch },
          step: encoder.step,
          bits: lattices,
          input: encoder.input,
        },
        [Math.ceil(encoder.batch / 64), patchSide],
      );
    const pooling = { groups: 1, outputs: variables, patches };
    const parameters = await trainEncoder(gpu, kind, encoder, initial, read, pooling, head, options, progress);
    return { patchSide, channels, variables, observables, parameters };
  } finally {
    lattices.destroy();
    encoder.destroy();
    head?.reader.destroy();
  }
}

/** Number of snapshots. Throws InputError where table and shape differ. */
function requireTable({ side, patchSide, observables, bits, pairs }: SpinTable, shape: ConvEncoderShape): number {
  if (patchSide !== shape.patchSide) {
    throw new InputError(`the table has patches of side ${patchSide}, the encoder reads ${shape.patchSide}`);
  }
  if (observables !== shape.observables || pairs.d !== observables) {
    throw new InputError(
      `the encoder counts ${shape.observables} observables, the table ${observables}, its pairs ${pairs.d}`,
    );
  }
  const snapshots = pairs.whole.length / observables;
  if (bits.length !== snapshots * bitWords(side)) {
    throw new InputError(`${bits.length} words of spins are not ${snapshots} lattices of side ${side}`);
  }
  return snapshots;
}

/** Rebuilds the whole lattice from z: the target is what the encoder reads. */
async function decoderHead(
  gpu: Gpu,
  { side, patchSide, observables, pairs }: SpinTable,
  { channels, variables }: ConvEncoderShape,
  options: FitOptions,
  encoder: TrainableConvEncoder,
): Promise<Head> {
  const network = { side, channels, inputs: observables + variables };
  const initial = initialDecoder(network, options.seed, "closure/reader");
  const reader = await TrainableConvDecoder.create(gpu, network, options.batch, options);
  return {
    reader,
    readers: 1,
    rows: reader.width,
    initial,
    data: standardisedObservables(pairs),
    fields: observables,
    observables,
    loss: async (_drawn, losses) => reader.loss(encoder.input, patchSide, losses),
  };
}
