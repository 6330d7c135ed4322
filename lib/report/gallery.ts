import { METHODS } from "../method/pairs.ts";
import type { Metric, RunResult } from "../run/result.ts";
import { comparisonTable } from "./figures/comparison.ts";
import { runText, type Summary } from "./gallery-text.ts";
import { type Html, html } from "./html.ts";
import { MISSING } from "./number.ts";
import { page } from "./page.ts";
import { htmlTable } from "./table.ts";

/** A report in the gallery. */
export interface Exhibit {
  /** Address of the report, relative to the gallery's page. */
  href: string;
  report: ReportHead;
  result: RunResult;
  /** What is said of its errors; without it, as of a system of one's own, a few metrics are shown. */
  summary?: Summary;
}

/** What a report says of itself in its head, put there by `page`. */
export interface ReportHead {
  title: string;
  description: string;
  /** SVG text; empty if the report has none. */
  thumbnail: string;
  /** Section of the paper that it reproduces; empty for a system of one's own. */
  paperSection: string;
}

const METRICS_SHOWN = 8;
/** Methods that ours is compared with, as they occur in metric names. */
const BASELINES: readonly string[] = METHODS.filter((method) => method !== "compensator");
/** patch8 before patch16. */
const NATURAL = new Intl.Collator("en", { numeric: true });
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function unescapeHtml(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name]);
}

/** Reads title, description and thumbnail out of a report that `page` wrote; empty texts where it has none. */
export function readHead(report: string): ReportHead {
  const head = report.slice(0, report.indexOf("</head>"));
  const find = (pattern: RegExp) => unescapeHtml(pattern.exec(head)?.[1] ?? "");
  return {
    title: find(/<title>([^<]*)<\/title>/),
    description: find(/<meta name="description" content="([^"]*)">/),
    thumbnail: find(/<meta name="thumbnail" content="([^"]*)">/),
    paperSection: find(/<meta name="paper-section" content="([^"]*)">/),
  };
}

/** A few metrics of our own method: first those the paper has too, then those that are known exactly. */
function headlineMetrics(result: RunResult): Html | false {
  const rank = ({ paper, exact }: Metric) => (paper !== null ? 0 : exact !== null ? 1 : 2);
  const shown = Object.entries(result.metrics)
    .filter(([name]) => !name.split(".").some((part) => BASELINES.some((method) => part.startsWith(method))))
    .sort(([a, one], [b, other]) => rank(one) - rank(other) || NATURAL.compare(a, b))
    .slice(0, METRICS_SHOWN);
  const rows = shown.map(([name, { value, ci95, paper, exact, unit }]) => {
    const [low, high] = ci95 ?? [Number.NaN, Number.NaN];
    return { quantity: name, paper, exact, ours: { value, low, high }, unit };
  });
  return comparisonTable(rows, "", "Metric");
}

/** The errors of ours beside the others, those that are known. */
function summaryRows({ quantity, ours, floor, naive, paper }: Summary): Html {
  const all = [
    ["ours", ours],
    ["best possible", floor],
    ["naive", naive],
    ["paper", paper],
  ] as const;
  return htmlTable(
    all.filter(([, error]) => error !== MISSING),
    [
      { label: "Model", header: true, cell: ([who]) => who },
      { label: `Error of ${quantity}`, cell: ([, error]) => error },
    ],
  );
}

function card({ href, report, result, summary }: Exhibit): Html {
  const uri = `data:image/svg+xml;base64,${Buffer.from(report.thumbnail).toString("base64")}`;
  return html`<article class="card">
<h2><a href="${href}">${report.title || result.experiment}</a></h2>
${report.thumbnail && html`<a href="${href}" tabindex="-1" aria-hidden="true"><img src="${uri}" alt=""></a>`}
<p>${report.description}</p>
${summary ? summaryRows(summary) : headlineMetrics(result)}
<p class="subtitle">Profile ${result.profile}, ${runText(result)}. Repeat: <code>npm run ${result.experiment} -- --profile ${result.profile} --seed ${result.seed}</code></p>
</article>`;
}

/** In the paper's order, then by name. */
export function inOrder(exhibits: readonly Exhibit[]): Exhibit[] {
  const section = ({ report }: Exhibit) => Number.parseFloat(report.paperSection || "Infinity");
  const name = ({ result }: Exhibit) => result.experiment;
  return exhibits.toSorted((a, b) => section(a) - section(b) || (name(a) < name(b) ? -1 : 1));
}

/** The index page over all reports, as ordered. The same exhibits give the same bytes: it holds no date but theirs. */
export function galleryPage(exhibits: readonly Exhibit[]): string {
  return page({
    title: "Patchwise: gallery of experiments",
    subtitle:
      "One standard run of each experiment: the full report behind each title, and its errors beside those of a perfect model, of the naive one and of the paper.",
    description: "Reports of patchwise, one standard run per experiment",
    figures: false,
    sections: [{ id: "reports", title: "", body: html`<div class="cards">${exhibits.map(card)}</div>` }],
    footer: "Made by patchwise. Method and published values: arXiv:2511.12842.",
  });
}
