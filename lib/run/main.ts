// The outermost function of every script: exit codes, messages without stack traces, signals.
import { relative } from "node:path";
import { InputError, ProgramError, Stopped, StorageError } from "../errors.ts";
import { onPace, onPause } from "../gpu/pace.ts";
import { fileError } from "../io/file-error.ts";
import { HelpRequest } from "./command-line.ts";
import { isFromStarter } from "./command-text.ts";
import { FailedRun, FinishedRun, showEnd } from "./finished.ts";
import { BrokenOutput, outputEnd, print, say, watchStreams } from "./output.ts";
import { endProgress, tellLeft } from "./progress.ts";
import { PROJECT_ROOT } from "./provenance.ts";
import { getContinuation, refuse, requestStop, stopIfLate, stopRequested } from "./stop.ts";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;
const NAMES = Object.keys(SIGNALS) as Signal[];
/** A signal to a whole process group arrives once more from each program that passes it on: within this time it is the same one, ms. */
const SAME_MS = 1_000;
/** After a failure, the time that handles still open (a device, a timer) get to close before the process ends, ms. */
const GRACE_MS = 1_000;
/** How often a program looks whether the one that started it for a user is still there, ms. */
const WATCH_MS = 500;

/**
 * Runs a script's work and sets the exit code: 0 done; 2 for InputError (the message alone); 1 for FailedRun, StorageError and broken standard
 * output (the message alone) and other errors (with stack); 129, 130 or 143 after SIGHUP, SIGINT or SIGTERM, which stop the work at its next stop point, as does
 * the end of the program that `scripts/start.mjs` is, and give up long work on the GPU two seconds later. The same again a second later ends the process at once. A signal is only seen between two
 * turns of the event loop: a long synchronous loop must call `await breathe()` (stop.ts) now and then. `losesNothing`: work that a signal ends at once, wherever it is.
 */
export async function main(work: () => Promise<void>, { losesNothing = false } = {}): Promise<void> {
  watchStreams();
  let first = Number.NEGATIVE_INFINITY;
  const onSignal = (signal: Signal) => {
    if (!stopRequested()) {
      first = performance.now();
      requestStop(signal);
      const again = signal === "SIGINT" ? "Ctrl-C again" : "the same again";
      say(`stopping after the current piece of work; ${again}, a second later, ends it at once`);
    } else if (performance.now() - first > SAME_MS) {
      for (const name of NAMES) process.removeAllListeners(name);
      process.kill(process.pid, signal);
    }
  };
  const onStray = (error: unknown) => fail(error);
  if (!losesNothing) for (const signal of NAMES) process.on(signal, onSignal);
  process.on("unhandledRejection", onStray);
  process.on("uncaughtException", onStray);
  onPause(stopIfLate);
  onPace(tellLeft);
  const watch = watchStarter(() => (losesNothing ? process.exit(SIGNALS.SIGHUP) : onSignal("SIGHUP")));
  try {
    enterCallersFolder();
    await work();
    await outputEnd();
  } catch (error) {
    if (error instanceof HelpRequest) await printed(() => print(error.message));
    else if (error instanceof FinishedRun) await printed(() => shownAgain(error));
    else fail(error);
  } finally {
    clearInterval(watch);
    // Signal handlers do not keep the process alive; they go so that Ctrl-C works as usual if something else does.
    for (const signal of NAMES) process.off(signal, onSignal);
    process.off("unhandledRejection", onStray);
    process.off("uncaughtException", onStray);
  }
}

function shownAgain({ message, report, end }: FinishedRun): void {
  say(message);
  showEnd(end, report);
}

/** What is printed in place of work. */
async function printed(write: () => void): Promise<void> {
  try {
    write();
    await outputEnd();
  } catch (error) {
    fail(error);
  }
}

/** npm runs scripts in the project's folder, whatever the user's is: paths are meant, and shown, from there. */
function enterCallersFolder(): void {
  try {
    process.cwd();
  } catch {
    throw new InputError("the current folder was removed: change to another one");
  }
  const { INIT_CWD, npm_lifecycle_event } = process.env;
  if (!INIT_CWD || npm_lifecycle_event === undefined || relative(PROJECT_ROOT, process.cwd()) !== "") return;
  try {
    process.chdir(INIT_CWD);
  } catch (error) {
    throw fileError(error, "use", INIT_CWD);
  }
}

/** Calls once the process that started this one for a user (start.mjs says so) is gone. */
function watchStarter(onGone: () => void): NodeJS.Timeout | undefined {
  if (!isFromStarter()) return undefined;
  const starter = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === starter) return;
    clearInterval(timer);
    onGone();
  }, WATCH_MS);
  timer.unref();
  return timer;
}

/** Values between commas that a message shows of a list, and how many there are of one that it shows in full. */
const [SHOWN, IN_FULL] = [6, 12];

/** A message with the lists in it cut short. */
function withShortLists(message: string): string {
  return message.replace(/[^\s,]+(?:, ?[^\s,]+)+/g, (list) => {
    const values = list.split(/, ?/);
    return values.length > IN_FULL ? `${values.slice(0, SHOWN).join(",")},… (${values.length} in all)` : list;
  });
}

function fail(error: unknown): void {
  endProgress();
  process.exitCode = report(error);
  setTimeout(() => process.exit(), GRACE_MS).unref();
}

function report(error: unknown): number {
  const next = getContinuation();
  if (error instanceof Stopped) {
    say(next ? `stopped; continue with: ${next}` : "stopped");
    return SIGNALS[stopRequested() as Signal] ?? 1;
  }
  if (error instanceof FailedRun || error instanceof BrokenOutput) {
    if (error.message) say(error.message);
    return 1;
  }
  // It would end in the same way again.
  if (error instanceof InputError) {
    say(withShortLists(error.message));
    refuse();
    return 2;
  }
  const failing = error instanceof StorageError || error instanceof ProgramError;
  say(failing ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (next) say(`what is done is kept; continue with: ${next}`);
  return 1;
}
