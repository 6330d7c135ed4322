// The magnetization in equilibrium: of a learned equation by long trajectories, of lattices by updates that are no dynamics, and exactly where that is known.

import { casesOf, type Ensemble } from "../../analysis/ensemble.ts";
import { type EquilibriumMean, equilibriumMean, errorOfDraws } from "../../analysis/equilibrium-mean.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { exactMagnetization } from "../../analysis/ising-magnetization.ts";
import type { Gpu } from "../../gpu/device.ts";
import { jsonFormat } from "../../io/format.ts";
import type { Coordinates } from "../../method/coordinates.ts";
import { type Guards, guardsOf } from "../../method/sde/guards.ts";
import type { SdeModel } from "../../method/sde/model.ts";
import { unlessDiverged } from "../../method/sde/rollout.ts";
import { stream } from "../../random/stream.ts";
import { predicted, predictedDraws } from "../../run/learn.ts";
import type { Run } from "../../run/run-folder.ts";
import type { Ising, IsingStates } from "../../systems/ising.ts";
import type { IsingOptions } from "./parameters.ts";
import { isingSystem } from "./plan.ts";

/** Runs start with spins at random places and this magnetization along the field: in its phase, which they then stay in; without a field in that of m > 0. */
const START = 0.9;
/** Trajectories of an equation; looks at them so many sweeps apart, first and at most. */
const RUNS = 128;
/** With the best parameters as many again: from eight draws alone an error is uncertain by a quarter, which makes intervals too narrow. */
const DRAWS = { draws: 31, runs: 4 };
const EVERY = 2;
const FIRST = 100;
const MOST = 6400;
/** Lattices, fewer of large ones, and a word at least; what is done to them between two looks, and how many there are of these. */
const LATTICES = 128;
const MANY_UP_TO = 64;
const WORD = 32;
const SWEEPS = 4;
const CLUSTERS = 4;
const FIRST_ROUNDS = 32;
const MOST_ROUNDS = 2048;

/** ⟨m⟩ in a field, ⟨|m|⟩ without one; `settled` tells whether it is one. */
export interface LearnedEquilibrium extends EquilibriumMean {
  /** Standard error that the training data leave, from draws of the parameters; NaN where that is not known. */
  readonly training: number;
  readonly guards: Guards;
}

export interface TrueEquilibrium {
  readonly direct: EquilibriumMean;
  readonly exact: number | null;
}

const startOf = ({ h }: IsingOptions) => (h < 0 ? -START : START);
const quantityOf = ({ h }: IsingOptions) => (h === 0 ? Math.abs : (m: number) => m);

/** null for an equation that runs away. `step`: dt and scheme; `alone`: whether what training leaves open is wanted. */
export async function learnedEquilibrium(
  run: Run,
  gpu: Gpu,
  label: string,
  model: SdeModel,
  { system, coordinates, p, step, seed, alone }: Learning,
): Promise<LearnedEquilibrium | null> {
  const prepared = await system.prepared(RUNS, p.L, startOf(p), stream(seed, "equilibrium/start"));
  const first = await coordinates.whole(prepared).finally(() => prepared.destroy());
  const of = quantityOf(p);
  const follow = async (piece: number, looks: number, start: Float32Array) => {
    const name = `${label}/equilibrium-${piece}`;
    const times = evenGrid(0, looks * EVERY, looks + 1);
    const at = { times, cases: 1, ...step, seed, purpose: `equilibrium/${piece}/${label}` };
    return { name, at, start, trajectories: await predicted(run, gpu, name, model, start, at) };
  };
  const pieces: Awaited<ReturnType<typeof follow>>[] = [];
  const found = await unlessDiverged(
    equilibriumMean(
      async (piece, looks) => {
        const before = pieces.at(-1)?.trajectories.data;
        const next = await follow(piece, looks, before?.slice(-first.length) ?? first);
        pieces.push(next);
        return seriesOf(next.trajectories, of);
      },
      { every: EVERY, first: FIRST, most: MOST },
    ),
  );
  if (!found) return null;
  const { name, at, start, trajectories } = pieces[pieces.length - 1];
  const drawn = await unlessDiverged(predictedDraws(run, gpu, name, model, start, at, alone, DRAWS));
  const ranges = system.observables.map(({ range }) => range ?? null);
  return {
    ...found,
    training: drawn ? errorOfDraws(casesOf(drawn).map((one) => seriesOf(one, of))) : Number.NaN,
    guards: guardsOf(model, trajectories, ranges),
  };
}

interface Learning {
  readonly system: Ising;
  readonly coordinates: Coordinates<IsingStates>;
  readonly p: IsingOptions;
  readonly step: { readonly dt: number; readonly scheme: "euler" | "heun" };
  readonly seed: number;
  readonly alone: boolean;
}

/** Of m at all times but the first of one case, `[runs][looks]`. */
function seriesOf({ times, runs, d, data }: Ensemble, of: (m: number) => number): number[][] {
  const at = (t: number, r: number) => of(data[(t * runs + r) * d]);
  return Array.from({ length: runs }, (_, r) => Array.from({ length: times.length - 1 }, (_, k) => at(k + 1, r)));
}

const MEAN = jsonFormat<EquilibriumMean>("equilibrium");

/**
 * Lattices of side L in the phase of the field, out of which rare visits to the other are not waited for: sweeps by heat bath, one colour of the checkerboard after the other, and without a field also flips of clusters (Wolff), which
 * keep the law too and are fast where sweeps are slow. Kept in the run.
 */
export async function trueEquilibrium(gpu: Gpu, run: Run, p: IsingOptions, seed: number): Promise<TrueEquilibrium> {
  const { L: side, T, h } = p;
  const of = quantityOf(p);
  const work = async () => {
    const system = isingSystem(gpu, p, { patch: Math.max(...p.patches), closure: "none", boundary: "halo" });
    const count = Math.min(LATTICES, Math.max(WORD, Math.round(LATTICES * (MANY_UP_TO / side) ** 2)));
    const states = await system.prepared(count, side, startOf(p), stream(seed, "equilibrium/lattices"));
    const d = system.observables.length;
    try {
      return await equilibriumMean(
        async (piece, looks) => {
          const series = Array.from({ length: count }, (): number[] => []);
          for (let look = 0; look < looks; look++) {
            await system.sweep(states, SWEEPS, stream(seed, `equilibrium/sweep/${piece}`, look));
            if (h === 0) await system.flipClusters(states, CLUSTERS, stream(seed, `equilibrium/flip/${piece}`, look));
            const z = await system.observe(states);
            for (const [r, values] of series.entries()) values.push(of(z[r * d]));
          }
          return series;
        },
        { every: 1, first: FIRST_ROUNDS, most: MOST_ROUNDS },
      );
    } finally {
      states.destroy();
    }
  };
  const direct = await run.phase("direct simulation", () => run.keep("equilibrium", MEAN, work));
  return { direct, exact: exactMagnetization(side, T, h) };
}
