// What the NbMoTa experiment can be told: parameters with their defaults per profile, ranges and places in the paper.
import { InputError } from "../../errors.ts";
import type { Command } from "../../run/command-line.ts";
import { alsoWith } from "../../run/only-with.ts";
import { type Condition, checkDistinct, type Parameters, type Values } from "../../run/parameters.ts";
import {
  COPIES,
  checkEquation,
  checkTraining,
  EQUATION,
  pairsNeed,
  SEEDS,
  snapshotsNeed,
  TRAINING,
  trajectoriesNeed,
} from "../../run/training-parameters.ts";
import { latticeWords, PAIRS } from "../../systems/nbmota/states.ts";
import { COLDEST, COORDINATES, checkCells, checkTemperature, PATCH_CELLS, TILE_COHORT } from "../../systems/nbmota.ts";
import { BEYOND, LONGEST_WAIT, looksAt } from "./annealing.ts";
import { BARRIERS } from "./barrier-models.ts";
import { repeatedly } from "./clock.ts";

/** The comparisons have every kind of drift, polynomials where they can be solved for. */
const NETWORKS = alsoWith(TRAINING, { studies: ["all"] });
const POLYNOMIALS: readonly Condition[] = [{ drift: ["polynomial"] }, { studies: ["all"], coordinates: ["three"] }];

const parameters = {
  temperatures: {
    kind: "numbers",
    default: [2000, 2500, 3000],
    profiles: {
      standard: [800, 1000, 1200, 1400, 1700, 2000, 2400, 3000],
      paper: [700, 800, 900, 1000, 1200, 1400, 1600, 1800, 2000, 2200, 2400, 2600, 2800, 3000],
    },
    min: COLDEST,
    max: 1e5,
    unit: "K",
    meaning: "temperatures of the training and of the comparison",
    paper: "3.5 (300 … 3000)",
  },
  trueFrom: {
    kind: "number",
    default: 800,
    profiles: { paper: 700 },
    min: COLDEST,
    max: 1e5,
    unit: "K",
    meaning: "coldest temperature of direct simulations: below about 800 K they reach no equilibrium in bearable time",
  },
  T: {
    kind: "number",
    default: 2000,
    min: COLDEST,
    max: 1e5,
    unit: "K",
    meaning: "temperature of the relaxation over time, or the nearest of --temperatures",
    paper: "3.5",
  },
  sizes: {
    kind: "integers",
    default: [8, 16],
    profiles: { standard: [8, 16, 32, 64], paper: [8, 16, 32, 64] },
    min: 8,
    max: 256,
    unit: "cells",
    meaning: "sides of the lattices that are predicted, multiples of 8; 2 C³ sites",
    paper: "3.5",
  },
  directSizes: {
    kind: "integers",
    default: [8],
    profiles: { standard: [8, 16], paper: [8, 16] },
    min: 8,
    max: 64,
    unit: "cells",
    meaning: "those that the relaxation is also simulated for",
  },
  ...BARRIERS,
  coordinates: {
    kind: "choice",
    choices: ["three", "six"],
    default: "three",
    profiles: { paper: "six" },
    meaning: "order parameters that are learned: three, from which the others follow, or all six",
    paper: "3.5 (six)",
  },
  cells: {
    kind: "integer",
    default: 16,
    profiles: { paper: 32 },
    min: 8,
    max: 64,
    unit: "cells",
    meaning: "side of the large lattices that vacancies are evolved in, a multiple of 8",
    paper: "3.5",
  },
  upsampling: {
    kind: "choice",
    choices: ["supercell", "tiles"],
    default: "supercell",
    profiles: { paper: "tiles" },
    meaning: "large lattices as copies of one small lattice, or of different ones side by side",
    paper: "3.5 (tiles)",
  },
  relaxTime: {
    kind: "number",
    default: 0,
    profiles: { paper: 0.01 },
    min: 0,
    max: 100,
    unit: "time",
    meaning:
      "LocalRelax of large lattices before partial evolutions, by jumps of all vacancies: tiles have seams, copies of one lattice have none",
    paper: "3.5",
  },
  seeds: { ...SEEDS, profiles: { standard: 4, paper: 4 } },
  replicas: {
    kind: "integer",
    default: 12,
    profiles: { standard: 6, paper: 16 },
    min: 4,
    max: 4096,
    meaning:
      "small lattices of each seed that are annealed through all temperatures, and as many fresh ones at that of the relaxation",
    paper: "3.5 (10)",
  },
  wait: {
    kind: "number",
    default: 1,
    profiles: { standard: 3, paper: 4 },
    min: 0,
    max: 100,
    unit: "relaxations",
    meaning: `at a temperature before annealed lattices are looked at, ${LONGEST_WAIT} jumps an atom at most; below --true-from units of time, which are shorter`,
  },
  looks: {
    kind: "integer",
    default: 1,
    profiles: { standard: 6, paper: 8 },
    min: 1,
    max: 1000,
    meaning:
      "snapshots of each annealed lattice at 1000 K and below, up to four times as many where they take fewer jumps",
  },
  pause: {
    kind: "number",
    default: 0.5,
    profiles: { standard: 0.6, paper: 0.8 },
    above: 0,
    max: 100,
    unit: "time",
    meaning: "between them",
  },
  records: {
    kind: "integer",
    default: 3,
    min: 1,
    max: 1000,
    meaning: "snapshots of each fresh lattice, which begins without order",
  },
  age: {
    kind: "number",
    default: 1,
    profiles: { standard: 2, paper: 2 },
    above: 0,
    max: 100,
    unit: "time",
    meaning: "of the last of these",
  },
  incrementTime: {
    kind: "number",
    default: 0.3,
    above: 0,
    max: 1,
    unit: "time",
    meaning:
      "partial evolution δt; predictions take steps of this or a part of it, short beside the fastest relaxation",
    paper: "3.5 (up to 125 jumps)",
  },
  copies: { ...COPIES, default: 2 },
  patchesPerSnapshot: {
    kind: "integer",
    default: 1,
    min: 1,
    max: 1e6,
    meaning: "vacancies evolved in each large lattice; in copies of one lattice all of them see the same",
  },
  ...EQUATION,
  drift: { ...EQUATION.drift, profiles: { paper: "onsager" } },
  degree: {
    ...EQUATION.degree,
    onlyWith: POLYNOMIALS,
    default: 1,
    meaning: "degree of the polynomials of the drift over all temperatures; 0: by cross-validation over cohorts",
  },
  temperatureDegree: {
    kind: "integer",
    default: 2,
    min: 0,
    max: 6,
    meaning:
      "degree of the polynomials in 1/T that all coefficients are, less than there are temperatures; 0: by cross-validation",
    onlyWith: POLYNOMIALS,
  },
  ...NETWORKS,
  hidden: { ...NETWORKS.hidden, profiles: { paper: [32, 32] } },
  batch: { ...NETWORKS.batch, default: 256 },
  studies: {
    kind: "choice",
    choices: ["none", "all"],
    default: "none",
    profiles: { standard: "all", paper: "all" },
    meaning: `all: also the other estimator and kinds of drift, and with enough --replicas, a multiple of ${TILE_COHORT}, the other way of upsampling, for the first seed`,
  },
  runs: {
    kind: "integer",
    default: 128,
    profiles: { paper: 256 },
    min: 2,
    max: 100_000,
    meaning: "predicted trajectories at every temperature and size",
  },
  horizon: {
    kind: "number",
    default: 48,
    above: 1,
    max: 10_000,
    unit: "time",
    meaning: "length of the trajectories whose second half is the equilibrium",
  },
  trueReplicas: {
    kind: "integer",
    default: 8,
    profiles: { paper: 32 },
    min: TILE_COHORT,
    max: 4096,
    meaning: "small lattices of direct simulation, annealed beside those of the training, which know nothing of them",
  },
  courseRuns: {
    kind: "integer",
    default: 24,
    profiles: { standard: 64, paper: 128 },
    min: 4,
    max: 4096,
    meaning: "small lattices whose relaxation is simulated, a quarter as many of other sizes",
  },
  courseTime: {
    kind: "number",
    default: 2.1,
    profiles: { standard: 6, paper: 6 },
    above: 0,
    max: 1000,
    unit: "time",
    meaning: "how long",
  },
} as const satisfies Parameters;

/** Times of a prediction in equilibrium. */
export const LOOKS = 120;

export type NbMoTaOptions = Values<typeof parameters>;

/** The trained temperature that is nearest to that asked for. */
export function relaxationTemperature({ temperatures, T }: Pick<NbMoTaOptions, "temperatures" | "T">): number {
  return temperatures.reduce((best, one) => (Math.abs(one - T) < Math.abs(best - T) ? one : best));
}

function check(p: NbMoTaOptions): void {
  for (const T of [...p.temperatures, p.trueFrom, p.T]) checkTemperature(T);
  if (BEYOND.colder * Math.min(...p.temperatures) < COLDEST) {
    throw new InputError(
      `--temperatures ${p.temperatures}: lattices are also taken to ${BEYOND.colder} times the coldest; use ${Math.ceil(COLDEST / BEYOND.colder)} K and more`,
    );
  }
  checkDistinct("temperatures", p.temperatures, "a temperature");
  if (Math.max(...p.temperatures) < p.trueFrom) {
    throw new InputError(
      `--temperatures ${p.temperatures} are all below --true-from ${p.trueFrom}: there is nothing to compare with; lower it`,
    );
  }
  for (const [option, sides] of [
    ["sizes", p.sizes],
    ["direct-sizes", p.directSizes],
    ["cells", [p.cells]],
  ] as const) {
    for (const side of sides) {
      checkCells(side, option);
      if (side % PATCH_CELLS !== 0)
        throw new InputError(
          `--${option} ${side} is no multiple of ${PATCH_CELLS}: use ${PATCH_CELLS * Math.max(1, Math.round(side / PATCH_CELLS))}`,
        );
    }
    checkDistinct(option, sides, "a side");
  }
  const missing = p.directSizes.filter((side) => !p.sizes.includes(side));
  if (missing.length > 0) throw new InputError(`--direct-sizes ${missing} are not among --sizes ${p.sizes}`);
  if (!p.sizes.includes(PATCH_CELLS))
    throw new InputError(`--sizes ${p.sizes} lack ${PATCH_CELLS}, the small lattices that all are compared with`);
  if (p.upsampling === "tiles" && p.replicas % TILE_COHORT !== 0) {
    throw new InputError(
      `--replicas ${p.replicas}: tiles are taken from cohorts of ${TILE_COHORT} lattices, use a multiple`,
    );
  }
  if (p.coordinates === "six" && p.drift === "polynomial") {
    throw new InputError(
      "--coordinates six: three of them follow from the others, which polynomials cannot be solved for; use --drift network or onsager",
    );
  }
  // With the last looks of the two temperatures beside each.
  const near = (temperature: number) => p.replicas * repeatedly(temperature) * (looksAt(p, temperature) + 2);
  const snapshots = p.temperatures.reduce((sum, temperature) => sum + near(temperature), 0);
  const more = "raise --replicas or --looks";
  if (p.studies === "all") checkTraining(p, snapshots, "", more);
  const variables = COORDINATES[p.coordinates].length;
  const conditions = p.temperatures.length > 1 ? 1 : 0;
  const cohorts = p.upsampling === "tiles" ? p.replicas / TILE_COHORT : p.replicas;
  // Of every temperature, and of the two beyond.
  checkEquation(p, { snapshots, cohorts: cohorts * (p.temperatures.length + 2), variables, conditions, more });
  // That of the relaxation: lattices near equilibrium and fresh ones, at one temperature.
  const relaxing = {
    snapshots: near(relaxationTemperature(p)) + p.replicas * p.records,
    cohorts: 4 * cohorts,
    variables,
    more: "the relaxation has those of one temperature alone, raise --replicas or --records",
  };
  checkEquation({ ...p, degree: 0 }, relaxing);
}

export const nbmotaCommand: Command<typeof parameters> = {
  name: "nbmota",
  about:
    "Learns one SDE of the short-range order of the alloy NbMoTa over all temperatures from jumps of single vacancies, and compares its equilibrium and its relaxation with direct kinetic Monte Carlo.",
  parameters,
  check,
  needs(p) {
    const variables = COORDINATES[p.coordinates].length;
    const small = p.seeds * p.replicas;
    // And a look at the two temperatures beyond.
    const looks = p.temperatures.reduce((sum, T) => sum + looksAt(p, T), 2);
    // One with the last looks of two stages beside it.
    const near = (T: number) => repeatedly(T) * (looksAt(p, T) + 2);
    const seen = p.temperatures.reduce((sum, T) => sum + near(T), 0);
    const relaxing = near(relaxationTemperature(p)) + p.records;
    const perSnapshot = Math.min(p.patchesPerSnapshot, (p.cells / PATCH_CELLS) ** 3);
    // The comparisons have those of the first seed.
    const snapshots = small * (seen + relaxing) + (p.studies === "all" ? 2 * p.replicas * seen : 0);
    const lattices = (small + p.trueReplicas) * looks + small * p.records;
    const options = ["seeds", "replicas", "looks", "records"];
    return [
      snapshotsNeed(lattices, latticeWords(PATCH_CELLS) + 1 + PAIRS.length, [...options, "trueReplicas"]),
      pairsNeed({ snapshots, perSnapshot, variables, sets: 1 }, [...options, "patchesPerSnapshot"]),
      trajectoriesNeed("predicted trajectories", {
        ...{ runs: p.runs, cases: p.temperatures.length, times: LOOKS + 1, variables },
        options: ["runs"],
      }),
    ];
  },
};
