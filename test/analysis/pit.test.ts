// The probability integral transform of true runs among predicted ones: its law where both have one, its power where they do not.
import { describe, expect, test } from "bun:test";
import { spacingOf } from "../../lib/analysis/distribution.ts";
import { ensemble } from "../../lib/analysis/ensemble.ts";
import { type Pit, pitOfEnsembles, pitOf as pitOfSamples, pitTable } from "../../lib/analysis/pit.ts";
import { generators, normal } from "../fixtures.ts";
import { mean, range } from "../numbers.ts";
import { expectWithin } from "../statistics.ts";

const generator = generators(91);

const pitOf = (predicted: number[], truth: number[], cluster?: number) =>
  pitOfSamples({ values: predicted }, { values: truth }, { cluster });
const ratio = ({ truth, predicted }: Pit, bin: number) => truth[bin] / predicted[bin];

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
    const square = mean(tests.map((one) => ((ratio(one, 4) - 1) / one.error[4]) ** 2));
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
    expect(ratio(shifted, 0)).toBeLessThan(0.85);
    expect(ratio(shifted, 11)).toBeGreaterThan(1.15);
    const narrow = pitOf(
      ours,
      range(1000, () => 0.7 * normal(rng)),
    );
    expect(narrow.chi2).toBeGreaterThan(11 + 4 * Math.sqrt(22));
    expect(ratio(narrow, 0)).toBeLessThan(0.75);
    expect(ratio(narrow, 11)).toBeLessThan(0.75);
  });

  describe("with clusters of dependent values", () => {
    const draws = (purpose: string) => {
      const rng = generator(`clusters/${purpose}`);
      const sample = (count: number) => range(count, () => normal(rng));
      return { sample, clustered: clusteredBy(rng) };
    };
    const clusteredBy =
      (rng: ReturnType<typeof generator>) =>
      (clusters: number, size: number, shift = 0) =>
        range(clusters, () => {
          const common = normal(rng);
          return range(size, () => shift + 0.9 * common + Math.sqrt(1 - 0.81) * normal(rng));
        }).flat();

    test.each([
      [25, 8],
      [8, 32],
      [60, 4],
    ])("%d of %d: χ², contrasts and coverage have the means and spreads that they say", (clusters, size) => {
      const { sample, clustered } = draws(`${size}`);
      const tests = range(1200, () => pitOf(sample(600), clustered(clusters, size), size));
      const ratios = tests.map(({ chi2, freedom }) => chi2 / freedom);
      // To the first orders in the number of clusters.
      expect(mean(ratios)).toBeWithin(0.93, 1.12);
      const said = Math.sqrt(mean(tests.map(({ chi2Error }) => chi2Error ** 2)));
      expect(Math.sqrt(mean(ratios.map((x) => (x - 1) ** 2))) / said).toBeWithin(0.75, 1.25);
      for (const key of ["slope", "bowl"] as const) {
        const values = tests.map((one) => one[key]);
        // Of few clusters the spread is skew.
        expect(mean(values)).toBeWithin(-0.35, 0.15);
        expect(mean(values.map((z) => z * z))).toBeWithin(0.7, 1.2);
        expect(values.filter((z) => Math.abs(z) > 4).length).toBeLessThan(4);
      }
      const off = mean(tests.map(({ inside }) => (inside - 0.95) ** 2));
      expect(Math.sqrt(off / mean(tests.map(({ insideError }) => insideError ** 2)))).toBeWithin(0.6, 1.15);
      const held = tests.filter(({ inside, insideError }) => Math.abs(inside - 0.95) < 1.96 * insideError).length;
      expect(held / tests.length).toBeWithin(0.85, 0.99);
      // Taken for independent, they look like another law.
      expect(mean(range(200, () => pitOf(sample(600), clustered(clusters, size)).chi2))).toBeGreaterThan(15);
    });

    test("independent values in clusters are as many values", () => {
      const { sample } = draws("independent");
      const ratios = range(600, () => pitOf(sample(500), sample(200), 8)).map(({ chi2, freedom }) => chi2 / freedom);
      expect(mean(ratios)).toBeWithin(0.95, 1.05);
    });

    test("another law is found as by as many independent values as there are clusters", () => {
      const { sample, clustered } = draws("power");
      const few = range(40, () => pitOf(sample(1000), clustered(8, 4, 3), 4));
      const alone = range(40, () =>
        pitOf(
          sample(1000),
          sample(8).map((x) => 3 + x),
        ),
      );
      // χ² over the degrees of freedom: of 8 values there are fewer bins.
      const size = (list: Pit[]) => mean(list.map(({ chi2, freedom }) => chi2 / freedom / 8));
      expect(size(few) / size(alone)).toBeGreaterThan(0.25);
      expect(mean(few.map(({ slope }) => slope))).toBeGreaterThan(2.5);
    });

    test("of fewer than six of them nothing is known", () => {
      const { sample, clustered } = draws("one");
      for (const truth of [clustered(1, 32), clustered(1, 32).slice(0, 20), clustered(5, 32)]) {
        const test = pitOf(sample(500), truth, 32);
        for (const key of ["chi2", "chi2Error", "slope", "bowl", "insideError"] as const) expect(test[key]).toBeNaN();
        expect(pitTable([1], [[[test]]]).chi2.value).toBeNaN();
      }
      // Where all true values are outside, and so do not vary, the fewest values count: as many as there are clusters.
      const apart = pitOf(
        sample(1000),
        range(320, () => 30),
        32,
      );
      expect(apart.chi2).toBeWithin(30, 200);
    });
  });

  test("of few different values have as few bins", () => {
    const rng = generator("ties");
    const coin = () => Math.floor(3 * rng.uniform());
    const tests = range(300, () => pitOf(range(200, coin), range(200, coin)));
    expect(new Set(tests.map(({ freedom }) => freedom))).toEqual(new Set([2]));
    expectWithin("mean of χ²", mean(tests.map(({ chi2 }) => chi2)), 2, Math.sqrt(4 / 300));
    // All equal: nothing to test, and no part of means.
    expect(pitOf([1, 1, 1], [1, 1])).toMatchObject({ chi2: 0, freedom: 0 });
    const mixed = pitTable([1], [[[tests[0], pitOf([1, 1, 1], [1, 1])]]]);
    expect(mixed.chi2.value).toBe(tests[0].chi2 / 2);
  });
});

test("a law that is known takes the place of either side: χ² has its mean, another law is found", () => {
  const rng = generator("law");
  // Binomial of 64 coins, and of coins that are not fair.
  const binomial = (p: number) => {
    const weights = [(1 - p) ** 64];
    for (let k = 1; k <= 64; k++) weights.push((weights[k - 1] * (64 - k + 1) * p) / k / (1 - p));
    return { values: range(65, (k) => k), weights };
  };
  const drawn = () => range(400, () => range(64, () => Number(rng.uniform() < 0.5)).reduce((a, b) => a + b));
  const fair = range(200, () => pitOfSamples({ values: drawn() }, binomial(0.5)));
  const { freedom } = fair[0];
  expect(freedom).toBeWithin(8, 12);
  expectWithin("mean of χ²", mean(fair.map(({ chi2 }) => chi2)), freedom, Math.sqrt((2 * freedom) / 200));
  const turned = pitOfSamples(binomial(0.5), { values: drawn() });
  expect(turned.chi2 / turned.freedom).toBeLessThan(3);
  const other = pitOfSamples({ values: drawn() }, binomial(0.53));
  expect(other.chi2).toBeGreaterThan(60);
  expect(other.slope).toBeGreaterThan(5);
  expect(() => pitOfSamples(binomial(0.5), binomial(0.5))).toThrow("without a test");
});

describe("values of a finite system", () => {
  const rng = generator("lattice");
  const continuous = (count: number) => range(count, () => normal(rng));
  const onto = (values: number[], spacing: number) => values.map((x) => spacing * Math.round(x / spacing));
  const of = (predicted: number[], truth: number[], spacing: number) =>
    pitOfSamples({ values: predicted }, { values: truth }, { spacing });

  test.each([0.1, 0.3, 0.8])("at a distance of %d have the law of an equation that knows of none", (spacing) => {
    const found = range(200, () => of(continuous(4000), onto(continuous(3000), spacing), spacing));
    expect(mean(found.map(({ chi2, freedom }) => chi2 / freedom))).toBeWithin(0.9, 1.1);
    expect(mean(found.map(({ inside }) => inside))).toBeWithin(0.945, 0.955);
    for (const key of ["slope", "bowl"] as const) expect(mean(found.map((one) => one[key] ** 2))).toBeWithin(0.75, 1.3);
    const plain = range(40, () => of(continuous(4000), onto(continuous(3000), spacing), 0));
    if (spacing > 0.2) expect(mean(plain.map(({ chi2, freedom }) => chi2 / freedom))).toBeGreaterThan(3);
  });

  test("that equations share, at the ends of what can be, are values like others", () => {
    // Half of all values at 0: extinct.
    const cut = (values: number[]) => values.map((x) => Math.max(0, x));
    const extinct = range(200, () => of(cut(continuous(2000)), cut(onto(continuous(1500), 1 / 64)), 1 / 64));
    expect(mean(extinct.map(({ chi2, freedom }) => chi2 / freedom))).toBeWithin(0.85, 1.15);
    expect(mean(extinct.map(({ inside }) => inside))).toBeWithin(0.97, 0.98);
    const both = range(100, () => of(onto(continuous(2000), 0.3), onto(continuous(1500), 0.3), 0.3));
    expect(mean(both.map(({ chi2, freedom }) => chi2 / freedom))).toBeWithin(0.85, 1.15);
    const still = of(Array(200).fill(0), Array(100).fill(0), 0.1);
    expect(still).toMatchObject({ freedom: 0, chi2: 0, inside: expect.closeTo(1, 10) });
  });

  test("are at a distance that is found", () => {
    expect(spacingOf(onto(continuous(500), 0.3))).toBeCloseTo(0.3, 10);
    expect(spacingOf([2, 2, 2])).toBe(0);
  });
});

test("what is no number, or beyond all, is above all others", () => {
  const rng = generator("nan");
  const values = range(200, () => normal(rng));
  const broken = (what: number) => values.map((x, k) => (k % 5 === 0 ? what : x));
  for (const what of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(pitOf(values, broken(what)).slope).toBeGreaterThan(3);
    expect(pitOf(broken(what), values).slope).toBeLessThan(-3);
    expect(pitOf(Array(200).fill(what), values).freedom).toBeGreaterThanOrEqual(0);
  }
  expect(pitOf(values, broken(Number.NEGATIVE_INFINITY)).slope).toBeLessThan(-2);
});

test("two seeds that share their truth: as much of the error as is said is common", () => {
  const rng = generator("shared");
  const sample = (count: number) => range(count, () => normal(rng));
  const found = range(800, () => {
    const truth = sample(200);
    return range(2, () => pitOf(sample(400), truth));
  });
  const [{ fromTruth, freedom, insideError }] = found[0];
  expect(fromTruth).toBeCloseTo(2 / 3, 10);
  const { chi2, coverage } = pitTable([1], [[[found[0][0]]]]);
  expect(chi2.ofTruth / chi2.error).toBeCloseTo(2 / 3, 10);
  expect(coverage.ofTruth / coverage.error).toBeCloseTo(Math.sqrt(2 / 3), 10);
  const covariance = (of: (one: Pit) => number, exact: number) =>
    mean(found.map(([a, b]) => (of(a) - exact) * (of(b) - exact)));
  // Bins are those of both together, which differ from seed to seed: a little less than is said.
  expect(covariance(({ chi2 }) => chi2 / freedom, 1) / ((2 / freedom) * fromTruth ** 2)).toBeWithin(0.55, 1.15);
  expect(covariance(({ inside }) => inside, 0.95) / (insideError ** 2 * fromTruth)).toBeWithin(0.75, 1.3);
});

test("contrasts are standard normal where both have one law, and say which way another is off", () => {
  const rng = generator("contrasts");
  const sample = (count: number, shift = 0, scale = 1) => range(count, () => shift + scale * normal(rng));
  const same = range(400, () => pitOf(sample(300), sample(200)));
  for (const key of ["slope", "bowl"] as const) {
    const values = same.map((one) => one[key]);
    expectWithin(`mean of ${key}`, mean(values), 0, 1 / 20);
    expectWithin(`variance of ${key}`, mean(values.map((z) => z * z)), 1, Math.sqrt(2 / 400));
  }
  const above = pitOf(sample(1000), sample(1000, 0.3));
  expect(above.slope).toBeGreaterThan(5);
  expect(Math.abs(above.bowl)).toBeLessThan(3.5);
  const wide = pitOf(sample(1000), sample(1000, 0, 1.4));
  expect(wide.bowl).toBeGreaterThan(5);
  expect(Math.abs(wide.slope)).toBeLessThan(3.5);
});

test("the predicted band holds 95 % of true values where both have one law, and fewer where it is too narrow", () => {
  const rng = generator("band");
  const sample = (count: number, scale = 1) => range(count, () => scale * normal(rng));
  const same = range(400, () => pitOf(sample(100), sample(150)));
  expectWithin("inside", mean(same.map(({ inside }) => inside)), 0.95, same[0].insideError / 20);
  const spread = same.map(({ inside }) => ((inside - 0.95) / same[0].insideError) ** 2);
  expect(mean(spread)).toBeWithin(0.7, 1.4);
  // Φ(1.96/2) of a law twice as wide.
  const narrow = pitOf(sample(4000), sample(4000, 2));
  expectWithin("inside of half", narrow.inside, 0.673, 0.015);
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
  const same = pitOfEnsembles(of(400, 0), of(300, 0), [1, 2], [0, 0]);
  expect(same.times).toEqual([1, 2]);
  expectWithin("mean", same.chi2.value, 1, same.chi2.error);
  expect(same.chi2.error).toBeCloseTo(Math.sqrt(2 / 11 / 2), 10);
  const other = pitOfEnsembles(of(400, 0), of(300, 1), [1, 2], [0, 0]);
  for (const [c, tests] of other.tests[1].entries())
    for (const [j, { chi2 }] of tests.entries()) expect(chi2 > 60).toBe(c === 1 && j === 1);
});
