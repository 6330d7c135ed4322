// Error bars: bootstrap over trajectories, Student intervals over seeds.
//
// Which one belongs to a headline number "mean over k seeds"? A seed redraws everything random on our side: training
// data, initial weights, the predicted rollouts. Its scatter over seeds therefore already contains the sampling noise of
// the rollouts, and the interval mean ± t_{k−1} s/√k covers all of it; adding a bootstrap over those rollouts would count
// them twice. Two things the scatter over seeds can not see: a truth that all seeds share and that was itself measured
// with finitely many runs (its standard error, from a bootstrap over the true runs, goes in as `shared`), and bias, such as the
// sampling floor of a squared error (`samplingFloor`), which is reported beside the number and never folded into the bar.
// With k = 3 the factor t is 4.30, not 1.96: print the single values too. One seed has no such interval: there the bootstrap over
// its trajectories is all there is, and must be labelled "one seed".
//
// A bootstrap of a squared error adds sampling noise once more, so its percentiles sit too high near the floor; the basic
// interval, 2·estimate − percentiles, reflects that bias away and is the one to use for squared errors.
import { quantileSeq } from "mathjs/number";
import { InputError } from "../errors.ts";
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { average } from "./mean.ts";
import { studentQuantile } from "./student-t.ts";

export interface Interval {
  readonly estimate: number;
  /** Standard error of the estimate, in its unit. */
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapInterval extends Interval {
  /** Mean of the replicas less the estimate: what sampling adds to a statistic such as a distance, about (Efron & Tibshirani, chapter 10). */
  readonly bias: number;
}

export interface BootstrapOptions {
  readonly seed: number;
  /** Confidence level in (0, 1); default 0.95. */
  readonly level?: number;
  /** Number of resamples; default 2,000. */
  readonly resamples?: number;
  readonly method?: "percentile" | "basic";
}

/**
 * Bootstrap confidence interval (Efron & Tibshirani 1993, chapters 6 and 13) of `statistic`.
 * `groups`: the number of independent units (trajectories, not time points) in each group, say 20 runs at each of five
 * starts; units are redrawn with replacement inside their group. `statistic` receives one array of indices per group and must
 * not keep it (it is reused). Depends on the seed alone. For a mean over R Gaussian units the true coverage is
 * P(|t_{R−1}| < z √((R−1)/R)): 0.93 at R = 20, level 0.95.
 */
export function bootstrap(
  groups: readonly number[],
  statistic: (picks: readonly Uint32Array[]) => number,
  { seed, level = 0.95, resamples = 2000, method = "percentile" }: BootstrapOptions,
): BootstrapInterval {
  requireLevel(level);
  for (const size of groups) {
    if (!(Number.isInteger(size) && size >= 2))
      throw new InputError(`${size} units to resample: at least 2 are needed`);
  }
  if (!(Number.isInteger(resamples) && resamples >= 100)) {
    throw new InputError(`${resamples} bootstrap resamples: at least 100 are needed`);
  }
  const estimate = statistic(groups.map((size) => Uint32Array.from({ length: size }, (_, i) => i)));
  const random = Xoshiro.open(stream(seed, "bootstrap"), 0, 0);
  const picks = groups.map((size) => new Uint32Array(size));
  const replicas = new Array<number>(resamples);
  for (let b = 0; b < resamples; b++) {
    for (const group of picks) for (let i = 0; i < group.length; i++) group[i] = random.below(group.length);
    replicas[b] = statistic(picks);
  }
  const tail = (1 - level) / 2;
  const [low, high] = quantileSeq(replicas, [tail, 1 - tail]) as number[];
  const { mean, standardDeviation: standardError } = moments(replicas);
  const found = { estimate, standardError, bias: mean - estimate };
  return method === "basic"
    ? { ...found, low: 2 * estimate - high, high: 2 * estimate - low }
    : { ...found, low, high };
}

/**
 * Student interval of the mean over k ≥ 2 seeds. `shared`: standard error common to all seeds (a truth from finitely many runs), added
 * in quadrature; the degrees of freedom then follow Welch and Satterthwaite, rounded down. For a score that is positive and
 * spreads by factors, pass logarithms and exponentiate the ends.
 */
export function seedInterval(values: readonly number[], { level = 0.95, shared = 0 } = {}): Interval {
  requireLevel(level);
  const count = values.length;
  if (count < 2) throw new InputError(`${count} seed(s) give no interval over seeds: run at least 2, better 3 or more`);
  if (!(shared >= 0)) throw new InputError(`shared standard error ${shared} must not be negative`);
  const { mean, standardDeviation } = moments(values);
  const own = standardDeviation ** 2 / count;
  const total = own + shared ** 2;
  const freedom = own > 0 ? Math.min(1e6, Math.floor((count - 1) * (total / own) ** 2 * (1 + 1e-12))) : count - 1;
  const standardError = Math.sqrt(total);
  const reach = studentQuantile((1 + level) / 2, freedom) * standardError;
  return { estimate: mean, standardError, low: mean - reach, high: mean + reach };
}

function moments(values: readonly number[]): { mean: number; standardDeviation: number } {
  const mean = average(values);
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return { mean, standardDeviation: Math.sqrt(variance) };
}

function requireLevel(level: number): void {
  if (!(level > 0 && level < 1)) throw new InputError(`confidence level ${level} is not between 0 and 1`);
}
