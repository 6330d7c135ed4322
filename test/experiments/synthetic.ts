// What synthetic report data of all experiments have in common: no number is from a simulation.
import { type CostCurve, equationCost } from "../../lib/analysis/cost.ts";
import { type Diagnostics, diagnosticsOf, trueRuns } from "../../lib/analysis/diagnostics.ts";
import { ensemble } from "../../lib/analysis/ensemble.ts";
import type { Method } from "../../lib/method/pairs.ts";
import type { DegreeChoice } from "../../lib/report/figures/degrees.ts";
import type { Closed } from "../../lib/report/figures/diagnostics.ts";
import type { Finished } from "../../lib/run/publish.ts";
import type { RunResult } from "../../lib/run/result.ts";
import type { Training } from "../../lib/run/trainings.ts";

/** `count` numbers from `low` to `high`, evenly. */
export const evenly = (count: number, low: number, high: number) =>
  Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

/** Reproducible roughness in (−1, 1) from whole numbers. */
export const rough = (i: number, seed: number) =>
  (2 * ((Math.sin(12.9898 * i + 78.233 * seed) * 43_758.5453) % 1)) / 1.01;

/** A run that never was, and the command that would repeat it. */
export function syntheticRun(
  experiment: string,
  parameters: RunResult["parameters"],
  metrics: RunResult["metrics"],
): Finished {
  return {
    result: {
      experiment,
      profile: "synthetic",
      seed: 1,
      date: "2026-11-28T10:03Z",
      versions: { patchwise: "0.1.0", commit: "3fe419db2cef+", bun: "1.4.5", webgpu: "0.6.2" },
      adapter: { kind: "cpu", name: "synthetic adapter", driver: "none" },
      seconds: { simulate: 12.3, upsample: 3.21, evolve: 20.5, fit: 31.2, predict: 4.4, total: 171.6 },
      parameters,
      metrics,
    },
    command: `npm run ${experiment} -- --profile synthetic --seed 1`,
    trainings: [],
  };
}

/** Trainings of a network at two seeds. */
export const syntheticTrainings = (what: string, method: Method): Training[] =>
  [1, 2].map((seed) => ({
    ...{ seed, what, method, loss: "loss per row" },
    step: Uint32Array.from({ length: 64 }, (_, k) => 8 * (k + 1)),
    mean: Float64Array.from({ length: 64 }, (_, k) => 4 * Math.exp(-k / 12) - 1 + 0.05 * rough(k, seed)),
  }));

/** Costs of an equation of patches that learns from `states` states of `side` in so many dimensions. */
export function costOf(patch: number, side: number, dimension: number, states = 4096): CostCurve {
  const learning = {
    small: { systems: 1024, sites: patch ** dimension, time: 100 },
    large: { states, sites: side ** dimension, relax: 32, evolved: 0 },
  };
  const direct = { side, dimension, starts: 7, horizon: 100, perRun: 0.02, error: 1e-4 };
  return equationCost(patch, learning, direct, side).curve;
}

/** A choice of the degree, `best` of 1 … 6: held-out residuals fall by a factor 8 a degree up to it, and rise slowly beyond. */
export function degreeChoice(method: Method, patch: number, best: number): DegreeChoice {
  const curve = [1, 2, 3, 4, 5, 6].map((degree) => ({
    degree,
    conditionDegree: 0,
    terms: ((degree + 1) * (degree + 2)) / 2,
    ridge: 1e-6,
    score: degree < best ? 0.2 * 8 ** (1 - degree) : 1e-3 * (degree - best),
    error: 2e-4,
  }));
  return { method, patch, degree: best, cohorts: 64, folds: 8, ridge: 1e-6, condition: 240, unexplained: [0.2], curve };
}

/** Diagnostics of runs that forget at rate 0.2, and are off by `off` of their spread. */
export function diagnostics(cases: number, d: number, off: number): Diagnostics {
  const times = Float64Array.from(evenly(31, 0, 30));
  const runs = (count: number, seed: number, shift: number) => {
    const width = cases * count * d;
    const data = new Float32Array(times.length * width);
    for (let k = 0; k < data.length; k++) {
      // Sums of three rough numbers have a hill.
      const noise = rough(3 * k, seed) + rough(3 * k + 1, seed) + rough(3 * k + 2, seed);
      data[k] = k < width ? noise : 0.8 * data[k - width] + 0.6 * noise;
    }
    return ensemble(
      { times, cases, runs: count, d },
      data.map((x) => x + shift),
    );
  };
  return diagnosticsOf(runs(60, 1, off), trueRuns(runs(40, 2, 0), d));
}

/** Closure tests that miss by `off` standard errors. */
export function closureTests(name: string, cases: number, d: number, off: number): Closed {
  const tests = Array.from({ length: cases }, (_, c) => ({
    mean: new Float64Array(d).fill(1e-3 * (off + rough(c, 3))),
    error: new Float64Array(d).fill(1e-3),
    ...{ chi2: d * (1 + off ** 2), freedom: d, chi2Error: Math.sqrt(2 / d), rare: 8 },
  }));
  return { name, from: 10, lag: 20, tests };
}
