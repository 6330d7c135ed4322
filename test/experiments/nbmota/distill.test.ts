// Examples that compact models are distilled from, and the fit: with a teacher that is a compact model itself, known in full.
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  annealedExamples,
  disorderedExamples,
  distilled,
  type Examples,
  examplesJumps,
  joinedExamples,
  meanAbsoluteError,
} from "../../../lib/experiments/nbmota/distill.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { DIRECTIONS, OFFSETS, SITES } from "../../../lib/systems/nbmota/environment.ts";
import { closeWithin, mean, range } from "../../numbers.ts";
import { expectWithin } from "../../statistics.ts";
import { hostBarriers, toyWeights } from "../../systems/nbmota/toy-barriers.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const weights = toyWeights(9);
const teacher = new CompactBarriers(weights);
const shipped = CompactBarriers.shipped();
// Sums are of 16 bits on the device.
const close = closeWithin(1e-3);

/** Places around a vacancy that are nearest neighbours. */
const BONDS = OFFSETS.flatMap((place, a) =>
  DIRECTIONS.flatMap((step) => {
    const b = OFFSETS.findIndex((other) => other.every((x, k) => x === place[k] + step[k]));
    return b > a ? [[a, b]] : [];
  }),
);

/** Share of such pairs that are Mo and Ta, in every environment. */
function unlike({ types }: Examples): number[] {
  return range(types.length / SITES, (n) => {
    const kinds = BONDS.map((bond) => bond.map((place) => types[n * SITES + place]));
    return kinds.filter(([a, b]) => a + b === 5 && a !== 0 && b !== 0).length / BONDS.length;
  });
}

test("alloys without order have atoms of any kind anywhere, with the barriers of the teacher", async () => {
  const examples = await disorderedExamples(gpu, teacher, { replicas: 32, looks: 8, seed: 3 });
  // Three vacancies in each lattice.
  expect(examples.types.length).toBe(32 * 8 * 3 * SITES);
  close(examples.barriers, hostBarriers(weights, examples.types));
  for (const kind of [1, 2, 3]) {
    const share = mean(examples.types.map((type) => Number(type === kind)));
    expectWithin(`share of ${kind}`, share, 1021 / 3 / 1023, 0.001);
  }
  // 2 · (1/3)² of the pairs; the share in one environment varies by 0.03 or so.
  const pairs = unlike(examples);
  expectWithin("pairs of Mo and Ta", mean(pairs), 2 / 9, 0.03 / Math.sqrt(pairs.length));
});

test("annealed lattices have order, the more the colder, and what vacancies see comes with the barriers of the teacher", async () => {
  const models = { guide: shipped, walker: shipped, teacher };
  const options = { replicas: 8, looks: 12, jumps: 200, seed: 4 };
  let jumps = 0;
  const onJumps = (count: number) => {
    jumps += count;
  };
  const [hot, cold] = await annealedExamples(gpu, models, [3000, 1500], options, { onJumps });
  expect(jumps).toBe(examplesJumps([3000, 1500], options));
  for (const { types, barriers } of [hot, cold]) {
    expect(types.length).toBe(8 * 12 * SITES);
    close(barriers, hostBarriers(weights, types));
  }
  const [few, many] = [mean(unlike(hot)), mean(unlike(cold))];
  // δ is 0.28 and 0.68: (2/3)(1/3 + δ/8) of the pairs are Mo and Ta.
  expect(few).toBeGreaterThan(0.225);
  expect(many).toBeGreaterThan(few + 0.012);
});

test("a fit finds the teacher: errors fall far below the spread of its barriers, on examples that it has not seen", async () => {
  const examples = await disorderedExamples(gpu, teacher, { replicas: 64, looks: 8, seed: 5 });
  const others = await disorderedExamples(gpu, teacher, { replicas: 16, looks: 8, seed: 6 });
  const options = { rank: 16, hidden: 8, batch: 1024, steps: 1500, learningRate: 4e-3, weightDecay: 0, seed: 1 };
  const model = new CompactBarriers(await distilled(gpu, examples, options));
  const middle = mean(others.barriers);
  const spread = mean(others.barriers.map((x) => Math.abs(x - middle)));
  const error = await meanAbsoluteError(gpu, model, joinedExamples([others, others]));
  expect(error).toBeCloseTo(await meanAbsoluteError(gpu, model, others), 7);
  expect(error).toBeLessThan(0.25 * spread);
});
