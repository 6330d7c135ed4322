// Sweeps of small runs in a folder, and a program that makes one of their points as tasks of Slurm do.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Plan, pointsOf, writePlan } from "../../../lib/run/sweep/plan.ts";
import { ROOT } from "../../fixtures.ts";

/** A sweep with its folder. */
export interface Sweep {
  readonly folder: string;
  readonly plan: Plan;
}

/** Makes plans below `root`. `words` have the script of the runs first. */
export function sweepsIn(root: string) {
  return (name: string, rows: readonly Record<string, string>[], words: readonly string[]): Sweep => {
    const points = pointsOf(rows, [1], "own");
    const plan: Plan = {
      command: name,
      words,
      fixed: [],
      from: root,
      axes: Object.keys(rows[0]),
      streams: "own",
      points,
    };
    const folder = join(root, name);
    writePlan(folder, plan);
    return { folder, plan };
  };
}

/**
 * The words that start the program, which takes folder and name. The value `mode` of a point is not told to its run: a "slow" one hangs behind its first stage unless it goes
 * on from there, a "gated" one waits for the file `go` of the folder.
 */
export function standInOf(root: string): string[] {
  const path = join(root, "stand-in.ts");
  const lib = (name: string) => JSON.stringify(join(ROOT, "lib/run", name));
  writeFileSync(
    path,
    `import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { inspect } from ${lib("manifest.ts")};
import { ownJob } from ${lib("queue.ts")};
import { argumentsOf, logFile, readPlan, recordFile, runFolder } from ${lib("sweep/plan.ts")};
const [folder, name] = process.argv.slice(2);
const plan = readPlan(folder);
const point = plan.points.find((one) => one.name === name);
const out = runFolder(folder, point);
const isBegun = inspect(out).state !== "nothing";
const { mode } = point.values;
let child;
process.on("SIGTERM", () => (child ? child.kill("SIGTERM") : process.exit(143)));
mkdirSync(folder + "/logs", { recursive: true });
writeFileSync(folder + "/" + name + ".pid", String(process.pid));
appendFileSync(logFile(folder, point), isBegun ? "goes on\\n" : "begins\\n");
while (mode === "gated" && !existsSync(folder + "/go")) await Bun.sleep(50);
const log = openSync(logFile(folder, point), "a");
const told = argumentsOf(plan, point).filter((word) => !word.startsWith("--mode="));
const began = new Date().toISOString();
const from = performance.now();
child = Bun.spawn([process.execPath, ...told, "--out=" + out, ...(isBegun ? ["--resume"] : [])], {
  cwd: plan.from,
  env: { ...process.env, MODE: mode === "slow" && !isBegun ? "slow" : "" , PATCHWISE_STARTER: String(process.pid) },
  stdio: ["ignore", log, log],
});
await child.exited;
closeSync(log);
writeFileSync(recordFile(folder, point), JSON.stringify({
  began, seconds: (performance.now() - from) / 1000, memory: child.resourceUsage().maxRSS,
  exit: child.exitCode, signal: child.signalCode, host: hostname(), job: ownJob()?.job ?? null, said: [],
}));
process.exit(child.exitCode ?? 1);
`,
  );
  return [process.execPath, path];
}
