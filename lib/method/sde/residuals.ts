// Changes beside what an equation says of them: standardised residuals, which are independent standard normal numbers where the equation is right and its
// noise Gaussian, and what tells that they are not.
import { erf } from "mathjs/number";
import type { Regression } from "../pairs.ts";
import { choleskyInto } from "./polynomial/diffusion.ts";

/** Means and covariances of changes, row by row. */
export type EachTransition = (
  use: (mean: ArrayLike<number>, covariance: ArrayLike<number>, row: number) => void,
) => void;

/** Pivots of a covariance are no less than this part of the mean square of changes: one that is not positive definite is none, and foretells badly. */
const LEAST_PIVOT = 1e-4;

/** C^(−1/2) (Δ − E[Δ]) by Cholesky factors, `[rows, d]`, and ln det C of every row. */
export function standardised({ d, change }: Pick<Regression, "d" | "change">, each: EachTransition) {
  const out = new Float64Array(change.length);
  const floor = new Float64Array(d);
  for (const [k, value] of change.entries()) floor[k % d] += (LEAST_PIVOT * d * value ** 2) / change.length;
  const logDet = new Float64Array(change.length / d);
  const factor = new Float64Array(d * d);
  const triangle = new Float64Array((d * (d + 1)) / 2);
  each((mean, covariance, p) => {
    for (let j = 0, at = 0; j < d; j++) for (let k = j; k < d; k++, at++) triangle[at] = covariance[j * d + k];
    choleskyInto(triangle, d, factor, floor);
    for (let j = 0; j < d; j++) {
      let rest = change[p * d + j] - mean[j];
      for (let k = 0; k < j; k++) rest -= factor[j * d + k] * out[p * d + k];
      out[p * d + j] = factor[j * d + j] > 0 ? rest / factor[j * d + j] : 0;
      logDet[p] += 2 * Math.log(factor[j * d + j]);
    }
  });
  return { residuals: out, logDet };
}

/** Of the standardised residuals of one variable: with standard errors where residuals are what they should be. */
export interface ResidualTest {
  /** 0, 1, 0 and 3 where the equation is right. */
  readonly mean: number;
  readonly variance: number;
  readonly kurtosis: number;
  /** Correlation with the residual of the next change; null where rows have no order. */
  readonly correlation: number | null;
  /**
   * Variance of sums of so many residuals in a row over what it is where they are independent, 1, with its standard error there: the one of some
   * windows that is farthest off. A hidden variable that is slow moves all changes of a while the same way. null where rows have no order.
   */
  readonly sums: { readonly window: number; readonly ratio: number; readonly error: number } | null;
  readonly errors: {
    readonly mean: number;
    readonly variance: number;
    readonly kurtosis: number;
    readonly correlation: number;
  };
  /** Counts of Φ(residual) in equal parts of 0 … 1, which are even where the equation is right. */
  readonly counts: Uint32Array;
  /** Pearson's χ² of these, and the number of its degrees of freedom. */
  readonly chi2: number;
  readonly freedom: number;
}

const BINS = 20;

/** The test of column j of residuals `[rows, d]`; `next`: the row that follows in time, −1 for none. */
export function residualTest(residuals: Float64Array, d: number, j: number, next: Int32Array | null): ResidualTest {
  const n = residuals.length / d;
  const value = (p: number) => residuals[p * d + j];
  let [mean, square, fourth] = [0, 0, 0];
  for (let p = 0; p < n; p++) mean += value(p) / n;
  for (let p = 0; p < n; p++) {
    square += (value(p) - mean) ** 2 / n;
    fourth += (value(p) - mean) ** 4 / n;
  }
  const counts = new Uint32Array(BINS);
  for (let p = 0; p < n; p++) counts[Math.min(BINS - 1, Math.floor((BINS * (1 + erf(value(p) / Math.SQRT2))) / 2))]++;
  let [product, pairs] = [0, 0];
  for (let p = 0; next && p < n; p++) {
    if (next[p] < 0) continue;
    product += (value(p) - mean) * (value(next[p]) - mean);
    pairs++;
  }
  return {
    mean,
    variance: square,
    kurtosis: fourth / square ** 2,
    correlation: pairs > 0 ? product / pairs / square : null,
    sums:
      next &&
      sumsOf(
        Float64Array.from({ length: n }, (_, p) => value(p) - mean),
        next,
        square,
      ),
    errors: {
      mean: Math.sqrt(square / n),
      variance: Math.sqrt(Math.max(0, fourth - square ** 2) / n),
      kurtosis: Math.sqrt(24 / n),
      correlation: 1 / Math.sqrt(Math.max(1, pairs)),
    },
    counts,
    chi2: counts.reduce((sum, count) => sum + (count - n / BINS) ** 2 / (n / BINS), 0),
    freedom: BINS - 1,
  };
}

/** Sums of so many residuals are looked at, and at least so many of them. */
const WINDOWS = [10, 30, 100, 300, 1000];
const LEAST_SUMS = 40;

/** See `ResidualTest.sums`; `values` of mean 0. */
function sumsOf(values: Float64Array, next: Int32Array, variance: number): ResidualTest["sums"] {
  let worst: ResidualTest["sums"] = null;
  for (const window of WINDOWS) {
    let [count, square, length, sum] = [0, 0, 0, 0];
    for (const [p, value] of values.entries()) {
      sum += value;
      length++;
      if (length === window) {
        square += sum ** 2;
        count++;
      }
      if (length === window || next[p] !== p + 1) [length, sum] = [0, 0];
    }
    if (count < LEAST_SUMS) break;
    const [ratio, error] = [square / count / window / variance, Math.sqrt(2 / count)];
    if (!worst || Math.abs(ratio - 1) / error > Math.abs(worst.ratio - 1) / worst.error)
      worst = { window, ratio, error };
  }
  return worst;
}
