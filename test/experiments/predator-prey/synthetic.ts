/**
 * Synthetic report data of the predator–prey experiment: every number comes from the expressions below, none from a
 * simulation. Populations spiral into (0.4, 0.6) like damped cosines; errors of the "methods" are made up.
 */

import type { Moments } from "../../../lib/analysis/ensemble.ts";
import type { PredatorPreyReportData, Species } from "../../../lib/experiments/predator-prey/data.ts";
import { METHODS, type Method } from "../../../lib/method/pairs.ts";
import type { Laws } from "../../../lib/report/figures/trajectories.ts";
import { type Band, type Estimate, single } from "../../../lib/run/seeds.ts";
import { closureTests, costOf, degreeChoice, diagnostics, evenly, rough, syntheticRun } from "../synthetic.ts";

const POINTS = 200;
const PATCH = 40;
const PATCHES = POINTS / PATCH;
const END = 30;
const CLOSURES = ["autoencoder", "dynamics"];
const LAMBDAS = [1, 2.5, 5, 10, 15, 20];
const PREY = 0.4;
const DECAY = 0.14;
const FREQUENCY = 0.8;

/** How wrong each made-up method is in drift, relative to ours, and how many times too large its noise is. */
const BADNESS: Record<Method, number> = { compensator: 0.3, increment: 1, naive: 4, small: 6 };
const NOISE: Record<Method, number> = { compensator: 1, increment: 1.04, naive: Math.sqrt(PATCHES) * 1.3, small: 2.1 };

const TIMES = evenly(301, 0, END);

/** Means and stds of both species from mean m and amplitude k, with relative drift error and noise factor. */
function law(m: number, k: number, error: number, noise: number): Laws<Species> {
  const swing = m - PREY + 0.3 * k;
  const curve = (level: number, phase: number, size: number) => ({
    mean: TIMES.map(
      (t) =>
        level +
        size * swing * Math.exp(-DECAY * t) * Math.cos(FREQUENCY * (1 + 0.004 * error) * t + phase) +
        4e-4 * error,
    ),
    std: TIMES.map((t) => noise * (2e-3 + 4e-3 * (1 - Math.exp(-t / 4)) * (1 + 0.2 * Math.sin(FREQUENCY * t + phase)))),
  });
  return { u: curve(PREY, 0, 1), v: curve(1 - PREY, -1.9, 1.3) };
}

/** Mean MMD² at λ: lowest at λ = K. */
const mmd = (method: Method, closure: string, lambda: number) =>
  0.04 + 0.01 * BADNESS[method] * (closure === "dynamics" ? 0.6 : 1) + 0.12 * Math.log(lambda / PATCHES) ** 2;

const around = (values: number[], share: number): Band => ({
  mean: values,
  low: values.map((value) => value * (1 - share)),
  high: values.map((value) => value * (1 + share)),
});

const between = (value: number, low: number, high: number): Estimate => ({ value, low, high });

const WAYS = { true: 1, linear: 0.12, "linear, relaxed for 0.5": 0.93 };

/** Power per mode: flat for prey, falling for predators; what is missing of it is missing in short waves, and long ones have twice as much. */
function power(species: "u" | "v", mode: number, kept: number): number {
  const short = 1 / (1 + (40 / mode) ** 4);
  const level = species === "u" ? 2e-4 / (1 + (mode / 150) ** 2) : 2e-4 / (1 + (mode / 12) ** 2);
  const long = kept !== 1 && mode < 10 ? 2 : 1;
  return level * long * (1 + (kept - 1) * short) * (1 + 0.08 * rough(mode, kept));
}

export function syntheticData(): PredatorPreyReportData {
  const cases = [0.45, 0.5, 0.55].flatMap((m) => [0.05, 0.1, 0.15].map((k) => ({ m, k })));
  const times = evenly(151, 0, END);
  const field = (level: number, noise: number, seed: number) =>
    Float32Array.from({ length: times.length * POINTS }, (_, i) => {
      const [t, x] = [times[Math.floor(i / POINTS)], ((i % POINTS) + 0.5) / POINTS];
      const wave = 0.12 * Math.cos(10 * Math.PI * x) * Math.exp(-t / 5) * Math.cos(FREQUENCY * t);
      return level + wave + 0.1 * Math.exp(-DECAY * t) * Math.cos(FREQUENCY * t + seed) + noise * rough(i, seed);
    });
  const profile = (title: string, points: number, roughness: number, seed: number) => {
    const x = evenly(points, 0.5, POINTS - 0.5);
    const wave = (level: number, size: number) =>
      x.map((at, i) => level + 0.05 * Math.cos((10 * Math.PI * at) / POINTS + seed) + size * rough(i, seed));
    return { title, x, u: wave(0.42, roughness), v: wave(0.61, 0.3 * roughness) };
  };
  const modes = evenly(POINTS - 1, 1, POINTS - 1);
  const grid = evenly(12, 0.3, 0.55).flatMap((u) => evenly(9, 0.5, 0.72).map((v) => ({ u, v })));
  const drift = ({ u, v }: { u: number; v: number }) => ({ du: u * (1 - u - v), dv: 3 * v * (u - PREY) });
  const column = <K extends string>(rows: Record<K, number>[], key: K, scale = (_: number) => 1) =>
    rows.map((row, i) => row[key] * scale(i));
  const drifts = grid.map(drift);
  const decaying = TIMES.map((t) => 0.035 + 0.02 * Math.exp(-t / 6));
  return {
    ...syntheticRun("predator-prey", { points: POINTS, patch: PATCH, dt: 0.01, noise: 0.02 }, {}),
    points: POINTS,
    patch: PATCH,
    patches: PATCHES,
    costCurves: [costOf(PATCH, POINTS, 1)],
    small: 100,
    interpolation: "linear",
    relaxTime: 0,
    fieldPoints: 200,
    closure: "dynamics",
    spaceTime: { times, points: POINTS, field: { u: field(0.4, 0.04, 0), v: field(0.6, 0.01, 2) } },
    profiles: [
      profile("Small system, 100 points", POINTS / 2, 0.03, 1),
      profile("Upsampled to 200 points", POINTS, 0.028, 2),
      profile("True system, 200 points", POINTS, 0.03, 3),
    ],
    spectra: (["u", "v"] as const).flatMap((species) =>
      Object.entries(WAYS).map(([name, kept]) => {
        const { mean, low, high } = around(
          modes.map((mode) => power(species, mode, kept)),
          0.06,
        );
        return { name, species, mode: modes, power: mean, low, high };
      }),
    ),
    spectrumRatios: (["u", "v"] as const).flatMap((species) =>
      [5, 50, 150].flatMap((mode, band) =>
        Object.entries(WAYS)
          .slice(1)
          .map(([name, kept]) => {
            const ratio = power(species, mode, kept) / power(species, mode, 1);
            const bands = ["modes 1 to 9", "modes 10 to 99", "modes 100 to 199"];
            return { name, species, band: bands[band], ratio, low: ratio - 0.02, high: ratio + 0.02 };
          }),
      ),
    ),
    runs: { truth: 400, predicted: 100 },
    cases: cases.map(({ m, k }, c) => ({
      title: `m = ${m}, k = ${k}`,
      folded: c % 4 !== 0,
      times: TIMES,
      truth: law(m, k, 0, 1),
      predicted: METHODS.map((method) => ({ method, patch: PATCH, laws: law(m, k, BADNESS[method], NOISE[method]) })),
    })),
    closureVariables: CLOSURES.map((closure, i) => {
      const variable = (error: number, noise: number, phase: number): Moments => ({
        mean: TIMES.map((t) => (1.5 - i) * Math.exp(-t / 8) * Math.cos(FREQUENCY * t + phase) + 0.05 * error),
        std: TIMES.map((t) => noise * 0.4 * (1 - Math.exp(-t / 3))),
      });
      const variables = [0, 2].map((phase, k) => ({
        title: ["ψ₁", "ψ₂"][k],
        times: TIMES,
        truth: { value: variable(0, 1, phase) },
        predicted: (["compensator", "increment"] as const).map((method) => ({
          method,
          patch: PATCH,
          laws: { value: variable(BADNESS[method], NOISE[method], phase) },
        })),
      }));
      return { closure, start: "m = 0.5, k = 0.1", variables };
    }),
    driftField: {
      u: grid.map(({ u }) => u),
      v: grid.map(({ v }) => v),
      learned: { du: column(drifts, "du"), dv: column(drifts, "dv") },
      measured: {
        du: column(drifts, "du", (i) => 1 + 0.15 * rough(i, 1)),
        dv: column(drifts, "dv", (i) => 1 + 0.15 * rough(i, 2)),
      },
    },
    kramersMoyal: (["u", "v"] as const).flatMap((along) =>
      ["drift", "diffusion"].map((kind) => {
        const x = evenly(12, along === "u" ? 0.3 : 0.5, along === "u" ? 0.55 : 0.72);
        const f = (at: number) => (kind === "drift" ? 0.4 * (0.45 - at) : 2e-6 * (1 + 0.3 * at));
        const size = kind === "drift" ? 0.004 : 5e-8;
        return {
          quantity: `${kind} of ${along}`,
          along: `mean ${along}`,
          unit: "1/time",
          x,
          measured: x.map((at) => 0.9 * f(at)),
          corrected: x.map((at, i) => f(at) + size * 0.5 * rough(i, 5)),
          low: x.map((at, i) => f(at) + size * (0.5 * rough(i, 5) - 1)),
          high: x.map((at, i) => f(at) + size * (0.5 * rough(i, 5) + 1)),
          learned: x.map(f),
        };
      }),
    ),
    mmdOverTime: (["compensator", "increment"] as const).flatMap((method) =>
      LAMBDAS.map((lambda) => ({
        method,
        lambda,
        times: TIMES,
        ...around(
          TIMES.map((t, i) => decaying[i] + (mmd(method, "dynamics", lambda) - 0.04) * (1 - Math.exp(-t / 3))),
          0.1,
        ),
      })),
    ),
    mmdFloor: {
      times: TIMES,
      ...around(decaying, 0.08),
      overall: between(0.041, 0.037, 0.045),
      bias: 0.0305,
    },
    mmdAgainstLambda: [
      ...(["compensator", "increment"] as const).flatMap((method) =>
        CLOSURES.flatMap((closure) =>
          LAMBDAS.map((lambda) => {
            const value = mmd(method, closure, lambda);
            return { method, closure, lambda, value, low: value * 0.92, high: value * 1.08 };
          }),
        ),
      ),
      ...(["naive", "small"] as const).map((method) => ({
        method,
        closure: "dynamics",
        lambda: 1,
        value: 0.5 + 0.01 * BADNESS[method],
        low: 0.48,
        high: 0.6,
      })),
    ],
    ensemble: 50,
    scores: METHODS.flatMap((method) =>
      CLOSURES.map((closure) => {
        const size = BADNESS[method] * (closure === "dynamics" ? 1 : 1.2);
        const value = mmd(method, closure, method === "naive" ? 1 : PATCHES);
        return {
          method,
          closure,
          meanError: between(0.004 + 0.003 * size, 0.0035 + 0.0025 * size, 0.0045 + 0.0035 * size),
          worstMeanError: single(0.006 + 0.006 * size),
          stdError: between(0.06 + 0.02 * size, 0.05 + 0.018 * size, 0.07 + 0.022 * size),
          worstStdError: single(0.09 + 0.03 * size),
          stdRatio: between(size, 0.9 * size, 1.1 * size),
          mmd: between(value, value * 0.92, value * 1.08),
          outside: single(0.001 * BADNESS[method]),
        };
      }),
    ),
    diagnostics: (["compensator", "increment"] as const).map((method) => ({
      ...{ method, patch: PATCH },
      diagnostics: diagnostics(9, 2, method === "increment" ? 0.2 : 0),
    })),
    live: null,
    closureTests: [closureTests("Ours (compensator), closure autoencoder", 9, 2, 0.5)],
    degrees: METHODS.map((method) => degreeChoice(method, PATCH, method === "compensator" ? 4 : 2)),
    starts: METHODS.map((method) => ({ method, patch: PATCH, start: "m = 0.5, k = 0.1", distance: 0.02 })),
    meanFloor: 0.0038,
    stdFloor: 0.055,
    costs: [
      { what: "one run of the full system", seconds: 0.021, note: "mean of 450 runs on this adapter" },
      { what: "one run of the learned equation", seconds: 0.0004, note: "mean of 450 runs on this adapter" },
      { what: "training, all of it", seconds: 75.2, note: "small runs, upsampling, partial evolution, fit" },
    ],
    comparison: [
      { quantity: "mean MMD² at λ = K", paper: 0.068, exact: null, ours: between(0.041, 0.037, 0.045), unit: "1" },
      {
        quantity: "mean prey at the end",
        paper: null,
        exact: null,
        ours: between(0.4012, 0.3998, 0.4026),
        unit: "1",
      },
    ],
  };
}
