// A group of multilayer perceptrons of equal shape on the device: forward, gradients, AdamW (Loshchilov & Hutter 2019).
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call, Kernel } from "../gpu/kernel.ts";
import { normalPair } from "../random/normal.ts";
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { AdamW, RULE, type Schedule } from "./adamw.ts";

/** requr: relu(x)² − relu(x − ½)², once differentiable (Yu, Tian, E & Li, Phys. Rev. Fluids 6, 114402 (2021)). */
export type Activation = "tanh" | "relu" | "requr";

export interface MlpShape {
  /** Number of networks in the group. */
  readonly groups: number;
  readonly inputs: number;
  /** Widths of the hidden layers, multiples of 8. */
  readonly hidden: readonly number[];
  /** Outputs of each network; on the device padded to a multiple of 8. */
  readonly outputs: number;
  readonly activation: Activation;
}

/** A layer's place in the flat parameter array of group 0: w `[inputs][outputs]`, then bias `[outputs]`. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly bias: number;
  readonly activation: number;
}

/** Batches are whole tiles of the dense kernel: 32 invocations of 8 columns. */
const BATCH_TILE = 256;
/** Parts of the batch that gradients of weights are sums of. */
export const SEGMENTS = 4;
/** As kernels number them. */
export const ACTIVATIONS = { identity: 0, tanh: 1, relu: 2, requr: 3 } as const;

export function roundUpBatch(count: number): number {
  return Math.ceil(count / BATCH_TILE) * BATCH_TILE;
}

/** The layers of one network and the float32 count of its parameters. Throws InputError for bad widths. */
export function layout({ inputs, hidden, outputs, activation }: MlpShape): { layers: Layer[]; stride: number } {
  for (const width of hidden) {
    if (!Number.isInteger(width) || width < 8 || width % 8 !== 0) {
      throw new InputError(`hidden width ${width} is not a positive multiple of 8`);
    }
  }
  const widths = [inputs, ...hidden, Math.ceil(outputs / 8) * 8];
  const layers: Layer[] = [];
  let at = 0;
  for (let l = 0; l + 1 < widths.length; l++) {
    const bias = at + widths[l] * widths[l + 1];
    const kind = l + 2 < widths.length ? activation : "identity";
    layers.push({
      inputs: widths[l],
      outputs: widths[l + 1],
      weights: at,
      bias,
      activation: ACTIVATIONS[kind],
    });
    at = bias + widths[l + 1];
  }
  return { layers, stride: at };
}

/**
 * Initial parameters `[groups · stride]`; networks of one seed and purpose are told apart by their number, from `first` on: normal weights of variance 1/inputs (tanh) or 2/inputs (relu, requr), biases
 * uniform in ±1 for the first layer (so that units switch at different places) and zero above, last layer zero.
 */
export function initialParameters(shape: MlpShape, seed: number, purpose = "mlp/initial", first = 0): Float32Array {
  const { layers, stride } = layout(shape);
  const parameters = new Float32Array(shape.groups * stride);
  for (let g = 0; g < shape.groups; g++) {
    layers.slice(0, -1).forEach((layer, l) => {
      const rng = Xoshiro.open(stream(seed, purpose), first + g, l);
      const scale = Math.sqrt((shape.activation === "tanh" ? 1 : 2) / layer.inputs);
      const start = g * stride + layer.weights;
      for (let k = 0; k < layer.inputs * layer.outputs; k += 2) {
        const [a, b] = normalPair(rng.next(), rng.next());
        parameters[start + k] = scale * a;
        if (k + 1 < layer.inputs * layer.outputs) parameters[start + k + 1] = scale * b;
      }
      if (l > 0) return;
      for (let o = 0; o < layer.outputs; o++) parameters[g * stride + layer.bias + o] = 2 * rng.uniform() - 1;
    });
  }
  return parameters;
}

/** Index of each of `count` parameters in the copy with transposed weights, those of dense layers backward. */
export function transposition(layers: readonly Layer[], groups: number, stride: number, count: number): Uint32Array {
  const index = Uint32Array.from({ length: count }, (_, p) => p);
  for (let g = 0; g < groups; g++) {
    for (const { inputs, outputs, weights } of layers) {
      const start = g * stride + weights;
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++) index[start + i * outputs + o] = start + o * inputs + i;
      }
    }
  }
  return index;
}

/** What AdamW does with each of `count` parameters: biases do not decay. */
export function learningRules(layers: readonly Layer[], groups: number, stride: number, count: number): Uint8Array {
  const rules = new Uint8Array(count).fill(RULE.weight);
  for (let g = 0; g < groups; g++) {
    for (const { outputs, bias } of layers) {
      rules.fill(RULE.bias, g * stride + bias, g * stride + bias + outputs);
    }
  }
  return rules;
}

/** Forward evaluation of the group for `batch` columns (a multiple of 256). */
export class Mlp {
  readonly shape: MlpShape;
  readonly batch: number;
  /** Padded number of outputs per network. */
  readonly width: number;
  /** `[inputs][batch]`, shared by all networks of the group. */
  readonly input: GpuArray;
  /** Activations of every layer, `[groups][outputs][batch]`; the last is the output. */
  readonly activations: readonly GpuArray[];
  readonly parameters: GpuArray;
  protected readonly gpu: Gpu;
  protected readonly layers: readonly Layer[];
  protected readonly stride: number;
  /** Number of parameters of all networks. */
  readonly count: number;
  readonly #kernels: readonly Kernel[];
  readonly #ownsInput: boolean;

  /** `more`: numbers that a subclass has behind the parameters of the networks. */
  protected constructor(
    gpu: Gpu,
    shape: MlpShape,
    batch: number,
    kernels: readonly Kernel[],
    input?: GpuArray,
    more = 0,
  ) {
    if (batch % BATCH_TILE !== 0) throw new Error(`batch ${batch} is not a multiple of ${BATCH_TILE}`);
    this.gpu = gpu;
    this.shape = shape;
    this.batch = batch;
    ({ layers: this.layers, stride: this.stride } = layout(shape));
    this.width = this.layers[this.layers.length - 1].outputs;
    this.#kernels = kernels;
    this.#ownsInput = input === undefined;
    this.input = input ?? gpu.buffer("mlp.input", 4 * shape.inputs * batch);
    if (this.input.bytes < 4 * shape.inputs * batch) {
      throw new Error(`${this.input.label} is too small for ${batch} columns of ${shape.inputs} inputs`);
    }
    this.activations = this.layers.map(({ outputs }, l) =>
      gpu.buffer(`mlp.activations${l}`, 4 * shape.groups * outputs * batch),
    );
    this.count = shape.groups * this.stride + more;
    this.parameters = gpu.buffer("mlp.parameters", 4 * this.count);
  }

  /** `input`: of another network, or the caller's, who destroys it; one of its own by default. */
  static async create(gpu: Gpu, shape: MlpShape, batch: number, input?: GpuArray): Promise<Mlp> {
    return new Mlp(gpu, shape, batch, await Mlp.kernels(gpu, shape), input);
  }

  protected static kernels(gpu: Gpu, shape: MlpShape): Promise<Kernel[]> {
    return Promise.all(
      layout(shape).layers.map(({ activation }) =>
        gpu.kernel("nn/dense.wgsl", { constants: { ACTIVATION: activation }, conditions: { BACKWARD: false } }),
      ),
    );
  }

  get output(): GpuArray {
    return this.activations[this.activations.length - 1];
  }

  /** The calls that turn `input` into `output`. */
  forward(): Call[] {
    return this.layers.map((layer, l) =>
      this.#kernels[l].call(
        {
          params: this.denseParams(layer, layer.inputs, layer.outputs, l === 0),
          parameters: this.parameters,
          x: l === 0 ? this.input : this.activations[l - 1],
          y: this.activations[l],
        },
        this.tiles(layer.outputs),
      ),
    );
  }

  protected denseParams(layer: Layer, inner: number, outer: number, shared: boolean) {
    return {
      inner,
      outer,
      columns: this.batch / 4,
      shared_input: shared ? 1 : 0,
      weights: layer.weights / 4,
      bias: layer.bias / 4,
      stride: this.stride / 4,
    };
  }

  /**
   * The gradient of a layer's weights from its inputs `x` and the gradient `dy` of its outputs, into the segments of `partial` from `first`
   * on; of its biases too, unless `biases` is false.
   */
  protected weightGradient(
    kernel: Kernel,
    { inputs, outputs, weights, bias }: Layer,
    { x, dy, partial }: { readonly x: GpuArray; readonly dy: GpuArray; readonly partial: GpuArray },
    { shared = false, first = 0, biases = true } = {},
  ): Call {
    const { groups } = this.shape;
    const params = {
      inputs,
      outputs,
      columns: this.batch / 4,
      first,
      segments: SEGMENTS,
      shared_input: shared ? 1 : 0,
      weights,
      bias,
      stride: this.stride,
      total: this.count,
      biases: biases ? 1 : 0,
    };
    const tiles = Math.ceil(inputs / 8) * (outputs / 8) * SEGMENTS;
    return kernel.call({ params, x, dy, partial }, [Math.ceil(tiles / 32), 1, groups]);
  }

  protected tiles(features: number): [number, number, number] {
    return [this.batch / BATCH_TILE, features / 8, this.shape.groups];
  }

  destroy(): void {
    if (this.#ownsInput) this.input.destroy();
    for (const buffer of [this.parameters, ...this.activations]) buffer.destroy();
  }
}

export interface AdamWOptions extends Schedule {
  /** Networks whose last layer is its bias alone, a constant output. */
  readonly constant?: readonly boolean[];
  /** Whether `backpropagate` goes on to the input; the number of inputs must then be a multiple of 8. */
  readonly inputGradient?: boolean;
  /** The input, where it is another network's: that destroys it. */
  readonly input?: GpuArray;
}

/** A group in training. The caller writes `outputGradient` (dL/d output, `[groups][width][batch]`) between the calls. */
export class TrainableMlp extends Mlp {
  readonly outputGradient: GpuArray;
  /** dL/d input of every network, `[groups][inputs][batch]`; null unless it was asked for. */
  readonly inputGradient: GpuArray | null;
  /** Of each layer, through its inputs. */
  readonly #backward: readonly Kernel[];
  readonly #weightGradient: Kernel;
  readonly #gradients: readonly GpuArray[];
  readonly #adamw: AdamW;

  private constructor(gpu: Gpu, shape: MlpShape, batch: number, options: AdamWOptions, kernels: readonly Kernel[][]) {
    super(gpu, shape, batch, kernels[0], options.input);
    this.#backward = kernels[1];
    [this.#weightGradient] = kernels[2];
    this.#gradients = this.layers.map(({ outputs }, l) =>
      gpu.buffer(`mlp.gradient${l}`, 4 * shape.groups * outputs * batch),
    );
    this.outputGradient = this.#gradients[this.#gradients.length - 1];
    this.inputGradient = options.inputGradient
      ? gpu.buffer("mlp.inputGradient", 4 * shape.groups * shape.inputs * batch)
      : null;
    const transposed = transposition(this.layers, shape.groups, this.stride, this.count);
    const rules = this.#rules(options.constant);
    this.#adamw = new AdamW(gpu, this.parameters, transposed, rules, SEGMENTS, options, kernels[3]);
  }

  static async createTrainable(
    gpu: Gpu,
    shape: MlpShape,
    batch: number,
    options: AdamWOptions & { readonly inputGradient: true },
  ): Promise<TrainableMlp & { readonly inputGradient: GpuArray }>;
  static async createTrainable(gpu: Gpu, shape: MlpShape, batch: number, options: AdamWOptions): Promise<TrainableMlp>;
  static async createTrainable(gpu: Gpu, shape: MlpShape, batch: number, options: AdamWOptions): Promise<TrainableMlp> {
    if (options.inputGradient && shape.inputs % 8 !== 0) {
      throw new Error(`${shape.inputs} inputs are not a multiple of 8: pad them for the gradient of the input`);
    }
    const kinds = [ACTIVATIONS.identity, ...layout(shape).layers.map(({ activation }) => activation)].slice(0, -1);
    const kernels = await Promise.all([
      Mlp.kernels(gpu, shape),
      Promise.all(
        kinds.map((activation) =>
          gpu.kernel("nn/dense.wgsl", { constants: { ACTIVATION: activation }, conditions: { BACKWARD: true } }),
        ),
      ),
      Promise.all([gpu.kernel("nn/weight_gradient.wgsl")]),
      AdamW.kernels(gpu),
    ]);
    return new TrainableMlp(gpu, shape, batch, options, kernels);
  }

  /** Steps done; a device counter that recorded calls read. */
  get step(): GpuArray {
    return this.#adamw.step;
  }

  /** The calls that turn `outputGradient` into the gradients of all activations, and of the input if it was asked for. */
  backpropagate(): Call[] {
    const calls: Call[] = [];
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const layer = this.layers[l];
      const y = l > 0 ? this.#gradients[l - 1] : this.inputGradient;
      if (!y) break;
      calls.push(
        this.#backward[l].call(
          {
            params: this.denseParams(layer, layer.outputs, layer.inputs, false),
            parameters: this.#adamw.transposed,
            x: this.#gradients[l],
            y,
            below: l > 0 ? this.activations[l - 1] : this.input,
          },
          this.tiles(layer.inputs),
        ),
      );
    }
    return calls;
  }

  /** The calls that turn `outputGradient` into one AdamW step. */
  backward(): Call[] {
    const calls = this.backpropagate();
    this.layers.forEach((layer, l) => {
      const x = l === 0 ? this.input : this.activations[l - 1];
      const sides = { x, dy: this.#gradients[l], partial: this.#adamw.partial };
      calls.push(this.weightGradient(this.#weightGradient, layer, sides, { shared: l === 0 }));
    });
    calls.push(...this.#adamw.update());
    return calls;
  }

  /** Puts parameters `[groups · stride]` (and, to go on with training, AdamW moments and the step) on the device. */
  load(parameters: Float32Array, moments?: Float32Array, step = 0): void {
    this.#adamw.load(parameters, moments, step);
  }

  /** Parameters and AdamW moments, to be saved. */
  save(): Promise<{ parameters: Float32Array; moments: Float32Array }> {
    return this.#adamw.save();
  }

  /** The gradient of the last step, summed over the batch segments, `[groups · stride]`: for tests. */
  gradient(): Promise<Float32Array> {
    return this.#adamw.gradient();
  }

  #rules(constant?: readonly boolean[]): Uint8Array {
    const { groups } = this.shape;
    const rules = learningRules(this.layers, groups, this.stride, this.count);
    const { weights, bias } = this.layers[this.layers.length - 1];
    for (let g = 0; g < groups; g++) {
      const start = g * this.stride;
      if (constant?.[g]) rules.fill(RULE.fixed, start + weights, start + bias);
    }
    return rules;
  }

  override destroy(): void {
    super.destroy();
    this.#adamw.destroy();
    for (const buffer of [...this.#gradients, this.inputGradient]) buffer?.destroy();
  }
}
