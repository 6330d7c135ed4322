// Where the training data of an equation are: what tells a rollout that it has left them.

import { CholeskyDecomposition, Matrix, solve } from "ml-matrix";
import { basisOf, termCount, termsAt } from "./polynomial/basis.ts";

/** Curved clouds of states, like those of an order parameter and its square, have hulls of this degree. */
const DEGREE = 2;
/** Relative to the mean square of a term: makes variables that are functions of each other a direction without room. */
const RIDGE = 1e-10;

/**
 * The leverage of a state is h(z) = φᵀ M⁻¹ φ, φ the polynomials of degree 2 of z̃ and M the mean of φφᵀ over the training states; the hull
 * is where it is no larger than at any of these (the independent variable hull of regression: Cook, Technometrics 19, 15 (1977)).
 */
export interface Hull {
  readonly d: number;
  readonly center: Float64Array;
  readonly spread: Float64Array;
  /** Lower Cholesky factor of M, `[terms, terms]`. */
  readonly factor: Float64Array;
  /** Largest leverage of a training state. */
  readonly limit: number;
}

/** The hull of `state` `[n, d]`. */
export function hullOf(
  state: ArrayLike<number>,
  { center, spread }: { center: ArrayLike<number>; spread: ArrayLike<number> },
): Hull {
  const d = center.length;
  const n = state.length / d;
  const terms = termCount(d, DEGREE);
  const moments = Matrix.zeros(terms, terms);
  const units = { d, center: Float64Array.from(center), spread: Float64Array.from(spread) };
  eachTerms(units, state, (phi) => {
    for (let s = 0; s < terms; s++) {
      for (let t = 0; t <= s; t++) moments.set(s, t, moments.get(s, t) + (phi[s] * phi[t]) / n);
    }
  });
  for (let s = 0; s < terms; s++) {
    for (let t = 0; t < s; t++) moments.set(t, s, moments.get(s, t));
    moments.set(s, s, moments.get(s, s) * (1 + RIDGE) + RIDGE);
  }
  const { lowerTriangularMatrix: lower } = new CholeskyDecomposition(moments);
  const factor = Float64Array.from(lower.to1DArray());
  let limit = 0;
  for (const value of leverages({ ...units, factor }, state)) limit = Math.max(limit, value);
  return { ...units, factor, limit };
}

/** h at the points z `[n, d]`. */
export function leverages(hull: Omit<Hull, "limit">, z: ArrayLike<number>): Float64Array {
  const { d, factor } = hull;
  const out = new Float64Array(z.length / d);
  const terms = Math.round(Math.sqrt(factor.length));
  const solved = new Float64Array(terms);
  eachTerms(hull, z, (phi, p) => {
    for (let s = 0; s < terms; s++) {
      let rest = phi[s];
      for (let t = 0; t < s; t++) rest -= factor[s * terms + t] * solved[t];
      solved[s] = rest / factor[s * terms + s];
      out[p] += solved[s] ** 2;
    }
  });
  return out;
}

/**
 * Distance of every state `[n, d]` from the nearest of `training` `[m, d]`, in standard deviations of these (Mahalanobis). O(n m d).
 */
export function nearestDistances(hull: Hull, states: ArrayLike<number>, training: ArrayLike<number>): Float64Array {
  const { d } = hull;
  const terms = Math.round(Math.sqrt(hull.factor.length));
  // The block of constant and linear terms whitens: differences have no constant.
  const whitened = (z: ArrayLike<number>) => {
    const out = new Float64Array(z.length);
    for (let p = 0; p < z.length / d; p++) {
      for (let j = 0; j < d; j++) {
        const row = (1 + j) * terms;
        let rest = (z[p * d + j] - hull.center[j]) / hull.spread[j] - hull.factor[row];
        for (let k = 0; k < j; k++) rest -= hull.factor[row + 1 + k] * out[p * d + k];
        out[p * d + j] = rest / hull.factor[row + 1 + j];
      }
    }
    return out;
  };
  const [a, b] = [whitened(states), whitened(training)];
  return Float64Array.from({ length: a.length / d }, (_, p) => {
    let nearest = Number.POSITIVE_INFINITY;
    for (let q = 0; q < b.length; q += d) {
      let square = 0;
      for (let j = 0; j < d; j++) square += (a[p * d + j] - b[q + j]) ** 2;
      nearest = Math.min(nearest, square);
    }
    return Math.sqrt(nearest);
  });
}

/**
 * What the training data say of the other variables where the first `given` are known: z̃ of those as polynomials of degree 2 of z̃ of these, by
 * least squares, `[terms, d − given]`. All moments that it takes stand in the hull.
 */
export function regressionOn({ d, factor }: Hull, given: number): Float64Array {
  const lower = new Matrix(termCount(d, DEGREE), termCount(d, DEGREE));
  const { rows: terms } = lower;
  for (const [at, value] of factor.entries()) lower.set(Math.floor(at / terms), at % terms, value);
  const moments = lower.mmul(lower.transpose());
  const { exponents } = basisOf(d, DEGREE);
  const known = Array.from({ length: terms }, (_, t) => t).filter(
    (t) => !exponents.subarray(t * d + given, (t + 1) * d).some((k) => k > 0),
  );
  // Linear terms stand behind the constant.
  const others = Array.from({ length: d - given }, (_, k) => 1 + given + k);
  if (others.length === 0) return new Float64Array();
  const coefficients = solve(moments.selection(known, known), moments.selection(known, others));
  return Float64Array.from(coefficients.to1DArray());
}

/** All variables of the state whose first `known.length` are given, the others by `regressionOn`. */
export function stateOf(
  hull: Omit<Hull, "factor" | "limit">,
  regression: Float64Array,
  known: readonly number[],
): number[] {
  const { d, center, spread } = hull;
  const given = known.length;
  const others = new Float64Array(d - given);
  eachTerms({ d: given, center, spread }, known, (phi) => {
    for (let t = 0, at = 0; t < phi.length; t++)
      for (let k = 0; k < d - given; k++) others[k] += phi[t] * regression[at++];
  });
  return [...known, ...Array.from(others, (x, k) => center[given + k] + spread[given + k] * x)];
}

function eachTerms(
  { d, center, spread }: Pick<Hull, "d" | "center" | "spread">,
  z: ArrayLike<number>,
  use: (phi: Float64Array, row: number) => void,
): void {
  const basis = basisOf(d, DEGREE);
  const x = new Float64Array(d);
  const phi = new Float64Array(basis.terms);
  const table = new Float64Array(d * (DEGREE + 1));
  for (let p = 0; p < z.length / d; p++) {
    for (let j = 0; j < d; j++) x[j] = (z[p * d + j] - center[j]) / spread[j];
    termsAt(basis, x, table, phi);
    use(phi, p);
  }
}
