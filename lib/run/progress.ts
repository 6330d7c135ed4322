// Progress on stderr: a bar with rate and time left on a terminal, one line per 10 % elsewhere.
import { SETTLING } from "../gpu/pace.ts";
import { formatDuration } from "./duration.ts";
import { canRedraw } from "./output.ts";
import { stopPoint } from "./stop.ts";

const BAR = 24;
/** What takes longer is spoken of at once, s, and again only where it takes twice as long as was said. */
const LONG = 600;
/** Redraws of the bar are at least this far apart, ms. */
const REDRAW_MS = 100;

export interface Progress {
  /** Counts `amount` (≥ 0) more units as done. A stop point: save what must not be lost before. */
  add(amount?: number): void;
  /** Ends the bar, at whatever count. */
  done(): void;
}
/** Where and how progress is shown; for tests. */
export interface Display {
  write(text: string): void;
  terminal: boolean;
  columns: number;
  /** Milliseconds of a clock. */
  now(): number;
}

const open: Bar[] = [];

/**
 * Shows the progress of `total` units of work, `start` of them done in an earlier sitting. Inside another progress that
 * is not done, a terminal shows the inner one after the outer, and other outputs only the outer one.
 */
export function progress(label: string, total: number, start = 0, display: Display | null = standard()): Progress {
  if (!(total >= 0) || !(start >= 0)) throw new Error(`progress of ${label}: ${start} of ${total} is not a count`);
  return new Bar(label, total, start, display);
}

/** Does work under a bar, which ends with it, also where it fails. */
export async function withProgress<T>(label: string, total: number, work: (bar: Progress) => Promise<T>): Promise<T> {
  const bar = progress(label, total);
  try {
    return await work(bar);
  } finally {
    bar.done();
  }
}

/** Whether programs print only errors: with PATCHWISE_QUIET=1, and under `bun test`. */
export function isQuiet(): boolean {
  return process.env.PATCHWISE_QUIET === "1" || process.env.NODE_ENV === "test";
}

/** Standard error; null (nothing is shown) when quiet. */
function standard(): Display | null {
  if (isQuiet()) return null;
  const { stderr } = process;
  return {
    write: (text) => stderr.write(text),
    terminal: canRedraw(stderr),
    columns: stderr.columns || 80,
    now: () => performance.now(),
  };
}

let told = 0;

/** Says of work that goes on for so many seconds that it is long, as soon as that is known. */
export function tellLeft(seconds: number, what = "the work under way", display = standard()): void {
  if (!display || !Number.isFinite(seconds) || seconds <= Math.max(LONG, 2 * told)) return;
  told = seconds;
  display.write(
    `${display.terminal ? "\r\x1b[2K" : ""}${what} takes about ${formatDuration(seconds)} more; Ctrl-C stops it\n`,
  );
}

class Bar implements Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #start: number;
  readonly #display: Display | null;
  readonly #began: number;
  #count: number;
  #drawn = Number.NEGATIVE_INFINITY;
  #tenths: number;
  #ended = false;

  constructor(label: string, total: number, start: number, display: Display | null) {
    this.#label = label;
    this.#total = total;
    this.#start = start;
    this.#count = start;
    this.#display = display;
    this.#began = display?.now() ?? 0;
    this.#tenths = Math.floor(this.#share() * 10);
    open.push(this);
    this.#show();
  }

  add(amount = 1): void {
    if (!(amount >= 0)) throw new Error(`progress of ${this.#label} cannot go back by ${amount}`);
    this.#count += amount;
    if (!this.#ended) {
      this.#show();
      if (this.#display && this.#elapsed() > SETTLING) tellLeft(this.#left(), this.#label, this.#display);
    }
    stopPoint();
  }

  done(): void {
    if (this.#ended) return;
    this.#ended = true;
    const inner = open.indexOf(this) > 0;
    open.splice(open.indexOf(this));
    const display = this.#display;
    if (!display?.terminal) return;
    // The line of an outermost bar stays to be read; an inner one gives the line back.
    display.write(inner ? "\r\x1b[2K" : `\r\x1b[2K${this.#label}: ${this.#summary()}\n`);
  }

  #share(): number {
    return this.#total === 0 ? 1 : Math.min(1, this.#count / this.#total);
  }

  #show(): void {
    const display = this.#display;
    if (!display) return;
    if (display.terminal) {
      if (open.at(-1) !== this) return;
      const now = display.now();
      if (now - this.#drawn < REDRAW_MS && this.#share() < 1) return;
      this.#drawn = now;
      const outer = open.slice(0, -1).map((bar) => `${bar.#label} ${bar.#percent()} › `);
      const filled = Math.floor(this.#share() * BAR);
      const bar = "█".repeat(filled) + "░".repeat(BAR - filled);
      const line = `${outer.join("")}${this.#label} ${bar} ${this.#percent()}  ${this.#timing()}`;
      display.write(`\r\x1b[2K${[...line].slice(0, display.columns - 1).join("")}`);
      return;
    }
    const tenths = Math.floor(this.#share() * 10);
    if (open[0] !== this || tenths <= this.#tenths) return;
    this.#tenths = tenths;
    display.write(`${this.#label} ${this.#percent()}: ${tenths === 10 ? this.#summary() : this.#timing()}\n`);
  }

  #percent(): string {
    return `${Math.floor(this.#share() * 100)} %`;
  }

  #elapsed(): number {
    return ((this.#display?.now() ?? 0) - this.#began) / 1000;
  }

  #rate(): number {
    return (this.#count - this.#start) / this.#elapsed();
  }

  /** Seconds at this rate. */
  #left(): number {
    return Math.max(0, this.#total - this.#count) / this.#rate();
  }

  #timing(): string {
    const rate = this.#rate();
    if (!(rate > 0) || !Number.isFinite(rate)) return "";
    return `${short(rate)}/s, ${formatDuration(this.#left())} left`;
  }

  #summary(): string {
    const done = this.#count - this.#start;
    const rate = done / this.#elapsed();
    return `${short(done)} in ${formatDuration(this.#elapsed())}${Number.isFinite(rate) ? ` (${short(rate)}/s)` : ""}`;
  }
}

/** Three digits and a prefix: 1234567 → "1.23 M". */
function short(value: number): string {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  return `${Number((value / 1000 ** power).toPrecision(3))}${["", " k", " M", " G", " T"][power]}`;
}
