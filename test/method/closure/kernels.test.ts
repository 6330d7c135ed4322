// The kernels of closures against twins written here from the definitions.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { GpuArray } from "../../../lib/gpu/buffer.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { bitWords } from "../../../lib/method/closure/convolution.ts";
import { gatherUniform, perceptronNetwork } from "../../../lib/method/closure/perceptron.ts";
import { drawUniform } from "../../../lib/method/train.ts";
import { normals } from "../../fixtures.ts";
import { expectClose, generator, patchOf, randomEncoder, SEED, SHAPES } from "./fields.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();

/** Rows that kernels/nn/draw_batch.wgsl draws at a step. */
async function drawnRows(draw: ReturnType<typeof drawUniform>, at: number): Promise<Float32Array> {
  const { rows, batch } = draw;
  const buffers = {
    step: gpu.buffer("test.step", Uint32Array.of(at)),
    data: gpu.buffer(
      "test.numbers",
      Float32Array.from({ length: rows }, (_, k) => k),
    ),
    batch: gpu.buffer("test.rows", 4 * batch),
    input: gpu.buffer("test.unused", 4 * batch),
  };
  const kernel = await gpu.kernel("nn/draw_batch.wgsl");
  gpu.run(kernel.call({ params: { draw, fields: 1, inputs: 1 }, ...buffers }, Math.ceil(batch / 64)));
  const drawn = await gpu.read(buffers.batch, Float32Array);
  for (const buffer of Object.values(buffers)) buffer.destroy();
  return drawn;
}

/** How the patches of a sample are stored: in one whole system, each by itself, or in systems of fewer patches than it has. */
const LAYOUTS = ["whole", "single", "halves"] as const;

describe("gather", () => {
  /** Two rows of input beyond what is needed, to see the padding. */
  const SPARE = 2;
  const [SAMPLES, BATCH, ACROSS] = [150, 64, 3];

  for (const [name, shape] of Object.entries(SHAPES)) {
    const { dimension, patchSide, parts, joint } = shape;
    const size = patchSide ** dimension;
    const model = randomEncoder(shape, "gather");
    const { groups, inputs, network } = perceptronNetwork(shape);
    const rows = network.inputs + SPARE;

    for (const layout of LAYOUTS) {
      test(`${name}, drawn rows, ${layout}: equals plain TypeScript`, async () => {
        const across = layout === "single" ? 1 : ACROSS;
        const [side, stored] = [across * patchSide, across ** dimension];
        const patches = layout === "halves" ? 2 * stored : ACROSS ** dimension;
        const columns = groups * patches * BATCH + 64;
        const states = (SAMPLES * patches) / stored;
        const values = normals(states * parts * side ** dimension, generator("gather"));
        const fields = gpu.buffer("test.fields", values);
        const input = gpu.buffer("test.input", 4 * rows * columns);
        const step = gpu.buffer("test.step", 4);
        const draw = drawUniform(SAMPLES, BATCH, SEED);
        const kernel = await gpu.kernel("closure/gather.wgsl", {
          constants: { JOINT: joint ? 1 : 0 },
          conditions: { DRAWN: true },
        });
        // Two batches per epoch.
        for (const at of [0, 1, 5]) {
          const drawn = await drawnRows(draw, at);
          gpu.write(step, Uint32Array.of(at));
          gpu.write(input, new Float32Array(rows * columns).fill(9));
          const params = { ...gatherUniform(model, side, patches, rows, columns), draw, first: 0 };
          gpu.run(kernel.call({ params, fields, input, step }, columns / 64));
          const expected = new Float64Array(rows * columns);
          for (let b = 0; b < BATCH; b++) {
            for (let patch = 0; patch < patches; patch++) {
              const [state, inside] =
                layout === "whole"
                  ? [drawn[b], patch]
                  : layout === "single"
                    ? [drawn[b] * patches + patch, 0]
                    : [2 * drawn[b] + (patch < stored ? 0 : 1), patch % stored];
              patchOf(values, shape, side, state, inside).forEach((x, k) => {
                const part = Math.floor(k / size);
                const group = joint ? 0 : part;
                const row = joint ? k : k % size;
                expected[row * columns + (group * patches + patch) * BATCH + b] =
                  (x - model.center[part]) * model.scale[part];
              });
            }
          }
          const found = await gpu.read(input, Float32Array);
          expectClose(found, expected, 1e-6);
          // Padding is zero: rows beyond the numbers, columns beyond the blocks.
          found.forEach((value, k) => {
            const [row, column] = [Math.floor(k / columns), k % columns];
            const beyond = row >= inputs || column >= groups * patches * BATCH;
            if (beyond && value !== 0) throw new Error(`row ${row}, column ${column} holds ${value}`);
          });
        }
        for (const buffer of [fields, input, step]) buffer.destroy();
      });
    }

    for (const across of [1, ACROSS]) {
      test(`${name}, patches in order of systems of ${across} a side: equals plain TypeScript`, async () => {
        const [side, stored] = [across * patchSide, across ** dimension];
        const states = Math.ceil(SAMPLES / stored);
        const total = states * stored;
        const columns = groups * BATCH + 64;
        const values = normals(states * parts * side ** dimension, generator("gather"));
        const fields = gpu.buffer("test.fields", values);
        const input = gpu.buffer("test.input", 4 * rows * columns);
        const draw = { rows: total, batch: BATCH, half_bits: 0, key: [0, 0] };
        const kernel = await gpu.kernel("closure/gather.wgsl", {
          constants: { JOINT: joint ? 1 : 0 },
          conditions: { DRAWN: false },
        });
        // The last pass is cut short by the end of the patches.
        for (const first of [0, 64, 128]) {
          gpu.write(input, new Float32Array(rows * columns).fill(9));
          const params = { ...gatherUniform(model, side, 1, rows, columns), draw, first };
          gpu.run(kernel.call({ params, fields, input }, columns / 64));
          const expected = new Float64Array(rows * columns);
          const used = new Set<number>();
          for (let b = 0; b < BATCH && first + b < total; b++) {
            const patch = patchOf(values, shape, side, Math.floor((first + b) / stored), (first + b) % stored);
            patch.forEach((x, k) => {
              const part = Math.floor(k / size);
              const at = (joint ? k : k % size) * columns + (joint ? 0 : part) * BATCH + b;
              expected[at] = (x - model.center[part]) * model.scale[part];
              used.add(at);
            });
          }
          const found = await gpu.read(input, Float32Array);
          expectClose(found, expected, 1e-6);
          const stray = found.findIndex((value, k) => value !== 0 && !used.has(k));
          expect(stray).toBe(-1);
        }
        for (const buffer of [fields, input]) buffer.destroy();
      });
    }
  }
});

describe("gather_bits", () => {
  for (const [side, l] of [
    [8, 8],
    [8, 4],
    [32, 16],
    [48, 16],
    [48, 12],
    [64, 32],
    [64, 8],
    [40, 40],
  ]) {
    const across = side / l;
    const patches = across * across;
    for (const layout of ["whole", "single"] as const) {
      test(`lattices of side ${side} in patches of ${l}, ${layout}: drawn rows and patches in order equal plain TypeScript`, async () => {
        const [samples, batch] = [11, 8];
        /** Side of what is stored. */
        const extent = layout === "whole" ? side : l;
        const states = layout === "whole" ? samples : samples * patches;
        const words = Math.ceil(extent / 32);
        expect(bitWords(extent)).toBe(extent * words);
        const rng = generator("gather");
        // Bits beyond the side are set as well: they must not be read.
        const bits = Uint32Array.from({ length: states * extent * words }, () => rng.next());
        const bit = (state: number, r: number, c: number) =>
          (bits[(state * extent + r) * words + Math.floor(c / 32)] >>> (c % 32)) % 2 === 1 ? 1 : -1;
        const site = (sample: number, patch: number, r: number, c: number) =>
          layout === "whole"
            ? bit(sample, Math.floor(patch / across) * l + r, (patch % across) * l + c)
            : bit(sample * patches + patch, r, c);
        const inner = l + 2;
        const draw = drawUniform(samples, batch, SEED);
        const drawn = await drawnRows(draw, 3);
        const buffers = { bits: gpu.buffer("test.bits", bits), step: gpu.buffer("test.step", Uint32Array.of(3)) };
        const inOrder = (columns: number) => ({ rows: samples * patches, batch: columns, half_bits: 0, key: [0, 0] });
        const cases = [
          // Eight columns of padding behind the patches of the batch.
          { isDrawn: true, start: 0, columns: patches * batch + 8 },
          { isDrawn: false, start: 0, columns: 16 },
          // Five patches, then none.
          { isDrawn: false, start: patches * samples - 5, columns: 16 },
        ];
        for (const { isDrawn, start, columns } of cases) {
          const source = (column: number): [sample: number, patch: number] | null => {
            if (isDrawn) {
              const patch = Math.floor(column / batch);
              return patch < patches ? [drawn[column % batch], patch] : null;
            }
            const index = start + column;
            return index < samples * patches ? [Math.floor(index / patches), index % patches] : null;
          };
          const kernel = await gpu.kernel("closure/gather_bits.wgsl", { conditions: { DRAWN: isDrawn } });
          const input = gpu.buffer("test.input", 4 * inner * inner * columns);
          const params = {
            draw: isDrawn ? draw : inOrder(columns),
            tiling: { side: extent, patch_side: l, dimension: 2 },
            first: start,
            patches: isDrawn ? patches : 1,
            columns,
          };
          const step: Record<string, GpuArray> = isDrawn ? { step: buffers.step } : {};
          gpu.run(kernel.call({ params, bits: buffers.bits, input, ...step }, [Math.ceil(columns / 64), l]));
          const expected = new Float32Array(inner * inner * columns);
          for (let column = 0; column < columns; column++) {
            const from = source(column);
            for (let k = 0; from && k < l * l; k++) {
              const [r, c] = [Math.floor(k / l), k % l];
              expected[((r + 1) * inner + c + 1) * columns + column] = site(...from, r, c);
            }
          }
          expect(await gpu.read(input, Float32Array)).toEqual(expected);
          input.destroy();
        }
        for (const buffer of Object.values(buffers)) buffer.destroy();
      });
    }
  }
});

describe("pool and unpool", () => {
  const CASES = [
    { batch: 64, groups: 2, outputs: 3, patches: 5, columns: 768, offset: 2, rows: 8, width: 8 },
    { batch: 128, groups: 1, outputs: 9, patches: 4, columns: 512, offset: 3, rows: 16, width: 16 },
    { batch: 64, groups: 4, outputs: 1, patches: 1, columns: 256, offset: 0, rows: 8, width: 8 },
  ];

  for (const one of CASES) {
    const { batch, groups, outputs, patches, columns, offset, rows, width } = one;
    const name = `${groups} × ${outputs} variables of ${patches} patches`;
    test(`${name}: equal plain TypeScript, and one is the adjoint of the other`, async () => {
      const rng = generator(`pool/${name}`);
      const y = normals(width * columns, rng);
      const before = normals(rows * batch, rng);
      const gradient = normals(rows * batch, rng);
      const buffers = {
        y: gpu.buffer("test.y", y),
        input: gpu.buffer("test.input", before),
        gradient: gpu.buffer("test.gradient", gradient),
        dy: gpu.buffer("test.dy", new Float32Array(width * columns).fill(9)),
      };
      const [pool, unpool] = await Promise.all([gpu.kernel("closure/pool.wgsl"), gpu.kernel("closure/unpool.wgsl")]);
      const params = { batch, groups, outputs, patches, columns, offset };
      gpu.run([
        pool.call({ params, y: buffers.y, input: buffers.input }, (groups * outputs * batch) / 64),
        unpool.call(
          { params: { ...params, width }, gradient: buffers.gradient, dy: buffers.dy },
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
              spread[from] = gradient[at] / patches;
            }
          }
        }
      }
      expectClose(input, pooled, 1e-6);
      expectClose(dy, spread, 1e-6);
      const used = (k: number) => k >= offset * batch && k < (offset + groups * outputs) * batch;
      expect(input.filter((_, k) => !used(k))).toEqual(before.filter((_, k) => !used(k)));
      expect(dy.filter((_, k) => spread[k] === 0).every((value) => value === 0)).toBe(true);
      // ⟨g, pool y⟩ = ⟨unpool g, y⟩, on what the device gave.
      let [left, right] = [0, 0];
      gradient.forEach((g, k) => {
        if (used(k)) left += g * input[k];
      });
      dy.forEach((value, k) => {
        right += value * y[k];
      });
      expect(Math.abs(left - right)).toBeLessThan(1e-5 * Math.abs(left));
      expect(Math.abs(left)).toBeGreaterThan(1);
    });
  }
});

describe("repeat and fold", () => {
  test("repeat columns, and add up what belongs to the same one", async () => {
    const [rows, batch, columns] = [3, 24, 768];
    const rng = generator("repeat");
    const [small, wide] = [normals(rows * batch, rng), normals(rows * columns, rng)];
    const [x, y] = [gpu.buffer("test.x", small), gpu.buffer("test.y", 4 * rows * columns)];
    const [repeat, fold] = await Promise.all(["repeat", "fold"].map((each) => gpu.kernel(`closure/${each}.wgsl`)));
    const params = { rows, batch, columns };
    gpu.run(repeat.call({ params, x, y }, (rows * columns) / 64));
    expect(await gpu.read(y, Float32Array)).toEqual(
      Float32Array.from(wide, (_, k) => small[Math.floor(k / columns) * batch + ((k % columns) % batch)]),
    );
    gpu.write(y, wide);
    gpu.run(fold.call({ params, x, y }, Math.ceil((rows * batch) / 64)));
    const expected = new Float64Array(rows * batch);
    wide.forEach((value, k) => {
      expected[Math.floor(k / columns) * batch + ((k % columns) % batch)] += value;
    });
    expectClose(await gpu.read(x, Float32Array), expected, 1e-6);
    x.destroy();
    y.destroy();
  });
});
