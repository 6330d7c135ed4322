// scripts/new.ts and scripts/learn.ts as a user starts them: a system of one's own from nothing to a report; modules that are none.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readColumns } from "../../lib/io/columns.ts";
import { validateResult } from "../../lib/run/result.ts";
import { ROOT, temporaryFolder } from "../fixtures.ts";
import { expectRefusal, runScript } from "./command.ts";

setDefaultTimeout(120_000);

const folder = temporaryFolder("learn");
const file = (name: string) => join(folder, name);
const SMALL = "--L 32 --patch 8 --horizon 6 --trajectories 128 --snapshots 256 --true-runs 24 --runs 64".split(" ");

test("from nothing to a report: new, learn", async () => {
  const module = file("my/contact.ts");
  expect(await runScript("new", [module])).toMatchObject({ code: 0, err: "" });
  const before = readFileSync(module, "utf8");
  expectRefusal(await runScript("new", [module]), /contact\.ts exists already/);
  expect(readFileSync(module, "utf8")).toBe(before);
  const out = file("run");
  const { code, out: printed } = await runScript("learn", [module, ...SMALL, "--lambda", "3", "--out", out]);
  expect(code).toBe(0);
  expect(printed).toMatch(/^Ours \(compensator\) +[\d.]+/m);
  expect(printed).toMatch(/^Floor( +[\d.]+){3}$/m);
  const { metrics, parameters } = validateResult(JSON.parse(readFileSync(join(out, "result.json"), "utf8")));
  expect(parameters).toMatchObject({ lambda: 3, module });
  // With 24 true runs and patches of 8 × 8.
  expect(metrics["error.compensator.patch8"].value).toBeLessThan(0.004);
  expect(metrics["error.increment.patch8"].value).toBeLessThan(0.006);
  expect(metrics["std-ratio.compensator.patch8"].value).toBeWithin(0.75, 1.3);
  // The drift of the density is known: heal at rate 1, each unlike bond infects at λ/4, of 2n bonds.
  const fields = readColumns(join(out, "tables/fields.csv"));
  const column = (name: string) => fields.columns.find((one) => one.name === name)?.values ?? new Float64Array();
  const [rho, c, f] = ["ρ", "c", "f_ρ"].map(column);
  for (let k = 0; k < fields.rows; k++) expect(f[k]).toBeCloseTo(-rho[k] + 1.5 * c[k], 2);
  expect(readFileSync(join(out, "index.html"), "utf8")).toContain("contact: macroscopic dynamics learned from patches");
});

test("after an edit of the module, or of what it imports, --resume says which file has changed", async () => {
  const [module, part] = [file("my/split.ts"), file("my/part.ts")];
  const text = readFileSync(file("my/contact.ts"), "utf8");
  writeFileSync(part, "export const SPEED = 1;\n");
  writeFileSync(
    module,
    `import { SPEED } from "./part.ts";\n${text.replace("Math.max(1, lambda)", "SPEED * Math.max(1, lambda)")}`,
  );
  const out = file("edited");
  const words = [module, ...SMALL, "--out", out];
  expect((await runScript("learn", words)).code).toBe(0);
  const manifest = JSON.parse(readFileSync(join(out, "run.json"), "utf8"));
  writeFileSync(join(out, "run.json"), JSON.stringify({ ...manifest, finished: false }));
  writeFileSync(part, "export const SPEED = 1.5;\n");
  expectRefusal(
    await runScript("learn", [...words, "--resume"]),
    /cannot resume .*: file .*part\.ts has changed\. Take the old file/,
  );
});

test("a system on the graphics card, with kernels beside the module: learned like any other, its kernels are part of the run", async () => {
  const module = file("my/spins.ts");
  const kernel = file("my/count.wgsl");
  writeFileSync(file("my/halves.json"), "[0.5, -1]");
  const text = readFileSync(join(ROOT, "test/data/own/ising.ts"), "utf8").replaceAll("../../../lib", join(ROOT, "lib"));
  writeFileSync(module, `import halves from "./halves.json";\n${text.replace("side, 0.5,", "side, halves[0],")}`);
  writeFileSync(kernel, "// of the module\n");
  const out = file("spins");
  const words = [module, ...SMALL.with(SMALL.indexOf("128"), "256"), "--T", "2.8", "--out", out];
  const { code, err } = await runScript("learn", words);
  expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
  const { metrics } = validateResult(JSON.parse(readFileSync(join(out, "result.json"), "utf8")));
  expect(metrics["error.compensator.patch8"].value).toBeLessThan(0.01);
  // An Ising lattice whose patches are measured has both baselines.
  expect(Object.keys(metrics)).toEqual(expect.arrayContaining(["error.naive.patch8", "error.small.patch8"]));
  const manifest = JSON.parse(readFileSync(join(out, "run.json"), "utf8"));
  writeFileSync(join(out, "run.json"), JSON.stringify({ ...manifest, finished: false }));
  writeFileSync(kernel, "// of another one\n");
  expectRefusal(
    await runScript("learn", [...words, "--resume"]),
    /cannot resume .*: file .*count\.wgsl has changed\. Take the old file/,
  );

  const checked = await runScript("check-system", [module, "--L", "16", "--patch", "8", "--replicas", "512"]);
  expect({ code: checked.code, err: checked.err }).toEqual({ code: 0, err: "" });
  expect(checked.out).toMatch(/\nok {5}martingale: Δ − A has mean 0.*\n/);
});

test("modules that are none are refused in one sentence", async () => {
  const good = readFileSync(file("my/contact.ts"), "utf8");
  for (const [k, [change, message]] of [
    [() => "export const x = 1;\n", /it has no default export with a simulator/],
    [() => "const = ;\n", /does not run: .+ \(line 1\)/],
    [() => 'throw new Error("not today");\n', /does not run: not today \(line 1\)/],
    [(text: string) => text.replace('name: "contact"', 'name: "My system"'), /its name has to be small letters/],
    [(text: string) => text.replace("dimension: 2", "dimension: 7"), /dimension is 7, not 1, 2 or 3/],
    [(text: string) => text.replace("  simulator: (", "  system: () => ({}), simulator: ("), /in place of simulator/],
    [() => 'export default { name: "x", system: () => ({}) };\n', /a system needs starts: what predictions begin with/],
    [
      () => 'export default { name: "x", system: () => ({ initial() {} }), starts: { a() {} } };\n',
      /the system lacks evolve, ?evolvePatches,.* see lib\/systems\/system\.ts/,
    ],
    [(text: string) => text.replace("    observe(x, L)", "    look(x, L)"), /the simulator lacks observe/],
    [
      (text: string) => text.replace("{ lambda: { default: 2.5,", "{ lambda: { start: 2.5,"),
      /parameter lambda lacks a default number/,
    ],
    [
      (text: string) => text.replace("parameters: { lambda:", 'parameters: { L: { default: 1, meaning: "" }, lambda:'),
      /parameter L is one of learn already/,
    ],
    [(text: string) => text.replace('"ρ = 1": (x) => x.fill(1)', '"ρ = 1": 1'), /start ρ = 1 has to be a function/],
  ].entries() as Iterable<[number, [(text: string) => string, RegExp]]>) {
    const path = file(`my/wrong${k}.ts`);
    const text = change(good);
    expect(text).not.toBe(good);
    writeFileSync(path, text);
    expectRefusal(await runScript("learn", [path, ...SMALL, "--out", file("wrong")]), message);
    expect(existsSync(file("wrong"))).toBe(false);
  }
  expectRefusal(await runScript("learn", []), /the module is missing/);
  expectRefusal(await runScript("learn", ["-"]), /"-" is no module: give a file that ends in \.ts/);
  expectRefusal(await runScript("learn", [file("my/contact.ts"), "more"]), /"more": give one module at a time/);
  expectRefusal(await runScript("learn", [file("none.ts")]), /cannot read .*none\.ts/);
  expectRefusal(await runScript("learn", [file("my/contact.ts"), "--patch", "7"]), /patch side 7/);
  expectRefusal(
    await runScript("learn", [file("my/contact.ts"), "--trajectories", "12"]),
    /not a multiple of 8: use 16/,
  );
  expectRefusal(await runScript("new", [file("a.f90")]), /a system is a \.ts or a \.py file/);
  expectRefusal(await runScript("new", []), /the file is missing/);
});
