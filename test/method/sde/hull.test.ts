// Where the training data of an equation are, and the share of trajectories outside.
import { describe, expect, test } from "bun:test";
import { inverse, Matrix } from "ml-matrix";
import { ensemble } from "../../../lib/analysis/ensemble.ts";
import { guardsOf, meanGuards } from "../../../lib/method/sde/guards.ts";
import { hullOf, leverages, nearestDistances } from "../../../lib/method/sde/hull.ts";
import { stateScales } from "../../../lib/method/sde/scales.ts";
import { generators, normal } from "../../fixtures.ts";
import { closeWithin, mean, range } from "../../numbers.ts";

const generator = generators(45);
const close = closeWithin(1e-6);

const hull = (state: Float32Array, d: number) => hullOf(state, stateScales(state, d));

/** Whether each of some points is within the hull of `state`. */
function inside(state: Float32Array, d: number, points: readonly number[][]): boolean[] {
  const own = hull(state, d);
  return Array.from(leverages(own, points.flat()), (value) => value <= own.limit);
}

/** Correlated states in three dimensions, in units that are far apart. */
function cloud(purpose: string, n = 400): Float32Array {
  const rng = generator(purpose);
  return Float32Array.from(
    range(n, () => {
      const [a, b, c] = range(3, () => normal(rng));
      return [100 + a, 1e-3 * (b + 0.8 * a), 50 * (c - a)];
    }).flat(),
  );
}

/** (x, x² + noise), x uniform on −1 … 1. */
const curved = () => {
  const rng = generator("curved");
  return Float32Array.from(range(500, () => 2 * rng.uniform() - 1).flatMap((x) => [x, x * x + 0.02 * normal(rng)]));
};

/** Covariance of states `[n, d]`, divisor n. */
function covariance(state: Float32Array, d: number): Matrix {
  const column = (j: number) => Array.from(state.filter((_, k) => k % d === j));
  const columns = range(d, column).map((z) => z.map((value) => value - mean(z)));
  return new Matrix(columns.map((a) => columns.map((b) => mean(a.map((value, p) => value * b[p])))));
}

/** √(vᵀ C⁻¹ v). */
function length(v: number[], precision: Matrix): number {
  return Math.sqrt(v.reduce((sum, a, j) => sum + v.reduce((inner, b, k) => inner + a * precision.get(j, k) * b, 0), 0));
}

describe("the hull of training states", () => {
  test("holds every one of them, and ends at one", () => {
    for (const [state, d] of [
      [cloud("inside"), 3],
      [curved(), 2],
    ] as const) {
      const { limit, ...rest } = hull(state, d);
      const found = leverages(rest, state);
      expect(Math.max(...found)).toBe(limit);
      // Σ h = n tr(M⁻¹ M): the mean leverage is the number of terms.
      expect(mean(found)).toBeCloseTo(d === 3 ? 10 : 6, 5);
    }
  });

  test("does not hold what is far, in any direction", () => {
    const state = cloud("far");
    const [centre, spread] = [stateScales(state, 3).center, stateScales(state, 3).spread];
    const corners = range(27, (k) => [k % 3, Math.floor(k / 3) % 3, Math.floor(k / 9)].map((s) => s - 1));
    const at = (scale: number) => corners.map((corner) => corner.map((s, j) => centre[j] + scale * s * spread[j]));
    expect(inside(state, 3, at(8)).filter(Boolean).length).toBe(1);
    expect(inside(state, 3, at(0.3)).every(Boolean)).toBe(true);
  });

  test("does not depend on the units, nor on the axes of the variables", () => {
    const state = curved();
    const mixed = (values: ArrayLike<number>) =>
      Float32Array.from(values, (_, k) =>
        k % 2 ? 3 * values[k] - values[k - 1] : 1000 * (values[k] + 2 * values[k + 1]),
      );
    close(leverages(hull(mixed(state), 2), mixed(state)), leverages(hull(state, 2), state), 1e-3);
  });

  test("of a curved cloud is curved: (0, 1) is in its box and its ellipsoid, and outside", () => {
    const state = curved();
    const box = range(2, (j) => state.filter((_, k) => k % 2 === j).toSorted());
    expect([box[0][0] < 0, box[0][499] > 0, box[1][0] < 1, box[1][499] > 1]).toEqual([true, true, true, true]);
    const precision = inverse(covariance(state, 2));
    const centre = stateScales(state, 2).center;
    const from = (z: ArrayLike<number>) => length([z[0] - centre[0], z[1] - centre[1]], precision);
    const farthest = Math.max(...range(500, (p) => from(state.subarray(2 * p, 2 * p + 2))));
    expect(from([0, 0.9])).toBeLessThan(farthest);
    const on = [-0.9, -0.5, 0, 0.3, 0.8].map((x) => [x, x * x]);
    expect(inside(state, 2, [[0, 1], [0, 0.9], [0.5, 0.5], [0.9, 0.5], ...on])).toEqual([
      ...range(4, () => false),
      ...range(5, () => true),
    ]);
  });

  test("of variables that are functions of each other has no room beside them", () => {
    const rng = generator("line");
    const state = Float32Array.from(range(300, () => normal(rng)).flatMap((x) => [x, 2 * x]));
    expect(
      inside(state, 2, [
        [0.3, 0.6],
        [-1, -2],
        [0.3, 0.65],
        [-1, -1.9],
      ]),
    ).toEqual([true, true, false, false]);
  });
});

describe("distances", () => {
  test("are those of the nearest training state in standard deviations, as all pairs say", () => {
    const [state, others] = [cloud("training"), cloud("others", 40)];
    const precision = inverse(covariance(state, 3));
    const row = (z: Float32Array, p: number) => Array.from(z.subarray(3 * p, 3 * p + 3));
    const exact = range(40, (p) => {
      const z = row(others, p);
      return Math.min(
        ...range(400, (q) =>
          length(
            row(state, q).map((b, j) => z[j] - b),
            precision,
          ),
        ),
      );
    });
    const own = hull(state, 3);
    close(nearestDistances(own, others, state), exact);
    expect(Math.max(...nearestDistances(own, state, state))).toBe(0);
    // Of the states given, not of those that made the hull: there is one here.
    const moved = Float32Array.of(100, 0, 0);
    const { spread } = stateScales(state, 3);
    const alone = nearestDistances(own, [100 + 6 * spread[0], 0, 0], moved)[0];
    expect(alone).toBeCloseTo(6 * spread[0] * Math.sqrt(precision.get(0, 0)), 4);
  });
});

describe("guards", () => {
  const rng = generator("guards");
  // The leverage of 1, x and 2 x² − 1 is largest at the ends.
  const state = Float32Array.from({ length: 200 }, (_, k) => (k < 2 ? 2 * k - 1 : 2 * rng.uniform() - 1));
  const model = { hull: hull(state, 1) };
  const of = (values: number[], d = 1) =>
    ensemble({ times: Float64Array.of(0, 1), cases: 1, runs: values.length / 2 / d, d }, Float32Array.from(values));

  test("count what is outside the data, or outside the physical range, once", () => {
    const record = of([0, 0.3, -0.9, 0.2, 3, -3, 0.95, 8, 0, 0.1]);
    expect(guardsOf(model, record, [[-1, 1]])).toEqual({ outside: 0.3, unphysical: 0.3 });
    expect(guardsOf(model, record, [[-5, 0.9]])).toEqual({ outside: 0.4, unphysical: 0.3 });
    expect(guardsOf(model, record, [null])).toEqual({ outside: 0.3, unphysical: 0 });
    // Of numbers that follow from z, two a state.
    const derived = (z: Float32Array) =>
      Float32Array.from({ length: 2 * z.length }, (_, k) => (k % 2 === 0 ? 0 : -z[k >> 1]));
    expect(guardsOf(model, record, [null, [-0.9, 5]], derived)).toEqual({ outside: 0.4, unphysical: 0.3 });
    expect(guardsOf(model, record, [])).toEqual({ outside: 0.3, unphysical: 0 });
  });

  test("leave the ends of a range, and rounding, in it", () => {
    const record = of([0.5, Math.fround(0.5 + 3e-7), 0.50001, -0.5]);
    expect(guardsOf(model, record, [[-0.5, 0.5]])).toEqual({ outside: 0.25, unphysical: 0.25 });
  });

  test("ask for all variables that have a range", () => {
    const two = Float32Array.from(range(200, () => [rng.uniform(), rng.uniform()]).flat());
    const record = of([0.5, 0.5, 0.5, -4, 0.2, 0.3, 0.4, 0.9], 2);
    const guards = (...ranges: Parameters<typeof guardsOf>[2]) => guardsOf({ hull: hull(two, 2) }, record, ranges);
    expect(guards(null, [0, 1])).toEqual({ outside: 0.25, unphysical: 0.25 });
    expect(guards([0.3, 1], null)).toEqual({ outside: 0.5, unphysical: 0.25 });
    expect(guards([0.3, 1], [0, 0.6])).toEqual({ outside: 0.75, unphysical: 0.75 });
  });

  test("have a mean over ensembles", () => {
    const list = [
      { outside: 0.5, unphysical: 0 },
      { outside: 0.25, unphysical: 0.25 },
    ];
    expect(meanGuards(list)).toEqual({ outside: 0.375, unphysical: 0.125 });
  });
});
