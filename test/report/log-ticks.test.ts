// Marks of logarithmic axes.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { labelledTicks, logTicks } from "../../lib/report/browser/log-ticks.ts";

test("powers of two, and one to nine times powers of ten, ends included", () => {
  expect(logTicks(4, 70, 2)).toEqual([4, 8, 16, 32, 64]);
  expect(logTicks(0.2, 3, 10)).toEqual([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 2, 3]);
  expect(logTicks(1e-30, 1, 10)).toEqual(Array.from({ length: 31 }, (_, k) => Number(`1e${k - 30}`)));
  expect(logTicks(0.001, 0.001, 10)).toEqual([0.001]);
});

test("end for every range, and nowhere without a logarithm", () => {
  // The range whose marks by uPlot never ended: 2.05e-6 … 0.5.
  for (let k = 0; k < 2000; k++) {
    const min = 10 ** (-12 + k / 150);
    const ticks = logTicks(min, 3e5 * min, 10);
    expect(ticks.length).toBeGreaterThan(45);
    expect(ticks.length).toBeLessThan(60);
    expect(ticks.every((tick, i) => i === 0 || tick > ticks[i - 1])).toBe(true);
  }
  for (const [min, max] of [
    [0, 1],
    [-1, 1],
    [Number.NaN, 1],
    [1, Number.POSITIVE_INFINITY],
    [2, 1],
  ]) {
    expect(logTicks(min, max, 10)).toEqual([]);
  }
});

test("below a decade the fewest round numbers have labels that are three at least", () => {
  for (const [min, max, labels] of [
    [0.01, 2000, [0.01, 0.1, 1, 10, 100, 1000]],
    [0.9, 130, [1, 10, 100]],
    [0.9, 30, [1, 2, 5, 10, 20]],
    [0.19, 0.9, [0.2, 0.3, 0.5, 0.7]],
    [0.19, 0.45, [0.2, 0.3, 0.4]],
    [0.19, 0.33, [0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.32].filter((tick) => tick < 0.33)],
    [2.0518e-6, 3.1e-6, [2.2e-6, 2.4e-6, 2.6e-6, 2.8e-6, 3e-6]],
    [70, 180, [70, 80, 90, 100]],
  ] as const) {
    expect(labelledTicks(logTicks(min, max, 10))).toEqual([...labels]);
  }
  const sizes = fc.double({ min: -20, max: 20, noNaN: true });
  const spans = fc.double({ min: 0.001, max: 20, noNaN: true });
  fc.assert(
    fc.property(sizes, spans, (size, decades) => {
      const [min, max] = [10 ** size, 10 ** (size + decades)];
      const labels = labelledTicks(logTicks(min, max, 10));
      expect(labels.length).toBeGreaterThanOrEqual(3);
      expect(labels.length).toBeLessThanOrEqual(Math.max(10, decades + 2));
      expect(labels.every((tick) => tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
