// Tables of numbers that other programs made, column by column: CSV with a header, .npy, .npz. Read as bytes, so that a million rows take seconds, and
// complained about by line or row.
import { basename, extname } from "node:path";
import { unzipSync } from "fflate";
import { InputError } from "../errors.ts";
import { decodeNpy, type Fail, type NpyArray, parseFile } from "./npy.ts";

/** A column: numbers, NaN where nothing or no number stands; or labels, as numbers of `labels` in the order of their first row. */
export interface Column {
  readonly name: string;
  /** Of the header, "x [mm]"; "" without. */
  readonly unit: string;
  readonly values: Float64Array;
  /** The first cell that is no number and not empty, and its row; null: there is none. */
  readonly wrong: { readonly row: number; readonly text: string } | null;
  /** What the texts of a column of labels were; null for numbers. */
  readonly labels: readonly string[] | null;
}

/** A table of a file. */
export interface Columns {
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Where a row stands, for messages: "data.csv, line 17". */
  where(row: number): string;
}

const ENDINGS = [".csv", ".txt", ".npy", ".npz"];
/** Names of columns whose texts are labels: which run, which snapshot a row is of. */
const LABELS = ["run", "replica", "snapshot"];

/**
 * The columns of a file. `names`: of the columns of a .npy file, which knows none. Throws InputError, with file and line or byte and a remedy, for anything that is
 * no table.
 */
export function readColumns(path: string, names: readonly string[] = []): Columns {
  const ending = extname(path).toLowerCase();
  if (!ENDINGS.includes(ending)) {
    throw new InputError(`${path}: ${ending || "no ending"} is not read here, save the data as .csv, .npy or .npz`);
  }
  const table =
    ending === ".npy"
      ? parseFile(path, REMEDY, (bytes, fail) => ofArray(path, decodeNpy(bytes, fail), names))
      : ending === ".npz"
        ? parseFile(path, REMEDY, (bytes, fail) => ofArchive(path, bytes, fail))
        : parseFile(path, REMEDY, (bytes) => ofText(path, bytes));
  if (table.rows === 0) throw new InputError(`${path} has no rows: there is nothing to learn from`);
  return table;
}

const REMEDY = "save the file again, or give another one";

/** "x [mm]" or "x (mm)" → x, mm. */
function named(text: string): { name: string; unit: string } {
  const { name, unit } = /^(?<name>.*?)\s*(?:[[(](?<unit>[^\])]*)[\])])?$/.exec(text.trim())?.groups ?? {};
  return { name: (name ?? text).trim(), unit: (unit ?? "").trim() };
}

/** Throws InputError where two have one name, or one none. */
function requireNames(columns: readonly { readonly name: string }[], where: string): void {
  for (const [k, { name }] of columns.entries()) {
    if (name === "") throw new InputError(`${where}: column ${k + 1} has no name, give it one`);
    if (columns.findIndex((other) => other.name === name) < k)
      throw new InputError(`${where}: two columns are called ${name}, rename one`);
  }
}

const [NEWLINE, RETURN, COMMA, QUOTE] = [10, 13, 44, 34];

function ofText(path: string, bytes: Buffer): Columns {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  if (bytes[0] === 0xff || bytes[0] === 0xfe || bytes.subarray(0, 64).includes(0)) {
    throw new InputError(`${path}, byte 0: this is no UTF-8 text, save the table as CSV in UTF-8`);
  }
  const first = endOfLine(bytes, start);
  const head = bytes.toString("utf8", start, first);
  if (head.trim() === "")
    throw new InputError(`${path}, line 1: there is no header, begin with the names of the columns`);
  if (!head.includes(",")) {
    for (const [mark, name] of [
      [";", "semicolons"],
      ["\t", "tabs"],
    ]) {
      if (head.includes(mark)) {
        throw new InputError(
          `${path}, line 1: columns are separated by ${name}, save the table with commas between columns and points in numbers`,
        );
      }
    }
  }
  const header = cellsOf(head).map(named);
  const at = `${path}, line 1`;
  if (header.every(({ name }) => name !== "" && Number.isFinite(Number(name)))) {
    throw new InputError(`${at}: the first line has numbers only, begin with the names of the columns`);
  }
  requireNames(header, at);
  return parseRows(path, bytes, nextLine(bytes, first), header);
}

/** The cells of a line, quotes taken off. */
const cellsOf = (line: string) =>
  (line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? []).slice(0, line.endsWith(",") ? undefined : -1).map((cell) =>
    cell
      .replace(/,$/, "")
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .replaceAll('""', '"'),
  );

function endOfLine(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== NEWLINE && bytes[at] !== RETURN) at++;
  return at;
}

function nextLine(bytes: Buffer, end: number): number {
  return bytes[end] === RETURN && bytes[end + 1] === NEWLINE ? end + 2 : end + 1;
}

function parseRows(
  path: string,
  bytes: Buffer,
  from: number,
  header: readonly { name: string; unit: string }[],
): Columns {
  const width = header.length;
  let room = Math.max(16, Math.ceil((bytes.length - from) / Math.max(8, 4 * width)));
  const values = header.map(() => new Float64Array(room));
  const wrong: (Column["wrong"] | undefined)[] = header.map(() => undefined);
  const labels = header.map(({ name }) => (LABELS.includes(name) ? new Map<string, number>() : null));
  // Lines of rows are counted from the header, but for empty ones.
  const skipped: { row: number; lines: number }[] = [];
  let [row, empty, at] = [0, 0, from];
  const lineOf = (r: number) => r + 2 + (skipped.findLast(({ row: before }) => before <= r)?.lines ?? 0);
  while (at < bytes.length) {
    const end = endOfLine(bytes, at);
    if (isBlank(bytes, at, end)) {
      empty++;
      skipped.push({ row, lines: empty });
      at = nextLine(bytes, end);
      continue;
    }
    if (row === room) {
      room *= 2;
      for (const [k, old] of values.entries()) {
        values[k] = new Float64Array(room);
        values[k].set(old);
      }
    }
    let column = 0;
    let cell = at;
    for (let k = at; k <= end; k++) {
      if (k < end && bytes[k] === QUOTE) {
        do k++;
        while (k < end && bytes[k] !== QUOTE);
        continue;
      }
      if (k < end && bytes[k] !== COMMA) continue;
      if (column < width) {
        const names = labels[column];
        if (names) {
          const text = textOf(bytes, cell, k);
          if (!names.has(text)) names.set(text, names.size);
          values[column][row] = names.get(text) ?? 0;
        } else {
          const value = numberAt(bytes, cell, k);
          if (value === null) wrong[column] ??= { row, text: textOf(bytes, cell, k) };
          values[column][row] = value ?? Number.NaN;
        }
      }
      column++;
      cell = k + 1;
    }
    if (column !== width) {
      throw new InputError(
        `${path}, line ${lineOf(row)}: ${column} cells where the header has ${width}; ${end === bytes.length ? "the file may be cut off" : "give every row all cells"}`,
      );
    }
    row++;
    at = nextLine(bytes, end);
  }
  return {
    path,
    rows: row,
    columns: header.map((one, k) => {
      const texts = labels[k];
      return {
        ...one,
        values: values[k].subarray(0, row),
        wrong: wrong[k] ?? null,
        labels: texts && [...texts.keys()],
      };
    }),
    where: (r) => `${path}, line ${lineOf(r)}`,
  };
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let k = from; k < to; k++) if (bytes[k] !== 32 && bytes[k] !== 9) return false;
  return true;
}

const textOf = (bytes: Buffer, from: number, to: number) =>
  bytes
    .toString("utf8", from, to)
    .trim()
    .replace(/^"(.*)"$/, "$1");

/** Powers of ten that are exact. */
const POWERS = Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOTHING = new Set(["", "nan", "na", "n/a", "null", "none"]);

/** The number that stands there, NaN for nothing; null for what is none. Short ones exactly from their digits; others as JavaScript reads them. */
function numberAt(bytes: Buffer, from: number, to: number): number | null {
  let at = from;
  while (at < to && bytes[at] === 32) at++;
  const negative = bytes[at] === 45;
  if (negative || bytes[at] === 43) at++;
  let [mantissa, digits, decimals] = [0, 0, -1];
  for (; at < to; at++) {
    const digit = bytes[at] - 48;
    if (digit >= 0 && digit <= 9) {
      mantissa = 10 * mantissa + digit;
      digits++;
      if (decimals >= 0) decimals++;
    } else if (bytes[at] === 46 && decimals < 0) decimals = 0;
    else break;
  }
  const short = at === to && digits <= 15;
  if (digits > 0 && (bytes[at] | 32) === 101) {
    const sign = bytes[at + 1] === 45 || bytes[at + 1] === 43 ? 2 : 1;
    let end = at + sign;
    while (end < to && bytes[end] >= 48 && bytes[end] <= 57) end++;
    if (end > at + sign) at = end;
  }
  if (at === to && digits > 0) {
    // 15 digits, and a power of ten that is exact: one rounding.
    if (!short) return Number(bytes.toString("latin1", from, to));
    const value = decimals > 0 ? mantissa / POWERS[decimals] : mantissa;
    return negative ? -value : value;
  }
  const text = textOf(bytes, from, to);
  if (NUMBER.test(text)) return Number(text);
  return NOTHING.has(text.toLowerCase()) ? Number.NaN : null;
}

/** An array of two dimensions, or one, and the names of its columns. */
function ofArray(path: string, { shape, data }: NpyArray, names: readonly string[]): Columns {
  const width = shape.length === 1 ? 1 : shape[1];
  if (shape.length === 0 || shape.length > 2)
    throw new InputError(`${path}: an array of ${shape.length} dimensions, save a table of rows and columns`);
  if (names.length !== width) {
    throw new InputError(
      `${path}: ${width} columns without names, name them with --columns, ${width} names separated by commas${names.length > 0 ? `, not ${names.length}` : ""}`,
    );
  }
  const header = names.map(named);
  requireNames(header, `${path}: --columns`);
  const rows = shape[0];
  return {
    path,
    rows,
    columns: header.map((one, k) => ({
      ...one,
      values: Float64Array.from({ length: rows }, (_, row) => data[row * width + k]),
      wrong: null,
      labels: null,
    })),
    where: (row) => `${path}, row ${row}`,
  };
}

/** The arrays of an archive: a column each, or of two dimensions columns `name_1`, `name_2`, …; one number stands for all rows. */
function ofArchive(path: string, bytes: Buffer, fail: Fail): Columns {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch (error) {
    return fail(0, `this is no whole .npz archive (${(error as Error).message})`);
  }
  const arrays = Object.entries(files).map(([file, content]) => {
    const name = basename(file, ".npy");
    const own: Fail = (offset, problem, remedy = REMEDY) => {
      throw new InputError(`${path}, array ${name}, byte ${offset}: ${problem}; ${remedy}`);
    };
    return { name, array: decodeNpy(Buffer.from(content), own) };
  });
  const long = arrays.find(({ array }) => array.shape.length > 0);
  const rows = long?.array.shape[0] ?? 0;
  const columns = arrays.flatMap(({ name, array: { shape, data } }) => {
    if (shape.length > 0 && shape[0] !== rows) {
      throw new InputError(
        `${path}: array ${name} has ${shape[0]} rows, ${long?.name} has ${rows}; give all the same number`,
      );
    }
    if (shape.length > 2)
      throw new InputError(`${path}: array ${name} has ${shape.length} dimensions; save rows and columns`);
    const width = shape.length === 2 ? shape[1] : 1;
    return Array.from({ length: width }, (_, k): Column => {
      const values = Float64Array.from({ length: rows }, (_, row) => data[shape.length === 0 ? 0 : row * width + k]);
      return { ...named(shape.length === 2 ? `${name}_${k + 1}` : name), values, wrong: null, labels: null };
    });
  });
  requireNames(columns, path);
  return { path, rows, columns, where: (row) => `${path}, row ${row}` };
}
