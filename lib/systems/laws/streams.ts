// Laws of random streams: what a replica does depends on its address alone.
import type { States } from "../system.ts";
import { ensure, expectSame } from "./compare.ts";
import type { Statute } from "./law.ts";
import type { Bench } from "./subject.ts";

/** Where a batch of five units is cut: a unit alone, a part, the rest. */
const CUTS = [0, 1, 3, 5];

type Rows = (Float32Array | Uint32Array | null)[];

/** The rows of a whole batch are those of its parts; `rows` computes the replicas [from, to). */
async function expectUncut(label: string, unit: number, rows: (from: number, to: number) => Promise<Rows>) {
  const whole = await rows(0, unit * CUTS[CUTS.length - 1]);
  for (const [k, end] of CUTS.slice(1).entries()) {
    const [from, to] = [CUTS[k], end];
    for (const [r, part] of (await rows(unit * from, unit * to)).entries()) {
      const all = whole[r];
      const width = (all?.length ?? 0) / CUTS[CUTS.length - 1];
      const wanted = all?.slice(from * width, to * width) ?? null;
      expectSame(`${label}, replicas ${unit * from} to ${unit * to}, array ${r}`, part, wanted);
    }
  }
}

const initialBatches: Statute = {
  id: "initial-batches",
  title: "a replica starts the same in any batch",
  async check(bench) {
    const { system, unit } = bench;
    const at = bench.fresh();
    await expectUncut("initial", unit, async (from, to) => {
      const states = await system.initial(to - from, bench.subject.side, { ...at, replica: from });
      return [await system.pack(bench.keep(states))];
    });
  },
};

const batches: Statute = {
  id: "batches",
  title: "a replica and a pair are the same in any batch, by every verb",
  async check<S extends States>(bench: Bench<S>) {
    const { system, unit, subject } = bench;
    const count = unit * CUTS[CUTS.length - 1];
    const { time } = subject;
    const words = await system.pack(await bench.states(count));
    const each = Math.min(2, bench.patches);
    const patches = bench.some(count, each);
    const perState = system.words(subject.side);
    const [drawn, at] = [bench.fresh(), bench.fresh()];
    const part = async (from: number, to: number, settled: boolean): Promise<S> => {
      const states = await bench.unpack(words.slice(from * perState, to * perState));
      if (settled) await bench.settle(states, { ...drawn, replica: from });
      return states;
    };
    const looked = async (states: S) => [await system.pack(states), await system.observe(states)];
    for (const settled of subject.settle ? [true, false] : [true]) {
      const label = (verb: string) => (settled ? verb : `${verb} of states that are not settled`);
      await expectUncut(label("evolve"), unit, async (from, to) => {
        const states = await part(from, to, settled);
        await system.evolve(states, time, { ...at, replica: from });
        const rows = await looked(states);
        return settled ? [...rows, await system.observePatches(states)] : rows;
      });
      await expectUncut(label("upsample"), unit, async (from, to) => {
        const states = await part(from, to, settled);
        return looked(bench.keep(await system.upsample(states, 2, { ...at, replica: from })));
      });
      await expectUncut(label("evolvePatches"), unit, async (from, to) => {
        const states = await part(from, to, settled);
        const chosen = patches.slice(from * each, to * each);
        const change = await system.evolvePatches(states, chosen, time, { ...at, replica: from * each });
        return [change.before, change.delta, change.compensator, change.variation];
      });
      if (system.generator) {
        await expectUncut(label("generator"), unit, async (from, to) => {
          const states = await part(from, to, settled);
          const chosen = patches.slice(from * each, to * each);
          const found = await system.generator?.(states, chosen, { ...at, replica: from * each });
          return found ? [found.before, found.drift, found.variation] : [];
        });
      }
      if (system.relax) {
        await expectUncut(label("relax"), unit, async (from, to) => {
          const states = await part(from, to, settled);
          await system.relax?.(states, time, { ...at, replica: from });
          return [...(await looked(states)), await system.observePatches(states)];
        });
      }
    }
  },
};

const noise: Statute = {
  id: "noise",
  title: "the same stream gives the same evolution; another seed, purpose, step or replica another one",
  async check(bench) {
    const { system, unit, subject } = bench;
    const start = await bench.states(unit * Math.ceil(32 / unit));
    const evolved = async (at = bench.fresh()) => {
      const states = await bench.copy(start);
      await system.evolve(states, subject.time, at);
      return system.pack(states);
    };
    const at = bench.fresh();
    const once = await evolved(at);
    expectSame("the same stream", await evolved(at), once);
    const others = {
      seed: { ...at, seed: at.seed + 1 },
      purpose: { ...at, purpose: (at.purpose ^ 1) >>> 0 },
      step: { ...at, step: at.step + 1 },
      replica: { ...at, replica: at.replica + unit },
    };
    for (const [name, other] of Object.entries(others)) {
      const words = await evolved(other);
      ensure(
        words.some((word, k) => word !== once[k]),
        `another ${name} gives the same evolution`,
      );
    }
  },
};

export const STREAMS: readonly Statute[] = [initialBatches, batches, noise];
