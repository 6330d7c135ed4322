// The report of the critical Ising experiment from synthetic data: what every report must be, and what stands in its figures and tables.
import { expect, setDefaultTimeout, test } from "bun:test";
import type { CriticalReportData } from "../../../lib/experiments/ising-critical/data.ts";
import { criticalReport } from "../../../lib/experiments/ising-critical/report.ts";
import { readHead } from "../../../lib/report/gallery.ts";
import { reportBrowser } from "../../chromium.ts";
import { testReport, withoutLists, withoutNumbers } from "../../report/every-report.ts";
import { syntheticData } from "./synthetic.ts";

setDefaultTimeout(60_000);

const PLOTS_PER_FIGURE = {
  scaling: 4,
  temperatures: 3,
  slopes: 1,
  collapse: 2,
  "correlation-time": 1,
  pit: 6,
  "cost-by-side": 1,
};
const SETTINGS = ["result", "side", "sides", "temperature", "temperatures", "T", "patch", "time"];

const browser = await reportBrowser();

/** The same run with nothing measured. */
function emptied(data: CriticalReportData): CriticalReportData {
  return {
    ...withoutLists(data),
    quantities: { abs_m: [], chi: [], binder: [] },
    worst: [],
    slopes: { sides: [], learned: [], truth: [], paper: [] },
    kinetics: { sides: [], learned: [], direct: [] },
    relaxTimes: null,
  };
}

testReport(
  {
    report: criticalReport,
    data: syntheticData,
    title: "Critical 2D Ising model",
    plots: PLOTS_PER_FIGURE,
    missing: { "nothing measured": emptied, NaN: (data) => withoutNumbers(data, SETTINGS) },
    rename(data, text) {
      data.exponents[0].name = text;
      Object.assign(data.others[0], { way: text });
    },
  },
  browser,
);

test("the gallery shows its headline and curves", () => {
  const head = readHead(criticalReport(syntheticData()));
  expect(head.description).toContain("lattices up to 128 × 128");
  expect(head.description).toContain("give the order of true lattices to 1.1 %");
  expect(head.description).toContain(
    "β/ν = 0.1270 ± 0.0040 (the same fit to true lattices: 0.1280 ± 0.0020; exact: 0.125)",
  );
  expect(head.thumbnail).toContain("<polyline");
});

test("what this run has not is not spoken of", () => {
  const data = syntheticData();
  const [whole, quick] = [
    criticalReport(data),
    criticalReport({ ...data, kinetics: { sides: [], learned: [], direct: [] }, relaxTimes: null }),
  ];
  expect(whole).toContain("is what the next section asks");
  expect(whole).toContain("how far that holds is measured above");
  expect(quick).not.toContain("the next section");
  expect(quick).toContain("is not tested in this run");
  expect(quick).toContain("how far that holds was not measured in this run");
});

test("what was settled by the truth is not denied", () => {
  const text = criticalReport(syntheticData());
  expect(text).not.toContain("Nothing is fitted to the truth");
  expect(text).toContain("Neither λ nor any rate is fitted to the truth; the amounts above");
});
