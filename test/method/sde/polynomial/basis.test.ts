// Products of Chebyshev polynomials, of conditions too: how many, in which order, and their values against cos(k acos x).
import { describe, expect, test } from "bun:test";
import { InputError } from "../../../../lib/errors.ts";
import {
  type Basis,
  basisOf,
  MOST_TERMS,
  termCount,
  termsAt,
  termsWithin,
} from "../../../../lib/method/sde/polynomial/basis.ts";
import { generators } from "../../../fixtures.ts";
import { difference, largest, range, sum } from "../../../numbers.ts";

const generator = generators(41);

/** Variables and degrees of every size that fits, the largest bases among them. */
const SHAPES = range(8, (k) => k + 1).flatMap((variables) =>
  range(11, (degree) => [variables, degree] as const).filter(([v, g]) => binomial(v + g, g) <= MOST_TERMS),
);

/** The same with one or two conditions, of degrees below, at and above that of the variables. */
const CONDITIONED = SHAPES.flatMap(([variables, degree]) =>
  [1, 2].flatMap((conditions) => range(4, (k) => [variables, degree, conditions, k] as const)),
).filter(([v, g, c, k]) => binomial(v + g, g) * binomial(c + k, k) <= MOST_TERMS);
const ALL: readonly (readonly [number, number, number?, number?])[] = [...SHAPES, ...CONDITIONED];

/** By Pascal's rule: integers and sums alone. */
function binomial(n: number, k: number): number {
  return k === 0 || k === n ? 1 : binomial(n - 1, k - 1) + binomial(n - 1, k);
}

const exponents = ({ variables, terms, exponents }: Basis) =>
  range(terms, (t) => Array.from(exponents.subarray(t * variables, (t + 1) * variables)));

/** Values of all terms at x, with room of its own. */
function values(basis: Basis, x: ArrayLike<number>): Float64Array {
  const out = new Float64Array(basis.terms).fill(Number.NaN);
  termsAt(basis, x, new Float64Array(basis.variables * (basis.degree + 1)).fill(Number.NaN), out);
  return out;
}

describe("the terms of a basis", () => {
  test("are as many as the binomial coefficient says, each once", () => {
    expect(SHAPES.length).toBeGreaterThan(40);
    for (const [variables, degree] of SHAPES) {
      const basis = basisOf(variables, degree);
      expect(basis.terms).toBe(binomial(variables + degree, degree));
      expect(termCount(variables, degree)).toBe(basis.terms);
      expect(new Set(exponents(basis).map((one) => one.join())).size).toBe(basis.terms);
    }
  });

  test("ascend in their total degree, from the constant on, so that a lower degree is a prefix of a higher one", () => {
    for (const [variables, degree] of SHAPES) {
      const basis = basisOf(variables, degree);
      const list = exponents(basis);
      const totals = list.map(sum);
      expect(totals).toEqual(totals.toSorted((a, b) => a - b));
      expect([totals[0], totals.at(-1)]).toEqual([0, degree]);
      // Linear terms are in the order of the variables: hulls count on it.
      if (degree > 0)
        expect(list.slice(1, 1 + variables).map((one) => one.indexOf(1))).toEqual(range(variables, (j) => j));
      for (let lower = 0; lower < degree; lower++) {
        expect(exponents(basisOf(variables, lower))).toEqual(list.slice(0, termCount(variables, lower)));
      }
    }
  });

  test("are a parent, of a lower number, times one factor", () => {
    for (const shape of ALL) {
      const basis = basisOf(...shape);
      const { degree } = basis;
      const list = exponents(basis);
      expect([basis.parent[0], basis.slot[0]]).toEqual([0, 0]);
      for (let t = 1; t < basis.terms; t++) {
        const [j, k] = [Math.floor(basis.slot[t] / (degree + 1)), basis.slot[t] % (degree + 1)];
        expect(basis.parent[t]).toBeLessThan(t);
        expect(k).toBeGreaterThan(0);
        expect(list[basis.parent[t]][j]).toBe(0);
        expect(list[basis.parent[t]].with(j, k)).toEqual(list[t]);
      }
    }
  });

  test("with conditions are all products of a term of either, and those of lower degrees stand in the order of their own basis", () => {
    expect(CONDITIONED.length).toBeGreaterThan(100);
    for (const [variables, degree, conditions, conditionDegree] of CONDITIONED) {
      const basis = basisOf(variables, degree, conditions, conditionDegree);
      const list = exponents(basis);
      expect(basis.terms).toBe(
        binomial(variables + degree, degree) * binomial(conditions + conditionDegree, conditionDegree),
      );
      expect(termCount(variables, degree, conditions, conditionDegree)).toBe(basis.terms);
      expect(new Set(list.map((one) => one.join())).size).toBe(basis.terms);
      for (const one of list) {
        expect(sum(one.slice(0, variables))).toBeLessThanOrEqual(degree);
        expect(sum(one.slice(variables))).toBeLessThanOrEqual(conditionDegree);
      }
      for (let lower = 0; lower <= degree; lower++) {
        for (let k = 0; k <= conditionDegree; k++) {
          const own = exponents(basisOf(variables, lower, conditions, k));
          expect(termsWithin(basis, variables, lower, k).map((t) => list[t])).toEqual(own);
        }
      }
    }
  });

  test("equal the products of cos(k acos x), at the ends too", () => {
    const rng = generator("values");
    for (const shape of ALL) {
      const basis = basisOf(...shape);
      const { variables } = basis;
      const inside = range(3, () => range(variables, () => 2 * rng.uniform() - 1));
      const corner = range(variables, (j) => (j % 2 ? -1 : 1));
      for (const x of [...inside, corner, range(variables, () => -1)]) {
        const exact = exponents(basis).map((list) =>
          list.reduce((product, k, j) => product * Math.cos(k * Math.acos(x[j])), 1),
        );
        expect(largest(difference(values(basis, x), exact))).toBeLessThan(1e-13);
      }
    }
  });

  test("more than 128 are refused", () => {
    expect(MOST_TERMS).toBe(128);
    // 126 terms of degree 4 in 5 variables fit; of degree 5 they are 252.
    expect(basisOf(5, 4).terms).toBe(126);
    expect(() => basisOf(5, 5)).toThrow(
      new InputError("252 polynomials of degree 5 in 5 variables are more than 128: use a lower degree"),
    );
    expect(() => basisOf(3, 4, 1, 3)).toThrow(
      new InputError(
        "140 polynomials of degree 4 in 3 variables times those of degree 3 in 1 condition are more than 128: use a lower degree",
      ),
    );
    expect(basisOf(1, 127).terms).toBe(128);
    expect(() => basisOf(1, 128)).toThrow(InputError);
  });
});
