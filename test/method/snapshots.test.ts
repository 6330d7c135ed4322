// Snapshots of the small simulator and their upsampling, on a system without coupling that is solved in closed form.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { concatenate } from "../../lib/method/concatenate.ts";
import {
  evenTimes,
  madeCount,
  quadraticTimes,
  type Snapshots,
  smallTrajectories,
  someSnapshots,
  thinned,
  upsampled,
} from "../../lib/method/snapshots.ts";
import { expectWithin, moments } from "../statistics.ts";
import { FreeSpins, UP } from "../systems/free-spins.ts";

const SEED = 30;
setDefaultTimeout(120_000);

describe("snapshots", () => {
  test("times: even ones are one interval apart; quadratic ones end at the horizon, at distances like 1, 3, 5 …", () => {
    expect(evenTimes(4, 0.5)).toEqual([0, 0.5, 1, 1.5]);
    expect(evenTimes(1, 2)).toEqual([0]);
    expect(quadraticTimes(5, 16)).toEqual([0, 1, 4, 9, 16]);
    expect(quadraticTimes(2, 3)).toEqual([0, 3]);
    expect(quadraticTimes(1, 3)).toEqual([0]);
    const times = quadraticTimes(24, 7);
    const steps = times.slice(1).map((time, k) => (time - times[k]) / times[1]);
    for (const [k, step] of steps.entries()) expect(step).toBeCloseTo(2 * k + 1, 9);
  });

  test("small systems are looked at when asked: means decay as exp(−t) at uneven times (10 assertions)", async () => {
    const free = new FreeSpins();
    const times = [0, 0.1, 0.4, 0.9, 1.6];
    const trajectories = 2000;
    const { words, side, age } = await smallTrajectories(free, { trajectories, times, smallSide: 8, seed: SEED });
    expect(side).toBe(8);
    expect(words.length).toBe(times.length * trajectories * 64);
    expect(age).toEqual(
      Float64Array.from({ length: times.length * trajectories }, (_, k) => times[Math.floor(k / trajectories)]),
    );
    const seen = await free.observe(free.unpack(words, 8));
    for (const [r, time] of times.entries()) {
      for (const j of [0, 1]) {
        // Given the start, E[m(t)] = m∞ + (m(0) − m∞) exp(−t).
        const off = Array.from({ length: trajectories }, (_, p) => {
          const limit = 2 * UP[j] - 1;
          return seen[2 * (r * trajectories + p) + j] - limit - (seen[2 * p + j] - limit) * Math.exp(-time);
        });
        const { mean, meanError } = moments(off);
        if (time > 0) expectWithin(`m${j} at ${time}`, mean, 0, meanError);
        else expect(mean).toBeCloseTo(0, 6);
      }
    }
  });

  test("are those of one batch also where small systems are simulated in several", async () => {
    // Two of them are a batch.
    class Wide extends FreeSpins {
      override bytes(): number {
        return 2 ** 25;
      }
    }
    const options = { trajectories: 7, times: [0, 0.3, 1], smallSide: 8, seed: SEED };
    expect(await smallTrajectories(new Wide(), options)).toEqual(await smallTrajectories(new FreeSpins(), options));
  });

  test("thinned snapshots are evenly spaced, and all where there are no more than asked", () => {
    const words = Uint32Array.from({ length: 30 }, (_, k) => k);
    expect(thinned(words, 3, 10)).toEqual(words);
    expect(thinned(words, 3, 99)).toEqual(words);
    // Of ten snapshots four: floor(10 k / 4) = 0, 2, 5, 7.
    expect(Array.from(thinned(words, 3, 4))).toEqual([0, 2, 5, 7].flatMap((s) => [3 * s, 3 * s + 1, 3 * s + 2]));
    expect(Array.from(thinned(words, 1, 1))).toEqual([0]);
  });

  test("belong to the cohort of their small system, at every time", async () => {
    const free = new FreeSpins();
    const options = { trajectories: 6, times: [0, 0.5], seed: SEED };
    expect((await smallTrajectories(free, options)).cohort).toEqual(Uint32Array.of(0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5));
    free.cohort = 3;
    expect((await smallTrajectories(free, options)).cohort).toEqual(Uint32Array.of(0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1));
  });

  test("of trajectories that are no whole cohorts are refused: upsampling would mix ages", async () => {
    const free = new FreeSpins();
    free.cohort = 8;
    await expect(smallTrajectories(free, { trajectories: 20, times: [0, 1], seed: SEED })).rejects.toThrow(
      new InputError("20 trajectories are not whole cohorts of 8, which start alike"),
    );
  });

  test("some of them are whole cohorts, evenly out of all, with their own states and ages", async () => {
    const free = new FreeSpins();
    free.cohort = 4;
    // Nine cohorts of four snapshots: three at each time.
    const all = await smallTrajectories(free, { trajectories: 12, times: [0, 0.5, 1.5], smallSide: 8, seed: SEED });
    const rowOf = ({ words }: Snapshots, k: number) => words.slice(64 * k, 64 * (k + 1)).join("");
    const rows = Array.from({ length: 36 }, (_, k) => rowOf(all, k));
    expect(new Set(rows).size).toBe(36);
    for (const [most, blocks] of [
      // floor(9 k / keep), keep = ⌈most/4⌉.
      [16, [0, 2, 4, 6]],
      [13, [0, 2, 4, 6]],
      [8, [0, 4]],
      [1, [0]],
      [35, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
      [99, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ] as const) {
      const some = someSnapshots(free, all, most);
      const kept = blocks.flatMap((block) => [0, 1, 2, 3].map((k) => 4 * block + k));
      expect(some.side).toBe(8);
      expect(some.words.length).toBe(64 * kept.length);
      expect(kept.map((_, k) => rowOf(some, k))).toEqual(kept.map((k) => rows[k]));
      expect(Array.from(some.age)).toEqual(kept.map((k) => all.age[k]));
      expect(Array.from(some.cohort)).toEqual(kept.map((k) => all.cohort[k]));
    }
    free.cohort = 1;
    const single = someSnapshots(free, all, 5);
    expect(Array.from(single.age)).toEqual([0, 0, 0.5, 0.5, 1.5]);
    expect(Array.from(single.age, (_, k) => rowOf(single, k))).toEqual([0, 7, 14, 21, 28].map((k) => rows[k]));
  });
});

describe("some snapshots of a system that mixes a cohort in one leap", () => {
  /** Free spins that leap, with cohorts of four: 60 snapshots. */
  function leaping(siteBytes = 1) {
    const free = new FreeSpins();
    free.cohort = 4;
    free.leaps = true;
    free.siteBytes = siteBytes;
    return free;
  }
  const all = (free = leaping()) => smallTrajectories(free, { trajectories: 20, times: [0, 0.3, 0.6], seed: SEED });

  test("are the ones that become large, evenly out of all; their cohorts stay, as what they are put together from", async () => {
    const snapshots = await all();
    const { made, ...rest } = someSnapshots(leaping(), snapshots, 7);
    expect(rest).toEqual(snapshots);
    // floor(60 k / 7).
    expect(made).toEqual(Uint32Array.of(0, 8, 17, 25, 34, 42, 51));
    expect([madeCount(snapshots), madeCount({ ...rest, made })]).toEqual([60, 7]);
    expect(someSnapshots(leaping(), { ...rest, made }, 3).made).toEqual(Uint32Array.of(0, 17, 34));
    expect(madeCount(someSnapshots(leaping(), snapshots, 99))).toBe(60);
    // A system that starts every replica by itself has nothing to keep.
    const free = leaping();
    free.cohort = 1;
    const some = someSnapshots(free, snapshots, 7);
    expect([some.made, some.age.length]).toEqual([undefined, 7]);
  });

  /** Large states, unrelaxed or relaxed, and their batches. */
  async function enlarged(snapshots: Snapshots, siteBytes: number, relaxTime: number | ((age: number) => number)) {
    const free = leaping(siteBytes);
    const words: Uint32Array[] = [];
    const ranges: number[][] = [];
    await upsampled(free, snapshots, { side: 16, relaxTime, seed: SEED }, async (states, from, to) => {
      expect(states.count).toBe(to - from);
      ranges.push([from, to]);
      words.push(await free.pack(states));
    });
    return { words: concatenate(words), ranges, relaxed: free.relaxed };
  }

  test("are as large as they would be among all, however many the device holds", async () => {
    const snapshots = await all();
    const made = Uint32Array.from({ length: 40 }, (_, k) => Math.floor(1.5 * k));
    const full = await enlarged(snapshots, 1, 0);
    const expected = concatenate(Array.from(made, (k) => full.words.slice(256 * k, 256 * (k + 1))));
    for (const siteBytes of [1, 2 ** 20]) {
      const some = await enlarged({ ...snapshots, made }, siteBytes, 0);
      expect(some.words).toEqual(expected);
      expect(some.ranges.length).toBe(siteBytes > 1 ? 2 : 1);
    }
  });

  test("are relaxed for the times of their own ages, each numbered among those that are made", async () => {
    const some = someSnapshots(leaping(), await all(), 9);
    const { ranges, relaxed, words } = await enlarged(some, 1, (age) => 0.1 + age);
    const batches = [
      [0, 3],
      [3, 6],
      [6, 9],
    ];
    expect(ranges).toEqual(batches);
    expect(relaxed).toEqual(
      batches.map(([from], k) => ({ count: 3, side: 16, time: 0.1 + [0, 0.3, 0.6][k], first: from })),
    );
    expect((await enlarged(some, 2 ** 20, (age) => 0.1 + age)).words).toEqual(words);
  });

  test("of the large side already are those states themselves", async () => {
    const free = leaping();
    const options = { trajectories: 8, times: [0, 0.5], smallSide: 16, seed: SEED };
    const snapshots = await smallTrajectories(free, options);
    const some = someSnapshots(free, snapshots, 5);
    const { words } = await enlarged(some, 1, 0.2);
    const made = Array.from(some.made ?? [], (k) => snapshots.words.slice(256 * k, 256 * (k + 1)));
    expect(words).toEqual(concatenate(made));
  });
});

const TIMES = [0, 0.3, 0.6];
const small = (trajectories = 50) => smallTrajectories(new FreeSpins(), { trajectories, times: TIMES, seed: SEED });

/** Whole states, their order, and the relaxations, with batches of 32 or as large as may be. */
async function large(siteBytes: number, relaxTime: number | ((age: number, side: number) => number)) {
  const free = new FreeSpins();
  free.siteBytes = siteBytes;
  const words: Uint32Array[] = [];
  const ranges: number[][] = [];
  await upsampled(free, await small(), { side: 16, relaxTime, seed: SEED }, async (states, from, to) => {
    expect(states.count).toBe(to - from);
    ranges.push([from, to]);
    words.push(await free.pack(states));
  });
  return { words: concatenate(words), ranges, relaxed: free.relaxed };
}

describe("upsampled snapshots", () => {
  test("a relaxation time of its own for every age cuts the batches where it changes, and nothing else", async () => {
    const constant = await large(1, 0.25);
    expect(constant.ranges).toEqual([[0, 150]]);
    expect((await large(1, () => 0.25)).words).toEqual(constant.words);
    const byAge = (age: number, side: number) => 0.1 + age / 0.3 + side / 100;
    const { ranges, relaxed } = await large(1, byAge);
    expect(ranges).toEqual([
      [0, 50],
      [50, 100],
      [100, 150],
    ]);
    // Levels of 8 and 16; replicas are numbered through.
    expect(relaxed).toEqual(
      [0, 50, 100].flatMap((first) =>
        [8, 16].map((side) => ({ count: 50, side, time: byAge(TIMES[first / 50], side), first })),
      ),
    );
    // By side alone: no cut.
    expect((await large(1, (_, side) => side / 100)).ranges).toEqual([[0, 150]]);
    // Early snapshots that are not relaxed at all are copies.
    const late = await large(1, (age) => (age < 0.3 ? 0 : 0.25));
    expect(late.relaxed.map(({ first }) => first)).toEqual([50, 50]);
  });

  test("does not depend on how many snapshots the device holds", async () => {
    for (const relaxTime of [0.25, (age: number) => (age < 0.3 ? 0.1 : 0.25)]) {
      const [one, many] = [await large(1, relaxTime), await large(2 ** 20, relaxTime)];
      expect(many.ranges.length).toBeGreaterThan(one.ranges.length);
      for (const [from, to] of many.ranges) expect(to - from).toBeLessThanOrEqual(32);
      expect(many.words).toEqual(one.words);
    }
  });

  test("snapshots whose times differ at the first level only have their own there", async () => {
    // On the level of 8 for 0.6, 0.8 and 1, on that of 16 for 0.5.
    const times = (age: number, side: number) => Math.min([0.6, 0.8, 2][TIMES.indexOf(age)], 8 / side);
    const { relaxed } = await large(1, times);
    expect(relaxed.length).toBe(6);
    for (const { first, count, side, time } of relaxed) {
      for (let k = first; k < first + count; k++) expect(times(TIMES[Math.floor(k / 50)], side)).toBe(time);
    }
  });
});
