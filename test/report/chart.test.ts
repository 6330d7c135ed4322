// Charts of one panel in a headless Chromium: where there is ink, and what keys read. Whole pages: page.test.ts.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import { chart } from "../../lib/report/chart.ts";
import type { ChartData } from "../../lib/report/chart-data.ts";
import type { ChartSpec, Series } from "../../lib/report/chart-spec.ts";
import { page as htmlPage } from "../../lib/report/page.ts";
import { inkOfPlots, reportBrowser, unfold } from "../chromium.ts";
import { defined } from "../fixtures.ts";
import { DRAWN } from "./every-report.ts";

setDefaultTimeout(60_000);

const browser = await reportBrowser();

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

describe.skipIf(browser.missing)("in a browser", () => {
  test("missing numbers leave gaps, not errors", async () => {
    const y = [1, Number.NaN, 3, 4, null, 6];
    const line: Series = {
      ...{ name: "a", ink: "naive", x: [0, 1, 2, 3, 4, 5] },
      ...{ y, low: y, high: [2, 2, Number.NaN, 5, 5, 7] },
    };
    const points: Series = { name: "b", ink: "naive", draw: "points", x: [0.5, 1.5], y: [2, 3] };
    const { page, problems } = await browser.open(
      onePanel({ series: [line, points] }, { x: { label: "x" }, y: { label: "y" } }),
    );
    expect((await inkOfPlots(page))[0].ink).toBeGreaterThan(DRAWN);
    expect(problems).toEqual([]);
  });

  test("a band fills what lies between its bounds, and breaks where one is missing", async () => {
    const x = [0, 1, 2, 3, 4];
    const line: Series = { name: "a", ink: "naive", x, y: x.map(() => 5) };
    const draw = async (series: Series) => {
      const { page } = await browser.open(
        onePanel({ series: [series] }, { x: { label: "x" }, y: { label: "y", range: [0, 10] } }),
      );
      const around = (place: number) => inkIn(page, null, [place - 0.015, place + 0.015], [-0.98, 0.98]);
      return { inside: await around(-0.76), gap: await around(0.2) };
    };
    const bare = await draw(line);
    const band = await draw({ ...line, low: [2, 2, 2, Number.NaN, 2], high: [8, 8, 8, 8, 8] });
    expect(band.inside).toBeGreaterThan(bare.inside + 1_000); // 60 % of some 550 × 8 pixels
    expect(band.gap).toBe(bare.gap); // x = 2.4 lies between 2 and the missing bound at 3
  });

  test("a path is drawn in its own order and breaks where a number is missing", async () => {
    const angles = Array.from({ length: 81 }, (_, i) => (i * Math.PI) / 40);
    const x = angles.map((a) => 0.7 * Math.cos(a));
    const y = angles.map((a) => (a > 4.4 && a < 5 ? Number.NaN : 0.7 * Math.sin(a))); // open at the bottom
    const path: Series = { name: "a", ink: "naive", draw: "path", width: 3, x, y };
    const { page, problems } = await browser.open(onePanel({ series: [path] }));
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
  });

  test("arrows lie between foot and tip, point the right way, and share a scale", async () => {
    const arrows = (name: string, ink: Series["ink"], at: number, length: number): Series => ({
      ...{ name, ink, draw: "arrows", width: 3 },
      x: [-0.5, 0.9, Number.NaN],
      y: [at, at, at],
      dx: [length, Number.NaN, 1],
      dy: [0, 0, 0],
    });
    const series = [arrows("long", "naive", 0.5, 4), arrows("short", "small", -0.5, 2)];
    const vectors = { dx: "drift of x", dy: "drift of y", scale: 0.25 };
    const { page, problems } = await browser.open(onePanel({ series }, { arrows: vectors }));
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
  });

  test("levels have bands, and vertical lines stand at their value", async () => {
    const series: Series[] = [{ name: "a", ink: "naive", x: [-1, 1], y: [-0.9, -0.9] }];
    const level = { value: 0.2, low: 0.1, high: 0.4, label: "" };
    const draw = async (extra: object) => {
      const { page } = await browser.open(onePanel({ series, ...extra }));
      return {
        band: await inkIn(page, null, [-0.3, -0.23], [0.12, 0.38]),
        above: await inkIn(page, null, [-0.3, -0.23], [0.45, 0.55]),
        line: await inkIn(page, null, [0.32, 0.34], [0.5, 0.95]),
      };
    };
    const bare = await draw({});
    const drawn = await draw({ levels: [level], verticals: [{ value: 0.33, label: "" }] });
    expect(drawn.band).toBeGreaterThan(bare.band + 1_000);
    expect(drawn.above).toBe(bare.above);
    expect(drawn.line).toBeGreaterThan(bare.line + 50);
  });

  test("two paths are read at the same time, not at the same place", async () => {
    const t = [0, 1, 2, 3];
    const path = (name: string, ahead: number): Series => {
      const x = t.map((time) => 0.4 * (time - ahead) - 0.2);
      return { name, ink: "naive", draw: "path", t, x, y: x.map(() => 0.1 * ahead) };
    };
    const { page } = await browser.open(onePanel({ series: [path("a", 0), path("b", 1)] }, { t: "time [s]" }));
    await page.locator(".plot").focus();
    await page.locator(".plot").press("ArrowRight");
    expect(await page.locator(".readout").textContent()).toBe("time = 0b (−0.6, 0.1)a (−0.2, 0)");
    await page.locator(".plot").press("ArrowRight");
    expect(await page.locator(".readout").textContent()).toBe("time = 1b (−0.2, 0.1)a (0.2, 0)");
  });

  test("folded panels stand below the others, are drawn when opened with the same axes, and stay closed in print", async () => {
    const line = (high: number): Series => ({ name: "a", ink: "naive", width: 3, x: [0, 1], y: [0, high] });
    const panels = [
      { title: "hidden", series: [line(1)], folded: true },
      { title: "shown", series: [line(4)] },
    ];
    const { page, problems } = await browser.open(
      onePanel(panels[0], { panels, x: { label: "x" }, y: { label: "y" } }),
    );
    expect(await page.locator("h4").allTextContents()).toEqual(["shown", "hidden"]);
    expect(await page.locator(".folded summary").textContent()).toBe("1 more panel");
    expect((await inkOfPlots(page)).length).toBe(1);
    await unfold(page);
    const [shown, hidden] = await inkOfPlots(page);
    expect(hidden.ink).toBeGreaterThan(DRAWN);
    expect(hidden.ink).toBeLessThan(shown.ink); // a line of a quarter of the height
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("h4", { hasText: "hidden" }).isVisible()).toBe(false);
    expect(problems).toEqual([]);
  });

  test("arrows too short to see are crosses, not dots", async () => {
    const arrows: Series = { name: "a", ink: "naive", draw: "arrows", width: 1.5, x: [0], y: [0], dx: [1e-6], dy: [0] };
    const { page } = await browser.open(onePanel({ series: [arrows] }, { arrows: { dx: "", dy: "", scale: 1 } }));
    const box = (x: number, y: number) => inkIn(page, "naive", [x - 0.001, x + 0.001], [y - 0.004, y + 0.004]);
    const arm = 0.002; // a pixel of some 1,000
    expect(await inkIn(page, "naive", [-0.01, 0.01], [-0.02, 0.02])).toBeGreaterThan(5);
    const [corner, side] = [await inkIn(page, "naive", [arm, 4 * arm], [0.006, 0.03]), await box(0, 0.016)];
    expect(corner).toBeGreaterThan(0);
    expect(side).toBe(0); // between the arms, where a dot of that size has ink
  });

  test("bars and points that leave the frame end in arrowheads at its edge", async () => {
    const points = (y: number, low: number, high: number): Series => ({
      ...{ name: "a", ink: "naive", draw: "points", x: [0] },
      ...{ y: [y], low: [low], high: [high] },
    });
    const top = async (series: Series) => {
      const { page } = await browser.open(onePanel({ series: [series] }));
      const strip = (from: number, to: number) => inkIn(page, "naive", [-0.04, 0.04], [from, to]);
      return { edge: await strip(0.96, 0.985), shaft: await strip(0.8, 0.825), bottom: await strip(-1, -0.95) };
    };
    const leaving = await top(points(0, 0, 3));
    expect(leaving.edge).toBeGreaterThan(2 * leaving.shaft);
    expect(leaving.shaft).toBeGreaterThan(0);
    const within = await top(points(0, 0, 0.99));
    expect(within.edge).toBeLessThan(1.2 * within.shaft); // the cap is above the strip
    const outside = await top(points(5, 4, 6));
    expect(outside.edge).toBeGreaterThan(0);
    expect(outside.shaft).toBe(0);
    expect((await top(points(-5, -6, -4))).bottom).toBeGreaterThan(0);
  });

  /** All texts of the plot as it is drawn anew: their boxes in CSS pixels, and the frame. */
  const textsOf = (page: Page) =>
    page.evaluate(async () => {
      const canvas = defined(document.querySelector<HTMLCanvasElement>(".plot canvas"));
      const over = defined(document.querySelector<HTMLElement>(".plot .u-over"));
      const ratio = canvas.width / canvas.clientWidth;
      const boxes = new Map<string, number[]>();
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function (text: string, x: number, y: number) {
        const size = this.measureText(text);
        const at = this.getTransform();
        const ends = [-size.actualBoundingBoxLeft, size.actualBoundingBoxRight].map((end) => {
          const point = at.transformPoint({ x: x + end, y });
          return { x: point.x / ratio, y: point.y / ratio };
        });
        const [xs, ys] = [ends.map((end) => end.x), ends.map((end) => end.y)];
        boxes.set(text, [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]);
        fillText.call(this, text, x, y);
      };
      for (let k = 0; k < 2; k++) {
        defined(document.querySelector<HTMLElement>(".legend button")).click(); // hides the curve, and shows it
        await new Promise((resolve) => setTimeout(resolve, 0)); // uPlot draws when its caller has returned
      }
      CanvasRenderingContext2D.prototype.fillText = fillText;
      const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = over;
      return {
        boxes: Object.fromEntries(boxes),
        frame: [left, left + width, top, top + height],
        canvas: [0, canvas.clientWidth, 0, canvas.clientHeight],
      };
    });
  const isWithin = (box: number[], [left, right, top, bottom]: number[]) =>
    box[0] >= left - 1 && box[1] <= right + 1 && box[2] >= top - 1 && box[3] <= bottom + 1;

  test.each([1280, 390])("titles, ticks and labels of lines are whole, %d pixels wide", async (width) => {
    const series: Series[] = [{ name: "a", ink: "naive", x: [0, 1_000_000], y: [1, 2] }];
    const verticals = [{ value: 990_000, label: "near the right edge" }];
    const levels = [{ value: 1.99, label: "a level with a label near the upper edge" }];
    const long = "a title of an axis, longer than the side of a low plot [unit]";
    const text = onePanel(
      { series, verticals, levels },
      { x: { label: "x", range: [0, 1_000_000] }, y: { label: long, range: [1, 2] }, height: 240 },
    );
    const { page } = await browser.open(text);
    await page.setViewportSize({ width, height: 900 });
    await page.waitForFunction((most) => defined(document.querySelector("canvas")).clientWidth < most, width);
    const { boxes, frame, canvas } = await textsOf(page);
    expect(Object.keys(boxes)).toContain(long);
    expect(Object.entries(boxes).filter(([, box]) => !isWithin(box, canvas))).toEqual([]);
    for (const { label } of [...verticals, ...levels]) expect(isWithin(defined(boxes[label]), frame)).toBe(true);
  });

  test("a level's label keeps clear of points", async () => {
    const points: Series = { name: "a", ink: "naive", draw: "points", x: [-0.95, -0.9, -0.85], y: [0.05, 0.05, 0.05] };
    const { page } = await browser.open(onePanel({ series: [points], levels: [{ value: 0, label: "floor" }] }));
    const { boxes, frame } = await textsOf(page);
    const [left, right, , y] = defined(boxes.floor);
    const place = (value: number) => frame[0] + ((value + 1) / 2) * (frame[1] - frame[0]);
    const above = y < (frame[2] + frame[3]) / 2;
    expect(above && left < place(-0.84) && right > place(-0.96)).toBe(false);
  });
});
