// Lines of cells as a table for the terminal, and rows of records as a table of columns.
import { type ColumnTable, table } from "arquero";

/** Cells padded to the widest of their column. */
export function textTable(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, c) => Math.max(...lines.map((line) => (line[c] ?? "").length)));
  const padded = (line: readonly string[]) => line.map((text, c) => text.padEnd(widths[c])).join("  ");
  return lines.map((line) => padded(line).trimEnd()).join("\n");
}

/** Records with the same keys as a table. */
export function tableOfRows(list: readonly Record<string, number | string>[]): ColumnTable {
  const names = Object.keys(list[0] ?? {});
  return table(Object.fromEntries(names.map((name) => [name, list.map((row) => row[name])])));
}

/** Three digits and a prefix: 1234567 → "1.23 M". */
export function short(value: number): string {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  return `${Number((value / 1000 ** power).toPrecision(3))}${["", " k", " M", " G", " T"][power]}`;
}
