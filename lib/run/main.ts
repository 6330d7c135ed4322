// The outermost function of every script: exit codes, messages without stack traces, Ctrl-C.
import { InputError } from "../errors.ts";
import { HelpRequest } from "./command-line.ts";
import { getContinuation, requestStop, Stopped, stopRequested } from "./stop.ts";
import { FailedRun } from "./verdict.ts";

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
/** After a failure, the time that handles still open (a device, a timer) get to close before the process ends, ms. */
const GRACE_MS = 1_000;

/**
 * Runs a script's work and sets the exit code: 0 done; 2 for InputError (the message alone); 1 for FailedRun (the message alone) and
 * other errors (with stack); 130 or 143 after SIGINT or SIGTERM, which stop the work at its next stop point. A second signal ends the
 * process at once. A signal is only seen between two turns of the event loop: a long synchronous loop must call
 * `await breathe()` (stop.ts) now and then.
 */
export async function main(work: () => Promise<void>): Promise<void> {
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopRequested()) {
      for (const name of Object.keys(SIGNALS)) process.removeAllListeners(name);
      process.kill(process.pid, signal);
      return;
    }
    requestStop(signal);
    say(
      `stopping after the current piece of work; ${signal === "SIGINT" ? "Ctrl-C again" : "the same again"} ends it at once`,
    );
  };
  const onStray = (error: unknown) => fail(error);
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  process.on("unhandledRejection", onStray);
  process.on("uncaughtException", onStray);
  try {
    await work();
  } catch (error) {
    if (error instanceof HelpRequest) process.stdout.write(`${error.message}\n`);
    else fail(error);
  } finally {
    // Signal handlers do not keep the process alive; they go so that Ctrl-C works as usual if something else does.
    for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
    process.off("unhandledRejection", onStray);
    process.off("uncaughtException", onStray);
  }
}

function fail(error: unknown): void {
  process.exitCode = report(error);
  setTimeout(() => process.exit(), GRACE_MS).unref();
}

function report(error: unknown): number {
  const next = getContinuation();
  if (error instanceof Stopped) {
    say(next ? `stopped; continue with: ${next}` : "stopped");
    return SIGNALS[stopRequested() as keyof typeof SIGNALS] ?? 1;
  }
  if (error instanceof FailedRun) {
    say(error.message);
    return 1;
  }
  const bad = error instanceof InputError;
  say(bad ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (next) say(`what is done is kept; continue with: ${next}`);
  return bad ? 2 : 1;
}

function say(text: string): void {
  // A bar may stand on the terminal's line: start on a clear one.
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
}
