import { expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFile } from "../../../lib/io/flock.ts";
import { lockFolder } from "../../../lib/run/lock.ts";
import type { Attempt, Known, Status } from "../../../lib/run/sweep/executor.ts";
import { costOfRun } from "../../../lib/run/sweep/forecast.ts";
import { logFile, type Plan, pointsOf, recordFile, runFolder } from "../../../lib/run/sweep/plan.ts";
import { isOpen, states } from "../../../lib/run/sweep/states.ts";
import { costText, countsText, planText, statusText } from "../../../lib/run/sweep/status.ts";
import { temporaryFolder } from "../../fixtures.ts";
import { finished, options, unfinished } from "../folders.ts";

const root = temporaryFolder("states");
const SEED = options("").seed;
let made = 0;

/** A sweep of one point, or so many. */
function sweepOf(count = 1): { folder: string; plan: Plan } {
  const folder = join(root, `sweep-${made++}`);
  mkdirSync(join(folder, "logs"), { recursive: true });
  const rows = Array.from({ length: count }, (_, k) => ({ T: String(k + 1) }));
  // With the seed of the runs that are put into their folders.
  const points = pointsOf(rows, [1], "own").map((point) => ({ ...point, seed: SEED }));
  return { folder, plan: { command: "demo", words: [], fixed: [], from: root, axes: ["T"], streams: "own", points } };
}
const stateOf = ({ folder, plan }: ReturnType<typeof sweepOf>, known?: Known) => {
  const [{ point, ...rest }] = states(folder, plan, known && new Map([[plan.points[0].name, known]]));
  return rest;
};
const attempt = (more: Partial<Attempt>): Attempt => ({
  ...{ began: "2026-01-01T00:00:00Z", seconds: 8, memory: 2 ** 28, exit: 0, signal: null, host: "here", job: null },
  ...{ said: [], ...more },
});
function record({ folder, plan }: ReturnType<typeof sweepOf>, more: Partial<Attempt>): void {
  writeFileSync(logFile(folder, plan.points[0]), "# at some time on here: demo\n");
  writeFileSync(recordFile(folder, plan.points[0]), JSON.stringify(attempt(more)));
}
const firstRun = ({ folder, plan }: ReturnType<typeof sweepOf>) => runFolder(folder, plan.points[0]);

test("a run that nobody has begun waits; what is queued or running elsewhere is so", () => {
  const sweep = sweepOf();
  expect(stateOf(sweep)).toEqual({ state: "waiting" });
  expect(stateOf(sweep, { state: "queued", why: "Priority" })).toEqual({ state: "queued", why: "Priority" });
  expect(stateOf(sweep, { state: "running" })).toEqual({ state: "running" });
  // What an earlier attempt left does not matter then.
  record(sweep, { exit: 143 });
  expect(stateOf(sweep, { state: "queued" })).toEqual({ state: "queued" });
});

test("a run is under way while its log, or its folder, is locked", async () => {
  const sweep = sweepOf();
  await unfinished(firstRun(sweep));
  record(sweep, { exit: 143 });
  const log = openSync(logFile(sweep.folder, sweep.plan.points[0]), "a");
  expect(lockFile(log)).toBe(true);
  expect(stateOf(sweep)).toEqual({ state: "running" });
  closeSync(log);
  expect(stateOf(sweep).state).toBe("stopped");
  const lock = lockFolder(firstRun(sweep));
  expect(stateOf(sweep)).toEqual({ state: "running" });
  lock.release();
  expect(stateOf(sweep).state).toBe("stopped");
});

test.each<[string, Partial<Attempt>, Omit<Status, "point">]>([
  ["SIGTERM", { exit: 143 }, { state: "stopped", why: "SIGTERM stopped it" }],
  ["Ctrl-C", { exit: 130 }, { state: "stopped", why: "Ctrl-C stopped it" }],
  ["the end of its terminal", { exit: 129 }, { state: "stopped", why: "SIGHUP stopped it" }],
  [
    "SIGKILL",
    { exit: null, signal: "SIGKILL" },
    { state: "stopped", why: "it was killed (SIGKILL), perhaps because memory ran out" },
  ],
  ["a fault of memory", { exit: null, signal: "SIGSEGV" }, { state: "stopped", why: "SIGSEGV ended it" }],
  [
    "bad input",
    { exit: 2, said: ["fit 10 %", "--T 0 is not possible."] },
    { state: "failed", why: "--T 0 is not possible" },
  ],
  [
    "a full disk",
    { exit: 1, said: ["the disk is full", "what is done is kept; continue with: npm run demo"] },
    { state: "failed", why: "the disk is full" },
  ],
  ["no word", { exit: 1 }, { state: "failed", why: "it ended with exit code 1 and no word" }],
])("a run that ended by %s", async (_, ended, state) => {
  const sweep = sweepOf();
  await unfinished(firstRun(sweep));
  record(sweep, ended);
  expect(stateOf(sweep)).toEqual(state);
});

test("what the executor knows of a stop says more than a signal; a record says more than that a job was lost", async () => {
  const sweep = sweepOf();
  record(sweep, { exit: null, signal: "SIGKILL" });
  expect(stateOf(sweep, { state: "failed", why: "out of memory" })).toEqual({ state: "failed", why: "out of memory" });
  record(sweep, { exit: 2, said: ["impossible"] });
  expect(stateOf(sweep, { state: "lost", why: "unknown" })).toEqual({ state: "failed", why: "impossible" });
});

test("a run that was begun and left no word is lost; where only its folder is there it is stopped", async () => {
  const sweep = sweepOf();
  await unfinished(firstRun(sweep));
  expect(stateOf(sweep).state).toBe("stopped");
  record(sweep, {});
  rmSync(recordFile(sweep.folder, sweep.plan.points[0]));
  expect(stateOf(sweep).state).toBe("lost");
  expect(stateOf(sweep, { state: "lost", why: "NODE_FAIL" })).toEqual({ state: "lost", why: "NODE_FAIL" });
});

test("a finished run is finished, whatever came before; one that is not to be relied on says why", async () => {
  const sweep = sweepOf();
  await finished(firstRun(sweep));
  record(sweep, { exit: 143 });
  expect(stateOf(sweep, { state: "lost" })).toEqual({ state: "finished" });
  const path = join(firstRun(sweep), "run.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(
    path,
    JSON.stringify({ ...manifest, end: { table: null, warnings: ["it left its data"], failed: true } }),
  );
  expect(stateOf(sweep)).toEqual({ state: "unreliable", why: "it left its data" });
});

test.each([
  [
    "cut off",
    (path: string) => writeFileSync(path, readFileSync(path, "utf8").slice(0, 100)),
    /^its result\.json is not JSON/,
  ],
  ["gone", (path: string) => rmSync(path), /^its result\.json is missing/],
  [
    "of another program",
    (path: string) => writeFileSync(path, '{"answer": 42}'),
    /^result\.json: experiment is missing/,
  ],
  [
    "of another run",
    (path: string) => writeFileSync(path, readFileSync(path, "utf8").replace(`"seed": ${SEED}`, `"seed": ${SEED + 1}`)),
    /^its result\.json is of another run \(seed 2, the plan has 1\): move its folder away$/,
  ],
])("a finished run whose result is %s has failed", async (_, harm, why) => {
  const sweep = sweepOf();
  await finished(firstRun(sweep));
  harm(join(firstRun(sweep), "result.json"));
  expect(stateOf(sweep)).toEqual({ state: "failed", why: expect.stringMatching(why) });
});

test("a finished run whose folder was taken away waits to be made anew", async () => {
  const sweep = sweepOf();
  await finished(firstRun(sweep));
  record(sweep, { exit: 0 });
  rmSync(firstRun(sweep), { recursive: true });
  expect(stateOf(sweep)).toEqual({ state: "waiting" });
});

test("a record that is none leaves its run without one", () => {
  const sweep = sweepOf();
  record(sweep, {});
  for (const text of ['{"exit"', "null", "7"]) {
    writeFileSync(recordFile(sweep.folder, sweep.plan.points[0]), text);
    expect(stateOf(sweep).state).toBe("lost");
  }
});

test("a folder of other files, or of another version, has failed", () => {
  const sweep = sweepOf();
  mkdirSync(firstRun(sweep), { recursive: true });
  writeFileSync(join(firstRun(sweep), "letter.txt"), "");
  expect(stateOf(sweep)).toMatchObject({
    state: "failed",
    why: expect.stringContaining("not from a run (letter.txt)"),
  });
});

test("what is said counts the runs, tells what they take, and names those that are not well", async () => {
  const sweep = sweepOf(9);
  const { folder, plan } = sweep;
  await finished(firstRun(sweep));
  record(sweep, { seconds: 8 });
  const [, second, third] = plan.points;
  writeFileSync(logFile(folder, second), "");
  writeFileSync(recordFile(folder, second), JSON.stringify(attempt({ exit: 2, said: ["impossible"] })));
  await unfinished(runFolder(folder, third));
  const list = states(folder, plan);
  expect(countsText(list)).toBe("6 waiting, 1 finished, 1 stopped, 1 failed");
  expect(list.filter(isOpen).length).toBe(8);
  const cost = costOfRun(folder, list);
  expect(cost).toMatchObject({ seconds: 8, memory: 2 ** 28 });
  expect(cost?.bytes).toBeGreaterThan(500);
  expect(planText("my/sweep", plan, list, { open: 8, named: 9 }, cost).split("\n")).toEqual([
    "demo: 9 runs in my/sweep (T from 1 to 9 (9 values); seeds = 1)",
    "6 waiting, 1 finished, 1 stopped, 1 failed: 8 to make",
    expect.stringMatching(
      /^a run takes about 8.0 s and 0\.00\d+ MiB of disk: 8 of them one after the other 1 min 4 s and /,
    ),
  ]);
  const shorter = (named: number) => planText("my/sweep", plan, list, { open: 8, named }, cost).split("\n")[1];
  expect(shorter(8)).toBe("1 of them is of earlier lines, and belongs to it too");
  expect(shorter(2)).toBe("7 of them are of earlier lines, and belong to it too");
  const lines = statusText("my/sweep", plan, list, cost).split("\n");
  expect(lines).toContain("  waiting   6");
  expect(lines).toContain("failed   T=2_seed=1  impossible");
  expect(lines).toContain("stopped  T=3_seed=1  nobody works on it");
  expect(costOfRun(folder, list.slice(1))).toBeNull();
  expect(statusText("my/sweep", { ...plan, points: [plan.points[0]] }, list.slice(0, 1), cost)).toStartWith(
    "demo: 1 run in my/sweep (T = 1; seeds = 1)\n",
  );
  expect(costText(1, null)).toBe("time and disk are told by the first run");
});
