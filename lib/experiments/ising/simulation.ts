// Direct simulation of Ising lattices by hand.
import { InputError } from "../../errors.ts";
import { stream } from "../../random/stream.ts";
import { simulation } from "../../run/simulation.ts";
import { Ising } from "../../systems/ising.ts";
import { ISING_PHYSICS } from "./parameters.ts";

export const ISING = simulation({
  name: "ising",
  parameters: {
    L: { kind: "integer", default: 64, min: 4, max: 65_536, unit: "spins", meaning: "side of the lattice, even" },
    ...ISING_PHYSICS,
    m0: { kind: "number", default: 0, min: -1, max: 1, meaning: "initial magnetization, spins at random places" },
  },
  check({ L }) {
    if (L % 2 !== 0) throw new InputError(`--L ${L} is odd: use an even side`);
  },
  async simulate(gpu, { L, T, h, m0, seed }, observe) {
    const system = new Ising(gpu, { temperature: T, field: h, patchSide: pieceSide(L) });
    await observe(system, (count) => system.prepared(count, L, m0, stream(seed, "simulate/start")));
  },
});

/** Lattices are observed in pieces, the largest even divisor of the side up to 64; twice a large prime is one piece. */
function pieceSide(side: number): number {
  for (let piece = 64; piece >= 4; piece -= 2) if (side % piece === 0) return piece;
  return side;
}
