// Numbers over seeds: outcomes that differ in the seed alone make one number with its 95 % interval, and that a metric.
import { seedInterval } from "../analysis/bootstrap.ts";
import type { Metric } from "./result.ts";

/** A number with the ends of its 95 % interval, NaN where it has none. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
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

/**
 * Mean over seeds with its Student interval, cut at `least`, which scores are never below; one seed has no interval. A truth that
 * all seeds meet has a sampling error of its own, which is not in the interval.
 */
export function overSeeds(values: readonly number[], least = 0): Estimate {
  if (values.length < 2) return single(values[0]);
  const { estimate, low, high } = seedInterval(values);
  return { value: estimate, low: Math.max(least, low), high };
}

/** The same at every point of curves, one per seed. */
export function bandOverSeeds(curves: readonly ArrayLike<number>[], least = 0): Band {
  const points = Array.from(curves[0], (_, k) =>
    overSeeds(
      curves.map((curve) => curve[k]),
      least,
    ),
  );
  const pick = (key: keyof Estimate) => points.map((point) => point[key]);
  return { mean: pick("value"), low: pick("low"), high: pick("high") };
}

/** Outcomes of one `setting` together, in the order in which settings occur: they differ in the seed alone. */
export function acrossSeeds<T>(outcomes: readonly T[], setting: (one: T) => readonly (string | number)[]): T[][] {
  return [...Map.groupBy(outcomes, (one) => setting(one).join(" ")).values()];
}

/** An estimate as a metric; `facts`: what it is compared with, and its unit if it has one. */
export function metricOf({ value, low, high }: Estimate, facts: Partial<Metric> = {}): Metric {
  const known = Number.isFinite(low) && Number.isFinite(high);
  return { value, ci95: known ? [low, high] : null, paper: null, exact: null, unit: "1", ...facts };
}
