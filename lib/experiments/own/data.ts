// A user's own data as what equations are learned from: pairs of states before and after a time, or trajectories, from tables of numbers.
import { resolve } from "node:path";
import { InputError } from "../../errors.ts";
import type { Column, Columns } from "../../io/columns.ts";
import type { Regression } from "../../method/pairs.ts";
import type { Named } from "../../method/sde/about.ts";
import { listed, quoted } from "../../run/parameters.ts";

/** What is in the tables, and what was left out of it. */
export interface OwnData {
  readonly kind: "pairs" | "trajectories";
  /** Names and units of the variables, and of what varies between systems. */
  readonly variables: readonly Named[];
  readonly conditions: readonly Named[];
  readonly timeUnit: string;
  /** By changes, and by compensators where there are A and Q; what the equation is learned from is these if they are there. */
  readonly increments: Regression | null;
  readonly compensated: Regression | null;
  readonly learned: Regression;
  /** φ of the patch before, `[rows, d]`, where it is known. */
  readonly patch: Float32Array | null;
  /** The row that follows in time, −1 for none, `[rows]`; null where rows have no order. */
  readonly next: Int32Array | null;
  /** How long the longest run goes on; infinite for pairs. */
  readonly span: number;
  /** Sentences about what is not used. */
  readonly notes: readonly string[];
}

export interface DataOptions {
  /** Patches that tile the system; where a column says so, 1. */
  readonly K: number;
  /** δt of all rows; 0: the column dt. */
  readonly dt: number;
  /** Names of columns; empty: all that are there. */
  readonly variables: readonly string[];
  readonly conditions: readonly string[];
  /** Trajectories: pairs of rows so many apart. */
  readonly lag: number;
  /** Trajectories: pairs over longer times are left out; 0: over more than five times the median. */
  readonly longest: number;
}

const MOST_VARIABLES = 8;
/** What columns of times and of runs may be called. */
const [TIMES, RUNS] = [
  ["t", "time"],
  ["run", "replica"],
];
/** Cohorts that rows are cut into where nothing says which belong together, and rows of each at least. */
const COHORTS = 256;
const LEAST_ROWS = 8;
/** Times of the median step that a pair of rows of a trajectory may be apart. */
const GAP = 5;

/** Columns of several files one under the other. Throws InputError unless all have the same. */
class Table {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
  readonly #files: readonly Columns[];
  /** Row of the whole at which each file begins. */
  readonly starts: readonly number[];
  readonly used = new Set<string>();

  constructor(files: readonly Columns[]) {
    const [first] = files;
    const twice = files.find((file, k) => files.findIndex((other) => resolve(other.path) === resolve(file.path)) < k);
    if (twice) throw new InputError(`${twice.path} is given twice: its changes would count as twice as many`);
    for (const file of files.slice(1)) {
      const missing = first.columns.find(({ name }) => !file.columns.some((other) => other.name === name));
      const extra = file.columns.find(({ name }) => !first.columns.some((other) => other.name === name));
      if (missing) throw new InputError(`${file.path} lacks column ${missing.name}, which ${first.path} has`);
      if (extra) throw new InputError(`${file.path} has a column ${extra.name}, which ${first.path} lacks`);
    }
    this.#files = files;
    let rows = 0;
    this.starts = files.map((file) => {
      const start = rows;
      rows += file.rows;
      return start;
    });
    this.rows = rows;
    this.columns = new Map(first.columns.map((column) => [column.name, joined(column, files)]));
  }

  where(row: number): string {
    const file = this.starts.findLastIndex((start) => start <= row);
    return this.#files[file].where(row - this.starts[file]);
  }

  /** A column of finite numbers. Throws InputError for what is none, with the place; missing ones may be allowed. */
  numbers(name: string, missing = false): Float64Array {
    const column = this.columns.get(name);
    if (!column) throw new InputError(`${this.#files[0].path} lacks column ${name}`);
    this.used.add(name);
    for (const [k, file] of this.#files.entries()) {
      const wrong = file.columns.find((one) => one.name === name)?.wrong;
      if (!wrong) continue;
      const again = wrong.text === name ? "the header again, take it out" : "write a decimal number there";
      throw new InputError(`${this.where(this.starts[k] + wrong.row)}: ${name} is ${quoted(wrong.text)}, ${again}`);
    }
    if (!missing) {
      const hole = column.values.findIndex((value) => Number.isNaN(value));
      if (hole >= 0) throw new InputError(`${this.where(hole)}: ${name} is missing, give a number or take the row out`);
    }
    const large = column.values.findIndex((value) => Math.abs(value) > 1e30);
    if (large >= 0)
      throw new InputError(`${this.where(large)}: ${name} is ${column.values[large]}, which is too large`);
    return column.values;
  }

  has(name: string): boolean {
    return this.columns.has(name);
  }

  named(name: string): Named {
    return { name, unit: this.columns.get(name)?.unit ?? "" };
  }

  /** The rows of every run of every file, in their order. */
  runs(label: Float64Array): number[][] {
    const found: number[][] = [];
    for (const [k, start] of this.starts.entries()) {
      const own = new Map<number, number[]>();
      for (let row = start; row < (this.starts[k + 1] ?? this.rows); row++) {
        let rows = own.get(label[row]);
        if (!rows) {
          rows = [];
          own.set(label[row], rows);
          found.push(rows);
        }
        rows.push(row);
      }
    }
    return found;
  }

  /** Throws InputError for a value that does not fit, with its place. */
  require(name: string, values: Float64Array, fits: (value: number) => boolean, what: string): void {
    const bad = values.findIndex((value) => !fits(value));
    if (bad >= 0) throw new InputError(`${this.where(bad)}: ${name} is ${values[bad]}, ${what}`);
  }

  /** Names of columns that nothing was made of. */
  get unused(): string[] {
    return [...this.columns.keys()].filter((name) => !this.used.has(name));
  }
}

/** Labels of files are numbered together, those of each file apart from those of others. */
function joined(column: Column, files: readonly Columns[]): Column {
  const parts = files.map((file) => file.columns.find(({ name }) => name === column.name) ?? column);
  const values = new Float64Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let [at, labels] = [0, 0];
  for (const part of parts) {
    for (const value of part.values) values[at++] = part.labels ? labels + value : value;
    labels += part.labels?.length ?? 0;
  }
  return { ...column, values };
}

/** The data of some files. Throws InputError, with file and line, for anything that an equation cannot be learned from. */
export function ownData(files: readonly Columns[], options: DataOptions): OwnData {
  const table = new Table(files);
  const names = [...table.columns.keys()];
  const [{ path }] = files;
  if (names.some((name) => name.startsWith("z0_"))) return pairsOf(table, path, options);
  if (TIMES.some((name) => table.has(name))) return trajectoriesOf(table, path, options);
  throw new InputError(
    `${path} has neither z0_… (pairs: z0_NAME, z1_NAME or dz_NAME, and dt) nor t or time (trajectories, one column a variable) among its columns ${listed(names.slice(0, 8))}`,
  );
}

/** Numbers of variables by name. Throws InputError for a name that there is not. */
export function variableNumbers(
  { variables }: Pick<OwnData, "variables">,
  names: readonly string[],
  option: string,
): number[] {
  const there = variables.map(({ name }) => name);
  return names.map((name) => {
    if (!there.includes(name))
      throw new InputError(`--${option} ${quoted(name)} is none of the variables ${there.join(", ")}`);
    return there.indexOf(name);
  });
}

/** The wanted ones of the variables that there are. */
function chosen(there: readonly string[], wanted: readonly string[], option: string, path: string): readonly string[] {
  for (const name of wanted) {
    if (!there.includes(name))
      throw new InputError(`--${option} ${quoted(name)}: ${path} has no such column, there are ${listed(there)}`);
  }
  return wanted.length > 0 ? wanted : there;
}

function requireCount(variables: readonly string[], path: string): void {
  if (variables.length === 0) throw new InputError(`${path} has no variables`);
  if (variables.length > MOST_VARIABLES) {
    throw new InputError(
      `${path} has ${variables.length} variables, an equation takes up to ${MOST_VARIABLES}: choose some with --variables`,
    );
  }
}

/** `[rows, width]` of columns side by side, some of the rows. */
function side(columns: readonly Float64Array[], rows: ArrayLike<number>): Float32Array {
  const out = new Float32Array(rows.length * columns.length);
  for (let k = 0; k < rows.length; k++)
    for (const [j, column] of columns.entries()) out[k * columns.length + j] = column[rows[k]];
  return out;
}

/** δt and λ of every row as a regression has them: one number each where all rows have the same. */
function durations(time: Float64Array, lambda: Float64Array): Pick<Regression, "time" | "lambda" | "each"> {
  const same = (values: Float64Array) => values.every((value) => Math.abs(value - values[0]) <= 1e-9 * values[0]);
  if (same(time) && same(lambda)) return { time: time[0], lambda: lambda[0] };
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const each = { time: Float32Array.from(time), lambda: Float32Array.from(lambda) };
  return { time: mean(time), lambda: mean(lambda), each };
}

function pairsOf(table: Table, path: string, options: DataOptions): OwnData {
  const { lag, longest } = options;
  const ignored = lag !== 1 ? `--lag ${lag}` : longest > 0 ? `--longest ${longest}` : null;
  if (ignored) throw new InputError(`${ignored} is of trajectories, and ${path} has pairs: leave it out`);
  const names = [...table.columns.keys()];
  const suffixes = (prefix: string) =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const variables = chosen(suffixes("z0_"), options.variables, "variables", path);
  requireCount(variables, path);
  const hasRates = suffixes("A_").length > 0;
  const prefix = suffixes("dz_").length > 0 ? "dz_" : suffixes("z1_").length > 0 ? "z1_" : null;
  if (!prefix && !hasRates) {
    throw new InputError(
      `${path} has z0_${variables[0]} but neither dz_${variables[0]} nor z1_${variables[0]}: what changed is missing`,
    );
  }
  const all = Uint32Array.from({ length: table.rows }, (_, row) => row);
  const before = variables.map((name) => table.numbers(`z0_${name}`));
  const rows = (of: string) =>
    side(
      variables.map((name) => table.numbers(`${of}${name}`)),
      all,
    );
  const time = durationOf(table, path, options);
  const lambda = patchesOf(table, options);
  const state = side(before, all);
  const conditions = chosen(names, options.conditions, "conditions", path);
  const own = options.conditions.length > 0 ? conditions : [];
  const { cohort, note } = snapshotsOf(table);
  const common = {
    d: variables.length,
    state,
    instant: false,
    ...durations(time, lambda),
    cohort,
    condition: side(
      own.map((name) => table.numbers(name)),
      all,
    ),
  };
  let change: Float32Array | null = null;
  if (prefix === "dz_") change = rows("dz_");
  if (prefix === "z1_") {
    const after = variables.map((name) => table.numbers(`z1_${name}`));
    change = side(
      after.map((values, j) => values.map((value, k) => value - before[j][k])),
      all,
    );
  }
  const variation = hasRates ? variationOf(table, variables, all, path) : null;
  const hasPatch = suffixes("patch_").length > 0;
  const patch = hasPatch ? rows("patch_") : null;
  const increments: Regression | null = change && { ...common, method: "increment", change, variation: null };
  const compensated: Regression | null = variation && {
    ...{ ...common, method: "compensator", variation },
    change: rows("A_"),
  };
  const learned = compensated ?? increments;
  if (!learned) throw new Error("pairs without changes");
  return {
    kind: "pairs",
    variables: variables.map((name) => ({ ...table.named(`z0_${name}`), name })),
    conditions: own.map((name) => table.named(name)),
    timeUnit: table.named("dt").unit,
    increments,
    compensated,
    learned,
    patch,
    next: null,
    span: Number.POSITIVE_INFINITY,
    notes: [...unusedNote(table), ...(note ? [note] : [])],
  };
}

function durationOf(table: Table, path: string, { dt }: DataOptions): Float64Array {
  if (table.has("dt") && dt > 0) throw new InputError(`--dt ${dt}: ${path} has a column dt, leave out one of them`);
  if (!table.has("dt") && dt === 0)
    throw new InputError(`${path} lacks column dt, the time of each change: add it, or give --dt`);
  if (dt > 0) return new Float64Array(table.rows).fill(dt);
  const time = table.numbers("dt");
  table.require("dt", time, (value) => value > 0, "the time of a change is above 0");
  return time;
}

function patchesOf(table: Table, { K }: DataOptions): Float64Array {
  if (!table.has("K")) return new Float64Array(table.rows).fill(K);
  if (K !== 1) throw new InputError(`--K ${K}: there is a column K, leave out one of them`);
  const lambda = table.numbers("K");
  table.require("K", lambda, (value) => value >= 1, "a system has one patch or more");
  return lambda;
}

/** Which rows belong together: those of a snapshot, or blocks of rows. */
function snapshotsOf(table: Table): { cohort: Uint32Array; note: string | null } {
  if (!table.has("snapshot")) return { cohort: blocksOf(table.rows, table.starts), note: null };
  const number = new Map<number, number>();
  const cohort = Uint32Array.from(table.numbers("snapshot"), (name) => {
    if (!number.has(name)) number.set(name, number.size);
    return number.get(name) ?? 0;
  });
  return { cohort, note: null };
}

/** Blocks of rows in a row, none over the border of two stretches. */
function blocksOf(rows: number, starts: readonly number[]): Uint32Array {
  const length = Math.max(LEAST_ROWS, Math.ceil(rows / COHORTS));
  const cohort = new Uint32Array(rows);
  let number = -1;
  for (const [k, start] of starts.entries()) {
    const end = starts[k + 1] ?? rows;
    for (let row = start; row < end; row++) {
      if ((row - start) % length === 0) number++;
      cohort[row] = number;
    }
  }
  return cohort;
}

/** Q, upper triangles; columns Q_a_b, a before b, or b before a. */
function variationOf(table: Table, variables: readonly string[], all: Uint32Array, path: string): Float32Array {
  const columns = variables.flatMap((a, j) =>
    variables.slice(j).map((b) => {
      const name = [`Q_${a}_${b}`, `Q_${b}_${a}`].find((one) => table.has(one));
      if (!name) throw new InputError(`${path} has compensators A_… but lacks Q_${a}_${b}, their quadratic variation`);
      return table.numbers(name);
    }),
  );
  return side(columns, all);
}

const unusedNote = (table: Table) =>
  table.unused.length > 0 ? [`columns that are not used: ${table.unused.join(", ")}`] : [];

function trajectoriesOf(table: Table, path: string, options: DataOptions): OwnData {
  const { K, dt, lag } = options;
  if (K !== 1) throw new InputError(`--K ${K}: a trajectory is of a whole system, which has K = 1`);
  if (dt > 0) throw new InputError(`--dt ${dt}: times of trajectories stand in column t, leave out --dt`);
  const names = [...table.columns.keys()];
  const [time, label] = [TIMES, RUNS].map((list) => list.find((name) => table.has(name)) ?? list[0]);
  const taken = [time, label, ...options.conditions];
  chosen(names, options.conditions, "conditions", path);
  // What has no number at all is something else, unless it is asked for.
  const isNumeric = (name: string) =>
    options.variables.includes(name) || !table.columns.get(name)?.values.every(Number.isNaN);
  const there = names.filter((name) => !taken.includes(name) && isNumeric(name));
  const variables = chosen(there, options.variables, "variables", path);
  requireCount(variables, path);
  const t = table.numbers(time);
  const runs = table.runs(table.has(label) ? table.numbers(label) : new Float64Array(table.rows));
  const values = variables.map((name) => table.numbers(name, true));
  const conditions = options.conditions.map((name) => table.numbers(name));
  const steps: number[] = [];
  for (const rows of runs) {
    for (let k = 1; k < rows.length; k++) {
      const [before, row] = [rows[k - 1], rows[k]];
      if (!(t[row] > t[before])) {
        const again = t[row] === t[before] ? "the same time as the row before" : "earlier than the row before";
        throw new InputError(
          `${table.where(row)}: ${time} is ${t[row]}, ${again}; sort each run by time, and name runs in a column run`,
        );
      }
      steps.push(t[row] - t[before]);
    }
  }
  if (steps.length === 0) throw new InputError(`${path} has no run of two rows or more: nothing changes`);
  const longest = options.longest || GAP * lag * median(steps);
  const [from, to]: [number[], number[]] = [[], []];
  const pairStarts: number[] = [];
  let [holes, gaps] = [0, 0];
  for (const rows of runs) {
    pairStarts.push(from.length);
    for (let k = 0; k + lag < rows.length; k += lag) {
      const [row, next] = [rows[k], rows[k + lag]];
      const isWhole = [row, next].every((at) => values.every((column) => !Number.isNaN(column[at])));
      if (!isWhole) holes++;
      else if (t[next] - t[row] > longest * (1 + 1e-9)) gaps++;
      else {
        from.push(row);
        to.push(next);
      }
    }
  }
  if (from.length === 0) throw new InputError(`${path}: no pair of rows is left, all have gaps between them`);
  const pairs = from.length;
  const at = new Map(from.map((row, k) => [row, k]));
  const increments: Regression = {
    method: "increment",
    d: variables.length,
    state: side(values, from),
    change: side(
      values.map((column) => Float64Array.from(from, (row, k) => column[to[k]] - column[row])),
      from.keys().toArray(),
    ),
    variation: null,
    ordered: true,
    instant: false,
    ...durations(
      Float64Array.from(from, (row, k) => t[to[k]] - t[row]),
      new Float64Array(pairs).fill(1),
    ),
    cohort: blocksOf(
      pairs,
      [...new Set(pairStarts)].filter((start) => start < pairs),
    ),
    condition: side(conditions, from),
  };
  return {
    kind: "trajectories",
    variables: variables.map((name) => table.named(name)),
    conditions: options.conditions.map((name) => table.named(name)),
    timeUnit: table.named(time).unit,
    increments,
    learned: increments,
    compensated: null,
    patch: null,
    span: runs.reduce((most, rows) => Math.max(most, t[rows[rows.length - 1]] - t[rows[0]]), 0),
    next: Int32Array.from(to, (row) => at.get(row) ?? -1),
    notes: [
      ...unusedNote(table),
      ...(holes > 0 ? [`pairs of rows with missing values are left out, ${holes} of them`] : []),
      ...(gaps > 0
        ? [`pairs of rows more than ${Number(longest.toPrecision(3))} apart are left out, ${gaps} of them`]
        : []),
    ],
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
