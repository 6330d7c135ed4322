// What is told of a learned equation as numbers: its fields at points, its coefficients, where it leads.
import { type ColumnTable, table } from "arquero";
import { type CentralRange, centralRange } from "../../analysis/distribution.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { ensembleMoments } from "../../analysis/trajectory-error.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Named } from "../../method/sde/about.ts";
import { conditionCount } from "../../method/sde/conditions.ts";
import { type Written, written } from "../../method/sde/formula.ts";
import { leverages } from "../../method/sde/hull.ts";
import { atCondition, evaluate, intervalFactor, standardErrors } from "../../method/sde/model.ts";
import { thinned } from "../../method/snapshots.ts";
import type { Equation, Prediction } from "./learn.ts";

/** Points along a variable: alone, of a grid of two, and of lines through the middle of more. */
const POINTS = { one: 101, two: 21, line: 41 };
/** Conditions that fields are told at, at most. */
const CONDITIONS = 6;

/** Points of variables `[points, d]`, at one condition. */
export interface Place {
  readonly condition: readonly number[];
  readonly z: Float64Array;
}

/** A value with the ends of its 95 % interval; NaN where that is not known. */
export interface Told {
  readonly value: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** f `[points, d]` and σσᵀ `[points, d, d]`. */
export interface Fields {
  readonly place: Place;
  readonly drift: Told;
  readonly diffusion: Told;
  /** Whether the training data reach there, as for the guards of predictions, `[points]`. */
  readonly inside: readonly boolean[];
}

/** The fields of an equation at some points, with their intervals. */
export async function fieldsAt(gpu: Gpu, equation: Equation, place: Place): Promise<Fields> {
  const model = place.condition.length > 0 ? atCondition(equation.model, place.condition) : equation.model;
  const { drift, diffusion } = await evaluate(gpu, model, place.z);
  const errors = standardErrors(model, place.z);
  const factor = intervalFactor(model);
  const told = (value: Float64Array, error: Float64Array | undefined): Told => ({
    value,
    low: value.map((x, k) => x - factor * (error?.[k] ?? Number.NaN)),
    high: value.map((x, k) => x + factor * (error?.[k] ?? Number.NaN)),
  });
  const { limit } = model.hull;
  const inside = Array.from(leverages(model.hull, place.z), (leverage) => leverage <= limit * (1 + 1e-6));
  return { place, inside, drift: told(drift, errors?.drift), diffusion: told(diffusion, errors?.diffusion) };
}

/** Rows that quantiles are taken of, at most. */
const RANKED = 65_536;

interface Span extends CentralRange {
  readonly least: number;
  readonly most: number;
}

/** The number of fewest digits that is this one in float32, as data are kept. */
function written32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

const known = new WeakMap<Float32Array, readonly Span[]>();

/** Range, central range and median of every variable of the data. */
export function rangesOf({ data }: Equation): readonly Span[] {
  const { d, state } = data;
  const before = known.get(state);
  if (before) return before;
  const some = thinned(state, d, RANKED);
  const spans = Array.from({ length: d }, (_, j) => {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = j; k < state.length; k += d) {
      least = Math.min(least, state[k]);
      most = Math.max(most, state[k]);
    }
    const { low, middle, high } = centralRange(some.filter((_, k) => k % d === j));
    return { least: written32(least), low, middle: written32(middle), high, most: written32(most) };
  });
  known.set(state, spans);
  return spans;
}

/** The middle of the data, at one condition. */
export function middleOf(equation: Equation, condition: readonly number[]): Place {
  return { condition, z: Float64Array.from(rangesOf(equation), ({ middle }) => middle) };
}

/** The conditions of the data, some of them in ascending order; one empty one where there are none. */
export function conditionsOf({ data }: Equation): readonly (readonly number[])[] {
  const c = conditionCount(data);
  if (c === 0) return [[]];
  const all = new Map<string, number[]>();
  for (let p = 0; p < data.cohort.length; p++) {
    const own = Array.from(data.condition.subarray(p * c, (p + 1) * c));
    all.set(own.join(), own);
  }
  const sorted = [...all.values()].sort((a, b) => a[0] - b[0]);
  if (sorted.length <= CONDITIONS) return sorted;
  return Array.from({ length: CONDITIONS }, (_, k) => sorted[Math.round((k * (sorted.length - 1)) / (CONDITIONS - 1))]);
}

/** Points within the data: a line, a grid of two variables, or lines along every one of more through the middle. */
export function gridOf(equation: Equation): Float64Array {
  const ranges = rangesOf(equation);
  const d = ranges.length;
  const along = (j: number, count: number) => evenGrid(ranges[j].least, ranges[j].most, count);
  if (d === 1) return along(0, POINTS.one);
  if (d === 2) {
    const [first, second] = [along(0, POINTS.two), along(1, POINTS.two)];
    return Float64Array.from({ length: 2 * POINTS.two ** 2 }, (_, at) => {
      const p = at >> 1;
      return at % 2 === 0 ? first[Math.floor(p / POINTS.two)] : second[p % POINTS.two];
    });
  }
  return Float64Array.from(ranges.flatMap((_, j) => Array.from(lineOf(equation, j, POINTS.line))));
}

/** Points along variable `j` over the range of the data, the others in the middle, `[count, d]`. */
export function lineOf(equation: Equation, j: number, count: number): Float64Array {
  const ranges = rangesOf(equation);
  const d = ranges.length;
  const along = evenGrid(ranges[j].least, ranges[j].most, count);
  return Float64Array.from({ length: count * d }, (_, at) => {
    const [p, i] = [Math.floor(at / d), at % d];
    return i === j ? along[p] : ranges[i].middle;
  });
}

/** `tables/fields.csv`: conditions, variables, `inside` (1 where the data reach), f_NAME and D_A_B with _low and _high. */
export function fieldsTable(
  list: readonly Fields[],
  variables: readonly Named[],
  conditions: readonly Named[],
): ColumnTable {
  const d = variables.length;
  const columns: Record<string, number[]> = {};
  const all = (of: (fields: Fields, p: number) => number) =>
    list.flatMap((fields) => Array.from({ length: fields.place.z.length / d }, (_, p) => of(fields, p)));
  for (const [k, { name }] of conditions.entries()) columns[name] = all(({ place }) => place.condition[k]);
  for (const [j, { name }] of variables.entries()) columns[name] = all(({ place }, p) => place.z[p * d + j]);
  const isTaken = [...conditions, ...variables].some(({ name }) => name === "inside");
  if (!isTaken) columns.inside = all(({ inside }, p) => Number(inside[p]));
  const told = (name: string, of: (fields: Fields) => Told, at: (p: number) => number) => {
    columns[name] = all((fields, p) => of(fields).value[at(p)]);
    columns[`${name}_low`] = all((fields, p) => of(fields).low[at(p)]);
    columns[`${name}_high`] = all((fields, p) => of(fields).high[at(p)]);
  };
  for (const [j, { name }] of variables.entries())
    told(
      `f_${name}`,
      ({ drift }) => drift,
      (p) => p * d + j,
    );
  for (const [j, a] of variables.entries()) {
    for (let k = j; k < d; k++) {
      told(
        `D_${a.name}_${variables[k].name}`,
        ({ diffusion }) => diffusion,
        (p) => (p * d + j) * d + k,
      );
    }
  }
  return table(columns);
}

/** An equation in powers of its variables, at one condition. */
export interface WrittenAt extends Written {
  readonly condition: readonly number[];
}

/** The equation in powers of the variables, at one condition; null for one that is no polynomial. */
export function writtenAt(
  { model }: Equation,
  condition: readonly number[],
  variables: readonly Named[],
): WrittenAt | null {
  const one = written(condition.length > 0 ? atCondition(model, condition) : model, variables);
  return one && { condition, ...one };
}

/** `tables/equation.csv`: one row a coefficient. */
export function equationTable(
  list: readonly WrittenAt[],
  variables: readonly Named[],
  conditions: readonly Named[],
): ColumnTable {
  const rows = list.flatMap((one) => one.coefficients.map((coefficient) => ({ ...one, ...coefficient })));
  const columns: Record<string, (string | number)[]> = {};
  for (const [k, { name }] of conditions.entries()) columns[name] = rows.map(({ condition }) => condition[k]);
  columns.of = rows.map(({ of }) => of);
  for (const [j, { name }] of variables.entries()) columns[`power_${name}`] = rows.map(({ powers }) => powers[j]);
  for (const [j, { name }] of variables.entries()) columns[`origin_${name}`] = rows.map(({ origin }) => origin[j]);
  for (const key of ["value", "low", "high"] as const) columns[key] = rows.map((row) => row[key]);
  return table(columns);
}

/** `tables/predictions.csv`: mean and standard deviation of every variable over time. */
export function predictionTable(list: readonly (Prediction | null)[], variables: readonly Named[]): ColumnTable {
  const rows = list.flatMap((one, k) => {
    if (!one) return [];
    const { runs } = one;
    return Array.from(runs.times, (time, t) => {
      const now = runs.data.subarray(t * runs.runs * runs.d, (t + 1) * runs.runs * runs.d);
      const moments = ensembleMoments(now, runs.runs);
      return variables.map(({ name }, j) => ({
        ...{ start: k + 1, time, variable: name, mean: moments.mean[j], std: moments.std[j], runs: runs.runs },
      }));
    }).flat();
  });
  const names = ["start", "time", "variable", "mean", "std", "runs"] as const;
  return table(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])));
}
