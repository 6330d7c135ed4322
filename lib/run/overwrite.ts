// Files that a user already has.
import { existsSync } from "node:fs";
import { InputError } from "../errors.ts";

/** Throws InputError for the first of the files to write that is there already. */
export function checkOverwrite(paths: readonly string[], force: boolean): void {
  const there = force ? undefined : paths.find(existsSync);
  if (there) throw new InputError(`${there} exists already: choose another file, or --force to overwrite it`);
}
