// Puts one standard run of each experiment on show: report and result go to reports/gallery/<experiment>/, with an index
// page over all of them. Of several runs it takes the one with the lowest seed (times of files do not survive a
// checkout). Experiments that are on show already and have no run here stay as they are.
//
//   npm run gallery                         a second
//   npm run gallery -- --from DIR --to DIR
//   npm run gallery -- --help
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { InputError } from "../lib/errors.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { type Exhibit, galleryPage, readHead } from "../lib/report/gallery.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { commandText } from "../lib/run/command-text.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { PROJECT_ROOT } from "../lib/run/provenance.ts";
import { validateResult } from "../lib/run/result.ts";

const COMMAND = {
  name: "gallery",
  about:
    "Copies report and result of one standard run of each experiment (the lowest seed) to DIR/<experiment> and writes an index page over all. Paths are relative to the project.",
  parameters: {
    from: { kind: "text", default: "reports", meaning: "folder with <experiment>/standard-<seed>/ runs" },
    to: { kind: "text", default: "reports/gallery", meaning: "folder for the gallery" },
  },
} as const;

/** The gallery is committed: no file of it may be larger. */
const MAX_BYTES = 1_000_000;

const shown = (path: string) => relative(process.cwd(), path) || ".";
const folders = (path: string) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

/** The finished standard run with the lowest seed, as a folder name. */
function chooseRun(folder: string): string | undefined {
  const finished = folders(folder).filter(
    (name) =>
      /^standard-\d+$/.test(name) &&
      ["index.html", "result.json"].every((file) => existsSync(join(folder, name, file))),
  );
  const seed = (name: string) => Number(name.slice("standard-".length));
  return finished.sort((a, b) => seed(a) - seed(b))[0];
}

function readSmall(path: string): string {
  const text = readFileSync(path, "utf8");
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) {
    const size = (bytes / 1e6).toFixed(2);
    throw new InputError(
      `${shown(path)} has ${size} MB, the gallery takes at most 1 MB per file: make its report smaller`,
    );
  }
  return text;
}

/** Reads and checks the two files of a run. */
function readRun(folder: string, experiment: string): { report: string; json: string; exhibit: Exhibit } {
  const [report, json] = [readSmall(join(folder, "index.html")), readSmall(join(folder, "result.json"))];
  const source = shown(join(folder, "result.json"));
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw new InputError(`${source} is not JSON: run the experiment again with --force`);
  }
  const result = validateResult(parsed, source);
  if (result.experiment !== experiment) {
    throw new InputError(`${source} is of ${result.experiment}, but lies in a folder of ${experiment}: move it there`);
  }
  return {
    report,
    json,
    exhibit: { href: `${encodeURIComponent(experiment)}/index.html`, report: readHead(report), result },
  };
}

await main(async () => {
  const { from, to } = parseTool(COMMAND).parameters;
  const [source, target] = [resolve(PROJECT_ROOT, from), resolve(PROJECT_ROOT, to)];
  if (!existsSync(source))
    throw new InputError(`there is no folder ${shown(source)}: run an experiment first, or correct --from`);

  const runs = folders(source)
    .filter((experiment) => experiment !== "gallery" && join(source, experiment) !== target)
    .flatMap((experiment) => {
      const name = chooseRun(join(source, experiment));
      if (!name) print(`${experiment}: no finished standard run, left out`);
      return name ? [{ experiment, name, ...readRun(join(source, experiment, name), experiment) }] : [];
    });
  if (runs.length === 0) {
    throw new InputError(
      `there is no finished standard run in ${shown(source)}: make one, e.g. ${commandText("curie-weiss", ["--profile", "standard"])}`,
    );
  }
  const renewed = new Set(runs.map((run) => run.experiment));
  const kept = existsSync(target)
    ? folders(target)
        .filter((experiment) => !renewed.has(experiment) && existsSync(join(target, experiment, "result.json")))
        .map((experiment) => readRun(join(target, experiment), experiment).exhibit)
    : [];

  for (const { experiment, name, report, json } of runs) {
    writeAtomically(join(target, experiment, "index.html"), report);
    writeAtomically(join(target, experiment, "result.json"), json);
    print(`${experiment}: ${name} (lowest seed)`);
  }
  for (const { result } of kept) print(`${result.experiment}: kept as it was`);
  const index = join(target, "index.html");
  writeAtomically(index, galleryPage([...runs.map((run) => run.exhibit), ...kept]));
  print(`wrote ${shown(index)}`);
});
