// Lattices brought from hot to cold.
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  ANNEALED,
  annealed,
  annealingJumps,
  jumpTimeOf,
  ladder,
  looksAt,
  looksOf,
  relaxationsWaited,
  someReplicas,
} from "../../../lib/experiments/nbmota/annealing.ts";
import { jumpsOf, relaxationJumps, unitJumps } from "../../../lib/experiments/nbmota/clock.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { NbMoTa } from "../../../lib/systems/nbmota.ts";
import { mean } from "../../numbers.ts";
import { toyWeights } from "../../systems/nbmota/toy-barriers.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();
const barriers = new CompactBarriers(toyWeights(9));
const OPTIONS = {
  temperatures: [2500, 3000],
  replicas: 5,
  // Four at these temperatures.
  looks: 1,
  pause: 0.02,
  wait: 0.05,
  settled: 4000,
  barriers,
  seed: 4,
  purpose: "test",
};

test("stages follow each other from hot to cold, with looks equal times apart, the same for the same seed", async () => {
  let jumps = 0;
  const onJumps = (count: number) => {
    jumps += count;
  };
  const stages = await annealed(gpu, { ...OPTIONS, onJumps });
  expect(stages.map(({ temperature }) => temperature)).toEqual([3000, 2500]);
  const perStage = (temperature: number) => 5 * (jumpsOf(temperature, 0.05) + 4 * jumpsOf(temperature, 0.02));
  expect(jumps).toBe(perStage(3000) + perStage(2500));
  expect(annealingJumps(OPTIONS)).toBe(jumps);
  for (const stage of stages) {
    const { temperature, words, order, jumpTimes } = stage;
    expect(order.length).toBe(4 * 5 * 6);
    expect(looksOf(stage)).toBe(4);
    const system = new NbMoTa(gpu, { temperature, barriers, coordinates: "six" });
    const states = await system.unpack(words, 8);
    expect(states.count).toBe(20);
    expect(await system.observe(states)).toEqual(order);
    states.destroy();
    expect(jumpTimes.length).toBe(5);
    expect(jumpTimeOf(stage)).toBeCloseTo(mean(jumpTimes), 20);
    expect(Math.min(...jumpTimes)).toBeGreaterThan(0);
    expect(ANNEALED.read(ANNEALED.write(stage))).toEqual(stage);
  }
  // Colder is slower.
  expect(jumpTimeOf(stages[1])).toBeGreaterThan(jumpTimeOf(stages[0]));
  expect(await annealed(gpu, OPTIONS)).toEqual(stages);
  // Temperatures that are only passed come with one look each, and change nothing of those before.
  const more = await annealed(gpu, { ...OPTIONS, passed: [2400] });
  expect(more.map((stage) => [stage.temperature, looksOf(stage)])).toEqual([
    [3000, 4],
    [2500, 4],
    [2400, 1],
  ]);
  expect(more.slice(0, 2)).toEqual(stages);
  expect((await annealed(gpu, { ...OPTIONS, seed: 5 }))[0].order).not.toEqual(stages[0].order);
});

test("work that was kept is not done again, and what follows is the same", async () => {
  const stages = await annealed(gpu, OPTIONS);
  const asked: number[] = [];
  const again = await annealed(gpu, {
    ...OPTIONS,
    keep: (temperature, work) => {
      asked.push(temperature);
      return temperature === 3000 ? Promise.resolve(stages[0]) : work();
    },
  });
  expect(asked).toEqual([3000, 2500]);
  expect(again).toEqual(stages);
});

test("some replicas are theirs at every look", async () => {
  const [stage] = await annealed(gpu, OPTIONS);
  const some = someReplicas(stage, 1, 3);
  expect(some.replicas).toBe(2);
  for (let look = 0; look < 3; look++) {
    const own = stage.order.subarray(6 * (5 * look + 1), 6 * (5 * look + 3));
    expect(some.order.subarray(12 * look, 12 * look + 12)).toEqual(own);
  }
  expect(some.words.length).toBe((stage.words.length / 5) * 2);
  expect(some.jumpTimes).toEqual(stage.jumpTimes.slice(1, 3));
});

test("no wait is longer than 3,500 jumps an atom, and how many relaxations that is is known", () => {
  expect(relaxationsWaited({ wait: 3, settled: 800 }, 1000)).toBeCloseTo(3, 9);
  expect(relaxationsWaited({ wait: 3, settled: 800 }, 800)).toBeCloseTo(3500 / relaxationJumps(800), 9);
  expect(relaxationsWaited({ wait: 3, settled: 800 }, 700)).toBeCloseTo((3 * unitJumps(700)) / relaxationJumps(700), 9);
  const jumps = (wait: number) => annealingJumps({ ...OPTIONS, temperatures: [800], replicas: 1, settled: 800, wait });
  expect(jumps(50)).toBe(jumps(5));
});

test("from the temperature on at which lattices settle they wait for relaxations, below for units of time", () => {
  const jumps = (settled: number) => annealingJumps({ ...OPTIONS, temperatures: [800], replicas: 1, settled });
  const unit = unitJumps(800) * 1024;
  const more = 0.05 * (relaxationJumps(800) * 1024 - unit);
  expect(Math.abs(jumps(800) - jumps(801) - more)).toBeLessThan(2);
});

test("where a unit of time takes fewer jumps than at 1000 K there are more looks, four times as many at most", () => {
  const found = [700, 1000, 1200, 1400, 3000].map((temperature) => looksAt({ looks: 6 }, temperature));
  expect(found).toEqual([6, 6, 6, 12, 24]);
  const jumps = (temperature: number) => looksAt({ looks: 6 }, temperature) * unitJumps(temperature);
  for (const temperature of [1100, 1200, 1400, 2000]) expect(jumps(temperature)).toBeLessThan(1.3 * jumps(1000));
});

test("the ladder goes down in steps of a fifth at most, from 3000 K on or from hotter", () => {
  for (const wanted of [[900], [3000, 2400], [800, 3500, 1000], [4000]]) {
    const steps = ladder(wanted, [5000, 700]);
    const of = (passing: boolean) =>
      steps.filter((step) => step.seen && step.passing === passing).map(({ temperature }) => temperature);
    expect(of(false)).toEqual(wanted.toSorted((a, b) => b - a));
    expect(of(true)).toEqual([5000, 700]);
    expect(ladder(wanted)[0].temperature).toBeCloseTo(Math.max(3000, ...wanted), 6);
    for (const [k, { temperature }] of steps.entries()) {
      if (k === 0) continue;
      const ratio = temperature / steps[k - 1].temperature;
      expect(ratio).toBeGreaterThan(0.8 - 1e-9);
      expect(ratio).toBeLessThan(1);
    }
  }
});
