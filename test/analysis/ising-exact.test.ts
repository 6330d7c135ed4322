// Exact results of the Ising model against each other: enumeration, Kaufman, Onsager, and Glauber dynamics against the
// matrix exponential, detailed balance and closed forms. Correlations from bits against a plain double loop.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { expm, type Matrix, matrix, multiply } from "mathjs";
import {
  boltzmannLaw,
  enumerateIsing,
  fixedMagnetizationLaw,
  glauberRates,
  glauberTransient,
  isingStates,
} from "../../lib/analysis/ising-exact.ts";
import {
  CRITICAL_TEMPERATURE,
  kaufmanEnergy,
  onsagerEnergy,
  onsagerMagnetization,
} from "../../lib/analysis/ising-onsager.ts";
import { twoPoint } from "../../lib/analysis/two-point.ts";
import { InputError } from "../../lib/errors.ts";
import { defined, generators } from "../fixtures.ts";
import { expectWithin } from "../statistics.ts";

setDefaultTimeout(60_000);

const TEMPERATURE = 2.5;
const FIELD = 0.1;
/** Temperatures on both sides of T_c = 2.269…, and T_c itself. */
const TEMPERATURES = [1, 2, 2.26, CRITICAL_TEMPERATURE, 2.28, 3, 10];

const random = generators(2511, "");

describe("enumeration", () => {
  test("gives the 2 × 2 lattice in closed form", () => {
    // Every pair is joined twice. E: −8 ∓ 4h (all up, all down), 0 ∓ 2h (one spin against three, 4 each), 0 (two
    // neighbours against two, 4 of them), +8 (chequerboard, 2 of them).
    const [T, h] = [2.5, 0.3];
    const boltzmann = (energy: number) => Math.exp(-energy / T);
    const weights = [
      ...[1, -1].map((s) => ({ w: boltzmann(-8 - 4 * h * s), m: s, rho: 0 })),
      ...[1, -1].map((s) => ({ w: 4 * boltzmann(-2 * h * s), m: 0.5 * s, rho: 0.5 })),
      { w: 4, m: 0, rho: 0.5 },
      { w: 2 * boltzmann(8), m: 0, rho: 1 },
    ];
    const total = weights.reduce((sum, { w }) => sum + w, 0);
    const average = (f: (one: { m: number; rho: number }) => number) =>
      weights.reduce((sum, one) => sum + one.w * f(one), 0) / total;
    const found = enumerateIsing(2, T, h);
    expect(found.m).toBeCloseTo(
      average(({ m }) => m),
      12,
    );
    expect(found.absM).toBeCloseTo(
      average(({ m }) => Math.abs(m)),
      12,
    );
    expect(found.m2).toBeCloseTo(
      average(({ m }) => m ** 2),
      12,
    );
    expect(found.rho).toBeCloseTo(
      average(({ rho }) => rho),
      12,
    );
    expect(found.rho2).toBeCloseTo(
      average(({ rho }) => rho ** 2),
      12,
    );
    expect(found.mRho).toBeCloseTo(
      average(({ m, rho }) => m * rho),
      12,
    );
    expect(found.energy).toBeCloseTo(
      average(({ m, rho }) => -2 + 4 * rho - h * m),
      12,
    );
  });

  test("responds to the field by the variance of the magnetization", () => {
    // ∂⟨m⟩/∂h = n (⟨m²⟩ − ⟨m⟩²) / T, by a central difference of error O(step²).
    for (const side of [2, 3, 4]) {
      const step = 1e-4;
      const { m, m2 } = enumerateIsing(side, TEMPERATURE, FIELD);
      const slope =
        (enumerateIsing(side, TEMPERATURE, FIELD + step).m - enumerateIsing(side, TEMPERATURE, FIELD - step).m) /
        (2 * step);
      expect(slope).toBeCloseTo((side ** 2 * (m2 - m ** 2)) / TEMPERATURE, 6);
    }
  });

  test("has the energies of Kaufman's partition function", () => {
    for (const side of [2, 3, 4]) {
      for (const T of TEMPERATURES) {
        expect(Math.abs(enumerateIsing(side, T, 0).energy - kaufmanEnergy(side, T))).toBeLessThan(1e-10);
      }
    }
  });

  test("refuses what it cannot do", () => {
    for (const bad of [
      () => enumerateIsing(5, 2, 0),
      () => enumerateIsing(3, 0, 0),
      () => fixedMagnetizationLaw(3, 10),
    ])
      expect(bad).toThrow(InputError);
    const law = boltzmannLaw(2, 2, 0);
    expect(() => glauberTransient(2, 2, 0, law, [-1])).toThrow("time -1: use finite times from 0 on");
    expect(() => glauberTransient(3, 2, 0, law, [1])).toThrow("a law of 16 states for the 512 of side 3");
    expect(() => kaufmanEnergy(1.5, 2)).toThrow(InputError);
    expect(() => onsagerEnergy(-1)).toThrow(InputError);
  });
});

describe("infinite lattice", () => {
  test("Onsager: −√2 at T_c, ground state and high temperature", () => {
    expect(onsagerEnergy(CRITICAL_TEMPERATURE)).toBeCloseTo(-Math.SQRT2, 10);
    expect(onsagerEnergy(0.2)).toBeCloseTo(-2, 12);
    // High-temperature series of the square lattice, v = tanh(1/T): u = −2v − 4v³ … (two bonds, four plaquette sides).
    const v = Math.tanh(1 / 50);
    expect(onsagerEnergy(50)).toBeCloseTo(-2 * v - 4 * v ** 3, 7);
  });

  test("Kaufman tends to Onsager: exponentially off T_c, as 1/L at T_c", () => {
    for (const T of [1.5, 2, 3]) expect(Math.abs(kaufmanEnergy(256, T) - onsagerEnergy(T))).toBeLessThan(1e-10);
    // Ferdinand & Fisher: u_L = −√2 − 2 Θ / L at T_c, Θ = ϑ₂ϑ₃ϑ₄ / (ϑ₂ + ϑ₃ + ϑ₄) at nome e^(−π).
    const q = Math.exp(-Math.PI);
    const theta = (sign: number, shift: number) => {
      let sum = 0;
      for (let k = -9; k <= 9; k++) sum += sign ** Math.abs(k) * q ** ((k + shift) ** 2);
      return sum;
    };
    const [two, three, four] = [theta(1, 0.5), theta(1, 0), theta(-1, 0)];
    const amplitude = (2 * two * three * four) / (two + three + four);
    for (const side of [64, 512]) {
      const scaled = side * (kaufmanEnergy(side, CRITICAL_TEMPERATURE) + Math.SQRT2);
      expect(Math.abs(scaled + amplitude)).toBeLessThan(2 / side);
    }
  });

  test("Kaufman is smooth through T_c", () => {
    const step = 1e-7;
    const [below, at, above] = [-1, 0, 1].map((k) => kaufmanEnergy(64, CRITICAL_TEMPERATURE + k * step));
    expect(Math.abs(defined(below) + defined(above) - 2 * defined(at))).toBeLessThan(1e-11);
    expect(defined(above)).toBeGreaterThan(defined(below));
  });

  test("spontaneous magnetization: 1 at low temperature, exponent 1/8, 0 above T_c", () => {
    expect(onsagerMagnetization(0.5)).toBeCloseTo(1, 6);
    // Published value at T = 2: (1 − sinh(1)⁻⁴)^(1/8) = 0.911319…
    expect(onsagerMagnetization(2)).toBeCloseTo(0.911319, 6);
    expect(onsagerMagnetization(2.27)).toBe(0);
    const at = (distance: number) => onsagerMagnetization(CRITICAL_TEMPERATURE * (1 - distance));
    expect(Math.log10(at(1e-5) / at(1e-6))).toBeCloseTo(0.125, 4);
  });
});

describe("Glauber dynamics", () => {
  test("keeps detailed balance, state by state", () => {
    for (const side of [2, 3]) {
      const sites = side ** 2;
      const law = boltzmannLaw(side, TEMPERATURE, FIELD);
      const rates = glauberRates(side, TEMPERATURE, FIELD);
      let worst = 0;
      for (let state = 0; state < law.length; state++) {
        for (let i = 0; i < sites; i++) {
          const other = state ^ (1 << i);
          const [there, back] = [law[state] * rates[state * sites + i], law[other] * rates[other * sites + i]];
          worst = Math.max(worst, Math.abs(there / back - 1));
        }
      }
      expect(worst).toBeLessThan(1e-12);
    }
  });

  test("follows the matrix exponential of its generator", () => {
    const [side, time] = [2, 0.7];
    const { m, rho } = isingStates(side);
    const rates = glauberRates(side, TEMPERATURE, FIELD);
    const generator = Array.from(m, () => Array.from(m, () => 0));
    for (let k = 0; k < rates.length; k++) {
      const [from, site] = [Math.floor(k / 4), k % 4];
      generator[from ^ (1 << site)][from] += rates[k];
      generator[from][from] -= rates[k];
    }
    const initial = Float64Array.from(m, (_, x) => (x + 1) / 136); // Σ_1^16 = 136
    const exact = multiply(expm(multiply(matrix(generator), time) as Matrix), Array.from(initial));
    const law = exact.valueOf() as number[];
    const average = (values: Float64Array) => values.reduce((sum, value, x) => sum + value * law[x], 0);
    const found = glauberTransient(side, TEMPERATURE, FIELD, initial, [time]);
    expect(found.m[0]).toBeCloseTo(average(m), 11);
    expect(found.rho[0]).toBeCloseTo(average(rho), 11);
    expect(found.m2[0]).toBeCloseTo(average(m.map((value) => value ** 2)), 11);
    expect(found.rho2[0]).toBeCloseTo(average(rho.map((value) => value ** 2)), 11);
    expect(found.mRho[0]).toBeCloseTo(average(m.map((value, x) => value * rho[x])), 11);
    expect(found.absM[0]).toBeCloseTo(average(m.map(Math.abs)), 11);
  });

  test("starts along its generator and ends in the Boltzmann law", () => {
    // The two magnetized halves of the states exchange in about 25 sweeps: 900 forget the start.
    const [side, up, step] = [3, 6, 1e-5];
    const initial = fixedMagnetizationLaw(side, up);
    const { m, rho, m2 } = glauberTransient(side, TEMPERATURE, FIELD, initial, [0, step, 900]);
    expect(m[0]).toBeCloseTo((2 * up) / 9 - 1, 14);
    // Two different sites of u up and n − u down: P(s ≠ s') = 2u(n − u) / (n(n − 1)).
    expect(rho[0]).toBeCloseTo((2 * up * (9 - up)) / (9 * 8), 14);
    // d⟨m⟩/dt = ⟨tanh(β(Σ + h)) − s⟩ at any site; its four neighbours are four different others, drawn without
    // replacement: v up with the hypergeometric law.
    const choose = (n: number, k: number): number =>
      k < 0 || k > n ? 0 : k === 0 ? 1 : (n * choose(n - 1, k - 1)) / k;
    let slope = -(2 * up - 9) / 9;
    for (let v = 0; v <= 4; v++) {
      const probability = (choose(up, v) * choose(9 - up, 4 - v)) / choose(9, 4);
      slope += probability * Math.tanh((2 * v - 4 + FIELD) / TEMPERATURE);
    }
    expect((m[1] - m[0]) / step).toBeCloseTo(slope, 4);
    const boltzmann = enumerateIsing(side, TEMPERATURE, FIELD);
    expect(m[2]).toBeCloseTo(boltzmann.m, 9);
    expect(rho[2]).toBeCloseTo(boltzmann.rho, 9);
    expect(m2[2]).toBeCloseTo(boltzmann.m2, 9);
  });

  test("of free spins is e^(−t), and e^(−2t) for pairs", () => {
    const times = [0, 0.3, 1, 4];
    const { m, rho } = glauberTransient(4, Number.POSITIVE_INFINITY, FIELD, fixedMagnetizationLaw(4, 13), times);
    for (const [i, t] of times.entries()) {
      expect(m[i]).toBeCloseTo(m[0] * Math.exp(-t), 12);
      expect(1 - 2 * rho[i]).toBeCloseTo((1 - 2 * rho[0]) * Math.exp(-2 * t), 12);
    }
  });
});

describe("two-point correlation", () => {
  /** Lattices of independent spins, up with probability `up`; junk in the bits beyond the side. */
  function spins(count: number, side: number, up: number) {
    const draw = random(`two-point ${count} ${side}`);
    const words = Math.ceil(side / 32);
    const plain = Array.from({ length: count * side * side }, () => (draw.uniform() < up ? 1 : -1));
    const bits = new Uint32Array(count * side * words);
    for (let row = 0; row < count * side; row++) {
      for (let c = 0; c < 32 * words; c++) {
        const one = c < side ? plain[row * side + c] === 1 : draw.uniform() < 0.5;
        if (one) bits[row * words + (c >> 5)] |= 1 << (c & 31);
      }
    }
    return { plain, bits };
  }

  test("equals a double loop at every side", () => {
    for (const side of [1, 2, 7, 31, 32, 33, 48, 64, 70]) {
      const count = 3;
      const { plain, bits } = spins(count, side, 0.6);
      const rMax = side - 1;
      const found = twoPoint(bits, side, rMax);
      const site = (i: number, y: number, x: number) => plain[(i * side + (y % side)) * side + (x % side)];
      for (let r = 0; r <= rMax; r += side > 40 ? 5 : 1) {
        let sum = 0;
        for (let i = 0; i < count; i++) {
          for (let y = 0; y < side; y++) {
            for (let x = 0; x < side; x++) sum += site(i, y, x) * (site(i, y, x + r) + site(i, y + r, x));
          }
        }
        expect(found.product[r]).toBeCloseTo(sum / (2 * count * side ** 2), 12);
      }
    }
  });

  test("of independent spins is 1 − m² at r = 0 and zero beyond, within its own errors", () => {
    const [count, side, up] = [400, 20, 0.8];
    const { bits } = spins(count, side, up);
    const { connected, connectedError, product, productError } = twoPoint(bits, side, 9);
    const m = 2 * up - 1;
    expect(product[0]).toBe(1);
    expect(productError[0]).toBe(0);
    expectWithin("C(0)", connected[0], 1 - m ** 2, connectedError[0]);
    for (let r = 1; r <= 9; r++) {
      expectWithin(`C(${r})`, connected[r], 0, connectedError[r]);
      expectWithin(`S(${r})`, product[r], m ** 2, productError[r]);
      // S − 2⟨m⟩m over n sites and 2n pairs: variance (1 − m²)²/(2n); S alone also moves with m, by 4m² (1 − m²)/n.
      expect(connectedError[r] / Math.sqrt((1 - m ** 2) ** 2 / (2 * side ** 2 * count))).toBeCloseTo(1, 0.5);
      const variance = (1 - m ** 2) ** 2 / 2 + 4 * m ** 2 * (1 - m ** 2);
      expect(productError[r] / Math.sqrt(variance / (side ** 2 * count))).toBeCloseTo(1, 0.5);
    }
  });

  test("has no bias from few lattices", () => {
    // Two lattices at a time: without its correction C(r > 0) would sit at −(1 − m²)/2n = −0.015, m = −½.
    const [side, groups] = [5, 4000];
    const draw = random("few lattices");
    const found = Array.from({ length: groups }, () => {
      const bits = Uint32Array.from({ length: 2 * side }, () => draw.next() & draw.next());
      return twoPoint(bits, side, 1).connected[1];
    });
    const mean = found.reduce((sum, c) => sum + c, 0) / groups;
    const variance = found.reduce((sum, c) => sum + (c - mean) ** 2, 0) / (groups - 1);
    expectWithin("C(1) of pairs", mean, 0, Math.sqrt(variance / groups));
  });

  test("refuses what does not fit", () => {
    expect(() => twoPoint(new Uint32Array(64), 64, 3)).toThrow("64 words are not at least 2 whole lattices of side 64");
    expect(() => twoPoint(new Uint32Array(128 * 2), 64, 64)).toThrow("distance 64: use an integer from 0 to 63");
  });
});
