// Sweeps as a user gives them, of real runs that are tiny.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLog } from "../../lib/run/sweep/log.ts";
import { defined, ROOT, temporaryFolder } from "../fixtures.ts";
import { contents } from "../run/folders.ts";
import { expectRefusal, runScript, startScript } from "./command.ts";
import { bytesOf } from "./small.ts";

setDefaultTimeout(60_000);

/** Two seconds, most of them to start. */
const TINY = "--estimator compensator --L 16 --patches 8 --trajectories 64 --records 4 --runs 16 --horizon 2".split(
  " ",
);
/** So long that it can be stopped on its way: half a minute and more. */
const LONG =
  "--estimator compensator --L 16 --patches 8 --trajectories 64 --records 4 --runs 16 --horizon 2 --drift network --batch 256 --steps 100000".split(
    " ",
  );

const root = temporaryFolder("sweep");
const folder = join(root, "first");
const words = (line: string, ...behind: string[]) => [
  ...line.split(" "),
  ...(behind.length > 0 ? ["--", ...behind] : []),
];
const sweep = (line: string, ...behind: string[]) => runScript("sweep", words(line, ...behind));
const runs = (out: string) => readdirSync(join(out, "runs")).sort();
const record = (out: string, name: string) => JSON.parse(readFileSync(join(out, "logs", `${name}.json`), "utf8"));

async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await Bun.sleep(20);
}
const hasPairs = (run: string) => Object.keys(contents(run)).some((name) => name.endsWith("patch8/pairs.safetensors"));
/** The process that trains the equation of a run. */
async function training(run: string, isAlive: () => boolean): Promise<number> {
  let pid: number | undefined;
  await until(() => {
    try {
      pid = JSON.parse(readFileSync(join(run, "run.lock"), "utf8")).pid;
    } catch {} // not there yet, or empty
    return !isAlive() || (pid !== undefined && existsSync(join(run, "checkpoints")) && hasPairs(run));
  });
  if (!isAlive()) throw new Error(`the sweep ended before its run in ${run} was on its way`);
  return defined(pid);
}
const isThere = (pid: number) => existsSync(`/proc/${pid}`);

test("--dry-run shows the plan, and writes nothing", async () => {
  const { code, out, err } = await sweep(
    `curie-weiss --T 1.1:1.3:0.1 --h -0.1,0.1 --seeds 1:2 --out ${folder} --dry-run`,
    ...TINY,
  );
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toBe(
    `curie-weiss: 12 runs in ${folder} (T = 1.1, 1.2, 1.3; h = -0.1, 0.1; seeds = 1, 2)\ntime and disk are told by the first run\n`,
  );
  expect(existsSync(folder)).toBe(false);
});

test("a sweep makes ordinary runs, the same line makes none again, a line with more values those that are new", async () => {
  const first = await sweep(`curie-weiss --h -0.1,0.1 --out ${folder}`, ...TINY);
  expect(first.code).toBe(0);
  expect(first.out).toMatch(
    /^curie-weiss: 2 runs in .* \(h = -0\.1, 0\.1; seeds = 1\)\ntime and disk .*\n2 finished; .*sweep\.ts status .* says more, .* collect .* collects what is there\n$/,
  );
  expect(first.err).toMatch(/^a run takes about [\d.]+ s and 0\.\d+ MiB of disk$/m);
  expect(first.err).toMatch(/^runs 100 %: done in/m);
  const names = ["h=-0.1_seed=1", "h=0.1_seed=1"];
  expect(runs(folder)).toEqual(names);

  const before = contents(folder);
  const again = await sweep(`curie-weiss --h -0.1,0.1 --out ${folder}`, ...TINY);
  expect({ code: again.code, err: again.err }).toEqual({ code: 0, err: "" });
  expect(again.out).toContain("2 finished: 0 to make");
  expect(contents(folder)).toEqual(before);

  const more = await sweep(`curie-weiss --h -0.1:0.1:0.1 --out ${folder}`, ...TINY);
  expect(more.code).toBe(0);
  expect(more.out).toMatch(/1 waiting, 2 finished: 1 to make\na run takes about/);
  expect(runs(folder)).toEqual([...names, "h=0_seed=1"]);
  for (const name of names)
    expect(contents(join(folder, "runs", name))["result.json"]).toBe(before[join("runs", name, "result.json")]);

  // By itself, with the seed that the result has.
  const { seed } = JSON.parse(readFileSync(join(folder, "runs", names[0], "result.json"), "utf8"));
  const alone = join(root, "alone");
  expect((await runScript("curie-weiss", [...TINY, "--h=-0.1", `--seed=${seed}`, "--out", alone])).code).toBe(0);
  expect(bytesOf(join(folder, "runs", names[0]))).toEqual(bytesOf(alone));

  const status = await sweep(`status ${folder}`);
  expect({ code: status.code, err: status.err }).toEqual({ code: 0, err: "" });
  expect(status.out).toBe(`curie-weiss: 3 runs in ${folder} (h = -0.1, 0.1, 0; seeds = 1)\n\n  finished  3\n`);
});

test("a result that is cut off is told and made anew, to the same bytes", async () => {
  const run = join(folder, "runs/h=0.1_seed=1");
  const before = bytesOf(run);
  writeFileSync(join(run, "result.json"), readFileSync(join(run, "result.json"), "utf8").slice(0, 300));
  expect((await sweep(`status ${folder}`)).out).toMatch(/^failed +h=0\.1_seed=1 +its result\.json is not JSON/m);
  expect((await sweep(`curie-weiss --h -0.1:0.1:0.1 --out ${folder}`, ...TINY)).code).toBe(0);
  expect(bytesOf(run)).toEqual(before);
});

test("a sweep goes on where one was killed as it wrote its plan, and what another process makes is not finished", async () => {
  const out = join(root, "others");
  mkdirSync(out);
  writeFileSync(join(out, ".sweep.json.17.unfinished"), '{"format": "patch');
  const line = `curie-weiss --h 0 --out ${out}`;
  expect(await sweep(`${line} --dry-run`, ...TINY)).toMatchObject({ code: 0, err: "" });
  const plan = JSON.parse(readFileSync(join(folder, "sweep.json"), "utf8"));
  const points = plan.points.filter(({ name }: { name: string }) => name === "h=0_seed=1");
  writeFileSync(join(out, "sweep.json"), JSON.stringify({ ...plan, points }));
  const log = defined(openLog(join(out, "logs/h=0_seed=1.log")));
  const { code, out: said, err } = await sweep(line, ...TINY);
  closeSync(log);
  expect(code).toBe(1);
  expect(said).toMatch(/^1 running; /m);
  expect(err).toMatch(/^1 of 1 runs are not finished: /m);
});

test("one point is made by itself, with the exit code of its run", async () => {
  const out = join(root, "points");
  const file = join(root, "points.csv");
  writeFileSync(file, "T,h,seed\n1.1,0.1,3\n1.2,,4\n");
  const refused = await sweep(`curie-weiss --points ${file} --out ${out}`, ...TINY, "--h", "5");
  expectRefusal(refused, /^1 of 2 points are not possible: --h is given twice: give it once \(at T=1\.1 h=0\.1\)$/m);
  expect(existsSync(out)).toBe(false);
  // A plan alone: nothing is made where another process would.
  mkdirSync(out);
  const plan = JSON.parse(readFileSync(join(folder, "sweep.json"), "utf8"));
  writeFileSync(join(out, "sweep.json"), JSON.stringify({ ...plan, points: plan.points.slice(0, 1) }));
  const name = plan.points[0].name;
  expect((await sweep(`point ${out} ${name}`)).code).toBe(0);
  expect(bytesOf(join(out, "runs", name))).toEqual(bytesOf(join(folder, "runs", name)));
  const again = await sweep(`point ${out} ${name}`);
  expect(again).toMatchObject({ code: 0, err: `${name} is finished already\n` });
  expectRefusal(await sweep(`point ${out} h=7`), /^"h=7" is no run of .*: .* lists them$/m);
});

test("Ctrl-C ends a sweep with the checkpoint of its run, says how to go on, and the rest is left", async () => {
  const out = join(root, "stopped");
  const child = startScript("sweep", words(`curie-weiss --h 0,0.1 --out ${out}`, ...LONG));
  const run = join(out, "runs/h=0_seed=1");
  const pid = await training(run, child.isAlive);

  // Meanwhile nobody else gets in.
  expectRefusal(
    await sweep(`curie-weiss --h 0,0.1 --out ${out}`, ...LONG),
    new RegExp(`^${out} is in use by process ${child.pid}: wait`),
  );
  expect((await sweep(`status ${out}`)).out).toMatch(/^ {2}waiting +1\n {2}running +1$/m);

  child.kill("SIGINT");
  const { code, err } = await child.ended;
  expect(code).toBe(130);
  expect(err).toMatch(
    new RegExp(`^stopped; continue with: .*sweep.*curie-weiss --h 0,0\\.1 --out ${out} -- .*--steps 100000$`, "m"),
  );
  expect(isThere(pid)).toBe(false);
  expect(record(out, "h=0_seed=1")).toMatchObject({ exit: 130, signal: null });
  expect(hasPairs(run)).toBe(true);
  const status = await sweep(`status ${out}`);
  expect(status.code).toBe(0);
  expect(status.out).toMatch(
    /^ {2}waiting +1\n {2}stopped +1\n\nstate +run +why\nstopped +h=0_seed=1 +Ctrl-C stopped it$/m,
  );
});

test("a sweep that is killed takes its run with it, which keeps its checkpoint; the same line goes on", async () => {
  const out = join(root, "stopped");
  const child = startScript("sweep", words(`curie-weiss --h 0,0.1 --out ${out}`, ...LONG));
  const run = join(out, "runs/h=0_seed=1");
  const log = join(out, "logs/h=0_seed=1.log");
  await until(() => !child.isAlive() || readFileSync(log, "utf8").includes(" --resume\n"));
  const pid = await training(run, child.isAlive);
  child.kill("SIGKILL");
  await child.ended;
  await until(() => !isThere(pid));
  expect(readFileSync(log, "utf8")).toMatch(/stopped; continue with: /);
  expect(hasPairs(run)).toBe(true);
  expect((await sweep(`status ${out}`)).out).toMatch(/^lost +h=0_seed=1 +it ended without a word/m);
});

describe("a system of a user's own", () => {
  test("is swept by a parameter of its module", async () => {
    const out = join(root, "own");
    const small =
      "--L 32 --patch 8 --trajectories 64 --records 4 --snapshots 32 --horizon 2 --runs 16 --true-runs 8".split(" ");
    const { code, out: said } = await sweep(`learn data/own/contact.ts --lambda 2.5 --out ${out}`, ...small);
    expect(code).toBe(0);
    expect(said).toMatch(/^1 (unreliable|finished); /m);
    const { parameters } = JSON.parse(readFileSync(join(out, "runs/lambda=2.5_seed=1/result.json"), "utf8"));
    expect(parameters.lambda).toBe(2.5);
  });

  test("that lacks its parameter is refused", async () => {
    expectRefusal(await sweep(`learn data/own/contact.ts --mu 2 --out ${root}/x`), /^there is no option "--mu"/);
  });
});

describe("refused in one line, and nothing is written:", () => {
  test.each<[string, string, RegExp]>([
    ["no command", "", /^a command is missing: give curie-weiss, .* first$/m],
    ["no command of a sweep", "bench --out OUT", /^"bench" is no command of a sweep/],
    ["a step of zero", "curie-weiss --T 1:2:0 --out OUT", /^--T "1:2:0" has a step that is not above 0/],
    ["a negative step", "curie-weiss --T 2:1:-0.1 --out OUT", /has a step that is not above 0/],
    ["a range without end", "curie-weiss --T 1: --out OUT", /is a range that does not end/],
    [
      "all points outside a range",
      "curie-weiss --T 0,-1,1 --h 101 --out OUT",
      /^--T "0", "-1" are not possible: .*; --h "101" is not possible/,
    ],
    [
      "points that do not go together",
      "ising --L 12,16,20 --out OUT",
      /^2 of 3 points are not possible: patch side 8 does not divide lattice side 12/,
    ],
    ["too many runs", "curie-weiss --T 1:101 --h -98:1 --out OUT", /^these are 10,100 runs: give --yes/],
    ["no folder", "curie-weiss --T 1,2", /^--out is missing/],
    [
      "a folder of other things",
      `curie-weiss --T 1,2 --out ${join(ROOT, "kernels")}`,
      /holds files that are not from a sweep/,
    ],
    ["a file that is not there", "fit no.csv --K 1,2 --out OUT", /^cannot read no\.csv/],
    ["no module", "learn --L 32 --out OUT", /^the module is missing/],
    ["the status of nothing", `status ${join(ROOT, "kernels")}`, /^there is no sweep in/],
    ["two folders", `status ${root} ${root}`, /^".*" is one folder too many/],
    ["an option of another command", `collect ${root} --T 2`, /^there is no option "--T": .*sweep.* collect --help$/m],
    ["a point of nothing", `point ${join(ROOT, "kernels")} x`, /^there is no sweep in/],
  ])("%s", async (_, line, message) => {
    const out = join(root, "refused");
    expectRefusal(await runScript("sweep", line.replace("OUT", out).split(" ").filter(Boolean)), message);
    expect(existsSync(out)).toBe(false);
  });

  test("another sweep in the same folder", async () => {
    expectRefusal(
      await sweep(`curie-weiss --T 1.1,1.2 --out ${folder}`, ...TINY),
      /holds another sweep \(what is varied: h, now T\)/,
    );
  });
});

const MOUNTS =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  Bun.spawnSync(["unshare", "--mount", "true"]).exitCode === 0;

test.skipIf(!MOUNTS)(
  `a full disk ends a sweep with one sentence, and what is done is kept${MOUNTS ? "" : " (skipped: only root can make a small disk)"}`,
  async () => {
    const disk = join(root, "disk");
    mkdirSync(disk);
    // A disk of its own for as long as the shell lives: room for one run of 0.35 MB, not for two.
    const line = `bun() { ${JSON.stringify(process.execPath)} scripts/sweep.ts "$@"; }
      mount -t tmpfs -o size=500k none ${disk} || exit 77
      bun curie-weiss --h 0,0.1 --out ${disk}/s -- ${TINY.join(" ")} > ${root}/out 2> ${root}/err; echo "code $?"
      bun status ${disk}/s
      mount -o remount,size=9m ${disk}
      bun curie-weiss --h 0,0.1 --out ${disk}/s -- ${TINY.join(" ")} 2> /dev/null; echo "code $?"`;
    const running = Bun.spawn(["unshare", "--mount", "bash", "-c", line], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: "production" },
      stdout: "pipe",
      stderr: "pipe",
    });
    const said = await new Response(running.stdout).text();
    expect(readFileSync(join(root, "err"), "utf8")).toContain(
      `the disk of ${disk}/s is full: free some space\nwhat is done is kept; continue with: `,
    );
    const [first, status] = defined(said.match(/^code 1\n([\s\S]*)code 0\n$/m)?.[0]).split("curie-weiss: ");
    expect(first).toBe("code 1\n");
    expect(status).toMatch(/^ {2}finished +1\n {2}failed +1$/m);
    expect(said).toMatch(/^2 finished; /m);
    rmSync(disk, { recursive: true, force: true });
  },
);
