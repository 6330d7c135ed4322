// The exact magnetization of the Ising model, and of which lattices it is the one.
import { expect, setDefaultTimeout, test } from "bun:test";
import { enumerateIsing } from "../../lib/analysis/ising-exact.ts";
import { exactMagnetization } from "../../lib/analysis/ising-magnetization.ts";
import { CRITICAL_TEMPERATURE, onsagerMagnetization } from "../../lib/analysis/ising-onsager.ts";
import { isingLimit } from "../../lib/analysis/ising-strip.ts";
import { defined } from "../fixtures.ts";

setDefaultTimeout(60_000);

test("without a field it is Yang's below criticality, for lattices that are large beside the walls' room", () => {
  expect(exactMagnetization(64, 2, 0)).toBe(onsagerMagnetization(2));
  expect(exactMagnetization(16, 2.2, 0)).toBeNull();
  expect(exactMagnetization(1024, 2.2, 0)).toBe(onsagerMagnetization(2.2));
  for (const temperature of [CRITICAL_TEMPERATURE, 2.5, 5]) expect(exactMagnetization(1024, temperature, 0)).toBeNull();
});

test("lattices of 4 × 4 spins have it where it is given, and else differ by more than 1 in a thousand, or walls would let them", () => {
  let given = 0;
  for (const temperature of [0.8, 1, 1.1, 1.2, 1.5, 1.8, 2, 2.2]) {
    const exact = exactMagnetization(4, temperature, 0);
    if (exact === null) continue;
    given++;
    expect(Math.abs(enumerateIsing(4, temperature, 0).absM / exact - 1)).toBeLessThan(1e-3);
  }
  expect(given).toBeWithin(3, 7);
});

test("in a field it is that of strips, of the field's sign, for lattices as wide as what they remember", () => {
  const exact = defined(exactMagnetization(64, 2.5, 0.1));
  expect(exact).toBeCloseTo(defined(isingLimit(2.5, 0.1)).magnetization, 9);
  expect(defined(exactMagnetization(64, 2.5, -0.1))).toBeCloseTo(-exact, 7);
  // Strips of 8 spins are off by 2 %; enumeration of narrower ones is not asked.
  expect(exactMagnetization(8, 2.5, 0.1)).toBeNull();
  expect(exactMagnetization(4, 1.8, 0.5)).toBeNull();
  expect(exactMagnetization(64, CRITICAL_TEMPERATURE, 1e-3)).toBeNull();
  // Both phases are likely where 2 h m n / T is 1.7, with 27 only one is.
  expect(exactMagnetization(16, 1.5, 0.005)).toBeNull();
  expect(defined(exactMagnetization(64, 1.5, 0.005)) / onsagerMagnetization(1.5)).toBeWithin(1, 1.001);
});
