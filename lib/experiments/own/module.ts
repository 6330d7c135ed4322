// A system of a user's own: a module whose default export says what it is called, what it can be told, and how one system moves.
import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError } from "../../errors.ts";
import { fileError } from "../../io/file-error.ts";
import { readWhole } from "../../io/read.ts";
import type { Parameter, Parameters } from "../../run/parameters.ts";
import { ExternalEngine } from "../../systems/external.ts";
import { type Engine, LocalEngine, type Random, type Simulator, type Sites } from "../../systems/simulator.ts";

export type { Random, Region, Simulator, Sites } from "../../systems/simulator.ts";

/** A number that the system can be told; on the command line by its name. */
export interface OwnParameter {
  readonly default: number;
  readonly meaning: string;
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
}

export interface OwnSystem {
  /** Small letters, digits and hyphens. */
  readonly name: string;
  readonly parameters?: Readonly<Record<string, OwnParameter>>;
  /** A simulator of one system, whose observables may be called anything. */
  simulator(parameters: Readonly<Record<string, number>>): Simulator;
  /** States that predictions start from, by name: each fills one system. By default some of the training law. */
  readonly starts?: Readonly<Record<string, (sites: Sites, side: number, random: Random) => unknown>>;
}

/** A system of a user's own, wherever it moves. */
export interface Source {
  readonly name: string;
  readonly parameters: OwnSystem["parameters"];
  /** Names of the states that predictions start from. */
  readonly starts: readonly string[];
  /** What is said of it in results, and files that its numbers depend on. */
  readonly told: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  open(values: Readonly<Record<string, number>>, patch: number): Promise<Engine>;
}

/** The module at a path as a source. */
export async function moduleSource(path: string): Promise<Source> {
  const own = await loadModule(path);
  return {
    name: own.name,
    parameters: own.parameters,
    starts: Object.keys(own.starts ?? {}),
    told: { module: path },
    files: modulesOf(path),
    open: async (values) => new LocalEngine(simulatorOf(own, values, path), Object.values(own.starts ?? {})),
  };
}

/** A program as a source: its files are those of its words that are files. */
export async function programSource(line: string, processes: number, seconds: number): Promise<Source> {
  const command = line.split(" ").filter(Boolean);
  const hello = await ExternalEngine.meet(command);
  return {
    name: hello.name,
    parameters: hello.parameters,
    starts: hello.starts,
    told: { exec: line },
    files: command.filter((word) => statSync(word, { throwIfNoEntry: false })?.isFile()),
    open: (values, patch) => ExternalEngine.open(command, hello, values, { patch, processes, seconds }),
  };
}

/** The module at a path. Throws InputError for a file that is none, that does not run, or that lacks something, with its name. */
async function loadModule(path: string): Promise<OwnSystem> {
  readWhole(path);
  let own: unknown;
  try {
    own = (await import(pathToFileURL(resolve(path)).href)).default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw fileError(error, "read", path);
    throw new InputError(`${path} does not run: ${String((error as Error)?.message ?? error).split("\n")[0]}`);
  }
  const wrong = (what: string) => new InputError(`${path}: ${what}; see npm run new -- --help`);
  if (typeof own !== "object" || own === null) throw wrong("it has no default export with a simulator");
  const { name, simulator, parameters = {}, starts = {} } = own as Partial<OwnSystem>;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name))
    throw wrong("its name has to be small letters, digits and hyphens");
  if (typeof simulator !== "function") throw wrong("simulator has to be a function of the parameters");
  for (const [key, parameter] of Object.entries(parameters)) {
    if (!/^([a-z][a-zA-Z0-9]*|[A-Z])$/.test(key))
      throw wrong(`parameter ${key} has to be called by letters and digits, a small one first, or one capital letter`);
    if (!Number.isFinite(parameter?.default) || typeof parameter.meaning !== "string")
      throw wrong(`parameter ${key} lacks a default number or its meaning`);
  }
  for (const [start, fill] of Object.entries(starts))
    if (typeof fill !== "function") throw wrong(`start ${start} has to be a function that fills a system`);
  return own as OwnSystem;
}

/** The parameters of a module as a command line reads them. */
export function parametersOf({ parameters = {} }: Pick<OwnSystem, "parameters">): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, own]): [string, Parameter] => [key, { kind: "number", ...own }]),
  );
}

/** Verbs of a simulator, and what each has to be. */
const VERBS = ["initial", "evolve", "observe"] as const;

/** The simulator of a module. Throws InputError for one that lacks something, or whose observables are not what it says. */
function simulatorOf(own: OwnSystem, values: Readonly<Record<string, number>>, path: string): Simulator {
  const wrong = (what: string) => new InputError(`${path}: ${what}; see npm run new -- --help`);
  const simulator = own.simulator(values);
  if (typeof simulator !== "object" || simulator === null) throw wrong("simulator gives nothing");
  if (![1, 2, 3].includes(simulator.dimension)) throw wrong(`dimension is ${simulator.dimension}, not 1, 2 or 3`);
  if (!Array.isArray(simulator.observables) || simulator.observables.length === 0)
    throw wrong("observables is not a list of { name, symbol, unit }");
  for (const verb of VERBS) if (typeof simulator[verb] !== "function") throw wrong(`the simulator lacks ${verb}`);
  return simulator;
}

/** A module and all that it imports by relative paths, as paths: what its numbers depend on. */
function modulesOf(path: string): string[] {
  const found = new Set<string>();
  const follow = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    const loader = file.endsWith("ts") ? "ts" : "js";
    for (const { path: name } of new Bun.Transpiler({ loader }).scanImports(readWhole(file).toString("utf8"))) {
      if (name.startsWith(".")) follow(join(dirname(file), name));
    }
  };
  follow(path);
  return [...found];
}
