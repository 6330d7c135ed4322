/** How scores are printed: a number with its interval, tables with a row per learned equation. */
import { table } from "arquero";
import { LOOKS, METHODS, type Method } from "../../../report/figures/methods.ts";
import type { Content, Html } from "../../../report/html.ts";
import { formatWithInterval } from "../../../report/number.ts";
import { type Column, htmlTable } from "../../../report/table.ts";
import type { Interval, IsingScores } from "../report.ts";

/** Name of the level that a perfect model would score; short, for panels of half the width. */
export const FLOOR = "floor";

/** Ours first. */
const LISTED = METHODS.toReversed();

export const text = (label: Content): Column => ({ label, text: true });
/** Finished text of numbers, aligned at their decimal points. */
export const aligned = (label: Content): Column => ({ label, text: false });

/** "0.00072 ± 0.00011", or the number alone where it has no interval. */
export function interval({ mean, low, high }: Interval): string {
  return formatWithInterval(mean, low, high);
}

/** The methods of `rows` in the order of the report. */
export const methodsOf = (rows: readonly { method: Method }[]) =>
  LISTED.filter((method) => rows.some((row) => row.method === method));

/** Place of a method among the rows of a table. */
export const inOrder = (method: Method) => LISTED.indexOf(method);

/** A table of scores with columns of its own in front, a row per item in the order given. */
export function scoreTable<T extends IsingScores & { method: Method }>(
  rows: readonly T[],
  own: Record<string, { column: Column; cell: (row: T) => string }>,
  caption: Content,
): Html {
  const names = Object.keys(own);
  return htmlTable(
    table({
      ...Object.fromEntries(names.map((name) => [name, rows.map(own[name]!.cell)])),
      method: rows.map(({ method }) => LOOKS[method].name),
      error: rows.map(({ error }) => interval(error)),
      early: rows.map(({ early }) => interval(early)),
      stdRatio: rows.map(({ stdRatio }) => interval(stdRatio)),
    }),
    {
      ...Object.fromEntries(names.map((name, i) => [name, { ...own[name]!.column, ...(i === 0 && { header: true }) }])),
      method: text("Trained by"),
      error: aligned("Error"),
      early: aligned("Early error"),
      stdRatio: aligned("std / true"),
    },
    caption,
  );
}
