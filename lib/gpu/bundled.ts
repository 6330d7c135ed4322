// SwiftShader, the software Vulkan driver that an npm package carries: unpacked once into the user's cache folder.
import { accessSync, constants, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir, tmpdir, userInfo } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const PACKAGE = "@sparticuz/chromium";
const DRIVER = "libvk_swiftshader.so";
const LOADER = "libvulkan.so.1";
const ICD = "vk_swiftshader_icd.json";
const CONTENTS = "contents.json";

// The loader resolves a relative path against the folder of this file, so a cache folder can be moved.
const ICD_TEXT = `${JSON.stringify({ file_format_version: "1.0.0", ICD: { library_path: `./${DRIVER}`, api_version: "1.3.0" } })}\n`;

const NOTICE_TEXT = `These files come from the npm package ${PACKAGE}, which took them from a build of Chromium.

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

/** The cache folder asked for: $PATCHWISE_CACHE, else $XDG_CACHE_HOME/patchwise, else ~/.cache/patchwise. */
export function cacheFolder(): string {
  const { PATCHWISE_CACHE, XDG_CACHE_HOME } = process.env;
  if (PATCHWISE_CACHE) return resolve(PATCHWISE_CACHE);
  // The XDG rules say to ignore a relative path here.
  const parent = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(parent, "patchwise");
}

/**
 * The bundled driver, unpacked when it is not in the cache whole (40 ms once; 3 ms to check it later). When the cache
 * folder cannot be written, a folder of this user among the temporary files takes its place.
 * Returns a sentence on what is wrong and what helps where there is none; does not throw.
 */
export async function bundledDriver(): Promise<Bundled | string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return `the bundled SwiftShader exists for linux-x64 only, this is ${process.platform}-${process.arch}`;
  }
  let root: string;
  try {
    root = dirname(Bun.resolveSync(`${PACKAGE}/package.json`, import.meta.dir));
  } catch {
    return `the npm package ${PACKAGE}, which carries SwiftShader, is not installed: run \`npm ci\``;
  }
  const problems: string[] = [];
  for (const find of [cacheFolder, temporaryFolder]) {
    try {
      const base = find();
      // The list of drivers in VK_ADD_DRIVER_FILES is split at colons.
      if (base.includes(":")) throw new Error(`${base} has a colon in its name, which a Vulkan loader cannot take`);
      const { version } = (await Bun.file(join(root, "package.json")).json()) as { version: string };
      const folder = join(base, `swiftshader-${version}`);
      if (!(await isWhole(folder))) await unpack(join(root, "bin", "swiftshader.tar.br"), base, folder);
      return { folder, icd: join(folder, ICD), loader: join(folder, LOADER) };
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return `the bundled SwiftShader could not be unpacked (${problems.join("; ")}): set PATCHWISE_CACHE to a folder that can be written`;
}

/** A folder that nobody else can write to: what lies in it is loaded as code. Throws when another user made it. */
function temporaryFolder(): string {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `patchwise-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || found.mode & 0o022) {
    throw new Error(`${folder} is not a folder that belongs to this user alone`);
  }
  accessSync(folder, constants.W_OK);
  return folder;
}

/** Whether each file that `unpack` wrote is there with the bytes that it wrote. */
async function isWhole(folder: string): Promise<boolean> {
  try {
    const contents = (await Bun.file(join(folder, CONTENTS)).json()) as Record<string, number>;
    for (const file of [DRIVER, LOADER, ICD]) {
      if (Bun.hash.crc32(await readFile(join(folder, file))) !== contents[file]) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * Unpacks beside `folder` and then renames file by file into it. A rename replaces a damaged file at one stroke, also
 * while another process has it loaded, and two processes at once replace equal files with each other's.
 */
async function unpack(archive: string, base: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const workshop = mkdtempSync(join(base, ".unpack-"));
  try {
    const tar = brotliDecompressSync(await readFile(archive));
    const packed = await new Bun.Archive(tar).files("lib*");
    const files = new Map<string, Uint8Array>();
    for (const name of [DRIVER, LOADER]) {
      const file = packed.get(name);
      if (!file) throw new Error(`${archive} holds no ${name}`);
      files.set(name, await file.bytes());
    }
    files.set(ICD, Buffer.from(ICD_TEXT));
    files.set("NOTICE.txt", Buffer.from(NOTICE_TEXT));
    const sums = Object.fromEntries([...files].map(([name, bytes]) => [name, Bun.hash.crc32(bytes)]));
    // Last, so that a folder in the middle of this counts as not whole.
    files.set(CONTENTS, Buffer.from(JSON.stringify(sums)));
    for (const [name, bytes] of files) {
      writeFileSync(join(workshop, name), bytes);
      renameSync(join(workshop, name), join(folder, name));
    }
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
