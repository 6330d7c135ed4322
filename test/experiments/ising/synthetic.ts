/**
 * Synthetic report data of the Ising experiment: every number comes from the expressions below, none from a simulation.
 * The magnetization follows a mean-field equation, walls a quick relaxation; errors of the "methods" are made up.
 */

import type { IsingObservable, IsingReportData, IsingScore } from "../../../lib/experiments/ising/data.ts";
import { ISING_CLOSURES } from "../../../lib/experiments/ising/parameters.ts";
import { METHODS, type Method } from "../../../lib/method/pairs.ts";
import { formatSetting } from "../../../lib/report/number.ts";
import { type Estimate, single } from "../../../lib/run/seeds.ts";
import { closureTests, costOf, degreeChoice, diagnostics, evenly, rough, syntheticRun } from "../synthetic.ts";

const SIDE = 64;
const PATCHES = [64, 32, 16, 8];
const STARTS = [-0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75];
const TEMPERATURE = 2.5;
const FIELD = 0.1;
const HORIZON = 60;
const WALL_TIME = 1.5;

/** How wrong each made-up method is in drift, relative to ours. */
const BADNESS: Record<Method, number> = { compensator: 0.2, increment: 0.8, naive: 5, small: 8 };

const TIMES = evenly(100, 0, HORIZON);

/** Mean-field drift of m, and the relaxation of ρ to what belongs to m. */
const drift = (m: number, rho: number) => ({
  m: Math.tanh((2.6 * m + FIELD) / TEMPERATURE) - m,
  rho: -(rho - 0.3 * (1 - m ** 2)) / WALL_TIME,
});

const noiseOf = (method: Method, patch: number) =>
  method === "naive" || method === "small" ? SIDE / patch : 1 + 0.01 * BADNESS[method];
const biasOf = (method: Method, patch: number) => 1e-3 * BADNESS[method] * Math.sqrt(SIDE / patch);

/** Moments from magnetization `m0` by Euler steps, with an error of the drift and a factor of the noise. */
function laws(m0: number, bias: number, noise: number) {
  const dt = 0.02;
  let [m, rho, t] = [m0, (1 - m0 ** 2) / 2, 0];
  const empty = (): Record<"mean" | "std", number[]> => ({ mean: [], std: [] });
  const result: Record<IsingObservable, ReturnType<typeof empty>> = { m: empty(), rho: empty() };
  for (const time of TIMES) {
    for (; t < time - dt / 2; t += dt) {
      const f = drift(m, rho);
      [m, rho] = [m + (f.m + bias) * dt, rho + f.rho * dt];
    }
    const passage = m0 < 0 ? 0.06 * Math.exp(-(((t - 20) / 8) ** 2)) : 0;
    result.m.mean.push(m);
    result.m.std.push(noise * (0.03 * Math.sqrt(1 - Math.exp(-t / 3)) + passage));
    result.rho.mean.push(rho);
    result.rho.std.push(noise * (0.009 + 0.2 * passage));
  }
  return result;
}

const around = (value: number, share: number): Estimate => ({
  value,
  low: value * (1 - share),
  high: value * (1 + share),
});

/** Scores of a method whose error is `factor` times its own. */
function scoresOf(method: Method, patch: number, factor = 1): IsingScore {
  const error = 1e-4 + factor * 2e-4 * BADNESS[method] ** 2 * (SIDE / patch - 1);
  return {
    method,
    patch,
    error: around(error, 0.2),
    early: around(0.4 * error, 0.3),
    stdRatio: around(noiseOf(method, patch), 0.02),
    outside: single(0.001 * BADNESS[method]),
  };
}

/** Spins with domains of about `grain` sites. */
function spins(side: number, grain: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side), i % side];
    const waves = [1, 2, 3].reduce(
      (sum, k) => sum + Math.cos((k * x) / grain + seed * k) * Math.cos((y * (4 - k)) / grain),
      0,
    );
    return waves + 1.2 * rough(i, seed) > 0 ? 1 : 0;
  });
}

/** Doublings from each patch side below the large one. */
const levels = PATCHES.flatMap((patch) =>
  Array.from({ length: Math.log2(SIDE / patch) }, (_, i) => ({ patch, level: i + 1, side: patch * 2 ** (i + 1) })),
);

export function syntheticData(): IsingReportData {
  const pairs = PATCHES.flatMap((patch) => METHODS.map((method) => ({ method, patch })));
  const grid = evenly(13, -0.9, 0.9).flatMap((m) =>
    evenly(9, 0.05, 0.5).flatMap((rho) => (rho < 0.56 * (1 - m ** 2) ? [{ m, rho }] : [])),
  );
  const drifts = grid.map(({ m, rho }) => drift(m, rho));
  const bell = (x: number[], centre: number, width: number) =>
    x.map((at) => Math.exp(-(((at - centre) / width) ** 2) / 2) / (width * Math.sqrt(2 * Math.PI)));
  const density = (x: number[], centre: number, width: number) => ({
    x,
    truth: bell(x, centre, width),
    learned: pairs.map(({ method, patch }) => ({
      method,
      patch,
      density: bell(x, centre + 10 * width * biasOf(method, patch), width * noiseOf(method, patch)),
    })),
  });
  return {
    seeds: 1,
    ...syntheticRun(
      "ising",
      { side: SIDE, patches: PATCHES, temperature: TEMPERATURE, field: FIELD },
      {
        "error.compensator.patch8": { value: 3.6e-4, ci95: [3e-4, 4e-4], paper: 0.0284, exact: null, unit: "1" },
        "error.naive.patch8": { value: 0.04, ci95: null, paper: 0.131, exact: null, unit: "1" },
      },
    ),
    side: SIDE,
    patches: PATCHES,
    temperature: TEMPERATURE,
    field: FIELD,
    closure: "blocks",
    variables: [
      { name: "magnetization", symbol: "m" },
      { name: "domain-wall density", symbol: "ρ" },
      { name: "density of spins against all four neighbours", symbol: "q₄" },
    ],
    trueRuns: 2000,
    runs: 512,
    horizon: HORIZON,
    withinSpread: [],
    scoreNotes: {
      error: "Σ_t |Δz̄|² / Σ_t |z̄|² over (m, ρ), mean over the starts",
      early: "the same for t ≤ 20 sweeps",
      stdRatio: "of m, over the second half of the runs",
    },
    cases: STARTS.map((m0) => ({
      title: `m₀ = ${formatSetting(m0)}`,
      times: TIMES,
      truth: laws(m0, 0, 1),
      runs: { truth: 2000, predicted: 512 },
      predicted: pairs.map(({ method, patch }) => ({
        method,
        patch,
        laws: laws(m0, biasOf(method, patch), noiseOf(method, patch)),
      })),
    })),
    errors: pairs.map(({ method, patch }) => scoresOf(method, patch)),
    floors: { error: 9e-5, early: 4e-5 },
    paper: [
      { patch: 64, ours: 1.953e-3, naive: 2.089e-3 },
      { patch: 32, ours: 4.502e-4, naive: 1.286e-3 },
      { patch: 16, ours: 7.979e-4, naive: 3.204e-2 },
      { patch: 8, ours: 2.837e-2, naive: 0.1306 },
    ],
    density: {
      m: density(evenly(160, 0, 0.95), 0.61, 0.03),
      rho: density(evenly(160, 0.05, 0.35), 0.19, 0.009),
    },
    paperTime: { time: 6, errors: [scoresOf("naive", 16), scoresOf("small", 16)] },
    diagnostics: (["compensator", "increment"] as const).map((method) => ({
      ...{ method, patch: 16 },
      diagnostics: diagnostics(STARTS.length, 2, 0.1 * BADNESS[method]),
    })),
    diagnosedCases: STARTS.map((m0) => `m₀ = ${formatSetting(m0)}`),
    live: null,
    closureTests: ["blocks", "none"].map((closure, k) =>
      closureTests(`Ours (compensator), closure ${closure}`, STARTS.length, 2, k),
    ),
    degrees: pairs.map(({ method, patch }) => degreeChoice(method, patch, method === "compensator" ? 5 : 3)),
    starts: pairs.flatMap(({ method, patch }) =>
      method === "compensator" || method === "increment"
        ? STARTS.map((m0) => ({ method, patch, start: `m₀ = ${m0}`, distance: 0.2 + 0.6 * m0 ** 2 }))
        : [],
    ),
    relaxStudy: {
      patch: 16,
      side: 64,
      symbols: ["m", "ρ"],
      times: [1, 2, 4],
      biases: [
        [0.06, 0.12],
        [0.01, 0.03],
        [-0.002, 0.011],
      ],
      ofTrue: [0.003, 0.012],
    },
    costs: PATCHES.map((patch) => costOf(patch, SIDE, 2)),
    closures: ISING_CLOSURES.flatMap((closure, i) =>
      (["compensator", "increment"] as const).map((method) => ({
        closure,
        ...scoresOf(method, 16, 1.6 - 0.3 * i),
      })),
    ),
    boundaries: [16, 8].flatMap((patch) =>
      (["halo", "periodic"] as const).map((boundary) => ({
        boundary,
        ...scoresOf("compensator", patch, boundary === "halo" ? 1 : 30),
      })),
    ),
    timeSteps: [0, 0.05, 0.1, 0.2, 0.5, 1].flatMap((time) =>
      (time > 0 ? (["compensator", "increment"] as const) : (["compensator"] as const)).map((method) => ({
        time,
        ...scoresOf(method, 16, 0.5 + 4 * time ** 2 + (method === "increment" ? 0.2 / time : 0)),
      })),
    ),
    dataSizes: [1000, 4000, 16_000, 64_000].flatMap((count) =>
      (["compensator", "increment"] as const).map((method) => ({
        pairs: count,
        ...scoresOf(method, 16, 64_000 / count),
      })),
    ),
    upsamplingMethod: "copy",
    upsampling: levels.flatMap(({ patch, level, side }) =>
      (["m", "rho"] as const).map((observable) => {
        const size = (observable === "rho" ? 0.08 : 0.003) * (1 + 0.1 * level);
        return {
          ...{ patch, level, side, observable },
          before: around(size, 0.1),
          after: around(0.04 * size + 2e-3, 0.1),
          floor: 1.5e-3,
        };
      }),
    ),
    correlations: levels.flatMap(({ patch, level, side }) =>
      (["true", "unrelaxed", "relaxed"] as const).map((kind, seed) => {
        const r = evenly(side / 4 + 1, 0, side / 4);
        const length = { true: 2.2, unrelaxed: 4.4, relaxed: 2.4 }[kind];
        const mean = r.map((at) => 0.6 * Math.exp(-at / length) + 4e-4 * rough(at, seed + level));
        return {
          ...{ patch, level, side, kind, r, mean },
          low: mean.map((value) => value - 8e-4),
          high: mean.map((value) => value + 8e-4),
        };
      }),
    ),
    pictures: [2, 10].map((time, row) => [
      { title: `True, t = ${time}`, side: SIDE, spins: spins(SIDE, 2 + 3 * row, row) },
      { title: `Unrelaxed from 8 × 8, t = ${time}`, side: SIDE, spins: spins(SIDE, 4 + 4 * row, row + 1) },
      { title: `Relaxed, t = ${time}`, side: SIDE, spins: spins(SIDE, 2 + 3 * row, row + 2) },
    ]),
    driftField: {
      patch: 8,
      m: grid.map(({ m }) => m),
      rho: grid.map(({ rho }) => rho),
      driftM: drifts.map((f) => f.m),
      driftRho: drifts.map((f) => f.rho),
    },
    equilibrium: {
      learned: PATCHES.map((patch) => ({ method: "compensator", patch, mean: around(0.7246 + 0.02 / patch, 0.001) })),
      direct: around(0.7244, 0.0005),
      exact: 0.724577,
    },
    size: {
      side: 1024,
      patch: 16,
      patches: 4096,
      learnSide: 128,
      predictedRuns: 512,
      directRuns: 64,
      settleSmall: 200,
      settle: 80,
      start: 0.75,
      predicted: { mean: around(0.7251, 0.001), std: around(1.88e-3, 0.05) },
      direct: { mean: around(0.7249, 0.001), std: around(1.91e-3, 0.08) },
      exact: { mean: 0.725032, std: 1.8934e-3 },
      guards: { outside: 0.0004, unphysical: 0 },
      rest: { mean: [2e-6, -3e-6, 1e-6], error: [4e-6, 5e-6, 2e-6] },
      updates: { learn: { small: 1.4e8, relax: 4.3e9, evolve: 1.3e8 }, direct: 8e9 },
      secondsLearn: 61.2,
      secondsPredict: 0.84,
      secondsDirect: 1310,
    },
  };
}
