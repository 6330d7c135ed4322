// The Curie–Weiss report from synthetic data: what every report must be, and what stands in its tables and pictures.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { CurieWeissReportData } from "../../../lib/experiments/curie-weiss/data.ts";
import { curieWeissReport } from "../../../lib/experiments/curie-weiss/report.ts";
import { pixelsOf, reportBrowser } from "../../chromium.ts";
import { defined } from "../../fixtures.ts";
import { testReport, withoutLists, withoutNumbers } from "../../report/every-report.ts";
import { degreeChoice } from "../synthetic.ts";
import { syntheticData } from "./synthetic.ts";

setDefaultTimeout(60_000);

/** Five starts, four patch sides. */
const PLOTS_PER_FIGURE = {
  hero: 2,
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
  scaling: 6,
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

/** The caption of a figure as text. */
const caption = (data: CurieWeissReportData, id: string) => {
  const figure = defined(curieWeissReport(data).match(new RegExp(`<figure[^>]*id="${id}".*?</figure>`, "s")))[0];
  return defined(figure.match(/<figcaption.*<\/figcaption>/s))[0].replace(/<[^>]*>/g, "");
};

/** Ours off by `off` inside the training data and by 100 times that outside, with so much noise; degree `best` of those up to `tried`. */
function withError(off: number, noise: number, best = 3, tried = 6): CurieWeissReportData {
  const data = syntheticData();
  const { grid, exact } = data;
  for (const one of data.learned) {
    const inside = (m: number) => m >= one.trained.low && m <= one.trained.high;
    one.drift.mean = grid.map((m, i) => exact.drift[i] + (inside(m) ? off : 100 * off));
    one.noise = { drift: grid.map(() => noise), diffusion: grid.map(() => noise) };
  }
  data.degrees = [degreeChoice("compensator", 8, best)].map((one) => ({ ...one, curve: one.curve.slice(0, tried) }));
  return data;
}

describe("the caption of the drift", () => {
  test("tells our error where the data are from what their noise leaves", () => {
    expect(caption(withError(2e-5, 3e-5), "drift")).toContain(
      "Ours is off by 2.0×10⁻⁵ per sweep at most where the training data are, of all patch sides (the tables: |m| ≤ 0.8); the noise of these leaves 3.0×10⁻⁵ per sweep of it at most, 95 %. Shaded",
    );
    const off = caption(withError(2e-5, 1e-6), "drift");
    expect(off).toContain("So most of it is no noise but an error of the method. Shaded");
  });

  test("says where the degree ended at the edge of the scan", () => {
    const said = "an error of the method: the degree of its polynomials, 4, is the highest that is tried.";
    expect(caption(withError(2e-5, 1e-6, 4, 4), "drift")).toContain(said);
    expect(caption(withError(2e-5, 1e-6, 3, 4), "drift")).not.toContain("the highest that is tried");
  });
});

test("the paper's points have floors of their own, and those below are said to be there by chance", () => {
  const data = syntheticData();
  const chance = "below its own is no model better than perfect";
  expect(caption(data, "errors")).toContain("a perfect model would score 4.5×10⁻⁴ on average");
  // 4.05e-4 at side 64 is below 4.5e-4; all others are above.
  expect(caption(data, "errors")).toContain(chance);
  expect(caption({ ...data, paperFloors: { exact: 1.8e-4, printed: 3.7e-4 } }, "errors")).not.toContain(chance);
  expect(caption({ ...data, paperFloors: { exact: 1.8e-4, printed: 4.2e-4 } }, "errors")).toContain(chance);
});

describe.skipIf(browser.missing)("in a browser", () => {
  test("numbers stand in the lead and the tables as formatted", async () => {
    const { page } = await browser.open(curieWeissReport(syntheticData()));
    const row = page.locator("#summary tbody tr", { hasText: "stationary mean" });
    expect(await row.locator("td").allTextContents()).toEqual(["8", "—", "0.48988", "0.48912", "± 0.00061"]);
    // The root of 9.4e-4 and of the ends of its interval, in percent; 90 = 1.4 · 8², which the synthetic naive noise is off by.
    expect(await page.locator(".lead").textContent()).toContain("follows the exact mean to 3.1\u00a0%");
    const tiles = await page.locator(".tile").allTextContents();
    expect(tiles).toHaveLength(3);
    expect(tiles[0]).toContain("3.07\u00a0% ± 0.45");
    expect(tiles[0]).toContain("best possible (sampling): 0.95\u00a0%");
    expect(tiles[1]).toContain("1 is right; naive\u00a090");
  });

  test("pictures decode to the spins that were drawn", async () => {
    const { page } = await browser.open(curieWeissReport(syntheticData()));
    const { side, spins } = syntheticData().pictures[0];
    const { red } = await pixelsOf(page.locator(".pictures img").first());
    expect(red).toHaveLength(side * side);
    expect(red.map((value) => Number(value < 128))).toEqual(Array.from(spins));
  });
});
