// Lines of cells as a table for the terminal, and rows of records as a table of columns.
import { type ColumnTable, table } from "arquero";
import type { Metric } from "./result.ts";

/** Cells padded to the widest of their column. */
export function textTable(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, c) => Math.max(...lines.map((line) => (line[c] ?? "").length)));
  const padded = (line: readonly string[]) => line.map((text, c) => text.padEnd(widths[c])).join("  ");
  return lines.map((line) => padded(line).trimEnd()).join("\n");
}

/** A metric with its interval: `0.0123 [0.011, 0.014]`. */
export function metricCell({ value, ci95 }: Metric): string {
  return `${value.toPrecision(3)}${ci95 ? ` [${ci95.map((end) => end.toPrecision(2)).join(", ")}]` : ""}`;
}

/** Metrics as lines of name and value. */
export function metricTable(metrics: Readonly<Record<string, Metric>>): string {
  return textTable([
    ["metric", "value"],
    ...Object.entries(metrics).map(([name, metric]) => [name, metricCell(metric)]),
  ]);
}

/** Records with the same keys as a table. */
export function tableOfRows(list: readonly Record<string, number | string>[]): ColumnTable {
  const names = Object.keys(list[0] ?? {});
  return table(Object.fromEntries(names.map((name) => [name, list.map((row) => row[name])])));
}
