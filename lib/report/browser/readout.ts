/// <reference lib="dom" />
import type uPlot from "uplot";
import type { ChartData, PlottedSeries } from "../chart.ts";
import { shortNumber } from "./axes.ts";
import { element } from "./element.ts";

type Panel = ChartData["panels"][number];

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
function readings(plot: uPlot, data: ChartData, panel: Panel): Reading[] {
  return panel.series.flatMap((series, index): Reading[] => {
    const at = plot.cursor.idxs?.[index + 1];
    const value = at === null || at === undefined ? undefined : plot.data[index + 1]![at];
    if (typeof value !== "number" || !plot.series[index + 1]!.show) return [];
    const own = data.columns[series.x]!.indexOf(plot.data[0][at!]!);
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
  return all.filter((reading) => reading.series.detail === nearest!.series.detail);
}

/** Fills and places the read-out beside the cursor: x, and every visible series at its number nearest to x. */
export function showReadout(plot: uPlot, box: HTMLElement, data: ChartData, panel: Panel): void {
  const { idx, left, top } = plot.cursor;
  const inside = idx !== null && idx !== undefined && left !== undefined && top !== undefined && left >= 0;
  box.hidden = !inside || !plot.root.parentElement?.matches(":hover, :focus-visible");
  if (box.hidden || !inside) return;
  const shown = nearestFamily(plot, readings(plot, data, panel), top);
  const x = `${nameOf(data.x.label)} = ${shortNumber(plot.data[0][idx]!)}`;
  box.replaceChildren(
    element("b", [x, shown[0]?.series.detail].filter(Boolean).join(", ")),
    ...shown.reverse().map(({ series, text }) => {
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
