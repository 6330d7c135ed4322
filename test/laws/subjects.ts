// The systems of this project as subjects of the laws.
import type { Gpu } from "../../lib/gpu/device.ts";
import type { Stream } from "../../lib/random/stream.ts";
import { CurieWeiss, type CurieWeissStates } from "../../lib/systems/curie-weiss.ts";
import { Ising, type IsingParameters } from "../../lib/systems/ising.ts";
import { PREDATOR_PREY, PredatorPrey } from "../../lib/systems/predator-prey.ts";
import { FreeSpins } from "../systems/free-spins.ts";
import { Ring } from "../systems/ring.ts";
import { pasteBits, pasteLines, pasteSquares } from "./paste.ts";

export const CURIE_WEISS = {
  make: (gpu: Gpu) => new CurieWeiss(gpu, { temperature: 2, field: 0.2, patchSide: 4 }),
  side: 12,
  time: 0.4,
  conserved: [0],
  local: [0],
  equilibration: 40,
  settle: (system: CurieWeiss, states: CurieWeissStates, at: Stream) => system.resolve(states, at),
  skip: { watch: "its patches have no positions inside" },
};

export const PREDATOR_PREY_LINE = {
  make: (gpu: Gpu) => new PredatorPrey(gpu, { ...PREDATOR_PREY, patchPoints: 10, preyDiffusion: 0.2, noise: 0.01 }),
  side: 40,
  time: 0.15,
  step: 0.01,
  rates: "antithetic" as const,
  conserved: [0, 1],
  local: [0, 1],
  paste: pasteLines(10, 2),
};

export const ising = (parameters: Partial<IsingParameters> = {}, side = 16) => ({
  make: (gpu: Gpu) => new Ising(gpu, { temperature: 3, field: 0.2, patchSide: 8, ...parameters }),
  side,
  time: 0.25,
  conserved: [0],
  local: [0],
  equilibration: 120,
  paste: pasteBits(parameters.patchSide ?? 8),
  skip: { "initial-batches": "probabilities of up spins are spread evenly over the cohorts of a batch" } as Record<
    string,
    string
  >,
});

export const RING = {
  make: () => new Ring(),
  side: 16,
  time: 0.4,
  conserved: [0],
  local: [0],
  alike: [0],
  watched: [0],
  equilibration: 20,
  onHost: true,
  paste: pasteLines(4, 1),
};

export const FREE_SPINS = {
  make: () => new FreeSpins(),
  side: 8,
  time: 0.4,
  conserved: [0, 1],
  local: [0, 1],
  equilibration: 10,
  onHost: true,
  replicas: 4096,
  paste: pasteSquares(4),
};
