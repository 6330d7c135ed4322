// The command line of a sweep: `COMMAND [FILE…]`, options of the sweep itself, and a list or a range for every parameter of the command that is varied; behind a second
// `--` what every run is given.
import { InputError } from "../../errors.ts";
import { type Command, EXPERIMENT_OPTIONS, parseTool, requireDashes } from "../command-line.ts";
import { commandText } from "../command-text.ts";
import { allowed, optionName, type Parameter, type Parameters, quoted, type Values } from "../parameters.ts";
import { type Plan, STREAMS } from "./plan.ts";
import type { SlurmOptions } from "./slurm-script.ts";
import { canVary, readValues } from "./values.ts";

/** An option that was not given. */
export const NONE = "none";
const ON_SLURM = [{ executor: ["slurm"] }];

/** Options of the sweep itself. A parameter of the command that is called like one of them is varied by a column of --points. */
export const SWEEP_OPTIONS = {
  seeds: {
    kind: "text",
    default: "1",
    meaning: "repetitions of every point, each with random numbers of its own: 1:5, or 1,2,7",
  },
  points: {
    kind: "text",
    default: NONE,
    meaning:
      "CSV file with a point in each row, in place of options: columns named as options, perhaps seed; an empty cell is the default",
  },
  out: {
    kind: "text",
    default: NONE,
    meaning:
      "folder of the sweep, which has to be given; the same line again goes on with it, a line with more values extends it",
  },
  dryRun: { kind: "flag", default: false, meaning: "show what would be run, and do nothing" },
  yes: { kind: "flag", default: false, meaning: "for more than 10,000 runs" },
  streams: {
    kind: "choice",
    choices: STREAMS,
    default: "own",
    meaning: "random numbers of a point are its own, or common to all points of a repetition",
  },
  executor: {
    kind: "choice",
    choices: ["local", "slurm"],
    default: "local",
    meaning: "who makes the runs: this machine, or the queue of a cluster",
  },
  processes: {
    kind: "integer",
    min: 0,
    max: 64,
    default: 0,
    meaning: "runs beside each other; 0: as many as the adapter stands, one without a graphics card",
    onlyWith: [{ executor: ["local"] }],
  },
  throttle: {
    kind: "integer",
    min: 0,
    max: 100_000,
    default: 0,
    meaning: "jobs that run at once; 0: as many as the queue lets",
    onlyWith: ON_SLURM,
  },
  time: {
    kind: "text",
    default: NONE,
    meaning: "limit of a job, as sbatch has it; none: from runs that are finished",
    onlyWith: ON_SLURM,
  },
  mem: {
    kind: "text",
    default: NONE,
    meaning: "memory of a job, as sbatch has it; none: from runs that are finished",
    onlyWith: ON_SLURM,
  },
  gres: { kind: "text", default: NONE, meaning: "what a job needs beside, such as gpu:1", onlyWith: ON_SLURM },
  partition: { kind: "text", default: NONE, meaning: "of the cluster", onlyWith: ON_SLURM },
  account: { kind: "text", default: NONE, meaning: "that is charged", onlyWith: ON_SLURM },
  sbatch: {
    kind: "text",
    default: NONE,
    meaning: 'further options of sbatch, in one word: "--qos=long --constraint=a100"',
    onlyWith: ON_SLURM,
  },
  setup: {
    kind: "text",
    default: NONE,
    meaning: 'shell line before the run in a job: "module load node"',
    onlyWith: ON_SLURM,
  },
  prefix: {
    kind: "text",
    default: NONE,
    meaning: 'shell words that the run of a job stands behind: "apptainer exec --nv image.sif"',
    onlyWith: ON_SLURM,
  },
  wait: { kind: "flag", default: false, meaning: "wait for the end of the jobs", onlyWith: ON_SLURM },
} as const satisfies Parameters;

export type SweepOptions = Values<typeof SWEEP_OPTIONS>;

const SWEEP_KEYS = Object.keys(SWEEP_OPTIONS) as (keyof SweepOptions)[];
const isOfSlurm = (key: keyof SweepOptions) => {
  const option: Parameter = SWEEP_OPTIONS[key];
  return option.onlyWith === ON_SLURM;
};

/** What the queue is told, of what was given. */
export function slurmOptions({
  time,
  mem,
  gres,
  partition,
  account,
  sbatch,
  setup,
  prefix,
  throttle,
  wait,
}: SweepOptions): SlurmOptions {
  const texts = { time, memory: mem, gres, partition, account, setup, prefix };
  const given = Object.entries(texts).filter(([, text]) => text !== NONE);
  const others = sbatch === NONE ? [] : wordsOf(sbatch);
  for (const word of others) {
    const why = Object.entries(OF_ARRAY).find(([pattern]) => new RegExp(`^(${pattern})`).test(word))?.[1];
    if (why) throw new InputError(`--sbatch ${quoted(word)} is what the sweep says itself: ${why}`);
  }
  return { ...Object.fromEntries(given), others, ...{ throttle, wait } };
}

/** Words of sbatch, as patterns, that the sweep has options for, or without which the tasks of an array are not found again, and what to give in their place. */
const OF_ARRAY: Readonly<Record<string, string>> = {
  "--time(=|$)|-t": "give --time, from which runs are told in time that it is over",
  "--(mem|gres)(=|$)": "give --mem or --gres themselves",
  "--partition(=|$)|-p": "give --partition",
  "--account(=|$)|-A": "give --account",
  "--signal(=|$)": "runs are told a minute before their time is over",
  "--array(=|$)|-a": "give --throttle N for how many run at once",
  "--output(=|$)|-o": "what runs say is in the folder logs of the sweep",
  "--(wait|parsable|wrap|test-only)(=|$)|-W": "give the sweep --wait to wait, --dry-run to look",
};

/** Words as a shell tells them apart, with quotes around those that have spaces. */
const wordsOf = (text: string) =>
  (text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []).map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));

/** Options of a run that a sweep gives itself, and what to give in their place. */
const OF_SWEEP: Readonly<Record<string, string>> = {
  "--seed": "every run has a seed of its own: give the sweep --seeds",
  "--out": "every run has a folder of its own: give --out before the second --",
  "--resume": "a sweep goes on by itself: leave it out",
  "--force": "a sweep makes no run twice: leave it out, or take another --out",
};

/** A command line as it was read. */
export interface Told {
  readonly options: SweepOptions;
  readonly files: readonly string[];
  readonly axes: readonly { readonly key: string; readonly values: readonly string[] }[];
  readonly repetitions: readonly number[];
}

/** The words before and behind the second `--`. Throws InputError for options there that a sweep gives its runs itself. */
export function halves(args: readonly string[]): { before: string[]; fixed: string[] } {
  const at = args.indexOf("--");
  const [before, fixed] = at < 0 ? [[...args], []] : [args.slice(0, at), args.slice(at + 1)];
  for (const word of fixed) {
    const why = OF_SWEEP[word.split("=")[0]];
    if (why) throw new InputError(`${word.split("=")[0]} behind the second --: ${why}`);
  }
  return { before, fixed };
}

/** The options by which a command is varied. */
const axesOf = (parameters: Parameters): [string, Parameter][] =>
  Object.entries(parameters).filter(([key, parameter]) => canVary(parameter) && !Object.hasOwn(SWEEP_OPTIONS, key));

/** As help shows it: with the default of the smallest profile, and what each value has to be. */
const asText = (parameter: Parameter): Parameter => ({
  kind: "text",
  default: String(parameter.profiles?.quick ?? parameter.default) || NONE,
  meaning: `${parameter.meaning}: ${allowed(parameter)}`,
  ...(parameter.unit !== undefined && { unit: parameter.unit }),
});

/** The words before the second `--`, COMMAND first. Throws InputError that names all values that are not possible, HelpRequest for --help. */
export function readSweep(command: Command<Parameters>, words: readonly string[]): Told {
  const axes = axesOf(command.parameters);
  const names = new Set(axes.map(([key]) => optionName(key)));
  const given = new Set<string>();
  const reads = command.files?.name.toUpperCase();
  const tool = {
    name: "sweep",
    verb: command.name,
    about: `Runs ${command.name} at many points. A parameter takes values a,b,c and ranges from:to:step (both ends in them), lists stand between ";"; all combinations are run. Defaults are those of --profile quick. What stands behind a second -- is given to every run: ${commandText("sweep", [command.name, ...(reads ? [reads] : []), ...exampleOf(axes), "--seeds 1:5 --out DIR -- --profile quick"])}`,
    parameters: {
      ...SWEEP_OPTIONS,
      ...Object.fromEntries(axes.map(([key, parameter]) => [key, asText(parameter)])),
    } as Parameters,
    ...(command.files && { files: command.files }),
    groups: [
      ["What can be varied", axes.map(([key]) => key)],
      ["The sweep", SWEEP_KEYS.filter((key) => !isOfSlurm(key))],
      ["On a cluster", SWEEP_KEYS.filter(isOfSlurm)],
    ],
    passesOn: true,
    remedy: "write all values of a parameter in one word, as 1,1.5,2 or 1:2:0.5",
    check: (_: unknown, keys: ReadonlySet<string>) => {
      for (const key of keys) given.add(key);
    },
  } as const;
  requireDashes(tool, words.slice(1));
  requireOwnPlace(command, words);
  const { parameters, files } = parseTool(tool, joined(words.slice(1), names));
  const faults: string[] = [];
  const read = (option: string, parameter: Parameter, text: string) => {
    try {
      return readValues(option, parameter, text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.push(error.message);
      return [];
    }
  };
  const values = parameters as Record<string, unknown>;
  // In the order of the declaration: the names of folders do not hang on how a line is written.
  const varied = axes
    .filter(([key]) => given.has(key))
    .map(([key, parameter]) => ({ key, values: read(optionName(key), parameter, String(values[key])) }));
  const repetitions = read("--seeds", SEED, String(values.seeds)).map(Number);
  if (faults.length > 0) throw new InputError(faults.join("; "));
  const options = Object.fromEntries(SWEEP_KEYS.map((key) => [key, values[key]])) as SweepOptions;
  return { options, files, axes: varied, repetitions };
}

/**
 * The words of a line that goes on with a sweep: one of its points stands for all that the plan has. null where no line can: no point has a value of every axis, or one is called
 * as an option of the sweep.
 */
export function lineOf({ command, words, fixed, axes, streams, points }: Plan, out: string): string[] | null {
  const one = points.find(({ values }) => axes.every((key) => values[key] !== undefined));
  if (!one || axes.some((key) => Object.hasOwn(SWEEP_OPTIONS, key))) return null;
  return [
    ...[command, ...words],
    ...axes.map((key) => `${optionName(key)}=${one.values[key]}`),
    ...[`--seeds=${one.repetition}`, ...(streams === "own" ? [] : [`--streams=${streams}`])],
    ...["--out", out, ...(fixed.length > 0 ? ["--", ...fixed] : [])],
  ];
}

/** A repetition is a number like a seed. */
export const SEED: Parameter = EXPERIMENT_OPTIONS.seed;

/** Two options as an example. */
const exampleOf = (axes: [string, Parameter][]) =>
  axes
    .filter(([, { kind }]) => kind === "number")
    .slice(0, 1)
    .map(([key, { default: value }]) => `${optionName(key)} ${value},…`);

/** Throws InputError for options that are those of every run. */
function requireOwnPlace({ parameters }: Command<Parameters>, words: readonly string[]): void {
  const texts = Object.entries(parameters).flatMap(([key, parameter]) => (canVary(parameter) ? [] : [optionName(key)]));
  for (const word of words) {
    const name = word.split("=")[0];
    if (name !== "--out" && Object.hasOwn(OF_SWEEP, name)) throw new InputError(`${name}: ${OF_SWEEP[name]}`);
    if ((name === "--profile" || texts.includes(name)) && !Object.hasOwn(SWEEP_OPTIONS, name.slice(2)))
      throw new InputError(
        `${name} is the same for all runs: give it behind a second --, as in … --out DIR -- ${name} …`,
      );
  }
}

/** Options whose values are words of other programs. */
const WORDS: ReadonlySet<string> = new Set(["--sbatch", "--prefix", "--setup"]);

/** Values that begin with a sign, or are options of another program, in one word with their option. */
function joined(words: readonly string[], axes: ReadonlySet<string>): string[] {
  const found: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const [word, next] = [words[at], words[at + 1]];
    const takes = (axes.has(word) && /^-[\d.]/.test(next ?? "")) || (WORDS.has(word) && next !== undefined);
    if (takes) at++;
    found.push(takes ? `${word}=${next}` : word);
  }
  return found;
}
