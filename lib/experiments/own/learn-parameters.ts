// What `learn` can be told: of any system of a user's own, and what that one adds.
import { evenGrid } from "../../analysis/function-error.ts";
import { InputError } from "../../errors.ts";
import { batchThatFits } from "../../method/batch.ts";
import type { Command } from "../../run/command-line.ts";
import { commandText } from "../../run/command-text.ts";
import type { Parameters, Values } from "../../run/parameters.ts";
import type { Need } from "../../run/room.ts";
import {
  COPIES,
  checkEquation,
  checkLearnSide,
  checkPatches,
  EQUATION,
  SEEDS,
  snapshotsNeed,
  TRAINING,
} from "../../run/training-parameters.ts";
import { COHORT } from "../../systems/simulator.ts";
import type { System } from "../../systems/system.ts";
import { type Met, parametersOf } from "./module.ts";
import { ZERO_TIME } from "./parameters.ts";

/** Points of time that predictions are compared at, about. */
const POINTS = 61;

const parameters = {
  L: { kind: "integer", default: 64, min: 4, max: 65_536, unit: "sites", meaning: "side of the large system" },
  patch: {
    kind: "integer",
    default: 16,
    min: 4,
    max: 4096,
    unit: "sites",
    meaning: "side of the patches that it is learned from, even; L is that times factors 2, 3 and 5",
  },
  learnSide: {
    kind: "integer",
    default: 0,
    min: 0,
    max: 65_536,
    unit: "sites",
    meaning: "side of the large systems that patches are evolved in; 0: L. f and n σσᵀ hold for any",
  },
  horizon: { kind: "number", default: 10, above: 0, max: 1e9, unit: "time", meaning: "length of the comparison" },
  seeds: SEEDS,
  trajectories: {
    kind: "integer",
    default: 256,
    profiles: { standard: 512, paper: 1024 },
    min: COHORT,
    max: 1e6,
    meaning: `small systems, whole cohorts, which start macroscopically alike: of ${COHORT}, on the graphics card as the system says`,
  },
  records: { kind: "integer", default: 8, min: 2, max: 10_000, meaning: "snapshots of each" },
  age: { kind: "number", default: 0, min: 0, max: 1e9, unit: "time", meaning: "of the last of them; 0: the horizon" },
  snapshots: {
    kind: "integer",
    default: 768,
    profiles: { standard: 4096, paper: 16_384 },
    min: 16,
    max: 1e9,
    meaning: "of all that are made large, evenly out of all",
  },
  relaxTime: {
    kind: "number",
    default: 1,
    min: 0,
    max: 1e6,
    unit: "time",
    meaning: "LocalRelax of large systems in every position of a patch, no longer than their age",
  },
  patchesPerSnapshot: { kind: "integer", default: 64, min: 1, max: 65_536, meaning: "patches evolved of each" },
  incrementTime: { kind: "number", default: 0.05, above: 0, max: 1e3, unit: "time", meaning: "δt of the increments" },
  copies: COPIES,
  ...EQUATION,
  ...ZERO_TIME,
  ...TRAINING,
  exec: {
    kind: "text",
    default: "none",
    meaning: `in place of a module: the command of a program that simulates, such as "python3 my/sis.py"; ${commandText("new", ["my/sis.py"])} writes one that runs`,
  },
  processes: {
    kind: "integer",
    default: 0,
    min: 0,
    max: 64,
    meaning: "workers of the module, or processes of that program, beside each other; 0: one for each core",
  },
  execSeconds: {
    kind: "number",
    default: 600,
    above: 0,
    max: 1e6,
    unit: "s",
    meaning: "that it may take for one answer",
    onlyWith: [{ exec: { not: "none" } }],
  },
  runs: {
    kind: "integer",
    default: 128,
    profiles: { standard: 256 },
    min: 2,
    max: 1e6,
    meaning: "predicted trajectories from each start",
  },
  trueRuns: {
    kind: "integer",
    default: 32,
    profiles: { standard: 128, paper: 512 },
    min: 2,
    max: 1e6,
    meaning: "direct simulations from each start, more where many share random numbers",
  },
} as const satisfies Parameters;

export type LearnOptions = Values<typeof parameters>;

/** When predictions are compared: whole steps of δt apart, up to the horizon. */
export function comparedTimes({
  horizon,
  incrementTime,
}: Pick<LearnOptions, "horizon" | "incrementTime">): Float64Array {
  const every = Math.max(1, Math.round(horizon / (POINTS - 1) / incrementTime)) * incrementTime;
  const count = Math.floor(horizon / every + 1e-9) + 1;
  return evenGrid(0, (count - 1) * every, count);
}

/** What both commands say of the module, and of the program in its place. */
const FILES = {
  name: "module",
  meaning: `TypeScript file with the system, whose parameters are options too; ${commandText("new", ["FILE"])} writes one that runs`,
};

/** A command about the system that was met, whose own parameters stand first. */
function ownCommand<P extends Parameters>(
  name: string,
  about: string,
  met: Met | null,
  parameters: P,
  check: (values: Values<P>) => void,
): Command<Parameters> {
  const added = met ? parametersOf(met.source) : {};
  const taken = Object.keys(added).find((key) => key in parameters);
  if (taken)
    throw new InputError(`${met?.source.name}: parameter ${taken} is one of ${name} already, call it otherwise`);
  return {
    ...{ name, about },
    files: { ...FILES, profiles: true, ...(met?.line && { least: 0 }) },
    parameters: { ...added, ...parameters },
    check: (values) => check(values as Values<P>),
  };
}

export const learnCommand = (met: Met | null): Command<Parameters> =>
  ownCommand(
    "learn",
    "Learns the stochastic differential equation of your own system from small patches of it, and compares it with direct simulation.",
    met,
    parameters,
    check,
  );

const checkParameters = {
  patch: { ...parameters.patch, default: 8 },
  L: { ...parameters.L, default: 16, meaning: "side of the systems, twice that of a patch at least" },
  time: {
    kind: "number",
    default: 0,
    min: 0,
    max: 1e9,
    unit: "time",
    meaning: "that systems move for; 0: in which a tenth of the sites change",
  },
  replicas: { kind: "integer", default: 4096, min: 64, max: 1e6, meaning: "systems of statistical checks" },
  seed: { kind: "integer", min: 0, max: 0xffff_ffff, default: 1, meaning: "of all random numbers" },
  exec: parameters.exec,
  processes: parameters.processes,
  execSeconds: parameters.execSeconds,
} as const satisfies Parameters;

export type CheckOptions = Values<typeof checkParameters>;

export const checkCommand = (met: Met | null): Command<Parameters> =>
  ownCommand(
    "check-system",
    "Checks your own system: whether its verbs do what learning from patches needs, each in a sentence.",
    met,
    checkParameters,
    (values) => {
      checkPatches([values.patch], values.L);
      if (values.L < 2 * values.patch)
        throw new InputError(`--L ${values.L} holds one patch of ${values.patch}: use ${2 * values.patch} or more`);
    },
  );

function check(p: LearnOptions): void {
  checkPatches([p.patch], p.L);
  checkLearnSide(p.learnSide, p.L, [p.patch]);
  if (p.horizon < p.incrementTime)
    throw new InputError(`--horizon ${p.horizon} is less than --increment-time ${p.incrementTime}`);
}

/** Throws InputError where there are too few small systems for the equation of a system, or no whole cohorts of it. */
export function checkTrajectories(p: LearnOptions, { cohort, lanes, observables }: System): void {
  let unit = cohort;
  while (unit % lanes !== 0) unit += cohort;
  if (p.trajectories % unit !== 0) {
    const near = unit * Math.max(1, Math.round(p.trajectories / unit));
    throw new InputError(`--trajectories ${p.trajectories} is not a multiple of ${unit}: use ${near}`);
  }
  const snapshots = Math.min(p.snapshots, p.trajectories * p.records);
  checkEquation(p, { snapshots, cohorts: p.trajectories / cohort, variables: observables.length });
}

/** What a run keeps in memory at once: small systems, and as many large ones as are moved together, with their copies. */
export function ownNeeds(p: LearnOptions, system: System): Need[] {
  const large = batchThatFits(system, p.L, p.trueRuns) * system.bytes(p.L);
  return [
    snapshotsNeed(p.trajectories * p.records, system.words(system.patchSide), ["trajectories", "records"]),
    { what: "the large systems that are moved together", bytes: 2 * large, options: ["L"] },
  ];
}
