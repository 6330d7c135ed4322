// Numbers over seeds: means with their Student intervals, groups of outcomes, metrics.
import { expect, test } from "bun:test";
import { acrossSeeds, bandOverSeeds, metricOf, overSeeds, single } from "../../lib/run/seeds.ts";

/** t with P(T ≤ t) = 0.975 at two degrees of freedom. */
const T2 = 4.302653;

test("a mean over seeds has Student's interval, cut where scores end", () => {
  // Mean 2, standard deviation 1: ± t/√3.
  const { value, low, high } = overSeeds([1, 2, 3]);
  expect(value).toBe(2);
  expect(high).toBeCloseTo(2 + T2 / Math.sqrt(3), 5);
  expect(low).toBe(0);
  expect(overSeeds([1, 2, 3], Number.NEGATIVE_INFINITY).low).toBeCloseTo(2 - T2 / Math.sqrt(3), 5);
  expect(overSeeds([0.7])).toEqual({ value: 0.7, low: Number.NaN, high: Number.NaN });
});

test("curves are averaged point by point", () => {
  const curves = [Float64Array.of(1, -1), [2, -1], [3, -1]];
  const cut = overSeeds([1, 2, 3]);
  expect(bandOverSeeds(curves, Number.NEGATIVE_INFINITY)).toMatchObject({ mean: [2, -1], high: [cut.high, -1] });
  expect(bandOverSeeds(curves).low[0]).toBe(0);
});

test("outcomes that differ in the seed alone stand together, settings in order", () => {
  const outcomes = [1, 2].flatMap((seed) => [16, 8].map((patch) => ({ seed, patch })));
  expect(acrossSeeds(outcomes, ({ patch }) => [patch])).toEqual([
    [outcomes[0], outcomes[2]],
    [outcomes[1], outcomes[3]],
  ]);
});

test("a metric has an interval where the estimate has one", () => {
  const plain = { value: 1, paper: null, exact: null, unit: "1" };
  expect(metricOf({ value: 1, low: 0.5, high: 1.5 })).toEqual({ ...plain, ci95: [0.5, 1.5] });
  expect(metricOf(single(1), { exact: 0, unit: "s" })).toEqual({ ...plain, ci95: null, exact: 0, unit: "s" });
});
