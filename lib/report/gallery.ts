import { table } from "arquero";
import type { Metric, RunResult } from "../run/result.ts";
import { type Html, html } from "./html.ts";
import { formatEstimate } from "./number.ts";
import { page } from "./page.ts";
import { htmlTable } from "./table.ts";

/** A report in the gallery. */
export interface Exhibit {
  /** Address of the report, relative to the gallery's page. */
  href: string;
  report: ReportHead;
  result: RunResult;
}

/** What a report says of itself in its head, put there by `page`. */
export interface ReportHead {
  title: string;
  description: string;
  /** SVG text; empty if the report has none. */
  thumbnail: string;
}

/** The order of the paper; other experiments follow by name. */
const ORDER = ["curie-weiss", "predator-prey", "ising", "critical-ising", "alloy"];
const METRICS_SHOWN = 8;
/** Methods that ours is compared with, as they occur in metric names. */
const BASELINES = ["increment", "naive", "small"];
/** patch8 before patch16. */
const NATURAL = new Intl.Collator("en", { numeric: true });
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function unescapeHtml(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name]!);
}

/** Reads title, description and thumbnail out of a report that `page` wrote; empty texts where it has none. */
export function readHead(report: string): ReportHead {
  const head = report.slice(0, report.indexOf("</head>"));
  const find = (pattern: RegExp) => unescapeHtml(pattern.exec(head)?.[1] ?? "");
  return {
    title: find(/<title>([^<]*)<\/title>/),
    description: find(/<meta name="description" content="([^"]*)">/),
    thumbnail: find(/<meta name="thumbnail" content="([^"]*)">/),
  };
}

/** A few metrics of our own method: first those the paper has too, then those that are known exactly. */
function headlineMetrics(result: RunResult): Html | false {
  const rank = ({ paper, exact }: Metric) => (paper !== null ? 0 : exact !== null ? 1 : 2);
  const shown = Object.entries(result.metrics)
    .filter(([name]) => !name.split(".").some((part) => BASELINES.includes(part)))
    .sort(([a, one], [b, other]) => rank(one) - rank(other) || NATURAL.compare(a, b))
    .slice(0, METRICS_SHOWN);
  if (shown.length === 0) return false;
  const estimates = shown.map(([, { value, ci95 }]) => formatEstimate(value, ci95?.[0], ci95?.[1]));
  const columns = table({
    metric: shown.map(([name, { unit }]) => (unit === "1" ? name : `${name} [${unit}]`)),
    paper: shown.map(([, metric]) => metric.paper),
    exact: shown.map(([, metric]) => metric.exact),
    ours: shown.map(([, metric]) => metric.value),
    interval: estimates.map((estimate) => estimate.interval),
    index: shown.map((_, i) => i),
  });
  return htmlTable(columns, {
    metric: { label: "Metric", header: true },
    paper: { label: "Paper", format: 3 },
    exact: { label: "Exact", format: 5 },
    ours: { label: "This run", format: (_, row) => estimates[row.index as number]!.value },
    interval: { label: "95 % interval", text: true },
  });
}

function card({ href, report, result }: Exhibit): Html {
  const uri = `data:image/svg+xml;base64,${Buffer.from(report.thumbnail).toString("base64")}`;
  return html`<article class="card">
<h2><a href="${href}">${report.title || result.experiment}</a></h2>
${report.thumbnail && html`<a href="${href}" tabindex="-1" aria-hidden="true"><img src="${uri}" alt=""></a>`}
<p>${report.description}</p>
${headlineMetrics(result)}
<p class="subtitle">Profile ${result.profile}, seed ${result.seed}, ${result.adapter.name}. Repeat: <code>npm run ${result.experiment} -- --profile ${result.profile} --seed ${result.seed}</code></p>
</article>`;
}

/** The index page over all reports, in the paper's order. The same exhibits give the same bytes: it holds no date. */
export function galleryPage(exhibits: readonly Exhibit[]): string {
  const rank = ({ result }: Exhibit) => {
    const at = ORDER.indexOf(result.experiment);
    return at < 0 ? ORDER.length : at;
  };
  const name = (exhibit: Exhibit) => exhibit.result.experiment;
  const sorted = exhibits.toSorted((a, b) => rank(a) - rank(b) || (name(a) < name(b) ? -1 : 1));
  return page({
    title: "Patchwise: gallery of experiments",
    subtitle:
      "One standard run of each experiment: the full report behind each title, and its main numbers beside the paper’s and the exact ones.",
    description: "Reports of patchwise, one standard run per experiment",
    figures: false,
    sections: [{ id: "reports", title: "", body: html`<div class="cards">${sorted.map(card)}</div>` }],
    footer: "Made by patchwise. Method and published values: arXiv:2511.12842.",
  });
}
