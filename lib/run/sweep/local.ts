// Makes the runs of a sweep on this machine, as many beside each other as its adapter stands.

import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { InputError, StorageError } from "../../errors.ts";
import { writeAtomically } from "../../io/atomic.ts";
import { tellsOfFullDisk } from "../../io/file-error.ts";
import { say } from "../output.ts";
import { progress } from "../progress.ts";
import { stopPoint } from "../stop.ts";
import type { Attempt, Executor, Status } from "./executor.ts";
import { foundOf } from "./found.ts";
import type { Plan, Point } from "./plan.ts";
import { type PointOptions, runPoint } from "./point.ts";
import { states } from "./states.ts";

/** Runs beside each other on a graphics card, of which each leaves it idle while it works on the processor: one for so many cores, so many at the most. */
const [CORES, MOST] = [2, 4];
/** How often it is looked which adapter the first run has taken, ms. */
const LOOK_MS = 500;
/** A disk that does not take so many bytes is full. */
const PROBE = 1 << 16;

export interface LocalOptions extends Pick<PointOptions, "script"> {
  /** 0: as many as the adapter stands. */
  readonly processes: number;
  /** Of the machine. */
  readonly cores?: number;
  /** Told of every run that has ended. */
  ended?(status: Status): void;
}

/**
 * The executor of this machine. A run that fails is left behind, the rest goes on. `execute` throws Stopped after a signal, when all runs have saved what they
 * have, and StorageError where the disk is full.
 */
export function localExecutor(options: LocalOptions): Executor {
  return { execute: (folder, plan, points) => execute(folder, plan, points, options) };
}

async function execute(
  folder: string,
  plan: Plan,
  points: readonly Point[],
  { processes, script, ended, cores = availableParallelism() }: LocalOptions,
): Promise<void> {
  const waiting = [...points];
  const abort = new AbortController();
  const bar = progress("runs", plan.points.length, plan.points.length - points.length);
  const running = new Map<Point, Promise<void>>();
  const done: { point: Point; attempt: Attempt | null }[] = [];
  const begin = (point: Point) => {
    const work = async () => {
      try {
        done.push({ point, attempt: await runPoint(folder, plan, point, { abort: abort.signal, script }) });
      } catch (error) {
        // Somebody else makes it.
        if (!(error instanceof InputError)) throw error;
        say(error.message);
        done.push({ point, attempt: null });
      } finally {
        running.delete(point);
      }
    };
    running.set(point, work());
  };
  // Known when the first run has opened it: nothing else has to.
  let width = processes || null;
  try {
    while (waiting.length > 0 || running.size > 0) {
      while (waiting.length > 0 && running.size < (width ?? 1)) begin(waiting.shift() as Point);
      await Promise.race([...running.values(), ...(width === null ? [Bun.sleep(LOOK_MS)] : [])]);
      width ??=
        [...running.keys(), ...done.map(({ point }) => point)]
          .map((point) => widthOf(folder, point, cores))
          .find(Boolean) ?? null;
      stopPoint();
      for (const { point, attempt } of done.splice(0)) {
        const [status] = states(folder, { ...plan, points: [point] });
        if (status.state === "failed") requireDisk(folder, attempt);
        ended?.(status);
        bar.add();
      }
    }
  } catch (error) {
    abort.abort();
    await Promise.allSettled(running.values());
    throw error;
  } finally {
    bar.done();
  }
}

/** How many runs go beside each other on the adapter that this one has; null where it has none yet. */
function widthOf(folder: string, point: Point, cores: number): number | null {
  const found = foundOf(folder, point);
  if (found.state === "nothing" || found.state === "foreign") return null;
  const { kind } = found.manifest.identity.adapter;
  return kind === "hardware" ? Math.max(1, Math.min(MOST, Math.floor(cores / CORES))) : 1;
}

/** Throws StorageError where a run has failed for want of room, which all others would too. */
function requireDisk(folder: string, attempt: Attempt | null): void {
  const probe = join(folder, "logs", "probe");
  const full = new StorageError(`the disk of ${folder} is full: free some space`);
  if (attempt?.said.some(tellsOfFullDisk)) throw full;
  try {
    writeAtomically(probe, "0".repeat(PROBE));
  } catch (error) {
    throw error instanceof StorageError && tellsOfFullDisk(error.message) ? full : error;
  } finally {
    rmSync(probe, { force: true });
  }
}
