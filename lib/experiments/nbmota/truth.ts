// What direct kinetic Monte Carlo says: equilibrium of annealed lattices at every temperature, and the relaxation from disorder.
import type { Ensemble } from "../../analysis/ensemble.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { average, meanWithError } from "../../analysis/mean.ts";
import type { Gpu } from "../../gpu/device.ts";
import { simulateDirectly } from "../../method/direct.ts";
import { stream } from "../../random/stream.ts";
import { simulatedTruth } from "../../run/learn.ts";
import { withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import type { BarrierModel } from "../../systems/nbmota/barriers.ts";
import { PAIRS } from "../../systems/nbmota/states.ts";
import { NbMoTa, PATCH_CELLS } from "../../systems/nbmota.ts";
import { type Annealed, looksOf } from "./annealing.ts";
import type { Clock } from "./clock.ts";
import type { NbMoTaOptions } from "./parameters.ts";

const D = PAIRS.length;
/** Runs of lattices larger than the small ones, as a part of theirs: their spread is smaller. */
const FEWER = 4;
/** Times of a relaxation. */
const POINTS = 41;

/** The six order parameters in equilibrium. */
export interface Equilibrium {
  readonly temperature: number;
  /** `[6]` */
  readonly mean: Float64Array;
  /** Standard errors of these. */
  readonly error: Float64Array;
  /** Means of every lattice over its looks, `[lattices][6]`. */
  readonly lattices: readonly Float64Array[];
  /** Standard deviations between lattices of 8³ cells at one time. */
  readonly std: Float64Array;
}

/** Of annealed lattices, which are independent of each other; the looks at one are not. */
export function equilibriumOf(stage: Annealed): Equilibrium {
  const { temperature, replicas, order } = stage;
  const looks = looksOf(stage);
  const at = (look: number, r: number, j: number) => order[(look * replicas + r) * D + j];
  const mean = new Float64Array(D);
  const error = new Float64Array(D);
  const std = new Float64Array(D);
  const lattices = Array.from({ length: replicas }, (_, r) =>
    Float64Array.from({ length: D }, (_, j) =>
      average(Float64Array.from({ length: looks }, (_, look) => at(look, r, j))),
    ),
  );
  for (let j = 0; j < D; j++) {
    const own = Float64Array.from(lattices, (lattice) => lattice[j]);
    ({ mean: mean[j], error: error[j] } = meanWithError(own));
    const variances = Array.from({ length: looks }, (_, look) =>
      variance(Float64Array.from({ length: replicas }, (_, r) => at(look, r, j))),
    );
    std[j] = Math.sqrt(average(variances));
  }
  return { temperature, mean, error, lattices, std };
}

function variance(values: Float64Array): number {
  const mean = average(values);
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
}

/** Times that a relaxation is seen at, units of time: whole steps of predictions apart. */
function courseTimes({ courseTime, incrementTime }: NbMoTaOptions): Float64Array {
  const every = Math.max(1, Math.round(courseTime / (POINTS - 1) / incrementTime));
  const count = Math.max(2, Math.floor(courseTime / (every * incrementTime)) + 1);
  return evenGrid(0, (count - 1) * every * incrementTime, count);
}

/** The relaxation from disorder of lattices of one side, all six order parameters. */
export interface Course {
  readonly side: number;
  readonly order: Ensemble;
}

/** Of every direct size at p.T. */
export async function simulateCourses(
  run: Run,
  gpu: Gpu,
  p: NbMoTaOptions,
  barriers: BarrierModel,
  clock: Clock,
  seed: number,
): Promise<Course[]> {
  const system = new NbMoTa(gpu, { temperature: p.T, barriers, timeUnit: clock(p.T), coordinates: "six" });
  const times = courseTimes(p);
  const courses: Course[] = [];
  for (const side of p.directSizes) {
    const runs = courseRuns(p, side);
    const purpose = `course${side}`;
    const work = () =>
      withProgress(`direct simulation, ${side}³ cells`, runs * times.length, async (bar) => {
        const start = (from: number, to: number) =>
          system.disordered(to - from, side, stream(seed, `${purpose}/start`, 0, from));
        const onTime = (count: number) => bar.add(count);
        const options = { cases: 1, runs, side, times, seed, purpose, onTime };
        const [order] = await simulateDirectly(system, start, options, [(states) => system.observe(states)]);
        return { order };
      });
    const { order } = await simulatedTruth(run, work, purpose);
    courses.push({ side, order });
  }
  return courses;
}

const courseRuns = ({ courseRuns: runs }: Pick<NbMoTaOptions, "courseRuns">, side: number) =>
  side === PATCH_CELLS ? runs : Math.max(4, Math.round(runs / FEWER));
