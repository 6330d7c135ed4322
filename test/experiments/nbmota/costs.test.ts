// What learning costs beside direct simulation, in jumps.
import { expect, test } from "bun:test";
import { jumpsOf } from "../../../lib/experiments/nbmota/clock.ts";
import { costsOf, learningJumps } from "../../../lib/experiments/nbmota/costs.ts";
import { optionsOf } from "./setting.ts";

const options = optionsOf({
  temperatures: [800, 2000],
  T: 2000,
  sizes: [8, 16],
  wait: 1,
  looks: 1,
  pause: 0.5,
});
// Before the first look at a temperature, and between looks: one at 800 K, four at 2000 K.
const stay = (temperature: number, first: number, looks: number) =>
  Math.round(first * 1024) + looks * jumpsOf(temperature, 0.5);

test("direct simulation: a lattice goes through all temperatures, and stays for independent states", () => {
  const [small, large] = costsOf(options).direct;
  expect(small.atoms).toBe(1024);
  expect(large.lattice / small.lattice).toBe(8);
  expect(large.std / small.std).toBe(8);
  // 1250 states, two units of time apart at both.
  const more = 1249 * (jumpsOf(800, 2) + jumpsOf(2000, 2));
  expect(small.std - small.lattice).toBe(more);
  expect(small.lattice).toBeGreaterThan(stay(800, 2390, 1) + stay(2000, 13.5, 4) - 100);
});

test("learning: partial evolutions of one vacancy, those of LocalRelax of all", () => {
  const { learn } = costsOf(options);
  const of = (temperature: number, times: number) => times * 2 * jumpsOf(temperature, options.incrementTime);
  // Looks and those of the temperatures on either side; five times at 800 K.
  const rows = options.replicas * (of(800, 5 * (1 + 2)) + of(2000, 4 + 2) + of(2000, options.records));
  expect(learn.evolve).toBe(rows);
  expect(Math.min(learn.anneal, learn.fresh)).toBeGreaterThan(0);
  expect(learningJumps(costsOf(options))).toBe(learn.anneal + learn.fresh + learn.evolve);
  const relaxed = costsOf({ ...options, relaxTime: 0.01 }).learn.evolve - rows;
  const all = (temperature: number, times: number) => times * 8 * jumpsOf(temperature, 0.01);
  expect(relaxed).toBe(options.replicas * (all(800, 15) + all(2000, 6) + all(2000, options.records)));
});
