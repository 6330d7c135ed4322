import { describe, expect, test } from "bun:test";
import { normalPair } from "../../lib/random/normal.ts";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { meanRatio, rmsDeviation } from "../../lib/run/deviations.ts";
import { around, overSeeds, single } from "../../lib/run/seeds.ts";
import { expectWithin, moments } from "../statistics.ts";

const rng = Xoshiro.open(stream(5, "deviations"), 0, 0);
const noise = () => normalPair(rng.next(), rng.next())[0];

/** Logarithms of what `score` gives again and again, and half the width of its intervals in standard errors. */
function repeated(score: () => { value: number; low: number; high: number }) {
  const found = Array.from({ length: 2000 }, score);
  const width = moments(found.map(({ low, high }) => Math.log(high / low) / 2 / 1.96)).mean;
  const { variance, varianceError } = moments(found.map(({ value }) => Math.log(value)));
  return { width, spread: Math.sqrt(variance), spreadError: varianceError / (2 * Math.sqrt(variance)) };
}

describe("how far many numbers are off", () => {
  test("in parts of each, or of all; what the truth's sampling alone would give", () => {
    const list = [
      { ours: single(1.1), truth: around(1, 0.01) },
      { ours: single(8), truth: around(10, 0.3) },
    ];
    const each = rmsDeviation(list, "each");
    expect(each.error.value).toBeCloseTo(Math.sqrt((0.01 + 0.04) / 2), 12);
    expect(each.floor).toBeCloseTo(Math.sqrt((0.01 ** 2 + 0.03 ** 2) / 2), 12);
    const all = rmsDeviation(list, "all");
    expect(all.error.value).toBeCloseTo(Math.sqrt((0.01 + 4) / 101), 12);
    expect(rmsDeviation([], "each").error.value).toBeNaN();
  });

  test("an error that its truth does not resolve has no interval", () => {
    const list = Array.from({ length: 6 }, () => ({ ours: around(1.01, 0.01), truth: around(1, 0.1) }));
    const { error, floor } = rmsDeviation(list, "each");
    expect(floor).toBeCloseTo(0.1, 12);
    expect([error.low, error.high]).toEqual([Number.NaN, Number.NaN]);
  });

  test("several seeds are one score each", () => {
    const truth = around(2, 0);
    const { error } = rmsDeviation([{ ours: overSeeds([2.2, 2.4, 1.8]), truth }], "each");
    const expected = overSeeds([0.1, 0.2, 0.1], { scale: "log" });
    expect(error.value).toBeCloseTo(expected.value, 12);
    expect([error.low, error.high].map((x) => x.toFixed(9))).toEqual(
      [expected.low, expected.high].map((x) => x.toFixed(9)),
    );
    expect(error.seeds?.length).toBe(3);
  });

  test("the order of seeds does not count, where one of them has the truth by chance", () => {
    const of = (...seeds: number[]) => rmsDeviation([{ ours: overSeeds(seeds), truth: around(2, 0.1) }], "each").error;
    const [one, other] = [of(2.0001, 2.4, 1.7), of(2.4, 1.7, 2.0001)];
    expect(one.high / other.high).toBeCloseTo(1, 12);
    expect(one.low / other.low).toBeCloseTo(1, 12);
  });

  test("the interval of one seed is as wide as the score varies with its numbers and the truth", () => {
    const [own, true_, bias] = [0.03, 0.02, 0.06];
    const { width, spread, spreadError } = repeated(
      () =>
        rmsDeviation(
          Array.from({ length: 40 }, () => ({
            ours: around(1 + bias + own * noise(), own),
            truth: around(1 + true_ * noise(), true_),
          })),
          "each",
        ).error,
    );
    // A ratio of means, on a logarithm: right to the next order.
    expectWithin("width", width, spread, Math.hypot(spreadError, 0.01 * spread));
  });
});

describe("by which factor many numbers are off", () => {
  test("geometric mean, of seeds too", () => {
    const list = [
      { ours: overSeeds([2, 4]), truth: single(1) },
      { ours: overSeeds([8, 4]), truth: single(1) },
    ];
    expect(meanRatio(list).value).toBeCloseTo(4, 12);
    expect(meanRatio([]).value).toBeNaN();
  });

  test("its interval is as wide as it varies", () => {
    const { width, spread, spreadError } = repeated(() =>
      meanRatio(
        Array.from({ length: 10 }, () => ({
          ours: around(3 * (1 + 0.05 * noise()), 0.15),
          truth: around(2 * (1 + 0.02 * noise()), 0.04),
        })),
      ),
    );
    expectWithin("width", width, spread, Math.hypot(spreadError, 0.005 * spread));
  });
});
