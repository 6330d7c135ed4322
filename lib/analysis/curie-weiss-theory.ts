// Exact theory of the Curie–Weiss model with Glauber dynamics (the paper's mean-field example): n spins ±1, M = Σ s, every
// spin s flips at rate 1/(1 + exp(β ΔE)), ΔE = 2 s ((M − s)/n + h). The number u of up spins is a birth–death chain
// on 0 … n; m = M/n = (2u − n)/n. Times are in units of one attempt per spin.
import { InputError } from "../errors.ts";
import { type BirthDeath, correlationTime, type Law, lawMoments, pointLaw, stationaryLaw } from "./birth-death.ts";
import { evolveLaw } from "./master-equation.ts";

/** `spins` n ≥ 1, `temperature` T > 0 in units of the coupling (Infinity: free spins), `field` h. */
export interface CurieWeiss {
  readonly spins: number;
  readonly temperature: number;
  readonly field: number;
}

/** What a flip of a spin s = ±1 costs when the sum of all n spins, its own included, is M. */
const energyOf = ({ spins, field }: CurieWeiss, s: number, M: number) => 2 * s * ((M - s) / spins + field);

/** Flip rate of a spin s = ±1 when the sum of all n spins, its own included, is M. */
export function flipRate(system: CurieWeiss, s: number, M: number): number {
  return 1 / (1 + Math.exp(energyOf(system, s, M) / system.temperature));
}

/** The chain of the number of up spins, n + 1 states. Throws InputError for a system that makes no sense. */
export function curieWeissChain(system: CurieWeiss): BirthDeath {
  const { spins: n, temperature, field } = system;
  if (!Number.isInteger(n) || n < 1) throw new InputError(`${n} spins: the number of spins is an integer ≥ 1`);
  if (!(temperature > 0)) throw new InputError(`temperature ${temperature} must be positive`);
  if (!Number.isFinite(field)) throw new InputError(`field ${field} must be finite`);
  const birth = new Float64Array(n + 1);
  const death = new Float64Array(n + 1);
  for (let u = 0; u <= n; u++) {
    const M = 2 * u - n;
    birth[u] = (n - u) * flipRate(system, -1, M);
    death[u] = u * flipRate(system, 1, M);
  }
  return { birth, death };
}

/** Finite-n drift f_n(m) = (L m)(m) per unit time; defined between the lattice values of m as well. */
export function drift(system: CurieWeiss, m: number): number {
  const M = m * system.spins;
  return (1 - m) * flipRate(system, -1, M) - (1 + m) * flipRate(system, 1, M);
}

/** Finite-n diffusion σ²_n(m) = Γ(m, m) per unit time: Σ over flips of rate × (2/n)². */
export function diffusion(system: CurieWeiss, m: number): number {
  const M = m * system.spins;
  return (2 / system.spins) * ((1 - m) * flipRate(system, -1, M) + (1 + m) * flipRate(system, 1, M));
}

/** n → ∞ drift tanh(β(m + h)) − m; differs from f_n by O(1/n). */
export function limitDrift({ temperature, field }: CurieWeiss, m: number): number {
  return Math.tanh((m + field) / temperature) - m;
}

/** Leading order of the diffusion, (2/n)(1 − m tanh(β(m + h))); differs from σ²_n by O(1/n²). */
export function limitDiffusion({ spins, temperature, field }: CurieWeiss, m: number): number {
  return (2 / spins) * (1 - m * Math.tanh((m + field) / temperature));
}

/** Number of up spins nearest to magnetization m0: the actual magnetization (2u − n)/n differs by at most 1/n. */
export function upSpins(spins: number, m0: number): number {
  if (!(Math.abs(m0) <= 1)) throw new InputError(`magnetization ${m0} is outside -1 … 1`);
  return Math.round((spins * (1 + m0)) / 2);
}

/** Mean and standard deviation of m under a law of u. */
export function magnetizationMoments(spins: number, law: Law): { mean: number; std: number } {
  const { mean, std } = lawMoments(law);
  return { mean: (2 * mean - spins) / spins, std: (2 * std) / spins };
}

/** The values of m that a law of u sits on, in ascending order (same length as law.mass). */
export function magnetizations(spins: number, { first, mass }: Law): Float64Array {
  return Float64Array.from(mass, (_, j) => (2 * (first + j) - spins) / spins);
}

/** Probability density of m at the points of `grid`: P(u) n/2, linear between neighbouring values of m, 0 outside. */
export function magnetizationDensity(spins: number, { first, mass }: Law, grid: ArrayLike<number>): Float64Array {
  return Float64Array.from(grid, (m) => {
    const x = (spins * (1 + m)) / 2 - first;
    const j = Math.floor(x);
    return (spins / 2) * ((1 - (x - j)) * (mass[j] ?? 0) + (x - j) * (mass[j + 1] ?? 0));
  });
}

export interface Equilibrium {
  readonly law: Law;
  readonly mean: number;
  readonly std: number;
  /** Integrated correlation time of m, Infinity or NaN where it never changes: samples further apart than a few of these are nearly independent. */
  readonly correlationTime: number;
}

/** Of logarithms of probabilities. */
const LARGEST_SUM = 1e300;

/** Exact stationary law of u, with mean, standard deviation and correlation time of m. */
export function equilibrium(system: CurieWeiss): Equilibrium {
  const { spins, temperature } = system;
  const chain = curieWeissChain(system);
  // Up and down again cost the same, so that rates that underflow at low temperatures do not matter; sums stay finite numbers.
  const most = LARGEST_SUM / spins;
  const logRatio = Float64Array.from({ length: spins }, (_, u) => {
    const cost = energyOf(system, -1, 2 * u - spins) / temperature;
    return Math.log((spins - u) / (u + 1)) - Math.max(-most, Math.min(most, cost));
  });
  const law = stationaryLaw(chain, logRatio);
  return { law, ...magnetizationMoments(spins, law), correlationTime: correlationTime(chain, law) };
}

/**
 * Exact laws of u at `times` (nondecreasing), from `start`: a magnetization m0 (that many spins up, placed anywhere) or
 * any law of u. `tolerance` as in `evolveLaw`.
 */
export function transientLaws(
  system: CurieWeiss,
  start: number | Law,
  times: Iterable<number>,
  tolerance?: number,
): Generator<Law, void, undefined> {
  const initial = typeof start === "number" ? pointLaw(upSpins(system.spins, start)) : start;
  return evolveLaw(curieWeissChain(system), initial, times, tolerance);
}

/** Exact mean and standard deviation of m(t) at `times`; errors below 1e-9 at the default tolerance. */
export function magnetizationTrajectory(
  system: CurieWeiss,
  start: number | Law,
  times: ArrayLike<number>,
  tolerance?: number,
): { mean: Float64Array; std: Float64Array } {
  const mean = new Float64Array(times.length);
  const std = new Float64Array(times.length);
  let i = 0;
  for (const law of transientLaws(system, start, Array.from(times), tolerance)) {
    const moments = magnetizationMoments(system.spins, law);
    mean[i] = moments.mean;
    std[i++] = moments.std;
  }
  return { mean, std };
}

/**
 * Exact covariances of m at a time when u has the law `now` and `lags` (nondecreasing) later: those of 1 ± m, which is positive, are what the chain makes of
 * the law weighted with it. Errors as of `magnetizationTrajectory`.
 */
export function magnetizationCovariances(system: CurieWeiss, now: Law, lags: ArrayLike<number>): Float64Array {
  const { mean } = magnetizationMoments(system.spins, now);
  const sign = mean < 0 ? -1 : 1;
  const weight = 1 + sign * mean;
  const m = magnetizations(system.spins, now);
  const weighted = { first: now.first, mass: now.mass.map((p, j) => (p * (1 + sign * m[j])) / weight) };
  const [given, free] = [weighted, now].map((law) => magnetizationTrajectory(system, law, lags).mean);
  return given.map((one, k) => sign * weight * (one - free[k]));
}
