// How good a learned equation of the Ising model is: mean trajectories of magnetization and domain-wall density against direct
// simulation in physical time, and the fluctuations of the late magnetization.
import { type Ensemble, firstVariables, type Moments, momentsOf } from "../../analysis/ensemble.ts";
import { average } from "../../analysis/mean.ts";
import { relativeSquaredError, samplingFloor } from "../../analysis/trajectory-error.ts";

/** m and ρ: the first variables of every z. */
const OBSERVABLES = 2;
/** Up to here a run is early (sweeps). */
export const EARLY = 20;
/** The last part of a run is late, … */
const LATE = 0.75;
/** … and starts from this magnetization on are in equilibrium by then at the paper's temperature and field. */
const NEAR = 0.25;
/** Late samples that a density is estimated from, at most. */
const SAMPLES = 20_000;

/** Direct simulations of the large lattice. */
export interface IsingTruth {
  readonly times: Float64Array;
  readonly m0: readonly number[];
  readonly runs: number;
  /** One entry per start, `[times, 2]`. */
  readonly moments: readonly Moments[];
  readonly late: Late;
}

/** Late part of the runs from starts near equilibrium. */
export interface Late {
  /** Standard deviation of the magnetization, root of the mean variance over times and starts. */
  readonly std: number;
  readonly mean: number;
  /** Some values of m and of ρ. */
  readonly m: Float32Array;
  readonly rho: Float32Array;
}

export interface IsingScores {
  /** Σ_t |z̄ − z̄_true|² / Σ_t |z̄_true|² over (m, ρ), mean over the starts; to the end, and for t < 20. */
  readonly error: number;
  readonly early: number;
  /** The error of every start. */
  readonly perStart: readonly number[];
  /** Late standard deviation of m over the true one. */
  readonly stdRatio: number;
  /** One entry per start, `[times, 2]`. */
  readonly moments: readonly Moments[];
  readonly late: Late;
}

/** Moments of m and ρ, and the late part, of an ensemble with one case per start. */
export function isingMoments(runsOfAll: Ensemble, m0: readonly number[]) {
  const { times, runs, data, cases, d } = firstVariables(runsOfAll, OBSERVABLES);
  const rows = cases * runs;
  const moments = momentsOf({ times, cases, runs, d, data });
  const near = m0.flatMap((m, c) => (m >= NEAR ? [c] : []));
  const starts = near.length > 0 ? near : m0.map((_, c) => c);
  const from = Math.floor(LATE * (times.length - 1));
  let variance = 0;
  let mean = 0;
  let count = 0;
  for (const c of starts) {
    for (let t = from; t < times.length; t++, count++) {
      variance += moments[c].std[t * OBSERVABLES] ** 2;
      mean += moments[c].mean[t * OBSERVABLES];
    }
  }
  const samples = (j: number) => {
    const all = starts.length * runs * (times.length - from);
    const step = Math.max(1, Math.ceil(all / SAMPLES));
    return Float32Array.from({ length: Math.floor(all / step) }, (_, k) => {
      const at = k * step;
      const start = starts[Math.floor(at / (runs * (times.length - from)))];
      const t = from + (Math.floor(at / runs) % (times.length - from));
      return data[(t * rows + start * runs + (at % runs)) * d + j];
    });
  };
  const late: Late = { std: Math.sqrt(variance / count), mean: mean / count, m: samples(0), rho: samples(1) };
  return { moments, late };
}

/** Scores of predicted runs, one case per start. */
export function scoreIsing(truth: IsingTruth, predicted: Ensemble): IsingScores {
  const { times, m0 } = truth;
  const { moments, late } = isingMoments(predicted, m0);
  const errors = (length: number) =>
    m0.map((_, c) =>
      relativeSquaredError(
        Array.from(moments[c].mean).slice(0, length),
        Array.from(truth.moments[c].mean).slice(0, length),
      ),
    );
  const perStart = errors(OBSERVABLES * times.length);
  return {
    error: average(perStart),
    early: average(errors(earlyLength(times))),
    perStart,
    stdRatio: late.std / truth.late.std,
    moments,
    late,
  };
}

/**
 * What a perfect model would score with so many predicted runs. Takes true runs for independent; those of a word of 32 share the noise of
 * the visits on the way to equilibrium, so that the floor is a little low there.
 */
export function isingFloor({ times, moments, runs }: IsingTruth, predictedRuns: number) {
  const floor = (length: number) =>
    average(
      moments.map(({ mean, std }) =>
        samplingFloor(Array.from(mean).slice(0, length), Array.from(std).slice(0, length), predictedRuns, runs),
      ),
    );
  return { error: floor(OBSERVABLES * times.length), early: floor(earlyLength(times)) };
}

/** Numbers of moments `[times, 2]` that belong to early times. */
const earlyLength = (times: Float64Array) => OBSERVABLES * times.filter((time) => time < EARLY).length;
