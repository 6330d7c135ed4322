// Files that are read: regular ones, of a size that can be read.
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { InputError } from "../errors.ts";
import { fileError } from "./file-error.ts";

/** What `read` makes of the regular file at `path`, opened. Throws InputError for what is no such file; errors of the system become sentences. */
export function reading<T>(path: string, read: (file: number) => T): T {
  let file: number | undefined;
  try {
    requireRegular(path);
    file = openSync(path, "r");
    return read(file);
  } catch (error) {
    throw fileError(error, "read", path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Bytes of the largest file that is read whole. */
const FILE_BYTES = 2 ** 31 - 1;

/** All bytes of a regular file. Throws InputError, before reading, for one that is too large. */
export function readWhole(path: string): Buffer {
  try {
    const size = requireRegular(path);
    if (size > FILE_BYTES) {
      throw new InputError(
        `cannot read ${path}: it has ${size} bytes, read are files of up to ${FILE_BYTES}; give a smaller one`,
      );
    }
    return readFileSync(path);
  } catch (error) {
    throw fileError(error, "read", path);
  }
}

/** Its size. A pipe can keep its reader waiting, a device need not end. */
function requireRegular(path: string): number {
  const kind = statSync(path);
  if (kind.isFile()) return kind.size;
  const what = kind.isDirectory() ? "a folder" : "a pipe or a device";
  throw new InputError(
    `cannot read ${path}: it is ${what}, not a file; ${kind.isDirectory() ? "choose another path" : "copy its content to a file first"}`,
  );
}
