// What the Ising experiment can be told: parameters with their defaults per profile, ranges and places in the paper.
import { InputError } from "../../errors.ts";
import { distances } from "../../method/closure/correlations.ts";
import { LEARNED, type LearnedClosure, OBJECTIVES, type Objective } from "../../method/closure/train.ts";
import { upsamplingFactors } from "../../method/upsample.ts";
import type { Command } from "../../run/command-line.ts";
import { alsoWith } from "../../run/only-with.ts";
import type { Parameters, Values } from "../../run/parameters.ts";
import {
  checkEquation,
  checkLags,
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
import { BOUNDARIES, COHORT, UPSAMPLINGS } from "../../systems/ising.ts";
import { HAND_MADE } from "../../systems/ising-sums.ts";

export const ISING_CLOSURES = [...HAND_MADE, ...LEARNED] as const;
export type IsingClosure = (typeof ISING_CLOSURES)[number];

/** Whether an encoder sees its variables, for which there are no rates. */
export function isLearned(closure: IsingClosure): closure is LearnedClosure {
  return LEARNED.some((one) => one === closure);
}

/** Whether a network has to be trained for it, which is costly. */
export function isTrained(closure: IsingClosure): closure is Objective {
  return OBJECTIVES.some((one) => one === closure);
}

/** Also of direct simulations. */
export const ISING_PHYSICS = {
  T: { kind: "number", default: 2.5, above: 0, unit: "J/k_B", meaning: "temperature", paper: "3.3" },
  h: { kind: "number", default: 0.1, min: -100, max: 100, unit: "J", meaning: "external field", paper: "3.3" },
} as const satisfies Parameters;

/** Closures that are compared count too. */
const COMPARED = { studies: ["all"] };
const OF_LEARNED = [{ closure: LEARNED }, COMPARED];
const OF_TRAINED = [{ closure: OBJECTIVES }, COMPARED];

const parameters = {
  L: {
    kind: "integer",
    default: 64,
    min: 4,
    max: 65_536,
    unit: "spins",
    meaning: "side of the large lattice",
    paper: "3.3",
  },
  patches: {
    kind: "integers",
    default: [8, 16, 32, 64],
    profiles: { quick: [8, 16] },
    min: 4,
    max: 4096,
    unit: "spins",
    meaning: "patch sides, each even and a divisor of the side",
    paper: "3.3",
  },
  ...ISING_PHYSICS,
  m0: {
    kind: "numbers",
    default: [-0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75],
    min: -1,
    max: 1,
    meaning: "initial magnetizations of the test",
    paper: "3.3",
  },
  seeds: SEEDS,
  closure: {
    kind: "choice",
    choices: ISING_CLOSURES,
    default: "blocks",
    profiles: { paper: "autoencoder" },
    meaning:
      "closure variables of the main figures: none; the diagonal correlation with that of plaquettes (features) or with the mean-square magnetization of blocks of 8 × 8 spins (blocks; smaller where 8 does not divide the patch); learned by a convolutional network (autoencoder, dynamics); or the combinations of two-point correlations that tell the observables after --lags (lagged)",
    paper: "3.3 (autoencoder)",
  },
  boundary: {
    kind: "choice",
    choices: BOUNDARIES,
    default: "halo",
    profiles: { paper: "periodic" },
    meaning: "what a moving patch feels: its frozen neighbours, or itself closed periodically",
    paper: "3.3 (periodic)",
  },
  upsampling: {
    kind: "choice",
    choices: UPSAMPLINGS,
    default: "mosaic",
    profiles: { paper: "copy" },
    meaning: "how lattices are made larger: tiles of small lattices of one cohort and age, or copies of every spin",
    paper: "3.3 (copy)",
  },
  studies: {
    kind: "choice",
    choices: ["none", "all"],
    default: "none",
    profiles: { standard: "all", paper: "all" },
    meaning:
      "whether closures, boundaries, durations, amounts of data and times of LocalRelax are compared too, with the first seed",
  },
  studyPatch: {
    kind: "integer",
    default: 16,
    min: 4,
    max: 4096,
    unit: "spins",
    meaning: "patch side of these comparisons, one of the patches",
  },
  trajectories: {
    kind: "integer",
    default: 4096,
    profiles: { standard: 32_768, paper: 1024 },
    min: 32,
    max: 1e6,
    meaning: "small lattices simulated, whole cohorts of 32 that start with one probability of up spins",
    paper: "3.3 (1,000)",
  },
  snapshots: {
    kind: "integer",
    default: 4096,
    profiles: { standard: 16_384, paper: 1e9 },
    min: 32,
    max: 1e9,
    meaning: "snapshots that become large lattices, evenly out of all cohorts and ages, at most",
    paper: "3.3 (all)",
  },
  records: {
    kind: "integer",
    default: 16,
    profiles: { paper: 200 },
    min: 2,
    max: 10_000,
    meaning: "snapshots of each small lattice, at times that grow like squares",
    paper: "3.3",
  },
  age: {
    kind: "number",
    default: 100,
    profiles: { paper: 200 },
    above: 0,
    max: 10_000,
    unit: "sweeps",
    meaning: "age of the last snapshot",
    paper: "3.3 (200)",
  },
  // 8: twice the time from which on the bias that relax-times.ts measures is that of true lattices, at T = 2.5 from 8 × 8 and 16 × 16.
  relaxTime: {
    kind: "number",
    default: 8,
    profiles: { paper: 25 },
    min: 0,
    max: 1000,
    unit: "sweeps",
    meaning: "LocalRelax of every patch position, at most the age of a snapshot. A site lies in four positions",
    paper: "2 (25)",
  },
  patchesPerSnapshot: {
    kind: "integer",
    default: 65_536,
    profiles: { paper: 1 },
    min: 1,
    max: 65_536,
    meaning: "patches evolved per snapshot, at most K: all by default",
    paper: "3.3",
  },
  learnSide: {
    kind: "integer",
    default: 0,
    min: 0,
    max: 65_536,
    unit: "spins",
    meaning:
      "side of the lattices that the equation is learned on, at most L: drift and n times diffusion do not depend on it; 0: L itself, and 128 for --large",
  },
  incrementTime: {
    kind: "number",
    default: 0.5,
    above: 0,
    max: 1,
    unit: "sweeps",
    meaning:
      "partial evolution δt of the increments and of the equations with learned closures, and step of their predictions",
  },
  compensatorTime: {
    kind: "number",
    default: 0,
    min: 0,
    max: 1,
    unit: "sweeps",
    meaning: "partial evolution δt of the compensator; 0: the generator at the snapshot itself",
  },
  dt: {
    kind: "number",
    default: 0.2,
    above: 0,
    max: 1,
    unit: "sweeps",
    meaning: "step of predictions where the drift is the generator's (Heun's scheme)",
    onlyWith: [
      { compensatorTime: [0], closure: HAND_MADE },
      { compensatorTime: [0], ...COMPARED },
      { large: { above: 0 } },
    ],
  },
  ...EQUATION,
  ...TRAINING,
  diffusion: { ...TRAINING.diffusion, default: "triangular" },
  hidden: { ...TRAINING.hidden, profiles: { paper: [64, 64, 64] } },
  steps: { ...TRAINING.steps, default: 300, profiles: { standard: 600, paper: 20_000 } },
  learningRate: { ...TRAINING.learningRate, default: 0.005 },
  ...alsoWith({ weightDecay: TRAINING.weightDecay }, ...OF_TRAINED),
  variables: {
    kind: "integer",
    default: 2,
    min: 1,
    max: 6,
    meaning: "closure variables of a learned closure",
    paper: "3.3",
    onlyWith: OF_LEARNED,
  },
  channels: {
    kind: "integers",
    default: [8, 16],
    profiles: { standard: [8, 16, 32], paper: [32, 64, 128] },
    min: 8,
    max: 512,
    meaning: "channels of the convolutions of a learned closure, multiples of 8; each halves the side",
    paper: "3.3",
    onlyWith: OF_TRAINED,
  },
  lags: {
    kind: "numbers",
    default: [1, 2, 4, 8, 16],
    above: 0,
    max: 10_000,
    unit: "sweeps",
    meaning: "times, ascending, after which small lattices are seen again for the closure lagged",
    onlyWith: [{ closure: ["lagged"] }, COMPARED],
  },
  copies: {
    kind: "integer",
    default: 4,
    profiles: { quick: 2, paper: 8 },
    min: 2,
    max: 1024,
    meaning:
      "independent evolutions of each patch for the increments, whose covariance gives the diffusion; the changes of learned closure variables are averaged over as many",
  },
  closureSnapshots: {
    kind: "integer",
    default: 4096,
    profiles: { quick: 1024, paper: 65_536 },
    min: 32,
    max: 1e6,
    meaning:
      "snapshots that a closure learned by a network, and the equation with it, is trained on, at most; that of lagged is solved on small lattices with as many sites",
    onlyWith: OF_LEARNED,
  },
  closureHidden: {
    kind: "integers",
    default: [32, 32],
    min: 8,
    max: 1024,
    meaning: "hidden widths of f and σ while ψ is learned by dynamics, multiples of 8",
    onlyWith: [{ closure: ["dynamics"] }, COMPARED],
  },
  closureSteps: {
    kind: "integer",
    default: 100,
    profiles: { standard: 300, paper: 20_000 },
    min: 1,
    max: 1e7,
    meaning: "AdamW steps of a learned closure",
    onlyWith: OF_TRAINED,
  },
  closureBatch: {
    kind: "integer",
    default: 32,
    min: 8,
    max: 4096,
    meaning: "mini-batch of snapshots of a learned closure, a multiple of 8",
    onlyWith: OF_TRAINED,
  },
  closureLearningRate: {
    kind: "number",
    default: 0.003,
    above: 0,
    max: 1,
    meaning: "peak learning rate of ψ",
    onlyWith: OF_TRAINED,
  },
  runs: {
    kind: "integer",
    default: 128,
    profiles: { standard: 1024, paper: 512 },
    min: 2,
    max: 100_000,
    meaning: "predicted trajectories per start",
    paper: "3.3 (20)",
  },
  trueRuns: {
    kind: "integer",
    default: 256,
    profiles: { standard: 4096, paper: 4096 },
    min: 32,
    max: 1e6,
    meaning: "directly simulated lattices per start",
    paper: "3.3 (20)",
  },
  horizon: {
    kind: "number",
    default: 100,
    above: 0,
    max: 100_000,
    unit: "sweeps",
    meaning: "length of trajectories",
  },
  lattices: {
    kind: "integer",
    default: 128,
    profiles: { standard: 1024, paper: 1024 },
    min: 64,
    max: 65_536,
    meaning: "lattices in the check of upsampling",
  },
  equilibrium: {
    kind: "flag",
    default: false,
    meaning:
      "also the magnetization in equilibrium (without a field that of |m|) of lattices of side L: by long trajectories of the equations of the compensator from the phase of the field, by simulation that is no dynamics (heat bath, and clusters without a field), and exactly where that is known. Near the critical temperature an older --age and a longer --relax-time make it better",
  },
  large: {
    kind: "integer",
    default: 0,
    profiles: { standard: 1024 },
    min: 0,
    max: 65_536,
    unit: "spins",
    meaning: "side of a lattice that is predicted in equilibrium from patches of the study, and simulated; 0: none",
  },
} as const satisfies Parameters;

/** Predictions are compared with direct simulation at multiples of this time. */
export const EVERY = 1;
export type IsingOptions = Values<typeof parameters>;

/** Closure variables beside (m, ρ). */
const closingOf = ({ closure, variables }: IsingOptions) =>
  isLearned(closure) ? variables : { none: 0, features: 2, blocks: 2 }[closure];

function check(p: IsingOptions, given: ReadonlySet<string>): void {
  checkPatches(p.patches, p.L);
  if ((p.studies === "all" || (given.has("studyPatch") && p.large === 0)) && !p.patches.includes(p.studyPatch)) {
    throw new InputError(`--study-patch ${p.studyPatch} is not one of the patches ${p.patches.join(", ")}`);
  }
  if (p.large > 0 && p.large % p.studyPatch !== 0) {
    throw new InputError(
      `--large ${p.large} is not a multiple of --study-patch ${p.studyPatch}: use another, or --large 0 to leave it out`,
    );
  }
  if (p.large > 0) upsamplingFactors(p.studyPatch, p.large);
  if (p.trajectories % COHORT !== 0) {
    const near = COHORT * Math.max(1, Math.round(p.trajectories / COHORT));
    throw new InputError(`--trajectories ${p.trajectories} is not a multiple of ${COHORT}: use ${near}`);
  }
  checkEquation(p, {
    snapshots: Math.min(p.snapshots, p.trajectories * p.records),
    cohorts: p.trajectories / COHORT,
    variables: 2 + closingOf(p),
  });
  checkLearnSide(p.learnSide, p.L, p.patches);
  if (p.large > 0) checkLearnSide(p.learnSide, p.large, [p.studyPatch]);
  checkSteps(
    { dt: p.dt, "increment-time": p.incrementTime, "compensator-time": p.compensatorTime || p.dt },
    EVERY,
    "0.05, 0.1, 0.2 or 0.5",
  );
  if (!isWhole(p.horizon / EVERY)) throw new InputError(`--horizon ${p.horizon} is not a multiple of ${EVERY}`);
  if (p.closureBatch % 8 !== 0) throw new InputError(`--closure-batch ${p.closureBatch} is not a multiple of 8`);
  for (const channels of p.channels) {
    if (channels % 8 !== 0) throw new InputError(`--channels ${channels} is not a multiple of 8`);
  }
  if (p.studies === "all" || p.closure === "lagged") checkLags(p.lags, p.variables);
  for (const patch of p.closure === "lagged" ? p.patches : p.studies === "all" ? [p.studyPatch] : []) {
    const features = distances(reachOf(patch));
    if (features < p.variables) {
      throw new InputError(
        `--variables ${p.variables} are more than the ${features} correlations that lagged sees in a patch of ${patch}: use ${features} or fewer`,
      );
    }
  }
  const learned = p.studies === "all" ? [p.studyPatch] : [];
  if (isTrained(p.closure)) learned.push(...p.patches);
  for (const patch of learned) {
    const blocks = 2 ** p.channels.length;
    if (patch % blocks !== 0 || p.L % blocks !== 0) {
      throw new InputError(
        `${p.channels.length} --channels halve a patch of ${patch} so many times: use fewer, ${blocks} does not divide it`,
      );
    }
  }
  const rows = Math.min(p.closureSnapshots, p.trajectories * p.records);
  if (learned.length > 0 && rows < Math.max(p.drift === "polynomial" ? 0 : p.batch, p.closureBatch)) {
    throw new InputError(
      `${rows} snapshots for learned closures are fewer than a --batch of ${p.batch} or a --closure-batch of ${p.closureBatch}: raise --closure-snapshots or lower the batch`,
    );
  }
}

/** Distance along an axis up to which the closure `lagged` sees correlations, at most. */
const REACH = 8;
/** That of a patch, beyond half of which few pairs are left. */
export const reachOf = (patch: number) => Math.min(REACH, patch / 2);

/** Patches of a snapshot that pairs with a trained closure are made of, at most. */
const CLOSURE_PATCHES = 4;

/** Patches that are evolved of each snapshot; a trained encoder is costly, so fewer of each. */
export const patchesPerSnapshot = (p: IsingOptions, closure: IsingClosure) =>
  isTrained(closure) ? Math.min(p.patchesPerSnapshot, CLOSURE_PATCHES) : p.patchesPerSnapshot;

/** Lattices that the equations of a closure are learned from: a trained encoder is costly, and has fewer. */
export function latticeCount(p: IsingOptions, closure: IsingClosure): number {
  const all = Math.min(p.snapshots, p.trajectories * p.records);
  return isTrained(closure) ? Math.min(all, p.closureSnapshots) : all;
}

export const isingCommand: Command<typeof parameters> = {
  name: "ising",
  about:
    "Learns the SDE of magnetization and domain-wall density of a large 2D Ising lattice from small patches of it and compares it with direct simulation.",
  parameters,
  check,
  needs(p) {
    const variables = 2 + closingOf(p);
    const all = p.trajectories * p.records;
    // Of the patch and closure with the most. A learned encoder has fewer of both; where durations are compared there are two further ones.
    const pairsOf = (patch: number, closure: IsingClosure, durations: number) => {
      const perSnapshot = Math.min(patchesPerSnapshot(p, closure), ((p.learnSide || p.L) / patch) ** 2);
      const snapshots = latticeCount(p, closure);
      const sets = durations * setsOf(p);
      return pairsNeed({ snapshots, perSnapshot, variables: 2 + closingOf({ ...p, closure }), sets }, [
        isTrained(closure) ? "closureSnapshots" : "snapshots",
        "patchesPerSnapshot",
      ]);
    };
    const compares = p.studies === "all";
    const pairs = [
      ...p.patches.map((patch) => pairsOf(patch, p.closure, compares && patch === p.studyPatch ? 3 : 1)),
      ...(compares ? ISING_CLOSURES.map((closure) => pairsOf(p.studyPatch, closure, 1)) : []),
    ];
    const largest = Math.max(...p.patches);
    const along = { times: p.horizon / EVERY + 1, variables, cases: p.m0.length };
    return [
      snapshotsNeed(all, largest * Math.ceil(largest / 32), ["trajectories", "records"]),
      pairs.reduce((a, b) => (b.bytes > a.bytes ? b : a)),
      trajectoriesNeed("predicted trajectories", { ...along, runs: p.runs, options: ["runs", "horizon"] }),
      trajectoriesNeed("directly simulated trajectories", {
        ...{ ...along, runs: p.trueRuns },
        options: ["trueRuns", "horizon"],
      }),
    ];
  },
};
