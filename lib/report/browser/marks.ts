/// <reference lib="dom" />
import uPlot from "uplot";
import type { ChartData, PlottedSeries } from "../chart-data.ts";
import { color } from "./theme.ts";

type Columns = ChartData["columns"];
type Context = CanvasRenderingContext2D;

const MARKER_RADIUS = 3.6;
const SMALL_RADIUS = 2;
const ERROR_BAR_CAP = 3;
/** Length and half the width of the arrowheads that point to what is outside the frame, CSS pixels. */
const [POINTER, POINTER_HALF] = [7, 4];

/** Canvas positions of a column; NaN where there is no number. Not positive on a logarithmic axis: far below it. */
export function place(plot: uPlot, column: Columns[number] | undefined, key: "x" | "y"): number[] {
  const scale = plot.scales[key];
  return (column ?? []).map((value) => {
    if (value === null) return Number.NaN;
    return plot.valToPos(scale.distr === 3 && value <= 0 ? (scale.min ?? 1) / 10 : value, key, true);
  });
}

/** Calls `draw` with the canvas clipped to the plotting area. */
export function clipped(plot: uPlot, draw: () => void): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}

/** The shaded interval around a line, interrupted where a bound is missing. */
export function drawBand(plot: uPlot, series: PlottedSeries, columns: Columns): void {
  const x = place(plot, columns[series.x], "x");
  const low = place(plot, columns[series.low], "y");
  const high = place(plot, columns[series.high], "y");
  const { ctx } = plot;
  ctx.fillStyle = color(`ink-${series.ink}`);
  ctx.globalAlpha = Number(color("band"));
  for (let start = 0; start < x.length; start++) {
    let end = start;
    while (end < x.length && Number.isFinite(x[end] + low[end] + high[end])) end++;
    if (end === start) continue;
    ctx.beginPath();
    for (let i = start; i < end; i++) ctx.lineTo(x[i], high[i]);
    for (let i = end - 1; i >= start; i--) ctx.lineTo(x[i], low[i]);
    ctx.fill();
    start = end;
  }
  ctx.globalAlpha = 1;
}

function polygon(ctx: Context, points: number[]): void {
  for (let i = 0; i < points.length; i += 2) ctx.lineTo(points[i], points[i + 1]);
  ctx.closePath();
}

const MARKERS: Record<PlottedSeries["marker"], (ctx: Context, x: number, y: number, r: number) => void> = {
  circle: (ctx, x, y, r) => ctx.arc(x, y, r, 0, 2 * Math.PI),
  square: (ctx, x, y, r) => ctx.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  diamond: (ctx, x, y, r) => polygon(ctx, [x, y - 1.3 * r, x + 1.3 * r, y, x, y + 1.3 * r, x - 1.3 * r, y]),
  triangle: (ctx, x, y, r) => polygon(ctx, [x, y - 1.2 * r, x + 1.15 * r, y + 0.9 * r, x - 1.15 * r, y + 0.9 * r]),
};

/** The marker of a series at a place on the canvas; the caller has set colours. */
export function drawMarker(ctx: Context, series: PlottedSeries, x: number, y: number): void {
  ctx.lineWidth = 1.5 * uPlot.pxRatio;
  ctx.beginPath();
  MARKERS[series.marker](ctx, x, y, (series.small ? SMALL_RADIUS : MARKER_RADIUS) * uPlot.pxRatio);
  ctx.fill();
  ctx.stroke();
}

/** An arrowhead at the upper or lower edge of the frame: something goes on outside. */
function drawPointer(ctx: Context, x: number, edge: number, up: boolean): void {
  const [length, half] = [POINTER * uPlot.pxRatio, POINTER_HALF * uPlot.pxRatio];
  const base = up ? edge + length : edge - length;
  ctx.beginPath();
  polygon(ctx, [x, edge, x - half, base, x + half, base]);
  ctx.fill();
  ctx.stroke();
}

/**
 * Markers with error bars; also the thin line between them where the series wants both. Ends of bars outside the frame, and points
 * outside it, are arrowheads at its edge.
 */
export function drawPoints(plot: uPlot, series: PlottedSeries, columns: Columns): void {
  const ratio = uPlot.pxRatio;
  const x = place(plot, columns[series.x], "x").map((at) => at + series.dodge * ratio);
  const y = place(plot, columns[series.y], "y");
  const low = place(plot, columns[series.low], "y");
  const high = place(plot, columns[series.high], "y");
  const { ctx, bbox } = plot;
  const [top, bottom] = [bbox.top, bbox.top + bbox.height];
  const ink = color(`ink-${series.ink}`);
  const fill = series.hollow ? color("paper") : ink;
  ctx.strokeStyle = ink;
  ctx.lineWidth = series.width * ratio;
  if (series.draw === "line+points") {
    ctx.setLineDash(dashOf(series).map((length) => length * ratio));
    ctx.beginPath();
    for (let i = 0; i < x.length; i++) if (Number.isFinite(x[i] + y[i])) ctx.lineTo(x[i], y[i]);
    ctx.stroke();
  }
  ctx.setLineDash([]); // that of a line drawn before may still be set
  ctx.lineWidth = 1.5 * ratio;
  for (let i = 0; i < x.length; i++) {
    const [at, center] = [x[i], y[i]];
    if (!Number.isFinite(at + center)) continue;
    const inside = center >= top && center <= bottom;
    for (const end of [low[i], high[i]]) {
      if (!(Math.abs(end - center) >= 1)) continue;
      const seen = Math.max(top, Math.min(bottom, end));
      ctx.beginPath();
      ctx.moveTo(at, Math.max(top, Math.min(bottom, center)));
      ctx.lineTo(at, seen);
      if (seen === end) {
        ctx.moveTo(at - ERROR_BAR_CAP * ratio, end);
        ctx.lineTo(at + ERROR_BAR_CAP * ratio, end);
      }
      ctx.stroke();
      ctx.fillStyle = ink;
      if (seen !== end && inside) drawPointer(ctx, at, seen, end < top);
    }
    ctx.fillStyle = fill;
    if (inside) drawMarker(ctx, series, at, center);
    else drawPointer(ctx, at, center < top ? top : bottom, center < top);
  }
}

/** Lengths of dashes and gaps in CSS pixels. */
export function dashOf(series: PlottedSeries): number[] {
  return { solid: [], dashed: [7, 4], dotted: [2, 3] }[series.dash];
}
