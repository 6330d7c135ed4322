// The critical 2D Ising model: learn the SDE of magnetization m and domain-wall density ρ of lattices of several sizes near the critical
// temperature from patches of 16 × 16 spins, and compare its stationary laws and their scaling with the size with lattices in equilibrium
// (paper: section 3.4). λ = K throughout.
//
//   npm run ising-critical                                        quick: two minutes at most
//   npm run ising-critical -- --profile standard --seed 7         five temperatures, sides up to 256, three seeds
//   npm run ising-critical -- --sizes 16,32 --temperatures 2.2,2.27,2.35 --large-sizes 96
//   npm run ising-critical -- --help

import { closuresOf, rolledWithClosure } from "../lib/experiments/ising-critical/closures.ts";
import { directCourse, ROLLED, rolledFrom } from "../lib/experiments/ising-critical/dynamics.ts";
import { lawTest } from "../lib/experiments/ising-critical/law-tests.ts";
import { lawOrNone } from "../lib/experiments/ising-critical/laws.ts";
import { comparesTemperatures, criticalCommand, temperaturesOf } from "../lib/experiments/ising-critical/parameters.ts";
import { publishCritical } from "../lib/experiments/ising-critical/publish.ts";
import { studyRelaxTimes } from "../lib/experiments/ising-critical/relax-times.ts";
import type { Outcome, Taught } from "../lib/experiments/ising-critical/scores.ts";
import {
  comparedTemperatures,
  LEARNED,
  type Learned,
  learnedSize,
} from "../lib/experiments/ising-critical/training.ts";
import { type CriticalTruth, trueQuantities } from "../lib/experiments/ising-critical/truth.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { seedsFrom } from "../lib/run/learn.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { openRun } from "../lib/run/run-folder.ts";

await main(async () => {
  const options = parseExperiment(criticalCommand);
  const p = options.parameters;
  const gpu = await openDevice();
  const run = await openRun({ ...options, adapter: gpu.adapter });
  const seeds = seedsFrom(options.seed, p.seeds);
  // Every size at all temperatures, what is too large for the fits at that of the scaling.
  const sides = [...p.sizes, ...p.largeSizes];
  const points = sides.reduce((sum, side) => sum + temperaturesOf(p, side).length, 0);
  const courses = p.courseSizes.length * (p.studies === "all" ? 2 : 1);
  const work = progress("ising-critical", points + 2 * seeds.length * points + courses);

  // Truth: lattices in equilibrium, by flips of clusters.
  const truth: CriticalTruth[] = [];
  for (const side of sides) {
    for (const temperature of temperaturesOf(p, side)) {
      truth.push(await trueQuantities(run, gpu, p, { side, temperature }, options.seed));
      work.add();
    }
  }

  // Small lattices near the critical temperature → larger ones, relaxed in patches → mean densities of the classes of spins given (m, ρ) → drift and
  // diffusion at each temperature → the stationary law.
  const outcomes: Outcome[] = [];
  const lawOf = async (
    learned: Learned,
    temperature: number,
    side: number,
    seed: number,
    taught: Taught = "scaling",
  ) => {
    const law = await run.phase("stationary law", async () => lawOrNone(learned, temperature, side, p.cells));
    outcomes.push({ seed, side, temperature, from: learned.side, taught, law });
    return law;
  };
  const first = new Map<number, { learned: Learned; tau: number }>();
  for (const seed of seeds) {
    for (const side of sides) {
      const learned = await learnedSize(run, gpu, p, side, seed);
      run.model(`seed${seed}/side${side}`, LEARNED, [learned]);
      work.add(temperaturesOf(p, side).length);
      for (const temperature of temperaturesOf(p, side)) {
        const { tau } = await lawOf(learned, temperature, side, seed);
        if (seed === seeds[0] && temperature === p.T) first.set(side, { learned, tau });
        work.add();
      }
      // Does it matter at which temperature lattices are made?
      if (seed !== seeds[0] || !comparesTemperatures(p, side)) continue;
      const { alone, together } = await comparedTemperatures(run, gpu, p, side, seed);
      for (const [k, temperature] of p.temperatures.entries()) {
        await lawOf(alone[k], temperature, side, seed, "alone");
        await lawOf(together, temperature, side, seed, "together");
      }
    }
  }

  // Do lattices in equilibrium have the learned laws?
  const lawTests = await run.phase("stationary law", async () =>
    truth.flatMap((one) => {
      const found = one.temperature === p.T ? first.get(one.side) : undefined;
      return found && found.tau > 0 ? [lawTest(found.learned, one, p.cells)] : [];
    }),
  );

  // Does an equation of one size serve larger ones? How long has LocalRelax to be? What do trajectories of the equations say, also with closures?
  const largest = Math.max(...p.sizes);
  const rolled = [];
  const closed = [];
  let relaxTimes = null;
  for (const [side, { learned, tau }] of p.studies === "all" ? first : []) {
    if (side === p.patch) relaxTimes = await studyRelaxTimes(run, gpu, p, learned, seeds[0]);
    if (side === largest) {
      for (const larger of p.largeSizes) if (larger > side) await lawOf(learned, p.T, larger, seeds[0]);
    }
    if (!p.courseSizes.includes(side) || !(tau > 0)) continue;
    const trajectories = () => rolledFrom(gpu, learned, p, side, tau, seeds[0]);
    const kept = () => run.keep(`trajectories/side${side}`, ROLLED, trajectories);
    rolled.push({ side, steps: await run.phase("predict", kept) });
    for (const closure of p.closureSizes.includes(side) ? closuresOf(side) : [])
      closed.push(await rolledWithClosure(run, gpu, p, side, closure, tau, seeds[0]));
    work.add();
  }

  // Kinetics: how fast m forgets itself, beside direct simulation.
  const direct = [];
  for (const [side, { tau }] of first) {
    if (!p.courseSizes.includes(side) || !(tau > 0)) continue;
    direct.push(await directCourse(run, gpu, p, side, tau, options.seed));
    work.add();
  }
  work.done();
  await publishCritical(run, {
    ...{ p, outcomes, truth, lawTests, courses: direct, rolled, closed, relaxTimes },
    seed: options.seed,
    shown: first.get(p.sizes.find((side) => side > p.patch) ?? p.sizes[0]),
  });
});
