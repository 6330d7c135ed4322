// Lattices brought from hot to cold.
import { expect, setDefaultTimeout, test } from "bun:test";
import { annealed, jumpsOf } from "../../../lib/experiments/nbmota/annealing.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { NbMoTa } from "../../../lib/systems/nbmota.ts";
import { toyWeights } from "../../systems/nbmota/toy-barriers.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();

test("stages follow each other, with looks after equally many jumps, the same for the same seed", async () => {
  const barriers = new CompactBarriers(toyWeights(9));
  let jumps = 0;
  const options = {
    temperatures: [3000, 2500],
    replicas: 5,
    cells: 8,
    looks: 3,
    pause: 0.02,
    wait: 0.05,
    barriers,
    seed: 4,
    purpose: "test",
    onJumps: (count: number) => {
      jumps += count;
    },
  };
  const stages = await annealed(gpu, options);
  expect(stages.map(({ temperature }) => temperature)).toEqual([3000, 2500]);
  const perStage = (temperature: number) => 5 * (jumpsOf(temperature, 8, 0.05) + 3 * jumpsOf(temperature, 8, 0.02));
  expect(jumps).toBe(perStage(3000) + perStage(2500));
  for (const { temperature, words, order, jumpTime } of stages) {
    expect(order.length).toBe(3 * 5 * 6);
    const system = new NbMoTa(gpu, { temperature, barriers, coordinates: "six" });
    const states = await system.unpack(words, 8);
    expect(states.count).toBe(15);
    expect(await system.observe(states)).toEqual(order);
    states.destroy();
    expect(jumpTime).toBeGreaterThan(0);
  }
  // Colder is slower.
  expect(stages[1].jumpTime).toBeGreaterThan(stages[0].jumpTime);
  expect(await annealed(gpu, options)).toEqual(stages);
  expect((await annealed(gpu, { ...options, seed: 5 }))[0].order).not.toEqual(stages[0].order);
});
