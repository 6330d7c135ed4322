// A system of a user's own against its learned equations: direct simulation, scores, and whether upsampled states are like small ones.
import { type Ensemble, momentsOf } from "../../analysis/ensemble.ts";
import { average } from "../../analysis/mean.ts";
import { relativeSquaredError, samplingFloor } from "../../analysis/trajectory-error.ts";
import { simulateDirectly } from "../../method/direct.ts";
import type { Method } from "../../method/pairs.ts";
import { type Guards, guardsOf } from "../../method/sde/guards.ts";
import { type Snapshots, someSnapshots, upsampled } from "../../method/snapshots.ts";
import { stream } from "../../random/stream.ts";
import { simulatedTruth } from "../../run/learn.ts";
import { withProgress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import type { HostStates, HostSystem, Sites } from "../../systems/simulator.ts";
import type { Equation } from "./learn.ts";
import { comparedTimes, type LearnOptions } from "./learn-parameters.ts";

/** Starts of the training law where a module names none. */
const RANDOM_STARTS = 4;

/** States that predictions and direct simulations start from: runs of a start side by side. */
export interface OwnStarts {
  readonly names: readonly string[];
  /** Systems `from` to `to` of so many runs of every start. */
  prepare(from: number, to: number, runs: number, purpose: string): Promise<HostStates>;
}

/** The named starts of a system, or some of the training law. */
export function startsOf(system: HostSystem, named: readonly string[], side: number, seed: number): OwnStarts {
  const names = named.length > 0 ? named : Array.from({ length: RANDOM_STARTS }, (_, k) => `start ${k + 1}`);
  return {
    names,
    async prepare(from, to, runs, purpose) {
      const systems: Sites[] = [];
      for (let first = from; first < to; ) {
        const index = Math.floor(first / runs);
        const end = Math.min(to, (index + 1) * runs);
        const at = stream(seed, `start/${purpose}`, 0, first);
        const cohorts = new Uint32Array(end - first).fill(index);
        const made =
          named.length > 0
            ? await system.started(index, end - first, side, at)
            : await system.alike(side, at, cohorts, stream(seed, "start/case"));
        systems.push(...made.systems);
        first = end;
      }
      return { count: to - from, side, systems, destroy: () => {} };
    },
  };
}

/** Direct simulations of the large system from every start. */
export async function simulateOwn(
  run: Run,
  system: HostSystem,
  starts: OwnStarts,
  p: LearnOptions,
  seed: number,
): Promise<Ensemble> {
  const times = comparedTimes(p);
  const cases = starts.names.length;
  const work = () =>
    withProgress("direct simulation", cases * p.trueRuns * times.length, async (bar) => {
      const prepare = (from: number, to: number) => starts.prepare(from, to, p.trueRuns, "truth");
      const options = {
        cases,
        runs: p.trueRuns,
        side: p.L,
        times,
        seed,
        purpose: "truth",
        onTime: (n: number) => bar.add(n),
      };
      const [truth] = await simulateDirectly(system, prepare, options, [(states) => system.observe(states)]);
      return { truth };
    });
  return (await simulatedTruth(run, work)).truth;
}

/** What the starts of predictions are, `[cases · runs, d]`. */
export async function predictionStarts(system: HostSystem, starts: OwnStarts, p: LearnOptions): Promise<Float32Array> {
  const states = await starts.prepare(0, starts.names.length * p.runs, p.runs, "prediction");
  return system.observe(states);
}

/** How predictions of one equation do against direct simulation. */
export interface OwnScores {
  readonly seed: number;
  readonly method: Method;
  readonly pairs: number;
  readonly equation: Equation;
  /** null: it runs away. */
  readonly predicted: Ensemble | null;
  readonly guards: Guards | null;
  /** Relative squared error of the mean of every observable from every start, `[cases][d]`. */
  readonly errors: readonly (readonly number[])[];
  /** Standard deviation over the true one, root mean square over the second half of the time, `[cases][d]`. */
  readonly spreads: readonly (readonly number[])[];
}

const column = (values: ArrayLike<number>, d: number, j: number) =>
  Float64Array.from({ length: values.length / d }, (_, t) => values[t * d + j]);

export function scored(
  truth: Ensemble,
  predicted: Ensemble | null,
  facts: Pick<OwnScores, "seed" | "method" | "pairs" | "equation">,
  ranges: Parameters<typeof guardsOf>[2],
): OwnScores {
  const none = { predicted: null, guards: null, errors: [], spreads: [] };
  if (!predicted) return { ...facts, ...none };
  const [ours, exact] = [momentsOf(predicted), momentsOf(truth)];
  const { d } = truth;
  const observables = Array.from({ length: d }, (_, j) => j);
  const late = Math.floor(truth.times.length / 2);
  return {
    ...facts,
    predicted,
    guards: guardsOf(facts.equation.model, predicted, ranges),
    errors: exact.map((law, c) =>
      observables.map((j) =>
        relativeSquaredError(column(ours[c].mean, d, j), { mean: column(law.mean, d, j), std: column(law.std, d, j) }),
      ),
    ),
    spreads: exact.map((law, c) =>
      observables.map((j) => {
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
  system: HostSystem,
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
  const small = await system.observe(
    system.unpack(
      Uint32Array.from([...made].flatMap((k) => Array.from(some.words.subarray(k * width, (k + 1) * width)))),
      some.side,
    ),
  );
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
