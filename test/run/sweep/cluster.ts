// A real Slurm of one node on the loopback: munged, slurmctld and slurmd in a folder of their own, on ports of their own, ended by their process ids.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAMS = ["setpriv", "munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol"];
/** Where Debian has daemons, which users do not have on their path. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
/** Tasks that run at once. */
const CPUS = 8;
/** The least array that fills more than one: index 0 to 9. */
export const LARGEST_ARRAY = 10;
/** How long daemons have to come up, ms, and how often it is looked. */
const [PATIENCE_MS, LOOK_MS] = [20_000, 50];

type Daemon = ReturnType<typeof Bun.spawn>;

export interface Cluster {
  /** Variables that lead Slurm's commands here. */
  readonly env: { readonly SLURM_CONF: string };
  /** What a command of Slurm's says; throws where it fails. */
  ask(...command: readonly string[]): string;
  /** Kills the daemon of the node, not what it runs. */
  killNode(): Promise<void>;
  startNode(): Promise<void>;
  /** Ends the controller and starts one that knows no job. */
  forget(): Promise<void>;
  /** Ends all of it, jobs too. */
  stop(): Promise<void>;
}

/** Why there can be no Slurm here; null if there can. */
export function whyNoCluster(): string | null {
  if (process.platform !== "linux") return "Slurm runs on Linux";
  if (process.getuid?.() !== 0) return "Slurm's daemons want root";
  const missing = PROGRAMS.filter((name) => Bun.which(name, { PATH }) === null);
  return missing.length > 0 ? `${missing.join(", ")} missing: apt-get install slurm-wlm munge` : null;
}

/** Starts it. Throws with the end of the logs where it does not come up. */
export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "patchwise-slurm-"));
  const conf = join(folder, "slurm.conf");
  const env = { SLURM_CONF: conf };
  const daemons = new Map<string, Daemon>();

  const start = (name: string, args: readonly string[]) => {
    // A test that is killed takes them along.
    const command = ["setpriv", "--pdeathsig", "KILL", "--", name, ...args];
    const log = Bun.file(join(folder, `${name}.out`));
    daemons.set(
      name,
      Bun.spawn(command, { env: { ...process.env, ...env, PATH }, stdout: log, stderr: log, stdin: "ignore" }),
    );
  };
  const end = async (name: string, signal: "SIGTERM" | "SIGKILL") => {
    const daemon = daemons.get(name);
    daemon?.kill(signal);
    await daemon?.exited;
    daemons.delete(name);
  };
  const answer = (...command: readonly string[]) =>
    Bun.spawnSync([...command], { env: { ...process.env, ...env, PATH }, stdout: "pipe", stderr: "pipe" });
  const ask = (...command: readonly string[]) => {
    const { exitCode, stdout, stderr } = answer(...command);
    if (exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${stdout}${stderr}`);
    return String(stdout).trim();
  };
  const until = async (what: string, seen: () => boolean) => {
    for (const began = performance.now(); !seen(); await Bun.sleep(LOOK_MS)) {
      const dead = [...daemons].find(([, { exitCode, signalCode }]) => exitCode !== null || signalCode !== null);
      if (!dead && performance.now() - began < PATIENCE_MS) continue;
      await stop();
      const logs = readdirSync(folder).filter((name) => /\.(log|out)$/.test(name));
      const ends = logs.map((name) => `${name}: ${readFileSync(join(folder, name), "utf8").slice(-500)}`);
      throw new Error(`${dead ? `${dead[0]} ended` : what} while Slurm was started:\n${ends.join("\n")}`);
    }
  };
  const controller = async (...args: readonly string[]) => {
    start("slurmctld", ["-D", ...args]);
    await until("slurmctld did not answer", () => answer("scontrol", "ping").stdout.includes("is UP"));
  };
  const node = async () => {
    start("slurmd", ["-D"]);
    await until("slurmd did not answer", () =>
      /^(idle|mixed|allocated)$/m.test(String(answer("sinfo", "-h", "-o", "%T").stdout)),
    );
  };
  const stop = async () => {
    process.off("exit", atExit);
    if (daemons.has("slurmctld")) answer("scancel", "--user", "root");
    for (const name of ["slurmd", "slurmctld", "munged"]) await end(name, name === "munged" ? "SIGTERM" : "SIGKILL");
    killAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  /** Daemons, and the jobs with their keepers, which outlive them. */
  const killAll = () => {
    for (const daemon of daemons.values()) daemon.kill("SIGKILL");
    for (const pid of processesWith(`SLURM_CONF=${conf}`)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {} // it has ended meanwhile
    }
  };
  const atExit = () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", atExit);

  for (const name of ["state", "spool"]) mkdirSync(join(folder, name));
  const [controllerPort, nodePort] = freePorts(2);
  const host = hostname().split(".")[0];
  const at = (name: string) => join(folder, name);
  writeFileSync(at("munge.key"), crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
  writeFileSync(
    conf,
    `ClusterName=patchwise
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A job that is put back into the queue starts after so long, s.
AuthInfo=socket=${at("munge.socket")},cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation=${at("state")}
SlurmdSpoolDir=${at("spool")}
SlurmctldPidFile=${at("slurmctld.pid")}
SlurmdPidFile=${at("slurmd.pid")}
SlurmctldLogFile=${at("slurmctld.log")}
SlurmdLogFile=${at("slurmd.log")}
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=2,bf_interval=2
SlurmdParameters=config_overrides
KillWait=2
MaxArraySize=${LARGEST_ARRAY}
ReturnToService=2
MpiDefault=none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${CPUS} RealMemory=8000 State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
  );
  // Its folder is one that only root can look into, which it does not like: --force.
  start("munged", [
    ...["--foreground", "--force", `--socket=${at("munge.socket")}`, `--key-file=${at("munge.key")}`],
    ...[`--pid-file=${at("munged.pid")}`, `--log-file=${at("munged.log")}`, `--seed-file=${at("munged.seed")}`],
  ]);
  await until("munged did not answer", () => answer("munge", "-n", "-S", at("munge.socket")).exitCode === 0);
  await controller();
  await node();
  return {
    env,
    ask,
    killNode: () => end("slurmd", "SIGKILL"),
    startNode: node,
    async forget() {
      await end("slurmctld", "SIGKILL");
      await controller("-c");
    },
    stop,
  };
}

function freePorts(count: number): number[] {
  const nothing = { data() {} };
  const listeners = Array.from({ length: count }, () =>
    Bun.listen({ hostname: "127.0.0.1", port: 0, socket: nothing }),
  );
  const ports = listeners.map(({ port }) => port);
  for (const listener of listeners) listener.stop(true);
  return ports;
}

/** Ids of the processes that were started with a variable of the environment. */
function processesWith(variable: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(variable);
      } catch {
        return false;
      }
    })
    .map(Number);
}
