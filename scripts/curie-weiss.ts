// Curie–Weiss: learn the magnetization's dynamics of a large mean-field system from small patches (paper, section 3.1;
// here against exact theory in physical time).
//
//   npm run curie-weiss                                          quick: about a minute
//   npm run curie-weiss -- --profile standard --seed 7           three seeds, about ten minutes on two cores
//   npm run curie-weiss -- --profile standard --L 1024 --patches 16      a million spins from patches of 256
//   npm run curie-weiss -- --help

import { evenGrid } from "../lib/analysis/function-error.ts";
import { varianceRatio } from "../lib/analysis/variance-ratio.ts";
import {
  curieWeissFigures,
  curieWeissMetrics,
  curieWeissTables,
  type Outcome,
  scoreTable,
} from "../lib/experiments/curie-weiss/metrics.ts";
import { curieWeissCommand, EVERY } from "../lib/experiments/curie-weiss/parameters.ts";
import { curieWeissReport } from "../lib/experiments/curie-weiss/report.ts";
import { curieWeissReference, scoreCurieWeiss } from "../lib/experiments/curie-weiss/scores.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { METHODS, type Method, type Pairs } from "../lib/method/pairs.ts";
import { fitSde } from "../lib/method/sde/fit.ts";
import { evaluate, modelFromTensors, modelTensors, type SdeModel, type SdeShape } from "../lib/method/sde/model.ts";
import { rollout } from "../lib/method/sde/rollout.ts";
import { evenTimes, makePairs, smallTrajectories } from "../lib/method/snapshots.ts";
import { upsampleTo } from "../lib/method/upsample.ts";
import { stream } from "../lib/random/stream.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { repeatCommand } from "../lib/run/command-text.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { openRun } from "../lib/run/run-folder.ts";
import { stagedTraining } from "../lib/run/staged-training.ts";
import { CurieWeiss } from "../lib/systems/curie-weiss.ts";

/** The check of the upsampled states relaxes this many lattices for this long (sweeps) at every level. */
const CHECK = { lattices: 256, relaxTime: 0.1 };

await main(async () => {
  const options = parseExperiment(curieWeissCommand);
  const p = options.parameters;
  const gpu = await openDevice();
  const run = await openRun({ ...options, adapter: gpu.adapter });
  const shape: SdeShape = { d: 1, hidden: p.hidden, activation: p.activation, diffusion: p.diffusion };
  const methods = METHODS.filter((m) => p.estimator === "both" || m === p.estimator || m === "naive" || m === "small");
  const seeds = Array.from({ length: p.seeds }, (_, k) => (options.seed + k) % 2 ** 32);
  const times = evenGrid(0, p.horizon, Math.round(p.horizon / EVERY) + 1);
  const physics = { temperature: p.T, field: p.h };
  const spins = p.L ** 2;
  const reference = await run.phase("exact theory", async () =>
    curieWeissReference({ spins, ...physics }, p.m0, times),
  );

  const work = progress("curie-weiss", seeds.length * p.patches.length * (1 + methods.length));
  const outcomes: Outcome[] = [];
  for (const seed of seeds) {
    for (const patch of p.patches) {
      const system = new CurieWeiss(gpu, { ...physics, patchSide: patch });
      const name = `seed${seed}/patch${patch}`;
      const pairs = await run.phase("simulate", () => simulate(system, seed, `${name}/pairs`));
      work.add();
      let shared: SdeModel | undefined;
      for (const method of methods) {
        // A single patch is the whole system: there naive and small are the increment estimator by definition.
        const data = method === "compensator" ? pairs.compensator : pairs.increment;
        const model = shared ?? (await run.phase("train", () => train(data, method, seed, `${name}/${method}`)));
        if (patch === p.L && method !== "compensator") shared = model;
        const scores = await run.phase("predict", async () => {
          const start = Float32Array.from({ length: p.m0.length * p.runs }, (_, k) => p.m0[Math.floor(k / p.runs)]);
          const every = Math.round(EVERY / p.dt);
          const steps = every * (times.length - 1);
          const at = stream(seed, `predict/${patch}/${method}`);
          const record = await rollout(gpu, model, start, { dt: p.dt, steps, every, stream: at });
          const learned = await evaluate(gpu, model, reference.grid);
          return scoreCurieWeiss(reference, record, learned, seeds.length === 1 ? seed : null);
        });
        outcomes.push({ seed, patch, method, scores });
        work.add();
      }
      system.destroy();
    }
  }
  work.done();

  const upsampling = await run.phase("check upsampling", checkUpsampling);
  const pictures = await takePictures();
  for (const [name, table] of Object.entries(curieWeissTables(reference, outcomes))) run.table(name, table);
  const metrics = curieWeissMetrics(reference, outcomes, run.result({}).seconds.total);
  console.log(scoreTable(metrics));
  await run.finish(metrics, (result) =>
    curieWeissReport({
      result,
      command: repeatCommand(options.experiment),
      ...curieWeissFigures(reference, outcomes, p.runs),
      upsampling,
      pictures,
    }),
  );

  /** Small trajectories → large snapshots → partial evolutions, of duration δt for each estimator. */
  async function simulate(system: CurieWeiss, seed: number, name: string) {
    const patches = (p.L / system.patchSide) ** 2;
    const perSnapshot = Math.min(p.patchesPerSnapshot, patches);
    const tensors = await run.stage(name, async () => {
      const snapshots = await smallTrajectories(system, { ...p, times: evenTimes(p.records, p.interval), seed });
      const [increment, compensator] = await makePairs(system, snapshots, [p.incrementTime, p.compensatorTime], {
        ...p,
        side: p.L,
        seed,
      });
      const { whole, patch, delta } = increment;
      const columns = { whole, patch, delta, compensator: compensator.compensator, variation: compensator.variation };
      return Object.fromEntries(Object.entries(columns).map(([key, data]) => [key, { shape: [data.length], data }]));
    });
    const column = (key: string) => tensors[key].data as Float32Array;
    const columns = { d: 1, whole: column("whole"), patch: column("patch"), perSnapshot, patches };
    const none = new Float32Array(0);
    const increment: Pairs = {
      ...columns,
      delta: column("delta"),
      compensator: none,
      variation: none,
      time: p.incrementTime,
    };
    const compensator: Pairs = {
      ...columns,
      delta: none,
      compensator: column("compensator"),
      variation: column("variation"),
      time: p.compensatorTime,
    };
    return { increment, compensator };
  }

  /** The loss with λ: one network for f, one for σ. */
  async function train(pairs: Pairs, method: Method, seed: number, name: string) {
    const tensors = await stagedTraining(run, name, p.steps, async (progress) =>
      modelTensors(await fitSde(gpu, pairs, method, shape, { ...p, seed }, progress)),
    );
    run.tensors(name, tensors);
    return modelFromTensors(shape, tensors);
  }

  /** Variance between the patches of upsampled and relaxed lattices over that of true ones, level by level. */
  async function checkUpsampling() {
    const rows = [];
    for (const patch of p.patches.filter((side) => side < p.L)) {
      const system = new CurieWeiss(gpu, { ...physics, patchSide: patch });
      const small = await system.initial(CHECK.lattices, patch, stream(options.seed, "check/initial"));
      const levels: { level: number; side: number; patches: Float32Array }[] = [];
      const at = stream(options.seed, "check/upsample");
      const large = await upsampleTo(system, small, p.L, CHECK.relaxTime, at, async (states, level) => {
        levels.push({ level, side: states.side, patches: await system.observePatches(states) });
      });
      large.destroy();
      system.destroy();
      for (const { level, side, patches } of levels) {
        const { mean, low, high } = varianceRatio(patches, (side / patch) ** 2, patch ** 2);
        rows.push({ patch, level, side, varianceRatio: mean, low, high });
      }
    }
    return rows;
  }

  /** A small, an upsampled and a true large state, three sweeps after m = 0. */
  async function takePictures() {
    const patch = Math.min(...p.patches);
    const system = new CurieWeiss(gpu, { ...physics, patchSide: patch });
    const at = (purpose: string) => stream(options.seed, `pictures/${purpose}`);
    const small = system.prepared(1, patch, 0);
    await system.evolve(small, 3, at("small"));
    const spins = await system.spins(small, at("small/spins"));
    const upsampled = await upsampleTo(system, small, p.L, p.relaxTime, at("upsample"));
    const large = system.prepared(1, p.L, 0);
    await system.evolve(large, 3, at("large"));
    const pictures = [
      { title: `small system, ${patch} × ${patch}`, side: patch, spins },
      {
        title: `upsampled to ${p.L} × ${p.L}`,
        side: p.L,
        spins: await system.spins(upsampled, at("upsampled/spins")),
      },
      { title: `true ${p.L} × ${p.L}`, side: p.L, spins: await system.spins(large, at("large/spins")) },
    ];
    for (const states of [upsampled, large]) states.destroy();
    system.destroy();
    return pictures;
  }
});
