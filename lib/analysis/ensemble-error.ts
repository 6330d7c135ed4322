// How far the mean and the standard deviation of predicted ensembles are from the true ones over time, per variable and
// case, and what a perfect model would score with finitely many runs.
//
// The score is the relative L2 over time, √(Σ_t (m̂ − m)² / Σ_t m²) for the mean, and the same for the std s. Its
// floor is the expectation of a root of a sum, which is below the root of the expected sum by a factor that depends
// on how many times are independent: 0.80 if the sampling error is one number for all times, near 1 for many.
import { lgamma } from "mathjs/number";
import { InputError } from "../errors.ts";
import { type Ensemble, type Moments, momentsOf } from "./ensemble.ts";
import { average } from "./mean.ts";
import { relativeSquaredError, samplingFloor } from "./trajectory-error.ts";

/** One score per case and variable, with their mean and largest over the cases. */
export interface Scores {
  /** `[cases, d]`. */
  readonly perCase: Float64Array;
  /** `[d]`. */
  readonly average: Float64Array;
  /** `[d]`. */
  readonly worst: Float64Array;
}

/**
 * Relative L2 over time of mean and std, one entry of `predicted` and `exact` per case, `d` variables each.
 * NaN, undefined, for a true std that is zero throughout. Throws InputError for unequal shapes.
 */
export function ensembleError(
  predicted: readonly Moments[],
  exact: readonly Moments[],
  d: number,
): { mean: Scores; std: Scores } {
  if (predicted.length !== exact.length || exact.length === 0) {
    throw new InputError(`${predicted.length} predicted and ${exact.length} true cases: both must be the same, not 0`);
  }
  const part = (moments: readonly Moments[], curve: keyof Moments, c: number, j: number) =>
    variable(moments[c][curve], d, j);
  return {
    mean: scores(exact.length, d, (c, j) => {
      const truth = { mean: part(exact, "mean", c, j), std: part(exact, "std", c, j) };
      return Math.sqrt(relativeSquaredError(part(predicted, "mean", c, j), truth));
    }),
    std: scores(exact.length, d, (c, j) =>
      Math.sqrt(relativeSquaredError(part(predicted, "std", c, j), { mean: part(exact, "std", c, j) })),
    ),
  };
}

/** How many independent times the sampling error of a curve amounts to, 1 … times, per variable: `[d]` each. */
export interface EffectiveTimes {
  readonly mean: ArrayLike<number>;
  readonly std: ArrayLike<number>;
}

export interface FloorOptions {
  readonly d: number;
  readonly predictedRuns: number;
  /** Infinity: the true moments are exact. */
  readonly trueRuns: number;
  /**
   * Per case, from `effectiveTimes`; without it the floor is the root of the expected square, too high by up to
   * 1/0.80.
   */
  readonly effective?: readonly EffectiveTimes[];
}

/**
 * Expected relative L2 of a *perfect* model, `exact` being its moments, one entry per case.
 * Mean: variance σ² (1/R_p + 1/R_t) at each time (`samplingFloor`). Std, for Gaussian z: E(ŝ_p − ŝ_t)² = 2σ²(1 −
 * c(R_p − 1) c(R_t − 1)), with c of `rootFactor`, which is σ²/2 (1/(R_p − 1) + 1/(R_t − 1)) for many runs. Then the
 * root: × c(effective times). `worst` is the largest floor, not the floor of the largest score, which is higher.
 * Accuracy 3 % (measured 2.5 %, slow Gaussian processes).
 */
export function ensembleFloor(
  exact: readonly Moments[],
  { d, predictedRuns, trueRuns, effective }: FloorOptions,
): { mean: Scores; std: Scores } {
  if (!(predictedRuns >= 2 && trueRuns >= 2)) {
    throw new InputError(`${predictedRuns} predicted and ${trueRuns} true runs: both must be at least 2`);
  }
  if (effective && effective.length !== exact.length) {
    throw new InputError(`effective times of ${effective.length} cases for ${exact.length} cases`);
  }
  const root = (c: number, curve: keyof Moments, j: number) => (effective ? rootFactor(effective[c][curve][j]) : 1);
  const spread = Math.sqrt(2 * (1 - rootFactor(predictedRuns - 1) * rootFactor(trueRuns - 1)));
  return {
    mean: scores(exact.length, d, (c, j) => {
      const square = samplingFloor(
        variable(exact[c].mean, d, j),
        variable(exact[c].std, d, j),
        predictedRuns,
        trueRuns,
      );
      return root(c, "mean", j) * Math.sqrt(square);
    }),
    std: scores(exact.length, d, (c, j) => root(c, "std", j) * spread),
  };
}

/**
 * Effective number of independent times of the sampling errors of mean and std, from the runs of an ensemble of
 * one case: (tr C)²/tr C² of their covariance C over time (Satterthwaite, Biometrics Bull. 2, 110 (1946)).
 * With the covariance c_tt′ of z, that of the mean is c_tt′/R and that of the std, for Gaussian z, c_tt′²/(2R σ_t
 * σ_t′). The part of the sampled c_tt′² that is noise, σ_t² σ_t′²/(R − 1), is taken off. O(times² · runs · d).
 */
export function effectiveTimes(one: Ensemble): EffectiveTimes {
  const { runs, d, data } = one;
  if (one.cases !== 1) throw new Error(`effective times of ${one.cases} cases at once: take them one by one`);
  const times = one.times.length;
  const [{ mean, std }] = momentsOf(one);
  const result = { mean: new Float64Array(d), std: new Float64Array(d) };
  for (let j = 0; j < d; j++) {
    const deviation = Float64Array.from({ length: times * runs }, (_, i) => {
      const t = Math.floor(i / runs);
      return data[i * d + j] - mean[t * d + j];
    });
    let trace = 0;
    let meanSquares = 0;
    let stdSquares = 0;
    for (let t = 0; t < times; t++) {
      const own = std[t * d + j] ** 2;
      trace += own;
      for (let u = 0; u <= t; u++) {
        const other = std[u * d + j] ** 2;
        let covariance = 0;
        for (let r = 0; r < runs; r++) covariance += deviation[t * runs + r] * deviation[u * runs + r];
        covariance /= runs - 1;
        const noise = own * other;
        // Unbiased, so it may be negative: cut only at the end, or half of the noise would stay.
        const square = (covariance ** 2 - noise / (runs - 1)) / (1 + 1 / (runs - 1));
        const both = u < t ? 2 : 1;
        // On the diagonal the square is known: it is σ⁴.
        meanSquares += both * (u < t ? square : noise);
        if (noise > 0) stdSquares += (both * (u < t ? square : noise) ** 2) / noise;
      }
    }
    if (!(trace > 0)) throw new InputError(`variable ${j} does not vary between runs: it has no sampling error`);
    result.mean[j] = clamp(trace ** 2 / meanSquares, times);
    result.std[j] = clamp(trace ** 2 / stdSquares, times);
  }
  return result;
}

/** Into 1 … times; a sum that noise has made negative means many independent times. */
function clamp(effective: number, times: number): number {
  return effective > 0 ? Math.min(times, Math.max(1, effective)) : times;
}

/**
 * c(ν) = E√(χ²_ν/ν) = √(2/ν) Γ((ν + 1)/2) / Γ(ν/2), ν > 0: the mean of a sample std with ν degrees of freedom, over
 * the true one. About 1 − 1/4ν; absolute error below 1e-10 to ν = 1e5, below 1e-11 beyond.
 */
export function rootFactor(nu: number): number {
  // Beyond, the difference of two large logarithms is worse than the series (Abramowitz & Stegun 6.1.47).
  if (nu > 1e4) return 1 - 1 / (4 * nu) + 1 / (32 * nu ** 2);
  return Math.sqrt(2 / nu) * Math.exp(lgamma((nu + 1) / 2) - lgamma(nu / 2));
}

function scores(cases: number, d: number, score: (c: number, j: number) => number): Scores {
  const perCase = Float64Array.from({ length: cases * d }, (_, i) => score(Math.floor(i / d), i % d));
  const column = (j: number) => Array.from({ length: cases }, (_, c) => perCase[c * d + j]);
  return {
    perCase,
    average: Float64Array.from({ length: d }, (_, j) => average(column(j))),
    worst: Float64Array.from({ length: d }, (_, j) => Math.max(...column(j))),
  };
}

/** Column j of `values` `[times, d]`. */
function variable(values: ArrayLike<number>, d: number, j: number): Float64Array {
  if (!(Number.isInteger(d) && d >= 1 && values.length % d === 0)) {
    throw new InputError(`${values.length} values are not whole rows of ${d} variables`);
  }
  return Float64Array.from({ length: values.length / d }, (_, t) => values[t * d + j]);
}
