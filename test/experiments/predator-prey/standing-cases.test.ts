// Which test cases figures show at first: chosen by their starts alone.
import { expect, test } from "bun:test";
import { standingForAll } from "../../../lib/experiments/predator-prey/standing-cases.ts";

const grid = (means: number[], amplitudes: number[]) =>
  means.flatMap((mean) => amplitudes.map((amplitude) => ({ mean, amplitude })));

test("three of nine: the lowest, the middle and the highest amplitude, and of these mean", () => {
  const cases = grid([0.45, 0.5, 0.55], [0.05, 0.1, 0.15]);
  expect(standingForAll(cases).map((c) => cases[c])).toEqual([
    { mean: 0.45, amplitude: 0.05 },
    { mean: 0.5, amplitude: 0.1 },
    { mean: 0.55, amplitude: 0.15 },
  ]);
});

test("do not depend on the order in which cases are given, but keep it", () => {
  const cases = grid([0.55, 0.45, 0.5], [0.15, 0.05, 0.1]);
  const standing = standingForAll(cases);
  expect(standing).toEqual(standing.toSorted((a, b) => a - b));
  expect(standing.map((c) => cases[c].amplitude).sort()).toEqual([0.05, 0.1, 0.15]);
  expect(standing.map((c) => cases[c].mean).sort()).toEqual([0.45, 0.5, 0.55]);
});

test("and the start farthest from the training states, where that is known and is none of these", () => {
  const cases = grid([0.45, 0.5, 0.55], [0.05, 0.1, 0.15]);
  const distances = [0.5, 0.3, 2.7, 1.1, 0.8, 1.2, 3.6, 1, 1.1];
  expect(standingForAll(cases, distances)).toEqual([0, 4, 6, 8]);
  expect(standingForAll(cases, distances.with(6, Number.NaN))).toEqual([0, 2, 4, 8]);
  expect(standingForAll(cases, distances.with(4, 9))).toEqual([0, 4, 8]);
  expect(standingForAll(cases, distances.fill(Number.NaN))).toEqual([0, 4, 8]);
});

test("of three or fewer all do", () => {
  for (const count of [1, 2, 3]) expect(standingForAll(grid([0.5], [3, 1, 2].slice(0, count))).length).toBe(count);
});
