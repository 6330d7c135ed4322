// Ctrl-C without loss: a signal is only noted here, and the work ends itself at the next place where it is safe.
import { Stopped } from "../errors.ts";

/** Long work saves what it has so often, ms. */
export const SAVE_MS = 15_000;
/** Work that comes to no stop point within this time after a signal is given up where it stands, ms. */
const PATIENCE_MS = 2_000;

let requested: NodeJS.Signals | undefined;
let since = 0;
let isHeld = false;
let continuation: string | undefined;
let refused: () => void = () => {};

/** Notes that the user wants to stop. */
export function requestStop(signal: NodeJS.Signals): void {
  requested = signal;
  since = performance.now();
}

/** The signal that asked to stop, if any. A long loop saves its state before it calls `stopPoint` or `progress.add`. */
export function stopRequested(): NodeJS.Signals | undefined {
  return requested;
}

/** Throws Stopped if a stop was requested. Call it where everything worth keeping is saved. */
export function stopPoint(): void {
  if (requested) throw new Stopped(`stopped by ${requested}`);
}

/** Throws Stopped where a stop was requested, and no stop point has come for long: what was not saved is lost. */
export function stopIfLate(): void {
  if (!isHeld && requested && performance.now() - since > PATIENCE_MS) stopPoint();
}

/** Work that is not given up, however late it is: what saves what was done. */
export async function uninterrupted<T>(work: () => Promise<T>): Promise<T> {
  isHeld = true;
  try {
    return await work();
  } finally {
    isHeld = false;
  }
}

/** Lets signals (and timers) in, which a long synchronous computation keeps out, then is a stop point. */
export async function breathe(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  stopPoint();
}

/**
 * Says what a user can do to go on after a stop, e.g. the command with `--resume`; undefined takes it back. `onRefusal` is called where input turns out
 * to be impossible after all, and going on would end in the same way.
 */
export function setContinuation(text: string | undefined, onRefusal: () => void = () => {}): void {
  continuation = text;
  refused = onRefusal;
}

/** Lets whoever could go on know that it would be in vain; whether that can be tidied up or not. */
export function refuse(): void {
  try {
    refused();
  } catch {}
}

export function getContinuation(): string | undefined {
  return continuation;
}
