// Least squares on the terms of a basis, or other features, from the normal equations of groups of rows, in float64: solutions for any degree and for any
// choice of groups without looking at the rows again, as cross-validation and jackknife want them.
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import { InputError } from "../../../errors.ts";
import { type Basis, termsAt } from "./basis.ts";
import { type Chart, eachPoint } from "./chart.ts";

/** Sums over rows: φφᵀ `[terms, terms]` (lower triangle), φy `[terms, width]`, y² `[width]`. */
export interface NormalEquations {
  readonly terms: number;
  readonly width: number;
  rows: number;
  readonly gram: Float64Array;
  readonly right: Float64Array;
  readonly square: Float64Array;
}

/** Targets `[n, width]`, times `factor`. */
export interface Target {
  readonly values: ArrayLike<number>;
  readonly width: number;
  readonly factor: number;
}

/** The rows of a regression. */
export interface EquationRows {
  readonly state: ArrayLike<number>;
  readonly condition: ArrayLike<number>;
  /** `[n]`, below the number of groups. */
  readonly group: ArrayLike<number>;
  /** What terms, and targets, of a row are multiplied by; 1 by default. */
  scale?(row: number): { readonly terms: number; readonly target: number };
}

/** The normal equations of the rows of every group. */
export function normalEquations(
  basis: Basis,
  chart: Chart,
  rows: EquationRows,
  groups: number,
  { values, width, factor }: Target,
): NormalEquations[] {
  const { terms } = basis;
  const list = Array.from({ length: groups }, () => noEquations(terms, width));
  const phi = new Float64Array(terms);
  const table = new Float64Array(basis.variables * (basis.degree + 1));
  const y = new Float64Array(width);
  eachPoint(chart, rows.state, rows.condition, (x, p) => {
    termsAt(basis, x, table, phi);
    const scale = rows.scale?.(p) ?? UNSCALED;
    if (scale.terms !== 1) for (let t = 0; t < terms; t++) phi[t] *= scale.terms;
    for (let j = 0; j < width; j++) y[j] = factor * scale.target * values[p * width + j];
    addRow(list[rows.group[p]], phi, y);
  });
  return list;
}

const UNSCALED = { terms: 1, target: 1 };

/** The equations of no rows. */
export function noEquations(terms: number, width: number): NormalEquations {
  return {
    terms,
    width,
    rows: 0,
    gram: new Float64Array(terms * terms),
    right: new Float64Array(terms * width),
    square: new Float64Array(width),
  };
}

/** Adds a row with the terms `phi` and the targets `y`. */
export function addRow(into: NormalEquations, phi: ArrayLike<number>, y: ArrayLike<number>): void {
  const { terms, width, gram, right, square } = into;
  into.rows++;
  for (let s = 0; s < terms; s++) {
    const value = phi[s];
    for (let t = 0, at = s * terms; t <= s; t++, at++) gram[at] += value * phi[t];
    for (let j = 0, at = s * width; j < width; j++, at++) right[at] += value * y[j];
  }
  for (let j = 0; j < width; j++) square[j] += y[j] * y[j];
}

/** Σ over a list, minus some of them. */
export function total(list: readonly NormalEquations[], sign = 1, start?: NormalEquations): NormalEquations {
  const [{ terms, width }] = list;
  const sum = start
    ? { ...start, gram: start.gram.slice(), right: start.right.slice(), square: start.square.slice() }
    : noEquations(terms, width);
  for (const one of list) {
    sum.rows += sign * one.rows;
    for (const key of ["gram", "right", "square"] as const) {
      for (let k = 0; k < one[key].length; k++) sum[key][k] += sign * one[key][k];
    }
  }
  return sum;
}

/** Which terms stand for which columns; columns of one entry are solved together. */
export interface Block {
  readonly terms: readonly number[];
  readonly columns: readonly number[];
}

/**
 * Coefficients `[terms, width]` of least squares with the penalty rows · Σ penalty_t c_t², zero where no block has a term for a column.
 * Throws InputError where the rows do not determine them.
 */
export function solve(equations: NormalEquations, blocks: readonly Block[], penalty: ArrayLike<number>): Float64Array {
  const { terms, width, rows, right } = equations;
  const out = new Float64Array(terms * width);
  for (const { terms: own, columns } of blocks) {
    if (own.length === 0) continue;
    const cholesky = new CholeskyDecomposition(gramMatrix(equations, own, penalty));
    if (!cholesky.isPositiveDefinite()) {
      throw new InputError(
        `${rows} training states do not determine ${own.length} coefficients: use fewer, such as a lower degree, or more data`,
      );
    }
    const sides = new Matrix(own.map((t) => columns.map((j) => right[t * width + j] / rows)));
    const solution = cholesky.solve(sides);
    for (const [a, t] of own.entries()) for (const [b, j] of columns.entries()) out[t * width + j] = solution.get(a, b);
  }
  return out;
}

/** (Σ φφᵀ)/rows of some terms, with the penalty on its diagonal. */
function gramMatrix(
  { terms, rows, gram }: NormalEquations,
  own: readonly number[],
  penalty: ArrayLike<number>,
): Matrix {
  const matrix = Matrix.zeros(own.length, own.length);
  for (const [a, s] of own.entries()) {
    for (const [b, t] of own.entries()) {
      matrix.set(a, b, gram[Math.max(s, t) * terms + Math.min(s, t)] / rows + (s === t ? penalty[s] : 0));
    }
  }
  return matrix;
}

/** Condition number of the normal equations of a block: largest over smallest eigenvalue. */
export function conditionNumber(
  equations: NormalEquations,
  own: readonly number[],
  penalty: ArrayLike<number>,
): number {
  const matrix = gramMatrix(equations, own, penalty);
  const { realEigenvalues } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  return Math.max(...realEigenvalues) / Math.max(0, Math.min(...realEigenvalues));
}

/** Σ (y − φ · c)² of every column over the rows of the equations, from their sums alone. */
export function squaredResiduals(equations: NormalEquations, coefficients: Float64Array): Float64Array {
  const { terms, width, gram, right, square } = equations;
  return square.map((sum, j) => {
    let value = sum;
    for (let s = 0; s < terms; s++) {
      const c = coefficients[s * width + j];
      if (c === 0) continue;
      let inner = gram[s * terms + s] * c;
      for (let t = 0; t < s; t++) inner += 2 * gram[s * terms + t] * coefficients[t * width + j];
      value += c * (inner - 2 * right[s * width + j]);
    }
    return Math.max(0, value);
  });
}
