// One process per run folder: a lock file that the operating system keeps for the process that opened it (flock), across PID namespaces and, where the
// file system has such locks, hosts. A killed process leaves the file behind, but not the lock. What the file says is for people and for messages.
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { fileError } from "../io/file-error.ts";
import { hasLocks, isOpenAt, lockFile } from "../io/flock.ts";
import { say } from "./output.ts";
import { isQuiet } from "./progress.ts";

export const LOCK_FILE = "run.lock";
/** Another process that looks who holds a folder shares the lock for an instant: so often, and ms apart, it is tried again. */
const ATTEMPTS = 20;
const PAUSE_MS = 10;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  /** Number of a Slurm job. */
  readonly job?: string;
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
    if (!lockFile(file, { shared: true }) && hasLocks(path)) throw held(folder);
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
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString(), ...jobOf(process.env) };
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
      if (attempt >= ATTEMPTS) {
        if (hasLocks(path)) throw held(folder);
        warnNoLocks(folder);
        return file;
      }
    } catch (error) {
      closeSync(file);
      throw fileError(error, "lock", path);
    }
    closeSync(file);
    Bun.sleepSync(PAUSE_MS);
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
    const { pid, host, since, job } = JSON.parse(readFileSync(path, "utf8"));
    return Number.isSafeInteger(pid) && typeof host === "string" ? { pid, host, since, job } : undefined;
  } catch {
    return undefined;
  }
}

function jobOf({ SLURM_JOB_ID }: NodeJS.ProcessEnv): { job?: string } {
  return SLURM_JOB_ID ? { job: SLURM_JOB_ID } : {};
}

function warnNoLocks(folder: string): void {
  if (!isQuiet()) say(`the file system of ${folder} has no locks: see to it that no other run uses this folder`);
}
