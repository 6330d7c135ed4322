import { describe, expect, test } from "bun:test";
import {
  collapse,
  collapseSpread,
  criticalQuantities,
  crossing,
  jackknifed,
  magnetizationMoments,
  powerLaw,
  slopeAt,
} from "../../lib/analysis/finite-size.ts";
import { InputError } from "../../lib/errors.ts";
import { generators, normal } from "../fixtures.ts";
import { mean, range } from "../numbers.ts";

const generator = generators(77);

test("order, susceptibility and cumulant of lattices that are all up or down, and of normal magnetizations", () => {
  const ordered = criticalQuantities(magnetizationMoments([0.8, -0.8, 0.8]), 100, 2);
  expect(ordered.abs_m).toBeCloseTo(0.8, 12);
  expect(ordered.chi).toBeCloseTo(0, 10);
  expect(ordered.binder).toBeCloseTo(2 / 3, 12);
  const rng = generator("normal");
  const m = range(200_000, () => 0.1 * normal(rng));
  const free = criticalQuantities(magnetizationMoments(m), 400, 2);
  // ⟨|m|⟩ = σ √(2/π), ⟨m⁴⟩ = 3 ⟨m²⟩².
  expect(free.abs_m).toBeCloseTo(0.1 * Math.sqrt(2 / Math.PI), 3);
  expect(free.chi).toBeCloseTo((400 * 0.01 * (1 - 2 / Math.PI)) / 2, 1);
  expect(free.binder).toBeCloseTo(0, 1);
});

test("jackknife errors are those that repetitions show, and the bias of few samples is gone", () => {
  const rng = generator("jackknife");
  const repetitions = range(400, () => {
    const samples = range(12, () => magnetizationMoments([0.4 + 0.2 * normal(rng)]));
    return jackknifed(samples, 64, 2);
  });
  // E|m| of a normal law of mean 0.4 and deviation 0.2 is 0.4034, ⟨m²⟩ 0.2.
  const exact = { abs_m: 0.4034, chi: (64 * (0.2 - 0.4034 ** 2)) / 2 };
  for (const key of ["abs_m", "chi"] as const) {
    const values = repetitions.map((one) => one[key].value);
    const spread = Math.sqrt(mean(values.map((x) => (x - mean(values)) ** 2)));
    const error = Math.sqrt(mean(repetitions.map((one) => one[key].error ** 2)));
    expect(Math.abs(mean(values) - exact[key])).toBeLessThan((4.5 * spread) / Math.sqrt(400));
    expect(Math.abs(error / spread - 1)).toBeLessThan(0.2);
  }
});

test("one sample tells no error", () => {
  expect(() => jackknifed([magnetizationMoments([1])], 4, 2)).toThrow(InputError);
});

describe("scaling of exact power laws", () => {
  const [critical, nu, beta] = [2.27, 1.25, 0.3];
  const temperatures = [2.24, 2.255, 2.27, 2.285, 2.3];
  const sides = [16, 32, 48, 64];
  // y = L^(−β/ν) g((T − T_c) L^(1/ν)).
  const curve = (side: number, power: number, g: (x: number) => number) => ({
    side,
    temperatures,
    values: temperatures.map((T) => side ** power * g((T - critical) * side ** (1 / nu))),
  });

  test("slopes on logarithmic axes are the exponents", () => {
    expect(
      powerLaw(
        sides,
        sides.map((side) => 3 * side ** -0.24),
      ),
    ).toBeCloseTo(-0.24, 10);
    expect(() => powerLaw([1, 2], [1, 0])).toThrow(/not positive/);
  });

  test("slopes at the critical temperature grow like L to the 1/ν, and curves cross there", () => {
    const curves = sides.map((side) => curve(side, 0, (x) => 0.6 - 0.05 * x + 0.01 * x ** 2));
    for (const one of curves) expect(slopeAt(one, critical) / (-0.05 * one.side ** (1 / nu))).toBeCloseTo(1, 8);
    expect(
      powerLaw(
        sides,
        curves.map((one) => -slopeAt(one, critical)),
      ),
    ).toBeCloseTo(1 / nu, 8);
    expect(crossing(curves[0], curves[3])).toBeCloseTo(critical, 4);
    const above = { ...curves[3], values: curves[3].values.map((value) => value + 1) };
    expect(crossing(curves[0], above)).toBeNaN();
  });

  test("collapse finds both exponents, and is perfect for these alone", () => {
    const curves = sides.map((side) => curve(side, -beta / nu, (x) => Math.exp(-0.3 * x + 0.02 * x ** 2)));
    expect(collapseSpread(curves, critical, 1 / nu, beta / nu)).toBeLessThan(1e-12);
    const found = collapse(curves, critical, { oneOverNu: 1, power: 0.1 });
    expect(found.oneOverNu).toBeCloseTo(1 / nu, 2);
    expect(found.power).toBeCloseTo(beta / nu, 3);
    expect(collapseSpread(curves, critical, 1, beta / nu)).toBeGreaterThan(1e-5);
  });
});
