// Convolutional decoder of square lattices of spins: a dense layer to the last channels on a coarse lattice, then blocks of
// [transposed 4 × 4 convolution with stride 2 → batch norm → leaky ReLU 0.2], the last of them to one channel of logits alone.
// No convolution has a bias: batch norm would take it out again, and a channel of the last block can stand for that of the
// logits. The loss is the binary cross-entropy. Only for training.
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call, Kernel } from "../gpu/kernel.ts";
import { AdamW, type Schedule } from "./adamw.ts";
import { BatchNorm } from "./batch-norm.ts";
import { requireChannels } from "./conv-encoder-net.ts";
import { type ConvLayer, initialLayers, layerRules, placeLayers, transposition } from "./conv-layers.ts";
import { Convolution, SEGMENTS } from "./convolution.ts";
import { allocateImages, flattened, type Images } from "./images.ts";

export interface ConvDecoderNetShape {
  /** Of the lattice, a multiple of 2^blocks. */
  readonly side: number;
  /** Channels as of the encoder, multiples of 8: they are gone through backward. */
  readonly channels: readonly number[];
  /** Inputs; on the device padded to a multiple of 8. */
  readonly inputs: number;
}

/** The layers and the float32 count of all parameters. Throws InputError for widths and sides that do not fit. */
export function decoderLayers({ side, channels, inputs }: ConvDecoderNetShape) {
  requireChannels(channels);
  const factor = 2 ** channels.length;
  if (!Number.isInteger(side) || side < factor || side % factor !== 0) {
    throw new InputError(
      `lattice side ${side} is not a multiple of ${factor}, as ${channels.length} blocks of the decoder need: use another side or fewer blocks`,
    );
  }
  const down = channels.toReversed();
  const blocks = down.map((width, l) => ({
    kind: "up" as const,
    inputs: width,
    outputs: down[l + 1] ?? 1,
    normalised: l + 1 < down.length,
  }));
  const features = down[0] * (side / factor) ** 2;
  const width = Math.ceil(inputs / 8) * 8;
  return placeLayers([{ kind: "dense" as const, inputs: width, outputs: features, normalised: false }, ...blocks]);
}

export function initialDecoder(shape: ConvDecoderNetShape, seed: number, purpose: string): Float32Array {
  const { layers, count } = decoderLayers(shape);
  return initialLayers(layers, count, seed, purpose);
}

/** A decoder in training, for `batch` lattices (a multiple of 8). */
export class TrainableConvDecoder {
  readonly shape: ConvDecoderNetShape;
  readonly batch: number;
  /** Padded number of inputs. */
  readonly width: number;
  readonly #layers: readonly ConvLayer[];
  readonly #parameters: GpuArray;
  readonly #adamw: AdamW;
  readonly #convolution: Convolution;
  readonly #norms: readonly BatchNorm[];
  readonly #pad: Kernel;
  readonly #crossEntropy: Kernel;
  /** Input and result of the dense layer, and their gradients. */
  readonly #input: Images;
  readonly #coarse: Images;
  readonly #inputGradient: Images;
  /** What each block reads; the results of its convolution, the logits last. */
  readonly #images: readonly Images[];
  readonly #raw: readonly Images[];
  /** Gradients of the same. */
  readonly #gradients: readonly Images[];
  readonly #rawGradients: readonly Images[];

  private constructor(
    gpu: Gpu,
    shape: ConvDecoderNetShape,
    batch: number,
    options: Schedule,
    convolution: Convolution,
    norms: readonly BatchNorm[],
    kernels: readonly Kernel[][],
  ) {
    const { layers, count } = decoderLayers(shape);
    const { side, channels } = shape;
    this.shape = shape;
    this.batch = batch;
    this.width = layers[0].inputs;
    this.#layers = layers;
    this.#convolution = convolution;
    this.#norms = norms;
    [this.#pad, this.#crossEntropy] = kernels[0];
    this.#parameters = gpu.buffer("convDecoder.parameters", 4 * count);
    const rules = layerRules(layers, count);
    this.#adamw = new AdamW(gpu, this.#parameters, transposition(layers, count), rules, SEGMENTS, options, kernels[1]);
    const images = (label: string, width: number, size: number, border: 0 | 1) =>
      allocateImages(gpu, `convDecoder.${label}`, { channels: width, side: size, border }, batch);
    const base = side / 2 ** channels.length;
    const down = channels.toReversed();
    this.#input = images("input", this.width, 1, 0);
    this.#inputGradient = images("inputGradient", this.width, 1, 0);
    this.#coarse = images("coarse", down[0], base, 0);
    this.#images = down.map((width, l) => images(`images${l}`, width, base * 2 ** l, 1));
    this.#gradients = down.map((width, l) => images(`gradient${l}`, width, base * 2 ** l, 0));
    const results = [...down.slice(1), 1];
    this.#raw = results.map((width, l) => images(`raw${l}`, width, base * 2 ** (l + 1), 0));
    this.#rawGradients = results.map((width, l) => images(`rawGradient${l}`, width, base * 2 ** (l + 1), 1));
  }

  static async create(
    gpu: Gpu,
    shape: ConvDecoderNetShape,
    batch: number,
    options: Schedule,
  ): Promise<TrainableConvDecoder> {
    const { layers } = decoderLayers(shape);
    const convolution = await Convolution.create(gpu, batch);
    const kernels = await Promise.all([
      Promise.all(["pad", "cross_entropy"].map((name) => gpu.kernel(`nn/${name}.wgsl`))),
      AdamW.kernels(gpu),
    ]);
    const normalised = layers.filter((layer) => layer.normalised);
    const norms = await Promise.all(normalised.map((layer) => BatchNorm.create(gpu, layer, batch, false)));
    return new TrainableConvDecoder(gpu, shape, batch, options, convolution, norms, kernels);
  }

  /** `[width][batch]`. */
  get input(): GpuArray {
    return this.#input.data;
  }

  /** `[width][batch]`. */
  get inputGradient(): GpuArray {
    return this.#inputGradient.data;
  }

  /** `[side²][batch]`. */
  get logits(): GpuArray {
    return this.#raw[this.#raw.length - 1].data;
  }

  /** dL/d logits, `[(side + 2)²][batch]` with a border of one pixel that must stay zero. */
  get logitsGradient(): GpuArray {
    return this.#rawGradients[this.#rawGradients.length - 1].data;
  }

  /** Steps done; a device counter that recorded calls read. */
  get step(): GpuArray {
    return this.#adamw.step;
  }

  /** The calls that turn `input` into `logits` with the statistics of the batch, and move the running averages. */
  forward(): Call[] {
    return this.#calls((norm, l) => norm.forward(this.#parameters, this.#raw[l], this.#images[l + 1]));
  }

  /** The calls that turn `input` into `logits` with the running averages. */
  evaluate(): Call[] {
    return this.#calls((norm, l) => norm.evaluate(this.#parameters, this.#raw[l], this.#images[l + 1]));
  }

  /**
   * Cross-entropy of every sample (`losses`, `[batch]`) and the gradient of the logits. `spins`: the lattices as the input of
   * a convolutional encoder of patches of `patchSide`.
   */
  loss(spins: GpuArray, patchSide: number, losses: GpuArray): Call {
    const { side } = this.shape;
    const params = { batch: this.batch, side, tile_side: patchSide };
    const { logits, logitsGradient: gradient } = this;
    return this.#crossEntropy.call({ params, logits, spins, gradient, losses }, this.batch);
  }

  /** The calls that turn `logitsGradient` into `inputGradient` and one AdamW step. */
  backward(): Call[] {
    const calls: Call[] = [];
    for (let l = this.#images.length - 1; l >= 0; l--) {
      const layer = this.#layers[l + 1];
      const dz = this.#rawGradients[l];
      if (l < this.#norms.length) {
        calls.push(...this.#norms[l].backward(this.#adamw, this.#raw[l], this.#gradients[l + 1], dz));
      }
      calls.push(
        this.#convolution.toWeights(layer, this.#adamw, this.#images[l], dz),
        this.#convolution.toInput(layer, this.#adamw, dz, this.#gradients[l]),
      );
    }
    const coarse = flattened(this.#gradients[0]);
    return [
      ...calls,
      this.#convolution.toWeights(this.#layers[0], this.#adamw, this.#input, coarse),
      this.#convolution.toInput(this.#layers[0], this.#adamw, coarse, this.#inputGradient),
      ...this.#adamw.update(),
    ];
  }

  /** Puts parameters, running averages among them (and, to go on with training, AdamW moments and the step) on the device. */
  load(parameters: Float32Array, moments?: Float32Array, step = 0): void {
    this.#adamw.load(parameters, moments, step);
  }

  /** Parameters, running averages among them, and AdamW moments, to be saved. */
  save(): Promise<{ parameters: Float32Array; moments: Float32Array }> {
    return this.#adamw.save();
  }

  /** The gradient of the last step: for tests. */
  gradient(): Promise<Float32Array> {
    return this.#adamw.gradient();
  }

  #calls(normalise: (norm: BatchNorm, l: number) => Call[]): Call[] {
    const { side, channels } = this.#coarse;
    const columns = this.batch / 4;
    const pad = this.#pad.call({ params: { columns, side }, x: this.#coarse.data, y: this.#images[0].data }, [
      Math.ceil((side * side * columns) / 64),
      channels,
    ]);
    return [
      this.#convolution.forward(this.#layers[0], this.#parameters, this.#input, flattened(this.#coarse)),
      pad,
      ...this.#images.flatMap((images, l) => [
        this.#convolution.forward(this.#layers[l + 1], this.#adamw.transposed, images, this.#raw[l]),
        ...(l < this.#norms.length ? normalise(this.#norms[l], l) : []),
      ]),
    ];
  }

  destroy(): void {
    const single = [this.#input, this.#inputGradient, this.#coarse];
    for (const { data } of [...single, ...this.#images, ...this.#raw, ...this.#gradients, ...this.#rawGradients]) {
      data.destroy();
    }
    for (const norm of this.#norms) norm.destroy();
    this.#adamw.destroy();
    this.#parameters.destroy();
  }
}
