// What is said of learned equations and of direct simulation, on numbers whose answers are known.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { ensemble, momentsOf } from "../../../lib/analysis/ensemble.ts";
import { evenGrid } from "../../../lib/analysis/function-error.ts";
import type { NbMoTaOptions } from "../../../lib/experiments/nbmota/parameters.ts";
import { potentialAlong } from "../../../lib/experiments/nbmota/potential.ts";
import {
  equationAt,
  heldOutResidual,
  learnedCourses,
  learnedEquilibria,
  sixOf,
  sumRuleViolation,
} from "../../../lib/experiments/nbmota/scores.ts";
import { equilibriumOf } from "../../../lib/experiments/nbmota/truth.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { type Increments, ofCohorts, type Regression } from "../../../lib/method/pairs.ts";
import { solveSde } from "../../../lib/method/sde/fit.ts";
import { evaluate, type SdeModel } from "../../../lib/method/sde/model.ts";
import { normalPair } from "../../../lib/random/normal.ts";
import { stream } from "../../../lib/random/stream.ts";
import { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { allPairs, COORDINATES } from "../../../lib/systems/nbmota.ts";
import { defined } from "../../fixtures.ts";
import { mean, range } from "../../numbers.ts";
import { unkept } from "./setting.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();
const rng = Xoshiro.open(stream(3, "scores"), 0, 0);
const normal = () => normalPair(rng.next(), rng.next())[0];

test("equilibrium: mean over lattices, its error from their spread, looks at one lattice are no further lattices", () => {
  const [replicas, looks] = [400, 8];
  // Each lattice has an offset of variance 0.04 that all its looks share, and noise of variance 0.01 at every look.
  const offsets = Array.from({ length: replicas }, () => 0.2 * normal());
  const order = Float32Array.from({ length: looks * replicas * 6 }, (_, k) => {
    return (k % 6) + offsets[Math.floor(k / 6) % replicas] + 0.1 * normal();
  });
  const stage = { temperature: 1000, replicas, order, words: new Uint32Array(), jumpTimes: new Float64Array(replicas) };
  const { mean, error, std } = equilibriumOf(stage);
  const exact = Math.sqrt((0.04 + 0.01 / looks) / replicas);
  for (let j = 0; j < 6; j++) {
    // Five standard errors; the relative error of a standard error of 400 is 3.5 %.
    expect(Math.abs(mean[j] - j)).toBeLessThan(5 * exact);
    expect(Math.abs(error[j] / exact - 1)).toBeLessThan(0.18);
    expect(Math.abs(std[j] / Math.sqrt(0.05) - 1)).toBeLessThan(0.18);
  }
});

describe("sum rules", () => {
  test("hold exactly for what three order parameters give", () => {
    const six = sixOf({ coordinates: "three" }, Float32Array.of(0.2, -0.4, 1), 2000);
    expect(sumRuleViolation(six)).toBeLessThan(1e-6);
    expect(six[3]).toBeCloseTo(-0.6, 6);
  });
  test("the largest of the three sums counts, for each element", () => {
    for (const [pair, sums] of [
      [0, 1],
      [1, 1],
      [3, 1],
      [5, 1],
    ] as const) {
      const six = [0, 0, 0, 0, 0, 0];
      six[pair] = -0.3;
      expect(sumRuleViolation(six)).toBeCloseTo(0.3 * sums, 12);
    }
    expect(sumRuleViolation([0, 0.1, 0.1, 0, 0, 0])).toBeCloseTo(0.2, 12);
  });
});

describe("an Ornstein–Uhlenbeck process over temperatures", () => {
  // dy = −a (y − m(x)) dt + s dW at x = 1000/T, m = x (0.1, −0.2, 0.5), y = T/1000 δ, learned at n = 1,024·8 from changes over dt.
  const [a, s, dt, patches] = [2, 0.05, 0.01, 8];
  const direction = [0.1, -0.2, 0.5];
  const temperatures = [1000, 2000];
  const rows = 40_000;
  const condition = Float32Array.from({ length: rows }, (_, p) => 1000 / temperatures[p % 2]);
  const state = Float32Array.from({ length: 3 * rows }, () => 0.5 * normal());
  const change = state.map((z, k) => {
    const mean = condition[Math.floor(k / 3)] * direction[k % 3];
    return -a * (z - mean) * dt + s * Math.sqrt(dt) * normal();
  });
  const cohort = Uint32Array.from({ length: rows }, (_, p) => p % 64);
  const data: Regression = {
    method: "increment",
    d: 3,
    state,
    change,
    variation: null,
    time: dt,
    instant: false,
    lambda: 1,
    cohort,
    condition,
  };
  const model = solveSde(data, { kind: "polynomial", degree: 1, odd: [] });

  test("the noise goes like one over the number of atoms, the drift stays", async () => {
    const z = [0.2, 0.1, -0.3];
    const small = await evaluate(gpu, equationAt({ temperatures }, model, 1000, 8, 16), z);
    const large = await evaluate(gpu, equationAt({ temperatures }, model, 1000, 32, 16), z);
    expect(small.drift).toEqual(large.drift);
    for (const j of [0, 4, 8]) {
      // Learned on 8 times the atoms of the small lattice. σ² is known to 1/√20,000.
      expect(Math.abs(small.diffusion[j] / (patches * s * s) - 1)).toBeLessThan(0.05);
      expect(Math.abs(small.diffusion[j] / large.diffusion[j] - 64)).toBeLessThan(1e-3);
    }
  });

  test("its equilibrium is found with a δt that is longer than its relaxation: predictions take shorter steps", async () => {
    const p = { temperatures, incrementTime: 1.5, horizon: 30, runs: 2048, cells: 16, coordinates: "three" };
    const predicting = { run: unkept, gpu, p: p as unknown as NbMoTaOptions, name: "test", seed: 5 };
    const starts = temperatures.map((temperature) => ({ temperature, states: state.slice(0, 3000) }));
    const found = await learnedEquilibria(predicting, model, starts, false);
    for (const [t, temperature] of temperatures.entries()) {
      const { mean, std, guards, stray } = defined(found[t]);
      expect({ stray, unphysical: guards.unphysical }).toEqual({ stray: false, unphysical: 0 });
      const scale = temperature / 1000;
      const spread = Math.sqrt((patches * s * s) / (2 * a)) / scale;
      for (const [k, pair] of COORDINATES.three.entries()) {
        const exact = direction[k] / scale ** 2;
        // Of 20,000 changes the mean is known to 0.0018 / scale, σ² to 0.7 %; Heun's scheme gives 98 % of the variance at least.
        expect(Math.abs(mean[pair] - exact)).toBeLessThan(0.009 / scale);
        expect(Math.abs(std[pair] / spread - 1)).toBeLessThan(0.03);
      }
    }
  });

  test("an equilibrium says where a derived δ is impossible, and where it is not among the states that taught it", async () => {
    // δ of Mo and Mo is −(1.5 + 1.5), below −8/3, which none of the three is.
    const far = [1.5, 0, 1.5];
    const away = state.map((z, k) => z + (2000 / 1000) * far[k % 3]);
    const moved = change.map((_, k) => -a * (state[k] * dt) + s * Math.sqrt(dt) * normal());
    const plain = { ...data, state: away, change: moved, condition: new Float32Array() };
    const model = solveSde(plain, { kind: "polynomial", degree: 1, odd: [] });
    const p = { temperatures: [2000], incrementTime: 0.1, horizon: 20, runs: 64, cells: 16, coordinates: "three" };
    const predicting = { run: unkept, gpu, p: p as unknown as NbMoTaOptions, name: "test", seed: 5 };
    const found = async (states: Float32Array) =>
      defined((await learnedEquilibria(predicting, model, [{ temperature: 2000, states }], false))[0]);
    const one = await found(away.slice(0, 3000));
    expect(one.mean[3]).toBeLessThan(-8 / 3);
    expect(one.guards.unphysical).toBeGreaterThan(0.9);
    expect(one.stray).toBe(false);
    expect((await found(state.slice(0, 3000))).stray).toBe(true);
  });

  test("the residual on other data is their noise where the equation is right, and grows with its error", async () => {
    const one: Increments = {
      kind: "increments",
      d: 3,
      patches,
      perSnapshot: 1,
      time: dt,
      cohort,
      condition,
      whole: state,
      patch: state,
      delta: change,
    };
    const sets = temperatures.map((_, t) => ofCohorts(one, (k) => k % 2 === t));
    const stages = temperatures.map((temperature) => ({ temperature }));
    const residual = (equation: SdeModel, pairs = sets) =>
      heldOutResidual(gpu, { temperatures }, equation, stages, pairs);
    const sizes = range(3, (j) => mean(change.filter((_, k) => k % 3 === j).map((x) => x * x)));
    const noise = mean(sizes.map((size) => (s * s * dt) / size));
    expect(Math.abs(defined(await residual(model)) / noise - 1)).toBeLessThan(0.03);
    // At the other temperature's drift.
    expect(await residual(model, sets.toReversed())).toBeGreaterThan(1.05 * noise);
    expect(await residual(model, [])).toBeNull();
  });

  test("relaxations start like those of direct simulation, nearer to their mean where lattices are larger", async () => {
    const p = { temperatures, T: 2000, sizes: [8, 32], incrementTime: 0.1, runs: 512, cells: 16, coordinates: "three" };
    const predicting = { run: unkept, gpu, p: p as unknown as NbMoTaOptions, name: "test", seed: 5 };
    const times = evenGrid(0, 4, 41);
    const starts = range(64, () => normal());
    const six = (run: number) => allPairs([0.3, 0.1, -0.2].map((x) => x + 0.1 * starts[run]));
    const order = ensemble(
      { times, cases: 1, runs: 64, d: 6 },
      Float32Array.from({ length: 41 * 64 * 6 }, (_, k) => six(Math.floor(k / 6) % 64)[k % 6]),
    );
    const alone = solveSde({ ...data, condition: new Float32Array() }, { kind: "polynomial", degree: 1, odd: [] });
    const courses = await learnedCourses(predicting, alone, state.slice(0, 3000), [{ side: 8, order }]);
    expect(courses.map(({ side }) => side)).toEqual([8, 32]);
    const [{ mean: middle, std: spread }] = momentsOf(order);
    for (const [k, { order: learned }] of courses.entries()) {
      const [{ mean, std }] = momentsOf(learned);
      for (let j = 0; j < 6; j++) {
        expect(mean[j]).toBeCloseTo(middle[j], 2);
        // 64 times the atoms.
        expect(std[j]).toBeCloseTo(spread[j] / 8 ** k, 2);
        expect(Math.abs(std[j] / (spread[j] / 8 ** k) - 1)).toBeLessThan(0.02);
      }
    }
  });

  test("the potential per atom is a parabola about the equilibrium of its temperature, drawn where there are states", async () => {
    for (const temperature of temperatures) {
      const equilibrium = direction.map((x) => (1000 / temperature) ** 2 * x);
      const atoms = 1024;
      const equation = equationAt({ temperatures }, model, temperature, 16, 16);
      // From 0.2 to 1.3 of the way to it, and beside it.
      const end = equilibrium.map((x) => (temperature / 1000) * x);
      const beside = [end[1], -end[0], 0];
      const states = Float32Array.from([0.2, 0.7, 1.3].flatMap((s) => end.map((x, j) => s * x + beside[j])));
      const found = await potentialAlong(gpu, equation, temperature, equilibrium, atoms, states);
      const { order, perAtom, onsager } = found;
      expect(order[0] / equilibrium[2]).toBeCloseTo(0.2, 5);
      expect(order[order.length - 1] / equilibrium[2]).toBeCloseTo(1.3, 5);
      expect(onsager).toBeNull();
      const length = equilibrium.reduce((sum, x) => sum + ((temperature / 1000) * x) ** 2, 0);
      for (const [k, at] of order.entries()) {
        const share = at / equilibrium[2];
        const exact = (a * (share - 1) ** 2 * length) / (s * s * atoms);
        expect(Math.abs(perAtom[k] - exact)).toBeLessThan(0.05 * ((a * length) / (s * s * atoms)));
      }
    }
  });
});
