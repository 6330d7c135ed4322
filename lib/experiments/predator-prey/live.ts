// The equation that the page of a run integrates: that of our method with the run's closure at λ = K, first seed.
import { isOurs } from "../../method/pairs.ts";
import { html } from "../../report/html.ts";
import { isLive, type LiveEquation, liveSection, startsOf } from "../../report/live-equation.ts";
import { type PredatorPreyReportData, SPECIES } from "./data.ts";
import type { PredatorPreyStudy } from "./metrics.ts";

/** null where nothing of ours was learned, or by networks. */
export function predatorPreyLive(
  study: PredatorPreyStudy,
  cases: PredatorPreyReportData["cases"],
): LiveEquation | null {
  const {
    outcomes,
    truth: { times },
    points,
    patch,
    closure,
  } = study;
  const first = outcomes.find(
    (one) => isOurs(one.method) && one.closure === closure && one.lambda === points / patch && one.fewer === 1,
  );
  if (!first?.equation || !isLive(first.equation.model)) return null;
  const { d, moments } = first.scores;
  const range = first.equation.model.about?.range ?? [];
  return {
    equations: [first.equation],
    variables: SPECIES.map((species, j) => ({
      ...{ symbol: `mean ${species}`, name: `mean ${species}` },
      ...{ low: range[j]?.[0] ?? 0, high: range[j]?.[1] ?? 1 },
    })),
    size: { value: points, what: "grid points" },
    horizon: times[times.length - 1],
    time: "time",
    starts: startsOf(cases, SPECIES).map((start, c) => ({
      ...start,
      // With the closure variables that the encoder sees there: predictions begin at one state each.
      z: Array.from(moments[c].mean).slice(0, d),
    })),
    seed: first.seed,
  };
}

/** The section of the report. */
export const liveEquation = ({ live, points }: Pick<PredatorPreyReportData, "live" | "points">) =>
  liveSection(
    live,
    html`<p>Here your browser integrates the learned equation, 200 runs at once. Drag the start through the plane of the mean populations, or take one of the test’s starts to have direct simulations of the ${points} grid points behind the runs in grey. A longer system changes nothing but the noise: four times as many points halve the spread. The closure variables begin where the training data have them at the populations that you choose; at a start of the test, where the encoder sees them.</p>`,
  );
