// Stochastic predator–prey fields: learn the SDE of the mean populations and two closure variables of a long system from patches
// of 40 grid points (paper: section 3.2), and compare it with direct simulation.
//
//   npm run predator-prey                                              quick: under a minute
//   npm run predator-prey -- --profile standard --seed 7               three seeds, some minutes on two cores
//   npm run predator-prey -- --N 20000 --trajectories 96 --patches-per-snapshot 8 --means 0.5 --amplitudes 0.1
//   npm run predator-prey -- --help

import { repeatedRows } from "../lib/analysis/ensemble.ts";
import { checkedEquation } from "../lib/experiments/predator-prey/equation-check.ts";
import type { Outcome } from "../lib/experiments/predator-prey/metrics.ts";
import { predatorPreyCommand, predatorPreySystem } from "../lib/experiments/predator-prey/parameters.ts";
import {
  closurePlan,
  costPlan,
  laggedPlan,
  predatorPreyPlan,
  TRAINING_STATES,
  trainingsOf,
} from "../lib/experiments/predator-prey/plan.ts";
import { publishPredatorPrey } from "../lib/experiments/predator-prey/publish.ts";
import { OBSERVABLES, predatorPreyFloor, scorePredatorPrey } from "../lib/experiments/predator-prey/scores.ts";
import { simulateTruth, startsOf } from "../lib/experiments/predator-prey/truth.ts";
import { measureFields } from "../lib/experiments/predator-prey/upsampled-fields.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { closedBy } from "../lib/method/closure/coordinates.ts";
import { encoderOf } from "../lib/method/closure/kinds.ts";
import { solveClosure } from "../lib/method/closure/lagged.ts";
import { closureTable } from "../lib/method/closure/table.ts";
import { atZeroTime, type Increments, isOurs, pairCount, regression, taught } from "../lib/method/pairs.ts";
import { withLambda } from "../lib/method/sde/model.ts";
import { stateScales } from "../lib/method/sde/scales.ts";
import { evenTimes, makePairs, smallTrajectories, someSnapshots, thinned } from "../lib/method/snapshots.ts";
import { closureTest, midwayOf } from "../lib/run/closure-test.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import {
  evolvedPairs,
  learnedSde,
  once,
  predicted,
  predictedDraws,
  seedsFrom,
  solvedEncoder,
  trainedEncoder,
} from "../lib/run/learn.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { openRun } from "../lib/run/run-folder.ts";
import { fitOptions, sdeSpec } from "../lib/run/training-parameters.ts";
import { PredatorPrey } from "../lib/systems/predator-prey.ts";

await main(async () => {
  const options = parseExperiment(predatorPreyCommand);
  const p = options.parameters;
  const gpu = await openDevice();
  const run = await openRun({ ...options, adapter: gpu.adapter });
  const physics = predatorPreySystem(p, p.patch, p.interpolation);
  const system = new PredatorPrey(gpu, physics);
  const plan = predatorPreyPlan(p);
  const { patches, closures, times, cases } = plan;
  const seeds = seedsFrom(options.seed, p.seeds);
  const work = progress("predator-prey", 15 * seeds.length * closures.length + 10);

  // Learn: snapshots of small systems → closure → partial evolution of patches → drift and diffusion.
  const learned = [];
  for (const seed of seeds) {
    const small = { ...p, times: evenTimes(p.records, p.interval), smallSide: p.small, seed };
    const snapshots = once(() => smallTrajectories(system, small));
    const { encoder, table } = closurePlan(p, system.parts, seed);
    const { shape, systems, follow } = laggedPlan(p, system.parts, seed);
    for (const closure of closures) {
      const name = `seed${seed}/${closure}`;
      work.next(3);
      const some = async (most: number) => someSnapshots(system, await snapshots(), most);
      const seen = async () => closureTable(system, await some(p.closureSnapshots), p.compensatorTime, table);
      const model =
        closure === "lagged"
          ? await solvedEncoder(run, name, async () => solveClosure(gpu, system, await some(systems), shape, follow))
          : await trainedEncoder(run, gpu, name, closure, seen, encoder);
      const coordinates = closedBy(system, encoderOf(gpu, system, model));
      work.add(3);
      // Of duration δt for each estimator, and increments of twice that, which correct their covariance to zero time.
      work.next(2);
      const [compensator, single, double] = await evolvedPairs(run, name, async () => {
        const increments = [1, 2].map((times) => ({ time: times * p.incrementTime, copies: p.copies }));
        const { patchesPerSnapshot } = p;
        return makePairs(
          system,
          await snapshots(),
          [p.compensatorTime, ...increments],
          { ...table, patchesPerSnapshot },
          coordinates,
        );
      });
      const increments = { single: single as Increments, double: double as Increments };
      const increment = p.copies > 1 ? atZeroTime(increments.single, increments.double) : increments.single;
      work.add(2);
      const models = [];
      const trainings = trainingsOf(closure, closures[0]);
      for (const { method, fewer } of trainings) {
        const pairs = taught(method === "compensator" ? compensator : increment, method, fewer);
        const label = `${name}/${method}${fewer > 1 ? `-1-in-${fewer}` : ""}`;
        const data = regression(pairs, method);
        const model = await learnedSde(run, gpu, label, data, sdeSpec(p), {
          ...fitOptions(p, seed),
          variables: system.observables,
        });
        const training = thinned(data.state, data.d, TRAINING_STATES);
        models.push({ label, method, fewer, pairs: pairCount(pairs), dt: data.time, model, training });
        work.add(5 / trainings.length);
      }
      learned.push({ seed, closure, name: `${seed} ${closure}`, coordinates, increments, models });
    }
  }

  // Truth: direct simulation, of which two ensembles per case are seen through every encoder.
  const measures = Object.fromEntries(learned.map(({ name, coordinates }) => [name, coordinates.whole]));
  work.next(10);
  const { truth, ensembles } = await simulateTruth(run, system, p, plan, options.seed, measures);
  work.add(10);

  // Predict, stepping with the δt that an equation was learned with, and compare.
  const outcomes: Outcome[] = [];
  for (const { seed, closure, name, coordinates, increments, models } of learned) {
    const { d } = coordinates;
    const pool = { runs: ensembles[name], size: p.ensemble, ...stateScales(increments.single.whole, d) };
    const floor = await run.phase("score", () => predatorPreyFloor(gpu, pool, seed));
    const starts = await startsOf(system, coordinates, p.N, cases);
    for (const { label, model, dt, training, ...one } of models) {
      const { method } = one;
      const at = { times, cases: cases.length, dt, seed, purpose: `predict/${closure}/${method}` };
      for (const lambda of plan.lambdasOf(closure, one)) {
        const equation = isOurs(method) ? withLambda(model, lambda, patches) : model;
        const predict = (runs: number) =>
          predicted(run, gpu, `${label}/lambda${lambda}-${runs}`, equation, repeatedRows(starts, d, runs), at);
        // The ensembles of a sweep have the same random numbers at every λ; λ = K gets more runs for its moments.
        const sample = await predict(p.ensemble);
        const all = (isOurs(method) && lambda !== patches) || p.runs === p.ensemble ? sample : await predict(p.runs);
        const best = lambda === patches && one.fewer === 1 && isOurs(method) && seeds.length === 1;
        const first = repeatedRows(starts, d, p.ensemble);
        const drawn = await predictedDraws(run, gpu, label, equation, first, { ...at, cases: cases.length }, best);
        const data = { all, sample, drawn, training, seed };
        const scores = await run.phase("score", () => scorePredatorPrey(gpu, truth, pool, equation, data));
        // From the middle of true paths: do these variables decide their future?
        const isTested = seed === seeds[0] && lambda === patches && one.fewer === 1 && isOurs(method);
        const midway = () => midwayOf(pool.runs, OBSERVABLES);
        const closed = isTested ? await closureTest(run, gpu, label, equation, midway(), { dt }, seed) : null;
        const facts = { seed, closure, lambda, ...one, ensembles: pool, floor };
        outcomes.push({ ...facts, scores, closed, equation: { model: equation, dt } });
      }
      work.add(5 / models.length);
    }
  }
  const [{ models, increments }] = learned;
  const equation = await run.phase("check", () =>
    checkedEquation(gpu, models[0].model, increments.single, increments.double),
  );
  const fields = await run.phase("check", () => measureFields(gpu, physics, p.small, p.N, options.seed));
  work.done();

  const study = { truth, outcomes, points: p.N, patch: p.patch, closure: closures[0], runs: p.runs, cost: costPlan(p) };
  await publishPredatorPrey(run, study, p, { ...equation, ...fields });
});
