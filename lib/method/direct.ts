// Direct simulation of whole systems, observed over time: the truth that predictions are compared with.
import { type Stream, stream } from "../random/stream.ts";
import type { States, System } from "../systems/system.ts";
import { batchThatFits } from "./batch.ts";

/** A measurement on states: rows `[count, width]`. */
export type Measure<S> = (states: S) => Promise<Float32Array>;

/**
 * Evolves `count` systems and measures them at `times` (ascending). `prepare` makes the states of replicas [from, to), which are
 * destroyed behind; batches are sized to fit the device and do not change the results.
 * Returns one record per measure, `[times][count][width]`.
 */
export async function simulateDirectly<S extends States>(
  system: System<S>,
  prepare: (from: number, to: number) => S | Promise<S>,
  count: number,
  side: number,
  times: ArrayLike<number>,
  { seed, purpose }: { readonly seed: number; readonly purpose: string },
  measures: readonly Measure<S>[],
  onTime?: (replicas: number) => void,
): Promise<Float32Array[]> {
  const records: Float32Array[] = [];
  const batch = batchThatFits(system, side);
  for (let from = 0; from < count; from += batch) {
    const to = Math.min(count, from + batch);
    const states = await prepare(from, to);
    try {
      for (let t = 0; t < times.length; t++) {
        const at: Stream = stream(seed, purpose, t, from);
        const pause = t > 0 ? times[t] - times[t - 1] : times[0];
        if (pause > 0) await system.evolve(states, pause, at);
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
  return records;
}
