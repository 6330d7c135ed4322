// Drift and diffusion from increments, on exact transitions of Ornstein–Uhlenbeck processes, whose conditional moments
// at any τ are known. Statistical assertions are at 4.5 standard errors (test/statistics.ts) with fixed seeds.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  type Bin,
  binMeans,
  equalBins,
  gridBins,
  type Increments,
  kramersMoyal,
} from "../../lib/analysis/kramers-moyal.ts";
import { InputError } from "../../lib/errors.ts";
import { defined, draws } from "../fixtures.ts";
import { expectWithin } from "../statistics.ts";

setDefaultTimeout(60_000);

/** dz_j = −θ_j z_j dt + √λ (σ dW)_j with σσᵀ = A, correlated. */
const THETA = [1, 2.5];
const A = [0.02, 0.012, 0.012, 0.05];

const generator = draws(254501);

/** Covariance over `tau` of the noise of the process, per λ: A_jk (1 − exp(−(θ_j + θ_k) τ)) / (θ_j + θ_k). */
const noise = (j: number, k: number, tau: number) =>
  (A[2 * j + k] * -Math.expm1(-(THETA[j] + THETA[k]) * tau)) / (THETA[j] + THETA[k]);

/** `n` exact transitions over τ and 2τ from states uniform on [−2, 2]². */
function ornsteinUhlenbeck(purpose: string, n: number, tau: number, lambda = 1): Increments {
  const { uniform, normal } = generator(purpose);
  const c00 = Math.sqrt(noise(0, 0, tau));
  const c10 = noise(1, 0, tau) / c00;
  const c11 = Math.sqrt(noise(1, 1, tau) - c10 ** 2);
  const state = Float64Array.from({ length: 2 * n }, () => 4 * uniform() - 2);
  const change1 = new Float64Array(2 * n);
  const change2 = new Float64Array(2 * n);
  const decay = THETA.map((theta) => Math.exp(-theta * tau));
  const root = Math.sqrt(lambda);
  for (let i = 0; i < n; i++) {
    const z = [state[2 * i], state[2 * i + 1]];
    for (const change of [change1, change2]) {
      const [a, b] = [root * normal(), root * normal()];
      z[0] = decay[0] * z[0] + c00 * a;
      z[1] = decay[1] * z[1] + c10 * a + c11 * b;
      change[2 * i] = z[0] - state[2 * i];
      change[2 * i + 1] = z[1] - state[2 * i + 1];
    }
  }
  return { state, change1, change2, d: 2, tau, lambda };
}

/** Covariance (divisor count − 1) of the states of a bin. */
function stateCovariance(state: ArrayLike<number>, { members }: Bin, j: number, k: number): number {
  const column = (axis: number) => Array.from(members, (i) => state[2 * i + axis]);
  const [x, y] = [column(j), column(k)];
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [a, b] = [mean(x), mean(y)];
  return x.reduce((sum, v, i) => sum + (v - a) * (y[i] - b), 0) / (x.length - 1);
}

/** What D(τ) and A(τ) tend to in a large bin: closed form at its mean state and, for degree 0, state covariance. */
function expected({ state, lambda }: Increments, bin: Bin, centre: ArrayLike<number>, tau: number, degree = 1) {
  const shrink = THETA.map((theta) => Math.expm1(-theta * tau));
  return {
    drift: shrink.map((s, j) => (s * centre[j]) / tau),
    diffusion: A.map((_, i) => {
      const [j, k] = [i >> 1, i & 1];
      const drift = degree > 0 ? 0 : 1;
      return (
        noise(j, k, tau) / tau + (drift * shrink[j] * shrink[k] * stateCovariance(state, bin, j, k)) / (lambda * tau)
      );
    }),
  };
}

describe("Kramers–Moyal coefficients", () => {
  const tau = 0.05;
  for (const lambda of [1, 5]) {
    test(`uncorrected ones have the closed-form bias, corrected ones are right: λ = ${lambda}`, () => {
      const data = ornsteinUhlenbeck("coefficients", 100_000, tau, lambda);
      const bins = equalBins(data.state, 2, 0, 5);
      const found = kramersMoyal(data, bins);
      let farthest = 0;
      found.forEach(({ centre, drift, driftCorrected, diffusion, diffusionCorrected }, b) => {
        const [one, two] = [expected(data, bins[b], centre, tau), expected(data, bins[b], centre, 2 * tau)];
        for (let j = 0; j < 2; j++) {
          expectWithin(`drift ${j} of bin ${b}`, drift.value[j], one.drift[j], drift.error[j]);
          const zero = 2 * one.drift[j] - two.drift[j];
          expectWithin(
            `corrected drift ${j} of bin ${b}`,
            defined(driftCorrected).value[j],
            zero,
            defined(driftCorrected).error[j],
          );
          const exact = -THETA[j] * centre[j];
          expectWithin(
            `true drift ${j} of bin ${b}`,
            defined(driftCorrected).value[j],
            exact,
            defined(driftCorrected).error[j],
          );
          farthest = Math.max(farthest, Math.abs(drift.value[j] - exact) / drift.error[j]);
        }
        for (let i = 0; i < 4; i++) {
          expectWithin(`diffusion ${i} of bin ${b}`, diffusion.value[i], one.diffusion[i], diffusion.error[i]);
          const zero = 2 * one.diffusion[i] - two.diffusion[i];
          const { value, error } = defined(diffusionCorrected);
          expectWithin(`corrected diffusion ${i} of bin ${b}`, value[i], zero, error[i]);
          expectWithin(`true diffusion ${i} of bin ${b}`, value[i], A[i], error[i]);
        }
      });
      // The bias that the correction is for can be seen here.
      expect(farthest).toBeGreaterThan(lambda === 1 ? 8 : 3);
    });
  }

  test("the drift's variation within a bin enters the covariance at degree 0 alone", () => {
    const data = ornsteinUhlenbeck("variation", 20_000, tau);
    const bins = equalBins(data.state, 2, 0, 3);
    for (const degree of [0, 1, 2] as const) {
      kramersMoyal(data, bins, degree).forEach(({ centre, diffusion, drift }, b) => {
        const exact = expected(data, bins[b], centre, tau, degree);
        for (let i = 0; i < 4; i++) {
          expectWithin(`degree ${degree}, entry ${i}`, diffusion.value[i], exact.diffusion[i], diffusion.error[i]);
        }
        // Degree 0: 2.5² τ Var(z), against a noise of 0.05.
        if (degree === 0) expect(diffusion.value[3]).toBeGreaterThan(8 * A[3]);
        expectWithin(`degree ${degree}, drift`, drift.value[1], exact.drift[1], drift.error[1]);
      });
    }
  });

  test("a quadratic drift needs degree 2; dependent variables are no obstacle", () => {
    const { uniform, normal } = generator("quadratic");
    const [n, step] = [3000, 0.1];
    // Variable 1 is twice variable 0, variable 2 is constant.
    const state = Float64Array.from({ length: 3 * n });
    const change1 = new Float64Array(3 * n);
    for (let i = 0; i < n; i++) {
      const z = 2 * uniform();
      state.set([z, 2 * z, 5], 3 * i);
      change1.set([z * z * step + 0.01 * Math.sqrt(step) * normal(), 0, 0], 3 * i);
    }
    const data = { state, change1, change2: null, d: 3, tau: step, lambda: 1 };
    const bins = equalBins(state, 3, 0, 1);
    const [one, two] = ([1, 2] as const).map((degree) => kramersMoyal(data, bins, degree)[0].diffusion);
    expectWithin("degree 2", two.value[0], 1e-4, two.error[0]);
    // z² on an interval of length 2, beyond its linear fit, has variance 2⁴/180.
    expect(one.value[0] / (1e-4 + (2 ** 4 / 180) * step)).toBeCloseTo(1, 1);
  });

  test("95 % intervals of every kind cover 95 %, with correlated changes", () => {
    const [runs, n] = [800, 300];
    const lambda = 3;
    const hits = { drift: 0, driftCorrected: 0, diffusion: 0, diffusionCorrected: 0 };
    for (let r = 0; r < runs; r++) {
      const data = ornsteinUhlenbeck(`coverage${r}`, n, tau, lambda);
      const bins = equalBins(data.state, 2, 0, 1);
      const [found] = kramersMoyal(data, bins);
      const [one, two] = [expected(data, bins[0], found.centre, tau), expected(data, bins[0], found.centre, 2 * tau)];
      const inside = (
        { value, error }: { value: ArrayLike<number>; error: ArrayLike<number> },
        i: number,
        exact: number,
      ) => (Math.abs(value[i] - exact) < 1.96 * error[i] ? 1 : 0);
      hits.diffusion += inside(found.diffusion, 1, one.diffusion[1]);
      hits.diffusionCorrected += inside(defined(found.diffusionCorrected), 1, 2 * one.diffusion[1] - two.diffusion[1]);
      hits.drift += inside(found.drift, 0, one.drift[0]);
      hits.driftCorrected += inside(defined(found.driftCorrected), 0, 2 * one.drift[0] - two.drift[0]);
    }
    for (const [kind, count] of Object.entries(hits)) {
      // 1 % for the skewness of products of 300 pairs: 4.5 × 0.002.
      expectWithin(`coverage, ${kind}`, count / runs, 0.95, Math.hypot(Math.sqrt((0.95 * 0.05) / runs), 0.002));
    }
  });

  test("without a second change there is no correction", () => {
    const [found] = kramersMoyal(
      { ...ornsteinUhlenbeck("single", 100, tau), change2: null },
      equalBins([...Array(200).keys()], 2, 1, 1),
    );
    expect(found.driftCorrected).toBeNull();
    expect(found.diffusionCorrected).toBeNull();
    expect(found.diffusion.value[1]).toBe(found.diffusion.value[2]);
  });

  test("known numbers: mean, covariance, errors", () => {
    const data = { state: [0, 1, 2, 3], change1: [1, 2, 3, 6], change2: [1, 2, 3, 6], d: 1, tau: 0.5, lambda: 2 };
    const [{ centre, count, drift, driftCorrected, diffusion }] = kramersMoyal(data, equalBins(data.state, 1, 0, 1), 0);
    expect([count, centre[0], drift.value[0]]).toEqual([4, 1.5, 6]);
    // Variance 14/3 over λτ = 1; std/√4/τ.
    expect(diffusion.value[0]).toBeCloseTo(14 / 3, 12);
    expect(drift.error[0]).toBeCloseTo(Math.sqrt(14 / 3), 12);
    expect(defined(driftCorrected).value[0]).toBeCloseTo(2 * 6 - 3, 12);
  });
});

describe("bins", () => {
  test("along an axis hold equally many points, in order, each once", () => {
    const { uniform } = generator("bins");
    const state = Float64Array.from({ length: 3 * 1003 }, () => uniform() ** 3);
    const bins = equalBins(state, 3, 1, 10);
    expect(bins.map(({ cell }) => cell[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { members } of bins) expect([100, 101]).toContain(members.length);
    expect(new Set(bins.flatMap(({ members }) => Array.from(members))).size).toBe(1003);
    const ends = bins.map(({ members }) => [state[3 * members[0] + 1], state[3 * defined(members.at(-1)) + 1]]);
    for (let k = 1; k < 10; k++) expect(ends[k][0]).toBeGreaterThanOrEqual(ends[k - 1][1]);
  });

  test("on a grid give the vector field, and leave out thin cells", () => {
    const data = ornsteinUhlenbeck("grid", 40_000, 0.02);
    const bins = gridBins(data.state, 2, [0, 1], [4, 5], 100);
    expect(bins.length).toBe(20);
    for (const { cell, centre, driftCorrected, count } of kramersMoyal(data, bins)) {
      expect(count).toBeGreaterThan(1700);
      expect(Math.abs(centre[0] - (cell[0] - 1.5))).toBeLessThan(0.05);
      expect(Math.abs(centre[1] - (0.8 * cell[1] - 1.6))).toBeLessThan(0.05);
      for (let j = 0; j < 2; j++) {
        expectWithin(
          `field ${cell} ${j}`,
          defined(driftCorrected).value[j],
          -THETA[j] * centre[j],
          defined(driftCorrected).error[j],
        );
      }
    }
    const lonely = Float64Array.from(data.state);
    lonely.set([10, 10]);
    expect(gridBins(lonely, 2, [0, 1], [4, 5], 100).length).toBeLessThan(20);
    const counts = gridBins(lonely, 2, [1, 0], [4, 5], 3).map(({ members }) => members.length);
    expect(counts.reduce((sum, c) => sum + c, 0)).toBe(39_999);
  });

  test("average any values at the same points", () => {
    const bins = equalBins([5, 1, 4, 2, 3, 6], 1, 0, 2);
    const [low, high] = binMeans([50, -5, 10, -1, 40, -4, 20, -2, 30, -3, 60, -6], 2, bins);
    expect(Array.from(low.value)).toEqual([20, -2]);
    expect(Array.from(high.value)).toEqual([50, -5]);
    expect(low.error[0]).toBeCloseTo(10 / Math.sqrt(3), 12);
  });

  test("bad input is refused", () => {
    const data = ornsteinUhlenbeck("bad", 30, 0.05);
    const bins = equalBins(data.state, 2, 0, 2);
    const refused = (run: () => unknown, message: string) => expect(run).toThrow(new InputError(message));
    refused(() => equalBins(data.state, 2, 2, 2), "axis 2 is not one of 0 … 1");
    refused(() => equalBins(data.state, 2, 0, 11), "30 points for 11 bins: at least 3 per bin are needed");
    refused(() => equalBins([1, 2, 3], 2, 0, 1), "3 values are not whole rows of 2");
    refused(() => gridBins(data.state, 2, [0, 1], [0, 2], 5), "a grid of 0 x 2 cells: use integers from 1 on");
    refused(() => gridBins(data.state, 2, [0, 1], [2, 2], 1), "bins of at least 1 points: at least 3 are needed");
    refused(() => kramersMoyal(data, equalBins(data.state, 2, 0, 10)), "a bin of 3 points: a fit of degree 1 needs 7");
    refused(() => kramersMoyal({ ...data, tau: 0 }, bins), "tau 0 and lambda 1: both must be positive");
    refused(
      () => kramersMoyal({ ...data, change1: [Number.NaN] }, bins),
      "1 changes for 60 values of the state: both must be [n, 2]",
    );
    refused(
      () => kramersMoyal({ ...data, change2: Array(60).fill(Number.NaN) }, bins),
      "change NaN at index 0 is not finite",
    );
    expect(() => binMeans([1, 2], 1, bins)).toThrow(InputError);
  });
});
