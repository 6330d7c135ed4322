// Whether true runs have the law of predicted ones: where they fall among them (the probability integral transform; Dawid, J. R. Stat. Soc. A 147, 278 (1984);
// Gneiting & Katzfuss, Annu. Rev. Stat. Appl. 1, 125 (2014)), tested as two samples of one law.
import type { Ensemble } from "./ensemble.ts";

/** Counts of true and of predicted values in bins that hold the same share of both together. */
export interface Pit {
  /** How often true values fall in each bin over how often predicted ones do; 1 where both have one law. */
  readonly ratio: Float64Array;
  /** Standard error of these where both have one law. */
  readonly error: Float64Array;
  /** Pearson's χ² of two samples, and its number of degrees of freedom, its mean where both have one law. */
  readonly chi2: number;
  readonly freedom: number;
}

/** Bins of the histogram. */
const BINS = 12;

/**
 * The test of true values against predicted ones. `cluster`: so many consecutive true values depend on each other, as replicas that share random numbers do; χ² is
 * divided by what that adds to the variance of the counts (Rao & Scott, J. Am. Stat. Assoc. 76, 221 (1981)). Values that are equal fall in one
 * bin; bins without values are none.
 */
export function pitOf(predicted: ArrayLike<number>, truth: ArrayLike<number>, cluster = 1, bins = BINS): Pit {
  const [N, n] = [predicted.length, truth.length];
  const all = Float64Array.from({ length: N + n }, (_, k) => (k < N ? predicted[k] : truth[k - N])).sort();
  // Upper ends of the bins, which belong to them.
  const ends = [...new Set(Array.from({ length: bins }, (_, k) => all[Math.ceil(((k + 1) * (N + n)) / bins) - 1]))];
  const binOf = (value: number) => {
    const at = ends.findIndex((end) => value <= end);
    return at < 0 ? ends.length - 1 : at;
  };
  const counted = (values: ArrayLike<number>) => {
    const counts = new Float64Array(ends.length);
    for (let k = 0; k < values.length; k++) counts[binOf(values[k])]++;
    return counts;
  };
  const [ours, theirs] = [counted(predicted), counted(truth)];
  const share = ours.map((count, b) => (count + theirs[b]) / (N + n));
  const design = designEffect(Array.from(truth, binOf), share, cluster);
  const m = n / design;
  let chi2 = 0;
  for (const [b, q] of share.entries()) {
    if (q > 0) chi2 += (theirs[b] / n - ours[b] / N) ** 2 / (q * (1 / m + 1 / N));
  }
  return {
    ratio: ours.map((count, b) => theirs[b] / n / (count / N)),
    error: share.map((q) => Math.sqrt(((1 / m + 1 / N) * (1 - q)) / q)),
    chi2,
    freedom: Math.max(1, ends.length - 1),
  };
}

/** How much larger the variances of counts are than of independent values, mean over the bins; 1 for clusters of one. */
function designEffect(bins: readonly number[], share: Float64Array, cluster: number): number {
  const clusters = Math.floor(bins.length / cluster);
  if (cluster === 1 || clusters < 2) return 1;
  let sum = 0;
  for (const [b, q] of share.entries()) {
    if (!(q > 0 && q < 1)) continue;
    let square = 0;
    for (let c = 0; c < clusters; c++) {
      let own = 0;
      for (let k = 0; k < cluster; k++) own += Number(bins[c * cluster + k] === b);
      square += (own - cluster * q) ** 2;
    }
    sum += square / (clusters - 1) / cluster / q;
  }
  // Σ (1 − q) over the bins is their number less one.
  return sum / (share.length - 1);
}

/** Tests of every case at some times, of the first variables of ensembles. */
export interface PitTable {
  readonly times: readonly number[];
  /** `[times][cases][variables]` */
  readonly tests: readonly (readonly (readonly Pit[])[])[];
  /** Mean of χ² per degree of freedom, 1 where all have one law; and its standard error there, as if all times were one. */
  readonly mean: number;
  readonly error: number;
}

/** Parts of the whole time that tests are made at. */
const MOMENTS = [0.05, 0.25, 1];

/** Indices of the times of tests: early, on the way, late. */
export function pitTimes(times: ArrayLike<number>): number[] {
  const last = times.length - 1;
  const near = (time: number) => {
    let best = Math.min(1, last);
    for (let t = best; t <= last; t++) if (Math.abs(times[t] - time) < Math.abs(times[best] - time)) best = t;
    return best;
  };
  return [...new Set(MOMENTS.map((part) => near(part * times[last])))];
}

/** Tests of a predicted ensemble on the times of the true one: at these indices, of the first `d` variables. */
export function pitTable(
  predicted: Ensemble,
  truth: Ensemble,
  at: readonly number[],
  d: number,
  cluster = 1,
): PitTable {
  const values = ({ cases, runs, d: width, data }: Ensemble, t: number, c: number, j: number) =>
    Float64Array.from({ length: runs }, (_, r) => data[((t * cases + c) * runs + r) * width + j]);
  const cases = Array.from({ length: truth.cases }, (_, c) => c);
  const tests = at.map((t) =>
    cases.map((c) =>
      Array.from({ length: d }, (_, j) => pitOf(values(predicted, t, c, j), values(truth, t, c, j), cluster)),
    ),
  );
  const flat = tests.flat(2);
  const mean = flat.reduce((sum, { chi2, freedom }) => sum + chi2 / freedom / flat.length, 0);
  // A χ² over its degrees of freedom has the variance 2 / freedom; variables of a case and its times depend on each other.
  const variance = flat.reduce((sum, { freedom }) => sum + 2 / freedom / flat.length, 0) / truth.cases;
  return { times: at.map((t) => truth.times[t]), tests, mean, error: Math.sqrt(variance) };
}
