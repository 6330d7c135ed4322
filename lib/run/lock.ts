// One process per run folder: a lock file with the process that holds it, taken over when that process is gone.
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { fileError } from "../io/atomic.ts";

export const LOCK_FILE = "run.lock";
/** A lock without readable content is a process in the middle of making it, up to this age, ms. */
const MAKING_MS = 5_000;

interface Holder {
  pid: number;
  host: string;
  /** When the process started, as the system counts it; tells it from a later process with the same pid. */
  started: string;
}

/** Throws InputError if a living process holds the folder. */
export function checkUnlocked(folder: string): void {
  const path = join(folder, LOCK_FILE);
  const content = contentOf(path);
  if (content === undefined) return;
  const holder = holderOf(content);
  if (!holder) {
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age < MAKING_MS)
      throw new InputError(`${folder} is being opened by another process: choose another --out, or wait`);
  } else if (holder.host !== hostname()) {
    throw new InputError(
      `${folder} is in use by process ${holder.pid} on ${holder.host}: if it is gone, delete ${path} and run again`,
    );
  } else if (isAlive(holder)) {
    throw new InputError(`${folder} is in use by process ${holder.pid}: wait for its end, or choose another --out`);
  }
}

/** Takes the folder for this process and returns what gives it back. Throws InputError if a living process has it. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, LOCK_FILE);
  const holder: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid)?.time ?? "" };
  const mine = JSON.stringify(holder);
  for (let attempt = 0; ; attempt++) {
    checkUnlocked(folder);
    removeStale(path);
    try {
      writeFileSync(path, mine, { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt === 3) throw fileError(error, "lock", path);
    }
  }
  const release = () => {
    process.off("exit", release);
    if (contentOf(path) === mine) rmSync(path, { force: true });
  };
  process.on("exit", release);
  return release;
}

/** Of several processes that find the same dead lock only one can rename it; it looks again at what it then holds. */
function removeStale(path: string): void {
  const seen = contentOf(path);
  if (seen === undefined) return;
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // another process was first
  }
  if (contentOf(aside) === seen) rmSync(aside, { force: true });
  else renameSync(aside, path); // a new holder came between: hand it back, the next look reports it
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function holderOf(content: string): Holder | undefined {
  try {
    const { pid, host, started } = JSON.parse(content);
    const fits = Number.isSafeInteger(pid) && pid > 0 && typeof host === "string" && typeof started === "string";
    return fits ? { pid, host, started } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  const now = startOf(pid);
  if (now) return now.state !== "Z" && now.time === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it lives and belongs to someone else
  }
}

/** State and start time of a process, from Linux's /proc; undefined elsewhere and for a process that is gone. */
function startOf(pid: number): { state: string; time: string } | undefined {
  const fields = contentOf(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ");
  return fields && { state: fields[0], time: fields[19] };
}
