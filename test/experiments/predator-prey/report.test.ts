// The predator–prey report and the marks it brought: paths, arrows, bands of levels, vertical lines. Whole pages in a
// headless Chromium with synthetic data; without a browser those tests skip and say why.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { PredatorPreyReportData } from "../../../lib/experiments/predator-prey/data.ts";
import { predatorPreyReport } from "../../../lib/experiments/predator-prey/report.ts";
import { chart } from "../../../lib/report/chart.ts";
import type { ChartData } from "../../../lib/report/chart-data.ts";
import type { ChartSpec, Series } from "../../../lib/report/chart-spec.ts";
import { arrowScale, spreadOut } from "../../../lib/report/figures/drift-field.ts";
import { readHead } from "../../../lib/report/gallery.ts";
import { page as htmlPage } from "../../../lib/report/page.ts";
import { single } from "../../../lib/run/seeds.ts";
import { inkOfPlots, type OpenReport, openChromium, openReport } from "../../chromium.ts";
import { defined } from "../../fixtures.ts";
import { syntheticData } from "./synthetic.ts";

const MAX_BYTES = 1_000_000;
const PLOTS_PER_FIGURE = {
  "mmd-lambda": 1,
  profiles: 3,
  spectra: 2,
  "mean-u": 9,
  "mean-v": 9,
  "std-u": 9,
  "std-v": 9,
  "mean-error": 4,
  "phase-portraits": 9,
  "drift-field": 1,
  "kramers-moyal": 4,
  "closure-1": 2,
  "closure-2": 2,
  "mmd-closures": 1,
  "mmd-time": 2,
};
const HOSTILE = `<img src=x onerror="document.title='hit'"></script><b>'&amp;`;
/** Pixels of its own colour that a drawn curve has at least. */
const DRAWN = 60;
const BROWSER_TIMEOUT = 60_000;

const folder = mkdtempSync(join(tmpdir(), "patchwise-report-"));
const browser = await openChromium();
const noBrowser = "reasons" in browser;
if (noBrowser)
  console.warn(`no browser runs here, the tests in a browser are skipped:\n  ${browser.reasons.join("\n  ")}`);

afterAll(async () => {
  if (!noBrowser) await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(text: string, name: string): Promise<OpenReport> {
  if ("reasons" in browser) throw new Error("no browser");
  return openReport(browser, join(folder, `${name}.html`), text);
}

/** The same run with nothing measured, with null where that is allowed; and with nothing but NaN. */
function emptied(data: PredatorPreyReportData): PredatorPreyReportData {
  const lists = Object.entries(data).filter(([, value]) => Array.isArray(value));
  return {
    ...data,
    ...Object.fromEntries(lists.map(([key]) => [key, []])),
    spaceTime: null,
    driftField: null,
    mmdFloor: { times: [], mean: [], low: [], high: [], overall: single(NaN), bias: NaN },
    meanFloor: Number.NaN,
    stdFloor: Number.NaN,
  };
}
function withoutNumbers(data: PredatorPreyReportData): PredatorPreyReportData {
  const settings = ["result", "points", "patch", "patches", "ensemble", "lambda"];
  const strip = (value: unknown, key = ""): unknown => {
    if (settings.includes(key)) return value;
    if (typeof value === "number") return Number.NaN;
    if (ArrayBuffer.isView(value)) return new Float32Array(value.byteLength / 4).fill(Number.NaN);
    if (Array.isArray(value)) return value.map((item) => strip(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, strip(item, name)]));
  };
  return strip(data) as PredatorPreyReportData;
}

test("the report is small, the same every time, and has no way out", () => {
  const text = predatorPreyReport(syntheticData());
  expect(Buffer.byteLength(text)).toBeLessThan(MAX_BYTES);
  expect(predatorPreyReport(syntheticData())).toBe(text);
  expect(text).not.toMatch(/(?:src|href)="(?!data:|#)/);
  const head = readHead(text);
  expect(head.description).toStartWith(
    "Learned from snapshots of 100 grid points and the motion of patches of 40, 1/5 of the system",
  );
  expect(head.thumbnail).toContain("<polyline");
});

describe("arrows", () => {
  // A square lattice of spacing 0.1 with arrows of length 2 to the right: drawn at 0.9 of the spacing.
  const bases = Array.from({ length: 81 }, (_, i) => [0.1 * (i % 9), 0.1 * Math.floor(i / 9)] as const);
  const [x, y] = [bases.map(([at]) => at), bases.map(([, at]) => at)];
  const field = (size: number): Series => ({ name: "", ink: "naive", x, y, dx: x.map(() => size), dy: x.map(() => 0) });

  test("of a lattice nearly reach their neighbours, whatever the unit of the vectors", () => {
    expect(2 * arrowScale([field(2)])).toBeCloseTo(0.09, 10);
    expect(arrowScale([field(20)])).toBeCloseTo(arrowScale([field(2)]) / 10, 10);
  });

  test("of two series share one scale, set by the longer", () => {
    expect(arrowScale([field(2), field(0.01)])).toBeCloseTo(arrowScale([field(2)]), 10);
  });

  test("in a crowd are set apart, and all kept on a lattice", () => {
    expect(spreadOut(x, y)).toHaveLength(x.length);
    // A cluster of 400 points in a hundredth of the frame leaves one, beside the two corners that make the frame.
    const crowd = Array.from({ length: 400 }, (_, i) => 0.5 + 0.01 * Math.sin(i));
    expect(spreadOut([0, 1, ...crowd, Number.NaN], [0, 1, ...crowd, 0.5])).toEqual([0, 1, 2]);
  });

  test("that cannot be drawn have scale 1", () => {
    expect(arrowScale([])).toBe(1);
    expect(arrowScale([field(0)])).toBe(1);
    expect(arrowScale([field(Number.NaN)])).toBe(1);
  });
});

test("the frame holds the tips of arrows, and panels of one x share its range", () => {
  const arrow: Series = { name: "a", ink: "naive", draw: "arrows", x: [0], y: [0], dx: [3], dy: [-2] };
  const line: Series = { name: "b", ink: "naive", x: [0, 100], y: [0, 1] };
  const path: Series = { name: "c", ink: "naive", draw: "path", x: [0, -5, 0], y: [0, 1, 2] };
  const panels = [{ series: [arrow] }, { series: [path] }, { series: [line], x: { label: "other" } }];
  const vectors = { dx: "", dy: "", scale: 2 };
  const text = { id: "c", title: "", caption: "", alt: "" };
  const markup = chart({ ...text, x: { label: "x" }, y: { label: "y" }, panels, arrows: vectors }).toString();
  const data: ChartData = JSON.parse(defined(/<script[^>]*>(.*)<\/script>/.exec(markup))[1]);
  const [first, second, third] = data.panels.map((panel) => panel.x.range);
  expect(first).toEqual(second);
  expect(defined(first)[0]).toBeLessThan(-5);
  expect(defined(first)[1]).toBeGreaterThan(6);
  expect(third).toBeUndefined(); // uPlot's own business
  expect(data.panels[0].range[0]).toBeLessThan(-4);
});

const FRAME: [number, number] = [-1, 1];

/** A page with one chart of one panel, −1 … 1 both ways. */
function onePanel(panel: ChartSpec["panels"][number], extra: Partial<ChartSpec> = {}): string {
  const axis = { label: "x", range: FRAME };
  const text = { id: "c", title: "t", caption: "", alt: "" };
  const body = chart({ ...text, x: axis, y: { ...axis, label: "y" }, panels: [panel], ...extra });
  return htmlPage({ title: "", subtitle: "", description: "", sections: [{ id: "s", title: "", body }] });
}

/** Opaque pixels of `ink` (or any ink, if null) in a box of the first plot, given in its frame of −1 … 1. */
function inkIn(page: Page, ink: string | null, [left, right]: number[], [bottom, top]: number[]): Promise<number> {
  return page.evaluate(
    ([name, x0, x1, y0, y1]) => {
      const canvas = defined(document.querySelector<HTMLCanvasElement>(".plot canvas"));
      const over = defined(document.querySelector<HTMLElement>(".plot .u-over"));
      const ratio = canvas.width / canvas.clientWidth;
      const place = (value: number, start: number, size: number) =>
        Math.round((start + ((value + 1) / 2) * size) * ratio);
      const [a, b] = [x0, x1].map((value) => place(value as number, over.offsetLeft, over.offsetWidth));
      const [c, d] = [-(y1 as number), -(y0 as number)].map((value) => place(value, over.offsetTop, over.offsetHeight));
      const hex = getComputedStyle(document.documentElement).getPropertyValue(`--ink-${name}`).trim();
      const rgb = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
      const { data } = defined(canvas.getContext("2d")).getImageData(a, c, b - a, d - c);
      let count = 0;
      for (let k = 0; k < data.length; k += 4) {
        if (name === null ? data[k + 3] > 0 : data[k + 3] === 255 && rgb.every((part, i) => part === data[k + i]))
          count++;
      }
      return count;
    },
    [ink, left, right, bottom, top] as const,
  );
}

describe.skipIf(noBrowser)("in a browser", () => {
  test(
    "every plot is drawn, in light and dark, without an error or a request",
    async () => {
      const { page, problems } = await open(predatorPreyReport(syntheticData()), "report");
      const light = await inkOfPlots(page);
      expect(light.filter((plot) => plot.ink < DRAWN)).toEqual([]);
      const counts = Object.groupBy(light, (plot) => plot.figure);
      expect(Object.fromEntries(Object.entries(counts).map(([id, all]) => [id, defined(all).length]))).toEqual(
        PLOTS_PER_FIGURE,
      );
      await page.click("#theme");
      expect((await inkOfPlots(page)).filter((plot) => plot.ink < DRAWN)).toEqual([]); // in the dark theme's inks
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "numbers stand in the lead and the tables as given",
    async () => {
      const data = syntheticData();
      const { page } = await open(predatorPreyReport(data), "numbers");
      const lead = defined(await page.locator(".lead").textContent()).replace(/\s+/g, " ");
      // 0.004 + 0.003·0.3 and its interval, 0.06 + 0.02·0.3, in percent; the floors 0.0038 and 0.055.
      for (const part of ["0.490 ± 0.065 %", "0.38 %", "6.6 ± 1.1 %", "5.5 %", "0.0410 ± 0.0040"])
        expect(lead).toContain(part);
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
      expect(await page.locator("#run").textContent()).toContain(
        "npm run predator-prey -- --profile synthetic --seed 1",
      );
      expect(await page.locator("th:not([scope]), img:not([alt])").count()).toBe(0);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "on a narrow screen nothing sticks out",
    async () => {
      const { page, problems } = await open(predatorPreyReport(syntheticData()), "narrow");
      await page.setViewportSize({ width: 360, height: 800 });
      await page.waitForFunction(() => [...document.querySelectorAll("canvas")].every((c) => c.clientWidth < 340));
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      const outside = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("main *")]
          .filter((node) => node.getBoundingClientRect().right > 361)
          .filter((node) => node.matches("caption") || !node.closest(".scroll, pre, .u-over"))
          .map((node) => node.outerHTML.slice(0, 80)),
      );
      expect(outside).toEqual([]);
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "missing numbers leave gaps, not errors",
    async () => {
      for (const [name, make] of Object.entries({ emptied, withoutNumbers })) {
        const { page, problems } = await open(predatorPreyReport(make(syntheticData())), name);
        expect(await page.evaluate(() => document.documentElement.dataset.drawn)).toBeDefined();
        for (const plot of await page.locator(".plot").all()) {
          await plot.focus();
          await plot.press("ArrowRight");
        }
        expect(problems).toEqual([]);
        const texts = await page.locator("main :is(p, th, td, h3, h4, figcaption, button, caption)").allTextContents();
        expect(texts.join("\n")).not.toMatch(/NaN|undefined|Infinity|null/);
        await page.close();
      }
    },
    BROWSER_TIMEOUT,
  );

  test(
    "names from outside are shown, not run",
    async () => {
      const data = syntheticData();
      data.closure = HOSTILE;
      for (const item of [data.profiles[0], data.comparison[0]])
        Object.assign(item, { title: HOSTILE, quantity: HOSTILE });
      data.spectra[1].name = data.spectrumRatios[0].name = data.spectrumRatios[0].band = HOSTILE;
      data.closureVariables[0].closure = data.closureVariables[0].variables[0].title = HOSTILE;
      data.kramersMoyal[0].quantity = data.kramersMoyal[0].along = data.costs[0].note = HOSTILE;
      const { page, problems } = await open(predatorPreyReport(data), "hostile");
      expect(await page.title()).toStartWith("Predator and prey");
      expect(await page.locator("img:not([src^='data:'])").count()).toBe(0);
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "a path is drawn in its own order and breaks where a number is missing",
    async () => {
      const angles = Array.from({ length: 81 }, (_, i) => (i * Math.PI) / 40);
      const x = angles.map((a) => 0.7 * Math.cos(a));
      const y = angles.map((a) => (a > 4.4 && a < 5 ? Number.NaN : 0.7 * Math.sin(a))); // open at the bottom
      const path: Series = { name: "a", ink: "naive", draw: "path", width: 3, x, y };
      const { page, problems } = await open(onePanel({ series: [path] }), "path");
      const top = await inkIn(page, "naive", [-0.1, 0.1], [0.6, 0.8]);
      expect(top).toBeGreaterThan(200);
      expect(await inkIn(page, "naive", [-0.8, -0.6], [-0.1, 0.1])).toBeGreaterThan(100);
      expect(await inkIn(page, "naive", [-0.4, 0.4], [-0.4, 0.4])).toBe(0); // joined in the order of x, it fills the circle
      expect(await inkIn(page, "naive", [-0.1, 0.1], [-0.8, -0.6])).toBe(0);
      // The marker at the start, (0.7, 0), is wider than the line.
      const [start, opposite] = [
        await inkIn(page, "naive", [0.6, 0.8], [-0.03, 0.03]),
        await inkIn(page, "naive", [-0.8, -0.6], [-0.03, 0.03]),
      ];
      expect(start).toBeGreaterThan(1.3 * opposite);
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "arrows lie between foot and tip, point the right way, and share a scale",
    async () => {
      const arrows = (name: string, ink: Series["ink"], at: number, length: number): Series => ({
        ...{ name, ink, draw: "arrows", width: 3 },
        x: [-0.5, 0.9, Number.NaN],
        y: [at, at, at],
        dx: [length, Number.NaN, 1],
        dy: [0, 0, 0],
      });
      const series = [arrows("long", "naive", 0.5, 4), arrows("short", "small", -0.5, 2)];
      const vectors = { dx: "drift of x", dy: "drift of y", scale: 0.25 };
      const { page, problems } = await open(onePanel({ series }, { arrows: vectors }), "arrows");
      const inkOf = (ink: string, y: number, from: number, to: number) =>
        inkIn(page, ink, [from, to], [y - 0.15, y + 0.15]);
      expect(await inkOf("naive", 0.5, -0.5, 0.5)).toBeGreaterThan(1_000); // from −0.5 to −0.5 + 4/4
      expect(await inkOf("naive", 0.5, 0.51, 1)).toBe(0);
      expect(await inkOf("naive", 0.5, -1, -0.52)).toBe(0);
      expect(await inkOf("small", -0.5, -0.1, 0)).toBeGreaterThan(100); // to −0.5 + 2/4
      expect(await inkOf("small", -0.5, 0.01, 1)).toBe(0);
      // The head is at the tip: there the arrow is broader than at its middle.
      expect(await inkOf("naive", 0.5, 0.47, 0.49)).toBeGreaterThan(1.2 * (await inkOf("naive", 0.5, 0, 0.02)));
      await page.locator(".plot").focus();
      await page.locator(".plot").press("ArrowRight");
      const readout = await page.locator(".readout").textContent();
      expect(readout).toContain("(x, y) = (−0.5, 0.5)");
      expect(readout).toContain("long (4, 0)");
      await page.click(".numbers summary");
      await page.locator(".numbers tbody tr").first().waitFor();
      const heads = await page.locator(".numbers th").allTextContents();
      expect(heads.slice(0, 4)).toEqual(["long: x", "long: y", "long: drift of x", "long: drift of y"]);
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "levels have bands, and vertical lines stand at their value",
    async () => {
      const series: Series[] = [{ name: "a", ink: "naive", x: [-1, 1], y: [-0.9, -0.9] }];
      const level = { value: 0.2, low: 0.1, high: 0.4, label: "" };
      const draw = async (extra: object, name: string) => {
        const { page } = await open(onePanel({ series, ...extra }), name);
        const ink = {
          band: await inkIn(page, null, [-0.3, -0.23], [0.12, 0.38]),
          above: await inkIn(page, null, [-0.3, -0.23], [0.45, 0.55]),
          line: await inkIn(page, null, [0.32, 0.34], [0.5, 0.95]),
        };
        await page.close();
        return ink;
      };
      const bare = await draw({}, "no-level");
      const drawn = await draw({ levels: [level], verticals: [{ value: 0.33, label: "" }] }, "level");
      expect(drawn.band).toBeGreaterThan(bare.band + 1_000);
      expect(drawn.above).toBe(bare.above);
      expect(drawn.line).toBeGreaterThan(bare.line + 50);
    },
    BROWSER_TIMEOUT,
  );

  test(
    "two paths are read at the same time, not at the same place",
    async () => {
      const t = [0, 1, 2, 3];
      const path = (name: string, ahead: number): Series => {
        const x = t.map((time) => 0.4 * (time - ahead) - 0.2);
        return { name, ink: "naive", draw: "path", t, x, y: x.map(() => 0.1 * ahead) };
      };
      const { page } = await open(onePanel({ series: [path("a", 0), path("b", 1)] }, { t: "time [s]" }), "two-paths");
      await page.locator(".plot").focus();
      await page.locator(".plot").press("ArrowRight");
      expect(await page.locator(".readout").textContent()).toBe("time = 0b (−0.6, 0.1)a (−0.2, 0)");
      await page.locator(".plot").press("ArrowRight");
      expect(await page.locator(".readout").textContent()).toBe("time = 1b (−0.2, 0.1)a (0.2, 0)");
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "phase portraits are read in the order of time, on every curve at the same time",
    async () => {
      const data = syntheticData();
      const { page, problems } = await open(predatorPreyReport(data), "phase");
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
      expect(heads.slice(0, 3)).toEqual(["True: time", "True: mean u", "True: mean v"]);
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "space–time pictures have a row per picked time, an even shape, and their range beside the bar",
    async () => {
      const data = syntheticData();
      const { points } = data;
      for (const rows of [40, 3_001]) {
        const times = Array.from({ length: rows }, (_, i) => (30 * i) / (rows - 1));
        // Earlier is brighter, further right too.
        const u = Float32Array.from(
          { length: rows * points },
          (_, i) => (i % points) / points - Math.floor(i / points) / rows,
        );
        const { page } = await open(
          predatorPreyReport({ ...data, spaceTime: { times, points, field: { u, v: u } } }),
          "space",
        );
        const shape = await page.evaluate(async () => {
          const image = defined(document.querySelector<HTMLImageElement>("#space-time img"));
          await image.decode();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          const ctx = defined(canvas.getContext("2d"));
          ctx.drawImage(image, 0, 0);
          const red = (x: number, y: number) => ctx.getImageData(x, y, 1, 1).data[0];
          const corners = [
            red(0, 0),
            red(canvas.width - 1, 0),
            red(0, canvas.height - 1),
            red(canvas.width - 1, canvas.height - 1),
          ];
          return { width: canvas.width, height: canvas.height, shown: image.height / image.width, corners };
        });
        expect(shape).toMatchObject({ width: points, height: Math.min(rows, 150) });
        expect(shape.shown).toBeCloseTo(0.75, 1);
        const [topLeft, topRight, bottomLeft, bottomRight] = shape.corners;
        expect(topRight).toBe(253); // the map's brightest end, at the right of the first row
        expect(bottomLeft).toBe(0);
        expect(Math.abs(topLeft - bottomRight)).toBeLessThan(12);
        expect(await page.locator("#space-time .scale").first().textContent()).toBe(
          rows === 40 ? "−0.9750.995" : "−1.000.995",
        );
        await page.close();
      }
    },
    BROWSER_TIMEOUT,
  );
});
