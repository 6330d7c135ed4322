/**
 * Synthetic report data: every number comes from the expressions below, none from a simulation. Exact curves are those
 * of n → ∞; errors of the "methods" are smooth made-up distortions that grow as patches shrink.
 */
import type { CurieWeissReportData } from "../../../lib/experiments/curie-weiss/data.ts";
import { METHODS, type Method } from "../../../lib/method/pairs.ts";
import { formatSetting } from "../../../lib/report/number.ts";
import { single } from "../../../lib/run/seeds.ts";
import { costOf, degreeChoice, diagnostics, syntheticRun, syntheticTrainings } from "../synthetic.ts";

const SIDE = 64;
const PATCHES = [64, 32, 16, 8];
const STARTS = [-0.5, -0.25, 0, 0.25, 0.5];
const BETA = 1 / 1.1;
const FIELD = 0.1;

/** How wrong each made-up method is, relative to ours. */
const BADNESS: Record<Method, number> = { compensator: 0.3, increment: 0.7, naive: 2.2, small: 4 };

const f = (m: number) => Math.tanh(BETA * (m + FIELD)) - m;
const diffusion = (m: number) => 2 * (1 - m * Math.tanh(BETA * (m + FIELD)));

/** Mean by Euler steps of dm = (f + bias) dt, variance by dv = (2 f′ v + D/n) dt. */
function moments(m0: number, times: number[], bias: number, noise: number): { mean: number[]; std: number[] } {
  const dt = 0.01;
  let [m, v, t] = [m0, 0, 0];
  const [mean, std]: [number[], number[]] = [[], []];
  for (const time of times) {
    for (; t < time - dt / 2; t += dt) {
      const slope = (f(m + 1e-4) - f(m - 1e-4)) / 2e-4;
      v += (2 * slope * v + (noise * diffusion(m)) / SIDE ** 2) * dt;
      m += (f(m) + bias) * dt;
    }
    mean.push(m);
    std.push(Math.sqrt(v));
  }
  return { mean, std };
}

/** A tenth-of-a-percent wiggle that differs by seed, so that curves are not all alike. */
const wiggle = (m: number, seed: number) => Math.sin(7 * m + seed) + 0.5 * Math.cos(13 * m + 2 * seed);

export function syntheticData(): CurieWeissReportData {
  const grid = Array.from({ length: 121 }, (_, i) => -0.9 + (1.8 * i) / 120);
  const times = Array.from({ length: 201 }, (_, i) => 0.25 * i);
  const m = Array.from({ length: 161 }, (_, i) => 0.2 + (0.6 * i) / 160);
  const gauss = (width: number) => m.map((x) => Math.exp(-(((x - 0.49) / width) ** 2) / 2) / (width * 2.5066));
  const pairs = PATCHES.flatMap((patch) => METHODS.map((method) => ({ method, patch })));
  const bias = (method: Method, patch: number) => (BADNESS[method] * 0.012 * Math.sqrt(SIDE / patch - 1)) / 8;
  const inflation = (method: Method, patch: number) =>
    method === "naive" || method === "small" ? (SIDE / patch) ** 2 * (method === "naive" ? 1.4 : 1) : 1;
  const error = (source: number, patch: number) => 1e-4 + (source * 4e-4 * SIDE) / patch - 4e-4 * source;
  const paper: Record<number, [number, number]> = {
    64: [4.05e-4, 4.08e-4],
    32: [7.85e-4, 1.01e-3],
    16: [1.06e-3, 2.53e-3],
    8: [4.38e-3, 1.26e-2],
  };
  const exact = grid.map(diffusion);
  return {
    seeds: 3,
    ...syntheticRun(
      "curie-weiss",
      { side: SIDE, temperature: 1.1, field: 0.1, patches: PATCHES, dt: 0.1, snapshots: 100_000 },
      {
        "error.compensator.patch8": { value: 1.2e-4, ci95: [1e-4, 1.5e-4], paper: 4.38e-3, exact: null, unit: "1" },
        "stationary.mean.patch8": { value: 0.4891, ci95: [0.4885, 0.4897], paper: null, exact: 0.489881, unit: "1" },
      },
    ),
    trainings: pairs.flatMap(({ method, patch }) => syntheticTrainings(`patch${patch}/${method}`, method)),
    side: SIDE,
    temperature: 1.1,
    field: 0.1,
    runs: 512,
    fluctuations: pairs.map(({ method, patch }) => ({ method, patch, ratio: single(inflation(method, patch)) })),
    grid,
    exact: { drift: grid.map(f), diffusion: exact },
    learned: pairs.map(({ method, patch }, seed) => {
      const size = bias(method, patch) + 4e-4;
      const drift = grid.map((x) => f(x) + size * wiggle(x, seed));
      const width = grid.map((x) => (0.6 * size + 2e-4) * (1 + 3 * x ** 4));
      const scale = grid.map((x) => inflation(method, patch) * diffusion(x) * (1 + 2 * size * wiggle(x, seed + 5)));
      const band = (mean: number[], half: number[]) => ({
        mean,
        low: mean.map((value, i) => value - half[i]),
        high: mean.map((value, i) => value + half[i]),
      });
      return {
        method,
        patch,
        trained: { low: -0.4, middle: 0.3, high: 0.8 },
        noise: { drift: grid.map(() => 1e-4 * BADNESS[method]), diffusion: exact.map((value) => 1e-3 * value) },
        drift: band(drift, width),
        diffusion: band(
          scale,
          scale.map((value) => 0.015 * value),
        ),
      };
    }),
    cases: STARTS.map((m0) => ({
      title: `m₀ = ${formatSetting(m0)}`,
      times,
      truth: { m: moments(m0, times, 0, 1) },
      runs: { truth: Number.POSITIVE_INFINITY, predicted: 900 },
      predicted: pairs.map(({ method, patch }) => ({
        method,
        patch,
        laws: { m: moments(m0, times, bias(method, patch), Math.min(inflation(method, patch), 20)) },
      })),
    })),
    stationary: {
      m,
      exact: gauss(0.0245),
      predicted: pairs.map(({ method, patch }) => ({
        method,
        patch,
        density: gauss(0.0245 * Math.sqrt(Math.min(20, inflation(method, patch))) * (1 + bias(method, patch))),
      })),
    },
    withinSpread: [],
    errors: [
      ...pairs.map(({ method, patch }) => {
        const value = error(BADNESS[method], patch);
        return { source: method, patch, value, low: value * 0.75, high: value * 1.35 };
      }),
      ...PATCHES.flatMap((patch) => [
        { source: "paper" as const, patch, ...single(paper[patch][0]) },
        { source: "paper-naive" as const, patch, ...single(paper[patch][1]) },
      ]),
    ],
    floor: 9e-5,
    paperFloors: { exact: 4.5e-4, printed: 3.7e-4 },
    paperTime: [
      { method: "naive", patch: 8, error: single(0.02), stdRatio: single(6.5), paper: 0.0126, lost: 1, seeds: 3 },
    ],
    diagnostics: [{ method: "compensator", patch: 8, diagnostics: diagnostics(STARTS.length, 1, 0.1) }],
    degrees: pairs.map(({ method, patch }) => degreeChoice(method, patch, method === "compensator" ? 5 : 3)),
    starts: pairs.flatMap(({ method, patch }) =>
      STARTS.map((m0) => ({ method, patch, start: `m₀ = ${formatSetting(m0)}`, distance: 0.01 + 0.1 * m0 ** 2 })),
    ),
    live: null,
    costs: PATCHES.map((patch) => costOf(patch, SIDE, 2)),
    upsampling: PATCHES.slice(1).flatMap((patch) =>
      Array.from({ length: Math.log2(SIDE / patch) }, (_, i) => {
        const ratio = 1 + 0.06 * (i + 1) * Math.sin(patch);
        return {
          patch,
          level: i + 1,
          side: patch * 2 ** (i + 1),
          varianceRatio: ratio,
          low: ratio - 0.04,
          high: ratio + 0.04,
        };
      }),
    ),
    pictures: [
      { title: "Small system, 16 × 16", side: 16 },
      { title: "Upsampled to 64 × 64", side: 64 },
      { title: "True system, 64 × 64", side: 64 },
    ].map(({ title, side }, k) => ({
      title,
      side,
      spins: Uint8Array.from({ length: side * side }, (_, i) =>
        (((i + 1) * (48_271 + k * 2)) % 2_147_483_647) % 97 < 70 ? 1 : 0,
      ),
    })),
    comparison: [
      {
        quantity: "stationary mean",
        patch: 8,
        paper: null,
        exact: 0.489881,
        ours: { value: 0.48912, low: 0.48851, high: 0.48973 },
        unit: "1",
      },
      {
        quantity: "stationary std",
        patch: 8,
        paper: 0.0284,
        exact: 0.024511,
        ours: { value: 0.02466, low: 0.0241, high: 0.0253 },
        unit: "1",
      },
      ...PATCHES.map((patch) => ({
        quantity: "relative squared error",
        patch,
        paper: paper[patch][0],
        exact: null,
        ours: { value: error(0.3, patch), low: error(0.3, patch) * 0.75, high: error(0.3, patch) * 1.35 },
        unit: "1",
      })),
      {
        quantity: "relaxation time",
        patch: null,
        paper: null,
        exact: 3.12,
        ours: { value: 3.15, low: 3.08, high: 3.22 },
        unit: "sweeps",
      },
    ],
  };
}
