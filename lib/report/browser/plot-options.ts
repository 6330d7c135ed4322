/// <reference lib="dom" />
// A panel as uPlot wants it: series on one x, scales, and what is drawn where.
import uPlot from "uplot";
import { type ChartData, isFree, type PlottedPanel as Panel } from "../chart-data.ts";
import type { Axis } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import { axisOptions, rightPadding } from "./axes.ts";
import { drawArrows, drawPath } from "./free-marks.ts";
import { drawLabels, drawLevels } from "./levels.ts";
import { clipped, dashOf, drawBand, drawPoints } from "./marks.ts";
import { color } from "./theme.ts";

export interface Size {
  width: number;
  height: number;
}

/** A free series for uPlot: nothing to draw, on x in ascending order so that the cursor has something to stand on. */
function placeholder(x: (number | null)[]): [number[], null[]] {
  const sorted = [...new Set(x)].filter((value) => value !== null).sort((a, b) => a - b);
  return [sorted, sorted.map(() => null)];
}

/** All series on one x. Undefined (bridged) where a series has no such x, null (a gap) where it has no value. */
export function align(panel: Panel, columns: ChartData["columns"]): uPlot.AlignedData {
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
  const [low, high] = extent(shown);
  if (x.log) return [low / 1.35, high * 1.35];
  const air = low === high ? 1 : series.some((one) => one.draw !== "line") ? 0.05 * (high - low) : 0;
  return [low - air, high + air];
}

/** A fixed range at first and after a double click, and whatever the reader drags open in between. */
function scaleOptions(key: "x" | "y", range: [number, number], log: 2 | 10 | undefined): uPlot.Scale {
  return {
    time: false,
    // uPlot asks for x whenever that changes, and proposes the ends of the data to show all; for y it only asks to show all.
    range: ({ data: [x] }, min, max) =>
      key === "x" && x.length > 1 && (min !== x[0] || max !== x.at(-1)) ? [min, max] : range,
    ...(log ? { distr: 3 as uPlot.Scale.Distr, log } : {}),
  };
}

/** Series that are `hidden`, by name, are not drawn; cursors of panels of one `group` and one x move together. */
export function plotOptions(
  data: ChartData,
  panel: Panel,
  hidden: ReadonlySet<string>,
  size: Size,
  group: string,
): uPlot.Options {
  const { columns } = data;
  const shown = (index: number) => !hidden.has(panel.series[index].name);
  return {
    ...size,
    legend: { show: false },
    cursor: {
      points: { show: false },
      drag: { x: true, y: true, uni: 24 },
      sync: { key: `${group} ${panel.x.label}`, scales: ["x", null], setSeries: false },
    },
    padding: [10, rightPadding, 0, 0],
    scales: {
      x: scaleOptions("x", rangeOfX(data, panel.x), panel.x.log),
      y: scaleOptions("y", panel.range, panel.y.log),
    },
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
      draw: [
        (plot) =>
          clipped(plot, () => {
            const visible = panel.series.filter((_, index) => shown(index));
            drawLabels(plot, panel, visible, columns);
          }),
      ],
    },
  };
}
