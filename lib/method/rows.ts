// Rows of numbers in a flat typed array.

export type Rows = Float32Array | Float64Array | Uint32Array;

/** Some rows of `width` numbers, in the order asked for. */
export function pickedRows<T extends Rows>(rows: T, width: number, which: Uint32Array): T {
  const out = new (rows.constructor as new (length: number) => T)(which.length * width);
  for (const [k, row] of which.entries()) out.set(rows.subarray(row * width, (row + 1) * width), k * width);
  return out;
}
