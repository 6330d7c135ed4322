// What equations of the alloy are learned from: lattices by temperature and repetition, and what is said of temperatures.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Annealed, annealed } from "../../../lib/experiments/nbmota/annealing.ts";
import { clockOf } from "../../../lib/experiments/nbmota/clock.ts";
import type { NbMoTaOptions } from "../../../lib/experiments/nbmota/parameters.ts";
import { annealingPlan, comparesUpsampling, separated, withinRange } from "../../../lib/experiments/nbmota/plan.ts";
import { ofRepetition, trainingSets } from "../../../lib/experiments/nbmota/training.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { joined, type Pairs } from "../../../lib/method/pairs.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { COORDINATES } from "../../../lib/systems/nbmota.ts";
import { range } from "../../numbers.ts";
import { toyWeights } from "../../systems/nbmota/toy-barriers.ts";
import { optionsOf, unkept } from "./setting.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const barriers = new CompactBarriers(toyWeights(9));

describe("pairs of all temperatures", async () => {
  const p = optionsOf({
    temperatures: [2500, 3000],
    T: 3000,
    wait: 0.02,
    pause: 0.01,
    incrementTime: 0.01,
    age: 0.05,
    replicas: 3,
    seeds: 2,
    records: 1,
  });
  const stages = await annealed(gpu, { ...annealingPlan(p), barriers, seed: 5, purpose: "test" });
  const { all, learn, direct } = separated(p, stages);
  const sets = await trainingSets(unkept, gpu, p, barriers, all, clockOf(all), 5);

  test("are of the lattices that are annealed first, the others are for comparison", () => {
    expect(all.map(({ temperature }) => temperature)).toEqual([3750, 3000, 2500, 2250]);
    expect(learn.map(({ temperature }) => temperature)).toEqual([3000, 2500]);
    expect(direct.map(({ temperature, replicas }) => [temperature, replicas])).toEqual([
      [3000, p.trueReplicas],
      [2500, p.trueReplicas],
    ]);
    const orderOf = ({ order }: Annealed) => range(order.length / 6, (k) => String(order.subarray(6 * k, 6 * k + 6)));
    const [taught, compared] = [learn, direct].map((list) => new Set(list.flatMap(orderOf)));
    expect(taught.intersection(compared).size).toBe(0);
    expect(new Set(stages.slice(1, 3).flatMap(orderOf))).toEqual(taught.union(compared));
  });

  // Four looks at each of six lattices, and the last ones of two other temperatures.
  const rows = (4 + 2) * 6;
  /** Every row of the order parameters, without the scale that they are learned in. */
  const seen = ({ whole }: Pairs, temperature: number) =>
    range(whole.length / 3, (k) => range(3, (j) => ((1000 * whole[3 * k + j]) / temperature).toFixed(4)).join());

  test("have the order parameters of these lattices, scaled by the temperature, at the condition 1000/T", () => {
    for (const [t, { temperature, order }] of learn.entries()) {
      const { whole, condition } = sets.increments[t];
      expect(whole.length).toBe(3 * rows);
      expect(new Set(condition)).toEqual(new Set([Math.fround(1000 / temperature)]));
      for (const [k, value] of Array.from(order).entries()) {
        const j = COORDINATES.three.indexOf((k % 6) as 1);
        const row = Math.floor(k / 6);
        if (j >= 0) expect(whole[3 * row + j]).toBeCloseTo((value * temperature) / 1000, 4);
      }
    }
  });

  test("of one lattice at one temperature are one cohort, wherever they are used, and of another another", () => {
    const cohorts = new Map<string, Set<number>>();
    for (const [t, { temperature }] of learn.entries()) {
      const { cohort } = sets.increments[t];
      for (const [k, state] of seen(sets.increments[t], temperature).entries()) {
        cohorts.set(state, (cohorts.get(state) ?? new Set()).add(cohort[k]));
      }
    }
    // The states of 3000 K and of 2500 K teach at both, those beyond at one.
    expect(cohorts.size).toBe(2 * 4 * 6 + 2 * 6);
    for (const own of cohorts.values()) expect(own.size).toBe(1);
    const together = joined(sets.increments, "same");
    expect(new Set(together.cohort).size).toBe(4 * 6);
  });

  test("fall into repetitions of lattices of their own", () => {
    for (const set of ["increments", "relaxing"] as const) {
      for (const [t, pairs] of sets[set].entries()) {
        const parts = range(2, (k) => ofRepetition(pairs, p, k));
        const states = parts.map((part) => seen(part, learn[t].temperature));
        expect(states[0].length).toBe(states[1].length);
        expect(states[0].length + states[1].length).toBe(pairs.cohort.length);
        expect(states[0].filter((state) => states[1].includes(state))).toEqual([]);
      }
    }
  });
});

describe("temperatures before the numbers", () => {
  const warningsOf = (part: Partial<NbMoTaOptions>) => withinRange(optionsOf(part)).warnings;

  test("of every kind that is fine: nothing is said", () => expect(warningsOf({ wait: 3 })).toEqual([]));

  test("outside what the compact barriers were fitted at, with the range; the network has none", () => {
    const hot = { temperatures: [2000, 2500, 3500], wait: 3 };
    expect(warningsOf(hot)[0]).toMatch(/^3500 K is outside 700 to 3000 K, the range/);
    expect(warningsOf({ ...hot, barriers: "weights.npy" })).toEqual([]);
  });

  test("that lattices hardly wait at", () => {
    expect(warningsOf({ temperatures: [700, 2000, 3000], wait: 3 })[0]).toMatch(
      /^at 700 K lattices are followed for less than 2/,
    );
    expect(warningsOf({ wait: 2 })).toEqual([]);
    expect(warningsOf({ wait: 1.9 })[0]).toMatch(/^at 2000, 2500, 3000 K lattices are followed/);
  });

  test("of a relaxation that is not trained: the nearest stands for it, and the range is named", () => {
    const { p, warnings } = withinRange(optionsOf({ T: 1500, wait: 3 }));
    expect(p.T).toBe(2000);
    expect(warnings[0]).toMatch(
      /^1500 K is outside the trained range, 2000 to 3000 K: the relaxation is that at 2000 K/,
    );
    expect(warningsOf({ T: 2300, wait: 3 })[0]).toMatch(/2300 K is not among the trained temperatures/);
  });
});

test("ways of upsampling are compared where cohorts of eight lattices are enough", () => {
  const enough = optionsOf({ studies: "all", replicas: 32 });
  expect(comparesUpsampling(enough)).toBe(true);
  expect(comparesUpsampling({ ...enough, replicas: 12 })).toBe(false);
  expect(comparesUpsampling({ ...enough, replicas: 8 })).toBe(false);
  expect(comparesUpsampling({ ...enough, studies: "none" })).toBe(false);
});
