// What a benchmark prints of its rates.
import { expect, test } from "bun:test";
import { RATE_HEAD, rateLine, rateOf, scaled } from "../../lib/run/bench.ts";

test("a line has the median, what it is of, the range, and the ratio to the baseline under their heads", () => {
  const rate = rateOf([2.31e9, 2.2e9, 2.46e9]);
  const [line, quoted] = rateLine("Ising, 8,192 lattices", "flips", rate, scaled(rate, 1 / 870), [
    "quoted: 3 × x",
  ]).split("\n");
  expect(line).toMatch(/^Ising, 8,192 lattices +2\.31 G flips +2\.2 G – 2\.5 G +870 ×$/);
  expect(quoted).toBe("      quoted: 3 × x");
  for (const [head, cell] of [
    ["per second", "flips"],
    ["slowest", "2.2 G"],
    ["× 1", "870"],
  ]) {
    expect(line.indexOf(cell)).toBe(RATE_HEAD.indexOf(head));
  }
  expect(rateLine("alone", "rows", rateOf([26.4]))).toMatch(/^alone +26\.4 rows +26 – 26$/);
});
