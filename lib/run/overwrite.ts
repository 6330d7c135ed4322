// Files that a program is told to write: claimed before it works, so that no other program's file is lost at the end.
import { closeSync, fstatSync, mkdirSync, openSync, rmSync, type Stats } from "node:fs";
import { dirname, extname } from "node:path";
import { InputError } from "../errors.ts";
import { placeOf } from "../io/atomic.ts";
import { fileError } from "../io/file-error.ts";
import { hasLocks, isOpenAt, lockFile } from "../io/flock.ts";
import { say } from "./output.ts";

interface Claim {
  readonly place: string;
  /** Open and locked; null for what is no regular file. */
  readonly file: number | null;
  /** Whether the file was not there before. */
  readonly made: boolean;
}

const claims = new Map<string, Claim>();

/** Throws InputError for the first of the files to write that is there already, with something in it. What is no regular file is never overwritten. */
export function checkOverwrite(paths: readonly string[], force: boolean): void {
  for (const path of paths) {
    const { kind } = placed(path);
    if (kind?.isDirectory()) throw new InputError(`${path} is a folder: choose a file`);
    if (kind?.isFile() && kind.size > 0 && !force)
      throw new InputError(`${path} exists already: choose another file, or --force to overwrite it`);
  }
}

/**
 * Makes the files, empty, for this process alone until it ends, when those that are still empty go; makes their folders. Throws InputError for one that
 * is there already (without `force`), that another process has claimed, or that cannot be written.
 */
export function claimFiles(paths: readonly string[], force: boolean): void {
  checkOverwrite(paths, force);
  for (const path of paths) {
    try {
      const { place, kind } = placed(path);
      if (kind && !kind.isFile()) {
        claims.set(path, { place, file: null, made: false });
        continue;
      }
      mkdirSync(dirname(place), { recursive: true });
      const file = openSync(place, "a");
      if (!lockFile(file) && hasLocks(place)) {
        closeSync(file);
        throw new InputError(`${path} is being written by another program: wait for its end, or choose another file`);
      }
      claims.set(path, { place, file, made: kind === undefined });
    } catch (error) {
      throw fileError(error, "write", path);
    }
  }
  process.off("exit", release);
  process.on("exit", release);
}

/**
 * Lets `write` put content at the place of a claimed file, which stays claimed; if another program has put its own there meanwhile, beside it, which
 * is said.
 */
export function writeClaimed(path: string, write: (place: string) => void): void {
  const claim = claims.get(path);
  if (!claim) throw new Error(`${path} was not claimed`);
  // Not a regular file.
  if (claim.file === null) write(path);
  else if (isOpenAt(claim.file, claim.place)) {
    write(path);
    const renewed = openSync(claim.place, "a");
    lockFile(renewed);
    closeSync(claim.file);
    claims.set(path, { ...claim, file: renewed });
  } else {
    const end = extname(path);
    const other = `${path.slice(0, path.length - end.length)}-${process.pid}${end}`;
    say(`${path} was written by another program meanwhile: it is left as it is, see ${other}`);
    write(other);
  }
}

function placed(path: string): { place: string; kind: Stats | undefined } {
  try {
    return placeOf(path);
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

function release(): void {
  for (const claim of claims.values()) {
    if (claim.file === null) continue;
    try {
      if (claim.made && isOpenAt(claim.file, claim.place) && fstatSync(claim.file).size === 0)
        rmSync(claim.place, { force: true });
      closeSync(claim.file);
    } catch {} // nothing more can be done about it
  }
  claims.clear();
}
