// Coordinates of fields closed by a perceptron, in one and two dimensions, against float64 twins.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { closedBy } from "../../../lib/method/closure/coordinates.ts";
import { encoderOf } from "../../../lib/method/closure/kinds.ts";
import { regression } from "../../../lib/method/pairs.ts";
import { fitSde } from "../../../lib/method/sde/fit.ts";
import { evaluate } from "../../../lib/method/sde/model.ts";
import { makePairs, smallTrajectories } from "../../../lib/method/snapshots.ts";
import type { FitOptions } from "../../../lib/method/train.ts";
import { stream } from "../../../lib/random/stream.ts";
import { PREDATOR_PREY, PredatorPrey } from "../../../lib/systems/predator-prey.ts";
import { defined } from "../../fixtures.ts";
import { largest, mean, range } from "../../numbers.ts";
import { expectWithin, moments } from "../../statistics.ts";
import {
  expectClose,
  JOINT,
  JOINT_PLANE,
  PLANE,
  patchOf,
  phi,
  randomEncoder,
  SEED,
  SPECIES,
  TOLERANCE,
  Toy,
  type ToyStates,
  variationOf,
} from "./fields.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();

describe("coordinates of fields", () => {
  for (const shape of [SPECIES, JOINT, PLANE, JOINT_PLANE]) {
    const { dimension, patchSide } = shape;
    /** Of four patches. */
    const side = (dimension === 1 ? 4 : 2) * patchSide;
    const name = `${shape.joint ? "joint" : "one network per part"}, dimension ${dimension}`;

    test(`${name}: φ of a system is the average of φ of its patches, cut out one by one`, async () => {
      const toy = new Toy(gpu, patchSide, { dimension });
      const model = randomEncoder(shape, "whole");
      const encoder = encoderOf(gpu, toy, model);
      const { d, whole } = closedBy(toy, encoder);
      expect(d).toBe(2 + shape.variables);
      const states = await toy.initial(7, side, stream(SEED, "test/whole"));
      const found = await whole(states);
      const average = new Float64Array(7 * d);
      for (let patch = 0; patch < 4; patch++) {
        const cut = await toy.cut(states, new Uint32Array(7).fill(patch));
        for (const [k, z] of (await whole(cut)).entries()) average[k] += z / 4;
        cut.destroy();
      }
      expectClose(found, average, 1e-6);
      // The order of z: means of the parts, then ψ.
      const first = range(4, (patch) => phi(model, patchOf(states.values, shape, side, 0, patch)));
      expectClose(
        found.subarray(0, d),
        range(d, (j) => mean(first.map((z) => z[j]))),
      );
      states.destroy();
    });

    test(`${name}: a change has the moments of a diffusion, its compensator the mean without the noise`, async () => {
      const toy = new Toy(gpu, patchSide, { dimension });
      const model = randomEncoder(shape, "change");
      const encoder = encoderOf(gpu, toy, model);
      const { d, change } = closedBy(toy, encoder);
      const [count, time] = [1500, 1e-3];
      const states = await toy.initial(count, side, stream(SEED, "test/change"));
      const start = states.values.slice();
      const chosen = Uint32Array.from({ length: 2 * count }, (_, k) =>
        k % 2 ? 2 + (k % 3 > 0 ? 1 : 0) : k % 4 ? 0 : 1,
      );
      const at = stream(SEED, "test/noise");
      const { before, delta, compensator, variation } = await change(states, chosen, time, at);
      expect(states.values).toEqual(start);
      expect(await gpu.read(states.fields, Float32Array)).toEqual(start);
      const n = chosen.length;
      const triangle = (d * (d + 1)) / 2;
      expect([before, delta, defined(compensator), defined(variation)].map(({ length }) => length)).toEqual([
        n * d,
        n * d,
        n * d,
        n * triangle,
      ]);

      // The float64 twin of the same evolutions, of the first rows.
      const [cut, plus, minus] = [
        await toy.cut(states, chosen),
        await toy.cut(states, chosen),
        await toy.cut(states, chosen),
      ];
      await toy.evolve(plus, time, at);
      await toy.evolve(minus, time, at, true);
      const twin = ({ values }: ToyStates) =>
        range(40, (row) => phi(model, patchOf(values, shape, patchSide, row, 0))).flat();
      const [z, zPlus, zMinus] = [twin(cut), twin(plus), twin(minus)];
      // Differences of float32 numbers of the size of z.
      const rounding = TOLERANCE * largest(z);
      const near = (found: Float32Array, exact: number[]) =>
        expect(largest(exact.map((x, k) => found[k] - x))).toBeLessThan(rounding);
      near(before, z);
      near(
        delta,
        z.map((x, k) => zPlus[k] - x),
      );
      near(
        defined(compensator),
        z.map((x, k) => (zPlus[k] + zMinus[k]) / 2 - x),
      );
      near(
        before.map((x, k) => x + delta[k]),
        zPlus,
      );
      // Q is that of the Jacobian at the start.
      const jacobian = range(40, (row) =>
        variationOf(model, patchOf(cut.values, shape, patchSide, row, 0), toy.noiseVariance * time),
      );
      expectClose(defined(variation).subarray(0, 40 * triangle), jacobian.flat());
      for (const one of [cut, plus, minus]) one.destroy();

      const column = (values: Float32Array, j: number) => range(n, (row) => values[row * d + j]);
      let index = 0;
      for (let j = 0; j < d; j++) {
        const [change, drift] = [column(delta, j), column(defined(compensator), j)];
        const gap = moments(change.map((x, k) => x - drift[k]));
        expectWithin(`E Δ − E A, ${j}`, gap.mean, 0, gap.meanError);
        expect(moments(drift).variance).toBeLessThan(0.02 * moments(change).variance);
        for (let k = j; k < d; k++, index++) {
          const [other, otherDrift] = [column(delta, k), column(defined(compensator), k)];
          const excess = moments(
            range(
              n,
              (row) =>
                change[row] * other[row] - drift[row] * otherDrift[row] - defined(variation)[row * triangle + index],
            ),
          );
          expectWithin(`ΔΔᵀ − AAᵀ − Q, ${j} ${k}`, excess.mean, 0, excess.meanError);
          // The comparison means something: Q of a variable is many errors.
          if (j === k)
            expect(mean(range(n, (row) => defined(variation)[row * triangle + index]))).toBeGreaterThan(
              20 * excess.meanError,
            );
        }
      }
      states.destroy();
    });
  }

  test("of predator and prey: the observables change as they do without closure, the states stay", async () => {
    const system = new PredatorPrey(gpu, { ...PREDATOR_PREY, patchPoints: 10 });
    const encoder = encoderOf(gpu, system, randomEncoder({ ...SPECIES, patchSide: 10 }, "predator-prey"));
    const states = await system.initial(6, 40, stream(SEED, "test/waves"));
    const start = await system.pack(states);
    const chosen = Uint32Array.of(3, 0, 1, 2, 0, 1, 2, 3, 3, 1, 0, 2);
    const at = stream(SEED, "test/predators");
    const closed = await closedBy(system, encoder).change(states, chosen, 0.05, at);
    const open = await system.evolvePatches(states, chosen, 0.05, at);
    for (const part of ["before", "delta", "compensator"] as const) {
      expect(Array.from(defined(closed[part])).filter((_, k) => k % 6 < 2)).toEqual(Array.from(defined(open[part])));
    }
    for (const [k, column] of [0, 1, 6].entries()) {
      const of = (values: ArrayLike<number>, width: number, at: number) =>
        Array.from(values).filter((_, i) => i % width === at);
      expect(of(defined(closed.variation), 21, column)).toEqual(of(defined(open.variation), 3, k));
    }
    // Without rates: the same change, once, also where there would be copies.
    for (const copies of [1, 3]) {
      const alone = await closedBy(system, encoder, copies).change(states, chosen, 0.05, at, false);
      expect(alone).toEqual({ before: closed.before, delta: closed.delta, compensator: null, variation: null });
    }
    expect(await system.pack(states)).toEqual(start);
    states.destroy();
    system.destroy();
  });

  test("λ = K recovers the noise of observables and closure variables from patches; naive is off by K", async () => {
    const [patches, time] = [3, 0.01];
    const toy = new Toy(gpu, 6);
    // Linear, so that Q is the same everywhere; whole systems repeat one patch, so that naive sees no other scatter.
    const model = randomEncoder({ ...JOINT, hidden: [], variables: 1 }, "naive");
    const encoder = encoderOf(gpu, toy, model);
    const words = await smallTrajectories(toy, { trajectories: 700, times: [0], seed: SEED });
    const options = { side: 18, relaxTime: 0, seed: SEED, patchesPerSnapshot: 2 };
    const [pairs] = await makePairs(toy, words, [time], options, closedBy(toy, encoder));
    expect([pairs.d, pairs.patches, pairs.perSnapshot, pairs.whole.length]).toEqual([3, 3, 2, 2100]);
    const zero = phi(model, new Float64Array(12));
    const columns = range(12, (i) =>
      phi(
        model,
        range(12, (k) => (k === i ? 1 : 0)),
      ).map((z, j) => z - zero[j]),
    );
    for (const method of ["compensator", "increment", "naive"] as const) {
      const fit: FitOptions = { batch: 256, steps: 150, learningRate: 1e-2, weightDecay: 0, seed: SEED };
      const kind = { kind: "network", hidden: [8], activation: "tanh" } as const;
      const spec = { drift: kind, diffusion: { ...kind, form: "full" } } as const;
      const model = await fitSde(gpu, regression(pairs, method), spec, fit);
      const { diffusion } = await evaluate(gpu, model, pairs.whole);
      const rows = method === "naive" ? 1400 : 700;
      const factor = method === "naive" ? patches : 1;
      const exact = (j: number, k: number) =>
        (factor * toy.noiseVariance * columns.reduce((sum, c) => sum + c[j] * c[k], 0)) / patches;
      for (let j = 0; j < 3; j++) {
        for (let k = j; k < 3; k++) {
          const found = mean(range(700, (p) => diffusion[9 * p + 3 * j + k]));
          const size = Math.sqrt(exact(j, j) * exact(k, k) + exact(j, k) ** 2);
          // Q is the same in all rows: only the training leaves an error.
          const error = method === "compensator" ? 0.003 : Math.sqrt(1 / rows);
          expectWithin(`${method}: σσᵀ ${j} ${k}`, found, exact(j, k), size * error);
        }
      }
    }
  });
});
