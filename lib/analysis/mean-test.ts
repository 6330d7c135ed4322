// Whether rows of numbers have mean zero: Hotelling's test, of clusters of rows that depend on each other.
import { CholeskyDecomposition, Matrix } from "ml-matrix";

export interface MeanTest {
  /** `[d]`, with its standard errors. */
  readonly mean: Float64Array;
  readonly error: Float64Array;
  /** T² scaled so that it has the mean of a χ² of so many degrees of freedom where the mean is zero (Anderson, An Introduction to Multivariate Statistical Analysis, section 5.2). */
  readonly chi2: number;
  readonly freedom: number;
  /** Standard deviation of χ² over its degrees of freedom, and what it passes once in a thousand times, where the mean is zero. */
  readonly chi2Error: number;
  readonly rare: number;
}

/** Part of the variance of a variable that the ones before it leave, below which it is rounding. */
const LEAST = 1e-10;

/**
 * The test of rows `[n, d]`; so many consecutive ones are a `cluster`, independent of others. NaN where there are fewer clusters than variables and five, or
 * some variables are functions of others.
 */
export function meanTest(rows: ArrayLike<number>, d: number, cluster = 1): MeanTest {
  const clusters = Math.floor(rows.length / d / cluster);
  const means = Array.from({ length: clusters }, (_, c) => {
    const own = new Float64Array(d);
    for (let k = 0; k < cluster; k++) for (let j = 0; j < d; j++) own[j] += rows[(c * cluster + k) * d + j] / cluster;
    return own;
  });
  const mean = new Float64Array(d);
  for (const own of means) for (let j = 0; j < d; j++) mean[j] += own[j] / clusters;
  const covariance = Matrix.zeros(d, d);
  for (const own of means)
    for (let j = 0; j < d; j++)
      for (let k = 0; k < d; k++)
        covariance.set(
          j,
          k,
          covariance.get(j, k) + ((own[j] - mean[j]) * (own[k] - mean[k])) / (clusters - 1) / clusters,
        );
  const error = Float64Array.from({ length: d }, (_, j) => Math.sqrt(covariance.get(j, j)));
  const unknown = { mean, error, chi2: Number.NaN, freedom: d, chi2Error: Number.NaN, rare: Number.NaN };
  // The decomposition refuses what is no number.
  if (!(clusters > d + 4) || !error.every(Number.isFinite)) return unknown;
  const cholesky = new CholeskyDecomposition(covariance);
  const { lowerTriangularMatrix: factor } = cholesky;
  const isOwn = (j: number) => factor.get(j, j) ** 2 > LEAST * covariance.get(j, j);
  if (!cholesky.isPositiveDefinite() || !Array.from(mean.keys()).every(isOwn)) return unknown;
  const solved = cholesky.solve(Matrix.columnVector(mean)).to1DArray();
  const square = solved.reduce((sum, x, j) => sum + x * mean[j], 0);
  // T² (n − d) / (n − 1) / d has the law of F with d and n − d degrees of freedom, whose mean is (n − d) / (n − d − 2).
  const rest = clusters - d;
  return {
    ...{ mean, error, freedom: d },
    chi2: (square * (rest - 2)) / (clusters - 1),
    chi2Error: Math.sqrt((2 * (d + rest - 2)) / d / (rest - 4)),
    rare: (rareF(d, rest) * (rest - 2)) / rest,
  };
}

/** 99.9 % of a normal law. */
const RARE = 3.09;

/** What F passes once in a thousand times, within 5 %: E. Paulson, Ann. Math. Stat. 13, 233 (1942). */
function rareF(d: number, rest: number): number {
  const [a, b] = [2 / 9 / d, 2 / 9 / rest];
  // (1 − b) x − (1 − a) = RARE √(b x² + a) for the cube root x.
  const [p, q, r] = [(1 - b) ** 2 - RARE ** 2 * b, (1 - b) * (1 - a), (1 - a) ** 2 - RARE ** 2 * a];
  return p > 0 ? ((q + Math.sqrt(q ** 2 - p * r)) / p) ** 3 : Number.POSITIVE_INFINITY;
}
