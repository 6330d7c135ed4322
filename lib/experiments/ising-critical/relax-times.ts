// How long LocalRelax has to be, from small lattices alone: lattices of the patch's side that are made of lattices half as large, relaxed in
// patches half as large, beside true ones of that side. At equal (m, ρ) they must have the same structure, and teach the same stationary law.
import { type Critical, eachQuantity } from "../../analysis/finite-size.ts";
import { meanWithError } from "../../analysis/mean.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Format, flatTensors } from "../../io/format.ts";
import { prefixed, unprefixed } from "../../io/safetensors.ts";
import { concatenate } from "../../method/concatenate.ts";
import { type EventRows, solveEvents } from "../../method/sde/polynomial/events.ts";
import { type PolynomialField, polynomialValues } from "../../method/sde/polynomial/field.ts";
import type { Run } from "../../run/run-folder.ts";
import { STRUCTURES, structuresOfClasses } from "../../systems/ising-classes.ts";
import { type Stationary, stationaryOf } from "./laws.ts";
import { type CriticalOptions, latticesOf } from "./parameters.ts";
import { cohortsOf, countedLattices, LEARNED, type Learned, learnedFrom } from "./training.ts";

/** Times that are tried, as parts and multiples of the run's own. */
const FACTORS = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2];
/** Looks at the structure: one lattice says little more at the next. */
const LOOKS = 4;

/** A deviation at equal (m, ρ) in units of the spread that lattices have there, with its standard error. */
export interface Deviation {
  readonly mean: number;
  readonly error: number;
}

export interface RelaxTimes {
  readonly side: number;
  readonly times: readonly number[];
  /** Of each structure (`STRUCTURES`), by time. */
  readonly structures: readonly (readonly Deviation[])[];
  /** Quantities at the temperature of the scaling that lattices relaxed for each time teach, and true ones. */
  readonly laws: readonly Stationary[];
  readonly truth: Stationary;
}

/** null where half a patch is none, or nothing is relaxed. */
export async function studyRelaxTimes(
  run: Run,
  gpu: Gpu,
  p: CriticalOptions,
  truth: Learned,
  seed: number,
): Promise<RelaxTimes | null> {
  const patch = p.patch / 2;
  if (patch % 2 !== 0 || patch < 4 || p.relaxTime === 0) return null;
  const lawOf = (learned: Learned) => stationaryOf(learned, p.T, p.patch, p.cells);
  const times = FACTORS.map((factor) => factor * p.relaxTime);
  const known = await run.phase("learn", () => seenLattices(gpu, { ...p, looks: LOOKS }, seed));
  const expected = solveEvents(known.rows, { degree: p.degree, odd: [0], oddKinds: STRUCTURES.map(() => false) });
  // Of the true lattices: the spread, and how well it is known where their means lie.
  const own = residuals(expected.field, known.rows);
  const laws: Stationary[] = [];
  const structures: Deviation[][] = [];
  for (const [k, relaxTime] of times.entries()) {
    const halved = { ...p, patch, relaxTime };
    const made = await run.phase("learn", () =>
      run.keep(`relax-times/${k}`, MADE, async () => {
        const { counted, rows } = await seenLattices(gpu, halved, seed, p.patch);
        return { learned: learnedFrom(counted, p.degree), rows };
      }),
    );
    laws.push(lawOf(made.learned));
    structures.push(
      residuals(expected.field, made.rows).map(({ mean, error }, j) => ({
        mean: mean / Math.sqrt(own[j].square),
        error: Math.hypot(error, own[j].error) / Math.sqrt(own[j].square),
      })),
    );
  }
  return { side: p.patch, times, structures, laws, truth: lawOf(truth) };
}

/** (m, ρ) and structures, as if these were densities of events. */
const WIDTH = 2 + STRUCTURES.length;

/** Lattices of a side, those of the patch as they are: how many spins of each class they have, and their structures. */
async function seenLattices(gpu: Gpu, p: CriticalOptions, seed: number, side = p.patch) {
  const looks = Math.min(LOOKS, p.looks);
  const parts: Float32Array[][] = Array.from({ length: looks }, () => []);
  const counted = await countedLattices(gpu, p, side, seed, {
    closure: "features",
    also: async ({ system, large, classes, look }) => {
      if (look >= looks) return;
      const observed = await system.observe(large);
      const structures = structuresOfClasses(classes, observed, side ** 2);
      const rows = Float32Array.from({ length: large.count * WIDTH }, (_, k) => {
        const [row, j] = [Math.floor(k / WIDTH), k % WIDTH];
        return j < 2 ? observed[4 * row + j] : structures[STRUCTURES.length * row + j - 2];
      });
      parts[look].push(rows);
    },
  });
  return { counted, rows: rowsOf(concatenate(parts.flat()), cohortsOf(looks, latticesOf(p, side))) };
}

const rowsOf = (all: Float32Array, cohort: Uint32Array): EventRows => ({
  d: 2,
  state: all.filter((_, k) => k % WIDTH < 2),
  densities: all.filter((_, k) => k % WIDTH >= 2),
  cohort,
});

/** What lattices relaxed for one time teach, and their structures, as a file keeps both. */
const MADE: Format<{ learned: Learned; rows: EventRows }> = {
  write: ({ learned, rows: { state, densities, cohort } }) => {
    const { tensors, text } = LEARNED.write([learned]);
    const structures = flatTensors({ state, densities, cohort: Float32Array.from(cohort) });
    return { tensors: { ...tensors, ...prefixed("structures ", structures) }, text };
  },
  read: ({ tensors, text }) => {
    const own = unprefixed("structures ", tensors);
    const [state, densities, cohort] = ["state", "densities", "cohort"].map((name) =>
      Float32Array.from(own[name].data),
    );
    return {
      learned: LEARNED.read({ tensors, text })[0],
      rows: { d: 2, state, densities, cohort: Uint32Array.from(cohort) },
    };
  },
};

/** What structures have beyond their mean at equal (m, ρ): mean over lattices with its error over cohorts, and mean square. */
function residuals(field: PolynomialField, { state, densities, cohort }: EventRows) {
  const expected = polynomialValues(field, state, new Float32Array());
  const cohorts = cohort.reduce((most, one) => Math.max(most, one), 0) + 1;
  return STRUCTURES.map((_, j) => {
    const sums = new Float64Array(cohorts);
    let square = 0;
    for (const [row, one] of cohort.entries()) {
      const off = densities[STRUCTURES.length * row + j] - expected[STRUCTURES.length * row + j];
      sums[one] += (off * cohorts) / cohort.length;
      square += off ** 2 / cohort.length;
    }
    return { ...meanWithError(sums), square };
  });
}

/** Relative deviations of ⟨|m|⟩ and χ, and that of U. */
export const deviations = (law: Critical<number>, truth: Critical<number>): Critical<number> =>
  eachQuantity((key) => (key === "binder" ? law[key] - truth[key] : law[key] / truth[key] - 1));
