/**
 * A headless Chromium for tests of reports: the one PATCHWISE_CHROMIUM names, an installed one, or the one that
 * @sparticuz/chromium carries (Linux on x64).
 */
import { afterAll, afterEach } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import axe from "axe-core";
import { type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { defined, temporaryFolder } from "./fixtures.ts";

const NAMES = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser"];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const LAUNCH_TIMEOUT = 30_000;

interface TestBrowser {
  context: BrowserContext;
  /** The file that runs, for messages. */
  executable: string;
  close(): Promise<void>;
}

function installed(): string[] {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const named = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const all = [process.env.PATCHWISE_CHROMIUM ?? "", "/usr/bin/chromium", ...named];
  return [...new Set(all)].filter((path) => path !== "" && existsSync(path));
}

/** Unpacks the carried browser into `folder`, with the libraries (NSS, expat) that a bare system lacks in `folder`/lib. */
function unpackCarried(folder: string): string | undefined {
  if (platform() !== "linux" || arch() !== "x64") return undefined;
  const bin = new URL("../bin/", import.meta.resolve("@sparticuz/chromium"));
  const source = (name: string) => fileURLToPath(new URL(name, bin));
  if (!existsSync(source("chromium.br"))) return undefined;
  const executable = join(folder, "chromium");
  writeFileSync(executable, brotliDecompressSync(readFileSync(source("chromium.br"))));
  chmodSync(executable, 0o755);
  const libraries = brotliDecompressSync(readFileSync(source("al2023.tar.br")));
  spawnSync("tar", ["-x", "-C", folder], { input: libraries });
  return executable;
}

async function launch(executable: string, folder: string, libraries?: string): Promise<TestBrowser> {
  const profile = mkdtempSync(join(folder, "profile-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    headless: true,
    timeout: LAUNCH_TIMEOUT,
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
    env: { ...process.env, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) },
  });
  // What runs in a page is sent as text and does not see this module.
  await context.addInitScript({ content: `globalThis.defined = ${defined}` });
  const close = async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { context, executable, close };
}

/** The first browser that starts, or the reasons why none does; close it at the end. */
async function openChromium(): Promise<TestBrowser | { reasons: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "patchwise-chromium-"));
  const reasons: string[] = [];
  const attempt = async (executable: string, libraries?: string) => {
    try {
      return await launch(executable, folder, libraries);
    } catch (error) {
      reasons.push(`${executable}: ${String(error).split("\n")[0]}`);
      return undefined;
    }
  };
  for (const executable of installed()) {
    const browser = await attempt(executable);
    if (browser) return browser;
  }
  const carried = unpackCarried(folder);
  const browser = carried && (await attempt(carried, join(folder, "lib")));
  if (browser) return browser;
  if (reasons.length === 0) reasons.push("no Chromium is installed, and @sparticuz/chromium has none for this machine");
  rmSync(folder, { recursive: true, force: true });
  return { reasons };
}

/** A page on a report's file; `problems` collects console errors, exceptions and requests beyond the file itself. */
export interface OpenReport {
  page: Page;
  problems: string[];
}

/** What the tests of a file see of its browser. */
export interface ReportBrowser {
  /** No browser runs here: the tests that need one skip. */
  missing: boolean;
  /** Opens a report from a file, 1280 pixels wide and light; the page is closed after the test. */
  open(text: string): Promise<OpenReport>;
}

/** A browser for the tests of a file, closed after them. Says which one runs, or why none does. */
export async function reportBrowser(): Promise<ReportBrowser> {
  const browser = await openChromium();
  if ("reasons" in browser) {
    console.warn(`no browser runs here, the tests in a browser are skipped:\n  ${browser.reasons.join("\n  ")}`);
    const open = () => Promise.reject(new Error("no browser"));
    return { missing: true, open };
  }
  console.log(`reports are opened in ${browser.executable}`);
  const folder = temporaryFolder("report");
  const pages: Page[] = [];
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });
  afterAll(() => browser.close());
  let files = 0;
  const open = async (text: string) => {
    const page = await browser.context.newPage();
    pages.push(page);
    return openReport(page, join(folder, `${files++}.html`), text);
  };
  return { missing: false, open };
}

/** Writes the report to `path` and opens it. */
async function openReport(page: Page, path: string, text: string): Promise<OpenReport> {
  writeFileSync(path, text);
  const problems: string[] = [];
  page.on("console", (message) => {
    const ours = message.text().includes("willReadFrequently"); // these tests read the canvases, reports do not
    if (["error", "warning"].includes(message.type()) && !ours) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (url !== pathToFileURL(path).href && !url.startsWith("data:")) problems.push(`request of ${url}`);
  });
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(pathToFileURL(path).href);
  await drawn(page);
  return { page, problems };
}

/** The size of a picture in its own pixels, and how red each is, 0 … 255, row by row. */
export function pixelsOf(picture: Locator): Promise<{ width: number; height: number; red: number[] }> {
  return picture.evaluate(async (node) => {
    const image = node as HTMLImageElement;
    await image.decode();
    const canvas = document.createElement("canvas");
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    [canvas.width, canvas.height] = [width, height];
    const context = defined(canvas.getContext("2d"));
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, red: Array.from({ length: width * height }, (_, i) => data[4 * i]) };
  });
}

/** Opens the panels that figures keep folded, and waits until they are drawn. */
export async function unfold(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll<HTMLDetailsElement>("details.folded")) details.open = true;
  });
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".plot")].every((plot) => plot.querySelector("canvas")),
  );
}

/** Waits until all figures are drawn, after loading and after a change of theme. */
async function drawn(page: Page): Promise<void> {
  const isDone = () => !document.querySelector("figure.chart") || document.documentElement.dataset.drawn !== undefined;
  await page.waitForFunction(isDone);
}

/** What axe finds against a page that keeps people from reading it: its rules of serious or critical impact, with the first element of each. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run({ resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`);
  });
}
type Axe = typeof axe;

/** For every plot that is drawn: its figure, and how many of its canvas' pixels have the ink of the series drawn last. */
export async function inkOfPlots(page: Page): Promise<{ figure: string; ink: number; width: number }[]> {
  await drawn(page);
  return page.evaluate(() => {
    const style = getComputedStyle(document.documentElement);
    return [...document.querySelectorAll<HTMLElement>("figure.chart")].flatMap((figure) => {
      const data = JSON.parse(defined(defined(figure.querySelector("script")).textContent));
      return [...figure.querySelectorAll<HTMLElement>(".plot")].flatMap((plot, i) => {
        const canvas = plot.querySelector("canvas");
        if (!canvas) return []; // folded
        const name = data.panels[i].series.at(-1).ink;
        const hex = style.getPropertyValue(`--ink-${name}`).trim();
        const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
        const { data: rgba } = defined(canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height);
        let ink = 0;
        for (let k = 0; k < rgba.length; k += 4) {
          if (rgba[k] === r && rgba[k + 1] === g && rgba[k + 2] === b && rgba[k + 3] === 255) ink++;
        }
        return { figure: figure.id, ink, width: canvas.getBoundingClientRect().width };
      });
    });
  });
}
