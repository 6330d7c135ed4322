// How long LocalRelax has to be, from small lattices alone: lattices of the patch's side that are made of lattices half as large, relaxed in
// patches half as large, beside true ones of that side. At equal (m, ρ) they must have the same structure, and teach the same stationary law.
import { type Critical, eachQuantity } from "../../analysis/finite-size.ts";
import { meanWithError } from "../../analysis/mean.ts";
import type { Gpu } from "../../gpu/device.ts";
import { concatenate } from "../../method/concatenate.ts";
import { solveEvents } from "../../method/sde/polynomial/events.ts";
import { type PolynomialField, polynomialValues } from "../../method/sde/polynomial/field.ts";
import type { Run } from "../../run/run-folder.ts";
import { COHORT, type IsingStates } from "../../systems/ising.ts";
import { STRUCTURES, structuresOfClasses } from "../../systems/ising-classes.ts";
import { type Stationary, stationaryOf } from "./laws.ts";
import { type CriticalOptions, latticesOf, temperaturesOf } from "./parameters.ts";
import { cohortsOf, type Learned, learnedSize, looksAt, teacher } from "./training.ts";

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
  const known = await run.phase("learn", () => seenStructures(gpu, p, seed));
  const expected = solveEvents(known, { degree: p.degree, odd: [0], oddKinds: STRUCTURES.map(() => false) });
  const spread = residuals(expected.field, known).map(({ square }) => Math.sqrt(square));
  const laws: Stationary[] = [];
  const structures: Deviation[][] = [];
  for (const [k, relaxTime] of times.entries()) {
    const halved = { ...p, patch, relaxTime };
    const [learned] = await learnedSize(run, gpu, halved, p.patch, seed, { name: `relax-times/${k}` });
    laws.push(lawOf(learned));
    const made = await run.phase("learn", () => seenStructures(gpu, halved, seed, p.patch));
    structures.push(
      residuals(expected.field, made).map(({ mean, error }, j) => ({
        mean: mean / spread[j],
        error: error / spread[j],
      })),
    );
  }
  return { side: p.patch, times, structures, laws, truth: lawOf(truth) };
}

/** (m, ρ) and structures of lattices of all temperatures of a side, those of the patch as they are. */
async function seenStructures(gpu: Gpu, p: CriticalOptions, seed: number, side = p.patch) {
  const count = latticesOf(p, side);
  const temperatures = temperaturesOf(p, side);
  const rows: Float32Array[] = [];
  const width = 2 + STRUCTURES.length;
  for (const temperature of temperatures) {
    const system = teacher(gpu, p, temperature, "features");
    const see = async (large: IsingStates) => {
      const [classes, observed] = [await system.classes(large), await system.observe(large)];
      const structures = structuresOfClasses(classes, observed, side ** 2);
      return Float32Array.from({ length: large.count * width }, (_, k) => {
        const [row, j] = [Math.floor(k / width), k % width];
        return j < 2 ? observed[4 * row + j] : structures[STRUCTURES.length * row + j - 2];
      });
    };
    rows.push(await looksAt(system, { ...p, looks: LOOKS }, { side, temperature, count, seed }, see));
  }
  const all = concatenate(rows);
  return {
    d: 2,
    state: all.filter((_, k) => k % width < 2),
    densities: all.filter((_, k) => k % width >= 2),
    cohort: concatenate(temperatures.map((_, k) => cohortsOf(LOOKS, count, (k * count) / COHORT))),
  };
}

/** What structures have beyond their mean at equal (m, ρ): mean over lattices with its error over cohorts, and mean square. */
function residuals(field: PolynomialField, { state, densities, cohort }: Awaited<ReturnType<typeof seenStructures>>) {
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
