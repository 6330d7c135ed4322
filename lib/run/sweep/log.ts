// The log of a run of a sweep. Whoever makes the run holds a lock on it, which the run itself inherits: it lasts until both have ended, however they end.
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, readSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { fileError } from "../../io/file-error.ts";
import { hasLocks, lockFile, lockPatiently } from "../../io/flock.ts";

/** Lines that are kept of the end of a log, characters of each, and bytes that are looked through for them. */
const [SAID, LONGEST, LOOKED] = [5, 400, 65_536];

/** Opens a log behind its end and locks it; null where another process has it. Throws InputError or StorageError where it cannot be made. */
export function openLog(path: string): number | null {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const log = openSync(path, "a");
    if (lockPatiently(log) || !isOfLivingHolder(path)) return log;
    closeSync(log);
    return null;
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

/** Whether a process has the log. */
export function isHeld(path: string): boolean {
  if (!existsSync(path)) return false;
  const file = openSync(path, "r");
  try {
    return !lockFile(file, { shared: true }) && isOfLivingHolder(path);
  } finally {
    closeSync(file);
  }
}

/**
 * Whether a lock that cannot be had is that of a process. On this host it ends with the process; a file server may keep that of a host that is gone, of which the lock of
 * the run's folder knows more.
 */
function isOfLivingHolder(path: string): boolean {
  if (!hasLocks(path)) return false;
  const [, host] = [...readFileSync(path, "utf8").matchAll(/^# \S+ on ([^\s,:]+)/gm)].at(-1) ?? [];
  return host === undefined || host === hostname();
}

/** The line that an attempt begins with. */
export const headOf = ({ began, host, job }: { began: string; host: string; job: string | null }, command: string) =>
  `# ${began} on ${host}${job === null ? "" : `, job ${job}`}: ${command}\n`;

/** "# 2026-11-28T10:03Z on node7: demo --T 1", "at work (x.ts:7:3)". */
const HEADS_AND_FRAMES = /^($|# |at .*(:\d+:\d+|native|unknown)\)?$)/;

/** The last lines of a log behind a place, without heads of attempts and frames of a stack; none of one that is not there. */
export function lastLines(path: string, from = 0): string[] {
  if (!existsSync(path)) return [];
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const start = Math.max(from, size - LOOKED);
    const bytes = Buffer.alloc(Math.max(0, size - start));
    const count = readSync(file, bytes, 0, bytes.length, start);
    const lines = Bun.stripANSI(bytes.toString("utf8", 0, count)).split(/[\r\n]+/);
    const said = lines.map((line) => line.trim()).filter((line) => !HEADS_AND_FRAMES.test(line));
    return said.slice(-SAID).map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line));
  } finally {
    closeSync(file);
  }
}
