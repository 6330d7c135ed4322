import type { Series } from "./chart-spec.ts";
import { type Html, html } from "./html.ts";

const MARKERS = {
  circle: "M17 3.5a3.5 3.5 0 1 0 .01 0z",
  square: "M13.8 3.8h6.4v6.4h-6.4z",
  diamond: "M17 2.4l4.6 4.6-4.6 4.6-4.6-4.6z",
  triangle: "M17 2.8l4.3 7.6h-8.6z",
};
const DASHES = { solid: "none", dashed: "6 4", dotted: "2 3" };

/** The sign of a series in the legend: band, line, marker and arrow head as drawn. */
export function swatch(series: Series): Html {
  const ink = `var(--ink-${series.ink})`;
  const draw = series.draw ?? "line";
  const band = draw === "line" && series.low;
  const width = Math.max(series.width ?? 1.75, 1.75);
  const end = draw === "arrows" ? 26 : 34;
  return html`<svg width="34" height="14" aria-hidden="true" style="color:${ink}">${
    band && html`<rect y="2" width="34" height="10" fill="currentColor" opacity=".2"/>`
  }${
    draw !== "points" &&
    html`<path d="M0 7h${end}" stroke="currentColor" stroke-width="${width}" stroke-dasharray="${DASHES[series.dash ?? "solid"]}"/>`
  }${draw === "arrows" && html`<path d="M24 ${5 - width}l10 ${2 + width}-10 ${2 + width}z" fill="currentColor"/>`}${
    (draw === "points" || draw === "line+points") &&
    html`<path d="${MARKERS[series.marker ?? "circle"]}" stroke="currentColor" stroke-width="1.5" fill="${series.hollow ? "var(--paper)" : "currentColor"}"/>`
  }</svg>`;
}
