// Diffusion by a network: a matrix σ̃ of some form, relative to the size and the correlations of the noise in the data.
import { flatTensors, readArrays } from "../../io/format.ts";
import {
  type Conditioned,
  conditioned,
  conditionsIn,
  readConditions,
  requireClosed,
  standardCondition,
  writeConditions,
} from "./conditions.ts";
import type { DiffusionKind } from "./field.ts";
import {
  layerParameters,
  layerTensors,
  networkOnDevice,
  networkOutputs,
  type Perceptron,
  perceptron,
  trainableNetwork,
  withInputs,
} from "./network-field.ts";

/**
 * constant: σ diagonal, the same everywhere, at all conditions too; diagonal, full, triangular: by a network of z and of conditions. triangular: lower with a positive
 * diagonal, relative to the Cholesky factor of the mean covariance; what strongly correlated noise needs.
 */
export const DIFFUSION_FORMS = ["constant", "diagonal", "full", "triangular"] as const;
export type DiffusionForm = (typeof DIFFUSION_FORMS)[number];

export interface NetworkDiffusionSpec extends Perceptron {
  readonly kind: "network";
  readonly form: DiffusionForm;
}

/**
 * σ(z) = diag(scale) F σ̃(s(x)), s the perceptron and x = (z̃, c̃): σ̃ = diag(exp s) (constant, diagonal), I + s (full) or the triangle of s
 * (kernels/sde/sigma.wgsl); F (`frame`) is a lower triangle `[d, d]`, the identity unless σ̃ is triangular.
 */
export interface NetworkDiffusion extends NetworkDiffusionSpec, Conditioned {
  readonly scale: Float32Array;
  readonly frame: Float32Array;
  /** See `layout` in nn/mlp.ts. */
  readonly parameters: Float32Array;
}

const isMatrix = (form: DiffusionForm) => form === "full" || form === "triangular";

/** Compile-time constants of the kernels that read σ̃ (kernels/sde/sigma.wgsl). */
function sigmaConstants({ form }: Pick<NetworkDiffusionSpec, "form">) {
  return { FULL: form === "triangular" ? 2 : form === "full" ? 1 : 0 };
}

const network = (spec: NetworkDiffusionSpec, d: number, inputs = d) =>
  perceptron(spec, inputs, isMatrix(spec.form) ? d * d : d);

export const NETWORK_DIFFUSION: DiffusionKind<NetworkDiffusionSpec, NetworkDiffusion> = {
  trainable: (gpu, spec, d, options) =>
    trainableNetwork(
      gpu,
      network(spec, d, options.inputs),
      options,
      1,
      (parameters, scales) => ({
        ...spec,
        ...conditioned(scales.conditions),
        scale: scales.noiseScale,
        frame: scales.frame,
        parameters,
      }),
      spec.form === "constant",
    ),

  inMeanFrame: ({ form }) => form === "triangular",

  lossConstants: sigmaConstants,

  load(field, _, weights) {
    const { scale, frame, parameters } = field;
    requireClosed(conditionsIn(field));
    const shape = network(field, scale.length);
    const before = Float32Array.of(...scale, ...frame);
    return networkOnDevice("sde/network_diffusion", shape, parameters, before, sigmaConstants(field), weights);
  },

  groups: () => 0,

  async values(gpu, field, points) {
    const { n, d } = points;
    requireClosed(conditionsIn(field));
    const outputs = await networkOutputs(gpu, network(field, d), field.parameters, points);
    const products = new Float64Array(n * d * d);
    for (let p = 0; p < n; p++) {
      const sigma = sigmaAt(field, d, (output) => outputs(output, p));
      for (let j = 0; j < d; j++) {
        for (let k = 0; k < d; k++) {
          let sum = 0;
          for (let l = 0; l < d; l++) sum += sigma[j * d + l] * sigma[k * d + l];
          products[(p * d + j) * d + k] = sum;
        }
      }
    }
    return products;
  },

  scaled: (field, factor) => ({ ...field, scale: field.scale.map((value) => value * factor) }),

  atCondition(field, condition) {
    const at = standardCondition(field, condition);
    if (at.length === 0) return field;
    const { conditions: _, ...rest } = field;
    const d = field.scale.length;
    return { ...rest, parameters: withInputs(network(field, d, d + at.length), field.parameters, at) };
  },

  write: ({ kind, form, hidden, activation, conditions, parameters, ...arrays }) => {
    const more = writeConditions({ conditions });
    const d = arrays.scale.length;
    const shape = network({ kind, form, hidden, activation }, d, d + conditionsIn({ conditions }));
    return {
      head: { kind, form, hidden, activation, ...more.head },
      tensors: {
        ...flatTensors({ ...arrays, ...more.arrays }, { frame: [d, d] }),
        ...layerTensors("", shape, parameters),
      },
    };
  },

  read: (head, tensors, d) => {
    const { conditions = 0, ...spec } = head as NetworkDiffusionSpec & { conditions?: number };
    return {
      ...spec,
      ...readArrays(tensors, { scale: d, frame: d * d }, "model"),
      parameters: layerParameters("", network(spec, d, d + conditions), tensors),
      ...readConditions(conditions, tensors),
    };
  },
};

/** σ as a d × d matrix from the outputs of the network. */
function sigmaAt({ form, scale, frame }: NetworkDiffusion, d: number, output: (index: number) => number): Float64Array {
  const inner = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    for (let k = 0; k < d; k++) {
      const raw = output(isMatrix(form) ? j * d + k : j);
      const exponential = j === k ? Math.exp(Math.max(-12, Math.min(12, raw))) : 0;
      const below = form === "triangular" && k < j ? raw : exponential;
      inner[j * d + k] = form === "full" ? (j === k ? 1 : 0) + raw : below;
    }
  }
  return Float64Array.from({ length: d * d }, (_, at) => {
    const j = Math.floor(at / d);
    let sum = 0;
    for (let l = 0; l <= j; l++) sum += frame[j * d + l] * inner[l * d + (at % d)];
    return scale[j] * sum;
  });
}
