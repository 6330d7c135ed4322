// Means in equilibrium, of autoregressive series whose mean, spread and memory are known.
import { expect, test } from "bun:test";
import { type EquilibriumMean, equilibriumMean, errorOfDraws } from "../../lib/analysis/equilibrium-mean.ts";
import { average, meanWithError } from "../../lib/analysis/mean.ts";
import { draws } from "../fixtures.ts";
import { range } from "../numbers.ts";
import { expectWithin } from "../statistics.ts";

const RUNS = 64;
const MEAN = 0.3;
/** Far from the mean: 50 standard deviations. */
const START = 50;
const EVERY = 2;

/** x ← a x + noise about MEAN, of variance 1; ∫ C dt / C(0) by trapezoids is EVERY (1 + a) / (1 − a) / 2. */
function series(a: number, purpose: string) {
  const { normal } = draws(7)(purpose);
  const x = range(RUNS, () => START);
  return async (_: number, looks: number) => {
    const rows = range(RUNS, (): number[] => []);
    for (let k = 0; k < looks; k++)
      for (const [r, row] of rows.entries()) {
        x[r] = a * x[r] + Math.sqrt(1 - a * a) * normal();
        row.push(MEAN + x[r]);
      }
    return rows;
  };
}

const LENGTHS = { every: EVERY, first: 20, most: 20_000 };

test("the mean, its error and the memory are right, however far from it runs start and long they remember", async () => {
  for (const a of [0, 0.8, 0.98]) {
    const found = await equilibriumMean(series(a, `ar ${a}`), LENGTHS);
    const memory = (EVERY * (1 + a)) / (1 - a) / 2;
    expect(found.settled).toBe(true);
    expectWithin(`mean at ${a}`, found.value, MEAN, found.error);
    expect(found.error / Math.sqrt((2 * memory) / found.time / RUNS)).toBeWithin(0.7, 1.3);
    expect(found.correlationTime / memory).toBeWithin(0.8, 1.2);
    expect(found.time).toBeGreaterThanOrEqual(20 * found.correlationTime);
    // What is looked at has been preceded by as much.
    expect(found.before).toBe(found.time);
  }
});

test("errors are those of repetitions", async () => {
  const all: EquilibriumMean[] = [];
  for (const k of range(40, (k) => k)) all.push(await equilibriumMean(series(0.5, `again ${k}`), LENGTHS));
  const spread = Math.sqrt(40) * meanWithError(all.map(({ value }) => value)).error;
  // A spread of 40 values is known to 11 %.
  expect(spread / meanWithError(all.map(({ error }) => error)).mean).toBeWithin(0.65, 1.35);
});

test("runs that remember for longer than they may be followed have no mean in equilibrium", async () => {
  const found = await equilibriumMean(series(0.9999, "long"), { ...LENGTHS, most: 320 });
  expect(found.settled).toBe(false);
  expect(found.before + found.time).toBe(320 * EVERY);
  // One piece alone has had no time to forget its start.
  expect((await equilibriumMean(series(0, "one"), { ...LENGTHS, most: 20 })).settled).toBe(false);
});

test("draws of the parameters give the error that they have, not what few runs add to it, nor less for starting elsewhere", () => {
  const [RUNS_EACH, LOOKS, DRAWS, MEMORY] = [4, 200, 2000, 10];
  const { normal } = draws(8)("draws");
  for (const [spread, noise] of [
    [0.5, 0.1],
    [0.1, 2.5],
  ]) {
    const own = range(DRAWS, () => spread * normal());
    const shifted = own.map((shift) =>
      range(RUNS_EACH, () => range(LOOKS, (k) => shift * (1 - Math.exp(-k / MEMORY)) + noise * normal())),
    );
    const best = range(RUNS_EACH, () => range(LOOKS, () => 0));
    // Of the mean over runs and looks: with it the second case would be larger by two fifths.
    const chance = noise / Math.sqrt(0.8 * LOOKS * RUNS_EACH);
    const expected = Math.sqrt(average(own.map((shift) => shift ** 2)));
    const error = (expected ** 2 + chance ** 2) / expected / Math.sqrt(2 * DRAWS);
    expectWithin(`error at ${spread}`, errorOfDraws([best, ...shifted]), expected, error);
  }
  expect(errorOfDraws(range(3, () => range(2, () => [1, 1])))).toBe(0);
});
