// Lattices in equilibrium by flips of clusters, at whatever temperature: clusters are flipped until sites have been often enough.
import { InputError } from "../../errors.ts";
import { branch, type Stream } from "../../random/stream.ts";
import type { Ising, IsingStates } from "../../systems/ising.ts";

/** How often a site has flipped, on average, from all spins up until a lattice is in equilibrium. */
export const EQUILIBRIUM_FLIPS = 20;
/** Clusters between two looks at that, and the most rounds of them. */
const ROUND = 8;
const ROUNDS = 2048;

/** `count` lattices, from all spins up. Throws InputError where clusters are too small for that to be the way, far above the critical temperature. */
export async function equilibrated(
  system: Ising,
  { count, side, temperature }: { count: number; side: number; temperature: number },
  start: Stream,
  clusters: Stream,
): Promise<IsingStates> {
  const states = await system.prepared(count, side, 1, start);
  try {
    let flips = 0;
    for (let round = 0; flips < EQUILIBRIUM_FLIPS; round++) {
      if (round === ROUNDS) {
        const so = `after ${ROUND * ROUNDS} clusters a site of ${side} × ${side} spins has flipped ${flips.toPrecision(2)} times`;
        throw new InputError(
          `T = ${temperature} is too far above the critical temperature: ${so}; use one nearer to it`,
        );
      }
      flips += await system.flipClusters(states, ROUND, branch(clusters, round));
    }
    return states;
  } catch (error) {
    states.destroy();
    throw error;
  }
}
