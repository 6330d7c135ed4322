// Many numbers beside true ones as one: how far off they are in the mean, and by which factor.
import { average } from "../analysis/mean.ts";
import { type Estimate, NORMAL, overSeeds, single } from "./seeds.ts";

/**
 * How far a ratio that should be 1 may be from it: the largest distance of its value and of the ends of its interval. NaN where that is not known: a single value is close to 1 by
 * chance.
 */
export const offOne = ({ value, low, high }: Estimate): number =>
  Math.max(...[value, low, high].map((ratio) => Math.abs(ratio - 1)));

/** A number of ours and the true one, each with its interval as far as it is known. */
export interface Beside {
  readonly ours: Estimate;
  readonly truth: Estimate;
}

/** Standard error behind a 95 % interval, for that of a normal law; 0 where there is none. */
const errorOf = ({ low, high }: Estimate) => (high > low ? (high - low) / 2 / NORMAL : 0);

/** What seed k gave, or all together. */
const seedsOf = (list: readonly Beside[]) => {
  const count = Math.min(...list.map(({ ours }) => ours.seeds?.length ?? 1));
  const values = (k: number) => list.map(({ ours }) => (count > 1 ? (ours.seeds?.[k] ?? Number.NaN) : ours.value));
  return Array.from({ length: count }, (_, k) => values(k));
};

/** A score whose logarithm is known no better than this is not told from the sampling: an interval would say nothing. */
const MOST = 0.75;

/** A positive score of every seed on a logarithmic scale; `errors`: of its logarithm, from the truth alone, and with what one seed leaves open. */
function onLogScale(values: readonly number[], errors: { readonly shared: number; readonly alone: number }): Estimate {
  const reach = Math.exp(NORMAL * errors.alone);
  const known = errors.alone > 0 && errors.alone < MOST;
  const alone = known ? ([values[0] / reach, values[0] * reach] as const) : null;
  return overSeeds(values, { scale: "log", shared: errors.shared, alone });
}

/**
 * Root mean square deviation from the truth, parts of the root mean square of the truth (`of: "all"`), or of each true number (`"each"`); geometric mean over
 * seeds, the sampling of the truth in its interval. `floor`: what that sampling alone would give. NaN of an empty list.
 */
export function rmsDeviation(list: readonly Beside[], of: "all" | "each"): { error: Estimate; floor: number } {
  if (list.length === 0) return { error: single(Number.NaN), floor: Number.NaN };
  const scale = Math.sqrt(average(list.map(({ truth }) => truth.value ** 2)));
  const units = list.map(({ truth }) => (of === "all" ? scale : Math.abs(truth.value)));
  const truths = list.map(({ truth }, i) => errorOf(truth) / units[i]);
  const own = list.map(({ ours }, i) => errorOf(ours) / units[i]);
  const seeds = seedsOf(list);
  const offs = seeds.map((values) => values.map((value, i) => (value - list[i].truth.value) / units[i]));
  const rms = offs.map((off) => Math.sqrt(average(off.map((x) => x ** 2))));
  const squares = list.map((_, i) => average(offs.map((off) => off[i] ** 2)));
  // The square of x + noise varies by 4 x² e² + 2 e⁴, e the standard error; x² is what is found, less e².
  const spread = (errors: readonly number[]) => {
    const least = average(errors.map((e) => 2 * e ** 4));
    const found = average(errors.map((e, i) => 4 * squares[i] * e ** 2 - 2 * e ** 4));
    const variance = Math.max(least, found) / errors.length;
    return Math.sqrt(variance) / (2 * average(squares));
  };
  const both = truths.map((e, i) => Math.hypot(e, own[i]));
  return {
    error: onLogScale(rms, { shared: spread(truths), alone: own.some((e) => e > 0) ? spread(both) : 0 }),
    floor: Math.sqrt(average(truths.map((e) => e ** 2))),
  };
}

/** Geometric mean of ours over the true ones, both positive; over seeds, the sampling of the truth in its interval. */
export function meanRatio(list: readonly Beside[]): Estimate {
  if (list.length === 0) return single(Number.NaN);
  const ratios = seedsOf(list).map((values) =>
    Math.exp(average(values.map((value, i) => Math.log(value / list[i].truth.value)))),
  );
  const error = (pick: (one: Beside) => number) => Math.sqrt(average(list.map((one) => pick(one) ** 2)) / list.length);
  const truth = ({ truth }: Beside) => errorOf(truth) / truth.value;
  const own = ({ ours }: Beside) => errorOf(ours) / ours.value;
  const known = list.some((one) => own(one) > 0);
  return onLogScale(ratios, {
    shared: error(truth),
    alone: known ? error((one) => Math.hypot(truth(one), own(one))) : 0,
  });
}
