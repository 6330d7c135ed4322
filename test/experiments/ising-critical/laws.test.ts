// Stationary laws from class densities, against lattices in equilibrium at other temperatures than those that taught them.
import { describe, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { totalUpdates } from "../../../lib/analysis/cost.ts";
import { CRITICAL_QUANTITIES } from "../../../lib/analysis/finite-size.ts";
import { learningCost } from "../../../lib/experiments/ising-critical/costs.ts";
import { drawnFrom, rolledFrom } from "../../../lib/experiments/ising-critical/dynamics.ts";
import { equationAt, gridOf, lawOn, stationaryOf } from "../../../lib/experiments/ising-critical/laws.ts";
import {
  type CriticalOptions,
  criticalCommand,
  latticesOf,
} from "../../../lib/experiments/ising-critical/parameters.ts";
import { countedLattices, learnedFrom } from "../../../lib/experiments/ising-critical/training.ts";
import { simulateTruth } from "../../../lib/experiments/ising-critical/truth.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { evaluate } from "../../../lib/method/sde/model.ts";
import { defaults } from "../../../lib/run/parameters.ts";
import { Ising, type IsingStates } from "../../../lib/systems/ising.ts";
import { generators } from "../../fixtures.ts";
import { mean, range } from "../../numbers.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(83);
const p: CriticalOptions = {
  ...(defaults(criticalCommand.parameters, "quick") as CriticalOptions),
  temperatures: [2.25],
  T: 2.25,
  sizes: [16],
  largeSizes: [],
  // 4,096 of 16 × 16.
  lattices: 16_384,
  looks: 16,
  trueLattices: 1024,
  trueLooks: 24,
  runs: 256,
};
const counted = await countedLattices(gpu, p, 16, 5);
const learned = learnedFrom(counted, 0);

describe("an equation from lattices of 16 × 16 spins at T = 2.25", () => {
  test("has the stationary laws of other temperatures too: what is learned does not depend on it", async () => {
    for (const temperature of [2.2, 2.25, 2.3]) {
      const law = stationaryOf(learned, temperature, 16, p.cells);
      const { quantities } = await simulateTruth(gpu, p, { side: 16, temperature }, 6);
      const off = CRITICAL_QUANTITIES.map((key) => law[key] - quantities[key].value);
      // Some 65,000 looks; jumps of 2/256 in m are not small, which the Fokker–Planck equation takes them for.
      expect(Math.abs(off[0])).toBeLessThan(0.012 * quantities.abs_m.value);
      expect(Math.abs(off[1])).toBeLessThan(0.06 * quantities.chi.value);
      expect(Math.abs(off[2])).toBeLessThan(0.006);
      expect(law.edge).toBeLessThan(0.02);
      expect(law.negative).toBeLessThan(0.02);
      expect(law.grid).toBeLessThan(0.01);
    }
  });

  test("of another size has the same drift, and noise like one over the number of sites", async () => {
    const z = [0.3, 0.16, -0.6, 0.13];
    const small = await evaluate(gpu, equationAt(learned, 2.27, 16), z);
    const large = await evaluate(gpu, equationAt(learned, 2.27, 64), z);
    expect(large.drift).toEqual(small.drift);
    for (const [k, x] of small.diffusion.entries()) expect(16 * large.diffusion[k]).toBeCloseTo(x, 12);
    // Odd in m: the drift of m, and its covariance with ρ.
    const mirrored = await evaluate(gpu, equationAt(learned, 2.27, 16), [-0.3, 0.16]);
    expect(mirrored.drift[0]).toBeCloseTo(-small.drift[0], 10);
    expect(mirrored.drift[1]).toBeCloseTo(small.drift[1], 10);
    expect(mirrored.diffusion[1]).toBeCloseTo(-small.diffusion[1], 12);
  });

  test("says the same by its trajectories, at two steps, and by its grid", async () => {
    const law = stationaryOf(learned, p.T, 16, 60);
    const steps = await rolledFrom(gpu, learned, { ...p, horizon: 5000, cells: 60, runs: 96 }, 16, law.tau, 4);
    expect(steps.map(({ dt }) => dt)).toEqual([p.dt, p.dt / 2]);
    for (const one of steps) {
      for (const key of ["abs_m", "binder"] as const) {
        expect(Math.abs(one[key].value - law[key])).toBeLessThan(4.5 * one[key].error + 0.004);
      }
    }
  });

  test("from a part of its rows rests on that part alone", () => {
    const two = {
      ...counted,
      counts: Uint32Array.from([...counted.counts, ...counted.counts.subarray(0, counted.counts.length)]),
    };
    const [all, second] = [learnedFrom(two, 4), learnedFrom(two, 4, 1)];
    expect([all.rows, second.rows]).toEqual([2 * learned.rows, learned.rows]);
    expect(all.events.field.choice.cohorts).toBe(2 * second.events.field.choice.cohorts);
  });
});

test("the truth comes to equilibrium from all spins up far above the critical temperature too, or says that it does not", async () => {
  const few = { ...p, trueLattices: 64, trueLooks: 4 };
  // Of 1,024 spins in little order; 0.05 for none.
  const { quantities } = await simulateTruth(gpu, few, { side: 32, temperature: 4 }, 3);
  expect(quantities.abs_m.value).toBeLessThan(0.09);
  const hot = simulateTruth(gpu, { ...p, trueLattices: 2 }, { side: 64, temperature: 1000 }, 3);
  await expect(hot).rejects.toThrow(/T = 1000 is too far above the critical temperature/);
});

test("what is counted as simulated is, on no system larger than a patch", async () => {
  const small: CriticalOptions = { ...p, sizes: [48], lattices: 256, looks: 3, relaxTime: 2, pause: 0.5 };
  let total = 0;
  const patches = new Set<number>();
  const attempts = ({ count, side }: IsingStates, each: number) => {
    total += each * count * side ** 2;
  };
  const { relax, flipClusters, classes } = Ising.prototype;
  const spies = [
    spyOn(Ising.prototype, "relax").mockImplementation(function (this: Ising, states, time, at) {
      patches.add(this.patchSide);
      attempts(states, 4 * time);
      return relax.call(this, states, time, at);
    }),
    spyOn(Ising.prototype, "flipClusters").mockImplementation(async function (this: Ising, states, clusters, at) {
      patches.add(states.side);
      const flips = await flipClusters.call(this, states, clusters, at);
      attempts(states, flips);
      return flips;
    }),
    spyOn(Ising.prototype, "classes").mockImplementation(function (this: Ising, states) {
      attempts(states, 1);
      return classes.call(this, states);
    }),
    // Nothing else moves lattices.
    ...(["evolve", "sweep", "evolvePatches"] as const).map((verb) =>
      spyOn(Ising.prototype, verb).mockImplementation(() => Promise.reject(new Error(verb))),
    ),
  ];
  try {
    await countedLattices(gpu, small, 48, 1);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  // Flips of clusters are done in rounds: no fewer than are counted, and at most one round more.
  const cost = totalUpdates(learningCost(small, 48));
  expect(total).toBeGreaterThanOrEqual(cost);
  expect(total).toBeLessThan(cost + 8 * latticesOf(small, 48) * 16 ** 2);
  expect([...patches]).toEqual([16]);
});

test("states drawn from a law have its moments", () => {
  const equation = equationAt(learned, 2.27, 16);
  const grid = gridOf(equation, learned, 50);
  const law = lawOn(grid, equation);
  const spacing = [(grid.x.high - grid.x.low) / grid.x.cells, (grid.y.high - grid.y.low) / grid.y.cells] as const;
  const count = 40_000;
  const states = drawnFrom(law, spacing, count, generator("drawn"));
  const column = (j: number) => range(count, (r) => states[2 * r + j]);
  expect(mean(column(0).map((m) => m * m))).toBeCloseTo(
    law.mean((m) => m * m),
    2,
  );
  expect(mean(column(1))).toBeCloseTo(
    law.mean((_, rho) => rho),
    3,
  );
});
