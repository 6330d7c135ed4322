// Polynomial fields by linear solves, on planted regressions: what is recovered, with which degree and parity, at which condition, and how
// sure of it the fields are. Where a jackknife error is the unit, 4.5 of them have a false-alarm rate of 9e-5 (31 degrees of freedom).
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../../../lib/errors.ts";
import { openDevice } from "../../../../lib/gpu/device.ts";
import type { Regression } from "../../../../lib/method/pairs.ts";
import { solveSde } from "../../../../lib/method/sde/fit.ts";
import { atCondition, evaluate, type SdeModel, standardErrors } from "../../../../lib/method/sde/model.ts";
import { shareIndefinite } from "../../../../lib/method/sde/polynomial/diffusion.ts";
import { groupsOf, polynomialErrors, polynomialValues } from "../../../../lib/method/sde/polynomial/field.ts";
import type { Solution } from "../../../../lib/method/sde/polynomial/solve.ts";
import { defined, generators, normal } from "../../../fixtures.ts";
import { closeWithin, largest, mean, range } from "../../../numbers.ts";
import { expectWithin } from "../../../statistics.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();
const generator = generators(43);
const close = closeWithin(1e-9);

interface Plan {
  readonly d: number;
  readonly rows: number;
  /** Size of the errors of change/time, of each component or all. */
  readonly own?: number | readonly number[];
  /** Conditions are uniform on 0 … 1, as the variables are on −1 … 1. */
  readonly conditions?: number;
  f(z: number[], condition: number[]): number[];
  /** Upper triangle of σσᵀ. */
  gamma(z: number[], condition: number[]): number[];
}

const [LAMBDA, TIME] = [4, 0.2];

/** Compensators: change = (f + errors) δt, Q = λ σσᵀ δt times a factor uniform on 1 ± `spread`. */
function planted(plan: Plan, purpose: string, spread = 1): Regression {
  const { d, rows, own = 0, conditions = 0 } = plan;
  const rng = generator(purpose);
  const list = range(rows, () => {
    const state = range(d, () => Math.fround(2 * rng.uniform() - 1));
    const condition = range(conditions, () => Math.fround(rng.uniform()));
    const factor = LAMBDA * TIME * (1 + spread * (2 * rng.uniform() - 1));
    const error = (j: number) => (typeof own === "number" ? own : own[j]) * normal(rng);
    const change = plan.f(state, condition).map((f, j) => TIME * (f + error(j)));
    return { state, condition, change, variation: plan.gamma(state, condition).map((g) => factor * g) };
  });
  const column = (key: keyof (typeof list)[number]) => Float32Array.from(list.flatMap((row) => row[key]));
  const columns = { state: column("state"), change: column("change"), variation: column("variation") };
  const cohort = Uint32Array.from({ length: rows }, (_, p) => p);
  const rest = { time: TIME, instant: false, lambda: LAMBDA, cohort, condition: column("condition") };
  return { method: "compensator", d, ...columns, ...rest };
}

/** The polynomials of a regression; degree by cross-validation unless it is given. */
const solved = (data: Regression, degree = 0, odd: number[] = [], conditionDegree = 0) =>
  solveSde(data, { kind: "polynomial", degree, odd, conditionDegree }) as SdeModel & Solution;

const POINTS = range(25, (k) => [0.4 * (k % 5) - 0.8, 0.4 * Math.floor(k / 5) - 0.8]);
const CUBIC: Plan = {
  d: 2,
  rows: 1000,
  f: ([x, y]) => [0.1 + x - x ** 3 + 0.5 * x * y * y, x * x * y - y - 0.2 * x],
  gamma: ([x, y]) => [1 + 0.3 * x, 0.2 * x * y, 2 - 0.5 * y * y],
};
const FLAT: Plan = { d: 1, rows: 400, f: ([x]) => [1 - x], gamma: () => [1] };

describe("degree", () => {
  test("of exact polynomials is found, and they are recovered", async () => {
    const model = solved(planted(CUBIC, "exact", 0));
    expect(model.drift.degree).toBe(3);
    const found = await evaluate(gpu, model, POINTS.flat());
    const f = POINTS.flatMap((z) => CUBIC.f(z, []));
    const gamma = POINTS.flatMap((z) => [0, 1, 1, 2].map((k) => CUBIC.gamma(z, [])[k]));
    close(found.drift, f, 1e-6);
    close(found.diffusion, gamma, 1e-6);
  });

  test("follows the noise: 3 where that can be seen, less where it cannot", () => {
    const degrees = (plan: Plan, name: string) => range(10, (k) => solved(planted(plan, `${name}/${k}`)).drift.degree);
    const weak = degrees({ ...CUBIC, own: 0.5 }, "weak");
    expect(Math.min(...weak)).toBe(3);
    // Cross-validation overfits now and then: once in 15 times here.
    expect(weak.filter((degree) => degree === 3).length).toBeGreaterThanOrEqual(7);
    // What is cubic in f is 0.2 in size; 7 more coefficients cost 10 √(7/300) = 1.5.
    const strong = degrees({ ...CUBIC, rows: 300, own: 10 }, "strong");
    expect(strong.filter((degree) => degree < 3).length).toBeGreaterThanOrEqual(7);
  });

  test("is not that which fits the rounding of a component without errors best", () => {
    const plan: Plan = {
      ...{ d: 2, rows: 300, own: [0, 0.3] },
      f: ([x, y]) => [0.5 - x + 1.25 * y, x - y + x * y],
      gamma: ([x]) => [1 + 0.5 * x, 0, 1],
    };
    const sets = range(10, (k) => planted(plan, `rounding/${k}`, 0));
    const models = sets.map((set) => solved(set));
    // What is left of data that a drift has not seen: rounding of one component, its errors of the other.
    const left = models.map(({ drift }, k) => {
      const { change, time } = sets[k];
      const squares = change.filter((_, at) => at % 2 === 1).map((x) => (x / time) ** 2);
      const [none, own] = drift.choice.unexplained;
      expect(none).toBeLessThan(1e-9);
      return own * mean(Array.from(squares));
    });
    expect(mean(left)).toBeWithin(0.3 ** 2 * 0.9, 0.3 ** 2 * 1.2);
    expect(models.filter(({ drift }) => drift.degree === 2).length).toBeGreaterThanOrEqual(7);
    expect(models.map(({ diffusion }) => diffusion.degree)).toEqual(range(10, () => 1));
  });

  test("for equations that are to be read: the fewest terms whose residual is at most 1 % larger", () => {
    // What a parabola leaves of the fourth power is 0.015 in size, beside errors of 0.3: less than 1 % of the residual.
    const plan: Plan = { ...FLAT, rows: 4000, own: 0.3, f: ([x]) => [1 - x + 0.5 * x * x + 0.25 * x ** 4] };
    const degreesOf = (sparing: "none" | "alike") =>
      range(10, (k) => {
        const spec = { kind: "polynomial", degree: 0, sparing } as const;
        return (solveSde(planted(plan, `read/${k}`), spec) as SdeModel & Solution).drift;
      });
    const [best, read] = [degreesOf("none"), degreesOf("alike")];
    expect(Math.min(...best.map(({ degree }) => degree))).toBeGreaterThan(2);
    expect(read.map(({ degree }) => degree)).toEqual(range(10, () => 2));
    for (const { degree, choice } of read)
      for (const one of choice.curve) if (one.degree < degree) expect(one.score).toBeGreaterThan(0.01);
  });
});

describe("diffusion", () => {
  const exact = [0.5, 0, -0.5].map((x) => [x, CUBIC.gamma([x, 0.5], [])] as const);

  for (const method of ["compensator", "increment"] as const) {
    test(`has λ and δt right: ${method}`, () => {
      const data = planted({ ...CUBIC, rows: 4000 }, method);
      const rng = generator(`${method}/noise`);
      const change = data.change.slice();
      for (let p = 0; p < 4000; p++) {
        const z = Array.from(data.state.subarray(2 * p, 2 * p + 2));
        const [a, b, c] = CUBIC.gamma(z, []).map((g) => LAMBDA * TIME * g);
        const [first, second] = [normal(rng), normal(rng)];
        change[2 * p] += Math.sqrt(a) * first;
        change[2 * p + 1] += (b / Math.sqrt(a)) * first + Math.sqrt(c - (b * b) / a) * second;
      }
      const model = solved(method === "increment" ? { ...data, method, change, variation: null } : data);
      for (const [x, gamma] of exact) {
        const found = polynomialValues(model.diffusion, [x, 0.5]);
        const errors = polynomialErrors(model.diffusion, [x, 0.5]);
        for (const [k, value] of gamma.entries()) expectWithin(`entry ${k}`, found[k], value, errors[k]);
        // λ or δt forgotten is a factor of 4 or 5.
        expect(Math.max(errors[0] / gamma[0], errors[2] / gamma[2])).toBeLessThan(0.1);
      }
    });
  }

  const still = (gamma: Plan["gamma"]) => planted({ d: 2, rows: 1000, f: () => [0, 0], gamma }, "still");

  test("is positive definite at and far beyond the data, where its polynomials are not", async () => {
    // At x = ±1 the least eigenvalue is 0.01, and Q has factors between 0 and 2.
    const data = still(([x]) => [1, 0.99 * x, 1]);
    const model = solved(data);
    expect(model.diffusion.degree).toBeGreaterThan(0);
    const share = shareIndefinite(model.diffusion, data.state);
    expect([share > 0, share <= 0.02]).toEqual([true, true]);
    // Polynomials of a correlation that saturates are beyond 1 over wide ranges: variances stay, the correlation is cut.
    const steep = still(([x]) => [1, 0.99 * Math.tanh(3 * x), 1]);
    const bent = solved(steep);
    expect(bent.diffusion.degree).toBeGreaterThan(1);
    expect(shareIndefinite(bent.diffusion, steep.state)).toBeGreaterThan(0.02);
    const { diffusion: cut } = await evaluate(gpu, bent, steep.state);
    const plain = polynomialValues(bent.diffusion, steep.state);
    for (let p = 0; p < steep.state.length / 2; p++) {
      expect(cut[4 * p] * cut[4 * p + 3] - cut[4 * p + 1] ** 2).toBeGreaterThan(0);
      expect(cut[4 * p]).toBeCloseTo(plain[3 * p], 9);
      // The second variance grows by the floor at most.
      expect(cut[4 * p + 3] / plain[3 * p + 2]).toBeLessThan(1.002);
    }
    for (const scale of [1, 1.1, 1000]) {
      const z = data.state.map((value) => scale * value);
      const { diffusion } = await evaluate(gpu, model, z);
      const raw = polynomialValues(model.diffusion, z);
      let [least, rawLeast, over] = [1, 1, 0];
      for (let p = 0; p < 1000; p++) {
        const [a, b, , c] = diffusion.subarray(4 * p, 4 * p + 4);
        least = Math.min(least, a, a * c - b * b);
        rawLeast = Math.min(rawLeast, raw[3 * p] * raw[3 * p + 2] - raw[3 * p + 1] ** 2);
        over = Math.max(over, a - raw[3 * p], c - raw[3 * p + 2]);
      }
      expect(rawLeast).toBeLessThan(0);
      expect(least).toBeGreaterThan(1e-4);
      // No more noise than the variances say, but for the floor.
      expect(over).toBeLessThan(0.002);
    }
  });

  test("of a variable without noise of its own is refused", () => {
    const message = "variable 2 of z does not change in the training data, or only along with those before it";
    const remedy =
      "use more snapshots or longer increments, a temperature and a field at which it moves, or fewer variables";
    const whole = `${message}, so that its noise is not known: ${remedy}`;
    expect(() => solved(still(([x]) => [2 + x, 4 + 2 * x, 8 + 4 * x]))).toThrow(new InputError(whole));
  });
});

describe("odd variables", () => {
  test("give f and σσᵀ the parity of the system, exactly, whatever the data", async () => {
    // f₀ has even parts, by noise and by plan.
    const model = solved(planted({ ...CUBIC, own: 1 }, "parity"), 3, [0]);
    const flipped = POINTS.map(([x, y]) => [-x, y]);
    const [a, b] = [await evaluate(gpu, model, POINTS.flat()), await evaluate(gpu, model, flipped.flat())];
    expect(largest(a.drift)).toBeGreaterThan(0.5);
    expect(Array.from(b.drift)).toEqual(
      Array.from(a.drift, (f, k) => (k % 2 === 0 ? -f : f)).map((f) => expect.closeTo(f, 12)),
    );
    const signs = [1, -1, -1, 1];
    expect(Array.from(b.diffusion)).toEqual(Array.from(a.diffusion, (g, k) => expect.closeTo(signs[k % 4] * g, 12)));
    expect(Math.abs((await evaluate(gpu, model, [0, 0.3])).drift[0])).toBeLessThan(1e-14);
    expect(defined(standardErrors(model, [0, 0.3])).drift[0]).toBeLessThan(1e-14);
    // Without the symmetry the even part of f₀ = 0.1 + … is there.
    const free = solved(planted({ ...CUBIC, own: 0.1 }, "parity"), 3);
    expect(polynomialValues(free.drift, [0, 0.3])[0]).toBeCloseTo(0.1, 1);
  });
});

describe("conditions", () => {
  const plan: Plan = {
    d: 2,
    rows: 1000,
    conditions: 2,
    f: ([x, y], [t, u]) => [t * x - x ** 3 + u * u, x * y * u - t],
    gamma: ([x], [t, u]) => [1 + t, 0.2 * x * u, 2 + u],
  };
  const data = planted({ ...plan, own: 0.1 }, "conditions");
  const model = solved(data, 3);
  const condition = [0.3, 0.9];

  test("are put in: the same as at them, for the best coefficients and those of every group", async () => {
    const closed = atCondition(model, condition) as SdeModel & Solution;
    expect(closed.drift.slope).toEqual(model.drift.slope.slice(0, 4));
    expect([closed.drift.conditionDegree, model.drift.conditionDegree > 0]).toEqual([0, true]);
    const all = POINTS.flatMap(() => condition);
    for (const key of ["drift", "diffusion"] as const) {
      const [own, open] = [closed[key], model[key]];
      close(polynomialValues(own, POINTS.flat()), polynomialValues(open, POINTS.flat(), all));
      for (const g of [0, 7, groupsOf(open) - 1]) {
        const set = (field: typeof open) =>
          field.replicates.slice(g * field.coefficients.length, (g + 1) * field.coefficients.length);
        close(
          polynomialValues({ ...own, coefficients: set(own) }, POINTS.flat()),
          polynomialValues({ ...open, coefficients: set(open) }, POINTS.flat(), all),
        );
      }
    }
    const errors = defined(standardErrors(closed, POINTS.flat())).drift;
    const { drift } = await evaluate(gpu, closed, POINTS.flat());
    const exact = POINTS.flatMap((z) => plan.f(z, condition));
    for (const [k, f] of exact.entries()) expectWithin(`f ${k}`, drift[k], f, errors[k]);
    expect(largest(errors)).toBeLessThan(0.05);
  });

  const sloped = (bend: number): Plan => ({
    d: 1,
    rows: 2000,
    conditions: 1,
    own: 0.1,
    f: ([x], [t]) => [1 + t - (1 + t + bend * t * t) * x],
    gamma: () => [1],
  });

  test("have a degree of their own: a line in z may have any slope at any condition", () => {
    expect(solved(planted(sloped(4), "bent"), 1).drift.conditionDegree).toBeGreaterThan(1);
    const bent = solved(planted(sloped(4), "bent"), 1, [], 2);
    expect([bent.drift.degree, bent.drift.conditionDegree]).toEqual([1, 2]);
    expect(bent.drift.choice.curve.map(({ terms, conditionDegree }) => [terms, conditionDegree])).toEqual([[6, 2]]);
    expect(bent.diffusion.conditionDegree).toBe(2);
    for (const t of [0.02, 0.5, 0.98]) {
      const { drift } = atCondition(bent, [t]) as SdeModel & Solution;
      const z = [-0.9, 0, 0.9];
      const values = polynomialValues(drift, z);
      const errors = polynomialErrors(drift, z);
      for (const [k, x] of z.entries()) expectWithin(`f(${x}) at ${t}`, values[k], sloped(4).f([x], [t])[0], errors[k]);
    }
    // One without a bend takes no more than it has to, mostly.
    const degrees = range(10, (k) => solved(planted(sloped(0), `straight/${k}`), 1).drift.conditionDegree);
    expect(degrees.filter((degree) => degree === 1).length).toBeGreaterThan(5);
  });

  test("leave a high degree in z to cohorts that are too few for both", () => {
    // 40 cohorts: degrees (4, 1) have 30 terms, (3, 3) have 40, (4, 2) have 45.
    const steep: Plan = {
      d: 2,
      rows: 2000,
      conditions: 1,
      f: ([x, y], [t]) => [8 * x ** 4 * (1 + t) - y, 8 * x * y ** 3 * t],
      gamma: () => [1, 0, 1],
    };
    const data = planted(steep, "few cohorts");
    const { drift, diffusion } = solved({ ...data, cohort: data.cohort.map((p) => p % 40) });
    expect([drift.degree, drift.conditionDegree]).toEqual([4, 1]);
    expect(drift.choice.curve.map(({ degree }) => degree)).toEqual([1, 2, 3, 4]);
    // Of σσᵀ up to 35 terms: (4, 1) with 30 too.
    expect(diffusion.choice.curve.map(({ degree }) => degree)).toEqual([0, 1, 2, 3, 4]);
  });

  test("of few values have a lower degree than these", () => {
    const data = planted(sloped(4), "two");
    const two = solved({ ...data, condition: data.condition.map((t) => (t < 0.5 ? 0.25 : 0.75)) }, 1);
    expect(two.drift.conditionDegree).toBe(1);
    const asked = solved({ ...data, condition: data.condition.map((t) => Math.round(2 * t)) }, 1, [], 5);
    expect(asked.drift.conditionDegree).toBe(2);
  });

  const refused = (condition: number[], what: string) =>
    expect(() => void atCondition(model, condition)).toThrow(new InputError(what));

  test("outside the data, which are between 0 and 1, are refused", () => {
    refused([0.3, 1.02], "condition 1.02 is outside the training data");
    refused([-0.02, 0.3], "condition -0.02 is outside the training data");
  });

  test("at the edge of the data are inside, with more digits than float32 has", () => {
    const all = data.condition;
    for (const k of [0, 1]) {
      const values = all.filter((_, at) => at % 2 === k);
      for (const [edge, out] of [
        [Math.min(...values), -1],
        [Math.max(...values), 1],
      ]) {
        const at = (value: number) => [0.3, 0.3].with(k, value);
        expect(() => void atCondition(model, at(edge + out * 1e-7))).not.toThrow();
        expect(() => void atCondition(model, at(edge + out * 1e-4))).toThrow("outside the training data");
      }
    }
  });

  test("of another number, or none, are refused", async () => {
    refused([0.3], "1 conditions for an equation that depends on 2");
    await expect(evaluate(gpu, model, [0, 0])).rejects.toThrow("depends on 2 conditions: put them in first");
  });
});

describe("training data are refused that", () => {
  const data = planted(FLAT, "refused");
  const refused = (changed: Partial<Regression>, message: string, degree = 0) =>
    expect(() => solved({ ...data, ...changed }, degree)).toThrow(new InputError(message));
  const into = (cohorts: number) => ({ cohort: data.cohort.map((_, p) => p % cohorts) });

  test("have fewer cohorts than folds, or than the degree has terms", () => {
    const folds = "fewer than the 8 folds of cross-validation: simulate more small systems";
    refused(into(7), `7 cohorts of training data are ${folds}`);
    expect(solved({ ...data, ...into(8) }).drift.choice.cohorts).toBe(8);
    const terms = "degree 9 has 10 terms in 1 variables, more than the 9 cohorts of training data: use a lower degree";
    refused(into(9), terms, 9);
    expect(solved({ ...data, ...into(10) }, 9).drift.degree).toBe(9);
    const conditioned = "degree 4 has 10 terms in 1 variables and 1 condition, more than the 9 cohorts";
    const condition = Float32Array.from(data.cohort, (cohort) => cohort % 5);
    refused({ ...into(9), condition }, `${conditioned} of training data: use a lower degree`, 4);
    // Cross-validation keeps to the same limit.
    const tried = solved({ ...data, ...into(9) }).drift.choice.curve.map(({ degree }) => degree);
    expect(tried).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const wide = planted({ d: 5, rows: 300, f: () => range(5, () => 0), gamma: () => range(15, () => 1) }, "wide");
    const possible = "degree 5 has 252 terms in 5 variables, more than the 128 that are possible: use a lower degree";
    expect(() => solved(wide, 5)).toThrow(new InputError(possible));
  });

  test("are not finite", () => {
    for (const key of ["state", "change", "variation"] as const) {
      const values = Float32Array.from(data[key] ?? []).fill(Number.NaN, 9, 10);
      refused({ [key]: values }, "the compensator training pairs are not all finite");
    }
  });
});
