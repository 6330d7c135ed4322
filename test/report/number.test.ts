import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  commonNotation,
  formatEstimate,
  formatFixed,
  formatNumber,
  formatWithInterval,
  shortNumber,
} from "../../lib/report/number.ts";
import { htmlTable } from "../../lib/report/table.ts";
import { formatDuration } from "../../lib/run/duration.ts";
import { defined } from "../fixtures.ts";

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
  expect(shortNumber(134_217_728)).toBe("134,217,728");
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

/** "−1,234.5×10⁻³" as a number. */
function read(text: string): number {
  const [mantissa, exponent] = text.replaceAll("−", "-").replaceAll(",", "").split("×10");
  const digits = [...(exponent ?? "⁰")].map((c) => (c === "⁻" ? "-" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c))).join("");
  return Number(`${mantissa}e${digits}`);
}

describe("an estimate with its interval", () => {
  test("is printed with digits for the nearer end", () => {
    for (const [[value, low, high], text] of [
      [[3, 0.4, 56_251], "3.0 [0.40, 56,000]"],
      [[4e-5, 1e-5, 2.4e-4], "4.0 [1.0, 24.0]×10⁻⁵"],
      [[1.01, 0.98, 1.014], "1.0100 [0.9800, 1.0140]"],
      [[0.5, 1e-12, 2.4], "0.50 [1.0×10⁻¹², 2.4]"],
      [[34, 22, 46], "34 ± 12"],
    ] as const) {
      expect(formatWithInterval({ value, low, high })).toBe(text);
    }
  });

  const sizes = fc.double({ min: -30, max: 30, noNaN: true });
  const number = fc.tuple(fc.constantFrom(-1, 1, 1), sizes).map(([sign, size]) => sign * 10 ** size);
  const ordered = fc.tuple(number, number, number).map((all) => all.sort((a, b) => a - b));
  /** Ends near the value, on scales of their own. */
  const near = fc
    .tuple(number, fc.double({ min: -8, max: 2, noNaN: true }), fc.double({ min: -8, max: 2, noNaN: true }))
    .map(([value, below, above]) => [
      value - Math.abs(value) * 10 ** below,
      value,
      value + Math.abs(value) * 10 ** above,
    ]);

  test("keeps its order, and no positive end is printed as 0, in any notation", () => {
    const skew = fc.oneof(ordered, near);
    fc.assert(
      fc.property(skew, fc.constantFrom("powers", null), ([low, value, high], given) => {
        fc.pre(low < high);
        const notation = given ?? commonNotation([{ value, low, high }]);
        const { value: shown, interval } = formatEstimate({ value, low, high }, notation);
        const ends = /^\[(.*?), (\D*\d.*)\](×.*)?$/.exec(interval);
        if (!ends) {
          expect(interval).toStartWith("± ");
          expect(read(interval.slice(2))).toBeGreaterThan(0);
          return;
        }
        const [from, to] = endsOf(interval);
        expect(from).toBeLessThanOrEqual(read(shown));
        expect(read(shown)).toBeLessThanOrEqual(to);
        for (const [printed, exact] of [
          [from, low],
          [to, high],
          [read(shown), value],
        ]) {
          expect(Math.sign(printed)).toBe(Math.sign(exact));
        }
      }),
      { numRuns: 5000 },
    );
  });

  /** Both ends of "[1, 2]×10³" or "[1×10³, 2×10⁴]". */
  function endsOf(interval: string): [number, number] {
    const [, inner, suffix = ""] = defined(/^\[(.*)\](×.*)?$/.exec(interval));
    const [from, to] = inner.split(", ");
    return [read(from + suffix), read(to + suffix)];
  }
});

describe("in any notation", () => {
  const notations = fc.constantFrom("plain", "powers", "auto");
  const signed = fc.tuple(fc.constantFrom(-1, 1), fc.double({ min: -6, max: 6, noNaN: true }));
  const number = signed.map(([sign, size]) => sign * 10 ** size);
  /** Estimates without an interval, too. */
  const estimate = fc
    .tuple(number, fc.double({ min: -4, max: 1, noNaN: true }), fc.boolean())
    .map(([value, part, known]) => {
      const reach = Math.abs(value) * 10 ** part;
      return known ? { value, low: value - reach, high: value + reach } : { value, low: Number.NaN, high: Number.NaN };
    });

  test("numbers from 0.1 to 99 have no power of ten, and none is a minus zero", () => {
    fc.assert(
      fc.property(estimate, notations, (one, notation) => {
        const text = formatWithInterval(one, notation);
        const size = Math.abs(one.value);
        const reach = Number.isNaN(one.low) ? 0 : (one.high - one.low) / 2;
        if (size >= 0.1 && Math.max(size, reach) < 99) expect(text).not.toContain("×");
        expect(text).not.toMatch(/−0(\.0*)?(?![.\d])/);
      }),
      { numRuns: 5000 },
    );
    expect(formatNumber(0.0998, 2, "powers")).toBe("0.10");
    expect(formatNumber(0.0998, 3, "powers")).toBe("9.98×10⁻²");
  });

  test("what is read is what was printed, to its digits", () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 2, max: 8 }), notations, (value, digits, notation) => {
        const printed = read(formatNumber(value, digits, notation));
        expect(Math.abs(printed - value)).toBeLessThanOrEqual(0.5000001 * Math.abs(value) * 10 ** (1 - digits));
      }),
      { numRuns: 5000 },
    );
  });

  test("fixed digits have no minus zero, and keep their value", () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 0, max: 6 }), (value, digits) => {
        const text = formatFixed(value, digits);
        expect(text).not.toMatch(/^−0(\.0*)?$/);
        expect(Math.abs(read(text) - value)).toBeLessThanOrEqual(0.5000001 * 10 ** -digits);
      }),
    );
    expect(formatFixed(-0.04, 1)).toBe("0.0");
    expect(formatFixed(-0.06, 1)).toBe("−0.1");
  });
});

test("a few seeds stand for an interval over decades", () => {
  const wide = { value: 2e-5, low: 1e-8, high: 4e-2 };
  expect(formatWithInterval({ ...wide, seeds: [1e-7, 2e-5, 4e-3] })).toBe(
    "2.0×10⁻⁵ (seeds 1.0×10⁻⁷, 2.0×10⁻⁵, 4.0×10⁻³)",
  );
  expect(formatEstimate({ ...wide, seeds: [1e-7, 2e-5, 4e-3] }).interval).toBe("(seeds 1.0×10⁻⁷, 2.0×10⁻⁵, 4.0×10⁻³)");
  expect(formatWithInterval({ ...wide, seeds: [1, 2, 3, 4, 5, 6] })).toContain("[");
  expect(formatWithInterval(wide)).toContain("[");
  expect(formatWithInterval({ value: 2, low: 0.1, high: 40, seeds: [1, 2, 4] })).toContain("[");
});

test("numbers of one column are in one notation", () => {
  const column = (values: (number | { value: number; low: number; high: number })[]) =>
    [
      ...htmlTable(values, [{ label: "v", cell: (value) => value }])
        .toString()
        .matchAll(/<td[^>]*>(.*?)<\/td>/g),
    ].map(([, cell]) => cell.replace(/<[^>]*>/g, ""));
  expect(column([5.69e-5, 1510])).toEqual(["5.690×10⁻⁵", "1.510×10³"]);
  expect(column([32_768, 0.5, 8])).toEqual(["32,768", "0.5000", "8"]);
  expect(column([0.2, { value: 1e-4, low: 0.8e-4, high: 1.2e-4 }, 0])).toEqual(["0.2000", "(1.00 ± 0.20)×10⁻⁴", "0"]);
  expect(
    column([{ value: 0.998, low: 0.983, high: 1.013 }, { value: 20.5, low: 20.22, high: 20.78 }, 12, 1e-4]),
  ).toEqual(["0.998 ± 0.015", "20.50 ± 0.28", "12", "1.000×10⁻⁴"]);
  expect(column([2.5, 1e-4])).toEqual(["2.500", "1.000×10⁻⁴"]);
  expect(column([34, { value: 34, low: 22, high: 46 }])).toEqual(["34", "34 ± 12"]);
  expect(commonNotation([])).toBe("plain");
});

test("durations never have sixty of anything", () => {
  for (const [seconds, text] of [
    [0, "0.00 s"],
    [0.338, "0.34 s"],
    [9.0, "9.0 s"],
    [9.96, "10 s"],
    [59.6, "1 min 0 s"],
    [1019.7, "17 min 0 s"],
    [3599.6, "1 h 0 min"],
    [7170, "2 h 0 min"],
    [4 * 86_400, "4 days"],
    [Number.NaN, "—"],
  ] as const) {
    expect(formatDuration(seconds)).toBe(text);
  }
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (seconds) => {
      expect(formatDuration(seconds)).not.toMatch(/\b60 (s|min)/);
    }),
  );
});
