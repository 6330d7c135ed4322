// Fields of instantaneous rates from changes over finite times: exact for an Ornstein–Uhlenbeck process, of second order in general, with intervals that hold
// the truth; and rows of different durations beside each other.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { studentQuantile } from "../../../../lib/analysis/student-t.ts";
import { openDevice } from "../../../../lib/gpu/device.ts";
import type { Regression } from "../../../../lib/method/pairs.ts";
import { fitSde, solveSde } from "../../../../lib/method/sde/fit.ts";
import { evaluate, type SdeModel } from "../../../../lib/method/sde/model.ts";
import { polynomialErrors, polynomialValues } from "../../../../lib/method/sde/polynomial/field.ts";
import { atZeroTime, eachTransition } from "../../../../lib/method/sde/polynomial/finite-time.ts";
import { monomials, originOf } from "../../../../lib/method/sde/polynomial/monomials.ts";
import type { Solution } from "../../../../lib/method/sde/polynomial/solve.ts";
import { residualTest, standardised } from "../../../../lib/method/sde/residuals.ts";
import { generators, normal } from "../../../fixtures.ts";
import { largest, range, rootMeanSquare, sum } from "../../../numbers.ts";

setDefaultTimeout(180_000);

const generator = generators(5_117);

type Matrix = readonly [readonly [number, number], readonly [number, number]];
/** dz = A z dt + noise of covariance D: not symmetric, with a rotation. */
const A: Matrix = [
  [-1, 0.5],
  [-0.4, -0.7],
];
const D: Matrix = [
  [0.5, 0.15],
  [0.15, 0.3],
];

const map = (f: (i: 0 | 1, j: 0 | 1) => number): Matrix => [
  [f(0, 0), f(0, 1)],
  [f(1, 0), f(1, 1)],
];
const times = (a: Matrix, b: Matrix) => map((i, j) => a[i][0] * b[0][j] + a[i][1] * b[1][j]);
const turned = (a: Matrix) => map((i, j) => a[j][i]);
const plus = (a: Matrix, b: Matrix, factor = 1) => map((i, j) => a[i][j] + factor * b[i][j]);
const scaled = (a: Matrix, factor: number) => map((i, j) => factor * a[i][j]);
const ONE: Matrix = [
  [1, 0],
  [0, 1],
];

/** e^{A t}, and the covariance of the noise over t. */
function transition(t: number) {
  let [power, sumOfPowers] = [ONE, ONE];
  let [term, covariance] = [scaled(D, t), scaled(D, t)];
  for (let k = 1; k < 30; k++) {
    power = scaled(times(power, A), t / k);
    sumOfPowers = plus(sumOfPowers, power);
    term = scaled(plus(times(A, term), times(term, turned(A))), t / (k + 1));
    covariance = plus(covariance, term);
  }
  return { propagator: sumOfPowers, covariance };
}

/** The stationary covariance. */
const STATIONARY = (() => {
  const { propagator, covariance } = transition(0.05);
  let all = covariance;
  for (let k = 0; k < 2000; k++) all = plus(times(times(propagator, all), turned(propagator)), covariance);
  return all;
})();

const cholesky = (m: Matrix): Matrix => {
  const a = Math.sqrt(m[0][0]);
  return [
    [a, 0],
    [m[1][0] / a, Math.sqrt(m[1][1] - (m[1][0] / a) ** 2)],
  ];
};

interface Kind {
  readonly rows: number;
  readonly patches: number;
  readonly durations: readonly number[];
  /** Whether patches of one z are each in equilibrium by themselves, or all at z. */
  readonly scatter: boolean;
}

/** Changes of single patches over a time, each row apart from the others. */
function changes({ rows, patches, durations, scatter }: Kind, name: string): Regression {
  const rng = generator(name);
  const two = (factor: Matrix, size = 1) => {
    const [a, b] = [normal(rng), normal(rng)];
    return [size * factor[0][0] * a, size * (factor[1][0] * a + factor[1][1] * b)];
  };
  const known = new Map(durations.map((t) => [t, transition(t)]));
  const spread = cholesky(STATIONARY);
  const list = range(rows, () => {
    const time = durations[rng.below(durations.length)];
    const { propagator, covariance } = known.get(time) ?? transition(time);
    const z = two(spread);
    const own = scatter ? two(spread, Math.sqrt(patches - 1)) : [0, 0];
    const x = [z[0] + own[0], z[1] + own[1]];
    const noise = two(cholesky(covariance), Math.sqrt(patches));
    return { time, z, change: [0, 1].map((i) => propagator[i][0] * x[0] + propagator[i][1] * x[1] - x[i] + noise[i]) };
  });
  return {
    method: "increment",
    d: 2,
    state: Float32Array.from(list.flatMap(({ z }) => z)),
    change: Float32Array.from(list.flatMap(({ change }) => change)),
    variation: null,
    time: sum(list.map(({ time }) => time)) / rows,
    instant: false,
    lambda: patches,
    ...(durations.length > 1 && {
      each: { time: Float32Array.from(list, ({ time }) => time), lambda: new Float32Array(rows).fill(patches) },
    }),
    cohort: Uint32Array.from(list, (_, p) => Math.floor((256 * p) / rows)),
    condition: new Float32Array(),
  };
}

const LINEAR = { kind: "polynomial", degree: 1 } as const;
const solved = (data: Regression, degree = 1) => solveSde(data, { ...LINEAR, degree }) as SdeModel & Solution;

/** The drift matrix and σσᵀ of an equation of first degree: A row by row, then D₀₀, D₀₁, D₁₁, with errors. */
function entries({ drift, diffusion }: Solution) {
  const origin = new Float64Array(2);
  const f = monomials(drift, origin);
  const s = monomials(diffusion, origin);
  const at = (powers: string) => f.powers.findIndex((own) => own.join() === powers);
  const places = [0, 1].flatMap((i) => ["1,0", "0,1"].map((powers) => at(powers) * 2 + i));
  return {
    value: [...places.map((k) => f.coefficients[k]), ...s.coefficients.slice(0, 3)],
    error: [...places.map((k) => f.errors[k]), ...s.errors.slice(0, 3)],
  };
}
const TRUE = [...A[0], ...A[1], D[0][0], D[0][1], D[1][1]];

describe("an Ornstein–Uhlenbeck process", () => {
  test("is found exactly from exact means and covariances over any time, also over several", () => {
    for (const durations of [[0.05], [0.8], [0.1, 0.3, 0.6]]) {
      const data = changes({ rows: 600, patches: 1, durations, scatter: false }, "exact");
      // Means in place of changes, and covariances that are known.
      const of = (p: number) => transition(data.each?.time[p] ?? data.time);
      const change = data.change.map((_, k) => {
        const [p, i] = [k >> 1, k & 1];
        const { propagator } = of(p);
        return propagator[i][0] * data.state[2 * p] + propagator[i][1] * data.state[2 * p + 1] - data.state[k];
      });
      const variation = Float32Array.from(
        range(600, (p) => of(p).covariance).flatMap((c) => [c[0][0], c[0][1], c[1][1]]),
      );
      const exact = { ...data, change, variation };
      const raw = solved(exact);
      const { value } = entries(atZeroTime(exact, raw));
      for (const [k, found] of value.entries()) expect(found).toBeCloseTo(TRUE[k], 4);
      // What there is to correct.
      expect(largest(entries(raw).value.map((found, k) => found - TRUE[k]))).toBeGreaterThan(0.009);
    }
  });

  test("keeps covariances that are those of an instant already", () => {
    const data = changes({ rows: 600, patches: 1, durations: [0.4], scatter: false }, "known");
    const { propagator } = transition(data.time);
    const change = data.change.map((_, k) => {
      const [p, i] = [k >> 1, k & 1];
      return propagator[i][0] * data.state[2 * p] + propagator[i][1] * data.state[2 * p + 1] - data.state[k];
    });
    const variation = Float32Array.from(range(1800, (k) => data.time * [D[0][0], D[0][1], D[1][1]][k % 3]));
    const { value } = entries(
      atZeroTime({ ...data, change, variation, knownNoise: true }, solved({ ...data, change, variation })),
    );
    for (const [k, found] of value.entries()) expect(found).toBeCloseTo(TRUE[k], 4);
  });

  const KINDS: readonly [string, Kind][] = [
    ["of whole systems", { rows: 20_000, patches: 1, durations: [0.05], scatter: false }],
    ["of patches that are all where the whole is", { rows: 20_000, patches: 16, durations: [0.05], scatter: false }],
    ["of patches that are each in equilibrium", { rows: 20_000, patches: 16, durations: [0.05], scatter: true }],
    ["over 0.01 … 0.2", { rows: 20_000, patches: 16, durations: range(20, (k) => (k + 1) / 100), scatter: false }],
    [
      "over 0.01 … 0.2, in equilibrium",
      { rows: 20_000, patches: 16, durations: range(20, (k) => (k + 1) / 100), scatter: true },
    ],
  ];
  for (const [name, kind] of KINDS) {
    test(`has intervals that hold the truth: changes ${name}`, () => {
      let [inside, rawInside] = [0, 0];
      for (let set = 0; set < 20; set++) {
        const data = changes(kind, `${name} ${set}`);
        const raw = solved(data);
        const reach = studentQuantile(0.975, raw.drift.replicates.length / raw.drift.coefficients.length - 1);
        const within = ({ value, error }: ReturnType<typeof entries>) =>
          value.filter((found, k) => Math.abs(found - TRUE[k]) < reach * error[k]).length;
        inside += within(entries(atZeroTime(data, raw)));
        rawInside += within(entries(raw));
      }
      // Of 140; 95 % are 133 ± 2.6, and entries of one set are not independent.
      expect(inside).toBeGreaterThanOrEqual(126);
      expect(rawInside).toBeLessThan(inside);
    });
  }
});

/** E[x_t] − x and Var x_t of dx = f dt + √D dW at the points, by the backward equation on a fine grid. */
function moments(f: (x: number) => number, diffusion: number, time: number, points: readonly number[]) {
  const [low, high, step] = [-3, 3, 0.02];
  const count = Math.round((high - low) / step) + 1;
  const x = range(count, (k) => low + k * step);
  const tau = (0.4 * step ** 2) / diffusion;
  const steps = Math.ceil(time / tau);
  const solve = (start: (x: number) => number) => {
    let u = x.map(start);
    for (let s = 0; s < steps; s++) {
      u = u.map((value, k) => {
        if (k === 0 || k === count - 1)
          return value + (time / steps) * f(x[k]) * ((k === 0 ? u[1] - u[0] : u[k] - u[k - 1]) / step);
        const slope = (u[k + 1] - u[k - 1]) / (2 * step);
        return (
          value + (time / steps) * (f(x[k]) * slope + (diffusion / 2) * ((u[k + 1] - 2 * value + u[k - 1]) / step ** 2))
        );
      });
    }
    return (at: number) => u[Math.round((at - low) / step)];
  };
  const [first, second] = [solve((y) => y), solve((y) => y * y)];
  return points.map((at) => ({ mean: first(at) - at, variance: second(at) - first(at) ** 2 }));
}

test("units change nothing: z in units a power of ten larger or smaller has f and σσᵀ in theirs", () => {
  const rng = generator("units");
  const rows = 3000;
  const [time, slope, noise] = [0.5, -1, 2];
  const state = Float64Array.from({ length: rows }, () => normal(rng));
  const spread = Math.sqrt((noise / 2) * (1 - Math.exp(2 * slope * time)));
  const change = state.map((x) => x * (Math.exp(slope * time) - 1) + spread * normal(rng));
  const found = [1, 1e-9, 1e-12, 1e12].map((unit) => {
    const data: Regression = {
      ...{ method: "increment", d: 1, time, instant: false, lambda: 1, condition: new Float32Array(), variation: null },
      state: Float32Array.from(state, (x) => unit * x),
      change: Float32Array.from(change, (x) => unit * x),
      cohort: Uint32Array.from({ length: rows }, (_, p) => p % 64),
    };
    const { drift, diffusion } = atZeroTime(data, solved(data, 1));
    return [-1, 0.5, 1].flatMap((x) => [
      polynomialValues(drift, [unit * x])[0] / unit,
      polynomialValues(diffusion, [unit * x])[0] / unit ** 2,
      polynomialErrors(diffusion, [unit * x])[0] / unit ** 2,
    ]);
  });
  for (const other of found.slice(1)) {
    for (const [k, value] of other.entries()) expect(value / found[0][k]).toBeWithin(0.9998, 1.0002);
  }
});

test("a double well is found to second order in the time", () => {
  const f = (x: number) => x - x ** 3;
  const points = range(121, (k) => -1.2 + 0.02 * k);
  const off = [0.05, 0.1].map((time) => {
    const known = moments(f, 0.3, time, points);
    const data: Regression = {
      ...{ method: "increment", d: 1, time, instant: false, lambda: 1, condition: new Float32Array() },
      state: Float32Array.from(points),
      change: Float32Array.from(known, ({ mean }) => mean),
      variation: Float32Array.from(known, ({ variance }) => variance),
      cohort: Uint32Array.from(points, (_, p) => p % 24),
    };
    const raw = solved(data, 5);
    const zero = atZeroTime(data, raw);
    const at = points.filter((x) => Math.abs(x) < 1.1);
    const error = (one: Solution) => ({
      drift: largest(polynomialValues(one.drift, at).map((value, k) => value - f(at[k]))),
      diffusion: largest(polynomialValues(one.diffusion, at).map((value) => value - 0.3)),
    });
    return { raw: error(raw), zero: error(zero) };
  });
  for (const key of ["drift", "diffusion"] as const) {
    expect(off[1].zero[key]).toBeLessThan(0.2 * off[1].raw[key]);
    // A quarter of the error at half the time.
    expect(off[0].zero[key]).toBeLessThan(0.4 * off[1].zero[key]);
  }
});

test("a noise that depends on the state is found over long times, and what may be open is in the intervals", () => {
  // dx = −x dt + √(c + b x²) dW: the first two moments of its changes are known over any time; two points have them.
  const [b, c] = [0.8, 0.2];
  for (const [time, close] of [
    [0.1, 0.003],
    [0.3, 0.02],
    [0.5, 0.06],
  ]) {
    const rate = b - 2;
    const rows = range(2000, (i) => {
      const x = -1 + 2 * ((i * 0.6180339) % 1);
      const mean = x * Math.exp(-time);
      const square = x * x * Math.exp(rate * time) + (c * (Math.exp(rate * time) - 1)) / rate;
      return [1, -1].map((sign) => [x, mean - x + sign * Math.sqrt(square - mean * mean)]);
    }).flat();
    const data: Regression = {
      ...{ method: "increment", d: 1, time, instant: false, lambda: 1, condition: new Float32Array(), variation: null },
      state: Float32Array.from(rows, ([x]) => x),
      change: Float32Array.from(rows, ([, change]) => change),
      cohort: Uint32Array.from(rows, (_, p) => (p >> 1) % 64),
    };
    const raw = solved(data, 2);
    const zero = atZeroTime(data, raw);
    const at = range(21, (k) => -1 + 0.1 * k);
    const truth = at.map((x) => c + b * x * x);
    const off = (one: Solution) => polynomialValues(one.diffusion, at).map((value, k) => value - truth[k]);
    expect(largest(off(zero))).toBeLessThan(close);
    expect(largest(off(zero))).toBeLessThan(0.2 * largest(off(raw)));
    const errors = polynomialErrors(zero.diffusion, at);
    // Where what may be open changes its sign, the order behind it is there.
    const least = 0.1 * largest(errors);
    for (const [k, value] of off(zero).entries())
      expect(Math.abs(value)).toBeLessThan(2.04 * Math.max(errors[k], least) + 1e-4);
    expect(zero.order?.diffusion).toBeGreaterThan(close / 4);
  }
});

test("a double well is found from noisy changes over a large part of its relaxation too", () => {
  const [time, h, rows] = [0.2, 0.005, 10_000];
  for (let seed = 0; seed < 3; seed++) {
    const rng = generator(`coarse/${seed}`);
    let x = 0.5;
    const advance = () => {
      for (let t = 0; t < time - h / 2; t += h) x += h * (x - x ** 3) + Math.sqrt(0.5 * h) * normal(rng);
      return x;
    };
    for (let k = 0; k < 50; k++) advance();
    const path = [x, ...range(rows, advance)];
    const data: Regression = {
      ...{ method: "increment", d: 1, time, instant: false, lambda: 1, condition: new Float32Array() },
      state: Float32Array.from(path.slice(0, -1)),
      change: Float32Array.from({ length: rows }, (_, p) => path[p + 1] - path[p]),
      variation: null,
      cohort: Uint32Array.from({ length: rows }, (_, p) => Math.floor((64 * p) / rows)),
    };
    const raw = solved(data, 5);
    const zero = atZeroTime(data, raw);
    const at = range(49, (k) => -1.2 + 0.05 * k);
    const error = (one: Solution) =>
      rootMeanSquare(polynomialValues(one.drift, at).map((value, k) => value - (at[k] - at[k] ** 3)));
    expect(error(zero)).toBeLessThan(0.2);
    const noise = polynomialValues(zero.diffusion, at);
    for (const value of noise) expect(value).toBeWithin(0.3, 0.8);
  }
});

describe("rows of different durations and numbers of patches", () => {
  /** dx = (0.3 − x) dt + √0.4 dW by Euler steps, so that nothing is left to correct. */
  const euler = (rows: number, of: (p: number) => { time: number; lambda: number }): Regression => {
    const rng = generator("euler");
    const list = range(rows, (p) => {
      const { time, lambda } = of(p);
      const x = 2 * rng.uniform() - 1;
      return { x, time, lambda, change: (0.3 - x) * time + Math.sqrt(0.4 * lambda * time) * normal(rng) };
    });
    const mean = (key: "time" | "lambda") => sum(list.map((one) => one[key])) / rows;
    return {
      ...{ method: "increment", d: 1, variation: null, instant: false, condition: new Float32Array() },
      state: Float32Array.from(list, ({ x }) => x),
      change: Float32Array.from(list, ({ change }) => change),
      time: mean("time"),
      lambda: mean("lambda"),
      each: {
        time: Float32Array.from(list, ({ time }) => time),
        lambda: Float32Array.from(list, ({ lambda }) => lambda),
      },
      cohort: Uint32Array.from(list, (_, p) => Math.floor((64 * p) / rows)),
    };
  };

  test("that are all the same are one duration and one number", () => {
    const data = euler(4000, () => ({ time: 0.1, lambda: 4 }));
    const { each, ...same } = data;
    expect(each?.time[0]).toBeCloseTo(0.1, 6);
    const [a, b] = [solved(data), solved(same)];
    for (const key of ["drift", "diffusion"] as const) {
      const off = a[key].coefficients.map((value, k) => value - b[key].coefficients[k]);
      expect(largest(off)).toBeLessThan(1e-6);
    }
  });

  test("are weighted by their noise, so that the errors are the least: a few precise rows among many others", () => {
    // One row in ten says as much as 400 of the others.
    const data = euler(40_000, (p) => (p % 10 === 0 ? { time: 2, lambda: 1 } : { time: 0.05, lambda: 10 }));
    const [error] = polynomialErrors(solved(data).drift, [0.3]);
    const alone = euler(40_000, (p) => (p % 10 === 0 ? { time: 2, lambda: 1 } : { time: 0.05, lambda: 10 }));
    const precise = Uint32Array.from(range(4000, (k) => 10 * k));
    const pick = (values: Float32Array) => Float32Array.from(precise, (p) => values[p]);
    const few: Regression = {
      ...alone,
      state: pick(alone.state),
      change: pick(alone.change),
      each: {
        time: pick(alone.each?.time ?? new Float32Array()),
        lambda: pick(alone.each?.lambda ?? new Float32Array()),
      },
      cohort: Uint32Array.from(precise, (p) => alone.cohort[p]),
    };
    const [best] = polynomialErrors(solved(few).drift, [0.3]);
    // Both jackknife errors are known to 13 %.
    expect(error).toBeLessThan(1.5 * best);
    const f = monomials(solved(data).drift, new Float64Array(1));
    expect(Math.abs(f.coefficients[0] - 0.3)).toBeLessThan(4.5 * f.errors[0]);
    expect(Math.abs(f.coefficients[1] + 1)).toBeLessThan(4.5 * f.errors[1]);
    const [s] = polynomialValues(solved(data).diffusion, [0]);
    expect(Math.abs(s - 0.4)).toBeLessThan(4.5 * polynomialErrors(solved(data).diffusion, [0])[0]);
  });

  test("teach networks too", async () => {
    const gpu = await openDevice();
    const data = euler(20_000, (p) => (p % 2 === 0 ? { time: 0.5, lambda: 1 } : { time: 0.1, lambda: 8 }));
    const field = { kind: "network", hidden: [8], activation: "tanh" } as const;
    const spec = { drift: field, diffusion: { ...field, form: "constant" } } as const;
    const options = { batch: 1024, steps: 400, learningRate: 0.01, weightDecay: 0, seed: 3, closedForm: true };
    const model = await fitSde(gpu, data, spec, options);
    const { drift, diffusion } = await evaluate(gpu, model, [-0.5, 0.5]);
    // f to the noise of 20,000 changes, σσᵀ too.
    expect(drift[0] - drift[1]).toBeWithin(0.9, 1.1);
    expect(drift[0]).toBeWithin(0.75, 0.85);
    expect(diffusion[0]).toBeWithin(0.38, 0.42);
  });
});

describe("written in powers", () => {
  test("a field has the same values, wherever its powers are counted from", () => {
    const data = changes({ rows: 3000, patches: 1, durations: [0.1], scatter: false }, "powers");
    const { drift } = solved(data, 3);
    for (const origin of [Float64Array.of(0, 0), Float64Array.of(0.7, -2)]) {
      const { powers, coefficients } = monomials(drift, origin);
      for (const z of [
        [0.2, -0.3],
        [-0.4, 0.1],
      ]) {
        const value = (j: number) =>
          sum(
            powers.map(
              (own, m) => coefficients[2 * m + j] * (z[0] - origin[0]) ** own[0] * (z[1] - origin[1]) ** own[1],
            ),
          );
        const values = polynomialValues(drift, z);
        expect(value(0)).toBeCloseTo(values[0], 9);
        expect(value(1)).toBeCloseTo(values[1], 9);
      }
    }
  });

  test("variables far from zero are counted from a round value near their mean", () => {
    expect(originOf({ center: [0.3, 298.4, -1e6], spread: [1, 2, 30] })).toEqual(Float64Array.of(0, 298, -1e6));
  });
});

describe("residuals", () => {
  const data = changes({ rows: 20_000, patches: 1, durations: [0.1, 0.4], scatter: false }, "residuals");
  const zero = atZeroTime(data, solved(data));
  const testOf = (fields: Solution, given = data) => {
    const { residuals } = standardised(given, (use) => eachTransition(given, fields, 0, use));
    return [0, 1].map((j) => residualTest(residuals, 2, j, null));
  };

  test("of the right equation are standard normal, over all durations", () => {
    for (const { mean, variance, kurtosis, chi2, freedom, errors } of testOf(zero)) {
      expect(Math.abs(mean)).toBeLessThan(4 * errors.mean);
      expect(Math.abs(variance - 1)).toBeLessThan(4 * errors.variance);
      expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * errors.kurtosis);
      expect(chi2).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
    }
  });

  test("of a slow hidden variable add up, of independent ones not; stretches that are apart are not added", () => {
    const rng = generator("sums");
    const next = Int32Array.from({ length: 8000 }, (_, p) => ((p + 1) % 2000 === 0 ? -1 : p + 1));
    let hidden = 0;
    const test = (size: number) => {
      const values = Float64Array.from({ length: 8000 }, () => {
        hidden = 0.99 * hidden + Math.sqrt(1 - 0.99 ** 2) * normal(rng);
        return size * hidden + Math.sqrt(1 - size ** 2) * normal(rng);
      });
      return residualTest(values, 1, 0, next);
    };
    const { sums, correlation, errors } = test(0.15);
    expect(Math.abs(correlation ?? 1)).toBeLessThan(5 * errors.correlation);
    expect(sums?.window).toBeGreaterThan(10);
    expect(((sums?.ratio ?? 0) - 1) / (sums?.error ?? 1)).toBeGreaterThan(5);
    const right = range(200, () => test(0).sums).map((one) => ((one?.ratio ?? 0) - 1) / (one?.error ?? 1));
    expect(largest(right)).toBeLessThan(5.5);
    expect(residualTest(new Float64Array(100), 1, 0, null).sums).toBeNull();
  });

  test("tell a noise of the wrong size, and jumps", () => {
    const loud = {
      ...zero,
      diffusion: { ...zero.diffusion, coefficients: zero.diffusion.coefficients.map((c) => 1.3 * c) },
    };
    for (const { variance, chi2 } of testOf(loud)) {
      expect(variance).toBeWithin(0.72, 0.82);
      expect(chi2).toBeGreaterThan(100);
    }
    const jumping = { ...data, change: data.change.map((x, k) => (k % 400 < 2 ? x + 6 : x)) };
    expect(testOf(zero, jumping)[0].kurtosis).toBeGreaterThan(10);
  });
});
