// What a learned equation says of the alloy: its equilibrium at every temperature and its relaxation from disorder at every size.
import { type Diagnostics, diagnosticsOf, trueRuns } from "../../analysis/diagnostics.ts";
import { casesOf, type Ensemble, ensemble, someRuns } from "../../analysis/ensemble.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { average } from "../../analysis/mean.ts";
import { ensembleMoments } from "../../analysis/trajectory-error.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Pairs, regression } from "../../method/pairs.ts";
import { type Guards, guardsOf, meanGuards, type Range } from "../../method/sde/guards.ts";
import { hullOf, leverages } from "../../method/sde/hull.ts";
import {
  atCondition,
  type chosenDegree,
  evaluate,
  type SdeModel,
  trainingGroups,
  withLambda,
} from "../../method/sde/model.ts";
import { unlessDiverged } from "../../method/sde/rollout.ts";
import { stateScales } from "../../method/sde/scales.ts";
import { stepsWithin } from "../../method/sde/steps.ts";
import { type ClosureTest, closureTest, midwayOf } from "../../run/closure-test.ts";
import { predicted, predictedDraws } from "../../run/learn.ts";
import type { Run } from "../../run/run-folder.ts";
import { PAIRS, siteCount } from "../../systems/nbmota/states.ts";
import { allPairs, COORDINATES, PATCH_CELLS } from "../../systems/nbmota.ts";
import { orderScale } from "./clock.ts";
import { LOOKS, type NbMoTaOptions } from "./parameters.ts";
import { type Potential, potentialAlong } from "./potential.ts";
import { conditionOf } from "./training.ts";
import type { Course } from "./truth.ts";

const D = PAIRS.length;
/** With the least and the largest δ of the equimolar alloy, −8/3 and 8 − 8/3 for none and only such neighbours, scaled. */
/** Of 0 to 8 neighbours, less the 8/3 of a random alloy: the range of every δ, also of those that follow from others. */
const RANGES = new Array<Range>(D).fill([-8 / 3, 16 / 3]);
const guardsAt = (p: Pick<NbMoTaOptions, "coordinates">, equation: SdeModel, runs: Ensemble, temperature: number) =>
  guardsOf(equation, runs, RANGES, (states) => sixOf(p, states, temperature));

/** Whether the mean of `late` is outside the hull of `states`, both `[n, d]`. */
function isStray(states: Float32Array, late: Float32Array, d: number): boolean {
  const hull = hullOf(states, stateScales(states, d));
  return leverages(hull, ensembleMoments(late, late.length / d).mean)[0] > hull.limit;
}

/** Steps are a part of δt: f stands for the drift, which hardly changes in δt where one vacancy of many moves, not for the change in a step. */
const SCHEME = "heun" as const;

/** Of the equation at one temperature; small lattices of 8³ cells. */
export interface LearnedEquilibrium {
  readonly temperature: number;
  /** Step of its trajectories. */
  readonly dt: number;
  /** `[6]` */
  readonly mean: Float64Array;
  readonly std: Float64Array;
  /** Standard errors of `mean` that runs and training data leave; null where the latter are not asked for or not known. */
  readonly error: Float64Array | null;
  /** Largest of the three sums that must be 0, in size. */
  readonly sumRule: number;
  readonly guards: Guards;
  /** Whether the mean is outside the states that taught the equation at this temperature. */
  readonly stray: boolean;
}

/** The relaxation at one size: all six order parameters. */
export interface LearnedCourse {
  readonly side: number;
  readonly order: Ensemble;
  readonly guards: Guards;
  /** Beside direct simulation, where there is any of this size. */
  readonly diagnostics: Diagnostics | null;
  readonly closed: ClosureTest | null;
}

/** An equation that was learned by a method on the data of a seed. */
export interface Outcome {
  readonly seed: number;
  /** increment, relaxation (of one temperature), or what a comparison has in place of the first. */
  readonly method: string;
  /** For the page to integrate; without it there is no such section. */
  readonly model?: SdeModel;
  readonly pairs: number;
  /** One a temperature, none for the relaxation; null where trajectories do not stay finite. */
  readonly equilibria: readonly (LearnedEquilibrium | null)[];
  /** Of the equation of the relaxation, at the sizes asked for; empty for others and where trajectories do not stay finite. */
  readonly courses: readonly LearnedCourse[];
  readonly choice: ReturnType<typeof chosenDegree>;
  /** Mean-square residual of the increments of data that it was not learned from, over their mean square; null where there are none. */
  readonly heldOut: number | null;
  /** Along the main direction of ordering, one a temperature; empty for six coordinates, whose noise is singular. */
  readonly potentials: readonly Potential[];
}

/** All six order parameters of states of an equation at a temperature, three or six scaled ones (`orderScale`). */
export function sixOf(
  { coordinates }: Pick<NbMoTaOptions, "coordinates">,
  states: Float32Array,
  temperature: number,
): Float32Array {
  const order = states.map((y) => y / orderScale(temperature));
  return coordinates === "six" ? order : Float32Array.from(allPairs(order));
}

/** The equation of a lattice of `side`³ cells at a temperature; it was learned from lattices of `learned`³ cells. */
export function equationAt(
  p: Pick<NbMoTaOptions, "temperatures">,
  model: SdeModel,
  temperature: number,
  side: number,
  learned: number,
): SdeModel {
  return withLambda(atCondition(model, conditionOf(p, temperature)), side ** 3, learned ** 3);
}

/** What the three sum rules leave: |Σ_j δ_ij| for i = Nb, Mo, Ta, the largest. */
export function sumRuleViolation([a, b, c, d, e, f]: ArrayLike<number> & Iterable<number>): number {
  return Math.max(Math.abs(a + b + c), Math.abs(b + d + e), Math.abs(c + e + f));
}

interface Predicting {
  readonly run: Run;
  readonly gpu: Gpu;
  readonly p: NbMoTaOptions;
  readonly name: string;
  readonly seed: number;
}

/** The step of predictions from such states: δt or a part of it; null where none is short enough. */
async function stepOf(
  gpu: Gpu,
  { incrementTime }: Pick<NbMoTaOptions, "incrementTime">,
  equation: SdeModel,
  states: Float32Array,
): Promise<number | null> {
  const steps = await unlessDiverged(stepsWithin(gpu, equation, states, incrementTime));
  return steps && incrementTime / steps;
}

/** The equilibrium at every temperature, from states that taught the equation, `[m, d]`. `alone`: one seed stands for all, whose interval has to hold what its training data leave open. */
export async function learnedEquilibria(
  { run, gpu, p, name, seed }: Predicting,
  model: SdeModel,
  starts: readonly { readonly temperature: number; readonly states: Float32Array }[],
  alone: boolean,
): Promise<(LearnedEquilibrium | null)[]> {
  const { d } = model;
  // Several of the equation's own relaxations, which are those of order between neighbours, not of ordering lattices.
  const every = Math.max(1, Math.round(p.horizon / LOOKS / p.incrementTime));
  const count = Math.max(2, Math.floor(p.horizon / (every * p.incrementTime)) + 1);
  const times = evenGrid(0, (count - 1) * every * p.incrementTime, count);
  const found: (LearnedEquilibrium | null)[] = [];
  for (const { temperature, states } of starts) {
    const equation = equationAt(p, model, temperature, PATCH_CELLS, p.cells);
    const start = Float32Array.from({ length: p.runs * d }, (_, k) => states[k % states.length]);
    const label = `${name}/t${temperature}`;
    const dt = await stepOf(gpu, p, equation, states);
    const at = dt && { times, cases: 1, dt, scheme: SCHEME, seed, purpose: `predict/${label}` };
    const runs = at && (await unlessDiverged(predicted(run, gpu, label, equation, start, at)));
    if (!runs) {
      found.push(null);
      continue;
    }
    const late = secondHalf(runs);
    const own = momentsOf(sixOf(p, late, temperature));
    const drawn =
      alone && trainingGroups(model) >= 2
        ? await unlessDiverged(predictedDraws(run, gpu, label, equation, start, at, true))
        : null;
    const error = drawn && errorOf(p, drawn, runs, temperature);
    const guards = guardsAt(p, equation, runs, temperature);
    const stray = isStray(states, late, d);
    found.push({ temperature, dt: at.dt, ...own, error, sumRule: sumRuleViolation(own.mean), guards, stray });
  }
  return found;
}

/** States of the second half of the times, row by row. */
function secondHalf({ times, data }: Ensemble): Float32Array {
  return data.subarray(Math.floor(times.length / 2) * (data.length / times.length));
}

function momentsOf(six: Float32Array): { mean: Float64Array; std: Float64Array } {
  const rows = six.length / D;
  const mean = new Float64Array(D);
  const square = new Float64Array(D);
  for (let k = 0; k < six.length; k++) mean[k % D] += six[k] / rows;
  for (let k = 0; k < six.length; k++) square[k % D] += (six[k] - mean[k % D]) ** 2 / rows;
  return { mean, std: square.map(Math.sqrt) };
}

/** Spread of the means of draws of the parameters, which all have the same noise, with that of the runs. */
function errorOf(p: NbMoTaOptions, drawn: Ensemble, runs: Ensemble, temperature: number): Float64Array {
  const meanOf = (one: Ensemble) => momentsOf(sixOf(p, secondHalf(one), temperature)).mean;
  const [best, ...draws] = casesOf(drawn).map(meanOf);
  const single = Array.from({ length: runs.runs }, (_, r) => meanOf(someRuns(runs, r, r + 1)));
  const all = meanOf(runs);
  return best.map((value, j) => {
    const training = average(draws.map((draw) => (draw[j] - value) ** 2));
    return Math.sqrt(training + average(single.map((run) => (run[j] - all[j]) ** 2)) / (single.length - 1));
  });
}

/** The relaxation at p.T for every size, by an equation that was learned from `states` `[n, d]`. The starts are those of the direct simulation, nearer to their mean where lattices are larger. */
export async function learnedCourses(
  { run, gpu, p, name, seed }: Predicting,
  model: SdeModel,
  states: Float32Array,
  direct: readonly Course[],
): Promise<LearnedCourse[]> {
  const { d } = model;
  const [{ order }] = direct;
  const { times } = order;
  const six = order.data.subarray(0, order.runs * D);
  const mean = momentsOf(six).mean;
  const columns: readonly number[] = COORDINATES[p.coordinates];
  const scaledOf = (order: Ensemble): Ensemble =>
    ensemble(
      { ...order, d },
      Float32Array.from(
        { length: (order.data.length / D) * d },
        (_, k) => orderScale(p.T) * order.data[Math.floor(k / d) * D + columns[k % d]],
      ),
    );
  const courses: LearnedCourse[] = [];
  for (const side of p.sizes) {
    const near = (direct[0].side / side) ** 1.5;
    const start = Float32Array.from({ length: p.runs * d }, (_, k) => {
      const j = columns[k % d];
      return orderScale(p.T) * (mean[j] + near * (six[(Math.floor(k / d) % order.runs) * D + j] - mean[j]));
    });
    const equation = equationAt({ temperatures: [p.T] }, model, p.T, side, p.cells);
    const dt = await stepOf(gpu, p, equation, states);
    if (!dt) return [];
    const at = { times, cases: 1, dt, scheme: SCHEME, seed, purpose: `course/${name}/${side}` };
    const runs = await unlessDiverged(predicted(run, gpu, `${name}/course${side}`, equation, start, at));
    if (!runs) return [];
    const guards = guardsAt(p, equation, runs, p.T);
    const learned = ensemble({ ...runs, d: D }, sixOf(p, runs.data, p.T));
    const truth = direct.find((one) => one.side === side)?.order;
    const about = { side, order: learned, guards };
    if (!truth) {
      courses.push({ ...about, diagnostics: null, closed: null });
      continue;
    }
    const exact = scaledOf(truth);
    const step = { dt, scheme: SCHEME };
    const closed = await closureTest(run, gpu, `${name}/course${side}`, equation, midwayOf(exact, d), step, seed);
    courses.push({ ...about, diagnostics: diagnosticsOf(runs, trueRuns(exact, d)), closed });
  }
  return courses;
}

/** Mean-square residual of increments, `sets` of which belong to `stages`, over their mean square, mean over variables; null without any. */
export async function heldOutResidual(
  gpu: Gpu,
  p: Pick<NbMoTaOptions, "temperatures">,
  model: SdeModel,
  stages: readonly { readonly temperature: number }[],
  sets: readonly Pairs[],
): Promise<number | null> {
  if (sets.length === 0) return null;
  const { d } = model;
  const rest = new Float64Array(d);
  const size = new Float64Array(d);
  for (const [k, { temperature }] of stages.entries()) {
    const { state, change, time } = regression(sets[k], "increment");
    const { drift } = await evaluate(gpu, atCondition(model, conditionOf(p, temperature)), state);
    for (let k = 0; k < change.length; k++) {
      rest[k % d] += (change[k] - time * drift[k]) ** 2;
      size[k % d] += change[k] ** 2;
    }
  }
  return average(rest.map((value, j) => value / size[j]));
}

/** Potentials of small lattices at the temperatures whose equilibrium is known; `starts` as those of the equilibria, one for each. */
export async function learnedPotentials(
  gpu: Gpu,
  p: NbMoTaOptions,
  model: SdeModel,
  equilibria: readonly (LearnedEquilibrium | null)[],
  starts: readonly { readonly states: Float32Array }[],
): Promise<Potential[]> {
  const potentials: Potential[] = [];
  if (p.coordinates === "six") return potentials;
  for (const [k, one] of equilibria.entries()) {
    if (!one) continue;
    const equation = equationAt(p, model, one.temperature, PATCH_CELLS, p.cells);
    const three = COORDINATES.three.map((pair) => one.mean[pair]);
    const atoms = siteCount(PATCH_CELLS);
    potentials.push(await potentialAlong(gpu, equation, one.temperature, three, atoms, starts[k].states));
  }
  return potentials;
}

/** Guards over all temperatures, null where some trajectories do not stay finite. */
export function guardsOver(equilibria: readonly (LearnedEquilibrium | null)[]): Guards | null {
  const known = equilibria.flatMap((one) => (one ? [one.guards] : []));
  return known.length < equilibria.length ? null : meanGuards(known);
}
