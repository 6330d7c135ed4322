/** A lattice too large to be simulated at leisure, as a figure. */
import { totalUpdates, updatesForWidth } from "../../../analysis/cost.ts";
import { chart } from "../../../report/chart.ts";
import type { Axis, Panel, Series } from "../../../report/chart-spec.ts";
import { LOOKS } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting } from "../../../report/number.ts";
import type { Estimate } from "../../../run/seeds.ts";
import type { IsingReportData as Data } from "../data.ts";

/** Places of the learned equation and of direct simulation side by side; x has no meaning. */
const PLACES: Axis = { label: "", ticks: [], range: [0, 3] };
const LEARNED = { ...LOOKS.compensator, name: "Learned equation", draw: "points" } as const;
const DIRECT = { ...LOOKS.paper, name: "Direct simulation", draw: "points" } as const;

function estimates(
  title: string,
  label: string,
  found: { learned: Estimate; direct?: Estimate; exact?: number },
): Panel {
  const point = (look: typeof LEARNED | typeof DIRECT, at: number, { value, low, high }: Estimate): Series => {
    return { ...look, x: [at], y: [value], low: [low], high: [high] };
  };
  const { learned, direct, exact } = found;
  return {
    title,
    y: { label },
    series: [...(direct ? [point(DIRECT, 2, direct)] : []), point(LEARNED, 1, learned)],
    levels: exact === undefined ? [] : [{ value: exact, label: "exact, infinite lattice" }],
  };
}

/** Mean and standard deviation of m in equilibrium beside direct simulation and exact values, and what each took. */
export function largeLattice({ size }: Data): Html | false {
  if (!size) return false;
  const { side, patch, learnSide, predicted, direct, exact, updates, directRuns, predictedRuns } = size;
  const learn = totalUpdates(updates.learn);
  const equal = (key: "mean" | "std") =>
    direct ? updatesForWidth(updates.direct, direct[key], predicted[key]) : Number.NaN;
  const cost: Panel = {
    title: "cost at equal accuracy",
    y: { label: "site updates", log: 10 },
    series: [
      { ...DIRECT, x: [2, 2.3], y: [equal("mean"), equal("std")] },
      { ...LEARNED, x: [1], y: [learn] },
    ],
  };
  return chart({
    id: "large-lattice",
    title: `${formatSetting(side ** 2)} spins in equilibrium`,
    caption: html`Magnetization of ${formatSetting(side)} × ${formatSetting(side)} spins in equilibrium: ${formatSetting(predictedRuns)} runs of an equation learned from patches of ${patch} × ${patch} of lattices of ${learnSide} × ${learnSide}, and ${formatSetting(directRuns)} direct simulations; 95 % intervals. Right: site updates to learn it, and of direct simulations with intervals of the same width, for the mean (left point) and the standard deviation (right point).`,
    alt: "Mean and standard deviation of the magnetization of a large lattice, learned, simulated and exact, and the cost of both",
    x: PLACES,
    y: { label: "" },
    panels: [
      estimates("mean of m", "mean of m", { learned: predicted.mean, direct: direct?.mean, exact: exact?.mean }),
      estimates("standard deviation of m", "std of m", {
        learned: predicted.std,
        direct: direct?.std,
        exact: exact?.std,
      }),
      cost,
    ],
    columns: 3,
    height: 260,
    shareY: false,
  });
}
