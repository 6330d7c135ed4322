// What went wrong in the trajectories of a learned equation, as shares of their time.
import type { Ensemble } from "../../analysis/ensemble.ts";
import { leverages } from "./hull.ts";
import type { SdeModel } from "./model.ts";

/** Range of a variable, its ends included; null where there is none. */
export type Range = readonly [number, number] | null;

export interface Guards {
  /** Share of the times of all trajectories outside the hull of the training data (hull.ts), or outside the ranges. */
  readonly outside: number;
  /** Outside the ranges that observables can have. */
  readonly unphysical: number;
}

/**
 * `ranges`: of the first variables of z, or of what `physical` makes of all states, as many numbers for each. A little room is left for rounding.
 */
export function guardsOf(
  { hull }: Pick<SdeModel, "hull">,
  { data, d }: Ensemble,
  ranges: readonly Range[],
  physical: (states: Float32Array) => Float32Array = (states) => states,
): Guards {
  const count = data.length / d;
  const far = leverages(hull, data);
  const values = physical(data);
  const width = values.length / count;
  let [outside, unphysical] = [0, 0];
  for (let p = 0; p < count; p++) {
    const impossible = ranges.some((range, j) => {
      const room = range ? 1e-6 * (range[1] - range[0]) : 0;
      const value = values[p * width + j];
      return range !== null && !(value >= range[0] - room && value <= range[1] + room);
    });
    if (impossible) unphysical++;
    if (impossible || far[p] > hull.limit) outside++;
  }
  return { outside: outside / count, unphysical: unphysical / count };
}

/** Mean of the guards of several ensembles of one size. */
export function meanGuards(list: readonly Guards[]): Guards {
  const mean = (key: keyof Guards) => list.reduce((sum, one) => sum + one[key], 0) / list.length;
  return { outside: mean("outside"), unphysical: mean("unphysical") };
}
