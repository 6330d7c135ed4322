// `npm run check-system`: what it says of a module and of a program, and how it ends.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, temporaryFolder } from "../fixtures.ts";
import { expectRefusal, runScript, startScript } from "./command.ts";

setDefaultTimeout(120_000);

const folder = temporaryFolder("check-system");
const EXAMPLE = join(ROOT, "data/own/contact.ts");

test("a module that is right: every check holds, exit code 0", async () => {
  const { code, out, err } = await runScript("check-system", [EXAMPLE, "--lambda", "1.5", "--L", "8", "--patch", "4"]);
  const [first, ...lines] = out.trim().split("\n");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(first).toMatch(/^contact: 8 × 8 sites in patches of 4 × 4, over a time of [\d.]+$/);
  expect(lines.filter((line) => line.startsWith("ok     ")).length).toBe(15);
  expect(lines.at(-1)).toBe("all 15 hold");
});

test("a module that is wrong: what is wrong is said, exit code 1", async () => {
  const path = join(folder, "wrong.ts");
  // Neighbours are not closed periodically in one direction.
  const text = readFileSync(EXAMPLE, "utf8").replace("+ ((j + L) % L)", "+ Math.min(L - 1, Math.max(0, j))");
  writeFileSync(path, text);
  const { code, out, err } = await runScript("check-system", [path]);
  expect({ code, err }).toEqual({ code: 1, err: "" });
  expect(out).toMatch(
    /^WRONG {2}evolve moves all of a region, also what goes on beyond the edge:\n {7}of the region of side 8/m,
  );
  expect(out.trim()).toMatch(/\n\d+ of 15 do not hold$/);
});

test("Ctrl-C is no verdict, and a module without starts is one that may be right", async () => {
  const path = join(folder, "slow.ts");
  const slow = `export default { name: "slow", simulator: () => ({
  dimension: 1, observables: [{ name: "x", symbol: "x", unit: "1" }],
  initial: (x, side, random, common) => { const p = common.uniform(); x.set(Array.from(x, () => Number(random.uniform() < p))); },
  evolve: (x, side, { corner, side: length }, time, random) => {
    WAIT
    for (let k = 0; k < length; k++) if (random.uniform() < (1 - Math.exp(-2 * time)) / 2) x[(corner[0] + k) % side] ^= 1;
  },
  observe: (x) => [x.reduce((a, b) => a + b, 0) / x.length] }) };\n`;
  writeFileSync(path, slow.replace("WAIT", "for (const end = performance.now() + 300; performance.now() < end; );"));
  const child = startScript("check-system", [path, "--time", "0.1"]);
  await Bun.sleep(3000);
  child.kill("SIGINT");
  const ended = await child.ended;
  expect({ code: ended.code, wrong: ended.out.includes("WRONG") }).toEqual({ code: 130, wrong: false });
  writeFileSync(path, slow.replace("WAIT", ""));
  const { code, out } = await runScript("check-system", [path]);
  expect({ code, last: out.trim().split("\n").at(-1) }).toEqual({ code: 0, last: "all 11 hold" });
});

test("what a module throws is a sentence", async () => {
  const path = join(folder, "throws.ts");
  for (const [text, message] of [
    [
      'simulator: () => { throw new TypeError("no such thing"); }',
      /throws\.ts: simulator throws TypeError: no such thing \(.*throws\.ts:1\)/,
    ],
    [
      'simulator: () => ({ dimension: 1, sites: "doubles", observables: [{ name: "x", symbol: "x", unit: "1" }] })',
      /sites are doubles/,
    ],
    ['simulator: () => ({ dimension: 1, observables: [{ name: "x" }] })', /no observables with a name and a symbol/],
  ] as const) {
    writeFileSync(path, `export default { name: "throws", ${text} };\n`);
    expectRefusal(await runScript("check-system", [path]), message);
  }
});

test("sizes and files that cannot be are refused", async () => {
  for (const [args, message] of [
    [[], /^the module is missing/],
    [[EXAMPLE, "--L", "8", "--patch", "8"], /^--L 8 holds one patch of 8: use 16 or more$/m],
    [[EXAMPLE, "--L", "12", "--patch", "8"], /^patch side 8 does not divide lattice side 12/],
    [["--exec", "false"], /^--exec: false, asked to hello, ended with exit code 1/],
  ] as const)
    expectRefusal(await runScript("check-system", args), message);
});
