// What learning the equation costs beside direct simulation, counted in jumps, whatever the machine.
import { siteCount } from "../../systems/nbmota/states.ts";
import { PATCH_CELLS } from "../../systems/nbmota.ts";
import { annealingJumps, looksAt } from "./annealing.ts";
import { jumpsOf } from "./clock.ts";
import type { NbMoTaOptions } from "./parameters.ts";
import { annealingPlan, freshTimes } from "./plan.ts";

/** Relative accuracy that standard deviations are wanted with. */
const STD_ACCURACY = 0.02;

/** Jumps to learn the equation of one seed, by phase, and those of direct simulations of lattices of one size. */
export interface NbMoTaCosts {
  readonly learn: { readonly anneal: number; readonly fresh: number; readonly evolve: number };
  readonly direct: readonly {
    readonly side: number;
    readonly atoms: number;
    /** One lattice through all temperatures of the comparison, as the direct simulation here. */
    readonly lattice: number;
    /** As many independent ones as give standard deviations to 2 %. */
    readonly std: number;
  }[];
}

/** Of a run with these options. */
export function costsOf(p: NbMoTaOptions): NbMoTaCosts {
  const plan = annealingPlan(p);
  // With the last looks of the two temperatures beside each.
  const all = p.temperatures.reduce(
    (sum, temperature) => sum + (looksAt(p, temperature) + 2) * jumpsOf(temperature, p.incrementTime),
    0,
  );
  const relaxing = p.replicas * p.records;
  const compared = p.temperatures.filter((temperature) => temperature >= p.trueFrom);
  const lattice = annealingJumps({ ...plan, temperatures: compared, passed: [], replicas: 1 });
  return {
    learn: {
      anneal: annealingJumps({ ...plan, replicas: p.replicas }),
      fresh: p.replicas * jumpsOf(p.T, Math.max(...freshTimes(p))),
      evolve:
        Math.min(p.patchesPerSnapshot, (p.cells / PATCH_CELLS) ** 3) *
        p.copies *
        (p.replicas * all + relaxing * jumpsOf(p.T, p.incrementTime)),
    },
    direct: p.sizes.map((side) => {
      const one = lattice * (side / PATCH_CELLS) ** 3;
      return { side, atoms: siteCount(side), lattice: one, std: one / (2 * STD_ACCURACY ** 2) };
    }),
  };
}

export const learningJumps = ({ learn }: NbMoTaCosts) => learn.anneal + learn.fresh + learn.evolve;
