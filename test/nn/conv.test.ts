// Convolutional networks on the device against float64 twins written here from the definitions: forward, gradients, training.
//
// Every check is deterministic (fixed seeds).
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import {
  type ConvDecoderNetShape,
  decoderLayers,
  initialDecoder,
  TrainableConvDecoder,
} from "../../lib/nn/conv-decoder-net.ts";
import {
  ConvEncoderNet,
  type ConvEncoderNetShape,
  encoderLayers,
  initialEncoder,
  TrainableConvEncoder,
} from "../../lib/nn/conv-encoder-net.ts";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { emptied, generators, normals } from "../fixtures.ts";
import { closeWithin, largest, range } from "../numbers.ts";

const SEED = 60;
/**
 * Relative to the largest value of a comparison: float32 sums of hundreds of products, divided by deviations of batches, through
 * up to three blocks.
 */
const TOLERANCE = 3e-5;
setDefaultTimeout(240_000);

const gpu = await openDevice();

const generator = generators(SEED);

const expectClose = closeWithin(TOLERANCE);

/** One image, `[channel][row][column]`; a batch is a list of them. */
type Image = number[][][];
const image = (channels: number, side: number, f: (c: number, r: number, k: number) => number): Image =>
  range(channels, (c) => range(side, (r) => range(side, (k) => f(c, r, k))));

/** Reads parameters one after another. */
class Tape {
  #at = 0;
  readonly values: Float64Array;
  constructor(values: ArrayLike<number>) {
    this.values = Float64Array.from(values);
  }
  take(count: number): Float64Array {
    this.#at += count;
    return this.values.subarray(this.#at - count, this.#at);
  }
}

/** 3 × 3, zero padding 1, w `[inputs][9][outputs]`. */
function convolve(x: Image, w: Float64Array, outputs: number): Image {
  const side = x[0].length;
  return image(outputs, side, (o, r, k) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      for (let t = 0; t < 9; t++) {
        const value = x[i][r + Math.floor(t / 3) - 1]?.[k + (t % 3) - 1] ?? 0;
        sum += value * w[(i * 9 + t) * outputs + o];
      }
    }
    return sum;
  });
}

/** Transposed 4 × 4, stride 2, padding 1, w `[outputs][16][inputs]`: every input pixel paints 4 × 4 output pixels. */
function convolveUp(x: Image, w: Float64Array, outputs: number): Image {
  const side = x[0].length;
  const y = image(outputs, 2 * side, () => 0);
  for (let i = 0; i < x.length; i++) {
    for (let r = 0; r < side; r++) {
      for (let k = 0; k < side; k++) {
        for (let t = 0; t < 16; t++) {
          const row = 2 * r + Math.floor(t / 4) - 1;
          const column = 2 * k + (t % 4) - 1;
          if (row < 0 || row >= 2 * side || column < 0 || column >= 2 * side) continue;
          for (let o = 0; o < outputs; o++) y[o][row][column] += w[(o * 16 + t) * x.length + i] * x[i][r][k];
        }
      }
    }
  }
  return y;
}

/** γ, β, running mean and variance in `p`; in training the running averages of `p` move. */
function normalise(batch: Image[], p: Float64Array, training: boolean): Image[] {
  const channels = batch[0].length;
  const side = batch[0][0].length;
  const coefficients = range(channels, (c) => {
    let [mean, variance] = [p[2 * channels + c], p[3 * channels + c]];
    if (training) {
      const values = batch.flatMap((x) => x[c].flat());
      const n = values.length;
      mean = values.reduce((sum, x) => sum + x, 0) / n;
      variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
      p[2 * channels + c] = 0.9 * p[2 * channels + c] + 0.1 * mean;
      p[3 * channels + c] = 0.9 * p[3 * channels + c] + (0.1 * variance * n) / (n - 1);
    }
    const a = p[c] / Math.sqrt(variance + 1e-5);
    return [a, p[channels + c] - a * mean];
  });
  return batch.map((x) => image(channels, side, (c, r, k) => coefficients[c][0] * x[c][r][k] + coefficients[c][1]));
}

const leaky = (x: Image): Image => x.map((rows) => rows.map((row) => row.map((u) => (u > 0 ? u : 0.2 * u))));
const pool = (x: Image): Image =>
  image(x.length, x[0].length / 2, (c, r, k) =>
    Math.max(x[c][2 * r][2 * k], x[c][2 * r][2 * k + 1], x[c][2 * r + 1][2 * k], x[c][2 * r + 1][2 * k + 1]),
  );

/** w `[inputs][outputs]`, bias. */
function dense(x: number[], tape: Tape, outputs: number): (x: number[]) => number[] {
  const w = tape.take(x.length * outputs);
  const bias = tape.take(outputs);
  return (values) => range(outputs, (o) => values.reduce((sum, v, i) => sum + v * w[i * outputs + o], bias[o]));
}

/** Outputs `[width][batch]` of the encoder; moves the running averages on the tape in training. */
function encoderTwin(shape: ConvEncoderNetShape, tape: Tape, batch: Image[], training: boolean): Float64Array {
  let x = batch;
  for (const channels of shape.channels) {
    const w = tape.take(9 * x[0].length * channels);
    const raw = x.map((one) => convolve(one, w, channels));
    x = normalise(raw, tape.take(4 * channels), training).map((one) => pool(leaky(one)));
  }
  const width = 8 * Math.ceil(shape.outputs / 8);
  const flat = x.map((one) => one.flat(2));
  const layer = dense(flat[0], tape, width);
  const rows = flat.map(layer);
  return Float64Array.from(
    { length: width * batch.length },
    (_, k) => rows[k % batch.length][Math.floor(k / batch.length)],
  );
}

/** Logits `[side²][batch]` of the decoder for inputs `[batch][width]`. */
function decoderTwin(shape: ConvDecoderNetShape, tape: Tape, inputs: number[][], training: boolean): Float64Array {
  const down = shape.channels.toReversed();
  const base = shape.side / 2 ** down.length;
  const layer = dense(inputs[0], tape, down[0] * base * base);
  let x = inputs.map((z) => {
    const flat = layer(z);
    return image(down[0], base, (c, r, k) => flat[(c * base + r) * base + k]);
  });
  down.forEach((channels, l) => {
    const outputs = down[l + 1] ?? 1;
    const w = tape.take(16 * channels * outputs);
    const raw = x.map((one) => convolveUp(one, w, outputs));
    x = l + 1 < down.length ? normalise(raw, tape.take(4 * outputs), training).map(leaky) : raw;
  });
  const rows = x.map((one) => one.flat(2));
  return Float64Array.from({ length: shape.side ** 2 * inputs.length }, (_, k) => {
    return rows[k % inputs.length][Math.floor(k / inputs.length)];
  });
}

/** Device layout of a batch of one-channel images: `[(side + 2)²][batch]` with a border of zeros. */
function bordered(batch: Image[]): Float32Array {
  const side = batch[0][0].length;
  const out = new Float32Array((side + 2) ** 2 * batch.length);
  batch.forEach((x, b) => {
    x[0].forEach((row, r) => {
      row.forEach((value, k) => {
        out[((r + 1) * (side + 2) + k + 1) * batch.length + b] = value;
      });
    });
  });
  return out;
}

const randomImages = (count: number, side: number, rng: Xoshiro): Image[] =>
  range(count, () => {
    const values = normals(side * side, rng);
    return image(1, side, (_, r, k) => values[r * side + k]);
  });

type Layers = ReturnType<typeof encoderLayers>;

/** Parameters of which none is zero or one; some γ negative, running variances positive. */
function randomParameters({ layers, count }: Layers, rng: Xoshiro): Float32Array {
  const parameters = normals(count, rng, 0.5);
  for (const { kind, inputs, outputs, weights, bias, norm, normalised } of layers) {
    const products = { conv: 9, up: 4, dense: 1 }[kind] * inputs;
    for (let k = weights; k < bias; k++) parameters[k] *= 2 / Math.sqrt(products);
    for (let c = 0; normalised && c < outputs; c++) {
      parameters[norm + c] = (c % 3 === 0 ? -1 : 1) * (0.5 + Math.abs(parameters[norm + c]));
      parameters[norm + 3 * outputs + c] = 0.5 + Math.abs(parameters[norm + 3 * outputs + c]);
    }
  }
  return parameters;
}

/** Step of the central differences in float64: truncation about h², rounding about 1e-16/h. */
const H = 1e-6;
/** Parameters of every kind of every layer that are compared. */
const PROBES = 6;

/** Compares the device's gradient of `objective` at the trained parameters, by kind and layer. */
function expectGradient(
  { layers, count }: Layers,
  parameters: Float32Array,
  device: Float32Array,
  objective: (p: Float64Array) => number,
): void {
  expect(device.length).toBe(count);
  const rng = generator("probes");
  layers.forEach(({ weights, bias, norm, outputs, normalised, kind }, l) => {
    const kinds: [string, number, number][] = [["weights", weights, bias - weights]];
    if (kind === "dense") kinds.push(["bias", bias, outputs]);
    if (normalised) kinds.push(["gamma", norm, outputs], ["beta", norm + outputs, outputs]);
    for (const [name, at, size] of kinds) {
      const probes = range(PROBES, () => at + rng.below(size));
      const exact = probes.map((p) => {
        const values = [H, -H].map((h) => {
          const shifted = Float64Array.from(parameters);
          shifted[p] += h;
          return objective(shifted);
        });
        return (values[0] - values[1]) / (2 * H);
      });
      const scale = largest(exact);
      const error = largest(probes.map((p, k) => device[p] - exact[k]));
      if (!(error < 10 * TOLERANCE * scale)) {
        throw new Error(`gradient of ${name} of layer ${l} is off by ${error} of ${scale}`);
      }
    }
  });
}

const NO_TRAINING = { steps: 1, learningRate: 0, weightDecay: 0 };
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, k) => sum + x * b[k], 0);

const ENCODERS: { shape: ConvEncoderNetShape; batch: number }[] = [
  { shape: { side: 4, channels: [8], outputs: 2 }, batch: 8 },
  { shape: { side: 8, channels: [16, 8], outputs: 3 }, batch: 24 },
  { shape: { side: 8, channels: [8, 16, 24], outputs: 9 }, batch: 16 },
  { shape: { side: 12, channels: [8, 16], outputs: 1 }, batch: 8 },
];
const DECODERS: { shape: ConvDecoderNetShape; batch: number }[] = [
  { shape: { side: 4, channels: [8], inputs: 3 }, batch: 8 },
  { shape: { side: 8, channels: [8, 16], inputs: 8 }, batch: 16 },
  { shape: { side: 16, channels: [8, 16, 24], inputs: 4 }, batch: 8 },
  { shape: { side: 12, channels: [16, 8], inputs: 9 }, batch: 24 },
];
const name = ({
  shape: { side, channels },
  batch,
}: {
  shape: { side: number; channels: readonly number[] };
  batch: number;
}) => `side ${side}, channels ${channels.join("-")}, batch ${batch}`;

describe("encoder", () => {
  for (const each of ENCODERS) {
    const { shape, batch } = each;
    test(`equals the float64 network and its central differences: ${name(each)}`, async () => {
      const placed = encoderLayers(shape);
      const rng = generator("encoder");
      const parameters = randomParameters(placed, rng);
      const images = randomImages(batch, shape.side, rng);
      await emptied(async () => {
        const net = await TrainableConvEncoder.createTrainable(gpu, shape, batch, NO_TRAINING);
        net.load(parameters);
        gpu.write(net.input, bordered(images));

        gpu.run(net.evaluate());
        expectClose(await gpu.read(net.output, Float32Array), encoderTwin(shape, new Tape(parameters), images, false));
        expect((await net.save()).parameters).toEqual(parameters);

        const c = normals(net.width * batch, rng, 1 / batch);
        gpu.write(net.outputGradient, c);
        gpu.run([...net.forward(), ...net.backward()]);
        const tape = new Tape(parameters);
        expectClose(await gpu.read(net.output, Float32Array), encoderTwin(shape, tape, images, true));
        // The rate of learning is zero: only the running averages have moved.
        expectClose((await net.save()).parameters, tape.values);
        expectGradient(placed, parameters, await net.gradient(), (p) =>
          dot(encoderTwin(shape, new Tape(p), images, true), c),
        );
        net.destroy();
      });
    });
  }

  test("the evaluating network gives the bytes of the trainable one", async () => {
    const { shape, batch } = ENCODERS[1];
    const rng = generator("evaluating");
    const parameters = randomParameters(encoderLayers(shape), rng);
    const input = bordered(randomImages(batch, shape.side, rng));
    const outputs = [];
    for (const net of [
      await ConvEncoderNet.create(gpu, shape, batch),
      await TrainableConvEncoder.createTrainable(gpu, shape, batch, NO_TRAINING),
    ]) {
      gpu.write(net.parameters, parameters);
      gpu.write(net.input, input);
      gpu.run(net.evaluate());
      outputs.push(await gpu.read(net.output, Float32Array));
      net.destroy();
    }
    expect(outputs[1]).toEqual(outputs[0]);
  });

  test("batch norm keeps its digits where the mean is large against the spread", async () => {
    // Only the middle tap counts, so z has the mean of the pixels; a sum of squares would lose 1e8 · 6e-8 of a variance of 1.
    const shape = { side: 8, channels: [8], outputs: 1 };
    const parameters = initialEncoder(shape, SEED, "large mean");
    for (let t = 0; t < 9; t++) for (let o = 0; o < 8; o++) parameters[t * 8 + o] = t === 4 ? 1 : 0;
    const images = randomImages(8, 8, generator("large mean")).map((x) =>
      image(1, 8, (_, r, k) => Math.fround(1e4 + x[0][r][k])),
    );
    const net = await TrainableConvEncoder.createTrainable(gpu, shape, 8, NO_TRAINING);
    net.load(parameters);
    gpu.write(net.input, bordered(images));
    gpu.run(net.forward());
    expectClose(await gpu.read(net.output, Float32Array), encoderTwin(shape, new Tape(parameters), images, true), 1e-3);
    net.destroy();
  });

  test("shapes that do not fit are refused with what would", async () => {
    const refused = (shape: ConvEncoderNetShape, message: string) =>
      expect(() => encoderLayers(shape)).toThrow(new InputError(message));
    for (const width of [0, -8, 4, 12, 8.5, Number.NaN]) {
      refused({ side: 8, channels: [8, width], outputs: 2 }, `${width} channels are not a positive multiple of 8`);
    }
    refused(
      { side: 8, channels: [], outputs: 2 },
      "a convolutional network needs at least one block: give its channels",
    );
    for (const side of [0, 4, 12, 20]) {
      refused(
        { side, channels: [8, 8, 8], outputs: 2 },
        `patch side ${side} is not a multiple of 8, as 3 blocks of pooling need: use another side or fewer blocks`,
      );
    }
    await expect(ConvEncoderNet.create(gpu, ENCODERS[0].shape, 12)).rejects.toThrow(
      "12 columns are not a multiple of 8",
    );
  });
});

describe("decoder", () => {
  for (const each of DECODERS) {
    const { shape, batch } = each;
    test(`equals the float64 network and its central differences: ${name(each)}`, async () => {
      const placed = decoderLayers(shape);
      const rng = generator("decoder");
      const parameters = randomParameters(placed, rng);
      await emptied(async () => {
        const net = await TrainableConvDecoder.create(gpu, shape, batch, NO_TRAINING);
        const { width } = net;
        const rows = normals(width * batch, rng);
        const inputs = (values: ArrayLike<number>) => range(batch, (b) => range(width, (i) => values[i * batch + b]));
        net.load(parameters);
        gpu.write(net.input, rows);

        gpu.run(net.evaluate());
        expectClose(
          await gpu.read(net.logits, Float32Array),
          decoderTwin(shape, new Tape(parameters), inputs(rows), false),
        );

        const c = randomImages(batch, shape.side, rng);
        gpu.write(net.logitsGradient, bordered(c));
        gpu.run([...net.forward(), ...net.backward()]);
        const tape = new Tape(parameters);
        expectClose(await gpu.read(net.logits, Float32Array), decoderTwin(shape, tape, inputs(rows), true));
        expectClose((await net.save()).parameters, tape.values);
        const flat = Float64Array.from({ length: shape.side ** 2 * batch }, (_, k) => {
          const pixel = Math.floor(k / batch);
          return c[k % batch][0][Math.floor(pixel / shape.side)][pixel % shape.side];
        });
        const objective = (p: ArrayLike<number>, x: ArrayLike<number>) =>
          dot(decoderTwin(shape, new Tape(p), inputs(x), true), flat);
        expectGradient(placed, parameters, await net.gradient(), (p) => objective(p, rows));
        const probes = range(8, (k) => Math.floor((k + 0.5) * (rows.length / 8)));
        const exact = probes.map((p) => {
          const values = [H, -H].map((h) => {
            const shifted = Float64Array.from(rows);
            shifted[p] += h;
            return objective(parameters, shifted);
          });
          return (values[0] - values[1]) / (2 * H);
        });
        const device = await gpu.read(net.inputGradient, Float32Array);
        expectClose(
          probes.map((p) => device[p]),
          exact,
          10 * TOLERANCE,
        );
        net.destroy();
      });
    });
  }

  test("shapes that do not fit are refused with what would", () => {
    expect(() => decoderLayers({ side: 16, channels: [4], inputs: 2 })).toThrow(
      new InputError("4 channels are not a positive multiple of 8"),
    );
    for (const side of [0, 2, 18]) {
      expect(() => decoderLayers({ side, channels: [8, 8], inputs: 2 })).toThrow(
        new InputError(
          `lattice side ${side} is not a multiple of 4, as 2 blocks of the decoder need: use another side or fewer blocks`,
        ),
      );
    }
  });
});

describe("cross-entropy", () => {
  for (const tile of [12, 4]) {
    test(`of a lattice of side 12 in patches of ${tile}: loss and gradient, no overflow`, async () => {
      const [side, batch] = [12, 8];
      const shape = { side, channels: [8], inputs: 2 };
      const net = await TrainableConvDecoder.create(gpu, shape, batch, NO_TRAINING);
      const rng = generator("cross-entropy");
      const logits = normals(side * side * batch, rng, 3);
      for (let k = 0; k < logits.length; k += 31) logits[k] *= 60;
      const spins = Float32Array.from(logits, () => (rng.next() & 1 ? 1 : -1));
      const across = side / tile;
      const inner = tile + 2;
      const columns = across * across * batch;
      const encoded = new Float32Array(inner * inner * columns);
      spins.forEach((spin, k) => {
        const [b, r, c] = [k % batch, Math.floor(k / batch / side), Math.floor(k / batch) % side];
        const patch = Math.floor(r / tile) * across + Math.floor(c / tile);
        encoded[(((r % tile) + 1) * inner + (c % tile) + 1) * columns + patch * batch + b] = spin;
      });
      const target = gpu.buffer("test.spins", encoded);
      const losses = gpu.buffer("test.losses", 4 * batch);
      gpu.write(net.logits, logits);
      gpu.run(net.loss(target, tile, losses));
      const found = await gpu.read(losses, Float32Array);
      const gradient = await gpu.read(net.logitsGradient, Float32Array);
      for (const buffer of [target, losses]) buffer.destroy();
      net.destroy();
      const n = side * side;
      // −log of the probability of what is there: for a spin up log(1 + exp(−ℓ)), in a form that float64 holds.
      const one = (logit: number, spin: number) => {
        const m = spin * logit;
        return m > 0 ? Math.log1p(Math.exp(-m)) : -m + Math.log1p(Math.exp(m));
      };
      expectClose(
        found,
        range(batch, (b) =>
          range(n, (i) => one(logits[i * batch + b], spins[i * batch + b]) / n).reduce((x, y) => x + y),
        ),
        1e-5,
      );
      const exact = new Float64Array((side + 2) ** 2 * batch);
      logits.forEach((logit, k) => {
        const [b, r, c] = [k % batch, Math.floor(k / batch / side), Math.floor(k / batch) % side];
        const h = 1e-4;
        exact[((r + 1) * (side + 2) + c + 1) * batch + b] =
          (one(logit + h, spins[k]) - one(logit - h, spins[k])) / (2 * h * n * batch);
      });
      expectClose(gradient, exact, 1e-5);
    });
  }
});

describe("training", () => {
  const OPTIONS = { steps: 20, learningRate: 0.05, weightDecay: 0 };
  const { shape, batch } = ENCODERS[2];
  const decoder = DECODERS[1];

  /** Runs steps `from` … `to` on inputs and gradients that depend on the step. */
  async function trainEncoder(net: TrainableConvEncoder, from: number, to: number) {
    const calls = [...net.forward(), ...net.backward()];
    for (let t = from; t < to; t++) {
      const rng = Xoshiro.open(stream(SEED, "test/steps"), t, 0);
      gpu.write(net.input, bordered(randomImages(batch, shape.side, rng)));
      gpu.write(net.outputGradient, normals(net.width * batch, rng));
      gpu.run(calls);
    }
  }
  async function trainDecoder(net: TrainableConvDecoder, from: number, to: number) {
    const calls = [...net.forward(), ...net.backward()];
    for (let t = from; t < to; t++) {
      const rng = Xoshiro.open(stream(SEED, "test/steps"), t, 0);
      gpu.write(net.input, normals(net.width * decoder.batch, rng));
      gpu.write(net.logitsGradient, bordered(randomImages(decoder.batch, decoder.shape.side, rng)));
      gpu.run(calls);
    }
  }

  test("both copies of the weights are kept: gradients after steps of training", async () => {
    const placed = encoderLayers(shape);
    const net = await TrainableConvEncoder.createTrainable(gpu, shape, batch, OPTIONS);
    net.load(randomParameters(placed, generator("steps")));
    await trainEncoder(net, 0, 3);
    const { parameters } = await net.save();
    const rng = generator("after steps");
    const images = randomImages(batch, shape.side, rng);
    const c = normals(net.width * batch, rng);
    gpu.write(net.input, bordered(images));
    gpu.write(net.outputGradient, c);
    gpu.run([...net.forward(), ...net.backward()]);
    expectGradient(placed, parameters, await net.gradient(), (p) =>
      dot(encoderTwin(shape, new Tape(p), images, true), c),
    );
    net.destroy();

    const places = decoderLayers(decoder.shape);
    const up = await TrainableConvDecoder.create(gpu, decoder.shape, decoder.batch, OPTIONS);
    up.load(randomParameters(places, generator("steps")));
    await trainDecoder(up, 0, 3);
    const trained = (await up.save()).parameters;
    const rows = normals(up.width * decoder.batch, rng);
    gpu.write(up.input, rows);
    gpu.run(up.evaluate());
    const inputs = range(decoder.batch, (b) => range(up.width, (i) => rows[i * decoder.batch + b]));
    expectClose(await gpu.read(up.logits, Float32Array), decoderTwin(decoder.shape, new Tape(trained), inputs, false));
    up.destroy();
  });

  test("weights decay; biases, γ and β do not, and running averages are no one's weights", async () => {
    const { layers } = encoderLayers(shape);
    const start = randomParameters(encoderLayers(shape), generator("decay"));
    const options = { steps: 1000, learningRate: 0.5, weightDecay: 0.5 };
    const net = await TrainableConvEncoder.createTrainable(gpu, shape, batch, options);
    net.load(start);
    // The gradient is zero: what moves is decay, by rate · decay/50 of the warm-up in the first step.
    gpu.run(net.backward());
    const { parameters } = await net.save();
    net.destroy();
    const expected = start.slice();
    for (const { weights, bias } of layers) for (let p = weights; p < bias; p++) expected[p] *= 1 - 0.25 / 50;
    expectClose(parameters, expected, 1e-6);
    for (const { bias, norm, outputs, kind, normalised } of layers) {
      if (kind === "dense") expect(parameters.slice(bias, norm)).toEqual(start.slice(bias, norm));
      if (normalised) expect(parameters.slice(norm, norm + 4 * outputs)).toEqual(start.slice(norm, norm + 4 * outputs));
    }
  });

  test("going on from what was saved gives the bytes of an uninterrupted training", async () => {
    const open = {
      encoder: async () => {
        const net = await TrainableConvEncoder.createTrainable(gpu, shape, batch, OPTIONS);
        return { net, run: (from: number, to: number) => trainEncoder(net, from, to) };
      },
      decoder: async () => {
        const net = await TrainableConvDecoder.create(gpu, decoder.shape, decoder.batch, OPTIONS);
        return { net, run: (from: number, to: number) => trainDecoder(net, from, to) };
      },
    };
    const starts = {
      encoder: initialEncoder(shape, SEED, "test/resume"),
      decoder: initialDecoder(decoder.shape, SEED, "test/resume"),
    };
    for (const kind of ["encoder", "decoder"] as const) {
      const whole = await open[kind]();
      whole.net.load(starts[kind]);
      await whole.run(0, 8);
      const expected = await whole.net.save();
      whole.net.destroy();
      const first = await open[kind]();
      first.net.load(starts[kind]);
      await first.run(0, 5);
      const { parameters, moments } = await first.net.save();
      first.net.destroy();
      const second = await open[kind]();
      second.net.load(parameters, moments, 5);
      await second.run(5, 8);
      expect(await second.net.save()).toEqual(expected);
      expect(await gpu.read(second.net.step, Uint32Array)).toEqual(Uint32Array.of(8));
      second.net.load(starts[kind]);
      await second.run(0, 8);
      expect(await second.net.save()).toEqual(expected);
      second.net.destroy();
      expect(expected.parameters).not.toEqual(starts[kind]);
    }
  });

  test("first parameters depend on seed and purpose, outputs that do not count start at zero", () => {
    const first = initialEncoder(shape, SEED, "a");
    expect(initialEncoder(shape, SEED, "a")).toEqual(first);
    expect(initialEncoder(shape, SEED + 1, "a")).not.toEqual(first);
    expect(initialEncoder(shape, SEED, "b")).not.toEqual(first);
    const { layers } = encoderLayers(shape);
    const { weights, bias } = layers[layers.length - 1];
    for (let p = weights; p < bias; p++) expect(first[p] === 0).toBe((p - weights) % 16 >= 9);
    for (const { norm, outputs, normalised } of layers) {
      if (!normalised) continue;
      const parts = range(4, (k) => new Set(first.slice(norm + k * outputs, norm + (k + 1) * outputs)));
      expect(parts).toEqual([new Set([1]), new Set([0]), new Set([0]), new Set([1])]);
    }
  });
});
