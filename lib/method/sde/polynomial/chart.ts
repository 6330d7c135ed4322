// Where a polynomial lives: the affine map from z, and from what varies between systems, to x ∈ [−1, 1], on the axes of the data.
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { InputError } from "../../../errors.ts";

/** Principal axes with less of the variance than this are rounding of float32 data: variables that are functions of each other. */
const LEAST_SHARE = 1e-10;

/**
 * x_a = shift_a + Σ_b frame_ab y_b, cut to −1 … 1, where y = (z, condition), in their own units. Within the range of the data nothing is cut;
 * beyond, the argument stays at the edge. The axes of z are the principal axes of the data, odd variables apart from even ones; a
 * condition has an axis of its own.
 */
export interface Chart {
  readonly d: number;
  readonly conditions: number;
  /** `[d + conditions]` */
  readonly shift: Float64Array;
  /** `[d + conditions, d + conditions]` row by row. */
  readonly frame: Float64Array;
  /** Whether x_a changes sign with the odd variables. */
  readonly odd: readonly boolean[];
}

/** y of row p, into `out`. */
function place(
  state: ArrayLike<number>,
  condition: ArrayLike<number>,
  d: number,
  c: number,
  p: number,
  out: Float64Array,
) {
  for (let j = 0; j < d; j++) out[j] = state[p * d + j];
  for (let k = 0; k < c; k++) out[d + k] = condition[p * c + k];
}

/**
 * The chart of `state` `[n, d]` and `condition` `[n, conditions]`. `odd`: indices of the variables that change sign under a symmetry of
 * the system; their centre is 0 and their range symmetric. Throws InputError for a variable without spread, or one that the others
 * determine.
 */
export function chartOf(
  state: ArrayLike<number>,
  d: number,
  condition: ArrayLike<number>,
  odd: readonly number[] = [],
): Chart {
  const n = state.length / d;
  const c = condition.length / n;
  const q = d + c;
  const isOdd = Array.from({ length: q }, (_, j) => odd.includes(j));
  const y = new Float64Array(q);
  const center = new Float64Array(q);
  for (let p = 0; p < n; p++) {
    place(state, condition, d, c, p, y);
    for (let j = 0; j < q; j++) if (!isOdd[j]) center[j] += y[j] / n;
  }
  const covariance = Matrix.zeros(q, q);
  for (let p = 0; p < n; p++) {
    place(state, condition, d, c, p, y);
    for (let j = 0; j < q; j++) {
      for (let k = 0; k <= j; k++) {
        const together = j < d && k < d ? isOdd[j] === isOdd[k] : j === k;
        if (together) covariance.set(j, k, covariance.get(j, k) + ((y[j] - center[j]) * (y[k] - center[k])) / n);
      }
    }
  }
  const spread = Array.from({ length: q }, (_, j) => Math.sqrt(covariance.get(j, j)));
  for (const [j, s] of spread.entries()) {
    const what = j < d ? `variable ${j + 1} of z` : `condition ${j - d + 1}`;
    if (!(s > 1e-6 * Math.abs(center[j]))) {
      throw new InputError(`${what} has no spread in the training data: nothing can be learned about it`);
    }
  }
  for (let j = 0; j < q; j++) {
    for (let k = 0; k <= j; k++) {
      const value = covariance.get(j, k) / (spread[j] * spread[k]);
      covariance.set(j, k, value);
      covariance.set(k, j, value);
    }
  }
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, a) => a).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const frame = new Float64Array(q * q);
  const axisOdd: boolean[] = [];
  for (const [a, from] of order.entries()) {
    if (!(realEigenvalues[from] > LEAST_SHARE * q)) {
      throw new InputError(
        "some variables of z are linear functions of the others in the training data: leave one of them out, or train a learned closure longer",
      );
    }
    // Blocks that do not mix have eigenvectors that do not: which block is that of the largest entry.
    const column = Array.from({ length: q }, (_, j) => eigenvectorMatrix.get(j, from));
    const main = column.reduce((best, value, j) => (Math.abs(value) > Math.abs(column[best]) ? j : best), 0);
    const sign = Math.sign(column[main]);
    axisOdd.push(isOdd[main]);
    for (let j = 0; j < q; j++) {
      const own = j < d && main < d ? isOdd[j] === isOdd[main] : j === main;
      frame[a * q + j] = own ? (sign * column[j]) / spread[j] : 0;
    }
  }
  // Conditions last, so that they can be put in (`atCondition`).
  const conditionAxis = (a: number) => Array.from({ length: c }, (_, k) => frame[a * q + d + k] !== 0).some(Boolean);
  const sorted = order.map((_, a) => a).sort((a, b) => Number(conditionAxis(a)) - Number(conditionAxis(b)));
  const axes = Float64Array.from({ length: q * q }, (_, at) => frame[sorted[Math.floor(at / q)] * q + (at % q)]);
  const oddAxes = sorted.map((a) => axisOdd[a]);
  // The range of the data along each axis becomes −1 … 1.
  const low = new Float64Array(q).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(q).fill(Number.NEGATIVE_INFINITY);
  for (let p = 0; p < n; p++) {
    place(state, condition, d, c, p, y);
    for (let a = 0; a < q; a++) {
      let x = 0;
      for (let j = 0; j < q; j++) x += axes[a * q + j] * (y[j] - center[j]);
      low[a] = Math.min(low[a], x);
      high[a] = Math.max(high[a], x);
    }
  }
  const shift = new Float64Array(q);
  for (let a = 0; a < q; a++) {
    const reach = oddAxes[a] ? Math.max(-low[a], high[a]) : (high[a] - low[a]) / 2;
    const middle = oddAxes[a] ? 0 : (high[a] + low[a]) / 2;
    for (let j = 0; j < q; j++) axes[a * q + j] /= reach;
    shift[a] = -middle / reach;
    for (let j = 0; j < q; j++) shift[a] -= axes[a * q + j] * center[j];
  }
  return { d, conditions: c, shift, frame: axes, odd: oddAxes };
}

/** x of a point y `[d + conditions]` into `out`; not cut where `cut` is false. */
export function chartPoint({ shift, frame }: Chart, y: ArrayLike<number>, out: Float64Array, cut = true): void {
  const q = shift.length;
  for (let a = 0; a < q; a++) {
    let x = shift[a];
    for (let j = 0; j < q; j++) x += frame[a * q + j] * y[j];
    out[a] = cut ? Math.max(-1, Math.min(1, x)) : x;
  }
}

/** Calls `use` with x of every row of z `[n, d]` and conditions `[n, conditions]`; x is used again for the next. */
export function eachPoint(
  chart: Chart,
  state: ArrayLike<number>,
  condition: ArrayLike<number>,
  use: (x: Float64Array, row: number) => void,
  cut = true,
): void {
  const { d, conditions: c } = chart;
  const y = new Float64Array(d + c);
  const x = new Float64Array(d + c);
  for (let p = 0; p < state.length / d; p++) {
    place(state, condition, d, c, p, y);
    chartPoint(chart, y, x, cut);
    use(x, p);
  }
}
