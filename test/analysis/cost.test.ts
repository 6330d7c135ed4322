// Costs of learning and of direct simulation, counted by hand.
import { expect, test } from "bun:test";
import {
  directUpdates,
  equationCost,
  learningUpdates,
  ownError,
  totalUpdates,
  updatesForWidth,
} from "../../lib/analysis/cost.ts";

const LEARNING = {
  small: { systems: 10, sites: 16, time: 5 },
  large: { states: 3, sites: 64, relax: 8, evolved: 0.5 },
};
const DIRECT = { side: 8, dimension: 2, starts: 2, horizon: 10, perRun: 0.1, error: 0.001 };

test("updates of every phase of learning; looking at a large state is one of each site, whatever the rate", () => {
  expect(learningUpdates(LEARNING)).toEqual({ small: 800, relax: 1536, evolve: 288 });
  expect(learningUpdates({ ...LEARNING, rate: 100 })).toEqual({ small: 80_000, relax: 153_600, evolve: 9792 });
  expect(totalUpdates({ small: 800, relax: 1536, evolve: 288 })).toBe(2624);
});

test("direct simulation takes as many runs as its accuracy wants, and one run at least", () => {
  // 100 runs of 2 starts over 10 sweeps of 64 sites, at sides up to 80; 1,250 runs give a standard deviation to 2 %.
  expect(directUpdates(DIRECT)).toEqual({ mean: 100 * 1280, std: 1250 * 1280 });
  expect(directUpdates(DIRECT, 16)).toEqual({ mean: 25 * 5120, std: 1250 * 5120 });
  expect(directUpdates(DIRECT, 160).mean).toBe(2 * 10 * 160 ** 2);
  expect(directUpdates({ ...DIRECT, dimension: 1, rate: 5 }, 16)).toEqual({ mean: 50 * 1600, std: 1250 * 1600 });
});

test("the curve ends 64 times above the side of learning, and says from where on learning is cheaper", () => {
  const { patch, learn, direct, curve } = equationCost(4, LEARNING, DIRECT, 8);
  expect([patch, learn.small, direct.std]).toEqual([4, 800, 1250 * 1280]);
  expect(curve.sides[0]).toBe(8);
  expect(curve.sides.at(-1)).toBeCloseTo(512, 9);
  // 2,624 updates are less than either at all sides.
  expect([curve.evenMean, curve.evenStd]).toEqual([8, 8]);
  const dear = equationCost(4, { ...LEARNING, large: { ...LEARNING.large, states: 3e6 } }, DIRECT, 8).curve;
  // 1.82e9 updates: 20 at² from 9,550 on, which is beyond the curve; 25,000 at² from 270 on.
  expect(dear.evenMean).toBeNull();
  expect(dear.evenStd).toBeCloseTo(8 * 2 ** (21 / 4), 9);
});

test("for what learning costs, direct simulation has a mean as good at every side, and fluctuations that get worse with the side", () => {
  const { learn, sides, atCost } = equationCost(
    4,
    { ...LEARNING, large: { ...LEARNING.large, states: 2000 } },
    DIRECT,
    8,
  ).curve;
  // 1,216,800 updates are so many runs of 2 starts over 10 sweeps of 64 sites.
  const runs = learn / 1280;
  expect(atCost.mean[0]).toBeCloseTo(Math.sqrt(0.1 / runs), 12);
  expect(atCost.std[0]).toBeCloseTo(1 / Math.sqrt(2 * runs), 12);
  const [first, last] = [sides.indexOf(8), sides.indexOf(64)];
  expect(atCost.mean[last]).toBeCloseTo(atCost.mean[first], 12);
  expect(atCost.std[last]).toBeCloseTo(8 * atCost.std[first], 12);
  // At a side of 512 not one run can be paid.
  expect(atCost.mean.at(-1)).toBeNaN();
  expect(atCost.std.at(-1)).toBeNaN();
});

test("an equation's own error is what its score has above the floor, and no less than half of that", () => {
  expect(ownError(1e-3, 2e-4)).toBeCloseTo(8e-4, 12);
  for (const error of [2.1e-4, 1e-4]) expect(ownError(error, 2e-4)).toBeCloseTo(1e-4, 12);
});

test("half the width takes four times the runs", () => {
  expect(updatesForWidth(1000, { low: 1, high: 3 }, { low: 5, high: 6 })).toBe(4000);
});
