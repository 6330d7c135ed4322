// Stochastic predator–prey fields: learn the SDE of the mean populations and two closure variables of a long system from patches
// of 40 grid points (paper, section 3.2), and compare it with direct simulation.
//
//   npm run predator-prey                                              quick: a minute and a half
//   npm run predator-prey -- --profile standard --seed 7               three seeds, about a quarter of an hour on two cores
//   npm run predator-prey -- --N 20000 --trajectories 96 --patches-per-snapshot 8 --means 0.5 --amplitudes 0.1
//   npm run predator-prey -- --help

import { recordMoments } from "../lib/analysis/ensemble-error.ts";
import { evenGrid } from "../lib/analysis/function-error.ts";
import { checkedEquation } from "../lib/experiments/predator-prey/equation-check.ts";
import {
  type Outcome,
  predatorPreyFigures,
  predatorPreyMetrics,
  predatorPreyTables,
  scoreTable,
} from "../lib/experiments/predator-prey/metrics.ts";
import { EVERY, FEWER, predatorPreyCommand, predatorPreySystem } from "../lib/experiments/predator-prey/parameters.ts";
import { predatorPreyReport } from "../lib/experiments/predator-prey/report.ts";
import {
  besideEachOther,
  predatorPreyFloor,
  recordOfCase,
  scorePredatorPrey,
  type TrueEnsembles,
} from "../lib/experiments/predator-prey/scores.ts";
import { measureFields } from "../lib/experiments/predator-prey/upsampled-fields.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { Encoder, type EncoderShape, encoderFromTensors, encoderTensors } from "../lib/method/closure/encoder.ts";
import { closureTable } from "../lib/method/closure/table.ts";
import { CLOSURES, type ClosureKind, trainClosure } from "../lib/method/closure/train.ts";
import { type Coordinates, closedBy } from "../lib/method/coordinates.ts";
import { type Measure, simulateDirectly } from "../lib/method/direct.ts";
import { everyRow, METHODS, type Method, type Pairs, pairsFromTensors, pairsTensors } from "../lib/method/pairs.ts";
import { fitSde, stateScales } from "../lib/method/sde/fit.ts";
import { modelFromTensors, modelTensors, type SdeModel, type SdeShape, withLambda } from "../lib/method/sde/model.ts";
import { rollout } from "../lib/method/sde/rollout.ts";
import { evenTimes, makePairs, smallTrajectories, thinned } from "../lib/method/snapshots.ts";
import { stream } from "../lib/random/stream.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { repeatCommand } from "../lib/run/command-text.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { openRun } from "../lib/run/run-folder.ts";
import { stagedTraining } from "../lib/run/staged-training.ts";
import { PredatorPrey, type PredatorPreyStates } from "../lib/systems/predator-prey.ts";

/** Patches of a snapshot that the closure is trained on, at most. */
const CLOSURE_PATCHES = 8;

/** What one seed and one objective of the closure give. */
interface Learned {
  seed: number;
  closure: ClosureKind;
  encoder: Encoder;
  coordinates: Coordinates<PredatorPreyStates>;
  pairs: Record<"compensator" | "increment" | "double", Pairs>;
  models: { method: Method; fewer: number; pairs: Pairs; model: SdeModel }[];
}

await main(async () => {
  const options = parseExperiment(predatorPreyCommand);
  const p = options.parameters;
  const gpu = await openDevice();
  const run = await openRun({ ...options, adapter: gpu.adapter });
  const physics = predatorPreySystem(p, p.patch, p.interpolation);
  const system = new PredatorPrey(gpu, physics);
  const patches = p.N / p.patch;
  const seeds = Array.from({ length: p.seeds }, (_, k) => (options.seed + k) % 2 ** 32);
  const closures = CLOSURES.filter((closure) => p.closure === "both" || p.closure === closure);
  const lambdas = [...new Set([...p.lambdas, patches])].sort((a, b) => a - b);
  const times = evenGrid(0, p.horizon, Math.round(p.horizon / EVERY) + 1);
  const cases = p.means.flatMap((mean) => p.amplitudes.map((amplitude) => ({ mean, amplitude })));
  const encoderShape: EncoderShape = {
    parts: system.parts,
    size: p.patch,
    joint: p.encoder === "joint",
    hidden: p.encoder === "linear" ? [] : p.closureHidden,
    activation: p.activation,
    variables: p.variables,
  };
  const d = system.parts + p.variables;
  const shape: SdeShape = { d, hidden: p.hidden, activation: p.activation, diffusion: p.diffusion };
  const upsampling = { smallSide: p.small, side: p.N, relaxTime: p.relaxTime };
  const work = progress("predator-prey", 15 * seeds.length * closures.length + 10);

  // Learn: snapshots of small systems → closure → partial evolution of patches → drift and diffusion.
  const learned: Learned[] = [];
  for (const seed of seeds) {
    let taken: Promise<Uint32Array> | undefined;
    const snapshots = () =>
      (taken ??= smallTrajectories(system, {
        ...p,
        times: evenTimes(p.records, p.interval),
        smallSide: p.small,
        seed,
      }));
    for (const closure of closures) {
      const name = `seed${seed}/${closure}`;
      const encoder = new Encoder(gpu, await learnClosure(closure, seed, name, snapshots));
      work.add(3);
      const coordinates = closedBy(system, encoder);
      const pairs = await evolvePatches(coordinates, seed, name, snapshots);
      work.add(2);
      const models: Learned["models"] = [];
      for (const { method, fewer } of trainings(closure)) {
        const all = method === "compensator" ? pairs.compensator : pairs.increment;
        const data = fewer === 1 ? all : everyRow(all, fewer);
        const label = `${name}/${method}${fewer > 1 ? `-1-in-${fewer}` : ""}`;
        models.push({
          method,
          fewer,
          pairs: data,
          model: await run.phase("train", () => train(data, method, seed, label)),
        });
        work.add(5 / trainings(closure).length);
      }
      learned.push({ seed, closure, encoder, coordinates, pairs, models });
    }
  }

  // Truth: direct simulation, of which two ensembles per case are seen through every encoder.
  const truth = await run.phase("direct simulation", simulateTruth);
  work.add(10);

  // Predict and compare.
  const outcomes: Outcome[] = [];
  for (const { seed, closure, encoder, coordinates, pairs, models } of learned) {
    const whole = pairs.increment.whole;
    const ensembles: TrueEnsembles = {
      records: truth.ensembles[`${seed} ${closure}`],
      size: p.ensemble,
      d,
      ...stateScales(whole, d),
    };
    const states = system.prepared(cases, p.N);
    const starts = await coordinates.whole(states);
    states.destroy();
    const floor = await run.phase("score", () => predatorPreyFloor(gpu, times.length, ensembles, seed));
    for (const { method, fewer, pairs: data, model } of models) {
      const own = method === "compensator" || method === "increment";
      const sweep = own && fewer === 1 && closure === closures[0];
      for (const lambda of sweep ? lambdas : [own ? patches : 1]) {
        const at = own ? withLambda(model, lambda, patches) : model;
        const predictRuns = (runs: number) => predict(at, starts, runs, data.time, seed, `${closure}/${method}`);
        // The ensembles of a sweep have the same random numbers at every λ; λ = K gets more runs for its moments.
        const sample = await run.phase("predict", () => predictRuns(p.ensemble));
        const record = own && lambda !== patches ? sample : await run.phase("predict", () => predictRuns(p.runs));
        const scores = await run.phase("score", () => scorePredatorPrey(gpu, truth, ensembles, record, sample));
        outcomes.push({ seed, closure, method, lambda, fewer, pairs: data.patch.length / d, scores, ensembles, floor });
      }
      work.add(5 / models.length);
    }
    encoder.destroy();
  }
  const first = learned[0];
  const equation = await run.phase("check", () =>
    checkedEquation(gpu, first.models[0].model, first.pairs.increment, first.pairs.double),
  );
  const fields = await run.phase("check", () => measureFields(gpu, physics, p.small, p.N, options.seed));
  work.done();

  const study = { truth, outcomes, points: p.N, patch: p.patch, closure: closures[0], runs: p.runs, lambdas };
  for (const [name, table] of Object.entries(predatorPreyTables(study))) run.table(name, table);
  const metrics = predatorPreyMetrics(study, run.result({}).seconds.total);
  console.log(scoreTable(metrics));
  await run.finish(metrics, (result) =>
    predatorPreyReport({
      result,
      command: repeatCommand(options.experiment),
      ...predatorPreyFigures(study, result.seconds),
      ...equation,
      ...fields,
      points: p.N,
      patch: p.patch,
      small: p.small,
      interpolation: p.interpolation,
      relaxTime: p.relaxTime,
    }),
  );

  /** Which equations are trained for a closure: all methods for the first one, ours for the others. */
  function trainings(closure: ClosureKind): { method: Method; fewer: number }[] {
    const full = METHODS.map((method) => ({ method, fewer: 1 }));
    if (closure !== closures[0]) return full.filter(({ method }) => method === "compensator" || method === "increment");
    return [...full, { method: "compensator", fewer: FEWER }];
  }

  /** The encoder, from configurations of some snapshots. */
  async function learnClosure(kind: ClosureKind, seed: number, name: string, snapshots: () => Promise<Uint32Array>) {
    const tensors = await run.phase("closure", async () => {
      const { closureBatch: batch, closureSteps: steps, closureLearningRate: learningRate } = p;
      const training = { batch, steps, learningRate, weightDecay: p.weightDecay, seed };
      return stagedTraining(run, `${name}/encoder`, p.closureSteps, async (progress) => {
        const words = thinned(await snapshots(), system.words(p.small), p.closureSnapshots);
        const limits = { patchesPerSnapshot: CLOSURE_PATCHES, time: p.compensatorTime };
        const table = await closureTable(system, words, { ...upsampling, ...limits, seed });
        return encoderTensors(await trainClosure(gpu, kind, table, encoderShape, p.closureHidden, training, progress));
      });
    });
    run.tensors(`${name}/encoder`, tensors);
    return encoderFromTensors(encoderShape, tensors);
  }

  /** Partial evolutions: of duration δt for each estimator, and of twice that for the check of the equation. */
  async function evolvePatches(
    coordinates: Coordinates<PredatorPreyStates>,
    seed: number,
    name: string,
    snapshots: () => Promise<Uint32Array>,
  ) {
    const durations = [p.compensatorTime, p.incrementTime, 2 * p.incrementTime];
    const tensors = await run.phase("partial evolution", () =>
      run.stage(`${name}/pairs`, async () => {
        const work = { ...upsampling, patchesPerSnapshot: p.patchesPerSnapshot, seed };
        return pairsTensors(await makePairs(system, await snapshots(), durations, work, coordinates));
      }),
    );
    const [compensator, increment, double] = pairsFromTensors(tensors, durations, { d, patches });
    return { compensator, increment, double };
  }

  /** The loss with λ = K: one network for f, one for σ. */
  async function train(pairs: Pairs, method: Method, seed: number, name: string): Promise<SdeModel> {
    const tensors = await stagedTraining(run, name, p.steps, async (progress) =>
      modelTensors(await fitSde(gpu, pairs, method, shape, { ...p, seed }, progress)),
    );
    run.tensors(name, tensors);
    return modelFromTensors(shape, tensors);
  }

  /** Moments from all runs; z of the first runs of every case, two ensembles, through every encoder. */
  async function simulateTruth() {
    const seen = 2 * p.ensemble;
    const tensors = await run.stage("truth", async () => {
      const bar = progress("direct simulation", times.length * p.trueRuns * cases.length);
      const simulate = (purpose: string, runs: number, measures: Measure<PredatorPreyStates>[]) => {
        const prepare = (from: number, to: number) =>
          system.prepared(
            Array.from({ length: to - from }, (_, k) => cases[Math.floor((from + k) / runs)]),
            p.N,
          );
        const source = { seed: options.seed, purpose };
        return simulateDirectly(system, prepare, runs * cases.length, p.N, times, source, measures, (n) => bar.add(n));
      };
      const observe: Measure<PredatorPreyStates> = (states) => system.observe(states);
      const inside = learned.map(({ coordinates }) => coordinates.whole);
      const ensembles = await simulate("truth/ensembles", seen, [observe, ...inside]);
      const rest = p.trueRuns > seen ? await simulate("truth/rest", p.trueRuns - seen, [observe]) : [];
      bar.done();
      const records = { observables: ensembles[0], ...(rest[0] && { rest: rest[0] }) };
      for (const [k, { seed, closure }] of learned.entries())
        Object.assign(records, { [`${seed} ${closure}`]: ensembles[k + 1] });
      return Object.fromEntries(
        Object.entries<Float32Array>(records).map(([key, data]) => [key, { shape: [data.length], data }]),
      );
    });
    const record = (key: string, width: number) => {
      const data = tensors[key].data as Float32Array;
      return cases.map((_, c) => recordOfCase(data, times.length, width, cases.length, c));
    };
    const parts = [record("observables", 2), ...("rest" in tensors ? [record("rest", 2)] : [])];
    const moments = cases.map((_, c) =>
      recordMoments(
        besideEachOther(
          parts.map((part) => part[c]),
          times.length,
        ),
        times.length,
        2,
      ),
    );
    const ensembles = Object.fromEntries(
      learned.map(({ seed, closure }) => [`${seed} ${closure}`, record(`${seed} ${closure}`, d)]),
    );
    return { times, cases, runs: p.trueRuns, moments, ensembles };
  }

  /** Trajectories `[times][cases · runs][d]` of a learned equation, stepped with the δt that it was learned with. */
  async function predict(model: SdeModel, starts: Float32Array, runs: number, dt: number, seed: number, name: string) {
    const start = new Float32Array(cases.length * runs * d);
    for (let k = 0; k < cases.length * runs; k++)
      start.set(starts.subarray(Math.floor(k / runs) * d, (Math.floor(k / runs) + 1) * d), k * d);
    const every = Math.round(EVERY / dt);
    return rollout(gpu, model, start, {
      dt,
      steps: every * (times.length - 1),
      every,
      stream: stream(seed, `predict/${name}`),
    });
  }
});
