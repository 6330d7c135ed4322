// The unit of time at every temperature.
import { expect, test } from "bun:test";

import {
  clockOf,
  inverseTemperature,
  relaxationJumps,
  repeatedly,
  unitJumps,
} from "../../../lib/experiments/nbmota/clock.ts";

const TEMPERATURES = [3000, 2000, 1400, 1000, 800];
/** Seconds of a jump over a barrier of 0.9 eV that is lower where it is cold. */
const jumpTime = (temperature: number) => 1e-14 * Math.exp(9000 / temperature + 4e5 / temperature ** 2);

test("times of jumps that are quadratic in 1/T are met between the measured temperatures", () => {
  const clock = clockOf(
    TEMPERATURES.map((temperature) => ({
      temperature,
      jumpTimes: [0.5, 1, 1.5].map((x) => x * jumpTime(temperature)),
    })),
  );
  for (const temperature of [900, 1200, 2500, ...TEMPERATURES]) {
    const exact = jumpTime(temperature) * unitJumps(temperature) * 1024;
    expect(Math.abs(clock(temperature) / exact - 1)).toBeLessThan(1e-9);
  }
});

test("one temperature and two are enough", () => {
  const one = clockOf([{ temperature: 1500, jumpTimes: [2e-9] }]);
  expect(one(1500)).toBeCloseTo(2e-9 * unitJumps(1500) * 1024, 12);
  const two = clockOf(
    [2000, 1000].map((temperature) => ({
      temperature,
      jumpTimes: [0.5, 1, 1.5].map((x) => x * jumpTime(temperature)),
    })),
  );
  expect(Math.abs(two(1000) / (jumpTime(1000) * unitJumps(1000) * 1024) - 1)).toBeLessThan(1e-9);
});

test("relaxation takes the jumps that were measured, a few times more than forgetting", () => {
  // Of 64 lattices at 1000 K, 430; of fluctuations over noise, at several temperatures, up to 1.5 times as many.
  expect(relaxationJumps(1000)).toBeCloseTo(427, 0);
  for (const [temperature, most] of [
    [2400, 11.6],
    [1700, 32],
    [1200, 153],
  ]) {
    expect(relaxationJumps(temperature)).toBeGreaterThan(most / 1.6);
    expect(relaxationJumps(temperature)).toBeLessThan(most);
  }
  expect(inverseTemperature(500)).toBe(2);
});

test("a unit of time is what forgetting takes where it is hot, and never more than 120 jumps an atom", () => {
  for (const [temperature, least, most] of [
    [2000, 2.5, 4],
    [1400, 10, 15],
  ]) {
    expect(unitJumps(temperature)).toBeGreaterThan(least);
    expect(unitJumps(temperature)).toBeLessThan(most);
  }
  expect(unitJumps(200)).toBeCloseTo(120, 6);
  expect(unitJumps(800)).toBeCloseTo(1 / (1 / (0.1 * Math.exp(8.625)) + 1 / 120), 6);
});

test("states are evolved the more often the smaller a part of a relaxation a unit of time is", () => {
  expect([3000, 2000, 1400, 1200].map(repeatedly)).toEqual([1, 1, 1, 1]);
  // Twice as many units to a relaxation as where it is hot, and more than five times as many.
  expect([1000, 800, 300].map(repeatedly)).toEqual([2, 5, 5]);
});
