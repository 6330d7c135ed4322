// Networks of z and of conditions, and what is left of them when the conditions are put in.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { type Regression, regression } from "../../../lib/method/pairs.ts";
import { type DriftSpec, diffusionKind, driftKind, type TrainedSpec } from "../../../lib/method/sde/fields.ts";
import { fitSde, trainableSde } from "../../../lib/method/sde/fit.ts";
import { atCondition, evaluate } from "../../../lib/method/sde/model.ts";
import type { DiffusionForm } from "../../../lib/method/sde/network-diffusion.ts";
import type { NetworkDrift } from "../../../lib/method/sde/network-drift.ts";
import { standardise } from "../../../lib/method/sde/points.ts";
import { regressionScales } from "../../../lib/method/sde/scales.ts";
import { generators, normals } from "../../fixtures.ts";
import { product, square } from "../../matrices.ts";
import { closeWithin, range } from "../../numbers.ts";
import { OPTIONS, type Plan, plantedAt } from "./planted.ts";
import { FORMS, innerSigma } from "./reference.ts";

const SEED = 32;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);
const close = closeWithin(1e-5);

const BATCH = 256;
const network = { kind: "network", hidden: [16, 8], activation: "tanh" } as const;
const specOf = (drift: DriftSpec, form: DiffusionForm = "triangular"): TrainedSpec => ({
  drift,
  diffusion: { kind: "network", form, hidden: [16], activation: "tanh" },
});

/** Random rows with c conditions. */
function randomRows(d: number, c: number): Regression {
  const n = 2 * BATCH;
  const rng = generator(`rows/${d}/${c}`);
  return {
    method: "increment",
    d,
    state: normals(n * d, rng, 2),
    change: normals(n * d, rng),
    variation: null,
    time: 0.5,
    instant: false,
    lambda: 4,
    cohort: new Uint32Array(n),
    condition: normals(n * c, rng, 100).map((x) => 1000 + x),
  };
}

describe("networks at one condition", () => {
  for (const form of FORMS) {
    test(`${form} diffusion: f and σσᵀ are those of the networks with the conditions as inputs`, async () => {
      for (const c of [1, 2]) {
        const d = 3;
        const data = randomRows(d, c);
        const scales = regressionScales(data, form === "triangular");
        const { center, spread, conditions } = scales;
        const spec = { drift: network, diffusion: { ...network, hidden: [8], form } };
        const sde = await trainableSde(gpu, spec, d, { ...OPTIONS, batch: BATCH, inputs: d + c });
        const parameters = sde.networks.map(({ initial }, k) =>
          normals(initial.length, generator(`open/${form}/${k}`), 0.4),
        );
        for (const [k, field] of sde.networks.entries()) field.load(parameters[k]);
        const z = data.state.slice(0, BATCH * d);
        const condition = Array.from(data.condition.subarray(0, c));
        const every = Float32Array.from({ length: BATCH * c }, (_, k) => condition[k % c]);
        gpu.write(sde.input, standardise({ n: BATCH, d, z, center, spread }, BATCH));
        gpu.write(sde.input, standardise({ n: BATCH, d: c, z: every, ...conditions }, BATCH), 4 * d * BATCH);
        gpu.run(sde.forward());
        const input = await gpu.read(sde.input, Float32Array);
        const outputs = await Promise.all(sde.networks.map(({ output }) => gpu.read(output, Float32Array)));
        const drift = sde.drift.field(parameters[0], scales);
        const diffusion = sde.diffusion.field(parameters[1], scales);
        sde.destroy();

        const { offset, slope, scale } = drift as NetworkDrift;
        const f = (b: number, j: number) =>
          range(d + c, (k) => slope[j * (d + c) + k] * input[k * BATCH + b]).reduce((sum, x) => sum + x, offset[j]) +
          scale[j] * outputs[0][j * BATCH + b];
        const sigma = (b: number) => {
          const inner = innerSigma(
            form,
            d,
            range(d * d, (k) => outputs[1][k * BATCH + b]),
          );
          return product(scales.frame, inner, d).map((x, k) => scales.noiseScale[Math.floor(k / d)] * x);
        };
        const points = { n: BATCH, d, z, center, spread };
        const closed = driftKind(drift).atCondition(drift, condition);
        close(
          await driftKind(closed).values(gpu, closed, points),
          range(BATCH, (b) => range(d, (j) => f(b, j))).flat(),
        );
        const noise = diffusionKind(diffusion).atCondition(diffusion, condition);
        close(await diffusionKind(noise).values(gpu, noise, points), range(BATCH, (b) => square(sigma(b), d)).flat());
        // Before, there is nothing to evaluate or to step with.
        const message = `depends on ${c} conditions: put them in first`;
        await expect(driftKind(drift).values(gpu, drift, points)).rejects.toThrow(message);
        await expect(diffusionKind(diffusion).values(gpu, diffusion, points)).rejects.toThrow(message);
        for (const load of [
          () => driftKind(drift).load(drift, points, null),
          () => diffusionKind(diffusion).load(diffusion, points, null),
        ]) {
          expect(load).toThrow(message);
        }
      }
    });
  }

  test("the first loss is that of standardised data: d for increments, 2 d with the compensator", async () => {
    const plan: Plan = {
      d: 2,
      snapshots: BATCH / 2,
      patches: 4,
      time: 0.1,
      state: (rng) => [rng.uniform(), rng.uniform()],
      drift: ([x, y]) => [y, -x],
      sigma: () => [0.3, 0.1, 0, 0.2],
    };
    const pairs = plantedAt([[300], [500]], () => plan);
    for (const [method, expected] of [
      ["increment", 2],
      ["compensator", 4],
    ] as const) {
      const losses: number[] = [];
      const options = { ...OPTIONS, batch: BATCH, steps: 1 };
      await fitSde(gpu, regression(pairs, method), specOf(network, "full"), options, {
        onSteps: (_, l) => losses.push(l),
      });
      expect(losses.length).toBe(1);
      expect(losses[0]).toBeCloseTo(expected, 3);
    }
  });

  for (const closedForm of [false, true]) {
    test(`a drift that is affine in z and conditions is found as it is${closedForm ? ", in closed form" : ""}`, async () => {
      const f = ([x, y]: readonly number[], [t, u]: readonly number[]) => [y - 2 * x + t / 100, 3 * u - x + 0.001 * t];
      const conditions = [
        [300, 1],
        [700, -1],
        [900, 2],
        [1200, 0.5],
      ];
      const pairs = plantedAt(conditions, (condition) => ({
        d: 2,
        snapshots: 400,
        patches: 4,
        time: 0.1,
        state: (rng) => [2 * rng.uniform() - 1, rng.uniform()],
        drift: (z) => f(z, condition),
        sigma: () => [1e-4, 0, 0, 1e-4],
      }));
      const options = { ...OPTIONS, batch: BATCH, steps: 2, learningRate: 1e-9, closedForm };
      const model = await fitSde(gpu, regression(pairs, "compensator"), specOf(network), options);
      const points = range(20, (p) => [0.1 * p - 1, 0.05 * p]);
      for (const condition of [
        [500, 0],
        [1100, 1.5],
      ]) {
        const { drift } = await evaluate(gpu, atCondition(model, condition), points.flat());
        close(
          drift,
          points.flatMap((z) => f(z, condition)),
          1e-3,
        );
      }
    });
  }
});
