// Student's t: closed forms and tabulated values.
import { describe, expect, test } from "bun:test";
import { studentCentral, studentQuantile } from "../../lib/analysis/student-t.ts";
import { InputError } from "../../lib/errors.ts";

/** Quantile of the standard normal law at 0.975: scipy.stats.norm.ppf(0.975). */
const Z975 = 1.959963984540054;

describe("Student's t", () => {
  test("quantiles are the closed forms for 1, 2 and 4 degrees of freedom, and the tabulated ones", () => {
    for (const p of [0.6, 0.9, 0.975, 0.995]) {
      const a = 4 * p * (1 - p);
      const q = Math.cos(Math.acos(Math.sqrt(a)) / 3) / Math.sqrt(a);
      expect(studentQuantile(p, 1) / Math.tan(Math.PI * (p - 0.5))).toBeCloseTo(1, 12);
      expect(studentQuantile(p, 2) / ((2 * p - 1) * Math.sqrt(2 / a))).toBeCloseTo(1, 12);
      expect(studentQuantile(p, 4) / (2 * Math.sqrt(q - 1))).toBeCloseTo(1, 12);
      expect(studentQuantile(1 - p, 3)).toBeCloseTo(-studentQuantile(p, 3), 9);
    }
    // scipy.stats.t.ppf(0.975, nu)
    const table = [
      [3, 3.1824463052837078],
      [5, 2.5705818356363146],
      [9, 2.262157162798205],
      [10, 2.228138851986274],
      [30, 2.0422724563012378],
    ];
    for (const [freedom, t] of table) expect(studentQuantile(0.975, freedom)).toBeCloseTo(t, 9);
    // t = z + (z³ + z)/(4ν) + O(1/ν²)
    expect(studentQuantile(0.975, 100_000)).toBeCloseTo(Z975 + (Z975 ** 3 + Z975) / 4e5, 9);
    expect(() => studentQuantile(0.975, 0)).toThrow(InputError);
    expect(() => studentQuantile(1, 3)).toThrow(InputError);
  });

  test("the central probability is the integral of the density, odd and even", () => {
    // Simpson of (1 + t²/ν)^(−(ν+1)/2), normalised by the same integral in θ over (−π/2, π/2): ∫ cos^(ν−1) θ dθ.
    for (const freedom of [1, 2, 3, 6, 7, 19]) {
      const integral = (end: number) => {
        let sum = 0;
        for (let i = 0; i <= 2000; i++) {
          const weight = i === 0 || i === 2000 ? 1 : i % 2 === 1 ? 4 : 2;
          sum += weight * Math.cos((end * i) / 2000) ** (freedom - 1);
        }
        return sum * end;
      };
      const t = 1.7;
      const expected = integral(Math.atan(t / Math.sqrt(freedom))) / integral(Math.PI / 2);
      expect(studentCentral(t, freedom)).toBeCloseTo(expected, 11);
    }
  });
});
