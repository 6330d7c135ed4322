// The learned SDE dz = f(z) dt + σ(z) dW: its two fields, their values at points, its file form.
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Format, flatTensors, parsed, readArrays } from "../../io/format.ts";
import type { Tensors } from "../../io/safetensors.ts";
import { type Diffusion, type Drift, diffusionKind, driftKind } from "./fields.ts";
import type { Points } from "./points.ts";

/** Both fields are functions of z̃ = (z − center)/spread; `center` and `spread` have d numbers, in units of z. */
export interface SdeModel {
  /** Number of macroscopic variables, 1 … 8. */
  readonly d: number;
  readonly center: Float32Array;
  readonly spread: Float32Array;
  readonly drift: Drift;
  readonly diffusion: Diffusion;
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
 * The model that training with another λ gives. In units of the noise of the data the loss does not contain λ: f stays, σσᵀ goes
 * like 1/λ, so one training serves every λ.
 */
export function withLambda(model: SdeModel, lambda: number, trainedWith: number): SdeModel {
  const { diffusion } = model;
  return { ...model, diffusion: diffusionKind(diffusion).scaled(diffusion, Math.sqrt(trainedWith / lambda)) };
}

/** Files say of themselves which kinds of fields they hold. */
export const MODEL: Format<SdeModel> = {
  write: ({ d, center, spread, drift, diffusion }) => {
    const fields = {
      drift: driftKind(drift).write(drift),
      diffusion: diffusionKind(diffusion).write(diffusion),
    };
    return {
      tensors: {
        ...flatTensors({ center, spread }),
        ...prefixed("drift ", fields.drift.tensors),
        ...prefixed("diffusion ", fields.diffusion.tensors),
      },
      text: { sde: JSON.stringify({ d, drift: fields.drift.head, diffusion: fields.diffusion.head }) },
    };
  },
  read: ({ tensors, text }) => {
    const { d, drift, diffusion } = parsed<SdeModel>(text.sde, "equation");
    requireVariables(d);
    if (!drift || !diffusion) throw new InputError("the file holds an equation without drift or diffusion");
    return {
      d,
      ...readArrays(tensors, { center: d, spread: d }, "model"),
      drift: driftKind(drift).read(drift, unprefixed("drift ", tensors), d),
      diffusion: diffusionKind(diffusion).read(diffusion, unprefixed("diffusion ", tensors), d),
    };
  },
};

function prefixed(prefix: string, tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
}

function unprefixed(prefix: string, tensors: Tensors): Tensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
