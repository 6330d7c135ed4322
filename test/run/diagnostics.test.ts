// Diagnostics as metrics and figures: what is known of many true runs, and what of too few.
import { expect, test } from "bun:test";
import { diagnosticsOf, trueRuns } from "../../lib/analysis/diagnostics.ts";
import { ensemble } from "../../lib/analysis/ensemble.ts";
import { diagnostics } from "../../lib/report/figures/diagnostics.ts";
import { putClosureTest, putDiagnostics } from "../../lib/run/diagnostics.ts";
import { metricSet } from "../../lib/run/seeds.ts";
import { generators, normal } from "../fixtures.ts";

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
  expect(text).toContain("Memory, predicted / true");
  expect(text).toMatch(/Tests off by more than 4 standard errors.*<td[^>]*>0 of [1-9]\d*</s);
});

test("of one cluster, or few, nothing is said, and that in words", () => {
  for (const runs of [32, 160]) {
    const { metrics, text } = told(runs, 32);
    expect(metrics).not.toHaveProperty("pit_chi2.compensator");
    expect(metrics).not.toHaveProperty("coverage.compensator");
    expect(text).toContain("too few true runs");
    expect(text).not.toMatch(/>\d+ of \d+</);
  }
  expect(told(32, 32).metrics).toEqual({});
  expect(told(32, 32).text).not.toContain("Memory, predicted / true");
});

test("closure tests count where they say something", () => {
  const { metrics, put } = metricSet();
  const rest = { mean: new Float64Array(2), error: new Float64Array(2), freedom: 2, rare: 7 };
  const known = { ...rest, chi2: 3, chi2Error: 1 };
  const unknown = { ...rest, chi2: Number.NaN, chi2Error: Number.NaN };
  putClosureTest(put, { from: 1, lag: 2, tests: [known, unknown, known] }, "compensator", "none");
  const { value, ci95 } = metrics["closure_chi2.compensator.none"];
  expect(value).toBe(1.5);
  expect(ci95?.[1]).toBeCloseTo(1.5 + 1.96 * Math.SQRT1_2, 10);
});
