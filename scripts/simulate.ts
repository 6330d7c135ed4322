// Direct simulation of a whole system from a prepared state: mean and standard deviation of its observables over time.
//
//   npm run simulate -- curie-weiss --L 64 --T 1.1 --h 0.1 --m0 -0.5 --replicas 400 --times 0,1,2,5 --seed 3 --out m.csv
//
//   npm run simulate -- predator-prey --N 20000 --mean 0.5 --amplitude 0.1 --replicas 50 --times 0,10,20,30 --out uv.csv
//
// Exact in law (fields: of the time-stepped equations). Columns: time, observable, mean, std, se_mean, replicas. Without --out the table goes to standard output.
import { existsSync } from "node:fs";
import { ensembleMoments } from "../lib/analysis/trajectory-error.ts";
import { InputError } from "../lib/errors.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { writeCsv } from "../lib/io/csv.ts";
import { stream } from "../lib/random/stream.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import type { Parameters, Values } from "../lib/run/parameters.ts";
import { checkWave, PREDATOR_PREY_PHYSICS, predatorPreySystem } from "../lib/run/predator-prey-command.ts";
import { progress } from "../lib/run/progress.ts";
import { tableOfRows } from "../lib/run/text-table.ts";
import { CurieWeiss } from "../lib/systems/curie-weiss.ts";
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

const PREDATOR_PREY = {
  N: { kind: "integer", default: 200, min: 2, max: 100_000, unit: "points", meaning: "grid points" },
  ...PREDATOR_PREY_PHYSICS,
  mean: { kind: "number", default: 0.5, min: 0, max: 1, meaning: "mean m of the initial prey; predators are 1 − prey" },
  amplitude: { kind: "number", default: 0.1, min: 0, max: 1, meaning: "amplitude k of the initial cosine" },
} as const satisfies Parameters;

const SYSTEMS = ["curie-weiss", "predator-prey"] as const;

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
  parseTool({ ...command, parameters: { ...CURIE_WEISS, ...PREDATOR_PREY, ...COMMON } });
});

/**
 * Evolves systems from time to time, tabulates the moments of their observables and writes the table. If the simulation fails on
 * the way, what was observed until then is written, and the error goes on.
 */
async function observeOverTime<S extends States>(
  system: System<S>,
  prepare: (count: number) => S,
  { replicas, times, seed, out }: Common,
): Promise<void> {
  const rows: Record<string, number | string>[] = [];
  const bar = progress(system.name, times[times.length - 1]);
  const states = prepare(replicas);
  const d = system.observables.length;
  let now = 0;
  try {
    for (const [k, time] of times.entries()) {
      await system.evolve(states, time - now, stream(seed, "simulate", k));
      const { mean, std } = ensembleMoments(await system.observe(states), replicas);
      bar.add(time - now);
      now = time;
      for (let j = 0; j < d; j++) {
        const se_mean = std[j] / Math.sqrt(replicas);
        rows.push({ time, observable: system.observables[j].symbol, mean: mean[j], std: std[j], se_mean, replicas });
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
