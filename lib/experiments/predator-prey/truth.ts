// Direct simulations of long predator–prey systems: moments from all runs, and ensembles seen through every encoder.
import { trueRuns } from "../../analysis/diagnostics.ts";
import { type Ensemble, joinedRuns, momentsOf } from "../../analysis/ensemble.ts";
import { replicateMoments } from "../../analysis/replicates.ts";
import type { Coordinates } from "../../method/coordinates.ts";
import { type Measure, simulateDirectly } from "../../method/direct.ts";
import { simulatedTruth } from "../../run/learn.ts";
import { type Progress, withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import type { InitialWave, PredatorPrey, PredatorPreyStates } from "../../systems/predator-prey.ts";
import type { PredatorPreyOptions } from "./parameters.ts";
import { OBSERVABLES, type PredatorPreyTruth } from "./scores.ts";

/**
 * Moments of the observables over all runs, and z of the first 2 · ensemble runs of every case by each of `measures`, under their
 * names.
 */
export async function simulateTruth(
  run: Run,
  system: PredatorPrey,
  { N: points, trueRuns: runs, ensemble }: PredatorPreyOptions,
  { cases, times }: { readonly cases: readonly InitialWave[]; readonly times: Float64Array },
  seed: number,
  measures: Record<string, Measure<PredatorPreyStates>>,
): Promise<{ truth: PredatorPreyTruth; ensembles: Record<string, Ensemble> }> {
  const seen = 2 * ensemble;
  const work = async (bar: Progress) => {
    const simulate = (purpose: string, each: number, list: readonly Measure<PredatorPreyStates>[]) => {
      const prepare = (from: number, to: number) =>
        system.prepared(
          Array.from({ length: to - from }, (_, k) => cases[Math.floor((from + k) / each)]),
          points,
        );
      const onTime = (count: number) => bar.add(count);
      const options = { cases: cases.length, runs: each, side: points, times, seed, purpose, onTime };
      return simulateDirectly(system, prepare, options, list);
    };
    const observe: Measure<PredatorPreyStates> = (states) => system.observe(states);
    const [observables, ...closed] = await simulate("truth/ensembles", seen, [observe, ...Object.values(measures)]);
    const rest = runs > seen ? await simulate("truth/rest", runs - seen, [observe]) : [];
    const named = Object.fromEntries(Object.keys(measures).map((name, k) => [name, closed[k]]));
    return { observables, ...(rest.length > 0 && { rest: rest[0] }), ...named };
  };
  const total = times.length * runs * cases.length;
  const all = await simulatedTruth(run, () => withProgress("direct simulation", total, work));
  const { observables, rest, ...ensembles } = all;
  const observed = rest ? joinedRuns([observables, rest]) : observables;
  const replicates = replicateMoments(observed, null, seed);
  const known = { observed: trueRuns(observed, OBSERVABLES), moments: momentsOf(observed), replicates };
  return { truth: { times, cases, runs, ...known }, ensembles };
}

/** z of the initial states of the cases, `[cases, d]`. */
export async function startsOf(
  system: PredatorPrey,
  coordinates: Coordinates<PredatorPreyStates>,
  points: number,
  cases: readonly InitialWave[],
): Promise<Float32Array> {
  const states = system.prepared(cases, points);
  try {
    return await coordinates.whole(states);
  } finally {
    states.destroy();
  }
}
