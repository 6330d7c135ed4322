// Laws of whole states: packing, upsampling, times, starts.
import { InputError } from "../../errors.ts";
import { ensure, expectClose, expectSame, size } from "./compare.ts";
import { noRelax, type Statute } from "./law.ts";
import { runMeans } from "./means.ts";
import { expectRefused } from "./refused.ts";

const packing: Statute = {
  id: "packing",
  title: "pack and unpack are inverse, and `words` is the length of a packed replica",
  async check(bench) {
    const { system, unit, subject } = bench;
    for (const side of [subject.side, system.patchSide]) {
      const states = await bench.states(3 * unit, side);
      const words = await system.pack(states);
      ensure(
        words.length === 3 * unit * system.words(side),
        `${words.length} words of ${3 * unit} replicas, ${system.words(side)} each`,
      );
      const back = await bench.unpack(words, side);
      ensure(back.count === states.count && back.side === side, `${back.count} replicas of side ${back.side}`);
      expectSame("packed again", await system.pack(back), words);
      expectSame("observables", await system.observe(back), await system.observe(states));
      const last = await bench.unpack(words.slice(2 * unit * system.words(side)), side);
      const rows = await system.observe(states);
      expectSame("observables of the last", await system.observe(last), rows.slice((2 * rows.length) / 3));
    }
  },
};

const upsampling: Statute = {
  id: "upsample",
  title: "upsampling multiplies the side and keeps what the system says, as a mean over each cohort",
  async check(bench) {
    const { system, unit, subject, d } = bench;
    for (const factor of [2, 3]) {
      const states = await bench.states(3 * unit, system.patchSide);
      const start = await system.observe(states);
      const larger = bench.keep(await system.upsample(states, factor, bench.fresh()));
      ensure(larger.side === factor * states.side, `side ${larger.side} by the factor ${factor} from ${states.side}`);
      ensure(larger.count === states.count, `${larger.count} replicas from ${states.count}`);
      const end = runMeans(await system.observe(larger), system.cohort, d);
      const means = runMeans(start, system.cohort, d);
      for (const j of subject.conserved ?? []) {
        const of = (rows: Float64Array) => rows.filter((_, k) => k % d === j);
        expectClose(`observable ${j} by the factor ${factor}`, of(end), of(means), bench.tolerance * size(start));
      }
    }
  },
};

const keep: Statute = {
  id: "keep",
  title: "some of the states made larger are as they would be among all",
  unfit: (_, { leaps, cohort }) => !(leaps && cohort > 1) && "it makes all of its states larger",
  async check(bench) {
    const { system, unit } = bench;
    const count = 3 * unit;
    const states = await bench.states(count, system.patchSide);
    const at = bench.fresh();
    for (const factor of [2, 6]) {
      const all = await system.pack(bench.keep(await system.upsample(states, factor, at)));
      const width = system.words(factor * system.patchSide);
      for (const step of [1, 3, count]) {
        const some = Uint32Array.from({ length: Math.ceil((count - 1) / step) }, (_, k) => 1 + k * step);
        const large = bench.keep(await system.upsample(states, factor, at, some));
        ensure(large.count === some.length, `${large.count} replicas of ${some.length}`);
        const rows = await system.pack(large);
        for (const [k, replica] of some.entries()) {
          const own = rows.slice(k * width, (k + 1) * width);
          expectSame(`replica ${replica}`, own, all.slice(replica * width, (replica + 1) * width));
        }
      }
    }
  },
};

const noTime: Statute = {
  id: "no-time",
  title: "in no time nothing happens, by any verb",
  async check(bench) {
    const { system, unit } = bench;
    const states = await bench.states(2 * unit);
    const look = async () => [await system.pack(states), await system.observePatches(states)];
    const start = await look();
    const expectStill = async (verb: string) => {
      for (const [k, rows] of (await look()).entries()) expectSame(verb, rows, start[k]);
    };
    await system.evolve(states, 0, bench.fresh());
    await expectStill("evolve");
    if (system.relax) {
      await system.relax(states, 0, bench.fresh());
      await expectStill("relax");
    }
    const change = await system.evolvePatches(states, bench.some(2 * unit), 0, bench.fresh());
    for (const [name, rows] of Object.entries(change)) {
      if (name !== "before" && rows) ensure(size(rows) === 0, `evolvePatches: ${name} is not 0`);
    }
  },
};

const times: Statute = {
  id: "times",
  title: "times that are none are refused in one sentence, and the states stay as they are",
  async check(bench) {
    const { system, unit } = bench;
    const states = await bench.states(unit);
    const start = await system.pack(states);
    const patches = bench.some(unit);
    for (const time of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const verbs = {
        evolve: () => system.evolve(states, time, bench.fresh()),
        evolvePatches: () => system.evolvePatches(states, patches, time, bench.fresh()),
        ...(system.relax && { relax: () => system.relax?.(states, time, bench.fresh()) }),
      };
      for (const [verb, run] of Object.entries(verbs)) {
        await expectRefused(`${verb} for ${time}`, run, String(time), InputError);
        expectSame(`after ${verb} for ${time}`, await system.pack(states), start);
      }
    }
  },
};

const relaxMoves: Statute = {
  id: "relax-moves",
  title: "relaxation moves the states, in place",
  unfit: noRelax,
  async check(bench) {
    const { system, unit, subject } = bench;
    const states = await bench.states(2 * unit);
    const start = await system.pack(states);
    await system.relax?.(states, subject.time, bench.fresh());
    const end = await system.pack(states);
    ensure(
      end.some((word, k) => word !== start[k]),
      "nothing moved",
    );
  },
};

const cohorts: Statute = {
  id: "cohorts",
  title: "replicas of a cohort start alike, cohorts by themselves",
  async check(bench) {
    const { system, subject, d, unit } = bench;
    const { cohort } = system;
    const calls = 80;
    // Two cohorts of one call, in whole batches.
    const count = unit * Math.ceil((2 * cohort) / unit);
    const starts: Float32Array[] = [];
    for (let k = 0; k < calls; k++) {
      const states = await system.initial(count, subject.side, bench.fresh());
      starts.push((await system.observe(states)).slice(0, 2 * cohort * d));
      states.destroy();
    }
    const scale = size(starts.flatMap((rows) => [...rows]));
    for (let j = 0; j < d; j++) {
      const of = (rows: Float32Array, k: number) => rows[k * d + j];
      const means = starts.map((rows) => [
        ...runMeans(
          rows.filter((_, k) => k % d === j),
          cohort,
          1,
        ),
      ]);
      let within = 0;
      for (const [call, rows] of starts.entries()) {
        for (let k = 0; k < 2 * cohort; k++) {
          const off = of(rows, k) - means[call][Math.floor(k / cohort)];
          within += off ** 2 / (2 * cohort * calls);
          if (!subject.alike?.includes(j)) continue;
          ensure(Math.abs(off) <= bench.tolerance * scale, `observable ${j} of replica ${k} is ${off} off its cohort`);
        }
      }
      // From one call to another each cohort varies by itself. Divided by n a correlation of independent cohorts has the variance 1/n.
      const centred = [0, 1].map((which) => {
        const values = means.map((pair) => pair[which]);
        const mean = values.reduce((sum, x) => sum + x, 0) / calls;
        return values.map((x) => x - mean);
      });
      const variance = centred.map((values) => values.reduce((sum, x) => sum + x * x, 0) / calls);
      const between = (variance[0] + variance[1]) / 2;
      if (between === 0) continue;
      const shared = centred[0].reduce((sum, x, k) => sum + x * centred[1][k], 0) / calls;
      const sigmas = (shared / Math.sqrt(variance[0] * variance[1])) * Math.sqrt(calls);
      ensure(
        Math.abs(sigmas) <= 4.5,
        `observable ${j} of neighbouring cohorts: correlated by ${sigmas.toFixed(1)} standard errors`,
      );
      ensure(
        within < between / 4 || cohort === 1,
        `observable ${j} varies by ${within} in a cohort, ${between} between`,
      );
    }
  },
};

export const STATES: readonly Statute[] = [packing, upsampling, keep, noTime, times, relaxMoves, cohorts];
