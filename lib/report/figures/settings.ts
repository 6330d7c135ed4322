/** Scores against one setting of the training: the side of its patches, how long they move, how many pairs it has. */
import type { Estimate } from "../../run/seeds.ts";
import { chart } from "../chart.ts";
import type { Axis, Frame, Level, Panel, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import type { Html } from "../html.ts";
import { formatNumber } from "../number.ts";
import { DRAWN, LOOKS, type Look, type Source } from "./methods.ts";

/** A score at one value of the setting. */
export interface At extends Estimate {
  at: number;
}
/** The scores that one look stands for. */
export interface Scores {
  look: Look;
  points: readonly At[];
}

/** CSS pixels between the points of one value. */
const DODGE = 4;

/**
 * Ends of an interval that differ by more than this factor say nothing but that a few seeds do not tell: their points are the figure, and a
 * bar would only fill it.
 */
const NO_BAR = 100;

/** What bars are, for captions of scores over so many seeds. */
export const barsNote = (seeds: number): string =>
  seeds > 1
    ? `bars are 95 % intervals over ${seeds} seeds, small points the single seeds (without a bar where its ends differ by more than a factor of ${NO_BAR})`
    : "bars are 95 % intervals of one seed, which hold its training data and runs, and not what another seed would change";

/** The ends of a bar, without those that say nothing where the seeds themselves are drawn. */
function barOf({ low, high, seeds = [] }: At): { low: number; high: number } {
  const wide = seeds.length > 0 && low > 0 && high / low > NO_BAR;
  return wide ? { low: Number.NaN, high: Number.NaN } : { low, high };
}

/** In the order of drawing: the last is on top. */
const SOURCES: readonly Source[] = ["paper-naive", "paper", ...DRAWN];

/** A line with points and bars for each of `scores` that has any, points of one value set apart, and single seeds as small points beside them. */
export function pointSeries(scores: readonly Scores[]): Series[] {
  const present = scores.filter(({ points }) => points.length > 0);
  return present.flatMap(({ look, points }, i): Series[] => {
    const own = points.toSorted((a, b) => a.at - b.at);
    const pick = (key: "at" | "value") => own.map((one) => one[key]);
    const bars = own.map(barOf);
    const dodge = (i - (present.length - 1) / 2) * DODGE;
    const ends = { low: bars.map(({ low }) => low), high: bars.map(({ high }) => high) };
    const numbers = { x: pick("at"), y: pick("value"), ...ends };
    const mean: Series = { width: 1.25, ...look, draw: "line+points", dodge, ...numbers };
    const seeds = own.flatMap(({ at, seeds = [] }) => seeds.map((value) => ({ at, value })));
    if (seeds.length === 0) return [mean];
    const single: Series = {
      ...look,
      name: "Single seeds",
      detail: look.name,
      small: true,
      draw: "points",
      dodge: dodge + DODGE,
      x: seeds.map(({ at }) => at),
      y: seeds.map(({ value }) => value),
    };
    return [single, mean];
  });
}

/** The same with a line for each source of numbers that occurs. */
export function bySource(scores: readonly (At & { source: Source })[]): Series[] {
  return pointSeries(
    SOURCES.map((source) => ({ look: LOOKS[source], points: scores.filter((one) => one.source === source) })),
  );
}

/**
 * The same where a setting can be 0, for which a logarithmic axis has no place: those scores stand left of the others, unjoined, on a line
 * that `label` names.
 */
export function withLimit(
  scores: readonly (At & { source: Source })[],
  label: string,
): { series: Series[]; verticals: Level[] } {
  const isLimit = ({ at }: At) => at === 0;
  const limit = scores.filter(isLimit);
  const series = bySource(scores.filter((one) => !isLimit(one)));
  if (limit.length === 0) return { series, verticals: [] };
  const [least, most] = extent(scores.flatMap(({ at }) => (at > 0 ? [at] : [])));
  const place = least > most ? 1 : least / Math.max(1.5, (most / least) ** 0.25);
  const alone = bySource(limit.map((one) => ({ ...one, at: place }))).map(
    (one): Series => ({ ...one, detail: label, draw: "points" }),
  );
  // The lines come last, so that the legend shows them.
  return { series: [...alone, ...series], verticals: [{ value: place, label }] };
}

/** What a perfect model would score, as a labelled line; nothing where that is not known. */
export function floorLevels(floor: number, name = "sampling floor"): Level[] {
  return Number.isFinite(floor) ? [{ value: floor, label: `${name} ${formatNumber(floor, 2)}` }] : [];
}

/** A logarithmic axis with a tick at every value that occurs but where a line has its own label, and room on the left for the label of a level. */
function settingAxis(axis: Axis, panels: readonly Panel[]): Axis {
  const values = panels.flatMap(({ series }) => series.flatMap(({ x }) => Array.from(x, (at) => at ?? 0)));
  const lines = panels.flatMap(({ verticals = [] }) => verticals.map(({ value }) => value));
  const ticks = [...new Set(values)].filter((value) => value > 0 && !lines.includes(value)).sort((a, b) => a - b);
  const [least, most] = extent([...ticks, ...lines]);
  if (least > most) return { ...axis, ticks };
  return { ...axis, ticks, range: [least / (1.4 * (most / least) ** 0.2), 1.3 * most] };
}

/** Points against the setting on a logarithmic axis, base `frame.x.log`. Panels without any series are left out. */
export function againstSetting(frame: Frame, panels: readonly Panel[]): Html {
  const filled = panels.filter(({ series }) => series.length > 0);
  return chart({ ...frame, x: settingAxis(frame.x, filled), panels: filled });
}
