// What every report must be, whatever it shows: as text, and as a page in a headless Chromium.
import { describe, expect, test } from "bun:test";
import { readHead } from "../../lib/report/gallery.ts";
import type { RunResult } from "../../lib/run/result.ts";
import { barriers, inkOfPlots, type ReportBrowser, unfold } from "../chromium.ts";
import { syntheticTrainings } from "../experiments/synthetic.ts";
import { HOSTILE } from "./hostile.ts";

/** The gallery takes no larger ones. */
const MAX_BYTES = 1_000_000;

/** Pixels of its own colour that a drawn curve has at least, of some 500,000; narrow plots are smaller. */
export const DRAWN = 100;
export const DRAWN_NARROW = 60;

/** A report and what to expect of it. */
interface ReportUnderTest<Data> {
  report(data: Data): string;
  /** A run to show, another object at each call. */
  data(): Data;
  /** How the title starts. */
  title: string;
  /** How many plots each figure has. */
  plots: Readonly<Record<string, number>>;
  /** The run without what may be missing, by name. */
  missing: Readonly<Record<string, (data: Data) => Data>>;
  /** Puts a text wherever a name comes from outside, beside what all runs say of themselves. */
  rename(data: Data, text: string): void;
}

/** `data` with nothing in its lists, but for those named. */
export function withoutLists<Data extends object>(data: Data, but: readonly (keyof Data & string)[] = []): Data {
  const names: readonly string[] = but;
  const lists = Object.entries(data).filter(([name, value]) => Array.isArray(value) && !names.includes(name));
  return { ...data, ...Object.fromEntries(lists.map(([name]) => [name, []])) };
}

/** `data` with another value in place of every number, but for what stands under the names of settings. */
export function withoutNumbers<Data>(data: Data, settings: readonly string[], instead: unknown = Number.NaN): Data {
  const strip = (value: unknown, name = ""): unknown => {
    if (settings.includes(name)) return value;
    if (typeof value === "number") return instead;
    if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, () => instead);
    if (Array.isArray(value)) return value.map((item) => strip(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, strip(item, key)]));
  };
  return strip(data) as Data;
}

/** The plots whose last curve shows fewer pixels than a drawn one has. */
export function faint<Plot extends { ink: number }>(plots: Plot[], least = DRAWN): Plot[] {
  return plots.filter(({ ink }) => !(ink >= least));
}

/** Registers the tests that every report must pass. */
export function testReport<Data extends { result: RunResult; command: string }>(
  { report, data, title, plots, missing, rename }: ReportUnderTest<Data>,
  browser: ReportBrowser,
): void {
  test("every section has a name of its own, that on networks too", () => {
    const all = { ...data(), trainings: syntheticTrainings("all/network", "increment") };
    const names = [...report(all).matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
    expect(names).toContain("loss");
    expect(new Set(names).size).toBe(names.length);
  });

  test("the report is small, the same every time, and has no way out", () => {
    const text = report(data());
    expect(Buffer.byteLength(text)).toBeLessThan(MAX_BYTES);
    expect(report(data())).toBe(text);
    expect(text).not.toMatch(/(?:src|href)="(?!data:|#)/);
    expect(text).not.toMatch(/@import|url\((?!#)/);
  });

  test("what went wrong is said before the numbers, in the gallery too", () => {
    const shown = data();
    const well = report(shown);
    expect(well).not.toContain('<div class="warning"');
    const sentence = "the equation spends 12 % of its time elsewhere";
    shown.result.warnings = [sentence, "another < one"];
    const text = report(shown);
    const [box, lead] = ['<div class="warning" role="note">', '<p class="lead">'].map((part) => text.indexOf(part));
    expect(box).toBeGreaterThan(0);
    expect(lead).toBeGreaterThan(box);
    expect(text.slice(box, lead)).toContain(`<li>${sentence}.</li><li>another &lt; one.</li>`);
    const { description } = readHead(well);
    expect(readHead(text).description).toBe(
      `Not everything went well in this run: ${sentence}; another < one. ${description}`,
    );
  });

  describe.skipIf(browser.missing)("in a browser", () => {
    const open = (shown: Data) => browser.open(report(shown));

    test("every plot is drawn, in light and dark, without an error or a request", async () => {
      const { page, problems } = await open(data());
      await unfold(page);
      const light = await inkOfPlots(page);
      expect(faint(light)).toEqual([]);
      const counts = Object.entries(Object.groupBy(light, ({ figure }) => figure));
      expect(Object.fromEntries(counts.map(([figure, all = []]) => [figure, all.length]))).toEqual(plots);
      const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const before = await background();
      await page.click("#theme");
      expect(await background()).not.toBe(before);
      expect(faint(await inkOfPlots(page))).toEqual([]); // in the dark theme's inks
      await page.click("#theme");
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await background()).toBe(before); // the reader's choice outlives the system's
      expect(problems).toEqual([]);
    });

    test("nothing keeps readers out who use keys, a screen reader or see little contrast, wide and narrow, light and dark", async () => {
      const { page } = await open(data());
      for (const width of [1400, 390]) {
        for (const colorScheme of ["light", "dark"] as const) {
          await page.setViewportSize({ width, height: 900 });
          await page.emulateMedia({ colorScheme });
          await inkOfPlots(page); // drawn anew
          expect([width, colorScheme, await barriers(page)]).toEqual([width, colorScheme, []]);
        }
      }
    });

    test("tables have heads, pictures a text, and the run its command", async () => {
      const shown = data();
      const { page } = await open(shown);
      expect(await page.locator("th:not([scope]), img:not([alt])").count()).toBe(0);
      expect(await page.locator("#run pre").textContent()).toBe(shown.command);
      const subtitle = await page.locator(".subtitle").first().textContent();
      expect(subtitle).toContain("2026-11-28 10:03 UTC · commit 3fe419db2cef with edited files");
    });

    test("on a narrow screen nothing sticks out, and plots follow the width", async () => {
      const { page, problems } = await open(data());
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
      expect(faint(await inkOfPlots(page), DRAWN_NARROW)).toEqual([]);
      expect(problems).toEqual([]);
    });

    test.each(Object.entries(missing))("missing numbers leave gaps, not errors: %s", async (_, without) => {
      const { page, problems } = await open(without(data()));
      expect(await page.evaluate(() => document.documentElement.dataset.drawn)).toBeDefined();
      for (const plot of await page.locator(".plot").all()) {
        await plot.focus();
        await plot.press("ArrowRight");
      }
      expect(problems).toEqual([]);
      const texts = await page.locator("main :is(p, th, td, h3, h4, figcaption, button, caption)").allTextContents();
      expect(texts.filter((text) => /NaN|undefined|Infinity|null/.test(text))).toEqual([]);
    });

    test("names from outside are shown, not run", async () => {
      const shown = data();
      rename(shown, HOSTILE);
      shown.command = shown.result.adapter.name = HOSTILE;
      shown.result.parameters = { [HOSTILE]: HOSTILE };
      shown.result.warnings = [HOSTILE];
      const { page, problems } = await open(shown);
      expect(await page.title()).toStartWith(title);
      expect(await page.locator("img:not([src^='data:'])").count()).toBe(0);
      expect(await page.locator("#run pre").textContent()).toBe(HOSTILE);
      expect(problems).toEqual([]);
    });
  });
}
