// Runs of a sweep as arrays of jobs of Slurm: submitted once, limited by what a first run needs, asked after in its queue.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError, ProgramError } from "../../errors.ts";
import { writeAtomically } from "../../io/atomic.ts";
import { say } from "../output.ts";
import { isQuiet } from "../progress.ts";
import { askSlurm, setting } from "../queue.ts";
import { stopPoint } from "../stop.ts";
import { type Executor, type Known, readAttempt } from "./executor.ts";
import { spentOn } from "./forecast.ts";
import { continuation } from "./found.ts";
import type { Plan, Point } from "./plan.ts";
import { type JobArray, knownOf, nextNumber, readArrays, removeArray, settle, writeArray } from "./slurm-arrays.ts";
import {
  limitsFor,
  type Need,
  pointsFile,
  type SlurmOptions,
  sbatchWords,
  scriptFile,
  scriptText,
} from "./slurm-script.ts";

/** Without a word of the cluster: what it has where nobody has set it, by slurm.conf(5). */
const MAX_ARRAY_SIZE = 1001;
/** Between two looks at a first run, ms. */
const PAUSE_MS = 5_000;

/**
 * Hands points to Slurm and returns; only where neither `time` nor `memory` is given, and no run of the sweep has been measured, it waits for the first one (the last of the points, where
 * ranges that rise are largest) and limits the others by it. What is queued or running is not submitted again; that nobody else submits from the same folder meanwhile is
 * not checked. Throws InputError where there is no Slurm, or with its words where it refuses.
 */
export function slurmExecutor(options: SlurmOptions): Executor {
  return {
    async execute(relative, plan, points) {
      const folder = resolve(relative);
      if (!Bun.which("sbatch", { PATH: process.env.PATH ?? "" })) {
        throw new InputError(
          "sbatch is not on the PATH: run this where Slurm is, on the login node of a cluster, or without Slurm",
        );
      }
      mkdirSync(join(folder, "slurm"), { recursive: true });
      await submitAll(folder, plan, points, options);
    },
  };
}

/** What Slurm knows of the points that it was handed, by their names; those that it does not know are absent, all of them where it does not answer, which is said. */
export function slurmKnown(relative: string, plan: Plan): ReadonlyMap<string, Known> {
  const folder = resolve(relative);
  const known = knownOf(folder, plan, readArrays(folder));
  if (typeof known !== "string") return known;
  say(`Slurm does not answer (${known}): which runs it has is not known`);
  return new Map();
}

async function submitAll(folder: string, plan: Plan, points: readonly Point[], options: SlurmOptions): Promise<void> {
  const arrays = readArrays(folder);
  settle(folder, arrays);
  const known = () => knownOf(folder, plan, arrays);
  const isGiven = options.time !== undefined || options.memory !== undefined;
  const pause = options.pause ?? PAUSE_MS;
  let busy = busyOf(answered(known()));
  let need = measured(folder, plan);
  const isAlone = new Set([...busy, ...points.map(({ name }) => name)]).size < 2;
  const open = () => points.filter((point) => !busy.has(point.name) && continuation(folder, point) !== null);
  if (!need && !isGiven && !isAlone && open().length > 0) {
    const [running] = busy;
    const first = running ?? submit(folder, plan, open().slice(-1), options, arrays);
    tell(
      `the other runs get their limits from ${first}: waiting for its end (--time and --mem save the wait; stopped here, the same line goes on)`,
    );
    busy = await until(() => measured(folder, plan) !== null, known, pause);
    need = measured(folder, plan);
    if (!need) {
      throw new ProgramError(
        `${first} did not finish, and nothing else was submitted: mend what it says, or give --time and --mem`,
      );
    }
  }
  const rest = open();
  if (rest.length === 0) tell("all runs are queued, running or finished already");
  submit(folder, plan, rest, { ...(need ? limitsFor(need) : {}), ...given(options) }, arrays);
  if (options.wait) await until(() => false, known, pause);
}

type Busy = ReadonlySet<string>;

/** Names of the points that are queued or running. */
const busyOf = (known: ReadonlyMap<string, Known>): Busy =>
  new Set([...known].flatMap(([name, { state }]) => (state === "queued" || state === "running" ? [name] : [])));

function answered<T>(known: T | string): T {
  if (typeof known === "string") throw new InputError(`Slurm does not answer (${known}): try again later`);
  return known;
}

/** Waits until it is so, or nothing is on its way any more, also while Slurm does not answer; what is on its way then. */
async function until(
  isSo: () => boolean,
  known: () => ReadonlyMap<string, Known> | string,
  pause: number,
): Promise<Busy> {
  for (;;) {
    const now = known();
    if (typeof now !== "string") {
      // A run is over before its job is: looked at in this order, none is missed.
      const busy = busyOf(now);
      if (isSo() || busy.size === 0) return busy;
    }
    await Bun.sleep(pause);
    stopPoint();
  }
}

/** Without what is undefined, which would hide a limit that is measured. */
const given = (options: SlurmOptions): SlurmOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** The most that a finished run of the sweep took; null where none has been measured. */
function measured(folder: string, plan: Plan): Need | null {
  const needs = plan.points.flatMap((point): Need[] => {
    const attempt = readAttempt(folder, point);
    if (!attempt || attempt.exit === null || attempt.exit > 1) return [];
    return [spentOn(folder, point)].filter((spent) => spent !== null);
  });
  if (needs.length === 0) return null;
  const most = (key: keyof Need) => needs.reduce((largest, need) => Math.max(largest, need[key]), 0);
  return { seconds: most("seconds"), memory: most("memory") };
}

/** In arrays as large as the cluster takes; where only some tasks may run at once, one array after another. Returns the name of the first point. */
function submit(
  folder: string,
  plan: Plan,
  points: readonly Point[],
  options: SlurmOptions,
  arrays: Map<string, JobArray>,
): string | undefined {
  const largest = Number(setting("MaxArraySize") ?? MAX_ARRAY_SIZE);
  if (largest < 1) throw new InputError("this cluster takes no arrays of jobs (MaxArraySize is 0): ask who runs it");
  let after: string | null = null;
  for (let at = 0; at < points.length; at += largest) {
    const names = points.slice(at, at + largest).map(({ name }) => name);
    const number = nextNumber(arrays);
    const unsent: JobArray = { job: null, points: names, submitted: new Date().toISOString() };
    writeAtomically(pointsFile(folder, number), `${names.join("\n")}\n`);
    writeAtomically(scriptFile(folder, number), scriptText(options, folder, number));
    // What is killed between this and the next leaves a job that `settle` finds.
    writeArray(folder, number, unsent);
    const about = { folder, number, command: plan.command, count: names.length, after };
    const answer = askSlurm("sbatch", ...sbatchWords(options, about));
    // "12" or "12;cluster"
    const job = /^(\d+)(?:;|$)/m.exec(answer?.out ?? "")?.[1];
    if (!answer?.isGood || job === undefined) {
      if (!answer?.isLate) removeArray(folder, number);
      throw new InputError(`Slurm refuses: ${answer?.words || "sbatch says no number of a job"}`);
    }
    const sent = { ...unsent, job };
    writeArray(folder, number, sent);
    arrays.set(number, sent);
    if (options.throttle) after = job;
    const { time, memory } = options;
    const limits = [time && `time limit ${time}`, memory && `memory ${memory}`].filter(Boolean).join(", ");
    tell(`job ${job}: ${names.length} run${names.length > 1 ? "s" : ""}${limits ? `, ${limits}` : ""}`);
  }
  return points[0]?.name;
}

function tell(text: string): void {
  if (!isQuiet()) say(text);
}
