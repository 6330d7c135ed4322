// Slurm's queue, as its own commands tell it: which job this process is, and what became of others.

/** A controller that is busy answers late, ms. */
const PATIENCE_MS = 60_000;
/** Ids in one question. */
const AT_ONCE = 500;
/** squeue of a single job that is not in the queue. */
const NOT_THERE = "Invalid job id specified";

/** Where a job can be in its life, by the states of squeue(1) and sacct(1); a job that completes may still have processes. */
const STAGES: Readonly<Record<string, Stage>> = {
  ...stage("waiting", "PENDING REQUEUE_HOLD REQUEUE_FED RESV_DEL_HOLD SPECIAL_EXIT"),
  ...stage("working", "RUNNING COMPLETING CONFIGURING REQUEUED RESIZING SIGNALING STAGE_OUT STOPPED SUSPENDED"),
  ...stage("ended", "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT"),
};
type Stage = "waiting" | "working" | "ended";

function stage(name: Stage, states: string): Record<string, Stage> {
  return Object.fromEntries(states.split(" ").map((state) => [state, name]));
}

/** An unknown state is one of work: nothing is taken away from such a job. */
export const stageOf = (state: string): Stage => STAGES[state] ?? "working";

export interface Job {
  /** "12", or "12_3" of a task of an array. */
  readonly job: string;
  /** How often it was put back into the queue. */
  readonly restarts: number;
  readonly cluster: string;
}

/** The job that this process is part of, if any. The last task of an array has the number of the whole array as its own, so tasks are named by both. */
export function ownJob(env: NodeJS.ProcessEnv = process.env): Job | null {
  const { SLURM_JOB_ID, SLURM_ARRAY_JOB_ID, SLURM_ARRAY_TASK_ID, SLURM_RESTART_COUNT, SLURM_CLUSTER_NAME } = env;
  if (!SLURM_JOB_ID) return null;
  const job = SLURM_ARRAY_JOB_ID && SLURM_ARRAY_TASK_ID ? `${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}` : SLURM_JOB_ID;
  return { job, restarts: Number(SLURM_RESTART_COUNT ?? 0), cluster: SLURM_CLUSTER_NAME ?? "" };
}

interface Answer {
  readonly isGood: boolean;
  /** Whether it was given up: what it has done is not known. */
  readonly isLate: boolean;
  readonly out: string;
  /** What it complains of, on one line. */
  readonly words: string;
}

/** What a command of Slurm's answers; null where it is not on the path. */
export function askSlurm(...command: readonly [string, ...string[]]): Answer | null {
  const [name] = command;
  if (Bun.which(name, { PATH: process.env.PATH ?? "" }) === null) return null;
  const { exitCode, stdout, stderr, exitedDueToTimeout } = Bun.spawnSync([...command], {
    env: process.env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: PATIENCE_MS,
  });
  const lines = String(stderr)
    .split("\n")
    .map((line) => line.replace(`${name}: `, "").replace("error: ", "").trim());
  const words = exitedDueToTimeout
    ? `no answer from ${name} within ${PATIENCE_MS / 1000} s`
    : lines.filter(Boolean).join("; ");
  return { isGood: exitCode === 0, isLate: exitedDueToTimeout === true, out: String(stdout), words };
}

/** A task of an array in the queue, or one that has left it lately. */
export interface Task {
  readonly state: string;
  /** Why it waits; empty where Slurm does not say. */
  readonly reason: string;
}

/**
 * The tasks of jobs by "job_index", from squeue, which forgets what has ended some minutes ago, and from sacct where the cluster keeps accounts; a text, in Slurm's words, where squeue
 * does not answer.
 */
export function tasksOf(jobs: readonly string[]): ReadonlyMap<string, Task> | string {
  const tasks = new Map<string, Task>();
  for (let at = 0; at < jobs.length; at += AT_ONCE) {
    const ids = jobs.slice(at, at + AT_ONCE).join(",");
    const queue = askSlurm("squeue", "-h", "-a", "-r", "-t", "all", "-j", ids, "-o", "%F_%K|%T|%r");
    if (!queue) return "squeue is not on the PATH";
    if (!queue.isGood && !queue.words.includes(NOT_THERE)) return queue.words || "squeue fails";
    const accounts = askSlurm("sacct", "-n", "-P", "-X", "-j", ids, "-o", "JobID,State");
    for (const line of accounts?.isGood ? accounts.out.split("\n") : []) {
      const [id, state = ""] = line.split("|");
      // "CANCELLED by 1000"
      if (id) tasks.set(id, { state: state.split(" ")[0], reason: "" });
    }
    for (const line of queue.isGood ? queue.out.split("\n") : []) {
      const [id, state, reason = ""] = line.split("|");
      if (id) tasks.set(id.replace(/_N\/A$/, ""), { state, reason });
    }
  }
  return tasks;
}

/** Whether a job of this cluster is at work; unknown of other clusters, and where Slurm does not answer. */
export function isAtWork({ job, cluster }: Job): boolean | "unknown" {
  if (cluster !== (ownJob()?.cluster ?? setting("ClusterName"))) return "unknown";
  const tasks = tasksOf([job]);
  if (typeof tasks === "string") return "unknown";
  return [...tasks].some(([id, { state }]) => id === job && stageOf(state) === "working");
}

/** A setting of the cluster, as `scontrol show config` has it. */
export function setting(name: string): string | undefined {
  const answer = askSlurm("scontrol", "show", "config");
  return answer ? new RegExp(`^${name}\\s*=\\s*(.*\\S)`, "m").exec(answer.out)?.[1] : undefined;
}
