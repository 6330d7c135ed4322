// How long LocalRelax has to be: drifts of upsampled lattices beside those of true ones of the same observables, from lattices of four patches
// a side at most, as much smaller than the one that is predicted as that allows.
import type { Gpu } from "../../gpu/device.ts";
import { driftBias } from "../../method/drift-bias.ts";
import { type Regression, regression } from "../../method/pairs.ts";
import { pickedRows } from "../../method/rows.ts";
import { solveSde } from "../../method/sde/fit.ts";
import {
  madeOf,
  makePairs,
  quadraticTimes,
  type Snapshots,
  smallTrajectories,
  someSnapshots,
} from "../../method/snapshots.ts";
import { oddVariables } from "../../run/training-parameters.ts";
import { COHORT } from "../../systems/ising.ts";
import { type IsingOptions, isLearned } from "./parameters.ts";
import { isingSystem, relaxTimeOf } from "./plan.ts";

const TRAJECTORIES = 256 * COHORT;
const RECORDS = 16;
/** One of every cohort and age: those of one cohort have tiles in common. */
const SNAPSHOTS = (TRAJECTORIES / COHORT) * RECORDS;
const TILES = 4;
/** Lattices of so many cohorts in a row that have the same age are alike. */
const COHORTS_ALIKE = 16;
/** Parts and multiples of the run's own time that are tried. */
const FACTORS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4];

/** Biases of the drift (`driftBias`) of m, ρ and the closure's variables. */
export interface RelaxStudy {
  readonly patch: number;
  readonly side: number;
  readonly symbols: readonly string[];
  readonly times: readonly number[];
  /** `[times][variables]`, and of other true lattices `[variables]`. */
  readonly biases: readonly (readonly number[])[];
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
  const system = isingSystem(gpu, p, { patch, closure, boundary: "halo" });
  const { observables } = system;
  const ageTimes = quadraticTimes(RECORDS, p.age);
  const small = (smallSide: number, own: number) =>
    smallTrajectories(system, { trajectories: TRAJECTORIES, times: ageTimes, smallSide, seed: own });
  const made = async (all: Snapshots, longest: number, own: number) => {
    const snapshots = someSnapshots(system, all, SNAPSHOTS);
    const relaxTime = (age: number) => relaxTimeOf(longest, age);
    const [pairs] = await makePairs(system, snapshots, ["generator"], { side, relaxTime, seed: own });
    const ages = pickedRows(snapshots.age, 1, madeOf(snapshots));
    const cell = pairs.cohort.map((cohort, k) => {
      return Math.floor(cohort / COHORTS_ALIKE) * RECORDS + ageTimes.indexOf(ages[k]);
    });
    return { data: regression(pairs, "compensator"), cell };
  };
  const truth = await made(await small(side, seed), 0, seed);
  const model = solveSde(truth.data, { kind: "polynomial", degree: 0, odd: oddVariables({ observables }, p.h) });
  const biasOf = ({ data, cell }: { data: Regression; cell: Uint32Array }) => driftBias(gpu, model, data, cell);
  const times = FACTORS.map((factor) => factor * p.relaxTime);
  const tiles = await small(patch, seed + 1);
  const biases: number[][] = [];
  for (const time of times) biases.push(await biasOf(await made(tiles, time, seed + 1)));
  const ofTrue = await biasOf(await made(await small(side, seed + 2), 0, seed + 2));
  return { patch, side, symbols: observables.map(({ symbol }) => symbol), times, biases, ofTrue };
}
