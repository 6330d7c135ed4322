// Which equations the Ising experiment learns: sources of training pairs, and what is trained on each.
import type { Gpu } from "../../gpu/device.ts";
import { METHODS, type Method } from "../../method/pairs.ts";
import type { Duration, Measures } from "../../method/snapshots.ts";
import { closureTraining } from "../../run/training-parameters.ts";
import { Ising } from "../../systems/ising.ts";
import {
  ISING_CLOSURES,
  type IsingClosure,
  type IsingOptions,
  isLearned,
  latticeCount,
  patchesPerSnapshot,
  reachOf,
} from "./parameters.ts";

/** Which comparison an equation belongs to. */
export type Study = "main" | "paper-time" | "closure" | "boundary" | "time" | "data";

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

/** Training states that the distance of the starts is measured from, at most. */
export const TRAINING_STATES = 2048;
/** δt of the paper: ℓ² flips of a patch, sweeps. */
export const PAPER_TIME = 6;
/** Durations that are compared, beside the run's own. */
const TIMES = { increment: [0.1, 0.2], compensator: [0.2, 0.5] } as const;
/** The comparison of amounts of data takes one snapshot in these many. */
const FEWER = [4, 16, 64];

/** The lattice with patches of a source; what is not given is as the run has it. */
export function isingSystem(
  gpu: Gpu,
  p: IsingOptions,
  { patch, closure = p.closure, boundary = p.boundary }: Partial<Source> & Pick<Source, "patch">,
): Ising {
  return new Ising(gpu, {
    temperature: p.T,
    field: p.h,
    upsampling: p.upsampling,
    patchSide: patch,
    boundary,
    closure: isLearned(closure) ? "none" : closure,
  });
}

/** The patch whose drift the report shows. */
export function shownPatch({ patches, studyPatch }: IsingOptions): number {
  return patches.includes(studyPatch) ? studyPatch : patches[0];
}

/** A duration as the command line has it, where 0 stands for the generator. */
export const durationOf = (time: number): Duration => (time === 0 ? "generator" : time);

/** What is measured for the trainings of a source, each time once. */
export function measuresOf({ trainings }: Source, { copies }: IsingOptions): Measures {
  const times = (wanted: (one: Training) => boolean) => [...new Set(trainings.filter(wanted).map(({ time }) => time))];
  return {
    compensatorTimes: times(({ method }) => method === "compensator"),
    incrementTimes: times(({ method, study }) => method !== "compensator" && study !== "paper-time"),
    rawTimes: times(({ study }) => study === "paper-time"),
    copies,
  };
}

/** Which of the sets of `measuredPairs` a training takes. */
export function setOf({ compensatorTimes, incrementTimes, rawTimes = [] }: Measures, training: Training): number {
  const { study, method, time } = training;
  if (method === "compensator") return compensatorTimes.indexOf(time);
  const before = compensatorTimes.length;
  return study === "paper-time"
    ? before + incrementTimes.length + rawTimes.indexOf(time)
    : before + incrementTimes.indexOf(time);
}

/** The duration of the pairs of a method: a learned closure has no rates, so there the generator is out of reach. */
function timeOf(method: Method, closure: IsingClosure, p: IsingOptions): number {
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
    time: time ?? timeOf(method, closure, p),
    fewer,
  });
  const all = p.studies === "all";
  const main = p.patches.map((patch): Source => {
    const trainings = METHODS.map((method) => training("main", p.closure, method));
    // Baselines at the time of the paper too: their noise goes with the root of the time. A single patch is the whole lattice.
    if (patch < learnSide(p) && p.horizon >= 2 * PAPER_TIME)
      for (const method of ["naive", "small"] as const)
        trainings.push(training("paper-time", p.closure, method, 1, PAPER_TIME));
    if (all && patch === p.studyPatch) {
      // Networks need a batch; polynomials as many cohorts as terms, which they see to themselves.
      const least = p.drift === "polynomial" ? 64 : p.batch;
      const enough = (fewer: number) => latticeCount(p, "none") / fewer >= least;
      for (const method of ["compensator", "increment"] as const) {
        const own = timeOf(method, p.closure, p);
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
 * LocalRelax time of every patch position for a snapshot of some age; a site lies in four positions and moves four times as long. The full
 * time at every level: seams that are left teach an equation that orders too much. Young snapshots are relaxed no longer than their
 * age: they would else lose what is early about them.
 */
export function relaxTimeOf(longest: number, age: number): number {
  return Math.min(longest, age);
}

/** Side of the lattices that equations are learned on. */
export const learnSide = ({ learnSide: side, L }: IsingOptions) => side || L;

/** How snapshots become large lattices of which patches are evolved. */
export function pairPlan(p: IsingOptions, { closure }: Pick<Source, "closure">) {
  return {
    side: learnSide(p),
    relaxTime: (age: number) => relaxTimeOf(p.relaxTime, age),
    patchesPerSnapshot: patchesPerSnapshot(p, closure),
  };
}

/**
 * The encoder of the closure that is solved (`lagged`), how many small lattices it is solved on, with as many sites as trained closures see
 * if there are so many, and how they are followed.
 */
export function laggedPlan(p: IsingOptions, { patch }: Pick<Source, "patch">, seed: number) {
  return {
    shape: { kind: "correlations", patchSide: patch, reach: reachOf(patch), variables: p.variables },
    lattices: Math.min(p.trajectories * p.records, Math.round(p.closureSnapshots * (learnSide(p) / patch) ** 2)),
    follow: { side: patch, relaxTime: 0, lags: p.lags, seed },
  } as const;
}

/** The encoder of a trained closure, how it is trained, and how the lattices that it is trained on are made. */
export function closurePlan(p: IsingOptions, source: Pick<Source, "patch" | "closure">, seed: number) {
  return {
    encoder: {
      shape: { kind: "convolution", patchSide: source.patch, channels: p.channels, variables: p.variables },
      ...closureTraining(p),
      seed,
    },
    // All patches: the decoder rebuilds whole lattices.
    table: { ...pairPlan(p, source), patchesPerSnapshot: Number.POSITIVE_INFINITY, seed },
  } as const;
}
