import { chartData } from "./chart-data.ts";
import { type Content, Html, html, inlineJson } from "./html.ts";
import { swatch } from "./legend.ts";
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
