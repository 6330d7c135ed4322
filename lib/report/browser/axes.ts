/// <reference lib="dom" />
import uPlot from "uplot";
import type { Axis } from "../chart-spec.ts";
import { powerOfTen, shortNumber } from "../number.ts";
import { labelledTicks, logTicks } from "./log-ticks.ts";
import { color, FONT } from "./theme.ts";

/** Linear ticks: as many decimals as the distance between ticks needs; powers of ten where that would be too many. */
function linearLabels(_plot: uPlot, ticks: number[], _axis: number, _space: number, step: number): string[] {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const places = Number(step.toFixed(decimals)) === step ? decimals : decimals + 1;
  return ticks.map((tick) => {
    if (Math.abs(tick) < step * 1e-6) return "0";
    return places > 4 ? shortNumber(Number(tick.toPrecision(6))) : tick.toFixed(places).replace("-", "−");
  });
}

/** Most labels of powers of two on an axis. */
const POWERS_OF_TWO = 8;

/** Labels of logarithmic ticks of base two: all, or every second, third, …, in full. */
function binaryLabels(_plot: uPlot, ticks: (number | null)[]): string[] {
  const step = Math.ceil(ticks.length / POWERS_OF_TWO);
  return ticks.map((tick, i) => (tick === null || i % step > 0 ? "" : shortNumber(tick)));
}

/** Logarithmic ticks of base ten that have labels (log-ticks.ts), in plain digits where all that the axis shows can be. */
function logLabels(plot: uPlot, ticks: (number | null)[], axis: number): string[] {
  const { min = 1, max = 1 } = plot.scales[plot.axes[axis].scale ?? "y"];
  const asPowers = min < 0.005 || max > 20_000;
  const labelled = new Set(labelledTicks(ticks.filter((tick) => tick !== null)));
  return ticks.map((tick) => {
    if (tick === null || !labelled.has(tick)) return "";
    if (!asPowers) return String(Number(tick.toPrecision(6)));
    const [mantissa, exponent] = tick.toExponential().split("e").map(Number);
    return `${mantissa === 1 ? "" : `${Number(mantissa.toPrecision(6))}×`}${powerOfTen(exponent)}`;
  });
}

/** Grid lines of a logarithmic axis of base ten: where it has labels. */
function labelledOnly(_plot: uPlot, ticks: number[]): (number | null)[] {
  const labelled = new Set(labelledTicks(ticks));
  return ticks.map((tick) => (labelled.has(tick) ? tick : null));
}

/** Width of a digit, CSS pixels. */
const DIGIT = 6.6;

/** Room for the widest label, in CSS pixels. */
function widthOfLabels(_plot: uPlot, labels: string[]): number {
  return 16 + DIGIT * Math.max(2, ...(labels ?? []).map((label) => String(label ?? "").length));
}

/** Least air at the right of the frame, CSS pixels. */
const PADDING = 12;

/** Air at the right of the frame, CSS pixels, as wide as what the last label of x takes beyond it. */
export function rightPadding(plot: uPlot): number {
  // uPlot keeps them to itself, and has none before it knows the range.
  type Drawn = uPlot.Axis & { _splits?: number[] | null; _values?: (string | null)[] | null };
  const { _splits, _values } = (plot.axes?.[0] as Drawn | undefined) ?? {};
  const [ticks, labels] = [_splits ?? [], _values ?? []];
  const last = ticks.findLastIndex((_, k) => labels[k]);
  if (last < 0) return PADDING;
  const { ctx } = plot;
  ctx.save();
  ctx.font = FONT;
  const half = ctx.measureText(labels[last] ?? "").width / 2;
  ctx.restore();
  const inside = plot.bbox.width / uPlot.pxRatio - plot.valToPos(ticks[last], "x");
  return Math.max(PADDING, Math.ceil(half - Math.max(0, inside) + 1));
}

/** Size of an axis' title, and the smallest to which it shrinks, CSS pixels. */
const [TITLE, SMALL_TITLE] = [12, 8];

/** The title of an axis: smaller, and moved from the middle of the frame, where the plot is too small for it. uPlot draws it just after it has asked for it. */
function fittedTitle(title: string, vertical: boolean): (plot: uPlot) => string {
  return ({ ctx, bbox, width, height }) => {
    const ratio = uPlot.pxRatio;
    const room = ratio * (vertical ? height : width) - 2 * ratio;
    const full = ctx.measureText(title).width;
    const size = Math.max(SMALL_TITLE, Math.min(TITLE, Math.floor((2 * TITLE * room) / full) / 2));
    ctx.font = FONT.replace(`${TITLE}px`, `${size * ratio}px`);
    const half = (full * size) / TITLE / 2;
    const middle = vertical ? bbox.top + bbox.height / 2 : bbox.left + bbox.width / 2;
    const shift = Math.max(0, half + ratio - middle) - Math.max(0, middle + half - room - ratio);
    ctx.translate(vertical ? -shift : shift, 0);
    return title;
  };
}

/** One axis as uPlot wants it, with colours read from the page's theme at every drawing. */
export function axisOptions(axis: Axis, vertical: boolean): uPlot.Axis {
  const { ticks: fixed, log } = axis;
  const marks = log ? { splits: (_plot: uPlot, _at: number, min: number, max: number) => logTicks(min, max, log) } : {};
  return {
    label: fittedTitle(axis.label, vertical),
    labelFont: FONT,
    font: FONT,
    labelGap: vertical ? 2 : 4,
    labelSize: 20,
    gap: 4,
    space: vertical ? 34 : 56,
    stroke: () => color("text"),
    grid: { stroke: () => color("grid"), width: 1, ...(log === 10 && !fixed ? { filter: labelledOnly } : {}) },
    ticks: { stroke: () => color("rule"), width: 1, size: 5 },
    border: { show: true, stroke: () => color("rule"), width: 1 },
    size: vertical ? widthOfLabels : 30,
    ...(fixed
      ? { splits: () => fixed, filter: (_plot: uPlot, ticks: number[]) => ticks, values: () => fixed.map(shortNumber) }
      : {
          ...marks,
          ...(log === 10 ? { filter: (_plot: uPlot, ticks: number[]) => ticks } : {}),
          values: log === 2 ? binaryLabels : log ? logLabels : linearLabels,
        }),
  } as uPlot.Axis;
}
