// The predator–prey fields on the GPU against float64 twins of every operation, exact laws of the linear problem, orders
// of convergence and exact properties of cutting, pasting and interpolation.
//
// Statistical assertions fail beyond 4.5 standard errors (test/statistics.ts). The file makes about 350 of them: a
// false alarm has probability 2e-3 whenever the numbers drawn change, and none while they stay.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cosineTransform } from "../../lib/analysis/spectrum.ts";
import { InputError } from "../../lib/errors.ts";
import { allocatedBytes } from "../../lib/gpu/buffer.ts";
import { type Gpu, openDevice } from "../../lib/gpu/device.ts";
import { normalPair } from "../../lib/random/normal.ts";
import { type Stream, stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import {
  INTEGRATORS,
  INTERPOLATIONS,
  PopulationError,
  PREDATOR_PREY,
  PredatorPrey,
  type PredatorPreyParameters,
  type PredatorPreyStates,
} from "../../lib/systems/predator-prey.ts";
import type { Moment } from "../../lib/systems/system.ts";
import { defined, emptied, keeper, streams } from "../fixtures.ts";
import { mean } from "../numbers.ts";
import { expectDistribution, expectMoments, expectWithin, moments } from "../statistics.ts";
import { withRuns } from "./slices.ts";

setDefaultTimeout(120_000);

type Physics = Omit<PredatorPreyParameters, "patchPoints">;

const SEED = 27_182;
/** Points that share a random stream: part of the address of every random number, so of every published result. */
const TILE = 100;
/** All terms present and different, so that none can stand in for another. */
const MIXED: Physics = { ...PREDATOR_PREY, preyDiffusion: 0.3, predatorDiffusion: 1.7, noise: 0.05 };
/** Predators only diffuse, v' = D Δv + s ξ: exactly solvable. */
const LINEAR: Physics = { ...PREDATOR_PREY, growth: 0, predatorDiffusion: 4, noise: 0.04, dt: 0.05 };
/** Rounding of float32 fields around 1 over some ten steps; the kernel's normals are good to 4e-6 times s √dt. */
const ROUNDING = 1e-6;

const gpu = await openDevice();
const keep = keeper(afterAll);

/** A system that is freed after the tests. */
const makeSystem = (patchPoints: number, parameters: Physics = PREDATOR_PREY) =>
  keep(new PredatorPrey(gpu, { ...parameters, patchPoints }));

/** A stream of its own for every use. */
const fresh = streams(SEED, "test/predator-prey");

/** Fields `[count][2][side]` without any smoothness, 0.2 … 0.8. */
function rough(count: number, side: number): Float32Array {
  const rng = Xoshiro.open(fresh(), 0, 0);
  return Float32Array.from({ length: 2 * count * side }, () => 0.2 + 0.6 * rng.uniform());
}

function statesOf(system: PredatorPrey, fields: Float32Array, side: number): PredatorPreyStates {
  return system.unpack(new Uint32Array(fields.buffer, fields.byteOffset, fields.length), side);
}

async function fieldsOf(system: PredatorPrey, states: PredatorPreyStates): Promise<Float32Array> {
  return new Float32Array((await system.pack(states)).buffer);
}

/** The fields after `time`. */
async function evolved(
  system: PredatorPrey,
  fields: Float32Array,
  side: number,
  time: number,
  at: Stream,
  reversed = false,
) {
  const states = statesOf(system, fields, side);
  await system.evolve(states, time, at, reversed);
  const result = await fieldsOf(system, states);
  states.destroy();
  return result;
}

/** Row r of rows of `width`. */
function row<T extends Float32Array | Float64Array>(values: T, r: number, width: number): T {
  return values.subarray(r * width, (r + 1) * width) as T;
}

function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const distance = Math.abs(a[i] - b[i]);
    if (!(distance <= worst)) worst = distance;
  }
  return worst;
}

/** The same numbers, every one. */
function expectSame(found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(farthest(found, wanted)).toBe(0);
}

function centred(values: Float64Array): Float64Array {
  const center = mean(values);
  return values.map((x) => x - center);
}

/** (u, v) just outside a line; null where its end is a wall. */
interface Ends {
  readonly left: readonly number[] | null;
  readonly right: readonly number[] | null;
}
const WALLS: Ends = { left: null, right: null };

/** Drift of the fields x = [u | v], in float64. */
function twinDrift(x: Float64Array, p: Physics, { left, right }: Ends): Float64Array {
  const n = x.length / 2;
  const drift = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [u, v] = [x[i], x[n + i]];
    const below = i > 0 ? [x[i - 1], x[n + i - 1]] : (left ?? [u, v]);
    const above = i < n - 1 ? [x[i + 1], x[n + i + 1]] : (right ?? [u, v]);
    drift[i] = u * (1 - u - v) + p.preyDiffusion * (below[0] - 2 * u + above[0]);
    drift[n + i] = p.growth * v * (u - p.threshold) + p.predatorDiffusion * (below[1] - 2 * v + above[1]);
  }
  return drift;
}

/** Standard normals of one step `[2][side]` of a replica, from the kernel's addresses. */
function twinNormals(at: Stream, replica: number, step: number, side: number): Float64Array {
  const tiles = Math.ceil(side / TILE);
  const xi = new Float64Array(2 * side);
  for (let tile = 0; tile < tiles; tile++) {
    const rng = Xoshiro.open(at, replica, step * tiles + tile);
    for (let i = tile * TILE; i < Math.min((tile + 1) * TILE, side); i++) {
      const a = rng.next();
      [xi[i], xi[side + i]] = normalPair(a, rng.next());
    }
  }
  return xi;
}

/** One time step in float64, x' = x + drift part + s √dt ξ. */
function twinStep(x: Float64Array, p: Physics, ends: Ends, xi: Float64Array | null): Float64Array {
  const ahead = (slope: Float64Array, time: number) => x.map((value, i) => value + time * slope[i]);
  let next: Float64Array;
  if (p.integrator === "euler") next = ahead(twinDrift(x, p, ends), p.dt);
  else {
    const k1 = twinDrift(x, p, ends);
    const k2 = twinDrift(ahead(k1, p.dt / 2), p, ends);
    const k3 = twinDrift(ahead(k2, p.dt / 2), p, ends);
    const k4 = twinDrift(ahead(k3, p.dt), p, ends);
    next = ahead(
      k1.map((k, i) => (k + 2 * k2[i] + 2 * k3[i] + k4[i]) / 6),
      p.dt,
    );
  }
  const scale = p.noise * Math.sqrt(p.dt);
  return xi ? next.map((value, i) => value + scale * xi[i]) : next;
}

function twinEvolve(x: ArrayLike<number>, p: Physics, steps: number, at: Stream, replica: number, ends = WALLS) {
  let now = Float64Array.from(x);
  for (let step = 0; step < steps; step++) {
    now = Float64Array.from(twinStep(now, p, ends, twinNormals(at, replica, step, x.length / 2)));
  }
  return now;
}

/** Points [from, from + size) of one replica [u | v]. */
function pieceOf(x: ArrayLike<number>, from: number, size: number): Float64Array {
  const n = x.length / 2;
  return Float64Array.from({ length: 2 * size }, (_, k) => x[(k < size ? 0 : n) + from + (k % size)]);
}

/** What a patch sees outside. */
function endsOf(x: ArrayLike<number>, from: number, size: number): Ends {
  const n = x.length / 2;
  const at = (i: number) => (i < 0 || i >= n ? null : [x[i], x[n + i]]);
  return { left: at(from - 1), right: at(from + size) };
}

describe("time steps", () => {
  for (const integrator of INTEGRATORS) {
    test(`${integrator}: equal a float64 twin with its noise, over several tiles, strips of them, replicas and lists of calls`, async () => {
      const physics: Physics = { ...MIXED, integrator };
      const system = makeSystem(2, physics);
      const side = 430;
      const fields = rough(3, side);
      const at = { ...fresh(), replica: 5 };
      for (const steps of [1, 2, 5, 11, 27, 91]) {
        const found = await evolved(system, fields, side, steps * physics.dt, at);
        for (let r = 0; r < 3; r++) {
          const twin = twinEvolve(row(fields, r, 2 * side), physics, steps, at, r);
          expect(farthest(row(found, r, 2 * side), twin)).toBeLessThan(ROUNDING);
        }
      }
    });
  }

  test("have noise of variance s² dt, independent between species, neighbours, tiles, replicas and steps", async () => {
    const system = makeSystem(2, { ...MIXED, dt: 0.02 });
    const side = 102;
    const count = 2000;
    const variance = MIXED.noise ** 2 * 0.02;
    const start = new Float32Array(2 * count * side).fill(0.5);
    const at = fresh();
    const plus = await evolved(system, start, side, 0.02, at);
    const minus = await evolved(system, start, side, 0.02, at, true);
    const noise = Float64Array.from(plus, (x, k) => (x - minus[k]) / 2);
    const all = (species: number, from = 0, to = side) =>
      Float64Array.from({ length: count * (to - from) }, (_, k) => {
        return noise[(Math.floor(k / (to - from)) * 2 + species) * side + from + (k % (to - from))];
      });
    for (const species of [0, 1]) expectMoments(`species ${species}`, all(species), { mean: 0, variance });
    const uncorrelated = (label: string, a: Float64Array, b: Float64Array) => {
      const product = moments(a.map((x, k) => (x * b[k]) / variance));
      expectWithin(label, product.mean, 0, product.meanError);
    };
    uncorrelated("prey and predators", all(0), all(1));
    for (const species of [0, 1]) {
      uncorrelated(`neighbours of species ${species}`, all(species, 0, 99), all(species, 1, 100));
      uncorrelated(`tiles of species ${species}`, all(species, 0, 2), all(species, 100, 102));
      const points = all(species);
      uncorrelated(`replicas of species ${species}`, points.slice(side), points.slice(0, -side));
    }
  });

  for (const integrator of INTEGRATORS) {
    test(`${integrator}: every cosine mode of a linear problem has its exact Ornstein–Uhlenbeck variance (128 assertions)`, async () => {
      const side = 32;
      const count = 8000;
      const physics: Physics = { ...LINEAR, integrator };
      const system = makeSystem(2, physics);
      const { dt, noise, predatorDiffusion } = physics;
      const states = statesOf(system, new Float32Array(2 * count * side).fill(0.5), side);
      let done = 0;
      for (const steps of [3, 50]) {
        await system.evolve(states, (steps - done) * dt, fresh());
        done = steps;
        const fields = await fieldsOf(system, states);
        const predators = new Float64Array(count * side);
        for (let r = 0; r < count; r++)
          predators.set(fields.subarray((2 * r + 1) * side, (2 * r + 2) * side), r * side);
        const modes = cosineTransform(predators, side);
        for (let k = 0; k < side; k++) {
          const z = dt * predatorDiffusion * (2 - 2 * Math.cos((Math.PI * k) / side));
          // The factor of the mode in a step: 1 − z, for Runge–Kutta 4 the exponential series up to z⁴.
          const q = integrator === "euler" ? 1 - z : 1 - z + z ** 2 / 2 - z ** 3 / 6 + z ** 4 / 24;
          const variance = k === 0 ? noise ** 2 * dt * steps : (noise ** 2 * dt * (1 - q ** (2 * steps))) / (1 - q * q);
          const amplitudes = Float64Array.from({ length: count }, (_, r) => modes[r * side + k]);
          expectMoments(`mode ${k} after ${steps} steps`, amplitudes, {
            mean: k === 0 ? 0.5 * Math.sqrt(side) : 0,
            variance,
          });
        }
      }
      states.destroy();
    });
  }

  test("without noise converge with order 1 (Euler) and 4 (Runge–Kutta)", async () => {
    const side = 40;
    const time = 4;
    const physics: Physics = { ...PREDATOR_PREY, growth: 8, preyDiffusion: 0.5, noise: 0 };
    const smooth = makeSystem(2, physics);
    const one = smooth.prepared([{ mean: 0.5, amplitude: 0.2 }], side);
    const start = await fieldsOf(smooth, one);
    one.destroy();
    const exact = twinEvolve(start, { ...physics, integrator: "rk4", dt: 0.01 }, 400, fresh(), 0);
    for (const [integrator, order, steps] of [
      ["euler", 1, [0.025, 0.0125]],
      ["rk4", 4, [0.4, 0.2]],
    ] as const) {
      const errors: number[] = [];
      for (const dt of steps) {
        const system = makeSystem(2, { ...physics, integrator, dt });
        errors.push(farthest(await evolved(system, start, side, time, fresh()), exact));
      }
      const [coarse, fine] = errors;
      expect(Math.abs(Math.log2(coarse / fine) - order)).toBeLessThan(0.3);
      // Far above rounding, so that the ratio means something.
      expect(fine).toBeGreaterThan(20 * ROUNDING);
    }
  });

  test("compose: without noise the cuts of a time into calls make no difference, odd counts neither", async () => {
    for (const integrator of INTEGRATORS) {
      const system = makeSystem(2, { ...MIXED, noise: 0, integrator });
      const fields = rough(2, 130);
      const whole = await evolved(system, fields, 130, 0.26, fresh());
      for (const cuts of [
        [1, 25],
        [8, 18],
        [9, 17],
        [3, 8, 15],
      ]) {
        const states = statesOf(system, fields, 130);
        for (const steps of cuts) await system.evolve(states, steps * MIXED.dt, fresh());
        expectSame(await fieldsOf(system, states), whole);
        expect(states.time).toBeCloseTo(0.26, 12);
        states.destroy();
      }
    }
  });

  test("reversed noise: the mean of both evolutions of one step is the step without noise", async () => {
    const at = fresh();
    for (const integrator of INTEGRATORS) {
      const noisy = makeSystem(2, { ...MIXED, integrator });
      const still = makeSystem(2, { ...MIXED, integrator, noise: 0 });
      const fields = rough(2, 130);
      const plus = await evolved(noisy, fields, 130, 0.01, at);
      const minus = await evolved(noisy, fields, 130, 0.01, at, true);
      const none = await evolved(still, fields, 130, 0.01, at);
      expect(
        farthest(
          plus.map((x, k) => (x + minus[k]) / 2),
          none,
        ),
      ).toBeLessThan(2e-7);
      expect(farthest(plus, minus)).toBeGreaterThan(0.01);
    }
  });

  test("for no time change nothing", async () => {
    const system = makeSystem(10);
    const states = statesOf(system, rough(2, 20), 20);
    const before = await system.pack(states);
    await system.evolve(states, 0, fresh());
    await system.relax(states, 0, fresh());
    const { delta, compensator, variation } = await system.evolvePatches(states, Uint32Array.of(1, 0), 0, fresh());
    for (const column of [delta, defined(compensator), defined(variation)])
      expect(column.every((x) => x === 0)).toBe(true);
    expect(await system.pack(states)).toEqual(before);
    states.destroy();
  });
});

describe("initial states", () => {
  test("are waves of the training law: m uniform in 0.45 … 0.55, k in 0.05 … 0.15, v = 1 − u (2 laws)", async () => {
    const side = 40;
    const count = 3000;
    const system = makeSystem(2);
    const states = await system.initial(count, side, fresh());
    const fields = await fieldsOf(system, states);
    states.destroy();
    const cosine = Float64Array.from({ length: side }, (_, i) => Math.cos((10 * Math.PI * (i + 0.5)) / side));
    const means = new Float64Array(count);
    const amplitudes = new Float64Array(count);
    for (let r = 0; r < count; r++) {
      const prey = row(fields, 2 * r, side);
      means[r] = mean(prey);
      // Five whole waves: Σ cos² = N/2.
      amplitudes[r] = (2 / side) * prey.reduce((sum, u, i) => sum + u * cosine[i], 0);
      const wave = cosine.map((c) => means[r] + amplitudes[r] * c);
      expect(farthest(prey, wave)).toBeLessThan(2e-7);
      expect(
        farthest(
          row(fields, 2 * r + 1, side),
          wave.map((u) => 1 - u),
        ),
      ).toBeLessThan(2e-7);
    }
    const uniform = (low: number) => (x: number) => Math.min(1, Math.max(0, (x - low) / 0.1));
    expectDistribution("means", means, uniform(0.45));
    expectDistribution("amplitudes", amplitudes, uniform(0.05));
    const product = moments(means.map((m, r) => (m - 0.5) * (amplitudes[r] - 0.1)));
    expectWithin("covariance", product.mean, 0, product.meanError);
  });

  test("may be prepared wave by wave, on any number of points", async () => {
    const system = makeSystem(2);
    const states = system.prepared(
      [
        { mean: 0.3, amplitude: 0.2 },
        { mean: 0.6, amplitude: 0 },
      ],
      7,
    );
    const fields = await fieldsOf(system, states);
    for (let i = 0; i < 7; i++) {
      const u = 0.3 + 0.2 * Math.cos((10 * Math.PI * (i + 0.5)) / 7);
      expect([fields[i], fields[7 + i], fields[14 + i], fields[21 + i]]).toEqual([u, 1 - u, 0.6, 0.4].map(Math.fround));
    }
    states.destroy();
  });

  test("are packed and unpacked word for word", async () => {
    const system = makeSystem(2);
    const states = await system.initial(20, 30, fresh());
    const words = await system.pack(states);
    expect(words.length).toBe(20 * system.words(30));
    const again = system.unpack(words, 30);
    expect([again.count, again.side]).toEqual([20, 30]);
    expect(await system.pack(again)).toEqual(words);
    // A part of a longer array, at an offset.
    const part = system.unpack(words.subarray(3 * 60, 5 * 60), 30);
    expect(await system.pack(part)).toEqual(words.slice(3 * 60, 5 * 60));
    for (const s of [states, again, part]) s.destroy();
  });
});

describe("results depend on the stream alone", () => {
  /** All verbs in a row; `evolvePatches` counts its random streams in pairs, as lib/method/snapshots.ts calls it. */
  async function results(system: PredatorPrey, count: number, replica: number, at: Stream, later: Stream) {
    const states = await system.initial(count, 120, { ...at, replica });
    await system.evolve(states, 0.93, { ...later, replica });
    const patches = Uint32Array.from({ length: 2 * count }, (_, k) => (k + 2 * replica) % 3);
    const change = await system.evolvePatches(states, patches, 0.03, { ...at, replica: 2 * replica });
    const large = await system.upsample(states, 2);
    await system.evolve(large, 0.02, { ...at, replica });
    const out = [
      await fieldsOf(system, states),
      await fieldsOf(system, large),
      await system.observe(large),
      ...[change.before, change.delta, defined(change.compensator), defined(change.variation)],
    ];
    states.destroy();
    large.destroy();
    return out;
  }

  async function alone(run: (count: number, replica: number) => Promise<Float32Array[]>) {
    const batch = await run(64, 0);
    for (const replica of [0, 1, 31, 32, 63]) {
      (await run(1, replica)).forEach((column, c) => {
        expectSame(column, row(batch[c], replica, batch[c].length / 64));
      });
    }
  }

  test("not on the size of the batch: each of 64 replicas alone is the same", async () => {
    for (const integrator of INTEGRATORS) {
      const system = makeSystem(40, { ...MIXED, integrator });
      const [at, later] = [fresh(), fresh()];
      await alone((count, replica) => results(system, count, replica, at, later));
    }
  });

  test("not on the size of the batch, relaxation neither", async () => {
    const system = makeSystem(40, MIXED);
    const at = fresh();
    await alone(async (count, replica) => {
      const states = system.prepared(new Array(count).fill({ mean: 0.5, amplitude: 0.1 }), 120);
      await system.relax(states, 0.05, { ...at, replica });
      const fields = await fieldsOf(system, states);
      states.destroy();
      return [fields];
    });
  });

  test("not on how work is cut into dispatches", async () => {
    const system = makeSystem(40, MIXED);
    const [at, later] = [fresh(), fresh()];
    const usual = await results(system, 4, 0, at, later);
    let slices = 0;
    const repeat: Gpu["runRepeated"] = async (calls, total) => {
      for (let k = 0; k < total; k++, slices++) {
        for (const call of calls) gpu.run(call);
        await gpu.idle();
      }
    };
    expect(await withRuns(gpu, "runRepeated", repeat, () => results(system, 4, 0, at, later))).toEqual(usual);
    expect(slices).toBeGreaterThan(0);
  });

  test("and differ for another step, another seed, another replica", async () => {
    const system = makeSystem(2);
    const fields = rough(3, 20);
    const base = stream(1, "test/differ");
    const all = [base, stream(2, "test/differ"), stream(1, "test/differ", 1), stream(1, "test/differ", 0, 3)];
    const found: string[] = [];
    for (const at of [...all, base]) found.push((await evolved(system, fields, 20, 0.01, at)).join());
    expect(new Set(found).size).toBe(4);
    expect(found[4]).toBe(found[0]);
  });

  test("also for more replicas than 65,535 workgroups hold", async () => {
    const side = 2;
    const count = 65_535 * 64 + 70;
    const system = makeSystem(2);
    const at = fresh();
    const last = rough(6, side);
    const fields = new Float32Array(2 * side * count).fill(0.5);
    fields.set(last, fields.length - last.length);
    const found = await evolved(system, fields, side, 0.01, at);
    const few = await evolved(system, last, side, 0.01, { ...at, replica: count - 6 });
    expectSame(found.slice(-few.length), few);
  });
});

/** What a watch sees of the cut-out patches, at each of its moments. */
async function watched(
  system: PredatorPrey,
  states: PredatorPreyStates,
  patches: Uint32Array,
  time: number,
  at: Stream,
) {
  const seen: { moment: Moment; halo: Float32Array; walls: Uint32Array; fields: Float32Array }[] = [];
  await system.evolvePatches(states, patches, time, at, async (cut, moment) => {
    expect([cut.count, cut.side]).toEqual([patches.length, system.patchSide]);
    const { halo, walls } = defined(cut.surroundings);
    seen.push({
      moment,
      halo: await gpu.read(halo, Float32Array),
      walls: await gpu.read(walls, Uint32Array),
      fields: await fieldsOf(system, cut),
    });
  });
  expect(seen.map(({ moment }) => moment)).toEqual(["before", "after", "mirrored"]);
  return seen;
}

describe("patches", () => {
  test("cut out are the points of the tiling, and see what is outside", async () => {
    for (const [side, size] of [
      [120, 40],
      [480, 240],
      [12, 2],
    ]) {
      const system = makeSystem(size, MIXED);
      const tiles = side / size;
      const fields = rough(2, side);
      const states = statesOf(system, fields, side);
      const patches = Uint32Array.from([...Array(tiles).keys(), ...[...Array(tiles).keys()].reverse()]);
      const [{ halo, walls, fields: inside }, ...others] = await watched(system, states, patches, 0, fresh());
      // No time has passed: they are cut out again, the same, for each of the evolutions.
      expect(others.map(({ moment }) => moment)).toEqual(["after", "mirrored"]);
      for (const other of others) expect(other).toEqual({ moment: other.moment, halo, walls, fields: inside });
      expect(inside.length).toBe(2 * tiles * 2 * size);
      patches.forEach((patch, pair) => {
        const whole = row(fields, Math.floor(pair / tiles), 2 * side);
        expect([...row(inside, pair, 2 * size)]).toEqual([...pieceOf(whole, patch * size, size)]);
        const { left, right } = endsOf(whole, patch * size, size);
        expect(walls[pair]).toBe((left ? 0 : 1) + (right ? 0 : 2));
        if (left) expect([...halo.subarray(4 * pair, 4 * pair + 2)]).toEqual([...left]);
        if (right) expect([...halo.subarray(4 * pair + 2, 4 * pair + 4)]).toEqual([...right]);
      });
      states.destroy();
    }
  });

  test("all together make one step of the whole system, bit for bit: also at walls and tile borders", async () => {
    for (const [side, size] of [
      [120, 40],
      [860, 430],
      [40, 40],
      [12, 2],
    ]) {
      const system = makeSystem(size, { ...MIXED, noise: 0 });
      const tiles = side / size;
      const fields = rough(2, side);
      const states = statesOf(system, fields, side);
      const patches = Uint32Array.from({ length: 2 * tiles }, (_, k) => k % tiles);
      const [, { fields: pieces }] = await watched(system, states, patches, MIXED.dt, fresh());
      const before = await system.observePatches(states);
      const change = await system.evolvePatches(states, patches, MIXED.dt, fresh());
      expectSame(await fieldsOf(system, states), fields);
      await system.evolve(states, MIXED.dt, fresh());
      const whole = await fieldsOf(system, states);
      const after = await system.observePatches(states);
      for (let pair = 0; pair < 2 * tiles; pair++) {
        const piece = pieceOf(row(whole, Math.floor(pair / tiles), 2 * side), (pair % tiles) * size, size);
        expect([...row(pieces, pair, 2 * size)]).toEqual([...piece]);
      }
      expect(change.before).toEqual(before);
      expect(change.delta).toEqual(after.map((value, k) => value - before[k]));
      // Two equal evolutions: their mean is that of one, up to one rounding.
      expect(farthest(defined(change.compensator), change.delta)).toBeLessThan(1e-7);
      states.destroy();
    }
  });

  for (const integrator of INTEGRATORS) {
    test(`${integrator}: evolve with noise of their own between frozen surroundings, as a float64 twin`, async () => {
      const physics: Physics = { ...MIXED, integrator };
      const [side, size, steps] = [360, 120, 11];
      const system = makeSystem(size, physics);
      const fields = rough(2, side);
      const states = statesOf(system, fields, side);
      const patches = Uint32Array.of(2, 0, 1, 2);
      const at = fresh();
      const [, found, mirrored] = await watched(system, states, patches, steps * physics.dt, at);
      const change = await system.evolvePatches(states, patches, steps * physics.dt, at);
      expectSame(await fieldsOf(system, states), fields);
      patches.forEach((patch, pair) => {
        const whole = row(fields, Math.floor(pair / 2), 2 * side);
        const start = pieceOf(whole, patch * size, size);
        const ends = endsOf(whole, patch * size, size);
        const plus = twinEvolve(start, physics, steps, at, pair, ends);
        const minus = twinEvolve(start, { ...physics, noise: -physics.noise }, steps, at, pair, ends);
        expect(farthest(row(found.fields, pair, 2 * size), plus)).toBeLessThan(ROUNDING);
        expect(farthest(row(mirrored.fields, pair, 2 * size), minus)).toBeLessThan(ROUNDING);
        for (const species of [0, 1]) {
          const [x0, x1, y1] = [start, plus, minus].map((x) => mean(row(x, species, size)));
          expect(Math.abs(change.before[2 * pair + species] - x0)).toBeLessThan(ROUNDING);
          expect(Math.abs(change.delta[2 * pair + species] - (x1 - x0))).toBeLessThan(ROUNDING);
          expect(Math.abs(defined(change.compensator)[2 * pair + species] - ((x1 + y1) / 2 - x0))).toBeLessThan(
            ROUNDING,
          );
        }
      });
      states.destroy();
    });
  }

  test("give Δ with mean A and variance Q = s² δt/ℓ, and A with far less variance (10 assertions)", async () => {
    const size = 40;
    const count = 4000;
    const system = makeSystem(size);
    const one = system.prepared([{ mean: 0.5, amplitude: 0.1 }], 200);
    const field = await fieldsOf(system, one);
    one.destroy();
    const fields = new Float32Array(count * field.length);
    for (let r = 0; r < count; r++) fields.set(field, r * field.length);
    const states = statesOf(system, fields, 200);
    // One patch at a wall, one inside.
    for (const patch of [0, 2]) {
      const at = new Uint32Array(count).fill(patch);
      const { delta, compensator, variation } = await system.evolvePatches(states, at, 0.05, fresh());
      for (let r = 0; r < count; r++) {
        const q = Math.fround((PREDATOR_PREY.noise ** 2 * 0.05) / size);
        expect([...defined(variation).subarray(3 * r, 3 * r + 3)]).toEqual([q, 0, q]);
      }
      const q = (PREDATOR_PREY.noise ** 2 * 0.05) / size;
      for (const species of [0, 1]) {
        const column = (values: Float32Array) =>
          Float64Array.from({ length: count }, (_, r) => values[2 * r + species]);
        const [full, drift] = [column(delta), column(defined(compensator))];
        // Both over five steps, in which D δt/ℓ ~ 0.1 % of the noise leaks out of the patch: far below one standard error.
        expectMoments(
          `Δ − A of species ${species}`,
          full.map((x, r) => x - drift[r]),
          { mean: 0, variance: q },
        );
        expect(moments(drift).variance).toBeLessThan(1e-3 * moments(full).variance);
      }
      const [du, dv] = [0, 1].map((species) => {
        const own = Float64Array.from({ length: count }, (_, r) => delta[2 * r + species]);
        return centred(own);
      });
      const both = moments(du.map((x, r) => (x * dv[r]) / q));
      expectWithin(`covariance of species in patch ${patch}`, both.mean, 0, both.meanError);
    }
    states.destroy();
  });

  test("outside the tiling are refused", async () => {
    const system = makeSystem(10);
    const states = statesOf(system, rough(1, 30), 30);
    for (const patch of [3, 7]) {
      const seen: Moment[] = [];
      const evolved = system.evolvePatches(states, Uint32Array.of(patch), 0.01, fresh(), async (_, moment) => {
        seen.push(moment);
      });
      await expect(evolved).rejects.toThrow(`patch ${patch}`);
      expect(seen).toEqual([]);
    }
    states.destroy();
    const odd = statesOf(system, rough(1, 25), 25);
    await expect(system.observePatches(odd)).rejects.toThrow(InputError);
    await expect(system.relax(odd, 0.01, fresh())).rejects.toThrow("patches of 10 points do not tile a grid of 25");
    odd.destroy();
  });
});

describe("relaxation", () => {
  test("of a system of one patch is its evolution", async () => {
    for (const integrator of INTEGRATORS) {
      const system = makeSystem(130, { ...MIXED, integrator });
      const fields = rough(3, 130);
      const at = fresh();
      const states = statesOf(system, fields, 130);
      await system.relax(states, 0.13, at);
      expectSame(await fieldsOf(system, states), await evolved(system, fields, 130, 0.13, at));
      states.destroy();
    }
  });

  test("evolves every other patch of the tiling, the others, then those shifted by half a patch, as a float64 twin", async () => {
    for (const [side, size] of [
      [360, 120],
      [40, 10],
    ]) {
      const system = makeSystem(size, MIXED);
      const fields = rough(2, side);
      const at = fresh();
      const states = statesOf(system, fields, side);
      await system.relax(states, 11 * MIXED.dt, at);
      const found = await fieldsOf(system, states);
      // First points of the patches that move at once, round after round.
      const every = (first: number, last: number) => {
        const patches = Math.floor((last - first) / (2 * size)) + 1;
        return Array.from({ length: patches }, (_, k) => first + 2 * k * size);
      };
      const rounds = [0, size].flatMap((first) => [every(first, side - size)]);
      rounds.push(every(size / 2, side - size), every(size / 2 + size, side - size));
      for (let r = 0; r < 2; r++) {
        const twin = Float64Array.from(row(fields, r, 2 * side));
        for (const [round, origins] of rounds.entries()) {
          const frozen = twin.slice();
          origins.forEach((from, patch) => {
            const source = { ...at, step: at.step + round };
            const start = pieceOf(frozen, from, size);
            const piece = twinEvolve(start, MIXED, 11, source, r * origins.length + patch, endsOf(frozen, from, size));
            twin.set(row(piece, 0, size), from);
            twin.set(row(piece, 1, size), side + from);
          });
        }
        expect(farthest(row(found, r, 2 * side), twin)).toBeLessThan(ROUNDING);
      }
      expect(found.every((x, k) => x !== fields[k])).toBe(true);
      states.destroy();
    }
  });

  test("leaves a stationary law as it is (79 assertions)", async () => {
    const [side, size, count] = [40, 10, 4000];
    const physics: Physics = { ...LINEAR, noise: 0.02, dt: 0.02 };
    const { dt, noise, predatorDiffusion } = physics;
    const system = makeSystem(size, physics);
    // Stationary modes of the time-stepped equation, all but the mean, which has no stationary law: it is held at ½.
    const unit = Float64Array.from({ length: side * side }, (_, k) => (k % (side + 1) === 0 ? 1 : 0));
    const basis = cosineTransform(unit, side);
    const variance = Float64Array.from({ length: side }, (_, k) => {
      const q = 1 - dt * predatorDiffusion * (2 - 2 * Math.cos((Math.PI * k) / side));
      return k === 0 ? 0 : (noise ** 2 * dt) / (1 - q * q);
    });
    const rng = Xoshiro.open(fresh(), 0, 0);
    const fields = new Float32Array(2 * side * count).fill(0.5);
    for (let r = 0; r < count; r++) {
      const amplitudes = variance.map((x) => Math.sqrt(x) * normalPair(rng.next(), rng.next())[0]);
      for (let i = 0; i < side; i++) {
        fields[(2 * r + 1) * side + i] += row(basis, i, side).reduce((sum, b, k) => sum + b * amplitudes[k], 0);
      }
    }
    const states = statesOf(system, fields, side);
    // Modes of a patch decay in (size/π)²/D = 2.5 and less.
    await system.relax(states, 2, fresh());
    const relaxed = await fieldsOf(system, states);
    const predators = Float64Array.from({ length: count * side }, (_, k) => {
      return relaxed[(2 * Math.floor(k / side) + 1) * side + (k % side)];
    });
    const modes = cosineTransform(predators, side);
    for (let k = 0; k < side; k++) {
      const amplitudes = Float64Array.from({ length: count }, (_, r) => modes[r * side + k]);
      if (k > 0) expectMoments(`mode ${k}`, amplitudes, { mean: 0, variance: variance[k] });
      else {
        const found = moments(amplitudes);
        expectWithin("mean", found.mean, 0.5 * Math.sqrt(side), found.meanError);
      }
    }
    states.destroy();
  });
});

describe("observables", () => {
  test("of large systems are as exact as of small ones: equal populations have their mean, on 100,000 points and in patches of 50,000", async () => {
    const side = 100_000;
    const system = makeSystem(side / 2);
    // Of all numbers, those whose sums round in one direction are the hardest.
    const fields = Float32Array.from({ length: 2 * side }, (_, i) => (i < side ? 0.4 : 0.6));
    const states = statesOf(system, fields, side);
    for (const means of [await system.observe(states), await system.observePatches(states)]) {
      for (const [k, mean] of means.entries())
        expect(Math.abs(mean / (k % 2 === 0 ? 0.4 : 0.6) - 1)).toBeLessThan(1e-6);
    }
    states.destroy();
  });

  test("are the means of both species, of systems and of patches, on any number of points", async () => {
    for (const [side, size] of [
      [200, 40],
      [250, 40],
      [30, 2],
      [7, 10],
      [40, 40],
    ]) {
      const system = makeSystem(size);
      const fields = rough(3, side);
      const states = statesOf(system, fields, side);
      const means = await system.observe(states);
      expect(
        farthest(
          means,
          Array.from({ length: 6 }, (_, k) => mean(row(fields, k, side))),
        ),
      ).toBeLessThan(1e-6);
      if (side % size === 0) {
        const tiles = side / size;
        const patches = await system.observePatches(states);
        expect(patches.length).toBe(3 * tiles * 2);
        for (let r = 0; r < 3; r++) {
          for (let patch = 0; patch < tiles; patch++) {
            const piece = pieceOf(row(fields, r, 2 * side), patch * size, size);
            for (const species of [0, 1]) {
              const found = patches[(r * tiles + patch) * 2 + species];
              expect(Math.abs(found - mean(row(piece, species, size)))).toBeLessThan(1e-6);
            }
          }
          for (const species of [0, 1]) {
            const own = Array.from({ length: tiles }, (_, patch) => patches[(r * tiles + patch) * 2 + species]);
            expect(Math.abs(mean(own) - means[2 * r + species])).toBeLessThan(1e-7);
          }
        }
      } else await expect(system.observePatches(states)).rejects.toThrow(InputError);
      states.destroy();
    }
  });
});

describe("upsampling", () => {
  const FACTORS = [1, 2, 3, 5];

  async function upsampled(system: PredatorPrey, fields: Float32Array, side: number, factor: number) {
    const small = statesOf(system, fields, side);
    const large = await system.upsample(small, factor);
    expect([large.count, large.side]).toEqual([small.count, side * factor]);
    const result = await fieldsOf(system, large);
    small.destroy();
    large.destroy();
    return result;
  }

  /** One replica whose species are polynomials (of x in 0 … 1, at cell centres) of the given degree. */
  function polynomial(degree: number, side: number) {
    const prey = (x: number) => 0.3 + 0.5 * x ** degree;
    const predators = (x: number) => 0.9 - 0.4 * x - 0.2 * x ** degree;
    return Float32Array.from({ length: 2 * side }, (_, k) => (k < side ? prey : predators)(((k % side) + 0.5) / side));
  }

  for (const interpolation of INTERPOLATIONS) {
    const physics: Physics = { ...PREDATOR_PREY, interpolation };

    test(`${interpolation}: keeps constants and means, and data where large and small centres agree`, async () => {
      const system = makeSystem(2, physics);
      for (const side of [2, 3, 40]) {
        const fields = rough(3, side);
        const constant = Float32Array.from({ length: 6 * side }, (_, k) => 0.1 + 0.13 * Math.floor(k / side));
        for (const factor of FACTORS) {
          const wide = side * factor;
          const flat = await upsampled(system, constant, side, factor);
          expect(
            farthest(
              flat,
              flat.map((_, k) => constant[Math.floor(k / factor)]),
            ),
          ).toBeLessThan(2e-7);
          const large = await upsampled(system, fields, side, factor);
          for (let k = 0; k < 6; k++) {
            expect(Math.abs(mean(row(large, k, wide)) - mean(row(fields, k, side)))).toBeLessThan(2e-7);
          }
          if (factor % 2 === 1) {
            expectSame(
              large.filter((_, k) => k % factor === (factor - 1) / 2),
              fields,
            );
          }
        }
      }
    });

    const degree = interpolation === "linear" ? 1 : 2;
    test(`${interpolation}: is exact for polynomials of degree ${degree} away from the ends, not of ${degree + 1}`, async () => {
      const system = makeSystem(2, physics);
      const side = 20;
      for (const factor of FACTORS.slice(1)) {
        for (const [power, exact] of [
          [degree, true],
          [degree + 1, false],
        ] as const) {
          const found = await upsampled(system, polynomial(power, side), side, factor);
          const wanted = polynomial(power, side * factor);
          const inside = (x: Float32Array) =>
            x.filter((_, k) => Math.abs((k % (side * factor)) / (side * factor) - 0.5) < 0.4);
          const error = farthest(inside(found), inside(wanted));
          if (exact) expect(error).toBeLessThan(3e-7);
          else expect(error).toBeGreaterThan(3e-6);
        }
      }
    });

    test(`${interpolation}: mirrors the field at its ends, bit for bit`, async () => {
      const system = makeSystem(2, physics);
      for (const side of [2, 3, 10]) {
        const fields = rough(2, side);
        const mirrored = (at: (i: number) => number) =>
          Float32Array.from(
            { length: 8 * side },
            (_, k) => fields[Math.floor(k / 2 / side) * side + at(k % (2 * side))],
          );
        const inRight = mirrored((i) => (i < side ? i : 2 * side - 1 - i));
        const inLeft = mirrored((i) => (i < side ? side - 1 - i : i - side));
        for (const factor of FACTORS) {
          const wide = side * factor;
          const found = await upsampled(system, fields, side, factor);
          const right = await upsampled(system, inRight, 2 * side, factor);
          const left = await upsampled(system, inLeft, 2 * side, factor);
          for (let k = 0; k < 4; k++) {
            const own = row(found, k, wide);
            // Both have one end in the middle of a longer field, where its reflection really is.
            const middle = Math.floor(wide / 2);
            expect(own.slice(middle)).toEqual(row(right, k, 2 * wide).slice(middle, wide));
            expect(own.slice(0, middle)).toEqual(row(left, k, 2 * wide).slice(wide, wide + middle));
          }
        }
      }
    });
  }

  test("linear ×2 by hand: ¾ and ¼, the end values repeated", async () => {
    const found = await upsampled(makeSystem(2), Float32Array.of(0, 1, 3, 2, 2, 6), 3, 2);
    expect([...found]).toEqual([0, 0.25, 0.75, 1.5, 2.5, 3, 2, 2, 2, 3, 5, 6]);
  });

  test("refuses factors that are no positive integers", async () => {
    const system = makeSystem(2);
    const states = statesOf(system, rough(1, 10), 10);
    for (const factor of [0, -1, 1.5, Number.NaN]) {
      await expect(system.upsample(states, factor)).rejects.toThrow(`factor ${factor} is not a positive integer`);
    }
    states.destroy();
  });
});

describe("a population outside 0 … 10", () => {
  /** Runs the twin of `[count][2][side]` until a value leaves the range. */
  function twinFailure(fields: Float32Array, side: number, physics: Physics, at: Stream) {
    const count = fields.length / 2 / side;
    let now = Array.from({ length: count }, (_, r) => Float64Array.from(row(fields, r, 2 * side)));
    for (let step = 0; ; step++) {
      now = now.map((x, r) => Float64Array.from(twinStep(x, physics, WALLS, twinNormals(at, r, step, side))));
      const all = now.flatMap((x) => [...x]);
      const where = all.findIndex((x) => !(x >= 0 && x <= 10));
      if (where >= 0) return { step: step + 1, all, where };
    }
  }

  for (const integrator of INTEGRATORS) {
    test(`${integrator}: stops there; the message tells which, where and when; the states are those of that step`, async () => {
      const [count, side] = [3, 430];
      const physics: Physics = {
        ...MIXED,
        preyDiffusion: 0,
        predatorDiffusion: 0.1,
        growth: 0.5,
        noise: 0.4,
        integrator,
      };
      const system = makeSystem(2, physics);
      const kinds = new Set<string>();
      for (let trial = 0; trial < 12; trial++) {
        const states = system.prepared(
          new Array(count).fill({ mean: trial % 2 === 0 ? 0.35 : 0.65, amplitude: 0.01 * trial }),
          side,
        );
        const quiet = makeSystem(2, { ...physics, noise: 0 });
        // Three steps first: the step told is counted from the beginning of the states.
        await quiet.evolve(states, 3 * physics.dt, fresh());
        const fields = await fieldsOf(system, states);
        const at = fresh();
        const { step, all, where } = twinFailure(fields, side, physics, at);
        kinds.add(`step ${step % 5}`).add(where % (2 * side) < side ? "u" : "v");
        const error = await system.evolve(states, 3, at).catch((e) => e);
        expect(error).toBeInstanceOf(PopulationError);
        expect(error).toBeInstanceOf(InputError);
        const species = where % (2 * side) < side ? "prey u" : "predators v";
        const place = `at point ${where % side} of replica ${Math.floor(where / 2 / side)}, step ${step + 3} `;
        const time = Number(((step + 3) * physics.dt).toPrecision(9));
        expect(error.message).toContain(`${place}(time ${time}): `);
        expect(error.message.startsWith(`${species} = `)).toBe(true);
        expect(Math.abs(Number.parseFloat(error.message.slice(`${species} = `.length)) - all[where])).toBeLessThan(
          1e-5,
        );
        expect(error.message).not.toContain("\n");
        expect(farthest(await fieldsOf(system, states), all)).toBeLessThan(1e-5);
        expect(states.time).toBeCloseTo(time, 9);
        states.destroy();
      }
      // Both species and several places among the steps of a call were met.
      expect(kinds.size).toBeGreaterThanOrEqual(5);
      expect(kinds.has("u") && kinds.has("v")).toBe(true);
    });
  }

  test("leaves earlier results and the system as they were", async () => {
    // One step is seven standard deviations away from 0, 5,000 are sure to get there.
    const system = makeSystem(10, { ...MIXED, noise: 0.3 });
    const fields = rough(2, 20);
    const at = fresh();
    const other = statesOf(system, fields, 20);
    const before = await evolved(system, fields, 20, 0.01, at);
    const states = statesOf(system, fields, 20);
    await expect(system.evolve(states, 50, fresh())).rejects.toThrow(PopulationError);
    expectSame(await fieldsOf(system, other), fields);
    expectSame(await evolved(system, fields, 20, 0.01, at), before);
    await expect(system.evolvePatches(other, Uint32Array.of(0, 1), 50, fresh())).rejects.toThrow(PopulationError);
    await expect(system.relax(other, 50, fresh())).rejects.toThrow(PopulationError);
    expectSame(await fieldsOf(system, other), fields);
    expectSame(await evolved(system, fields, 20, 0.01, at), before);
    states.destroy();
    other.destroy();
  });

  test("is met in the last step too, above 10 too, and in one replica of many", async () => {
    // v' = a v (u − b) grows by 1 % a step: from 9.95 above 10 in the first, from 9.9 and 9.8 in the second, third.
    const system = makeSystem(2, { ...PREDATOR_PREY, growth: 1, threshold: 0, noise: 0, predatorDiffusion: 0 });
    for (const [v, step] of [
      [9.95, 1],
      [9.9, 2],
      [9.8, 3],
    ]) {
      const fields = new Float32Array(300 * 4).fill(0.5);
      fields.set([1, 1, v, 0.5], 4 * 217);
      const states = statesOf(system, fields, 2);
      if (step > 1) await system.evolve(states, 0.01 * (step - 1), fresh());
      await expect(system.evolve(states, 0.01, fresh())).rejects.toThrow(
        new RegExp(`^predators v = 10\\.0\\d+ at point 0 of replica 217, step ${step} `),
      );
      states.destroy();
    }
  });

  test("is not met where strips of tiles begin, whose first points are made from less than they need", async () => {
    const at = fresh();
    for (const integrator of INTEGRATORS) {
      // Six standard deviations of a step above 0.
      const system = makeSystem(2, { ...PREDATOR_PREY, noise: 0.4, integrator });
      const fields = new Float32Array(1000).fill(0.25);
      for (const reversed of [false, true]) await evolved(system, fields, 500, 0.01, at, reversed);
    }
  });

  test("is met as infinity and as NaN", async () => {
    // a = ∞ in float32: v' = ∞ (u − b) v is infinite, or NaN where u = b.
    const system = makeSystem(2, { ...PREDATOR_PREY, growth: 1e308, noise: 0 });
    for (const mean of [0.9, 0.4]) {
      for (const steps of [1, 9]) {
        const states = system.prepared([{ mean, amplitude: 0 }], 10);
        await expect(system.evolve(states, steps * 0.01, fresh())).rejects.toThrow(
          /^predators v = (NaN|-?Infinity) at point 0/,
        );
        states.destroy();
      }
    }
  });
});

describe("memory", () => {
  test("is given back by states and system, after all verbs", async () => {
    await emptied(async () => {
      for (const integrator of INTEGRATORS) {
        const system = new PredatorPrey(gpu, { ...MIXED, integrator, patchPoints: 10 });
        const small = await system.initial(10, 20, fresh());
        await system.evolve(small, 0.11, fresh());
        const large = await system.upsample(small, 2);
        await system.relax(large, 0.03, fresh());
        await system.evolvePatches(large, new Uint32Array(20), 0.03, fresh());
        // Cut-out patches that go on moving.
        await system.evolvePatches(large, new Uint32Array(20), 0.03, fresh(), (cut) =>
          system.evolve(cut, 0.11, fresh()),
        );
        const again = system.unpack(await system.pack(large), 40);
        await system.observe(again);
        await system.observePatches(again);
        for (const part of [small, large, again, system]) part.destroy();
      }
    });
  });

  test("of a replica is what `bytes` says", () => {
    const system = makeSystem(2);
    const before = allocatedBytes();
    const states = system.prepared(new Array(10).fill({ mean: 0.5, amplitude: 0 }), 30);
    expect(allocatedBytes() - before).toBe(10 * system.bytes(30));
    states.destroy();
  });

  test("is given back when input is refused or a population fails", async () => {
    const system = makeSystem(10, { ...MIXED, noise: 1 });
    const states = statesOf(system, rough(2, 20), 20);
    await emptied(async () => {
      await expect(system.evolve(states, -1, fresh())).rejects.toThrow(InputError);
      await expect(system.upsample(states, 1e7)).rejects.toThrow(InputError);
      await expect(system.evolve(states, 50, fresh())).rejects.toThrow(PopulationError);
    });
    states.destroy();
  });

  test("is given back when patches are refused or fail", async () => {
    const system = makeSystem(10, { ...MIXED, noise: 1 });
    const states = statesOf(system, rough(2, 20), 20);
    const patches = new Uint32Array(2);
    await emptied(async () => {
      await expect(system.relax(states, Number.NaN, fresh())).rejects.toThrow(InputError);
      await expect(system.evolvePatches(states, patches, 0.015, fresh())).rejects.toThrow(InputError);
      await expect(system.evolvePatches(states, patches, 50, fresh())).rejects.toThrow(PopulationError);
      await expect(system.relax(states, 50, fresh())).rejects.toThrow(PopulationError);
    });
    states.destroy();
  });
});

describe("impossible input is refused in one sentence", () => {
  const cases: [Partial<PredatorPreyParameters>, string][] = [
    ...[0, 1, 3, 4.5, -2, Number.NaN].map((n): [Partial<PredatorPreyParameters>, string] => [
      { patchPoints: n },
      `patches of ${n} points: use an even number from 2 up`,
    ]),
    ...(["growth", "threshold", "preyDiffusion", "predatorDiffusion", "noise"] as const).flatMap((name) =>
      [-1, Number.NaN, Number.POSITIVE_INFINITY].map((value): [Partial<PredatorPreyParameters>, string] => [
        { [name]: value },
        `${name} ${value} is not a number from 0 up`,
      ]),
    ),
    ...[0, -0.01, 0.51, Number.NaN].map((dt): [Partial<PredatorPreyParameters>, string] => [
      { dt },
      `time step ${dt} is unstable: explicit diffusion needs 0 < dt ≤ 0.5,`,
    ]),
    [{ predatorDiffusion: 4, dt: 0.13 }, "0 < dt ≤ 0.125,"],
    [{ preyDiffusion: 4, dt: 0.13 }, "0 < dt ≤ 0.125,"],
  ];
  test.each(cases)("parameters %j", async (wrong, message) => {
    await emptied(async () => {
      const make = () => new PredatorPrey(gpu, { ...PREDATOR_PREY, patchPoints: 2, ...wrong });
      expect(make).toThrow(InputError);
      expect(make).toThrow(message);
    });
  });

  test("and what is just possible is not", () => {
    for (const edge of [{ dt: 0.5 }, { preyDiffusion: 4, dt: 0.125 }, { growth: 0, threshold: 0, noise: 0 }]) {
      expect(() => makeSystem(2, { ...PREDATOR_PREY, ...edge })).not.toThrow();
    }
  });

  test("times that are no multiple of dt, negative or not finite", async () => {
    const system = makeSystem(10);
    const states = statesOf(system, rough(1, 20), 20);
    const before = await system.pack(states);
    for (const time of [0.015, -0.01, 1e-3, Number.NaN]) {
      const message = `time ${time} is not a whole number of steps of 0.01: use a multiple`;
      await expect(system.evolve(states, time, fresh())).rejects.toThrow(message);
      await expect(system.relax(states, time, fresh())).rejects.toThrow(InputError);
      await expect(system.evolvePatches(states, Uint32Array.of(1), time, fresh())).rejects.toThrow(message);
    }
    await expect(system.evolve(states, Number.POSITIVE_INFINITY, fresh())).rejects.toThrow(InputError);
    await expect(system.evolve(states, 1e9, fresh())).rejects.toThrow("exhaust a random stream");
    expect(await system.pack(states)).toEqual(before);
    states.destroy();
  });

  test("fields of fewer than 2 points, or of values that are no populations", async () => {
    const system = makeSystem(2);
    for (const side of [1, 0, -1, 2.5, Number.NaN]) {
      expect(() => system.prepared([{ mean: 0.5, amplitude: 0 }], side)).toThrow(`${side} grid points: use an integer`);
      await expect(system.initial(1, side, fresh())).rejects.toThrow(InputError);
    }
    await emptied(async () => {
      for (const wrong of [-1, -1e-30, 10.000001, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (const at of [0, 7]) {
          const fields = new Float32Array(8).fill(0.5);
          fields[at] = wrong;
          const message = `${fields[at]} is no population: allowed are 0 to 10`;
          expect(() => statesOf(system, fields, 4)).toThrow(InputError);
          expect(() => statesOf(system, fields, 4)).toThrow(message);
        }
      }
    });
    statesOf(system, Float32Array.of(0, 10, 10, 0), 2).destroy();
  });
});
