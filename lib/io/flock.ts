// Locks on whole files that the operating system keeps for as long as the process lives, however it ends: flock(2).
import { dlopen } from "bun:ffi";
import { closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { unfinishedName } from "./atomic.ts";

const [SHARED, EXCLUSIVE, AT_ONCE] = [1, 2, 4];
const LIBRARY = process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6";

let opened: ((file: number, operation: number) => number) | undefined;

/** Where there is no such call it fails. */
function open() {
  try {
    return dlopen(LIBRARY, { flock: { args: ["i32", "i32"], returns: "i32" } }).symbols.flock;
  } catch {
    return () => -1;
  }
}

/**
 * Locks an open file for this process alone, or shared with others that share it, without waiting; false where another has it, or where there are no
 * locks. Closing the file gives it back, and so does the end of the process.
 */
export function lockFile(file: number, { shared = false } = {}): boolean {
  opened ??= open();
  return opened(file, (shared ? SHARED : EXCLUSIVE) | AT_ONCE) === 0;
}

/** Who only looks whether a file is locked shares the lock for an instant: it is tried again so often, and ms apart. */
export const [ATTEMPTS, PAUSE_MS] = [20, 10];

/** `lockFile`, which does not take those who only look for one that has the file. */
export function lockPatiently(file: number): boolean {
  for (let attempt = 1; ; attempt++) {
    if (lockFile(file)) return true;
    if (attempt >= ATTEMPTS) return false;
    Bun.sleepSync(PAUSE_MS);
  }
}

/** Whether the open file is the one that stands at `path`: another may have been put there since, or none be left. */
export function isOpenAt(file: number, path: string): boolean {
  const [own, there] = [fstatSync(file), statSync(path, { throwIfNoEntry: false })];
  return there !== undefined && own.ino === there.ino && own.dev === there.dev;
}

/**
 * Whether files beside `path` can be locked, tried with one that nobody else knows: what the call says of its failure does not outlive the call. Taken
 * for true where none can be made: nothing is written there then.
 */
export function hasLocks(path: string): boolean {
  const probe = unfinishedName(path);
  let file: number;
  try {
    file = openSync(probe, "w");
  } catch {
    return true;
  }
  try {
    return lockFile(file);
  } finally {
    closeSync(file);
    rmSync(probe, { force: true });
  }
}
