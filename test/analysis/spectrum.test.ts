// Power spectra by the cosine transform: single modes, Parseval, white noise, and intervals of ratios by simulation.
// Statistical assertions are at 4.5 standard errors (test/statistics.ts) with fixed seeds.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { bandPower, bandRatio, cosineTransform, powerSpectrum } from "../../lib/analysis/spectrum.ts";
import { InputError } from "../../lib/errors.ts";
import { draws } from "../fixtures.ts";
import { expectWithin } from "../statistics.ts";

setDefaultTimeout(60_000);

const POINTS = 200;

const generator = (purpose: string) => draws(62)(purpose).normal;

const white = (normal: () => number, replicas: number, points: number, std = 1) =>
  Float64Array.from({ length: replicas * points }, () => std * normal());

describe("cosine transform", () => {
  test("a cosine at the grid points x = (i + ½)/N is one line", () => {
    for (const k of [0, 1, 10, POINTS - 1]) {
      const field = Array.from({ length: POINTS }, (_, i) => 0.3 * Math.cos((Math.PI * k * (i + 0.5)) / POINTS));
      const { power } = powerSpectrum([...field, ...field], POINTS);
      const line = 0.09 * (k === 0 ? POINTS : POINTS / 2);
      for (let j = 0; j < POINTS; j++) expect(Math.abs(power[j] - (j === k ? line : 0))).toBeLessThan(1e-12 * line);
    }
  });

  test("diagonalises the zero-flux Laplacian, with eigenvalues 2 cos(πk/N) − 2", () => {
    for (const points of [1, 2, 7, 40]) {
      const u = white(generator("laplacian"), 1, points);
      const at = (i: number) => u[Math.min(points - 1, Math.max(0, i))];
      const laplacian = Float64Array.from(u, (value, i) => at(i - 1) - 2 * value + at(i + 1));
      const [a, b] = [cosineTransform(u, points), cosineTransform(laplacian, points)];
      b.forEach((value, k) => {
        expect(Math.abs(value - (2 * Math.cos((Math.PI * k) / points) - 2) * a[k])).toBeLessThan(1e-12);
      });
    }
  });

  test("keeps the norm (Parseval), for sizes to 1,000", () => {
    for (const points of [1, 3, 64, 1000]) {
      const fields = white(generator("norm"), 2, points);
      const { perReplica } = powerSpectrum(fields, points);
      for (let r = 0; r < 2; r++) {
        const sum = (values: Float64Array) => values.subarray(r * points, (r + 1) * points).reduce((s, x) => s + x, 0);
        expect(sum(perReplica) / sum(fields.map((u) => u * u))).toBeCloseTo(1, 12);
      }
    }
  });
});

describe("power spectrum", () => {
  test("of white noise is its variance in every mode; the mean field goes with `fluctuations` alone", () => {
    const [replicas, std] = [500, 1.5];
    const noise = white(generator("white"), replicas, POINTS, std);
    const mean = (i: number) => 2 + Math.cos((Math.PI * 10 * (i + 0.5)) / POINTS);
    const fields = noise.map((value, i) => value + mean(i % POINTS));
    const all = powerSpectrum(fields, POINTS);
    const own = powerSpectrum(fields, POINTS, { fluctuations: true });
    for (let k = 0; k < POINTS; k++) {
      expectWithin(`fluctuations of mode ${k}`, own.power[k], std ** 2, own.standardError[k]);
      const line = k === 0 ? 4 * POINTS : k === 10 ? POINTS / 2 : 0;
      expectWithin(`power of mode ${k}`, all.power[k], std ** 2 + line, all.standardError[k]);
    }
    // χ²: relative error √(2/R), scattering by √(7/2R) = 8 % and averaged over 200 modes.
    const error = own.standardError.reduce((sum, e) => sum + e, 0) / POINTS;
    expect(error / (std ** 2 * Math.sqrt(2 / replicas))).toBeCloseTo(1, 1.3);
    for (const { value, standardError } of bandPower(own, [0, 1, 5, 50, POINTS])) {
      expectWithin("band", value, std ** 2, standardError);
    }
  });

  test("the variance is unbiased for few replicas", () => {
    const normal = generator("few");
    // 300 ensembles of 3 replicas, 50 modes each.
    const means = Array.from({ length: 300 }, () => {
      const { power } = powerSpectrum(white(normal, 3, 50), 50, { fluctuations: true });
      return power.reduce((sum, p) => sum + p, 0) / 50;
    });
    const mean = means.reduce((sum, p) => sum + p, 0) / 300;
    // Each power has variance 2/(R − 1).
    expectWithin("variance", mean, 1, Math.sqrt(2 / 2 / 50 / 300));
  });
});

describe("bands", () => {
  test("95 % intervals of a ratio and of a power cover 95 %, also where modes depend on each other", () => {
    const normal = generator("coverage");
    const trials = 1000;
    const [ratio, points] = [1.7, 12];
    let [covered, power] = [0, 0];
    for (let t = 0; t < trials; t++) {
      // A random factor per replica makes all its modes loud or quiet together.
      const draw = (replicas: number, std: number) => {
        const loud = Array.from({ length: replicas }, () => Math.exp(0.2 * normal() - 0.04));
        return powerSpectrum(
          white(normal, replicas, points, std).map((u, i) => u * loud[Math.floor(i / points)]),
          points,
        );
      };
      const [a, b] = [draw(30, Math.sqrt(ratio)), draw(50, 1)];
      const [band] = bandRatio(a, b, [2, 12]);
      covered += band.low < ratio && ratio < band.high ? 1 : 0;
      const [own] = bandPower(b, [2, 12]);
      power += own.low < 1 && 1 < own.high ? 1 : 0;
    }
    // 1 % for the skewness of lognormal powers.
    const error = Math.hypot(Math.sqrt((0.95 * 0.05) / trials), 0.01 / 4.5);
    expectWithin("coverage of the ratio", covered / trials, 0.95, error);
    expectWithin("coverage of the power", power / trials, 0.95, error);
  });

  test("known numbers", () => {
    const a = {
      power: Float64Array.of(2, 4),
      standardError: Float64Array.of(0, 0),
      perReplica: Float64Array.of(1, 5, 3, 3),
    };
    const [band] = bandPower(a, [0, 2]);
    expect([band.from, band.to, band.value, band.standardError]).toEqual([0, 2, 3, 0]);
    const [first] = bandPower(a, [0, 1]);
    // std √2 over √2 replicas.
    expect([first.value, first.standardError]).toEqual([2, 1]);
    const [same] = bandRatio(a, a, [0, 2]);
    expect([same.value, same.low, same.high]).toEqual([1, 1, 1]);
    const [wide] = bandRatio(a, a, [0, 1]);
    expect(wide.standardError).toBeCloseTo(Math.SQRT1_2, 12);
    expect(wide.low * wide.high).toBeCloseTo(1, 12);
  });

  test("bad input is refused", () => {
    const refused = (run: () => unknown, message: string) => expect(run).toThrow(new InputError(message));
    refused(() => powerSpectrum([1, 2, 3], 3), "3 values are not at least 2 whole fields of 3 points");
    refused(() => powerSpectrum([1, 2, 3], 0), "0 grid points: use an integer from 1 on");
    const zero = powerSpectrum([2, 2], 1);
    refused(() => bandPower(zero, [0, 3]), "band edges 0, 3: use at least two ascending integers from 0 to 1");
    refused(() => bandPower(zero, [1, 1]), "band edges 1, 1: use at least two ascending integers from 0 to 1");
    refused(() => bandRatio(zero, powerSpectrum([0, 0], 1), [0, 1]), "power 4 over 0 in modes 0 to 0: no ratio");
  });
});
