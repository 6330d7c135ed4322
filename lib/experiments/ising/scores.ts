// How good a learned equation of the Ising model is: mean trajectories of magnetization and domain-wall density against direct
// simulation in physical time, and the fluctuations of the late magnetization.
import { type Diagnostics, diagnosticsOf, type TrueRuns, trueRuns } from "../../analysis/diagnostics.ts";
import { type Ensemble, firstVariables, type Moments, momentsOf } from "../../analysis/ensemble.ts";
import { average } from "../../analysis/mean.ts";
import { replicateMoments, type Uncertainty, uncertaintyOf } from "../../analysis/replicates.ts";
import { ensembleMoments, relativeSquaredError, samplingFloor } from "../../analysis/trajectory-error.ts";
import { type Guards, guardsOf, type Range } from "../../method/sde/guards.ts";
import { nearestDistances } from "../../method/sde/hull.ts";
import { chosenDegree, type SdeModel } from "../../method/sde/model.ts";

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
  /** The same if the runs were drawn again, words of replicas together. */
  readonly replicates: readonly (readonly Moments[])[];
  readonly late: Late;
  readonly observed: TrueRuns;
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

/** The scores, all positive. */
export const QUANTITIES = ["error", "early", "stdRatio"] as const;
type Quantities<T> = { readonly [quantity in (typeof QUANTITIES)[number]]: T };

export interface IsingScores extends Quantities<number>, Uncertainty<(typeof QUANTITIES)[number]> {
  /** Σ_t |z̄ − z̄_true|² / Σ_t |z̄_true|² over (m, ρ), mean over the starts; to the end, and for t < 20. */
  readonly error: number;
  readonly early: number;
  /** The error of every start. */
  readonly perStart: readonly number[];
  /** Late standard deviation of m over the true one. */
  readonly stdRatio: number;
  readonly guards: Guards;
  /** How degree and ridge of the drift were chosen; null for a network. */
  readonly choice: ReturnType<typeof chosenDegree>;
  /** Mean distance of the runs of every start from the nearest training state, in standard deviations of these. */
  readonly startDistance: readonly number[];
  /** Mean state of the runs of every start in the beginning, all variables. */
  readonly starts: readonly (readonly number[])[];
  /** One entry per start, `[times, 2]`. */
  readonly moments: readonly Moments[];
  readonly late: Late;
  readonly diagnostics: Diagnostics;
}

/** Starts that the late part is taken from: those near equilibrium, or all. */
function lateStarts(m0: readonly number[]): number[] {
  const near = m0.flatMap((m, c) => (m >= NEAR ? [c] : []));
  return near.length > 0 ? near : m0.map((_, c) => c);
}

/** Mean and standard deviation of m in the late part. */
function lateMoments(moments: readonly Moments[], m0: readonly number[]) {
  let [variance, mean, count] = [0, 0, 0];
  for (const c of lateStarts(m0)) {
    const { mean: means, std } = moments[c];
    const times = std.length / OBSERVABLES;
    for (let t = Math.floor(LATE * (times - 1)); t < times; t++, count++) {
      variance += std[t * OBSERVABLES] ** 2;
      mean += means[t * OBSERVABLES];
    }
  }
  return { std: Math.sqrt(variance / count), mean: mean / count };
}

/** Moments of m and ρ, and the late part, of an ensemble with one case per start. */
function isingMoments(runsOfAll: Ensemble, m0: readonly number[]) {
  const { times, runs, data, cases, d } = firstVariables(runsOfAll, OBSERVABLES);
  const rows = cases * runs;
  const moments = momentsOf({ times, cases, runs, d, data });
  const starts = lateStarts(m0);
  const from = Math.floor(LATE * (times.length - 1));
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
  const late: Late = { ...lateMoments(moments, m0), m: samples(0), rho: samples(1) };
  return { moments, late };
}

/** Moments of direct simulations, whose runs share the noise of visits with the other `lanes` of their word. */
export function isingTruth(observed: Ensemble, m0: readonly number[], lanes: number, seed: number): IsingTruth {
  const { times, runs } = observed;
  const replicates = replicateMoments(observed, null, seed, lanes);
  return {
    times,
    m0,
    runs,
    ...isingMoments(observed, m0),
    replicates,
    observed: trueRuns(observed, OBSERVABLES, lanes),
  };
}

/** What is scored of an equation: its trajectories, one case per start, the draws of their parameters, and the states that taught it. */
export interface Predicted {
  readonly trajectories: Ensemble;
  readonly drawn: Ensemble | null;
  readonly training: Float32Array;
  readonly ranges: readonly Range[];
  readonly seed: number;
}

/** Scores of an equation. Throws Error for predictions of other starts or times than the truth's. */
export function scoreIsing(
  truth: IsingTruth,
  model: SdeModel,
  { trajectories, drawn, training, ranges, seed }: Predicted,
): IsingScores {
  const { times, m0 } = truth;
  const { moments, late } = isingMoments(trajectories, m0);
  const all = (predicted: readonly Moments[], exact: readonly Moments[], std: number) => {
    const errors = (length: number) =>
      m0.map((_, c) =>
        relativeSquaredError(Array.from(predicted[c].mean).slice(0, length), {
          mean: Array.from(exact[c].mean).slice(0, length),
          std: Array.from(exact[c].std).slice(0, length),
        }),
      );
    const perStart = errors(OBSERVABLES * times.length);
    const stdRatio = lateMoments(predicted, m0).std / std;
    return { perStart, error: average(perStart), early: average(errors(earlyLength(times))), stdRatio };
  };
  const scores = all(moments, truth.moments, truth.late.std);
  const { replicates } = truth;
  const stds = replicates.map((one) => lateMoments(one, m0).std);
  const ofTruth = replicates.map((one, k) => all(moments, one, stds[k]));
  const first = drawn && {
    best: firstVariables(trajectories, OBSERVABLES),
    drawn: firstVariables(drawn, OBSERVABLES),
  };
  const ofAll =
    first &&
    replicateMoments(first.best, first.drawn, seed).map((one, k) =>
      all(one, replicates[k % replicates.length], stds[k % stds.length]),
    );
  const { d, data, runs, cases } = trajectories;
  const nearest = nearestDistances(model.hull, data.subarray(0, cases * runs * d), training);
  return {
    ...scores,
    ...uncertaintyOf(QUANTITIES, scores, ofAll, ofTruth),
    guards: guardsOf(model, trajectories, ranges),
    choice: chosenDegree(model),
    startDistance: m0.map((_, c) => average(nearest.subarray(c * runs, (c + 1) * runs))),
    starts: m0.map((_, c) => {
      const first = data.subarray(c * runs * d, (c + 1) * runs * d);
      return Array.from(ensembleMoments(first, runs).mean);
    }),
    moments,
    late,
    diagnostics: diagnosticsOf(trajectories, truth.observed),
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

/**
 * So many independent runs from a start would know its mean trajectory as well as the true ones, of which those of a word share noise on the way to
 * equilibrium: the mean over times and variables of the variance of the mean, over that of one run.
 */
export function independentRuns(
  { moments, replicates, runs }: Pick<IsingTruth, "moments" | "replicates" | "runs">,
  c: number,
): number {
  const { mean, std } = moments[c];
  const shares = Array.from(std, (one, at) => {
    const variance = average(replicates.map((replicate) => (replicate[c].mean[at] - mean[at]) ** 2));
    return variance / one ** 2;
  }).filter(Number.isFinite);
  return shares.length > 0 ? Math.min(runs, 1 / average(shares)) : runs;
}

/** Relative squared error of the mean of one true run from every start, mean over the starts: that of R runs is 1/R of it. */
export function samplingOfRuns({ moments }: IsingTruth): number {
  return average(moments.map(({ mean, std }) => samplingFloor(Array.from(mean), Array.from(std), 1)));
}

/** Numbers of moments `[times, 2]` that belong to early times. */
const earlyLength = (times: Float64Array) => OBSERVABLES * times.filter((time) => time < EARLY).length;
