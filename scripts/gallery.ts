// Puts one standard run of each experiment on show: report and result go to reports/gallery/<experiment>/, with an index page and a text
// (README.md) over all of them, a drawing of the method (method.svg), and the table of results in the README of the project. Of several runs it takes that
// of the default seed; of two of these the newest, by the date in result.json (times of files do not survive a checkout). An experiment whose better run
// is on show already stays as it is.
//
//   npm run gallery                         a second
//   npm run gallery -- --from DIR --to DIR --readme FILE
//   npm run gallery -- --help
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { InputError } from "../lib/errors.ts";
import { curieWeissDrawing } from "../lib/experiments/curie-weiss/drawing.ts";
import { CURIE_WEISS_TEXT } from "../lib/experiments/curie-weiss/gallery.ts";
import { ISING_TEXT } from "../lib/experiments/ising/gallery.ts";
import { CRITICAL_TEXT } from "../lib/experiments/ising-critical/gallery.ts";
import { NBMOTA_TEXT } from "../lib/experiments/nbmota/gallery.ts";
import { PREDATOR_PREY_TEXT } from "../lib/experiments/predator-prey/gallery.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { type Exhibit, galleryPage, inOrder, readHead } from "../lib/report/gallery.ts";
import { type GalleryText, galleryText, runText, summaryTable, withSummary } from "../lib/report/gallery-text.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { commandText } from "../lib/run/command-text.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { PROJECT_ROOT } from "../lib/run/provenance.ts";
import { parseResult } from "../lib/run/result.ts";

const COMMAND = {
  name: "gallery",
  about:
    "Copies report and result of one standard run of each experiment (of the default seed where there is one, the newest) to DIR/<experiment>, writes an index page and a text over all, and renews the table of results in the README. Paths are relative to the project.",
  parameters: {
    from: { kind: "text", default: "reports", meaning: "folder with <experiment>/standard-<seed>/ runs" },
    to: { kind: "text", default: "reports/gallery", meaning: "folder for the gallery" },
    readme: { kind: "text", default: "README.md", meaning: "file whose table of results is renewed; none: no file" },
  },
} as const;

/** The gallery is committed: no file of it may be larger, MB. Results hold the formulas of all equations beside their numbers. */
const MAX_MEGABYTES = { "index.html": 1, "result.json": 2 } as const;

/** That of every experiment, where no other is asked for. */
const DEFAULT_SEED = 1;

const shown = (path: string) => relative(process.cwd(), path) || ".";
/** The address of a folder as seen from another one. */
const between = (from: string, to: string) => relative(from, to).split(sep).join("/");
const folders = (path: string) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

/** The finished standard runs, as folder names. */
const standardRuns = (folder: string) =>
  folders(folder).filter(
    (name) =>
      /^standard-\d+$/.test(name) &&
      ["index.html", "result.json"].every((file) => existsSync(join(folder, name, file))),
  );

function readSmall(folder: string, file: keyof typeof MAX_MEGABYTES): string {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  const [size, most] = [Buffer.byteLength(text) / 1e6, MAX_MEGABYTES[file]];
  if (size > most) {
    throw new InputError(`${shown(path)} has ${size.toFixed(2)} MB, the gallery takes at most ${most} MB of it`);
  }
  return text;
}

/** A run, and where it lies; `onShow`: in the gallery. */
interface Candidate {
  readonly experiment: string;
  readonly folder: string;
  readonly onShow: boolean;
  readonly report: string;
  readonly json: string;
  readonly exhibit: Exhibit;
}

/** Reads and checks the two files of a run. */
function readRun(experiment: string, folder: string, onShow: boolean): Candidate {
  const [report, json] = [readSmall(folder, "index.html"), readSmall(folder, "result.json")];
  const source = shown(join(folder, "result.json"));
  const result = parseResult(json, source);
  if (result.experiment !== experiment) {
    throw new InputError(`${source} is of ${result.experiment}, but lies in a folder of ${experiment}: move it there`);
  }
  const exhibit = { href: `${encodeURIComponent(experiment)}/index.html`, report: readHead(report), result };
  return { experiment, folder, onShow, report, json, exhibit };
}

/** Whether `a` is to be shown before `b`: the default seed, then the newest date, then the lowest seed, then one that is not on show yet. */
function order(a: Candidate, b: Candidate): number {
  const [one, other] = [a, b].map(({ exhibit: { result }, onShow }) => ({
    other: Number(result.seed !== DEFAULT_SEED),
    date: result.date ?? "",
    seed: result.seed,
    onShow: Number(onShow),
  }));
  const newest = one.date === other.date ? 0 : one.date > other.date ? -1 : 1;
  return one.other - other.other || newest || one.seed - other.seed || one.onShow - other.onShow;
}

const TEXTS: Readonly<Record<string, GalleryText>> = {
  "curie-weiss": CURIE_WEISS_TEXT,
  "predator-prey": PREDATOR_PREY_TEXT,
  ising: ISING_TEXT,
  "ising-critical": CRITICAL_TEXT,
  nbmota: NBMOTA_TEXT,
};

await main(async () => {
  const { from, to, readme } = parseTool(COMMAND).parameters;
  const [source, target] = [resolve(PROJECT_ROOT, from), resolve(PROJECT_ROOT, to)];
  if (!existsSync(source))
    throw new InputError(`there is no folder ${shown(source)}: run an experiment first, or correct --from`);

  const runs = folders(source)
    .filter((experiment) => experiment !== "gallery" && join(source, experiment) !== target)
    .flatMap((experiment) => {
      const names = standardRuns(join(source, experiment));
      if (names.length === 0) print(`${experiment}: no finished standard run, left out`);
      return names.map((name) => readRun(experiment, join(source, experiment, name), false));
    });
  const there = (existsSync(target) ? folders(target) : [])
    .filter((experiment) => existsSync(join(target, experiment, "result.json")))
    .map((experiment) => readRun(experiment, join(target, experiment), true));
  if (runs.length + there.length === 0) {
    throw new InputError(
      `there is no finished standard run in ${shown(source)}: make one, e.g. ${commandText("curie-weiss", ["--profile", "standard"])}`,
    );
  }
  const all = Map.groupBy([...runs, ...there], ({ experiment }) => experiment);
  const chosen = [...all.values()].map((candidates) => candidates.toSorted(order)[0]);

  const exhibits = inOrder(
    chosen.map(({ experiment, exhibit }) => ({ ...exhibit, summary: TEXTS[experiment]?.summary(exhibit.result) })),
  );
  const known = exhibits.flatMap(({ report: { title }, result }) => {
    const text = TEXTS[result.experiment];
    return text ? [{ title: title || result.experiment, result, text }] : [];
  });
  const drawn = chosen.find(({ experiment }) => experiment === "curie-weiss");
  const drawing = drawn && curieWeissDrawing(drawn.exhibit.result, drawn.folder);
  const page = readme === "none" ? undefined : resolve(PROJECT_ROOT, readme);
  const pageText =
    page && withSummary(readFileSync(page, "utf8"), summaryTable(known, `${between(dirname(page), target)}/`));

  // All is known to be right: what is written from here on fits together.
  for (const { experiment, onShow, report, json, exhibit } of chosen) {
    if (!onShow) {
      writeAtomically(join(target, experiment, "index.html"), report);
      writeAtomically(join(target, experiment, "result.json"), json);
    }
    print(`${experiment}: ${runText(exhibit.result)}${onShow ? ", kept as it was" : ""}`);
  }
  const index = join(target, "index.html");
  writeAtomically(index, galleryPage(exhibits));
  writeAtomically(join(target, "README.md"), galleryText(known));
  if (drawing) writeAtomically(join(target, "method.svg"), drawing);
  if (page && pageText) writeAtomically(page, pageText);
  print(`wrote ${shown(index)}`);
});
