// Training pairs with a planted drift and diffusion, and the fit of them with small networks.
import { openDevice } from "../../../lib/gpu/device.ts";
import { type Compensated, joined, type Method, type Pairs, regression } from "../../../lib/method/pairs.ts";
import type { TrainedSpec } from "../../../lib/method/sde/fields.ts";
import { fitSde, type SdeFitOptions } from "../../../lib/method/sde/fit.ts";
import type { SdeValues } from "../../../lib/method/sde/model.ts";
import type { DiffusionForm } from "../../../lib/method/sde/network-diffusion.ts";
import type { NetworkDriftSpec } from "../../../lib/method/sde/network-drift.ts";
import type { Perceptron } from "../../../lib/method/sde/network-field.ts";
import type { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { generators, normal } from "../../fixtures.ts";
import { identity, square, times, upper } from "../../matrices.ts";

const SEED = 30;
const generator = generators(SEED);
const gpu = await openDevice();

/** What synthetic pairs are made of; matrices row by row. */
export interface Plan {
  readonly d: number;
  readonly snapshots: number;
  readonly patches: number;
  readonly perSnapshot?: number;
  readonly time: number;
  state(rng: Xoshiro): number[];
  drift(z: number[]): number[];
  sigma(z: number[]): number[];
}

/**
 * Pairs with a planted drift and diffusion: Δ = f δt + √(K δt) σ ξ per patch; A = f δt plus as much noise, smaller by a
 * factor 3; Q = K σσᵀ δt times a factor uniform on 0 … 2 (its mean is what counts).
 */
export function plant(plan: Plan, purpose: string): Compensated {
  const { d, snapshots, patches, perSnapshot = 1, time } = plan;
  const rng = generator(purpose);
  const whole: number[] = [];
  const delta: number[] = [];
  const compensator: number[] = [];
  const variation: number[] = [];
  for (let s = 0; s < snapshots; s++) {
    const z = plan.state(rng).map(Math.fround);
    const f = plan.drift(z);
    const sigma = plan.sigma(z);
    const gamma = upper(square(sigma, d), d);
    whole.push(...z);
    for (let p = 0; p < perSnapshot; p++) {
      const noise = () => {
        const xi = Array.from({ length: d }, () => normal(rng));
        return times(sigma, xi).map((x) => Math.sqrt(patches * time) * x);
      };
      const [first, second] = [noise(), noise()];
      const factor = 2 * rng.uniform();
      for (let j = 0; j < d; j++) {
        delta.push(f[j] * time + first[j]);
        compensator.push(f[j] * time + second[j] / 3);
      }
      for (const q of gamma) variation.push(factor * patches * time * q);
    }
  }
  return {
    kind: "compensated",
    d,
    whole: Float32Array.from(whole),
    patch: new Float32Array(delta.length),
    delta: Float32Array.from(delta),
    compensator: Float32Array.from(compensator),
    variation: Float32Array.from(variation),
    perSnapshot,
    time,
    patches,
    cohort: Uint32Array.from({ length: snapshots }, (_, s) => s),
    condition: new Float32Array(0),
  };
}

/** Networks of drift and diffusion with the same hidden layers. */
export interface Shape extends Perceptron {
  readonly form: DiffusionForm;
}

export const OPTIONS: SdeFitOptions = { batch: 512, steps: 300, learningRate: 5e-3, weightDecay: 0, seed: SEED };
export const SHAPE: Shape = { hidden: [16], activation: "tanh", form: "diagonal" };

/** The fields of a shape. */
export function specOf({ form, ...perceptron }: Shape): TrainedSpec<NetworkDriftSpec> {
  return { drift: { kind: "network", ...perceptron }, diffusion: { kind: "network", form, ...perceptron } };
}

/** The SDE that `method` learns from `pairs`, by SHAPE and OPTIONS but for what is given. */
export const fit = (pairs: Pairs, method: Method, shape: Partial<Shape> = {}, options: Partial<SdeFitOptions> = {}) =>
  fitSde(gpu, regression(pairs, method), specOf({ ...SHAPE, ...shape }), { ...OPTIONS, ...options });

/** Mean of the matrices σσᵀ over the points. */
export function meanDiffusion({ diffusion }: SdeValues, d: number): number[] {
  const mean = new Array<number>(d * d).fill(0);
  for (const [k, value] of diffusion.entries()) mean[k % (d * d)] += (value * d * d) / diffusion.length;
  return mean;
}

/** An Ornstein–Uhlenbeck process in d dimensions: states of spread 0.5 … 2 about 0, a full drift matrix. */
export function ornsteinUhlenbeck(d: number, diagonal: boolean) {
  const rng = generator(`ou/${d}`);
  const spread = Array.from({ length: d }, (_, j) => 0.5 + (1.5 * j) / Math.max(1, d - 1));
  const matrix = identity(d).map((one) => 0.3 * normal(rng) - one);
  const sigma = identity(d).map((one) =>
    diagonal ? one * (0.3 + 0.2 * rng.uniform()) : 0.3 * one + 0.08 * normal(rng),
  );
  const plan: Plan = {
    d,
    snapshots: 20_000 / Math.max(1, d / 4),
    patches: 16,
    time: 0.1,
    state: (r) => spread.map((s) => s * normal(r)),
    drift: (z) => times(matrix, z),
    sigma: () => sigma,
  };
  return { plan, spread, matrix, covariance: square(sigma, d) };
}

/** Pairs of one plan at each of these conditions. */
export const plantedAt = (list: readonly number[][], plan: (condition: readonly number[]) => Plan): Compensated =>
  joined(
    list.map((condition) => {
      const own = plan(condition);
      const values = Float32Array.from(
        { length: own.snapshots * condition.length },
        (_, k) => condition[k % condition.length],
      );
      return { ...plant(own, `conditions/${condition}`), condition: values };
    }),
  );
