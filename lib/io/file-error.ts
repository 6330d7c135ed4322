// What the refusals of a file system mean, in sentences.
import { InputError, StorageError } from "../errors.ts";

/** A path that a user chose wrongly. */
const CHOSEN: Record<string, string> = {
  EACCES: "permission denied; choose a place that you may write to and read from",
  EPERM: "permission denied; choose a place that you may write to and read from",
  ENOTDIR: "a part of that path is a file, not a folder; choose another path",
  EISDIR: "it is a folder, not a file; choose another path",
  EEXIST: "a part of that path is a file, not a folder; choose another path",
  ENOENT: "no such file or folder, and none can be made there; check the path",
  ENAMETOOLONG: "the name is too long for this file system; choose a shorter one",
  ELOOP: "its symbolic links form a circle; choose another path",
  ENXIO: "there is no device, or nobody at the other end; choose another path",
};
/** A machine that cannot go on. */
const FAILING: Record<string, string> = {
  EROFS: "the file system is read-only; make it writable, or choose another place",
  ENOSPC: "the disk is full; free some space and run again",
  EDQUOT: "your disk quota is used up; free some space and run again",
  EFBIG: "the file is larger than the system allows here; choose another disk or raise the limit",
  EIO: "the device reports an error; check the disk, or choose another",
  ESTALE: "the file server has lost it; mount it again",
  EMFILE: "too many files are open; close other programs or raise the limit",
  ENFILE: "too many files are open on this machine; close other programs or raise the limit",
  ENOMEM: "there is not enough memory; close other programs",
};

/** What the system's refusal means, and what to do. */
export const reasonOf = ({ code = "", message }: NodeJS.ErrnoException): string =>
  CHOSEN[code] ?? FAILING[code] ?? message;

/** Whether words are of a disk that takes no more. */
export const tellsOfFullDisk = (words: string): boolean =>
  [FAILING.ENOSPC, FAILING.EDQUOT].some((reason) => words.includes(reason));

/**
 * Turns a failure of the file system into an InputError, or a StorageError where the path is not to blame, that says what could not be done to which
 * file, and what to do; hands every other error back unchanged.
 */
export function fileError(error: unknown, action: string, path: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof InputError || error instanceof StorageError) return error;
  const Kind = code in FAILING ? StorageError : InputError;
  return new Kind(`cannot ${action} ${path}: ${reasonOf(error)}`, { cause: error });
}
