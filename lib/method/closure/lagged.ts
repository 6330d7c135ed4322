// Closure variables that tell the future: of all linear combinations of an encoder's features those from which the observables at several
// later times are best predicted, beyond what a polynomial of the observables themselves predicts. One step of partial evolution hardly
// sees a slow variable, as it has moved nothing yet; many steps later the observables show it.
//
// Reduced-rank regression (A. J. Izenman, J. Multivariate Anal. 5, 248 (1975)) of the later observables on features and polynomial, which is
// the projection of the observables' transfer operator at those lags on the features (extended dynamic mode decomposition: M. O. Williams,
// I. G. Kevrekidis and C. W. Rowley, J. Nonlinear Sci. 25, 1307 (2015)). It is solved, so that nothing has to be tuned or to converge.
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { stream } from "../../random/stream.ts";
import type { States, System } from "../../systems/system.ts";
import { concatenate } from "../concatenate.ts";
import { basisOf, termsAt } from "../sde/polynomial/basis.ts";
import { stateScales } from "../sde/scales.ts";
import { type Snapshots, type UpsampleOptions, upsampled } from "../snapshots.ts";
import { patchMeans } from "./coordinates.ts";
import { type EncoderShape, encoderOf, kindOf, type ModelOf } from "./kinds.ts";

/** Degree of the polynomial of the observables, in all variables together. */
const DEGREE = 3;
/** What is left of a variance, as a share of it, where others give the variable up to rounding. */
const ROUNDING = 1e-6;
/**
 * Directions of the features, each in units of its own, with less than so much of the largest variance are left out: upsampling or noise made
 * them, and a variable of theirs would be unlike on other states.
 */
const LEAST = 1e-3;

/** What whole systems show now and later, row-major: n systems. */
export interface Lagged {
  /** Observables. */
  readonly d: number;
  /** The observables, `[n, d]`, and those after each of the lags, `[n, lags, d]`. */
  readonly now: Float32Array;
  readonly later: Float32Array;
  /** Features of the encoder, means over the patches, `[n, features]`. */
  readonly features: Float32Array;
}

export interface LaggedOptions extends UpsampleOptions {
  /** Times after which the observables are seen again, ascending, above 0. */
  readonly lags: readonly number[];
}

/** Closure variables of a shape, solved for systems that are followed for a while (`followed`, `predictive`). */
export async function solveClosure<S extends States, Shape extends EncoderShape>(
  gpu: Gpu,
  system: System<S>,
  snapshots: Snapshots,
  shape: Shape,
  options: LaggedOptions,
): Promise<ModelOf<Shape>> {
  const linear = linearOf(shape);
  const data = await followed(gpu, system, snapshots, shape, options);
  const { weights, constants } = predictive(data, shape.variables);
  return linear.model(shape, weights, constants) as ModelOf<Shape>;
}

/**
 * Follows the snapshots, made larger to `side` unless they have it, under the true dynamics to the last of the lags. Systems of one patch's
 * side do, as a mean over patches is linear in what each of them shows. Throws InputError for lags that do not ascend, and for a shape that
 * is not linear in features or does not suit the system.
 */
export async function followed<S extends States>(
  gpu: Gpu,
  system: System<S>,
  snapshots: Snapshots,
  shape: EncoderShape,
  options: LaggedOptions,
): Promise<Lagged> {
  const { lags, seed } = options;
  if (lags.length === 0 || !lags.every((lag, k) => lag > (lags[k - 1] ?? 0))) {
    throw new InputError(`lags of ${lags.join(", ")} do not ascend from above 0`);
  }
  const linear = linearOf(shape);
  const count = linear.features(shape);
  const identity = Float64Array.from({ length: count * count }, (_, k) => (k % (count + 1) === 0 ? 1 : 0));
  const encoder = encoderOf(gpu, system as System, linear.model({ ...shape, variables: count }, identity, []));
  const d = system.observables.length;
  const now: Float32Array[] = [];
  const later: Float32Array[] = [];
  const features: Float32Array[] = [];
  await upsampled(system, snapshots, options, async (states, from, to) => {
    now.push(await system.observe(states));
    features.push(patchMeans(await encoder.encode(states), to - from, count));
    const rows = new Float32Array((to - from) * lags.length * d);
    for (const [k, lag] of lags.entries()) {
      await system.evolve(states, lag - (lags[k - 1] ?? 0), stream(seed, "closure/lagged", k, from));
      const values = await system.observe(states);
      for (let at = 0; at < to - from; at++) {
        rows.set(values.subarray(at * d, (at + 1) * d), (at * lags.length + k) * d);
      }
    }
    later.push(rows);
  });
  return { d, now: concatenate(now), later: concatenate(later), features: concatenate(features) };
}

/**
 * The combinations of features, `[variables, features]` and a constant for each, that predict the later observables best in the mean square,
 * every observable in units of its spread now, all lags alike. They have mean 0, and beyond the polynomial variance 1 and no correlation.
 * Throws InputError where the features have fewer directions beyond the polynomial than there are to be variables.
 */
export function predictive({ d, now, later, features }: Lagged, variables: number) {
  const n = now.length / d;
  const width = later.length / n;
  const count = features.length / n;
  const basis = basisOf(d, DEGREE);
  const { terms } = basis;
  const { center, spread } = stateScales(now, d);
  const means = Float64Array.from({ length: count }, (_, f) => {
    let sum = 0;
    for (let at = f; at < features.length; at += count) sum += features[at];
    return sum / n;
  });
  const size = terms + count + width;
  const row = new Float64Array(size);
  const table = new Float64Array(d * (basis.degree + 1));
  const x = new Float64Array(d);
  // Second moments of (polynomials, features, later observables), lower triangle.
  const moments = Array.from({ length: size }, () => new Float64Array(size));
  for (let at = 0; at < n; at++) {
    for (let j = 0; j < d; j++) x[j] = (now[at * d + j] - center[j]) / spread[j];
    termsAt(basis, x, table, row);
    for (let f = 0; f < count; f++) row[terms + f] = features[at * count + f] - means[f];
    for (let j = 0; j < width; j++) {
      row[terms + count + j] = (later[at * width + j] - center[j % d]) / spread[j % d];
    }
    for (let a = 0; a < size; a++) for (let b = 0; b <= a; b++) moments[a][b] += (row[a] * row[b]) / n;
  }
  const before = Float64Array.from({ length: count }, (_, f) => moments[terms + f][terms + f]);
  eliminate(moments, terms);
  const deviations = before.map((_, f) => Math.sqrt(Math.max(0, moments[terms + f][terms + f])));
  // What the polynomial knows of a feature, up to rounding, is not beyond it.
  const own = [...deviations.keys()].filter((f) => deviations[f] ** 2 > ROUNDING * before[f]);
  const correlation = Matrix.zeros(own.length, own.length);
  const shared = Matrix.zeros(own.length, width);
  for (const [a, f] of own.entries()) {
    for (const [b, g] of own.entries()) {
      const value = moments[terms + Math.max(f, g)][terms + Math.min(f, g)];
      correlation.set(a, b, value / (deviations[f] * deviations[g]));
    }
    for (let j = 0; j < width; j++) shared.set(a, j, moments[terms + count + j][terms + f] / deviations[f]);
  }
  const whitening = whiteningOf(correlation);
  if (whitening.columns < variables) {
    throw new InputError(
      `${whitening.columns} features beyond the observables do not make ${variables} closure variables: use fewer`,
    );
  }
  const seen = whitening.transpose().mmul(shared);
  const found = descending(seen.mmul(seen.transpose()));
  const weights = new Float64Array(variables * count);
  const constants = new Float64Array(variables);
  for (let v = 0; v < variables; v++) {
    const direction = whitening.mmul(Matrix.columnVector(found.vectors.getColumn(v)));
    for (const [a, f] of own.entries()) {
      const weight = direction.get(a, 0) / deviations[f];
      weights[v * count + f] = weight;
      constants[v] -= weight * means[f];
    }
  }
  return { weights, constants, explained: found.values.slice(0, variables) };
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

/** W `[n, rank]` with Wᵀ C W = 1 on the directions of a symmetric C that are not left out. */
function whiteningOf(c: Matrix): Matrix {
  if (c.rows === 0) return Matrix.zeros(0, 0);
  const { values, vectors } = descending(c);
  const rank = values.filter((value) => value > LEAST * values[0]).length;
  const w = vectors.subMatrix(0, c.rows - 1, 0, rank - 1);
  return w.divRowVector(values.slice(0, rank).map(Math.sqrt));
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

/** Throws InputError for a kind that is trained. */
function linearOf(shape: EncoderShape) {
  const { linear } = kindOf(shape);
  if (!linear) {
    throw new InputError(`an encoder of the kind ${shape.kind} is trained: it has no features to be solved for`);
  }
  return linear;
}
