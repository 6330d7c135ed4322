// Power spectra of fields on a line of grid points with zero-flux ends, by the orthonormal discrete cosine transform II
//   a_k = Σ_i c_k cos(π k (i + ½) / N) u_i,   c_0 = √(1/N), c_k = √(2/N),   k = 0 … N − 1,
// whose modes are the eigenvectors of the zero-flux Laplacian, with eigenvalues 2 cos(π k / N) − 2 (Strang, SIAM
// Review 41, 135 (1999)). Σ_k a_k² = Σ_i u_i², and white noise of variance v has power v in every mode.
import { InputError } from "../errors.ts";
import { studentQuantile } from "./student-t.ts";
import { ensembleMoments } from "./trajectory-error.ts";

export interface Spectrum {
  /** Mean of a_k² over replicas, `[points]`, unit of the field squared; with `fluctuations` the variance of a_k. */
  readonly power: Float64Array;
  /** Standard error of `power` over independent replicas, `[points]`. */
  readonly standardError: Float64Array;
  /** Contribution of each replica, `[replicas, points]`; `power` is the mean of the rows. */
  readonly perReplica: Float64Array;
}

/**
 * Spectrum of `fields` `[replicas, points]`, row by row, with at least 2 independent replicas. `fluctuations`:
 * subtract the ensemble mean of each amplitude first (divisor replicas − 1, so that the variance is unbiased).
 * O(replicas · points²).
 */
export function powerSpectrum(fields: ArrayLike<number>, points: number, { fluctuations = false } = {}): Spectrum {
  if (!(Number.isInteger(points) && points >= 1))
    throw new InputError(`${points} grid points: use an integer from 1 on`);
  const replicas = fields.length / points;
  if (!(Number.isInteger(replicas) && replicas >= 2)) {
    throw new InputError(`${fields.length} values are not at least 2 whole fields of ${points} points`);
  }
  const perReplica = cosineTransform(fields, points);
  const scale = fluctuations ? replicas / (replicas - 1) : 1;
  for (let k = 0; k < points; k++) {
    let mean = 0;
    if (fluctuations) for (let r = 0; r < replicas; r++) mean += perReplica[r * points + k] / replicas;
    for (let at = k; at < perReplica.length; at += points) perReplica[at] = scale * (perReplica[at] - mean) ** 2;
  }
  return { ...averageOver(perReplica, points), perReplica };
}

/** Amplitudes a_k of each field, `[replicas, points]` as the fields. Relative error of a norm about 1e-15 √N. */
export function cosineTransform(fields: ArrayLike<number>, points: number): Float64Array {
  const out = new Float64Array(fields.length);
  // cos(π k (2i + 1) / 2N) has period 4N in k (2i + 1): one table of that length serves all modes.
  const period = 4 * points;
  const cosine = Float64Array.from({ length: period }, (_, j) => Math.cos((Math.PI * j) / (2 * points)));
  for (let k = 0; k < points; k++) {
    const norm = Math.sqrt((k === 0 ? 1 : 2) / points);
    const basis = Float64Array.from({ length: points }, (_, i) => norm * cosine[(k * (2 * i + 1)) % period]);
    for (let from = 0; from < fields.length; from += points) {
      let sum = 0;
      for (let i = 0; i < points; i++) sum += basis[i] * fields[from + i];
      out[from + k] = sum;
    }
  }
  return out;
}

/** Mean power over the modes from … to − 1, or the ratio of two such means. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly standardError: number;
  /** Ends of the 95 % interval. */
  readonly low: number;
  readonly high: number;
}

/**
 * Mean power in the bands [edges[k], edges[k + 1]) of mode numbers, ascending integers in 0 … points. The errors are
 * those of each replica's band mean, so modes of one replica may depend on each other. Student interval for the
 * logarithm (delta method), so it is positive and not symmetric.
 */
export function bandPower(spectrum: Spectrum, edges: readonly number[]): Band[] {
  return bandMeans(spectrum, edges).map(({ from, to, value, standardError, freedom }) => {
    const relative = value > 0 ? standardError / value : 0;
    return { from, to, standardError, ...logInterval(value, relative, freedom) };
  });
}

/**
 * Ratio of the mean powers of two independent ensembles in the same bands: (δr/r)² = (δa/a)² + (δb/b)², and the
 * interval of `bandPower` with the degrees of freedom of Welch and Satterthwaite. Grids may differ: modes of equal
 * number are compared. A band without power in either spectrum is an InputError. Coverage falls a few points short
 * where the powers of few replicas are skewed: 0.92 for a single mode from 10 + 10 replicas, 0.94 from 50 + 50, 0.948
 * for ten.
 */
export function bandRatio(a: Spectrum, b: Spectrum, edges: readonly number[]): Band[] {
  const below = bandMeans(b, edges);
  return bandMeans(a, edges).map(({ from, to, ...above }, k) => {
    const under = below[k];
    if (!(above.value > 0 && under.value > 0)) {
      throw new InputError(`power ${above.value} over ${under.value} in modes ${from} to ${to - 1}: no ratio`);
    }
    const parts = [above, under].map(({ value, standardError }) => (standardError / value) ** 2);
    const variance = parts[0] + parts[1];
    const freedom = variance ** 2 / (parts[0] ** 2 / above.freedom + parts[1] ** 2 / under.freedom);
    const value = above.value / under.value;
    const relative = Math.sqrt(variance);
    return { from, to, standardError: value * relative, ...logInterval(value, relative, freedom) };
  });
}

/** value × exp(± t × relative error). */
function logInterval(value: number, relative: number, freedom: number) {
  // Without any scatter the interval is a point, whatever the freedom.
  const quantile = relative > 0 ? studentQuantile(0.975, Math.max(1, Math.floor(freedom * (1 + 1e-12)))) : 0;
  const reach = Math.exp(quantile * relative);
  return { value, low: value / reach, high: value * reach };
}

function bandMeans({ power, perReplica }: Spectrum, edges: readonly number[]) {
  const points = power.length;
  const ascending = edges.every((edge, k) => Number.isInteger(edge) && edge >= 0 && (k === 0 || edge > edges[k - 1]));
  if (edges.length < 2 || !ascending || edges[edges.length - 1] > points) {
    throw new InputError(`band edges ${edges.join(", ")}: use at least two ascending integers from 0 to ${points}`);
  }
  const replicas = perReplica.length / points;
  return edges.slice(1).map((to, k) => {
    const from = edges[k];
    const means = Float64Array.from({ length: replicas }, (_, r) => {
      const band = perReplica.subarray(r * points + from, r * points + to);
      return band.reduce((sum, p) => sum + p, 0) / (to - from);
    });
    const { power: value, standardError } = averageOver(means, 1);
    return { from, to, value: value[0], standardError: standardError[0], freedom: replicas - 1 };
  });
}

/** Mean over rows of `[replicas, width]`, and its standard error. */
function averageOver(rows: Float64Array, width: number): { power: Float64Array; standardError: Float64Array } {
  const replicas = rows.length / width;
  const { mean, std } = ensembleMoments(rows, replicas);
  return { power: mean, standardError: std.map((s) => s / Math.sqrt(replicas)) };
}
