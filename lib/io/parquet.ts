// Tables as Apache Parquet files, which DuckDB, pandas, Polars, R and Spark open.
import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { writeAtomically } from "./atomic.ts";
import type { TypedColumn, TypedTable } from "./typed-table.ts";

const TYPES = { number: "DOUBLE", integer: "INT64", text: "STRING" } as const;
/** Rows that are held as lists at once, and that readers may skip at once. */
const GROUP_ROWS = 1 << 16;

/** Writes a table of many rows to `path`, atomically: DOUBLE, INT64 and UTF-8 columns, null for empty cells, Snappy. */
export function writeTypedParquet(path: string, { rows, columns }: TypedTable): void {
  const bytes = new ByteWriter();
  const schema = schemaFromColumnData({
    columnData: columns.map(({ name, type }) => ({ name, type: TYPES[type], data: [] })),
  });
  const file = new ParquetWriter({ writer: bytes, schema, createdBy: "patchwise" });
  for (let from = 0; from < rows; from += GROUP_ROWS) {
    const count = Math.min(GROUP_ROWS, rows - from);
    const columnData: ColumnSource[] = columns.map((column) => ({
      name: column.name,
      data: Array.from({ length: count }, (_, k) => storedValue(column, from + k)),
    }));
    file.write({ columnData, rowGroupSize: GROUP_ROWS });
  }
  file.finish();
  writeAtomically(path, [bytes.getBytes()]);
}

function storedValue(column: TypedColumn, row: number): number | bigint | string | null {
  const value = column.at(row);
  return column.type === "integer" && value !== null ? BigInt(value) : value;
}
