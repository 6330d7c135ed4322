/// <reference lib="dom" />
/** The script of every report, run by its reader's browser. `page.ts` bundles and inlines it. */
import "./environment.ts";
import { drawAll } from "./drawing.ts";
import { figure } from "./figure.ts";
import { markScrollers } from "./scrollers.ts";
import { addSearch } from "./search.ts";
import { followTheme } from "./theme.ts";

const figures = [...document.querySelectorAll<HTMLElement>("figure.chart")].map(figure);
followTheme((atOnce) => drawAll(figures, atOnce));
markScrollers(document.body);
for (const list of document.querySelectorAll<HTMLElement>("[data-search]")) addSearch(list);
drawAll(figures);
