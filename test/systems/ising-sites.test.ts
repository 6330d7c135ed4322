// Ising lattices whose sites move in parallel: the clocks of sites, and who of two neighbours comes first. Laws of whole lattices: ising.test.ts.
//
// Statistical assertions fail beyond 4.5 standard errors (test/statistics.ts); the file makes about 50 of them.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../lib/gpu/device.ts";
import { streamUniform } from "../../lib/random/stream.ts";
import { Ising } from "../../lib/systems/ising.ts";
import { heatBathThresholds } from "../../lib/systems/ising-classes.ts";
import { clockLaws, evolveSites } from "../../lib/systems/ising-sites.ts";
import { keeper, streams } from "../fixtures.ts";
import { testKernel } from "../gpu/test-kernel.ts";
import { sum } from "../numbers.ts";
import { expectDistribution, expectWithin, moments } from "../statistics.ts";
import { LANES } from "./ising-host.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const fresh = streams(2_718, "test/ising-sites");
const keep = keeper();

describe("the clock of a site", () => {
  const CLOCKS = 16_384;
  const ATTEMPTS = 64;

  /** Times between attempts, `[clock][attempt]`, in windows of time `length`. */
  async function gaps(length: number): Promise<Float64Array> {
    const code = `
      import package::ising::clocks::{ CELL, LEFT, next_clock };
      import package::random::xoshiro::{ Stream, open_stream };
      struct Params { numbers: vec4u, stream: Stream }
      @group(0) @binding(0) var<uniform> params: Params;
      @group(0) @binding(1) var<storage, read> gaps: array<u32>;
      @group(0) @binding(2) var<storage, read_write> result: array<u32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        var rng = open_stream(params.stream, 0u, id.x);
        var clock = 0u;
        for (var k = 0u; k < ${ATTEMPTS}u; k++) {
          // Counted from the first cell on: a clock holds 1,024 cells.
          clock &= (1u << CELL) - 1u;
          let next = next_clock(clock, params.numbers, &gaps, &rng);
          result[${ATTEMPTS}u * id.x + k] = (next >> LEFT) - (clock >> LEFT);
          clock = next;
        }
      }`;
    const kernel = await testKernel(gpu, "test/clocks.wgsl", code);
    const { gaps, numbers } = clockLaws(length);
    const buffers = { gaps: gpu.buffer("test.gaps", gaps), result: gpu.buffer("test.result", 4 * CLOCKS * ATTEMPTS) };
    gpu.run(kernel.call({ params: { numbers, stream: streamUniform(fresh()) }, ...buffers }, CLOCKS / 64));
    const ticks = await gpu.read(buffers.result, Uint32Array);
    for (const buffer of Object.values(buffers)) buffer.destroy();
    return Float64Array.from(ticks, (x) => (x / 2 ** 27) * length);
  }

  test("has exponential times between attempts, the shortest ones too, whatever the last one was (6 assertions)", async () => {
    // In the first cell there is no attempt at its start.
    const all = (await gaps(8)).filter((_, k) => k % ATTEMPTS > 0);
    const uniform = all.map((gap) => -Math.expm1(-gap));
    expectDistribution("all", uniform, (u) => u);
    const cell = 8 / 256;
    for (const most of [2 * cell, cell, cell / 8]) {
      const short = all.filter((gap) => gap < most);
      const share = -Math.expm1(-most);
      const error = Math.sqrt((share * (1 - share)) / all.length);
      expectWithin(`share below ${most}`, short.length / all.length, share, error);
      expectDistribution(`below ${most}`, short, (gap) => Math.expm1(-gap) / Math.expm1(-most));
    }
    const products = uniform.subarray(1).map((u, k) => (u - 0.5) * (uniform[k] - 0.5));
    expectWithin("one and the next", sum(products) / products.length, 0, 1 / 12 / Math.sqrt(products.length));
  });

  test("of a shorter window is the same up to its end (3 assertions)", async () => {
    const length = 0.5;
    const all = (await gaps(length)).filter((_, k) => k % ATTEMPTS > 0);
    const short = all.filter((gap) => gap < length);
    const share = -Math.expm1(-length);
    expectWithin("share", short.length / all.length, share, Math.sqrt((share * (1 - share)) / all.length));
    expectDistribution("to its end", short, (gap) => Math.expm1(-gap) / Math.expm1(-length));
    expectDistribution(
      "in a cell",
      short.filter((gap) => gap < length / 256),
      (gap) => (256 * gap) / length,
    );
  });
});

describe("who comes first of two neighbours", () => {
  /** An attempt leaves a spin up exactly when one of its neighbours is: up spins walk and multiply. All 32 replicas are alike. */
  const contagion = { temperature: 0.05, field: 3 };
  const SPACING = 12;

  /** `words` lattices with an up spin at every 12th row and column, `time` later: shares of up sites by their place around it. */
  async function spread(side: number, words: number, time: number, parallel: boolean) {
    const system = new Ising(gpu, { ...contagion, patchSide: 6 });
    const states = await keep(system.prepared(LANES * words, side, -1, fresh()));
    const start = Uint32Array.from({ length: words * side ** 2 }, (_, k) => {
      const [row, column] = [Math.floor(k / side) % side, k % side];
      return row % SPACING === 0 && column % SPACING === 0 ? 0xffffffff : 0;
    });
    gpu.write(states.spins, start);
    const { temperature, field } = contagion;
    if (parallel) await evolveSites(gpu, states, time, fresh(), heatBathThresholds(temperature, field));
    else await system.evolve(states, time, fresh());
    const spins = await gpu.read(states.spins, Uint32Array);
    expect(spins.every((word) => word === 0 || word === 0xffffffff)).toBe(true);
    return (y: number, x: number, columns: (column: number) => boolean) => {
      // Of a word: seeds of a lattice are hardly independent when they are near.
      const shares = Float64Array.from({ length: words }, (_, w) => {
        let [up, all] = [0, 0];
        for (let row = 0; row < side; row += SPACING) {
          for (let column = 0; column < side; column += SPACING) {
            if (!columns(column)) continue;
            const site = ((row + y + side) % side) * side + ((column + x + side) % side);
            up += spins[w * side ** 2 + site] & 1;
            all++;
          }
        }
        return up / all;
      });
      return moments(shares);
    };
  }

  // Strips of 32, 32 and 2 sites: seeds beside their ends at columns 60, 120 and 0.
  test("counts in every direction, within strips and from one to the next (36 assertions)", async () => {
    for (const time of [0.6, 1.5]) {
      const [parallel, one] = [await spread(132, 150, time, true), await spread(132, 150, time, false)];
      for (const [name, columns] of [
        ["all seeds", () => true],
        ["seeds where the lattice closes", (column: number) => column === 0],
      ] as const) {
        for (const [y, x] of [
          [0, 0],
          [0, 1],
          [0, -1],
          [1, 0],
          [-1, 0],
          [0, 2],
          [0, -2],
          [2, 0],
          [-2, 0],
        ]) {
          const [a, b] = [parallel(y, x, columns), one(y, x, columns)];
          expectWithin(
            `${name}, ${y} down and ${x} right at ${time}`,
            a.mean,
            b.mean,
            Math.hypot(a.meanError, b.meanError),
          );
        }
      }
    }
  });
});
