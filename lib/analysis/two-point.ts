// Two-point correlations of spins along the rows and columns of periodic lattices.
import { InputError } from "../errors.ts";
import { average } from "./mean.ts";

/** At distances r = 0 … rMax, `[rMax + 1]` each; standard errors from the scatter over lattices. */
export interface TwoPoint {
  /** Mean over lattices of S(r), the mean of s(x) s(x + r) over all sites and both directions. */
  readonly product: Float64Array;
  readonly productError: Float64Array;
  /** C(r) = ⟨S(r)⟩ − ⟨m⟩², without bias for independent lattices of one law. */
  readonly connected: Float64Array;
  readonly connectedError: Float64Array;
}

/**
 * Correlations of at least 2 lattices of one law (not checked). `bits` `[count][side][ceil(side/32)]`: bit c % 32 of word
 * floor(c/32) of row y is the spin at column c, 1 = up; bits beyond the side are ignored. O(count · side² rMax / 16).
 * Throws InputError for lengths that do not fit, fewer than 2 lattices, or rMax beyond side − 1.
 */
export function twoPoint(bits: Uint32Array, side: number, rMax: number): TwoPoint {
  const words = Math.ceil(side / 32);
  const count = bits.length / (side * words);
  if (!(Number.isInteger(side) && side >= 1 && Number.isInteger(count) && count >= 2)) {
    throw new InputError(
      `${bits.length} words are not at least 2 whole lattices of side ${side}, ${words} words per row`,
    );
  }
  if (!(Number.isInteger(rMax) && rMax >= 0 && rMax < side)) {
    throw new InputError(`distance ${rMax}: use an integer from 0 to ${side - 1}, side − 1`);
  }
  const products = new Float64Array(count * (rMax + 1));
  const magnetizations = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const lattice = bits.slice(i * side * words, (i + 1) * side * words);
    // The bits beyond the side, of the last word of each row, must not count.
    const mask = side % 32 === 0 ? 0xffffffff : 2 ** (side % 32) - 1;
    for (let y = 0; y < side; y++) lattice[(y + 1) * words - 1] &= mask;
    magnetizations[i] = (2 * ones(lattice)) / side ** 2 - 1;
    const rows = Array.from({ length: side }, (_, y) => lattice.subarray(y * words, (y + 1) * words));
    const doubled = rows.map((row) => twice(row, side));
    for (let r = 0; r <= rMax; r++) {
      let different = 0;
      for (let y = 0; y < side; y++) {
        different += differences(rows[y], doubled[y], r, mask) + differences(rows[y], rows[(y + r) % side], 0, mask);
      }
      products[i * (rMax + 1) + r] = 1 - different / side ** 2; // mean of 1 − 2·different/n over both directions
    }
  }
  return summary(products, magnetizations, rMax + 1);
}

/** A row followed by itself, so that a rotated row is a run of its bits; one word of zeros at the end. */
function twice(row: Uint32Array, side: number): Uint32Array {
  const result = new Uint32Array(Math.ceil((2 * side) / 32) + 1);
  const [shift, first] = [side % 32, Math.floor(side / 32)];
  result.set(row);
  for (let w = 0; w < row.length; w++) {
    result[first + w] |= row[w] << shift;
    if (shift > 0) result[first + w + 1] |= row[w] >>> (32 - shift);
  }
  return result;
}

/** In how many bits `row` differs from the bits of `other` that start at `offset`. */
function differences(row: Uint32Array, other: Uint32Array, offset: number, mask: number): number {
  const [first, shift] = [Math.floor(offset / 32), offset % 32];
  let count = 0;
  for (let w = 0; w < row.length; w++) {
    // A shift by 32 would be one by 0.
    const rotated =
      shift === 0 ? other[first + w] : (other[first + w] >>> shift) | (other[first + w + 1] << (32 - shift));
    count += bitCount((row[w] ^ rotated) & (w === row.length - 1 ? mask : 0xffffffff));
  }
  return count;
}

function ones(words: Uint32Array): number {
  let count = 0;
  for (const word of words) count += bitCount(word);
  return count;
}

/** Number of ones of a 32-bit word, by sums in pairs, fours, bytes (Warren, Hacker's Delight, section 5-1). */
function bitCount(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Means and standard errors over lattices of `products` `[count, size]` and of what is left without the magnetization. */
function summary(products: Float64Array, magnetizations: Float64Array, size: number): TwoPoint {
  const m = momentsOf(magnetizations);
  // ⟨m⟩² over pairs of different lattices: the square of the sample mean is too large by its own variance.
  const square = m.mean ** 2 - m.error ** 2;
  const column = (r: number) => magnetizations.map((_, i) => products[i * size + r]);
  const raw = Array.from({ length: size }, (_, r) => momentsOf(column(r)));
  // To first order a lattice moves C(r) by S_i(r) − 2 ⟨m⟩ m_i.
  const influence = (r: number) => column(r).map((value, i) => value - 2 * m.mean * magnetizations[i]);
  return {
    product: Float64Array.from(raw, ({ mean }) => mean),
    productError: Float64Array.from(raw, ({ error }) => error),
    connected: Float64Array.from(raw, ({ mean }) => mean - square),
    connectedError: Float64Array.from({ length: size }, (_, r) => momentsOf(influence(r)).error),
  };
}

/** Sample mean with its standard error. */
function momentsOf(values: Float64Array): { mean: number; error: number } {
  const mean = average(values);
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
