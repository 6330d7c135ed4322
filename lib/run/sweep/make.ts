// From a command line to the plan of a sweep, all of whose runs are possible.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../../errors.ts";
import { fileError } from "../../io/file-error.ts";
import { type Command, parseExperiment } from "../command-line.ts";
import type { Parameters } from "../parameters.ts";
import { PROJECT_ROOT } from "../provenance.ts";
import { NONE, SEED, SWEEP_OPTIONS, type Told } from "./options.ts";
import { argumentsOf, type Plan, type Point, pointsOf, product } from "./plan.ts";
import { readPoints } from "./points-file.ts";

/** More runs than these are asked for twice. */
const MANY = 10_000;
/** Reasons that a message names, and points of each. */
const [REASONS, EXAMPLES] = [3, 2];

/** The plan that a command line asks for. Throws InputError where it has too many runs, or some that the command refuses: all are tried, and nothing is written. */
export function makePlan(command: Command<Parameters>, told: Told, fixed: readonly string[]): Plan {
  const { options, files } = told;
  const { axes, points } = options.points === NONE ? ofAxes(told) : ofFile(command, told);
  for (const path of files) requireFile(path);
  const hasTexts = Object.values(command.parameters).some(({ kind }) => kind === "text");
  const usesPaths = files.length > 0 || (hasTexts && fixed.length > 0);
  const plan: Plan = {
    ...{ command: command.name, words: files, fixed, axes, streams: options.streams, points },
    from: usesPaths ? resolve(".") : PROJECT_ROOT,
  };
  requirePossible(command, plan);
  return plan;
}

/** Throws InputError for what is no file. */
function requireFile(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    throw fileError(error, "read", path);
  }
}

function ofAxes({ axes, repetitions, options }: Told) {
  requireFew(
    axes.reduce((count, { values }) => count * values.length, repetitions.length),
    options.yes,
  );
  return { axes: axes.map(({ key }) => key), points: pointsOf(product(axes), repetitions, options.streams) };
}

function ofFile({ parameters }: Command<Parameters>, { axes: others, repetitions, options }: Told) {
  if (others.length > 0)
    throw new InputError(
      `--points has the points: give ${others.map(({ key }) => key).join(", ")} there, or behind a second -- for all runs`,
    );
  const { axes, rows } = readPoints(options.points, parameters, SEED);
  const own = rows.some(({ repetition }) => repetition !== null);
  if (own && options.seeds !== SWEEP_OPTIONS.seeds.default)
    throw new InputError(`${options.points} has a column seed: leave out --seeds`);
  requireFew(rows.length * (own ? 1 : repetitions.length), options.yes);
  return {
    axes,
    points: rows.flatMap(({ values, repetition }) =>
      pointsOf([values], repetition === null ? repetitions : [repetition], options.streams),
    ),
  };
}

function requireFew(count: number, yes: boolean): void {
  if (count > MANY && !yes)
    throw new InputError(
      `these are ${count.toLocaleString("en-GB")} runs: give --yes if you mean that, or fewer values`,
    );
}

/** Throws InputError that names what the command says of the points that it refuses. */
function requirePossible(command: Command<Parameters>, plan: Plan): void {
  const refused = new Map<string, Point[]>();
  // Repetitions differ by their seed alone.
  const seen = new Set<string>();
  for (const point of plan.points) {
    const key = JSON.stringify(point.values);
    if (seen.has(key)) continue;
    seen.add(key);
    try {
      parseExperiment(command, argumentsOf(plan, point));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refused.set(error.message, [...(refused.get(error.message) ?? []), point]);
    }
  }
  if (refused.size === 0) return;
  const reasons = [...refused].slice(0, REASONS).map(([message, points]) => {
    const names = points.slice(0, EXAMPLES).map(({ values }) =>
      Object.entries(values)
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
    );
    const more = points.length > EXAMPLES ? ` and ${points.length - EXAMPLES} more` : "";
    return points.length === seen.size ? message : `${message} (at ${names.join("; ")}${more})`;
  });
  const others = refused.size > REASONS ? `; and ${refused.size - REASONS} other reasons` : "";
  const count = [...refused.values()].reduce((sum, points) => sum + points.length, 0);
  const all = count === seen.size && refused.size === 1 ? "" : `${count} of ${seen.size} points are not possible: `;
  throw new InputError(`${all}${reasons.join("; ")}${others}`);
}
