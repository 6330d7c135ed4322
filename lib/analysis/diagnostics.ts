// What could falsify an equation beyond its means and standard deviations: whether its runs have the law of true ones, and their memory.
import { type Autocovariance, autocovariance } from "./autocovariance.ts";
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
}

export const trueRuns = (runs: Ensemble, d: number, cluster = 1): TrueRuns => ({
  ...{ runs, d, cluster },
  memory: autocovariance(runs, d, cluster),
});

/** Of predicted runs beside true ones, on the same times. */
export function diagnosticsOf(predicted: Ensemble, { runs, d, cluster, memory }: TrueRuns): Diagnostics {
  return {
    pit: pitOfEnsembles(predicted, runs, pitTimes(runs.times), d, cluster),
    memory: { predicted: autocovariance(predicted, d), truth: memory },
  };
}
