// How far predicted mean trajectories are from true ones: the paper's relative squared error, the value
// that a perfect model would score with a finite number of runs, and the ratio of fluctuations.
//
// Trajectories are flat arrays, `[T]` for one observable or `[T, d]` row by row for d of them, on one common grid of
// physical times and in the same units.
import { InputError } from "../errors.ts";
import { average } from "./mean.ts";

/** Σ_t |predicted − exact|² / Σ_t |exact|², dimensionless, for one start. Throws InputError unless shapes agree. */
export function relativeSquaredError(predicted: ArrayLike<number>, exact: ArrayLike<number>): number {
  requireEqualLength(predicted, exact);
  let distance = 0;
  let norm = 0;
  for (let i = 0; i < exact.length; i++) {
    distance += (predicted[i] - exact[i]) ** 2;
    norm += exact[i] ** 2;
  }
  if (norm === 0) throw new InputError("the true trajectory is zero throughout: its relative error is undefined");
  return distance / norm;
}

/** The error of each start, and their mean (the paper's score). One trajectory per start in both lists. */
export function trajectoryError(
  predicted: readonly ArrayLike<number>[],
  exact: readonly ArrayLike<number>[],
): { perStart: number[]; mean: number } {
  requireEqualLength(predicted, exact);
  const perStart = exact.map((truth, i) => relativeSquaredError(predicted[i], truth));
  return { perStart, mean: average(perStart) };
}

/**
 * Expected relative squared error of a *perfect* model for one start, when its mean is taken over `predictedRuns` runs and the
 * truth over `trueRuns` runs (Infinity: exact mean): Σ σ² (1/R_p + 1/R_t) / Σ (mean² + σ²/R_t). `mean`, `std`: exact
 * trajectories, any shape. Numerator and denominator are averaged apart, a relative error of order
 * (σ/mean)²/R_t. Scores near this value say nothing about a model; a debiased score is score − floor.
 */
export function samplingFloor(
  mean: ArrayLike<number>,
  std: ArrayLike<number>,
  predictedRuns: number,
  trueRuns = Number.POSITIVE_INFINITY,
): number {
  requireEqualLength(mean, std);
  if (!(predictedRuns >= 1 && trueRuns >= 1)) {
    throw new InputError(`${predictedRuns} predicted and ${trueRuns} true runs: both must be at least 1`);
  }
  let variance = 0;
  let norm = 0;
  for (let i = 0; i < mean.length; i++) {
    variance += std[i] ** 2;
    norm += mean[i] ** 2;
  }
  return (variance * (1 / predictedRuns + 1 / trueRuns)) / (norm + variance / trueRuns);
}

/** √(Σ_t predicted² / Σ_t exact²) of two standard deviations over time: 1 is right, 1.2 means 20 % too much noise. */
export function stdRatio(predicted: ArrayLike<number>, exact: ArrayLike<number>): number {
  requireEqualLength(predicted, exact);
  let above = 0;
  let below = 0;
  for (let i = 0; i < exact.length; i++) {
    above += predicted[i] ** 2;
    below += exact[i] ** 2;
  }
  if (below === 0) throw new InputError("the true standard deviation is zero throughout: the ratio is undefined");
  return Math.sqrt(above / below);
}

/**
 * Mean and standard deviation (divisor R − 1) over runs at each time. `values`: `[R, T·d]` row by row. `picks`: the runs to use,
 * with repetitions, as a bootstrap hands them out; all by default. The std of a single run is 0.
 */
export function ensembleMoments(
  values: ArrayLike<number>,
  runs: number,
  picks?: ArrayLike<number>,
): { mean: Float64Array; std: Float64Array } {
  const length = values.length / runs;
  if (!Number.isInteger(length)) throw new InputError(`${values.length} values do not divide into ${runs} runs`);
  const chosen = picks ?? Uint32Array.from({ length: runs }, (_, r) => r);
  const mean = new Float64Array(length);
  const std = new Float64Array(length);
  for (let r = 0; r < chosen.length; r++) {
    const row = chosen[r] * length;
    for (let i = 0; i < length; i++) {
      // Welford's update: no cancellation when std ≪ mean.
      const deviation = values[row + i] - mean[i];
      mean[i] += deviation / (r + 1);
      std[i] += deviation * (values[row + i] - mean[i]);
    }
  }
  for (let i = 0; i < length; i++) std[i] = Math.sqrt(std[i] / Math.max(1, chosen.length - 1));
  return { mean, std };
}

function requireEqualLength(a: ArrayLike<unknown>, b: ArrayLike<unknown>): void {
  if (a.length !== b.length || a.length === 0) {
    throw new InputError(
      `trajectories of lengths ${a.length} and ${b.length}: both must have the same length, at least 1`,
    );
  }
}
