// Fits of exponents and how they are put together over seeds, on laws that scale exactly.
import { expect, setDefaultTimeout, test } from "bun:test";
import { totalUpdates } from "../../../lib/analysis/cost.ts";
import { CRITICAL_TEMPERATURE } from "../../../lib/analysis/ising-onsager.ts";
import { InputError } from "../../../lib/errors.ts";
import { learningCost } from "../../../lib/experiments/ising-critical/costs.ts";
import { EQUILIBRIUM_FLIPS } from "../../../lib/experiments/ising-critical/equilibrium.ts";
import type { Stationary } from "../../../lib/experiments/ising-critical/laws.ts";
import {
  type CriticalStudy,
  costsOf,
  criticalMetrics,
  criticalVerdict,
  fitsOver,
  worstOf,
} from "../../../lib/experiments/ising-critical/metrics.ts";
import {
  type CriticalOptions,
  criticalCommand,
  fittedSides,
  reachableSides,
} from "../../../lib/experiments/ising-critical/parameters.ts";
import { type Outcome, settled } from "../../../lib/experiments/ising-critical/scores.ts";
import { defaults } from "../../../lib/run/parameters.ts";
import { defined } from "../../fixtures.ts";

setDefaultTimeout(60_000);

const p = { ...(defaults(criticalCommand.parameters, "standard") as CriticalOptions), largeSizes: [128] };

/** A law at a size and temperature that scales with the exponents of the infinite lattice. */
function exact(side: number, temperature: number, part: Partial<Stationary> = {}): Stationary {
  const x = (temperature - CRITICAL_TEMPERATURE) * side;
  return {
    abs_m: side ** (-1 / 8) * Math.exp(-0.2 * x),
    chi: 0.03 * side ** (7 / 4) * Math.exp(0.1 * x),
    binder: 0.61 - 0.03 * x,
    tau: side ** 2.2,
    edge: 0,
    negative: 0,
    unphysical: 0,
    grid: 0,
    ...part,
  };
}

const points = [
  ...p.sizes.flatMap((side) => p.temperatures.map((temperature) => ({ side, temperature }))),
  ...p.largeSizes.map((side) => ({ side, temperature: p.T })),
];
const outcomes = (seed: number, factor = 1): Outcome[] =>
  points.map(({ side, temperature }) => {
    const law = exact(side, temperature);
    return { seed, side, temperature, from: side, taught: "scaling", law: { ...law, abs_m: factor * law.abs_m } };
  });
/** Its truth, with errors. */
function truthOf(side: number, temperature: number) {
  const { abs_m, chi, binder } = exact(side, temperature);
  return {
    abs_m: { value: abs_m, error: 1e-3 * abs_m },
    chi: { value: chi, error: 0.01 * chi },
    binder: { value: binder, error: 1e-3 },
  };
}
const study = (part: Partial<CriticalStudy> = {}): CriticalStudy => ({
  p,
  outcomes: [...outcomes(1), ...outcomes(2, 1.01), ...outcomes(3, 0.99)],
  truth: points.map((point) => ({ ...point, quantities: truthOf(point.side, point.temperature), states: [] })),
  lawTests: [],
  seed: 1,
  courses: [16, 32, 64].map((side) => ({
    side,
    tau: { value: 2 * side ** 2.17, error: 1 },
    quantities: truthOf(side, p.T),
    updates: 1e9 * side ** 2,
  })),
  rolled: [],
  closed: [],
  relaxTimes: null,
  ...part,
});

test("fits to exact scaling give its exponents, over all seeds, and those of the truth have intervals", () => {
  const fits = fitsOver(study());
  expect(fits.beta_over_nu.learned.value).toBeCloseTo(1 / 8 - 0.2 * ((p.T - CRITICAL_TEMPERATURE) * -48.5), 1);
  expect(fits.one_over_nu.learned.value).toBeCloseTo(1, 6);
  expect(fits.t_c.learned.value).toBeCloseTo(CRITICAL_TEMPERATURE, 5);
  expect(fits.collapse_beta_over_nu.learned.value).toBeCloseTo(1 / 8, 2);
  expect(fits.collapse_one_over_nu.learned.value).toBeCloseTo(1, 1);
  // A factor that all sizes of a seed have in common changes no exponent.
  expect(fits.beta_over_nu.learned.high - fits.beta_over_nu.learned.low).toBeLessThan(1e-6);
  expect(fits.beta_over_nu.truth.high - fits.beta_over_nu.truth.low).toBeGreaterThan(1e-4);
});

test("metrics name method, size and temperature; other ways are none of the main numbers", () => {
  const carried: Outcome = {
    seed: 1,
    side: 128,
    temperature: p.T,
    from: 64,
    taught: "scaling",
    law: exact(128, p.T, { abs_m: 9 }),
  };
  const alone: Outcome = {
    seed: 1,
    side: 32,
    temperature: 2.25,
    from: 32,
    taught: "alone",
    law: exact(32, 2.25, { abs_m: 8 }),
  };
  const metrics = criticalMetrics(study({ outcomes: [...study().outcomes, carried, alone] }), 12);
  const value = (name: string) => defined(metrics[name]).value;
  expect(value("abs_m.learned.L32.T2_25")).toBeCloseTo(exact(32, 2.25).abs_m, 6);
  expect(value("abs_m.wolff.L32.T2_25")).toBeCloseTo(exact(32, 2.25).abs_m, 6);
  expect([value("abs_m.from-L64.L128.T2_27"), value("abs_m.alone.L32.T2_25")]).toEqual([9, 8]);
  expect(defined(metrics["chi.learned.L64.T2_27"]).seeds?.length).toBe(3);
  expect(value("tau.glauber.L32.T2_27")).toBeCloseTo(2 * 32 ** 2.17, 6);
  expect(value("z.glauber")).toBeCloseTo(2.17, 6);
  expect(value("z.learned")).toBeCloseTo(2.2, 6);
  expect(metrics.beta_over_nu).toBeUndefined();
  expect(defined(metrics["beta_over_nu.learned"]).exact).toBe(1 / 8);
});

test("a law that has much of its probability at the edge of its data says so", () => {
  expect(criticalVerdict(study()).warnings).toEqual([]);
  const some = study().outcomes.map((one) =>
    one.side === 48 && one.temperature === 2.28 && one.seed === 2 ? { ...one, law: { ...one.law, edge: 0.03 } } : one,
  );
  expect(criticalVerdict(study({ outcomes: some })).warnings.join()).toMatch(/48 × 48 spins at T = 2\.28 has 3\.0 %/);
  expect(criticalVerdict(study({ outcomes: some })).failed).toBe(false);
});

test.each([
  [{ edge: 0.2 }, /32 × 32 spins at T = 2\.27 has 20 % of its probability at the edge/],
  [{ negative: 0.2 }, /has 20 % of negative probability: use more --cells/],
  [{ unphysical: 0.02 }, /has 2\.0 % of its probability where no lattice can be/],
  [{ grid: 0.2 }, /differs by 20 % between two grids/],
  [{ grid: Number.NaN }, /^$/],
  [{ abs_m: Number.NaN, edge: Number.NaN }, /is not known: its equation has none/],
])("a law with %p makes the run fail", (part: Partial<Stationary>, message) => {
  const some = study().outcomes.map((one) =>
    one.side === 32 && one.temperature === 2.27 && one.seed === 3 ? { ...one, law: { ...one.law, ...part } } : one,
  );
  const { failed, warnings } = criticalVerdict(study({ outcomes: some }));
  expect(failed).toBe(true);
  expect(warnings.join()).toMatch(message);
});

test("trajectories that leave what lattices can be are said; those that run away make the run fail", () => {
  const known = { value: 1, error: 0.1 };
  const one = (unphysical: number) => ({ dt: 0.5, tau: known, unphysical, abs_m: known, chi: known, binder: known });
  const closed = (unphysical: number) => [{ side: 16, closure: "blocks" as const, rolled: one(unphysical) }];
  const rolled = (unphysical: number) => [{ side: 32, steps: [one(0), one(unphysical)] }];
  expect(criticalVerdict(study({ rolled: rolled(0.001), closed: closed(0.001) })).warnings).toEqual([]);
  const tried = criticalVerdict(study({ closed: closed(0.02) }));
  expect(tried.failed).toBe(false);
  expect(tried.warnings.join()).toMatch(
    /16 × 16 spins with the closure blocks spend 2\.0 % of their time where no lattice can be/,
  );
  const ran = criticalVerdict(study({ rolled: rolled(Number.NaN) }));
  expect(ran.failed).toBe(true);
  expect(criticalVerdict(study({ rolled: rolled(0.02) })).warnings.join()).toMatch(
    /step 0\.5 spend 2\.0 % of their time where no /,
  );
  expect(criticalVerdict(study({ closed: closed(Number.NaN) })).failed).toBe(false);
  expect(ran.warnings.join()).toMatch(/32 × 32 spins with the step 0\.5 run away/);
});

test("worst deviations are those of means over seeds, apart for sides beyond the paper's", () => {
  const large = { side: 256, temperature: p.T };
  const off = exact(large.side, large.temperature, { abs_m: 3, chi: 5, binder: 0.2 });
  const found = criticalMetrics(study(), 1);
  expect([defined(found["worst.abs_m"]).value, defined(found["worst.binder"]).value]).toEqual([
    expect.closeTo(0, 6),
    expect.closeTo(0, 6),
  ]);
  const truth = truthOf(large.side, large.temperature);
  const both = worstOf(
    study({
      outcomes: [...study().outcomes, { ...large, seed: 1, from: large.side, taught: "scaling", law: off }],
      truth: [...study().truth, { ...large, quantities: truth, states: [] }],
    }),
  );
  expect(both.map(({ from, to }) => [from, to])).toEqual([
    [32, 128],
    [256, 256],
  ]);
  expect(defined(both[1]).absM).toBeCloseTo(3 / truth.abs_m.value - 1, 6);
  expect(defined(both[1]).chi).toBeCloseTo(1 - 5 / truth.chi.value, 6);
  expect(defined(both[1]).binder).toBeCloseTo(Math.abs(0.2 - truth.binder.value), 6);
});

test("points that nobody asked for stay where they lie inside the data of all seeds, for the truth as well", () => {
  const further = [2.26, 2.28].map((temperature) => ({ side: 128, temperature }));
  const laws = [1, 2, 3].flatMap((seed) =>
    further.map((point): Outcome => {
      const edge = seed === 2 && point.temperature === 2.28 ? 0.02 : 0;
      return { ...point, seed, from: 128, taught: "scaling", law: exact(point.side, point.temperature, { edge }) };
    }),
  );
  const truth = [
    ...study().truth,
    ...further.map((point) => ({ ...point, quantities: truthOf(128, point.temperature), states: [] })),
  ];
  const all = [...study().outcomes, ...laws];
  // An asked one stays, and says that it is at the edge.
  const edged = all.map((one) => (one.side === 32 ? { ...one, law: { ...one.law, edge: 0.02 } } : one));
  const kept = settled(p, edged, truth);
  const at = (list: readonly { side: number; temperature: number }[], side: number) => [
    ...new Set(list.filter((one) => one.side === side).map(({ temperature }) => temperature)),
  ];
  expect(at(kept.outcomes, 128).sort()).toEqual([2.26, 2.27]);
  expect(at(kept.truth, 128).sort()).toEqual([2.26, 2.27]);
  expect(at(kept.outcomes, 32)).toEqual(p.temperatures);
  const scopes = worstOf(study(kept)).map(({ scope, from, to }) => [scope, from, to]);
  expect(scopes).toEqual([
    ["paper", 32, 128],
    ["further", 128, 128],
  ]);
});

test("laws of which nothing is known leave fits unknown, not broken", () => {
  const some = study().outcomes.map((one) =>
    one.side === 64 && one.temperature === p.T && one.seed === 2
      ? { ...one, law: { ...one.law, abs_m: Number.NaN, chi: -1, tau: Number.NaN } }
      : one,
  );
  const metrics = criticalMetrics(study({ outcomes: some }), 1);
  expect(metrics["gamma_over_nu.learned"]).toBeUndefined();
  expect(defined(metrics["gamma_over_nu.wolff"]).value).toBeGreaterThan(1.7);
});

test("costs: what direct simulation needs for an interval as wide as that over the seeds", () => {
  const [small, , , large] = costsOf(study());
  // One, 1.01 and 0.99 times a value: Student's interval of three seeds. Direct simulation is known to 0.1 %.
  const width = 4.302653 * (0.01 / Math.sqrt(3));
  expect(defined(small).direct).toBeCloseTo(1e9 * 16 ** 2 * ((1.96 * 1e-3) / width) ** 2, -7);
  const phases = learningCost({ ...p, lattices: 640, looks: 3, relaxTime: 5, pause: 2 }, 64);
  // Three quarters of those of 128; from 16 by way of 32; for 5 and √8 times as many sweeps; eight sweeps between looks.
  expect(phases).toEqual({
    small: EQUILIBRIUM_FLIPS * 480 * 256,
    relax: expect.closeTo(20 * 480 * (32 ** 2 + Math.sqrt(8) * 64 ** 2), 3),
    evolve: (2 * 8 + 3) * 480 * 64 ** 2,
  });
  expect(defined(large).learn).toBe(3 * totalUpdates(learningCost(p, 64)));
  expect(costsOf(study({ courses: [] })).every(({ direct }) => Number.isNaN(direct))).toBe(true);
});

test("sides of the fits are doubled ones up to eight patches; those that can be reached are products of 2 and 3", () => {
  expect(fittedSides({ sizes: [16, 32, 48, 64], largeSizes: [128, 256], patch: 16 })).toEqual({
    scaling: [16, 32, 64, 128],
    slopes: [16, 32, 48, 64],
  });
  expect(reachableSides(16, 150)).toEqual([16, 32, 48, 64, 96, 128, 144]);
});

test("what does not go together is refused", () => {
  const refused = (part: Partial<CriticalOptions>) => () =>
    criticalCommand.check?.(
      { ...(defaults(criticalCommand.parameters, "quick") as CriticalOptions), ...part },
      new Set(),
    );
  for (const [part, message] of [
    [{ sizes: [16, 40] }, /--sizes 40 is not 16 times factors 2 and 3: use 32 or 48/],
    [{ sizes: [8] }, /--sizes 8 .* use 16/],
    [{ patch: 15 }, /--patch 15 is odd/],
    [{ T: 2.3 }, /--T 2.3 is not one of the temperatures 2.25, 2.27, 2.29/],
    [{ lattices: 64 }, /--lattices 64 are too few for side 16: 2 cohorts of/],
    [{ lattices: 2048, studies: "all" }, /side 16: degree 4 has 70 terms .* 48 cohorts/],
    [{ closureSizes: [16, 16] }, /16.* a side twice/],
    [{ largeSizes: [32] }, /32.* a side twice/],
    [{ courseSizes: [48] }, /--course-sizes 48 is not among/],
  ] as [Partial<CriticalOptions>, RegExp][]) {
    expect(refused(part)).toThrow(InputError);
    expect(refused(part)).toThrow(message);
  }
});
