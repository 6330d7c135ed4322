// What a run of a sweep takes, from those that are finished.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isMade, readAttempt, type Status } from "./executor.ts";
import { runFolder } from "./plan.ts";

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

/** null where no run is finished. */
export function costOfRun(folder: string, statuses: readonly Status[]): Cost | null {
  const finished = statuses.filter(({ state }) => isMade(state)).slice(-SAMPLE);
  if (finished.length === 0) return null;
  const costs = finished.map(({ point }) => {
    const run = runFolder(folder, point);
    const attempt = readAttempt(folder, point);
    const { seconds } = JSON.parse(readFileSync(join(run, "result.json"), "utf8"));
    // Earlier sittings of a run that went on count; its start-up is known to the attempt alone.
    return {
      seconds: Math.max(seconds.total ?? 0, attempt?.seconds ?? 0),
      bytes: sizeOf(run),
      memory: attempt?.memory ?? 0,
    };
  });
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
