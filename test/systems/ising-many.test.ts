// More lattices, and more regions of them, than one row of workgroups holds (65,535 × 8): the last ones are treated as the first.
import { expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../lib/gpu/device.ts";
import { stream } from "../../lib/random/stream.ts";
import { Ising } from "../../lib/systems/ising.ts";
import { stateOfClasses } from "../../lib/systems/ising-classes.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const hot = new Ising(gpu, { temperature: 1000, field: 0, patchSide: 4 });
/** Magnetizations of lattices. */
const magnetizations = (observed: Float32Array) => observed.filter((_, k) => k % 2 === 0);
/** Means of the first and second half. */
const halves = (values: Float32Array) => {
  const half = values.length / 2;
  const mean = (part: Float32Array) => part.reduce((sum, x) => sum + x, 0) / part.length;
  return [mean(values.subarray(0, half)), mean(values.subarray(half))];
};

test("lattices are prepared, and their clusters flipped", async () => {
  const count = 8 * 65_535 + 1000;
  const states = await hot.prepared(count, 4, 0.5, stream(97, "prepared"));
  expect(magnetizations(await hot.observe(states)).every((m) => m === 0.5)).toBe(true);
  // At this temperature clusters are single spins: one of them changes m by 1/8.
  await hot.flipClusters(states, 1, stream(97, "clusters"));
  const after = magnetizations(await hot.observe(states));
  expect(after.filter((m) => m === 0.5).length).toBe(0);
  states.destroy();
});

test("regions of lattices are relaxed", async () => {
  // 2,048 words of lattices with 256 regions each, as many as the smallest buffers hold.
  const states = await hot.prepared(32 * 2048, 128, 1, stream(97, "whole"));
  await hot.relax(states, 0.1, stream(97, "relaxed"));
  const [first, second] = halves(magnetizations(stateOfClasses(await hot.classes(states), 128 ** 2)));
  // Every site lies in four positions of the patches.
  expect(first).toBeCloseTo(Math.exp(-0.4), 2);
  expect(second).toBeCloseTo(first, 3);
  states.destroy();
});
