// How good a learned predator–prey equation is: moments over time and MMD² against ensembles of direct simulations.
import { caseOf, type Ensemble, firstVariables, type Moments, momentsOf, someRuns } from "../../analysis/ensemble.ts";
import { ensembleError, type Scores } from "../../analysis/ensemble-error.ts";
import { average, averageRow } from "../../analysis/mean.ts";
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
  /** 2 · size runs of every case: two ensembles side by side. */
  readonly runs: Ensemble;
  readonly size: number;
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

/**
 * Scores of predictions, one case per test case: errors of the moments from `predicted`, MMD from `sample`. The MMD compares the first
 * `size` runs of a case with each of its two true ensembles and averages.
 */
export async function scorePredatorPrey(
  gpu: Gpu,
  truth: PredatorPreyTruth,
  ensembles: TrueEnsembles,
  predicted: Ensemble,
  sample: Ensemble,
): Promise<PredatorPreyScores> {
  const { size, runs } = ensembles;
  const { cases, d } = predicted;
  const moments = momentsOf(predicted);
  const mmd = new Float64Array(truth.times.length);
  for (let c = 0; c < cases; c++) {
    const some = someRuns(caseOf(sample, c), 0, size);
    for (const half of [0, 1]) {
      const other = someRuns(caseOf(runs, c), half * size, (half + 1) * size);
      const { biased } = await mmdOverTime(gpu, some, other, ensembles);
      for (let t = 0; t < mmd.length; t++) mmd[t] += biased[t] / (2 * cases);
    }
  }
  const error = ensembleError(momentsOf(firstVariables(predicted, OBSERVABLES)), truth.moments, OBSERVABLES);
  return { error, moments, d, mmd, mmdMean: average(mmd) };
}

/** What two independent true ensembles score: means over the cases, of the ends of their bands too, and the time means of single splits. */
export async function predatorPreyFloor(gpu: Gpu, { runs, size, center, spread }: TrueEnsembles, seed: number) {
  const floors: MmdFloor[] = [];
  for (let c = 0; c < runs.cases; c++) {
    floors.push(await mmdFloor(gpu, caseOf(runs, c), { center, spread, size, splits: SPLITS, seed }));
  }
  return {
    mean: averageRow(floors.map((floor) => floor.mean)),
    low: averageRow(floors.map((floor) => floor.low)),
    high: averageRow(floors.map((floor) => floor.high)),
    /** Time and case means of the single splits. */
    perSplit: averageRow(floors.map((floor) => floor.perSplit)),
    bias: average(floors.map(({ bias }) => bias)),
  };
}
