// SwiftShader, the software Vulkan driver in data/swiftshader: unpacked once into the user's cache folder.
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { ownUser, requireSafe } from "./safe-folder.ts";

const ARCHIVE = fileURLToPath(new URL("../../data/swiftshader/swiftshader.tar.br", import.meta.url));
/** Of the npm package @sparticuz/chromium that the archive comes from. */
const VERSION = "153.0.0";
const DRIVER = "libvk_swiftshader.so";
const LOADER = "libvulkan.so.1";
const ICD = "vk_swiftshader_icd.json";
const WORKSHOP = ".unpack-";
/** Permissions of what is for this user alone. */
const PRIVATE = 0o700;
/** SHA-256 of what the archive holds: nothing else is loaded. */
const DIGESTS: Record<string, string> = {
  [DRIVER]: "2f3ceffaaca7d031bc3943f8eacf398a5d9c42c5fe0d15d8840b9acfa630b58e",
  [LOADER]: "8ee5ac00fd7968e863b05e0f6808057db16a00ad322777e5a05bed51d4f84085",
};
/** What a process that was killed while it unpacked has left, by age, ms. */
const LEFTOVER_MS = 600_000;

// The loader resolves a relative path against the folder of this file, so a cache folder can be moved.
const ICD_TEXT = `${JSON.stringify({ file_format_version: "1.0.0", ICD: { library_path: `./${DRIVER}`, api_version: "1.3.0" } })}\n`;

const NOTICE_TEXT = `These files come with patchwise, from the npm package @sparticuz/chromium ${VERSION}, which took them from a build of Chromium.

${DRIVER}: SwiftShader, Copyright The SwiftShader Authors, Apache License 2.0,
  https://swiftshader.googlesource.com/SwiftShader
${LOADER}: the Vulkan loader, Copyright The Khronos Group Inc., Valve Corporation, LunarG, Inc. and others,
  Apache License 2.0, https://github.com/KhronosGroup/Vulkan-Loader

The licence: https://www.apache.org/licenses/LICENSE-2.0
`;

/** Where the unpacked driver lies: its folder, the JSON file that describes it to a Vulkan loader, a loader. */
export interface Bundled {
  folder: string;
  icd: string;
  loader: string;
}

/**
 * The cache folder asked for: $PATCHWISE_CACHE, else $XDG_CACHE_HOME/patchwise, else ~/.cache/patchwise; undefined for a user without a home folder. The XDG
 * rules say to ignore a relative path there, and a relative home is none.
 */
export function cacheFolder(): string | undefined {
  const { PATCHWISE_CACHE, XDG_CACHE_HOME } = process.env;
  if (PATCHWISE_CACHE) return resolve(PATCHWISE_CACHE);
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "patchwise");
  const home = homeFolder();
  return home && join(home, ".cache", "patchwise");
}

/** Undefined where neither the environment nor the list of users has one. */
function homeFolder(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The bundled driver, unpacked when it is not in the cache whole (40 ms once; 20 ms to check it later). When the cache
 * folder cannot be written, or others can write to it, a folder of this user among the temporary files takes its place.
 * Returns a sentence on what is wrong and what helps where there is none; does not throw.
 */
export async function bundledDriver(): Promise<Bundled | string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return `the bundled SwiftShader exists for linux-x64 only, this is ${process.platform}-${process.arch}`;
  }
  const problems: string[] = [];
  for (const find of [cacheFolder, temporaryFolder]) {
    try {
      const base = find();
      if (base === undefined) continue;
      // The list of drivers in VK_ADD_DRIVER_FILES is split at colons.
      if (base.includes(":")) throw new Error(`${base} has a colon in its name, which a Vulkan loader cannot take`);
      const folder = join(base, `swiftshader-${VERSION}`);
      mkdirSync(folder, { recursive: true, mode: PRIVATE });
      requireSafe(folder);
      if (!(await isWhole(folder))) await unpack(base, folder);
      for (const file of [DRIVER, LOADER, ICD]) requireSafe(join(folder, file));
      return { folder, icd: join(folder, ICD), loader: join(folder, LOADER) };
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return `the bundled SwiftShader could not be unpacked (${problems.join("; ")}): set PATCHWISE_CACHE to a folder that can be written`;
}

/** The cache folder where it is there, and this user's alone. */
export function privateFolder(): string | undefined {
  const folder = cacheFolder();
  try {
    if (folder !== undefined) requireSafe(folder);
    return folder;
  } catch {
    return undefined;
  }
}

/** For users without a cache folder of their own. */
function temporaryFolder(): string {
  return join(tmpdir(), `patchwise-${ownUser() ?? "user"}`);
}

/** Whether each file that `unpack` wrote is there with the bytes that it wrote. */
async function isWhole(folder: string): Promise<boolean> {
  try {
    for (const [file, digest] of Object.entries(DIGESTS)) {
      if (sha256(await readFile(join(folder, file))) !== digest) return false;
    }
    return (await readFile(join(folder, ICD), "utf8")) === ICD_TEXT;
  } catch {
    return false;
  }
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Removes the workshops that killed processes have left. */
function sweep(base: string): void {
  for (const name of readdirSync(base)) {
    const path = join(base, name);
    if (!name.startsWith(WORKSHOP)) continue;
    const age = Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LEFTOVER_MS) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Unpacks beside `folder` and then renames file by file into it. A rename replaces a damaged file at one stroke, also
 * while another process has it loaded, and two processes at once replace equal files with each other's.
 */
async function unpack(base: string, folder: string): Promise<void> {
  sweep(base);
  const workshop = mkdtempSync(join(base, WORKSHOP));
  try {
    const tar = brotliDecompressSync(await readFile(ARCHIVE));
    const packed = await new Bun.Archive(tar).files("lib*");
    const files = new Map<string, Uint8Array>();
    for (const [name, digest] of Object.entries(DIGESTS)) {
      const bytes = await packed.get(name)?.bytes();
      if (!bytes || sha256(bytes) !== digest) throw new Error(`${ARCHIVE} does not hold the ${name} that is expected`);
      files.set(name, bytes);
    }
    files.set(ICD, Buffer.from(ICD_TEXT));
    files.set("NOTICE.txt", Buffer.from(NOTICE_TEXT));
    for (const [name, bytes] of files) {
      writeFileSync(join(workshop, name), bytes, { mode: name in DIGESTS ? PRIVATE : 0o600 });
      renameSync(join(workshop, name), join(folder, name));
    }
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
