// The choice of an adapter, in child processes: environment, cache folder and loader are a process's own.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type FoundAdapter, rankDevices } from "../../lib/gpu/adapter.ts";
import { defined, temporaryFolder } from "../fixtures.ts";
import { run } from "../processes.ts";

setDefaultTimeout(30_000);

const scratch = temporaryFolder("adapter");

/** Opens the GPU and prints what came of it as one JSON line. */
const OPEN = `
  import { openGpu } from "./lib/gpu/adapter.ts";
  try {
    const { adapter, used, found, messages } = await openGpu(undefined, { all: process.env.ALL !== "no" });
    console.log(JSON.stringify({ used, found, messages, dawn: adapter.info.vendor }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.name, message: error.message, found: error.found, messages: error.messages }));
  }`;

interface Outcome {
  used?: FoundAdapter;
  found?: FoundAdapter[];
  messages?: string;
  dawn?: string;
  error?: string;
  message?: string;
}

/** Starts Bun without what the environment says about adapters but for what is given, and with a cache of its own. */
function bun(args: readonly string[], environment: Record<string, string> = {}, before: readonly string[] = []) {
  const named = Object.keys(process.env).filter((name) => /^(PATCHWISE|VK)_/.test(name));
  const without = Object.fromEntries(named.map((name) => [name, undefined]));
  return run(args, { env: { ...without, PATCHWISE_CACHE: join(scratch, "cache"), ...environment }, before });
}

/** The outcome of OPEN; checks on the way that the process ends by itself and leaves the terminal clean. */
async function open(environment: Record<string, string> = {}): Promise<Outcome> {
  const { out, err, code } = await bun(["-e", OPEN], environment);
  expect(err).toBe("");
  expect(code).toBe(0);
  return JSON.parse(out) as Outcome;
}

let folders = 0;
function newFolder(mode = 0o755): string {
  const folder = join(scratch, `folder-${++folders}`);
  mkdirSync(folder);
  chmodSync(folder, mode);
  return folder;
}

function swiftShaderIn(cache: string): string {
  const [name] = readdirSync(cache).filter((entry) => entry.startsWith("swiftshader-"));
  return join(cache, defined(name));
}

const machine = await open();
const present = new Set(machine.found?.map(({ kind }) => kind));
const hasBundled = process.platform === "linux" && process.arch === "x64";
for (const kind of ["hardware", "system", "bundled"] as const) {
  if (!present.has(kind))
    console.log(`adapter tests: this machine has no ${kind} adapter, tests that need one are skipped`);
}
if (present.has("hardware"))
  console.log("adapter tests: a hardware adapter is here, the test of its absence is skipped");
if (!hasBundled) console.log("adapter tests: SwiftShader is bundled for linux-x64 only, its tests are skipped");

test("devices rank discrete, integrated, virtual, lavapipe, SwiftShader", () => {
  const device = (name: string, type: "other" | "integrated" | "discrete" | "virtual" | "cpu", vendor: number) => ({
    name,
    type,
    vendor,
    driver: "",
    apiVersion: "1.3.0",
  });
  const ranked = rankDevices([
    device("SwiftShader", "cpu", 0x1ae0),
    device("Venus", "virtual", 0x1af4),
    device("llvmpipe", "cpu", 0x10005),
    device("Iris", "integrated", 0x8086),
    device("RTX", "discrete", 0x10de),
  ]);
  expect(ranked.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    "hardware RTX",
    "hardware Iris",
    "hardware Venus",
    "system llvmpipe",
    "bundled SwiftShader",
  ]);
});

test("an unknown PATCHWISE_ADAPTER names the three values", async () => {
  const { error, message } = await open({ PATCHWISE_ADAPTER: "gpu" });
  expect(error).toBe("InputError");
  expect(message).toContain('"gpu": use hardware, system or bundled');
});

test("the best adapter found is the default, and an empty choice means the same", async () => {
  const { used, found } = await open({ PATCHWISE_ADAPTER: "" });
  expect(used).toEqual(defined(machine.used));
  expect(used).toEqual(defined(found)[0]);
});

for (const kind of ["hardware", "system", "bundled"] as const) {
  test.skipIf(!present.has(kind))(`PATCHWISE_ADAPTER=${kind} takes it, and it computes`, async () => {
    const { used, dawn } = await open({ PATCHWISE_ADAPTER: kind });
    expect(defined(used).kind).toBe(kind);
    // Dawn's own word, so that a mix-up of names cannot pass: it knows SwiftShader as Google's.
    if (kind === "bundled") expect(dawn).toBe("google");
    else expect(dawn).not.toBe("google");
    const { out, code } = await bun(["scripts/doctor.ts"], { PATCHWISE_ADAPTER: kind });
    expect(out).toMatch(/^test shader +right/m);
    expect(out).toMatch(new RegExp(`^\\* ${kind} `, "m"));
    expect(code).toBe(0);
  });
}

test.skipIf(present.has("hardware"))(
  "PATCHWISE_ADAPTER=hardware without any says what was found and what to do",
  async () => {
    const { error, message, found } = await open({ PATCHWISE_ADAPTER: "hardware" });
    expect(error).toBe("InputError");
    expect(found).toEqual(defined(machine.found));
    for (const { name } of defined(found)) expect(message).toContain(name);
    expect(message).toContain("install");
    const doctor = await bun(["scripts/doctor.ts"], { PATCHWISE_ADAPTER: "hardware" });
    expect(doctor.code).toBe(2);
    expect(doctor.err.trim().split("\n")).toHaveLength(1);
    expect(doctor.out).toContain("adapters found");
  },
);

test("garbage collection between dispatches does no harm, and a second call gives the same promise", async () => {
  const { out, err, code } = await bun([
    "-e",
    `import { openGpu } from "./lib/gpu/adapter.ts";
    const same = openGpu() === openGpu();
    let device = await (await openGpu()).adapter.requestDevice();
    for (let k = 0; k < 100; k++) {
      const buffer = device.createBuffer({ size: 1024, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
      device.queue.writeBuffer(buffer, 0, new Uint32Array([k]));
      Bun.gc(true);
      await buffer.mapAsync(GPUMapMode.READ);
      if (new Uint32Array(buffer.getMappedRange())[0] !== k) throw new Error("read " + k);
      await Bun.sleep(0);
      buffer.destroy();
    }
    console.log(same);`,
  ]);
  expect(err).toBe("");
  expect(out).toBe("true\n");
  expect(code).toBe(0);
});

describe.skipIf(process.platform !== "linux")("stderr", () => {
  test("is captured while the work runs and free again afterwards", async () => {
    const { out, err } = await bun([
      "-e",
      `import { writeSync } from "node:fs";
      import { captureStderr } from "./lib/gpu/libc.ts";
      const { value, text } = captureStderr(() => writeSync(2, "hidden"));
      console.error("shown");
      try { captureStderr(() => { writeSync(2, "cause "); throw new Error("passes on"); }); }
      catch (error) { console.error(error.message); }
      console.log(value, text);`,
    ]);
    expect(out).toBe("6 hidden\n");
    expect(err).toBe("shown\ncause passes on\n");
  });

  test("closed does not matter", async () => {
    const { out, code } = await bun(["-e", OPEN], {}, ["sh", "-c", 'exec "$0" "$@" 2>&-']);
    expect((JSON.parse(out) as Outcome).used).toEqual(defined(machine.used));
    expect(code).toBe(0);
  });
});

describe.skipIf(!hasBundled)("SwiftShader", () => {
  test("is added to the drivers that the user names, also where those do not exist", async () => {
    for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES"]) {
      const { found, messages } = await open({ [name]: "/nowhere/driver.json", VK_LOADER_DEBUG: "warn" });
      expect(defined(found).map(({ kind }) => kind)).toContain("bundled");
      expect(messages).toContain("/nowhere/driver.json");
      // The first two replace the system's drivers, the third one adds to them.
      expect(defined(found).length).toBe(name === "VK_ADD_DRIVER_FILES" ? defined(machine.found).length : 1);
    }
  });

  test("serves a system without a Vulkan loader, through its own", async () => {
    const folder = newFolder();
    // The linker stops at the first file of the name; this one is no library.
    writeFileSync(join(folder, "libvulkan.so.1"), "");
    const { found, messages } = await open({ LD_LIBRARY_PATH: folder, PATCHWISE_ADAPTER: "bundled" });
    expect(defined(found).map(({ kind }) => kind)).toContain("bundled");
    expect(messages).toContain("the bundled one takes its place");
  });

  test("is unpacked once, with its licence notice", async () => {
    const cache = join(newFolder(), "deep", "cache");
    await open({ PATCHWISE_CACHE: cache });
    const folder = swiftShaderIn(cache);
    expect(readFileSync(join(folder, "NOTICE.txt"), "utf8")).toContain("Apache License 2.0");
    const { ino } = statSync(join(folder, "libvk_swiftshader.so"));
    await open({ PATCHWISE_CACHE: cache });
    expect(statSync(join(folder, "libvk_swiftshader.so")).ino).toBe(ino);
  });

  test("is repaired when its files were cut, changed or lost", async () => {
    const cache = newFolder();
    const environment = { PATCHWISE_CACHE: cache, PATCHWISE_ADAPTER: "bundled" };
    await open(environment);
    const driver = join(swiftShaderIn(cache), "libvk_swiftshader.so");
    const whole = readFileSync(driver);
    const damages = [
      () => truncateSync(driver, 3_000_000),
      () => writeFileSync(driver, Buffer.alloc(whole.length)),
      () => rmSync(join(driver, "..", "vk_swiftshader_icd.json")),
      () => writeFileSync(join(driver, "..", "vk_swiftshader_icd.json"), "{}"),
    ];
    for (const damage of damages) {
      damage();
      expect(defined((await open(environment)).used).kind).toBe("bundled");
      expect(readFileSync(driver).equals(whole)).toBe(true);
    }
  });

  test("is unpacked by four processes at once", async () => {
    const cache = newFolder();
    const environment = { PATCHWISE_CACHE: cache, PATCHWISE_ADAPTER: "bundled" };
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => open(environment)));
    expect(outcomes.map(({ used }) => defined(used).kind)).toEqual(Array(4).fill("bundled"));
    expect(readdirSync(cache)).toHaveLength(1);
  });

  test.skipIf(!present.has("system") && !present.has("hardware"))(
    "is left alone where another adapter serves",
    async () => {
      const cache = newFolder();
      const { used, found } = await open({ PATCHWISE_CACHE: cache, ALL: "no" });
      expect(defined(used).kind).not.toBe("bundled");
      expect(defined(found).map(({ kind }) => kind)).not.toContain("bundled");
      expect(readdirSync(cache)).toEqual([]);
    },
  );

  test("is unpacked anew where its files are not the ones that are known, and leftovers go", async () => {
    const cache = newFolder();
    const environment = { PATCHWISE_CACHE: cache, PATCHWISE_ADAPTER: "bundled" };
    await open(environment);
    const folder = swiftShaderIn(cache);
    const driver = join(folder, "libvk_swiftshader.so");
    const whole = readFileSync(driver);
    // As if planted: a library of another's making that says that it is whole.
    writeFileSync(driver, "planted");
    writeFileSync(join(folder, "contents.json"), JSON.stringify({ "libvk_swiftshader.so": Bun.hash.crc32("planted") }));
    const [old, young] = [join(cache, ".unpack-old"), join(cache, ".unpack-young")];
    for (const path of [old, young]) mkdirSync(path);
    utimesSync(old, 1, 1);
    expect(defined((await open(environment)).used).kind).toBe("bundled");
    expect(readFileSync(driver).equals(whole)).toBe(true);
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  test("is not loaded from a place that others can write to, at any level", async () => {
    const temporary = newFolder();
    const other = process.getuid?.() === 0 ? 65534 : undefined;
    const places: [string, (cache: string) => void][] = [
      ["the cache folder", (cache) => chmodSync(cache, 0o777)],
      ["a folder above it", (cache) => chmodSync(join(cache, ".."), 0o770)],
      ["the folder in it", (cache) => chmodSync(swiftShaderIn(cache), 0o770)],
      ["a file", (cache) => chmodSync(join(swiftShaderIn(cache), "libvk_swiftshader.so"), 0o666)],
      ...(other === undefined
        ? []
        : ([
            ["another user's cache", (cache) => chownSync(cache, other, other)],
            ["another user's file", (cache) => chownSync(join(swiftShaderIn(cache), "libvulkan.so.1"), other, other)],
          ] as [string, (cache: string) => void][])),
    ];
    for (const [what, spoil] of places) {
      const cache = join(newFolder(), "cache");
      const environment = { PATCHWISE_CACHE: cache, PATCHWISE_ADAPTER: "bundled" };
      await open(environment);
      spoil(cache);
      // The temporary folder takes its place; where that is no better, there is none.
      const { used } = await open({ ...environment, TMPDIR: temporary });
      expect([what, defined(used).kind]).toEqual([what, "bundled"]);
      expect(swiftShaderIn(join(temporary, `patchwise-${userInfo().uid}`))).toContain("swiftshader-");
      const spoilt = newFolder();
      chmodSync(spoilt, 0o777);
      const { error, message } = await open({ ...environment, TMPDIR: spoilt });
      expect([what, error]).toEqual([what, "InputError"]);
      expect(message).toMatch(/other users can write to|belongs to another user/);
    }
  });

  test("goes to the temporary folder when the cache cannot be written, unless others can write there", async () => {
    const file = join(newFolder(), "file");
    writeFileSync(file, "");
    const temporary = newFolder();
    const environment = { PATCHWISE_CACHE: join(file, "cache"), TMPDIR: temporary, PATCHWISE_ADAPTER: "bundled" };
    expect(defined((await open(environment)).used).kind).toBe("bundled");
    const own = join(temporary, `patchwise-${userInfo().uid}`);
    expect(swiftShaderIn(own)).toContain("swiftshader-");
    chmodSync(own, 0o777);
    const { error, message } = await open(environment);
    expect(error).toBe("InputError");
    expect(message).toContain("set PATCHWISE_CACHE to a folder that can be written");
  });
});

describe("doctor", () => {
  test("--help explains, an unknown flag exits 2 with one sentence", async () => {
    const help = await bun(["scripts/doctor.ts", "--help"]);
    expect(help.code).toBe(0);
    expect(help.out).toContain("PATCHWISE_ADAPTER");
    for (const flag of ["--fast", "hardware"]) {
      const { code, err, out } = await bun(["scripts/doctor.ts", flag]);
      expect(code).toBe(2);
      expect(out).toBe("");
      expect(err.trim().split("\n")).toHaveLength(1);
      expect(err).toContain(flag);
    }
  });

  test("with an unknown PATCHWISE_ADAPTER exits 2 without a stack trace", async () => {
    const { code, err } = await bun(["scripts/doctor.ts"], { PATCHWISE_ADAPTER: "fastest" });
    expect(code).toBe(2);
    expect(err).toBe('PATCHWISE_ADAPTER is "fastest": use hardware, system or bundled, or leave it unset\n');
  });
});
