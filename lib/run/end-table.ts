// The table at the end of a run: its errors beside what no model can go below and what the paper has, a screen at the most. All other numbers are in
// result.json and the tables.
import { styleText } from "node:util";
import type { Metric } from "./result.ts";

/** A row of the table: a method, of which there is a best; a quantity; or what these are compared with. */
export interface EndRow {
  name: string;
  kind: "method" | "quantity" | "beside";
  /** null where there is no such number. */
  cells: (number | null)[];
}

/** All numbers of a column are of one kind, so that the smallest of the methods is the best. */
export interface EndTable {
  /** What the numbers are, with their unit. */
  title: string;
  /** What the rows are. */
  head: string;
  columns: string[];
  rows: EndRow[];
  /** Lines before and behind the table. */
  above: string[];
  below: string[];
}

type Metrics = Readonly<Record<string, Metric>>;

/** A row of metrics, one name for each column; null where none of them is there. `of`: the number of a metric, its value by default. */
export function endRow(
  metrics: Metrics,
  name: string,
  keys: readonly string[],
  {
    kind = "method",
    of = ({ value }) => value,
  }: { kind?: EndRow["kind"]; of?: (metric: Metric) => number | null } = {},
): EndRow | null {
  const cells = keys.map((key) => (metrics[key] ? of(metrics[key]) : null));
  return cells.every((cell) => cell === null) ? null : { name, kind, cells };
}

/** A table of the rows that there are. */
export function endTable(
  title: string,
  head: string,
  columns: readonly string[],
  rows: readonly (EndRow | null)[],
  lines: { readonly above?: readonly string[]; readonly below?: readonly string[] } = {},
): EndTable {
  const { above = [], below = [] } = lines;
  const there = rows.filter((row) => row !== null);
  return { title, head, columns: [...columns], rows: there, above: [...above], below: [...below] };
}

/** In the middle of a line that is cut. */
const GAP = "  ";
const BEST = "*";
/** Columns that are shown at the least, whatever the width. */
const LEAST = 2;

/** The table as text of so many columns of the terminal. */
export function drawEndTable(table: EndTable, width = process.stdout.columns || Number.POSITIVE_INFINITY): string {
  const { title, head, rows, above, below } = table;
  const bests = table.columns.map((_, c) => bestRow(rows, c));
  const columns = table.columns.map((name, c) => {
    const texts = inOneNotation(rows.map(({ cells }) => cells[c])).map((text, r) =>
      bests[c] === r ? `${text}${BEST}` : `${text} `,
    );
    const wide = Math.max(Bun.stringWidth(name) + 1, ...texts.map((text) => text.length));
    return { name: `${name} `, texts, width: wide, best: bests[c] };
  });
  const label = Math.max(Bun.stringWidth(head), ...rows.map(({ name }) => Bun.stringWidth(name)));
  const shown = fitting(columns, width - label);
  const line = (first: string, cells: readonly string[]) =>
    `${first}${" ".repeat(label - Bun.stringWidth(first))}${cells.join("")}`.trimEnd();
  const right = (text: string, wide: number) => `${GAP}${" ".repeat(wide - Bun.stringWidth(text))}${text}`;
  const legend = bests.some((best) => best !== null) ? `; ${BEST} best` : "";
  const left = columns.length - shown.length;
  return [
    ...above,
    ...Bun.wrapAnsi(`${title}${legend}`, Math.min(width, 1e4))
      .split("\n")
      .map((text) => styled("bold", text)),
    ...(rows.length === 0
      ? []
      : [
          line(
            head,
            shown.map((one) => right(one.name, one.width)),
          ),
          ...rows.map(({ name, kind }, r) => {
            const text = line(
              name,
              shown.map((one) => right(one.texts[r], one.width)),
            );
            return kind === "beside"
              ? styled("dim", text)
              : marked(
                  text,
                  shown.map((one) => [one.texts[r], one.best === r]),
                );
          }),
        ]),
    ...(left > 0 ? [`${left} more columns in result.json`] : []),
    ...below.flatMap((text) => Bun.wrapAnsi(text, Math.min(width, 1e4)).split("\n")),
  ].join("\n");
}

/** A line with its best cells in colour. */
function marked(line: string, cells: readonly (readonly [text: string, isBest: boolean])[]): string {
  return cells.reduce(
    (text, [cell, isBest]) => (isBest ? text.replace(` ${cell}`, ` ${styled(["bold", "green"], cell)}`) : text),
    line,
  );
}

/** The method with the least number of a column; null where there are no two to choose from. */
function bestRow(rows: readonly EndRow[], column: number): number | null {
  const known = rows.flatMap(({ kind, cells }, r) => {
    const value = cells[column];
    return kind === "method" && value !== null ? [{ r, value }] : [];
  });
  return known.length < 2 ? null : known.reduce((best, one) => (one.value < best.value ? one : best)).r;
}

/** As many of the columns as the width holds, evenly out of all, the first and the last among them. */
function fitting<T extends { readonly width: number }>(columns: readonly T[], width: number): T[] {
  for (let count = columns.length; count > LEAST; count--) {
    const some = Array.from({ length: count }, (_, k) => columns[Math.round((k * (columns.length - 1)) / (count - 1))]);
    if (some.reduce((sum, one) => sum + GAP.length + one.width, 0) <= width) return some;
  }
  return columns.length <= LEAST ? [...columns] : [columns[0], columns[columns.length - 1]];
}

/** Digits of the smallest number of a column, and decimals at the most. */
const [DIGITS, DECIMALS] = [2, 4];
/** Numbers that differ by a larger factor are all written with a power of ten. */
const RANGE = 1e6;

/** Numbers of one column, all with as many decimals. */
function inOneNotation(values: readonly (number | null)[]): string[] {
  const sizes = values.flatMap((value) => (value ? [Math.abs(value)] : []));
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const decimals = Math.max(0, DIGITS - 1 - Math.floor(Math.log10(least)));
  const isPlain = most / least < RANGE && decimals <= DECIMALS;
  return values.map((value) => {
    if (value === null) return "–";
    return isPlain || sizes.length === 0 ? value.toFixed(sizes.length === 0 ? 0 : decimals) : value.toExponential(1);
  });
}

/** Text with style, where standard output is a terminal that shows one: https://no-color.org, FORCE_COLOR, TERM. */
function styled(format: Parameters<typeof styleText>[0], text: string): string {
  return process.env.NO_COLOR ? text : styleText(format, text, { stream: process.stdout });
}
