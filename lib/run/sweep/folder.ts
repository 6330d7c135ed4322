// The folder of a sweep, before it holds one.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { InputError } from "../../errors.ts";
import { UNFINISHED } from "../../io/atomic.ts";
import { fileError } from "../../io/file-error.ts";
import { LOCK_FILE } from "../lock.ts";
import { readPlan } from "./plan.ts";

/** Throws InputError for a folder with files that no sweep has put there. */
export function requireOurs(folder: string): void {
  if (readPlan(folder) || !existsSync(folder)) return;
  try {
    // A process that is killed as it writes the plan leaves files of these names.
    const foreign = readdirSync(folder).find((name) => !name.startsWith(LOCK_FILE) && !UNFINISHED.test(name));
    if (foreign !== undefined)
      throw new InputError(`${folder} holds files that are not from a sweep (${foreign}): choose another --out`);
  } catch (error) {
    throw fileError(error, "use", folder);
  }
}

/** The folder, which is there then. Throws InputError or StorageError where it cannot be made. */
export function madeFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw fileError(error, "make the folder", folder);
  }
  return folder;
}
