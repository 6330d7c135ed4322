// Numbers over seeds: outcomes that differ in the seed alone make one number with its 95 % interval, and that a metric.
import { seedInterval } from "../analysis/bootstrap.ts";
import { ownError } from "../analysis/cost.ts";
import { average } from "../analysis/mean.ts";
import { studentQuantile } from "../analysis/student-t.ts";
import type { Metric } from "./result.ts";

/** A number with the ends of its 95 % interval, NaN where it has none. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** What the single seeds gave, where there are several. */
  readonly seeds?: readonly number[];
}

/** An estimate at every point of a grid. */
export interface Band {
  mean: number[];
  low: number[];
  high: number[];
}

/** A number without an interval. */
export function single(value: number): Estimate {
  return { value, low: Number.NaN, high: Number.NaN };
}

/** 97.5 % of a normal law. */
export const NORMAL = 1.96;

/** A number with the 95 % interval of its standard error: Student's, where that was found from `count` values; of fewer than two there is none. */
export function around(value: number, error: number, count = Number.POSITIVE_INFINITY): Estimate {
  if (count < 2) return single(value);
  const reach = count < Number.POSITIVE_INFINITY ? studentQuantile(0.975, count - 1) : NORMAL;
  return { value, low: value - reach * error, high: value + reach * error };
}

/**
 * The spread of a score: positive ones that differ by factors, such as errors and distances, on a `log` scale, where their mean is the
 * geometric one and no interval reaches 0.
 */
export type Scale = "linear" | "log";

/**
 * Mean over seeds with its Student interval. A seed draws training data, rollouts and everything else anew, so that all of this is in the
 * interval. `shared`: standard error of what all seeds meet (a truth from finitely many runs), in units of the value, or of its logarithm.
 * `alone`: interval of a single seed. No interval where that is not known, or a value is not.
 */
export function overSeeds(
  values: readonly number[],
  {
    scale = "linear",
    shared = 0,
    alone,
  }: { scale?: Scale; shared?: number; alone?: readonly [number, number] | null } = {},
): Estimate {
  if (values.length < 2) return alone ? { value: values[0], low: alone[0], high: alone[1] } : single(values[0]);
  if (Number.isNaN(shared) || !values.every(Number.isFinite)) return { ...single(average(values)), seeds: values };
  const log = scale === "log" && values.every((value) => value > 0);
  const { estimate, low, high } = seedInterval(log ? values.map(Math.log) : values, { shared });
  const back = log ? Math.exp : (x: number) => x;
  return { value: back(estimate), low: back(low), high: back(high), seeds: values };
}

/** The same at every point of curves, one per seed. */
export function bandOverSeeds(curves: readonly ArrayLike<number>[], scale: Scale = "linear"): Band {
  const points = Array.from(curves[0], (_, k) =>
    overSeeds(
      curves.map((curve) => curve[k]),
      { scale },
    ),
  );
  const pick = (key: "value" | "low" | "high") => points.map((point) => point[key]);
  return { mean: pick("value"), low: pick("low"), high: pick("high") };
}

/** A number and its interval in other units: `change` grows with what it is given. */
function inUnits({ value, low, high, seeds }: Estimate, change: (x: number) => number): Estimate {
  return { value: change(value), low: change(low), high: change(high), ...(seeds && { seeds: seeds.map(change) }) };
}

/** A part in %. */
export const percent = (part: Estimate) => inUnits(part, (x) => 100 * x);

/** Of the error of a score that a perfect model would have `floor` in, what is the equation's own (`ownError`). */
export const beyondSampling = (error: Estimate, floor: number) => inUnits(error, (x) => ownError(x, floor));

export const squared = (error: Estimate) => inUnits(error, (x) => x ** 2);

/** The root of a relative squared error, as a part. */
export const relativeRoot = (error: Estimate) => inUnits(error, Math.sqrt);

/** A relative squared error as the root of it in %, which a reader can feel. */
export const rootPercent = (square: number) => 100 * Math.sqrt(square);

/** The same with its interval. */
export const rmsPercent = (error: Estimate) => inUnits(error, rootPercent);

/** Outcomes of one `setting` together, in the order in which settings occur: they differ in the seed alone. */
export function acrossSeeds<T>(outcomes: readonly T[], setting: (one: T) => readonly (string | number)[]): T[][] {
  return [...Map.groupBy(outcomes, (one) => setting(one).join(" ")).values()];
}

/** An estimate as a metric; `facts`: what it is compared with, and its unit if it has one. */
export function metricOf({ value, low, high, seeds }: Estimate, facts: Partial<Metric> = {}): Metric {
  const known = Number.isFinite(low) && Number.isFinite(high);
  const ci95: Metric["ci95"] = known ? [low, high] : null;
  return { value, ci95, ...(seeds && { seeds: [...seeds] }), paper: null, exact: null, unit: "1", ...facts };
}

/** Metrics as they are put in. What is no finite number, as it cannot be measured (a ratio of fluctuations where nothing fluctuates), is left out. */
export function metricSet() {
  const metrics: Record<string, Metric> = {};
  const put = (name: string, estimate: Estimate, facts: Partial<Metric> = {}) => {
    if (Number.isFinite(estimate.value)) metrics[name] = metricOf(estimate, facts);
  };
  return { metrics, put };
}
