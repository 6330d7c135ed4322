/// <reference lib="dom" />
import type uPlot from "uplot";
import type { ChartData, PlottedPanel, PlottedSeries } from "../chart-data.ts";
import { shortNumber } from "../number.ts";
import { element } from "./element.ts";
import { nearestPoints } from "./nearest-point.ts";

interface Reading {
  series: PlottedSeries;
  value: number;
  text: string;
}

/** "time [sweeps]" without its unit. */
function nameOf(label: string): string {
  return label.replace(/\s*\[.*\]$/, "");
}

/** The values of the visible series at their numbers nearest to the cursor, with their intervals. */
function readings(plot: uPlot, data: ChartData, panel: PlottedPanel): Reading[] {
  return panel.series.flatMap((series, index): Reading[] => {
    const at = plot.cursor.idxs?.[index + 1];
    if (at === null || at === undefined || !plot.series[index + 1].show) return [];
    const value = plot.data[index + 1][at];
    if (typeof value !== "number") return [];
    const own = data.columns[series.x].indexOf(plot.data[0][at]);
    const [low, high] = [data.columns[series.low]?.[own], data.columns[series.high]?.[own]];
    const hasInterval = typeof low === "number" && typeof high === "number" && high > low;
    const interval = hasInterval ? ` [${shortNumber(low)}, ${shortNumber(high)}]` : "";
    return [{ series, value, text: shortNumber(value) + interval }];
  });
}

/** Where series come in families (equal `detail`), the family of the curve nearest to the cursor; else all. */
function nearestFamily(plot: uPlot, all: Reading[], top: number): Reading[] {
  const distance = (reading: Reading) => Math.abs(plot.valToPos(reading.value, "y") - top);
  const nearest = all.toSorted((a, b) => distance(a) - distance(b))[0];
  return all.filter((reading) => reading.series.detail === nearest?.series.detail);
}

interface Readout {
  heading: string;
  rows: Pick<Reading, "series" | "text">[];
}

/** Curves over x: x, and every visible series at its number nearest to x, from the top of the legend. */
function overX(plot: uPlot, data: ChartData, panel: PlottedPanel, top: number): Readout | undefined {
  const { idx } = plot.cursor;
  if (idx === null || idx === undefined) return undefined;
  const shown = nearestFamily(plot, readings(plot, data, panel), top);
  const x = `${nameOf(panel.x.label)} = ${shortNumber(plot.data[0][idx])}`;
  return { heading: [x, shown[0]?.series.detail].filter(Boolean).join(", "), rows: shown.reverse() };
}

/** Paths and arrows: the point nearest to the cursor, and its like on the others. */
function inPlane(plot: uPlot, data: ChartData, panel: PlottedPanel, left: number, top: number): Readout | undefined {
  const points = nearestPoints(plot, data, panel, { left, top });
  const [nearest] = points;
  if (!nearest) return undefined;
  const read = (column: number, at: number) => {
    const value = data.columns[column]?.[at];
    return typeof value === "number" ? shortNumber(value) : "—";
  };
  const pair = (a: number, b: number, at: number) => `(${read(a, at)}, ${read(b, at)})`;
  const { series, at } = nearest;
  const place = `(${nameOf(panel.x.label)}, ${nameOf(panel.y.label)})`;
  const heading =
    series.t >= 0 ? `${nameOf(data.t ?? "")} = ${read(series.t, at)}` : `${place} = ${pair(series.x, series.y, at)}`;
  const order = panel.series.toReversed();
  return {
    heading,
    rows: points
      .toSorted((a, b) => order.indexOf(a.series) - order.indexOf(b.series))
      .map(({ series: own, at: i }) => ({
        series: own,
        text: own.dx >= 0 ? pair(own.dx, own.dy, i) : pair(own.x, own.y, i),
      })),
  };
}

/** Fills and places the read-out beside the cursor. */
export function showReadout(plot: uPlot, box: HTMLElement, data: ChartData, panel: PlottedPanel): void {
  const { left = -1, top = -1 } = plot.cursor;
  const watched = left >= 0 && plot.root.parentElement?.matches(":hover, :focus-visible");
  const shown = watched ? (inPlane(plot, data, panel, left, top) ?? overX(plot, data, panel, top)) : undefined;
  box.hidden = !shown;
  if (!shown) return;
  box.replaceChildren(
    element("b", shown.heading),
    ...shown.rows.map(({ series, text }) => {
      const row = element("div", `${series.name} `);
      row.style.setProperty("--key", `var(--ink-${series.ink})`);
      row.append(element("b", text));
      return row;
    }),
  );
  const { clientWidth, clientHeight } = plot.over;
  const flip = left > clientWidth / 2;
  box.style.left = flip ? "auto" : `${left + 14}px`;
  box.style.right = flip ? `${clientWidth - left + 14}px` : "auto";
  box.style.top = `${Math.max(0, Math.min(top - 12, clientHeight - box.offsetHeight))}px`;
}
