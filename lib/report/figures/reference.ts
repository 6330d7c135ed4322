/** Tables to look numbers up in. */
import { type Content, type Html, html } from "../html.ts";

/** `tables` closed until the reader asks for them; the line that opens them says how many rows there are. Nothing without any row. */
export function reference(what: string, ...tables: readonly Content[]): Html | false {
  const body = html`${tables}`;
  const rows = body.toString().split('<th scope="row">').length - 1;
  if (rows === 0) return false;
  return html`<details class="reference"><summary>${what}: ${rows} row${rows > 1 && "s"}</summary>
${body}</details>`;
}
