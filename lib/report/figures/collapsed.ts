import { type Content, type Html, html } from "../html.ts";

/** A long list that opens on demand, under its name and number of rows: "All numbers, 48 rows". */
export const collapsed = (name: string, rows: number, body: Content): Html =>
  html`<details class="rows"><summary>${name}, ${rows} ${rows === 1 ? "row" : "rows"}</summary>${body}</details>`;

/** How many rows with a head tables have. */
export const rowsOf = (tables: Content): number => html`${tables}`.toString().split('<th scope="row">').length - 1;
