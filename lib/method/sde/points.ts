// Points in the space of z, in the units of an equation.

/** Points z `[n, d]` and the units that make them z̃. */
export interface Points {
  readonly n: number;
  readonly d: number;
  readonly z: ArrayLike<number>;
  readonly center: Float32Array;
  readonly spread: Float32Array;
}

/** z̃ of the points, feature-major `[d][columns]`, zeros behind the last. */
export function standardise({ n, d, z, center, spread }: Points, columns: number): Float32Array {
  const out = new Float32Array(d * columns);
  for (let p = 0; p < n; p++) {
    for (let j = 0; j < d; j++) out[j * columns + p] = (z[p * d + j] - center[j]) / spread[j];
  }
  return out;
}
