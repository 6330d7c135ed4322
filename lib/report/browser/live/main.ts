/// <reference lib="dom" />
/** The script of reports whose equation is integrated in the page; `page.ts` bundles and inlines it. */
import "../main.ts";
import { section } from "./section.ts";

const sections = [...document.querySelectorAll<HTMLElement>(".live")].map(section);
const drawAll = () => {
  for (const draw of sections) draw();
};
// Colours stand in the canvases.
new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
