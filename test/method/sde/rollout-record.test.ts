// What rollouts record: times, cases, the same bits always, and trajectories that are not finite.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import type { SdeModel } from "../../../lib/method/sde/model.ts";
import { DivergedError, rollout, unlessDiverged } from "../../../lib/method/sde/rollout.ts";
import { stream } from "../../../lib/random/stream.ts";
import { generators, normal, withClock } from "../../fixtures.ts";
import { fieldLayout, grid, modelOf, randomModel } from "./reference.ts";

const SEED = 30;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

const at = stream(SEED, "test/rollout");

describe("records of rollouts", () => {
  test("records at the times asked for, in either scheme: z = t where f = 1", async () => {
    for (const scheme of ["euler", "heun"] as const) {
      const model = modelOf(1, { offset: Float32Array.of(1), noiseScale: new Float32Array(1) });
      const options = { dt: 0.125, times: grid(0.125, 12, 4), scheme, stream: at };
      const record = await rollout(gpu, model, Float32Array.of(0, 10), options);
      expect(Array.from(record.times)).toEqual([0, 0.5, 1, 1.5]);
      expect(Array.from(record.data)).toEqual([0, 10, 0.5, 10.5, 1, 11, 1.5, 11.5]);
      const rng = generator("rollout/record");
      const curved = randomModel(2, "triangular", rng);
      const start = Float32Array.of(0.1, 0.2, -0.3, 0.4);
      const { data: fine } = await rollout(gpu, curved, start, { ...options, times: grid(0.125, 12) });
      const { data: some } = await rollout(gpu, curved, start, options);
      expect(some).toEqual(fine.filter((_, k) => Math.floor(k / 4) % 4 === 0));
    }
  });

  /** A nonlinear model in two dimensions that stays bounded, with random networks. */
  function wild(): SdeModel {
    const shape = { hidden: [16], activation: "tanh" } as const;
    const rng = generator("rollout/wild");
    const parameters = (outputs: number) =>
      Float32Array.from({ length: fieldLayout(shape, 2, outputs).stride }, () => 0.5 * normal(rng));
    return modelOf(2, {
      ...shape,
      driftParameters: parameters(2),
      diffusionParameters: parameters(4),
      slope: Float32Array.of(-2, 0, 0, -2),
      noiseScale: Float32Array.of(0.3, 0.2),
    });
  }

  test("gives each trajectory the same bits alone and among 1,024, and different streams different ones", async () => {
    const model = wild();
    const start = Float32Array.from({ length: 2048 }, (_, k) => Math.sin(k));
    const options = { dt: 0.1, times: grid(0.1, 20, 5), stream: at };
    const { data: all } = await rollout(gpu, model, start, options);
    for (const p of [0, 1, 63, 64, 777, 1023]) {
      const { data: one } = await rollout(gpu, model, start.slice(2 * p, 2 * p + 2), {
        ...options,
        stream: { ...at, replica: p },
      });
      for (let r = 0; r < 5; r++) {
        expect(one.slice(2 * r, 2 * r + 2)).toEqual(all.slice(2048 * r + 2 * p, 2048 * r + 2 * p + 2));
      }
    }
    for (const other of [
      stream(SEED + 1, "test/rollout"),
      stream(SEED, "test/other"),
      { ...at, step: 1 },
      { ...at, replica: 9999 },
    ]) {
      const { data: record } = await rollout(gpu, model, start, { ...options, stream: other });
      expect(record.slice(0, 2048)).toEqual(all.slice(0, 2048));
      expect(record.slice(2048).filter((z, k) => z === all[2048 + k]).length).toBeLessThan(10);
    }
  });

  test("keeps every k-th step, and does not depend on how steps are cut into submissions", async () => {
    const model = wild();
    const count = 10_000;
    const start = Float32Array.from({ length: 2 * count }, (_, k) => Math.sin(k));
    const options = { dt: 0.1, stream: at };
    const { data: fine } = await rollout(gpu, model, start, { ...options, times: grid(0.1, 60) });
    expect(fine.length).toBe(61 * 2 * count);
    // So many trajectories have a first submission of 21 steps; then their rate by the clock decides, which is kept by their number.
    for (const [every, milliseconds, cuts] of [
      [6, 1e6, [0, ...Array.from({ length: 39 }, (_, k) => 21 + k)]],
      [15, 1e-3, [0, 21]],
      [60, 300, [0, 21, 38, 52]],
    ] as const) {
      const done: number[] = [];
      const times = grid(0.1, 60, every);
      const some = 2 * (count - every);
      const record = await withClock(milliseconds, () =>
        rollout(gpu, model, start.slice(0, some), { ...options, times, onSteps: (step) => done.push(step) }),
      );
      expect(done).toEqual([...cuts, 60]);
      for (const [k] of times.entries()) {
        const row = fine.subarray(2 * count * every * k, 2 * count * every * k + some);
        // Compared at once: `toEqual` takes seconds for so many.
        expect(
          Buffer.from(record.data.slice(some * k, some * (k + 1)).buffer).equals(Buffer.from(row.slice().buffer)),
        ).toBe(true);
      }
    }
    // The last pause has four steps, the others seven.
    const uneven = Float64Array.of(...grid(0.1, 56, 7), 6);
    await expect(rollout(gpu, model, start, { ...options, times: uneven })).rejects.toThrow(
      `times ${uneven.subarray(0, 3)}, … are not evenly spaced from 0 by whole steps of 0.1`,
    );
  });

  test("refuses times that are not evenly spaced from 0 by whole steps", async () => {
    const model = wild();
    const start = Float32Array.of(0.1, 0.2);
    for (const times of [[0, 0.25], [0, 0.04], [0.1, 0.2], [0.1], [0, 0.1, 0.1], [0, -0.1], [0, 0], [0, Number.NaN]]) {
      const found = rollout(gpu, model, start, { dt: 0.1, times: Float64Array.from(times), stream: at });
      await expect(found).rejects.toThrow("are not evenly spaced from 0 by whole steps of 0.1");
    }
    const { data } = await rollout(gpu, model, start, { dt: 0.1, times: Float64Array.of(0), stream: at });
    expect(data).toEqual(start);
  });

  test("of several cases has the runs of each together, and the same numbers as one", async () => {
    const model = wild();
    const start = Float32Array.from({ length: 12 }, (_, k) => Math.sin(k));
    const options = { dt: 0.1, times: grid(0.1, 20, 5), stream: at };
    const one = await rollout(gpu, model, start, options);
    expect([one.cases, one.runs, one.d]).toEqual([1, 6, 2]);
    const three = await rollout(gpu, model, start, { ...options, cases: 3 });
    expect(three).toEqual({ ...one, cases: 3, runs: 2 });
    await expect(rollout(gpu, model, start, { ...options, cases: 4 })).rejects.toThrow(
      "6 starts are not those of 4 cases",
    );
  });

  test("names the trajectory that is not finite, and the time", async () => {
    const model = modelOf(1, { slope: Float32Array.of(1e4), noiseScale: new Float32Array(1) });
    // From 1 the recursion multiplies by 1001: the 13th step, at time 1.3, is the first beyond 3.4e38.
    const options = { dt: 0.1, times: grid(0.1, 20), stream: at };
    await expect(rollout(gpu, model, Float32Array.of(0, 0, 1, 0), options)).rejects.toThrow(
      new DivergedError("trajectory 2 of the learned SDE is not finite at time 1.3"),
    );
    await expect(rollout(gpu, model, Float32Array.of(0, 1), options)).rejects.toBeInstanceOf(DivergedError);
    await expect(rollout(gpu, model, Float32Array.of(0, Number.NaN), options)).rejects.toThrow(
      "trajectory 1 of the learned SDE is not finite at time 0",
    );
    expect((await rollout(gpu, model, Float32Array.of(0, 0), options)).data.every((z) => z === 0)).toBe(true);
  });

  test("that runs away is null for those who count such equations, and nothing else is", async () => {
    const model = modelOf(1, { slope: Float32Array.of(1e4), noiseScale: new Float32Array(1) });
    const options = { dt: 0.1, times: grid(0.1, 20), stream: at };
    expect(await unlessDiverged(rollout(gpu, model, Float32Array.of(1), options))).toBeNull();
    const still = await unlessDiverged(rollout(gpu, model, Float32Array.of(0), options));
    expect(still?.runs).toBe(1);
    const other = rollout(gpu, model, Float32Array.of(0), { ...options, dt: 0.07 });
    await expect(unlessDiverged(other)).rejects.toThrow("evenly spaced");
  });
});
