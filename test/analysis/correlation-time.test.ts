import { expect, test } from "bun:test";
import { correlationTime } from "../../lib/analysis/correlation-time.ts";
import { generators, normal } from "../fixtures.ts";
import { mean, range } from "../numbers.ts";

const generator = generators(91);

/** Stationary autoregressive series: correlations fall by `factor` a step. */
function series(factor: number, runs: number, times: number, purpose: string) {
  const rng = generator(purpose);
  return range(runs, () => {
    let x = normal(rng);
    return Float64Array.from({ length: times }, (_, t) => {
      if (t > 0) x = factor * x + Math.sqrt(1 - factor ** 2) * normal(rng);
      return x;
    });
  });
}

test("of exponential correlations it is their time, whatever the distance of the looks", () => {
  for (const [every, time] of [
    [1, 12],
    [3, 30],
    [0.5, 4],
  ]) {
    const factor = Math.exp(-every / time);
    const found = range(20, (k) => correlationTime(series(factor, 200, 80, `${time}/${k}`), every));
    const spread = Math.sqrt(mean(found.map((x) => (x - mean(found)) ** 2)) / 20);
    // Trapezoids are too large by (every/time)²/12.
    expect(Math.abs(mean(found) - time)).toBeLessThan(4.5 * spread + (time * (every / time) ** 2) / 12);
    expect(spread).toBeLessThan(0.04 * time);
  }
});

test("of two times it is their mean by weight, also where the slow one is seen by its tail alone", () => {
  const [fast, slow] = [series(Math.exp(-1 / 2), 400, 120, "fast"), series(Math.exp(-1 / 20), 400, 120, "slow")];
  // Variances 0.5 and 1.
  const both = fast.map((x, r) => x.map((value, t) => Math.SQRT1_2 * value + slow[r][t]));
  expect(correlationTime(both, 1) / ((0.5 * 2 + 20) / 1.5)).toBeCloseTo(1, 1);
});

test("of series that are too short for it is not known", () => {
  expect(correlationTime(series(Math.exp(-1 / 100), 50, 20, "short"), 1)).toBeNaN();
});
