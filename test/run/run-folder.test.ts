// A run and its folder: what it leaves, what it refuses, stages that are done once.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { table } from "arquero";
import { lockFile } from "../../lib/io/flock.ts";
import { readSafetensors } from "../../lib/io/safetensors.ts";
import { endTable } from "../../lib/run/end-table.ts";
import { FailedRun, FinishedRun, showEnd } from "../../lib/run/finished.ts";
import type { Manifest } from "../../lib/run/manifest.ts";
import { PROJECT_ROOT } from "../../lib/run/provenance.ts";
import { validateResult } from "../../lib/run/result.ts";
import { defaultFolder, openRun, type RunOptions } from "../../lib/run/run-folder.ts";
import { defined, temporaryFolder } from "../fixtures.ts";
import { contents, finished, METRIC, numbers, options, placesIn, refusal, TENSORS, unfinished } from "./folders.ts";

const root = temporaryFolder("run");
const place = placesIn(root);

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
      await expect(run.keep(name, TENSORS, async () => numbers(1))).rejects.toThrow("cannot name a file");
    }
    await run.keep("a", TENSORS, async () => numbers(1));
    await expect(run.keep("a", TENSORS, async () => numbers(2))).rejects.toThrow("already part");
    run.close();
    expect(() => run.table("late", table({ a: [1] }))).toThrow("closed");
  });
  test("with a metric that is not finite stays unfinished and can be resumed", async () => {
    const out = place();
    const run = await openRun(options(out));
    await run.keep("simulate", TENSORS, async () => numbers(1, 2, 3));
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(run.finish({ "a.b.c": { ...METRIC, value } }, "")).rejects.toThrow(String(value));
    }
    await expect(run.finish({ "Not a.Name": METRIC }, "")).rejects.toThrow("quantity.method.case");
    run.close();
    expect(existsSync(join(out, "result.json"))).toBe(false);
    const again = await openRun(options(out, { resume: true }));
    await again.keep("simulate", TENSORS, () => Promise.reject(new Error("computed again")));
    again.close();
  });
  test("hands a long stage its saved state, at the next sitting only until the stage is done", async () => {
    const out = place();
    const run = await openRun(options(out));
    const interrupted = run.keep("fit/net", TENSORS, async (partial) => {
      expect(partial.load()).toBeNull();
      expect(partial.due()).toBe(false);
      partial.save(numbers(1));
      partial.save(numbers(2));
      throw new Error("the power is gone");
    });
    await expect(interrupted).rejects.toThrow("the power");
    run.close();
    const again = await openRun(options(out, { resume: true }));
    await again.keep("fit/net", TENSORS, async (partial) => partial.load() ?? numbers(0));
    again.close();
    expect(readdirSync(join(out, "checkpoints/fit"))).toEqual(["net.safetensors"]);
    const last = await openRun(options(out, { resume: true }));
    const loaded = await last.keep("fit/net", TENSORS, () => Promise.reject(new Error("computed again")));
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
    const { seconds, date } = validateResult(JSON.parse(readFileSync(join(out, "result.json"), "utf8")));
    expect(defined(seconds.fit)).toBeGreaterThanOrEqual(0.058);
    expect(defined(seconds.total)).toBeGreaterThanOrEqual(defined(seconds.fit));
    expect(defined(seconds.total)).toBeLessThan(5);
    expect(readFileSync(join(out, "index.html"), "utf8")).toBe(`<p>${seconds.fit}</p>`);
    const age = Date.now() - Date.parse(defined(date)); // of the last minute that had begun
    expect(age).toBeWithin(0, 3 * 60_000);
  });
});

describe("a folder is refused, and stays as it is, if", () => {
  const cases: [string, (out: string) => Promise<unknown>, Partial<RunOptions>, RegExp][] = [
    [
      "a finished run of another seed is there",
      finished,
      { seed: 2 },
      /finished run, it is not overwritten; seed was 1 and is now 2: take another --seed or --out, or --force/,
    ],
    [
      "a finished run of other parameters is there",
      finished,
      { parameters: { beta: 0.7, sides: [16, 32] }, adapter: { kind: "system", name: "x", driver: "y" } },
      /finished run, it is not overwritten; adapter was CPU only \(none\) and is now x \(system, y\) \(and 1 more\): take/,
    ],
    [
      "another finished run is to be resumed",
      finished,
      { resume: true, seed: 2 },
      /finished run, there is nothing to resume/,
    ],
    [
      "the report of the finished run is missing",
      async (out) => rmSync(join(await finished(out), "index.html")),
      {},
      /index\.html is missing from a finished run: --force/,
    ],
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
      "code or a package has changed",
      async (out) => {
        await unfinished(out);
        const path = join(out, "run.json");
        const manifest = JSON.parse(readFileSync(path, "utf8"));
        const { code } = manifest.identity;
        code.kernels = code.kernels.replace(/./g, (digit: string) => (digit === "0" ? "1" : "0"));
        Object.assign(code, { webgpu: "0.0.1" });
        writeFileSync(path, JSON.stringify(manifest));
      },
      { resume: true },
      /what makes its numbers has changed since it began \(kernels, webgpu 0\.0\.1, now [\d.]+\)\. Take the old program, or --force/,
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
      "it holds a run of another version",
      async (out) => {
        mkdirSync(out);
        writeFileSync(join(out, "run.json"), JSON.stringify({ format: "patchwise run 1", identity: {}, files: [] }));
      },
      { force: true },
      /holds a run of another version of patchwise \("patchwise run 1", .*\): choose another --out/,
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
      "a process on another machine holds it",
      async (out) => {
        await unfinished(out);
        const path = join(out, "run.lock");
        writeFileSync(path, '{"pid":7,"host":"elsewhere","since":"","job":"12"}');
        expect(lockFile(openSync(path, "r"))).toBe(true);
      },
      { resume: true },
      /in use by process 7 on elsewhere \(job 12\): wait/,
    ],
    [
      "another process is about to say that it holds it",
      async (out) => {
        await unfinished(out);
        expect(lockFile(openSync(join(out, "run.lock"), "a+"))).toBe(true);
      },
      { force: true },
      /in use by another process: wait/,
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

describe("a folder that is meddled with", () => {
  for (const [what, meddle] of [
    ["removed", (out: string) => rmSync(out, { recursive: true })],
    ["renamed", (out: string) => renameSync(out, `${out}-elsewhere`)],
    [
      "replaced by another",
      (out: string) => {
        renameSync(out, `${out}-elsewhere`);
        mkdirSync(out);
      },
    ],
  ] as const) {
    test(`${what} in the middle: nothing is made anew, and the run does not end well`, async () => {
      const out = place();
      const run = await openRun(options(out));
      await run.keep("simulate", TENSORS, async () => numbers(1, 2, 3));
      meddle(out);
      const before = existsSync(out) ? readdirSync(out) : null;
      const gone = /was removed or renamed while the run was working/;
      await expect(run.keep("other", TENSORS, async () => numbers(1))).rejects.toThrow(gone);
      await expect(run.finish({ "error.ours.all": METRIC }, "")).rejects.toThrow(/closed|removed or renamed/);
      run.close();
      expect(existsSync(out) ? readdirSync(out) : null).toEqual(before);
      if (what === "removed") return;
      const again = await openRun(options(`${out}-elsewhere`, { resume: true }));
      await again.keep("simulate", TENSORS, () => Promise.reject(new Error("computed again")));
      await again.finish({ "error.ours.all": METRIC }, "");
    });
  }

  test("is not finished while a table or a model is missing", async () => {
    const out = place();
    const run = await openRun(options(out));
    run.table("z", table({ a: [1] }));
    rmSync(join(out, "tables/z.csv"));
    await expect(run.finish({ "error.ours.all": METRIC }, "")).rejects.toThrow(/z\.csv was removed/);
    run.close();
    expect(await refusal(() => openRun(options(out)))).toContain("unfinished run");
  });

  test("stays finished whatever becomes of its result, and loses the checkpoints that a kill at its end left", async () => {
    const out = await finished(place());
    writeFileSync(join(out, "result.json"), '{"metrics":{"not ours":1}}');
    const path = join(out, "run.json");
    const manifest = JSON.parse(readFileSync(path, "utf8"));
    const left = "checkpoints/fit/net.safetensors";
    writeFileSync(path, JSON.stringify({ ...manifest, files: [...manifest.files, left] }));
    mkdirSync(join(out, "checkpoints/fit"), { recursive: true });
    writeFileSync(join(out, left), "left");
    for (const more of [{}, { resume: true }]) {
      await expect(openRun(options(out, more))).rejects.toThrow("finished already");
    }
    expect(existsSync(join(out, "checkpoints"))).toBe(false);
    expect(Object.keys(contents(out)).filter((name) => name.startsWith("run"))).toEqual(["run.json"]);
  });
});

describe("a finished run that is asked for again", () => {
  const table = endTable("errors, %", "method", ["8"], [{ name: "ours", kind: "method", cells: [1] }]);
  /** What is thrown in place of opening it. */
  const again = async (out: string, more: Partial<RunOptions> = {}): Promise<FinishedRun> => {
    try {
      (await openRun(options(out, more))).close();
    } catch (error) {
      if (error instanceof FinishedRun) return error;
      throw error;
    }
    throw new Error("it was opened");
  };
  const editManifest = (out: string, edit: (manifest: Manifest) => unknown) => {
    const path = join(out, "run.json");
    writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, "utf8")))));
  };

  test("is shown as it ended, with its report, and stays as it is", async () => {
    const out = place();
    const run = await openRun(options(out));
    await run.finish({}, "<p>done</p>", ["a warning"], { table });
    const before = contents(out);
    for (const more of [{}, { resume: true }]) {
      const { message, report, end } = await again(out, more);
      expect({ report, end }).toEqual({
        report: join(out, "index.html"),
        end: { table, warnings: ["a warning"], failed: false },
      });
      expect(message).toMatch(/^finished already, and shown again; to start over: .* --force$/);
    }
    expect(contents(out)).toEqual(before);
    (await openRun(options(out, { force: true }))).close();
    expect(existsSync(join(out, "index.html"))).toBe(false);
  });

  test("that has failed fails again", async () => {
    const out = place();
    const run = await openRun(options(out));
    await expect(run.finish({}, "", ["it left its data"], { table, failed: true })).rejects.toThrow(
      "the run is finished, but not to be relied on: it left its data",
    );
    const { end, report } = await again(out);
    expect(end.failed).toBe(true);
    expect(() => showEnd({ ...end, table: null }, report)).toThrow(FailedRun);
  });

  test("is shown with what has changed of the program since", async () => {
    const out = await finished(place());
    editManifest(out, (manifest) => ({
      ...manifest,
      identity: {
        ...manifest.identity,
        patchwise: "0.0.1",
        code: { ...manifest.identity.code, "lib/method": "old", mathjs: "1.2.3" },
      },
    }));
    expect((await again(out)).message).toMatch(
      /^finished already, by an earlier state of the program \(patchwise was 0\.0\.1 and is now [\d.]+, lib\/method, mathjs 1\.2\.3, now [\d.]+\), and shown again/,
    );
  });

  test("is none where the user's data have changed", async () => {
    const [out, data] = [place(), place()];
    writeFileSync(data, "1");
    const run = await openRun(options(out, { files: [data] }));
    await run.finish({}, "");
    expect((await again(out, { files: [data] })).end.table).toBeNull();
    writeFileSync(data, "2");
    expect(await refusal(() => openRun(options(out, { files: [data] })))).toContain(`; file ${data} has changed: take`);
    const other = `${data}.other`;
    writeFileSync(other, "1");
    expect(await refusal(() => openRun(options(out, { files: [other] })))).toContain(
      `; it is of file ${data} (and 1 more): take`,
    );
  });

  test("of an earlier version has no table", async () => {
    const out = await finished(place());
    editManifest(out, ({ end: _, ...manifest }) => manifest);
    expect((await again(out)).end).toEqual({ table: null, warnings: [], failed: false });
  });
});

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
    expect(await run.keep("simulate", TENSORS, async () => numbers(4))).toEqual(numbers(4));
    run.close();
  });
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
    await run.keep("simulate", TENSORS, async () => numbers(1, 2, 3));
    await run.keep("other", TENSORS, async () => numbers(4));
    run.close();
    const path = join(out, "checkpoints", "simulate.safetensors");
    damage(path);
    const again = await openRun(options(out, { resume: true }));
    const message = await refusal(() => again.keep("simulate", TENSORS, async () => numbers(5)));
    again.close();
    expect(message).toContain(path);
    expect(message).toMatch(/delete that file to recompute it|it is a folder/);
    rmSync(path, { recursive: true });
    const healed = await openRun(options(out, { resume: true }));
    expect(await healed.keep("simulate", TENSORS, async () => numbers(5))).toEqual(numbers(5));
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
    expect(await refusal(() => run.keep("simulate", TENSORS, async () => numbers(5)))).toContain(
      "not a checkpoint of stage simulate",
    );
    run.close();
  });
});
