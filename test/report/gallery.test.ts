// scripts/gallery.ts as a user runs it, on folders of synthetic runs.
import { beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { galleryPage, inOrder, readHead } from "../../lib/report/gallery.ts";
import { html } from "../../lib/report/html.ts";
import { page } from "../../lib/report/page.ts";
import { syntheticData } from "../experiments/curie-weiss/synthetic.ts";
import { defined, ROOT, temporaryFolder } from "../fixtures.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/gallery.ts", import.meta.url));
const TITLE = `A <title> & "quotes"`;

const root = temporaryFolder("gallery");
const [from, to, readme] = [join(root, "reports"), join(root, "gallery"), join(root, "README.md")];
const MARKS = ["<!-- results: written by npm run gallery -->", "<!-- end of results -->"];

beforeEach(() => {
  for (const folder of [from, to]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(from);
  writeFileSync(readme, `before\n${MARKS.join("\nold\n")}\nafter\n`);
});

function gallery(...args: string[]): { code: number | null; output: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });
  return { code: status, output: stdout, error: stderr };
}
const build = () => gallery("--from", from, "--to", to, "--readme", readme);

/** A finished run with a report of `bytes` or a little more, and `spaces` behind its result. */
function addRun(
  experiment: string,
  name: string,
  { bytes = 0, spaces = 0, date = syntheticData().result.date } = {},
): void {
  const folder = join(from, experiment, name);
  mkdirSync(folder, { recursive: true });
  const seed = Number(name.split("-")[1]);
  const result = { ...syntheticData().result, experiment, profile: "standard", seed, date };
  const metric = { value: 1, ci95: null, paper: 2, exact: null, unit: "1" };
  result.metrics = { "error.compensator.patch16": metric, "error.naive.patch8": metric, ...result.metrics };
  writeFileSync(join(folder, "result.json"), JSON.stringify(result) + " ".repeat(spaces));
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

/** When synthetic runs were finished. */
const DAY = defined(syntheticData().result.date).slice(0, 10);

function files(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(html|json|md)$/.test(name),
  );
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

test("takes the lowest seed where the default one is missing, says which, and gives the same bytes again", () => {
  for (const name of ["standard-10", "standard-2", "quick-1"]) addRun("curie-weiss", name);
  addRun("ising", "standard-1");
  addRun("alloy", "quick-1");
  const { code, output } = build();
  expect(code).toBe(0);
  expect(output).toContain("curie-weiss: seed 2, ");
  expect(output).toContain("alloy: no finished standard run, left out");
  const first = files(to);
  expect(Object.keys(first)).toEqual([
    "README.md",
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
  // The Curie–Weiss one says its errors; what has no words of its own shows metrics, the paper's first.
  expect(index.match(/<th scope="row">(ours|best possible|naive|paper)</g)?.length).toBeGreaterThanOrEqual(4);
  expect(index).not.toMatch(/href="(?!data:|#|curie-weiss\/|ising\/)|src="(?!data:)/);
  // Of a date nothing but that of the result.
  expect(index.match(/20\d\d-\d\d-\d\d/g)).toEqual([DAY, DAY]);
  expect(index).toContain("Profile standard, seed 2, ");
  const text = first["README.md"];
  expect(text).toContain("`npm run curie-weiss -- --profile standard --seed 2` (seed 2, ");
  expect(text.indexOf('<a id="curie-weiss"></a>')).toBeLessThan(text.indexOf('<a id="ising"></a>'));
  const page = readFileSync(readme, "utf8");
  expect(page).toStartWith(`before\n${MARKS[0]}\n\n| large system |`);
  expect(page).toEndWith(`|\n\n${MARKS[1]}\nafter\n`);
  expect(page).toContain("](gallery/README.md#curie-weiss)");
  expect(page).not.toContain("old");
  expect(build().code).toBe(0);
  expect(files(to)).toEqual(first);
  expect(readFileSync(readme, "utf8")).toBe(page);
});

test("takes the newest run of the default seed, be it here or on show", () => {
  const seedAndDate = () => {
    const { seed, date } = JSON.parse(files(to)["ising/result.json"]);
    return [seed, date];
  };
  addRun("ising", "standard-7", { date: "2026-03-01T00:00Z" });
  expect(build().code).toBe(0);
  expect(seedAndDate()).toEqual([7, "2026-03-01T00:00Z"]);
  addRun("ising", "standard-1", { date: "2026-01-02T00:00Z" });
  expect(build().output).toContain("ising: seed 1, ");
  expect(seedAndDate()).toEqual([1, "2026-01-02T00:00Z"]);
  expect(files(to)["index.html"]).toContain(", 2026-01-02, ");
  addRun("ising", "standard-1", { date: "2026-01-01T00:00Z" });
  expect(build().output).toContain("kept as it was");
  expect(seedAndDate()).toEqual([1, "2026-01-02T00:00Z"]);
  addRun("ising", "standard-1", { date: "2026-01-03T00:00Z" });
  expect(build().output).not.toContain("kept as it was");
  expect(seedAndDate()).toEqual([1, "2026-01-03T00:00Z"]);
});

test("the drawing of the method is that of the tables of the run on show", () => {
  addRun("curie-weiss", "standard-1");
  expect(build().code).toBe(0);
  expect(existsSync(join(to, "method.svg"))).toBe(false);
  const folder = join(from, "curie-weiss", "standard-1");
  const result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
  const patch = Math.min(...result.parameters.patches);
  result.equations = {
    [`seed1/patch${patch}/compensator`]: {
      at: {},
      formula: [
        "f_m = 0.0906595 − (0.09860609 ± 0.00000018) m − (0.07427 ± 0.00001) m² + (2.345 ± 0.001)·10⁻⁵ m³ − (1.0 ± 0.1) m⁴",
        "D_m_m = 1",
      ],
    },
  };
  writeFileSync(join(folder, "result.json"), JSON.stringify(result));
  const rows = ["compensator", "naive", "small"].flatMap((method, k) =>
    [1, 2].flatMap((seed) =>
      [0, 1].map((at) => ({ seed, patch, method, timing: "short", at, value: 10 * seed + k + at })),
    ),
  );
  mkdirSync(join(folder, "tables"));
  const csv = (x: string, y: string, exact: string) =>
    [
      `seed,patch,method,timing,m0,${x},${y},${exact}`,
      ...rows.map((row) => [row.seed, patch, row.method, row.timing, 0, row.at, row.value, row.value + 0.5].join(",")),
    ].join("\n");
  writeFileSync(join(folder, "tables", "trajectories.csv"), csv("time", "mean", "mean_exact"));
  writeFileSync(join(folder, "tables", "functions.csv"), csv("m", "drift", "drift_exact"));
  expect(build().code).toBe(0);
  const drawing = readFileSync(join(to, "method.svg"), "utf8");
  expect(drawing).toContain("f = 0.0907 − 0.0986 m<");
  expect(drawing).toContain(">− 0.0743 m² + 2.35·10⁻⁵ m³ + …<");
  // In both themes it stands on a ground of its own, drawn first.
  expect([...drawing.matchAll(/--paper:(#\w+);--text:(#\w+)/g)].map(([, ...inks]) => inks)).toEqual([
    ["#ffffff", "#1f2328"],
    ["#0d1117", "#e6edf3"],
  ]);
  expect(drawing.indexOf('<rect class="paper" width="960" height="356"')).toBeGreaterThan(0);
  expect(drawing.indexOf('<rect class="paper"')).toBeLessThan(drawing.indexOf("<text"));
  const curves = [...drawing.matchAll(/<polyline class="(\w+)" points="([^"]+)"/g)].map(([, of, points]) => ({
    of,
    y: points.split(" ").map((point) => Number(point.split(",")[1])),
  }));
  // Drift and trajectories of the first seed alone: the truth, what is learned half a unit below, and the naive one of the trajectories, a unit higher.
  expect(curves.map(({ of }) => of)).toEqual(["truth", "ours", "truth", "naive", "ours"]);
  // The naive one leaves the frame, which is that of the others, with its second point.
  expect(curves.map(({ y }) => y.length)).toEqual([2, 2, 2, 1, 2]);
  const [, , truth, naive, ours] = curves;
  const unit = ours.y[0] - ours.y[1];
  expect(unit).toBeGreaterThan(0);
  for (const k of [0, 1]) expect(ours.y[k] - truth.y[k]).toBeCloseTo(unit / 2, 0);
  expect(naive.y[0]).toBeCloseTo(ours.y[1], 0);
});

test("text and table that are committed are those of the committed results", () => {
  const [page, text] = [join(ROOT, "README.md"), join(ROOT, "reports/gallery/README.md")].map((path) =>
    readFileSync(path, "utf8"),
  );
  const copy = join(root, "copy");
  mkdirSync(join(copy, "reports"), { recursive: true });
  cpSync(join(ROOT, "reports/gallery"), join(copy, "reports/gallery"), { recursive: true });
  writeFileSync(join(copy, "README.md"), page.replace(/\*\*[\d.]+( %)?\*\*/g, "**0**"));
  const { code } = gallery("--from", from, "--to", join(copy, "reports/gallery"), "--readme", join(copy, "README.md"));
  expect(code).toBe(0);
  expect(readFileSync(join(copy, "reports/gallery/README.md"), "utf8")).toBe(text);
  expect(readFileSync(join(copy, "README.md"), "utf8")).toBe(page);
});

test("a README without marks is refused", () => {
  addRun("ising", "standard-1");
  writeFileSync(readme, "no marks");
  const { code, error } = build();
  expect(code).toBe(2);
  expect(error).toContain("put them back");
  expect(existsSync(to)).toBe(false);
  expect(readFileSync(readme, "utf8")).toBe("no marks");
});

test("keeps experiments on show that have no run here, also one of long formulas", () => {
  addRun("ising", "standard-1", { spaces: 1_300_000 });
  expect(build().code).toBe(0);
  rmSync(join(from, "ising"), { recursive: true });
  addRun("curie-weiss", "standard-1");
  expect(build().output).toMatch(/^ising: seed 1, .*, kept as it was$/m);
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
  addRun("curie-weiss", "standard-1", { bytes: 1_000_000 });
  expectRefusal(build(), "the gallery takes at most 1 MB of it");
  rmSync(join(from, "curie-weiss"), { recursive: true });
  addRun("ising", "standard-1", { spaces: 2_000_000 });
  expectRefusal(build(), "the gallery takes at most 2 MB of it");
  writeFileSync(join(from, "ising", "standard-1", "result.json"), "{");
  expectRefusal(build(), "is not JSON");
  const newer = { ...syntheticData().result, schema: "patchwise result 9" };
  writeFileSync(join(from, "ising", "standard-1", "result.json"), JSON.stringify(newer));
  expectRefusal(build(), 'is a "patchwise result 9", this version of patchwise reads');
  writeFileSync(join(from, "ising", "standard-1", "result.json"), JSON.stringify(syntheticData().result));
  expectRefusal(build(), "is of curie-weiss, but lies in a folder of ising");
});

test("help says what it does", () => {
  const { code, output } = gallery("--help");
  expect(code).toBe(0);
  for (const word of ["--from", "--to", "--readme", "default seed", "reports/gallery"]) expect(output).toContain(word);
});

test("what has no summary shows metrics of our own: those of the paper, then the exact ones", () => {
  const metric = { value: 1.2345e-3, ci95: null, paper: null, exact: null, unit: "1" };
  const metrics = {
    "b.compensator": metric,
    "error.compensator.patch16": { ...metric, paper: 2 },
    "error.naive_paper_dt.patch8": { ...metric, paper: 2 },
    "error.compensator.patch8": { ...metric, paper: 2 },
    "std.compensator": { ...metric, exact: 1 },
  };
  const report = { title: "t", description: "", thumbnail: "", paperSection: "" };
  const index = galleryPage([{ href: "a", report, result: { ...syntheticData().result, metrics } }]);
  const names = [...index.matchAll(/<th scope="row">([^<]*)/g)].map((match) => match[1]);
  expect(names).toEqual(["error.compensator.patch8", "error.compensator.patch16", "std.compensator", "b.compensator"]);
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
  const order = [...galleryPage(inOrder(all)).matchAll(/<h2><a href="(\w+)/g)].map(([, name]) => name);
  expect(order).toEqual(["b", "a", "other", "own"]);
});
