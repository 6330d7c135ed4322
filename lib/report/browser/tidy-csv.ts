import type { ChartData, PlottedPanel, PlottedSeries } from "../chart-data.ts";

/** A header, and whether that column stands although no row has anything in it. */
const HEADER = [
  ...["figure", "panel", "series", "detail", "x_name", "x", "y_name", "y"],
  ...["low", "high", "interval", "t_name", "t", "dx_name", "dx", "dy_name", "dy", "thinned_from"],
] as const;
const ALWAYS: readonly string[] = HEADER.slice(0, 8);

type Row = Partial<Record<(typeof HEADER)[number], string | number | null>>;

function quoted(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function rowsOf(figure: string, data: ChartData, panel: PlottedPanel, series: PlottedSeries): Row[] {
  const { columns, t, arrows } = data;
  const named = (name: string | undefined, column: number) => (column >= 0 ? name : null);
  const fixed: Row = {
    figure,
    panel: panel.title,
    series: series.name,
    detail: series.detail,
    x_name: panel.x.label,
    y_name: panel.y.label,
    t_name: named(t, series.t),
    dx_name: named(arrows?.dx, series.dx),
    dy_name: named(arrows?.dy, series.dy),
    thinned_from: series.thinnedFrom || null,
  };
  return columns[series.x].map((x, at) => {
    const value = (column: number) => columns[column]?.[at];
    const [y, low, high] = [series.y, series.low, series.high].map(value);
    const interval = (low ?? high ?? null) === null ? null : series.interval;
    return { ...fixed, x, y, low, high, interval, t: value(series.t), dx: value(series.dx), dy: value(series.dy) };
  });
}

/**
 * The numbers of a figure as one table in long form (RFC 4180): a row per point of every series, as exact as the page has
 * them; empty where there is none. Columns beyond panel, series, x and y stand where any row fills them: the ends of intervals and what
 * these are, what runs along paths, arrows, and of how many points the shown ones were picked where that is not all.
 */
export function tidyCsv(figure: string, data: ChartData): string {
  const rows = data.panels.flatMap((panel) => panel.series.flatMap((series) => rowsOf(figure, data, panel, series)));
  const filled = (name: keyof Row) => ALWAYS.includes(name) || rows.some((row) => (row[name] ?? null) !== null);
  const header = HEADER.filter(filled);
  return [header, ...rows.map((row) => header.map((name) => quoted(row[name])))]
    .map((line) => `${line.join(",")}\r\n`)
    .join("");
}
