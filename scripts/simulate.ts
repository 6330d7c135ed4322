// Direct simulation of a whole system from a prepared state: mean and standard deviation of its observables over time.
//
//   npm run simulate -- curie-weiss --L 64 --T 1.1 --h 0.1 --m0 -0.5 --replicas 400 --times 0,1,2,5 --seed 3 --out m.csv
//
//   npm run simulate -- predator-prey --N 20000 --mean 0.5 --amplitude 0.1 --replicas 50 --times 0,10,20,30 --out uv.csv
//
//   npm run simulate -- ising --L 64 --T 2.5 --h 0.1 --m0 -0.5 --replicas 1024 --times 0,1,5,20,100 --out m-rho.csv
//   npm run simulate -- ising --L 1024 --T 2.269 --h 0 --replicas 64 --times 0,10,100 --out critical.csv
//
// Exact in law (fields: of the time-stepped equations). Columns: time, observable, mean, std, se_mean, replicas. Without
// --out the table goes to standard output. se_mean is std/√replicas; of ising, where 32 replicas share the places and times of
// their attempts and are one cluster before equilibrium, it is the standard error over these clusters (from 64 replicas on).
import { existsSync } from "node:fs";
import { ensembleMoments } from "../lib/analysis/trajectory-error.ts";
import { InputError } from "../lib/errors.ts";
import { ISING_PHYSICS } from "../lib/experiments/ising/parameters.ts";
import { checkWave, PREDATOR_PREY_PHYSICS, predatorPreySystem } from "../lib/experiments/predator-prey/parameters.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { writeCsv } from "../lib/io/csv.ts";
import { stream } from "../lib/random/stream.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import type { Parameters, Values } from "../lib/run/parameters.ts";
import { progress } from "../lib/run/progress.ts";
import { tableOfRows } from "../lib/run/text-table.ts";
import { CurieWeiss } from "../lib/systems/curie-weiss.ts";
import { COHORT, Ising } from "../lib/systems/ising.ts";
import { checkPredatorPrey, PredatorPrey } from "../lib/systems/predator-prey.ts";
import type { States, System } from "../lib/systems/system.ts";

/** Parameters that all systems share. */
const COMMON = {
  replicas: { kind: "integer", default: 400, min: 2, max: 1e6, meaning: "independent systems" },
  times: {
    kind: "numbers",
    default: [0, 1, 2, 5],
    min: 0,
    max: 1e6,
    meaning: "when to observe, ascending, in the system's unit (sweeps for spins)",
  },
  seed: { kind: "integer", default: 1, min: 0, max: 0xffff_ffff, meaning: "of all random numbers" },
  out: { kind: "text", default: "standard output", meaning: "CSV file to write" },
  force: { kind: "flag", default: false, meaning: "overwrite that file" },
} as const satisfies Parameters;
type Common = Values<typeof COMMON>;

const CURIE_WEISS = {
  L: { kind: "integer", default: 64, min: 2, max: 2048, unit: "spins", meaning: "side of the lattice" },
  T: { kind: "number", default: 1.1, above: 0, unit: "J/k_B", meaning: "temperature" },
  h: { kind: "number", default: 0.1, min: -100, max: 100, unit: "J", meaning: "external field" },
  m0: { kind: "number", default: 0, min: -1, max: 1, meaning: "initial magnetization, the same in every replica" },
} as const satisfies Parameters;

const ISING = {
  L: { kind: "integer", default: 64, min: 4, max: 65_536, unit: "spins", meaning: "side of the lattice, even" },
  ...ISING_PHYSICS,
  m0: { ...CURIE_WEISS.m0, meaning: "initial magnetization, spins at random places" },
} as const satisfies Parameters;

const PREDATOR_PREY = {
  N: { kind: "integer", default: 200, min: 2, max: 100_000, unit: "points", meaning: "grid points" },
  ...PREDATOR_PREY_PHYSICS,
  mean: { kind: "number", default: 0.5, min: 0, max: 1, meaning: "mean m of the initial prey; predators are 1 − prey" },
  amplitude: { kind: "number", default: 0.1, min: 0, max: 1, meaning: "amplitude k of the initial cosine" },
} as const satisfies Parameters;

const SYSTEMS = ["curie-weiss", "ising", "predator-prey"] as const;

const command = {
  name: "simulate",
  about:
    "Simulates a whole system directly and tabulates the mean and spread of its observables. `simulate SYSTEM --help` shows the parameters of a system.",
  positional: { name: "system", meaning: "what to simulate", choices: SYSTEMS },
} as const;

function checkCommon({ times, out, force }: Common): void {
  if (times.some((time, k) => k > 0 && time <= times[k - 1])) {
    throw new InputError(`--times ${times} do not ascend: give each time once, the earliest first`);
  }
  if (out !== COMMON.out.default && existsSync(out) && !force) {
    throw new InputError(`${out} exists already: choose another --out, or --force to overwrite it`);
  }
}

await main(async () => {
  const named = SYSTEMS.find((system) => process.argv.includes(system));
  if (named === "curie-weiss") {
    const { parameters: p } = parseTool({
      ...command,
      parameters: { ...CURIE_WEISS, ...COMMON },
      check(values) {
        checkCommon(values);
        if (values.L % 2 !== 0) throw new InputError(`--L ${values.L} is odd: use an even side`);
      },
    });
    const system = new CurieWeiss(await openDevice(), { temperature: p.T, field: p.h, patchSide: p.L });
    return observeOverTime(system, (count) => system.prepared(count, p.L, p.m0), p);
  }
  if (named === "ising") {
    const { parameters: p } = parseTool({
      ...command,
      parameters: { ...ISING, ...COMMON },
      check(values) {
        checkCommon(values);
        if (values.L % 2 !== 0) throw new InputError(`--L ${values.L} is odd: use an even side`);
      },
    });
    const system = new Ising(await openDevice(), { temperature: p.T, field: p.h, patchSide: pieceSide(p.L) });
    return observeOverTime(
      system,
      (count) => system.prepared(count, p.L, p.m0, stream(p.seed, "simulate/start")),
      p,
      COHORT,
    );
  }
  if (named === "predator-prey") {
    const { parameters: p } = parseTool({
      ...command,
      parameters: { ...PREDATOR_PREY, ...COMMON },
      check(values) {
        checkCommon(values);
        const { N, dt, mean, amplitude, times } = values;
        checkPredatorPrey(predatorPreySystem(values, 2 * Math.ceil(N / 2)));
        checkWave(mean, amplitude);
        const between = times.find((time) => Math.abs(time / dt - Math.round(time / dt)) > 1e-6);
        if (between !== undefined) throw new InputError(`time ${between} is not a multiple of the time step ${dt}`);
      },
    });
    const system = new PredatorPrey(await openDevice(), predatorPreySystem(p, 2 * Math.ceil(p.N / 2)));
    const wave = { mean: p.mean, amplitude: p.amplitude };
    return observeOverTime(system, (count) => system.prepared(new Array(count).fill(wave), p.N), p);
  }
  // No system: all options are known here, so that the message is about the system.
  parseTool({ ...command, parameters: { ...CURIE_WEISS, ...ISING, ...PREDATOR_PREY, ...COMMON } });
});

/** Lattices are observed in pieces, the largest even divisor of the side up to 64; twice a large prime is one piece. */
function pieceSide(side: number): number {
  for (let piece = 64; piece >= 4; piece -= 2) if (side % piece === 0) return piece;
  return side;
}

/**
 * Evolves systems from time to time, tabulates the moments of their observables and writes the table. `cluster`: so many replicas in
 * a row depend on each other. If the simulation fails on the way, what was observed until then is written, and the error goes on.
 */
async function observeOverTime<S extends States>(
  system: System<S>,
  prepare: (count: number) => S | Promise<S>,
  { replicas, times, seed, out }: Common,
  cluster = 1,
): Promise<void> {
  const rows: Record<string, number | string>[] = [];
  const bar = progress(system.name, times[times.length - 1]);
  const states = await prepare(replicas);
  const d = system.observables.length;
  let now = 0;
  try {
    for (const [k, time] of times.entries()) {
      await system.evolve(states, time - now, stream(seed, "simulate", k));
      const values = await system.observe(states);
      const { mean, std } = ensembleMoments(values, replicas);
      const se = standardErrors(values, replicas, mean, cluster);
      bar.add(time - now);
      now = time;
      for (let j = 0; j < d; j++) {
        const { symbol } = system.observables[j];
        rows.push({ time, observable: symbol, mean: mean[j], std: std[j], se_mean: se[j], replicas });
      }
    }
    bar.done();
  } finally {
    states.destroy();
    if (rows.length > 0) {
      const table = tableOfRows(rows);
      if (out === COMMON.out.default) process.stdout.write(table.toCSV());
      else writeCsv(out, table);
    }
  }
}

/**
 * Standard error of the mean of `values` `[replicas, d]` over clusters of so many replicas in a row, the last perhaps smaller:
 * √(C/(C − 1) Σ (sum of the deviations of a cluster)²)/replicas with C clusters. Over replicas where there are not two whole clusters.
 */
function standardErrors(values: Float32Array, replicas: number, mean: Float64Array, cluster: number): Float64Array {
  const size = replicas >= 2 * cluster ? cluster : 1;
  const clusters = Math.ceil(replicas / size);
  return mean.map((center, j) => {
    const sums = new Float64Array(clusters);
    for (let r = 0; r < replicas; r++) sums[Math.floor(r / size)] += values[r * mean.length + j] - center;
    const square = sums.reduce((total, sum) => total + sum * sum, 0);
    return Math.sqrt((clusters / (clusters - 1)) * square) / replicas;
  });
}
