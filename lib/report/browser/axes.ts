/// <reference lib="dom" />
import type uPlot from "uplot";
import type { Axis } from "../chart-spec.ts";
import { powerOfTen, shortNumber } from "../number.ts";
import { logTicks } from "./log-ticks.ts";
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

/** Logarithmic ticks: whole powers of ten, and 2 and 5 between them where less than two decades show. */
function logLabels(plot: uPlot, ticks: (number | null)[], axis: number): string[] {
  const { min = 1, max = 1 } = plot.scales[plot.axes[axis].scale ?? "y"];
  const asPowers = min < 0.005 || max > 20_000;
  const fewDecades = Math.log10(max / min) < 2;
  return ticks.map((tick) => {
    if (tick === null) return "";
    const exponent = Math.floor(Math.log10(tick) + 1e-9);
    const digit = Math.round(tick / 10 ** exponent);
    const round = Math.abs(tick / 10 ** exponent - digit) < 1e-6;
    const shown = digit === 1 || (fewDecades && (digit === 2 || digit === 5));
    if (!shown || !round) return "";
    const plain = String(Number(tick.toPrecision(6)));
    if (!asPowers) return plain;
    return digit === 1 ? powerOfTen(exponent) : `${digit}×${powerOfTen(exponent)}`;
  });
}

/** Grid lines of a logarithmic axis: whole powers of ten. */
function decadesOnly(_plot: uPlot, ticks: number[]): (number | null)[] {
  return ticks.map((tick) => (Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9 ? tick : null));
}

/** Room for the widest label, in CSS pixels. */
function widthOfLabels(_plot: uPlot, labels: string[]): number {
  return 16 + 6.6 * Math.max(2, ...(labels ?? []).map((label) => String(label ?? "").length));
}

/** One axis as uPlot wants it, with colours read from the page's theme at every drawing. */
export function axisOptions(axis: Axis, vertical: boolean): uPlot.Axis {
  const { ticks: fixed, log } = axis;
  const marks = log ? { splits: (_plot: uPlot, _at: number, min: number, max: number) => logTicks(min, max, log) } : {};
  return {
    label: axis.label,
    labelFont: FONT,
    font: FONT,
    labelGap: vertical ? 2 : 4,
    labelSize: 20,
    gap: 4,
    space: vertical ? 34 : 56,
    stroke: () => color("text"),
    grid: { stroke: () => color("grid"), width: 1, ...(log === 10 && !fixed ? { filter: decadesOnly } : {}) },
    ticks: { stroke: () => color("rule"), width: 1, size: 5 },
    border: { show: true, stroke: () => color("rule"), width: 1 },
    size: vertical ? widthOfLabels : 30,
    ...(fixed
      ? { splits: () => fixed, filter: (_plot: uPlot, ticks: number[]) => ticks, values: () => fixed.map(shortNumber) }
      : { ...marks, values: log === 2 ? binaryLabels : log ? logLabels : linearLabels }),
  } as uPlot.Axis;
}
