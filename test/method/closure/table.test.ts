// Training tables of both kinds of system: the patches they hold are those that were evolved, as packing them directly gives them.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { type ClosureTable, closureTable } from "../../../lib/method/closure/table.ts";
import { concatenate } from "../../../lib/method/concatenate.ts";
import { makePairs, type Snapshots, smallTrajectories, upsampled } from "../../../lib/method/snapshots.ts";
import { Ising, type IsingParameters } from "../../../lib/systems/ising.ts";
import { PREDATOR_PREY, PredatorPrey } from "../../../lib/systems/predator-prey.ts";
import type { States, System } from "../../../lib/systems/system.ts";
import { defined, streams } from "../../fixtures.ts";
import { largest, mean, range } from "../../numbers.ts";
import { expectWithin, moments } from "../../statistics.ts";
import { HostLattice, packSpins, unpackSpins } from "../../systems/ising-host.ts";
import { expectClose, partMeans, patchOf, SEED, Toy, toyDrift } from "./fields.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();

/** The large states that a table with these options is of, packed; the same options give the same states. */
async function largeWords<S extends States>(system: System<S>, snapshots: Snapshots, options: typeof TOY) {
  const parts: Uint32Array[] = [];
  await upsampled(system, snapshots, options, async (large) => void parts.push(await system.pack(large)));
  return concatenate(parts);
}

const TOY = { side: 40, relaxTime: 0, seed: SEED };
const numbersOf = (words: Uint32Array) => new Float32Array(words.buffer, words.byteOffset, words.length);
const wordsOf = (values: number[]) => new Uint32Array(Float32Array.from(values).buffer);

for (const dimension of [1, 2]) {
  describe(`table of fields in ${dimension} dimensions`, () => {
    /** Side of the large systems, of five patches a side in one dimension, two in the other. */
    const [l, side] = dimension === 1 ? [8, 40] : [4, 8];
    const all = (side / l) ** dimension;
    const [snapshots, time] = [20, 0.01];
    const options = { ...TOY, side };
    const sizes = { dimension, patchSide: l, parts: 2 };
    const size = l ** dimension;

    async function both(patchesPerSnapshot: number) {
      // Eight large states fill the memory of a batch: twenty snapshots are three batches.
      const toy = new Toy(gpu, l, { dimension, spread: 0.5, bytes: 8 * 2 ** 20 });
      const small = await smallTrajectories(toy, { trajectories: 10, times: [0, 0.1], seed: SEED });
      const large = numbersOf(await largeWords(toy, small, options));
      return { toy, large, table: await closureTable(toy, small, time, { ...options, patchesPerSnapshot }) };
    }

    /** The patch numbers of every snapshot; checks the pairs against the configurations on the way. */
    function numbers(toy: Toy, large: Float32Array, { words, patches, pairs }: ClosureTable): number[][] {
      if (pairs.kind !== "compensated") throw new Error(`pairs of ${pairs.kind}`);
      const fields = numbersOf(words);
      const normalised: number[] = [];
      const q = (toy.noiseVariance * time) / size;
      const found = range(snapshots, (row) => {
        const sites = side ** dimension;
        expectClose(
          pairs.whole.subarray(2 * row, 2 * row + 2),
          partMeans(sizes, large.slice(2 * row * sites, 2 * (row + 1) * sites)),
          1e-6,
        );
        return range(patches, (j) => {
          const patch = patchOf(fields, sizes, l, row * patches + j, 0);
          const at = 2 * (row * patches + j);
          expectClose(pairs.patch.subarray(at, at + 2), partMeans(sizes, patch), 1e-6);
          const drift = [0, 1].map((p) => mean(range(size, (i) => toyDrift(patch[i], patch[size + i])[p])));
          for (const p of [0, 1]) {
            expect(Math.abs(pairs.compensator[at + p] - drift[p] * time)).toBeLessThan(1e-6);
            normalised.push((pairs.delta[at + p] - pairs.compensator[at + p]) ** 2 / q);
          }
          expectClose(pairs.variation.subarray(1.5 * at, 1.5 * at + 3), [q, 0, q], 1e-6);
          return range(all, (k) => k).findIndex((k) =>
            patchOf(large, sizes, side, row, k).every((x, i) => x === patch[i]),
          );
        });
      });
      const { mean: ratio, meanError } = moments(normalised);
      expectWithin("variance of the changes over Q", ratio, 1, meanError);
      return found;
    }

    test("holds all patches in order where no more are asked for", async () => {
      for (const asked of [all, 99]) {
        const { toy, large, table } = await both(asked);
        const cut = range(snapshots, (row) => range(all, (k) => patchOf(large, sizes, side, row, k))).flat(2);
        expect(table.words).toEqual(wordsOf(cut));
        const { patchSide, patches, pairs } = table;
        if (pairs.kind !== "compensated") throw new Error(`pairs of ${pairs.kind}`);
        expect([patchSide, patches]).toEqual([l, all]);
        expect([pairs.d, pairs.perSnapshot, pairs.patches, pairs.time]).toEqual([2, all, all, time]);
        expect(numbers(toy, large, table)).toEqual(range(snapshots, () => range(all, (k) => k)));
      }
    });

    test("else different patches at random, and the pairs are of these", async () => {
      const { toy, large, table } = await both(2);
      expect([table.patches, table.pairs.perSnapshot, table.pairs.patches]).toEqual([2, 2, all]);
      const chosen = numbers(toy, large, table);
      for (const pair of chosen) {
        expect(Math.min(...pair)).toBeGreaterThanOrEqual(0);
        expect(new Set(pair).size).toBe(2);
      }
      expect(new Set(chosen.flat()).size).toBe(all);
      // Of 20 or 12 ordered pairs.
      expect(new Set(chosen.map(String)).size).toBeGreaterThan(dimension === 1 ? 8 : 5);
      expect((await both(2)).table).toEqual(table);
      // Pairs for the equation, of other patches and noise, are independent of these.
      const small = await smallTrajectories(toy, { trajectories: 10, times: [0, 0.1], seed: SEED });
      const pairsFor = async (purpose?: string) =>
        (await makePairs(toy, small, [time], { ...options, patchesPerSnapshot: 2, purpose }))[0];
      expect(await pairsFor("closure/")).toEqual(table.pairs);
      expect((await pairsFor()).patch).not.toEqual(table.pairs.patch);
    });

    test("has as many words per snapshot of a larger system", async () => {
      const toy = new Toy(gpu, l, { dimension });
      const small = await smallTrajectories(toy, { trajectories: 10, times: [0], seed: SEED });
      for (const factor of [2, 4]) {
        const { words } = await closureTable(toy, small, time, { ...TOY, side: factor * l, patchesPerSnapshot: 2 });
        expect(words.length).toBe(10 * 2 * 2 * size);
      }
    });
  });
}

test("the table of predator and prey is what packing the patches of its large systems gives", async () => {
  const system = new PredatorPrey(gpu, { ...PREDATOR_PREY, patchPoints: 10 });
  const small = await smallTrajectories(system, { trajectories: 6, times: [0, 1], seed: SEED });
  const options = { side: 60, relaxTime: 0.1, seed: SEED };
  const table = await closureTable(system, small, 0.1, { ...options, patchesPerSnapshot: 6 });
  const large = numbersOf(await largeWords(system, small, options));
  const sizes = { dimension: 1, patchSide: 10, parts: 2 };
  expect(table.words).toEqual(wordsOf(range(12, (row) => range(6, (k) => patchOf(large, sizes, 60, row, k))).flat(2)));
  system.destroy();
});

test("a system that does not show its patches has no table", async () => {
  class Blind extends Toy {
    override evolvePatches(...[states, patches, time, at]: Parameters<Toy["evolvePatches"]>) {
      return super.evolvePatches(states, patches, time, at);
    }
  }
  const system = new Blind(gpu, 8);
  const small = await smallTrajectories(system, { trajectories: 10, times: [0], seed: SEED });
  await expect(closureTable(system, small, 0.01, { ...TOY, patchesPerSnapshot: 2 })).rejects.toThrow(
    "toy showed 0 of 20 patches: it cannot be closed",
  );
});

describe("table of the Ising model", () => {
  const PAPER = { temperature: 2.5, field: 0.1 };
  const [SIDE, PATCH] = [24, 8];
  const TILES = (SIDE / PATCH) ** 2;
  const makeSystem = (parameters: Partial<IsingParameters> = {}) =>
    new Ising(gpu, { ...PAPER, patchSide: PATCH, ...parameters });
  const fresh = streams(SEED, "test/ising-table");
  const rowOf = (values: ArrayLike<number>, width: number, k: number) => range(width, (j) => values[k * width + j]);

  // 64 snapshots at each of two ages, of a relaxation time of its own: two batches of two cohorts.
  const relaxTime = (age: number, side: number) => (age === 0 ? 0.1 : 4 / side);
  const small = (system: Ising) => smallTrajectories(system, { trajectories: 64, times: [0, 0.7], seed: SEED });
  const options = { side: SIDE, relaxTime, seed: SEED };

  /** Large lattices, and the words of each of their patches. */
  async function large(system: Ising, snapshots: Snapshots) {
    const parts: Uint32Array[] = [];
    await upsampled(system, snapshots, options, async (states) => void parts.push(await system.pack(states)));
    const words = concatenate(parts);
    const lattices = unpackSpins(words, SIDE);
    const tiles = lattices.map((spins) =>
      range(TILES, (tile) => {
        const [top, left] = [PATCH * Math.floor(tile / 3), PATCH * (tile % 3)];
        const inside = (k: number) => spins[(top + Math.floor(k / PATCH)) * SIDE + left + (k % PATCH)];
        return packSpins([Int8Array.from({ length: PATCH ** 2 }, (_, k) => inside(k))], PATCH);
      }),
    );
    return { words, lattices, tiles };
  }

  for (const duration of ["generator", 0.3] as const) {
    test(`duration ${duration}: its numbers are those of its lattices and their patches`, async () => {
      const system = makeSystem();
      const snapshots = await small(system);
      const { words, pairs, ...sizes } = await closureTable(system, snapshots, duration, {
        ...options,
        patchesPerSnapshot: 4,
      });
      expect(sizes).toEqual({ patchSide: PATCH, patches: 4 });
      expect(pairs.kind).toBe(duration === "generator" ? "generator" : "compensated");
      const { whole, patch, variation } = pairs as Extract<typeof pairs, { kind: "generator" | "compensated" }>;
      expect([pairs.d, pairs.perSnapshot, pairs.patches]).toEqual([2, 4, TILES]);
      expect([patch, variation].map(({ length }) => length / 128 / 4)).toEqual([2, 3]);
      if (pairs.kind === "compensated") {
        expect(pairs.time).toBe(0.3);
        expect([pairs.delta, pairs.compensator].map(({ length }) => length / 128 / 4)).toEqual([2, 2]);
      }

      const { words: all, lattices, tiles } = await large(system, snapshots);
      const states = await system.unpack(all, SIDE);
      expect(states.count).toBe(128);
      expect(whole).toEqual(await system.observe(states));
      for (const k of [0, 63, 64, 127]) {
        const [m, rho] = new HostLattice(lattices[k], SIDE).observe();
        expect(largest([whole[2 * k] - m, whole[2 * k + 1] - rho])).toBeLessThan(1e-6);
      }
      const chosen = Uint32Array.from({ length: 128 * TILES }, (_, k) => k % TILES);
      const rates = await system.generator(states, chosen, fresh());
      states.destroy();
      const used = new Uint32Array(TILES);
      for (let snapshot = 0; snapshot < 128; snapshot++) {
        // Every row is of the patch of its snapshot that the table holds; different rows are of different patches.
        const found = new Set<number>();
        for (let k = 4 * snapshot; k < 4 * snapshot + 4; k++) {
          const held = words.subarray(k * PATCH, (k + 1) * PATCH);
          const same = range(TILES, (tile) => tile).filter((tile) => {
            const at = snapshot * TILES + tile;
            const start = rowOf(patch, 2, k).join() === rowOf(rates.before, 2, at).join();
            const equal = start && tiles[snapshot][tile].every((word, w) => word === held[w]);
            if (pairs.kind !== "generator") return equal;
            const drift = rowOf(pairs.drift, 2, k).join() === rowOf(rates.drift, 2, at).join();
            return equal && drift && rowOf(variation, 3, k).join() === rowOf(rates.variation, 3, at).join();
          });
          expect(same.length).toBeGreaterThan(0);
          const tile = same.find((one) => !found.has(one));
          expect(tile).toBeDefined();
          found.add(defined(tile));
          used[defined(tile)]++;
        }
      }
      // 512 of 9 patches: each 57 times, give or take 7 (5.5 with the factor of choosing 4 of 9).
      for (const count of used) expect(count).toBeWithin(20, 90);
      if (pairs.kind === "compensated") expect(pairs.delta.every((x) => x === 0)).toBe(false);
    });
  }

  test("holds all patches in order where no more are asked for", async () => {
    const system = makeSystem();
    const snapshots = await small(system);
    const { tiles } = await large(system, snapshots);
    const table = await closureTable(system, snapshots, "generator", { ...options, patchesPerSnapshot: TILES });
    expect(table.patches).toBe(TILES);
    expect(table.words).toEqual(concatenate(tiles.flat()));
  });

  test("pairs of the generator: averages over all patches are the exact generator of the lattice", async () => {
    const system = makeSystem({ closure: "features" });
    const snapshots = await small(system);
    const [pairs] = await makePairs(system, snapshots, ["generator"], { ...options, patchesPerSnapshot: TILES });
    if (pairs.kind !== "generator") throw new Error(`pairs of ${pairs.kind}`);
    expect([pairs.perSnapshot, pairs.d]).toEqual([TILES, 4]);
    const { lattices } = await large(system, snapshots);
    expect(lattices.length).toBe(128);
    for (const [k, spins] of lattices.entries()) {
      const host = new HostLattice(spins, SIDE);
      const { drift, gamma } = host.generator(PAPER.temperature, PAPER.field);
      const average = (values: Float32Array, width: number, j: number) => {
        let sum = 0;
        for (let p = k * TILES; p < (k + 1) * TILES; p++) sum += values[width * p + j];
        return sum / TILES;
      };
      for (const [j, value] of host.observe().entries()) {
        expect(pairs.whole[4 * k + j]).toBeCloseTo(value, 6);
        expect(average(pairs.patch, 4, j)).toBeCloseTo(value, 6);
        expect(Math.abs(average(pairs.drift, 4, j) - drift[j])).toBeLessThan(5e-6 * largest(drift));
      }
      // Γ of a patch is K² times what its flips add to Γ of the system.
      for (const [entry, value] of gamma.entries()) {
        expect(Math.abs(average(pairs.variation, 10, entry) - TILES * value)).toBeLessThan(
          5e-6 * TILES * largest(gamma),
        );
      }
    }
  });
});
