// Means of plain lists.

/** Mean of all values; NaN of none. */
export function average(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  return sum / values.length;
}

/** Mean over the rows, all of one length, at each place. */
export function averageRow(rows: readonly ArrayLike<number>[]): Float64Array {
  return Float64Array.from(rows[0], (_, k) => average(rows.map((row) => row[k])));
}

/** Relative standard error of the standard deviation of so many independent normal values. */
export const errorOfStd = (count: number) => 1 / Math.sqrt(2 * (count - 1));

/** Standard error of what is found from `count` independent values, from what it is without each of them: the jackknife. */
export function jackknifeError(count: number, without: (left: number) => number): number {
  const { error } = meanWithError(Float64Array.from({ length: count }, (_, left) => without(left)));
  return (count - 1) * error;
}

/** Mean of independent values, and its standard error; NaN of a single one, whose error is not known. */
export function meanWithError(values: ArrayLike<number>): { mean: number; error: number } {
  const mean = average(values);
  let square = 0;
  for (let k = 0; k < values.length; k++) square += (values[k] - mean) ** 2;
  return { mean, error: Math.sqrt(square / (values.length - 1) / values.length) };
}

/** Mean of |x| of a normal law about 0, in its standard deviations. */
export const MEAN_ABSOLUTE = Math.sqrt(2 / Math.PI);
