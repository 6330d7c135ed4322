// The encoder ψ: closure variables of a patch from its configuration, the same network for every patch (paper, section 2).
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Activation, layout, type MlpShape, roundUpBatch, TrainableMlp } from "../../nn/mlp.ts";
import type { FieldStates } from "../../systems/system.ts";

/** Columns of one evaluation at the most, if a single sample needs no more. */
const MAX_COLUMNS = 16_384;

export interface EncoderShape {
  /** Parts (species) of a configuration, at most 4. */
  readonly parts: number;
  /** Numbers of one part of a patch. */
  readonly size: number;
  /** Whether the network reads all parts of a patch together; else one network serves each part by itself (paper). */
  readonly joint: boolean;
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /** Closure variables, a multiple of the parts unless joint. */
  readonly variables: number;
}

export interface EncoderModel extends EncoderShape {
  /** Numbers of part p are read as (x − center[p]) scale[p]. */
  readonly center: Float32Array;
  readonly scale: Float32Array;
  readonly parameters: Float32Array;
}

/** What one pass of the network sees: `blocks` columns per patch with `inputs` numbers and `outputs` variables each. */
export function encoderNetwork(shape: EncoderShape) {
  const { parts, size, joint, hidden, activation, variables } = shape;
  const groups = joint ? 1 : parts;
  if (variables < 1 || variables % groups !== 0) {
    throw new InputError(`${variables} closure variables are not a positive multiple of the ${parts} parts`);
  }
  const inputs = joint ? parts * size : size;
  const outputs = variables / groups;
  const network: MlpShape = { groups: 1, inputs: Math.ceil(inputs / 8) * 8, hidden, outputs, activation };
  return { groups, inputs, outputs, network };
}

/** Uniform of kernels/closure/gather.wgsl but for `draw` and `first`. */
export function gatherUniform(
  { parts, size, center, scale }: Pick<EncoderModel, "parts" | "size" | "center" | "scale">,
  patches: number,
  rows: number,
  columns: number,
) {
  const padded = (values: Float32Array) => Float32Array.from({ length: 4 }, (_, p) => values[p] ?? 0);
  return { parts, patches, size, rows, columns, center: padded(center), scale: padded(scale) };
}

/** Evaluates an encoder on patches and whole systems. The caller destroys it. */
export class Encoder {
  readonly model: EncoderModel;
  readonly variables: number;
  readonly #gpu: Gpu;
  #mlp: TrainableMlp | undefined;

  constructor(gpu: Gpu, model: EncoderModel) {
    this.#gpu = gpu;
    this.model = model;
    this.variables = model.variables;
  }

  /** ψ of every patch of the states, `[count, patches, variables]`; a cut-out patch is a system of one. */
  async encode(states: FieldStates): Promise<Float32Array> {
    const { groups, outputs } = encoderNetwork(this.model);
    const patches = this.#patches(states);
    const values = new Float32Array(states.count * patches * this.variables);
    await this.#pass(states, async (mlp, first, samples) => {
      const { batch } = mlp;
      const rows = await this.#gpu.read(mlp.output, Float32Array, outputs * batch);
      for (let c = 0; c < outputs; c++) {
        for (let group = 0; group < groups; group++) {
          for (let patch = 0; patch < patches; patch++) {
            const from = c * batch + (group * patches + patch) * samples.columns;
            for (let b = 0; b < samples.count; b++) {
              const at = ((first + b) * patches + patch) * this.variables + group * outputs + c;
              values[at] = rows[from + b];
            }
          }
        }
      }
    });
    return values;
  }

  /**
   * Quadratic variation per time of z = (means of the parts, ψ) of cut-out patches whose numbers have independent noise of
   * variance `noise` per time: noise · J Jᵀ with the Jacobian J, upper triangles `[count, d(d+1)/2]`, d = parts + variables.
   */
  async variation(states: FieldStates, noise: number): Promise<Float32Array> {
    const { parts, size, joint, scale } = this.model;
    const { groups, inputs, outputs } = encoderNetwork(this.model);
    if (this.#patches(states) !== 1) throw new Error("the variation is that of single patches: cut them out first");
    const d = parts + this.variables;
    const triangle = (d * (d + 1)) / 2;
    const result = new Float32Array(states.count * triangle);
    await this.#pass(states, async (mlp, first, samples) => {
      const { batch } = mlp;
      const gradients: Float32Array[] = [];
      for (let c = 0; c < outputs; c++) {
        this.#gpu.write(mlp.outputGradient, new Float32Array(mlp.width * batch).fill(1, c * batch, (c + 1) * batch));
        this.#gpu.run(mlp.backpropagate());
        gradients.push(await this.#gpu.read(mlp.inputGradient!, Float32Array));
      }
      const rows = Array.from({ length: d }, () => new Float64Array(parts * size));
      for (let p = 0; p < parts; p++) rows[p].fill(1 / size, p * size, (p + 1) * size);
      for (let b = 0; b < samples.count; b++) {
        for (let group = 0; group < groups; group++) {
          for (let c = 0; c < outputs; c++) {
            const row = rows[parts + group * outputs + c];
            const start = joint ? 0 : group * size;
            for (let i = 0; i < inputs; i++) {
              const part = Math.floor((start + i) / size);
              row[start + i] = gradients[c][i * batch + group * samples.columns + b] * scale[part];
            }
          }
        }
        let at = (first + b) * triangle;
        for (let j = 0; j < d; j++) {
          for (let k = j; k < d; k++) {
            let sum = 0;
            for (let i = 0; i < parts * size; i++) sum += rows[j][i] * rows[k][i];
            result[at++] = noise * sum;
          }
        }
      }
    });
    return result;
  }

  destroy(): void {
    this.#mlp?.destroy();
    this.#mlp = undefined;
  }

  #patches({ side }: FieldStates): number {
    const { size } = this.model;
    if (side % size !== 0) throw new InputError(`patches of ${size} sites do not tile a system of ${side}`);
    return side / size;
  }

  /** Feeds the states through the network, as many samples at a time as fit; `use` reads the network behind each pass. */
  async #pass(
    states: FieldStates,
    use: (mlp: TrainableMlp, first: number, samples: { count: number; columns: number }) => Promise<void>,
  ): Promise<void> {
    const { groups } = encoderNetwork(this.model);
    const patches = this.#patches(states);
    const perSample = groups * patches;
    const columns = Math.min(states.count, Math.max(1, Math.floor(MAX_COLUMNS / perSample)));
    const mlp = await this.#network(roundUpBatch(columns * perSample));
    const gather = await this.#gpu.kernel("closure/gather.wgsl", {
      constants: { JOINT: this.model.joint ? 1 : 0 },
      conditions: { DRAWN: false },
    });
    const forward = mlp.forward();
    const { network } = encoderNetwork(this.model);
    for (let first = 0; first < states.count; first += columns) {
      const params = {
        ...gatherUniform(this.model, patches, network.inputs, mlp.batch),
        draw: { rows: states.count, batch: columns, half_bits: 0, key: [0, 0] },
        first,
      };
      const call = gather.call({ params, fields: states.fields, input: mlp.input }, Math.ceil(mlp.batch / 64));
      this.#gpu.run([call, ...forward]);
      await use(mlp, first, { count: Math.min(columns, states.count - first), columns });
    }
  }

  /** The network for `batch` columns; the last one is kept, as most calls are of the same size. */
  async #network(batch: number): Promise<TrainableMlp> {
    if (this.#mlp?.batch !== batch) {
      this.#mlp?.destroy();
      const { network } = encoderNetwork(this.model);
      const options = { steps: 1, learningRate: 0, weightDecay: 0, inputGradient: true };
      this.#mlp = await TrainableMlp.createTrainable(this.#gpu, network, batch, options);
      this.#mlp.load(this.model.parameters);
    }
    return this.#mlp;
  }
}

const ARRAYS = ["center", "scale", "parameters"] as const;

/** The arrays of an encoder by name, for a safetensors file. */
export function encoderTensors(model: EncoderModel) {
  return Object.fromEntries(ARRAYS.map((name) => [name, { shape: [model[name].length], data: model[name] }]));
}

/** The encoder of a shape from its arrays. Throws InputError when an array is missing or has another length. */
export function encoderFromTensors(
  shape: EncoderShape,
  tensors: Record<string, { readonly data: ArrayLike<number> }>,
): EncoderModel {
  const lengths = { center: shape.parts, scale: shape.parts, parameters: layout(encoderNetwork(shape).network).stride };
  const array = (name: (typeof ARRAYS)[number]) => {
    const data = tensors[name]?.data;
    if (data?.length !== lengths[name]) {
      throw new InputError(`the encoder file has ${data?.length ?? 0} numbers for ${name}, not ${lengths[name]}`);
    }
    return Float32Array.from(data);
  };
  return { ...shape, center: array("center"), scale: array("scale"), parameters: array("parameters") };
}
