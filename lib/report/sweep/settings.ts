// What a sweep measured, setting by setting: a setting is one value of every axis, and its runs are its repetitions.
import { METHODS } from "../../method/pairs.ts";
import { type Estimate, overSeeds, type Scale, single } from "../../run/seeds.ts";
import type { Collected } from "../../run/sweep/collect.ts";
import { extent } from "../extent.ts";

/** A setting and its runs, as indices. */
export interface Setting {
  /** As on a command line, in the order of the axes; undefined where a point leaves one out. */
  readonly values: readonly (string | undefined)[];
  readonly runs: readonly number[];
}

/** A metric at a setting: mean over its repetitions. NaN where there is no number. */
export interface Measured {
  readonly estimate: Estimate;
  readonly exact: number;
  readonly paper: number;
}

/** A metric at all settings, null where no run has it. */
export interface SweptMetric {
  readonly name: string;
  readonly unit: string;
  /** How its mean and interval over repetitions are made. */
  readonly scale: Scale;
  readonly at: readonly (Measured | null)[];
}

/** Settings in the order of the table. */
export function settingsOf({ axes, runs }: Collected): Setting[] {
  const valuesOf = (run: number) => axes.map(({ key }) => runs[run].point.values[key]);
  const groups = Map.groupBy(runs.keys(), (run) => JSON.stringify(valuesOf(run)));
  return [...groups.values()].map((members) => ({ values: valuesOf(members[0]), runs: members }));
}

/** Quantities that are positive and differ by factors. */
const BY_FACTORS = /(^|_)(error|errors|rms|mmd|w1|distance|chi2|ratio|cost|floor)(_|$)/;

/** Errors, distances and ratios that are all above 0 have geometric means, whose intervals stay above 0 too. */
function scaleOf(name: string, values: readonly number[]): Scale {
  const [quantity] = name.split(".");
  return BY_FACTORS.test(quantity) && values.every((value) => value > 0) ? "log" : "linear";
}

/** The metrics of these names. */
export function swept(collected: Collected, settings: readonly Setting[], names: readonly string[]): SweptMetric[] {
  const { runs, metrics } = collected;
  const wanted = new Map(names.map((name, k) => [collected.names.indexOf(name), k]));
  // Row of every run and metric; −1 for none.
  const rows = names.map(() => new Int32Array(runs.length).fill(-1));
  for (let row = 0; row < metrics.count; row++) {
    const k = wanted.get(metrics.name[row]);
    if (k !== undefined) rows[k][metrics.run[row]] = row;
  }
  return names.map((name, k) => {
    const present = [...rows[k]].filter((row) => row >= 0);
    const scale = scaleOf(
      name,
      present.map((row) => metrics.value[row]),
    );
    const at = settings.map(({ runs: members }): Measured | null => {
      const own = members.map((run) => rows[k][run]).filter((row) => row >= 0);
      if (own.length === 0) return null;
      const [low, high] = [metrics.low[own[0]], metrics.high[own[0]]];
      const alone = Number.isFinite(low) && (scale === "linear" || low > 0) ? ([low, high] as const) : null;
      const first = (numbers: ArrayLike<number>) => own.map((row) => numbers[row]).find(Number.isFinite) ?? Number.NaN;
      const values = own.map((row) => metrics.value[row]);
      return {
        estimate: overSeeds(values, { scale, alone }),
        // Errors of a perfect model are 0, which no logarithm reaches.
        exact: scale === "log" && first(metrics.exact) <= 0 ? Number.NaN : first(metrics.exact),
        paper: first(metrics.paper),
      };
    });
    return { name, unit: present.length > 0 ? collected.units[metrics.unit[present[0]]] : "1", scale, at };
  });
}

/** A metric as the label of an axis. */
export const labelOf = ({ name, unit }: Pick<SweptMetric, "name" | "unit">) =>
  unit === "1" || unit === "" ? name : `${name} [${unit}]`;

/** Half of the 95 % interval on the side of `exact`, and how far that is off, both in the metric's own scale. */
export function offExact({ estimate, exact }: Measured, scale: Scale): number {
  const { value, low, high } = estimate;
  const [v, e, end] = [value, exact, exact < value ? low : high].map(scale === "log" ? Math.log : (x) => x);
  return (v - e) / Math.abs(end - v);
}

/** The least and the largest value and exact value of a metric. */
export const rangeOf = ({ at }: SweptMetric): [number, number] =>
  extent(at.flatMap((one) => (one ? [one.estimate.value, one.exact] : [])));

const MOST_DEFAULT = 6;
/** patch8 before patch16. */
export const NATURAL = new Intl.Collator("en", { numeric: true });
/** Methods that ours is compared with, as they occur in names of metrics. */
const BASELINES: readonly string[] = METHODS.filter((method) => method !== "compensator");

/**
 * Names of metrics that one of the patterns matches, in the order of the patterns: "error.*.patch8", where "*" stands for any letters of one part of a name and "**" for
 * any parts.
 */
export function matching(names: readonly string[], patterns: readonly string[]): string[] {
  const asPath = (text: string) => text.replaceAll(".", "/");
  const sorted = names.toSorted(NATURAL.compare);
  const found = patterns.flatMap((pattern) => {
    const glob = new Bun.Glob(asPath(pattern));
    return sorted.filter((name) => glob.match(asPath(name)));
  });
  return [...new Set(found)];
}

/**
 * The metrics that figures show: those that the patterns match; where none does, a few of our own that vary: first those whose exact value varies too, then errors, then what the
 * paper has.
 */
export function headlines(collected: Collected, patterns: readonly string[]): string[] {
  const chosen = matching(collected.names, patterns);
  if (chosen.length > 0) return chosen;
  const { names, metrics } = collected;
  const nothing = () => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY });
  const facts = names.map(() => ({ value: nothing(), exact: nothing(), paper: false }));
  const meet = (range: { low: number; high: number }, number: number) => {
    if (number < range.low) range.low = number;
    if (number > range.high) range.high = number;
  };
  for (let row = 0; row < metrics.count; row++) {
    const fact = facts[metrics.name[row]];
    meet(fact.value, metrics.value[row]);
    meet(fact.exact, metrics.exact[row]);
    fact.paper ||= Number.isFinite(metrics.paper[row]);
  }
  const rank = (k: number) => {
    if (facts[k].exact.low < facts[k].exact.high) return 0;
    if (names[k].split(".")[0].includes("error")) return 1;
    return facts[k].paper ? 2 : 3;
  };
  const ours = (k: number) => !names[k].split(".").some((part) => BASELINES.some((method) => part.startsWith(method)));
  return names
    .map((_, k) => k)
    .filter((k) => facts[k].value.low < facts[k].value.high && ours(k))
    .sort((a, b) => rank(a) - rank(b) || NATURAL.compare(names[a], names[b]))
    .slice(0, MOST_DEFAULT)
    .map((k) => names[k]);
}

/** A number without an interval where nothing was measured. */
export const NOTHING = single(Number.NaN);
