// Speed of the parts that decide how long experiments take, on every adapter that is found:
//
//   npm run bench                       all adapters, one child process each; about five minutes on two cores
//   npm run bench -- --adapter bundled  one adapter
//
// Rates are medians of five repeats, or three of the slowest parts, with their range. The baseline of each line is the same
// algorithm in TypeScript on one thread, in the same run: ratios compare between machines, rates do not.

import { curieWeissChain } from "../lib/analysis/curie-weiss-theory.ts";
import { evenGrid } from "../lib/analysis/function-error.ts";
import { barrierModel } from "../lib/experiments/nbmota/barrier-models.ts";
import { openGpu } from "../lib/gpu/adapter.ts";
import { type Gpu, openDevice } from "../lib/gpu/device.ts";
import { trainClosure } from "../lib/method/closure/train.ts";
import { lossSums } from "../lib/method/loss-curve.ts";
import { type Pairs, type Regression, regression } from "../lib/method/pairs.ts";
import type { TrainedSpec } from "../lib/method/sde/fields.ts";
import { fitSde, solveSde, trainableSde, trainingStep } from "../lib/method/sde/fit.ts";
import { evaluate, type SdeModel } from "../lib/method/sde/model.ts";
import { outputsAt, perceptron } from "../lib/method/sde/network-field.ts";
import { rollout } from "../lib/method/sde/rollout.ts";
import { regressionScales } from "../lib/method/sde/scales.ts";
import { initialParameters, layout, type MlpShape } from "../lib/nn/mlp.ts";
import { normalPair } from "../lib/random/normal.ts";
import { stream } from "../lib/random/stream.ts";
import { Xoshiro } from "../lib/random/xoshiro.ts";
import { measureRate, RATE_HEAD, type Rate, rateLine, rateOf, scaled } from "../lib/run/bench.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { short } from "../lib/run/text-table.ts";
import { CurieWeiss } from "../lib/systems/curie-weiss.ts";
import { Ising } from "../lib/systems/ising.ts";
import { heatBath } from "../lib/systems/ising-classes.ts";
import { shippedWeights } from "../lib/systems/nbmota/compact-barriers.ts";
import { DIRECTIONS, FRAMES, OFFSETS } from "../lib/systems/nbmota/environment.ts";
import { BOLTZMANN } from "../lib/systems/nbmota/kinetics.ts";
import { placeOf, siteAt } from "../lib/systems/nbmota/lattice.ts";
import { equimolar, randomAlloy } from "../lib/systems/nbmota/random-alloy.ts";
import { siteCount } from "../lib/systems/nbmota/states.ts";
import { NbMoTa } from "../lib/systems/nbmota.ts";
import { PREDATOR_PREY, PredatorPrey } from "../lib/systems/predator-prey.ts";

const PHYSICS = { temperature: 1.1, field: 0.1 };
const ISING_PHYSICS = { temperature: 2.5, field: 0.1 };
/** Where the figures of peers come from, which are not measured here: ratios to them are rough. */
const QUOTED =
  "quoted figures are of other programs on two cores of another machine, noted in November 2026; they are not measured here";
/** Units per second. */
const PEERS = {
  // Flips.
  "event-driven numba, 64 x 64": 2.3e5,
  "event-driven numba, 16 x 16": 1.9e6,
  "PyTorch, batched patches": 5e5,
  // Lattices, from 32 to 64.
  "PyTorch, upsampling and relaxing": 26,
  // Jumps: of the authors' program for the alloy, and of a compact C++ program of the same network (AVX-512).
  "the authors' program": 4500,
  "C++ with AVX-512": 1.6e5,
  // Lattices in steps of the autoencoder, from 110 on.
  "PyTorch, autoencoder step": 170,
} as const;
const ADAPTERS = ["all", "hardware", "system", "bundled"] as const;

async function measure(): Promise<void> {
  const { parameters } = parseTool({
    name: "bench",
    about: "Measures simulation, training and prediction on every adapter, with one-thread TypeScript as baseline.",
    parameters: {
      adapter: { kind: "choice", choices: ADAPTERS, default: "all", meaning: "which adapter to measure" },
      barriers: { kind: "text", default: "none", meaning: "the published network of the alloy, to be measured too" },
    },
  });
  if (parameters.adapter === "all") {
    const { found } = await openGpu(undefined, { all: true });
    for (const kind of new Set(found.map((adapter) => adapter.kind))) {
      const child = Bun.spawn(
        [process.execPath, import.meta.path, "--adapter", kind, "--barriers", parameters.barriers],
        {
          // It ends with this program.
          env: { ...process.env, PATCHWISE_ADAPTER: kind, PATCHWISE_STARTER: String(process.pid) },
          stdio: ["ignore", "inherit", "inherit"],
        },
      );
      if ((await child.exited) !== 0) process.exitCode = 1;
    }
    return;
  }
  process.env.PATCHWISE_ADAPTER = parameters.adapter;
  const gpu = await openDevice();
  print(`\n${gpu.adapter.name} (${gpu.adapter.driver})\n${RATE_HEAD}`);
  await benchSimulation(gpu);
  await benchIsing(gpu);
  await benchCritical(gpu);
  await benchBitClosure(gpu);
  await benchFields(gpu);
  await benchAlloy(gpu, parameters.barriers);
  await benchTraining(gpu);
  await benchClosure(gpu);
  const planted = plantedRegression();
  await benchSolve(planted);
  await benchRollout(gpu, planted);
  print(`\n${QUOTED}`);
}

await main(measure, { losesNothing: true });

/** Glauber attempts of whole 64 × 64 systems; baseline: the same chain, one replica, in TypeScript. */
async function benchSimulation(gpu: Gpu): Promise<void> {
  const n = 64 ** 2;
  const { birth, death } = curieWeissChain({ spins: n, ...PHYSICS });
  const attempts = 4_000_000;
  let u = n / 2;
  const baseline = await measureRate(attempts, async () => {
    const rng = Xoshiro.open(stream(1, "bench"), 0, 0);
    for (let k = 0; k < attempts; k++) {
      const x = rng.next() * 2 ** -32 * n;
      if (x < birth[u]) u++;
      else if (x > n - death[u]) u--;
    }
  });
  print(rateLine("Curie–Weiss, 1 thread of TypeScript", "attempts", baseline));
  const system = new CurieWeiss(gpu, { ...PHYSICS, patchSide: 64 });
  const states = system.prepared(4096, 64, 0);
  const rate = await measureRate(4096 * n * 4, async () => {
    await system.evolve(states, 4, stream(1, "bench"));
    await gpu.idle();
  });
  print(rateLine("Curie–Weiss, 4,096 systems of 64 x 64", "attempts", rate, baseline));
  states.destroy();
  system.destroy();
}

/** "quoted: 1,900 × event-driven numba, at 230 k/s": the ratios to peers' figures. */
function beside(rate: Rate, ...peers: (keyof typeof PEERS)[]): string[] {
  const ratio = (peer: keyof typeof PEERS) =>
    Number((rate.median / PEERS[peer]).toPrecision(2)).toLocaleString("en-US");
  return peers.map((peer) => `quoted: ${ratio(peer)} × ${peer}, at ${short(PEERS[peer])}/s`);
}

/**
 * Glauber dynamics of the two-dimensional Ising model, and what the method asks of it. Baseline: one lattice of 64 × 64 in
 * TypeScript, attempt by attempt. Kernels try all spins at one rate whatever the state, so flips are attempts times the share of
 * attempts that flip a spin in equilibrium, which the baseline counts.
 */
async function benchIsing(gpu: Gpu): Promise<void> {
  const { baseline, share } = await glauberBaseline(64);
  print(rateLine("Ising, 1 thread of TypeScript, 64 x 64", "attempts", baseline));
  const flips = scaled(baseline, share);
  print(rateLine(`  flips, ${(100 * share).toFixed(1)} % of the attempts`, "flips", flips));
  const line = (name: string, attempts: Rate, ...peers: (keyof typeof PEERS)[]) => {
    print(rateLine(name, "attempts", attempts, baseline));
    const flipped = scaled(attempts, share);
    print(rateLine("  flips", "flips", flipped, flips, beside(flipped, ...peers)));
  };
  let round = 0;
  const at = () => stream(1, "bench/ising", round++);
  const system = new Ising(gpu, { ...ISING_PHYSICS, patchSide: 16 });

  const whole = await system.initial(8192, 64, at());
  const wholeRate = await measureRate(8192 * 64 ** 2 * 4, async () => {
    await system.evolve(whole, 4, at());
    await gpu.idle();
  });
  line("Ising, 8,192 lattices of 64 x 64", wholeRate, "event-driven numba, 64 x 64");
  whole.destroy();

  const lattices = await system.initial(1024, 64, at());
  const every = Uint32Array.from({ length: 16 * 1024 }, (_, k) => k % 16);
  // Patches as they are inside a partial evolution, between frozen neighbours; evolved over and over for the kernel's rate alone.
  await system.evolvePatches(lattices, every, 0, at(), async (cut, moment) => {
    if (moment !== "before") return;
    const cutRate = await measureRate(every.length * 16 ** 2 * 16, async () => {
      for (let k = 0; k < 16; k++) await system.evolve(cut, 1, at());
      await gpu.idle();
    });
    line(
      "Ising, 16,384 patches 16 x 16 of 64 x 64",
      cutRate,
      "event-driven numba, 16 x 16",
      "PyTorch, batched patches",
    );
  });
  // The whole verb: cut, observe, evolve, measure A and Q, read back. Baseline: its attempts alone, nothing measured.
  const evolved = await measureRate(every.length, () => system.evolvePatches(lattices, every, 1, at()), 3);
  const own16 = scaled(baseline, 1 / 16 ** 2);
  const flipped = beside(scaled(evolved, 16 ** 2 * share), "PyTorch, batched patches");
  print(rateLine("  evolvePatches, time 1", "patches", evolved, own16, flipped));
  const generated = await measureRate(every.length, () => system.generator(lattices, every), 3);
  print(rateLine("  generator", "patches", generated));
  lattices.destroy();

  const small = await system.initial(1024, 32, at());
  const relaxed = await measureRate(1024, async () => {
    const large = await system.upsample(small, 2, at());
    await system.relax(large, 1, at());
    await gpu.idle();
    large.destroy();
  });
  // 8 × 8 positions of 16 × 16 attempts each.
  const own = scaled(baseline, 1 / (64 * 16 ** 2));
  const note = beside(relaxed, "PyTorch, upsampling and relaxing");
  print(rateLine("Ising, upsample 32 to 64 and relax, 1,024", "lattices", relaxed, own, note));
  small.destroy();

  const large = await system.initial(32, 1024, at());
  const continuous = await measureRate(
    32 * 1024 ** 2 * 2,
    async () => {
      await system.evolve(large, 2, at());
      await gpu.idle();
    },
    3,
  );
  line("Ising, 32 lattices of 1,024 x 1,024", continuous);
  const sweeps = await measureRate(32 * 1024 ** 2 * 4, async () => {
    await system.sweep(large, 4, at());
    await gpu.idle();
  });
  print(rateLine("  checkerboard sweeps", "attempts", sweeps, baseline));
  large.destroy();
}

/** Lattices near the critical temperature: flips of clusters, LocalRelax, counts of the classes of spins. Baselines: one lattice in TypeScript. */
async function benchCritical(gpu: Gpu): Promise<void> {
  const [side, temperature, count] = [64, 2.27, 1024];
  const baseline = await wolffBaseline(side, temperature);
  print(rateLine(`Ising clusters, 1 thread of TypeScript, ${side} x ${side}`, "clusters", baseline.clusters));
  let round = 0;
  const at = () => stream(1, "bench/critical", round++);
  const system = new Ising(gpu, { temperature, field: 0, patchSide: 16 });
  const lattices = await system.prepared(count, side, 1, at());
  await system.flipClusters(lattices, 40, at());
  await gpu.idle();
  const clusters = await measureRate(16 * count, async () => {
    await system.flipClusters(lattices, 16, at());
    await gpu.idle();
  });
  print(rateLine("Ising, clusters of 1,024 lattices", "clusters", clusters, baseline.clusters));
  const classes = await measureRate(count * side ** 2, () => system.classes(lattices));
  print(rateLine("  counts of classes, read back", "sites", classes, baseline.classes));
  lattices.destroy();
}

/** Clusters one after the other with a list of sites that wait (Wolff), from all spins up on, the first 300 not timed; and counts of classes. */
async function wolffBaseline(side: number, temperature: number): Promise<{ clusters: Rate; classes: Rate }> {
  const spins = new Int8Array(side ** 2).fill(1);
  const waiting = new Uint32Array(side ** 2);
  const join = -Math.expm1(-2 / temperature) * 2 ** 32;
  const rng = Xoshiro.open(stream(1, "bench/critical"), 0, 0);
  const mask = side ** 2 - 1;
  const near = (site: number) => {
    const row = site & -side;
    const [right, left] = [row | ((site + 1) & (side - 1)), row | ((site - 1) & (side - 1))];
    return [(site + side) & mask, (site - side) & mask, right, left];
  };
  const flip = async () => {
    for (let cluster = 0; cluster < 300; cluster++) {
      const first = rng.next() & mask;
      const like = spins[first];
      let count = 1;
      waiting[0] = first;
      spins[first] = -like;
      while (count > 0) {
        for (const site of near(waiting[--count])) {
          if (spins[site] !== like || rng.next() >= join) continue;
          spins[site] = -like;
          waiting[count++] = site;
        }
      }
    }
  };
  const counts = new Uint32Array(10);
  const count = async () => {
    for (let site = 0; site < side ** 2; site++) {
      const up = near(site).reduce((sum, one) => sum + (spins[one] + 1) / 2, 0);
      counts[5 * ((spins[site] + 1) / 2) + up]++;
    }
  };
  return { clusters: await measureRate(300, flip), classes: await measureRate(side ** 2, count) };
}

/** Walks of single vacancies, 1,024 sites each, from random alloys; jumps per second of all together. */
async function benchAlloy(gpu: Gpu, barriers: string): Promise<void> {
  const baseline = await alloyBaseline();
  print(rateLine("NbMoTa, 1 thread of TypeScript, compact", "jumps", baseline));
  const models = [barrierModel("compact"), ...(barriers === "none" ? [] : [barrierModel(barriers)])];
  for (const model of models) {
    for (const temperature of [2000, 800]) {
      for (const walkers of [16, 256]) {
        const system = new NbMoTa(gpu, { temperature, barriers: model });
        const states = await system.disordered(walkers, 8, stream(1, "bench/alloy"));
        const jumps = (model.name === "compact" ? 2000 : 300) * (temperature < 1000 ? 5 : 1);
        let round = 0;
        const work = () => system.evolveJumps(states, jumps, stream(2, "bench/alloy", round++));
        const rate = await measureRate(walkers * jumps, work, 3);
        const name = `NbMoTa, ${walkers} vacancies, ${model.name}, ${temperature} K`;
        print(rateLine(name, "jumps", rate, baseline, beside(rate, "the authors' program", "C++ with AVX-512")));
        states.destroy();
      }
    }
  }
}

/** The same walk of one vacancy, every barrier evaluated anew: sums over rows of a table, squares, hidden units. */
async function alloyBaseline(): Promise<Rate> {
  const { rank, hidden, values, shift, sign, input, bias, output, offset, slope } = shippedWeights();
  const cells = 8;
  const rng = Xoshiro.open(stream(1, "bench/alloy"), 0, 0);
  const types = randomAlloy(cells, [0], equimolar(siteCount(cells) - 1), rng);
  const rates = new Float64Array(8);
  const s = new Float64Array(rank);
  const beta = 1 / (BOLTZMANN * 2000);
  let at = 0;
  const jumps = 2000;
  return measureRate(jumps, async () => {
    for (let jump = 0; jump < jumps; jump++) {
      const place = placeOf(at, cells);
      const around = OFFSETS.map(([x, y, z]) => types[siteAt([place[0] + x, place[1] + y, place[2] + z], cells)]);
      let total = 0;
      for (let d = 0; d < 8; d++) {
        s.set(shift);
        for (let p = 0; p < around.length; p++) {
          const row = (3 * p + around[FRAMES[d][p]] - 1) * rank;
          for (let r = 0; r < rank; r++) s[r] += values[row + r];
        }
        let energy = offset[0] + slope[0] * s[0];
        for (let r = 1; r < rank; r++) energy += sign[r] * s[r] * s[r];
        for (let h = 0; h < hidden; h++) {
          let z = bias[h];
          for (let r = 0; r < rank; r++) z += input[r * hidden + h] * s[r];
          if (z > 0) energy += output[h] * z;
        }
        rates[d] = Math.exp(-beta * energy);
        total += rates[d];
      }
      let pick = rng.uniform() * total;
      let direction = 0;
      while (direction < 7 && pick >= rates[direction]) pick -= rates[direction++];
      const to = siteAt(
        place.map((u, j) => u + DIRECTIONS[direction][j]),
        cells,
      );
      types[at] = types[to];
      types[to] = 0;
      at = to;
    }
  });
}

/** Attempts one by one, sites drawn at random, and the share of them that flip a spin in equilibrium. */
async function glauberBaseline(side: number): Promise<{ baseline: Rate; share: number }> {
  const { temperature, field } = ISING_PHYSICS;
  const spins = new Int8Array(side ** 2).fill(1);
  // Chance to flip as a 32-bit threshold, [5 · (s is up) + up neighbours].
  const up = [0, 1, 2, 3, 4].map((count) => heatBath(count, temperature, field));
  const flip = Float64Array.from([...up, ...up.map((p) => 1 - p)], (p) => p * 2 ** 32);
  const rng = Xoshiro.open(stream(1, "bench/ising"), 0, 0);
  const mask = side ** 2 - 1;
  let flipped = 0;
  const attempts = 300 * side ** 2;
  const sweep = async () => {
    flipped = 0;
    for (let k = 0; k < attempts; k++) {
      const site = rng.next() & mask;
      const row = site & -side;
      const sum =
        spins[(site + side) & mask] +
        spins[(site - side) & mask] +
        spins[row | ((site + 1) & (side - 1))] +
        spins[row | ((site - 1) & (side - 1))];
      const spin = spins[site];
      if (rng.next() < flip[(5 * (spin + 1) + sum + 4) >> 1]) {
        spins[site] = -spin;
        flipped++;
      }
    }
  };
  // The first 300 sweeps bring it to equilibrium.
  const baseline = await measureRate(attempts, sweep);
  return { baseline, share: flipped / attempts };
}

/** Made-up pairs over increments alone, for trainings whose speed does not depend on the numbers. */
function randomPairs(
  d: number,
  snapshots: number,
  perSnapshot: number,
  patches: number,
  random: (n: number) => Float32Array,
): Pairs {
  const [whole, patch, delta] = [d * snapshots, d * snapshots * perSnapshot, d * snapshots * perSnapshot].map(random);
  const cohort = Uint32Array.from({ length: snapshots }, (_, k) => k);
  const condition = new Float32Array(0);
  return { kind: "increments", d, patches, perSnapshot, whole, patch, delta, cohort, condition, time: 0.2 };
}

/** AdamW steps of the convolutional autoencoder of 64 × 64 spins in 16 patches of 16 × 16 at batch 16, in lattices per second. */
async function benchBitClosure(gpu: Gpu): Promise<void> {
  const [patchSide, patches, batch, snapshots] = [16, 16, 16, 64];
  const rng = Xoshiro.open(stream(1, "bench/spins"), 0, 0);
  const random = (length: number) => Float32Array.from({ length }, () => rng.uniform());
  const table = {
    patchSide,
    patches,
    // One row of a patch to a word.
    words: Uint32Array.from({ length: snapshots * patches * patchSide }, () => rng.next() & 0xffff),
    pairs: randomPairs(2, snapshots, patches, patches, random),
  };
  for (const [channels, steps] of [
    [[8, 16, 32], 40],
    [[32, 64, 128], 11],
  ] as const) {
    const shape = { kind: "convolution", patchSide, channels, variables: 2 } as const;
    const options = { batch, steps, learningRate: 1e-3, weightDecay: 0, seed: 1 };
    // Submissions are the repeats; the first, of eight steps, has the networks set up and the kernels compiled before it.
    const rates: number[] = [];
    let last = { done: 0, at: 0 };
    const onSteps = (done: number) => {
      const at = performance.now();
      if (last.done > 0) rates.push((1000 * batch * (done - last.done)) / (at - last.at));
      last = { done, at };
    };
    await trainClosure(gpu, "autoencoder", table, shape, [], options, { onSteps });
    const rate = rateOf(rates);
    const note = beside(rate, "PyTorch, autoencoder step");
    print(rateLine(`Ising autoencoder, channels ${channels.join(", ")}`, "samples", rate, undefined, note));
  }
}

/** Euler–Maruyama updates of grid points (both species); baseline: the same step, one system, in TypeScript. */
async function benchFields(gpu: Gpu): Promise<void> {
  const points = 200;
  const { growth, threshold, predatorDiffusion, noise, dt } = PREDATOR_PREY;
  const steps = 2000;
  let u = new Float64Array(points).fill(0.5);
  let v = new Float64Array(points).fill(0.5);
  const baseline = await measureRate(steps * points, async () => {
    const rng = Xoshiro.open(stream(1, "bench"), 0, 0);
    const s = noise * Math.sqrt(dt);
    for (let step = 0; step < steps; step++) {
      const [nextU, nextV] = [new Float64Array(points), new Float64Array(points)];
      for (let i = 0; i < points; i++) {
        const [a, b] = normalPair(rng.next(), rng.next());
        const exchange = v[Math.max(i - 1, 0)] - 2 * v[i] + v[Math.min(i + 1, points - 1)];
        nextU[i] = u[i] + dt * u[i] * (1 - u[i] - v[i]) + s * a;
        nextV[i] = v[i] + dt * (growth * v[i] * (u[i] - threshold) + predatorDiffusion * exchange) + s * b;
      }
      [u, v] = [nextU, nextV];
    }
  });
  print(rateLine("predator–prey, 1 thread of TypeScript", "points", baseline));
  const system = new PredatorPrey(gpu, { ...PREDATOR_PREY, patchPoints: 40 });
  for (const [count, time] of [
    [50, 20],
    [5000, 1],
  ]) {
    const states = system.prepared(new Array(count).fill({ mean: 0.5, amplitude: 0.1 }), points);
    let round = 0;
    const rate = await measureRate((count * points * time) / dt, async () => {
      await system.evolve(states, time, stream(1, "bench", round++));
      await gpu.idle();
    });
    print(rateLine(`predator–prey, ${count} systems of ${points} points`, "points", rate, baseline));
    states.destroy();
  }
  system.destroy();
}

/** Steps of the autoencoder 2 × 5 × (40-32-32-1) and 4-32-32-400 at batch 256, in samples (snapshots) per second. */
async function benchClosure(gpu: Gpu): Promise<void> {
  const rows = 1024;
  const batch = 256;
  const rng = Xoshiro.open(stream(1, "bench/closure"), 0, 0);
  const random = (length: number) => Float32Array.from({ length }, rng.uniform.bind(rng));
  const table = {
    patchSide: 40,
    patches: 5,
    words: new Uint32Array(random(400 * rows).buffer),
    pairs: randomPairs(2, rows, 5, 5, random),
  };
  const shape = {
    kind: "perceptron",
    dimension: 1,
    patchSide: 40,
    parts: 2,
    joint: false,
    hidden: [32, 32],
    activation: "tanh",
    variables: 2,
  } as const;
  const steps = 64;
  const rate = await measureRate(steps * batch, async () => {
    const options = { batch, steps, learningRate: 1e-3, weightDecay: 0, seed: 1 };
    await trainClosure(gpu, "autoencoder", table, shape, [32, 32], options);
  });
  print(rateLine("autoencoder training, 200 points, 5 patches", "samples", rate));
}

/** One AdamW step of the SDE loss, d = 4, full diffusion, networks 4-64-64-64-4 and 4-64-64-64-16, batch 1,024. */
async function benchTraining(gpu: Gpu): Promise<void> {
  const [d, batch, rows] = [4, 1024, 65_536];
  const rng = Xoshiro.open(stream(1, "bench/data"), 0, 0);
  const random = (length: number) => Float32Array.from({ length }, () => 2 * rng.uniform() - 1);
  const data = regression(randomPairs(d, rows, 1, 1, random), "increment");
  const kind = { kind: "network", hidden: [64, 64, 64], activation: "tanh" } as const;
  const spec: TrainedSpec = { drift: kind, diffusion: { ...kind, form: "full" } };
  const sde = await trainableSde(gpu, spec, d, { batch, steps: 1e6, learningRate: 1e-3, weightDecay: 0, seed: 1 });
  for (const field of sde.networks) field.load(field.initial);
  const training = await trainingStep(gpu, sde, data, regressionScales(data), 1);
  const sums = await lossSums(gpu, training.losses, sde.step, 1e6);
  const steps = 32;
  const rate = await measureRate(batch * steps, async () => {
    gpu.run([...training.calls, sums.call], steps);
    await gpu.idle();
  });
  const baseline = await denseBaseline([perceptron(kind, d, d), perceptron(kind, d, d * d)], batch);
  print(rateLine("dense layers forward + backward, 1 thread", "samples", baseline));
  print(rateLine("SDE training step, d = 4, 2 nets of 3 x 64", "samples", rate, baseline));
  sums.destroy();
  training.destroy();
  sde.destroy();
}

/** The multiplications of the networks, forward and both gradients, in TypeScript: a bound from its side. */
async function denseBaseline(networks: readonly MlpShape[], batch: number): Promise<Rate> {
  const samples = batch / 16;
  const all = networks.map((shape) => ({ ...layout(shape), parameters: initialParameters(shape, 1) }));
  return measureRate(samples, async () => {
    let total = 0;
    for (let sample = 0; sample < samples; sample++) {
      for (const { layers, parameters } of all) {
        for (const { inputs: rows, outputs: columns, weights } of layers) {
          // Three passes over the weights: y = wᵀx, dx = w dy, dw = x dyᵀ.
          for (let pass = 0; pass < 3; pass++) {
            let at = weights;
            for (let i = 0; i < rows; i++) {
              let sum = 0;
              for (let o = 0; o < columns; o++) sum += parameters[at++] * 0.5;
              total += sum;
            }
          }
        }
      }
    }
    // A use of the sums, or the loops might be dropped.
    if (!Number.isFinite(total)) throw new Error("the baseline's sums are not finite");
  });
}

/** Fit of polynomials, d = 4, degree 4, on the means over 8 patches of 65,536 snapshots of 128 cohorts: rows with all folds and groups. */
function benchSolve(data: Regression): Promise<void> {
  return measureRate(data.state.length / data.d, async () => solveSde(data, { kind: "polynomial", degree: 4 }), 3).then(
    (rate) => print(rateLine("polynomial fit, d = 4, degree 4", "rows", rate)),
  );
}

/**
 * Trajectories of equations in four variables: polynomials of degree 3 with a diffusion that depends on z, and networks of 2 x 32.
 * Baselines: the fields at one trajectory after the other in float64, and the step, in TypeScript.
 */
async function benchRollout(gpu: Gpu, data: Regression): Promise<void> {
  const kind = { kind: "network", hidden: [32, 32], activation: "tanh" } as const;
  const fit = { batch: 1024, steps: 1, learningRate: 1e-3, weightDecay: 0, seed: 1 };
  const network = await fitSde(gpu, data, { drift: kind, diffusion: { ...kind, form: "full" } }, fit);
  const polynomial = solveSde(data, { kind: "polynomial", degree: 3 });
  const [count, steps] = [4096, 256];
  const times = evenGrid(0, 1, 9);
  const start = data.state.slice(0, count * data.d);
  const rateOfModel = (model: SdeModel) =>
    measureRate(
      count * steps,
      () => rollout(gpu, model, start, { times, dt: 1 / steps, stream: stream(1, "bench/rollout") }),
      3,
    );
  const rng = Xoshiro.open(stream(1, "bench/rollout"), 0, 0);
  const shapes = [perceptron(kind, data.d, data.d), perceptron(kind, data.d, data.d ** 2)];
  const parameters = shapes.map((shape) => initialParameters(shape, 1));
  const networks = await rolloutBaseline(data, async (z) => {
    for (let at = 0; at < z.length; at += data.d) {
      const x = z.subarray(at, at + data.d);
      const [f, sigma] = shapes.map((shape, k) => outputsAt(shape, parameters[k], x));
      eulerStep(x, f, sigma, rng);
    }
  });
  const polynomials = await rolloutBaseline(data, async (z) => {
    const { drift, diffusion } = await evaluate(gpu, polynomial, z);
    for (let at = 0; at < z.length; at += data.d) {
      const square = diffusion.subarray(at * data.d, (at + data.d) * data.d);
      eulerStep(z.subarray(at, at + data.d), drift.subarray(at, at + data.d), lowerFactor(square, data.d), rng);
    }
  });
  const lines = [
    ["networks of 2 x 32", network, networks],
    ["polynomials of degree 3", polynomial, polynomials],
  ] as const;
  for (const [name, model, baseline] of lines) {
    print(rateLine(`  1 thread of TypeScript, ${name}`, "steps", baseline));
    print(rateLine(`SDE rollout, d = 4, ${name}`, "steps", await rateOfModel(model), baseline));
  }
}

/** Steps of 256 trajectories, all by one call of `step`. */
function rolloutBaseline({ state, d }: Regression, step: (z: Float64Array) => Promise<void>): Promise<Rate> {
  const [count, steps] = [256, 8];
  return measureRate(
    count * steps,
    async () => {
      const z = Float64Array.from(state.subarray(0, count * d));
      for (let k = 0; k < steps; k++) await step(z);
    },
    3,
  );
}

/** z += f dt + σ √dt ξ, dt = 1/256. */
function eulerStep(z: Float64Array, f: Float64Array, sigma: Float64Array, rng: Xoshiro): void {
  const d = z.length;
  const xi: number[] = [];
  while (xi.length < d) xi.push(...normalPair(rng.next(), rng.next()));
  for (let j = 0; j < d; j++) {
    let kick = 0;
    for (let k = 0; k < d; k++) kick += sigma[j * d + k] * xi[k];
    z[j] += f[j] / 256 + kick / 16;
  }
}

/** The lower Cholesky factor. */
function lowerFactor(square: Float64Array, d: number): Float64Array {
  const factor = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    for (let k = 0; k <= j; k++) {
      let rest = square[j * d + k];
      for (let l = 0; l < k; l++) rest -= factor[j * d + l] * factor[k * d + l];
      factor[j * d + k] = j === k ? Math.sqrt(Math.max(rest, 1e-12)) : rest / factor[k * d + k];
    }
  }
  return factor;
}

/** An Ornstein–Uhlenbeck process with noise that depends on the state, 65,536 snapshots of 128 cohorts, 8 patches each. */
function plantedRegression(): Regression {
  const [d, rows, patches] = [4, 65_536, 8];
  const rng = Xoshiro.open(stream(1, "bench/planted"), 0, 0);
  const random = (length: number) => Float32Array.from({ length }, () => 2 * rng.uniform() - 1);
  const pairs = {
    ...randomPairs(d, rows, patches, patches, random),
    cohort: Uint32Array.from({ length: rows }, (_, k) => k % 128),
  };
  const data = regression(pairs, "increment");
  const entry = [0, 4, 7, 9];
  return {
    ...data,
    change: data.state.map((z) => -0.1 * z),
    variation: Float32Array.from({ length: rows * 10 }, (_, at) => {
      const z = data.state[Math.floor(at / 10) * d];
      return entry.includes(at % 10) ? 0.02 * (1 + 0.5 * z + 0.2 * z * z) : 0.002;
    }),
  };
}
