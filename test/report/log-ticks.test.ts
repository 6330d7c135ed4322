// Marks of logarithmic axes.
import { expect, test } from "bun:test";
import { logTicks } from "../../lib/report/browser/log-ticks.ts";

test("powers of two, and one to nine times powers of ten, ends included", () => {
  expect(logTicks(4, 70, 2)).toEqual([4, 8, 16, 32, 64]);
  expect(logTicks(0.2, 3, 10)).toEqual([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 2, 3]);
  expect(logTicks(2.0518e-6, 3.1e-6, 10)).toEqual([3e-6]);
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
