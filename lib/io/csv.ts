// Tables as CSV files (RFC 4180, comma, UTF-8, one header line), to and from arquero.
import { type ColumnTable, table } from "arquero";
import { InputError } from "../errors.ts";
import { writeAtomically } from "./atomic.ts";
import { readWhole } from "./read.ts";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SPECIAL = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/**
 * Writes a table to `path`, atomically. Numbers are written with the fewest digits that read back as the same number;
 * null and undefined become empty cells. Cells must be numbers, strings, booleans or nothing: other kinds throw.
 */
export function writeCsv(path: string, rows: ColumnTable): void {
  const names = rows.columnNames();
  const format = Object.fromEntries(names.map((name) => [name, (value: unknown) => cell(value, name, path)]));
  writeAtomically(path, rows.toCSV({ format }));
}

function cell(value: unknown, column: string, path: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  throw new Error(`column ${column} of ${path} holds a ${typeof value}; a CSV cell is a number, a string or a boolean`);
}

/**
 * Reads a table from `path`. A column is numbers or booleans when all its non-empty cells are, else strings; empty
 * cells are null. Throws InputError naming the line where a row has the wrong number of cells or a quote is not closed.
 */
export function readCsv(path: string): ColumnTable {
  const text = new TextDecoder().decode(readWhole(path));
  const { rows, lines } = split(text, path);
  const header = rows.shift();
  if (!header) throw new InputError(`${path} is empty: a table starts with a line of column names`);
  const names = new Set(header);
  if (names.size !== header.length) throw new InputError(`${path}, line 1: two columns have the same name; rename one`);
  rows.forEach((row, at) => {
    if (row.length === header.length) return;
    throw new InputError(`${path}, line ${lines[at + 1]}: ${row.length} cells where the header has ${header.length}`);
  });
  return table(header.map((name, column) => [name, typed(rows.map((row) => row[column]))] as const));
}

function typed(cells: string[]): unknown[] {
  const full = cells.filter((text) => text !== "");
  const read = full.every((text) => NUMBER.test(text) || SPECIAL.has(text))
    ? (text: string) => SPECIAL.get(text) ?? Number(text)
    : full.every((text) => text === "true" || text === "false")
      ? (text: string) => text === "true"
      : (text: string) => text;
  return cells.map((text) => (text === "" ? null : read(text)));
}

// arquero's own reader is not used: it fills up short rows silently and guesses dates.
function split(text: string, path: string): { rows: string[][]; lines: number[] } {
  const rows: string[][] = [];
  const lines: number[] = [];
  const token = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|\r|$)/y;
  let row: string[] = [];
  let line = 1;
  let start = 1;
  while (token.lastIndex < text.length || row.length > 0) {
    const match = token.exec(text);
    if (!match) {
      throw new InputError(`${path}, line ${line}: a quote is out of place or never closed; quote the whole cell`);
    }
    const [whole, content, end] = match as unknown as [string, string, string];
    row.push(content.startsWith('"') ? content.slice(1, -1).replaceAll('""', '"') : content);
    line += whole.split(/\r\n|\r|\n/).length - 1;
    if (end === ",") continue;
    rows.push(row);
    lines.push(start);
    row = [];
    start = line;
  }
  return { rows, lines };
}
