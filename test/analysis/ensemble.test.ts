// Ensembles: their parts and how they are put together, moments, starts, file form.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  caseOf,
  ENSEMBLES,
  type Ensemble,
  ensemble,
  firstVariables,
  joinedCases,
  joinedRuns,
  momentsOf,
  repeatedRows,
  someRuns,
} from "../../lib/analysis/ensemble.ts";
import { InputError } from "../../lib/errors.ts";
import { readSafetensors, writeSafetensors } from "../../lib/io/safetensors.ts";
import { draws, temporaryFolder } from "../fixtures.ts";
import { moments } from "../statistics.ts";

/** What stands at a place: every number tells time, case, run and variable. */
const told = (t: number, c: number, r: number, j: number) => 1000 * t + 100 * c + 10 * r + j;

/** An ensemble whose entries are `value` of time, case, run and variable. */
function made({ times = 4, cases = 3, runs = 5, d = 2 }, value = told): Ensemble {
  const rows = cases * runs;
  const data = Float32Array.from({ length: times * rows * d }, (_, k) => {
    const row = Math.floor(k / d) % rows;
    return value(Math.floor(k / (d * rows)), Math.floor(row / runs), row % runs, k % d);
  });
  return ensemble({ times: Float64Array.from({ length: times }, (_, t) => 0.1 * t), cases, runs, d }, data);
}

const all = made({});

describe("an ensemble", () => {
  test("is refused where its data do not fill its shape, or a number of it is not whole", () => {
    const { data, ...shape } = all;
    expect(ensemble(shape, data)).toEqual(all);
    expect(() => ensemble(shape, data.subarray(1))).toThrow("119 values are not 4 times of 3 × 5 runs of 2 variables");
    // Both fill 4 · 30 numbers.
    expect(() => ensemble({ ...shape, cases: 4, runs: 3.75 }, data)).toThrow("4 × 3.75 runs");
    expect(() => ensemble({ ...shape, runs: 4, d: 2.5 }, data)).toThrow("2.5 variables");
  });

  test("has one case, some runs of every case, and its first variables alone", () => {
    for (const c of [0, 1, 2]) expect(caseOf(all, c)).toEqual(made({ cases: 1 }, (t, _, r, j) => told(t, c, r, j)));
    expect(someRuns(all, 1, 4)).toEqual(made({ runs: 3 }, (t, c, r, j) => told(t, c, r + 1, j)));
    expect(someRuns(all, 0, 5)).toEqual(all);
    expect(firstVariables(all, 1)).toEqual(made({ d: 1 }));
    expect(firstVariables(all, 2)).toEqual(all);
    const corner = firstVariables(someRuns(caseOf(all, 2), 4, 5), 1);
    expect(corner).toEqual(made({ cases: 1, runs: 1, d: 1 }, (t) => told(t, 2, 4, 0)));
  });

  test("does not have cases, runs or variables beyond its own", () => {
    for (const beyond of [
      () => caseOf(all, 3),
      () => caseOf(all, -1),
      () => someRuns(all, 4, 6),
      () => someRuns(all, -1, 2),
      () => firstVariables(all, 3),
    ]) {
      expect(beyond).toThrow("are not all among 3 cases of 5 runs of 2 variables");
    }
  });
});

describe("ensembles put together", () => {
  test("case after case are what they were", () => {
    expect(joinedCases([0, 1, 2].map((c) => caseOf(all, c)))).toEqual(all);
    const [two, three] = [made({ cases: 2 }), made({ cases: 3 }, (t, c, r, j) => told(t, c + 2, r, j))];
    expect(joinedCases([two, three])).toEqual(made({ cases: 5 }));
    expect(joinedCases([all])).toEqual(all);
  });

  test("run beside run of each case are what they were", () => {
    expect(joinedRuns([someRuns(all, 0, 2), someRuns(all, 2, 3), someRuns(all, 3, 5)])).toEqual(all);
    expect(joinedRuns([someRuns(all, 3, 5), someRuns(all, 0, 1)])).toEqual(
      made({ runs: 3 }, (t, c, r, j) => told(t, c, [3, 4, 0][r], j)),
    );
    expect(joinedRuns([all])).toEqual(all);
  });

  test("of other times, variables, runs or cases are refused", () => {
    const message = "ensembles of different shapes cannot be joined";
    const later = { ...all, times: all.times.map((time) => time + 1) };
    for (const other of [made({ times: 3 }), made({ d: 1 }), later]) {
      for (const list of [
        [all, other],
        [other, all],
      ]) {
        expect(() => joinedCases(list)).toThrow(message);
        expect(() => joinedRuns(list)).toThrow(message);
      }
    }
    expect(() => joinedCases([all, made({ runs: 4 })])).toThrow(message);
    expect(() => joinedRuns([all, made({ cases: 2 })])).toThrow(message);
  });
});

describe("moments of an ensemble", () => {
  test("are those of the runs of each case, at each time, of each variable", () => {
    const { normal } = draws(11)("moments");
    const random = made({ runs: 7 }, () => normal());
    const found = momentsOf(random);
    expect(found.length).toBe(3);
    for (const [c, { mean, std }] of found.entries()) {
      expect([mean.length, std.length]).toEqual([8, 8]);
      const one = caseOf(random, c).data;
      for (let t = 0; t < 4; t++) {
        for (const j of [0, 1]) {
          const exact = moments(Array.from({ length: 7 }, (_, r) => one[(t * 7 + r) * 2 + j]));
          expect(mean[2 * t + j]).toBeCloseTo(exact.mean, 12);
          expect(std[2 * t + j]).toBeCloseTo(Math.sqrt(exact.variance), 12);
        }
      }
    }
    expect(() => momentsOf(someRuns(all, 0, 1))).toThrow(
      new InputError("1 run has no standard deviation: at least 2 are needed"),
    );
  });
});

test("starts of the runs are the rows of the cases, each as often as there are runs", () => {
  const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
  expect(repeatedRows(rows, 2, 2)).toEqual(Float32Array.of(1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6));
  expect(repeatedRows(rows, 3, 1)).toEqual(rows);
  // As `Ensemble` has them: the runs of a case stand together.
  const { data } = made({ times: 1 }, (_, c, __, j) => told(0, c, 0, j));
  expect(repeatedRows(Float32Array.of(0, 1, 100, 101, 200, 201), 2, 5)).toEqual(data);
});

describe("file form of ensembles", () => {
  const named = { observables: all, rest: made({ times: 2, runs: 1 }), "z of a case": made({ cases: 1, d: 1 }) };

  test("gives all of them back under their names, through a file", () => {
    const { tensors, text } = ENSEMBLES.write(named);
    const path = join(temporaryFolder("ensembles"), "truth.safetensors");
    writeSafetensors(path, tensors, text);
    const { metadata, tensors: read } = readSafetensors(path, "");
    const found = ENSEMBLES.read({ tensors: read, text: metadata });
    expect(found).toEqual(named);
    expect(Object.keys(found)).toEqual(Object.keys(named));
    expect(ENSEMBLES.read(ENSEMBLES.write({}))).toEqual({});
  });

  test("refuses what lacks one, or holds other arrays or none", () => {
    const { tensors, text } = ENSEMBLES.write(named);
    const refused = (changed: typeof tensors, message = "the file holds no ensemble rest") =>
      expect(() => ENSEMBLES.read({ tensors: changed, text })).toThrow(new InputError(message));
    const { "rest times": times, ...timeless } = tensors;
    const { "rest data": data, ...empty } = tensors;
    refused(timeless);
    refused(empty);
    refused({ ...tensors, "rest times": { ...times, data: Float32Array.from(times.data) } });
    refused({ ...tensors, "rest data": { ...data, data: Float64Array.from(data.data) } });
    refused({ ...tensors, "rest data": { ...data, shape: [2, 6] } });
    refused({ ...tensors, "rest times": tensors["observables times"] });
    for (const none of [{}, { ensembles: "" }, { ensembles: "observables" }] as Record<string, string>[]) {
      expect(() => ENSEMBLES.read({ tensors, text: none })).toThrow(new InputError("the file holds no ensembles"));
    }
  });
});
