/// <reference lib="dom" />
import type uPlot from "uplot";
import type { ChartData, PlottedPanel, PlottedSeries } from "../chart-data.ts";
import { shortNumber } from "../number.ts";
import { element } from "./element.ts";
import { INTERVALS } from "./intervals.ts";
import { nearestPoints } from "./nearest-point.ts";

/** From the cursor to the read-out, and from that to the edge of the screen, CSS pixels. */
const [GAP, MARGIN] = [14, 4];

interface Reading {
  series: PlottedSeries;
  value: number;
  text: string;
  hasInterval: boolean;
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
    return [{ series, value, text: shortNumber(value) + interval, hasInterval }];
  });
}

/** Where series come in families (equal `detail`), the family of the curve nearest to the cursor; else all. */
function nearestFamily(plot: uPlot, all: Reading[], top: number): Reading[] {
  const distance = (reading: Reading) => Math.abs(plot.valToPos(reading.value, "y") - top);
  const nearest = all.toSorted((a, b) => distance(a) - distance(b))[0];
  return all.filter((reading) => reading.series.detail === nearest?.series.detail);
}

/** What is read at one place. */
export interface Readout {
  heading: string;
  rows: Pick<Reading, "series" | "text">[];
  /** What the brackets are; empty where there are none. */
  note: string;
}

/** What stands in the brackets of `series`: "[ ] 95 % interval". */
function bracketNote(series: readonly PlottedSeries[]): string {
  const kinds = [...new Set(series.map(({ interval }) => INTERVALS[interval].name))];
  return kinds.length > 0 ? `[ ] ${kinds.join(" or ")}` : "";
}

/** Curves over x: x, and every visible series at its number nearest to x, from the top of the legend. */
function overX(plot: uPlot, data: ChartData, panel: PlottedPanel, top: number): Readout | undefined {
  const { idx } = plot.cursor;
  if (idx === null || idx === undefined) return undefined;
  const shown = nearestFamily(plot, readings(plot, data, panel), top);
  if (shown.length === 0) return undefined;
  const x = `${nameOf(panel.x.label)} = ${shortNumber(plot.data[0][idx])}`;
  return {
    heading: [x, shown[0].series.detail].filter(Boolean).join(", "),
    rows: shown.toReversed(),
    note: bracketNote(shown.filter(({ hasInterval }) => hasInterval).map(({ series }) => series)),
  };
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
    note: "",
  };
}

/** What stands at the cursor of `plot`; nothing where that is outside. */
export function readoutAt(plot: uPlot, data: ChartData, panel: PlottedPanel): Readout | undefined {
  const { left = -1, top = -1 } = plot.cursor;
  if (left < 0) return undefined;
  return inPlane(plot, data, panel, left, top) ?? overX(plot, data, panel, top);
}

/** Fills the read-out `box` of `plot` and places it beside the cursor, within the screen; hides it where there is nothing to read. */
export function placeReadout(plot: uPlot, box: HTMLElement, readout: Readout | undefined): void {
  box.hidden = !readout;
  if (!readout) return;
  box.replaceChildren(
    element("b", readout.heading),
    ...readout.rows.map(({ series, text }) => {
      const row = element("div", `${series.name} `);
      row.style.setProperty("--key", `var(--ink-${series.ink})`);
      row.append(element("b", text));
      return row;
    }),
    ...(readout.note ? [element("small", readout.note)] : []),
  );
  const { left = 0, top = 0 } = plot.cursor;
  const { clientWidth, clientHeight } = plot.over;
  const aside = left > clientWidth / 2 ? left - GAP - box.offsetWidth : left + GAP;
  const screen = plot.over.getBoundingClientRect().left;
  const most = document.documentElement.clientWidth - MARGIN - box.offsetWidth - screen;
  box.style.left = `${Math.max(MARGIN - screen, Math.min(aside, most))}px`;
  box.style.top = `${Math.max(0, Math.min(top - 12, clientHeight - box.offsetHeight))}px`;
}
