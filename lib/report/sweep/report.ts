// The report of a sweep: how many runs are there and why others are not, what was varied, metrics against it, and the way to the report of every run.
import { average } from "../../analysis/mean.ts";
import { formatDuration } from "../../run/duration.ts";
import { type Collected, type CollectedRun, TABLES } from "../../run/sweep/collect.ts";
import { isMade, type PointState } from "../../run/sweep/executor.ts";
import { valuesText } from "../../run/sweep/status.ts";
import { type Html, html } from "../html.ts";
import { formatSetting } from "../number.ts";
import { page } from "../page.ts";
import { CREDITS } from "../report.ts";
import { type Tile, tiles } from "../tiles.ts";
import { curves } from "./curves.ts";
import { heatMaps } from "./heat-map.ts";
import { headlines, offExact, type SweptMetric, settingsOf, swept } from "./settings.ts";
import { addressOf, logPath, metricsTable, runsTable, settingsTable, short } from "./tables.ts";

interface SweepReport {
  /** Lines that go on with the sweep, and collect it. */
  command: string;
  /** Patterns of names of the metrics that figures show: "error.compensator.*". None, or none that matches: a few are chosen. */
  metrics?: readonly string[];
}

/** Reasons, and runs of each that are named one by one. */
const [MOST_REASONS, MOST_NAMED] = [8, 3];
/** Pairs of axes with maps. */
const MOST_PAIRS = 3;
/** Maps that are seen at first. */
const MOST_OPEN = 4;

const plural = (count: number, one: string) => `${formatSetting(count)} ${one}${count === 1 ? "" : "s"}`;

const isWrong = ({ state }: CollectedRun) => state === "failed" || state === "lost";
const hasResult = ({ state }: CollectedRun) => isMade(state);

/** Why runs failed, or what to know of those that did not: the most frequent first. */
function reasons(runs: readonly CollectedRun[]): Html[] {
  const groups = [
    ...Map.groupBy(
      runs,
      ({ state, why }) =>
        `${state}: ${short(why ?? (state === "unreliable" ? "no warning says why" : "it has left no word"))}`,
    ),
  ].sort(([, a], [, b]) => b.length - a.length);
  const items = groups.slice(0, MOST_REASONS).map(([reason, members]) => {
    const named = members.slice(0, MOST_NAMED).map((run, k) => {
      const { name } = run.point;
      return html`${k > 0 && ", "}${run.attempt ? html`<a href="${addressOf(logPath(run))}">${name}</a>` : name}`;
    });
    const more = members.length - named.length;
    return html`<li>${plural(members.length, "run")} ${reason} (${named}${more > 0 && ` and ${more} more`})</li>`;
  });
  const left = groups.length - items.length;
  return left > 0 ? [...items, html`<li>${left} more reasons are in the table of runs</li>`] : items;
}

/** What went wrong, where the reader looks first. */
function warningBox({ runs }: Collected): Html | false {
  const [wrong, unreliable] = [runs.filter(isWrong), runs.filter(({ state }) => state === "unreliable")];
  const box = (title: string, list: readonly CollectedRun[]) =>
    list.length > 0 && html`<div class="warning" role="note"><p>${title}:</p><ul>${reasons(list)}</ul></div>`;
  return html`${box(`${wrong.length} of ${plural(runs.length, "run")} failed`, wrong)}${box(
    `${plural(unreliable.length, "finished run")} ${unreliable.length === 1 ? "is" : "are"} not to be relied on; ${unreliable.length === 1 ? "its" : "their"} numbers are in the figures`,
    unreliable,
  )}`;
}

/** States in the order in which they are told. */
const TOLD: readonly PointState[] = ["failed", "lost", "stopped", "running", "queued", "waiting"];

function leadOf({ axes, runs }: Collected): string {
  const done = runs.filter(hasResult).length;
  const states = TOLD.flatMap((state) => {
    const count = runs.filter((run) => run.state === state).length;
    return count > 0 ? [`${count} ${state}`] : [];
  });
  const repetitions = new Set(runs.map(({ point }) => point.repetition)).size;
  const varied =
    axes.length > 0
      ? `Varied: ${axes.map(({ key, values }) => valuesText(key, values)).join("; ")}`
      : "Nothing is varied but the seed";
  return `${formatSetting(done)} of ${plural(runs.length, "run")} finished${states.length > 0 ? ` (${states.join(", ")})` : ""}. ${varied}; ${plural(repetitions, "repetition")}${repetitions > 1 ? " with seeds of their own" : ""}.`;
}

/** How often the exact value lies within the interval, of the metrics that figures show. */
function exactTile(metrics: readonly SweptMetric[]): Tile | false {
  const off = metrics
    .flatMap(({ at, scale }) => at.flatMap((one) => (one ? [offExact(one, scale)] : [])))
    .filter(Number.isFinite);
  if (off.length === 0) return false;
  const within = off.map((one) => Number(Math.abs(one) <= 1));
  return {
    label: "Exact values within the 95 % intervals",
    value: `${Math.round(100 * average(within))}\u00a0%`,
    note: `of ${plural(off.length, "value")}; 95\u00a0% is right where nothing but noise is off`,
  };
}

function sweepTiles({ runs }: Collected, metrics: readonly SweptMetric[]): Html | false {
  const seconds = runs.flatMap(({ made }) => made?.seconds ?? []).filter(Number.isFinite);
  const total = seconds.reduce((sum, one) => sum + one, 0);
  return tiles([
    {
      label: "Runs finished",
      value: html`${formatSetting(runs.filter(hasResult).length)} <small>of ${formatSetting(runs.length)}</small>`,
      note: plural(runs.filter(isWrong).length, "failure"),
    },
    exactTile(metrics),
    seconds.length > 0 && {
      label: "Time of the finished runs, one after another",
      value: formatDuration(total),
      note: `${formatDuration(average(seconds))} each on average`,
    },
  ]);
}

/** All pairs of axes that maps are drawn over: the first to the right, the second upwards. */
function pairsOf(axes: readonly number[]): (readonly [number, number])[] {
  return axes.flatMap((one, k) => axes.slice(k + 1).map((other) => [one, other] as const)).slice(0, MOST_PAIRS);
}

/** The report of a sweep as one HTML document, which lies in the folder of the sweep: links lead from there to runs, logs and tables. */
export function sweepReport(collected: Collected, { command, metrics: patterns = [] }: SweepReport): string {
  const { plan, axes } = collected;
  const settings = settingsOf(collected);
  const metrics = swept(collected, settings, headlines(collected, patterns));
  const numeric = axes.flatMap(({ numeric, values }, k) => (numeric && values.length > 1 ? [k] : []));
  const lines = numeric.map((along) => curves(axes, settings, along, metrics)).filter((figure) => figure !== false);
  const maps = pairsOf(numeric).flatMap((pair) => heatMaps(axes, settings, pair, metrics));
  const more = maps.slice(MOST_OPEN);
  const bySetting = settingsTable(collected, settings, metrics);
  const lead = leadOf(collected);
  const title = `Sweep of ${plan.command}${axes.length > 0 ? ` over ${axes.map(({ key }) => key).join(" × ")}` : ""}`;
  const given = [...plan.words, ...plan.fixed].join(" ");
  const sections = [
    {
      id: "summary",
      title: "Summary",
      body: html`${warningBox(collected)}<p class="lead">${lead}</p>
<div class="first">${sweepTiles(collected, metrics)}</div>`,
    },
    {
      id: "maps",
      title: "Maps",
      body:
        maps.length > 0 &&
        html`${maps.slice(0, MOST_OPEN)}${more.length > 0 && html`<details class="folded"><summary>${`${more.length} more map${more.length === 1 ? "" : "s"}`}</summary>${more}</details>`}`,
    },
    {
      id: "curves",
      title: "Metrics against what was varied",
      body: (lines.length > 0 || bySetting) && html`${lines}${bySetting}`,
    },
    { id: "metrics", title: "All metrics", body: metricsTable(collected) },
    { id: "runs", title: "Runs", body: runsTable(collected) },
    {
      id: "run",
      title: "The sweep, and how to go on with it",
      body: html`<p>A line with one of its points goes on with all that is not finished; more values extend the sweep. All metrics of all runs, a row each, failures among them: ${TABLES.metrics.map(
        (file, k) => html`${k > 0 && ", "}<a href="${addressOf(file)}">${file}</a>`,
      )}; seconds, memory and hosts: ${TABLES.attempts.map((file) => html`<a href="${addressOf(file)}">${file}</a>`)}.</p>
<pre><code>${command}</code></pre>`,
    },
  ];
  return page({
    title,
    subtitle: html`<code>npm run ${plan.command}</code>${given && html` · all runs with <code>${given}</code>`} · ${plan.streams === "own" ? "every point with random numbers of its own" : "points of a repetition with the same random numbers"}`,
    description: `${lead}`,
    sections: sections.filter(({ body }) => body !== false),
    footer: CREDITS,
  });
}
