import type { Method } from "../../method/pairs.ts";
import { cost } from "../../report/figures/cost.ts";
import { degrees } from "../../report/figures/degrees.ts";
import { diagnostics } from "../../report/figures/diagnostics.ts";
import { starts } from "../../report/figures/starts.ts";
import { spread, strokes } from "../../report/figures/trajectories.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import { type IsingReportData, SYMBOLS } from "./data.ts";
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

/** The key numbers: our error from the smallest patch beside naive training and the floor, and our fluctuations. */
function headline(data: IsingReportData): Html | null {
  const best = mainScore(data);
  if (!best) return null;
  const naive = data.errors.find((one) => one.method === "naive" && one.patch === best.patch)?.error.value;
  const share = (data.side / best.patch) ** 2;
  const { error: floor } = data.floors;
  return html`Learned from the motion of patches of ${best.patch} × ${best.patch} spins${share > 1 && `, 1/${formatSetting(share)} of the lattice`}, the stochastic
equation predicts mean magnetization and domain-wall density of ${data.side} × ${data.side} Ising spins with a relative squared error of <strong>${formatWithInterval(best.error)}</strong>${
    Number.isFinite(naive) &&
    html`; naive training on the same patches scores <strong>${formatNumber(naive, 2)}</strong>`
  }${Number.isFinite(floor) && `, a perfect model ${formatNumber(floor, 2)}`}.${
    Number.isFinite(best.stdRatio.value) &&
    html` Its fluctuations are <strong>${formatWithInterval(best.stdRatio)}</strong> times the true ones.`
  }`;
}

/** What b is, where it is among the variables. */
function closingNote({ variables }: IsingReportData): Html | false {
  return (
    variables.some(({ symbol }) => symbol === "b") &&
    html`: the mean of the squared magnetization over blocks of 8 × 8 spins, or of the largest power of 2 below that divides the patch side`
  );
}

/** What is simulated, what is learned from it, and how it is tested. */
function question(data: IsingReportData): Html {
  const { side, temperature, field, variables, trueRuns, runs, cases, horizon } = data;
  const z = variables.map(({ symbol }, i) => html`${i > 0 && ", "}<i>${symbol}</i>`);
  const closing = variables.slice(2).map(({ name }) => name);
  return html`<p>Ising spins on a periodic lattice of ${side} × ${side} sites at temperature <i>T</i>\u00a0=\u00a0${formatSetting(temperature)} in a field <i>h</i>\u00a0=\u00a0${formatSetting(field)} (in units of the coupling)
under Glauber dynamics: every spin attempts a flip once per unit of time on average, and does so with probability 1/(1 + exp(Δ<i>E</i>/<i>T</i>)). One unit of time, a sweep, is one
attempt per site. Asked for is the equation d<i>z</i> = <i>f</i>(<i>z</i>) d<i>t</i> + <i>σ</i>(<i>z</i>) d<i>W</i> of the whole lattice, learned while only one patch of ℓ × ℓ spins moves at a time.</p>
<p>The variables are <i>z</i> = (${z}): magnetization <i>m</i>, domain-wall density <i>ρ</i> (the part of neighbouring pairs that differ)${
    closing.length > 0
      ? html`, and ${closing.join(", ")} (closure “${data.closure}”)${closingNote(data)}`
      : "; the main figures use no closure variables"
  }. ${
    cases.length > 0 &&
    html`The test is ${cases.length} starts <i>m</i>₀ with spins at random places, ${formatSetting(trueRuns)} direct simulations and ${formatSetting(runs)} predicted runs (per seed) of each over ${formatSetting(horizon)} sweeps.`
  }</p>`;
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
      id: "errors",
      title: "Error against patch side",
      body: ifAny([data.errors, data.paper], [scores.errors(data), scores.all(data), scores.paperTime(data)]),
    },
    {
      id: "fluctuations",
      title: "Fluctuations",
      body: ifAny(
        [data.cases, data.density.m.x, data.errors],
        [
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
      title: "Cost",
      body: cost(data.costs, data.side),
    },
    { id: "size", title: "A larger lattice", body: scores.size(data) },
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
    summary: [question(data), scores.summary(data)],
    sections: sections(data),
    strokes: strokes(data.cases, spread("m"), mainScore(data)?.patch ?? Number.NaN),
  });
}
