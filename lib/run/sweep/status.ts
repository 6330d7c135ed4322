// What is said of a sweep: its plan before it begins, how its runs are at any time, and how it ended.
import { formatDuration } from "../duration.ts";
import { optionName } from "../parameters.ts";
import { textTable } from "../text-table.ts";
import { isMade, type PointState, STATES, type Status } from "./executor.ts";
import type { Cost } from "./forecast.ts";
import type { Plan } from "./plan.ts";

/** Values of an axis that are named one by one. */
const NAMED = 6;
/** Characters of a reason in a table. */
const LONGEST = 160;

const NOT_WELL: readonly PointState[] = ["unreliable", "stopped", "failed", "lost"];

/** "T from 2.2 to 2.6 (9 values); h = 0, 0.1; seeds = 1, 2". */
function axesText({ axes, points }: Plan): string {
  const parts = axes.map((key) =>
    valuesText(
      optionName(key).slice(2),
      points.map(({ values }) => values[key] ?? "default"),
    ),
  );
  return [
    ...parts,
    valuesText(
      "seeds",
      points.map(({ repetition }) => String(repetition)),
    ),
  ].join("; ");
}

/** What is varied, and over what: a few values by name, of more numbers the ends. */
export function valuesText(name: string, all: readonly string[]): string {
  const values = [...new Set(all)];
  const numbers = values.map(Number);
  const more = values.length - NAMED;
  if (more > 0 && numbers.every(Number.isFinite))
    return `${name} from ${Math.min(...numbers)} to ${Math.max(...numbers)} (${values.length} values)`;
  return `${name} = ${values.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const mebibytes = (bytes: number) =>
  bytes < 2 ** 30 ? `${Number((bytes / 2 ** 20).toPrecision(2))} MiB` : `${(bytes / 2 ** 30).toPrecision(3)} GiB`;

/** How many runs are in each of the states that occur. */
function countsOf(statuses: readonly Pick<Status, "state">[]): { state: PointState; count: number }[] {
  const counts = STATES.map((state) => ({ state, count: statuses.filter((one) => one.state === state).length }));
  return counts.filter(({ count }) => count > 0);
}

/** Runs by state, "52 finished, 1 failed, 7 waiting". */
export const countsText = (statuses: readonly Pick<Status, "state">[]): string =>
  countsOf(statuses)
    .map(({ state, count }) => `${count} ${state}`)
    .join(", ");

function headText(folder: string, plan: Plan): string {
  const { length } = plan.points;
  return `${plan.command}: ${length === 1 ? "1 run" : `${length} runs`} in ${folder} (${axesText(plan)})`;
}

/** What a plan is, and what is left of it takes. `open`: runs that are to be made; `named`: how many of all the line names that goes on with it. */
export function planText(
  folder: string,
  plan: Plan,
  statuses: readonly Status[],
  { open, named }: { readonly open: number; readonly named: number },
  cost: Cost | null,
): string {
  const lines = [headText(folder, plan)];
  const others = plan.points.length - named;
  if (others > 0)
    lines.push(
      others === 1
        ? "1 of them is of earlier lines, and belongs to it too"
        : `${others} of them are of earlier lines, and belong to it too`,
    );
  if (statuses.some(({ state }) => state !== "waiting")) lines.push(`${countsText(statuses)}: ${open} to make`);
  if (open > 0) lines.push(costText(open, cost));
  return lines.join("\n");
}

/** What so many runs take that are left. */
export function costText(left: number, cost: Cost | null): string {
  if (!cost) return "time and disk are told by the first run";
  const each = `a run takes about ${formatDuration(cost.seconds)} and ${mebibytes(cost.bytes)} of disk`;
  if (left <= 1) return each;
  return `${each}: ${left} of them one after the other ${formatDuration(left * cost.seconds)} and ${mebibytes(left * cost.bytes)}`;
}

/** How the runs are: a line for each state, and one for each run that is not well. */
export function statusText(folder: string, plan: Plan, statuses: readonly Status[], cost: Cost | null): string {
  const lines = [headText(folder, plan), ""];
  lines.push(textTable(countsOf(statuses).map(({ state, count }) => [`  ${state}`, String(count)])));
  const bad = statuses.filter(({ state }) => NOT_WELL.includes(state));
  if (bad.length > 0) {
    const short = (why: string) => (why.length > LONGEST ? `${why.slice(0, LONGEST)}…` : why);
    lines.push(
      "",
      textTable([
        ["state", "run", "why"],
        ...bad.map(({ state, point, why }) => [state, point.name, short(why ?? "")]),
      ]),
    );
  }
  const left = statuses.filter(({ state }) => !isMade(state)).length;
  if (left > 0) lines.push("", costText(left, cost));
  return lines.join("\n");
}
