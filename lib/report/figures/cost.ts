/** What learning costs beside direct simulation, against the side of the system that is predicted. */
import type { CostCurve } from "../../analysis/cost.ts";
import { chart } from "../chart.ts";
import { type Html, html } from "../html.ts";
import { formatSetting } from "../number.ts";
import { LOOKS } from "./methods.ts";
import { sideTitle } from "./patch-sides.ts";

/** Of lattices of spins, a panel per patch side; accuracies were measured at `side`. */
export function cost(curves: readonly CostCurve[], side: number): Html | false {
  if (curves.length === 0) return false;
  // Where learning is cheaper from the first side on there is nothing to mark.
  const mark = (what: string, even: number | null, first: number) =>
    even === null || even === first ? [] : [{ value: even, label: `${what} ${formatSetting(Math.round(even))}` }];
  const panels = curves.map(({ patch, learn, sides, mean, std, evenMean, evenStd }, k) => ({
    title: sideTitle(patch),
    folded: k > 0,
    series: [
      { ...LOOKS.compensator, name: "Learning, once for all sides", x: sides, y: sides.map(() => learn) },
      { name: "Direct, mean as accurate", ink: "exact" as const, width: 4, x: sides, y: mean },
      { name: "Direct, std to 2 %", ink: "paper" as const, dash: "dashed" as const, x: sides, y: std },
    ].map((one) => ({ ...one, draw: "line" as const })),
    verticals: [...mark("mean", evenMean, sides[0]), ...mark("std", evenStd, sides[0])],
  }));
  return chart({
    id: "cost",
    title: "Cost of learning and of direct simulation",
    caption: html`Site updates (attempts to flip a spin; observing a large state once, or its generator, counts as one of each site) of learning one equation by the compensator, on systems of the side where the curves begin, and of direct simulations that are as accurate from all starts of the test: for the
mean trajectories as many runs as bring the sampling error to that of the equation at ${side} × ${side}, at least one (where the error is not resolved from the sampling of the predictions, half of that counts as error, and direct simulation costs at least so much); for the standard deviation as many as give it to 2 %. Vertical lines: the side from which on learning is cheaper, if it is not from the start. An equation that is learned once predicts every larger system.`,
    alt: "Site updates of learning and of direct simulation against the side of the system, one panel per patch side",
    x: {
      label: "side L of the system predicted [spins]",
      log: 2,
      ticks: curves[0].sides.filter((_, k) => k % 8 === 0),
    },
    y: { label: "site updates", log: 10 },
    panels,
    height: 280,
  });
}
