// Numbers of standard errors: what statistical laws are judged by.

/** False-alarm rate of one assertion for a normal estimate: 6.8e-6 two-sided (a mean), 3.4e-6 one-sided (a law). */
export const LIMIT = 4.5;

/** Sample moments of independent numbers, with the standard errors of mean and variance (from the fourth moment). */
export function moments(values: ArrayLike<number>) {
  const n = values.length;
  const sum = (f: (x: number) => number) => Array.from(values, f).reduce((total, x) => total + x, 0);
  const mean = sum((x) => x) / n;
  const variance = sum((x) => (x - mean) ** 2) / (n - 1);
  const fourth = sum((x) => (x - mean) ** 4) / n;
  return {
    mean,
    meanError: Math.sqrt(variance / n),
    variance,
    varianceError: Math.sqrt(Math.max(0, fourth - variance ** 2) / n),
  };
}

const short = (value: number) => Number(value.toPrecision(4));

/** Fails unless `estimate` is within LIMIT standard errors of `exact`. Returns the signed number of them. */
export function expectWithin(label: string, estimate: number, exact: number, standardError: number): number {
  const sigmas = (estimate - exact) / standardError;
  // Written so that NaN fails.
  if (!(Math.abs(sigmas) <= LIMIT)) {
    throw new Error(`${label}: ${short(estimate)} is ${sigmas.toFixed(1)} standard errors from ${short(exact)}`);
  }
  return sigmas;
}
