// Laws of what patches add up to, and of what each does in its system. Statistical, given the states.
import type { States } from "../system.ts";
import { size } from "./compare.ts";
import type { Statute } from "./law.ts";
import { column, expectUnbiased, Means, minus, products, type Rows, runMeans, spread } from "./means.ts";
import { type Bench, LONG } from "./subject.ts";

/** Nodes of two-point Gauss–Legendre quadrature on the n equal parts of 0 … 1. */
const panels = (n: number) =>
  Array.from({ length: n }, (_, k) => [-1, 1].map((side) => (k + 0.5 + side * Math.sqrt(1 / 12)) / n)).flat();

/** Lφ_I and Γ_I of all patches; of a system without generator that moves in steps, from one step. Per unit of time. */
async function patchRates<S extends States>({ system, subject, all, fresh }: Bench<S>, states: S) {
  if (system.generator) return system.generator(states, all(states.count), fresh());
  const { step } = subject;
  if (!step) throw new Error("a system with rates has a generator or a step");
  const { compensator, variation } = await system.evolvePatches(states, all(states.count), step, fresh());
  if (!compensator || !variation) throw new Error("there is no compensator");
  const rate = (rows: Float32Array) => rows.map((x) => x / step);
  return { drift: rate(compensator), variation: rate(variation) };
}

/** Of all patches: φ_I(x_0), φ_I(x_t) − φ_I(x_0) − ∫ Lφ_I ds `[count, K, d]` and ∫ Γ_I ds, along an evolution of the whole system. */
async function alongEvolution<S extends States>(bench: Bench<S>) {
  const { system, subject } = bench;
  // A system is used for small and for large lattices, in any order.
  await bench.states(bench.unit, system.patchSide);
  const states = await bench.initial(bench.replicas);
  const start = await system.observePatches(states);
  // With two nodes for every `time` the integrals are exact to its fourth order. A system in steps is looked at for one: that is exact.
  const time = system.generator ? LONG * subject.time : (subject.step ?? 0);
  const nodes = system.generator ? panels(LONG) : [0];
  const drift = new Float64Array(start.length);
  const variation = new Float64Array((start.length * (bench.d + 1)) / 2);
  let now = 0;
  for (const node of nodes) {
    await system.evolve(states, (node - now) * time, bench.fresh());
    const rates = await patchRates(bench, states);
    for (const [k, x] of rates.drift.entries()) drift[k] += (x * time) / nodes.length;
    for (const [k, x] of rates.variation.entries()) variation[k] += (x * time) / nodes.length;
    now = node;
  }
  await system.evolve(states, (1 - now) * time, bench.fresh());
  return { start, rest: minus(minus(await system.observePatches(states), start), drift), variation };
}

/**
 * The same for changes alone: Δ_I and the change of the whole system differ in mean and covariance by terms of order t², which two
 * durations remove. `rest` `[count, K, d]`, and K⁻² Σ Cov Δ_I less the covariance of the whole.
 */
async function besideEvolution<S extends States>(bench: Bench<S>) {
  const { system, subject, d, patches: K } = bench;
  const states = await bench.initial(bench.replicas);
  const start = await system.observePatches(states);
  const off = async (time: number) => {
    const evolved = async () => {
      const copy = await bench.copy(states);
      await bench.settle(copy);
      const from = await system.observePatches(copy);
      await system.evolve(copy, time, bench.fresh());
      return minus(await system.observePatches(copy), from);
    };
    const all = bench.all(states.count);
    const parts = async () => (await system.evolvePatches(states, all, time, bench.fresh())).delta;
    const [a, b, c, e] = [await parts(), await parts(), await evolved(), await evolved()];
    const covariance = runMeans(spread(a, b, d), K, (d * (d + 1)) / 2).map((x) => x / K);
    return {
      rest: c.map((x, k) => (x + e[k] - a[k] - b[k]) / 2),
      covariance: minus(spread(runMeans(c, K, d), runMeans(e, K, d), d), covariance),
    };
  };
  const short = bench.part(subject.time, 4);
  const [once, twice] = [await off(short), await off(2 * short)];
  const first = (a: Rows, b: Rows) => Float64Array.from(a, (x, k) => 4 * x - b[k]);
  return { start, rest: first(once.rest, twice.rest), covariance: first(once.covariance, twice.covariance) };
}

const drift: Statute = {
  id: "drift",
  title: "the patches add up to the system: Σ Lφ_I / K is its drift, Σ Γ_I / K² its diffusion",
  async check(bench) {
    const { d, patches: K, subject } = bench;
    if (subject.rates === "unknown") {
      const { start, rest, covariance } = await besideEvolution(bench);
      expectUnbiased(bench, "change less Σ Δ_I / K", {
        means: runMeans(rest, K, d),
        squares: covariance,
        start: runMeans(start, K, d),
        rounding: bench.tolerance * size(start),
      });
      return;
    }
    const { start, rest, variation } = await alongEvolution(bench);
    const means = runMeans(rest, K, d);
    const sums = runMeans(variation, K, (d * (d + 1)) / 2).map((x) => x / K);
    expectUnbiased(bench, "change less ∫ Σ Lφ_I / K", {
      means,
      squares: minus(products(means, means, d), sums),
      start: runMeans(start, K, d),
      rounding: bench.tolerance * size(start),
    });
  },
};

const local: Statute = {
  id: "local",
  title: "in its system each patch moves as it does beside neighbours at rest, in what sites have by themselves",
  unfit: ({ local, rates, settle }) =>
    (!local?.length && "it has no observables that sites have by themselves") ||
    (rates === "unknown" && settle !== undefined && "its packed states do not know their patches"),
  async check(bench) {
    const { d, patches: K, subject, system } = bench;
    const unknown = subject.rates === "unknown";
    const { start, rest } = await (unknown ? besideEvolution(bench) : alongEvolution(bench));
    const rounding = bench.tolerance * size(start);
    const verdict = new Means(system.lanes);
    for (const j of subject.local ?? []) {
      for (let patch = 0; patch < K; patch++) {
        const at = patch * d + j;
        const label = `change of ${j} in patch ${patch} less its own`;
        verdict.addRows(label, column(rest, K * d, at), 1, column(start, K * d, at), 1, rounding);
      }
    }
    verdict.judge();
  },
};

export const SUMS: readonly Statute[] = [drift, local];
