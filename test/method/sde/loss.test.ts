// The loss kernel: value and gradient against float64.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { NETWORK_DIFFUSION } from "../../../lib/method/sde/network-diffusion.ts";
import { generators, normal } from "../../fixtures.ts";
import { identity, product, square, upper } from "../../matrices.ts";
import { difference } from "../../numbers.ts";
import { FORMS, innerSigma, lowerTriangle, sigmaOutputs } from "./reference.ts";

const SEED = 30;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

describe("loss kernel", () => {
  const BATCH = 64;
  const EPSILON = 0.05;
  /** Relative to the largest value; float32 inverses of matrices with condition numbers up to about 100. */
  const TOLERANCE = 5e-5;

  /** Loss of one sample in float64: r and V as given, C = S Sᵀ + ε; by elimination of [C | r V]. */
  function lossOf(d: number, s: Float64Array, r: number[], v: number[] | null): number {
    const c = square(s, d);
    const rows = Array.from({ length: d }, (_, j) => [
      ...c.slice(j * d, (j + 1) * d).map((x, k) => x + (j === k ? EPSILON : 0)),
      r[j],
      ...(v ?? []).slice(j * d, (j + 1) * d),
    ]);
    let loss = 0;
    for (let p = 0; p < d; p++) {
      const pivot = rows[p][p];
      loss += Math.log(pivot);
      rows[p] = rows[p].map((x) => x / pivot);
      for (let j = 0; j < d; j++) {
        const factor = rows[j][p];
        if (j !== p) rows[j] = rows[j].map((x, k) => x - factor * rows[p][k]);
      }
    }
    for (let j = 0; j < d; j++) loss += v ? r[j] * r[j] + rows[j][d + 1 + j] : r[j] * rows[j][d];
    return loss;
  }

  for (const form of FORMS) {
    for (const method of ["increment", "compensator"] as const) {
      test(`${form} diffusion, ${method}: value and gradient equal the float64 ones for d = 1 … 8`, async () => {
        for (const [d, each] of [1, 2, 3, 4, 8].flatMap((d) => [
          [d, false],
          [d, true],
        ]) as [number, boolean][]) {
          const rng = generator(`loss/${form}/${method}/${d}`);
          const count = sigmaOutputs(form, d);
          // Each field has padding of its own.
          const driftRows = 8 * Math.ceil(d / 8);
          const diffusionRows = 8 * Math.ceil(count / 8);
          const triangle = method === "compensator" ? (d * (d + 1)) / 2 : 0;
          const batch = new Float32Array((2 * d + triangle + (each ? 1 : 0)) * BATCH);
          const scales = Float32Array.from({ length: BATCH }, () => (each ? 0.5 + rng.uniform() : 1));
          if (each) batch.set(scales, (2 * d + triangle) * BATCH);
          const outputs = (rows: number) => Float32Array.from({ length: rows * BATCH }, () => 0.3 * normal(rng));
          const [drift, diffusion] = [outputs(driftRows), outputs(diffusionRows)];
          const kappa = Float32Array.from({ length: 8 }, (_, j) => 0.5 + 0.2 * j);
          const frame = form === "triangular" ? lowerTriangle(d, rng) : Float32Array.from(identity(d));
          const padded = Float32Array.from({ length: 64 }, (_, k) => frame[k] ?? 0);
          const full: (number[] | null)[] = [];
          for (let b = 0; b < BATCH; b++) {
            for (let j = 0; j < d; j++) batch[(d + j) * BATCH + b] = normal(rng);
            const root = Array.from({ length: d * d }, () => normal(rng) / Math.sqrt(d));
            const v = square(root, d).map(Math.fround);
            for (let k = 0; k < triangle; k++) batch[(2 * d + k) * BATCH + b] = upper(v, d)[k];
            full.push(triangle > 0 ? v : null);
          }
          const buffers = {
            batch: gpu.buffer("test.batch", batch),
            drift: gpu.buffer("test.drift", drift),
            diffusion: gpu.buffer("test.diffusion", diffusion),
            drift_gradient: gpu.buffer("test.drift-gradient", 4 * drift.length),
            diffusion_gradient: gpu.buffer("test.diffusion-gradient", 4 * diffusion.length),
            losses: gpu.buffer("test.losses", 4 * BATCH),
          };
          const kernel = await gpu.kernel("sde/loss.wgsl", {
            constants: {
              D: d,
              ...NETWORK_DIFFUSION.lossConstants?.({ kind: "network", hidden: [], activation: "tanh", form }),
              DRIFT_ROWS: driftRows,
              DIFFUSION_ROWS: diffusionRows,
              COMPENSATOR: triangle > 0 ? 1 : 0,
              EACH: each ? 1 : 0,
            },
          });
          gpu.run(
            kernel.call({ params: { batch: BATCH, epsilon: EPSILON, inputs: d, kappa, frame: padded }, ...buffers }, 1),
          );
          const driftGradient = await gpu.read(buffers.drift_gradient, Float32Array);
          const diffusionGradient = await gpu.read(buffers.diffusion_gradient, Float32Array);
          const losses = await gpu.read(buffers.losses, Float32Array);
          for (const buffer of Object.values(buffers)) buffer.destroy();

          const expectedDrift = new Float64Array(driftGradient.length);
          const expectedDiffusion = new Float64Array(diffusionGradient.length);
          let lossError = 0;
          for (let b = 0; b < BATCH; b++) {
            const g = Float64Array.from({ length: d }, (_, j) => drift[j * BATCH + b]);
            const raw = Float64Array.from({ length: count }, (_, k) => diffusion[k * BATCH + b]);
            const value = () => {
              const s = product(frame, innerSigma(form, d, raw), d);
              const r = Array.from(g, (x, j) => batch[(d + j) * BATCH + b] - scales[b] * kappa[j] * x);
              return lossOf(d, s, r, full[b]);
            };
            lossError = Math.max(lossError, Math.abs(losses[b] - value()));
            const h = 1e-5;
            for (const [values, expected] of [
              [g, expectedDrift],
              [raw, expectedDiffusion],
            ]) {
              for (let k = 0; k < values.length; k++) {
                const at = values[k];
                values[k] = at + h;
                const above = value();
                values[k] = at - h;
                expected[k * BATCH + b] = (above - value()) / (2 * h) / BATCH;
                values[k] = at;
              }
            }
          }
          const top = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));
          expect(lossError).toBeLessThan(TOLERANCE * top(losses));
          // Of the largest of all, as of one gradient.
          const both = [...expectedDrift, ...expectedDiffusion];
          expect(top(difference([...driftGradient, ...diffusionGradient], both))).toBeLessThan(TOLERANCE * top(both));
          // Rows of padding: exactly zero.
          expect(driftGradient.slice(d * BATCH).every((x) => x === 0)).toBe(true);
          expect(diffusionGradient.slice(count * BATCH).every((x) => x === 0)).toBe(true);
        }
      });
    }
  }
});
