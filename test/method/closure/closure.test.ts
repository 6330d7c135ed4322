// Learned closures against float64 twins written here: encoders, their kernels, coordinates, tables, training.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { lusolve } from "mathjs";
import { InputError } from "../../../lib/errors.ts";
import { allocatedBytes } from "../../../lib/gpu/buffer.ts";
import { type Gpu, openDevice } from "../../../lib/gpu/device.ts";
import {
  Encoder,
  type EncoderModel,
  type EncoderShape,
  encoderFromTensors,
  encoderNetwork,
  encoderTensors,
  gatherUniform,
} from "../../../lib/method/closure/encoder.ts";
import { type ClosureTable, closureTable } from "../../../lib/method/closure/table.ts";
import { CLOSURES, type ClosureKind, trainClosure } from "../../../lib/method/closure/train.ts";
import { closedBy } from "../../../lib/method/coordinates.ts";
import { fitSde } from "../../../lib/method/sde/fit.ts";
import { evaluate } from "../../../lib/method/sde/model.ts";
import { makePairs, smallTrajectories, upsampled } from "../../../lib/method/snapshots.ts";
import { drawUniform, type FitOptions, type FitState, fitState, fitTensors } from "../../../lib/method/train.ts";
import { layout } from "../../../lib/nn/mlp.ts";
import { normalPair } from "../../../lib/random/normal.ts";
import { type Stream, stream } from "../../../lib/random/stream.ts";
import { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { PREDATOR_PREY, PredatorPrey } from "../../../lib/systems/predator-prey.ts";
import type { DiffusiveSystem, FieldStates } from "../../../lib/systems/system.ts";
import { expectWithin, moments } from "../../statistics.ts";

const SEED = 40;
/** Relative to the largest value of a comparison: float32 sums of tens of products, software tanh. */
const TOLERANCE = 1e-5;
setDefaultTimeout(120_000);

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openDevice();
});

const generator = (purpose: string) => Xoshiro.open(stream(SEED, `test/${purpose}`), 0, 0);
const normal = (rng: Xoshiro) => normalPair(rng.next(), rng.next())[0];
const normals = (count: number, rng: Xoshiro) => Float32Array.from({ length: count }, () => normal(rng));
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
const largest = (values: ArrayLike<number>) => Array.from(values).reduce((top, x) => Math.max(top, Math.abs(x)), 0);
const range = <T>(count: number, f: (k: number) => T) => Array.from({ length: count }, (_, k) => f(k));

/** Fails unless all of `found` is within `tolerance` times the largest of `exact`. */
function expectClose(found: ArrayLike<number>, exact: ArrayLike<number>, tolerance = TOLERANCE): void {
  expect(found.length).toBe(exact.length);
  const error = largest(Array.from(found, (x, k) => x - exact[k]));
  expect(error).toBeLessThan(tolerance * largest(exact));
}

interface ToyStates extends FieldStates {
  /** Host copy of `fields`. */
  readonly values: Float32Array;
}

/** Drift of the two numbers of a site. */
const toyDrift = (x: number, y: number) => [0.5 * y * y - x, 0.3 * x - y] as const;

/**
 * Two numbers per site that move by `toyDrift` and noise, in one Euler–Maruyama step per call, in host memory. Upsampling
 * repeats the small system and adds normal numbers of deviation `spread`.
 */
class Toy implements DiffusiveSystem<ToyStates> {
  readonly name = "toy";
  readonly dimension = 1;
  readonly lanes = 1;
  readonly observables = ["x", "y"].map((symbol) => ({ name: symbol, symbol, unit: "1" }));
  readonly parts = 2;
  readonly noiseVariance = 0.09;
  readonly patchSide: number;
  readonly #spread: number;
  readonly #bytes: number;

  constructor(patchSide: number, { spread = 0, bytes = 4096 } = {}) {
    this.patchSide = patchSide;
    this.#spread = spread;
    this.#bytes = bytes;
  }

  #states(values: Float32Array, side: number): ToyStates {
    const fields = gpu.buffer("toy.fields", values);
    return { count: values.length / (2 * side), side, fields, values, destroy: () => fields.destroy() };
  }

  async initial(count: number, side: number, at: Stream) {
    return this.#states(normals(2 * count * side, Xoshiro.open(at, 0, 0)), side);
  }

  async evolve({ count, side, values, fields }: ToyStates, time: number, at: Stream, reversed = false) {
    const scale = (reversed ? -1 : 1) * Math.sqrt(this.noiseVariance * time);
    for (let r = 0; r < count; r++) {
      const rng = Xoshiro.open(at, r, 0);
      for (let i = 2 * r * side; i < (2 * r + 1) * side; i++) {
        const f = toyDrift(values[i], values[i + side]);
        const noise = normalPair(rng.next(), rng.next());
        values[i] += f[0] * time + scale * noise[0];
        values[i + side] += f[1] * time + scale * noise[1];
      }
    }
    gpu.write(fields, values);
  }

  async evolvePatches(states: ToyStates, patches: Uint32Array, time: number, at: Stream) {
    const means = async (reversed: boolean | null) => {
      const cut = await this.cut(states, patches);
      if (reversed !== null) await this.evolve(cut, time, at, reversed);
      cut.destroy();
      return this.observe(cut);
    };
    const [before, plus, minus] = [await means(null), await means(false), await means(true)];
    const q = (this.noiseVariance * time) / this.patchSide;
    return {
      before,
      delta: plus.map((z, k) => z - before[k]),
      compensator: plus.map((z, k) => (z + minus[k]) / 2 - before[k]),
      variation: Float32Array.from({ length: 3 * patches.length }, (_, k) => (k % 3 === 1 ? 0 : q)),
    };
  }

  async cut({ count, side, values }: ToyStates, patches: Uint32Array) {
    const size = this.patchSide;
    const out = new Float32Array(2 * size * patches.length);
    patches.forEach((patch, pair) => {
      const row = Math.floor((pair * count) / patches.length);
      for (const part of [0, 1]) {
        const from = (2 * row + part) * side + patch * size;
        out.set(values.subarray(from, from + size), (2 * pair + part) * size);
      }
    });
    return this.#states(out, size);
  }

  async upsample({ count, side, values }: ToyStates, factor: number, at: Stream) {
    const rng = Xoshiro.open(at, 0, 0);
    const out = range(2 * count, (row) =>
      range(factor * side, (i) => values[row * side + (i % side)] + this.#spread * normal(rng)),
    );
    return this.#states(Float32Array.from(out.flat()), factor * side);
  }

  async observe({ count, side, values }: ToyStates) {
    return Float32Array.from(range(2 * count, (row) => mean(values.subarray(row * side, (row + 1) * side))));
  }

  async observePatches(): Promise<Float32Array> {
    throw new Error("not needed here");
  }

  async relax(): Promise<void> {
    throw new Error("not needed here");
  }

  bytes() {
    return this.#bytes;
  }

  words(side: number) {
    return 2 * side;
  }

  async pack({ values }: ToyStates) {
    return new Uint32Array(values.slice().buffer);
  }

  unpack(words: Uint32Array, side: number) {
    return this.#states(new Float32Array(words.slice().buffer), side);
  }
}

const SPECIES: EncoderShape = { parts: 2, size: 6, joint: false, hidden: [16], activation: "tanh", variables: 4 };
const JOINT: EncoderShape = { parts: 2, size: 6, joint: true, hidden: [16, 8], activation: "tanh", variables: 3 };
const RELU: EncoderShape = { parts: 3, size: 8, joint: false, hidden: [8], activation: "relu", variables: 3 };
const LINEAR: EncoderShape = { parts: 1, size: 11, joint: true, hidden: [], activation: "relu", variables: 9 };
const SHAPES = { "one network per part": SPECIES, joint: JOINT, "three parts, relu": RELU, "one part, linear": LINEAR };

/** An encoder of which no number is zero or the same for two parts. */
function randomEncoder(shape: EncoderShape, purpose: string): EncoderModel {
  const rng = generator(`encoder/${purpose}`);
  const { layers, stride } = layout(encoderNetwork(shape).network);
  const parameters = normals(stride, rng);
  for (const { inputs, outputs, weights } of layers) {
    for (let k = 0; k < inputs * outputs; k++) parameters[weights + k] /= Math.sqrt(inputs);
  }
  const { parts } = shape;
  return {
    ...shape,
    center: Float32Array.from(range(parts, (p) => 0.4 - 0.7 * p)),
    scale: Float32Array.from(range(parts, (p) => 0.6 + 0.9 * p)),
    parameters,
  };
}

/** ψ of one patch `[parts][size]` in float64. Parameters per layer: w `[inputs][outputs]`, then the biases. */
function psi(model: EncoderModel, patch: ArrayLike<number>): number[] {
  const { parts, size, joint, hidden, variables, activation, center, scale, parameters } = model;
  const groups = joint ? 1 : parts;
  const inputs = joint ? parts * size : size;
  const widths = [8 * Math.ceil(inputs / 8), ...hidden, 8 * Math.ceil(variables / groups / 8)];
  return range(groups, (group) => {
    let x = range(widths[0], (i) => {
      const part = Math.floor((group * size + i) / size);
      return i < inputs ? (patch[group * size + i] - center[part]) * scale[part] : 0;
    });
    let at = 0;
    for (let l = 0; l + 1 < widths.length; l++) {
      const [inner, outer] = [widths[l], widths[l + 1]];
      const y = range(outer, (o) =>
        x.reduce((sum, value, i) => sum + value * parameters[at + i * outer + o], parameters[at + inner * outer + o]),
      );
      at += inner * outer + outer;
      const last = l + 2 === widths.length;
      x = last ? y : y.map((s) => (activation === "tanh" ? Math.tanh(s) : Math.max(0, s)));
    }
    return x.slice(0, variables / groups);
  }).flat();
}

/** z of one patch: the means of its parts, then ψ. */
const phi = (model: EncoderModel, patch: ArrayLike<number>) => [
  ...range(model.parts, (p) => mean(Array.from(patch).slice(p * model.size, (p + 1) * model.size))),
  ...psi(model, patch),
];

/** Patch `patch` `[parts][size]` of sample `row` of fields `[count][parts][side]`. */
function patchOf(fields: ArrayLike<number>, parts: number, size: number, side: number, row: number, patch: number) {
  return range(parts, (p) => range(size, (i) => fields[(row * parts + p) * side + patch * size + i])).flat();
}

/** Uploaded fields as states of `parts` rows of `side` numbers. */
function fieldStates(values: Float32Array, parts: number, side: number): FieldStates {
  const fields = gpu.buffer("test.fields", values);
  return { count: values.length / (parts * side), side, fields, destroy: () => fields.destroy() };
}

/** Share of the variance of `y` that least squares on the columns explains. */
function explained(columns: number[][], y: number[]): number {
  const normalMatrix = columns.map((a) => columns.map((b) => a.reduce((sum, x, k) => sum + x * b[k], 0)));
  const right = columns.map((a) => a.reduce((sum, x, k) => sum + x * y[k], 0));
  const solution = (lusolve(normalMatrix, right) as number[][]).map(([x]) => x);
  const center = mean(y);
  const residual = y.reduce((sum, value, k) => {
    return sum + (value - columns.reduce((fit, a, j) => fit + solution[j] * a[k], 0)) ** 2;
  }, 0);
  return 1 - residual / y.reduce((sum, value) => sum + (value - center) ** 2, 0);
}

/** Columns of all monomials up to degree two. */
function quadratic(columns: number[][]): number[][] {
  const all = [columns[0].map(() => 1), ...columns];
  return all.flatMap((a, j) => all.slice(j).map((b) => a.map((x, k) => x * b[k])));
}

describe("gather", () => {
  /** Two rows of input beyond what is needed, to see the padding. */
  const SPARE = 2;

  for (const [name, shape] of Object.entries(SHAPES)) {
    for (const drawn of [false, true]) {
      test(`${name}, ${drawn ? "drawn rows" : "consecutive samples"}: equals plain TypeScript`, async () => {
        const { parts, size, joint } = shape;
        const [samples, patches, batch] = [150, 3, 64];
        const model = randomEncoder(shape, "gather");
        const { groups, inputs, network } = encoderNetwork(shape);
        const rows = network.inputs + SPARE;
        const columns = groups * patches * batch + 64;
        const values = normals(samples * parts * patches * size, generator("gather"));
        const step = gpu.buffer("test.step", 4);
        const fields = gpu.buffer("test.fields", values);
        const input = gpu.buffer("test.input", 4 * rows * columns);
        const draw = drawUniform(samples, batch, SEED);
        const kernel = await gpu.kernel("closure/gather.wgsl", {
          constants: { JOINT: joint ? 1 : 0 },
          conditions: { DRAWN: drawn },
        });
        const numbers = gpu.buffer(
          "test.numbers",
          Float32Array.from({ length: samples }, (_, k) => k),
        );
        const batchRows = gpu.buffer("test.rows", 4 * batch);
        const unused = gpu.buffer("test.unused", 4 * batch);
        const drawBatch = await gpu.kernel("nn/draw_batch.wgsl");
        // Two batches per epoch; of the consecutive samples the last batch is cut short by the end of the data.
        for (const at of [0, 1, 5]) {
          const first = drawn ? 0 : [0, 64, 128][[0, 1, 5].indexOf(at)];
          gpu.write(step, Uint32Array.of(at));
          gpu.write(input, new Float32Array(rows * columns).fill(9));
          const params = { ...gatherUniform(model, patches, rows, columns), draw, first };
          const bindings = { params, fields, input, ...(drawn ? { step } : {}) };
          const draws = {
            params: { draw, fields: 1, inputs: 1 },
            step,
            data: numbers,
            batch: batchRows,
            input: unused,
          };
          gpu.run([drawBatch.call(draws, batch / 64), kernel.call(bindings, columns / 64)]);
          const chosen = drawn
            ? await gpu.read(batchRows, Float32Array)
            : Float32Array.from({ length: batch }, (_, b) => first + b);
          const expected = new Float64Array(rows * columns);
          for (let b = 0; b < batch; b++) {
            if (chosen[b] >= samples) continue;
            for (let patch = 0; patch < patches; patch++) {
              const numbersOf = patchOf(values, parts, size, patches * size, chosen[b], patch);
              numbersOf.forEach((x, k) => {
                const part = Math.floor(k / size);
                const group = joint ? 0 : part;
                const row = joint ? k : k % size;
                expected[row * columns + (group * patches + patch) * batch + b] =
                  (x - model.center[part]) * model.scale[part];
              });
            }
          }
          const found = await gpu.read(input, Float32Array);
          expectClose(found, expected, 1e-6);
          // Padding is zero: rows beyond the numbers, columns beyond the blocks, samples beyond the last.
          found.forEach((value, k) => {
            const [row, column] = [Math.floor(k / columns), k % columns];
            const beyond = row >= inputs || column >= groups * patches * batch || chosen[column % batch] >= samples;
            if (beyond && value !== 0) throw new Error(`row ${row}, column ${column} holds ${value}`);
          });
        }
        for (const buffer of [step, fields, input, numbers, batchRows, unused]) buffer.destroy();
      });
    }
  }
});

describe("pool and unpool", () => {
  const CASES = [
    { batch: 64, groups: 2, outputs: 3, patches: 5, columns: 768, offset: 2, rows: 8, width: 8, readers: 1 },
    { batch: 128, groups: 1, outputs: 9, patches: 4, columns: 512, offset: 3, rows: 16, width: 16, readers: 2 },
    { batch: 64, groups: 4, outputs: 1, patches: 1, columns: 256, offset: 0, rows: 8, width: 8, readers: 3 },
  ];

  for (const one of CASES) {
    const { batch, groups, outputs, patches, columns, offset, rows, width, readers } = one;
    const name = `${groups} × ${outputs} variables of ${patches} patches, ${readers} readers`;
    test(`${name}: equal plain TypeScript, and one is the adjoint of the other`, async () => {
      const rng = generator(`pool/${name}`);
      const y = normals(width * columns, rng);
      const before = normals(rows * batch, rng);
      const gradients = normals(readers * rows * batch, rng);
      const buffers = {
        y: gpu.buffer("test.y", y),
        input: gpu.buffer("test.input", before),
        gradient: gpu.buffer("test.gradient", gradients),
        dy: gpu.buffer("test.dy", new Float32Array(width * columns).fill(9)),
      };
      const [pool, unpool] = await Promise.all([gpu.kernel("closure/pool.wgsl"), gpu.kernel("closure/unpool.wgsl")]);
      const params = { batch, groups, outputs, patches, columns, offset };
      gpu.run([
        pool.call({ params, y: buffers.y, input: buffers.input }, (groups * outputs * batch) / 64),
        unpool.call(
          { params: { ...params, width, readers, rows }, gradient: buffers.gradient, dy: buffers.dy },
          (width * columns) / 64,
        ),
      ]);
      const input = await gpu.read(buffers.input, Float32Array);
      const dy = await gpu.read(buffers.dy, Float32Array);
      for (const buffer of Object.values(buffers)) buffer.destroy();

      const pooled = Float64Array.from(before);
      const spread = new Float64Array(width * columns);
      for (let group = 0; group < groups; group++) {
        for (let c = 0; c < outputs; c++) {
          for (let b = 0; b < batch; b++) {
            const at = (offset + group * outputs + c) * batch + b;
            pooled[at] = 0;
            for (let patch = 0; patch < patches; patch++) {
              const from = c * columns + (group * patches + patch) * batch + b;
              pooled[at] += y[from] / patches;
              for (let n = 0; n < readers; n++) spread[from] += gradients[n * rows * batch + at] / patches;
            }
          }
        }
      }
      expectClose(input, pooled, 1e-6);
      expectClose(dy, spread, 1e-6);
      const used = (k: number) => k >= offset * batch && k < (offset + groups * outputs) * batch;
      expect(input.filter((_, k) => !used(k))).toEqual(before.filter((_, k) => !used(k)));
      expect(dy.filter((_, k) => spread[k] === 0).every((value) => value === 0)).toBe(true);
      // Σ_n ⟨g_n, pool y⟩ = ⟨unpool g, y⟩, on what the device gave.
      let [left, right] = [0, 0];
      gradients.forEach((g, k) => {
        if (used(k % (rows * batch))) left += g * input[k % (rows * batch)];
      });
      dy.forEach((value, k) => {
        right += value * y[k];
      });
      expect(Math.abs(left - right)).toBeLessThan(1e-5 * Math.abs(left));
      expect(Math.abs(left)).toBeGreaterThan(1);
    });
  }
});

describe("encoder", () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    const { parts, size, variables } = shape;

    test(`${name}: ψ of every patch equals the float64 network`, async () => {
      const [count, patches] = [5, 4];
      const model = randomEncoder(shape, "encode");
      const encoder = new Encoder(gpu, model);
      const values = normals(count * parts * patches * size, generator("encode"));
      const states = fieldStates(values, parts, patches * size);
      const found = await encoder.encode(states);
      encoder.destroy();
      states.destroy();
      const expected = range(count, (row) =>
        range(patches, (patch) => psi(model, patchOf(values, parts, size, patches * size, row, patch))),
      ).flat(2);
      expect(expected.length).toBe(count * patches * variables);
      expectClose(found, expected);
    });

    test(`${name}: the variation is noise · J Jᵀ of the float64 network, upper triangles row by row`, async () => {
      const [count, noise, h] = [4, 0.3, 1e-5];
      const d = parts + variables;
      const model = randomEncoder(shape, "variation");
      const encoder = new Encoder(gpu, model);
      const values = normals(count * parts * size, generator("variation"));
      const states = fieldStates(values, parts, size);
      const found = await encoder.variation(states, noise);
      encoder.destroy();
      states.destroy();
      const expected: number[] = [];
      for (let row = 0; row < count; row++) {
        const patch = patchOf(values, parts, size, size, row, 0);
        // Columns of the Jacobian of (means, ψ).
        const columns = patch.map((_, i) => {
          const at = (shift: number) =>
            phi(
              model,
              patch.map((x, k) => (k === i ? x + shift : x)),
            );
          const [above, below] = [at(h), at(-h)];
          return above.map((z, j) => (z - below[j]) / (2 * h));
        });
        for (let j = 0; j < d; j++) {
          for (let k = j; k < d; k++) expected.push(noise * columns.reduce((sum, c) => sum + c[j] * c[k], 0));
        }
      }
      expectClose(found, expected);
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
    // 2 parts of 3 patches are 6 columns: passes of floor(16,384 / 6) = 2,730 states.
    const model = randomEncoder(SPECIES, "batch");
    const encoder = new Encoder(gpu, model);
    const side = 3 * SPECIES.size;
    const values = normals(3000 * 2 * side, generator("batch"));
    const states = fieldStates(values, 2, side);
    const all = await encoder.encode(states);
    // The same numbers as single patches: passes of 8,192.
    const single = fieldStates(values, 2, SPECIES.size);
    const variations = await encoder.variation(single, 0.5);
    expect(variations.length).toBe(9000 * 21);
    for (const row of [0, 2729, 2730, 2999]) {
      const alone = fieldStates(values.slice(2 * side * row, 2 * side * (row + 1)), 2, side);
      expect(await encoder.encode(alone)).toEqual(all.slice(12 * row, 12 * (row + 1)));
      alone.destroy();
    }
    for (const row of [0, 8191, 8192, 8999]) {
      const alone = fieldStates(values.slice(12 * row, 12 * (row + 1)), 2, SPECIES.size);
      expect(await encoder.variation(alone, 0.5)).toEqual(variations.slice(21 * row, 21 * (row + 1)));
      alone.destroy();
    }
    encoder.destroy();
    states.destroy();
    single.destroy();
  });

  test("what cannot be is refused in one sentence", async () => {
    const variables = (count: number) => encoderNetwork({ ...SPECIES, variables: count });
    for (const count of [0, 3, -2]) {
      expect(() => variables(count)).toThrow(
        new InputError(`${count} closure variables are not a positive multiple of the 2 parts`),
      );
    }
    const encoder = new Encoder(gpu, randomEncoder(SPECIES, "refusal"));
    const wrong = fieldStates(new Float32Array(40), 2, 20);
    await expect(encoder.encode(wrong)).rejects.toThrow(
      new InputError("patches of 6 sites do not tile a system of 20"),
    );
    const whole = fieldStates(new Float32Array(24), 2, 12);
    await expect(encoder.variation(whole, 1)).rejects.toThrow("cut them out first");
    for (const states of [wrong, whole]) states.destroy();
  });

  test("survives the file form; foreign arrays are refused in one sentence", () => {
    for (const shape of Object.values(SHAPES)) {
      const model = randomEncoder(shape, "file");
      const tensors = encoderTensors(model);
      for (const tensor of Object.values(tensors)) expect(tensor.shape).toEqual([tensor.data.length]);
      expect(encoderFromTensors(shape, tensors)).toEqual(model);
    }
    const tensors = encoderTensors(randomEncoder(SPECIES, "file"));
    const { scale, ...rest } = tensors;
    expect(() => encoderFromTensors(SPECIES, rest)).toThrow(
      new InputError("the encoder file has 0 numbers for scale, not 2"),
    );
    expect(() => encoderFromTensors(SPECIES, { ...tensors, center: tensors.parameters })).toThrow(
      // 8 · 16 + 16 and 16 · 8 + 8 parameters: 6 inputs and 2 outputs are padded.
      new InputError("the encoder file has 280 numbers for center, not 2"),
    );
    expect(() => encoderFromTensors({ ...SPECIES, hidden: [24] }, tensors)).toThrow(
      new InputError("the encoder file has 280 numbers for parameters, not 416"),
    );
    expect(() => encoderFromTensors({ ...SPECIES, parts: 1, variables: 2 }, { ...tensors, scale })).toThrow(
      new InputError("the encoder file has 2 numbers for center, not 1"),
    );
  });
});

describe("coordinates", () => {
  for (const shape of [SPECIES, JOINT]) {
    const name = shape.joint ? "joint" : "one network per part";

    test(`${name}: φ of a system is the average of φ of its patches, cut out one by one`, async () => {
      const toy = new Toy(6);
      const model = randomEncoder(shape, "whole");
      const encoder = new Encoder(gpu, model);
      const { d, whole } = closedBy(toy, encoder);
      expect(d).toBe(2 + shape.variables);
      const states = await toy.initial(7, 24, stream(SEED, "test/whole"));
      const found = await whole(states);
      const average = new Float64Array(7 * d);
      for (let patch = 0; patch < 4; patch++) {
        const cut = await toy.cut(states, new Uint32Array(7).fill(patch));
        for (const [k, z] of (await whole(cut)).entries()) average[k] += z / 4;
        cut.destroy();
      }
      expectClose(found, average, 1e-6);
      // The order of z: means of the parts, then ψ.
      const first = range(4, (patch) => phi(model, patchOf(states.values, 2, 6, 24, 0, patch)));
      expectClose(
        found.subarray(0, d),
        range(d, (j) => mean(first.map((z) => z[j]))),
      );
      encoder.destroy();
      states.destroy();
    });

    test(`${name}: a change has the moments of a diffusion, its compensator the mean without the noise`, async () => {
      const toy = new Toy(6);
      const model = randomEncoder(shape, "change");
      const encoder = new Encoder(gpu, model);
      const { d, change } = closedBy(toy, encoder);
      const [count, time] = [1500, 1e-3];
      const states = await toy.initial(count, 24, stream(SEED, "test/change"));
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
      expect([before, delta, compensator!, variation!].map(({ length }) => length)).toEqual([
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
      const twin = ({ values }: ToyStates) => range(40, (row) => phi(model, patchOf(values, 2, 6, 6, row, 0))).flat();
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
        compensator!,
        z.map((x, k) => (zPlus[k] + zMinus[k]) / 2 - x),
      );
      near(
        before.map((x, k) => x + delta[k]),
        zPlus,
      );
      for (const one of [cut, plus, minus]) one.destroy();

      const column = (values: Float32Array, j: number) => range(n, (row) => values[row * d + j]);
      let index = 0;
      for (let j = 0; j < d; j++) {
        const [change, drift] = [column(delta, j), column(compensator!, j)];
        const gap = moments(change.map((x, k) => x - drift[k]));
        expectWithin(`E Δ − E A, ${j}`, gap.mean, 0, gap.meanError);
        expect(moments(drift).variance).toBeLessThan(0.02 * moments(change).variance);
        for (let k = j; k < d; k++, index++) {
          const [other, otherDrift] = [column(delta, k), column(compensator!, k)];
          const excess = moments(
            range(
              n,
              (row) => change[row] * other[row] - drift[row] * otherDrift[row] - variation![row * triangle + index],
            ),
          );
          expectWithin(`ΔΔᵀ − AAᵀ − Q, ${j} ${k}`, excess.mean, 0, excess.meanError);
          // The comparison means something: Q of a variable is many errors.
          if (j === k)
            expect(mean(range(n, (row) => variation![row * triangle + index]))).toBeGreaterThan(20 * excess.meanError);
        }
      }
      encoder.destroy();
      states.destroy();
    });
  }

  test("of predator and prey: the observables change as they do without closure, the states stay", async () => {
    const system = new PredatorPrey(gpu, { ...PREDATOR_PREY, patchPoints: 10 });
    const model = randomEncoder({ ...SPECIES, size: 10 }, "predator-prey");
    const encoder = new Encoder(gpu, model);
    const states = await system.initial(6, 40, stream(SEED, "test/waves"));
    const start = await system.pack(states);
    const chosen = Uint32Array.of(3, 0, 1, 2, 0, 1, 2, 3, 3, 1, 0, 2);
    const at = stream(SEED, "test/predators");
    const closed = await closedBy(system, encoder).change(states, chosen, 0.05, at);
    const open = await system.evolvePatches(states, chosen, 0.05, at);
    for (const part of ["before", "delta", "compensator"] as const) {
      expect(Array.from(closed[part]!).filter((_, k) => k % 6 < 2)).toEqual(Array.from(open[part]!));
    }
    for (const [k, column] of [0, 1, 6].entries()) {
      const of = (values: ArrayLike<number>, width: number, at: number) =>
        Array.from(values).filter((_, i) => i % width === at);
      expect(of(closed.variation!, 21, column)).toEqual(of(open.variation!, 3, k));
    }
    expect(await system.pack(states)).toEqual(start);
    encoder.destroy();
    states.destroy();
    system.destroy();
  });

  test("λ = K recovers the noise of observables and closure variables from patches; naive is off by K", async () => {
    const [patches, time] = [3, 0.01];
    const toy = new Toy(6);
    // Linear, so that Q is the same everywhere; whole systems repeat one patch, so that naive sees no other scatter.
    const model = randomEncoder({ ...JOINT, hidden: [], variables: 1 }, "naive");
    const encoder = new Encoder(gpu, model);
    const words = await smallTrajectories(toy, { trajectories: 700, times: [0], seed: SEED });
    const options = { side: 18, relaxTime: 0, seed: SEED, patchesPerSnapshot: 2 };
    const [pairs] = await makePairs(toy, words, [time], options, closedBy(toy, encoder));
    encoder.destroy();
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
      const shape = { d: 3, hidden: [8], activation: "tanh", diffusion: "full" } as const;
      const { diffusion } = await evaluate(gpu, await fitSde(gpu, pairs, method, shape, fit), pairs.whole);
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

describe("closure table", () => {
  /** Eight large states fill the memory of a batch: twenty snapshots are three batches. */
  const toy = new Toy(8, { spread: 0.5, bytes: 8 * 2 ** 20 });
  const [side, snapshots, time] = [40, 20, 0.01];
  const options = { side, relaxTime: 0, seed: SEED, time };

  async function both(patchesPerSnapshot: number) {
    const words = await smallTrajectories(toy, { trajectories: 10, times: [0, 0.1], seed: SEED });
    const large: number[] = [];
    await upsampled(toy, words, options, async ({ values }) => void large.push(...values));
    return { large, table: await closureTable(toy, words, { ...options, patchesPerSnapshot }) };
  }

  /** The patch numbers of every snapshot; checks the pairs against the configurations on the way. */
  function numbers(large: number[], { fields, pairs, patches, parts, size }: ClosureTable): number[][] {
    const normalised: number[] = [];
    const q = (toy.noiseVariance * time) / size;
    const found = range(snapshots, (row) => {
      expectClose(
        pairs.whole.subarray(2 * row, 2 * row + 2),
        [0, 1].map((p) => mean(large.slice((2 * row + p) * side, (2 * row + p + 1) * side))),
        1e-6,
      );
      return range(patches, (j) => {
        const patch = patchOf(fields, parts, size, patches * size, row, j);
        const at = 2 * (row * patches + j);
        expectClose(pairs.patch.subarray(at, at + 2), phi({ ...NO_CLOSURE, size }, patch), 1e-6);
        const drift = [0, 1].map((p) => mean(range(size, (i) => toyDrift(patch[i], patch[size + i])[p])));
        for (const p of [0, 1]) {
          expect(Math.abs(pairs.compensator[at + p] - drift[p] * time)).toBeLessThan(1e-6);
          normalised.push((pairs.delta[at + p] - pairs.compensator[at + p]) ** 2 / q);
        }
        expectClose(pairs.variation.subarray(1.5 * at, 1.5 * at + 3), [q, 0, q], 1e-6);
        return range(side / size, (k) => k).findIndex((k) =>
          patchOf(large, parts, size, side, row, k).every((x, i) => x === patch[i]),
        );
      });
    });
    const { mean: ratio, meanError } = moments(normalised);
    expectWithin("variance of the changes over Q", ratio, 1, meanError);
    return found;
  }

  /** Only the means of the parts. */
  const NO_CLOSURE = { ...randomEncoder({ ...SPECIES, size: 8 }, "none"), variables: 0 };

  test("holds all patches in order where no more are asked for: the large fields themselves", async () => {
    for (const asked of [5, 99]) {
      const { large, table } = await both(asked);
      expect(table.fields).toEqual(Float32Array.from(large));
      const { parts, size, patches, pairs } = table;
      expect([parts, size, patches]).toEqual([2, 8, 5]);
      expect([pairs.d, pairs.perSnapshot, pairs.patches, pairs.time]).toEqual([2, 5, 5, time]);
      expect(numbers(large, table)).toEqual(range(snapshots, () => [0, 1, 2, 3, 4]));
    }
  });

  test("else different patches at random, and the pairs are of these", async () => {
    const { large, table } = await both(2);
    expect([table.patches, table.pairs.perSnapshot, table.pairs.patches]).toEqual([2, 2, 5]);
    const chosen = numbers(large, table);
    for (const pair of chosen) {
      expect(Math.min(...pair)).toBeGreaterThanOrEqual(0);
      expect(new Set(pair).size).toBe(2);
    }
    expect(new Set(chosen.flat()).size).toBe(5);
    expect(new Set(chosen.map(String)).size).toBeGreaterThan(8);
    expect((await both(2)).table).toEqual(table);
  });
});

describe("training", () => {
  const SIZE = 10;
  const PARTS = 2;
  const OPTIONS: FitOptions = { batch: 256, steps: 300, learningRate: 1e-2, weightDecay: 0, seed: SEED };
  const SHAPE: EncoderShape = { parts: 2, size: SIZE, joint: false, hidden: [16], activation: "tanh", variables: 2 };
  /** Waves of mean zero over a patch, another for each part. */
  const wave = (part: number, i: number) => Math.sqrt(2) * Math.cos((2 * Math.PI * (part + 1) * (i + 0.5)) / SIZE);
  /** Mean and size of the parts: what is not standardised per part cannot be rebuilt. */
  const MEAN = [0.5, -20];
  const AMPLITUDE = [0.05, 3];

  /** Configurations mean + amplitude · factor · wave; `factors` `[row][part][patch]`, all pairs zero but for the states. */
  function planted(factors: number[][][]): ClosureTable {
    const rows = factors.length;
    const patches = factors[0][0].length;
    const fields = factors.flatMap((row) =>
      row.flatMap((ofPart, p) => ofPart.flatMap((a) => range(SIZE, (i) => MEAN[p] + AMPLITUDE[p] * a * wave(p, i)))),
    );
    return {
      parts: PARTS,
      size: SIZE,
      patches,
      fields: Float32Array.from(fields),
      pairs: {
        d: 2,
        whole: Float32Array.from(range(2 * rows, (k) => MEAN[k % 2])),
        patch: new Float32Array(2 * rows * patches),
        delta: new Float32Array(2 * rows * patches),
        compensator: new Float32Array(2 * rows * patches),
        variation: new Float32Array(3 * rows * patches),
        perSnapshot: patches,
        time: 0.1,
        patches,
      },
    };
  }

  /** Means of ψ over the patches of every row, by variable. */
  async function closureOf(model: EncoderModel, table: ClosureTable): Promise<number[][]> {
    const encoder = new Encoder(gpu, model);
    const states = fieldStates(table.fields, PARTS, table.patches * SIZE);
    const values = await encoder.encode(states);
    encoder.destroy();
    states.destroy();
    const { patches } = table;
    return range(model.variables, (v) =>
      range(states.count, (row) =>
        mean(range(patches, (patch) => values[(row * patches + patch) * model.variables + v])),
      ),
    );
  }

  const uniform = (rng: Xoshiro) => 2 * rng.uniform() - 1;
  /** One factor per part in each of 512 rows, the same in the two patches. */
  function factorTable(): { table: ClosureTable; factors: number[][] } {
    const rng = generator("factors");
    const factors = range(512, () => [uniform(rng), uniform(rng)]);
    return { table: planted(factors.map((row) => row.map((a) => [a, a]))), factors };
  }

  for (const joint of [false, true]) {
    test(`autoencoder, ${joint ? "joint" : "one network per part"}: finds one planted factor per part`, async () => {
      const { table, factors } = factorTable();
      const before = allocatedBytes();
      const model = await trainClosure(gpu, "autoencoder", table, { ...SHAPE, joint }, [16], OPTIONS);
      expect(allocatedBytes()).toBe(before);
      for (const p of [0, 1]) {
        const numbers = moments(table.fields.filter((_, k) => Math.floor(k / (2 * SIZE)) % 2 === p));
        expectClose([model.center[p], 1 / model.scale[p]], [numbers.mean, Math.sqrt(numbers.variance)], 1e-4);
      }
      const closure = await closureOf(model, table);
      for (const p of [0, 1]) {
        const factor = factors.map((row) => row[p]);
        const ones = factor.map(() => 1);
        // R² = corr² of a single variable: |corr| > 0.99.
        expect(explained(joint ? [ones, ...closure] : [ones, closure[p]], factor)).toBeGreaterThan(0.98);
        // A network of one part knows nothing of the other: 4.5²/512.
        if (!joint) expect(explained([ones, closure[1 - p]], factor)).toBeLessThan(0.04);
      }
    });
  }

  test("autoencoder: the first loss is the variance of standardised data, one", async () => {
    const { table } = factorTable();
    const losses: number[] = [];
    const first = { ...OPTIONS, batch: 512, steps: 1 };
    await trainClosure(gpu, "autoencoder", table, SHAPE, [16], first, { onSteps: (_, loss) => losses.push(loss) });
    expect(losses.length).toBe(1);
    expect(losses[0]).toBeCloseTo(1, 4);
  });

  /** Of the drift that one patch shows; the drift itself varies by 0.2. */
  const NOISE = 0.1;

  /**
   * Drift of part 0: mean over the patches of the mean square of their configurations, less its average. The observables
   * vary by themselves and drive part 1 alone.
   */
  function hiddenDrift(known: boolean) {
    const rng = generator("drift");
    const [rows, patches, time] = [1024, 2, 0.1];
    const factors = range(rows, () => range(PARTS, () => range(patches, () => uniform(rng))));
    const table = planted(factors);
    const states = Float32Array.from({ length: 2 * rows }, () => normal(rng));
    const square = factors.map(([first]) => first.map((b) => b * b));
    const perPatch = square.flatMap((row, r) =>
      row.flatMap((h) => [(h - 1 / 3) * time, -states[2 * r + 1] * time].map((a) => a + NOISE * time * normal(rng))),
    );
    const q = (NOISE * time) ** 2;
    const none = new Float32Array(0);
    const pairs = {
      ...table.pairs,
      whole: states,
      time,
      delta: Float32Array.from(perPatch),
      compensator: known ? Float32Array.from(perPatch) : none,
      variation: known ? Float32Array.from({ length: 1.5 * perPatch.length }, (_, k) => (k % 3 === 1 ? 0 : q)) : none,
    };
    return { table: { ...table, pairs }, drift: square.map((row) => mean(row)) };
  }

  for (const known of [true, false]) {
    test(`dynamics from ${known ? "compensators" : "increments"}: finds what the drift of the observables depends on`, async () => {
      const { table, drift } = hiddenDrift(known);
      const before = allocatedBytes();
      const options = { ...OPTIONS, steps: 800 };
      const model = await trainClosure(gpu, "dynamics", table, SHAPE, [16], options);
      expect(allocatedBytes()).toBe(before);
      const { whole } = table.pairs;
      const observables = [0, 1].map((p) => drift.map((_, row) => whole[2 * row + p]));
      expect(explained(quadratic(observables), drift)).toBeLessThan(0.3);
      expect(explained(quadratic([...observables, ...(await closureOf(model, table))]), drift)).toBeGreaterThan(0.95);
    });
  }

  const train = (kind: ClosureKind, options: Partial<FitOptions> = {}, progress = {}) =>
    trainClosure(gpu, kind, hiddenDrift(true).table, SHAPE, [16], { ...OPTIONS, ...options }, progress);

  for (const kind of CLOSURES) {
    test(`${kind}: the same bytes twice, and after resuming from half of it; others for another seed`, async () => {
      const states: FitState[] = [];
      // The first submission has 8 steps.
      const checkpoint = { wanted: () => true, save: (state: FitState) => states.push(state) };
      const expected = await train(kind, { steps: 16, weightDecay: 1e-2 }, { checkpoint });
      expect(states[0].step).toBe(8);
      expect(await train(kind, { steps: 16, weightDecay: 1e-2 })).toEqual(expected);
      const resumeFrom = fitState(fitTensors(states[0]));
      expect(await train(kind, { steps: 16, weightDecay: 1e-2 }, { resumeFrom })).toEqual(expected);
      const other = await train(kind, { steps: 16, weightDecay: 1e-2, seed: 1 });
      expect(other.parameters).not.toEqual(expected.parameters);
      expect(other.scale).toEqual(expected.scale);
    });

    test(`${kind}: a training that diverges says so; fewer rows than a batch are refused`, async () => {
      const { table } = hiddenDrift(true);
      // Deep and unbounded, so that the loss leaves float32: the rate to the power of the layers, squared.
      const wild = { ...OPTIONS, learningRate: 1e20, steps: 40 };
      const shape: EncoderShape = { ...SHAPE, activation: "relu" };
      await expect(trainClosure(gpu, kind, table, shape, [16, 16, 16], wild)).rejects.toThrow(
        new RegExp(`^training of the ${kind} closure diverged at step \\d+: lower the learning rate$`),
      );
      await expect(train(kind, { batch: 1280 })).rejects.toThrow(
        new InputError("1024 training pairs are fewer than one batch of 1280"),
      );
    });
  }
});
