import type { ColumnTable } from "arquero";
import { type Content, type Html, html } from "./html.ts";
import { formatNumber, formatSetting, MISSING } from "./number.ts";

/** How one column is shown. Numbers are aligned at their decimal points, everything else is text. */
export interface Column {
  label: Content;
  unit?: string;
  /** Significant digits of numbers, or a function from value (and row) to text; default four digits. */
  format?: number | ((value: unknown, row: Record<string, unknown>) => string);
  /** The column that names its row: its cells are row headers. */
  header?: boolean;
  /** Left-aligned text instead of aligned numbers; default for columns without any number. */
  text?: boolean;
}

function show(value: unknown, format: Column["format"], row: Record<string, unknown>): string {
  if (typeof format === "function") return format(value, row) || MISSING;
  if (typeof value === "number") return formatNumber(value, format);
  if (typeof value === "bigint") return formatSetting(Number(value));
  return value === null || value === undefined || value === "" ? MISSING : String(value);
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

/**
 * An arquero table as an accessible HTML table: the columns of `columns`, in that order. Missing values (null, undefined,
 * NaN, ±∞) print as "—". Throws a TypeError for a column the table does not have.
 */
export function htmlTable(table: ColumnTable, columns: Record<string, Column>, caption?: Content): Html {
  const rows = table.objects() as Record<string, unknown>[];
  const names = table.columnNames();
  const prepared = Object.entries(columns).map(([name, column]) => {
    if (!names.includes(name)) throw new TypeError(`no column ${name} in the table: it has ${names.join(", ")}`);
    const text = column.text ?? !rows.some((row) => typeof row[name] === "number");
    const cells = rows.map((row) => show(row[name], column.format, row));
    const parts = cells.map(split);
    const wholeWidth = Math.max(0, ...parts.map(([whole]) => widthOf(whole)));
    const restWidth = Math.max(0, ...parts.map(([, rest]) => widthOf(rest)));
    return { column, text: text || column.header === true, cells, wholeWidth, restWidth };
  });
  return html`<div class="scroll"><table>${caption && html`<caption>${caption}</caption>`}
<thead><tr>${prepared.map(
    ({ column, text }) =>
      html`<th scope="col" class="${text ? "text" : "number"}">${column.label}${column.unit && html` <span class="unit">[${column.unit}]</span>`}</th>`,
  )}</tr></thead>
<tbody>${rows.map(
    (_, i) =>
      html`<tr>${prepared.map(({ column, text, cells, wholeWidth, restWidth }) => {
        if (column.header) return html`<th scope="row">${cells[i]}</th>`;
        return text ? html`<td class="text">${cells[i]}</td>` : alignedCell(cells[i]!, wholeWidth, restWidth);
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
