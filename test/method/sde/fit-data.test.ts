// The fit of the learned SDE to awkward data, and to the same data in other units.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../../lib/errors.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import type { Compensated, Method } from "../../../lib/method/pairs.ts";
import { evaluate, MODEL } from "../../../lib/method/sde/model.ts";
import { rollout } from "../../../lib/method/sde/rollout.ts";
import { stream } from "../../../lib/random/stream.ts";
import { normal } from "../../fixtures.ts";
import { identity, solveLower, square, times } from "../../matrices.ts";
import { difference, rootMeanSquare } from "../../numbers.ts";
import { expectWithin } from "../../statistics.ts";
import { fit, meanDiffusion, ornsteinUhlenbeck, type Plan, plant } from "./planted.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();

describe("awkward data", () => {
  const base = plant({ ...ornsteinUhlenbeck(2, false).plan, snapshots: 600 }, "fit/awkward");
  const scaled = (data: Float32Array, factor: number) => data.map((x) => factor * x);
  const twice = (data: Float32Array) => data.map((_, k) => data[k - (k % 2)]);
  const same = (data: Float32Array) => data.map((_, k) => data[k - (k % 3)]);
  const cases: Record<string, Compensated> = {
    "constant states": { ...base, whole: base.whole.map(() => 0.1) },
    "one constant observable": { ...base, whole: base.whole.map((z, k) => (k % 2 ? 0.3 : z)) },
    "no change at all": {
      ...base,
      delta: scaled(base.delta, 0),
      compensator: scaled(base.compensator, 0),
      variation: scaled(base.variation, 0),
    },
    "changes without noise": { ...base, delta: scaled(base.whole, -0.1), compensator: scaled(base.whole, -0.1) },
    ...Object.fromEntries(
      [1e-15, 1e15].map((factor) => [
        `observables of size ${factor}`,
        {
          ...base,
          whole: scaled(base.whole, factor),
          delta: scaled(base.delta, factor),
          compensator: scaled(base.compensator, factor),
          variation: scaled(base.variation, factor * factor),
        },
      ]),
    ),
    "two equal observables": {
      ...base,
      whole: twice(base.whole),
      delta: twice(base.delta),
      compensator: twice(base.compensator),
      variation: same(base.variation),
    },
    "nearly equal observables": {
      ...base,
      whole: twice(base.whole).map((z, k) => z + 1e-5 * base.whole[k]),
      delta: twice(base.delta).map((z, k) => z + 1e-5 * base.delta[k]),
    },
  };
  for (const [name, pairs] of Object.entries(cases)) {
    test(`${name}: everything stays finite`, async () => {
      for (const method of ["increment", "compensator"] as const) {
        for (const form of ["constant", "full", "triangular"] as const) {
          const model = await fit(pairs, method, { form }, { steps: 40, learningRate: 1e-2 });
          for (const { data } of Object.values(MODEL.write(model).tensors))
            expect(data.every(Number.isFinite)).toBe(true);
          const { drift, diffusion: matrix } = await evaluate(gpu, model, pairs.whole);
          expect(drift.every(Number.isFinite)).toBe(true);
          expect(matrix.every(Number.isFinite)).toBe(true);
          const times = Float64Array.of(0, 0.1);
          await rollout(gpu, model, pairs.whole.slice(0, 20), { dt: 0.01, times, stream: stream(1, "x") });
        }
      }
    });
  }

  test("observables correlated to 0.95, in state and noise, keep their σσᵀ", async () => {
    const rho = 0.95;
    const mix = [1, 0, rho, Math.sqrt(1 - rho ** 2)];
    const plan: Plan = {
      d: 2,
      snapshots: 4000,
      patches: 16,
      time: 0.1,
      state: (rng) => times(mix, [normal(rng), normal(rng)]),
      drift: (z) => z.map((x) => -x),
      sigma: () => mix,
    };
    const pairs = plant(plan, "fit/correlated");
    for (const method of ["increment", "compensator"] as const) {
      const model = await fit(pairs, method, { form: "full" }, { steps: 500 });
      const found = meanDiffusion(await evaluate(gpu, model, pairs.whole), 2);
      // Relative errors of the estimates: √((1 + ρ²)/n) of a covariance, √(1/(3 n)) of the mean factor of Q.
      const error = method === "increment" ? Math.sqrt(2 / 4000) : Math.sqrt(1 / 3 / 4000);
      square(mix, 2).forEach((exact, k) => {
        expectWithin(`${method}: σσᵀ ${k}`, found[k], exact, error);
      });
    }
  });

  for (const method of ["increment", "compensator"] as const) {
    test(`triangular: noise of three observables, correlated to 0.95, nearly none in a corner: ${method}, three seeds`, async () => {
      // Cholesky factor of the matrix with 1 on the diagonal and 0.95 beside it.
      const rho = 0.95;
      const root = Math.sqrt(1 - rho ** 2);
      const last = (rho - rho ** 2) / root;
      const cholesky = [1, 0, 0, rho, root, 0, rho, last, Math.sqrt(1 - rho ** 2 - last ** 2)];
      const size = (z: readonly number[]) => 0.01 + 0.05 * (3 + z[0] + z[1] + z[2]);
      const plan: Plan = {
        d: 3,
        snapshots: 16_000,
        patches: 16,
        time: 0.1,
        state: (rng) => Array.from({ length: 3 }, () => 2 * rng.uniform() - 1),
        drift: (z) => z.map((x) => -x),
        // From 0.01 to 0.31; the third observable's noise varies once more.
        sigma: (z) => cholesky.map((x, k) => x * size(z) * (k < 6 ? 1 : 1 + 0.5 * z[0])),
      };
      const pairs = plant(plan, `fit/triangular/${method}`);
      const points = Array.from({ length: 500 }, (_, p) => Array.from(pairs.whole.subarray(3 * p, 3 * p + 3)));
      for (const seed of [1, 2, 3]) {
        const options = { batch: 1024, steps: 1500, learningRate: 1e-2, seed };
        const model = await fit(pairs, method, { form: "triangular", hidden: [16] }, options);
        const { diffusion } = await evaluate(gpu, model, points.flat());
        // C of the model where the planted one is the identity: T⁻¹ C T⁻ᵀ, T the planted lower triangle; every direction counts
        // alike, those of variance 0.05 too.
        const white = points.map((z, p) => {
          const t = plan.sigma(z);
          const half = [0, 1, 2].map((column) =>
            solveLower(
              t,
              [0, 1, 2].map((row) => diffusion[9 * p + 3 * row + column]),
            ),
          );
          return [0, 1, 2].flatMap((row) =>
            solveLower(
              t,
              half.map((_, column) => half[column][row]),
            ),
          );
        });
        const mean = identity(3).map((_, k) => white.reduce((sum, w) => sum + w[k], 0) / white.length);
        const [bias, error] = [difference(mean, identity(3)), white.flatMap((w) => difference(w, identity(3)))];
        expect(rootMeanSquare(bias)).toBeLessThan(0.03);
        expect(rootMeanSquare(error)).toBeLessThan(0.06);
      }
    });
  }

  test("fewer rows than one batch, or numbers that are not finite, are refused", async () => {
    const message = "600 training pairs are fewer than one batch of 1024";
    await expect(fit(base, "increment", {}, { batch: 1024 })).rejects.toThrow(new InputError(message));
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const field of ["whole", "compensator", "variation"] as const) {
        const data = base[field].slice();
        data[7] = bad;
        const pairs = { ...base, [field]: data };
        await expect(fit(pairs, "compensator", {}, { batch: 256 })).rejects.toThrow(InputError);
      }
      const delta = base.delta.with(7, bad);
      await expect(fit({ ...base, delta }, "increment", {}, { batch: 256 })).rejects.toThrow(
        new InputError("the increment training pairs are not all finite"),
      );
    }
  });
});

describe("units", () => {
  const { plan } = ornsteinUhlenbeck(2, false);
  const base = plant({ ...plan, snapshots: 2000 }, "fit/units");
  const points = base.whole.slice(0, 200);

  /** The same data in units where z' = scale z + shift. */
  function rescaled(pairs: Compensated, scale: number[], shift: number[]): Compensated {
    const q = [scale[0] ** 2, scale[0] * scale[1], scale[1] ** 2];
    return {
      ...pairs,
      whole: pairs.whole.map((z, k) => scale[k % 2] * z + shift[k % 2]),
      delta: pairs.delta.map((x, k) => scale[k % 2] * x),
      compensator: pairs.compensator.map((x, k) => scale[k % 2] * x),
      variation: pairs.variation.map((x, k) => q[k % 3] * x),
    };
  }

  /** Largest change of f and σσᵀ, taken back to the old units, relative to their size. */
  async function deviation(method: Method, scale: number[], shift: number[]) {
    const shape = { form: "full" } as const;
    const before = await evaluate(gpu, await fit(base, method, shape, { steps: 150 }), points);
    const model = await fit(rescaled(base, scale, shift), method, shape, { steps: 150 });
    const after = await evaluate(
      gpu,
      model,
      points.map((z, k) => scale[k % 2] * z + shift[k % 2]),
    );
    const drift = after.drift.map((f, k) => f / scale[k % 2]);
    const diffusion = after.diffusion.map((s, k) => s / scale[(k % 4) >> 1] / scale[k % 2]);
    return Math.max(
      rootMeanSquare(difference(drift, before.drift)) / rootMeanSquare(before.drift),
      rootMeanSquare(difference(diffusion, before.diffusion)) / rootMeanSquare(before.diffusion),
    );
  }

  for (const method of ["increment", "compensator"] as const) {
    test(`powers of two change nothing at all: ${method}`, async () => {
      expect(await deviation(method, [2 ** 20, 2 ** -20], [0, 0])).toBe(0);
    });

    test(`other factors and shifts change f and σ by rounding alone: ${method}`, async () => {
      // Shifts of the size of the spread: float32 data lose a few units of 1e-7, amplified by the training.
      expect(await deviation(method, [1e6, 1e-6], [2e6, -3e-6])).toBeLessThan(1e-4);
    });
  }
});
