// How far predicted mean trajectories are from true ones: the paper's relative squared error, the value
// that a perfect model would score with a finite number of runs, and the ratio of fluctuations.
//
// Trajectories are flat arrays, `[T]` for one observable or `[T, d]` row by row for d of them, on one common grid of
// physical times and in the same units.
import { InputError } from "../errors.ts";
import { average } from "./mean.ts";

/** A true mean and its standard deviation over runs, exact or of many runs. */
interface TrueCurve {
  readonly mean: ArrayLike<number>;
  readonly std?: ArrayLike<number>;
}

const sumOfSquares = (values: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ** 2;
  return sum;
};

/** Whether runs spread farther about their true mean than it is from zero, by Σ_t std² and Σ_t mean²: errors are then relative to the spread. */
export function isWithinSpread({ mean, std }: TrueCurve): boolean {
  return std !== undefined && sumOfSquares(std) > sumOfSquares(mean);
}

/**
 * Σ_t |predicted − mean|² / Σ_t mean², dimensionless, for one start. Where runs spread farther about their mean than it is from zero (a truth
 * that is zero by symmetry), Σ_t std² is in the place of Σ_t mean²: both agree where they meet. NaN, undefined, for a truth that is zero and does not
 * spread. Throws InputError unless shapes agree.
 */
export function relativeSquaredError(predicted: ArrayLike<number>, { mean, std }: TrueCurve): number {
  requireEqualLength(predicted, mean);
  let distance = 0;
  for (let i = 0; i < mean.length; i++) distance += (predicted[i] - mean[i]) ** 2;
  const square = Math.max(sumOfSquares(mean), std ? sumOfSquares(std) : 0);
  return square > 0 ? distance / square : Number.NaN;
}

/** The error of each start, and their mean (the paper's score). One trajectory per start in both lists. */
export function trajectoryError(
  predicted: readonly ArrayLike<number>[],
  exact: readonly TrueCurve[],
): { perStart: number[]; mean: number } {
  requireEqualLength(predicted, exact);
  const perStart = exact.map((truth, i) => relativeSquaredError(predicted[i], truth));
  return { perStart, mean: average(perStart) };
}

/**
 * Expected relative squared error of a *perfect* model for one start, when its mean is taken over `predictedRuns` runs and the
 * truth over `trueRuns` runs (Infinity: exact mean): Σ σ² (1/R_p + 1/R_t) / Σ (mean² + σ²/R_t), or / Σ σ² where that is more.
 * `mean`, `std`: exact trajectories, any shape. NaN where the score is. Numerator and denominator are averaged apart, a relative error of order
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
  const variance = sumOfSquares(std);
  const norm = Math.max(sumOfSquares(mean) + variance / trueRuns, variance);
  return norm > 0 ? (variance * (1 / predictedRuns + 1 / trueRuns)) / norm : Number.NaN;
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
