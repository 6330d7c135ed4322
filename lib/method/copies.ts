// Independent evolutions of the same patches: their mean and their covariance.

/** Mean over the copies, entry by entry. */
export function meanOf(copies: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(copies[0].length);
  for (const copy of copies) for (let k = 0; k < sum.length; k++) sum[k] += copy[k];
  return Float32Array.from(sum, (value) => value / copies.length);
}

/** Covariance over the copies, whose mean is `mean`, of each row of d numbers: upper triangles, divisor copies − 1. */
export function covarianceOf(copies: readonly Float32Array[], d: number, mean = meanOf(copies)): Float32Array {
  const rows = copies[0].length / d;
  const triangle = (d * (d + 1)) / 2;
  const covariance = new Float32Array(rows * triangle);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let j = row * d; j < (row + 1) * d; j++) {
      for (let k = j; k < (row + 1) * d; k++, at++) {
        let sum = 0;
        for (const copy of copies) sum += (copy[j] - mean[j]) * (copy[k] - mean[k]);
        covariance[at] = sum / (copies.length - 1);
      }
    }
  }
  return covariance;
}
