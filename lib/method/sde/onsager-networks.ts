// The stochastic OnsagerNet as a value: its networks, what they give at one condition.
import { energyLayout } from "../../nn/energy-mlp.ts";
import type { MlpShape } from "../../nn/mlp.ts";
import { concatenate } from "../concatenate.ts";
import { type Conditioned, conditionsIn, standardCondition } from "./conditions.ts";
import { outputsAt, withInputs } from "./network-field.ts";

/** Dissipation that there is everywhere, and curvature of the quadratic that V lies above. */
export const ALPHA = 0.1;
export const BETA = 0.1;
/** Compile-time constants of kernels/sde/onsager*.wgsl. */
export const onsagerConstants = (d: number) => ({ D: d, ALPHA, BETA });

/** Numbers that conditions are embedded in, and width of the hidden layer of their network. */
const EMBEDDED = 6;
const EMBEDDING_WIDTH = 32;

export interface OnsagerDriftSpec {
  readonly kind: "onsager";
  /** Widths of the hidden layers of all networks but that of conditions, multiples of 8; the paper has two of 32. */
  readonly hidden: readonly number[];
}

/**
 * f(z) = scale ∘ (−(M + W + α I) ∇V + g), the gradient with respect to z̃ (paper, section 3.5; Yu, Tian, E & Li, Phys. Rev. Fluids 6,
 * 114402 (2021)), with
 *   V = ½ |U + Γ x|² + β |z̃|² ≥ β |z̃|²,   M = B Bᵀ,   W = −Wᵀ.
 * U (d numbers), B and W (a d × d array, B on and below its diagonal and W above) and g (d numbers) are networks of x = (z̃, e) with the
 * activation requr. e is a network of the conditions, six numbers; without conditions x = z̃. `scale` is one rate times the spread of z,
 * so that without W and g the drift goes downhill in V.
 */
export interface OnsagerDrift extends OnsagerDriftSpec, Conditioned {
  readonly scale: Float32Array;
  /** U and Γ, see `energyLayout` in nn/energy-mlp.ts; B with W and g, and e, see `layout` in nn/mlp.ts. */
  readonly energy: Float32Array;
  readonly coefficients: Float32Array;
  readonly embedding?: Float32Array;
}

export interface OnsagerShapes {
  /** Of x. */
  readonly inputs: number;
  readonly energy: MlpShape;
  readonly coefficients: MlpShape;
  readonly embedding: MlpShape;
}

/** The networks of d variables and so many conditions; `padding`: unit that the inputs are rounded up to. */
export function onsagerShapes({ hidden }: OnsagerDriftSpec, d: number, conditions: number, padding = 1): OnsagerShapes {
  const own = d + (conditions > 0 ? EMBEDDED : 0);
  const inputs = padding * Math.ceil(own / padding);
  const activation = "requr" as const;
  return {
    inputs: own,
    energy: { groups: 1, inputs, hidden, outputs: d, activation },
    coefficients: { groups: 2, inputs, hidden, outputs: d * d, activation },
    embedding: { groups: 1, inputs: conditions, hidden: [EMBEDDING_WIDTH], outputs: EMBEDDED, activation },
  };
}

/** Both networks of x with its last inputs at these values. */
export function withOnsagerInputs(
  { energy, coefficients }: OnsagerShapes,
  parameters: Pick<OnsagerDrift, "energy" | "coefficients">,
  values: ArrayLike<number>,
): Pick<OnsagerDrift, "energy" | "coefficients"> {
  const { beside } = energyLayout(energy);
  const network = withInputs(energy, parameters.energy.subarray(0, beside.weights), values);
  const gamma = parameters.energy.subarray(beside.weights);
  const { outputs } = beside;
  const own = (energy.inputs - values.length) * outputs;
  // Γ acts on the sums of the last layer, whose biases stand last.
  const biases = network.subarray(network.length - outputs);
  for (let o = 0; o < outputs; o++) {
    for (let k = 0; k < values.length; k++) biases[o] += values[k] * gamma[own + k * outputs + o];
  }
  return {
    energy: concatenate([network, gamma.subarray(0, own)]),
    coefficients: withInputs(coefficients, parameters.coefficients, values),
  };
}

/** The drift at one condition, of z alone. Throws InputError as `standardCondition` does. */
export function onsagerAt(field: OnsagerDrift, condition: readonly number[]): OnsagerDrift {
  const at = standardCondition(field, condition);
  const { kind, hidden, scale, embedding } = field;
  if (!embedding) return field;
  const shapes = onsagerShapes(field, scale.length, conditionsIn(field));
  const embedded = outputsAt(shapes.embedding, embedding, at).subarray(0, EMBEDDED);
  return { kind, hidden, scale, ...withOnsagerInputs(shapes, field, embedded) };
}
