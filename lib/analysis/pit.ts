// Whether true runs have the law of predicted ones: where they fall among them (the probability integral transform; Dawid, J. R. Stat. Soc. A 147, 278 (1984);
// Gneiting & Katzfuss, Annu. Rev. Stat. Appl. 1, 125 (2014)), tested as two samples of one law.
import { type Ensemble, nearestTime } from "./ensemble.ts";
import { average } from "./mean.ts";

/** Values of a variable: those of runs, or, with `weights` of sum 1, a law that is known, its values in ascending order. */
export interface Sample {
  readonly values: ArrayLike<number>;
  readonly weights?: ArrayLike<number>;
}

/** Counts of true and of predicted values in bins that hold the same share of both together. */
export interface Pit {
  /** Shares of the true and of the predicted values in each bin. */
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  /** Standard error of the ratio of these where both have one law, to first order. */
  readonly error: Float64Array;
  /** Pearson's χ² of two samples, and its number of degrees of freedom, its mean where both have one law. */
  readonly chi2: number;
  readonly freedom: number;
  /**
   * Contrasts of the shares of the bins, standard normal where both have one law. `slope`: true values are above predicted ones where it is positive;
   * `bowl`: true values spread more.
   */
  readonly slope: number;
  readonly bowl: number;
  /** Share of the true values between the 2.5 % and the 97.5 % quantile of the predicted ones, and its standard error where both have one law. */
  readonly inside: number;
  readonly insideError: number;
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
 * The test of true values against predicted ones. `cluster`: so many consecutive true values depend on each other, as replicas that share random numbers do; χ² is
 * divided by what that adds to the variance of the counts (Rao & Scott, J. Am. Stat. Assoc. 76, 221 (1981)). Values that are equal fall in one
 * bin; bins without values are none. Throws Error for two laws.
 */
export function pitOf(predicted: Sample, truth: Sample, cluster = 1): Pit {
  const [N, n] = [countOf(predicted), countOf(truth)];
  const bins = Math.max(LEAST_BINS, Math.min(BINS, Math.floor(Math.min(N, n) / PER_BIN)));
  if (N === n && N === Number.POSITIVE_INFINITY) throw new Error("two laws are compared without a test");
  // Upper ends of the bins, which belong to them: quantiles of both together, or of the law where there is one.
  const known = [predicted, truth].find(({ weights }) => weights);
  const ends = known ? quantiles(known, bins) : quantiles(pooled(predicted, truth), bins);
  const [ours, theirs] = [predicted, truth].map((sample) => sharesOf(sample, ends));
  const whole = 1 / (per(N) + per(n));
  const share = ours.map((one, b) => (one * per(n) + theirs[b] * per(N)) * whole);
  const design = truth.weights ? 1 : designEffect(Array.from(truth.values, binAmong(ends)), share, cluster);
  const noise = per(n) * design + per(N);
  let chi2 = 0;
  for (const [b, q] of share.entries()) if (q > 0) chi2 += (theirs[b] - ours[b]) ** 2 / (q * noise);
  const inside = shareInside(predicted, truth);
  return {
    truth: theirs,
    predicted: ours,
    error: share.map((q) => Math.sqrt((noise * (1 - q)) / q)),
    chi2,
    freedom: Math.max(1, ends.length - 1),
    ...contrasts(ours, theirs, share, noise),
    inside,
    insideError: Math.sqrt(BAND * (1 - BAND) * noise),
  };
}

function pooled(a: Sample, b: Sample): Sample {
  const values = new Float64Array(a.values.length + b.values.length);
  values.set(a.values);
  values.set(b.values, a.values.length);
  return { values };
}

/** The k/count quantiles of a sample, k = 1 … count, each once. */
function quantiles({ values, weights }: Sample, count: number): number[] {
  if (!weights) {
    const sorted = Float64Array.from(values).sort();
    const at = (k: number) => sorted[Math.ceil(((k + 1) * sorted.length) / count) - 1];
    return [...new Set(Array.from({ length: count }, (_, k) => at(k)))];
  }
  const ends: number[] = [];
  let [sum, k] = [0, 1];
  for (let at = 0; at < values.length; at++) {
    sum += weights[at];
    if (sum < k / count - 1e-12) continue;
    ends.push(values[at]);
    k = Math.floor(sum * count + 1e-9) + 1;
    if (k > count) break;
  }
  return ends;
}

/** Which bin a value is in. What is above all ends, or no number, is in the last. */
function binAmong(ends: readonly number[]): (value: number) => number {
  return (value) => {
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= ends[middle]) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Shares of a sample in the bins. */
function sharesOf({ values, weights }: Sample, ends: readonly number[]): Float64Array {
  const shares = new Float64Array(ends.length);
  const binOf = binAmong(ends);
  for (let k = 0; k < values.length; k++) shares[binOf(values[k])] += weights ? weights[k] : 1 / values.length;
  return shares;
}

/** Share of the true values in the band of the predicted ones, whose ends are their order statistics. */
function shareInside(predicted: Sample, truth: Sample): number {
  const [low, high] = bandOf(predicted);
  let sum = 0;
  for (let k = 0; k < truth.values.length; k++) {
    const value = truth.values[k];
    if (value >= low && value <= high) sum += truth.weights ? truth.weights[k] : 1 / truth.values.length;
  }
  return sum;
}

function bandOf({ values, weights }: Sample): [number, number] {
  const tail = (1 - BAND) / 2;
  if (weights) {
    let sum = 0;
    let [low, high] = [values[0], values[values.length - 1]];
    for (let k = 0; k < values.length; k++) {
      if (sum < tail && sum + weights[k] >= tail) low = values[k];
      if (sum < 1 - tail && sum + weights[k] >= 1 - tail) high = values[k];
      sum += weights[k];
    }
    return [low, high];
  }
  // The k-th of N values has k / (N + 1) of the law below it, in the mean.
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => {
    const place = Math.min(sorted.length - 1, Math.max(0, share * (sorted.length + 1) - 1));
    const below = Math.floor(place);
    const above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return [at(tail), at(1 - tail)];
}

/** Linear and quadratic contrasts of the differences of the shares, each orthogonal to those before it and of variance 1 where both have one law. */
function contrasts(ours: Float64Array, theirs: Float64Array, share: Float64Array, noise: number) {
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
    basis.push(one.map((value) => (size > 1e-9 ? value / size : 0)));
  }
  const [slope, bowl] = basis
    .slice(1)
    .map((one) => one.reduce((sum, value, k) => sum + value * (theirs[k] - ours[k]), 0) / Math.sqrt(noise));
  return { slope, bowl };
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
  return Math.max(sum / Math.max(1, share.length - 1), 1 / cluster);
}

/** A number that would be `exact` if true and predicted runs had one law, with its standard error there. */
export interface Tested {
  readonly value: number;
  readonly error: number;
}

/** Tests of every case at some times, of the first variables of ensembles. */
export interface PitTable {
  readonly times: readonly number[];
  /** `[times][cases][variables]` */
  readonly tests: readonly (readonly (readonly Pit[])[])[];
  /** Mean of χ² per degree of freedom, 1 where all have one law; its error as if all times and variables were one. */
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
  const flat = tests.flat(2);
  const cases = tests[0].length;
  // A χ² over its degrees of freedom has the variance 2 / freedom; variables of a case and its times depend on each other.
  const error = (variance: (one: Pit) => number) => Math.sqrt(average(flat.map(variance)) / cases);
  return {
    times,
    tests,
    chi2: {
      value: average(flat.map(({ chi2, freedom }) => chi2 / freedom)),
      error: error(({ freedom }) => 2 / freedom),
    },
    coverage: {
      value: average(flat.map(({ inside }) => inside)),
      error: error(({ insideError }) => insideError ** 2),
    },
  };
}

/** Values of one variable of a case at one time. */
export function sampleOf({ cases, runs, d, data }: Ensemble, t: number, c: number, j: number): Sample {
  return { values: Float64Array.from({ length: runs }, (_, r) => data[((t * cases + c) * runs + r) * d + j]) };
}

/** Tests of a predicted ensemble on the times of the true one: at these indices, of the first `d` variables. */
export function pitOfEnsembles(
  predicted: Ensemble,
  truth: Ensemble,
  at: readonly number[],
  d: number,
  cluster = 1,
): PitTable {
  const tests = at.map((t) =>
    Array.from({ length: truth.cases }, (_, c) =>
      Array.from({ length: d }, (_, j) => pitOf(sampleOf(predicted, t, c, j), sampleOf(truth, t, c, j), cluster)),
    ),
  );
  return pitTable(
    at.map((t) => truth.times[t]),
    tests,
  );
}
