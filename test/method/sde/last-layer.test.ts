// The last drift layer in closed form against least squares in float64 by another way: orthogonal features instead of normal
// equations.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { type Compensated, type Regression, regression } from "../../../lib/method/pairs.ts";
import { fitSde, type SdeFitOptions } from "../../../lib/method/sde/fit.ts";
import { solveLastLayer } from "../../../lib/method/sde/last-layer.ts";
import { evaluate, type SdeModel } from "../../../lib/method/sde/model.ts";
import { defined, draws } from "../../fixtures.ts";
import { expectWithin } from "../../statistics.ts";
import { type Shape, specOf } from "./planted.ts";
import { fieldLayout } from "./reference.ts";

const SEED = 77;
const D = 2;
const TIME = 0.2;
const PATCHES = 9;
/** Standard deviation of the noise of A/δt. */
const NOISE = 0.5;
setDefaultTimeout(120_000);

const gpu = await openDevice();

/** The planted drift: not in the span of the networks. */
const planted = ([x, y]: readonly number[]) => [
  x - x ** 3 + 0.5 * Math.sin(3 * y),
  10 * Math.cos(2 * x) * y - 4 * y + 3,
];

/** Pairs of `snapshots` states about (1, −2), of spread 1 and 0.3: A = f δt + noise, Q constant. */
function plantedPairs(snapshots: number, perSnapshot = 1): Compensated {
  const { normal } = draws(SEED)(`test/last-layer/${snapshots}`);
  const whole = Float32Array.from({ length: D * snapshots }, (_, k) =>
    k % 2 === 0 ? 1 + normal() : -2 + 0.3 * normal(),
  );
  const count = snapshots * perSnapshot;
  const scatter = NOISE * Math.sqrt(perSnapshot);
  const compensator = new Float32Array(D * count);
  const variation = new Float32Array(3 * count);
  for (let row = 0; row < count; row++) {
    const at = D * Math.floor(row / perSnapshot);
    const f = planted([whole[at] - 1, (whole[at + 1] + 2) / 0.3]);
    for (let j = 0; j < D; j++) compensator[D * row + j] = TIME * (f[j] + scatter * normal());
    variation.set([0.1, 0.02, 0.2], 3 * row);
  }
  const delta = compensator.map((a) => a + 0.3 * normal());
  const patch = new Float32Array(D * count);
  const cohort = Uint32Array.from({ length: snapshots }, (_, s) => s);
  const rows = { d: D, patches: PATCHES, perSnapshot, whole, patch, cohort, condition: new Float32Array(0) };
  return { ...rows, kind: "compensated", time: TIME, delta, compensator, variation };
}

const SHAPE: Shape = { hidden: [16, 8], activation: "tanh", form: "full" };
const OPTIONS: SdeFitOptions = { batch: 512, steps: 120, learningRate: 5e-3, weightDecay: 0, seed: SEED };

/** Columns of the regression in float64: 1, z̃ and the last hidden layer, from the formula of NetworkDrift. */
function features(model: SdeModel, states: Float32Array): Float64Array[] {
  const { parameters, activation } = model.drift;
  const { layers } = fieldLayout(model.drift, D, D);
  const n = states.length / D;
  let values = Array.from({ length: D }, (_, j) =>
    Float64Array.from({ length: n }, (_, p) => (states[p * D + j] - model.center[j]) / model.spread[j]),
  );
  const standard = values;
  for (const { inputs, outputs, weights, bias } of layers.slice(0, -1)) {
    const before = values;
    values = Array.from({ length: outputs }, (_, o) =>
      Float64Array.from({ length: n }, (_, p) => {
        let sum = parameters[bias + o];
        for (let k = 0; k < inputs; k++) sum += parameters[weights + k * outputs + o] * before[k][p];
        return activation === "tanh" ? Math.tanh(sum) : Math.max(0, sum);
      }),
    );
  }
  return [new Float64Array(n).fill(1), ...standard, ...values];
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, k) => sum + x * b[k], 0);

/** Projection of y on the span of the columns, by modified Gram–Schmidt, twice: good to 1e-12 whatever their correlations. */
function project(columns: readonly Float64Array[], y: Float64Array): Float64Array {
  const basis: Float64Array[] = [];
  for (const column of columns) {
    const rest = column.slice();
    for (let round = 0; round < 2; round++) {
      for (const unit of basis) {
        const part = dot(unit, rest);
        for (let p = 0; p < rest.length; p++) rest[p] -= part * unit[p];
      }
    }
    const size = Math.sqrt(dot(rest, rest));
    if (size > 1e-10 * Math.sqrt(dot(column, column))) basis.push(rest.map((x) => x / size));
  }
  const found = new Float64Array(y.length);
  for (const unit of basis) {
    const part = dot(unit, y);
    for (let p = 0; p < y.length; p++) found[p] += part * unit[p];
  }
  return found;
}

/** The columns times the weights that minimise |y − X w|² + prior Σ w² over those of the hidden layer: rows √prior below X. */
function ridge(columns: readonly Float64Array[], y: Float64Array, prior: number): Float64Array {
  const hidden = columns.length - 1 - D;
  const longer = columns.map((values, a) => {
    const below = new Float64Array(hidden);
    if (a > D) below[a - 1 - D] = Math.sqrt(prior);
    return Float64Array.of(...values, ...below);
  });
  return project(longer, Float64Array.of(...y, ...new Float64Array(hidden))).subarray(0, y.length);
}

/** Noise over signal of the affine fit: what the prior of the weights is measured by. */
function noiseOf(columns: readonly Float64Array[], rate: Float64Array): number {
  const fitted = project(columns.slice(0, 1 + D), rate);
  return meanSquare(minus(rate, fitted)) / meanSquare(fitted);
}

const column = (rows: ArrayLike<number>, j: number, scale = 1) =>
  Float64Array.from({ length: rows.length / D }, (_, p) => scale * rows[p * D + j]);
const meanSquare = (values: Float64Array) => dot(values, values) / values.length;
const minus = (a: Float64Array, b: Float64Array) => a.map((x, k) => x - b[k]);

/** Mean square of A/δt − f of each variable over the rows. */
async function residuals(model: SdeModel, pairs: Compensated) {
  const { drift } = await evaluate(gpu, model, pairs.whole);
  return [0, 1].map((j) => minus(column(pairs.compensator, j, 1 / TIME), column(drift, j)));
}

const trainedOn = (data: Regression, closedForm: boolean, shape: Partial<Shape> = {}, steps = OPTIONS.steps) =>
  fitSde(gpu, data, specOf({ ...SHAPE, ...shape }), { ...OPTIONS, steps, closedForm });

const fit = (pairs: Compensated, closedForm: boolean, shape: Partial<Shape> = {}) =>
  trainedOn(regression(pairs, "compensator"), closedForm, shape);

/** The model with the last layer of its drift solved on the compensators of pairs, or on data given. */
async function solved(
  model: SdeModel,
  data: Pick<Regression, "state" | "change" | "time">,
  noise: ArrayLike<number>,
): Promise<SdeModel> {
  return { ...model, drift: await solveLastLayer(gpu, model, data, noise) };
}

describe("last layer in closed form", () => {
  for (const [name, shape] of [
    ["tanh, two hidden layers", {}],
    ["relu, one hidden layer", { hidden: [24], activation: "relu" }],
    ["tanh, triangular diffusion", { hidden: [16], form: "triangular" }],
  ] as const) {
    // 20,000 rows are two evaluations, the second not full.
    for (const snapshots of [3000, 20_000]) {
      test(`${name}, ${snapshots} rows: the minimum in float64, better than the trained network, all else as trained`, async () => {
        const pairs = plantedPairs(snapshots);
        const trained = await fit(pairs, false, shape);
        const columns = features(trained, pairs.whole);
        const last = defined(fieldLayout(trained.drift, D, D).layers.at(-1));
        const before = await residuals(trained, pairs);
        const plain = await solved(trained, regression(pairs, "compensator"), [0, 0]);
        for (const [model, prior] of [
          [plain, false],
          [await fit(pairs, true, shape), true],
        ] as const) {
          const { offset, slope, parameters } = trained.drift;
          expect({ ...model, drift: { ...model.drift, offset, slope, parameters } }).toEqual(trained);
          expect(model.drift.parameters.slice(0, last.weights)).toEqual(parameters.slice(0, last.weights));
          const after = await residuals(model, pairs);
          for (const j of [0, 1]) {
            const rate = column(pairs.compensator, j, 1 / TIME);
            const weight = prior ? last.inputs * noiseOf(columns, rate) : 0;
            const optimum = minus(rate, ridge(columns, rate, weight));
            const best = meanSquare(optimum);
            // The trained network is not at the optimum, so there is something to see.
            expect(meanSquare(before[j])).toBeGreaterThan(best * (1 + 1e-3));
            expect(meanSquare(after[j])).toBeLessThan(meanSquare(before[j]));
            // What the ridge for equal features and rounding may cost: a tenth of what one feature takes from the noise, 1/n of its
            // variance.
            const excess = 0.1 / snapshots;
            expect(meanSquare(minus(after[j], optimum)) / best).toBeLessThan(excess);
            if (prior) continue;
            expect(meanSquare(after[j]) / best - 1).toBeLessThan(excess);
            for (const feature of columns) {
              const cosine = dot(feature, after[j]) / Math.sqrt(dot(feature, feature) * dot(after[j], after[j]));
              expect(cosine ** 2).toBeLessThan(excess);
            }
          }
        }
      });
    }
  }

  test("of noisy changes leaves the weights small: they are those of the prior, in units of the drift", async () => {
    const pairs = plantedPairs(3000);
    const model = await fit(pairs, false);
    const columns = features(model, pairs.whole);
    const last = defined(fieldLayout(model.drift, D, D).layers.at(-1));
    const affine = [0, 1].map((j) => project(columns.slice(0, 1 + D), column(pairs.compensator, j, 1 / TIME)));
    const sizes: number[][] = [];
    for (const noise of [0, 1, 100, 1e9]) {
      // A noise of its own for each variable.
      const both = [noise, noise / 4];
      const ridged = await solved(model, regression(pairs, "compensator"), both);
      const { drift } = await evaluate(gpu, ridged, pairs.whole);
      for (const j of [0, 1]) {
        const rate = column(pairs.compensator, j, 1 / TIME);
        const off = minus(column(drift, j), ridge(columns, rate, last.inputs * both[j]));
        expect(meanSquare(off) / meanSquare(rate)).toBeLessThan(1e-5);
        if (noise === 1e9) expect(meanSquare(minus(column(drift, j), affine[j])) / meanSquare(rate)).toBeLessThan(1e-6);
      }
      const { parameters } = ridged.drift;
      const weights = parameters.subarray(last.weights, last.bias);
      sizes.push([0, 1].map((j) => meanSquare(Float64Array.from(weights.filter((_, k) => k % last.outputs === j)))));
      // The bias is the offset's.
      expect(parameters.slice(last.bias, last.bias + D)).toEqual(new Float32Array(D));
    }
    for (let k = 1; k < sizes.length; k++) {
      for (const j of [0, 1]) expect(sizes[k][j]).toBeLessThan(sizes[k - 1][j]);
    }
  });

  test("lets through the noise of the data and no more: residuals of its variance, less one for each feature", async () => {
    const pairs = plantedPairs(20_000, 2);
    // The affine drift is in the span: nothing is left but noise.
    const affine = pairs.compensator.map((a, row) => {
      const at = D * Math.floor(row / (2 * D));
      const [x, y] = [pairs.whole[at] - 1, (pairs.whole[at + 1] + 2) / 0.3];
      return a + TIME * ([x - y, 3 * y][row % D] - planted([x, y])[row % D]);
    });
    const linear = { ...pairs, compensator: affine };
    const { drift } = await evaluate(gpu, await fit(linear, true), pairs.whole);
    const n = 20_000;
    for (const j of [0, 1]) {
      const mean = Float64Array.from({ length: n }, (_, p) => (affine[4 * p + j] + affine[4 * p + 2 + j]) / 2 / TIME);
      const found = meanSquare(minus(mean, column(drift, j)));
      const expected = NOISE ** 2 * (1 - (1 + D + 8) / n);
      expectWithin(`residual ${j}`, found, expected, NOISE ** 2 * Math.sqrt(2 / n));
    }
  });

  test("is the same for any duration of the same rates, and for rows in any number of evaluations", async () => {
    const pairs = plantedPairs(20_000);
    const model = await fit(pairs, false);
    const state = pairs.whole;
    const solve = (time: number) =>
      solved(model, { state, change: pairs.compensator.map((a) => (a / TIME) * time), time }, [0.1, 0.2]);
    const [one, other] = [await solve(1), await solve(0.25)];
    // A power of two: not even rounding.
    expect(other).toEqual(one);
    // Every row twice, in other evaluations, with twice the noise: the same solution.
    const doubled = {
      state: Float32Array.of(...state, ...state),
      change: Float32Array.of(...pairs.compensator, ...pairs.compensator),
      time: TIME,
    };
    const twice = await solved(model, doubled, [0.2, 0.4]);
    const points = pairs.whole.subarray(0, 400);
    const [a, b] = [await evaluate(gpu, one, points), await evaluate(gpu, twice, points)];
    expect(Math.sqrt(meanSquare(minus(a.drift, b.drift)) / meanSquare(a.drift))).toBeLessThan(1e-4);
    expect(b.diffusion).toEqual(a.diffusion);
  });

  test("of a model without hidden layers is the model itself", async () => {
    const pairs = plantedPairs(3000);
    const shape = { hidden: [] };
    const model = await fit(pairs, false, shape);
    expect(await solveLastLayer(gpu, model, regression(pairs, "compensator"), [1, 1])).toBe(model.drift);
    expect(await fit(pairs, true, shape)).toEqual(model);
  });

  test("of increments and baselines is that of their own changes on their own states", async () => {
    const shape = { hidden: [8] };
    const pairs = plantedPairs(3000);
    for (const method of ["increment", "naive", "small"] as const) {
      // A patch that differs from the whole, for the baselines.
      const patch = pairs.whole.map((z, k) => 0.9 * z + 0.05 * Math.sin(k));
      const data = regression({ ...pairs, patch }, method);
      const trained = await trainedOn(data, false, shape, 20);
      const closed = await trainedOn(data, true, shape, 20);
      expect(closed.diffusion).toEqual(trained.diffusion);
      const columns = features(trained, data.state);
      const { drift, diffusion } = await evaluate(gpu, closed, data.state);
      expect(diffusion).toEqual((await evaluate(gpu, trained, data.state)).diffusion);
      for (const j of [0, 1]) {
        const rate = column(data.change, j, 1 / TIME);
        const prior = 8 * noiseOf(columns, rate);
        const [fitted, wanted] = [column(drift, j), ridge(columns, rate, prior)];
        expect(meanSquare(minus(fitted, wanted)) / meanSquare(wanted)).toBeLessThan(1e-6);
        // The prior counts: without it the fit would be another.
        expect(meanSquare(minus(fitted, project(columns, rate))) / meanSquare(wanted)).toBeGreaterThan(1e-5);
      }
    }
  });
});
