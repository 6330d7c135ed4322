// Trajectories of the learned SDE by Euler–Maruyama (paper, section 2: λ is absent at prediction time) or Heun's scheme.
import { type Ensemble, ensemble } from "../../analysis/ensemble.ts";
import type { Gpu } from "../../gpu/device.ts";
import { normalPair } from "../../random/normal.ts";
import { type Stream, stream, streamUniform } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import { concatenate, wholeVectors } from "../concatenate.ts";
import { diffusionKind, driftKind } from "./fields.ts";
import { type SdeModel, trainingGroups } from "./model.ts";

export interface RolloutOptions {
  /** When z is kept: evenly spaced from 0 on, whole numbers of steps apart. */
  readonly times: Float64Array;
  /** Cases that the starts belong to, the runs of each together; one by default. */
  readonly cases?: number;
  readonly dt: number;
  /**
   * euler (default): right for an f that is the mean change over dt, divided by dt. heun: second order in dt where the noise is
   * small, for an f that is the drift itself.
   */
  readonly scheme?: "euler" | "heun";
  readonly stream: Stream;
  /** Also with parameters drawn from what the training data leave open. */
  readonly draws?: Draws;
  onSteps?(done: number): void;
}

export interface Draws {
  readonly count: number;
  readonly seed: number;
}

/** A learned equation whose trajectories leave the finite numbers. */
export class DivergedError extends Error {
  override name = "DivergedError";
}

/** null where the equation runs away, for those who count such equations. */
export function unlessDiverged<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error) => {
    if (error instanceof DivergedError) return null;
    throw error;
  });
}

/** Steps of `dt` between two of the times. Throws Error unless these are evenly spaced from 0 by whole steps. */
function stepsBetween(times: Float64Array, dt: number): number {
  const pause = times.length > 1 ? times[1] : dt;
  const every = Math.round(pause / dt);
  const even = times.every((time, k) => Math.abs(time - k * pause) <= 1e-9 * Math.max(1, time));
  if (!even || every < 1 || Math.abs(every * dt - pause) > 1e-6 * pause) {
    throw new Error(`times ${times.subarray(0, 3)}, … are not evenly spaced from 0 by whole steps of ${dt}`);
  }
  return every;
}

/** Trajectory-steps of a first dispatch, before its rate is known. */
const FIRST_STEPS = 200_000;
/** What the device records before it is read, bytes, if it is more than one time. */
const RECORD_BYTES = 64 * 2 ** 20;

/**
 * Trajectories from the initial states `start` `[cases · runs, d]`, which are the first time. With `draws`, one such set for the best
 * parameters and one for each draw, its cases behind those of the one before: all from the same starts with the same noise.
 * Throws DivergedError when a trajectory leaves the finite numbers: it is never dropped or clipped in silence.
 */
export async function rollout(
  gpu: Gpu,
  model: SdeModel,
  start: Float32Array,
  { times, cases = 1, dt, scheme = "euler", stream: noise, draws, onSteps }: RolloutOptions,
): Promise<Ensemble> {
  const { d, center, spread } = model;
  const perSet = start.length / d;
  if (perSet === 0 || perSet % cases !== 0) throw new Error(`${perSet} starts are not those of ${cases} cases`);
  const sets = draws ? 1 + draws.count : 1;
  const count = perSet * sets;
  const every = stepsBetween(times, dt);
  const width = count * d;
  const record = new Float32Array(times.length * width);
  for (let set = 0; set < sets; set++) record.set(start, set * start.length);
  const block = Math.max(1, Math.min(times.length - 1, Math.floor(RECORD_BYTES / (4 * width))));
  const weights = draws ? drawWeights(trainingGroups(model), draws) : null;
  const drift = driftKind(model.drift).load(model.drift, model, weights);
  const diffusion = diffusionKind(model.diffusion).load(model.diffusion, model, weights);
  const own = wholeVectors(drift.numbers);
  const numbers = concatenate([Float32Array.of(4 + own.length, 0, 0, 0), own, wholeVectors(diffusion.numbers)]);
  const constants = {
    D: d,
    ...drift.constants,
    ...diffusion.constants,
    ...largest(drift.constants, diffusion.constants),
  };
  const kernel = await gpu.kernel("sde/rollout.wgsl", {
    constants,
    conditions: { HEUN: scheme === "heun" },
    modules: { "field/drift": drift.module, "field/diffusion": diffusion.module },
  });
  const buffers = {
    numbers: gpu.buffer("rollout.numbers", numbers),
    units: gpu.buffer("rollout.units", Float32Array.of(...center, ...spread.map((s) => 1 / s))),
    states: gpu.buffer("rollout.states", record.slice(0, width)),
    record: gpu.buffer("rollout.record", 4 * width * block),
  };
  const params = { trajectories: count, per_set: perSet, every, dt, stream: streamUniform(noise) };
  const steps = every * (times.length - 1);
  const label = `rollout ${drift.module} ${scheme} ${Object.values(constants)} ${count}`;
  try {
    for (let origin = 1; origin < times.length; origin += block) {
      const [start, end] = [origin, Math.min(times.length, origin + block)].map((time) => every * (time - 1));
      await gpu.runSplit(label, end - start, FIRST_STEPS / count + 1, (from, to) => {
        onSteps?.(start + from);
        const all = { params: { ...params, origin, first: start + from, last: start + to }, ...buffers };
        return kernel.call(all, Math.ceil(count / 64));
      });
      record.set(await gpu.read(buffers.record, Float32Array, ((end - start) / every) * width), origin * width);
    }
    onSteps?.(steps);
  } finally {
    for (const buffer of Object.values(buffers)) buffer.destroy();
  }
  const bad = record.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const time = times[Math.floor(bad / (count * d))];
    throw new DivergedError(
      `trajectory ${Math.floor(bad / d) % count} of the learned SDE is not finite at time ${time}`,
    );
  }
  return ensemble({ times, cases: cases * sets, runs: perSet / cases, d }, record);
}

/** Where both have a constant, the larger. */
function largest(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const both = Object.keys(a).filter((name) => name in b);
  return Object.fromEntries(both.map((name) => [name, Math.max(a[name], b[name])]));
}

/** Standard normal numbers `[1 + count, groups]`, zeros first. */
function drawWeights(groups: number, { count, seed }: Draws): Float64Array {
  if (groups < 2)
    throw new Error("the parameters of this equation cannot be drawn: it does not know how sure they are");
  const rng = Xoshiro.open(stream(seed, "parameter draws"), 0, 0);
  const weights = new Float64Array(2 * Math.ceil((count * groups) / 2));
  for (let k = 0; k < weights.length; k += 2) weights.set(normalPair(rng.next(), rng.next()), k);
  return Float64Array.of(...new Float64Array(groups), ...weights.subarray(0, count * groups));
}
