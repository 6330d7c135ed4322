// How good a learned predator–prey equation is: moments over time and MMD² against ensembles of direct simulations.

import { ensembleError, type Moments, recordMoments, type Scores } from "../../analysis/ensemble-error.ts";
import { type MmdFloor, mmdFloor, mmdOverTime } from "../../analysis/mmd.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { InitialWave } from "../../systems/predator-prey.ts";

/** The observables come first in z: mean prey and mean predators. */
const OBSERVABLES = 2;
const SPLITS = 100;

/** Direct simulations of the large system. */
export interface PredatorPreyTruth {
  readonly times: Float64Array;
  readonly cases: readonly InitialWave[];
  /** Runs per case behind the moments. */
  readonly runs: number;
  /** Moments of the observables, one entry per case, `[times, 2]`. */
  readonly moments: readonly Moments[];
}

/** z = (observables, closure variables) of some direct simulations, for one encoder. */
export interface TrueEnsembles {
  /** One entry per case, `[times][2 · size][d]`: two ensembles side by side. */
  readonly records: readonly Float32Array[];
  readonly size: number;
  readonly d: number;
  /** Mean and standard deviation of z in the training data, `[d]`: the unit of the MMD. */
  readonly center: Float32Array;
  readonly spread: Float32Array;
}

export interface PredatorPreyScores {
  /** Relative L2 over time of mean and std of the observables. */
  readonly error: { readonly mean: Scores; readonly std: Scores };
  /** Moments of z over all runs, one entry per case, `[times, d]`. */
  readonly moments: readonly Moments[];
  readonly d: number;
  /** Biased MMD² over time, mean over cases. */
  readonly mmd: Float64Array;
  /** Its mean over time. */
  readonly mmdMean: number;
}

/** The runs of one case out of a record `[times][cases · runs][d]` in which those of a case stand together. */
export function recordOfCase(
  record: Float32Array,
  times: number,
  d: number,
  cases: number,
  index: number,
): Float32Array {
  const row = record.length / (times * cases);
  const part = new Float32Array(times * row);
  for (let t = 0; t < times; t++) {
    const from = (t * cases + index) * row;
    part.set(record.subarray(from, from + row), t * row);
  }
  if (row % d !== 0) throw new Error(`${row} numbers of a case are not whole states of ${d}`);
  return part;
}

/** Records `[times][runs][d]` with the runs of all of them. */
export function besideEachOther(records: readonly Float32Array[], times: number): Float32Array {
  const rows = records.map((record) => record.length / times);
  const row = rows.reduce((sum, one) => sum + one, 0);
  const all = new Float32Array(times * row);
  for (let t = 0; t < times; t++) {
    let at = t * row;
    for (const [k, record] of records.entries()) {
      all.set(record.subarray(t * rows[k], (t + 1) * rows[k]), at);
      at += rows[k];
    }
  }
  return all;
}

/** Runs [from, to) of a record `[times][runs][d]`. */
function someRuns(record: Float32Array, times: number, d: number, from: number, to: number): Float32Array {
  const row = record.length / times;
  const part = new Float32Array(times * (to - from) * d);
  for (let t = 0; t < times; t++) part.set(record.subarray(t * row + from * d, t * row + to * d), t * (to - from) * d);
  return part;
}

/**
 * Scores of predictions: errors of the moments from `record`, MMD from `sample`, both `[times][cases · runs][d]`. The MMD compares the
 * first `size` runs of a case with each of its two true ensembles and averages.
 */
export async function scorePredatorPrey(
  gpu: Gpu,
  truth: PredatorPreyTruth,
  ensembles: TrueEnsembles,
  record: Float32Array,
  sample: Float32Array,
): Promise<PredatorPreyScores> {
  const { size, d, center, spread } = ensembles;
  const times = truth.times.length;
  const cases = truth.cases.length;
  const moments: Moments[] = [];
  const mmd = new Float64Array(times);
  for (let c = 0; c < cases; c++) {
    moments.push(recordMoments(recordOfCase(record, times, d, cases, c), times, d));
    const some = someRuns(recordOfCase(sample, times, d, cases, c), times, d, 0, size);
    for (const half of [0, 1]) {
      const other = someRuns(ensembles.records[c], times, d, half * size, (half + 1) * size);
      const { biased } = await mmdOverTime(gpu, some, other, { times, d, center, spread });
      for (let t = 0; t < times; t++) mmd[t] += biased[t] / (2 * cases);
    }
  }
  const error = ensembleError(
    moments.map((law) => observablesOf(law, d)),
    truth.moments,
    OBSERVABLES,
  );
  return { error, moments, d, mmd, mmdMean: mean(mmd) };
}

/** What two independent true ensembles score: means over the cases, of the ends of their bands too, and the time means of single splits. */
export async function predatorPreyFloor(gpu: Gpu, times: number, ensembles: TrueEnsembles, seed: number) {
  const { records, size, d, center, spread } = ensembles;
  const floors: MmdFloor[] = [];
  for (const record of records) {
    floors.push(await mmdFloor(gpu, record, { times, d, center, spread, size, splits: SPLITS, seed }));
  }
  const average = (pick: (floor: MmdFloor) => Float64Array) =>
    Float64Array.from(pick(floors[0]), (_, k) => mean(floors.map((floor) => pick(floor)[k])));
  return {
    mean: average((floor) => floor.mean),
    low: average((floor) => floor.low),
    high: average((floor) => floor.high),
    /** Time and case means of the single splits. */
    perSplit: average((floor) => floor.perSplit),
    bias: mean(floors.map(({ bias }) => bias)),
  };
}

/** The observables' part of moments `[times, d]`. */
function observablesOf(law: Moments, d: number): Moments {
  const part = (values: ArrayLike<number>) =>
    Float64Array.from(
      { length: (OBSERVABLES * values.length) / d },
      (_, k) => values[Math.floor(k / OBSERVABLES) * d + (k % OBSERVABLES)],
    );
  return { mean: part(law.mean), std: part(law.std) };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  return sum / values.length;
}
