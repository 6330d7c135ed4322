// Barriers by the published network of Xing et al., Nat. Commun. 15, 3879 (2024): four hidden layers of 128.
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type BarrierKernels, type BarrierModel, siteTable } from "./barriers.ts";
import { OFFSETS, SITES } from "./environment.ts";
import { type NetworkWeights, weightsDigest } from "./weights.ts";

/** Columns of a tile of kernels/nn/dense.wgsl. */
const TILE = 256;
const WIDTH = 128;
const RELU = 2;

/** Where a site of the frame stands among the inputs: a 9 × 9 × 9 cube, the first coordinate slowest. */
const inputOf = ([a, b, c]: readonly number[]) => ((a + 4) * 9 + b + 4) * 9 + c + 4;

/**
 * The network as it was published, without its 617 inputs that are always 0. It is not symmetric under the six operations that leave a
 * jump as it is, nor do its barriers obey detailed balance.
 */
export class NetworkBarriers implements BarrierModel {
  readonly name = "network";
  readonly digest: string;
  readonly granularity = TILE / 8;
  readonly bytesOfSlot = 2 * 4 * 8 * WIDTH;
  readonly #weights: NetworkWeights;

  constructor(weights: NetworkWeights) {
    this.digest = weightsDigest(weights);
    this.#weights = weights;
  }

  async kernels(gpu: Gpu, capacity: number, list: GpuArray, cache: GpuArray): Promise<BarrierKernels> {
    const [first, ...rest] = this.#weights.layers;
    const hidden = rest.slice(0, -1);
    const last = rest[rest.length - 1];
    const columns = 8 * capacity;
    const [input, dense, output] = await Promise.all([
      gpu.kernel("nbmota/network_input.wgsl"),
      gpu.kernel("nn/dense.wgsl", { constants: { ACTIVATION: RELU }, conditions: { BACKWARD: false, LISTED: true } }),
      gpu.kernel("nbmota/network_output.wgsl"),
    ]);
    const inputs = new Float32Array(WIDTH * (SITES + 1));
    for (let o = 0; o < WIDTH; o++) {
      const part = Math.floor(o / 4) * (SITES + 1);
      const put = (place: number, value: number) => {
        inputs[4 * (part + place) + (o % 4)] = value;
      };
      for (const [place, site] of OFFSETS.entries()) put(place, first.weights[inputOf(site) * WIDTH + o]);
      put(SITES, first.bias[o]);
    }
    const block = WIDTH * (WIDTH + 1);
    const parameters = new Float32Array(hidden.length * block);
    for (const [l, { weights, bias }] of hidden.entries()) {
      parameters.set(weights, l * block);
      parameters.set(bias, l * block + WIDTH * WIDTH);
    }
    const buffers = {
      sites: gpu.buffer("network.sites", siteTable()),
      inputs: gpu.buffer("network.inputs", inputs),
      parameters: gpu.buffer("network.parameters", parameters),
      outputs: gpu.buffer("network.outputs", Float32Array.of(...last.weights, ...last.bias)),
      even: gpu.buffer("network.even", 4 * WIDTH * columns),
      odd: gpu.buffer("network.odd", 4 * WIDTH * columns),
    };
    const layers = [buffers.even, buffers.odd];
    const shared = { list, cache };
    const calls = [
      input.call(
        { params: { capacity, places: SITES }, sites: buffers.sites, weights: buffers.inputs, ...shared, x: layers[0] },
        [Math.ceil(capacity / 32), WIDTH / 4],
      ),
      ...hidden.map((_, l) =>
        dense.call(
          {
            params: {
              inner: WIDTH,
              outer: WIDTH,
              columns: columns / 4,
              shared_input: 0,
              weights: (l * block) / 4,
              bias: (l * block + WIDTH * WIDTH) / 4,
              stride: 0,
            },
            parameters: buffers.parameters,
            x: layers[l % 2],
            y: layers[(l + 1) % 2],
            list,
          },
          [columns / TILE, WIDTH / 8],
        ),
      ),
      output.call(
        { params: { capacity, width: WIDTH }, weights: buffers.outputs, ...shared, x: layers[hidden.length % 2] },
        columns / 32,
      ),
    ];
    return {
      calls,
      destroy() {
        for (const buffer of Object.values(buffers)) buffer.destroy();
      },
    };
  }
}
