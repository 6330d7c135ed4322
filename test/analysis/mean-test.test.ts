// Hotelling's test of a mean: its law where the mean is zero, of clusters too, and its power.
import { expect, test } from "bun:test";
import { meanTest } from "../../lib/analysis/mean-test.ts";
import { generators, normal } from "../fixtures.ts";
import { mean, range } from "../numbers.ts";
import { expectWithin } from "../statistics.ts";

const generator = generators(92);

/** Correlated rows of three numbers about `shift`, each cluster with a common part. */
function rowsOf(rng: ReturnType<typeof generator>, clusters: number, cluster: number, shift = 0): number[] {
  return range(clusters, () => {
    const common = normal(rng);
    return range(cluster, () => {
      const [a, b, c] = [normal(rng), normal(rng), normal(rng)];
      return [shift + a + common, 100 * (a + 0.5 * b), 0.01 * (b - c - common)];
    }).flat();
  }).flat();
}

test("χ² has the mean of its degrees of freedom where the mean is zero, of clusters too", () => {
  const rng = generator("null");
  for (const [cluster, clusters] of [
    [1, 30],
    [8, 30],
    [1, 12],
  ]) {
    const tests = range(3000, () => meanTest(rowsOf(rng, clusters, cluster), 3, cluster));
    const ratios = tests.map(({ chi2 }) => chi2 / 3);
    const [{ chi2Error, rare }] = tests;
    expectWithin(`mean of ${clusters} clusters of ${cluster}`, mean(ratios), 1, chi2Error / Math.sqrt(3000));
    // Of 12 clusters a χ² is spread 1.5 times as much as of many.
    expect(Math.sqrt(mean(ratios.map((x) => (x - 1) ** 2))) / chi2Error).toBeWithin(0.88, 1.12);
    expect(ratios.filter((x) => x > rare).length).toBeWithin(0, 10);
    expect(Math.max(...ratios)).toBeGreaterThan(0.5 * rare);
  }
  // F of 3 and 9 degrees of freedom (Abramowitz & Stegun, table 26.9): 13.90 once in a thousand times.
  expect((meanTest(rowsOf(rng, 12, 1), 3).rare / 7) * 9).toBeWithin(13.4, 14.6);
  // Taken for independent, rows of clusters are too sure.
  expect(mean(range(300, () => meanTest(rowsOf(rng, 30, 8), 3, 1).chi2))).toBeGreaterThan(6);
});

test("a mean that is off is found, with its size and error", () => {
  const rng = generator("off");
  const found = meanTest(rowsOf(rng, 400, 4, 0.5), 3, 4);
  expect(found.freedom).toBe(3);
  expect(found.chi2).toBeGreaterThan(40);
  expectWithin("mean", found.mean[0], 0.5, found.error[0]);
  expect(found.error[0]).toBeCloseTo(Math.sqrt((1 + 1 / 4) / 400), 2);
});

test("too few clusters, or variables that determine each other, say nothing", () => {
  const rng = generator("few");
  for (const clusters of [0, 1, 5]) expect(meanTest(rowsOf(rng, clusters, 4), 3, 4).chi2).toBeNaN();
  // Fewer rows than a cluster has.
  expect(meanTest(rowsOf(rng, 1, 4), 3, 32).chi2).toBeNaN();
  expect(
    meanTest(
      range(50, () => normal(rng)).flatMap((x) => [x, x]),
      2,
    ).chi2,
  ).toBeNaN();
});
