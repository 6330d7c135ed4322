// What finite-size scaling is made of: moments of the magnetization of a lattice of L × L spins, and its susceptibility and Binder cumulant with
// jackknife errors (K. Binder, Z. Phys. B 43, 119 (1981); paper, section 3.4).
import { Matrix, solve } from "ml-matrix";
import { InputError } from "../errors.ts";
import { average, jackknifeError } from "./mean.ts";

/** Means of |m|, m² and m⁴. */
export interface MagnetizationMoments {
  readonly absM: number;
  readonly m2: number;
  readonly m4: number;
}

export const CRITICAL_QUANTITIES = ["abs_m", "chi", "binder"] as const;
export type CriticalQuantity = (typeof CRITICAL_QUANTITIES)[number];
export type Critical<T> = { readonly [quantity in CriticalQuantity]: T };

/** The same of each quantity. */
export const eachQuantity = <T>(of: (quantity: CriticalQuantity) => T): Critical<T> => ({
  abs_m: of("abs_m"),
  chi: of("chi"),
  binder: of("binder"),
});

export function magnetizationMoments(m: ArrayLike<number>): MagnetizationMoments {
  let [absM, m2, m4] = [0, 0, 0];
  for (let k = 0; k < m.length; k++) {
    absM += Math.abs(m[k]);
    m2 += m[k] ** 2;
    m4 += m[k] ** 4;
  }
  return { absM: absM / m.length, m2: m2 / m.length, m4: m4 / m.length };
}

/** ⟨|m|⟩, χ = n (⟨m²⟩ − ⟨|m|⟩²)/T of n sites, and the Binder cumulant U = 1 − ⟨m⁴⟩/(3 ⟨m²⟩²). */
export function criticalQuantities(
  { absM, m2, m4 }: MagnetizationMoments,
  sites: number,
  temperature: number,
): Critical<number> {
  return { abs_m: absM, chi: (sites * (m2 - absM ** 2)) / temperature, binder: 1 - m4 / (3 * m2 ** 2) };
}

/** A number with its standard error. */
export interface Uncertain {
  readonly value: number;
  readonly error: number;
  /** Independent parts that the error is from, where they are few. */
  readonly count?: number;
}

/**
 * The quantities of samples that are independent of each other and of equal size, with jackknife errors: the bias of order one over the number of
 * samples is taken off. Throws InputError for fewer than two samples.
 */
export function jackknifed(
  samples: readonly MagnetizationMoments[],
  sites: number,
  temperature: number,
): Critical<Uncertain> {
  const count = samples.length;
  if (count < 2) throw new InputError(`${count} independent sample(s) tell no error: at least 2 are needed`);
  const total = samples.reduce((all, one) => ({
    absM: all.absM + one.absM,
    m2: all.m2 + one.m2,
    m4: all.m4 + one.m4,
  }));
  const without = (one: MagnetizationMoments | null) => {
    const left = one ? count - 1 : count;
    const mean = (key: keyof MagnetizationMoments) => (total[key] - (one?.[key] ?? 0)) / left;
    return criticalQuantities({ absM: mean("absM"), m2: mean("m2"), m4: mean("m4") }, sites, temperature);
  };
  const all = without(null);
  const others = samples.map(without);
  return eachQuantity((key) => ({
    value: count * all[key] - (count - 1) * average(others.map((one) => one[key])),
    error: jackknifeError(count, (left) => others[left][key]),
  }));
}

/** Coefficients of the polynomial of a degree in x − origin that is nearest to points, by least squares. Throws InputError for too few points. */
function polynomial(x: readonly number[], y: readonly number[], degree: number, origin: number): number[] {
  if (x.length <= degree) throw new InputError(`${x.length} points do not determine a polynomial of degree ${degree}`);
  const scale = Math.max(...x.map((value) => Math.abs(value - origin))) || 1;
  const powers = (value: number) => Array.from({ length: degree + 1 }, (_, k) => ((value - origin) / scale) ** k);
  const left = new Matrix(x.map(powers));
  const c = solve(left.transpose().mmul(left), left.transpose().mmul(Matrix.columnVector([...y]))).to1DArray();
  return c.map((value, k) => value / scale ** k);
}

/** Slope of ln y against ln x by least squares (the paper's fit of exponents). Throws InputError for numbers that are not positive. */
export function powerLaw(x: readonly number[], y: readonly number[]): number {
  const bad = [...x, ...y].find((value) => !(value > 0));
  if (bad !== undefined) throw new InputError(`${bad} is not positive: it has no place on a logarithmic scale`);
  return polynomial(x.map(Math.log), y.map(Math.log), 1, Math.log(x[0]))[1];
}

/** A quantity of one size at several temperatures. */
export interface SizeCurve {
  readonly side: number;
  readonly temperatures: readonly number[];
  readonly values: readonly number[];
}

/** Degree of the polynomial through so many temperatures: cubic, less where they are few, so that one is left over at least (paper: linear or cubic). */
const degreeOf = (temperatures: number) => Math.max(1, Math.min(3, temperatures - 2));

/** dU/dT at a temperature, from the polynomial in T. */
export function slopeAt({ temperatures, values }: SizeCurve, temperature: number): number {
  return polynomial(temperatures, values, degreeOf(temperatures.length), temperature)[1];
}

/** The temperature at which the polynomials of two sizes cross, within the temperatures and half their range beyond; NaN if they do not. */
export function crossing(a: SizeCurve, b: SizeCurve): number {
  const temperatures = [...a.temperatures, ...b.temperatures];
  const [least, most] = [Math.min(...temperatures), Math.max(...temperatures)];
  const middle = (least + most) / 2;
  const fit = ({ temperatures, values }: SizeCurve) =>
    polynomial(temperatures, values, degreeOf(temperatures.length), middle);
  const [p, q] = [fit(a), fit(b)];
  const difference = (T: number) =>
    Array.from(
      { length: Math.max(p.length, q.length) },
      (_, k) => ((p[k] ?? 0) - (q[k] ?? 0)) * (T - middle) ** k,
    ).reduce((sum, x) => sum + x, 0);
  // The crossing next to the middle.
  const reach = most - least;
  const steps = 200;
  let best = Number.NaN;
  for (let k = 0; k < steps; k++) {
    const [from, to] = [middle - reach + (2 * reach * k) / steps, middle - reach + (2 * reach * (k + 1)) / steps];
    const [f, g] = [difference(from), difference(to)];
    if (f * g > 0 || f === g) continue;
    const root = from + ((to - from) * f) / (f - g);
    if (!(Math.abs(best - middle) <= Math.abs(root - middle))) best = root;
  }
  return best;
}

/** How well curves of all sizes fall on one: y L^b against (T − T_c) L^a. */
export interface Collapse {
  /** 1/ν and what the power of the quantity is over ν. */
  readonly oneOverNu: number;
  readonly power: number;
  /** Mean-square distance from a common polynomial, over the variance. */
  readonly spread: number;
}

/** Degree of the common curve. */
const MASTER = 4;

/** Distance from a common curve of degree 4 for given exponents. */
export function collapseSpread(
  curves: readonly SizeCurve[],
  critical: number,
  oneOverNu: number,
  power: number,
): number {
  const x = curves.flatMap(({ side, temperatures }) => temperatures.map((T) => (T - critical) * side ** oneOverNu));
  const y = curves.flatMap(({ side, values }) => values.map((value) => Math.log(value * side ** power)));
  const c = polynomial(x, y, MASTER, 0);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  let [rest, all] = [0, 0];
  for (const [k, value] of y.entries()) {
    rest += (value - c.reduce((sum, term, j) => sum + term * x[k] ** j, 0)) ** 2;
    all += (value - mean) ** 2;
  }
  return rest / all;
}

/** The exponents for which curves fall together best, T_c given: a grid about a first guess, made finer about the best point. */
export function collapse(
  curves: readonly SizeCurve[],
  critical: number,
  guess: { readonly oneOverNu: number; readonly power: number },
): Collapse {
  let best = { ...guess, spread: collapseSpread(curves, critical, guess.oneOverNu, guess.power) };
  for (let width = 0.4; width > 3e-4; width /= 2) {
    const around = best;
    for (let i = -3; i <= 3; i++) {
      for (let j = -3; j <= 3; j++) {
        const oneOverNu = around.oneOverNu + (i * width) / 3;
        const power = around.power + (j * width) / 3;
        if (oneOverNu <= 0.1) continue;
        const spread = collapseSpread(curves, critical, oneOverNu, power);
        if (spread < best.spread) best = { oneOverNu, power, spread };
      }
    }
  }
  return best;
}
