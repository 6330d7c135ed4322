// How many steps a duration takes: from eigenvalues that are known, and what fewer would do.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { regression } from "../../../lib/method/pairs.ts";
import { solveSde } from "../../../lib/method/sde/fit.ts";
import { DivergedError, rollout } from "../../../lib/method/sde/rollout.ts";
import { stepsWithin } from "../../../lib/method/sde/steps.ts";
import { stream } from "../../../lib/random/stream.ts";
import { identity, times } from "../../matrices.ts";
import { range } from "../../numbers.ts";
import { expectWithin, moments } from "../../statistics.ts";
import { fit, type Plan, plant } from "./planted.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();

/** f = A z with noise of size 1, from states within 1 of 0. */
const linear = (matrix: readonly number[]): Plan => {
  const d = Math.sqrt(matrix.length);
  return {
    d,
    snapshots: 2000,
    patches: 1,
    time: 1e-4,
    state: (rng) => range(d, () => 2 * rng.uniform() - 1),
    drift: (z) => times([...matrix], z),
    sigma: () => identity(d).map((one) => 0.01 * one),
  };
};
const solved = (plan: Plan, purpose: string, degree = 1) =>
  solveSde(regression(plant(plan, purpose), "compensator"), { kind: "polynomial", degree });
const inside = (d: number) => Float32Array.from({ length: 40 * d }, (_, k) => ((7 * k) % 19) / 10 - 0.9);

describe("a duration is divided in steps of a quarter of the fastest relaxation", () => {
  // Of eigenvalues −1 and −20; −3 ± 4i; −2, −2 in a Jordan block.
  for (const [name, matrix, rate] of [
    ["real", [-1, 0, 5, -20], 20],
    ["a pair", [-3, 4, -4, -3], 5],
    ["a Jordan block", [-2, 9, 0, -2], 2],
  ] as const) {
    test(name, async () => {
      const model = solved(linear(matrix), name);
      for (const time of [0.3, 0.02, 0.7]) {
        const steps = await stepsWithin(gpu, model, inside(2), time);
        // Coefficients of 2000 rows are within 1 %, those of a Jordan block turn into eigenvalues that are within 15 %.
        const room = name === "a Jordan block" ? 0.3 : 0.03;
        expect(steps).toBeGreaterThanOrEqual(Math.floor(4 * rate * (1 - room) * time));
        expect(steps).toBeLessThanOrEqual(Math.ceil(4 * rate * (1 + room) * time));
      }
    });
  }

  test("of all the states, not of their mean", async () => {
    const plan: Plan = { ...linear([0]), drift: ([z]) => [-z - 5 * z ** 3] };
    const model = solved(plan, "cubic", 3);
    const slope = (states: Float32Array) => stepsWithin(gpu, model, states, 1);
    const [middle, both] = [await slope(Float32Array.of(0)), await slope(Float32Array.of(-0.8, 0, 0.8))];
    // |f'| = 1 + 15 z².
    expect(middle).toBeGreaterThan(3);
    expect(middle).toBeLessThan(6);
    expect(both).toBeGreaterThan(40);
    expect(both).toBeLessThan(45);
  });

  test("and no fewer than one; more than 64 are refused", async () => {
    expect(await stepsWithin(gpu, solved(linear([-0.01]), "slow"), inside(1), 1)).toBe(1);
    const fast = solved(linear([-50]), "fast");
    expect(await stepsWithin(gpu, fast, inside(1), 0.3125)).toBeGreaterThan(60);
    await expect(stepsWithin(gpu, fast, inside(1), 0.375)).rejects.toThrow(DivergedError);
  });

  test("of trained equations too", async () => {
    const model = await fit(plant({ ...linear([-8]), patches: 16, time: 0.1 }, "network"), "compensator");
    const steps = await stepsWithin(gpu, model, Float32Array.of(-0.5, 0, 0.5), 0.5);
    expect(steps).toBeGreaterThan(12);
    expect(steps).toBeLessThan(21);
  });
});

test("with these the variance is that of the process, with one step it is not", async () => {
  const model = solved(linear([-18]), "variance");
  const time = 0.1;
  const steps = await stepsWithin(gpu, model, inside(1), time);
  const varianceWith = async (count: number, scheme: "heun" | "euler") => {
    const start = new Float32Array(8192);
    const { data } = await rollout(gpu, model, start, {
      times: Float64Array.of(0, time, 2 * time, 3 * time, 4 * time, 5 * time),
      dt: time / count,
      scheme,
      stream: stream(5, "variance"),
    });
    return moments(data.subarray(5 * 8192)).variance;
  };
  // σ² / 2|λ|, times what a linear recursion gives for a step of h = |λ| dt; the fit adds 1 % of the rate.
  const exact = 0.01 ** 2 / 36;
  const h = (18 * time) / steps;
  const heun = (2 * h * (1 - h / 2) ** 2) / (1 - (1 - h + (h * h) / 2) ** 2);
  const error = Math.hypot(exact * Math.sqrt(2 / 8192), 0.01 * exact);
  expect(Math.abs(heun - 1)).toBeLessThan(0.02);
  expectWithin("Heun", await varianceWith(steps, "heun"), heun * exact, error);
  expectWithin("Euler", await varianceWith(steps, "euler"), exact / (1 - h / 2), error);
  expect(await varianceWith(1, "euler")).toBeGreaterThan(3 * exact);
});
