/// <reference lib="dom" />
import { type ChartData, isFree, type PlottedPanel, type PlottedSeries } from "../chart-data.ts";
import { shortNumber } from "../number.ts";
import { element } from "./element.ts";
import { INTERVALS } from "./intervals.ts";
import { markScrollers } from "./scrollers.ts";

const MAX_ROWS = 60;

interface Column {
  heading: string;
  values: (number | null)[];
}

const fullName = ({ name, detail }: PlottedSeries) => [name, detail].filter(Boolean).join(", ");

/** Numbers of a path or of arrows: what runs along it, both coordinates, both components. */
function freeColumns(data: ChartData, panel: PlottedPanel, series: PlottedSeries): Column[] {
  const parts: [number, string | undefined][] = [
    [series.t, data.t],
    [series.x, panel.x.label],
    [series.y, panel.y.label],
    [series.dx, data.arrows?.dx],
    [series.dy, data.arrows?.dy],
  ];
  return parts
    .filter(([index]) => index >= 0)
    .map(([index, label]) => ({ heading: `${fullName(series)}: ${label}`, values: data.columns[index] }));
}

/** The columns of one panel: each x once, then value, low and high of every series on it. */
function columnsOf(data: ChartData, panel: PlottedPanel): Column[] {
  const columns: Column[] = [];
  let x = -1;
  for (const series of panel.series) {
    if (isFree(series)) {
      columns.push(...freeColumns(data, panel, series));
      continue;
    }
    if (series.x !== x) columns.push({ heading: panel.x.label, values: data.columns[series.x] });
    x = series.x;
    const name = fullName(series);
    columns.push({ heading: name, values: data.columns[series.y] });
    const { low, high } = INTERVALS[series.interval];
    if (series.low >= 0) columns.push({ heading: `${name}, ${low}`, values: data.columns[series.low] });
    if (series.high >= 0) columns.push({ heading: `${name}, ${high}`, values: data.columns[series.high] });
  }
  return columns;
}

function tableOf(data: ChartData, panel: PlottedPanel): HTMLElement {
  const columns = columnsOf(data, panel);
  const length = Math.max(0, ...columns.map((column) => column.values.length));
  const step = Math.max(1, Math.ceil(length / MAX_ROWS));
  const table = element("table");
  table.append(
    element("caption", `${panel.title || panel.y.label}${step > 1 ? ` (one row of ${step}; all in the CSV)` : ""}`),
  );
  const head = table.createTHead().insertRow();
  for (const column of columns) {
    const cell = element("th", column.heading);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (let row = 0; row < length; row += step) {
    const line = body.insertRow();
    for (const column of columns) {
      const value = column.values[row];
      line.insertCell().textContent = typeof value === "number" ? shortNumber(value) : "—";
    }
  }
  const scroller = element("div");
  scroller.className = "scroll";
  scroller.append(table);
  return scroller;
}

/** Fills the figure's "numbers" when they are first opened: a table per panel. */
export function offerNumbers(details: HTMLDetailsElement, data: ChartData): void {
  details.addEventListener(
    "toggle",
    () => {
      details.append(...data.panels.map((panel) => tableOf(data, panel)));
      markScrollers(details);
    },
    { once: true },
  );
}
