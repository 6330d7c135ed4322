import type { Method } from "../../method/pairs.ts";
import { collapsed } from "../../report/figures/collapsed.ts";
import { comparisonTable } from "../../report/figures/comparison.ts";
import { degrees } from "../../report/figures/degrees.ts";
import { diagnostics, lawSentence } from "../../report/figures/diagnostics.ts";
import { hero } from "../../report/figures/hero.ts";
import { methodsIn } from "../../report/figures/methods.ts";
import { type MeasuredAt, scaling } from "../../report/figures/scaling.ts";
import { distancesOf, starts } from "../../report/figures/starts.ts";
import { path, strokes } from "../../report/figures/trajectories.ts";
import { displayFormula, formula } from "../../report/formula.ts";
import { FLOOR_AND_INTERVALS, type Guide } from "../../report/how-to-read.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import { aloneClause, costTile, errorTile, spreadTile, strayNote, type Tile } from "../../report/tiles.ts";
import { beyondSampling, percent, relativeRoot, squared } from "../../run/seeds.ts";
import { type PredatorPreyReportData, SPECIES } from "./data.ts";
import * as equation from "./figures/equation.ts";
import * as fields from "./figures/fields.ts";
import * as mmd from "./figures/mmd.ts";
import * as tables from "./figures/tables.ts";
import * as trajectories from "./figures/trajectories.ts";
import { liveEquation } from "./live.ts";

const patchTitle = (points: number) => `patches of ${points} points`;

/** The score of a method with the closure of the main figures, or its only one. */
const scoreOf = ({ scores, closure }: PredatorPreyReportData, name: Method) => tables.ofMethod(scores, name, closure);

/** What was learned from what, and how well, in two or three sentences. */
function headline(data: PredatorPreyReportData): Html | null {
  const score = tables.mainScore(data);
  if (!score || !Number.isFinite(score.meanError.value)) return null;
  const { points, patch, small, diagnostics } = data;
  const alone = scoreOf(data, "small");
  return html`A stochastic equation for two populations on a line of ${formatSetting(points)} points, learned from lines of ${formatSetting(small)} points and from patches of ${formatSetting(patch)} points${
    points > patch && `, 1/${formatSetting(points / patch)} of the system`
  }, of which one moves at a time, follows the mean populations to <strong>${formatNumber(100 * score.meanError.value, 2)}\u00a0%</strong>${
    points > patch && alone && aloneClause({ ...alone, error: squared(alone.meanError) })
  }.${lawSentence(diagnostics, { method: score.method, patch })}`;
}

/** Error, fluctuations and cost of that equation. */
function headTiles(data: PredatorPreyReportData): (Tile | false)[] {
  const score = tables.mainScore(data);
  if (!score) return [];
  const { meanFloor, costCurves, patch, points } = data;
  const [naive, small] = [scoreOf(data, "naive"), scoreOf(data, "small")];
  const mean = (one?: typeof score) => one && 100 * one.meanError.value;
  return [
    errorTile(
      "Error of the mean populations",
      percent(score.meanError),
      100 * meanFloor,
      { naive: mean(naive), small: mean(small) },
      strayNote({ naive, small }),
    ),
    spreadTile("Fluctuations over the true ones", score.stdRatio, {
      naive: naive?.stdRatio.value,
      small: small?.stdRatio.value,
    }),
    costTile(costCurves, patch, { side: points, system: `${formatSetting(points)} points`, ratio: score.stdRatio }),
  ];
}

const lineOf = ({ points }: PredatorPreyReportData) => ({
  side: points,
  dimension: 1,
  axis: "points N of the system predicted",
  titleOf: patchTitle,
});

/** Our equation where the truth is known. */
function measured(data: PredatorPreyReportData): MeasuredAt[] {
  const score = tables.mainScore(data);
  if (!score) return [];
  const mean = relativeRoot(beyondSampling(squared(score.meanError), data.meanFloor ** 2));
  return [{ side: data.points, mean, stdRatio: score.stdRatio }];
}

function guide(data: PredatorPreyReportData): Guide {
  const { points, patch, patches, runs, scores, closure, result } = data;
  const setting = (name: string) => {
    const value = result.parameters[name];
    return typeof value === "number" ? formatSetting(value) : name;
  };
  return {
    model: html`<p>Shares ${formula("u")} of prey and ${formula("v")} of predators in a habitat, a line of ${formatSetting(points)} cells with walls at both ends, driven by noise at every point:</p>
${displayFormula(
  String.raw`\begin{aligned} \partial_t u &= u(1-u-v) + D_u\,\partial_x^2 u + s\,\xi_u, \\ \partial_t v &= a\,v(u-b) + D_v\,\partial_x^2 v + s\,\xi_v, \end{aligned}`,
)}
<p>with ${formula("a")} = ${setting("a")}, ${formula("b")} = ${setting("b")}, ${formula("D_u")} = ${setting("preyDiffusion")} and ${formula("D_v")} = ${setting("predatorDiffusion")}, ${formula("s")} = ${setting("noise")}. Cells have width 1 (${formula(String.raw`\partial_x^2`)} is the second difference of neighbours), and in each the noises ${formula(String.raw`\xi`)} are independent and white, of strength 1 per time.</p>`,
    variables: html`Here they are the means of ${formula("u")} and ${formula("v")} over the line, and variables that a linear map per patch has been taught to see (closure “${closure}”), as the means do not determine their own future.`,
    shape: "line",
    methods: methodsIn(scores),
    score: html`<p>The error is that of mean (or standard deviation) over ${formatSetting(runs.predicted)} predicted runs, against ${formatSetting(runs.truth)} of the true system, mean over cases and species:</p>
${displayFormula(String.raw`\epsilon = \Bigl\langle \sqrt{\textstyle\sum_t (\bar z_t - \bar z^{\,*}_t)^2 \big/ \sum_t (\bar z^{\,*}_t)^2}\, \Bigr\rangle.`)}
<p>The distance between ensembles is the squared maximum mean discrepancy (MMD²) of <i>z</i>. Patches have ${formatSetting(patch)} points, <i>K</i> = ${formatSetting(patches)}. ${FLOOR_AND_INTERVALS}</p>`,
  };
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
      distances: distancesOf(
        data.starts,
        data.patch,
        data.cases.map(({ title }) => title),
      ),
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
          tables.closureNote(data),
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
      body: ifAny([data.costs], [scaling(data.costCurves, lineOf(data), measured(data)), tables.costs(data)]),
    },
    {
      id: "comparison",
      title: "All numbers",
      body: ifAny(
        [data.comparison],
        [
          collapsed(
            "The paper, exact values and this run, as far as there are any",
            data.comparison.length,
            comparisonTable(data.comparison),
          ),
        ],
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
    hero: hero({
      cases,
      observable: "v",
      patch,
      axis: { label: "mean v" },
      time: "time",
      caption: html`Mean (with one standard deviation of the true runs) and standard deviation of the mean predator density over runs, first seed. What is too small to be seen here is shown enlarged among the predicted trajectories.`,
      nameOf: (of) => `${of} points`,
    }),
    tiles: headTiles(data),
    guide: guide(data),
    summary: [tables.scores(data), mmd.againstLambda(data)],
    sections: sections(data),
    strokes: strokes(cases, path("u", "v"), patch),
  });
}
