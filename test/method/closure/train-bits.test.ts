// Training of closures of bits with both objectives on lattices made here.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../../lib/errors.ts";
import { allocatedBytes } from "../../../lib/gpu/buffer.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import type { ConvolutionShape } from "../../../lib/method/closure/convolution.ts";
import type { ClosureTable } from "../../../lib/method/closure/table.ts";
import { OBJECTIVES, type Objective, trainClosure } from "../../../lib/method/closure/train.ts";
import type { Compensated, Increments } from "../../../lib/method/pairs.ts";
import type { FitOptions } from "../../../lib/method/train.ts";
import { normal } from "../../fixtures.ts";
import { mean, range } from "../../numbers.ts";
import { closureOf, type Lattice, lattice, pack, randomLattice, tilesOf } from "./bits.ts";
import { generator, SEED } from "./fields.ts";
import { explained, quadratic } from "./regression.ts";
import { expectSameBytes } from "./same-bytes.ts";

setDefaultTimeout(240_000);

const gpu = await openDevice();

const SHAPE: ConvolutionShape = { kind: "convolution", patchSide: 8, channels: [8], variables: 1 };
const SIDE = 16;
const PATCHES = (SIDE / SHAPE.patchSide) ** 2;
const OPTIONS: FitOptions = { batch: 32, steps: 600, learningRate: 1e-2, weightDecay: 0, seed: SEED };
/** Noise of the change of an observable per time; the drift itself has a deviation of about 0.5. */
const NOISE = 0.3;

/** Mean of s(r, c) s(r + dr, c + dc) with periodic wrap. */
function correlation(rows: Lattice, dr: number, dc: number): number {
  const side = rows.length;
  return mean(rows.flatMap((row, r) => row.map((site, c) => site * rows[(r + dr) % side][(c + dc) % side])));
}

interface HandMade extends ClosureTable {
  readonly pairs: Increments | Compensated;
}

/** Snapshots with given changes of two observables, the same for all patches. */
function tableOf(lattices: Lattice[], compensator: number[][] | null, increments: number[][], time: number): HandMade {
  const q = (NOISE * time) ** 2;
  const ofPatches = (rows: number[][]) => Float32Array.from(rows.flatMap((row) => range(PATCHES, () => row)).flat());
  const whole = lattices.map((rows) => [mean(rows.flat()), correlation(rows, 0, 1) + correlation(rows, 1, 0)]);
  const common = {
    d: 2,
    whole: Float32Array.from(whole.flat()),
    patch: ofPatches(whole),
    delta: ofPatches(increments),
    perSnapshot: PATCHES,
    time,
    patches: PATCHES,
    cohort: Uint32Array.from(range(lattices.length, (k) => k)),
    condition: new Float32Array(0),
  };
  return {
    patchSide: SHAPE.patchSide,
    patches: PATCHES,
    words: pack(lattices.flatMap((rows) => tilesOf(rows, SHAPE.patchSide))),
    pairs: compensator
      ? {
          ...common,
          kind: "compensated",
          compensator: ofPatches(compensator),
          variation: ofPatches(lattices.map(() => [q, 0, q])),
        }
      : { ...common, kind: "increments" },
  };
}

describe("dynamics", () => {
  /**
   * A site equals its upper left neighbour with probability (1 + a)/2, a another one for every lattice: neighbours in rows and
   * columns are independent, so the mean and the nearest-neighbour correlation say nothing about the diagonal one. That is the drift
   * of the first observable.
   */
  function diagonalLattices(count: number, known: boolean) {
    const rng = generator("diagonal");
    const time = 0.1;
    const lattices = range(count, () => {
      const a = 1.8 * rng.uniform() - 0.9;
      const rows = randomLattice(SIDE, rng);
      for (let r = 1; r < SIDE; r++) {
        for (let c = 0; c < SIDE; c++) {
          rows[r][c] = rows[r - 1][(c + SIDE - 1) % SIDE] * (rng.uniform() <= (1 + a) / 2 ? 1 : -1);
        }
      }
      return rows;
    });
    const drift = lattices.map((rows) => correlation(rows, 1, 1));
    const changes = drift.map((f) => [f, 0].map((g) => (g + NOISE * normal(rng)) * time));
    const table = (seen: number) => {
      const some = changes.slice(0, seen);
      return tableOf(lattices.slice(0, seen), known ? some : null, some, time);
    };
    return { lattices, drift, table };
  }

  for (const known of [true, false]) {
    test(`from ${known ? "compensators" : "increments"}: finds the diagonal correlation that the observables do not hold`, async () => {
      const { lattices, drift, table } = diagonalLattices(1024, known);
      const before = allocatedBytes();
      // The last quarter of the lattices is not trained on.
      const seen = 768;
      const model = await trainClosure(gpu, "dynamics", table(seen), SHAPE, [16], OPTIONS);
      expect(allocatedBytes()).toBe(before);
      const { whole } = table(1024).pairs;
      const observables = [0, 1].map((j) => lattices.map((_, row) => whole[2 * row + j]));
      const closure = await closureOf(model, lattices);
      const isJudged = (row: number) => row >= seen;
      const isFitted = (row: number) => row < seen;
      const without = explained(quadratic(observables), drift, isJudged, isFitted);
      const together = explained(quadratic([...observables, ...closure]), drift, isJudged, isFitted);
      expect(without).toBeLessThan(0.3);
      expect(together).toBeGreaterThan(0.8);
    });
  }
});

describe("autoencoder", () => {
  /** Share of sites turned over. */
  const FLIPS = 0.05;

  test("learns to rebuild stripes and checkerboards, and ψ tells them apart", async () => {
    const rng = generator("patterns");
    const isStriped = (k: number) => k % 2 === 0;
    const lattices = range(256, (k) =>
      lattice(SIDE, (r, c) => ((isStriped(k) ? r : r + c) % 2 === 0 ? 1 : -1) * (rng.uniform() <= FLIPS ? -1 : 1)),
    );
    const { pairs, ...rest } = tableOf(
      lattices,
      null,
      lattices.map(() => [0, 0]),
      1,
    );
    // The decoder must not be told by an observable: stripes and checkerboards differ in theirs.
    const table = { ...rest, pairs: { ...pairs, whole: new Float32Array(pairs.whole.length) } };
    const before = allocatedBytes();
    const losses: number[] = [];
    const progress = { onSteps: (_: number, loss: number) => losses.push(loss) };
    const options = { ...OPTIONS, batch: 16, steps: 300 };
    const model = await trainClosure(gpu, "autoencoder", table, SHAPE, [], options, progress);
    expect(allocatedBytes()).toBe(before);
    const entropy = -FLIPS * Math.log(FLIPS) - (1 - FLIPS) * Math.log(1 - FLIPS);
    expect(losses[losses.length - 1]).toBeLessThan(1.3 * entropy);
    // The entropy is what a perfect decoder pays: 16 · 256 sites of the last batch, five standard errors.
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
  const lattices = range(64, () => randomLattice(SIDE, rng));
  const changes = lattices.map((rows) => [correlation(rows, 1, 1), 0]);
  const table = tableOf(lattices, changes, changes, 0.1);
  const shape: ConvolutionShape = { ...SHAPE, channels: [8, 8], variables: 2 };
  const train = (objective: Objective, options: Partial<FitOptions> = {}, progress = {}) =>
    trainClosure(gpu, objective, table, shape, [16], { ...OPTIONS, batch: 24, ...options }, progress);

  for (const objective of OBJECTIVES) {
    test(`${objective}: the same bytes twice, and after resuming from half of it; others for another seed`, async () => {
      const { model } = await expectSameBytes((options, progress) => train(objective, options, progress));
      const { parameters, ...rest } = model;
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
      await trainClosure(gpu, "dynamics", tableOf(all, change, change, 0.1), shape, [16], options, { onSteps });
    }
    // The loss starts at 3, |r|² + tr V + log det C in units of their own size; the running variances differ by 1/n.
    expect(last[1]).toBeLessThan(2.5);
    expect(Math.abs(last[8] - last[1])).toBeLessThan(0.01);
  });

  test("what does not fit is refused before anything is allocated", async () => {
    const before = allocatedBytes();
    const refused = async (
      change: Partial<ClosureTable>,
      other: Partial<ConvolutionShape>,
      batch: number,
      message: string,
    ) => {
      const options = { ...OPTIONS, batch };
      const call = trainClosure(gpu, "autoencoder", { ...table, ...change }, { ...shape, ...other }, [], options);
      await expect(call).rejects.toThrow(new InputError(message));
    };
    await refused({}, {}, 12, "a batch of 12 snapshots is not a positive multiple of 8");
    await refused({}, {}, 0, "a batch of 0 snapshots is not a positive multiple of 8");
    await refused({}, {}, 128, "64 training pairs are fewer than one batch of 128");
    await refused({}, { patchSide: 4 }, 16, "the table has patches of side 8, the encoder reads 4");
    await refused(
      { words: table.words.slice(1) },
      {},
      16,
      "2047 words are not 4 patches of 8 words from each of 64 snapshots",
    );
    await refused(
      { pairs: { ...table.pairs, patches: 9 } },
      {},
      16,
      "the decoder needs all 9 patches of a square lattice, the table has 4",
    );
    await refused(
      { patches: 2, words: table.words.slice(0, 1024), pairs: { ...table.pairs, patches: 2 } },
      {},
      16,
      "the decoder needs all 2 patches of a square lattice, the table has 2",
    );
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
      /^training of the dynamics closure diverged at step \d+: lower its learning rate$/,
    );
    expect(allocatedBytes()).toBe(before);
  });
});
