// Laws of patches, exact ones: what patches are of their system, and what partial evolution says of itself.
import { antitheticMean, differences, type Moment, type States, type System } from "../system.ts";
import { ensure, expectClose, expectSame, size } from "./compare.ts";
import { noGenerator, type Statute } from "./law.ts";
import { runMeans } from "./means.ts";
import { expectRefused } from "./refused.ts";
import type { Bench } from "./subject.ts";

const whole: Statute = {
  id: "whole",
  title: "the means of the observables over all patches are those of the system",
  async check(bench) {
    const { system, d, patches } = bench;
    const states = await bench.states(4 * bench.unit);
    const found = await system.observe(states);
    const rows = await system.observePatches(states);
    ensure(rows.length === found.length * patches, `${rows.length} numbers of ${patches} patches`);
    expectClose("means over the patches", runMeans(rows, patches, d), found, bench.tolerance * size(found));
  },
};

/** Rows of the chosen patches `[count, P]` out of those of all `[count, K, d]`. */
function chosenRows(rows: Float32Array, patches: Uint32Array, count: number, K: number, d: number): Float32Array {
  const each = patches.length / count;
  return Float32Array.from({ length: patches.length * d }, (_, at) => {
    const pair = Math.floor(at / d);
    return rows[(Math.floor(pair / each) * K + patches[pair]) * d + (at % d)];
  });
}

const before: Statute = {
  id: "before",
  title: "a change and the generator start at the observables of the chosen patches, pair by pair",
  async check(bench) {
    const { system, subject, d } = bench;
    const count = 2 * bench.unit;
    const states = await bench.states(count);
    const patches = bench.some(count, Math.min(3, bench.patches));
    const wanted = chosenRows(await system.observePatches(states), patches, count, bench.patches, d);
    const tolerance = bench.tolerance * size(wanted);
    const change = await system.evolvePatches(states, patches, subject.time, bench.fresh());
    expectClose("evolvePatches", change.before, wanted, tolerance);
    const generated = await system.generator?.(states, patches, bench.fresh());
    if (generated) expectClose("generator", generated.before, wanted, tolerance);
    const known = subject.rates !== "unknown";
    const pairs = patches.length;
    for (const [name, width, needed] of [
      ["delta", d, true],
      ["compensator", d, known],
      ["variation", (d * (d + 1)) / 2, known],
    ] as const) {
      const length = change[name]?.length;
      ensure(length === (needed ? pairs * width : undefined), `${name} has ${length} numbers for ${pairs} pairs`);
    }
  },
};

const lazy: Statute = {
  id: "lazy",
  title: "the generator sees the patches that an evolution of the same stream starts from, drawn before or not",
  unfit: noGenerator,
  async check(bench) {
    const { system, unit, subject } = bench;
    const count = 3 * unit;
    const at = bench.fresh();
    const patches = bench.some(count, Math.min(2, bench.patches));
    const fresh = bench.keep(await system.initial(count, subject.side, bench.fresh()));
    const generated = await system.generator?.(fresh, patches, at);
    const change = await system.evolvePatches(fresh, patches, subject.time, at);
    expectSame("before", generated?.before ?? null, change.before);
  },
};

const untouched: Statute = {
  id: "untouched",
  title: "looking at states and evolving their patches leaves them as they are",
  async check(bench) {
    const { system, subject } = bench;
    const count = 3 * bench.unit;
    const states = await bench.states(count);
    const patches = bench.some(count, Math.min(2, bench.patches));
    const look = async () => [await system.pack(states), await system.observePatches(states)];
    const start = await look();
    const verbs: Record<string, () => Promise<unknown> | undefined> = {
      observe: () => system.observe(states),
      pack: () => system.pack(states),
      evolvePatches: () => system.evolvePatches(states, patches, subject.time, bench.fresh()),
      "evolvePatches with a watch": () =>
        system.evolvePatches(states, patches, subject.time, bench.fresh(), async () => {}),
      generator: () => system.generator?.(states, patches, bench.fresh()),
      "generator with a watch": () => system.generator?.(states, patches, bench.fresh(), async () => {}),
      upsample: async () => bench.keep(await system.upsample(states, 2, bench.fresh())),
    };
    for (const [verb, run] of Object.entries(verbs)) {
      await run();
      for (const [k, rows] of (await look()).entries()) expectSame(verb, rows, start[k]);
    }
  },
};

interface Seen {
  readonly moment: Moment;
  readonly count: number;
  readonly side: number;
  readonly rows: Float32Array;
  readonly words: Uint32Array;
}

/** What a watch sees: observables and packed patches. */
function watcher<S extends States>(system: System<S>) {
  const seen: Seen[] = [];
  const watch = async (states: S, moment: Moment) => {
    const { count, side } = states;
    seen.push({ moment, count, side, rows: await system.observe(states), words: await system.pack(states) });
  };
  return { seen, watch };
}

const watching: Statute = {
  id: "watch",
  title: "a watch sees the patches of all pairs in their order, once at each moment, and changes nothing",
  async check(bench) {
    const { system, subject } = bench;
    const count = 2 * bench.unit;
    const states = await bench.states(count);
    const patches = bench.some(count, Math.min(3, bench.patches));
    const at = bench.fresh();
    const { seen, watch } = watcher(system);
    const change = await system.evolvePatches(states, patches, subject.time, at, watch);
    expectSeen(bench, "evolvePatches", seen, patches.length, ["after", "mirrored"], change.before);
    const unseen = await system.evolvePatches(states, patches, subject.time, at);
    expectSame("Δ without a watch", unseen.delta, change.delta);
    expectSame("A without a watch", unseen.compensator, change.compensator);
    expectSame("Q without a watch", unseen.variation, change.variation);
    const [start, end, mirrored] = seen.map(({ rows }) => rows);
    if (mirrored) {
      expectClose("Δ of what is seen", change.delta, differences(end, start), 0);
      ensure(change.compensator !== null, "there is no compensator");
      expectClose("½ (Δ⁺ + Δ⁻) of what is seen", change.compensator ?? [], antitheticMean(start, end, mirrored), 0);
      const [plus, minus] = [end, mirrored].map((rows) => size(differences(rows, start)));
      ensure(plus > 0 && minus > 0 && size(differences(end, mirrored)) > 0, "the reversed evolution is the same");
    }
    if (system.generator) {
      const other = watcher(system);
      const generated = await system.generator(states, patches, at, other.watch);
      expectSeen(bench, "generator", other.seen, patches.length, [], generated.before);
      const plain = await system.generator(states, patches, at);
      const tolerance = bench.tolerance * size(plain.drift);
      expectClose("Lφ without a watch", plain.drift, generated.drift, tolerance);
      expectClose("Γ without a watch", plain.variation, generated.variation, bench.tolerance * size(plain.variation));
    }
  },
};

/** Before, then the moments of `later` that the system has. */
function expectSeen<S extends States>(
  { subject, system, d, tolerance }: Bench<S>,
  verb: string,
  seen: readonly Seen[],
  pairs: number,
  later: readonly Moment[],
  start: Float32Array,
): void {
  const moments = ["before", ...(subject.rates === "antithetic" ? later : later.slice(0, 1))];
  const found = seen.map(({ moment }) => moment);
  ensure(found.join() === moments.join(), `${verb}: seen ${found.join(", ")}, not ${moments.join(", ")}`);
  for (const { moment, count, side } of seen) {
    ensure(count === pairs && side === system.patchSide, `${verb}, ${moment}: ${count} patches of side ${side}`);
  }
  for (const j of subject.watched ?? Array.from({ length: d }, (_, k) => k)) {
    const of = (rows: Float32Array) => rows.filter((_, k) => k % d === j);
    expectClose(`${verb}: observable ${j} before`, of(seen[0].rows), of(start), tolerance * size(start));
  }
}

const paste: Statute = {
  id: "paste",
  title: "Δ is K times the change of the system with the evolved patch in it",
  unfit: ({ paste }) => !paste && "how to put a patch into a system is not told",
  async check(bench) {
    const { system, subject, patches: K } = bench;
    const { side, time } = subject;
    const count = bench.unit * Math.ceil(48 / bench.unit);
    const states = await bench.states(count);
    const patches = bench.some(count);
    const { seen, watch } = watcher(system);
    const change = await system.evolvePatches(states, patches, time, bench.fresh(), watch);
    const words = await system.pack(states);
    const perState = system.words(side);
    const perPatch = system.words(system.patchSide);
    const put = (moment: Moment) => {
      const packed = seen.find((one) => one.moment === moment)?.words;
      if (!packed) throw new Error(`no patches are seen ${moment}`);
      const wholes = words.slice();
      for (const [r, patch] of patches.entries()) {
        const own = packed.subarray(r * perPatch, (r + 1) * perPatch);
        subject.paste?.(wholes.subarray(r * perState, (r + 1) * perState), own, patch, side);
      }
      return wholes;
    };
    expectSame("systems with the patches that they had", put("before"), words);
    const start = await system.observe(states);
    const tolerance = 2 * K * bench.tolerance * size(start);
    const changed = async (moment: Moment) => {
      const end = await system.observe(await bench.unpack(put(moment)));
      return differences(end, start).map((change) => K * change);
    };
    const delta = await changed("after");
    ensure(size(delta) > 100 * tolerance, `nothing changed: ${size(delta)}`);
    expectClose("Δ", change.delta, delta, tolerance);
    if (subject.rates === "antithetic" && change.compensator) {
      const mirrored = await changed("mirrored");
      expectClose(
        "A",
        change.compensator,
        delta.map((x, k) => (x + mirrored[k]) / 2),
        tolerance,
      );
    }
  },
};

const choice: Statute = {
  id: "patches",
  title: "patches that are not there, or not the same number for each replica, are refused in one sentence",
  async check(bench) {
    const { system, subject, patches: K } = bench;
    // One replica could have any number of patches.
    const count = 2 * bench.unit;
    const states = await bench.states(count);
    const wrong = bench.some(count);
    wrong[count - 1] = K;
    const uneven = new Uint32Array(count + 1);
    const verbs = {
      evolvePatches: (patches: Uint32Array) => system.evolvePatches(states, patches, subject.time, bench.fresh()),
      ...(system.generator && {
        generator: (patches: Uint32Array) => system.generator?.(states, patches, bench.fresh()),
      }),
    };
    for (const [verb, run] of Object.entries(verbs)) {
      await expectRefused(`${verb}, patch ${K} of ${K}`, () => run(wrong), String(K));
      const label = `${verb}, ${count + 1} patches of ${count} replicas`;
      await expectRefused(label, () => run(uneven), String(count + 1));
    }
  },
};

export const PATCHES: readonly Statute[] = [whole, before, lazy, untouched, watching, paste, choice];
