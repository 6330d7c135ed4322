import { comparisonTable } from "../../report/figures/comparison.ts";
import { degrees } from "../../report/figures/degrees.ts";
import { diagnostics } from "../../report/figures/diagnostics.ts";
import { starts } from "../../report/figures/starts.ts";
import { path, strokes } from "../../report/figures/trajectories.ts";
import { type Html, html } from "../../report/html.ts";
import { formatSetting, formatWithInterval } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import { type PredatorPreyReportData, SPECIES } from "./data.ts";
import * as equation from "./figures/equation.ts";
import * as fields from "./figures/fields.ts";
import * as mmd from "./figures/mmd.ts";
import * as tables from "./figures/tables.ts";
import * as trajectories from "./figures/trajectories.ts";
import { liveEquation } from "./live.ts";

const patchTitle = (points: number) => `patches of ${points} points`;

/** The key numbers: errors of mean and std of our method, and its MMD², each beside what a perfect model would score. */
function headline(data: PredatorPreyReportData): Html | null {
  const score = tables.mainScore(data);
  if (!score) return null;
  const { meanError, stdError, mmd } = score;
  const percent = (error: typeof meanError) =>
    Number.isFinite(error.value) && `${formatWithInterval(tables.percent(error))}\u00a0%`;
  const perfect = (floor: number) =>
    Number.isFinite(floor) && ` (a perfect model: ${tables.floorPercent(floor)}\u00a0%)`;
  const [mean, std] = [percent(meanError), percent(stdError)];
  const share = data.points / data.patch;
  const { overall } = data.mmdFloor;
  return html`Learned from snapshots of ${formatSetting(data.small)} grid points and the motion of patches of ${data.patch}${share > 1 && `, 1/${formatSetting(share)} of the system`}, the stochastic
equation predicts the mean populations of ${data.points} points ${mean && html`with a relative error of <strong>${mean}</strong>${perfect(data.meanFloor)}`}${
    std && html` and their standard deviations with <strong>${std}</strong>${perfect(data.stdFloor)}`
  }.${
    Number.isFinite(mmd.value) &&
    html` Its ensembles are <strong>${formatWithInterval(mmd)}</strong> in MMD² from the true ones${
      Number.isFinite(overall.value) && html`; two true ensembles are ${formatWithInterval(overall)} apart`
    }.`
  }`;
}

/** The parts of the page; those without any content are left out. */
function sections(data: PredatorPreyReportData): Section[] {
  return [
    liveEquation(data),
    {
      id: "fields",
      title: "Fields",
      body: ifAny(
        [data.profiles, data.spectra, data.spectrumRatios, data.spaceTime?.times ?? []],
        [
          html`<p>The microscopic system: prey <i>u</i> and predator <i>v</i> on ${data.points} grid points, driven by noise at every point.
The method runs small systems of ${formatSetting(data.small)} points and makes large states of their snapshots by interpolation, optionally followed by LocalRelax (the true dynamics for a short time,
patch after patch). This run was trained on ${data.interpolation} interpolation ${data.relaxTime > 0 ? `relaxed for ${formatSetting(data.relaxTime)}` : "without LocalRelax"}; the figures compare both.${
            data.fieldPoints !== data.points && ` They show systems of ${formatSetting(data.fieldPoints)} points.`
          }</p>`,
          fields.spaceTime(data),
          fields.profiles(data),
          fields.spectra(data),
          tables.spectrumRatios(data),
        ],
      ),
    },
    {
      id: "trajectories",
      title: "Predicted trajectories",
      body: ifAny(
        [data.cases],
        [
          html`<p>Runs of the learned equation and of the full system from the same starts: a cosine of mean <i>m</i> and amplitude <i>k</i> in the prey, its mirror image in the
predator. Mean <i>u</i> and mean <i>v</i> are averages over the grid; means, standard deviations and bands are over runs.</p>`,
          trajectories.means(data, "u"),
          trajectories.means(data, "v"),
          trajectories.deviations(data, "u"),
          trajectories.deviations(data, "v"),
          trajectories.meanErrors(data),
          trajectories.phasePortraits(data),
        ],
      ),
    },
    diagnostics(data.diagnostics, data.closureTests, {
      variables: SPECIES.map((species) => `mean ${species}`),
      cases: data.cases.map(({ title }) => title),
    }),
    {
      id: "equation",
      title: "Learned equation",
      body: ifAny(
        [data.driftField?.u ?? [], data.kramersMoyal, data.degrees],
        [
          equation.driftField(data),
          equation.kramersMoyal(data),
          degrees(data.degrees, patchTitle),
          starts(data.starts),
        ],
      ),
    },
    {
      id: "closure",
      title: "Closure",
      body: ifAny(
        [data.closureVariables, tables.closures(data)],
        [
          html`<p>Mean <i>u</i> and mean <i>v</i> do not determine their own future: further variables of the fields, the closure, have to. They have no unit and are
shown standardised (mean 0, standard deviation 1 over the training data).</p>`,
          trajectories.closureVariables(data),
          tables.closureScores(data),
          mmd.closures(data),
        ],
      ),
    },
    {
      id: "mmd",
      title: "Distance between ensembles",
      body: ifAny([data.mmdOverTime, data.mmdFloor.times], [mmd.explanation(data), mmd.overTime(data)]),
    },
    {
      id: "costs",
      title: "Cost",
      body: ifAny([data.costs], [tables.costs(data)]),
    },
    {
      id: "comparison",
      title: "All numbers",
      body: ifAny(
        [data.comparison],
        [comparisonTable(data.comparison, "The paper, exact values and this run, as far as there are any.")],
      ),
    },
  ];
}

/** The predator–prey report as one HTML document. Missing numbers (NaN, empty lists, null) leave gaps, they do not throw. */
export function predatorPreyReport(data: PredatorPreyReportData): string {
  const { result, command, trainings, points, patch, cases } = data;
  return report({
    result,
    command,
    trainings,
    title: "Predator and prey: macroscopic dynamics learned from patches",
    subject: html`Stochastic partial differential equation on ${points} grid points`,
    paperSection: "3.2",
    lead: headline(data),
    summary: [tables.scores(data), mmd.againstLambda(data)],
    sections: sections(data),
    strokes: strokes(cases, path("u", "v"), patch),
  });
}
