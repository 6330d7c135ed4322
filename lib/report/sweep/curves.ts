// Metrics against one axis of a sweep, the other axes as series.
import { quantileSeq } from "mathjs/number";
import type { SweepAxis } from "../../run/sweep/collect.ts";
import { chart } from "../chart.ts";
import { thin } from "../chart-data.ts";
import type { Axis, Panel, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import { type Html, html } from "../html.ts";
import { scaleInk } from "../palette.ts";
import { labelOf, type Measured, NOTHING, rangeOf, type Setting, type SweptMetric } from "./settings.ts";

const MOST_SERIES = 6;
/** Panels that stand open, and all. */
const [OPEN, MOST_PANELS] = [4, 12];
/** Factors from which on axes are logarithmic. */
const [WIDE_X, WIDE_Y] = [10, 5];
/** CSS pixels between error bars of neighbouring series. */
const DODGE = 3;
const MARKERS = ["circle", "square", "diamond", "triangle"] as const;

/** Settings that differ in the axis alone, and what the others have in common. */
interface Group {
  readonly name: string;
  readonly settings: readonly number[];
}

/** "h = 0.1, closure = blocks". */
const settingName = (axes: readonly SweepAxis[], values: readonly (string | undefined)[]) =>
  axes.flatMap(({ key }, k) => (values[k] === undefined ? [] : [`${key} = ${values[k]}`])).join(", ");

/** What settings have beside the axes at these places, as a key of maps; texts first. */
function others(axes: readonly SweepAxis[], setting: Setting, without: readonly number[], numeric?: boolean): string {
  const kept = axes.map((axis, k) =>
    without.includes(k) || (numeric !== undefined && axis.numeric !== numeric) ? undefined : setting.values[k],
  );
  return settingName(axes, kept);
}

/**
 * Settings in groups that differ in the axes at the places `along` alone. Of more than `most` groups those stay whose other numbers are evenly picked,
 * for every text.
 */
export function grouped(
  axes: readonly SweepAxis[],
  settings: readonly Setting[],
  along: readonly number[],
  most = MOST_SERIES,
): { groups: Group[]; left: number } {
  const all = Map.groupBy(settings.keys(), (k) => others(axes, settings[k], along));
  const groups = [...all].map(([name, members]) => ({ name, settings: members }));
  if (groups.length <= most) return { groups, left: 0 };
  const byText = Map.groupBy(groups, ({ settings: [first] }) => others(axes, settings[first], along, false));
  const each = Math.max(1, Math.floor(most / byText.size));
  const picked = [...byText.values()].flatMap((list) =>
    list.length <= each ? list : each === 1 ? [list[0]] : thin(list, each),
  );
  return { groups: picked.slice(0, most), left: groups.length - Math.min(picked.length, most) };
}

/** Said of a figure that does not show all groups. */
export const leftNote = (left: number) =>
  left > 0 &&
  ` In the tables ${left === 1 ? "is one more combination" : `are ${left} more combinations`} of the other axes.`;

/** Whether numbers that are all positive go over more than a factor. */
const isWide = ([low, high]: readonly [number, number], factor: number) => low > 0 && high / low > factor;

function axisOf({ key, values }: SweepAxis): Axis {
  const numbers = values.map(Number);
  if (!isWide([numbers[0], numbers.at(-1) ?? 0], WIDE_X)) return { label: key };
  const two = numbers.every((value) => Number.isInteger(Math.log2(value)));
  return two ? { label: key, log: 2, ticks: numbers } : { label: key, log: 10 };
}

const ABSENT: Measured = { estimate: NOTHING, exact: Number.NaN, paper: Number.NaN };

function seriesOf(
  metric: SweptMetric,
  group: Group,
  x: (setting: number) => number,
  look: Pick<Series, "ink" | "marker" | "dodge">,
): Series[] {
  // Settings without a number are gaps.
  const points = group.settings.map((k) => ({ x: x(k), one: metric.at[k] ?? ABSENT })).sort((a, b) => a.x - b.x);
  if (points.every(({ one }) => one === ABSENT)) return [];
  const places = points.map((point) => point.x);
  const exact = points.map(({ one }) => one.exact);
  const paper = points.map(({ one }) => one.paper);
  const known = (values: number[]) => values.some(Number.isFinite);
  const estimate = points.map(({ one }) => one.estimate);
  const several = new Set(places).size > 1;
  return [
    ...(known(exact)
      ? [
          {
            name: "exact",
            detail: group.name,
            ink: "exact",
            width: 3,
            draw: several ? "line" : "points",
            x: places,
            y: exact,
          } as const,
        ]
      : []),
    ...(known(paper)
      ? [
          {
            name: "the paper",
            detail: group.name,
            ink: "paper",
            hollow: true,
            marker: "diamond",
            draw: "points",
            x: places,
            y: paper,
          } as const,
        ]
      : []),
    {
      ...look,
      name: group.name || "runs of this sweep",
      draw: known(exact) || !several ? "points" : "line+points",
      width: 1,
      x: places,
      y: estimate.map(({ value }) => value),
      low: estimate.map(({ low }) => low),
      high: estimate.map(({ high }) => high),
    },
  ];
}

/**
 * Intervals of two or three repetitions can be far wider than all that was measured: beyond this part of its range, or this factor, they leave the frame. Where half of all
 * intervals are wider still, they are what there is to see: differences within them are noise, and the frame holds so many times the usual one.
 */
const [BEYOND, FACTOR_BEYOND, USUAL] = [1, 10, 1.5];

/** The median of the halves of all intervals; 0 where there are none. */
function usualHalf(series: readonly Series[]): number {
  const at = (values: Series["y"] | undefined, k: number) => values?.[k] ?? Number.NaN;
  const halves = series.flatMap(({ y, low, high }) =>
    Array.from(y, (_, k) => [at(y, k) - at(low, k), at(high, k) - at(y, k)])
      .flat()
      .filter(Number.isFinite),
  );
  return halves.length > 0 ? Number(quantileSeq(halves, 0.5)) : 0;
}

/** What a panel shows of y; undefined where all intervals are in it. `isFactor`: of errors and ratios, whose intervals are factors, which soon reach anywhere. */
function frameOf(series: readonly Series[], log: boolean, isFactor: boolean): [number, number] | undefined {
  const numbers = (keys: readonly ("y" | "low" | "high")[]) =>
    extent(
      series
        .flatMap((one) => keys.flatMap((key) => Array.from(one[key] ?? [])))
        .filter((one) => !log || (one ?? 0) > 0),
    );
  const [low, high] = numbers(["y"]);
  const air = Math.max(
    high > low ? BEYOND * (high - low) : Math.abs(high) || 1,
    Math.min(USUAL * usualHalf(series), isFactor ? high : Number.POSITIVE_INFINITY),
  );
  const [least, most] = log ? [low / FACTOR_BEYOND, high * FACTOR_BEYOND] : [low - air, high + air];
  const all = numbers(["y", "low", "high"]);
  if (!(low <= high) || (all[0] >= least && all[1] <= most)) return undefined;
  return [Math.max(least, all[0]), Math.min(most, all[1])];
}

/** A panel per metric against the axis at place `along`; false where there is nothing to draw. */
export function curves(
  axes: readonly SweepAxis[],
  settings: readonly Setting[],
  along: number,
  metrics: readonly SweptMetric[],
): Html | false {
  const axis = axes[along];
  const x = (k: number) => Number(settings[k].values[along] ?? Number.NaN);
  const all = grouped(axes, settings, [along]);
  // Points of a file need not lie on lines.
  const scattered = all.groups.length + all.left > settings.length / 2 && settings.length > MOST_SERIES;
  const { groups, left } = scattered
    ? { groups: [{ name: "all settings", settings: [...settings.keys()] }], left: 0 }
    : all;
  const shown = metrics.slice(0, MOST_PANELS);
  const panels = shown.map((metric, place): Panel => {
    const log = metric.scale === "log" && isWide(rangeOf(metric), WIDE_Y);
    const drawn = groups.map((group, k) =>
      seriesOf(metric, group, x, {
        ink: groups.length > 1 ? scaleInk(k, groups.length) : "compensator",
        marker: MARKERS[k % MARKERS.length],
        dodge: DODGE * (k - (groups.length - 1) / 2),
      }),
    );
    // What is true lies under what was measured.
    const series = [0, 1].flatMap((layer) =>
      drawn.flatMap((list) => list.filter(({ name }) => (name === "exact") === (layer === 0))),
    );
    const range = frameOf(series, log, metric.scale === "log");
    return {
      title: metric.name,
      y: {
        ...(range && { range }),
        label:
          metric.unit === "1" ? metric.name.split(".")[0] : labelOf({ ...metric, name: metric.name.split(".")[0] }),
        ...(log && { log: 10 }),
      },
      series,
      folded: place >= OPEN,
    };
  });
  if (panels.every(({ series }) => series.length === 0)) return false;
  const series = panels.flatMap((panel) => panel.series);
  const isThere = (name: string) => series.some((one) => one.name === name);
  return chart({
    id: `against-${along + 1}`,
    title: `Metrics against ${axis.key}`,
    caption: html`Points: mean over the repetitions of a setting with its 95 % interval (Student’s over repetitions; of one run its own interval, where it has one).${
      isThere("exact") && " Grey lines: exact values, which the intervals should reach in 95 % of cases."
    }${isThere("the paper") && " Diamonds: the paper’s figures."}${
      panels.some(({ y }) => y?.log) &&
      " Errors, distances and ratios have geometric means, on a logarithmic scale where they differ by more than a factor of 5."
    }${panels.some(({ y }) => y?.range) && " Intervals that are far wider than what was measured leave the frame; read-out and numbers have their ends."}${scattered && " Settings that differ in the other axes too are drawn as one set of points."}${leftNote(
      left,
    )}${metrics.length > shown.length && ` ${metrics.length - shown.length} more of the chosen metrics are in the tables.`}`,
    alt: `Metrics of the sweep against ${axis.key}, with 95 % intervals`,
    x: axisOf(axis),
    y: { label: "" },
    panels,
    shareY: false,
    height: 260,
  });
}
