// What vacancies see where partial evolutions start, beside small lattices in direct simulation: their escape rates and barriers. A vacancy at a
// random site is not where it would be: its first jumps, and so short-time drift and diffusion, are not representative.
import { average, meanWithError } from "../../analysis/mean.ts";
import { ensembleMoments } from "../../analysis/trajectory-error.ts";
import { wasserstein } from "../../analysis/wasserstein.ts";
import type { Gpu } from "../../gpu/device.ts";
import { concatenate } from "../../method/concatenate.ts";
import { pickedRows } from "../../method/rows.ts";
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import { type BarrierModel, barriersOf, blocked } from "../../systems/nbmota/barriers.ts";
import { DIRECTIONS } from "../../systems/nbmota/environment.ts";
import { environmentsOf } from "../../systems/nbmota/environments.ts";
import { ATTEMPT_RATE, BOLTZMANN } from "../../systems/nbmota/kinetics.ts";
import { PAIRS, siteCount } from "../../systems/nbmota/states.ts";
import { NbMoTa, PATCH_CELLS, TILE_COHORT } from "../../systems/nbmota.ts";
import { cycleAffinities } from "./affinity.ts";
import { type Annealed, looksOf } from "./annealing.ts";

/** Lattices of small systems that are looked at, at most. */
const LATTICES = 256;
const EIGHT = DIRECTIONS.length;
/** Vacancies where they would not be. */
export const ANYWHERE = "vacancies at random sites";

/** Barriers `[vacancies, 8]`, eV, around the vacancies of lattices of types; none is low enough to jump into another vacancy. */
async function barriersIn(gpu: Gpu, barriers: BarrierModel, types: Uint8Array, cells: number): Promise<Float32Array> {
  const around = environmentsOf(types, cells);
  return blocked(await barriersOf(gpu, barriers, around), around);
}

/** log₁₀ of Σ rates (1/s) of every eight barriers, of infinite ones too. */
function logRates(barriers: Float32Array, temperature: number): Float32Array {
  const rate = (barrier: number) => ATTEMPT_RATE * Math.exp(-barrier / (BOLTZMANN * temperature));
  return Float32Array.from({ length: barriers.length / EIGHT }, (_, v) => {
    let sum = 0;
    for (let d = 0; d < EIGHT; d++) sum += rate(barriers[EIGHT * v + d]);
    return Math.log10(sum);
  });
}

/** What the vacancies of some lattices see. */
export interface Surroundings {
  readonly name: string;
  /** Mean of log₁₀ of the escape rate in 1/s, and its standard error over small lattices, whose looks count together. */
  readonly rate: number;
  readonly error: number;
  /**
   * Its difference from the small lattices that they were made of, and the standard error of that, lattice by lattice. Lattices of tiles share small
   * ones: theirs is a lower bound.
   */
  readonly shift: number;
  readonly shiftError: number;
  /** Wasserstein distance of its law from that of the small lattices, and that of two halves of these over √2; decades. */
  readonly distance: number;
  readonly floor: number;
  /** Mean order parameters of the lattices, `[6]`, and of the small ones that they were made of. */
  readonly order: Float64Array;
  readonly sameOrder: Float64Array;
  /** How many lattices the errors are of. */
  readonly lattices: number;
  /** All barriers, eV. */
  readonly barriers: Float32Array;
}

/** What is checked at one temperature. */
export interface SurroundingsCheck {
  readonly temperature: number;
  readonly kinds: readonly Surroundings[];
  /** Of closed loops, eV. */
  readonly affinities: Float64Array;
}

/** Of lattices of one temperature: as they are, made large in both ways to the side `cells`, and with their vacancies put anywhere. */
export async function checkSurroundings(
  gpu: Gpu,
  barriers: BarrierModel,
  stage: Annealed,
  cells: number,
  seed: number,
): Promise<SurroundingsCheck> {
  const { temperature, replicas, words } = stage;
  const all = looksOf(stage) * replicas;
  const perState = words.length / all;
  // Whole cohorts of tiles.
  const count = Math.min(LATTICES, all - (all % TILE_COHORT));
  const some = words.subarray(words.length - count * perState);
  const system = (upsampling: "supercell" | "tiles") =>
    new NbMoTa(gpu, { temperature, barriers, coordinates: "six", upsampling });
  const small = await system("supercell").unpack(some, PATCH_CELLS);
  const sites = siteCount(PATCH_CELLS);
  const types = await system("supercell").types(small);
  const lattices = Array.from({ length: count }, (_, k) => types.subarray(k * sites, (k + 1) * sites));
  const rng = Xoshiro.open(stream(seed, `check/T${temperature}`), 0, 0);
  const own = await barriersIn(gpu, barriers, types, PATCH_CELLS);
  const truth = logRates(own, temperature);
  const orders = await system("supercell").observe(small);
  const every = Uint32Array.from({ length: count }, (_, k) => k);
  // State k is one of this lattice, at some look.
  const latticeOf = (k: number) => (all - count + k) % replicas;
  const halves = [0, 1].map((half) => truth.filter((_, k) => latticeOf(k) % 2 === half));
  const floor = wasserstein({ values: halves[0] }, { values: halves[1] }) / Math.SQRT2;
  const usual = meanWithError([...meansBy(truth, latticeOf).values()]);
  /**
   * `same`: the states that the vacancies are of, which they are compared with; of vacancies and of these, `group` is that of the vacancy, or
   * state, at this place of the list.
   */
  const kindOf = (
    name: string,
    found: { readonly barriers: Float32Array; readonly order: Float64Array; group(vacancy: number): number },
    same: Uint32Array,
    sameGroup: (place: number) => number,
  ): Surroundings => {
    const rates = logRates(found.barriers, temperature);
    const usualRates = pickedRows(truth, 1, same);
    const usualOf = meansBy(usualRates, sameGroup);
    const means = meansBy(rates, found.group);
    const shift = meanWithError([...means].map(([which, mean]) => mean - (usualOf.get(which) ?? Number.NaN)));
    return {
      name,
      rate: usual.mean + shift.mean,
      error: Math.hypot(usual.error, shift.error),
      shift: shift.mean,
      shiftError: shift.error,
      lattices: means.size,
      distance: wasserstein({ values: rates }, { values: usualRates }),
      floor,
      order: found.order,
      sameOrder: meanRow(pickedRows(orders, PAIRS.length, same)),
      barriers: found.barriers.filter(Number.isFinite),
    };
  };
  const order = meanRow(orders);
  const kinds = [kindOf("small lattices", { barriers: own, order, group: latticeOf }, every, latticeOf)];
  for (const upsampling of ["supercell", "tiles"] as const) {
    const alloy = system(upsampling);
    const which = someStates(count, replicas, cells);
    const large = await alloy.upsample(small, cells / PATCH_CELLS, stream(seed, `check/${upsampling}`), which);
    const barriersThere = await barriersIn(gpu, barriers, await alloy.types(large), cells);
    // Tiles are of all lattices of a cohort, each as often as the others: a lattice of tiles is compared with these.
    const tiles = upsampling === "tiles";
    const each = large.vacancies;
    const owner = (vacancy: number) => Math.floor(vacancy / each);
    const cohort = (k: number) => which[k] - (which[k] % TILE_COHORT);
    const found = {
      barriers: barriersThere,
      order: meanRow(await alloy.observe(large)),
      group: (vacancy: number) => (tiles ? owner(vacancy) : latticeOf(which[owner(vacancy)])),
    };
    const same = tiles
      ? Uint32Array.from(
          { length: TILE_COHORT * which.length },
          (_, at) => cohort(Math.floor(at / TILE_COHORT)) + (at % TILE_COHORT),
        )
      : which;
    const sameGroup = (at: number) => (tiles ? Math.floor(at / TILE_COHORT) : latticeOf(which[at]));
    kinds.push(kindOf(upsampling, found, same, sameGroup));
    large.destroy();
  }
  small.destroy();
  const moved = lattices.map((lattice) => {
    const copy = Uint8Array.from(lattice);
    const [from, to] = [copy.indexOf(0), rng.below(sites)];
    [copy[from], copy[to]] = [copy[to], 0];
    return copy;
  });
  const anywhere = await barriersIn(gpu, barriers, concatenate(moved), PATCH_CELLS);
  kinds.push(kindOf(ANYWHERE, { barriers: anywhere, order, group: latticeOf }, every, latticeOf));
  return { temperature, kinds, affinities: await cycleAffinities(gpu, barriers, lattices, PATCH_CELLS, rng) };
}

/** Means of the values of every group. */
function meansBy(values: Float32Array, group: (k: number) => number): Map<number, number> {
  const groups = new Map<number, number[]>();
  for (const [k, value] of values.entries()) {
    const name = group(k);
    const own = groups.get(name) ?? [];
    own.push(value);
    groups.set(name, own);
  }
  return new Map([...groups].map(([name, own]) => [name, average(own)]));
}

/**
 * Some of `count` states, ascending, fewer the larger they become: from as many looks as there are, whose lattices (`replicas` in a row, the last of
 * them last) take turns.
 */
function someStates(count: number, replicas: number, cells: number): Uint32Array {
  const wanted = Math.max(TILE_COHORT, Math.min(count, Math.floor((count * TILE_COHORT) / (cells / PATCH_CELLS) ** 3)));
  const looks = Math.floor(count / replicas);
  if (wanted >= count || looks === 0) return Uint32Array.from({ length: Math.min(wanted, count) }, (_, k) => k);
  const first = count - looks * replicas;
  const some = Math.min(wanted, looks * replicas);
  return Uint32Array.from(
    { length: some },
    (_, i) => first + Math.floor((i * looks) / some) * replicas + (i % replicas),
  ).sort();
}

/** Mean over states `[n, 6]`. */
const meanRow = (rows: Float32Array) => ensembleMoments(rows, rows.length / PAIRS.length).mean;
