// Products of Chebyshev polynomials T_k of several variables x ∈ [−1, 1], all up to a total degree: the functions that polynomial
// fields are made of. Terms are in ascending order of their degree, so that those of a lower degree are the first of a higher one.
import { InputError } from "../../../errors.ts";

/** More terms than this are more than a rollout kernel or a fit should carry. */
export const MOST_TERMS = 128;

export interface Basis {
  readonly variables: number;
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

/** Number of products of `variables` polynomials up to a total degree: the binomial coefficient (variables + degree over degree). */
export function termCount(variables: number, degree: number): number {
  let count = 1;
  for (let k = 1; k <= degree; k++) count = (count * (variables + k)) / k;
  return Math.round(count);
}

/** Throws InputError for a basis of more than 128 terms. */
export function basisOf(variables: number, degree: number): Basis {
  const terms = termCount(variables, degree);
  if (terms > MOST_TERMS) {
    throw new InputError(
      `${terms} polynomials of degree ${degree} in ${variables} variables are more than ${MOST_TERMS}: use a lower degree`,
    );
  }
  const list: number[][] = [];
  for (let total = 0; total <= degree; total++) list.push(...exponentsOf(variables, total));
  const index = new Map(list.map((exponents, t) => [exponents.join(), t]));
  const parent = new Uint32Array(terms);
  const slot = new Uint32Array(terms);
  for (const [t, exponents] of list.entries()) {
    const j = Math.max(
      0,
      exponents.findLastIndex((k) => k > 0),
    );
    parent[t] = index.get(exponents.with(j, 0).join()) ?? 0;
    slot[t] = j * (degree + 1) + exponents[j];
  }
  return { variables, degree, terms, exponents: Uint8Array.from(list.flat()), parent, slot };
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
