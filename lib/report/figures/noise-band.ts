/** How far means over finitely many runs are apart by chance. */
import type { Moments } from "../../analysis/ensemble.ts";
import { NORMAL } from "../../run/seeds.ts";
import type { Series } from "../chart-spec.ts";
import type { Look } from "./methods.ts";

/** How bands of what sampling alone does look everywhere. */
export const NOISE: Look = { name: "Sampling noise, 95 %", ink: "exact", width: 1 };

/**
 * Where 95 % of predicted minus true means lie if both have one law: ± 1.96 √(s²_pred / runs + s²_true / runs) around zero, `[times]`. The
 * runs of each are independent, and the mean of many: of few runs the 95 % are somewhat less. That is not checked.
 */
export function noiseBand(
  truth: Pick<Moments, "std"> & { readonly runs: number },
  predicted: Pick<Moments, "std"> & { readonly runs: number },
): { low: number[]; high: number[] } {
  const high = Array.from(
    truth.std,
    (std, t) => NORMAL * Math.hypot(std / Math.sqrt(truth.runs), predicted.std[t] / Math.sqrt(predicted.runs)),
  );
  return { low: high.map((reach) => -reach), high };
}

/** The band behind residuals, with its line at zero. */
export function noiseSeries(times: ArrayLike<number>, ...laws: Parameters<typeof noiseBand>): Series {
  return { ...NOISE, x: times, y: Array.from(times, () => 0), ...noiseBand(...laws) };
}
