// Poisson numbers by inversion of a table. Twin of kernels/random/poisson.wgsl, bit for bit.

/** Size of the table, and the largest mean for which it holds all but 2⁻³² of the law. */
const SIZE = 512;
const MAX_MEAN = 256;

export interface PoissonTable {
  /** Smallest value that can be drawn. */
  readonly first: number;
  /** thresholds[j] = 2³² P(X ≤ first + j), rounded, at most 2³² − 1; 512 words. */
  readonly thresholds: Uint32Array;
}

/**
 * The cumulative law of a Poisson number of the given mean (0 ≤ mean ≤ 256), computed in float64.
 * Throws RangeError for other means: add draws of a smaller mean instead (`poissonPlan`).
 */
export function poissonTable(mean: number): PoissonTable {
  if (!(mean >= 0 && mean <= MAX_MEAN)) throw new RangeError(`Poisson mean ${mean} is outside 0 … ${MAX_MEAN}`);
  const first = Math.max(0, Math.floor(mean - 8 * Math.sqrt(mean)));
  const thresholds = new Uint32Array(SIZE);
  // P(X = k) by recurrence from k = 0: exp(−256) is far above the smallest float64.
  let probability = Math.exp(-mean);
  let below = 0;
  for (let k = 0; k < first + SIZE; k++) {
    below += probability;
    if (k >= first) thresholds[k - first] = Math.min(2 ** 32 - 1, Math.round(below * 2 ** 32));
    probability *= mean / (k + 1);
  }
  return { first, thresholds };
}

/** A Poisson number from one word. */
export function poissonSearch(r: number, { first, thresholds }: PoissonTable): number {
  // The highest word belongs to the first threshold that is cut to it, not behind all of them.
  const word = Math.min(r, 2 ** 32 - 2);
  let j = 0;
  for (let step = SIZE / 2; step >= 1; step /= 2) if (word >= thresholds[j + step - 1]) j += step;
  return first + j;
}

/** How a Poisson number of any mean is drawn: as the sum of `chunks` draws from one table. */
export function poissonPlan(mean: number): { chunks: number; table: PoissonTable } {
  const chunks = Math.max(1, Math.ceil(mean / MAX_MEAN));
  return { chunks, table: poissonTable(mean / chunks) };
}
