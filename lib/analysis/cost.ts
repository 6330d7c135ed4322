// What learning costs beside direct simulation, counted in site updates, whatever the machine: attempts to flip a spin, steps of a point.
import type { Interval } from "./bootstrap.ts";

/** What is simulated to learn one equation. Times are those that a site moves. */
export interface LearningPlan {
  readonly small: { readonly systems: number; readonly sites: number; readonly time: number };
  /** Large states, LocalRelax of them, and all partial evolutions of their patches. */
  readonly large: { readonly states: number; readonly sites: number; readonly relax: number; readonly evolved: number };
  /** Systems that are followed for a closure, and how often they are looked at; none by default. */
  readonly followed?: {
    readonly systems: number;
    readonly sites: number;
    readonly time: number;
    readonly looks: number;
  };
  /** Updates of a site per unit of time; 1 by default. */
  readonly rate?: number;
}

/** Updates of each phase of learning. */
export interface LearningUpdates {
  readonly small: number;
  readonly relax: number;
  /** Partial evolution, and what is followed. */
  readonly evolve: number;
}

/** Observing all sites of a state that is evolved once, or its generator at them, counts as an update of each. */
export function learningUpdates({ small, large, followed, rate = 1 }: LearningPlan): LearningUpdates {
  const sites = large.states * large.sites;
  return {
    small: rate * small.systems * small.sites * small.time,
    relax: rate * large.relax * sites,
    evolve:
      (1 + rate * large.evolved) * sites +
      (followed ? (followed.looks + rate * followed.time) * followed.systems * followed.sites : 0),
  };
}

export const totalUpdates = ({ small, relax, evolve }: LearningUpdates) => small + relax + evolve;

/** Relative accuracy that a standard deviation is wanted with. */
export const STD_ACCURACY = 0.02;

/** What a learned equation predicts, and how well. */
export interface DirectPlan {
  /** Side of the system, and its dimension. */
  readonly side: number;
  readonly dimension: number;
  readonly starts: number;
  readonly horizon: number;
  /** Relative squared error of the mean of one run from every start, and that of the learned equation. */
  readonly perRun: number;
  readonly error: number;
  /** Updates of a site per unit of time; 1 by default. */
  readonly rate?: number;
}

/**
 * Updates of direct simulations as accurate as the learned equation, of a system of the side `at`: for the mean, as many runs as bring the
 * sampling error to its error, at least one; for the standard deviation, as many independent runs as give it to 2 %. Variances shrink
 * like one over the number of sites, so the first stays the same until a single run is enough and then grows like it; the second does so
 * throughout.
 */
export function directUpdates({ side, dimension, starts, horizon, perRun, error, rate = 1 }: DirectPlan, at = side) {
  const runs = Math.max(1, (perRun / error) * (side / at) ** dimension);
  const sweeps = rate * starts * horizon * at ** dimension;
  return { mean: runs * sweeps, std: sweeps / (2 * STD_ACCURACY ** 2) };
}

/** The relative errors of direct simulations of the side `at` that take so many updates; see `CostCurve.atCost`. */
function errorsAtCost({ side, dimension, starts, horizon, perRun, rate = 1 }: DirectPlan, updates: number, at: number) {
  const runs = updates / (rate * starts * horizon * at ** dimension);
  return {
    mean: runs >= 1 ? Math.sqrt((perRun * (side / at) ** dimension) / runs) : Number.NaN,
    std: runs >= 2 ? 1 / Math.sqrt(2 * runs) : Number.NaN,
  };
}

/** Costs of learning, the same for every system that is predicted, and of direct simulation, against the side of that system. */
export interface CostCurve {
  /** Side of the patches. */
  readonly patch: number;
  /** Site updates. */
  readonly learn: number;
  readonly sides: readonly number[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /**
   * What direct simulation reaches with as many updates as learning takes: root of the relative squared error of the mean, and standard error of a
   * standard deviation, as parts of the truth; NaN where that is less than one run from every start, or two.
   */
  readonly atCost: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** The sides from which on learning is cheaper; null beyond the last of `sides`. */
  readonly evenMean: number | null;
  readonly evenStd: number | null;
}

/** The costs of the equation from patches of one side. */
export interface EquationCost {
  readonly patch: number;
  readonly learn: LearningUpdates;
  /** Of direct simulation as accurate. */
  readonly direct: ReturnType<typeof directUpdates>;
  /** From the side that was learned on up to 64 times that. */
  readonly curve: CostCurve;
}

export function equationCost(patch: number, learning: LearningPlan, plan: DirectPlan, learnedOn: number): EquationCost {
  const learn = learningUpdates(learning);
  const total = totalUpdates(learn);
  const sides = Array.from({ length: 25 }, (_, k) => learnedOn * 2 ** (k / 4));
  const direct = sides.map((side) => directUpdates(plan, side));
  const reached = sides.map((side) => errorsAtCost(plan, total, side));
  const even = (key: "mean" | "std") => sides.find((_, k) => direct[k][key] >= total) ?? null;
  const curve = (key: "mean" | "std") => direct.map((one) => one[key]);
  const [evenMean, evenStd] = [even("mean"), even("std")];
  return {
    patch,
    learn,
    direct: directUpdates(plan),
    curve: {
      ...{ patch, learn: total, sides, mean: curve("mean"), std: curve("std"), evenMean, evenStd },
      atCost: { mean: reached.map(({ mean }) => mean), std: reached.map(({ std }) => std) },
    },
  };
}

/**
 * Error of an equation beyond the sampling of the predicted runs, which cost next to nothing and may be many: what a score has above that of a
 * perfect model, and no less than half of the latter, as differences below that are not resolved.
 */
export function ownError(error: number, floor: number): number {
  return Math.max(error - floor, floor / 2);
}

type Width = Pick<Interval, "low" | "high">;

/** Updates of as many runs as give an interval of the width of another, from those that gave one of their own. */
export function updatesForWidth(updates: number, own: Width, wanted: Width): number {
  return updates * ((own.high - own.low) / (wanted.high - wanted.low)) ** 2;
}
