// Progress on stderr: one line on a terminal with the time that all of it still takes and what is being done, one line per 10 % elsewhere.
import { SETTLING } from "../gpu/pace.ts";
import { formatDuration } from "./duration.ts";
import { canRedraw } from "./output.ts";
import { PartTimes, Speed } from "./speed.ts";
import { stopPoint } from "./stop.ts";
import { short } from "./text-table.ts";

/** Cells of the bar on terminals of so many columns at the least. */
const BARS = [
  { columns: 72, cells: 24 },
  { columns: 48, cells: 10 },
] as const;
/** What takes longer is spoken of, s, and again only where it takes twice as long as was said. */
const LONG = 600;
/** Redraws of the bar are at least this far apart, ms, and at most so far, where the time left alone changes. */
const [REDRAW_MS, TICK_MS] = [100, 1000];
/** Fewer units are parts of a program of different sizes, and have no rate. */
const RATED = 100;

export interface Progress {
  /** Counts `amount` (≥ 0) more units as done. A stop point: save what must not be lost before. */
  add(amount?: number): void;
  /** What is done next counts as so many units; one, if nobody says so. */
  next(amount: number): void;
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
  /** Whether the clock is that of the world, so that the line changes by itself. */
  live?: boolean;
}

const open: Bar[] = [];
let ticking: NodeJS.Timeout | undefined;

/**
 * Shows the progress of `total` units of work, `start` of them done in an earlier sitting. Inside another progress that
 * is not done, a terminal names it behind the outer one, and other outputs show only the outer one.
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

/** Nothing more is drawn: the program has something else to say. */
export function endProgress(): void {
  open.length = 0;
  clearInterval(ticking);
  ticking = undefined;
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
    live: true,
  };
}

/** When work was first seen to be long, s, and how long it seemed. */
const suspected = new Map<string, { at: number; seconds: number }>();
let told = 0;

/**
 * Says of work that goes on for so many seconds that it is long, once that has been so for a while: what comes first is often slower than the rest. `what`: of work that
 * has a name.
 */
export function tellLeft(seconds: number, what = "the work under way", display = standard()): void {
  if (!display || !Number.isFinite(seconds)) return;
  if (seconds <= Math.max(LONG, 2 * told)) return void suspected.delete(what);
  const now = display.now() / 1000;
  const first = suspected.get(what);
  if (!first) return void suspected.set(what, { at: now, seconds });
  if (now - first.at < SETTLING) return;
  told = Math.min(seconds, first.seconds);
  suspected.clear();
  display.write(
    `${display.terminal ? "\r\x1b[2K" : ""}${what} takes about ${formatDuration(told)} more; Ctrl-C stops it\n`,
  );
}

const redraw = () => open[0]?.draw();

/** So large a part of all tells the pace at once. */
const ENOUGH = 0.05;

class Bar implements Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #start: number;
  readonly #display: Display | null;
  readonly #began: number;
  readonly #speed = new Speed();
  readonly #parts = new PartTimes();
  #count: number;
  /** Units of what is being done, and since when it is, s. */
  #next = 1;
  #since: number;
  #drawn = Number.NEGATIVE_INFINITY;
  #tenths: number;
  #percent = 0;
  #ended = false;

  constructor(label: string, total: number, start: number, display: Display | null) {
    this.#label = label;
    this.#total = total;
    this.#start = start;
    this.#count = start;
    this.#display = display;
    this.#began = this.#now();
    this.#since = this.#began;
    this.#tenths = Math.floor(this.#share() * 10);
    open.push(this);
    this.#show();
    if (display?.terminal && !ticking && display.live) {
      ticking = setInterval(redraw, TICK_MS);
      ticking.unref();
    }
  }

  add(amount = 1): void {
    if (!(amount >= 0)) throw new Error(`progress of ${this.#label} cannot go back by ${amount}`);
    this.#count += amount;
    this.#next = 1;
    this.#parts.add(this.#now() - this.#since, amount);
    this.#since = this.#now();
    this.#speed.at(this.#since, this.#count);
    if (!this.#ended) {
      this.#show();
      if (this.#display && (this.#total < RATED || this.#speed.watched > SETTLING))
        tellLeft(this.#left(), this.#label, this.#display);
    }
    stopPoint();
  }

  next(amount: number): void {
    this.#next = amount;
  }

  done(): void {
    if (this.#ended) return;
    this.#ended = true;
    const at = open.indexOf(this);
    if (at < 0) return;
    open.splice(at);
    const display = this.#display;
    if (at === 0) {
      clearInterval(ticking);
      ticking = undefined;
    }
    // The line of an outermost bar stays to be read; an inner one gives the line back.
    if (display?.terminal) display.write(at > 0 ? "\r\x1b[2K" : `\r\x1b[2K${this.#label}: ${this.#summary()}\n`);
  }

  /** Seconds of the display's clock. */
  #now(): number {
    return (this.#display?.now() ?? 0) / 1000;
  }

  #share(): number {
    return this.#total === 0 ? 1 : Math.min(1, this.#count / this.#total);
  }

  #show(): void {
    const display = this.#display;
    if (!display) return;
    if (display.terminal) {
      open[0].draw();
      return;
    }
    const tenths = Math.floor(this.#share() * 10);
    if (open[0] !== this || tenths <= this.#tenths) return;
    this.#tenths = tenths;
    const rest = tenths === 10 ? this.#summary() : [this.#rateText(), this.#leftText()].filter(Boolean).join(", ");
    display.write(`${this.#label} ${Math.floor(this.#share() * 100)} %${rest && `: ${rest}`}\n`);
  }

  /** What all of it still takes, and what is being done inside it. */
  draw(): void {
    const display = this.#display;
    if (!display?.terminal) return;
    const now = display.now();
    if (now - this.#drawn < REDRAW_MS && this.#share() < 1) return;
    this.#drawn = now;
    const inner = open.length > 1 ? open[open.length - 1] : null;
    const percent = Math.floor(
      100 * Math.min(1, (this.#count + this.#within()) / Math.max(this.#total, Number.MIN_VALUE)),
    );
    this.#percent = Math.max(this.#percent, this.#total === 0 ? 100 : percent);
    const cells = BARS.find(({ columns }) => display.columns >= columns)?.cells ?? 0;
    const filled = Math.floor((this.#percent / 100) * cells);
    const bar = cells > 0 ? `${"█".repeat(filled)}${"░".repeat(cells - filled)} ` : "";
    const times = [this.#leftText(), inner ? "" : this.#rateText()].filter(Boolean).join(", ");
    const doing =
      inner && [inner.#label, `${Math.floor(inner.#share() * 100)} %`, inner.#rateText()].filter(Boolean).join(" ");
    const line = [
      `${this.#label} ${bar}${this.#percent} %`,
      ...(times ? [`  ${times}`] : []),
      ...(doing ? [` · ${doing}`] : []),
    ];
    display.write(`\r\x1b[2K${clipped(line.join(""), display.columns - 1)}`);
  }

  /** The next bar inside this one. */
  get #inner(): Bar | undefined {
    const at = open.indexOf(this);
    return at < 0 ? undefined : open[at + 1];
  }

  /** Units that are done of what is being done, as far as a bar inside knows. */
  #within(): number {
    const inner = this.#inner;
    return inner ? this.#next * Math.min(0.99, inner.#share()) : 0;
  }

  /** Units per second; NaN where that is not known. */
  #rate(): number {
    const { rate } = this.#speed;
    if (!Number.isNaN(rate)) return rate;
    const done = this.#count - this.#start;
    return done >= ENOUGH * this.#total ? done / (this.#since - this.#began) : Number.NaN;
  }

  /** Seconds that a unit takes; NaN where that is not known. */
  #unit(): number {
    const part = this.#total < RATED ? this.#parts.median : Number.NaN;
    if (!Number.isNaN(part)) return part;
    const rate = this.#rate();
    if (rate > 0) return 1 / rate;
    // What it has taken so far has a compiler's work in it: a share of that would tell too much.
    const inner = this.#inner;
    return inner ? (this.#now() - this.#since + inner.#left()) / this.#next : Number.NaN;
  }

  /** Seconds that are left of it: of what is being done, and of what comes behind that. */
  #left(): number {
    const rest = Math.max(0, this.#total - this.#count);
    if (rest === 0) return 0;
    const unit = this.#unit();
    const next = Math.min(this.#next, rest);
    const inner = this.#inner;
    const within = inner ? inner.#left() : Number.NaN;
    const behind = rest > next ? unit * (rest - next) : 0;
    const usual = Math.max(0, unit * next - (this.#now() - this.#since));
    return (Number.isFinite(within) ? within : usual) + behind;
  }

  #leftText(): string {
    const left = this.#left();
    return Number.isFinite(left) ? `${formatDuration(left)} left` : "";
  }

  #rateText(): string {
    const rate = this.#rate();
    return this.#total >= RATED && rate > 0 && Number.isFinite(rate) ? `${short(rate)}/s` : "";
  }

  #summary(): string {
    const seconds = this.#now() - this.#began;
    const done = this.#count - this.#start;
    const rate = done / seconds;
    if (this.#total < RATED) return `done in ${formatDuration(seconds)}`;
    return `${short(done)} in ${formatDuration(seconds)}${Number.isFinite(rate) ? ` (${short(rate)}/s)` : ""}`;
  }
}

/** A line that is cut where it does not fit. */
function clipped(line: string, columns: number): string {
  return Bun.stringWidth(line) <= columns ? line : Bun.sliceAnsi(line, 0, columns, "…");
}
