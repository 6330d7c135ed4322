// A field whose components are polynomials on a chart, with what tells how sure its coefficients are: the solutions with one group of
// cohorts left out in turn (delete-a-group jackknife; Efron & Tibshirani 1993, chapter 11).
import { InputError } from "../../../errors.ts";
import { flatTensors } from "../../../io/format.ts";
import type { Tensors } from "../../../io/safetensors.ts";
import { outside, requireClosed, requireCount } from "../conditions.ts";
import type { DeviceField, Units } from "../field.ts";
import { type Basis, basisOf, termCount, termsAt } from "./basis.ts";
import { type Chart, eachPoint } from "./chart.ts";

/** What cross-validation found for one degree: the best degree in the conditions and the best ridge there, and the held-out score (`Choice`). */
export interface DegreeScore {
  readonly degree: number;
  /** The best one in the conditions there. */
  readonly conditionDegree: number;
  readonly terms: number;
  readonly ridge: number;
  readonly score: number;
  /** Standard error of the difference of the score from the best one, over the folds. */
  readonly error: number;
}

/** How degree and ridge were chosen. */
export interface Choice {
  /** Independent units of the data, and parts that they are cut into for cross-validation. */
  readonly cohorts: number;
  readonly folds: number;
  readonly ridge: number;
  /** Condition number of the normal equations. */
  readonly condition: number;
  /** Held-out mean square of what is left of each component, over that of the component: 1 is noise, or nothing learned. */
  readonly unexplained: readonly number[];
  /**
   * Held-out mean-square residual of every degree over that of the best one, geometric mean over the components, minus 1: 0.01 is a
   * residual 1 % larger.
   */
  readonly curve: readonly DegreeScore[];
}

export interface PolynomialField {
  readonly kind: "polynomial";
  /** Total degree in z. */
  readonly degree: number;
  /** Total degree in the conditions, which every term of z is multiplied with polynomials of. */
  readonly conditionDegree: number;
  /** Components: d of a drift, d(d+1)/2 of a diffusion. */
  readonly width: number;
  readonly chart: Chart;
  /** `[terms, width]` */
  readonly coefficients: Float64Array;
  /** The same without each of the groups, `[groups, terms, width]`. */
  readonly replicates: Float64Array;
  /** What one standard deviation of a doubt changes that more data of the kind would not resolve, `[terms, width]`; one for both fields of an equation. */
  readonly doubt?: Float64Array;
  readonly choice: Choice;
}

/** Number of groups that were left out in turn. */
export function groupsOf({ coefficients, replicates }: PolynomialField): number {
  return replicates.length / coefficients.length;
}

/** What the values of a field are made of. */
export type Evaluated<F extends PolynomialField = PolynomialField> = Omit<
  F,
  "kind" | "replicates" | "doubt" | "choice"
>;

/** The terms of a field. */
export const basisIn = ({
  chart,
  degree,
  conditionDegree,
}: Pick<PolynomialField, "chart" | "degree" | "conditionDegree">) =>
  basisOf(chart.d, degree, chart.conditions, conditionDegree);

/** Calls `use` with the values of all terms at every point. Throws Error unless each has its condition. */
function eachTerms(
  field: Evaluated,
  z: ArrayLike<number>,
  condition: ArrayLike<number>,
  use: (phi: Float64Array, row: number) => void,
  cut = true,
) {
  const { chart } = field;
  if (condition.length * chart.d !== chart.conditions * z.length) requireClosed(chart.conditions);
  const basis = basisIn(field);
  const phi = new Float64Array(basis.terms);
  const table = new Float64Array(basis.variables * (basis.degree + 1));
  eachPoint(
    chart,
    z,
    condition,
    (x, p) => {
      termsAt(basis, x, table, phi);
      use(phi, p);
    },
    cut,
  );
}

/** Components at the points z `[n, d]`, of conditions `[n, conditions]`: `[n, width]`. Beyond the data as at their edge, unless it is not `cut`. */
export function polynomialValues(
  field: Evaluated,
  z: ArrayLike<number>,
  condition: ArrayLike<number> = [],
  cut = true,
): Float64Array {
  const { width, coefficients, chart } = field;
  const out = new Float64Array((z.length / chart.d) * width);
  eachTerms(field, z, condition, (phi, p) => addProducts(phi, coefficients, 0, width, out, p * width), cut);
  return out;
}

/** Standard errors of the components that the training data leave, `[n, width]`, from the jackknife over groups of cohorts, and the doubt. */
export function polynomialErrors(field: PolynomialField, z: ArrayLike<number>): Float64Array {
  const { width, coefficients, replicates, chart, doubt } = field;
  const groups = groupsOf(field);
  const out = new Float64Array((z.length / chart.d) * width);
  const values = new Float64Array(groups * width);
  const doubts = new Float64Array(width);
  eachTerms(field, z, [], (phi, p) => {
    values.fill(0);
    doubts.fill(0);
    if (doubt) addProducts(phi, doubt, 0, width, doubts, 0);
    for (let g = 0; g < groups; g++) addProducts(phi, replicates, g * coefficients.length, width, values, g * width);
    for (let j = 0; j < width; j++) {
      let mean = 0;
      for (let g = 0; g < groups; g++) mean += values[g * width + j] / groups;
      let square = 0;
      for (let g = 0; g < groups; g++) square += (values[g * width + j] - mean) ** 2;
      out[p * width + j] = Math.sqrt(((groups - 1) / groups) * square + doubts[j] ** 2);
    }
  });
  return out;
}

function addProducts(phi: Float64Array, c: Float64Array, from: number, width: number, out: Float64Array, at: number) {
  for (let t = 0, k = from; t < phi.length; t++) for (let j = 0; j < width; j++, k++) out[at + j] += c[k] * phi[t];
}

/**
 * Coefficients drawn with the covariance that the jackknife gives them, `[draws][terms · width]`: θ + √((G−1)/G) Σ_g w_g (θ_g − θ̄),
 * w standard normal, and Σ_g w_g/√G times the doubt, which is independent of it. `weights` `[draws, G]`; fields of one equation take the same.
 */
export function drawnCoefficients(field: PolynomialField, weights: Float64Array): Float64Array[] {
  const { coefficients, replicates, doubt } = field;
  const groups = groupsOf(field);
  const size = coefficients.length;
  const mean = coefficients.map((_, k) => {
    let sum = 0;
    for (let g = 0; g < groups; g++) sum += replicates[g * size + k] / groups;
    return sum;
  });
  const factor = Math.sqrt((groups - 1) / groups);
  return Array.from({ length: weights.length / groups }, (_, b) =>
    coefficients.map((value, k) => {
      let shift = 0;
      let common = 0;
      for (let g = 0; g < groups; g++) {
        shift += weights[b * groups + g] * (replicates[g * size + k] - mean[k]);
        common += weights[b * groups + g];
      }
      return value + factor * shift + (doubt ? (common / Math.sqrt(groups)) * doubt[k] : 0);
    }),
  );
}

/**
 * The field of systems of one condition: the polynomial with that condition put in, of z alone. Throws InputError for a condition
 * outside those of the training data, or another number of them.
 */
export function atCondition(field: PolynomialField, condition: readonly number[]): PolynomialField {
  const { chart, degree, width, coefficients, replicates, doubt } = field;
  const { d, conditions } = chart;
  const q = d + conditions;
  requireCount(condition, conditions);
  if (conditions === 0) return field;
  const x = Array.from({ length: conditions }, (_, k) => {
    const a = d + k;
    const value = chart.shift[a] + condition.reduce((sum, y, l) => sum + chart.frame[a * q + d + l] * y, 0);
    // The data are float32, and the condition may be written with fewer digits.
    if (Math.abs(value) > 1 + 1e-5) {
      // Axes of conditions stand in any order: the one that this axis is of.
      const own = condition.findIndex((_, l) => chart.frame[a * q + d + l] !== 0);
      throw outside(condition[own]);
    }
    return value;
  });
  const all = basisIn(field);
  const own = basisOf(d, degree);
  const index = new Map(Array.from({ length: own.terms }, (_, t) => [key(own, t, d), t]));
  const put = (c: Float64Array, from: number, out: Float64Array, to: number) => {
    for (let t = 0; t < all.terms; t++) {
      const target = index.get(key(all, t, d)) ?? 0;
      let factor = 1;
      for (let k = 0; k < conditions; k++) factor *= Math.cos(all.exponents[t * q + d + k] * Math.acos(clamp(x[k])));
      for (let j = 0; j < width; j++) out[to + target * width + j] += factor * c[from + t * width + j];
    }
  };
  const size = own.terms * width;
  const closed = new Float64Array(size);
  put(coefficients, 0, closed, 0);
  const closedDoubt = doubt && new Float64Array(size);
  if (doubt && closedDoubt) put(doubt, 0, closedDoubt, 0);
  const others = new Float64Array(groupsOf(field) * size);
  for (let g = 0; g < groupsOf(field); g++) put(replicates, g * coefficients.length, others, g * size);
  return {
    ...field,
    conditionDegree: 0,
    chart: {
      d,
      conditions: 0,
      shift: chart.shift.slice(0, d),
      frame: Float64Array.from({ length: d * d }, (_, at) => chart.frame[Math.floor(at / d) * q + (at % d)]),
      odd: chart.odd.slice(0, d),
    },
    coefficients: closed,
    replicates: others,
    ...(closedDoubt && { doubt: closedDoubt }),
  };
}

const clamp = (x: number) => Math.max(-1, Math.min(1, x));
const key = ({ exponents, variables }: Basis, t: number, d: number) =>
  exponents.subarray(t * variables, t * variables + d).join();

/**
 * What kernels/sde/polynomial.wgsl reads, in units of z̃: degree, terms, where coefficients begin, numbers of its own (`more`, how many
 * first), shift, frame, plan of the terms; then the coefficients of every set.
 */
export function polynomialOnDevice(
  module: string,
  field: PolynomialField,
  { center, spread }: Units,
  more: ArrayLike<number>,
  sets: readonly Float64Array[],
): DeviceField {
  const { chart, degree } = field;
  requireClosed(chart.conditions);
  const { d, frame, shift } = chart;
  const { terms, parent, slot } = basisOf(d, degree);
  const own = Float64Array.from(frame, (value, at) => value * spread[at % d]);
  const at = shift.map((value, a) => value + center.reduce((sum, z, j) => sum + frame[a * d + j] * z, 0));
  const plan = Array.from(parent, (one, t) => 256 * one + slot[t]);
  const body = [...Array.from(more), ...at, ...own, ...plan];
  const start = roundUp(4 + body.length, 4);
  const wide = roundUp(field.width, 4);
  const numbers = new Float32Array(start + sets.length * terms * wide);
  numbers.set([degree, terms, start, more.length, ...body]);
  for (const [s, set] of sets.entries()) {
    for (let t = 0; t < terms; t++) {
      numbers.set(set.subarray(t * field.width, (t + 1) * field.width), start + (s * terms + t) * wide);
    }
  }
  // Sizes are rounded up, so that equations of different degrees share a compiled kernel.
  return { module, constants: { TABLE: d * roundUp(degree + 1, 6), TERMS: roundUp(terms, 16) }, numbers };
}

const roundUp = (value: number, unit: number) => unit * Math.ceil(value / unit);

/** The arrays of a field, and the rest as JSON. */
export function writePolynomial({ chart, coefficients, replicates, doubt, ...rest }: PolynomialField) {
  const { shift, frame, ...shape } = chart;
  const q = shift.length;
  const { terms, exponents } = basisIn({ chart, ...rest });
  const groups = replicates.length / coefficients.length;
  const table = [terms, rest.width];
  const arrays = { shift, frame, exponents, coefficients, replicates, ...(doubt && { doubt }) };
  const shapes = {
    frame: [q, q],
    exponents: [terms, q],
    coefficients: table,
    replicates: [groups, ...table],
    doubt: table,
  };
  return { head: { ...rest, chart: shape, groups }, tensors: flatTensors(arrays, shapes) };
}

/** The inverse, for a field of `width` components in d variables. Throws InputError for what is missing or does not fit. */
export function readPolynomial(head: object, tensors: Tensors, d: number, width: number): PolynomialField {
  const { chart: shape, groups, ...rest } = head as PolynomialField & { groups: number };
  const numbers = (name: string) => {
    const data = tensors[name]?.data;
    if (!(data instanceof Float64Array)) throw new InputError(`the file of the model lacks ${name}`);
    return data;
  };
  const conditions = shape?.conditions ?? 0;
  const q = d + conditions;
  const chart = { ...shape, conditions, shift: numbers("shift"), frame: numbers("frame") };
  const field = {
    ...rest,
    chart,
    coefficients: numbers("coefficients"),
    replicates: numbers("replicates"),
    ...(tensors.doubt && { doubt: numbers("doubt") }),
  };
  const { degree, conditionDegree = 0 } = field;
  const whole = [degree, conditionDegree].every(Number.isInteger);
  const size = whole ? termCount(d, degree, conditions, conditionDegree) * width : -1;
  const fits =
    chart.d === d &&
    field.width === width &&
    chart.shift.length === q &&
    chart.frame.length === q * q &&
    field.coefficients.length === size &&
    (field.doubt?.length ?? size) === size &&
    field.replicates.length === groups * size;
  if (!fits) throw new InputError(`the file of the model holds no polynomials of ${d} variables`);
  return { ...field, conditionDegree };
}
