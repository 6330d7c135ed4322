// The stochastic OnsagerNet in training: its networks layer by layer, and kernels between them that know its formula.
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Call, Kernel } from "../../gpu/kernel.ts";
import { EnergyMlp, initialEnergy } from "../../nn/energy-mlp.ts";
import { initialParameters, layout, TrainableMlp } from "../../nn/mlp.ts";
import { concatenate } from "../concatenate.ts";
import { conditioned } from "./conditions.ts";
import type { TrainableField, TrainingOptions } from "./field.ts";
import {
  type OnsagerDrift,
  type OnsagerDriftSpec,
  type OnsagerShapes,
  onsagerConstants,
  onsagerShapes,
  withOnsagerInputs,
} from "./onsager-networks.ts";

/** Rows of f and of its gradient, padded. */
const WIDTH = 8;

export interface TrainableOnsager extends TrainableField<OnsagerDrift> {
  /** The gradient of the last step: for tests. */
  gradient(): Promise<Float32Array>;
}

/**
 * An OnsagerNet of d variables and `options.inputs` − d conditions. Parameters, and their gradient, are those of the energy, of the
 * coefficients and of the embedding, one after another, the inputs of the first two padded. Throws Error where the gradient of the
 * input is asked for.
 */
export async function trainableOnsager(
  gpu: Gpu,
  spec: OnsagerDriftSpec,
  d: number,
  { input: given, inputGradient, ...options }: TrainingOptions,
): Promise<TrainableOnsager> {
  if (inputGradient) throw new Error("an OnsagerNet gives no gradient of its input: use a network");
  const { batch, inputs = d } = options;
  const conditions = inputs - d;
  const shapes = onsagerShapes(spec, d, conditions, 8);
  const initial = initialOnsager(shapes, d, options);
  const embedded = shapes.inputs - d;
  const rows = (what: string, count: number) => gpu.buffer(`onsager.${what}`, 4 * count * batch);
  const input = given ?? rows("input", conditions > 0 ? inputs : shapes.energy.inputs);
  const x = conditions > 0 ? rows("x", shapes.energy.inputs) : input;
  const trained = { ...options, input: x, inputGradient: conditions > 0 };
  const energy = await EnergyMlp.createTrainable(gpu, shapes.energy, batch, trained);
  const coefficients = await TrainableMlp.createTrainable(gpu, shapes.coefficients, batch, trained);
  const embedding =
    conditions > 0 ? await TrainableMlp.createTrainable(gpu, shapes.embedding, batch, { ...options }) : null;
  const output = rows("output", WIDTH);
  const outputGradient = rows("outputGradient", WIDTH);

  const constants = onsagerConstants(d);
  const [formula, gradients, copy, add] = await Promise.all([
    gpu.kernel("sde/onsager_forward.wgsl", { constants }),
    gpu.kernel("sde/onsager_backward.wgsl", { constants }),
    gpu.kernel("nn/copy_rows.wgsl", { conditions: { ADD: false } }),
    gpu.kernel("nn/copy_rows.wgsl", { conditions: { ADD: true } }),
  ]);
  /** Rows of one array into another, or added to it, each with the first of them. */
  const move = (kernel: Kernel, count: number, [x, first]: [GpuArray, number], [y, place]: [GpuArray, number]): Call =>
    kernel.call({ params: { rows: count, batch, first, place }, x, y }, (count * batch) / 64);
  const known = {
    params: { batch, width: coefficients.width },
    input: x,
    gradient: energy.energyGradient,
    coefficients: coefficients.output,
  };

  /** The calls that turn the conditions into rows of x. */
  const embed = (): Call[] =>
    embedding
      ? [
          move(copy, conditions, [input, d], [embedding.input, 0]),
          ...embedding.forward(),
          move(copy, d, [input, 0], [x, 0]),
          move(copy, embedded, [embedding.output, 0], [x, d]),
        ]
      : [];

  /** The calls that turn the gradients of these rows, by three networks, into one step. */
  const learnEmbedding = (): Call[] => {
    if (!embedding || !energy.inputGradient || !coefficients.inputGradient) return [];
    const to: [GpuArray, number] = [embedding.outputGradient, 0];
    return [
      move(copy, embedded, [energy.inputGradient, d], to),
      move(add, embedded, [coefficients.inputGradient, d], to),
      move(add, embedded, [coefficients.inputGradient, shapes.energy.inputs + d], to),
      ...embedding.backward(),
    ];
  };

  const networks = embedding ? [energy, coefficients, embedding] : [energy, coefficients];
  /** The numbers of each network, `times` as many as it has parameters. */
  const split = (numbers: Float32Array, times = 1) => {
    let at = 0;
    return networks.map(({ count }) => {
      const start = at;
      at += times * count;
      return numbers.slice(start, at);
    });
  };

  return {
    input,
    batch,
    width: WIDTH,
    output,
    outputGradient,
    inputGradient: null,
    step: energy.step,
    initial,

    forward: () => [
      ...embed(),
      ...energy.forward(),
      ...coefficients.forward(),
      formula.call({ ...known, output }, batch / 64),
    ],

    backward: () => [
      gradients.call(
        {
          ...known,
          output_gradient: outputGradient,
          direction: energy.direction,
          coefficient_gradient: coefficients.outputGradient,
        },
        batch / 64,
      ),
      ...energy.backward(),
      ...coefficients.backward(),
      ...learnEmbedding(),
    ],

    load(parameters, moments, step) {
      const [own, theirs] = [split(parameters), moments && split(moments, 2)];
      for (const [k, network] of networks.entries()) network.load(own[k], theirs?.[k], step);
    },

    async save() {
      const saved = await Promise.all(networks.map((network) => network.save()));
      return {
        parameters: concatenate(saved.map((one) => one.parameters)),
        moments: concatenate(saved.map((one) => one.moments)),
      };
    },

    gradient: async () => concatenate(await Promise.all(networks.map((network) => network.gradient()))),

    field(parameters, { conditions, driftScale }) {
      const [own, matrices, conditioning] = split(parameters);
      const padding = new Float32Array(shapes.energy.inputs - shapes.inputs);
      return {
        ...spec,
        ...conditioned(conditions),
        scale: driftScale,
        ...withOnsagerInputs(shapes, { energy: own, coefficients: matrices }, padding),
        ...(conditioning && { embedding: conditioning }),
      };
    },

    destroy() {
      for (const one of [...networks, output, outputGradient]) one.destroy();
      if (conditions > 0) x.destroy();
      if (!given) input.destroy();
    },
  };
}

/** First parameters: f = −(1 + α)(1 + 2β) z̃, with hidden layers at random; networks of one equation have numbers, the diffusion's is 1. */
function initialOnsager(
  shapes: OnsagerShapes,
  d: number,
  { seed, purpose }: Pick<TrainingOptions, "seed" | "purpose">,
): Float32Array {
  const coefficients = initialParameters(shapes.coefficients, seed, purpose, 2);
  const { layers } = layout(shapes.coefficients);
  // B = I: from B = 0 there is no way to learn it.
  for (let j = 0; j < d; j++) coefficients[layers[layers.length - 1].bias + j * (d + 1)] = 1;
  return concatenate([
    initialEnergy(shapes.energy, seed, purpose, 0),
    coefficients,
    ...(shapes.embedding.inputs > 0 ? [initialParameters(shapes.embedding, seed, purpose, 4)] : []),
  ]);
}
