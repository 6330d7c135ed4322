// The Curie–Weiss system on the GPU against exact results: the finite-n master equation for whole systems, exact
// enumeration of the patch chain for partial evolution, detailed balance and closed forms at infinite temperature.
//
// Statistical assertions fail beyond 4.5 standard errors (test/statistics.ts). The file makes about 340 of them: a
// false alarm has probability 2e-3 whenever the numbers drawn change, and none while they stay.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Law, lawMoments, pointLaw } from "../../lib/analysis/birth-death.ts";
import {
  diffusion,
  drift,
  equilibrium,
  flipRate,
  magnetizationTrajectory,
  type CurieWeiss as Theory,
  transientLaws,
} from "../../lib/analysis/curie-weiss-theory.ts";
import { evolveLaw } from "../../lib/analysis/master-equation.ts";
import { InputError } from "../../lib/errors.ts";
import { allocatedBytes } from "../../lib/gpu/buffer.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { type Stream, stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { CurieWeiss, type CurieWeissStates, flipProbability } from "../../lib/systems/curie-weiss.ts";
import { defined, emptied, keeper, streams } from "../fixtures.ts";
import { sum } from "../numbers.ts";
import { otherAdapters } from "../processes.ts";
import {
  binomialMasses,
  expectLaw,
  expectMoments,
  expectWithin,
  histogram,
  hypergeometricMasses,
  moments,
  poissonMasses,
} from "../statistics.ts";
import { testAdapters } from "./adapters.ts";
import { curieWeissResults as results } from "./curie-weiss-results.ts";
import { expectSameInSlices } from "./slices.ts";

setDefaultTimeout(120_000);

const SEED = 31_415;
const PAPER = { temperature: 1.1, field: 0.1 };
/** Below the critical temperature: two phases, rates far from symmetric. */
const COLD = { temperature: 0.8, field: 0.02 };
/** Every flip has probability 1/2 to 1e-9: spins are independent. */
const FREE = { temperature: 1e9, field: 0.1 };

const gpu = await openDevice();
const others = await otherAdapters(gpu.adapter.kind);
const keep = keeper(afterAll);

/** A system that is freed after the tests. */
const makeSystem = (patchSide: number, parameters = PAPER) => keep(new CurieWeiss(gpu, { ...parameters, patchSide }));

/** A stream of its own for every use. */
const fresh = streams(SEED, "test/curie-weiss");

function allStates({ first, mass }: Law, top: number): Float64Array {
  const all = new Float64Array(top + 1);
  // The solver may leave rounding of either sign in the tails.
  mass.forEach((p, j) => {
    all[first + j] = Math.max(0, p);
  });
  return all;
}

/** Exact law of u = 0 … n at `time`. */
function exactLaw(theory: Theory, start: number | Law, time: number): Float64Array {
  const [law] = transientLaws(theory, start, [time]);
  return allStates(law, theory.spins);
}

/** Number of up spins of `count` systems drawn from a law. */
function sample(masses: ArrayLike<number>, count: number): Uint32Array {
  const rng = Xoshiro.open(fresh(), 0, 0);
  return Uint32Array.from({ length: count }, () => {
    let rest = rng.uniform();
    let u = 0;
    for (; u < masses.length - 1 && rest > masses[u]; u++) rest -= masses[u];
    return u;
  });
}

/** Law of the up spins in a part of `size` sites of an exchangeable system whose total has the law `masses`. */
function partLaw(masses: Float64Array, size: number): Float64Array {
  const law = new Float64Array(size + 1);
  masses.forEach((p, u) => {
    if (p > 1e-15)
      hypergeometricMasses(masses.length - 1, u, size).forEach((q, v) => {
        law[v] += p * q;
      });
  });
  return law;
}

/** Up spins per half-patch block, `[count][block]`; draws the positions when they are not drawn. */
async function blocksOf(system: CurieWeiss, states: CurieWeissStates): Promise<Uint32Array[]> {
  const counts = await gpu.read(await system.resolve(states, fresh()), Uint32Array);
  const size = counts.length / states.count;
  return Array.from({ length: states.count }, (_, r) => counts.subarray(r * size, (r + 1) * size));
}

/** Number of up spins behind a magnetization of `spins` spins. */
function upsOf(magnetizations: ArrayLike<number>, spins: number): Uint32Array {
  return Uint32Array.from(magnetizations, (m) => Math.round((spins * (1 + m)) / 2));
}

/**
 * Exact enumeration of what `evolvePatches` does to one patch: `ups` up spins in the system of `theory`, `start` of them in
 * the patch of `patchSpins` spins, everything else frozen. `law` of the patch's up spins at the end; means of A and Q
 * and the variance of Δ − A for integrals with mean waiting times, as the kernel has them: with N attempts in all and
 * S the sum of Lm over the N + 1 states visited, A = S time/(N + 1). Carries P(v), E[S; v], E[S²; v] along the chain.
 */
function enumeratePatch(theory: Theory, ups: number, start: number, patchSpins: number, time: number) {
  const states = Array.from({ length: patchSpins + 1 }, (_, v) => {
    const total = 2 * (ups - start + v) - theory.spins;
    const birth = (patchSpins - v) * flipRate(theory, -1, total);
    const death = v * flipRate(theory, 1, total);
    const lm = (2 / patchSpins) * (birth - death);
    return { birth, death, lm, gamma: (4 / patchSpins ** 2) * (birth + death) };
  });
  const push = (x: Float64Array) =>
    x.map((value, v) => {
      const stay = value * (1 - (states[v].birth + states[v].death) / patchSpins);
      const fromBelow = v > 0 ? (x[v - 1] * states[v - 1].birth) / patchSpins : 0;
      const fromAbove = v < patchSpins ? (x[v + 1] * states[v + 1].death) / patchSpins : 0;
      return stay + fromBelow + fromAbove;
    });
  let p = new Float64Array(patchSpins + 1).fill(1, start, start + 1);
  let s1 = p.map((value, v) => value * states[v].lm);
  let s2 = p.map((value, v) => value * states[v].lm ** 2);
  let q = sum(p.map((value, v) => value * states[v].gamma));
  const attempts = patchSpins * time;
  const weights = poissonMasses(attempts, Math.ceil(attempts + 12 * Math.sqrt(attempts) + 20));
  const law = new Float64Array(patchSpins + 1);
  let compensator = 0;
  let variation = 0;
  let second = 0;
  weights.forEach((weight, n) => {
    if (n > 0) {
      p = push(p);
      const [old1, old2] = [push(s1), push(s2)];
      s1 = old1.map((value, v) => value + p[v] * states[v].lm);
      s2 = old2.map((value, v) => value + 2 * states[v].lm * old1[v] + p[v] * states[v].lm ** 2);
      q += sum(p.map((value, v) => value * states[v].gamma));
    }
    const mean = time / (n + 1);
    compensator += weight * mean * sum(s1);
    variation += weight * mean * q;
    for (let v = 0; v <= patchSpins; v++) {
      const delta = (2 * (v - start)) / patchSpins;
      law[v] += weight * p[v];
      second += weight * (p[v] * delta ** 2 - 2 * delta * mean * s1[v] + mean ** 2 * s2[v]);
    }
  });
  const chain = {
    birth: Float64Array.from(states, ({ birth }) => birth),
    death: Float64Array.from(states, ({ death }) => death),
  };
  return { law, compensator, variation, residual: second, chain, gamma: states.map(({ gamma }) => gamma) };
}

describe("rates", () => {
  test("obey detailed balance with H = −(1/n) Σ_{i<j} s_i s_j − h Σ s for every pair of neighbouring states", () => {
    for (const n of [4, 16, 4096]) {
      for (const { temperature, field } of [PAPER, COLD, { temperature: 3, field: -0.7 }]) {
        // Σ_{i<j} s_i s_j = (M² − n)/2.
        const energy = (M: number) => -(M * M - n) / (2 * n) - field * M;
        for (let u = 0; u < n; u += Math.max(1, Math.floor(n / 64))) {
          const M = 2 * u - n;
          const ratio =
            flipProbability(n, u, temperature, field).up / flipProbability(n, u + 1, temperature, field).down;
          const boltzmann = Math.exp(-(energy(M + 2) - energy(M)) / temperature);
          expect(Math.abs(ratio / boltzmann - 1)).toBeLessThan(1e-9);
        }
      }
    }
  });

  test("are Glauber's: up and down flips of the same pair of states add to 1", () => {
    for (const u of [0, 3, 9, 15]) {
      const { up } = flipProbability(16, u, 1.1, 0.1);
      const { down } = flipProbability(16, u + 1, 1.1, 0.1);
      expect(up + down).toBeCloseTo(1, 14);
    }
  });

  test("agree with the theory's", () => {
    for (const u of [0, 1, 500, 4096]) {
      const { up, down } = flipProbability(4096, u, 1.1, 0.1);
      const theory = { spins: 4096, ...PAPER };
      expect(up).toBeCloseTo(flipRate(theory, -1, 2 * u - 4096), 14);
      expect(down).toBeCloseTo(flipRate(theory, 1, 2 * u - 4096), 14);
    }
  });

  test("stay probabilities at temperatures near 0 and without field", () => {
    for (const u of [0, 8, 16]) {
      const { up, down } = flipProbability(16, u, 1e-300, 0);
      for (const p of [up, down]) expect(p >= 0 && p <= 1).toBe(true);
    }
  });
});

describe("initial states", () => {
  test("of a uniform m₀ have every number of up spins equally often (2 laws)", async () => {
    for (const side of [4, 8]) {
      const system = makeSystem(4);
      const states = await system.initial(100_000, side, fresh());
      // ∫ Binomial(u; n, p) dp = 1/(n + 1).
      const n = side * side;
      expectLaw(`initial ${n}`, histogram(await system.pack(states), n + 1), new Float64Array(n + 1).fill(1 / (n + 1)));
      states.destroy();
    }
  });

  test("of the paper's size have mean 0 and variance (n + 2)/3n", async () => {
    const system = makeSystem(64);
    const states = await system.initial(4000, 64, fresh());
    expectMoments("initial 4096", await system.observe(states), { mean: 0, variance: 4098 / (3 * 4096) });
    states.destroy();
  });

  test("may be prepared at the nearest magnetization", async () => {
    const system = makeSystem(4);
    for (const [m, nearest] of [
      [-1, -1],
      [0.13, 0.125],
      [0.5, 0.5],
      [1, 1],
    ]) {
      const states = system.prepared(3, 8, m);
      expect([...(await system.observe(states))]).toEqual([nearest, nearest, nearest]);
      states.destroy();
    }
  });

  test("are packed and unpacked word for word", async () => {
    const system = makeSystem(4);
    const states = await system.initial(100, 8, fresh());
    const words = await system.pack(states);
    expect(words.length).toBe(100 * system.words());
    const again = system.unpack(words, 8);
    expect(await system.pack(again)).toEqual(words);
    expect(await system.observe(again)).toEqual(await system.observe(states));
    expect([...(await system.observe(again))]).toEqual([...words].map((u) => (2 * u - 64) / 64));
    states.destroy();
    again.destroy();
  });
});

describe("evolution of whole systems", () => {
  test("has the law of the master equation at three times (12 laws)", async () => {
    for (const [side, parameters, m0] of [
      [4, PAPER, -0.5],
      [4, COLD, 0.25],
      [8, PAPER, -0.5],
      [8, COLD, 0],
    ] as const) {
      const n = side * side;
      const system = makeSystem(side, parameters);
      const theory = { spins: n, ...parameters };
      const states = system.prepared(100_000, side, m0);
      let now = 0;
      for (const time of [0.3, 1.1, 5]) {
        await system.evolve(states, time - now, fresh());
        now = time;
        const counts = histogram(await system.pack(states), n + 1);
        expectLaw(`law of ${n} spins, T ${parameters.temperature}, t ${time}`, counts, exactLaw(theory, m0, time));
      }
      states.destroy();
    }
  });

  test("of 4,096 spins has the exact mean and variance at five times (20 assertions)", async () => {
    const system = makeSystem(64);
    const theory = { spins: 4096, ...PAPER };
    const times = [0.25, 0.5, 1, 2, 4];
    for (const m0 of [-0.5, 0.25]) {
      const exact = magnetizationTrajectory(theory, m0, times);
      const states = system.prepared(16_000, 64, m0);
      for (const [k, time] of times.entries()) {
        await system.evolve(states, time - (times[k - 1] ?? 0), fresh());
        const found = { mean: exact.mean[k], variance: exact.std[k] ** 2 };
        expectMoments(`4096 spins, m0 ${m0}, t ${time}`, await system.observe(states), found);
      }
      states.destroy();
    }
  });

  test("leaves the stationary law as it is, also with two phases (2 laws)", async () => {
    for (const parameters of [PAPER, COLD]) {
      const { law } = equilibrium({ spins: 64, ...parameters });
      const system = makeSystem(8, parameters);
      const states = system.unpack(sample(law.mass, 100_000), 8);
      await system.evolve(states, 3, fresh());
      expectLaw(`stationary T ${parameters.temperature}`, histogram(await system.pack(states), 65), law.mass);
      states.destroy();
    }
  });

  test("reaches the stationary law from all spins up", async () => {
    const { law } = equilibrium({ spins: 16, ...PAPER });
    const system = makeSystem(4);
    const states = system.prepared(100_000, 4, 1);
    await system.evolve(states, 60, fresh());
    expectLaw("stationary from all up", histogram(await system.pack(states), 17), law.mass);
    states.destroy();
  });

  test("for no time changes nothing", async () => {
    const system = makeSystem(4);
    const states = await system.initial(1000, 8, fresh());
    const before = await system.pack(states);
    await system.evolve(states, 0, fresh());
    const patches = new Uint32Array(1000);
    const { delta, compensator, variation } = await system.evolvePatches(states, patches, 0, fresh());
    await system.relax(states, 0, fresh());
    await system.evolve(states, 0, fresh());
    expect(await system.pack(states)).toEqual(before);
    for (const column of [delta, defined(compensator), defined(variation)])
      expect(column.every((x) => x === 0)).toBe(true);
    states.destroy();
  });

  test("with positions drawn has the same law, and blocks stay exchangeable (6 laws)", async () => {
    const system = makeSystem(4);
    const theory = { spins: 64, ...PAPER };
    const states = system.prepared(100_000, 8, -0.5);
    await system.resolve(states, fresh());
    let now = 0;
    for (const time of [0.4, 2]) {
      await system.evolve(states, time - now, fresh());
      now = time;
      const exact = exactLaw(theory, -0.5, time);
      const ups = await system.pack(states);
      expectLaw(`law with blocks, t ${time}`, histogram(ups, 65), exact);
      const blocks = await blocksOf(system, states);
      blocks.forEach((counts, r) => {
        if (sum(counts) !== ups[r]) throw new Error(`replica ${r}: blocks add to ${sum(counts)}, total ${ups[r]}`);
      });
      for (const block of [0, 15]) {
        const counts = blocks.map((replica) => replica[block]);
        expectLaw(`block ${block}, t ${time}`, histogram(counts, 5), partLaw(exact, 4));
      }
    }
    states.destroy();
  });

  test("with positions drawn moves each block by itself where spins are free (10 laws)", async () => {
    const time = 0.6;
    const system = makeSystem(4, FREE);
    const states = await system.initial(20_000, 8, fresh());
    const before = (await blocksOf(system, states)).map((counts) => [...counts]);
    await system.evolve(states, time, fresh());
    const after = await blocksOf(system, states);
    for (const block of [0, 6]) {
      for (let start = 0; start <= 4; start++) {
        const counts = after.flatMap((replica, r) => (before[r][block] === start ? [replica[block]] : []));
        expectLaw(`block ${block} from ${start}`, histogram(counts, 5), freeLaw(4, start, time));
      }
    }
    states.destroy();
  });
});

/** Law of the up spins among `spins` free ones, `start` of them up at first: each is flipped with (1 − e^−t)/2. */
function freeLaw(spins: number, start: number, time: number): Float64Array {
  const kept = (1 + Math.exp(-time)) / 2;
  const law = new Float64Array(spins + 1);
  binomialMasses(start, kept).forEach((p, a) => {
    binomialMasses(spins - start, 1 - kept).forEach((q, b) => {
      law[a + b] += p * q;
    });
  });
  return law;
}

describe("partial evolution", () => {
  test("is checked against enumeration that obeys Dynkin's formula and the master equation", () => {
    const theory = { spins: 16, ...COLD };
    const { law, compensator, variation, residual, chain, gamma } = enumeratePatch(theory, 6, 3, 4, 0.8);
    const [exact] = evolveLaw(chain, pointLaw(3), [0.8]);
    allStates(exact, 4).forEach((p, v) => {
      expect(law[v]).toBeCloseTo(p, 8);
    });
    // E[Δ] = E[A].
    expect(compensator).toBeCloseTo((lawMoments(exact).mean - 3) / 2, 8);
    // E[Q] = ∫ E[Γ] ds, by Simpson's rule on 64 intervals.
    const times = Array.from({ length: 65 }, (_, k) => (0.8 * k) / 64);
    const means = [...evolveLaw(chain, pointLaw(3), times)].map((at) =>
      sum(allStates(at, 4).map((p, v) => p * gamma[v])),
    );
    const simpson = means.reduce((total, x, k) => total + x * (k === 0 || k === 64 ? 1 : k % 2 === 1 ? 4 : 2), 0);
    expect(variation).toBeCloseTo((simpson * 0.8) / 64 / 3, 7);
    // Var(Δ − A) = E[Q] for A along the true waiting times; their mean in place of them takes a little away.
    expect(residual / variation).toBeWithin(0.9, 1);
    const short = enumeratePatch(theory, 6, 3, 4, 0.01);
    expect(short.residual / short.variation).toBeWithin(0.999, 1);
  });

  const CASES = [
    { side: 4, patchSide: 2, parameters: PAPER, m: -0.25, time: 0.5, drawn: false },
    { side: 4, patchSide: 2, parameters: COLD, m: 0.25, time: 2, drawn: true },
    { side: 8, patchSide: 4, parameters: PAPER, m: -0.5, time: 0.25, drawn: true },
    { side: 8, patchSide: 4, parameters: COLD, m: 0.25, time: 1.5, drawn: false },
    { side: 16, patchSide: 4, parameters: PAPER, m: 0, time: 0.05, drawn: true },
  ];
  for (const { side, patchSide, parameters, m, time, drawn } of CASES) {
    const title = `${patchSide}² in ${side}², T ${parameters.temperature}, δt ${time}, positions ${drawn ? "drawn" : "not drawn"}`;
    test(`has the exact law of Δ and moments of A and Q (${title})`, async () => {
      const system = makeSystem(patchSide, parameters);
      const [n, patchSpins] = [side ** 2, patchSide ** 2];
      const tiles = (side / patchSide) ** 2;
      const theory = { spins: n, ...parameters };
      const count = 100_000;
      const states = system.prepared(count, side, m);
      const total = upsOf([m], n)[0];
      const patches = Uint32Array.from({ length: count }, (_, r) => r % tiles);
      let atPatch: Float32Array | undefined;
      if (drawn) {
        await system.resolve(states, fresh());
        atPatch = await system.observePatches(states);
      }
      const { before, delta, compensator, variation } = await system.evolvePatches(states, patches, time, fresh());
      if (atPatch) expect(before).toEqual(before.map((_, r) => atPatch[r * tiles + patches[r]]));
      const starts = upsOf(before, patchSpins);
      const startCounts = histogram(starts, patchSpins + 1);
      expectLaw("positions", startCounts, hypergeometricMasses(n, total, patchSpins));
      let groups = 0;
      for (let start = 0; start <= patchSpins; start++) {
        if (startCounts[start] < 3000) continue;
        groups++;
        const exact = enumeratePatch(theory, total, start, patchSpins, time);
        const of = (column: Float32Array) => column.filter((_, r) => starts[r] === start);
        const [d, a, q] = [of(delta), of(defined(compensator)), of(defined(variation))];
        const ends = Uint32Array.from(d, (x) => Math.round((x * patchSpins) / 2) + start);
        expectLaw(`Δ from ${start}`, histogram(ends, patchSpins + 1), exact.law);
        const [onA, onQ] = [moments(a), moments(q)];
        expectWithin(`A from ${start}`, onA.mean, exact.compensator, onA.meanError);
        expectWithin(`Q from ${start}`, onQ.mean, exact.variation, onQ.meanError);
        const residuals = d.map((x, k) => x - a[k]);
        expectMoments(`Δ − A from ${start}`, residuals, { mean: 0, variance: exact.residual });
      }
      expect(groups).toBeGreaterThanOrEqual(2);
      states.destroy();
    });
  }

  test("leaves the states untouched", async () => {
    const system = makeSystem(4);
    const states = await system.initial(2000, 16, fresh());
    await system.resolve(states, fresh());
    const read = async () => [await system.pack(states), await gpu.read(defined(states.counts), Uint32Array)];
    const before = await read();
    await system.evolvePatches(states, new Uint32Array(2000).fill(7), 3, fresh());
    expect(await read()).toEqual(before);
    states.destroy();
    const undrawn = await system.initial(2000, 16, fresh());
    const ups = await system.pack(undrawn);
    await system.evolvePatches(undrawn, new Uint32Array(2000), 3, fresh());
    expect(undrawn.counts).toBeNull();
    expect(await system.pack(undrawn)).toEqual(ups);
    undrawn.destroy();
  });

  test("of every patch at a very short time adds up to the generator of the whole system", async () => {
    const time = 1e-6;
    for (const drawn of [true, false]) {
      const system = makeSystem(4);
      const [count, tiles] = [200, 16];
      const theory = { spins: 256, ...PAPER };
      const states = await system.initial(count, 16, fresh());
      if (drawn) await system.resolve(states, fresh());
      const patches = Uint32Array.from({ length: count * tiles }, (_, k) => k % tiles);
      const { before, delta, compensator, variation } = await system.evolvePatches(states, patches, time, fresh());
      const m = await system.observe(states);
      let still = 0;
      for (let r = 0; r < count; r++) {
        const mean = (x: Float32Array) => sum(x.subarray(r * tiles, (r + 1) * tiles)) / tiles;
        expect(Math.abs(mean(before) - m[r])).toBeLessThan(1e-6);
        // Replicas where something flipped differ by O(flip); there should be 0.05 of them in all.
        if (delta.subarray(r * tiles, (r + 1) * tiles).some((x) => x !== 0)) continue;
        still++;
        expect(Math.abs(mean(defined(compensator)) / time - drift(theory, m[r]))).toBeLessThan(2e-6);
        expect(Math.abs(mean(defined(variation)) / time / tiles / diffusion(theory, m[r]) - 1)).toBeLessThan(1e-5);
      }
      expect(still).toBeGreaterThan(count - 5);
      states.destroy();
    }
  });

  test("of free spins has the closed forms: Q = 2 δt/n_s, A and Δ decay like e^−t (4 laws, 9 assertions)", async () => {
    const time = 0.7;
    const system = makeSystem(4, FREE);
    const states = system.prepared(100_000, 8, 0);
    const { before, delta, compensator, variation } = await system.evolvePatches(
      states,
      new Uint32Array(100_000).fill(3),
      time,
      fresh(),
    );
    for (const q of defined(variation)) if (!(Math.abs(q / ((2 * time) / 16) - 1) < 1e-5)) throw new Error(`Q is ${q}`);
    const starts = upsOf(before, 16);
    for (const start of [6, 7, 8, 9]) {
      const of = (column: Float32Array) => column.filter((_, r) => starts[r] === start);
      const d = of(delta);
      const ends = Uint32Array.from(d, (x) => 8 * x + start);
      expectLaw(`free Δ from ${start}`, histogram(ends, 17), freeLaw(16, start, time));
      const mean = ((2 * start - 16) / 16) * Math.expm1(-time);
      expectMoments(`free Δ from ${start}`, d, { mean, variance: -Math.expm1(-2 * time) / 16 });
      const onA = moments(of(defined(compensator)));
      expectWithin(`free A from ${start}`, onA.mean, mean, onA.meanError);
    }
    states.destroy();
  });

  test("of the only patch is the evolution of the whole system", async () => {
    const system = makeSystem(8);
    const states = system.prepared(100_000, 8, -0.25);
    for (const drawn of [false, true]) {
      if (drawn) await system.resolve(states, fresh());
      const { before, delta } = await system.evolvePatches(states, new Uint32Array(100_000), 1.3, fresh());
      expect(before.every((m) => m === -0.25)).toBe(true);
      const ends = upsOf(
        delta.map((x) => x - 0.25),
        64,
      );
      expectLaw("K = 1", histogram(ends, 65), exactLaw({ spins: 64, ...PAPER }, -0.25, 1.3));
    }
    states.destroy();
  });

  test("of a patch whose attempts need several Poisson numbers (10 assertions)", async () => {
    // 256 spins for a time 3.5: 896 attempts, four Poisson numbers.
    const time = 3.5;
    const system = makeSystem(16);
    const theory = { spins: 1024, ...PAPER };
    const states = system.prepared(6000, 32, -0.5);
    const { before, delta, compensator, variation } = await system.evolvePatches(
      states,
      new Uint32Array(6000).fill(2),
      time,
      fresh(),
    );
    const starts = upsOf(before, 256);
    for (const start of [62, 64]) {
      const exact = enumeratePatch(theory, 256, start, 256, time);
      const of = (column: Float32Array) => column.filter((_, r) => starts[r] === start);
      const [d, a, q] = [of(delta), of(defined(compensator)), of(defined(variation))];
      const [onA, onQ] = [moments(a), moments(q)];
      expectWithin(`A from ${start}`, onA.mean, exact.compensator, onA.meanError);
      expectWithin(`Q from ${start}`, onQ.mean, exact.variation, onQ.meanError);
      expectMoments(
        `Δ − A from ${start}`,
        d.map((x, k) => x - a[k]),
        { mean: 0, variance: exact.residual },
      );
      const mean = exact.law.reduce((total, p, v) => total + (p * 2 * (v - start)) / 256, 0);
      const onDelta = moments(d);
      expectWithin(`Δ from ${start}`, onDelta.mean, mean, onDelta.meanError);
    }
    states.destroy();
  });

  test("of several patches of one replica are independent given the state, and their positions exclude each other", async () => {
    const system = makeSystem(2, FREE);
    const count = 30_000;
    const states = system.prepared(count, 4, 0);
    const patches = Uint32Array.from({ length: 4 * count }, (_, k) => [2, 0, 3, 1][k % 4]);
    const { before, delta, compensator } = await system.evolvePatches(states, patches, 0.8, fresh());
    const product = new Float64Array(count);
    for (let r = 0; r < count; r++) {
      // All four patches together are the whole system.
      expect(sum(before.subarray(4 * r, 4 * r + 4))).toBe(0);
      product[r] = (delta[4 * r] - defined(compensator)[4 * r]) * (delta[4 * r + 1] - defined(compensator)[4 * r + 1]);
    }
    const { mean, meanError } = moments(product);
    expectWithin("covariance of two patches", mean, 0, meanError);
    states.destroy();
  });
});

describe("relaxation", () => {
  test("of a lattice that is one patch is its evolution for 4 τ (2 laws)", async () => {
    for (const [side, tau] of [
      [4, 0.3],
      [8, 0.15],
    ]) {
      const n = side * side;
      const system = makeSystem(side);
      const states = system.prepared(100_000, side, -0.5);
      await system.relax(states, tau, fresh());
      const exact = exactLaw({ spins: n, ...PAPER }, -0.5, 4 * tau);
      expectLaw(`relax ${n}`, histogram(await system.pack(states), n + 1), exact);
      states.destroy();
    }
  });

  test("visits every block four times: free spins decay like e^−4τ, wrapped around both edges (72 laws)", async () => {
    const tau = 0.2;
    const system = makeSystem(4, FREE);
    // 6 × 6 blocks of 4 spins, or of 3 × 3 patches.
    const states = system.prepared(10_000, 12, 1);
    await system.relax(states, tau, fresh());
    const blocks = await blocksOf(system, states);
    const ups = await system.pack(states);
    blocks.forEach((counts, r) => {
      if (sum(counts) !== ups[r]) throw new Error(`replica ${r}: blocks add to ${sum(counts)}, total ${ups[r]}`);
    });
    for (let block = 0; block < 36; block++) {
      const counts = blocks.map((replica) => replica[block]);
      expectLaw(`block ${block}`, histogram(counts, 5), freeLaw(4, 4, 4 * tau));
      // Neighbours share visits, but free spins stay independent.
      const next = blocks.map((replica) => replica[(block + 1) % 36]);
      const joint = histogram(
        counts.map((c, r) => 5 * c + next[r]),
        25,
      );
      const each = freeLaw(4, 4, 4 * tau);
      expectLaw(
        `blocks ${block}, ${(block + 1) % 36}`,
        joint,
        Array.from({ length: 25 }, (_, k) => each[Math.floor(k / 5)] * each[k % 5]),
      );
    }
    states.destroy();
  });

  test("leaves the equilibrium law of the total, of patches and of blocks as it is (12 laws)", async () => {
    for (const parameters of [PAPER, COLD]) {
      const system = makeSystem(4, parameters);
      const { law } = equilibrium({ spins: 64, ...parameters });
      const states = system.unpack(sample(law.mass, 100_000), 8);
      await system.relax(states, 0.8, fresh());
      const label = `relaxed T ${parameters.temperature}`;
      expectLaw(`${label}, total`, histogram(await system.pack(states), 65), law.mass);
      const patches = upsOf(await system.observePatches(states), 16);
      for (let patch = 0; patch < 4; patch++) {
        const counts = Array.from({ length: states.count }, (_, r) => patches[4 * r + patch]);
        expectLaw(`${label}, patch ${patch}`, histogram(counts, 17), partLaw(law.mass, 16));
      }
      const blocks = await blocksOf(system, states);
      // Shifted by half a patch around the corner: blocks 0, 3, 12 and 15.
      const corner = blocks.map((counts) => counts[0] + counts[3] + counts[12] + counts[15]);
      expectLaw(`${label}, corner`, histogram(corner, 17), partLaw(law.mass, 16));
      states.destroy();
    }
  });

  test("keeps patches hypergeometric given the total (2 assertions)", async () => {
    const system = makeSystem(4);
    const { law } = equilibrium({ spins: 64, ...PAPER });
    const states = system.unpack(sample(law.mass, 100_000), 8);
    await system.relax(states, 0.8, fresh());
    const ups = await system.pack(states);
    const patches = upsOf(await system.observePatches(states), 16);
    const excess = Float64Array.from(ups, (u, r) => patches[4 * r + 2] - u / 4);
    const spread = law.mass.reduce((total, p, u) => total + p * hypergeometricVariance(64, u, 16), 0);
    expectMoments("patch given the total", excess, { mean: 0, variance: spread });
    states.destroy();
  });
});

function hypergeometricVariance(n: number, u: number, size: number): number {
  return (size * (u / n) * (1 - u / n) * (n - size)) / (n - 1);
}

describe("upsampling", () => {
  test("keeps the magnetization exactly and places spins at random (8 assertions, 6 laws)", async () => {
    for (const factor of [2, 3]) {
      const system = makeSystem(4);
      const small = await system.initial(20_000, 8, fresh());
      const m = await system.observe(small);
      const large = await system.upsample(small, factor);
      expect(large.side).toBe(8 * factor);
      expect(await system.observe(large)).toEqual(m);
      await system.resolve(large, fresh());
      const ups = await system.pack(large);
      const n = large.side ** 2;
      const tiles = (large.side / 4) ** 2;
      const patches = upsOf(await system.observePatches(large), 16);
      const uniform = new Float64Array(65).fill(1 / 65);
      // The law of a patch given the small system's uniform law of the number of up spins.
      const law = new Float64Array(17);
      uniform.forEach((p, u) => {
        hypergeometricMasses(n, u * factor ** 2, 16).forEach((q, v) => {
          law[v] += p * q;
        });
      });
      const variance = uniform.reduce((total, p, u) => total + p * hypergeometricVariance(n, u * factor ** 2, 16), 0);
      for (const patch of [0, 3, tiles - 1]) {
        const counts = Array.from({ length: large.count }, (_, r) => patches[tiles * r + patch]);
        expectLaw(`upsampled ${factor}, patch ${patch}`, histogram(counts, 17), law);
        const excess = Float64Array.from(counts, (v, r) => v - (16 * ups[r]) / n);
        expectMoments(`upsampled ${factor}, patch ${patch}`, excess, { mean: 0, variance });
      }
      small.destroy();
      large.destroy();
    }
  });

  test("and drawing of positions keep every total, of blocks and of patches", async () => {
    const system = makeSystem(4);
    const states = await system.initial(500, 16, fresh());
    const ups = await system.pack(states);
    const counts = await system.resolve(states, fresh());
    // A second call gives the same buffer, undisturbed.
    const words = await gpu.read(counts, Uint32Array);
    expect(await system.resolve(states, fresh())).toBe(counts);
    expect(await gpu.read(counts, Uint32Array)).toEqual(words);
    const patches = upsOf(await system.observePatches(states), 16);
    for (let r = 0; r < 500; r++) {
      expect(sum(words.subarray(64 * r, 64 * (r + 1)))).toBe(ups[r]);
      expect(sum(patches.subarray(16 * r, 16 * (r + 1)))).toBe(ups[r]);
    }
    // Patch 6 is row 1, column 2 of 4: blocks 2 … 3 of row, 4 … 5 of column, 8 blocks a row.
    expect(patches[6]).toBe(words[2 * 8 + 4] + words[2 * 8 + 5] + words[3 * 8 + 4] + words[3 * 8 + 5]);
    states.destroy();
  });

  test("shows pictures with the right spins in every block and no preferred site (1 law)", async () => {
    const system = makeSystem(4);
    const states = system.prepared(1, 8, -0.25);
    const counts = [...(await blocksOf(system, states))[0]];
    const spins = await system.spins(states, fresh());
    expect(sum(spins)).toBe(24);
    for (let block = 0; block < 16; block++) {
      const corner = 2 * Math.floor(block / 4) * 8 + 2 * (block % 4);
      expect(spins[corner] + spins[corner + 1] + spins[corner + 8] + spins[corner + 9]).toBe(counts[block]);
    }
    states.destroy();
    const ups = new Float64Array(64);
    for (let k = 0; k < 1500; k++) {
      const one = system.prepared(1, 8, -0.25);
      (await system.spins(one, fresh())).forEach((s, site) => {
        ups[site] += s;
      });
      one.destroy();
    }
    // Site totals of 1,500 pictures: 24 of 64 up in each, so a multinomial χ² overstates the spread: on the safe side.
    expectLaw("sites", ups, new Float64Array(64).fill(1 / 64));
  });
});

describe("results depend on the stream alone", () => {
  test("not on how work is cut into dispatches", async () => {
    await expectSameInSlices(gpu, results, () => 1, 500);
  });

  test("not on the size of the batch: each of 1,024 replicas alone is the same", async () => {
    const at = fresh();
    const later = fresh();
    const system = makeSystem(4);
    const run = async (count: number, replica: number) => {
      const patches = Uint32Array.from({ length: count }, (_, k) => (3 * (k + replica)) % 16);
      const states = await system.initial(count, 16, { ...at, replica });
      await system.evolve(states, 1.7, { ...later, replica });
      const undrawn = await system.evolvePatches(states, patches, 0.6, { ...at, replica });
      await system.relax(states, 0.4, { ...later, replica });
      await system.evolve(states, 1.2, { ...at, replica });
      const drawn = await system.evolvePatches(states, patches, 0.6, { ...later, replica });
      const out = [
        await system.pack(states),
        await gpu.read(defined(states.counts), Uint32Array),
        ...[undrawn, drawn].flatMap((change) => [
          change.before,
          change.delta,
          defined(change.compensator),
          defined(change.variation),
        ]),
      ];
      states.destroy();
      return out;
    };
    const batch = await run(1024, 0);
    for (const replica of [0, 1, 31, 32, 500, 1023]) {
      const alone = await run(1, replica);
      alone.forEach((column, c) => {
        const width = batch[c].length / 1024;
        expect([...column]).toEqual([...batch[c].subarray(replica * width, (replica + 1) * width)]);
      });
    }
  });

  test("and differ for another step, another seed, another replica", async () => {
    const system = makeSystem(4);
    const run = async (at: Stream) => {
      const states = system.prepared(50, 16, 0);
      await system.evolve(states, 1, at);
      const words = await system.pack(states);
      states.destroy();
      return words.join();
    };
    const base = stream(1, "test/differ");
    const all = [base, stream(2, "test/differ"), stream(1, "test/differ", 1), stream(1, "test/differ", 0, 50)];
    const words = await Promise.all(all.map(run));
    expect(new Set(words).size).toBe(4);
    expect(await run(base)).toBe(words[0]);
  });

  testAdapters(gpu, others, "curie-weiss", results);
});

describe("memory", () => {
  test("is given back by states and system", async () => {
    await emptied(async () => {
      await results(gpu);
    });
  });

  test("of a replica is what `bytes` says beside the lists of its patches when they are measured", async () => {
    const system = makeSystem(4);
    const small = system.prepared(1, 16, 0);
    await system.evolve(small, 0.1, fresh());
    small.destroy();
    const before = allocatedBytes();
    const states = system.prepared(10, 16, 0);
    await system.resolve(states, fresh());
    // Of 16 patches their places and their up spins, 4 bytes each.
    expect(allocatedBytes() - before).toBe(10 * (system.bytes(16) - 16 * 8));
    states.destroy();
  });

  test("is given back when input is refused", async () => {
    const system = makeSystem(4);
    const states = system.prepared(10, 16, 0);
    await system.evolve(states, 0.1, fresh());
    const before = allocatedBytes();
    await expect(system.evolve(states, -1, fresh())).rejects.toThrow(InputError);
    await expect(system.relax(states, Number.NaN, fresh())).rejects.toThrow(InputError);
    await expect(system.evolvePatches(states, new Uint32Array(10), -1, fresh())).rejects.toThrow(InputError);
    await expect(system.upsample(states, 1000)).rejects.toThrow(InputError);
    states.destroy();
    expect(allocatedBytes()).toBe(before - 40);
  });
});

describe("impossible input is refused in one sentence", () => {
  const refused = (parameters: Partial<typeof PAPER & { patchSide: number }>) => () =>
    new CurieWeiss(gpu, { ...PAPER, patchSide: 4, ...parameters });

  test("temperature", () => {
    for (const temperature of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refused({ temperature })).toThrow(InputError);
      expect(refused({ temperature })).toThrow(`temperature ${temperature} is not a positive number`);
    }
  });

  test("field", () => {
    for (const field of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(refused({ field })).toThrow(InputError);
      expect(refused({ field })).toThrow(`field ${field} is not a finite number`);
    }
  });

  test("patch side", () => {
    for (const patchSide of [0, 1, 3, 4.5, -2, Number.NaN]) {
      expect(refused({ patchSide })).toThrow(InputError);
      expect(refused({ patchSide })).toThrow(`patch side ${patchSide} is not an even number`);
    }
  });

  test("lattice side and magnetization", async () => {
    const system = makeSystem(12);
    expect(() => system.prepared(1, 64, 0)).toThrow(InputError);
    expect(() => system.prepared(1, 64, 0)).toThrow("patch side 12 does not divide lattice side 64");
    await expect(system.initial(1, 64, fresh())).rejects.toThrow(InputError);
    for (const side of [0, 6, 12.5, -12, Number.NaN, 12 * 400]) {
      expect(() => system.prepared(1, side, 0)).toThrow(InputError);
    }
    for (const m of [-1.1, 1.0001, Number.NaN]) {
      expect(() => system.prepared(1, 12, m)).toThrow(`magnetization ${m} is not within -1 … 1`);
    }
  });

  test("time", async () => {
    const system = makeSystem(4);
    const states = system.prepared(4, 8, 0);
    for (const time of [-0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const message = `time ${time} is not a number from 0 up`;
      await expect(system.evolve(states, time, fresh())).rejects.toThrow(message);
      await expect(system.relax(states, time, fresh())).rejects.toThrow(message);
      await expect(system.evolvePatches(states, new Uint32Array(4), time, fresh())).rejects.toThrow(message);
    }
    states.destroy();
  });

  test("factor", async () => {
    const system = makeSystem(4);
    const states = system.prepared(4, 8, 0);
    for (const factor of [0, -2, 1.5, Number.NaN]) {
      await expect(system.upsample(states, factor)).rejects.toThrow(InputError);
    }
    states.destroy();
  });

  test("patches that are not there, twice there or not the same number for each replica", async () => {
    const system = makeSystem(4);
    const states = system.prepared(2, 8, 0);
    const choose = (...patches: number[]) => system.evolvePatches(states, Uint32Array.from(patches), 1, fresh());
    await expect(choose(0, 4)).rejects.toThrow("patch 4 is not below the 4 patches");
    await expect(choose(1, 2, 3, 3)).rejects.toThrow("patch 3 is chosen twice");
    await expect(choose(1, 2, 3)).rejects.toThrow("3 patches are not the same number per replica");
    expect((await choose(3, 3)).delta.length).toBe(2);
    await expect(system.observePatches(states)).rejects.toThrow("positions of these states are not drawn");
    states.destroy();
  });
});
