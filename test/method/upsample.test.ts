// Hierarchical upsampling: its factors, its levels.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { upsampleTo, upsamplingFactors } from "../../lib/method/upsample.ts";
import { stream } from "../../lib/random/stream.ts";
import type { System } from "../../lib/systems/system.ts";
import { difference, rootMeanSquare } from "../numbers.ts";
import { FreeSpins, type Spins } from "../systems/free-spins.ts";

const SEED = 30;
setDefaultTimeout(120_000);

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
    const large = await upsampleTo(system, small, 24, 0.1, stream(SEED, "up"), async (states, level) => {
      expect(levels.push(states)).toBe(level);
    });
    expect(levels.map(({ side, alive }) => [side, alive])).toEqual([
      [8, false],
      [24, true],
    ]);
    expect([small.alive, large.alive, large.side]).toEqual([false, true, 24]);
    expect(new Set(system.steps).size).toBe(4);
    // No level to climb: the states themselves. No time to relax: the observables are kept exactly.
    expect(await upsampleTo(system, large, 24, 1, stream(SEED, "up"))).toBe(large);
    const copies = await upsampleTo(
      system,
      await system.initial(3, 4, stream(SEED, "small")),
      24,
      0,
      stream(SEED, "up"),
    );
    const expected = await system.observe(await system.initial(3, 4, stream(SEED, "small")));
    expect(rootMeanSquare(difference(await system.observe(copies), expected))).toBeLessThan(1e-5);
  });

  test("a system that cannot relax is upsampled for a relax time of 0 alone", async () => {
    const free = new FreeSpins();
    const system: System<Spins> = free;
    system.relax = undefined;
    const small = () => system.initial(3, 4, stream(SEED, "small"));
    await expect(upsampleTo(system, await small(), 8, 0.1, stream(SEED, "up"))).rejects.toThrow(
      new InputError("free spins has no LocalRelax: upsample with a relax time of 0"),
    );
    const large = await upsampleTo(system, await small(), 24, 0, stream(SEED, "up"));
    const again = await upsampleTo(new FreeSpins(), await small(), 24, 0, stream(SEED, "up"));
    expect(large.values).toEqual(again.values);
  });
});
