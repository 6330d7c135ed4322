// Runs in processes of their own: several at once, killed and resumed, exit codes and messages.
import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "../../lib/run/manifest.ts";
import { openRun } from "../../lib/run/run-folder.ts";
import { defined, ROOT, temporaryFolder } from "../fixtures.ts";
import { run } from "../processes.ts";
import { demoIn } from "./demo.ts";
import { contents, options, placesIn, refusal, results, unfinished } from "./folders.ts";

/** For tests that start processes, ms. */
const PATIENCE = 60_000;
/** Locks that several processes want at once. */
const RACES = 30;
/** Runs what follows as process 1 of a PID namespace of its own. */
const NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
const HAS_NAMESPACES = Bun.which("unshare") !== null && Bun.spawnSync([...NAMESPACE, "true"]).exitCode === 0;
/** Each system call of the child that changes a file is a place to die: the first ones are all tried, then so many. */
const FIRST_DEATHS = 8;
const LATER_DEATHS = 12;
/** Why a file system may refuse a change, in turn. */
const REFUSALS = ["ENOSPC", "EIO", "EDQUOT", "EROFS", "EMFILE"];

const root = temporaryFolder("run-processes");
const place = placesIn(root);
const { begin, launch } = demoIn(root);

describe("the lock", () => {
  test("keeps a second run out of the folder, and goes with the run", async () => {
    const out = place();
    const first = await openRun(options(out));
    for (const more of [{}, { resume: true }, { force: true }]) {
      expect(await refusal(() => openRun(options(out, more)))).toContain(`in use by process ${process.pid}`);
    }
    first.close();
    expect(existsSync(join(out, "run.lock"))).toBe(false);
  });
  test("that a killed process left, on this machine or another, is taken over, whatever its time", async () => {
    const before = ['{"pid":1,"host":"elsewhere","since":"2999-01-01T00:00:00Z"}', `{"pid":${process.pid}}`, "", "{"];
    for (const left of before) {
      const out = await unfinished(place());
      writeFileSync(join(out, "run.lock"), left);
      utimesSync(join(out, "run.lock"), new Date(), new Date("2999-01-01"));
      (await openRun(options(out, { resume: true }))).close();
      expect(Object.keys(contents(out)).some((name) => name.startsWith("run.lock"))).toBe(false);
    }
  });
  test(
    "goes with the process that has it, by kill -9 too",
    async () => {
      const out = place();
      const slow = begin(["--out", out], { MODE: "slow" });
      await slow.until(() => existsSync(join(out, "checkpoints/fit/net.partial.safetensors")));
      const message = expect.stringContaining(`in use by process ${slow.pid}`);
      expect(await launch(["--out", out, "--resume"])).toMatchObject({ code: 2, err: message });
      slow.kill("SIGKILL");
      await slow.ended;
      expect(existsSync(join(out, "run.lock"))).toBe(true);
      expect(await launch(["--out", out, "--resume"])).toMatchObject({ code: 0 });
    },
    PATIENCE,
  );
  test.skipIf(!HAS_NAMESPACES)(
    `keeps out a process in another PID namespace${HAS_NAMESPACES ? "" : " (skipped: unshare cannot make one here)"}`,
    async () => {
      const out = place();
      const slow = begin(["--out", out], { MODE: "slow" }, NAMESPACE);
      await slow.until(() => existsSync(join(out, "checkpoints/fit/net.partial.safetensors")));
      const second = await launch(["--out", out, "--force"], {}, NAMESPACE);
      expect(second).toMatchObject({ code: 2, err: expect.stringContaining("in use by process") });
      slow.kill("SIGKILL");
    },
    PATIENCE,
  );
  test(
    "goes to exactly one of several that take it at once, fresh or left behind",
    async () => {
      // Each tries to take the lock of folder after folder, all at the same times, and says which it got.
      const program = join(root, "racer.ts");
      writeFileSync(
        program,
        `import { readdirSync, writeFileSync } from "node:fs";
import { lockFolder } from ${JSON.stringify(join(ROOT, "lib/run/lock.ts"))};
const [root, rounds] = process.argv.slice(2);
const told = (name) => readdirSync(root).filter((one) => one.startsWith(name)).length;
const got = [];
for (let k = 0; k < Number(rounds); k++) {
  // Nobody begins before all are there: a machine that is busy may hold one up.
  writeFileSync(root + "/ready" + k + "-" + process.pid, "");
  while (told("ready" + k + "-") < 3) {}
  try { lockFolder(root + "/" + k); got.push(k); } catch {}
}
// Nobody gives one back before all have tried.
writeFileSync(root + "/done-" + process.pid, "");
while (told("done-") < 3) await Bun.sleep(20);
console.log(JSON.stringify(got));`,
      );
      const places = join(root, "races");
      for (let k = 0; k < RACES; k++) {
        mkdirSync(join(places, String(k)), { recursive: true });
        if (k % 2 === 1) writeFileSync(join(places, String(k), "run.lock"), '{"pid":1,"host":"elsewhere"}');
      }
      const ended = await Promise.all([1, 2, 3].map(() => run([program, places, String(RACES)])));
      const got = ended.map(({ out }) => JSON.parse(out) as number[]);
      const holders = Array.from({ length: RACES }, (_, k) => got.filter((one) => one.includes(k)).length);
      expect(holders).toEqual(Array(RACES).fill(1));
      expect(got.filter((one) => one.length > 0).length).toBeGreaterThan(1);
    },
    PATIENCE,
  );
});

test(
  "a lock that is given back and taken again and again has one holder at a time",
  async () => {
    const program = join(root, "taker.ts");
    const folder = join(root, "taken");
    mkdirSync(folder);
    writeFileSync(
      program,
      `import { closeSync, openSync, rmSync } from "node:fs";
import { lockFolder } from ${JSON.stringify(join(ROOT, "lib/run/lock.ts"))};
const inside = ${JSON.stringify(join(folder, "inside"))};
let [taken, two] = [0, 0];
for (const end = Date.now() + 3000; Date.now() < end; ) {
  let lock;
  try { lock = lockFolder(${JSON.stringify(folder)}); } catch { continue; }
  taken++;
  // Fails where another one is inside.
  try { closeSync(openSync(inside, "wx")); } catch { two++; }
  rmSync(inside, { force: true });
  lock.release();
}
console.log(JSON.stringify({ taken, two }));`,
    );
    const ended = await Promise.all([1, 2, 3].map(() => run([program])));
    const counts = ended.map(({ out }) => JSON.parse(out) as { taken: number; two: number });
    for (const { taken, two } of counts) {
      expect(taken).toBeGreaterThan(20);
      expect(two).toBe(0);
    }
  },
  PATIENCE,
);

describe("killed with -9 and resumed", () => {
  test(
    "at any change of a file: the same tables, models and report as without",
    async () => {
      const whole = place();
      const reference = await launch(["--out", whole, "--seed", "5"], { MODE: "count" });
      expect(reference).toMatchObject({ code: 0, err: expect.stringContaining("fit 33 %") });
      const calls = Number(defined(reference.out.match(/calls (\d+)/))[1]);
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
        const { state } = inspect(out);
        if (state === "finished") {
          // Finished but for the removal of the checkpoints: complete, and shown again like any finished run.
          expect((await launch(["--out", out, "--seed", "5"])).err).toContain("finished already, and shown again");
          expect(existsSync(join(out, "checkpoints"))).toBe(false);
        } else if (state === "unfinished") {
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

describe("a file system that refuses", () => {
  test(
    "any change of a file, or that and all behind it: one sentence, what is done is kept, and the run resumes to the same bytes",
    async () => {
      const whole = place();
      const reference = await launch(["--out", whole, "--seed", "5"], { MODE: "count" });
      const calls = Number(defined(reference.out.match(/calls (\d+)/))[1]);
      const expected = results(whole);
      let [refused, resumed] = [0, 0];
      for (let call = 1; call <= calls; call++) {
        const out = place();
        const fault = {
          FAILURE: String(call),
          FAULTS: call % 2 ? "all" : "one",
          CODE: REFUSALS[call % REFUSALS.length],
        };
        const { code, signal, err } = await launch(["--out", out, "--seed", "5"], fault);
        // Where only cleaning up failed the run is finished.
        const said = err.replace(/^fit \d+ %.*\n/gm, "");
        const sentence = /^(cannot \w+ .*: .*\n(what is done is kept; continue with: .*\n)?)?$/;
        expect({ call, signal, said }).toEqual({ call, signal: null, said: expect.stringMatching(sentence) });
        expect({ call, code }).toEqual({ call, code: code === 0 ? 0 : 1 });
        if (code === 1) refused++;
        const { state } = inspect(out);
        if (state === "finished") {
          expect((await launch(["--out", out, "--seed", "5"])).err).toContain("finished already, and shown again");
        } else {
          const again = await launch(["--out", out, "--seed", "5", ...(state === "unfinished" ? ["--resume"] : [])]);
          expect({ call, ...again }).toMatchObject({ call, code: 0 });
          if (state === "unfinished") resumed++;
        }
        expect(Object.keys(contents(out)).filter((name) => /unfinished|checkpoints/.test(name))).toEqual([]);
        expect(results(out)).toEqual(expected);
      }
      expect(refused).toBeGreaterThan(30);
      expect(resumed).toBeGreaterThan(20);
    },
    5 * PATIENCE,
  );
});

describe("exit codes and messages of a script", () => {
  test(
    "0 with the report's place, 2 with one line, 1 with a stack",
    async () => {
      const out = place();
      expect(await launch(["--out", relative(root, out)])).toMatchObject({
        code: 0,
        out: `report: ${pathToFileURL(join(out, "index.html"))}\n`,
      });
      expect(await launch(["--help"])).toMatchObject({
        code: 0,
        err: "",
        out: expect.stringMatching(/usage: \S.* child\.ts \[options\]/),
      });
      const bad = await launch(["--count", "0"]);
      expect(bad).toEqual({
        code: 2,
        signal: null,
        out: "",
        err: '--count "0" is too small: give a whole number at least 1\n',
      });
      for (const more of [[], ["--resume"]]) {
        expect(await launch(["--out", out, ...more])).toMatchObject({
          code: 0,
          out: `report: ${pathToFileURL(join(out, "index.html"))}\n`,
          err: expect.stringMatching(/^finished already, and shown again; to start over: .* --out \S+ --force\n$/),
        });
      }
      const other = await launch(["--out", out, "--count", "9"]);
      expect(other).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^.* holds a finished run.*\n$/) });
      const bug = await launch([], { MODE: "bug" });
      expect(bug).toMatchObject({ code: 1, err: expect.stringMatching(/a bug\n\s+at /) });
      const above = place();
      for (let k = 0; k < 2; k++) {
        expect(await launch(["--out", join(above, "b/c")], { MODE: "refused" })).toMatchObject({
          code: 2,
          err: "impossible after all\n",
        });
        expect(existsSync(above)).toBe(false);
      }
      const late = await launch(["--out", place(), "--force"], { MODE: "late-bug" });
      expect(late.err).toMatch(/continue with: \S.* child\.ts --out \S+ --resume\n$/);
      expect(await launch(["--out", place()], { MODE: "stray" })).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^a stray\n/),
      });
      expect(await launch(["--out", place()], { MODE: "hang" })).toMatchObject({ code: 2 });
    },
    PATIENCE,
  );
  test.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s stops after the current piece, resumable, however often it comes at once; a second later at once",
    async (signal, code) => {
      const out = place();
      const slow = begin(["--out", out, "--count", "9"], { MODE: "slow" });
      await slow.until(() => existsSync(join(out, "checkpoints/fit/net.partial.safetensors")));
      // To the group of processes, and passed on by those that start it.
      for (let k = 0; k < 3; k++) slow.kill(signal);
      const ended = await slow.ended;
      expect(ended).toMatchObject({ code, signal: null });
      expect(ended.err).toMatch(
        /stopping after the current piece of work.*\nstopped; continue with: \S.* child\.ts .* --resume\n$/s,
      );
      expect(existsSync(join(out, "run.lock"))).toBe(false);
      expect(await launch(["--out", out, "--count", "9", "--resume"])).toMatchObject({ code: 0 });

      const held = place();
      const stuck = begin(["--out", held], { MODE: "stuck" });
      await stuck.until(() => existsSync(join(held, "in-a-step")));
      stuck.kill(signal);
      await Bun.sleep(1100);
      expect(stuck.isAlive()).toBe(true);
      stuck.kill(signal);
      expect((await stuck.ended).signal).toBe(signal);
    },
    PATIENCE,
  );
  test.skipIf(process.platform === "win32")(
    "a disk without room is named, and what was done is kept (skipped on Windows, which has no ulimit)",
    async () => {
      const out = place();
      // A limit of 8 KiB per file stands in for a full disk; 4,000 numbers take 16 kB.
      const limit = ["bash", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "bash"];
      const full = await launch(["--out", out, "--count", "4000"], {}, limit);
      expect(full).toMatchObject({
        code: 1,
        err: expect.stringMatching(/^cannot write .*simulate.safetensors: .*\nwhat is done/),
      });
      expect(Object.keys(contents(out)).filter((name) => name.includes("unfinished"))).toEqual([]);
      expect(await launch(["--out", out, "--count", "4000", "--resume"])).toMatchObject({ code: 0 });
    },
    PATIENCE,
  );
});
