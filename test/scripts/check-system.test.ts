// `npm run check-system`: what it says of a module and of a program, and how it ends.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, temporaryFolder } from "../fixtures.ts";
import { expectRefusal, runScript } from "./command.ts";

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

test("sizes and files that cannot be are refused", async () => {
  for (const [args, message] of [
    [[], /^the module is missing/],
    [[EXAMPLE, "--L", "8", "--patch", "8"], /^--L 8 holds one patch of 8: use 16 or more$/m],
    [[EXAMPLE, "--L", "12", "--patch", "8"], /^patch side 8 does not divide lattice side 12/],
    [["--exec", "false"], /^--exec: false, asked to hello, ended with exit code 1/],
  ] as const)
    expectRefusal(await runScript("check-system", args), message);
});
