import { chartData, shownAndFolded } from "./chart-data.ts";
import type { ChartSpec, Panel, Series } from "./chart-spec.ts";
import { figureHeading } from "./heading.ts";
import { Html, html, inlineJson } from "./html.ts";
import { swatch } from "./legend.ts";

/**
 * A figure with its numbers inside; the page's script draws it. Series without a single number give empty axes, a spec
 * without any series gives no figure.
 */
export function chart(spec: ChartSpec): Html {
  if (spec.panels.every((panel) => panel.series.length === 0)) return html``;
  const legend = new Map<string, Series>(); // listed from top to bottom: what is drawn last comes first
  for (const panel of spec.panels) for (const series of panel.series) legend.set(series.name, series);
  const { shown, folded } = shownAndFolded(spec.panels);
  const columns = spec.columns ?? Math.min(Math.max(shown.length, folded.length), 2);
  const label = (panel: Panel) => [spec.title, panel.title, spec.alt].filter(Boolean).join(". ");
  const grid = (panels: readonly Panel[]) =>
    html`<div class="panels" style="--columns:${columns}">${panels.map(
      (panel) => html`<div class="panel">${panel.title && html`<h4>${panel.title}</h4>`}
<div class="plot" role="img" tabindex="0" aria-label="${label(panel)}"></div></div>`,
    )}</div>`;
  return html`<figure class="chart" id="${spec.id}" aria-labelledby="${spec.id}-title">
${figureHeading(spec.id, spec.title)}
<div class="legend" role="group" aria-label="Curves of this figure; press to hide or show">${[...legend]
    .reverse()
    .map(
      ([name, series]) =>
        html`<button type="button" aria-pressed="true" data-series="${name}">${swatch(series)}<span>${name}</span></button>`,
    )}</div>
${shown.length > 0 && grid(shown)}${folded.length > 0 && html`<details class="folded"><summary>${summary(folded.length, shown.length)}</summary>${grid(folded)}</details>`}
<figcaption>${spec.caption}</figcaption>
<details class="numbers"><summary>Numbers of this figure</summary></details>
<script type="application/json">${new Html(inlineJson(chartData(spec)))}</script>
</figure>`;
}

/** "6 more panels". */
function summary(folded: number, shown: number): string {
  return `${folded} ${shown > 0 ? "more " : ""}panel${folded === 1 ? "" : "s"}`;
}
