// What is simulated to learn one equation, counted as lib/analysis/cost.ts wants it.
import type { LearningPlan } from "../analysis/cost.ts";
import { average } from "../analysis/mean.ts";
import type { System } from "../systems/system.ts";
import type { PairOptions, TrajectoryOptions } from "./snapshots.ts";
import { upsamplingSides } from "./upsample.ts";

export interface LearningSteps
  extends Pick<TrajectoryOptions, "trajectories" | "times">,
    Pick<PairOptions, "side" | "patchesPerSnapshot"> {
  /** Systems of a side that are followed for a closure (closure/lagged.ts). */
  readonly followed?: { readonly systems: number; readonly side: number; readonly lags: readonly number[] };
  readonly smallSide: number;
  /** Large states. */
  readonly states: number;
  readonly relaxTime: number | ((age: number) => number);
  /** Time of all partial evolutions of a patch; none for the generator. */
  readonly evolved: number;
  /** Updates of a site per unit of time; 1 by default. */
  readonly rate?: number;
}

/** A site lies in two positions of patches along each dimension, and is relaxed in each; lower levels have fewer sites. */
export function learningPlan(
  { dimension, leaps, patchSide }: Pick<System, "dimension" | "leaps" | "patchSide">,
  {
    trajectories,
    times,
    smallSide,
    side,
    states,
    relaxTime,
    patchesPerSnapshot,
    evolved,
    followed,
    rate = 1,
  }: LearningSteps,
): LearningPlan {
  const longest = typeof relaxTime === "number" ? relaxTime : average(times.map(relaxTime));
  const levels = upsamplingSides({ leaps: leaps ?? false }, smallSide, side);
  const sites = levels.reduce((sum, extent) => sum + (extent / side) ** dimension, 0);
  const patches = (side / patchSide) ** dimension;
  const share = Math.min(1, (patchesPerSnapshot ?? patches) / patches);
  return {
    small: { systems: trajectories, sites: smallSide ** dimension, time: times[times.length - 1] },
    large: { states, sites: side ** dimension, relax: 2 ** dimension * longest * sites, evolved: share * evolved },
    ...(followed && {
      followed: {
        systems: followed.systems,
        sites: followed.side ** dimension,
        time: Math.max(...followed.lags),
        looks: 1 + followed.lags.length,
      },
    }),
    rate,
  };
}
