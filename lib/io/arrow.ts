// Tables as Arrow IPC files ("Feather version 2"), which pandas, Polars, R and DuckDB open; arquero makes and reads the bytes.
import {
  columnFromValues,
  dictionary,
  float64,
  int32,
  int64,
  tableFromColumns,
  tableToIPC,
  utf8,
} from "@uwdata/flechette";
import { type ColumnTable, fromArrow, table, toArrowIPC } from "arquero";
import { InputError } from "../errors.ts";
import { writeAtomically } from "./atomic.ts";
import { readWhole } from "./read.ts";
import type { TypedColumn, TypedTable } from "./typed-table.ts";

const MAGIC = "ARROW1";

/**
 * Writes a table to `path`, atomically. Typed arrays keep their type; lists become the smallest integers, float64, booleans
 * or dictionary-encoded text that hold them (−0 among integers is 0), with null for undefined. Throws Error for a list of
 * several kinds, InputError where the system refuses.
 */
export function writeArrow(path: string, rows: ColumnTable): void {
  // Typed arrays without elements make flechette fail; lists do not.
  const filled = rows.numRows() > 0 ? rows : table(rows.columnNames().map((name) => [name, []] as const));
  writeAtomically(path, [toArrowIPC(filled, { format: "file" })]);
}

const TYPES = { number: float64, integer: int64, text: () => dictionary(utf8(), int32()) } satisfies Record<
  TypedColumn["type"],
  unknown
>;

/** Writes a table of many rows to `path`, atomically: float64, int64, dictionary-encoded text, with null for empty cells. */
export function writeTypedArrow(path: string, { rows, columns }: TypedTable): void {
  if (rows === 0) {
    writeArrow(path, table(columns.map(({ name }) => [name, []] as const)));
    return;
  }
  const made = columns.map((column) => {
    const visit = (next: (value: unknown) => void) => {
      for (let row = 0; row < rows; row++) next(column.at(row));
    };
    return [column.name, columnFromValues(visit, TYPES[column.type]())] as [
      string,
      ReturnType<typeof columnFromValues>,
    ];
  });
  writeAtomically(path, [tableToIPC(tableFromColumns(made), { format: "file" }) as Uint8Array]);
}

/**
 * Reads a table from `path`. Throws InputError with the byte where it is foreign, cut off or compressed. The format has no
 * checksum: what is damaged between its ends may be read as it stands, or keep the reader busy.
 */
export function readArrow(path: string): ColumnTable {
  const fail = (offset: number, problem: string): never => {
    const remedy = "write it again as a file of Arrow IPC (Feather version 2), uncompressed";
    throw new InputError(`${path}, byte ${offset}: ${problem}; ${remedy}`);
  };
  const bytes = readWhole(path);
  const end = bytes.length - MAGIC.length;
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) fail(0, `it does not begin with ${MAGIC}`);
  if (end < 12 || bytes.toString("latin1", end) !== MAGIC) fail(bytes.length, `it does not end with ${MAGIC}: cut off`);
  const footer = bytes.readInt32LE(end - 4);
  if (footer <= 0 || footer > end - 12) fail(end - 4, `a footer of ${footer} bytes is not in it`);
  try {
    // A copy: arrays must begin at multiples of 8 bytes, and a Buffer does not promise to.
    const read = fromArrow(new Uint8Array(bytes));
    // Columns are decoded when they are asked for: now, while an error can be told from others.
    for (const name of read.columnNames()) read.array(name);
    return read;
  } catch (error) {
    return fail(end - 4 - footer, `the table cannot be decoded (${error instanceof Error ? error.message : error})`);
  }
}
