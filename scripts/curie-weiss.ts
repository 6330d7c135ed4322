// Curie–Weiss: learn the magnetization's dynamics of a large mean-field system from small patches (paper: section 3.1;
// here against exact theory in physical time).
//
//   npm run curie-weiss                                          quick: some seconds
//   npm run curie-weiss -- --profile standard --seed 7           three seeds, about two minutes on two cores
//   npm run curie-weiss -- --L 1024 --learn-side 128 --patches 16        a million spins from patches of 256
//   npm run curie-weiss -- --help

import { repeatedRows } from "../lib/analysis/ensemble.ts";
import { evenGrid } from "../lib/analysis/function-error.ts";
import type { Diverged, Outcome } from "../lib/experiments/curie-weiss/metrics.ts";
import { curieWeissCommand, EVERY, PAPER_TIME } from "../lib/experiments/curie-weiss/parameters.ts";
import { publishCurieWeiss } from "../lib/experiments/curie-weiss/publish.ts";
import { curieWeissReference, scoreCurieWeiss } from "../lib/experiments/curie-weiss/scores.ts";
import { checkUpsampling, takePictures } from "../lib/experiments/curie-weiss/upsampled-states.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { isOurs, METHODS, regression, stepOf, taught } from "../lib/method/pairs.ts";
import { type SdeModel, withLambda } from "../lib/method/sde/model.ts";
import { unlessDiverged } from "../lib/method/sde/rollout.ts";
import { evenTimes, measuredPairs, smallTrajectories } from "../lib/method/snapshots.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { evolvedPairs, learnedSde, once, predicted, predictedDraws, seedsFrom } from "../lib/run/learn.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { openRun } from "../lib/run/run-folder.ts";
import { fitOptions, oddVariables, sdeSpec } from "../lib/run/training-parameters.ts";
import { CurieWeiss } from "../lib/systems/curie-weiss.ts";

await main(async () => {
  const options = parseExperiment(curieWeissCommand);
  const p = options.parameters;
  const gpu = await openDevice();
  const run = await openRun({ ...options, adapter: gpu.adapter });
  const methods = METHODS.filter((m) => p.estimator === "both" || m === p.estimator || m === "naive" || m === "small");
  const seeds = seedsFrom(options.seed, p.seeds);
  const times = evenGrid(0, p.horizon, Math.round(p.horizon / EVERY) + 1);
  const side = p.learnSide || p.L;
  const starts = repeatedRows(Float32Array.from(p.m0), 1, p.runs);
  // Baselines at the time of the paper too: their noise goes with the root of the time. A single patch is the whole system.
  const asInPaper = (patch: number) => patch < side && p.horizon >= PAPER_TIME;
  const trainings = (patch: number): Pick<Outcome, "method" | "timing">[] => [
    ...methods.map((method) => ({ method, timing: "short" as const })),
    ...(["naive", "small"] as const).flatMap((method) =>
      asInPaper(patch) ? [{ method, timing: "paper" as const }] : [],
    ),
  ];
  const physics = { temperature: p.T, field: p.h };
  const work = progress(
    "curie-weiss",
    seeds.length * p.patches.reduce((sum, patch) => sum + 1 + trainings(patch).length, 0),
  );

  // The truth: mean, spread and law of m(t) from the master equation, drift and diffusion in closed form.
  const reference = await run.phase("exact theory", () =>
    curieWeissReference({ spins: p.L ** 2, ...physics }, p.m0, times),
  );

  // Baselines at the time of the paper step with that, as the drift that they learn is a mean over it.
  const ofPaper = once(() => {
    const steps = Math.floor(p.horizon / PAPER_TIME);
    return run.phase("exact theory", () =>
      curieWeissReference({ spins: p.L ** 2, ...physics }, p.m0, evenGrid(0, steps * PAPER_TIME, steps + 1)),
    );
  });

  const outcomes: Outcome[] = [];
  const diverged: Diverged[] = [];
  for (const seed of seeds) {
    for (const patch of p.patches) {
      const system = new CurieWeiss(gpu, { ...physics, patchSide: patch });
      const name = `seed${seed}/patch${patch}`;
      // Small trajectories → large snapshots → the generator at them, and partial evolutions of their patches.
      const [compensator, increment, raw] = await evolvedPairs(run, name, async () => {
        const snapshots = await smallTrajectories(system, { ...p, times: evenTimes(p.records, p.interval), seed });
        const known = { compensatorTimes: [p.compensatorTime], incrementTimes: [p.incrementTime] };
        const measures = { ...known, rawTimes: asInPaper(patch) ? [PAPER_TIME] : [], copies: p.copies };
        return measuredPairs(system, snapshots, measures, { ...p, side, seed });
      });
      work.add();
      let shared: SdeModel | undefined;
      for (const { method, timing } of trainings(patch)) {
        // Drift and diffusion with λ = K. A single patch is the whole system: naive and small are increments there.
        const pairs = method === "compensator" ? compensator : increment;
        const data = regression(taught(timing === "paper" ? raw : pairs, method), method);
        const label = `${name}/${method}${timing === "paper" ? "-paper-time" : ""}`;
        const spec = sdeSpec(p, oddVariables(system, p.h));
        const learning = { ...fitOptions(p, seed), variables: system.observables };
        const learned = shared ?? (await learnedSde(run, gpu, label, data, spec, learning));
        if (patch === side && method !== "compensator") shared = learned;
        const model = isOurs(method) ? withLambda(learned, p.L ** 2, side ** 2) : learned;
        // Trajectories of the learned equation from the test's starts, and its functions, against the truth.
        const step = stepOf(data, p.dt);
        const exact = timing === "paper" ? await ofPaper() : reference;
        const at = { times: exact.times, cases: p.m0.length, ...step, seed, purpose: `predict/${patch}/${method}` };
        const predictions = predicted(run, gpu, label, model, starts, at);
        const trajectories = await (timing === "paper" ? unlessDiverged(predictions) : predictions);
        if (!trajectories) {
          diverged.push({ seed, patch, method });
          work.add();
          continue;
        }
        const drawn = await predictedDraws(run, gpu, label, model, starts, at, seeds.length === 1 && isOurs(method));
        const scores = await run.phase("score", () =>
          scoreCurieWeiss(gpu, exact, model, { trajectories, drawn, seed, training: data.state }),
        );
        outcomes.push({ seed, patch, method, timing, reference: exact, scores, equation: { model, ...step } });
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
  await publishCurieWeiss(run, reference, outcomes, diverged, p, { upsampling, pictures });
});
