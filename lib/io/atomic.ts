// Files that are either the old one or the whole new one, never a half: written beside their place, synced, renamed.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../errors.ts";

/** Matches the names of unfinished files that a killed process can leave behind. */
export const UNFINISHED = /^\..+\.\d+\.unfinished$/;

/** Where this process writes what becomes the file at `path`. */
export const unfinishedName = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}.unfinished`);

/** The most bytes handed to the system in one write; Linux stops at 2 GiB. */
const WRITE_BYTES = 1 << 28;

/**
 * Writes `content` (text, or byte chunks put one after another) to `path`, making its folders. A reader, a crash or a
 * power cut sees the old file or the new one. Throws InputError where the system refuses.
 */
export function writeAtomically(path: string, content: string | readonly Uint8Array[]): void {
  const folder = dirname(path);
  const unfinished = unfinishedName(path);
  const chunks = typeof content === "string" ? [new TextEncoder().encode(content)] : content;
  let file: number | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    file = openSync(unfinished, "w");
    for (const chunk of chunks) writeWhole(file, chunk);
    fsyncSync(file);
    closeSync(file);
    file = undefined;
    renameSync(unfinished, path);
    syncFolder(folder);
  } catch (error) {
    if (file !== undefined) closeSync(file);
    removeQuietly(unfinished);
    throw fileError(error, "write", path);
  }
}

function writeWhole(file: number, chunk: Uint8Array): void {
  let done = 0;
  while (done < chunk.byteLength) {
    done += writeSync(file, chunk, done, Math.min(chunk.byteLength - done, WRITE_BYTES));
  }
}

/** Makes the rename itself survive a power cut. Some systems cannot open a folder; there the rename is all there is. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {}
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

const REASONS: Record<string, string> = {
  EACCES: "permission denied; choose a place that you may write to and read from",
  EPERM: "permission denied; choose a place that you may write to and read from",
  EROFS: "the file system is read-only; choose another place",
  ENOSPC: "the disk is full; free some space and run again",
  EDQUOT: "your disk quota is used up; free some space and run again",
  EFBIG: "the file is larger than the system allows here; choose another disk or raise the limit",
  ENOTDIR: "a part of that path is a file, not a folder; choose another path",
  EISDIR: "it is a folder, not a file; choose another path",
  EEXIST: "a part of that path is a file, not a folder; choose another path",
  ENOENT: "no such file or folder, and none can be made there; check the path",
  ENAMETOOLONG: "the name is too long for this file system; choose a shorter one",
  ELOOP: "its symbolic links form a circle; choose another path",
  EMFILE: "too many files are open; close other programs or raise the limit",
};

/** What the system's refusal means, and what to do. */
export const reasonOf = (error: NodeJS.ErrnoException): string => REASONS[error.code ?? ""] ?? error.message;

/**
 * Turns a failure of the file system into an InputError that says what could not be done to which file, and what to
 * do; hands every other error back unchanged.
 */
export function fileError(error: unknown, action: string, path: string): Error {
  if (error instanceof InputError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (!(error instanceof Error) || code === undefined) return error instanceof Error ? error : new Error(String(error));
  return new InputError(`cannot ${action} ${path}: ${reasonOf(error)}`, { cause: error });
}
