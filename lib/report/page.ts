import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Content, Html, html } from "./html.ts";
import { LIVE_STYLE } from "./live-style.ts";
import { STYLE } from "./style.ts";

/** A part of the page with its heading; the headings make the list of contents. */
export interface Section {
  /** Anchor, unique on the page. */
  id: string;
  /** May be empty where a page has one section only. */
  title: string;
  body: Content;
  /** Whether it integrates an equation, which the page's script has to know how to (live-equation.ts). */
  live?: boolean;
}

export interface PageSpec {
  title: string;
  subtitle: Content;
  /** One or two plain sentences: the page's description, which the gallery also shows. */
  description: string;
  sections: Section[];
  /** A small picture for the gallery, as SVG text. */
  thumbnail?: string;
  /** Section of the paper that the page reproduces, which is its place in the gallery. */
  paperSection?: string;
  /** Last lines; citations in plain text. */
  footer?: Content;
  /** A page without figures carries no script. */
  figures?: boolean;
}

/** Only what the page itself holds may load: nothing can come from, or go to, the network. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const CHART_STYLE = readFileSync(fileURLToPath(import.meta.resolve("uplot/dist/uPlot.min.css")), "utf8");
const [SCRIPT, LIVE_SCRIPT] = await Promise.all(
  [new URL("./browser/main.ts", import.meta.url), new URL("./browser/live/main.ts", import.meta.url)].map(bundle),
);

/** The browser's part with uPlot in it, as the text of one classic script. */
async function bundle(entry: URL): Promise<string> {
  const built = await Bun.build({
    entrypoints: [fileURLToPath(entry)],
    target: "browser",
    format: "iife",
    minify: true,
  });
  const text = await built.outputs[0].text();
  return text.trim().replaceAll("</script", "<\\/script");
}

/** Throws where two elements have the same id: links would lead to the first. */
function requireUniqueIds(markup: Html): void {
  const ids = new Set<string>();
  const repeated = new Set<string>();
  const element = (node: HTMLRewriterTypes.Element) => {
    const id = node.getAttribute("id") ?? "";
    if (ids.has(id)) repeated.add(id);
    ids.add(id);
  };
  new HTMLRewriter().on("[id]", { element }).transform(markup.toString());
  if (repeated.size > 0) throw new Error(`elements of one page have the same id: ${[...repeated].join(", ")}`);
}

/**
 * A whole self-contained HTML document: styles, script, data and pictures are inside. Throws where two of its elements
 * have the same id.
 */
export function page(spec: PageSpec): string {
  const { sections, figures = true } = spec;
  const live = sections.some((section) => section.live);
  const markup = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="patchwise">
<meta name="description" content="${spec.description}">
${spec.thumbnail && html`<meta name="thumbnail" content="${spec.thumbnail}">`}
${spec.paperSection && html`<meta name="paper-section" content="${spec.paperSection}">`}
<link rel="icon" href="data:,">
<title>${spec.title}</title>
<style>${new Html(`${figures ? CHART_STYLE : ""}${STYLE}${live ? LIVE_STYLE : ""}`)}</style>
</head>
<body>
<header class="top">
<h1>${spec.title}</h1>
${figures && html`<button type="button" id="theme">Theme</button>`}
<div class="subtitle">${spec.subtitle}</div>
${sections.length > 2 && html`<nav class="contents" aria-label="Contents"><ol>${sections.map((section) => html`<li><a href="#${section.id}">${section.title}</a></li>`)}</ol></nav>`}
</header>
<main>
${figures && html`<noscript><p>The figures are drawn by the script inside this file, which your browser has switched off. Text and tables are complete without it.</p></noscript>`}
${sections.map(
  (section) => html`<section id="${section.id}"${section.title && html` aria-labelledby="${section.id}-heading"`}>
${section.title && html`<h2 id="${section.id}-heading">${section.title}</h2>`}
${section.body}
</section>
`,
)}</main>
<footer class="end"><p>${spec.footer}</p></footer>
${figures && html`<script>${new Html(live ? LIVE_SCRIPT : SCRIPT)}</script>`}
</body>
</html>
`;
  requireUniqueIds(markup);
  return markup.toString();
}
