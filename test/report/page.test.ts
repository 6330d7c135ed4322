// Whole reports in a headless Chromium, opened from file://, with synthetic data. Without a browser the tests skip and
// say why.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { CurieWeissReportData } from "../../lib/experiments/curie-weiss/data.ts";
import { curieWeissReport } from "../../lib/experiments/curie-weiss/report.ts";
import { chart } from "../../lib/report/chart.ts";
import { page as htmlPage } from "../../lib/report/page.ts";
import { inkOfPlots, type OpenReport, openChromium, openReport } from "../chromium.ts";
import { syntheticData } from "../experiments/curie-weiss/synthetic.ts";
import { defined } from "../fixtures.ts";

const MAX_BYTES = 3_000_000;
const PLOTS_PER_FIGURE = { errors: 1, drift: 4, "trajectories-fan": 4, "mean-error": 5, "upsampling-quality": 1 };
const HOSTILE = `<img src=x onerror="document.title='hit'"></script><b>'&amp;`;

/** Pixels of its own colour that a drawn curve has at least, of some 500,000; narrow plots are smaller. */
const DRAWN = 100;
const DRAWN_NARROW = 60;
const BROWSER_TIMEOUT = 60_000;

const folder = mkdtempSync(join(tmpdir(), "patchwise-report-"));
const browser = await openChromium();
const noBrowser = "reasons" in browser;
if (noBrowser)
  console.warn(`no browser runs here, the tests in a browser are skipped:\n  ${browser.reasons.join("\n  ")}`);
else console.log(`reports are opened in ${browser.executable}`);

afterAll(async () => {
  if (!noBrowser) await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The same run with nothing measured, and with nothing but NaN. */
function emptied(data: CurieWeissReportData): CurieWeissReportData {
  const none = { exact: { drift: [], diffusion: [] }, stationary: { m: [], exact: [], predicted: [] } };
  return {
    ...data,
    ...none,
    grid: [],
    learned: [],
    cases: [],
    errors: [],
    upsampling: [],
    pictures: [],
    comparison: [],
    floor: Number.NaN,
  };
}
function withoutNumbers(data: CurieWeissReportData): CurieWeissReportData {
  const json = JSON.stringify(data, (key, item) => {
    if (["patch", "side", "seed", "result"].includes(key) || ArrayBuffer.isView(item))
      return key === "spins" ? undefined : item;
    return typeof item === "number" ? null : item;
  });
  return { ...JSON.parse(json), pictures: data.pictures, result: data.result };
}

test("a report is small, the same every time, and has no way out", () => {
  const text = curieWeissReport(syntheticData());
  expect(Buffer.byteLength(text)).toBeLessThan(MAX_BYTES);
  expect(curieWeissReport(syntheticData())).toBe(text);
  expect(text).not.toMatch(/(?:src|href)="(?!data:|#)/);
  expect(text).not.toMatch(/@import|url\(/);
});

/** Opens a report with a page of its own, see `openReport`. */
function open(text: string, name: string): Promise<OpenReport> {
  if ("reasons" in browser) throw new Error("no browser");
  return openReport(browser, join(folder, `${name}.html`), text);
}

/** Pixels of the first plot that differ from the page's colour, in a strip of its width around `fraction` of it. */
function inkAround(page: Page, fraction: number): Promise<number> {
  return page.evaluate((at) => {
    const canvas = defined(document.querySelector<HTMLCanvasElement>(".plot canvas"));
    const over = defined(document.querySelector<HTMLElement>(".plot .u-over"));
    const ratio = canvas.width / canvas.clientWidth;
    const [left, top, width, height] = [over.offsetLeft, over.offsetTop, over.offsetWidth, over.offsetHeight];
    const x = Math.round((left + at * width) * ratio) - 4;
    const strip = defined(canvas.getContext("2d")).getImageData(x, top * ratio + 4, 8, height * ratio - 8).data;
    let ink = 0;
    for (let k = 3; k < strip.length; k += 4) if (strip[k] > 0) ink++;
    return ink;
  }, fraction);
}

describe.skipIf(noBrowser)("in a browser", () => {
  test(
    "every plot is drawn, in light and dark, without an error or a request",
    async () => {
      const { page, problems } = await open(curieWeissReport(syntheticData()), "report");
      const light = await inkOfPlots(page);
      for (const plot of light) expect(plot).toMatchObject({ ink: expect.any(Number) });
      expect(light.filter((plot) => plot.ink < DRAWN)).toEqual([]);
      for (const [figure, count] of Object.entries(PLOTS_PER_FIGURE)) {
        expect(light.filter((plot) => plot.figure === figure)).toHaveLength(count);
      }
      const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const before = await background();
      await page.click("#theme");
      expect(await background()).not.toBe(before);
      expect((await inkOfPlots(page)).filter((plot) => plot.ink < DRAWN)).toEqual([]); // in the dark theme's inks
      await page.click("#theme");
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await background()).toBe(before); // the reader's choice outlives the system's
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "numbers stand in the tables as formatted",
    async () => {
      const { page } = await open(curieWeissReport(syntheticData()), "numbers");
      const row = page.locator("#summary tbody tr", { hasText: "stationary mean" });
      expect(await row.locator("td").allTextContents()).toEqual(["8", "—", "0.48988", "0.48912", "± 0.00061"]);
      expect(await page.locator("#run").textContent()).toContain("npm run curie-weiss -- --profile synthetic --seed 1");
      expect(await page.locator(".lead").textContent()).toContain("9.4 [7.0, 12.7]×10⁻⁴");
      expect(await page.locator("th:not([scope])").count()).toBe(0);
      expect(await page.locator("img:not([alt])").count()).toBe(0);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "on a narrow screen nothing sticks out, and plots follow the width",
    async () => {
      const { page, problems } = await open(curieWeissReport(syntheticData()), "narrow");
      await page.setViewportSize({ width: 360, height: 800 });
      await page.waitForFunction(() => [...document.querySelectorAll("canvas")].every((c) => c.clientWidth < 340));
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      const outside = await page.evaluate(
        () =>
          [...document.querySelectorAll<HTMLElement>("main *")].filter(
            (node) => node.getBoundingClientRect().right > 361 && !node.closest(".scroll, pre, .u-over"),
          ).length,
      );
      expect(outside).toBe(0);
      expect((await inkOfPlots(page)).filter((plot) => plot.ink < DRAWN_NARROW)).toEqual([]);
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "print is light, whole and without controls, even from the dark theme",
    async () => {
      const { page } = await open(curieWeissReport(syntheticData()), "print");
      await page.emulateMedia({ media: "screen", colorScheme: "dark" });
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      await page.setViewportSize({ width: 688, height: 1000 }); // 182 mm
      const plots = await inkOfPlots(page);
      expect(plots.length).toBeGreaterThan(30);
      expect(plots.filter((plot) => plot.ink < DRAWN_NARROW || plot.width < 100)).toEqual([]);
      expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(
        "rgb(255, 255, 255)",
      );
      expect(await page.locator("#theme").isVisible()).toBe(false);
      const cut = await page.evaluate(
        () => [...document.querySelectorAll("canvas")].filter((c) => c.getBoundingClientRect().right > 689).length,
      );
      expect(cut).toBe(0);
      // A real print says so before its styles apply: the canvases must be light by then, and dark again after it.
      await page.emulateMedia({ media: "screen", colorScheme: "dark" });
      await page.waitForFunction(() => !document.documentElement.classList.contains("printing"));
      const naive = () =>
        page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--ink-naive"));
      const dark = await naive();
      await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
      expect(await naive()).not.toBe(dark);
      expect((await inkOfPlots(page)).filter((plot) => plot.ink < DRAWN_NARROW)).toEqual([]);
      await page.evaluate(() => dispatchEvent(new Event("afterprint")));
      expect(await naive()).toBe(dark);
      expect((await inkOfPlots(page)).filter((plot) => plot.ink < DRAWN_NARROW)).toEqual([]);
      const pdf = await page.pdf({ format: "A4", printBackground: true });
      expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
      const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
      expect(pages).toBeGreaterThan(4);
      expect(pages).toBeLessThan(14);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "keys read values, the legend hides curves, numbers open as table and CSV",
    async () => {
      const data = syntheticData();
      const { page, problems } = await open(curieWeissReport(data), "keys");
      const plot = page.locator("#errors .plot");
      await plot.focus();
      await plot.press("ArrowRight");
      const ours = defined(data.errors.find((error) => error.source === "compensator" && error.patch === 8));
      expect(await page.locator("#errors .readout").textContent()).toContain(
        "Ours (compensator) 9.4×10⁻⁴ [7.05×10⁻⁴, 1.269×10⁻³]",
      );
      const before = defined((await inkOfPlots(page)).find((one) => one.figure === "errors")).ink;
      await page.click('#errors button[data-series="Ours (compensator)"]');
      expect(defined((await inkOfPlots(page)).find((one) => one.figure === "errors")).ink).toBeLessThan(before / 10);
      await page.click("#errors summary");
      await page.locator("#errors .numbers tbody tr").first().waitFor(); // filled a moment after it opens
      expect(await page.locator("#errors .numbers tbody tr").count()).toBe(4);
      const csv = decodeURIComponent(defined(await page.locator("#errors .numbers a").getAttribute("href")));
      expect(csv).toContain(`"Ours (compensator)"`);
      expect(csv).toContain(String(Number(ours.value.toPrecision(6))));
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "hostile text is shown, not run",
    async () => {
      const data = syntheticData();
      data.result.adapter.name = HOSTILE;
      data.result.parameters = { [HOSTILE]: HOSTILE };
      data.comparison[0].quantity = HOSTILE;
      data.pictures[0].title = HOSTILE;
      data.command = HOSTILE;
      const { page, problems } = await open(curieWeissReport(data), "hostile");
      expect(await page.title()).toStartWith("Curie–Weiss model");
      expect(await page.locator("img:not([src^='data:'])").count()).toBe(0);
      expect(await page.locator("pre").textContent()).toBe(HOSTILE);
      const section = chart({
        id: "x",
        title: HOSTILE,
        caption: HOSTILE,
        alt: HOSTILE,
        x: { label: HOSTILE },
        y: { label: HOSTILE, log: 10 },
        panels: [{ title: HOSTILE, series: [{ name: HOSTILE, ink: "small", x: [1, 2], y: [1, 2] }] }],
      });
      const second = await open(
        htmlPage({
          title: HOSTILE,
          subtitle: HOSTILE,
          description: HOSTILE,
          sections: [{ id: "s", title: HOSTILE, body: section }],
        }),
        "hostile-chart",
      );
      expect(await second.page.title()).toBe(HOSTILE);
      expect(await second.page.locator("main img, main b").count()).toBe(0);
      expect((await inkOfPlots(second.page))[0].ink).toBeGreaterThan(DRAWN);
      expect([...problems, ...second.problems]).toEqual([]);
      await page.close();
      await second.page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "missing numbers leave gaps, not errors",
    async () => {
      for (const [name, make] of Object.entries({ emptied, withoutNumbers })) {
        const { page, problems } = await open(curieWeissReport(make(syntheticData())), name);
        expect(await page.evaluate(() => document.documentElement.dataset.drawn)).toBeDefined();
        expect(problems).toEqual([]);
        const texts = await page.locator("main :is(p, th, td, h3, h4, figcaption, button, caption)").allTextContents();
        expect(texts.join("\n")).not.toMatch(/NaN|undefined|Infinity|null/);
        await page.close();
      }
      const y = [1, Number.NaN, 3, 4, null, 6];
      const series = {
        name: "a",
        ink: "naive" as const,
        x: [0, 1, 2, 3, 4, 5],
        y,
        low: y,
        high: [2, 2, Number.NaN, 5, 5, 7],
      };
      const gaps = chart({
        id: "gaps",
        title: "",
        caption: "",
        alt: "",
        x: { label: "x" },
        y: { label: "y" },
        panels: [
          {
            series: [
              series,
              { ...series, name: "b", x: [0.5, 1.5], y: [2, 3], draw: "points", low: undefined, high: undefined },
            ],
          },
        ],
      });
      const { page, problems } = await open(
        htmlPage({ title: "gaps", subtitle: "", description: "", sections: [{ id: "s", title: "", body: gaps }] }),
        "gaps",
      );
      expect((await inkOfPlots(page))[0].ink).toBeGreaterThan(DRAWN);
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "a band fills what lies between its bounds, and breaks where one is missing",
    async () => {
      const x = [0, 1, 2, 3, 4];
      const line = { name: "a", ink: "naive" as const, x, y: x.map(() => 5) };
      const draw = async (series: typeof line & { low?: number[]; high?: number[] }, name: string) => {
        const y = { label: "y", range: [0, 10] as [number, number] };
        const body = chart({
          id: "c",
          title: "",
          caption: "",
          alt: "",
          x: { label: "x" },
          y,
          panels: [{ series: [series] }],
        });
        const { page } = await open(
          htmlPage({ title: name, subtitle: "", description: "", sections: [{ id: "s", title: "", body }] }),
          name,
        );
        const ink = { inside: await inkAround(page, 0.12), gap: await inkAround(page, 0.6) };
        await page.close();
        return ink;
      };
      const bare = await draw(line, "bare");
      const band = await draw({ ...line, low: [2, 2, 2, Number.NaN, 2], high: [8, 8, 8, 8, 8] }, "band");
      expect(band.inside).toBeGreaterThan(bare.inside + 1_000); // 60 % of some 550 × 8 pixels
      expect(band.gap).toBe(bare.gap); // x = 2.4 lies between 2 and the missing bound at 3
    },
    BROWSER_TIMEOUT,
  );

  test(
    "a browser of a strange locale draws too",
    async () => {
      const { page, problems } = await open("<p>empty</p>", "locale");
      await page.addInitScript(() =>
        Object.defineProperty(navigator, "language", { get: () => "en-US@posix", configurable: true }),
      );
      writeFileSync(join(folder, "locale.html"), curieWeissReport(syntheticData()));
      await page.reload();
      expect((await inkOfPlots(page)).filter((plot) => plot.ink < DRAWN)).toEqual([]);
      expect(problems).toEqual([]);
      await page.close();
    },
    BROWSER_TIMEOUT,
  );

  test(
    "pictures decode to the spins that were drawn",
    async () => {
      const { page } = await open(curieWeissReport(syntheticData()), "pictures");
      const { side, spins } = syntheticData().pictures[0];
      const dark = await page.evaluate(async () => {
        const image = defined(document.querySelector<HTMLImageElement>(".pictures img"));
        await image.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const ctx = defined(canvas.getContext("2d"));
        ctx.drawImage(image, 0, 0);
        return [...ctx.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 === 0);
      });
      expect(dark).toHaveLength(side * side);
      expect(dark.map((red) => Number(red < 128))).toEqual(Array.from(spins));
      await page.close();
    },
    BROWSER_TIMEOUT,
  );
});
