// Scores of the alloy and their intervals, on studies whose answers are known.
import { describe, expect, test } from "bun:test";
import { ensemble } from "../../../lib/analysis/ensemble.ts";
import { evenGrid } from "../../../lib/analysis/function-error.ts";
import {
  courseErrors,
  equilibriumGroups,
  errorsOf,
  exponentsOf,
  methodsOf,
  type NbMoTaStudy,
  nbmotaVerdict,
  orderOf,
} from "../../../lib/experiments/nbmota/metrics.ts";
import type { NbMoTaOptions } from "../../../lib/experiments/nbmota/parameters.ts";
import { RELAXATION } from "../../../lib/experiments/nbmota/plan.ts";
import type { Outcome } from "../../../lib/experiments/nbmota/scores.ts";
import { equilibriumOf } from "../../../lib/experiments/nbmota/truth.ts";
import { generators, normal } from "../../fixtures.ts";
import { mean, range } from "../../numbers.ts";

const generator = generators(61);
const GUARDS = { outside: 0, unphysical: 0 };

const outcome = (seed: number, part: Partial<Outcome>): Outcome => ({
  seed,
  method: "increment",
  pairs: 1,
  equilibria: [],
  courses: [],
  choice: null,
  heldOut: null,
  potentials: [],
  ...part,
});
const studyOf = (part: Partial<NbMoTaStudy>): NbMoTaStudy => ({
  p: { temperatures: [1000], sizes: [8], T: 1000, runs: 1000 } as unknown as NbMoTaOptions,
  barriers: "of the compact model",
  outcomes: [],
  truth: [],
  courses: [],
  surroundings: [],
  times: [],
  unit: 1,
  warnings: [],
  ...part,
});

/** Lattices of direct simulation whose six order parameters fluctuate together, with std 0.3. */
function direct(lattices: number, purpose: string) {
  const rng = generator(purpose);
  const own = range(lattices, () => 0.3 * normal(rng));
  const order = Float32Array.from({ length: 6 * lattices }, (_, k) => own[Math.floor(k / 6)]);
  const stage = {
    temperature: 1000,
    replicas: lattices,
    order,
    words: new Uint32Array(),
    jumpTimes: new Float64Array(lattices),
  };
  return { own, truth: equilibriumOf(stage) };
}

describe("errors of the equilibrium", () => {
  const equilibrium = (value: number) => ({
    temperature: 1000,
    dt: 0.3,
    mean: new Float64Array(6).fill(value),
    std: new Float64Array(6).fill(1),
    error: null,
    sumRule: 0,
    guards: GUARDS,
    stray: false,
  });

  test("hold what few lattices of direct simulation leave open, whose order parameters go together", () => {
    const { own, truth } = direct(12, "truth");
    // Two seeds that agree but for a little: nothing but the truth is uncertain.
    const study = studyOf({
      truth: [truth],
      outcomes: [7, 8].map((seed) => outcome(seed, { equilibria: [equilibrium(2 + 1e-4 * (seed - 7.5))] })),
    });
    const [[found]] = equilibriumGroups(study).map((group) => errorsOf(study, group));
    const exact = mean(own);
    expect(found.value).toBeCloseTo(2 - exact, 6);
    const error = Math.sqrt(own.reduce((sum, x) => sum + (x - exact) ** 2, 0) / 11 / 12);
    expect((found.high - found.low) / 2 / error).toBeCloseTo(1.96, 1);
    // Those of δ itself are Student's, of eleven degrees of freedom.
    const [{ low, high }] = orderOf(study, 4).direct;
    expect((high - low) / 2 / error).toBeCloseTo(2.201, 3);
  });

  test("are no mean over the temperatures that went well, and no sum rule holds of nothing", () => {
    const temperatures = [1000, 2000];
    const { truth } = direct(8, "lost");
    const going = (method: string, ...equilibria: Outcome["equilibria"]) => outcome(7, { method, equilibria });
    const hot = { ...equilibrium(1), temperature: 2000, sumRule: 0.25 };
    const study = studyOf({
      p: { temperatures, sizes: [8], T: 1000, runs: 1000 } as unknown as NbMoTaOptions,
      truth: [truth, { ...truth, temperature: 2000 }],
      outcomes: [going("increment", equilibrium(1), hot), going("network", null, hot), going("onsager", null, null)],
    });
    const [well, half, none] = methodsOf(study);
    expect([well.lost, half.lost, none.lost]).toEqual([0, 1, 2]);
    expect(well.error.value).toBeCloseTo(mean(truth.mean.map((x) => Math.abs(1 - x))), 6);
    expect([half.error.value, none.error.value]).toEqual([Number.NaN, Number.NaN]);
    expect([half.sumRule.value, none.sumRule.value]).toEqual([0.25, Number.NaN]);
    // One of two seeds lost at one of two temperatures: of four equilibria one, and no mean.
    const second = { ...going("increment", equilibrium(1), null), seed: 8 };
    const [both] = methodsOf({ ...study, outcomes: [study.outcomes[0], second] });
    expect([both.lost, both.all, both.error.value]).toEqual([1, 4, Number.NaN]);
  });

  test("and fail the run where an equilibrium or the relaxation is lost", () => {
    const p = { temperatures: [1000], sizes: [8], T: 1000, runs: 1000 } as unknown as NbMoTaOptions;
    const relaxed = {
      side: 8,
      order: ensemble({ times: Float64Array.of(0), cases: 1, runs: 2, d: 6 }, new Float32Array(12)),
    };
    const failed = (found: Outcome["equilibria"][number], courses: Outcome["courses"]) => {
      const outcomes = [outcome(7, { equilibria: [found] }), outcome(7, { method: RELAXATION, courses })];
      return nbmotaVerdict(studyOf({ p, outcomes }));
    };
    const way = [{ ...relaxed, guards: GUARDS, diagnostics: null, closed: null }];
    expect(failed(equilibrium(1), way)).toEqual({ warnings: [], failed: false });
    const stray = failed({ ...equilibrium(1), stray: true }, way);
    expect(stray.warnings.join()).toContain("at 1000 K the equilibrium of the equation is outside the states");
    for (const [verdict, name] of [
      [failed(null, way), "the equation at 1000 K"],
      [failed(equilibrium(1), []), "the equation of the relaxation at 1000 K"],
    ] as const) {
      expect(verdict.failed).toBe(true);
      expect(verdict.warnings.join()).toContain(`${name} runs away`);
    }
  });

  test("of the residual on other data: all methods are judged by those of the first seed", () => {
    const outcomes = [
      outcome(7, { heldOut: 0.5, equilibria: [equilibrium(1)] }),
      outcome(7, { heldOut: 0.6, equilibria: [equilibrium(1)], method: "network" }),
      outcome(8, { heldOut: 0.9, equilibria: [equilibrium(1)] }),
    ];
    const found = methodsOf(studyOf({ outcomes, truth: [direct(8, "held").truth] }));
    expect(found.map(({ method, heldOut }) => [method, heldOut.value])).toEqual([
      ["increment", 0.5],
      ["network", 0.6],
    ]);
  });
});

test("the error of the mean relaxation has an interval of what the runs of the truth leave open, which all seeds meet", () => {
  const times = evenGrid(0, 1, 5);
  const rng = generator("course errors");
  const runs = 48;
  const own = range(runs, () => 1 + 0.2 * normal(rng));
  const constant = (values: readonly number[]) =>
    ensemble(
      { times, cases: 1, runs: values.length, d: 6 },
      Float32Array.from(
        { length: times.length * values.length * 6 },
        (_, k) => values[Math.floor(k / 6) % values.length],
      ),
    );
  // Two seeds that agree but for a little.
  const outcomes = [1.4, 1.4001].map((value, k) =>
    outcome(k, {
      method: RELAXATION,
      courses: [{ side: 8, order: constant([value, value]), guards: GUARDS, diagnostics: null, closed: null }],
    }),
  );
  const [{ error }] = courseErrors(studyOf({ outcomes, courses: [{ side: 8, order: constant(own) }] }));
  const exact = mean(own);
  expect(error.value).toBeCloseTo((1.40005 - exact) / exact, 5);
  // d ln error / d truth.
  const slope = 1 / (1.40005 - exact) + 1 / exact;
  const standard = Math.sqrt(own.reduce((sum, x) => sum + (x - exact) ** 2, 0) / (runs - 1) / runs);
  expect(Math.log(error.high / error.low) / 2 / 1.96 / (slope * standard)).toBeCloseTo(1, 1);
});

describe("the exponent of the spread", () => {
  const times = evenGrid(0, 1, 9);
  /** A relaxation whose last quarter has the standard deviation of its runs in every variable. */
  function course(side: number, std: number, runs: number) {
    const data = Float32Array.from({ length: times.length * runs * 6 }, (_, k) => {
      return std * (Math.floor(k / 6) % runs < runs / 2 ? 1 : -1) * Math.sqrt((runs - 1) / runs);
    });
    return {
      side,
      order: ensemble({ times, cases: 1, runs, d: 6 }, data),
      guards: GUARDS,
      diagnostics: null,
      closed: null,
    };
  }

  test("is a slope over all sizes, with the error that the numbers of runs of the direct ones leave", () => {
    for (const sides of [
      [8, 16],
      [16, 32],
      [8, 16, 64],
    ]) {
      const runs = sides.map((_, k) => 64 / 2 ** k);
      const courses = sides.map((side, k) => course(side, side ** -1.2, runs[k]));
      const learned = [1, 2].map((seed) =>
        outcome(seed, { method: RELAXATION, courses: sides.map((side) => course(side, side ** -1.5, 32)) }),
      );
      const found = exponentsOf(studyOf({ courses, outcomes: learned }));
      // n = 2 · side³.
      expect(found.learned.value).toBeCloseTo(-0.5, 4);
      expect(found.direct.value).toBeCloseTo(-0.4, 4);
      const x = sides.map((side) => 3 * Math.log(side));
      const square = x.reduce((sum, value) => sum + (value - mean(x)) ** 2, 0);
      const error = Math.sqrt(
        x.reduce((sum, value, k) => sum + ((value - mean(x)) / square) ** 2 / (2 * (runs[k] - 1)), 0),
      );
      expect((found.direct.high - found.direct.low) / 2 / error).toBeCloseTo(1.96, 1);
    }
  });

  test("of one size there is none", () => {
    const study = studyOf({
      courses: [course(8, 1, 4)],
      outcomes: [outcome(1, { method: RELAXATION, courses: [course(8, 1, 4)] })],
    });
    expect(exponentsOf(study).direct.value).toBeNaN();
  });
});
