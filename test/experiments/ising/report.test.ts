// The Ising report from synthetic data: what every report must be, and what stands in its figures, tables and pictures.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { IsingReportData } from "../../../lib/experiments/ising/data.ts";
import { isingReport } from "../../../lib/experiments/ising/report.ts";
import { type ChartData, type PlottedPanel, readChart, thin } from "../../../lib/report/chart-data.ts";
import { galleryPage, readHead } from "../../../lib/report/gallery.ts";
import { pixelsOf, reportBrowser } from "../../chromium.ts";
import { defined } from "../../fixtures.ts";
import { testReport, withoutLists, withoutNumbers } from "../../report/every-report.ts";
import { syntheticData } from "./synthetic.ts";

setDefaultTimeout(60_000);

/** Seven starts, four patch sides, six doublings. */
const PLOTS_PER_FIGURE = {
  hero: 2,
  "large-lattice": 3,
  "equilibrium-m": 1,
  "mean-m": 4,
  "mean-rho": 4,
  "mean-error-m": 7,
  "mean-error-rho": 7,
  errors: 2,
  "std-ratio": 2,
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
  scaling: 6,
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
  costs: ["scaling"],
  size: ["large-lattice"],
  equilibrium: ["equilibrium-m"],
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

/** The number that a cell begins with, whatever power of ten it is written with. */
function writtenNumber(cell: string): number {
  const [, value] = defined(/([\d.]+)/.exec(cell));
  const [, sign, digits] = /×10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/.exec(cell) ?? ["", "", "⁰"];
  const power = Number([...digits].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit)).join(""));
  return Number(`${value}e${sign ? -power : power}`);
}

test("the gallery shows its curves, its headline and its own metrics", () => {
  const data = syntheticData();
  const text = isingReport(data);
  const head = readHead(text);
  // Sizes in the first sentence are not broken over a line.
  expect(text).toContain("learned while only one patch of 8\u00a0×\u00a08 moves at a time");
  expect(head.description).toContain("learned while only one patch of 8 × 8 moves at a time, 1/64 of the lattice");
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
      const shown = (values: ArrayLike<number>) => digits(thin(values, 61));
      expect(column(fans, panel, OURS, "y", detail)).toEqual(shown(mean));
      expect(column(fans, panel, OURS, "low", detail)).toEqual(shown(Array.from(mean, (value, i) => value - std[i])));
      expect(column(fans, panel, "True", "y", detail)).toEqual(shown(start.truth[observable].mean));
      expect(panel.series.filter(({ name }) => name === "True")).toHaveLength(7);
    }
  });

  test("predicted minus true means at the smallest patch, the lowest, the middle and the highest start first", () => {
    const errors = figure(text, "mean-error-rho");
    expect(errors.panels.map(({ title }) => title)).toEqual(
      ["−0.75", "0", "0.75", "−0.5", "−0.25", "0.25", "0.5"].map((m0) => `m₀ = ${m0}`),
    );
    expect(text).toContain("<summary>4 more panels</summary>");
    const naive = defined(start.predicted.find((one) => one.method === "naive" && one.patch === 8));
    const difference = Array.from(naive.laws.rho.mean, (value, i) => value - start.truth.rho.mean[i]);
    const panel = defined(errors.panels.find(({ title }) => title === "m₀ = −0.5"));
    expect(column(errors, panel, "Naive", "y")).toEqual(digits(difference));
  });

  test("behind differences of means what means of so many true and predicted runs differ by", () => {
    const errors = figure(text, "mean-error-rho");
    const panel = defined(errors.panels.find(({ title }) => title === "m₀ = −0.5"));
    const noise = column(errors, panel, "Sampling noise, 95 %", "low");
    const error = Math.sqrt(1 / 2000 + 1 / 512);
    expect(noise.map(Number)).toEqual(digits(Array.from(start.truth.rho.std, (std) => -1.96 * std * error)));
    // Where nobody knows how many runs there were, there is no band.
    const { cases, ...rest } = syntheticData();
    const unknown = isingReport({ ...rest, cases: cases.map((one) => ({ ...one, runs: undefined })) });
    expect(unknown).not.toContain('"Sampling noise, 95 %"');
  });

  test("relative errors of the standard deviations of our method for each patch side", () => {
    const std = figure(text, "std-m");
    const panel = defined(std.panels.find(({ title }) => title === "m₀ = −0.5"));
    const shown = column(std, panel, "Ours, 16 × 16", "y");
    const exact = Array.from(start.truth.m.std);
    const most = Math.max(...exact);
    const expected = Array.from(law.m.std, (one, i) => (exact[i] > 0.05 * most ? 100 * (one / exact[i] - 1) : null));
    expect(shown[0]).toBeNull(); // runs that have hardly begun to spread
    expect(shown).toEqual(expected.map((value) => value && Number(value.toPrecision(7))));
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

  test("ratios of standard deviations of all methods, and of ours on a scale of their own", () => {
    const [all, ours] = figure(text, "std-ratio").panels;
    expect([all.y.log, ours.y.log]).toEqual([10, undefined]);
    expect(all.range[1]).toBeGreaterThan(8 * 1.02); // the naive one's upper end at side 8
    expect(ours.range[1]).toBeGreaterThan(1.008 * 1.02); // the increments' upper end
    expect(ours.range[1]).toBeLessThan(1.1);
    expect(ours.series.map(({ name }) => name)).toEqual(["Increments, λ = K", OURS]);
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
    // δt = 0 has no place on the axis: it stands apart, by its marker alone, on a line that says so.
    const limit = defined(panel.series.find(({ detail }) => detail === "δt → 0"));
    expect([limit.name, limit.draw]).toEqual([OURS, "points"]);
    const [[at], [value]] = [steps.columns[limit.x], steps.columns[limit.y]];
    expect(at).toBeLessThan(0.05);
    expect(value).toBe(1.12e-4); // 1e-4 + 0.5 · 2.4e-5
    expect(panel.verticals).toEqual([{ value: expect.closeTo(Number(at), 6), label: "δt → 0" }]);
    expect(panel.x.ticks).toEqual([0.05, 0.1, 0.2, 0.5, 1]);
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

  test("at which distances relaxed lattices are not correlated as true ones, from which patches", () => {
    const own = syntheticData();
    const said = (changed: (r: number, patch: number) => number) => {
      const correlations = own.correlations
        .filter(({ level, patch }) => level === 1 && patch < 32)
        .map((one) => {
          const mean = one.r.map((r) => 0.5 ** (r + 1) * (one.kind === "relaxed" ? changed(r, one.patch) : 1));
          return { ...one, mean, low: mean.map((value) => 0.9 * value), high: mean.map((value) => 1.1 * value) };
        });
      return isingReport({ ...own, correlations, relaxStudy: null });
    };
    expect(said(() => 1.1)).toContain("Their intervals meet everywhere.");
    const off = said((r, patch) => (patch === 8 && r > 0 && r !== 3 ? 1 + r : 1));
    expect(off).toContain(
      "Lattices from 8 × 8 to 16 × 16 do not at <i>r</i> = 1 to 2, 4, where the intervals are apart (5.0 times the true correlation at <i>r</i> = 4); those from 16 × 16 to 32 × 32 do.",
    );
    expect(off).not.toContain("the mean magnetization is off");
    expect(said((r) => (r === 0 ? 2 : 1))).toContain("the mean magnetization is off");
  });

  test("what the error does from the shortest δt to the longest", () => {
    const estimate = (value: number, share: number) => ({
      value,
      low: value * (1 - share),
      high: value * (1 + share),
    });
    const [row] = data.timeSteps;
    const said = (long: number, share: number) =>
      isingReport({
        ...data,
        timeSteps: [
          { ...row, time: 0.5, error: estimate(long, share), stdRatio: estimate(1.06, 0.1) },
          { ...row, time: 0, error: estimate(2e-4, share), stdRatio: estimate(1.01, 0.1) },
        ],
      });
    const ends = "to 4.0×10⁻⁵ at δt = 0.5, beyond the intervals, and std / true goes from 1.01 to 1.06";
    expect(said(4e-5, 0.1)).toContain(`${OURS} it falls from 2.0×10⁻⁴ at δt → 0 ${ends}`);
    expect(said(8e-4, 0.1)).toContain("it rises from");
    expect(said(4e-5, 0.9)).toContain("at δt = 0.5, which the intervals do not resolve");
  });

  test("the drift at its states, and true paths in time", () => {
    const drift = figure(text, "drift-field");
    const panel = drift.panels[0];
    const { m, rho, driftM } = defined(data.driftField);
    // A lattice: none is left out. Slow ones stand in a series of their own.
    const arrows = panel.series.filter(({ draw }) => draw === "arrows");
    const feet = arrows.flatMap(({ x, y, dx }) =>
      drift.columns[x].map((at, i) => [at, drift.columns[y][i], drift.columns[dx][i]].join()),
    );
    expect(feet.toSorted()).toEqual(m.map((at, i) => digits([at, rho[i], driftM[i]]).join()).toSorted());
    expect(column(drift, panel, "True mean trajectories", "x", "m₀ = −0.5")).toEqual(digits(start.truth.m.mean));
    expect(column(drift, panel, "True mean trajectories", "y", "m₀ = −0.5")).toEqual(digits(start.truth.rho.mean));
    expect(column(drift, panel, "True mean trajectories", "t", "m₀ = −0.5")).toEqual(digits(start.times));
  });
});

describe("figures of learning hold", () => {
  const data = syntheticData();
  const text = isingReport(data);

  test("held-out scores against the degree, the best one at the lower edge, small patches first", () => {
    const degree = figure(text, "degree");
    expect(degree.panels.map(({ title }) => title)).toEqual(
      [16, 8, 64, 32].map((side) => `patches of ${side} × ${side}`),
    );
    expect(column(degree, degree.panels[0], OURS, "x")).toEqual([1, 2, 3, 4, 5, 6]);
    expect(column(degree, degree.panels[0], OURS, "y")).toEqual(digits([0.2, 0.025, 0.003125, 3.90625e-4, 1e-6, 1e-3]));
  });

  test("site updates of learning, the same for all lattices, and of direct simulation", () => {
    const cost = figure(text, "scaling");
    const panel = defined(cost.panels.find(({ title }) => title === "cost, patches of 16 × 16"));
    const { sides, learn, mean, std } = defined(data.costs.find(({ patch }) => patch === 16));
    const learning = column(cost, panel, "Learning, once for all sizes", "y");
    expect(learning).toEqual(digits(sides.map(() => learn)));
    expect(column(cost, panel, "Direct, mean as accurate", "x")).toEqual(digits(sides));
    expect(column(cost, panel, "Direct, mean as accurate", "y")).toEqual(digits(mean));
    expect(column(cost, panel, "Direct, std to 2 %", "y")).toEqual(digits(std));
    // At equal cost, of the smallest patch; ours on the lattice of the test and on the large one.
    const { atCost } = defined(data.costs.find(({ patch }) => patch === 8));
    const [, mean8, std8] = cost.panels;
    const gaps = (values: readonly number[]) =>
      values.map((part) => (Number.isNaN(part) ? null : Number((100 * part).toPrecision(6))));
    const raw = (panel: PlottedPanel, name: string) =>
      cost.columns[defined(panel.series.find((one) => one.name === name)).y];
    expect(raw(mean8, "Direct, for what learning costs").map((x) => x && Number(x.toPrecision(6)))).toEqual(
      gaps(atCost.mean),
    );
    expect(atCost.std.some(Number.isNaN)).toBe(true);
    // 1.002 ± 0.020 at 64; the large lattice is compared with the exact standard deviation.
    const { predicted, exact } = defined(data.size);
    const large =
      100 * Math.max(...[predicted.std.low, predicted.std.high].map((x) => Math.abs(x / defined(exact).std - 1)));
    const ours = raw(std8, "Ours, at most (95 %)");
    expect(ours[0]).toBeCloseTo(2.2, 1);
    expect(ours[1]).toBeCloseTo(large, 3);
  });
});

test("how lattices were made larger is said as it was", () => {
  const said = (upsamplingMethod: "mosaic" | "copy") => isingReport({ ...syntheticData(), upsamplingMethod });
  const [mosaic, copy] = [said("mosaic"), said("copy")];
  for (const [text, own, other] of [
    [
      mosaic,
      ["at once from tiles", "walls along their seams", "whose opposite edges are neighbours"],
      "halves <i>ρ</i>",
    ],
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
    // Roots of 1e-4 + 2e-4 · 0.2² · 7 ± 20 % and of 1e-4 + 2e-4 · 5² · 7, and 1 + 0.01 · 0.2 ± 2 %.
    expect(lead).toContain("to 1.2 %");
    const tiles = (await page.locator(".tile").allTextContents()).join("\n");
    for (const part of [
      "1.25\u00a0% ± 0.13",
      "naive\u00a019\u00a0%",
      "best possible (sampling): 0.95\u00a0%",
      "1.002 ± 0.020",
    ])
      expect(tiles).toContain(part);
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
    expect(await page.locator("#accuracy summary", { hasText: "All scores" }).textContent()).toEndWith(", 16 rows");
    // A matrix per score, methods by sides from large to small: 1e-4 + 2e-4 · 5² · (64/ℓ − 1).
    const naive = await Promise.all([0, 1, 2, 3].map((score) => cells("accuracy", score, 2)));
    const values = naive.map((row) => row.slice(1).map(writtenNumber));
    expect(naive.map(([name]) => name)).toEqual(["Naive", "Naive", "Naive", "Naive"]);
    expect(values[0].map((value) => Number(value.toPrecision(2)))).toEqual([1e-4, 5.1e-3, 0.015, 0.035]);
    expect(values[1].map((value) => Number(value.toPrecision(2)))).toEqual([4e-5, 2e-3, 6e-3, 0.014]);
    expect(values.slice(2)).toEqual([
      [1, 2, 4, 8],
      [0.5, 0.5, 0.5, 0.5],
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
      ...["domain-wall density ρ", "8", "3", "64", "0.104 ± 0.010", "(6.16 ± 0.62)×10⁻³", "1.5×10⁻³"],
    ]);
    const [mean, ...means] = await cells("costs", 0, 0);
    expect([mean, ...means.map(writtenNumber)]).toEqual(["Mean of m", 0.7251, 0.7249, 0.725032]);
    // 1.4e8 + 4.3e9 + 1.3e8.
    expect(await cells("costs", 0, 2)).toEqual(["Site updates to learn", "4.57×10⁹", "—", "—"]);
    expect(await cells("costs", 0, 3)).toEqual(["Site updates of the runs", "0", "8.00×10⁹", "—"]);
    expect(await cells("costs", 0, 7)).toEqual(["Time of the runs [s]", "0.840", "1,310", "—"]);
    const guide = defined(await page.locator(".guide").textContent());
    for (const part of ["over 512 predicted runs", "that of 2,000 direct simulations"]) expect(guide).toContain(part);
  });

  test("snapshots stand in rows, spin by spin", async () => {
    const data = syntheticData();
    const { page } = await browser.open(isingReport(data));
    const rows = page.locator("#snapshots .pictures");
    expect(await rows.count()).toBe(2);
    const said = data.pictures[1].map(({ title, spins }) => {
      const m = (2 * spins.reduce((sum, up) => sum + up, 0)) / spins.length - 1;
      return `${title}, m = ${m.toFixed(3).replace("-", "−")}`;
    });
    expect(await rows.nth(1).locator("p").allTextContents()).toEqual(said);
    const tops = await rows
      .nth(0)
      .locator("img")
      .evaluateAll((all) => all.map((img) => img.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(1);
    const { red } = await pixelsOf(rows.nth(1).locator("img").nth(2));
    expect(red.map((value) => Number(value < 128))).toEqual(Array.from(data.pictures[1][2].spins));
  });
});
