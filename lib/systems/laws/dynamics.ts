// Laws of the dynamics. Statistical, given the states.
import type { States } from "../system.ts";
import { ensure, expectClose, expectSame, size } from "./compare.ts";
import { noGenerator, noRates, type Statute } from "./law.ts";
import { expectUnbiased, Means, minus, products, type Rows, runMeans, spread } from "./means.ts";
import { type Bench, LONG } from "./subject.ts";

/** A time in which nothing happens, over the usual one. */
const NOTHING = 1e-9;

const generator: Statute = {
  id: "generator",
  title: "the generator is the limit of A / t and Q / t for short times, patch by patch",
  unfit: (subject, system) => noRates(subject) || noGenerator(subject, system),
  async check(bench) {
    const { system, subject, d } = bench;
    const states = await bench.states(bench.unit * Math.ceil(256 / bench.unit));
    const patches = bench.all(states.count);
    const exact = await system.generator?.(states, patches, bench.fresh());
    if (!exact) return;
    const over = async (time: number) => {
      const { compensator, variation } = await system.evolvePatches(states, patches, time, bench.fresh());
      const rate = (rows: Float32Array | null) => Float64Array.from(rows ?? [], (x) => x / time);
      return { drift: rate(compensator), variation: rate(variation) };
    };
    // Before anything happens, and in one step, A and Q are rates times time.
    const least = await over(subject.step ?? NOTHING * subject.time);
    expectClose("A / t", least.drift, exact.drift, 10 * bench.tolerance * size(exact.drift));
    expectClose("Q / t", least.variation, exact.variation, 10 * bench.tolerance * size(exact.variation));
    if (subject.step) return;
    // Then they deviate like t, which two durations remove.
    const [once, twice] = [await over(subject.time / 8), await over(subject.time / 4)];
    const rest = (a: Rows, b: Rows, limit: Rows) => Float64Array.from(a, (x, k) => 2 * x - b[k] - limit[k]);
    const verdict = new Means(system.lanes);
    for (const [name, width] of [
      ["drift", d],
      ["variation", (d * (d + 1)) / 2],
    ] as const) {
      const rows = rest(once[name], twice[name], exact[name]);
      verdict.addRows(
        `${name} of short times and limit`,
        rows,
        width,
        exact.before,
        d,
        bench.tolerance * size(exact[name]),
      );
    }
    verdict.judge();
  },
};

const martingale: Statute = {
  id: "martingale",
  title: "Δ − A has mean 0 whatever the start, and the covariance E[Q]",
  unfit: noRates,
  async check(bench) {
    const { system, subject, d } = bench;
    const states = await bench.states(bench.replicas);
    // A as an average over reversed noise is no integral along the path: Cov(Δ − A) is E[Q] up to t², exactly over one step.
    const times = subject.rates === "antithetic" ? [subject.time, subject.step ?? 0] : [subject.time];
    for (const [k, time] of times.entries()) {
      const patches = bench.some(states.count, Math.min(4, bench.patches));
      const change = await system.evolvePatches(states, patches, time, bench.fresh());
      if (!change.compensator || !change.variation) throw new Error("A and Q are null");
      const rest = minus(change.delta, change.compensator);
      const squares = minus(products(rest, rest, d), change.variation);
      expectUnbiased(bench, `Δ − A over ${time}`, {
        means: rest,
        ...(k === times.length - 1 && { squares }),
        start: change.before,
        rounding: bench.tolerance * size(change.before),
      });
    }
  },
};

/** Two ways from the same states have the same mean change, given the start, and the same covariance. Both are tried twice. */
async function expectSameLaw<S extends States>(
  bench: Bench<S>,
  label: string,
  start: Rows,
  one: () => Promise<Rows>,
  other: () => Promise<Rows>,
): Promise<void> {
  const { d } = bench;
  const [a, b, c, e] = [await one(), await one(), await other(), await other()];
  expectUnbiased(bench, label, {
    means: Float64Array.from(a, (x, k) => (x + b[k] - c[k] - e[k]) / 2),
    squares: minus(spread(a, b, d), spread(c, e, d)),
    start,
    rounding: bench.tolerance * size(start),
  });
}

const onlyPatch: Statute = {
  id: "only-patch",
  title: "a patch as large as the system evolves as the system does",
  async check(bench) {
    const { system, subject } = bench;
    const side = system.patchSide;
    const time = LONG * subject.time;
    const states = await bench.states(bench.replicas, side);
    const start = await system.observe(states);
    const patches = new Uint32Array(states.count);
    if (!subject.skip?.watch) {
      const seen: Float32Array[] = [];
      const { before, delta } = await system.evolvePatches(states, patches, time, bench.fresh(), async (patch) => {
        seen.push(await system.observe(patch));
      });
      const tolerance = 2 * bench.tolerance * size(start);
      expectClose("before", before, start, tolerance);
      expectClose("Δ", delta, minus(seen[1] ?? [], seen[0] ?? []), tolerance);
    }
    const partial = async () => (await system.evolvePatches(states, patches, time, bench.fresh())).delta;
    const evolved = async () => {
      const copy = await bench.copy(states);
      await system.evolve(copy, time, bench.fresh());
      return minus(await system.observe(copy), start);
    };
    await expectSameLaw(bench, "Δ and the change of the system", start, partial, evolved);
  },
};

const alone: Statute = {
  id: "alone",
  title: "a change without its rates has the same law, and nothing beside it",
  async check(bench) {
    const { system, subject } = bench;
    const states = await bench.states(bench.replicas);
    const patches = bench.some(states.count);
    const change = (rates: boolean) =>
      system.evolvePatches(states, patches, subject.time, bench.fresh(), undefined, rates);
    const [full, { before, compensator, variation }] = [await change(true), await change(false)];
    expectSame("before", before, full.before);
    ensure(compensator === null && variation === null, "A or Q that nobody asked for");
    const delta = (rates: boolean) => async () => (await change(rates)).delta;
    await expectSameLaw(bench, "Δ with its rates and without", before, delta(true), delta(false));
  },
};

const semigroup: Statute = {
  id: "semigroup",
  title: "a time in one go or in five has the same law",
  async check(bench) {
    const { system, subject } = bench;
    const states = await bench.states(bench.replicas);
    const start = await system.observe(states);
    const time = LONG * subject.time;
    const part = bench.part(time, 5);
    const evolved = (times: readonly number[]) => async () => {
      const copy = await bench.copy(states);
      for (const time of times) await system.evolve(copy, time, bench.fresh());
      return minus(await system.observe(copy), start);
    };
    const [one, five] = [evolved([time]), evolved([part, part, part, part, time - 4 * part])];
    await expectSameLaw(bench, "one go and five", start, one, five);
  },
};

const equilibrium: Statute = {
  id: "equilibrium",
  title: "relaxation keeps mean and covariance of the observables at equilibrium",
  unfit: ({ equilibration }, { relax }) =>
    relax ? equilibration === undefined && "no time to its equilibrium is told" : "it has no LocalRelax",
  async check(bench) {
    const { system, subject, d } = bench;
    const states = await bench.states(bench.replicas);
    await system.evolve(states, subject.equilibration ?? 0, bench.fresh());
    await bench.settle(states);
    const start = await system.observe(states);
    const means = runMeans(start, states.count, d);
    const centred = (rows: Rows) => Float64Array.from(rows, (x, k) => x - means[k % d]);
    const from = centred(start);
    const rounding = bench.tolerance * size(start);
    const expectKept = (label: string, end: Rows) => {
      const to = centred(end);
      const verdict = new Means(system.lanes);
      const squares = minus(products(to, to, d), products(from, from, d));
      verdict.addRows(`${label}, mean`, minus(to, from), d, [], 0, rounding);
      verdict.addRows(`${label}, covariance`, squares, (d * (d + 1)) / 2, [], 0, rounding ** 2);
      verdict.judge();
    };
    // What relaxation does to a site in a time, evolution does in about four.
    const evolved = await bench.copy(states);
    await system.evolve(evolved, 4 * subject.time, bench.fresh());
    expectKept("`equilibration` is too short, evolution", await system.observe(evolved));
    await system.relax?.(states, subject.time, bench.fresh());
    expectKept("relaxation", await system.observe(states));
  },
};

export const DYNAMICS: readonly Statute[] = [generator, martingale, onlyPatch, alone, semigroup, equilibrium];
