// Drift and diffusion as polynomials, by linear solves: least squares of A/δt (or Δ/δt) for f, and of Q/(λ δt) for σσᵀ, or of the products
// of the residuals of f where Q is not known. Degree and ridge by cross-validation over cohorts, whole degrees at a time. Rows of one
// cohort stay together in every fold and every group of the jackknife: they are not independent.
import { InputError } from "../../../errors.ts";
import { lambdaOf, type Regression, rowScales, timeOf } from "../../pairs.ts";
import { pickedRows } from "../../rows.ts";
import { conditionCount } from "../conditions.ts";
import { type Basis, basisOf, MOST_TERMS, termCount, termsWithin } from "./basis.ts";
import { type Chart, chartOf } from "./chart.ts";
import { choleskyInto, type PolynomialDiffusion } from "./diffusion.ts";
import { leadingBack, type PolynomialDrift } from "./drift.ts";
import { type Choice, type DegreeScore, type PolynomialField, polynomialValues } from "./field.ts";
import {
  type Block,
  conditionNumber,
  type NormalEquations,
  normalEquations,
  solve,
  squaredResiduals,
  total,
} from "./least-squares.ts";

export interface PolynomialSpec {
  readonly kind: "polynomial";
  /**
   * Total degree of f in z; 0: by cross-validation over all that have no more terms than there are cohorts. That of σσᵀ is always found so, up
   * to the degrees that f is tried with, of 35 terms at most.
   */
  readonly degree: number;
  /**
   * Total degree in the conditions, if there are any, which every term of z is multiplied with; 0 or none: by cross-validation up to 3. Lower
   * where cohorts or values of a condition are few.
   */
  readonly conditionDegree?: number;
  /**
   * Which degree cross-validation takes; `none`, the default: the best. `terms`: they have to be worth it, ln(n)/n each on the logarithm of the held-out residual, n
   * independent rows, as in the criterion of G. Schwarz, Ann. Statist. 6, 461 (1978); where noise is all but everything, the best is one of many alike.
   * `alike`: the fewest terms whose held-out residual is at most 1 % larger than that of the best, for equations that are to be read and whose data are not all but noise.
   */
  readonly sparing?: "none" | "terms" | "alike";
  /** Indices of variables that a symmetry of the system changes the sign of: f and σσᵀ get the parity that it demands. */
  readonly odd?: readonly number[];
}

/** Parts of the cohorts that are held out in turn. */
export const FOLDS = 8;
/** Groups of cohorts of the jackknife, at most. */
export const GROUPS = 32;
export const HIGHEST_DEGREE = 10;
/** In the conditions. */
const HIGHEST_CONDITION_DEGREE = 3;
/** Terms of each entry of σσᵀ, at most: there are d(d+1)/2 of them, and they are smoother than f. */
const DIFFUSION_TERMS = 35;
/** Terms of f that are tried at first where each has its price. */
const FEW_TERMS = 35;
/** Least pivot of σσᵀ, in units of that of its mean over the data. */
const FLOOR = 1e-3;
/** Penalties of the squared coefficients of degree 2 and more in z, in units of the mean square of y over that of a term. */
const RIDGES = [1e-9, 1e-6, 1e-5, 1e-4, 1e-3];
/** Part by which held-out residuals may be larger where the fewest terms are asked for. */
const ALIKE = 0.01;
/** Square of the rounding of data, in units of their mean square: what is known better than that tells nothing about degrees. */
const ROUNDING = 1e-12;
/** Of constant and linear terms: only against rounding. */
export const LEAST_RIDGE = 1e-12;

/** Both fields of a regression. */
export interface Solution {
  readonly drift: PolynomialDrift;
  readonly diffusion: PolynomialDiffusion;
}

/**
 * Throws InputError for fewer cohorts than folds, a degree with more terms than cohorts, variables without spread, and a noise
 * whose covariance is not positive definite whatever the degree.
 */
export function solvePolynomials(data: Regression, spec: PolynomialSpec): Solution {
  const { d, state, change, condition, variation, time, lambda, cohort } = data;
  const units = cohortNumbers(cohort);
  const { cohorts } = units;
  requireCohorts(cohorts, d, conditionCount(data), spec.degree);
  const chart = chartOf(state, d, condition, spec.odd);
  const c = chart.conditions;
  const most = Math.min(MOST_TERMS, cohorts);
  const fits = (degree: number, k: number, limit: number) => termCount(d, degree, c, k) <= limit;
  const wanted = spec.conditionDegree || HIGHEST_CONDITION_DEGREE;
  let upToCondition = c > 0 ? Math.min(wanted, leastDistinct(condition, c) - 1) : 0;
  while (upToCondition > 0 && !fits(spec.degree || 1, upToCondition, most)) upToCondition--;
  const conditionDegrees = range(spec.conditionDegree ? upToCondition : Math.min(1, upToCondition), upToCondition);
  const groups = Math.min(GROUPS, cohorts);
  const group = units.number.map((number) =>
    data.ordered ? Math.floor((number * groups) / cohorts) : number % groups,
  );
  const rows = { state, condition, group };
  const scaled = data.each ? { ...rows, scale: (p: number) => driftScale(data, p) } : rows;
  const odd = Array.from({ length: d }, (_, j) => spec.odd?.includes(j) ?? false);
  // Changes are independent given their states; compensators of one cohort are alike.
  const independent = variation ? cohorts : cohort.length;
  const price = Math.log(independent) / independent;
  const choices = { chart, cohorts, price: spec.sparing === "terms" ? price : 0, lenient: spec.sparing === "alike" };
  const degreesOf = (limit: number) =>
    shapesOf(chart, spec.degree > 0 ? [spec.degree] : range(1, HIGHEST_DEGREE), conditionDegrees, limit);
  const driftOf = (shapes: readonly Shape[]): PolynomialDrift => {
    const basis = basisOfAll(d, c, shapes);
    const changes = normalEquations(basis, chart, scaled, groups, { values: change, width: d, factor: 1 / time });
    const field = bestField({ ...choices, basis, shapes, parity: odd }, changes);
    return { ...field, slope: leadingBack(field, planeSlope(total(changes), chart, basis, odd)) };
  };
  const highestOf = (list: readonly Shape[]) => Math.max(...list.map(({ degree }) => degree));
  // Where terms have their price, many of them are tried only if some were worth it.
  let shapes = degreesOf(spec.sparing === "terms" && spec.degree === 0 ? Math.min(most, FEW_TERMS) : most);
  if (shapes.length === 0) shapes = degreesOf(most);
  let drift = driftOf(shapes);
  const more = degreesOf(most);
  if (drift.degree === highestOf(shapes) && highestOf(more) > drift.degree) {
    shapes = more;
    drift = driftOf(shapes);
  }
  const triangle = (d * (d + 1)) / 2;
  const target = variation
    ? { values: variation, width: triangle, factor: 1 / (lambda * time) }
    : { values: residualProducts(data, drift), width: triangle, factor: 1 };
  const smooth = shapesOf(chart, range(0, highestOf(shapes)), conditionDegrees, Math.min(DIFFUSION_TERMS, most));
  const parity = diffusionParity(odd);
  const smaller = basisOfAll(d, c, smooth);
  const known = data.each && variation ? { ...rows, scale: (p: number) => variationScale(data, p) } : rows;
  const equations = normalEquations(smaller, chart, known, groups, target);
  const floor = pivotFloor(total(equations), d);
  const diffusion = bestField({ ...choices, basis: smaller, shapes: smooth, parity }, equations);
  return { drift, diffusion: { ...diffusion, floor } };
}

/** Which entries of the upper triangle of σσᵀ change sign with the odd variables. */
export const diffusionParity = (odd: readonly boolean[]) =>
  odd.flatMap((one, j) => odd.slice(j).map((other) => one !== other));

/** Rows of other durations and λ beside each other: least squares with the weights of their noise. */
function driftScale(data: Regression, row: number) {
  const { change, drift } = rowScales(data, row);
  return { terms: drift, target: change };
}

/** The same for variations, which are proportional to both. */
const variationScale = (data: Regression, row: number) => ({ terms: 1, target: rowScales(data, row).change ** 2 });

/** Degrees in z and in the conditions. */
interface Shape {
  readonly degree: number;
  readonly conditionDegree: number;
}

/** All pairs of degrees with no more terms than the limit. */
export function shapesOf(
  { d, conditions }: Chart,
  degrees: readonly number[],
  conditionDegrees: readonly number[],
  limit: number,
): Shape[] {
  return degrees
    .flatMap((degree) => conditionDegrees.map((conditionDegree): Shape => ({ degree, conditionDegree })))
    .filter(({ degree, conditionDegree }) => termCount(d, degree, conditions, conditionDegree) <= limit);
}

/** A basis that has the terms of all these shapes, and perhaps more. */
export function basisOfAll(variables: number, conditions: number, shapes: readonly Shape[]): Basis {
  const most = (key: keyof Shape) => Math.max(...shapes.map((shape) => shape[key]));
  return basisOf(variables, most("degree"), conditions, most("conditionDegree"), Number.POSITIVE_INFINITY);
}

/** Least number of values that one of c conditions has: with so many, polynomials of a lower degree are determined. */
function leastDistinct(condition: ArrayLike<number>, c: number): number {
  const values = Array.from({ length: c }, () => new Set<number>());
  for (let at = 0; at < condition.length; at++) values[at % c].add(condition[at]);
  return Math.min(...values.map(({ size }) => size));
}

/** Throws InputError for fewer cohorts than folds, or than a degree (0: any) has terms in so many variables and conditions, or for too many terms. */
export function requireCohorts(cohorts: number, variables: number, conditions: number, degree: number): void {
  if (cohorts < FOLDS) {
    const few = cohorts === 1 ? "1 cohort of training data is" : `${cohorts} cohorts of training data are`;
    throw new InputError(`${few} fewer than the ${FOLDS} folds of cross-validation: simulate more small systems`);
  }
  // A plane at least.
  const least = Math.max(1, degree);
  const terms = termCount(variables, least, conditions, 1);
  if (terms > Math.min(MOST_TERMS, cohorts)) {
    const limit =
      terms > MOST_TERMS ? `the ${MOST_TERMS} that are possible` : `the ${cohorts} cohorts of training data`;
    const also = conditions > 0 ? ` and ${conditions} condition${conditions > 1 ? "s" : ""}` : "";
    throw new InputError(
      `degree ${least} has ${terms} terms in ${variables} variables${also}, more than ${limit}: ${least > 1 ? "use a lower degree" : "simulate more small systems"}`,
    );
  }
}

/** Cohorts numbered 0, 1, … in ascending order. */
export function cohortNumbers(cohort: Uint32Array): { cohorts: number; number: Uint32Array } {
  const distinct = [...new Set(cohort)].sort((a, b) => a - b);
  const index = new Map(distinct.map((name, k) => [name, k]));
  return { cohorts: distinct.length, number: cohort.map((name) => index.get(name) ?? 0) };
}

export const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, k) => first + k);

/** What a field is chosen among. */
interface Choices {
  readonly chart: Chart;
  /** That of the equations, with all terms of the shapes. */
  readonly basis: Basis;
  readonly shapes: readonly Shape[];
  /** Which components change sign with the odd variables. */
  readonly parity: readonly boolean[];
  readonly cohorts: number;
  /** Of a term, on the score. */
  readonly price?: number;
  /** Whether the fewest terms that do as well but for `ALIKE` are taken. */
  readonly lenient?: boolean;
}

/** The best of the degrees, solved, and solved again without each group. */
export function bestField(choices: Choices, groups: readonly NormalEquations[]): PolynomialField {
  const { chart, basis, shapes, parity, cohorts, price = 0, lenient = false } = choices;
  const { d } = chart;
  const q = basis.variables;
  const [{ width }] = groups;
  const all = total(groups);
  const folds = range(0, FOLDS - 1).map((f) => total(groups.filter((_, g) => g % FOLDS === f)));
  const others = folds.map((fold) => total([fold], -1, all));
  const penalty = (ridge: number) =>
    Float64Array.from({ length: basis.terms }, (_, t) => {
      // Of z alone: how linear terms depend on the conditions is not for the ridge to flatten.
      const order = basis.exponents.subarray(t * q, t * q + d).reduce((sum, k) => sum + k, 0);
      return order > 1 ? Math.max(ridge, LEAST_RIDGE) : LEAST_RIDGE;
    });
  // Components that never change tell nothing about degrees.
  const varies = range(0, width - 1).filter((j) => {
    const mean = all.right[j] / all.rows;
    return all.square[j] / all.rows - mean ** 2 > ROUNDING * mean ** 2;
  });
  const candidates = shapes.flatMap(({ degree, conditionDegree }) => {
    const terms = termsWithin(basis, d, degree, conditionDegree);
    const blocks = blocksOf(chart, basis, terms, parity);
    return (degree > 1 ? RIDGES : [LEAST_RIDGE]).map((ridge) => {
      const weights = penalty(ridge);
      const heldOut = folds.map((fold, f) => squaredResiduals(fold, solve(others[f], blocks, weights)));
      // Per fold and component, relative to the whole later.
      const mean = range(0, width - 1).map((j) => {
        const held = heldOut.reduce((sum, one) => sum + one[j], 0);
        return Math.max(held, ROUNDING * all.square[j]) / all.rows;
      });
      return { degree, conditionDegree, terms, blocks, weights, ridge, mean, heldOut };
    });
  });
  const score = ({ mean }: (typeof candidates)[number]) =>
    varies.reduce((sum, j) => sum + Math.log(mean[j]), 0) / Math.max(1, varies.length);
  const bestOf = (list: typeof candidates, by = score) => list.reduce((a, b) => (by(b) < by(a) - 1e-12 ? b : a));
  const best = bestOf(candidates);
  const contenders = [...new Set(shapes.map(({ degree }) => degree))].map((degree) =>
    bestOf(candidates.filter((one) => one.degree === degree)),
  );
  const curve = contenders.map((one): DegreeScore => {
    // Fold by fold, to first order in the difference of the residuals.
    const differences = one.heldOut.map((held, f) =>
      varies.reduce((sum, j) => sum + (held[j] - best.heldOut[f][j]) / folds[f].rows / best.mean[j], 0),
    );
    const average = differences.reduce((a, b) => a + b, 0) / FOLDS;
    const variance = differences.reduce((sum, x) => sum + (x - average) ** 2, 0) / (FOLDS - 1);
    return {
      degree: one.degree,
      conditionDegree: one.conditionDegree,
      terms: one.terms.length,
      ridge: one.ridge,
      score: Math.expm1(score(one) - score(best)),
      error: Math.sqrt(variance / FOLDS) / Math.max(1, varies.length),
    };
  });
  const alike = contenders.filter((_, k) => lenient && curve[k].score <= ALIKE);
  const fewest = alike.reduce((a, b) => (b.terms.length < a.terms.length ? b : a), best);
  const taken = price > 0 ? bestOf(candidates, (one) => score(one) + price * one.terms.length) : fewest;
  const { degree, conditionDegree, terms, blocks, weights, ridge } = taken;
  const solved = (equations: NormalEquations) =>
    pickedRows(solve(equations, blocks, weights), width, Uint32Array.from(terms));
  const coefficients = solved(all);
  const replicates = new Float64Array(groups.length * coefficients.length);
  for (const [g, one] of groups.entries()) replicates.set(solved(total([one], -1, all)), g * coefficients.length);
  const largest = blocks.reduce((a, b) => (b.terms.length > a.terms.length ? b : a));
  const choice: Choice = {
    cohorts,
    folds: FOLDS,
    ridge,
    condition: conditionNumber(all, largest.terms, weights),
    unexplained: taken.mean.map((rest, j) => (rest * all.rows) / all.square[j]),
    curve,
  };
  return { kind: "polynomial", degree, conditionDegree, width, chart, coefficients, replicates, choice };
}

/** Slope along the axes of the least-squares plane, `[axes, d]`. */
export function planeSlope(
  equations: NormalEquations,
  chart: Chart,
  basis: Basis,
  parity: readonly boolean[],
): Float64Array {
  const { width } = equations;
  // The linear terms stand in the order of the axes behind the constant.
  const terms = range(0, basis.variables);
  const plane = solve(
    equations,
    blocksOf(chart, basis, terms, parity),
    new Float64Array(basis.terms).fill(LEAST_RIDGE),
  );
  return plane.slice(width, terms.length * width);
}

/** Which terms, of these, go with which components: all with all, or under a symmetry those of the same parity. */
export function blocksOf({ odd }: Chart, basis: Basis, terms: readonly number[], parity: readonly boolean[]): Block[] {
  const { exponents, variables: q } = basis;
  const termOdd = (t: number) => odd.reduce((sum, one, a) => sum + (one ? exponents[t * q + a] : 0), 0) % 2 === 1;
  return [false, true]
    .map((sign) => ({
      terms: odd.some(Boolean) ? terms.filter((t) => termOdd(t) === sign) : terms,
      columns: parity.flatMap((one, j) => (one === sign ? [j] : [])),
    }))
    .filter(({ columns }) => columns.length > 0);
}

/** Products of the residuals of Δ about f δt, per time and λ, `[n, d(d+1)/2]`, with the divisor n − terms. */
function residualProducts(data: Regression, drift: PolynomialField): Float64Array {
  const { d, state, condition, change } = data;
  const n = state.length / d;
  const f = polynomialValues(drift, state, condition);
  const triangle = (d * (d + 1)) / 2;
  const out = new Float64Array(n * triangle);
  const correction = n / Math.max(1, n - drift.coefficients.length / d);
  for (let p = 0, at = 0; p < n; p++) {
    const time = timeOf(data, p);
    const factor = correction / time / lambdaOf(data, p);
    for (let j = p * d; j < (p + 1) * d; j++) {
      const r = change[j] - time * f[j];
      for (let k = j; k < (p + 1) * d; k++) out[at++] = factor * r * (change[k] - time * f[k]);
    }
  }
  return out;
}

/**
 * Least pivots of the Cholesky factor of σσᵀ, `[d]`: a small part of those of its mean. Throws InputError where the mean has none.
 */
export function pivotFloor(
  { right, rows, width }: Pick<NormalEquations, "right" | "rows" | "width">,
  d: number,
): Float64Array {
  const mean = Float64Array.from({ length: width }, (_, j) => right[j] / rows);
  const factor = new Float64Array(d * d);
  const { least } = choleskyInto(mean, d, factor);
  const bad = Array.from(least).findIndex((ratio) => !(ratio > 1e-6));
  if (bad >= 0) {
    throw new InputError(
      `variable ${bad + 1} of z does not change in the training data, or only along with those before it, so that its noise is not known: use more snapshots or longer increments, a temperature and a field at which it moves, or fewer variables`,
    );
  }
  return Float64Array.from({ length: d }, (_, j) => FLOOR * factor[j * (d + 1)] ** 2);
}
