// Systems that another program simulates, in any language: requests on its standard input, answers on its standard output, each a line of JSON and raw bytes.
//
// A request is {"protocol": 1, "verb", …, "parts": [bytes, …]} and a newline, then the parts one behind the other; an answer {"parts": […], …} or {"error": "…"} likewise.
// Bytes of systems stand in the order of their sites, last dimension fastest, part after part, system after system, float32 and integers little-endian.
//   hello    {}                                     → name, dimension, observables [{name, symbol, unit, range?}], sites "bytes"|"floats", numbers? (of a site), step? (of time, of one that moves in steps), parameters {name: {default, meaning, min?, max?}}, starts? [names]
//   open     {values: {name: number}, side: patch}  → {}
//   initial  {side, count, stream, common}  parts: cohort of each, uint32   → systems
//   start    {index, side, count, stream}                                   → systems
//   evolve   {side, count, time, stream, region: null | side}  parts: systems, corners [count][dimension] int32 (if there is a region)   → systems
//   observe  {side, count}                  parts: systems                  → float64 [count][observables]
// It ends when its input is closed, and ignores SIGINT, which a terminal sends to it too.
// `stream` and `common` are lists of integers that seed generators: the same list always has to give the same answer.
import type { Subprocess } from "bun";
import { InputError, ProgramError } from "../errors.ts";
import { pause, unlessStopped } from "../gpu/pace.ts";
import type { Stream } from "../random/stream.ts";
import { type Engine, type Region, type Sites, wrongDescription } from "./simulator.ts";
import type { Observable } from "./system.ts";

const PROTOCOL = 1;
/** Systems that share random numbers, and are sent at once. */
const LANES = 64;
/** Lines of what a program says on standard error that are told when it fails. */
const LAST_LINES = 5;
const HELLO_SECONDS = 60;

/** What a program says of itself. */
export interface Hello {
  readonly name: string;
  readonly dimension: number;
  readonly observables: readonly Observable[];
  readonly sites: "bytes" | "floats";
  readonly parts: number;
  readonly step?: number;
  readonly parameters: Readonly<Record<string, { default: number; meaning: string; min?: number; max?: number }>>;
  readonly starts: readonly string[];
}

type Bytes = Uint8Array | Uint32Array | Int32Array | Float32Array;

/** One process of a program, which answers one request at a time. */
class Worker {
  readonly #command: readonly string[];
  readonly #process: Subprocess<"pipe", "pipe", "pipe">;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #said: string[] = [];
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(command: readonly string[]) {
    this.#command = command;
    try {
      this.#process = Bun.spawn([...command], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    } catch (error) {
      throw new InputError(`--exec: ${command[0]} does not start: ${(error as Error).message.split("\n")[0]}`);
    }
    this.#reader = this.#process.stdout.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    void this.#listen();
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of this.#process.stderr) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      this.#said.push(...lines.filter((line) => line.trim() !== ""));
      this.#said.splice(0, Math.max(0, this.#said.length - LAST_LINES));
    }
    if (rest.trim()) this.#said.push(rest);
  }

  /** Throws ProgramError where the program ends, answers nonsense, says that it failed, or takes too long. */
  async ask(
    verb: string,
    head: object,
    parts: readonly Bytes[],
    seconds: number,
  ): Promise<{ head: Record<string, unknown>; parts: Uint8Array[] }> {
    const bytes = parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    const line = JSON.stringify({ protocol: PROTOCOL, verb, ...head, parts: bytes.map((part) => part.length) });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.#failed(verb, `took more than ${seconds} seconds, raise --exec-seconds if it needs them`)),
        1000 * seconds,
      );
    });
    try {
      return await unlessStopped(Promise.race([late, this.#answer(verb, line, bytes)]));
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(verb: string, line: string, bytes: readonly Uint8Array[]) {
    try {
      this.#process.stdin.write(`${line}\n`);
      for (const part of bytes) this.#process.stdin.write(part);
      await this.#process.stdin.flush();
    } catch {
      throw await this.#ended(verb);
    }
    const text = new TextDecoder().decode(await this.#line(verb));
    let head: Record<string, unknown>;
    try {
      head = JSON.parse(text);
    } catch {
      throw this.#failed(
        verb,
        `answered ${JSON.stringify(text.slice(0, 60))}, which is no line of JSON; print nothing else on standard output`,
      );
    }
    if (typeof head.error === "string") throw this.#failed(verb, `failed: ${head.error}`);
    const sizes = Array.isArray(head.parts) ? (head.parts as number[]) : [];
    const out: Uint8Array[] = [];
    for (const size of sizes) out.push(await this.#take(verb, size));
    return { head, parts: out };
  }

  async #line(verb: string): Promise<Uint8Array> {
    for (let looked = 0; ; ) {
      const all = this.#joined();
      const end = all.indexOf(10, looked);
      if (end >= 0) return this.#cut(end + 1).subarray(0, end);
      looked = all.length;
      await this.#more(verb);
    }
  }

  async #take(verb: string, size: number): Promise<Uint8Array> {
    while (this.#length < size) await this.#more(verb);
    return this.#cut(size);
  }

  #joined(): Uint8Array {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  #cut(size: number): Uint8Array {
    const all = this.#joined();
    this.#chunks = [all.subarray(size)];
    this.#length = all.length - size;
    // A copy of its own, aligned for numbers; that of a Buffer would share its memory.
    return new Uint8Array(all.subarray(0, size));
  }

  async #more(verb: string): Promise<void> {
    const { value, done } = await this.#reader.read();
    if (done || !value) throw await this.#ended(verb);
    this.#chunks.push(value);
    this.#length += value.length;
  }

  async #ended(verb: string): Promise<ProgramError> {
    const code = await this.#process.exited;
    await Bun.sleep(50);
    return this.#failed(verb, `ended with exit code ${code}`);
  }

  #failed(verb: string, what: string): ProgramError {
    const said = this.#said.length > 0 ? `; its last lines: ${this.#said.join(" | ")}` : "";
    return new ProgramError(`${this.#command.join(" ")}, asked to ${verb}, ${what}${said}`);
  }

  close(): void {
    this.#process.kill();
  }
}

/** A program, several processes of it beside each other. Closed at the end of this process at the latest. */
export class ExternalEngine implements Engine {
  readonly hello: Hello;
  readonly lanes = LANES;
  readonly #workers: Worker[];
  readonly #seconds: number;

  private constructor(hello: Hello, workers: Worker[], seconds: number) {
    this.hello = hello;
    this.#workers = workers;
    this.#seconds = seconds;
  }

  /** Asks a program who it is. Throws InputError for one that does not start or says what cannot be. */
  static async meet(command: readonly string[]): Promise<Hello> {
    const worker = new Worker(command);
    try {
      const { head } = await worker.ask("hello", {}, [], HELLO_SECONDS);
      return checkedHello(head, command.join(" "));
    } catch (error) {
      // Before anything was done: the command is to blame.
      throw error instanceof ProgramError ? new InputError(`--exec: ${error.message}`) : error;
    } finally {
      worker.close();
    }
  }

  /** Processes of a program, told what values its parameters have and which side patches have. */
  static async open(
    command: readonly string[],
    hello: Hello,
    values: Readonly<Record<string, number>>,
    { patch, processes, seconds }: { readonly patch: number; readonly processes: number; readonly seconds: number },
  ): Promise<ExternalEngine> {
    const workers = Array.from({ length: processes }, () => new Worker(command));
    const engine = new ExternalEngine(hello, workers, seconds);
    process.once("exit", () => engine.close());
    await Promise.all(
      workers.map(async (worker) => {
        await worker.ask("hello", {}, [], HELLO_SECONDS);
        await worker.ask("open", { values, side: patch }, [], seconds);
      }),
    );
    return engine;
  }

  get dimension(): number {
    return this.hello.dimension;
  }

  get observables(): readonly Observable[] {
    return this.hello.observables;
  }

  get sites(): "bytes" | "floats" {
    return this.hello.sites;
  }

  get parts(): number {
    return this.hello.parts;
  }

  get step(): number | undefined {
    return this.hello.step;
  }

  async initial(side: number, stream: Stream, cohorts: Uint32Array, common: Stream): Promise<Sites[]> {
    const made = await this.#spread(cohorts.length, async (worker, from, to) => {
      const head = { side, count: to - from, stream: seedsOf(stream, from), common: seedsOf(common, 0) };
      const { parts } = await worker.ask("initial", head, [cohorts.slice(from, to)], this.#seconds);
      return this.#systems(parts[0], to - from, side, "initial");
    });
    return made.flat();
  }

  async start(index: number, count: number, side: number, stream: Stream): Promise<Sites[]> {
    const made = await this.#spread(count, async (worker, from, to) => {
      const head = { index, side, count: to - from, stream: seedsOf(stream, from) };
      const { parts } = await worker.ask("start", head, [], this.#seconds);
      return this.#systems(parts[0], to - from, side, "start");
    });
    return made.flat();
  }

  async evolve(
    systems: readonly Sites[],
    side: number,
    regions: readonly Region[] | null,
    time: number,
    stream: Stream,
    first = 0,
  ): Promise<void> {
    await this.#spread(systems.length, async (worker, from, to) => {
      const corners = regions && Int32Array.from(regions.slice(from, to).flatMap(({ corner }) => [...corner]));
      const head = {
        ...{ side, count: to - from, time, stream: seedsOf(stream, first + from) },
        region: regions ? regions[from].side : null,
      };
      const given = [joined(systems.slice(from, to)), ...(corners ? [corners] : [])];
      const { parts } = await worker.ask("evolve", head, given, this.#seconds);
      for (const [k, moved] of this.#systems(parts[0], to - from, side, "evolve").entries())
        systems[from + k].set(moved);
    });
  }

  async observe(systems: readonly Sites[], side: number): Promise<number[][]> {
    const d = this.observables.length;
    const rows = await this.#spread(systems.length, async (worker, from, to) => {
      const { parts } = await worker.ask(
        "observe",
        { side, count: to - from },
        [joined(systems.slice(from, to))],
        this.#seconds,
      );
      const size = 8 * d * (to - from);
      if (parts[0]?.length !== size)
        throw new ProgramError(
          `the program gave ${parts[0]?.length ?? 0} bytes of observables, not ${size}: float64, one row a system`,
        );
      const values = new Float64Array(parts[0].buffer);
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) throw new ProgramError(`the program observed ${this.observables[bad % d].name} as ${values[bad]}`);
      return Array.from({ length: to - from }, (_, r) => Array.from(values.subarray(r * d, (r + 1) * d)));
    });
    return rows.flat();
  }

  close(): void {
    for (const worker of this.#workers) worker.close();
  }

  /** Does `work` for lanes after lanes of `count` systems, as many at once as there are processes. */
  async #spread<T>(count: number, work: (worker: Worker, from: number, to: number) => Promise<T>): Promise<T[]> {
    const done: T[] = [];
    let next = 0;
    await Promise.all(
      this.#workers.map(async (worker) => {
        while (next < count) {
          const from = next;
          next += LANES;
          done[from / LANES] = await work(worker, from, Math.min(count, from + LANES));
          pause();
        }
      }),
    );
    return done;
  }

  #systems(bytes: Uint8Array | undefined, count: number, side: number, verb: string): Sites[] {
    const numbers = this.parts * side ** this.dimension;
    const width = numbers * (this.sites === "bytes" ? 1 : 4);
    if (bytes?.length !== count * width)
      throw new ProgramError(
        `the program, asked to ${verb}, gave ${bytes?.length ?? 0} bytes, not ${count * width}: ${count} systems of ${width}`,
      );
    return Array.from({ length: count }, (_, r) => {
      const own = bytes.slice(r * width, (r + 1) * width);
      return this.sites === "bytes" ? own : new Float32Array(own.buffer);
    });
  }
}

const seedsOf = ({ seed, purpose, replica, step }: Stream, first: number) => [seed, purpose, replica + first, step];

function joined(systems: readonly Sites[]): Uint8Array {
  return Buffer.concat(systems.map((one) => new Uint8Array(one.buffer, one.byteOffset, one.byteLength)));
}

/** Throws InputError for what cannot be. */
function checkedHello(head: Record<string, unknown>, command: string): Hello {
  const wrong = (what: string) =>
    new InputError(`--exec ${command}: it says ${what}; the command new writes one that is right`);
  const said = head as unknown as Partial<Omit<Hello, "parts"> & { numbers: number }>;
  const {
    name,
    dimension,
    observables,
    sites = "bytes",
    numbers: parts = 1,
    parameters = {},
    starts = [],
    step,
  } = said;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name))
    throw wrong("no name of small letters, digits and hyphens");
  const problem = wrongDescription({ dimension, observables, sites, parts, step });
  if (problem) throw wrong(problem);
  return {
    name,
    dimension: dimension as number,
    observables: (observables as Observable[]).map((one) => ({ ...one, unit: one.unit ?? "1" })),
    ...{ sites, parts, parameters, starts, ...(step !== undefined && { step }) },
  };
}
