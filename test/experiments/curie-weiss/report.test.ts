// The Curie–Weiss report from synthetic data: what every report must be, and what stands in its tables and pictures.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { CurieWeissReportData } from "../../../lib/experiments/curie-weiss/data.ts";
import { curieWeissReport } from "../../../lib/experiments/curie-weiss/report.ts";
import { pixelsOf, reportBrowser } from "../../chromium.ts";
import { testReport, withoutLists, withoutNumbers } from "../../report/every-report.ts";
import { syntheticData } from "./synthetic.ts";

setDefaultTimeout(60_000);

/** Five starts, four patch sides. */
const PLOTS_PER_FIGURE = {
  errors: 1,
  drift: 8,
  diffusion: 8,
  "trajectories-fan": 4,
  "mean-error": 5,
  "mean-error-methods": 5,
  std: 5,
  "stationary-law": 4,
  pit: 3,
  memory: 1,
  "upsampling-quality": 1,
  degree: 4,
  cost: 4,
  "training-loss": 4,
};
const SETTINGS = ["patch", "side", "seed", "result", "spins", "cohorts", "folds"];

const browser = await reportBrowser();

function emptied(data: CurieWeissReportData): CurieWeissReportData {
  const none = { exact: { drift: [], diffusion: [] }, stationary: { m: [], exact: [], predicted: [] } };
  return { ...withoutLists(data), ...none, floor: Number.NaN };
}

testReport(
  {
    report: curieWeissReport,
    data: syntheticData,
    title: "Curie–Weiss model",
    plots: PLOTS_PER_FIGURE,
    missing: {
      "nothing measured": emptied,
      NaN: (data) => withoutNumbers(data, SETTINGS),
      null: (data) => withoutNumbers(data, SETTINGS, null),
    },
    rename(data, text) {
      data.comparison[0].quantity = data.pictures[0].title = text;
      for (const one of data.trainings) Object.assign(one, { what: `${text}/${text}`, loss: text });
    },
  },
  browser,
);

describe.skipIf(browser.missing)("in a browser", () => {
  test("numbers stand in the lead and the tables as formatted", async () => {
    const { page } = await browser.open(curieWeissReport(syntheticData()));
    const row = page.locator("#summary tbody tr", { hasText: "stationary mean" });
    expect(await row.locator("td").allTextContents()).toEqual(["8", "—", "0.48988", "0.48912", "± 0.00061"]);
    expect(await page.locator(".lead").textContent()).toContain("9.4 [7.0, 12.7]×10⁻⁴");
  });

  test("pictures decode to the spins that were drawn", async () => {
    const { page } = await browser.open(curieWeissReport(syntheticData()));
    const { side, spins } = syntheticData().pictures[0];
    const { red } = await pixelsOf(page.locator(".pictures img").first());
    expect(red).toHaveLength(side * side);
    expect(red.map((value) => Number(value < 128))).toEqual(Array.from(spins));
  });
});
