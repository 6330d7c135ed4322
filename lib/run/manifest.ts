// run.json: the mark that a folder is ours, which run it holds, what was written there, and the seconds spent.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../errors.ts";
import { UNFINISHED, writeAtomically } from "../io/atomic.ts";
import { fileError } from "../io/file-error.ts";
import { FILE_PART } from "./code.ts";
import type { End } from "./finished.ts";
import { LOCK_FILE } from "./lock.ts";
import type { Adapter } from "./provenance.ts";
import { plainJson } from "./result.ts";

const MANIFEST_FILE = "run.json";
const FORMAT = "patchwise run 2";
/** The files of a run, relative to its folder; a manifest that lists anything else is not ours. */
const NAME = "[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*)*";
const RUN_FILE = new RegExp(`^(?:result\\.json|index\\.html|(?:checkpoints|models|tables)/${NAME})$`);

/** Everything that decides the bytes of a run. */
export interface Identity {
  experiment: string;
  profile: string;
  seed: number;
  parameters: Record<string, unknown>;
  patchwise: string;
  adapter: Adapter;
  /** What makes the numbers (`codeOf`). */
  code: Record<string, string>;
}
export interface Manifest {
  format: typeof FORMAT;
  identity: Identity;
  /** Wall seconds per phase so far, and `total`. */
  seconds: Record<string, number>;
  /** Written, or about to be. */
  files: string[];
  /** Whether all of it is there; what the result says does not decide. */
  finished: boolean;
  /** Of a finished one: what is shown of it. */
  end?: End;
}
export type Found = { state: "nothing" } | { state: "unfinished" | "finished"; manifest: Manifest };

export function newManifest(identity: Identity): Manifest {
  return { format: FORMAT, identity: plainJson(identity, "run") as Identity, seconds: {}, files: [], finished: false };
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeAtomically(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`, { root: folder });
}

/** Throws unless `name` can name a stage, table or tensor file: lower-case letters, digits, `.`, `-`, and `/` between. */
export function checkName(name: string): void {
  if (!RUN_FILE.test(`tables/${name}`) || name.endsWith(".partial")) {
    throw new Error(`"${name}" cannot name a file of a run: use a-z, 0-9, "." and "-", with "/" between parts`);
  }
}

/** Sixteen letters that name the run; its checkpoints carry them. */
export function identityHash(identity: Identity): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
}

/** What is in a run folder. Throws InputError if there are files and none of them is our manifest, or that is of another version. */
export function inspect(folder: string): Found {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { state: "nothing" };
    throw fileError(error, "use", folder);
  }
  const foreign = entries.find((name) => !name.startsWith(LOCK_FILE) && !UNFINISHED.test(name));
  if (foreign === undefined) return { state: "nothing" };
  const manifest = entries.includes(MANIFEST_FILE) ? readManifest(join(folder, MANIFEST_FILE)) : undefined;
  if (!manifest) {
    const other = entries.includes(MANIFEST_FILE) && otherFormat(join(folder, MANIFEST_FILE));
    throw new InputError(
      other
        ? `${folder} holds a run of another version of patchwise ("${other}", this one writes "${FORMAT}"): choose another --out, or move it away`
        : `${folder} holds files that are not from a run (${foreign}): choose another --out`,
    );
  }
  return { state: manifest.finished ? "finished" : "unfinished", manifest };
}

function readManifest(path: string): Manifest | undefined {
  try {
    const found = JSON.parse(readFileSync(path, "utf8")) as Manifest;
    const files = found.files.every((file) => RUN_FILE.test(file));
    const seconds = Object.values(found.seconds).every((time) => Number.isFinite(time) && time >= 0);
    const { identity } = found;
    const shaped = typeof identity.experiment === "string" && typeof identity.parameters === "object";
    const whole =
      shaped && identity.adapter && typeof identity.code === "object" && typeof found.finished === "boolean";
    return found.format === FORMAT && files && seconds && whole ? found : undefined;
  } catch {
    return undefined;
  }
}

/** What a manifest of another version calls its format. */
function otherFormat(path: string): string | undefined {
  try {
    const { format } = JSON.parse(readFileSync(path, "utf8")) as Manifest;
    return format !== FORMAT && /^patchwise run \d+$/.test(format) ? format : undefined;
  } catch {
    return undefined;
  }
}

/** What is not the same of two runs, in words: parts of the program, files of the user's, and all else, old and new, which files were given among it. */
export function differences(old: Identity, now: Identity): { edited: string[]; data: string[]; differing: string[] } {
  const [before, after] = [flat(old), flat(now)];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const parts = Object.keys({ ...old.code, ...now.code }).filter((part) => old.code[part] !== now.code[part]);
  const [files, program] = [true, false].map((isFile) => parts.filter((part) => part.startsWith(FILE_PART) === isFile));
  return {
    edited: program.map((part) => changed(part, old.code, now.code)),
    data: files.map((file) => changedFile(file, old.code, now.code)),
    differing: keys
      .filter((key) => before[key] !== after[key])
      .map((key) => `${key} was ${before[key] ?? "not there"} and is now ${after[key] ?? "not there"}`),
  };
}

/** Throws InputError that names what differs, old and new, unless both describe the same run. */
export function checkSameRun(folder: string, old: Identity, now: Identity): void {
  const { edited, data, differing } = differences(old, now);
  if (edited.length > 0) {
    throw new InputError(
      `cannot resume ${folder}: what makes its numbers has changed since it began (${edited.join(", ")}). Take the old program, or --force to start over`,
    );
  }
  if (data.length > 0) {
    throw new InputError(`cannot resume ${folder}: ${data.join(", ")}. Take the old file, or --force to start over`);
  }
  if (differing.length === 0) return;
  const more = differing.length > 3 ? ` (and ${differing.length - 3} more)` : "";
  throw new InputError(
    `cannot resume ${folder}: ${differing.slice(0, 3).join(", ")}${more}. Give the old values, or --force to start over`,
  );
}

/** Versions are said, hashes are not. */
function changed(part: string, old: Identity["code"], now: Identity["code"]): string {
  const isVersion = [old[part], now[part]].some((text) => text?.includes("."));
  return isVersion ? `${part} ${old[part] ?? "missing"}, now ${now[part] ?? "missing"}` : part;
}

function changedFile(part: string, old: Identity["code"], now: Identity["code"]): string {
  if (old[part] === undefined) return `it is not of ${part}`;
  return now[part] === undefined ? `it is of ${part}` : `${part} has changed`;
}

function flat({ parameters, adapter, code: _, ...rest }: Identity): Record<string, string> {
  const machine = `${adapter.name} (${[adapter.kind, adapter.driver].filter(Boolean).join(", ")})`;
  const all: Record<string, unknown> = { ...rest, adapter: machine, ...parameters };
  const short = (value: unknown) => String(typeof value === "string" ? value : JSON.stringify(value)).slice(0, 120);
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, short(value)]));
}

/** Deletes what killed processes left half-written beside the files of a run. */
export function sweep(folder: string, { files }: Manifest): void {
  const ours = new Set([MANIFEST_FILE, ...files].map((file) => join(folder, file)));
  for (const place of new Set([...ours].map((file) => dirname(file)))) {
    if (!existsSync(place)) continue;
    for (const name of readdirSync(place)) {
      const target = name.replace(/^\.(.+)\.\d+\.unfinished$/, "$1");
      if (UNFINISHED.test(name) && ours.has(join(place, target))) rmSync(join(place, name), { force: true });
    }
  }
}

/** Deletes the given files of a run, and the folders that this leaves empty. Files it does not know stay. */
export function removeFiles(folder: string, files: readonly string[]): void {
  const places = new Set<string>();
  for (const file of files) {
    try {
      rmSync(join(folder, file), { force: true });
    } catch (error) {
      throw fileError(error, "delete", join(folder, file));
    }
    for (let place = dirname(file); place !== "."; place = dirname(place)) places.add(place);
  }
  for (const place of [...places].sort((a, b) => b.length - a.length)) removeEmpty(join(folder, place));
}

export function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {} // not empty, or not there
}

/** Makes a folder one without a run. */
export function forgetManifest(folder: string): void {
  rmSync(join(folder, MANIFEST_FILE), { force: true });
}
