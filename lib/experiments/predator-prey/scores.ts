// How good a learned predator–prey equation is: moments over time and MMD² against ensembles of direct simulations.
import { type Diagnostics, diagnosticsOf, type TrueRuns } from "../../analysis/diagnostics.ts";
import { caseOf, type Ensemble, firstVariables, type Moments, momentsOf, someRuns } from "../../analysis/ensemble.ts";
import { ensembleError, type Scores } from "../../analysis/ensemble-error.ts";
import { average, averageRow } from "../../analysis/mean.ts";
import { type MmdFloor, mmdFloor, mmdOverTime } from "../../analysis/mmd.ts";
import { replicateMoments, type Uncertainty, uncertaintyOf } from "../../analysis/replicates.ts";
import type { Gpu } from "../../gpu/device.ts";
import { concatenate } from "../../method/concatenate.ts";
import { type Guards, guardsOf } from "../../method/sde/guards.ts";
import { nearestDistances } from "../../method/sde/hull.ts";
import { chosenDegree, type SdeModel } from "../../method/sde/model.ts";
import type { InitialWave } from "../../systems/predator-prey.ts";

/** The observables come first in z: mean prey and mean predators. */
export const OBSERVABLES = 2;
const SPLITS = 100;

/** Direct simulations of the large system. */
export interface PredatorPreyTruth {
  readonly times: Float64Array;
  readonly cases: readonly InitialWave[];
  /** Runs per case behind the moments. */
  readonly runs: number;
  /** The observables of these runs. */
  readonly observed: TrueRuns;
  /** Their moments, one entry per case, `[times, 2]`. */
  readonly moments: readonly Moments[];
  /** The same if the runs were drawn again. */
  readonly replicates: readonly (readonly Moments[])[];
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

const UNCERTAIN = ["mean", "std", "ratio"] as const;

/** Uncertain are the errors of mean and std, mean over cases and species, and predicted over true standard deviation. */
export interface PredatorPreyScores extends Uncertainty<(typeof UNCERTAIN)[number]> {
  /** Relative L2 over time of mean and std of the observables. */
  readonly error: { readonly mean: Scores; readonly std: Scores };
  /** Late standard deviation over the true one (`lateRatio`). */
  readonly stdRatio: number;
  /** Moments of z over all runs, one entry per case, `[times, d]`. */
  readonly moments: readonly Moments[];
  readonly d: number;
  /** Biased MMD² over time, mean over cases. */
  readonly mmd: Float64Array;
  /** Its mean over time. */
  readonly mmdMean: number;
  readonly guards: Guards;
  readonly diagnostics: Diagnostics;
  /** How degree and ridge of the drift were chosen; null for a network. */
  readonly choice: ReturnType<typeof chosenDegree>;
  /** Distance of the start of every case from the nearest training state, in standard deviations of these. */
  readonly startDistance: Float64Array;
}

/** What is scored of an equation. */
export interface Predicted {
  /** One case per test case: all runs for the moments, and those that the MMD takes its ensemble from. */
  readonly all: Ensemble;
  readonly sample: Ensemble;
  /** Draws of the parameters (`rollout`). */
  readonly drawn: Ensemble | null;
  /** States that taught it. */
  readonly training: Float32Array;
  readonly seed: number;
}

/**
 * Scores of predictions, one case per test case: errors of the moments from all runs, MMD from the sample. The MMD compares the first
 * `size` runs of a case with each of its two true ensembles and averages.
 */
export async function scorePredatorPrey(
  gpu: Gpu,
  truth: PredatorPreyTruth,
  ensembles: TrueEnsembles,
  model: SdeModel,
  { all, sample, drawn, training, seed }: Predicted,
): Promise<PredatorPreyScores> {
  const { size, runs } = ensembles;
  const { cases, d } = all;
  const moments = momentsOf(all);
  const mmd = new Float64Array(truth.times.length);
  for (let c = 0; c < cases; c++) {
    const some = someRuns(caseOf(sample, c), 0, size);
    for (const half of [0, 1]) {
      const other = someRuns(caseOf(runs, c), half * size, (half + 1) * size);
      const { biased } = await mmdOverTime(gpu, some, other, ensembles);
      for (let t = 0; t < mmd.length; t++) mmd[t] += biased[t] / (2 * cases);
    }
  }
  const own = firstVariables(all, OBSERVABLES);
  const against = (predicted: readonly Moments[], exact: readonly Moments[]) => {
    const { mean, std } = ensembleError(predicted, exact, OBSERVABLES);
    return { mean: average(mean.average), std: average(std.average), ratio: lateRatio(predicted, exact) };
  };
  const observed = momentsOf(own);
  const error = ensembleError(observed, truth.moments, OBSERVABLES);
  const now = against(observed, truth.moments);
  const { replicates } = truth;
  const ofTruth = replicates.map((exact) => against(observed, exact));
  const ofAll =
    drawn &&
    replicateMoments(own, firstVariables(drawn, OBSERVABLES), seed).map((one, k) =>
      against(one, replicates[k % replicates.length]),
    );
  const starts = Array.from({ length: cases }, (_, c) => all.data.subarray(c * all.runs * d, (c * all.runs + 1) * d));
  return {
    error,
    stdRatio: now.ratio,
    moments,
    d,
    mmd,
    mmdMean: average(mmd),
    ...uncertaintyOf(UNCERTAIN, now, ofAll, ofTruth),
    guards: guardsOf(model, all, []),
    diagnostics: diagnosticsOf(all, truth.observed),
    choice: chosenDegree(model),
    startDistance: nearestDistances(model.hull, concatenate(starts), training),
  };
}

/**
 * Predicted over true standard deviation in the second half of the runs, root mean square over these times, geometric mean over cases and species; the
 * moments of the observables, one entry per case, `[times, OBSERVABLES]`.
 */
export function lateRatio(predicted: readonly Moments[], exact: readonly Moments[]): number {
  const late = ({ std }: Moments, j: number) => {
    const times = std.length / OBSERVABLES;
    let sum = 0;
    for (let t = Math.floor(times / 2); t < times; t++) sum += std[t * OBSERVABLES + j] ** 2;
    return sum;
  };
  const logs = exact.flatMap((truth, c) =>
    Array.from({ length: OBSERVABLES }, (_, j) => Math.log(late(predicted[c], j) / late(truth, j)) / 2),
  );
  return Math.exp(average(logs));
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
