// Direct simulation: records over time, whose numbers do not depend on batches.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../lib/gpu/device.ts";
import { simulateDirectly } from "../../lib/method/direct.ts";
import { stream } from "../../lib/random/stream.ts";
import { PREDATOR_PREY, PredatorPrey, type PredatorPreyStates } from "../../lib/systems/predator-prey.ts";
import { emptied, keeper } from "../fixtures.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();
const keep = keeper(afterAll);
const makeSystem = () => keep(new PredatorPrey(gpu, { ...PREDATOR_PREY, patchPoints: 50 }));
const fieldsOf = async (system: PredatorPrey, states: PredatorPreyStates) =>
  new Float32Array((await system.pack(states)).buffer);
const row = (means: Float32Array, r: number) => means.subarray(2 * r, 2 * r + 2);

describe("direct simulation", () => {
  const TIMES = Float64Array.of(0, 0.05, 0.2);

  /** Two cases of four runs. */
  function simulate(system: PredatorPrey, made: number[], times = TIMES, seen: number[] = []) {
    const prepare = (from: number, to: number) => {
      made.push(to - from);
      return system.prepared(
        Array.from({ length: to - from }, (_, k) => ({ mean: 0.4 + 0.02 * (from + k), amplitude: 0.1 })),
        50,
      );
    };
    const first = async (states: PredatorPreyStates) => {
      const fields = await fieldsOf(system, states);
      return Float32Array.from({ length: states.count }, (_, r) => fields[100 * r]);
    };
    const observe = (states: PredatorPreyStates) => system.observe(states);
    const onTime = (count: number) => seen.push(count);
    const options = { cases: 2, runs: 4, side: 50, times, seed: 9, purpose: "test/direct", onTime };
    return simulateDirectly(system, prepare, options, [observe, first]);
  }

  test("records every measure as [times][systems][width], at the streams of (time, replica)", async () => {
    const system = makeSystem();
    const seen: number[] = [];
    const ensembles = await simulate(system, [], TIMES, seen);
    expect(seen).toEqual([8, 8, 8]);
    expect(ensembles.map(({ times, cases, runs, d }) => [times, cases, runs, d])).toEqual([
      [TIMES, 2, 4, 2],
      [TIMES, 2, 4, 1],
    ]);
    const [means, points] = ensembles.map(({ data }) => data);
    expect([means.length, points.length]).toEqual([3 * 8 * 2, 3 * 8]);
    for (let r = 0; r < 8; r++) {
      const states = system.prepared([{ mean: 0.4 + 0.02 * r, amplitude: 0.1 }], 50);
      for (const [t, time] of TIMES.entries()) {
        if (t > 0) await system.evolve(states, time - TIMES[t - 1], stream(9, "test/direct", t, r));
        expect(row(means, t * 8 + r)).toEqual(await system.observe(states));
        expect(points[t * 8 + r]).toBe((await fieldsOf(system, states))[0]);
      }
      states.destroy();
    }
  });

  test("does not depend on its batches, and gives its memory back", async () => {
    const system = makeSystem();
    await emptied(async () => {
      const whole: number[] = [];
      const usual = await simulate(system, whole);
      expect(whole).toEqual([8]);
      for (const [size, batches] of [
        [3, [3, 3, 2]],
        [1, new Array(8).fill(1)],
        // A system that is too large by itself still is simulated, alone.
        [0.5, new Array(8).fill(1)],
      ] as const) {
        system.bytes = () => 2 ** 26 / size;
        const [made, seen]: number[][] = [[], []];
        expect(await simulate(system, made, TIMES, seen)).toEqual(usual);
        expect(made).toEqual([...batches]);
        expect(seen).toEqual(batches.flatMap((batch: number) => [batch, batch, batch]));
      }
    });
  });

  test("may begin later than at time 0", async () => {
    const [means] = await simulate(makeSystem(), [], Float64Array.of(0.05));
    const system = makeSystem();
    const states = system.prepared([{ mean: 0.4, amplitude: 0.1 }], 50);
    await system.evolve(states, 0.05, stream(9, "test/direct", 0, 0));
    expect(row(means.data, 0)).toEqual(await system.observe(states));
    states.destroy();
  });
});
