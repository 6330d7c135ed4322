// What learning the equation costs beside direct simulation, counted in jumps, whatever the machine.
import { siteCount } from "../../systems/nbmota/states.ts";
import { PATCH_CELLS } from "../../systems/nbmota.ts";
import { annealingJumps, looksAt } from "./annealing.ts";
import { jumpsOf, repeatedly } from "./clock.ts";
import type { NbMoTaOptions } from "./parameters.ts";
import { annealingPlan, freshTimes } from "./plan.ts";

/** Relative accuracy that standard deviations are wanted with. */
const STD_ACCURACY = 0.02;

/** Units of time between states that count as independent. */
const INDEPENDENT = 2;

/** Jumps to learn the equation of one seed, by phase, and those of direct simulations of lattices of one size. */
export interface NbMoTaCosts {
  readonly learn: { readonly anneal: number; readonly fresh: number; readonly evolve: number };
  readonly direct: readonly {
    readonly side: number;
    readonly atoms: number;
    /** One lattice through all temperatures of the comparison, as the direct simulation here. */
    readonly lattice: number;
    /** As many states of lattices that have been taken there as give standard deviations to 2 %, those of one lattice so far apart that they are independent. */
    readonly std: number;
  }[];
}

/** Of a run with these options. */
export function costsOf(p: NbMoTaOptions): NbMoTaCosts {
  const plan = annealingPlan(p);
  // Of one vacancy, and of all that LocalRelax moves before.
  const all = (p.cells / PATCH_CELLS) ** 3;
  const relax = (temperature: number) => (p.relaxTime > 0 ? all * jumpsOf(temperature, p.relaxTime) : 0);
  const moved = Math.min(p.patchesPerSnapshot, all) * p.copies;
  const evolved = (temperature: number) => moved * jumpsOf(temperature, p.incrementTime) + relax(temperature);
  // With the last looks of the two temperatures beside each.
  const near = p.temperatures.reduce((sum, T) => sum + repeatedly(T) * (looksAt(p, T) + 2) * evolved(T), 0);
  const compared = p.temperatures.filter((temperature) => temperature >= p.trueFrom);
  const lattice = annealingJumps({ ...plan, temperatures: compared, passed: [], replicas: 1 });
  // The cheapest way: one lattice that stays at every temperature.
  const states = 1 / (2 * STD_ACCURACY ** 2);
  const longest = lattice + (states - 1) * compared.reduce((sum, T) => sum + jumpsOf(T, INDEPENDENT), 0);
  return {
    learn: {
      anneal: annealingJumps({ ...plan, replicas: p.replicas }),
      fresh: p.replicas * jumpsOf(p.T, Math.max(...freshTimes(p))),
      evolve: p.replicas * (near + p.records * evolved(p.T)),
    },
    direct: p.sizes.map((side) => {
      const times = (side / PATCH_CELLS) ** 3;
      return { side, atoms: siteCount(side), lattice: times * lattice, std: times * longest };
    }),
  };
}

export const learningJumps = ({ learn }: NbMoTaCosts) => learn.anneal + learn.fresh + learn.evolve;
