// The Ising model on a tiny periodic lattice, exactly: Boltzmann averages by enumeration, and the law of Glauber dynamics
// at any time. E = −Σ_bonds s s' − h Σ s with 2n bonds (each site to its right and lower neighbour; at side 2 that joins
// every pair twice), k_B = 1. State x is a number whose bit (row · side + column) is 1 for a spin up.
//
// Dynamics. Every spin flips at rate 1 / (1 + exp(ΔE / T)), ΔE = 2 s (Σ of its four neighbours + h). By uniformisation
// (A. Jensen, Skand. Aktuarietidskr. 36, 87 (1953)) this is n attempts per unit of time at random sites, so the law at
// time t is Σ_k e^(−nt) (nt)^k / k! P^k p(0), P the chain of single attempts: sums of positive terms, no rounding trouble.
import { InputError } from "../errors.ts";

const SMALLEST_SIDE = 2;
/** 65,536 states. */
const LARGEST_SIDE = 4;
/** Probability of the Poisson law that may be cut off at its upper end. */
const CUT = 1e-13;

/** Observables of every state, `[2^n]` each. */
export interface IsingStates {
  /** Magnetization per site. */
  readonly m: Float64Array;
  /** Domain-wall density, mean over the 2n bonds of (1 − s s')/2. */
  readonly rho: Float64Array;
}

/** Averages over one law of the states. */
export interface IsingAverages {
  readonly m: number;
  readonly absM: number;
  readonly m2: number;
  readonly rho: number;
  readonly rho2: number;
  readonly mRho: number;
}

/** The same at several times, `[times]` each. */
export type IsingTransient = { readonly [K in keyof IsingAverages]: Float64Array };

/** Right, lower, left and upper neighbour of every site, `[n, 4]`. */
function neighbours(side: number): Uint8Array {
  const wrap = (k: number) => (k + side) % side;
  return Uint8Array.from({ length: 4 * side * side }, (_, k) => {
    const [row, column] = [Math.floor(k / 4 / side), Math.floor(k / 4) % side];
    const [down, right] = [[0, 1] as const, [1, 0] as const, [0, -1] as const, [-1, 0] as const][k % 4];
    return wrap(row + down) * side + wrap(column + right);
  });
}

const spin = (state: number, site: number) => 2 * ((state >>> site) & 1) - 1;

/** Throws InputError for sides other than 2, 3, 4. */
export function isingStates(side: number): IsingStates {
  requireSide(side);
  const sites = side * side;
  const near = neighbours(side);
  const m = new Float64Array(2 ** sites);
  const rho = new Float64Array(2 ** sites);
  for (let state = 0; state < m.length; state++) {
    let sum = 0;
    let walls = 0;
    for (let i = 0; i < sites; i++) {
      sum += spin(state, i);
      for (const k of [0, 1]) if (spin(state, i) !== spin(state, near[4 * i + k])) walls++;
    }
    m[state] = sum / sites;
    rho[state] = walls / (2 * sites);
  }
  return { m, rho };
}

/** The Boltzmann law, `[2^n]`. `temperature` > 0 may be Infinity. Throws InputError for other temperatures and sides. */
export function boltzmannLaw(side: number, temperature: number, field: number): Float64Array {
  requireTemperature(temperature);
  const { m, rho } = isingStates(side);
  const energies = rho.map((walls, x) => side * side * energyPerSite(m[x], walls, field));
  const lowest = energies.reduce((least, energy) => Math.min(least, energy));
  const weights = energies.map((energy) => Math.exp((lowest - energy) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Boltzmann averages by enumeration of all 2^n states, and the mean energy per site. Errors as `boltzmannLaw`. */
export function enumerateIsing(side: number, temperature: number, field: number): IsingAverages & { energy: number } {
  const averages = averagesOf(isingStates(side), boltzmannLaw(side, temperature, field));
  return { ...averages, energy: energyPerSite(averages.m, averages.rho, field) };
}

/** The sum of s s' over the 2n bonds is 2n (1 − 2ρ). */
function energyPerSite(m: number, rho: number, field: number): number {
  return -2 * (1 - 2 * rho) - field * m;
}

/** The law of `up` spins up at uniformly random places, `[2^n]`. Throws InputError unless 0 ≤ up ≤ n. */
export function fixedMagnetizationLaw(side: number, up: number): Float64Array {
  const { m } = isingStates(side);
  const sites = side * side;
  if (!(Number.isInteger(up) && up >= 0 && up <= sites)) {
    throw new InputError(`${up} spins up of ${sites}: use an integer from 0 to ${sites}`);
  }
  const chosen = m.map((value) => Number(Math.round((sites * (1 + value)) / 2) === up));
  const count = chosen.reduce((sum, one) => sum + one, 0);
  return chosen.map((one) => one / count);
}

/** The flip rate of every site in every state, 1/sweep, `[2^n, n]`. */
export function glauberRates(side: number, temperature: number, field: number): Float64Array {
  requireSide(side);
  requireTemperature(temperature);
  const sites = side * side;
  const near = neighbours(side);
  const rates = new Float64Array(2 ** sites * sites);
  for (let k = 0; k < rates.length; k++) {
    const [state, site] = [Math.floor(k / sites), k % sites];
    let sum = field;
    for (let j = 0; j < 4; j++) sum += spin(state, near[4 * site + j]);
    rates[k] = 1 / (1 + Math.exp((2 * spin(state, site) * sum) / temperature));
  }
  return rates;
}

/**
 * Averages of m, ρ and their products at `times` ≥ 0 (in any order, in sweeps = attempts per site) for Glauber dynamics
 * from the law `initial` `[2^n]`, which is not checked to sum to 1. Absolute error below 1e-12. O(2^n n² · largest
 * time). Throws InputError for bad times, temperatures, sides or lengths.
 */
export function glauberTransient(
  side: number,
  temperature: number,
  field: number,
  initial: ArrayLike<number>,
  times: readonly number[],
): IsingTransient {
  const states = isingStates(side);
  const rates = glauberRates(side, temperature, field);
  if (initial.length !== states.m.length) {
    throw new InputError(`a law of ${initial.length} states for the ${states.m.length} of side ${side}`);
  }
  const laws = times.map((time) => {
    if (!(time >= 0 && Number.isFinite(time))) throw new InputError(`time ${time}: use finite times from 0 on`);
    return poissonLaw(side * side * time);
  });
  const attempts = Math.max(0, ...laws.map((law) => law.length));
  const result = {
    m: new Float64Array(times.length),
    absM: new Float64Array(times.length),
    m2: new Float64Array(times.length),
    rho: new Float64Array(times.length),
    rho2: new Float64Array(times.length),
    mRho: new Float64Array(times.length),
  };
  let law: Float64Array = Float64Array.from(initial);
  for (let k = 0; k < attempts; k++) {
    if (k > 0) law = afterAttempt(law, rates, side * side);
    const averages = averagesOf(states, law);
    for (const [t, weights] of laws.entries()) {
      if (k >= weights.length) continue;
      for (const key of Object.keys(result) as (keyof IsingAverages)[]) result[key][t] += weights[k] * averages[key];
    }
  }
  return result;
}

/** P p: the law after one attempt at a uniformly random site. */
function afterAttempt(law: Float64Array, rates: Float64Array, sites: number): Float64Array {
  const next = Float64Array.from(law);
  for (let state = 0; state < law.length; state++) {
    if (law[state] === 0) continue;
    for (let i = 0; i < sites; i++) {
      const moved = (law[state] * rates[state * sites + i]) / sites;
      next[state] -= moved;
      next[state ^ (1 << i)] += moved;
    }
  }
  return next;
}

function averagesOf({ m, rho }: IsingStates, law: Float64Array): IsingAverages {
  const sums = { m: 0, absM: 0, m2: 0, rho: 0, rho2: 0, mRho: 0 };
  for (let x = 0; x < law.length; x++) {
    sums.m += law[x] * m[x];
    sums.absM += law[x] * Math.abs(m[x]);
    sums.m2 += law[x] * m[x] ** 2;
    sums.rho += law[x] * rho[x];
    sums.rho2 += law[x] * rho[x] ** 2;
    sums.mRho += law[x] * m[x] * rho[x];
  }
  return sums;
}

/** Probabilities of 0, 1, … under a Poisson law, up to where less than `CUT` is left (Chernoff bound). */
function poissonLaw(mean: number): Float64Array {
  if (mean === 0) return Float64Array.of(1);
  let last = Math.ceil(mean);
  while (last - mean - last * Math.log(last / mean) > Math.log(CUT)) last++;
  // Ratios to the largest, at its mode, then scaled to sum 1: logarithms of factorials would cost digits.
  const mode = Math.floor(mean);
  const law = new Float64Array(last).fill(1, mode, mode + 1);
  for (let k = mode + 1; k < last; k++) law[k] = (law[k - 1] * mean) / k;
  for (let k = mode - 1; k >= 0; k--) law[k] = (law[k + 1] * (k + 1)) / mean;
  const total = law.reduce((sum, probability) => sum + probability, 0);
  return law.map((probability) => probability / total);
}

function requireSide(side: number): void {
  if (!(Number.isInteger(side) && side >= SMALLEST_SIDE && side <= LARGEST_SIDE)) {
    throw new InputError(`side ${side}: all states can be listed for sides ${SMALLEST_SIDE} to ${LARGEST_SIDE}`);
  }
}

function requireTemperature(temperature: number): void {
  if (!(temperature > 0)) throw new InputError(`temperature ${temperature} must be positive`);
}
