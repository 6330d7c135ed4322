// Products of Chebyshev polynomials T_k of several variables x ∈ [−1, 1], all up to a total degree, and of those of conditions, up to a
// degree of their own: the functions that polynomial fields are made of. Terms are in ascending order of their total degree, so that
// without conditions those of a lower degree are the first of a higher one.
import { InputError } from "../../../errors.ts";

/** More terms than this are more than a rollout kernel or a fit should carry. */
export const MOST_TERMS = 128;

export interface Basis {
  /** Variables and conditions. */
  readonly variables: number;
  /** The highest degree in a single one. */
  readonly degree: number;
  readonly terms: number;
  /** Degree of every term in every variable, `[terms, variables]`. */
  readonly exponents: Uint8Array;
  /**
   * A term is the product of another one, `parent`, and of T_k(x_j); `slot` is j (degree + 1) + k, where T_k(x_j) stands in a table of all
   * factors. The constant has itself as parent, and T_0.
   */
  readonly parent: Uint32Array;
  readonly slot: Uint32Array;
}

/** C(n + degree, degree): products of n polynomials up to a total degree. */
function products(n: number, degree: number): number {
  let count = 1;
  for (let k = 1; k <= degree; k++) count = (count * (n + k)) / k;
  return Math.round(count);
}

/** Number of terms of a basis. */
export const termCount = (variables: number, degree: number, conditions = 0, conditionDegree = 0) =>
  products(variables, degree) * products(conditions, conditionDegree);

const made = new Map<string, Basis>();

/** Throws InputError for a basis of more than `most` terms. One of a shape serves all who ask for it: nobody may change it. */
export function basisOf(
  variables: number,
  degree: number,
  conditions = 0,
  conditionDegree = 0,
  most = MOST_TERMS,
): Basis {
  const terms = termCount(variables, degree, conditions, conditionDegree);
  if (terms > most) {
    throw new InputError(
      `${terms} polynomials of degree ${degree} in ${variables} variables${ofConditions(conditionDegree, conditions)} are more than ${most}: use a lower degree`,
    );
  }
  const shape = [variables, degree, conditions, conditionDegree].join();
  const known = made.get(shape);
  if (known) return known;
  const all = variables + conditions;
  const list: number[][] = [];
  for (let total = 0; total <= degree + conditionDegree; total++) {
    list.push(...exponentsOf(all, total).filter((one) => isWithin(one, variables, degree, conditionDegree)));
  }
  const highest = Math.max(degree, conditionDegree);
  const index = new Map(list.map((exponents, t) => [exponents.join(), t]));
  const parent = new Uint32Array(terms);
  const slot = new Uint32Array(terms);
  for (const [t, exponents] of list.entries()) {
    const j = Math.max(
      0,
      exponents.findLastIndex((k) => k > 0),
    );
    parent[t] = index.get(exponents.with(j, 0).join()) ?? 0;
    slot[t] = j * (highest + 1) + exponents[j];
  }
  const basis = { variables: all, degree: highest, terms, exponents: Uint8Array.from(list.flat()), parent, slot };
  made.set(shape, basis);
  return basis;
}

const ofConditions = (degree: number, conditions: number) =>
  conditions > 0 ? ` times those of degree ${degree} in ${conditions} condition${conditions > 1 ? "s" : ""}` : "";

const sum = (numbers: ArrayLike<number>, from: number, to: number) => {
  let all = 0;
  for (let j = from; j < to; j++) all += numbers[j];
  return all;
};

/** Whether exponents of variables, then of conditions, are no more than these total degrees. */
const isWithin = (exponents: ArrayLike<number>, variables: number, degree: number, conditionDegree: number) =>
  sum(exponents, 0, variables) <= degree && sum(exponents, variables, exponents.length) <= conditionDegree;

/** The terms of a basis of so many variables, and of conditions, that a basis of lower degrees has, in the order of that one. */
export function termsWithin(
  { variables: all, exponents, terms }: Basis,
  variables: number,
  degree: number,
  conditionDegree: number,
): number[] {
  return Array.from({ length: terms }, (_, t) => t).filter((t) =>
    isWithin(exponents.subarray(t * all, (t + 1) * all), variables, degree, conditionDegree),
  );
}

/** All exponents of so many variables that add up to `total`. */
function exponentsOf(variables: number, total: number): number[][] {
  if (variables === 0) return total === 0 ? [[]] : [];
  const list: number[][] = [];
  for (let first = total; first >= 0; first--) {
    for (const rest of exponentsOf(variables - 1, total - first)) list.push([first, ...rest]);
  }
  return list;
}

/** Values of all terms at x `[variables]`, into `out` `[terms]`; `table` has room for variables · (degree + 1) numbers. */
export function termsAt(basis: Basis, x: ArrayLike<number>, table: Float64Array, out: Float64Array): void {
  const { variables, degree, terms, parent, slot } = basis;
  const width = degree + 1;
  for (let j = 0; j < variables; j++) {
    const at = j * width;
    table[at] = 1;
    if (degree > 0) table[at + 1] = x[j];
    for (let k = 2; k <= degree; k++) table[at + k] = 2 * x[j] * table[at + k - 1] - table[at + k - 2];
  }
  out[0] = 1;
  for (let t = 1; t < terms; t++) out[t] = out[parent[t]] * table[slot[t]];
}
