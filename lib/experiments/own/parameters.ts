// What `fit` can be told.
import { extname } from "node:path";
import { InputError } from "../../errors.ts";
import type { Command } from "../../run/command-line.ts";
import type { Parameters, Values } from "../../run/parameters.ts";
import { EQUATION, TRAINING } from "../../run/training-parameters.ts";
import type { DataOptions } from "./data.ts";

const ALL = "all";
const NONE = "none";

/** How polynomials are to be understood. */
export const ZERO_TIME = {
  zeroTime: {
    kind: "choice",
    choices: ["corrected", "raw"],
    default: "corrected",
    meaning:
      "polynomials of instantaneous rates, whose own changes over the times of the data are those of the data; or mean changes over these times",
    onlyWith: [{ drift: ["polynomial"] }],
  },
} as const satisfies Parameters;

/** How an equation is learned. */
export type EquationOptions = Values<typeof EQUATION & typeof TRAINING & typeof ZERO_TIME>;

const parameters = {
  K: {
    kind: "number",
    default: 1,
    min: 1,
    max: 1e12,
    meaning:
      "patches that tile the system, of which one moved between z0 and z1 while all others stayed; 1: the whole system moved. dz is K times the change of the mean of the whole",
  },
  dt: { kind: "number", default: 0, min: 0, max: 1e12, meaning: "time of all changes; 0: of the column dt" },
  variables: { kind: "text", default: ALL, meaning: "names of the variables, separated by commas" },
  conditions: {
    kind: "text",
    default: NONE,
    meaning: "names of columns that the equation depends on and that do not move, such as a temperature",
  },
  odd: {
    kind: "text",
    default: NONE,
    meaning: "names of variables whose sign a symmetry of the system changes, so that f and σσᵀ have its parity",
  },
  columns: { kind: "text", default: NONE, meaning: "names of the columns of .npy files, which know none" },
  lag: {
    kind: "integer",
    default: 1,
    min: 1,
    max: 1e6,
    unit: "rows",
    meaning: "of trajectories: changes from one row to this many later; more where values have noise of their own",
  },
  longest: {
    kind: "number",
    default: 0,
    min: 0,
    max: 1e12,
    meaning: "of trajectories: changes over longer times are left out; 0: over five times the median",
  },
  drift: {
    ...EQUATION.drift,
    choices: ["polynomial", "network"],
    profiles: {},
    meaning: "polynomials, solved by least squares; networks, trained by AdamW",
  },
  degree: {
    ...EQUATION.degree,
    meaning:
      "degree of the polynomials of the drift; 0: by cross-validation, where every term has to be worth it (Schwarz's criterion)",
  },
  ...ZERO_TIME,
  ...TRAINING,
  holdOut: {
    kind: "number",
    default: 0.2,
    min: 0,
    max: 0.5,
    meaning: "share of the data that a second equation does not see, to be tested on; 0: none",
  },
  starts: {
    kind: "text",
    default: NONE,
    meaning:
      "table of states to predict from, columns named as variables and conditions; without it some states of the data",
  },
  horizon: {
    kind: "number",
    default: 0,
    min: 0,
    max: 1e12,
    meaning:
      "time of predictions; 0: five times the slowest relaxation, no longer than the longest run, but 20 changes at least",
  },
  runs: { kind: "integer", default: 256, min: 2, max: 1e6, meaning: "predicted trajectories from each start" },
  at: {
    kind: "text",
    default: NONE,
    meaning:
      "table of points at which f and σσᵀ are told, columns named as variables; without it a grid within the data",
  },
} as const satisfies Parameters;

export type FitOptions = Values<typeof parameters>;

/** Names between commas; `standing` for none. */
export function namesOf(text: string): string[] {
  if (text === ALL || text === NONE) return [];
  return text.split(",").map((name) => name.trim());
}

/** A path; null for none. */
export const pathOf = (text: string): string | null => (text === NONE ? null : text);

/** Throws InputError for names of columns where every file names its own. */
export function checkColumns({ columns }: Pick<FitOptions, "columns">, files: readonly string[]): void {
  if (namesOf(columns).length === 0 || files.some((path) => extname(path).toLowerCase() === ".npy")) return;
  throw new InputError(
    `--columns names those of .npy files, and ${files.join(", ")} has names of its own: leave it out`,
  );
}

export function dataOptions({ K, dt, variables, conditions, lag, longest }: FitOptions): DataOptions {
  return { K, dt, variables: namesOf(variables), conditions: namesOf(conditions), lag, longest };
}

export const fitCommand: Command<typeof parameters> = {
  name: "fit",
  about:
    "Learns a stochastic differential equation from your own data: pairs of states before and after a time (columns z0_NAME, and z1_NAME or dz_NAME, dt, perhaps K, snapshot, A_NAME, Q_NAME_NAME, patch_NAME), or trajectories (t, one column a variable, perhaps run).",
  files: { name: "file", meaning: ".csv with a header, .npy or .npz; several are read one under the other" },
  parameters,
  check(p) {
    for (const [option, text] of Object.entries({ variables: p.variables, conditions: p.conditions, odd: p.odd })) {
      const names = namesOf(text);
      if (names.some((name) => name === "")) throw new InputError(`--${option} ${text} has an empty name`);
      if (new Set(names).size < names.length) throw new InputError(`--${option} ${text} names a column twice`);
    }
  },
};
