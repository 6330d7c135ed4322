import { type Comparison, comparisonTable } from "../../report/figures/comparison.ts";
import { cost } from "../../report/figures/cost.ts";
import { degrees } from "../../report/figures/degrees.ts";
import { diagnostics } from "../../report/figures/diagnostics.ts";
import { starts } from "../../report/figures/starts.ts";
import { spread, strokes } from "../../report/figures/trajectories.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import type { CurieWeissReportData } from "./data.ts";
import * as figures from "./figures.ts";
import { liveEquation } from "./live.ts";

/** A longer comparison stands at the end, and only its main rows in the summary: our method at the smallest patch. */
const SHORT_TABLE = 10;
const BASELINES = /\b(increment|naive|small)\b/;

/** The key numbers in two or three sentences: our error from the smallest patch beside the paper's and the floor. */
function headline({ errors, side, floor }: CurieWeissReportData): Html | null {
  const measured = errors.filter(({ value }) => Number.isFinite(value)).sort((a, b) => a.patch - b.patch);
  const best =
    measured.find(({ source }) => source === "compensator") ?? measured.find(({ source }) => source === "increment");
  if (!best) return null;
  const other = (name: string) => {
    const found = measured.find(({ source, patch }) => source === name && patch === best.patch);
    return found && formatNumber(found.value, 2);
  };
  const [paper, naive] = [other("paper"), other("naive")];
  const share = (side / best.patch) ** 2;
  return html`Learned from patches of ${best.patch} × ${best.patch} spins${share > 1 && `, 1/${formatSetting(share)} of the lattice`}, the stochastic
equation predicts the mean magnetization of the ${side} × ${side} system with a relative squared error of
<strong>${formatWithInterval(best)}</strong>${paper && html`; the paper’s model scores <strong>${paper}</strong>`}${
    naive && html`, naive training on the same patches <strong>${naive}</strong>`
  }. A perfect model would score ${formatNumber(floor, 2)}.`;
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
${figures.drift(data)}${figures.driftResidual(data)}${figures.diffusion(data)}${figures.diffusionResidual(data)}${degrees(data.degrees)}`,
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
      body: cost(data.costs, side),
    },
    {
      id: "comparison",
      title: "All numbers",
      body: ifAny(
        [data.paperTime, long ? comparison : []],
        [figures.paperTime(data), long && comparisonTable(comparison, "Paper, exact theory and this run.")],
      ),
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
