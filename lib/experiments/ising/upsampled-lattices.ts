// How good upsampled lattices are in equilibrium: laws of m and ρ and two-point correlations against true lattices, and pictures.
import { bootstrap, seedInterval } from "../../analysis/bootstrap.ts";
import { magnetizationOf } from "../../analysis/magnetization.ts";
import { twoPoint } from "../../analysis/two-point.ts";
import { wassersteinFloor } from "../../analysis/wasserstein.ts";
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { upsampleTo, upsamplingSides } from "../../method/upsample.ts";
import { type Stream, stream } from "../../random/stream.ts";
import { metricName, metricNumber } from "../../run/result.ts";
import { type Estimate, single } from "../../run/seeds.ts";
import { COHORT, Ising, type IsingParameters, type IsingStates } from "../../systems/ising.ts";
import type { IsingReportData } from "./data.ts";
import type { IsingOptions } from "./parameters.ts";
import { relaxTimeOf } from "./plan.ts";
import { studyRelaxTimes } from "./relax-times.ts";

type Physics = Omit<IsingParameters, "patchSide">;

const LATTICES = 1024;
/** Age of the compared lattices in sweeps, small and true ones. */
const EQUILIBRIUM = 200;
/** Lattices above this side are fewer: each of them averages over more sites. */
const LARGE_SIDE = 128;
const LARGE_LATTICES = 256;
/** Correlations are measured up to this distance, and up to half the side. */
const REACH = 16;
/** Start of the pictures, and their ages in sweeps. */
const START = -0.5;
const AGES = [2, 20, 100];
/** Sweeps between looks at the true lattices. */
const LOOK = 2;

/** What is compared of lattices, of which those of a cohort may depend on each other. */
interface Sample {
  readonly m: Float64Array;
  readonly rho: Float64Array;
  readonly correlation: { r: number[]; mean: number[]; low: number[]; high: number[] };
}

/**
 * For every patch side below `side`, `lattices` (whole cohorts, at least 2; at most 256 at sides above 128) small lattices are
 * brought to equilibrium and made larger as `upsampleTo` does, at once or level by level. Before and after LocalRelax the laws of m and ρ over
 * lattices and the correlations are compared with those of as many true lattices of that side. Equilibrium is 200 sweeps from starts
 * of all magnetizations, which is not checked: below the critical temperature, or near it, that is too short.
 * All 95 % intervals take cohorts for the independent units, as tiles come from the same small lattices all over a cohort.
 * `metrics`: the distances, `upsample_w1.<m|rho>.level<k>` for the smallest patch of the run, with `.patch<l>` for others; `.before` before relaxing.
 * `pictures`, for the smallest patch side: from m₀ = −0.5 at three ages a small lattice, the upsampled one, relaxed for
 * the times of `relaxTimeOf`, as in training, and of true ones at all times up to twice the last age that of the nearest magnetization. Throws InputError for fewer than 2 cohorts.
 */
export async function measureLattices(
  gpu: Gpu,
  physics: Physics,
  patches: readonly number[],
  side: number,
  relaxTime: number,
  seed: number,
  lattices = LATTICES,
) {
  const whole = COHORT * Math.floor(lattices / COHORT);
  if (whole < 2 * COHORT) throw new InputError(`${lattices} lattices to compare: use at least ${2 * COHORT}`);
  const count = (extent: number) => (extent > LARGE_SIDE ? Math.min(whole, LARGE_LATTICES) : whole);
  const upsampling: IsingReportData["upsampling"] = [];
  const correlations: IsingReportData["correlations"] = [];
  const metrics: Record<string, Estimate> = {};
  const truths = new Map<number, Sample>();
  const smaller = patches.filter((patch) => patch < side);
  const smallest = Math.min(...smaller);
  for (const patch of smaller) {
    const system = new Ising(gpu, { ...physics, patchSide: patch });
    let states = await equilibrium(system, count(patch), patch, (step) =>
      stream(seed, `lattices/small/${patch}`, step),
    );
    const at = (step: number) => stream(seed, `lattices/upsample/${patch}`, step);
    for (const [k, extent] of upsamplingSides(system, patch, side).entries()) {
      const level = k + 1;
      states = await firstOf(system, states, count(extent));
      // Steps of the stream as in upsampleTo.
      const large = await system.upsample(states, extent / states.side, at(8 * level));
      states.destroy();
      states = large;
      const truth = truths.get(extent) ?? (await sampleTruth(gpu, physics, count(extent), extent, seed));
      truths.set(extent, truth);
      const unrelaxed = await sample(gpu, physics, states);
      const time = relaxTimeOf(relaxTime, EQUILIBRIUM);
      if (time > 0) await system.relax(states, time, at(8 * level + 2));
      const relaxed = await sample(gpu, physics, states);
      const kinds = [
        ["true", truth],
        ["unrelaxed", unrelaxed],
        ["relaxed", relaxed],
      ] as const;
      for (const [kind, { correlation }] of kinds) {
        correlations.push({ patch, level, side: extent, kind, ...correlation });
      }
      for (const observable of ["m", "rho"] as const) {
        const exact = truth[observable];
        const before = distance(unrelaxed[observable], exact, seed);
        const after = distance(relaxed[observable], exact, seed);
        upsampling.push({ patch, level, side: extent, observable, before, after, floor: distanceFloor(exact) });
        // Metrics of the smallest patch need no other name.
        const own = patch === smallest ? [] : [`patch${patch}`];
        const name = ["upsample_w1", observable, `level${level}`, ...own] as const;
        metrics[metricName(...name)] = after;
        metrics[metricName(...name, "before")] = before;
      }
    }
    states.destroy();
  }
  const pictures = smaller.length > 0 ? await draw(gpu, physics, smallest, side, relaxTime, seed) : [];
  return { upsampling, correlations, pictures, metrics };
}

/**
 * What `measureLattices` finds for the patches of a run, and how long LocalRelax has to be where the run compares such things:
 * `upsample_drift.relax<τ>` is the largest bias over the variables, `upsample_drift.true` that of true lattices.
 */
export async function checkUpsampling(gpu: Gpu, p: IsingOptions, seed: number) {
  const physics = { temperature: p.T, field: p.h, upsampling: p.upsampling };
  const { metrics, ...lattices } = await measureLattices(gpu, physics, p.patches, p.L, p.relaxTime, seed, p.lattices);
  const relaxStudy = p.studies === "all" ? await studyRelaxTimes(gpu, p, seed) : null;
  if (!relaxStudy) return { ...lattices, relaxStudy, metrics };
  const { times, biases, ofTrue } = relaxStudy;
  const drift = Object.fromEntries(
    [...biases, ofTrue].map((row, k) => {
      const name = k < times.length ? `relax${metricNumber(times[k])}` : "true";
      return [metricName("upsample_drift", name), single(Math.max(...row))];
    }),
  );
  return { ...lattices, relaxStudy, metrics: { ...metrics, ...drift } };
}

/** Lattices after 200 sweeps from starts of all magnetizations. */
async function equilibrium(system: Ising, count: number, side: number, at: (step: number) => Stream) {
  const states = await system.initial(count, side, at(0));
  await system.evolve(states, EQUILIBRIUM, at(1));
  return states;
}

async function sampleTruth(gpu: Gpu, physics: Physics, count: number, side: number, seed: number): Promise<Sample> {
  const system = new Ising(gpu, { ...physics, patchSide: side });
  const states = await equilibrium(system, count, side, (step) => stream(seed, `lattices/true/${side}`, step));
  const measured = await sample(gpu, physics, states);
  states.destroy();
  return measured;
}

/** The first `count` lattices alone; the others are destroyed. */
async function firstOf(system: Ising, states: IsingStates, count: number): Promise<IsingStates> {
  if (count >= states.count) return states;
  const { side } = states;
  const words = await system.pack(states);
  states.destroy();
  return system.unpack(words.subarray(0, count * system.words(side)), side);
}

async function sample(gpu: Gpu, physics: Physics, states: IsingStates): Promise<Sample> {
  // Measured in one piece, the lattices take little memory.
  const system = new Ising(gpu, { ...physics, patchSide: states.side });
  const rows = await system.observe(states);
  const d = system.observables.length;
  const column = (j: number) => Float64Array.from({ length: states.count }, (_, i) => rows[i * d + j]);
  const m = column(0);
  return { m, rho: column(1), correlation: correlate(await system.pack(states), states.side, m) };
}

/** C(r) with 95 % Student intervals over cohorts: the estimator of `twoPoint`, with cohorts in the place of lattices. */
function correlate(packed: Uint32Array, side: number, m: Float64Array): Sample["correlation"] {
  const r = Array.from({ length: Math.min(REACH, Math.floor(side / 2)) + 1 }, (_, k) => k);
  const words = packed.length / m.length;
  const cohorts = Array.from({ length: m.length / COHORT }, (_, cohort) => {
    const [from, to] = [cohort * COHORT, (cohort + 1) * COHORT];
    const { product } = twoPoint(packed.subarray(from * words, to * words), side, r.length - 1);
    return { m: m.subarray(from, to).reduce((sum, x) => sum + x, 0) / COHORT, product };
  });
  const { estimate: mean, standardError: error } = seedInterval(cohorts.map((cohort) => cohort.m));
  // ⟨m⟩² without bias is mean² − error²; to first order a cohort moves C(r) by S(r) − 2 ⟨m⟩ m.
  const all = r.map((k) => seedInterval(cohorts.map((cohort) => cohort.product[k] - 2 * mean * cohort.m)));
  const shifted = (key: "estimate" | "low" | "high") => all.map((one) => one[key] + mean ** 2 + error ** 2);
  return { r, mean: shifted("estimate"), low: shifted("low"), high: shifted("high") };
}

/**
 * 1-Wasserstein distance W of two sets of values, one per lattice, whole cohorts, less what sampling adds to it: √(W² − E[N²]), 0 where that is
 * negative, of which N is the distance that sampling alone makes, by resampling differences of distribution functions about those found. With the
 * 95 % basic bootstrap interval over cohorts of both sets about that, cut at 0.
 */
export function distance(found: Float64Array, exact: Float64Array, seed: number) {
  const groups = [found, exact].map((values) => values.length / COHORT);
  const cohort = (i: number, first: number) => first + Math.floor(i / COHORT);
  const values = [
    ...Array.from(found, (x, i) => ({ x, cohort: cohort(i, 0) })),
    ...Array.from(exact, (x, i) => ({ x, cohort: cohort(i, groups[0]) })),
  ].sort((a, b) => a.x - b.x);
  // ∫ |F − G| dx as lib/analysis/wasserstein.ts has it, but sorted once for all resamples.
  const gaps = Float64Array.from(values, ({ x }, k) => (values[k + 1]?.x ?? x) - x);
  const cohorts = Uint32Array.from(values, (value) => value.cohort);
  const steps = new Float64Array(groups[0] + groups[1]);
  /** ∫ |F − G − own| dx of resampled F and G; `own`: steps of the difference that they are compared with. */
  const between = (picks: readonly Uint32Array[], own?: Float64Array) => {
    steps.fill(0);
    for (const pick of picks[0]) steps[pick] += 1 / found.length;
    for (const pick of picks[1]) steps[groups[0] + pick] -= 1 / exact.length;
    let difference = 0;
    let total = 0;
    for (let k = 0; k < gaps.length; k++) {
      difference += steps[cohorts[k]] - (own?.[cohorts[k]] ?? 0);
      total += Math.abs(difference) * gaps[k];
    }
    return total;
  };
  const { estimate, bias, low, high } = bootstrap(groups, (picks) => between(picks), { seed, method: "basic" });
  const own = Float64Array.from(steps, (_, cohort) => (cohort < groups[0] ? 1 / found.length : -1 / exact.length));
  // All there is between the sets and themselves is added by resampling.
  const { bias: noise } = bootstrap(groups, (picks) => between(picks, own) ** 2, { seed });
  const value = Math.sqrt(Math.max(0, estimate ** 2 - noise));
  const shift = value - (estimate - bias);
  return { value, low: Math.max(0, low + shift), high: high + shift };
}

/** Expected distance of two independent sets like `exact`: the difference of their F has twice the variance of one of them. */
export function distanceFloor(exact: Float64Array): number {
  return Math.SQRT2 * wassersteinFloor({ values: exact }, exact.length);
}

async function draw(
  gpu: Gpu,
  physics: Physics,
  patch: number,
  side: number,
  relaxTime: number,
  seed: number,
): Promise<IsingReportData["pictures"]> {
  const system = new Ising(gpu, { ...physics, patchSide: patch });
  const at = (what: string, step = 0) => stream(seed, `lattices/pictures/${what}`, step);
  // A full cohort, so that tiles differ.
  const small = await system.prepared(COHORT, patch, START, at("small"));
  const picture = async (title: string, states: IsingStates) => ({
    title,
    side: states.side,
    spins: await system.spins(states),
  });
  const rows: IsingReportData["pictures"] = [];
  for (const [row, age] of AGES.entries()) {
    await system.evolve(small, age - (AGES[row - 1] ?? 0), at("small", row + 1));
    const copy = await system.unpack(await system.pack(small), patch);
    const options = { side, relaxTime: relaxTimeOf(relaxTime, age), stream: at(`upsample/${age}`) };
    const upsampled = await upsampleTo(system, copy, options);
    rows.push([
      await picture(`Small, ${patch} × ${patch}, age ${age} sweeps`, small),
      await picture(
        `Upsampled from ${patch} × ${patch} of age ${age} sweeps, ${relaxTime > 0 ? "relaxed" : "not relaxed"}`,
        upsampled,
      ),
    ]);
    upsampled.destroy();
  }
  small.destroy();
  const truth = await system.prepared(1, side, START, at("true"));
  const nearest = rows.map(([, { spins }]) => ({ m: magnetizationOf(spins), off: Number.POSITIVE_INFINITY }));
  for (let age = 0; age <= 2 * AGES[AGES.length - 1]; age += LOOK) {
    if (age > 0) await system.evolve(truth, LOOK, at("true", age));
    const seen = await picture(`True, ${side} × ${side}, age ${age} sweeps`, truth);
    for (const [row, best] of nearest.entries()) {
      const off = Math.abs(magnetizationOf(seen.spins) - best.m);
      if (off >= best.off) continue;
      best.off = off;
      rows[row][2] = seen;
    }
  }
  truth.destroy();
  return rows;
}
