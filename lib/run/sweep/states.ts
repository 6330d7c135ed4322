// How the runs of a sweep are, from what lies on disk and what their executor knows.
import { existsSync } from "node:fs";
import { checkUnlocked } from "../lock.ts";
import { type Attempt, isMade, type Known, type PointState, readAttempt, type Status } from "./executor.ts";
import { foundOf, orRefusal, resultOf } from "./found.ts";
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
export const isOpen = ({ state }: Status) => !isMade(state) && state !== "queued" && state !== "running";

type State = Omit<Status, "point">;

function stateOf(folder: string, point: Point, known: Known | undefined): State {
  const found = foundOf(folder, point);
  const end = endOf(folder, point, found);
  if (end && isMade(end.state)) return end;
  if (isUnderWay(folder, point)) return { state: "running" };
  if (known?.state === "queued" || known?.state === "running") return stated(known.state, known.why);
  if (end) return end;
  const attempt = readAttempt(folder, point);
  // A run that went well, and whose folder was taken away, is to be made anew.
  if (attempt && attempt.exit !== 0) return ended(attempt, known);
  if (known) return stated(known.state, known.why);
  const isBegun = existsSync(logFile(folder, point));
  if (isBegun && !attempt)
    return { state: "lost", why: "it ended without a word: it was killed, or its machine went down" };
  return found.state === "nothing" ? { state: "waiting" } : { state: "stopped", why: "nobody works on it" };
}

const stated = (state: PointState, why: string | undefined): State => ({ state, ...(why !== undefined && { why }) });

/** Of a run that its manifest calls finished, and of a folder that no run goes on in. */
function endOf(folder: string, point: Point, found: ReturnType<typeof foundOf>): State | null {
  if (found.state === "foreign") return { state: "failed", why: found.why };
  if (found.state !== "finished") return null;
  const made = resultOf(folder, point);
  if ("why" in made) return { state: "failed", why: made.why };
  const { end } = found.manifest;
  return end?.failed ? { state: "unreliable", why: end.warnings[0] } : { state: "finished" };
}

/** Whether a process works on a run, or is about to. */
function isUnderWay(folder: string, point: Point): boolean {
  const isLocked = () => typeof orRefusal(() => ({ free: checkUnlocked(runFolder(folder, point)) })) === "string";
  return isHeld(logFile(folder, point)) || isLocked();
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
