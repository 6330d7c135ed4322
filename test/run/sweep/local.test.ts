// Points and the executor of this machine, with a small experiment in place of a real one; through the command line: test/scripts/sweep.test.ts.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError, StorageError } from "../../../lib/errors.ts";
import { type PointState, readAttempt } from "../../../lib/run/sweep/executor.ts";
import { type LocalOptions, localExecutor } from "../../../lib/run/sweep/local.ts";
import { logFile, type Plan, type Point, pointsOf, runFolder } from "../../../lib/run/sweep/plan.ts";
import { runPoint } from "../../../lib/run/sweep/point.ts";
import { states } from "../../../lib/run/sweep/states.ts";
import { temporaryFolder } from "../../fixtures.ts";
import { demoIn } from "../demo.ts";
import { results } from "../folders.ts";

setDefaultTimeout(30_000);

/** Counts of numbers at which the experiment does something else: it works, or is killed, as long as the file `go` is not beside the sweep, or fails. */
const [SLOW, SLOW_TOO, BUG, FULL, DEAD] = [50, 51, 52, 53, 54];
/** The change of a file before which that one is killed: it has saved what it simulated. */
const DEATH = 30;

const root = temporaryFolder("local");
demoIn(root);
const script = join(root, "modes.ts");
writeFileSync(
  script,
  `import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
const has = (count) => process.argv.includes("--count=" + count);
const folder = process.argv.find((word) => word.startsWith("--out=")).slice(6);
if ((has(${SLOW}) || has(${SLOW_TOO})) && !existsSync(join(folder, "../../go"))) process.env.MODE = "slow";
if (has(${DEAD}) && !existsSync(join(folder, "../../go"))) process.env.DEATH = "${DEATH}";
if (has(${BUG})) process.env.MODE = "bug";
if (has(${FULL})) Object.assign(process.env, { FAILURE: "9", FAULTS: "all", CODE: "ENOSPC" });
writeFileSync(join(folder, "../..", "env.json"), JSON.stringify(process.env));
process.argv[1] = "child.ts";
await import("./child.ts");
`,
);

let made = 0;
function sweepOf(...counts: number[]): { folder: string; plan: Plan } {
  const folder = join(root, `sweep-${made++}`);
  mkdirSync(folder);
  const points = pointsOf(
    counts.map((count) => ({ count: String(count) })),
    [1],
    "own",
  );
  return {
    folder,
    plan: { command: "demo", words: [], fixed: [], from: root, axes: ["count"], streams: "own", points },
  };
}
const execute = (
  { folder, plan }: ReturnType<typeof sweepOf>,
  points: readonly Point[] = plan.points,
  more: Partial<LocalOptions> = {},
) => localExecutor({ processes: 1, script, ...more }).execute(folder, plan, points);
const stateNames = ({ folder, plan }: ReturnType<typeof sweepOf>): PointState[] =>
  states(folder, plan).map(({ state }) => state);
const log = ({ folder }: { folder: string }, point: Point) => readFileSync(logFile(folder, point), "utf8");

async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await Bun.sleep(10);
}
/** That a run has begun to fit, and has a checkpoint. */
const isFitting = (folder: string, point: Point) =>
  existsSync(join(runFolder(folder, point), "checkpoints/fit/net.partial.safetensors"));
const pidOf = (folder: string, point: Point): number =>
  JSON.parse(readFileSync(join(runFolder(folder, point), "run.lock"), "utf8")).pid;

/** The results of a count, made without a stop. */
const whole = async (count: number) => {
  const sweep = sweepOf(count);
  writeFileSync(join(sweep.folder, "go"), "");
  await execute(sweep);
  return results(runFolder(sweep.folder, sweep.plan.points[0]));
};

test("all points are made, each an ordinary run with a log and a record", async () => {
  const sweep = sweepOf(3, 4);
  const { folder, plan } = sweep;
  const ended: string[] = [];
  await execute(sweep, plan.points, { ended: ({ point, state }) => ended.push(`${point.name} ${state}`) });
  expect(ended).toEqual(["count=3_seed=1 finished", "count=4_seed=1 finished"]);
  expect(stateNames(sweep)).toEqual(["finished", "finished"]);
  const [point] = plan.points;
  const attempt = readAttempt(folder, point);
  expect(attempt).toMatchObject({ exit: 0, signal: null, said: [], job: null });
  expect(attempt?.seconds).toBeGreaterThan(0.05);
  // Bun itself takes tens of MB.
  expect(attempt?.memory).toBeGreaterThan(2 ** 24);
  expect(attempt?.memory).toBeLessThan(2 ** 32);
  expect(log(sweep, point)).toMatch(/^# \S+ on \S+: demo --count=3 --seed=\d+ --out=\S+count=3_seed=1\n/);
  const { parameters, seed } = JSON.parse(readFileSync(join(runFolder(folder, point), "result.json"), "utf8"));
  expect({ parameters, seed }).toEqual({ parameters: { count: 3 }, seed: point.seed });
  // A finished one is not begun again.
  expect(await runPoint(folder, plan, point, { script })).toBeNull();
  expect(readAttempt(folder, point)).toEqual(attempt);
});

test("a run is not told what npm, or a wish for quiet, says of the sweep", async () => {
  const sweep = sweepOf(3);
  const told = { INIT_CWD: "/", npm_lifecycle_event: "sweep", PATCHWISE_QUIET: "1" };
  const before = Object.keys(told).map((key) => [key, process.env[key]] as const);
  Object.assign(process.env, told);
  try {
    mkdirSync(join(sweep.folder, "runs"));
    await execute(sweep);
  } finally {
    for (const [key, value] of before) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  }
  const env = JSON.parse(readFileSync(join(sweep.folder, "env.json"), "utf8"));
  expect(Object.keys(told).filter((key) => key in env)).toEqual([]);
  expect(env.PATCHWISE_STARTER).toBe(String(process.pid));
});

test("a run that fails is left behind with its last words, the rest goes on", async () => {
  const sweep = sweepOf(3, BUG, 4);
  await execute(sweep);
  expect(states(sweep.folder, sweep.plan).map(({ state, why }) => [state, why])).toEqual([
    ["finished", undefined],
    ["failed", "TypeError: a bug"],
    ["finished", undefined],
  ]);
});

test("a run that is killed is recorded, the rest goes on, and the same again ends with the same bytes", async () => {
  const sweep = sweepOf(DEAD, 4);
  const { folder, plan } = sweep;
  await execute(sweep);
  expect(stateNames(sweep)).toEqual(["stopped", "finished"]);
  expect(readAttempt(folder, plan.points[0])).toMatchObject({ exit: null, signal: "SIGKILL" });
  writeFileSync(join(folder, "go"), "");
  await execute(sweep, plan.points.slice(0, 1));
  expect(stateNames(sweep)).toEqual(["finished", "finished"]);
  expect(log(sweep, plan.points[0])).toMatch(/ --resume\n/);
  const again = results(runFolder(folder, plan.points[0]));
  expect(Object.keys(again).length).toBeGreaterThan(2);
  expect(again).toEqual(await whole(DEAD));
});

test("a point that another process makes is left to it", async () => {
  const sweep = sweepOf(SLOW, 4);
  const { folder, plan } = sweep;
  const abort = new AbortController();
  const first = runPoint(folder, plan, plan.points[0], { script, abort: abort.signal });
  // From its first moment on, before it has a folder.
  await expect(runPoint(folder, plan, plan.points[0], { script })).rejects.toThrow(InputError);
  await execute(sweep);
  expect(stateNames(sweep)).toEqual(["running", "finished"]);
  await until(() => isFitting(folder, plan.points[0]));
  abort.abort();
  expect(await first).toMatchObject({ exit: 143 });
  expect(stateNames(sweep)).toEqual(["stopped", "finished"]);
});

test("as many runs go beside each other as are asked for", async () => {
  const sweep = sweepOf(SLOW, SLOW_TOO, 4);
  const { folder, plan } = sweep;
  const working = execute(sweep, plan.points, { processes: 2 });
  await until(() => plan.points.slice(0, 2).every((point) => isFitting(folder, point)));
  expect(stateNames(sweep)).toEqual(["running", "running", "waiting"]);
  writeFileSync(join(folder, "go"), "");
  // The slow ones go round until they are killed.
  for (const point of plan.points.slice(0, 2)) process.kill(pidOf(folder, point), "SIGTERM");
  await working;
  expect(stateNames(sweep)).toEqual(["stopped", "stopped", "finished"]);
});

describe("nobody asked, and a first run on", () => {
  test.each([
    ["a software adapter, they go one after the other", "system", 1],
    ["a graphics card, several go beside each other while it works", "hardware", 2],
  ])("%s", async (_, kind, least) => {
    const sweep = sweepOf(SLOW, SLOW_TOO);
    const { folder, plan } = sweep;
    process.env.ADAPTER = kind;
    try {
      const working = execute(sweep, plan.points, { processes: 0, cores: 8 });
      await until(() => plan.points.slice(0, least).every((point) => isFitting(folder, point)));
      // The look at the adapter is past.
      await Bun.sleep(1500);
      expect(stateNames(sweep).filter((state) => state === "running").length).toBe(least);
      writeFileSync(join(folder, "go"), "");
      for (const point of plan.points.slice(0, least)) process.kill(pidOf(folder, point), "SIGTERM");
      await working;
    } finally {
      delete process.env.ADAPTER;
    }
  });
});

test("a full disk stops all with one sentence, and keeps what is done", async () => {
  const sweep = sweepOf(3, FULL, 4);
  const refused = execute(sweep);
  await expect(refused).rejects.toThrow(StorageError);
  await expect(refused).rejects.toThrow(`the disk of ${sweep.folder} is full: free some space`);
  expect(stateNames(sweep)).toEqual(["finished", "failed", "waiting"]);
});

describe("a finished run", () => {
  test.each([
    ["whose result is cut off is made anew, to the same bytes", '{"exper', "finished"],
    ["whose result is one of another program is left alone", '{"answer": 42}', "failed"],
  ])("%s", async (_, text, state) => {
    const sweep = sweepOf(3);
    await execute(sweep);
    const run = runFolder(sweep.folder, sweep.plan.points[0]);
    const before = results(run);
    writeFileSync(join(run, "result.json"), text);
    expect(stateNames(sweep)).toEqual(["failed"]);
    await execute(sweep);
    expect(stateNames(sweep)).toEqual([state as PointState]);
    expect(results(run)).toEqual(before);
    if (state === "failed") expect(readFileSync(join(run, "result.json"), "utf8")).toBe(text);
  });
});
