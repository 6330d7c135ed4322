import type { Estimate } from "../../run/seeds.ts";
import type { Content, Html } from "../html.ts";
import { formatEstimate, formatNumber } from "../number.ts";
import { type Column, htmlTable } from "../table.ts";
import { sidesOf, square } from "./patch-sides.ts";

/** One number of this run beside the paper's and the exact one; `patch` is the case it belongs to, if there are several. */
export interface Comparison {
  quantity: string;
  patch?: number | null;
  paper: number | null;
  exact: number | null;
  ours: Estimate;
  unit: string;
}

/** What a row is about, with its unit. */
const nameOf = ({ quantity, unit }: Pick<Comparison, "quantity" | "unit">) =>
  unit && unit !== "1" ? `${quantity} [${unit}]` : quantity;

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
        cell: nameOf,
      },
      ...columns.filter(({ cell }) => rows.some((row) => typeof cell(row) === "number")),
      { label: "This run", cell: ({ ours }) => formatEstimate(ours).value, text: false },
      { label: "95 % interval", cell: ({ ours }) => formatEstimate(ours).interval },
    ],
    caption,
  );
}

/** The same numbers as a matrix: a row per quantity, and one of the paper's values where there are any, a column per patch side. Rows without a side are left out. */
export function comparisonMatrix(rows: readonly Comparison[], caption: Content = ""): Html | false {
  const sided = rows.flatMap((row) => (typeof row.patch === "number" ? [{ ...row, patch: row.patch }] : []));
  if (sided.length === 0) return false;
  const lines = [...Map.groupBy(sided, nameOf)].flatMap(([name, own]) => {
    // One exact value for all sides has a column.
    const exact = own.every((row) => row.exact === own[0].exact) ? own[0].exact : null;
    const others = (["paper", "exact"] as const).filter(
      (key) => !(key === "exact" && exact !== null) && own.some((row) => row[key] !== null),
    );
    return [
      { name, own, exact, key: "ours" as const },
      ...others.map((key) => ({ name: `${name}, ${key}`, own, exact: null, key })),
    ];
  });
  type Line = (typeof lines)[number];
  const exact: Column<Line> = { label: "Exact", cell: (line) => line.exact, format: (value) => formatNumber(value, 5) };
  const at = (side: number): Column<Line> => ({
    label: square(side),
    cell: ({ own, key }) => own.find(({ patch }) => patch === side)?.[key],
    format: (value) => formatNumber(value, 3),
  });
  return htmlTable(
    lines,
    [
      { label: "Quantity", header: true, cell: ({ name }) => name },
      ...(lines.some((line) => typeof line.exact === "number") ? [exact] : []),
      ...sidesOf(sided).map(at),
    ],
    caption,
  );
}
