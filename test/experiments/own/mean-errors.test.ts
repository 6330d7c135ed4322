// How far the mean of true runs is off by chance, where runs share random numbers.
import { expect, test } from "bun:test";
import { sampledMeans } from "../../../lib/experiments/own/mean-errors.ts";
import { draws } from "../../fixtures.ts";
import { range } from "../../numbers.ts";

const CLUSTER = 8;

/** `runs` values of one time and variable, of which those of a cluster share most of their noise; two more that fill no cluster. */
function sample(clusters: number, normal: () => number) {
  const shared = range(clusters + 1, normal);
  const runs = clusters * CLUSTER + 2;
  const data = Float32Array.from(range(runs, (r) => 3 * shared[Math.floor(r / CLUSTER)] + normal()));
  return { times: Float64Array.of(0), cases: 1, runs, d: 1, data };
}

test("± 1.96 of it over √runs is the 95 % interval of the mean, of six clusters too", () => {
  const cases = 2000;
  const { normal } = draws(1)("own/clusters");
  const inside = range(cases, () => {
    const clusters = 6;
    const from = sample(clusters, normal);
    const { std, runs } = sampledMeans(from, CLUSTER);
    expect(runs).toBe(clusters);
    const own = from.data.subarray(0, clusters * CLUSTER);
    const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
    return Math.abs(mean) < (1.96 * std[0]) / Math.sqrt(runs);
  }).filter(Boolean).length;
  // Four standard errors: one false alarm in 16,000.
  expect(Math.abs(inside / cases - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / cases));
});

test("of independent runs it is their spread, wider by Student's factor, variable by variable", () => {
  // Spreads √2 and √8; of two values Student's 97.5 % are 12.706.
  const from = { times: Float64Array.of(0), cases: 1, runs: 2, d: 2, data: Float32Array.of(1, 0, 3, 4) };
  const { std, runs } = sampledMeans(from, 1);
  expect(runs).toBe(2);
  expect(std[0]).toBeCloseTo((Math.SQRT2 * 12.706) / 1.96, 2);
  expect(std[1]).toBeCloseTo((2 * Math.SQRT2 * 12.706) / 1.96, 2);
});
