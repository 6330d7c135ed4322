// Diagnostics as metrics and figures: what is known of many true runs, and what of too few.
import { expect, test } from "bun:test";
import { diagnosticsOf, trueRuns } from "../../lib/analysis/diagnostics.ts";
import { ensemble } from "../../lib/analysis/ensemble.ts";
import { chi2Range } from "../../lib/analysis/law-range.ts";
import { diagnostics } from "../../lib/report/figures/diagnostics.ts";
import { putClosureTest, putDiagnostics } from "../../lib/run/diagnostics.ts";
import { metricSet } from "../../lib/run/seeds.ts";
import { defined, generators, normal } from "../fixtures.ts";

const generator = generators(94);
const TIMES = Float64Array.from({ length: 21 }, (_, k) => k);

/** Runs of two variables about nothing, the second one still. */
function runsOf(purpose: string, runs: number) {
  const rng = generator(purpose);
  const data = Float32Array.from({ length: TIMES.length * runs * 2 }, (_, k) => (k % 2 === 0 ? normal(rng) : 0.5));
  return ensemble({ times: TIMES, cases: 1, runs, d: 2 }, data);
}

const of = (runs: number, cluster: number) =>
  diagnosticsOf(runsOf("ours", 400), trueRuns(runsOf("truth", runs), 2, cluster));

function told(runs: number, cluster: number) {
  const { metrics, put } = metricSet();
  const found = of(runs, cluster);
  putDiagnostics(put, [found], "compensator");
  const figures = diagnostics([{ method: "compensator", patch: 1, diagnostics: found }], [], {
    variables: ["m", "still"],
    cases: [""],
  });
  return { metrics, text: String(figures.body) };
}

/** The cells of the first row behind its name. */
function cells(text: string): string[] {
  const [, body] = defined(text.match(/<tbody>(.*?)<\/tr>/s));
  return [...body.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell.replace(/<[^>]*>/g, ""));
}

test("of many true runs all is known, a variable that does not vary left out", () => {
  const { metrics, text } = told(300, 1);
  expect(Object.keys(metrics).sort()).toEqual([
    "coverage.compensator",
    "memory_ratio.compensator",
    "pit_chi2.compensator",
  ]);
  for (const { value, ci95, exact } of Object.values(metrics)) {
    expect(ci95?.[0]).toBeLessThan(value);
    expect(exact).not.toBeNull();
  }
  expect(metrics["pit_chi2.compensator"].value).toBeWithin(0.3, 2);
  // A mean and a spread at three times; the variable that is still is not tested.
  expect(cells(text).at(-1)).toMatch(/^0 of 6, the most [0-3]\.\d$/);
  expect(
    Number(
      cells(text)
        .at(-2)
        ?.match(/^\d\.\d+/)?.[0],
    ),
  ).toBeWithin(0.5, 2);
});

test("of one cluster, or few, nothing is said, and that in words", () => {
  for (const runs of [32, 160]) {
    const { metrics, text } = told(runs, 32);
    expect(metrics).not.toHaveProperty("pit_chi2.compensator");
    expect(metrics).not.toHaveProperty("coverage.compensator");
    // χ², coverage, and what they are with the true law.
    expect(cells(text).slice(0, 4)).toEqual(["—", "—", "—", "—"]);
    expect(cells(text).at(-1)).toBe("too few true runs");
  }
  expect(told(32, 32).metrics).toEqual({});
  expect(cells(told(32, 32).text).at(-2)).toBe("too few true runs");
});

test("closure tests count where they say something", () => {
  const { metrics, put } = metricSet();
  const rest = { mean: new Float64Array(2), error: new Float64Array(2), freedom: 2, rare: 7 };
  const known = { ...rest, chi2: 3, chi2Error: 1 };
  const unknown = { ...rest, chi2: Number.NaN, chi2Error: Number.NaN };
  putClosureTest(put, { from: 1, lag: 2, tests: [known, unknown, known] }, "compensator", "none");
  const { value, ci95 } = metrics["closure_chi2.compensator.none"];
  expect(value).toBe(1.5);
  // The mean of two of these has the law of χ² with four degrees of freedom, over four: its interval holds 1 just where the value is in 95 % of it.
  const [low, high] = chi2Range(Math.SQRT1_2, 1.96);
  expect(ci95).toEqual([Math.max(0, 1.5 + 1 - high), 1.5 + 1 - low]);
  for (const [chi2, holds] of [
    [2 * low - 0.01, false],
    [2 * low + 0.01, true],
    [2 * high - 0.01, true],
    [2 * high + 0.01, false],
  ] as const) {
    const { metrics, put } = metricSet();
    const one = { ...known, chi2 };
    putClosureTest(put, { from: 1, lag: 2, tests: [one, one] }, "compensator", "none");
    const [least, most] = defined(metrics["closure_chi2.compensator.none"].ci95);
    expect(least).toBeGreaterThanOrEqual(0);
    expect(least <= 1 && most >= 1).toBe(holds);
  }
});

test("of few true runs no interval leaves what a score can be", () => {
  const { metrics, text } = told(24, 1);
  expect(metrics["pit_chi2.compensator"].ci95?.[0]).toBeGreaterThanOrEqual(0);
  expect(metrics["coverage.compensator"].ci95?.[1]).toBeLessThanOrEqual(1);
  const [, , , band] = cells(text);
  const [least, most] = band.split(" to ").map(Number);
  expect(least).toBeWithin(80, 95);
  expect(most).toBeWithin(95, 100.001);
});
