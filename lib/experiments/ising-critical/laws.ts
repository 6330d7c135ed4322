// Stationary laws of the learned equations on a grid of (m, ρ), and equations at a temperature and size.
import { Matrix, solve } from "ml-matrix";
import type { Sample } from "../../analysis/distribution.ts";
import { type Critical, criticalQuantities, eachQuantity } from "../../analysis/finite-size.ts";
import { gridPoints, type PlanarGrid, type PlanarLaw, stationaryLaw } from "../../analysis/stationary-law.ts";
import { InputError } from "../../errors.ts";
import { hullOf } from "../../method/sde/hull.ts";
import type { SdeModel } from "../../method/sde/model.ts";
import { diffusionValues } from "../../method/sde/polynomial/diffusion.ts";
import { driftValues } from "../../method/sde/polynomial/drift.ts";
import { equationOfEvents } from "../../method/sde/polynomial/events.ts";
import type { Solution } from "../../method/sde/polynomial/solve.ts";
import { stateScales } from "../../method/sde/scales.ts";
import { effectsOfDensities, isPhysical } from "../../systems/ising-classes.ts";
import type { Learned } from "./training.ts";

/** An equation with both fields solved. */
export type SolvedEquation = SdeModel & Solution;

/** The equation of lattices of `side` at a temperature, from what some size has taught: drift and n σσᵀ are densities. */
export function equationAt({ events, sample }: Learned, temperature: number, side: number): SolvedEquation {
  const effects = effectsOfDensities(temperature);
  const diffusion = effects.diffusion.map((row) => row.map((x) => x / side ** 2));
  const units = stateScales(sample, 2);
  const fields = equationOfEvents(events, { drift: effects.drift, diffusion });
  return { d: 2, ...units, ...fields, hull: hullOf(sample, units) };
}

/** Even powers of m that the ridge is made of. */
const POWERS = 6;
const RIDGE_POINTS = 61;
/** How far beyond the training data grids go: a part of the largest |m|, and of the largest distance from the ridge. */
const BEYOND = { m: 0.02, rho: 0.15 };
/** Cells across, as a part of those along m. */
const ACROSS = 0.4;

/** Where ρ neither grows nor falls at m, between the lowest and highest of the data. */
export function restingRho(equation: SolvedEquation, m: number, low: number, high: number): number {
  let [a, b] = [low, high];
  for (let k = 0; k < 50; k++) {
    const middle = (a + b) / 2;
    if (driftValues(equation.drift, [m, middle])[1] > 0) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}

/** The grid about the curve where ρ rests, as wide as the training data. */
export function gridOf(equation: SolvedEquation, { reach, sample }: Learned, cells: number): PlanarGrid {
  let [low, high] = [1, 0];
  for (let k = 1; k < sample.length; k += 2) {
    low = Math.min(low, sample[k]);
    high = Math.max(high, sample[k]);
  }
  const most = Math.min(1, (1 + BEYOND.m) * reach);
  const at = Array.from({ length: RIDGE_POINTS }, (_, k) => (k / (RIDGE_POINTS - 1)) * reach);
  const powers = (m: number) => Array.from({ length: POWERS }, (_, k) => (m / most) ** (2 * k));
  const left = new Matrix(at.map(powers));
  const right = Matrix.columnVector(at.map((m) => restingRho(equation, m, low, high)));
  const c = solve(left.transpose().mmul(left), left.transpose().mmul(right)).to1DArray();
  const sum = (of: (power: number) => number) => c.reduce((all, x, k) => all + x * of(2 * k), 0);
  const ridge = (m: number) => {
    const x = m / most;
    return [
      sum((q) => x ** q),
      sum((q) => (q === 0 ? 0 : q * x ** (q - 1))) / most,
      sum((q) => (q === 0 ? 0 : q * (q - 1) * x ** (q - 2))) / most ** 2,
    ] as const;
  };
  let width = 0;
  for (let k = 0; k < sample.length; k += 2) width = Math.max(width, Math.abs(sample[k + 1] - ridge(sample[k])[0]));
  width *= 1 + BEYOND.rho;
  return {
    x: { low: -most, high: most, cells, natural: most === 1 },
    y: { low: -width, high: width, cells: Math.round(ACROSS * cells) },
    ridge,
  };
}

/** What a stationary law says. */
export interface Stationary extends Critical<number> {
  /** Correlation time of m, sweeps. */
  readonly tau: number;
  /** Probability at the edge of the grid, and of cells that came out negative. */
  readonly edge: number;
  readonly negative: number;
  /** Probability where no lattice can be. */
  readonly unphysical: number;
  /** Largest correction by the extrapolation: of ⟨|m|⟩ and χ in parts of them, of U as it is. */
  readonly grid: number;
}

/** Probability at the edge of a grid, of negative cells, or where no lattice can be, that has to be said. */
export const MOST_LOST = 0.01;
/** Correction by the coarser grid from which on the grid does not resolve a law. */
export const UNRESOLVED = 0.05;

/** Probability at the edge of a grid, and of negative cells, from which on there is no law to speak of. */
const FAILED = 0.1;

/** Whether a law may be spoken of. NaN may not. */
export const isSound = ({ edge, negative, unphysical, grid }: Stationary) =>
  edge <= FAILED && negative <= FAILED && grid <= FAILED && unphysical <= MOST_LOST;

/** Whether a law lies inside its training data, where lattices can be, and is resolved. */
export const isInside = ({ edge, negative, unphysical, grid }: Stationary) =>
  Math.max(edge, negative, unphysical) <= MOST_LOST && grid <= UNRESOLVED;

/** Coarser grid that the law is extrapolated with, as a part of the cells. */
const COARSER = 0.75;

function quantitiesOf(law: PlanarLaw, side: number, temperature: number): Critical<number> & { readonly tau: number } {
  const moments = { absM: law.mean(Math.abs), m2: law.mean((m) => m ** 2), m4: law.mean((m) => m ** 4) };
  return { ...criticalQuantities(moments, side ** 2, temperature), tau: law.correlationTime((m) => m) };
}

export function lawOn(grid: PlanarGrid, equation: SolvedEquation): PlanarLaw {
  const points = gridPoints(grid);
  return stationaryLaw(grid, driftValues(equation.drift, points), diffusionValues(equation.diffusion, points));
}

/** `stationaryOf`, or one of which nothing is known where the equation has none: a noise that is not positive, a grid that cannot be solved. */
export function lawOrNone(learned: Learned, temperature: number, side: number, cells: number): Stationary {
  try {
    return stationaryOf(learned, temperature, side, cells);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const [nothing, unknown] = [eachQuantity(() => Number.NaN), Number.NaN];
    return { ...nothing, tau: unknown, edge: unknown, negative: unknown, unphysical: unknown, grid: unknown };
  }
}

/** From the grid and a coarser one, whose errors are of second order in the width of the cells. */
export function stationaryOf(learned: Learned, temperature: number, side: number, cells: number): Stationary {
  const equation = equationAt(learned, temperature, side);
  const laws = [cells, Math.round(COARSER * cells)].map((count) => {
    const law = lawOn(gridOf(equation, learned, count), equation);
    return { law, ...quantitiesOf(law, side, temperature) };
  });
  const [fine, coarse] = laws;
  const share = 1 / ((cells / Math.round(COARSER * cells)) ** 2 - 1);
  const better = (key: "abs_m" | "chi" | "binder" | "tau") => fine[key] + share * (fine[key] - coarse[key]);
  const relative = (key: "abs_m" | "chi" | "tau") => Math.abs(better(key) / fine[key] - 1);
  return {
    abs_m: better("abs_m"),
    chi: better("chi"),
    binder: better("binder"),
    tau: better("tau"),
    edge: fine.law.edge,
    unphysical: fine.law.mean((m, rho) => (isPhysical(m, rho) ? 0 : 1)),
    negative: fine.law.negative,
    grid: Math.max(relative("abs_m"), relative("chi"), Math.abs(better("binder") - fine.binder)),
  };
}

/** Parts of a column: the ridge is not even in it. */
const PARTS = 8;

/** Laws of m and of ρ alone. */
export function marginalsOf(learned: Learned, temperature: number, side: number, cells: number): [Sample, Sample] {
  const equation = equationAt(learned, temperature, side);
  const grid = gridOf(equation, learned, cells);
  const { points, probability } = lawOn(grid, equation);
  const mass = probability.map((p) => Math.max(0, p));
  const total = mass.reduce((sum, p) => sum + p, 0);
  const [wide, high] = [grid.x, grid.y].map((axis) => (axis.high - axis.low) / axis.cells);
  const of = (list: { value: number; weight: number }[], width: number): Sample => {
    list.sort((a, b) => a.value - b.value);
    return {
      values: Float64Array.from(list, ({ value }) => value),
      weights: Float64Array.from(list, ({ weight }) => weight / total),
      width,
    };
  };
  const m = Array.from(mass, (weight, k) => ({ value: points[2 * k], weight }));
  const rho = Array.from(mass).flatMap((weight, k) => {
    const [x, y] = points.subarray(2 * k, 2 * k + 2);
    const above = y - grid.ridge(x)[0];
    return Array.from({ length: PARTS }, (_, part) => ({
      value: grid.ridge(x + wide * ((part + 0.5) / PARTS - 0.5))[0] + above,
      weight: weight / PARTS,
    }));
  });
  return [of(m, wide), of(rho, high)];
}
