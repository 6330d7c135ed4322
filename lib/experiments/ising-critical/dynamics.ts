// Kinetics: correlation times of m of Glauber dynamics, simulated directly from equilibrium, and trajectories of learned equations from their
// stationary laws. A stationary law can be right where kinetics are too fast.
import { correlationTime } from "../../analysis/correlation-time.ts";
import { type Ensemble, ensemble } from "../../analysis/ensemble.ts";
import {
  type Critical,
  eachQuantity,
  jackknifed,
  magnetizationMoments,
  type Uncertain,
} from "../../analysis/finite-size.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { jackknifeError } from "../../analysis/mean.ts";
import type { PlanarLaw } from "../../analysis/stationary-law.ts";
import type { Gpu } from "../../gpu/device.ts";
import { jsonFormat } from "../../io/format.ts";
import { simulateDirectly } from "../../method/direct.ts";
import type { SdeModel } from "../../method/sde/model.ts";
import { rollout, unlessDiverged } from "../../method/sde/rollout.ts";
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import { simulatedTruth } from "../../run/learn.ts";
import { withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import { COHORT, Ising } from "../../systems/ising.ts";
import { isPhysical } from "../../systems/ising-classes.ts";
import { equilibrated } from "./equilibrium.ts";
import { equationAt, gridOf, lawOn } from "./laws.ts";
import type { CriticalOptions } from "./parameters.ts";
import type { Learned } from "./training.ts";

/** Looks along a trajectory, and how many of the learned correlation times it is long: direct simulation may have longer ones. */
const LOOKS = 96;
export const TIMES = 8;
const DIRECT_TIMES = 12;
/** Direct simulation is no longer, however slow the lattice is. */
const MOST_SWEEPS = 1e6;
/** Groups of runs that errors come from. */
const GROUPS = 16;

/** m of every run of an ensemble in (m, …), `[runs][times]`. */
const magnetizations = ({ times, runs, d, data }: Ensemble): Float64Array[] =>
  Array.from({ length: runs }, (_, r) => Float64Array.from(times, (_, t) => data[(t * runs + r) * d]));

/** A correlation time with its jackknife error over groups of runs, of whole clusters of those that depend on each other. */
function timeOf(series: readonly Float64Array[], every: number, cluster: number): Uncertain {
  const size = Math.ceil(series.length / GROUPS / cluster) * cluster;
  const count = Math.ceil(series.length / size);
  const error = jackknifeError(count, (left) =>
    correlationTime(
      series.filter((_, r) => Math.floor(r / size) !== left),
      every,
    ),
  );
  return { value: correlationTime(series, every), error, count };
}

/** What direct simulation of lattices of a side says at the temperature of the scaling. */
export interface Course {
  readonly side: number;
  /** Correlation time of m, sweeps. */
  readonly tau: Uncertain;
  readonly quantities: Critical<Uncertain>;
  /** Attempts to flip a spin that it took, the way into equilibrium not counted. */
  readonly updates: number;
}

/** Glauber dynamics of lattices of `side` from equilibrium, long beside the learned correlation time `tau`. */
export async function directCourse(
  run: Run,
  gpu: Gpu,
  p: CriticalOptions,
  side: number,
  tau: number,
  seed: number,
): Promise<Course> {
  const system = new Ising(gpu, { temperature: p.T, field: 0, patchSide: side });
  const every = Math.max(1, Math.round(Math.min(MOST_SWEEPS, DIRECT_TIMES * tau) / LOOKS));
  const times = evenGrid(0, LOOKS * every, LOOKS + 1);
  const name = `course${side}`;
  const { course } = await simulatedTruth(
    run,
    () =>
      withProgress(`direct simulation, ${side}²`, p.courseRuns * times.length, async (bar) => {
        const prepare = async (from: number, to: number) => {
          const at = (what: string) => stream(seed, `${name}/${what}`, 0, from);
          const lattices = { count: to - from, side, temperature: p.T };
          return equilibrated(system, lattices, at("start"), at("equilibrium"));
        };
        const onTime = (count: number) => bar.add(count);
        const options = { cases: 1, runs: p.courseRuns, side, times, seed, purpose: name, onTime };
        const [course] = await simulateDirectly(system, prepare, options, [(states) => system.observe(states)]);
        return { course };
      }),
    name,
  );
  const series = magnetizations(course);
  return {
    side,
    tau: timeOf(series, every, COHORT),
    quantities: jackknifed(series.map(magnetizationMoments), side ** 2, p.T),
    updates: p.courseRuns * LOOKS * every * side ** 2,
  };
}

/** States drawn from a law on a grid, uniform within cells, `[count, 2]`. */
export function drawnFrom(
  { points, probability }: PlanarLaw,
  spacing: readonly [number, number],
  count: number,
  rng: Xoshiro,
) {
  const cumulative = Float64Array.from(probability);
  for (let k = 1; k < cumulative.length; k++) cumulative[k] = cumulative[k - 1] + Math.max(0, cumulative[k]);
  const total = cumulative[cumulative.length - 1];
  const states = new Float32Array(2 * count);
  for (let r = 0; r < count; r++) {
    const u = rng.uniform() * total;
    let [low, high] = [0, cumulative.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle] < u) low = middle + 1;
      else high = middle;
    }
    for (let j = 0; j < 2; j++) states[2 * r + j] = points[2 * low + j] + spacing[j] * (rng.uniform() - 0.5);
  }
  return states;
}

/** What trajectories of an equation say of its stationary law; all NaN where they run away. */
export interface Rolled extends Critical<Uncertain> {
  readonly dt: number;
  readonly tau: Uncertain;
  /** Part of the time that they are where no lattice can be. */
  readonly unphysical: number;
}

export interface RolledOptions {
  readonly side: number;
  readonly temperature: number;
  /** Sweeps. */
  readonly length: number;
  readonly dt: number;
  readonly seed: number;
  /** Of the random numbers. */
  readonly purpose: string;
  /** Part of the length that nothing is averaged over; none by default, for stationary starts. */
  readonly forget?: number;
}

/** Trajectories from `start` `[runs, d]`, m first: moments over their time, and the correlation time. */
export async function rolledOut(
  gpu: Gpu,
  equation: SdeModel,
  start: Float32Array,
  { side, temperature, length, dt, seed, purpose, forget = 0 }: RolledOptions,
): Promise<Rolled> {
  const every = Math.max(dt, dt * Math.round(length / LOOKS / dt));
  const times = evenGrid(0, LOOKS * every, LOOKS + 1);
  const options = { times, dt, scheme: "heun" as const, stream: stream(seed, `rollout/${purpose}/${side}`) };
  const runs = await unlessDiverged(rollout(gpu, equation, start, options));
  const unknown = { value: Number.NaN, error: Number.NaN };
  if (!runs) return { dt, tau: unknown, unphysical: Number.NaN, ...eachQuantity(() => unknown) };
  const { d, data } = runs;
  let unphysical = 0;
  for (let at = 0; at < data.length; at += d) if (!isPhysical(data[at], data[at + 1])) unphysical += d / data.length;
  const first = Math.round(forget * LOOKS);
  const series = magnetizations(ensemble({ ...runs, cases: 1 }, runs.data)).map((m) => m.subarray(first));
  const tau = timeOf(series, every, 1);
  return { dt, tau, unphysical, ...jackknifed(series.map(magnetizationMoments), side ** 2, temperature) };
}

/** Trajectories of an equation, as a file keeps them. */
export const ROLLED = jsonFormat<Rolled[]>("trajectories");

/** Trajectories of an equation at the temperature of the scaling from its stationary law, with the step of the run and half of it. */
export async function rolledFrom(
  gpu: Gpu,
  learned: Learned,
  p: CriticalOptions,
  side: number,
  tau: number,
  seed: number,
): Promise<Rolled[]> {
  const equation = equationAt(learned, p.T, side);
  const grid = gridOf(equation, learned, p.cells);
  const law = lawOn(grid, equation);
  const spacing = [(grid.x.high - grid.x.low) / grid.x.cells, (grid.y.high - grid.y.low) / grid.y.cells] as const;
  const start = drawnFrom(law, spacing, p.runs, Xoshiro.open(stream(seed, `rollout/start/${side}`), 0, 0));
  const length = Math.min(p.horizon, TIMES * tau);
  const steps: Rolled[] = [];
  for (const dt of [p.dt, p.dt / 2]) {
    const purpose = `step ${dt}`;
    steps.push(await rolledOut(gpu, equation, start, { side, temperature: p.T, length, dt, seed, purpose }));
  }
  return steps;
}
