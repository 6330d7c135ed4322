import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { table } from "arquero";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { readSafetensors } from "../../lib/io/safetensors.ts";
import { type Display, progress } from "../../lib/run/progress.ts";
import { PROJECT_ROOT, versions } from "../../lib/run/provenance.ts";
import { type Metric, metricName, resultText, validateResult } from "../../lib/run/result.ts";
import { defaultFolder, openRun, type Run, type RunOptions } from "../../lib/run/run-folder.ts";

const TRAIN_STEPS = 3;
/** For tests that start processes, ms. */
const PATIENCE = 60_000;
/** Each system call of the child that changes a file is a place to die: the first ones are all tried, then so many. */
const FIRST_DEATHS = 8;
const LATER_DEATHS = 12;

const root = mkdtempSync(join(tmpdir(), "patchwise-run-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const place = () => join(root, `place-${made++}`);

const METRIC: Metric = { value: 0.5, ci95: [0.4, 0.6], paper: 0.6, exact: null, unit: "1" };
const options = (out: string, more: Partial<RunOptions> = {}): RunOptions => ({
  experiment: "demo",
  profile: "quick",
  seed: 1,
  out,
  parameters: { beta: 0.5, sides: [16, 32] },
  ...more,
});
const numbers = (...values: number[]) => ({ x: { shape: [values.length], data: new Float64Array(values) } });

async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "no error";
}

/** Paths, kinds and bytes of everything below a folder. */
function contents(folder: string): Record<string, string> {
  const all = readdirSync(folder, { recursive: true }) as string[];
  return Object.fromEntries(
    all.sort().map((name) => {
      const path = join(folder, name);
      const hash = () => createHash("sha256").update(readFileSync(path)).digest("hex");
      return [name, lstatSync(path).isFile() ? hash() : "-"];
    }),
  );
}
const results = (folder: string) =>
  Object.fromEntries(Object.entries(contents(folder)).filter(([name]) => /^(tables|models|index)/.test(name)));

/** Finishes a run with one stage, one table, one model. */
async function finished(out: string): Promise<string> {
  const run = await openRun(options(out));
  await work(run);
  return out;
}
async function work(run: Run) {
  const { x } = await run.stage("simulate", async () => numbers(1, 2, 3));
  run.table("z", table({ x: x.data }));
  run.tensors("net", { x });
  await run.finish({ "error.ours.all": METRIC }, "<p>done</p>");
}
/** Leaves a run after its first stage, unlocked. */
async function unfinished(out: string): Promise<string> {
  const run = await openRun(options(out));
  await run.stage("simulate", async () => numbers(1, 2, 3));
  run.table("z", table({ a: [1] }));
  run.close();
  return out;
}

// The child: an experiment that dies by its own hand (kill -9) right before the n-th call that changes a file.
const child = join(root, "child.ts");
const lib = (path: string) => JSON.stringify(join(PROJECT_ROOT, "lib", path));
writeFileSync(
  child,
  `import * as fs from "node:fs";
import { mock } from "bun:test";
const { DEATH, MODE } = process.env;
let calls = 0;
if (MODE === "count" || DEATH) {
  const real = { ...fs };
  const deadly = {};
  for (const name of ["openSync", "renameSync", "rmSync", "writeFileSync", "mkdirSync", "writeSync"]) {
    deadly[name] = (...args) => {
      if (name !== "openSync" || args[1] === "w") {
        if (++calls === Number(DEATH)) {
          if (name === "writeSync") real.writeSync(args[0], args[1], args[2], args[3] >> 1); // half of it
          process.kill(process.pid, "SIGKILL");
        }
      }
      return real[name](...args);
    };
  }
  mock.module("node:fs", () => ({ ...real, ...deadly }));
} else if (MODE === "race") {
  // Time between looking at the lock and taking it, so that all processes look before one takes it.
  const real = { ...fs };
  mock.module("node:fs", () => ({ ...real, writeFileSync: (...args) => { Bun.sleepSync(800); real.writeFileSync(...args); } }));
}
const { table } = await import(${JSON.stringify(Bun.resolveSync("arquero", PROJECT_ROOT))});
const { InputError } = await import(${lib("errors.ts")});
const { parseExperiment } = await import(${lib("run/command-line.ts")});
const { main } = await import(${lib("run/main.ts")});
const { openRun } = await import(${lib("run/run-folder.ts")});
const { breathe, stopPoint } = await import(${lib("run/stop.ts")});
const { progress } = await import(${lib("run/progress.ts")});

await main(async () => {
  const told = parseExperiment({
    name: "demo", about: "A demonstration.",
    parameters: { count: { kind: "integer", default: 1000, min: 1, meaning: "numbers" } },
  });
  if (MODE === "bug") throw new TypeError("a bug");
  const run = await openRun(told);
  if (MODE === "late-bug") throw new TypeError("a late bug");
  if (MODE === "stray") { Promise.reject(new InputError("a stray")); await Bun.sleep(10_000); }
  if (MODE === "hang") { setInterval(() => {}, 1000); throw new InputError("something holds on"); }
  const random = (state) => { let s = state >>> 0; return () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0); };
  const { x } = await run.phase("simulate", () => run.stage("simulate", async () => {
    const next = random(run.seed);
    return { x: { shape: [told.parameters.count], data: Uint32Array.from({ length: told.parameters.count }, next) } };
  }));
  const { w } = await run.phase("fit", () => run.stage("fit/net", async (partial) => {
    const saved = partial.load();
    let step = saved ? saved.step.data[0] : 0;
    const weights = saved ? saved.w.data : new Float64Array(50);
    const bar = progress("fit", ${TRAIN_STEPS}, step);
    while (step < ${TRAIN_STEPS}) {
      weights.forEach((old, i) => { weights[i] = old / 3 + x.data[(i * (step + 1)) % x.data.length] / 7; });
      step++;
      if (MODE === "slow" || MODE === "race") { await Bun.sleep(100); step = 0; }
      if (MODE === "stuck") { fs.writeFileSync(run.folder + "/in-a-step", ""); await Bun.sleep(100_000); }
      partial.save({ w: { shape: [50], data: weights }, step: { shape: [1], data: new Uint32Array([step]) } });
      bar.add();
    }
    bar.done();
    return { w: { shape: [50], data: weights } };
  }));
  run.table("fit/weights", table({ w: w.data }));
  run.tensors("net", { w });
  await run.finish({ "mean.ours.all": { value: w.data[0], ci95: null, paper: null, exact: null, unit: "1" } }, "<p>" + w.data[0] + "</p>");
  if (MODE === "count") console.log("calls " + calls);
});
`,
);

interface Ended {
  code: number | null;
  signal: string | undefined;
  out: string;
  err: string;
}
function start(args: string[], env: Record<string, string> = {}, limit: string[] = []) {
  return Bun.spawn([...limit, process.execPath, child, ...args], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
}
async function end(process: ReturnType<typeof start>): Promise<Ended> {
  const [out, err] = await Promise.all([new Response(process.stdout).text(), new Response(process.stderr).text()]);
  await process.exited;
  return {
    code: process.exitCode,
    signal: process.signalCode === null ? undefined : String(process.signalCode),
    out,
    err,
  };
}
const launch = (args: string[], env?: Record<string, string>, limit?: string[]) => end(start(args, env, limit));

describe("a run", () => {
  test("leaves result, report, tables and models, and nothing else", async () => {
    const out = await finished(place());
    expect(Object.keys(contents(out))).toEqual(
      ["index.html", "models", "models/net.safetensors", "result.json", "run.json", "tables", "tables/z.csv"].sort(),
    );
    const result = validateResult(JSON.parse(readFileSync(join(out, "result.json"), "utf8")));
    expect(result).toMatchObject({
      experiment: "demo",
      profile: "quick",
      seed: 1,
      metrics: { "error.ours.all": METRIC },
    });
    expect(result.adapter.kind).toBe("none");
    expect(readFileSync(join(out, "tables/z.csv"), "utf8")).toBe("x\n1\n2\n3\n");
    expect(readSafetensors(join(out, "models/net.safetensors")).tensors).toEqual(numbers(1, 2, 3));
  });
  test("goes to reports/<experiment>/<profile>-<seed> of the project by default", () => {
    expect(defaultFolder({ experiment: "ising", profile: "paper", seed: 7 })).toBe(
      join(PROJECT_ROOT, "reports", "ising", "paper-7"),
    );
  });
  test("refuses names that leave the folder or collide", async () => {
    const run = await openRun(options(place()));
    for (const name of ["../x", "/x", "a//b", "A", "a b", "", ".hidden", "a/.b", "x.partial", "a/", "ä"]) {
      expect(() => run.table(name, table({ a: [1] }))).toThrow("cannot name a file");
      await expect(run.stage(name, async () => numbers(1))).rejects.toThrow("cannot name a file");
    }
    await run.stage("a", async () => numbers(1));
    await expect(run.stage("a", async () => numbers(2))).rejects.toThrow("already part");
    run.close();
    expect(() => run.table("late", table({ a: [1] }))).toThrow("closed");
  });
  test("with a metric that is not finite stays unfinished and can be resumed", async () => {
    const out = place();
    const run = await openRun(options(out));
    await run.stage("simulate", async () => numbers(1, 2, 3));
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(run.finish({ "a.b.c": { ...METRIC, value } }, "")).rejects.toThrow(String(value));
    }
    await expect(run.finish({ "Not.A.Name": METRIC }, "")).rejects.toThrow("quantity.method.case");
    run.close();
    expect(existsSync(join(out, "result.json"))).toBe(false);
    const again = await openRun(options(out, { resume: true }));
    await again.stage("simulate", () => Promise.reject(new Error("computed again")));
    again.close();
  });
  test("hands a long stage its saved state, at the next sitting only until the stage is done", async () => {
    const out = place();
    const run = await openRun(options(out));
    const interrupted = run.stage("fit/net", async (partial) => {
      expect(partial.load()).toBeNull();
      expect(partial.due()).toBe(false);
      partial.save(numbers(1));
      partial.save(numbers(2));
      throw new Error("the power is gone");
    });
    await expect(interrupted).rejects.toThrow("the power");
    run.close();
    const again = await openRun(options(out, { resume: true }));
    await again.stage("fit/net", async (partial) => (partial.load() ?? numbers(0)) as ReturnType<typeof numbers>);
    again.close();
    expect(readdirSync(join(out, "checkpoints/fit"))).toEqual(["net.safetensors"]);
    const last = await openRun(options(out, { resume: true }));
    const loaded = await last.stage<ReturnType<typeof numbers>>("fit/net", () =>
      Promise.reject(new Error("computed again")),
    );
    expect(loaded).toEqual(numbers(2));
    last.close();
  });
  test("adds up the seconds of all sittings", async () => {
    const out = place();
    for (const resume of [false, true]) {
      const run = await openRun(options(out, { resume }));
      await run.phase("fit", () => Bun.sleep(30));
      if (resume) await run.finish({}, (result) => `<p>${result.seconds.fit}</p>`);
      else run.close();
    }
    const { seconds } = validateResult(JSON.parse(readFileSync(join(out, "result.json"), "utf8")));
    expect(seconds.fit!).toBeGreaterThanOrEqual(0.058);
    expect(seconds.total!).toBeGreaterThanOrEqual(seconds.fit!);
    expect(seconds.total!).toBeLessThan(5);
    expect(readFileSync(join(out, "index.html"), "utf8")).toBe(`<p>${seconds.fit}</p>`);
  });
});

describe("a folder is refused, and stays as it is, if", () => {
  const cases: [string, (out: string) => Promise<unknown>, Partial<RunOptions>, RegExp][] = [
    [
      "a finished run is there",
      finished,
      {},
      /finished run, it is not overwritten: take another --seed or --out, or --force/,
    ],
    ["a finished run is to be resumed", finished, { resume: true }, /finished run, there is nothing to resume/],
    ["an unfinished run is there", unfinished, {}, /unfinished run: use --resume to continue it, or --force/],
    [
      "the parameters differ",
      unfinished,
      { resume: true, parameters: { beta: 0.7, sides: [16, 32] } },
      /beta was 0.5 and is now 0.7/,
    ],
    [
      "a list differs",
      unfinished,
      { resume: true, parameters: { beta: 0.5, sides: [16] } },
      /sides was \[16,32\] and is now \[16\]/,
    ],
    [
      "a parameter is new",
      unfinished,
      { resume: true, parameters: { beta: 0.5, sides: [16, 32], a: 1 } },
      /a was not there and is now 1/,
    ],
    [
      "seed and profile differ",
      unfinished,
      { resume: true, seed: 2, profile: "paper" },
      /profile was quick and is now paper, seed was 1 and is now 2/,
    ],
    [
      "the adapter differs",
      unfinished,
      { resume: true, adapter: { kind: "system", name: "llvmpipe", driver: "25.0" } },
      /adapter was CPU only \(none\) and is now llvmpipe \(system, 25.0\)/,
    ],
    [
      "the version differs",
      async (out) => {
        await unfinished(out);
        const path = join(out, "run.json");
        writeFileSync(path, readFileSync(path, "utf8").replace(/"patchwise": ".*?"/, '"patchwise": "0.0.1"'));
      },
      { resume: true },
      /patchwise was 0.0.1 and is now /,
    ],
    [
      "there is nothing to resume",
      async (out) => mkdirSync(out),
      { resume: true },
      /no run to resume in .*: leave out --resume/,
    ],
    [
      "it holds other files",
      async (out) => {
        mkdirSync(out);
        writeFileSync(join(out, "thesis.tex"), "x");
      },
      {},
      /not from a run \(thesis.tex\): choose another --out/,
    ],
    [
      "it holds other files, --force",
      async (out) => {
        mkdirSync(out);
        writeFileSync(join(out, "thesis.tex"), "x");
      },
      { force: true },
      /not from a run/,
    ],
    [
      "it holds another program's run.json",
      async (out) => {
        mkdirSync(out);
        writeFileSync(join(out, "run.json"), "{}");
      },
      { force: true },
      /not from a run/,
    ],
    [
      "its run.json lists files elsewhere",
      async (out) => {
        await unfinished(out);
        writeFileSync(join(root, "precious"), "x");
        const path = join(out, "run.json");
        const manifest = JSON.parse(readFileSync(path, "utf8"));
        writeFileSync(path, JSON.stringify({ ...manifest, files: ["tables/../../precious"] }));
      },
      { force: true },
      /not from a run/,
    ],
    [
      "a living process on another machine may hold it",
      async (out) => {
        await unfinished(out);
        writeFileSync(join(out, "run.lock"), '{"pid":1,"host":"elsewhere","started":""}');
      },
      { resume: true },
      /in use by process 1 on elsewhere: if it is gone, delete/,
    ],
    [
      "a living process holds it",
      async (out) => {
        await unfinished(out);
        writeFileSync(join(out, "run.lock"), holder(process.ppid));
      },
      { force: true },
      /in use by process \d+: wait/,
    ],
  ];
  test.each(cases)("%s", async (_, prepare, more, message) => {
    const out = place();
    await prepare(out);
    const before = contents(root);
    expect(await refusal(() => openRun(options(out, more)))).toMatch(message);
    expect(contents(root)).toEqual(before);
  });

  test("it cannot be one", async () => {
    const file = place();
    writeFileSync(file, "x");
    const loop = place();
    symlinkSync(loop, loop);
    for (const out of [file, join(file, "below"), loop, `/${"x".repeat(300)}`, "/proc/self/nowhere/x"]) {
      for (const force of [false, true]) {
        const message = await refusal(() => openRun(options(out, { force })));
        expect(message).toContain(out);
        expect(message).toMatch(/^cannot .*; .+/);
      }
    }
    expect(readFileSync(file, "utf8")).toBe("x");
    const sealed = place();
    mkdirSync(sealed, { mode: 0o500 });
    if (process.getuid?.() !== 0) {
      expect(await refusal(() => openRun(options(join(sealed, "x"))))).toContain("permission denied");
    }
    chmodSync(sealed, 0o700);
  });
});

/** What a lock file of the process says. */
function holder(pid: number, shift = 0): string {
  const time = Number(
    readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19],
  );
  return JSON.stringify({ pid, host: hostname(), started: String(time + shift) });
}

describe("--force", () => {
  test("deletes what the run wrote and only that", async () => {
    const out = await finished(place());
    writeFileSync(join(out, "notes.txt"), "mine");
    writeFileSync(join(out, "tables", "mine.csv"), "mine");
    writeFileSync(join(out, "tables", ".z.csv.123.unfinished"), "half a table of a killed process");
    (await openRun(options(out, { force: true, seed: 2 }))).close();
    expect(Object.keys(contents(out))).toEqual(["notes.txt", "run.json", "tables", "tables/mine.csv"]);
  });
  test("starts an unfinished run over", async () => {
    const out = await unfinished(place());
    const run = await openRun(options(out, { force: true }));
    expect(await run.stage("simulate", async () => numbers(4))).toEqual(numbers(4));
    run.close();
  });
});

describe("the lock", () => {
  test("keeps a second run out of the folder, and goes with the run", async () => {
    const out = place();
    const run = await openRun(options(out));
    for (const more of [{}, { resume: true }, { force: true }]) {
      expect(await refusal(() => openRun(options(out, more)))).toContain(`in use by process ${process.pid}`);
    }
    run.close();
    expect(existsSync(join(out, "run.lock"))).toBe(false);
  });
  test(
    "of a dead process, or of an earlier one with the same number, is taken over",
    async () => {
      const dead = await launch(["--help"]).then(() => start(["--help"]));
      await dead.exited;
      const stale = [JSON.stringify({ pid: dead.pid, host: hostname(), started: "1" })];
      if (existsSync("/proc/self/stat")) stale.push(holder(process.ppid, -1));
      for (const lock of stale) {
        const out = await unfinished(place());
        writeFileSync(join(out, "run.lock"), lock);
        (await openRun(options(out, { resume: true }))).close();
        expect(Object.keys(contents(out)).some((name) => name.startsWith("run.lock"))).toBe(false);
      }
    },
    PATIENCE,
  );
  test(
    "goes to exactly one of several processes that come at once",
    async () => {
      const out = place();
      const children = Array.from({ length: 4 }, () => start(["--out", out], { MODE: "race" }));
      // The winner works on; the others end by themselves with code 2.
      const ended = () => children.filter((one) => one.exitCode !== null);
      await until(() => ended().length >= 3);
      await Bun.sleep(300);
      const losers = ended();
      for (const one of children) if (!losers.includes(one)) one.kill("SIGKILL");
      expect(losers.length).toBe(3);
      for (const one of losers) {
        const message = expect.stringMatching(/in use by process|being opened by another process/);
        expect(await end(one)).toMatchObject({ code: 2, err: message });
      }
    },
    PATIENCE,
  );
});

describe("checkpoints that are damaged or foreign are refused by name", () => {
  test.each([
    ["cut off", (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 100))],
    ["empty", (path: string) => writeFileSync(path, "")],
    [
      "one bit wrong",
      (path: string) =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte)),
        ),
    ],
    [
      "a folder",
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
    ["of another stage", (path: string) => writeFileSync(path, readFileSync(path.replace("simulate", "other")))],
  ])("%s", async (_, damage) => {
    const out = place();
    const run = await openRun(options(out));
    await run.stage("simulate", async () => numbers(1, 2, 3));
    await run.stage("other", async () => numbers(4));
    run.close();
    const path = join(out, "checkpoints", "simulate.safetensors");
    damage(path);
    const again = await openRun(options(out, { resume: true }));
    const message = await refusal(() => again.stage("simulate", async () => numbers(5)));
    again.close();
    expect(message).toContain(path);
    expect(message).toMatch(/delete that file to recompute it|it is a folder/);
    rmSync(path, { recursive: true });
    const healed = await openRun(options(out, { resume: true }));
    expect(await healed.stage("simulate", async () => numbers(5))).toEqual(numbers(5));
    healed.close();
  });
  test("from a run with other parameters", async () => {
    const [a, b] = [await unfinished(place()), place()];
    (await openRun(options(b, { seed: 2 }))).close();
    mkdirSync(join(b, "checkpoints"));
    writeFileSync(
      join(b, "checkpoints/simulate.safetensors"),
      readFileSync(join(a, "checkpoints/simulate.safetensors")),
    );
    const run = await openRun(options(b, { seed: 2, resume: true }));
    expect(await refusal(() => run.stage("simulate", async () => numbers(5)))).toContain(
      "not a checkpoint of stage simulate",
    );
    run.close();
  });
});

describe("killed with -9 and resumed", () => {
  test(
    "at any change of a file: the same tables, models and report as without",
    async () => {
      const whole = place();
      const reference = await launch(["--out", whole, "--seed", "5"], { MODE: "count" });
      expect(reference).toMatchObject({ code: 0, err: expect.stringContaining("fit 33 %") });
      const calls = Number(reference.out.match(/calls (\d+)/)![1]);
      expect(calls).toBeGreaterThan(40);
      const expected = results(whole);
      expect(Object.keys(expected)).toContain("models/net.safetensors");
      let resumed = 0;
      const later = (k: number) => FIRST_DEATHS + Math.ceil(((k + 1) * (calls - FIRST_DEATHS)) / LATER_DEATHS);
      const deaths = [
        ...Array.from({ length: FIRST_DEATHS }, (_, k) => k + 1),
        ...Array.from({ length: LATER_DEATHS }, (_, k) => later(k)),
      ];
      for (const death of deaths) {
        const out = place();
        expect((await launch(["--out", out, "--seed", "5"], { DEATH: String(death) })).signal).toBe("SIGKILL");
        if (existsSync(join(out, "result.json"))) {
          // Finished but for the removal of the checkpoints: complete, and refused like any finished run.
          expect((await launch(["--out", out, "--seed", "5"])).err).toContain("finished run");
        } else if (existsSync(join(out, "run.json"))) {
          expect(await launch(["--out", out, "--seed", "5", "--resume"])).toMatchObject({ code: 0 });
          expect(Object.keys(contents(out)).filter((name) => /lock|unfinished|checkpoints/.test(name))).toEqual([]);
          resumed++;
        } else {
          // So early that there is nothing to resume: the folder must not stand in the way of a new start.
          expect(await launch(["--out", out, "--seed", "5"])).toMatchObject({ code: 0 });
        }
        expect(results(out)).toEqual(expected);
      }
      expect(resumed).toBeGreaterThan(8);
    },
    PATIENCE,
  );

  test(
    "twice in one run, and the work of finished stages is not done again",
    async () => {
      const [whole, out] = [place(), place()];
      await launch(["--out", whole]);
      await launch(["--out", out], { DEATH: "30" });
      const { mtimeMs } = lstatSync(join(out, "checkpoints/simulate.safetensors"));
      await launch(["--out", out, "--resume"], { DEATH: "15" });
      expect(lstatSync(join(out, "checkpoints/simulate.safetensors")).mtimeMs).toBe(mtimeMs);
      expect(await launch(["--out", out, "--resume"])).toMatchObject({ code: 0 });
      expect(results(out)).toEqual(results(whole));
    },
    PATIENCE,
  );
});

describe("exit codes and messages of a script", () => {
  test(
    "0 with the report's place, 2 with one line, 1 with a stack",
    async () => {
      const out = place();
      expect(await launch(["--out", relative(root, out)])).toMatchObject({
        code: 0,
        out: `report: ${relative(root, join(out, "index.html"))}\n`,
      });
      expect(await launch(["--help"])).toMatchObject({
        code: 0,
        err: "",
        out: expect.stringContaining("usage: bun run demo"),
      });
      const bad = await launch(["--count", "0"]);
      expect(bad).toEqual({
        code: 2,
        signal: undefined,
        out: "",
        err: '--count "0" is too small: give a whole number at least 1\n',
      });
      const again = await launch(["--out", out]);
      expect(again).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^.* holds a finished run.*\n$/) });
      const bug = await launch([], { MODE: "bug" });
      expect(bug).toMatchObject({ code: 1, err: expect.stringMatching(/a bug\n\s+at /) });
      const late = await launch(["--out", place(), "--force"], { MODE: "late-bug" });
      expect(late.err).toMatch(/continue with: bun run demo --out \S+ --resume\n$/);
      expect(await launch(["--out", place()], { MODE: "stray" })).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^a stray\n/),
      });
      expect(await launch(["--out", place()], { MODE: "hang" })).toMatchObject({ code: 2 });
    },
    PATIENCE,
  );
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s stops after the current piece, resumable; a second one at once",
    async (signal, code) => {
      const out = place();
      const slow = start(["--out", out, "--count", "9"], { MODE: "slow" });
      await until(() => existsSync(join(out, "checkpoints/fit/net.partial.safetensors")));
      slow.kill(signal);
      const ended = await end(slow);
      expect(ended).toMatchObject({ code, signal: undefined });
      expect(ended.err).toMatch(
        /stopping after the current piece of work.*\nstopped; continue with: bun run demo .* --resume\n$/s,
      );
      expect(existsSync(join(out, "run.lock"))).toBe(false);
      expect(await launch(["--out", out, "--count", "9", "--resume"])).toMatchObject({ code: 0 });

      const held = place();
      const stuck = start(["--out", held], { MODE: "stuck" });
      await until(() => existsSync(join(held, "in-a-step")));
      stuck.kill(signal);
      await Bun.sleep(100);
      expect(stuck.exitCode).toBeNull();
      stuck.kill(signal);
      expect((await end(stuck)).signal).toBe(signal);
    },
    PATIENCE,
  );
  test(
    "a disk without room is named, and what was done is kept",
    async () => {
      if (process.platform === "win32") return;
      const out = place();
      // A limit of 8 KiB per file stands in for a full disk; 4,000 numbers take 16 kB.
      const limit = ["bash", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "bash"];
      const full = await launch(["--out", out, "--count", "4000"], {}, limit);
      expect(full).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^cannot write .*simulate.safetensors: .*\nwhat is done/),
      });
      expect(Object.keys(contents(out)).filter((name) => name.includes("unfinished"))).toEqual([]);
      expect(await launch(["--out", out, "--count", "4000", "--resume"])).toMatchObject({ code: 0 });
    },
    PATIENCE,
  );
});

async function until(done: () => boolean) {
  while (!done()) await Bun.sleep(5);
}

describe("result.json", () => {
  const result = {
    experiment: "demo",
    profile: "quick",
    seed: 1,
    versions: { patchwise: "1" },
    adapter: { kind: "none", name: "", driver: "" },
    seconds: { total: 1 },
    parameters: { b: 1, a: [1, { d: 1, c: null }] },
    metrics: { "b.ours.all": METRIC, "a.ours.all": { ...METRIC, ci95: null } },
  };
  test("reads back as it was, keys in order", () => {
    const text = resultText(result);
    expect(validateResult(JSON.parse(text))).toEqual(result);
    expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(result));
    expect(Object.keys(JSON.parse(text).metrics)).toEqual(["a.ours.all", "b.ours.all"]);
    const shuffled = Object.fromEntries(Object.entries(result).reverse()) as typeof result;
    shuffled.parameters = { a: [1, { c: null, d: 1 }], b: 1 };
    expect(
      resultText({ ...shuffled, metrics: { "a.ours.all": { ...METRIC, ci95: null }, "b.ours.all": METRIC } }),
    ).toBe(text);
  });
  test.each([
    [{ metrics: { "b.ours.all": { ...METRIC, value: null } } }, "result.json: metrics.b.ours.all.value is null"],
    [{ metrics: { "b.ours.all": { ...METRIC, ci95: [2, 1] } } }, "ci95 is [2,1] where null or [low, high]"],
    [{ metrics: { "b.ours.all": { ...METRIC, paper: undefined } } }, "paper is missing"],
    [{ metrics: { b: METRIC } }, 'a metric name is "b"'],
    [{ metrics: { "b.Ours.all": METRIC } }, "a metric name"],
    [{ metrics: [] }, "metrics is []"],
    [{ seed: -1 }, "seed is -1"],
    [{ seconds: { total: -1 } }, "seconds.total is -1"],
    [{ versions: { bun: 1 } }, "versions.bun is 1"],
    [{ adapter: { kind: "x", name: "y" } }, "adapter.driver is missing"],
    [{ experiment: undefined }, "experiment is missing"],
  ])("%p is refused", (wrong, message) => {
    expect(() => validateResult({ ...result, ...wrong })).toThrow(message);
    expect(() => validateResult({ ...result, ...wrong })).toThrow(InputError);
  });
  test("any JSON is a result or a refusal", () => {
    const key = fc.constantFrom(...Object.keys(result));
    fc.assert(
      fc.property(fc.jsonValue(), key, (value, key) => {
        for (const found of [value, { ...result, [key]: value }]) {
          try {
            validateResult(found);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        }
      }),
      { numRuns: 500, seed: 5 },
    );
  });
  test("never holds what JSON would turn into null", () => {
    for (const wrong of [Number.NaN, Number.NEGATIVE_INFINITY, undefined, () => 1, new Float32Array(1), 1n]) {
      expect(() => resultText({ ...result, parameters: { a: [wrong] } })).toThrow("parameters.a[0] is ");
    }
  });
  test("metric names have checked parts", () => {
    expect(metricName("error", "compensator", "patch16")).toBe("error.compensator.patch16");
    expect(metricName("slope", "ours", "t2-27")).toBe("slope.ours.t2-27");
    for (const bad of ["", "A", "a.b", "a__b", "-a", "a--b", "ä", " a"]) {
      expect(() => metricName("error", "ours", bad)).toThrow(`"${bad}"`);
    }
  });
  test("names the versions that made it", () => {
    const found = versions();
    expect(found.bun).toBe(Bun.version);
    for (const name of ["patchwise", "webgpu", "mathjs", "arquero", "uplot"])
      expect(found[name]).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe("progress", () => {
  function display(terminal: boolean) {
    const shown: string[] = [];
    let time = 0;
    const place: Display = { write: (text) => shown.push(text), terminal, columns: 60, now: () => time };
    return {
      shown,
      place,
      pass: (ms: number) => {
        time += ms;
      },
    };
  }
  test("off a terminal is one line per 10 %, outer work only", () => {
    const { shown, place, pass } = display(false);
    const outer = progress("simulate", 1000, 0, place);
    for (let i = 0; i < 1000; i++) {
      const inner = progress("inner", 10, 0, place);
      pass(10);
      inner.add(10);
      inner.done();
      outer.add();
    }
    outer.done();
    expect(shown.length).toBe(10);
    expect(shown[0]).toBe("simulate 10 %: 100/s, 9.0 s left\n");
    expect(shown[9]).toBe("simulate 100 %: 1 k in 10 s (100/s)\n");
  });
  test("on a terminal redraws one line, at most ten times a second, and never goes back", () => {
    const { shown, place, pass } = display(true);
    const outer = progress("fit", 4, 0, place);
    for (let i = 0; i < 4; i++) {
      const inner = progress("epoch", 1000, 0, place);
      for (let j = 0; j < 1000; j++) {
        pass(1);
        inner.add();
      }
      inner.done();
      outer.add();
    }
    outer.done();
    expect(shown.length).toBeLessThan(70);
    expect(shown.every((line) => line.startsWith("\r\x1b[2K"))).toBe(true);
    for (const line of shown) expect([...line.slice(5).trimEnd()].length).toBeLessThan(60);
    const percents = shown.flatMap((line) => line.match(/fit (?:[█░]+ )?(\d+) %/)?.[1] ?? []).map(Number);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(shown.at(-1)).toBe("\r\x1b[2Kfit: 4 in 4.0 s (1/s)\n");
  });
  test("counts the rate of this sitting only, takes zero totals, and refuses to go back", () => {
    const { shown, place, pass } = display(false);
    const bar = progress("fit", 100, 50, place);
    pass(1000);
    bar.add(10);
    expect(shown).toEqual(["fit 60 %: 10/s, 4.0 s left\n"]);
    expect(() => bar.add(-1)).toThrow("cannot go back");
    bar.add(1000);
    expect(shown.at(-1)).toContain("100 %");
    bar.done();
    bar.done();
    progress("none", 0, 0, place).done();
  });
});
