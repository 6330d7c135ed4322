// What a page does for any report: print, keys and legends, text of others, browsers of other locales. Synthetic reports in a
// headless Chromium, opened from file://.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { curieWeissReport } from "../../lib/experiments/curie-weiss/report.ts";
import { chart } from "../../lib/report/chart.ts";
import type { Html } from "../../lib/report/html.ts";
import { page as htmlPage } from "../../lib/report/page.ts";
import { inkOfPlots, reportBrowser } from "../chromium.ts";
import { syntheticData } from "../experiments/curie-weiss/synthetic.ts";
import { defined } from "../fixtures.ts";
import { DRAWN, DRAWN_NARROW, faint } from "./every-report.ts";
import { HOSTILE } from "./hostile.ts";

setDefaultTimeout(60_000);

const browser = await reportBrowser();

test("a page whose elements share an id is refused, text that looks like one is not", () => {
  const spec = (id: string, body: Html) => ({
    ...{ title: "", subtitle: "", description: "" },
    sections: [{ id, title: "t", body }],
  });
  const figure = chart({
    ...{ id: "errors", title: 'id="errors"', caption: ' id="errors"', alt: "" },
    ...{
      x: { label: 'id="errors"' },
      y: { label: "" },
      panels: [{ series: [{ name: "a", ink: "naive", x: [], y: [] }] }],
    },
  });
  expect(htmlPage(spec("accuracy", figure))).toContain('id="errors"');
  expect(() => htmlPage(spec("errors", figure))).toThrow("the same id: errors");
});

describe.skipIf(browser.missing)("in a browser", () => {
  test("print is light, whole and without controls, even from the dark theme", async () => {
    const { page } = await browser.open(curieWeissReport(syntheticData()));
    await page.emulateMedia({ media: "screen", colorScheme: "dark" });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await page.setViewportSize({ width: 688, height: 1000 }); // 182 mm
    const plots = await inkOfPlots(page);
    expect(plots.length).toBeGreaterThan(30);
    expect([...faint(plots, DRAWN_NARROW), ...plots.filter(({ width }) => width < 100)]).toEqual([]);
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
    const naive = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--ink-naive"));
    const dark = await naive();
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    expect(await naive()).not.toBe(dark);
    expect(faint(await inkOfPlots(page), DRAWN_NARROW)).toEqual([]);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    expect(await naive()).toBe(dark);
    expect(faint(await inkOfPlots(page), DRAWN_NARROW)).toEqual([]);
    const pdf = await page.pdf({ format: "A4", printBackground: true });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(4);
    expect(pages).toBeLessThan(18);
  });

  test("keys read values, the legend hides curves, numbers open as table and CSV", async () => {
    const data = syntheticData();
    const { page, problems } = await browser.open(curieWeissReport(data));
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
  });

  test("hostile text is shown, not run, wherever a page takes text", async () => {
    const section = chart({
      id: "x",
      title: HOSTILE,
      caption: HOSTILE,
      alt: HOSTILE,
      x: { label: HOSTILE },
      y: { label: HOSTILE, log: 10 },
      panels: [{ title: HOSTILE, series: [{ name: HOSTILE, ink: "small", x: [1, 2], y: [1, 2] }] }],
    });
    const sections = [{ id: "s", title: HOSTILE, body: section }];
    const text = htmlPage({ title: HOSTILE, subtitle: HOSTILE, description: HOSTILE, sections });
    const { page, problems } = await browser.open(text);
    expect(await page.title()).toBe(HOSTILE);
    expect(await page.locator("main img, main b").count()).toBe(0);
    expect((await inkOfPlots(page))[0].ink).toBeGreaterThan(DRAWN);
    expect(problems).toEqual([]);
  });

  test("a browser of a strange locale draws too", async () => {
    const { page, problems } = await browser.open("<p>empty</p>");
    await page.addInitScript(() =>
      Object.defineProperty(navigator, "language", { get: () => "en-US@posix", configurable: true }),
    );
    writeFileSync(fileURLToPath(page.url()), curieWeissReport(syntheticData()));
    await page.reload();
    expect(faint(await inkOfPlots(page))).toEqual([]);
    expect(problems).toEqual([]);
  });
});
