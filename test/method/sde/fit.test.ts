// The fit of the learned SDE: planted drift and diffusion, closed-form estimates.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { regression } from "../../../lib/method/pairs.ts";
import { fitSde } from "../../../lib/method/sde/fit.ts";
import { evaluate } from "../../../lib/method/sde/model.ts";
import { generators } from "../../fixtures.ts";
import { affine, square } from "../../matrices.ts";
import { difference, rootMeanSquare } from "../../numbers.ts";
import { expectWithin } from "../../statistics.ts";
import { fit, meanDiffusion, OPTIONS, ornsteinUhlenbeck, type Plan, plant, SHAPE, specOf } from "./planted.ts";

const SEED = 30;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

describe("fit", () => {
  for (const [d, form] of [
    [1, "constant"],
    [2, "full"],
    [4, "diagonal"],
    [8, "full"],
  ] as const) {
    test(`Ornstein–Uhlenbeck increments in ${d} dimensions, ${form} diffusion: the closed-form estimates`, async () => {
      const { plan, spread, covariance } = ornsteinUhlenbeck(d, form !== "full");
      const { time, patches, snapshots: n } = plan;
      const pairs = plant(plan, `fit/ou/${d}`);
      const { drift, diffusion: matrices } = await evaluate(gpu, await fit(pairs, "increment", { form }), pairs.whole);
      const found = affine(drift, pairs.whole, d);
      const exact = affine(
        pairs.delta.map((change) => change / time),
        pairs.whole,
        d,
      );
      const residuals = pairs.delta.map((change, at) => {
        const row = exact[at % d];
        const z = pairs.whole.subarray(at - (at % d), at - (at % d) + d);
        return change - time * z.reduce((f, x, k) => f + row[k + 1] * x, row[0]);
      });
      for (let j = 0; j < d; j++) {
        // The networks are freer than the linear law and take up some noise: two standard errors are allowed. One is,
        // of least squares, Var B̂_jk = K (σσᵀ)_jj / (δt n Var z_k).
        const noise = Math.sqrt((patches * covariance[j * d + j]) / (time * n));
        for (let k = 0; k <= d; k++) {
          const error = noise / (k === 0 ? 1 : spread[k - 1]);
          expect(Math.abs(found[j][k] - exact[j][k]) / error).toBeLessThan(2);
        }
        for (let k = 0; k < d; k++) {
          let [fitted, estimate] = [0, 0];
          for (let p = 0; p < n; p++) {
            fitted += matrices[(p * d + j) * d + k] / n;
            estimate += (residuals[p * d + j] * residuals[p * d + k]) / (patches * time * n);
          }
          const [c, cj, ck] = [covariance[j * d + k], covariance[j * d + j], covariance[k * d + k]];
          if (form !== "full" && j !== k) expect(fitted).toBe(0);
          else expect(Math.abs(fitted - estimate) / Math.sqrt((cj * ck + c * c) / n)).toBeLessThan(2);
          // And the truth: what is wrong with both would show here.
          if (form === "full" || j === k) expectWithin(`σσᵀ ${j}${k}`, fitted, c, Math.sqrt((cj * ck + c * c) / n));
        }
      }
    });
  }

  test("λ = K recovers the planted σ; λ = 1 on the same increments is off by exactly K", async () => {
    const { plan, covariance } = ornsteinUhlenbeck(1, true);
    const pairs = plant(plan, "fit/lambda");
    const right = await evaluate(gpu, await fit(pairs, "increment"), [0.1]);
    const wrong = await evaluate(gpu, await fit({ ...pairs, patches: 1 }, "increment"), [0.1]);
    expect(Math.abs(wrong.diffusion[0] / right.diffusion[0] / plan.patches - 1)).toBeLessThan(1e-6);
    expect(Math.abs(right.diffusion[0] / covariance[0] - 1)).toBeLessThan(0.1);
    expect(wrong.drift).toEqual(right.drift);
  });

  test("the first loss is that of standardised data: d for increments, 2 d with the compensator", async () => {
    const { plan } = ornsteinUhlenbeck(2, false);
    // One batch holds all rows, the networks start at zero: mean |y|² = d and mean tr V = d by construction.
    const pairs = plant({ ...plan, snapshots: 256 }, "fit/first");
    for (const [method, expected] of [
      ["increment", 2],
      ["compensator", 4],
    ] as const) {
      const losses: number[] = [];
      await fitSde(
        gpu,
        regression(pairs, method),
        specOf({ ...SHAPE, form: "full" }),
        { ...OPTIONS, batch: 256, steps: 1 },
        { onSteps: (_, l) => losses.push(l) },
      );
      expect(losses.length).toBe(1);
      expect(losses[0]).toBeCloseTo(expected, 4);
    }
  });

  const WELL: Plan = {
    d: 1,
    snapshots: 30_000,
    patches: 4,
    time: 0.05,
    state: (rng) => [4 * rng.uniform() - 2],
    drift: ([z]) => [z - z ** 3],
    sigma: ([z]) => [0.2 + 0.1 * Math.sin(2 * z)],
  };

  for (const method of ["increment", "compensator"] as const) {
    test(`a planted double well with σ(z) is recovered: ${method}`, async () => {
      const pairs = plant(WELL, `fit/well/${method}`);
      const model = await fit(pairs, method, { hidden: [16, 16] }, { steps: 500, learningRate: 1e-2 });
      const points = Array.from({ length: 37 }, (_, k) => -1.8 + 0.1 * k);
      const { drift, diffusion } = await evaluate(gpu, model, points);
      // Noise alone, were the curve a fit of q free parameters: √(K σ² q / (δt n)), with q = 10 about 0.03; a third of
      // it with the compensator. The bound is three times that; the drift itself reaches 4.
      const noise = Math.sqrt((4 * 0.04 * 10) / (0.05 * 30_000)) / (method === "compensator" ? 3 : 1);
      const exact = points.map((z) => z - z ** 3);
      expect(rootMeanSquare(difference(drift, exact))).toBeLessThan(3 * noise);
      // Relative: √(2 q / n) = 0.026 for Gaussian increments, √(q / (3 n)) for a uniform factor.
      const ratios = points.map((z, k) => diffusion[k] / WELL.sigma([z])[0] ** 2 - 1);
      expect(rootMeanSquare(ratios)).toBeLessThan(0.08);
    });
  }

  test("the compensator recovers a planted σ(z)σ(z)ᵀ with off-diagonal elements in three dimensions", async () => {
    const plan: Plan = {
      d: 3,
      snapshots: 12_000,
      patches: 9,
      time: 0.1,
      state: (rng) => Array.from({ length: 3 }, () => 2 * rng.uniform() - 1),
      drift: ([x, y, z]) => [y * z, -x + 0.5 * y ** 2, Math.sin(2 * x) - z],
      sigma: ([x, y, z]) => [0.3, 0, 0, 0.2 * x, 0.3 + 0.1 * z, 0, -0.2, 0.2 * y, 0.4],
    };
    const pairs = plant(plan, "fit/full");
    const model = await fit(
      pairs,
      "compensator",
      { hidden: [24], form: "full" },
      { batch: 256, steps: 600, learningRate: 2e-2 },
    );
    const rng = generator("fit/full/points");
    const points = Array.from({ length: 200 }, () => plan.state(rng).map(Math.fround));
    const { drift, diffusion } = await evaluate(gpu, model, points.flat());
    // As above with q = 25: noise √(K σ² q / (δt n)) / 3 = 0.05 of f, √(q / (3 n)) = 0.026 of Q. The short training
    // leaves 0.12 of f, which reaches 2.
    expect(rootMeanSquare(difference(drift, points.flatMap(plan.drift)))).toBeLessThan(0.2);
    for (let at = 0; at < 9; at++) {
      const exact = points.map((z) => square(plan.sigma(z), 3)[at]);
      const found = points.map((_, p) => diffusion[9 * p + at]);
      // All entries are of the order 0.04 … 0.24.
      expect(rootMeanSquare(difference(found, exact))).toBeLessThan(0.01);
    }
    for (let p = 0; p < 200; p++) expect(diffusion[9 * p + 1]).toBe(diffusion[9 * p + 3]);
  });

  for (const method of ["increment", "compensator"] as const) {
    test(`four patches per snapshot agree with one, with less noise: ${method}`, async () => {
      const { plan, spread, matrix, covariance } = ornsteinUhlenbeck(1, true);
      for (const perSnapshot of [1, 4]) {
        const pairs = plant({ ...plan, snapshots: 10_000, perSnapshot }, `fit/per${perSnapshot}`);
        const { drift, diffusion } = await evaluate(gpu, await fit(pairs, method), pairs.whole);
        const noise = Math.sqrt((plan.patches * covariance[0]) / (plan.time * 10_000 * perSnapshot)) / spread[0];
        const scale = method === "compensator" ? 3 : 1;
        expectWithin(`slope, P = ${perSnapshot}`, affine(drift, pairs.whole, 1)[0][1], matrix[0], noise / scale);
        // Increments: variance of a variance. Compensator: of the factor uniform on 0 … 2, averaged over patches.
        const relative = method === "compensator" ? Math.sqrt(1 / 3 / perSnapshot) : Math.sqrt(2);
        const [mean] = meanDiffusion({ drift, diffusion }, 1);
        expectWithin(`σ², P = ${perSnapshot}`, mean, covariance[0], (covariance[0] * relative) / 100);
      }
    });
  }
});
