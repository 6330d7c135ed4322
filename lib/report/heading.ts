import { type Content, type Html, html } from "./html.ts";

/** The title of figure `id`, which is a link to it. */
export function figureHeading(id: string, title: Content): Html {
  return html`<h3 id="${id}-title"><a href="#${id}">${title}</a></h3>`;
}
