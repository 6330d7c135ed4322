// Which equations the Ising experiment learns: sources of training pairs, and what is trained on each.
import { METHODS, type Method } from "../../method/pairs.ts";
import { ISING_CLOSURES, type IsingClosure, type IsingOptions, isLearned } from "./parameters.ts";

/** Which comparison an equation belongs to. */
export type Study = "main" | "closure" | "boundary" | "time" | "data";

/** Where training pairs come from. */
export interface Source {
  readonly patch: number;
  readonly closure: IsingClosure;
  readonly boundary: "halo" | "periodic";
  readonly trainings: readonly Training[];
}

export interface Training {
  readonly study: Study;
  readonly method: Method;
  /** Duration δt of the pairs; 0: the generator. */
  readonly time: number;
  /** Trained on one snapshot in this many. */
  readonly fewer: number;
}

/** Durations that are compared, beside the run's own. */
const TIMES = { increment: [0.05, 0.5], compensator: [0.2, 0.5] } as const;
/** The comparison of amounts of data takes one snapshot in these many. */
const FEWER = [4, 16, 64];

/** The duration of the pairs of a method: a learned closure has no rates, so there the generator is out of reach. */
function durationOf(method: Method, closure: IsingClosure, p: IsingOptions): number {
  if (method !== "compensator") return p.incrementTime;
  return p.compensatorTime > 0 || !isLearned(closure) ? p.compensatorTime : p.incrementTime;
}

/**
 * The main equations for every patch side, and the comparisons around those of the study's patch; boundaries also at smaller
 * patches, where they matter more.
 */
export function isingSources(p: IsingOptions): Source[] {
  const training = (study: Study, closure: IsingClosure, method: Method, fewer = 1, time?: number): Training => ({
    study,
    method,
    time: time ?? durationOf(method, closure, p),
    fewer,
  });
  const all = p.studies === "all";
  const main = p.patches.map((patch): Source => {
    const trainings = METHODS.map((method) => training("main", p.closure, method));
    if (all && patch === p.studyPatch) {
      const enough = (fewer: number) => (p.trajectories * p.records) / fewer >= p.batch;
      for (const method of ["compensator", "increment"] as const) {
        const own = durationOf(method, p.closure, p);
        const times = TIMES[method].filter((time) => time !== own);
        trainings.push(...times.map((time) => training("time", p.closure, method, 1, time)));
        trainings.push(...FEWER.filter(enough).map((fewer) => training("data", p.closure, method, fewer)));
      }
    }
    return { patch, closure: p.closure, boundary: p.boundary, trainings };
  });
  if (!all) return main;
  const ours = (study: Study, closure: IsingClosure) =>
    (["compensator", "increment"] as const).map((method) => training(study, closure, method));
  const other = p.boundary === "halo" ? "periodic" : "halo";
  return [
    ...main,
    ...ISING_CLOSURES.filter((closure) => closure !== p.closure).map((closure): Source => {
      return { patch: p.studyPatch, closure, boundary: p.boundary, trainings: ours("closure", closure) };
    }),
    ...p.patches
      .filter((patch) => patch < p.L && patch <= p.studyPatch)
      .map((patch): Source => {
        return { patch, closure: p.closure, boundary: other, trainings: ours("boundary", p.closure) };
      }),
  ];
}

/**
 * LocalRelax time of every patch position for a snapshot of some age at the level that leads to `side`; a site lies in four
 * positions and moves four times as long. A first doubling takes `longest`; later levels in proportion to their seams, of which there are
 * fewer for larger tiles. Young snapshots are relaxed no longer than their age: they would else lose what is early about them.
 */
export function relaxTimeOf(longest: number, age: number, patch: number, side: number): number {
  return Math.min(longest * ((2 * patch) / side), age);
}
