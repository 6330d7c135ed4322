// What could falsify an equation beyond its means and standard deviations: whether its runs have the law of true ones, and their memory.
import { type Autocovariance, autocovariance } from "./autocovariance.ts";
import type { Ensemble } from "./ensemble.ts";
import { type PitTable, pitOfEnsembles, pitTimes } from "./pit.ts";

export interface Diagnostics {
  readonly pit: PitTable;
  /** null where runs in time are not compared. */
  readonly memory: { readonly predicted: Autocovariance; readonly truth: Autocovariance } | null;
}

/** Of predicted runs beside true ones, on the same times: of the first `d` variables. `cluster`: so many consecutive true runs depend on each other. */
export function diagnosticsOf(predicted: Ensemble, truth: Ensemble, d: number, cluster = 1): Diagnostics {
  return {
    pit: pitOfEnsembles(predicted, truth, pitTimes(truth.times), d, cluster),
    memory: { predicted: autocovariance(predicted, d), truth: autocovariance(truth, d, cluster) },
  };
}
