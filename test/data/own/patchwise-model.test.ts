// The loader in Python that people take their equations away with: f and σσᵀ of every kind of field are those of our own evaluation, and its runs
// have the law of the equation.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { openDevice } from "../../../lib/gpu/device.ts";
import { writeSafetensors } from "../../../lib/io/safetensors.ts";
import { type Regression, regression } from "../../../lib/method/pairs.ts";
import { aboutOf } from "../../../lib/method/sde/about.ts";
import { isSolved, type SdeSpec } from "../../../lib/method/sde/fields.ts";
import { fitSde, solveSde } from "../../../lib/method/sde/fit.ts";
import { leverages } from "../../../lib/method/sde/hull.ts";
import { atCondition, evaluate, MODEL, type SdeModel } from "../../../lib/method/sde/model.ts";
import { DIFFUSION_FORMS } from "../../../lib/method/sde/network-diffusion.ts";
import { type PolynomialDiffusion, shareIndefinite } from "../../../lib/method/sde/polynomial/diffusion.ts";
import type { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { generators, normal, ROOT, temporaryFolder } from "../../fixtures.ts";
import { hasNumpy, needsNumpy, pythonSays } from "../../io/pickles.ts";
import { identity } from "../../matrices.ts";
import { OPTIONS, ornsteinUhlenbeck, type Plan, plant, plantedAt } from "../../method/sde/planted.ts";
import { closeWithin, range } from "../../numbers.ts";
import { expectMoments } from "../../statistics.ts";

const SEED = 71;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

/** A file of an equation in a folder of its own, and what Python says of it. */
async function loaded(model: SdeModel, program: string): Promise<unknown> {
  const folder = temporaryFolder("loader");
  const { tensors, text } = MODEL.write(model);
  writeSafetensors(join(folder, "model.safetensors"), tensors, text);
  const head = `
sys.path.insert(0, sys.argv[1])
import numpy as np
from patchwise_model import load
model = load(sys.argv[2] + "/model.safetensors")
`;
  return pythonSays(`${head}${program}`, join(ROOT, "data/own"), folder);
}

const VARIABLES = range(3, (j) => ({ name: "xyz"[j], unit: "m" }));
const CONDITIONS = [{ name: "T", unit: "K" }];

/** A bounded process whose drift and noise depend on z, at two conditions where they are wanted. */
function dataOf(d: number, open: boolean, snapshots = 600): Regression {
  const plan = (scale: number): Plan => ({
    ...{ d, snapshots, patches: 4, time: 0.1 },
    state: (rng: Xoshiro) => range(d, (j) => 2 * j + normal(rng)),
    drift: (z) => range(d, (j) => scale * Math.sin(z[(j + 1) % d]) - z[j]),
    sigma: (z) => identity(d).map((one, k) => (0.1 + 0.4 * one) * (1 + 0.5 * Math.cos(z[k % d] + k))),
  });
  const pairs = open ? plantedAt([[300], [600]], ([T]) => plan(T / 600)) : plant(plan(1), `loader/${d}`);
  return regression(pairs, "compensator");
}

async function learned(data: Regression, spec: SdeSpec): Promise<SdeModel> {
  const about = aboutOf(data, VARIABLES.slice(0, data.d), data.condition.length > 0 ? CONDITIONS : []);
  const options = { ...OPTIONS, batch: 256, steps: 30, learningRate: 1e-2 };
  const model = isSolved(spec) ? solveSde(data, spec) : await fitSde(gpu, data, spec, options);
  return { ...model, about };
}

const network = { kind: "network", hidden: [16, 8], activation: "tanh" } as const;
const kinds: readonly (readonly [string, SdeSpec])[] = [
  ["polynomials", { kind: "polynomial", degree: 4 }],
  ...DIFFUSION_FORMS.map((form): [string, SdeSpec] => [
    `networks, ${form} diffusion`,
    { drift: network, diffusion: { kind: "network", form, hidden: [8], activation: "relu" } },
  ]),
  [
    "an OnsagerNet",
    { drift: { kind: "onsager", hidden: [16, 8] }, diffusion: { ...network, form: "triangular" } as const },
  ],
];

describe.skipIf(!hasNumpy)(`patchwise_model.py${needsNumpy}`, () => {
  for (const [name, spec] of kinds) {
    for (const open of [false, true]) {
      test(`${name}${open ? ", at a condition" : ""}: f, σσᵀ and where the data are, within and beyond them`, async () => {
        for (const d of [1, 3]) {
          const model = await learned(dataOf(d, open), spec);
          const rng = generator(`${name}/${open}/${d}`);
          const points = range(60, (p) => range(d, (j) => Math.fround(2 * j + (p < 40 ? 1 : 4) * normal(rng))));
          const closed = open ? atCondition(model, [450]) : model;
          const ours = await evaluate(gpu, closed, points.flat());
          const program = `
z = np.array(${JSON.stringify(points)})
model = model.at(T=450) if ${open ? "True" : "False"} else model
one = model.drift(z[0]), model.diffusion(z[0])
assert np.allclose(one[0], model.drift(z)[0], rtol=1e-13) and one[1].shape == (${d}, ${d})
say(dict(drift=model.drift(z).ravel(), diffusion=model.diffusion(z).ravel(), inside=model.inside(z), variables=model.variables))
`;
          const said = (await loaded(model, program)) as Record<"drift" | "diffusion" | "inside", number[]>;
          // Polynomials in float64 on both sides; where σσᵀ is nearly singular its factor magnifies rounding.
          const close = closeWithin(1e-5);
          close(said.drift, ours.drift, isSolved(spec) ? 1e-12 : 1e-5);
          close(said.diffusion, ours.diffusion, isSolved(spec) ? 1e-8 : 1e-5);
          const inside = Array.from(leverages(model.hull, points.flat()), (h) => h <= model.hull.limit * (1 + 1e-6));
          expect(said.inside.map(Boolean)).toEqual(inside);
          expect(new Set(inside).size).toBe(2);
          expect(said).toHaveProperty("variables", ["x", "y", "z"].slice(0, d));
        }
      });
    }
  }

  test("σσᵀ that is not positive definite is mended as in our own", async () => {
    const data = dataOf(3, false);
    const definite = await learned(data, { kind: "polynomial", degree: 4 });
    const own = definite.diffusion as PolynomialDiffusion;
    // Covariances of x and y, and of y and z, that are too large for their variances at many of the states.
    const coefficients = own.coefficients.map((value, k) => value + (k === 1 || k === 4 ? 0.3 : 0));
    const model = { ...definite, diffusion: { ...own, coefficients } };
    const points = data.state.subarray(0, 300);
    expect(shareIndefinite(model.diffusion, points)).toBeWithin(0.2, 0.95);
    const { diffusion } = await evaluate(gpu, model, points);
    const program = `say(dict(diffusion=model.diffusion(np.array(${JSON.stringify(Array.from(points))}).reshape(-1, 3)).ravel()))`;
    const said = (await loaded(model, program)) as { diffusion: number[] };
    closeWithin(1e-9)(said.diffusion, diffusion);
  });

  for (const instant of [true, false]) {
    test(`simulates ${instant ? "rates at an instant with short Heun steps" : "changes over δt with Euler steps of δt"}`, async () => {
      const { plan, matrix, covariance } = ornsteinUhlenbeck(1, true);
      const data = { ...regression(plant(plan, "loader/simulate"), "compensator"), instant };
      const model = await learned(data, { kind: "polynomial", degree: 1 });
      const told = (await loaded(
        model,
        `times, z = model.simulate(np.full((20000, 1), 0.8), time=0.9, seed=5)
say(dict(times=times, last=z[-1, :, 0], start=z[0, :2, 0]))`,
      )) as Record<"times" | "last" | "start", number[]>;
      expect(told.start).toEqual([0.8, 0.8]);
      expect(told.times.at(-1)).toBeCloseTo(0.9, 12);
      const steps = told.times.length - 1;
      if (!instant) expect(steps).toBe(9);
      // What the scheme gives of the learned equation, which is linear.
      const { drift, diffusion } = await evaluate(gpu, model, [0, 1]);
      const [offset, slope, noise] = [drift[0], drift[1] - drift[0], diffusion[0]];
      expect(slope).toBeCloseTo(matrix[0], 0);
      expect(noise).toBeCloseTo(covariance[0], 1);
      const h = 0.9 / steps;
      if (instant) expect(-h * slope).toBeWithin(0.12, 0.2501);
      const [factor, spread] = instant
        ? [1 + h * slope + (h * slope) ** 2 / 2, 1 + (h * slope) / 2]
        : [1 + h * slope, 1];
      let [mean, variance] = [0.8, 0];
      for (let k = 0; k < steps; k++) {
        mean = factor * mean + h * offset * (instant ? 1 + (h * slope) / 2 : 1);
        variance = factor ** 2 * variance + h * noise * spread ** 2;
      }
      expectMoments(`x at 0.9, ${instant}`, told.last, { mean, variance });
    });
  }

  test("takes steps that are short everywhere in the data, wherever runs start", async () => {
    // Without a slope where they start, and a steep one farther out.
    const plan: Plan = {
      ...{ d: 1, snapshots: 3000, patches: 1, time: 0.01 },
      state: (rng) => [1.5 * (2 * rng.uniform() - 1)],
      drift: ([x]) => [-6 * x ** 3],
      sigma: () => [0.5],
    };
    const data = { ...regression(plant(plan, "loader/steep"), "compensator"), instant: true };
    const model = await learned(data, { kind: "polynomial", degree: 3 });
    const said = await loaded(
      model,
      `times, z = model.simulate(np.zeros((400, 1)), time=20, seed=1)
say(dict(step=times[1], std=z[len(z) // 2:].std()))`,
    );
    const { step, std } = said as { step: number; std: number };
    // A quarter of 1 / (18 · 1.5²), that of the law ∝ exp(−12 x⁴).
    expect(step).toBeWithin(0.003, 0.0075);
    expect(std).toBeWithin(0.28, 0.36);
  });

  test("says what it cannot take", async () => {
    const model = await learned(dataOf(1, true), { kind: "polynomial", degree: 2 });
    const program = `
def refused(work):
    try:
        work()
    except ValueError as error:
        return str(error)
    return "nothing"
other = sys.argv[2] + "/other.safetensors"
open(other, "wb").write(b"\\x02" + bytes(7) + b"{}")
say(dict(refusals=[refused(lambda: model.drift([0.0])), refused(lambda: model.at(T=601)), refused(lambda: model.at(p=1)),
    refused(lambda: model.at(T=400).drift(np.zeros((4, 2)))), refused(lambda: model.at(T=400).simulate(np.zeros((4, 1)), 0)),
    refused(lambda: model.at(T=400).simulate(np.zeros((4, 1)), 1, dt=0.03)), refused(lambda: load(other)).replace(other, "FILE")]))
`;
    expect((await loaded(model, program)) as object).toEqual({
      refusals: [
        "the equation depends on ['T']: put them in with .at(T=…)",
        "T = 601 is outside the training data, 300 to 600",
        "give a value for each of ['T']",
        "states have the shape (4, 2): the last axis is of the 1 variables ['x']",
        "time 0 and dt None have to be above 0",
        "dt 0.03: f is the mean rate over 0.1, steps have to be that long",
        "FILE holds no equation of patchwise",
      ],
    });
  });
});
