// The unit of time at every temperature: rates change by twenty orders of magnitude, so that durations of simulations, and the time that the
// equation is learned in, are counted in relaxations, which are Arrhenius-like and smooth in 1/T.
import { Matrix, solve } from "ml-matrix";
import { average } from "../../analysis/mean.ts";
import { siteCount } from "../../systems/nbmota/states.ts";
import { PATCH_CELLS } from "../../systems/nbmota.ts";

/** Seconds of a unit of time, as a function of the temperature in K. */
export type Clock = (temperature: number) => number;

/** Jumps for each atom in a relaxation and in a unit of time at a temperature, over exp(6900 K/T). */
const RELAXATION = 0.43;
const UNIT = 0.1;

/** Kelvin in which inverse temperatures are of order 1; also of the condition that equations are learned with. */
const SCALE = 1000;
const ACTIVATION = 6900;
const MOST_REPEATED = 5;
/** Jumps for each atom that a unit of time has at most: below about 1,000 K states change less in it. */
const LONGEST = 120;

/** The condition of an equation at a temperature. */
export const inverseTemperature = (temperature: number) => SCALE / temperature;

/**
 * Jumps of a vacancy for each atom beside it that the order of a lattice takes to relax, about: at 1000 K lattices that come from 1200 K approach
 * their equilibrium like exp(−jumps/430); at other temperatures an Arrhenius law. Three of them leave a twentieth of the way. They are
 * several times longer than lattices take to half forget where they fluctuate (`unitJumps`): what an ordering lattice waits for is larger.
 */
export function relaxationJumps(temperature: number): number {
  return RELAXATION * Math.exp(ACTIVATION / temperature);
}

/**
 * Jumps for each atom in a unit of time, about: what δ_MoTa of a lattice near equilibrium takes to forget its fluctuations, 3 at 2000 K, 12 at
 * 1400 K, and less of that below 1,000 K. Results do not depend on it: it sets durations.
 */
export function unitJumps(temperature: number): number {
  return 1 / (1 / (UNIT * Math.exp(ACTIVATION / temperature)) + 1 / LONGEST);
}

/**
 * How often the vacancies of every state are evolved for increments, beside where a unit of time is its usual part of a relaxation: where it is a
 * smaller one, increments say less of the drift. Five times at most.
 */
export function repeatedly(temperature: number): number {
  const share = relaxationJumps(temperature) / unitJumps(temperature);
  return Math.max(1, Math.min(MOST_REPEATED, Math.round((share * UNIT) / RELAXATION)));
}

/** Jumps of the vacancy of a lattice of 8³ cells in so many units of time, at least one. */
export function jumpsOf(temperature: number, units: number): number {
  return Math.max(1, Math.round(units * unitJumps(temperature) * siteCount(PATCH_CELLS)));
}

/**
 * Order in equilibrium fades about like 1/T: T/1000 K times δ hardly depends on the temperature. The equation is learned in these variables, in
 * which it is smooth.
 */
export const orderScale = (temperature: number) => temperature / SCALE;

/**
 * From mean times of a jump (s) of some lattices at some temperatures: their logarithm as a polynomial in 1/T, of degree 2 or less, times the jumps of a unit.
 */
export function clockOf(
  measured: readonly { readonly temperature: number; readonly jumpTimes: ArrayLike<number> }[],
): Clock {
  const degree = Math.min(2, measured.length - 1);
  const powers = (temperature: number) =>
    Array.from({ length: degree + 1 }, (_, k) => inverseTemperature(temperature) ** k);
  const left = new Matrix(measured.map(({ temperature }) => powers(temperature)));
  const right = Matrix.columnVector(measured.map(({ jumpTimes }) => Math.log(average(jumpTimes))));
  const coefficients = solve(left, right, true).to1DArray();
  return (temperature) => {
    const log = powers(temperature).reduce((sum, power, k) => sum + coefficients[k] * power, 0);
    return Math.exp(log) * unitJumps(temperature) * siteCount(PATCH_CELLS);
  };
}
