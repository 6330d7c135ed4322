/// <reference lib="dom" />
import type { ChartData } from "../chart.ts";
import { shortNumber } from "./axes.ts";
import { element } from "./element.ts";

const MAX_ROWS = 60;

interface Column {
  heading: string;
  values: (number | null)[];
}

/** The columns of one panel: each x once, then value, low and high of every series on it. */
function columnsOf(data: ChartData, panel: ChartData["panels"][number]): Column[] {
  const columns: Column[] = [];
  let x = -1;
  for (const series of panel.series) {
    if (series.x !== x) columns.push({ heading: data.x.label, values: data.columns[series.x]! });
    x = series.x;
    const name = [series.name, series.detail].filter(Boolean).join(", ");
    columns.push({ heading: name, values: data.columns[series.y]! });
    if (series.low >= 0) columns.push({ heading: `${name}, low`, values: data.columns[series.low]! });
    if (series.high >= 0) columns.push({ heading: `${name}, high`, values: data.columns[series.high]! });
  }
  return columns;
}

function csv(data: ChartData): string {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return data.panels
    .map((panel) => {
      const columns = columnsOf(data, panel);
      const rows = Math.max(0, ...columns.map((column) => column.values.length));
      const lines = Array.from({ length: rows }, (_, row) => columns.map((c) => c.values[row] ?? "").join(","));
      return [quote(panel.title || data.y.label), columns.map((c) => quote(c.heading)).join(","), ...lines, ""].join(
        "\n",
      );
    })
    .join("\n");
}

function tableOf(data: ChartData, panel: ChartData["panels"][number]): HTMLElement {
  const columns = columnsOf(data, panel);
  const length = Math.max(0, ...columns.map((column) => column.values.length));
  const step = Math.max(1, Math.ceil(length / MAX_ROWS));
  const table = element("table");
  table.append(
    element("caption", `${panel.title || data.y.label}${step > 1 ? ` (one row of ${step}; all in the CSV)` : ""}`),
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

/** Fills the figure's "numbers" when they are first opened: a CSV to save, and a table per panel. */
export function offerNumbers(details: HTMLDetailsElement, data: ChartData, name: string): void {
  details.addEventListener(
    "toggle",
    () => {
      const link = element("a", "Save all as CSV");
      link.download = `${name}.csv`;
      link.href = `data:text/csv;charset=utf-8,${encodeURIComponent(csv(data))}`;
      details.append(link, ...data.panels.map((panel) => tableOf(data, panel)));
    },
    { once: true },
  );
}
