// How short the steps of an equation have to be: short beside the fastest of its relaxations.
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Gpu } from "../../gpu/device.ts";
import { evaluate, type SdeModel } from "./model.ts";
import { DivergedError } from "./rollout.ts";

/** Points that slopes are taken at. */
const POINTS = 32;
/** Half the difference that they are taken over, in units of the spread of the training data. */
const REACH = 0.05;
/** Steps are this part of the fastest relaxation at most: Heun's scheme then gives 98.2 % of its variance, Euler–Maruyama 114 %. */
const SHARE = 0.25;
/** More steps are not taken: an equation that would need them relaxes long before what it was learned from. */
const MOST = 64;

/**
 * How many equal steps a duration has to be divided in, so that none is longer than a quarter of the fastest relaxation: 1 / |λ| for the largest
 * eigenvalue of ∂f/∂z in size, at some of the states `[n, d]`. With steps above 2/|λ| trajectories leave any bound, or swing from end to
 * end of the data. Throws DivergedError for more than 64. Kloeden & Platen, Numerical Solution of Stochastic Differential Equations (1992), section 9.8.
 */
export async function stepsWithin(gpu: Gpu, model: SdeModel, states: Float32Array, time: number): Promise<number> {
  const rate = await fastestRate(gpu, model, states);
  const steps = Math.max(1, Math.ceil((rate * time) / SHARE - 1e-9));
  if (!(steps <= MOST)) {
    throw new DivergedError(
      `the learned SDE relaxes at a rate of ${rate.toPrecision(3)}, no step can follow in ${time}`,
    );
  }
  return steps;
}

/** |λ| of the fastest relaxation, per time. */
async function fastestRate(gpu: Gpu, model: SdeModel, states: Float32Array): Promise<number> {
  return Math.max(0, ...(await ratesOf(gpu, model, states)).map(({ real, imaginary }) => Math.hypot(real, imaginary)));
}

/** Rate of the slowest relaxation, per time: the median over the states of the smallest −Re λ above 0 at each; NaN where nothing relaxes. */
export async function slowestRate(gpu: Gpu, model: SdeModel, states: Float32Array): Promise<number> {
  const rates = await ratesOf(gpu, model, states);
  const slowest = [...Map.groupBy(rates, ({ point }) => point).values()].flatMap((own) => {
    const falling = own.map(({ real }) => -real).filter((rate) => rate > 0);
    return falling.length > 0 ? [Math.min(...falling)] : [];
  });
  return slowest.sort((a, b) => a - b)[Math.floor(slowest.length / 2)] ?? Number.NaN;
}

/** Eigenvalues of ∂f/∂z at some of the states; NaN for slopes that are not finite. */
async function ratesOf(gpu: Gpu, model: SdeModel, states: Float32Array) {
  const { d, spread } = model;
  const all = states.length / d;
  const n = Math.min(POINTS, all);
  const points = new Float64Array(n * d * 2 * d);
  for (let p = 0, at = 0; p < n; p++) {
    const from = Math.floor((p * all) / n) * d;
    for (let b = 0; b < d; b++) {
      for (const sign of [1, -1]) {
        for (let j = 0; j < d; j++) points[at++] = states[from + j] + (j === b ? sign * REACH * spread[b] : 0);
      }
    }
  }
  const { drift } = await evaluate(gpu, model, points);
  // The decomposition of what is not finite never ends.
  if (!drift.every(Number.isFinite)) return [{ point: 0, real: Number.NaN, imaginary: Number.NaN }];
  const rates: { point: number; real: number; imaginary: number }[] = [];
  for (let p = 0; p < n; p++) {
    const slope = (a: number, b: number) => {
      const at = 2 * (p * d + b) * d + a;
      return (drift[at] - drift[at + d]) / (2 * REACH * spread[b]);
    };
    const rows = Array.from({ length: d }, (_, a) => Array.from({ length: d }, (_, b) => slope(a, b)));
    const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(new Matrix(rows));
    for (const [k, real] of realEigenvalues.entries()) {
      rates.push({ point: p, real, imaginary: imaginaryEigenvalues[k] });
    }
  }
  return rates;
}
