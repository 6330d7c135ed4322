// Ensembles of one case from numbers, as the tests of analysis compare them.
import { type Ensemble, ensemble } from "../../lib/analysis/ensemble.ts";

/** The ensemble of `data` `[times][runs][d]`, at the times 0, 1, …. */
export function recordOf(times: number, d: number, data: Float32Array): Ensemble {
  const shape = {
    times: Float64Array.from({ length: times }, (_, t) => t),
    cases: 1,
    runs: data.length / (times * d),
    d,
  };
  return ensemble(shape, data);
}

/** `[count][d]` independent normal numbers, component j with mean `center[j]` and deviation `std[j]`. */
export function gaussian(normal: () => number, count: number, center: readonly number[], std: readonly number[]) {
  const d = center.length;
  return Float32Array.from({ length: count * d }, (_, i) => center[i % d] + std[i % d] * normal());
}
