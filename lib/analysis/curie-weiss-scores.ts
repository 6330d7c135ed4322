// How good a learned Curie–Weiss equation is: its functions, trajectories and stationary law against exact theory.
import { bootstrap } from "./bootstrap.ts";
import {
  type CurieWeiss,
  diffusion,
  drift,
  type Equilibrium,
  equilibrium,
  magnetizationDensity,
  magnetizations,
  magnetizationTrajectory,
} from "./curie-weiss-theory.ts";
import { kernelDensity } from "./density.ts";
import { evenGrid, maxError, relativeL2 } from "./function-error.ts";
import { ensembleMoments, trajectoryError } from "./trajectory-error.ts";
import { wasserstein } from "./wasserstein.ts";

/** Functions are compared on |m| ≤ 0.8: beyond, the dynamics leaves at once and hardly any data exist. */
const BOUND = 0.8;
/** The last third of the horizon counts as stationary. */
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
    densityGrid,
    density: magnetizationDensity(system.spins, balance.law, densityGrid),
  };
}

/** All scores of one learned equation; `interval`s are 95 % bootstrap intervals over its trajectories. */
export interface CurieWeissScores {
  readonly drift: Float64Array;
  readonly diffusion: Float64Array;
  readonly mean: readonly Float64Array[];
  readonly std: readonly Float64Array[];
  readonly density: Float64Array;
  /** Relative squared error of the mean trajectory, mean over the starts. */
  readonly error: number;
  readonly errorInterval: readonly [number, number];
  /** Stationary standard deviation over the exact one. */
  readonly stdRatio: number;
  readonly stdRatioInterval: readonly [number, number];
  /** Wasserstein-1 distance of the stationary law from the exact one. */
  readonly wasserstein: number;
  /** max |f − f_exact| on |m| ≤ 0.8. */
  readonly driftMaxError: number;
  /** Relative L2 error of σ² on |m| ≤ 0.8. */
  readonly diffusionRelativeError: number;
}

/**
 * `record`: magnetizations `[times, starts · runs]`, the runs of one start together. `learned`: drift and diffusion σ²
 * (not times n) on the reference grid.
 */
export function scoreCurieWeiss(
  reference: CurieWeissReference,
  record: Float32Array,
  learned: { drift: ArrayLike<number>; diffusion: ArrayLike<number> },
  seed: number,
): CurieWeissScores {
  const { times, starts, grid, system, equilibrium: exact } = reference;
  const total = record.length / times.length;
  const runs = total / starts.length;
  // [run, time] of each start.
  const byStart = starts.map((_, s) =>
    Float64Array.from({ length: runs * times.length }, (_, k) => {
      const run = Math.floor(k / times.length);
      return record[(k % times.length) * total + s * runs + run];
    }),
  );
  const moments = byStart.map((values) => ensembleMoments(values, runs));
  const score = (means: readonly ArrayLike<number>[]) => trajectoryError(means, reference.mean).mean;
  const error = score(moments.map(({ mean }) => mean));
  const errorBars = bootstrap(
    starts.map(() => runs),
    (picks) => score(picks.map((pick, s) => ensembleMoments(byStart[s], runs, pick).mean)),
    { seed, resamples: RESAMPLES },
  );
  // Near the floor the percentiles of a squared error sit too high; a normal interval holds the estimate.
  const errorReach = 1.96 * errorBars.standardError;
  const first = times.findIndex((time) => time >= STATIONARY_FROM * times[times.length - 1]);
  const late = record.subarray(first * total);
  const spread = (trajectories: ArrayLike<number>) => {
    let sum = 0;
    let squares = 0;
    const length = times.length - first;
    for (let k = 0; k < trajectories.length; k++) {
      for (let t = 0; t < length; t++) {
        const m = late[t * total + trajectories[k]] - exact.mean;
        sum += m;
        squares += m * m;
      }
    }
    const count = trajectories.length * length;
    return Math.sqrt(squares / count - (sum / count) ** 2) / exact.std;
  };
  const stdBars = bootstrap([total], ([pick]) => spread(pick), { seed, resamples: RESAMPLES });
  const inside = Array.from(grid.keys()).filter((k) => Math.abs(grid[k]) <= BOUND + 1e-12);
  const scaled = Float64Array.from(learned.diffusion, (value) => system.spins * value);
  const part = (values: ArrayLike<number>) => inside.map((k) => values[k]);
  return {
    drift: Float64Array.from(learned.drift),
    diffusion: scaled,
    mean: moments.map(({ mean }) => mean),
    std: moments.map(({ std }) => std),
    density: kernelDensity(late, reference.densityGrid),
    error,
    errorInterval: [Math.max(0, error - errorReach), error + errorReach],
    stdRatio: stdBars.estimate,
    stdRatioInterval: [stdBars.low, stdBars.high],
    wasserstein: wasserstein(
      { values: late },
      { values: magnetizations(system.spins, exact.law), weights: exact.law.mass },
    ),
    driftMaxError: maxError(grid, learned.drift, reference.drift, BOUND + 1e-12).error,
    diffusionRelativeError: relativeL2(part(scaled), part(reference.diffusion)),
  };
}
