// A lattice that is too large to be simulated at leisure: its equilibrium predicted from small patches, and simulated directly.
import { seedInterval } from "../../analysis/bootstrap.ts";
import type { Ensemble } from "../../analysis/ensemble.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { average } from "../../analysis/mean.ts";
import type { Gpu } from "../../gpu/device.ts";
import { simulateDirectly } from "../../method/direct.ts";
import { regression } from "../../method/pairs.ts";
import { unlessDiverged } from "../../method/sde/rollout.ts";
import { evenTimes, makePairs, smallTrajectories, thinned } from "../../method/snapshots.ts";
import { stream } from "../../random/stream.ts";
import { evolvedPairs, predicted, simulatedTruth, trainedSde } from "../../run/learn.ts";
import { withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import { fitOptions, sdeSpec } from "../../run/training-parameters.ts";
import { Ising, type IsingStates } from "../../systems/ising.ts";
import { type IsingOptions, isLearned } from "./parameters.ts";
import { relaxTimeOf } from "./plan.ts";

/**
 * Small lattices and snapshots of each, so many sweeps apart once they are in equilibrium: the stationary law of an equation is
 * that of the system if its drift and noise are conditional expectations in equilibrium, and fluctuations of a large lattice are so small
 * that nothing else resolves the drift that brings them back.
 */
const TRAJECTORIES = 256;
const RECORDS = 16;
const APART = 10;
/** Patches evolved per snapshot: fewer would hide the drift of the whole lattice behind their own scatter. */
const PATCHES = 512;
/** Simulated lattices start from this magnetization along the field. All runs settle, and are then looked at every so many sweeps. */
const START = 0.75;
const SETTLE_SMALL = 200;
const SETTLE = 80;
const EVERY = 5;
const LOOKS = 32;
/** Direct runs: one word of replicas. Predicted runs. */
const DIRECT = 32;
const PREDICTED = 512;

/**
 * Equilibrium mean and standard deviation of m of a lattice of side `large`, from patches of the study's side with the compensator,
 * between frozen neighbours, with the closure of the run (blocks where that is learned by a network), and by direct simulation of
 * 32 lattices; wall times of both. Intervals: over the runs, which are independent. null where the learned equation runs away.
 * That 200 sweeps lead small lattices to equilibrium, and 80 large ones, is not checked: near the critical temperature it is too short,
 * and below it small lattices settle in both phases, direct simulations in that of the field.
 */
export async function studyLargeLattice(gpu: Gpu, run: Run, p: IsingOptions, seed: number) {
  const { large: side, studyPatch: patch } = p;
  const closure = isLearned(p.closure) ? "blocks" : p.closure;
  const system = new Ising(gpu, {
    temperature: p.T,
    field: p.h,
    patchSide: patch,
    upsampling: p.upsampling,
    closure,
  });
  const ages = evenTimes(RECORDS, APART).map((time) => SETTLE_SMALL + time);
  const first = p.h < 0 ? -START : START;
  const name = `large${side}`;
  const phases = ["learn", "predict", "direct simulation"].map((what) => `large lattice, ${what}`);
  const [pairs] = await evolvedPairs(
    run,
    name,
    async () => {
      const snapshots = await smallTrajectories(system, { trajectories: TRAJECTORIES, times: ages, seed });
      const plan = {
        side,
        relaxTime: (age: number, at: number) => relaxTimeOf(p.relaxTime, age, patch, at),
        patchesPerSnapshot: PATCHES,
        condition: [p.T],
        seed,
      };
      return withProgress(`lattices of ${side}`, TRAJECTORIES * RECORDS, (bar) =>
        makePairs(system, snapshots, ["generator"], { ...plan, onSnapshots: (count) => bar.add(count) }),
      );
    },
    phases[0],
  );
  const batch = Math.min(p.batch, TRAJECTORIES * RECORDS);
  const learning = { ...fitOptions(p, seed), batch, closedForm: true };
  const data = regression(pairs, "compensator");
  const model = await trainedSde(run, gpu, `${name}/compensator`, data, sdeSpec(p), learning, phases[0]);
  const span = SETTLE + EVERY * LOOKS;
  const times = evenGrid(0, span, span / EVERY + 1);
  const trajectories = await unlessDiverged(
    predicted(
      run,
      gpu,
      name,
      model,
      thinned(pairs.whole, pairs.d, PREDICTED),
      { times, dt: p.dt, scheme: "heun", seed, purpose: "large/predict" },
      phases[1],
    ),
  );
  if (!trajectories) {
    console.log(`the equation learned for the lattice of ${side} runs away: it is left out`);
    return null;
  }
  const { direct } = await simulatedTruth(
    run,
    async () => {
      const prepare = () => system.prepared(DIRECT, side, first, stream(seed, "large/start"));
      const options = {
        cases: 1,
        runs: DIRECT,
        side,
        times: evenGrid(SETTLE, span, LOOKS + 1),
        seed,
        purpose: "large/direct",
      };
      const observe = (states: IsingStates) => system.observe(states);
      const [ensemble] = await withProgress(`direct simulation of ${side}`, DIRECT * (LOOKS + 1), (bar) =>
        simulateDirectly(system, prepare, { ...options, onTime: (count) => bar.add(count) }, [observe]),
      );
      return { direct: ensemble };
    },
    `${name}/direct`,
    phases[2],
  );
  const { seconds } = run.result({});
  return {
    side,
    patch,
    patches: (side / patch) ** 2,
    predictedRuns: PREDICTED,
    directRuns: DIRECT,
    predicted: equilibrium(lateMagnetizations(trajectories)),
    direct: equilibrium(lateMagnetizations(direct)),
    settleSmall: SETTLE_SMALL,
    settle: SETTLE,
    start: first,
    secondsLearn: seconds[phases[0]],
    secondsPredict: seconds[phases[1]],
    secondsDirect: seconds[phases[2]],
  };
}

/** m at the last LOOKS times of every run. */
function lateMagnetizations({ times, runs, d, data }: Ensemble): number[][] {
  const from = times.length - LOOKS;
  return Array.from({ length: runs }, (_, r) =>
    Array.from({ length: LOOKS }, (_, k) => data[((from + k) * runs + r) * d]),
  );
}

/** Mean and standard deviation over runs and times, with intervals over the runs. */
function equilibrium(values: readonly (readonly number[])[]) {
  const mean = average(values.map(average));
  const means = seedInterval(values.map(average));
  const squares = seedInterval(values.map((run) => average(run.map((x) => (x - mean) ** 2))));
  return {
    mean: { value: means.estimate, low: means.low, high: means.high },
    std: {
      value: Math.sqrt(squares.estimate),
      low: Math.sqrt(Math.max(0, squares.low)),
      high: Math.sqrt(squares.high),
    },
  };
}
