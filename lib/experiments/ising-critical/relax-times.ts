// How long LocalRelax has to be, from small lattices alone: lattices of the patch's side that are made of lattices half as large, relaxed in
// patches half as large, must teach the stationary law that true lattices of that side teach.
import { type Critical, eachQuantity } from "../../analysis/finite-size.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Run } from "../../run/run-folder.ts";
import { type Stationary, stationaryOf } from "./laws.ts";
import type { CriticalOptions } from "./parameters.ts";
import { type Learned, learnedSize } from "./training.ts";

/** Times that are tried, as parts and multiples of the run's own. */
const FACTORS = [1 / 8, 1 / 4, 1 / 2, 1, 2];

export interface RelaxTimes {
  readonly side: number;
  readonly times: readonly number[];
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
  const laws: Stationary[] = [];
  for (const [k, relaxTime] of times.entries()) {
    const name = `relax-times/${k}`;
    const [learned] = await learnedSize(run, gpu, { ...p, patch, relaxTime }, p.patch, seed, { name });
    laws.push(lawOf(learned));
  }
  return { side: p.patch, times, laws, truth: lawOf(truth) };
}

/** Relative deviations of ⟨|m|⟩ and χ, and that of U. */
export const deviations = (law: Critical<number>, truth: Critical<number>): Critical<number> =>
  eachQuantity((key) => (key === "binder" ? law[key] - truth[key] : law[key] / truth[key] - 1));
