// Broken standard streams, and programs whose starter is gone: said once where anyone listens, and never without an end.
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { canRedraw } from "../../lib/run/output.ts";
import { defined, ROOT, temporaryFolder } from "../fixtures.ts";
import { start } from "../processes.ts";
import { demoIn } from "./demo.ts";
import { placesIn, results } from "./folders.ts";

const PATIENCE = 60_000;
const root = temporaryFolder("output");
const place = placesIn(root);
const { launch } = demoIn(root);

/** Runs the command behind it with streams as a shell opens them. */
const shell = (streams: string) => ["bash", "-c", `"$@" ${streams}`, "bash"];
const simulate = (streams: string, ...more: string[]) =>
  start(["scripts/simulate.ts", "curie-weiss", "--L", "8", "--replicas", "2", "--times", "0,1", ...more], {
    before: shell(streams),
  }).ended;
const hasFull = existsSync("/dev/full");
const FULL = hasFull ? "" : " (skipped: no /dev/full here)";

describe("standard error", () => {
  for (const streams of ["2>/dev/full", "2>&-", "2> >(true)"]) {
    test.skipIf(!hasFull)(
      `${streams}: the work goes on to the same result${FULL}`,
      async () => {
        const [whole, out] = [place(), place()];
        await launch(["--out", whole]);
        expect(await launch(["--out", out], {}, shell(streams))).toMatchObject({ code: 0, err: "" });
        expect(results(out)).toEqual(results(whole));
        const table = await simulate("");
        expect(await simulate(streams)).toMatchObject({ code: 0, out: table.out });
      },
      PATIENCE,
    );
  }
});

describe("standard output", () => {
  test.skipIf(!hasFull)(
    `that takes nothing is said, with exit code 1${FULL}`,
    async () => {
      const { code, err } = await simulate(">/dev/full");
      expect({ code, lines: err.match(/cannot write to standard output: the disk is full.*\n/g)?.length }).toEqual({
        code: 1,
        lines: 1,
      });
      // The files of a run are there all the same.
      const out = place();
      expect(await launch(["--out", out], {}, shell(">/dev/full"))).toMatchObject({ code: 1 });
      expect(existsSync(join(out, "result.json"))).toBe(true);
    },
    PATIENCE,
  );
  test(
    "that nobody reads any more ends the program, quietly",
    async () => {
      const { code, err } = await start(["scripts/simulate.ts", "--help"], {
        before: ["bash", "-c", '"$@" > >(exec <&-; sleep 1)', "bash"],
      }).ended;
      expect({ code, err }).toEqual({ code: 1, err: "" });
    },
    PATIENCE,
  );
  test(
    "that was closed beforehand is said before any work, where a table goes there",
    async () => {
      const { code, err } = await simulate(">&-");
      expect({ code, err }).toEqual({ code: 2, err: "standard output is closed: give --out FILE\n" });
      const out = join(root, "closed.csv");
      expect(await simulate(">&-", "--out", out)).toMatchObject({ code: 0 });
      expect(readFileSync(out, "utf8").split("\n").length).toBe(4);
      expect(await simulate(">/dev/null")).toMatchObject({ code: 0 });
    },
    PATIENCE,
  );
});

test(
  "a run stops as after a signal when the programs that started it are killed",
  async () => {
    const out = place();
    // npm stands for itself here: a shell that starts start.mjs as npm does, and waits.
    const node = Bun.which("node") ?? process.execPath;
    const child = join(root, "child.ts");
    const command = `"${node}" "${join(ROOT, "scripts/start.mjs")}" "${child}" --out "${out}"; true`;
    const npm = Bun.spawn(["bash", "-c", command], {
      cwd: root,
      env: { ...process.env, NODE_ENV: "production", MODE: "slow", npm_lifecycle_event: "demo" },
      stdout: "ignore",
      stderr: "ignore",
    });
    const lock = join(out, "run.lock");
    const wait = async (seen: () => boolean) => {
      for (let k = 0; k < 1000 && !seen(); k++) await Bun.sleep(20);
      expect(seen()).toBe(true);
    };
    await wait(() => existsSync(join(out, "checkpoints/fit/net.partial.safetensors")));
    npm.kill("SIGKILL");
    await npm.exited;
    await wait(() => !existsSync(lock));
    expect(await launch(["--out", out, "--resume"])).toMatchObject({ code: 0 });
  },
  PATIENCE,
);

test(
  "a program that is too busy to see a signal ends at the second one, a second later",
  async () => {
    const out = place();
    const node = Bun.which("node") ?? process.execPath;
    const program = [join(ROOT, "scripts/start.mjs"), join(root, "child.ts"), "--out", out];
    const env = { ...process.env, NODE_ENV: "production", MODE: "busy" };
    const starter = Bun.spawn([node, ...program], { cwd: root, env, stdout: "ignore", stderr: "ignore" });
    for (let k = 0; k < 1000 && !existsSync(join(out, "in-a-step")); k++) await Bun.sleep(20);
    // The second arrives with the first, by two ways.
    for (const pause of [0, 1200]) {
      starter.kill("SIGTERM");
      await Bun.sleep(pause);
    }
    expect(starter.exitCode).toBeNull();
    starter.kill("SIGTERM");
    const killed = 128 + 9;
    expect(await Promise.race([starter.exited, Bun.sleep(10_000)])).toBe(killed);
    rmSync(join(out, "in-a-step"));
    expect(await launch(["--out", out, "--resume"])).toMatchObject({ code: 0 });
  },
  PATIENCE,
);

test.skipIf(process.platform === "win32")(
  "a current folder that was removed is said, and nothing is written elsewhere (skipped on Windows, where it cannot be)",
  async () => {
    const gone = place();
    mkdirSync(gone);
    const before = ["bash", "-c", 'rmdir "$PWD" && "$@"', "bash"];
    const program = join(ROOT, "scripts/simulate.ts");
    const words = ["curie-weiss", "--L", "8", "--replicas", "2", "--times", "0", "--out", "y.csv"];
    const { code, out, err } = await start([program, ...words], { cwd: gone, before }).ended;
    expect({ code, out, err }).toEqual({
      ...{ code: 2, out: "" },
      err: "the current folder was removed: change to another one\n",
    });
  },
  PATIENCE,
);

test("lines are not drawn over where the terminal or the user wants no codes", () => {
  const kept = { TERM: process.env.TERM, NO_COLOR: process.env.NO_COLOR };
  const withEnvironment = (TERM: string, NO_COLOR: string) => {
    Object.assign(process.env, { TERM, NO_COLOR });
    return canRedraw({ isTTY: true });
  };
  try {
    expect(withEnvironment("xterm", "")).toBe(true);
    expect(withEnvironment("dumb", "")).toBe(false);
    expect(withEnvironment("xterm", "1")).toBe(false);
    expect(canRedraw({ isTTY: false })).toBe(false);
  } finally {
    for (const [name, value] of Object.entries(kept)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test(
  "a message shows the beginning of a long list",
  async () => {
    const times = Array.from({ length: 3000 }, (_, k) => 3000 - k).join(",");
    const { code, err } = await start(["scripts/simulate.ts", "curie-weiss", "--times", times]).ended;
    expect({ code, err }).toEqual({
      code: 2,
      err: "--times 3000,2999,2998,2997,2996,2995,… (3000 in all) do not ascend: give each time once, the earliest first\n",
    });
  },
  PATIENCE,
);

test(
  "a project in a folder that programs cannot be loaded from says so",
  async () => {
    const scripts = join(root, "what?", "scripts");
    mkdirSync(scripts, { recursive: true });
    copyFileSync(join(ROOT, "scripts/start.mjs"), join(scripts, "start.mjs"));
    const node = defined(Bun.which("node"));
    const { exitCode, stderr } = Bun.spawnSync([node, join(scripts, "start.mjs"), "x.ts"]);
    expect(exitCode).toBe(2);
    expect(stderr.toString()).toMatch(/^the project's folder .*what\? has a "\?" in its name.*: rename the folder\n$/);
  },
  PATIENCE,
);
