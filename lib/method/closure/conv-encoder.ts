// The encoder ψ of patches of spins: closure variables by a convolutional network, the same for every patch.
import { InputError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import { ConvEncoderNet, type ConvEncoderNetShape, encoderLayers } from "../../nn/conv-encoder-net.ts";

/** Bytes of the largest images of one evaluation, at the most: half of what the smallest adapters bind. */
const MAX_BYTES = 2 ** 26;

export interface ConvEncoderShape {
  /** Side of a patch, a multiple of 2^blocks. */
  readonly patchSide: number;
  /** Channels of each block, multiples of 8. */
  readonly channels: readonly number[];
  /** Closure variables. */
  readonly variables: number;
  /** Observables d* that go before them in z. */
  readonly observables: number;
}

export interface ConvEncoderModel extends ConvEncoderShape {
  /** Of all layers, the running averages of batch normalisation among them (lib/nn/conv-layers.ts). */
  readonly parameters: Float32Array;
}

/** The network of a shape. Throws InputError where the numbers do not fit. */
export function convEncoderNetwork({ patchSide, channels, variables }: ConvEncoderShape): ConvEncoderNetShape {
  if (!Number.isInteger(variables) || variables < 1) {
    throw new InputError(`${variables} closure variables: use 1 or more`);
  }
  const network = { side: patchSide, channels, outputs: variables };
  encoderLayers(network);
  return network;
}

/** Number of patches that tile a lattice. Throws InputError where they do not. */
export function patchCount(side: number, patchSide: number): number {
  if (side % patchSide !== 0) throw new InputError(`patch side ${patchSide} does not divide lattice side ${side}`);
  return (side / patchSide) ** 2;
}

/** Words of a lattice row by row, each row in whole words. */
export function bitWords(side: number): number {
  return side * Math.ceil(side / 32);
}

/** Evaluates an encoder. Holds nothing on the device between calls. */
export class ConvEncoder {
  readonly model: ConvEncoderModel;
  readonly #gpu: Gpu;

  constructor(gpu: Gpu, model: ConvEncoderModel) {
    this.#gpu = gpu;
    this.model = model;
  }

  /**
   * ψ of every patch of `count` lattices, `[count][K][variables]`, the K patches of a lattice numbered row by row. `bits`: u32
   * `[count][side][⌈side/32⌉]`, bit c mod 32 of word ⌊c/32⌋ of a row is the spin in column c, 1 up, 0 down.
   */
  async encode(bits: GpuArray, count: number, side: number): Promise<Float32Array> {
    const { patchSide, channels, variables, parameters } = this.model;
    const total = count * patchCount(side, patchSide);
    if (bits.bytes < 4 * count * bitWords(side)) {
      throw new Error(`${bits.label} has ${bits.bytes} bytes, too few for ${count} lattices of side ${side}`);
    }
    const budget = Math.max(8, Math.floor(MAX_BYTES / (4 * channels[0] * patchSide ** 2)));
    const columns = Math.ceil(Math.min(total, budget) / 8) * 8;
    const gather = await this.#gpu.kernel("closure/gather_bits.wgsl", { conditions: { DRAWN: false } });
    const values = new Float32Array(total * variables);
    const net = await ConvEncoderNet.create(this.#gpu, convEncoderNetwork(this.model), columns);
    try {
      this.#gpu.write(net.parameters, parameters);
      const calls = net.evaluate();
      for (let first = 0; first < total; first += columns) {
        const draw = { rows: count, batch: columns, half_bits: 0, key: [0, 0] };
        const params = { draw, first, side, patch_side: patchSide, columns };
        const call = gather.call({ params, bits, input: net.input }, [Math.ceil(columns / 64), patchSide]);
        this.#gpu.run([call, ...calls]);
        const rows = await this.#gpu.read(net.output, Float32Array, variables * columns);
        for (let k = 0; k < Math.min(columns, total - first); k++) {
          for (let v = 0; v < variables; v++) values[(first + k) * variables + v] = rows[v * columns + k];
        }
      }
    } finally {
      net.destroy();
    }
    return values;
  }
}

/** The arrays of an encoder by name, for a safetensors file. */
export function convEncoderTensors({ parameters }: ConvEncoderModel) {
  return { parameters: { shape: [parameters.length], data: parameters } };
}

/** The encoder of a shape from its arrays. Throws InputError when the array is missing or has another length. */
export function convEncoderFromTensors(
  shape: ConvEncoderShape,
  tensors: Record<string, { readonly data: ArrayLike<number> }>,
): ConvEncoderModel {
  const { count } = encoderLayers(convEncoderNetwork(shape));
  const data = tensors.parameters?.data;
  if (data?.length !== count) {
    throw new InputError(`the encoder file has ${data?.length ?? 0} numbers for parameters, not ${count}`);
  }
  const { patchSide, channels, variables, observables } = shape;
  return { patchSide, channels, variables, observables, parameters: Float32Array.from(data) };
}
