// What could falsify an equation beyond its means and standard deviations: whether its runs have the law of true ones, and their memory.
import { type Autocovariance, autocovariance } from "./autocovariance.ts";
import { spacingOf } from "./distribution.ts";
import type { Ensemble } from "./ensemble.ts";
import { type PitTable, pitOfEnsembles, pitTimes } from "./pit.ts";

export interface Diagnostics {
  readonly pit: PitTable;
  /** null where runs in time are not compared. */
  readonly memory: { readonly predicted: Autocovariance; readonly truth: Autocovariance } | null;
}

/** What predictions are compared with: the first `d` variables of true runs, of which so many consecutive ones depend on each other. */
export interface TrueRuns {
  readonly runs: Ensemble;
  readonly d: number;
  readonly cluster: number;
  readonly memory: Autocovariance;
  /** Distance of the values that each variable can have. */
  readonly spacing: readonly number[];
}

export function trueRuns(runs: Ensemble, d: number, cluster = 1): TrueRuns {
  const { times, data } = runs;
  // Starts may be all the same; at the times of the tests values are many.
  const width = data.length / times.length;
  const rows = pitTimes(times).map((t) => data.subarray(t * width, (t + 1) * width));
  const spacing = Array.from({ length: d }, (_, j) =>
    spacingOf(rows.flatMap((row) => Array.from(row.filter((_, k) => k % runs.d === j)))),
  );
  return { ...{ runs, d, cluster, spacing }, memory: autocovariance(runs, d, cluster) };
}

/** Of predicted runs beside true ones, on the same times. */
export function diagnosticsOf(predicted: Ensemble, { runs, d, cluster, memory, spacing }: TrueRuns): Diagnostics {
  return {
    pit: pitOfEnsembles(predicted, runs, pitTimes(runs.times), spacing, cluster),
    memory: { predicted: autocovariance(predicted, d), truth: memory },
  };
}
