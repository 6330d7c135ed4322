/** Figures of ensembles of trajectories: means, standard deviations, phase portraits, closure variables. */
import { chart } from "../../../report/chart.ts";
import type { Axis, Panel, Series } from "../../../report/chart-spec.ts";
import { DRAWN, LOOKS, OURS, overTruth } from "../../../report/figures/methods.ts";
import { ZERO } from "../../../report/figures/patch-sides.ts";
import * as over from "../../../report/figures/trajectories.ts";
import { type Html, html } from "../../../report/html.ts";
import { type PredatorPreyReportData as Data, SPECIES, SPECIES_NAMES, type Species } from "../data.ts";

/** Enough points for smooth curves, and a report that stays small. */
const MAX_POINTS = 100;
const TIME: Axis = { label: "time" };

/** Over the wide true curve. */
const curves = (methods: typeof DRAWN, patch: number) => over.methodCurves(methods, patch, overTruth);

export function means({ cases, patch }: Data, species: Species): Html {
  return over.byCase(
    {
      id: `mean-${species}`,
      title: `Mean ${species} in each case`,
      caption: html`Mean over runs (line) and one standard deviation (band) of mean <i>${species}</i>: true system (thick, grey band) and predictions. At best they coincide in line
and in band.`,
      alt: `Mean and spread of mean ${species} against time in each test case, true and predicted`,
      x: TIME,
      y: { label: `mean ${species}` },
      maxPoints: MAX_POINTS,
    },
    cases,
    over.spread(species),
    curves(OURS, patch),
  );
}

export function deviations({ cases, patch, patches }: Data, species: Species): Html {
  return over.byCase(
    {
      id: `std-${species}`,
      title: `Fluctuations of mean ${species} in each case`,
      caption: html`Standard deviation over runs of mean <i>${species}</i>, true (thick) and predicted by every method. A model that takes the noise of one patch for that of the whole
system fluctuates by √<i>K</i> = √${patches} or more too much; such curves may leave the frame.`,
      alt: `Standard deviation of mean ${species} against time in each test case, true and predicted`,
      x: TIME,
      y: { label: `std of mean ${species}` },
      maxPoints: MAX_POINTS,
    },
    cases,
    over.deviation(species),
    curves(DRAWN, patch),
  );
}

/** A panel per species and method with a thin curve per case: what the figures above are too coarse for. */
export function meanErrors({ cases }: Data): Html {
  const panels = OURS.toReversed().flatMap((method) =>
    SPECIES.map((species): Panel => {
      const look = { ...LOOKS[method], dash: "solid", width: 1.25 } as const;
      const series = cases.flatMap(({ title, times, truth, predicted }): Series[] => {
        const found = predicted.find((one) => one.method === method);
        return found ? [{ ...look, ...over.meanError(species).of(found.laws, truth, times), detail: title }] : [];
      });
      return { title: `${SPECIES_NAMES[species]}, ${LOOKS[method].name}`, levels: [ZERO], series };
    }),
  );
  return chart({
    id: "mean-error",
    title: "Error of the means",
    caption: html`Predicted minus true mean over runs, one curve per case (the read-out names it). Curves should stay around zero within the sampling noise of the runs.`,
    alt: "Predicted minus true mean of each species against time, one curve per case",
    x: TIME,
    y: { label: "mean − true" },
    height: 220,
    maxPoints: MAX_POINTS,
    panels: panels.filter((panel) => panel.series.length > 0),
  });
}

export function phasePortraits({ cases, patch }: Data): Html {
  return over.byCase(
    {
      id: "phase-portraits",
      title: "Phase portraits",
      caption: html`Mean over runs of mean <i>v</i> against that of mean <i>u</i>, true (thick) and predicted; markers stand at the start. Predators follow prey
with a delay, so the paths turn.`,
      alt: "Mean predator against mean prey in each test case, true and predicted paths",
      x: { label: "mean u" },
      y: { label: "mean v" },
      t: TIME.label,
      height: 260,
      maxPoints: 160, // curls need more points than waves
    },
    cases,
    over.path("u", "v"),
    curves(OURS, patch),
  );
}

/** A figure per closure, a panel per variable. */
export function closureVariables({ closureVariables: all, patch }: Data): Html[] {
  return all.map(({ closure, start, variables }, i) =>
    over.byCase(
      {
        id: `closure-${i + 1}`,
        title: `Closure variables, “${closure}”, ${start}`,
        caption: html`Mean (line) and one standard deviation (band) over runs of each closure variable, true (thick) and predicted by the learned equation. Their sign and order have no meaning.`,
        alt: `Closure variables of ${closure} against time, true and predicted`,
        x: TIME,
        y: { label: "standardised value" },
        height: 240,
        maxPoints: 150,
        columns: variables.length > 2 ? 3 : 2,
      },
      variables,
      over.spread("value"),
      curves(DRAWN, patch),
    ),
  );
}
