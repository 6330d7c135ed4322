// Exact comparisons. All throw Error with a label and what was found.

type Numbers = Float32Array | Uint32Array | Float64Array;

/** Throws unless `holds`. */
export function ensure(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

/** The same bytes. */
export function expectSame(label: string, found: Numbers | null, wanted: Numbers | null): void {
  if (!found || !wanted) {
    ensure(found === wanted, `${label}: one is null`);
    return;
  }
  ensure(found.length === wanted.length, `${label}: ${found.length} numbers, not ${wanted.length}`);
  const bytes = (list: Numbers) => new Uint8Array(list.buffer, list.byteOffset, list.byteLength);
  if (Buffer.compare(bytes(found), bytes(wanted)) === 0) return;
  const at = found.findIndex((value, k) => !Object.is(value, wanted[k]));
  throw new Error(`${label}: number ${at} is ${found[at]}, not ${wanted[at]}`);
}

/** Every number within `tolerance`. */
export function expectClose(
  label: string,
  found: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
): void {
  ensure(found.length === wanted.length, `${label}: ${found.length} numbers, not ${wanted.length}`);
  for (let k = 0; k < found.length; k++) {
    // Written so that NaN fails.
    if (!(Math.abs(found[k] - wanted[k]) <= tolerance)) {
      throw new Error(`${label}: number ${k} is ${found[k]}, not ${wanted[k]} to ${tolerance.toPrecision(2)}`);
    }
  }
}

/** The largest absolute value. */
export function size(values: ArrayLike<number>): number {
  return Array.from(values).reduce((top, x) => Math.max(top, Math.abs(x)), 0);
}
