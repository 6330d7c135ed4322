// Temperature and field that change with time: ramps, the tables of heat-bath probabilities, and the dynamics of the spin systems along them against
// the master equation with rates that depend on time.
//
// Statistical assertions fail beyond 4.5 standard errors; the file makes about 85 of them.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { flipRate } from "../../lib/analysis/curie-weiss-theory.ts";
import { fixedMagnetizationLaw, glauberRates, isingStates } from "../../lib/analysis/ising-exact.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { CurieWeiss } from "../../lib/systems/curie-weiss.ts";
import { Ising, type IsingStates } from "../../lib/systems/ising.ts";
import { heatBath } from "../../lib/systems/ising-classes.ts";
import { evolveSites } from "../../lib/systems/ising-sites.ts";
import { constantRamp, piecesOf, rampAt, type Schedule, thresholdTables } from "../../lib/systems/schedule.ts";
import { keeper, streams } from "../fixtures.ts";
import { range, sum } from "../numbers.ts";
import { expectLaw, expectWithin, histogram, moments } from "../statistics.ts";
import { columnOf, expectWordMean, LANES } from "./ising-host.ts";
import { expectSameInSlices } from "./slices.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const fresh = streams(3_181, "test/schedule");
const keep = keeper();

/** Hot to cold and a jump back; the field turns over meanwhile. */
const SCHEDULE: Schedule = {
  temperature: { times: [0.1, 0.9, 0.9, 1.4], values: [6, 0.7, 2, 3] },
  field: { times: [0, 1.2], values: [8, -4] },
};

describe("a ramp", () => {
  test("is linear between its times, constant outside, and jumps where a time is given twice", () => {
    const { temperature } = SCHEDULE;
    expect([0, 0.1, 0.5, 1.15, 2].map((time) => rampAt(temperature, time))).toEqual([6, 6, 3.35, 2.5, 3]);
    expect([rampAt(temperature, 0.9, true), rampAt(temperature, 0.9)]).toEqual([0.7, 2]);
    expect(rampAt(constantRamp(1.5), 7)).toBe(1.5);
    // A jump at the start holds from there on.
    expect(rampAt({ times: [0, 0], values: [1, 2] }, 0)).toBe(2);
  });

  test("has pieces from one of its times to the next, wherever it is cut", () => {
    const pieces = piecesOf(SCHEDULE, 0, 2);
    expect(pieces.map(({ time }) => Number(time.toFixed(9)))).toEqual([0.1, 0.8, 0.3, 0.2, 0.6]);
    expect(pieces.map(({ temperature }) => temperature[0])).toEqual([6, 6, 2, rampAt(SCHEDULE.temperature, 1.2), 3]);
    expect(pieces.map(({ temperature }) => temperature[1])).toEqual([6, 0.7, rampAt(SCHEDULE.temperature, 1.2), 3, 3]);
    expect(piecesOf(SCHEDULE, 1, 1)).toEqual([]);
    expect(piecesOf(SCHEDULE, 0.2, 0.4)).toHaveLength(1);
  });
});

describe("the tables of a piece", () => {
  /** What kernels/ising/moving_heat_bath.wgsl reads out of a table. */
  const interpolated = (table: Uint32Array, steps: number, up: number, share: number) => {
    const row = Math.min(Math.floor(share * steps), steps - 1);
    const [from, to] = [table[5 * row + up], table[5 * row + 5 + up]];
    return (from + (share * steps - row) * (to - from)) / 2 ** 32;
  };

  test("give the heat-bath probabilities to 2⁻²⁵ at all times, however steep", () => {
    const ends = (min: number, max: number) => {
      const one = fc.double({ min, max, noNaN: true });
      return fc.tuple(one, one);
    };
    const [temperature, field] = [ends(1e-3, 1e3), ends(-100, 100)];
    fc.assert(
      fc.property(temperature, field, fc.double({ min: 0, max: 1, noNaN: true }), (temperature, field, share) => {
        const piece = { time: 3, temperature, field };
        const tables = thresholdTables(piece);
        expect(sum(tables.map(({ piece }) => piece.time))).toBeCloseTo(3, 9);
        let start = 0;
        for (const { piece: part, steps, thresholds } of tables) {
          const at = (start + share * part.time) / 3;
          start += part.time;
          // What is left at the end of the halvings is 10⁻⁷ of the time.
          if (part.time < 1e-6) continue;
          for (const up of [0, 1, 2, 3, 4]) {
            const [T, h] = [temperature, field].map(([a, b]) => a + at * (b - a));
            const found = interpolated(thresholds, steps, up, share);
            expect(Math.abs(found - heatBath(up, T, h))).toBeLessThan(2 ** -25);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("are one row and another where nothing changes", () => {
    const [table, ...more] = thresholdTables({ time: 1, temperature: [2, 2], field: [0.1, 0.1] });
    expect(more).toEqual([]);
    expect(table.steps).toBe(1);
  });
});

/** The law behind `time` of a chain whose generator at a time is `slope`: fourth-order Runge–Kutta. */
function evolved(
  law: Float64Array,
  time: number,
  steps: number,
  slope: (law: Float64Array, at: number) => Float64Array,
) {
  const step = time / steps;
  const moved = (to: Float64Array, by: number) => law.map((p, k) => p + by * to[k]);
  for (let k = 0; k < steps; k++) {
    const a = slope(law, k * step);
    const b = slope(moved(a, step / 2), (k + 0.5) * step);
    const c = slope(moved(b, step / 2), (k + 0.5) * step);
    const d = slope(moved(c, step), (k + 1) * step);
    law = law.map((p, i) => p + (step / 6) * (a[i] + 2 * b[i] + 2 * c[i] + d[i]));
  }
  return law;
}

/** The exact law of 4 × 4 spins behind each piece of a schedule. */
function isingLaws(schedule: Schedule, to: number, initial: Float64Array): Float64Array[] {
  let law = initial;
  return piecesOf(schedule, 0, to).map(({ time, temperature, field }) => {
    let known = -1;
    let rates: Float64Array = new Float64Array();
    law = evolved(law, time, Math.ceil(time / 0.04), (p, at) => {
      const share = at / time;
      const value = ([a, b]: readonly [number, number]) => a + share * (b - a);
      if (at !== known) [known, rates] = [at, glauberRates(4, value(temperature), value(field))];
      const change = new Float64Array(p.length);
      for (let k = 0; k < rates.length; k++) {
        const flow = p[k >>> 4] * rates[k];
        change[k >>> 4] -= flow;
        change[(k >>> 4) ^ (1 << (k & 15))] += flow;
      }
      return change;
    });
    return law;
  });
}

describe("Ising lattices along a schedule", () => {
  const system = new Ising(gpu, { temperature: 50, field: 9, patchSide: 4 });

  /** Both ways to move. The second one is taken for large lattices alone. */
  const movers = {
    "site by site": (states: IsingStates, from: number, to: number) =>
      system.evolveAlong(states, SCHEDULE, from, to, fresh()),
    "all sites in parallel": async (states: IsingStates, from: number, to: number) => {
      for (const table of piecesOf(SCHEDULE, from, to).flatMap(thresholdTables))
        await evolveSites(gpu, states, table.piece.time, fresh(), table);
    },
  };

  test.each(Object.entries(movers))(
    "have the law of the master equation whose rates change with time, %s (4 × 4, after every piece)",
    async (_, move) => {
      const { m, rho } = isingStates(4);
      const laws = isingLaws(SCHEDULE, 1.4, fixedMagnetizationLaw(4, 11));
      const states = await keep(system.prepared(LANES * 4000, 4, 3 / 8, fresh()));
      let now = 0;
      for (const [k, { time }] of piecesOf(SCHEDULE, 0, 1.4).entries()) {
        await move(states, now, now + time);
        now += time;
        const values = await system.observe(states);
        const exact = (of: (x: number) => number) => sum(laws[k].map((p, x) => p * of(x)));
        const square = Float64Array.from(columnOf(values, 2, 0), (x) => x * x);
        expectWordMean(
          `m at ${now}`,
          values,
          exact((x) => m[x]),
          { width: 2 },
        );
        expectWordMean(
          `m² at ${now}`,
          square,
          exact((x) => m[x] ** 2),
        );
        expectWordMean(
          `ρ at ${now}`,
          values,
          exact((x) => rho[x]),
          { width: 2, column: 1 },
        );
      }
    },
  );

  test("move alike when all sites move in parallel: 256 × 256 and 64 × 64, up to 4 standard errors", async () => {
    const schedule = { ...SCHEDULE, field: { times: [0, 5], values: [-1.5, 2] } };
    const small = await keep(
      new Ising(gpu, { ...{ temperature: 1, field: 0 }, patchSide: 64 }).prepared(2048, 64, 0.3, fresh()),
    );
    const wide = new Ising(gpu, { ...{ temperature: 1, field: 0 }, patchSide: 256 });
    const large = await keep(wide.prepared(128, 256, 0.3, fresh()));
    const same = new Ising(gpu, { ...{ temperature: 1, field: 0 }, patchSide: 64 });
    for (const [from, to] of [
      [0, 0.7],
      [0.7, 3.1],
    ]) {
      await same.evolveAlong(small, schedule, from, to, fresh());
      await wide.evolveAlong(large, schedule, from, to, fresh());
      const [a, b] = [await same.observe(small), await wide.observe(large)];
      for (const column of [0, 1]) {
        const own = columnOf(b, 2, column);
        const words = range(own.length / LANES, (w) => sum(own.subarray(LANES * w, LANES * (w + 1))) / LANES);
        const mean = sum(words) / words.length;
        const error = Math.sqrt(sum(words.map((w) => (w - mean) ** 2)) / (words.length - 1) / words.length);
        // Of four words: the error itself is known to 40 %, and that of the other side is added.
        expectWordMean(`column ${column} at ${to}`, a, mean, { width: 2, column, error: 2 * error });
      }
    }
  });

  test("without coupling follow a field: dm/dt = tanh(h/T) − m (256 × 256, several windows)", async () => {
    // Neighbours count 10⁻⁵ of the temperature.
    const [T, time] = [1e6, 9];
    const schedule = { temperature: constantRamp(T), field: { times: [0, time], values: [-2 * T, 2 * T] } };
    const wide = new Ising(gpu, { temperature: 1, field: 0, patchSide: 256 });
    const states = await keep(wide.prepared(128, 256, 0.5, fresh()));
    let [m, step] = [0.5, 1e-4];
    for (let t = 0; t < time - step / 2; t += step) m += step * (Math.tanh(4 * ((t + step / 2) / time) - 2) - m);
    await wide.evolveAlong(states, schedule, 0, time, fresh());
    expectWordMean("m", await wide.observe(states), m, { width: 2, error: 5e-5 });
  });
});

describe("Curie–Weiss systems along a schedule", () => {
  test("have the law of the master equation whose rates change with time (4 spins, after every piece)", async () => {
    const system = new CurieWeiss(gpu, { temperature: 50, field: 9, patchSide: 2 });
    const [n, replicas] = [4, 60_000];
    const states = keep(system.prepared(replicas, 2, 0.5));
    let law: Float64Array = new Float64Array(n + 1).fill(1, 3, 4);
    let now = 0;
    for (const { time, temperature, field } of piecesOf(SCHEDULE, 0, 1.6)) {
      law = evolved(law, time, Math.ceil(time / 0.005), (p, at) => {
        const value = ([a, b]: readonly [number, number]) => a + (at / time) * (b - a);
        const physics = { spins: n, temperature: value(temperature), field: value(field) };
        const change = new Float64Array(n + 1);
        for (let u = 0; u <= n; u++) {
          const [birth, death] = [(n - u) * flipRate(physics, -1, 2 * u - n), u * flipRate(physics, 1, 2 * u - n)];
          change[u] -= p[u] * (birth + death);
          if (u < n) change[u + 1] += p[u] * birth;
          if (u > 0) change[u - 1] += p[u] * death;
        }
        return change;
      });
      await system.evolveAlong(states, SCHEDULE, now, now + time, fresh());
      now += time;
      expectLaw(`up spins at ${now}`, histogram(await system.pack(states), n + 1), law);
    }
  });
});

test("Curie–Weiss systems of many spins follow a field in time: dm/dt = tanh(h/T) − m, whatever part is seen", async () => {
  // Hardly coupled. Several chunks in each stretch.
  const [T, to] = [1000, 4];
  const schedule = { temperature: constantRamp(T), field: { times: [0, to], values: [-3 * T, 3 * T] } };
  const system = new CurieWeiss(gpu, { temperature: 1, field: 0, patchSide: 64 });
  const states = keep(system.prepared(4000, 64, 0.5));
  let [m, step, now] = [0.5, 1e-4, 0];
  for (const time of [0.7, 2.3, to]) {
    await system.evolveAlong(states, schedule, now, time, fresh());
    for (; now < time - step / 2; now += step) m += step * (Math.tanh((6 * (now + step / 2)) / to - 3) - m);
    now = time;
    const { mean, meanError } = moments(await system.observe(states));
    expectWithin(`m at ${time}`, mean, m, Math.hypot(meanError, 5e-4));
  }
});

test("results do not depend on how work is cut into dispatches", async () => {
  const results = async () => {
    const spins = new Ising(gpu, { temperature: 1, field: 0, patchSide: 12 });
    const lattices = await spins.prepared(70, 24, 0.2, { seed: 4, purpose: 6, replica: 0, step: 0 });
    await spins.evolveAlong(lattices, SCHEDULE, 0, 1.5, { seed: 5, purpose: 6, replica: 0, step: 1 });
    const magnets = new CurieWeiss(gpu, { temperature: 1, field: 0, patchSide: 12 });
    const totals = magnets.prepared(70, 24, 0.2);
    await magnets.evolveAlong(totals, SCHEDULE, 0, 1.5, { seed: 5, purpose: 6, replica: 0, step: 1 });
    const packed = [await spins.pack(lattices), await magnets.pack(totals)];
    for (const states of [lattices, totals]) states.destroy();
    magnets.destroy();
    return packed;
  };
  await expectSameInSlices(gpu, results, (slice) => 1 + (slice % 3), 10);
});
