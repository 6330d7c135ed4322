// Closures of lattices of spins: evaluation of patches, and training with both objectives on lattices made here.
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { lusolve } from "mathjs";
import { InputError } from "../../../lib/errors.ts";
import { allocatedBytes } from "../../../lib/gpu/buffer.ts";
import { type Gpu, openDevice } from "../../../lib/gpu/device.ts";
import {
  ConvEncoder,
  type ConvEncoderModel,
  type ConvEncoderShape,
  convEncoderFromTensors,
  convEncoderNetwork,
  convEncoderTensors,
} from "../../../lib/method/closure/conv-encoder.ts";
import { type SpinTable, trainSpinClosure } from "../../../lib/method/closure/spin-closure.ts";
import { CLOSURES, type ClosureKind } from "../../../lib/method/closure/train.ts";
import { type FitOptions, type FitState, fitState, fitTensors } from "../../../lib/method/train.ts";
import { ConvEncoderNet, initialEncoder } from "../../../lib/nn/conv-encoder-net.ts";
import { normalPair } from "../../../lib/random/normal.ts";
import { stream } from "../../../lib/random/stream.ts";
import { Xoshiro } from "../../../lib/random/xoshiro.ts";

const SEED = 70;
setDefaultTimeout(240_000);

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openDevice();
});

const generator = (purpose: string) => Xoshiro.open(stream(SEED, `test/${purpose}`), 0, 0);
const normal = (rng: Xoshiro) => normalPair(rng.next(), rng.next())[0];
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
const range = <T>(count: number, f: (k: number) => T) => Array.from({ length: count }, (_, k) => f(k));

/** A lattice of ±1 in rows. */
type Lattice = number[][];
const lattice = (side: number, spin: (r: number, c: number) => number): Lattice =>
  range(side, (r) => range(side, (c) => spin(r, c)));

/** `[lattice][row][word]`, bit c mod 32 of word ⌊c/32⌋. */
function pack(lattices: Lattice[]): Uint32Array {
  const side = lattices[0].length;
  const words = Math.ceil(side / 32);
  const bits = new Uint32Array(lattices.length * side * words);
  lattices.forEach((rows, k) => {
    rows.forEach((row, r) => {
      row.forEach((spin, c) => {
        if (spin > 0) bits[(k * side + r) * words + Math.floor(c / 32)] |= 2 ** (c % 32);
      });
    });
  });
  return bits;
}

/** Mean of s(r, c) s(r + dr, c + dc) with periodic wrap. */
function correlation(rows: Lattice, dr: number, dc: number): number {
  const side = rows.length;
  return mean(rows.flatMap((row, r) => row.map((spin, c) => spin * rows[(r + dr) % side][(c + dc) % side])));
}

/** Share of the variance of `y` in the rows `test` that least squares on the columns, fitted to the rest, explains. */
function explained(columns: number[][], y: number[], isTest: (row: number) => boolean): number {
  const rows = y.map((_, k) => k);
  const [fit, judge] = [rows.filter((k) => !isTest(k)), rows.filter(isTest)];
  const normalMatrix = columns.map((a) => columns.map((b) => fit.reduce((sum, k) => sum + a[k] * b[k], 0)));
  const right = columns.map((a) => fit.reduce((sum, k) => sum + a[k] * y[k], 0));
  const solution = (lusolve(normalMatrix, right) as number[][]).map(([x]) => x);
  const center = mean(judge.map((k) => y[k]));
  const predicted = (k: number) => columns.reduce((sum, a, j) => sum + solution[j] * a[k], 0);
  const residual = judge.reduce((sum, k) => sum + (y[k] - predicted(k)) ** 2, 0);
  return 1 - residual / judge.reduce((sum, k) => sum + (y[k] - center) ** 2, 0);
}

/** Columns of all monomials up to degree two. */
function quadratic(columns: number[][]): number[][] {
  const all = [columns[0].map(() => 1), ...columns];
  return all.flatMap((a, j) => all.slice(j).map((b) => a.map((x, k) => x * b[k])));
}

const SHAPE: ConvEncoderShape = { patchSide: 8, channels: [8], variables: 1, observables: 2 };

/** ψ of every patch, `[lattice][patch][variable]`. */
async function encode(model: ConvEncoderModel, lattices: Lattice[]): Promise<number[][][]> {
  const bits = gpu.buffer("test.bits", pack(lattices));
  const side = lattices[0].length;
  const values = await new ConvEncoder(gpu, model).encode(bits, lattices.length, side);
  bits.destroy();
  const patches = (side / model.patchSide) ** 2;
  return range(lattices.length, (k) =>
    range(patches, (patch) => range(model.variables, (v) => values[(k * patches + patch) * model.variables + v])),
  );
}

/** Means of ψ over the patches, by variable. */
async function closureOf(model: ConvEncoderModel, lattices: Lattice[]): Promise<number[][]> {
  const values = await encode(model, lattices);
  return range(model.variables, (v) => values.map((patches) => mean(patches.map((psi) => psi[v]))));
}

describe("encoder", () => {
  const shape: ConvEncoderShape = { patchSide: 16, channels: [8, 16], variables: 3, observables: 2 };
  const model: ConvEncoderModel = { ...shape, parameters: initialEncoder(convEncoderNetwork(shape), SEED, "test") };
  const random = (side: number, rng: Xoshiro) => lattice(side, () => (rng.next() & 1 ? 1 : -1));

  test("encodes every patch as the network does a single one, in order, however many there are", async () => {
    const rng = generator("patches");
    // 9 patches of 70 lattices; the budget of images is 8,192 columns of patches of 16 × 16 in 8 channels.
    for (const [side, count] of [
      [16, 3],
      [48, 70],
      [64, 600],
    ]) {
      const lattices = range(count, () => random(side, rng));
      const before = allocatedBytes();
      const values = await encode(model, lattices);
      expect(allocatedBytes()).toBe(before);
      const net = await ConvEncoderNet.create(gpu, convEncoderNetwork(shape), 8);
      gpu.write(net.parameters, model.parameters);
      const across = side / 16;
      for (const [k, patch] of [
        [0, 0],
        [Math.floor(count / 2), across - 1],
        [count - 1, across * across - 1],
      ]) {
        const input = new Float32Array(18 * 18 * 8);
        for (let r = 0; r < 16; r++) {
          for (let c = 0; c < 16; c++) {
            const spin = lattices[k][16 * Math.floor(patch / across) + r][16 * (patch % across) + c];
            input[((r + 1) * 18 + c + 1) * 8 + 5] = spin;
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
    const tensors = convEncoderTensors(model);
    expect(convEncoderFromTensors({ ...shape }, tensors)).toEqual(model);
    const { parameters } = model;
    const short = { parameters: { data: parameters.slice(1) } };
    const count = parameters.length;
    expect(() => convEncoderFromTensors(shape, short)).toThrow(
      new InputError(`the encoder file has ${count - 1} numbers for parameters, not ${count}`),
    );
    expect(() => convEncoderFromTensors(shape, {})).toThrow(
      new InputError(`the encoder file has 0 numbers for parameters, not ${count}`),
    );
  });

  test("lattices that patches do not tile, and shapes that make no sense, are refused", async () => {
    const bits = gpu.buffer("test.bits", 4 * 64 * 2);
    const encoder = new ConvEncoder(gpu, model);
    await expect(encoder.encode(bits, 1, 40)).rejects.toThrow(
      new InputError("patch side 16 does not divide lattice side 40"),
    );
    await expect(encoder.encode(bits, 2, 64)).rejects.toThrow(
      "test.bits has 512 bytes, too few for 2 lattices of side 64",
    );
    bits.destroy();
    for (const variables of [0, 1.5]) {
      expect(() => convEncoderNetwork({ ...shape, variables })).toThrow(
        new InputError(`${variables} closure variables: use 1 or more`),
      );
    }
    expect(() => convEncoderNetwork({ ...shape, patchSide: 10 })).toThrow(InputError);
  });
});

const SIDE = 16;
const OPTIONS: FitOptions = { batch: 32, steps: 600, learningRate: 1e-2, weightDecay: 0, seed: SEED };

/** Snapshots with given changes of two observables; all patches the same, so that one stands for all. */
function tableOf(lattices: Lattice[], compensator: number[][] | null, increments: number[][], time: number): SpinTable {
  const side = lattices[0].length;
  const n = lattices.length;
  const whole = lattices.flatMap((rows) => [mean(rows.flat()), correlation(rows, 0, 1) + correlation(rows, 1, 0)]);
  const q = (NOISE * time) ** 2;
  const none = new Float32Array(0);
  return {
    side,
    patchSide: SHAPE.patchSide,
    observables: 2,
    bits: pack(lattices),
    pairs: {
      d: 2,
      whole: Float32Array.from(whole),
      patch: Float32Array.from(whole),
      delta: Float32Array.from(increments.flat()),
      compensator: compensator ? Float32Array.from(compensator.flat()) : none,
      variation: compensator ? Float32Array.from({ length: 3 * n }, (_, k) => (k % 3 === 1 ? 0 : q)) : none,
      perSnapshot: 1,
      time,
      patches: (side / SHAPE.patchSide) ** 2,
    },
  };
}

/** Noise of the change of an observable per time; the drift itself has a deviation of about 0.5. */
const NOISE = 0.3;

describe("dynamics", () => {
  /**
   * A spin equals its upper left neighbour with probability (1 + a)/2, a another one for every lattice: neighbours in rows and
   * columns are independent, so m and the nearest-neighbour correlation say nothing about the diagonal one. That is the drift
   * of the first observable.
   */
  function diagonalTable(count: number, known: boolean) {
    const rng = generator("diagonal");
    const time = 0.1;
    const lattices = range(count, () => {
      const a = 1.8 * rng.uniform() - 0.9;
      const rows = lattice(SIDE, () => (rng.next() & 1 ? 1 : -1));
      for (let r = 1; r < SIDE; r++) {
        for (let c = 0; c < SIDE; c++) {
          rows[r][c] = rows[r - 1][(c + SIDE - 1) % SIDE] * (rng.uniform() <= (1 + a) / 2 ? 1 : -1);
        }
      }
      return rows;
    });
    const drift = lattices.map((rows) => correlation(rows, 1, 1));
    const changes = drift.map((f) => [f, 0].map((g) => (g + NOISE * normal(rng)) * time));
    return { lattices, drift, table: tableOf(lattices, known ? changes : null, changes, time) };
  }

  for (const known of [true, false]) {
    test(`from ${known ? "compensators" : "increments"}: finds the diagonal correlation that the observables do not hold`, async () => {
      const { lattices, drift, table } = diagonalTable(1024, known);
      const before = allocatedBytes();
      // The last quarter of the lattices is not trained on.
      const seen = 768;
      const { pairs } = table;
      const cut = (rows: Float32Array) => rows.slice(0, (rows.length * seen) / lattices.length);
      const half: SpinTable = {
        ...table,
        bits: table.bits.slice(0, seen * SIDE),
        pairs: {
          ...pairs,
          whole: cut(pairs.whole),
          patch: cut(pairs.patch),
          delta: cut(pairs.delta),
          compensator: cut(pairs.compensator),
          variation: cut(pairs.variation),
        },
      };
      const model = await trainSpinClosure(gpu, "dynamics", half, SHAPE, [16], OPTIONS);
      expect(allocatedBytes()).toBe(before);
      const observables = [0, 1].map((j) => lattices.map((_, row) => pairs.whole[2 * row + j]));
      const closure = await closureOf(model, lattices);
      const isTest = (row: number) => row >= seen;
      const without = explained(quadratic(observables), drift, isTest);
      const together = explained(quadratic([...observables, ...closure]), drift, isTest);
      expect(without).toBeLessThan(0.3);
      expect(together).toBeGreaterThan(0.8);
    });
  }
});

describe("autoencoder", () => {
  /** Share of spins turned over. */
  const FLIPS = 0.05;

  test("learns to rebuild stripes and checkerboards, and ψ tells them apart", async () => {
    const rng = generator("patterns");
    const isStriped = (k: number) => k % 2 === 0;
    const lattices = range(256, (k) =>
      lattice(SIDE, (r, c) => ((isStriped(k) ? r : r + c) % 2 === 0 ? 1 : -1) * (rng.uniform() <= FLIPS ? -1 : 1)),
    );
    const zero = lattices.map(() => [0, 0]);
    const { bits, pairs, ...rest } = tableOf(lattices, null, zero, 1);
    // The decoder must not be told by an observable: stripes and checkerboards differ in theirs.
    const table = { ...rest, bits, pairs: { ...pairs, whole: new Float32Array(pairs.whole.length) } };
    const before = allocatedBytes();
    const losses: number[] = [];
    const progress = { onSteps: (_: number, loss: number) => losses.push(loss) };
    const options = { ...OPTIONS, batch: 16, steps: 300 };
    const model = await trainSpinClosure(gpu, "autoencoder", table, SHAPE, [], options, progress);
    expect(allocatedBytes()).toBe(before);
    const entropy = -FLIPS * Math.log(FLIPS) - (1 - FLIPS) * Math.log(1 - FLIPS);
    expect(losses[losses.length - 1]).toBeLessThan(1.3 * entropy);
    // The entropy is what a perfect decoder pays: 16 · 256 spins of the last batch, five standard errors.
    const spread = Math.sqrt(FLIPS * (1 - FLIPS)) * Math.log((1 - FLIPS) / FLIPS);
    expect(losses[losses.length - 1]).toBeGreaterThan(entropy - (5 * spread) / Math.sqrt(16 * SIDE * SIDE));
    const [values] = await closureOf(model, lattices);
    const moments = [true, false].map((striped) => {
      const of = values.filter((_, k) => isStriped(k) === striped);
      const center = mean(of);
      return { center, deviation: Math.sqrt(mean(of.map((x) => (x - center) ** 2))) };
    });
    const distance = Math.abs(moments[0].center - moments[1].center);
    expect(distance).toBeGreaterThan(5 * (moments[0].deviation + moments[1].deviation));
  });
});

describe("training", () => {
  const rng = generator("training");
  const lattices = range(64, () => lattice(SIDE, () => (rng.next() & 1 ? 1 : -1)));
  const changes = lattices.map((rows) => [correlation(rows, 1, 1), 0]);
  const table = tableOf(lattices, changes, changes, 0.1);
  const shape: ConvEncoderShape = { ...SHAPE, channels: [8, 8], variables: 2 };
  const train = (kind: ClosureKind, options: Partial<FitOptions> = {}, progress = {}) =>
    trainSpinClosure(gpu, kind, table, shape, [16], { ...OPTIONS, batch: 24, ...options }, progress);

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
      const { parameters, ...rest } = expected;
      expect(rest).toEqual(shape);
      expect(parameters.every(Number.isFinite)).toBe(true);
    });
  }

  test("dynamics: a small batch learns as a head-filling one of the same snapshots, eight times over, does", async () => {
    const few = lattices.slice(0, 32);
    const last: number[] = [];
    for (const copies of [1, 8]) {
      const all = range(copies, () => few).flat();
      const change = range(copies, () => changes.slice(0, 32)).flat();
      const onSteps = (_: number, loss: number) => {
        last[copies] = loss;
      };
      const options = { ...OPTIONS, batch: 32 * copies, steps: 40 };
      await trainSpinClosure(gpu, "dynamics", tableOf(all, change, change, 0.1), shape, [16], options, { onSteps });
    }
    // The loss starts at 3, |r|² + tr V + log det C in units of their own size; the running variances differ by 1/n.
    expect(last[1]).toBeLessThan(2.5);
    expect(Math.abs(last[8] - last[1])).toBeLessThan(0.01);
  });

  test("what does not fit is refused before anything is allocated", async () => {
    const before = allocatedBytes();
    const refused = async (
      change: Partial<SpinTable>,
      other: Partial<ConvEncoderShape>,
      batch: number,
      message: string,
    ) => {
      const options = { ...OPTIONS, batch };
      const call = trainSpinClosure(gpu, "autoencoder", { ...table, ...change }, { ...shape, ...other }, [], options);
      await expect(call).rejects.toThrow(new InputError(message));
    };
    await refused({}, {}, 12, "a batch of 12 snapshots is not a positive multiple of 8");
    await refused({}, {}, 0, "a batch of 0 snapshots is not a positive multiple of 8");
    await refused({}, {}, 128, "64 training pairs are fewer than one batch of 128");
    await refused({}, { patchSide: 4 }, 16, "the table has patches of side 8, the encoder reads 4");
    await refused({}, { observables: 3 }, 16, "the encoder counts 3 observables, the table 2, its pairs 2");
    await refused({ bits: table.bits.slice(1) }, {}, 16, "1023 words of spins are not 64 lattices of side 16");
    await refused({ side: 20 }, {}, 16, "patch side 8 does not divide lattice side 20");
    await refused({}, { channels: [8, 12] }, 16, "12 channels are not a positive multiple of 8");
    await refused(
      {},
      { channels: [8, 8, 8, 8] },
      16,
      "patch side 8 is not a multiple of 16, as 4 blocks of pooling need: use another side or fewer blocks",
    );
    expect(allocatedBytes()).toBe(before);
  });

  test("a training that diverges says so and frees its memory", async () => {
    const before = allocatedBytes();
    const wild = train("dynamics", { learningRate: 1e30, steps: 40 });
    await expect(wild).rejects.toThrow(
      /^training of the dynamics closure diverged at step \d+: lower the learning rate$/,
    );
    expect(allocatedBytes()).toBe(before);
  });
});
