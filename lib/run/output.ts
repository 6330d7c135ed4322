// What programs say: results on standard output, messages on standard error, either of which can break at any time.
import { readFileSync, readlinkSync } from "node:fs";
import { InputError } from "../errors.ts";
import { reasonOf } from "../io/file-error.ts";

/** Standard output does not take what a program prints. */
export class BrokenOutput extends Error {
  override name = "BrokenOutput";
}

let broken: NodeJS.ErrnoException | undefined;
let watched = false;
const pending = new Set<Promise<void>>();

/** Before anything is written: a stream's error without a listener would end the program, which would say so, to that stream. Once is enough. */
export function watchStreams(): void {
  if (watched) return;
  watched = true;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    broken ??= error;
  });
  // Nobody is there to be told; the work goes on.
  process.stderr.on("error", () => {});
}

/** Prints lines on standard output; `outputEnd` tells whether they arrived. Throws BrokenOutput once it is known that they do not. */
export function print(text: string): void {
  watchStreams();
  if (broken) throw brokenOutput(broken);
  const written = new Promise<void>((resolve) => {
    process.stdout.write(`${text}\n`, (error) => {
      if (error) broken ??= error;
      resolve();
    });
  });
  pending.add(written);
  void written.then(() => pending.delete(written));
}

/** Whether lines of a stream can be drawn over: not where the terminal knows no codes, or the user wants none. */
export function canRedraw({ isTTY }: { isTTY?: boolean }): boolean {
  return isTTY === true && process.env.TERM !== "dumb" && !process.env.NO_COLOR;
}

/** Says lines on standard error, if anyone is there to read them. */
export function say(text: string): void {
  watchStreams();
  // A bar may stand on the terminal's line: start on a clear one.
  process.stderr.write(canRedraw(process.stderr) ? `\r\x1b[2K${text}\n` : `${text}\n`);
}

/** Waits until all that was printed has arrived. Throws BrokenOutput if it did not. */
export async function outputEnd(): Promise<void> {
  await Promise.all(pending);
  if (broken) throw brokenOutput(broken);
}

/** Throws InputError where standard output was closed before the program began, and nothing that it prints can arrive. */
export function requireOutput(remedy: string): void {
  if (wasClosed()) throw new InputError(`standard output is closed: ${remedy}`);
}

/** A program that reads no further, like `head`, wants no message. */
const brokenOutput = (error: NodeJS.ErrnoException) =>
  new BrokenOutput(error.code === "EPIPE" ? "" : `cannot write to standard output: ${reasonOf(error)}`);

/** Node and Bun open /dev/null for reading and writing in place of a closed stream; a shell's `> /dev/null` is for writing alone. */
function wasClosed(): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync("/proc/self/fdinfo/1", "utf8"))?.[1];
    return readlinkSync("/proc/self/fd/1") === "/dev/null" && (Number.parseInt(flags ?? "0", 8) & 3) === 2;
  } catch {
    return false;
  }
}
