// How long LocalRelax has to be: drifts of upsampled lattices beside those of true ones of the same observables, from lattices of four patches
// a side at most, as much smaller than the one that is predicted as that allows.
import type { Gpu } from "../../gpu/device.ts";
import { conditionalDistance } from "../../method/conditional-law.ts";
import { type Regression, regression } from "../../method/pairs.ts";
import { pickedRows } from "../../method/rows.ts";
import { solveSde } from "../../method/sde/fit.ts";
import { makePairs, quadraticTimes, smallTrajectories, someSnapshots } from "../../method/snapshots.ts";
import { oddVariables } from "../../run/training-parameters.ts";
import { COHORT } from "../../systems/ising.ts";
import { type IsingOptions, isLearned } from "./parameters.ts";
import { isingSystem, relaxTimeOf } from "./plan.ts";

const TRAJECTORIES = 256 * COHORT;
const SNAPSHOTS = 8192;
const RECORDS = 16;
const TILES = 4;
/** Lattices of so many cohorts in a row that have the same age are alike. */
const COHORTS_ALIKE = 16;
/** Parts and multiples of the run's own time that are tried. */
const FACTORS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4];

/** Distances (`conditionalDistance`) of m, ρ and the closure's variables. */
export interface RelaxStudy {
  readonly patch: number;
  readonly side: number;
  readonly symbols: readonly string[];
  readonly times: readonly number[];
  /** `[times][variables]`, and of other true lattices `[variables]`. */
  readonly distances: readonly (readonly number[])[];
  readonly ofTrue: readonly number[];
}

/**
 * From the patches of the study, by the generator, between frozen neighbours, with the closure of the run (blocks where that is learned).
 * null where the patch is the lattice, or nothing is relaxed.
 */
export async function studyRelaxTimes(gpu: Gpu, p: IsingOptions, seed: number): Promise<RelaxStudy | null> {
  const { studyPatch: patch } = p;
  const side = Math.min(p.learnSide || p.L, TILES * patch);
  if (side === patch || p.relaxTime === 0) return null;
  const closure = isLearned(p.closure) ? "blocks" : p.closure;
  const { observables } = isingSystem(gpu, p, { patch, closure, boundary: "halo" });
  const made = async (from: number, longest: number, own: number) => {
    const system = isingSystem(gpu, p, { patch: from, closure, boundary: "halo" });
    const times = quadraticTimes(RECORDS, p.age);
    const small = await smallTrajectories(system, { trajectories: TRAJECTORIES, times, seed: own });
    const snapshots = someSnapshots(system, small, SNAPSHOTS);
    const relaxTime = (age: number) => relaxTimeOf(longest, age);
    const [pairs] = await makePairs(system, snapshots, ["generator"], { side, relaxTime, seed: own });
    const ages = snapshots.made ? pickedRows(snapshots.age, 1, snapshots.made) : snapshots.age;
    const cell = pairs.cohort.map((cohort, k) => {
      return Math.floor(cohort / COHORTS_ALIKE) * RECORDS + times.indexOf(ages[k]);
    });
    return { data: regression(pairs, "compensator"), cell };
  };
  const truth = await made(side, 0, seed);
  const model = solveSde(truth.data, { kind: "polynomial", degree: 0, odd: oddVariables({ observables }, p.h) });
  const distance = ({ data, cell }: { data: Regression; cell: Uint32Array }) =>
    conditionalDistance(gpu, model, data, cell);
  const times = FACTORS.map((factor) => factor * p.relaxTime);
  const distances: number[][] = [];
  for (const time of times) distances.push(await distance(await made(patch, time, seed + 1)));
  const ofTrue = await distance(await made(side, 0, seed + 2));
  return { patch, side, symbols: observables.map(({ symbol }) => symbol), times, distances, ofTrue };
}
