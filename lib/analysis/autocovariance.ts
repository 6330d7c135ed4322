// How long runs remember: covariances over runs of a variable at one time and at later ones, which moments at single times do not show.
import type { Ensemble } from "./ensemble.ts";
import { average, jackknifeError, meanWithError } from "./mean.ts";

/** Covariances of each variable at a time and `lags` later, over runs, mean over the cases. */
export interface Autocovariance {
  /** The time that lags count from. */
  readonly from: number;
  readonly lags: Float64Array;
  /** `[variables][lags]` */
  readonly covariance: readonly Float64Array[];
  /** What groups of runs would give, `[groups][variables][lags]`, with the means of all: none where there are no two; null for a law that is known. */
  readonly groups: readonly (readonly Float64Array[])[] | null;
  /** Which part of the runs is in each group. */
  readonly shares: readonly number[];
}

/** The last part of the time, from which on covariances are taken. */
const FROM = 2 / 3;
/** Groups of runs that errors come from. */
const GROUPS = 16;

/** Index of the time that covariances are taken from. */
export function lateTime(times: ArrayLike<number>): number {
  const last = times.length - 1;
  let t = 0;
  while (t < last && times[t] < FROM * times[last]) t++;
  return t;
}

/** Of the first `d` variables; `cluster`: so many consecutive runs depend on each other, and stay together in groups. */
export function autocovariance(from: Ensemble, d: number, cluster = 1): Autocovariance {
  const { times, cases, runs, data } = from;
  const first = lateTime(times);
  const count = times.length - first;
  const clusters = Math.ceil(runs / cluster);
  const groups = Math.min(GROUPS, clusters);
  const groupOf = (r: number) => Math.floor((Math.floor(r / cluster) * groups) / clusters);
  const sizes = new Float64Array(groups);
  for (let r = 0; r < runs; r++) sizes[groupOf(r)]++;
  const at = (t: number, c: number, r: number, j: number) => data[((t * cases + c) * runs + r) * from.d + j];
  const variables = Array.from({ length: d }, (_, j) => {
    const sums = Array.from({ length: groups }, () => new Float64Array(count));
    for (let c = 0; c < cases; c++) {
      const deviations = Array.from({ length: count }, (_, lag) => {
        const values = Float64Array.from({ length: runs }, (_, r) => at(first + lag, c, r, j));
        const mean = average(values);
        return values.map((value) => value - mean);
      });
      const scale = runs / (runs - 1) / cases;
      for (const [lag, later] of deviations.entries())
        for (let r = 0; r < runs; r++)
          sums[groupOf(r)][lag] += (scale * deviations[0][r] * later[r]) / sizes[groupOf(r)];
    }
    const covariance = new Float64Array(count);
    for (const [g, own] of sums.entries()) for (let k = 0; k < count; k++) covariance[k] += (sizes[g] / runs) * own[k];
    return { sums, covariance };
  });
  return {
    from: times[first],
    lags: Float64Array.from({ length: count }, (_, k) => times[first + k] - times[first]),
    covariance: variables.map((one) => one.covariance),
    shares: groups < 2 ? [] : Array.from(sizes, (size) => size / runs),
    groups: groups < 2 ? [] : Array.from({ length: groups }, (_, g) => variables.map(({ sums }) => sums[g])),
  };
}

/** Standard error of the covariances of a variable: zero for a law that is known, NaN where there are no groups. */
export function autocovarianceError({ groups, covariance }: Autocovariance, j: number): Float64Array {
  return covariance[j].map((_, k) => (groups ? meanWithError(groups.map((one) => one[j][k])).error : 0));
}

/**
 * ∫ C(s)² ds / C(0)² over the lags that there are, predicted over true, geometric mean over the variables: above 1 the prediction remembers too long, also
 * where it oscillates. What noise adds to the squares is taken off. Variables that do not vary, or of which nothing is left, do not count; NaN where none does. `error`: of the logarithm, and
 * which of it true runs add, with the number of groups behind it.
 */
export function memoryRatio(
  predicted: Autocovariance,
  truth: Autocovariance,
): { value: number; error: number; ofTruth: number; count: number } {
  const noises = [predicted, truth].map((one) => one.covariance.map((_, j) => autocovarianceError(one, j)));
  const logOf = (one: Autocovariance, noise: readonly Float64Array[], left?: number) => {
    const { covariance, lags, shares } = one;
    const groups = one.groups ?? [];
    return covariance.map((whole, j) => {
      const square = (k: number) => {
        const value =
          left === undefined ? whole[k] : (whole[k] - shares[left] * groups[left][j][k]) / (1 - shares[left]);
        return value ** 2 - noise[j][k] ** 2;
      };
      let area = 0;
      for (let k = 1; k < lags.length; k++) area += ((square(k) + square(k - 1)) * (lags[k] - lags[k - 1])) / 2;
      return Math.log(area / square(0));
    });
  };
  const all = [predicted, truth].map((one, k) => logOf(one, noises[k]));
  const varies = all[0].map((_, j) => all.every((logs) => Number.isFinite(logs[j])));
  const mean = (logs: readonly number[]) => average(logs.filter((_, j) => varies[j]));
  const [ours, theirs] = [predicted, truth].map((one, k) => ({
    value: mean(all[k]),
    error: one.groups ? jackknifeError(one.groups.length, (left) => mean(logOf(one, noises[k], left))) : 0,
  }));
  const value = Math.exp(ours.value - theirs.value);
  const counts = [predicted, truth].flatMap(({ groups }) => (groups ? [groups.length] : []));
  return { value, error: Math.hypot(ours.error, theirs.error), ofTruth: theirs.error, count: Math.min(...counts) };
}
