// The last drift layer in closed form against least squares in float64 by another way: orthogonal features instead of normal
// equations.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { type Compensated, type Regression, regression } from "../../../lib/method/pairs.ts";
import { fitSde, type SdeFitOptions } from "../../../lib/method/sde/fit.ts";
import { solveLastLayer } from "../../../lib/method/sde/last-layer.ts";
import { evaluate, type TrainedModel } from "../../../lib/method/sde/model.ts";
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
function features(model: TrainedModel, states: Float32Array): Float64Array[] {
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

const dotOf = (a: Float64Array, b: Float64Array, length: number) => dot(a.subarray(0, length), b.subarray(0, length));

/**
 * Projections of the targets on the span of the columns, by modified Gram–Schmidt, twice: good to 1e-12 whatever their correlations. Only
 * the first `used` rows count; the others come out as the same combination of the columns there.
 */
function project(columns: readonly Float64Array[], targets: readonly Float64Array[], used: number): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const column of columns) {
    const rest = column.slice();
    for (let round = 0; round < 2; round++) {
      for (const unit of basis) {
        const part = dotOf(unit, rest, used);
        for (let p = 0; p < rest.length; p++) rest[p] -= part * unit[p];
      }
    }
    const size = Math.sqrt(dotOf(rest, rest, used));
    if (size > 1e-10 * Math.sqrt(dotOf(column, column, used))) basis.push(rest.map((x) => x / size));
  }
  return targets.map((y) => {
    const found = new Float64Array(y.length);
    for (const unit of basis) {
      const part = dotOf(unit, y, used);
      for (let p = 0; p < y.length; p++) found[p] += part * unit[p];
    }
    return found;
  });
}

/**
 * The columns times the weights that minimise |y − X w|² + n prior Σ w² over those of the hidden layer, for every y, on the n rows that are
 * not `held`: rows √(n prior) below X.
 */
function ridge(
  columns: readonly Float64Array[],
  rates: readonly Float64Array[],
  prior: number,
  held: (row: number) => boolean = () => false,
): Float64Array[] {
  const hidden = columns.length - 1 - D;
  const rows = Array.from(rates[0], (_, p) => p);
  const [inside, outside] = [rows.filter((p) => !held(p)), rows.filter(held)];
  const longer = columns.map((values, a) => {
    const below = new Array<number>(hidden).fill(0);
    if (a > D) below[a - 1 - D] = Math.sqrt(inside.length * prior);
    return Float64Array.from([...inside.map((p) => values[p]), ...below, ...outside.map((p) => values[p])]);
  });
  const used = inside.length + hidden;
  const targets = rates.map((y) => Float64Array.from({ length: longer[0].length }, (_, k) => y[inside[k]] ?? 0));
  return project(longer, targets, used).map((fitted) => {
    const found = new Float64Array(rows.length);
    for (const [k, p] of inside.entries()) found[p] = fitted[k];
    for (const [k, p] of outside.entries()) found[p] = fitted[used + k];
    return found;
  });
}

/** Ridges that are tried. */
const RIDGES = [1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2];
/** The cohorts are left out in this many parts. */
const PARTS = 8;

/** Logarithm of the residual of each ridge on cohorts left out, summed over the variables; `cohort` are numbered through. */
function heldOut(columns: readonly Float64Array[], rates: readonly Float64Array[], cohort: Uint32Array): number[] {
  return RIDGES.map((prior) => {
    const sums = rates.map(() => 0);
    for (let part = 0; part < PARTS; part++) {
      const held = (p: number) => cohort[p] % PARTS === part;
      const found = ridge(columns, rates, prior, held);
      for (const [j, rate] of rates.entries()) {
        for (let p = 0; p < rate.length; p++) if (held(p)) sums[j] += (rate[p] - found[j][p]) ** 2;
      }
    }
    return sums.reduce((score, sum) => score + Math.log(sum), 0);
  });
}

/** Ridges whose solution `drift` is; it may be off by `excess` of the residual. The residuals of each. */
function solutions(
  drift: readonly Float64Array[],
  columns: readonly Float64Array[],
  rates: readonly Float64Array[],
  excess: number,
): Map<number, number[]> {
  const all = RIDGES.map((prior) => [prior, ridge(columns, rates, prior)] as const);
  const residual = (values: readonly Float64Array[], j: number) => meanSquare(minus(rates[j], values[j]));
  const own = all.filter(([, best]) =>
    rates.every((_, j) => meanSquare(minus(drift[j], best[j])) < excess * residual(best, j)),
  );
  return new Map(own.map(([prior, best]) => [prior, rates.map((_, j) => residual(best, j))]));
}

/** Fails unless one of the ridges is as good as the best on cohorts left out. That one. */
function expectChosen(
  ridges: Iterable<number>,
  columns: readonly Float64Array[],
  rates: readonly Float64Array[],
  cohort: Uint32Array,
): number {
  const scores = heldOut(columns, rates, cohort);
  // Features in float32 change scores by less.
  const good = [...ridges].filter((prior) => scores[RIDGES.indexOf(prior)] < Math.min(...scores) + 1e-6);
  expect(good.length).toBeGreaterThan(0);
  return good[0];
}

const column = (rows: ArrayLike<number>, j: number, scale = 1) =>
  Float64Array.from({ length: rows.length / D }, (_, p) => scale * rows[p * D + j]);
const meanSquare = (values: Float64Array) => dot(values, values) / values.length;
const minus = (a: Float64Array, b: Float64Array) => a.map((x, k) => x - b[k]);

/** Mean square of A/δt − f of each variable over the rows. */
async function residuals(model: TrainedModel, pairs: Compensated) {
  const { drift } = await evaluate(gpu, model, pairs.whole);
  return [0, 1].map((j) => minus(column(pairs.compensator, j, 1 / TIME), column(drift, j)));
}

const trainedOn = (data: Regression, closedForm: boolean, shape: Partial<Shape> = {}, steps = OPTIONS.steps) =>
  fitSde(gpu, data, specOf({ ...SHAPE, ...shape }), { ...OPTIONS, steps, closedForm });

const fit = (pairs: Compensated, closedForm: boolean, shape: Partial<Shape> = {}) =>
  trainedOn(regression(pairs, "compensator"), closedForm, shape);

/** The model with the last layer of its drift solved on data. */
async function solved(
  model: TrainedModel,
  data: Pick<Regression, "state" | "condition" | "change" | "time" | "cohort">,
): Promise<TrainedModel> {
  return { ...model, drift: await solveLastLayer(gpu, model, { lambda: 1, ...data }) };
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
        const data = regression(pairs, "compensator");
        const model = await fit(pairs, true, shape);
        expect(await solved(trained, data)).toEqual(model);
        const { offset, slope, parameters } = trained.drift;
        expect({ ...model, drift: { ...model.drift, offset, slope, parameters } }).toEqual(trained);
        expect(model.drift.parameters.slice(0, last.weights)).toEqual(parameters.slice(0, last.weights));
        // The bias is the offset's.
        expect(model.drift.parameters.slice(last.bias, last.bias + D)).toEqual(new Float32Array(D));
        const after = await residuals(model, pairs);
        const rates = [0, 1].map((j) => column(pairs.compensator, j, 1 / TIME));
        const drift = rates.map((rate, j) => minus(rate, after[j]));
        // What rounding may cost: a tenth of what one feature takes from the noise, 1/n of its variance.
        const excess = 0.1 / snapshots;
        const fits = solutions(drift, columns, rates, excess);
        expect(fits.size).toBeGreaterThan(0);
        // That a ridge is the best one takes long to see.
        if (snapshots < 10_000) expectChosen(fits.keys(), columns, rates, data.cohort);
        const [optimum] = fits.values();
        for (const [j, best] of optimum.entries()) {
          // The trained network is not at the optimum, so there is something to see.
          expect(meanSquare(before[j])).toBeGreaterThan(best * (1 + 1e-3));
          expect(meanSquare(after[j])).toBeLessThan(meanSquare(before[j]));
        }
      });
    }
  }

  test("of noisy changes leaves the weights small: cohorts left out tell a larger ridge, and the drift is nearer to the true one", async () => {
    const pairs = plantedPairs(3000);
    const model = await fit(pairs, false);
    const columns = features(model, pairs.whole);
    const last = defined(fieldLayout(model.drift, D, D).layers.at(-1));
    const truth = Array.from({ length: 3000 }, (_, p) =>
      planted([pairs.whole[2 * p] - 1, (pairs.whole[2 * p + 1] + 2) / 0.3]),
    );
    const { normal } = draws(SEED)("test/last-layer/noisy");
    /** The solution and its weights; whether it is that of one of the ridges, and which. */
    const solve = async (change: Float32Array, cohort: Uint32Array) => {
      const ridged = await solved(model, { ...pairs, state: pairs.whole, change, time: TIME, cohort });
      const { drift } = await evaluate(gpu, ridged, pairs.whole);
      const rates = [0, 1].map((j) => column(change, j, 1 / TIME));
      const own = [0, 1].map((j) => column(drift, j));
      const weights = ridged.drift.parameters.subarray(last.weights, last.bias);
      const ridges = [...solutions(own, columns, rates, 0.1 / 3000).keys()];
      return { own, rates, ridges, size: meanSquare(Float64Array.from(weights)) };
    };
    const error = (f: readonly Float64Array[]) =>
      f.reduce((sum, values, j) => sum + meanSquare(values.map((x, p) => x - truth[p][j])), 0);
    const changes = [0.1, 100].map((noise) =>
      pairs.whole.map((_, k) => TIME * (truth[k >> 1][k % 2] + noise * normal())),
    );
    const [clear, noisy] = [await solve(changes[0], pairs.cohort), await solve(changes[1], pairs.cohort)];
    const [small, large] = [clear, noisy].map(({ ridges, rates }) =>
      expectChosen(ridges, columns, rates, pairs.cohort),
    );
    expect(large).toBeGreaterThan(small);
    // A single cohort tells nothing: the least ridge, and weights that follow the noise.
    const alone = await solve(changes[1], new Uint32Array(3000));
    expect(alone.ridges).toContain(RIDGES[0]);
    expect(noisy.size).toBeLessThan(alone.size);
    expect(error(noisy.own)).toBeLessThan(error(alone.own));
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
      solved(model, { ...pairs, state, change: pairs.compensator.map((a) => (a / TIME) * time), time });
    const [one, other] = [await solve(1), await solve(0.25)];
    // A power of two: not even rounding.
    expect(other).toEqual(one);
    // Every row twice, in other evaluations, with its cohort: the same solution.
    const doubled = {
      state: Float32Array.of(...state, ...state),
      change: Float32Array.of(...pairs.compensator, ...pairs.compensator),
      time: TIME,
      condition: pairs.condition,
      cohort: Uint32Array.of(...pairs.cohort, ...pairs.cohort),
    };
    const twice = await solved(model, doubled);
    const points = pairs.whole.subarray(0, 400);
    const [a, b] = [await evaluate(gpu, one, points), await evaluate(gpu, twice, points)];
    expect(Math.sqrt(meanSquare(minus(a.drift, b.drift)) / meanSquare(a.drift))).toBeLessThan(1e-4);
    expect(b.diffusion).toEqual(a.diffusion);
  });

  test("of a model without hidden layers is the model itself", async () => {
    const pairs = plantedPairs(3000);
    const shape = { hidden: [] };
    const model = await fit(pairs, false, shape);
    expect(await solveLastLayer(gpu, model, regression(pairs, "compensator"))).toBe(model.drift);
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
      const rates = [0, 1].map((j) => column(data.change, j, 1 / TIME));
      const own = [0, 1].map((j) => column(drift, j));
      expectChosen(solutions(own, columns, rates, 0.1 / 3000).keys(), columns, rates, data.cohort);
    }
  });
});
