// What synthetic report data of all experiments have in common: no number is from a simulation.
import { type CostCurve, equationCost } from "../../lib/analysis/cost.ts";
import type { Method } from "../../lib/method/pairs.ts";
import type { DegreeChoice } from "../../lib/report/figures/degrees.ts";
import type { RunResult } from "../../lib/run/result.ts";

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
): { result: RunResult; command: string } {
  return {
    result: {
      experiment,
      profile: "synthetic",
      seed: 1,
      versions: { patchwise: "0.1.0", bun: "1.4.5", webgpu: "0.6.2" },
      adapter: { kind: "cpu", name: "synthetic adapter", driver: "none" },
      seconds: { simulate: 12.3, upsample: 3.21, evolve: 20.5, fit: 31.2, predict: 4.4, total: 171.6 },
      parameters,
      metrics,
    },
    command: `npm run ${experiment} -- --profile synthetic --seed 1`,
  };
}

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
  return { method, patch, degree: best, cohorts: 64, folds: 8, ridge: 1e-6, condition: 240, curve };
}
