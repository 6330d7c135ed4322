// Where true runs fall among predicted ones.
import type { PitTable } from "../../analysis/pit.ts";
import { chart } from "../chart.ts";
import type { Panel, Series } from "../chart-spec.ts";
import { type Html, html } from "../html.ts";
import { formatSetting } from "../number.ts";
import { LOOKS } from "./methods.ts";
import type { Learned } from "./patch-sides.ts";

/** Tests of one equation. */
export interface Transformed extends Learned {
  readonly table: PitTable;
}

/**
 * Histograms of the probability integral transform of some equations, a panel for every variable and time, all cases together. `unit` of
 * the time. Nothing where there are none.
 */
export function pit(list: readonly Transformed[], variables: readonly string[], unit: string): Html | null {
  if (list.length === 0) return null;
  const [{ table }] = list;
  const bins = (j: number, t: number) =>
    Math.min(...list.flatMap((one) => one.table.tests[t].map((c) => c[j].ratio.length)));
  const panels = table.times.flatMap((time, t) =>
    variables.map((name, j): Panel => {
      const count = bins(j, t);
      const x = Array.from({ length: count }, (_, b) => (b + 0.5) / count);
      const series = list.map(({ method, table: { tests } }): Series => {
        const own = tests[t].map((c) => c[j]).filter(({ ratio }) => ratio.length === count);
        const mean = x.map((_, b) => own.reduce((sum, { ratio }) => sum + ratio[b] / own.length, 0));
        const error = x.map((_, b) => Math.sqrt(own.reduce((sum, one) => sum + one.error[b] ** 2, 0)) / own.length);
        return {
          ...{ name: LOOKS[method].name, ink: LOOKS[method].ink, draw: "line+points", x, y: mean },
          low: mean.map((value, b) => value - 1.96 * error[b]),
          high: mean.map((value, b) => value + 1.96 * error[b]),
        };
      });
      return {
        title: `${name}, t = ${formatSetting(time)} ${unit}`.trim(),
        series,
        levels: [{ value: 1, label: "one law" }],
      };
    }),
  );
  return chart({
    id: "pit",
    title: "Do predicted runs have the law of true ones?",
    caption: html`Probability integral transform, mean over the starts: how often true runs fall in each of ${bins(0, 0)} equal parts of true and predicted ones together, over how often predicted ones do, with the 95 % interval that it
has where both have one law. Slopes are means that are off, a bowl is too little spread, a hill too much. χ² per degree of freedom, 1 for one law: ${list.map(
      ({ method, patch, table: own }, k) =>
        html`${k > 0 && "; "}${LOOKS[method].name.toLowerCase()}, ℓ = ${patch}: ${own.mean.toFixed(2)} ± ${(2 * own.error).toFixed(2)}`,
    )}.`,
    alt: "Ratio of the frequencies of true and predicted runs in bins of equal probability, for each variable at some times",
    x: { label: "predicted and true probability below", range: [0, 1] },
    y: { label: "true / predicted frequency" },
    panels,
  });
}
