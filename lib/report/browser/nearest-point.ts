/// <reference lib="dom" />
import type uPlot from "uplot";
import { type ChartData, isFree, type PlottedPanel, type PlottedSeries } from "../chart-data.ts";

interface Place {
  left: number;
  top: number;
}

/** The visible paths and sets of arrows of a panel. */
function freeSeries(plot: uPlot, panel: PlottedPanel): PlottedSeries[] {
  return panel.series.filter((series, i) => isFree(series) && plot.series[i + 1].show);
}

/** Where number `at` of a series stands, in CSS pixels of the plotting area. */
function placeOf(plot: uPlot, data: ChartData, series: PlottedSeries, at: number): Place | undefined {
  const [x, y] = [data.columns[series.x][at], data.columns[series.y][at]];
  if (typeof x !== "number" || typeof y !== "number") return undefined;
  return { left: plot.valToPos(x, "x"), top: plot.valToPos(y, "y") };
}

function nearestOf(plot: uPlot, data: ChartData, series: PlottedSeries, from: Place): { at: number; distance: number } {
  let best = { at: -1, distance: Infinity };
  for (let at = 0; at < data.columns[series.x].length; at++) {
    const place = placeOf(plot, data, series, at);
    const distance = place ? Math.hypot(place.left - from.left, place.top - from.top) : Infinity;
    if (distance < best.distance) best = { at, distance };
  }
  return best;
}

/**
 * Where on every visible path or set of arrows to read: the first is the one nearest to the cursor, the others are read
 * at the same number of their columns (the same time, the same state) where that exists. Empty in panels without any.
 */
export function nearestPoints(
  plot: uPlot,
  data: ChartData,
  panel: PlottedPanel,
  from: Place,
): { series: PlottedSeries; at: number }[] {
  const all = freeSeries(plot, panel).map((series) => ({ series, ...nearestOf(plot, data, series, from) }));
  const present = all.filter((one) => one.at >= 0).sort((a, b) => a.distance - b.distance);
  const [first] = present;
  if (!first) return [];
  return present.map(({ series, at }) => {
    const same = data.columns[series.x].length === data.columns[first.series.x].length;
    return { series, at: same && placeOf(plot, data, series, first.at) ? first.at : at };
  });
}

/** The next number in direction `step` of the first visible path or set of arrows, and its place. */
export function stepAlong(
  plot: uPlot,
  data: ChartData,
  panel: PlottedPanel,
  from: number,
  step: 1 | -1,
): (Place & { at: number }) | undefined {
  const [series] = freeSeries(plot, panel);
  const length = series ? data.columns[series.x].length : 0;
  for (let at = from < 0 && step < 0 ? length - 1 : from + step; series && at >= 0 && at < length; at += step) {
    const place = placeOf(plot, data, series, at);
    if (place) return { at, ...place };
  }
  return undefined;
}
