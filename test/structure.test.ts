// How the program is built: what may import, use or name what. The rules are functions of the sources (structure.ts); here they
// judge sources made up to break them, and then our own.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./fixtures.ts";
import { apart, circles, floors, importsOf, markup, names, parts, type Sources, webgpu } from "./structure.ts";

const RULES = { circles, floors, apart, webgpu, markup, names };

/** Parts of the program that are judged by themselves; an empty list of faults is expected of each. */
const PLACES = [
  "scripts",
  ...["experiments", "report", "run", "method", "analysis", "systems", "nn", "gpu", "random", "io", "errors.ts"].map(
    (folder) => `lib/${folder}`,
  ),
  "kernels",
];

function ownSources(): Sources {
  const folders = ["scripts", "lib", "kernels"];
  const paths = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true }).map(
      (name) => `${folder}/${String(name).replaceAll("\\", "/")}`,
    ),
  );
  const sources = paths.filter((path) => /\.(ts|mjs|wgsl)$/.test(path));
  return Object.fromEntries(sources.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

const own = ownSources();

test("our own sources are read, with all that they import", () => {
  const paths = Object.keys(own);
  for (const place of PLACES) {
    expect([place, paths.some((path) => path === place || path.startsWith(`${place}/`))]).toEqual([place, true]);
  }
  expect(paths.length).toBeGreaterThan(150);
  for (const path of paths.filter((path) => path.endsWith(".ts"))) {
    // As a statement begins and ends; none of these words stands at the start of a line in a text.
    const statements = own[path].matchAll(
      /^(?:import|export)\b[^;]*?\bfrom "([^"]+)";|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm,
    );
    expect([path, importsOf(own[path])]).toEqual([path, [...statements].map(([, a, b, c]) => a ?? b ?? c)]);
  }
});

for (const [name, rule] of Object.entries(RULES)) {
  describe(`${name}: no fault in`, () => {
    const faults = rule(own);
    for (const place of PLACES) {
      test(place, () => {
        expect(faults.filter((fault) => fault.startsWith(place))).toEqual([]);
      });
    }

    test("no other place", () => {
      expect(faults.filter((fault) => !PLACES.some((place) => fault.startsWith(place)))).toEqual([]);
    });
  });
}

/** Made-up sources have § for the sign that opens the hole of a template. */
const made = (source: string) => source.replaceAll("§", "$");

describe("a source is taken apart", () => {
  test("into code, comments and texts", () => {
    const source = made(
      [
        'const a = "x // y"; // spin "q"',
        "/* one",
        " two */ const b = `t §{a + `in §{b}`} u`;",
        "const c = x / 2 / y; const d = /[/\"]/.test('it\\'s');",
      ].join("\n"),
    );
    const { code, comments, texts } = parts(source);
    const squeeze = (text: string) =>
      text
        .replace(/ +/g, " ")
        .replace(/ ?\n ?/g, "\n")
        .trim();
    expect(squeeze(code)).toBe(
      made("const a = \" \";\n\nconst b = ` §{a + ` §{b}`} `;\nconst c = x / 2 / y; const d = .test(' ');"),
    );
    expect(squeeze(comments)).toBe('// spin "q"\n/* one\ntwo */');
    expect(squeeze(texts)).toBe("x // y\n\nt in u\n/[/\"]/ it\\'s");
    for (const part of [code, comments, texts]) expect(part.length).toBe(source.length);
  });

  test("and its imports are found, types and re-exports too, but none in comments and texts", () => {
    const source = `import a from "./a.ts"; import type { B } from "./b.ts";
      import {
        c, // from "./not.ts"
      } from "../c.ts";
      import "./d.ts";
      export { e } from "./e.ts"; export * from "./f.ts";
      const g = await import("./g.ts"); type H = import("./h.ts").H;
      /* import x from "./not.ts" */
      const text = 'import y from "./not.ts"' + \`import z from "./not.ts"; \${await import("./i.ts")}\`;`;
    const [a, b, d, ...rest] = ["a", "b", "d", "e", "f", "g", "h", "i"].map((name) => `./${name}.ts`);
    expect(importsOf(source)).toEqual([a, b, "../c.ts", d, ...rest]);
  });
});

describe("a fault is found:", () => {
  const at = (path: string, ...imports: string[]) => ({
    [path]: imports.map((name) => `import { x } from "${name}";`).join("\n"),
  });

  test("circles of two, of three, of one, by types, of kernels, of the lowest folders; none where paths only meet again", () => {
    expect(circles({ ...at("lib/io/a.ts", "./b.ts"), ...at("lib/io/b.ts", "./a.ts") })).toEqual([
      "lib/io/a.ts is in a circle: lib/io/a.ts → lib/io/b.ts → lib/io/a.ts",
    ]);
    const three = {
      ...at("lib/io/a.ts", "./b.ts"),
      ...at("lib/io/b.ts", "../run/c.ts"),
      ...at("lib/run/c.ts", "../io/a.ts"),
    };
    expect(circles(three)).toEqual([
      "lib/io/a.ts is in a circle: lib/io/a.ts → lib/io/b.ts → lib/run/c.ts → lib/io/a.ts",
    ]);
    expect(circles(at("lib/io/a.ts", "./a.ts"))).toEqual(["lib/io/a.ts is in a circle: lib/io/a.ts → lib/io/a.ts"]);
    expect(circles({ "lib/io/a.ts": 'import type { B } from "./b.ts";', ...at("lib/io/b.ts", "./a.ts") }).length).toBe(
      1,
    );
    const kernels = {
      "kernels/nn/a.wgsl": "import package::nn::b::f;",
      "kernels/nn/b.wgsl": "  import package::nn::a::{ g, h };",
    };
    expect(circles(kernels)).toEqual([
      "kernels/nn/a.wgsl is in a circle: kernels/nn/a.wgsl → kernels/nn/b.wgsl → kernels/nn/a.wgsl",
    ]);
    const folders = {
      ...at("lib/nn/a.ts", "../gpu/b.ts"),
      ...at("lib/gpu/c.ts", "../nn/d.ts"),
      ...at("lib/gpu/b.ts"),
      ...at("lib/nn/d.ts"),
    };
    expect(circles(folders)).toEqual(["lib/nn is in a circle: lib/nn → lib/gpu → lib/nn"]);
    const diamond = {
      ...at("lib/io/a.ts", "./b.ts", "./c.ts"),
      ...at("lib/io/b.ts", "./d.ts"),
      ...at("lib/io/c.ts", "./d.ts"),
      ...at("lib/io/d.ts"),
    };
    expect(circles(diamond)).toEqual([]);
  });

  test.each([
    ["lib/gpu/a.ts", "../systems/b.ts", "lib/systems/b.ts"],
    ["lib/systems/a.ts", "../method/pairs.ts", "lib/method/pairs.ts"],
    ["lib/systems/a.ts", "../analysis/b.ts", "lib/analysis/b.ts"],
    ["lib/method/sde/a.ts", "../../run/b.ts", "lib/run/b.ts"],
    ["lib/run/a.ts", "../report/b.ts", "lib/report/b.ts"],
    ["lib/report/a.ts", "../experiments/ising/data.ts", "lib/experiments/ising/data.ts"],
    ["lib/experiments/ising/a.ts", "../../../scripts/ising.ts", "scripts/ising.ts"],
    ["lib/errors.ts", "./io/a.ts", "lib/io/a.ts"],
    ["lib/report/a.ts", "../../data/a.json", "data/a.json"],
    ["lib/run/a.ts", "../../test/fixtures.ts", "test/fixtures.ts"],
    ["scripts/a.ts", "../kernels/nn/a.wgsl", "kernels/nn/a.wgsl"],
  ])("floors, %s imports %s", (path, name, other) => {
    expect(floors(at(path, name))).toEqual([`${path} imports ${other}`]);
  });

  test("floors, a folder that is on none", () => {
    expect(floors(at("lib/utils/a.ts"))).toEqual(["lib/utils/a.ts lies on no floor"]);
  });

  test("floors, but down, across the lowest one, within a folder, to packages and from data all is allowed", () => {
    const allowed = [
      at("scripts/a.ts", "../lib/errors.ts", "../lib/experiments/ising/b.ts", "../package.json", "./b.ts", "node:fs"),
      at("lib/experiments/ising/a.ts", "../../../data/a.json", "./b.ts", "../../report/page.ts", "../../run/main.ts"),
      at("lib/report/figures/a.ts", "../page.ts", "../../run/result.ts", "uplot"),
      at("lib/method/sde/a.ts", "../pairs.ts", "../../systems/system.ts", "../../analysis/mmd.ts"),
      at("lib/nn/a.ts", "../gpu/device.ts", "../random/stream.ts", "../errors.ts"),
    ];
    expect(allowed.flatMap(floors)).toEqual([]);
  });

  test.each([
    ["lib/experiments/ising/a.ts", "../predator-prey/b.ts", "lib/experiments/predator-prey/b.ts"],
    [
      "lib/experiments/ising/figures/a.ts",
      "../../curie-weiss/figures/b.ts",
      "lib/experiments/curie-weiss/figures/b.ts",
    ],
    ["lib/run/a.ts", "../report/b.ts", "lib/report/b.ts"],
    ["lib/method/a.ts", "../systems/ising.ts", "lib/systems/ising.ts"],
    ["lib/method/closure/a.ts", "../../systems/checks.ts", "lib/systems/checks.ts"],
  ])("apart, %s imports %s", (path, name, other) => {
    expect(apart(at(path, name))).toEqual([`${path} imports ${other}`]);
  });

  test("apart, kernels of another system", () => {
    const kernels = {
      "kernels/ising/a.wgsl":
        "import package::curie_weiss::evolve::f;\nimport package::random::philox::g;\nimport constants::D;",
      "kernels/nn/b.wgsl": "// import package::ising::a::f\nimport package::predator_prey::drift::{ f };",
    };
    expect(apart(kernels)).toEqual([
      "kernels/ising/a.wgsl imports kernels/curie_weiss/evolve.wgsl",
      "kernels/nn/b.wgsl imports kernels/predator_prey/drift.wgsl",
    ]);
    expect(
      apart({
        ...at("lib/experiments/ising/a.ts", "./b.ts", "../shared.ts"),
        ...at("lib/method/a.ts", "../systems/system.ts"),
      }),
    ).toEqual([]);
  });

  test.each([
    ["const a: GPUBuffer = b;", ["GPUBuffer"]],
    ["const usage = GPUBufferUsage.STORAGE; let gpu: GPU;", ["GPUBufferUsage", "GPU"]],
    ["await navigator.gpu.requestAdapter();", ["navigator.gpu", ".requestAdapter"]],
    ["device.createBuffer({ size }); pass.dispatchWorkgroups(1);", [".createBuffer", ".dispatchWorkgroups"]],
    ['import { create } from "webgpu";', ["webgpu"]],
    ['import { link } from "wesl/core";', ["wesl/core"]],
    [
      "/** A GPU, by navigator.gpu. */ const a = 'GPUBuffer'; class Gpu {} gpu.buffer(`GPU §{navigator.language}`);",
      [],
    ],
  ])("webgpu, %s", (source, used) => {
    expect(webgpu({ "lib/nn/a.ts": made(source) })).toEqual(used.map((word) => `lib/nn/a.ts uses ${word}`));
    expect(webgpu({ "lib/gpu/a.ts": made(source) })).toEqual([]);
  });

  test.each([
    ["lib/run/a.ts", 'const text = "<p>done</p>";', "writes <p>"],
    ["scripts/a.ts", "const text = `<!doctype html>`;", "writes <!doctype"],
    ["lib/analysis/a.ts", 'const text = `<td class="x">§{value}</td>`;', 'writes <td class="x">'],
    ["lib/experiments/ising/a.ts", "const text = '<b>';", "writes <b>"],
    [
      "lib/experiments/ising/a.ts",
      'import { Html, html } from "../../report/html.ts"; new Html(text);',
      "takes text for HTML",
    ],
    ["lib/report/a.ts", "document.title = 1;", "touches a document"],
    ["lib/run/a.ts", 'import uPlot from "uplot";', "imports uplot"],
  ])("markup, %s: %s", (path, source, fault) => {
    expect(markup({ [path]: made(source) })).toEqual([`${path} ${fault}`]);
  });

  test("markup, but in its places it is allowed, and less than is no tag", () => {
    const allowed = {
      "lib/report/a.ts": made("export const title = html`<h1>§{new Html(text)}</h1>`;"),
      "lib/report/browser/a.ts": "document.body.innerHTML = '<p>';",
      "lib/experiments/ising/a.ts": made('import { html } from "../../report/html.ts"; const a = html`<p>§{b}</p>`;'),
      "lib/run/a.ts": "const text = 'reports/<experiment>/<profile>'; const list: Array<a> = b; // <p>",
    };
    expect(markup(allowed)).toEqual([]);
  });

  test.each([
    ["lib/run/a.ts", "const isingRows = 1;", ["ising"]],
    ["lib/report/a.ts", "// as in predator–prey", ["predator", "prey"]],
    ["lib/nn/a.ts", 'const text = "Curie-Weiss";', ["curie", "weiss"]],
    ["lib/io/alloys.ts", "", ["alloy"]],
    ["lib/analysis/ising-exact.ts", "// Ising states; see NbMoTa", ["nbmota"]],
    ["lib/analysis/ising-exact.ts", "// Ising states; curieWeiss", ["curie", "weiss"]],
    ["lib/analysis/mmd.ts", "const ISING_ROWS = 1;", ["ising"]],
    ["lib/method/a.ts", "interface SpinTable {}", ["spin"]],
    ["lib/method/closure/a.ts", "/** Spins of two species. */", ["spin", "species"]],
    ["lib/method/a.ts", "// the magnetization", ["magnetization"]],
    ["kernels/nn/a.wgsl", "// magnetization of Ising lattices", ["ising", "magnetization"]],
    ["kernels/random/a.wgsl", "fn curie_weiss() {}", ["curie", "weiss"]],
  ])("names, %s: %s", (path, source, said) => {
    expect(names({ [path]: source }).sort()).toEqual(said.map((word) => `${path} says ${word}`).sort());
  });

  test("names, but experiments, systems, scripts and their kernels may say them, and rising is no name", () => {
    const allowed = {
      "lib/experiments/ising/a.ts": "// Ising spins",
      "lib/systems/predator-prey.ts": "class PredatorPrey {}",
      "scripts/ising.ts": "// Curie–Weiss",
      "kernels/curie_weiss/evolve.wgsl": "// Curie–Weiss",
      "lib/analysis/curie-weiss-theory.ts": "interface CurieWeiss {}",
      "lib/run/a.ts": "// rising, advertising, spins, osprey, preying",
      "lib/nn/a.ts": "// spins",
    };
    expect(names(allowed)).toEqual([]);
  });
});
