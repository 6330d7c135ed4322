// Systems that another program simulates: they obey the laws of every system, and what goes wrong in the program is said.

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { validateResult } from "../../lib/run/result.ts";
import { ExternalEngine } from "../../lib/systems/external.ts";
import { HostSystem } from "../../lib/systems/simulator.ts";
import { ROOT, temporaryFolder } from "../fixtures.ts";
import { systemLaws } from "../laws.ts";
import { expectRefusal, runScript, startScript } from "../scripts/command.ts";

setDefaultTimeout(240_000);

const PROGRAM = join(ROOT, "test/data/own/program.ts");
const command = (...words: string[]) => [process.execPath, PROGRAM, ...words];
const hello = await ExternalEngine.meet(command());
const engine = await ExternalEngine.open(command(), hello, { rate: 1 }, { patch: 4, processes: 2, seconds: 60 });
// Beside open pipes, `expect(…).rejects` of later tests in this process waits a second for each promise.
afterAll(() => engine.close());

systemLaws("a system of another program", {
  make: () => new HostSystem("coins", engine, 4),
  side: 8,
  time: 0.3,
  rates: "unknown",
  conserved: [0],
  onHost: true,
  replicas: 2048,
  skip: {
    watch: "its patches have no states of their own",
    cohorts: "density is drawn for each cohort, sites are drawn apart",
  },
});

const folder = temporaryFolder("external");
const SMALL = "--L 32 --patch 8 --horizon 2 --trajectories 64 --true-runs 8 --runs 32 --relax-time 0".split(" ");
const FEW = ["--snapshots", "64"];
const learned = (line: string, out: string, ...more: string[]) =>
  runScript("learn", ["--exec", line, ...SMALL, ...more, "--out", join(folder, out)]);
const learn = (line: string, out: string, ...more: string[]) => learned(line, out, ...FEW, ...more);
const lineOf = (...words: string[]) => command(...words).join(" ");

describe("learn --exec", () => {
  test("learns the equation of a program: dn/dt = 1 − 2n", async () => {
    const { code, out } = await learned(lineOf(), "whole", "--degree", "1", "--rate", "1", "--snapshots", "512");
    expect(code).toBe(0);
    expect(out).toMatch(/^Increments, λ = K +[\d.]+/m);
    const fields = await Bun.file(join(folder, "whole/tables/fields.csv")).text();
    const rows = fields
      .trim()
      .split("\n")
      .slice(1)
      .map((row) => row.split(",").map(Number));
    for (const [n, , f, low, high] of rows) {
      expect(Math.abs(f - (1 - 2 * n))).toBeLessThan(high - low);
      expect(high - low).toBeLessThan(0.5);
    }
  });

  test("what a program says wrongly at once is bad input", async () => {
    for (const [words, message] of [
      [["ends"], /ended with exit code 3; its last lines: no licence found \| bye/],
      [["talks"], /answered "Welcome!", which is no line of JSON; print nothing else on standard output/],
      [["blind"], /no observables with a name and a symbol/],
      [["fails", "hello"], /asked to hello, failed: ValueError: no such thing/],
    ] as const) {
      expectRefusal(await learn(lineOf(...words), "wrong"), message);
      expect(existsSync(join(folder, "wrong"))).toBe(false);
    }
    expectRefusal(await learn("no-such-program-at-all", "wrong"), /no-such-program-at-all does not start/);
    expectRefusal(await learn(lineOf(), "wrong", "module.ts"), /module\.ts/);
    expectRefusal(await learn(lineOf(), "wrong", "--rate", "-1"), /--rate "-1" is too small/);
  });

  test("Ctrl-C ends a run whose program does not answer, which can be resumed", async () => {
    const out = join(folder, "stopped");
    const words = ["--exec", lineOf("sleeps", "evolve"), ...SMALL, ...FEW, "--out", out];
    const child = startScript("learn", words);
    await child.until(() => existsSync(join(out, "run.json")));
    await Bun.sleep(1000);
    child.kill("SIGINT");
    const { code, err } = await child.ended;
    expect({ code, err }).toEqual({ code: 130, err: expect.stringMatching(/--resume\n$/) });
    // It goes on, with other patience too; the program is not any faster.
    const again = await learn(
      lineOf("sleeps", "evolve"),
      "stopped",
      "--resume",
      "--exec-seconds",
      "1",
      "--processes",
      "1",
    );
    expect({ code: again.code, err: again.err }).toEqual({
      code: 1,
      err: expect.stringMatching(/took more than 1 seconds/),
    });
  });

  test("a program that fails later ends the run with a sentence, exit code 1, and what is done is kept", async () => {
    for (const [k, [words, message, more]] of (
      [
        [
          ["crashes", "initial"],
          /asked to initial, ended with exit code 139; its last lines: segmentation fault, almost/,
          [],
        ],
        [["fails", "evolve"], /asked to evolve, failed: ValueError: no such thing/, []],
        [["short", "evolve"], /asked to evolve, gave 3 bytes, not/, []],
        [["nan"], /observed density as NaN/, []],
        [
          ["sleeps", "evolve"],
          /asked to evolve, took more than 2 seconds, raise --exec-seconds/,
          ["--exec-seconds", "2"],
        ],
      ] as const
    ).entries()) {
      const { code, err } = await learn(lineOf(...words), `late${k}`, ...more);
      expect({ words, code }).toEqual({ words, code: 1 });
      expect(err).toMatch(message);
      expect(err).toMatch(/what is done is kept; continue with: \S.* scripts\/learn\.ts --exec .* --resume\n$/);
      expect(err).not.toMatch(/\n {4}at /);
    }
  });
});

const numpy = spawnSync("python3", ["-c", "import numpy"]).status === 0;

describe("the example in Python", () => {
  if (!numpy) test.skip("runs (not here: there is no python3 with numpy)", () => {});
  else
    test("runs, from npm run new on", async () => {
      mkdirSync(join(folder, "my"));
      const path = join(folder, "my/sis.py");
      expect((await runScript("new", [path])).code).toBe(0);
      expect(existsSync(join(folder, "my/patchwise_simulator.py"))).toBe(true);
      expectRefusal(await runScript("new", [path]), /sis\.py exists already/);
      expect((await learn(`python3 ${path}`, "python")).code).toBe(0);
      const { metrics } = validateResult(await Bun.file(join(folder, "python/result.json")).json());
      expect(metrics["error.increment.patch8"].value).toBeLessThan(0.02);
    });
});
