// What the predator–prey experiment can be told: parameters with their defaults per profile, ranges and places in the paper.
import { InputError } from "../../errors.ts";
import { LEARNED, OBJECTIVES } from "../../method/closure/train.ts";
import { upsamplingFactors } from "../../method/upsample.ts";
import type { Command } from "../../run/command-line.ts";
import { alsoWith } from "../../run/only-with.ts";
import type { Parameters, Values } from "../../run/parameters.ts";
import {
  COPIES,
  checkEquation,
  checkLags,
  checkSteps,
  checkTraining,
  EQUATION,
  isWhole,
  pairsNeed,
  SEEDS,
  snapshotsNeed,
  TRAINING,
  trajectoriesNeed,
} from "../../run/training-parameters.ts";
import {
  checkPredatorPrey,
  INTEGRATORS,
  INTERPOLATIONS,
  PREDATOR_PREY,
  type PredatorPreyParameters,
} from "../../systems/predator-prey.ts";

/** The equations, also of direct simulations. */
export const PREDATOR_PREY_PHYSICS = {
  a: {
    kind: "number",
    default: PREDATOR_PREY.growth,
    min: 0,
    max: 100,
    meaning: "growth rate of the predators",
    paper: "3.2",
  },
  b: {
    kind: "number",
    default: PREDATOR_PREY.threshold,
    min: 0,
    max: 10,
    meaning: "prey below which the predators die out",
    paper: "3.2",
  },
  preyDiffusion: {
    kind: "number",
    default: PREDATOR_PREY.preyDiffusion,
    min: 0,
    max: 50,
    unit: "per grid step",
    meaning: "exchange D of prey between neighbouring points",
    paper: "3.2",
  },
  predatorDiffusion: {
    kind: "number",
    default: PREDATOR_PREY.predatorDiffusion,
    min: 0,
    max: 50,
    unit: "per grid step",
    meaning: "exchange of predators between neighbouring points",
    paper: "3.2",
  },
  noise: {
    kind: "number",
    default: PREDATOR_PREY.noise,
    min: 0,
    max: 1,
    meaning: "strength of the noise of every point and species, per root of time",
    paper: "3.2",
  },
  dt: {
    kind: "number",
    default: PREDATOR_PREY.dt,
    above: 0,
    max: 1,
    unit: "time",
    meaning: "time step of the simulation, stable up to ½ over the largest exchange",
    paper: "3.2",
  },
  integrator: {
    kind: "choice",
    choices: INTEGRATORS,
    default: PREDATOR_PREY.integrator,
    meaning: "Euler–Maruyama, or a Runge–Kutta 4 drift step with the noise at its end",
  },
} as const satisfies Parameters;

/** Closures that a network is trained for. */
const TRAINED = [{ closure: ["all", ...OBJECTIVES] }];

const parameters = {
  N: {
    kind: "integer",
    default: 200,
    min: 8,
    max: 100_000,
    unit: "points",
    meaning: "grid points of the large system",
    paper: "3.2",
  },
  patch: {
    kind: "integer",
    default: 40,
    min: 4,
    max: 10_000,
    unit: "points",
    meaning: "grid points of a patch",
    paper: "3.2",
  },
  small: {
    kind: "integer",
    default: 100,
    min: 4,
    max: 10_000,
    unit: "points",
    meaning: "grid points of the small systems that snapshots are taken of",
    paper: "3.2",
  },
  ...PREDATOR_PREY_PHYSICS,
  // Without noise there is nothing to learn for σ, and no error of a std.
  noise: { ...PREDATOR_PREY_PHYSICS.noise, min: 1e-6 },
  means: {
    kind: "numbers",
    default: [0.45, 0.5, 0.55],
    min: 0,
    max: 1,
    meaning: "means m of the initial prey in the tests",
    paper: "3.2",
  },
  amplitudes: {
    kind: "numbers",
    default: [0.05, 0.1, 0.15],
    min: 0,
    max: 1,
    meaning: "amplitudes k of its initial cosine in the tests",
    paper: "3.2",
  },
  seeds: SEEDS,
  closure: {
    kind: "choice",
    choices: ["all", ...LEARNED],
    default: "all",
    meaning:
      "objective that the closure variables are learned with: rebuild the patches, make the next step of the observables likely, or tell the observables after --lags by a linear map of a patch (lagged); the first one is tested in full",
    paper: "2 (autoencoder)",
  },
  variables: { kind: "integer", default: 2, min: 1, max: 6, meaning: "closure variables", paper: "3.2" },
  lags: {
    kind: "numbers",
    default: [0.5, 1, 2, 4],
    above: 0,
    max: 1000,
    unit: "time",
    meaning: "times, ascending and multiples of dt, after which systems are seen again for the closure lagged",
    onlyWith: [{ closure: ["all", "lagged"] }],
  },
  encoder: {
    kind: "choice",
    choices: ["linear", "species", "joint"],
    default: "linear",
    profiles: { paper: "species" },
    meaning:
      "what reads a patch: one linear map for both species, one network for both (paper), or a network that sees both together",
    paper: "3.2",
    onlyWith: TRAINED,
  },
  trajectories: {
    kind: "integer",
    default: 256,
    profiles: { standard: 384, paper: 50 },
    min: 1,
    max: 1e6,
    meaning: "small systems simulated",
    paper: "3.2",
  },
  records: {
    kind: "integer",
    default: 60,
    profiles: { paper: 3000 },
    min: 1,
    max: 100_000,
    meaning: "snapshots of each small system",
    paper: "3.2",
  },
  interval: {
    kind: "number",
    default: 0.5,
    profiles: { paper: 0.01 },
    above: 0,
    max: 100,
    unit: "time",
    meaning: "time between snapshots",
    paper: "3.2",
  },
  interpolation: {
    kind: "choice",
    choices: INTERPOLATIONS,
    default: PREDATOR_PREY.interpolation,
    meaning: "how snapshots are upsampled",
    paper: "3.2",
  },
  relaxTime: {
    kind: "number",
    default: 0,
    min: 0,
    max: 100,
    unit: "time",
    meaning: "LocalRelax after every level of upsampling, a multiple of dt",
  },
  patchesPerSnapshot: {
    kind: "integer",
    default: 100_000,
    profiles: { paper: 1 },
    min: 1,
    max: 100_000,
    meaning: "patches evolved per snapshot, at most K: all by default",
    paper: "3.2",
  },
  copies: COPIES,
  incrementTime: {
    kind: "number",
    default: 0.05,
    profiles: { standard: 0.02, paper: 0.01 },
    above: 0,
    max: 10,
    unit: "time",
    meaning: "partial evolution δt of the increments, and step of their predictions",
    paper: "3.2",
  },
  compensatorTime: {
    kind: "number",
    default: 0.05,
    profiles: { standard: 0.01, paper: 0.01 },
    above: 0,
    max: 10,
    unit: "time",
    meaning: "partial evolution δt of the compensator, and step of its predictions",
  },
  lambdas: {
    kind: "numbers",
    default: [1, 2.5, 5, 10, 15, 20],
    min: 0.01,
    max: 1e6,
    meaning: "λ of the loss; K is always among them. The noise of one training is rescaled, which is the same",
    paper: "3.2",
  },
  ...EQUATION,
  ...TRAINING,
  // Of closures too.
  ...alsoWith({ activation: TRAINING.activation, weightDecay: TRAINING.weightDecay }, ...TRAINED),
  hidden: { ...TRAINING.hidden, profiles: { quick: [16, 16], paper: [64, 64, 64] } },
  batch: { ...TRAINING.batch, profiles: { quick: 512 } },
  steps: { ...TRAINING.steps, profiles: { standard: 4000, paper: 20_000 } },
  closureSnapshots: {
    kind: "integer",
    default: 16_384,
    min: 256,
    max: 1e6,
    meaning: "snapshots that the closure is trained on, at most",
  },
  closureHidden: {
    kind: "integers",
    default: [32, 32],
    min: 8,
    max: 1024,
    meaning: "hidden widths of the encoder, unless linear, and of what reads it, multiples of 8",
    paper: "3.2",
    onlyWith: TRAINED,
  },
  closureSteps: {
    kind: "integer",
    default: 400,
    profiles: { standard: 1000, paper: 20_000 },
    min: 1,
    max: 1e7,
    meaning: "AdamW steps of the closure",
    onlyWith: TRAINED,
  },
  closureLearningRate: {
    kind: "number",
    default: 0.003,
    profiles: { quick: 0.01 },
    above: 0,
    max: 1,
    meaning: "peak learning rate of the closure",
    onlyWith: TRAINED,
  },
  closureBatch: {
    kind: "integer",
    default: 256,
    min: 256,
    max: 65_536,
    meaning: "mini-batch of the closure, a multiple of 256",
    onlyWith: TRAINED,
  },
  runs: {
    kind: "integer",
    default: 100,
    profiles: { standard: 512, paper: 512 },
    min: 2,
    max: 100_000,
    meaning: "predicted trajectories per case at λ = K",
    paper: "3.2 (50)",
  },
  trueRuns: {
    kind: "integer",
    default: 100,
    profiles: { standard: 1000, paper: 1000 },
    min: 4,
    max: 100_000,
    meaning: "directly simulated systems per case",
    paper: "3.2 (50)",
  },
  ensemble: {
    kind: "integer",
    default: 50,
    min: 2,
    max: 10_000,
    meaning: "runs of each ensemble in the MMD",
    paper: "3.2",
  },
  horizon: {
    kind: "number",
    default: 30,
    above: 0,
    max: 10_000,
    unit: "time",
    meaning: "length of trajectories",
    paper: "3.2",
  },
} as const satisfies Parameters;

/** Predictions are compared with direct simulation at multiples of this time. */
export const EVERY = 0.5;
/** The compensator is also trained on one snapshot in this many. */
export const FEWER = 10;
export type PredatorPreyOptions = Values<typeof parameters>;
type Physics = Values<typeof PREDATOR_PREY_PHYSICS>;

/** The system that the options describe. */
export function predatorPreySystem(
  { a, b, preyDiffusion, predatorDiffusion, noise, dt, integrator }: Physics,
  patchPoints: number,
  interpolation: PredatorPreyParameters["interpolation"] = PREDATOR_PREY.interpolation,
): PredatorPreyParameters {
  return {
    growth: a,
    threshold: b,
    preyDiffusion,
    predatorDiffusion,
    noise,
    dt,
    integrator,
    patchPoints,
    interpolation,
  };
}

/** Throws InputError for an initial wave that leaves 0 … 1. */
export function checkWave(mean: number, amplitude: number): void {
  if (mean - amplitude < 0 || mean + amplitude > 1) {
    throw new InputError(`mean ${mean} with amplitude ${amplitude} leaves 0 … 1: populations start as shares of 1`);
  }
}

function check(p: PredatorPreyOptions): void {
  checkPredatorPrey(predatorPreySystem(p, p.patch));
  if (p.N % p.patch !== 0) {
    const counts = [Math.floor(p.N / p.patch), Math.ceil(p.N / p.patch)].filter((k) => k > 0);
    const remedy = [...new Set(counts)].map((k) => k * p.patch).join(" or ");
    throw new InputError(`--N ${p.N} is not a multiple of --patch ${p.patch}: use ${remedy}`);
  }
  if (p.N % p.small !== 0)
    throw new InputError(`--N ${p.N} is not a multiple of --small ${p.small}, which is upsampled to it`);
  let side = p.small;
  for (const factor of upsamplingFactors(p.small, p.N)) {
    side *= factor;
    if (p.relaxTime > 0 && side % p.patch !== 0) {
      throw new InputError(
        `--relax-time ${p.relaxTime}: patches of ${p.patch} points do not tile the ${side} points of a level on the way from --small ${p.small}; use another --small or no relaxation`,
      );
    }
  }
  for (const [option, time] of [
    ["relax-time", p.relaxTime],
    ["interval", p.interval],
    ["increment-time", p.incrementTime],
    ["compensator-time", p.compensatorTime],
  ] as const) {
    if (time > 0 && !isWhole(time / p.dt)) {
      throw new InputError(`--${option} ${time} is not a multiple of the time step ${p.dt}`);
    }
  }
  checkSteps(
    { dt: p.dt, "increment-time": p.incrementTime, "compensator-time": p.compensatorTime },
    EVERY,
    "0.01, 0.02, 0.05 or 0.1",
  );
  if (!isWhole(p.horizon / EVERY)) throw new InputError(`--horizon ${p.horizon} is not a multiple of ${EVERY}`);
  if (p.encoder !== "joint" && p.variables % 2 !== 0) {
    throw new InputError(
      `--variables ${p.variables} is odd, but each of two species has as many: use ${p.variables + 1}, or --encoder joint`,
    );
  }
  if (p.closure === "all" || p.closure === "lagged") checkLags(p.lags, p.variables, p.dt);
  for (const mean of p.means) for (const amplitude of p.amplitudes) checkWave(mean, amplitude);
  const snapshots = p.trajectories * p.records;
  checkEquation(p, { snapshots, cohorts: p.trajectories, variables: 2 + p.variables });
  if (p.drift !== "polynomial" && snapshots < FEWER * p.batch) {
    throw new InputError(
      `${snapshots} snapshots are fewer than ${FEWER} times the batch of ${p.batch}, which the training on one in ${FEWER} needs: raise --trajectories`,
    );
  }
  checkTraining(
    { hidden: p.closureHidden, batch: p.closureBatch },
    Math.min(p.closureSnapshots, snapshots),
    "closure-",
  );
  if (p.trueRuns < 2 * p.ensemble) {
    throw new InputError(
      `--true-runs ${p.trueRuns} hold no two ensembles of ${p.ensemble}: use ${2 * p.ensemble} or more`,
    );
  }
  if (p.runs < p.ensemble) throw new InputError(`--runs ${p.runs} are fewer than an ensemble of ${p.ensemble}`);
}

export const predatorPreyCommand: Command<typeof parameters> = {
  name: "predator-prey",
  about:
    "Learns the SDE of the mean populations of a long stochastic predator–prey system from small patches of it, with learned closure variables, and compares it with direct simulation.",
  parameters,
  check,
  needs(p) {
    const snapshots = p.trajectories * p.records;
    const perSnapshot = Math.min(p.patchesPerSnapshot, p.N / p.patch);
    const more = ["trajectories", "records"];
    const along = { times: p.horizon / EVERY + 1, cases: p.means.length * p.amplitudes.length };
    return [
      snapshotsNeed(snapshots, 2 * p.small, more),
      pairsNeed({ snapshots, perSnapshot, variables: 2 + p.variables, sets: 3 }, [...more, "patchesPerSnapshot"]),
      trajectoriesNeed("predicted trajectories", {
        ...{ ...along, runs: p.runs, variables: 2 + p.variables },
        options: ["runs", "horizon"],
      }),
      trajectoriesNeed("directly simulated trajectories", {
        ...{ ...along, runs: p.trueRuns, variables: 2 },
        options: ["trueRuns", "horizon"],
      }),
    ];
  },
};
