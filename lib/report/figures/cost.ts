/** What learning costs beside direct simulation, against the side of the system that is predicted. */
import type { CostCurve } from "../../analysis/cost.ts";
import { chart } from "../chart.ts";
import { type Html, html } from "../html.ts";
import { formatSetting } from "../number.ts";
import { LOOKS } from "./methods.ts";
import { sideTitle } from "./patch-sides.ts";

export interface CostTexts {
  /** What one update is. */
  readonly update: string;
  /** What a side is counted in. */
  readonly unit: string;
  /** The side at which the accuracy was measured, as text. */
  readonly measuredAt: string;
  readonly titleOf?: (patch: number) => string;
}

/** A panel per patch side. */
export function cost(
  curves: readonly CostCurve[],
  { update, unit, measuredAt, titleOf = sideTitle }: CostTexts,
): Html | false {
  if (curves.length === 0) return false;
  const panels = curves.map(({ patch, learn, sides, mean, std, evenMean, evenStd }) => ({
    title: titleOf(patch),
    series: [
      { ...LOOKS.compensator, name: "Learning, once for all sides", x: sides, y: sides.map(() => learn) },
      { ...LOOKS.paper, name: "Direct, mean as accurate", x: sides, y: mean },
      { ...LOOKS.small, name: "Direct, std to 2 %", x: sides, y: std },
    ].map((one) => ({ ...one, draw: "line" as const })),
    verticals: [
      ...(evenMean === null ? [] : [{ value: evenMean, label: `mean ${formatSetting(Math.round(evenMean))}` }]),
      ...(evenStd === null ? [] : [{ value: evenStd, label: `std ${formatSetting(Math.round(evenStd))}` }]),
    ],
  }));
  return chart({
    id: "cost",
    title: "Cost of learning and of direct simulation",
    caption: html`Site updates (${update}; observing a large state once, or its generator, counts as one of each site) of learning one equation by the compensator, on systems of the side where the curves begin, and of direct simulations that are as accurate from all starts of the test: for the
mean trajectories as many runs as bring the sampling error to that of the equation at ${measuredAt}, at least one; for the standard deviation as many as give it to 2 %. Vertical lines: where both cost the same. An equation that is learned once predicts every larger system.`,
    alt: "Site updates of learning and of direct simulation against the side of the system, one panel per patch side",
    x: { label: `side L of the system predicted [${unit}]`, log: 2 },
    y: { label: "site updates", log: 10 },
    panels,
    height: 280,
  });
}
