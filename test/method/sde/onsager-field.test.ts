// The stochastic OnsagerNet at one condition: f at points and in rollouts, its potential, its file form.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../../lib/errors.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { conditioned } from "../../../lib/method/sde/conditions.ts";
import { ONSAGER_DRIFT, onsagerPotential } from "../../../lib/method/sde/onsager-drift.ts";
import { onsagerShapes } from "../../../lib/method/sde/onsager-networks.ts";
import { rollout } from "../../../lib/method/sde/rollout.ts";
import { layout } from "../../../lib/nn/mlp.ts";
import { stream } from "../../../lib/random/stream.ts";
import { defined, generators } from "../../fixtures.ts";
import { closeWithin, largest, range, sum } from "../../numbers.ts";
import { BATCH, conditionsOf, onsagerAtPoint, plainly, randomNet, SPEC, written } from "./onsager-reference.ts";
import { modelOf, quiet } from "./reference.ts";

const SEED = 33;
/** Relative to the largest value of a comparison: float32 sums through a dozen layers. */
const close = closeWithin(1e-5);
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

describe("the field at one condition", () => {
  for (const [d, c] of [
    [1, 0],
    [3, 0],
    [1, 1],
    [3, 1],
    [4, 2],
  ]) {
    test(`d = ${d}, ${c} conditions: f at points, in a rollout and in training are those of the formula; V too`, async () => {
      const rng = generator(`closed/${d}/${c}`);
      const one = range(c, (k) => 700 + 300 * k);
      const { net, fieldOf, parameters, point, condition } = await randomNet(d, c, rng, one);
      gpu.run(net.forward());
      const output = await gpu.read(net.output, Float32Array);
      net.destroy();
      const open = fieldOf(parameters);
      const field = ONSAGER_DRIFT.atCondition(open, one);
      expect(ONSAGER_DRIFT.read(...written(field), d)).toEqual(field);
      const center = Float32Array.from({ length: d }, (_, j) => 0.4 - 0.3 * j);
      const spread = Float32Array.from({ length: d }, (_, j) => 0.5 + 0.25 * j);
      const z = range(BATCH, (b) => point(b).map((x, j) => center[j] + spread[j] * x)).flat();
      const points = { n: BATCH, d, z, center, spread };
      const exact = range(BATCH, (b) => onsagerAtPoint(plainly(open), point(b), condition(b)));
      const f = exact.flatMap((values) => values.f.map((value, j) => value * field.scale[j]));
      const values = await ONSAGER_DRIFT.values(gpu, field, points);
      close(values, f);
      close(
        range(BATCH * d, (at) => output[(at % d) * BATCH + Math.floor(at / d)] * field.scale[at % d]),
        f,
      );
      close(
        onsagerPotential(field, points),
        exact.map(({ potential }) => potential),
      );
      const model = { ...quiet(modelOf(d, { center, spread })), drift: field };
      const options = { dt: 2 ** -6, times: Float64Array.of(0, 2 ** -6), stream: stream(SEED, "onsager") };
      const { data } = await rollout(gpu, model, Float32Array.from(z), options);
      const rates = z.map((start, k) => (data[BATCH * d + k] - Math.fround(start)) * 2 ** 6);
      // Of a small step, z itself is rounded.
      close(rates, f, 3e-5);
    });
  }

  test("is asked for before f, V and trajectories, and is inside the training data", async () => {
    const { net, fieldOf, parameters } = await randomNet(2, 1, generator("open"));
    net.destroy();
    const open = fieldOf(parameters);
    const points = { n: 1, d: 2, z: [0, 0], center: new Float32Array(2), spread: new Float32Array(2).fill(1) };
    const message = "the equation depends on 1 conditions: put them in first";
    await expect(ONSAGER_DRIFT.values(gpu, open, points)).rejects.toThrow(message);
    expect(() => ONSAGER_DRIFT.load(open, points, null)).toThrow(message);
    expect(() => onsagerPotential(open, points)).toThrow(message);
    for (const [condition, what] of [
      [[299], "condition 299 is outside the training data"],
      [[2001], "condition 2001 is outside the training data"],
      [[], "0 conditions for an equation that depends on 1"],
      [[300, 300], "2 conditions for an equation that depends on 1"],
    ] as const) {
      expect(() => ONSAGER_DRIFT.atCondition(open, condition)).toThrow(new InputError(what));
    }
  });
});

describe("the potential", () => {
  for (const d of [1, 3, 4]) {
    test(`d = ${d}: without g the drift goes downhill by ∇Vᵀ(M + α)∇V at least, whatever W; V lies above its quadratic`, async () => {
      const { net, fieldOf, parameters, point } = await randomNet(d, 0, generator(`downhill/${d}`));
      net.destroy();
      const random = fieldOf(parameters);
      const { coefficients } = random;
      // The last layer of g.
      const { layers, stride } = layout(onsagerShapes(SPEC, d, 0).coefficients);
      const last = defined(layers.at(-1));
      const field = { ...random, coefficients: coefficients.slice().fill(0, stride + last.weights) };
      const units = { center: new Float32Array(d), spread: random.scale };
      const points = {
        n: BATCH,
        d,
        z: range(BATCH, (b) => point(b).map((x, j) => x * units.spread[j])).flat(),
        ...units,
      };
      const f = await ONSAGER_DRIFT.values(gpu, field, points);
      const potential = onsagerPotential(field, points);
      const exact = range(BATCH, (b) => onsagerAtPoint(plainly(field), point(b)));
      const fall = exact.map(({ gradient }, b) => sum(gradient.map((q, j) => (q * f[b * d + j]) / field.scale[j])));
      const expected = exact.map(
        ({ gradient, matrix }) =>
          -sum(gradient.flatMap((q, j) => gradient.map((p, k) => q * p * (matrix[j * d + k] + (j === k ? 0.1 : 0))))),
      );
      close(fall, expected);
      for (const value of fall) expect(value).toBeLessThan(0);
      for (const [b, value] of potential.entries()) {
        expect(value).toBeGreaterThanOrEqual(0.1 * sum(point(b).map((x) => x * x)));
      }
      // Along a trajectory without noise, in steps that are short for it.
      const start = Float32Array.from(points.z.slice(0, 40 * d));
      const dt = 0.02 / Math.max(1, largest(f));
      const times = Float64Array.from({ length: 51 }, (_, k) => 4 * k * dt);
      const model = { ...quiet(modelOf(d, units)), drift: field };
      const { data } = await rollout(gpu, model, start, {
        dt,
        times,
        scheme: "heun",
        stream: stream(SEED, "downhill"),
      });
      const along = onsagerPotential(field, { ...points, n: data.length / d, z: data });
      for (let k = 40; k < along.length; k++) expect(along[k]).toBeLessThanOrEqual(along[k - 40] * (1 + 1e-6));
      expect(sum(along.subarray(50 * 40))).toBeLessThan(0.98 * sum(along.subarray(0, 40)));
    });
  }
});

describe("file form", () => {
  test("gives open and closed fields back; one that lacks an array, or of other sizes, is refused", async () => {
    for (const [d, c] of [
      [1, 0],
      [3, 1],
      [2, 2],
    ]) {
      const { net, fieldOf, parameters } = await randomNet(d, c, generator(`file/${d}/${c}`));
      net.destroy();
      const field = fieldOf(parameters);
      expect(field).toEqual({ ...field, ...conditioned(conditionsOf(c)) });
      const [head, tensors] = written(field);
      expect(ONSAGER_DRIFT.read(head, tensors, d)).toEqual(field);
      for (const name of Object.keys(tensors)) {
        const { [name]: gone, ...rest } = tensors;
        const message = `the model file has 0 numbers for ${name}, not ${gone.data.length}`;
        expect(() => ONSAGER_DRIFT.read(head, rest, d)).toThrow(new InputError(message));
      }
      for (const other of [
        { ...head, hidden: [16, 16] },
        { ...head, conditions: c + 1 },
      ]) {
        expect(() => ONSAGER_DRIFT.read(other, tensors, d)).toThrow(InputError);
      }
      expect(() => ONSAGER_DRIFT.read(head, tensors, d + 1)).toThrow(InputError);
    }
  });
});
