// What is simulated to learn the equations of each size, by phase and by the largest system that it runs on, beside what direct simulation costs that
// is as accurate. Counted in attempts to flip a spin, whatever the machine.
import type { LearningUpdates } from "../../analysis/cost.ts";
import { upsamplingSides } from "../../method/upsample.ts";
import { type CriticalOptions, latticesOf, relaxTimeAt } from "./parameters.ts";

/** Clusters flipped in small lattices until they are in equilibrium, from all spins up. */
export const SMALL_CLUSTERS = 24;
/** Positions of the patches of LocalRelax that every site lies in. */
const POSITIONS = 4;

/**
 * Attempts for the equations of one size and seed. Sites that a cluster of a small lattice has count as attempts; at most all of them, which they
 * are counted as. Counting classes counts as one attempt at every site. Nothing but the counting sees a system larger than a patch at once.
 */
export function learningCost(p: CriticalOptions, side: number): LearningUpdates {
  const lattices = latticesOf(p, side);
  const sites = (extent: number) => lattices * extent ** 2;
  const sweeps = upsamplingSides({}, p.patch, side).reduce((sum, at) => sum + relaxTimeAt(p, at) * sites(at), 0);
  return {
    small: SMALL_CLUSTERS * sites(p.patch),
    relax: POSITIONS * sweeps,
    evolve: (POSITIONS * p.pause * (p.looks - 1) + p.looks) * sites(side),
  };
}
