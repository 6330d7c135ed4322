// Training of closures of fields, in one and two dimensions, with both objectives: on planted structure, and from simulation to pairs.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../../lib/errors.ts";
import { allocatedBytes } from "../../../lib/gpu/buffer.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { closedBy } from "../../../lib/method/closure/coordinates.ts";
import { encoderOf } from "../../../lib/method/closure/kinds.ts";
import type { PerceptronModel, PerceptronShape } from "../../../lib/method/closure/perceptron.ts";
import { type ClosureTable, closureTable } from "../../../lib/method/closure/table.ts";
import { OBJECTIVES, type Objective, trainClosure } from "../../../lib/method/closure/train.ts";
import { makePairs, smallTrajectories } from "../../../lib/method/snapshots.ts";
import type { FitOptions } from "../../../lib/method/train.ts";
import { stream } from "../../../lib/random/stream.ts";
import type { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { normal } from "../../fixtures.ts";
import { mean, range } from "../../numbers.ts";
import { moments } from "../../statistics.ts";
import { expectClose, fieldStates, generator, patchOf, phi, psi, SEED, systemOf, Toy, variationOf } from "./fields.ts";
import { explained, quadratic } from "./regression.ts";
import { expectSameBytes } from "./same-bytes.ts";

setDefaultTimeout(240_000);

const gpu = await openDevice();

const PARTS = 2;
const OPTIONS: FitOptions = { batch: 256, steps: 300, learningRate: 1e-2, weightDecay: 0, seed: SEED };
const LINE: PerceptronShape = {
  kind: "perceptron",
  dimension: 1,
  patchSide: 10,
  parts: PARTS,
  joint: false,
  hidden: [16],
  activation: "tanh",
  variables: 2,
};
const PLANE: PerceptronShape = { ...LINE, dimension: 2, patchSide: 4 };

/** Waves of mean zero and mean square one over a patch, another for each part: on a line of another length, in the plane along another axis. */
function wave({ dimension, patchSide: l }: PerceptronShape, part: number, site: number): number {
  const turns =
    dimension === 1 ? ((part + 1) * (site + 0.5)) / l : ((part === 0 ? site % l : Math.floor(site / l)) + 0.5) / l;
  return Math.sqrt(2) * Math.cos(2 * Math.PI * turns);
}
/** Mean and size of the parts: what is not standardised per part cannot be rebuilt. */
const MEAN = [0.5, -20];
const AMPLITUDE = [0.05, 3];

/**
 * Configurations mean + amplitude · (factor · wave + level); `factors` `[row][part][patch]`, `levels` `[row][part]`, all pairs zero but
 * for the states.
 */
function planted(shape: PerceptronShape, factors: number[][][], levels?: number[][]): ClosureTable {
  const rows = factors.length;
  const patches = factors[0][0].length;
  const size = shape.patchSide ** shape.dimension;
  const center = (r: number, p: number) => MEAN[p] + AMPLITUDE[p] * (levels?.[r][p] ?? 0);
  const fields = factors.flatMap((row, r) =>
    range(patches, (patch) =>
      row.flatMap((ofPart, p) => range(size, (i) => center(r, p) + AMPLITUDE[p] * ofPart[patch] * wave(shape, p, i))),
    ).flat(),
  );
  return {
    patchSide: shape.patchSide,
    patches,
    words: new Uint32Array(Float32Array.from(fields).buffer),
    pairs: {
      kind: "compensated",
      d: 2,
      whole: Float32Array.from(range(2 * rows, (k) => center(Math.floor(k / 2), k % 2))),
      patch: new Float32Array(2 * rows * patches),
      delta: new Float32Array(2 * rows * patches),
      compensator: new Float32Array(2 * rows * patches),
      variation: new Float32Array(3 * rows * patches),
      perSnapshot: patches,
      time: 0.1,
      patches,
      cohort: Uint32Array.from(range(rows, (k) => k)),
      condition: new Float32Array(0),
    },
  };
}

const numbersOf = ({ words }: ClosureTable) => new Float32Array(words.buffer, words.byteOffset, words.length);

/** Means of ψ over the patches of every row, by variable. */
async function closureOf(model: PerceptronModel, table: ClosureTable): Promise<number[][]> {
  const states = await fieldStates(numbersOf(table), model, model.patchSide);
  const values = await encoderOf(gpu, systemOf(model), model).encode(states);
  states.destroy();
  const { patches } = table;
  return range(model.variables, (v) =>
    range(states.count / patches, (row) =>
      mean(range(patches, (patch) => values[(row * patches + patch) * model.variables + v])),
    ),
  );
}

const uniform = (rng: Xoshiro) => 2 * rng.uniform() - 1;
/** One factor per part in each of 512 rows, the same in the two patches. */
function factorTable(shape: PerceptronShape): { table: ClosureTable; factors: number[][] } {
  const rng = generator("factors");
  const factors = range(512, () => [uniform(rng), uniform(rng)]);
  return {
    table: planted(
      shape,
      factors.map((row) => row.map((a) => [a, a])),
    ),
    factors,
  };
}

/** Of the drift that one patch shows; the drift itself varies by 0.2. */
const NOISE = 0.1;

/**
 * Drift of part 0: mean over the patches of the mean square of their configurations, less its average. The observables
 * vary by themselves and drive part 1 alone.
 */
function hiddenDrift(shape: PerceptronShape, known: boolean): { table: ClosureTable; drift: number[] } {
  const rng = generator("drift");
  const [rows, patches, time] = [1024, 2, 0.1];
  const factors = range(rows, () => range(PARTS, () => range(patches, () => uniform(rng))));
  const table = planted(shape, factors);
  const states = Float32Array.from({ length: 2 * rows }, () => normal(rng));
  const square = factors.map(([first]) => first.map((b) => b * b));
  const perPatch = square.flatMap((row, r) =>
    row.flatMap((h) => [(h - 1 / 3) * time, -states[2 * r + 1] * time].map((a) => a + NOISE * time * normal(rng))),
  );
  const q = (NOISE * time) ** 2;
  const { d, patch, perSnapshot, cohort, condition } = table.pairs;
  const delta = Float32Array.from(perPatch);
  const common = { d, patch, perSnapshot, patches, cohort, condition, whole: states, time, delta };
  const variation = Float32Array.from({ length: 1.5 * perPatch.length }, (_, k) => (k % 3 === 1 ? 0 : q));
  return {
    table: {
      ...table,
      pairs: known
        ? { ...common, kind: "compensated", compensator: Float32Array.from(perPatch), variation }
        : { ...common, kind: "increments" },
    },
    drift: square.map((row) => mean(row)),
  };
}

for (const shape of [LINE, PLANE]) {
  const { dimension } = shape;
  const size = shape.patchSide ** dimension;

  describe(`training in ${dimension} dimensions`, () => {
    for (const joint of [false, true]) {
      test(`autoencoder, ${joint ? "joint" : "one network per part"}: finds one planted factor per part`, async () => {
        const { table, factors } = factorTable(shape);
        const before = allocatedBytes();
        const model = await trainClosure(gpu, "autoencoder", table, { ...shape, joint }, [16], OPTIONS);
        expect(allocatedBytes()).toBe(before);
        for (const p of [0, 1]) {
          const numbers = moments(numbersOf(table).filter((_, k) => Math.floor(k / size) % 2 === p));
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

    test("autoencoder: one variable per part suffices where the observables tell another factor", async () => {
      const { factors } = factorTable(shape);
      const rng = generator("levels");
      const levels = factors.map(() => [uniform(rng), uniform(rng)]);
      const ofPatches = factors.map((row) => row.map((a) => [a, a]));
      const losses: number[] = [];
      const progress = { onSteps: (_: number, loss: number) => losses.push(loss) };
      await trainClosure(gpu, "autoencoder", planted(shape, ofPatches, levels), shape, [16], OPTIONS, progress);
      // Half of the variance is that of the levels.
      expect(losses[losses.length - 1]).toBeLessThan(0.1);
    });

    test("autoencoder: the first loss is the variance of standardised data, one", async () => {
      const { table } = factorTable(shape);
      const losses: number[] = [];
      const first = { ...OPTIONS, batch: 512, steps: 1 };
      await trainClosure(gpu, "autoencoder", table, shape, [16], first, { onSteps: (_, loss) => losses.push(loss) });
      expect(losses.length).toBe(1);
      expect(losses[0]).toBeCloseTo(1, 4);
    });

    for (const known of [true, false]) {
      test(`dynamics from ${known ? "compensators" : "increments"}: finds what the drift of the observables depends on`, async () => {
        const { table, drift } = hiddenDrift(shape, known);
        const before = allocatedBytes();
        const model = await trainClosure(gpu, "dynamics", table, shape, [16], { ...OPTIONS, steps: 800 });
        expect(allocatedBytes()).toBe(before);
        const { whole } = table.pairs;
        const observables = [0, 1].map((p) => drift.map((_, row) => whole[2 * row + p]));
        expect(explained(quadratic(observables), drift)).toBeLessThan(0.3);
        expect(explained(quadratic([...observables, ...(await closureOf(model, table))]), drift)).toBeGreaterThan(0.95);
      });
    }
  });
}

describe("training", () => {
  const train = (objective: Objective, options: Partial<FitOptions> = {}, progress = {}) =>
    trainClosure(gpu, objective, hiddenDrift(LINE, true).table, LINE, [16], { ...OPTIONS, ...options }, progress);

  for (const objective of OBJECTIVES) {
    test(`${objective}: the same bytes twice, and after resuming from half of it; others for another seed`, async () => {
      const { model, other } = await expectSameBytes((options, progress) => train(objective, options, progress));
      expect(other.scale).toEqual(model.scale);
      const { center, scale, parameters, ...rest } = model;
      expect(rest).toEqual(LINE);
    });

    test(`${objective}: a training that diverges says so; fewer rows than a batch are refused`, async () => {
      const { table } = hiddenDrift(LINE, true);
      // Deep and unbounded, so that the loss leaves float32: the rate to the power of the layers, squared.
      const wild = { ...OPTIONS, learningRate: 1e20, steps: 40 };
      const shape: PerceptronShape = { ...LINE, activation: "relu" };
      await expect(trainClosure(gpu, objective, table, shape, [16, 16, 16], wild)).rejects.toThrow(
        new RegExp(`^training of the ${objective} closure diverged at step \\d+: lower its learning rate$`),
      );
      await expect(train(objective, { batch: 1280 })).rejects.toThrow(
        new InputError("1024 training pairs are fewer than one batch of 1280"),
      );
    });
  }

  test("tables and batches that do not fit are refused; the dynamics take any batch", async () => {
    const { table } = hiddenDrift(LINE, true);
    const before = allocatedBytes();
    const refused = async (change: Partial<ClosureTable>, other: Partial<PerceptronShape>, message: string) => {
      const call = trainClosure(gpu, "dynamics", { ...table, ...change }, { ...LINE, ...other }, [16], OPTIONS);
      await expect(call).rejects.toThrow(new InputError(message));
    };
    await refused({}, { patchSide: 8 }, "the table has patches of side 10, the encoder reads 8");
    await refused({ patches: 3 }, {}, "40960 words are not 3 patches of 20 words from each of 1024 snapshots");
    await refused({}, { parts: 1 }, "40960 words are not 2 patches of 10 words from each of 1024 snapshots");
    await expect(train("autoencoder", { batch: 100 })).rejects.toThrow(
      new InputError("a batch of 100 snapshots is not a multiple of 256, as decoders need"),
    );
    const model = await train("dynamics", { batch: 100, steps: 2 });
    expect(model.parameters.every(Number.isFinite)).toBe(true);
    expect(allocatedBytes()).toBe(before);
  });
});

describe("a system in the plane, from simulation to pairs", () => {
  /** Side of the large systems, of four patches. */
  const [SIDE, TIME, PATCHES] = [8, 0.05, 4];
  const shape: PerceptronShape = { ...PLANE, hidden: [32] };

  for (const objective of OBJECTIVES) {
    test(`${objective}: learns, and closed pairs are those of the float64 network`, async () => {
      const system = new Toy(gpu, PLANE.patchSide, { dimension: 2 });
      const small = await smallTrajectories(system, { trajectories: 700, times: [0, 0.2], seed: SEED });
      const options = { side: SIDE, relaxTime: 0, seed: SEED, patchesPerSnapshot: 2 };
      const table = await closureTable(system, small, TIME, options);
      const losses: number[] = [];
      const progress = { onSteps: (_: number, loss: number) => losses.push(loss) };
      const model = await trainClosure(gpu, objective, table, shape, [32], { ...OPTIONS, steps: 400 }, progress);

      const encoder = encoderOf(gpu, system, model);
      const states = await system.initial(6, SIDE, stream(SEED, "test/plane"));
      const patch = (row: number, k: number) => patchOf(states.values, model, SIDE, row, k);
      const found = await encoder.encode(states);
      const exact = range(6, (row) => range(PATCHES, (k) => psi(model, patch(row, k))));
      expectClose(found, exact.flat(2));
      const { d, whole, change } = closedBy(system, encoder);
      const z = range(6, (row) => range(PATCHES, (k) => phi(model, patch(row, k))));
      expectClose(
        await whole(states),
        z.flatMap((all) => range(d, (j) => mean(all.map((one) => one[j])))),
      );
      const chosen = Uint32Array.of(0, 3, 1, 2, 2, 0, 3, 1, 1, 3, 2, 0);
      const { before, variation } = await change(states, chosen, TIME, stream(SEED, "test/plane-noise"));
      const eachPair = <T>(value: (row: number, k: number) => T) =>
        Array.from(chosen, (k, pair) => value(Math.floor(pair / 2), k));
      expectClose(before, eachPair((row, k) => z[row][k]).flat());
      const noise = system.noiseVariance * TIME;
      expectClose(variation ?? [], eachPair((row, k) => variationOf(model, patch(row, k), noise)).flat());
      states.destroy();

      const all = { ...options, patchesPerSnapshot: PATCHES };
      const [pairs] = await makePairs(system, small, [TIME], all, closedBy(system, encoder));
      if (pairs.kind !== "compensated") throw new Error(`pairs of ${pairs.kind}`);
      expect([pairs.d, pairs.patches, pairs.perSnapshot]).toEqual([4, PATCHES, PATCHES]);
      const rows = pairs.whole.length / d;
      const columns = range(d, (j) => range(rows, (row) => pairs.whole[row * d + j]));
      // The drift of x is ½ ⟨y²⟩ − ⟨x⟩: what ψ of y has to tell.
      const drift = range(rows, (row) => mean(range(PATCHES, (k) => pairs.compensator[(row * PATCHES + k) * d])));
      const [open, closed] = [explained(quadratic(columns.slice(0, 2)), drift), explained(quadratic(columns), drift)];
      expect(open).toBeLessThan(0.75);
      if (objective === "dynamics") {
        expect(closed).toBeGreaterThan(0.98);
        // tr V + log det C is at best 2 in units of the noise.
        expect(losses[losses.length - 1]).toBeWithin(2, 2.15);
      } else {
        // Sixteen independent numbers do not fit into one: something is gained of the variance of each part, one.
        expect(losses[losses.length - 1]).toBeLessThan(0.9);
      }
    });
  }
});
