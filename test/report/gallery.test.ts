// scripts/gallery.ts as a user runs it, on folders of synthetic runs.
import { beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { galleryPage, readHead } from "../../lib/report/gallery.ts";
import { html } from "../../lib/report/html.ts";
import { page } from "../../lib/report/page.ts";
import { syntheticData } from "../experiments/curie-weiss/synthetic.ts";
import { temporaryFolder } from "../fixtures.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/gallery.ts", import.meta.url));
const TITLE = `A <title> & "quotes"`;

const root = temporaryFolder("gallery");
const [from, to] = [join(root, "reports"), join(root, "gallery")];

beforeEach(() => {
  for (const folder of [from, to]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(from);
});

function gallery(...args: string[]): { code: number | null; output: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });
  return { code: status, output: stdout, error: stderr };
}
const build = () => gallery("--from", from, "--to", to);

/** A finished run with a report of `bytes` or a little more. */
function addRun(experiment: string, name: string, bytes = 0): void {
  const folder = join(from, experiment, name);
  mkdirSync(folder, { recursive: true });
  const seed = Number(name.split("-")[1]);
  const result = { ...syntheticData().result, experiment, profile: "standard", seed };
  const metric = { value: 1, ci95: null, paper: 2, exact: null, unit: "1" };
  result.metrics = { "error.compensator.patch16": metric, "error.naive.patch8": metric, ...result.metrics };
  writeFileSync(join(folder, "result.json"), JSON.stringify(result));
  const sections = [{ id: "a", title: "A", body: html`<p>${"x".repeat(bytes)}</p>` }];
  const spec = {
    title: `${TITLE} ${seed}`,
    subtitle: "",
    description: "d & e",
    thumbnail: "<svg/>",
    sections,
    figures: false,
  };
  writeFileSync(join(folder, "index.html"), page(spec));
}

function files(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(html|json)$/.test(name),
  );
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

test("takes the lowest seed of each experiment and gives the same bytes again", () => {
  for (const name of ["standard-10", "standard-2", "quick-1"]) addRun("curie-weiss", name);
  addRun("ising", "standard-1");
  addRun("alloy", "quick-1");
  const { code, output } = build();
  expect(code).toBe(0);
  expect(output).toContain("curie-weiss: standard-2 (lowest seed)");
  expect(output).toContain("alloy: no finished standard run, left out");
  const first = files(to);
  expect(Object.keys(first)).toEqual([
    "curie-weiss/index.html",
    "curie-weiss/result.json",
    "index.html",
    "ising/index.html",
    "ising/result.json",
  ]);
  expect(JSON.parse(first["curie-weiss/result.json"]).seed).toBe(2);
  const index = first["index.html"];
  expect(index.indexOf("curie-weiss/index.html")).toBeLessThan(index.indexOf("ising/index.html"));
  expect(index).toContain("A &lt;title&gt; &amp; &quot;quotes&quot; 2</a>");
  expect(index).toContain(".38×10⁻³</span>");
  const metrics = [...index.matchAll(/<th scope="row">([^<]*)/g)].slice(0, 3).map((match) => match[1]);
  expect(metrics).toEqual(["error.compensator.patch8", "error.compensator.patch16", "stationary.mean.patch8"]);
  expect(index).not.toMatch(/href="(?!data:|#|curie-weiss\/|ising\/)|src="(?!data:)|20\d\d-\d\d-\d\d/);
  expect(build().code).toBe(0);
  expect(files(to)).toEqual(first);
});

test("keeps experiments on show that have no run here", () => {
  addRun("ising", "standard-1");
  expect(build().code).toBe(0);
  rmSync(join(from, "ising"), { recursive: true });
  addRun("curie-weiss", "standard-1");
  expect(build().output).toContain("ising: kept as it was");
  expect(readFileSync(join(to, "index.html"), "utf8")).toContain("ising/index.html");
});

test("bad input ends with exit code 2, one sentence, and nothing written", () => {
  const expectRefusal = (run: ReturnType<typeof gallery>, message: string) => {
    expect(run.error).toContain(message);
    expect(run.error.trim().split("\n")).toHaveLength(1);
    expect(run.code).toBe(2);
    expect(existsSync(to)).toBe(false);
  };
  expectRefusal(gallery("--form", from), "--from");
  expectRefusal(gallery("--from", join(root, "nowhere"), "--to", to), "there is no folder");
  expectRefusal(build(), "there is no finished standard run");
  addRun("ising", "standard-1");
  addRun("curie-weiss", "standard-1", 1_000_000);
  expectRefusal(build(), "the gallery takes at most 1 MB per file");
  rmSync(join(from, "curie-weiss"), { recursive: true });
  writeFileSync(join(from, "ising", "standard-1", "result.json"), "{");
  expectRefusal(build(), "is not JSON");
  writeFileSync(join(from, "ising", "standard-1", "result.json"), JSON.stringify(syntheticData().result));
  expectRefusal(build(), "is of curie-weiss, but lies in a folder of ising");
});

test("help says what it does", () => {
  const { code, output } = gallery("--help");
  expect(code).toBe(0);
  for (const word of ["--from", "--to", "lowest seed", "reports/gallery"]) expect(output).toContain(word);
});

test("the head of a report reads back", () => {
  const text = page({
    title: TITLE,
    subtitle: "",
    description: `it's "d" & <e>`,
    thumbnail: `<svg a="1"/>`,
    paperSection: "3.2",
    sections: [],
  });
  const head = { title: TITLE, description: `it's "d" & <e>`, thumbnail: `<svg a="1"/>`, paperSection: "3.2" };
  expect(readHead(text)).toEqual(head);
  expect(readHead("no page")).toEqual({ title: "", description: "", thumbnail: "", paperSection: "" });
});

test("reports stand in the order of the paper, then by name", () => {
  const exhibit = (experiment: string, paperSection: string) => ({
    href: `${experiment}.html`,
    report: { title: "", description: "", thumbnail: "", paperSection },
    result: { ...syntheticData().result, experiment },
  });
  const all = [exhibit("own", ""), exhibit("a", "3.3"), exhibit("other", ""), exhibit("b", "3.1")];
  const order = [...galleryPage(all).matchAll(/<h2><a href="(\w+)/g)].map(([, name]) => name);
  expect(order).toEqual(["b", "a", "other", "own"]);
});
