// The learned SDE in float64, from its definition (TrainedModel), and models by hand and at random to compare on.
import { hullOf } from "../../../lib/method/sde/hull.ts";
import type { TrainedModel } from "../../../lib/method/sde/model.ts";
import { DIFFUSION_FORMS, type DiffusionForm } from "../../../lib/method/sde/network-diffusion.ts";
import { type Perceptron, perceptron } from "../../../lib/method/sde/network-field.ts";
import { layout } from "../../../lib/nn/mlp.ts";
import type { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { generators, normal } from "../../fixtures.ts";
import { identity, product, times } from "../../matrices.ts";

const SEED = 30;

/** All forms of diffusion. */
export const FORMS = DIFFUSION_FORMS;

/** Outputs of the network of σ̃. */
export const sigmaOutputs = (form: DiffusionForm, d: number) => (form === "full" || form === "triangular" ? d * d : d);

/** Where the parameters of a field's network lie. */
export const fieldLayout = (field: Perceptron, d: number, outputs: number) => layout(perceptron(field, d, outputs));

/** A frame unlike the identity: diagonal 0.6 … 1.2, entries below it of the order 0.4. */
export function lowerTriangle(d: number, rng: Xoshiro): Float32Array {
  return Float32Array.from(identity(d), (one, at) => {
    const [j, k] = [Math.floor(at / d), at % d];
    return one * (0.6 + 0.6 * rng.uniform()) + (k < j ? 0.4 * normal(rng) : 0);
  });
}

/** σ̃ of the outputs of the diffusion network, by its definition (NetworkDiffusion). */
export function innerSigma(form: DiffusionForm, d: number, raw: ArrayLike<number>): Float64Array {
  return Float64Array.from(identity(d), (one, at) => {
    const [j, k] = [Math.floor(at / d), at % d];
    if (form === "full") return one + raw[at];
    if (form !== "triangular") return one * Math.exp(raw[j]);
    return j === k ? Math.exp(raw[at]) : k < j ? raw[at] : 0;
  });
}

/** Outputs of a field's network at z̃, layer by layer. */
function networkAt(field: Perceptron & { readonly parameters: Float32Array }, standard: number[], outputs: number) {
  const { parameters, activation } = field;
  const { layers } = fieldLayout(field, standard.length, outputs);
  let values = standard;
  for (const [l, { inputs, outputs, weights, bias }] of layers.entries()) {
    const before = values;
    values = Array.from({ length: outputs }, (_, o) => {
      let sum = parameters[bias + o];
      for (let k = 0; k < inputs; k++) sum += parameters[weights + k * outputs + o] * before[k];
      if (l === layers.length - 1) return sum;
      return activation === "tanh" ? Math.tanh(sum) : Math.max(0, sum);
    });
  }
  return values;
}

/** f and σ at one point in float64, from the formulas of NetworkDrift and NetworkDiffusion. */
export function exactValues({ d, center, spread, drift, diffusion }: TrainedModel, z: readonly number[]) {
  const standard = z.map((x, j) => (x - center[j]) / spread[j]);
  const g = networkAt(drift, standard, d);
  const f = times(drift.slope, standard).map((x, j) => drift.offset[j] + x + drift.scale[j] * g[j]);
  const { form, frame, scale } = diffusion;
  const raw = networkAt(diffusion, standard, sigmaOutputs(form, d));
  const sigma = product(frame, innerSigma(form, d, raw), d).map((x, k) => scale[Math.floor(k / d)] * x);
  return { f, sigma };
}

/** What a model by hand is made of; both networks have the same hidden layers. */
export interface Parts extends Perceptron {
  readonly form: DiffusionForm;
  readonly center: Float32Array;
  readonly spread: Float32Array;
  readonly offset: Float32Array;
  readonly slope: Float32Array;
  readonly driftScale: Float32Array;
  readonly noiseScale: Float32Array;
  readonly frame: Float32Array;
  readonly driftParameters: Float32Array;
  readonly diffusionParameters: Float32Array;
}

/** States that a model by hand is taken to be learned from: normal in z̃, 64 of each variable. */
function trainingStates(d: number, center: Float32Array, spread: Float32Array): Float32Array {
  const rng = generators(SEED)(`reference/hull/${d}`);
  return Float32Array.from({ length: 64 * d }, (_, k) => center[k % d] + spread[k % d] * normal(rng));
}

/** A model of parts, each with a default: networks of zeros in z̃ = z, f = 0 and σ̃ = σ of the form `full`. */
export function modelOf(d: number, parts: Partial<Parts>): TrainedModel {
  const { hidden = [8], activation = "relu", form = "full" } = parts;
  const zeros = new Float32Array(d);
  const ones = new Float32Array(d).fill(1);
  const { center = zeros, spread = ones } = parts;
  const parameters = (outputs: number) => new Float32Array(fieldLayout({ hidden, activation }, d, outputs).stride);
  return {
    d,
    center,
    spread,
    hull: hullOf(trainingStates(d, center, spread), { center, spread }),
    drift: {
      kind: "network",
      hidden,
      activation,
      offset: parts.offset ?? zeros,
      slope: parts.slope ?? new Float32Array(d * d),
      scale: parts.driftScale ?? ones,
      parameters: parts.driftParameters ?? parameters(d),
    },
    diffusion: {
      kind: "network",
      form,
      hidden,
      activation,
      scale: parts.noiseScale ?? ones,
      frame: parts.frame ?? Float32Array.from(identity(d)),
      parameters: parts.diffusionParameters ?? parameters(sigmaOutputs(form, d)),
    },
  };
}

/** The same drift without noise. */
export function quiet(model: TrainedModel): TrainedModel {
  return { ...model, diffusion: { ...model.diffusion, scale: new Float32Array(model.d) } };
}

/** A model with random networks and scales; of triangular diffusion with a frame. It stays bounded. */
export function randomModel(d: number, form: DiffusionForm, rng: Xoshiro): TrainedModel {
  const shape = { hidden: [16, 8], activation: "tanh", form } as const;
  const vector = (scale: number) => Float32Array.from({ length: d }, () => scale * (0.5 + rng.uniform()));
  const parameters = (outputs: number) =>
    Float32Array.from({ length: fieldLayout(shape, d, outputs).stride }, () => 0.4 * normal(rng));
  return modelOf(d, {
    ...shape,
    center: vector(0.5),
    spread: vector(1.5),
    offset: vector(0.5),
    slope: Float32Array.from(identity(d), (one) => 0.4 * normal(rng) - 2 * one),
    driftScale: vector(1.5),
    noiseScale: vector(0.3),
    frame: form === "triangular" ? lowerTriangle(d, rng) : Float32Array.from(identity(d)),
    driftParameters: parameters(d),
    diffusionParameters: parameters(sigmaOutputs(form, d)),
  });
}

/** Times of every `every`-th of so many steps, from 0 on. */
export const grid = (dt: number, steps: number, every = 1) =>
  Float64Array.from({ length: steps / every + 1 }, (_, k) => k * every * dt);
