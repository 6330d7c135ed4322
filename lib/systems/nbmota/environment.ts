// What a vacancy of the alloy sees: the 112 sites within 7.5 Å, the eight jumps, and the frame that a jump is looked at from.

/** Lattice types: 0 a vacancy, 1 Nb, 2 Mo, 3 Ta. */
export const ELEMENTS = ["Nb", "Mo", "Ta"] as const;

type Triple = readonly [number, number, number];

/** Half lattice constants: all sites have coordinates of equal parity. */
const REACH_SQUARED = 21;
const REACH = 4;

/** The sites around the vacancy in half lattice constants, x slowest, z fastest, ascending. */
export const OFFSETS: readonly Triple[] = cube(REACH).filter(([x, y, z]) => {
  const square = x * x + y * y + z * z;
  return square > 0 && square <= REACH_SQUARED && (x - y) % 2 === 0 && (y - z) % 2 === 0;
});

/** Number of sites that a barrier depends on. */
export const SITES = OFFSETS.length;

/** The eight jumps, to the nearest neighbours. Direction 7 − d is the way back. */
export const DIRECTIONS: readonly Triple[] = cube(1).filter((place) => place.every((x) => x !== 0));

const indexOf = new Map(OFFSETS.map((place, index) => [String(place), index]));

/** Where a site stands in `OFFSETS`. Throws Error for a place that is not among them. */
export function siteIndex(place: readonly number[]): number {
  const index = indexOf.get(String(place));
  if (index === undefined) throw new Error(`${place} is not within the reach of a vacancy`);
  return index;
}

/**
 * The place that a site has in the frame of a jump, where the target is always at (1, 1, 1): turned about z, and mirrored at z = 0 for jumps
 * downward, as the network of Xing et al., Nat. Commun. 15, 3879 (2024) was trained.
 */
export function inFrame(direction: number, [x, y, z]: Triple): Triple {
  const [sx, sy, sz] = DIRECTIONS[direction];
  const [a, b] = sx === 1 ? (sy === 1 ? [x, y] : [-y, x]) : sy === 1 ? [y, -x] : [-x, -y];
  // −0 would be another text than 0.
  return [a + 0, b + 0, sz * z + 0];
}

/** Of each direction, which site of `OFFSETS` stands at each place of the frame: `[8][112]`. */
export const FRAMES: readonly Uint8Array[] = DIRECTIONS.map((_, direction) => {
  const sites = new Uint8Array(SITES);
  for (const [index, place] of OFFSETS.entries()) sites[siteIndex(inFrame(direction, place))] = index;
  return sites;
});

/** 32-bit words of a packed environment: two bits a site, site k at bits 2 (k % 16) of word ⌊k / 16⌋. */
export const ENVIRONMENT_WORDS = SITES / 16;

/** Types, 16 to a word: environments `[n, 112]` as `[n, 7]`, and lattices. */
export function packTypes(types: ArrayLike<number>): Uint32Array {
  const words = new Uint32Array(types.length / 16);
  for (let k = 0; k < types.length; k++) words[k >> 4] |= types[k] << (2 * (k & 15));
  return words;
}

/** The inverse of `packTypes`. */
export function unpackTypes(words: Uint32Array): Uint8Array {
  return Uint8Array.from({ length: 16 * words.length }, (_, k) => (words[k >> 4] >>> (2 * (k & 15))) & 3);
}

/** All places with coordinates up to `reach`, the first slowest. */
function cube(reach: number): Triple[] {
  const range = Array.from({ length: 2 * reach + 1 }, (_, k) => k - reach);
  return range.flatMap((x) => range.flatMap((y) => range.map((z): Triple => [x, y, z])));
}
