// Sweeps through a real Slurm of one node: arrays, kills, requeues, a time limit, daemons that die, locks of jobs.
import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { lockFile } from "../../../lib/io/flock.ts";
import { lockFolder } from "../../../lib/run/lock.ts";
import { inspect } from "../../../lib/run/manifest.ts";
import { readAttempt } from "../../../lib/run/sweep/executor.ts";
import { logFile, type Point, readPlan, runFolder } from "../../../lib/run/sweep/plan.ts";
import { slurmExecutor, slurmKnown } from "../../../lib/run/sweep/slurm.ts";
import { limitsFor, type SlurmOptions } from "../../../lib/run/sweep/slurm-script.ts";
import { defined, ROOT, temporaryFolder } from "../../fixtures.ts";
import { run } from "../../processes.ts";
import { demoIn } from "../demo.ts";
import { refusal, results } from "../folders.ts";
import { type Cluster, LARGEST_ARRAY, startCluster, whyNoCluster } from "./cluster.ts";
import { type Sweep, standInOf, sweepsIn } from "./stand-in.ts";

/** For tests that wait for Slurm, and for the one that waits for the end of its least time limit, ms. */
const [PATIENCE, LONG_PATIENCE] = [60_000, 150_000];
const LOOK_MS = 100;
/** A short real experiment, with all that is trained. */
const TINY =
  "--L 16 --patches 8 --trajectories 64 --records 4 --runs 16 --horizon 2 --drift network --batch 256 --steps 200".split(
    " ",
  );

const missing = whyNoCluster();
const started = missing === null ? await startCluster().catch((error: Error) => error.message) : missing;
const note = typeof started === "string" ? ` (skipped: ${started})` : "";
const before = process.env.SLURM_CONF;
if (typeof started !== "string") process.env.SLURM_CONF = started.env.SLURM_CONF;
afterAll(async () => {
  if (typeof started === "string") return;
  await started.stop();
  if (before === undefined) delete process.env.SLURM_CONF;
  else process.env.SLURM_CONF = before;
});

const root = temporaryFolder("slurm");
demoIn(root);
const DEMO = [join(root, "child.ts")];
const program = standInOf(root);
const sweepOf = sweepsIn(root);
const demo = (name: string, ...modes: string[]) =>
  sweepOf(
    name,
    modes.map((mode, k) => ({ count: String(1000 + k), mode })),
    DEMO,
  );

const executor = (more: SlurmOptions = {}) => slurmExecutor({ program, pause: LOOK_MS, time: "5", ...more });
const execute = ({ folder, plan }: Sweep, more?: SlurmOptions, points = plan.points) =>
  executor(more).execute(folder, plan, points);
const known = async ({ folder, plan }: Sweep, { name }: Point) => slurmKnown(folder, plan).get(name) ?? null;
const isFinished = ({ folder }: Sweep, point: Point) => inspect(runFolder(folder, point)).state === "finished";
const areFinished = (sweep: Sweep) => sweep.plan.points.every((point) => isFinished(sweep, point));
const secondsIn = (folder: string, point: Point) => {
  const found = inspect(runFolder(folder, point));
  return found.state === "finished" ? found.manifest.seconds.total : 0;
};
const isInFit = ({ folder }: Sweep, point: Point) =>
  existsSync(join(runFolder(folder, point), "checkpoints/fit/net.partial.safetensors"));
const logOf = ({ folder }: Sweep, point: Point) => {
  const said = readFileSync(logFile(folder, point), "utf8").split("\n");
  return said.filter((line) => /^(begins|goes on)$/.test(line));
};
/** Arrays that the sweep has submitted, in order. */
const arrays = ({ folder }: Sweep): { job: string; points: string[] }[] =>
  readdirSync(join(folder, "slurm"))
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, "slurm", name), "utf8")));
const jobOf = (sweep: Sweep) => defined(arrays(sweep).at(-1)).job;

async function until(what: string, seen: () => boolean | Promise<boolean>): Promise<void> {
  for (const began = performance.now(); !(await seen()); await Bun.sleep(LOOK_MS)) {
    if (performance.now() - began > LONG_PATIENCE) throw new Error(`${what}: waited in vain`);
  }
}

describe.skipIf(typeof started === "string")(`a real Slurm${note}`, () => {
  const slurm = started as Cluster;
  const stateOf = (id: string) => slurm.ask("squeue", "-h", "-r", "-t", "all", "-j", id, "-o", "%T");
  const detail = (id: string, key: string) =>
    new RegExp(`\\b${key}=(\\S+)`).exec(slurm.ask("scontrol", "show", "job", id))?.[1];

  /** Begun first, looked at last: Slurm's least limit is a minute, and it says so half a minute before. */
  const late = demo("late", "slow");
  const submitted = typeof started === "string" ? null : execute(late, { time: "1" });

  test(
    "gives the bytes of runs on this machine; the first one limits the others, and what is finished is not submitted again",
    async () => {
      const sweep = (out: string, ...more: string[]) =>
        run(["scripts/sweep.ts", "curie-weiss", "--T=1.1,1.2", `--out=${out}`, ...more, "--", ...TINY]);
      const [queued, here] = [join(root, "queued"), join(root, "here")];
      expect(await sweep(queued, "--executor=slurm", "--wait")).toMatchObject({
        code: 0,
        out: expect.stringContaining("2 finished"),
      });
      const plan = defined(readPlan(queued));
      const [point, first] = plan.points;
      expect(arrays({ folder: queued, plan }).map(({ points }) => points)).toEqual([[first.name], [point.name]]);
      const attempt = defined(readAttempt(queued, first));
      const limits = limitsFor({ ...attempt, seconds: Math.max(attempt.seconds, secondsIn(queued, first)) });
      const [pilot, id] = arrays({ folder: queued, plan }).map(({ job }) => `${job}_0`);
      expect(attempt.job).toBe(pilot);
      expect(detail(id, "TimeLimit")).toBe(`0${limits.time}`);
      expect(detail(id, "MinMemoryNode")).toBe(limits.memory);

      expect((await sweep(here)).code).toBe(0);
      for (const point of plan.points) {
        const [bytes, own] = [queued, here].map((folder) => results(runFolder(folder, point)));
        const kept = Object.keys(own).filter((name) => /^(tables|models)\/.*\.\w+$/.test(name));
        expect(kept.length).toBeGreaterThan(4);
        for (const name of kept) expect([name, bytes[name]]).toEqual([name, own[name]]);
      }
      expect((await sweep(queued, "--executor=slurm", "--wait")).code).toBe(0);
      expect(arrays({ folder: queued, plan }).length).toBe(2);
      // Nothing was said beside the runs' own logs.
      expect(readdirSync(join(queued, "slurm")).filter((name) => name.endsWith(".out"))).toEqual([]);
    },
    LONG_PATIENCE,
  );

  test(
    "takes more runs than an array holds, one array after another where few may run at once; a second line submits none of them again",
    async () => {
      const sweep = demo("many", ...Array(LARGEST_ARRAY + 2).fill("plain"));
      await execute(sweep, { throttle: 6 });
      await execute(sweep, { throttle: 6 });
      expect(arrays(sweep).map(({ points }) => points.length)).toEqual([LARGEST_ARRAY, 2]);
      const [one, two] = arrays(sweep).map(({ job }) => job);
      expect(detail(two, "Dependency")).toStartWith(`afterany:${one}_*`);
      expect(detail(`${one}_0`, "ArrayTaskThrottle")).toBe("6");
      await until("twelve runs", () => areFinished(sweep));
    },
    PATIENCE,
  );

  test(
    "says what became of runs that were cancelled and killed; the same line again makes them from where they were",
    async () => {
      const sweep = demo("killed", "slow", "slow", "slow");
      const [canceled, killed, silent] = sweep.plan.points;
      await execute(sweep);
      const job = jobOf(sweep);
      await until("three runs", () => sweep.plan.points.every((point) => isInFit(sweep, point)));
      expect(await known(sweep, silent)).toEqual({ state: "running" });
      slurm.ask("scancel", `${job}_0`);
      slurm.ask("scancel", "--signal=KILL", `${job}_1`);
      process.kill(Number(readFileSync(join(sweep.folder, `${silent.name}.pid`), "utf8")), "SIGKILL");
      await until("their ends", () => !/RUNNING|COMPLETING/.test(stateOf(job)));
      expect(await known(sweep, canceled)).toEqual({ state: "stopped", why: `cancelled (job ${job}_0)` });
      expect(await known(sweep, killed)).toEqual({ state: "stopped", why: `cancelled (job ${job}_1)` });
      const lost = await known(sweep, silent);
      expect(lost?.state).toBe("lost");
      expect(lost?.why).toMatch(
        new RegExp(`^job ${job}_2 ended as FAILED and left no word; the last it said: .*Killed`),
      );
      await execute(sweep);
      await until("the same line again", () => areFinished(sweep));
      for (const point of sweep.plan.points) expect(logOf(sweep, point)).toEqual(["begins", "goes on"]);
    },
    PATIENCE,
  );

  test(
    "is handed a run again whose result is cut off, but none with a result that this version does not know",
    async () => {
      const sweep = demo("cut-off", "plain", "plain");
      await execute(sweep);
      await until("both", () => areFinished(sweep) && !/RUNNING|COMPLETING/.test(stateOf(jobOf(sweep))));
      const [whole, newer] = sweep.plan.points.map((point) => join(runFolder(sweep.folder, point), "result.json"));
      writeFileSync(whole, readFileSync(whole, "utf8").slice(0, 100));
      writeFileSync(newer, '{"schema": "patchwise result 2"}');
      await execute(sweep);
      expect(arrays(sweep).map(({ points }) => points.length)).toEqual([2, 1]);
      expect(arrays(sweep)[1].points).toEqual([sweep.plan.points[0].name]);
    },
    PATIENCE,
  );

  test(
    "that puts a job back into the queue goes on with it, as the same job",
    async () => {
      const sweep = demo("requeued", "slow");
      const [point] = sweep.plan.points;
      await execute(sweep);
      const id = `${jobOf(sweep)}_0`;
      await until("a run", () => isInFit(sweep, point));
      slurm.ask("scontrol", "requeue", id);
      await until("its end", () => stateOf(id) === "PENDING");
      expect(await known(sweep, point)).toEqual({ state: "queued" });
      await until("the rest", () => isFinished(sweep, point));
      expect(logOf(sweep, point)).toEqual(["begins", "goes on"]);
      expect(readAttempt(sweep.folder, point)?.job).toBe(id);
    },
    PATIENCE,
  );

  test(
    "whose node dies and comes again loses no run",
    async () => {
      const sweep = demo("node", "gated");
      const [point] = sweep.plan.points;
      await execute(sweep);
      await until("a run", () => existsSync(logFile(sweep.folder, point)));
      await slurm.killNode();
      writeFileSync(join(sweep.folder, "go"), "");
      await until("its end", () => isFinished(sweep, point));
      await slurm.startNode();
      await until("the word of it", () => stateOf(`${jobOf(sweep)}_0`) === "COMPLETED");
      expect(logOf(sweep, point)).toEqual(["begins"]);
    },
    PATIENCE,
  );

  test("refuses in its own words, and nothing is left of it", async () => {
    const sweep = demo("refused", "plain", "plain");
    const refused = await refusal(() => execute(sweep, { partition: "nope" }));
    expect(refused).toBe(
      "Slurm refuses: invalid partition specified: nope; Batch job submission failed: Invalid partition name specified",
    );
    expect(await refusal(() => execute(sweep, { others: ["--nonsense"] }))).toContain(
      "unrecognized option '--nonsense'",
    );
    expect(await refusal(() => execute(sweep, { time: "abc" }))).toContain("Invalid --time specification");
    expect(readdirSync(join(sweep.folder, "slurm"))).toEqual([]);
    const path = process.env.PATH;
    process.env.PATH = root;
    try {
      expect(await refusal(() => execute(sweep))).toStartWith("sbatch is not on the PATH: ");
    } finally {
      process.env.PATH = path;
    }
  });

  test(
    "is asked for a job whose number nobody has written down: it is found, or was never submitted",
    async () => {
      const sweep = demo("unsure", "gated");
      await execute(sweep);
      const [{ job }] = arrays(sweep);
      const file = join(sweep.folder, "slurm/0001.json");
      writeFileSync(file, readFileSync(file, "utf8").replace(`"${job}"`, "null"));
      await execute(sweep);
      expect(arrays(sweep).map((array) => array.job)).toEqual([job]);
      // As if it was killed before sbatch: under this path Slurm has none.
      const other = demo("unsent", "plain");
      mkdirSync(join(other.folder, "slurm"));
      const unsent = { job: null, points: other.plan.points.map(({ name }) => name), submitted: "" };
      writeFileSync(join(other.folder, "slurm/0001.json"), JSON.stringify(unsent));
      await execute(other);
      await until("it", () => areFinished(other));
      slurm.ask("scancel", job);
    },
    PATIENCE,
  );

  describe("the lock of a job that the file system keeps beyond its host", () => {
    const sweep = demo("locks", "gated", "plain");
    const cluster = "patchwise";
    const lock = (job: object) => {
      const folder = join(root, `lock-${crypto.randomUUID()}`);
      mkdirSync(folder);
      const path = join(folder, "run.lock");
      writeFileSync(path, JSON.stringify({ pid: 1, host: "elsewhere", since: "", restarts: 0, cluster, ...job }));
      const file = openSync(path, "r");
      expect(lockFile(file)).toBe(true);
      return { folder, file };
    };
    const taken = (job: object) => {
      const { folder, file } = lock(job);
      try {
        const own = lockFolder(folder);
        expect(own.holds()).toBe(true);
        own.release();
        expect(readdirSync(folder)).toEqual([]);
        return "taken";
      } catch (error) {
        return String(error);
      } finally {
        closeSync(file);
      }
    };
    const within = (job: Record<string, string>, work: () => void) => {
      const old = Object.keys(job).map((key) => [key, process.env[key]] as const);
      Object.assign(process.env, job);
      try {
        work();
      } finally {
        for (const [key, value] of old) {
          if (value === undefined) delete process.env[key];
          else process.env[key] = value;
        }
      }
    };

    test(
      "is taken over once Slurm says that the job is over, and not before",
      async () => {
        await execute(sweep);
        const job = jobOf(sweep);
        await until(
          "one that runs, one that is over",
          () => stateOf(`${job}_0`) === "RUNNING" && stateOf(`${job}_1`) === "COMPLETED",
        );
        expect(taken({ job: `${job}_1` })).toBe("taken");
        expect(taken({ job: `${job}_0` })).toContain(`in use by process 1 on elsewhere (job ${job}_0)`);
        // The number of the array is that of its last task too.
        expect(detail(`${job}_1`, "JobId")).toBe(job);
        expect(taken({ job: "99999" })).toBe("taken");
        expect(taken({ job: `${job}_1`, cluster: "another" })).toContain("in use by");
        expect(taken({ job: `${job}_1`, host: hostname() })).toContain("in use by");
        expect(taken({})).toContain("in use by");
        // Without Slurm nobody can say.
        within({ PATH: root }, () => expect(taken({ job: `${job}_1` })).toContain("in use by"));
        slurm.ask("scancel", job);
      },
      PATIENCE,
    );
    test("is our own where the job is ours and was put back into the queue since", () => {
      const own = {
        SLURM_JOB_ID: "77",
        SLURM_ARRAY_JOB_ID: "70",
        SLURM_ARRAY_TASK_ID: "3",
        SLURM_CLUSTER_NAME: cluster,
      };
      within({ ...own, SLURM_RESTART_COUNT: "2" }, () => {
        expect(taken({ job: "70_3", restarts: 1 })).toBe("taken");
        expect(taken({ job: "70_3", restarts: 2 })).toContain("in use by");
      });
    });
    test(
      "that knows no locks at all keeps out others while the job runs",
      async () => {
        const other = demo("no-locks", "gated");
        await execute(other);
        const job = `${jobOf(other)}_0`;
        await until("a run", () => stateOf(job) === "RUNNING");
        const script = join(root, "no-locks.ts");
        writeFileSync(
          script,
          `import { mock } from "bun:test";
const path = ${JSON.stringify(join(ROOT, "lib/io/flock.ts"))};
const real = { ...(await import(path)) };
mock.module(path, () => ({ ...real, lockFile: () => false, hasLocks: () => false }));
const { lockFolder, checkUnlocked } = await import(${JSON.stringify(join(ROOT, "lib/run/lock.ts"))});
for (const work of [checkUnlocked, lockFolder]) {
  try { work(process.argv[2]); console.log("free"); } catch (error) { console.log(error.message); }
}`,
        );
        const said = async (held: object, env = {}) => {
          const { folder, file } = lock(held);
          closeSync(file);
          return (await run([script, folder], { env })).out.trim().split("\n");
        };
        const busy = expect.stringContaining(`in use by process 1 on elsewhere (job ${job})`);
        expect(await said({ job })).toEqual([busy, busy]);
        expect(await said({ job: "99999" })).toEqual(["free", "free"]);
        const [array, task] = job.split("_");
        const own = {
          SLURM_JOB_ID: array,
          SLURM_ARRAY_JOB_ID: array,
          SLURM_ARRAY_TASK_ID: task,
          SLURM_CLUSTER_NAME: cluster,
        };
        expect(await said({ job }, own)).toEqual(["free", "free"]);
        slurm.ask("scancel", job);
      },
      PATIENCE,
    );
  });

  test(
    "lets a run that comes to its time limit save, and go on in the queue",
    async () => {
      await submitted;
      const [point] = late.plan.points;
      await until("the rest", () => isFinished(late, point));
      expect(arrays(late).length).toBe(1);
      expect(detail(`${jobOf(late)}_0`, "Restarts")).toBe("1");
      expect(logOf(late, point)).toEqual(["begins", "goes on"]);
    },
    LONG_PATIENCE,
  );

  test(
    "that has forgotten all jobs knows no run, and what is lost is said with its last words",
    async () => {
      const sweep = demo("forgotten", "slow");
      const [point] = sweep.plan.points;
      await execute(sweep);
      const id = `${jobOf(sweep)}_0`;
      await until("a run", () => isInFit(sweep, point));
      process.kill(Number(readFileSync(join(sweep.folder, `${point.name}.pid`), "utf8")), "SIGKILL");
      await until("its end", () => stateOf(id) === "FAILED");
      await slurm.forget();
      const lost = await known(sweep, point);
      expect(lost).toEqual({
        state: "lost",
        why: expect.stringMatching(
          new RegExp(`^Slurm knows job ${id} no more, and it left no word; the last it said: .*Killed`),
        ),
      });
    },
    PATIENCE,
  );
});
