// Command lines as text that the user can type again: as the present program was started.
import { existsSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { type Parameter, readValue } from "./parameters.ts";
import { PROJECT_ROOT } from "./provenance.ts";

/** Programs that run the scripts of a package.json, with the words between the script's name and its arguments. */
const RUNNERS: Readonly<Record<string, readonly string[]>> = { npm: ["--"], bun: [], pnpm: [], yarn: [] };

/** The script that this program is, as in package.json. */
const ownScript = () => basename(process.argv[1] ?? "", extname(process.argv[1] ?? ""));

/** What ran the script of package.json that this program is, if anything did. */
function packageRunner(): string | undefined {
  const { npm_lifecycle_event, npm_config_user_agent } = process.env;
  if (npm_lifecycle_event === undefined || npm_lifecycle_event !== ownScript()) return undefined;
  const agent = npm_config_user_agent?.split("/")[0] ?? "npm";
  return Object.hasOwn(RUNNERS, agent) ? agent : "npm";
}

/** Whether scripts/start.mjs started this program. */
export function isFromStarter(): boolean {
  const starter = Number(process.env.PATCHWISE_STARTER);
  return starter > 0 && starter === process.ppid;
}

/** Quoted for a shell. */
export function typed(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The words that start a script: `npm run SCRIPT`, `node scripts/start.mjs scripts/SCRIPT.ts`, `bun scripts/SCRIPT.ts`. */
function starting(script: string, runner: string | undefined): string {
  if (runner) return `${runner} run ${script}`;
  const path = join(PROJECT_ROOT, "scripts", `${script}.ts`);
  const file = typed(fromHere(existsSync(path) ? path : process.argv[1]));
  // It finds Bun wherever that is.
  const isStarted = isFromStarter() || !Bun.which("bun");
  return `${isStarted ? `node ${typed(fromHere(join(PROJECT_ROOT, "scripts/start.mjs")))}` : "bun"} ${file}`;
}

/** A path as it is shortest from the current folder. */
function fromHere(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}

/** A script of the project with its arguments, which are taken as they are. `runner`: what runs the scripts of package.json; by default that of this program. */
export function commandText(script: string, args: readonly string[] = [], runner = packageRunner()): string {
  const between = args.length > 0 && runner ? RUNNERS[runner] : [];
  return [starting(script, runner), ...between, ...args].join(" ");
}

/** The arguments of this program without `--resume` and `--force`. */
function typedArguments(): string[] {
  return process.argv
    .slice(2)
    .filter((arg) => !/^--(resume|force)(=|$)/.test(arg))
    .map(typed);
}

/** Goes on with the present run. */
export function continueCommand(experiment: string): string {
  return commandText(experiment, [...typedArguments(), "--resume"]);
}

/** The line of this program, which is not a run and goes on without --resume. */
export function againCommand(script: string): string {
  return commandText(script, typedArguments());
}

/** Deletes the present run and makes it anew. */
export function restartCommand(experiment: string): string {
  return commandText(experiment, [...typedArguments(), "--force"]);
}

/** Makes the present run again, in the default folder: by npm, which whoever reads a report elsewhere has. */
export function repeatCommand(experiment: string): string {
  const args = typedArguments();
  const kept = args.filter((arg, at) => !arg.startsWith("--out") && args[at - 1] !== "--out");
  return commandText(experiment, kept, "npm");
}

/** Options that npm has itself, and may have been told elsewhere. */
const OF_NPM: ReadonlySet<string> = new Set(["--force", "--save", "--python", "--yes"]);
/** It sets this one for every script: it tells nothing. */
const SET_BY_NPM = "--prefix";

/**
 * The line that was meant where `npm run SCRIPT --seed 7` lacks its `--`: npm takes the options for its own, leaves their names in the environment and gives
 * their values to the script as loose words, before what stands behind a `--`. `options` are those of the script; `hasWords`: whether it takes loose words too, beside a `verb` that is not
 * among `args`. null where nothing is missing.
 */
export function forgottenDashes(
  script: string,
  options: ReadonlyMap<string, Parameter>,
  hasWords: boolean,
  args: readonly string[] = process.argv.slice(2),
  env: Readonly<Record<string, string | undefined>> = process.env,
  verb?: string,
): string | null {
  const { npm_lifecycle_event, npm_config_user_agent = "" } = env;
  if (npm_lifecycle_event !== script || !npm_config_user_agent.startsWith("npm/")) return null;
  const taken = [...options].flatMap(([option, parameter]) => {
    const value = env[`npm_config_${option.slice(2).toLowerCase().replaceAll("-", "_")}`];
    if (option === SET_BY_NPM || !value || (value !== "true" && !isValueOf(parameter, value))) return [];
    return [{ option, parameter, value: value === "true" ? null : value }];
  });
  if (!taken.some(({ option }) => !OF_NPM.has(option))) return null;
  const first = args.findIndex((word) => word.startsWith("-"));
  const words = first < 0 ? args : args.slice(0, first);
  const behind = first < 0 ? [] : args.slice(first).map(typed);
  const lacking = taken.filter(({ parameter, value }) => value === null && parameter.kind !== "flag");
  const found = onlyChoice(
    lacking.map(({ parameter }) => parameter),
    words,
  );
  const left = words.filter((_, at) => !found?.includes(at));
  const isSure = found !== null && (hasWords || left.length === 0);
  const values = taken.map(({ parameter, value }) => (parameter.kind === "flag" ? null : value));
  for (const [k, one] of lacking.entries()) values[taken.indexOf(one)] = isSure ? words[found[k]] : null;
  const line = taken.flatMap(({ option, parameter }, k) => {
    if (parameter.kind === "flag") return [option];
    const value = values[k];
    return [option, value === null ? "…" : typed(value)];
  });
  const chosen = verb === undefined ? [] : [verb];
  return commandText(script, [...chosen, ...(isSure ? left.map(typed) : []), ...line, ...behind], "npm");
}

/** Which of the words is the value of which parameter; null where there are several ways to tell, or none, as npm keeps no order. */
function onlyChoice(parameters: readonly Parameter[], words: readonly string[]): number[] | null {
  const ways: number[][] = [];
  const choose = (chosen: number[]) => {
    if (ways.length > 1) return;
    if (chosen.length === parameters.length) return void ways.push(chosen);
    for (const [at, word] of words.entries()) {
      if (!chosen.includes(at) && isValueOf(parameters[chosen.length], word)) choose([...chosen, at]);
    }
  };
  choose([]);
  return ways.length === 1 ? ways[0] : null;
}

function isValueOf(parameter: Parameter, word: string): boolean {
  try {
    readValue("", parameter, word);
    return true;
  } catch {
    return false;
  }
}
