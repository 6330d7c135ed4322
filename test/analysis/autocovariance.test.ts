// Covariances of runs at two times against the exact ones of an Ornstein–Uhlenbeck process, their errors, and the ratio of memories.
import { expect, test } from "bun:test";
import { autocovariance, autocovarianceError, memoryRatio } from "../../lib/analysis/autocovariance.ts";
import { ensemble } from "../../lib/analysis/ensemble.ts";
import { generators, normal } from "../fixtures.ts";
import { mean, range } from "../numbers.ts";
import { expectWithin } from "../statistics.ts";

const generator = generators(93);
const TIMES = Float64Array.from({ length: 31 }, (_, k) => 0.2 * k);

/** Stationary runs that forget at the rates given, one a variable, each cluster with one noise for `share` of the variance; means differ from case to case. */
function runsOf(purpose: string, runs: number, rates: readonly number[], { cases = 2, cluster = 1, share = 0 } = {}) {
  const rng = generator(purpose);
  const d = rates.length;
  const width = cases * runs * d;
  const data = new Float32Array(TIMES.length * width);
  const decay = rates.map((rate) => Math.exp(-0.2 * rate));
  const state = new Float64Array(width);
  for (let t = 0; t < TIMES.length; t++) {
    let common: number[] = [];
    for (let k = 0; k < width; k++) {
      const j = k % d;
      if (k % (cluster * d) === 0) common = rates.map(() => normal(rng));
      const noise = Math.sqrt(share) * common[j] + Math.sqrt(1 - share) * normal(rng);
      state[k] = t === 0 ? noise : decay[j] * state[k] + Math.sqrt(1 - decay[j] ** 2) * noise;
      data[t * width + k] = state[k] + 10 * Math.floor(k / (runs * d));
    }
  }
  return ensemble({ times: TIMES, cases, runs, d }, data);
}

test("covariances are exp(−γ s), from two thirds of the time on, with the errors that are said", () => {
  const rates = [0.5, 2];
  const found = range(40, (k) => autocovariance(runsOf(`law/${k}`, 160, rates), 2));
  expect(found[0].from).toBeCloseTo(4, 10);
  expect(Array.from(found[0].lags)).toHaveLength(11);
  for (const [j, rate] of rates.entries()) {
    for (const lag of [0, 3, 10]) {
      const values = found.map(({ covariance }) => covariance[j][lag]);
      const exact = Math.exp(-rate * 0.2 * lag);
      // Variance (1 + C²) / runs, of two cases together.
      const error = Math.sqrt((1 + exact ** 2) / 160 / 2);
      expectWithin(`variable ${j}, lag ${lag}`, mean(values), exact, error / Math.sqrt(40));
      const said = mean(found.map((one) => autocovarianceError(one, j)[lag] ** 2));
      expect(Math.sqrt(said) / error).toBeWithin(0.85, 1.15);
    }
  }
});

test("runs of a cluster that depend on each other count as few", () => {
  const of = (k: number, cluster: number) =>
    autocovariance(runsOf(`cluster/${k}`, 320, [1], { cluster: 20, share: 0.9 }), 1, cluster);
  const error = (cluster: number) => Math.sqrt(mean(range(30, (k) => autocovarianceError(of(k, cluster), 0)[0] ** 2)));
  const values = range(30, (k) => of(k, 20).covariance[0][0]);
  const true_ = Math.sqrt(mean(values.map((x) => (x - mean(values)) ** 2)));
  expect(error(20) / true_).toBeWithin(0.7, 1.4);
});

test("memory: 1 for one law, within its error; 2 where runs forget at half the rate, as far as lags reach", () => {
  const of = (purpose: string, rate: number) => autocovariance(runsOf(purpose, 400, [rate]), 1);
  const same = range(60, (k) => memoryRatio(of(`a/${k}`, 4), of(`b/${k}`, 4)));
  const z = same.map(({ value, error }) => Math.log(value) / error);
  expectWithin("mean", mean(z), 0, 1 / Math.sqrt(60));
  expect(mean(z.map((x) => x * x))).toBeWithin(0.6, 1.6);
  // ∫ exp(−2γ s) over 0 … 2, by trapezoids.
  const area = (rate: number) =>
    range(10, (k) => 0.1 * (Math.exp(-0.4 * rate * k) + Math.exp(-0.4 * rate * (k + 1)))).reduce((a, b) => a + b);
  const slow = memoryRatio(of("slow", 1), of("fast", 4));
  expectWithin("slow", Math.log(slow.value), Math.log(area(1) / area(4)), slow.error);
  expect(slow.count).toBe(16);
  expect(slow.ofTruth).toBeWithin(0.02, slow.error);
  const still = autocovariance(ensemble({ times: TIMES, cases: 1, runs: 8, d: 1 }, new Float32Array(31 * 8)), 1);
  expect(memoryRatio(still, still).value).toBeNaN();
});

test("of one cluster nothing is known, of a law that is given everything", () => {
  const alone = autocovariance(runsOf("alone", 20, [1], { cluster: 20, share: 0.9 }), 1, 20);
  const many = autocovariance(runsOf("many", 400, [1]), 1);
  expect(autocovarianceError(alone, 0).every(Number.isNaN)).toBe(true);
  expect(memoryRatio(many, alone).error).toBeNaN();
  const law = { ...many, groups: null };
  expect(Array.from(autocovarianceError(law, 0))).toEqual(range(11, () => 0));
  expect(memoryRatio(many, law)).toMatchObject({ value: expect.closeTo(1, 1), ofTruth: 0, count: 16 });
});
