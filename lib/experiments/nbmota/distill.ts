// Distillation of the published network of barriers into the compact model: environments of walks, and a fit by gradient steps.

import type { Gpu } from "../../gpu/device.ts";
import { concatenate } from "../../method/concatenate.ts";
import { drawUniform, type FitOptions, type FitProgress, trainNetworks } from "../../method/train.ts";
import { initialParameters, type MlpShape, TrainableMlp } from "../../nn/mlp.ts";
import { normalPair } from "../../random/normal.ts";
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import { measureRate } from "../../run/bench.ts";
import { type BarrierModel, barriersOf, siteTable } from "../../systems/nbmota/barriers.ts";
import type { CompactWeights } from "../../systems/nbmota/compact-barriers.ts";
import { ELEMENTS, packTypes, SITES } from "../../systems/nbmota/environment.ts";
import { environmentsOf } from "../../systems/nbmota/environments.ts";
import { randomLattice } from "../../systems/nbmota/random-alloy.ts";
import { PATCH_CELLS as CELLS, NbMoTa } from "../../systems/nbmota.ts";
import { annealed, annealingJumps, lastLook } from "./annealing.ts";

/** Vacancies of a lattice: more than the experiment has, so that surroundings with another vacancy are among the examples. */
const VACANCIES = 3;

/** Types `[n, 112]` and barriers `[n, 8]`, eV. */
export interface Examples {
  readonly types: Uint8Array;
  readonly barriers: Float32Array;
}

/** Looks so many times at every replica, `jumps` apart. */
export interface SampleOptions {
  readonly replicas: number;
  readonly looks: number;
  readonly jumps: number;
  readonly seed: number;
}

/** Surroundings of vacancies in alloys without order, and what `teacher` has for barriers there. */
export async function disorderedExamples(
  gpu: Gpu,
  teacher: BarrierModel,
  { replicas, looks, seed }: Omit<SampleOptions, "jumps">,
): Promise<Examples> {
  const system = new NbMoTa(gpu, { temperature: 1000, barriers: teacher });
  const seen: Uint8Array[] = [];
  for (let look = 0; look < looks; look++) {
    const lattices = Array.from({ length: replicas }, (_, r) =>
      randomLattice(CELLS, VACANCIES, Xoshiro.open(stream(seed, "distill/random", look), r, 0)),
    );
    const states = await system.fromTypes(lattices, CELLS);
    seen.push(environmentsOf(await system.types(states), CELLS));
    states.destroy();
  }
  return labelled(gpu, teacher, seen);
}

/** Relaxations that lattices wait for at a temperature, those of annealing.ts, and the coldest where they are waited for to the end, K. */
const ANNEALING = { wait: 0.25, settled: 800, looks: 1, pause: 0.5 };
/** Jumps at a temperature before the first look: enough for the sites around a vacancy to become what `walker` has there. */
const SETTLING = 10_000;

/**
 * Surroundings of vacancies as walks over the barriers of `walker` meet them at every temperature, in lattices that `guide` has brought there from
 * hot to cold, near equilibrium, and what `teacher` has for barriers there. From random alloys, walks of bearable length see next to no
 * order below 1,000 K.
 */
export async function annealedExamples(
  gpu: Gpu,
  {
    guide,
    walker,
    teacher,
  }: { readonly guide: BarrierModel; readonly walker: BarrierModel; readonly teacher: BarrierModel },
  temperatures: readonly number[],
  { replicas, looks, jumps, seed }: SampleOptions,
  progress: { onJumps?(count: number): void } = {},
): Promise<Examples[]> {
  const options = { ...ANNEALING, ...progress, temperatures, replicas, barriers: guide, seed, purpose: "distill" };
  const stages = await annealed(gpu, options);
  const found = new Map<number, Examples>();
  for (const stage of stages) {
    const { temperature } = stage;
    const system = new NbMoTa(gpu, { temperature, barriers: walker });
    const states = await system.unpack(lastLook(stage), CELLS);
    const seen: Uint8Array[] = [];
    for (let look = 0; look <= looks; look++) {
      const count = look === 0 ? SETTLING : jumps;
      await system.evolveJumps(states, count, stream(seed, `distill/walk${temperature}`, look));
      progress.onJumps?.(count * replicas);
      if (look > 0) seen.push(environmentsOf(await system.types(states), CELLS));
    }
    states.destroy();
    found.set(temperature, await labelled(gpu, teacher, seen));
  }
  return temperatures.map((temperature) => found.get(temperature) as Examples);
}

/** Jumps that these take. */
export const examplesJumps = (
  temperatures: readonly number[],
  { replicas, looks, jumps }: Omit<SampleOptions, "seed">,
): number =>
  annealingJumps({ ...ANNEALING, temperatures, replicas }) +
  temperatures.length * replicas * (SETTLING + looks * jumps);

async function labelled(gpu: Gpu, teacher: BarrierModel, seen: readonly Uint8Array[]): Promise<Examples> {
  const types = concatenate(seen);
  return { types, barriers: await barriersOf(gpu, teacher, types) };
}

/** Sums and hidden units of a compact model. */
export type ModelSize = Pick<CompactWeights, "rank" | "hidden">;

export interface DistillOptions extends FitOptions, ModelSize {}

/** Where the absolute error is rounded, in standard deviations of the barriers: about 3 meV. */
const FOOT = 0.01;
const LOSS = "absolute error, rounded at its foot [standard deviations of the barriers]";
/** Variance of each s at the start. */
const START = 0.3;

/** The compact model that has the least mean absolute error on the examples. */
export async function distilled(
  gpu: Gpu,
  { types, barriers }: Examples,
  options: DistillOptions,
  progress: FitProgress = {},
): Promise<CompactWeights> {
  const { rank, hidden, batch, steps, seed } = options;
  const inputs = SITES * ELEMENTS.length;
  let mean = 0;
  for (const barrier of barriers) mean += barrier / barriers.length;
  let square = 0;
  for (const barrier of barriers) square += (barrier - mean) ** 2 / barriers.length;
  const spread = Math.sqrt(square);
  const sign = Float32Array.from({ length: rank }, (_, r) => (r % 2 === 0 ? 1 : -1));
  const lower: MlpShape = { groups: 1, inputs, hidden: [], outputs: rank, activation: "relu" };
  const upper: MlpShape = { groups: 1, inputs: rank, hidden: [hidden], outputs: 1, activation: "relu" };
  const sums = await TrainableMlp.createTrainable(gpu, lower, batch, options);
  const head = await TrainableMlp.createTrainable(gpu, upper, batch, {
    ...options,
    inputGradient: true,
    input: sums.output,
  });
  const [draw, loss, gradient] = await Promise.all([
    gpu.kernel("nbmota/distill_draw.wgsl"),
    gpu.kernel("nbmota/distill_loss.wgsl", { conditions: { GRADIENT: false } }),
    gpu.kernel("nbmota/distill_loss.wgsl", { conditions: { GRADIENT: true } }),
  ]);
  const buffers = {
    sites: gpu.buffer("distill.sites", siteTable()),
    environments: gpu.buffer("distill.environments", packTypes(types)),
    barriers: gpu.buffer(
      "distill.barriers",
      barriers.map((x) => (x - mean) / spread),
    ),
    wanted: gpu.buffer("distill.wanted", 4 * batch),
    sign: gpu.buffer("distill.sign", sign),
    losses: gpu.buffer("distill.losses", 4 * batch),
  };
  const { sites, environments, wanted, losses } = buffers;
  const columns = Math.ceil(batch / 64);
  const params = { batch, rank, outputs: head.width, delta: FOOT };
  const examples = { draw: drawUniform(barriers.length, batch, seed, "distill/batches"), places: SITES };
  const calls = [
    draw.call(
      { params: examples, step: sums.step, sites, environments, barriers: buffers.barriers, x: sums.input, wanted },
      columns,
    ),
    ...sums.forward(),
    ...head.forward(),
    loss.call(
      {
        params,
        sign: buffers.sign,
        s: sums.output,
        out: head.output,
        wanted,
        out_gradient: head.outputGradient,
        losses,
      },
      columns,
    ),
    ...head.backward(),
    gradient.call(
      {
        params,
        sign: buffers.sign,
        s: sums.output,
        out_gradient: head.outputGradient,
        above: head.inputGradient,
        s_gradient: sums.outputGradient,
      },
      columns,
    ),
    ...sums.backward(),
  ];
  const rng = Xoshiro.open(stream(seed, "distill/start"), 0, 0);
  const start = new Float32Array((inputs + 1) * rank);
  for (let k = 0; k < inputs * rank; k += 2) {
    start.set(
      normalPair(rng.next(), rng.next()).map((x) => x * Math.sqrt(START / SITES)),
      k,
    );
  }
  // The linear sum knows nothing yet.
  for (let k = 0; k < inputs; k++) start[k * rank] = 0;
  try {
    const initial = [start, initialParameters(upper, seed, "distill/head")];
    const step = { calls, losses, loss: LOSS };
    await trainNetworks(gpu, "the compact model", [sums, head], initial, step, steps, progress);
    const [low, high] = [(await sums.save()).parameters, (await head.save()).parameters];
    const width = head.width;
    const last = rank * hidden + hidden;
    return {
      rank,
      hidden,
      values: low.slice(0, inputs * rank),
      shift: low.slice(inputs * rank),
      sign: sign.map((c, r) => (r === 0 ? 0 : c * spread)),
      input: high.slice(0, rank * hidden),
      bias: high.slice(rank * hidden, last),
      output: Float32Array.from({ length: hidden }, (_, h) => spread * high[last + h * width]),
      offset: Float32Array.of(mean + spread * high[last + hidden * width]),
      slope: Float32Array.of(spread),
    };
  } finally {
    for (const buffer of Object.values(buffers)) buffer.destroy();
    head.destroy();
    sums.destroy();
  }
}

export function joinedExamples(list: readonly Examples[]): Examples {
  return { types: concatenate(list.map(({ types }) => types)), barriers: concatenate(list.map((one) => one.barriers)) };
}

/** Mean absolute difference of a model's barriers from the examples', eV. */
export async function meanAbsoluteError(gpu: Gpu, model: BarrierModel, { types, barriers }: Examples): Promise<number> {
  const found = await barriersOf(gpu, model, types);
  let sum = 0;
  for (const [k, barrier] of barriers.entries()) sum += Math.abs(found[k] - barrier);
  return sum / barriers.length;
}

/** How walks are timed: K, vacancies side by side, jumps of each. */
const TIMED = { temperature: 2000, vacancies: 256, jumps: 1000 };

/** Jumps per second, of all vacancies together, over the barriers of a model: the median of three walks. */
export async function walkSpeed(gpu: Gpu, barriers: BarrierModel): Promise<number> {
  const { temperature, vacancies, jumps } = TIMED;
  const system = new NbMoTa(gpu, { temperature, barriers });
  const states = await system.disordered(vacancies, CELLS, stream(1, "distill/speed"));
  let round = 0;
  const work = () => system.evolveJumps(states, jumps, stream(1, "distill/speed/walk", round++));
  const { median } = await measureRate(vacancies * jumps, work, 3);
  states.destroy();
  return median;
}
