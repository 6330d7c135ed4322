// From snapshots to training pairs, on a system without coupling that is solved in closed form.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../lib/gpu/device.ts";
import { observables } from "../../lib/method/coordinates.ts";
import {
  atZeroTime,
  type Compensated,
  type Generated,
  type Increments,
  pairCount,
  regression,
} from "../../lib/method/pairs.ts";
import { evaluate } from "../../lib/method/sde/model.ts";
import { type Duration, evenTimes, makePairs, measuredPairs, smallTrajectories } from "../../lib/method/snapshots.ts";
import { stream } from "../../lib/random/stream.ts";
import type { Moment, System } from "../../lib/systems/system.ts";
import { defined } from "../fixtures.ts";
import { affine } from "../matrices.ts";
import { expectWithin, moments } from "../statistics.ts";
import { FreeSpins, type Spins, UP } from "../systems/free-spins.ts";
import { fit } from "./sde/planted.ts";

const SEED = 30;
setDefaultTimeout(120_000);

const gpu = await openDevice();

const TIMES = [0, 0.3, 0.6];
/** The same system, whose generator nobody knows from now on. */
function withoutGenerator(system: System<Spins>): System<Spins> {
  system.generator = undefined;
  return system;
}

const small = (trajectories = 50) => smallTrajectories(new FreeSpins(), { trajectories, times: TIMES, seed: SEED });

describe("pairs", () => {
  const system = new FreeSpins();

  test("a system without coupling is learned exactly from single patches, in closed form; so is what the baselines learn", async () => {
    const [side, relaxTime, patchesPerSnapshot, snapshots] = [16, 0.1, 4, 2100];
    const taken = await smallTrajectories(system, { trajectories: 700, times: evenTimes(3, 0.5), seed: SEED });
    expect(taken.words.length).toBe(snapshots * 16);
    const seen: number[] = [];
    const options = {
      side,
      relaxTime,
      patchesPerSnapshot,
      seed: SEED,
      onSnapshots: (count: number) => seen.push(count),
    };
    const [pairs, shorter] = (await makePairs(system, taken, [0.2, 0.1], options)) as Compensated[];
    expect(seen.reduce((sum, count) => sum + count)).toBe(snapshots);
    expect([pairs.kind, shorter.kind]).toEqual(["compensated", "compensated"]);
    expect([pairs.patches, pairs.perSnapshot, pairs.time, shorter.time]).toEqual([16, 4, 0.2, 0.1]);
    expect(shorter.whole).toBe(pairs.whole);
    const { time, patches } = pairs;
    const spins = side ** 2 / 2;
    const own = spins / patches;
    const decay = Math.exp(-time);
    for (const method of ["increment", "compensator", "naive", "small"] as const) {
      const model = await fit(pairs, method, {}, { weightDecay: 0.1 });
      const { state } = regression(pairs, method);
      const rows = state.length / 2;
      const { drift, diffusion } = await evaluate(gpu, model, state);
      const slopes = affine(drift, state, 2);
      for (const j of [0, 1]) {
        const limit = 2 * UP[j] - 1;
        const m = Float64Array.from({ length: rows }, (_, p) => state[2 * p + j]);
        const mean = (f: (x: number, p: number) => number) => m.reduce((sum, x, p) => sum + f(x, p), 0) / rows;
        // Of the patches of a state: they are drawn without replacement. Of a patch: independent spins with conditional
        // means ⟨s⟩ = m∞ + (s − m∞) exp(−δt), which average to this square.
        const spread = (x: number) => (((1 - x * x) / own) * (spins - own)) / (spins - 1);
        const squared = (x: number) =>
          limit ** 2 + 2 * limit * (x - limit) * decay + (1 - 2 * x * limit + limit ** 2) * decay ** 2;
        const thermal = (x: number) => (1 - squared(x)) / own;
        /** Variance of a row's change given its state, for one patch. */
        const variance = {
          increment: (x: number) => thermal(x) + (1 - decay) ** 2 * spread(x),
          compensator: (x: number) => (2 / own) * (time - limit * (limit * time + (x - limit) * (1 - decay))),
          naive: (x: number) => thermal(x) + decay ** 2 * spread(x),
          small: thermal,
        }[method];
        const whole = method === "increment" || method === "compensator";
        const noise = Math.sqrt(mean(variance) / (pairs.delta.length / 2)) / time;
        // E[Δ] = E[A] = (m∞ − m)(1 − exp(−δt)) exactly, for a patch as for the whole.
        const rate = (1 - decay) / time;
        const center = mean((x) => x);
        const deviation = Math.sqrt(mean((x) => (x - center) ** 2));
        expectWithin(`${method}: slope ${j}`, slopes[j][1 + j], -rate, noise / deviation);
        expectWithin(`${method}: other slope ${j}`, slopes[j][2 - j], 0, noise / deviation);
        expectWithin(
          `${method}: mean ${j}`,
          mean((_, p) => drift[2 * p + j]),
          rate * (limit - center),
          noise,
        );
        // The factor K is what divides ours from the baselines. A variance of Gaussian rows has relative error √(2/rows);
        // Q is far sharper, there the error of the network remains.
        const ratio = mean((x, p) => (diffusion[4 * p + 3 * j] * time * (whole ? patches : 1)) / variance(x));
        expectWithin(`${method}: diffusion ${j}`, ratio, 1, method === "compensator" ? 0.003 : Math.sqrt(2 / rows));
      }
    }
  });

  test("pairs are of the same patches however many snapshots the device holds", async () => {
    const pairs = async (siteBytes: number) => {
      const free = new FreeSpins();
      free.siteBytes = siteBytes;
      const options = { side: 16, relaxTime: 0.25, patchesPerSnapshot: 2, seed: SEED };
      return (await makePairs(free, await small(), [0.2], options))[0];
    };
    expect(await pairs(2 ** 20)).toEqual(await pairs(1));
  });

  test("pairs of the generator have no time and no change, but drift and variation as rates", async () => {
    const free = new FreeSpins();
    const options = { side: 16, relaxTime: 0.25, patchesPerSnapshot: 3, seed: SEED };
    const [first, second] = await makePairs(free, await small(200), ["generator", 0.01], options);
    expect([first.kind, second.kind, first.perSnapshot]).toEqual(["generator", "compensated", 3]);
    const [rates, moved] = [first as Generated, second as Compensated];
    for (const name of ["time", "delta", "compensator"]) expect(name in rates).toBe(false);
    expect(moved.time).toBe(0.01);
    expect(rates.whole).toBe(moved.whole);
    expect(rates.patch).toEqual(moved.patch);
    // Lm and Γ of each species are linear in m (FreeSpins); over 0.01 they change by 1 % of A and by the jumps of m.
    rates.patch.forEach((m, k) => {
      const limit = 2 * UP[k % 2] - 1;
      expect(rates.drift[k]).toBeCloseTo(limit - m, 6);
      expect(rates.variation[3 * (k >> 1) + 2 * (k % 2)]).toBeCloseTo((1 - m * limit) / 4, 6);
    });
    for (const j of [0, 1]) {
      const rest = Array.from({ length: rates.patch.length / 2 }, (_, row) => {
        const k = 2 * row + j;
        return moved.compensator[k] / 0.01 - rates.drift[k] * ((1 - Math.exp(-0.01)) / 0.01);
      });
      expectWithin(`A${j} over time`, moments(rest).mean, 0, moments(rest).meanError);
    }
    expect(regression(rates, "compensator").time).toBe(1);
    const values = await evaluate(gpu, await fit(rates, "compensator", {}, { batch: 256, steps: 200 }), [0, 0]);
    // E[A | z of the whole] = m∞ − m, λσσᵀ = Γ: at m = 0 Γ = 1/4 of a patch of 8 spins each, and K = 16.
    for (const j of [0, 1]) {
      expect(values.drift[j]).toBeWithin(2 * UP[j] - 1 - 0.1, 2 * UP[j] - 1 + 0.1);
      expect(values.diffusion[3 * j] * 16).toBeWithin(0.24, 0.26);
    }
  });

  const OPTIONS = { side: 16, relaxTime: 0.25, patchesPerSnapshot: 3, seed: SEED };

  test("of times that are not positive, or of a generator that is not there, are refused before any work", async () => {
    const snapshots = await small(4);
    const free = new FreeSpins();
    for (const time of [0, -0.1, Number.NaN, Number.NEGATIVE_INFINITY]) {
      for (const durations of [[time], [0.1, "generator", time]] as const) {
        await expect(makePairs(free, snapshots, durations, OPTIONS)).rejects.toThrow(
          `pairs over ${time} are not to be had from free spins in 2 variables: use a positive time or the generator`,
        );
      }
    }
    const plain = new FreeSpins();
    const simulator = withoutGenerator(plain);
    for (const duration of ["generator", 0] as const) {
      await expect(makePairs(simulator, snapshots, [0.1, duration], OPTIONS)).rejects.toThrow(
        `pairs over ${duration} are not to be had from free spins in 2 variables: use a positive time`,
      );
    }
    const { generator: _, ...without } = observables(free);
    await expect(makePairs(free, snapshots, ["generator"], OPTIONS, without)).rejects.toThrow("use a positive time");
    expect([...free.steps, ...plain.steps]).toEqual([]);
    expect((await makePairs(simulator, snapshots, [0.1], OPTIONS))[0].kind).toBe("compensated");
  });

  test("of a system whose rates are not known are increments, the same changes without A and Q", async () => {
    const [known, unknown] = [new FreeSpins(), new FreeSpins()];
    unknown.rates = false;
    const snapshots = await small(4);
    const [expected] = (await makePairs(known, snapshots, [0.2], OPTIONS)) as Compensated[];
    const [found] = (await makePairs(unknown, snapshots, [0.2], OPTIONS)) as Increments[];
    const { compensator: _, variation: __, ...rest } = expected;
    expect(found).toEqual({ ...rest, kind: "increments", variation: null, copies: 1 });
    expect(() => regression(found, "compensator")).toThrow("rates are known");
    // The same of a system whose rates are known, where they are not asked for.
    const [alone] = await makePairs(known, snapshots, [{ time: 0.2, copies: 1 }], OPTIONS);
    expect(alone).toEqual(found);
  });

  test("all patches are evolved unless fewer are asked for", async () => {
    const { patchesPerSnapshot: _, ...options } = OPTIONS;
    for (const more of [{}, { patchesPerSnapshot: 99 }]) {
      const [pairs] = await makePairs(new FreeSpins(), await small(2), ["generator"], { ...options, ...more });
      expect([pairs.perSnapshot, pairs.patches, pairs.patch.length]).toEqual([16, 16, 2 * 6 * 16]);
    }
  });

  /** Var[Δ] over `time` of species j in a patch of magnetization m, of which it has 8 spins: they are independent. */
  function variance(m: number, j: number, time: number): number {
    const limit = 2 * UP[j] - 1;
    const mean = (s: number) => limit + (s - limit) * Math.exp(-time);
    return (1 - ((1 + m) / 2) * mean(1) ** 2 - ((1 - m) / 2) * mean(-1) ** 2) / 8;
  }

  test("of copies are their mean changes, with their covariance as variation (7 assertions)", async () => {
    const free = new FreeSpins();
    const options = { ...OPTIONS, patchesPerSnapshot: 16 };
    const durations = [0.3, { time: 0.3, copies: 5 }, { time: 0.3, copies: 1 }];
    const [known, copied, single] = await makePairs(free, await small(100), durations, options);
    const { patch, whole, delta, variation, ...rest } = copied as Increments;
    expect(patch).toEqual(known.patch);
    expect(whole).toBe(known.whole);
    expect(rest).toMatchObject({ kind: "increments", time: 0.3, copies: 5, patches: 16, perSnapshot: 16 });
    expect(single).toMatchObject({ kind: "increments", time: 0.3, copies: 1, variation: null });
    const rows = patch.length / 2;
    const over = (f: (row: number) => number) => moments(Array.from({ length: rows }, (_, row) => f(row)));
    for (const j of [0, 1]) {
      const exact = (row: number) => (2 * UP[j] - 1 - patch[2 * row + j]) * (1 - Math.exp(-0.3));
      const expected = (row: number) => variance(patch[2 * row + j], j, 0.3);
      const off = over((row) => delta[2 * row + j] - exact(row));
      expectWithin(`mean of copies ${j}`, off.mean, 0, off.meanError);
      // Copies are independent: their mean has a fifth of the variance of each.
      const scatter = over((row) => (delta[2 * row + j] - exact(row)) ** 2 - expected(row) / 5);
      expectWithin(`variance of the mean ${j}`, scatter.mean, 0, scatter.meanError);
      const spread = over((row) => defined(variation)[3 * row + 2 * j] - expected(row));
      expectWithin(`covariance ${j}`, spread.mean, 0, spread.meanError);
    }
    const cross = over((row) => defined(variation)[3 * row + 1]);
    expectWithin("covariance of the species", cross.mean, 0, cross.meanError);
  });

  test("measured for both estimators: compensators, then increments with their covariance at zero time", async () => {
    const free = new FreeSpins();
    const measures = { compensatorTimes: [0, 0.1], incrementTimes: [0.3, 0.1], copies: 4 };
    const snapshots = await small(100);
    const sets = await measuredPairs(free, snapshots, measures, OPTIONS);
    expect(sets.map((pairs) => [pairs.kind, "time" in pairs && pairs.time])).toEqual([
      ["generator", false],
      ["compensated", 0.1],
      ["increments", 0.3],
      ["increments", 0.1],
    ]);
    const durations = ["generator", 0.1, 0.3, 0.6, 0.1, 0.2].map(
      (time, k): Duration => (k < 2 ? (time as Duration) : { time: time as number, copies: k % 2 === 0 ? 4 : 2 }),
    );
    const [generator, compensated, ...changes] = await makePairs(free, snapshots, durations, OPTIONS);
    const [a, twiceA, b, twiceB] = changes as Increments[];
    expect(sets).toEqual([generator, compensated, atZeroTime(a, twiceA), atZeroTime(b, twiceB)]);
    // 2 V(δt) − ½ V(2δt) of patches that move as they do.
    const { patch, variation } = sets[3] as Increments;
    for (const j of [0, 1]) {
      const off = Array.from({ length: patch.length / 2 }, (_, row) => {
        const m = patch[2 * row + j];
        return defined(variation)[3 * row + 2 * j] - 2 * variance(m, j, 0.1) + variance(m, j, 0.2) / 2;
      });
      expectWithin(`variation ${j}`, moments(off).mean, 0, moments(off).meanError);
    }
    const single = await measuredPairs(free, snapshots, { ...measures, copies: 1 }, OPTIONS);
    const alone = [0.3, 0.1].map((time) => ({ time, copies: 1 }));
    expect(single).toEqual(await makePairs(free, snapshots, ["generator", 0.1, ...alone], OPTIONS));
    // Changes that are taken as they are stand behind the others, which they leave as they are.
    const raw = await measuredPairs(free, snapshots, { ...measures, rawTimes: [1.5] }, OPTIONS);
    expect(raw.slice(0, 4)).toEqual(sets);
    const [last] = (await makePairs(free, snapshots, [...durations, { time: 1.5, copies: 1 }], OPTIONS)).slice(-1);
    expect(raw.slice(4)).toEqual([last]);
  });

  test("are of the snapshots that are made, with their cohorts", async () => {
    const free = new FreeSpins();
    free.cohort = 2;
    free.leaps = true;
    const snapshots = await smallTrajectories(free, { trajectories: 4, times: [0, 0.5], seed: SEED });
    const options = { ...OPTIONS, relaxTime: 0, condition: [3] };
    const [all] = await makePairs(free, snapshots, ["generator"], options);
    const made = Uint32Array.of(1, 2, 6);
    const [some] = await makePairs(free, { ...snapshots, made }, ["generator"], options);
    const rows = Array.from(made).flatMap((k) => Array.from(all.whole.subarray(2 * k, 2 * k + 2)));
    expect(some.whole).toEqual(Float32Array.from(rows));
    expect(some.cohort).toEqual(Uint32Array.of(0, 1, 1));
    expect(some.condition).toEqual(Float32Array.of(3, 3, 3));
    expect(pairCount(some)).toBe(9);
  });

  test("tell cohort and condition of every snapshot; another purpose is of other patches of the same states", async () => {
    const free = new FreeSpins();
    free.cohort = 2;
    const snapshots = await smallTrajectories(free, { trajectories: 4, times: [0, 0.5], seed: SEED });
    const condition = [2.25, -1];
    const [pairs] = (await makePairs(free, snapshots, [0.2], { ...OPTIONS, condition })) as Compensated[];
    expect(pairs.cohort).toEqual(Uint32Array.of(0, 0, 1, 1, 0, 0, 1, 1));
    expect(Array.from(pairs.condition)).toEqual(new Array(8).fill(condition).flat());
    const [plain] = (await makePairs(free, snapshots, [0.2], OPTIONS)) as Compensated[];
    expect(plain).toEqual({ ...pairs, condition: new Float32Array(0) });
    const [other] = (await makePairs(free, snapshots, [0.2], { ...OPTIONS, purpose: "other " })) as Compensated[];
    expect(other.whole).toEqual(plain.whole);
    expect(other.patch).not.toEqual(plain.patch);
    expect(other.delta).not.toEqual(plain.delta);
  });
});

describe("coordinates", () => {
  test("of the observables alone are those of the system; a watch sees the patches move, and the generator's", async () => {
    const free = new FreeSpins();
    const seen: { moment: Moment; count: number; side: number; values: Float32Array }[] = [];
    const { d, whole, change, generator } = observables(free, async (patches, moment) => {
      seen.push({ moment, count: patches.count, side: patches.side, values: await free.observe(patches) });
    });
    const states = await free.initial(3, 16, stream(SEED, "coordinates"));
    const chosen = Uint32Array.of(0, 5, 7, 2, 15, 15);
    expect(d).toBe(2);
    expect(await whole(states)).toEqual(await free.observe(states));
    const at = stream(SEED, "coordinates/change");
    const moved = await change(states, chosen, 0.3, at);
    expect(moved).toEqual(await free.evolvePatches(states, chosen, 0.3, at));
    expect(seen.map(({ moment, count, side }) => [moment, count, side])).toEqual([
      ["before", 6, 4],
      ["after", 6, 4],
    ]);
    expect(seen[0].values).toEqual(moved.before);
    expect(seen[1].values).toEqual(moved.before.map((value, k) => value + moved.delta[k]));
    seen.splice(0);
    expect(await generator?.(states, chosen, at)).toEqual(await free.generator(states, chosen, at));
    expect(seen.map(({ moment }) => moment)).toEqual(["before"]);
    expect("generator" in observables(withoutGenerator(free))).toBe(false);
  });
});
