// The closure that is solved: the variables that tell the future, and the correlations that it chooses from on lattices of bits.
//
// A planted system: an observable x that a slow hidden variable s and a fast one u push, each seen through a feature. u pushes harder, so
// that one short step shows it alone; it has forgotten itself long before the observable shows s.
import { expect, test } from "bun:test";
import { Matrix, solve } from "ml-matrix";
import { openDevice } from "../../../lib/gpu/device.ts";
import type { CorrelationsShape } from "../../../lib/method/closure/correlations.ts";
import { ENCODER, encoderOf, kindOf } from "../../../lib/method/closure/kinds.ts";
import { followed, solveClosure } from "../../../lib/method/closure/lagged.ts";
import { type Lagged, predictive } from "../../../lib/method/closure/reduced-rank.ts";
import { trainClosure } from "../../../lib/method/closure/train.ts";
import { pickedRows } from "../../../lib/method/rows.ts";
import { madeOf, smallTrajectories, someSnapshots } from "../../../lib/method/snapshots.ts";
import { Ising } from "../../../lib/systems/ising.ts";
import { generators, normals } from "../../fixtures.ts";
import { mean, range } from "../../numbers.ts";
import { lattice, pack, randomLattice, statesOf, systemOf, tilesOf } from "./bits.ts";
import { SPECIES } from "./fields.ts";

const SEED = 51;
const generator = generators(SEED);
const gpu = await openDevice();

const N = 4096;
const STEP = 0.01;
const SLOW = 20;
const FAST = 0.1;
const PUSH = { slow: 0.5, fast: 5 };

/** x after a time: x e^−t + push (1 − e^−t/τ) τ for either, with s kept and u forgotten, and noise √t. */
function planted(lags: readonly number[]): Lagged {
  const rng = generator("planted");
  const [x, s, u, other] = range(4, () => normals(N, rng));
  const noise = normals(N * lags.length, rng);
  const later = range(N, (k) =>
    lags.map((t, l) => {
      const pushed =
        PUSH.slow * s[k] * SLOW * (1 - Math.exp(-t / SLOW)) + PUSH.fast * u[k] * FAST * (1 - Math.exp(-t / FAST));
      return x[k] * Math.exp(-t) + 0.3 * x[k] ** 2 * t + pushed + 0.1 * Math.sqrt(t) * noise[k * lags.length + l];
    }),
  ).flat();
  // The features also hold what the observable tells anyway.
  const features = range(N, (k) => [s[k] + x[k] ** 2, 3 * u[k] - x[k], 0.2 * other[k], x[k]]).flat();
  return {
    d: 1,
    now: Float32Array.from(x),
    later: Float32Array.from(later),
    features: Float32Array.from(features),
    cohort: Uint32Array.from({ length: N }, (_, k) => k),
  };
}

type Solved = ReturnType<typeof predictive>;

/** |weights| of the features in units of their spread beyond the observable, of the first variable. */
const shares = ({ weights }: Solved) => [1, 3, 0.2].map((spread, f) => Math.abs(weights[f]) * spread);

test("several lags find the slow variable, one short step the fast one", () => {
  const [slow, fast, other] = shares(predictive(planted([2, 5, 10, 20]), 1));
  expect(slow).toBeGreaterThan(0.98);
  expect(Math.max(fast, other)).toBeLessThan(0.15);
  const [slowNow, fastNow] = shares(predictive(planted([STEP]), 1));
  expect(fastNow).toBeGreaterThan(0.98);
  expect(slowNow).toBeLessThan(0.3);
});

/** Values of the variables, `[variables][n]`. */
function variablesOf({ features, now }: Lagged, { weights, constants }: Pick<Solved, "weights" | "constants">) {
  const count = features.length / now.length;
  return range(constants.length, (v) =>
    range(now.length, (k) =>
      range(count, (f) => weights[v * count + f] * features[count * k + f]).reduce((a, b) => a + b, constants[v]),
    ),
  );
}

/** Covariance of variables beyond the cubic polynomial of one observable that fits them best. */
function covarianceBeyond(now: Float32Array, variables: number[][]): number[][] {
  const powers = new Matrix(range(now.length, (k) => range(4, (power) => now[k] ** power)));
  const values = new Matrix(variables).transpose();
  const rest = values.sub(powers.mmul(solve(powers, values)));
  return rest.transpose().mmul(rest).div(now.length).to2DArray();
}

const IDENTITY = range(2, (a) => range(2, (b) => expect.closeTo(a === b ? 1 : 0, 3)));

test("variables have mean 0, variance 1 beyond the observables, and are as many as there are directions", () => {
  const data = planted([2, 5]);
  const { weights, constants, explained } = predictive(data, 2);
  const psi = variablesOf(data, { weights, constants });
  for (const values of psi) expect(mean(values)).toBeCloseTo(0, 5);
  expect(covarianceBeyond(data.now, psi)).toEqual(IDENTITY);
  expect(explained[0]).toBeGreaterThan(10 * explained[1]);
  // x itself is a feature, and none beyond itself.
  const more = planted([2, 5, 10, 20]);
  expect(() => predictive(more, 4)).toThrow("3 features beyond the observables do not make 4 closure variables");
  // What is told has no more directions than it has numbers.
  expect(() => predictive(data, 3)).toThrow("3 closure variables are more than the 2 observables at all lags");
});

/** Few of the planted systems under many features; all of them. */
function fewOf(rows: number, count: number): { few: Lagged; all: Lagged } {
  const all = planted([2, 5, 10]);
  const noise = normals(rows * count, generator("noise"));
  const few = {
    d: 1,
    now: all.now.slice(0, rows),
    later: all.later.slice(0, 3 * rows),
    // The slow variable is one of them, under noise as large as itself.
    features: Float32Array.from(noise, (value, k) => value + (k % count === 0 ? all.features[(4 * k) / count] : 0)),
    cohort: all.cohort.slice(0, rows),
  };
  return { few, all };
}

test("few systems and many features take a ridge, many systems hardly any", () => {
  const { few, all } = fewOf(200, 60);
  const solved = predictive(few, 2);
  expect(solved.ridge).toBeGreaterThanOrEqual(0.1);
  expect(covarianceBeyond(few.now, variablesOf(few, solved))).toEqual(IDENTITY);
  expect(predictive(all, 1).ridge).toBeLessThanOrEqual(0.01);
  // Thinned snapshots may be of even cohorts alone.
  expect(predictive({ ...few, cohort: few.cohort.map((one) => 2 * one) }, 2)).toEqual(solved);
});

test("the halves that a ridge is chosen on share no cohort, and hold more than the polynomial", () => {
  const { few } = fewOf(100, 60);
  // Every system twice: a copy in the other half would want no ridge.
  const twice = (values: Float32Array) => Float32Array.from([...values, ...values]);
  const double = {
    d: 1,
    now: twice(few.now),
    later: twice(few.later),
    features: twice(few.features),
    cohort: Uint32Array.from([...few.cohort, ...few.cohort]),
  };
  expect(predictive(double, 1).ridge).toBe(predictive(few, 1).ridge);
  const apart = double.cohort.map((one, k) => 2 * one + (k < 100 ? 0 : 1));
  expect(predictive({ ...double, cohort: apart }, 1).ridge).toBe(0);
  const alike = { ...few, cohort: few.cohort.map(() => 3) };
  expect(() => predictive(alike, 1)).toThrow("systems that all start alike");
  // A cubic polynomial goes through four systems.
  const { few: eight } = fewOf(8, 60);
  expect(() => predictive(eight, 1)).toThrow("0 features beyond the observables do not make 1 closure variables");
});

const SHAPE: CorrelationsShape = { kind: "correlations", patchSide: 12, reach: 5, variables: 2 };

/** The mean of s s' over the pairs (a, b), (b, a), (a, −b), (b, −a) apart inside a lattice. */
function correlation(rows: number[][], a: number, b: number): number {
  const l = rows.length;
  const products: number[] = [];
  for (const [down, right] of [
    [a, b],
    [b, a],
    [a, -b],
    [b, -a],
  ]) {
    for (let r = 0; r + down < l; r++) {
      for (let c = Math.max(0, -right); c < l && c + right < l; c++)
        products.push(rows[r][c] * rows[r + down][c + right]);
    }
  }
  return mean(products);
}

test.each([12, 40])("correlations of patches of %d are their definition", async (patchSide) => {
  const shape = { ...SHAPE, patchSide };
  const rng = generator(`lattices/${patchSide}`);
  const lattices = [
    ...range(2, () => randomLattice(2 * patchSide, rng)),
    lattice(2 * patchSide, (r, c) => (r % 3 < 2 && c < 7 ? 1 : -1)),
  ];
  const { linear } = kindOf(shape);
  if (!linear) throw new Error("not linear");
  const count = linear.features(shape);
  const weights = normals(2 * count, rng);
  const model = linear.model(shape, weights, [0.5, -2]);
  const system = systemOf(patchSide);
  const found = await encoderOf(gpu, system, model).encode(statesOf(pack(lattices), lattices.length, 2 * patchSide));
  const distances = range(shape.reach, (a) => range(a + 2, (b) => [a + 1, b])).flat();
  expect(distances.length).toBe(count);
  const expected = lattices.flatMap((rows) =>
    tilesOf(rows, patchSide).flatMap((tile) =>
      range(
        2,
        (v) =>
          [0.5, -2][v] +
          distances.reduce((sum, [a, b], f) => sum + weights[v * count + f] * correlation(tile, a, b), 0),
      ),
    ),
  );
  expect(found.length).toBe(expected.length);
  for (const [k, value] of expected.entries()) expect(found[k]).toBeCloseTo(value, 4);
  const read = ENCODER.read({ ...ENCODER.write(model) } as Parameters<typeof ENCODER.read>[0]);
  expect(read).toEqual(model);
});

test("small lattices of spins: the same bytes again, and more of the future than the observables tell", async () => {
  const system = new Ising(gpu, { temperature: 2.5, field: 0.1, patchSide: 12 });
  const snapshots = await smallTrajectories(system, { trajectories: 8192, times: [4, 30], seed: SEED });
  const follow = { side: 12, relaxTime: 0, lags: [1, 4], seed: SEED };
  const solve = () => solveClosure(gpu, system, snapshots, SHAPE, follow);
  const model = await solve();
  expect(await solve()).toEqual(model);
  const data = await followed(gpu, system, snapshots, SHAPE, follow);
  const { explained } = predictive(data, 2);
  // Features of other lattices tell nothing, but for what chance explains.
  const features = Float32Array.from(data.features, (_, k) => data.features.at(k - data.features.length / 4) ?? 0);
  expect(explained[0]).toBeGreaterThan(5 * predictive({ ...data, features }, 2).explained[0]);
});

test("lags are times since the snapshot; some of the snapshots are rows of all, with their own cohorts", async () => {
  const system = new Ising(gpu, { temperature: 2.5, field: 0.1, patchSide: 12 });
  const snapshots = await smallTrajectories(system, { trajectories: 96, times: [0, 2, 7], seed: SEED });
  const times: number[] = [];
  const evolve = system.evolve.bind(system);
  system.evolve = (states, time, at) => {
    times.push(time);
    return evolve(states, time, at);
  };
  const follow = { side: 12, relaxTime: 0, lags: [0.5, 2, 7], seed: SEED };
  const all = await followed(gpu, system, snapshots, SHAPE, follow);
  expect(times).toEqual([0.5, 1.5, 5]);
  const some = someSnapshots(system, snapshots, 40);
  const few = await followed(gpu, system, some, SHAPE, follow);
  expect(few.cohort.length).toBe(40);
  for (const key of ["now", "features"] as const) {
    const width = all[key].length / 288;
    expect(few[key]).toEqual(pickedRows(all[key], width, madeOf(some)));
  }
  expect(few.cohort).toEqual(pickedRows(all.cohort, 1, madeOf(some)));
});

test("what does not fit is refused in one sentence", async () => {
  const system = new Ising(gpu, { temperature: 2.5, field: 0.1, patchSide: 12 });
  const snapshots = await smallTrajectories(system, { trajectories: 32, times: [0], seed: SEED });
  const solve = (shape: Parameters<typeof kindOf>[0], lags: number[]) =>
    solveClosure(gpu, system, snapshots, shape, { side: 12, relaxTime: 0, lags, seed: SEED });
  expect(solve(SHAPE, [])).rejects.toThrow(/lags .* do not ascend/);
  expect(solve(SHAPE, [2, 1])).rejects.toThrow("lags of 2, 1 do not ascend from above 0");
  expect(solve({ ...SHAPE, reach: 12 }, [1])).rejects.toThrow("distance of 12 in patches of 12: use 1 to 11");
  expect(solve({ kind: "convolution", patchSide: 12, channels: [8], variables: 1 }, [1])).rejects.toThrow("is trained");
  expect(solve({ ...SPECIES, joint: true }, [1])).rejects.toThrow("hidden layers is trained");
  expect(solve({ ...SPECIES, hidden: [] }, [1])).rejects.toThrow("a joint one can be solved for");
  const table = { patchSide: 12, patches: 1, words: new Uint32Array(12), pairs: { whole: new Float32Array(2), d: 2 } };
  const options = { batch: 1, steps: 1, learningRate: 0, weightDecay: 0, seed: 1 };
  expect(trainClosure(gpu, "dynamics", table as never, SHAPE, [8], options)).rejects.toThrow("is solved, not trained");
});
