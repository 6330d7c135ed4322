/**
 * HTML as a value. Everything interpolated into html`…` is escaped unless it is itself `Html`, so a title or a file
 * name cannot become markup.
 */

/** A piece of finished markup. Made by html`…`, or by `new Html(text)` for text that is known to be markup. */
export class Html {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

/** What a hole of html`…` may hold: `null`, `undefined` and `false` print nothing, arrays are joined. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text with the five characters that mean something to HTML replaced; safe in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

function print(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Html) return content.toString();
  if (typeof content === "string" || typeof content === "number") return escapeHtml(String(content));
  return content.map(print).join("");
}

/** Template tag: html`<h1>${title}</h1>`. */
export function html(strings: TemplateStringsArray, ...holes: Content[]): Html {
  let text = strings[0];
  for (let i = 0; i < holes.length; i++) text += print(holes[i]) + strings[i + 1];
  return new Html(text);
}

/** Single precision has seven. */
const DIGITS = 7;

/**
 * JSON that may stand inside a `<script>` element: whole numbers are exact, others keep the seven digits of single precision, NaN and ±∞ become null (a gap),
 * typed arrays become arrays, and `<` is written `\u003c` so that no text can close the element.
 */
export function inlineJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item) => {
    // JSON makes null of NaN and ±∞.
    if (typeof item === "number") return Number.isSafeInteger(item) ? item : Number(item.toPrecision(DIGITS));
    if (ArrayBuffer.isView(item) && "length" in item) return Array.from(item as unknown as ArrayLike<number>);
    return item;
  });
  return text.replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
