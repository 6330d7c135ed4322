// Names of the metrics of costs.
import { expect, test } from "bun:test";
import { equationCost } from "../../lib/analysis/cost.ts";
import { costMetrics } from "../../lib/run/cost-metrics.ts";

test("every phase of learning and both of direct simulation, by patch side", () => {
  const learning = {
    small: { systems: 2, sites: 16, time: 3 },
    large: { states: 5, sites: 64, relax: 7, evolved: 0 },
  };
  const direct = { side: 8, dimension: 2, starts: 1, horizon: 10, perRun: 0.01, error: 0.001 };
  const metrics = costMetrics([equationCost(4, learning, direct, 8)]);
  const values = Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value]));
  expect(values).toEqual({
    "cost.learn.small.patch4": 96,
    "cost.learn.relax.patch4": 2240,
    "cost.learn.evolve.patch4": 320,
    "cost.learn.total.patch4": 2656,
    "cost.direct.mean.patch4": 6400,
    "cost.direct.std.patch4": 800_000,
  });
  expect(new Set(Object.values(metrics).map(({ unit }) => unit))).toEqual(new Set(["site updates"]));
});
