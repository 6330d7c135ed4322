// A lattice that is too large to be simulated at leisure: its equilibrium predicted from small patches, and simulated directly.
import { seedInterval } from "../../analysis/bootstrap.ts";
import { learningUpdates } from "../../analysis/cost.ts";
import { casesOf, type Ensemble } from "../../analysis/ensemble.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { isingLimit } from "../../analysis/ising-strip.ts";
import { average } from "../../analysis/mean.ts";
import type { Gpu } from "../../gpu/device.ts";
import { simulateDirectly } from "../../method/direct.ts";
import { learningPlan } from "../../method/learning-plan.ts";
import { meanDrift, regression, stepOf } from "../../method/pairs.ts";
import { guardsOf } from "../../method/sde/guards.ts";
import { withLambda } from "../../method/sde/model.ts";
import { unlessDiverged } from "../../method/sde/rollout.ts";
import { evenTimes, madeCount, makePairs, smallTrajectories, someSnapshots, thinned } from "../../method/snapshots.ts";
import { stream } from "../../random/stream.ts";
import { evolvedPairs, learnedSde, predicted, predictedDraws, simulatedTruth } from "../../run/learn.ts";
import { print } from "../../run/output.ts";
import { withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import { fitOptions, oddVariables, sdeSpec } from "../../run/training-parameters.ts";
import type { IsingStates } from "../../systems/ising.ts";
import { type IsingOptions, isLearned } from "./parameters.ts";
import { isingSystem } from "./plan.ts";

/**
 * Small lattices and snapshots of each, so many sweeps apart once they are in equilibrium, and how many become larger: the stationary law of
 * an equation is that of the system if its drift and noise are conditional expectations in equilibrium, and fluctuations of a large
 * lattice are so small that nothing else resolves the drift that brings them back.
 */
const TRAJECTORIES = 2048;
const RECORDS = 4;
const APART = 20;
const SNAPSHOTS = 8192;
/** Side of the lattices that are learned from: drift and n times diffusion do not depend on it. */
const LEARN_SIDE = 128;
/** LocalRelax: in equilibrium a long one costs time alone, and leaves no seams that would teach too much order. */
const RELAX = 32;
/** Simulated lattices start from this magnetization along the field. All runs settle, and are then looked at every so many sweeps. */
const START = 0.75;
const SETTLE_SMALL = 200;
const SETTLE = 80;
const EVERY = 5;
const LOOKS = 32;
/** Direct runs: one word of replicas. Predicted runs, of which some are repeated with draws of the parameters. */
const DIRECT = 32;
const PREDICTED = 512;

/**
 * Equilibrium mean and standard deviation of m of a lattice of side `large`, from patches of the study's side of smaller lattices by the
 * generator, between frozen neighbours, with the closure of the run (blocks where that is learned by a network), and by direct
 * simulation of 32 lattices; wall times and site updates of both. Intervals of the prediction hold runs and training data, those of the
 * simulation its runs. null where the learned equation runs away.
 * That 200 sweeps lead small lattices to equilibrium, and 80 large ones, is not checked: near the critical temperature it is too short,
 * and below it small lattices settle in both phases, direct simulations in that of the field.
 */
export async function studyLargeLattice(gpu: Gpu, run: Run, p: IsingOptions, seed: number) {
  const { large: side, studyPatch: patch } = p;
  const closure = isLearned(p.closure) ? "blocks" : p.closure;
  const system = isingSystem(gpu, p, { patch, closure, boundary: "halo" });
  const ages = evenTimes(RECORDS, APART).map((time) => SETTLE_SMALL + time);
  const first = p.h < 0 ? -START : START;
  const name = `large${side}`;
  const phases = ["learn", "predict", "direct simulation"].map((what) => `large lattice, ${what}`);
  const learnSide = p.learnSide || Math.min(side, Math.max(patch, LEARN_SIDE));
  const plan = { side: learnSide, relaxTime: Math.max(RELAX, p.relaxTime), seed };
  const [pairs] = await evolvedPairs(
    run,
    name,
    async () => {
      const small = await smallTrajectories(system, { trajectories: TRAJECTORIES, times: ages, seed });
      const snapshots = someSnapshots(system, small, SNAPSHOTS);
      return withProgress(`lattices of ${learnSide}`, madeCount(snapshots), (bar) =>
        makePairs(system, snapshots, ["generator"], { ...plan, onSnapshots: (count) => bar.add(count) }),
      );
    },
    phases[0],
  );
  const data = regression(pairs, "compensator");
  const count = data.state.length / data.d;
  const spec = sdeSpec(p, oddVariables(system, p.h));
  const options = {
    ...fitOptions(p, seed),
    batch: Math.min(p.batch, count),
    closedForm: true,
    variables: system.observables,
  };
  const learned = await learnedSde(run, gpu, `${name}/compensator`, data, spec, options, phases[0]);
  const model = withLambda(learned, (side / patch) ** 2, (learnSide / patch) ** 2);
  const span = SETTLE + EVERY * LOOKS;
  const times = evenGrid(0, span, span / EVERY + 1);
  const starts = thinned(pairs.whole, pairs.d, PREDICTED);
  const at = { times, cases: 1, ...stepOf(data, p.dt), seed, purpose: "large/predict" };
  const trajectories = await unlessDiverged(predicted(run, gpu, name, model, starts, at, phases[1]));
  if (!trajectories) {
    print(`the equation learned for the lattice of ${side} runs away: it is left out`);
    return null;
  }
  const drawn = await predictedDraws(run, gpu, name, model, starts, at, true);
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
  const limit = isingLimit(p.T, p.h);
  return {
    side,
    patch,
    learnSide,
    patches: (side / patch) ** 2,
    predictedRuns: PREDICTED,
    directRuns: DIRECT,
    predicted: withTraining(equilibrium(lateMagnetizations(trajectories)), drawn),
    direct: equilibrium(lateMagnetizations(direct)),
    exact: limit && { mean: limit.magnetization, std: Math.sqrt(limit.variance) / side },
    guards: guardsOf(
      model,
      trajectories,
      system.observables.map(({ range }) => range ?? null),
    ),
    // Of training lattices in equilibrium, where A averages to 0.
    rest: meanDrift(data),
    settleSmall: SETTLE_SMALL,
    settle: SETTLE,
    start: first,
    secondsLearn: seconds[phases[0]],
    secondsPredict: seconds[phases[1]],
    secondsDirect: seconds[phases[2]],
    updates: {
      learn: learningUpdates(
        learningPlan(system, {
          trajectories: TRAJECTORIES,
          times: ages,
          smallSide: patch,
          states: count,
          evolved: 0,
          ...plan,
        }),
      ),
      direct: DIRECT * span * side ** 2,
    },
  };
}

/** Both intervals wider by what draws of the parameters change in the same runs. */
function withTraining(found: ReturnType<typeof equilibrium>, drawn: Ensemble | null) {
  if (!drawn) return found;
  const [own, ...others] = casesOf(drawn).map((one) => equilibrium(lateMagnetizations(one)));
  const wider = (key: "mean" | "std") => {
    const { value, low, high } = found[key];
    const shifts = others.map((one) => one[key].value - own[key].value);
    const training = 1.96 * Math.sqrt(average(shifts.map((shift) => shift ** 2)));
    return { value, low: value - Math.hypot(value - low, training), high: value + Math.hypot(high - value, training) };
  };
  return { mean: wider("mean"), std: wider("std") };
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
