// A system of a user's own: a module whose default export says what it is called, what it can be told, and how one system moves.
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { InputError } from "../../errors.ts";
import { fileError } from "../../io/file-error.ts";
import { readWhole } from "../../io/read.ts";
import { type Parameter, type Parameters, quoted } from "../../run/parameters.ts";
import { ExternalEngine } from "../../systems/external.ts";
import { PooledEngine, type Told } from "../../systems/pooled-engine.ts";
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
  /** Moves systems with parameters of these values; `processes` beside each other, 0: one for each core. */
  open(
    values: Readonly<Record<string, number>>,
    how: { readonly patch: number; readonly processes: number; readonly execSeconds: number },
  ): Promise<Engine>;
}

const coresFor = (processes: number) => processes || Math.min(64, availableParallelism());

/** The module at a path as a source. */
async function moduleSource(path: string): Promise<Source> {
  const own = await loadModule(path);
  return {
    name: own.name,
    parameters: own.parameters,
    starts: Object.keys(own.starts ?? {}),
    told: { module: path },
    files: modulesOf(path),
    async open(values, { processes }) {
      const workers = coresFor(processes);
      const local = await localEngine(path, values);
      if (workers < 2) return local;
      return new PooledEngine(local, workers, () => {
        const worker = new Worker(new URL("./worker.ts", import.meta.url));
        worker.unref();
        worker.postMessage({ path, values } satisfies Told);
        return worker;
      });
    },
  };
}

/** The simulator of the module at a path, here. */
export async function localEngine(path: string, values: Readonly<Record<string, number>>): Promise<LocalEngine> {
  const own = await loadModule(path);
  return new LocalEngine(simulatorOf(own, values, path), Object.values(own.starts ?? {}));
}

/** A program as a source: its files are those of its words that are files. */
async function programSource(line: string): Promise<Source> {
  const command = line.split(" ").filter(Boolean);
  const hello = await ExternalEngine.meet(command);
  return {
    name: hello.name,
    parameters: hello.parameters,
    starts: hello.starts,
    told: { exec: line },
    files: command.filter((word) => statSync(word, { throwIfNoEntry: false })?.isFile()),
    open: (values, { patch, processes, execSeconds }) =>
      ExternalEngine.open(command, hello, values, { patch, processes: coresFor(processes), seconds: execSeconds }),
  };
}

/** What a command line names: a module, the word that ends like one, or a program, what --exec says; its other options depend on it. */
export interface Met {
  readonly source: Source;
  /** The command of a program. */
  readonly line: string | null;
}

/** The system that words name; null for none. A program is asked what it is. */
export async function metIn(words: readonly string[]): Promise<Met | null> {
  const path = words.find(
    (word, k) => !word.startsWith("-") && words[k - 1] !== "--exec" && /\.[cm]?[jt]s$/.test(word),
  );
  const line = words.find((word) => word.startsWith("--exec="))?.slice(7) ?? words[words.indexOf("--exec") + 1];
  if (words.some((word) => /^--exec(=|$)/.test(word)) && line !== undefined)
    return { source: await programSource(line), line };
  return path ? { source: await moduleSource(path), line: null } : null;
}

/** The system that was met, now that the rest is read. Throws InputError for none, or two. */
export function sourceOf(met: Met | null, [first, second]: readonly string[]): Source {
  if (!met) throw new InputError(`${quoted(first)} is no module: give a file that ends in .ts or .js`);
  if (second !== undefined) throw new InputError(`${quoted(second)}: give one module at a time`);
  if (met.line !== null && first !== undefined)
    throw new InputError(`--exec and the module ${first}: give one of them`);
  return met.source;
}

/** The values of its parameters among all that a command line says. */
export const valuesOf = (source: Pick<Source, "parameters">, given: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.keys(parametersOf(source)).map((key) => [key, Number(given[key])]));

/** The module at a path. Throws InputError for a file that is none, that does not run, or that lacks something, with its name. */
async function loadModule(path: string): Promise<OwnSystem> {
  readWhole(path);
  let own: unknown;
  try {
    own = (await import(pathToFileURL(resolve(path)).href)).default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw fileError(error, "read", path);
    throw new InputError(`${path} does not run: ${reasonOf(error)}`);
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

/** The first thing that is wrong, with its line where the source has no meaning. */
function reasonOf(error: unknown): string {
  const [first = error] = error instanceof AggregateError ? error.errors : [];
  const { message, position, stack } = first as Partial<BuildMessage & Error>;
  const line = position?.line ?? /:(\d+):\d+\)?$/m.exec(stack ?? "")?.[1];
  return `${String(message ?? first).split("\n")[0]}${line ? ` (line ${line})` : ""}`;
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
