// The multilayer perceptrons and their optimiser on the device against float64 references written here.
//
// Every check is deterministic (fixed seeds); the one statistical assertion states its false-alarm rate.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import {
  type AdamWOptions,
  initialParameters,
  layout,
  Mlp,
  type MlpShape,
  roundUpBatch,
  TrainableMlp,
} from "../../lib/nn/mlp.ts";
import { normalPair } from "../../lib/random/normal.ts";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { defined, generators } from "../fixtures.ts";
import { largest } from "../numbers.ts";

/** The smallest batch: one tile of the dense kernel. */
const BATCH = 256;
const SEED = 20;
/**
 * Relative to the largest value of a comparison: float32 sums of up to 256 products round to about 1e-6, and tanh of
 * software adapters is good to about 1e-6.
 */
const TOLERANCE = 1e-5;

// SwiftShader on a busy machine; the usual five seconds are for the tests of a library, not of a device.
setDefaultTimeout(120_000);

const gpu = await openDevice();

const generator = generators(SEED);

/** `count` float32 numbers, normal with deviation `scale`. */
function normals(count: number, rng: Xoshiro, scale = 1): Float32Array {
  const out = new Float32Array(count);
  for (let k = 0; k < count; k += 2) {
    const [a, b] = normalPair(rng.next(), rng.next());
    out[k] = scale * a;
    if (k + 1 < count) out[k + 1] = scale * b;
  }
  return out;
}

/** Parameters of which none is zero, so that every weight, bias and layer matters. */
function randomParameters(shape: MlpShape, rng: Xoshiro): Float32Array {
  const { layers, stride } = layout(shape);
  const parameters = normals(shape.groups * stride, rng, 0.5);
  for (let g = 0; g < shape.groups; g++) {
    for (const { inputs, outputs, weights } of layers) {
      for (let k = 0; k < inputs * outputs; k++) parameters[g * stride + weights + k] /= 0.5 * Math.sqrt(inputs);
    }
  }
  return parameters;
}

const ACTIVATION = {
  tanh: Math.tanh,
  relu: (s: number) => Math.max(s, 0),
  requr: (s: number) => Math.max(s, 0) ** 2 - Math.max(s - 0.5, 0) ** 2,
};

/** Outputs `[groups][width][batch]` in float64. Parameters per layer: w `[inputs][outputs]`, then the biases. */
function reference(shape: MlpShape, parameters: ArrayLike<number>, input: ArrayLike<number>, batch: number) {
  const widths = [shape.inputs, ...shape.hidden, 8 * Math.ceil(shape.outputs / 8)];
  const outputs: number[] = [];
  let at = 0;
  for (let g = 0; g < shape.groups; g++) {
    let x = Float64Array.from({ length: shape.inputs * batch }, (_, k) => input[k]);
    for (let l = 0; l + 1 < widths.length; l++) {
      const [inner, outer] = [widths[l], widths[l + 1]];
      const y = new Float64Array(outer * batch);
      for (let o = 0; o < outer; o++) {
        y.fill(parameters[at + inner * outer + o], o * batch, (o + 1) * batch);
        for (let i = 0; i < inner; i++) {
          const w = parameters[at + i * outer + o];
          for (let b = 0; b < batch; b++) y[o * batch + b] += w * x[i * batch + b];
        }
      }
      const last = l + 2 === widths.length;
      at += inner * outer + outer;
      x = last ? y : y.map(ACTIVATION[shape.activation]);
    }
    for (const value of x) outputs.push(value);
  }
  return Float64Array.from(outputs);
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((top, v, k) => Math.max(top, Math.abs(v - b[k])), 0);
}

const SHAPES: MlpShape[] = [
  { groups: 1, inputs: 1, hidden: [8], outputs: 1, activation: "tanh" },
  { groups: 1, inputs: 1, hidden: [64, 64, 64], outputs: 1, activation: "relu" },
  { groups: 2, inputs: 3, hidden: [16, 24], outputs: 9, activation: "tanh" },
  { groups: 3, inputs: 5, hidden: [8, 40, 16], outputs: 8, activation: "relu" },
  { groups: 2, inputs: 8, hidden: [64, 32], outputs: 64, activation: "tanh" },
  { groups: 3, inputs: 7, hidden: [], outputs: 17, activation: "relu" },
  { groups: 2, inputs: 6, hidden: [16, 24], outputs: 5, activation: "requr" },
];
const describeShape = ({ groups, inputs, hidden, outputs, activation }: MlpShape) =>
  `${groups} × ${[inputs, ...hidden, outputs].join("-")} ${activation}`;

describe("layout", () => {
  test("a width that is not a positive multiple of 8 is refused by its value", () => {
    for (const width of [0, -8, 12, 8.5, Number.NaN]) {
      const shape: MlpShape = { groups: 1, inputs: 1, hidden: [16, width], outputs: 1, activation: "tanh" };
      expect(() => layout(shape)).toThrow(new InputError(`hidden width ${width} is not a positive multiple of 8`));
    }
  });

  test("counts every parameter once", () => {
    const { layers, stride } = layout({ groups: 1, inputs: 3, hidden: [16, 24], outputs: 9, activation: "tanh" });
    expect(stride).toBe(3 * 16 + 16 + (16 * 24 + 24) + (24 * 16 + 16));
    expect(layers.map(({ weights, bias }) => [weights, bias])).toEqual([
      [0, 48],
      [64, 448],
      [472, 856],
    ]);
  });

  test("batches are rounded up to whole tiles", () => {
    expect([1, 255, 256, 257, 1000].map(roundUpBatch)).toEqual([256, 256, 256, 512, 1024]);
  });
});

describe("initial parameters", () => {
  const shape: MlpShape = { groups: 2, inputs: 4, hidden: [64, 64], outputs: 4, activation: "relu" };
  const { layers, stride } = layout(shape);
  const parameters = initialParameters(shape, SEED);

  test("weights have the variance of the activation, first biases spread over ±1, the last layer is zero", () => {
    for (let g = 0; g < 2; g++) {
      const part = (at: number, count: number) => parameters.subarray(g * stride + at, g * stride + at + count);
      for (const { inputs, outputs, weights } of layers.slice(0, -1)) {
        const values = part(weights, inputs * outputs);
        // χ² of the sum of squares within 5 standard errors: false alarm 6e-7 per layer.
        const variance = values.reduce((sum, w) => sum + w * w, 0) / values.length;
        expect(Math.abs(variance * (inputs / 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / values.length));
      }
      const first = part(layers[0].bias, 64);
      expect(largest(first)).toBeLessThanOrEqual(1);
      expect(Math.min(...first)).toBeLessThan(-0.5);
      expect(Math.max(...first)).toBeGreaterThan(0.5);
      expect(largest(part(layers[1].bias, 64))).toBe(0);
      expect(largest(part(layers[2].weights, stride - layers[2].weights))).toBe(0);
    }
  });

  test("depend on the seed and the group", () => {
    expect(initialParameters(shape, SEED)).toEqual(parameters);
    expect(initialParameters(shape, SEED + 1)).not.toEqual(parameters);
    expect(parameters.slice(0, stride)).not.toEqual(parameters.slice(stride));
  });
});

describe("forward", () => {
  for (const shape of SHAPES) {
    test(`equals the float64 network: ${describeShape(shape)}`, async () => {
      const batch = 2 * BATCH;
      const rng = generator("forward");
      const parameters = randomParameters(shape, rng);
      const input = normals(shape.inputs * batch, rng, 1.5);
      const mlp = await Mlp.create(gpu, shape, batch);
      gpu.write(mlp.parameters, parameters);
      gpu.write(mlp.input, input);
      gpu.run(mlp.forward());
      const output = await gpu.read(mlp.output, Float32Array);
      mlp.destroy();
      const expected = reference(shape, parameters, input, batch);
      expect(worst(output, expected)).toBeLessThan(TOLERANCE * largest(expected));
    });
  }

  test("saturated tanh stays finite", async () => {
    const shape: MlpShape = { groups: 1, inputs: 1, hidden: [8], outputs: 1, activation: "tanh" };
    const { layers, stride } = layout(shape);
    const mlp = await Mlp.create(gpu, shape, BATCH);
    gpu.write(mlp.parameters, new Float32Array(stride).fill(1, 0, layers[1].bias));
    gpu.write(
      mlp.input,
      Float32Array.from({ length: BATCH }, (_, b) => (b % 2 ? -1 : 1) * 10 ** (b % 30)),
    );
    gpu.run(mlp.forward());
    const output = (await gpu.read(mlp.output, Float32Array)).slice(0, BATCH);
    mlp.destroy();
    // 8 units of tanh(x + 1), the biases being 1 as well.
    const expected = output.map((_, b) => 8 * Math.tanh((b % 2 ? -1 : 1) * 10 ** (b % 30) + 1));
    expect(worst(output, expected)).toBeLessThan(8 * TOLERANCE);
  });

  test("a batch that is not whole tiles is refused", async () => {
    await expect(Mlp.create(gpu, SHAPES[0], 100)).rejects.toThrow("batch 100 is not a multiple of 256");
  });
});

const NO_TRAINING: AdamWOptions = { steps: 1, learningRate: 0, weightDecay: 0 };

describe("gradient", () => {
  /** Parameters of every kind that are compared: so many of each layer's weights and of its biases, in each group. */
  const PROBES = 5;
  /** Step of the central differences in float64: truncation about h², rounding about 1e-16/h. */
  const H = 1e-6;

  /** Largest error of the device's gradient of Σ c·y, relative to the largest component of that kind of parameter. */
  function compare(
    shape: MlpShape,
    parameters: Float32Array,
    input: Float32Array,
    c: Float32Array,
    device: Float32Array,
  ) {
    const { layers, stride } = layout(shape);
    const rng = generator("probes");
    const objective = (p: ArrayLike<number>) =>
      reference(shape, p, input, input.length / shape.inputs).reduce((sum, y, k) => sum + y * c[k], 0);
    const errors: Record<string, number> = {};
    const shifted = Float64Array.from(parameters);
    layers.forEach(({ inputs, outputs, weights, bias }, l) => {
      const kinds = [
        [`weights ${l}`, weights, inputs * outputs],
        [`bias ${l}`, bias, outputs],
      ] as const;
      for (const [name, at, count] of kinds) {
        let scale = 0;
        let error = 0;
        for (let probe = 0; probe < PROBES * shape.groups; probe++) {
          const p = (probe % shape.groups) * stride + at + rng.below(count);
          shifted[p] = parameters[p] + H;
          const above = objective(shifted);
          shifted[p] = parameters[p] - H;
          const below = objective(shifted);
          shifted[p] = parameters[p];
          const expected = (above - below) / (2 * H);
          scale = Math.max(scale, Math.abs(expected));
          error = Math.max(error, Math.abs(device[p] - expected));
        }
        errors[name] = error / scale;
      }
    });
    return errors;
  }

  for (const shape of SHAPES) {
    test(`equals central differences: ${describeShape(shape)}`, async () => {
      const rng = generator("gradient");
      const mlp = await TrainableMlp.createTrainable(gpu, shape, BATCH, NO_TRAINING);
      const parameters = randomParameters(shape, rng);
      const input = normals(shape.inputs * BATCH, rng);
      const c = normals(shape.groups * mlp.width * BATCH, rng, 1 / BATCH);
      mlp.load(parameters);
      gpu.write(mlp.input, input);
      gpu.write(mlp.outputGradient, c);
      gpu.run([...mlp.forward(), ...mlp.backward()]);
      const errors = compare(shape, parameters, input, c, await mlp.gradient());
      mlp.destroy();
      for (const error of Object.values(errors)) expect(error).toBeLessThan(TOLERANCE);
    });
  }

  const TO_INPUT: MlpShape[] = [
    { groups: 1, inputs: 8, hidden: [16, 8], outputs: 3, activation: "tanh" },
    { groups: 2, inputs: 16, hidden: [24], outputs: 9, activation: "tanh" },
    { groups: 1, inputs: 24, hidden: [40, 8], outputs: 1, activation: "relu" },
    { groups: 2, inputs: 8, hidden: [16, 32], outputs: 8, activation: "relu" },
    { groups: 2, inputs: 8, hidden: [], outputs: 5, activation: "tanh" },
    { groups: 2, inputs: 16, hidden: [16, 24], outputs: 9, activation: "requr" },
  ];
  for (const shape of TO_INPUT) {
    test(`of the input equals central differences, that of the parameters stays right: ${describeShape(shape)}`, async () => {
      const { groups, inputs } = shape;
      const rng = generator("input gradient");
      const batch = 2 * BATCH;
      const parameters = randomParameters(shape, rng);
      const input = normals(inputs * batch, rng);
      const options = { ...NO_TRAINING, inputGradient: true };
      const mlp = await TrainableMlp.createTrainable(gpu, shape, batch, options);
      const c = normals(groups * mlp.width * batch, rng, 1 / batch);
      mlp.load(parameters);
      gpu.write(mlp.input, input);
      gpu.write(mlp.outputGradient, c);
      gpu.run([...mlp.forward(), ...mlp.backpropagate()]);
      const device = await gpu.read(defined(mlp.inputGradient), Float32Array);
      gpu.write(defined(mlp.inputGradient), new Float32Array(device.length));
      gpu.run([...mlp.forward(), ...mlp.backward()]);
      expect(await gpu.read(defined(mlp.inputGradient), Float32Array)).toEqual(device);
      const errors = compare(shape, parameters, input, c, await mlp.gradient());
      const { width } = mlp;
      mlp.destroy();
      for (const error of Object.values(errors)) expect(error).toBeLessThan(TOLERANCE);

      // Columns are independent: row i is shifted in all of them at once. Group g has its own sum over its outputs.
      const expected = new Float64Array(device.length);
      const shifted = Float64Array.from(input);
      for (let i = 0; i < inputs; i++) {
        for (const h of [H, -H]) {
          for (let b = 0; b < batch; b++) shifted[i * batch + b] = input[i * batch + b] + h;
          reference(shape, parameters, shifted, batch).forEach((y, k) => {
            const g = Math.floor(k / (width * batch));
            expected[(g * inputs + i) * batch + (k % batch)] += (y * c[k]) / (2 * h);
          });
        }
        for (let b = 0; b < batch; b++) shifted[i * batch + b] = input[i * batch + b];
      }
      expect(worst(device, expected)).toBeLessThan(TOLERANCE * largest(expected));
    });
  }

  test("of the input is refused where the inputs are not padded, and absent where nobody asked", async () => {
    const shape: MlpShape = { groups: 1, inputs: 12, hidden: [8], outputs: 1, activation: "tanh" };
    const options = { ...NO_TRAINING, inputGradient: true };
    await expect(TrainableMlp.createTrainable(gpu, shape, BATCH, options)).rejects.toThrow(
      "12 inputs are not a multiple of 8: pad them for the gradient of the input",
    );
    const mlp = await TrainableMlp.createTrainable(gpu, shape, BATCH, NO_TRAINING);
    expect(mlp.inputGradient).toBeNull();
    mlp.destroy();
  });

  test("is that of the current parameters after steps of training: both copies of the weights are kept", async () => {
    const shape: MlpShape = { groups: 2, inputs: 3, hidden: [16, 24], outputs: 9, activation: "tanh" };
    const batch = 3 * BATCH;
    const rng = generator("trained");
    const mlp = await TrainableMlp.createTrainable(gpu, shape, batch, { steps: 10, learningRate: 0.1, weightDecay: 0 });
    const input = normals(shape.inputs * batch, rng);
    const c = normals(shape.groups * mlp.width * batch, rng, 1 / batch);
    mlp.load(randomParameters(shape, rng));
    gpu.write(mlp.input, input);
    const calls = [...mlp.forward(), ...mlp.backward()];
    for (let k = 0; k < 3; k++) {
      gpu.write(mlp.outputGradient, c);
      gpu.run(calls);
    }
    const { parameters } = await mlp.save();
    gpu.write(mlp.outputGradient, c);
    gpu.run(calls);
    const errors = compare(shape, parameters, input, c, await mlp.gradient());
    mlp.destroy();
    for (const error of Object.values(errors)) expect(error).toBeLessThan(TOLERANCE);
  });
});

describe("AdamW", () => {
  const shape: MlpShape = { groups: 2, inputs: 2, hidden: [8, 16], outputs: 3, activation: "tanh" };
  const { layers, stride } = layout(shape);
  const OPTIONS: AdamWOptions = { steps: 60, learningRate: 0.01, weightDecay: 0.5, constant: [false, true] };

  /** Whether parameter p of the flat array is a weight, and whether it belongs to the last layer. */
  function place(p: number) {
    const l = layers.findLastIndex(({ weights }) => weights <= p % stride);
    return { weight: p % stride < layers[l].bias, last: l === layers.length - 1, group: Math.floor(p / stride) };
  }

  /** Trains on one noisy gradient per step; `each` sees the step number and the gradient before AdamW's result. */
  async function train(
    mlp: TrainableMlp,
    from: number,
    to: number,
    each?: (step: number, gradient: Float32Array) => Promise<void>,
  ) {
    const calls = [...mlp.forward(), ...mlp.backward()];
    for (let t = from; t < to; t++) {
      const rng = Xoshiro.open(stream(SEED, "test/adamw"), t, 0);
      gpu.write(mlp.input, normals(shape.inputs * BATCH, rng));
      gpu.write(mlp.outputGradient, normals(shape.groups * mlp.width * BATCH, rng, 1 / BATCH));
      gpu.run(calls);
      await each?.(t, await mlp.gradient());
    }
  }

  test("follows the float64 update through warm-up, cosine decay and the end; biases do not decay", async () => {
    const start = randomParameters(shape, generator("adamw"));
    const mlp = await TrainableMlp.createTrainable(gpu, shape, BATCH, OPTIONS);
    mlp.load(start);
    const [beta1, beta2] = [0.9, 0.999];
    const { steps, learningRate, weightDecay } = OPTIONS;
    const w = Float64Array.from(start);
    const m = new Float64Array(w.length);
    const v = new Float64Array(w.length);
    let moved = 0;
    let error = 0;
    // Three steps beyond the schedule, where the rate is zero.
    await train(mlp, 0, steps + 3, async (t, gradient) => {
      const warmup = Math.min((t + 1) / (steps / 20), 1);
      const rate = learningRate * warmup * 0.5 * (1 + Math.cos((Math.PI * Math.min(t, steps)) / steps));
      moved += rate;
      const { parameters } = await mlp.save();
      for (let p = 0; p < w.length; p++) {
        const { weight, last, group } = place(p);
        if (weight && last && group === 1) continue;
        m[p] = beta1 * m[p] + (1 - beta1) * gradient[p];
        v[p] = beta2 * v[p] + (1 - beta2) * gradient[p] ** 2;
        const direction = m[p] / (1 - beta1 ** (t + 1)) / (Math.sqrt(v[p] / (1 - beta2 ** (t + 1))) + 1e-8);
        w[p] -= rate * (direction + (weight ? weightDecay * w[p] : 0));
        // 1 − β₂ᵗ is a difference of float32 numbers near 1, good to 2e-4 in the first steps.
        error = Math.max(error, Math.abs(parameters[p] - w[p]) / moved);
      }
    });
    expect(error).toBeLessThan(1e-3);
    expect(await gpu.read(mlp.step, Uint32Array)).toEqual(Uint32Array.of(steps + 3));
    mlp.destroy();
  });

  test("a constant network keeps its last weights and learns the last bias", async () => {
    const start = randomParameters(shape, generator("constant"));
    const mlp = await TrainableMlp.createTrainable(gpu, shape, BATCH, OPTIONS);
    mlp.load(start);
    await train(mlp, 0, 5);
    const { parameters } = await mlp.save();
    mlp.destroy();
    const still = start.map((value, p) => (parameters[p] === value ? 1 : 0));
    still.forEach((same, p) => {
      const { weight, last, group } = place(p);
      expect(same).toBe(weight && last && group === 1 ? 1 : 0);
    });
  });

  test("going on from saved parameters, moments and step gives the bytes of an uninterrupted training", async () => {
    const start = randomParameters(shape, generator("resume"));
    const whole = await TrainableMlp.createTrainable(gpu, shape, BATCH, OPTIONS);
    whole.load(start);
    await train(whole, 0, 12);
    const expected = await whole.save();
    whole.destroy();
    const first = await TrainableMlp.createTrainable(gpu, shape, BATCH, OPTIONS);
    first.load(start);
    await train(first, 0, 7);
    const { parameters, moments } = await first.save();
    first.destroy();
    const second = await TrainableMlp.createTrainable(gpu, shape, BATCH, OPTIONS);
    second.load(parameters, moments, 7);
    await train(second, 7, 12);
    expect(await second.save()).toEqual(expected);
    // Loading clears the moments and the step when none are given.
    second.load(start);
    await train(second, 0, 12);
    expect(await second.save()).toEqual(expected);
    second.destroy();
  });
});

describe("mini-batches", () => {
  /** Batch number `step` of `rows` rows: the row index of every column, by the kernel. */
  async function drawer(rows: number, batch: number, seed = SEED) {
    const fields = 3;
    const kernel = await gpu.kernel("nn/draw_batch.wgsl");
    const step = gpu.buffer("test.step", 4);
    const drawn = gpu.buffer("test.batch", 4 * fields * batch);
    const input = gpu.buffer("test.input", 4 * 2 * batch);
    const data = gpu.buffer(
      "test.data",
      Float32Array.from({ length: fields * rows }, (_, k) => k),
    );
    const call = kernel.call(
      {
        params: {
          draw: { rows, batch, half_bits: Math.ceil(Math.log2(rows) / 2), key: [seed, 5] },
          fields,
          inputs: 2,
        },
        step,
        data,
        batch: drawn,
        input,
      },
      batch / 64,
    );
    return {
      async rows(number: number) {
        gpu.write(step, Uint32Array.of(number));
        gpu.run(call);
        const columns = await gpu.read(drawn, Float32Array);
        // Fields of one column come from one row, and the first two are the networks' input.
        for (let k = batch; k < columns.length; k++) expect(columns[k] - columns[k - batch]).toBe(rows);
        expect(await gpu.read(input, Float32Array)).toEqual(columns.slice(0, 2 * batch));
        return Array.from(columns.slice(0, batch));
      },
      destroy() {
        for (const buffer of [step, drawn, input, data]) buffer.destroy();
      },
    };
  }

  async function epoch(rows: number, batch: number, number: number, seed = SEED) {
    const draw = await drawer(rows, batch, seed);
    const perEpoch = Math.floor(rows / batch);
    const order: number[] = [];
    for (let k = 0; k < perEpoch; k++) order.push(...(await draw.rows(number * perEpoch + k)));
    draw.destroy();
    return order;
  }

  test("an epoch uses every row once, when the batches fill it", async () => {
    for (const rows of [256, 1024, 1536, 4096]) {
      const order = await epoch(rows, 256, 3);
      expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, k) => k));
    }
  });

  test("an epoch uses no row twice, when some are left over", async () => {
    for (const rows of [257, 1000, 1023, 1025]) {
      const order = await epoch(rows, 256, 2);
      expect(new Set(order).size).toBe(256 * Math.floor(rows / 256));
      expect(Math.max(...order)).toBeLessThan(rows);
    }
  });

  test("the order is deterministic, and another in every epoch and for every seed", async () => {
    const order = await epoch(1024, 256, 0);
    expect(await epoch(1024, 256, 0)).toEqual(order);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
    for (const other of [await epoch(1024, 256, 1), await epoch(1024, 256, 0, SEED + 1)]) {
      // Fixed points of a random permutation are Poisson with mean 1: more than 10 has probability 1e-8.
      expect(order.filter((row, k) => row === other[k]).length).toBeLessThanOrEqual(10);
    }
  });

  test("every row is as likely as any other to be in the first batch", async () => {
    const [rows, batch, epochs] = [320, 64, 250];
    const draw = await drawer(rows, batch);
    const counts = new Float64Array(rows);
    for (let e = 0; e < epochs; e++) for (const row of await draw.rows(e * (rows / batch))) counts[row]++;
    draw.destroy();
    // Each count has mean E q and variance E q (1 − q); they add up to a constant, so the scaled sum of squares is χ²
    // with rows − 1 degrees of freedom. Limits at 5 standard deviations: false alarm about 1e-6.
    const q = batch / rows;
    const mean = epochs * q;
    const sum = counts.reduce((total, count) => total + (count - mean) ** 2, 0);
    const chi2 = (sum / (mean * (1 - q))) * ((rows - 1) / rows);
    expect(Math.abs(chi2 - (rows - 1))).toBeLessThan(5 * Math.sqrt(2 * (rows - 1)));
  });
});

describe("mean square", () => {
  test("loss and gradient equal the float64 ones, with a target in blocks of columns and padding", async () => {
    // 4 blocks of 5 numbers each: 20 outputs padded to 24, 4 · 64 columns padded to 320, 8 rows of which 5 count.
    const [batch, inner, blocks, width, columns] = [64, 5, 4, 24, 320];
    const count = inner * blocks;
    const rng = generator("mean square");
    const outputs = normals(width * batch, rng);
    const target = normals(8 * columns, rng);
    const buffers = {
      outputs: gpu.buffer("test.outputs", outputs),
      target_values: gpu.buffer("test.target", target),
      gradient: gpu.buffer("test.gradient", new Float32Array(width * batch).fill(7)),
      losses: gpu.buffer("test.losses", 4 * batch),
    };
    const kernel = await gpu.kernel("nn/mean_square.wgsl");
    const params = { batch, outputs: count, width, inner, columns };
    gpu.run(kernel.call({ params, ...buffers }, batch / 64));
    const gradient = await gpu.read(buffers.gradient, Float32Array);
    const losses = await gpu.read(buffers.losses, Float32Array);
    for (const buffer of Object.values(buffers)) buffer.destroy();

    /** Of one sample, number i of block q being compared with row i of column q · batch + b. */
    const loss = (y: ArrayLike<number>, b: number) => {
      let sum = 0;
      for (let q = 0; q < blocks; q++) {
        for (let i = 0; i < inner; i++) {
          sum += (y[(q * inner + i) * batch + b] - target[i * columns + q * batch + b]) ** 2;
        }
      }
      return sum / count;
    };
    const exact = losses.map((_, b) => loss(outputs, b));
    expect(worst(losses, exact)).toBeLessThan(TOLERANCE * largest(exact));
    // Of the mean over the batch; a quadratic has exact central differences.
    const shifted = Float64Array.from(outputs);
    const expected = shifted.map((_, k) => {
      const at = outputs[k];
      shifted[k] = at + 0.5;
      const above = loss(shifted, k % batch);
      shifted[k] = at - 0.5;
      const below = loss(shifted, k % batch);
      shifted[k] = at;
      return (above - below) / batch;
    });
    expect(worst(gradient, expected)).toBeLessThan(TOLERANCE * largest(expected));
    expect(gradient.subarray(count * batch).every((value) => value === 0)).toBe(true);
  });
});
