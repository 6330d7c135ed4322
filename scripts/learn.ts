// Your own system → small trajectories → upsampled states → partial evolution of patches → dz = f(z) dt + σ(z) dW → against direct simulation.
//
//   npm run new -- my/contact.ts                                         writes a system that runs
//   npm run learn -- my/contact.ts --L 64 --patch 16 --lambda 2.5 --horizon 15
//
//   npm run new -- my/sis.py                                             the same as a program in Python (lib/systems/external.ts)
//   npm run learn -- --exec "python3 my/sis.py" --L 64 --patch 16 --horizon 15
//
// The module says how one system moves (lib/systems/simulator.ts); where it knows its rates, drift and diffusion are learned from the generator, without
// noise; else from increments of evolved patches.

import { trueRuns } from "../lib/analysis/diagnostics.ts";
import { learnedEquation } from "../lib/experiments/own/learn.ts";
import {
  checkTrajectories,
  type LearnOptions,
  learnCommand,
  ownNeeds,
} from "../lib/experiments/own/learn-parameters.ts";
import { publishStudy } from "../lib/experiments/own/learn-report.ts";
import { metIn, sourceOf, valuesOf } from "../lib/experiments/own/module.ts";
import {
  checkUpsampling,
  dependentRuns,
  floors,
  type OwnScores,
  predictionStarts,
  scored,
  simulateOwn,
} from "../lib/experiments/own/study.ts";
import { fieldsAt, lineOf, writtenAt } from "../lib/experiments/own/tables.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { isOurs, METHODS, pairCount, regression, stepOf, taught } from "../lib/method/pairs.ts";
import { withLambda } from "../lib/method/sde/model.ts";
import { unlessDiverged } from "../lib/method/sde/rollout.ts";
import { stepsWithin } from "../lib/method/sde/steps.ts";
import { measuredPairs, quadraticTimes, smallTrajectories, someSnapshots } from "../lib/method/snapshots.ts";
import { closureTest, midwayOf } from "../lib/run/closure-test.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { evolvedPairs, once, predicted, seedsFrom } from "../lib/run/learn.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { requireRoom } from "../lib/run/room.ts";
import { openRun } from "../lib/run/run-folder.ts";

/** Points of the lines of the figures. */
const LINE = 41;

await main(async () => {
  // Options depend on the system.
  const met = await metIn(process.argv.slice(2));
  const options = parseExperiment(learnCommand(met));
  const p = options.parameters as unknown as LearnOptions;
  const source = sourceOf(met, options.files);
  const gpu = await openDevice();
  const own = await source.open(gpu, valuesOf(source, options.parameters), p);
  const { system } = own;
  checkTrajectories(p, system);
  requireRoom(ownNeeds(p, system));
  const knowsRates = system.generator !== undefined;
  // How it is computed makes no other numbers: a run may go on with more processes, or more patience.
  const { processes: _, execSeconds: __, ...numbers } = options.parameters;
  const parameters = { ...numbers, ...source.told };
  const run = await openRun({ ...options, parameters, files: source.files, adapter: gpu.adapter });

  const side = p.learnSide || p.L;
  const sites = (extent: number) => extent ** system.dimension;
  const seeds = seedsFrom(options.seed, p.seeds);
  const methods = METHODS.filter(
    (method) => (method !== "compensator" || knowsRates) && (isOurs(method) || own.knowsPatches),
  );
  const work = progress(source.name, 2 + seeds.length * (1 + methods.length));
  const truth = await simulateOwn(run, own, p, options.seed);
  const compared = trueRuns(truth, truth.d, dependentRuns(own, p));
  const ahead = await predictionStarts(own, p, options.seed);
  work.add();

  const scores: OwnScores[] = [];
  const age = p.age || p.horizon;
  const trajectories = (seed: number) =>
    once(() =>
      smallTrajectories(system, { trajectories: p.trajectories, times: quadraticTimes(p.records, age), seed }),
    );
  for (const seed of seeds) {
    const small = trajectories(seed);
    // Large states from snapshots → the generator at them, and partial evolutions of their patches.
    const sets = await evolvedPairs(run, `seed${seed}`, async () => {
      const snapshots = someSnapshots(system, await small(), p.snapshots);
      const measures = {
        compensatorTimes: knowsRates ? [0] : [],
        incrementTimes: [p.incrementTime],
        copies: p.copies,
      };
      const relaxTime = (time: number) => Math.min(p.relaxTime, time);
      return measuredPairs(system, snapshots, measures, {
        side,
        relaxTime,
        patchesPerSnapshot: p.patchesPerSnapshot,
        seed,
      });
    });
    work.add();
    for (const method of methods) {
      const pairs = taught(method === "compensator" ? sets[0] : sets[sets.length - 1], method);
      const data = regression(pairs, method);
      const label = `seed${seed}/${method}`;
      // Baselines are what they are: changes over δt, with the noise of a patch for the whole's.
      const how = isOurs(method) ? p : { ...p, zeroTime: "raw" as const };
      const learned = await learnedEquation(run, gpu, label, data, how, [], {
        ...{ variables: system.observables, seed, sparing: method === "compensator" ? "alike" : "none" },
      });
      // f, and n σσᵀ, do not depend on the size of the system.
      const model = isOurs(method) ? withLambda(learned.model, sites(p.L), sites(side)) : learned.model;
      const { instant } = learned;
      const parts = instant ? await unlessDiverged(stepsWithin(gpu, model, data.state, p.incrementTime)) : 1;
      const step = parts === null ? null : stepOf({ instant, time: data.time }, p.incrementTime / parts);
      const at = { times: truth.times, cases: truth.cases, seed, purpose: `predict/${method}` };
      const predictions = step && (await unlessDiverged(predicted(run, gpu, label, model, ahead, { ...at, ...step })));
      // From the middle of true paths: do these variables decide their own future?
      const isTested = isOurs(method) && seed === seeds[0];
      const midway = () => midwayOf(truth, truth.d, dependentRuns(own, p));
      const closed = isTested && step ? await closureTest(run, gpu, label, model, midway(), step, seed) : null;
      const equation = { ...learned, name: method, model };
      const facts = { seed, method, pairs: pairCount(pairs), equation, step, closed };
      scores.push(scored(compared, predictions, facts, system));
      work.add();
    }
  }
  const upsampling = await run.phase("check upsampling", async () =>
    checkUpsampling(system, await trajectories(options.seed)(), p, options.seed),
  );
  work.done();

  const observables = system.observables.map((one) => ({ ...one, name: one.symbol, title: one.name }));
  const { equation } = scores.find(({ method }) => method === methods[0]) ?? scores[0];
  const lines = observables.map((_, j) => ({ condition: [], z: lineOf(equation, j, LINE) }));
  await publishStudy(run, {
    ...{ name: source.name, observables, dimension: system.dimension, starts: own.starts, truth, scores, upsampling },
    dependent: dependentRuns(own, p),
    floors: floors(truth, p.runs),
    fields: await Promise.all(lines.map((place) => fieldsAt(gpu, equation, place))),
    written: writtenAt(equation, [], observables),
    options: p,
  });
  own.close();
});
