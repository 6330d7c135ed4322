// The learned SDE as a value: f and σ at points, another λ, the file form.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../../lib/errors.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import type { Metadata } from "../../../lib/io/safetensors.ts";
import { regression } from "../../../lib/method/pairs.ts";
import type { TrainedSpec } from "../../../lib/method/sde/fields.ts";
import { fitSde, type SdeFitOptions, trainableSde } from "../../../lib/method/sde/fit.ts";
import { evaluate, MODEL, requireVariables, type TrainedModel, withLambda } from "../../../lib/method/sde/model.ts";
import type { NetworkDriftSpec } from "../../../lib/method/sde/network-drift.ts";
import { rollout } from "../../../lib/method/sde/rollout.ts";
import { stream } from "../../../lib/random/stream.ts";
import { generators, normal } from "../../fixtures.ts";
import { square } from "../../matrices.ts";
import { difference, rootMeanSquare } from "../../numbers.ts";
import { fit, OPTIONS, ornsteinUhlenbeck, plant, SHAPE, type Shape, specOf } from "./planted.ts";
import { exactValues, FORMS, fieldLayout, quiet, randomModel } from "./reference.ts";

const SEED = 30;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

// Models of two variables, as the tests of this file learn them.
const shape: Shape = { ...SHAPE, form: "full" };
const pairs = plant({ ...ornsteinUhlenbeck(2, false).plan, snapshots: 1000 }, "fit/bytes");
const options: SdeFitOptions = { ...OPTIONS, batch: 256, steps: 60, weightDecay: 1e-2 };

describe("evaluate", () => {
  for (const form of FORMS) {
    test(`${form} diffusion: f and σσᵀ equal the float64 formula for d = 1, 2, 3, 5, 8`, async () => {
      for (const d of [1, 2, 3, 5, 8]) {
        const rng = generator(`evaluate/${form}/${d}`);
        const model = randomModel(d, form, rng);
        const points = Array.from({ length: 40 }, () => Array.from({ length: d }, () => Math.fround(normal(rng))));
        const found = await evaluate(gpu, model, points.flat());
        const exact = points.map((z) => exactValues(model, z));
        const drift = exact.flatMap(({ f }) => f);
        const covariance = exact.flatMap(({ sigma }) => square(sigma, d));
        expect(rootMeanSquare(difference(found.drift, drift))).toBeLessThan(2e-6 * rootMeanSquare(drift));
        expect(rootMeanSquare(difference(found.diffusion, covariance))).toBeLessThan(2e-6 * rootMeanSquare(covariance));
      }
    });
  }

  test("f and σσᵀ at a point do not depend on the points beside it", async () => {
    const model = await fitSde(gpu, regression(pairs, "compensator"), specOf(shape), options);
    const all = await evaluate(gpu, model, pairs.whole);
    expect(all.drift.length).toBe(2 * 1000);
    for (const p of [0, 1, 500, 999]) {
      const one = await evaluate(gpu, model, pairs.whole.slice(2 * p, 2 * p + 2));
      expect(one.drift).toEqual(all.drift.slice(2 * p, 2 * p + 2));
      expect(one.diffusion).toEqual(all.diffusion.slice(4 * p, 4 * p + 4));
    }
  });
});

describe("fields", () => {
  const options: SdeFitOptions = { ...OPTIONS, batch: 256, steps: 20 };
  const spec: TrainedSpec<NetworkDriftSpec> = {
    drift: { kind: "network", hidden: [16, 8], activation: "tanh" },
    diffusion: { kind: "network", form: "triangular", hidden: [24], activation: "relu" },
  };

  test("may have networks of different shapes: trained, evaluated and rolled out as the formula says", async () => {
    const model = await fitSde(gpu, regression(pairs, "compensator"), spec, options);
    const { offset, slope, scale, parameters, ...drift } = model.drift;
    expect(drift).toEqual(spec.drift);
    const { scale: noise, frame, parameters: weights, ...diffusion } = model.diffusion;
    expect(diffusion).toEqual(spec.diffusion);
    expect(MODEL.read(MODEL.write(model))).toEqual(model);
    const points = Array.from({ length: 30 }, (_, p) => Array.from(pairs.whole.subarray(2 * p, 2 * p + 2)));
    const exact = points.map((z) => exactValues(model, z));
    const found = await evaluate(gpu, model, points.flat());
    const f = exact.flatMap((values) => values.f);
    const covariance = exact.flatMap(({ sigma }) => square(sigma, 2));
    expect(rootMeanSquare(difference(found.drift, f))).toBeLessThan(2e-6 * rootMeanSquare(f));
    expect(rootMeanSquare(difference(found.diffusion, covariance))).toBeLessThan(2e-6 * rootMeanSquare(covariance));
    const rolled = { times: Float64Array.of(0, 0.25), dt: 0.25, stream: stream(SEED, "fields") };
    const { data } = await rollout(gpu, quiet(model), Float32Array.from(points.flat()), rolled);
    const moved = points.flatMap((z, p) => z.map((x, j) => x + 0.25 * exact[p].f[j]));
    expect(rootMeanSquare(difference(data.subarray(60), moved))).toBeLessThan(2e-6 * rootMeanSquare(moved));
  });

  test("start from weights of their own, by seed and purpose", async () => {
    const alike = specOf({ ...SHAPE, form: "diagonal" });
    const initial = async (more: { seed?: number; purpose?: string } = {}) => {
      const sde = await trainableSde(gpu, alike, 2, { ...options, ...more });
      const start = sde.networks.map((field) => field.initial);
      sde.destroy();
      return start;
    };
    const [drift, diffusion] = await initial();
    // The same shape, other numbers; the last layers begin at zero.
    expect(diffusion.length).toBe(drift.length);
    const { layers } = fieldLayout(SHAPE, 2, 2);
    const weights = layers[0].inputs * layers[0].outputs;
    for (let k = 0; k < weights; k++) expect(diffusion[k]).not.toBe(drift[k]);
    expect(await initial()).toEqual([drift, diffusion]);
    for (const more of [{ seed: 1 }, { purpose: "other" }]) {
      const [a, b] = await initial(more);
      for (const other of [drift, diffusion]) for (const one of [a, b]) expect(one).not.toEqual(other);
    }
  });
});

describe("λ", () => {
  for (const method of ["increment", "compensator"] as const) {
    test(`another λ needs no other training: ${method}`, async () => {
      const { plan } = ornsteinUhlenbeck(2, false);
      const pairs = plant({ ...plan, snapshots: 600, perSnapshot: 2 }, `fit/withLambda/${method}`);
      const lambda = (patches: number) => patches / pairs.perSnapshot;
      const train = (patches: number) =>
        fit({ ...pairs, patches }, method, { form: "full" }, { batch: 256, steps: 60 });
      const model = await train(plan.patches);
      const points = pairs.whole.subarray(0, 40);
      const values = await evaluate(gpu, model, points);
      expect(withLambda(model, 5, 5)).toEqual(model);
      // Powers of four divide the noise by powers of two, without rounding; a third does not.
      for (const patches of [4 * plan.patches, plan.patches / 16, 3 * plan.patches]) {
        const trained = await train(patches);
        const derived = withLambda(model, lambda(patches), lambda(plan.patches)) as TrainedModel;
        const exact = patches !== 3 * plan.patches;
        if (exact) expect(trained).toEqual(derived);
        const { drift, diffusion, ...rest } = trained;
        expect({ ...rest, drift: model.drift, diffusion: model.diffusion }).toEqual(model);
        expect({ ...drift, parameters: model.drift.parameters }).toEqual(model.drift);
        const { scale, parameters } = model.diffusion;
        expect({ ...diffusion, scale, parameters }).toEqual(model.diffusion);
        for (const [found, before] of [
          [drift.parameters, model.drift.parameters],
          [diffusion.parameters, parameters],
        ]) {
          // Of increments no number that the training sees contains λ.
          if (method === "increment") expect(found).toEqual(before);
          else expect(rootMeanSquare(difference(found, before))).toBeLessThan(1e-4);
        }
        diffusion.scale.forEach((own, j) => {
          expect(Math.abs(own / derived.diffusion.scale[j] - 1)).toBeLessThan(2e-7);
        });
        const other = await evaluate(gpu, derived, points);
        expect(other.drift).toEqual(values.drift);
        const ratio = plan.patches / patches;
        const size = rootMeanSquare(values.diffusion);
        expect(
          rootMeanSquare(
            difference(
              other.diffusion,
              values.diffusion.map((x) => ratio * x),
            ),
          ),
        ).toBeLessThan(1e-6 * ratio * size);
      }
    });
  }
});

describe("file form", () => {
  const trained = (form: Shape["form"] = "full") =>
    fitSde(gpu, regression(pairs, "compensator"), specOf({ ...shape, form }), { ...options, steps: 5 });
  const refused = (stored: ReturnType<typeof MODEL.write>, message: string) =>
    expect(() => MODEL.read(stored)).toThrow(new InputError(message));

  test("gives the model of every form back", async () => {
    for (const form of FORMS) {
      for (const d of [1, 3, 8]) {
        const model = randomModel(d, form, generator(`file/${form}/${d}`));
        const { tensors, text } = MODEL.write(model);
        // Through text as a file has it.
        expect(MODEL.read({ tensors, text: JSON.parse(JSON.stringify(text)) })).toEqual(model);
        const [first] = model.drift.hidden;
        expect(tensors["drift layer 0 weight"].shape).toEqual([d, first]);
        expect(tensors["drift slope"].shape).toEqual([d, d]);
        expect(tensors["diffusion frame"].shape).toEqual([d, d]);
      }
    }
  });

  test("gives a trained model back; a foreign one is refused", async () => {
    const model = await trained();
    const { tensors, text } = MODEL.write(model);
    expect(MODEL.read({ tensors, text })).toEqual(model);
    for (const [name, numbers] of [
      ["center", 2],
      ["spread", 2],
      ["drift offset", 2],
      ["drift slope", 4],
      ["drift scale", 2],
      ["drift layer 0 weight", 2 * model.drift.hidden[0]],
      ["drift layer 0 bias", model.drift.hidden[0]],
      ["diffusion scale", 2],
      ["diffusion frame", 4],
      ["diffusion layer 0 weight", 2 * model.diffusion.hidden[0]],
    ] as const) {
      const { [name]: _, ...rest } = tensors;
      const short = name.replace(/^(drift|diffusion) /, "");
      refused({ tensors: rest, text }, `the model file has 0 numbers for ${short}, not ${numbers}`);
    }
    const longer = { ...tensors, "drift offset": tensors["drift slope"] };
    refused({ tensors: longer, text }, "the model file has 4 numbers for offset, not 2");
  });

  test("of another head is refused", async () => {
    const { tensors, text } = MODEL.write(await trained());
    const head = JSON.parse(text.sde) as { d: number; drift: object; diffusion: object };
    const told = (changed: object): { tensors: typeof tensors; text: Metadata } => ({
      tensors,
      text: { sde: JSON.stringify({ ...head, ...changed }) },
    });
    refused({ tensors, text: {} }, "the file holds no equation");
    // Networks of two inputs and 24 units have 2·24 weights in their first layer.
    for (const field of ["drift", "diffusion"] as const) {
      const { length } = tensors[`${field} layer 0 weight`].data;
      refused(
        told({ [field]: { ...head[field], hidden: [24] } }),
        `the model file has ${length} numbers for layer 0 weight, not 48`,
      );
    }
    const { hull: _, ...bare } = tensors;
    const other = { ...tensors, hull: tensors.center };
    for (const stored of [
      { tensors: bare, text },
      { tensors: other, text },
      told({ limit: 0 }),
      told({ limit: null }),
    ]) {
      refused(stored, "the file holds an equation without the hull of its training data");
    }
    refused(told({ drift: { kind: "spline" } }), "spline is no kind of drift: there is network, onsager, polynomial");
    refused(told({ diffusion: { kind: "jumps" } }), "jumps is no kind of diffusion: there is network, polynomial");
    for (const d of [0, 9, 1.5]) refused(told({ d }), `${d} macroscopic variables: use 1 to 8`);
  });

  test("of triangular diffusion has its frame, the Cholesky factor of the mean noise", async () => {
    const model = await trained("triangular");
    const { frame, scale: noise } = model.diffusion;
    const { tensors, text } = MODEL.write(model);
    expect(MODEL.read({ tensors, text })).toEqual(model);
    const { "diffusion frame": _, ...rest } = tensors;
    refused({ tensors: rest, text }, "the model file has 0 numbers for frame, not 4");
    const n = pairs.variation.length / 3;
    const scale = pairs.patches * pairs.time;
    const mean = [0, 1, 2].map((k) => pairs.variation.reduce((sum, q, at) => (at % 3 === k ? sum + q : sum), 0) / n);
    expect(frame[1]).toBe(0);
    const found = square(frame, 2).map((x, k) => x * noise[k >> 1] * noise[k % 2] * scale);
    for (const [k, q] of [mean[0], mean[1], mean[1], mean[2]].entries()) expect(found[k] / q).toBeCloseTo(1, 5);
    expect(Math.abs(frame[2])).toBeGreaterThan(0.05);
  });

  test("0 or 9 macroscopic variables are refused, also by the fit", async () => {
    for (const d of [0, 9, 1.5]) {
      const message = new InputError(`${d} macroscopic variables: use 1 to 8`);
      expect(() => requireVariables(d)).toThrow(message);
      const data = { ...regression(pairs, "increment"), d };
      await expect(fitSde(gpu, data, specOf(shape), options)).rejects.toThrow(message);
    }
  });
});
