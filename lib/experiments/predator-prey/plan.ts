// Which equations the predator–prey experiment learns, and how its closures are trained.
import { evenGrid } from "../../analysis/function-error.ts";
import { LEARNED, type LearnedClosure } from "../../method/closure/train.ts";
import { learningPlan } from "../../method/learning-plan.ts";
import { isOurs, METHODS, type Method } from "../../method/pairs.ts";
import { evenTimes } from "../../method/snapshots.ts";
import { closureTraining } from "../../run/training-parameters.ts";
import { EVERY, FEWER, type PredatorPreyOptions } from "./parameters.ts";

/** Training states that the distance of the starts is measured from, at most. */
export const TRAINING_STATES = 2048;
/** Patches of a snapshot that the closure is trained on, at most. */
const CLOSURE_PATCHES = 8;
/** Systems that a closure is solved on at the least, if there are so many. */
const LEAST_SYSTEMS = 256;

/** What is trained for a closure: all methods for the first one, ours for the others; `fewer`: on one snapshot in so many. */
export function trainingsOf(closure: LearnedClosure, first: LearnedClosure): { method: Method; fewer: number }[] {
  const full = METHODS.map((method) => ({ method, fewer: 1 }));
  if (closure !== first) return full.filter(({ method }) => isOurs(method));
  return [...full, { method: "compensator", fewer: FEWER }];
}

/** Test cases, times, closures and λ of a run. */
export function predatorPreyPlan(p: PredatorPreyOptions) {
  const patches = p.N / p.patch;
  const closures = LEARNED.filter((closure) => p.closure === "all" || p.closure === closure);
  const lambdas = [...new Set([...p.lambdas, patches])].sort((a, b) => a - b);
  return {
    patches,
    closures,
    times: evenGrid(0, p.horizon, Math.round(p.horizon / EVERY) + 1),
    cases: p.means.flatMap((mean) => p.amplitudes.map((amplitude) => ({ mean, amplitude }))),
    /** λ at which an equation is tested: all of them for ours of the first closure, else K, or 1 for the baselines. */
    lambdasOf(closure: LearnedClosure, { method, fewer }: { method: Method; fewer: number }): number[] {
      if (!isOurs(method)) return [1];
      return fewer === 1 && closure === closures[0] ? lambdas : [patches];
    },
  };
}

/** What is simulated for one equation of the compensator, and what direct simulation has to do. */
export function costPlan(p: PredatorPreyOptions) {
  const states = p.trajectories * p.records;
  const seen = Math.min(p.closureSnapshots, states);
  const [closure] = predatorPreyPlan(p).closures;
  const { systems, follow } = laggedPlan(p, 2, 0);
  const rate = 1 / p.dt;
  const learning = learningPlan(
    { dimension: 1, patchSide: p.patch },
    {
      trajectories: p.trajectories,
      times: evenTimes(p.records, p.interval),
      smallSide: p.small,
      side: p.N,
      // The closure sees some of them once more.
      states: states + (closure === "lagged" ? systems : seen),
      relaxTime: p.relaxTime,
      patchesPerSnapshot: p.patchesPerSnapshot,
      // With reversed noise too.
      evolved: 2 * p.compensatorTime,
      followed: closure === "lagged" ? { ...follow, systems } : undefined,
      rate,
    },
  );
  return { learning, horizon: p.horizon, rate };
}

/** The encoder of patches with so many parts, how it is trained, and the table that it is trained on. */
export function closurePlan(p: PredatorPreyOptions, parts: number, seed: number) {
  return {
    encoder: {
      shape: {
        kind: "perceptron",
        dimension: 1,
        parts,
        patchSide: p.patch,
        joint: p.encoder === "joint",
        hidden: p.encoder === "linear" ? [] : p.closureHidden,
        activation: p.activation,
        variables: p.variables,
      },
      ...closureTraining(p),
      seed,
    },
    table: { patchesPerSnapshot: CLOSURE_PATCHES, side: p.N, relaxTime: p.relaxTime, seed },
  } as const;
}

/**
 * The encoder of the closure that is solved (`lagged`), linear in all numbers of a patch; how many systems it is solved on, of which it sees
 * all patches: together as many as those of trained closures; and how long these are followed.
 */
export function laggedPlan(p: PredatorPreyOptions, parts: number, seed: number) {
  const { encoder, table } = closurePlan(p, parts, seed);
  const share = Math.min(1, (CLOSURE_PATCHES * p.patch) / p.N);
  const systems = Math.max(LEAST_SYSTEMS, Math.round(share * p.closureSnapshots));
  return {
    systems: Math.min(p.trajectories * p.records, systems),
    shape: { ...encoder.shape, joint: true, hidden: [] },
    follow: { side: table.side, relaxTime: table.relaxTime, lags: p.lags, seed },
  } as const;
}
