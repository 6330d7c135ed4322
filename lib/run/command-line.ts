// Command lines: `--name value` and `--name=value`, every option declared, nothing unknown let through.
import { basename, extname } from "node:path";
import { InputError } from "../errors.ts";
import { commandText, forgottenDashes } from "./command-text.ts";
import { checkConditions, requireEffect } from "./only-with.ts";
import {
  checkDeclaration,
  defaults,
  listed,
  optionName,
  type Parameter,
  type Parameters,
  PROFILES,
  quoted,
  readValue,
  type Values,
} from "./parameters.ts";
import { type Need, requireRoom } from "./room.ts";
import { usage } from "./usage.ts";

/** What a script is called, what it does and what it can be told. */
export interface Command<P extends Parameters> {
  /** As in `npm run NAME`; experiments: also the folder under `reports/`. */
  name: string;
  /** The word that chooses it, of a script that has several: `npm run NAME -- VERB`. It is not among the words that are read. */
  verb?: string;
  /** What it does, a sentence or two for `--help`. */
  about: string;
  parameters: P;
  /** Throws InputError where values that are possible one by one do not go together; `given` has the keys of those that stand on the command line. */
  check?(values: Values<P>, given: ReadonlySet<string>): void;
  /** What is kept in memory at once. */
  needs?(values: Values<P>): readonly Need[];
  /** Files that the words without an option name, one at least. Without `profiles` the size is that of the files. */
  files?: { name: string; meaning: string; profiles?: true; least?: 0 };
}
/** A script with one argument that has no option name, e.g. the system to simulate. */
export interface ToolCommand<P extends Parameters, C extends string> extends Command<P> {
  positional?: { name: string; meaning: string; choices: readonly C[] };
  /** Whether words behind a second `--` are for others. */
  passesOn?: true;
  /** Parameters as `--help` shows them, under a title each; without them all are under one. */
  groups?: readonly (readonly [title: string, keys: readonly string[]])[];
  /** What to do about words that belong to no option, if not to look at its help. */
  remedy?: string;
}
/** What an experiment is told; `openRun` takes it as it is. */
export interface ExperimentOptions<P extends Parameters> {
  experiment: string;
  /** Its size, or what data it is of. */
  profile: string;
  seed: number;
  /** Folder of the run; without it `reports/<experiment>/<profile>-<seed>`. */
  out: string | undefined;
  resume: boolean;
  force: boolean;
  parameters: Values<P>;
  /** Of a command that takes files. */
  files: string[];
}

/** Thrown by `--help` with the text to print; `main` prints it and the script ends with exit code 0. */
export class HelpRequest extends Error {
  override name = "HelpRequest";
}

export const EXPERIMENT_OPTIONS = {
  profile: { kind: "choice", choices: PROFILES, default: "quick", meaning: "size of the run, sets the defaults above" },
  seed: { kind: "integer", min: 0, max: 0xffff_ffff, default: 1, meaning: "of all random numbers" },
  out: { kind: "text", default: "reports/<experiment>/<profile>-<seed>", meaning: "folder for the results" },
  resume: { kind: "flag", default: false, meaning: "continue an unfinished run in that folder" },
  force: {
    kind: "flag",
    default: false,
    meaning: "delete an earlier run in that folder first; without it a finished run of the same line is shown again",
  },
} as const satisfies Parameters;

const { profile: _, out, ...others } = EXPERIMENT_OPTIONS;
const FILE_OPTIONS = { ...others, out: { ...out, default: "reports/<command>/<file>-<seed>" } } as const;

/**
 * Reads the command line of an experiment: its parameters and `--profile --seed --out --resume --force`. Throws
 * InputError (one sentence) for what is unknown or impossible, HelpRequest for `--help`.
 */
export function parseExperiment<const P extends Parameters>(
  command: Command<P>,
  args: readonly string[] = process.argv.slice(2),
): ExperimentOptions<P> {
  const ofData = command.files && !command.files.profiles;
  const standard = ofData ? FILE_OPTIONS : EXPERIMENT_OPTIONS;
  checkCommand(command, standard);
  const { given, loose } = read(command, { ...command.parameters, ...standard }, args, standard);
  if (command.files && command.files.least !== 0 && loose.length === 0) throw missingFiles(command.files, command);
  if (!command.files && loose[0] !== undefined) throw unexpected(loose[0], command);
  const { profile, seed, out, resume, force, ...values } = given;
  const options = { ...defaults(EXPERIMENT_OPTIONS), ...defined({ profile, seed, resume, force }) };
  const own = command.files && dataName(loose[0] ?? command.name);
  const size = own ? (ofData ? own : `${own}-${options.profile}`) : options.profile;
  if (options.resume && options.force) {
    throw new InputError("--resume continues a run and --force starts it over: give only one of them");
  }
  const usual = defaults(command.parameters, ofData ? undefined : options.profile);
  const parameters = { ...usual, ...values } as Values<P>;
  requirePossible(command, parameters, values);
  const named = { experiment: command.name, ...options, profile: size };
  return { ...named, out: out as string | undefined, parameters, files: loose };
}

type Named = Pick<Command<Parameters>, "name" | "verb">;

const helpOf = ({ name, verb }: Named) => commandText(name, [...(verb === undefined ? [] : [verb]), "--help"]);

const missingFiles = ({ name }: { name: string }, command: Named) =>
  new InputError(`the ${name} is missing: give one or more, see ${helpOf(command)}`);

/** What results of a file are called in place of a profile. */
function dataName(path: string): string {
  const stem = basename(path, extname(path)).toLowerCase();
  return stem.replace(/[^a-z0-9.-]+/g, "-").replace(/^[.-]+/, "") || "data";
}

/** Reads the command line of a script that is not an experiment: its parameters and at most one positional choice. */
export function parseTool<const P extends Parameters, const C extends string = never>(
  command: ToolCommand<P, C>,
  args: readonly string[] = process.argv.slice(2),
): { positional: C; parameters: Values<P>; files: string[] } {
  checkCommand(command);
  const { given, loose } = read(command, command.parameters, args);
  const { positional } = command;
  const [word, ...junk] = loose;
  if (positional && !positional.choices.includes(word as C)) {
    const what =
      word === undefined ? `the ${positional.name} is missing` : `${quoted(word)} is not a ${positional.name}`;
    throw new InputError(`${what}: give ${listed(positional.choices)}`);
  }
  if (command.files && command.files.least !== 0 && loose.length === 0) throw missingFiles(command.files, command);
  const extra = command.files ? undefined : positional ? junk[0] : word;
  if (extra !== undefined) throw unexpected(extra, command, command.remedy);
  const parameters = { ...defaults(command.parameters), ...given } as Values<P>;
  requirePossible(command, parameters, given);
  return { positional: word as C, parameters, files: command.files ? loose : [] };
}

/** Throws InputError where values do not go together, or do not fit into memory. */
function requirePossible<P extends Parameters>(
  { parameters, check, needs }: Command<P>,
  values: Values<P>,
  given: Record<string, unknown>,
): void {
  requireEffect(parameters, values, Object.keys(given));
  check?.(values, new Set(Object.keys(given)));
  requireRoom(needs?.(values) ?? []);
}

function read<P extends Parameters>(
  command: Command<P>,
  parameters: Parameters,
  args: readonly string[],
  standard?: Parameters,
) {
  if (args.includes("--help") || args.includes("-h")) throw new HelpRequest(usage(command, standard));
  const options = optionsOf(parameters);
  requireDashes(command, args, options);
  const given = new Map<string, unknown>();
  const loose: string[] = [];
  for (const { word, name, text } of tokens(args, options)) {
    if (name === undefined) {
      loose.push(word);
      continue;
    }
    const option = options.get(name);
    if (!option) throw unknown(name, [...options.keys()], command);
    if (given.has(option.key)) throw new InputError(`${name} is given twice: give it once`);
    if (text === undefined) {
      throw new InputError(`${name} lacks its value: write ${name} VALUE or ${name}=VALUE`);
    }
    given.set(option.key, readValue(name, option.parameter, text));
  }
  return { given: Object.fromEntries(given) as Record<string, unknown>, loose };
}

/** npm takes it for its own `--loglevel`, and leaves nothing of it. */
const SWALLOWED = "--L";

/** Throws InputError where npm took options for its own. */
export function requireDashes(
  { name, verb, files, positional, passesOn, parameters }: ToolCommand<Parameters, string>,
  args: readonly string[],
  options = optionsOf(parameters),
): void {
  const declared = new Map([...options].map(([option, { parameter }]) => [option, parameter]));
  const others = passesOn ? args.findIndex((word) => word.startsWith("-") && !options.has(word.split("=")[0])) : -1;
  const typed = others < 0 ? args : [...args.slice(0, others), "--", ...args.slice(others)];
  const meant = forgottenDashes(
    name,
    declared,
    files !== undefined || positional !== undefined,
    typed,
    process.env,
    verb,
  );
  if (!meant) return;
  const lost =
    options.has(SWALLOWED) && !args.includes(SWALLOWED)
      ? ` (and ${SWALLOWED}, if you gave it: npm leaves no trace of that)`
      : "";
  throw new InputError(`npm takes options for its own that no -- stands before: write ${meant}${lost}`);
}

/**
 * The first word that is neither an option nor the value of one, for commands whose options depend on it: `parameters` are those of all
 * its choices. Checks nothing.
 */
export function positionalWord(
  parameters: Parameters,
  args: readonly string[] = process.argv.slice(2),
): string | undefined {
  return tokens(args, optionsOf(parameters)).find(({ name }) => name === undefined)?.word;
}

type Options = Map<string, { key: string; parameter: Parameter }>;

function optionsOf(parameters: Parameters): Options {
  return new Map(Object.entries(parameters).map(([key, parameter]) => [optionName(key), { key, parameter }]));
}

/** The words of a command line; options have a name, and the text of their value where there is one. */
function tokens(args: readonly string[], options: Options): { word: string; name?: string; text?: string }[] {
  const found: { word: string; name?: string; text?: string }[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at];
    if (!word.startsWith("-") || word === "-") {
      found.push({ word });
      continue;
    }
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const parameter = options.get(name)?.parameter;
    const next = args[at + 1];
    if (equals >= 0) found.push({ word, name, text: word.slice(equals + 1) });
    else if (parameter?.kind === "flag") found.push({ word, name, text: "true" });
    else if (parameter && next !== undefined && isValue(next, parameter)) {
      found.push({ word, name, text: next });
      at++;
    } else found.push({ word, name });
  }
  return found;
}

/** Whether the word after an option is its value: `-0.5` is one, the next option is not. */
function isValue(word: string, parameter: Parameter): boolean {
  return !word.startsWith("-") || word === "-" || (/numbers?$|integers?$/.test(parameter.kind) && /^-[\d.]/.test(word));
}

function unknown(name: string, names: readonly string[], command: Named): InputError {
  const spelled = optionName(name.replace(/^-+/, "").replace(/_/g, "-"));
  const near = names
    .map((known) => ({ known, distance: editDistance(spelled.slice(0, 40), known) }))
    .filter(({ known, distance }) => distance <= Math.max(1, Math.floor((known.length - 2) / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  const remedy = near ? `did you mean ${near.known}?` : `see ${helpOf(command)}`;
  return new InputError(`there is no option ${quoted(name)}: ${remedy}`);
}

function unexpected(word: string, command: Named, remedy = `see ${helpOf(command)}`): InputError {
  return new InputError(`${quoted(word)} does not belong to an option: ${remedy}`);
}

/** The fewest letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? rows[i - 2][j - 2] + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, replace, swap));
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}

function checkCommand<P extends Parameters>({ parameters, check, files }: Command<P>, standard: Parameters = {}): void {
  checkDeclaration(parameters);
  checkConditions(parameters);
  const taken = Object.keys(parameters).find((key) => Object.hasOwn(standard, key) || key === "help");
  if (taken) throw new Error(`parameter ${taken} is a standard option already`);
  for (const profile of files && !files.profiles ? [undefined] : [undefined, ...PROFILES]) {
    try {
      check?.(defaults(parameters, profile), new Set());
    } catch (cause) {
      throw new Error(`the defaults of profile ${profile ?? "none"} do not go together: ${cause}`, { cause });
    }
  }
}

function defined<T extends object>(values: T) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: never;
  };
}
