// How many independent runs true ones are worth that share noise in words.
import { expect, test } from "bun:test";
import { ensemble, momentsOf } from "../../../lib/analysis/ensemble.ts";
import { replicateMoments } from "../../../lib/analysis/replicates.ts";
import { independentRuns } from "../../../lib/experiments/ising/scores.ts";
import { draws } from "../../fixtures.ts";
import { range } from "../../numbers.ts";

const RUNS = 512;
const WORD = 8;
const TIMES = 40;

/** Runs whose value is one number of their word and one of their own, with these shares of the variance, at each of the times anew. */
function words(shared: number) {
  const { normal } = draws(3)("words");
  const data = new Float32Array(TIMES * RUNS * 2);
  for (let t = 0; t < TIMES; t++) {
    for (const j of [0, 1]) {
      const common = range(RUNS / WORD, () => Math.sqrt(shared) * normal());
      for (let r = 0; r < RUNS; r++)
        data[(t * RUNS + r) * 2 + j] = common[Math.floor(r / WORD)] + Math.sqrt(1 - shared) * normal();
    }
  }
  return ensemble({ times: Float64Array.from(range(TIMES, (t) => t)), cases: 1, runs: RUNS, d: 2 }, data);
}

test("runs of a word that all do the same are worth one, independent ones as many as they are", () => {
  for (const [shared, worth] of [
    [1, RUNS / WORD],
    [0, RUNS],
    [0.5, RUNS / (1 + 0.5 * (WORD - 1))], // variance of a mean of words of correlation ½
  ]) {
    const runs = words(shared);
    const found = independentRuns(
      { moments: momentsOf(runs), replicates: replicateMoments(runs, null, 1, WORD), runs: RUNS },
      0,
    );
    // 80 variances, each known to √(2/64) from 64 words and to √(2/200) from the resamples: 2.3 %.
    expect(Math.abs(found / worth - 1)).toBeLessThan(0.1);
    expect(found).toBeLessThanOrEqual(RUNS);
  }
});
