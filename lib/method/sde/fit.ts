// The SDE of training pairs. Polynomials are solved (polynomial/solve.ts); networks are trained by the loss with λ, AdamW on both fields
// (paper, section 2):
//
// Increments: the negative Gaussian log-likelihood of z1 − z0 with covariance λ σσᵀ δt (the paper's custom loss).
// Compensator: least squares of f on A/δt, and for the diffusion the same likelihood with r rᵀ replaced by its
// conditional expectation Q, tr(C⁻¹Q) + log det C, whose minimiser is C = E[Q | z].
import { InputError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Call } from "../../gpu/kernel.ts";
import type { Regression } from "../pairs.ts";
import { drawUniform, type FitOptions, type FitProgress, requireBatch, trainNetworks } from "../train.ts";
import { conditionCount } from "./conditions.ts";
import type { TrainableField, TrainingOptions } from "./field.ts";
import {
  type Diffusion,
  type DiffusionSpec,
  type Drift,
  type DriftOf,
  type DriftSpec,
  diffusionKind,
  driftKind,
  type TrainedSpec,
} from "./fields.ts";
import { hullOf } from "./hull.ts";
import { requireVariables, type SdeModel, type TrainedModel } from "./model.ts";
import { type PolynomialSpec, solvePolynomials } from "./polynomial/solve.ts";
import { EPSILON, lossData, lossRows, regressionScales, type Scales, stateScales } from "./scales.ts";

export interface SdeFitOptions extends FitOptions {
  /** Whether what can be solved of the drift in closed form is solved at the end (`DriftKind.finish`). */
  readonly closedForm?: boolean;
}

/** Both fields in training, on one input. */
export interface TrainableSde {
  readonly d: number;
  readonly diffusionSpec: DiffusionSpec;
  readonly drift: TrainableField<Drift>;
  readonly diffusion: TrainableField<Diffusion>;
  readonly networks: readonly [TrainableField<Drift>, TrainableField<Diffusion>];
  /** `[inputs][batch]`, z̃ first. */
  readonly input: GpuArray;
  readonly batch: number;
  readonly step: GpuArray;
  forward(): Call[];
  backward(): Call[];
  destroy(): void;
}

/** Fields of `spec` for d variables, whose networks may read further inputs. */
export async function trainableSde(
  gpu: Gpu,
  spec: TrainedSpec,
  d: number,
  options: TrainingOptions,
): Promise<TrainableSde> {
  const kinds = { drift: driftKind(spec.drift), diffusion: diffusionKind(spec.diffusion) };
  if (!kinds.drift.trainable || !kinds.diffusion.trainable) throw new Error("a field that is solved is not trained");
  const drift = await kinds.drift.trainable(gpu, spec.drift, d, options);
  const { input, batch, step } = drift;
  let diffusion: TrainableField<Diffusion>;
  try {
    diffusion = await kinds.diffusion.trainable(gpu, spec.diffusion, d, { ...options, input });
  } catch (error) {
    drift.destroy();
    throw error;
  }
  const networks = [drift, diffusion] as const;
  return {
    d,
    diffusionSpec: spec.diffusion,
    drift,
    diffusion,
    networks,
    input,
    batch,
    step,
    forward: () => networks.flatMap((field) => field.forward()),
    backward: () => networks.flatMap((field) => field.backward()),
    destroy: () => {
      for (const field of networks) field.destroy();
    },
  };
}

/** Throws InputError for a number of variables that kernels do not take, and for data that are not finite. */
function requireRegression({ d, method, state, change, variation, condition }: Regression): void {
  requireVariables(d);
  const finite = [state, change, variation, condition].every((values) => values?.every(Number.isFinite) ?? true);
  if (!finite) throw new InputError(`the ${method} training pairs are not all finite`);
}

/** The SDE of a regression (`regression` in pairs.ts) with polynomial fields; see `solvePolynomials`. */
export function solveSde(data: Regression, spec: PolynomialSpec): SdeModel {
  requireRegression(data);
  const units = stateScales(data.state, data.d);
  return { d: data.d, ...units, ...solvePolynomials(data, spec), hull: hullOf(data.state, units) };
}

/**
 * The SDE of a regression by training. Deterministic for given data, options and adapter.
 * Throws InputError when there are fewer rows than one batch or the data are not finite, or training diverges.
 */
export async function fitSde<S extends DriftSpec>(
  gpu: Gpu,
  data: Regression,
  spec: TrainedSpec<S>,
  options: SdeFitOptions,
  progress: FitProgress = {},
): Promise<TrainedModel<DriftOf<S>>> {
  const { d, method, state } = data;
  requireRegression(data);
  requireBatch(state.length / d, options.batch);
  const own = regressionScales(data, diffusionKind(spec.diffusion).inMeanFrame?.(spec.diffusion));
  const scales = driftKind(spec.drift).scales?.(own) ?? own;
  const sde = await trainableSde(gpu, spec, d, { ...options, inputs: d + conditionCount(data) });
  let training: Awaited<ReturnType<typeof trainingStep>> | undefined;
  try {
    training = await trainingStep(gpu, sde, data, scales, options.seed);
    const initial = sde.networks.map((field) => field.initial);
    await trainNetworks(gpu, method, sde.networks, initial, training, options.steps, progress);
    const [drift, diffusion] = await Promise.all([sde.drift.save(), sde.diffusion.save()]);
    // The kind of a spec gives fields of that kind: what TypeScript cannot see.
    const model = {
      d,
      center: scales.center,
      spread: scales.spread,
      drift: sde.drift.field(drift.parameters, scales),
      diffusion: sde.diffusion.field(diffusion.parameters, scales),
      hull: hullOf(state, scales),
    } as unknown as TrainedModel<DriftOf<S>>;
    const { finish } = driftKind(spec.drift);
    if (!options.closedForm || !finish) return model;
    return { ...model, drift: (await finish(gpu, model, data)) as DriftOf<S> };
  } finally {
    training?.destroy();
    sde.destroy();
  }
}

/** What a training calls its loss, a number a row, in standardised units (kernels/sde/loss.wgsl). */
export const lossName = ({ variation }: Pick<Regression, "variation">): string =>
  variation ? "|r|² + tr C⁻¹Q + ln det C per row" : "rᵀC⁻¹r + ln det C per row";

/** The loss of both fields and its gradient, for the batch `drawn` in the layout of `lossData`. */
export async function lossCall(
  gpu: Gpu,
  sde: Pick<TrainableSde, "d" | "batch" | "drift" | "diffusion" | "diffusionSpec">,
  data: Pick<Regression, "d" | "state" | "condition" | "time" | "variation" | "each">,
  { driftScale, residualScale, frame }: Scales,
  drawn: GpuArray,
  losses: GpuArray,
): Promise<Call> {
  const { d, batch, drift, diffusion, diffusionSpec } = sde;
  const loss = await gpu.kernel("sde/loss.wgsl", {
    constants: {
      D: d,
      ...diffusionKind(diffusionSpec).lossConstants?.(diffusionSpec),
      DRIFT_ROWS: drift.width,
      DIFFUSION_ROWS: diffusion.width,
      COMPENSATOR: data.variation ? 1 : 0,
      EACH: data.each ? 1 : 0,
    },
  });
  const kappa = new Float32Array(8);
  for (let j = 0; j < d; j++) kappa[j] = (driftScale[j] * data.time) / residualScale[j];
  const padded = new Float32Array(64);
  padded.set(frame);
  return loss.call(
    {
      params: { batch, epsilon: EPSILON, inputs: d + conditionCount(data), kappa, frame: padded },
      batch: drawn,
      drift: drift.output,
      diffusion: diffusion.output,
      drift_gradient: drift.outputGradient,
      diffusion_gradient: diffusion.outputGradient,
      losses,
    },
    batch / 64,
  );
}

/** The calls of one training step (draw a batch, forward, loss, backward) on data of its own. */
export async function trainingStep(gpu: Gpu, sde: TrainableSde, data: Regression, scales: Scales, seed: number) {
  const { d, batch } = sde;
  const rows = data.state.length / d;
  const fields = lossRows(data);
  const table = gpu.buffer("sde.data", lossData(data, scales));
  const drawn = gpu.buffer("sde.batch", 4 * fields * batch);
  const losses = gpu.buffer("sde.losses", 4 * batch);
  const draw = await gpu.kernel("nn/draw_batch.wgsl");
  const calls = [
    draw.call(
      {
        params: { draw: drawUniform(rows, batch, seed), fields, inputs: d + conditionCount(data) },
        step: sde.step,
        data: table,
        batch: drawn,
        input: sde.input,
      },
      batch / 64,
    ),
    ...sde.forward(),
    await lossCall(gpu, sde, data, scales, drawn, losses),
    ...sde.backward(),
  ];
  const destroy = () => {
    for (const buffer of [table, drawn, losses]) buffer.destroy();
  };
  return { calls, losses, loss: lossName(data), destroy };
}
