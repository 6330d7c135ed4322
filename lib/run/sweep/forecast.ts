// What a run of a sweep takes, from those that are finished.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isMade, readAttempt, type Status } from "./executor.ts";
import { foundOf } from "./found.ts";
import { type Point, runFolder } from "./plan.ts";

/** Runs that are looked at: the last ones. */
const SAMPLE = 30;

export interface Cost {
  /** Wall seconds of a run, from the start of its program to its end, on the average. */
  readonly seconds: number;
  /** Bytes of its folder, on the average. */
  readonly bytes: number;
  /** The most memory that one has held, bytes; 0 where none has been watched to its end. */
  readonly memory: number;
}

/** What a run took: wall seconds, earlier sittings among them, and the most memory of its last attempt, bytes, 0 where that was not watched. null of one that is not finished. */
export function spentOn(folder: string, point: Point): Pick<Cost, "seconds" | "memory"> | null {
  const found = foundOf(folder, point);
  if (found.state !== "finished") return null;
  const attempt = readAttempt(folder, point);
  // The start-up of a program is known to the attempt alone.
  return {
    seconds: Math.max(found.manifest.seconds.total ?? 0, attempt?.seconds ?? 0),
    memory: attempt?.memory ?? 0,
  };
}

/** null where no run is finished. */
export function costOfRun(folder: string, statuses: readonly Status[]): Cost | null {
  const finished = statuses.filter(({ state }) => isMade(state)).slice(-SAMPLE);
  const costs = finished.flatMap(({ point }) => {
    const spent = spentOn(folder, point);
    return spent ? [{ ...spent, bytes: sizeOf(runFolder(folder, point)) }] : [];
  });
  if (costs.length === 0) return null;
  const mean = (of: "seconds" | "bytes") => costs.reduce((sum, cost) => sum + cost[of], 0) / costs.length;
  return { seconds: mean("seconds"), bytes: mean("bytes"), memory: Math.max(...costs.map(({ memory }) => memory)) };
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce(
    (sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
