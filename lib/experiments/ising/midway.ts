// Lattices in the middle of their way, for the closure test: kept whole, so that every closure can be asked for its z of them.
import { InputError } from "../../errors.ts";
import type { Format } from "../../io/format.ts";
import { batchThatFits } from "../../method/batch.ts";
import type { Coordinates } from "../../method/coordinates.ts";
import { stream } from "../../random/stream.ts";
import { type Midway, midwayTimes } from "../../run/closure-test.ts";
import { withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import type { Ising, IsingStates } from "../../systems/ising.ts";
import { OBSERVABLES } from "./data.ts";
import type { IsingOptions } from "./parameters.ts";

/** Lattices of every start at one time (sweeps), packed, `[cases · runs, words]`, and m and ρ of them later, `[cases · runs, 2]`. */
export interface Lattices {
  readonly words: Uint32Array;
  readonly later: Float32Array;
}

const LATTICES: Format<Lattices> = {
  write: ({ words, later }) => ({
    tensors: { words: { shape: [words.length], data: words }, later: { shape: [later.length], data: later } },
    text: {},
  }),
  read: ({ tensors: { words, later } }) => {
    if (!(words?.data instanceof Uint32Array && later?.data instanceof Float32Array))
      throw new InputError("the file holds no lattices midway");
    return { words: words.data, later: later.data };
  },
};

/** Direct simulations from every start, kept; `times` of the experiment. */
export function latticesMidway(
  run: Run,
  system: Ising,
  p: IsingOptions,
  times: Float64Array,
  seed: number,
): Promise<Lattices> {
  const { L: side, m0, trueRuns: runs } = p;
  const width = system.words(side);
  const { begin, end } = midwayTimes(times);
  const work = () =>
    withProgress("closure test", m0.length * runs, async (bar) => {
      const words = new Uint32Array(m0.length * runs * width);
      const later = new Float32Array(m0.length * runs * OBSERVABLES.length);
      const batch = batchThatFits(system, side, runs);
      for (const [c, m] of m0.entries()) {
        for (let first = 0; first < runs; first += batch) {
          const count = Math.min(batch, runs - first);
          const states = await system.prepared(count, side, m, stream(seed, "midway/start", c, first));
          try {
            await system.evolve(states, times[begin], stream(seed, `midway/${c}`, 0, first));
            const at = c * runs + first;
            words.set(await system.pack(states), at * width);
            await system.evolve(states, times[end] - times[begin], stream(seed, `midway/${c}`, 1, first));
            later.set(await system.observe(states), at * OBSERVABLES.length);
          } finally {
            states.destroy();
          }
          bar.add(count);
        }
      }
      return { words, later };
    });
  return run.phase("closure test", () => run.keep("midway", LATTICES, work));
}

/** z of these lattices; `system` that of the coordinates. */
export async function midwayBy(
  system: Ising,
  coordinates: Coordinates<IsingStates>,
  { words, later }: Lattices,
  { L: side, m0, trueRuns: runs }: IsingOptions,
  times: Float64Array,
): Promise<Midway> {
  const width = system.words(side);
  const count = m0.length * runs;
  const batch = batchThatFits(system, side, runs);
  const { d } = coordinates;
  const state = new Float32Array(count * d);
  for (let first = 0; first < count; first += batch) {
    const states = await system.unpack(words.subarray(first * width, (first + batch) * width), side);
    try {
      state.set(await coordinates.whole(states), first * d);
    } finally {
      states.destroy();
    }
  }
  const { begin, end } = midwayTimes(times);
  const [from, lag] = [times[begin], times[end] - times[begin]];
  return { cases: m0.length, from, lag, state, later, observables: OBSERVABLES.length, cluster: system.lanes };
}
