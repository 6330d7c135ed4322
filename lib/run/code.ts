// What program makes the numbers of a run: hashes of its parts, and versions of what they run on.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readWhole } from "../io/read.ts";
import { PROJECT_ROOT, packageVersion } from "./provenance.ts";

/** Places whose code can change a number, beside those of the experiment itself. */
const PARTS = [
  "kernels",
  "data",
  ...["analysis", "gpu", "io", "method", "nn", "random", "run", "systems"].map((name) => `lib/${name}`),
];
/** Packages that compute. */
const PACKAGES = ["webgpu", "wesl", "mathjs", "ml-matrix"];
const DIGITS = 16;

/** Folders of lib/experiments that are called otherwise than their command. */
const HOMES: Record<string, string> = { fit: "own", learn: "own" };

/** Sixteen digits for each part of the program that the numbers of an experiment depend on, and versions of Bun and of packages that compute. */
export function codeOf(experiment: string): Record<string, string> {
  const parts = [...PARTS, `lib/experiments/${HOMES[experiment] ?? experiment}`, `scripts/${experiment}.ts`];
  const hashes = parts.filter((part) => existsSync(join(PROJECT_ROOT, part))).map((part) => [part, hashOf(part)]);
  const versions = PACKAGES.map((name) => [name, packageVersion(join(PROJECT_ROOT, "node_modules", name))]);
  return Object.fromEntries([...hashes, ...versions, ["bun", process.versions.bun ?? "none"]]);
}

/** How files of the user's begin among the parts. */
export const FILE_PART = "file ";

/** The same of files of the user's. */
export function filesOf(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [`${FILE_PART}${path}`, hashOfBytes(readWhole(path))]));
}

const hashOfBytes = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, DIGITS);

function hashOf(part: string): string {
  const hash = createHash("sha256");
  const whole = join(PROJECT_ROOT, part);
  const names = statSync(whole).isDirectory() ? (readdirSync(whole, { recursive: true }) as string[]).sort() : [""];
  for (const name of names) {
    const path = join(whole, name);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    hash.update(`${name.replaceAll("\\", "/")} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex").slice(0, DIGITS);
}
