// Trajectories of the learned SDE by Euler–Maruyama (paper, section 2: λ is absent at prediction time) or Heun's scheme.
import type { Gpu } from "../../gpu/device.ts";
import { type Stream, streamUniform } from "../../random/stream.ts";
import { loadNetworks, type SdeModel, sdeConstants, standardise } from "./model.ts";

export interface RolloutOptions {
  readonly dt: number;
  /**
   * euler (default): right for an f that is the mean change over dt, divided by dt. heun: second order in dt where the noise is
   * small, for an f that is the drift itself.
   */
  readonly scheme?: "euler" | "heun";
  readonly steps: number;
  /** z is kept every `every` steps; divides `steps`. */
  readonly every: number;
  readonly stream: Stream;
  onSteps?(done: number): void;
}

/** A learned equation whose trajectories leave the finite numbers. */
export class DivergedError extends Error {
  override name = "DivergedError";
}

/**
 * Trajectories from the initial states `start` `[count, d]`: `[steps/every + 1, count, d]`, the initial states first.
 * Throws DivergedError when a trajectory leaves the finite numbers: it is never dropped or clipped in silence.
 */
export async function rollout(gpu: Gpu, model: SdeModel, start: Float32Array, options: RolloutOptions) {
  const { dt, steps, every, stream, scheme = "euler" } = options;
  const { d } = model;
  const count = start.length / d;
  if (steps % every !== 0) throw new Error(`${steps} steps are not a multiple of the recording interval ${every}`);
  const mlp = await loadNetworks(gpu, model, count);
  const columns = mlp.batch;
  const z = new Float32Array(d * columns);
  for (let p = 0; p < count; p++) for (let j = 0; j < d; j++) z[j * columns + p] = start[p * d + j];
  gpu.write(mlp.input, standardise(model, start, columns));
  const first = new Float32Array((steps / every + 1) * count * d);
  first.set(start);
  const buffers = {
    step: gpu.buffer("rollout.step", 4),
    scales: gpu.buffer("rollout.scales", scaleRows(model)),
    z: gpu.buffer("rollout.z", z),
    record: gpu.buffer("rollout.record", first),
  };
  const constants = sdeConstants(model, mlp.width);
  const params = { trajectories: count, columns, every, dt, stream: streamUniform(stream) };
  const move = async (conditions: { PREDICT: boolean; CORRECT: boolean }) => {
    const kernel = await gpu.kernel("sde/euler_maruyama.wgsl", { constants, conditions });
    const bindings = { params, ...buffers, outputs: mlp.output, standard: mlp.input };
    return [...mlp.forward(), kernel.call(bindings, Math.ceil(count / 64))];
  };
  const advance = await gpu.kernel("nn/advance.wgsl");
  const calls = [
    ...(scheme === "euler"
      ? await move({ PREDICT: false, CORRECT: false })
      : [...(await move({ PREDICT: true, CORRECT: false })), ...(await move({ PREDICT: false, CORRECT: true }))]),
    advance.call({ counter: buffers.step }, 1),
  ];
  await gpu.runRepeated(calls, steps, options.onSteps);
  const record = await gpu.read(buffers.record, Float32Array);
  for (const buffer of Object.values(buffers)) buffer.destroy();
  mlp.destroy();
  const bad = record.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const time = Math.floor(bad / (count * d)) * every * dt;
    throw new DivergedError(
      `trajectory ${Math.floor(bad / d) % count} of the learned SDE is not finite at time ${time}`,
    );
  }
  return record;
}

/** The rows that kernels/sde/euler_maruyama.wgsl wants: center, 1/spread, offset, drift and noise scale, slope, frame. */
function scaleRows({ center, spread, offset, driftScale, noiseScale, slope, frame }: SdeModel): Float32Array {
  const scales = [center, spread.map((s) => 1 / s), offset, driftScale, noiseScale, slope, frame];
  return Float32Array.from(scales.flatMap((row) => Array.from(row)));
}
