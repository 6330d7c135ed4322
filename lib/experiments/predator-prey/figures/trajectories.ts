/** Figures of ensembles of trajectories: means, standard deviations, phase portraits, closure variables. */
import { chart } from "../../../report/chart.ts";
import type { Axis, Panel, Series } from "../../../report/chart-spec.ts";
import { DRAWN, LOOKS, type Look, OURS, TRUE } from "../../../report/figures/methods.ts";
import { noiseSeries } from "../../../report/figures/noise-band.ts";
import { distancesOf } from "../../../report/figures/starts.ts";
import * as over from "../../../report/figures/trajectories.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting } from "../../../report/number.ts";
import { type PredatorPreyReportData as Data, SPECIES, type Species } from "../data.ts";

/** Enough points for smooth curves, and a report that stays small. */
const MAX_POINTS = 100;
const TIME: Axis = { label: "time" };

/** What the figures of cases show at first. */
const FOLDED = "Open are the first, the middle and the last of all starts by amplitude";

function folding({ cases, starts, patch }: Data): string {
  if (!cases.some(({ folded }) => folded)) return "";
  const distances = distancesOf(
    starts,
    patch,
    cases.map(({ title }) => title),
  );
  const farthest = distances.indexOf(Math.max(...distances.filter(Number.isFinite)));
  const far = cases[farthest];
  const also = far && !far.folded ? `, and ${far.title}, which is farthest from the training states` : "";
  return `${FOLDED}${also}; the others are folded below.`;
}

/** Columns of panels: rows are full. */
const columnsFor = (cases: Data["cases"]) => (cases.filter(({ folded }) => !folded).length % 3 === 0 ? 3 : 2);

export function means(data: Data, species: Species): Html {
  const { cases, patch } = data;
  return over.byCase(
    {
      id: `mean-${species}`,
      title: `Mean ${species} in each case`,
      caption: html`Mean over runs (line) and one standard deviation (band) of mean <i>${species}</i>: true system (thick, grey band) and predictions. At best they coincide in line
and in band. ${folding(data)}`,
      alt: `Mean and spread of mean ${species} against time in each test case, true and predicted`,
      x: TIME,
      y: { label: `mean ${species}` },
      columns: columnsFor(cases),
      maxPoints: MAX_POINTS,
    },
    cases,
    over.spread(species),
    over.methodCurves(OURS, patch),
  );
}

export function deviations(data: Data, species: Species): Html {
  const { cases, patch, patches } = data;
  return over.byCase(
    {
      id: `std-${species}`,
      title: `Fluctuations of mean ${species} in each case`,
      caption: html`Standard deviation over runs of mean <i>${species}</i>, true (thick) and predicted by every method. A model that takes the noise of one patch for that of the whole
system fluctuates by √<i>K</i> = √${patches} or more too much; such curves may leave the frame. ${folding(data)}`,
      alt: `Standard deviation of mean ${species} against time in each test case, true and predicted`,
      x: TIME,
      y: { label: `std of mean ${species}` },
      columns: columnsFor(cases),
      maxPoints: MAX_POINTS,
    },
    cases,
    over.deviation(species),
    over.methodCurves(DRAWN, patch),
  );
}

/** A panel per species and case: what the figures above are too coarse for. */
export function meanErrors(data: Data): Html {
  const { cases, runs } = data;
  const panels = SPECIES.flatMap((species) =>
    cases.map(({ title, times, truth, predicted, folded }): Panel => {
      const own = OURS.flatMap((method) => predicted.find((one) => one.method === method) ?? []);
      const series = own.map(
        ({ method, laws }): Series => ({ ...LOOKS[method], ...over.meanError(species).of(laws, truth, times) }),
      );
      // Runs of one method spread as those of the other.
      const spread = own.at(-1)?.laws[species];
      const behind = { ...truth[species], runs: runs.truth };
      const noise = spread ? [noiseSeries(times, behind, { ...spread, runs: runs.predicted })] : [];
      return { title: `${species}, ${title}`, folded, series: [...noise, ...series] };
    }),
  ).filter((panel) => panel.series.length > 0);
  return chart({
    id: "mean-error",
    title: "Error of the means",
    caption: html`Predicted minus true mean over runs. At one time 95 % of the differences between means over ${formatSetting(runs.predicted)} predicted and ${formatSetting(runs.truth)} true runs of one law lie in the grey band; what
stays outside for long is an error of the equation. ${folding(data)}`,
    alt: "Predicted minus true mean of each species against time in each test case, with the band of sampling noise",
    x: TIME,
    y: { label: "mean − true" },
    columns: columnsFor(cases),
    height: 220,
    maxPoints: MAX_POINTS,
    shareY: false,
    panels,
  });
}

/** One panel: paths of several cases are one inside the other. */
export function phasePortraits({ cases }: Data): Html {
  const shown = cases.filter(({ folded }) => !folded);
  const { of } = over.path<Species>("u", "v");
  const paths = (look: Look, pick: (one: Data["cases"][number]) => over.Laws<Species> | undefined) =>
    shown.flatMap((one): Series[] => {
      const laws = pick(one);
      return laws ? [{ ...look, ...of(laws, one.truth, one.times), detail: one.title }] : [];
    });
  const predicted = OURS.flatMap((method) =>
    paths(LOOKS[method], (one) => one.predicted.find((other) => other.method === method)?.laws),
  );
  return chart({
    id: "phase-portraits",
    title: "Phase portraits",
    caption: html`Mean over runs of mean <i>v</i> against that of mean <i>u</i>, true (thick) and predicted, of ${shown.length > 1 && `${shown.length} cases: `}${shown.map(({ title }) => title).join("; ")}; markers stand at the start. Predators follow prey
with a delay, so the paths turn.`,
    alt: "Mean predator against mean prey in some test cases, true and predicted paths",
    x: { label: "mean u" },
    y: { label: "mean v" },
    t: TIME.label,
    height: 420,
    maxPoints: 200, // curls need more points than waves
    panels: [{ series: [...paths(TRUE, ({ truth }) => truth), ...predicted] }],
  });
}

/** A panel per closure and variable, those of the main closure first. */
export function closureVariables({ closureVariables: all, closure: main, patch }: Data): Html | false {
  if (all.length === 0) return false;
  const sorted = all.toSorted((a, b) => Number(b.closure === main) - Number(a.closure === main));
  const panels = sorted.flatMap(({ closure, variables }, k) =>
    variables.map((one) => ({ ...one, title: `“${closure}”, ${one.title}`, folded: k > 0 })),
  );
  return over.byCase(
    {
      id: "closure-variables",
      title: `Closure variables, ${sorted[0].start}`,
      caption: html`Mean (line) and one standard deviation (band) over runs of each closure variable, true (thick) and predicted by the learned equation. Their sign and order have no meaning.${
        sorted.length > 1 &&
        ` Those of “${sorted[0].closure}”, which the main figures use, stand first; the others are folded below.`
      }`,
      alt: "Closure variables against time, true and predicted",
      x: TIME,
      y: { label: "standardised value" },
      height: 240,
      maxPoints: 150,
      columns: 2,
      shareY: false,
    },
    panels,
    over.spread("value"),
    over.methodCurves(OURS, patch),
  );
}
