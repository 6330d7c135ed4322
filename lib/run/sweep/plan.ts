// The plan of a sweep: which runs there are, with which options, seeds and folders. It stands in sweep.json of the sweep's folder, beside
// runs/<name>/ (ordinary run folders), logs/<name>.log (what a run said) and logs/<name>.json (how its last attempt went).
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../../errors.ts";
import { writeAtomically } from "../../io/atomic.ts";
import { fileError } from "../../io/file-error.ts";
import { optionName } from "../parameters.ts";
import { plainJson } from "../result.ts";

const PLAN_FILE = "sweep.json";
const FORMAT = "patchwise sweep 1";
/** Longer names of points end in a hash. */
const LONGEST_NAME = 120;
const HASH = 8;

/** One run of a sweep. */
export interface Point {
  /** Name of its folder: "T=2.25_h=0.1_seed=3". */
  readonly name: string;
  /** What is varied, by key of the parameter, as on a command line. */
  readonly values: Readonly<Record<string, string>>;
  /** Which of the repetitions it is: the number that `--seeds` has. */
  readonly repetition: number;
  /** What the run is given as --seed. */
  readonly seed: number;
}

export interface Plan {
  /** As in `npm run NAME`. */
  readonly command: string;
  /** Words without option that every run is given: files. */
  readonly words: readonly string[];
  /** Options that every run is given. */
  readonly fixed: readonly string[];
  /** Where relative paths among them start. */
  readonly from: string;
  /** Keys of what is varied, in the order in which they were given. */
  readonly axes: readonly string[];
  readonly streams: Streams;
  readonly points: readonly Point[];
}

/**
 * `own`: every point has random numbers of its own; `common`: points of the same repetition have the same. Neither has those of a neighbouring seed, which a run
 * that repeats itself takes.
 */
export const STREAMS = ["own", "common"] as const;
export type Streams = (typeof STREAMS)[number];

export const runFolder = (folder: string, { name }: Point) => join(folder, "runs", name);
export const logFile = (folder: string, { name }: Point) => join(folder, "logs", `${name}.log`);
export const recordFile = (folder: string, { name }: Point) => join(folder, "logs", `${name}.json`);

/** All combinations of values, the last axis fastest, of every repetition. */
export function product(
  axes: readonly { readonly key: string; readonly values: readonly string[] }[],
): Record<string, string>[] {
  return axes.reduce<Record<string, string>[]>(
    (rows, { key, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [key]: value }))),
    [{}],
  );
}

/** Points of rows of values and repetitions. */
export function pointsOf(
  rows: readonly Readonly<Record<string, string>>[],
  repetitions: readonly number[],
  streams: Streams,
): Point[] {
  return rows.flatMap((values) => repetitions.map((repetition) => pointOf(values, repetition, streams)));
}

function pointOf(values: Readonly<Record<string, string>>, repetition: number, streams: Streams): Point {
  const seed = seedOf(streams === "common" ? {} : values, repetition);
  return { name: nameOf(values, repetition), values, repetition, seed };
}

/** A seed below 2³²; it hangs on nothing else, so that a sweep that grows keeps what it has. */
function seedOf(values: Readonly<Record<string, string>>, repetition: number): number {
  const text = JSON.stringify([plainJson({ ...values }, "values"), repetition]);
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}

function nameOf(values: Readonly<Record<string, string>>, repetition: number): string {
  const parts = Object.entries(values).map(([key, value]) => `${optionName(key).slice(2)}=${value}`);
  const whole = [...parts, `seed=${repetition}`].join("_");
  const safe = whole.replace(/[^A-Za-z0-9=_.,+-]/g, "-");
  if (safe === whole && safe.length <= LONGEST_NAME) return safe;
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, HASH);
  return `${safe.slice(0, LONGEST_NAME - HASH - 1)}_${hash}`;
}

/** What stands behind the name of the command, without --out and --resume. */
export function argumentsOf({ words, fixed }: Pick<Plan, "words" | "fixed">, { values, seed }: Point): string[] {
  const own = Object.entries(values).map(([key, value]) => `${optionName(key)}=${value}`);
  return [...words, ...fixed, ...own, `--seed=${seed}`];
}

/** The plan in a folder; null where there is none. Throws InputError for one that is no plan of this version. */
export function readPlan(folder: string): Plan | null {
  const path = join(folder, PLAN_FILE);
  if (!existsSync(path)) return null;
  let found: { format?: unknown } & Plan;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new InputError(`${path} is not JSON: restore it, or take another --out`);
    throw fileError(error, "read", path);
  }
  const { format, ...plan } = found;
  if (format !== FORMAT) {
    throw new InputError(
      `${path} is ${format === undefined ? "no plan of a sweep" : `"${format}", this version of patchwise reads "${FORMAT}"`}: take another --out`,
    );
  }
  return plan;
}

export function writePlan(folder: string, plan: Plan): void {
  writeAtomically(join(folder, PLAN_FILE), `${JSON.stringify({ format: FORMAT, ...plan }, null, 1)}\n`);
}

/**
 * The plan of a folder with the points of another one beside its own. Throws InputError where the two do not go together: another command, other options for all, other
 * axes.
 */
export function extended(folder: string, old: Plan | null, now: Plan): Plan {
  if (!old) return now;
  const of = ({ command, words, fixed, from, axes, streams }: Plan) => ({
    command,
    // The same word is another file in another folder.
    files: words.map((word) => resolve(from, word)).join(" "),
    "options of all runs": fixed.join(" "),
    "what is varied": [...axes].sort().join(", "),
    streams,
  });
  const [before, after] = [of(old), of(now)];
  for (const key of Object.keys(before) as (keyof typeof before)[]) {
    if (before[key] === after[key]) continue;
    throw new InputError(
      `${folder} holds another sweep (${key}: ${before[key] || "none"}, now ${after[key] || "none"}): take another --out`,
    );
  }
  const known = new Set(old.points.map(({ name }) => name));
  return { ...old, points: [...old.points, ...now.points.filter(({ name }) => !known.has(name))] };
}
