/** What a figure is told: axes, series, panels. */
import type { Content } from "./html.ts";
import type { InkName } from "./palette.ts";

/** An axis: its label with unit, and optionally a logarithm's base, fixed ticks, or a fixed range. */
export interface Axis {
  label: string;
  log?: 2 | 10;
  ticks?: number[];
  range?: [number, number];
}

/** Numbers of one curve; NaN, ±∞ and null are gaps. */
export type Numbers = ArrayLike<number | null>;

/** One curve or set of points. Series of equal `name` in several panels share one entry of the legend. */
export interface Series {
  name: string;
  /** What tells it from others of the same name, shown by read-out and numbers only: "m₀ = 0.5". */
  detail?: string;
  ink: InkName;
  /** Ascending, except for paths and arrows. Equal columns of a figure are stored once. */
  x: Numbers;
  y: Numbers;
  /** What runs along a path, time for instance: shown by read-out and numbers; `ChartSpec.t` names it. */
  t?: Numbers;
  /** Arrows: the vectors at (x, y), in units of their own; `ChartSpec.arrows` says what they are and how long. */
  dx?: Numbers;
  dy?: Numbers;
  /** An interval at every x: a shaded band around a line, error bars on points. */
  low?: Numbers;
  high?: Numbers;
  /** What the intervals are: 95 % intervals (default), or one standard deviation either way. */
  interval?: "95 %" | "std";
  /** A path may run any way in the plane and starts with its marker. */
  draw?: "line" | "points" | "line+points" | "path" | "arrows";
  dash?: "solid" | "dashed" | "dotted";
  marker?: "circle" | "square" | "diamond" | "triangle";
  hollow?: boolean;
  /** Line width in CSS pixels. */
  width?: number;
  /** Shift of points to the right in CSS pixels, so that overlapping error bars can be told apart. */
  dodge?: number;
}

/** A labelled line across the panel, with an interval as a shaded band. */
export interface Level {
  value: number;
  label: string;
  low?: number;
  high?: number;
}

export interface Panel {
  title?: string;
  series: Series[];
  levels?: Level[];
  /** Labelled vertical lines. */
  verticals?: Level[];
  /** Axes of this panel alone; panels whose x has the same label share its range. */
  x?: Axis;
  y?: Axis;
  /** Stands with its like below the others, under a line such as "6 more panels" that opens them; closed in print. */
  folded?: boolean;
}

/** A figure: one chart, or small multiples of one chart that share axes and legend. */
export interface ChartSpec {
  /** Unique on the page; also the name of the CSV file. */
  id: string;
  title: string;
  /** What the reader should see in it. */
  caption: Content;
  /** The same in one sentence for those who cannot see it. */
  alt: string;
  x: Axis;
  y: Axis;
  panels: Panel[];
  columns?: 1 | 2 | 3;
  /** Height of a panel in CSS pixels. */
  height?: number;
  /** One range of y for all panels (default), or each its own. */
  shareY?: boolean;
  /** Longer series are thinned to this many evenly picked points (ends kept), so use it for smooth curves only. */
  maxPoints?: number;
  /** The label of what runs along paths. */
  t?: string;
  /** Labels of the two components of arrows, and how long they are: units of the axes per unit of the vector. */
  arrows?: { dx: string; dy: string; scale: number };
}

/** Texts and axes of a figure whose panels come from data. */
export type Frame = Omit<ChartSpec, "panels">;
