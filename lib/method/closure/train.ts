// Learning the encoder ψ with one of two objectives:
//   autoencoder  (paper, section 2) a decoder rebuilds the configuration from z = (observables, mean of ψ); mean square of
//                numbers, cross-entropy of bits.
//   dynamics     ψ, f and σ together on the likelihood of what partial evolution does to the observables, given z.
//
// Why `dynamics` takes the likelihood of the observables alone: that of all of z has no maximum. If ψ shrinks, or repeats an
// observable, det C → 0 and −log det C grows without bound, although nothing became more predictable. The observables are
// fixed, so their likelihood can only grow by closure variables that tell more about their drift and noise. The
// equation of the closure variables themselves is fitted afterwards, with all of z, for every closure in the same way.
import { InputError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Call } from "../../gpu/kernel.ts";
import { drawUniform, type FitOptions, type FitProgress, requireBatch, trainNetworks } from "../train.ts";
import { dynamicsHead, standardisedObservables } from "./dynamics-head.ts";
import type { Draw, EncoderTraining } from "./encoder.ts";
import type { Head } from "./head.ts";
import { type EncoderShape, kindOf, type ModelOf } from "./kinds.ts";
import type { ClosureTable } from "./table.ts";

export const OBJECTIVES = ["autoencoder", "dynamics"] as const;
export type Objective = (typeof OBJECTIVES)[number];
/** Beside these a closure is learned that is solved (lagged.ts). */
export const LEARNED = [...OBJECTIVES, "lagged"] as const;
export type LearnedClosure = (typeof LEARNED)[number];

/**
 * Trains an encoder of `shape` on mini-batches of snapshots, of which all patches of the table are encoded. `hidden`: widths of f
 * and σ, or of the decoder; that of a convolution has the channels of the encoder. Deterministic for given data, options and adapter.
 * Throws InputError where shape, table and batch do not fit, or training diverges.
 */
export async function trainClosure<Shape extends EncoderShape>(
  gpu: Gpu,
  objective: Objective,
  table: ClosureTable,
  shape: Shape,
  hidden: readonly number[],
  options: FitOptions,
  progress: FitProgress = {},
): Promise<ModelOf<Shape>> {
  const kind = kindOf(shape);
  const snapshots = requireTable(table, shape.patchSide, kind.words(shape));
  requireBatch(snapshots, options.batch);
  const { pairs } = table;
  if (!kind.training) throw new InputError(`an encoder of the kind ${shape.kind} is solved, not trained (lagged.ts)`);
  const training = await kind.training(gpu, shape, table, options);
  let head: Head | undefined;
  let data: GpuArray | undefined;
  try {
    head =
      objective === "autoencoder"
        ? await training.decoder(hidden, standardisedObservables(pairs))
        : await dynamicsHead(gpu, pairs, shape.variables, hidden, training.activation, options);
    data = gpu.buffer("closure.data", head.data);
    const draw = drawUniform(snapshots, options.batch, options.seed, "closure/batches");
    const calls = await trainingStep(gpu, training, head, data, draw, table);
    const networks = [training, ...head.networks];
    await trainNetworks(
      gpu,
      `the ${objective} closure`,
      networks.map(({ network }) => network),
      networks.map(({ initial }) => initial),
      { calls, losses: head.losses, loss: head.loss },
      options.steps,
      progress,
    );
    const { parameters } = await training.network.save();
    return training.model(parameters) as ModelOf<Shape>;
  } finally {
    for (const one of [training, head, data]) one?.destroy();
  }
}

/** Number of snapshots. Throws InputError where the table is not of such patches. */
function requireTable({ patchSide, patches, words, pairs }: ClosureTable, side: number, perPatch: number): number {
  if (patchSide !== side) {
    throw new InputError(`the table has patches of side ${patchSide}, the encoder reads ${side}`);
  }
  const snapshots = pairs.whole.length / pairs.d;
  if (words.length !== snapshots * patches * perPatch) {
    throw new InputError(
      `${words.length} words are not ${patches} patches of ${perPatch} words from each of ${snapshots} snapshots`,
    );
  }
  return snapshots;
}

/** The calls of one step: ψ of a drawn batch, its means over the patches beside the observables, the head, and back. */
async function trainingStep<Model>(
  gpu: Gpu,
  { network, groups, outputs, read }: EncoderTraining<Model>,
  head: Head,
  data: GpuArray,
  draw: Draw,
  { patches, pairs }: ClosureTable,
): Promise<Call[]> {
  const { batch } = draw;
  const { batch: columns, width, step, output, outputGradient } = network;
  const { fields, drawn, input, gradient } = head;
  const [drawBatch, pool, unpool] = await Promise.all(
    ["nn/draw_batch", "closure/pool", "closure/unpool"].map((name) => gpu.kernel(`${name}.wgsl`)),
  );
  const offset = pairs.d;
  const pooling = { batch, groups, outputs, patches, columns, offset };
  return [
    drawBatch.call(
      { params: { draw, fields, inputs: offset }, step, data, batch: drawn, input },
      Math.ceil(batch / 64),
    ),
    read(draw),
    ...network.forward(),
    pool.call({ params: pooling, y: output, input }, Math.ceil((groups * outputs * batch) / 64)),
    ...head.calls,
    unpool.call({ params: { ...pooling, width }, gradient, dy: outputGradient }, Math.ceil((width * columns) / 64)),
    ...network.backward(),
  ];
}
