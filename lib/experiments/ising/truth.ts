// Direct simulations of the large Ising lattice from every start, spins at random places at first.
import { joinedCases } from "../../analysis/ensemble.ts";
import { concatenate } from "../../method/concatenate.ts";
import type { Coordinates } from "../../method/coordinates.ts";
import { simulateDirectly } from "../../method/direct.ts";
import { stream } from "../../random/stream.ts";
import { simulatedTruth } from "../../run/learn.ts";
import { type Progress, withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import type { Ising, IsingStates } from "../../systems/ising.ts";
import type { IsingOptions } from "./parameters.ts";
import { type IsingTruth, isingTruth } from "./scores.ts";

/** Moments of m and ρ over time from every start. `system` observes in few large pieces where its patches are large. */
export async function simulateTruth(
  run: Run,
  system: Ising,
  { L: side, m0, trueRuns: runs }: IsingOptions,
  times: Float64Array,
  seed: number,
): Promise<IsingTruth> {
  const work = async (bar: Progress) => {
    const ensembles = [];
    for (const [c, m] of m0.entries()) {
      const prepare = (from: number, to: number) =>
        system.prepared(to - from, side, m, stream(seed, "truth/start", c, from));
      const onTime = (count: number) => bar.add(count);
      const options = { cases: 1, runs, side, times, seed, purpose: `truth/${c}`, onTime };
      const observe = (states: IsingStates) => system.observe(states);
      ensembles.push(...(await simulateDirectly(system, prepare, options, [observe])));
    }
    return { observables: joinedCases(ensembles) };
  };
  const total = times.length * runs * m0.length;
  const named = await simulatedTruth(run, () => withProgress("direct simulation", total, work));
  return isingTruth(named.observables, m0, system.lanes, seed);
}

/** z of prepared lattices, the starts of predictions, `[starts · runs, d]`. */
export async function predictionStarts(
  system: Ising,
  coordinates: Coordinates<IsingStates>,
  { L: side, m0, runs }: IsingOptions,
  seed: number,
): Promise<Float32Array> {
  const rows: Float32Array[] = [];
  for (const [c, m] of m0.entries()) {
    const states = await system.prepared(runs, side, m, stream(seed, "predict/start", c));
    try {
      rows.push(await coordinates.whole(states));
    } finally {
      states.destroy();
    }
  }
  return concatenate(rows);
}
