// Scores against a setting: bars that say something, seeds as points, and a setting of 0 on a logarithmic axis.
import { describe, expect, test } from "bun:test";
import { LOOKS } from "../../../lib/report/figures/methods.ts";
import { pointSeries, withLimit } from "../../../lib/report/figures/settings.ts";
import { overSeeds } from "../../../lib/run/seeds.ts";

const look = LOOKS.small;

describe("three seeds", () => {
  // exp(−8), exp(1) and exp(10): the Student interval of three logarithms goes from 1e-9 to 1e10.
  const wild = { at: 8, ...overSeeds([Math.exp(-8), Math.exp(1), Math.exp(10)], { scale: "log" }) };
  const tame = { at: 16, ...overSeeds([0.9, 1, 1.1], { scale: "log" }) };

  test("that differ by orders of magnitude are points without a bar, others points with one", () => {
    expect(wild.high / wild.low).toBeGreaterThan(1e6);
    const [single, mean] = pointSeries([{ look, points: [wild, tame] }]);
    expect([single.name, single.small, single.draw]).toEqual(["Single seeds", true, "points"]);
    expect(Array.from(single.x)).toEqual([8, 8, 8, 16, 16, 16]);
    expect(Array.from(single.y)).toEqual([...(wild.seeds ?? []), ...(tame.seeds ?? [])]);
    expect([mean.low, mean.high].map((ends) => Array.from(ends ?? []))).toEqual([
      [Number.NaN, tame.low],
      [Number.NaN, tame.high],
    ]);
    expect(Array.from(mean.y)).toEqual([wild.value, tame.value]);
  });

  test("of which one alone is known keep what bar they have", () => {
    const [mean] = pointSeries([{ look, points: [{ at: 8, value: 1, low: 1e-3, high: 1e3 }] }]);
    expect([Array.from(mean.low ?? []), Array.from(mean.high ?? [])]).toEqual([[1e-3], [1e3]]);
  });
});

test("a setting of 0 stands left of the others, by a marker, joined to nothing", () => {
  const at = (setting: number) => ({ source: "compensator" as const, at: setting, value: 1, low: 0.5, high: 2 });
  const { series, verticals } = withLimit([at(0), at(0.1), at(0.5)], "δt → 0");
  const [limit, line] = series;
  expect(Array.from(line.x)).toEqual([0.1, 0.5]);
  expect(limit.draw).toBe("points");
  expect(Array.from(limit.x)).toEqual([verticals[0].value]);
  expect(verticals[0].value).toBeLessThan(0.1);
  expect(verticals[0].value).toBeGreaterThan(0);
  expect(withLimit([at(0.1)], "δt → 0").verticals).toEqual([]);
});
