// Birth–death chains on 0 … N: rates, stationary law, moments, correlation time. Everything here is O(N) and exact
// up to rounding; the law at finite times is in master-equation.ts.
import { InputError } from "../errors.ts";

/** Rates per unit time of u → u + 1 and u → u − 1; both arrays have N + 1 entries, birth[N] = death[0] = 0. */
export interface BirthDeath {
  readonly birth: Float64Array;
  readonly death: Float64Array;
}

/** A law on a run of consecutive states: P(u = first + j) = mass[j], zero elsewhere. */
export interface Law {
  readonly first: number;
  readonly mass: Float64Array;
}

/** All mass on one state. */
export function pointLaw(u: number): Law {
  return { first: u, mass: Float64Array.of(1) };
}

/** Number of heads in n tosses with P(head) = p, 0 < p < 1: the stationary law of n independent two-state sites. */
export function binomialLaw(n: number, p: number): Law {
  if (!(p > 0 && p < 1)) throw new InputError(`probability ${p} is not between 0 and 1: use pointLaw at the ends`);
  const states = Array.from({ length: n + 1 }, (_, u) => u);
  return stationaryLaw({
    birth: Float64Array.from(states, (u) => (n - u) * p),
    death: Float64Array.from(states, (u) => u * (1 - p)),
  });
}

/**
 * Stationary law by detailed balance, π(u) birth(u) = π(u + 1) death(u + 1). The logarithms are summed outward from the
 * mode, so the relative error of π near the mode stays near 1e-14 for any N.
 * `logRatio[u]` = ln(birth(u)/death(u + 1)) where it is known better than from rates, which can underflow. Throws InputError where a rate inside
 * the chain is not positive and it is not given (the chain would not be irreducible).
 */
export function stationaryLaw({ birth, death }: BirthDeath, logRatio = logRatios({ birth, death })): Law {
  const top = birth.length - 1;
  let mode = 0;
  let height = 0;
  let highest = 0;
  for (let u = 0; u < top; u++) {
    height += logRatio[u];
    if (height > highest) {
      highest = height;
      mode = u + 1;
    }
  }
  const mass = new Float64Array(top + 1);
  mass[mode] = 1;
  let total = 1;
  for (let u = mode, log = 0; u < top; u++) {
    log += logRatio[u];
    mass[u + 1] = Math.exp(log);
    total += mass[u + 1];
  }
  for (let u = mode, log = 0; u > 0; u--) {
    log -= logRatio[u - 1];
    mass[u - 1] = Math.exp(log);
    total += mass[u - 1];
  }
  for (let u = 0; u <= top; u++) mass[u] /= total;
  return { first: 0, mass };
}

function logRatios({ birth, death }: BirthDeath): Float64Array {
  return Float64Array.from({ length: birth.length - 1 }, (_, u) => {
    if (!(birth[u] > 0 && death[u + 1] > 0)) {
      throw new InputError(`rates ${birth[u]} and ${death[u + 1]} between states ${u} and ${u + 1} must be positive`);
    }
    return Math.log(birth[u] / death[u + 1]);
  });
}

/** Total mass of a law: 1 up to what a truncated window or rounding lost. */
export function totalMass({ mass }: Law): number {
  let sum = 0;
  for (const p of mass) sum += p;
  return sum;
}

/** Mean and standard deviation of u under a law, which is normalised first. */
export function lawMoments(law: Law): { mean: number; std: number } {
  const { first, mass } = law;
  // Distances from the middle of the window, then from the mean: no cancellation even where u is near 10⁶.
  const middle = Math.floor(mass.length / 2);
  const total = totalMass(law);
  let shift = 0;
  for (let j = 0; j < mass.length; j++) shift += mass[j] * (j - middle);
  shift /= total;
  let variance = 0;
  for (let j = 0; j < mass.length; j++) variance += mass[j] * (j - middle - shift) ** 2;
  return { mean: first + middle + shift, std: Math.sqrt(Math.max(0, variance / total)) };
}

/**
 * Integrated correlation time τ = ∫₀^∞ Cov(u(0), u(t)) dt / Var(u) of the stationary chain, in the unit of 1/rate.
 * The time average of u over a long time T has variance 2 τ Var(u) / T.
 * Solving −L g = u − ⟨u⟩ for a birth–death generator leaves one sum, with S(u) = Σ_{v ≤ u} π(v) (v − ⟨v⟩):
 * ∫ Cov dt = Σ_u S(u)² / (π(u) birth(u)). NaN for a law on one state. `law` must be the stationary law of `chain` on all states (not checked).
 */
export function correlationTime(chain: BirthDeath, { mass }: Law): number {
  const { mean, std } = lawMoments({ first: 0, mass });
  const top = mass.length - 1;
  const split = Math.floor(mean);
  // Both sums run from their end of the chain toward the mean, where all their terms have one sign.
  let integral = 0;
  for (let u = 0, sum = 0; u <= split && u < top; u++) {
    sum += mass[u] * (u - mean);
    if (mass[u] > 1e-290) integral += (sum / mass[u]) * (sum / chain.birth[u]);
  }
  for (let u = top - 1, sum = 0; u > split; u--) {
    sum += mass[u + 1] * (u + 1 - mean);
    if (mass[u] > 1e-290) integral += (sum / mass[u]) * (sum / chain.birth[u]);
  }
  return integral / std ** 2;
}
