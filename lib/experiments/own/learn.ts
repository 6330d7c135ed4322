// Equations of a user's own data, what they say of changes, how well that fits, and where they lead.
import type { Ensemble } from "../../analysis/ensemble.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { lambdaOf, pickedRegression, type Regression, timeOf } from "../../method/pairs.ts";
import { aboutOf, type Named } from "../../method/sde/about.ts";
import { conditionCount } from "../../method/sde/conditions.ts";
import { isSolved } from "../../method/sde/fields.ts";
import { solveSde } from "../../method/sde/fit.ts";
import { type Guards, guardsOf } from "../../method/sde/guards.ts";
import { atCondition, evaluate, type SdeModel } from "../../method/sde/model.ts";
import { matricesOf } from "../../method/sde/polynomial/diffusion.ts";
import { polynomialValues } from "../../method/sde/polynomial/field.ts";
import {
  atZeroTime,
  eachTransition,
  type Scatter,
  someRows,
  type ZeroTime,
} from "../../method/sde/polynomial/finite-time.ts";
import type { PolynomialSpec, Solution } from "../../method/sde/polynomial/solve.ts";
import { type EachTransition, standardised } from "../../method/sde/residuals.ts";
import { unlessDiverged } from "../../method/sde/rollout.ts";
import { slowestRate, stepsWithin } from "../../method/sde/steps.ts";
import { keepEquation, learnedSde, predicted } from "../../run/learn.ts";
import { say } from "../../run/output.ts";
import type { Run } from "../../run/run-folder.ts";
import { fitOptions, sdeSpec } from "../../run/training-parameters.ts";
import type { OwnData } from "./data.ts";
import type { EquationOptions, FitOptions } from "./parameters.ts";

/** Changes that residuals are taken of, at most. */
const TESTED = 131_072;
/** Stretches of rows that these are, where there are more. */
const STRETCHES = 64;
/** Other conditions than this many are not tested one by one. */
const MOST_CONDITIONS = 64;

/** An equation, and what it was learned from. */
export interface Equation {
  readonly name: string;
  readonly data: Regression;
  readonly model: SdeModel;
  /** Fields of instantaneous rates; else f is the mean change per time over the times of the data. */
  readonly instant: boolean;
  /** Of the drifts of patches, where the data are of patches. */
  readonly scatter: Scatter | null;
  /** What corrections for the time of the changes leave; null where it is not known. */
  readonly order: ZeroTime["order"];
  /** Why it is of mean changes over the times of the data, where rates at an instant were wanted; null where it is as wanted. */
  readonly uncorrected: string | null;
}

/** How an equation of one's own is learned. */
interface LearnedOptions {
  readonly variables: readonly Named[];
  readonly conditions?: readonly Named[];
  /** Of training. */
  readonly seed?: number;
  /** Whether it stays with the results. */
  readonly kept?: boolean;
  /** How the degree of a polynomial is chosen (`PolynomialSpec`); by default for rows of much noise. */
  readonly sparing?: PolynomialSpec["sparing"];
}

/** What work gives; what it refuses, with the names of columns and the words of somebody who has a table. */
function named<T>(work: () => T, variables: readonly Named[], conditions: readonly Named[] = []): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const text = error.message
      .replace(/variable (\d+) of z/g, (all, k) => variables[Number(k) - 1]?.name ?? all)
      .replace(/condition (\d+)\b/g, (all, k) => conditions[Number(k) - 1]?.name ?? all)
      .replace(/(\d+) cohorts? of training data/, "$1 blocks of rows")
      .replace("simulate more small systems", "give more rows");
    throw new InputError(text);
  }
}

/** Solves, or trains, an equation of a regression; it stays with the results as `models/<name>`. */
export async function learnedEquation(
  run: Run,
  gpu: Gpu,
  name: string,
  data: Regression,
  p: EquationOptions,
  odd: readonly number[],
  { variables, conditions, seed = run.seed, kept = true, sparing = "terms" }: LearnedOptions,
): Promise<Equation> {
  const spec = sdeSpec(p, odd);
  const { instant } = data;
  if (!isSolved(spec)) {
    const options = { ...fitOptions(p, seed), closedForm: true, variables, conditions };
    return {
      name,
      data,
      model: await learnedSde(run, gpu, name, data, spec, options),
      instant,
      scatter: null,
      order: null,
      uncorrected: null,
    };
  }
  return run.phase("learn", async () => {
    const raw = named(() => solveSde(data, { ...spec, sparing }), variables, conditions);
    let zero: ZeroTime | null = null;
    let uncorrected: string | null = null;
    if (p.zeroTime === "corrected" && !instant) {
      try {
        zero = atZeroTime(data, raw as SdeModel & Solution, odd);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        uncorrected = error.message;
      }
    }
    const about = aboutOf(data, variables, conditions, instant || zero !== null);
    const model = { ...raw, ...(zero && { drift: zero.drift, diffusion: zero.diffusion }), about };
    if (kept) keepEquation(run, name, model);
    return {
      name,
      data,
      model,
      instant: instant || zero !== null,
      scatter: zero?.scatter ?? null,
      order: zero?.order ?? null,
      uncorrected,
    };
  });
}

/**
 * The same data read in other ways: by changes where there are compensators; and, where φ of the patches is known, with the noise of a patch taken for that of
 * the whole (`small`: from the patch to the patch; `naive`: from the whole to the patch).
 */
export function otherReadings({ increments, compensated, patch }: OwnData): Regression[] {
  const others: Regression[] = compensated && increments ? [increments] : [];
  if (!increments || !patch) return others;
  const { each, ...rest } = increments;
  const own = { ...rest, lambda: 1, ...(each && { each: { ...each, lambda: each.lambda.map(() => 1) } }) };
  const change = patch.map((value, k) => value + increments.change[k] - increments.state[k]);
  return [...others, { ...own, method: "small", state: patch }, { ...own, method: "naive", change }];
}

/** What an equation says of the changes of some data; null where these have too many conditions for one that is trained. */
async function transitions(gpu: Gpu, equation: Equation, data: Regression): Promise<EachTransition | null> {
  const { model, instant, scatter } = equation;
  const { drift, diffusion } = model;
  if (drift.kind === "polynomial" && diffusion.kind === "polynomial") {
    const fields = { drift, diffusion };
    if (instant) return (use) => eachTransition(data, fields, scatter?.share ?? 0, use);
    const [f, s] = [drift, diffusion].map((field) => polynomialValues(field, data.state, data.condition));
    return (use) => eachOver(data, f, matricesOf(s, data.d), use);
  }
  const values = await valuesAt(gpu, model, data);
  return values && ((use) => eachOver(data, values.drift, values.diffusion, use));
}

/** Means f δt and covariances λ σσᵀ δt. */
function eachOver(data: Regression, f: Float64Array, s: Float64Array, use: Parameters<EachTransition>[0]): void {
  const { d } = data;
  for (let p = 0; p < data.cohort.length; p++) {
    const [time, lambda] = [timeOf(data, p), lambdaOf(data, p)];
    const mean = f.subarray(p * d, (p + 1) * d).map((x) => time * x);
    use(
      mean,
      s.subarray(p * d * d, (p + 1) * d * d).map((x) => lambda * time * x),
      p,
    );
  }
}

/** f and σσᵀ at the states of data, each at its condition. */
async function valuesAt(gpu: Gpu, model: SdeModel, data: Regression) {
  const { d, state, condition } = data;
  const c = conditionCount(data);
  if (c === 0) return evaluate(gpu, model, state);
  const rows = Map.groupBy(data.cohort.keys(), (p) => condition.subarray(p * c, (p + 1) * c).join());
  if (rows.size > MOST_CONDITIONS) return null;
  const out = { drift: new Float64Array(state.length), diffusion: new Float64Array(state.length * d) };
  for (const own of rows.values()) {
    const at = Array.from(condition.subarray(own[0] * c, (own[0] + 1) * c));
    const z = Float64Array.from(own.flatMap((p) => Array.from(state.subarray(p * d, (p + 1) * d))));
    const values = await evaluate(gpu, atCondition(model, at), z);
    for (const [k, p] of own.entries()) {
      out.drift.set(values.drift.subarray(k * d, (k + 1) * d), p * d);
      out.diffusion.set(values.diffusion.subarray(k * d * d, (k + 1) * d * d), p * d * d);
    }
  }
  return out;
}

/** Standardised residuals of the changes of some data, at most 131,072 of them, and which follows which. */
export interface Residuals {
  readonly d: number;
  /** `[rows, d]` */
  readonly residuals: Float64Array;
  /** Log-likelihood of every change, nats. */
  readonly logLikelihood: Float64Array;
  readonly cohort: Uint32Array;
  /** Which rows of the data these are; null: all. */
  readonly rows: Uint32Array | null;
}

/** null where they cannot be had. */
export async function residualsOf(gpu: Gpu, equation: Equation, all: Regression): Promise<Residuals | null> {
  const rows = testedRows(all.cohort.length);
  const data = rows ? pickedRegression(all, rows) : all;
  const each = await transitions(gpu, equation, data);
  if (!each) return null;
  const { d, cohort } = data;
  const { residuals, logDet } = standardised(data, each);
  const logLikelihood = logDet.map((value, p) => {
    let square = 0;
    for (let j = 0; j < d; j++) square += residuals[p * d + j] ** 2;
    return -(square + value + d * Math.log(2 * Math.PI)) / 2;
  });
  return { d, residuals, logLikelihood, cohort, rows };
}

/** Rows that are tested of so many: all (null), or stretches of them, evenly out of all. */
function testedRows(all: number): Uint32Array | null {
  if (all <= TESTED) return null;
  const length = TESTED / STRETCHES;
  return Uint32Array.from({ length: TESTED }, (_, k) => {
    const stretch = Math.floor(k / length);
    return Math.floor((stretch * (all - length)) / (STRETCHES - 1)) + (k % length);
  });
}

/** For every tested row the tested row that follows in time, −1 for none; `next` of all rows. */
export function nextOf({ rows }: Residuals, next: Int32Array | null): Int32Array | null {
  if (!next || !rows) return next;
  const place = new Map(Array.from(rows, (row, k) => [row, k]));
  return Int32Array.from(rows, (row) => place.get(next[row]) ?? -1);
}

/** The rows of some cohorts, one in so many of them, and the others; null where there would be none of either. */
function parted(data: Regression, share: number): { learn: Regression; test: Regression } | null {
  const step = Math.max(2, Math.round(1 / share));
  const rows = (wanted: boolean) =>
    Uint32Array.from([...data.cohort.keys()].filter((k) => (data.cohort[k] % step === step - 1) === wanted));
  const [learn, test] = [rows(false), rows(true)];
  if (test.length === 0 || learn.length === 0) return null;
  return { learn: pickedRegression(data, learn), test: pickedRegression(data, test) };
}

/** How much better an equation foretells changes that it was not learned from than one drift and one covariance for all states. */
export interface HeldOut {
  readonly changes: number;
  /** Nats per change, with its standard error over cohorts. */
  readonly gain: number;
  readonly error: number;
}

/** What work gives; null, and why, where its data are too few or not good enough for it: what stands beside the equation does not end the run. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    say(`! nothing is tested on held-out changes: ${error.message}`);
    return null;
  }
}

/** How a second equation, of a part of the changes, does on the others; null where none are held out, and where the equation is not of changes. */
export async function testedOnOthers(
  run: Run,
  gpu: Gpu,
  { learned, variables, conditions }: OwnData,
  p: FitOptions,
  odd: readonly number[],
): Promise<HeldOut | null> {
  const parts = learned.variation || p.holdOut === 0 ? null : parted(learned, p.holdOut);
  if (!parts) return null;
  const second = await unlessRefused(() =>
    learnedEquation(run, gpu, "held-out", parts.learn, p, odd, { variables, conditions, kept: false }),
  );
  if (!second) return null;
  const ours = await residualsOf(gpu, second, parts.test);
  if (!ours || new Set(ours.cohort).size < 2) return null;
  const flat = constantLikelihood(parts.learn, parts.test);
  const gains = ours.logLikelihood.map((value, k) => value - flat[k]);
  const gain = gains.reduce((sum, value) => sum + value, 0) / gains.length;
  const sums = new Map<number, number>();
  for (const [k, value] of gains.entries()) sums.set(ours.cohort[k], (sums.get(ours.cohort[k]) ?? 0) + value - gain);
  const square = [...sums.values()].reduce((sum, value) => sum + value ** 2, 0);
  const error = Math.sqrt((square * sums.size) / Math.max(1, sums.size - 1)) / gains.length;
  return { changes: gains.length, gain, error };
}

/** Log-likelihood of changes under one mean drift and one covariance for all states, learned from `learn`, of those of `test`, nats. */
function constantLikelihood(learn: Regression, test: Regression): Float64Array {
  const { d } = learn;
  const mean = new Float64Array(d);
  let total = 0;
  for (let p = 0; p < learn.cohort.length; p++) {
    total += timeOf(learn, p);
    for (let j = 0; j < d; j++) mean[j] += learn.change[p * d + j];
  }
  for (let j = 0; j < d; j++) mean[j] /= total;
  const covariance = new Float64Array(d * d);
  for (let p = 0; p < learn.cohort.length; p++) {
    const [time, lambda] = [timeOf(learn, p), lambdaOf(learn, p)];
    const rest = (j: number) => learn.change[p * d + j] - mean[j] * time;
    for (let k = 0; k < d * d; k++)
      covariance[k] += (rest(Math.floor(k / d)) * rest(k % d)) / (lambda * time * learn.cohort.length);
  }
  const { residuals, logDet } = standardised(test, (use) => {
    for (let p = 0; p < test.cohort.length; p++) {
      const [time, lambda] = [timeOf(test, p), lambdaOf(test, p)];
      use(
        mean.map((x) => time * x),
        covariance.map((x) => lambda * time * x),
        p,
      );
    }
  });
  return logDet.map((value, p) => {
    let square = 0;
    for (let j = 0; j < d; j++) square += residuals[p * d + j] ** 2;
    return -(square + value + d * Math.log(2 * Math.PI)) / 2;
  });
}

/** States to predict from, case by case. */
export interface Starts {
  /** `[cases, d]` */
  readonly state: Float32Array;
  /** `[cases, conditions]` */
  readonly condition: Float32Array;
}

/** Rows that they are chosen among, at most. */
const RANKED = 65_536;
/** Cases that are taken from the data where none are given. */
const OWN_STARTS = 4;

/** Some states of the data, by quantiles of the first variable. */
export function startsOfData(all: Regression): Starts {
  const data = someRows(all, RANKED);
  const { d, state, condition } = data;
  const c = conditionCount(data);
  const n = data.cohort.length;
  const order = Uint32Array.from({ length: n }, (_, k) => k).sort((a, b) => state[a * d] - state[b * d]);
  const rows = Uint32Array.from({ length: OWN_STARTS }, (_, k) => order[Math.floor(((k + 0.5) / OWN_STARTS) * n)]);
  const own = pickedRegression({ ...data, variation: null }, rows);
  return {
    state: own.state,
    condition: c > 0 ? own.condition : new Float32Array(condition.length === 0 ? 0 : OWN_STARTS * c),
  };
}

/** Times that predictions are told at. */
const TIMES = 101;
/** Relaxations that predictions go on for, and durations of the data at the least and the most. */
const RELAXATIONS = 5;
const [LEAST_CHANGES, MOST_CHANGES] = [20, 1e5];
/** States that relaxations are looked for at. */
const SLOPES = 64;

export interface Prediction {
  readonly runs: Ensemble;
  readonly guards: Guards;
  readonly dt: number;
}

/** Trajectories from every start, case by case, no longer than the data go on unless it is asked for; null for one that runs away. */
export async function predictions(
  run: Run,
  gpu: Gpu,
  equation: Equation,
  starts: Starts,
  p: FitOptions,
  span: number,
): Promise<(Prediction | null)[]> {
  const { data } = equation;
  const { d } = data;
  const c = conditionCount(data);
  const found: (Prediction | null)[] = [];
  for (let k = 0; k < starts.state.length / d; k++) {
    const at = Array.from(starts.condition.subarray(k * c, (k + 1) * c));
    const model = c > 0 ? atCondition(equation.model, at) : equation.model;
    const sample = someRows(data, SLOPES).state;
    const one = async (): Promise<Prediction> => {
      const horizon =
        p.horizon ||
        Math.max(
          LEAST_CHANGES * data.time,
          await relaxationTime(gpu, model, sample, Math.min(span, MOST_CHANGES * data.time)),
        );
      // Mean changes over a time are steps of that time.
      const step = data.time;
      const count = equation.instant ? TIMES : Math.max(2, Math.min(TIMES, Math.floor(horizon / step + 1e-9) + 1));
      const pause = horizon / (count - 1);
      // Of instantaneous rates: steps no longer than the data's, and short beside the fastest relaxation.
      const longest = Math.min(pause, data.time);
      const parts = equation.instant ? await stepsWithin(gpu, model, sample, longest) : 1;
      const every = Math.max(1, equation.instant ? Math.ceil((pause / longest) * parts) : Math.round(pause / step));
      const dt = equation.instant ? pause / every : step;
      const times = evenGrid(0, (count - 1) * every * dt, count);
      const start = Float32Array.from({ length: p.runs * d }, (_, i) => starts.state[k * d + (i % d)]);
      const scheme = equation.instant ? ("heun" as const) : ("euler" as const);
      const runs = await predicted(run, gpu, `${equation.name}/start${k + 1}`, model, start, {
        ...{ times, cases: 1, dt, scheme, seed: run.seed, purpose: `predict/${equation.name}/${k}` },
      });
      return { runs, guards: guardsOf(model, runs, []), dt };
    };
    found.push(await unlessDiverged(one()));
  }
  return found;
}

/** Five times the slowest relaxation of an equation, no longer than `most`; 0 where nothing relaxes. */
async function relaxationTime(gpu: Gpu, model: SdeModel, states: Float32Array, most: number): Promise<number> {
  const wanted = RELAXATIONS / (await slowestRate(gpu, model, states));
  return Number.isFinite(wanted) ? Math.min(most, wanted) : 0;
}
