// Direct simulation of a whole system from a prepared state: mean and standard deviation of its observables over time.
//
//   npm run simulate -- curie-weiss --L 64 --T 1.1 --h 0.1 --m0 -0.5 --replicas 400 --times 0,1,2,5 --seed 3 --out m.csv
//
// Exact in law. Columns: time, observable, mean, std, se_mean, replicas. Without --out the table goes to standard output.
import { existsSync } from "node:fs";
import { table } from "arquero";
import { InputError } from "../lib/errors.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { writeCsv } from "../lib/io/csv.ts";
import { stream } from "../lib/random/stream.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import type { Parameters, Values } from "../lib/run/parameters.ts";
import { progress } from "../lib/run/progress.ts";
import { CurieWeiss } from "../lib/systems/curie-weiss.ts";
import type { States, System } from "../lib/systems/system.ts";

const parameters = {
  L: { kind: "integer", default: 64, min: 2, max: 2048, unit: "spins", meaning: "side of the lattice" },
  T: { kind: "number", default: 1.1, above: 0, unit: "J/k_B", meaning: "temperature" },
  h: { kind: "number", default: 0.1, min: -100, max: 100, unit: "J", meaning: "external field" },
  m0: { kind: "number", default: 0, min: -1, max: 1, meaning: "initial magnetization, the same in every replica" },
  replicas: { kind: "integer", default: 400, min: 2, max: 1e6, meaning: "independent systems" },
  times: {
    kind: "numbers",
    default: [0, 1, 2, 5],
    min: 0,
    max: 1e6,
    unit: "sweeps",
    meaning: "when to observe, ascending",
  },
  seed: { kind: "integer", default: 1, min: 0, max: 0xffff_ffff, meaning: "of all random numbers" },
  out: { kind: "text", default: "standard output", meaning: "CSV file to write" },
  force: { kind: "flag", default: false, meaning: "overwrite that file" },
} as const satisfies Parameters;

const command = {
  name: "simulate",
  about: "Simulates a whole system directly and tabulates the mean and spread of its observables.",
  parameters,
  positional: { name: "system", meaning: "what to simulate", choices: ["curie-weiss"] },
  check({ L, times, out, force }: Values<typeof parameters>) {
    if (L % 2 !== 0) throw new InputError(`--L ${L} is odd: use an even side`);
    if (times.some((time, k) => k > 0 && time <= times[k - 1])) {
      throw new InputError(`--times ${times} do not ascend: give each time once, the earliest first`);
    }
    if (out !== parameters.out.default && existsSync(out) && !force) {
      throw new InputError(`${out} exists already: choose another --out, or --force to overwrite it`);
    }
  },
} as const;

await main(async () => {
  const { parameters: p } = parseTool(command);
  const gpu = await openDevice();
  const system = new CurieWeiss(gpu, { temperature: p.T, field: p.h, patchSide: p.L });
  const rows = await observeOverTime(system, system.prepared(p.replicas, p.L, p.m0), p.times, p.seed);
  if (p.out === parameters.out.default) process.stdout.write(rows.toCSV());
  else writeCsv(p.out, rows);
});

/** Evolves the states from time to time and tabulates the moments of their observables. */
async function observeOverTime<S extends States>(system: System<S>, states: S, times: readonly number[], seed: number) {
  const d = system.observables.length;
  const columns: Record<"time" | "mean" | "std" | "se_mean" | "replicas", number[]> & { observable: string[] } = {
    time: [],
    observable: [],
    mean: [],
    std: [],
    se_mean: [],
    replicas: [],
  };
  const bar = progress(system.name, times[times.length - 1]);
  let now = 0;
  for (const [k, time] of times.entries()) {
    await system.evolve(states, time - now, stream(seed, "simulate", k));
    const values = await system.observe(states);
    bar.add(time - now);
    now = time;
    for (const [j, { symbol }] of system.observables.entries()) {
      let mean = 0;
      let squares = 0;
      for (let r = 0; r < states.count; r++) {
        const deviation = values[r * d + j] - mean;
        mean += deviation / (r + 1);
        squares += deviation * (values[r * d + j] - mean);
      }
      const std = Math.sqrt(squares / (states.count - 1));
      const row = {
        time,
        observable: symbol,
        mean,
        std,
        se_mean: std / Math.sqrt(states.count),
        replicas: states.count,
      };
      for (const [name, value] of Object.entries(row)) (columns[name as keyof typeof columns] as unknown[]).push(value);
    }
  }
  bar.done();
  states.destroy();
  return table(columns);
}
