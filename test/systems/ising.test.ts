// The dynamics of the Ising system on the GPU against exact results: enumeration of tiny lattices, Onsager's and Kaufman's closed
// forms, an independent table of runs, and counts of attempts. Observables, patches and relaxation: ising-patches.test.ts.
//
// Statistical assertions fail beyond 4.5 standard errors (test/statistics.ts). The file makes about 510 of them: a false alarm has
// probability 4e-3 whenever the numbers drawn change (some more for the few that rest on 64 words), and none while they stay.
// Away from equilibrium the 32 replicas of a word are one cluster: standard errors of means are those over words.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  boltzmannLaw,
  enumerateIsing,
  fixedMagnetizationLaw,
  glauberRates,
  glauberTransient,
  type IsingAverages,
  type IsingTransient,
  isingStates,
} from "../../lib/analysis/ising-exact.ts";
import {
  CRITICAL_TEMPERATURE,
  kaufmanEnergy,
  onsagerEnergy,
  onsagerMagnetization,
} from "../../lib/analysis/ising-onsager.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { readCsv } from "../../lib/io/csv.ts";
import { poissonPlan } from "../../lib/random/poisson.ts";
import { type Stream, stream, streamUniform } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { Ising, type IsingParameters, type IsingStates } from "../../lib/systems/ising.ts";
import { heatBath, heatBathThresholds } from "../../lib/systems/ising-classes.ts";
import { evolveSites } from "../../lib/systems/ising-sites.ts";
import { ISING_64, isingRun, runGenerator } from "../data/ising-64.ts";
import { defined, emptied, keeper, SHARED, streams } from "../fixtures.ts";
import { sum } from "../numbers.ts";
import { otherAdapters } from "../processes.ts";
import { expectLaw, expectWithin, histogram, moments, poissonMasses } from "../statistics.ts";
import { testAdapters } from "./adapters.ts";
import { columnOf, expectWordMean, LANES, packSpins, unpackSpins, wordMeans, wordSpread } from "./ising-host.ts";
import { isingResults as results } from "./ising-results.ts";
import { expectSameInSlices } from "./slices.ts";

setDefaultTimeout(120_000);

/** A table of others like ISING_64. */
const FOREIGN = join(SHARED, "paper/ising_truth_T2.5_h0.1_L64.csv");
const SEED = 1_944;
const PAPER = { temperature: 2.5, field: 0.1 };
/** Ordered, and a field against the paper's. */
const COLD = { temperature: 1.9, field: -0.3 };
/** Every attempt leaves a spin up or down with probability 1/2 to 1e-9, whatever its neighbours. */
const FREE = { temperature: 1e9, field: 0 };
/** From this side on another kernel moves all sites in parallel. */
const PARALLEL_SIDE = 256;

const gpu = await openDevice();
const others = await otherAdapters(gpu.adapter.kind);

/** A stream of its own for every use. */
const fresh = streams(SEED, "test/ising");

function makeSystem(patchSide: number, physics: Partial<IsingParameters> = PAPER): Ising {
  return new Ising(gpu, { ...PAPER, ...physics, patchSide });
}

/** Both ways that whole lattices move. The second one is taken from PARALLEL_SIDE on, and exact at any even side. */
const MOVERS = {
  "site by site": (physics: typeof PAPER, states: IsingStates, time: number) =>
    makeSystem(4, physics).evolve(states, time, fresh()),
  "all sites in parallel": ({ temperature, field }: typeof PAPER, states: IsingStates, time: number) =>
    evolveSites(gpu, states, time, fresh(), heatBathThresholds(temperature, field)),
};

const keep = keeper();

/** Four rows of 4 × 4 spins as the number of the state in lib/analysis/ising-exact.ts. */
function stateNumbers(words: Uint32Array): Uint32Array {
  return Uint32Array.from({ length: words.length / 4 }, (_, r) =>
    [0, 1, 2, 3].reduce((state, row) => state | (words[4 * r + row] << (4 * row)), 0),
  );
}

/** The inverse: packed rows of 4 × 4 lattices. */
function packedRows(numbers: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: 4 * numbers.length }, (_, k) => (numbers[k >>> 2] >>> (4 * (k % 4))) & 15);
}

const AVERAGES = ["m", "absM", "m2", "rho", "rho2", "mRho"] as const;

/** The averages of lib/analysis/ising-exact.ts for every replica of rows (m, ρ). */
function averagesOf(rows: Float32Array): Record<(typeof AVERAGES)[number], Float64Array> {
  const [m, rho] = [columnOf(rows, 2, 0), columnOf(rows, 2, 1)];
  const product = (a: Float64Array, b: Float64Array) => a.map((x, k) => x * b[k]);
  return { m, absM: m.map(Math.abs), m2: product(m, m), rho, rho2: product(rho, rho), mRho: product(m, rho) };
}

function expectAverages(label: string, rows: Float32Array, exact: IsingAverages): void {
  const found = averagesOf(rows);
  for (const key of AVERAGES) expectWordMean(`${label}, ${key}`, found[key], exact[key]);
}

/** The averages of a transient at its time number k. */
function averagesAt(exact: IsingTransient, k: number): IsingAverages {
  const { m, absM, m2, rho, rho2, mRho } = exact;
  return { m: m[k], absM: absM[k], m2: m2[k], rho: rho[k], rho2: rho2[k], mRho: mRho[k] };
}

/** Class of (up spins, walls) of every state of a side, and the number of classes. */
function classesOf(side: number): { of: Uint32Array; size: number } {
  const { m, rho } = isingStates(side);
  const n = side * side;
  const of = Uint32Array.from(m, (x, k) => Math.round((n * (1 + x)) / 2) * (n + 1) + Math.round(n * rho[k]));
  return { of, size: (n + 1) ** 2 };
}

/** The chi-square test of states of independent replicas against a law, by classes of (up spins, walls). */
function expectStateLaw(label: string, side: number, numbers: ArrayLike<number>, law: Float64Array): void {
  const { of, size } = classesOf(side);
  const masses = new Float64Array(size);
  law.forEach((p, state) => {
    masses[of[state]] += p;
  });
  const classes = Uint32Array.from(numbers, (state) => of[state]);
  expectLaw(label, histogram(classes, size), masses);
}

/** `count` states of independent draws from a law. */
function sample(law: Float64Array, count: number): Uint32Array {
  const rng = Xoshiro.open(fresh(), 0, 0);
  const cumulative = Float64Array.from(law);
  for (let k = 1; k < law.length; k++) cumulative[k] += cumulative[k - 1];
  return Uint32Array.from({ length: count }, () => {
    const u = rng.uniform();
    let [low, high] = [0, law.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle] < u) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** Exact law of a 4 × 4 lattice at `time` from one state: uniformisation, Σ_k Poisson(k; n t) P^k. */
function lawFrom(state: number, physics: typeof PAPER, time: number): Float64Array {
  const rates = glauberRates(4, physics.temperature, physics.field);
  const weights = poissonMasses(16 * time, Math.ceil(16 * time + 40));
  let now = new Float64Array(2 ** 16).fill(1, state, state + 1);
  const law = now.map((p) => weights[0] * p);
  for (let k = 1; k < weights.length; k++) {
    const next = now.slice();
    now.forEach((p, x) => {
      if (p === 0) return;
      for (let i = 0; i < 16; i++) {
        const moved = (p * rates[16 * x + i]) / 16;
        next[x] -= moved;
        next[x ^ (1 << i)] += moved;
      }
    });
    now = next;
    for (let x = 0; x < law.length; x++) law[x] += weights[k] * now[x];
  }
  return law;
}

/** Sites of a word that no attempt can have visited: all 32 replicas are as before (by chance with probability 2⁻³² per visit). */
function untouched(before: Uint32Array, after: Uint32Array): Uint8Array {
  return Uint8Array.from(before, (word, site) => Number(word === after[site]));
}

describe("rates", () => {
  const conditions = [PAPER, COLD, FREE, { temperature: 0.3, field: 0 }, { temperature: 1.1, field: 2.5 }];

  test("obey detailed balance with E = −Σ s s' − h Σ s for all classes of spin and neighbours", () => {
    for (const { temperature, field } of conditions) {
      for (let up = 0; up <= 4; up++) {
        // The terms of E with this spin: −s (Σ s' + h), Σ s' = 2 up − 4.
        const energy = (s: number) => -s * (2 * up - 4 + field);
        const rise = heatBath(up, temperature, field);
        const boltzmann = Math.exp(-(energy(1) - energy(-1)) / temperature);
        // Relative to 1 − p as it is in float64.
        expect(Math.abs(rise / (1 - rise) / boltzmann - 1)).toBeLessThan(1e-15 / (1 - rise) + 1e-12);
      }
    }
  });

  test("are those of the exact analysis in every state of a 4 × 4 lattice", () => {
    for (const { temperature, field } of [PAPER, COLD]) {
      const rates = glauberRates(4, temperature, field);
      let worst = 0;
      for (let k = 0; k < rates.length; k++) {
        const [state, site] = [k >>> 4, k & 15];
        const spin = (row: number, column: number) => (state >>> (4 * (row & 3) + (column & 3))) & 1;
        const [row, column] = [site >>> 2, site & 3];
        const up = spin(row - 1, column) + spin(row + 1, column) + spin(row, column - 1) + spin(row, column + 1);
        const p = heatBath(up, temperature, field);
        worst = Math.max(worst, Math.abs(rates[k] - (spin(row, column) === 1 ? 1 - p : p)));
      }
      expect(worst).toBeLessThan(1e-14);
    }
  });

  test("stay probabilities at temperatures near 0, and up and down are symmetric without field", () => {
    for (let up = 0; up <= 4; up++) {
      const p = heatBath(up, 1e-300, 0);
      expect(p).toBe([0, 0, 0.5, 1, 1][up]);
      expect(heatBath(up, 2.5, 0) + heatBath(4 - up, 2.5, 0)).toBeCloseTo(1, 14);
    }
  });
});

// 4 × 4 is the smallest lattice that an even patch side from 4 up tiles, and the largest whose 65,536 states can be listed.
describe("a 4 × 4 lattice", () => {
  test.each(Object.entries(MOVERS))("has the exact averages at three times, %s (36 assertions)", async (_, move) => {
    // The last stretch is of two windows of a lattice whose sites move in parallel.
    const times = [0.25, 1, 10];
    for (const [physics, ups] of [
      [PAPER, 4],
      [COLD, 13],
    ] as const) {
      const { temperature, field } = physics;
      const exact = glauberTransient(4, temperature, field, fixedMagnetizationLaw(4, ups), times);
      const system = makeSystem(4, physics);
      const states = await keep(system.prepared(LANES * 2000, 4, ups / 8 - 1, fresh()));
      for (const [k, time] of times.entries()) {
        await move(physics, states, time - (times[k - 1] ?? 0));
        expectAverages(`T ${temperature}, t ${time}`, await system.observe(states), averagesAt(exact, k));
      }
    }
  });

  test.each(Object.entries(MOVERS))(
    "has the exact law of single flips and of survival at a short time, %s (2 laws)",
    async (_, move) => {
      // One replica of each word: the others share its attempts.
      const words = 10_000;
      const start = 0b1011_0011_1000_1001;
      for (const physics of [PAPER, COLD]) {
        const system = makeSystem(4, physics);
        const states = await keep(system.unpack(packedRows(new Uint32Array(LANES * words).fill(start)), 4));
        await move(physics, states, 0.15);
        const after = stateNumbers(await system.pack(states));
        // Flips of site 0 … 15 alone, no change, and all else.
        const kind = (state: number) => {
          const flips = state ^ start;
          return flips === 0 ? 16 : (flips & (flips - 1)) === 0 ? 31 - Math.clz32(flips) : 17;
        };
        const masses = new Float64Array(18);
        lawFrom(start, physics, 0.15).forEach((p, state) => {
          masses[kind(state)] += p;
        });
        const kinds = Uint32Array.from({ length: words }, (_, word) => kind(after[LANES * word + (word % LANES)]));
        expectLaw(`single flips at T ${physics.temperature}`, histogram(kinds, 18), masses);
        // All replicas, word by word.
        for (let k = 0; k < 18; k++) {
          const hits = Float64Array.from(after, (state) => Number(kind(state) === k));
          expectWordMean(`flips of kind ${k} at T ${physics.temperature}`, hits, masses[k]);
        }
      }
    },
  );

  test("reaches the Boltzmann law from all spins up (6 averages, 1 law)", async () => {
    const { temperature, field } = PAPER;
    const system = makeSystem(4);
    const states = await keep(system.prepared(LANES * 1500, 4, 1, fresh()));
    // The two phases of so small a lattice change into each other in some 30 sweeps.
    await system.evolve(states, 400, fresh());
    expectAverages("stationary", await system.observe(states), enumerateIsing(4, temperature, field));
    const numbers = stateNumbers(await system.pack(states));
    expectStateLaw("stationary", 4, numbers, boltzmannLaw(4, temperature, field));
  });

  test("keeps the Boltzmann law by evolution of both kinds, sweeps and relaxation (8 laws, 48 averages)", async () => {
    for (const physics of [PAPER, COLD]) {
      const { temperature, field } = physics;
      const law = boltzmannLaw(4, temperature, field);
      const system = makeSystem(4, physics);
      for (const verb of ["evolve", "evolve in parallel", "sweep", "relax"] as const) {
        const states = await keep(system.unpack(packedRows(sample(law, LANES * 2000)), 4));
        if (verb === "evolve in parallel") await MOVERS["all sites in parallel"](physics, states, 2);
        else await system[verb](states, 2, fresh());
        const label = `${verb} at T ${temperature}`;
        expectStateLaw(label, 4, stateNumbers(await system.pack(states)), law);
        expectAverages(label, await system.observe(states), enumerateIsing(4, temperature, field));
      }
    }
  });

  test("keeps the Boltzmann law, and reaches it, by flipping clusters without a field (2 laws, 12 averages)", async () => {
    const physics = { temperature: 2.3, field: 0 };
    const law = boltzmannLaw(4, physics.temperature, 0);
    const system = makeSystem(4, physics);
    const kept = await keep(system.unpack(packedRows(sample(law, LANES * 2000)), 4));
    await system.flipClusters(kept, 1, fresh());
    const reached = await keep(system.prepared(LANES * 2000, 4, 0.5, fresh()));
    await system.flipClusters(reached, 40, fresh());
    for (const [label, states] of Object.entries({ kept, reached })) {
      expectStateLaw(`${label} by clusters`, 4, stateNumbers(await system.pack(states)), law);
      expectAverages(`${label} by clusters`, await system.observe(states), enumerateIsing(4, physics.temperature, 0));
    }
  });

  test("flips one cluster of like spins: of all spins up every other one at T = ∞, all at T = 0", async () => {
    for (const [temperature, size] of [
      [1e9, 1],
      [1e-3, 1600],
    ]) {
      const system = makeSystem(4, { temperature, field: 0 });
      const states = await keep(system.prepared(33, 40, 1, fresh()));
      await system.flipClusters(states, 1, fresh());
      for (const m of columnOf(await system.observe(states), 2, 0)) expect(m).toBeCloseTo(1 - (2 * size) / 1600, 6);
    }
  });

  test("refuses clusters in a field, and parts of clusters", async () => {
    const states = await keep(makeSystem(4).prepared(2, 8, 0, fresh()));
    await expect(makeSystem(4).flipClusters(states, 1, fresh())).rejects.toThrow(/without a field, not at h = 0.1/);
    const free = makeSystem(4, FREE);
    for (const count of [-1, 0.5])
      await expect(free.flipClusters(states, count, fresh())).rejects.toThrow(/whole number/);
  });

  test("goes to the mirror image with the field turned round (h → −h, m → −m)", async () => {
    const rows: Float32Array[] = [];
    for (const sign of [1, -1]) {
      const system = makeSystem(4, { ...COLD, field: sign * COLD.field });
      const states = await keep(system.prepared(LANES * 1000, 8, 0.25 * sign, fresh()));
      await system.evolve(states, 1.5, fresh());
      rows.push(await system.observe(states));
    }
    for (const [column, sign] of [-1, 1].entries()) {
      const [a, b] = rows.map((values) => moments(wordMeans(values, 2, column)));
      expectWithin(`mirror ${column}`, a.mean, sign * b.mean, Math.hypot(a.meanError, b.meanError));
    }
  });
});

// The specification asks for 3 × 3 by enumeration. No even patch tiles it, but the kernel takes any side.
describe("the kernel on a 3 × 3 lattice", () => {
  const words = 4000;
  const { temperature, field } = PAPER;
  const constants = heatBathThresholds(temperature, field);

  /** Spins [words][9], 32 replicas to a word, evolved for `time`. */
  async function evolved(spins: Uint32Array, time: number): Promise<Uint32Array> {
    const kernel = await gpu.kernel("ising/glauber.wgsl", { constants });
    const { chunks, table } = poissonPlan(9 * time);
    const buffers = { poisson: gpu.buffer("poisson", table.thresholds), spins: gpu.buffer("test.spins", spins) };
    const region = { side: 3, region: 3, across: 1, stride: 0, row: 0, column: 0 };
    const params = { ...region, groups: words, first: 0, last: chunks, poisson_first: table.first };
    gpu.run(kernel.call({ params: { ...params, stream: streamUniform(fresh()) }, ...buffers }, Math.ceil(words / 8)));
    const result = await gpu.read(buffers.spins, Uint32Array);
    for (const buffer of Object.values(buffers)) buffer.destroy();
    return result;
  }

  function numbersOf(spins: Uint32Array): Uint32Array {
    return Uint32Array.from({ length: LANES * words }, (_, replica) => {
      let state = 0;
      for (let site = 0; site < 9; site++) {
        state |= ((spins[9 * (replica >>> 5) + site] >>> (replica % LANES)) & 1) << site;
      }
      return state;
    });
  }

  const { m, rho } = isingStates(3);
  const rowsOf = (numbers: Uint32Array) =>
    Float32Array.from({ length: 2 * numbers.length }, (_, k) => (k % 2 === 0 ? m : rho)[numbers[k >>> 1]]);

  test("has the exact averages at two times and the Boltzmann law in the end (18 averages, 1 law)", async () => {
    // Sites 0 … 3 up in all replicas: a point law.
    const start = Uint32Array.from({ length: 9 * words }, (_, k) => (k % 9 < 4 ? 0xffffffff : 0));
    const point = new Float64Array(512).fill(1, 0b1111, 0b1_0000);
    const times = [0.2, 0.8];
    const exact = glauberTransient(3, temperature, field, point, times);
    for (const [k, time] of times.entries()) {
      expectAverages(`3 × 3, t ${time}`, rowsOf(numbersOf(await evolved(start, time))), averagesAt(exact, k));
    }
    const numbers = numbersOf(await evolved(start, 300));
    expectAverages("3 × 3, stationary", rowsOf(numbers), enumerateIsing(3, temperature, field));
    expectStateLaw("3 × 3, stationary", 3, numbers, boltzmannLaw(3, temperature, field));
  });
});

describe("the 32 replicas of a word", () => {
  test("share the attempts: unvisited sites are the same, and spread word means by just that (4 assertions)", async () => {
    const time = 0.7;
    const n = 64;
    const stay = Math.exp(-time);
    const system = makeSystem(4, FREE);
    const states = await keep(system.prepared(LANES * 2000, 8, 1, fresh()));
    await system.evolve(states, time, fresh());
    const rows = await system.observe(states);
    const means = moments(wordMeans(rows, 2, 0));
    // Given the V visited sites of a word its mean has the mean 1 − V/n and the variance V/(32 n²).
    const variance = (stay * (1 - stay)) / n + (1 - stay) / (LANES * n);
    expectWithin("mean of words", means.mean, stay, Math.sqrt(variance / 2000));
    expectWithin("variance of words", means.variance, variance, means.varianceError);
    // For a replica alone sites are independent.
    const single = moments(columnOf(rows, 2, 0));
    expectWithin(
      "variance of replicas",
      single.variance,
      (1 - stay * stay) / n,
      single.varianceError * Math.sqrt(LANES),
    );
    const words = await gpu.read(states.spins, Uint32Array);
    const unvisited = sum(untouched(new Uint32Array(words.length).fill(0xffffffff), words));
    expectWithin("unvisited", unvisited, 2000 * n * stay, Math.sqrt(2000 * n * stay * (1 - stay)));
  });

  test("have uncorrelated magnetizations and walls in equilibrium (4 assertions)", async () => {
    const words = 2000;
    for (const physics of [PAPER, COLD]) {
      const law = boltzmannLaw(4, physics.temperature, physics.field);
      const { m, m2, rho, rho2 } = enumerateIsing(4, physics.temperature, physics.field);
      const system = makeSystem(4, physics);
      const states = await keep(system.unpack(packedRows(sample(law, LANES * words)), 4));
      await system.evolve(states, 3, fresh());
      const rows = await system.observe(states);
      for (const [column, variance] of [m2 - m * m, rho2 - rho * rho].entries()) {
        const found = moments(wordMeans(rows, 2, column));
        const label = `word means at T ${physics.temperature}, ${column}`;
        expectWithin(label, found.variance, variance / LANES, found.varianceError);
      }
    }
  });

  test("are independent of those of other words, on the way to equilibrium too (10 assertions)", async () => {
    const system = makeSystem(8);
    const states = await keep(system.prepared(LANES * 2000, 8, 0.5, fresh()));
    await system.evolve(states, 1, fresh());
    const rows = await system.observe(states);
    for (const column of [0, 1]) {
      const means = wordMeans(rows, 2, column);
      const { mean, variance } = moments(means);
      for (const lag of [1, 2, 3, 8, 256]) {
        const products = Float64Array.from({ length: means.length - lag }, (_, k) => {
          return ((means[k] - mean) * (means[k + lag] - mean)) / variance;
        });
        expectWithin(`words ${lag} apart`, moments(products).mean, 0, 1 / Math.sqrt(products.length));
      }
    }
  });
});

describe("attempts", () => {
  test("come at rate 1 at every site: sites not visited in a time t are e⁻ᵗ of all (120 assertions)", async () => {
    for (const [side, patchSide, words] of [
      [4, 4, 3000],
      [12, 12, 400],
      [40, 20, 60],
      [260, 20, 2],
      // Strips of 1 and of 32 sites, and two blocks of rows.
      [322, 14, 2],
    ] as const) {
      const system = makeSystem(patchSide, FREE);
      const sites = side ** 2;
      for (const time of [0.1, 0.7, 2, 3.1, 5, 8.5]) {
        const states = await system.prepared(LANES * words, side, 0, fresh());
        const before = await gpu.read(states.spins, Uint32Array);
        await system.evolve(states, time, fresh());
        const alone = untouched(before, await gpu.read(states.spins, Uint32Array));
        const stay = Math.exp(-time);
        const label = `side ${side}, t ${time}`;
        const variance = stay * (1 - stay);
        // A visit leaves all 32 replicas as they were with probability 2⁻³².
        expectWithin(`${label}, all`, sum(alone), sites * words * stay, Math.sqrt(sites * words * variance));
        // Site by site in rows and columns, and along the strips of 32 sites.
        for (const [name, size, of] of [
          ["row", side, (k: number) => Math.floor(k / side) % side],
          ["column", side, (k: number) => k % side],
          ["place in strip", LANES, (k: number) => (k % sites) % LANES],
        ] as const) {
          // Of so few, the sum of squares is not near its normal law.
          if (sites * words * stay < 3 * size) continue;
          const [counts, total] = [new Float64Array(size), new Float64Array(size)];
          alone.forEach((one, k) => {
            counts[of(k)] += one;
            total[of(k)]++;
          });
          let square = 0;
          counts.forEach((count, k) => {
            if (total[k] > 0) square += (count - total[k] * stay) ** 2 / (total[k] * variance);
          });
          const degrees = total.filter((x) => x > 0).length;
          // Wilson and Hilferty's normal scale.
          const spread = 2 / (9 * degrees);
          expectWithin(`${label}, by ${name}`, Math.cbrt(square / degrees), 1 - spread, Math.sqrt(spread));
        }
        states.destroy();
      }
    }
  });

  test("make spins forget: the mean of s(0) s(t) is e⁻ᵗ at infinite temperature, both kernels (8 assertions)", async () => {
    for (const [side, words] of [
      [40, 30],
      [PARALLEL_SIDE, 1],
    ] as const) {
      const system = makeSystem(4, FREE);
      const states = await keep(system.prepared(LANES * words, side, 0, fresh()));
      const start = unpackSpins(await system.pack(states), side);
      let now = 0;
      for (const time of [0.3, 1, 2.5, 4]) {
        await system.evolve(states, time - now, fresh());
        now = time;
        let overlap = 0;
        unpackSpins(await system.pack(states), side).forEach((spins, r) => {
          for (let k = 0; k < spins.length; k++) overlap += spins[k] * start[r][k];
        });
        // Sites are independent, and the replicas of a word share what is visited.
        const stay = Math.exp(-time);
        const variance = stay * (1 - stay) + (1 - stay) / LANES;
        const sites = words * side ** 2;
        expectWithin(`side ${side}, t ${time}`, overlap / (LANES * sites), stay, Math.sqrt(variance / sites));
      }
    }
  });

  test("in a cut-out patch come at rate 1 inside and never outside (3 assertions)", async () => {
    for (const patchSide of [4, 12, 20]) {
      const system = makeSystem(patchSide, FREE);
      const states = await keep(system.prepared(LANES * 60, 3 * patchSide, 0, fresh()));
      const words: Uint32Array[] = [];
      await system.evolvePatches(states, new Uint32Array(LANES * 60).fill(4), 0.7, fresh(), async (cut) => {
        words.push(await gpu.read(cut.spins, Uint32Array));
      });
      expect(words.length).toBe(2);
      const alone = untouched(words[0], words[1]);
      const width = patchSide + 4;
      const inside = alone.filter((_, k) => {
        const [row, column] = [Math.floor(k / width) % width, k % width];
        return row >= 2 && row < patchSide + 2 && column >= 2 && column < patchSide + 2;
      });
      expect(inside.length).toBe(60 * patchSide ** 2);
      expect(sum(alone) - sum(inside)).toBe(alone.length - inside.length);
      const stay = Math.exp(-0.7);
      const error = Math.sqrt(inside.length * stay * (1 - stay));
      expectWithin(`patch ${patchSide}`, sum(inside), inside.length * stay, error);
    }
  });

  test("for no time change nothing, also on large lattices", async () => {
    for (const side of [8, PARALLEL_SIDE]) {
      const system = makeSystem(4);
      const states = await keep(system.initial(33, side, fresh()));
      const before = await system.pack(states);
      await system.evolve(states, 0, fresh());
      await system.relax(states, 0, fresh());
      await system.sweep(states, 0, fresh());
      await makeSystem(4, FREE).flipClusters(states, 0, fresh());
      const at = stream(SEED, "test/no-time");
      const { delta, compensator, variation } = await system.evolvePatches(states, new Uint32Array(33), 0, at);
      for (const column of [delta, defined(compensator), defined(variation)])
        expect(column.every((x) => x === 0)).toBe(true);
      expect(await system.pack(states)).toEqual(before);
    }
  });
});

const isMissing = !existsSync(FOREIGN);
const note = isMissing ? " (skipped: no ../shared beside the project)" : "";

describe.each([
  ["our own runs, spin by spin", ISING_64, 7],
  [`runs of others${note}`, isMissing ? "" : FOREIGN, 9],
])("64 × 64 spins against a table of %s", (_, path, times) => {
  const table = path === "" ? [] : (readCsv(path).objects() as Record<string, number>[]);

  test.skipIf(path === "").each([0.5, -0.5])("mean and std of m and ρ at all times from m₀ = %d", async (m0) => {
    const rows = table.filter(({ mag0 }) => mag0 === m0);
    expect(rows.length).toBe(times);
    const system = makeSystem(16);
    // 2,016 runs are 63 words.
    const states = await keep(system.prepared(LANES * 63, 64, m0, fresh()));
    let now = 0;
    for (const row of rows) {
      await system.evolve(states, row.time - now, fresh());
      now = row.time;
      const observed = await system.observe(states);
      for (const [column, name] of ["m", "dw"].entries()) {
        if (row.time === 0 && name === "m") continue;
        const label = `${name} from ${m0} at ${row.time}`;
        const error = row[`se_mean_${name}`];
        expectWordMean(label, observed, row[`mean_${name}`], { width: 2, column, error });
        const spread = wordSpread(columnOf(observed, 2, column));
        const both = Math.hypot(spread.error, row[`se_std_${name}`]);
        expectWithin(`std of ${label}`, spread.std, row[`std_${name}`], both);
      }
    }
  });

  // A 256 × 256 lattice made of 16 equal 64 × 64 ones has their means exactly, as long as nothing has come around.
  test.skipIf(path === "").each([0.5, -0.5])("256 × 256 spins, all sites in parallel, from m₀ = %d", async (m0) => {
    const system = makeSystem(64);
    const { large } = await tiledPair(system, m0, 5);
    const rows = table.filter(({ mag0, time }) => mag0 === m0 && time > 0 && time <= 10);
    expect(rows.length).toBe(4);
    let now = 0;
    for (const row of rows) {
      await system.evolve(large, row.time - now, fresh());
      now = row.time;
      const patches = byPatch(await system.observePatches(large), 16, 2);
      for (const [column, name] of ["m", "dw"].entries()) {
        const label = `256 × 256, ${name} from ${m0} at ${row.time}`;
        const error = row[`se_mean_${name}`];
        expectWordMean(label, patches, row[`mean_${name}`], { width: 2, column, error });
      }
    }
  });
});

test("our own runs are what their program makes: the first ones to time 2 again, from each start (10 assertions)", () => {
  const table = readCsv(ISING_64).objects() as Record<string, number>[];
  for (const m0 of [0.5, -0.5]) {
    const runs = Array.from({ length: 100 }, (_, run) => isingRun(m0, [0, 1, 2], runGenerator(m0, run)));
    for (const [t, row] of table.filter(({ mag0, time }) => mag0 === m0 && time <= 2).entries()) {
      for (const [j, name] of ["m", "dw"].entries()) {
        if (t === 0 && name === "m") continue;
        const found = moments(runs.map((run) => run[t][j]));
        expectWithin(`${name} from ${m0} at ${row.time}`, found.mean, row[`mean_${name}`], found.meanError);
      }
    }
    expect(runs.every(([[m]]) => m === m0)).toBe(true);
  }
});

/** `words` words of lattices of magnetization m0, and the lattices of `across` × `across` copies of each. */
async function tiledPair(system: Ising, m0: number, words: number, side = 64, across = 4) {
  const small = await keep(system.prepared(LANES * words, side, m0, fresh()));
  const wide = side * across;
  const tiled = unpackSpins(await system.pack(small), side).map((spins) =>
    Int8Array.from({ length: wide ** 2 }, (_, k) => spins[(Math.floor(k / wide) % side) * side + ((k % wide) % side)]),
  );
  return { small, large: await keep(system.unpack(packSpins(tiled, wide), wide)) };
}

/** Rows `[replica][patch][d]` as `[word][patch][lane][d]`: each patch of a word is a word of its own. */
function byPatch(rows: Float32Array, patches: number, d: number): Float32Array {
  return Float32Array.from({ length: rows.length }, (_, k) => {
    const [lane, patch] = [Math.floor(k / d) % LANES, Math.floor(k / d / LANES) % patches];
    const word = Math.floor(k / d / LANES / patches);
    return rows[((word * LANES + lane) * patches + patch) * d + (k % d)];
  });
}

describe("lattices whose sites move in parallel", () => {
  /** Observables of two sets of words. */
  function expectSameMeans(label: string, found: ArrayLike<number>, wanted: ArrayLike<number>): void {
    for (let column = 0; column < 4; column++) {
      const [a, b] = [found, wanted].map((values) => moments(wordMeans(values, 4, column)));
      expectWithin(`${label}, observable ${column}`, a.mean, b.mean, Math.hypot(a.meanError, b.meanError));
    }
  }

  // 330 has strips of 5 sites and two blocks of rows, 330 and 66 are 2 modulo 4.
  test.each([
    [64, 4],
    [66, 5],
  ])(
    "have the means of lattices of side %d that move site by site, %d times in a row (24 assertions)",
    async (side, across) => {
      for (const physics of [{ temperature: 1, field: 0 }, COLD]) {
        const system = makeSystem(side, { ...physics, closure: "features" });
        const { small, large } = await tiledPair(system, 0.3, 4, side, across);
        // The small lattices again in as many words each as there are patches.
        const rows = await system.pack(small);
        const many = await keep(
          system.unpack(
            Uint32Array.from({ length: across ** 2 * rows.length }, (_, k) => rows[k % rows.length]),
            side,
          ),
        );
        let now = 0;
        for (const time of [0.5, 2, 5]) {
          await system.evolve(large, time - now, fresh());
          await system.evolve(many, time - now, fresh());
          now = time;
          const found = byPatch(await system.observePatches(large), across ** 2, 4);
          expectSameMeans(`T ${physics.temperature}, t ${time}`, found, await system.observe(many));
        }
      }
    },
  );

  test("have them at any even side: strips of 3 sites, of 32 and 1, of 32 and 32 and 1 (24 assertions)", async () => {
    for (const [side, words] of [
      [6, 4000],
      [66, 100],
      [130, 30],
    ]) {
      const system = makeSystem(side, { ...COLD, closure: "features" });
      const twins = [
        await keep(system.prepared(LANES * words, side, 0.3, fresh())),
        await keep(system.prepared(LANES * words, side, 0.3, fresh())),
      ];
      for (const time of [0.4, 1.6]) {
        await MOVERS["all sites in parallel"](COLD, twins[0], time);
        await MOVERS["site by site"](COLD, twins[1], time);
        expectSameMeans(`side ${side}, ${time} later`, await system.observe(twins[0]), await system.observe(twins[1]));
      }
    }
  });

  test("have the variance of m that sums over lattices of the other kernel have (1 assertion)", async () => {
    // A quarter of a 256 × 256 lattice against a quarter of a 128 × 128 one: both are 64 × 64 windows in something larger.
    const system = makeSystem(64);
    const spread = async (side: number, words: number) => {
      const states = await keep(system.prepared(LANES * words, side, 0, fresh()));
      await system.evolve(states, 6, fresh());
      const patches = (side / 64) ** 2;
      return wordSpread(columnOf(byPatch(await system.observePatches(states), patches, 2), 2, 0));
    };
    const [large, small] = [await spread(256, 6), await spread(128, 24)];
    // The fixed total takes 1/K of the variance of a window: 1/16 and 1/4 of the part that is left from the start, e⁻¹² of it here.
    expectWithin("std of windows", large.std, small.std, Math.hypot(large.error, small.error));
  });
});

describe("equilibrium without field", () => {
  /** m and the energy e = 2 (2ρ − 1) per site, over words. */
  async function expectEnergy(label: string, system: Ising, states: IsingStates, exact: number): Promise<Float32Array> {
    const rows = await system.observe(states);
    expectWordMean(
      `${label}: energy`,
      columnOf(rows, 2, 1).map((rho) => 2 * (2 * rho - 1)),
      exact,
    );
    return rows;
  }

  test("at T_c, clusters: Kaufman's energy at three sides", async () => {
    for (const [side, words] of [
      [8, 80],
      [24, 60],
      [64, 30],
    ]) {
      const system = makeSystem(8, { temperature: CRITICAL_TEMPERATURE, field: 0 });
      const states = await keep(system.prepared(LANES * words, side, 1, fresh()));
      await system.flipClusters(states, 30, fresh());
      await expectEnergy(`clusters of side ${side}`, system, states, kaufmanEnergy(side, CRITICAL_TEMPERATURE));
    }
  });

  for (const verb of ["evolve", "sweep"] as const) {
    test(`below T_c, ${verb}: Onsager's magnetization and Kaufman's energy`, async () => {
      const temperature = 2;
      const system = makeSystem(16, { temperature, field: 0 });
      const states = await keep(system.prepared(LANES * 40, 64, 1, fresh()));
      await system[verb](states, 60, fresh());
      const label = `${verb} at T ${temperature}`;
      const rows = await expectEnergy(label, system, states, kaufmanEnergy(64, temperature));
      // At L = 64, ten correlation lengths and more, the infinite lattice's values hold to far below the errors.
      expect(Math.abs(kaufmanEnergy(64, temperature) - onsagerEnergy(temperature))).toBeLessThan(1e-6);
      expectWordMean(`${label}: magnetization`, rows, onsagerMagnetization(temperature), { width: 2 });
    });

    test(`above T_c, ${verb}: Kaufman's energy and no magnetization`, async () => {
      const temperature = 2.5;
      const system = makeSystem(8, { temperature, field: 0 });
      const states = await keep(system.prepared(LANES * 60, 32, 0, fresh()));
      await system[verb](states, 250, fresh());
      const label = `${verb} at T ${temperature}`;
      const rows = await expectEnergy(label, system, states, kaufmanEnergy(32, temperature));
      expectWordMean(`${label}: magnetization`, rows, 0, { width: 2 });
    });
  }
});

describe("results depend on the stream alone", () => {
  test("not on how work is cut into dispatches", async () => {
    await expectSameInSlices(gpu, results, (slice) => 1 + (slice % 7), 100);
  });

  test("not on the run: the same again, all verbs and kernels", async () => {
    expect(await results(gpu)).toEqual(await results(gpu));
  });

  for (const [side, time] of [
    [24, 1.7],
    // Two blocks of rows.
    [264, 2.4],
  ]) {
    test(`not on the size of the batch, in whole words: 64 replicas of side ${side} are 32 and 32`, async () => {
      const [start, later] = [fresh(), fresh()];
      const system = makeSystem(8, { closure: "features" });
      const free = makeSystem(8, { temperature: 2.3, field: 0 });
      const run = async (count: number, replica: number) => {
        const states = await keep(system.prepared(count, side, -0.3, { ...start, replica }));
        const patches = Uint32Array.from({ length: count }, (_, k) => (k + replica) % 9);
        const out = [await system.pack(states)];
        const larger = await keep(system.upsample(states, 2, { ...start, replica, step: 1000 }));
        out.push(await system.pack(larger));
        await system.evolve(states, time, { ...later, replica });
        out.push(await system.pack(states));
        await system.relax(states, 0.4, { ...start, replica, step: 1001 });
        out.push(await system.pack(states));
        await system.sweep(states, 2, { ...later, replica, step: 1002 });
        out.push(await system.pack(states));
        await free.flipClusters(states, 3, { ...later, replica, step: 1004 });
        out.push(await system.pack(states));
        const change = await system.evolvePatches(states, patches, 0.5, { ...later, replica, step: 1003 });
        const { before, delta, compensator, variation } = change;
        return [...out, before, delta, defined(compensator), defined(variation), await system.observe(states)];
      };
      const batch = await run(64, 0);
      const [first, second] = [await run(32, 0), await run(32, 32)];
      batch.forEach((column, c) => {
        expect([...first[c], ...second[c]]).toEqual([...column]);
      });
    });
  }

  test("and differ for another step, another seed, another replica", async () => {
    for (const side of [8, PARALLEL_SIDE]) {
      const system = makeSystem(4);
      const states = await keep(system.prepared(32, side, 0, fresh()));
      const start = await system.pack(states);
      const run = async (at: Stream) => {
        const again = await keep(system.unpack(start, side));
        await system.evolve(again, 1, at);
        return (await system.pack(again)).join();
      };
      const base = stream(1, "test/differ");
      const words: string[] = [];
      for (const at of [base, stream(2, "test/differ"), stream(1, "test/differ", 1), stream(1, "test/differ", 0, 32)]) {
        words.push(await run(at));
      }
      expect(new Set(words).size).toBe(4);
      expect(await run(base)).toBe(words[0]);
    }
  });

  testAdapters(gpu, others, "ising", results);

  test("and leave no memory behind", async () => {
    await emptied(() => results(gpu));
  });
});
