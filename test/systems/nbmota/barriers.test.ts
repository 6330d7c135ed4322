// Barrier models on the device against their formulas in float64, and the published network against its golden barriers.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import compact from "../../../data/nbmota/compact.json";
import fidelity from "../../../data/nbmota/fidelity.json";
import { openDevice } from "../../../lib/gpu/device.ts";
import { readNpy } from "../../../lib/io/npy.ts";
import { barriersOf } from "../../../lib/systems/nbmota/barriers.ts";
import { COMPACT, CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { FRAMES, OFFSETS, SITES } from "../../../lib/systems/nbmota/environment.ts";
import { NetworkBarriers } from "../../../lib/systems/nbmota/network-barriers.ts";
import { type NetworkWeights, PUBLISHED_DIGEST, readNetworkWeights } from "../../../lib/systems/nbmota/weights.ts";
import { generators, normals, SHARED } from "../../fixtures.ts";
import { hostBarriers, toyWeights } from "./toy-barriers.ts";

const gpu = await openDevice();
const random = generators(12);
const absent = existsSync(join(SHARED, "nbmota")) ? "" : " (skipped: no ../shared beside the project)";

/** Surroundings with some vacancies in them. */
function environments(count: number, purpose: string): Uint8Array {
  const rng = random(purpose);
  return Uint8Array.from({ length: SITES * count }, () => (rng.below(20) === 0 ? 0 : 1 + rng.below(3)));
}

/** A network of the published shape with random numbers. */
function randomNetwork(): NetworkWeights {
  const widths = [729, 128, 128, 128, 128, 1];
  const rng = random("network");
  const layers = widths.slice(1).map((outputs, l) => {
    const inputs = widths[l];
    return {
      inputs,
      outputs,
      weights: normals(inputs * outputs, rng, l === 0 ? 0.07 : Math.sqrt(2 / inputs)),
      bias: normals(outputs, rng, 0.3),
    };
  });
  return { layers };
}

function hostNetwork({ layers }: NetworkWeights, types: Uint8Array): Float64Array {
  return Float64Array.from({ length: (8 * types.length) / SITES }, (_, at) => {
    let x = new Float64Array(729);
    for (const [place, site] of FRAMES[at % 8].entries()) {
      const [a, b, c] = OFFSETS[place];
      x[((a + 4) * 9 + b + 4) * 9 + c + 4] = types[SITES * Math.floor(at / 8) + site];
    }
    for (const [l, { inputs, outputs, weights, bias }] of layers.entries()) {
      const y = Float64Array.from(bias);
      for (let i = 0; i < inputs; i++) for (let o = 0; o < outputs; o++) y[o] += x[i] * weights[i * outputs + o];
      x = l + 1 < layers.length ? y.map((u) => Math.max(0, u)) : y;
    }
    return x[0];
  });
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, x, k) => Math.max(most, Math.abs(x - b[k])), 0);

test("what was measured of the compact model was measured of the one that is shipped", () => {
  const { digest } = CompactBarriers.shipped();
  for (const { digests } of [compact, fidelity])
    expect(digests).toEqual({ network: PUBLISHED_DIGEST, compact: digest });
  expect(new CompactBarriers(toyWeights(1)).digest).not.toBe(digest);
});

describe("the network", () => {
  const weights = randomNetwork();
  const model = new NetworkBarriers(weights);

  test("gives the barriers of its layers in all eight directions, beside other vacancies too", async () => {
    const types = environments(20, "network/formula");
    const wanted = hostNetwork(weights, types);
    const scale = Math.max(...wanted.map(Math.abs));
    expect(largest(await barriersOf(gpu, model, types), wanted)).toBeLessThan(1e-5 * scale);
  });

  test("gives the same bytes alone and among 300", async () => {
    const types = environments(300, "network/alone");
    const all = await barriersOf(gpu, model, types);
    for (const k of [0, 31, 32, 299]) {
      expect(await barriersOf(gpu, model, types.slice(k * SITES, (k + 1) * SITES))).toEqual(
        all.slice(8 * k, 8 * k + 8),
      );
    }
  });

  test.skipIf(absent !== "")(`has the published barriers within 1e-4 eV, 2,000 times 8 of them${absent}`, async () => {
    const published = new NetworkBarriers(readNetworkWeights(join(SHARED, "nbmota/nnk_weights")));
    const read = (name: string) => readNpy(join(SHARED, "nbmota/nnk_barriers", `${name}.npy`)).data;
    const found = await barriersOf(gpu, published, read("types"));
    expect(found.length).toBe(16_000);
    // Measured: 1.1e-6.
    expect(largest(found, read("barriers"))).toBeLessThan(1e-5);
  });
});

describe("the compact model", () => {
  const weights = toyWeights(3, 16, 8);

  test("gives the barriers of its formula, as far as whole numbers can", async () => {
    const types = environments(40, "compact/formula");
    const wanted = hostBarriers(weights, types);
    const spread = Math.max(...wanted) - Math.min(...wanted);
    expect(spread).toBeGreaterThan(0.2);
    expect(largest(await barriersOf(gpu, new CompactBarriers(weights), types), wanted)).toBeLessThan(2e-3 * spread);
  });

  test("never overflows, whatever surrounds the vacancy", async () => {
    // Of one number, the types that make it largest and smallest; all others are then anywhere.
    const { rank, values } = weights;
    const extremes = [0, 1, 5, 15].flatMap((r) =>
      [1, -1].map((sign) => {
        const types = new Uint8Array(SITES);
        for (let place = 0; place < SITES; place++) {
          const score = [0, 1, 2, 3].map((t) => (t === 0 ? 0 : sign * values[(3 * place + t - 1) * rank + r]));
          types[FRAMES[7][place]] = score.indexOf(Math.max(...score));
        }
        return types;
      }),
    );
    const types = Uint8Array.from(extremes.flatMap((one) => [...one]));
    const wanted = hostBarriers(weights, types);
    const size = Math.max(...wanted.map(Math.abs));
    expect(largest(await barriersOf(gpu, new CompactBarriers(weights), types), wanted)).toBeLessThan(2e-3 * size);
  });

  test("gives the same bytes alone and among 300", async () => {
    const types = environments(300, "compact/alone");
    const model = new CompactBarriers(weights);
    const all = await barriersOf(gpu, model, types);
    for (const k of [0, 31, 32, 299]) {
      expect(await barriersOf(gpu, model, types.slice(k * SITES, (k + 1) * SITES))).toEqual(
        all.slice(8 * k, 8 * k + 8),
      );
    }
  });

  test("is kept in files", () => {
    const { tensors, text } = COMPACT.write(weights);
    expect(COMPACT.read({ tensors, text })).toEqual(weights);
    expect(() => COMPACT.read({ tensors, text: { ...text, rank: "12" } })).toThrow("rank 12");
    expect(() =>
      COMPACT.read({ tensors: { ...tensors, values: { shape: [1], data: new Float32Array(1) } }, text }),
    ).toThrow("has 1 numbers for values");
  });

  test.skipIf(absent !== "")(`as shipped is within 12 meV of the published barriers, on average${absent}`, async () => {
    const read = (name: string) => readNpy(join(SHARED, "nbmota/nnk_barriers", `${name}.npy`)).data;
    const found = await barriersOf(gpu, CompactBarriers.shipped(), read("types"));
    const wanted = read("barriers");
    const error = found.reduce((sum, x, k) => sum + Math.abs(x - wanted[k]), 0) / found.length;
    expect(error).toBeGreaterThan(1e-3);
    expect(error).toBeLessThan(0.012);
  });
});
