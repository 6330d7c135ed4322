import { type Content, type Html, html } from "../html.ts";

interface Collapsed {
  /** What stands before a field that finds rows; without it there is none. */
  readonly search?: string;
  /** Whether it stands open. */
  readonly open?: boolean;
}

/** A long list that opens on demand, under its name and number of rows: "All numbers, 48 rows". */
export const collapsed = (name: string, rows: number, body: Content, { search, open = false }: Collapsed = {}): Html =>
  html`<details class="rows"${search !== undefined && html` data-search="${search}"`}${open && html` open`}><summary>${name}, ${rows} ${rows === 1 ? "row" : "rows"}</summary>${body}</details>`;

/** How many rows with a head tables have. */
export const rowsOf = (tables: Content): number => html`${tables}`.toString().split('<th scope="row">').length - 1;
