// The energy of a perceptron on the device against float64: its gradient, and what a loss of that gradient teaches.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../lib/gpu/device.ts";
import { EnergyMlp, energyLayout, initialEnergy } from "../../lib/nn/energy-mlp.ts";
import { type Activation, initialParameters, layout, type MlpShape } from "../../lib/nn/mlp.ts";
import { defined, generators, normals } from "../fixtures.ts";
import { closeWithin, largest } from "../numbers.ts";
import { type Dual, dualEnergy } from "./dual-network.ts";

const SEED = 21;
const BATCH = 256;
/** Relative to the largest value of a comparison, as in mlp.test.ts. */
const close = closeWithin(1e-5);
/** Columns that are compared: they lie in different segments of the batch. */
const COLUMNS = [0, 1, 70, 130, 255];
/** Step of the central differences in float64. */
const H = 1e-6;

setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

const shapeOf = (hidden: number[], activation: Activation): MlpShape => ({
  groups: 1,
  inputs: 8,
  hidden,
  outputs: 3,
  activation,
});

describe("energy", () => {
  for (const shape of [
    shapeOf([16, 8], "requr"),
    shapeOf([8, 16, 8], "requr"),
    shapeOf([16, 8], "tanh"),
    shapeOf([24], "relu"),
    shapeOf([], "requr"),
  ]) {
    test(`8-${shape.hidden}-3 ${shape.activation}: ∇E, and the gradients of a loss of it, equal the float64 ones`, async () => {
      const { hidden, inputs, outputs, activation } = shape;
      const rng = generator(`energy/${hidden}/${activation}`);
      const { layers, beside, count } = energyLayout(shape);
      const parameters = normals(count, rng, 0.5);
      const input = normals(inputs * BATCH, rng);
      const direction = new Float32Array(inputs * BATCH);
      for (const b of COLUMNS) {
        for (const [i, a] of normals(inputs, rng).entries()) direction[i * BATCH + b] = a;
      }
      const x = gpu.buffer("test.input", input);
      const options = { steps: 1, learningRate: 0, weightDecay: 0, input: x, inputGradient: true };
      const mlp = await EnergyMlp.createTrainable(gpu, shape, BATCH, options);
      mlp.load(parameters);
      gpu.write(mlp.direction, direction);
      // Twice: nothing of a step is left to the next.
      gpu.run([...mlp.forward(), ...mlp.backward()], 2);
      const gradient = await gpu.read(mlp.energyGradient, Float32Array);
      const inputGradient = await gpu.read(defined(mlp.inputGradient), Float32Array);
      const device = await mlp.gradient();
      mlp.destroy();
      x.destroy();

      const shifted = Float64Array.from(parameters);
      const at = (b: number, along: (i: number) => readonly number[]) =>
        dualEnergy(
          shifted,
          hidden,
          outputs,
          Array.from({ length: inputs }, (_, i) => ({ value: moved[i * BATCH + b], along: along(i) })),
          activation,
        ).along;
      const moved = Float64Array.from(input);
      const axes = (i: number) => Array.from({ length: inputs }, (_, j) => (i === j ? 1 : 0));
      for (const b of COLUMNS) {
        close(
          Array.from({ length: inputs }, (_, i) => gradient[i * BATCH + b]),
          at(b, axes),
        );
      }
      // aᵀ ∇E of one column.
      const along = (b: number) => at(b, (i) => [direction[i * BATCH + b]])[0];
      const difference = (array: Float64Array, k: number, value: () => number) => {
        const own = array[k];
        array[k] = own + H;
        const above = value();
        array[k] = own - H;
        const below = value();
        array[k] = own;
        return (above - below) / (2 * H);
      };
      const loss = () => COLUMNS.reduce((sum, b) => sum + along(b), 0);
      const blocks = [
        ...layers.map((layer) => [layer.weights, layer.inputs * layer.outputs]),
        ...layers.map((layer) => [layer.bias, layer.outputs]),
        [beside.weights, beside.inputs * beside.outputs],
      ];
      for (const [from, length] of blocks) {
        const expected = Array.from({ length }, (_, k) => difference(shifted, from + k, loss));
        // Every block matters.
        expect(largest(expected)).toBeGreaterThan(0.1);
        close(device.subarray(from, from + length), expected);
      }
      if (activation === "relu") return;
      for (const b of COLUMNS) {
        const rows = Array.from({ length: inputs }, (_, i) => i * BATCH + b);
        close(
          rows.map((k) => inputGradient[k]),
          rows.map((k) => difference(moved, k, () => along(b))),
        );
      }
    });
  }

  test("starts as half the square of the first inputs, with the network of its seed", () => {
    const shape = shapeOf([16, 8], "requr");
    const parameters = initialEnergy(shape, SEED, "test", 3);
    const { stride } = layout(shape);
    expect(initialParameters(shape, SEED, "test", 3)).toEqual(parameters.slice(0, stride));
    const input = normals(8, generator("start"));
    const x = Array.from(input, (value): Dual => ({ value, along: [] }));
    const { value } = dualEnergy(parameters, shape.hidden, shape.outputs, x, shape.activation);
    expect(value).toBeCloseTo((input[0] ** 2 + input[1] ** 2 + input[2] ** 2) / 2, 6);
  });

  test("of inputs that are no whole tiles, or of several networks, is refused", async () => {
    const input = gpu.buffer("test.input", 4 * 8 * BATCH);
    const options = { steps: 1, learningRate: 0, weightDecay: 0, input };
    for (const change of [{ inputs: 7 }, { groups: 2 }]) {
      const shape = { ...shapeOf([8], "tanh"), ...change };
      const message = `${shape.groups} networks of ${shape.inputs} inputs: use one, its inputs padded to a multiple of 8`;
      await expect(EnergyMlp.createTrainable(gpu, shape, BATCH, options)).rejects.toThrow(message);
    }
    input.destroy();
  });
});
