// Many runs of one command: the product of lists and ranges of its parameters, or the rows of a file, on this machine or on a cluster.
//
//   npm run sweep -- curie-weiss --T 1.05:1.25:0.05 --h 0,0.1 --seeds 1:3 --out my/sweep -- --patches 16 --runs 50
//   npm run sweep -- learn my/contact.ts --lambda 2:3:0.25 --out my/contact -- --L 64
//   npm run sweep -- status my/sweep
//   npm run sweep -- collect my/sweep                      tables of all metrics, and a report: at any time, of what is there
//
// Each is an ordinary run in a folder of its own. The same line again goes on with what is not finished; a line with more values extends the sweep.
import { constants } from "node:os";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError } from "../lib/errors.ts";
import { CURIE_WEISS_TEXT } from "../lib/experiments/curie-weiss/gallery.ts";
import { curieWeissCommand } from "../lib/experiments/curie-weiss/parameters.ts";
import { ISING_TEXT } from "../lib/experiments/ising/gallery.ts";
import { isingCommand } from "../lib/experiments/ising/parameters.ts";
import { CRITICAL_TEXT } from "../lib/experiments/ising-critical/gallery.ts";
import { criticalCommand } from "../lib/experiments/ising-critical/parameters.ts";
import { NBMOTA_TEXT } from "../lib/experiments/nbmota/gallery.ts";
import { nbmotaCommand } from "../lib/experiments/nbmota/parameters.ts";
import { learnCommand } from "../lib/experiments/own/learn-parameters.ts";
import { metIn } from "../lib/experiments/own/module.ts";
import { fitCommand } from "../lib/experiments/own/parameters.ts";
import { PREDATOR_PREY_TEXT } from "../lib/experiments/predator-prey/gallery.ts";
import { predatorPreyCommand } from "../lib/experiments/predator-prey/parameters.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { sweepReport } from "../lib/report/sweep/report.ts";
import { matching } from "../lib/report/sweep/settings.ts";
import { type Command, HelpRequest, parseTool } from "../lib/run/command-line.ts";
import { againCommand, commandText, typed } from "../lib/run/command-text.ts";
import { FailedRun } from "../lib/run/finished.ts";
import { lockFolder } from "../lib/run/lock.ts";
import { main } from "../lib/run/main.ts";
import { print, say } from "../lib/run/output.ts";
import { listed, type Parameters, quoted } from "../lib/run/parameters.ts";
import { isQuiet } from "../lib/run/progress.ts";
import { setContinuation } from "../lib/run/stop.ts";
import { collectSweep, TABLES, writeCollected } from "../lib/run/sweep/collect.ts";
import { type Executor, isMade, type Status } from "../lib/run/sweep/executor.ts";
import { madeFolder, requireOurs } from "../lib/run/sweep/folder.ts";
import { costOfRun } from "../lib/run/sweep/forecast.ts";
import { localExecutor } from "../lib/run/sweep/local.ts";
import { makePlan } from "../lib/run/sweep/make.ts";
import { halves, lineOf, NONE, readSweep, type SweepOptions, slurmOptions } from "../lib/run/sweep/options.ts";
import { extended, type Plan, readPlan, writePlan } from "../lib/run/sweep/plan.ts";
import { runPoint } from "../lib/run/sweep/point.ts";
import { slurmExecutor, slurmKnown } from "../lib/run/sweep/slurm.ts";
import { isOpen, states } from "../lib/run/sweep/states.ts";
import { costText, countsText, planText, statusText } from "../lib/run/sweep/status.ts";

/** A command that can be swept. */
interface Swept {
  /** The parameters of `learn` are those of a module too, which the words name. */
  command(words: readonly string[]): Promise<unknown>;
  /** The metrics that figures show, where no others are asked for; without them a few that vary. */
  readonly headlines?: readonly string[];
}

const COMMANDS: Readonly<Record<string, Swept>> = {
  "curie-weiss": { command: async () => curieWeissCommand, headlines: CURIE_WEISS_TEXT.headlines },
  "predator-prey": { command: async () => predatorPreyCommand, headlines: PREDATOR_PREY_TEXT.headlines },
  ising: { command: async () => isingCommand, headlines: ISING_TEXT.headlines },
  "ising-critical": { command: async () => criticalCommand, headlines: CRITICAL_TEXT.headlines },
  nbmota: { command: async () => nbmotaCommand, headlines: NBMOTA_TEXT.headlines },
  learn: { command: async (words) => learnCommand(await metIn(words)) },
  fit: { command: async () => fitCommand },
};

const FOLDER = { name: "dir", meaning: "folder of the sweep, as its --out", least: 0 } as const;
const STATUS = {
  name: "sweep",
  verb: "status",
  about: "Says how the runs of a sweep are, and of those that are not well why.",
  parameters: {},
  files: FOLDER,
} as const;
const COLLECT = {
  name: "sweep",
  verb: "collect",
  about: "Collects what the runs of a sweep have found, at any time: tables of all metrics, and a report.",
  parameters: {
    metrics: {
      kind: "text",
      default: "those of the command",
      meaning:
        'metrics that figures show, patterns separated by commas: "error.*.patch8", * for letters of one part of a name, ** for any parts',
    },
  },
  files: FOLDER,
} as const;

const USAGE = `usage: ${commandText("sweep", ["COMMAND [FILE…] --out DIR [options] -- [options of every run]"])}
       ${commandText("sweep", ["status DIR"])}
       ${commandText("sweep", ["collect DIR [--metrics PATTERNS]"])}

Runs a command at many points. COMMAND: ${listed(Object.keys(COMMANDS))}.
${commandText("sweep", ["COMMAND --help"])} lists what can be varied and the options of a sweep;
status says how the runs of one are, collect makes tables and a report of what they found.`;

/** Who makes the runs. */
function executorOf(options: SweepOptions, ended: (status: Status) => void): Executor {
  return options.executor === "slurm"
    ? slurmExecutor(slurmOptions(options))
    : localExecutor({ processes: options.processes, ended });
}

/** The states of all runs, whoever makes them: this machine leaves all that it knows in the folder. */
const statesNow = (folder: string, plan: Plan) => states(folder, plan, slurmKnown(folder, plan));

/** Makes or extends a plan, shows it, and makes its runs. */
async function sweep(args: readonly string[]): Promise<void> {
  const { before, fixed } = halves(args);
  const [name] = before;
  if (name === undefined || !Object.hasOwn(COMMANDS, name))
    throw new InputError(
      `${name === undefined ? "a command is missing" : `${quoted(name)} is no command of a sweep`}: give ${listed([...Object.keys(COMMANDS), "status", "collect"])} first`,
    );
  const command = (await COMMANDS[name].command([...before.slice(1), ...fixed])) as Command<Parameters>;
  const told = readSweep(command, before);
  const { options } = told;
  if (options.out === NONE) throw new InputError("--out is missing: give the folder of the sweep");
  const folder = resolve(options.out);
  requireOurs(folder);
  const asked = makePlan(command, told, fixed);
  // From here on no other sweep changes plan or runs.
  const lock = options.dryRun ? null : lockFolder(madeFolder(folder));
  let plan: Plan;
  try {
    plan = extended(folder, readPlan(folder), asked);
    const statuses = statesNow(folder, plan);
    const open = statuses.filter(isOpen).map(({ point }) => point);
    let cost = costOfRun(folder, statuses);
    print(planText(options.out, plan, statuses, { open: open.length, named: asked.points.length }, cost));
    if (lock === null) return;
    writePlan(folder, plan);
    setContinuation(againCommand("sweep"));
    const tell = (status: Status) => {
      if (status.why !== undefined) say(`${status.point.name} ${status.state}: ${status.why}`);
      if (cost || isQuiet()) return;
      cost = costOfRun(folder, [status]);
      if (cost) say(costText(open.length - 1, cost));
    };
    if (open.length > 0 || options.wait) await executorOf(options, tell).execute(folder, plan, open);
  } finally {
    lock?.release();
  }
  const ends = statesNow(folder, plan);
  const status = commandText("sweep", ["status", options.out]);
  print(
    `${countsText(ends)}; ${status} says more, ${commandText("sweep", ["collect", options.out])} collects what is there`,
  );
  // What another process makes is not made yet; what is with the queue is its matter.
  const left = ends.filter((end) => (options.executor === "slurm" ? isOpen(end) : !isMade(end.state))).length;
  if (left > 0)
    throw new FailedRun(
      `${left} of ${ends.length} runs are not finished: ${status} says why, the same line again goes on with them`,
    );
}

/** How the runs of a sweep are. */
async function status(args: readonly string[]): Promise<void> {
  const { folder, plan, shown } = planned(parseTool(STATUS, [...args]).files, "status");
  const statuses = statesNow(folder, plan);
  print(statusText(shown, plan, statuses, costOfRun(folder, statuses)));
}

/** Tables and a report of what is there. */
async function collect(args: readonly string[]): Promise<void> {
  const { parameters, files } = parseTool(COLLECT, [...args]);
  const { folder, plan } = planned(files, "collect");
  const collected = collectSweep(folder, plan, statesNow(folder, plan));
  const isTold = parameters.metrics !== COLLECT.parameters.metrics.default;
  const patterns = isTold
    ? parameters.metrics.split(",").map((one) => one.trim())
    : (COMMANDS[plan.command]?.headlines ?? []);
  const { names } = collected;
  if (isTold && matching(names, patterns).length === 0)
    throw new InputError(
      `--metrics ${quoted(parameters.metrics)} matches none of the ${names.length} metrics, such as ${listed(names.slice(0, 3))}`,
    );
  writeCollected(folder, collected);
  const report = join(folder, "index.html");
  const out = relative(process.cwd(), folder) || ".";
  const lines = [lineOf(plan, out), ["collect", out]].flatMap((line) =>
    line ? [commandText("sweep", line.map(typed), "npm")] : [],
  );
  writeAtomically(report, sweepReport(collected, { command: lines.join("\n"), metrics: patterns }));
  print(`runs: ${countsText(collected.runs)}`);
  for (const name of Object.values(TABLES).flat()) print(`table: ${join(folder, name)}`);
  print(`report: ${pathToFileURL(report).href}`);
}

/** One run, for whoever starts it: its exit code is that of the run. */
async function point(args: readonly string[]): Promise<void> {
  const { folder, plan, rest } = planned(args, "point");
  const found = plan.points.find(({ name }) => name === rest[0]);
  if (!found)
    throw new InputError(
      `${quoted(rest[0] ?? "")} is no run of ${folder}: ${commandText("sweep", ["status", folder])} lists them`,
    );
  const attempt = await runPoint(folder, plan, found);
  if (attempt) process.exitCode = attempt.exit ?? 128 + (constants.signals[attempt.signal as NodeJS.Signals] ?? 0);
  else say(`${found.name} is finished already`);
}

/** The plan in the folder that the first word names. */
function planned([shown, ...rest]: readonly string[], verb: string) {
  if (shown === undefined || shown.startsWith("-"))
    throw new InputError(`the folder of the sweep is missing: ${commandText("sweep", [verb, "DIR"])}`);
  if (verb !== "point" && rest[0] !== undefined)
    throw new InputError(`${quoted(rest[0])} is one folder too many: give one`);
  const folder = resolve(shown);
  const plan = readPlan(folder);
  if (!plan) throw new InputError(`there is no sweep in ${shown}: correct the folder, or make one first`);
  return { shown, folder, plan, rest };
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { status, collect, point };

await main(async () => {
  const [first, ...rest] = process.argv.slice(2);
  if (first === "--help" || first === "-h") throw new HelpRequest(USAGE);
  await (Object.hasOwn(VERBS, first ?? "") ? VERBS[first](rest) : sweep(process.argv.slice(2)));
});
