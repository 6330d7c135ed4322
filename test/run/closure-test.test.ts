// The closure test on a process with a hidden slow variable: true systems that are on their way from a state where it is large.
import { expect, setDefaultTimeout, test } from "bun:test";
import { ensemble } from "../../lib/analysis/ensemble.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import type { Regression } from "../../lib/method/pairs.ts";
import { solveSde } from "../../lib/method/sde/fit.ts";
import { closureTest, midwayOf, midwayTimes } from "../../lib/run/closure-test.ts";
import { openRun } from "../../lib/run/run-folder.ts";
import { generators, normal, temporaryFolder } from "../fixtures.ts";
import { range } from "../numbers.ts";
import { options, placesIn } from "./folders.ts";

setDefaultTimeout(120_000);
const gpu = await openDevice();
const place = placesIn(temporaryFolder("closure-test"));
const generator = generators(94);

const DT = 0.05;
const TIMES = Float64Array.from({ length: 41 }, (_, k) => 0.25 * k);
/** dx = (y − x) dt + 0.3 dW, dy = −0.3 y dt + 0.3 dW. */
const drift = ([x, y]: readonly number[]) => [y - x, -0.3 * y];
const NOISE = 0.3;

/** What the generator says at states of a stationary cloud: of (x, y), or of x with y left out. */
function taught(d: 1 | 2): Regression {
  const rng = generator("taught");
  const rows = range(600, () => {
    const y = 0.4 * normal(rng);
    const z = [0.75 * y + 0.4 * normal(rng), y];
    return { state: z.slice(0, d), change: drift(z).slice(0, d) };
  });
  return {
    ...{ method: "compensator", d, time: 1, instant: true, lambda: 1, condition: new Float32Array(0) },
    state: Float32Array.from(rows.flatMap(({ state }) => state)),
    change: Float32Array.from(rows.flatMap(({ change }) => change)),
    variation: Float32Array.from(rows.flatMap(() => (d === 2 ? [NOISE ** 2, 0, NOISE ** 2] : [NOISE ** 2]))),
    cohort: Uint32Array.from(rows, (_, k) => k),
  };
}

/** Two cases, y large at first and in equilibrium; runs in clusters of one noise. */
function truth(runs: number, cluster: number) {
  const rng = generator("truth");
  const starts = [
    [-1, 1.2],
    [0, 0],
  ];
  const count = starts.length * runs;
  const z = range(count, (k) => [...starts[Math.floor(k / runs)]]);
  const data: number[] = [];
  for (const t of TIMES.keys()) {
    data.push(...z.flat());
    for (let step = 0; t + 1 < TIMES.length && step < 25; step++) {
      const h = 0.25 / 25;
      let common = [0, 0];
      for (const [k, one] of z.entries()) {
        if (k % cluster === 0) common = [normal(rng), normal(rng)];
        const f = drift(one);
        for (const j of [0, 1]) {
          const noise = cluster > 1 ? Math.SQRT1_2 * (common[j] + normal(rng)) : common[j];
          one[j] += h * f[j] + NOISE * Math.sqrt(h) * noise;
        }
      }
    }
  }
  return ensemble({ times: TIMES, cases: starts.length, runs, d: 2 }, Float32Array.from(data));
}

test("systems are taken at a tenth of the time, and looked at after a fifth of it", () => {
  expect(midwayTimes(TIMES)).toEqual({ begin: 4, end: 12 });
  expect(midwayTimes([0, 1])).toEqual({ begin: 0, end: 1 });
  const ours = truth(4, 1);
  const { state, later, from, lag } = midwayOf(ours, 1);
  expect([from, lag]).toEqual([1, 2]);
  expect(Array.from(state)).toEqual(Array.from(ours.data.subarray(4 * 16, 5 * 16)));
  expect(Array.from(later)).toEqual(range(8, (k) => ours.data[12 * 16 + 2 * k]));
});

test("it tells variables that decide their future from those that do not, where it can be seen, clusters too", async () => {
  const run = await openRun(options(place()));
  const whole = solveSde(taught(2), { kind: "polynomial", degree: 1 });
  const part = solveSde(taught(1), { kind: "polynomial", degree: 1 });
  for (const cluster of [1, 16]) {
    const exact = truth(960, cluster);
    const alone = ensemble(
      { ...exact, d: 1 },
      exact.data.filter((_, k) => k % 2 === 0),
    );
    const step = { dt: DT, scheme: "heun" as const };
    const closed = await closureTest(run, gpu, `whole${cluster}`, whole, midwayOf(exact, 1, cluster), step, 1);
    const open = await closureTest(run, gpu, `part${cluster}`, part, midwayOf(alone, 1, cluster), step, 1);
    // One degree of freedom: 3.5 standard deviations.
    for (const { chi2, freedom } of closed?.tests ?? []) {
      expect(freedom).toBe(1);
      expect(chi2).toBeLessThan(12);
    }
    const [large, none] = open?.tests ?? [];
    expect(large.chi2).toBeGreaterThan(100);
    expect(large.mean[0]).toBeGreaterThan(0.2);
    // In equilibrium the mean says nothing.
    expect(none.chi2).toBeLessThan(12);
  }
});
