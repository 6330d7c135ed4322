// Atoms in a periodic box with right angles; and what their text files share, lines with numbers and blocks of bytes.
import { readSync } from "node:fs";
import { InputError } from "../errors.ts";
import { reading } from "./read.ts";

export interface Configuration {
  /** Sides of the box, Å. Its corner is the origin: files that have it elsewhere are shifted on reading. */
  readonly box: readonly [number, number, number];
  /** Chemical symbol of each atom. */
  readonly elements: readonly string[];
  /** `[atoms, 3]`, Å. An atom may lie outside the box; all its periodic images are meant. */
  readonly positions: Float64Array;
  readonly step?: number;
  /** Seconds. */
  readonly time?: number;
  /** What else a file says of the configuration, by name. */
  readonly notes?: Readonly<Record<string, string>>;
  /** The line of the file, from 1, that each atom stands on; messages name it. */
  readonly lines?: Uint32Array;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const READ_BYTES = 1 << 16;
/** Blocks that are written have about as many; no line that is read has more, but what is no text soon does. */
const CHARACTERS = 1 << 20;

/** Throws Error where the arrays do not fit each other, or hold what cannot be written. */
export function checkConfiguration({ box, elements, positions, step = 0, time = 0 }: Configuration): void {
  if (positions.length !== 3 * elements.length) throw new Error("there are not three coordinates for each atom");
  if (!positions.every(Number.isFinite)) throw new Error("a coordinate is not finite");
  if (!box.every((side) => side > 0 && side < Infinity)) throw new Error(`[${box}] are no sides of a box`);
  if (!Number.isSafeInteger(step) || step < 0 || !Number.isFinite(time)) throw new Error(`step ${step}, time ${time}`);
  for (const name of new Set(elements)) if (!/^\S+$/.test(name)) throw new Error(`"${name}" is no chemical symbol`);
}

/** Joins pieces of text to blocks of bytes, for writeAtomically. */
export function* encoded(pieces: Iterable<string>): Generator<Uint8Array> {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < CHARACTERS) continue;
    yield new TextEncoder().encode(text);
    text = "";
  }
  yield new TextEncoder().encode(text);
}

/** What `parse` makes of a text file. Throws InputError where the system refuses, and what `parse` throws. */
export function parseLines<T>(path: string, parse: (lines: Lines) => T): T {
  return reading(path, (file) => parse(new Lines(path, file)));
}

/** The lines of an open file, one at a time; little of it is in memory. */
export class Lines {
  /** The line read last, without spaces around it, and its number from 1. */
  text = "";
  number = 0;
  /** Words to keep, each by itself: a part of a line would keep a whole block alive. */
  readonly symbols: Record<string, string> = Object.create(null);
  readonly #bytes = new Uint8Array(READ_BYTES);
  readonly #decoder = new TextDecoder();
  #waiting: string[] = [];
  #next = 0;
  #rest = "";

  constructor(
    readonly path: string,
    readonly file: number,
  ) {}

  /** Goes on to the next line that is not blank; false at the end of the file. */
  skipBlank(): boolean {
    while (this.#advance()) if (this.text !== "") return true;
    return false;
  }

  /** The words of the next line. Throws InputError unless it is there and has `count` of them: it should be `what`. */
  words(what: string, count?: number): string[] {
    if (!this.#advance()) this.fail(`the file ends before ${what}`, "it was cut off: copy or write it again");
    const words = this.text.split(/\s+/);
    return count === undefined || words.length === count ? words : this.fail(`${quoted(this.text)} is not ${what}`);
  }

  finite(word: string): number {
    const value = Number(word);
    return NUMBER.test(word) && Number.isFinite(value) ? value : this.fail(`${quoted(word)} is not a number`);
  }

  whole(word: string): number {
    return /^\d{1,15}$/.test(word) ? Number(word) : this.fail(`${quoted(word)} is not a whole number from 0 up`);
  }

  /** Throws InputError with file, line, `problem` and `remedy`. */
  fail(problem: string, remedy = "mend that line or write the file again", line = this.number): never {
    throw new InputError(`${this.path}, line ${line}: ${problem}; ${remedy}`);
  }

  #advance(): boolean {
    let count = -1;
    for (; this.#next === this.#waiting.length && count !== 0; this.#next = 0) {
      count = readSync(this.file, this.#bytes, 0, READ_BYTES, null);
      const text = this.#decoder.decode(this.#bytes.subarray(0, count), { stream: count > 0 });
      this.#waiting = (this.#rest + text).split("\n");
      this.#rest = this.#waiting.pop() ?? "";
      if (this.#rest.length <= CHARACTERS && (count > 0 || this.#rest === "")) continue;
      const line = this.number + this.#waiting.length + 1;
      this.fail("this line has no end", "end it if it is whole; or the file was cut off, or is no text", line);
    }
    this.number++;
    this.text = this.#waiting[this.#next]?.trim() ?? "";
    return this.#next++ < this.#waiting.length;
  }
}

/** Foreign text for a message: short, on one line. */
export const quoted = (text: string) => JSON.stringify(text.slice(0, 60));
