// The two-dimensional Ising model in equilibrium on an infinite lattice, off criticality: periodic strips of growing width and infinite
// length by their transfer matrix, extrapolated. E = −Σ_bonds s s' − h Σ s, k_B = 1.
//
// With λ the largest eigenvalue of the transfer matrix of a strip of width w, ln λ / w is −βF per spin. Magnetization and variance are its
// first and second derivative by βh, here as differences of fourth order. Widths converge about like exp(−w/ξ) and are extrapolated by
// Aitken's Δ², twice. Checked against Onsager and Yang (h → 0) and against enumeration in the tests.
import { InputError } from "../errors.ts";

const WIDTHS = [8, 9, 10, 11, 12, 13];
/** Step of the differences in βh, at most; smaller near βh = 0, where they must not reach the other phase; and the least. */
const STEP = 1e-3;
const LEAST_STEP = 1e-4;
/** Relative change of ln λ at which the iteration ends. */
const END = 1e-14;
const MOST_ITERATIONS = 5000;
/** Last two extrapolated widths must agree so well, relatively. */
const AGREE = { magnetization: 1e-5, variance: 1e-3 };

/** Magnetization per spin, and n times the variance of the magnetization per spin of a lattice of n spins, both for n → ∞. */
export interface IsingLimit {
  readonly magnetization: number;
  readonly variance: number;
}

/** null where widths do not converge, near criticality, and in fields below 4e-4 T, where the magnetization is none or of either sign. */
export function isingLimit(temperature: number, field: number): IsingLimit | null {
  const step = stepOf(temperature, field);
  if (step === null) return null;
  const rows = WIDTHS.map((width) => {
    const values = logEigenvalues(width, temperature, field, step);
    const [a, b, c, d, e] = values;
    return { magnetization: slope(values, step), variance: (16 * (d + b) - (e + a) - 30 * c) / (12 * step ** 2) };
  });
  const of = (key: keyof IsingLimit) =>
    converged(
      rows.map((row) => row[key]),
      AGREE[key],
    );
  const [magnetization, variance] = [of("magnetization"), of("variance")];
  return magnetization === null || variance === null ? null : { magnetization, variance };
}

/**
 * Magnetization per spin for n → ∞, and by how much strips of the widths differ from that. null as `isingLimit`, but also where only the variance does not
 * converge there is a magnetization.
 */
export function stripMagnetization(
  temperature: number,
  field: number,
): { readonly limit: number; readonly widths: readonly { width: number; off: number }[] } | null {
  const step = stepOf(temperature, field);
  if (step === null) return null;
  const values = WIDTHS.map((width) => slope(logEigenvalues(width, temperature, field, step), step));
  const limit = converged(values, AGREE.magnetization);
  return limit === null ? null : { limit, widths: WIDTHS.map((width, k) => ({ width, off: values[k] - limit })) };
}

/** Step of the differences in βh; null in fields that are too weak for one. */
function stepOf(temperature: number, field: number): number | null {
  if (!(temperature > 0)) throw new InputError(`temperature ${temperature} is not a positive number`);
  const step = Math.min(STEP, Math.abs(field / temperature) / 4);
  return step < LEAST_STEP ? null : step;
}

/** ln λ / w at −2 … 2 steps about βh. */
const logEigenvalues = (width: number, temperature: number, field: number, step: number) =>
  [-2, -1, 0, 1, 2].map((steps) => logEigenvalue(width, 1 / temperature, field / temperature + steps * step) / width);

const slope = ([a, b, , d, e]: readonly number[], step: number) => (8 * (d - b) - (e - a)) / (12 * step);

/** Their limit; null where the last two extrapolated ones do not agree so well, relatively. */
function converged(values: readonly number[], agree: number): number | null {
  const [before, last] = aitken(aitken(values)).slice(-2);
  return Math.abs(last - before) < agree * Math.abs(last) ? last : null;
}

/** Aitken's Δ² of every three numbers in a row. */
function aitken(values: readonly number[]): number[] {
  return values.slice(2).map((c, k) => {
    const [first, second] = [values[k + 1] - values[k], c - values[k + 1]];
    return first === second ? c : c - second ** 2 / (second - first);
  });
}

/** ln λ of a strip of `width` spins, βJ = `coupling`, by power iteration, one spin of a row after the other. */
function logEigenvalue(width: number, coupling: number, field: number): number {
  const size = 2 ** width;
  const sign = (state: number, k: number) => 2 * ((state >> k) & 1) - 1;
  // Half of the energy within a row goes before, half behind, the bonds to the next row.
  const within = Float64Array.from({ length: size }, (_, state) => {
    let energy = 0;
    for (let k = 0; k < width; k++) energy += sign(state, k) * (coupling * sign(state, (k + 1) % width) + field);
    return Math.exp(energy / 2);
  });
  const [same, other] = [Math.exp(coupling), Math.exp(-coupling)];
  let vector = new Float64Array(size).fill(1);
  let log = 0;
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    vector = vector.map((value, state) => value * within[state]);
    for (let k = 0; k < width; k++) {
      const bit = 1 << k;
      for (let state = 0; state < size; state++) {
        if (state & bit) continue;
        const [down, up] = [vector[state], vector[state | bit]];
        vector[state] = same * down + other * up;
        vector[state | bit] = other * down + same * up;
      }
    }
    vector = vector.map((value, state) => value * within[state]);
    const norm = vector.reduce((sum, value) => sum + value, 0);
    vector = vector.map((value) => value / norm);
    const next = Math.log(norm);
    if (iteration > 2 && Math.abs(next - log) < END * Math.abs(next)) return next;
    log = next;
  }
  return log;
}
