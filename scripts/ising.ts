// The 2D Ising model: learn the SDE of magnetization, domain-wall density and closure variables of a large lattice from patches of
// 8 × 8 to 64 × 64 spins (paper: section 3.3), and compare it with direct simulation in physical time.
//
//   npm run ising                                          quick: a minute at most
//   npm run ising -- --profile standard --seed 7           three seeds, all comparisons; a quarter of an hour on two cores
//   npm run ising -- --L 1024 --learn-side 128 --patches 16    a million spins, learned on lattices of 128 × 128
//   npm run ising -- --patches 16 --T 1.8 --h 0.1 --equilibrium --age 400 --relax-time 32    its magnetization in equilibrium too
//   npm run ising -- --closure autoencoder --patches 16    closure variables learned by a convolutional network
//   npm run ising -- --help

import { everyTime } from "../lib/analysis/ensemble.ts";
import { evenGrid } from "../lib/analysis/function-error.ts";
import { driftField } from "../lib/experiments/ising/drift-field.ts";
import { learnedEquilibrium, trueEquilibrium } from "../lib/experiments/ising/equilibrium.ts";
import { studyLargeLattice } from "../lib/experiments/ising/large-lattice.ts";
import type { Outcome } from "../lib/experiments/ising/metrics.ts";
import { latticesMidway, midwayBy } from "../lib/experiments/ising/midway.ts";
import { EVERY, isingCommand, isTrained, latticeCount } from "../lib/experiments/ising/parameters.ts";
import {
  closurePlan,
  durationOf,
  isingSources,
  isingSystem,
  laggedPlan,
  measuresOf,
  PAPER_TIME,
  pairPlan,
  setOf,
  shownPatch,
  TRAINING_STATES,
} from "../lib/experiments/ising/plan.ts";
import { publishIsing } from "../lib/experiments/ising/publish.ts";
import { isingTruth, scoreIsing } from "../lib/experiments/ising/scores.ts";
import { predictionStarts, simulateTruth } from "../lib/experiments/ising/truth.ts";
import { checkUpsampling } from "../lib/experiments/ising/upsampled-lattices.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { closedBy } from "../lib/method/closure/coordinates.ts";
import { encoderOf } from "../lib/method/closure/kinds.ts";
import { solveClosure } from "../lib/method/closure/lagged.ts";
import { closureTable } from "../lib/method/closure/table.ts";
import { observables } from "../lib/method/coordinates.ts";
import { isOurs, pairCount, regression, stepOf, taught } from "../lib/method/pairs.ts";
import { type SdeModel, withLambda } from "../lib/method/sde/model.ts";
import { unlessDiverged } from "../lib/method/sde/rollout.ts";
import { measuredPairs, quadraticTimes, smallTrajectories, someSnapshots, thinned } from "../lib/method/snapshots.ts";
import { closureTest } from "../lib/run/closure-test.ts";
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
import { fitOptions, oddVariables, sdeSpec } from "../lib/run/training-parameters.ts";

await main(async () => {
  const options = parseExperiment(isingCommand);
  const p = options.parameters;
  const gpu = await openDevice();
  for (const patch of p.patches) isingSystem(gpu, p, { patch }).requireSide(p.L);
  if (p.large > 0) isingSystem(gpu, p, { patch: p.studyPatch }).requireSide(p.large);
  const run = await openRun({ ...options, adapter: gpu.adapter });
  const times = evenGrid(0, p.horizon, Math.round(p.horizon / EVERY) + 1);
  const sources = isingSources(p);
  const seeds = seedsFrom(options.seed, p.seeds);
  const main = isingSources({ ...p, studies: "none" });
  const units = [...sources, ...seeds.slice(1).flatMap(() => main)];
  const work = progress("ising", units.reduce((sum, one) => sum + 1 + one.trainings.length, 0) + 8);

  // Truth: direct simulation, observed in few large pieces.
  const largest = isingSystem(gpu, p, { patch: Math.max(...p.patches), closure: "none", boundary: "halo" });
  work.next(4);
  const truth = await simulateTruth(run, largest, p, times, options.seed);
  work.add(4);
  const ofPaper = once(async () =>
    isingTruth(everyTime(truth.observed.runs, PAPER_TIME / EVERY), p.m0, largest.lanes, options.seed),
  );
  const lattices = once(() => latticesMidway(run, largest, p, times, options.seed));

  const outcomes: Outcome[] = [];
  let field: Awaited<ReturnType<typeof driftField>> = null;
  for (const seed of seeds) {
    // The comparisons take the first seed alone.
    for (const source of seed === seeds[0] ? sources : main) {
      const { patch, closure, boundary, trainings } = source;
      const system = isingSystem(gpu, p, source);
      const name = `seed${seed}/patch${patch}-${closure}-${boundary}`;
      const trajectories = { trajectories: p.trajectories, times: quadraticTimes(p.records, p.age), seed };
      const small = once(() => smallTrajectories(system, trajectories));
      const snapshots = once(async () => someSnapshots(system, await small(), latticeCount(p, closure)));

      // z = (m, ρ), with what the closure adds: measured closure variables, or what an encoder has learned to see.
      let coordinates = observables(system);
      if (isTrained(closure)) {
        const { encoder, table } = closurePlan(p, source, seed);
        const seen = async () => closureTable(system, await snapshots(), durationOf(p.compensatorTime), table);
        const model = await trainedEncoder(run, gpu, name, closure, seen, encoder);
        coordinates = closedBy(system, encoderOf(gpu, system, model), p.copies);
      } else if (closure === "lagged") {
        const { shape, lattices, follow } = laggedPlan(p, source, seed);
        const model = await solvedEncoder(run, name, async () =>
          solveClosure(gpu, system, someSnapshots(system, await small(), lattices), shape, follow),
        );
        coordinates = closedBy(system, encoderOf(gpu, system, model), p.copies);
      }

      // Large lattices of upsampled snapshots → the generator, or partial evolution of their patches, once for every duration.
      const measures = measuresOf(source, p);
      const plan = { ...pairPlan(p, source), seed };
      const sets = await evolvedPairs(run, name, async () =>
        measuredPairs(system, await snapshots(), measures, plan, coordinates),
      );
      const starts = await predictionStarts(system, coordinates, p, seed);
      const midway = once(async () => midwayBy(system, coordinates, await lattices(), p, times));
      const ranges = system.observables.map(({ range }) => range ?? null);
      work.add();
      let shared: SdeModel | undefined;
      for (const training of trainings) {
        const { study, method, time, fewer } = training;
        const pairs = taught(sets[setOf(measures, training)], method, fewer);
        const label = `${name}/${method}-${time}${fewer > 1 ? `-1-in-${fewer}` : ""}`;
        const data = regression(pairs, method);
        // A single patch is the whole lattice: there naive and small are the increments by definition.
        const same = patch === plan.side && study === "main" && method !== "compensator";
        const learning = { ...fitOptions(p, seed), closedForm: true, variables: system.observables };
        const spec = sdeSpec(p, oddVariables(system, p.h));
        const learned = (same && shared) || (await learnedSde(run, gpu, label, data, spec, learning));
        if (same) shared = learned;
        // Drift and n times diffusion do not depend on the size of the lattice; baselines do not know of it.
        const model = isOurs(method) ? withLambda(learned, p.L ** 2, plan.side ** 2) : learned;
        const step = stepOf(data, p.dt);
        // Baselines at the time of the paper step with that, as the drift that they learn is a mean over it.
        const exact = study === "paper-time" ? await ofPaper() : truth;
        const at = { times: exact.times, cases: p.m0.length, ...step, seed, purpose: `predict/${label}` };
        const predictions = await unlessDiverged(predicted(run, gpu, label, model, starts, at));
        const alone = isOurs(method) && (seeds.length === 1 || study !== "main");
        const drawn = await unlessDiverged(predictedDraws(run, gpu, label, model, starts, at, alone));
        const scores = await run.phase("score", async () => {
          const rest = { drawn, training: thinned(data.state, data.d, TRAINING_STATES), ranges, seed };
          return predictions && scoreIsing(exact, model, { trajectories: predictions, ...rest });
        });
        // From the middle of true paths: do these variables decide their future?
        const isTested =
          seed === seeds[0] && isOurs(method) && patch === shownPatch(p) && ["main", "closure"].includes(study);
        const closed =
          isTested && predictions ? await closureTest(run, gpu, label, model, await midway(), step, seed) : null;
        const followed = { system, coordinates, p, step, seed, alone };
        const equilibrium =
          p.equilibrium && study === "main" && method === "compensator"
            ? await learnedEquilibrium(run, gpu, label, model, followed)
            : undefined;
        const facts = { seed, patch, closure, boundary, study, method, time, fewer, pairs: pairCount(pairs) };
        outcomes.push({ ...facts, scores, closed, equilibrium, equation: { model, ...step } });
        if (!field && method === "compensator" && patch === shownPatch(p))
          field = await driftField(gpu, model, pairs.whole, patch);
        work.add();
      }
    }
  }

  work.next(2);
  const upsampling = await run.phase("check upsampling", () => checkUpsampling(gpu, p, options.seed));
  work.add(2);
  const equilibrium = p.equilibrium ? await trueEquilibrium(gpu, run, p, options.seed) : null;
  work.next(2);
  const size = p.large > 0 ? await studyLargeLattice(gpu, run, p, options.seed) : null;
  work.add(2);
  work.done();
  const { observables: measured } = isingSystem(gpu, p, { patch: p.patches[0] });
  await publishIsing(run, { truth, outcomes, options: p, equilibrium }, measured, upsampling, {
    driftField: field,
    size,
  });
});
