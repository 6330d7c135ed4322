/// <reference lib="dom" />
// Marks that run freely in the plane, which uPlot does not have: paths and arrows.
import uPlot from "uplot";
import type { ChartData, PlottedSeries } from "../chart-data.ts";
import { dashOf, drawMarker, place } from "./marks.ts";
import { color } from "./theme.ts";

const HEAD = 4;
const HEAD_PER_WIDTH = 1.9;
/** Arrows shorter than this have no direction that could be seen; a cross of so many pixels either way stands for them, CSS pixels. */
const [SHORTEST, CROSS] = [4, 3];

/** A curve through the plane, interrupted where a number is missing, with the series' marker where it starts. */
export function drawPath(plot: uPlot, series: PlottedSeries, columns: ChartData["columns"]): void {
  const x = place(plot, columns[series.x], "x");
  const y = place(plot, columns[series.y], "y");
  const { ctx } = plot;
  const ratio = uPlot.pxRatio;
  ctx.strokeStyle = color(`ink-${series.ink}`);
  ctx.fillStyle = color(series.hollow ? "paper" : `ink-${series.ink}`);
  ctx.lineWidth = series.width * ratio;
  ctx.lineJoin = "round";
  ctx.setLineDash(dashOf(series).map((length) => length * ratio));
  ctx.beginPath();
  let down = false;
  for (let i = 0; i < x.length; i++) {
    const present = Number.isFinite(x[i] + y[i]);
    if (present && down) ctx.lineTo(x[i], y[i]);
    else if (present) ctx.moveTo(x[i], y[i]);
    down = present;
  }
  ctx.stroke();
  ctx.setLineDash([]);
  const start = x.findIndex((left, i) => Number.isFinite(left + y[i]));
  if (start >= 0) drawMarker(ctx, series, x[start], y[start]);
}

/**
 * An arrow at every point where all four numbers are there: vectors times `scale`, in units of the axes; a cross where that
 * is too short to be seen.
 */
export function drawArrows(plot: uPlot, series: PlottedSeries, columns: ChartData["columns"], scale: number): void {
  const column = (index: number) => columns[index] ?? [];
  const [x, y, dx, dy] = [series.x, series.y, series.dx, series.dy].map(column);
  const tip = (base: (number | null)[], vector: (number | null)[]) =>
    base.map((value, i) => (value === null || typeof vector[i] !== "number" ? null : value + scale * vector[i]));
  const [left, top] = [place(plot, x, "x"), place(plot, y, "y")];
  const [toLeft, toTop] = [place(plot, tip(x, dx), "x"), place(plot, tip(y, dy), "y")];
  const { ctx } = plot;
  const ratio = uPlot.pxRatio;
  const head = (HEAD + HEAD_PER_WIDTH * series.width) * ratio;
  ctx.strokeStyle = ctx.fillStyle = color(`ink-${series.ink}`);
  ctx.lineWidth = series.width * ratio;
  for (let i = 0; i < left.length; i++) {
    const [x0, y0, x1, y1] = [left[i], top[i], toLeft[i], toTop[i]];
    if (!Number.isFinite(x0 + y0 + x1 + y1)) continue;
    const length = Math.hypot(x1 - x0, y1 - y0);
    if (length < SHORTEST * ratio) {
      drawCross(ctx, x0, y0, CROSS * ratio);
      continue;
    }
    const size = Math.min(head, 0.6 * length);
    const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
    const [backX, backY] = [x1 - size * ux, y1 - size * uy];
    ctx.beginPath();
    ctx.arc(x0, y0, (0.6 * series.width + 0.4) * ratio, 0, 2 * Math.PI); // its foot
    ctx.fill();
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(backX, backY);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x1, y1);
    ctx.lineTo(backX - 0.42 * size * uy, backY + 0.42 * size * ux);
    ctx.lineTo(backX + 0.42 * size * uy, backY - 0.42 * size * ux);
    ctx.fill();
  }
}

function drawCross(ctx: CanvasRenderingContext2D, x: number, y: number, half: number): void {
  ctx.beginPath();
  for (const slope of [1, -1]) {
    ctx.moveTo(x - half, y - slope * half);
    ctx.lineTo(x + half, y + slope * half);
  }
  ctx.stroke();
}
