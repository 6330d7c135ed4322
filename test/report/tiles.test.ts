import { describe, expect, test } from "bun:test";
import { equationCost } from "../../lib/analysis/cost.ts";
import {
  aloneClause,
  comparedCost,
  costTile,
  errorTile,
  scoreTiles,
  spreadTile,
  tiles,
} from "../../lib/report/tiles.ts";
import { type Estimate, single } from "../../lib/run/seeds.ts";

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
    "Error 1.25 % ± 0.15 best possible (sampling): 0.90 %; naive 19 %",
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
  expect(text(error)).toBe("Error of the mean (RMS) 2.0 % best possible (sampling): 1.0 %; naive 20 %");
  expect(text(spread)).toBe("Fluctuations over the true ones 1.1 1 is right; naive 8.0");
  expect(scoreTiles(scores, { method: "compensator", patch: 16 }, 1e-4)).toEqual([]);
  const stray = scores.map((one) => ({ ...one, outside: single(one.method === "naive" ? 0.979 : 0.05) }));
  const [warned] = scoreTiles(stray, { method: "compensator", patch: 8 }, 1e-4);
  expect(text(warned)).toEndWith("; share of time outside their training data: naive 98 %");
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

  test("are so many times less, or more, or the same", () => {
    expect(cost(1234, 25)).toBe(
      "Cost beside direct simulation, 8 spins 12 times less for 0 4.0 times more for 1 Attempts.",
    );
    expect(cost(98)).toContain("the same for 0");
    expect(cost(1.5e7)).toContain("150,000 times less");
    expect(comparedCost(100, [{ updates: Number.NaN, what: "" }], "", "")).toBe(false);
  });

  test("of a curve are those at the side of the system; fluctuations are wanted as accurate as ours, not to 2 %", () => {
    const learning = {
      small: { systems: 10, sites: 16, time: 5 },
      large: { states: 3e5, sites: 64, relax: 8, evolved: 0.5 },
    };
    const direct = { side: 8, dimension: 2, starts: 2, horizon: 10, perRun: 0.1, error: 0.001 };
    const { curve } = equationCost(4, learning, direct, 8);
    const at = (ratio: Estimate) => text(costTile([curve], 4, { side: 8, system: "8 × 8 spins", ratio }));
    // Learning 1.824e8; means 100 runs of 1,280, fluctuations to 2 % 1,250 of them.
    expect(at({ value: 1, low: 0.98, high: 1.02 })).toContain(
      "1,400 times more for equally accurate means 110 times more for equally accurate fluctuations",
    );
    // 4 % off at most: a quarter of the runs.
    expect(at({ value: 0.97, low: 0.96, high: 0.98 })).toContain("460 times more for equally accurate fluctuations");
    // A single value is as close to 1 as chance has it: how accurate it is, is not known.
    expect(at(single(1.0001))).not.toContain("fluctuations");
    expect(costTile([curve], 5, { side: 8, system: "", ratio: single(1) })).toBe(false);
  });
});

test("an equation of the patch by itself is said as far as it is known", () => {
  const said = (error: number, ratio: number) =>
    String(aloneClause({ error: single(error), stdRatio: single(ratio) })).replace(/\u00a0/g, " ");
  expect(said(0.01, 8)).toBe("; an equation of the patch by itself is off by 10 % and fluctuates 8.0 times as much");
  expect(said(0.01, Number.NaN)).toBe("; an equation of the patch by itself is off by 10 %");
  expect(aloneClause(undefined)).toBe(false);
  // An equation that is never where it was learned has no error worth telling.
  const stray = { error: single(9), stdRatio: single(89), outside: single(0.979) };
  expect(String(aloneClause(stray)).replace(/\u00a0/g, " ")).toBe(
    "; an equation of the patch by itself does not stay within its training data (98 % of the time outside)",
  );
  expect(String(aloneClause({ ...stray, outside: single(0.09) }))).toContain("is off by");
  expect(said(Number.NaN, 8)).toBe("false");
});
