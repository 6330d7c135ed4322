// Curie–Weiss: learn the magnetization's dynamics of a large mean-field system from small patches (paper, section 3.1;
// here against exact theory in physical time).
//
//   npm run curie-weiss                                          quick: about a minute
//   npm run curie-weiss -- --profile standard --seed 7           three seeds, about ten minutes on two cores
//   npm run curie-weiss -- --profile standard --L 1024 --patches 16      a million spins from patches of 256
//   npm run curie-weiss -- --help

import { repeatedRows } from "../lib/analysis/ensemble.ts";
import { evenGrid } from "../lib/analysis/function-error.ts";
import type { Outcome } from "../lib/experiments/curie-weiss/metrics.ts";
import { curieWeissCommand, EVERY } from "../lib/experiments/curie-weiss/parameters.ts";
import { publishCurieWeiss } from "../lib/experiments/curie-weiss/publish.ts";
import { curieWeissReference, scoreCurieWeiss } from "../lib/experiments/curie-weiss/scores.ts";
import { checkUpsampling, takePictures } from "../lib/experiments/curie-weiss/upsampled-states.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { METHODS, regression } from "../lib/method/pairs.ts";
import { evaluate, type SdeModel } from "../lib/method/sde/model.ts";
import { evenTimes, makePairs, smallTrajectories } from "../lib/method/snapshots.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { evolvedPairs, predicted, seedsFrom, trainedSde } from "../lib/run/learn.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { openRun } from "../lib/run/run-folder.ts";
import { fitOptions, sdeSpec } from "../lib/run/training-parameters.ts";
import { CurieWeiss } from "../lib/systems/curie-weiss.ts";

await main(async () => {
  const options = parseExperiment(curieWeissCommand);
  const p = options.parameters;
  const gpu = await openDevice();
  const run = await openRun({ ...options, adapter: gpu.adapter });
  const methods = METHODS.filter((m) => p.estimator === "both" || m === p.estimator || m === "naive" || m === "small");
  const seeds = seedsFrom(options.seed, p.seeds);
  const times = evenGrid(0, p.horizon, Math.round(p.horizon / EVERY) + 1);
  const starts = repeatedRows(Float32Array.from(p.m0), 1, p.runs);
  const physics = { temperature: p.T, field: p.h };
  const work = progress("curie-weiss", seeds.length * p.patches.length * (1 + methods.length));

  // The truth: mean, spread and law of m(t) from the master equation, drift and diffusion in closed form.
  const reference = await run.phase("exact theory", async () =>
    curieWeissReference({ spins: p.L ** 2, ...physics }, p.m0, times),
  );

  const outcomes: Outcome[] = [];
  for (const seed of seeds) {
    for (const patch of p.patches) {
      const system = new CurieWeiss(gpu, { ...physics, patchSide: patch });
      const name = `seed${seed}/patch${patch}`;
      // Small trajectories → large snapshots → partial evolutions of their patches, of a duration δt for each estimator.
      const [increment, compensator] = await evolvedPairs(run, name, async () => {
        const snapshots = await smallTrajectories(system, { ...p, times: evenTimes(p.records, p.interval), seed });
        const durations = [p.incrementTime, p.compensatorTime];
        return makePairs(system, snapshots, durations, { ...p, side: p.L, condition: [p.T], seed });
      });
      work.add();
      let shared: SdeModel | undefined;
      for (const method of methods) {
        // Drift and diffusion by the loss with λ = K. A single patch is the whole system: naive and small are increments there.
        const data = regression(method === "compensator" ? compensator : increment, method);
        const model =
          shared ?? (await trainedSde(run, gpu, `${name}/${method}`, data, sdeSpec(p), fitOptions(p, seed)));
        if (patch === p.L && method !== "compensator") shared = model;
        // Trajectories of the learned equation from the test's starts, and its functions, against the truth.
        const at = { times, cases: p.m0.length, dt: p.dt, seed, purpose: `predict/${patch}/${method}` };
        const trajectories = await predicted(run, gpu, `${name}/${method}`, model, starts, at);
        const learned = await evaluate(gpu, model, reference.grid);
        const scores = await run.phase("score", async () =>
          scoreCurieWeiss(reference, trajectories, learned, seeds.length === 1 ? seed : null),
        );
        outcomes.push({ seed, patch, method, scores });
        work.add();
      }
      system.destroy();
    }
  }
  work.done();

  const upsampling = await run.phase("check upsampling", () =>
    checkUpsampling(gpu, physics, p.patches, p.L, options.seed),
  );
  const pictures = await takePictures(gpu, physics, Math.min(...p.patches), p.L, p.relaxTime, options.seed);
  await publishCurieWeiss(run, reference, outcomes, p.runs, { upsampling, pictures });
});
