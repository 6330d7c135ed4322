import type { Axis, ChartSpec, Level, Numbers, Panel, Series } from "./chart-spec.ts";
import { extent } from "./extent.ts";

/** A series as the page's script finds it: numbers are indices into `columns`, −1 for none. */
export interface PlottedSeries extends Required<Omit<Series, ColumnName>>, Record<ColumnName, number> {
  /** How many points there were before thinning; 0 for a series that has all. */
  thinnedFrom: number;
}
/** A series as the page holds it: what is as by default is left out. */
type KeptSeries = Pick<PlottedSeries, "name" | "ink" | "x" | "y"> & Partial<PlottedSeries>;

const DEFAULTS = {
  detail: "",
  draw: "line",
  dash: "solid",
  marker: "circle",
  hollow: false,
  small: false,
  magnify: 1,
  width: 1.75,
  dodge: 0,
  interval: "95 %",
  thinnedFrom: 0,
  ...{ low: -1, high: -1, t: -1, dx: -1, dy: -1 },
} satisfies Partial<PlottedSeries>;
type ColumnName = "x" | "y" | "low" | "high" | "t" | "dx" | "dy";

export interface PlottedPanel<S = PlottedSeries> {
  title: string;
  x: Axis;
  y: Axis;
  /** What y shows at first. */
  range: [number, number];
  series: S[];
  levels: Level[];
  verticals: Level[];
}

/** Everything the page's script knows of a figure. */
export interface ChartData<S = PlottedSeries> {
  columns: (number | null)[][];
  height: number;
  panels: PlottedPanel<S>[];
  t?: string;
  arrows?: ChartSpec["arrows"];
}

/** Panels in the two groups that they stand in on the page: the folded ones below the others. */
export function shownAndFolded(panels: readonly Panel[]): { shown: Panel[]; folded: Panel[] } {
  return { shown: panels.filter((panel) => !panel.folded), folded: panels.filter((panel) => panel.folded) };
}

/** Paths and arrows have no order in x, so uPlot cannot draw them. */
export function isFree(series: { draw?: Series["draw"] }): boolean {
  return series.draw === "path" || series.draw === "arrows";
}

/** Columns of numbers, equal ones kept once. */
class ColumnStore {
  readonly columns: (number | null)[][] = [];
  readonly #known = new Map<string, number>();
  readonly maxPoints: number;
  constructor(maxPoints: number) {
    this.maxPoints = maxPoints;
  }

  add(numbers: Numbers): number {
    const all = Array.from(numbers, (value) => (Number.isFinite(value) ? value : null));
    const column = all.length > this.maxPoints ? thin(all, this.maxPoints) : all;
    const text = `${column.length}:${column.join()}`;
    const known = this.#known.get(text) ?? this.columns.push(column) - 1;
    this.#known.set(text, known);
    return known;
  }
}

/** `count` of `values`, evenly picked, with both ends. */
export function thin<T>(values: ArrayLike<T>, count: number): T[] {
  return Array.from({ length: count }, (_, i) => values[Math.round((i * (values.length - 1)) / (count - 1))]);
}

/** All numbers of `panels` along one axis: values, ends of intervals, levels, and tips of arrows. */
function* numbersAlong(panels: readonly Panel[], key: "x" | "y", arrowScale: number): Iterable<number | null> {
  for (const { series, levels = [], verticals = [] } of panels) {
    for (const one of series) {
      const along = one[key];
      yield* Array.from(along);
      if (key === "y") for (const bound of [one.low, one.high]) if (bound) yield* Array.from(bound);
      const vector = key === "x" ? one.dx : one.dy;
      if (vector)
        yield* Array.from(
          vector,
          (part, i) => (along[i] ?? Number.NaN) + arrowScale * (one.magnify ?? 1) * (part ?? 0),
        );
    }
    for (const { value, low, high } of key === "y" ? levels : verticals) {
      for (const end of [value, low, high]) if (end !== undefined) yield end;
    }
  }
}

/** The range that shows all of `numbers` with a little air, in the axis' own scale. */
function rangeOf(axis: Axis, numbers: Iterable<number | null>): [number, number] {
  if (axis.range) return axis.range;
  const [low, high] = extent(axis.log ? Array.from(numbers).filter((value) => (value ?? 0) > 0) : numbers);
  if (low > high) return axis.log ? [0.1, 1] : [0, 1];
  if (axis.log) return [low / (high / low) ** 0.06 / 1.15, high * (high / low) ** 0.06 * 1.15];
  const air = high > low ? 0.06 * (high - low) : Math.abs(high) * 0.1 || 1;
  return [low - air, high + air];
}

function plotted(series: Series, store: ColumnStore): KeptSeries {
  const { x, y, low, high, t, dx, dy, ...look } = series;
  const optional = Object.entries({ low, high, t, dx, dy }).flatMap(([name, numbers]) =>
    numbers ? [[name, store.add(numbers)]] : [],
  );
  const thinnedFrom = x.length > store.maxPoints ? { thinnedFrom: x.length } : {};
  const given = Object.entries(look).filter(([name, value]) => value !== (DEFAULTS as Record<string, unknown>)[name]);
  const kept = { ...Object.fromEntries(given), ...Object.fromEntries(optional), ...thinnedFrom };
  return { ...kept, name: series.name, ink: series.ink, x: store.add(x), y: store.add(y) };
}

/** What `chartData` put into the page as JSON. */
export function readChart(json: string): ChartData {
  const kept: ChartData<KeptSeries> = JSON.parse(json);
  const panels = kept.panels.map((panel) => ({
    ...panel,
    series: panel.series.map((series): PlottedSeries => ({ ...DEFAULTS, ...series })),
  }));
  return { ...kept, panels };
}

/** The figure's numbers, each column once, with the ranges that its panels share. */
export function chartData(spec: ChartSpec): ChartData<KeptSeries> {
  const store = new ColumnStore(spec.maxPoints ?? 300);
  const scale = spec.arrows?.scale ?? 1;
  const rangeOfY = (axis: Axis, panels: Panel[]) => rangeOf(axis, numbersAlong(panels, "y", scale));
  const common = spec.panels.filter((panel) => !panel.y);
  const shared = spec.shareY === false ? null : rangeOfY(spec.y, common);
  const { shown, folded } = shownAndFolded(spec.panels);
  const panels = [...shown, ...folded].map((panel): PlottedPanel<KeptSeries> => {
    const [x, y] = [panel.x ?? spec.x, panel.y ?? spec.y];
    const family = spec.panels.filter((other) => (other.x ?? spec.x).label === x.label);
    const free = family.some((other) => other.series.some(isFree));
    return {
      title: panel.title ?? "",
      // uPlot takes the range of x from ascending numbers, which paths and arrows are not.
      x: free ? { ...x, range: rangeOf(x, numbersAlong(family, "x", scale)) } : x,
      y,
      range: panel.y || !shared ? rangeOfY(y, [panel]) : shared,
      series: panel.series.map((series) => plotted(series, store)),
      levels: panel.levels ?? [],
      verticals: panel.verticals ?? [],
    };
  });
  const height = spec.height ?? (spec.panels.length > 1 ? 240 : 360);
  return { columns: store.columns, height, panels, t: spec.t, arrows: spec.arrows };
}
