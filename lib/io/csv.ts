// Tables as CSV files (RFC 4180, comma, UTF-8, one header line), to and from arquero.
import { type ColumnTable, fromCSV } from "arquero";
import { writeAtomically } from "./atomic.ts";
import { readWhole } from "./read.ts";

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
