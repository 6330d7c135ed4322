import type { Series } from "./chart-spec.ts";
import { type Html, html } from "./html.ts";

const MARKERS = {
  circle: "M17 3.5a3.5 3.5 0 1 0 .01 0z",
  square: "M13.8 3.8h6.4v6.4h-6.4z",
  diamond: "M17 2.4l4.6 4.6-4.6 4.6-4.6-4.6z",
  triangle: "M17 2.8l4.3 7.6h-8.6z",
};
const DASHES = { solid: "none", dashed: "6 4", dotted: "2 3" };

/** The sign of a series in the legend as it is drawn: band, line, marker (of a path at its start), error bar, arrow head. */
export function swatch(series: Series): Html {
  const ink = `var(--ink-${series.ink})`;
  const draw = series.draw ?? "line";
  const interval = series.low && Array.from(series.low).some((end) => Number.isFinite(end));
  const band = draw === "line" && interval;
  const points = draw === "points" || draw === "line+points";
  const width = Math.max(series.width ?? 1.75, 1.75);
  const end = draw === "arrows" ? 26 : 34;
  return html`<svg width="34" height="14" aria-hidden="true">${
    band && html`<rect y="2" width="34" height="10" fill="${ink}" style="opacity:var(--band)"/>`
  }${
    draw !== "points" &&
    html`<path d="M0 7h${end}" stroke="${ink}" stroke-width="${width}" stroke-dasharray="${DASHES[series.dash ?? "solid"]}"/>`
  }${
    points && interval && html`<path d="M17 .5v13M14.5.5h5M14.5 13.5h5" stroke="${ink}" stroke-width="1.25"/>`
  }${draw === "arrows" && html`<path d="M24 ${5 - width}l10 ${2 + width}-10 ${2 + width}z" fill="${ink}"/>`}${
    (points || draw === "path") &&
    html`<path${draw === "path" && html` transform="translate(-12)"`}${series.small && html` transform="translate(7.6 3.1) scale(.55)"`} d="${MARKERS[series.marker ?? "circle"]}" stroke="${ink}" stroke-width="1.5" fill="${series.hollow ? "var(--paper)" : ink}"/>`
  }</svg>`;
}
