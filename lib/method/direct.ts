// Direct simulation of whole systems, observed over time: the truth that predictions are compared with.
import { type Ensemble, ensemble } from "../analysis/ensemble.ts";
import { stream } from "../random/stream.ts";
import type { States, System } from "../systems/system.ts";
import { batchThatFits } from "./batch.ts";

/** A measurement on states: rows `[count, width]`. */
export type Measure<S> = (states: S) => Promise<Float32Array>;

export interface DirectOptions {
  readonly cases: number;
  /** Systems of each case. */
  readonly runs: number;
  readonly side: number;
  /** When to measure, ascending. */
  readonly times: Float64Array;
  readonly seed: number;
  /** Name of the random streams. */
  readonly purpose: string;
  /** Sees how many systems have been measured. */
  onTime?(replicas: number): void;
}

/**
 * Evolves cases · runs systems and measures them at `times`. `prepare` makes the states of the systems [from, to), the runs of a case
 * together; they are destroyed behind. Batches are sized to fit the device and do not change the results.
 * Returns one ensemble per measure.
 */
export async function simulateDirectly<S extends States>(
  system: System<S>,
  prepare: (from: number, to: number) => S | Promise<S>,
  { cases, runs, side, times, seed, purpose, onTime }: DirectOptions,
  measures: readonly Measure<S>[],
): Promise<Ensemble[]> {
  const records: Float32Array[] = [];
  const count = cases * runs;
  const batch = batchThatFits(system, side);
  for (let from = 0; from < count; from += batch) {
    const to = Math.min(count, from + batch);
    const states = await prepare(from, to);
    try {
      for (let t = 0; t < times.length; t++) {
        const pause = t > 0 ? times[t] - times[t - 1] : times[0];
        if (pause > 0) await system.evolve(states, pause, stream(seed, purpose, t, from));
        for (const [k, measure] of measures.entries()) {
          const rows = await measure(states);
          const width = rows.length / (to - from);
          records[k] ??= new Float32Array(times.length * count * width);
          records[k].set(rows, (t * count + from) * width);
        }
        onTime?.(to - from);
      }
    } finally {
      states.destroy();
    }
  }
  return records.map((data) => ensemble({ times, cases, runs, d: data.length / (times.length * count) }, data));
}
