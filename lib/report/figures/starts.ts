/** How far the starts of a test are from the states that equations were learned from. */
import { type Html, html } from "../html.ts";
import { formatNumber } from "../number.ts";
import { type Column, htmlTable } from "../table.ts";
import type { Learned } from "./patch-sides.ts";

export interface StartDistance extends Learned {
  /** What distinguishes the start, such as `m₀ = 0.5`. */
  start: string;
  /** In standard deviations of the training states, mean over the runs. */
  distance: number;
}

/** What a note on relative errors adds where the true mean of some starts is within the spread of runs. */
export function withinSpread(starts: readonly string[]): string {
  if (starts.length === 0) return "";
  return `; from ${starts.join(", ")}, where runs spread farther about the true mean than it is from zero, relative to that spread`;
}

/** Starts nearer than this to the training states are among them. */
const AMONG = 0.05;

/** Those of the compensator, else of the first method. */
function main(list: readonly StartDistance[]): StartDistance[] {
  const method = list.find((one) => one.method === "compensator")?.method ?? list[0]?.method;
  return list.filter((one) => one.method === method);
}

/** The distance of each of these starts by the same method, from the patches of one side; NaN where it is not known. */
export function distancesOf(list: readonly StartDistance[], patch: number, names: readonly string[]): number[] {
  const own = main(list).filter((one) => one.patch === patch);
  return names.map((name) => own.find(({ start }) => start === name)?.distance ?? Number.NaN);
}

/** A row per patch side for the compensator, else for the first method; one sentence where all starts are among the training states. */
export function starts(list: readonly StartDistance[]): Html | false {
  if (list.length === 0) return false;
  const ours = main(list);
  const [{ method }] = ours;
  const farthest = Math.max(...ours.map(({ distance }) => distance));
  if (farthest < AMONG) {
    const far =
      farthest > 0 && html`, at most ${formatNumber(farthest, 2)} of their standard deviations (Mahalanobis) from one`;
    return html`<p>All starts of the test lie among the states that the equations were learned from${far}.</p>`;
  }
  const rows = [...Map.groupBy(ours, ({ patch }) => patch).values()];
  const at = (start: string): Column<(typeof rows)[number]> => ({
    label: start,
    cell: (row) => row.find((one) => one.start === start)?.distance,
    format: (value) => formatNumber(value, 2),
  });
  return htmlTable(
    rows,
    [
      { label: "Patch side", header: true, cell: ([{ patch }]) => patch, format: String },
      ...[...new Set(ours.map(({ start }) => start))].map(at),
    ],
    html`Distance of every start of the test from the nearest training state, in standard deviations of these (Mahalanobis), mean over its runs, of the ${method} of the first seed: a start that is far from all of them asks the equation for what it has not seen.`,
  );
}
