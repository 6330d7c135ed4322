// Pairs of the generator against the exact drift and diffusion of the finite system: what the compensator estimator learns from.
//
// Statistical assertions go through `expectWithin` of statistics.ts: 4.5 standard errors, false alarm 6.8e-6 each.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { diffusion, drift } from "../../lib/analysis/curie-weiss-theory.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { type Generated, regression } from "../../lib/method/pairs.ts";
import { makePairs, type PairOptions, quadraticTimes, smallTrajectories } from "../../lib/method/snapshots.ts";
import { CurieWeiss } from "../../lib/systems/curie-weiss.ts";
import { expectWithin, moments } from "../statistics.ts";

const SEED = 41;
const SIDE = 32;
const PATCH = 8;
const K = (SIDE / PATCH) ** 2;
/** A field, so that neither f nor its mean over the snapshots is zero. */
const RATES = { temperature: 1.3, field: 0.2 };
const EXACT = { ...RATES, spins: SIDE ** 2 };
setDefaultTimeout(120_000);

const system = new CurieWeiss(await openDevice(), { ...RATES, patchSide: PATCH });

/** Generator pairs of 1,500 snapshots, magnetizations all over −1 … 1. */
async function generatorPairs(options: Pick<PairOptions, "patchesPerSnapshot" | "relaxTime">): Promise<Generated> {
  const snapshots = await smallTrajectories(system, { trajectories: 500, times: quadraticTimes(3, 1), seed: SEED });
  const [pairs] = await makePairs(system, snapshots, ["generator"], { ...options, side: SIDE, seed: SEED });
  if (pairs.kind !== "generator") throw new Error(`pairs of kind ${pairs.kind}`);
  return pairs;
}

// Positions that are drawn for the chosen patches alone, and positions that LocalRelax has drawn and moved.
for (const relaxTime of [0, 0.02]) {
  describe(`generator pairs, relaxed for ${relaxTime}`, () => {
    test("one patch of each snapshot has the drift of the whole on average, at every magnetization", async () => {
      const pairs = await generatorPairs({ patchesPerSnapshot: 1, relaxTime });
      expect([pairs.patches, pairs.perSnapshot, pairs.drift.length]).toEqual([K, 1, 1500]);
      const f = Array.from(pairs.whole, (m) => drift(EXACT, m));
      // The patches' own magnetizations make their drifts scatter about f. Σ f (Lφ − f) is 0 but for that: the part of
      // Lφ along f, which is 0 for a generator of 0 and c for one off by a factor c, is 1.
      const along = moments(f.map((value, k) => value * (pairs.drift[k] - value)));
      const size = moments(f.map((value) => value * value)).mean;
      expect(along.meanError / size).toBeLessThan(0.03);
      expectWithin("drift along f", 1 + along.mean / size, 1, along.meanError / size);
      for (const [low, high] of [
        [-1, -0.5],
        [-0.5, 0],
        [0, 0.5],
        [0.5, 1],
      ]) {
        const rest = f
          .map((value, k) => pairs.drift[k] - value)
          .filter((_, k) => pairs.whole[k] >= low && pairs.whole[k] < high);
        expect(rest.length).toBeGreaterThan(200);
        const { mean, meanError } = moments(rest);
        expectWithin(`drift at m in ${low} … ${high}`, mean, 0, meanError);
      }
      // λσσᵀ = K σσᵀ of the whole is what one patch has.
      const ratio = moments(Array.from(pairs.whole, (m, k) => pairs.variation[k] / (K * diffusion(EXACT, m))));
      expect(ratio.meanError).toBeLessThan(0.01);
      expectWithin("Γ of a patch over K σ²", ratio.mean, 1, ratio.meanError);
    });

    test("all patches together have the exact drift and diffusion of the whole", async () => {
      const pairs = await generatorPairs({ patchesPerSnapshot: K, relaxTime });
      const { state, change, variation, time, lambda } = regression(pairs, "compensator");
      expect([time, lambda]).toEqual([1, 1]);
      expect(variation?.length).toBe(1500);
      for (const [k, m] of state.entries()) {
        // Float32 of numbers below 1, and of those below 8/n.
        expect(Math.abs(change[k] - drift(EXACT, m))).toBeLessThan(2e-7);
        expect(Math.abs((variation?.[k] ?? 0) / diffusion(EXACT, m) - 1)).toBeLessThan(1e-6);
      }
    });
  });
}
