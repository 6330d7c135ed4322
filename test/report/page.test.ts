// What a page does for any report: print, keys and legends, text of others, browsers of other locales. Synthetic reports in a
// headless Chromium, opened from file://.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { curieWeissReport } from "../../lib/experiments/curie-weiss/report.ts";
import { chart } from "../../lib/report/chart.ts";
import type { ChartSpec, Series } from "../../lib/report/chart-spec.ts";
import { displayFormula } from "../../lib/report/formula.ts";
import { type Html, html } from "../../lib/report/html.ts";
import { page as htmlPage } from "../../lib/report/page.ts";
import { htmlTable } from "../../lib/report/table.ts";
import { barriers, inkOfPlots, reportBrowser } from "../chromium.ts";
import { syntheticData } from "../experiments/curie-weiss/synthetic.ts";
import { defined } from "../fixtures.ts";
import { DRAWN, DRAWN_NARROW, faint } from "./every-report.ts";
import { HOSTILE } from "./hostile.ts";

setDefaultTimeout(60_000);

const browser = await reportBrowser();

/** What the button that saves a figure as `kind` gives. */
async function savedFrom(page: Page, figure: string, kind: "CSV" | "SVG" | "PNG"): Promise<Buffer> {
  const download = page.waitForEvent("download");
  await page.click(`#${figure} .save button:has-text("${kind}")`);
  const file = await download;
  expect(file.suggestedFilename()).toBe(`${figure}.${kind.toLowerCase()}`);
  return readFileSync(await file.path());
}

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
    expect(plots.length).toBeGreaterThan(25);
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

  test("on paper the guide is open and wide tables fit, as before when it ends", async () => {
    const columns = (count: number, label: string) =>
      Array.from({ length: count }, (_, k) => ({ label: `${label} ${k}`, cell: (value: number) => value }));
    const long = { value: 1.234e-7, low: 1e-7, high: 2e-7 };
    const body = html`<details class="guide"><summary>Guide</summary><p>inside</p></details>
      ${htmlTable([12_345, 0.5], columns(12, "increments, closure autoencoder"), "Many columns")}
      ${htmlTable(
        [1, 2],
        Array.from({ length: 7 }, () => ({ label: "error", cell: () => long })),
        "Long cells",
      )}
      ${htmlTable([1, 2], columns(3, "column"), "Small")}`;
    const figure = chart({
      ...{ id: "f", title: "t", caption: "", alt: "", x: { label: "x" }, y: { label: "y" } },
      panels: [{ series: [{ name: "a", ink: "naive", x: [0, 1], y: [0, 1] }] }],
    });
    const sections = [{ id: "s", title: "t", body: html`${body}${figure}` }];
    const { page } = await browser.open(htmlPage({ title: "t", subtitle: "", description: "", sections }));
    const look = () =>
      page.evaluate(() => ({
        widths: [...document.querySelectorAll("table")].map((table) => table.getBoundingClientRect().width),
        marks: [...document.querySelectorAll("table")].map((table) => `${table.className}${table.style.cssText}`),
        room: defined(document.querySelector(".scroll")).clientWidth,
        isOpen: defined(document.querySelector<HTMLDetailsElement>(".guide")).open,
      }));
    const before = await look();
    expect(before).toMatchObject({ isOpen: false, marks: ["", "", ""] });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    const paper = await look();
    expect(paper.isOpen).toBe(true);
    expect(paper.room).toBeCloseTo((182 / 25.4) * 96, -1);
    expect(paper.widths.filter((width) => width > paper.room + 1)).toEqual([]);
    expect(paper.marks[2]).toBe("");
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    expect(await look()).toEqual(before);
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
    expect(await page.locator("#errors .numbers th").allTextContents()).toContain("Ours (compensator), 95 % from");
    const saved = await savedFrom(page, "errors", "CSV");
    const [header, ...rows] = saved.toString().trimEnd().split("\r\n");
    expect(header).toBe("figure,panel,series,detail,x_name,x,y_name,y,low,high,interval");
    const own = defined(rows.find((row) => row.includes("Ours (compensator)") && row.includes(",8,")));
    const [value, low, high] = [ours.value, ours.low, ours.high].map((x) => Number(x.toPrecision(7)));
    expect(own).toEndWith(`,${value},${low},${high},95 %`);
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

  /** A plot of many points: hidden "b" leaves "a". */
  const twoCurves = (extra: Partial<ChartSpec> = {}) => {
    const x = Array.from({ length: 1000 }, (_, i) => i / 100);
    const band = { low: x.map((at) => at - 1), high: x.map((at) => at + 1), interval: "std" } as const;
    const series: Series[] = [
      { name: "a, <first>", ink: "naive", x, y: x, ...band },
      { name: "b", ink: "small", draw: "points", x: [2, 4], y: [1, 2], low: [0.5, 1], high: [1.5, 3] },
    ];
    const text = { id: "two", title: "Two & more", caption: "", alt: "" };
    const axes = { x: { label: "time [s]" }, y: { label: "y" } };
    const body = chart({ ...text, ...axes, panels: [{ title: "p", series }], ...extra });
    return htmlPage({ title: "", subtitle: "", description: "", sections: [{ id: "s", title: "t", body }] });
  };

  test("what is dragged open stays when an entry of the legend is pressed or the theme changes; a double click gives all back", async () => {
    const { page } = await browser.open(twoCurves());
    const over = defined(await page.locator(".u-over").boundingBox());
    const at = (across: number, up: number) => [over.x + across * over.width, over.y + up * over.height] as const;
    /** What is read a tenth of the way into the frame. */
    const read = async () => {
      await page.mouse.move(...at(0.5, 0.5));
      await page.mouse.move(...at(0.1, 0.5));
      return (await page.locator(".readout > b").textContent()) ?? "";
    };
    const whole = await read();
    await page.mouse.move(...at(0.25, 0.3));
    await page.mouse.down();
    await page.mouse.move(...at(0.75, 0.7), { steps: 5 });
    await page.mouse.up();
    const zoomed = await read();
    expect(zoomed).not.toBe(whole);
    /** The ticks of y, as pixels. */
    const ticks = () =>
      page.evaluate(() => {
        const canvas = defined(document.querySelector("canvas"));
        const left = defined(document.querySelector<HTMLElement>(".u-over")).offsetLeft;
        const width = left * (canvas.width / canvas.clientWidth);
        return defined(canvas.getContext("2d")).getImageData(0, 0, width, canvas.height).data.join();
      });
    const before = await ticks();
    await page.click('.legend button[data-series="b"]');
    expect((await ticks()) === before).toBe(true);
    await page.click("#theme");
    await inkOfPlots(page);
    expect(zoomed).toMatch(/^time = 2\.[78]/); // a tenth of the way from 2.25 to 7.75
    expect(await read()).toBe(zoomed);
    await page.locator(".u-over").dblclick();
    expect(await read()).toBe(whole);
  });

  test("read-outs say what brackets are, keep within a narrow screen, and are spoken when keys move them", async () => {
    const { page, problems } = await browser.open(twoCurves());
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(() => defined(document.querySelector("canvas")).clientWidth < 380);
    await page.locator(".plot").focus();
    for (const key of ["ArrowRight", "ArrowLeft"]) {
      await page.locator(".plot").press(key);
      const box = defined(await page.locator(".readout").boundingBox());
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(390);
    }
    await page.click('.legend button[data-series="b"]');
    await page.locator(".plot").focus();
    await page.locator(".plot").press("Escape");
    await page.locator(".plot").press("ArrowRight");
    expect(await page.locator(".readout").textContent()).toContain("[ ] mean ± 1 standard deviation");
    expect(await page.locator("[aria-live=polite]").textContent()).toBe(
      "time = 0: a, <first> 0 [−1, 1]. [ ] mean ± 1 standard deviation",
    );
    expect(problems).toEqual([]);
  });

  test("a figure is saved as SVG and PNG in the colours of paper, with title, legend and all that is shown", async () => {
    const { page, problems } = await browser.open(twoCurves());
    await page.click("#theme"); // dark
    const both = (await savedFrom(page, "two", "SVG")).toString();
    await page.click('.legend button[data-series="b"]');
    const one = (await savedFrom(page, "two", "SVG")).toString();
    const look = (text: string) =>
      page.evaluate((svg) => {
        const root = new DOMParser().parseFromString(svg, "image/svg+xml");
        const inks = (selector: string) => root.querySelectorAll(selector).length;
        return {
          errors: inks("parsererror"),
          texts: [...root.querySelectorAll("text")].map((node) => node.textContent),
          first: Math.max(
            ...[...root.querySelectorAll('svg svg path[stroke="#d15400"]')].map(
              (node) => node.getAttribute("d")?.split("L").length ?? 0,
            ),
          ),
          second: inks('svg svg [stroke="#b0568b"]'),
          paper: defined(root.querySelector("rect")).getAttribute("fill"),
          variables: svg.match(/var\(|currentColor|undefined|NaN/g)?.length ?? 0,
        };
      }, text);
    const [whole, without] = [await look(both), await look(one)];
    expect(whole).toMatchObject({ errors: 0, paper: "#ffffff", variables: 0 });
    for (const text of ["Two & more", "p", "a, <first>", "b", "time [s]", "y"]) expect(whole.texts).toContain(text);
    expect(whole.first).toBeGreaterThan(100); // points of the line
    expect(whole.second).toBeGreaterThan(0);
    expect(without.texts).not.toContain("b");
    expect(without.second).toBe(0);
    const png = await savedFrom(page, "two", "PNG");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(2000);
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark"); // as before
    expect(problems).toEqual([]);
  });

  test("a CSV says what it leaves out", async () => {
    const { page } = await browser.open(twoCurves());
    const lines = (await savedFrom(page, "two", "CSV")).toString().trimEnd().split("\r\n");
    expect(lines.length).toBe(1 + 300 + 2);
    expect(lines[0]).toBe("figure,panel,series,detail,x_name,x,y_name,y,low,high,interval,thinned_from");
    expect(lines[1]).toBe('two,p,"a, <first>",,time [s],0,y,0,-1,1,std,1000');
    expect(lines.at(-1)).toBe("two,p,b,,time [s],4,y,2,1,3,95 %,");
  });

  test("a title is a link to its figure, by keys too", async () => {
    const { page } = await browser.open(twoCurves());
    await page.locator("#two h3 a").press("Enter");
    expect(page.url()).toEndWith("#two");
  });

  test("tables can be reached by keys where they scroll, and only there; a barrier is found", async () => {
    const columns = Array.from({ length: 8 }, (_, k) => ({ label: `column ${k}`, cell: (value: number) => value }));
    const formula = displayFormula(Array.from({ length: 20 }, (_, k) => `x_{${k}}`).join("+"));
    const body = html`${htmlTable([12_345, 0.5], columns, "Wide")}${formula}`;
    const text = htmlPage({ title: "t", subtitle: "", description: "", sections: [{ id: "s", title: "t", body }] });
    const { page } = await browser.open(text);
    const scroller = page.locator(".scroll").first();
    await page.waitForFunction(() => !document.querySelector(".scroll[tabindex]"));
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(() => document.querySelectorAll(".scroll[tabindex]").length === 2);
    expect(await scroller.getAttribute("aria-label")).toBe("Table: Wide");
    expect(await page.locator(".formula").getAttribute("aria-label")).toBe("Formula");
    expect(await barriers(page)).toEqual([]);
    const first = page.locator("tbody tr").first().locator("td").first();
    const before = defined(await first.boundingBox()).x;
    await scroller.evaluate((node) => node.scrollTo(200, 0));
    expect(defined(await first.boundingBox()).x).toBe(before); // the first column stays
    await scroller.evaluate((node) => node.removeAttribute("tabindex"));
    expect((await barriers(page)).join()).toContain("scrollable-region-focusable");
  });
});
