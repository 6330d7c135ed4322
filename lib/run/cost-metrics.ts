// Site updates as metrics.
import { type EquationCost, totalUpdates } from "../analysis/cost.ts";
import { type Metric, metricName } from "./result.ts";
import { metricOf, single } from "./seeds.ts";

const UNIT = { unit: "site updates" };

/** `cost.learn.relax.patch16`, `cost.learn.total.patch16`, `cost.direct.mean.patch16` and so on. */
export function costMetrics(costs: readonly EquationCost[]): Record<string, Metric> {
  return Object.fromEntries(
    costs.flatMap(({ patch, learn, direct }) => {
      const all = { learn: { ...learn, total: totalUpdates(learn) }, direct };
      return Object.entries(all).flatMap(([side, updates]) =>
        Object.entries(updates).map(([what, value]) => {
          return [metricName("cost", side, what, `patch${patch}`), metricOf(single(value), UNIT)] as const;
        }),
      );
    }),
  );
}
