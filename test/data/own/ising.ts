// A system on the graphics card as a module: spins on a square lattice.
import type { OwnSystem } from "../../../lib/experiments/own/module.ts";
import { Ising } from "../../../lib/systems/ising.ts";

export default {
  name: "spins",
  parameters: { T: { default: 3, min: 1, max: 10, unit: "J/k", meaning: "temperature" } },
  system: (gpu, { T }, patchSide) => new Ising(gpu, { temperature: T, field: 0, patchSide }),
  laws: { time: 0.3, skip: { "initial-batches": "the lattices of a call share the magnetizations out among them" } },
  starts: {
    "m = 0.5": (system: Ising, count, side, stream) => system.prepared(count, side, 0.5, stream),
    "m = −1": (system: Ising, count, side, stream) => system.prepared(count, side, -1, stream),
  },
} satisfies OwnSystem;
