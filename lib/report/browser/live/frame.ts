/// <reference lib="dom" />
// A frame with axes in which everything is drawn by hand: what stays, and on a canvas above it what moves.
import uPlot from "uplot";
import type { Axis } from "../../chart-spec.ts";
import { axisOptions } from "../axes.ts";
import { element } from "../element.ts";
import { clipped } from "../marks.ts";

type Range = readonly [number, number];

/** Where drawing goes, and places of values on it. */
export interface Sheet {
  readonly ctx: CanvasRenderingContext2D;
  /** Canvas pixels for each CSS pixel. */
  readonly ratio: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  x(value: number): number;
  y(value: number): number;
}

export interface Frame {
  /** The part inside the axes. */
  readonly over: HTMLElement;
  /** Draws what stays again, with other ranges where these are given. */
  redraw(ranges?: { x?: Range; y?: Range }): void;
  /** Draws what moves again. */
  move(): void;
  /** At the present width. */
  resize(): void;
  valueAt(left: number, top: number): [number, number];
  /** CSS pixels from the corner of `over`. */
  placeOf(x: number, y: number): [number, number];
}

export interface FrameOptions {
  readonly x: Axis & { range: [number, number] };
  readonly y: Axis & { range: [number, number] };
  height(width: number): number;
  /** What stays, and what moves. */
  still(sheet: Sheet): void;
  moving(sheet: Sheet): void;
  /** Places may be others than before. */
  placed?(): void;
}

export function frame(host: HTMLElement, { x, y, height, still, moving, placed }: FrameOptions): Frame {
  const ranges: { x: Range; y: Range } = { x: x.range, y: y.range };
  const pair = ([low, high]: Range): [number, number] => [low, high];
  const above = element("canvas");
  const size = () => ({ width: host.clientWidth, height: height(host.clientWidth) });
  const draw = (plot: uPlot) => {
    const { left, top, width, height: tall } = plot.bbox;
    const place = (key: "x" | "y") => (value: number) => plot.valToPos(value, key, true);
    const ratio = uPlot.pxRatio;
    clipped(plot, () => still({ ctx: plot.ctx, ratio, left, top, width, height: tall, x: place("x"), y: place("y") }));
  };
  let after = () => {};
  const plot = new uPlot(
    {
      ...size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [10, 12, 0, 0],
      scales: { x: { time: false, range: () => pair(ranges.x) }, y: { time: false, range: () => pair(ranges.y) } },
      axes: [axisOptions(x, false), axisOptions(y, true)],
      series: [{}, { paths: () => null, points: { show: false } }],
      // uPlot draws a moment after it is told to.
      hooks: { drawAxes: [draw], draw: [() => after()] },
    },
    [
      [0, 1],
      [null, null],
    ],
    host,
  );
  plot.over.append(above);
  above.className = "live-above";
  const move = () => {
    const { clientWidth: wide, clientHeight: tall } = plot.over;
    const ratio = uPlot.pxRatio;
    const [width, height] = [Math.round(wide * ratio), Math.round(tall * ratio)];
    if (above.width !== width || above.height !== height) [above.width, above.height] = [width, height];
    const ctx = above.getContext("2d");
    if (!ctx) return;
    ctx.clearRect(0, 0, width, height);
    const place = (key: "x" | "y") => (value: number) => plot.valToPos(value, key) * ratio;
    moving({ ctx, ratio, left: 0, top: 0, width, height, x: place("x"), y: place("y") });
  };
  after = () => {
    move();
    placed?.();
  };
  const redraw = (other: { x?: Range; y?: Range } = {}) => {
    const { x: across = ranges.x, y: up = ranges.y } = other;
    const changed = across !== ranges.x || up !== ranges.y;
    [ranges.x, ranges.y] = [across, up];
    if (changed) plot.setData(plot.data);
    else plot.redraw(false, true);
  };
  return {
    over: plot.over,
    redraw,
    move,
    resize: () => {
      if (host.clientWidth > 0 && host.clientWidth !== plot.width) plot.setSize(size());
    },
    valueAt: (left, top) => [plot.posToVal(left, "x"), plot.posToVal(top, "y")],
    placeOf: (a, b) => [plot.valToPos(a, "x"), plot.valToPos(b, "y")],
  };
}

/** A line through points; points that are no numbers interrupt it. */
export function line({ ctx, x, y }: Sheet, xs: ArrayLike<number>, ys: ArrayLike<number>): void {
  let down = false;
  ctx.beginPath();
  for (let k = 0; k < xs.length; k++) {
    const present = Number.isFinite(xs[k] + ys[k]);
    if (present && down) ctx.lineTo(x(xs[k]), y(ys[k]));
    else if (present) ctx.moveTo(x(xs[k]), y(ys[k]));
    down = present;
  }
  ctx.stroke();
}

/** The area between two curves. */
export function band(
  { ctx, x, y }: Sheet,
  xs: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): void {
  ctx.beginPath();
  for (let k = 0; k < xs.length; k++) ctx.lineTo(x(xs[k]), y(high[k]));
  for (let k = xs.length - 1; k >= 0; k--) ctx.lineTo(x(xs[k]), y(low[k]));
  ctx.fill();
}
