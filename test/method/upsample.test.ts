// Hierarchical upsampling: its factors, its levels.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { upsampleTo, upsamplingFactors, upsamplingSides } from "../../lib/method/upsample.ts";
import { stream } from "../../lib/random/stream.ts";
import type { System } from "../../lib/systems/system.ts";
import { difference, rootMeanSquare } from "../numbers.ts";
import { FreeSpins, type Spins } from "../systems/free-spins.ts";

const SEED = 30;
setDefaultTimeout(120_000);

/** Options of an upsampling to `side`. */
const to = (side: number, relaxTime: number) => ({ side, relaxTime, stream: stream(SEED, "up") });

describe("upsampling", () => {
  test("factors 2, 3 and 5 lead from side to side, smallest first", () => {
    expect(upsamplingFactors(16, 16)).toEqual([]);
    expect(upsamplingFactors(8, 64)).toEqual([2, 2, 2]);
    expect(upsamplingFactors(8, 24)).toEqual([3]);
    expect(upsamplingFactors(8, 48)).toEqual([2, 3]);
    expect(upsamplingFactors(4, 144)).toEqual([2, 2, 3, 3]);
    expect(upsamplingFactors(8, 40)).toEqual([5]);
    expect(upsamplingFactors(20, 2000)).toEqual([2, 2, 5, 5]);
    expect(upsamplingFactors(4, 120)).toEqual([2, 3, 5]);
  });

  test("impossible sides are refused in one sentence that names both and a remedy", () => {
    const message = (patchSide: number, side: number): string => {
      try {
        upsamplingFactors(patchSide, side);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        return (error as InputError).message;
      }
      throw new Error(`${patchSide} and ${side} were accepted`);
    };
    expect(message(12, 64)).toBe("patch side 12 does not divide lattice side 64: use 4, 8, 16, 32, 64 or another side");
    expect(message(64, 16)).toContain("patch side 64 does not divide lattice side 16");
    expect(message(8, 56)).toBe("lattice side 56 is 7 times patch side 8: the ratio must be a product of 2, 3 and 5");
    expect(message(4, 440)).toBe(
      "lattice side 440 is 110 times patch side 4: the ratio must be a product of 2, 3 and 5",
    );
    for (const [patchSide, side] of [
      [4, 9],
      [0, 64],
      [8, 0],
      [-8, 64],
      [8, -64],
      [Number.NaN, 64],
      [8, Number.NaN],
      [8, 2.5],
    ]) {
      const text = message(patchSide, side);
      expect(text).toContain(`patch side ${patchSide}`);
      expect(text).toContain(`lattice side ${side}`);
      expect(text).not.toContain("use  or");
    }
  });

  test("goes level by level with different numbers; every smaller state is freed", async () => {
    const system = new FreeSpins();
    const small = await system.initial(3, 4, stream(SEED, "small"));
    const levels: Spins[] = [];
    const large = await upsampleTo(system, small, {
      ...to(24, 0.1),
      onLevel: async (states, level) => {
        expect(levels.push(states)).toBe(level);
      },
    });
    expect(levels.map(({ side, alive }) => [side, alive])).toEqual([
      [8, false],
      [24, true],
    ]);
    expect([small.alive, large.alive, large.side]).toEqual([false, true, 24]);
    expect(new Set(system.steps).size).toBe(4);
    // No level to climb: the states themselves. No time to relax: the observables are kept exactly.
    expect(await upsampleTo(system, large, to(24, 1))).toBe(large);
    const copies = await upsampleTo(system, await system.initial(3, 4, stream(SEED, "small")), to(24, 0));
    const expected = await system.observe(await system.initial(3, 4, stream(SEED, "small")));
    expect(rootMeanSquare(difference(await system.observe(copies), expected))).toBeLessThan(1e-5);
  });

  test("a system that leaps goes to the large side in one level, and can make some of its states larger alone", async () => {
    const system = new FreeSpins();
    expect(upsamplingSides(system, 4, 24)).toEqual([8, 24]);
    expect(upsamplingSides(system, 24, 24)).toEqual([]);
    system.leaps = true;
    expect(upsamplingSides(system, 4, 24)).toEqual([24]);
    expect(upsamplingSides(system, 24, 24)).toEqual([]);
    expect(() => upsamplingSides(system, 4, 28)).toThrow("the ratio must be a product of 2, 3 and 5");
    const small = () => system.initial(5, 4, stream(SEED, "small"));
    const sides: number[] = [];
    const onLevel = async ({ side }: Spins) => void sides.push(side);
    const large = await upsampleTo(system, await small(), { ...to(24, 0), onLevel });
    expect(sides).toEqual([24]);
    const keep = { replicas: Uint32Array.of(1, 4), stream: { ...stream(SEED, "up"), replica: 7 } };
    const some = await upsampleTo(system, await small(), { ...to(24, 0), keep });
    const row = (states: Spins, k: number) => states.values.slice(24 ** 2 * k, 24 ** 2 * (k + 1));
    expect([some.count, some.side]).toEqual([2, 24]);
    for (const [k, replica] of keep.replicas.entries()) expect(row(some, k)).toEqual(row(large, replica));
    // They relax with a stream of their own, on the steps of the level.
    system.steps.splice(0);
    await upsampleTo(system, await small(), { ...to(24, 0.1), keep });
    expect(system.relaxed.map(({ count, side, time, first }) => [count, side, time, first])).toEqual([[2, 24, 0.1, 7]]);
    expect(system.steps).toEqual([8, 10]);
    system.leaps = false;
    const none = await small();
    await expect(upsampleTo(system, none, { ...to(24, 0), keep })).rejects.toThrow("at one level");
    expect(none.alive).toBe(false);
  });

  test("a system that cannot relax is upsampled for a relax time of 0 alone", async () => {
    const free = new FreeSpins();
    const system: System<Spins> = free;
    system.relax = undefined;
    const small = () => system.initial(3, 4, stream(SEED, "small"));
    await expect(upsampleTo(system, await small(), to(8, 0.1))).rejects.toThrow(
      new InputError("free spins has no LocalRelax: upsample with a relax time of 0"),
    );
    const large = await upsampleTo(system, await small(), to(24, 0));
    const again = await upsampleTo(new FreeSpins(), await small(), to(24, 0));
    expect(large.values).toEqual(again.values);
  });
});
