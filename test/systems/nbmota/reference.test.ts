// Walks over the barriers of the published network against those of its authors' own program, from the same start.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openDevice } from "../../../lib/gpu/device.ts";
import { readNpy } from "../../../lib/io/npy.ts";
import { stream } from "../../../lib/random/stream.ts";
import { placeOf } from "../../../lib/systems/nbmota/lattice.ts";
import { NetworkBarriers } from "../../../lib/systems/nbmota/network-barriers.ts";
import { PAIR_NAMES, siteCount } from "../../../lib/systems/nbmota/states.ts";
import { readNetworkWeights } from "../../../lib/systems/nbmota/weights.ts";
import { NbMoTa } from "../../../lib/systems/nbmota.ts";
import { SHARED } from "../../fixtures.ts";
import { mean, range } from "../../numbers.ts";
import { moments } from "../../statistics.ts";

setDefaultTimeout(600_000);

const folder = join(SHARED, "nbmota");
const absent = existsSync(folder) ? "" : " (skipped: no ../shared beside the project)";
const CELLS = 8;
/** Jumps between two looks at a lattice: even, so that the vacancy is among the same half of the sites at all. */
const EVERY = 2500;
/** The authors' walks are compared from here on. */
const REFERENCE_FROM = 100_000;

/** Means over blocks of jumps: six order parameters and the time of a jump (s). */
type Block = readonly number[];

interface Case {
  readonly temperature: number;
  readonly walkers: number;
  /** Jumps before the first block. */
  readonly from: number;
  /** Jumps of a block, and how many follow each other: blocks of one walk count as independent. */
  readonly block: number;
  readonly blocks: number;
}
const CASES: readonly Case[] = [
  // Far from equilibrium: the same part of the way, one block a walk.
  { temperature: 800, walkers: 12, from: REFERENCE_FROM, block: 100_000, blocks: 1 },
  // In equilibrium after 25,000 jumps, of which states remember a few thousand.
  { temperature: 2400, walkers: 12, from: 30_000, block: 10_000, blocks: 3 },
];

/** Rows of a walk at looks behind `from`, [jumps, time, six δ], to means of blocks. */
function blocksOf(rows: readonly (readonly number[])[], block: number): Block[] {
  const looks = block / EVERY;
  return range(Math.floor((rows.length - 1) / looks), (b) => {
    const own = rows.slice(b * looks + 1, (b + 1) * looks + 1);
    const time = own[looks - 1][1] - rows[b * looks][1];
    return [...range(6, (j) => mean(own.map((row) => row[2 + j]))), time / block];
  });
}

function referenceBlocks({ temperature, block }: Case): Block[] {
  const lines = readFileSync(join(folder, "kmc_reference_1024.csv"), "utf8").trim().split("\n").slice(1);
  const rows = lines.map((line) => line.split(",").map(Number)).filter(([T]) => T === temperature);
  const seeds = [...new Set(rows.map(([, seed]) => seed))];
  return seeds.flatMap((seed) => {
    const own = rows.filter(([, s, step]) => s === seed && step >= REFERENCE_FROM && step % EVERY === 0);
    return blocksOf(
      own.map(([, , ...rest]) => rest),
      block,
    );
  });
}

async function ownBlocks({ temperature, walkers, from, block, blocks }: Case): Promise<Block[]> {
  const gpu = await openDevice();
  const barriers = new NetworkBarriers(readNetworkWeights(join(folder, "nnk_weights")));
  const system = new NbMoTa(gpu, { temperature, barriers, coordinates: "six" });
  const { data } = readNpy(join(folder, "initial_1024.npy"));
  const side = 2 * CELLS;
  const types = Uint8Array.from({ length: siteCount(CELLS) }, (_, site) => {
    const [x, y, z] = placeOf(site, CELLS);
    return data[(x * side + y) * side + z];
  });
  const states = await system.fromTypes(new Array<Uint8Array>(walkers).fill(types), CELLS);
  const rows: number[][][] = range(walkers, () => []);
  const time = new Float64Array(walkers);
  for (let jumps = 0, call = 0; jumps <= from + blocks * block; call++) {
    if (jumps >= from) {
      const order = await system.observe(states);
      for (const [w, own] of rows.entries()) own.push([jumps, time[w], ...order.subarray(6 * w, 6 * w + 6)]);
    }
    const more = jumps < from ? from : EVERY;
    const walk = await system.evolveJumps(states, more, stream(8, "test/reference", call));
    for (let w = 0; w < walkers; w++) time[w] += walk.time[w];
    jumps += more;
  }
  states.destroy();
  return rows.flatMap((own) => blocksOf(own, block));
}

describe(`walks of the published network are those of its authors' program${absent}`, () => {
  for (const one of CASES) {
    test.skipIf(absent !== "")(`at ${one.temperature} K: order and time of a jump`, async () => {
      const [theirs, ours] = [referenceBlocks(one), await ownBlocks(one)];
      expect(theirs.length).toBe((3 * REFERENCE_FROM) / one.block);
      expect(ours.length).toBe(one.walkers * one.blocks);
      for (const [j, name] of [...PAIR_NAMES, "time of a jump"].entries()) {
        const [a, b] = [theirs, ours].map((blocks) => moments(blocks.map((block) => block[j])));
        // One law for both, so one variance.
        const [n, m] = [theirs.length, ours.length];
        const variance = ((n - 1) * a.variance + (m - 1) * b.variance) / (n + m - 2);
        const deviation = (b.mean - a.mean) / Math.sqrt(variance * (1 / n + 1 / m));
        if (!(Math.abs(deviation) <= 4)) {
          throw new Error(`${name}: ${b.mean} is ${deviation.toFixed(1)} standard errors from ${a.mean}`);
        }
      }
    });
  }
});
