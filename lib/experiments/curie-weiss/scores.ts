// How good a learned Curie–Weiss equation is: its functions, trajectories and stationary law against exact theory.
import { bootstrap } from "../../analysis/bootstrap.ts";
import {
  type CurieWeiss,
  diffusion,
  drift,
  type Equilibrium,
  equilibrium,
  magnetizationDensity,
  magnetizations,
  magnetizationTrajectory,
  transientLaws,
} from "../../analysis/curie-weiss-theory.ts";
import { kernelDensity } from "../../analysis/density.ts";
import type { Ensemble } from "../../analysis/ensemble.ts";
import { evenGrid, maxError, relativeL2 } from "../../analysis/function-error.ts";
import { ensembleMoments, trajectoryError } from "../../analysis/trajectory-error.ts";
import { wasserstein } from "../../analysis/wasserstein.ts";

/** Functions are compared on |m| ≤ 0.8: beyond, the dynamics leaves at once and hardly any data exist. */
const BOUND = 0.8;
/**
 * The last third of the horizon counts as stationary. What is left of the transient there can still be larger than the
 * fluctuations of a big system, so predictions are compared with the exact laws of the same times and starts.
 */
const STATIONARY_FROM = 2 / 3;
/** Standard deviations of m shown on either side of the stationary mean. */
const DENSITY_REACH = 5;
const RESAMPLES = 400;

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
}

/** Solves the master equation for every start and tabulates the exact functions. */
export function curieWeissReference(
  system: CurieWeiss,
  starts: readonly number[],
  times: Float64Array,
): CurieWeissReference {
  const trajectories = starts.map((m0) => magnetizationTrajectory(system, m0, times));
  const grid = evenGrid(-0.95, 0.95, 77);
  const late = times.findIndex((time) => time >= STATIONARY_FROM * times[times.length - 1]);
  const lateTimes = times.subarray(late);
  const share = 1 / (starts.length * lateTimes.length);
  const lateLaw = new Float64Array(system.spins + 1);
  let lateVariance = 0;
  for (const [s, m0] of starts.entries()) {
    for (const std of trajectories[s].std.subarray(late)) lateVariance += share * std ** 2;
    for (const { first, mass } of transientLaws(system, m0, lateTimes)) {
      for (let j = 0; j < mass.length; j++) lateLaw[first + j] += share * mass[j];
    }
  }
  const balance = equilibrium(system);
  const reach = DENSITY_REACH * balance.std;
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
  };
}

/**
 * All scores of one learned equation; the intervals are 95 % bootstrap intervals over its trajectories, null where they
 * were not asked for.
 */
export interface CurieWeissScores {
  readonly drift: Float64Array;
  readonly diffusion: Float64Array;
  readonly mean: readonly Float64Array[];
  readonly std: readonly Float64Array[];
  readonly density: Float64Array;
  /** Relative squared error of the mean trajectory, mean over the starts. */
  readonly error: number;
  readonly errorInterval: readonly [number, number] | null;
  /** Standard deviation over runs at late times, over the exact one. */
  readonly stdRatio: number;
  readonly stdRatioInterval: readonly [number, number] | null;
  /** Wasserstein-1 distance of the law at late times from the exact one. */
  readonly wasserstein: number;
  /** max |f − f_exact| on |m| ≤ 0.8. */
  readonly driftMaxError: number;
  /** Relative L2 error of σ² on |m| ≤ 0.8. */
  readonly diffusionRelativeError: number;
}

/**
 * `predicted`: magnetizations, one case per start. `learned`: drift and diffusion σ²
 * (not times n) on the reference grid. `bootstrapSeed`: null for no bootstrap, which takes seconds.
 */
export function scoreCurieWeiss(
  reference: CurieWeissReference,
  predicted: Ensemble,
  learned: { drift: ArrayLike<number>; diffusion: ArrayLike<number> },
  bootstrapSeed: number | null,
): CurieWeissScores {
  const { times, starts, grid, system, late } = reference;
  const { runs, data } = predicted;
  const total = predicted.cases * runs;
  // [run, time] of each start.
  const byStart = starts.map((_, s) =>
    Float64Array.from({ length: runs * times.length }, (_, k) => {
      const run = Math.floor(k / times.length);
      return data[(k % times.length) * total + s * runs + run];
    }),
  );
  const moments = byStart.map((values) => ensembleMoments(values, runs));
  const score = (means: readonly ArrayLike<number>[]) => trajectoryError(means, reference.mean).mean;
  const spread = (stds: readonly Float64Array[]) => {
    let sum = 0;
    for (const std of stds) for (const value of std.subarray(late)) sum += value ** 2;
    return Math.sqrt(sum / (stds.length * (times.length - late))) / reference.lateStd;
  };
  const redrawn = (picks: readonly Uint32Array[]) => picks.map((pick, s) => ensembleMoments(byStart[s], runs, pick));
  // Near the floor the percentiles of a squared error sit too high; a normal interval holds the estimate.
  const normal = (estimate: number, statistic: (picks: readonly Uint32Array[]) => number): [number, number] => {
    const sizes = starts.map(() => runs);
    const { standardError } = bootstrap(sizes, statistic, { seed: bootstrapSeed ?? 0, resamples: RESAMPLES });
    return [Math.max(0, estimate - 1.96 * standardError), estimate + 1.96 * standardError];
  };
  const bars = bootstrapSeed !== null;
  const error = score(moments.map(({ mean }) => mean));
  const stdRatio = spread(moments.map(({ std }) => std));
  const lateValues = data.subarray(late * total);
  const inside = Array.from(grid.keys()).filter((k) => Math.abs(grid[k]) <= BOUND + 1e-12);
  const scaled = Float64Array.from(learned.diffusion, (value) => system.spins * value);
  const part = (values: ArrayLike<number>) => inside.map((k) => values[k]);
  return {
    drift: Float64Array.from(learned.drift),
    diffusion: scaled,
    mean: moments.map(({ mean }) => mean),
    std: moments.map(({ std }) => std),
    density: kernelDensity(lateValues, reference.densityGrid),
    error,
    errorInterval: bars ? normal(error, (picks) => score(redrawn(picks).map(({ mean }) => mean))) : null,
    stdRatio,
    stdRatioInterval: bars ? normal(stdRatio, (picks) => spread(redrawn(picks).map(({ std }) => std))) : null,
    wasserstein: wasserstein(
      { values: lateValues },
      { values: magnetizations(system.spins, { first: 0, mass: reference.lateLaw }), weights: reference.lateLaw },
    ),
    driftMaxError: maxError(grid, learned.drift, reference.drift, BOUND + 1e-12).error,
    diffusionRelativeError: relativeL2(part(scaled), part(reference.diffusion)),
  };
}
