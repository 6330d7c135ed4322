import { expect, test } from "bun:test";
import { shortNumber } from "../../lib/report/number.ts";

test("numbers of ticks and read-outs: whole ones in full, others short", () => {
  for (const [value, text] of [
    [65_536, "65,536"],
    [524_288, "524,288"],
    [-12, "−12"],
    [0, "0"],
    [0.25, "0.25"],
    [0.123456, "0.1235"],
    [1234.5, "1,235"],
  ] as const) {
    expect(shortNumber(value)).toBe(text);
  }
  expect(shortNumber(1e9)).toContain("×10");
});
