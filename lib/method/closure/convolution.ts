// A kind of encoder: a convolutional network on square patches of sites with two states.
import { InputError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import { initialDecoder, TrainableConvDecoder } from "../../nn/conv-decoder-net.ts";
import {
  ConvEncoderNet,
  type ConvEncoderNetShape,
  encoderLayers,
  initialEncoder,
  TrainableConvEncoder,
} from "../../nn/conv-encoder-net.ts";
import type { BinarySystem, States, System } from "../../systems/system.ts";
import type { FitOptions } from "../train.ts";
import type { Encoder } from "./coordinates.ts";
import { type Draw, type EncoderKind, passes, patchCount } from "./encoder.ts";
import { decoderHead, type Head } from "./head.ts";
import type { ClosureTable } from "./table.ts";

/** Bytes of the largest images of one evaluation, at the most: half of what the smallest adapters bind. */
const MAX_BYTES = 2 ** 26;
/** Networks take so many columns, or a multiple. */
const COLUMNS = 8;

export interface ConvolutionShape {
  readonly kind: "convolution";
  /** Side of a patch, a multiple of 2^blocks. */
  readonly patchSide: number;
  /** Channels of each block, multiples of 8. */
  readonly channels: readonly number[];
  /** Closure variables. */
  readonly variables: number;
}

export interface ConvolutionModel extends ConvolutionShape {
  /** Of all layers, the running averages of batch normalisation among them (lib/nn/conv-layers.ts). */
  readonly parameters: Float32Array;
}

export const convolution: EncoderKind<ConvolutionShape, ConvolutionModel> = {
  arrays: (shape) => ({ parameters: encoderLayers(convolutionNetwork(shape)).count }),
  words: ({ patchSide }) => bitWords(patchSide),
  training,
  encoder,
};

/** The network of a shape. Throws InputError where the numbers do not fit. */
export function convolutionNetwork({ patchSide, channels, variables }: ConvolutionShape): ConvEncoderNetShape {
  if (!Number.isInteger(variables) || variables < 1) {
    throw new InputError(`${variables} closure variables: use 1 or more`);
  }
  return { side: patchSide, channels, outputs: variables };
}

/** Words of a lattice row by row, each row in whole words. */
export function bitWords(side: number): number {
  return side * Math.ceil(side / 32);
}

async function training(gpu: Gpu, shape: ConvolutionShape, table: ClosureTable, options: FitOptions) {
  const { patchSide, variables } = shape;
  const { patches, words } = table;
  const { batch, seed } = options;
  if (batch < COLUMNS || batch % COLUMNS !== 0) {
    throw new InputError(`a batch of ${batch} snapshots is not a positive multiple of ${COLUMNS}`);
  }
  const network = convolutionNetwork(shape);
  const gather = await gpu.kernel("closure/gather_bits.wgsl", { conditions: { DRAWN: true } });
  const encoder = await TrainableConvEncoder.createTrainable(gpu, network, patches * batch, options);
  const bits = gpu.buffer("closure.bits", words);
  const tiling = { side: patchSide, patch_side: patchSide, dimension: 2 };
  const columns = encoder.batch;
  const { step, input } = encoder;
  return {
    network: encoder,
    initial: initialEncoder(network, seed, "closure/encoder"),
    groups: 1,
    outputs: variables,
    activation: "tanh" as const,
    read: (draw: Draw) => {
      const params = { draw, tiling, first: 0, patches, columns };
      return gather.call({ params, step, bits, input }, [Math.ceil(columns / 64), patchSide]);
    },
    decoder: (_hidden: readonly number[], observables: Float32Array) =>
      decoder(gpu, shape, table, observables, encoder, options),
    model: (parameters: Float32Array) => ({ ...shape, parameters }),
    destroy() {
      bits.destroy();
      encoder.destroy();
    },
  };
}

/** A convolutional network from z to the whole lattice, with the channels of the encoder backward; cross-entropy. */
async function decoder(
  gpu: Gpu,
  { patchSide, channels, variables }: ConvolutionShape,
  { patches, pairs }: ClosureTable,
  observables: Float32Array,
  encoder: ConvEncoderNet,
  options: FitOptions,
): Promise<Head> {
  const { d } = pairs;
  const side = patchSide * Math.sqrt(patches);
  if (patches !== pairs.patches || !Number.isInteger(side)) {
    throw new InputError(
      `the decoder needs all ${pairs.patches} patches of a square lattice, the table has ${patches}`,
    );
  }
  const network = { side, channels, inputs: d + variables };
  const initial = initialDecoder(network, options.seed, "closure/reader");
  const reader = await TrainableConvDecoder.create(gpu, network, options.batch, options);
  return decoderHead(gpu, reader, initial, observables, d, "cross-entropy per site [nat]", (losses) =>
    reader.loss(encoder.input, patchSide, losses),
  );
}

function encoder(gpu: Gpu, system: System, model: ConvolutionModel): Encoder<States> {
  if (!isBinary(system)) {
    throw new InputError(
      `${system.name} has no sites with two states, which this encoder reads: use one of another kind`,
    );
  }
  return {
    variables: model.variables,
    async encode(states) {
      const bits = await system.bits(states);
      try {
        return await encodeBits(gpu, model, bits, states);
      } finally {
        bits.destroy();
      }
    },
  };
}

/** ψ of every patch of `count` lattices, `[count, K, variables]`. `bits` as of `BinarySystem`. */
async function encodeBits(gpu: Gpu, model: ConvolutionModel, bits: GpuArray, { count, side }: States) {
  const { patchSide, channels, variables, parameters } = model;
  const total = count * patchCount(side, patchSide, 2);
  if (bits.bytes < 4 * count * bitWords(side)) {
    throw new Error(`${bits.label} has ${bits.bytes} bytes, too few for ${count} lattices of side ${side}`);
  }
  const budget = Math.max(COLUMNS, Math.floor(MAX_BYTES / (4 * channels[0] * patchSide ** 2)));
  const columns = Math.ceil(Math.min(total, budget) / COLUMNS) * COLUMNS;
  const gather = await gpu.kernel("closure/gather_bits.wgsl", { conditions: { DRAWN: false } });
  const values = new Float32Array(total * variables);
  const net = await ConvEncoderNet.create(gpu, convolutionNetwork(model), columns);
  try {
    gpu.write(net.parameters, parameters);
    const evaluate = net.evaluate();
    // Every patch is a sample.
    const draw = { rows: total, batch: columns, half_bits: 0, key: [0, 0] };
    const uniform = { draw, tiling: { side, patch_side: patchSide, dimension: 2 }, patches: 1, columns };
    for (const { first, count } of passes(total, columns)) {
      const work = { params: { ...uniform, first }, bits, input: net.input };
      gpu.run([gather.call(work, [Math.ceil(columns / 64), patchSide]), ...evaluate]);
      const rows = await gpu.read(net.output, Float32Array, variables * columns);
      for (let k = 0; k < count; k++) {
        for (let v = 0; v < variables; v++) values[(first + k) * variables + v] = rows[v * columns + k];
      }
    }
  } finally {
    net.destroy();
  }
  return values;
}

export function isBinary(system: System): system is BinarySystem {
  return "bits" in system;
}
