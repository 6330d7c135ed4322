// The report of a sweep from made-up runs: what stands first, what figures draw, where links lead, and as a page in a headless Chromium.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { studentQuantile } from "../../lib/analysis/student-t.ts";
import { CURIE_WEISS_TEXT } from "../../lib/experiments/curie-weiss/gallery.ts";
import { ISING_TEXT } from "../../lib/experiments/ising/gallery.ts";
import { CRITICAL_TEXT } from "../../lib/experiments/ising-critical/gallery.ts";
import { NBMOTA_TEXT } from "../../lib/experiments/nbmota/gallery.ts";
import { PREDATOR_PREY_TEXT } from "../../lib/experiments/predator-prey/gallery.ts";
import { readChart } from "../../lib/report/chart-data.ts";
import { sweepReport } from "../../lib/report/sweep/report.ts";
import { headlines, matching, offExact, settingsOf, swept } from "../../lib/report/sweep/settings.ts";
import { type Collected, collectSweep, writeCollected } from "../../lib/run/sweep/collect.ts";
import { runFolder } from "../../lib/run/sweep/plan.ts";
import { barriers, inkOfPlots, reportBrowser, unfold } from "../chromium.ts";
import { defined, ROOT, temporaryFolder } from "../fixtures.ts";
import { MAGNET, type MadeUp, madeUpSweep, metric, noise } from "../run/sweep/made-up.ts";
import { faint } from "./every-report.ts";
import { HOSTILE } from "./hostile.ts";

setDefaultTimeout(120_000);

const browser = await reportBrowser();
const root = temporaryFolder("sweep-report");
const COMMAND = "npm run sweep -- demo --T 0.7:1.3:0.1 --out DIR";
let made = 0;

function sweepOf(sweep: MadeUp): { folder: string; collected: Collected } {
  const folder = join(root, `sweep-${made++}`);
  const { plan, statuses } = madeUpSweep(folder, sweep);
  for (const { point, state } of statuses) {
    if (state === "finished") writeFileSync(join(runFolder(folder, point), "index.html"), "<p>report</p>");
    if (state !== "waiting") writeFileSync(join(folder, "logs", `${point.name}.log`), "the last words\n");
  }
  const collected = collectSweep(folder, plan, statuses);
  writeCollected(folder, collected);
  return { folder, collected };
}

const reportOf = (sweep: MadeUp, metrics?: string[]) =>
  sweepReport(sweepOf(sweep).collected, { command: COMMAND, metrics });

const WITH_FAILURES: MadeUp = {
  ...MAGNET,
  state({ values, repetition }) {
    if (values.T === "1" && values.h === "0") return { state: "failed", why: "--T 1 is critical: give another" };
    return values.T === "1.3" && repetition === 3 ? { state: "waiting" } : undefined;
  },
};
/** One numeric axis and one of choices, no exact values. */
const CHOICES: MadeUp = {
  axes: { L: ["8", "16", "32", "64", "128"], closure: ["none", "blocks"] },
  repetitions: 2,
  metrics: (point) => ({
    "error.compensator": metric(Math.exp(-5 + 2 * noise(point, 1)), { exact: 0, paper: 0.01 }),
    "outside.compensator": metric(0.01 * noise(point, 2)),
  }),
};

/** The data of a figure. */
const figureOf = (text: string, id: string) =>
  readChart(
    defined(
      new RegExp(`<figure class="chart" id="${id}".*?<script type="application/json">(.*?)</script>`, "s").exec(text),
    )[1],
  );

/** Metrics of options that a standard run does not have: --equilibrium of ising. */
const OF_OPTIONS = new Set(["magnetization.compensator.*", "magnetization.direct"]);

describe("the text", () => {
  test("says what failed, and why, before all else, then how many runs there are and what was varied", () => {
    const text = reportOf(WITH_FAILURES);
    const [box, lead] = ['<div class="warning" role="note">', '<p class="lead">'].map((part) => text.indexOf(part));
    expect(box).toBeGreaterThan(0);
    expect(lead).toBeGreaterThan(box);
    expect(text.slice(box, lead)).toContain("3 of 84 runs failed");
    expect(text.slice(box, lead)).toContain("3 runs failed: --T 1 is critical: give another (<a");
    expect(text.slice(lead)).toStartWith(
      '<p class="lead">77 of 84 runs finished (3 failed, 4 waiting). Varied: T from 0.7 to 1.3 (7 values); h = 0, 0.05, 0.1, 0.2; 3 repetitions with seeds of their own.</p>',
    );
    expect(reportOf(MAGNET)).not.toContain('class="warning"');
  });

  test("is small and the same every time; links lead to files beside it, and nowhere else", () => {
    const { folder, collected } = sweepOf(WITH_FAILURES);
    const text = sweepReport(collected, { command: COMMAND });
    expect(sweepReport(collected, { command: COMMAND })).toBe(text);
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    expect(text).not.toMatch(/src="(?!data:)|@import|url\((?!#)/);
    const links = [...text.matchAll(/href="([^"#]*)"/g)].map(([, href]) => href).filter((href) => href !== "data:,");
    expect(links.filter((href) => href.endsWith("index.html"))).toHaveLength(77);
    expect(links.filter((href) => /^tables\//.test(href))).toHaveLength(4);
    expect(links).toContain("runs/T%3D0.7_h%3D0_seed%3D1/index.html");
    expect(links.filter((href) => !existsSync(join(folder, decodeURIComponent(href))))).toEqual([]);
  });

  test("of thousands of runs is still small", () => {
    const count = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => String(from + k));
    const text = reportOf({ ...MAGNET, axes: { T: count(1, 41), h: count(0, 30) }, repetitions: 1 });
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    expect(text).toContain("All runs, 1200 rows");
    expect(text).toContain("400 more rows are in");
  });

  test("of a sweep without a finished run has its runs, and no figures", () => {
    const text = reportOf({ ...MAGNET, state: () => ({ state: "waiting" }) });
    expect(text).toContain("0 of 84 runs finished (84 waiting)");
    expect(text).not.toContain("<figure");
    const shown = text.slice(text.indexOf("<main>"), text.indexOf("</main>"));
    expect(["NaN", "undefined", "Infinity"].filter((word) => shown.includes(word))).toEqual([]);
  });
});

describe("numbers", () => {
  test("over repetitions have Student's interval; one run has its own", () => {
    const { collected } = sweepOf(MAGNET);
    const settings = settingsOf(collected);
    const [m] = swept(collected, settings, ["magnetization.learned"]);
    const at = settings.findIndex(({ values }) => values.join() === "0.9,0.1");
    const { estimate } = defined(m.at[at]);
    const values = collected.runs
      .filter(({ point }) => point.values.T === "0.9" && point.values.h === "0.1")
      .map(({ point }) => MAGNET.metrics(point)["magnetization.learned"].value);
    const mean = values.reduce((sum, x) => sum + x) / 3;
    const std = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 2);
    expect(estimate.value).toBeCloseTo(mean, 12);
    expect(estimate.high - mean).toBeCloseTo((studentQuantile(0.975, 2) * std) / Math.sqrt(3), 12);
    expect(mean - estimate.low).toBeCloseTo((studentQuantile(0.975, 2) * std) / Math.sqrt(3), 12);
    const single = sweepOf({ ...MAGNET, repetitions: 1 }).collected;
    const [own] = swept(single, settingsOf(single), ["magnetization.learned"]);
    const { value, low, high } = defined(own.at[0]).estimate;
    expect([value - low, high - value].map((x) => x.toFixed(9))).toEqual(["0.020000000", "0.020000000"]);
  });

  test("that are errors have intervals above 0, however few repetitions; others may reach below", () => {
    const { collected } = sweepOf(CHOICES);
    const settings = settingsOf(collected);
    const [error, outside] = swept(collected, settings, ["error.compensator", "outside.compensator"]);
    const lows = ({ at }: typeof error) => at.map((one) => defined(one).estimate.low);
    expect(Math.min(...lows(error))).toBeGreaterThan(0);
    // Two repetitions of a standard deviation of 2 in the logarithm: on a linear scale most would reach below 0.
    expect(error.scale).toBe("log");
    expect(Math.min(...lows(outside))).toBeLessThan(0);
    // What a perfect model would have, 0, is no truth to draw on a logarithmic scale.
    expect(error.at.map((one) => one?.exact)).toEqual(Array(10).fill(Number.NaN));
  });

  test("are off the exact one in half-widths of their interval, on the side where it lies", () => {
    const estimate = { value: 2, low: 1, high: 4 };
    expect(offExact({ estimate, exact: 3, paper: 0 }, "linear")).toBe(-0.5);
    expect(offExact({ estimate, exact: 0, paper: 0 }, "linear")).toBe(2);
    expect(offExact({ estimate, exact: 8, paper: 0 }, "log")).toBeCloseTo(-2, 12);
  });
});

describe("metrics", () => {
  test("are found by patterns, part by part, in the order of the patterns and of their numbers", () => {
    const names = ["error.ours.patch16", "error.ours.patch8", "error.naive.patch8", "error.ours.patch8.none", "m"];
    expect(matching(names, ["error.ours.*"])).toEqual(["error.ours.patch8", "error.ours.patch16"]);
    expect(matching(names, ["m", "error.*.patch8"])).toEqual(["m", "error.naive.patch8", "error.ours.patch8"]);
    expect(matching(names, ["error.ours.**"])).toEqual([
      "error.ours.patch8",
      "error.ours.patch8.none",
      "error.ours.patch16",
    ]);
    expect(matching(names, ["error"])).toEqual([]);
  });

  test("that are drawn without a pattern vary, are ours, and those known exactly come first", () => {
    const { collected } = sweepOf(MAGNET);
    expect(headlines(collected, [])).toEqual(["magnetization.learned", "error.compensator", "relaxation_time"]);
    expect(headlines(collected, ["error.*"])).toEqual(["error.compensator", "error.naive"]);
    expect(headlines(collected, ["nothing.*"])).toEqual(headlines(collected, []));
  });

  test.each(
    Object.entries({
      "curie-weiss": CURIE_WEISS_TEXT,
      "predator-prey": PREDATOR_PREY_TEXT,
      ising: ISING_TEXT,
      "ising-critical": CRITICAL_TEXT,
      nbmota: NBMOTA_TEXT,
    }),
  )("of %s that are named for figures are in its standard run", (experiment, { headlines }) => {
    const file = join(ROOT, "reports/gallery", experiment, "result.json");
    const names = Object.keys(JSON.parse(readFileSync(file, "utf8")).metrics);
    const missing = headlines.filter((pattern) => matching(names, [pattern]).length === 0);
    expect(missing.filter((pattern) => !OF_OPTIONS.has(pattern))).toEqual([]);
  });
});

describe("figures", () => {
  test("have a series for every value of the other axes, the exact values under them", () => {
    const text = reportOf(WITH_FAILURES);
    const [magnet, error] = figureOf(text, "against-1").panels;
    const names = ["h = 0", "h = 0.05", "h = 0.1", "h = 0.2"];
    expect(magnet.series.map(({ name, detail }) => [name, detail])).toEqual([
      ...names.map((name) => ["exact", name]),
      ...names.map((name) => [name, ""]),
    ]);
    expect(error.series.map(({ name }) => name)).toEqual(names);
    const { columns } = figureOf(text, "against-1");
    // T = 1 at h = 0 has failed: a gap.
    expect(columns[magnet.series[4].x]).toEqual([0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3]);
    expect(columns[magnet.series[4].y].map((y) => y === null)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
    // Seven temperatures, six series.
    expect(new Set(figureOf(text, "against-2").panels[0].series.map(({ name }) => name)).size).toBe(6 + 1);
    expect(text).toContain("In the tables is one more combination of the other axes.");
  });

  test("hold the intervals where these are wider than what differs: what looks like a trend is then noise", () => {
    const text = reportOf({
      axes: { degree: ["1", "2", "3"] },
      repetitions: 1,
      metrics: ({ values }) => ({ D: metric(0.095 + 0.0001 * Number(values.degree), { ci95: [0.089, 0.101] }) }),
    });
    expect(figureOf(text, "against-1").panels[0].y.range).toBeUndefined();
    expect(text).not.toContain("leave the frame");
  });

  test("leave out the rest of intervals of few repetitions", () => {
    const text = reportOf({
      axes: { T: ["1", "2", "3", "4"] },
      repetitions: 1,
      metrics: ({ values }) => ({
        m: metric(
          Number(values.T),
          values.T === "2" ? { ci95: [-100, 100] } : { ci95: [Number(values.T) - 0.1, Number(values.T) + 0.1] },
        ),
      }),
    });
    const [low, high] = defined(figureOf(text, "against-1").panels[0].y.range);
    expect([low, high]).toEqual([-2, 7]);
  });

  test("of choices have a series each, and lengths that are powers of two a logarithmic axis", () => {
    const text = reportOf(CHOICES);
    const { panels } = figureOf(text, "against-1");
    expect(panels[0].x).toMatchObject({ label: "L", log: 2, ticks: [8, 16, 32, 64, 128] });
    expect(panels[0].y.log).toBe(10);
    expect(new Set(panels[0].series.map(({ name }) => name))).toEqual(
      new Set(["the paper", "closure = blocks", "closure = none"]),
    );
    expect(text).not.toContain('id="against-2"');
    expect(text).not.toContain('class="heat"');
  });

  test("over two axes print every number beside the exact one, what failed left out", () => {
    const { collected } = sweepOf(WITH_FAILURES);
    const text = sweepReport(collected, { command: COMMAND, metrics: ["magnetization.learned"] });
    const maps = text.slice(0, text.indexOf("<figcaption>")).split('<div class="heat">').slice(1);
    expect(maps).toHaveLength(3);
    const cells = (map: string) => [...map.matchAll(/<td[^>]*>([^<]*)<\/td>/g)].map(([, cell]) => cell).slice(1);
    expect(maps.map((map) => cells(map).length)).toEqual([28, 28, 28]);
    expect(maps.map((map) => cells(map).filter((cell) => cell === "—").length)).toEqual([1, 1, 1]);
    // The largest field stands on top, temperatures go to the right: tanh((m + 0.2) / 0.7) = m at m = 0.9223.
    expect(cells(maps[1])[0]).toBe("0.922");
    const off = cells(maps[2])
      .filter((cell) => cell !== "—")
      .map((cell) => Number(cell.replace("−", "-")));
    const settings = settingsOf(collected);
    const [m] = swept(collected, settings, ["magnetization.learned"]);
    const at = settings.findIndex(({ values }) => values.join() === "0.7,0.2");
    expect(off[0]).toBeCloseTo(offExact(defined(m.at[at]), "linear"), 1);
    // 27 intervals that cover 95 % each: fewer than 20 do so once in 10⁵ times.
    expect(off.filter((one) => Math.abs(one) <= 1).length).toBeGreaterThanOrEqual(20);
  });
});

describe.skipIf(browser.missing)("in a browser", () => {
  test("every plot is drawn, in light and dark, without an error or a request", async () => {
    for (const sweep of [WITH_FAILURES, CHOICES]) {
      const { page, problems } = await browser.open(reportOf(sweep));
      await unfold(page);
      expect(faint(await inkOfPlots(page), 20)).toEqual([]);
      await page.click("#theme");
      expect(faint(await inkOfPlots(page), 20)).toEqual([]);
      expect(problems).toEqual([]);
    }
  });

  test("nothing keeps readers out, wide and narrow, light and dark, lists opened", async () => {
    const { page } = await browser.open(reportOf(WITH_FAILURES));
    await page.evaluate(() => {
      for (const list of document.querySelectorAll("details")) list.open = true;
    });
    for (const width of [1400, 390]) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await inkOfPlots(page);
        expect([width, colorScheme, await barriers(page)]).toEqual([width, colorScheme, []]);
      }
    }
    await page.setViewportSize({ width: 360, height: 800 });
    await page.waitForFunction(() => [...document.querySelectorAll("canvas")].every((c) => c.clientWidth < 340));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });

  test("maps keep their colours on paper, on which their numbers are to be read", async () => {
    const { page } = await browser.open(reportOf(WITH_FAILURES));
    await page.emulateMedia({ media: "print" });
    const clear = await page.evaluate(
      () =>
        [...document.querySelectorAll(".heat td[style]")].filter(
          (cell) => getComputedStyle(cell).backgroundColor === "rgba(0, 0, 0, 0)",
        ).length,
    );
    expect(await page.locator(".heat td[style]").count()).toBeGreaterThan(27);
    expect(clear).toBe(0);
  });

  test("a field leaves the rows whose names have all of its words", async () => {
    const { page, problems } = await browser.open(reportOf(MAGNET));
    await page.click("#runs summary");
    await page.getByLabel("Find runs whose names have").fill("T=0.7 seed=2");
    expect(await page.locator("#runs tbody tr:visible").count()).toBe(4);
    expect(await page.locator("#runs [role=status]").textContent()).toBe("4 of 84");
    await page.getByLabel("Find runs whose names have").fill("");
    expect(await page.locator("#runs tbody tr:visible").count()).toBe(84);
    expect(problems).toEqual([]);
  });

  test("names from outside are shown, not run", async () => {
    const { collected } = sweepOf({
      ...CHOICES,
      axes: { L: ["8", "16"], closure: [HOSTILE, "none"] },
      state: ({ values }) => (values.L === "8" ? { state: "failed", why: HOSTILE } : undefined),
    });
    const { page, problems } = await browser.open(sweepReport(collected, { command: HOSTILE }));
    expect(await page.title()).toBe("Sweep of demo over L × closure");
    expect(await page.locator("img:not([src^='data:'])").count()).toBe(0);
    expect(await page.locator(".warning").textContent()).toContain(HOSTILE);
    expect(await page.locator("#run pre").textContent()).toBe(HOSTILE);
    expect(problems).toEqual([]);
  });
});
