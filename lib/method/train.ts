// Training loop of one or several networks: submissions, divergence, checkpoints that go on to the same bytes.
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call } from "../gpu/kernel.ts";
import { stream } from "../random/stream.ts";
import { concatenate } from "./concatenate.ts";
import { type LossCurve, lossCurve, lossSums, sumCount } from "./loss-curve.ts";

export interface FitOptions {
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
}

/** State of a training in progress, of all its networks one after another; enough to go on to the same bytes. */
export interface FitState {
  readonly parameters: Float32Array;
  readonly moments: Float32Array;
  /** Of the losses until then (loss-curve.ts). */
  readonly sums: Float32Array;
  readonly step: number;
}

/** The arrays of a state by name, for a safetensors file. */
export function fitTensors({ parameters, moments, sums, step }: FitState) {
  return {
    parameters: { shape: [parameters.length], data: parameters },
    moments: { shape: [moments.length], data: moments },
    sums: { shape: [sums.length], data: sums },
    step: { shape: [1], data: Uint32Array.of(step) },
  };
}

/** The inverse of `fitTensors`. */
export function fitState(tensors: Record<string, { readonly data: ArrayLike<number> }>): FitState {
  const { parameters, moments, sums, step } = tensors;
  return {
    parameters: Float32Array.from(parameters.data),
    moments: Float32Array.from(moments.data),
    sums: Float32Array.from(sums?.data ?? []),
    step: step.data[0],
  };
}

/** A network with the state of its optimiser. */
export interface Trainable {
  /** Steps done; a device counter that recorded calls read. */
  readonly step: GpuArray;
  load(parameters: Float32Array, moments?: Float32Array, step?: number): void;
  save(): Promise<{ parameters: Float32Array; moments: Float32Array }>;
}

export interface FitProgress {
  /** Seen after every quarter of a second or so of training. */
  onSteps?(done: number, loss: number): void;
  /** At the same times, if `wanted` says so, the state is handed to `save`, and then `onSteps` may throw to stop. */
  readonly checkpoint?: { wanted(): boolean; save(state: FitState): void };
  readonly resumeFrom?: FitState | null;
  /** Seen at the end. */
  onEnd?(curve: LossCurve): void;
}

/** One step of a training. */
export interface TrainingStep {
  /** The last of them raise the steps done. */
  readonly calls: readonly Call[];
  /** Of its batch; the loss is their mean. */
  readonly losses: GpuArray;
  /** Which loss, with its unit. */
  readonly loss: string;
}

/** Throws InputError where a batch cannot be drawn without replacement. */
export function requireBatch(rows: number, batch: number): void {
  if (rows < batch) throw new InputError(`${rows} training pairs are fewer than one batch of ${batch}`);
}

/** Parameters of the mini-batches (kernels/nn/permutation.wgsl). */
export function drawUniform(rows: number, batch: number, seed: number, what = "fit/batches") {
  const { purpose } = stream(seed, what);
  return { rows, batch, half_bits: Math.ceil(Math.log2(rows) / 2), key: [seed, purpose] };
}

/**
 * Runs a training until `steps` are done. Networks start from `initial`, or from where `progress` resumes.
 * Throws InputError when the loss is not finite, and for a state of another training; `what` names it in the message.
 */
export async function trainNetworks(
  gpu: Gpu,
  what: string,
  networks: readonly Trainable[],
  initial: readonly Float32Array[],
  { calls, losses, loss: lossName }: TrainingStep,
  steps: number,
  { onSteps, checkpoint, resumeFrom, onEnd }: FitProgress,
): Promise<void> {
  const count = initial.reduce((sum, parameters) => sum + parameters.length, 0);
  if (resumeFrom && !(resumeFrom.parameters.length === count && resumeFrom.moments.length === 2 * count)) {
    throw new InputError(
      `the state kept of the training of ${what} has ${resumeFrom.parameters.length} parameters, the networks have ${count}: start it over`,
    );
  }
  if (resumeFrom && resumeFrom.sums.length !== sumCount(steps)) {
    throw new InputError(
      `the state kept of the training of ${what} has ${resumeFrom.sums.length} sums of losses, not ${sumCount(steps)}: start it over`,
    );
  }
  let at = 0;
  for (const [k, network] of networks.entries()) {
    const end = at + initial[k].length;
    if (resumeFrom) {
      const { parameters, moments, step } = resumeFrom;
      network.load(parameters.slice(at, end), moments.slice(2 * at, 2 * end), step);
    } else {
      network.load(initial[k]);
    }
    at = end;
  }
  const done = resumeFrom?.step ?? 0;
  const sums = await lossSums(gpu, losses, networks[0].step, steps, resumeFrom?.sums);
  try {
    await gpu.runRepeated([...calls, sums.call], steps - done, async (more) => {
      const step = done + more;
      const values = await gpu.read(losses, Float32Array);
      const loss = values.reduce((sum, value) => sum + value, 0) / values.length;
      if (!Number.isFinite(loss))
        throw new InputError(`training of ${what} diverged at step ${step}: lower its learning rate`);
      if (step < steps && checkpoint?.wanted()) {
        const saved = await Promise.all(networks.map((network) => network.save()));
        checkpoint.save({
          parameters: concatenate(saved.map(({ parameters }) => parameters)),
          moments: concatenate(saved.map(({ moments }) => moments)),
          sums: await sums.read(),
          step,
        });
      }
      onSteps?.(step, loss);
    });
    onEnd?.(lossCurve(lossName, await sums.read(), steps, losses.bytes / 4));
  } finally {
    sums.destroy();
  }
}
