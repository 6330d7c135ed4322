// The 2D Ising model: learn the SDE of magnetization, domain-wall density and closure variables of a large lattice from patches of
// 8 × 8 to 64 × 64 spins (paper, section 3.3), and compare it with direct simulation in physical time.
//
//   npm run ising                                          quick: under two minutes
//   npm run ising -- --profile standard --seed 7           three seeds, all comparisons; about twenty minutes on two cores
//   npm run ising -- --closure autoencoder --patches 16    closure variables learned by a convolutional network
//   npm run ising -- --help

import { evenGrid } from "../lib/analysis/function-error.ts";
import { driftField } from "../lib/experiments/ising/drift-field.ts";
import { studyLargeLattice } from "../lib/experiments/ising/large-lattice.ts";
import { isingFigures, isingMetrics, isingTables, type Outcome, scoreTable } from "../lib/experiments/ising/metrics.ts";
import { EVERY, type IsingClosure, isingCommand, isLearned } from "../lib/experiments/ising/parameters.ts";
import { isingSources, relaxTimeOf, type Source } from "../lib/experiments/ising/plan.ts";
import { isingReport } from "../lib/experiments/ising/report.ts";
import { isingMoments, scoreIsing } from "../lib/experiments/ising/scores.ts";
import { measureLattices } from "../lib/experiments/ising/upsampled-lattices.ts";
import { openDevice } from "../lib/gpu/device.ts";
import {
  ConvEncoder,
  type ConvEncoderShape,
  convEncoderFromTensors,
  convEncoderTensors,
} from "../lib/method/closure/conv-encoder.ts";
import { trainSpinClosure } from "../lib/method/closure/spin-closure.ts";
import { spinTable } from "../lib/method/closure/spin-table.ts";
import { type Coordinates, closedBySpins, observables } from "../lib/method/coordinates.ts";
import { simulateDirectly } from "../lib/method/direct.ts";
import { everyRow, type Method, type Pairs, pairsFromTensors, pairsTensors } from "../lib/method/pairs.ts";
import { fitSde } from "../lib/method/sde/fit.ts";
import { modelFromTensors, modelTensors, type SdeModel, type SdeShape } from "../lib/method/sde/model.ts";
import { DivergedError, rollout } from "../lib/method/sde/rollout.ts";
import {
  makePairs,
  quadraticTimes,
  smallTrajectories,
  thinned,
  type UpsampleOptions,
} from "../lib/method/snapshots.ts";
import { stream } from "../lib/random/stream.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { repeatCommand } from "../lib/run/command-text.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { openRun } from "../lib/run/run-folder.ts";
import { stagedTraining } from "../lib/run/staged-training.ts";
import { COHORT, Ising, type IsingStates } from "../lib/systems/ising.ts";

/** Patches of a snapshot that are evolved for a learned closure, at most. */
const CLOSURE_PATCHES = 4;

await main(async () => {
  const options = parseExperiment(isingCommand);
  const p = options.parameters;
  const gpu = await openDevice();
  const physics = { temperature: p.T, field: p.h, upsampling: p.upsampling };
  const systemOf = ({ patch, closure, boundary }: Pick<Source, "patch" | "closure" | "boundary">) =>
    new Ising(gpu, { ...physics, patchSide: patch, boundary, closure: isLearned(closure) ? "none" : closure });
  for (const patch of p.patches) {
    systemOf({ patch, closure: "none", boundary: "halo" }).requireSide(p.L);
  }
  if (p.large > 0) systemOf({ patch: p.studyPatch, closure: "none", boundary: "halo" }).requireSide(p.large);
  const run = await openRun({ ...options, adapter: gpu.adapter });
  const seeds = Array.from({ length: p.seeds }, (_, k) => (options.seed + k) % 2 ** 32);
  const times = evenGrid(0, p.horizon, Math.round(p.horizon / EVERY) + 1);
  const ages = quadraticTimes(p.records, p.age);
  const sources = isingSources(p);
  const shapeOf = (d: number): SdeShape => {
    return { d, hidden: p.hidden, activation: p.activation, diffusion: p.diffusion };
  };
  const work = progress("ising", seeds.length * sources.reduce((sum, one) => sum + 1 + one.trainings.length, 0) + 8);

  const truth = await run.phase("direct simulation", simulateTruth);
  work.add(4);

  const outcomes: Outcome[] = [];
  let field: Awaited<ReturnType<typeof driftField>> | undefined;
  for (const seed of seeds) {
    for (const source of sources) {
      const { patch, closure, boundary } = source;
      const system = systemOf(source);
      const name = `seed${seed}/patch${patch}-${closure}-${boundary}`;
      // Small trajectories → closure → large lattices → partial evolution of patches.
      let taken: Promise<Uint32Array> | undefined;
      const words = () => (taken ??= smallTrajectories(system, { trajectories: p.trajectories, times: ages, seed }));
      const coordinates = await closeBy(system, closure, seed, name, words);
      const durations = [...new Set(source.trainings.map(({ time }) => time))];
      const all = await evolvePatches(system, coordinates, durations, seed, name, words);
      const starts = await startsOf(system, coordinates, seed);
      work.add();
      let shared: SdeModel | undefined;
      for (const { study, method, time, fewer } of source.trainings) {
        const pairs = everyRow(all[durations.indexOf(time)], fewer);
        const label = `${name}/${method}-${time}${fewer > 1 ? `-1-in-${fewer}` : ""}`;
        // A single patch is the whole lattice: there naive and small are the increments by definition.
        const same = patch === p.L && study === "main" && method !== "compensator";
        const model = (same && shared) || (await train(pairs, method, seed, label));
        if (same) shared = model;
        const record = await run.phase("predict", () => predict(model, starts, time, seed, label));
        const scores = record && scoreIsing(truth, record, coordinates.d);
        outcomes.push({
          seed,
          patch,
          closure,
          boundary,
          study,
          method,
          time,
          fewer,
          pairs: pairs.patch.length / pairs.d,
          scores,
        });
        if (
          !field &&
          method === "compensator" &&
          patch === (p.patches.includes(p.studyPatch) ? p.studyPatch : p.patches[0])
        ) {
          field = await driftField(gpu, model, pairs.whole, patch);
        }
        work.add();
      }
    }
  }

  const lattices = await run.phase("check upsampling", () =>
    measureLattices(gpu, physics, p.patches, p.L, p.relaxTime, options.seed, p.lattices),
  );
  work.add(2);
  const size = p.large > 0 ? await studyLargeLattice(gpu, run, p, options.seed) : null;
  work.add(2);
  work.done();

  const study = { truth, outcomes, options: p };
  for (const [name, table] of Object.entries(isingTables(study))) run.table(name, table);
  const metrics = isingMetrics(study, lattices.metrics, size, run.result({}).seconds.total);
  console.log(scoreTable(metrics));
  const { metrics: _, ...figures } = lattices;
  await run.finish(metrics, (result) =>
    isingReport({
      result,
      command: repeatCommand(options.experiment),
      ...isingFigures(study),
      ...figures,
      variables: [
        ...systemOf({ patch: p.patches[0], closure: p.closure, boundary: p.boundary }).observables,
        ...Array.from({ length: isLearned(p.closure) ? p.variables : 0 }, (_, k) => ({
          name: `learned variable ${k + 1}`,
          symbol: `ψ${k + 1}`,
        })),
      ].map(({ name, symbol }) => ({ name, symbol })),
      driftField: field ?? null,
      size,
    }),
  );

  /** z = (m, ρ), with what the closure adds: measured closure variables, or what an encoder has learned to see. */
  async function closeBy(
    system: Ising,
    closure: IsingClosure,
    seed: number,
    name: string,
    words: () => Promise<Uint32Array>,
  ) {
    if (!isLearned(closure)) return observables(system);
    const shape: ConvEncoderShape = {
      patchSide: system.patchSide,
      channels: p.channels,
      variables: p.variables,
      observables: system.observables.length,
    };
    const training = {
      batch: p.closureBatch,
      steps: p.closureSteps,
      learningRate: p.closureLearningRate,
      weightDecay: p.weightDecay,
      seed,
    };
    const tensors = await run.phase("closure", () =>
      stagedTraining(run, `${name}/encoder`, p.closureSteps, async (progress) => {
        const { some, few } = await closureSnapshots(system, words);
        const table = await spinTable(system, some, {
          ...upsampling(system, seed, few),
          patchesPerSnapshot: p.patchesPerSnapshot,
          time: p.compensatorTime,
        });
        return convEncoderTensors(
          await trainSpinClosure(gpu, closure, table, shape, p.closureHidden, training, progress),
        );
      }),
    );
    run.tensors(`${name}/encoder`, tensors);
    return closedBySpins(system, new ConvEncoder(gpu, convEncoderFromTensors(shape, tensors)), p.copies);
  }

  /** Whole cohorts of snapshots, evenly out of all; one in `few`. */
  async function closureSnapshots(system: Ising, words: () => Promise<Uint32Array>) {
    const all = await words();
    const some = thinned(all, COHORT * system.words(system.patchSide), Math.ceil(p.closureSnapshots / COHORT));
    return { some, few: all.length / some.length };
  }

  /** How snapshots become large lattices, of which one in `few` is used. */
  function upsampling(system: Ising, seed: number, few = 1): UpsampleOptions {
    const { patchSide } = system;
    const relaxTime = (snapshot: number, side: number) => {
      // `thinned` keeps whole cohorts.
      const cohort = Math.floor(Math.floor(snapshot / COHORT) * few);
      const age = ages[Math.min(ages.length - 1, Math.floor((cohort * COHORT) / p.trajectories))];
      return relaxTimeOf(p.relaxTime, age, patchSide, side);
    };
    return { side: p.L, relaxTime, seed };
  }

  async function evolvePatches(
    system: Ising,
    coordinates: Coordinates<IsingStates>,
    durations: number[],
    seed: number,
    name: string,
    words: () => Promise<Uint32Array>,
  ): Promise<Pairs[]> {
    const tensors = await run.phase("partial evolution", () =>
      run.stage(`${name}/pairs`, async () => {
        if (coordinates.d === system.observables.length) {
          const work = { ...upsampling(system, seed), patchesPerSnapshot: p.patchesPerSnapshot };
          return pairsTensors(await makePairs(system, await words(), durations, work, coordinates));
        }
        // A learned encoder is costly: the snapshots that it was trained on, and fewer patches of each.
        const { some, few } = await closureSnapshots(system, words);
        const patchesPerSnapshot = Math.min(p.patchesPerSnapshot, CLOSURE_PATCHES);
        const work = { ...upsampling(system, seed, few), patchesPerSnapshot };
        return pairsTensors(await makePairs(system, some, durations, work, coordinates));
      }),
    );
    const { d } = coordinates;
    const patches = (p.L / system.patchSide) ** 2;
    return pairsFromTensors(tensors, durations, { d, patches });
  }

  /** The loss with λ = K: one network for f, one for σ. */
  async function train(pairs: Pairs, method: Method, seed: number, name: string): Promise<SdeModel> {
    const shape = shapeOf(pairs.d);
    const tensors = await run.phase("train", () =>
      stagedTraining(run, name, p.steps, async (progress) =>
        modelTensors(await fitSde(gpu, pairs, method, shape, { ...p, closedForm: true, seed }, progress)),
      ),
    );
    run.tensors(name, tensors);
    return modelFromTensors(shape, tensors);
  }

  /** z of prepared lattices, `[starts · runs, d]`. */
  async function startsOf(system: Ising, coordinates: Coordinates<IsingStates>, seed: number): Promise<Float32Array> {
    const { d } = coordinates;
    const all = new Float32Array(p.m0.length * p.runs * d);
    for (const [c, m] of p.m0.entries()) {
      const states = await system.prepared(p.runs, p.L, m, stream(seed, "predict/start", c));
      all.set(await coordinates.whole(states), c * p.runs * d);
      states.destroy();
    }
    return all;
  }

  /**
   * Trajectories `[times][starts · runs][d]`: by Heun's scheme where the drift is the generator's, else with the δt of the pairs. null
   * for an equation that runs away.
   */
  async function predict(model: SdeModel, starts: Float32Array, time: number, seed: number, name: string) {
    const dt = time === 0 ? p.dt : time;
    const every = Math.round(EVERY / dt);
    const at = stream(seed, `predict/${name}`);
    const scheme = time === 0 ? "heun" : "euler";
    try {
      return await rollout(gpu, model, starts, { dt, steps: every * (times.length - 1), every, scheme, stream: at });
    } catch (error) {
      if (error instanceof DivergedError) return null;
      throw error;
    }
  }

  /** Moments of m and ρ over time from every start, spins at random places at first. */
  async function simulateTruth() {
    // What is observed is the whole: few large pieces.
    const system = systemOf({ patch: Math.max(...p.patches), closure: "none", boundary: "halo" });
    const tensors = await run.stage("truth", async () => {
      const bar = progress("direct simulation", times.length * p.trueRuns * p.m0.length);
      const records: Record<string, { shape: number[]; data: Float32Array }> = {};
      for (const [c, m] of p.m0.entries()) {
        const prepare = (from: number, to: number) =>
          system.prepared(to - from, p.L, m, stream(options.seed, "truth/start", c, from));
        const source = { seed: options.seed, purpose: `truth/${c}` };
        const observe = (states: IsingStates) => system.observe(states);
        const [data] = await simulateDirectly(system, prepare, p.trueRuns, p.L, times, source, [observe], (n) =>
          bar.add(n),
        );
        records[`start ${c}`] = { shape: [data.length], data };
      }
      bar.done();
      return records;
    });
    const width = 2 * p.trueRuns;
    const record = new Float32Array(times.length * width * p.m0.length);
    for (const c of p.m0.keys()) {
      const data = tensors[`start ${c}`].data as Float32Array;
      for (let t = 0; t < times.length; t++) {
        record.set(data.subarray(t * width, (t + 1) * width), (t * p.m0.length + c) * width);
      }
    }
    return { times, m0: p.m0, runs: p.trueRuns, ...isingMoments(record, times, p.m0, 2) };
  }
});
