// What is simulated to learn, counted by hand.
import { expect, test } from "bun:test";
import { learningUpdates } from "../../lib/analysis/cost.ts";
import { learningPlan } from "../../lib/method/learning-plan.ts";

const STEPS = { trajectories: 100, times: [0, 2, 6], smallSide: 8, side: 32, states: 10, relaxTime: 3, evolved: 0.5 };

test("level by level lower levels count with the sites that they have, in a leap the last one alone", () => {
  const copies = learningPlan({ dimension: 2, patchSide: 8 }, STEPS);
  expect(copies.small).toEqual({ systems: 100, sites: 64, time: 6 });
  // Four positions for 3 units of time, at sides 16 and 32.
  expect(copies.large).toEqual({ states: 10, sites: 1024, relax: 4 * 3 * (1 / 4 + 1), evolved: 0.5 });
  const leap = learningPlan({ dimension: 2, leaps: true, patchSide: 8 }, STEPS);
  expect(leap.large.relax).toBe(12);
  const line = learningPlan({ dimension: 1, patchSide: 8 }, { ...STEPS, rate: 100 });
  expect(line.large).toEqual({ states: 10, sites: 32, relax: 2 * 3 * (1 / 2 + 1), evolved: 0.5 });
  expect(learningUpdates(line).small).toBe(100 * 100 * 8 * 6);
  // The small systems are the large ones.
  expect(learningPlan({ dimension: 2, patchSide: 8 }, { ...STEPS, smallSide: 32 }).large.relax).toBe(0);
});

test("systems followed for a closure move to the last lag, and are looked at once more than there are lags", () => {
  const system = { dimension: 2, leaps: true, patchSide: 8 };
  const steps = { ...STEPS, rate: 10 };
  const plain = learningUpdates(learningPlan(system, steps));
  const followed = { systems: 7, side: 8, lags: [1, 2, 5] };
  expect(learningUpdates(learningPlan(system, { ...steps, followed }))).toEqual({
    ...plain,
    evolve: plain.evolve + 7 * 64 * (4 + 10 * 5),
  });
});

test("times that depend on the age count on average, and some patches as the part that they are", () => {
  const relaxTime = (age: number) => Math.min(3, age);
  const plan = learningPlan(
    { dimension: 2, leaps: true, patchSide: 8 },
    { ...STEPS, relaxTime, patchesPerSnapshot: 4 },
  );
  expect(plan.large.relax).toBeCloseTo((4 * (0 + 2 + 3)) / 3, 12);
  expect(plan.large.evolved).toBe(0.5 / 4);
});
