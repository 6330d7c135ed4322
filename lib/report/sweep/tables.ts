// Tables of a sweep: its headline metrics setting by setting, all its metrics, all its runs.
import { formatDuration } from "../../run/duration.ts";
import { type Collected, type CollectedRun, reportPath, TABLES } from "../../run/sweep/collect.ts";
import { collapsed } from "../figures/collapsed.ts";
import { type Html, html } from "../html.ts";
import { type Column, htmlTable } from "../table.ts";
import { labelOf, NATURAL, NOTHING, type Setting, type SweptMetric } from "./settings.ts";

/** The report stays below a megabyte: the rest of longer lists stands in the files. */
const [MOST_SETTINGS, MOST_METRICS, MOST_RUNS] = [200, 500, 800];
/** Lists of so many runs stand open. */
const FEW = 12;
/** Columns of metrics in the table of settings. */
const MOST_COLUMNS = 6;
/** Where the rest of long lists of numbers is. */
const [METRICS_FILE] = TABLES.metrics;
/** Letters of what is said of a run. */
const WHY = 300;

/** An address relative to the report, whatever its letters. */
export const addressOf = (path: string) => path.split("/").map(encodeURIComponent).join("/");
/** What a run said. */
export const logPath = ({ point }: CollectedRun) => `logs/${point.name}.log`;
/** A sentence of others, not longer than a table stands. */
export const short = (text: string) => (text.length > WHY ? `${text.slice(0, WHY - 1)}…` : text);

const restNote = (shown: number, all: number, file: string): Html | false =>
  all > shown && html`<p>${all - shown} more rows are in <a href="${addressOf(file)}">${file}</a>.</p>`;

/** A row per setting, a column per metric. */
export function settingsTable(
  { axes }: Collected,
  settings: readonly Setting[],
  metrics: readonly SweptMetric[],
): Html | false {
  const columns = metrics.slice(0, MOST_COLUMNS);
  if (columns.length === 0) return false;
  const rows = settings.map((_, k) => k).filter((k) => columns.some(({ at }) => at[k]));
  const shown = rows.slice(0, MOST_SETTINGS);
  const table = htmlTable(shown, [
    ...axes.map(
      ({ key }, place): Column<number> => ({
        label: key,
        header: place === 0,
        text: true,
        cell: (k) => settings[k].values[place],
      }),
    ),
    { label: "Runs", cell: (k) => settings[k].runs.length },
    ...columns.map(
      (metric): Column<number> => ({ label: labelOf(metric), cell: (k) => metric.at[k]?.estimate ?? NOTHING }),
    ),
  ]);
  return collapsed(
    "The same, setting by setting",
    rows.length,
    html`${table}${restNote(shown.length, rows.length, METRICS_FILE)}`,
  );
}

interface Summary {
  readonly name: string;
  readonly unit: string;
  readonly values: Float64Array;
}

/** All metrics by name, each with its sorted values. */
function summaries({ names, units, metrics }: Collected): Summary[] {
  const counts = new Uint32Array(names.length);
  for (let row = 0; row < metrics.count; row++) counts[metrics.name[row]]++;
  const all = names.map((name, k) => ({ name, unit: "1", values: new Float64Array(counts[k]) }));
  counts.fill(0);
  for (let row = 0; row < metrics.count; row++) {
    const name = metrics.name[row];
    all[name].unit = units[metrics.unit[row]];
    all[name].values[counts[name]++] = metrics.value[row];
  }
  for (const { values } of all) values.sort();
  return all.toSorted((a, b) => NATURAL.compare(a.name, b.name));
}

const middle = (sorted: Float64Array) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;

/** What every metric ranges over, with a field to find some. */
export function metricsTable(collected: Collected): Html | false {
  const all = summaries(collected);
  if (all.length === 0) return false;
  const shown = all.slice(0, MOST_METRICS);
  const table = htmlTable(
    shown,
    [
      { label: "Metric", header: true, cell: labelOf },
      { label: "Runs", cell: ({ values }) => values.length },
      { label: "Lowest", cell: ({ values }) => values[0] },
      { label: "Median", cell: ({ values }) => middle(values) },
      { label: "Highest", cell: ({ values }) => values.at(-1) },
    ],
    "Over all runs that have it, named as in their result.json: what is measured, the method, then the case; the reports of runs say how. Values of every run are in the tables.",
  );
  const body = html`${table}${restNote(shown.length, all.length, METRICS_FILE)}`;
  return collapsed("All metrics", all.length, body, { search: "Find metrics whose names have" });
}

/** Those that went wrong first in a list that has no room for all. */
function shownRuns(runs: readonly CollectedRun[]): readonly CollectedRun[] {
  if (runs.length <= MOST_RUNS) return runs;
  const [wrong, well] = [false, true].map((isWell) => runs.filter(({ state }) => (state === "finished") === isWell));
  return [...wrong, ...well].slice(0, MOST_RUNS);
}

/** Every run with its state, its time and the way to its report, or to what it said. */
export function runsTable({ runs }: Collected): Html {
  const shown = shownRuns(runs);
  const table = htmlTable(shown, [
    {
      label: "Run",
      header: true,
      cell: ({ point }) => point.name,
      href: (run) => (run.made ? addressOf(reportPath(run.point)) : null),
    },
    {
      label: "State",
      cell: ({ state }) => state,
      text: true,
      href: (run) => (run.attempt ? addressOf(logPath(run)) : null),
    },
    { label: "Metrics", cell: ({ count }) => count },
    {
      label: "Time",
      text: true,
      cell: ({ made, attempt }) => formatDuration(made?.seconds ?? attempt?.seconds ?? Number.NaN),
    },
    { label: "What to know", text: true, long: true, cell: ({ why }) => why && short(why) },
  ]);
  const body = html`
<p>Names lead to the reports, states to what a run said.</p>${table}${restNote(shown.length, runs.length, TABLES.attempts[0])}`;
  return collapsed("All runs", runs.length, body, { search: "Find runs whose names have", open: runs.length <= FEW });
}
