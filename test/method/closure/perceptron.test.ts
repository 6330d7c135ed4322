// Encoders by perceptrons on fields of one and two dimensions against float64 twins.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../../lib/errors.ts";
import { allocatedBytes } from "../../../lib/gpu/buffer.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { ENCODER, encoderOf } from "../../../lib/method/closure/kinds.ts";
import { type PerceptronModel, perceptronNetwork } from "../../../lib/method/closure/perceptron.ts";
import type { FieldStates } from "../../../lib/systems/system.ts";
import { normals } from "../../fixtures.ts";
import { largest, range } from "../../numbers.ts";
import {
  expectClose,
  fieldStates,
  generator,
  JOINT,
  patchOf,
  psi,
  randomEncoder,
  SHAPES,
  SPECIES,
  systemOf,
  variationOf,
} from "./fields.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();

/** Q of single patches over unit time. */
async function variation(model: PerceptronModel, states: FieldStates, noise: number): Promise<Float32Array> {
  const found = await encoderOf(gpu, systemOf(model, noise), model).variation?.(states, 1);
  if (!found) throw new Error("no variation");
  return found;
}

describe("perceptron", () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    const { dimension, patchSide, parts, variables } = shape;
    const size = patchSide ** dimension;

    test(`${name}: ψ of every patch equals the float64 network`, async () => {
      const [count, across] = [5, 4];
      const [side, patches] = [across * patchSide, across ** dimension];
      const model = randomEncoder(shape, "encode");
      const values = normals(count * parts * side ** dimension, generator("encode"));
      const states = await fieldStates(values, shape, side);
      const before = allocatedBytes();
      const encoder = encoderOf(gpu, systemOf(shape), model);
      expect(encoder.variables).toBe(variables);
      const found = await encoder.encode(states);
      expect(allocatedBytes()).toBe(before);
      states.destroy();
      const expected = range(count, (row) =>
        range(patches, (patch) => psi(model, patchOf(values, shape, side, row, patch))),
      ).flat(2);
      expect(expected.length).toBe(count * patches * variables);
      expectClose(found, expected);
    });

    test(`${name}: the variation is noise · J Jᵀ of the float64 network, upper triangles row by row`, async () => {
      const [count, noise] = [4, 0.3];
      const d = parts + variables;
      const model = randomEncoder(shape, "variation");
      const values = normals(count * parts * size, generator("variation"));
      const states = await fieldStates(values, shape, patchSide);
      const before = allocatedBytes();
      const found = await variation(model, states, noise);
      expect(allocatedBytes()).toBe(before);
      states.destroy();
      const patch = (row: number) => patchOf(values, shape, patchSide, row, 0);
      expectClose(found, range(count, (row) => variationOf(model, patch(row), noise)).flat());
      // Means of different parts share no noise; the variance of a mean is exactly noise/size.
      const triangle = (d * (d + 1)) / 2;
      for (let row = 0; row < count; row++) {
        expect(found[row * triangle]).toBeCloseTo(noise / size, 6);
        if (parts > 1) expect(found[row * triangle + 1]).toBe(0);
        // vᵀQv is never negative but for rounding.
        const rng = generator(`variation/${row}`);
        for (let trial = 0; trial < 20; trial++) {
          const v = normals(d, rng);
          let form = 0;
          let at = row * triangle;
          for (let j = 0; j < d; j++) for (let k = j; k < d; k++) form += (j === k ? 1 : 2) * v[j] * v[k] * found[at++];
          expect(form).toBeGreaterThan(-1e-5 * largest(found));
        }
      }
    });
  }

  test("a state has the same ψ and variation alone and among thousands, in any pass", async () => {
    // 2 parts are 2 columns: passes of 8,192 patches, the first of which ends inside state 2,730 of 3 patches each.
    const model = randomEncoder(SPECIES, "batch");
    const encoder = encoderOf(gpu, systemOf(SPECIES), model);
    const side = 3 * SPECIES.patchSide;
    const values = normals(3000 * 2 * side, generator("batch"));
    const states = await fieldStates(values, SPECIES, side);
    const all = await encoder.encode(states);
    // The same numbers as single patches.
    const single = await fieldStates(values, SPECIES, SPECIES.patchSide);
    const variations = await variation(model, single, 0.5);
    expect(variations.length).toBe(9000 * 21);
    for (const row of [0, 2729, 2730, 2731, 2999]) {
      const alone = await fieldStates(values.slice(2 * side * row, 2 * side * (row + 1)), SPECIES, side);
      expect(await encoder.encode(alone)).toEqual(all.slice(12 * row, 12 * (row + 1)));
      alone.destroy();
    }
    for (const row of [0, 8191, 8192, 8999]) {
      const alone = await fieldStates(values.slice(12 * row, 12 * (row + 1)), SPECIES, SPECIES.patchSide);
      expect(await variation(model, alone, 0.5)).toEqual(variations.slice(21 * row, 21 * (row + 1)));
      alone.destroy();
    }
    states.destroy();
    single.destroy();
  });

  test("what cannot be is refused in one sentence", async () => {
    const variables = (count: number) => perceptronNetwork({ ...SPECIES, variables: count });
    for (const count of [0, 3, -2]) {
      expect(() => variables(count)).toThrow(
        new InputError(`${count} closure variables are not a positive multiple of the 2 parts`),
      );
    }
    expect(() => perceptronNetwork({ ...JOINT, variables: 1.5 })).toThrow(
      new InputError("1.5 closure variables are not a positive multiple of the 2 parts"),
    );
    expect(() => perceptronNetwork({ ...SPECIES, dimension: 3 })).toThrow(
      new InputError("fields in 3 dimensions: use 1 or 2"),
    );
    expect(() => perceptronNetwork({ ...JOINT, parts: 5 })).toThrow(new InputError("5 numbers per site: use 1 to 4"));
    const model = randomEncoder(SPECIES, "refusal");
    const encoder = encoderOf(gpu, systemOf(SPECIES), model);
    const wrong = await fieldStates(new Float32Array(40), SPECIES, 20);
    await expect(encoder.encode(wrong)).rejects.toThrow(new InputError("patch side 6 does not divide lattice side 20"));
    const whole = await fieldStates(new Float32Array(24), SPECIES, 12);
    await expect(variation(model, whole, 1)).rejects.toThrow("cut them out first");
    for (const states of [wrong, whole]) states.destroy();
  });

  test("a system of other sizes is refused; one whose observables are not the parts' means has no variation by the Jacobian", () => {
    const model = randomEncoder(SPECIES, "refusal");
    const refused = (sizes: object, message: string) =>
      expect(() => encoderOf(gpu, systemOf({ ...SPECIES, ...sizes }), model)).toThrow(new InputError(message));
    refused({ patchSide: 8 }, "the encoder reads patches of side 6, fields has 8");
    refused({ parts: 1 }, "the encoder reads 2 numbers per site in dimension 1, fields has 1 in dimension 1");
    refused({ dimension: 2 }, "the encoder reads 2 numbers per site in dimension 1, fields has 2 in dimension 2");
    const { observables } = systemOf(SPECIES);
    const system = { ...systemOf(SPECIES), observables: [...observables, ...observables] };
    expect(encoderOf(gpu, system, model).variation).toBeUndefined();
  });

  test("survives the file form; foreign arrays are refused in one sentence", () => {
    for (const shape of Object.values(SHAPES)) {
      const model = randomEncoder(shape, "file");
      const stored = ENCODER.write(model);
      expect(Object.keys(stored.tensors)).toEqual(["center", "scale", "parameters"]);
      for (const tensor of Object.values(stored.tensors)) expect(tensor.shape).toEqual([tensor.data.length]);
      expect(ENCODER.read(stored)).toEqual(model);
    }
    const { tensors } = ENCODER.write(randomEncoder(SPECIES, "file"));
    const read = (shape: object, arrays: typeof tensors) => () =>
      ENCODER.read({ tensors: arrays, text: { encoder: JSON.stringify(shape) } });
    const { scale, ...rest } = tensors;
    expect(read(SPECIES, rest)).toThrow(new InputError("the encoder file has 0 numbers for scale, not 2"));
    expect(read(SPECIES, { ...tensors, center: tensors.parameters })).toThrow(
      // 8 · 16 + 16 and 16 · 8 + 8 parameters: 6 inputs and 2 outputs are padded.
      new InputError("the encoder file has 280 numbers for center, not 2"),
    );
    expect(read({ ...SPECIES, hidden: [24] }, tensors)).toThrow(
      new InputError("the encoder file has 280 numbers for parameters, not 416"),
    );
    expect(read({ ...SPECIES, parts: 1, variables: 2 }, { ...tensors, scale })).toThrow(
      new InputError("the encoder file has 2 numbers for center, not 1"),
    );
  });
});
