// How uncertain a score of one training is: replicates of the moments of its predictions that hold what the training data leave open of the
// parameters, and the sampling of the runs.
//
// Runs are drawn again with replacement, the same number; a draw of the parameters shifts their mean by what it shifts the mean of some runs
// with the same noise, and stretches their standard deviation likewise. With the same noise the shift has next to none of its own.
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { type Ensemble, type Moments, momentsOf } from "./ensemble.ts";
import { average } from "./mean.ts";

const RESAMPLES = 200;

/**
 * Moments of the cases in every replicate, `[replicates][cases]`. `drawn`: the cases of `best` again with the best parameters and with
 * each draw, in this order, some runs each (`rollout` with draws); null: the parameters are taken as they are. `cluster`: so many runs in
 * a row are not independent, and are drawn together.
 */
export function replicateMoments(best: Ensemble, drawn: Ensemble | null, seed: number, cluster = 1): Moments[][] {
  const { cases, runs, d, times } = best;
  if (drawn && (drawn.cases % cases !== 0 || drawn.d !== d)) throw new Error("draws are not of the same cases");
  const shifts = drawn && momentsOf(drawn);
  const draws = shifts ? shifts.length / cases - 1 : 0;
  const rng = Xoshiro.open(stream(seed, "replicates"), 0, 0);
  const clusters = Math.ceil(runs / cluster);
  const sums = clusterSums(best, cluster);
  const weights = new Float64Array(clusters);
  const width = times.length * d;
  return Array.from({ length: RESAMPLES }, (_, r) =>
    Array.from({ length: cases }, (_, c): Moments => {
      weights.fill(0);
      for (let k = 0; k < clusters; k++) weights[rng.below(clusters)]++;
      const mean = new Float64Array(width);
      const std = new Float64Array(width);
      let count = 0;
      for (let k = 0; k < clusters; k++) {
        count += weights[k] * Math.min(cluster, runs - k * cluster);
        if (weights[k] === 0) continue;
        const row = (c * clusters + k) * width;
        for (let at = 0; at < width; at++) {
          mean[at] += weights[k] * sums.first[row + at];
          std[at] += weights[k] * sums.second[row + at];
        }
      }
      for (let at = 0; at < width; at++) {
        const deviation = mean[at] / count;
        std[at] = Math.sqrt(Math.max(0, (std[at] - count * deviation ** 2) / (count - 1)));
        mean[at] = sums.center[c * width + at] + deviation;
      }
      if (!shifts) return { mean, std };
      const [own, other] = [shifts[c], shifts[(1 + (r % draws)) * cases + c]];
      return {
        mean: mean.map((value, at) => value + other.mean[at] - own.mean[at]),
        std: std.map((value, at) => (own.std[at] > 0 ? (value * other.std[at]) / own.std[at] : value)),
      };
    }),
  );
}

/** Mean over the runs, `[cases, times, d]`, and sums over each cluster of the deviations from it and of their squares, `[cases, clusters, times, d]`. */
function clusterSums(from: Ensemble, cluster: number) {
  const { cases, runs, d, times, data } = from;
  const width = times.length * d;
  const clusters = Math.ceil(runs / cluster);
  const center = new Float64Array(cases * width);
  const first = new Float64Array(cases * clusters * width);
  const second = new Float64Array(first.length);
  for (let t = 0; t < times.length; t++) {
    for (let c = 0; c < cases; c++) {
      const row = (t * cases + c) * runs * d;
      for (let j = 0; j < d; j++) {
        const at = c * width + t * d + j;
        for (let k = 0; k < runs; k++) center[at] += data[row + k * d + j] / runs;
        for (let k = 0; k < runs; k++) {
          const into = (c * clusters + Math.floor(k / cluster)) * width + t * d + j;
          const deviation = data[row + k * d + j] - center[at];
          first[into] += deviation;
          second[into] += deviation ** 2;
        }
      }
    }
  }
  return { center, first, second };
}

/** How uncertain positive scores are. */
export interface Uncertainty<K extends string> {
  /** 95 % intervals of one seed, of training data, runs and truth; null where what the data leave open is not known, and where there is no logarithm. */
  readonly intervals: { readonly [key in K]: readonly [number, number] | null } | null;
  /** Standard deviation of the logarithm of each score that the truth alone gives it. */
  readonly truthSpread: { readonly [key in K]: number };
}

/** Of the scores `keys`, from what they are in replicates of everything (`ofAll`) and of the truth alone. */
export function uncertaintyOf<K extends string>(
  keys: readonly K[],
  scores: Readonly<Record<K, number>>,
  ofAll: readonly Readonly<Record<K, number>>[] | null,
  ofTruth: readonly Readonly<Record<K, number>>[],
): Uncertainty<K> {
  const each = <T>(of: (key: K) => T) => Object.fromEntries(keys.map((key) => [key, of(key)])) as { [key in K]: T };
  const column = (list: readonly Readonly<Record<K, number>>[], key: K) => list.map((one) => one[key]);
  return {
    intervals: ofAll && each((key) => logInterval(scores[key], column(ofAll, key))),
    truthSpread: each((key) => logSpread(column(ofTruth, key))),
  };
}

/** Standard deviation of the logarithms; NaN where a value has none. */
export function logSpread(values: readonly number[]): number {
  if (!values.every((value) => value > 0)) return Number.NaN;
  const logs = values.map(Math.log);
  const mean = average(logs);
  return Math.sqrt(average(logs.map((value) => (value - mean) ** 2)));
}

/**
 * 95 % interval of a positive score from what it is in replicates, on a logarithmic scale about the estimate. Replicates of a squared error
 * are too large where the error is all sampling; their spread is right. Null for scores that are not positive and finite.
 */
export function logInterval(estimate: number, replicates: readonly number[]): [number, number] | null {
  if (![estimate, ...replicates].every((value) => value > 0 && value < Number.POSITIVE_INFINITY)) return null;
  const spread = logSpread(replicates);
  return [estimate * Math.exp(-1.96 * spread), estimate * Math.exp(1.96 * spread)];
}
