/** Figures of ensembles of runs from each start: means, their errors, standard deviations, late densities, the drift. */
import type { Axis } from "../../../report/chart-spec.ts";
import { driftField as arrows } from "../../../report/figures/drift-field.ts";
import { sidesNote, startsNote } from "../../../report/figures/folded.ts";
import { DRAWN, LOOKS, TRUE } from "../../../report/figures/methods.ts";
import { functions, sidesOf, sideTitle } from "../../../report/figures/patch-sides.ts";
import * as over from "../../../report/figures/trajectories.ts";
import { type Html, html } from "../../../report/html.ts";
import { type IsingReportData as Data, LABELS, type IsingObservable as Observable, SYMBOLS } from "../data.ts";

/** Enough points for smooth curves, and a report that stays small. */
const MAX_POINTS = 100;
const TIME: Axis = { label: "time [sweeps]" };
/** What the observables can be; naive predictions may leave it. */
const RANGES: Record<Observable, [number, number]> = { m: [-1, 1], rho: [0, 0.6] };

/** Captions of figures that follow the same one of the magnetization. */
const SAME: Partial<Record<Observable, Html>> = {
  rho: html`As in the figure before, of the domain-wall density <i>ρ</i>.`,
};

/** Fans have many smooth curves, each with its band. */
const FAN_POINTS = 61;

const predictedSides = ({ cases }: Data) => sidesOf(cases.flatMap(({ predicted }) => predicted));

export function fans(data: Data, observable: Observable): Html {
  const remark = {
    m: html`All starts end in one equilibrium; those against the field take longest.`,
    rho: html`Starts at <i>m</i>₀ and −<i>m</i>₀ begin at the same <i>ρ</i>: walls vanish quickly at first, then the two part as their magnetizations do.`,
  };
  return over.fans(
    {
      id: `mean-${observable}`,
      title: `Mean ${LABELS[observable]} from each start`,
      caption: html`Mean over runs (line) and one standard deviation (band): true system (thick, grey band) and predictions of our method from patches of each side (thin, blue band); the naive mean is
dotted, without band, and may leave the frame. At best, prediction and truth coincide in line and in band. ${remark[observable]}${sidesNote(predictedSides(data).length)}`,
      alt: `Mean ${LABELS[observable]} against time from each start, true and predicted, one panel per patch side`,
      x: TIME,
      y: { label: LABELS[observable], range: RANGES[observable] },
      maxPoints: FAN_POINTS,
    },
    data.cases,
    observable,
  );
}

/** All methods at the smallest patch side, minus the truth: what the figures above are too coarse for. */
export function meanErrors(data: Data, observable: Observable): Html | false {
  const patch = predictedSides(data).at(-1);
  if (patch === undefined) return false;
  const curves = over.methodCurves(DRAWN, patch);
  const within = over.withinNoise(data.cases, over.meanError(observable), curves);
  return over.byCase(
    {
      id: `mean-error-${observable}`,
      title: `Error of the mean of ${SYMBOLS[observable]}, ${sideTitle(patch)}`,
      caption: [
        SAME[observable] ??
          html`Predicted minus true mean at the smallest patch side, the hardest case, for every method. The scale is that of the methods with λ = <i>K</i>; curves of the others may
leave the frame. First seed. Grey: where the difference of two means of as many true runs is for 95 % of the times; what leaves it is an error of the equation.${startsNote(data.cases.length)}`,
        within,
      ],
      alt: `Predicted minus true mean ${LABELS[observable]} against time, one panel per start, one line per method`,
      x: TIME,
      y: { label: `mean of ${SYMBOLS[observable]} − true` },
      maxPoints: MAX_POINTS,
    },
    data.cases,
    over.meanError(observable),
    curves,
  );
}

export function deviations(data: Data, observable: Observable): Html {
  return over.byCase(
    {
      id: `std-${observable}`,
      title: `Error of the standard deviation of ${SYMBOLS[observable]}, our method`,
      caption:
        SAME[observable] ??
        html`Predicted over true standard deviation over runs, minus one, from patches of each side. On the passage to equilibrium, where runs are ahead of each other or behind, getting it
right needs drift and diffusion together; late it is the width of the stationary law. First seed. Grey: where the ratio of as many true runs is for 95 % of the times, by a normal law.${startsNote(data.cases.length)}`,
      alt: `Relative error of the standard deviation of ${LABELS[observable]} against time, one panel per start, one line per patch side`,
      x: TIME,
      y: { label: `std of ${SYMBOLS[observable]} / true − 1 [%]` },
      maxPoints: MAX_POINTS,
    },
    data.cases,
    over.deviationError(observable),
    over.sideCurves(predictedSides(data)),
  );
}

/** Stationary density, a panel per patch side. */
export function density(data: Data, observable: Observable): Html {
  const { x, truth, learned } = data.density[observable];
  return functions(
    {
      id: `density-${observable}`,
      title: `Stationary density of the ${LABELS[observable]}`,
      caption: html`From the late part of the runs: true (thick) and of every learned equation. The place of the peak tests the drift, its width the ratio of diffusion to drift; a model
with the noise of one patch is too wide.`,
      alt: `Probability density of the ${LABELS[observable]} at late times, true and for each method, one panel per patch side`,
      x: { label: LABELS[observable] },
      y: { label: "probability density" },
      maxPoints: 160,
    },
    learned,
    (one) => ({ x, y: one.density }),
    { ...TRUE, x, y: truth },
  );
}

/** The learned drift in the plane of magnetization and domain-wall density. */
export function driftField({ driftField: field, cases, variables }: Data): Html | false {
  if (!field || field.m.length === 0) return false;
  const paths = cases.map(({ title, times, truth }) => ({
    ...TRUE,
    ...over.path("m", "rho").of(truth, truth, times),
    name: "True mean trajectories",
    width: 3,
    detail: title,
  }));
  return arrows(
    {
      id: "drift-field",
      title: "Learned drift and true paths",
      caption: (
        shown,
        duration,
      ) => html`Arrows: drift of (<i>m</i>, <i>ρ</i>) learned from patches of ${field.patch} × ${field.patch}, at states near training data${shown}${variables.length > 2 && html`, closure variables at their mean given <i>m</i> and <i>ρ</i>`};
an arrow leads as far as its drift carries the state in ${duration} sweeps. Lines: true mean trajectories, with a marker at each start; they should run along the arrows. From random places walls vanish first
(downwards), then the magnetization moves to its equilibrium, where all paths end.`,
      alt: "Arrows of the learned drift in the plane of magnetization and domain-wall density, with the true mean paths from each start",
      x: { label: LABELS.m },
      y: { label: LABELS.rho },
      height: 520,
      t: TIME.label,
    },
    { dx: "drift of m [1/sweep]", dy: "drift of ρ [1/sweep]" },
    { x: field.m, y: field.rho },
    [{ look: { ...LOOKS.compensator, width: 1.5 }, dx: field.driftM, dy: field.driftRho }],
    paths,
  );
}
