// The unit of time at every temperature: rates change by twenty orders of magnitude, so that the equation is learned in the time of a
// relaxation, which is Arrhenius-like and smooth in 1/T.
import { Matrix, solve } from "ml-matrix";
import { siteCount } from "../../systems/nbmota/states.ts";
import { relaxationJumps } from "./annealing.ts";

/** Seconds of a unit of time, as a function of the temperature in K. */
export type Clock = (temperature: number) => number;

/** Kelvin in which inverse temperatures are of order 1; also of the condition that equations are learned with. */
const SCALE = 1000;

/** The condition of an equation at a temperature. */
export const inverseTemperature = (temperature: number) => SCALE / temperature;

/**
 * From mean times of a jump (s) at some temperatures: their logarithm as a polynomial in 1/T, of degree 2 or less, times the jumps of a relaxation.
 */
export function clockOf(measured: readonly { readonly temperature: number; readonly jumpTime: number }[]): Clock {
  const degree = Math.min(2, measured.length - 1);
  const powers = (temperature: number) =>
    Array.from({ length: degree + 1 }, (_, k) => inverseTemperature(temperature) ** k);
  const left = new Matrix(measured.map(({ temperature }) => powers(temperature)));
  const right = Matrix.columnVector(measured.map(({ jumpTime }) => Math.log(jumpTime)));
  const coefficients = solve(left, right, true).to1DArray();
  return (temperature) => {
    const log = powers(temperature).reduce((sum, power, k) => sum + coefficients[k] * power, 0);
    return Math.exp(log) * relaxationJumps(temperature) * siteCount(8);
  };
}
