// Convolutional encoder of square patches: blocks of [3 × 3 convolution → batch norm → leaky ReLU 0.2 → 2 × 2 max pool], then a
// dense layer. A convolution has no bias: batch norm would take it out again.
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call } from "../gpu/kernel.ts";
import { AdamW, type Schedule } from "./adamw.ts";
import { BatchNorm } from "./batch-norm.ts";
import { type ConvLayer, initialLayers, layerRules, placeLayers, transposition } from "./conv-layers.ts";
import { Convolution, SEGMENTS } from "./convolution.ts";
import { allocateImages, flattened, type Images } from "./images.ts";

export interface ConvEncoderNetShape {
  /** Of a patch, a multiple of 2^blocks. */
  readonly side: number;
  /** Channels of each block, multiples of 8. */
  readonly channels: readonly number[];
  /** Outputs; on the device padded to a multiple of 8. */
  readonly outputs: number;
}

/** Throws InputError unless there are blocks and their channels are multiples of 8. */
export function requireChannels(channels: readonly number[]): void {
  if (channels.length === 0)
    throw new InputError("a convolutional network needs at least one block: give its channels");
  for (const width of channels) {
    if (!Number.isInteger(width) || width < 8 || width % 8 !== 0) {
      throw new InputError(`${width} channels are not a positive multiple of 8`);
    }
  }
}

/** The layers and the float32 count of all parameters. Throws InputError for widths and sides that do not fit. */
export function encoderLayers({ side, channels, outputs }: ConvEncoderNetShape) {
  requireChannels(channels);
  const factor = 2 ** channels.length;
  if (!Number.isInteger(side) || side < factor || side % factor !== 0) {
    throw new InputError(
      `patch side ${side} is not a multiple of ${factor}, as ${channels.length} blocks of pooling need: use another side or fewer blocks`,
    );
  }
  const blocks = channels.map((width, l) => ({
    kind: "conv" as const,
    inputs: l === 0 ? 1 : channels[l - 1],
    outputs: width,
    normalised: true,
  }));
  const features = channels[channels.length - 1] * (side / factor) ** 2;
  const width = Math.ceil(outputs / 8) * 8;
  return placeLayers([
    ...blocks,
    { kind: "dense" as const, inputs: features, outputs: width, used: outputs, normalised: false },
  ]);
}

/** First parameters, with those of every layer: w, bias or γ, β, running mean and running variance. */
export function initialEncoder(shape: ConvEncoderNetShape, seed: number, purpose: string): Float32Array {
  const { layers, count } = encoderLayers(shape);
  return initialLayers(layers, count, seed, purpose);
}

/** Evaluation with running averages, for `batch` columns (a multiple of 8). */
export class ConvEncoderNet {
  readonly shape: ConvEncoderNetShape;
  readonly batch: number;
  /** Padded number of outputs. */
  readonly width: number;
  readonly parameters: GpuArray;
  protected readonly gpu: Gpu;
  protected readonly layers: readonly ConvLayer[];
  protected readonly count: number;
  protected readonly convolution: Convolution;
  protected readonly norms: readonly BatchNorm[];
  /** What each block reads, and the dense layer behind them. */
  protected readonly images: readonly Images[];
  /** Results of the convolutions. */
  protected readonly raw: readonly Images[];
  protected readonly outputs: Images;

  protected constructor(
    gpu: Gpu,
    shape: ConvEncoderNetShape,
    batch: number,
    convolution: Convolution,
    norms: readonly BatchNorm[],
  ) {
    const { side, channels } = shape;
    this.gpu = gpu;
    this.shape = shape;
    this.batch = batch;
    this.convolution = convolution;
    this.norms = norms;
    ({ layers: this.layers, count: this.count } = encoderLayers(shape));
    this.width = this.layers[channels.length].outputs;
    this.parameters = gpu.buffer("convEncoder.parameters", 4 * this.count);
    this.images = [1, ...channels].map((width, l) =>
      allocateImages(
        gpu,
        `convEncoder.images${l}`,
        { channels: width, side: side / 2 ** l, border: l < channels.length ? 1 : 0 },
        batch,
      ),
    );
    this.raw = channels.map((width, l) =>
      allocateImages(gpu, `convEncoder.raw${l}`, { channels: width, side: side / 2 ** l, border: 0 }, batch),
    );
    this.outputs = allocateImages(gpu, "convEncoder.output", { channels: this.width, side: 1, border: 0 }, batch);
  }

  static async create(gpu: Gpu, shape: ConvEncoderNetShape, batch: number): Promise<ConvEncoderNet> {
    return new ConvEncoderNet(gpu, shape, batch, ...(await ConvEncoderNet.parts(gpu, shape, batch)));
  }

  protected static async parts(
    gpu: Gpu,
    shape: ConvEncoderNetShape,
    batch: number,
  ): Promise<[Convolution, BatchNorm[]]> {
    const { layers } = encoderLayers(shape);
    const convolution = await Convolution.create(gpu, batch);
    return [
      convolution,
      await Promise.all(layers.slice(0, -1).map((layer) => BatchNorm.create(gpu, layer, batch, true))),
    ];
  }

  /** `[(side + 2)²][batch]`, row by row, with a border of one pixel that must stay zero. */
  get input(): GpuArray {
    return this.images[0].data;
  }

  /** `[width][batch]`. */
  get output(): GpuArray {
    return this.outputs.data;
  }

  /** The calls that turn `input` into `output` with the running averages. */
  evaluate(): Call[] {
    return this.#calls((norm, l) => norm.evaluate(this.parameters, this.raw[l], this.images[l + 1]));
  }

  /** The calls that turn `input` into `output` with the statistics of the batch, and move the running averages. */
  forward(): Call[] {
    return this.#calls((norm, l) => norm.forward(this.parameters, this.raw[l], this.images[l + 1]));
  }

  #calls(normalise: (norm: BatchNorm, l: number) => Call[]): Call[] {
    const blocks = this.norms.flatMap((norm, l) => [
      this.convolution.forward(this.layers[l], this.parameters, this.images[l], this.raw[l]),
      ...normalise(norm, l),
    ]);
    const last = this.norms.length;
    return [
      ...blocks,
      this.convolution.forward(this.layers[last], this.parameters, flattened(this.images[last]), this.outputs),
    ];
  }

  destroy(): void {
    for (const { data } of [...this.images, ...this.raw, this.outputs]) data.destroy();
    for (const norm of this.norms) norm.destroy();
    this.parameters.destroy();
  }
}

/** An encoder in training. The caller writes `outputGradient` between `forward` and `backward`. */
export class TrainableConvEncoder extends ConvEncoderNet {
  readonly #adamw: AdamW;
  /** Gradients of what each block puts out, and of the results of its convolution. */
  readonly #gradients: readonly Images[];
  readonly #rawGradients: readonly Images[];
  readonly #outputGradient: Images;

  private constructor(
    gpu: Gpu,
    shape: ConvEncoderNetShape,
    batch: number,
    parts: [Convolution, BatchNorm[]],
    options: Schedule,
    kernels: Awaited<ReturnType<typeof AdamW.kernels>>,
  ) {
    super(gpu, shape, batch, ...parts);
    const { layers, count } = this;
    this.#adamw = new AdamW(
      gpu,
      this.parameters,
      transposition(layers, count),
      layerRules(layers, count),
      SEGMENTS,
      options,
      kernels,
    );
    const like = (label: string, border: 0 | 1) => (images: Images, l: number) =>
      allocateImages(gpu, `convEncoder.${label}${l}`, { ...images, border }, batch);
    this.#gradients = this.images.slice(1).map(like("gradient", 0));
    this.#rawGradients = this.raw.map(like("rawGradient", 1));
    this.#outputGradient = like("outputGradient", 0)(this.outputs, 0);
  }

  static async createTrainable(
    gpu: Gpu,
    shape: ConvEncoderNetShape,
    batch: number,
    options: Schedule,
  ): Promise<TrainableConvEncoder> {
    const parts = await ConvEncoderNet.parts(gpu, shape, batch);
    return new TrainableConvEncoder(gpu, shape, batch, parts, options, await AdamW.kernels(gpu));
  }

  /** `[width][batch]`. */
  get outputGradient(): GpuArray {
    return this.#outputGradient.data;
  }

  /** Steps done; a device counter that recorded calls read. */
  get step(): GpuArray {
    return this.#adamw.step;
  }

  /** The calls that turn `outputGradient` into one AdamW step. */
  backward(): Call[] {
    const { convolution, layers, images } = this;
    const last = this.norms.length;
    const calls = [
      convolution.toWeights(layers[last], this.#adamw, flattened(images[last]), this.#outputGradient),
      convolution.toInput(layers[last], this.#adamw, this.#outputGradient, flattened(this.#gradients[last - 1])),
    ];
    for (let l = last - 1; l >= 0; l--) {
      const dz = this.#rawGradients[l];
      calls.push(
        ...this.norms[l].backward(this.#adamw, this.raw[l], this.#gradients[l], dz),
        convolution.toWeights(layers[l], this.#adamw, images[l], dz),
      );
      if (l > 0) calls.push(convolution.toInput(layers[l], this.#adamw, dz, this.#gradients[l - 1]));
    }
    return [...calls, ...this.#adamw.update()];
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

  override destroy(): void {
    super.destroy();
    this.#adamw.destroy();
    for (const { data } of [...this.#gradients, ...this.#rawGradients, this.#outputGradient]) data.destroy();
  }
}
