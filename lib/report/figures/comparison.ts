import type { Estimate } from "../../run/seeds.ts";
import type { Html } from "../html.ts";
import { formatEstimate, formatNumber } from "../number.ts";
import { htmlTable } from "../table.ts";

/** One number of this run beside the paper's and the exact one; `patch` is the case it belongs to, if there are several. */
export interface Comparison {
  quantity: string;
  patch?: number | null;
  paper: number | null;
  exact: number | null;
  ours: Estimate;
  unit: string;
}

/** The rows as a table; a column that no row fills (patch side, paper, exact) is left out. */
export function comparisonTable(rows: readonly Comparison[], caption = "", quantity = "Quantity"): Html | false {
  if (rows.length === 0) return false;
  const columns = [
    { label: "Patch side", cell: ({ patch }: Comparison) => patch, format: String },
    { label: "Paper", cell: ({ paper }: Comparison) => paper, format: (value: number) => formatNumber(value, 3) },
    { label: "Exact", cell: ({ exact }: Comparison) => exact, format: (value: number) => formatNumber(value, 5) },
  ];
  return htmlTable(
    rows,
    [
      {
        label: quantity,
        header: true,
        cell: ({ quantity, unit }) => (unit && unit !== "1" ? `${quantity} [${unit}]` : quantity),
      },
      ...columns.filter(({ cell }) => rows.some((row) => typeof cell(row) === "number")),
      { label: "This run", cell: ({ ours }) => formatEstimate(ours).value, text: false },
      { label: "95 % interval", cell: ({ ours }) => formatEstimate(ours).interval },
    ],
    caption,
  );
}
