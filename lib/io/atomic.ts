// Files that are either the old one or the whole new one, never a half: written beside their place, synced, renamed.
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { StorageError } from "../errors.ts";
import { fileError } from "./file-error.ts";

/** Matches the names of unfinished files that a killed process can leave behind. */
export const UNFINISHED = /^\..+\.\d+\.unfinished$/;

/** Where this process writes what becomes the file at `path`. */
export const unfinishedName = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}.unfinished`);

/** The most bytes handed to the system in one write; Linux stops at 2 GiB. */
const WRITE_BYTES = 1 << 28;
/** Symbolic links that are followed; Linux gives up there too. */
const LINKS = 40;
const PERMISSIONS = 0o7777;

/** Chunks may be made as they are asked for, from the first one on each time. */
type Content = string | Iterable<Uint8Array>;

/**
 * Writes `content` (text, or byte chunks put one after another) to `path`, making its folders (below `root` where that is given, which must be there). A
 * reader, a crash or a power cut sees the old file or the new one. The file of a symbolic link is replaced, not the link; permissions and owner stay;
 * a file of several names is overwritten in place once the new content is on the disk; what is no regular file is written to as it is. Throws InputError
 * or StorageError where the system refuses.
 */
export function writeAtomically(path: string, content: Content, { root }: { root?: string } = {}): void {
  const chunks = typeof content === "string" ? [new TextEncoder().encode(content)] : content;
  try {
    const { place, kind } = placeOf(path);
    if (kind && !kind.isFile()) {
      writeTo(place, "w", chunks);
      return;
    }
    const folder = dirname(place);
    if (root !== undefined && !statSync(root, { throwIfNoEntry: false })?.isDirectory())
      throw new StorageError(`cannot write ${path}: the folder ${root} is gone`);
    mkdirSync(folder, { recursive: true });
    replace(place, kind, chunks);
    syncFolder(folder);
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

/** Where a path leads along symbolic links, also where nothing is there yet. */
export function placeOf(path: string): { place: string; kind: Stats | undefined } {
  let place = resolve(path);
  for (let link = 0; link < LINKS; link++) {
    const kind = lstatSync(place, { throwIfNoEntry: false });
    if (!kind?.isSymbolicLink()) return { place, kind };
    place = resolve(dirname(place), readlinkSync(place));
  }
  throw Object.assign(new Error(`${path}: too many symbolic links`), { code: "ELOOP" });
}

function replace(place: string, old: Stats | undefined, chunks: Iterable<Uint8Array>): void {
  const unfinished = unfinishedName(place);
  try {
    writeTo(unfinished, "w", chunks);
    if (old && old.nlink > 1) {
      writeTo(place, "r+", chunks);
      rmSync(unfinished, { force: true });
      return;
    }
    if (old) keepOwner(unfinished, old);
    renameSync(unfinished, place);
  } catch (error) {
    quietly(() => rmSync(unfinished, { force: true }));
    throw error;
  }
}

/** Only the administrator may give files away; for others a replaced file becomes their own. */
function keepOwner(path: string, { mode, uid, gid }: Stats): void {
  const own = statSync(path);
  if (own.uid !== uid || own.gid !== gid) {
    try {
      chownSync(path, uid, gid);
    } catch {}
  }
  if (((own.mode ^ mode) & PERMISSIONS) !== 0) chmodSync(path, mode & PERMISSIONS);
}

/** Whole, and on the disk. */
function writeTo(path: string, flags: "w" | "r+", chunks: Iterable<Uint8Array>): void {
  const file = openSync(path, flags);
  let open = true;
  try {
    if (flags === "r+") ftruncateSync(file);
    for (const chunk of chunks) writeWhole(file, chunk);
    sync(file);
    open = false;
    closeSync(file);
  } finally {
    if (open) quietly(() => closeSync(file));
  }
}

function writeWhole(file: number, chunk: Uint8Array): void {
  let done = 0;
  while (done < chunk.byteLength) {
    done += writeSync(file, chunk, done, Math.min(chunk.byteLength - done, WRITE_BYTES));
  }
}

/** Pipes and devices have nothing to sync. */
function sync(file: number): void {
  try {
    fsyncSync(file);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EOPNOTSUPP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Makes the rename itself survive a power cut. Some systems cannot open a folder; there the rename is all there is. */
function syncFolder(folder: string): void {
  quietly(() => {
    const handle = openSync(folder, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  });
}

/** Where something else has failed already, or need not succeed. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {}
}
