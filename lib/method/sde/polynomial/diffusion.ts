// σσᵀ by polynomials, kept positive definite: where the polynomials are not, as they may at the edge of the data, the Cholesky factor is kept
// bounded, its pivots above a floor.
import { type Evaluated, type PolynomialField, polynomialValues } from "./field.ts";

/** The upper triangle of σσᵀ, row by row, in units of z² per time. */
export interface PolynomialDiffusion extends PolynomialField {
  /** Least pivots of the Cholesky factorisation, `[d]`. */
  readonly floor: Float64Array;
}

/**
 * Lower Cholesky factor of an upper triangle row by row, into `out` `[d, d]`. Where that is not positive definite, pivots are lifted to `floor`
 * `[d]`, and entries beside them cut so that no row is longer than its variance allows: the factor stays bounded, which a pivot that
 * is lifted from below 0 alone would not give. `least`: pivots before, over the diagonal; `lifted`: whether any was.
 */
export function choleskyInto(triangle: ArrayLike<number>, d: number, out: Float64Array, floor?: ArrayLike<number>) {
  const least = new Float64Array(d);
  // What of every variance the columns so far have not taken.
  const left = Float64Array.from({ length: d }, (_, j) => triangle[j * d - (j * (j + 1)) / 2 + j]);
  let lifted = false;
  for (let j = 0, at = 0; j < d; j++) {
    const lowest = floor?.[j] ?? 0;
    least[j] = left[j] / triangle[at];
    lifted ||= left[j] < lowest;
    const pivot = Math.sqrt(Math.max(left[j], lowest));
    for (let k = j; k < d; k++, at++) {
      let rest = triangle[at];
      for (let l = 0; l < j; l++) rest -= out[j * d + l] * out[k * d + l];
      const most = Math.sqrt(Math.max(0, left[k]));
      const value = k === j ? pivot : pivot > 0 ? Math.max(-most, Math.min(most, rest / pivot)) : 0;
      out[k * d + j] = value;
      left[k] -= value ** 2;
    }
  }
  return { least, lifted };
}

/** σσᵀ at the points z `[n, d]` as matrices `[n, d, d]`, positive definite. */
export function diffusionValues(field: Evaluated<PolynomialDiffusion>, z: ArrayLike<number>): Float64Array {
  const { d } = field.chart;
  const out = new Float64Array((z.length / d) * d * d);
  eachFactor(field, z, [], (factor, _, p) => {
    for (let j = 0; j < d; j++) {
      for (let k = 0; k < d; k++) {
        let sum = 0;
        for (let l = 0; l <= Math.min(j, k); l++) sum += factor[j * d + l] * factor[k * d + l];
        out[(p * d + j) * d + k] = sum;
      }
    }
  });
  return out;
}

/** Share of the points at which a pivot has to be lifted. */
export function shareIndefinite(
  field: PolynomialDiffusion,
  z: ArrayLike<number>,
  condition: ArrayLike<number> = [],
): number {
  let count = 0;
  eachFactor(field, z, condition, (_, lifted) => {
    if (lifted) count++;
  });
  return (count * field.chart.d) / z.length;
}

/** Calls `use` with σ, the lower Cholesky factor of σσᵀ `[d, d]`, at every point, and whether a pivot was lifted; σ is used again for the next. */
export function eachFactor(
  field: Evaluated<PolynomialDiffusion>,
  z: ArrayLike<number>,
  condition: ArrayLike<number>,
  use: (factor: Float64Array, lifted: boolean, row: number) => void,
): void {
  const { d } = field.chart;
  const triangles = polynomialValues(field, z, condition);
  const factor = new Float64Array(d * d);
  for (let p = 0; p < z.length / d; p++) {
    const { lifted } = choleskyInto(triangles.subarray(p * field.width, (p + 1) * field.width), d, factor, field.floor);
    use(factor, lifted, p);
  }
}

/** Upper triangles `[n, d(d+1)/2]` as symmetric matrices `[n, d, d]`. */
export function matricesOf(triangles: Float64Array, d: number): Float64Array {
  const width = (d * (d + 1)) / 2;
  const n = triangles.length / width;
  const out = new Float64Array(n * d * d);
  for (let p = 0, at = 0; p < n; p++) {
    for (let j = 0; j < d; j++) {
      for (let k = j; k < d; k++, at++) {
        out[(p * d + j) * d + k] = triangles[at];
        out[(p * d + k) * d + j] = triangles[at];
      }
    }
  }
  return out;
}
