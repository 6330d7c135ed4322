// The stochastic OnsagerNet in training: its formula on the device, its gradients, what it starts from.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { ONSAGER_DRIFT } from "../../../lib/method/sde/onsager-drift.ts";
import { onsagerShapes } from "../../../lib/method/sde/onsager-networks.ts";
import { trainableOnsager } from "../../../lib/method/sde/onsager-training.ts";
import { energyLayout } from "../../../lib/nn/energy-mlp.ts";
import { layout, type MlpShape } from "../../../lib/nn/mlp.ts";
import { defined, generators, normal } from "../../fixtures.ts";
import { closeWithin, largest, range, sum } from "../../numbers.ts";
import { BATCH, conditionsOf, onsagerAtPoint, plainly, randomNet, SPEC } from "./onsager-reference.ts";

const SEED = 31;
/** Relative to the largest value of a comparison: float32 sums through a dozen layers. */
const close = closeWithin(1e-5);
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

describe("training", () => {
  for (const d of [1, 3, 4]) {
    for (const c of d === 4 ? [0, 1, 2] : [0, 1]) {
      test(`d = ${d}, ${c} conditions: f and the gradients of every block equal the float64 ones`, async () => {
        const rng = generator(`training/${d}/${c}`);
        const { net, fieldOf, parameters, point, condition } = await randomNet(d, c, rng);
        const lambda = new Float32Array(8 * BATCH);
        const columns = [0, 70, 130, 255];
        for (const b of columns) for (let j = 0; j < d; j++) lambda[j * BATCH + b] = normal(rng);
        gpu.write(net.outputGradient, lambda);
        // Twice: nothing of a step is left to the next.
        gpu.run([...net.forward(), ...net.backward()], 2);
        const output = await gpu.read(net.output, Float32Array);
        const device = fieldOf(await net.gradient());
        net.destroy();
        const plain = plainly(fieldOf(parameters));
        const f = (b: number) => onsagerAtPoint(plain, point(b), condition(b)).f;
        for (let b = 0; b < BATCH; b += 5) {
          close(
            range(d, (j) => output[j * BATCH + b]),
            f(b),
          );
        }
        expect(output.subarray(d * BATCH).every((value) => value === 0)).toBe(true);

        const loss = () => sum(columns.map((b) => sum(f(b).map((value, j) => value * lambda[j * BATCH + b]))));
        const h = 1e-6;
        for (const { name, array, from, length } of blocksOf(d, c)) {
          const numbers = plain[array];
          // Up to 60 of each.
          const probes = range(Math.min(60, length), (k) => from + Math.floor((k * length) / Math.min(60, length)));
          const expected = probes.map((k) => {
            const own = numbers[k];
            numbers[k] = own + h;
            const above = loss();
            numbers[k] = own - h;
            const below = loss();
            numbers[k] = own;
            return (above - below) / (2 * h);
          });
          const found = probes.map((k) => defined(device[array])[k]);
          if (!(largest(expected) > 0.01)) throw new Error(`${name} has no gradient to compare`);
          close(found, expected);
        }
      });
    }
  }

  /** Where the weights and biases of each layer lie in the arrays of a field. */
  function blocksOf(d: number, c: number) {
    const shapes = onsagerShapes(SPEC, d, c);
    const { beside } = energyLayout(shapes.energy);
    const ofNetwork = (array: "energy" | "coefficients" | "embedding", shape: MlpShape) => {
      const { layers, stride } = layout(shape);
      return range(shape.groups, (g) =>
        layers.flatMap(({ inputs, outputs, weights, bias }, l) => [
          { name: `${array} ${g} weights ${l}`, array, from: g * stride + weights, length: inputs * outputs },
          { name: `${array} ${g} biases ${l}`, array, from: g * stride + bias, length: outputs },
        ]),
      ).flat();
    };
    return [
      ...ofNetwork("energy", shapes.energy),
      { name: "Γ", array: "energy" as const, from: beside.weights, length: beside.inputs * beside.outputs },
      ...ofNetwork("coefficients", shapes.coefficients),
      ...(c > 0 ? ofNetwork("embedding", shapes.embedding) : []),
    ];
  }

  test("starts downhill in a bowl: f = −(1 + α)(1 + 2β) z̃", async () => {
    const options = { batch: BATCH, inputs: 4, steps: 1, learningRate: 0, weightDecay: 0, seed: SEED };
    const net = await trainableOnsager(gpu, SPEC, 3, options);
    const scales = { conditions: conditionsOf(1), driftScale: new Float32Array(3).fill(1) };
    const field = net.field(net.initial, scales as never);
    net.destroy();
    close(
      onsagerAtPoint(plainly(field), [1, -2, 0.5], [0.3]).f,
      [1, -2, 0.5].map((z) => -1.1 * 1.2 * z),
    );
  });

  test("is in units of one rate, so that V falls in z too; conditions go from 0 to 1; nothing affine is beside it", () => {
    const data = {
      spread: Float32Array.of(2, 0.5),
      driftScale: Float32Array.of(6, 2),
      offset: [1, 1],
      slope: [1, 1, 1, 1, 1, 1],
    };
    const { low, high } = conditionsOf(1);
    const found = defined(ONSAGER_DRIFT.scales)({ ...data, conditions: { low, high } } as never);
    // Rates 3 and 4 of the variables.
    const rate = Math.sqrt((3 ** 2 + 4 ** 2) / 2);
    close(found.driftScale, [2 * rate, 0.5 * rate]);
    expect(found.conditions).toEqual(conditionsOf(1));
    expect([...found.offset, ...found.slope]).toEqual(new Array(8).fill(0));
  });

  test("gives no gradient of its input, and no draws of its parameters", async () => {
    const options = { batch: BATCH, steps: 1, learningRate: 0, weightDecay: 0, seed: SEED, inputGradient: true };
    await expect(trainableOnsager(gpu, SPEC, 2, options)).rejects.toThrow("use a network");
    const { net, fieldOf, parameters } = await randomNet(2, 0, generator("draws"));
    net.destroy();
    const units = { center: new Float32Array(2), spread: new Float32Array(2).fill(1) };
    expect(() => ONSAGER_DRIFT.load(fieldOf(parameters), units, new Float64Array(4))).toThrow("has no draws");
  });
});
