// Drift and diffusion measured without a model, from increments: conditional moments (Kramers–Moyal coefficients) in
// bins of the state.
//
//   D(τ) = ⟨Δ⟩ / τ,   A(τ) = Cov(Δ) / (λ τ),   Δ = z(t + τ) − z(t),
//
// tend to f and σσᵀ as τ → 0, with an error of order τ (Ragwitz & Kantz, Phys. Rev. Lett. 87, 254501 (2001)).
// Increments over τ and 2τ from the same states remove it: 2 D(τ) − D(2τ), and the same for A, are off by order τ²
// (compare Gottschall & Peinke, New J. Phys. 10, 083034 (2008)).
//
// f varies within a bin, above all with the variables that are not binned. Its mean over the bin is not f at the
// centre: a learned f is to be averaged over the same states (`binMeans`) before it is compared. And it would enter
// the covariance as τ Var(f)/λ, more than all the noise where that is weak. So covariances and errors are those of
// the residuals of a polynomial in all variables, fitted to the changes inside the bin.
//
// Points count as independent. Increments that overlap in time, or patches of one system, are not: their standard
// errors are too small (not checked).
import { InputError } from "../errors.ts";
import { ensembleMoments } from "./trajectory-error.ts";

/** States `[n, d]` and what became of them, row by row. */
export interface Increments {
  readonly state: ArrayLike<number>;
  /** z(t + τ) − z(t), `[n, d]`. */
  readonly change1: ArrayLike<number>;
  /** z(t + 2τ) − z(t) from the same states, `[n, d]`; null: no correction. */
  readonly change2: ArrayLike<number> | null;
  readonly d: number;
  /** Time of the first change. */
  readonly tau: number;
  /** The covariance of a change is λ σσᵀ τ: 1 for a whole system, K for one patch of K. */
  readonly lambda: number;
}

/** A set of points, not empty, and its place: the bin number along each binned axis. */
export interface Bin {
  readonly cell: readonly number[];
  /** Indices of the points, `[count]`. */
  readonly members: Uint32Array;
}

/** A vector or matrix, row by row, with a standard error for each entry. */
export interface Estimate {
  readonly value: Float64Array;
  readonly error: Float64Array;
}

export interface KramersMoyal {
  readonly cell: readonly number[];
  readonly count: number;
  /** Mean state of the bin, `[d]`; the centre of a bin along axis j is its entry j. */
  readonly centre: Float64Array;
  /** f from τ alone, and corrected to zero time, `[d]`, unit of z per time. */
  readonly drift: Estimate;
  readonly driftCorrected: Estimate | null;
  /** σσᵀ from τ alone, and corrected to zero time, `[d, d]`, unit of z² per time. */
  readonly diffusion: Estimate;
  readonly diffusionCorrected: Estimate | null;
}

/**
 * Cuts the points of `state` `[n, d]` into `bins` bins along variable `axis`, equally filled up to one point, in
 * ascending order. Equal values may fall on both sides of a cut. Throws InputError for fewer than 3 points per bin.
 */
export function equalBins(state: ArrayLike<number>, d: number, axis: number, bins: number): Bin[] {
  const n = countPoints(state, d, [axis]);
  if (!(Number.isInteger(bins) && bins >= 1)) throw new InputError(`${bins} bins: use an integer from 1 on`);
  if (n < 3 * bins) throw new InputError(`${n} points for ${bins} bins: at least 3 per bin are needed`);
  const value = Float64Array.from({ length: n }, (_, i) => state[i * d + axis]);
  const order = Uint32Array.from(value, (_, i) => i).sort((i, j) => value[i] - value[j]);
  const cut = (k: number) => Math.round((k * n) / bins);
  return Array.from({ length: bins }, (_, k) => ({ cell: [k], members: order.slice(cut(k), cut(k + 1)) }));
}

/**
 * Bins on an even grid of `cells[0]` × `cells[1]` over the range of the variables `axes`; those with fewer than
 * `minimum` ≥ 3 points are left out. The cell is (bin along the first axis, bin along the second).
 */
export function gridBins(
  state: ArrayLike<number>,
  d: number,
  axes: readonly [number, number],
  cells: readonly [number, number],
  minimum: number,
): Bin[] {
  const n = countPoints(state, d, axes);
  if (!cells.every((count) => Number.isInteger(count) && count >= 1)) {
    throw new InputError(`a grid of ${cells.join(" x ")} cells: use integers from 1 on`);
  }
  if (!(minimum >= 3)) throw new InputError(`bins of at least ${minimum} points: at least 3 are needed`);
  const place = axes.map((axis, k) => {
    const value = Float64Array.from({ length: n }, (_, i) => state[i * d + axis]);
    const low = value.reduce((a, b) => Math.min(a, b));
    const width = (value.reduce((a, b) => Math.max(a, b)) - low) / cells[k] || 1;
    return value.map((z) => Math.min(cells[k] - 1, Math.floor((z - low) / width)));
  });
  const members = Array.from({ length: cells[0] * cells[1] }, (): number[] => []);
  for (let i = 0; i < n; i++) members[place[0][i] * cells[1] + place[1][i]].push(i);
  return members
    .map((list, k) => ({ cell: [Math.floor(k / cells[1]), k % cells[1]], members: Uint32Array.from(list) }))
    .filter((bin) => bin.members.length >= minimum);
}

/**
 * Drift and diffusion in each bin, uncorrected and (with `change2`) corrected to zero time. The drift is a plain
 * mean, its error that of the noise given the states, as a comparison with `binMeans` wants it. The diffusion is the
 * covariance of residuals (divisor count − terms), its errors those of a mean of products, without normality. The
 * errors of the corrected values come from the scatter of the combination itself, point by point, so that the
 * correlation of the two changes counts. `degree` of the polynomial: 0 subtracts the mean alone, 2 is for wide bins;
 * f beyond it adds τ Var(rest)/λ to A(τ), and order τ² to the corrected one. Throws InputError for wrong shapes,
 * values that are not finite, τ or λ that are not positive, and bins of fewer points than twice the terms of the
 * polynomial plus one.
 */
export function kramersMoyal(increments: Increments, bins: readonly Bin[], degree: 0 | 1 | 2 = 1): KramersMoyal[] {
  const { state, change1, change2, d, tau, lambda } = increments;
  countPoints(state, d, []);
  for (const change of change2 ? [change1, change2] : [change1]) {
    if (change.length !== state.length) {
      throw new InputError(`${change.length} changes for ${state.length} values of the state: both must be [n, ${d}]`);
    }
    requireFinite(change, "change");
  }
  if (!(tau > 0 && lambda > 0)) throw new InputError(`tau ${tau} and lambda ${lambda}: both must be positive`);
  const least = 2 * [1, 1 + d, ((d + 1) * (d + 2)) / 2][degree] + 1;
  return bins.map(({ cell, members }) => {
    if (members.length < least) {
      throw new InputError(`a bin of ${members.length} points: a fit of degree ${degree} needs ${least}`);
    }
    const place = scaled(state, d, members, 1);
    const basis = localBasis(place, d, degree);
    const rate1 = scaled(change1, d, members, 1 / tau);
    const noise1 = residuals(rate1, d, basis);
    const product1 = products(noise1, d, tau / lambda, basis.length);
    const rate2 = change2 && scaled(change2, d, members, 1 / (2 * tau));
    const noise2 = rate2 && residuals(rate2, d, basis);
    const product2 = noise2 && products(noise2, d, (2 * tau) / lambda, basis.length);
    return {
      cell,
      count: members.length,
      centre: columnMeans(place, d).value,
      drift: meanGiven(rate1, noise1, d, basis.length),
      driftCorrected:
        rate2 && noise2 && meanGiven(extrapolated(rate1, rate2), extrapolated(noise1, noise2), d, basis.length),
      diffusion: columnMeans(product1, d * d),
      diffusionCorrected: product2 && columnMeans(extrapolated(product1, product2), d * d),
    };
  });
}

/**
 * Means over the same bins of any values `[n, width]` at the same points, row by row, with their standard errors: the
 * outputs of a learned drift (width d) or diffusion (width d²), comparable with `kramersMoyal`.
 */
export function binMeans(values: ArrayLike<number>, width: number, bins: readonly Bin[]): Estimate[] {
  const n = countPoints(values, width, []);
  return bins.map(({ members }) => {
    const beyond = members.find((i) => i >= n);
    if (beyond !== undefined) throw new InputError(`point ${beyond} of a bin is beyond the ${n} rows of values`);
    return columnMeans(scaled(values, width, members, 1), width);
  });
}

/** Rows of `values` `[n, width]` at the members, times `factor`: `[count, width]`. */
function scaled(values: ArrayLike<number>, width: number, members: Uint32Array, factor: number): Float64Array {
  const out = new Float64Array(members.length * width);
  for (let r = 0; r < members.length; r++) {
    for (let j = 0; j < width; j++) out[r * width + j] = factor * values[members[r] * width + j];
  }
  return out;
}

/**
 * Orthonormal columns `[count]` that span the polynomials of all variables up to `degree` on the states `place`
 * `[count, d]`, by Gram and Schmidt. Terms that depend on those before them (a variable that is constant, or a
 * function of others) are left out.
 */
function localBasis(place: Float64Array, d: number, degree: number): Float64Array[] {
  const count = place.length / d;
  // Standardised first, so that squares differ from linear terms.
  const { value: mean, error } = columnMeans(place, d);
  const linear = Array.from({ length: d }, (_, j) => {
    const spread = error[j] * Math.sqrt(count) || 1;
    return Float64Array.from({ length: count }, (_, r) => (place[r * d + j] - mean[j]) / spread);
  });
  const terms = [new Float64Array(count).fill(1)];
  if (degree >= 1) terms.push(...linear);
  if (degree >= 2) terms.push(...linear.flatMap((x, j) => linear.slice(j).map((y) => x.map((v, r) => v * y[r]))));
  const basis: Float64Array[] = [];
  for (const term of terms) {
    const before = norm(term);
    // Twice is enough (Giraud, Langou & Rozložník, Comput. Math. Appl. 50, 1069 (2005)).
    for (let pass = 0; pass < 2; pass++) for (const q of basis) removeProjection(term, q);
    const after = norm(term);
    if (after > 1e-8 * before) basis.push(term.map((v) => v / after));
  }
  return basis;
}

/** What `rows` `[count, d]` leave beside their projection on the basis. */
function residuals(rows: Float64Array, d: number, basis: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(rows.length);
  for (let j = 0; j < d; j++) {
    const column = Float64Array.from({ length: rows.length / d }, (_, r) => rows[r * d + j]);
    for (const q of basis) removeProjection(column, q);
    for (let r = 0; r < column.length; r++) out[r * d + j] = column[r];
  }
  return out;
}

/**
 * For each member the products of residuals whose mean is their covariance (divisor count − terms) × factor: `[count,
 * d²]`.
 */
function products(noise: Float64Array, d: number, factor: number, terms: number): Float64Array {
  const count = noise.length / d;
  const scale = (factor * count) / (count - terms);
  const out = new Float64Array(count * d * d);
  for (let r = 0; r < count; r++) {
    for (let j = 0; j < d; j++) {
      for (let k = 0; k < d; k++) out[(r * d + j) * d + k] = scale * (noise[r * d + j] * noise[r * d + k]);
    }
  }
  return out;
}

/** Mean of each column, with the error that the residuals give it. */
function meanGiven(rows: Float64Array, noise: Float64Array, d: number, terms: number): Estimate {
  const count = rows.length / d;
  const scale = Math.sqrt((count - 1) / (count - terms));
  return { value: columnMeans(rows, d).value, error: columnMeans(noise, d).error.map((e) => scale * e) };
}

function norm(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
}

/** x ← x − q (q · x). */
function removeProjection(x: Float64Array, q: Float64Array): void {
  let along = 0;
  for (let r = 0; r < x.length; r++) along += q[r] * x[r];
  for (let r = 0; r < x.length; r++) x[r] -= along * q[r];
}

/** Richardson's combination of contributions for τ and 2τ: what is linear in τ cancels. */
function extrapolated(single: Float64Array, double: Float64Array): Float64Array {
  return single.map((value, i) => 2 * value - double[i]);
}

/** Mean of each column of `rows` `[count, width]` and its standard error for independent rows. */
function columnMeans(rows: Float64Array, width: number): Estimate {
  const count = rows.length / width;
  const { mean, std } = ensembleMoments(rows, count);
  return { value: mean, error: std.map((s) => s / Math.sqrt(count)) };
}

function countPoints(values: ArrayLike<number>, width: number, axes: readonly number[]): number {
  if (!(Number.isInteger(width) && width >= 1)) throw new InputError(`${width} columns: use an integer from 1 on`);
  const n = values.length / width;
  if (!(Number.isInteger(n) && n >= 1)) throw new InputError(`${values.length} values are not whole rows of ${width}`);
  const bad = axes.find((axis) => !(Number.isInteger(axis) && axis >= 0 && axis < width));
  if (bad !== undefined) throw new InputError(`axis ${bad} is not one of 0 … ${width - 1}`);
  requireFinite(values, "value");
  return n;
}

function requireFinite(values: ArrayLike<number>, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new InputError(`${what} ${values[i]} at index ${i} is not finite`);
  }
}
