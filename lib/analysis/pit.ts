// Whether true runs have the law of predicted ones: where they fall among them (the probability integral transform; Dawid, J. R. Stat. Soc. A 147, 278 (1984);
// Gneiting & Katzfuss, Annu. Rev. Stat. Appl. 1, 125 (2014)), tested as two samples of one law.
import { countWhile, type Distribution, distributionOf, mixedQuantile, type Sample } from "./distribution.ts";
import { type Ensemble, nearestTime } from "./ensemble.ts";
import { average, meanWithError } from "./mean.ts";
import { normalOfStudent } from "./student-t.ts";

/** Counts of true and of predicted values in bins that hold the same share of both together. */
export interface Pit {
  /** Shares of the true and of the predicted values in each bin. */
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  /** Standard error of the ratio of these where both have one law, to first order. */
  readonly error: Float64Array;
  /** Pearson's χ² of two samples, and its mean where both have one law: its number of degrees of freedom, 0 where all values are equal. */
  readonly chi2: number;
  readonly freedom: number;
  /** Standard deviation of χ² over its degrees of freedom where both have one law; NaN where clusters are too few to tell. */
  readonly chi2Error: number;
  /**
   * Contrasts of the shares of the bins, standard normal where both have one law. `slope`: true values are above predicted ones where it is positive;
   * `bowl`: true values spread more.
   */
  readonly slope: number;
  readonly bowl: number;
  /** Share of the true values between the 2.5 % and the 97.5 % quantile of the predicted ones, and its standard error where both have one law. */
  readonly inside: number;
  readonly insideError: number;
  /** Which part of the variance of the shares is that of the true values. */
  readonly fromTruth: number;
}

/** Bins of the histogram, and how many values of the fewer ones a bin has at least, as long as there are a few. */
const BINS = 12;
const LEAST_BINS = 4;
const PER_BIN = 8;
/** Of the predicted values, between the ends of its band. */
export const BAND = 0.95;

/** Number of values; none limits a law that is known. */
const countOf = ({ values, weights }: Sample) => (weights ? Number.POSITIVE_INFINITY : values.length);

/** 1 / n, 0 for a law. */
const per = (count: number) => (count === Number.POSITIVE_INFINITY ? 0 : 1 / count);

/**
 * The test of true values against predicted ones. `cluster`: so many consecutive true values depend on each other, as replicas that share random numbers do; what
 * that adds to the variances is found from what clusters differ by, χ² is divided by it (Rao & Scott, J. Am. Stat. Assoc. 76, 221 (1981)), and nothing is known
 * (NaN) of fewer than six. `spacing`: distance of the values that a finite system can have, of which its equation knows nothing: a bin then ends between two of them.
 * Values that are equal fall in one bin; bins without values are none. What is no number counts as above all others. Throws Error for two laws.
 */
export function pitOf(
  predicted: Sample,
  truth: Sample,
  { cluster = 1, spacing = 0 }: { readonly cluster?: number; readonly spacing?: number } = {},
): Pit {
  const [N, n] = [countOf(predicted), countOf(truth)];
  if (N === n && N === Number.POSITIVE_INFINITY) throw new Error("two laws are compared without a test");
  const bins = Math.max(LEAST_BINS, Math.min(BINS, Math.floor(Math.min(N, n) / PER_BIN)));
  const whole = 1 / (per(N) + per(n));
  const parts = [
    { of: distributionOf(predicted), share: per(n) * whole },
    { of: distributionOf(truth), share: per(N) * whole },
  ];
  // Upper ends of all bins but the last.
  const ends: number[] = [];
  const between = spacing > 0 ? bordersOf(parts[1].of, spacing) : (end: number) => end;
  let before = 0;
  for (let k = 1; k < bins; k++) {
    const wanted = mixedQuantile(
      parts.filter(({ share }) => share > 0),
      k / bins,
    );
    if (Number.isNaN(wanted)) continue;
    const end = between(wanted);
    const below = parts.reduce((sum, { of, share }) => sum + share * of.below(end), 0);
    if (below - before < LEAST_SHARE || 1 - below < LEAST_SHARE) continue;
    ends.push(end);
    before = below;
  }
  const [ours, theirs] = parts.map(({ of }) => sharesOf(of, ends));
  const share = ours.map((one, b) => parts[0].share * one + parts[1].share * theirs[b]);
  const band = bandOf(predicted, parts[0].of);
  const inside = (sample: Sample) => shareInside(sample, band, parts[0].of, spacing);
  const own = truth.weights || cluster === 1 ? null : clustersOf(truth, cluster);
  const rows = own?.map((one) => sharesOf(distributionOf(one), ends));
  // The variance of a mean over clusters, over that of as many independent values; where those do not vary, the most that it can be.
  const design = (found: number, independent: number) => {
    if (Number.isNaN(found) || (own && own.length < LEAST_CLUSTERS)) return Number.NaN;
    return independent > 0 ? Math.max((found * n) / independent, 1 / cluster) : cluster;
  };
  const spread = rows ? spreadOf(rows, share) : null;
  const independent = theirs.reduce((sum, p, b) => sum + (p * (1 - p)) / share[b], 0);
  const ofTruth = per(n) * (spread ? design(spread.sum, independent) : 1);
  const noise = ofTruth + per(N);
  const fromTruth = ofTruth / noise;
  const { over, under } = spread
    ? mixture(spread, ends.length, fromTruth)
    : { over: ends.length, under: Number.POSITIVE_INFINITY };
  let square = 0;
  for (const [b, q] of share.entries()) square += (theirs[b] - ours[b]) ** 2 / q;
  const [slope, bowl] = contrastsOf(share).map((contrast) => {
    const of = (row: Float64Array) => row.reduce((sum, p, b) => sum + p * contrast[b], 0);
    const alone = theirs.reduce((sum, p, b) => sum + p * contrast[b] ** 2, 0) - of(theirs) ** 2;
    const part = per(n) * (rows ? design(meanWithError(rows.map(of)).error ** 2, alone) : 1);
    // Of a variance that is partly found from few clusters: Welch and Satterthwaite.
    const freedom = rows ? (rows.length - 1) * (1 + per(N) / part) ** 2 : Number.POSITIVE_INFINITY;
    return normalOfStudent((of(theirs) - of(ours)) / Math.sqrt(part + per(N)), freedom);
  });
  const single = BAND * (1 - BAND);
  // Clusters that are all inside do not tell how much they depend on each other: the counts of all bins do.
  const insideOfTruth = Math.max(own ? meanWithError(own.map(inside)).error ** 2 : 0, single * ofTruth);
  return {
    ...{ truth: theirs, predicted: ours },
    error: share.map((q) => Math.sqrt((noise * (1 - q)) / q)),
    chi2: (square / noise) * (1 - 2 / under),
    freedom: ends.length,
    // Of F over its mean.
    chi2Error: under > 4 ? Math.sqrt((2 / over) * (1 + (over + 2) / (under - 4))) : Number.NaN,
    ...{ slope, bowl },
    inside: inside(truth),
    insideError: Math.sqrt(insideOfTruth + single * per(N)),
    fromTruth,
  };
}

/** Clusters from which on what they differ by says something. */
export const LEAST_CLUSTERS = 6;

/** Shares below which a bin is there by rounding only. */
const LEAST_SHARE = 1e-9;

/** Whole clusters of consecutive values. */
function clustersOf({ values }: Sample, cluster: number): Sample[] {
  return Array.from({ length: Math.floor(values.length / cluster) }, (_, c) => ({
    values: Array.from({ length: cluster }, (_, k) => values[c * cluster + k]),
  }));
}

/** From where a bin should end to the middle between two of the values that there are, the nearest one; gaps of several spacings are left as they are. */
function bordersOf({ sorted }: Distribution, spacing: number): (end: number) => number {
  return (end) => {
    const above = countWhile(sorted, (value) => value <= end);
    const [left, right] = [sorted[above - 1], sorted[above]];
    if (end - left <= spacing / 2) return left + spacing / 2;
    return right - end < spacing / 2 ? right - spacing / 2 : end;
  };
}

/** Shares of the bins. */
function sharesOf({ below }: Distribution, ends: readonly number[]): Float64Array {
  const until = [...ends.map(below), 1];
  return Float64Array.from(until, (one, b) => one - (until[b - 1] ?? 0));
}

/** Eigenvalues of the covariance matrix of mean shares of clusters, each in units of the root of its expected share: their sum, and the sum of their squares, both without bias. */
interface Spread {
  readonly sum: number;
  readonly squares: number;
  /** Clusters less one. */
  readonly freedom: number;
}

function spreadOf(rows: readonly Float64Array[], share: Float64Array): Spread {
  const [count, bins] = [rows.length, share.length];
  const mean = share.map((_, b) => average(rows.map((row) => row[b])));
  const freedom = count - 1;
  let [sum, all] = [0, 0];
  for (let a = 0; a < bins; a++) {
    for (let b = 0; b < bins; b++) {
      const product = rows.reduce((total, row) => total + (row[a] - mean[a]) * (row[b] - mean[b]), 0);
      const value = product / freedom / count / Math.sqrt(share[a] * share[b]);
      if (a === b) sum += value;
      all += value ** 2;
    }
  }
  // Moments of a Wishart matrix (Srivastava, J. Japan Stat. Soc. 35, 251 (2005)).
  const squares = freedom > 1 ? (freedom ** 2 / (freedom - 1) / (freedom + 2)) * (all - sum ** 2 / freedom) : sum ** 2;
  return { sum, squares: Math.min(sum ** 2, Math.max(sum ** 2 / Math.max(1, bins - 1), squares)), freedom };
}

/**
 * The law of a χ² whose variances are not equal, over what clusters say of these: about that of F, with so many degrees of freedom `over` and `under`
 * (Satterthwaite; Rao & Scott). `fromTruth`: the part that clusters tell.
 */
function mixture({ sum, squares, freedom }: Spread, degrees: number, fromTruth: number) {
  const unequal = sum > 0 ? squares / sum ** 2 : 1 / degrees;
  const [ours, theirs] = [1 - fromTruth, fromTruth];
  return {
    over: 1 / (theirs ** 2 * unequal + (2 * theirs * ours + ours ** 2) / degrees),
    under: freedom / unequal / theirs ** 2,
  };
}

/**
 * Share of a sample in a band, its ends included. A value that stands for all within half a `spacing` counts by which part of what is predicted there is in
 * the band, or of that length where nothing is.
 */
function shareInside(
  { values, weights }: Sample,
  [low, high]: readonly [number, number],
  { below, under }: Distribution,
  spacing: number,
): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    const [from, to] = [value - spacing / 2, value + spacing / 2];
    let part = Number(value >= low && value <= high);
    // Only a value at an end of the band is in part inside.
    if (spacing > 0 && to > low && from < high && (from < low || to > high)) {
      const [first, last] = [Math.max(from, low), Math.min(to, high)];
      const predicted = below(to) - under(from);
      part = predicted > 0 ? (below(last) - under(first)) / predicted : (last - first) / spacing;
    }
    sum += part * (weights ? weights[k] : 1 / values.length);
  }
  return sum;
}

/** Quantiles of a law, or order statistics: the k-th of N values has k / (N + 1) of the law below it, in the mean. */
function bandOf({ weights }: Sample, { sorted, quantile }: Distribution): [number, number] {
  const tail = (1 - BAND) / 2;
  if (weights) return [quantile(tail), quantile(1 - tail)];
  const at = (share: number) => {
    const place = Math.min(sorted.length - 1, Math.max(0, share * (sorted.length + 1) - 1));
    const below = Math.floor(place);
    const above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return [at(tail), at(1 - tail)];
}

/** Linear and quadratic contrasts of the shares of bins, orthogonal to each other and to a constant, of variance 1 over a value; NaN where there are too few bins. */
function contrastsOf(share: Float64Array): Float64Array[] {
  // Middles of the bins on the scale of probability.
  let below = 0;
  const middle = share.map((q) => {
    below += q;
    return below - q / 2;
  });
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, k) => sum + share[k] * value * b[k], 0);
  const basis: Float64Array[] = [];
  for (const power of [0, 1, 2]) {
    let one = middle.map((x) => x ** power);
    for (const other of basis) {
      const part = dot(one, other);
      one = one.map((value, k) => value - part * other[k]);
    }
    const size = Math.sqrt(dot(one, one));
    basis.push(one.map((value) => (size > 1e-9 ? value / size : Number.NaN)));
  }
  return basis.slice(1);
}

/** A number that would be `exact` if true and predicted runs had one law, with its standard error there, and that of it which true runs add. */
export interface Tested {
  readonly value: number;
  readonly error: number;
  readonly ofTruth: number;
}

/** Tests of every case at some times, of the first variables of ensembles. */
export interface PitTable {
  readonly times: readonly number[];
  /** `[times][cases][variables]` */
  readonly tests: readonly (readonly (readonly Pit[])[])[];
  /** Mean of χ² per degree of freedom, 1 where all have one law; its error as if all times and variables were one. NaN where no test says anything. */
  readonly chi2: Tested;
  /** Mean share of true values in the band of predicted ones, `BAND` where all have one law; its error likewise. */
  readonly coverage: Tested;
}

/** Parts of the whole time that tests are made at. */
const MOMENTS = [0.05, 0.25, 1];

/** Indices of the times of tests: early, on the way, late. */
export function pitTimes(times: ArrayLike<number>): number[] {
  const last = times.length - 1;
  // Starts are the same.
  const near = (time: number) => Math.max(Math.min(1, last), nearestTime(times, time));
  return [...new Set(MOMENTS.map((part) => near(part * times[last])))];
}

/** Tests at `times`, each `[cases][variables]`. */
export function pitTable(times: readonly number[], tests: PitTable["tests"]): PitTable {
  // Where all values are equal there is nothing to test.
  const isTest = ({ freedom, chi2Error, insideError }: Pit) => freedom > 0 && Number.isFinite(chi2Error + insideError);
  const flat = tests.flat(2).filter(isTest);
  const cases = Math.max(1, ...tests.map((of) => of.filter((one) => one.some(isTest)).length));
  // Variables of a case and its times depend on each other. A square of what is off moves with the square of the truth's part in it.
  const tested = (of: (one: Pit) => number, error: (one: Pit) => number, power: number): Tested => {
    const root = (part: (one: Pit) => number) =>
      Math.sqrt(average(flat.map((one) => part(one) * error(one) ** 2)) / cases);
    return {
      value: average(flat.map(of)),
      error: root(() => 1),
      ofTruth: root(({ fromTruth }) => fromTruth ** power),
    };
  };
  return {
    ...{ times, tests },
    chi2: tested(
      ({ chi2, freedom }) => chi2 / freedom,
      ({ chi2Error }) => chi2Error,
      2,
    ),
    coverage: tested(
      ({ inside }) => inside,
      ({ insideError }) => insideError,
      1,
    ),
  };
}

/** Values of one variable of a case at one time. */
export function sampleOf({ cases, runs, d, data }: Ensemble, t: number, c: number, j: number): Sample {
  return { values: Float64Array.from({ length: runs }, (_, r) => data[((t * cases + c) * runs + r) * d + j]) };
}

/** Tests of a predicted ensemble on the times of the true one: at these indices, of the first `spacing.length` variables; `spacing`: distance of the values that true ones can have. */
export function pitOfEnsembles(
  predicted: Ensemble,
  truth: Ensemble,
  at: readonly number[],
  spacing: readonly number[],
  cluster = 1,
): PitTable {
  const tests = at.map((t) =>
    Array.from({ length: truth.cases }, (_, c) =>
      spacing.map((own, j) => pitOf(sampleOf(predicted, t, c, j), sampleOf(truth, t, c, j), { cluster, spacing: own })),
    ),
  );
  return pitTable(
    at.map((t) => truth.times[t]),
    tests,
  );
}
