// Who makes the runs of a sweep, and how the runs are.
import { readFileSync } from "node:fs";
import { type Plan, type Point, recordFile } from "./plan.ts";

/**
 * `waiting`: nobody has begun it. `queued`, `running`: as the executor says. `finished`. `unreliable`: finished, but not to be relied on (exit code 1 of a run
 * that says so). `stopped`: unfinished, goes on when the sweep is run again. `failed`: bad input, a program error or a corrupt result. `lost`: the executor
 * has begun it, and neither knows it any more nor has it left a word.
 */
export const STATES = ["waiting", "queued", "running", "finished", "unreliable", "stopped", "failed", "lost"] as const;
export type PointState = (typeof STATES)[number];

/** Whether there is nothing left to do for a run. */
export const isMade = (state: PointState): boolean => state === "finished" || state === "unreliable";

export interface Status {
  readonly point: Point;
  readonly state: PointState;
  /** A sentence without a stop, of a run that is neither finished nor to come. */
  readonly why?: string;
}

/** How an attempt at a run went: `logs/<name>.json`, written by whoever ran it. */
export interface Attempt {
  readonly began: string;
  /** Wall seconds of this attempt, and the most memory it held, in bytes. */
  readonly seconds: number;
  readonly memory: number;
  /** null of a program that a signal ended. */
  readonly exit: number | null;
  readonly signal: string | null;
  readonly host: string;
  /** Which job of the queue it was (`ownJob`), if it was one. */
  readonly job: string | null;
  /** The last lines that the run said, of an attempt that is not exit 0. */
  readonly said: readonly string[];
}

/** How the last attempt went; null where there was none, or it left no word. */
export function readAttempt(folder: string, point: Point): Attempt | null {
  try {
    const found: unknown = JSON.parse(readFileSync(recordFile(folder, point), "utf8"));
    return typeof found === "object" ? (found as Attempt | null) : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** What an executor knows of a point beyond what lies in its folder. */
export interface Known {
  readonly state: "queued" | "running" | "lost" | "stopped" | "failed";
  readonly why?: string;
}

export interface Executor {
  /** Makes the points, or hands them to who does. Returns when that is done. */
  execute(folder: string, plan: Plan, points: readonly Point[]): Promise<void>;
}
