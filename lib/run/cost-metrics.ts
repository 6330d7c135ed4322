// Site updates as metrics.
import { type EquationCost, totalUpdates } from "../analysis/cost.ts";
import { type Metric, metricName } from "./result.ts";
import { metricSet, single } from "./seeds.ts";

const UNIT = { unit: "site updates" };

/** `cost.learn.relax.patch16`, `cost.learn.total.patch16`, `cost.direct.mean.patch16` and so on. */
export function costMetrics(costs: readonly EquationCost[]): Record<string, Metric> {
  const { metrics, put } = metricSet();
  for (const { patch, learn, direct } of costs) {
    const all = { learn: { ...learn, total: totalUpdates(learn) }, direct };
    for (const [side, updates] of Object.entries(all)) {
      for (const [what, value] of Object.entries(updates)) {
        put(metricName("cost", side, what, `patch${patch}`), single(value), UNIT);
      }
    }
  }
  return metrics;
}
