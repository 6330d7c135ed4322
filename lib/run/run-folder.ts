// A run and its folder: stages that survive a kill, tables, models, seconds, and at the end result.json and the report.
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ColumnTable } from "arquero";
import { InputError, StorageError } from "../errors.ts";
import { writeAtomically } from "../io/atomic.ts";
import { writeCsv } from "../io/csv.ts";
import { fileError } from "../io/file-error.ts";
import type { Format, Stored } from "../io/format.ts";
import { type Metadata, readSafetensors, type Tensors, writeSafetensors } from "../io/safetensors.ts";
import { codeOf, filesOf } from "./code.ts";
import { continueCommand, restartCommand } from "./command-text.ts";
import type { EndTable } from "./end-table.ts";
import { FinishedRun, showEnd } from "./finished.ts";
import { checkUnlocked, type Lock, lockFolder } from "./lock.ts";
import {
  checkName,
  checkSameRun,
  differences,
  type Found,
  forgetManifest,
  type Identity,
  identityHash,
  inspect,
  type Manifest,
  newManifest,
  removeEmpty,
  removeFiles,
  sweep,
  writeManifest,
} from "./manifest.ts";
import { say } from "./output.ts";
import { type Adapter, CPU_ONLY, PROJECT_ROOT, patchwiseVersion, versions } from "./provenance.ts";
import { type EquationResult, isoMinute, type Metric, plainJson, type RunResult, resultText } from "./result.ts";
import { breathe, SAVE_MS, setContinuation, stopRequested } from "./stop.ts";
import type { Training } from "./trainings.ts";

const DELETE_REMEDY = "delete that file to recompute it, then --resume";

export interface RunOptions {
  experiment: string;
  profile: string;
  seed: number;
  /** Relative to the current directory; undefined: `reports/<experiment>/<profile>-<seed>` of the project. */
  out?: string | undefined;
  resume?: boolean;
  force?: boolean;
  parameters: Record<string, unknown>;
  /** Files of the user's that the numbers depend on: a run goes on only while they are the same. */
  files?: readonly string[];
  /** The adapter in use: a run goes on only on the one it began on. Leave out if the GPU is not used. */
  adapter?: Adapter;
}

/** The state that a long stage keeps of itself, so that a resumed run goes on inside the stage. */
export interface Partial {
  /** What was saved last, null at the first start. */
  load(): Tensors | null;
  /** Replaces what was saved. Call it as often as losing the work since would hurt: when `due()` says so. */
  save(state: Tensors): void;
  /** Whether it is time to save: 15 s have passed since the last save, or the user wants to stop. */
  due(): boolean;
}

/**
 * Opens the folder of a run for this process. Throws InputError, before anything is written or deleted, if the folder
 * holds another finished run (without `force`), an unfinished one (without `resume` or `force`), a different one (with
 * `resume`), none (with `resume`), foreign files without a run, or a run that another process works on. `force`
 * deletes only files that a run wrote. Throws FinishedRun where the run itself is finished.
 */
export async function openRun(options: RunOptions): Promise<Run> {
  const {
    experiment,
    profile,
    seed,
    out,
    resume = false,
    force = false,
    parameters,
    adapter = CPU_ONLY,
    files = [],
  } = options;
  const { kind, name, driver } = adapter;
  const fresh = newManifest({
    experiment,
    profile,
    seed,
    parameters,
    patchwise: patchwiseVersion(),
    adapter: { kind, name, driver },
    code: { ...codeOf(experiment), ...filesOf(files) },
  });
  const folder = out === undefined ? defaultFolder(options) : resolve(out);
  checkUnlocked(folder);
  const before = inspect(folder);
  if (before.state === "finished") clearCheckpoints(folder);
  decide(folder, before, fresh.identity, resume, force);
  let made: string | undefined;
  try {
    made = mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw fileError(error, "make the folder", folder);
  }
  const lock = lockFolder(folder);
  try {
    // Once more, now that no other process can change it.
    const found = inspect(folder);
    decide(folder, found, fresh.identity, resume, force);
    const old = found.state === "nothing" ? undefined : found.manifest;
    sweep(folder, old ?? fresh);
    if (old && force) removeFiles(folder, ["result.json", ...old.files]);
    const manifest = old && resume ? old : fresh;
    writeManifest(folder, manifest);
    const run = new Run(folder, manifest, lock);
    setContinuation(continueCommand(experiment), () => run.forget(made));
    return run;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** What a run that was killed at its very end has left. */
function clearCheckpoints(folder: string): void {
  const lock = lockFolder(folder);
  try {
    const found = inspect(folder);
    if (found.state !== "finished") return;
    sweep(folder, found.manifest);
    removeCheckpoints(folder, found.manifest);
  } finally {
    lock.release();
  }
}

function removeCheckpoints(folder: string, manifest: Manifest): void {
  const done = manifest.files.filter((file) => file.startsWith("checkpoints/"));
  if (done.length === 0) return;
  removeFiles(folder, done);
  manifest.files = manifest.files.filter((file) => !done.includes(file));
  writeManifest(folder, manifest);
}

/** `reports/<experiment>/<profile>-<seed>` of the project, whatever the current directory is. */
export function defaultFolder(run: { experiment: string; profile: string; seed: number }): string {
  return join(PROJECT_ROOT, "reports", run.experiment, `${run.profile}-${run.seed}`);
}

function decide(folder: string, found: Found, identity: Identity, resume: boolean, force: boolean): void {
  if (found.state === "nothing") {
    if (resume) throw new InputError(`there is no run to resume in ${folder}: leave out --resume, or correct --out`);
  } else if (force) {
    return;
  } else if (found.state === "finished") {
    throw finishedAlready(folder, found.manifest, identity, resume);
  } else if (resume) {
    checkSameRun(folder, found.manifest.identity, identity);
  } else {
    throw new InputError(`${folder} holds an unfinished run: use --resume to continue it, or --force to start over`);
  }
}

/** A finished run is shown again where it is the one that is asked for, also of an earlier state of the program; of other parameters, data or adapters it is in the way. */
function finishedAlready(folder: string, { identity: old, end }: Manifest, now: Identity, resume: boolean): Error {
  const { edited: parts, data, differing } = differences(old, now);
  const isVersion = (one: string) => one.startsWith("patchwise was");
  const edited = [...differing.filter(isVersion), ...parts];
  const other = [...data, ...differing.filter((one) => !isVersion(one))];
  if (other.length > 0) {
    const remedy = resume ? "there is nothing to resume" : "it is not overwritten";
    const more = other.length > 1 ? ` (and ${other.length - 1} more)` : "";
    return new InputError(
      `${folder} holds a finished run, ${remedy}; ${other[0]}${more}: take another --seed or --out, or --force to delete it and start over`,
    );
  }
  const report = join(folder, "index.html");
  const gone = [report, join(folder, "result.json")].find((path) => !existsSync(path));
  if (gone) return new InputError(`${gone} is missing from a finished run: --force deletes the run and makes it anew`);
  const since = edited.length > 0 ? `, by an earlier state of the program (${edited.join(", ")})` : "";
  const message = `finished already${since}, and shown again; to start over: ${restartCommand(now.experiment)}`;
  return new FinishedRun(message, report, end ?? { table: null, warnings: [], failed: false });
}

/** An open run. Everything it writes is recorded first, so that `--force` can delete exactly that. */
export class Run {
  readonly folder: string;
  readonly profile: string;
  readonly seed: number;
  readonly #manifest: Manifest;
  readonly #metadata: Metadata;
  readonly #earlier: Record<string, number>;
  readonly #opened = performance.now();
  readonly #running = new Map<string, number>();
  readonly #spent = new Map<string, number>();
  readonly #equations: Record<string, EquationResult> = {};
  readonly #trainings: Training[] = [];
  readonly #stages = new Set<string>();
  readonly #lock: Lock;
  #open = true;

  /** Use `openRun`. */
  constructor(folder: string, manifest: Manifest, lock: Lock) {
    const { identity } = manifest;
    this.folder = folder;
    this.profile = identity.profile;
    this.seed = identity.seed;
    this.#manifest = manifest;
    this.#metadata = { experiment: identity.experiment, run: identityHash(identity) };
    this.#earlier = { ...manifest.seconds };
    this.#lock = lock;
  }

  /**
   * The value that `work` returns, kept in `checkpoints/<name>.safetensors` in its file format until the run is finished: a resumed run
   * reads it instead of working again. Each name once per run. Before and after is a stop point.
   */
  async keep<T>(name: string, format: Format<T>, work: (partial: Partial) => Promise<T>): Promise<T> {
    let made: { value: T } | undefined;
    const stored = await this.#stage(name, async (partial) => {
      made = { value: await work(partial) };
      return format.write(made.value);
    });
    if (made) return made.value;
    try {
      return format.read(stored);
    } catch (error) {
      const path = join(this.folder, `checkpoints/${name}.safetensors`);
      throw error instanceof InputError ? new InputError(`${path}: ${error.message}; ${DELETE_REMEDY}`) : error;
    }
  }

  async #stage(name: string, work: (partial: Partial) => Promise<Stored>): Promise<Stored> {
    checkName(name);
    if (this.#stages.has(name)) throw new Error(`stage ${name} is already part of this run`);
    this.#stages.add(name);
    await breathe();
    const file = `checkpoints/${name}.safetensors`;
    const half = `checkpoints/${name}.partial.safetensors`;
    if (existsSync(join(this.folder, file))) return this.#load(file, name);
    let saved = performance.now();
    const result = await work({
      load: () => (existsSync(join(this.folder, half)) ? this.#load(half, `${name}.partial`).tensors : null),
      save: (state) => {
        this.#save(half, state, { stage: `${name}.partial` });
        this.#keepSeconds();
        saved = performance.now();
      },
      due: () => stopRequested() !== undefined || performance.now() - saved > SAVE_MS,
    });
    this.#save(file, result.tensors, { ...result.text, stage: name });
    removeFiles(this.folder, [half]);
    this.#keepSeconds();
    await breathe();
    return result;
  }

  /** Writes `tables/<name>.csv`. */
  table(name: string, rows: ColumnTable): void {
    checkName(name);
    this.#write(`tables/${name}.csv`, (path) => writeCsv(path, rows));
  }

  /** Writes what stays with the results, e.g. an equation: `models/<name>.safetensors`; `equation` is what result.json tells of it. */
  model<T>(name: string, format: Format<T>, value: T, equation?: EquationResult): void {
    checkName(name);
    if (equation) this.#equations[name] = equation;
    const { tensors, text } = format.write(value);
    this.#save(`models/${name}.safetensors`, tensors, text);
  }

  /** Notes a training that is done. */
  training(one: Training): void {
    this.#trainings.push(one);
  }

  /** In the order in which they were noted. */
  get trainings(): readonly Training[] {
    return this.#trainings;
  }

  /** Counts the wall time of `work` as seconds of `name`, also across sittings. Phases do not overlap or nest. */
  async phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (name === "total") throw new Error("the phase total is the sum of all; choose another name");
    if (this.#running.size > 0) throw new Error(`phase ${name} begins inside another one`);
    const start = performance.now();
    this.#running.set(name, start);
    try {
      return await work();
    } finally {
      this.#spent.set(name, (this.#spent.get(name) ?? 0) + since(start));
      this.#running.delete(name);
      if (this.#open) this.#keepSeconds();
    }
  }

  /** The result as it stands, with the seconds until now. */
  result(metrics: Record<string, Metric>): RunResult {
    const { experiment, profile, seed, parameters, adapter } = this.#manifest.identity;
    const equations = this.#equations;
    return {
      ...{ experiment, profile, seed, versions: versions(), adapter, seconds: this.#seconds(), parameters, metrics },
      ...(Object.keys(equations).length > 0 && { equations }),
    };
  }

  /**
   * Writes index.html and then result.json, which makes the run a finished one; removes checkpoints and lock, and
   * shows how it ended (`showEnd`). `page` is the report, or makes it from the result; `warnings` stand with the result. Throws, leaving a run that can be
   * resumed, if a metric is not finite or misnamed, and FailedRun behind all of it.
   */
  async finish(
    metrics: Record<string, Metric>,
    page: string | ((result: RunResult) => string),
    warnings: readonly string[] = [],
    { failed = false, table = null }: { readonly failed?: boolean; readonly table?: EndTable | null } = {},
  ): Promise<void> {
    const result = { ...this.result(metrics), date: isoMinute(new Date()), warnings: [...warnings] };
    const text = resultText(result);
    const html = typeof page === "string" ? page : page(result);
    this.#write("index.html", (path) => writeAtomically(path, html));
    this.#write("result.json", (path) => writeAtomically(path, text));
    this.#requireFiles();
    this.#manifest.seconds = result.seconds;
    this.#manifest.finished = true;
    const end = { table, warnings: [...warnings], failed };
    this.#manifest.end = end;
    this.#keepManifest();
    this.#open = false;
    setContinuation(undefined);
    try {
      removeCheckpoints(this.folder, this.#manifest);
    } catch (error) {
      // All of the run is there; what could not be removed goes when the folder is used again.
      if (!(error instanceof StorageError || error instanceof InputError)) throw error;
      say(error.message);
    }
    this.#lock.release();
    showEnd(end, join(this.folder, "index.html"));
  }

  /** Gives the folder back unfinished. The end of the process does the same. */
  close(): void {
    this.#open = false;
    setContinuation(undefined);
    this.#lock.release();
  }

  /**
   * Gives the folder back, empty if nothing is kept in it: it does not stand in the way of other parameters. `made`: the uppermost folder that was
   * made for it, if any, which goes with it.
   */
  forget(made: string | undefined): void {
    if (!this.#open) return;
    const isEmpty = this.#manifest.files.length === 0 && this.#lock.holds();
    if (isEmpty) forgetManifest(this.folder);
    this.close();
    if (!isEmpty || made === undefined) return;
    for (let place = this.folder; place.length >= made.length; place = dirname(place)) removeEmpty(place);
  }

  /** Files go nowhere but into the folder that was opened. */
  #write(file: string, write: (path: string) => void): void {
    if (!this.#open) throw new Error(`${file} cannot be written: the run is closed`);
    if (!this.#manifest.files.includes(file)) {
      this.#manifest.files.push(file);
      this.#keepManifest();
    }
    this.#requireFolder();
    write(join(this.folder, file));
  }

  #keepManifest(): void {
    this.#requireFolder();
    writeManifest(this.folder, this.#manifest);
  }

  #requireFolder(): void {
    if (this.#lock.holds()) return;
    this.#open = false;
    setContinuation(undefined);
    throw new StorageError(
      `${this.folder} was removed or renamed while the run was working: nothing more is written; where it was renamed, continue with that --out and --resume`,
    );
  }

  /** Throws StorageError for a file of the run that somebody has taken away. */
  #requireFiles(): void {
    const gone = this.#manifest.files.find(
      (file) => !file.startsWith("checkpoints/") && !existsSync(join(this.folder, file)),
    );
    if (gone === undefined) return;
    throw new StorageError(`${join(this.folder, gone)} was removed while the run was working: continue with --resume`);
  }

  #save(file: string, tensors: Tensors, metadata: Metadata): void {
    this.#write(file, (path) => writeSafetensors(path, tensors, { ...this.#metadata, ...metadata }));
  }

  #load(file: string, stage: string): Stored {
    const path = join(this.folder, file);
    const { tensors, metadata } = readSafetensors(path, DELETE_REMEDY);
    if (metadata.stage !== stage || metadata.run !== this.#metadata.run) {
      throw new InputError(`${path} is not a checkpoint of stage ${stage} of this run: ${DELETE_REMEDY}`);
    }
    return { tensors, text: metadata };
  }

  #seconds(): Record<string, number> {
    const seconds = { ...this.#earlier };
    const add = (name: string, time: number) => {
      seconds[name] = Math.round(((seconds[name] ?? 0) + time) * 1000) / 1000;
    };
    for (const [name, time] of this.#spent) add(name, time);
    for (const [name, start] of this.#running) add(name, since(start));
    add("total", since(this.#opened));
    return plainJson(seconds, "seconds") as Record<string, number>;
  }

  #keepSeconds(): void {
    this.#manifest.seconds = this.#seconds();
    this.#keepManifest();
  }
}

const since = (start: number) => (performance.now() - start) / 1000;
