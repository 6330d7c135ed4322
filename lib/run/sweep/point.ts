// One run of a sweep, as a process of its own: whoever starts it, here or on a machine of a cluster, it goes on where an earlier attempt stopped, and leaves a log and a record.
import { closeSync, existsSync, fstatSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join, relative } from "node:path";
import { InputError } from "../../errors.ts";
import { writeAtomically } from "../../io/atomic.ts";
import { fileError } from "../../io/file-error.ts";
import { typed } from "../command-text.ts";
import { PROJECT_ROOT } from "../provenance.ts";
import { ownJob } from "../queue.ts";
import { stopRequested } from "../stop.ts";
import type { Attempt } from "./executor.ts";
import { continuation } from "./found.ts";
import { headOf, lastLines, openLog } from "./log.ts";
import { argumentsOf, logFile, type Plan, type Point, recordFile, runFolder } from "./plan.ts";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** How a point is run. */
export interface PointOptions {
  /** Ends the run at its next safe place. */
  readonly abort?: AbortSignal;
  /** The program; by default that of the plan's command. */
  readonly script?: string;
}

/**
 * Runs a point to its end, or to that of this program: signals that it gets are passed on, and the run ends with it (scripts/start.mjs has the same bargain). Returns
 * how it went, which stands in its record too; null of a run that was finished before. Throws InputError where another process works on it, StorageError where
 * the disk does not take log or record.
 */
export async function runPoint(
  folder: string,
  plan: Plan,
  point: Point,
  { abort, script = join(PROJECT_ROOT, "scripts", `${plan.command}.ts`) }: PointOptions = {},
): Promise<Attempt | null> {
  const run = runFolder(folder, point);
  const path = logFile(folder, point);
  const log = openLog(path);
  if (log === null) throw new InputError(`another process works on ${point.name}: wait for its end`);
  try {
    const how = continuation(folder, point);
    if (how === null) return null;
    rmSync(recordFile(folder, point), { force: true });
    const told = [...argumentsOf(plan, point), `--out=${fromIn(plan.from, run)}`, ...how];
    const start = fstatSync(log).size;
    const began = performance.now();
    const facts = { began: new Date().toISOString(), host: hostname(), job: ownJob()?.job ?? null };
    writeSync(log, headOf(facts, [plan.command, ...told.map(typed)].join(" ")));
    const { exit, signal, memory } = await ran([script, ...told], plan.from, log, abort);
    const seconds = (performance.now() - began) / 1000;
    const said = exit === 0 ? [] : lastLines(path, start);
    const attempt: Attempt = { ...facts, seconds, memory, exit, signal, said };
    writeAtomically(recordFile(folder, point), `${JSON.stringify(attempt, null, 1)}\n`);
    return attempt;
  } catch (error) {
    throw fileError(error, "write", path);
  } finally {
    closeSync(log);
  }
}

/** A short path where there is one: it stands in the log, and in what the run says. */
const fromIn = (from: string, path: string) => {
  const near = relative(from, path);
  return near.startsWith("..") || !existsSync(from) ? path : near;
};

async function ran(args: readonly string[], cwd: string, log: number, abort?: AbortSignal) {
  // The run is in the folder that it is started in, whatever npm says of that of the sweep; its words go to the log, also where a sweep is to be quiet.
  const { INIT_CWD, npm_lifecycle_event, PATCHWISE_QUIET, ...env } = process.env;
  const child = Bun.spawn([process.execPath, ...args], {
    cwd,
    env: { ...env, PATCHWISE_STARTER: String(process.pid) },
    stdio: ["ignore", log, log],
  });
  const passOn = SIGNALS.map((signal) => ({ signal, pass: () => child.kill(signal) }));
  const stop = () => child.kill("SIGTERM");
  for (const { signal, pass } of passOn) process.on(signal, pass);
  abort?.addEventListener("abort", stop);
  const early = stopRequested();
  if (early) child.kill(early);
  else if (abort?.aborted) stop();
  try {
    await child.exited;
  } finally {
    for (const { signal, pass } of passOn) process.off(signal, pass);
    abort?.removeEventListener("abort", stop);
  }
  const { exitCode: exit, signalCode: signal } = child;
  return { exit, signal: signal === null ? null : String(signal), memory: child.resourceUsage()?.maxRSS ?? 0 };
}
