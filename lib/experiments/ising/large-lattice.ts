// A lattice that is too large to be simulated at leisure: its equilibrium predicted from small patches, and simulated directly.
import { seedInterval } from "../../analysis/bootstrap.ts";
import type { Gpu } from "../../gpu/device.ts";
import { fitSde } from "../../method/sde/fit.ts";
import { modelFromTensors, modelTensors, type SdeShape } from "../../method/sde/model.ts";
import { DivergedError, rollout } from "../../method/sde/rollout.ts";
import { evenTimes, makePairs, smallTrajectories, thinned } from "../../method/snapshots.ts";
import { stream } from "../../random/stream.ts";
import { progress } from "../../run/progress.ts";
import type { Run } from "../../run/run-folder.ts";
import { Ising } from "../../systems/ising.ts";
import { type IsingOptions, isLearned } from "./parameters.ts";
import { relaxTimeOf } from "./plan.ts";

/**
 * Small lattices and snapshots of each, so many sweeps apart once they are in equilibrium: the stationary law of an equation is
 * that of the system if its drift and noise are conditional expectations in equilibrium, and fluctuations of a large lattice are so small
 * that nothing else resolves the drift that brings them back.
 */
const TRAJECTORIES = 256;
const RECORDS = 16;
const APART = 10;
/** Patches evolved per snapshot: fewer would hide the drift of the whole lattice behind their own scatter. */
const PATCHES = 512;
/** Simulated lattices start from this magnetization along the field. All runs settle, and are then looked at every so many sweeps. */
const START = 0.75;
const SETTLE_SMALL = 200;
const SETTLE = 80;
const EVERY = 5;
const LOOKS = 32;
/** Direct runs: one word of replicas. Predicted runs. */
const DIRECT = 32;
const PREDICTED = 512;

/**
 * Equilibrium mean and standard deviation of m of a lattice of side `large`, from patches of the study's side with the compensator,
 * between frozen neighbours, with the closure of the run (blocks where that is learned by a network), and by direct simulation of
 * 32 lattices; wall times of both. Intervals: over the runs, which are independent. null where the learned equation runs away.
 * That 200 sweeps lead small lattices to equilibrium, and 80 large ones, is not checked: near the critical temperature it is too short,
 * and below it small lattices settle in both phases, direct simulations in that of the field.
 */
export async function studyLargeLattice(gpu: Gpu, run: Run, p: IsingOptions, seed: number) {
  const { large: side, studyPatch: patch } = p;
  const closure = isLearned(p.closure) ? "blocks" : p.closure;
  const system = new Ising(gpu, {
    temperature: p.T,
    field: p.h,
    patchSide: patch,
    upsampling: p.upsampling,
    closure,
  });
  const shape: SdeShape = {
    d: system.observables.length,
    hidden: p.hidden,
    activation: p.activation,
    diffusion: p.diffusion,
  };
  const ages = evenTimes(RECORDS, APART).map((time) => SETTLE_SMALL + time);
  const first = p.h < 0 ? -START : START;
  const name = `large${side}`;
  const learned = await run.phase("large lattice, learn", () =>
    run.stage(`${name}/model`, async () => {
      const begin = performance.now();
      const words = await smallTrajectories(system, { trajectories: TRAJECTORIES, times: ages, seed });
      const relaxTime = (snapshot: number, at: number) =>
        relaxTimeOf(p.relaxTime, ages[Math.floor(snapshot / TRAJECTORIES)], patch, at);
      const bar = progress(`lattices of ${side}`, TRAJECTORIES * RECORDS);
      const options = { side, relaxTime, patchesPerSnapshot: PATCHES, seed, onSnapshots: (n: number) => bar.add(n) };
      const [pairs] = await makePairs(system, words, [0], options);
      bar.done();
      const batch = Math.min(p.batch, TRAJECTORIES * RECORDS);
      const model = await fitSde(gpu, pairs, "compensator", shape, { ...p, batch, closedForm: true, seed });
      const start = thinned(pairs.whole, shape.d, PREDICTED);
      return { ...modelTensors(model), start: { shape: [PREDICTED, shape.d], data: start }, seconds: seconds(begin) };
    }),
  );
  const model = modelFromTensors(shape, learned);
  run.tensors(`${name}/compensator`, modelTensors(model));
  const predicted = await run.phase("large lattice, predict", async () => {
    const begin = performance.now();
    const start = learned.start.data as Float32Array;
    const every = Math.round(EVERY / p.dt);
    const steps = every * (SETTLE / EVERY + LOOKS);
    const at = stream(seed, "large/predict");
    const options = { dt: p.dt, steps, every, scheme: "heun", stream: at } as const;
    const record = await rollout(gpu, model, start, options).catch((error) => {
      if (error instanceof DivergedError) return null;
      throw error;
    });
    if (!record) return null;
    const values = Array.from({ length: PREDICTED }, (_, r) =>
      Array.from({ length: LOOKS }, (_, k) => record[((SETTLE / EVERY + 1 + k) * PREDICTED + r) * shape.d]),
    );
    return { values, seconds: (performance.now() - begin) / 1000 };
  });
  if (!predicted) {
    console.log(`the equation learned for the lattice of ${side} runs away: it is left out`);
    return null;
  }
  const direct = await run.phase("large lattice, direct simulation", () =>
    run.stage(`${name}/direct`, async () => {
      const begin = performance.now();
      const bar = progress(`direct simulation of ${side}`, SETTLE + EVERY * LOOKS);
      const states = await system.prepared(DIRECT, side, first, stream(seed, "large/start"));
      const m: number[] = [];
      try {
        for (let k = 0; k <= LOOKS; k++) {
          await system.evolve(states, k === 0 ? SETTLE : EVERY, stream(seed, "large/direct", k));
          bar.add(k === 0 ? SETTLE : EVERY);
          const z = await system.observe(states);
          if (k > 0) for (let r = 0; r < DIRECT; r++) m.push(z[r * shape.d]);
        }
      } finally {
        states.destroy();
      }
      bar.done();
      return { m: { shape: [m.length], data: Float32Array.from(m) }, seconds: seconds(begin) };
    }),
  );
  const simulated = Array.from({ length: DIRECT }, (_, r) =>
    Array.from({ length: LOOKS }, (_, k) => direct.m.data[k * DIRECT + r] as number),
  );
  return {
    side,
    patch,
    patches: (side / patch) ** 2,
    predictedRuns: PREDICTED,
    directRuns: DIRECT,
    predicted: equilibrium(predicted.values),
    direct: equilibrium(simulated),
    settleSmall: SETTLE_SMALL,
    settle: SETTLE,
    start: first,
    secondsLearn: learned.seconds.data[0] as number,
    secondsPredict: predicted.seconds,
    secondsDirect: direct.seconds.data[0] as number,
  };
}

/** The wall time of a stage is kept with it: a resumed run does not do it again. */
function seconds(begin: number) {
  return { shape: [1], data: Float32Array.of((performance.now() - begin) / 1000) };
}

/** Mean and standard deviation over runs and times, with intervals over the runs. */
function equilibrium(values: readonly (readonly number[])[]) {
  const average = (list: readonly number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const mean = average(values.map(average));
  const means = seedInterval(values.map(average));
  const squares = seedInterval(values.map((run) => average(run.map((x) => (x - mean) ** 2))));
  return {
    mean: { mean: means.estimate, low: means.low, high: means.high },
    std: {
      mean: Math.sqrt(squares.estimate),
      low: Math.sqrt(Math.max(0, squares.low)),
      high: Math.sqrt(squares.high),
    },
  };
}
