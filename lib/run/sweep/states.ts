// How the runs of a sweep are, from what lies on disk and what their executor knows.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError, StorageError } from "../../errors.ts";
import { checkUnlocked } from "../lock.ts";
import { type Found, inspect } from "../manifest.ts";
import { validateResult } from "../result.ts";
import { type Attempt, type Known, type PointState, readAttempt, type Status } from "./executor.ts";
import { isHeld } from "./log.ts";
import { logFile, type Plan, type Point, runFolder } from "./plan.ts";

const SIGNAL_CODES: Readonly<Record<number, string>> = { 129: "SIGHUP", 130: "Ctrl-C", 143: "SIGTERM" };

/**
 * The state of every point of a plan, in its order. A finished run counts as its result.json says; of the others a lock tells which are under way on this machine (or,
 * where the file system has such locks, on another), then `known` which are with the executor, then the record of the last attempt how it ended.
 */
export function states(folder: string, plan: Plan, known: ReadonlyMap<string, Known> = new Map()): Status[] {
  return plan.points.map((point) => ({ point, ...stateOf(folder, point, known.get(point.name)) }));
}

/** Whether a run is to be made, or made further, by a sweep that is run again. */
export const isOpen = ({ state }: Status) => !["finished", "unreliable", "queued", "running"].includes(state);

type State = Omit<Status, "point">;

function stateOf(folder: string, point: Point, known: Known | undefined): State {
  const run = runFolder(folder, point);
  const said = orRefusal(() => inspect(run));
  const end = typeof said === "string" ? { state: "failed" as const, why: said } : finished(run, said);
  if (end && !end.why) return end;
  if (end?.state === "unreliable") return end;
  if (isUnderWay(logFile(folder, point), run)) return { state: "running" };
  if (known?.state === "queued" || known?.state === "running") return stated(known.state, known.why);
  if (end) return end;
  const attempt = readAttempt(folder, point);
  if (attempt) return ended(attempt, known);
  if (known) return stated(known.state, known.why);
  const isBegun = existsSync(logFile(folder, point));
  if (isBegun) return { state: "lost", why: "it ended without a word: it was killed, or its machine went down" };
  return (said as Found).state === "nothing" ? { state: "waiting" } : { state: "stopped", why: "nobody works on it" };
}

const stated = (state: PointState, why: string | undefined): State => ({ state, ...(why !== undefined && { why }) });

/** Of a run that its manifest calls finished. */
function finished(run: string, found: Found): State | null {
  if (found.state !== "finished") return null;
  const problem = resultProblem(run);
  if (problem) return { state: "failed", why: problem.why };
  const { end } = found.manifest;
  return end?.failed ? { state: "unreliable", why: end.warnings[0] } : { state: "finished" };
}

/**
 * Why the result of a finished run cannot be read; null where it can. `isBroken`: it is cut off or gone, so that the run is to be made anew; what is whole but not a
 * result that this version knows is left alone.
 */
export function resultProblem(run: string): { readonly why: string; readonly isBroken: boolean } | null {
  const path = join(run, "result.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    return { why: `its result.json ${isGone ? "is missing" : "cannot be read"}`, isBroken: isGone };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { why: "its result.json is not JSON: it is cut off, or was changed", isBroken: true };
  }
  const refused = orRefusal(() => validateResult(value));
  return typeof refused === "string"
    ? { why: `${refused}, which the sweep does where you delete that file`, isBroken: false }
    : null;
}

/** What work gives, or the sentence that it refuses with. */
function orRefusal<T extends object>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError || error instanceof StorageError) return error.message;
    throw error;
  }
}

/** Whether a process works on a run, or is about to. */
function isUnderWay(log: string, run: string): boolean {
  return isHeld(log) || typeof orRefusal(() => ({ free: checkUnlocked(run) })) === "string";
}

const endedBy = (signal: string | null) =>
  signal === "SIGKILL" ? "it was killed (SIGKILL), perhaps because memory ran out" : `${signal} ended it`;

/** Of a run that is not finished, from how its last attempt ended. */
function ended({ exit, signal, said }: Attempt, known: Known | undefined): State {
  if (exit === null) {
    const said = known && known.state !== "lost" ? known : null;
    return { state: said?.state ?? "stopped", why: said?.why ?? endedBy(signal) };
  }
  const asked = SIGNAL_CODES[exit];
  if (asked) return { state: "stopped", why: known?.why ?? `${asked} stopped it` };
  const words = said.findLast((line) => !line.includes("; continue with: "))?.replace(/\.$/, "");
  return { state: "failed", why: words ?? `it ended with exit code ${exit} and no word` };
}
