// Statistical assertions. Every one of them turns its comparison into a number of standard errors and fails beyond
// LIMIT; seeds are fixed, so a false alarm can only come with a change of the code that changes the numbers drawn.
import { expectWithin, LIMIT, moments } from "../lib/systems/laws/statistics.ts";

export { expectWithin, moments };

/** Bins of a chi-square test are merged with their neighbours until this many counts are expected. */
const SMALLEST_BIN = 20;

/** Mean and variance of independent numbers against exact ones (two assertions). */
export function expectMoments(label: string, values: ArrayLike<number>, exact: { mean: number; variance: number }) {
  const found = moments(values);
  expectWithin(`${label}, mean`, found.mean, exact.mean, found.meanError);
  expectWithin(`${label}, variance`, found.variance, exact.variance, found.varianceError);
}

/**
 * Pearson's chi-square test of independent draws: `counts[k]` of them took value k, which has probability `masses[k]`.
 * Fails beyond LIMIT on the normal scale (Wilson & Hilferty 1931; from 3 degrees of freedom on it is good to 0.1 there,
 * below it is on the safe side), or when a value of probability 0 was drawn.
 */
export function expectLaw(label: string, counts: ArrayLike<number>, masses: ArrayLike<number>): number {
  if (counts.length > masses.length) throw new Error(`${label}: ${counts.length} counts, ${masses.length} masses`);
  let total = 0;
  for (let k = 0; k < counts.length; k++) total += counts[k];
  const bins: { observed: number; expected: number }[] = [];
  let bin = { observed: 0, expected: 0 };
  for (let k = 0; k < masses.length; k++) {
    const observed = counts[k] ?? 0;
    if (observed > 0 && !(masses[k] > 0)) throw new Error(`${label}: value ${k}, of probability 0, was drawn`);
    bin.observed += observed;
    bin.expected += total * masses[k];
    if (bin.expected >= SMALLEST_BIN) {
      bins.push(bin);
      bin = { observed: 0, expected: 0 };
    }
  }
  const last = bins.at(-1);
  if (!last || bins.length < 2) throw new Error(`${label}: ${total} draws are too few for a chi-square test`);
  last.observed += bin.observed;
  last.expected += bin.expected;
  const degrees = bins.length - 1;
  const statistic = bins.reduce((sum, { observed, expected }) => sum + (observed - expected) ** 2 / expected, 0);
  const spread = 2 / (9 * degrees);
  const sigmas = (Math.cbrt(statistic / degrees) - (1 - spread)) / Math.sqrt(spread);
  if (!(sigmas <= LIMIT)) {
    const value = statistic.toPrecision(4);
    throw new Error(`${label}: chi-square ${value} with ${degrees} degrees of freedom, ${sigmas.toFixed(1)} sigma`);
  }
  return sigmas;
}

/** How often each of 0 … size − 1 occurs. Throws for a value beyond. */
export function histogram(values: ArrayLike<number>, size: number): Uint32Array {
  const counts = new Uint32Array(size);
  for (let k = 0; k < values.length; k++) {
    if (!(values[k] >= 0 && values[k] < size)) throw new Error(`value ${values[k]} is outside 0 … ${size - 1}`);
    counts[values[k]]++;
  }
  return counts;
}

/**
 * Kolmogorov–Smirnov test of independent draws against a continuous distribution function. Fails where
 * √N sup|F_N − F| > 2.65, which has probability 2 exp(−2 · 2.65²) = 1.6e-6.
 */
export function expectDistribution(label: string, values: ArrayLike<number>, cumulative: (x: number) => number): void {
  const sorted = Float64Array.from(values).sort();
  let distance = 0;
  sorted.forEach((x, k) => {
    const below = cumulative(x);
    distance = Math.max(distance, below - k / sorted.length, (k + 1) / sorted.length - below);
  });
  const scaled = distance * Math.sqrt(sorted.length);
  if (!(scaled <= 2.65)) throw new Error(`${label}: Kolmogorov–Smirnov distance √N D = ${scaled}, allowed 2.65`);
}

/** Probabilities of 0 … top under a Poisson law. */
export function poissonMasses(mean: number, top: number): Float64Array {
  const masses = new Float64Array(top + 1);
  for (let k = 0, log = -mean; k <= top; log += Math.log(mean / ++k)) masses[k] = Math.exp(log);
  if (mean === 0) masses.fill(0).fill(1, 0, 1);
  return masses;
}

/** Probabilities of v = 0 … draws special items among `draws` taken without replacement from `total`, `special` of them. */
export function hypergeometricMasses(total: number, special: number, draws: number): Float64Array {
  const logChoose = (n: number, k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  return Float64Array.from({ length: draws + 1 }, (_, v) =>
    v > special || draws - v > total - special
      ? 0
      : Math.exp(logChoose(special, v) + logChoose(total - special, draws - v) - logChoose(total, draws)),
  );
}

/** Probabilities of 0 … n heads. */
export function binomialMasses(n: number, p: number): Float64Array {
  return Float64Array.from({ length: n + 1 }, (_, k) =>
    Math.exp(logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p)),
  );
}

const LOG_FACTORIALS = [0];

function logFactorial(n: number): number {
  for (let k = LOG_FACTORIALS.length; k <= n; k++) LOG_FACTORIALS.push(LOG_FACTORIALS[k - 1] + Math.log(k));
  return LOG_FACTORIALS[n];
}
