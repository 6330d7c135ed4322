// Trajectories of many runs from several starts on one grid of times: what rollouts and direct simulations return, and what scores,
// figures and studies take.
import { InputError } from "../errors.ts";
import { type Format, parsed } from "../io/format.ts";
import { ensembleMoments } from "./trajectory-error.ts";

/** `data` `[times][cases · runs][d]`; the runs of a case stand together. */
export interface Ensemble {
  readonly times: Float64Array;
  readonly cases: number;
  /** Runs of each case. */
  readonly runs: number;
  /** Variables, each in its own unit. */
  readonly d: number;
  readonly data: Float32Array;
}

/** Throws Error unless the data fill the shape. */
export function ensemble(shape: Omit<Ensemble, "data">, data: Float32Array): Ensemble {
  const { times, cases, runs, d } = shape;
  if (![cases, runs, d].every(Number.isInteger) || data.length !== times.length * cases * runs * d) {
    throw new Error(`${data.length} values are not ${times.length} times of ${cases} × ${runs} runs of ${d} variables`);
  }
  return { times, cases, runs, d, data };
}

/** Rows [first, first + runs) of every case in `cases`, with the first `d` variables. Throws Error for what is not there. */
function part(from: Ensemble, cases: readonly number[], first: number, runs: number, d: number): Ensemble {
  const { times, data } = from;
  const there = cases.every((c) => c >= 0 && c < from.cases) && first >= 0 && first + runs <= from.runs && d <= from.d;
  if (!there) {
    const has = `${from.cases} cases of ${from.runs} runs of ${from.d} variables`;
    throw new Error(`case ${cases}, runs ${first} to ${first + runs}, ${d} variables are not all among ${has}`);
  }
  const rows = from.cases * from.runs;
  const out = new Float32Array(times.length * cases.length * runs * d);
  let at = 0;
  for (let t = 0; t < times.length; t++) {
    for (const c of cases) {
      for (let r = first; r < first + runs; r++, at += d) {
        const row = (t * rows + c * from.runs + r) * from.d;
        out.set(data.subarray(row, row + d), at);
      }
    }
  }
  return { times, cases: cases.length, runs, d, data: out };
}

const allCases = ({ cases }: Ensemble) => Array.from({ length: cases }, (_, c) => c);

/** Every `step`-th of the times, from the first on. */
export function everyTime(from: Ensemble, step: number): Ensemble {
  const width = from.cases * from.runs * from.d;
  const times = from.times.filter((_, t) => t % step === 0);
  return { ...from, times, data: from.data.filter((_, k) => Math.floor(k / width) % step === 0) };
}

/** One case alone. */
export function caseOf(from: Ensemble, index: number): Ensemble {
  return part(from, [index], 0, from.runs, from.d);
}

/** Every case alone. */
export const casesOf = (from: Ensemble): Ensemble[] => allCases(from).map((c) => caseOf(from, c));

/** The runs [first, end) of every case. */
export function someRuns(from: Ensemble, first: number, end: number): Ensemble {
  return part(from, allCases(from), first, end - first, from.d);
}

/** The first `d` variables alone. */
export function firstVariables(from: Ensemble, d: number): Ensemble {
  return part(from, allCases(from), 0, from.runs, d);
}

/** Ensembles of the same times and variables, case after case. Throws Error for others. */
export function joinedCases(list: readonly Ensemble[]): Ensemble {
  const [{ times, runs, d }] = list;
  requireAlike(list, (one) => one.runs === runs);
  const width = list.reduce((sum, one) => sum + one.cases * runs * d, 0);
  const data = new Float32Array(times.length * width);
  for (let t = 0; t < times.length; t++) {
    let at = t * width;
    for (const one of list) {
      const length = one.cases * runs * d;
      data.set(one.data.subarray(t * length, (t + 1) * length), at);
      at += length;
    }
  }
  return { times, cases: width / (runs * d), runs, d, data };
}

/** The runs of each case side by side, in the order of the list. Throws Error for ensembles of other times, cases or variables. */
export function joinedRuns(list: readonly Ensemble[]): Ensemble {
  const [{ cases }] = list;
  requireAlike(list, (one) => one.cases === cases);
  const columns = allCases(list[0]).map((c) => {
    const own = list.map((one) => caseOf(one, c));
    const runs = own.reduce((sum, one) => sum + one.runs, 0);
    // As cases of one run each they may be put side by side.
    return { ...joinedCases(own.map((one) => ({ ...one, cases: one.runs, runs: 1 }))), cases: 1, runs };
  });
  return joinedCases(columns);
}

function requireAlike(list: readonly Ensemble[], same: (one: Ensemble) => boolean): void {
  const [{ times, d }] = list;
  const alike = (one: Ensemble) => one.times.length === times.length && one.times.every((time, t) => time === times[t]);
  if (!list.every((one) => alike(one) && one.d === d && same(one))) {
    throw new Error("ensembles of different shapes cannot be joined");
  }
}

/** Mean and standard deviation (divisor runs − 1) over the runs of a case, `[times, d]` row by row, in the unit of each variable. */
export interface Moments {
  readonly mean: ArrayLike<number>;
  readonly std: ArrayLike<number>;
}

/** The moments of every case. Throws InputError for fewer than 2 runs. */
export function momentsOf(from: Ensemble): Moments[] {
  const { times, cases, runs, d, data } = from;
  if (runs < 2) throw new InputError(`${runs} run has no standard deviation: at least 2 are needed`);
  return allCases(from).map((c) => {
    const mean = new Float64Array(times.length * d);
    const std = new Float64Array(times.length * d);
    for (let t = 0; t < times.length; t++) {
      const first = (t * cases + c) * runs * d;
      const slice = ensembleMoments(data.subarray(first, first + runs * d), runs);
      mean.set(slice.mean, t * d);
      std.set(slice.std, t * d);
    }
    return { mean, std };
  });
}

/** Index of the time of a grid that is nearest to `time`. */
export function nearestTime(times: ArrayLike<number>, time: number): number {
  let best = 0;
  for (let t = 1; t < times.length; t++) if (Math.abs(times[t] - time) < Math.abs(times[best] - time)) best = t;
  return best;
}

/** Rows `[rows, d]`, each `runs` times in a row: starts of the runs of every case. */
export function repeatedRows(rows: Float32Array, d: number, runs: number): Float32Array;
export function repeatedRows(rows: Uint32Array, d: number, runs: number): Uint32Array;
export function repeatedRows(rows: Float32Array | Uint32Array, d: number, runs: number) {
  const out = new (rows.constructor as new (length: number) => typeof rows)(rows.length * runs);
  for (let k = 0; k < (rows.length / d) * runs; k++) {
    const row = Math.floor(k / runs) * d;
    out.set(rows.subarray(row, row + d), k * d);
  }
  return out;
}

/** Ensembles by name, as a file keeps them. */
export const ENSEMBLES: Format<Record<string, Ensemble>> = {
  write: (named) => ({
    tensors: Object.fromEntries(
      Object.entries(named).flatMap(([name, { times, cases, runs, d, data }]) => [
        [`${name} times`, { shape: [times.length], data: times }],
        [`${name} data`, { shape: [times.length, cases, runs, d], data }],
      ]),
    ),
    text: { ensembles: JSON.stringify(Object.keys(named)) },
  }),
  read: ({ tensors, text }) =>
    Object.fromEntries(
      parsed<string[]>(text.ensembles, "ensembles").map((name) => {
        const [times, data] = [tensors[`${name} times`], tensors[`${name} data`]];
        if (
          !(times?.data instanceof Float64Array && data?.data instanceof Float32Array && data.shape.length === 4) ||
          data.shape[0] !== times.data.length
        ) {
          throw new InputError(`the file holds no ensemble ${name}`);
        }
        const [, cases, runs, d] = data.shape;
        return [name, ensemble({ times: times.data, cases, runs, d }, data.data)];
      }),
    ),
};
