/** What learning costs and how good it is beside direct simulation, against the size of the system that is predicted. */
import type { CostCurve } from "../../analysis/cost.ts";
import { offOne } from "../../run/deviations.ts";
import type { Estimate } from "../../run/seeds.ts";
import { chart } from "../chart.ts";
import type { Axis, Panel, Series } from "../chart-spec.ts";
import { type Html, html } from "../html.ts";
import { formatSetting } from "../number.ts";
import { LOOKS } from "./methods.ts";
import { sideTitle } from "./patch-sides.ts";

/** How the learned equation did on a system of one size: predicted over true mean, or the relative error of it; predicted over true standard deviation. */
export interface MeasuredAt {
  side: number;
  /** Root of the relative squared error of the mean, as a part. */
  mean: Estimate;
  stdRatio: Estimate;
}

/** What systems are. */
interface Systems {
  /** Side of the system that accuracies of the curves were measured at. */
  side: number;
  dimension: number;
  axis: string;
  titleOf?: (patch: number) => string;
  /** Said of the measured points. */
  note?: string;
}

const ours = { ...LOOKS.compensator, name: "Ours, at most (95 %)", draw: "points" } as const;

/** The larger end of what an error may be, in %. */
const atMost = ({ value, high }: Estimate) => 100 * (Number.isFinite(high) ? high : value);
function costs({ learn, sides, mean, std, evenMean, evenStd }: CostCurve, title: string): Panel {
  // Where learning is cheaper from the first side on there is nothing to mark.
  const mark = (what: string, even: number | null) =>
    even === null || even === sides[0] ? [] : [{ value: even, label: `${what} ${formatSetting(Math.round(even))}` }];
  return {
    title,
    y: { label: "site updates", log: 10 },
    series: [
      { ...LOOKS.compensator, name: "Learning, once for all sizes", draw: "line", x: sides, y: sides.map(() => learn) },
      { name: "Direct, mean as accurate", ink: "exact", width: 4, draw: "line", x: sides, y: mean },
      { name: "Direct, std to 2 %", ink: "paper", dash: "dashed", draw: "line", x: sides, y: std },
    ],
    verticals: [...mark("mean", evenMean), ...mark("std", evenStd)],
  };
}

/** The error of direct simulation that costs what learning does, and that of ours. */
function errors(
  title: string,
  sides: readonly number[],
  direct: readonly number[],
  points: readonly { side: number; error: number }[],
): Panel {
  const known = points.filter(({ error }) => error > 0);
  const measured: Series = { ...ours, x: known.map(({ side }) => side), y: known.map(({ error }) => error) };
  return {
    title,
    y: { label: "relative error [%]", log: 10 },
    series: [
      {
        name: "Direct, for what learning costs",
        ink: "exact",
        width: 4,
        draw: "line",
        x: sides,
        y: direct.map((part) => 100 * part),
      },
      ...(known.length > 0 ? [measured] : []),
    ],
  };
}

/**
 * Of the equation from the smallest patches: its cost and that of direct simulation as accurate, and both errors at equal cost, against the size of the
 * system. Costs of other patches are folded away. `measured`: of that equation, at sizes where it was compared with the truth.
 */
export function scaling(
  curves: readonly CostCurve[],
  { side, dimension, axis, titleOf = sideTitle, note = "" }: Systems,
  measured: readonly MeasuredAt[],
): Html | false {
  if (curves.length === 0) return false;
  const [main, ...others] = curves.toSorted((a, b) => a.patch - b.patch);
  const { sides, atCost } = main;
  const x: Axis = { label: axis, log: 2, ticks: sides.filter((_, k) => k % 8 === 0) };
  const power = ["", "", "²", "³"][dimension];
  return chart({
    id: "scaling",
    title: `Cost and error against the size of the system, ${titleOf(main.patch)}`,
    caption: html`Left: site updates (attempts to flip a spin, steps of a point; looking at a whole state counts as one of each of its sites) that it takes to learn one equation by the compensator, and those of direct simulations of all starts of the test. For the means these are as many runs as bring their sampling error down to the error of the equation at ${formatSetting(side)}${power} sites, at least one; errors of the equation below half the sampling error of its own runs are not resolved and count as that. For the standard deviation they are as many as give it to 2 %. Vertical lines: where learning becomes cheaper. Runs of the equation update no sites and are not counted. Middle and right: the errors of direct simulation for as many updates as learning takes; the lines end where they do not pay for a single run.${
      measured.length > 0 &&
      html` Points: the upper ends of the 95 % intervals of our errors, beyond the sampling of the predicted runs, at ${measured.map((one) => formatSetting(one.side ** dimension)).join(" and ")} sites${note}.`
    }`,
    alt: "Site updates of learning and of direct simulation against the size of the system, and the errors of both at equal cost",
    x,
    y: { label: "site updates", log: 10 },
    panels: [
      costs(main, "cost"),
      errors(
        "error of the mean at equal cost",
        sides,
        atCost.mean,
        measured.map((one) => ({ side: one.side, error: atMost(one.mean) })),
      ),
      errors(
        "error of the std at equal cost",
        sides,
        atCost.std,
        measured.map((one) => ({ side: one.side, error: 100 * offOne(one.stdRatio) })),
      ),
      ...others.map((curve) => ({ ...costs(curve, `cost, ${titleOf(curve.patch)}`), folded: true })),
    ],
    columns: 3,
    height: 280,
    shareY: false,
  });
}
