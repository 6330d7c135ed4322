// The texts of the gallery in Markdown: reports/gallery/README.md, and the table of results in the README of the project.
// All numbers come from result.json, so that the same results give the same bytes.
import { InputError } from "../errors.ts";
import { formatDuration } from "../run/duration.ts";
import type { RunResult } from "../run/result.ts";
import { markdownTable } from "./markdown.ts";
import { formatNumber, MISSING } from "./number.ts";
import { commitOf } from "./provenance.ts";

/** What an experiment says of its result. */
export interface GalleryText {
  /** Patterns of names of the metrics that the report of a sweep draws. */
  readonly headlines: readonly string[];
  /** What stands in the table of all experiments. */
  summary(result: RunResult): Summary;
  /** Its part of the gallery's text: paragraphs and tables, without the heading. */
  section(result: RunResult): string;
}

/** A line of the table of all experiments; errors with their unit. */
export interface Summary {
  /** A few words: the large system. */
  readonly system: string;
  readonly patches: string;
  /** Of what the error is. */
  readonly quantity: string;
  readonly ours: string;
  /** Of a perfect model, which the sampling of both sides leaves. */
  readonly floor: string;
  readonly naive: string;
  readonly paper: string;
}

/** An experiment on show. */
export interface Shown {
  readonly title: string;
  readonly result: RunResult;
  readonly text: GalleryText;
}

const [BEGIN, END] = ["<!-- results: written by npm run gallery -->", "<!-- end of results -->"];
const PERCENT = 100;

/** A relative error in %, two digits; "—" where there is none. */
export function percentText(error: number | null | undefined): string {
  if (typeof error !== "number" || !Number.isFinite(error)) return MISSING;
  const percent = PERCENT * error;
  return `${percent >= 1000 ? "> 1000" : formatNumber(percent, 2)} %`;
}

/** The root of a relative squared error, in the same way. */
export const rmsText = (square: number | null | undefined) => percentText(Math.sqrt(square ?? Number.NaN));

/** Which run a result is of: seed, commit and date as far as they are known, how long it took and on what. */
export function runText(result: RunResult): string {
  const { seed, date, seconds, adapter } = result;
  const commit = commitOf(result);
  const parts = [
    `seed ${seed}`,
    ...(commit ? [commit] : []),
    ...(date ? [date.slice(0, "2000-01-01".length)] : []),
    `${formatDuration(seconds.total ?? 0)} on ${adapter.name}`,
  ];
  return parts.join(", ");
}

/** The table of all experiments; `folder`: of the gallery, from where the table stands. */
export function summaryTable(shown: readonly Shown[], folder: string): string {
  const header = ["large system", "learned from", "error of", "ours", "best possible", "naive", "paper"];
  const rows = shown.map(({ result, text }) => {
    const { system, patches, quantity, ours, floor, naive, paper } = text.summary(result);
    const address = `${folder}README.md#${result.experiment}`;
    return [`[${system}](${address})`, patches, quantity, `**${ours}**`, floor, naive, paper];
  });
  return markdownTable(header, rows);
}

/** README with the table between its marks. Throws InputError where there are no marks. */
export function withSummary(readme: string, table: string): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from < 0 || to < from) {
    throw new InputError(`README.md has no lines "${BEGIN}" and "${END}": put them back where the table is to stand`);
  }
  return `${readme.slice(0, from + BEGIN.length)}\n\n${table}\n\n${readme.slice(to)}`;
}

/** The text of the gallery. */
export function galleryText(shown: readonly Shown[]): string {
  const sections = shown.map(({ title, result, text }) => {
    const { experiment, profile, seed } = result;
    return `<a id="${experiment}"></a>

## ${title}

\`npm run ${experiment} -- --profile ${profile} --seed ${seed}\` (${runText(result)}): [report](${experiment}/index.html), [all numbers](${experiment}/result.json).

${text.section(result)}`;
  });
  return `# Results

This page is written by \`npm run gallery\` from the \`result.json\` of one run of each experiment; no number in it is typed by hand. The
[reports](index.html) have the figures. What other commands measured stands in [measured.md](measured.md), words are explained in the
[glossary](../../lib/README.md#glossary).

Intervals are 95 %; errors and distances are geometric means over the seeds of a run, their intervals on a logarithmic scale. "Best possible"
is what a perfect model would score, as predictions and truth are samples. Methods: \`compensator\` (ours) and \`increment\` (the paper's) move one patch
at a time and rest the others; \`naive\` takes the change of a patch for that of the whole, \`small\` learns from a system that is no larger than a patch.

${sections.join("\n\n")}
`;
}
