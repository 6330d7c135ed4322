// Predicted less true means of a user's own system, over what chance makes of them.
import { caseOf, type Ensemble, momentsOf } from "../../analysis/ensemble.ts";
import { studentQuantile } from "../../analysis/student-t.ts";
import { isOurs } from "../../method/pairs.ts";
import { chart } from "../../report/chart.ts";
import type { Panel, Series } from "../../report/chart-spec.ts";
import { LOOKS } from "../../report/figures/methods.ts";
import { noiseSeries } from "../../report/figures/noise-band.ts";
import { type Html, html } from "../../report/html.ts";
import { formatSetting } from "../../report/number.ts";
import { NORMAL } from "../../run/seeds.ts";
import type { OwnScores } from "./study.ts";

/** Direct simulations and what they are compared with. */
export interface Compared {
  readonly observables: readonly { readonly symbol: string; readonly unit?: string }[];
  readonly starts: readonly string[];
  readonly truth: Ensemble;
  /** So many consecutive true runs depend on each other. */
  readonly dependent: number;
  readonly scores: readonly OwnScores[];
}

/** What tells how far the mean of one case is off by chance: the spread `[times, d]` of so many independent values. */
interface Sampled {
  readonly std: Float64Array;
  readonly runs: number;
}

/**
 * Of the runs of one case, of which so many consecutive ones depend on each other: the spread of the means of these clusters, widened for the few
 * that there are, so that ± 1.96 of it is Student's interval. Runs that fill no cluster are left out.
 */
export function sampledMeans({ times, runs, d, data }: Ensemble, dependent: number): Sampled {
  const clusters = Math.floor(runs / dependent);
  const means = new Float32Array(times.length * clusters * d);
  for (let t = 0; t < times.length; t++) {
    for (let r = 0; r < clusters * dependent; r++) {
      const cluster = Math.floor(r / dependent);
      for (let j = 0; j < d; j++) means[(t * clusters + cluster) * d + j] += data[(t * runs + r) * d + j] / dependent;
    }
  }
  const [{ std }] = momentsOf({ times, cases: 1, runs: clusters, d, data: means });
  const wider = studentQuantile(0.975, clusters - 1) / NORMAL;
  return { std: Float64Array.from(std, (value) => wider * value), runs: clusters };
}

/** A name with its unit, if it has one. */
export const withUnit = (name: string, unit?: string) => (unit && unit !== "1" ? `${name} [${unit}]` : name);

/** A panel per observable and start. */
export function meanErrors({ truth, scores, observables, starts, dependent }: Compared): Html {
  const [{ seed }] = scores;
  const { d, times } = truth;
  const column = (values: ArrayLike<number>, j: number) =>
    Float64Array.from({ length: times.length }, (_, t) => values[t * d + j]);
  const exact = momentsOf(truth);
  const own = scores.flatMap(({ seed: other, method, predicted }) =>
    predicted && other === seed && isOurs(method) ? [{ method, runs: predicted.runs, laws: momentsOf(predicted) }] : [],
  );
  const [main] = own;
  if (!main) return html``;
  const sampled = starts.map((_, c) => sampledMeans(caseOf(truth, c), dependent));
  const panels = observables.flatMap(({ symbol, unit }, j): Panel[] =>
    starts.map((start, c) => {
      const std = (values: ArrayLike<number>) => ({ std: column(values, j) });
      const behind = noiseSeries(
        times,
        { ...std(sampled[c].std), runs: sampled[c].runs },
        { ...std(main.laws[c].std), runs: main.runs },
      );
      const truly = column(exact[c].mean, j);
      const curves = own.toReversed().map(({ method, laws }): Series => {
        const y = column(laws[c].mean, j).map((value, t) => value - truly[t]);
        return { ...LOOKS[method], x: times, y };
      });
      const name = `${symbol} − true`;
      return {
        title: `${symbol}, from ${start}`,
        y: { label: withUnit(name, unit) },
        series: [behind, ...curves],
      };
    }),
  );
  return chart({
    id: "mean-error",
    title: "Error of the means",
    caption: html`Predicted minus true mean over runs, first seed. At one time 95 % of the differences between means over ${formatSetting(main.runs)} predicted and ${formatSetting(truth.runs)} true runs of one law lie in the grey band${
      dependent > 1 &&
      `; ${dependent} true runs at a time share random numbers, and count as what ${formatSetting(sampled[0].runs)} groups of them tell`
    }. What stays outside for long is an error of the equation.`,
    alt: "Predicted minus true mean of every observable against time from every start, with the band of sampling noise",
    x: { label: "time" },
    y: { label: "" },
    shareY: false,
    columns: 2,
    panels,
  });
}
