// A simulator on all cores: systems are moved by workers beside each other, to the same bytes as one after the other.
import type { Worker } from "node:worker_threads";
import { VerbError } from "../errors.ts";
import { unlessStopped } from "../gpu/pace.ts";
import type { Stream } from "../random/stream.ts";
import { type Engine, type LocalEngine, type Region, SimulatorEngine, type Sites } from "./simulator.ts";

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

/** A task with its number, and what is answered to it: systems, or z of each; or what its verb throws, as a sentence. */
export interface Request {
  readonly number: number;
  readonly task: Task;
}
export type Answer = { readonly number: number } & (
  | { readonly made: readonly (Sites | readonly number[])[] }
  | { readonly error: string }
);

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
export class PooledEngine extends SimulatorEngine implements Engine {
  readonly #local: LocalEngine;
  readonly #spawn: () => Worker;
  readonly #count: number;
  #hands: Hand[] = [];
  /** Tasks that workers have done. */
  #handed = 0;
  /** Calls follow each other. */
  #last: Promise<unknown> = Promise.resolve();

  /** `spawn` begins a worker that answers requests to the same simulator as `local`. */
  constructor(local: LocalEngine, count: number, spawn: () => Worker) {
    super(local);
    this.#local = local;
    this.#count = count;
    this.#spawn = spawn;
  }

  /** How many tasks workers have done so far. */
  get handed(): number {
    return this.#handed;
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

  /** Ends the workers, whatever they do. */
  close(): void {
    for (const hand of this.#hands.splice(0)) hand.close();
  }

  /** Answers to `count` systems, one call after the other. */
  #all(count: number, task: (from: number, to: number) => Task): Promise<(Sites | readonly number[])[]> {
    const work = this.#last.then(() => this.#divided(count, task));
    this.#last = work.catch(() => {});
    return work;
  }

  /** Some here, to see how long they take; the others, where that is worth it, by all workers, piece by piece. */
  async #divided(count: number, task: (from: number, to: number) => Task): Promise<(Sites | readonly number[])[]> {
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
    const pieces = this.#ready().map(async (hand) => {
      while (next < count) {
        const from = next;
        next = Math.min(count, from + piece);
        put(from, await hand.asked(task(from, next)));
        this.#handed++;
      }
    });
    try {
      await unlessStopped(Promise.all(pieces));
    } catch (error) {
      // Others are in the middle of theirs, which nobody wants any more.
      next = count;
      this.close();
      throw error;
    }
    return all;
  }

  #ready(): readonly Hand[] {
    while (this.#hands.length < this.#count) this.#hands.push(new Hand(this.#spawn()));
    return this.#hands;
  }
}

const after = (stream: Stream, from: number): Stream => ({ ...stream, replica: stream.replica + from });

/** A worker, which answers one task at a time. */
class Hand {
  readonly #worker: Worker;
  #number = 0;
  #settle: { resolve(made: readonly (Sites | readonly number[])[]): void; reject(error: Error): void } | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    const failed = (message: string) => this.#settle?.reject(new VerbError(message));
    worker.on("message", (answer: Answer) => {
      if (answer.number !== this.#number) return;
      if ("error" in answer) failed(answer.error);
      else this.#settle?.resolve(answer.made);
    });
    worker.on("error", (error: Error) => failed(`a worker of the module fails: ${error.message}`));
    worker.on("exit", (code: number) => failed(`a worker of the module ended with exit code ${code}`));
  }

  /** Throws VerbError for what a verb throws, or a worker that ends. */
  asked(task: Task): Promise<readonly (Sites | readonly number[])[]> {
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#worker.postMessage({ number, task } satisfies Request);
    });
  }

  close(): void {
    this.#settle = null;
    void this.#worker.terminate();
  }
}
