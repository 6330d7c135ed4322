// What the critical Ising experiment can be told: parameters with their defaults per profile, ranges and places in the paper.
import { InputError } from "../../errors.ts";
import { requireCohorts } from "../../method/sde/polynomial/solve.ts";
import type { Command } from "../../run/command-line.ts";
import { checkDistinct, type Parameters, type Values } from "../../run/parameters.ts";
import { SEEDS } from "../../run/training-parameters.ts";
import { COHORT, UPSAMPLINGS } from "../../systems/ising.ts";
import { CLASSES } from "../../systems/ising-classes.ts";

const STUDIED = [{ studies: ["all"] }];

const parameters = {
  temperatures: {
    kind: "numbers",
    default: [2.25, 2.26, 2.27, 2.28, 2.29],
    profiles: { quick: [2.25, 2.27, 2.29] },
    above: 0,
    max: 1000,
    unit: "J/k_B",
    meaning: "temperatures at which sizes are compared; the equation of a size serves all of them",
    paper: "3.4",
  },
  T: {
    kind: "number",
    default: 2.27,
    above: 0,
    max: 1000,
    unit: "J/k_B",
    meaning:
      "that of the scaling with the size, one of the temperatures, near the critical one: its lattices, copied larger, stay alike at large distances, and teach",
    paper: "3.4",
  },
  sizes: {
    kind: "integers",
    default: [16, 32, 48, 64],
    profiles: { quick: [16, 32] },
    min: 4,
    max: 4096,
    unit: "spins",
    meaning: "sides of the lattices at all temperatures, the patch times factors 2 and 3",
    paper: "3.4",
  },
  largeSizes: {
    kind: "integers",
    default: [128],
    profiles: { quick: [64], standard: [128, 256] },
    min: 4,
    max: 4096,
    unit: "spins",
    meaning:
      "sides at the temperature of the scaling; at the others too, as far as the training data reach, where they are the patch doubled up to three times",
    paper: "3.4 (128)",
  },
  patch: {
    kind: "integer",
    default: 16,
    min: 4,
    max: 256,
    unit: "spins",
    meaning: "side of the small lattices and of the patches that lattices are relaxed in, even",
    paper: "3.4",
  },
  seeds: { ...SEEDS, default: 3 },
  upsampling: {
    kind: "choice",
    choices: UPSAMPLINGS,
    default: "copy",
    meaning:
      "how lattices are made larger: every spin a square of equal spins, which at the critical temperature leads to lattices that are alike at large distances; or tiles",
    paper: "3.4 (copy)",
  },
  lattices: {
    kind: "integer",
    default: 24_576,
    profiles: { quick: 5120 },
    min: COHORT,
    max: 1e7,
    meaning:
      "small lattices that become lattices of 128 × 128 spins; fewer for smaller sides, where less will do, and above",
    paper: "3.4",
  },
  relaxTime: {
    kind: "number",
    default: 16,
    min: 0,
    max: 1000,
    unit: "sweeps",
    meaning:
      "LocalRelax of every patch position where lattices are two patches wide, at other levels like the power 3/2 of the side. A site lies in four positions",
    paper: "2 (25)",
  },
  looks: {
    kind: "integer",
    default: 40,
    profiles: { quick: 16 },
    min: 1,
    max: 1000,
    meaning: "at each large lattice: what its rates say beyond (m, ρ) is forgotten faster than a new one is made",
  },
  pause: {
    kind: "number",
    default: 4,
    profiles: { quick: 1 },
    above: 0,
    max: 1000,
    unit: "sweeps",
    meaning: "LocalRelax of every patch position between looks",
    onlyWith: [{ looks: { above: 1 } }],
  },
  degree: {
    kind: "integer",
    default: 0,
    min: 0,
    max: 12,
    meaning: "degree of the polynomials in (m, ρ); 0: by cross-validation over cohorts",
  },
  cells: {
    kind: "integer",
    default: 80,
    min: 20,
    max: 400,
    meaning:
      "of the grid of the Fokker–Planck equation along m, 2/5 as many across; laws are extrapolated from it and a coarser one",
  },
  runs: {
    kind: "integer",
    default: 256,
    profiles: { quick: 128 },
    min: 2,
    max: 100_000,
    meaning: "predicted trajectories",
    paper: "3.4 (100)",
    onlyWith: STUDIED,
  },
  dt: {
    kind: "number",
    default: 0.25,
    above: 0,
    max: 1,
    unit: "sweeps",
    meaning: "step of predictions (Heun's scheme); they are repeated with half of it",
    onlyWith: STUDIED,
  },
  horizon: {
    kind: "number",
    default: 10_000,
    profiles: { quick: 2000 },
    above: 0,
    max: 1e7,
    unit: "sweeps",
    meaning: "largest length of predicted trajectories, which start from the stationary law",
    paper: "3.4 (32,000 steps)",
    onlyWith: STUDIED,
  },
  studies: {
    kind: "choice",
    choices: ["none", "all"],
    default: "none",
    profiles: { standard: "all", paper: "all" },
    meaning:
      "all: also times of LocalRelax, lattices of other temperatures, equations of one size at others, trajectories of the equations, for the first seed",
  },
  closureSizes: {
    kind: "integers",
    default: [16],
    min: 4,
    max: 1024,
    unit: "spins",
    meaning:
      "with studies: sides, where they are among --course-sizes, whose equations also get closure variables made by hand",
    onlyWith: STUDIED,
  },
  trueLattices: {
    kind: "integer",
    default: 1024,
    profiles: { quick: 512 },
    min: 2,
    max: 1e6,
    meaning: "lattices of the truth at every size and temperature, by flips of clusters; fewer above a side of 64",
  },
  trueLooks: {
    kind: "integer",
    default: 64,
    profiles: { quick: 16 },
    min: 1,
    max: 1e6,
    meaning: "at each of them",
  },
  clusters: {
    kind: "integer",
    default: 4,
    min: 1,
    max: 1e6,
    meaning: "flipped between two of these",
    onlyWith: [{ trueLooks: { above: 1 } }],
  },
  courseSizes: {
    kind: "integers",
    default: [16, 32, 64],
    profiles: { quick: [16] },
    min: 4,
    max: 1024,
    unit: "spins",
    meaning: "sides, of those that are learned, whose correlation time is also simulated",
  },
  courseRuns: {
    kind: "integer",
    default: 512,
    profiles: { quick: 256 },
    min: 64,
    max: 1e6,
    meaning: "lattices of these simulations",
  },
} as const satisfies Parameters;

export type CriticalOptions = Values<typeof parameters>;

/** Lattices of this side are most: smaller ones say what has to be known of them sooner, of larger ones more sites are simulated. */
const MOST_AT = 128;
/** Between the side, which is too little at 128, and its square, with which structure of its size would relax. */
const RELAX_POWER = 1.5;
/** Least part of them that a smaller side gets. */
const LEAST_SHARE = 0.75;

/**
 * How long lattices of a side are relaxed: the larger they are the smaller is the drift that has to be right, and the farther structure reaches.
 * Twice 64 sweeps at a side of 128 took a bias of −1.1 ± 0.3 % off ⟨|m|⟩ at T = 2.27, which fewer sweeps show by themselves: later looks say
 * something else than earlier ones.
 */
export const relaxTimeAt = ({ relaxTime, patch }: Pick<CriticalOptions, "relaxTime" | "patch">, side: number): number =>
  relaxTime * (side / (2 * patch)) ** RELAX_POWER;

type Sizes = Pick<CriticalOptions, "sizes" | "largeSizes" | "patch" | "temperatures" | "T">;

/** Sides of the fits at the temperature of the scaling, by doubling (paper: 16, 32, 64, 128), and of those over temperatures. */
export function fittedSides({ sizes, largeSizes, patch }: Pick<CriticalOptions, "sizes" | "largeSizes" | "patch">) {
  const doubled = (side: number) => Number.isInteger(Math.log2(side / patch));
  return { scaling: [...sizes, ...largeSizes].filter((side) => doubled(side) && side <= 8 * patch), slopes: sizes };
}

/** Whether a size is one of the paper's, in patches, that a patch is not all of. */
export const isOfPaper = ({ patch }: Pick<CriticalOptions, "patch">, side: number) => side > patch && side <= 8 * patch;

/** Whether a point stands for itself: a size at any temperature, a large one at that of the scaling. Others serve where they lie inside the data. */
export const isAsked = ({ sizes, T }: Pick<CriticalOptions, "sizes" | "T">, side: number, temperature: number) =>
  sizes.includes(side) || temperature === T;

/** Temperatures at which a size is learned and compared: all for sides of the fits, as their curves of U cross. */
export const temperaturesOf = (p: Sizes, side: number): readonly number[] =>
  p.sizes.includes(side) || fittedSides(p).scaling.includes(side) ? p.temperatures : [p.T];

const cohortsIn = (lattices: number) => COHORT * Math.max(1, Math.round(lattices / COHORT));

/** Lattices that teach a size: whole cohorts. */
export function latticesOf({ lattices }: Pick<CriticalOptions, "lattices">, side: number): number {
  return cohortsIn(lattices * Math.min(Math.max(LEAST_SHARE, side / MOST_AT), (MOST_AT / side) ** 4));
}

/** Lattices of each temperature where those of all are compared: as many in all as teach the size. */
export const comparedLatticesOf = (p: Pick<CriticalOptions, "lattices" | "temperatures">, side: number): number =>
  cohortsIn(latticesOf(p, side) / p.temperatures.length);

/** Whether lattices of all temperatures are compared at a size. */
export const comparesTemperatures = (p: Pick<CriticalOptions, "studies" | "sizes" | "temperatures">, side: number) =>
  p.studies === "all" && p.sizes.includes(side) && p.temperatures.length > 1;

/** Degree of equations with closure variables: even, as others push what is beyond their data further away, and cross-validation does not look there. */
export const CLOSURE_DEGREE = 4;
/** Lattices that teach such an equation, at most: with more variables rows are longer. Whole cohorts. */
const MOST_CLOSURE_LATTICES = 8192;

/** Lattices at the temperature of the scaling that teach an equation with closure variables. */
export const closureLatticesOf = (p: Pick<CriticalOptions, "lattices">, side: number): number =>
  Math.min(MOST_CLOSURE_LATTICES, latticesOf(p, side));

/** Sides that factors 2 and 3 lead to from the patch, up to `most`, ascending. */
export function reachableSides(patch: number, most: number): number[] {
  const sides: number[] = [];
  for (let two = patch; two <= most; two *= 2) for (let side = two; side <= most; side *= 3) sides.push(side);
  return sides.sort((a, b) => a - b);
}

function checkSide(option: string, side: number, patch: number): void {
  const sides = reachableSides(patch, 4 * side);
  if (sides.includes(side)) return;
  const below = sides.filter((one) => one < side).at(-1);
  const above = sides.find((one) => one > side);
  const near = [below, above].filter((one) => one !== undefined).join(" or ");
  throw new InputError(`--${option} ${side} is not ${patch} times factors 2 and 3: use ${near || patch}`);
}

function check(p: CriticalOptions): void {
  if (p.patch % 2 !== 0) throw new InputError(`--patch ${p.patch} is odd: patches overlap by half, use an even side`);
  for (const [option, sides] of [
    ["sizes", p.sizes],
    ["large-sizes", p.largeSizes],
  ] as const) {
    for (const side of sides) checkSide(option, side, p.patch);
  }
  checkDistinct("sizes and --large-sizes", [...p.sizes, ...p.largeSizes], "a side");
  checkDistinct("temperatures", p.temperatures, "a temperature");
  checkDistinct("course-sizes", p.courseSizes, "a side");
  checkDistinct("closure-sizes", p.closureSizes, "a side");
  if (!p.temperatures.includes(p.T))
    throw new InputError(`--T ${p.T} is not one of the temperatures ${p.temperatures.join(", ")}`);
  const unknown = p.courseSizes.find((side) => ![...p.sizes, ...p.largeSizes].includes(side));
  if (unknown !== undefined)
    throw new InputError(`--course-sizes ${unknown} is not among --sizes ${p.sizes} and --large-sizes ${p.largeSizes}`);
  for (const side of [...p.sizes, ...p.largeSizes]) {
    const fewest = comparesTemperatures(p, side) ? comparedLatticesOf(p, side) : latticesOf(p, side);
    const isClosed = p.studies === "all" && p.courseSizes.includes(side) && p.closureSizes.includes(side);
    try {
      requireCohorts(fewest / COHORT, 2, 0, p.degree);
      if (isClosed) requireCohorts(closureLatticesOf(p, side) / COHORT, 4, 0, CLOSURE_DEGREE);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`--lattices ${p.lattices} are too few for side ${side}: ${error.message}`);
    }
  }
}

export const criticalCommand: Command<typeof parameters> = {
  name: "ising-critical",
  about:
    "Learns the SDE of magnetization and domain-wall density of 2D Ising lattices of several sizes near the critical temperature from patches of 16 × 16 spins, and compares its stationary laws and their scaling with direct simulation.",
  parameters,
  check,
  needs(p) {
    const sides = [...p.sizes, ...p.largeSizes];
    const lattices = Math.max(...sides.map((side) => latticesOf(p, side)));
    // Counts of ten classes, their densities, and the states.
    const width = 2 * CLASSES + 2;
    return [{ what: "the counts of classes", bytes: 4 * width * lattices * p.looks, options: ["lattices", "looks"] }];
  },
};
