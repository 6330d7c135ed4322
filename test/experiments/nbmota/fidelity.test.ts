// Order under two models of the barriers.
import { expect, setDefaultTimeout, test } from "bun:test";
import { fidelityOf, largestDeviation, orderUnder } from "../../../lib/experiments/nbmota/fidelity.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { toyWeights } from "../../systems/nbmota/toy-barriers.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const shipped = CompactBarriers.shipped();
const OPTIONS = { temperatures: [2000, 3000], replicas: 8, wait: 1, settled: 2000, looks: 1, pause: 0.5, seed: 6 };

test("a model orders as it does itself, with other random numbers, and not as another one", async () => {
  const same = await fidelityOf(gpu, { network: shipped, compact: shipped }, OPTIONS);
  expect(same.map(({ temperature }) => temperature)).toEqual([3000, 2000]);
  for (const { network, compact, deviation, waited } of same) {
    expect(network.order).not.toEqual(compact.order);
    // Six numbers of eight lattices each: Student's t with seven degrees of freedom each.
    expect(deviation).toBeLessThan(5);
    expect(waited).toBeCloseTo(1, 1);
    const { mean, error } = network.jumpTime;
    expect(Math.abs(mean - compact.jumpTime.mean)).toBeLessThan(5 * Math.hypot(error, compact.jumpTime.error));
  }
  const [hot, cold] = same;
  // MoTa, the main one.
  expect(cold.network.order[4].mean).toBeGreaterThan(hot.network.order[4].mean);
  const other = new CompactBarriers(toyWeights(9));
  const different = await fidelityOf(gpu, { network: shipped, compact: other }, OPTIONS);
  expect(different[1].deviation).toBeGreaterThan(8);
  expect(different[1].network).toEqual(cold.network);
});

test("the largest deviation is over all order parameters, in standard errors of the difference", () => {
  const at = (...means: number[]) => means.map((mean) => ({ mean, error: 0.3 }));
  const other = [0.1, -2, 0.5].map((mean) => ({ mean, error: 0.4 }));
  expect(largestDeviation(at(0, 0, 0), other)).toBeCloseTo(4, 10);
});

test("of annealed lattices the times between jumps are those of walks", async () => {
  const [hot, cold] = await orderUnder(gpu, { ...OPTIONS, barriers: shipped, purpose: "test" });
  expect(cold.jumpTime.mean).toBeGreaterThan(3 * hot.jumpTime.mean);
  expect(cold.jumpTime.error).toBeLessThan(0.1 * cold.jumpTime.mean);
});
