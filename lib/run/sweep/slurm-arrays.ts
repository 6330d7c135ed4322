// The arrays of a sweep that Slurm was handed, slurm/<number>.json of its folder, and what became of their tasks.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../errors.ts";
import { writeAtomically } from "../../io/atomic.ts";
import { askSlurm, stageOf, type Task, tasksOf } from "../queue.ts";
import { type Known, readAttempt } from "./executor.ts";
import { lastLines } from "./log.ts";
import { logFile, type Plan, type Point } from "./plan.ts";
import { OWN_WORDS, pointsFile, saidFile, scriptFile } from "./slurm-script.ts";

/** Digits of a number of an array. */
const DIGITS = 4;
/** Lines of a log that are shown of a lost run. */
const LAST = 2;
/** Reasons for waiting that pass by themselves, by squeue(1). */
const USUAL: ReadonlySet<string> = new Set([
  "",
  "None",
  "Priority",
  "Resources",
  "JobArrayTaskLimit",
  "BeginTime",
  "Dependency",
]);

/** Ends that are none of the run's own, in words. */
const ENDS: Readonly<Record<string, Known>> = {
  BOOT_FAIL: { state: "stopped", why: "its node did not boot" },
  CANCELLED: { state: "stopped", why: "cancelled" },
  DEADLINE: { state: "stopped", why: "ended at its deadline" },
  NODE_FAIL: { state: "stopped", why: "its node failed" },
  OUT_OF_MEMORY: { state: "failed", why: "out of memory: give more with --mem" },
  PREEMPTED: { state: "stopped", why: "ended for a job that goes before" },
  REVOKED: { state: "stopped", why: "taken back by Slurm" },
  TIMEOUT: { state: "stopped", why: "its time limit ended it" },
};

export interface JobArray {
  /** null until sbatch has answered. */
  readonly job: string | null;
  /** Names of points, by number of the task. */
  readonly points: readonly string[];
  readonly submitted: string;
}

const arrayFile = (folder: string, number: string) => join(folder, "slurm", `${number}.json`);

/** By number, in order. Throws InputError for a file that is none. */
export function readArrays(folder: string): Map<string, JobArray> {
  const place = join(folder, "slurm");
  if (!existsSync(place)) return new Map();
  const names = readdirSync(place).filter((name) => /^\d+\.json$/.test(name));
  return new Map(names.sort().map((name) => [name.replace(".json", ""), readArray(join(place, name))]));
}

function readArray(path: string): JobArray {
  let found: JobArray;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`${path} is not JSON: restore it, or delete it once squeue lists none of the sweep's jobs`);
  }
  return found;
}

export function writeArray(folder: string, number: string, array: JobArray): void {
  writeAtomically(arrayFile(folder, number), `${JSON.stringify(array)}\n`);
}

export function nextNumber(arrays: ReadonlyMap<string, JobArray>): string {
  return String(Math.max(0, ...[...arrays.keys()].map(Number)) + 1).padStart(DIGITS, "0");
}

export function removeArray(folder: string, number: string): void {
  for (const file of [arrayFile, pointsFile, scriptFile]) rmSync(file(folder, number), { force: true });
}

/** Finds the job of an array whose submission nobody saw end; without one it was not submitted. Throws InputError where Slurm does not answer. */
export function settle(folder: string, arrays: Map<string, JobArray>): void {
  const open = [...arrays].filter(([, { job }]) => job === null);
  if (open.length === 0) return;
  const queue = askSlurm("squeue", "-h", "-a", "-t", "all", "--me", "-o", "%F|%o");
  if (!queue?.isGood)
    throw new InputError(`Slurm does not answer (${queue?.words ?? "squeue is not on the PATH"}): try again later`);
  for (const [number, array] of open) {
    const line = queue.out.split("\n").find((text) => text.endsWith(`|${scriptFile(folder, number)}`));
    if (line === undefined) {
      arrays.delete(number);
      removeArray(folder, number);
      continue;
    }
    const settled = { ...array, job: line.split("|")[0] };
    arrays.set(number, settled);
    writeArray(folder, number, settled);
  }
}

/**
 * What Slurm knows of the points of a plan that it was handed; a text, in its words, where it does not answer. A run that has told how it ended, and whose job Slurm knows no
 * more of, is absent.
 */
export function knownOf(
  folder: string,
  plan: Plan,
  arrays: ReadonlyMap<string, JobArray>,
): Map<string, Known> | string {
  const last = new Map<string, { job: string; index: number }>();
  for (const { job, points } of arrays.values()) {
    for (const [index, name] of points.entries()) if (job !== null) last.set(name, { job, index });
  }
  const points = plan.points.filter(({ name }) => last.has(name));
  const tasks = tasksOf([...new Set([...last.values()].map(({ job }) => job))]);
  if (typeof tasks === "string") return tasks;
  const known = new Map<string, Known>();
  for (const point of points) {
    const at = last.get(point.name);
    const one = at && knownTask(folder, point, at, tasks.get(`${at.job}_${at.index}`));
    if (one) known.set(point.name, one);
  }
  return known;
}

function knownTask(
  folder: string,
  point: Point,
  { job, index }: { job: string; index: number },
  task: Task | undefined,
): Known | null {
  const stage = task ? stageOf(task.state) : "ended";
  const id = `job ${job}_${index}`;
  if (stage === "working") return { state: "running" };
  if (stage === "waiting") {
    return task && !USUAL.has(task.reason)
      ? { state: "queued", why: `${id} waits: ${task.reason}` }
      : { state: "queued" };
  }
  const said = lastLines(saidFile(folder, job, index));
  const own = said.findLast((line) => line.startsWith(OWN_WORDS))?.slice(OWN_WORDS.length);
  if (own !== undefined) return { state: "stopped", why: `${own} (${id})` };
  const end = ENDS[task?.state ?? ""];
  if (end) return { state: end.state, why: `${end.why} (${id})` };
  if (readAttempt(folder, point)?.job === `${job}_${index}`) return null;
  const words = (said.length > 0 ? said : lastLines(logFile(folder, point))).slice(-LAST).join(" / ");
  const what = task
    ? `${id} ended as ${task.state} and left no word`
    : `Slurm knows ${id} no more, and it left no word`;
  return { state: "lost", why: words ? `${what}; the last it said: ${words}` : what };
}
