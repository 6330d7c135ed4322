/// <reference lib="dom" />
/** The script of every report, run by its reader's browser. `page.ts` bundles and inlines it. */
import "./environment.ts";
import { figure } from "./figure.ts";
import { followTheme } from "./theme.ts";

const figures = [...document.querySelectorAll<HTMLElement>("figure.chart")].map(figure);
const drawAll = () => {
  for (const one of figures) one.draw();
};
followTheme(drawAll);
drawAll();
document.documentElement.dataset.drawn = String(figures.length);
