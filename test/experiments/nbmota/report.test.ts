// The NbMoTa report from synthetic data: what every report must be, and what stands in its figures and tables.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { NbMoTaReportData } from "../../../lib/experiments/nbmota/data.ts";
import { SITE_KINDS } from "../../../lib/experiments/nbmota/pictures.ts";
import { nbmotaReport } from "../../../lib/experiments/nbmota/report.ts";
import { readHead } from "../../../lib/report/gallery.ts";
import { single } from "../../../lib/run/seeds.ts";
import { pixelsOf, reportBrowser } from "../../chromium.ts";
import { defined } from "../../fixtures.ts";
import { testReport, withoutLists, withoutNumbers } from "../../report/every-report.ts";
import { syntheticData } from "./synthetic.ts";

setDefaultTimeout(60_000);

const PLOTS_PER_FIGURE = {
  order: 6,
  potential: 3,
  "cost-by-atoms": 1,
  relaxation: 3,
  "relaxation-error": 2,
  spread: 1,
  pit: 9,
  memory: 3,
  "trade-off": 1,
  distillation: 1,
  errors: 1,
  degree: 1,
  barriers: 2,
  affinity: 1,
};
const SETTINGS = ["result", "atoms", "side", "temperature", "T", "cells", "cohorts", "folds"];

const browser = await reportBrowser();

/** The same run with nothing measured. */
function emptied(data: NbMoTaReportData): NbMoTaReportData {
  const nothing = single(Number.NaN);
  return { ...withoutLists(data), exponents: { learned: nothing, direct: nothing } };
}

testReport(
  {
    report: nbmotaReport,
    data: syntheticData,
    title: "NbMoTa",
    plots: PLOTS_PER_FIGURE,
    missing: { "nothing measured": emptied, NaN: (data) => withoutNumbers(data, SETTINGS) },
    rename(data, text) {
      data.barriers = data.coordinates = text;
      data.order[0].pair = text;
      data.errors[1].method = data.methods[1].method = text;
      data.surroundings[0].kind = data.barrierLaws[0].name = text;
      Object.assign(data.pictures[0], { title: text });
    },
  },
  browser,
);

test("the gallery shows its headline and curves", () => {
  const head = readHead(nbmotaReport(syntheticData()));
  expect(head.description).toContain("learned from jumps of single vacancies");
  expect(head.description).toContain("by 4.4 % of the order");
  expect(head.thumbnail).toContain("<polyline");
});

/** The rows of the tables of a section, cell by cell, tables one after the other. */
function tablesOf(id: string, data = syntheticData()): string[][][] {
  const [, section] = defined(nbmotaReport(data).match(new RegExp(`<section id="${id}".*?>(.*?)</section>`, "s")));
  return [...section.matchAll(/<table>(.*?)<\/table>/gs)].map(([, table]) =>
    [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
      [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell.replace(/<[^>]*>/g, "")),
    ),
  );
}

test("all numbers stand as temperatures by pairs: of this run, of direct simulation where there is one, and of the paper", () => {
  const tables = tablesOf("comparison");
  expect(tables.map((table) => table.length - 1)).toEqual([5, 4, 5]);
  const [ours, direct] = tables;
  expect(ours[0].slice(0, 3)).toEqual(["T [K]", "δ of NbNb", "δ of NbMo"]);
  expect(ours.map(([T]) => T).slice(1)).toEqual(["800", "1,000", "1,400", "2,000", "3,000"]);
  // (j − 2.5) 400 / T of the second pair at 2,000 K.
  expect(direct[3][2]).toBe("−0.300 ± 0.020");
});

test("what vacancies see stands as temperatures by kinds of lattices, with the numbers as given", () => {
  const [rates, distances] = tablesOf("surroundings");
  expect(rates.map((row) => row.length)).toEqual([8, 8, 8]);
  expect(rates[0].slice(5)).toEqual([
    "shift: Copies of one lattice",
    "shift: Tiles",
    "shift: Vacancies at random sites",
  ]);
  expect(rates[2].slice(0, 3)).toEqual(["3,000", "12.000 ± 0.040", "11.980 ± 0.040"]);
  expect(rates[2].slice(5, 7)).toEqual(["−0.020 ± 0.050", "−0.040 ± 0.050"]);
  expect(distances[1].slice(0, 5)).toEqual(["1,000", "0.020", "0.040", "0.060", "0.020"]);
});

test("times have a unit in which they are numbers above one", () => {
  const report = nbmotaReport(syntheticData());
  expect(report).toContain("time [ns]");
  expect(report).not.toContain("time [s]");
});

describe.skipIf(browser.missing)("in a browser", () => {
  test("pictures of lattices have the colours of their atoms", async () => {
    const { page } = await browser.open(nbmotaReport(syntheticData()));
    const { width, height, red } = await pixelsOf(page.locator("#slices img").first());
    expect([width, height]).toEqual([33, 17]);
    // What the synthetic picture has at the place, in the colour of its kind.
    const shades = SITE_KINDS.map(({ color }) => color[0]);
    expect(red.filter((value) => !shades.includes(value))).toEqual([]);
    expect(new Set(red).size).toBe(3);
  });

  test("a temperature without direct simulation says so", async () => {
    const { page } = await browser.open(nbmotaReport(syntheticData()));
    const rows = await page.locator("#equation tbody tr").allTextContents();
    const clock = rows.filter((row) => row.endsWith("yes") || row.includes("too slow"));
    expect(clock.length).toBe(5);
    expect(clock.find((row) => row.startsWith("800"))).toContain("too slow");
    expect(clock.find((row) => row.startsWith("1,000"))).toContain("yes");
  });
});

test("on a logarithmic axis no bar of an error leaves the frame, and seeds are points", () => {
  const data = syntheticData();
  const [{ points }] = data.errors;
  for (const one of points) Object.assign(one, { low: -1, high: 2, seeds: [0.01, 0.02, 0.03] });
  const [, json] = defined(
    nbmotaReport(data).match(/<figure class="chart" id="errors".*?<script type="application\/json">(.*?)<\/script>/s),
  );
  const { panels, columns } = JSON.parse(json);
  const [ours] = panels[0].series.filter(({ name }: { name: string }) => name === "Learned");
  expect(columns[ours.low].every((low: number | null) => low === null)).toBe(true);
  const [seeds] = panels[0].series.filter(({ name }: { name: string }) => name === "Single seeds");
  expect(columns[seeds.y]).toHaveLength(3 * points.length);
});

describe("captions say what there is", () => {
  const caption = (id: string, data = syntheticData()) => {
    const [text] = defined(
      nbmotaReport(data).match(new RegExp(`<figure class="chart" id="${id}".*?</figcaption>`, "s")),
    );
    return text.replace(/<script.*?<\/script>/gs, "");
  };

  test("how many relaxations lattices waited for, and that fewer than two are no equilibrium", () => {
    const waiting = (...waited: number[]) => {
      const data = syntheticData();
      data.clock = data.clock.slice(0, waited.length).map((one, k) => ({ ...one, waited: waited[k] }));
      return caption("order", data);
    };
    expect(waiting(1, 1)).toContain("Short-range order after 1.0 relaxations");
    expect(waiting(1, 1)).toContain("about exp(−1.0) = 37 % is left");
    expect(waiting(1.5, 3)).toContain("Short-range order after 1.5 to 3.0 relaxations");
    expect(waiting(1.5, 3)).toContain("at most about exp(−1.5) = 22 % is left");
    expect(waiting(2, 3)).toContain("Short-range order in equilibrium");
    expect(waiting(2, 3)).toContain("at most about exp(−2.0) = 14 % is left");
  });

  test("which power of T the order of Mo and Ta falls like, of the data", () => {
    const data = syntheticData();
    const order = defined(data.order.find(({ pair }) => pair === "MoTa"));
    const fall = (power: number) => {
      for (const one of order.learned) Object.assign(one, { value: 600 * one.temperature ** power });
      return caption("order", data);
    };
    expect(fall(-1.5)).toContain("as T to the power −1.5 does");
    expect(fall(-1)).toContain("as T to the power −1.0 does");
    expect(fall(0.5)).not.toContain("to the power");
  });

  test("bars and lost temperatures where there are any", () => {
    const data = syntheticData();
    expect(caption("errors", data)).toContain("Bars are 95 % intervals");
    expect(nbmotaReport(data)).toContain("“Lost”");
    data.errors = data.errors.slice(0, 1);
    data.methods = data.methods.slice(0, 1);
    for (const one of data.errors[0].points) Object.assign(one, { low: Number.NaN, high: Number.NaN });
    expect(caption("errors", data)).not.toContain("ars are");
    expect(caption("errors", data)).not.toContain("Comparisons");
    expect(nbmotaReport(data)).not.toContain("“Lost”");
  });

  test("the ways of making lattices large that were taken", () => {
    const data = syntheticData();
    expect(caption("barriers", data)).toContain("made large of copies of one lattice and of tiles of several");
    data.barrierLaws = data.barrierLaws.filter(({ name }) => name !== "tiles");
    expect(caption("barriers", data)).toContain("made large of copies of one lattice, at the start");
  });

  test("that minima move out where they do, and by how much barriers violate detailed balance", () => {
    const data = syntheticData();
    expect(caption("potential", data)).toContain("The colder, the farther from disorder it is least");
    expect(caption("potential", data)).toContain(": 0.12 to 0.16 eV");
    for (const { curves } of data.potentials) Object.assign(curves[0], { order: curves[0].order.map((x) => x / 10) });
    expect(caption("potential", data)).not.toContain("The colder");
  });

  test("how many neighbours of Mo are Ta where it is coldest", () => {
    const data = syntheticData();
    const order = defined(data.order.find(({ pair }) => pair === "MoTa"));
    Object.assign(order.direct[0], { value: 2 });
    expect(nbmotaReport(data)).toContain("direct simulation 4.67 at 1,000\u00a0K");
  });
});
