// Long lists as matrices: every number stands where its row and column say, none is lost.
import { expect, test } from "bun:test";
import { collapsed, rowsOf } from "../../../lib/report/figures/collapsed.ts";
import { type Comparison, comparisonMatrix } from "../../../lib/report/figures/comparison.ts";
import { methodMatrix } from "../../../lib/report/figures/score-table.ts";
import { single } from "../../../lib/run/seeds.ts";

/** The texts of the cells of every row. */
const cells = (markup: unknown) =>
  [...String(markup).matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell.replace(/<[^>]*>/g, "")),
  );

const row = (quantity: string, patch: number | null, value: number, paper: number | null, exact: number | null) =>
  ({ quantity, patch, paper, exact, ours: single(value), unit: "1" }) satisfies Comparison;

test("a comparison by patch side, with the paper's rows, and exact values that differ by side", () => {
  const rows = [
    row("error", 8, 0.3, 0.4, 0),
    row("error", 64, 0.1, null, 0),
    row("width", 8, 2, null, 1.5),
    row("width", 64, 3, null, 2.5),
    row("time", null, 9, null, null),
  ];
  expect(cells(comparisonMatrix(rows))).toEqual([
    ["Quantity", "Exact", "64 × 64", "8 × 8"],
    ["error", "0", "0.1000", "0.3000"],
    ["error, paper", "—", "—", "0.400"],
    ["width", "—", "3.000", "2.000"],
    ["width, exact", "—", "2.50", "1.50"],
  ]);
  expect(comparisonMatrix(rows.slice(4))).toBe(false);
});

test("a score by method and patch side, ours first, gaps where there is none", () => {
  const items = [
    { method: "naive" as const, patch: 8, score: 4 },
    { method: "compensator" as const, patch: 8, score: 1 },
    { method: "compensator" as const, patch: 16, score: 2 },
  ];
  expect(cells(methodMatrix(items, { cell: ({ score }) => score, format: String }, ""))).toEqual([
    ["Trained by", "16 × 16", "8 × 8"],
    ["Ours (compensator)", "2", "1"],
    ["Naive", "—", "4"],
  ]);
  const tables = [methodMatrix(items, { cell: ({ score }) => score }, ""), methodMatrix(items, { cell: () => 0 }, "")];
  expect(rowsOf(tables)).toBe(4);
  expect(String(collapsed("All", rowsOf(tables), tables))).toContain("<summary>All, 4 rows</summary>");
});
