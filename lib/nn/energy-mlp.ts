// A multilayer perceptron with a linear map beside it as a function that has a gradient:
//   E(x) = ½ |y(x)|²,   y = network(x) + Γ x,   ∇E = (∂y/∂x)ᵀ y by going back through the layers,
// in training by a loss of ∇E. With a = ∂L/∂∇E the gradient of L with respect to everything else is that of aᵀ∇E = y · ẏ, the derivative
// of E along a (Pearlmutter, Neural Comput. 6, 147 (1994)): derivatives along a go up through the layers, and gradients come down
// once more. With p, h a layer's sums and activations, t the gradient of E with respect to p, and dots for derivatives along a:
//   ḣ = act'(p) ṗ,   gradient of p: u = act'(p) W u⁺ + act''(p)/act'(p) ṗ t,   of W: h u⁺ᵀ + ḣ t⁺ᵀ,   of biases: u,
// where ⁺ is of the layer above; at the top t = y and u = ẏ.
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call, Kernel } from "../gpu/kernel.ts";
import { AdamW, type Schedule } from "./adamw.ts";
import {
  ACTIVATIONS,
  initialParameters,
  type Layer,
  layout,
  learningRules,
  Mlp,
  type MlpShape,
  SEGMENTS,
  transposition,
} from "./mlp.ts";

export interface EnergyOptions extends Schedule {
  /** x, `[inputs][batch]`, the number of inputs a multiple of 8; the caller's, who destroys it. */
  readonly input: GpuArray;
  /** Whether the gradient of L with respect to x is wanted. */
  readonly inputGradient?: boolean;
}

/** Γ `[inputs][outputs]` as a layer without biases, behind the parameters of the network; `count` of both together. */
export function energyLayout(shape: MlpShape): { layers: Layer[]; beside: Layer; count: number } {
  const { layers, stride } = layout(shape);
  const { outputs } = layers[layers.length - 1];
  const count = stride + shape.inputs * outputs;
  const beside = { inputs: shape.inputs, outputs, weights: stride, bias: count, activation: ACTIVATIONS.identity };
  return { layers, beside, count };
}

/** Those of the network as in `initialParameters`; Γ takes the first inputs to the outputs, so that E starts as half their square. */
export function initialEnergy(shape: MlpShape, seed: number, purpose?: string, first?: number): Float32Array {
  const { beside, count } = energyLayout(shape);
  const parameters = new Float32Array(count);
  parameters.set(initialParameters(shape, seed, purpose, first));
  for (let o = 0; o < shape.outputs; o++) parameters[beside.weights + o * beside.outputs + o] = 1;
  return parameters;
}

interface Kernels {
  readonly forward: readonly Kernel[];
  /** Of the activation of the hidden layers, and without. */
  readonly back: Kernel;
  readonly backLinear: Kernel;
  readonly add: Kernel;
  readonly addLinear: Kernel;
  readonly along: Kernel;
  readonly weightGradient: Kernel;
  readonly adamw: readonly Kernel[];
}

/** One network in training. The caller writes `direction` between the calls. */
export class EnergyMlp extends Mlp {
  /** ∇E, `[inputs][batch]`. */
  readonly energyGradient: GpuArray;
  /** a = ∂L/∂∇E, `[inputs][batch]`. */
  readonly direction: GpuArray;
  /** ∂L/∂x, `[inputs][batch]`; null unless it was asked for. */
  readonly inputGradient: GpuArray | null;
  readonly #kernels: Kernels;
  readonly #beside: Layer;
  /** t of every hidden layer, `[outputs][batch]`. */
  readonly #down: readonly GpuArray[];
  /** ḣ of every hidden layer. */
  readonly #along: readonly GpuArray[];
  /** u of every layer. */
  readonly #again: readonly GpuArray[];
  readonly #adamw: AdamW;

  private constructor(gpu: Gpu, shape: MlpShape, batch: number, options: EnergyOptions, kernels: Kernels) {
    const { beside, count } = energyLayout(shape);
    super(gpu, shape, batch, kernels.forward, options.input, count - beside.weights);
    this.#kernels = kernels;
    this.#beside = beside;
    const rows = (what: string, count: number) => gpu.buffer(`energy.${what}`, 4 * count * batch);
    const hidden = this.layers.slice(0, -1);
    this.energyGradient = rows("energyGradient", shape.inputs);
    this.direction = rows("direction", shape.inputs);
    this.inputGradient = options.inputGradient ? rows("inputGradient", shape.inputs) : null;
    this.#down = hidden.map(({ outputs }, l) => rows(`down${l}`, outputs));
    this.#along = hidden.map(({ outputs }, l) => rows(`along${l}`, outputs));
    this.#again = this.layers.map(({ outputs }, l) => rows(`again${l}`, outputs));
    const transposed = transposition([...this.layers, beside], 1, this.stride, count);
    const rules = learningRules(this.layers, 1, this.stride, count);
    this.#adamw = new AdamW(gpu, this.parameters, transposed, rules, 2 * SEGMENTS, options, kernels.adamw);
  }

  static async createTrainable(gpu: Gpu, shape: MlpShape, batch: number, options: EnergyOptions): Promise<EnergyMlp> {
    if (shape.inputs % 8 !== 0 || shape.groups !== 1) {
      throw new Error(
        `${shape.groups} networks of ${shape.inputs} inputs: use one, its inputs padded to a multiple of 8`,
      );
    }
    const dense = (kind: number, ADD: boolean, CURVED = false) =>
      gpu.kernel("nn/dense.wgsl", { constants: { ACTIVATION: kind }, conditions: { BACKWARD: true, ADD, CURVED } });
    const { identity, [shape.activation]: own } = ACTIVATIONS;
    const [forward, back, backLinear, add, addLinear, along, weightGradient, adamw] = await Promise.all([
      Mlp.kernels(gpu, shape),
      dense(own, false),
      dense(identity, false),
      dense(own, true),
      dense(identity, true),
      dense(own, false, true),
      gpu.kernel("nn/weight_gradient.wgsl"),
      AdamW.kernels(gpu),
    ]);
    const kernels = { forward, back, backLinear, add, addLinear, along, weightGradient, adamw };
    return new EnergyMlp(gpu, shape, batch, options, kernels);
  }

  /** Steps done; a device counter that recorded calls read. */
  get step(): GpuArray {
    return this.#adamw.step;
  }

  /** The calls that turn `input` into `output` (y) and `energyGradient`. */
  override forward(): Call[] {
    const { backLinear, addLinear } = this.#kernels;
    const top = this.layers.length - 1;
    const calls = [...super.forward(), this.#up(addLinear, this.#beside, this.input, this.output, this.input)];
    for (let l = top; l > 0; l--) {
      calls.push(
        this.#back(this.#kernels.back, this.layers[l], this.#t(l), this.#down[l - 1], this.activations[l - 1]),
      );
    }
    calls.push(
      this.#back(backLinear, this.layers[0], this.#t(0), this.energyGradient, this.input),
      this.#back(addLinear, this.#beside, this.output, this.energyGradient, this.input),
    );
    return calls;
  }

  /** The calls that turn `direction` into one AdamW step. */
  backward(): Call[] {
    const { backLinear, add, addLinear, along } = this.#kernels;
    const calls: Call[] = [];
    const top = this.layers.length - 1;
    for (let l = 0; l < top; l++) {
      const curve = { sloped: this.#down[l], bend: this.#again[l] };
      calls.push(this.#up(along, this.layers[l], this.#dot(l - 1), this.#along[l], this.activations[l], curve));
    }
    calls.push(
      this.#up(backLinear, this.layers[top], this.#dot(top - 1), this.#again[top], this.input),
      this.#up(addLinear, this.#beside, this.direction, this.#again[top], this.input),
    );
    for (let l = top; l > 0; l--) {
      calls.push(this.#back(add, this.layers[l], this.#again[l], this.#again[l - 1], this.activations[l - 1]));
    }
    if (this.inputGradient) {
      calls.push(
        this.#back(backLinear, this.layers[0], this.#again[0], this.inputGradient, this.input),
        this.#back(addLinear, this.#beside, this.#again[top], this.inputGradient, this.input),
      );
    }
    const parts = (layer: Layer, l: number, x: GpuArray, dot: GpuArray, biases: boolean) => {
      const { weightGradient } = this.#kernels;
      const { partial } = this.#adamw;
      calls.push(
        this.weightGradient(weightGradient, layer, { x, dy: this.#again[l], partial }, { biases }),
        this.weightGradient(
          weightGradient,
          layer,
          { x: dot, dy: this.#t(l), partial },
          { biases: false, first: SEGMENTS },
        ),
      );
    };
    this.layers.forEach((layer, l) => {
      parts(layer, l, l === 0 ? this.input : this.activations[l - 1], this.#dot(l - 1), true);
    });
    parts(this.#beside, top, this.input, this.direction, false);
    calls.push(...this.#adamw.update());
    return calls;
  }

  /** Puts parameters (and, to go on with training, AdamW moments and the step) on the device. */
  load(parameters: Float32Array, moments?: Float32Array, step = 0): void {
    this.#adamw.load(parameters, moments, step);
  }

  /** Parameters and AdamW moments, to be saved. */
  save(): Promise<{ parameters: Float32Array; moments: Float32Array }> {
    return this.#adamw.save();
  }

  /** The gradient of the last step: for tests. */
  gradient(): Promise<Float32Array> {
    return this.#adamw.gradient();
  }

  /** Gradient of E with respect to the sums of a layer. */
  #t(l: number): GpuArray {
    return l === this.layers.length - 1 ? this.output : this.#down[l];
  }

  /** Derivatives along a of the activations of a layer; -1: of x, which is a. */
  #dot(l: number): GpuArray {
    return l < 0 ? this.direction : this.#along[l];
  }

  /** From the inputs of a layer to its outputs, without biases; `below`: what the slopes of the activation are taken from. */
  #up(
    kernel: Kernel,
    layer: Layer,
    x: GpuArray,
    y: GpuArray,
    below: GpuArray,
    more: Record<string, GpuArray> = {},
  ): Call {
    const params = this.denseParams(layer, layer.inputs, layer.outputs, false);
    return kernel.call({ params, parameters: this.parameters, x, y, below, ...more }, this.tiles(layer.outputs));
  }

  /** From the outputs of a layer to its inputs. */
  #back(kernel: Kernel, layer: Layer, x: GpuArray, y: GpuArray, below: GpuArray): Call {
    const params = this.denseParams(layer, layer.outputs, layer.inputs, false);
    return kernel.call({ params, parameters: this.#adamw.transposed, x, y, below }, this.tiles(layer.inputs));
  }

  override destroy(): void {
    super.destroy();
    this.#adamw.destroy();
    const own = [
      this.energyGradient,
      this.direction,
      this.inputGradient,
      ...this.#down,
      ...this.#along,
      ...this.#again,
    ];
    for (const buffer of own) buffer?.destroy();
  }
}
