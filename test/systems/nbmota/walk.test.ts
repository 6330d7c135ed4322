// Walks of vacancies: jumps and waiting times against rates computed on the host along the same path, conservation, blocked jumps.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { stream } from "../../../lib/random/stream.ts";
import { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { DIRECTIONS, SITES, siteIndex } from "../../../lib/systems/nbmota/environment.ts";
import { environmentsOf } from "../../../lib/systems/nbmota/environments.ts";
import { ATTEMPT_RATE, BOLTZMANN, walk } from "../../../lib/systems/nbmota/kinetics.ts";
import { neighbourTable, placeOf, siteAt } from "../../../lib/systems/nbmota/lattice.ts";
import { equimolar, randomAlloy } from "../../../lib/systems/nbmota/random-alloy.ts";
import { siteCount } from "../../../lib/systems/nbmota/states.ts";
import { NbMoTa } from "../../../lib/systems/nbmota.ts";
import { defined, generators } from "../../fixtures.ts";
import { range } from "../../numbers.ts";
import { hostBarriers, toyWeights } from "./toy-barriers.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();
const random = generators(13);
const TEMPERATURE = 1500;
/** Relative error of a sum of rates. */
const ROUNDING = 4e-3;
const weights = toyWeights(5);
const barriers = new CompactBarriers(weights);
const system = new NbMoTa(gpu, { temperature: TEMPERATURE, barriers, coordinates: "six" });

/** Rates of the eight jumps of the vacancy at `site`, 1/s. */
function hostRates(types: Uint8Array, cells: number, site: number): number[] {
  const around = environmentOf(types, cells, site);
  const energies = hostBarriers(weights, around);
  return DIRECTIONS.map((place, d) =>
    around[siteIndex(place)] === 0 ? 0 : ATTEMPT_RATE * Math.exp(-energies[d] / (BOLTZMANN * TEMPERATURE)),
  );
}

/** Types around one vacancy of a lattice. */
function environmentOf(types: Uint8Array, cells: number, site: number): Uint8Array {
  const list = [...types.keys()].filter((at) => types[at] === 0);
  const at = list.indexOf(site);
  return environmentsOf(types, cells).subarray(at * SITES, (at + 1) * SITES);
}

const alloy = (cells: number, vacancies: number[], purpose: string) =>
  randomAlloy(cells, vacancies, equimolar(siteCount(cells) - vacancies.length), random(purpose));

/** Bonds of each pair of types by counting. */
function hostBonds(types: Uint8Array, cells: number): number[] {
  const table = neighbourTable(cells);
  const index = [
    [0, 1, 2],
    [1, 3, 4],
    [2, 4, 5],
  ];
  const bonds = new Array<number>(6).fill(0);
  for (let k = 0; k < table.length; k++) {
    const [a, b] = [types[k >> 3], types[table[k]]];
    if (a > 0 && b > 0) bonds[index[a - 1][b - 1]] += 0.5;
  }
  return bonds;
}

/**
 * The rates that may stand before a jump where one is picked: of other vacancies than the busiest, which is last; of other jumps than the usual
 * one. Several where it is not clear which is the largest.
 */
function pickedBefore(rates: readonly number[][], vacancy: number, direction: number): number[] {
  const sums = rates.map((own) => own.reduce((a, b) => a + b, 0));
  const ahead = (list: readonly number[], which: number) =>
    range(list.length, (k) => k)
      .filter((largest) => list[largest] > (1 - 2 * ROUNDING) * Math.max(...list))
      .map((largest) => {
        const others = list.filter((_, k) => k !== which && k !== largest && (which === largest || k < which));
        return others.reduce((sum, x) => sum + x, 0);
      });
  return ahead(sums, vacancy).flatMap((a) => ahead(rates[vacancy], direction).map((b) => a + b));
}

describe("a walk", () => {
  for (const [cells, vacancies, jumps] of [
    [6, [5], 1500],
    [8, [0, 700, 731], 1500],
    // In sight of each other: rates that are remembered are wrong behind the moves of others.
    [8, Array.from({ length: 12 }, (_, k) => 80 * k), 600],
  ] as [number, number[], number][]) {
    test(`of ${vacancies.length} vacancies in ${cells}³ cells takes each jump with its rate, and waits its time`, async () => {
      const types = alloy(cells, vacancies, `rates/${cells}`);
      const at = stream(3, "test/rates");
      const states = await system.fromTypes([types], cells);
      const done = await system.evolveJumps(states, jumps, at, { log: true });
      const { waited: waits, site, direction } = defined(done.log);
      // The same random numbers: what they are divided by is the sum of all rates, and what they pick is the jump.
      const rng = Xoshiro.open(at, 0, 0);
      const fine = () => Math.fround(Math.fround(rng.next()) + 1) * 2 ** -32;
      const places = [...types.keys()].filter((place) => types[place] === 0);
      let clock = 0;
      let [waited, square] = [0, 0];
      // Σ (1 − p) of the jumps taken, weighted by − log p, has mean 0 and a known variance: it sees whether rare jumps are too frequent.
      let [surprise, variance] = [0, 0];
      let back = 0;
      for (let k = 0; k < jumps; k++) {
        const rates = places.map((at) => hostRates(types, cells, at));
        const total = rates.flat().reduce((a, b) => a + b, 0);
        const to = placeOf(site[k], cells);
        const from = siteAt(
          to.map((u, j) => u - DIRECTIONS[direction[k]][j]),
          cells,
        );
        const mover = places.indexOf(from);
        const rate = rates[mover][direction[k]];
        expect(rate).toBeGreaterThan(0);
        const lasts = -Math.log(fine());
        // Barriers of the device are off by some 1e-4 eV; rates of one of twelve vacancies that are out of date change the sum by 1e-2 and more.
        expect(Math.abs(waits[k] * total - lasts)).toBeLessThan(ROUNDING * lasts);
        const before = pickedBefore(rates, mover, direction[k]);
        const pick = fine() * total;
        const reach = ROUNDING * total;
        expect(before.some((start) => pick > start - reach && pick < start + rate + reach)).toBe(true);
        const entropy = (p: number) => (p > 0 ? -Math.log(p) : 0);
        const all = rates.flat().map((x) => x / total);
        const mean = all.reduce((sum, p) => sum + p * entropy(p), 0);
        surprise += entropy(rate / total) - mean;
        variance += all.reduce((sum, p) => sum + p * entropy(p) ** 2, 0) - mean ** 2;
        const x = waits[k] * total - 1;
        waited += x;
        square += x * x;
        clock += waits[k];
        if (k > 0 && direction[k] === 7 - direction[k - 1] && from === site[k - 1]) back++;
        types[from] = types[site[k]];
        types[site[k]] = 0;
        places[mover] = site[k];
      }
      expect(Math.abs(surprise)).toBeLessThan(4.5 * Math.sqrt(variance));
      expect(Math.abs(waited)).toBeLessThan(4.5 * Math.sqrt(jumps));
      // The variance of an exponential time is its mean squared, with a fourth moment of 9.
      expect(Math.abs(square - jumps)).toBeLessThan(4.5 * Math.sqrt(8 * jumps));
      expect(back).toBeGreaterThan(jumps / 30 / vacancies.length);
      expect(done.jumps[0]).toBe(jumps);
      expect(Math.abs(done.time[0] / clock - 1)).toBeLessThan(1e-5);
      expect(await system.types(states)).toEqual(types);
      states.destroy();
    });
  }

  test("keeps composition and vacancies, and its count of bonds", async () => {
    const cells = 8;
    const lattices = Array.from({ length: 40 }, (_, r) => alloy(cells, [3, 400 + r], `conserve/${r}`));
    const states = await system.fromTypes(lattices, cells);
    await system.evolveJumps(states, 2000, stream(3, "test/conserve"));
    const after = await system.types(states);
    const bonds = await gpu.read(states.bonds, Int32Array);
    const places = await gpu.read(states.places, Uint32Array);
    for (const [r, before] of lattices.entries()) {
      const own = after.slice(r * before.length, (r + 1) * before.length);
      expect([...own].sort()).toEqual([...before].sort());
      expect(own).not.toEqual(before);
      expect([...bonds.subarray(6 * r, 6 * r + 6)]).toEqual(hostBonds(own, cells));
      for (const site of places.subarray(2 * r, 2 * r + 2)) expect(own[site]).toBe(0);
    }
    states.destroy();
  });

  test("is the same however much it remembers", async () => {
    const cells = 8;
    // Vacancies in sight of each other: surroundings that differ in a single site.
    const vacancies = Array.from({ length: 12 }, (_, k) => 80 * k);
    const lattices = Array.from({ length: 64 }, (_, r) => alloy(cells, vacancies, `slots/${r}`));
    const ends = [];
    // One slot is met again by other surroundings: all that tells them apart has to be compared.
    for (const slots of [1, 2, 256]) {
      const states = await system.fromTypes(lattices, cells);
      const { time } = await system.evolveJumps(states, 1000, stream(3, "test/slots"), { slots });
      ends.push({ types: await system.types(states), time });
      states.destroy();
    }
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
  });

  test("of more walkers than can remember as much at once is that of a few", async () => {
    // 16 KiB each, beyond what is bound at once of 128 MiB.
    const one = alloy(8, [77], "many");
    const walked = async (count: number) => {
      const states = await system.fromTypes(new Array<Uint8Array>(count).fill(one), 8);
      const { time } = await system.evolveJumps(states, 40, stream(3, "test/many"));
      states.destroy();
      return time.slice(-3);
    };
    const time = await walked(8400);
    expect(new Set(time).size).toBe(3);
    const states = await system.fromTypes([one, one, one], 8);
    const few = await system.evolveJumps(states, 40, { ...stream(3, "test/many"), replica: 8397 });
    expect(few.time).toEqual(time);
    states.destroy();
  });

  test("of a lattice shifted by whole cells is the same walk, shifted", async () => {
    const cells = 8;
    const types = alloy(cells, [77], "shift");
    const shifted = new Uint8Array(types.length);
    const move = (site: number) => {
      const [x, y, z] = placeOf(site, cells);
      return siteAt([x + 6, y - 2, z + 10], cells);
    };
    for (const [site, type] of types.entries()) shifted[move(site)] = type;
    // By one stream, as batches of one.
    const ends = [];
    for (const lattice of [types, shifted]) {
      const states = await system.fromTypes([lattice], cells);
      await system.evolveJumps(states, 500, stream(3, "test/shift"));
      ends.push(await system.types(states));
      states.destroy();
    }
    const back = ends[0].map(() => 0);
    for (const [site, type] of ends[0].entries()) back[move(site)] = type;
    expect(ends[1]).toEqual(back);
  });

  test("of a patch leaves the states; where all barriers are alike the mean time of a jump is known", async () => {
    const flat = {
      ...weights,
      values: weights.values.map(() => 0),
      output: weights.output.map(() => 0),
      shift: weights.shift.map(() => 0),
    };
    const even = new NbMoTa(gpu, { temperature: TEMPERATURE, barriers: new CompactBarriers(flat) });
    const rate = 8 * ATTEMPT_RATE * Math.exp(-1 / (BOLTZMANN * TEMPERATURE));
    const replicas = 2000;
    const states = await even.disordered(replicas, 8, stream(4, "test/poisson"));
    const patches = new Uint32Array(replicas);
    const before = await even.observe(states);
    const { delta } = await even.evolvePatches(states, patches, 30 / rate, stream(5, "test/poisson"));
    expect(delta.some((x) => x !== 0)).toBe(true);
    expect(await even.observe(states)).toEqual(before);
    const done = await even.evolveJumps(states, 50, stream(6, "test/poisson"));
    const mean = done.time.reduce((a, b) => a + b, 0) / replicas;
    expect(Math.abs((mean * rate) / 50 - 1)).toBeLessThan(4.5 / Math.sqrt(50 * replicas));
    states.destroy();
  });
});

describe("vacancies side by side", () => {
  test("do not exchange places, and move on", async () => {
    const cells = 8;
    const a = 0;
    const b = siteAt([1, 1, 1], cells);
    const lattices = Array.from({ length: 200 }, (_, r) => alloy(cells, [a, b], `beside/${r}`));
    const states = await system.fromTypes(lattices, cells);
    const { log } = await system.evolveJumps(states, 1, stream(3, "test/beside"), { log: true });
    const { site } = defined(log);
    expect([...site].every((to) => to !== a && to !== b)).toBe(true);
    states.destroy();
  });

  test("all around one: it does not move, its time passes", async () => {
    const cells = 8;
    const middle = siteAt([8, 8, 8], cells);
    const ring = DIRECTIONS.map((place) =>
      siteAt(
        place.map((u) => u + 8),
        cells,
      ),
    );
    const states = await system.fromTypes([alloy(cells, [middle, ...ring], "shut")], cells);
    const before = await system.types(states);
    const places = gpu.buffer("test.places", Uint32Array.of(middle));
    const { lattice, bonds } = states;
    const walkers = { count: 1, cells, mobile: 1, lattice, places, bonds };
    const shut = await walk(gpu, barriers, TEMPERATURE, walkers, stream(3, "test/shut"), { time: 1e-6, rates: true });
    expect(shut.jumps[0]).toBe(0);
    expect(Math.abs(shut.time[0] / 1e-6 - 1)).toBeLessThan(1e-6);
    expect(Math.max(...defined(shut.sums))).toBe(0);
    expect(await system.types(states)).toEqual(before);
    places.destroy();
    states.destroy();
  });
});

test("first jumps of a cold lattice have their probabilities, from usual to rare", async () => {
  const cells = 6;
  const types = alloy(cells, [0], "rare");
  const cold = new NbMoTa(gpu, { temperature: 150, barriers });
  const replicas = 4000;
  const states = await cold.fromTypes(new Array(replicas).fill(types), cells);
  const { log } = await cold.evolveJumps(states, 1, stream(3, "test/rare"), { log: true });
  const energies = hostBarriers(weights, environmentOf(types, cells, 0));
  const least = Math.min(...energies);
  const all = Array.from(energies, (energy) => Math.exp((least - energy) / (BOLTZMANN * 150)));
  const total = all.reduce((a, b) => a + b, 0);
  const counts = new Array<number>(8).fill(0);
  for (const d of defined(log).direction) counts[d]++;
  for (const [d, count] of counts.entries()) {
    const p = all[d] / total;
    expect(Math.abs(count - replicas * p)).toBeLessThan(
      4.5 * Math.sqrt(replicas * p * (1 - p)) + 1e-3 * replicas * p + 1,
    );
  }
  states.destroy();
});

describe("what is refused", () => {
  test("lattices without vacancy, of different compositions, of odd sides; temperatures that are none", async () => {
    const full = Uint8Array.from({ length: siteCount(6) }, (_, k) => 1 + (k % 3));
    await expect(system.fromTypes([full], 6)).rejects.toThrow("without vacancy cannot move");
    const one = alloy(6, [0], "refused");
    const other = Uint8Array.from(one, (type, k) => (k === 7 ? 1 + (type % 3) : type));
    await expect(system.fromTypes([one, other], 6)).rejects.toThrow("lattice 1 has");
    await expect(system.fromTypes([one], 7)).rejects.toThrow("7 cells");
    await expect(system.fromTypes([one.slice(1)], 6)).rejects.toThrow("431 sites");
    await expect(system.fromTypes([one.with(3, 5)], 6)).rejects.toThrow("type 5");
    const states = await system.fromTypes([one], 6);
    for (const jumps of [0, 2.5, 2 ** 32]) {
      await expect(system.evolveJumps(states, jumps, stream(1, "x"))).rejects.toThrow(`${jumps} jumps`);
    }
    states.destroy();
    const small = await system.disordered(1, 8, stream(1, "x"));
    const words = await system.pack(small);
    small.destroy();
    await expect(system.unpack(words.with(-1, 5_000_000), 8)).rejects.toThrow("no lattice");
    await expect(system.unpack(words.slice(1), 8)).rejects.toThrow("words");
    expect(() => new NbMoTa(gpu, { temperature: 50, barriers })).toThrow("temperature 50 K");
    expect(() => new NbMoTa(gpu, { temperature: 900, barriers, timeUnit: -1 })).toThrow("time unit -1");
  });
});
