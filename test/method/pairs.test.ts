// Training pairs: what each method regresses on what, their file form, the choice of patches.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { readSafetensors, writeSafetensors } from "../../lib/io/safetensors.ts";
import {
  atZeroTime,
  type Compensated,
  choosePatches,
  everyRow,
  type Generated,
  type Increments,
  isOurs,
  joined,
  METHODS,
  meanDrift,
  ofCohorts,
  PAIRS,
  type Pairs,
  pairCount,
  regression,
  scaledPairs,
  stepOf,
  taught,
} from "../../lib/method/pairs.ts";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { defined, temporaryFolder } from "../fixtures.ts";
import { expectLaw, histogram } from "../statistics.ts";

const SEED = 30;
setDefaultTimeout(120_000);

describe("regression", () => {
  // Two snapshots, two of four patches each, two observables; Q of a patch is (q11, q12, q22).
  const rows = {
    d: 2,
    whole: Float32Array.of(1, 2, 3, 4),
    patch: Float32Array.of(1.5, 2, 0.5, 2.5, 3, 5, 2, 3),
    perSnapshot: 2,
    patches: 4,
    cohort: Uint32Array.of(4, 1),
    condition: Float32Array.of(2, 3),
  };
  const delta = Float32Array.of(0.25, 0.5, 0.75, -0.5, 1, 0, -2, 3);
  const increments: Increments = { ...rows, kind: "increments", time: 0.5, delta };
  const pairs: Compensated = {
    ...rows,
    kind: "compensated",
    time: 0.5,
    delta,
    compensator: Float32Array.of(1, 2, 3, 6, 5, 7, 9, 1),
    variation: Float32Array.of(1, 2, 3, 5, 6, 7, 4, 0, 8, 8, 4, 16),
  };
  const generated: Generated = {
    ...rows,
    kind: "generator",
    drift: pairs.compensator,
    variation: pairs.variation,
  };

  test("increment: mean change of the patches, λ = K/P", () => {
    for (const known of [pairs, increments]) {
      expect(regression(known, "increment")).toEqual({
        method: "increment",
        d: 2,
        state: pairs.whole,
        change: Float32Array.of(0.5, 0, -0.5, 1.5),
        variation: null,
        time: 0.5,
        instant: false,
        lambda: 2,
        cohort: rows.cohort,
        condition: rows.condition,
      });
    }
  });

  test("increment, mean of copies: with their covariance it is that of one evolution, λ = K/P; without it λ = K/(P·copies)", () => {
    const copied: Increments = { ...increments, copies: 4, variation: pairs.variation };
    const plain = regression(increments, "increment");
    const known = { ...plain, variation: Float32Array.of(1.5, 2, 2.5, 3, 1, 6) };
    expect(regression(copied, "increment")).toEqual(known);
    for (const none of [null, undefined]) {
      const unknown = regression({ ...copied, variation: none }, "increment");
      expect(unknown).toEqual({ ...plain, lambda: 0.5 });
    }
    expect(regression({ ...copied, variation: null, copies: undefined }, "increment")).toEqual(plain);
    // The baselines take single patches. The mean of four evolutions of a patch has a quarter of the variance of one.
    expect(regression(copied, "naive")).toEqual(regression(increments, "naive"));
    expect(regression(copied, "small")).toEqual({ ...regression(increments, "small"), lambda: 0.25 });
  });

  test("compensator: mean A, and Q of the mean change, which is the mean Q over P; the generator's are per unit of time", () => {
    const expected = {
      method: "compensator",
      d: 2,
      state: pairs.whole,
      change: Float32Array.of(2, 4, 7, 4),
      variation: Float32Array.of(1.5, 2, 2.5, 3, 1, 6),
      time: 0.5,
      instant: false,
      lambda: 2,
      cohort: rows.cohort,
      condition: rows.condition,
    } as const;
    expect(regression(pairs, "compensator")).toEqual(expected);
    expect(regression(generated, "compensator")).toEqual({ ...expected, time: 1, instant: true });
    expect(() => regression(increments, "compensator")).toThrow("needs a system whose rates are known");
  });

  test("naive: from the whole to one patch, λ = 1", () => {
    for (const known of [pairs, increments]) {
      expect(regression(known, "naive")).toEqual({
        method: "naive",
        d: 2,
        state: Float32Array.of(1, 2, 1, 2, 3, 4, 3, 4),
        change: Float32Array.of(0.75, 0.5, 0.25, 0, 1, 1, -3, 2),
        variation: null,
        time: 0.5,
        instant: false,
        lambda: 1,
        cohort: Uint32Array.of(4, 4, 1, 1),
        condition: Float32Array.of(2, 2, 3, 3),
      });
    }
  });

  test("small: from patch to patch, λ = 1", () => {
    for (const known of [pairs, increments]) {
      expect(regression(known, "small")).toEqual({
        method: "small",
        d: 2,
        state: pairs.patch,
        change: delta,
        variation: null,
        time: 0.5,
        instant: false,
        lambda: 1,
        cohort: Uint32Array.of(4, 4, 1, 1),
        condition: Float32Array.of(2, 2, 3, 3),
      });
    }
  });

  test("of the generator there is but the compensator", () => {
    for (const method of METHODS) {
      if (method === "compensator") continue;
      expect(() => regression(generated, method)).toThrow(
        `the method ${method} needs changes over a time, not the generator`,
      );
    }
  });
});

/** Increments come alone or as means over copies, with their covariance. */
const KINDS = ["increments", "copies", "compensated", "generator"] as const;

/** Of two observables, two patches per snapshot, one condition; every number tells its array and its place. */
function numbered(snapshots: number, time: number, kind: (typeof KINDS)[number] = "compensated"): Pairs {
  const array = (start: number, width: number) =>
    Float32Array.from({ length: snapshots * width }, (_, k) => start + time + k);
  const rows = {
    d: 2,
    whole: array(1000, 2),
    patch: array(2000, 4),
    perSnapshot: 2,
    patches: 9,
    cohort: Uint32Array.from({ length: snapshots }, (_, s) => Math.floor(s / 2)),
    condition: array(6000, 1),
  };
  switch (kind) {
    case "increments":
      return { ...rows, kind, time, delta: array(3000, 4), variation: null };
    case "copies":
      return { ...rows, kind: "increments", time, delta: array(3000, 4), variation: array(5000, 6), copies: 3 };
    case "compensated":
      return { ...rows, kind, time, delta: array(3000, 4), compensator: array(4000, 4), variation: array(5000, 6) };
    case "generator":
      return { ...rows, kind, drift: array(4000, 4), variation: array(5000, 6) };
  }
}

/** Numbers of every array, per snapshot. */
const WIDTHS = {
  whole: 2,
  cohort: 1,
  condition: 1,
  patch: 4,
  delta: 4,
  compensator: 4,
  drift: 4,
  variation: 6,
} as const;

type Column = keyof typeof WIDTHS;

/** The arrays of pairs by name. */
const columns = (pairs: Pairs) =>
  Object.entries(pairs).filter(([name, data]) => name in WIDTHS && data) as [Column, Float32Array | Uint32Array][];

describe("pairs", () => {
  test("one snapshot in three is taken with all its patches, each time another one of the three", () => {
    // Multiples of the golden ratio, modulo 1: 0, 0.618, 0.236; of 0 … 2, 3 … 5 and 6, 7 the first, the second, the first.
    const taken = [0, 4, 6];
    for (const kind of KINDS) {
      const pairs = numbered(8, 0.5, kind);
      const rows = (array: Float32Array | Uint32Array, width: number) =>
        taken.flatMap((s) => Array.from(array.subarray(s * width, (s + 1) * width)));
      const some = everyRow(pairs, 3);
      expect({ ...pairs, ...some, ...Object.fromEntries(columns(pairs)) }).toEqual(pairs);
      expect(columns(some).map(([name]) => name)).toEqual(columns(pairs).map(([name]) => name));
      for (const [name, data] of columns(pairs)) {
        const picked = Object.fromEntries(columns(some))[name];
        expect(picked.constructor).toBe(data.constructor);
        expect(Array.from(picked)).toEqual(rows(data, WIDTHS[name]));
      }
      expect(pairCount(some)).toBe(6);
      expect(everyRow(pairs, 1)).toEqual(pairs);
    }
    // One of 0 … 6; of the last seven there is but 7.
    expect(everyRow(numbered(8, 0.5), 7).whole).toEqual(Float32Array.of(1000.5, 1001.5, 1014.5, 1015.5));
    // What a method makes of the rows that stay is what it made of them before.
    const all = regression(numbered(8, 0.5), "naive");
    const some = regression(everyRow(numbered(8, 0.5), 3), "naive");
    const blocks = (array: Float32Array) => array.filter((_, k) => taken.includes(Math.floor(k / 4)));
    expect(some.state).toEqual(blocks(all.state));
    expect(some.change).toEqual(blocks(all.change));
  });

  test("one snapshot in so many is one of every so many in a row, and as often at each place of them", () => {
    for (const step of [2, 3, 16, 64]) {
      const snapshots = 256 * step;
      const { whole } = everyRow(numbered(snapshots, 0), step);
      const rows = Array.from({ length: 256 }, (_, k) => (whole[2 * k] - 1000) / 2);
      expect(whole.length).toBe(512);
      expect(rows.every((row, k) => Math.floor(row / step) === k)).toBe(true);
      // Multiples of the golden ratio fill every interval to within a few of its share (three-distance theorem).
      for (const count of histogram(
        rows.map((row) => row % step),
        step,
      )) {
        expect(Math.abs(count - 256 / step)).toBeLessThan(3);
      }
    }
  });

  test("that a method learns from: all for ours, 524,288 rows at most for a baseline, of one snapshot in so many", () => {
    // Two patches of each snapshot.
    const many = numbered(400_000, 0.5);
    for (const method of METHODS) {
      const all = taught(many, method);
      if (isOurs(method)) expect(all).toEqual(many);
      else expect(pairCount(all)).toBe(400_000);
      expect(pairCount(taught(many, method, 4))).toBe(200_000);
      expect(taught(numbered(262_144, 0.5), method).whole.length).toBe(2 * 262_144);
    }
  });

  test("are as many as patches that were evolved", () => {
    expect(pairCount(numbered(8, 0.5))).toBe(16);
    expect(pairCount(numbered(0, 0.5))).toBe(0);
  });
});

describe("joined pairs", () => {
  const parts = (kind: (typeof KINDS)[number]) => [
    numbered(5, 0.25, kind),
    numbered(2, 0.25, kind),
    numbered(4, 0.25, kind),
  ];

  test("have the rows of all sets in their order, the condition of each beside its snapshots", () => {
    for (const kind of KINDS) {
      const list = parts(kind).map((pairs, k) => ({ ...pairs, condition: pairs.condition.map(() => 2 + k) }) as Pairs);
      const all = joined(list);
      expect({ ...all, ...Object.fromEntries(columns(list[0])) }).toEqual(list[0]);
      for (const [name] of columns(list[0])) {
        if (name === "cohort") continue;
        const expected = list.flatMap((pairs) => Array.from(Object.fromEntries(columns(pairs))[name]));
        expect(Array.from(Object.fromEntries(columns(all))[name])).toEqual(expected);
      }
      expect(Array.from(all.condition)).toEqual([2, 2, 2, 2, 2, 3, 3, 4, 4, 4, 4]);
      expect(pairCount(all)).toBe(22);
    }
  });

  test("keep the cohorts of different sets apart, and those of one set together", () => {
    // Of 5, 2 and 4 snapshots the cohorts are 0 0 1 1 2, 0 0 and 0 0 1 1.
    const { cohort } = joined(parts("compensated"));
    expect(cohort).toEqual(Uint32Array.of(0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5));
    // Whatever their numbers, also from a set that was joined before.
    const gaps = { ...numbered(3, 0.25), cohort: Uint32Array.of(7, 9, 2) } as Pairs;
    expect(joined([gaps, joined([gaps, numbered(2, 0.25)])]).cohort).toEqual(
      Uint32Array.of(7, 9, 2, 17, 19, 12, 20, 20),
    );
    // Unless they are said to be the same.
    expect(joined(parts("compensated"), "same").cohort).toEqual(Uint32Array.of(0, 0, 1, 1, 2, 0, 0, 0, 0, 1, 1));
    // The sets themselves stay as they are.
    expect(gaps.cohort).toEqual(Uint32Array.of(7, 9, 2));
  });

  test("of one set are that set; what a method makes of them is what it makes of each", () => {
    const [first, second] = [numbered(5, 0.25), numbered(2, 0.25)];
    expect(joined([first])).toEqual(first);
    for (const method of METHODS) {
      const [a, b, both] = [first, second, joined([first, second])].map((pairs) => regression(pairs, method));
      expect(both.state).toEqual(Float32Array.of(...a.state, ...b.state));
      expect(both.change).toEqual(Float32Array.of(...a.change, ...b.change));
      if (both.variation)
        expect(both.variation).toEqual(Float32Array.of(...defined(a.variation), ...defined(b.variation)));
      expect([both.lambda, both.time]).toEqual([a.lambda, a.time]);
    }
  });

  test("of different kinds, times, shapes or conditions are refused", () => {
    const pairs = numbered(5, 0.25);
    for (const other of [
      numbered(5, 0.25, "increments"),
      numbered(5, 0.25, "copies"),
      numbered(5, 0.25, "generator"),
      numbered(5, 0.5),
      { ...pairs, patches: 16 },
      { ...pairs, perSnapshot: 1 },
      { ...pairs, d: 1 },
      { ...pairs, condition: new Float32Array(0) },
      { ...pairs, condition: new Float32Array(10) },
    ]) {
      for (const list of [
        [pairs, other],
        [other, pairs],
        [pairs, pairs, other],
      ]) {
        expect(() => joined<Pairs>(list)).toThrow("pairs of different kinds cannot be joined");
      }
    }
  });
});

describe("increments of copies", () => {
  const [single, double] = [numbered(3, 0.25, "copies"), numbered(3, 0.5, "copies")] as Increments[];

  test("at zero time have twice their covariance less half of that over twice the time, and all else as before", () => {
    const zero = atZeroTime(single, double);
    const [a, b] = [defined(single.variation), defined(double.variation)];
    expect(zero).toEqual({ ...single, corrected: true, variation: a.map((value, k) => 2 * value - b[k] / 2) });
    // A covariance c₁ δt + c₂ δt² leaves c₁ δt: numbers that float32 holds.
    const over = (time: number) => ({
      ...single,
      time,
      variation: new Float32Array(18).fill(4 * time + 8 * time ** 2),
    });
    expect(atZeroTime(over(0.25), over(0.5)).variation).toEqual(new Float32Array(18).fill(1));
  });

  test("of other times or patches, or without a covariance, have no zero time", () => {
    const plain = numbered(3, 0.25, "increments") as Increments;
    for (const [one, other] of [
      [single, single],
      [double, single],
      [single, { ...double, time: 0.75 }],
      [single, numbered(4, 0.5, "copies") as Increments],
      [plain, double],
      [single, { ...double, variation: null }],
    ]) {
      expect(() => atZeroTime(one, other)).toThrow(
        "needs the variation of the same patches over a time and its double",
      );
    }
  });
});

describe("some pairs, and in other units", () => {
  // Three snapshots of two patches each, one variable.
  const pairs: Compensated = {
    kind: "compensated",
    d: 1,
    patches: 8,
    perSnapshot: 2,
    time: 0.5,
    whole: Float32Array.of(1, 2, 3),
    cohort: Uint32Array.of(5, 0, 5),
    condition: Float32Array.of(10, 20, 30),
    patch: Float32Array.of(1, 2, 3, 4, 5, 6),
    delta: Float32Array.of(11, 12, 13, 14, 15, 16),
    compensator: Float32Array.of(21, 22, 23, 24, 25, 26),
    variation: Float32Array.of(31, 32, 33, 34, 35, 36),
  };

  test("those of a cohort keep all that belongs to their snapshots", () => {
    const some = ofCohorts(pairs, (cohort) => cohort === 5);
    expect(some).toEqual({
      ...pairs,
      whole: Float32Array.of(1, 3),
      cohort: Uint32Array.of(5, 5),
      condition: Float32Array.of(10, 30),
      patch: Float32Array.of(1, 2, 5, 6),
      delta: Float32Array.of(11, 12, 15, 16),
      compensator: Float32Array.of(21, 22, 25, 26),
      variation: Float32Array.of(31, 32, 35, 36),
    });
    expect(pairCount(ofCohorts(pairs, () => false))).toBe(0);
  });

  test("in variables twice as large all changes are, and their covariance is four times as large", () => {
    const twice = (list: Float32Array, by: number) => list.map((x) => by * x);
    const { compensator: drift, delta: _, time: __, ...rest } = pairs;
    const generated: Generated = { ...rest, kind: "generator", drift };
    const { drift: larger, variation } = scaledPairs(generated, 2);
    expect({ larger, variation }).toEqual({ larger: twice(drift, 2), variation: twice(pairs.variation, 4) });
    expect(scaledPairs(pairs, 2)).toEqual({
      ...pairs,
      whole: twice(pairs.whole, 2),
      patch: twice(pairs.patch, 2),
      delta: twice(pairs.delta, 2),
      compensator: twice(pairs.compensator, 2),
      variation: twice(pairs.variation, 4),
    });
  });
});

describe("regressions", () => {
  test("have a mean drift, its standard error from whole cohorts", () => {
    // Per time the cohorts 0 and 1 have the mean changes 1 and 4 over 2 and 1 rows; the second variable stands still.
    const data = {
      ...regression(numbered(3, 0.5, "increments"), "increment"),
      change: Float32Array.of(0, 0, 1, 0, 2, 0),
      cohort: Uint32Array.of(0, 0, 1),
    };
    const { mean, error } = meanDrift(data);
    expect(mean).toEqual([2, 0]);
    // Sums of 2 and 4 about 2·2 and 1·2: √((2² + 2²) · 2/1)/3.
    expect(error[0]).toBeCloseTo(4 / 3, 12);
    expect(error[1]).toBe(0);
    // Of equal cohorts it is that of their means: 0, 2, 4 with the deviation 2 over √3.
    const even = meanDrift({ ...data, cohort: Uint32Array.of(2, 7, 5) });
    expect(even.mean).toEqual([2, 0]);
    expect(even.error[0]).toBeCloseTo(2 / Math.sqrt(3), 12);
    expect(meanDrift({ ...data, cohort: new Uint32Array(3) }).error[0]).toBe(Number.POSITIVE_INFINITY);
  });

  test("are stepped by Heun's scheme where they are the generator's, else by their own δt", () => {
    expect(stepOf(regression(numbered(3, 0.25, "generator"), "compensator"), 0.1)).toEqual({ dt: 0.1, scheme: "heun" });
    for (const kind of ["increments", "copies"] as const) {
      const step = stepOf(regression(numbered(3, 0.25, kind), "increment"), 0.1);
      expect(step).toEqual({ dt: 0.25, scheme: "euler" });
    }
    const compensated = regression(numbered(3, 0.25), "compensator");
    expect(stepOf(compensated, 0.1)).toEqual({ dt: 0.25, scheme: "euler" });
  });
});

describe("file form of pairs", () => {
  const folder = temporaryFolder("pairs");
  const list = [
    ...KINDS.map((kind) => numbered(5, 0.25, kind)),
    { ...numbered(3, 0.5), condition: new Float32Array(0) } as Pairs,
    numbered(0, 1),
  ];

  test("gives several sets back, of any kinds and durations, through a file", () => {
    const { tensors, text } = PAIRS.write(list);
    for (const { shape, data } of Object.values(tensors)) expect(shape).toEqual([data.length]);
    const path = join(folder, "pairs.safetensors");
    writeSafetensors(path, tensors, text);
    const { metadata, tensors: read } = readSafetensors(path, "");
    expect(PAIRS.read({ tensors: read, text: metadata })).toEqual(list);
    expect(PAIRS.read(PAIRS.write([]))).toEqual([]);
  });

  test("refuses what lacks an array, tells of an unknown kind, or holds no pairs", () => {
    const { tensors, text } = PAIRS.write(list);
    for (const [k, pairs] of list.entries()) {
      for (const [name] of columns(pairs)) {
        const { [`${k} ${name}`]: gone, ...rest } = tensors;
        // Increments need not have a covariance.
        if (pairs.kind === "increments" && name === "variation") {
          expect(gone).toBeDefined();
          expect(PAIRS.read({ tensors: rest, text })[k]).toEqual({ ...pairs, variation: null });
          continue;
        }
        expect(() => PAIRS.read({ tensors: rest, text })).toThrow(
          new InputError(`the file of pairs lacks ${name} of set ${k}`),
        );
      }
    }
    const other = { pairs: text.pairs.replace("increments", "jumps") };
    expect(() => PAIRS.read({ tensors, text: other })).toThrow(new InputError("the file holds pairs of kind jumps"));
    for (const none of [{}, { pairs: "" }, { pairs: "[" }] as Record<string, string>[]) {
      expect(() => PAIRS.read({ tensors, text: none })).toThrow(new InputError("the file holds no pairs"));
    }
  });
});

describe("choice of patches", () => {
  /** Generators of the snapshots. */
  const of = (purpose: string) => (snapshot: number) => Xoshiro.open(stream(SEED, `test/${purpose}`), snapshot, 0);

  test("different ones in a snapshot, every ordered pair equally likely, independent of the snapshot before", () => {
    const [snapshots, patches] = [20_000, 8];
    const chosen = choosePatches(snapshots, 2, patches, of("patches"));
    const pairs = histogram(
      Array.from({ length: snapshots }, (_, s) => chosen[2 * s] * patches + chosen[2 * s + 1]),
      patches ** 2,
    );
    const uniform = Array.from(pairs, (_, k) => (k % (patches + 1) === 0 ? 0 : 1 / (patches * (patches - 1))));
    expectLaw("pairs of patches", pairs, uniform);
    const successive = histogram(
      Array.from({ length: snapshots - 1 }, (_, s) => chosen[2 * s] * patches + chosen[2 * s + 2]),
      patches ** 2,
    );
    expectLaw("patches of successive snapshots", successive, new Array(patches ** 2).fill(1 / patches ** 2));
  });

  test("those of a snapshot do not depend on the snapshots before it", () => {
    const all = choosePatches(40, 3, 16, of("alone"));
    for (const first of [1, 7, 39]) {
      const some = choosePatches(40 - first, 3, 16, (snapshot) => of("alone")(first + snapshot));
      expect(some).toEqual(all.slice(3 * first));
    }
  });

  test("all patches of the tiling come in its order, without random numbers", () => {
    const none = () => {
      throw new Error("nothing is to be drawn");
    };
    const chosen = choosePatches(50, 9, 9, none);
    expect(chosen).toEqual(Uint32Array.from({ length: 450 }, (_, k) => k % 9));
  });
});
