// Tables as CSV files (RFC 4180, comma, UTF-8, one header line), to and from arquero.
import { type ColumnTable, fromCSV } from "arquero";
import { writeAtomically } from "./atomic.ts";
import { readWhole } from "./read.ts";
import type { TypedTable } from "./typed-table.ts";

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
 * A table that `writeCsv` wrote: numbers, booleans, and texts that are neither blank nor what arquero takes for a date. What others wrote is read by `readColumns`, which checks it. Throws
 * InputError where there is no such file.
 */
export function readCsv(path: string): ColumnTable {
  return fromCSV(new TextDecoder().decode(readWhole(path)));
}

/** Rows that are turned into text at once. */
const CHUNK_ROWS = 4096;

/** Writes a table of many rows to `path`, atomically and piece by piece, in the same form. */
export function writeTypedCsv(path: string, { rows, columns }: TypedTable): void {
  const line = (cells: readonly (string | number | null)[]) =>
    `${cells.map((value, k) => quoted(cell(value, columns[k].name, path))).join(",")}\n`;
  const encoder = new TextEncoder();
  writeAtomically(path, {
    *[Symbol.iterator]() {
      yield encoder.encode(line(columns.map(({ name }) => name)));
      for (let from = 0; from < rows; from += CHUNK_ROWS) {
        const lines = Array.from({ length: Math.min(CHUNK_ROWS, rows - from) }, (_, k) =>
          line(columns.map((column) => column.at(from + k))),
        );
        yield encoder.encode(lines.join(""));
      }
    },
  });
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
