// The equation that the page of a run integrates: that of our method with the run's closure at the smallest patch side, first seed.
import { isOurs } from "../../method/pairs.ts";
import { html } from "../../report/html.ts";
import { isLive, type LiveEquation, liveSection, startsOf } from "../../report/live-equation.ts";
import { type IsingReportData, LABELS, OBSERVABLES, SYMBOLS } from "./data.ts";
import type { IsingStudy } from "./metrics.ts";

/** null where nothing of ours was learned, or by networks. */
export function isingLive({ outcomes, options }: IsingStudy, cases: IsingReportData["cases"]): LiveEquation | null {
  const own = outcomes.filter(({ study, method, scores }) => study === "main" && isOurs(method) && scores);
  const [first] = own.toSorted((a, b) => a.patch - b.patch);
  if (!first?.equation || !isLive(first.equation.model)) return null;
  // Cases are ascending.
  const order = [...options.m0.keys()].sort((a, b) => options.m0[a] - options.m0[b]);
  const range = first.equation.model.about?.range ?? [];
  return {
    equations: [first.equation],
    variables: OBSERVABLES.map((name, j) => ({
      ...{ symbol: SYMBOLS[name], name: LABELS[name] },
      ...{ low: range[j]?.[0] ?? 0, high: range[j]?.[1] ?? 1 },
    })),
    size: { value: options.L ** 2, what: "spins" },
    horizon: options.horizon,
    time: "time [sweeps]",
    starts: startsOf(cases, OBSERVABLES).map((start, k) => ({
      ...start,
      z: first.scores?.starts?.[order[k]] ?? start.z,
    })),
    seed: first.seed,
  };
}

/** The section of the report. */
export const liveEquation = ({ live, side, variables }: Pick<IsingReportData, "live" | "side" | "variables">) =>
  liveSection(
    live,
    html`<p>Here your browser integrates the equation that was learned from the smallest patches, 200 runs at once. Drag the start through the plane, or take one of the test’s starts to have direct simulations of the ${side}² spins behind the runs in grey. More spins change nothing but the noise: four times as many halve the spread.${
      variables.length > 2 &&
      html` The closure variables (${variables
        .slice(2)
        .map(({ symbol }) => symbol)
        .join(", ")}) begin where the training data have them at the <i>m</i> and <i>ρ</i> that you choose.`
    }</p>`,
  );
