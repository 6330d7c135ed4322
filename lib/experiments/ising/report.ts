import type { Method } from "../../method/pairs.ts";
import { collapsed, rowsOf } from "../../report/figures/collapsed.ts";
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
import { beyondSampling, type Estimate, relativeRoot, rmsPercent, single } from "../../run/seeds.ts";
import { type IsingReportData, SYMBOLS } from "./data.ts";
import { equilibrium } from "./figures/equilibrium.ts";
import { largeLattice } from "./figures/large.ts";
import * as lattices from "./figures/lattices.ts";
import * as scores from "./figures/scores.ts";
import * as training from "./figures/training.ts";
import * as trajectories from "./figures/trajectories.ts";
import { liveEquation } from "./live.ts";

/** The score of our method at the smallest patch side, else that of the increments. */
function mainScore(data: IsingReportData) {
  const measured = data.errors.filter((one) => Number.isFinite(one.error.value)).sort((a, b) => a.patch - b.patch);
  const of = (method: Method) => measured.find((one) => one.method === method);
  return of("compensator") ?? of("increment");
}

/** What was learned from what, and how well, in two or three sentences. */
function headline(data: IsingReportData): Html | null {
  const best = mainScore(data);
  if (!best) return null;
  const { side, errors, diagnostics } = data;
  const small = errors.find((one) => one.method === "small" && one.patch === best.patch);
  const share = (side / best.patch) ** 2;
  return html`A stochastic equation for magnetization and domain walls of ${square(side)} Ising spins, learned while only one patch of ${square(best.patch)} moves at a time${
    share > 1 && `, 1/${formatSetting(share)} of the lattice`
  }, follows the true means to <strong>${formatNumber(rmsPercent(best.error).value, 2)}\u00a0%</strong>${share > 1 && aloneClause(small)}.${lawSentence(diagnostics, best)}`;
}

/** Error, fluctuations and cost of that equation. */
function headTiles(data: IsingReportData): (Tile | false)[] {
  const best = mainScore(data);
  if (!best) return [];
  const { errors, floors, costs, side } = data;
  return [
    ...scoreTiles(errors, best, floors.error),
    costTile(costs, best.patch, { side, system: `${square(side)} spins`, ratio: best.stdRatio }),
  ];
}

/** The equation of the smallest patches on lattices of the test, and one that was learned like it on the large lattice, where both are known. */
function measured(data: IsingReportData): MeasuredAt[] {
  const best = mainScore(data);
  const { size } = data;
  const own = best
    ? [{ side: data.side, mean: relativeRoot(beyondSampling(best.error, data.floors.error)), stdRatio: best.stdRatio }]
    : [];
  const exact = size?.exact;
  if (!size || !exact) return own;
  const over = ({ value, low, high }: Estimate, truth: number): Estimate => {
    return { value: value / truth, low: low / truth, high: high / truth };
  };
  const mean = over(size.predicted.mean, exact.mean);
  const off = Math.max(...[mean.value, mean.low, mean.high].map((ratio) => Math.abs(ratio - 1)));
  return [...own, { side: size.side, mean: single(off), stdRatio: over(size.predicted.std, exact.std) }];
}

/** What the point of the large lattice is of. */
const largeNote = ({ size }: IsingReportData) =>
  size?.exact
    ? `, the latter of an equation from patches of ${square(size.patch)} of lattices in equilibrium, for late m beside its exact value`
    : "";

/** What b is, where it is among the variables. */
function closingNote({ variables }: IsingReportData): Html | false {
  return (
    variables.some(({ symbol }) => symbol === "b") &&
    html`: the mean of the squared magnetization over blocks of 8 × 8 spins, or of the largest power of 2 below that divides the patch side`
  );
}

/** What is simulated, what is learned from it, and how it is tested. */
function guide(data: IsingReportData): Guide {
  const { side, temperature, field, variables, trueRuns, runs, cases, horizon, errors, scoreNotes, withinSpread } =
    data;
  const z = variables.map(({ symbol }, i) => html`${i > 0 && ", "}<i>${symbol}</i>`);
  const closing = variables.slice(2).map(({ name }) => name);
  return {
    model: html`<p>Spins ${formula(String.raw`s_i = \pm 1`)} on a periodic lattice of ${square(side)} sites at temperature ${formula("T")} = ${formatSetting(temperature)} in a field ${formula("h")} = ${formatSetting(field)} (in units of the coupling) under Glauber dynamics: every spin attempts a flip once per unit of time on average, and does so with probability</p>
${displayFormula(String.raw`p_i = \frac{1}{1 + \exp(\Delta\mathcal H_i / T)}, \qquad \mathcal H = -\sum_{\langle i j\rangle} s_i s_j - h \sum_i s_i.`)}
<p>One unit of time, a sweep, is one attempt per site.</p>`,
    variables: html`Here they are ${formula("z")} = (${z}): magnetization <i>m</i>, domain-wall density <i>ρ</i> (the part of neighbouring pairs that differ)${
      closing.length > 0
        ? html`, and ${closing.join(", ")} (closure “${data.closure}”)${closingNote(data)}`
        : "; the main figures use no closure variables"
    }.`,
    shape: "lattice",
    methods: methodsIn(errors),
    score: html`${trajectoryScore("(m, ρ)", runs, `that of ${formatSetting(trueRuns)} direct simulations`, withinSpread)}
<p>The test is ${cases.length} starts <i>m</i>₀ with spins at random places over ${formatSetting(horizon)} sweeps. Fluctuations: ${scoreNotes.stdRatio}.</p>`,
  };
}

/** What the figure of the large lattice does not show, on demand. */
function sizeTable(data: IsingReportData): Html | false {
  const table = scores.size(data);
  return table && collapsed("The numbers of the large lattice", rowsOf(table), table);
}

/** The parts of the page; those without any content are left out. */
function sections(data: IsingReportData): Section[] {
  return [
    liveEquation(data),
    {
      id: "trajectories",
      title: "Predicted trajectories",
      body: ifAny(
        [data.cases],
        [
          html`<p>Runs of the learned equation and of the full system from the same starts <i>m</i>₀; means, standard deviations and bands are over runs.</p>`,
          trajectories.fans(data, "m"),
          trajectories.fans(data, "rho"),
          trajectories.meanErrors(data, "m"),
          trajectories.meanErrors(data, "rho"),
        ],
      ),
    },
    {
      id: "accuracy",
      title: "Error against patch side",
      body: ifAny([data.errors, data.paper], [scores.errors(data), scores.all(data), scores.paperTime(data)]),
    },
    {
      id: "fluctuations",
      title: "Fluctuations",
      body: ifAny(
        [data.cases, data.density.m.x, data.errors],
        [
          equilibrium(data),
          scores.stdRatios(data),
          trajectories.deviations(data, "m"),
          trajectories.deviations(data, "rho"),
          trajectories.density(data, "m"),
          trajectories.density(data, "rho"),
        ],
      ),
    },
    diagnostics(data.diagnostics, data.closureTests, {
      variables: Object.values(SYMBOLS),
      cases: data.diagnosedCases,
      unit: "sweeps",
    }),
    {
      id: "closure",
      title: "Closure",
      body: ifAny(
        [data.closures],
        [
          html`<p><i>m</i> and <i>ρ</i> do not quite determine their own future; closure variables are to carry what is missing. Learned closures (autoencoder, dynamics, lagged) have no rates: their drift is the mean change over δ<i>t</i> of some copies of each evolution, and predictions step with that δ<i>t</i>. Networks (autoencoder, dynamics), and the equations with them, have a part of the lattices and of their patches. Lagged are the combinations of two-point correlations in a patch that tell <i>m</i> and <i>ρ</i> of small lattices best at several later times, beyond a polynomial of both now; its equations have all lattices. Features are the diagonal and plaquette correlations; blocks are the diagonal correlation and <i>b</i>, which sees order over distances that pair and plaquette correlations do not reach. Of both drift and noise are known exactly.</p>`,
          training.closures(data),
        ],
      ),
    },
    {
      id: "training",
      title: "What the training needs",
      body: ifAny(
        [data.boundaries, data.timeSteps, data.dataSizes],
        [training.boundaries(data), training.timeSteps(data), training.dataSizes(data)],
      ),
    },
    {
      id: "upsampling",
      title: "Upsampled lattices",
      body: ifAny(
        [data.upsampling, data.correlations, data.pictures],
        [
          lattices.making(data),
          lattices.distances(data),
          lattices.relaxTimes(data),
          lattices.correlations(data),
          lattices.snapshots(data),
        ],
      ),
    },
    {
      id: "drift",
      title: "Learned equation",
      body: ifAny(
        [data.driftField ? [1] : [], data.degrees],
        [degrees(data.degrees), trajectories.driftField(data), starts(data.starts)],
      ),
    },
    {
      id: "costs",
      title: "Cost and size",
      body: ifAny(
        [data.costs, data.size ? [1] : []],
        [
          scaling(
            data.costs,
            { side: data.side, dimension: 2, axis: "side L of the system predicted [spins]", note: largeNote(data) },
            measured(data),
          ),
          largeLattice(data),
          sizeTable(data),
        ],
      ),
    },
  ];
}

/** The Ising report as one HTML document. Missing numbers (NaN, empty lists, null) leave gaps, they do not throw. */
export function isingReport(data: IsingReportData): string {
  const { result, command, trainings, side, temperature, field } = data;
  return report({
    result,
    command,
    trainings,
    title: "2D Ising model: macroscopic dynamics learned from patches",
    subject: html`Glauber dynamics of ${side}² spins at T = ${formatSetting(temperature)}, h = ${formatSetting(field)}`,
    paperSection: "3.3",
    lead: headline(data),
    hero: hero({
      cases: data.cases,
      observable: "m",
      patch: mainScore(data)?.patch ?? Number.NaN,
      axis: { label: "magnetization m" },
      time: "time [sweeps]",
      caption: html`Mean (with one standard deviation of the true runs) and standard deviation over runs, first seed. What is too small to be seen here is shown enlarged among the predicted trajectories.`,
    }),
    tiles: headTiles(data),
    guide: guide(data),
    summary: scores.summary(data),
    sections: sections(data),
    strokes: strokes(data.cases, spread("m"), mainScore(data)?.patch ?? Number.NaN),
  });
}
