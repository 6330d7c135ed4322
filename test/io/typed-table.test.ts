// Tables with typed columns: what CSV, Arrow and Parquet files of them hold.
import { expect, setDefaultTimeout, test } from "bun:test";
import { linkSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { readArrow, writeTypedArrow } from "../../lib/io/arrow.ts";
import { writeTypedCsv } from "../../lib/io/csv.ts";
import { writeTypedParquet } from "../../lib/io/parquet.ts";
import type { TypedTable } from "../../lib/io/typed-table.ts";
import { temporaryFolder } from "../fixtures.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("typed-table");

interface Row {
  readonly number: number | null;
  readonly integer: number | null;
  readonly text: string | null;
}

const tableOf = (rows: readonly Row[]): TypedTable => ({
  rows: rows.length,
  columns: [
    { name: "number", type: "number", at: (row) => rows[row].number },
    { name: "integer", type: "integer", at: (row) => rows[row].integer },
    { name: "text", type: "text", at: (row) => rows[row].text },
    { name: "nothing", type: "number", at: () => null },
  ],
});

function parquetOf(table: TypedTable): ArrayBuffer {
  const path = join(folder, "x.parquet");
  writeTypedParquet(path, table);
  return new Uint8Array(readFileSync(path)).buffer;
}

const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, k) => ({
    number: k % 3 === 0 ? null : k / 7,
    integer: k % 5 === 0 ? null : 2 ** 40 + k,
    text: k % 4 === 0 ? null : `a "quoted", ${k % 11}\nλ`,
  }));

/** Finite numbers but −0, which only CSV keeps apart in all columns. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (x === 0 ? 0 : x));
const row = fc.record<Row>({
  number: fc.option(number),
  integer: fc.option(fc.maxSafeInteger().map((x) => (x === 0 ? 0 : x))),
  text: fc.option(fc.string({ unit: "grapheme" })),
});

test("Parquet and Arrow give back numbers, integers, texts and empty cells as they were", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
      const expected = rows.map((one) => ({ ...one, nothing: null }));
      const read = await parquetReadObjects({ file: parquetOf(tableOf(rows)) });
      expect(read.map((one) => ({ ...one, integer: one.integer === null ? null : Number(one.integer) }))).toEqual(
        expected,
      );
      const path = join(folder, "x.arrow");
      writeTypedArrow(path, tableOf(rows));
      expect(readArrow(path).objects()).toEqual(expected);
    }),
    { numRuns: 100, seed: 1 },
  );
});

test("types are those of the columns, whatever stands in them, and the same bytes come out each time", () => {
  for (const rows of [[], rowsOf(3)]) {
    const file = parquetOf(tableOf(rows));
    const { children } = parquetSchema(parquetMetadata(file));
    expect(children.map(({ element }) => [element.name, element.type, element.converted_type ?? null])).toEqual([
      ["number", "DOUBLE", null],
      ["integer", "INT64", null],
      ["text", "BYTE_ARRAY", "UTF8"],
      ["nothing", "DOUBLE", null],
    ]);
    expect(new Uint8Array(parquetOf(tableOf(rows)))).toEqual(new Uint8Array(file));
  }
  const path = join(folder, "empty.arrow");
  writeTypedArrow(path, tableOf([]));
  expect([readArrow(path).numRows(), readArrow(path).columnNames().length]).toEqual([0, 4]);
});

test("rows of several groups of Parquet and pieces of CSV are all there, in order", async () => {
  const rows = rowsOf(150_000);
  const file = parquetOf(tableOf(rows));
  expect(parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([65_536, 65_536, 18_928]);
  const read = await parquetReadObjects({ file, columns: ["number"], rowStart: 131_000, rowEnd: 131_200 });
  expect(read.map((one) => one.number)).toEqual(rows.slice(131_000, 131_200).map((one) => one.number));
  const path = join(folder, "x.csv");
  writeTypedCsv(path, tableOf(rows));
  const text = readFileSync(path, "utf8");
  expect(text).toStartWith(
    'number,integer,text,nothing\n,,,\n0.14285714285714285,1099511627777,"a ""quoted"", 1\nλ",\n',
  );
  const integers = [...text.matchAll(/^[\d.e-]*,(\d*),/gm)].map(([, found]) => found);
  expect(integers).toEqual(rows.map(({ integer }) => String(integer ?? "")));
});

test("a file of two names has all pieces under both", () => {
  const [one, other] = [join(folder, "one.csv"), join(folder, "other.csv")];
  writeFileSync(one, "old");
  linkSync(one, other);
  writeTypedCsv(one, tableOf(rowsOf(10_000)));
  const text = readFileSync(one, "utf8");
  expect(readFileSync(other, "utf8")).toBe(text);
  expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("λ"))).toHaveLength(10_001);
});
