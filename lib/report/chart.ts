import { type Content, Html, html, inlineJson } from "./html.ts";
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
  /** Ascending. Arrays used by several series are stored once. */
  x: Numbers;
  y: Numbers;
  /** An interval at every x: a shaded band around a line, error bars on points. */
  low?: Numbers;
  high?: Numbers;
  draw?: "line" | "points" | "line+points";
  dash?: "solid" | "dashed" | "dotted";
  marker?: "circle" | "square" | "diamond" | "triangle";
  hollow?: boolean;
  /** Line width in CSS pixels. */
  width?: number;
  /** Shift of points to the right in CSS pixels, so that overlapping error bars can be told apart. */
  dodge?: number;
}

/** A labelled horizontal line. */
export interface Level {
  value: number;
  label: string;
}

export interface Panel {
  title?: string;
  series: Series[];
  levels?: Level[];
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
}

/** A series as the page's script finds it: numbers are indices into `columns`, −1 for none. */
export interface PlottedSeries extends Required<Omit<Series, "x" | "y" | "low" | "high">> {
  x: number;
  y: number;
  low: number;
  high: number;
}

/** Everything the page's script knows of a figure. */
export interface ChartData {
  columns: (number | null)[][];
  x: Axis;
  y: Axis;
  height: number;
  panels: { title: string; range: [number, number]; series: PlottedSeries[]; levels: Level[] }[];
}

/** Columns of numbers kept once however often they are used. */
class ColumnStore {
  readonly columns: (number | null)[][] = [];
  readonly #known = new Map<Numbers, number>();
  readonly #maxPoints: number;
  constructor(maxPoints: number) {
    this.#maxPoints = maxPoints;
  }

  add(numbers: Numbers | undefined): number {
    if (!numbers) return -1;
    const known = this.#known.get(numbers);
    if (known !== undefined) return known;
    const all = Array.from(numbers, (value) => (Number.isFinite(value) ? value : null));
    const kept = Math.min(all.length, this.#maxPoints);
    const column = kept < all.length ? thin(all, kept) : all;
    this.#known.set(numbers, this.columns.push(column) - 1);
    return this.columns.length - 1;
  }
}

function thin<T>(values: T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => values[Math.round((i * (values.length - 1)) / (count - 1))]!);
}

/** The range that shows all of `panels` with a little air, in the axis' own scale. */
function rangeOf(panels: Panel[], axis: Axis): [number, number] {
  if (axis.range) return axis.range;
  let [low, high] = [Infinity, -Infinity];
  const include = (value: number | null | undefined) => {
    if (typeof value !== "number" || !Number.isFinite(value) || (axis.log && value <= 0)) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const panel of panels) {
    for (const series of panel.series) {
      for (const numbers of [series.y, series.low, series.high]) if (numbers) Array.from(numbers, include);
    }
    for (const level of panel.levels ?? []) include(level.value);
  }
  if (low > high) return axis.log ? [0.1, 1] : [0, 1];
  if (axis.log) return [low / (high / low) ** 0.06 / 1.15, high * (high / low) ** 0.06 * 1.15];
  const air = high > low ? 0.06 * (high - low) : Math.abs(high) * 0.1 || 1;
  return [low - air, high + air];
}

function plotted(series: Series, store: ColumnStore): PlottedSeries {
  const { x, y, low, high, ...look } = series;
  const columns = { x: store.add(x), y: store.add(y), low: store.add(low), high: store.add(high) };
  const defaults = {
    detail: "",
    draw: "line",
    dash: "solid",
    marker: "circle",
    hollow: false,
    width: 1.75,
    dodge: 0,
  } as const;
  return { ...defaults, ...look, ...columns };
}

function chartData(spec: ChartSpec): ChartData {
  const store = new ColumnStore(spec.maxPoints ?? 300);
  const shared = spec.shareY === false ? null : rangeOf(spec.panels, spec.y);
  const panels = spec.panels.map((panel) => ({
    title: panel.title ?? "",
    range: shared ?? rangeOf([panel], spec.y),
    series: panel.series.map((series) => plotted(series, store)),
    levels: panel.levels ?? [],
  }));
  const height = spec.height ?? (spec.panels.length > 1 ? 240 : 360);
  return { columns: store.columns, x: spec.x, y: spec.y, height, panels };
}

const MARKERS = {
  circle: "M17 3.5a3.5 3.5 0 1 0 .01 0z",
  square: "M13.8 3.8h6.4v6.4h-6.4z",
  diamond: "M17 2.4l4.6 4.6-4.6 4.6-4.6-4.6z",
  triangle: "M17 2.8l4.3 7.6h-8.6z",
};
const DASHES = { solid: "none", dashed: "6 4", dotted: "2 3" };

/** The sign of a series in the legend: band, line and marker as drawn. */
function swatch(series: Series): Html {
  const ink = `var(--ink-${series.ink})`;
  const draw = series.draw ?? "line";
  const band = draw === "line" && series.low;
  const width = Math.max(series.width ?? 1.75, 1.75);
  return html`<svg width="34" height="14" aria-hidden="true" style="color:${ink}">${
    band && html`<rect y="2" width="34" height="10" fill="currentColor" opacity=".2"/>`
  }${
    draw !== "points" &&
    html`<path d="M0 7h34" stroke="currentColor" stroke-width="${width}" stroke-dasharray="${DASHES[series.dash ?? "solid"]}"/>`
  }${
    draw !== "line" &&
    html`<path d="${MARKERS[series.marker ?? "circle"]}" stroke="currentColor" stroke-width="1.5" fill="${series.hollow ? "var(--paper)" : "currentColor"}"/>`
  }</svg>`;
}

/**
 * A figure with its numbers inside; the page's script draws it. Series without a single number give empty axes, a spec
 * without any series gives no figure.
 */
export function chart(spec: ChartSpec): Html {
  if (spec.panels.every((panel) => panel.series.length === 0)) return html``;
  const legend = new Map<string, Series>(); // listed from top to bottom: what is drawn last comes first
  for (const panel of spec.panels) for (const series of panel.series) legend.set(series.name, series);
  const label = (panel: Panel) => [spec.title, panel.title, spec.alt].filter(Boolean).join(". ");
  return html`<figure class="chart" id="${spec.id}" aria-labelledby="${spec.id}-title">
<h3 id="${spec.id}-title">${spec.title}</h3>
<div class="legend" role="group" aria-label="Curves of this figure; press to hide or show">${[...legend]
    .reverse()
    .map(
      ([name, series]) =>
        html`<button type="button" aria-pressed="true" data-series="${name}">${swatch(series)}<span>${name}</span></button>`,
    )}</div>
<div class="panels" style="--columns:${spec.columns ?? Math.min(spec.panels.length, 2)}">${spec.panels.map(
    (panel) => html`<div class="panel">${panel.title && html`<h4>${panel.title}</h4>`}
<div class="plot" role="img" tabindex="0" aria-label="${label(panel)}"></div></div>`,
  )}</div>
<figcaption>${spec.caption}</figcaption>
<details class="numbers"><summary>Numbers of this figure</summary></details>
<script type="application/json">${new Html(inlineJson(chartData(spec)))}</script>
</figure>`;
}
