import { diagnostics, lawSentence } from "../../report/figures/diagnostics.ts";
import { square } from "../../report/figures/patch-sides.ts";
import { displayFormula, formula } from "../../report/formula.ts";
import { FLOOR_AND_INTERVALS, type Guide, LAMBDA_MEANING } from "../../report/how-to-read.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import type { Stroke } from "../../report/thumbnail.ts";
import { comparedCost, errorTile, spreadTile, type Tile } from "../../report/tiles.ts";
import { meanRatio, rmsDeviation } from "../../run/deviations.ts";
import { percent } from "../../run/seeds.ts";
import type { Compared, CriticalReportData, Worst } from "./data.ts";
import { cost } from "./figures/cost.ts";
import * as numbers from "./figures/numbers.ts";
import * as scaling from "./figures/scaling.ts";
import * as studies from "./figures/studies.ts";
import { liveEquation } from "./live.ts";

const OF_SCOPE = { paper: "", further: " away from the temperature of the scaling", beyond: "" } as const;
const sidesOf = ({ from, to, scope }: Worst) =>
  (from === to ? `at side ${formatSetting(from)}` : `from side ${formatSetting(from)} to ${formatSetting(to)}`) +
  OF_SCOPE[scope];

const besideTruth = ({ learned, truth }: Compared) => ({ ours: learned, truth });

/** What was learned from what, and how well, in two or three sentences. */
function headline({ worst, exponents, quantities, patch, diagnostics }: CriticalReportData): Html | null {
  if (worst.length === 0) return null;
  const sides = quantities.abs_m.map(({ side }) => side);
  const said = exponents
    .filter(({ exact, truth }) => exact !== null && Number.isFinite(truth.value))
    .slice(0, 2)
    .map(
      ({ name, learned, truth, exact }, k) =>
        html`${k > 0 && ", "}${name}\u00a0= <strong>${formatWithInterval(learned)}</strong> (the same fit to true lattices: ${formatWithInterval(truth)}; exact: ${formatSetting(exact ?? Number.NaN)})`,
    );
  return html`Stochastic equations of lattices up to ${square(Math.max(...sides))} near the critical point, learned while only patches of ${square(patch)} spins are seen to move, give the order of true lattices to <strong>${formatNumber(100 * rmsDeviation(quantities.abs_m.map(besideTruth), "each").error.value, 2)}\u00a0%</strong>${said.length > 0 && html`, and ${said}`}.${lawSentence(diagnostics, { method: "compensator", patch: 1 })}`;
}

/** Errors of order and fluctuations over all sizes and temperatures, and the cost of the largest lattice that was simulated directly. */
function headTiles({ quantities, worst, costs, T, patch }: CriticalReportData): (Tile | false)[] {
  const order = rmsDeviation(quantities.abs_m.map(besideTruth), "each");
  const most = (key: "absM" | "chi") => 100 * Math.max(...worst.map((one) => one[key]));
  const off = spreadTile("Fluctuations χ over the true ones", meanRatio(quantities.chi.map(besideTruth)));
  const known = costs.filter(({ side, direct }) => side > patch && Number.isFinite(direct)).at(-1);
  return [
    errorTile("Error of ⟨|m|⟩ (RMS over sizes and T)", percent(order.error), 100 * order.floor, {
      "largest error": most("absM"),
    }),
    off && { ...off, note: html`${off.note}; off by ${formatNumber(most("chi"), 2)}\u00a0% at most` },
    known
      ? comparedCost(
          known.learn,
          [{ updates: known.direct, what: `for an equally accurate ⟨|m|⟩ at T = ${formatSetting(T)}` }],
          `${square(known.side)} spins`,
          "attempts to flip a spin, of all seeds together, beside Glauber dynamics; flips of clusters (Wolff) take fewer than both",
        )
      : false,
  ];
}

function guide({ patch, temperatures, T, quantities }: CriticalReportData): Guide {
  const sides = [...new Set(quantities.abs_m.map(({ side }) => side))];
  return {
    model: html`<p>Ising spins ${formula(String.raw`s_i = \pm 1`)} on periodic lattices of ${sides.map((side, k) => `${k > 0 ? ", " : ""}${side}²`)} sites without a field, under Glauber dynamics at temperatures around the critical one,</p>
${displayFormula(String.raw`p_i = \frac{1}{1 + \exp(\Delta\mathcal H_i / T)}, \qquad \mathcal H = -\sum_{\langle i j\rangle} s_i s_j, \qquad T_c = \frac{2}{\ln(1 + \sqrt 2)} = 2.269\ldots`)}
<p>Lattices of ${square(patch)} spins in equilibrium at ${formula("T")} = ${formatSetting(T)} are made larger level by level: every spin becomes a square of equal spins, and the true dynamics runs in overlapping patches of ${square(patch)} (LocalRelax) until local order is as it should be. At such lattices the rates of all flips are known. A spin has one of ten classes, up or down with 0 … 4 up neighbours; each has one rate. What is learned are the mean numbers of spins of each class given (<i>m</i>, <i>ρ</i>): in equilibrium they are the same at all temperatures, as the weight of a lattice depends on (<i>m</i>, <i>ρ</i>) alone. With the rates of each of the ${temperatures.length} temperatures they are its drift and diffusion.</p>`,
    variables: html`Here they are magnetization <i>m</i> and domain-wall density <i>ρ</i>.`,
    shape: "lattice",
    lambda: html`${LAMBDA_MEANING} Neither λ nor any rate is fitted to the truth; the amounts above, lattices, looks and times of relaxation, were settled by it, at other seeds than those of the run.`,
    methods: ["compensator"],
    score: html`<p>Stationary laws are those of the Fokker–Planck equation of the learned drift and diffusion on a grid, without sampling error, beside lattices in equilibrium (Wolff clusters). Compared are</p>
${displayFormula(String.raw`\langle |m| \rangle, \qquad \chi = \frac{n}{T}\bigl(\langle m^2\rangle - \langle |m|\rangle^2\bigr), \qquad U = 1 - \frac{\langle m^4\rangle}{3\,\langle m^2\rangle^2}.`)}
<p>${FLOOR_AND_INTERVALS}</p>`,
  };
}

/** From this deviation of ⟨|m|⟩ on an equation of another size is none. */
const OTHERS_OFF = 0.05;

/** What a physicist may cite: assumptions and findings, in words. */
function statement({
  quantities,
  exponents,
  kinetics,
  others,
  patch,
  T,
  worst,
  relaxTimes,
}: CriticalReportData): Html | false {
  if (worst.length === 0) return false;
  const sides = [...new Set(quantities.abs_m.map(({ side }) => side))];
  const each = <T>(list: readonly T[], say: (one: T) => Html) =>
    list.map((one, k) => html`${k > 0 && (k === list.length - 1 ? " and " : ", ")}${say(one)}`);
  const known = exponents.filter(({ truth }) => Number.isFinite(truth.value));
  const ratio = kinetics.sides.flatMap((side, k) => {
    const value = kinetics.learned[k].value / kinetics.direct[k].value;
    return Number.isFinite(value) ? [{ side, value }] : [];
  });
  const closures = others.filter(({ way, tau }) => way.includes("neighbours") && Number.isFinite(tau));
  const carried = others.filter(({ way, absMOff }) => way.startsWith("From") && Number.isFinite(absMOff));
  return html`<p><strong>Assumed.</strong> Glauber dynamics of single spins, periodic lattices, no field. The macroscopic variables are magnetization and domain-wall density; their dynamics is taken for a diffusion without memory whose drift and noise are the means of the true generator over lattices of equal (<i>m</i>, <i>ρ</i>). Those lattices are made of equilibrium lattices of ${patch} × ${patch} spins at T = ${formatSetting(T)} by copying and local relaxation, and are taken for a sample of the equilibrium at equal (<i>m</i>, <i>ρ</i>), which near the critical temperature copying leads to, as lattices there are alike at all lengths; how far that holds ${
    relaxTimes && relaxTimes.rows.length > 0
      ? html`is measured above, on lattices of ${square(relaxTimes.side)}`
      : "was not measured in this run"
  }. The energy of a lattice is a function of (<i>m</i>, <i>ρ</i>), so that the temperature is no parameter of what is learned. λ = K; no constant was chosen to agree with the truth but these amounts: lattices, looks and the time of LocalRelax were made larger, at other seeds, until sampling and bias were below what is aimed at.</p>
<p><strong>Measured.</strong> Stationary laws of equations for sides ${each(sides, (side) => html`${formatSetting(side)}`)} against lattices in equilibrium: ${worst.map((one, k) => html`${k > 0 && "; "}${sidesOf(one)} ⟨|m|⟩ off by ${formatNumber(100 * one.absM, 2)} % at most, χ by ${formatNumber(100 * one.chi, 2)} %, U by ${formatNumber(one.binder, 2)}`)}. ${known.length > 0 && html`Fits, learned and by the same fits to the truth: ${each(known, ({ name, learned, truth }) => html`${name} ${formatWithInterval(learned)} and ${formatWithInterval(truth)}`)}.`} ${carried.length > 0 && html`${carried.every(({ absMOff }) => Math.abs(absMOff) > OTHERS_OFF) && "An equation of one size is none of others: "}taken over ${each(carried, ({ way, side, absMOff }) => html`${way.toLowerCase().replace("l =", "L =")} to ${formatSetting(side)} it has ⟨|m|⟩ off by ${formatNumber(100 * absMOff, 2)} %`)}.`} ${ratio.length > 0 && html`The correlation time of <i>m</i> is ${each(ratio, ({ side, value }) => html`${formatNumber(value, 2)} (side ${formatSetting(side)})`)} of that of direct simulation${ratio.every(({ value }) => value < 1) && ": kinetics are too fast"}.`} ${closures.length > 0 && html`With two variables more it is ${each(closures, ({ way, side, tau }) => html`${formatNumber(tau, 3)} sweeps at side ${formatSetting(side)} (${way.replace(/^Trajectories with /, "")})`)}.`}</p>`;
}

function sections(data: CriticalReportData): Section[] {
  const dynamics = studies.kinetics(data);
  return [
    liveEquation(data),
    {
      id: "temperature",
      title: "Through the critical temperature",
      body: ifAny([data.quantities.binder], [scaling.temperatures(data), scaling.slopes(data), scaling.collapse(data)]),
    },
    diagnostics(data.diagnostics, [], {
      variables: ["m", "ρ"],
      cases: data.lawSides,
      note: html`Lattices in equilibrium, made by flips of clusters, at T = ${formatSetting(data.T)} beside the learned stationary laws, first seed. Whether (<i>m</i>, <i>ρ</i>) decide their own future ${dynamics ? "is what the next section asks" : "is not tested in this run"}: in equilibrium a memory that is not theirs shows in the correlation time alone.`,
    }),
    { id: "dynamics", title: "Kinetics", body: dynamics },
    {
      id: "costs",
      title: "What was simulated",
      body: [cost(data), studies.costs(data)],
    },
    {
      id: "training",
      title: "What the training needs",
      body: ifAny([data.relaxTimes?.rows ?? [], data.others], [studies.relaxTimes(data), numbers.others(data)]),
    },
    { id: "statement", title: "To cite", body: statement(data) },
    {
      id: "comparison",
      title: "All numbers",
      body: ifAny([data.exponents, data.quantities.abs_m], [numbers.exponents(data), numbers.quantities(data)]),
    },
  ];
}

function strokes({ quantities }: CriticalReportData): Stroke[] {
  const sides = [...new Set(quantities.binder.map(({ side }) => side))];
  return sides.flatMap((side): Stroke[] => {
    const own = quantities.binder.filter((one) => one.side === side).sort((a, b) => a.temperature - b.temperature);
    if (own.length < 2) return [];
    const x = own.map(({ temperature }) => temperature);
    return [
      { x, y: own.map(({ truth }) => truth.value) },
      { x, y: own.map(({ learned }) => learned.value), bold: true },
    ];
  });
}

/** The report of the critical Ising experiment as one HTML document. Missing numbers leave gaps, they do not throw. */
export function criticalReport(data: CriticalReportData): string {
  const { result, command, trainings, patch } = data;
  return report({
    result,
    command,
    trainings,
    title: "Critical 2D Ising model: finite-size scaling learned from patches",
    subject: html`Glauber dynamics without a field, patches of ${patch} × ${patch} spins`,
    paperSection: "3.4",
    lead: headline(data),
    hero: scaling.scaling(data),
    tiles: headTiles(data),
    guide: guide(data),
    sections: sections(data),
    strokes: strokes(data),
  });
}
