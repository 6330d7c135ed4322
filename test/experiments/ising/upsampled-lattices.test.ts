// The check of upsampled lattices: against exact results where spins are free, what tiles do to correlations, and its statistics.
//
// Statistical assertions fail beyond 4.5 standard errors (test/statistics.ts), which come from 32 cohorts or more: a false alarm has
// probability 9e-5 for each of about 50 when the numbers drawn change, none while they stay.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { magnetizationOf } from "../../../lib/analysis/magnetization.ts";
import { studentQuantile } from "../../../lib/analysis/student-t.ts";
import { twoPoint } from "../../../lib/analysis/two-point.ts";
import { wasserstein } from "../../../lib/analysis/wasserstein.ts";
import { distance, distanceFloor, measureLattices } from "../../../lib/experiments/ising/upsampled-lattices.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { normalPair } from "../../../lib/random/normal.ts";
import { stream } from "../../../lib/random/stream.ts";
import { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { Ising, type IsingParameters } from "../../../lib/systems/ising.ts";
import { defined } from "../../fixtures.ts";
import { expectWithin, moments } from "../../statistics.ts";

setDefaultTimeout(120_000);

const SEED = 1_925;
const PATCH = 8;
const SIDE = 16;
const RELAX = 4;
const COHORT = 32;
const PAPER = { temperature: 2.5, field: 0.1 };
/** Every attempt leaves a spin up or down with probability 1/2, whatever its neighbours. */
const FREE = { temperature: 1e9, field: 0 };
/** ∫ √(F (1 − F)) dx of the standard normal law: 2 Σ √(F (1 − F)) h over x = 0 … 12 by the trapezoidal rule. */
const NORMAL_SPREAD = 1.61474;

const gpu = await openDevice();

type Physics = Omit<IsingParameters, "patchSide">;
type Measured = Awaited<ReturnType<typeof measureLattices>>;
type Kind = Measured["correlations"][number]["kind"];

function measure(physics: Physics, { patches = [PATCH], side = SIDE, relaxTime = RELAX, lattices = 64 } = {}) {
  return measureLattices(gpu, physics, patches, side, relaxTime, SEED, lattices);
}

function correlationOf({ correlations }: Measured, kind: Kind, level = 1, patch = PATCH) {
  return defined(correlations.find((one) => one.kind === kind && one.level === level && one.patch === patch));
}

/** C(r) of one kind with its standard error from the 95 % band over so many cohorts. */
function correlationAt(measured: Measured, kind: Kind, r: number, lattices: number) {
  const { mean, low, high } = correlationOf(measured, kind);
  const t = studentQuantile(0.975, lattices / COHORT - 1);
  return { value: mean[r], error: (high[r] - low[r]) / (2 * t) };
}

const standardError = ({ low, high }: { low: number; high: number }) => (high - low) / (2 * 1.96);

/** E|S|/n of n free spins, n even: C(n, n/2) / 2ⁿ. */
function meanAbsolute(n: number): number {
  let share = 1;
  for (let k = 1; k <= n / 2; k++) share *= (n / 2 + k) / (4 * k);
  return share;
}

/** Normal values in cohorts that have a common part of standard deviation `shared`. */
function cohortValues(count: number, shared: number, step: number, shift = 0): Float64Array {
  const rng = Xoshiro.open(stream(SEED, "test/ising-lattices", step), 0, 0);
  const gauss = () => normalPair(rng.next(), rng.next())[0];
  const common = Array.from({ length: count / COHORT }, () => shift + shared * gauss());
  return Float64Array.from({ length: count }, (_, i) => common[Math.floor(i / COHORT)] + gauss());
}

describe("shapes", () => {
  test.each([
    // Tiles are put together in one leap, copies double level by level.
    [
      "mosaic",
      [
        [8, 1, 32],
        [16, 1, 32],
      ],
    ],
    [
      "copy",
      [
        [8, 1, 16],
        [8, 2, 32],
        [16, 1, 32],
      ],
    ],
  ] as const)(
    "%s: a row per level, patch and observable, correlations of three kinds, distances again as metrics",
    async (upsampling, steps) => {
      const measured = await measure({ ...PAPER, upsampling }, { patches: [8, 16, 32], side: 32 });
      expect(measured.upsampling.map((row) => [row.patch, row.level, row.side, row.observable])).toEqual(
        steps.flatMap((step) => (["m", "rho"] as const).map((observable) => [...step, observable])),
      );
      expect(measured.correlations.map((one) => [one.patch, one.level, one.side, one.kind])).toEqual(
        steps.flatMap((step) => (["true", "unrelaxed", "relaxed"] as const).map((kind) => [...step, kind])),
      );
      for (const { side, r, mean, low, high } of measured.correlations) {
        expect(r).toEqual(Array.from({ length: side / 2 + 1 }, (_, k) => k));
        expect(mean.every((value, k) => low[k] < value && value < high[k])).toBe(true);
        expect(mean).toHaveLength(r.length);
      }
      const metrics = measured.upsampling.flatMap(({ patch, level, observable, before, after }) => {
        const name = `upsample_w1.${observable}.level${level}${patch === PATCH ? "" : `.patch${patch}`}`;
        return [
          [name, after],
          [`${name}.before`, before],
        ];
      });
      expect(measured.metrics).toEqual(Object.fromEntries(metrics));
      for (const { before, after, floor } of measured.upsampling) {
        expect(Math.min(before.low, after.low)).toBeGreaterThanOrEqual(0);
        expect(before.low <= before.high && after.low <= after.high).toBe(true);
        expect(floor).toBeGreaterThan(0);
      }
      // One set of true lattices of a side, whichever the patch.
      const last = upsampling === "copy" ? 2 : 1;
      expect(correlationOf(measured, "true", 1, 16).mean).toEqual(correlationOf(measured, "true", last, 8).mean);
      // Whole cohorts keep ⟨m⟩, so C(0) = 1 − ⟨m⟩² passes from the relaxed lattices of a level to the next; and it is the same of the
      // same small lattices for any side.
      const start =
        upsampling === "copy"
          ? correlationOf(measured, "relaxed")
          : correlationOf(await measure({ ...PAPER, upsampling }), "unrelaxed");
      expect(correlationOf(measured, "unrelaxed", last).mean[0]).toBeCloseTo(start.mean[0], 6);
    },
  );

  test("the same every time; nothing above the largest patch; too few lattices are refused", async () => {
    expect(await measure(PAPER)).toEqual(await measure(PAPER));
    expect(await measure(PAPER, { patches: [16, 32] })).toEqual({
      ...{ upsampling: [], correlations: [], pictures: [], metrics: {} },
    });
    await expect(measure(PAPER, { lattices: 63 })).rejects.toThrow("63 lattices to compare: use at least 64");
  });

  test("without LocalRelax nothing changes", async () => {
    const measured = await measure(PAPER, { relaxTime: 0 });
    for (const { before, after } of measured.upsampling) expect(after).toEqual(before);
    expect(correlationOf(measured, "relaxed").mean).toEqual(correlationOf(measured, "unrelaxed").mean);
  });

  test("above side 128 there are 256 lattices, by the floor of free spins", async () => {
    const { upsampling } = await measure(FREE, { patches: [66], side: 132, relaxTime: 1, lattices: 512 });
    // m is normal with standard deviation 1/side; 512 lattices would have 0.71 of this floor.
    const floor = Math.sqrt(4 / (Math.PI * 256)) * (NORMAL_SPREAD / 132);
    expect(Math.abs(upsampling[0].floor / floor - 1)).toBeLessThan(0.15);
  });
});

describe("free spins", () => {
  const lattices = 1024;
  for (const upsampling of ["copy", "mosaic"] as const) {
    test(`${upsampling}: exact before, true afterwards`, async () => {
      const measured = await measure({ ...FREE, upsampling }, { lattices });
      const copies = upsampling === "copy";
      // Half of the neighbours of copied spins are copies of one spin; tiles of one lattice, 1 of 32, share 1/64 of ⟨m²⟩.
      const exact = (kind: Kind, r: number) => {
        if (kind !== "unrelaxed") return 0;
        return copies ? (r === 1 ? 1 / 2 : 0) : Math.min(r, PATCH) / PATCH / (32 * PATCH ** 2);
      };
      for (const kind of ["true", "unrelaxed", "relaxed"] as const) {
        for (const r of [1, 2, 5]) {
          const { value, error } = correlationAt(measured, kind, r, lattices);
          expectWithin(`C(${r}), ${kind}`, value, exact(kind, r), error);
        }
      }
      const [m, rho] = measured.upsampling;
      if (copies) {
        // Symmetric laws, the wider of which is everywhere the wider: E|m| of 64 spins minus that of 256. Walls: 1/4, not 1/2.
        const apart = meanAbsolute(PATCH ** 2) - meanAbsolute(SIDE ** 2);
        expectWithin("m", m.before.value, apart, standardError(m.before));
        expectWithin("rho", rho.before.value, 1 / 4, standardError(rho.before));
      } else {
        // Each small lattice is in four of them, so that their mean has four times the variance: √2.5 as far as below.
        expect(Math.max(m.before.value / m.floor, rho.before.value / rho.floor)).toBeLessThan(5.5);
      }
      // Large distances of sets of one law are differences of their means, whose standard deviation on normal laws is
      // √(2/N) / (√(4/(πN)) · 1.615) = 0.776 floors: 3.5 floors are 4.5 of them.
      expect(Math.max(m.after.value / m.floor, rho.after.value / rho.floor)).toBeLessThan(3.5);
      const floor = Math.sqrt(4 / (Math.PI * lattices)) * (NORMAL_SPREAD / SIDE);
      expect(Math.abs(m.floor / floor - 1)).toBeLessThan(0.1);
    });
  }
});

describe("in equilibrium", () => {
  const lattices = 1024;

  test("tiles: correlations of the small lattices, less what crosses seams", async () => {
    const measured = await measure(PAPER, { lattices });
    const system = new Ising(gpu, { ...PAPER, patchSide: PATCH });
    const small = await system.initial(lattices, PATCH, stream(SEED, "test/small"));
    await system.evolve(small, 200, stream(SEED, "test/small", 1));
    const magnetizations = (await system.observe(small)).filter((_, k) => k % 2 === 0);
    const { connected, connectedError } = twoPoint(await system.pack(small), PATCH, PATCH - 1);
    small.destroy();
    const { variance } = moments(magnetizations);
    for (const r of [0, 1, 2, 3, 4, 6]) {
      const { value, error } = correlationAt(measured, "unrelaxed", r, lattices);
      // A share r/8 of the pairs lies across a seam, where 1 of 32 neighbours is the same lattice, shifted at random.
      const share = r / PATCH;
      const exact = (1 - share) * connected[r] + (share * variance) / 32;
      expectWithin(`C(${r})`, value, exact, Math.hypot(error, (1 - share) * connectedError[r]));
    }
  });

  test("copies: relaxing brings walls and correlations much nearer to the truth", async () => {
    const measured = await measure({ ...PAPER, upsampling: "copy" }, { lattices });
    const { before, after } = measured.upsampling[1];
    const error = Math.hypot(standardError(before), standardError(after));
    expect((before.value - after.value) / error).toBeGreaterThan(15);
    expect(before.value).toBeGreaterThan(4 * after.value);
    const at = (kind: Kind) => correlationAt(measured, kind, 1, lattices);
    const [truth, unrelaxed, relaxed] = [at("true"), at("unrelaxed"), at("relaxed")];
    expect(unrelaxed.value - truth.value).toBeGreaterThan(8 * Math.hypot(unrelaxed.error, truth.error));
    expect(relaxed.value - truth.value).toBeLessThan((unrelaxed.value - truth.value) / 2);
  });
});

describe("statistics", () => {
  test("the distance is W₁ less what sampling adds, between sets of any sizes", () => {
    // Far apart W₁ is the difference of the means, to which sampling adds nothing: 2,000 resamples know that to 1/√2,000 of a standard error.
    const [a, b] = [cohortValues(96, 1, 1), cohortValues(160, 0, 2, 20)];
    const exact = wasserstein({ values: a }, { values: b });
    const found = distance(a, b, 1);
    expect(Math.abs(found.value - exact)).toBeLessThan((5 * standardError(found)) / Math.sqrt(2000));
    expect(distance(a, a, 1)).toMatchObject({ value: 0, low: 0 });
  });

  test("of two sets of one law next to nothing is left, and no estimate is outside its interval", () => {
    const pairs = Array.from({ length: 40 }, (_, k) => [
      cohortValues(512, 0.2, 200 + 2 * k),
      cohortValues(512, 0.2, 201 + 2 * k, k % 2 === 0 ? 0 : 0.1),
    ]);
    const found = pairs.map(([a, b]) => ({ ...distance(a, b, 1), raw: wasserstein({ values: a }, { values: b }) }));
    for (const { value, low, high } of found) expect([value >= low, value <= high]).toEqual([true, true]);
    // Without the subtraction the distances of one law would be those of sampling alone.
    const same = found.filter((_, k) => k % 2 === 0);
    const sum = (list: readonly number[]) => list.reduce((total, x) => total + x, 0);
    expect(sum(same.map(({ value }) => value))).toBeLessThan(0.6 * sum(same.map(({ raw }) => raw)));
  });

  test("two sets of one law are the floor apart, and their interval reaches down to 0", () => {
    const pairs = Array.from({ length: 60 }, (_, k) => [
      cohortValues(1024, 0, 10 + 2 * k),
      cohortValues(1024, 0, 11 + 2 * k),
    ]);
    const ratios = pairs.map(([a, b]) => wasserstein({ values: a }, { values: b }) / distanceFloor(b));
    const { mean, meanError } = moments(ratios);
    expectWithin("W₁ over its floor", mean, 1, meanError);
    expect(meanError).toBeLessThan(0.08);
    for (const [a, b] of pairs.slice(0, 3)) expect(distance(a, b, 1).low).toBe(0);
    // What sampling adds is taken off, and what is left lies in its interval.
    const few = pairs.slice(0, 10);
    const found = few.map(([a, b]) => distance(a, b, 1));
    for (const { value, low, high } of found) expect(value).toBeWithin(low, high + 1e-12);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const [taken, floors] = [
      sum(few.map(([a, b]) => wasserstein({ values: a }, { values: b }))) - sum(found.map(({ value }) => value)),
      sum(few.map(([, b]) => distanceFloor(b))),
    ];
    expect(taken).toBeWithin(0.3 * floors, floors);
  });

  test("intervals are those of cohorts", () => {
    // Far apart W₁ is the difference of the means, of variance 2 (shared²/cohorts + 1/values).
    const [a, b] = [cohortValues(2048, 0.5, 3, 20), cohortValues(2048, 0.5, 4)];
    const found = distance(a, b, 1);
    const error = Math.sqrt(2 * (0.5 ** 2 / 64 + 1 / 2048));
    expectWithin("W₁", found.value, 20, error);
    // The standard deviation of 128 cohorts is known to 1/√252 = 6 %; values alone would give a quarter.
    expect(Math.abs(standardError(found) / error - 1)).toBeLessThan(0.25);
  });
});

describe("pictures", () => {
  test("rows of a small, an upsampled and a true lattice of the smallest patch side", async () => {
    const { pictures } = await measure({ ...FREE, upsampling: "copy" }, { patches: [16, 8], side: 64, relaxTime: 5 });
    expect(pictures.map((row) => row.map(({ side, spins }) => [side, spins.length]))).toEqual(
      Array.from({ length: 3 }, () => [8, 64, 64].map((side) => [side, side ** 2])),
    );
    expect(pictures.map((row) => row.slice(0, 2).map(({ title }) => title))).toEqual(
      [2, 20, 100].map((age) => [
        `Small, 8 × 8, age ${age} sweeps`,
        `Upsampled from 8 × 8 of age ${age} sweeps, relaxed`,
      ]),
    );
    for (const { spins } of pictures.flat()) expect(new Set(spins)).toEqual(new Set([0, 1]));
  });

  test("the true lattice is as old as it has to be to have the magnetization of the upsampled one", async () => {
    const { pictures } = await measure({ ...PAPER, upsampling: "mosaic" }, { patches: [8], side: 64, relaxTime: 8 });
    for (const [, upsampled, truth] of pictures) {
      const age = Number(/^True, 64 × 64, age (\d+) sweeps$/.exec(truth.title)?.[1]);
      expect(age % 2).toBe(0);
      // m moves by some hundredths in two sweeps, and stays in equilibrium within its fluctuations there.
      expect(Math.abs(magnetizationOf(upsampled.spins) - magnetizationOf(truth.spins))).toBeLessThan(0.03);
    }
    // The relaxed lattice is ahead of the small one that it was made of, so a true lattice of that age would not do.
    const ages = pictures.map(([, , truth]) => Number(/age (\d+)/.exec(truth.title)?.[1]));
    expect(ages[1]).toBeGreaterThan(20);
  });

  test("without relaxing: squares of copied spins, or tiles that differ", async () => {
    const settings = { side: 64, relaxTime: 0 };
    const copies = await measure({ ...PAPER, upsampling: "copy" }, settings);
    for (const [small, large] of copies.pictures) {
      expect(large.title).toEndWith("not relaxed");
      const squares = large.spins.map((_, k) => small.spins[8 * (k >>> 9) + ((k % 64) >>> 3)]);
      expect(large.spins).toEqual(squares);
    }
    const mosaics = await measure({ ...PAPER, upsampling: "mosaic" }, settings);
    for (const [, large] of mosaics.pictures) {
      const ups = new Uint32Array(64);
      large.spins.forEach((up, k) => {
        ups[8 * (k >>> 9) + ((k % 64) >>> 3)] += up;
      });
      expect(new Set(ups).size).toBeGreaterThan(4);
    }
  });
});
