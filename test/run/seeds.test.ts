// Numbers over seeds: means with their Student intervals, groups of outcomes, metrics.
import { expect, test } from "bun:test";
import { acrossSeeds, bandOverSeeds, metricOf, metricSet, overSeeds, single } from "../../lib/run/seeds.ts";

/** t with P(T ≤ t) = 0.975 at two degrees of freedom. */
const T2 = 4.302653;

test("a mean over seeds has Student's interval, wherever it ends, and names what the seeds gave", () => {
  // Mean 2, standard deviation 1: ± t/√3.
  const { value, low, high, seeds } = overSeeds([1, 2, 3]);
  expect(value).toBe(2);
  expect(high).toBeCloseTo(2 + T2 / Math.sqrt(3), 5);
  expect(low).toBeCloseTo(2 - T2 / Math.sqrt(3), 5);
  expect(seeds).toEqual([1, 2, 3]);
});

test("on a logarithmic scale the mean is the geometric one and the interval a factor", () => {
  // Logarithms 0, 1, 2 of a basis: their mean 1, their standard deviation 1.
  const basis = 10;
  const { value, low, high, seeds } = overSeeds([1, 10, 100], { scale: "log" });
  expect(value).toBeCloseTo(10, 12);
  expect(Math.log(high / 10) / Math.log(basis)).toBeCloseTo(T2 / Math.sqrt(3), 5);
  expect(Math.log(10 / low) / Math.log(basis)).toBeCloseTo(T2 / Math.sqrt(3), 5);
  expect(seeds).toEqual([1, 10, 100]);
  // A score of 0 has no logarithm: those seeds are averaged as they are.
  expect(overSeeds([0, 1, 2], { scale: "log" })).toEqual(overSeeds([0, 1, 2]));
});

test("the error of what all seeds meet is in their interval, in units of the value or of its logarithm", () => {
  // Seeds that agree: Welch's degrees of freedom are many, so that 1.96 standard errors are left of the interval.
  const values = [2, 2 * (1 + 1e-6), 2 * (1 - 1e-6)];
  const { value, low, high } = overSeeds(values, { shared: 0.25 });
  expect([value, low, high].map((x) => Number(x.toFixed(4)))).toEqual([2, 2 - 0.49, 2 + 0.49]);
  const log = overSeeds(values, { scale: "log", shared: 0.25 });
  expect(log.value).toBeCloseTo(2, 6);
  expect(Math.log(log.high / 2)).toBeCloseTo(0.49, 4);
  expect(Math.log(2 / log.low)).toBeCloseTo(0.49, 4);
});

test("a single seed has the interval that it brings, or none", () => {
  expect(overSeeds([0.7])).toEqual({ value: 0.7, low: Number.NaN, high: Number.NaN });
  for (const scale of ["linear", "log"] as const) {
    expect(overSeeds([0.7], { scale, alone: [0.5, 1.2], shared: 3 })).toEqual({ value: 0.7, low: 0.5, high: 1.2 });
    expect(overSeeds([0.7], { scale, alone: null })).toEqual(single(0.7));
  }
  // Several seeds say more than one of them.
  expect(overSeeds([1, 2, 3], { alone: [0.5, 1.2] })).toEqual(overSeeds([1, 2, 3]));
});

test("curves are averaged point by point", () => {
  const curves = [Float64Array.of(1, -1), [2, -1], [3, -1]];
  const { low, high } = overSeeds([1, 2, 3]);
  expect(bandOverSeeds(curves)).toEqual({ mean: [2, -1], low: [low, -1], high: [high, -1] });
  const log = overSeeds([1, 2, 3], { scale: "log" });
  // Where a curve is negative it is averaged as it is.
  expect(bandOverSeeds(curves, "log")).toEqual({ mean: [log.value, -1], low: [log.low, -1], high: [log.high, -1] });
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
  // And the seeds that it is the mean of.
  const { value, low, high } = overSeeds([1, 2, 3]);
  expect(metricOf(overSeeds([1, 2, 3]))).toEqual({ ...plain, value, ci95: [low, high], seeds: [1, 2, 3] });
});

test("a set of metrics leaves out what is no finite number", () => {
  const { metrics, put } = metricSet();
  put("error.a", single(0.5), { unit: "s" });
  put("error.b", single(Number.NaN));
  put("error.c", single(Number.POSITIVE_INFINITY));
  expect(metrics).toEqual({ "error.a": metricOf(single(0.5), { unit: "s" }) });
});
