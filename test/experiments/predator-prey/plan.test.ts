// What the predator–prey experiment learns, and at which λ it is tested.
import { describe, expect, test } from "bun:test";
import { learningUpdates } from "../../../lib/analysis/cost.ts";
import { predatorPreyCommand } from "../../../lib/experiments/predator-prey/parameters.ts";
import {
  closurePlan,
  costPlan,
  laggedPlan,
  predatorPreyPlan,
  trainingsOf,
} from "../../../lib/experiments/predator-prey/plan.ts";
import { parseExperiment } from "../../../lib/run/command-line.ts";

const told = (line = "") => parseExperiment(predatorPreyCommand, line.split(" ").filter(Boolean)).parameters;

test("the first closure is learned by all methods and by ours on one snapshot in ten, another one by ours", () => {
  const ours = [
    { method: "compensator", fewer: 1 },
    { method: "increment", fewer: 1 },
  ] as const;
  const baselines = [
    { method: "naive", fewer: 1 },
    { method: "small", fewer: 1 },
  ] as const;
  const few = { method: "compensator", fewer: 10 } as const;
  expect(trainingsOf("autoencoder", "autoencoder")).toEqual([...ours, ...baselines, few]);
  expect(trainingsOf("dynamics", "autoencoder")).toEqual([...ours]);
  expect(trainingsOf("dynamics", "dynamics")).toEqual([...ours, ...baselines, few]);
});

describe("a run", () => {
  test("has the patches that tile it, times every half unit, and a case per mean and amplitude", () => {
    const { patches, times, cases } = predatorPreyPlan(
      told("--N 240 --patch 40 --small 120 --horizon 2 --means 0.4,0.5 --amplitudes 0.1,0.2"),
    );
    expect(patches).toBe(6);
    expect([...times]).toEqual([0, 0.5, 1, 1.5, 2]);
    expect(cases).toEqual([
      { mean: 0.4, amplitude: 0.1 },
      { mean: 0.4, amplitude: 0.2 },
      { mean: 0.5, amplitude: 0.1 },
      { mean: 0.5, amplitude: 0.2 },
    ]);
  });

  test.each([
    ["all", ["autoencoder", "dynamics", "lagged"]],
    ["autoencoder", ["autoencoder"]],
    ["dynamics", ["dynamics"]],
    ["lagged", ["lagged"]],
  ])("with --closure %s learns %j", (closure, closures) => {
    expect(predatorPreyPlan(told(`--closure ${closure}`)).closures).toEqual(closures as ["autoencoder"]);
  });

  // K = 5.
  test.each([
    ["20,1,5", [1, 5, 20]],
    ["20,1", [1, 5, 20]],
  ])(
    "with --lambdas %s tests ours of the first closure at %j, K among them; all else at K, baselines at 1",
    (list, all) => {
      const both = predatorPreyPlan(told(`--lambdas ${list}`));
      for (const method of ["compensator", "increment"] as const) {
        expect(both.lambdasOf("autoencoder", { method, fewer: 1 })).toEqual(all);
        expect(both.lambdasOf("autoencoder", { method, fewer: 10 })).toEqual([5]);
        expect(both.lambdasOf("dynamics", { method, fewer: 1 })).toEqual([5]);
      }
      for (const method of ["naive", "small"] as const) {
        expect(both.lambdasOf("autoencoder", { method, fewer: 1 })).toEqual([1]);
      }
      const one = predatorPreyPlan(told(`--lambdas ${list} --closure dynamics`));
      expect(one.lambdasOf("dynamics", { method: "increment", fewer: 1 })).toEqual(all);
    },
  );
});

describe("a closure", () => {
  const OPTIONS =
    "--closure-hidden 24,8 --closure-batch 512 --closure-steps 7 --closure-learning-rate 0.5 --weight-decay 0.25 --variables 4";

  test.each([
    ["linear", { joint: false, hidden: [] }],
    ["species", { joint: false, hidden: [24, 8] }],
    ["joint", { joint: true, hidden: [24, 8] }],
  ])("with --encoder %s reads a patch by %j", (encoder, network) => {
    const { shape } = closurePlan(told(`${OPTIONS} --encoder ${encoder} --activation relu`), 2, 11).encoder;
    const size = { kind: "perceptron", dimension: 1, parts: 2, patchSide: 40, variables: 4 } as const;
    expect(shape).toEqual({ ...size, activation: "relu", ...network });
  });

  test("is trained as its options say, on eight patches a snapshot", () => {
    const { encoder, table } = closurePlan(told(`${OPTIONS} --relax-time 0.02`), 2, 11);
    const { shape: _, ...training } = encoder;
    expect(training).toEqual({
      hidden: [24, 8],
      batch: 512,
      steps: 7,
      learningRate: 0.5,
      weightDecay: 0.25,
      seed: 11,
    });
    expect(table).toEqual({ patchesPerSnapshot: 8, side: 200, relaxTime: 0.02, seed: 11 });
  });
});

test("the closure lagged is linear in both species together, on as many patches as the others see, and its lags count as cost", () => {
  const p = told("--closure lagged --lags 0.5,3 --closure-snapshots 1000");
  const { shape, systems, follow } = laggedPlan(p, 2, 11);
  expect(systems).toBe(1000);
  // Eight of 50 patches each, and 256 systems at the least.
  const many = (line: string) => laggedPlan(told(`--N 2000 --closure-snapshots ${line}`), 2, 11).systems;
  expect(["10000", "1000"].map(many)).toEqual([1600, 256]);
  expect(shape).toMatchObject({ kind: "perceptron", joint: true, hidden: [], parts: 2, variables: 2 });
  expect(follow).toEqual({ side: 200, relaxTime: p.relaxTime, lags: [0.5, 3], seed: 11 });
  const evolve = (closure: string) =>
    learningUpdates(costPlan(told(`--closure ${closure} --lags 0.5,3 --closure-snapshots 1000`)).learning).evolve;
  // 300 steps of 0.01.
  expect(evolve("lagged") - evolve("all")).toBeCloseTo(1000 * 200 * (3 + 300), 3);
});
