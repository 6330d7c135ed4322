import type { Estimate } from "../run/seeds.ts";
import { type Content, type Html, html } from "./html.ts";
import {
  commonNotation,
  formatNumber,
  formatSetting,
  formatWithInterval,
  isCount,
  MISSING,
  type Notation,
} from "./number.ts";

/** One column of a table whose rows are items `T`. */
export interface Column<T> {
  label: Content;
  unit?: string;
  /** What stands in the row of an item: nothing (null, undefined, "") and numbers that are not finite print as "—". */
  cell: (item: T) => string | number | Estimate | null | undefined;
  /**
   * How plain numbers print; default: whole ones in full, others with four significant digits. An estimate prints as its interval
   * allows. All of a column are written in one notation: where any of them needs a power of ten, all but those near 1 have one.
   */
  format?: (value: number) => string;
  /** The column that names its row: its cells are row headers. */
  header?: boolean;
  /** Where its text leads; null: nowhere. Of columns of text. */
  href?: (item: T) => string | null;
  /** Left-aligned text instead of aligned numbers, each in the notation that suits it; default for columns without any number. */
  text?: boolean;
  /** Sentences, which wrap; of columns of text. */
  long?: boolean;
}

type Value = ReturnType<Column<never>["cell"]>;

function show(value: Value, format: (value: number) => string, notation: Notation): string {
  if (typeof value === "number") return Number.isFinite(value) ? format(value) : MISSING;
  return (typeof value === "string" ? value : value && formatWithInterval(value, notation)) || MISSING;
}

/** All cells of a column as text. */
function shown(values: readonly Value[], { format, text }: Pick<Column<never>, "format" | "text">): string[] {
  const isEstimate = (value: Value): value is Estimate => typeof value === "object" && value !== null;
  const isPlain = (value: Value): value is number => typeof value === "number" && !format;
  const common = commonNotation(
    values.filter((value): value is number | Estimate => isEstimate(value) || isPlain(value)),
  );
  const notation = text ? "auto" : common;
  const inNotation = (value: number) =>
    isCount(value) && (notation !== "powers" || Math.abs(value) < 100)
      ? formatSetting(value)
      : formatNumber(value, 4, notation);
  return values.map((value) => show(value, format ?? inNotation, notation));
}

/** The text before the decimal point and the rest: "−12" and ".5×10⁻³". */
function split(text: string): [string, string] {
  const at = text.search(/[.×\s]/);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at)];
}

/** An upper bound of the width of a printed number, in widths of a digit. */
function widthOf(text: string): number {
  const width = (character: string) => (/[.,\s]/.test(character) ? 0.6 : /[⁻⁰¹²³⁴-⁹]/.test(character) ? 0.75 : 1);
  return [...text].reduce((sum, character) => sum + (/[×−]/.test(character) ? 1.45 : width(character)), 0);
}

function alignedCell(text: string, wholeWidth: number, restWidth: number): Html {
  if (text === MISSING) return html`<td class="missing">${text}</td>`;
  const [whole, rest] = split(text);
  return html`<td><span class="whole" style="min-width:${wholeWidth.toFixed(2)}ch">${whole}</span><span class="rest" style="min-width:${restWidth.toFixed(2)}ch">${rest}</span></td>`;
}

/** An accessible HTML table with a row per item: numbers are aligned at their decimal points, everything else is text. */
export function htmlTable<T>(items: readonly T[], columns: readonly Column<T>[], caption?: Content): Html {
  const prepared = columns.map((column) => {
    const values = items.map(column.cell);
    const cells = shown(values, column);
    const parts = cells.map(split);
    const wholeWidth = Math.max(0, ...parts.map(([whole]) => widthOf(whole)));
    const restWidth = Math.max(0, ...parts.map(([, rest]) => widthOf(rest)));
    const text = column.text ?? values.every((value) => value === null || !/number|object/.test(typeof value));
    return { column, text: text || column.header === true, cells, wholeWidth, restWidth };
  });
  return html`<div class="scroll"><table>${caption && html`<caption>${caption}</caption>`}
<thead><tr>${prepared.map(
    ({ column, text }) =>
      html`<th scope="col" class="${text ? "text" : "number"}">${column.label}${column.unit && html` <span class="unit">[${column.unit}]</span>`}</th>`,
  )}</tr></thead>
<tbody>${items.map(
    (item, i) =>
      html`<tr>${prepared.map(({ column, text, cells, wholeWidth, restWidth }) => {
        const href = column.href?.(item);
        const shown = href ? html`<a href="${href}">${cells[i]}</a>` : cells[i];
        if (column.header) return html`<th scope="row">${shown}</th>`;
        return text
          ? html`<td class="${column.long ? "text long" : "text"}">${shown}</td>`
          : alignedCell(cells[i], wholeWidth, restWidth);
      })}</tr>
`,
  )}</tbody></table></div>`;
}

/** A two-column table of names and values, for parameters and versions; nested values print as JSON. */
export function settingsTable(caption: string, settings: Readonly<Record<string, unknown>>): Html {
  const value = (item: unknown): string => {
    if (typeof item === "number") return formatSetting(item);
    if (item === null || item === undefined) return MISSING;
    if (Array.isArray(item)) return item.map(value).join(", ");
    return typeof item === "object" ? JSON.stringify(item) : String(item);
  };
  return html`<table><caption>${caption}</caption><tbody>${Object.entries(settings).map(
    ([name, item]) => html`<tr><th scope="row">${name}</th><td>${value(item)}</td></tr>`,
  )}</tbody></table>`;
}
