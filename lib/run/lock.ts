// One process per run folder: a lock file that the operating system keeps for the process that opened it (flock), across PID namespaces and, where the
// file system has such locks, hosts. A killed process leaves the file behind, but not the lock. What the file says is for people and for messages; of a job of
// Slurm's it tells, where a file system keeps the lock of a host that is gone or has no locks, whether the holder can still be at work.
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { fileError } from "../io/file-error.ts";
import { ATTEMPTS, hasLocks, isOpenAt, lockFile, PAUSE_MS } from "../io/flock.ts";
import { say } from "./output.ts";
import { isQuiet } from "./progress.ts";
import { isAtWork, type Job, ownJob } from "./queue.ts";

export const LOCK_FILE = "run.lock";

interface Holder extends Partial<Job> {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/** Throws InputError if another process holds the folder. */
export function checkUnlocked(folder: string): void {
  const path = join(folder, LOCK_FILE);
  if (!existsSync(path)) return;
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw fileError(error, "read", path);
  }
  try {
    if (lockFile(file, { shared: true })) return;
    if (hasLocks(path) ? !isLeftBehind(path) : isOfOtherJob(path)) throw held(folder);
  } finally {
    closeSync(file);
  }
}

export interface Lock {
  /** Gives the folder back. */
  release(): void;
  /** Whether the folder is still where it was, and this one. */
  holds(): boolean;
}

/** Takes the folder for this process. Throws InputError if another process has it. */
export function lockFolder(folder: string): Lock {
  const path = join(folder, LOCK_FILE);
  const file = openLocked(folder, path);
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString(), ...ownJob() };
  try {
    ftruncateSync(file);
    writeSync(file, `${JSON.stringify(holder)}\n`);
  } catch (error) {
    closeSync(file);
    throw fileError(error, "write", path);
  }
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    process.off("exit", release);
    try {
      // While it is locked: nobody else can have made another one in its place.
      if (isOpenAt(file, path)) rmSync(path, { force: true });
    } catch {} // a folder that cannot be written any more; without the process the file locks nothing
    closeSync(file);
  };
  process.on("exit", release);
  return { release, holds: () => !released && isOpenAt(file, path) };
}

/** The lock file, opened and locked. */
function openLocked(folder: string, path: string): number {
  for (let attempt = 1; ; attempt++) {
    let file: number;
    try {
      file = openSync(path, "a+");
    } catch (error) {
      throw fileError(error, "lock", path);
    }
    try {
      // The one that had it may have removed it between: then it is no lock of the folder any more.
      if (lockFile(file) && isOpenAt(file, path)) return file;
      if (attempt >= ATTEMPTS && !hasLocks(path)) {
        if (isOfOtherJob(path)) throw held(folder);
        warnNoLocks(folder);
        return file;
      }
      if (attempt >= ATTEMPTS && !removeLeft(file, path)) throw held(folder);
    } catch (error) {
      closeSync(file);
      throw fileError(error, "lock", path);
    }
    closeSync(file);
    Bun.sleepSync(PAUSE_MS);
  }
}

/** Whether a lock that the file system holds is one of a host that is gone: the job that had it is at work no longer. On the same host a lock goes with its process. */
function isLeftBehind(path: string): boolean {
  const holder = jobHolding(path);
  if (!holder || holder.host === hostname()) return false;
  const own = ownJob();
  // The same job, put back into the queue since: then it was on another host.
  if (own && isSame(own, holder)) return holder.restarts < own.restarts;
  return isAtWork(holder) === false;
}

/** Without locks: whether another job, which is at work, has the folder. */
function isOfOtherJob(path: string): boolean {
  const holder = jobHolding(path);
  const own = ownJob();
  return holder !== null && !(own && isSame(own, holder)) && isAtWork(holder) === true;
}

const isSame = (one: Job, other: Job) => one.job === other.job && one.cluster === other.cluster;

/** The holder of a lock, if it is a job that Slurm would tell us of: it may hide those of other users. */
function jobHolding(path: string): (Holder & Job) | null {
  const holder = holderOf(path);
  const isOurs = statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
  return isOurs && holder?.job !== undefined && holder.restarts !== undefined && holder.cluster !== undefined
    ? (holder as Holder & Job)
    : null;
}

/** Removes the open lock file if it is left behind; false where it is not, or another process is about to. One at a time looks and removes, so that none removes what another has put there. */
function removeLeft(file: number, path: string): boolean {
  if (!isLeftBehind(path)) return false;
  const turn = `${path}.left`;
  const guard = openSync(turn, "a+");
  try {
    if (!lockFile(guard) || !isOpenAt(guard, turn)) return false;
    if (isLeftBehind(path) && isOpenAt(file, path)) rmSync(path);
    rmSync(turn);
    return true;
  } finally {
    closeSync(guard);
  }
}

function held(folder: string): InputError {
  const holder = holderOf(join(folder, LOCK_FILE));
  const who = holder ? `process ${holder.pid}` : "another process";
  const where = holder && holder.host !== hostname() ? ` on ${holder.host}` : "";
  const job = holder?.job === undefined ? "" : ` (job ${holder.job})`;
  return new InputError(`${folder} is in use by ${who}${where}${job}: wait for its end, or choose another --out`);
}

function holderOf(path: string): Holder | undefined {
  try {
    const { pid, host, since, job, restarts, cluster } = JSON.parse(readFileSync(path, "utf8"));
    const isHolder = Number.isSafeInteger(pid) && typeof host === "string";
    return isHolder ? { pid, host, since, job, restarts, cluster } : undefined;
  } catch {
    return undefined;
  }
}

function warnNoLocks(folder: string): void {
  if (!isQuiet()) say(`the file system of ${folder} has no locks: see to it that no other run uses this folder`);
}
