// Polynomial fields as people write them: sums of powers of the variables, with the errors of their coefficients.
import { basisIn, groupsOf, type PolynomialField } from "./field.ts";

/** Components as sums over terms of coefficient × Π (z_j − origin_j)^power_j. */
export interface Monomials {
  readonly d: number;
  readonly width: number;
  readonly origin: Float64Array;
  /** `[terms][d]` */
  readonly powers: readonly (readonly number[])[];
  /** `[terms, width]` */
  readonly coefficients: Float64Array;
  /** Standard errors of these. */
  readonly errors: Float64Array;
}

/** Variables further from 0 than so many of their spreads are written from a value near their mean on. */
const FAR = 5;

/** Where powers are counted from: 0, or of a variable that is far from it a round value near its mean. */
export function originOf({ center, spread }: { center: ArrayLike<number>; spread: ArrayLike<number> }): Float64Array {
  return Float64Array.from(center, (mean, j) => {
    if (Math.abs(mean) < FAR * spread[j]) return 0;
    const unit = 10 ** Math.floor(Math.log10(spread[j]));
    return Number((unit * Math.round(mean / unit)).toPrecision(12));
  });
}

/** A polynomial as coefficients by powers, "1,0,2". */
type Sum = Map<string, number>;

/** The field in powers of z − origin. Throws Error for one with conditions (`atCondition`). */
export function monomials(field: PolynomialField, origin: Float64Array): Monomials {
  const { chart, width, coefficients, replicates, doubt } = field;
  const { d, conditions, shift, frame } = chart;
  if (conditions > 0) throw new Error("a field with conditions has powers for each of them: put them in first");
  const basis = basisIn(field);
  const zero = new Array<number>(d).fill(0);
  const key = (powers: readonly number[]) => powers.join();
  const one: Sum = new Map([[key(zero), 1]]);
  // Every axis of the chart, a plane in z − origin, and its Chebyshev polynomials.
  const tables = Array.from({ length: d }, (_, a) => {
    let constant = shift[a];
    for (let j = 0; j < d; j++) constant += frame[a * d + j] * origin[j];
    const axis: Sum = new Map([[key(zero), constant]]);
    for (let j = 0; j < d; j++) axis.set(key(zero.with(j, 1)), frame[a * d + j]);
    const table = [one, axis];
    for (let k = 2; k <= basis.degree; k++) {
      table.push(added(scaled(times(axis, table[k - 1]), 2), scaled(table[k - 2], -1)));
    }
    return table;
  });
  const terms = Array.from({ length: basis.terms }, (_, t) => {
    let sum = one;
    for (let a = 0; a < d; a++) sum = times(sum, tables[a][basis.exponents[t * d + a]]);
    return sum;
  });
  const powers = [...new Set(terms.flatMap((sum) => [...sum.keys()]))]
    .map((text) => text.split(",").map(Number))
    .sort((a, b) => degreeOf(a) - degreeOf(b) || compare(b, a));
  const index = new Map(powers.map((own, m) => [key(own), m]));
  const converted = (c: Float64Array, from: number) => {
    const out = new Float64Array(powers.length * width);
    for (const [t, sum] of terms.entries()) {
      for (const [own, value] of sum) {
        const at = (index.get(own) ?? 0) * width;
        for (let j = 0; j < width; j++) out[at + j] += value * c[from + t * width + j];
      }
    }
    return out;
  };
  const values = converted(coefficients, 0);
  const groups = groupsOf(field);
  const left = Array.from({ length: groups }, (_, g) => converted(replicates, g * coefficients.length));
  const doubts = doubt && converted(doubt, 0);
  const errors = values.map((_, k) => {
    const mean = left.reduce((sum, own) => sum + own[k], 0) / groups;
    const square = left.reduce((sum, own) => sum + (own[k] - mean) ** 2, 0);
    return Math.sqrt(((groups - 1) / groups) * square + (doubts?.[k] ?? 0) ** 2);
  });
  return { d, width, origin, powers, coefficients: values, errors };
}

const degreeOf = (powers: readonly number[]) => powers.reduce((sum, k) => sum + k, 0);
const compare = (a: readonly number[], b: readonly number[]) => {
  const at = a.findIndex((k, j) => k !== b[j]);
  return at < 0 ? 0 : a[at] - b[at];
};

function times(a: Sum, b: Sum): Sum {
  const out: Sum = new Map();
  for (const [left, x] of a) {
    const own = left.split(",").map(Number);
    for (const [right, y] of b) {
      const key = right
        .split(",")
        .map((k, j) => own[j] + Number(k))
        .join();
      out.set(key, (out.get(key) ?? 0) + x * y);
    }
  }
  return out;
}

function added(a: Sum, b: Sum): Sum {
  const out = new Map(a);
  for (const [key, value] of b) out.set(key, (out.get(key) ?? 0) + value);
  return out;
}

const scaled = (a: Sum, factor: number): Sum => new Map([...a].map(([key, value]) => [key, factor * value]));
