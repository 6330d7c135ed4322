// What the runs of a sweep gave, as it is on the disk: one tidy table of all metrics, failures kept in it, and one of how the runs were made. The first is the same
// to the byte whoever made the runs and in whatever order; what depends on the machine (seconds, memory, hosts, dates) stands in the second alone.
import { join } from "node:path";
import { writeTypedArrow } from "../../io/arrow.ts";
import { writeTypedCsv } from "../../io/csv.ts";
import { writeTypedParquet } from "../../io/parquet.ts";
import type { TypedColumn, TypedTable } from "../../io/typed-table.ts";
import type { RunResult } from "../result.ts";
import { type Attempt, isMade, type PointState, readAttempt, type Status } from "./executor.ts";
import { resultOf } from "./found.ts";
import type { Plan, Point } from "./plan.ts";

/** Metrics that tell of the machine. */
const OF_THE_MACHINE = "seconds.";

/** What is varied. */
export interface SweepAxis {
  readonly key: string;
  /** Whether all its values are numbers. */
  readonly numeric: boolean;
  /** Those that occur: numbers ascending, others in alphabetical order. */
  readonly values: readonly string[];
}

export interface CollectedRun {
  readonly point: Point;
  readonly state: PointState;
  /** Sentences without a stop: why it has no metrics, or what to know of those it has. */
  readonly why: string | null;
  /** Its metrics are the rows from `first` on, so many. */
  readonly first: number;
  readonly count: number;
  readonly attempt: Attempt | null;
  /** What its result says of how it was made; null where there is no result to be read. */
  readonly made: (Pick<RunResult, "date" | "adapter" | "versions"> & { readonly seconds: number }) | null;
}

/** Metrics of all runs, by column; NaN where there is no number. */
export interface MetricRows {
  readonly count: number;
  /** Indices into `runs`, `names`, `units`. */
  readonly run: ArrayLike<number>;
  readonly name: ArrayLike<number>;
  readonly unit: ArrayLike<number>;
  readonly value: ArrayLike<number>;
  /** Ends of the 95 % interval. */
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly paper: ArrayLike<number>;
  readonly exact: ArrayLike<number>;
}

export interface Collected {
  readonly plan: Plan;
  readonly axes: readonly SweepAxis[];
  /** In the order of the values of the axes, then of repetitions. */
  readonly runs: readonly CollectedRun[];
  readonly names: readonly string[];
  readonly units: readonly string[];
  readonly metrics: MetricRows;
}

/** A column of numbers that grows. */
class Growing {
  #numbers = new Float64Array(1024);
  #count = 0;

  push(value: number): void {
    if (this.#count === this.#numbers.length) {
      const old = this.#numbers;
      this.#numbers = new Float64Array(2 * old.length);
      this.#numbers.set(old);
    }
    this.#numbers[this.#count++] = value;
  }

  get count(): number {
    return this.#count;
  }

  /** All so far. */
  get numbers(): Float64Array {
    return this.#numbers.subarray(0, this.#count);
  }
}

/** Texts as numbers of a list without repetitions. */
class Numbered {
  readonly list: string[] = [];
  readonly #known = new Map<string, number>();

  of(text: string): number {
    const known = this.#known.get(text) ?? this.list.push(text) - 1;
    this.#known.set(text, known);
    return known;
  }
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const isNumber = (text: string) => text.trim() !== "" && Number.isFinite(Number(text));

function axisOf(key: string, points: readonly Point[]): SweepAxis {
  const values = [...new Set(points.flatMap(({ values }) => values[key] ?? []))];
  const numeric = values.length > 0 && values.every(isNumber);
  return { key, numeric, values: values.sort((a, b) => (numeric ? Number(a) - Number(b) : 0) || byText(a, b)) };
}

/** Points in the order of the table: by the values of the axes, the last fastest, then by repetition. */
function ordered(points: readonly Point[], axes: readonly SweepAxis[]): Point[] {
  const places = axes.map(({ key, values }) => ({ key, place: new Map(values.map((value, k) => [value, k])) }));
  const keyed = points.map((point) => ({
    point,
    order: [...places.map(({ key, place }) => place.get(point.values[key]) ?? -1), point.repetition],
  }));
  keyed.sort((a, b) => {
    const at = a.order.findIndex((value, k) => value !== b.order[k]);
    return at < 0 ? byText(a.point.name, b.point.name) : a.order[at] - b.order[at];
  });
  return keyed.map(({ point }) => point);
}

/**
 * What is there of the runs of the sweep in `folder`, at any time. A result that cannot be read, or is of another run than its folder says, makes its run a
 * failed one and leaves the others alone. Holds the numbers of all metrics, 64 bytes each.
 */
export function collectSweep(folder: string, plan: Plan, statuses: readonly Status[]): Collected {
  const known = new Map(statuses.map((status) => [status.point.name, status]));
  const axes = plan.axes.map((key) => axisOf(key, plan.points));
  const [names, units] = [new Numbered(), new Numbered()];
  const columns = {
    ...{ run: new Growing(), name: new Growing(), unit: new Growing() },
    ...{ value: new Growing(), low: new Growing(), high: new Growing(), paper: new Growing(), exact: new Growing() },
  };
  const runs = ordered(plan.points, axes).map((point, run): CollectedRun => {
    const { state, why = null } = known.get(point.name) ?? { state: "waiting" };
    const first = columns.run.count;
    const attempt = readAttempt(folder, point);
    const none = { point, why, first, count: 0, attempt, made: null };
    if (!isMade(state)) return { ...none, state };
    const read = resultOf(folder, point);
    if ("why" in read) return { ...none, state: "failed", why: read.why };
    const { result } = read;
    for (const [name, { value, ci95, paper, exact, unit }] of Object.entries(result.metrics).sort(([a], [b]) =>
      byText(a, b),
    )) {
      if (name.startsWith(OF_THE_MACHINE)) continue;
      const [low, high] = ci95 ?? [Number.NaN, Number.NaN];
      const numbers = { value, low, high, paper: paper ?? Number.NaN, exact: exact ?? Number.NaN };
      const row = { run, name: names.of(name), unit: units.of(unit), ...numbers };
      for (const key of Object.keys(columns) as (keyof typeof columns)[]) columns[key].push(row[key]);
    }
    const { warnings = [], date, adapter, versions, seconds } = result;
    return {
      ...{ point, state, attempt, first, count: columns.run.count - first },
      why: warnings.length > 0 ? warnings.join("; ") : why,
      made: { date, adapter, versions, seconds: seconds.total ?? Number.NaN },
    };
  });
  const metrics = Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, column.numbers]));
  return {
    ...{ plan, axes, runs, names: names.list, units: units.list },
    metrics: { count: columns.run.count, ...(metrics as Record<keyof typeof columns, Float64Array>) },
  };
}

/** Where the report of a run lies, seen from the folder of the sweep. */
export const reportPath = ({ name }: Point) => `runs/${name}/index.html`;

const orNull = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const textOr = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The name of an axis's column; another one where it is that of a column of the tables: programs do not tell capitals. */
const axisColumn = (key: string) => (TAKEN.has(key.toLowerCase()) ? `parameter.${key}` : key);

/** What says which run a row is of. */
function runColumns({ axes }: Pick<Collected, "axes">, runAt: (row: number) => CollectedRun): TypedColumn[] {
  return [
    { name: "point", type: "text", at: (row) => runAt(row).point.name },
    ...axes.map(({ key, numeric }): TypedColumn => {
      const at = (row: number) => runAt(row).point.values[key];
      const name = axisColumn(key);
      return numeric
        ? { name, type: "number", at: (row) => (at(row) === undefined ? null : Number(at(row))) }
        : { name, type: "text", at: (row) => at(row) ?? null };
    }),
    { name: "repetition", type: "integer", at: (row) => runAt(row).point.repetition },
    { name: "seed", type: "integer", at: (row) => runAt(row).point.seed },
    { name: "state", type: "text", at: (row) => runAt(row).state },
  ];
}

/** One row per run and metric; runs without metrics have one row. */
export function metricTable(collected: Omit<Collected, "plan">): TypedTable {
  const { runs, names, units, metrics } = collected;
  // Which run, and which row of the metrics; −1 for none.
  const rows = metrics.count + runs.filter(({ count }) => count === 0).length;
  const [run, at] = [new Int32Array(rows), new Int32Array(rows).fill(-1)];
  let row = 0;
  for (const [k, { first, count }] of runs.entries()) {
    for (let i = 0; i < Math.max(1, count); i++, row++) {
      run[row] = k;
      if (count > 0) at[row] = first + i;
    }
  }
  const number = (name: "value" | "low" | "high" | "paper" | "exact"): TypedColumn => ({
    ...{ name, type: "number" },
    at: (row) => (at[row] < 0 ? null : orNull(metrics[name][at[row]])),
  });
  const text = (name: string, list: readonly string[], numbers: ArrayLike<number>): TypedColumn => ({
    ...{ name, type: "text" },
    at: (row) => (at[row] < 0 ? null : list[numbers[at[row]]]),
  });
  const runAt = (row: number) => runs[run[row]];
  return {
    rows,
    columns: [
      ...runColumns(collected, runAt),
      text("metric", names, metrics.name),
      ...(["value", "low", "high", "paper", "exact"] as const).map(number),
      text("unit", units, metrics.unit),
      { name: "why", type: "text", at: (row) => runAt(row).why },
      { name: "report", type: "text", at: (row) => (runAt(row).count > 0 ? reportPath(runAt(row).point) : null) },
    ],
  };
}

/** One row per run: how its last attempt went, and what its result says of how it was made. */
export function attemptTable(collected: Omit<Collected, "plan">): TypedTable {
  const { runs } = collected;
  const attempt = (name: keyof Attempt) => (row: number) => runs[row].attempt?.[name];
  const ofAttempt = (name: keyof Attempt, type: TypedColumn["type"]): TypedColumn =>
    type === "text"
      ? { name, type, at: (row) => textOr(attempt(name)(row)) }
      : { name, type, at: (row) => orNull(attempt(name)(row)) };
  const ofResult = (name: string, at: (made: NonNullable<CollectedRun["made"]>) => unknown): TypedColumn => ({
    ...{ name, type: "text" },
    at: (row) => {
      const { made } = runs[row];
      return made && textOr(at(made));
    },
  });
  return {
    rows: runs.length,
    columns: [
      ...runColumns(collected, (row) => runs[row]),
      ...(["began", "host", "job", "signal"] as const).map((name) => ofAttempt(name, "text")),
      ...(["exit", "seconds", "memory"] as const).map((name) => ofAttempt(name, "number")),
      { name: "total", type: "number", at: (row) => orNull(runs[row].made?.seconds) },
      ofResult("date", ({ date }) => date),
      ofResult("adapter", ({ adapter }) => adapter.name),
      ofResult("patchwise", ({ versions }) => versions.patchwise),
      ofResult("commit", ({ versions }) => versions.commit),
    ],
  };
}

const NOTHING: MetricRows = {
  count: 0,
  run: [],
  name: [],
  unit: [],
  value: [],
  low: [],
  high: [],
  paper: [],
  exact: [],
};
/** Columns that the tables have without any axis. */
const TAKEN: ReadonlySet<string> = new Set(
  [metricTable, attemptTable].flatMap((tableOf) =>
    tableOf({ axes: [], runs: [], names: [], units: [], metrics: NOTHING }).columns.map(({ name }) => name),
  ),
);

/** Files of the tables, seen from the folder of the sweep. */
export const TABLES = {
  metrics: ["tables/metrics.csv", "tables/metrics.arrow", "tables/metrics.parquet"],
  attempts: ["tables/attempts.csv"],
} as const;

const WRITERS = { csv: writeTypedCsv, arrow: writeTypedArrow, parquet: writeTypedParquet };

/** Writes the tables into the folder of the sweep. */
export function writeCollected(folder: string, collected: Collected): void {
  const tables = { metrics: metricTable(collected), attempts: attemptTable(collected) };
  for (const name of ["metrics", "attempts"] as const) {
    for (const file of TABLES[name]) {
      const ending = file.slice(file.lastIndexOf(".") + 1) as keyof typeof WRITERS;
      WRITERS[ending](join(folder, file), tables[name]);
    }
  }
}
