// How good a learned Curie–Weiss equation is: its functions, trajectories and stationary law against exact theory.
import { type Autocovariance, autocovariance, lateTime } from "../../analysis/autocovariance.ts";
import type { Law } from "../../analysis/birth-death.ts";
import {
  type CurieWeiss,
  diffusion,
  drift,
  type Equilibrium,
  equilibrium,
  magnetizationCovariances,
  magnetizationDensity,
  magnetizationMoments,
  magnetizations,
  transientLaws,
} from "../../analysis/curie-weiss-theory.ts";
import { kernelDensity } from "../../analysis/density.ts";
import type { Diagnostics } from "../../analysis/diagnostics.ts";
import { type CentralRange, centralRange, type Sample } from "../../analysis/distribution.ts";
import { type Ensemble, type Moments, momentsOf } from "../../analysis/ensemble.ts";
import { evenGrid, maxError, relativeL2 } from "../../analysis/function-error.ts";
import { averageRow } from "../../analysis/mean.ts";
import { pitOf, pitTable, pitTimes, sampleOf } from "../../analysis/pit.ts";
import { logInterval, replicateMoments } from "../../analysis/replicates.ts";
import { trajectoryError } from "../../analysis/trajectory-error.ts";
import { wasserstein } from "../../analysis/wasserstein.ts";
import type { Gpu } from "../../gpu/device.ts";
import { Pace } from "../../gpu/pace.ts";
import { type Guards, guardsOf } from "../../method/sde/guards.ts";
import { nearestDistances } from "../../method/sde/hull.ts";
import { chosenDegree, evaluate, type SdeModel, standardErrors, trainingGroups } from "../../method/sde/model.ts";
import { breathe } from "../../run/stop.ts";

/** Functions are compared on |m| ≤ 0.8: beyond, the dynamics leaves at once and hardly any data exist. */
const BOUND = 0.8;
/**
 * The last third of the horizon counts as stationary. What is left of the transient there can still be larger than the
 * fluctuations of a big system, so predictions are compared with the exact laws of the same times and starts.
 */
const STATIONARY_FROM = 2 / 3;
/** Standard deviations of m shown on either side of the stationary mean. */
const DENSITY_REACH = 5;

/** Exact theory on the grids of one experiment. Times and magnetizations in physical units, diffusion times n. */
export interface CurieWeissReference {
  readonly system: CurieWeiss;
  readonly times: Float64Array;
  readonly starts: readonly number[];
  /** Exact mean and standard deviation of m at `times`, one array per start. */
  readonly mean: readonly Float64Array[];
  readonly std: readonly Float64Array[];
  readonly grid: Float64Array;
  readonly drift: Float64Array;
  readonly diffusion: Float64Array;
  readonly equilibrium: Equilibrium;
  /** Index of the first of the late times. */
  readonly late: number;
  /** Exact standard deviation of m at late times: root of the mean variance over times and starts. */
  readonly lateStd: number;
  /** Weight of every number of up spins 0 … n at late times: the mean of the exact laws over times and starts. */
  readonly lateLaw: Float64Array;
  readonly densityGrid: Float64Array;
  readonly density: Float64Array;
  /** Laws of m at the times of the probability integral transforms, `[times][starts]`. */
  readonly laws: readonly (readonly Sample[])[];
  readonly memory: Autocovariance;
}

/** The law of m of a law of u. */
const lawOf = (spins: number, law: Law): Sample => ({ values: magnetizations(spins, law), weights: law.mass });

/** Solves the master equation for every start and tabulates the exact functions. Stops where the run is to stop. */
export async function curieWeissReference(
  system: CurieWeiss,
  starts: readonly number[],
  times: Float64Array,
): Promise<CurieWeissReference> {
  const grid = evenGrid(-0.95, 0.95, 77);
  const late = times.findIndex((time) => time >= STATIONARY_FROM * times[times.length - 1]);
  const share = 1 / (starts.length * (times.length - late));
  const lateLaw = new Float64Array(system.spins + 1);
  let lateVariance = 0;
  const trajectories = starts.map(() => ({
    mean: new Float64Array(times.length),
    std: new Float64Array(times.length),
  }));
  const pace = new Pace(starts.length * times.length);
  const tested = pitTimes(times);
  const laws = tested.map((): Sample[] => []);
  const from = lateTime(times);
  const lags = times.slice(from).map((time) => time - times[from]);
  const covariances: Float64Array[] = [];
  for (const [s, m0] of starts.entries()) {
    let t = 0;
    for (const law of transientLaws(system, m0, times)) {
      const { mean, std } = magnetizationMoments(system.spins, law);
      trajectories[s].mean[t] = mean;
      trajectories[s].std[t] = std;
      if (t >= late) {
        const { first, mass } = law;
        for (let j = 0; j < mass.length; j++) lateLaw[first + j] += share * mass[j];
        lateVariance += share * std ** 2;
      }
      if (tested.includes(t)) laws[tested.indexOf(t)].push(lawOf(system.spins, law));
      if (t === from) covariances.push(magnetizationCovariances(system, law, lags));
      t++;
      pace.at(s * times.length + t);
      await breathe();
    }
  }
  const balance = equilibrium(system);
  // A few values of m at least.
  const reach = Math.max(DENSITY_REACH * balance.std, 8 / system.spins);
  const densityGrid = evenGrid(Math.max(-1, balance.mean - reach), Math.min(1, balance.mean + reach), 121);
  return {
    system,
    times,
    starts,
    mean: trajectories.map(({ mean }) => mean),
    std: trajectories.map(({ std }) => std),
    grid,
    drift: grid.map((m) => drift(system, m)),
    diffusion: grid.map((m) => system.spins * diffusion(system, m)),
    equilibrium: balance,
    late,
    lateStd: Math.sqrt(lateVariance),
    lateLaw,
    densityGrid,
    density: magnetizationDensity(system.spins, balance.law, densityGrid),
    laws,
    memory: { from: times[from], lags, covariance: [averageRow(covariances)], groups: null, shares: [] },
  };
}

/** All scores of one learned equation. Intervals hold training data and runs of one seed; null where that is not known. */
export interface CurieWeissScores {
  readonly drift: Float64Array;
  readonly diffusion: Float64Array;
  /** Standard errors of both that the training data leave, with the groups of data behind them. */
  readonly errors: { readonly drift: Float64Array; readonly diffusion: Float64Array; readonly groups: number } | null;
  /** How degree and ridge of the drift were chosen; null for a network. */
  readonly choice: ReturnType<typeof chosenDegree>;
  readonly guards: Guards;
  /** Of the m that taught it. */
  readonly trained: CentralRange;
  readonly diagnostics: Diagnostics;
  /** Distance of every start from the nearest training state, in standard deviations of these. */
  readonly startDistance: Float64Array;
  readonly mean: readonly Float64Array[];
  readonly std: readonly Float64Array[];
  readonly density: Float64Array;
  /** Relative squared error of the mean trajectory, mean over the starts; of starts whose mean is within the spread of runs, relative to that. */
  readonly error: number;
  readonly errorInterval: readonly [number, number] | null;
  /** Standard deviation over runs at late times, over the exact one; NaN where nothing fluctuates. */
  readonly stdRatio: number;
  readonly stdRatioInterval: readonly [number, number] | null;
  /** Wasserstein-1 distance of the law at late times from the exact one. */
  readonly wasserstein: number;
  /** max |f − f_exact| on |m| ≤ 0.8. */
  readonly driftMaxError: number;
  /** Relative L2 error of σ² on |m| ≤ 0.8. */
  readonly diffusionRelativeError: number;
}

/** What is scored of an equation: its trajectories, one case per start, the draws of their parameters, and the states that taught it. */
export interface Predicted {
  readonly trajectories: Ensemble;
  readonly drawn: Ensemble | null;
  readonly training: ArrayLike<number>;
  readonly seed: number;
}

export async function scoreCurieWeiss(
  gpu: Gpu,
  reference: CurieWeissReference,
  model: SdeModel,
  { trajectories, drawn, training, seed }: Predicted,
): Promise<CurieWeissScores> {
  const { starts, grid, system, late } = reference;
  const moments = momentsOf(trajectories);
  const score = (list: readonly Moments[]) =>
    trajectoryError(
      list.map(({ mean }) => mean),
      reference.mean.map((mean, s) => ({ mean, std: reference.std[s] })),
    ).mean;
  const spread = (list: readonly Moments[]) => {
    let [sum, count] = [0, 0];
    for (const { std } of list) for (let t = late; t < std.length; t++, count++) sum += std[t] ** 2;
    return reference.lateStd > 0 ? Math.sqrt(sum / count) / reference.lateStd : Number.NaN;
  };
  const error = score(moments);
  const stdRatio = spread(moments);
  const replicates = drawn && replicateMoments(trajectories, drawn, seed);
  const lateValues = trajectories.data.subarray(late * trajectories.cases * trajectories.runs);
  const learned = await evaluate(gpu, model, grid);
  const known = standardErrors(model, grid);
  const inside = Array.from(grid.keys()).filter((k) => Math.abs(grid[k]) <= BOUND + 1e-12);
  const scaled = (values: Float64Array) => values.map((value) => system.spins * value);
  const diffusion = scaled(learned.diffusion);
  const tested = pitTimes(reference.times);
  const spacing = 2 / system.spins;
  const pit = pitTable(
    tested.map((t) => reference.times[t]),
    tested.map((t, k) =>
      starts.map((_, c) => [pitOf(sampleOf(trajectories, t, c, 0), reference.laws[k][c], { spacing })]),
    ),
  );
  const part = (values: ArrayLike<number>) => inside.map((k) => values[k]);
  return {
    drift: learned.drift,
    diffusion,
    errors: known && { drift: known.drift, diffusion: scaled(known.diffusion), groups: trainingGroups(model) },
    choice: chosenDegree(model),
    trained: centralRange(training),
    guards: guardsOf(model, trajectories, [[-1, 1]]),
    diagnostics: { pit, memory: { predicted: autocovariance(trajectories, 1), truth: reference.memory } },
    startDistance: nearestDistances(model.hull, starts, training),
    mean: moments.map(({ mean }) => Float64Array.from(mean)),
    std: moments.map(({ std }) => Float64Array.from(std)),
    density: kernelDensity(lateValues, reference.densityGrid),
    error,
    errorInterval: replicates && logInterval(error, replicates.map(score)),
    stdRatio,
    stdRatioInterval: replicates && logInterval(stdRatio, replicates.map(spread)),
    wasserstein: wasserstein(
      { values: lateValues },
      { values: magnetizations(system.spins, { first: 0, mass: reference.lateLaw }), weights: reference.lateLaw },
    ),
    driftMaxError: maxError(grid, learned.drift, reference.drift, BOUND + 1e-12).error,
    diffusionRelativeError: relativeL2(part(diffusion), part(reference.diffusion)),
  };
}
