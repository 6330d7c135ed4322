// Trajectories of the learned SDE by Euler–Maruyama (paper, section 2: λ is absent at prediction time) or Heun's scheme.
import { type Ensemble, ensemble } from "../../analysis/ensemble.ts";
import type { Gpu } from "../../gpu/device.ts";
import { roundUpBatch } from "../../nn/mlp.ts";
import { type Stream, streamUniform } from "../../random/stream.ts";
import { diffusionKind, driftKind } from "./fields.ts";
import type { SdeModel } from "./model.ts";
import { standardise } from "./points.ts";

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
  onSteps?(done: number): void;
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

/**
 * Trajectories from the initial states `start` `[cases · runs, d]`, which are the first time.
 * Throws DivergedError when a trajectory leaves the finite numbers: it is never dropped or clipped in silence.
 */
export async function rollout(
  gpu: Gpu,
  model: SdeModel,
  start: Float32Array,
  { times, cases = 1, dt, scheme = "euler", stream, onSteps }: RolloutOptions,
): Promise<Ensemble> {
  const { d, center, spread } = model;
  const count = start.length / d;
  if (count === 0 || count % cases !== 0) throw new Error(`${count} starts are not those of ${cases} cases`);
  const every = stepsBetween(times, dt);
  const columns = roundUpBatch(count);
  const z = new Float32Array(d * columns);
  for (let p = 0; p < count; p++) for (let j = 0; j < d; j++) z[j * columns + p] = start[p * d + j];
  const first = new Float32Array(times.length * count * d);
  first.set(start);
  const standard = standardise({ n: count, d, z: start, center, spread }, columns);
  const used: { destroy(): void }[] = [];
  const kept = <T extends { destroy(): void }>(one: T): T => {
    used.push(one);
    return one;
  };
  let record: Float32Array;
  try {
    const buffers = {
      step: kept(gpu.buffer("rollout.step", 4)),
      units: kept(gpu.buffer("rollout.units", Float32Array.of(...center, ...spread.map((s) => 1 / s)))),
      z: kept(gpu.buffer("rollout.z", z)),
      standard: kept(gpu.buffer("rollout.standard", standard)),
      record: kept(gpu.buffer("rollout.record", first)),
    };
    const drift = kept(await driftKind(model.drift).load(gpu, model.drift, buffers.standard, columns));
    const diffusion = kept(await diffusionKind(model.diffusion).load(gpu, model.diffusion, buffers.standard, columns));
    const params = { trajectories: count, columns, every, dt, stream: streamUniform(stream) };
    const move = async (conditions: { PREDICT: boolean; CORRECT: boolean }) => {
      const kernel = await gpu.kernel("sde/euler_maruyama.wgsl", {
        constants: { D: d, ...drift.constants, ...diffusion.constants },
        conditions,
        modules: { "field/drift": drift.module, "field/diffusion": diffusion.module },
      });
      const bindings = { params, ...buffers, ...drift.bindings, ...diffusion.bindings };
      return [...drift.calls, ...diffusion.calls, kernel.call(bindings, Math.ceil(count / 64))];
    };
    const advance = await gpu.kernel("nn/advance.wgsl");
    const calls = [
      ...(scheme === "euler"
        ? await move({ PREDICT: false, CORRECT: false })
        : [...(await move({ PREDICT: true, CORRECT: false })), ...(await move({ PREDICT: false, CORRECT: true }))]),
      advance.call({ counter: buffers.step }, 1),
    ];
    await gpu.runRepeated(calls, every * (times.length - 1), onSteps);
    record = await gpu.read(buffers.record, Float32Array);
  } finally {
    for (const one of used) one.destroy();
  }
  const bad = record.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const time = times[Math.floor(bad / (count * d))];
    throw new DivergedError(
      `trajectory ${Math.floor(bad / d) % count} of the learned SDE is not finite at time ${time}`,
    );
  }
  return ensemble({ times, cases, runs: count / cases, d }, record);
}
