// Processes that tests start: their output is read from the first byte on, and nobody waits for one that is dead.
import { type AdapterKind, NoAdapterError, openGpu } from "../lib/gpu/adapter.ts";
import type { PROGRAMS } from "./child.ts";
import { defined, ROOT } from "./fixtures.ts";

/** How a process ended, and all that it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

/** A process that was started. */
export interface Child {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Whether it has not ended yet. */
  isAlive(): boolean;
  kill(signal?: "SIGHUP" | "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** Waits until `seen()` is true. Throws as soon as the process ends before, with what it wrote. */
  until(seen: () => boolean): Promise<void>;
}

export interface StartOptions {
  readonly cwd?: string;
  /** Variables beside the inherited ones; undefined takes one away. */
  readonly env?: Record<string, string | undefined>;
  /** Words before the command, e.g. a shell that sets limits. */
  readonly before?: readonly string[];
}

/** Starts Bun with `args`; it does not think itself a test. */
export function start(args: readonly string[], { cwd = ROOT, env = {}, before = [] }: StartOptions = {}): Child {
  const running = Bun.spawn([...before, process.execPath, ...args], {
    cwd,
    env: { ...process.env, NODE_ENV: "production", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  // A test that fails leaves no process behind.
  const atExit = () => running.kill("SIGKILL");
  process.on("exit", atExit);
  const end = async (): Promise<Ended> => {
    const text = (stream: ReadableStream) => new Response(stream).text();
    const [out, err] = await Promise.all([text(running.stdout), text(running.stderr), running.exited]);
    process.off("exit", atExit);
    return {
      code: running.exitCode,
      signal: running.signalCode === null ? null : String(running.signalCode),
      out,
      err,
    };
  };
  const ended = end();
  const isAlive = () => running.exitCode === null && running.signalCode === null;
  return {
    pid: running.pid,
    ended,
    isAlive,
    kill: (signal = "SIGKILL") => running.kill(signal),
    async until(seen) {
      while (!seen()) {
        const alive = isAlive();
        await Bun.sleep(5);
        if (!alive && !seen()) {
          const { code, signal, out, err } = await ended;
          throw new Error(`${args.join(" ")} ended with ${code ?? signal} before what was waited for:\n${out}${err}`);
        }
      }
    },
  };
}

/** Starts Bun with `args` and waits for its end. */
export function run(args: readonly string[], options?: StartOptions): Promise<Ended> {
  return start(args, options).ended;
}

/** What a program of child.ts prints, from a process of its own. Throws unless it ends by itself with code 0. */
export async function inChild<K extends keyof typeof PROGRAMS>(
  name: K,
  env?: StartOptions["env"],
): Promise<Awaited<ReturnType<(typeof PROGRAMS)[K]>>> {
  const { code, signal, out, err } = await run(["test/child.ts", name], { env });
  if (code !== 0) throw new Error(`${name} ended with ${code ?? signal}:\n${out}${err}`);
  // Dawn itself writes errors that no scope watches for on stdout.
  return JSON.parse(defined(out.trim().split("\n").at(-1)));
}

/** A kind of adapter; `note` says of a missing one, in the name of a test, why it is skipped. */
export interface OtherAdapter {
  readonly kind: AdapterKind;
  readonly missing: boolean;
  readonly note: string;
}

/** The kinds of adapter beside the one in use. */
export function otherAdapters(used: AdapterKind): Promise<OtherAdapter[]> {
  const kinds = (["hardware", "system", "bundled"] as const).filter((kind) => kind !== used);
  const missing = async (kind: AdapterKind) => {
    const error = await openGpu(kind).then(
      () => null,
      (error: unknown) => error,
    );
    if (error !== null && !(error instanceof NoAdapterError)) throw error;
    return error !== null;
  };
  return Promise.all(
    kinds.map(async (kind) => {
      const gone = await missing(kind);
      return { kind, missing: gone, note: gone ? ` (skipped: no ${kind} adapter on this machine)` : "" };
    }),
  );
}
