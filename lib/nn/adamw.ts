// Parameters of a network in training: AdamW (Loshchilov & Hutter 2019), the second copy of the weights, saving and loading.
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call, Kernel } from "../gpu/kernel.ts";

export interface Schedule {
  /** Steps of the whole schedule: warm-up over the first twentieth, then cosine decay to zero. */
  readonly steps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** What is learned from the gradient of a parameter: everything, all but the weight decay (biases), or nothing. */
export const RULE = { weight: 0, bias: 1, fixed: 2 } as const;

const NO_DECAY = 2 ** 31;
const NOT_TRAINED = 2 ** 32 - 1;

export class AdamW {
  readonly parameters: GpuArray;
  /** The same numbers in another order, for kernels that go through the weights backward. */
  readonly transposed: GpuArray;
  /** Gradient, `[segments][count]`: kernels write it in parts of a sum. */
  readonly partial: GpuArray;
  /** Steps done; a device counter that recorded calls read. */
  readonly step: GpuArray;
  readonly count: number;
  readonly segments: number;
  readonly #gpu: Gpu;
  readonly #options: Schedule;
  readonly #kernels: readonly Kernel[];
  readonly #transposeOf: Uint32Array;
  readonly #moments: GpuArray;
  readonly #rule: GpuArray;

  /**
   * `transposeOf`: index of each parameter in the second copy, each index once. `rules`: of each parameter, see `RULE`.
   * `parameters` stays the caller's to destroy.
   */
  constructor(
    gpu: Gpu,
    parameters: GpuArray,
    transposeOf: Uint32Array,
    rules: Uint8Array,
    segments: number,
    options: Schedule,
    kernels: readonly Kernel[],
  ) {
    this.#gpu = gpu;
    this.#options = options;
    this.#kernels = kernels;
    this.#transposeOf = transposeOf;
    this.parameters = parameters;
    this.count = rules.length;
    this.segments = segments;
    this.step = gpu.buffer("adamw.step", 4);
    this.partial = gpu.buffer("adamw.partial", 4 * segments * this.count);
    this.transposed = gpu.buffer("adamw.transposed", 4 * this.count);
    this.#moments = gpu.buffer("adamw.moments", 8 * this.count);
    this.#rule = gpu.buffer(
      "adamw.rule",
      transposeOf.map((index, p) =>
        rules[p] === RULE.fixed ? NOT_TRAINED : index + (rules[p] === RULE.bias ? NO_DECAY : 0),
      ),
    );
  }

  static kernels(gpu: Gpu): Promise<Kernel[]> {
    return Promise.all(["adamw", "advance"].map((name) => gpu.kernel(`nn/${name}.wgsl`)));
  }

  /** The calls that turn `partial` into one step. */
  update(): Call[] {
    const { steps, learningRate, weightDecay } = this.#options;
    const params = {
      count: this.count,
      segments: this.segments,
      steps,
      warmup: Math.max(1, steps / 20),
      rate: learningRate,
      decay: weightDecay,
    };
    const [adamw, advance] = this.#kernels;
    return [
      adamw.call(
        {
          params,
          step: this.step,
          partial: this.partial,
          rule: this.#rule,
          weights: this.parameters,
          transposed: this.transposed,
          moments: this.#moments,
        },
        Math.ceil(this.count / 64),
      ),
      advance.call({ counter: this.step }, 1),
    ];
  }

  /** Puts parameters (and, to go on with training, AdamW moments and the step) on the device. */
  load(parameters: Float32Array, moments?: Float32Array, step = 0): void {
    const transposed = new Float32Array(parameters.length);
    parameters.forEach((value, p) => {
      transposed[this.#transposeOf[p]] = value;
    });
    this.#gpu.write(this.parameters, parameters);
    this.#gpu.write(this.transposed, transposed);
    this.#gpu.write(this.#moments, moments ?? new Float32Array(2 * parameters.length));
    this.#gpu.write(this.step, Uint32Array.of(step));
  }

  /** Parameters and AdamW moments, to be saved. */
  async save(): Promise<{ parameters: Float32Array; moments: Float32Array }> {
    return {
      parameters: await this.#gpu.read(this.parameters, Float32Array),
      moments: await this.#gpu.read(this.#moments, Float32Array),
    };
  }

  /** The gradient of the last step, summed over the segments: for tests. */
  async gradient(): Promise<Float32Array> {
    const partial = await this.#gpu.read(this.partial, Float32Array);
    return Float32Array.from({ length: this.count }, (_, p) => {
      let sum = 0;
      for (let s = 0; s < this.segments; s++) sum += partial[s * this.count + p];
      return sum;
    });
  }

  destroy(): void {
    for (const buffer of [this.step, this.partial, this.transposed, this.#moments, this.#rule]) buffer.destroy();
  }
}
