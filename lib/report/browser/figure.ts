/// <reference lib="dom" />
import uPlot from "uplot";
import { type ChartData, isFree, type PlottedPanel as Panel } from "../chart-data.ts";
import type { Axis } from "../chart-spec.ts";
import { axisOptions } from "./axes.ts";
import { element, part } from "./element.ts";
import { drawArrows, drawPath } from "./free-marks.ts";
import { drawLevels } from "./levels.ts";
import { clipped, dashOf, drawBand, drawPoints } from "./marks.ts";
import { stepAlong } from "./nearest-point.ts";
import { offerNumbers } from "./numbers.ts";
import { showReadout } from "./readout.ts";
import { color, isPrinting } from "./theme.ts";

/** One figure on the page: its panels, drawn anew by `draw` at the present width and theme. */
export interface Figure {
  draw(): void;
}

/** A free series for uPlot: nothing to draw, on x in ascending order so that the cursor has something to stand on. */
function placeholder(x: (number | null)[]): [number[], null[]] {
  const sorted = [...new Set(x)].filter((value) => value !== null).sort((a, b) => a - b);
  return [sorted, sorted.map(() => null)];
}

/** All series on one x. Undefined (bridged) where a series has no such x, null (a gap) where it has no value. */
function align(panel: Panel, columns: ChartData["columns"]): uPlot.AlignedData {
  const [first] = panel.series;
  if (!first) return [[]] as unknown as uPlot.AlignedData;
  if (panel.series.every((series) => series.x === first.x && !isFree(series))) {
    return [columns[first.x], ...panel.series.map((series) => columns[series.y])] as uPlot.AlignedData;
  }
  const tables = panel.series.map((s) => (isFree(s) ? placeholder(columns[s.x]) : [columns[s.x], columns[s.y]]));
  return uPlot.join(tables as uPlot.AlignedData[]);
}

/** The range of x over all panels of the same x; half an interval of air where points would sit on the frame. */
function rangeOfX(data: ChartData, x: Axis): [number, number] {
  if (x.range) return x.range;
  const panels = data.panels.filter((panel) => panel.x.label === x.label);
  const series = panels.flatMap((panel) => panel.series);
  const numbers = [...new Set(series.map((one) => one.x))].flatMap((column) => data.columns[column]);
  const verticals = panels.flatMap((panel) => panel.verticals.map((line) => line.value));
  const shown = [...numbers, ...verticals].filter((value) => value !== null && (!x.log || value > 0)) as number[];
  if (shown.length === 0) return x.log ? [1, 10] : [0, 1];
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  if (x.log) return [low / 1.35, high * 1.35];
  const air = low === high ? 1 : series.some((one) => one.draw !== "line") ? 0.05 * (high - low) : 0;
  return [low - air, high + air];
}

/** On paper panels are lower, so that two figures fit a page. */
function heightOf(data: ChartData): number {
  return isPrinting() ? Math.round(0.66 * data.height) : data.height;
}

/** A fixed range at first and after a double click, and whatever the reader drags open in between. */
function scaleOptions(range: [number, number], log: 2 | 10 | undefined): uPlot.Scale {
  return { time: false, range: () => range, ...(log ? { distr: 3 as uPlot.Scale.Distr, log } : {}) };
}

function options(data: ChartData, panel: Panel, hidden: Set<string>, width: number, figureId: string): uPlot.Options {
  const { columns } = data;
  const shown = (index: number) => !hidden.has(panel.series[index].name);
  return {
    width,
    height: heightOf(data),
    legend: { show: false },
    cursor: {
      points: { show: false },
      drag: { x: true, y: true, uni: 24 },
      sync: { key: `${figureId} ${panel.x.label}`, scales: ["x", null], setSeries: false },
    },
    padding: [10, 12, 0, 0],
    scales: { x: scaleOptions(rangeOfX(data, panel.x), panel.x.log), y: scaleOptions(panel.range, panel.y.log) },
    axes: [axisOptions(panel.x, false), axisOptions(panel.y, true)],
    series: [
      {},
      ...panel.series.map(
        (series, index): uPlot.Series => ({
          label: series.name,
          show: shown(index),
          stroke: () => color(`ink-${series.ink}`),
          width: series.width,
          dash: dashOf(series).map((length) => length * uPlot.pxRatio),
          points: { show: false },
          pxAlign: 0, // rounding to whole pixels would shift curves of different width against each other
          ...(series.draw === "line" ? {} : { paths: () => null }),
        }),
      ),
    ],
    hooks: {
      drawAxes: [
        (plot) =>
          clipped(plot, () => {
            drawLevels(plot, panel.levels, "y");
            drawLevels(plot, panel.verticals, "x");
            for (const [index, series] of panel.series.entries()) {
              if (series.draw === "line" && series.low >= 0 && shown(index)) drawBand(plot, series, columns);
            }
          }),
      ],
      drawSeries: [
        (plot, index) => {
          const series = panel.series[index - 1];
          if (!series || series.draw === "line" || !shown(index - 1)) return;
          clipped(plot, () => {
            if (series.draw === "path") drawPath(plot, series, columns);
            else if (series.draw === "arrows") drawArrows(plot, series, columns, data.arrows?.scale ?? 1);
            else drawPoints(plot, series, columns);
          });
        },
      ],
    },
  };
}

/**
 * Left and right arrows move the cursor from number to number, Escape takes it away. `at` is the number of a path or of
 * arrows where the last key left it, −1 before the first; returns where this one does.
 */
function moveByKey(event: KeyboardEvent, plot: uPlot, data: ChartData, panel: Panel, at: number): number {
  const x = plot.data[0];
  if (event.key === "Escape") plot.setCursor({ left: -10, top: -10 });
  if ((event.key !== "ArrowLeft" && event.key !== "ArrowRight") || x.length === 0) return -1;
  event.preventDefault();
  const step = event.key === "ArrowLeft" ? -1 : 1;
  if (panel.series.some(isFree)) {
    const next = stepAlong(plot, data, panel, at, step);
    if (next) plot.setCursor({ left: next.left, top: next.top });
    return next?.at ?? at;
  }
  const from = (plot.cursor.left ?? -1) >= 0 ? (plot.cursor.idx ?? -1) : step > 0 ? -1 : x.length;
  const next = Math.min(x.length - 1, Math.max(0, from + step));
  plot.setCursor({ left: plot.valToPos(x[next], "x"), top: plot.over.clientHeight / 3 });
  return -1;
}

/** Brings one `<figure class="chart">` to life. */
export function figure(node: HTMLElement): Figure {
  const data: ChartData = JSON.parse(part(node, "script").text);
  const hosts = [...node.querySelectorAll<HTMLElement>(".plot")];
  const plots: uPlot[] = [];
  const hidden = new Set<string>();

  const draw = () => {
    for (const [index, host] of hosts.entries()) {
      if (host.closest("details:not([open])")) continue; // has no width; drawn when opened
      plots[index]?.destroy();
      const panel = data.panels[index];
      const plot = new uPlot(options(data, panel, hidden, host.clientWidth, node.id), align(panel, data.columns), host);
      const box = element("div");
      box.className = "readout";
      box.hidden = true;
      plot.over.append(box);
      plot.hooks.setCursor = [() => showReadout(plot, box, data, panel)];
      plots[index] = plot;
    }
  };

  for (const [index, host] of hosts.entries()) {
    let at = -1;
    host.addEventListener("keydown", (event) => {
      at = moveByKey(event, plots[index], data, data.panels[index], at);
    });
  }
  for (const button of node.querySelectorAll<HTMLButtonElement>(".legend button")) {
    button.addEventListener("click", () => {
      const name = button.dataset.series ?? "";
      if (!hidden.delete(name)) hidden.add(name);
      button.setAttribute("aria-pressed", String(!hidden.has(name)));
      draw();
    });
  }
  node.querySelector(".folded")?.addEventListener("toggle", draw);
  new ResizeObserver(() => {
    for (const [index, host] of hosts.entries()) {
      const plot = plots[index];
      if (plot && host.clientWidth > 0 && plot.width !== host.clientWidth) {
        plot.setSize({ width: host.clientWidth, height: heightOf(data) });
      }
    }
  }).observe(node);
  offerNumbers(part(node, "details"), data, node.id);
  return { draw };
}
