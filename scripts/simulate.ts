// Direct simulation of a whole system from a prepared state: mean and standard deviation of its observables over time.
//
//   npm run simulate -- curie-weiss --L 64 --T 1.1 --h 0.1 --m0 -0.5 --replicas 400 --times 0,1,2,5 --seed 3 --out m.csv
//
//   npm run simulate -- predator-prey --N 20000 --mean 0.5 --amplitude 0.1 --replicas 50 --times 0,10,20,30 --out uv.csv
//
//   npm run simulate -- ising --L 64 --T 2.5 --h 0.1 --m0 -0.5 --replicas 1024 --times 0,1,5,20,100 --out m-rho.csv
//   npm run simulate -- ising --L 1024 --T 2.269 --h 0 --replicas 64 --times 0,10,100 --out critical.csv
//   npm run simulate -- ising --algorithm wolff --L 64 --T 2.27 --h 0 --replicas 1024 --clusters 400 --out wolff.csv
//
//   npm run simulate -- nbmota --cells 8 --T 1600 --jumps 200000 --replicas 16 --out order.csv --end alloy.dump
//
// Exact in law (fields: of the time-stepped equations). Columns: time, observable, mean, std, se_mean, replicas. Without
// --out the table goes to standard output. se_mean is std/√replicas; of ising, where 32 replicas share the places and times of
// their attempts and are one cluster before equilibrium, it is the standard error over these clusters (from 64 replicas on).
import { ensembleMoments } from "../lib/analysis/trajectory-error.ts";
import { InputError } from "../lib/errors.ts";
import { CURIE_WEISS } from "../lib/experiments/curie-weiss/simulation.ts";
import { ISING } from "../lib/experiments/ising/simulation.ts";
import { NBMOTA } from "../lib/experiments/nbmota/simulation.ts";
import { PREDATOR_PREY } from "../lib/experiments/predator-prey/simulation.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { MEMORY_BUDGET, mebibytes } from "../lib/gpu/memory.ts";
import { writeCsv } from "../lib/io/csv.ts";
import { batchThatFits } from "../lib/method/batch.ts";
import { concatenate } from "../lib/method/concatenate.ts";
import { type Stream, stream } from "../lib/random/stream.ts";
import { parseTool, positionalWord } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { print, requireOutput } from "../lib/run/output.ts";
import { claimFiles, writeClaimed } from "../lib/run/overwrite.ts";
import type { Parameters } from "../lib/run/parameters.ts";
import { progress } from "../lib/run/progress.ts";
import { COMMON, type Common, type Course } from "../lib/run/simulation.ts";
import { tableOfRows } from "../lib/run/text-table.ts";
import type { States, System } from "../lib/systems/system.ts";

/** A file is written anew so often at the most, ms. */
const REWRITE_MS = 1_000;

const SYSTEMS = [CURIE_WEISS, ISING, NBMOTA, PREDATOR_PREY];

const command = {
  name: "simulate",
  about:
    "Simulates a whole system directly and tabulates the mean and spread of its observables. `simulate SYSTEM --help` shows the parameters of a system.",
  positional: { name: "system", meaning: "what to simulate", choices: SYSTEMS.map(({ name }) => name) },
};

await main(async () => {
  // Options depend on the system: it is the word that is no option's value, whatever the system.
  const all: Parameters = Object.assign({}, COMMON, ...SYSTEMS.map(({ parameters }) => parameters));
  const word = positionalWord(all);
  const system = SYSTEMS.find(({ name }) => name === word);
  // No system: all options are known here, so that the message is about the system.
  if (!system) return void parseTool({ ...command, parameters: all });
  const { parameters: p } = parseTool({
    ...command,
    // The own parameters first; what a system says of a common one stands.
    parameters: { ...system.parameters, ...COMMON, ...system.parameters },
    check(values) {
      checkCommon(values);
      system.check(values);
    },
  });
  if (p.out === COMMON.out.default) requireOutput("give --out FILE");
  else claimFiles([p.out], p.force);
  await system.simulate(await openDevice(), p, (opened, side, prepare, course) =>
    observeAlong(opened, side, prepare, p, course ?? inTime(opened, p)),
  );
});

function checkCommon({ times }: Common): void {
  if (times.some((time, k) => k > 0 && time <= times[k - 1])) {
    throw new InputError(`--times ${times} do not ascend: give each time once, the earliest first`);
  }
}

/** From time to time by the system's own dynamics. */
function inTime<S extends States>(system: System<S>, { times }: Common): Course<S> {
  const advance = (states: S, from: number, to: number, at: Stream) => system.evolve(states, to - from, at);
  return { name: "time", points: times, advance };
}

/**
 * Evolves systems from point to point and tabulates the moments of their observables as they come: what was observed is kept, however the simulation
 * ends. More replicas than one batch can hold are batches beside each other, which does not change what they do.
 */
async function observeAlong<S extends States>(
  system: System<S>,
  side: number,
  prepare: (from: number, to: number) => S | Promise<S>,
  { replicas, seed, out }: Common,
  { name, points, advance, beside, derived, onPoint }: Course<S>,
): Promise<void> {
  const rows = new Rows(out);
  const bar = progress(system.name, points[points.length - 1]);
  const size = batchThatFits(system, side);
  const batches: S[] = [];
  let now = 0;
  try {
    for (let from = 0; from < replicas; from += size) {
      batches.push(await prepare(from, Math.min(replicas, from + size)));
      requireMemory(replicas, system.bytes(side));
    }
    for (const [k, point] of points.entries()) {
      const seen: Float32Array[] = [];
      for (const [b, states] of batches.entries()) {
        await advance(states, now, point, stream(seed, "simulate", k, b * size), b * size);
        seen.push(await system.observe(states));
        bar.add((point - now) * (states.count / replicas));
      }
      const values = concatenate(seen);
      await onPoint?.(batches, point, values);
      const { mean, std } = ensembleMoments(values, replicas);
      const se = standardErrors(values, replicas, mean, system.lanes);
      const observed = system.observables.map(({ symbol }, j) => ({
        ...{ observable: symbol, mean: mean[j], std: std[j], se_mean: se[j] },
      }));
      const further = (derived?.(values) ?? []).map(({ symbol, value, error }) => ({
        ...{ observable: symbol, mean: value, std: "", se_mean: error },
      }));
      rows.add([...observed, ...further].map((row) => ({ [name]: point, ...beside?.(), ...row, replicas })));
      now = point;
    }
    bar.done();
  } finally {
    for (const states of batches) states.destroy();
    rows.flush();
  }
}

/** Throws InputError for replicas of so many bytes each that do not fit beside each other. */
function requireMemory(replicas: number, bytes: number): void {
  if (replicas * bytes <= MEMORY_BUDGET) return;
  const most = Math.floor(MEMORY_BUDGET / bytes);
  throw new InputError(
    `--replicas ${replicas} need ${mebibytes(replicas * bytes)}, half of the memory is ${mebibytes(MEMORY_BUDGET)}: up to ${most} fit`,
  );
}

/** The lines of the table: printed as they come, or in a file that is written anew with them once in a while. */
class Rows {
  readonly #out: string | null;
  readonly #all: Record<string, number | string>[] = [];
  #written = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(out: string) {
    this.#out = out === COMMON.out.default ? null : out;
  }

  add(rows: Record<string, number | string>[]): void {
    this.#all.push(...rows);
    if (this.#out === null || performance.now() - this.#last > REWRITE_MS) this.flush();
  }

  flush(): void {
    if (this.#written === this.#all.length) return;
    if (this.#out === null) {
      const csv = tableOfRows(this.#all.slice(this.#written)).toCSV().trimEnd();
      print(this.#written === 0 ? csv : csv.slice(csv.indexOf("\n") + 1));
    } else {
      writeClaimed(this.#out, (place) => writeCsv(place, tableOfRows(this.#all)));
    }
    this.#written = this.#all.length;
    this.#last = performance.now();
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
