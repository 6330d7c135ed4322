// What is simulated to learn the equations of each size, by phase and by the largest system that it runs on, beside what direct simulation costs that
// is as accurate. Counted in attempts to flip a spin, whatever the machine.
import type { LearningUpdates } from "../../analysis/cost.ts";
import { upsamplingSides } from "../../method/upsample.ts";
import { EQUILIBRIUM_FLIPS } from "./equilibrium.ts";
import { type CriticalOptions, latticesOf, relaxTimeAt } from "./parameters.ts";

/** Positions of the patches of LocalRelax that every site lies in. */
const POSITIONS = 4;

/**
 * Attempts for the equations of one size and seed. Sites of small lattices that flip with a cluster count as attempts, as often as equilibrium takes at
 * least. Counting classes counts as one attempt at every site. Nothing but the counting sees a system larger than a patch at once.
 */
export function learningCost(p: CriticalOptions, side: number): LearningUpdates {
  const lattices = latticesOf(p, side);
  const sites = (extent: number) => lattices * extent ** 2;
  const sweeps = upsamplingSides({}, p.patch, side).reduce((sum, at) => sum + relaxTimeAt(p, at) * sites(at), 0);
  return {
    small: EQUILIBRIUM_FLIPS * sites(p.patch),
    relax: POSITIONS * sweeps,
    evolve: (POSITIONS * p.pause * (p.looks - 1) + p.looks) * sites(side),
  };
}
