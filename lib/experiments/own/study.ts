// A system of a user's own against its learned equations: direct simulation, scores, and whether upsampled states are like small ones.
import { type Diagnostics, diagnosticsOf, type TrueRuns } from "../../analysis/diagnostics.ts";
import { type Ensemble, joinedCases, momentsOf } from "../../analysis/ensemble.ts";
import { average } from "../../analysis/mean.ts";
import { LEAST_CLUSTERS } from "../../analysis/pit.ts";
import { relativeSquaredError, samplingFloor } from "../../analysis/trajectory-error.ts";
import { batchThatFits } from "../../method/batch.ts";
import { simulateDirectly } from "../../method/direct.ts";
import type { Method } from "../../method/pairs.ts";
import { type Guards, guardsOf } from "../../method/sde/guards.ts";
import type { RolloutOptions } from "../../method/sde/rollout.ts";
import { type Snapshots, someSnapshots, upsampled } from "../../method/snapshots.ts";
import { stream } from "../../random/stream.ts";
import type { ClosureTest } from "../../run/closure-test.ts";
import { simulatedTruth } from "../../run/learn.ts";
import { withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import type { States, System } from "../../systems/system.ts";
import type { Equation } from "./learn.ts";
import { comparedTimes, type LearnOptions } from "./learn-parameters.ts";
import type { OwnedSystem } from "./module.ts";

/** Direct simulations of the large system from every start. */
export async function simulateOwn(run: Run, own: OwnedSystem, p: LearnOptions, seed: number): Promise<Ensemble> {
  const times = comparedTimes(p);
  const runs = trueRunCount(own, p);
  const { system, starts } = own;
  const work = () =>
    withProgress("direct simulation", starts.length * runs * times.length, async (bar) => {
      const list: Ensemble[] = [];
      for (const index of starts.keys()) {
        const prepare = (from: number, to: number) =>
          own.start(index, to - from, p.L, stream(seed, "start/truth", 8 * index, from));
        const options = { cases: 1, runs, side: p.L, times, seed, purpose: `truth/${index}` };
        const measures = [(states: States) => system.observe(states)];
        const onTime = (count: number) => bar.add(count);
        list.push(...(await simulateDirectly(system, prepare, { ...options, onTime }, measures)));
      }
      return { truth: joinedCases(list) };
    });
  return (await simulatedTruth(run, work)).truth;
}

/** How many consecutive direct simulations share random numbers. A program is asked for many at once, which are independent. */
export const dependentRuns = ({ system }: OwnedSystem, { exec }: LearnOptions): number =>
  exec === "none" ? system.lanes : 1;

/** Systems that share random numbers are simulated together. */
const wholeLanes = ({ system }: OwnedSystem, runs: number) => system.lanes * Math.ceil(runs / system.lanes);

/** Direct simulations from each start, so many that it can be told how much those that share random numbers depend on each other. */
function trueRunCount(own: OwnedSystem, p: LearnOptions): number {
  const dependent = dependentRuns(own, p);
  return wholeLanes(own, dependent > 1 ? Math.max(p.trueRuns, LEAST_CLUSTERS * dependent) : p.trueRuns);
}

/** What the starts of predictions are, `[cases · runs, d]`. */
export async function predictionStarts(own: OwnedSystem, p: LearnOptions, seed: number): Promise<Float32Array> {
  const { system, starts } = own;
  const d = system.observables.length;
  const all = new Float32Array(starts.length * p.runs * d);
  const batch = batchThatFits(system, p.L, wholeLanes(own, p.runs));
  for (const index of starts.keys()) {
    for (let from = 0; from < p.runs; from += batch) {
      const count = Math.min(batch, p.runs - from);
      const at = stream(seed, "start/prediction", 8 * index, from);
      const states = await own.start(index, wholeLanes(own, count), p.L, at);
      all.set((await system.observe(states)).subarray(0, count * d), (index * p.runs + from) * d);
      states.destroy();
    }
  }
  return all;
}

/** How predictions of one equation do against direct simulation. */
export interface OwnScores {
  readonly seed: number;
  readonly method: Method;
  readonly pairs: number;
  readonly equation: Equation;
  /** Steps of its predictions; null where none are short enough. */
  readonly step: Pick<RolloutOptions, "dt" | "scheme"> | null;
  /** null: it runs away. */
  readonly predicted: Ensemble | null;
  readonly guards: Guards | null;
  readonly diagnostics: Diagnostics | null;
  /** One test a start; null where it is not made. */
  readonly closed: ClosureTest | null;
  /** Relative squared error of the mean of every observable from every start, `[cases][d]`. */
  readonly errors: readonly (readonly number[])[];
  /** Standard deviation over the true one, root mean square over the second half of the time, `[cases][d]`. */
  readonly spreads: readonly (readonly number[])[];
}

const column = (values: ArrayLike<number>, d: number, j: number) =>
  Float64Array.from({ length: values.length / d }, (_, t) => values[t * d + j]);

export function scored(
  compared: TrueRuns,
  predicted: Ensemble | null,
  facts: Pick<OwnScores, "seed" | "method" | "pairs" | "equation" | "step" | "closed">,
  { observables }: Pick<System, "observables">,
): OwnScores {
  const none = { predicted: null, guards: null, diagnostics: null, errors: [], spreads: [] };
  if (!predicted) return { ...facts, ...none };
  const { runs: truth } = compared;
  const [ours, exact] = [momentsOf(predicted), momentsOf(truth)];
  const { d } = truth;
  const ranges = observables.map(({ range }) => range ?? null);
  const late = Math.floor(truth.times.length / 2);
  return {
    ...facts,
    predicted,
    guards: guardsOf(facts.equation.model, predicted, ranges),
    diagnostics: diagnosticsOf(predicted, compared),
    errors: exact.map((law, c) =>
      observables.map((_, j) =>
        relativeSquaredError(column(ours[c].mean, d, j), { mean: column(law.mean, d, j), std: column(law.std, d, j) }),
      ),
    ),
    spreads: exact.map((law, c) =>
      observables.map((_, j) => {
        const square = (values: ArrayLike<number>) =>
          average(
            column(values, d, j)
              .subarray(late)
              .map((x) => x * x),
          );
        return Math.sqrt(square(ours[c].std) / square(law.std));
      }),
    ),
  };
}

/** What a perfect equation would score with as many runs, `[cases][d]`. */
export function floors(truth: Ensemble, runs: number): number[][] {
  return momentsOf(truth).map(({ mean, std }) =>
    Array.from({ length: truth.d }, (_, j) =>
      samplingFloor(column(mean, truth.d, j), column(std, truth.d, j), runs, truth.runs),
    ),
  );
}

/** Snapshots that upsampling is looked at. */
const LOOKED = 128;

/** Mean of every observable over small states, over the large ones made of them, and the standard deviation between small ones. */
export interface UpsamplingCheck {
  readonly small: readonly number[];
  readonly large: readonly number[];
  readonly relaxed: readonly number[];
  readonly error: readonly number[];
}

/** Whether states that are made large are like the small ones that they are made of, before and after LocalRelax. */
export async function checkUpsampling(
  system: System,
  snapshots: Snapshots,
  p: LearnOptions,
  seed: number,
): Promise<UpsamplingCheck> {
  const some = someSnapshots(system, snapshots, LOOKED);
  const d = system.observables.length;
  const side = p.learnSide || p.L;
  const meansOf = (rows: Float32Array) => Array.from({ length: d }, (_, j) => average(column(rows, d, j)));
  const made = some.made ?? Uint32Array.from(some.age, (_, k) => k);
  const width = system.words(some.side);
  const words = Uint32Array.from([...made].flatMap((k) => Array.from(some.words.subarray(k * width, (k + 1) * width))));
  const states = await system.unpack(words, some.side);
  const small = await system.observe(states);
  states.destroy();
  const through = async (relaxTime: number) => {
    const rows: Float32Array[] = [];
    const options = { side, relaxTime: (age: number) => Math.min(relaxTime, age), seed };
    await upsampled(system, some, options, async (large) => {
      rows.push(await system.observe(large));
    });
    return Float32Array.from(rows.flatMap((values) => Array.from(values)));
  };
  const [large, relaxed] = [await through(0), await through(p.relaxTime)];
  const differences = small.map((value, k) => relaxed[k] - value);
  return {
    small: meansOf(small),
    large: meansOf(large),
    relaxed: meansOf(relaxed),
    error: Array.from({ length: d }, (_, j) => {
      const own = column(differences, d, j);
      const mean = average(own);
      return Math.sqrt(average(own.map((x) => (x - mean) ** 2)) / own.length);
    }),
  };
}
