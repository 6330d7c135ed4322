// The equation that a page carries: what evaluates it, and its runs, without a page.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../lib/gpu/device.ts";
import { regression } from "../../lib/method/pairs.ts";
import { solveSde } from "../../lib/method/sde/fit.ts";
import { leverages, regressionOn, stateOf } from "../../lib/method/sde/hull.ts";
import { atCondition, evaluate, type SdeModel, withLambda } from "../../lib/method/sde/model.ts";
import { diffusionValues } from "../../lib/method/sde/polynomial/diffusion.ts";
import { driftValues } from "../../lib/method/sde/polynomial/drift.ts";
import { monomials } from "../../lib/method/sde/polynomial/monomials.ts";
import { equationsOf, truthOf } from "../../lib/report/browser/live/equation.ts";
import { Runs } from "../../lib/report/browser/live/runs.ts";
import { result } from "../../lib/report/browser/live/words.ts";
import { inlineJson } from "../../lib/report/html.ts";
import { type LiveData, type LiveEquation, liveData, liveSection } from "../../lib/report/live-equation.ts";
import { generators, normal } from "../fixtures.ts";
import { plantedAt } from "../method/sde/planted.ts";
import { randomModel } from "../method/sde/reference.ts";
import { difference, largest, mean, range } from "../numbers.ts";
import { expectWithin } from "../statistics.ts";
import { HORIZON, liveOf, rolledOut, solved } from "./live.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(61);

/** As the page reads it. */
const carried = (live: LiveEquation): LiveData => JSON.parse(inlineJson(liveData(live)));
const equationOf = (live: LiveEquation) => equationsOf(carried(live))[0];

/** Points within the data of `solved`, and beyond them. */
const points = (d: number, reach: number) => {
  const rng = generator(`points/${d}/${reach}`);
  return Float64Array.from({ length: 60 * d }, (_, k) => 10 * (k % d) + reach * (2 * rng.uniform() - 1));
};

const all = { runs: 200, noise: 1, horizon: HORIZON, seed: 3 };

describe("f and σσᵀ of a page", () => {
  test.each([1, 2, 4])("are those of the model, in %d variables, beyond the data too", async (d) => {
    const model = solved(d);
    const { drift, diffusion } = equationOf(liveOf(model, Math.min(2, d)));
    for (const reach of [0.9, 1.6]) {
      const z = points(d, reach);
      const exact = await evaluate(gpu, model, z);
      expect(largest(difference(driftValues(drift, z), exact.drift))).toBeLessThan(1e-10 * largest(exact.drift));
      expect(largest(difference(diffusionValues(diffusion, z), exact.diffusion))).toBeLessThan(
        1e-10 * largest(exact.diffusion),
      );
    }
  });

  test("are the formula of the report, within the data", () => {
    const model = solved(2);
    if (model.drift.kind !== "polynomial") throw new Error("not solved");
    const { drift } = equationOf(liveOf(model, 2));
    const { powers, coefficients, width } = monomials(model.drift, Float64Array.of(0, 10));
    const z = points(2, 0.8);
    const written = z.map((_, k) => {
      const [p, j] = [k >> 1, k % 2];
      const [a, b] = [z[2 * p], z[2 * p + 1] - 10];
      return powers.reduce((sum, [m, n], t) => sum + coefficients[t * width + j] * a ** m * b ** n, 0);
    });
    expect(largest(difference(driftValues(drift, z), written))).toBeLessThan(1e-10 * largest(written));
  });

  test("are of every condition what the model has there", async () => {
    const plan = (a: number) => ({
      ...{ d: 2, snapshots: 800, patches: 4, time: 0.1 },
      state: (rng: { uniform(): number }) => [2 * rng.uniform() - 1, 2 * rng.uniform() - 1],
      drift: ([x, y]: number[]) => [-a * x, y - a * y ** 3],
      sigma: () => [0.3, 0, 0, 0.2 * a],
    });
    const data = regression(
      plantedAt([[1], [2], [3]], ([a]) => plan(a)),
      "compensator",
    );
    const whole = solveSde(data, { kind: "polynomial", degree: 3 });
    const values = [1, 1.5, 3];
    const live: LiveEquation = {
      ...liveOf(solved(2), 2),
      equations: values.map((value) => ({ model: atCondition(whole, [value]), dt: 0.05, scheme: "heun", value })),
      setting: { symbol: "a", unit: "", at: 1.5 },
    };
    const data_ = carried(live);
    expect(data_.at).toBe(1);
    const z = points(2, 0.7).map((x, k) => x - 10 * (k % 2));
    for (const [k, one] of equationsOf(data_).entries()) {
      const exact = await evaluate(gpu, atCondition(whole, [values[k]]), z);
      expect(largest(difference(driftValues(one.drift, z), exact.drift))).toBeLessThan(1e-10 * largest(exact.drift));
    }
  });

  test("know where the training data are", () => {
    const model = solved(2);
    const { hull } = equationOf(liveOf(model, 2));
    const z = points(2, 2);
    const ratio = Array.from(leverages(hull, z), (h, k) => h / leverages(model.hull, z)[k]);
    expect(largest(ratio.map((x) => x - 1))).toBeLessThan(1e-8);
    expect(hull.limit / model.hull.limit).toBeCloseTo(1, 5);
  });

  test("of networks are not carried: there is no section", () => {
    const model: SdeModel = randomModel(2, "diagonal", generator("network"));
    expect(liveSection(liveOf(model, 2), "").body).toBe(false);
    expect(liveSection(null, "").body).toBe(false);
    expect(liveSection(liveOf(solved(1), 1), "").body).not.toBe(false);
  });
});

describe("what the training data say of variables that the reader does not set", () => {
  test("is the curve that they follow", () => {
    // The third is quadratic in the two others, and a little noise.
    const rng = generator("regression");
    const law = (x: number, y: number) => 5 + x - 2 * x * y + 0.5 * y ** 2;
    const plan = (purpose: string) => ({
      ...{ d: 3, snapshots: 3000, patches: 1, time: 0.1, purpose },
      state: () => {
        const [x, y] = [normal(rng), 3 + normal(rng)];
        return [x, y, law(x, y) + 0.01 * normal(rng)];
      },
      drift: (z: number[]) => z.map((x) => -x),
      sigma: () => [0.1, 0, 0, 0, 0.1, 0, 0, 0, 0.1],
    });
    const data = regression(
      plantedAt([[]], () => plan("regression")),
      "compensator",
    );
    const { hull } = solveSde(data, { kind: "polynomial", degree: 1 });
    const slope = regressionOn(hull, 2);
    for (const [x, y] of [
      [0, 3],
      [1, 4],
      [-1.5, 2.2],
    ]) {
      const z = stateOf(hull, slope, [x, y]);
      expect(z.slice(0, 2)).toEqual([x, y]);
      expect(z[2]).toBeCloseTo(law(x, y), 2);
    }
  });
});

describe("runs of a page", () => {
  const finished = (live: LiveEquation, options: Partial<typeof all> = {}) => {
    const equation = equationOf(live);
    const runs = new Runs(equation, equation.complete(live.starts[0].z), { ...all, ...options });
    while (!runs.isDone) runs.advance(() => true);
    return runs;
  };

  test.each([
    ["heun", 1],
    ["euler", 1],
    ["heun", 2],
    ["euler", 4],
  ] as const)("by %s in %d variables have the moments of the report’s own", async (scheme, d) => {
    const model = solved(d);
    // Steps that are long enough to tell the schemes apart.
    const dt = 0.25;
    const live = liveOf(model, Math.min(2, d), scheme, dt);
    const count = 4000;
    const runs = finished(live, { runs: count });
    const exact = await rolledOut(gpu, model, live.starts[0].z, count, { dt, scheme });
    expect(runs.times[runs.times.length - 1]).toBeCloseTo(HORIZON, 10);
    for (const t of [1, 4, runs.times.length - 1]) {
      const at = t * d;
      for (let j = 0; j < d; j++) {
        const [own, m, s] = [runs.law(t, j), exact.mean[at + j], exact.std[at + j]];
        const error = Math.SQRT2 / Math.sqrt(count);
        expectWithin(`mean of z${j} at ${runs.times[t]}`, own.mean, m, error * s);
        // Of a normal law, within its kurtosis.
        expectWithin(`std of z${j} at ${runs.times[t]}`, own.std, s, 1.2 * error * (s / Math.SQRT2));
      }
    }
  });

  test("of a larger system spread like 1/√n, as those of the model with its λ", () => {
    const model = solved(2);
    const late = (runs: Runs) => runs.law(runs.times.length - 1, 0).std;
    const base = late(finished(liveOf(model, 2)));
    const small = late(finished(liveOf(withLambda(model, 16, 1), 2)));
    const noise = late(finished(liveOf(model, 2), { noise: 1 / 4 }));
    expect(noise / small).toBeCloseTo(1, 6);
    expect(base / noise).toBeWithin(3.8, 4.2);
  });

  test("do not depend on how they are cut, and few are the first of many", () => {
    const live = liveOf(solved(2), 2);
    const equation = equationOf(live);
    const cut = new Runs(equation, live.starts[0].z, all);
    for (let k = 0; !cut.isDone; k++) cut.advance(() => k % 3 > 0 && false);
    const whole = finished(live);
    expect(cut.record).toEqual(whole.record);
    const few = finished(live, { runs: 7 });
    expect(few.at(30)).toEqual(whole.at(30).subarray(0, 14));
    const other = finished(live, { seed: 4 });
    expect(other.at(30)).not.toEqual(whole.at(30));
  });

  test("say what part of them is outside the training data", () => {
    const live = liveOf(solved(2), 2);
    expect(finished(live).outside()).toBeLessThan(0.01);
    const equation = equationOf(live);
    const far = new Runs(equation, [3, 14], all);
    expect(far.outside()).toBe(1);
    while (!far.isDone) far.advance(() => true);
    expect(far.outside()).toBeWithin(0.01, 0.9);
  });

  test("that leave all bounds are counted, and spoil nothing", () => {
    const live = liveOf(solved(1), 1);
    const equation = equationOf(live);
    // Steps much too long: the drift swings from end to end; and noise beyond all measure.
    const wild = {
      ...equation,
      dt: 1,
      drift: { ...equation.drift, coefficients: equation.drift.coefficients.map((c) => -1e308 * c) },
    };
    const runs = new Runs(wild, [0.4], { ...all, noise: 1e6 });
    while (!runs.isDone) runs.advance(() => true);
    expect(runs.lost).toBeGreaterThan(0);
    expect(runs.outside()).toBeGreaterThan(0.5);
    const calm = finished(live);
    expect([calm.lost, Number.isFinite(calm.law(10, 0).mean)]).toEqual([0, true]);
  });
});

test("the truth beside a result is that at its time, between the times of the truth too", () => {
  const live = liveOf(solved(1), 1);
  const equation = equationOf(live);
  const runs = new Runs(equation, [0.4], { ...all, runs: 3 });
  while (!runs.isDone) runs.advance(() => true);
  const truth = [{ times: [0, 1, 4], mean: [3, 5, 8], std: [0, 0, 0] }];
  const told = (time: number) => /\(true: (.*?)\)/.exec(result(runs, time, live.time, live.variables, truth))?.[1];
  // Of 80 times until 4: at 0, 0.5, 1, 3 and 4.
  expect([0, 10, 20, 60, 80].map(told)).toEqual(["3", "4", "5", "7", "8"]);
});

test("the truth of a start comes as it is, but for its last digits", () => {
  const times = range(201, (k) => k / 10);
  const moments = [{ mean: Float64Array.from(times, Math.sin), std: Float64Array.from(times, (t) => 0.1 + t) }];
  const base = liveOf(solved(1), 1);
  const data = carried({ ...base, starts: [{ ...base.starts[0], truth: { times, moments } }] });
  const [{ times: own, mean: m, std: s }] = truthOf(data, data.starts[0]);
  expect([own[0], own[own.length - 1]]).toEqual([0, expect.closeTo(20, 2)]);
  const exact = { mean: Array.from(own, (t) => Math.sin(t)), std: Array.from(own, (t) => 0.1 + t) };
  expect(largest(difference(m, exact.mean))).toBeLessThan(1e-3);
  expect(largest(difference(s, exact.std))).toBeLessThan(1e-3);
  // Closer together in the beginning.
  expect(mean(own)).toBeLessThan(9);
});
