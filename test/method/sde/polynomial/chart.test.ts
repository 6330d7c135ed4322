// The chart of the data: range, principal axes, parity, conditions, data that have none.
import { describe, expect, test } from "bun:test";
import { InputError } from "../../../../lib/errors.ts";
import { type Chart, chartOf, chartPoint, eachPoint } from "../../../../lib/method/sde/polynomial/chart.ts";
import { generators, normal } from "../../../fixtures.ts";
import { closeWithin, largest, mean, range } from "../../../numbers.ts";

const generator = generators(42);
const close = closeWithin(1e-12);
const NONE = new Float32Array(0);
const N = 500;

/** x of every row, not cut, as columns: one list for each axis. */
function columns(chart: Chart, state: ArrayLike<number>, condition: ArrayLike<number> = NONE): number[][] {
  const q = chart.shift.length;
  const out = range(q, (): number[] => []);
  const keep = (x: Float64Array) => {
    for (const [a, column] of out.entries()) column.push(x[a]);
  };
  eachPoint(chart, state, condition, keep, false);
  return out;
}

/** Where the data end on every axis: 1, or less by a margin that is the same for all. */
const REACH = Math.max(...columns(chartOf([2, 3, 3.5, 4], 1, NONE), [2, 3, 3.5, 4])[0]);

/** Three correlated, skewed variables in units that are far apart, away from 0. */
function skewed(purpose: string): Float32Array {
  const rng = generator(purpose);
  return Float32Array.from(
    range(N, () => {
      const [a, b, c] = range(3, () => normal(rng));
      return [5 + 0.1 * a, -200 + 30 * (a + 0.3 * b * b), 1e-3 * (b + 2 * c - a)];
    }).flat(),
  );
}

/** Two odd variables (the first and the third) and an even one that depends on them; not symmetric as a sample. */
function withOdd(): Float32Array {
  const rng = generator("odd");
  return Float32Array.from(
    range(N, () => {
      const [a, b] = [0.4 + normal(rng), normal(rng)];
      return [a, 3 + a * a + 0.2 * normal(rng), 10 * (a + b)];
    }).flat(),
  );
}

const covariance = (a: number[], b: number[], about: (x: number[]) => number = mean) =>
  mean(a.map((x, p) => (x - about(a)) * (b[p] - about(b))));

describe("the chart of data", () => {
  test("has them all in −1 … 1, from end to end on every axis", () => {
    const state = skewed("range");
    expect(REACH).toBeWithin(0.75, 1 + 1e-12);
    for (const column of columns(chartOf(state, 3, NONE), state)) {
      expect(Math.max(...column)).toBeCloseTo(REACH, 12);
      expect(Math.min(...column)).toBeCloseTo(-REACH, 12);
    }
  });

  test("has the principal axes of the standardised data: uncorrelated, orthogonal, the longest first", () => {
    const state = skewed("axes");
    const chart = chartOf(state, 3, NONE);
    const x = columns(chart, state);
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      expect(Math.abs(covariance(x[a], x[b]))).toBeLessThan(1e-10);
    }
    // Rows of the frame are eigenvectors over spread and reach: over the spreads again they are orthogonal.
    const spread = range(3, (j) => {
      const z = range(N, (p) => state[3 * p + j]);
      return Math.sqrt(covariance(z, z));
    });
    const axes = range(3, (a) => range(3, (j) => chart.frame[3 * a + j] * spread[j]));
    const inner = (a: number, b: number) => axes[a].reduce((sum, v, j) => sum + v * axes[b][j], 0);
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      expect(Math.abs(inner(a, b)) / Math.sqrt(inner(a, a) * inner(b, b))).toBeLessThan(1e-10);
    }
    const variance = range(3, (a) => covariance(x[a], x[a]) / inner(a, a));
    expect(variance).toEqual(variance.toSorted((a, b) => b - a));
    // Correlation matrices have trace d.
    expect(variance.reduce((sum, v) => sum + v, 0)).toBeCloseTo(3, 10);
  });

  test("does not depend on the units of the variables", () => {
    const state = skewed("units");
    const unit = [1024, 0.125, 2 ** 20];
    const other = columns(
      chartOf(
        state.map((z, k) => z * unit[k % 3]),
        3,
        NONE,
      ),
      state.map((z, k) => z * unit[k % 3]),
    );
    for (const [a, column] of columns(chartOf(state, 3, NONE), state).entries()) close(other[a], column, 1e-9);
  });

  test("cuts what is outside to its edge, and nothing within", () => {
    const state = skewed("cut");
    const chart = chartOf(state, 3, NONE);
    const far = state.map((z, k) => z + 3 * (z - [5, -200, 0][k % 3]));
    const free = columns(chart, far);
    expect(largest(free.flat())).toBeGreaterThan(3);
    const x = new Float64Array(3);
    for (let p = 0; p < N; p++) {
      chartPoint(chart, far.subarray(3 * p, 3 * p + 3), x);
      expect(Array.from(x)).toEqual(free.map((column) => Math.max(-1, Math.min(1, column[p]))));
    }
  });
});

describe("odd variables", () => {
  const state = withOdd();
  const chart = chartOf(state, 3, NONE, [0, 2]);
  const x = columns(chart, state);

  test("make axes that change sign with them, and axes that do not", () => {
    expect(chart.odd.filter(Boolean).length).toBe(2);
    const flipped = columns(
      chart,
      state.map((z, k) => (k % 3 === 1 ? z : -z)),
    );
    for (const [a, odd] of chart.odd.entries()) {
      close(
        flipped[a],
        x[a].map((value) => (odd ? -value : value)),
      );
    }
  });

  test("have the centre 0 and a symmetric range; their axes are principal about 0", () => {
    const centre = new Float64Array(3);
    chartPoint(chart, [0, 3, 0], centre);
    for (const [a, odd] of chart.odd.entries()) {
      if (odd) expect(centre[a]).toBe(0);
      const ends = [Math.min(...x[a]), Math.max(...x[a])];
      expect(Math.max(-ends[0], ends[1])).toBeCloseTo(REACH, 12);
      // The sample is not symmetric: an odd axis is touched at one end alone, an even one at both.
      expect(Math.min(-ends[0], ends[1]) < REACH - 1e-6).toBe(odd);
    }
    const [a, b] = range(3, (k) => k).filter((k) => chart.odd[k]);
    expect(Math.abs(covariance(x[a], x[b], () => 0))).toBeLessThan(1e-10);
  });
});

describe("conditions", () => {
  const state = skewed("conditions");
  // Correlated with the first variable: they must not mix all the same.
  const condition = Float32Array.from(
    range(N, (p) => [2 + state[3 * p], 300 - (p % 7) + 20 * (state[3 * p] - 5)]).flat(),
  );
  const chart = chartOf(state, 3, condition);

  test("have axes of their own, the last ones, from end to end", () => {
    expect([chart.d, chart.conditions, chart.shift.length]).toEqual([3, 2, 5]);
    for (let a = 0; a < 5; a++) {
      const row = chart.frame.slice(5 * a, 5 * a + 5);
      expect(row.slice(3).some((v) => v !== 0)).toBe(a >= 3);
      if (a >= 3) expect(Array.from(row).filter((v) => v !== 0).length).toBe(1);
    }
    for (const column of columns(chart, state, condition).slice(3)) {
      expect(Math.max(...column)).toBeWithin(REACH - 1e-12, 1 + 1e-12);
      expect(Math.min(...column)).toBeCloseTo(-Math.max(...column), 12);
    }
  });

  test("leave the axes of z as they are without", () => {
    const alone = columns(chartOf(state, 3, NONE), state);
    for (const [a, column] of columns(chart, state, condition).slice(0, 3).entries()) close(column, alone[a]);
  });
});

describe("data without a chart", () => {
  const refused = (run: () => unknown, message: string) => expect(run).toThrow(new InputError(message));
  const state = skewed("refused");

  test("have a variable or a condition without spread", () => {
    const still = state.map((z, k) => (k % 3 === 1 ? 0.7 : z));
    refused(
      () => chartOf(still, 3, NONE),
      "variable 2 of z has no spread in the training data: nothing can be learned about it",
    );
    const zero = state.map((z, k) => (k % 3 === 0 ? 0 : z));
    for (const odd of [[], [0]]) expect(() => chartOf(zero, 3, NONE, odd)).toThrow("variable 1 of z has no spread");
    const warm = new Float32Array(N).fill(2.5);
    refused(
      () => chartOf(state, 3, warm),
      "condition 1 has no spread in the training data: nothing can be learned about it",
    );
  });

  test("have a variable that is a linear function of others, within the rounding of float32", () => {
    const sum = state.map((_, k) => (k % 3 === 2 ? 3 * state[k - 2] - 0.01 * state[k - 1] + 7 : state[k]));
    const message =
      "some variables of z are linear functions of the others in the training data: leave one of them out, or train a learned closure longer";
    refused(() => chartOf(sum, 3, NONE), message);
    // What is no more than 1 % its own is learned.
    const rng = generator("nearly");
    expect(
      chartOf(
        sum.map((z, k) => (k % 3 === 2 ? z + 0.003 * normal(rng) : z)),
        3,
        NONE,
      ).d,
    ).toBe(3);
  });
});
