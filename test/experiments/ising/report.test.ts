// The Ising report from synthetic data: what every report must be, and what stands in its figures, tables and pictures.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { IsingReportData } from "../../../lib/experiments/ising/data.ts";
import { isingReport } from "../../../lib/experiments/ising/report.ts";
import { type ChartData, type PlottedPanel, readChart } from "../../../lib/report/chart-data.ts";
import { galleryPage, readHead } from "../../../lib/report/gallery.ts";
import { pixelsOf, reportBrowser } from "../../chromium.ts";
import { defined } from "../../fixtures.ts";
import { testReport, withoutLists, withoutNumbers } from "../../report/every-report.ts";
import { syntheticData } from "./synthetic.ts";

setDefaultTimeout(60_000);

/** Seven starts, four patch sides, six doublings. */
const PLOTS_PER_FIGURE = {
  "mean-m": 4,
  "mean-rho": 4,
  "mean-error-m": 7,
  "mean-error-rho": 7,
  errors: 2,
  "std-ratio": 1,
  pit: 6,
  memory: 2,
  "std-m": 7,
  "std-rho": 7,
  "density-m": 4,
  "density-rho": 4,
  "time-step": 1,
  "data-size": 1,
  correlations: 6,
  "drift-field": 1,
  degree: 4,
  cost: 4,
};
/** What vanishes from the page when a part of the data is empty. */
const HOMES: Partial<Record<keyof IsingReportData, string[]>> = {
  cases: ["trajectories", "mean-m", "mean-error-rho", "std-m"],
  density: ["density-m", "density-rho"],
  closures: ["closure"],
  timeSteps: ["time-step"],
  dataSizes: ["data-size"],
  correlations: ["correlations"],
  pictures: ["snapshots"],
  driftField: ["drift-field"],
  degrees: ["degree"],
  // The section and its figure.
  costs: ["costs", "cost"],
  size: ["size"],
};
const SECTIONS = [
  ...[
    "summary",
    "trajectories",
    "accuracy",
    "fluctuations",
    "diagnostics",
    "closure",
    "training",
    "upsampling",
    "drift",
    "costs",
    "size",
    "run",
  ],
];
const SETTINGS = [
  ...["result", "side", "patch", "patches", "level", "temperature", "field", "trueRuns", "runs", "horizon"],
  ...["time", "pairs", "spins", "cohorts", "folds", "learnSide"],
];

const browser = await reportBrowser();

const nothing = { x: [], truth: [], learned: [] };
const NO_DENSITY = { m: nothing, rho: nothing };

function emptied(data: IsingReportData): IsingReportData {
  const floors = { error: Number.NaN, early: Number.NaN };
  return {
    ...withoutLists(data, ["variables"]),
    density: NO_DENSITY,
    driftField: null,
    size: null,
    relaxStudy: null,
    paperTime: { time: 6, errors: [] },
    floors,
  };
}

testReport(
  {
    report: isingReport,
    data: syntheticData,
    title: "2D Ising model",
    plots: PLOTS_PER_FIGURE,
    missing: { "nothing measured": emptied, NaN: (data) => withoutNumbers(data, SETTINGS) },
    rename(data, text) {
      data.variables[2] = { name: text, symbol: text };
      data.scoreNotes = { error: text, early: text, stdRatio: text };
      data.pictures[0][0].title = text;
    },
  },
  browser,
);

/** A figure's numbers as its script finds them. */
function figure(text: string, id: string): ChartData {
  const from = text.indexOf(`<figure class="chart" id="${id}"`);
  return readChart(defined(/<script type="application\/json">(.*?)<\/script>/s.exec(text.slice(from)))[1]);
}
/** One column of a series of a panel, by the series' name and, where there are several, its detail. */
function column(data: ChartData, panel: PlottedPanel, name: string, key: "x" | "y" | "low" | "t" | "dx", detail = "") {
  return data.columns[defined(panel.series.find((one) => one.name === name && one.detail === detail))[key]];
}

const OURS = "Ours (compensator)";

/** Numbers as a page holds them: whole ones exact, others to seven digits. */
const digits = (values: ArrayLike<number>) =>
  Array.from(values, (value) => (Number.isSafeInteger(value) ? value : Number(value.toPrecision(7))));

test("the gallery shows its curves, its headline and its own metrics", () => {
  const data = syntheticData();
  const head = readHead(isingReport(data));
  expect(head.description).toStartWith("Learned from the motion of patches of 8 × 8 spins, 1/64 of the lattice");
  expect(head.thumbnail.match(/<polyline/g)).toHaveLength(14); // truth and ours from seven starts
  const gallery = galleryPage([{ href: "ising.html", report: head, result: data.result }]);
  expect(gallery).toContain("2D Ising model: macroscopic dynamics learned from patches");
  expect(gallery).toContain("error.compensator.patch8");
  expect(gallery).not.toContain("error.naive.patch8");
});

describe("figures hold", () => {
  const data = syntheticData();
  const text = isingReport(data);
  const start = defined(data.cases.find(({ title }) => title === "m₀ = −0.5"));
  const law = defined(start.predicted.find((one) => one.method === "compensator" && one.patch === 16)).laws;

  test("the mean and one standard deviation of every start, at its patch side", () => {
    for (const observable of ["m", "rho"] as const) {
      const fans = figure(text, `mean-${observable}`);
      const panel = defined(fans.panels.find(({ title }) => title === "patches of 16 × 16"));
      const detail = "m₀ = −0.5";
      const { mean, std } = law[observable];
      expect(column(fans, panel, OURS, "y", detail)).toEqual(digits(mean));
      expect(column(fans, panel, OURS, "low", detail)).toEqual(digits(Array.from(mean, (value, i) => value - std[i])));
      expect(column(fans, panel, "True", "y", detail)).toEqual(digits(start.truth[observable].mean));
      expect(panel.series.filter(({ name }) => name === "True")).toHaveLength(7);
    }
  });

  test("predicted minus true means at the smallest patch, starts in order", () => {
    const errors = figure(text, "mean-error-rho");
    expect(errors.panels.map(({ title }) => title)).toEqual(
      ["−0.75", "−0.5", "−0.25", "0", "0.25", "0.5", "0.75"].map((m0) => `m₀ = ${m0}`),
    );
    const naive = defined(start.predicted.find((one) => one.method === "naive" && one.patch === 8));
    const difference = Array.from(naive.laws.rho.mean, (value, i) => value - start.truth.rho.mean[i]);
    expect(column(errors, errors.panels[1], "Naive", "y")).toEqual(digits(difference));
  });

  test("standard deviations of our method for each patch side, over the true ones", () => {
    const std = figure(text, "std-m");
    expect(column(std, std.panels[1], "Ours, 16 × 16", "y")).toEqual(digits(law.m.std));
    expect(column(std, std.panels[1], "True", "y")).toEqual(digits(start.truth.m.std));
  });

  test("our errors and the paper’s against patch side, with their floors", () => {
    const errors = figure(text, "errors");
    const [whole, early] = errors.panels as [PlottedPanel, PlottedPanel];
    expect(column(errors, whole, "Paper", "x")).toEqual([8, 16, 32, 64]);
    expect(column(errors, whole, "Paper", "y")).toEqual([2.837e-2, 7.979e-4, 4.502e-4, 1.953e-3]);
    expect(column(errors, whole, "Paper, naive", "y")).toEqual([0.1306, 3.204e-2, 1.286e-3, 2.089e-3]);
    // 1e-4 + 2e-4 · 0.2² · (64/ℓ − 1), and 0.4 times that.
    expect(column(errors, whole, OURS, "y")).toEqual([1.56e-4, 1.24e-4, 1.08e-4, 1e-4]);
    expect(column(errors, early, OURS, "y")).toEqual([6.24e-5, 4.96e-5, 4.32e-5, 4e-5]);
    expect([whole, early].map((panel) => panel.levels[0].value)).toEqual([9e-5, 4e-5]);
    expect([whole.x.log, whole.y.log]).toEqual([2, 10]);
    expect(early.series.some(({ name }) => name.startsWith("Paper"))).toBe(false);
  });

  test("ratios of standard deviations on the scale of ours, not of the naive ones", () => {
    const [low, high] = figure(text, "std-ratio").panels[0].range;
    expect(high).toBeGreaterThan(1.008 * 1.02); // the increments' upper end
    expect(high).toBeLessThan(1.1);
    expect(low + high).toBeCloseTo(2, 12);
  });

  test("densities: the truth in every panel, under the methods of that patch side", () => {
    const density = figure(text, "density-rho");
    const { truth, learned } = data.density.rho;
    const naive = defined(learned.find((one) => one.method === "naive" && one.patch === 8));
    for (const panel of density.panels) expect(column(density, panel, "True", "y")).toEqual(digits(truth));
    const last = defined(density.panels.find(({ title }) => title === "patches of 8 × 8"));
    expect(column(density, last, "Naive", "y")).toEqual(digits(naive.density));
  });

  test("errors against δt and pairs on logarithmic axes, values in order", () => {
    const steps = figure(isingReport({ ...data, timeSteps: data.timeSteps.toReversed() }), "time-step");
    const panel = steps.panels[0];
    expect([panel.x.log, panel.y.log]).toEqual([10, 10]);
    expect(column(steps, panel, OURS, "x")).toEqual([0.05, 0.1, 0.2, 0.5, 1]);
    // 1e-4 + (0.5 + 4 δt²) · 2e-4 · 0.2² · 3
    expect(column(steps, panel, OURS, "y")).toEqual(
      digits([0.05, 0.1, 0.2, 0.5, 1].map((t) => 1e-4 + (0.5 + 4 * t * t) * 2.4e-5)),
    );
    expect(panel.levels[0].value).toBe(9e-5);
    const sizes = figure(text, "data-size");
    expect(column(sizes, sizes.panels[0], OURS, "x")).toEqual([1000, 4000, 16_000, 64_000]);
  });

  test("correlations of each level, with gaps where a logarithm has no value", () => {
    const found = figure(text, "correlations");
    expect(found.panels.map(({ title }) => title)).toEqual([
      "from 32 × 32 to 64 × 64",
      "from 16 × 16 to 32 × 32",
      "from 16 × 16 to 64 × 64",
      "from 8 × 8 to 16 × 16",
      "from 8 × 8 to 32 × 32",
      "from 8 × 8 to 64 × 64",
    ]);
    const unrelaxed = defined(
      data.correlations.find((one) => one.patch === 8 && one.side === 32 && one.kind === "unrelaxed"),
    );
    unrelaxed.mean[3] = -1e-4;
    const negative = figure(isingReport(data), "correlations");
    const y = column(negative, negative.panels[4], "Unrelaxed", "y");
    expect(y[3]).toBeNull();
    expect(y[2]).toBe(digits(unrelaxed.mean)[2]);
  });

  test("the drift at its states, and true paths in time", () => {
    const drift = figure(text, "drift-field");
    const panel = drift.panels[0];
    const { m, driftM } = defined(data.driftField);
    expect(column(drift, panel, OURS, "x")).toEqual(digits(m)); // a lattice: none is left out
    expect(column(drift, panel, OURS, "dx")).toEqual(digits(driftM));
    expect(column(drift, panel, "True mean trajectories", "x", "m₀ = −0.5")).toEqual(digits(start.truth.m.mean));
    expect(column(drift, panel, "True mean trajectories", "y", "m₀ = −0.5")).toEqual(digits(start.truth.rho.mean));
    expect(column(drift, panel, "True mean trajectories", "t", "m₀ = −0.5")).toEqual(digits(start.times));
  });
});

describe("figures of learning hold", () => {
  const data = syntheticData();
  const text = isingReport(data);

  test("held-out scores against the degree, the best one at the lower edge", () => {
    const degree = figure(text, "degree");
    expect(degree.panels.map(({ title }) => title)).toEqual(
      [64, 32, 16, 8].map((side) => `patches of ${side} × ${side}`),
    );
    expect(column(degree, degree.panels[2], OURS, "x")).toEqual([1, 2, 3, 4, 5, 6]);
    expect(column(degree, degree.panels[2], OURS, "y")).toEqual(digits([0.2, 0.025, 0.003125, 3.90625e-4, 1e-6, 1e-3]));
  });

  test("site updates of learning, the same for all lattices, and of direct simulation", () => {
    const cost = figure(text, "cost");
    const panel = defined(cost.panels.find(({ title }) => title === "patches of 16 × 16"));
    const { sides, learn, mean, std } = defined(data.costs.find(({ patch }) => patch === 16));
    const learning = column(cost, panel, "Learning, once for all sides", "y");
    expect(learning).toEqual(digits(sides.map(() => learn)));
    expect(column(cost, panel, "Direct, mean as accurate", "x")).toEqual(digits(sides));
    expect(column(cost, panel, "Direct, mean as accurate", "y")).toEqual(digits(mean));
    expect(column(cost, panel, "Direct, std to 2 %", "y")).toEqual(digits(std));
  });
});

test("how lattices were made larger is said as it was", () => {
  const said = (upsamplingMethod: "mosaic" | "copy") => isingReport({ ...syntheticData(), upsamplingMethod });
  const [mosaic, copy] = [said("mosaic"), said("copy")];
  for (const [text, own, other] of [
    [mosaic, ["at once from tiles", "walls along their seams", "across the seams of their tiles"], "halves <i>ρ</i>"],
    [copy, ["level by level by copies", "halves <i>ρ</i>", "correlated over twice the distance"], "seams"],
  ] as const) {
    for (const part of own) expect(text).toContain(part);
    expect(text).not.toContain(other);
  }
});

test("parts without data are left out, and nothing else with them", () => {
  const data = syntheticData();
  const whole = isingReport(data);
  const ids = (text: string) =>
    [...text.matchAll(/<(?:section|figure)[^>]* id="([^"]+)"/g)].map(([, id]) => defined(id));
  for (const [key, homes] of Object.entries(HOMES)) {
    const empty = key === "density" ? NO_DENSITY : Array.isArray(data[key as keyof IsingReportData]) ? [] : null;
    const left = ids(isingReport({ ...data, [key]: empty }));
    expect(left.filter((id) => homes.includes(id))).toEqual([]);
    if (key !== "cases") expect(ids(whole).filter((id) => !left.includes(id))).toEqual(homes);
  }
  expect(ids(isingReport({ ...data, driftField: null, degrees: [] }))).not.toContain("drift");
  expect(ids(isingReport(emptied(data)))).toEqual(["summary", "run"]);
});

describe.skipIf(browser.missing)("in a browser", () => {
  test("sections stand in order, numbers in the lead and the tables as given", async () => {
    const { page } = await browser.open(isingReport(syntheticData()));
    const order = await page.locator("main > section").evaluateAll((nodes) => nodes.map((node) => node.id));
    expect(order).toEqual(SECTIONS);
    const lead = defined(await page.locator(".lead").textContent()).replace(/\s+/g, " ");
    // 1e-4 + 2e-4 · 0.2² · 7 ± 20 %, 1e-4 + 2e-4 · 5² · 7, and 1 + 0.01 · 0.2 ± 2 %.
    for (const part of ["(1.56 ± 0.31)×10⁻⁴", "0.035", "a perfect model 9.0×10⁻⁵", "1.002 ± 0.020"])
      expect(lead).toContain(part);
    const cells = async (section: string, table: number, row: number) =>
      page.locator(`#${section} table`).nth(table).locator("tbody tr").nth(row).locator("th, td").allTextContents();
    expect(await cells("summary", 0, 2)).toEqual([
      "16",
      "(1.24 ± 0.25)×10⁻⁴",
      "(4.84 ± 0.97)×10⁻⁴",
      "(1.51 ± 0.30)×10⁻²",
      "(3.85 ± 0.77)×10⁻²",
      "7.98×10⁻⁴",
    ]);
    expect(await page.locator("#accuracy tbody tr").count()).toBe(18);
    // Rows from large patches to small ones, ours first: row 14 is naive at side 8.
    expect(await cells("accuracy", 0, 14)).toEqual([
      "8",
      "Naive",
      "(3.51 ± 0.70)×10⁻²",
      "(1.40 ± 0.42)×10⁻²",
      "8.00 ± 0.16",
      "0.50 %",
    ]);
    expect(await cells("closure", 0, 2)).toEqual([
      "features",
      OURS,
      "(1.31 ± 0.26)×10⁻⁴", // 1e-4 + 1.3 · 2.4e-5
      "(5.2 ± 1.6)×10⁻⁵",
      "1.002 ± 0.020",
      "0.020 %",
    ]);
    expect((await cells("training", 0, 3)).slice(0, 4)).toEqual([
      "closed on itself (paper)",
      "8",
      OURS,
      "(1.78 ± 0.36)×10⁻³", // 1e-4 + 30 · 5.6e-5
    ]);
    // ρ, patches of 8, third level: 0.08 · 1.3 unrelaxed, 0.04 of that and 0.002 relaxed.
    expect(await cells("upsampling", 0, 11)).toEqual([
      ...["domain-wall density ρ", "8", "3", "64", "(1.04 ± 0.10)×10⁻¹", "(6.16 ± 0.62)×10⁻³", "1.5×10⁻³"],
    ]);
    expect(await cells("size", 0, 0)).toEqual(["Mean of m", "0.72510 ± 0.00073", "0.72490 ± 0.00072", "0.725032"]);
    // 1.4e8 + 4.3e9 + 1.3e8.
    expect(await cells("size", 0, 2)).toEqual(["Site updates to learn", "4.57×10⁹", "—", "—"]);
    expect(await cells("size", 0, 3)).toEqual(["Site updates of the runs", "0", "8.00×10⁹", "—"]);
    expect(await cells("size", 0, 7)).toEqual(["Time of the runs [s]", "0.840", "1,310", "—"]);
    expect(await page.locator("#summary").textContent()).toContain("2,000 direct simulations and 512 predicted runs");
  });

  test("snapshots stand in rows, spin by spin", async () => {
    const data = syntheticData();
    const { page } = await browser.open(isingReport(data));
    const rows = page.locator("#snapshots .pictures");
    expect(await rows.count()).toBe(2);
    expect(await rows.nth(1).locator("p").allTextContents()).toEqual(data.pictures[1].map((picture) => picture.title));
    const tops = await rows
      .nth(0)
      .locator("img")
      .evaluateAll((all) => all.map((img) => img.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(1);
    const { red } = await pixelsOf(rows.nth(1).locator("img").nth(2));
    expect(red.map((value) => Number(value < 128))).toEqual(Array.from(data.pictures[1][2].spins));
  });
});
