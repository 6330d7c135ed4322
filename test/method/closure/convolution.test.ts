// Encoders by convolutional networks on patches of bits, and what kinds of encoders have in common.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../../lib/errors.ts";
import { allocatedBytes } from "../../../lib/gpu/buffer.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import {
  type ConvolutionModel,
  type ConvolutionShape,
  convolutionNetwork,
} from "../../../lib/method/closure/convolution.ts";
import { ENCODER, type EncoderShape, encoderOf, kindOf } from "../../../lib/method/closure/kinds.ts";
import { ConvEncoderNet, initialEncoder } from "../../../lib/nn/conv-encoder-net.ts";
import { range } from "../../numbers.ts";
import { encode, randomLattice, statesOf, systemOf } from "./bits.ts";
import { systemOf as fieldsOf, generator, randomEncoder, SEED, SPECIES } from "./fields.ts";

setDefaultTimeout(240_000);

const gpu = await openDevice();

const SHAPE: ConvolutionShape = { kind: "convolution", patchSide: 16, channels: [8, 16], variables: 3 };
const MODEL: ConvolutionModel = { ...SHAPE, parameters: initialEncoder(convolutionNetwork(SHAPE), SEED, "test") };

describe("convolution", () => {
  test("encodes every patch as the network does a single one, in order, however many there are", async () => {
    const rng = generator("patches");
    // 9 patches of 70 lattices; the budget of images is 8,192 columns of patches of 16 × 16 in 8 channels.
    for (const [side, count] of [
      [16, 3],
      [48, 70],
      [64, 600],
    ]) {
      const lattices = range(count, () => randomLattice(side, rng));
      const before = allocatedBytes();
      const values = await encode(MODEL, lattices);
      expect(allocatedBytes()).toBe(before);
      const net = await ConvEncoderNet.create(gpu, convolutionNetwork(SHAPE), 8);
      gpu.write(net.parameters, MODEL.parameters);
      const across = side / 16;
      for (const [k, patch] of [
        [0, 0],
        [Math.floor(count / 2), across - 1],
        [count - 1, across * across - 1],
      ]) {
        const input = new Float32Array(18 * 18 * 8);
        for (let r = 0; r < 16; r++) {
          for (let c = 0; c < 16; c++) {
            const site = lattices[k][16 * Math.floor(patch / across) + r][16 * (patch % across) + c];
            input[((r + 1) * 18 + c + 1) * 8 + 5] = site;
          }
        }
        gpu.write(net.input, input);
        gpu.run(net.evaluate());
        const output = await gpu.read(net.output, Float32Array);
        expect(values[k][patch]).toEqual(range(3, (v) => output[8 * v + 5]));
      }
      net.destroy();
    }
  });

  test("goes through a file and back", () => {
    const stored = ENCODER.write(MODEL);
    expect(ENCODER.read(stored)).toEqual(MODEL);
    const { parameters } = MODEL;
    const count = parameters.length;
    const short = { parameters: { shape: [count - 1], data: parameters.slice(1) } };
    expect(() => ENCODER.read({ ...stored, tensors: short })).toThrow(
      new InputError(`the encoder file has ${count - 1} numbers for parameters, not ${count}`),
    );
    expect(() => ENCODER.read({ ...stored, tensors: {} })).toThrow(
      new InputError(`the encoder file has 0 numbers for parameters, not ${count}`),
    );
  });

  test("lattices that patches do not tile, and shapes that make no sense, are refused", async () => {
    const before = allocatedBytes();
    const encoder = encoderOf(gpu, systemOf(16), MODEL);
    const words = new Uint32Array(64 * 2);
    await expect(encoder.encode(statesOf(words, 1, 40))).rejects.toThrow(
      new InputError("patch side 16 does not divide lattice side 40"),
    );
    await expect(encoder.encode(statesOf(words, 2, 64))).rejects.toThrow(
      "test.bits has 512 bytes, too few for 2 lattices of side 64",
    );
    expect(allocatedBytes()).toBe(before);
    const arrays = (change: Partial<ConvolutionShape>) => kindOf(SHAPE).arrays({ ...SHAPE, ...change });
    for (const variables of [0, 1.5]) {
      expect(() => arrays({ variables })).toThrow(new InputError(`${variables} closure variables: use 1 or more`));
    }
    expect(() => arrays({ patchSide: 10 })).toThrow(InputError);
  });
});

describe("kinds", () => {
  test("a file without encoder, and kinds that there are not, are refused in one sentence", () => {
    expect(() => ENCODER.read({ tensors: {}, text: {} })).toThrow(new InputError("the file holds no encoder"));
    const unknown = { ...SHAPE, kind: "oracle" } as unknown as EncoderShape;
    const message = "oracle is no kind of encoder: there are perceptron, convolution, correlations";
    expect(() => kindOf(unknown)).toThrow(new InputError(message));
    const text = { encoder: JSON.stringify(unknown) };
    expect(() => ENCODER.read({ tensors: {}, text })).toThrow(new InputError(message));
  });

  test("an encoder is refused by a system that has not what it reads, or patches of another side", () => {
    expect(() => encoderOf(gpu, systemOf(6), randomEncoder(SPECIES, "kinds"))).toThrow(
      new InputError("bits has no fields of numbers, which this encoder reads: use one of another kind"),
    );
    expect(() => encoderOf(gpu, fieldsOf({ ...SPECIES, patchSide: 16 }), MODEL)).toThrow(
      new InputError("fields has no sites with two states, which this encoder reads: use one of another kind"),
    );
    expect(() => encoderOf(gpu, systemOf(8), MODEL)).toThrow(
      new InputError("the encoder reads patches of side 16, bits has 8"),
    );
  });
});
