// Small dense matrices in float64, row by row, as plain arrays: what results of kernels are compared with.

/** The identity. */
export const identity = (d: number) => Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));

/** a aᵀ of a d × d matrix. */
export function square(a: ArrayLike<number>, d: number): number[] {
  return Array.from({ length: d * d }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += a[Math.floor(at / d) * d + k] * a[(at % d) * d + k];
    return sum;
  });
}

/** a x of a d × d matrix. */
export function times(a: ArrayLike<number>, x: ArrayLike<number>): number[] {
  const d = x.length;
  return Array.from({ length: d }, (_, j) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += a[j * d + k] * x[k];
    return sum;
  });
}

/** The upper triangle of a d × d matrix, row by row. */
export const upper = (a: ArrayLike<number>, d: number) =>
  Array.from({ length: d }, (_, j) => Array.from({ length: d - j }, (_, k) => a[j * d + j + k])).flat();

/** a b of d × d matrices. */
export function product(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += a[Math.floor(at / d) * d + k] * b[k * d + (at % d)];
    return sum;
  });
}

/** The solution of t x = y, t a lower triangle row by row. */
export function solveLower(t: ArrayLike<number>, y: readonly number[]): number[] {
  const x: number[] = [];
  for (let j = 0; j < y.length; j++) {
    x.push(x.reduce((rest, value, k) => rest - t[j * y.length + k] * value, y[j]) / t[j * y.length + j]);
  }
  return x;
}

/** Least squares of `values` `[n, d]` on (1, z): d rows of d + 1 coefficients, by the normal equations. */
export function affine(values: ArrayLike<number>, z: ArrayLike<number>, d: number): number[][] {
  const n = z.length / d;
  const size = d + 1;
  const rows = Array.from({ length: size }, () => new Array<number>(size + d).fill(0));
  for (let p = 0; p < n; p++) {
    const x = [1, ...Array.from({ length: d }, (_, k) => z[p * d + k])];
    const y = Array.from({ length: d }, (_, j) => values[p * d + j]);
    for (const [a, row] of rows.entries()) for (const [b, v] of [...x, ...y].entries()) row[b] += x[a] * v;
  }
  for (let p = 0; p < size; p++) {
    const pivot = rows[p][p];
    rows[p] = rows[p].map((v) => v / pivot);
    for (let a = 0; a < size; a++) {
      const factor = rows[a][p];
      if (a !== p) rows[a] = rows[a].map((v, b) => v - factor * rows[p][b]);
    }
  }
  return Array.from({ length: d }, (_, j) => rows.map((row) => row[size + j]));
}
