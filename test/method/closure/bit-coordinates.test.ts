// Coordinates of bits closed by an encoder without a Jacobian: closure variables that are the magnetization of the Ising model in
// disguise, so that all that is known of it is known of them.
//
// Statistical assertions fail beyond 4.5 standard errors (test/statistics.ts): false alarm 6.8e-6 each, about 60 of them. The
// 32 replicas of a word share the places of their attempts and are one cluster.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { allocatedBytes } from "../../../lib/gpu/buffer.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { closedBy, type Encoder } from "../../../lib/method/closure/coordinates.ts";
import { makePairs, smallTrajectories } from "../../../lib/method/snapshots.ts";
import { branch } from "../../../lib/random/stream.ts";
import { BOUNDARIES, Ising, type IsingParameters, type IsingStates } from "../../../lib/systems/ising.ts";
import type { PatchChange, System } from "../../../lib/systems/system.ts";
import { defined, keeper, streams } from "../../fixtures.ts";
import { largest } from "../../numbers.ts";
import { expectWithin, moments } from "../../statistics.ts";
import { columnOf, expectWordMean, LANES, unpackSpins, wordMeans } from "../../systems/ising-host.ts";

setDefaultTimeout(120_000);
const SEED = 1_925;
const PAPER = { temperature: 2.5, field: 0.1 };
/** Every attempt leaves a spin up or down with probability 1/2 to 1e-9. */
const FREE = { temperature: 1e9, field: 0 };
const SIDE = 24;
const PATCH = 8;
const TILES = (SIDE / PATCH) ** 2;

const gpu = await openDevice();

const fresh = streams(SEED, "test/spin-coordinates");
const makeSystem = (parameters: Partial<IsingParameters> = {}) =>
  new Ising(gpu, { ...PAPER, patchSide: PATCH, ...parameters });

const keep = keeper();

/**
 * ψ of a patch: the mean of its left half, and 1 − 2 times that of its right half. So m = ½ ψ₀ − ¼ ψ₁ + ¼, and as much of every
 * linear thing.
 */
const halves: Encoder<IsingStates> = {
  variables: 2,
  async encode(states) {
    const { side } = states;
    const across = side / PATCH;
    const values: number[] = [];
    const bits = await makeSystem().bits(states);
    const lattices = unpackSpins(await gpu.read(bits, Uint32Array), side);
    bits.destroy();
    for (const spins of lattices) {
      for (let patch = 0; patch < across ** 2; patch++) {
        const [top, left] = [PATCH * Math.floor(patch / across), PATCH * (patch % across)];
        const sums = [0, 0];
        for (let k = 0; k < PATCH ** 2; k++) {
          const column = k % PATCH;
          sums[Math.floor((2 * column) / PATCH)] += spins[(top + Math.floor(k / PATCH)) * side + left + column];
        }
        values.push(sums[0] / (PATCH ** 2 / 2), 1 - (2 * sums[1]) / (PATCH ** 2 / 2));
      }
    }
    return Float32Array.from(values);
  },
};
/** m in terms of (m, ρ, ψ₀, ψ₁), but for the constant. */
const DISGUISE = [0, 0, 0.5, -0.25];
const D = 4;
const undisguised = (values: ArrayLike<number>) =>
  Float64Array.from({ length: values.length / D }, (_, k) => 0.5 * values[D * k + 2] - 0.25 * values[D * k + 3]);
const triangle = (j: number, k: number) =>
  Math.min(j, k) * D - (Math.min(j, k) * (Math.min(j, k) + 1)) / 2 + Math.max(j, k);
/** aᵀ Q b of every row. */
const contracted = (variation: ArrayLike<number>, a: readonly number[], b: readonly number[]) =>
  Float64Array.from({ length: variation.length / 10 }, (_, row) => {
    let sum = 0;
    for (let j = 0; j < D; j++) {
      for (let k = 0; k < D; k++) sum += a[j] * b[k] * variation[10 * row + triangle(j, k)];
    }
    return sum;
  });
const unit = (j: number) => Array.from({ length: D }, (_, k) => (k === j ? 1 : 0));

describe("coordinates of bits", () => {
  const TIME = 0.05;
  const COPIES = 4;
  const PER = 3;

  /** Lattices with domains, and patches of them. */
  async function prepare(system: Ising, words: number) {
    const states = await keep(system.prepared(LANES * words, SIDE, 0.4, fresh()));
    await system.sweep(states, 12, fresh());
    const patches = Uint32Array.from({ length: PER * states.count }, (_, k) => (k + Math.floor(k / PER)) % TILES);
    return { states, patches };
  }

  test("of whole lattices are averages over the patches, beside the observables", async () => {
    const system = makeSystem();
    const { states } = await prepare(system, 2);
    const { d, whole } = closedBy(system, halves, COPIES);
    expect(d).toBe(D);
    const [values, seen] = [await whole(states), await system.observe(states)];
    expect(values.length).toBe(D * states.count);
    for (const j of [0, 1]) expect(columnOf(values, D, j)).toEqual(columnOf(seen, 2, j));
    const m = columnOf(seen, 2, 0);
    expect(largest(undisguised(values).map((x, k) => x + 0.25 - m[k]))).toBeLessThan(1e-6);
    // Not the same of every half.
    expect(largest(columnOf(values, D, 2).map((x, k) => x - m[k]))).toBeGreaterThan(0.01);
  });

  for (const boundary of BOUNDARIES) {
    describe(boundary, () => {
      test("start, change, A and Q have their rows and columns; those of the observables are the system's own", async () => {
        const system = makeSystem({ boundary });
        const { states, patches } = await prepare(system, 3);
        const at = fresh();
        const bytes = allocatedBytes();
        const words = await system.pack(states);
        const change = await closedBy(system, halves, COPIES).change(states, patches, TIME, at);
        expect(allocatedBytes()).toBe(bytes);
        expect(await system.pack(states)).toEqual(words);
        const own: PatchChange[] = [];
        for (let copy = 0; copy < COPIES; copy++) {
          own.push(await system.evolvePatches(states, patches, TIME, branch(at, copy)));
        }
        const { before, delta, compensator, variation } = change;
        const rows = patches.length;
        expect([before, delta, defined(compensator), defined(variation)].map(({ length }) => length / rows)).toEqual([
          D,
          D,
          D,
          10,
        ]);
        for (const j of [0, 1]) {
          expect(columnOf(before, D, j)).toEqual(columnOf(own[0].before, 2, j));
          // Δ of the first copy, A of the observables the mean over the copies.
          expect(columnOf(delta, D, j)).toEqual(columnOf(own[0].delta, 2, j));
          const mean = columnOf(defined(own[0].compensator), 2, j).map(
            (_, k) => own.reduce((sum, one) => sum + defined(one.compensator)[2 * k + j], 0) / COPIES,
          );
          expect(largest(columnOf(defined(compensator), D, j).map((x, k) => x - mean[k]))).toBeLessThan(1e-6);
        }
        const off = (found: Float64Array, wanted: Float64Array) => largest(found.map((x, k) => x - wanted[k]));
        expect(
          off(
            undisguised(before).map((x) => x + 0.25),
            columnOf(before, D, 0),
          ),
        ).toBeLessThan(1e-6);
        expect(off(undisguised(delta), columnOf(delta, D, 0))).toBeLessThan(1e-6);
        // A of closure variables is the mean of the changes over the copies.
        const moved = columnOf(delta, D, 0).map((_, k) => own.reduce((sum, one) => sum + one.delta[2 * k], 0) / COPIES);
        expect(off(undisguised(defined(compensator)), moved)).toBeLessThan(1e-6);
        // Q is the covariance over the copies, of the observables among each other and with ψ: by definition, divisor copies − 1.
        const sample = (j: number, l: number) =>
          moved.map((_, k) => {
            const [x, y] = [own.map((one) => one.delta[2 * k + j]), own.map((one) => one.delta[2 * k + l])];
            const [mx, my] = [x, y].map((list) => list.reduce((sum, v) => sum + v, 0) / COPIES);
            return x.reduce((sum, v, c) => sum + (v - mx) * (y[c] - my), 0) / (COPIES - 1);
          });
        const size = largest(defined(variation));
        for (const [j, l] of [
          [0, 0],
          [0, 1],
          [1, 1],
        ]) {
          const wanted = sample(j, l);
          expect(off(contracted(defined(variation), unit(j), unit(l)), wanted)).toBeLessThan(1e-5 * size);
          const masked = (k: number) => (k === 0 ? DISGUISE : unit(k));
          expect(off(contracted(defined(variation), masked(j), masked(l)), wanted)).toBeLessThan(1e-5 * size);
          expect(off(contracted(defined(variation), masked(j), unit(l)), wanted)).toBeLessThan(1e-5 * size);
        }
        // Different copies: no row is without variance for want of noise.
        expect(new Set(own.map((one) => one.delta.join())).size).toBe(COPIES);
      });

      test("A of m in disguise has the mean of the exact A, and Q/copies as variance about it: copies are independent", async () => {
        const system = makeSystem({ boundary });
        const { states, patches } = await prepare(system, 120);
        const { compensator, variation } = await closedBy(system, halves, COPIES).change(
          states,
          patches,
          TIME,
          fresh(),
        );
        const exact = await system.evolvePatches(states, patches, TIME, fresh());
        const rest = undisguised(defined(compensator)).map((x, k) => x - defined(compensator)[D * k]);
        // Δ − A of each copy is a martingale: mean 0, variance E[Q], whatever the duration.
        const sigmas = expectWordMean("A", rest, 0);
        expect(Math.abs(sigmas)).toBeLessThan(4);
        const q = columnOf(defined(exact.variation), 3, 0);
        const excess = rest.map((x, k) => COPIES * x * x - q[k]);
        expectWordMean("variance of A over Q/copies", excess, 0);
        // And A itself is the system's of another stream, to the scatter of an integral over the noise.
        expectWordMean(
          "A of the system",
          defined(compensator).map((x, k) => x - defined(exact.compensator)[2 * (k >> 2) + (k % 2)]),
          0,
          {
            width: D,
            column: 0,
          },
        );
        // Q is the variance of Δ, which is that of Δ − A less what relaxes within δt: rates are 1 at most.
        const found = moments(wordMeans(contracted(defined(variation), DISGUISE, DISGUISE)));
        const wanted = moments(wordMeans(q)).mean;
        const error = found.meanError / wanted;
        expect(error).toBeLessThan(0.025);
        expect(found.mean / wanted).toBeWithin(1 - 2 * TIME - 4 * error, 1 + 4 * error);
      });
    });
  }

  test("Q is the variance of independent evolutions of the same patches (3 assertions)", async () => {
    const system = makeSystem();
    const { states, patches } = await prepare(system, 120);
    const { variation } = await closedBy(system, halves, COPIES).change(states, patches, TIME, fresh());
    const [a, b] = [
      await system.evolvePatches(states, patches, TIME, fresh()),
      await system.evolvePatches(states, patches, TIME, fresh()),
    ];
    const apart = a.delta.map((x, k) => x - b.delta[k]);
    for (const [j, l] of [
      [0, 0],
      [0, 1],
      [1, 1],
    ]) {
      const masked = j === 0 ? DISGUISE : unit(j);
      const found = contracted(defined(variation), masked, unit(l));
      expectWordMean(
        `Q${j}${l}`,
        found.map((q, k) => q - (apart[2 * k + j] * apart[2 * k + l]) / 2),
        0,
      );
    }
  });

  test("at infinite temperature A and Q are those of free spins: −m (1 − e⁻ᵗ) and 4 f (1 − f)/n, f = ½ (1 − e⁻ᵗ)", async () => {
    const system = makeSystem(FREE);
    const { states, patches } = await prepare(system, 60);
    for (const time of [TIME, 0.7]) {
      const change = await closedBy(system, halves, COPIES).change(states, patches, time, fresh());
      const m = columnOf(change.before, D, 0);
      const flip = (1 - Math.exp(-time)) / 2;
      const rest = undisguised(defined(change.compensator)).map((x, k) => x + 2 * flip * m[k]);
      expectWordMean(`A at ${time}`, rest, 0);
      const q = contracted(defined(change.variation), DISGUISE, DISGUISE);
      expectWordMean(`Q at ${time}`, q, (4 * flip * (1 - flip)) / PATCH ** 2);
      // Two halves of independent spins.
      expectWordMean(`Q of the halves at ${time}`, contracted(defined(change.variation), unit(2), unit(3)), 0);
    }
  });

  test("A of the observables is the mean of the changes where the rates are not known", async () => {
    const system = makeSystem();
    const { states, patches } = await prepare(system, 1);
    const blackBox = {
      observables: system.observables,
      bits: (s: IsingStates) => system.bits(s),
      evolvePatches: async (...args: Parameters<Ising["evolvePatches"]>) => ({
        ...(await system.evolvePatches(...args)),
        compensator: null,
        variation: null,
      }),
    } as unknown as System<IsingStates>;
    const { compensator } = await closedBy(blackBox, halves, COPIES).change(states, patches, TIME, fresh());
    expect(largest(undisguised(defined(compensator)).map((x, k) => x - defined(compensator)[D * k]))).toBeLessThan(
      1e-6,
    );
  });

  test("one copy has no covariance; a system that does not show its patches is refused", async () => {
    const system = makeSystem();
    expect(() => closedBy(system, halves, 1)).toThrow("1 copies have no covariance: use 2 or more");
    const { states, patches } = await prepare(system, 1);
    const blind = {
      name: "blind",
      observables: system.observables,
      evolvePatches: (...[states, patches, time, at]: Parameters<Ising["evolvePatches"]>) =>
        system.evolvePatches(states, patches, time, at),
    } as unknown as System<IsingStates>;
    await expect(closedBy(blind, halves, 2).change(states, patches, TIME, fresh())).rejects.toThrow(
      "blind does not show its patches: it cannot be closed",
    );
  });

  test("does not depend on batches, and a patch may be asked for in any row", async () => {
    const system = makeSystem();
    const { states, patches } = await prepare(system, 2);
    const words = await system.pack(states);
    const at = fresh();
    const all = await closedBy(system, halves, 2).change(states, patches, TIME, at);
    const half = words.length / 2;
    for (const part of [0, 1]) {
      const some = await keep(system.unpack(words.slice(part * half, (part + 1) * half), SIDE));
      const first = (part * patches.length) / 2;
      const chosen = patches.slice(first, first + patches.length / 2);
      const change = await closedBy(system, halves, 2).change(some, chosen, TIME, { ...at, replica: first });
      for (const name of ["before", "delta", "compensator", "variation"] as const) {
        const width = name === "variation" ? 10 : D;
        expect(change[name]).toEqual(defined(all[name]).slice(width * first, width * (first + chosen.length)));
      }
    }
  });

  test("pairs of closed coordinates: mean change of whole lattices from patches (2 assertions)", async () => {
    const system = makeSystem();
    const words = await smallTrajectories(system, { trajectories: LANES * 60, times: [0.5], seed: SEED });
    const options = { side: SIDE, relaxTime: 0.2, patchesPerSnapshot: 2, seed: SEED };
    const [pairs] = await makePairs(system, words, [TIME], options, closedBy(system, halves, COPIES));
    if (pairs.kind !== "compensated") throw new Error(`pairs of ${pairs.kind}`);
    expect([pairs.d, pairs.patches, pairs.time]).toEqual([D, TILES, TIME]);
    const rest = undisguised(pairs.compensator).map((x, k) => x - pairs.compensator[D * k]);
    expectWordMean("A", rest, 0);
    const q = moments(wordMeans(contracted(pairs.variation, DISGUISE, DISGUISE)));
    const own = moments(wordMeans(contracted(pairs.variation, unit(0), unit(0))));
    expectWithin("Q", q.mean, own.mean, 1e-6 * own.mean);
  });
});
