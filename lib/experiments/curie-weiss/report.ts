import { type Comparison, comparisonTable } from "../../report/figures/comparison.ts";
import { degrees } from "../../report/figures/degrees.ts";
import { diagnostics, lawSentence } from "../../report/figures/diagnostics.ts";
import { hero } from "../../report/figures/hero.ts";
import { methodsIn } from "../../report/figures/methods.ts";
import { square } from "../../report/figures/patch-sides.ts";
import { type MeasuredAt, scaling } from "../../report/figures/scaling.ts";
import { starts } from "../../report/figures/starts.ts";
import { spread, strokes } from "../../report/figures/trajectories.ts";
import { displayFormula, formula } from "../../report/formula.ts";
import { type Guide, trajectoryScore } from "../../report/how-to-read.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import { aloneClause, costTile, scoreTiles, type Tile } from "../../report/tiles.ts";
import { beyondSampling, relativeRoot, rmsPercent } from "../../run/seeds.ts";
import type { CurieWeissReportData } from "./data.ts";
import * as figures from "./figures.ts";
import { liveEquation } from "./live.ts";

/** A longer comparison stands at the end, and only its main rows in the summary: our method at the smallest patch. */
const SHORT_TABLE = 10;
const BASELINES = /\b(increment|naive|small)\b/;

/** The error that the first screen speaks of: ours from the smallest patch, else that of the increments. */
function mainError({ errors }: CurieWeissReportData) {
  const measured = errors.filter(({ value }) => Number.isFinite(value)).sort((a, b) => a.patch - b.patch);
  return (
    measured.find(({ source }) => source === "compensator") ?? measured.find(({ source }) => source === "increment")
  );
}

/** Error and fluctuations of the equations of all methods and patches. */
const scoresOf = ({ errors, fluctuations }: CurieWeissReportData) =>
  fluctuations.flatMap(({ method, patch, ratio }) => {
    const error = errors.find((one) => one.source === method && one.patch === patch);
    return error ? [{ method, patch, error, stdRatio: ratio }] : [];
  });

/** What was learned from what, and how well, in two or three sentences. */
function headline(data: CurieWeissReportData): Html | null {
  const best = mainError(data);
  if (!best) return null;
  const { side, diagnostics } = data;
  const share = (side / best.patch) ** 2;
  const small = scoresOf(data).find(({ method, patch }) => method === "small" && patch === best.patch);
  return html`A stochastic equation for the magnetization of ${square(side)} mean-field spins, learned while only one patch of ${square(best.patch)} moves at a time${
    share > 1 && `, 1/${formatSetting(share)} of the system`
  }, follows the exact mean to <strong>${formatNumber(rmsPercent(best).value, 2)}\u00a0%</strong>${share > 1 && aloneClause(small)}.${lawSentence(diagnostics, { method: best.source, patch: best.patch })}`;
}

/** Error, fluctuations and cost of the equation from the smallest patch. */
function headTiles(data: CurieWeissReportData): (Tile | false)[] {
  const best = mainError(data);
  if (!best) return [];
  const { floor, side, costs } = data;
  const scores = scoresOf(data);
  const main = { method: best.source, patch: best.patch };
  const own = scores.find(({ method, patch }) => method === main.method && patch === main.patch);
  return [
    ...scoreTiles(scores, main, floor, "the exact ones"),
    own ? costTile(costs, best.patch, { side, system: `${square(side)} spins`, ratio: own.stdRatio }) : false,
  ];
}

/** The equation of the smallest patches where the truth is known. */
function measured(data: CurieWeissReportData): MeasuredAt[] {
  const best = mainError(data);
  const own = data.fluctuations.find(({ method, patch }) => method === best?.source && patch === best.patch);
  return best && own
    ? [{ side: data.side, mean: relativeRoot(beyondSampling(best, data.floor)), stdRatio: own.ratio }]
    : [];
}

function guide({ side, temperature, field, runs, learned, withinSpread }: CurieWeissReportData): Guide {
  return {
    model: html`<p>${formatSetting(side ** 2)} spins ${formula(String.raw`s_i = \pm 1`)}, each coupled equally to all others, under Glauber dynamics: every spin attempts a flip at rate one, and does so with probability</p>
${displayFormula(String.raw`p_i = \frac{1}{1 + \exp(\Delta\mathcal H_i / T)}, \qquad \mathcal H = -\frac{1}{2n}\Bigl(\sum_i s_i\Bigr)^{2} - h \sum_i s_i,`)}
<p>at temperature ${formula("T")} = ${formatSetting(temperature)} in a field ${formula("h")} = ${formatSetting(field)}, in units of the coupling. A unit of time, a sweep, is one attempt per spin. The magnetization is a birth–death chain, so that everything here is known exactly.</p>`,
    variables: html`Here ${formula("z")} is the magnetization ${formula("m")} alone.`,
    shape: "lattice",
    methods: methodsIn(learned),
    score: trajectoryScore("m", runs, "the exact mean of the finite chain", withinSpread),
  };
}

/** The Curie–Weiss report as one HTML document. Missing numbers (NaN, empty lists) leave gaps, they do not throw. */
export function curieWeissReport(data: CurieWeissReportData): string {
  const { result, command, trainings, side, comparison } = data;
  const smallest = Math.min(...data.learned.map((one) => one.patch));
  const long = comparison.length > SHORT_TABLE;
  const main = (row: Comparison) => (row.patch == null || row.patch === smallest) && !BASELINES.test(row.quantity);
  const sections: Section[] = [
    liveEquation(data),
    {
      id: "equation",
      title: "The learned equation",
      body: html`<p>The method learns d<i>m</i> = <i>f</i>(<i>m</i>) d<i>t</i> + <i>σ</i>(<i>m</i>) d<i>W</i>. Here both functions are known exactly at the
finite size <i>n</i> = ${side}² = ${side * side}, so they can be compared point by point.</p>
${figures.drift(data)}${figures.diffusion(data)}${degrees(data.degrees)}`,
    },
    {
      id: "trajectories",
      title: "Predicted trajectories",
      body: html`<p>Runs of the learned equation from several initial magnetizations, beside the exact moments of the finite birth–death chain. Time is
physical: one unit is one attempted flip per spin, on the average.</p>
${starts(data.starts)}${figures.fans(data)}${figures.meanByPatch(data)}${figures.stdByPatch(data)}${figures.meanByMethod(data, smallest)}`,
    },
    { id: "stationary", title: "Stationary law", body: figures.stationary(data) },
    diagnostics(data.diagnostics, [], {
      variables: ["m"],
      cases: data.cases.map(({ title }) => title),
      unit: "sweeps",
      note: html`The truth is the exact law of the finite chain at these times. Whether <i>m</i> decides its own future is not tested: of mean-field spins it does.`,
    }),
    {
      id: "upsampling",
      title: "Upsampled states",
      body: ifAny([data.upsampling, data.pictures], [figures.upsampling(data), figures.snapshots(data)]),
    },
    {
      id: "costs",
      title: "Cost",
      body: scaling(data.costs, { side, dimension: 2, axis: "side L of the system predicted [spins]" }, measured(data)),
    },
    {
      id: "comparison",
      title: "All numbers",
      body: ifAny([data.paperTime, long ? comparison : []], [figures.paperTime(data), long && figures.allScores(data)]),
    },
  ];
  return report({
    result,
    command,
    trainings,
    title: "Curie–Weiss model: macroscopic dynamics learned from patches",
    subject: html`Mean-field Glauber dynamics of ${side}² spins`,
    paperSection: "3.1",
    lead: headline(data),
    hero: hero({
      cases: data.cases,
      observable: "m",
      patch: smallest,
      axis: { label: "magnetization m" },
      time: "time [sweeps]",
      truth: "Exact",
      caption: html`Mean (with one standard deviation of the exact law) and standard deviation over runs. What is too small to be seen here is shown enlarged among the predicted trajectories.`,
    }),
    tiles: headTiles(data),
    guide: guide(data),
    summary: [
      comparisonTable(
        long ? comparison.filter(main) : comparison,
        long ? "The main numbers; the last table has all of them." : "Paper, exact theory and this run.",
      ),
      figures.errors(data),
    ],
    sections,
    strokes: strokes(data.cases, spread("m"), smallest),
  });
}
