// Reduced-rank regression of later observables on features, beyond a polynomial of the observables now (A. J. Izenman, J. Multivariate
// Anal. 5, 248 (1975)): of several lags together it is the projection of the observables' transfer operator on the features (extended dynamic
// mode decomposition: M. O. Williams, I. G. Kevrekidis and C. W. Rowley, J. Nonlinear Sci. 25, 1307 (2015)). A ridge on the features is
// chosen by cross-validation over two halves of the cohorts, so that few systems teach no noise. The lags and the number of variables are
// given, not chosen.
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { InputError } from "../../errors.ts";
import { basisOf, termsAt } from "../sde/polynomial/basis.ts";
import { stateScales } from "../sde/scales.ts";

/** Degree of the polynomial of the observables, in all variables together. */
const DEGREE = 3;
/** What is left of a variance, as a share of it, where others give the variable up to rounding. */
const ROUNDING = 1e-6;
/** Ridges on the features in units of their spread beyond the polynomial. */
const RIDGES = [0, 1e-3, 1e-2, 0.1, 1, 10];

/** What whole systems show now and later, row-major: n systems. */
export interface Lagged {
  /** Observables. */
  readonly d: number;
  /** The observables, `[n, d]`, and those after each of the lags, `[n, lags, d]`. */
  readonly now: Float32Array;
  readonly later: Float32Array;
  /** Features of the encoder, means over the patches, `[n, features]`. */
  readonly features: Float32Array;
  /** Which systems started alike, `[n]`. */
  readonly cohort: Uint32Array;
}

/** Second moments beyond the polynomial, of features and later observables. */
interface Beyond {
  readonly features: Matrix;
  /** `[features, later]` */
  readonly shared: Matrix;
  /** Sum of the variances of the later observables. */
  readonly later: number;
  /** Features that the polynomial does not give up to rounding. */
  readonly own: readonly number[];
}

/**
 * The combinations of features, `[variables, features]` and a constant for each, that predict the later observables best in the mean square,
 * every observable in units of its spread now, all lags alike. They have mean 0, and beyond the polynomial variance 1 and no correlation.
 * `explained`: the mean squares that each of them adds, sum over lags. `ridge`: the one that was chosen. Throws InputError for a single
 * cohort, and where the features of either half of the cohorts have fewer directions beyond the polynomial than there are to be variables.
 */
export function predictive(data: Lagged, variables: number) {
  const { now, later, features, d } = data;
  const n = now.length / d;
  const most = later.length / n;
  if (variables > most) {
    throw new InputError(
      `${variables} closure variables are more than the ${most} observables at all lags that they are to tell: use fewer, or more lags`,
    );
  }
  const count = features.length / n;
  const means = Float64Array.from({ length: count }, (_, f) => {
    let sum = 0;
    for (let at = f; at < features.length; at += count) sum += features[at];
    return sum / n;
  });
  const halves = momentsOf(data, means);
  const all = beyond(
    halves[0].map((row, a) => row.map((value, b) => value + halves[1][a][b])),
    n,
    data,
  );
  const [even, odd] = halves.map((moments) => beyond(moments, moments[0][0], data));
  const least = Math.min(...[all, even, odd].map(({ own }) => own.length));
  if (least < variables) {
    throw new InputError(
      `${least} features beyond the observables do not make ${variables} closure variables: use fewer, or more snapshots`,
    );
  }
  const missed = RIDGES.map((ridge) => {
    const error = (taught: Beyond, held: Beyond) => missedBy(directions(taught, variables, ridge), taught, held);
    return error(even, odd) + error(odd, even);
  });
  const best = missed.reduce((a, value, k) => (value < missed[a] ? k : a), 0);
  const found = directions(all, variables, RIDGES[best]);
  const weights = found.transpose().to1DArray();
  const constants = Float64Array.from(
    { length: variables },
    (_, v) => -means.reduce((sum, mean, f) => sum + weights[v * count + f] * mean, 0),
  );
  const told = found.transpose().mmul(all.shared);
  const explained = Array.from({ length: variables }, (_, v) => told.getRow(v).reduce((sum, x) => sum + x * x, 0));
  return { weights, constants, explained, ridge: RIDGES[best] };
}

/**
 * Sums of products of (polynomials, features less their means, later observables) over every other cohort of those that there are, and over
 * the rest; lower triangles. Throws InputError for a single cohort.
 */
function momentsOf({ d, now, later, features, cohort }: Lagged, means: Float64Array): Float64Array[][] {
  const n = now.length / d;
  const width = later.length / n;
  const count = means.length;
  const basis = basisOf(d, DEGREE);
  const { terms } = basis;
  const { center, spread } = stateScales(now, d);
  const size = terms + count + width;
  const row = new Float64Array(size);
  const table = new Float64Array(d * (basis.degree + 1));
  const x = new Float64Array(d);
  const halves = [0, 1].map(() => Array.from({ length: size }, () => new Float64Array(size)));
  // Snapshots that are thinned evenly may be of even cohorts alone, so it is their rank that counts.
  const half = new Map([...new Set(cohort)].sort((a, b) => a - b).map((one, rank) => [one, halves[rank % 2]]));
  if (half.size < 2) throw new InputError("a closure is not to be solved for with systems that all start alike");
  for (let at = 0; at < n; at++) {
    for (let j = 0; j < d; j++) x[j] = (now[at * d + j] - center[j]) / spread[j];
    termsAt(basis, x, table, row);
    for (let f = 0; f < count; f++) row[terms + f] = features[at * count + f] - means[f];
    for (let j = 0; j < width; j++) {
      row[terms + count + j] = (later[at * width + j] - center[j % d]) / spread[j % d];
    }
    const moments = half.get(cohort[at]) as Float64Array[];
    for (let a = 0; a < size; a++) for (let b = 0; b <= a; b++) moments[a][b] += row[a] * row[b];
  }
  return halves;
}

/** What sums over so many `rows` have beyond the polynomial. */
function beyond(sums: readonly Float64Array[], rows: number, { d, now, features }: Lagged): Beyond {
  const { terms } = basisOf(d, DEGREE);
  const count = (features.length * d) / now.length;
  const moments = sums.map((row) => row.map((sum) => sum / rows));
  const before = Float64Array.from({ length: count }, (_, f) => moments[terms + f][terms + f]);
  eliminate(moments, terms);
  const at = (a: number, b: number) => moments[terms + Math.max(a, b)][terms + Math.min(a, b)];
  const width = moments.length - terms - count;
  const cells = (height: number, wide: number, cell: (a: number, b: number) => number) =>
    new Matrix(Array.from({ length: height }, (_, a) => Array.from({ length: wide }, (_, b) => cell(a, b))));
  return {
    features: cells(count, count, at),
    shared: cells(count, width, (f, j) => at(count + j, f)),
    later: Array.from({ length: width }, (_, j) => at(count + j, count + j)).reduce((a, b) => a + b, 0),
    own: [...before.keys()].filter((f) => at(f, f) > ROUNDING * before[f]),
  };
}

/** Takes out of all moments (lower triangle) what the first `pivots` variables tell; variables that the ones before them give are left out. */
function eliminate(moments: Float64Array[], pivots: number): void {
  const first = Float64Array.from({ length: pivots }, (_, p) => moments[p][p]);
  for (let p = 0; p < pivots; p++) {
    const pivot = moments[p][p];
    if (pivot <= ROUNDING * first[p]) continue;
    const column = moments.map((row, a) => (a >= p ? row[p] : 0));
    for (let a = p + 1; a < moments.length; a++) {
      for (let b = p + 1; b <= a; b++) moments[a][b] -= (column[a] * column[b]) / pivot;
    }
  }
}

/**
 * The best combinations of features under a ridge by columns, `[features, variables]`, the most telling first; beyond the polynomial each
 * has variance 1, and none a correlation with those before it.
 */
function directions({ features, shared, own }: Beyond, variables: number, ridge: number): Matrix {
  const deviations = own.map((f) => Math.sqrt(features.get(f, f)));
  const correlation = features.selection([...own], [...own]);
  correlation.divColumnVector(deviations).divRowVector(deviations);
  const { values, vectors } = descending(correlation.add(Matrix.eye(own.length).mul(ridge + ROUNDING)));
  const whitening = vectors.divRowVector(values.map(Math.sqrt));
  const columns = Array.from({ length: shared.columns }, (_, j) => j);
  const seen = whitening.transpose().mmul(shared.selection([...own], columns).divColumnVector(deviations));
  const found = descending(seen.mmul(seen.transpose()));
  const out = Matrix.zeros(features.rows, variables);
  for (let v = 0; v < variables; v++) {
    const direction = whitening.mmul(Matrix.columnVector(found.vectors.getColumn(v)));
    for (const [a, f] of own.entries()) out.set(f, v, direction.get(a, 0) / deviations[a]);
    // A ridge whitens more than there is: what the columns before it have in common with this one is taken out.
    const covariances = out.transpose().mmul(features).mmul(out.getColumnVector(v)).to1DArray();
    for (let u = 0; u < v; u++) for (const f of own) out.set(f, v, out.get(f, v) - covariances[u] * out.get(f, u));
    const variance = out.getColumnVector(v).transpose().mmul(features).mmul(out.getColumnVector(v)).get(0, 0);
    for (const f of own) out.set(f, v, out.get(f, v) / Math.sqrt(variance));
  }
  return out;
}

/** Mean square, sum over the later observables, that combinations miss on `held`, with the coefficients that `taught` gives them. */
function missedBy(found: Matrix, taught: Beyond, held: Beyond): number {
  const across = found.transpose();
  const coefficients = across.mmul(taught.shared);
  const told = coefficients.transpose().mmul(across).mmul(held.shared).trace();
  const spent = coefficients.transpose().mmul(across.mmul(held.features).mmul(found)).mmul(coefficients).trace();
  return held.later - 2 * told + spent;
}

/** Eigenvalues of a symmetric matrix, largest first, and its eigenvectors as columns. */
function descending(matrix: Matrix): { values: number[]; vectors: Matrix } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  return {
    values: order.map((k) => realEigenvalues[k]),
    vectors: new Matrix(order.map((k) => eigenvectorMatrix.getColumn(k))).transpose(),
  };
}
