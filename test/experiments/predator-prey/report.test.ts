// The predator–prey report from synthetic data: what every report must be, and what stands in its tables, figures and
// pictures.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { PredatorPreyReportData } from "../../../lib/experiments/predator-prey/data.ts";
import { spectrumMetrics } from "../../../lib/experiments/predator-prey/metrics.ts";
import { predatorPreyReport } from "../../../lib/experiments/predator-prey/report.ts";
import type { Series } from "../../../lib/report/chart-spec.ts";
import { readHead } from "../../../lib/report/gallery.ts";
import { single } from "../../../lib/run/seeds.ts";
import { pixelsOf, reportBrowser } from "../../chromium.ts";
import { defined } from "../../fixtures.ts";
import { testReport, withoutLists, withoutNumbers } from "../../report/every-report.ts";
import { syntheticData } from "./synthetic.ts";

setDefaultTimeout(60_000);

const PLOTS_PER_FIGURE = {
  hero: 2,
  "mmd-lambda": 1,
  scaling: 3,
  profiles: 3,
  spectra: 2,
  "mean-u": 9,
  "mean-v": 9,
  "std-u": 9,
  "std-v": 9,
  "mean-error": 18,
  "phase-portraits": 1,
  pit: 6,
  memory: 2,
  "drift-field": 1,
  "kramers-moyal": 4,
  "closure-variables": 4,
  "mmd-closures": 1,
  "mmd-time": 2,
  degree: 1,
};
const SETTINGS = ["result", "points", "patch", "patches", "ensemble", "lambda", "cohorts", "folds"];

const browser = await reportBrowser();

/** The same run with nothing measured, with null where that is allowed. */
function emptied(data: PredatorPreyReportData): PredatorPreyReportData {
  return {
    ...withoutLists(data),
    spaceTime: null,
    driftField: null,
    mmdFloor: { times: [], mean: [], low: [], high: [], overall: single(NaN), bias: NaN },
    meanFloor: Number.NaN,
    stdFloor: Number.NaN,
  };
}

testReport(
  {
    report: predatorPreyReport,
    data: syntheticData,
    title: "Predator and prey",
    plots: PLOTS_PER_FIGURE,
    missing: { "nothing measured": emptied, NaN: (data) => withoutNumbers(data, SETTINGS) },
    rename(data, text) {
      data.closure = text;
      for (const item of [data.profiles[0], data.comparison[0]]) Object.assign(item, { title: text, quantity: text });
      data.spectra[1].name = data.spectrumRatios[0].name = data.spectrumRatios[0].band = text;
      data.closureVariables[0].closure = data.closureVariables[0].variables[0].title = text;
      data.kramersMoyal[0].quantity = data.kramersMoyal[0].along = data.costs[0].note = text;
    },
  },
  browser,
);

test("the gallery shows its headline and a curve", () => {
  const head = readHead(predatorPreyReport(syntheticData()));
  expect(head.description).toContain(
    "an equation of the patch by itself is off by 2.2 % and fluctuates 6.0 times as much",
  );
  expect(head.thumbnail).toContain("<polyline");
});

/** The figure `id` of a report as text, and its panels. */
function figureOf(id: string, data = syntheticData()) {
  const [text] = defined(
    predatorPreyReport(data).match(new RegExp(`<figure class="chart" id="${id}".*?</figure>`, "s")),
  );
  const [, json] = defined(text.match(/<script type="application\/json">(.*?)<\/script>/s));
  return { text, panels: JSON.parse(json).panels as { title: string; series: { name: string; ink: string }[] }[] };
}

test("three of nine cases stand open, the others are folded", () => {
  for (const id of ["mean-u", "std-v"]) {
    const { text, panels } = figureOf(id);
    expect(panels.slice(0, 3).map(({ title }) => title)).toEqual([
      "m = 0.45, k = 0.05",
      "m = 0.5, k = 0.1",
      "m = 0.55, k = 0.15",
    ]);
    expect(text).toContain("6 more panels");
  }
  expect(figureOf("mean-error").text).toContain("12 more panels");
});

test("a start far from the training states stands open, and is named there and in the diagnostics", () => {
  const data = syntheticData();
  const far = data.cases[6];
  far.folded = false;
  const at = (start: string, distance: number) =>
    ({ method: "compensator", patch: data.patch, start, distance }) as const;
  data.starts = data.cases.map(({ title }, c) => at(title, title === far.title ? 3.6 : 0.1 * c));
  const { text } = figureOf("mean-u", data);
  expect(text).toContain(`and ${far.title}, which is farthest from the training states`);
  expect(text).toContain("5 more panels");
  expect(predatorPreyReport(data)).toContain(
    `the nearest of them: ${far.title} (3.6). There the equations extrapolate`,
  );
  const near = { ...data, starts: data.starts.map((one) => ({ ...one, distance: 0.1 })) };
  expect(predatorPreyReport(near)).not.toContain("equations extrapolate");
});

test("no two curves of closures compared look alike", () => {
  const data = syntheticData();
  for (const one of data.mmdAgainstLambda.filter(({ closure }) => closure === "autoencoder"))
    data.mmdAgainstLambda.push({ ...one, closure: "lagged" });
  const { panels } = figureOf("mmd-closures", data);
  const series = panels[0].series.filter(({ name }) => name !== "Single seeds") as Series[];
  expect(series.length).toBe(6);
  expect(new Set(series.map(({ marker, hollow = false }) => `${marker} ${hollow}`)).size).toBe(6);
  expect(new Set(series.map(({ ink, dash }) => `${ink} ${dash}`)).size).toBe(6);
});

test("closures are defined where they are compared, and the best of them is named", () => {
  const data = syntheticData();
  const ours = (closure: string) =>
    defined(data.scores.find((one) => one.method === "compensator" && one.closure === closure));
  const text = (dynamics: number, autoencoder: number) => {
    Object.assign(ours("dynamics"), { meanError: single(dynamics) });
    Object.assign(ours("autoencoder"), { meanError: single(autoencoder) });
    return predatorPreyReport(data);
  };
  expect(text(0.02, 0.01)).toContain("that of “autoencoder”, 1.0\u00a0% beside 2.0\u00a0%");
  expect(text(0.01, 0.02)).toContain("compensator, 1.0\u00a0%, is the least of all closures");
  expect(text(0.01, 0.02)).toContain("<li>“dynamics”: ");
  expect(text(0.01, 0.02)).not.toContain("<li>“lagged”: ");
});

test("one interpolation shows on either side of the other, and the age of relaxed states is said", () => {
  const data = syntheticData();
  const cubic = data.spectra.filter(({ name }) => name === "linear").map((one) => ({ ...one, name: "cubic" }));
  const { text, panels } = figureOf("spectra", { ...data, spectra: [...data.spectra, ...cubic] });
  const [linear, other] = ["linear", "cubic"].map((of) => panels[0].series.findIndex(({ name }) => name === of));
  const width = (k: number) => Number((panels[0].series[k] as Series).width);
  expect(linear).toBeLessThan(other);
  expect(width(linear)).toBeGreaterThan(2 * width(other));
  expect(text).toContain("the time of relaxation counted");
  const plain = data.spectra.filter(({ name }) => !name.includes("relaxed"));
  expect(figureOf("spectra", { ...data, spectra: plain }).text).not.toContain("relaxation counted");
});

test("species have inks that are no method's", () => {
  const inks = new Set(figureOf("profiles").panels.flatMap(({ series }) => series.map(({ ink }) => ink)));
  expect([...inks].sort()).toEqual(["species1", "species2"]);
});

test("the power of interpolated over true states in long waves is said as it is", () => {
  const { spectra } = syntheticData();
  const sum = (name: string) =>
    defined(spectra.find((one) => one.name === name && one.species === "u"))
      .power.slice(0, 9)
      .reduce((total, one) => total + one, 0);
  const ratio = sum("linear") / sum("true");
  expect(Math.abs(ratio - 2)).toBeLessThan(0.2);
  const text = figureOf("spectra").text;
  expect(text).toContain(
    `In modes 1 to 9, below the initial wave, linear interpolation leaves ${ratio.toPrecision(3)} times (u)`,
  );
  // Nothing is said where the way of the run is not among the spectra.
  expect(figureOf("spectra", { ...syntheticData(), interpolation: "cubic" }).text).not.toContain("In modes 1 to 9");
});

test("residuals have the band of their own runs behind them", () => {
  const data = syntheticData();
  const [one] = data.cases;
  const { text } = figureOf("mean-error", data);
  const [, json] = defined(text.match(/<script type="application\/json">(.*?)<\/script>/s));
  const { panels, columns } = JSON.parse(json);
  const [band] = panels[0].series;
  const ours = defined(one.predicted.find(({ method }) => method === "compensator")).laws.u.std;
  const last = ours.length - 1;
  const expected =
    1.96 * Math.sqrt(one.truth.u.std[last] ** 2 / data.runs.truth + ours[last] ** 2 / data.runs.predicted);
  expect(columns[band.high].at(-1)).toBeCloseTo(expected, 8);
});

test("metrics tell the power of every band", () => {
  const metrics = spectrumMetrics(syntheticData().spectrumRatios);
  expect(Object.keys(metrics)).toHaveLength(12);
  expect(Object.keys(metrics)).toContain("power_ratio.linear-relaxed_for_0_5.v.modes_1_to_9");
  expect(metrics["power_ratio.linear.u.modes_1_to_9"].exact).toBe(1);
});

describe.skipIf(browser.missing)("in a browser", () => {
  test("numbers stand in the lead and the tables as given", async () => {
    const { page } = await browser.open(predatorPreyReport(syntheticData()));
    const lead = defined(await page.locator(".lead").textContent()).replace(/\s+/g, " ");
    expect(lead).toContain("to 0.49 %");
    // 0.004 + 0.003·0.3 and its interval in percent, the floor 0.0038, and the synthetic ratio.
    const tiles = (await page.locator(".tile").allTextContents()).join("\n");
    for (const part of ["0.490\u00a0% ± 0.065", "best possible (sampling): 0.38\u00a0%", "0.300 ± 0.030"])
      expect(tiles).toContain(part);
    const rows = page.locator("#summary tbody tr");
    expect(await rows.locator("th").allTextContents()).toEqual([
      "Ours (compensator)",
      "Increments, λ = K",
      "Naive",
      "Small system",
      "A perfect model",
    ]);
    expect((await rows.nth(4).locator("td").allTextContents())[0]).toBe("0.38");
    expect(await page.locator("#closure tbody tr").count()).toBe(8); // four methods with two closures
    expect(await page.locator("#fields tbody tr").count()).toBe(6); // two species in three bands
    expect(await page.locator("#mmd > p").textContent()).toContain("not zero but 0.0305");
  });

  test("phase portraits are read in the order of time, on every curve at the same time", async () => {
    const data = syntheticData();
    const { page, problems } = await browser.open(predatorPreyReport(data));
    const plot = page.locator("#phase-portraits .plot").first();
    await plot.focus();
    await plot.press("ArrowRight");
    const readout = page.locator("#phase-portraits .readout").first();
    const [first] = data.cases;
    // m − 0.4 + 0.3 k = 0.065: mean u = 0.465, mean v = 0.6 + 1.3·0.065·cos(1.9) = 0.5727 at the start.
    expect(first.title).toBe("m = 0.45, k = 0.05");
    expect(await readout.textContent()).toMatch(/^time = 0Ours .*True \(0\.465, 0\.5727\)$/);
    await plot.press("ArrowRight");
    expect(await readout.locator("b").first().textContent()).toMatch(/^time = 0\.[12]/);
    await page.click("#phase-portraits summary");
    await page.locator("#phase-portraits .numbers tbody tr").first().waitFor();
    const heads = await page.locator("#phase-portraits .numbers table").first().locator("th").allTextContents();
    expect(heads.slice(0, 3)).toEqual(["time", "mean u", "mean v"].map((name) => `True, ${first.title}: ${name}`));
    expect(problems).toEqual([]);
  });

  test("space–time pictures have a row per picked time, an even shape, and their range beside the bar", async () => {
    const data = syntheticData();
    const { points } = data;
    for (const rows of [40, 3_001]) {
      const times = Array.from({ length: rows }, (_, i) => (30 * i) / (rows - 1));
      // Earlier is brighter, further right too.
      const u = Float32Array.from(
        { length: rows * points },
        (_, i) => (i % points) / points - Math.floor(i / points) / rows,
      );
      const field = { u, v: u };
      const { page } = await browser.open(predatorPreyReport({ ...data, spaceTime: { times, points, field } }));
      const image = page.locator("#space-time img").first();
      const { width, height, red } = await pixelsOf(image);
      expect({ width, height }).toEqual({ width: points, height: Math.min(rows, 150) });
      const shown = defined(await image.boundingBox());
      expect(shown.height / shown.width).toBeCloseTo(0.75, 1);
      const [topLeft, topRight, bottomLeft, bottomRight] = [0, width - 1, width * (height - 1), width * height - 1].map(
        (at) => red[at],
      );
      expect(topRight).toBe(253); // the map's brightest end, at the right of the first row
      expect(bottomLeft).toBe(0);
      expect(Math.abs(topLeft - bottomRight)).toBeLessThan(12);
      expect(await page.locator("#space-time .scale").first().textContent()).toBe(
        rows === 40 ? "−0.9750.995" : "−1.000.995",
      );
    }
  });
});
