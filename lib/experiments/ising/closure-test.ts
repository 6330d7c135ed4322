// Whether the variables of an equation decide their own future: lattices in the middle of their way, predicted from the z that they have there.
import { type MeanTest, meanTest } from "../../analysis/mean-test.ts";
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Format } from "../../io/format.ts";
import { batchThatFits } from "../../method/batch.ts";
import type { Coordinates } from "../../method/coordinates.ts";
import type { SdeModel } from "../../method/sde/model.ts";
import type { RolloutOptions } from "../../method/sde/rollout.ts";
import { stream } from "../../random/stream.ts";
import { predicted } from "../../run/learn.ts";
import { withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import type { Ising, IsingStates } from "../../systems/ising.ts";
import type { IsingOptions } from "./parameters.ts";

/** When lattices are taken, and how much later they are looked at again (sweeps). */
export const MIDWAY = { from: 10, later: 20 } as const;
/** m and ρ. */
const OBSERVABLES = 2;

/** Lattices of every start at one time, packed, `[cases · runs, words]`, and m and ρ of them later, `[cases · runs, 2]`. */
export interface Midway {
  readonly words: Uint32Array;
  readonly later: Float32Array;
}

const MIDWAY_FILE: Format<Midway> = {
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

/** Direct simulations from every start, kept. */
export function latticesMidway(run: Run, system: Ising, p: IsingOptions, seed: number): Promise<Midway> {
  const { L: side, m0, trueRuns: runs } = p;
  const width = system.words(side);
  const work = () =>
    withProgress("closure test", m0.length * runs, async (bar) => {
      const words = new Uint32Array(m0.length * runs * width);
      const later = new Float32Array(m0.length * runs * OBSERVABLES);
      const batch = batchThatFits(system, side, runs);
      for (const [c, m] of m0.entries()) {
        for (let first = 0; first < runs; first += batch) {
          const count = Math.min(batch, runs - first);
          const states = await system.prepared(count, side, m, stream(seed, "midway/start", c, first));
          try {
            await system.evolve(states, MIDWAY.from, stream(seed, `midway/${c}`, 0, first));
            const at = c * runs + first;
            words.set(await system.pack(states), at * width);
            await system.evolve(states, MIDWAY.later, stream(seed, `midway/${c}`, 1, first));
            later.set(await system.observe(states), at * OBSERVABLES);
          } finally {
            states.destroy();
          }
          bar.add(count);
        }
      }
      return { words, later };
    });
  return run.phase("closure test", () => run.keep("midway", MIDWAY_FILE, work));
}

/**
 * One prediction from the z of every lattice: how far m and ρ are off later, in the mean, a test for every start. `system` of the
 * coordinates; `lanes` lattices share random numbers.
 */
export async function closureTests(
  run: Run,
  gpu: Gpu,
  name: string,
  { words, later }: Midway,
  { system, coordinates, model }: { system: Ising; coordinates: Coordinates<IsingStates>; model: SdeModel },
  { L: side, m0, trueRuns: runs }: IsingOptions,
  step: Pick<RolloutOptions, "dt" | "scheme">,
  seed: number,
): Promise<MeanTest[]> {
  const width = system.words(side);
  const count = m0.length * runs;
  const batch = batchThatFits(system, side, runs);
  const starts = new Float32Array(count * model.d);
  for (let first = 0; first < count; first += batch) {
    const states = await system.unpack(words.subarray(first * width, (first + batch) * width), side);
    try {
      starts.set(await coordinates.whole(states), first * model.d);
    } finally {
      states.destroy();
    }
  }
  const times = Float64Array.of(0, MIDWAY.later);
  const at = { times, ...step, seed, purpose: `midway/${name}` };
  const { data, d } = await predicted(run, gpu, `${name}/midway`, model, starts, at, "closure test");
  const off = later.map((value, k) => {
    const [row, j] = [Math.floor(k / OBSERVABLES), k % OBSERVABLES];
    return value - data[(count + row) * d + j];
  });
  return m0.map((_, c) =>
    meanTest(off.subarray(c * runs * OBSERVABLES, (c + 1) * runs * OBSERVABLES), OBSERVABLES, system.lanes),
  );
}
