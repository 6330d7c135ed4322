// f by polynomials, continued beyond the data: there the polynomials stay as they are at the edge, and f goes on along a plane for
// a little.
import { chartPoint } from "./chart.ts";
import { type PolynomialField, polynomialValues } from "./field.ts";

export interface PolynomialDrift extends PolynomialField {
  /**
   * Mean slope of f along the axes of the chart, `[d, d]` row by row (axis, component), that of the least-squares plane through the data:
   * what a trajectory that starts at the edge of the data, and half of whose noise leads out of it, is brought back by. High degrees
   * would rather take it away.
   */
  readonly slope: Float64Array;
}

/** How far beyond the data f goes on along its plane, in units of half their range; then it stays, so that nothing grows exponentially. */
const REACH = 0.25;

const cut = (x: number, reach: number) => Math.max(-reach, Math.min(reach, x));

/** f at the points z `[n, d]`: `[n, d]`. */
export function driftValues(field: PolynomialDrift, z: ArrayLike<number>): Float64Array {
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
