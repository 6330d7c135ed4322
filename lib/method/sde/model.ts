// The learned SDE dz = f(z) dt + σ(z) dW: its two fields, their values at points and how sure these are, its file form.
import { studentQuantile } from "../../analysis/student-t.ts";
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Format, flatTensors, parsed, readArrays } from "../../io/format.ts";
import { prefixed, unprefixed } from "../../io/safetensors.ts";
import { type About, EVALUATION } from "./about.ts";
import { type Diffusion, type Drift, diffusionKind, driftKind } from "./fields.ts";
import type { Hull } from "./hull.ts";
import type { NetworkDiffusion } from "./network-diffusion.ts";
import type { NetworkDrift } from "./network-drift.ts";
import type { Points } from "./points.ts";
import { termCount } from "./polynomial/basis.ts";
import type { Choice } from "./polynomial/field.ts";

/** `center` and `spread` have d numbers, in units of z: kernels see z̃ = (z − center)/spread. */
export interface SdeModel {
  /** Number of macroscopic variables, 1 … 8. */
  readonly d: number;
  readonly center: Float32Array;
  readonly spread: Float32Array;
  readonly drift: Drift;
  readonly diffusion: Diffusion;
  /** Where its training data are. */
  readonly hull: Hull;
  /** What its file says of it. */
  readonly about?: About;
}

/** A model whose fields have been trained. */
export interface TrainedModel<D extends Drift = NetworkDrift> extends SdeModel {
  readonly drift: D;
  readonly diffusion: NetworkDiffusion;
}

/** Throws InputError for a number of variables that the kernels do not take. */
export function requireVariables(d: number): void {
  if (!Number.isInteger(d) || d < 1 || d > 8) throw new InputError(`${d} macroscopic variables: use 1 to 8`);
}

export interface SdeValues {
  /** f, `[n, d]`, in units of z per time. */
  readonly drift: Float64Array;
  /** The matrix σσᵀ, `[n, d, d]`, in units of z² per time. */
  readonly diffusion: Float64Array;
}

/** f and σσᵀ at the points `z` `[n, d]`. */
export async function evaluate(gpu: Gpu, model: SdeModel, z: ArrayLike<number>): Promise<SdeValues> {
  const { d, center, spread, drift, diffusion } = model;
  const points: Points = { n: z.length / d, d, z, center, spread };
  return {
    drift: await driftKind(drift).values(gpu, drift, points),
    diffusion: await diffusionKind(diffusion).values(gpu, diffusion, points),
  };
}

/**
 * Standard errors of f and σσᵀ at the points `z` that the training data leave, in the shapes of `evaluate`; null for an equation that does
 * not know them.
 */
export function standardErrors({ drift, diffusion }: SdeModel, z: ArrayLike<number>): SdeValues | null {
  const errors = [driftKind(drift).errors?.(drift, z), diffusionKind(diffusion).errors?.(diffusion, z)];
  const [f, s] = errors;
  return f && s ? { drift: f, diffusion: s } : null;
}

/** How degree and ridge of the drift were chosen; null for one that is trained. */
export function chosenDegree({ drift }: SdeModel): (Choice & { readonly degree: number }) | null {
  return drift.kind === "polynomial" ? { ...drift.choice, degree: drift.degree } : null;
}

/** How many groups of training data stand behind its standard errors and draws; 0: there are none. */
export function trainingGroups({ drift, diffusion }: SdeModel): number {
  const [a, b] = [driftKind(drift).groups(drift), diffusionKind(diffusion).groups(diffusion)];
  return a === b ? a : 0;
}

/** Student's factor of 95 % intervals, of so many standard errors. */
export const intervalFactor = (model: SdeModel) => studentQuantile(0.975, Math.max(1, trainingGroups(model) - 1));

/** The equation of systems of one condition. Throws InputError for conditions outside the training data, or another number of them. */
export function atCondition(model: SdeModel, condition: readonly number[]): SdeModel {
  const { drift, diffusion, about } = model;
  return {
    ...model,
    ...(about && { about: { ...about, conditions: [], conditionRange: [] } }),
    drift: driftKind(drift).atCondition(drift, condition),
    diffusion: diffusionKind(diffusion).atCondition(diffusion, condition),
  };
}

/**
 * The model that training with another λ gives. In units of the noise of the data the loss does not contain λ: f stays, σσᵀ goes
 * like 1/λ, so one training serves every λ.
 */
export function withLambda(model: SdeModel, lambda: number, trainedWith: number): SdeModel {
  const { diffusion } = model;
  const { about } = model;
  return {
    ...model,
    diffusion: diffusionKind(diffusion).scaled(diffusion, Math.sqrt(trainedWith / lambda)),
    ...(about && { about: { ...about, lambda: (about.lambda * lambda) / trainedWith } }),
  };
}

/** Files say of themselves which kinds of fields they hold. */
export const MODEL: Format<SdeModel> = {
  write: ({ d, center, spread, drift, diffusion, hull, about }) => {
    const fields = {
      drift: driftKind(drift).write(drift),
      diffusion: diffusionKind(diffusion).write(diffusion),
    };
    return {
      tensors: {
        ...flatTensors({ center, spread }),
        ...flatTensors({ hull: hull.factor }, { hull: [termCount(d, 2), termCount(d, 2)] }),
        ...prefixed("drift ", fields.drift.tensors),
        ...prefixed("diffusion ", fields.diffusion.tensors),
      },
      text: {
        sde: JSON.stringify({
          ...{ d, drift: fields.drift.head, diffusion: fields.diffusion.head, limit: hull.limit, about },
          evaluation: {
            drift: EVALUATION[`drift ${drift.kind}`],
            diffusion: EVALUATION[`diffusion ${diffusion.kind}`],
          },
        }),
      },
    };
  },
  read: ({ tensors, text }) => {
    const { d, drift, diffusion, limit, about } = parsed<SdeModel & Pick<Hull, "limit">>(text.sde, "equation");
    requireVariables(d);
    if (!drift || !diffusion) throw new InputError("the file holds an equation without drift or diffusion");
    const units = readArrays(tensors, { center: d, spread: d }, "model");
    const factor = tensors.hull?.data;
    if (!(factor instanceof Float64Array && factor.length === termCount(d, 2) ** 2 && limit > 0)) {
      throw new InputError("the file holds an equation without the hull of its training data");
    }
    const hull = { d, center: Float64Array.from(units.center), spread: Float64Array.from(units.spread), factor, limit };
    return {
      d,
      ...units,
      hull,
      ...(about && { about }),
      drift: driftKind(drift).read(drift, unprefixed("drift ", tensors), d),
      diffusion: diffusionKind(diffusion).read(diffusion, unprefixed("diffusion ", tensors), d),
    };
  },
};
