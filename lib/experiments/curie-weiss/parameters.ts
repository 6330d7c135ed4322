// What the Curie–Weiss experiment can be told: parameters with their defaults per profile, ranges and places in the paper.
import { InputError } from "../../errors.ts";
import type { Command } from "../../run/command-line.ts";
import type { Parameters, Values } from "../../run/parameters.ts";
import {
  COPIES,
  checkEquation,
  checkLearnSide,
  checkPatches,
  checkSteps,
  EQUATION,
  isWhole,
  pairsNeed,
  SEEDS,
  setsOf,
  snapshotsNeed,
  TRAINING,
  trajectoriesNeed,
} from "../../run/training-parameters.ts";

const parameters = {
  L: {
    kind: "integer",
    default: 64,
    min: 4,
    max: 2048,
    unit: "spins",
    meaning: "side of the large lattice",
    paper: "3.1",
  },
  patches: {
    kind: "integers",
    default: [8, 16, 32, 64],
    min: 2,
    max: 2048,
    unit: "spins",
    meaning: "patch sides, each even and a divisor of the side",
    paper: "3.1",
  },
  T: { kind: "number", default: 1.1, above: 0, unit: "J/k_B", meaning: "temperature", paper: "3.1" },
  h: { kind: "number", default: 0.1, min: -100, max: 100, unit: "J", meaning: "external field", paper: "3.1" },
  m0: {
    kind: "numbers",
    default: [-0.5, -0.25, 0, 0.25, 0.5],
    min: -1,
    max: 1,
    meaning: "initial magnetizations of the test",
    paper: "3.1",
  },
  seeds: SEEDS,
  estimator: {
    kind: "choice",
    choices: ["both", "increment", "compensator"],
    default: "both",
    meaning: "the paper's estimator, ours, or both; the baselines naive and small are always there",
  },
  trajectories: {
    kind: "integer",
    default: 192,
    profiles: { standard: 4096, paper: 1000 },
    min: 1,
    max: 1e6,
    meaning: "small systems simulated",
    paper: "3.1",
  },
  records: {
    kind: "integer",
    default: 16,
    profiles: { paper: 200 },
    min: 1,
    max: 10_000,
    meaning: "snapshots of each small system",
    paper: "3.1",
  },
  interval: {
    kind: "number",
    default: 0.4,
    profiles: { paper: 1 },
    above: 0,
    max: 100,
    unit: "sweeps",
    meaning: "time between snapshots",
    paper: "3.1",
  },
  relaxTime: {
    kind: "number",
    default: 0,
    min: 0,
    max: 100,
    unit: "sweeps",
    meaning: "LocalRelax after every doubling; 0: upsampled mean-field states need none",
  },
  patchesPerSnapshot: {
    kind: "integer",
    default: 1_048_576,
    profiles: { paper: 1 },
    min: 1,
    max: 1_048_576,
    meaning: "patches evolved per snapshot, at most K: all by default",
  },
  learnSide: {
    kind: "integer",
    default: 0,
    min: 0,
    max: 2048,
    unit: "spins",
    meaning:
      "side of the systems that the equation is learned on, at most L: drift and n times diffusion depend on it by 1/n alone; 0: L itself",
  },
  copies: COPIES,
  incrementTime: {
    kind: "number",
    default: 0.02,
    profiles: { quick: 0.05 },
    above: 0,
    max: 10,
    unit: "sweeps",
    meaning: "partial evolution δt of the increments, and step of their predictions",
  },
  compensatorTime: {
    kind: "number",
    default: 0,
    min: 0,
    max: 10,
    unit: "sweeps",
    meaning: "partial evolution δt of the compensator; 0: the generator at the snapshot itself",
    onlyWith: [{ estimator: ["both", "compensator"] }],
  },
  ...EQUATION,
  ...TRAINING,
  hidden: { ...TRAINING.hidden, profiles: { quick: [16, 16], paper: [64, 64, 64] } },
  diffusion: {
    ...TRAINING.diffusion,
    default: "diagonal",
    profiles: { paper: "constant" },
    meaning: "how σ depends on m: constant, or by a network",
  },
  batch: { ...TRAINING.batch, profiles: { standard: 2048 } },
  steps: { ...TRAINING.steps, default: 512, profiles: { standard: 2048, paper: 20_000 } },
  learningRate: { ...TRAINING.learningRate, default: 0.01, profiles: { paper: 0.003 } },
  weightDecay: { ...TRAINING.weightDecay, default: 1e-4 },
  runs: {
    kind: "integer",
    default: 128,
    profiles: { standard: 512, paper: 512 },
    min: 2,
    max: 100_000,
    meaning: "predicted trajectories per initial magnetization",
    paper: "3.1 (20)",
  },
  horizon: {
    kind: "number",
    default: 30,
    above: 0,
    max: 10_000,
    unit: "sweeps",
    meaning: "length of predicted trajectories",
  },
  dt: {
    kind: "number",
    default: 0.1,
    above: 0,
    max: 1,
    unit: "sweeps",
    meaning: "step of predictions by Heun’s scheme, where the drift is the generator’s; increments step with their δt",
    onlyWith: [{ estimator: ["both", "compensator"], compensatorTime: [0] }],
  },
} as const satisfies Parameters;

/** Predictions are compared with theory every half sweep. */
export const EVERY = 0.5;
/** δt of the paper, sweeps: ℓ² flips of a patch on the average. */
export const PAPER_TIME = 2.6;
export type CurieWeissOptions = Values<typeof parameters>;

function check(p: CurieWeissOptions): void {
  checkPatches(p.patches, p.L);
  checkLearnSide(p.learnSide, p.L, p.patches);
  checkEquation(p, { snapshots: p.trajectories * p.records, cohorts: p.trajectories, variables: 1 });
  checkSteps(
    { dt: p.dt, "increment-time": p.incrementTime, "compensator-time": p.compensatorTime || p.dt },
    EVERY,
    "0.01, 0.02, 0.05 or 0.1",
  );
  if (!isWhole(p.horizon / EVERY)) throw new InputError(`--horizon ${p.horizon} is not a multiple of ${EVERY}`);
}

export const curieWeissCommand: Command<typeof parameters> = {
  name: "curie-weiss",
  about:
    "Learns the magnetization's SDE of a large Curie–Weiss system from small patches and compares it with exact theory.",
  parameters,
  check,
  needs(p) {
    const snapshots = p.trajectories * p.records;
    const patches = ((p.learnSide || p.L) / Math.min(...p.patches)) ** 2;
    const perSnapshot = Math.min(p.patchesPerSnapshot, patches);
    const more = ["trajectories", "records"];
    return [
      snapshotsNeed(snapshots, 1, more),
      pairsNeed({ snapshots, perSnapshot, variables: 1, sets: setsOf(p) }, [...more, "patchesPerSnapshot"]),
      trajectoriesNeed("predicted trajectories", {
        ...{ runs: p.runs, cases: p.m0.length, times: p.horizon / EVERY + 1, variables: 1 },
        options: ["runs", "horizon"],
      }),
    ];
  },
};
