// Probability densities estimated from samples, for plots. Distances between laws are in wasserstein.ts, which needs no bins.
import { InputError } from "../errors.ts";
import { average } from "./mean.ts";

export interface Histogram {
  /** Middle of each bin, `[bins]`, unit of x. */
  readonly centres: Float64Array;
  /** Samples per unit of x, divided by all samples (also those outside low … high), `[bins]`. */
  readonly density: Float64Array;
  /** Standard error of the density for independent samples, √(p (1 − p) / N) / width, `[bins]`. */
  readonly standardError: Float64Array;
}

/**
 * Histogram of `samples` on equal bins [low, high); a sample at `high` counts in the last one. Samples on a lattice, like m with
 * spacing 2/n, need bins of a whole number of spacings with edges half a spacing off the lattice, or the bars
 * alternate (not checked).
 */
export function histogram(samples: ArrayLike<number>, low: number, high: number, bins: number): Histogram {
  if (!(high > low)) throw new InputError(`histogram from ${low} to ${high}: the second must be larger`);
  if (!(Number.isInteger(bins) && bins >= 1)) throw new InputError(`${bins} bins: use an integer of at least 1`);
  requireSamples(samples);
  const width = (high - low) / bins;
  const counts = new Float64Array(bins);
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i];
    if (x >= low && x <= high) counts[Math.min(bins - 1, Math.floor((x - low) / width))]++;
  }
  const scale = 1 / (samples.length * width);
  return {
    centres: Float64Array.from(counts, (_, j) => low + (j + 0.5) * width),
    density: counts.map((c) => c * scale),
    standardError: counts.map((c) => Math.sqrt(c * (1 - c / samples.length)) * scale),
  };
}

/**
 * Gaussian kernel estimate at the points of `grid`, `[grid.length]`. `bandwidth` h is the standard deviation of the kernel, in the
 * unit of x: it widens the law to variance σ² + h². Kernels are cut at 6 h (relative error 2e-9). Samples that are all equal have no density: NaN,
 * unless a bandwidth is given. O(N log N + N·(grid points within 6 h)).
 */
export function kernelDensity(samples: ArrayLike<number>, grid: ArrayLike<number>, bandwidth?: number): Float64Array {
  const h = bandwidth ?? silvermanBandwidth(samples);
  if (bandwidth === undefined && h === 0) return new Float64Array(grid.length).fill(Number.NaN);
  requireSamples(samples);
  if (!(h > 0)) throw new InputError(`kernel bandwidth ${h} must be positive`);
  const x = Float64Array.from(samples).sort();
  const reach = 6 * h;
  const scale = 1 / (Math.sqrt(2 * Math.PI) * h * x.length);
  return Float64Array.from(grid, (point) => {
    let sum = 0;
    for (let i = firstAtLeast(x, point - reach); i < x.length && x[i] <= point + reach; i++) {
      sum += Math.exp(-0.5 * ((x[i] - point) / h) ** 2);
    }
    return sum * scale;
  });
}

/** Silverman's rule (Density Estimation, 1986, eq. 3.31): 0.9 min(std, interquartile range / 1.34) N^(−1/5). */
export function silvermanBandwidth(samples: ArrayLike<number>): number {
  requireSamples(samples);
  const x = Float64Array.from(samples).sort();
  const mean = average(x);
  const std = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, x.length - 1));
  const quartiles = x[Math.floor(0.75 * (x.length - 1))] - x[Math.floor(0.25 * (x.length - 1))];
  return 0.9 * (quartiles > 0 ? Math.min(std, quartiles / 1.34) : std) * x.length ** -0.2;
}

/** Index of the first entry ≥ value in an ascending array. */
function firstAtLeast(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function requireSamples(samples: ArrayLike<number>): void {
  if (samples.length === 0) throw new InputError("a density needs at least one sample");
}
