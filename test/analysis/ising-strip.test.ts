// The infinite Ising lattice in a field, against enumeration, series, Onsager and Yang.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { enumerateIsing } from "../../lib/analysis/ising-exact.ts";
import { CRITICAL_TEMPERATURE, onsagerMagnetization } from "../../lib/analysis/ising-onsager.ts";
import { isingLimit } from "../../lib/analysis/ising-strip.ts";
import { InputError } from "../../lib/errors.ts";
import { defined } from "../fixtures.ts";

setDefaultTimeout(60_000);

const limit = (temperature: number, field: number) => defined(isingLimit(temperature, field));

/** Exact for 4 × 4 spins: n times the variance too. */
function enumerated(temperature: number, field: number) {
  const { m, m2 } = enumerateIsing(4, temperature, field);
  return { magnetization: m, variance: 16 * (m2 - m * m) };
}

describe("the infinite Ising lattice at high temperature", () => {
  test("equals 4 × 4 spins, but for the loops of 4 bonds around these", () => {
    // Such a loop has weight tanh⁴ β; there are 2 · 4 of them for 16 spins, and β⁴ = 1e-4 at T = 10.
    for (const [temperature, field] of [
      [10, 1],
      [20, 2],
      [20, -7],
      [50, 5],
      [100, 100],
    ]) {
      const [found, exact] = [limit(temperature, field), enumerated(temperature, field)];
      const loops = temperature ** -4;
      expect(Math.abs(found.magnetization - exact.magnetization)).toBeLessThan(loops);
      expect(Math.abs(found.variance - exact.variance)).toBeLessThan(8 * loops);
    }
  });

  test("is the first order in β about free spins, with an error of second order", () => {
    // m = t + 4 β t (1 − t²) + O(β²), t = tanh(β h); n var = dm/d(β h).
    for (const field of [0.1, 0.5, 1]) {
      const t = Math.tanh(field);
      const errors = [50, 100, 200].map((temperature) => {
        const { magnetization, variance } = limit(temperature, field * temperature);
        const coupling = 4 / temperature;
        return [
          magnetization - t - coupling * t * (1 - t * t),
          variance - (1 - t * t) - coupling * (1 - t * t) * (1 - 3 * t * t),
        ];
      });
      for (const k of [0, 1]) {
        expect(errors[0][k] / errors[1][k]).toBeWithin(3.6, 4.4);
        expect(errors[1][k] / errors[2][k]).toBeWithin(3.8, 4.2);
        expect(Math.abs(errors[1][k])).toBeLessThan(2e-3);
      }
    }
  });

  test("changes its sign with the field", () => {
    const [up, down] = [limit(5, 1), limit(5, -1)];
    expect(down.magnetization).toBeCloseTo(-up.magnetization, 9);
    expect(down.variance).toBeCloseTo(up.variance, 5);
  });
});

describe("the infinite Ising lattice near and below criticality", () => {
  test("has known values at T = 2.5, h = 0.1, where its variance is the response to the field", () => {
    const { magnetization, variance } = limit(2.5, 0.1);
    expect(Math.abs(magnetization - 0.724577)).toBeLessThan(1e-5);
    expect(Math.abs(variance - 3.673)).toBeLessThan(0.01);
    // n var = T dm/dh; the third derivative adds (0.005)² m‴/6 = 3e-3.
    const response = (2.5 * (limit(2.5, 0.105).magnetization - limit(2.5, 0.095).magnetization)) / 0.01;
    expect(Math.abs(response - variance)).toBeLessThan(0.01);
    // 16 spins are not enough here: this is no enumeration.
    expect(enumerated(2.5, 0.1).magnetization).toBeLessThan(0.65);
  });

  test("tends to Yang's magnetization in a small field, below criticality", () => {
    // m = m₀ + χ h + O(h²), χ = n var / T.
    const rest = (temperature: number, field: number) => {
      const { magnetization, variance } = limit(temperature, field);
      return magnetization - (variance * field) / temperature - onsagerMagnetization(temperature);
    };
    const [far, near] = [rest(1.5, 0.02), rest(1.5, 0.01)];
    expect(Math.abs(near)).toBeLessThan(1e-5);
    expect(far / near).toBeWithin(3.5, 4.2);
    expect(Math.abs(rest(1.2, 0.01))).toBeLessThan(2e-6);
    // Closer to criticality the second order is larger.
    expect(Math.abs(rest(1.8, 0.02))).toBeLessThan(3e-4);
    expect(Math.abs(limit(2, 0.03).magnetization - onsagerMagnetization(2))).toBeLessThan(0.02);
  });

  test("has no value at criticality or without a field", () => {
    expect(isingLimit(CRITICAL_TEMPERATURE, 0)).toBeNull();
    expect(isingLimit(3, 0)).toBeNull();
  });

  test("in so small a field that differences reach beyond 0 has none, or the right one", () => {
    // Up and down coexist at h = 0: a derivative across has nothing to do with either.
    const found = isingLimit(1, 0.0015);
    if (found) expect(Math.abs(found.magnetization - onsagerMagnetization(1))).toBeLessThan(1e-3);
  });

  test("at no temperature is refused", () => {
    for (const temperature of [0, -1, Number.NaN]) {
      const message = `temperature ${temperature} is not a positive number`;
      expect(() => isingLimit(temperature, 0.1)).toThrow(new InputError(message));
    }
  });
});
