// What Slurm is handed, and what its commands say, without Slurm: programs of the same names that say what a test wants.
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownJob, tasksOf } from "../../../lib/run/queue.ts";
import { leadOf, limitsFor, sbatchWords, scriptText, secondsOf } from "../../../lib/run/sweep/slurm-script.ts";
import { temporaryFolder } from "../../fixtures.ts";

const root = temporaryFolder("slurm script's");
let made = 0;

/** Programs by name, in a folder that stands first on the path; each writes down its words. */
function programs(texts: Readonly<Record<string, string>>): { path: string; calls(): string[] } {
  const folder = join(root, `bin-${made++}`);
  mkdirSync(folder);
  const calls = join(folder, "calls");
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(
      join(folder, name),
      `#!/bin/bash\necho "${name} $*" >> '${calls.replaceAll("'", `'\\''`)}'\n${text}\n`,
    );
    chmodSync(join(folder, name), 0o755);
  }
  return {
    path: `${folder}:${process.env.PATH}`,
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []),
  };
}

const saves = 'mkdir -p "$1/runs/$2/checkpoints"; echo "$RANDOM" > "$1/runs/$2/checkpoints/x"';
/** Tells the shell that the time is almost over, then ends as a run does that is stopped by that. */
const isStopped = 'trap "exit 143" TERM; kill -TERM $PPID; for k in $(seq 200); do sleep 0.05; done';

async function task(
  point: string,
  { state = "RUNNING", saved, setup, prefix }: { state?: string; saved?: string; setup?: string; prefix?: string } = {},
) {
  const folder = join(root, `sweep-${made++}`);
  mkdirSync(join(folder, "slurm"), { recursive: true });
  if (saved !== undefined) {
    mkdirSync(join(folder, "runs/T=2_seed=1/checkpoints"), { recursive: true });
    writeFileSync(join(folder, "runs/T=2_seed=1/checkpoints/x"), saved);
  }
  const { path, calls } = programs({ squeue: `echo ${state}`, scontrol: "", "a point": point });
  writeFileSync(join(folder, "slurm/0001.points"), "T=1_seed=1\nT=2_seed=1\n");
  const script = join(folder, "slurm/0001.sh");
  const program = [join(path.split(":")[0], "a point")];
  writeFileSync(script, scriptText({ program, ...(setup && { setup }), ...(prefix && { prefix }) }, folder, "0001"));
  const said = join(folder, "slurm/7_1.out");
  writeFileSync(said, "");
  const shell = Bun.spawn(["bash", script], {
    env: { ...process.env, PATH: path, SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "1" },
    stdout: Bun.file(said),
    stderr: "inherit",
  });
  const code = await shell.exited;
  return { folder, code, calls: calls(), said: existsSync(said) ? readFileSync(said, "utf8") : null };
}

describe("a task", () => {
  test("makes the point of its line, and ends as it does", async () => {
    const { folder, code, calls, said } = await task("exit 3");
    expect([code, said]).toEqual([3, ""]);
    expect(calls).toEqual([`a point ${folder} T=2_seed=1`]);
  });
  test("leaves nothing of its own where all went well", async () => {
    const { code, said } = await task("exit 0");
    expect([code, said]).toEqual([0, null]);
  });
  test("does what has to be done before in its shell, and puts words before the program", async () => {
    const { code, calls } = await task('exit "$GIVEN"', { setup: "export GIVEN=5", prefix: "nice -n 1" });
    expect([code, calls.length]).toEqual([5, 1]);
  });
  test("that is stopped by the end of its time goes back into the queue", async () => {
    const { code, calls } = await task(`${saves}; ${isStopped}`);
    expect(code).toBe(143);
    expect(calls.slice(1)).toEqual(["squeue -h -j 7_1 -o %T", "scontrol requeue 7_1"]);
  });
  test("does not where it was cancelled, did not save, finished meanwhile, or was stopped by somebody else", async () => {
    const requeued = async (...args: Parameters<typeof task>) => {
      const { calls, code, said } = await task(...args);
      return { requeued: calls.some((call) => call.startsWith("scontrol")), code, said };
    };
    expect(await requeued(`${saves}; ${isStopped}`, { state: "COMPLETING" })).toMatchObject({
      requeued: false,
      code: 143,
    });
    const idle = await requeued(isStopped);
    expect(idle).toMatchObject({
      requeued: false,
      code: 143,
      said: expect.stringContaining("nothing was saved within the time limit"),
    });
    // Written once more, but not a step further.
    const again = await requeued(`echo same > "$1/runs/$2/checkpoints/x"; ${isStopped}`, { saved: "same\n" });
    expect(again).toMatchObject({ requeued: false, said: expect.stringContaining("nothing was saved") });
    expect(await requeued(`${saves}; ${isStopped}`, { saved: "same\n" })).toMatchObject({ requeued: true });
    const finishes = `${saves}; trap "exit 0" TERM; kill -TERM $PPID; for k in $(seq 200); do sleep 0.05; done`;
    expect(await requeued(finishes)).toMatchObject({ requeued: false, code: 0 });
    expect(await requeued(`${saves}; exit 143`)).toMatchObject({ requeued: false, code: 143 });
  });
});

describe("limits", () => {
  test("from what a run needed have room for slower ones", () => {
    // 3 · 100 s and two minutes for the warning; 1.5 GiB + 0.5 GiB.
    expect(limitsFor({ seconds: 100, memory: 2 ** 30 })).toEqual({ time: "0:07:00", memory: "2048M" });
    expect(limitsFor({ seconds: 3600, memory: 2 ** 26 })).toEqual({ time: "3:02:00", memory: "640M" });
    expect(limitsFor({ seconds: 0.1, memory: 0 })).toEqual({ time: "0:03:00" });
  });
  test("are read as sbatch(1) has them", () => {
    const seconds = {
      "90": 5400,
      "90:30": 5430,
      "1:30:10": 5410,
      "1-12": 129_600,
      "1-12:30": 131_400,
      "1-12:30:05": 131_405,
      "0": null,
      UNLIMITED: null,
      abc: null,
    };
    for (const [text, expected] of Object.entries(seconds)) expect([text, secondsOf(text)]).toEqual([text, expected]);
  });
  test("that are short leave the run most of its time", () => {
    expect([undefined, "2:00:00", "4", "2", "0:30"].map(leadOf)).toEqual([60, 60, 60, 30, 15]);
  });
});

test("sbatch is told of the array, its limits and all else, the user's own words last", () => {
  const about = { folder: "/a 100%", number: "0001", command: "ising", count: 5, after: "6" };
  const options = {
    time: "2:00:00",
    memory: "2G",
    gres: "gpu:1",
    partition: "p",
    account: "a",
    throttle: 3,
    others: ["--qos=x"],
  };
  expect(sbatchWords(options, about)).toEqual([
    "--parsable",
    "--job-name=ising",
    "--array=0-4%3",
    "--output=/a 100%%/slurm/%A_%a.out",
    "--open-mode=append",
    "--requeue",
    "--signal=B:TERM@60",
    "--dependency=afterany:6",
    "--time=2:00:00",
    "--mem=2G",
    "--gres=gpu:1",
    "--partition=p",
    "--account=a",
    "--qos=x",
    "/a 100%/slurm/0001.sh",
  ]);
  // Slurm refuses two kinds of memory.
  const perCpu = sbatchWords({ ...options, others: ["--mem-per-cpu=1G"] }, about);
  expect(perCpu.filter((word) => word.startsWith("--mem"))).toEqual(["--mem-per-cpu=1G"]);
});

test("a task of an array is named by array and index, which its own number does not tell", () => {
  const env = { SLURM_JOB_ID: "7", SLURM_CLUSTER_NAME: "c" };
  expect(ownJob({})).toBeNull();
  expect(ownJob(env)).toEqual({ job: "7", restarts: 0, cluster: "c" });
  const task = { ...env, SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "4", SLURM_RESTART_COUNT: "2" };
  expect(ownJob(task)).toEqual({ job: "7_4", restarts: 2, cluster: "c" });
});

describe("the queue", () => {
  const asked = (texts: Readonly<Record<string, string>>) => {
    const before = process.env.PATH;
    process.env.PATH = programs(texts).path;
    try {
      const tasks = tasksOf(["7"]);
      return typeof tasks === "string" ? tasks : Object.fromEntries(tasks);
    } finally {
      process.env.PATH = before;
    }
  };
  test("comes before the accounts, which know what it has forgotten", () => {
    const accounts = 'printf "7_0|CANCELLED by 1000\\n7_1|RUNNING\\n"';
    expect(asked({ squeue: 'echo "7_1|COMPLETING|None"', sacct: accounts })).toEqual({
      "7_0": { state: "CANCELLED", reason: "" },
      "7_1": { state: "COMPLETING", reason: "None" },
    });
    const gone = 'echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1';
    expect(asked({ squeue: gone, sacct: accounts })).toMatchObject({ "7_0": { state: "CANCELLED" } });
    expect(asked({ squeue: gone, sacct: 'echo "Slurm accounting storage is disabled" >&2; exit 1' })).toEqual({});
  });
  test("that does not answer is not an empty one", () => {
    const down = 'echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2; exit 1';
    expect(asked({ squeue: down, sacct: "exit 1" })).toContain("Unable to contact slurm controller");
  });
});
