// f by polynomials, continued beyond the data: there the polynomials stay as they are at the edge, and f goes on along a plane for
// a little.
import { termsAt } from "./basis.ts";
import { chartPoint } from "./chart.ts";
import { basisIn, type Evaluated, type PolynomialField, polynomialValues } from "./field.ts";

export interface PolynomialDrift extends PolynomialField {
  /**
   * Mean slope of f along the axes of the chart, `[d, d]` row by row (axis, component), that of the least-squares plane through the data:
   * what a trajectory that starts at the edge of the data, and half of whose noise leads out of it, is brought back by. High degrees
   * would rather take it away. Along an axis where the plane would lead out, that of f at the edges if it leads back, else none (`leadingBack`).
   */
  readonly slope: Float64Array;
}

/** Where slopes at the edge are taken, from it inwards, in units of half the range of the data. */
const INWARDS = 1e-3;

/** The slope that f goes on along beyond the data, of a plane's `[d + conditions, d]`; see `PolynomialDrift`. */
export function leadingBack(field: PolynomialField, plane: Float64Array): Float64Array {
  const { chart, coefficients, width } = field;
  const { d, frame } = chart;
  const q = chart.shift.length;
  const basis = basisIn(field);
  const [table, phi] = [new Float64Array(basis.variables * (basis.degree + 1)), new Float64Array(basis.terms)];
  const along = (a: number, row: ArrayLike<number>) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += frame[a * q + j] * row[j];
    return sum;
  };
  /** f at ±x on one axis, the others in the middle. */
  const on = (a: number, x: number) => {
    termsAt(basis, new Float64Array(q).with(a, x), table, phi);
    return Float64Array.from({ length: d }, (_, j) =>
      phi.reduce((sum, value, t) => sum + coefficients[t * width + j] * value, 0),
    );
  };
  const out = plane.slice();
  for (let a = 0; a < d; a++) {
    if (!(along(a, plane.subarray(a * d, (a + 1) * d)) > 0)) continue;
    const edge = new Float64Array(d);
    for (const sign of [1, -1]) {
      const [outer, inner] = [on(a, sign), on(a, sign * (1 - INWARDS))];
      for (let j = 0; j < d; j++) edge[j] += (sign * (outer[j] - inner[j])) / INWARDS / 2;
    }
    const isBack = along(a, edge) < 0;
    for (let j = 0; j < d; j++) out[a * d + j] = isBack ? edge[j] : 0;
  }
  return out;
}

/** How far beyond the data f goes on along its plane, in units of half their range; then it stays, so that nothing grows exponentially. */
const REACH = 0.25;

const cut = (x: number, reach: number) => Math.max(-reach, Math.min(reach, x));

/** f at the points z `[n, d]`: `[n, d]`. */
export function driftValues(field: Evaluated<PolynomialDrift>, z: ArrayLike<number>): Float64Array {
  const { chart, slope } = field;
  const { d } = chart;
  const values = polynomialValues(field, z);
  const point = new Float64Array(d);
  const x = new Float64Array(d);
  for (let p = 0; p < z.length / d; p++) {
    for (let j = 0; j < d; j++) point[j] = z[p * d + j];
    chartPoint(chart, point, x, false);
    for (let a = 0; a < d; a++) {
      const excess = cut(x[a] - cut(x[a], 1), REACH);
      if (excess !== 0) for (let j = 0; j < d; j++) values[p * d + j] += slope[a * d + j] * excess;
    }
  }
  return values;
}
