// Whether the variables of an equation decide their own future: true systems on their way, predicted from the z that they have there. Where z is not
// closed, systems of one z have different futures, which depend on where they came from; the mean of the prediction is then off.
import { type Ensemble, nearestTime } from "../analysis/ensemble.ts";
import { type MeanTest, meanTest } from "../analysis/mean-test.ts";
import type { Gpu } from "../gpu/device.ts";
import type { SdeModel } from "../method/sde/model.ts";
import { type RolloutOptions, unlessDiverged } from "../method/sde/rollout.ts";
import { predicted } from "./learn.ts";
import type { Run } from "./run-folder.ts";

/** When systems are taken, and how much later they are looked at again, as parts of the whole time. */
const MIDWAY = { from: 0.1, lag: 0.2 } as const;

/** True systems of some cases in the middle of their way. */
export interface Midway {
  readonly cases: number;
  readonly from: number;
  readonly lag: number;
  /** z of every system at the time `from`, `[cases · runs, d]`. */
  readonly state: Float32Array;
  /** Its first variables, the observables, a `lag` later, `[cases · runs, observables]`. */
  readonly later: Float32Array;
  readonly observables: number;
  /** So many consecutive systems of a case depend on each other. */
  readonly cluster: number;
}

/** A test of the mean of what predictions miss, one a case. */
export interface ClosureTest extends Pick<Midway, "from" | "lag"> {
  readonly tests: readonly MeanTest[];
}

/** Indices of the times of a grid at which systems are taken, and looked at again. */
export function midwayTimes(times: ArrayLike<number>): { begin: number; end: number } {
  const last = times[times.length - 1];
  const begin = nearestTime(times, MIDWAY.from * last);
  const end = nearestTime(times, (MIDWAY.from + MIDWAY.lag) * last);
  return { begin, end: Math.min(times.length - 1, Math.max(begin + 1, end)) };
}

/** Of an ensemble that has all of z at all times. */
export function midwayOf({ times, cases, runs, d, data }: Ensemble, observables: number, cluster = 1): Midway {
  const { begin, end } = midwayTimes(times);
  const rows = cases * runs;
  return {
    ...{ cases, from: times[begin], lag: times[end] - times[begin], observables, cluster },
    state: data.slice(begin * rows * d, (begin + 1) * rows * d),
    later: Float32Array.from({ length: rows * observables }, (_, k) => {
      const row = Math.floor(k / observables);
      return data[(end * rows + row) * d + (k % observables)];
    }),
  };
}

/** One prediction from the z of every system; null where they run away. */
export async function closureTest(
  run: Run,
  gpu: Gpu,
  name: string,
  model: SdeModel,
  { cases, from, lag, state, later, observables, cluster }: Midway,
  step: Pick<RolloutOptions, "dt" | "scheme">,
  seed: number,
): Promise<ClosureTest | null> {
  const at = { times: Float64Array.of(0, lag), ...step, seed, purpose: `midway/${name}` };
  const runs = await unlessDiverged(predicted(run, gpu, `${name}/midway`, model, state, at, "closure test"));
  if (!runs) return null;
  const { data, d } = runs;
  const rows = state.length / d;
  const missed = later.map((value, k) => {
    const [row, j] = [Math.floor(k / observables), k % observables];
    return value - data[(rows + row) * d + j];
  });
  const each = missed.length / cases;
  const tests = Array.from({ length: cases }, (_, c) =>
    meanTest(missed.subarray(c * each, (c + 1) * each), observables, cluster),
  );
  return { from, lag, tests };
}
