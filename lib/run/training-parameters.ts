// Parameters of equations and of the training of networks that experiments share, and their checks.
import { InputError } from "../errors.ts";
import type { SdeSpec } from "../method/sde/fields.ts";
import { DIFFUSION_FORMS } from "../method/sde/network-diffusion.ts";
import { requireCohorts } from "../method/sde/polynomial/solve.ts";
import type { FitOptions } from "../method/train.ts";
import { upsamplingFactors } from "../method/upsample.ts";
import type { System } from "../systems/system.ts";
import { checkDistinct, type Parameter, type Parameters, type Values } from "./parameters.ts";
import type { Need } from "./room.ts";

/** Batches are multiples of this. */
const LEAST_BATCH = 256;

/** Independent repetitions of a whole experiment. */
export const SEEDS = {
  kind: "integer",
  default: 1,
  profiles: { standard: 3, paper: 3 },
  min: 1,
  max: 100,
  meaning: "independent repetitions, seed, seed + 1, …",
} as const satisfies Parameter;

/** Of the increments. */
export const COPIES = {
  kind: "integer",
  default: 4,
  profiles: { paper: 1 },
  min: 1,
  max: 1024,
  meaning: "independent evolutions of each patch for the increments; their covariance gives the diffusion",
} as const satisfies Parameter;

/** Drifts that are trained, and the one that is solved for. */
const TRAINED = [{ drift: ["network", "onsager"] }];
const SOLVED = [{ drift: ["polynomial"] }];

/** How drift and diffusion are represented, and learned; spread into an experiment's parameters. */
export const EQUATION = {
  drift: {
    kind: "choice",
    choices: ["polynomial", "network", "onsager"],
    default: "polynomial",
    profiles: { paper: "network" },
    meaning:
      "polynomials, solved by least squares; networks, trained by AdamW; onsager: drift downhill in a potential, trained",
    paper: "2 (network), 3.5 (onsager)",
  },
  degree: {
    kind: "integer",
    default: 0,
    min: 0,
    max: 12,
    meaning: "degree of the polynomials of the drift; 0: by cross-validation over cohorts",
    onlyWith: SOLVED,
  },
} as const satisfies Parameters;

/** Spread into an experiment's parameters; profiles of one experiment may replace single entries. */
export const TRAINING = {
  hidden: {
    kind: "integers",
    default: [32, 32],
    profiles: { paper: [64, 64, 64] },
    min: 8,
    max: 1024,
    meaning: "hidden widths of the drift and diffusion networks, multiples of 8",
    paper: "3",
    onlyWith: TRAINED,
  },
  activation: {
    kind: "choice",
    choices: ["tanh", "relu"],
    default: "tanh",
    profiles: { paper: "relu" },
    meaning: "activation",
    onlyWith: TRAINED,
  },
  diffusion: {
    kind: "choice",
    choices: DIFFUSION_FORMS,
    default: "full",
    meaning: "how σ of networks depends on z: not at all, or by a network (triangular: for strongly correlated noise)",
    paper: "3",
    onlyWith: TRAINED,
  },
  batch: {
    kind: "integer",
    default: 1024,
    min: LEAST_BATCH,
    max: 65_536,
    meaning: "mini-batch, a multiple of 256",
    onlyWith: TRAINED,
  },
  steps: {
    kind: "integer",
    default: 500,
    profiles: { standard: 2000, paper: 20_000 },
    min: 1,
    max: 1e7,
    meaning: "AdamW steps per equation",
    onlyWith: TRAINED,
  },
  learningRate: {
    kind: "number",
    default: 0.003,
    above: 0,
    max: 1,
    meaning: "peak learning rate",
    onlyWith: TRAINED,
  },
  weightDecay: { kind: "number", default: 1e-5, min: 0, max: 1, meaning: "AdamW weight decay", onlyWith: TRAINED },
} as const satisfies Parameters;

/** The equation that these parameters ask for. `odd`: variables that a symmetry of the system changes the sign of. */
export function sdeSpec(
  { drift, degree, hidden, activation, diffusion: form }: Values<typeof TRAINING & typeof EQUATION>,
  odd: readonly number[] = [],
): SdeSpec {
  if (drift === "polynomial") return { kind: "polynomial", degree, odd };
  const field =
    drift === "onsager" ? ({ kind: "onsager", hidden } as const) : ({ kind: "network", hidden, activation } as const);
  return { drift: field, diffusion: { kind: "network", form, hidden, activation } };
}

/** Indices of the variables that change sign where a system is turned over, if no `field` breaks that symmetry. */
export function oddVariables({ observables }: Pick<System, "observables">, field: number): number[] {
  return field === 0 ? observables.flatMap(({ odd }, j) => (odd ? [j] : [])) : [];
}

/** How equations are trained. */
export function fitOptions(
  { batch, steps, learningRate, weightDecay }: Values<typeof TRAINING>,
  seed: number,
): FitOptions {
  return { batch, steps, learningRate, weightDecay, seed };
}

/** How the encoder of a learned closure is trained. */
export function closureTraining(p: {
  readonly closureHidden: readonly number[];
  readonly closureBatch: number;
  readonly closureSteps: number;
  readonly closureLearningRate: number;
  readonly weightDecay: number;
}) {
  return {
    hidden: p.closureHidden,
    batch: p.closureBatch,
    steps: p.closureSteps,
    learningRate: p.closureLearningRate,
    weightDecay: p.weightDecay,
  };
}

/** Throws InputError for patches that do not fit a lattice of that side, or are named twice. */
export function checkPatches(patches: readonly number[], side: number): void {
  for (const patch of patches) {
    if (patch > side) throw new InputError(`patch side ${patch} is larger than the lattice side ${side}`);
    upsamplingFactors(patch, side);
    if (patch % 2 !== 0) throw new InputError(`patch side ${patch} is odd: patches overlap by half, use an even side`);
  }
  checkDistinct("patches", patches, "a side");
}

/** Throws InputError for widths and batches that the kernels do not take, and for fewer `snapshots` than a batch; `more`: how to get more. */
export function checkTraining(
  p: { readonly hidden: readonly number[]; readonly batch: number },
  snapshots: number,
  prefix = "",
  more = `raise --${prefix ? `${prefix}snapshots` : "trajectories"}`,
): void {
  for (const width of p.hidden) {
    if (width % 8 !== 0) {
      throw new InputError(`--${prefix}hidden ${width} is not a multiple of 8: use ${Math.ceil(width / 8) * 8}`);
    }
  }
  if (p.batch % LEAST_BATCH !== 0)
    throw new InputError(`--${prefix}batch ${p.batch} is not a multiple of ${LEAST_BATCH}`);
  if (snapshots < p.batch) {
    throw new InputError(
      `${snapshots} snapshots are fewer than a --${prefix}batch of ${p.batch}: ${more}${p.batch > LEAST_BATCH ? " or lower the batch" : ""}`,
    );
  }
}

/**
 * Throws InputError for networks that cannot be trained on so many `snapshots`, and for fewer `cohorts` than polynomials need: `variables`
 * are those of z, or the least that there may be, beside `conditions`.
 */
export function checkEquation(
  p: Values<typeof TRAINING & typeof EQUATION>,
  data: {
    readonly snapshots: number;
    readonly cohorts: number;
    readonly variables: number;
    readonly conditions?: number;
    /** How to get more snapshots. */
    readonly more?: string;
  },
): void {
  if (p.drift !== "polynomial") checkTraining(p, data.snapshots, "", data.more);
  else requireCohorts(data.cohorts, data.variables, data.conditions ?? 0, p.degree);
}

/** Bytes of a number of training data and trajectories. */
const FLOAT = 4;

/** Of `count` small systems with so many 32-bit `words` each. */
export const snapshotsNeed = (count: number, words: number, options: Need["options"]): Need => ({
  what: "the snapshots of small systems",
  bytes: FLOAT * count * words,
  options,
});

/** Of `sets` of training pairs side by side, so many patches of every snapshot, in d variables. See `makePairs`. */
export function pairsNeed(
  { snapshots, perSnapshot, variables: d, sets }: Record<"snapshots" | "perSnapshot" | "variables" | "sets", number>,
  options: Need["options"],
): Need {
  // At the start, change, compensator, and their variation.
  const width = 3 * d + (d * (d + 1)) / 2;
  return { what: "the training pairs", bytes: FLOAT * snapshots * perSnapshot * width * sets, options };
}

/** Sets of pairs of an equation: a compensator, and increments, which are evolved twice where there are copies (`measuredPairs`). */
export const setsOf = ({ copies }: { readonly copies: number }) => 1 + Math.min(copies, 2);

/** Of trajectories of so many cases, in d variables at so many times. */
export function trajectoriesNeed(
  what: string,
  {
    runs,
    cases,
    times,
    variables,
    options,
  }: Record<"runs" | "cases" | "times" | "variables", number> & Pick<Need, "options">,
): Need {
  return { what, bytes: FLOAT * runs * cases * times * variables, options };
}

/** Throws InputError for a side to learn on that is larger than the lattice, or that patches do not tile; 0 is the lattice itself. */
export function checkLearnSide(learnSide: number, side: number, patches: readonly number[]): void {
  if (learnSide === 0) return;
  if (learnSide > side) throw new InputError(`--learn-side ${learnSide} is larger than the lattice side ${side}`);
  for (const patch of patches) {
    if (learnSide % patch !== 0) {
      const near = patch * Math.max(1, Math.round(learnSide / patch));
      throw new InputError(`--learn-side ${learnSide} is no multiple of the patch side ${patch}: use ${near}`);
    }
    upsamplingFactors(patch, learnSide);
  }
}

/** Of systems whose closures are learned. */
const OBSERVABLES = 2;

/** Throws InputError for lags (`--lags`) that do not ascend, are too few for so many closure variables, or are no whole numbers of steps of `dt`, where there are such. */
export function checkLags(lags: readonly number[], variables: number, dt?: number): void {
  if (variables > OBSERVABLES * lags.length) {
    throw new InputError(
      `--variables ${variables} are more than the observables at ${lags.length} --lags, ${OBSERVABLES} each, which lagged is to tell: use ${OBSERVABLES * lags.length} or fewer, or more lags`,
    );
  }
  for (const [k, lag] of lags.entries()) {
    if (k > 0 && lag <= lags[k - 1]) {
      throw new InputError(`--lags ${lags.join(",")} do not ascend: ${lag} comes behind ${lags[k - 1]}`);
    }
    if (dt !== undefined && !isWhole(lag / dt)) {
      throw new InputError(`--lags ${lag} is not a multiple of the time step ${dt}`);
    }
  }
}

/** Steps from one comparison to the next, at most. */
const MOST_STEPS = 1e6;

/** Throws InputError for a time step, by the name of its option, that does not divide `every`, the time between comparisons, or is tiny beside it. */
export function checkSteps(steps: Record<string, number>, every: number, remedy: string): void {
  for (const [option, time] of Object.entries(steps)) {
    if (every / time > MOST_STEPS)
      throw new InputError(`--${option} ${time} is too small: give ${every / MOST_STEPS} or more`);
    if (!isWhole(every / time)) {
      throw new InputError(`--${option} ${time} does not divide ${every}, the time between comparisons: use ${remedy}`);
    }
  }
}

/** A whole number from 1 on, up to rounding. */
export const isWhole = (x: number) => Math.abs(x - Math.round(x)) < 1e-9 && x > 0.5;
