import { expect, test } from "bun:test";
import { formatNumber, formatWithInterval, shortNumber } from "../../lib/report/number.ts";

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

test("the smallest and largest numbers keep their digits", () => {
  for (const [value, text] of [
    [5e-324, "4.94×10⁻³²⁴"],
    [-1e-310, "−1.00×10⁻³¹⁰"],
    [Number.MAX_VALUE, "1.80×10³⁰⁸"],
    [9.999e-6, "1.00×10⁻⁵"],
    [999_999.4, "1.00×10⁶"],
    [0.01, "0.0100"],
    [0.0099999, "0.0100"],
  ] as const) {
    expect(formatNumber(value, 3)).toBe(text);
  }
  expect(formatWithInterval({ value: 2e-310, low: 1e-310, high: 3e-310 })).toBe("(2.00 ± 1.00)×10⁻³¹⁰");
  expect(formatWithInterval({ value: 0, low: -1.7e308, high: 1.7e308 })).toBe("(0.0 ± 1.7)×10³⁰⁸");
});
