// The steps of learning and predicting that a run keeps in its folder, so that --resume finds them: plain functions, in the order in
// which a script calls them. Seconds are counted under the name of the phase, those of an interrupted sitting too.
import { ENSEMBLES, type Ensemble } from "../analysis/ensemble.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Format } from "../io/format.ts";
import { ENCODER, type EncoderModel, type EncoderShape } from "../method/closure/kinds.ts";
import type { ClosureTable } from "../method/closure/table.ts";
import { type Objective, trainClosure } from "../method/closure/train.ts";
import type { LossCurve } from "../method/loss-curve.ts";
import { type Method, PAIRS, type Pairs, type Regression } from "../method/pairs.ts";
import { aboutOf, middleCondition, type Named } from "../method/sde/about.ts";
import { isSolved, type SdeSpec } from "../method/sde/fields.ts";
import { fitSde, type SdeFitOptions, solveSde } from "../method/sde/fit.ts";
import { formula, written } from "../method/sde/formula.ts";
import { atCondition, MODEL, type SdeModel, trainingGroups } from "../method/sde/model.ts";
import { type RolloutOptions, rollout } from "../method/sde/rollout.ts";
import { type FitOptions, type FitProgress, fitState, fitTensors } from "../method/train.ts";
import { stream } from "../random/stream.ts";
import { progress } from "./progress.ts";
import type { Run } from "./run-folder.ts";
import { type Trained, withCurve } from "./trainings.ts";

/** Seeds of independent repetitions: seed, seed + 1, …. */
export function seedsFrom(seed: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => (seed + k) % 2 ** 32);
}

/** `work`, done when it is first asked for and never again. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => (done ??= work());
}

/** Ensembles by name of direct simulations. */
export function simulatedTruth(
  run: Run,
  work: () => Promise<Record<string, Ensemble>>,
  name = "truth",
  phase = "direct simulation",
): Promise<Record<string, Ensemble>> {
  return run.phase(phase, () => run.keep(name, ENSEMBLES, work));
}

/** Training pairs, one set per duration. */
export function evolvedPairs(
  run: Run,
  name: string,
  work: () => Promise<Pairs[]>,
  phase = "partial evolution",
): Promise<Pairs[]> {
  return run.phase(phase, () => run.keep(`${name}/pairs`, PAIRS, work));
}

/**
 * What a training gives, with checkpoints inside it; it stays with the results as `models/<name>`, and its losses in the run's trainings.
 * `method`: of an equation.
 */
export async function trained<T>(
  run: Run,
  name: string,
  format: Format<T>,
  { steps, seed, method }: Pick<FitOptions, "steps" | "seed"> & { readonly method?: Method },
  work: (progress: FitProgress) => Promise<T>,
  phase: string,
): Promise<T> {
  const { value, curve } = await run.phase(phase, () =>
    run.keep(name, withCurve(format), async (partial): Promise<Trained<T>> => {
      const saved = partial.load();
      const resumeFrom = saved && fitState(saved);
      let done = resumeFrom?.step ?? 0;
      const bar = progress(`train ${name}`, steps, done);
      let curve: LossCurve | undefined;
      try {
        const value = await work({
          onSteps: (step) => {
            bar.add(step - done);
            done = step;
          },
          checkpoint: { wanted: partial.due, save: (state) => partial.save(fitTensors(state)) },
          resumeFrom,
          onEnd: (losses) => {
            curve = losses;
          },
        });
        if (!curve) throw new Error(`the training of ${name} told no losses`);
        return { value, curve };
      } finally {
        bar.done();
      }
    }),
  );
  run.model(name, format, value);
  const own = `seed${seed}/`;
  run.training({ seed, what: name.startsWith(own) ? name.slice(own.length) : name, method: method ?? null, ...curve });
  return value;
}

/** What is trained of an encoder, and how; `hidden`: widths of what reads it (`trainClosure`). */
export interface EncoderPlan extends FitOptions {
  readonly shape: EncoderShape;
  readonly hidden: readonly number[];
}

/** The encoder that an objective learns from a table of patches, made when there is training to do. */
export function trainedEncoder(
  run: Run,
  gpu: Gpu,
  name: string,
  objective: Objective,
  table: () => Promise<ClosureTable>,
  plan: EncoderPlan,
): Promise<EncoderModel> {
  const work = async (progress: FitProgress) =>
    trainClosure(gpu, objective, await table(), plan.shape, plan.hidden, plan, progress);
  return trained(run, `${name}/encoder`, ENCODER, plan, work, "closure");
}

/** The encoder that is solved for; it stays with the results as `models/<name>/encoder`. */
export async function solvedEncoder(run: Run, name: string, work: () => Promise<EncoderModel>): Promise<EncoderModel> {
  const model = await run.phase("closure", () => run.keep(`${name}/encoder`, ENCODER, work));
  run.model(`${name}/encoder`, ENCODER, model);
  return model;
}

/** How an equation is learned, and what its variables, and conditions, are called in its file. */
export interface LearningOptions extends SdeFitOptions {
  readonly variables: readonly Named[];
  readonly conditions?: readonly Named[];
}

/** The equation that a regression gives: solved at once, or trained. It stays with the results as `models/<name>`. */
export async function learnedSde(
  run: Run,
  gpu: Gpu,
  name: string,
  data: Regression,
  spec: SdeSpec,
  { variables, conditions, ...options }: LearningOptions,
  phase = "learn",
): Promise<SdeModel> {
  const about = aboutOf(data, variables, conditions);
  if (!isSolved(spec)) {
    const work = async (progress: FitProgress): Promise<SdeModel> => ({
      ...(await fitSde(gpu, data, spec, options, progress)),
      about,
    });
    return trained(run, name, MODEL, { ...options, method: data.method }, work, phase);
  }
  const model = await run.phase(phase, () => run.keep(name, MODEL, async () => ({ ...solveSde(data, spec), about })));
  keepEquation(run, name, model);
  return model;
}

/** Longer lines of a formula are nothing to be read: `npm run model` writes them. */
const LONGEST = 800;

/** Leaves an equation with the results: its file, and in result.json its formula, in the middle of its conditions. */
export function keepEquation(run: Run, name: string, model: SdeModel): void {
  const { about } = model;
  const middle = about ? middleCondition(about) : [];
  const one = about && written(middle.length > 0 ? atCondition(model, middle) : model, about.variables);
  const told = one && {
    at: Object.fromEntries(about.conditions.map(({ name }, k) => [name, Number(middle[k].toPrecision(7))])),
    formula: formula(one, about.variables, "text")
      .split("\n")
      .map((line) => (line.length > LONGEST ? `${line.split(" = ")[0]} = … (models/${name}.safetensors)` : line)),
  };
  run.model(name, MODEL, model, told ?? undefined);
}

/** Trajectories of an equation; see `rollout`. `purpose`: of the random numbers. One that runs away is not kept. */
export async function predicted(
  run: Run,
  gpu: Gpu,
  name: string,
  model: SdeModel,
  start: Float32Array,
  options: Omit<RolloutOptions, "stream"> & { readonly seed: number; readonly purpose: string },
  phase = "predict",
): Promise<Ensemble> {
  const { seed, purpose, ...rest } = options;
  const work = async () => ({
    predicted: await rollout(gpu, model, start, { ...rest, stream: stream(seed, purpose) }),
  });
  const kept = await run.phase(phase, () => run.keep(`${name}/predicted`, ENSEMBLES, work));
  return kept.predicted;
}

/** Draws of the parameters of an equation, and runs of each case with every one of them. */
export interface DrawCounts {
  readonly draws: number;
  readonly runs: number;
}
const DRAWS: DrawCounts = { draws: 8, runs: 4 };

/**
 * The first runs of `predicted` again, with the best parameters and with some that the training data would also allow: what intervals of a
 * single seed hold of the training. null where that is not wanted, or not known.
 */
export async function predictedDraws(
  run: Run,
  gpu: Gpu,
  name: string,
  model: SdeModel,
  start: Float32Array,
  options: Parameters<typeof predicted>[5] & { readonly cases: number },
  wanted: boolean,
  counts = DRAWS,
): Promise<Ensemble | null> {
  if (!wanted || trainingGroups(model) < 2) return null;
  const { cases, seed } = options;
  const rows = start.length / model.d;
  const runs = Math.min(counts.runs, rows / cases);
  const first = firstRows(start, model.d, rows / cases, runs);
  return predicted(run, gpu, `${name}/draws`, model, first, { ...options, draws: { count: counts.draws, seed } });
}

/** The first `runs` of every `all` rows of d numbers. */
function firstRows(rows: Float32Array, d: number, all: number, runs: number): Float32Array {
  return rows.filter((_, k) => Math.floor(k / d) % all < runs);
}
