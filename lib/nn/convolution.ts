// Calls of the convolution kernels for the layers of conv-layers.ts: forward, gradients of input and weights.
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call, Kernel } from "../gpu/kernel.ts";
import type { AdamW } from "./adamw.ts";
import type { ConvLayer } from "./conv-layers.ts";
import { type Images, imagePlaces } from "./images.ts";

/** How a kernel walks over the images: taps T, stride of the origin, step between outputs (see kernels/nn/convolve.wgsl). */
interface Walk {
  readonly taps: number;
  readonly stride: number;
  readonly step: number;
}

const SAME: Walk = { taps: 3, stride: 1, step: 1 };
const DENSE: Walk = { taps: 1, stride: 1, step: 1 };
const UP: Walk = { taps: 2, stride: 1, step: 2 };
const DOWN: Walk = { taps: 4, stride: 2, step: 1 };

/** Parts of the sum of a weight gradient. */
export const SEGMENTS = 8;

export class Convolution {
  readonly #columns: number;
  readonly #kernels: readonly Kernel[];

  private constructor(columns: number, kernels: readonly Kernel[]) {
    this.#columns = columns;
    this.#kernels = kernels;
  }

  /** For images of `columns` in a batch, a multiple of 8. */
  static async create(gpu: Gpu, columns: number): Promise<Convolution> {
    if (columns % 8 !== 0) throw new Error(`${columns} columns are not a multiple of 8`);
    const names = ["convolve", "convolve_to_one", "convolve_gradient"];
    return new Convolution(columns, await Promise.all(names.map((name) => gpu.kernel(`nn/${name}.wgsl`))));
  }

  /** `weights`: the parameters, for an up layer their second copy. */
  forward(layer: ConvLayer, weights: GpuArray, from: Images, to: Images): Call {
    if (layer.kind !== "up")
      return this.#convolve(layer, layer.kind === "conv" ? SAME : DENSE, weights, from, to, true);
    if (layer.outputs > 1) return this.#convolve(layer, UP, weights, from, to, true);
    const columns = this.#columns / 4;
    const params = { inner: layer.inputs, columns, grid: from.side, weights: layer.weights / 4 };
    return this.#kernels[1].call(
      { params, parameters: weights, x: from.data, y: to.data },
      Math.ceil((from.side ** 2 * columns) / 64),
    );
  }

  /** Gradient of the layer's input from that of its output. */
  toInput(layer: ConvLayer, adamw: AdamW, from: Images, to: Images): Call {
    if (layer.kind === "up") return this.#convolve(layer, DOWN, adamw.parameters, from, to, false);
    return this.#convolve(layer, layer.kind === "conv" ? SAME : DENSE, adamw.transposed, from, to, false);
  }

  /** Gradient of the layer's weights, and of its bias, from its input and the gradient of its output. */
  toWeights(layer: ConvLayer, adamw: AdamW, input: Images, gradient: Images): Call {
    const up = layer.kind === "up";
    const { taps, stride } = up ? DOWN : layer.kind === "conv" ? SAME : DENSE;
    const [x, d] = up ? [gradient, input] : [input, gradient];
    const [from, to] = [imagePlaces(x), imagePlaces(d)];
    const pixels = d.side ** 2;
    const pixelSegments = Math.min(SEGMENTS, pixels);
    const tiles = Math.ceil((x.channels * taps * taps) / 8) * (d.channels / 8);
    const params = {
      inner: x.channels,
      outer: d.channels,
      columns: this.#columns / 4,
      taps,
      grid: d.side,
      stride,
      input_row: from.row,
      input_plane: from.plane,
      output_row: to.row,
      output_plane: to.plane,
      output_start: to.start,
      weights: layer.weights,
      bias: layer.bias,
      biased: layer.kind === "dense" ? 1 : 0,
      pixel_segments: pixelSegments,
      batch_segments: SEGMENTS / pixelSegments,
      total: adamw.count,
    };
    return this.#kernels[2].call(
      { params, x: x.data, d: d.data, partial: adamw.partial },
      Math.ceil((tiles * SEGMENTS) / 32),
    );
  }

  #convolve(
    layer: ConvLayer,
    { taps, stride, step }: Walk,
    parameters: GpuArray,
    from: Images,
    to: Images,
    biased: boolean,
  ): Call {
    const [input, output] = [imagePlaces(from), imagePlaces(to)];
    const grid = to.side / step;
    const columns = this.#columns / 4;
    const params = {
      inner: from.channels,
      outer: to.channels,
      columns,
      taps,
      grid,
      stride,
      input_row: input.row,
      input_plane: input.plane,
      step,
      output_row: output.row,
      output_plane: output.plane,
      output_start: output.start,
      weights: layer.weights / 4,
      bias: layer.bias / 4,
      biased: biased && layer.kind === "dense" ? 1 : 0,
    };
    return this.#kernels[0].call({ params, parameters, x: from.data, y: to.data }, [
      to.channels / 8,
      Math.ceil((grid * grid * columns) / 64),
      step * step,
    ]);
  }
}
