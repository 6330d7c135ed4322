// Batch normalisation, leaky ReLU and maybe 2 × 2 max pooling: what follows the convolution in a block, with gradients.
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call, Kernel } from "../gpu/kernel.ts";
import type { AdamW } from "./adamw.ts";
import type { ConvLayer } from "./conv-layers.ts";
import { type Images, imagePlaces } from "./images.ts";

/** Parts of the sums over a channel, a multiple of 64. */
const PARTS = 256;

export class BatchNorm {
  readonly #layer: ConvLayer;
  readonly #columns: number;
  readonly #kernels: readonly Kernel[];
  /** (a, b, mean, 1/deviation) of every channel. */
  readonly #coefficients: GpuArray;
  readonly #sums: GpuArray;
  readonly #means: GpuArray;

  private constructor(gpu: Gpu, layer: ConvLayer, columns: number, kernels: readonly Kernel[]) {
    this.#layer = layer;
    this.#columns = columns;
    this.#kernels = kernels;
    this.#coefficients = gpu.buffer("batchNorm.coefficients", 16 * layer.outputs);
    this.#sums = gpu.buffer("batchNorm.sums", 8 * PARTS * layer.outputs);
    this.#means = gpu.buffer("batchNorm.means", 8 * layer.outputs);
  }

  static async create(gpu: Gpu, layer: ConvLayer, columns: number, pool: boolean): Promise<BatchNorm> {
    const conditions = { POOL: pool };
    const kernels = await Promise.all([
      gpu.kernel("nn/channel_moments.wgsl"),
      gpu.kernel("nn/batch_norm.wgsl", { conditions: { RUNNING: false } }),
      gpu.kernel("nn/batch_norm.wgsl", { conditions: { RUNNING: true } }),
      gpu.kernel("nn/normalise.wgsl", { conditions }),
      gpu.kernel("nn/normalise_sums.wgsl", { conditions }),
      gpu.kernel("nn/normalise_gradient.wgsl"),
      gpu.kernel("nn/normalise_backward.wgsl", { conditions }),
    ]);
    return new BatchNorm(gpu, layer, columns, kernels);
  }

  /** With mean and variance of the batch; moves the running averages in `parameters`. */
  forward(parameters: GpuArray, z: Images, y: Images): Call[] {
    const { outputs, norm } = this.#layer;
    const length = (z.side ** 2 * this.#columns) / 4;
    const fold = { channels: outputs, parts: PARTS, length, place: norm };
    const coefficients = this.#coefficients;
    return [
      this.#kernels[0].call({ params: { length, parts: PARTS }, z: z.data, sums: this.#sums }, [outputs, PARTS / 64]),
      this.#kernels[1].call(
        { params: fold, parameters, coefficients, z: z.data, sums: this.#sums },
        Math.ceil(outputs / 64),
      ),
      this.#normalise(z, y),
    ];
  }

  /** With the running averages. */
  evaluate(parameters: GpuArray, z: Images, y: Images): Call[] {
    const { outputs, norm } = this.#layer;
    const params = { channels: outputs, parts: PARTS, length: 0, place: norm };
    return [
      this.#kernels[2].call({ params, parameters, coefficients: this.#coefficients }, Math.ceil(outputs / 64)),
      this.#normalise(z, y),
    ];
  }

  /** Gradients of γ, β and z from that of y, behind `forward`. */
  backward(adamw: AdamW, z: Images, dy: Images, dz: Images): Call[] {
    const { outputs, norm } = this.#layer;
    const { row, plane, start } = imagePlaces(dz);
    const columns = this.#columns / 4;
    const { side } = dy;
    const bindings = { z: z.data, dy: dy.data, coefficients: this.#coefficients };
    const places = { output_row: row, output_plane: plane, output_start: start };
    const gradient = { channels: outputs, parts: PARTS, place: norm, count: z.side ** 2 * this.#columns };
    return [
      this.#kernels[4].call({ params: { columns, side, parts: PARTS }, ...bindings, sums: this.#sums }, [
        outputs,
        PARTS / 64,
      ]),
      this.#kernels[5].call(
        { params: gradient, sums: this.#sums, partial: adamw.partial, means: this.#means },
        Math.ceil(outputs / 64),
      ),
      this.#kernels[6].call({ params: { columns, side, ...places }, ...bindings, means: this.#means, dz: dz.data }, [
        Math.ceil((side ** 2 * columns) / 64),
        outputs,
      ]),
    ];
  }

  #normalise(z: Images, y: Images): Call {
    const { row, plane, start } = imagePlaces(y);
    const columns = this.#columns / 4;
    const params = { columns, side: y.side, output_row: row, output_plane: plane, output_start: start };
    return this.#kernels[3].call({ params, z: z.data, coefficients: this.#coefficients, y: y.data }, [
      Math.ceil((y.side ** 2 * columns) / 64),
      this.#layer.outputs,
    ]);
  }

  destroy(): void {
    this.#coefficients.destroy();
    this.#sums.destroy();
    this.#means.destroy();
  }
}
