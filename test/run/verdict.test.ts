// What a run says of its equations, and from where on it has failed.
import { describe, expect, test } from "bun:test";
import { verdictOf, type Watched } from "../../lib/run/verdict.ts";

const guarded = (outside: number, unphysical = 0, name = "the equation"): Watched => ({
  name,
  guards: { outside, unphysical },
});
const OUTSIDE = "of its time outside its training data";
const UNPHYSICAL = "of its time outside the physical range of the observables";

describe("the verdict on equations", () => {
  test("is silent about those that stay within their data, and about none", () => {
    expect(verdictOf([])).toEqual({ warnings: [], failed: false });
    expect(verdictOf([guarded(0), guarded(0.01)])).toEqual({ warnings: [], failed: false });
  });

  test("names more than 1 % of the time outside the data, and fails with more than 10 %", () => {
    const list = [0.0101, 0.023, 0.1].map((outside) => guarded(outside));
    expect(verdictOf(list)).toEqual({
      warnings: ["1.0 %", "2.3 %", "10 %"].map((share) => `the equation spends ${share} ${OUTSIDE}`),
      failed: false,
    });
    expect(verdictOf([guarded(0.101)]).failed).toBe(true);
  });

  test("names more than 0.01 % of the time outside the physical range, and fails with more than 1 % of it", () => {
    const list = [2e-9, 1e-4, 1.1e-4, 0.0034, 0.01].map((unphysical) => guarded(0.01, unphysical));
    expect(verdictOf(list)).toEqual({
      warnings: ["0.01 %", "0.34 %", "1.0 %"].map((share) => `the equation spends ${share} ${UNPHYSICAL}`),
      failed: false,
    });
    expect(verdictOf([guarded(0.01, 0.0101)]).failed).toBe(true);
    // Both are said, the physical range first.
    expect(verdictOf([guarded(0.25, 0.05)])).toEqual({
      warnings: [`the equation spends 5.0 % ${UNPHYSICAL}`, `the equation spends 25 % ${OUTSIDE}`],
      failed: true,
    });
  });

  test("has failed where one of them does not stay finite", () => {
    const list = [guarded(0), { name: "patch side 8", guards: null }, guarded(0.05, 0, "patch side 16")];
    expect(verdictOf(list)).toEqual({
      warnings: [
        "patch side 8 runs away: its trajectories do not stay finite, or change too fast for any step",
        `patch side 16 spends 5.0 % ${OUTSIDE}`,
      ],
      failed: true,
    });
  });

  test("is one of all: the worst decides, whatever stands behind it", () => {
    for (const bad of [guarded(0.5), guarded(0.02, 0.02), { name: "one", guards: null }]) {
      expect(verdictOf([bad, guarded(0)]).failed).toBe(true);
      expect(verdictOf([guarded(0), bad]).failed).toBe(true);
    }
  });

  test("says other warnings last, which do not fail a run", () => {
    const { warnings, failed } = verdictOf([guarded(0.02)], ["the data drift", "few runs"]);
    expect(warnings).toEqual([`the equation spends 2.0 % ${OUTSIDE}`, "the data drift", "few runs"]);
    expect(failed).toBe(false);
  });

  test("writes whole shares as people do", () => {
    const share = (outside: number) => verdictOf([guarded(outside)]).warnings[0];
    expect(share(0.999)).toBe(`the equation spends 100 % ${OUTSIDE}`);
    expect(share(1)).toBe(`the equation spends 100 % ${OUTSIDE}`);
    for (const { warnings } of [verdictOf([guarded(0.3)], ["other"])]) {
      // Whoever prints them puts the stop.
      for (const warning of warnings) expect(warning).not.toEndWith(".");
    }
  });
});
