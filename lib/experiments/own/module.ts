// A system of a user's own: a module whose default export says what it is called, what it can be told, and how one system moves.
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { fileError } from "../../io/file-error.ts";
import { readWhole } from "../../io/read.ts";
import type { Stream } from "../../random/stream.ts";
import { commandText } from "../../run/command-text.ts";
import { type Parameter, type Parameters, quoted } from "../../run/parameters.ts";
import type { LawFacts } from "../../systems/check.ts";
import { ExternalEngine } from "../../systems/external.ts";
import { PooledEngine, type Told } from "../../systems/pooled-engine.ts";
import {
  type Engine,
  type Fill,
  HostSystem,
  LocalEngine,
  type Simulator,
  verbError,
  wrongDescription,
} from "../../systems/simulator.ts";
import type { States, System } from "../../systems/system.ts";

export type { Random, Region, Simulator, Sites } from "../../systems/simulator.ts";

/** A number that the system can be told; on the command line by its name. */
export interface OwnParameter {
  readonly default: number;
  readonly meaning: string;
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
}

interface Own {
  /** Small letters, digits and hyphens. */
  readonly name: string;
  readonly parameters?: Readonly<Record<string, OwnParameter>>;
}

/** A system that moves one at a time, on the processor. */
export interface OwnSimulator extends Own {
  /** A simulator of one system, whose observables may be called anything. */
  simulator(parameters: Readonly<Record<string, number>>): Simulator;
  readonly system?: undefined;
  /** States that predictions start from, by name: each fills one system. By default some of the training law. */
  readonly starts?: Readonly<Record<string, Fill>>;
}

/** A method, so that its first parameter may be a particular system. */
interface Starting {
  start(system: System, count: number, side: number, stream: Stream): Promise<States>;
}

/** A system that moves in batches by kernels on the graphics card, which may lie beside the module (`Kernel.compile`). */
export interface OwnBatches extends Own {
  /** Of parameters, and of a side of patches. */
  system(gpu: Gpu, parameters: Readonly<Record<string, number>>, patch: number): System;
  readonly simulator?: undefined;
  /** States that predictions start from, by name: so many of a side. */
  readonly starts: Readonly<Record<string, Starting["start"]>>;
  /** What `check-system` has to know of it. */
  readonly laws?: LawFacts;
}

export type OwnSystem = OwnSimulator | OwnBatches;

/** What learning needs of a system beside its verbs. */
export interface OwnedSystem {
  readonly system: System;
  /** Another one like it. */
  make(): System;
  /** Whether patches are measured by themselves. */
  readonly knowsPatches: boolean;
  /** Names of the states that predictions start from, and of those that it names itself. */
  readonly starts: readonly string[];
  readonly named: readonly string[];
  /** Systems that begin with the start of that number. */
  start(index: number, count: number, side: number, stream: Stream): Promise<States>;
  /** What moves it, where that is not the graphics card. */
  readonly engine: Engine | null;
  readonly laws: LawFacts;
  close(): void;
}

/** A system of a user's own, wherever it moves. */
export interface Source {
  readonly name: string;
  readonly parameters: Own["parameters"];
  /** What is said of it in results, and files that its numbers depend on. */
  readonly told: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  /** With parameters of these values; `processes` beside each other, 0: one for each core. */
  open(
    gpu: Gpu,
    values: Readonly<Record<string, number>>,
    how: { readonly patch: number; readonly processes: number; readonly execSeconds: number },
  ): Promise<OwnedSystem>;
}

const coresFor = (processes: number) => processes || Math.min(64, availableParallelism());

/** Starts of the training law where none is named. */
const RANDOM_STARTS = 4;

/** The system that an engine moves. */
function hostSystem(name: string, engine: Engine, patch: number, named: readonly string[]): OwnedSystem {
  const make = () => new HostSystem(name, engine, patch);
  const system = make();
  return {
    ...{ system, make, engine, laws: {}, knowsPatches: system.knowsPatches },
    named,
    starts: named.length > 0 ? named : Array.from({ length: RANDOM_STARTS }, (_, k) => `start ${k + 1}`),
    start: (index, count, side, stream) =>
      named.length > 0
        ? system.started(index, count, side, stream)
        : // What a cohort has in common is a start: the same in every run.
          system.alike(side, stream, new Uint32Array(count).fill(index), {
            ...stream,
            purpose: 0,
            step: 0,
            replica: 0,
          }),
    close: () => engine.close?.(),
  };
}

/** The module at a path as a source. */
async function moduleSource(path: string): Promise<Source> {
  const own = await loadModule(path);
  return {
    ...{ name: own.name, parameters: own.parameters, told: { module: path } },
    files: [...modulesOf(path), ...(own.system ? kernelsBeside(path) : [])],
    async open(gpu, values, { patch, processes }) {
      if (own.system) return batchSystem(own, () => made("system", () => own.system(gpu, values, patch), path), path);
      const workers = coresFor(processes);
      const local = engineOf(own, values, path);
      const engine = workers < 2 ? local : new PooledEngine(local, workers, () => spawned({ path, values }));
      return hostSystem(own.name, engine, patch, Object.keys(own.starts ?? {}));
    },
  };
}

function spawned(told: Told): Worker {
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  worker.unref();
  worker.postMessage(told);
  return worker;
}

/** The simulator of the module at a path, here. */
export async function localEngine(path: string, values: Readonly<Record<string, number>>): Promise<LocalEngine> {
  const own = await loadModule(path);
  if (own.system) throw new Error(`${path} has no simulator`);
  return engineOf(own, values, path);
}

const engineOf = (own: OwnSimulator, values: Readonly<Record<string, number>>, path: string) =>
  new LocalEngine(simulatorOf(own, values, path), Object.values(own.starts ?? {}));

/** The system of a module on the graphics card. Throws InputError where it lacks a verb or a property. */
function batchSystem(own: OwnBatches, make: () => System, path: string): OwnedSystem {
  const system = make();
  const lacking = [
    ...SYSTEM_VERBS.filter((verb) => typeof system?.[verb] !== "function"),
    ...SYSTEM_PROPERTIES.filter((property) => system?.[property] === undefined),
  ];
  if (lacking.length > 0)
    throw new InputError(`${path}: the system lacks ${lacking.join(", ")}; see lib/systems/system.ts`);
  const starts = Object.values(own.starts);
  return {
    ...{
      system,
      make,
      engine: null,
      laws: own.laws ?? {},
      knowsPatches: true,
      starts: Object.keys(own.starts),
      named: Object.keys(own.starts),
    },
    start: (index, count, side, stream) => starts[index](system, count, side, stream),
    close: () => {},
  };
}

const SYSTEM_VERBS = [
  ...(["initial", "evolve", "evolvePatches", "upsample", "observe", "observePatches"] as const),
  ...(["bytes", "words", "pack", "unpack"] as const),
];
const SYSTEM_PROPERTIES = ["name", "dimension", "observables", "patchSide", "lanes", "cohort"] as const;

/** A program as a source: its files are those of its words that are files. */
async function programSource(line: string): Promise<Source> {
  const command = line.split(" ").filter(Boolean);
  if (command.length === 0) throw new InputError("--exec is empty: give the command of a program");
  const hello = await ExternalEngine.meet(command);
  return {
    ...{ name: hello.name, parameters: hello.parameters, told: { exec: line } },
    files: command.filter((word) => statSync(word, { throwIfNoEntry: false })?.isFile()),
    async open(_, values, { patch, processes, execSeconds }) {
      const how = { patch, processes: coresFor(processes), seconds: execSeconds };
      return hostSystem(hello.name, await ExternalEngine.open(command, hello, values, how), patch, hello.starts);
    },
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
  const wrong = (what: string) => new InputError(`${path}: ${what}; see ${commandText("new", ["--help"])}`);
  if (typeof own !== "object" || own === null) throw wrong("it has no default export with a simulator");
  const { name, simulator, system, parameters = {}, starts } = own as Partial<OwnSystem>;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name))
    throw wrong("its name has to be small letters, digits and hyphens");
  if (system === undefined && typeof simulator !== "function")
    throw wrong("simulator has to be a function of the parameters");
  if (system !== undefined && (typeof system !== "function" || simulator !== undefined))
    throw wrong("system has to be a function of the device, the parameters and a patch side, in place of simulator");
  if (system !== undefined && Object.keys(starts ?? {}).length === 0)
    throw wrong("a system needs starts: what predictions begin with");
  for (const [key, parameter] of Object.entries(parameters)) {
    if (!/^([a-z][a-zA-Z0-9]*|[A-Z])$/.test(key))
      throw wrong(`parameter ${key} has to be called by letters and digits, a small one first, or one capital letter`);
    if (!Number.isFinite(parameter?.default) || typeof parameter.meaning !== "string")
      throw wrong(`parameter ${key} lacks a default number or its meaning`);
  }
  for (const [start, fill] of Object.entries(starts ?? {}))
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
export function parametersOf({ parameters = {} }: Pick<Own, "parameters">): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, own]): [string, Parameter] => [key, { kind: "number", ...own }]),
  );
}

/** What a function of a module gives. Throws InputError where it throws. */
function made<T>(what: string, work: () => T, path: string): T {
  try {
    return work();
  } catch (error) {
    throw new InputError(`${path}: ${verbError(what, error).message}`);
  }
}

/** Verbs of a simulator, and what each has to be. */
const VERBS = ["initial", "evolve", "observe"] as const;

/** The simulator of a module. Throws InputError for one that lacks something, or whose observables are not what it says. */
function simulatorOf(own: OwnSimulator, values: Readonly<Record<string, number>>, path: string): Simulator {
  const wrong = (what: string) => new InputError(`${path}: ${what}; see ${commandText("new", ["--help"])}`);
  const simulator = made("simulator", () => own.simulator(values), path);
  if (typeof simulator !== "object" || simulator === null) throw wrong("simulator gives nothing");
  const problem = wrongDescription(simulator);
  if (problem) throw wrong(problem);
  for (const verb of VERBS) if (typeof simulator[verb] !== "function") throw wrong(`the simulator lacks ${verb}`);
  return simulator;
}

const LOADERS: Record<string, "ts" | "tsx" | "js" | "jsx"> = {
  ...{ ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx" },
  ...{ ".js": "js", ".mjs": "js", ".cjs": "js", ".jsx": "jsx" },
};

/** A module and all that it imports by relative paths, as paths: what its numbers depend on. */
function modulesOf(path: string): string[] {
  const found = new Set<string>();
  const follow = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    const loader = LOADERS[extname(file)];
    if (!loader) return;
    const folder = dirname(file);
    for (const { path: name } of new Bun.Transpiler({ loader }).scanImports(readWhole(file).toString("utf8"))) {
      // As Bun finds it, with its ending; said as the module itself was, which may be from here.
      if (name.startsWith(".")) follow(join(folder, relative(resolve(folder), Bun.resolveSync(name, resolve(folder)))));
    }
  };
  follow(path);
  return [...found];
}

/** Kernels beside a module. */
function kernelsBeside(path: string): string[] {
  const folder = dirname(path);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".wgsl"))
    .map((name) => join(folder, name));
}
