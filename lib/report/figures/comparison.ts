import { table } from "arquero";
import type { Html } from "../html.ts";
import { formatEstimate } from "../number.ts";
import { htmlTable } from "../table.ts";

/** One number of this run beside the paper's and the exact one; `patch` is the case it belongs to, if there are several. */
export interface Comparison {
  quantity: string;
  patch?: number | null;
  paper: number | null;
  exact: number | null;
  ours: number;
  low: number;
  high: number;
  unit: string;
}

/** The rows as a table; a column that no row fills (patch side, paper, exact) is left out. */
export function comparisonTable(rows: readonly Comparison[], caption: string): Html | false {
  if (rows.length === 0) return false;
  const estimates = rows.map((row) => formatEstimate(row.ours, row.low, row.high));
  const columns = table({
    quantity: rows.map((row) => (row.unit && row.unit !== "1" ? `${row.quantity} [${row.unit}]` : row.quantity)),
    patch: rows.map((row) => row.patch ?? null),
    paper: rows.map((row) => row.paper),
    exact: rows.map((row) => row.exact),
    ours: rows.map((row) => row.ours),
    interval: estimates.map((estimate) => estimate.interval),
    index: rows.map((_, i) => i),
  });
  const ours = (_: unknown, row: Record<string, unknown>) => estimates[row.index as number]!.value;
  const shown = (key: "patch" | "paper" | "exact") => rows.some((row) => typeof row[key] === "number");
  const patch = { label: "Patch side", format: (side: unknown) => (side === null ? "" : String(side)) };
  return htmlTable(
    columns,
    {
      quantity: { label: "Quantity", header: true },
      ...(shown("patch") ? { patch } : {}),
      ...(shown("paper") ? { paper: { label: "Paper", format: 3 } } : {}),
      ...(shown("exact") ? { exact: { label: "Exact", format: 5 } } : {}),
      ours: { label: "This run", format: ours },
      interval: { label: "95 % interval", text: true },
    },
    caption,
  );
}
