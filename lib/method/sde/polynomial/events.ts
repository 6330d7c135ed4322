// Equations of systems whose events are of a few kinds, each with one rate and one effect on z: what is learned are the mean densities of the kinds
// given z, and rates come in behind. Where densities do not depend on the rates, as in equilibrium under different temperatures, an equation for
// any of them follows.

import { InputError } from "../../../errors.ts";
import type { Tensors } from "../../../io/safetensors.ts";
import { MOST_TERMS } from "./basis.ts";
import { chartOf } from "./chart.ts";
import { type PolynomialField, readPolynomial, writePolynomial } from "./field.ts";
import { normalEquations, total } from "./least-squares.ts";
import {
  basisOfAll,
  bestField,
  cohortNumbers,
  GROUPS,
  HIGHEST_DEGREE,
  type PolynomialSpec,
  pivotFloor,
  planeSlope,
  range,
  requireCohorts,
  type Solution,
  shapesOf,
} from "./solve.ts";

/** States, and densities of the events that change them, row by row. */
export interface EventRows {
  readonly d: number;
  /** `[rows, d]` */
  readonly state: Float32Array;
  /** Per site, `[rows, kinds]`. */
  readonly densities: Float32Array;
  /** Which small systems started alike, `[rows]`. */
  readonly cohort: Uint32Array;
}

/**
 * Mean densities of kinds of events given z, each one polynomial. Where all events of a kind have one rate, and change z alike, they say what
 * drift and diffusion are at any rates (`equationOfEvents`).
 */
export interface EventDensities {
  readonly field: PolynomialField;
  /** Of the least-squares planes, `[axes, kinds]`. */
  readonly slope: Float64Array;
  /** Over the rows, `[kinds]`. */
  readonly mean: Float64Array;
}

/** `odd`: variables, and `oddKinds`: kinds of events, that change sign under a symmetry of the system. Throws InputError as `solvePolynomials` does. */
export function solveEvents(
  { d, state, densities, cohort }: EventRows,
  { degree, odd = [], oddKinds }: Pick<PolynomialSpec, "degree" | "odd"> & { readonly oddKinds: readonly boolean[] },
): EventDensities {
  const kinds = oddKinds.length;
  const units = cohortNumbers(cohort);
  requireCohorts(units.cohorts, d, 0, degree);
  const condition = new Float32Array();
  const chart = chartOf(state, d, condition, odd);
  const groups = Math.min(GROUPS, units.cohorts);
  const rows = { state, condition, group: units.number.map((number) => number % groups) };
  const most = Math.min(MOST_TERMS, units.cohorts);
  const shapes = shapesOf(chart, degree > 0 ? [degree] : range(1, HIGHEST_DEGREE), [0], most);
  const basis = basisOfAll(d, 0, shapes);
  const equations = normalEquations(basis, chart, rows, groups, { values: densities, width: kinds, factor: 1 });
  const all = total(equations);
  return {
    field: bestField({ chart, cohorts: units.cohorts, basis, shapes, parity: oddKinds }, equations),
    slope: planeSlope(all, chart, basis, oddKinds),
    mean: Float64Array.from({ length: kinds }, (_, k) => all.right[k] / all.rows),
  };
}

/**
 * The equation of z where an event of kind k moves z by `drift[k]` `[kinds][d]` per time and density in the mean, and adds `diffusion[k]`
 * `[kinds][d(d+1)/2]` to σσᵀ. Throws InputError for a noise that is not positive definite.
 */
export function equationOfEvents(
  { field, slope, mean }: EventDensities,
  effects: { readonly drift: readonly (readonly number[])[]; readonly diffusion: readonly (readonly number[])[] },
): Solution {
  const combined = (values: Float64Array, of: readonly (readonly number[])[]) => {
    const [kinds, width] = [of.length, of[0].length];
    const out = new Float64Array((values.length / kinds) * width);
    for (let at = 0; at < out.length; at++) {
      const [row, j] = [Math.floor(at / width), at % width];
      for (let k = 0; k < kinds; k++) out[at] += values[row * kinds + k] * of[k][j];
    }
    return out;
  };
  const part = (of: readonly (readonly number[])[]): PolynomialField => ({
    ...field,
    width: of[0].length,
    coefficients: combined(field.coefficients, of),
    replicates: combined(field.replicates, of),
  });
  const { d } = field.chart;
  const noise = combined(mean, effects.diffusion);
  return {
    drift: { ...part(effects.drift), slope: combined(slope, effects.drift) },
    diffusion: { ...part(effects.diffusion), floor: pivotFloor({ right: noise, rows: 1, width: noise.length }, d) },
  };
}

/** The arrays of densities, and the rest as JSON. */
export function writeEvents({ field, slope, mean }: EventDensities): { head: object; tensors: Tensors } {
  const { head, tensors } = writePolynomial(field);
  const tensor = (data: Float64Array) => ({ shape: [data.length], data });
  return { head, tensors: { ...tensors, slope: tensor(slope), mean: tensor(mean) } };
}

/** The inverse, for densities of `kinds` events in d variables. Throws InputError for what is missing or does not fit. */
export function readEvents(head: object, tensors: Tensors, d: number, kinds: number): EventDensities {
  const numbers = (name: string, length: number) => {
    const data = tensors[name]?.data;
    if (!(data instanceof Float64Array && data.length === length))
      throw new InputError(`the file of event densities lacks ${name}`);
    return data;
  };
  return {
    field: readPolynomial(head, tensors, d, kinds),
    slope: numbers("slope", d * kinds),
    mean: numbers("mean", kinds),
  };
}
