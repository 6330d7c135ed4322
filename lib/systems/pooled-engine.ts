// A simulator on all cores: systems are moved by workers beside each other, to the same bytes as one after the other.
import type { Worker } from "node:worker_threads";
import { pause } from "../gpu/pace.ts";
import type { Stream } from "../random/stream.ts";
import type { Engine, LocalEngine, Region, Simulator, Sites } from "./simulator.ts";
import type { Observable } from "./system.ts";

/** What a worker is asked for: systems `from` on of a call. */
export type Task =
  | { readonly verb: "initial"; side: number; stream: Stream; cohorts: Uint32Array; common: Stream }
  | { readonly verb: "start"; index: number; count: number; side: number; stream: Stream }
  | {
      readonly verb: "evolve";
      systems: readonly Sites[];
      side: number;
      regions: readonly Region[] | null;
      time: number;
      stream: Stream;
      first: number;
    }
  | { readonly verb: "observe"; systems: readonly Sites[]; side: number };

/** What a worker is told first: the module of the simulator, and what values its parameters have. */
export interface Told {
  readonly path: string;
  readonly values: Readonly<Record<string, number>>;
}

/** What it answers: systems, or z of each. */
export type Answer = { readonly made: readonly (Sites | readonly number[])[] } | { readonly error: Error };

/** Does a task. */
export async function done(engine: LocalEngine, task: Task): Promise<readonly (Sites | readonly number[])[]> {
  if (task.verb === "initial") return engine.initial(task.side, task.stream, task.cohorts, task.common);
  if (task.verb === "start") return engine.start(task.index, task.count, task.side, task.stream);
  if (task.verb === "observe") return engine.observe(task.systems, task.side);
  await engine.evolve(task.systems, task.side, task.regions, task.time, task.stream, task.first);
  return task.systems;
}

/** Less work than this is not worth the way to a worker, ms; and so long a piece for one takes. */
const WORTH_MS = 10;
const PIECE_MS = 50;

/** Workers of one simulator, which begin when there is work for them. */
export class PooledEngine implements Engine {
  readonly dimension: number;
  readonly observables: readonly Observable[];
  readonly sites: "bytes" | "floats";
  readonly parts: number;
  readonly lanes = 1;
  readonly observePatch: Simulator["observePatch"];
  readonly rates: Simulator["rates"];
  readonly #local: LocalEngine;
  readonly #spawn: () => Worker;
  readonly #count: number;
  #workers: Worker[] = [];

  /** `spawn` begins a worker that answers tasks of the same simulator as `local`. */
  constructor(local: LocalEngine, count: number, spawn: () => Worker) {
    this.dimension = local.dimension;
    this.observables = local.observables;
    this.sites = local.sites;
    this.parts = local.parts;
    this.observePatch = local.observePatch;
    this.rates = local.rates;
    this.#local = local;
    this.#count = count;
    this.#spawn = spawn;
  }

  async initial(side: number, stream: Stream, cohorts: Uint32Array, common: Stream): Promise<Sites[]> {
    const task = (from: number, to: number): Task => ({
      ...{ verb: "initial", side, common, stream: after(stream, from) },
      cohorts: cohorts.slice(from, to),
    });
    return (await this.#all(cohorts.length, task)) as Sites[];
  }

  async start(index: number, count: number, side: number, stream: Stream): Promise<Sites[]> {
    const task = (from: number, to: number): Task => ({
      ...{ verb: "start", index, side, count: to - from, stream: after(stream, from) },
    });
    return (await this.#all(count, task)) as Sites[];
  }

  async evolve(
    systems: readonly Sites[],
    side: number,
    regions: readonly Region[] | null,
    time: number,
    stream: Stream,
    first = 0,
  ): Promise<void> {
    const task = (from: number, to: number): Task => ({
      ...{ verb: "evolve", side, time, stream, first: first + from },
      systems: systems.slice(from, to),
      regions: regions?.slice(from, to) ?? null,
    });
    const moved = (await this.#all(systems.length, task)) as Sites[];
    for (const [r, sites] of moved.entries()) if (sites !== systems[r]) systems[r].set(sites);
  }

  async observe(systems: readonly Sites[], side: number): Promise<readonly (readonly number[])[]> {
    const task = (from: number, to: number): Task => ({ verb: "observe", side, systems: systems.slice(from, to) });
    return (await this.#all(systems.length, task)) as (readonly number[])[];
  }

  close(): void {
    for (const worker of this.#workers.splice(0)) void worker.terminate();
  }

  /** Answers to `count` systems: some here, to see how long they take; the others where that is worth it by all workers, piece by piece. */
  async #all(count: number, task: (from: number, to: number) => Task): Promise<(Sites | readonly number[])[]> {
    const all = new Array<Sites | readonly number[]>(count);
    const put = (from: number, made: readonly (Sites | readonly number[])[]) => {
      for (const [k, one] of made.entries()) all[from + k] = one;
    };
    const start = performance.now();
    let next = 0;
    while (next < count && performance.now() - start < WORTH_MS / 2) {
      put(next, await done(this.#local, task(next, next + 1)));
      next++;
    }
    const each = (performance.now() - start) / Math.max(1, next);
    if ((count - next) * each < WORTH_MS) {
      if (next < count) put(next, await done(this.#local, task(next, count)));
      return all;
    }
    const share = Math.ceil((count - next) / (2 * this.#count));
    const piece = Math.max(1, Math.min(share, Math.round(PIECE_MS / each)));
    await Promise.all(
      this.#ready().map(async (worker) => {
        while (next < count) {
          const from = next;
          next = Math.min(count, from + piece);
          put(from, await asked(worker, task(from, next)));
          pause();
        }
      }),
    );
    return all;
  }

  #ready(): readonly Worker[] {
    while (this.#workers.length < this.#count) this.#workers.push(this.#spawn());
    return this.#workers;
  }
}

const after = (stream: Stream, from: number): Stream => ({ ...stream, replica: stream.replica + from });

/** What a worker answers to a task; one at a time. Throws what its verb throws. */
function asked(worker: Worker, task: Task): Promise<readonly (Sites | readonly number[])[]> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once("message", (answer: Answer) => ("error" in answer ? reject(answer.error) : resolve(answer.made)));
    worker.once("error", reject);
    worker.postMessage(task);
  });
}
