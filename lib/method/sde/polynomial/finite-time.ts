// Changes over a time δt tell drift and diffusion with an error of order δt: means and covariances over δt are not δt times their rates. Here fields are
// found whose own means and covariances over δt are those of the data.
//
// With J = ∂f/∂z and h = ½ Σ_ab (σσᵀ)_ab ∂_a ∂_b f (local linearisation; Shoji & Ozaki, Stoch. Anal. Appl. 16, 733 (1998)):
//   E[Δ | z]   = ∫₀^δt e^{Js} f ds + ∫₀^δt ∫₀^s e^{Ju} h du ds
//   Cov(Δ | z) = ∫₀^δt e^{Js} σσᵀ e^{Jᵀs} ds + ½ δt² (f·∇ + ½ Σ_ab (σσᵀ)_ab ∂_a ∂_b) σσᵀ
// exact for an Ornstein–Uhlenbeck process over any time, up to order δt² in general; of whole systems an order more, by two such steps of half the time. The difference from δt f and δt σσᵀ is smooth and free of noise, so
// that a few rows tell it. It is taken off the coefficients, again until nothing changes, and off those of every group of the jackknife. Covariances that
// evolutions of two durations have corrected already (`atZeroTime` of pairs.ts) stay.
//
// Of one patch of many the covariance holds more: patches that see the same z differ, and so do their drifts. Near equilibrium this scatter is half of what
// relaxation takes off the covariance; where each patch has z itself it is nothing. Data of several durations tell which; of one duration alone do
// not, and the middle is taken, with the doubt that it leaves.
import { InputError } from "../../../errors.ts";
import { lambdaOf, pickedRegression, type Regression, rowScales, spreadRows, timeOf } from "../../pairs.ts";
import { choleskyInto } from "./diffusion.ts";
import { leadingBack } from "./drift.ts";
import { basisIn, groupsOf, type PolynomialField, polynomialValues } from "./field.ts";
import { type EquationRows, normalEquations, solve } from "./least-squares.ts";
import { blocksOf, diffusionParity, LEAST_RIDGE, planeSlope, type Solution } from "./solve.ts";

/** Rows that corrections are found at; those that the corrections of groups differ by; and those that the scatter of patches is measured at. */
const SAMPLE = 4096;
const GROUP_SAMPLE = 512;
const SCATTER_SAMPLE = 65_536;
/** Rounds at the most: each makes what is left smaller by |J| δt/2. They end where coefficients change by less than this part of the largest. */
const ROUNDS = 60;
const ENOUGH = { fields: 1e-7, groups: 1e-4 };
/** Terms of the series in J δt, the largest |J| δt that they are taken for, and the share of rows beyond, where it is cut to that, at most. */
const TERMS = 24;
const LONGEST = 3;
const MOST_LONG = 0.05;
/** The change of σσᵀ along the way is cut to this part of what relaxation leaves of it. */
const HALF = 0.5;
/** Rows that the next order in the time is found at. */
const ORDER_SAMPLE = 1024;
/** Rounds in which it is taken off, as long as it is more than this part of a field. */
const DEFERRED = 3;
const NEGLIGIBLE = 1e-3;
/** Finite differences, in units of half the range of the data. */
const STEP = 1e-3;
/** What the scatter of patches can be as a part of what relaxation takes off the covariance: the one or the other, for all that is known before. */
const SCATTER = { least: 0, most: 0.5 };

/** The scatter of the drifts of patches, as a part of what relaxation takes off the covariance, with its standard error. */
export interface Scatter {
  readonly share: number;
  readonly error: number;
  /** Whether data of several durations say so; else it stays open within its bounds. */
  readonly measured: boolean;
}

/** Fields of instantaneous rates; `scatter`: of patches, null for a whole system. */
export interface ZeroTime extends Solution {
  readonly scatter: Scatter | null;
  /** How much of f and of σσᵀ the last order in the time was that was taken off, root mean square over the data: that much may be open, which the intervals hold. null for compensators. */
  readonly order: Record<keyof Pair, number> | null;
}

/**
 * The fields of instantaneous rates out of those that a regression gave (`solvePolynomials`); `odd` as there. Throws InputError where changes are over so
 * long a time that relaxation is over in it.
 */
export function atZeroTime(data: Regression, solution: Solution, odd: readonly number[] = []): ZeroTime {
  const correction = new Correction(data, solution, odd, SAMPLE);
  const groups = new Correction(data, solution, odd, GROUP_SAMPLE);
  if (data.variation) return { ...correction.fields(0, groups), scatter: null, order: null };
  if (data.lambda <= 1) {
    // What two steps in place of one say beyond it is taken off what is measured, again as that changes the fields.
    const further = new Correction(data, solution, odd, ORDER_SAMPLE);
    let found = correction.coefficients(0);
    let { next, order } = further.nextOrder(found);
    for (let round = 0; round < DEFERRED && Math.max(order.drift, order.diffusion) > NEGLIGIBLE; round++) {
      found = correction.coefficients(0, next, found);
      ({ next, order } = further.nextOrder(found));
    }
    const fields = correction.fields(0, groups, next, found);
    return {
      drift: { ...fields.drift, doubt: next.drift },
      diffusion: { ...fields.diffusion, doubt: next.diffusion },
      ...{ scatter: null, order },
    };
  }
  const middle = (SCATTER.least + SCATTER.most) / 2;
  const scatter = scatterOf(data, correction.coefficients(middle), middle, solution);
  const fields = correction.fields(scatter.share, groups);
  const further = correction.coefficients(scatter.share + scatter.error);
  // How the next order acts on one patch of many is not known; that it may be there is.
  const found = { drift: fields.drift.coefficients, diffusion: fields.diffusion.coefficients };
  const { next, order } = new Correction(data, solution, odd, ORDER_SAMPLE).nextOrder(found);
  const doubtOf = (key: keyof Pair) => further[key].map((value, k) => value - found[key][k] + next[key][k]);
  return {
    drift: { ...fields.drift, doubt: doubtOf("drift") },
    diffusion: { ...fields.diffusion, doubt: doubtOf("diffusion") },
    ...{ scatter, order },
  };
}

/** Means `[n, d]` and covariances `[n, d, d]` of the changes from states over times of their own. */
interface Moments {
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

/** These, by local linearisation in one step. */
function momentsOver(places: Places, fields: Solution, time: (row: number) => number): Moments {
  const { d, state } = places;
  const n = state.length / d;
  const [mean, covariance] = [new Float64Array(n * d), new Float64Array(n * d * d)];
  eachMoments(places, fields, time, 0, (own, spread, p) => {
    mean.set(own, p * d);
    covariance.set(spread, p * d * d);
  });
  return { mean, covariance };
}

/** The same in two steps of half the time: what lies between them is a normal law, of which 2 d + 1 points stand (Julier & Uhlmann, Proc. IEEE 92, 401 (2004)). */
function momentsInTwo(data: Regression, fields: Solution): Moments {
  const { d, state, condition } = data;
  const n = data.cohort.length;
  const c = condition.length / n;
  const half = (p: number) => timeOf(data, p) / 2;
  const first = momentsOver(data, fields, half);
  const each = 2 * d + 1;
  const weight = (k: number) => (k === 0 ? 1 - d / 3 : 1 / 6);
  const points = new Float64Array(n * each * d);
  const conditions = new Float64Array(n * each * c);
  const factor = new Float64Array(d * d);
  for (let p = 0; p < n; p++) {
    choleskyInto(upperTriangle(first.covariance.subarray(p * d * d, (p + 1) * d * d), d), d, factor);
    for (let k = 0; k < each; k++) {
      const [b, sign] = [(k - 1) >> 1, k % 2 === 1 ? Math.sqrt(3) : -Math.sqrt(3)];
      for (let j = 0; j < d; j++) {
        const aside = k === 0 ? 0 : sign * factor[j * d + b];
        points[(p * each + k) * d + j] = state[p * d + j] + first.mean[p * d + j] + aside;
      }
      for (let j = 0; j < c; j++) conditions[(p * each + k) * c + j] = condition[p * c + j];
    }
  }
  const places = { d, state: points, condition: conditions };
  const second = momentsOver(places, fields, (row) => half(Math.floor(row / each)));
  const [mean, covariance] = [new Float64Array(n * d), new Float64Array(n * d * d)];
  for (let p = 0; p < n; p++) {
    const reached = (k: number, j: number) => {
      const at = (p * each + k) * d + j;
      return points[at] + second.mean[at] - state[p * d + j];
    };
    for (let k = 0; k < each; k++) for (let j = 0; j < d; j++) mean[p * d + j] += weight(k) * reached(k, j);
    for (let k = 0; k < each; k++) {
      const off = Array.from({ length: d }, (_, j) => reached(k, j) - mean[p * d + j]);
      for (let e = 0; e < d * d; e++) {
        const own = second.covariance[(p * each + k) * d * d + e];
        covariance[p * d * d + e] += weight(k) * (own + off[Math.floor(e / d)] * off[e % d]);
      }
    }
  }
  return { mean, covariance };
}

const rootMeanSquare = (values: Float64Array) =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / Math.max(1, values.length));

/** The same fields of other coefficients. */
const withPair = ({ drift, diffusion }: Solution, pair: Pair): Solution => ({
  drift: { ...drift, coefficients: pair.drift },
  diffusion: { ...diffusion, coefficients: pair.diffusion },
});

/** Coefficients of both fields. */
interface Pair {
  readonly drift: Float64Array;
  readonly diffusion: Float64Array;
}

class Correction {
  readonly #data: Regression;
  readonly #solution: Solution;
  readonly #odd: readonly boolean[];
  readonly #rows: number;

  constructor(data: Regression, solution: Solution, odd: readonly number[], sample: number) {
    this.#data = someRows(data, sample);
    this.#solution = solution;
    this.#odd = Array.from({ length: data.d }, (_, j) => odd.includes(j));
    this.#rows = this.#data.cohort.length;
  }

  /** The coefficients of the fields with a share of scatter; `next`: taken off what is measured, `start`: some near them. */
  coefficients(share: number, next: Pair | null = null, start: Pair | null = null): Pair {
    const from = this.#measuredLess(next);
    return this.#fixedPoint(from, start ?? from, share, ENOUGH.fields).found;
  }

  #measuredLess(next: Pair | null): Pair {
    const measured = this.#measured;
    const less = (key: keyof Pair) => measured[key].map((value, k) => value - (next?.[key][k] ?? 0));
    return { drift: less("drift"), diffusion: less("diffusion") };
  }

  get #measured(): Pair {
    const { drift, diffusion } = this.#solution;
    return { drift: drift.coefficients, diffusion: diffusion.coefficients };
  }

  /** The fields, and those of every group that is left out, which differ from them as `coarse` says. */
  fields(share: number, coarse: Correction, next: Pair | null = null, start: Pair | null = null): Solution {
    const { drift, diffusion } = this.#solution;
    const from = this.#measuredLess(next);
    const { found, plane } = this.#fixedPoint(from, start ?? from, share, ENOUGH.fields);
    const left = coarse.groups(share);
    const moved = (key: keyof Pair) =>
      Float64Array.from(left.flatMap((by) => Array.from(by[key], (value, k) => found[key][k] + value)));
    return {
      drift: {
        ...drift,
        coefficients: found.drift,
        replicates: moved("drift"),
        slope: leadingBack(
          { ...drift, coefficients: found.drift },
          drift.slope.map((value, k) => value - plane[k]),
        ),
      },
      diffusion: { ...diffusion, coefficients: found.diffusion, replicates: moved("diffusion") },
    };
  }

  /** What the coefficients without each group have beyond those of all. */
  groups(share: number): Pair[] {
    const { drift, diffusion } = this.#solution;
    const all = this.#fixedPoint(this.#measured, this.#measured, share, ENOUGH.groups).found;
    return Array.from({ length: groupsOf(drift) }, (_, g) => {
      const from: Pair = { drift: groupOf(drift, g), diffusion: groupOf(diffusion, g) };
      const { found } = this.#fixedPoint(from, all, share, ENOUGH.groups);
      return {
        drift: found.drift.map((value, k) => value - all.drift[k]),
        diffusion: found.diffusion.map((value, k) => value - all.diffusion[k]),
      };
    });
  }

  /**
   * What two steps in place of one say of the changes beyond it, as coefficients: an order in the time higher. And how much of each field that is, root mean square
   * over the rows.
   */
  nextOrder(pair: Pair): { next: Pair; order: Record<keyof Pair, number> } {
    const data = this.#data;
    const { d } = data;
    const fields = withPair(this.#solution, pair);
    const { width } = fields.diffusion;
    const one = momentsOver(data, fields, (p) => timeOf(data, p));
    const two = momentsInTwo(data, fields);
    const per = (p: number) => 1 / timeOf(data, p);
    const off = one.mean.map((value, at) => per(Math.floor(at / d)) * (two.mean[at] - value));
    const wide = new Float64Array(this.#rows * width);
    for (let p = 0, at = 0; p < this.#rows; p++) {
      for (let j = 0; j < d; j++)
        for (let k = j; k < d; k++, at++) {
          const e = (p * d + j) * d + k;
          wide[at] = per(p) * (two.covariance[e] - one.covariance[e]);
        }
    }
    const next = {
      drift: this.#projected(fields.drift, off, this.#odd).coefficients,
      diffusion: this.#projected(fields.diffusion, wide, diffusionParity(this.#odd)).coefficients,
    };
    const values = (field: PolynomialField, coefficients: Float64Array) =>
      rootMeanSquare(polynomialValues({ ...field, coefficients }, data.state, data.condition));
    const part = (key: keyof Pair) => {
      const all = values(fields[key], fields[key].coefficients);
      return all > 0 ? Math.min(1, values(fields[key], next[key]) / all) : 0;
    };
    return { next, order: { drift: part("drift"), diffusion: part("diffusion") } };
  }

  /** Coefficients whose means and covariances over the times of the data are what `from` says, which begin with `start`. */
  #fixedPoint(from: Pair, start: Pair, share: number, enough: number): { found: Pair; plane: Float64Array } {
    const { drift, diffusion } = this.#solution;
    let found = start;
    let plane: Float64Array = new Float64Array();
    for (let round = 0; round < ROUNDS; round++) {
      const fitted = polynomialValues({ ...drift, coefficients: from.drift }, this.#data.state, this.#data.condition);
      const excess = this.#excess(found, fitted, share);
      const { each } = this.#data;
      const weights = each && ((row: number) => ({ terms: rowScales(this.#data, row).drift, target: 1 }));
      const off = this.#projected(drift, excess.drift, this.#odd, weights);
      // Those of the products of residuals are equal.
      const wide = this.#projected(diffusion, excess.diffusion, diffusionParity(this.#odd));
      plane = planeSlope(off.equations, drift.chart, off.basis, this.#odd);
      const before = found;
      found = {
        drift: from.drift.map((value, k) => value - off.coefficients[k]),
        diffusion: from.diffusion.map((value, k) => value - wide.coefficients[k]),
      };
      if (changeOf(before.drift, found.drift) < enough && changeOf(before.diffusion, found.diffusion) < enough) break;
    }
    return { found, plane };
  }

  /**
   * What a regression on the changes of these fields finds beyond them: of the drift `[rows, d]`, of σσᵀ `[rows, d(d+1)/2]`; `fitted`: the mean
   * change per time that residuals are taken about.
   */
  #excess(pair: Pair, fitted: Float64Array, share: number): Pair {
    const data = this.#data;
    const fields = withPair(this.#solution, pair);
    const { diffusion } = fields;
    const { d } = data;
    const off = new Float64Array(this.#rows * d);
    const wide = new Float64Array(this.#rows * diffusion.width);
    let long = 0;
    eachLocal(data, fields, (local, p) => {
      const time = timeOf(data, p);
      if (tamed(local, time)) long++;
      const scale = rowScales(data, p);
      const mean = meanChange(local, time);
      for (let j = 0; j < d; j++) off[p * d + j] = (scale.change * mean[j]) / data.time - scale.drift * local.drift[j];
      if (data.knownNoise) return;
      const beyond = covarianceBeyond(local, time, { share, integrated: data.method === "compensator" });
      let at = p * diffusion.width;
      for (let j = 0; j < d; j++) {
        for (let k = j; k < d; k++, at++) {
          wide[at] = beyond[j * d + k] / time;
          if (data.variation) continue;
          const rest = (i: number) => mean[i] - fitted[p * d + i] * time;
          wide[at] += (rest(j) * rest(k)) / (lambdaOf(data, p) * time);
        }
      }
    });
    if (long > MOST_LONG * this.#rows) {
      throw new InputError(
        `changes over ${data.time.toPrecision(3)} are too far apart: relaxation is over in between, give changes over shorter times`,
      );
    }
    return { drift: off, diffusion: wide };
  }

  /** Coefficients of the field that has such values at the rows, and the equations that they solve. */
  #projected(field: PolynomialField, values: Float64Array, parity: readonly boolean[], scale?: EquationRows["scale"]) {
    const { state, condition } = this.#data;
    const basis = basisIn(field);
    const rows = { state, condition, group: new Uint8Array(this.#rows), ...(scale && { scale }) };
    const { width } = field;
    const [equations] = normalEquations(basis, field.chart, rows, 1, { values, width, factor: 1 });
    const terms = Array.from({ length: basis.terms }, (_, t) => t);
    const blocks = blocksOf(field.chart, basis, terms, parity);
    return {
      basis,
      equations,
      coefficients: solve(equations, blocks, new Float64Array(basis.terms).fill(LEAST_RIDGE)),
    };
  }
}

/** The largest change of a coefficient, as a part of the largest coefficient. */
function changeOf(before: Float64Array, after: Float64Array): number {
  let [change, size] = [0, 0];
  for (const [k, value] of after.entries()) {
    change = Math.max(change, Math.abs(value - before[k]));
    size = Math.max(size, Math.abs(value));
  }
  return size > 0 ? change / size : 0;
}

const groupOf = ({ coefficients, replicates }: PolynomialField, g: number) =>
  replicates.slice(g * coefficients.length, (g + 1) * coefficients.length);

/** So many rows of a regression at the most, evenly out of all. */
export function someRows(data: Regression, count: number): Regression {
  const n = data.cohort.length;
  return n <= count ? data : pickedRegression(data, spreadRows(n, Math.ceil(n / count)));
}

/**
 * Calls `use` with what fields of instantaneous rates say of the changes of every row: their mean `[d]`, and the covariance of the change itself, λ times that of the
 * whole, `[d, d]`; used again for the next. `share`: of the scatter of patches.
 */
export function eachTransition(
  data: Regression,
  fields: Fields,
  share: number,
  use: (mean: Float64Array, covariance: Float64Array, row: number) => void,
): void {
  const time = (p: number) => timeOf(data, p);
  eachMoments(data, fields, time, share, (mean, covariance, p) => {
    const lambda = lambdaOf(data, p);
    for (let k = 0; k < covariance.length; k++) covariance[k] *= lambda;
    use(mean, covariance, p);
  });
}

/** Calls `use` with mean `[d]` and covariance `[d, d]` of the change of every row over a time of its own, less a share of what relaxation takes off; used again for the next. */
function eachMoments(
  places: Places,
  fields: Fields,
  time: (row: number) => number,
  share: number,
  use: (mean: Float64Array, covariance: Float64Array, row: number) => void,
): void {
  const covariance = new Float64Array(places.d ** 2);
  eachLocal(places, fields, (local, p) => {
    const own = time(p);
    tamed(local, own);
    const beyond = covarianceBeyond(local, own, { share, integrated: false });
    for (let k = 0; k < covariance.length; k++) covariance[k] = own * local.diffusion[k] + beyond[k];
    use(meanChange(local, own), covariance, p);
  });
}

/** Fields at a point, with what their derivatives are there. */
interface Local {
  readonly d: number;
  /** f and h, `[d]`; J and σσᵀ, `[d, d]` row by row. */
  readonly drift: Float64Array;
  readonly curvature: Float64Array;
  readonly slope: Float64Array;
  readonly diffusion: Float64Array;
  /** (f·∇ + ½ Σ σσᵀ ∂∂) σσᵀ, `[d, d]`. */
  readonly change: Float64Array;
}

/** Both fields of an equation. */
interface Fields {
  readonly drift: PolynomialField;
  readonly diffusion: PolynomialField;
}

/** States `[n, d]`, each with its conditions. */
interface Places {
  readonly d: number;
  readonly state: ArrayLike<number>;
  readonly condition: ArrayLike<number>;
}

/** Calls `use` with the fields at every row; the numbers are used again for the next. */
function eachLocal(
  { d, state, condition }: Places,
  { drift, diffusion }: Fields,
  use: (local: Local, row: number) => void,
): void {
  const n = state.length / d;
  const c = condition.length / n;
  const reach = Array.from({ length: d }, (_, j) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let p = 0; p < n; p++) {
      low = Math.min(low, state[p * d + j]);
      high = Math.max(high, state[p * d + j]);
    }
    return (STEP * (high - low)) / 2;
  });
  const width = diffusion.width;
  const triangles = polynomialValues(diffusion, state, condition);
  const factor = new Float64Array(d * d);
  // Of every row: itself, then the two sides of it along every variable, and along every column of σ.
  const each = 1 + 4 * d;
  const points = new Float64Array(n * each * d);
  const conditions = new Float64Array(n * each * c);
  const steps = new Float64Array(n * d);
  for (let p = 0; p < n; p++) {
    choleskyInto(triangles.subarray(p * width, (p + 1) * width), d, factor);
    for (let k = 0; k < each; k++) {
      const at = (p * each + k) * d;
      for (let j = 0; j < d; j++) points[at + j] = state[p * d + j];
      for (let j = 0; j < c; j++) conditions[(p * each + k) * c + j] = condition[p * c + j];
    }
    for (let b = 0; b < d; b++) {
      const along = (p * each + 1 + 2 * b) * d;
      points[along + b] += reach[b];
      points[along + d + b] -= reach[b];
      let longest = 0;
      for (let j = 0; j < d; j++) longest = Math.max(longest, Math.abs(factor[j * d + b]) / reach[j]);
      const step = longest > 0 ? 1 / longest : 0;
      steps[p * d + b] = step;
      const across = (p * each + 1 + 2 * d + 2 * b) * d;
      for (let j = 0; j < d; j++) {
        points[across + j] += step * factor[j * d + b];
        points[across + d + j] -= step * factor[j * d + b];
      }
    }
  }
  const f = polynomialValues(drift, points, conditions, false);
  const D = polynomialValues(diffusion, points, conditions, false);
  const local = {
    d,
    drift: new Float64Array(d),
    curvature: new Float64Array(d),
    slope: new Float64Array(d * d),
    diffusion: new Float64Array(d * d),
    change: new Float64Array(d * d),
  };
  for (let p = 0; p < n; p++) {
    const value = (values: Float64Array, size: number, k: number, j: number) => values[(p * each + k) * size + j];
    /** ½ Σ σσᵀ ∂∂ of a component. */
    const curved = (values: Float64Array, size: number, j: number) => {
      let sum = 0;
      for (let b = 0; b < d; b++) {
        const step = steps[p * d + b];
        if (step === 0) continue;
        const [up, down] = [1 + 2 * d + 2 * b, 2 + 2 * d + 2 * b].map((k) => value(values, size, k, j));
        sum += (up - 2 * value(values, size, 0, j) + down) / step ** 2;
      }
      return sum / 2;
    };
    const sloped = (values: Float64Array, size: number, b: number, j: number) =>
      (value(values, size, 1 + 2 * b, j) - value(values, size, 2 + 2 * b, j)) / (2 * reach[b]);
    for (let j = 0; j < d; j++) {
      local.drift[j] = value(f, d, 0, j);
      local.curvature[j] = curved(f, d, j);
      for (let b = 0; b < d; b++) local.slope[j * d + b] = sloped(f, d, b, j);
    }
    for (let j = 0, at = 0; j < d; j++) {
      for (let k = j; k < d; k++, at++) {
        let change = curved(D, width, at);
        for (let b = 0; b < d; b++) change += local.drift[b] * sloped(D, width, b, at);
        for (const place of [j * d + k, k * d + j]) {
          local.diffusion[place] = value(D, width, 0, at);
          local.change[place] = change;
        }
      }
    }
    use(local, p);
  }
}

/** Cuts slope, and change of σσᵀ, where they are beyond what the series are for over a time. Whether the slope was. */
function tamed({ d, slope, diffusion, change }: Local, time: number): boolean {
  let largest = 0;
  for (let j = 0; j < d; j++) {
    let row = 0;
    for (let k = 0; k < d; k++) row += Math.abs(slope[j * d + k]);
    largest = Math.max(largest, row * time);
  }
  const long = largest > LONGEST;
  if (long) for (let at = 0; at < d * d; at++) slope[at] *= LONGEST / largest;
  // What of σσᵀ is left of a time, about: a series whose next term is above half of that says nothing about it, and rounds would run away.
  const most = Math.min(LONGEST, largest);
  const left = most > 1e-6 ? (1 - Math.exp(-2 * most)) / (2 * most) : 1;
  let part = 1;
  for (let j = 0; j < d; j++) {
    const [room, size] = [HALF * left * Math.max(0, diffusion[j * d + j]), (time * Math.abs(change[j * d + j])) / 2];
    if (size > room) part = Math.min(part, room / size);
  }
  if (part < 1) for (let at = 0; at < d * d; at++) change[at] *= part;
  return long;
}

const largestOf = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** A term of a series that adds nothing any more to what began with `first`, whatever the units. */
const isSpent = (term: Float64Array, first: number) => largestOf(term) <= 1e-14 * first;

/** E[Δ | z] over a time, `[d]`. */
function meanChange({ d, drift, curvature, slope }: Local, time: number): Float64Array {
  const mean = new Float64Array(d);
  let a: Float64Array = drift.map((x) => time * x);
  let b: Float64Array = curvature.map((x) => (time ** 2 * x) / 2);
  const first = Math.max(largestOf(a), largestOf(b));
  for (let k = 1; k <= TERMS; k++) {
    for (let j = 0; j < d; j++) mean[j] += a[j] + b[j];
    if (isSpent(a, first) && isSpent(b, first)) break;
    a = product(slope, a, d, time / (k + 1));
    b = product(slope, b, d, time / (k + 2));
  }
  return mean;
}

function product(matrix: Float64Array, vector: Float64Array, d: number, factor: number): Float64Array {
  const out = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += matrix[j * d + k] * vector[k];
    out[j] = factor * sum;
  }
  return out;
}

/**
 * Cov(Δ | z) − δt σσᵀ over a time, `[d, d]`, per patch; `share` of what relaxation takes off is scatter of the patches. `integrated`: that of ∫ σσᵀ dt, a
 * quadratic variation.
 */
function covarianceBeyond(
  { d, slope, diffusion, change }: Local,
  time: number,
  { share, integrated }: { readonly share: number; readonly integrated: boolean },
): Float64Array {
  const beyond = change.map((x) => (time ** 2 * x) / 2);
  if (integrated) return beyond;
  let term: Float64Array = diffusion.map((x) => time * x);
  let next: Float64Array = new Float64Array(d * d);
  const first = largestOf(term);
  for (let k = 1; k <= TERMS; k++) {
    const factor = time / (k + 1);
    for (let j = 0; j < d; j++) {
      for (let l = j; l < d; l++) {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += slope[j * d + i] * term[i * d + l] + slope[l * d + i] * term[j * d + i];
        next[j * d + l] = factor * sum;
        next[l * d + j] = factor * sum;
      }
    }
    for (let at = 0; at < d * d; at++) beyond[at] += (1 - share) * next[at];
    if (isSpent(next, first)) break;
    [term, next] = [next, term];
  }
  return beyond;
}

/**
 * The share of scatter that changes over several times tell, with what is known of it before: the excess of the squared residuals grows with the time like the
 * relaxation, less that share. `found`: with the share `before`.
 */
function scatterOf(all: Regression, found: Pair, before: number, solution: Solution): Scatter {
  const fields = withPair(solution, found);
  const prior = { share: before, variance: (SCATTER.most - SCATTER.least) ** 2 / 4 };
  const open = { share: prior.share, error: Math.sqrt(prior.variance), measured: false };
  if (!all.each) return open;
  const data = someRows(all, SCATTER_SAMPLE);
  const { d, change } = data;
  const factor = new Float64Array(d * d);
  const x: number[] = [];
  const y: number[] = [];
  eachLocal(data, fields, (local, p) => {
    const time = timeOf(data, p);
    tamed(local, time);
    const mean = meanChange(local, time);
    const residual = mean.map((m, j) => change[p * d + j] - m);
    const triangle = upperTriangle(local.diffusion, d);
    if (choleskyInto(triangle, d, factor).least.some((least) => !(least > 0))) return;
    const noise = lambdaOf(data, p) * time * d;
    const varying = local.change.map((value) => (time * value) / 2);
    const relaxed = covarianceBeyond(local, time, { share: 0, integrated: false }).map(
      (value, k) => value / time - varying[k],
    );
    x.push(weighed(relaxed, factor, d) / d);
    y.push(squared(residual, factor, d) / noise - weighed(varying, factor, d) / d);
  });
  const { slope, error } = line(x, y);
  const share = 1 - slope;
  const weight = error ** -2 / (error ** -2 + 1 / prior.variance);
  if (!(weight > 0)) return open;
  return {
    share: weight * share + (1 - weight) * prior.share,
    error: Math.sqrt((1 - weight) * prior.variance),
    measured: weight > 0.5,
  };
}

const upperTriangle = (matrix: Float64Array, d: number) =>
  Float64Array.from(Array.from({ length: d }, (_, j) => Array.from(matrix.subarray(j * d + j, (j + 1) * d))).flat());

/** |S⁻¹ v|², S a lower triangle. */
function squared(vector: ArrayLike<number>, factor: Float64Array, d: number): number {
  const solved = new Float64Array(d);
  let sum = 0;
  for (let j = 0; j < d; j++) {
    let rest = vector[j];
    for (let k = 0; k < j; k++) rest -= factor[j * d + k] * solved[k];
    solved[j] = rest / factor[j * d + j];
    sum += solved[j] ** 2;
  }
  return sum;
}

/** tr(S⁻¹ M S⁻ᵀ), by |S⁻¹ (e_j + e_k)|² and the like: M = Σ M_jk e_j e_kᵀ. */
function weighed(matrix: Float64Array, factor: Float64Array, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    for (let k = 0; k < d; k++) {
      const both = unit(d, j, k);
      const product = (squared(both, factor, d) - squared(unit(d, j), factor, d) - squared(unit(d, k), factor, d)) / 2;
      sum += matrix[j * d + k] * (j === k ? squared(unit(d, j), factor, d) : product);
    }
  }
  return sum;
}

function unit(d: number, ...places: number[]): Float64Array {
  const vector = new Float64Array(d);
  for (const place of places) vector[place] += 1;
  return vector;
}

/** Slope of the least-squares line, with its standard error from the residuals. */
function line(x: readonly number[], y: readonly number[]): { slope: number; error: number } {
  const [mx, my] = [x, y].map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  let [xx, xy] = [0, 0];
  for (const [k, value] of x.entries()) {
    xx += (value - mx) ** 2;
    xy += (value - mx) * (y[k] - my);
  }
  const slope = xy / xx;
  let square = 0;
  for (const [k, value] of x.entries()) square += ((value - mx) * (y[k] - my - slope * (value - mx))) ** 2;
  return { slope, error: Math.sqrt(square) / xx };
}
