// The section in which a page integrates an equation, in a headless Chromium: what a reader does, and what then is seen.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import { type LiveEquation, liveSection } from "../../lib/report/live-equation.ts";
import { page as htmlPage } from "../../lib/report/page.ts";
import { barriers, reportBrowser } from "../chromium.ts";
import { defined } from "../fixtures.ts";
import { range } from "../numbers.ts";
import { liveOf, SIZE, solved } from "./live.ts";

setDefaultTimeout(60_000);

/** What a report may weigh more for its equation. */
const MOST_BYTES = 40_000;
/** Runs of an ensemble; standard deviations of so many are known to 1/√(2 · 199). */
const RUNS = 200;

const browser = await reportBrowser();

function pageOf(live: LiveEquation | null): string {
  const sections = [liveSection(live, "Drag the start.")].filter(({ body }) => body !== false);
  return htmlPage({ title: "Live", subtitle: "", description: "", sections });
}

/** A section of a plane, with closure variables behind it, that is also known from two starts of a test. */
function planar(): LiveEquation {
  const model = solved(4, 3);
  return { ...liveOf(model, 2), starts: [startAt(0.4), startAt(-0.4)] };
}

/** A start of a test, with something that is true from it. */
function startAt(x: number) {
  const times = range(101, (k) => k / 25);
  const moments = range(2, (j) => ({
    mean: Float64Array.from(times, (t) => 10 * j + x * Math.exp(-t)),
    std: Float64Array.from(times, (t) => 0.1 - (0.05 + 0.01 * x) * Math.exp(-t)),
  }));
  return { title: `from ${x}`, z: [x, 10.2], truth: { times, moments } };
}

test("a page without an equation carries none of its script, and one without a script says so", () => {
  const [without, live] = [pageOf(null), pageOf(planar())];
  expect(without).not.toContain("live-");
  expect(live.match(/class="live-off">[^<]*does not run here/g)?.length).toBe(1);
  expect(live).toContain('<div class="live-body" hidden>');
});

test("an equation of four variables and degree five, with seven starts of a test, is light", () => {
  const base = planar();
  const live = { ...base, equations: [{ ...base.equations[0], model: solved(4, 5) }] };
  const all = pageOf({ ...live, starts: range(7, (k) => startAt(k / 10)) });
  expect(Buffer.byteLength(all) - Buffer.byteLength(pageOf(null))).toBeLessThan(MOST_BYTES);
});

describe.skipIf(browser.missing)("in a browser", () => {
  /** Opened and scrolled to, with its first runs finished. */
  async function opened(live: LiveEquation, { calm = true, width = 1280 } = {}) {
    const { page, problems } = await browser.open(pageOf(live));
    await page.setViewportSize({ width, height: 900 });
    if (calm) await page.emulateMedia({ reducedMotion: "reduce" });
    await page.reload();
    await page.locator(".live-plane").scrollIntoViewIfNeeded();
    await told(page, "");
    return { page, problems };
  }

  /** The result, when it is another than before. */
  async function told(page: Page, before: string): Promise<string> {
    const result = page.locator(".live-result");
    await page.waitForFunction(
      (old) => {
        const text = document.querySelector(".live-result")?.textContent ?? "";
        return text !== "" && text !== old;
      },
      before,
      { timeout: 30_000 },
    );
    return defined(await result.textContent());
  }

  /** Standard deviation of the first variable. */
  const spreadIn = (text: string) => Number(defined(/± ([\d.]+)/.exec(text))[1]);

  async function setRange(page: Page, name: string, value: number) {
    await page.locator(`input[name=${name}]`).evaluate((input, to) => {
      (input as HTMLInputElement).value = String(to);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, value);
  }

  const typed = (page: Page, j: number) =>
    page.locator(`input[type=number][data-variable="${j}"]`).inputValue().then(Number);

  test.each([
    ["a line", 1],
    ["a plane", 2],
    ["three variables", 3],
  ])("%s: runs appear, with their mean and spread in words, in light and dark", async (_, d) => {
    const { page, problems } = await opened(liveOf(solved(d), d));
    const text = await told(page, "");
    expect(text).toStartWith("At time 4 sweeps: z1 = ");
    expect(text).toContain(`of ${RUNS} runs`);
    expect(await page.locator(".live-off").isVisible()).toBe(false);
    const drawn = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLCanvasElement>(".live canvas")].map((canvas) => {
          const { data } = defined(canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height);
          const probe = document.createElement("i");
          probe.style.color = getComputedStyle(document.documentElement).getPropertyValue("--ink-compensator");
          document.body.append(probe);
          const ink = defined(getComputedStyle(probe).color.match(/\d+/g)).map(Number);
          probe.remove();
          let count = 0;
          for (let k = 0; k < data.length; k += 4)
            if (data[k + 3] > 60 && ink.every((c, i) => Math.abs(data[k + i] - c) < 60)) count++;
          return count;
        }),
      );
    const light = await drawn();
    expect(light.length).toBe(d === 1 ? 6 : 2 * (1 + d));
    // Of every pair of canvases the one or the other shows the runs.
    expect(light.filter((count) => count > 100).length).toBeGreaterThanOrEqual(light.length / 2);
    await page.click("#theme");
    await page.waitForTimeout(200);
    expect((await drawn()).filter((count) => count > 100).length).toBeGreaterThanOrEqual(light.length / 2);
    expect(problems).toEqual([]);
  });

  test("keys, pointer, slider and number move the start", async () => {
    const { page, problems } = await opened(planar());
    let text = await told(page, "");
    expect(text).toContain("true: ");
    const mark = page.locator(".live-handle");
    await mark.focus();
    await mark.press("ArrowRight");
    expect(await typed(page, 0)).toBeCloseTo(0.44, 5);
    await mark.press("Shift+ArrowDown");
    expect(await typed(page, 1)).toBeCloseTo(10, 5);
    expect(await mark.getAttribute("aria-valuetext")).toBe("z1 = 0.44, z2 = 10");
    expect(await mark.getAttribute("aria-label")).toBe("Start: variable 1 z1 and variable 2 z2, moved by arrow keys");
    text = await told(page, text);
    expect(text).not.toContain("true: "); // of a start of the reader's own
    expect(await page.locator("select").inputValue()).toBe("");
    const box = defined(await page.locator(".live-plane .u-over").boundingBox());
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.5 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.25 * box.width, box.y + 0.25 * box.height, { steps: 4 });
    await page.mouse.up();
    // The frame reaches from 3 % below to 3 % above the range.
    expect(await typed(page, 0)).toBeWithin(-0.56, -0.5);
    expect(await typed(page, 1)).toBeWithin(10.5, 10.56);
    text = await told(page, text);
    await page.locator('input[type=number][data-variable="0"]').fill("0.7");
    expect(Number(await page.locator("input[name=z0]").inputValue())).toBeCloseTo(0.7, 2);
    text = await told(page, text);
    await page.locator("select").selectOption("1");
    expect(await typed(page, 0)).toBeCloseTo(-0.4, 5);
    expect(await told(page, text)).toContain("true: ");
    expect(problems).toEqual([]);
  });

  test("a system 16 times as large spreads a quarter as much, and a new noise is another", async () => {
    const { page, problems } = await opened(liveOf(solved(2), 2));
    const first = await told(page, "");
    await setRange(page, "size", 4);
    expect(await page.locator("output[name=size]").textContent()).toBe((16 * SIZE).toLocaleString("en"));
    const large = await told(page, first);
    await setRange(page, "size", -4);
    const small = await told(page, large);
    // The same noise: the ratio is exact but for the digits told, and what is not linear.
    expect(spreadIn(first) / spreadIn(large)).toBeWithin(3.7, 4.3);
    expect(spreadIn(small) / spreadIn(first)).toBeWithin(3, 4.6);
    await page.click("button[name=noise]");
    expect(await told(page, small)).not.toBe(small);
    expect(problems).toEqual([]);
  });

  test("a finger that scrolls leaves the start where it is, one that taps sets it down", async () => {
    const { page } = await opened(planar());
    const finger = (types: string[]) =>
      page.locator(".live-plane .u-over").evaluate((over, list) => {
        const { left, top, width, height } = over.getBoundingClientRect();
        const at = { clientX: left + 0.75 * width, clientY: top + 0.25 * height };
        for (const type of list)
          over.dispatchEvent(new PointerEvent(type, { pointerType: "touch", pointerId: 7, bubbles: true, ...at }));
      }, types);
    await finger(["pointerdown", "pointermove", "pointercancel"]);
    expect(await typed(page, 0)).toBeCloseTo(0.4, 5);
    await finger(["pointerdown", "pointerup"]);
    expect(await typed(page, 0)).toBeWithin(0.5, 0.56);
  });

  test("equations of other steps have times of their own, and another potential a frame of its own", async () => {
    const base = liveOf(solved(1), 1);
    const [{ model }] = base.equations;
    if (model.drift.kind !== "polynomial") throw new Error("drifts of the test are solved");
    const times = (values: Float64Array) => values.map((x) => 3 * x);
    const drift = { ...model.drift, coefficients: times(model.drift.coefficients), slope: times(model.drift.slope) };
    const { page, problems } = await opened({
      ...base,
      equations: [
        { ...base.equations[0], value: 1 },
        { model: { ...model, drift }, dt: 0.02, scheme: "heun", value: 2 },
      ],
      setting: { symbol: "T", unit: "K", at: 1 },
    });
    /** The ticks of the potential, as pixels. */
    const ticks = () =>
      page.evaluate(() => {
        const canvas = defined(document.querySelector<HTMLCanvasElement>(".live-plane canvas"));
        const left = defined(document.querySelector<HTMLElement>(".live-plane .u-over")).offsetLeft;
        const width = left * (canvas.width / canvas.clientWidth);
        return defined(canvas.getContext("2d")).getImageData(0, 0, width, canvas.height).data.join();
      });
    const clock = () =>
      page
        .locator("input[name=clock]")
        .evaluate((input) => [(input as HTMLInputElement).value, (input as HTMLInputElement).max]);
    const [first, before] = [await told(page, ""), await ticks()];
    expect(await clock()).toEqual(["80", "80"]);
    await setRange(page, "setting", 1);
    // 200 steps, of which every other one is kept.
    expect(await told(page, first)).toStartWith("At time 4 sweeps: z1 = ");
    expect(await clock()).toEqual(["100", "100"]);
    expect((await ticks()) === before).toBe(false);
    expect(problems).toEqual([]);
  });

  test("what is outside the training data is said", async () => {
    const base = liveOf(solved(2), 2);
    const wide = base.variables.map((one) => ({ ...one, low: one.low - 2, high: one.high + 2 }));
    const { page } = await opened({ ...base, variables: wide });
    const first = await told(page, "");
    expect(first).not.toContain("outside the training data");
    await page.locator('input[type=number][data-variable="0"]').fill("2.9");
    expect(await told(page, first)).toContain("This start is outside the training data");
    expect(await page.locator(".live-handle.astray").count()).toBe(1);
  });

  test("time passes by itself, unless the reader wants calm, and stops at the end", async () => {
    const { page, problems } = await opened(liveOf(solved(1), 1), { calm: false });
    await page.waitForFunction(() => defined(document.querySelector("button[name=play]")).textContent === "Pause");
    await page.click("button[name=play]");
    const at = Number(await page.locator("input[name=clock]").inputValue());
    expect(at).toBeLessThan(80);
    await setRange(page, "clock", 80);
    await page.click("button[name=play]"); // from the end: from the beginning
    await page.waitForFunction(
      () => Number((document.querySelector("input[name=clock]") as HTMLInputElement).value) < 80,
    );
    const calm = await opened(liveOf(solved(1), 1));
    expect(await calm.page.locator("button[name=play]").textContent()).toBe("Play");
    expect(await calm.page.locator("input[name=clock]").inputValue()).toBe("80");
    expect(problems).toEqual([]);
  });

  test("on a narrow screen nothing sticks out, nor keeps readers of keys and screen readers out; paper shows nothing of it", async () => {
    const { page } = await opened(planar(), { width: 390 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>(".live *")]
        .filter((node) => !node.closest(".live-handle, option") && node.getBoundingClientRect().right > 391)
        .map((node) => node.outerHTML.slice(0, 80)),
    );
    expect(outside).toEqual([]);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await barriers(page)).toEqual([]);
    }
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#live").isVisible()).toBe(false);
  });
});
