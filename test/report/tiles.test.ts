import { describe, expect, test } from "bun:test";
import { equationCost } from "../../lib/analysis/cost.ts";
import { comparedCost, costTile, errorTile, scoreTiles, spreadTile, tiles } from "../../lib/report/tiles.ts";
import { single } from "../../lib/run/seeds.ts";

/** Text of a tile, without markup. */
const text = (tile: Parameters<typeof tiles>[0][number]) =>
  String(tiles([tile]))
    .replace(/<[^>]*>/g, " ")
    .replace(/\u00a0/g, " ")
    .replace(/\s+/g, " ")
    .trim();

test("errors stand in percent beside what a perfect model has and what others do, as far as they are known", () => {
  const error = { value: 1.25, low: 1.1, high: 1.4 };
  expect(text(errorTile("Error", error, 0.9, { naive: 19, small: undefined, lost: Number.NaN }))).toBe(
    "Error 1.25 % ± 0.15 a perfect model: 0.90 %; naive 19 %",
  );
  expect(text(errorTile("Error", error, Number.NaN))).toBe("Error 1.25 % ± 0.15");
  expect(errorTile("Error", single(Number.NaN), 0.9)).toBe(false);
  expect(tiles([false, false])).toBe(false);
});

test("relative squared errors are shown as their roots, of the same patches", () => {
  const of = (method: "compensator" | "naive", patch: number, error: number, ratio: number) => {
    return { method, patch, error: single(error), stdRatio: single(ratio) };
  };
  const scores = [of("compensator", 8, 4e-4, 1.1), of("naive", 8, 0.04, 8), of("naive", 16, 0.01, 4)];
  const [error, spread] = scoreTiles(scores, { method: "compensator", patch: 8 }, 1e-4);
  expect(text(error)).toBe("Error of the mean (RMS) 2.0 % a perfect model: 1.0 %; naive 20 %");
  expect(text(spread)).toBe("Fluctuations over the true ones 1.1 1 is right; naive 8.0");
  expect(scoreTiles(scores, { method: "compensator", patch: 16 }, 1e-4)).toEqual([]);
  expect(spreadTile("Fluctuations", single(Number.POSITIVE_INFINITY))).toBe(false);
});

describe("costs", () => {
  const cost = (...direct: number[]) =>
    text(
      comparedCost(
        100,
        direct.map((updates, k) => ({ updates, what: `for ${k}` })),
        "8 spins",
        "Attempts.",
      ),
    );

  test("are so many times less, or more, or as much", () => {
    expect(cost(1234, 25)).toBe(
      "Cost beside direct simulation, 8 spins 12 times less for 0; 4.0 times more for 1. Attempts.",
    );
    expect(cost(98)).toContain("as much for 0");
    expect(cost(1.5e7)).toContain("150,000 times less");
    expect(comparedCost(100, [{ updates: Number.NaN, what: "" }], "", "")).toBe(false);
  });

  test("of a curve are those at the side of the system, and say from where on learning is cheaper in all", () => {
    const learning = {
      small: { systems: 10, sites: 16, time: 5 },
      large: { states: 3e5, sites: 64, relax: 8, evolved: 0.5 },
    };
    const direct = { side: 8, dimension: 2, starts: 2, horizon: 10, perRun: 0.1, error: 0.001 };
    const { curve } = equationCost(4, learning, direct, 8);
    // Learning 1.824e8; means 100 runs of 1,280, fluctuations 1,250 of them.
    const tile = text(costTile([curve], 4, 8, "8 × 8 spins"));
    expect(tile).toContain("110 times more for fluctuations to 2 %; 1,400 times more for means as accurate");
    expect(curve.evenMean).toBeNull();
    expect(tile).not.toContain("cheaper");
    const cheap = equationCost(4, { ...learning, large: { ...learning.large, states: 3000 } }, direct, 8).curve;
    expect(text(costTile([cheap], 4, 8, "8 × 8 spins"))).toContain(
      `cheaper in all from side ${Math.round(cheap.evenMean ?? 0)} on`,
    );
    expect(costTile([cheap], 5, 8, "")).toBe(false);
  });
});
