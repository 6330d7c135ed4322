import type { Finished } from "../run/publish.ts";
import type { RunResult } from "../run/result.ts";
import { training } from "./figures/training.ts";
import { type Guide, howToRead } from "./how-to-read.ts";
import { type Content, Html, html } from "./html.ts";
import { page, type Section } from "./page.ts";
import { commitOf, finishedAt, provenance } from "./provenance.ts";
import { type Stroke, thumbnail } from "./thumbnail.ts";
import { type Tile, tiles } from "./tiles.ts";

/** What is particular to the report of an experiment. */
interface ReportSpec extends Finished {
  title: string;
  /** What was simulated: the first words under the title. */
  subject: Content;
  /** The key numbers in two or three sentences, also for the gallery; null where nothing was measured. */
  lead: Html | null;
  /** The first figure, beside the tiles: what was predicted on top of what is true. */
  hero?: Html | false;
  /** The numbers that matter most, with what they are to be compared with. */
  tiles?: readonly (Tile | false)[];
  /** For those who have not seen the experiment. */
  guide?: Guide;
  /** What follows in the summary. */
  summary?: Content;
  /** The other parts; those whose body is false are left out. */
  sections: readonly Section[];
  /** Curves for the gallery. */
  strokes: readonly Stroke[];
  /** Section of the paper that it reproduces. */
  paperSection?: string;
}

/** The last lines of every report. */
export const CREDITS = html`Made by patchwise. Method and published values: M. Chen, P. Huang, K. S. Novoselov, Q. Li, “Scalable learning of macroscopic
stochastic dynamics”, arXiv:2511.12842. Figures: drag to zoom, double-click to reset, arrow keys to read values.`;

/** `body` where at least one of the lists has something to show. */
export function ifAny(lists: readonly { length: number }[], body: Content): Content {
  return lists.some((list) => list.length > 0) && body;
}

/** What went wrong, where the reader looks first. */
function warningBox({ warnings = [] }: RunResult): Html | false {
  if (warnings.length === 0) return false;
  const items = warnings.map((warning) => html`<li>${warning}.</li>`);
  return html`<div class="warning" role="note"><p>${NOT_WELL}:</p><ul>${items}</ul></div>`;
}
const NOT_WELL = "Not everything went well in this run";

/** The same as a sentence, for those who see the description alone. */
const warningText = ({ warnings = [] }: RunResult) =>
  warnings.length > 0 ? `${NOT_WELL}: ${warnings.join("; ")}. ` : "";

/** Which seeds the numbers are of, and what their intervals leave out where that is one. */
function seedsOf({ seed, parameters: { seeds } }: RunResult): string {
  if (seeds === 1) return `seed ${seed} alone (intervals do not hold the variation from seed to seed)`;
  return typeof seeds === "number" ? `seeds ${seed} to ${seed + seeds - 1}` : `seed ${seed}`;
}

/** Sizes such as 8 × 8 stay on one line. */
const unbroken = (text: Html) => new Html(text.toString().replace(/(?<=\d) × (?=\d)/g, "\u00a0×\u00a0"));

/** The report of an experiment as one HTML document: the summary, its own sections, how networks were trained, and how to repeat the run. */
export function report(spec: ReportSpec): string {
  const { result, command, trainings, title, subject, lead, guide, summary, sections, strokes, paperSection } = spec;
  const text = lead?.toString().replace(/<[^>]*>/g, "");
  return page({
    title,
    subtitle: html`${subject} · profile ${result.profile}, ${seedsOf(result)} · ${[result.adapter.name, finishedAt(result), commitOf(result)].filter(Boolean).join(" · ")}`,
    description: `${warningText(result)}${text?.replace(/\s+/g, " ") ?? title}`,
    sections: [
      {
        id: "summary",
        title: "Summary",
        body: html`${warningBox(result)}${lead && html`<p class="lead">${unbroken(lead)}</p>`}
<div class="first">${spec.hero}${tiles(spec.tiles ?? [])}</div>
${guide && howToRead(guide)}${summary}`,
      },
      ...[...sections, { id: "loss", title: "Training of the networks", body: training(trainings) }].filter(
        ({ body }) => body !== false,
      ),
      provenance(result, command),
    ],
    thumbnail: thumbnail(strokes),
    paperSection,
    footer: CREDITS,
  });
}
