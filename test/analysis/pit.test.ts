// The probability integral transform of true runs among predicted ones: its law where both have one, its power where they do not.
import { describe, expect, test } from "bun:test";
import { ensemble } from "../../lib/analysis/ensemble.ts";
import { pitOf, pitTable } from "../../lib/analysis/pit.ts";
import { generators, normal } from "../fixtures.ts";
import { mean, range } from "../numbers.ts";
import { expectWithin } from "../statistics.ts";

const generator = generators(91);

describe("two samples", () => {
  test("of one law: χ² has the mean of its degrees of freedom, and bins are as even as is said", () => {
    const rng = generator("even");
    const tests = range(600, () =>
      pitOf(
        range(300, () => normal(rng)),
        range(200, () => normal(rng)),
      ),
    );
    const values = tests.map(({ chi2 }) => chi2);
    expect(new Set(tests.map(({ freedom }) => freedom))).toEqual(new Set([11]));
    expectWithin("mean of χ²", mean(values), 11, Math.sqrt(22 / 600));
    const square = mean(tests.map(({ ratio, error }) => ((ratio[4] - 1) / error[4]) ** 2));
    expect(square).toBeWithin(0.8, 1.35);
  });

  test("of another mean, or another spread, are found", () => {
    const rng = generator("other");
    const ours = range(1000, () => normal(rng));
    const shifted = pitOf(
      ours,
      range(1000, () => 0.25 + normal(rng)),
    );
    expect(shifted.chi2).toBeGreaterThan(11 + 4 * Math.sqrt(22));
    expect(shifted.ratio[0]).toBeLessThan(0.85);
    expect(shifted.ratio[11]).toBeGreaterThan(1.15);
    const narrow = pitOf(
      ours,
      range(1000, () => 0.7 * normal(rng)),
    );
    expect(narrow.chi2).toBeGreaterThan(11 + 4 * Math.sqrt(22));
    expect(narrow.ratio[0]).toBeLessThan(0.75);
    expect(narrow.ratio[11]).toBeLessThan(0.75);
  });

  test("with clusters of dependent values are judged by the number of clusters", () => {
    const rng = generator("clusters");
    const clustered = () =>
      range(25, () => {
        const common = normal(rng);
        return range(8, () => 0.9 * common + Math.sqrt(1 - 0.81) * normal(rng));
      }).flat();
    const of = (cluster: number) =>
      range(
        400,
        () =>
          pitOf(
            range(1000, () => normal(rng)),
            clustered(),
            cluster,
          ).chi2,
      );
    expect(mean(of(1))).toBeGreaterThan(17);
    expect(mean(of(8))).toBeWithin(8, 13);
    const independent = range(
      300,
      () =>
        pitOf(
          range(500, () => normal(rng)),
          range(200, () => normal(rng)),
          8,
        ).chi2,
    );
    expect(mean(independent)).toBeWithin(10, 12.5);
  });

  test("of few different values have as few bins", () => {
    const rng = generator("ties");
    const coin = () => Math.floor(3 * rng.uniform());
    const tests = range(300, () => pitOf(range(200, coin), range(200, coin)));
    expect(new Set(tests.map(({ freedom }) => freedom))).toEqual(new Set([2]));
    expectWithin("mean of χ²", mean(tests.map(({ chi2 }) => chi2)), 2, Math.sqrt(4 / 300));
    expect(pitOf([1, 1, 1], [1, 1])).toMatchObject({ chi2: 0, freedom: 1 });
  });
});

test("tables: every case and variable at the times asked for", () => {
  const rng = generator("table");
  const times = Float64Array.of(0, 1, 2);
  const of = (runs: number, shift: number) =>
    ensemble(
      { times, cases: 2, runs, d: 2 },
      Float32Array.from({ length: 3 * 2 * runs * 2 }, (_, k) => {
        const [variable, c] = [k % 2, Math.floor(k / (2 * runs)) % 2];
        return normal(rng) + (variable === 1 && c === 1 ? shift : 0) + c;
      }),
    );
  const same = pitTable(of(400, 0), of(300, 0), [1, 2], 2);
  expect(same.times).toEqual([1, 2]);
  expectWithin("mean", same.mean, 1, same.error);
  expect(same.error).toBeCloseTo(Math.sqrt(2 / 11 / 2), 10);
  const other = pitTable(of(400, 0), of(300, 1), [1, 2], 2);
  for (const [c, tests] of other.tests[1].entries())
    for (const [j, { chi2 }] of tests.entries()) expect(chi2 > 60).toBe(c === 1 && j === 1);
});
