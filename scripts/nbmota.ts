// The alloy Nb–Mo–Ta: learn one SDE of its short-range order over all temperatures from jumps of single vacancies (paper: section on
// the NbMoTa alloy), and compare its equilibrium and its relaxation with direct kinetic Monte Carlo.
//
//   npm run nbmota                                         quick: three temperatures, two minutes at most
//   npm run nbmota -- --profile standard --seed 7          eight temperatures, four seeds, all comparisons; 25 minutes on two cores
//   npm run nbmota -- --temperatures 900,1400,2000,3000    others
//   npm run nbmota -- --barriers weights.npy               barriers of the published network (scripts/nbmota-weights.ts fetches it)
//   npm run nbmota -- --help

import { ANNEALED, annealed, annealingJumps, jumpTimeOf } from "../lib/experiments/nbmota/annealing.ts";
import { barrierModel, barriersName } from "../lib/experiments/nbmota/barrier-models.ts";
import { checkSurroundings } from "../lib/experiments/nbmota/checks.ts";
import { clockOf } from "../lib/experiments/nbmota/clock.ts";
import { nbmotaCommand } from "../lib/experiments/nbmota/parameters.ts";
import { annealingPlan, RELAXATION, separated, trainingsOf, withinRange } from "../lib/experiments/nbmota/plan.ts";
import { publishNbMoTa } from "../lib/experiments/nbmota/publish.ts";
import {
  heldOutResidual,
  learnedCourses,
  learnedEquilibria,
  learnedPotentials,
  type Outcome,
} from "../lib/experiments/nbmota/scores.ts";
import { EQUATION_NAMES, ofRepetition, trainingSets } from "../lib/experiments/nbmota/training.ts";
import { equilibriumOf, simulateCourses } from "../lib/experiments/nbmota/truth.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { joined, pairCount, regression } from "../lib/method/pairs.ts";
import { chosenDegree } from "../lib/method/sde/model.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { learnedSde, seedsFrom } from "../lib/run/learn.ts";
import { main } from "../lib/run/main.ts";
import { say } from "../lib/run/output.ts";
import { withProgress } from "../lib/run/progress.ts";
import { openRun } from "../lib/run/run-folder.ts";
import { fitOptions } from "../lib/run/training-parameters.ts";

await main(async () => {
  const options = parseExperiment(nbmotaCommand);
  const { p, warnings } = withinRange(options.parameters);
  const barriers = barrierModel(p.barriers);
  const gpu = await openDevice();
  // A run goes on with the same barriers only: --resume refuses a file whose numbers have changed.
  const parameters = { ...options.parameters, barriersDigest: barriers.digest };
  const run = await openRun({ ...options, parameters, adapter: gpu.adapter });
  for (const warning of warnings) say(`! ${warning}`);
  const seeds = seedsFrom(options.seed, p.seeds);
  // Small lattices go from hot to cold: those that all seeds learn from, and others for the comparison.
  const plan = annealingPlan(p);
  const stages = await run.phase("small lattices", () =>
    withProgress("small lattices", annealingJumps(plan), (bar) =>
      annealed(gpu, {
        ...plan,
        barriers,
        seed: options.seed,
        purpose: "anneal",
        onJumps: (count) => bar.add(count),
        keep: (temperature, work) => run.keep(`anneal/t${temperature}`, ANNEALED, work),
      }),
    ),
  );
  const { all, learn, direct } = separated(p, stages);
  const clock = clockOf(all);
  const courses = await simulateCourses(run, gpu, p, barriers, clock, options.seed);

  // Learn: small lattices near equilibrium → large lattices → jumps of one vacancy → one equation over all temperatures, and one of the relaxation.
  const sets = await withProgress("partial evolution", learn.length, (bar) =>
    trainingSets(run, gpu, p, barriers, all, clock, options.seed, () => bar.add(1)),
  );
  const outcomes: Outcome[] = [];
  for (const [k, seed] of seeds.entries()) {
    for (const { name: method, set, method: estimator, spec } of trainingsOf(p, k === 0)) {
      const shared = set === "increments" || set === "relaxing";
      const own = shared ? sets[set].map((pairs) => ofRepetition(pairs, p, k)) : sets[set];
      // Lattices that teach at several temperatures count once.
      const pairs = joined(own, "same");
      const name = `seed${seed}/${method}`;
      const data = regression(pairs, estimator);
      const model = await learnedSde(run, gpu, name, data, spec, { ...fitOptions(p, seed), ...EQUATION_NAMES });

      // Predict: the equilibrium at every temperature, the relaxation at every size.
      const predicting = { run, gpu, p, name, seed };
      const about = { seed, method, model, choice: chosenDegree(model), pairs: pairCount(pairs) };
      if (method === RELAXATION) {
        const followed = await learnedCourses(predicting, model, pairs.whole, courses);
        outcomes.push({ ...about, equilibria: [], courses: followed, heldOut: null, potentials: [] });
        continue;
      }
      const starts = learn.map(({ temperature }, t) => ({ temperature, states: own[t].whole }));
      const alone = seeds.length === 1 && method === "increment";
      const equilibria = await learnedEquilibria(predicting, model, starts, alone);
      // Judged by the increments of the next seed, which this equation was not learned from.
      const others = seeds.length > 1 ? sets.increments.map((one) => ofRepetition(one, p, (k + 1) % seeds.length)) : [];
      const heldOut = await run.phase("score", () => heldOutResidual(gpu, p, model, learn, others));
      const potentials = await run.phase("score", () => learnedPotentials(gpu, p, model, equilibria, starts));
      outcomes.push({ ...about, equilibria, courses: [], heldOut, potentials });
    }
  }

  // What vacancies see where partial evolutions start, beside direct simulation, and whether barriers obey detailed balance.
  const surroundings = await run.phase("check", async () => {
    const found = [];
    for (const stage of direct) found.push(await checkSurroundings(gpu, barriers, stage, p.cells, options.seed));
    return found;
  });
  const truth = direct.map(equilibriumOf);
  const times = learn.map((stage) => ({
    temperature: stage.temperature,
    jumpTime: jumpTimeOf(stage),
    unit: clock(stage.temperature),
  }));
  const study = {
    p,
    barriers: barriersName(barriers),
    outcomes,
    truth,
    courses,
    surroundings,
    times,
    unit: clock(p.T),
    warnings,
  };
  await publishNbMoTa(run, study, learn);
});
