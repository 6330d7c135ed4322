// Direct simulation of Ising lattices by hand.
import { jackknifed, magnetizationMoments } from "../../analysis/finite-size.ts";
import { InputError } from "../../errors.ts";
import { stream } from "../../random/stream.ts";
import { alongSchedule, readSchedule, SCHEDULE } from "../../run/schedule.ts";
import { simulation } from "../../run/simulation.ts";
import { Ising } from "../../systems/ising.ts";
import { ISING_PHYSICS } from "./parameters.ts";

/** Looks along the flipping of clusters, beside the first. */
const LOOKS = 10;

export const ISING = simulation({
  name: "ising",
  parameters: {
    L: { kind: "integer", default: 64, min: 4, max: 65_536, unit: "spins", meaning: "side of the lattice, even" },
    ...ISING_PHYSICS,
    ...SCHEDULE,
    m0: { kind: "number", default: 0, min: -1, max: 1, meaning: "initial magnetization, spins at random places" },
    algorithm: {
      kind: "choice",
      choices: ["glauber", "wolff"],
      default: "glauber",
      meaning:
        "glauber: in time; wolff: by flipping clusters, without a field, which leads to equilibrium near the critical temperature too, but is no dynamics",
    },
    clusters: {
      kind: "integer",
      default: 400,
      min: 1,
      max: 1e9,
      meaning: `flipped one after the other in each lattice by --algorithm wolff, seen at ${LOOKS + 1} equal distances`,
    },
  },
  initial: ["m0"],
  check(values, given) {
    const { L, h, algorithm, clusters, times } = values;
    const schedule = readSchedule(values, given);
    if (algorithm === "wolff" && schedule)
      throw new InputError("--algorithm wolff knows no time, and no --schedule: use glauber");
    if (algorithm === "glauber" && given.has("clusters"))
      throw new InputError(`--clusters ${clusters} are flipped by --algorithm wolff only: leave them out`);
    if (algorithm === "wolff" && given.has("times"))
      throw new InputError(`--algorithm wolff knows no time, and no --times ${times}: say how many --clusters`);
    if (L % 2 !== 0) throw new InputError(`--L ${L} is odd: use an even side`);
    if (algorithm === "wolff" && h !== 0)
      throw new InputError(`--algorithm wolff flips clusters without a field only: use --h 0 in place of ${h}`);
  },
  async simulate(gpu, values, observe) {
    const { L, T, h, m0, seed, algorithm, clusters, times } = values;
    const schedule = readSchedule(values);
    const system = new Ising(gpu, { temperature: T, field: h, patchSide: pieceSide(L) });
    const prepare = (from: number, to: number) =>
      system.prepared(to - from, L, m0, stream(seed, "simulate/start", 0, from));
    if (schedule) return observe(system, L, prepare, alongSchedule(system, schedule, times));
    if (algorithm === "glauber") return observe(system, L, prepare);
    const points = Array.from({ length: LOOKS + 1 }, (_, k) => Math.round((k * clusters) / LOOKS));
    await observe(system, L, prepare, {
      name: "clusters",
      points: [...new Set(points)],
      async advance(states, from, to, at) {
        await system.flipClusters(states, to - from, at);
      },
      derived: (values) => criticalRows(values, system.observables.length, L, T),
    });
  },
});

/** ⟨|m|⟩, χ and U over replicas of observables (m, …) `[replicas, d]`. */
function criticalRows(values: Float32Array, d: number, side: number, temperature: number) {
  const m = values.filter((_, k) => k % d === 0);
  const samples = Array.from(m, (one) => magnetizationMoments([one]));
  const { abs_m, chi, binder } = jackknifed(samples, side ** 2, temperature);
  return [
    { symbol: "|m|", ...abs_m },
    { symbol: "χ", ...chi },
    { symbol: "U", ...binder },
  ];
}

/** Lattices are observed in pieces, the largest even divisor of the side up to 64; twice a large prime is one piece. */
function pieceSide(side: number): number {
  for (let piece = 64; piece >= 4; piece -= 2) if (side % piece === 0) return piece;
  return side;
}
