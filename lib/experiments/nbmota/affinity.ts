// Detailed balance of a barrier model: round a closed loop of jumps, barriers forward and backward add up to the same if rates come from an
// energy. What is left is −kT times the affinity of the loop (Schnakenberg, Rev. Mod. Phys. 48, 571 (1976)), in eV.
import type { Gpu } from "../../gpu/device.ts";
import type { Xoshiro } from "../../random/xoshiro.ts";
import { type BarrierModel, barriersOf } from "../../systems/nbmota/barriers.ts";
import { DIRECTIONS, SITES } from "../../systems/nbmota/environment.ts";
import { environmentsOf } from "../../systems/nbmota/environments.ts";
import { placeOf, siteAt } from "../../systems/nbmota/lattice.ts";

/** A ring of four jumps moves three atoms on by one place: after three turns all is as before. */
const JUMPS = 12;

/**
 * −kT times the affinity, eV, of one loop through each lattice of types with one vacancy, round a ring of four sites drawn at random:
 * Σ (forward − backward barrier) over twelve jumps.
 */
export async function cycleAffinities(
  gpu: Gpu,
  model: BarrierModel,
  lattices: readonly Uint8Array[],
  cells: number,
  rng: Xoshiro,
): Promise<Float64Array> {
  const types = new Uint8Array(lattices.length * JUMPS * SITES);
  const taken: number[] = [];
  for (const [k, lattice] of lattices.entries()) {
    const now = Uint8Array.from(lattice);
    let vacancy = now.indexOf(0);
    const first = rng.below(8);
    const others = DIRECTIONS.map((_, d) => d).filter((d) => d !== first && d !== 7 - first);
    const second = others[rng.below(others.length)];
    const ring = [first, second, 7 - first, 7 - second];
    for (let jump = 0; jump < JUMPS; jump++) {
      types.set(environmentsOf(now, cells), (k * JUMPS + jump) * SITES);
      const direction = ring[jump % 4];
      taken.push(direction);
      const to = siteAt(
        placeOf(vacancy, cells).map((u, j) => u + DIRECTIONS[direction][j]),
        cells,
      );
      now[vacancy] = now[to];
      now[to] = 0;
      vacancy = to;
    }
  }
  const barriers = await barriersOf(gpu, model, types);
  return Float64Array.from({ length: lattices.length }, (_, k) => {
    let sum = 0;
    for (let jump = 0; jump < JUMPS; jump++) {
      const [here, next] = [k * JUMPS + jump, k * JUMPS + ((jump + 1) % JUMPS)];
      sum += barriers[8 * here + taken[here]] - barriers[8 * next + 7 - taken[here]];
    }
    return sum;
  });
}
