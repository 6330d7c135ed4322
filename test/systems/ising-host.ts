// The Ising model on the host for tests: packed lattices as spins and back, and the observables and the generator of Glauber
// dynamics by their definitions, in float64.
import { expectWithin, moments } from "../statistics.ts";

/** Replicas of a word, which share the places and times of their attempts. */
export const LANES = 32;

/** Spins ±1 of one lattice, row by row. */
export type Spins = Int8Array;

export function wordsPerRow(side: number): number {
  return Math.ceil(side / 32);
}

/** Lattices of packed rows `[count][side][⌈side/32⌉]`. */
export function unpackSpins(words: Uint32Array, side: number): Spins[] {
  const perRow = wordsPerRow(side);
  return Array.from({ length: words.length / (side * perRow) }, (_, replica) =>
    Int8Array.from({ length: side * side }, (_, k) => {
      const row = replica * side + Math.floor(k / side);
      return 2 * ((words[row * perRow + ((k % side) >>> 5)] >>> ((k % side) % 32)) & 1) - 1;
    }),
  );
}

export function packSpins(lattices: readonly Spins[], side: number): Uint32Array {
  const perRow = wordsPerRow(side);
  const words = new Uint32Array(lattices.length * side * perRow);
  for (const [replica, spins] of lattices.entries()) {
    spins.forEach((s, k) => {
      const row = replica * side + Math.floor(k / side);
      if (s === 1) words[row * perRow + ((k % side) >>> 5)] |= 1 << ((k % side) % 32);
    });
  }
  return words;
}

/** Offsets (rows, columns) of the four neighbours and of the four diagonal ones. */
const NEAREST = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;
const DIAGONAL = [
  [-1, -1],
  [-1, 1],
  [1, -1],
  [1, 1],
] as const;

/** A closed lattice; its observables are (m, ρ, c, p), or (m, ρ, c, b) with the side of the blocks of b. */
export class HostLattice {
  readonly #spins: Spins;
  readonly #side: number;
  readonly #block: number;

  constructor(spins: Spins, side: number, block = 0) {
    this.#spins = spins.slice();
    this.#side = side;
    this.#block = block;
  }

  #at(row: number, column: number): number {
    const side = this.#side;
    return this.#spins[((row + side) % side) * side + ((column + side) % side)];
  }

  /** Squared sum of the spins of the block of site (row, column), over its number of sites. */
  #blockSquare(row: number, column: number): number {
    const block = this.#block;
    const corner = (at: number) => at - (at % block);
    let sum = 0;
    this.#each(corner(row), corner(column), block, (y, x) => {
      sum += this.#at(y, x);
    });
    return sum ** 2 / block ** 2;
  }

  /**
   * What site (row, column) is part of: its spin, its unlike bonds, products of its diagonal bonds and its plaquettes, or the
   * square of its block.
   */
  #around(row: number, column: number): [number, number, number, number] {
    const s = this.#at(row, column);
    let unlike = 0;
    let diagonal = 0;
    let plaquettes = 0;
    for (const [y, x] of NEAREST) unlike += (1 - s * this.#at(row + y, column + x)) / 2;
    for (const [y, x] of DIAGONAL) {
      const across = this.#at(row + y, column + x);
      diagonal += s * across;
      plaquettes += s * across * this.#at(row + y, column) * this.#at(row, column + x);
    }
    return [s, unlike, diagonal, this.#block > 0 ? this.#blockSquare(row, column) : plaquettes];
  }

  /** Observables of a square piece: bonds that leave it count half, plaquettes by their corners inside. */
  observe(top = 0, left = 0, extent = this.#side): number[] {
    const sums = [0, 0, 0, 0];
    this.#each(top, left, extent, (row, column) => {
      for (const [j, x] of this.#around(row, column).entries()) sums[j] += x;
    });
    const n = extent ** 2;
    // A bond has two ends, a plaquette four corners, a block its sites; there are 2n bonds of each kind and n plaquettes.
    const shares = this.#block > 0 ? this.#block ** 2 : 4;
    return [sums[0] / n, sums[1] / (2 * 2 * n), sums[2] / (2 * 2 * n), sums[3] / (shares * n)];
  }

  /**
   * K times what the flips in a piece do to the observables of the whole lattice: Σ rate · change and the upper triangle of
   * Σ rate · change · changeᵀ, with every flip carried out.
   */
  generator(temperature: number, field: number, top = 0, left = 0, extent = this.#side) {
    const n = extent ** 2;
    const drift = [0, 0, 0, 0];
    const gamma = new Array<number>(10).fill(0);
    this.#each(top, left, extent, (row, column) => {
      const site = (row % this.#side) * this.#side + (column % this.#side);
      const before = this.#around(row, column);
      let force = field;
      for (const [y, x] of NEAREST) force += this.#at(row + y, column + x);
      const rate = 1 / (1 + Math.exp((2 * before[0] * force) / temperature));
      this.#spins[site] *= -1;
      const after = this.#around(row, column);
      this.#spins[site] *= -1;
      const change = after.map((x, j) => (x - before[j]) / [n, 2 * n, 2 * n, n][j]);
      let entry = 0;
      for (let j = 0; j < 4; j++) {
        drift[j] += rate * change[j];
        for (let k = j; k < 4; k++) gamma[entry++] += rate * change[j] * change[k];
      }
    });
    return { drift, gamma };
  }

  #each(top: number, left: number, extent: number, visit: (row: number, column: number) => void): void {
    for (let k = 0; k < extent ** 2; k++) visit(top + Math.floor(k / extent), left + (k % extent));
  }
}

/** Means over the 32 replicas of every word of column `column` of rows of `width`: independent numbers. */
export function wordMeans(values: ArrayLike<number>, width = 1, column = 0): Float64Array {
  const words = values.length / (LANES * width);
  if (!Number.isInteger(words)) throw new Error(`${values.length / width} replicas are not whole words`);
  return Float64Array.from({ length: words }, (_, word) => {
    let sum = 0;
    for (let lane = 0; lane < LANES; lane++) sum += values[(word * LANES + lane) * width + column];
    return sum / LANES;
  });
}

/** The mean against an exact value, with the standard error over words. Returns the signed number of standard errors. */
export function expectWordMean(
  label: string,
  values: ArrayLike<number>,
  exact: number,
  { width = 1, column = 0, error = 0 } = {},
): number {
  const { mean, meanError } = moments(wordMeans(values, width, column));
  return expectWithin(label, mean, exact, Math.hypot(meanError, error));
}

/** Column `column` of rows of `width`. */
export function columnOf(values: ArrayLike<number>, width: number, column: number): Float64Array {
  return Float64Array.from({ length: values.length / width }, (_, k) => values[k * width + column]);
}

/** Standard deviation over all replicas, with its standard error by leaving out one word at a time. */
export function wordSpread(values: ArrayLike<number>): { std: number; error: number } {
  const words = values.length / LANES;
  const sums = wordMeans(values);
  const squares = wordMeans(Float64Array.from(values, (x) => x * x));
  const total = (of: Float64Array) => of.reduce((sum, x) => sum + x, 0);
  const [sum, square] = [total(sums), total(squares)];
  const spread = (s: number, q: number, count: number) =>
    Math.sqrt(Math.max(0, q / count - (s / count) ** 2) * ((count * LANES) / (count * LANES - 1)));
  const without = sums.map((s, word) => spread(sum - s, square - squares[word], words - 1));
  const center = total(without) / words;
  const error = Math.sqrt(((words - 1) / words) * without.reduce((v, x) => v + (x - center) ** 2, 0));
  return { std: spread(sum, square, words), error };
}
