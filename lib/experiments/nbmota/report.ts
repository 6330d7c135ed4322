import { degrees } from "../../report/figures/degrees.ts";
import { diagnostics, lawSentence } from "../../report/figures/diagnostics.ts";
import { displayFormula, formula } from "../../report/formula.ts";
import { FLOOR_AND_INTERVALS, type Guide } from "../../report/how-to-read.ts";
import { type Html, html } from "../../report/html.ts";
import { categoryKey, pictures } from "../../report/lattice.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import type { Stroke } from "../../report/thumbnail.ts";
import { asAccurate, comparedCost, errorTile, spreadTile, type Tile } from "../../report/tiles.ts";
import { rmsDeviation } from "../../run/deviations.ts";
import { percent } from "../../run/seeds.ts";
import { learningJumps } from "./costs.ts";
import type { NbMoTaReportData } from "./data.ts";
import * as barriers from "./figures/barriers.ts";
import { cost } from "./figures/cost.ts";
import * as equilibrium from "./figures/equilibrium.ts";
import * as relaxation from "./figures/relaxation.ts";
import * as tables from "./figures/tables.ts";
import { liveEquation } from "./live.ts";
import { SITE_KINDS } from "./pictures.ts";

/** Learned beside direct order parameters of all pairs, at the temperatures that have both. */
const besideTruth = ({ order }: NbMoTaReportData) =>
  order.flatMap(({ learned, direct }) =>
    learned.flatMap(({ temperature, ...ours }) => {
      const truth = direct.find((one) => one.temperature === temperature);
      return truth ? [{ ours, truth }] : [];
    }),
  );

/** What was learned from what, and how well, in two sentences. */
function headline(data: NbMoTaReportData): Html | null {
  const { errors, floor } = data;
  const own = errors.find(({ method }) => method === "increment")?.points ?? [];
  if (own.length === 0) return null;
  if (own.length < floor.length) {
    return html`The learned equation was lost at <strong>${floor.length - own.length}</strong> of ${floor.length} temperatures: trajectories of one seed or more did not stay finite, or relaxed too fast to be followed.`;
  }
  const off = rmsDeviation(besideTruth(data), "all").error.value;
  return html`One stochastic equation for the short-range order of the alloy Nb–Mo–Ta at all temperatures, learned from jumps of single vacancies, is off from kinetic Monte Carlo at ${own.length} temperatures by <strong>${formatNumber(100 * off, 2)}\u00a0%</strong> of the order.${lawSentence(data.diagnostics, { method: "increment", patch: 1 })}`;
}

/** Errors of order and spread over all temperatures, and the cost of the largest lattice. */
function headTiles(data: NbMoTaReportData): (Tile | false)[] {
  const { stdRatio, costs, errors } = data;
  const { error, floor } = rmsDeviation(besideTruth(data), "all");
  const points = errors.find(({ method }) => method === "increment")?.points ?? [];
  const worst = points.length > 0 && points.reduce((a, b) => (b.value > a.value ? b : a));
  const own = errorTile("Error of the order (RMS over pairs and T)", percent(error), 100 * floor);
  const largest = costs.direct.at(-1);
  return [
    own && (worst ? { ...own, note: html`${own.note}; worst at ${formatSetting(worst.temperature)}\u00a0K` } : own),
    spreadTile("Fluctuations over the true ones, 1,024 sites", stdRatio),
    largest
      ? comparedCost(
          learningJumps(costs),
          [
            { updates: largest.lattice, what: "for one lattice taken through all T" },
            { updates: asAccurate(largest.std, stdRatio), what: "for equally accurate fluctuations" },
          ],
          `${formatSetting(largest.atoms)} atoms`,
          "jumps of vacancies to learn one equation; its own runs take none",
        )
      : false,
  ];
}

function guide({ barriers: model, methods, variables }: NbMoTaReportData): Guide {
  return {
    model: html`<p>Atoms of Nb, Mo and Ta in equal numbers on a bcc lattice. One vacancy in 1,024 sites exchanges places with one of its eight neighbours at a time, over barriers ${formula("E_b")} that its surroundings within 7.5 Å set (${model}), at rates</p>
${displayFormula(String.raw`k = \nu\, \exp(-E_b / k_B T), \qquad \nu = 10^{13}\,\mathrm{s}^{-1}.`)}`,
    variables: html`Here they are ${variables.join(", ")}, short-range order parameters of pairs of atoms,
${displayFormula(String.raw`\delta_{ij} = N_{ij} - \tfrac{8}{3},`)} where ${formula("N_{ij}")} is the mean number of neighbours ${formula("j")} in the first shell of an atom ${formula("i")}; the other pairs follow by sum rules. The temperature is a parameter of the equation.`,
    shape: "lattice",
    lambda: html`One vacancy moves at a time, in its patch of 8³ cells (1,024 sites), of <i>K</i> that make up the lattice. Its change is counted <i>K</i> times, so that on the average it is the change of the whole; but its variance is <i>K</i> times too large. The loss therefore divides it by λ, and λ = <i>K</i> gives fluctuations of the right size. Nothing is fitted to the truth.`,
    methods: methods.some(({ method }) => method === "compensator") ? ["increment", "compensator"] : ["increment"],
    score: html`<p>The error is that of all ${formula(String.raw`\delta_{ij}`)} in equilibrium at all temperatures at which lattices are also simulated directly, root mean square over that of the true values. ${FLOOR_AND_INTERVALS}</p>`,
  };
}

function sections(data: NbMoTaReportData): Section[] {
  return [
    liveEquation(data),
    {
      id: "ordering",
      title: "Ordering",
      body: ifAny(
        [data.pictures],
        [
          html`<p>Atoms of Nb, Mo and Ta in equal numbers on a bcc lattice; one vacancy in 1,024 sites jumps to one of its eight neighbours at a time, over barriers that its surroundings within 7.5 Å set. Mo and Ta are neighbours more often than by chance; where it is cold enough they take different corners.</p>`,
          pictures(
            "slices",
            "Lattices before and after ordering",
            html`Each picture holds four slices, of two neighbouring (001) layers each, turned by 45°: corners and centres of cells in turn, so that Mo and Ta in full order would be a chessboard${equilibrium.neighbours(data)}. ${categoryKey(SITE_KINDS)}.`,
            data.pictures,
            300,
          ),
          equilibrium.potential(data),
        ],
      ),
    },
    {
      id: "courses",
      title: "Relaxation and size",
      body: ifAny(
        [data.courses],
        [relaxation.relaxation(data), relaxation.relaxationErrors(data), relaxation.spread(data)],
      ),
    },
    diagnostics(data.diagnostics, data.closureTests, {
      variables: data.variables,
      cases: ["disorder"],
      note: html`The equation of the relaxation beside direct simulation of ${formatSetting(data.diagnosedAtoms)} atoms; times in the unit of the equation, order parameters times that of the temperature.`,
    }),
    {
      id: "equation",
      title: "Learned equation",
      body: [
        tables.methods(data),
        equilibrium.errors(data),
        degrees(data.degrees, () => "relaxation from disorder"),
        tables.clock(data),
      ],
    },
    {
      id: "surroundings",
      title: "What vacancies see",
      body: ifAny(
        [data.surroundings, data.affinities],
        [
          barriers.surroundings(data),
          barriers.barrierLaws(data),
          barriers.affinities(data),
          barriers.tradeOff(data),
          barriers.distillation(data),
          barriers.fidelity(data),
        ],
      ),
    },
    { id: "costs", title: "Cost", body: [cost(data), tables.costs(data)] },
    {
      id: "comparison",
      title: "All numbers",
      body: ifAny([data.order], tables.orders(data)),
    },
  ];
}

/** δ of Mo and Ta, Mo and Mo against the temperature, for the gallery. */
function strokes({ order }: NbMoTaReportData): Stroke[] {
  return order
    .filter(({ pair }) => ["MoMo", "MoTa", "TaTa", "NbMo"].includes(pair))
    .flatMap(({ learned, direct }): Stroke[] => {
      const curve = (points: typeof learned) => ({
        x: points.map(({ temperature }) => temperature),
        y: points.map(({ value }) => value),
      });
      return [curve(direct), { ...curve(learned), bold: true }];
    });
}

/** The NbMoTa report as one HTML document. Missing numbers leave gaps, they do not throw. */
export function nbmotaReport(data: NbMoTaReportData): string {
  const { result, command, trainings, barriers: model, coordinates } = data;
  return report({
    result,
    command,
    trainings,
    title: "NbMoTa: ordering of an alloy learned from jumps of single vacancies",
    subject: html`Equimolar bcc alloy Nb–Mo–Ta, barriers ${model}, ${coordinates} order parameters`,
    paperSection: "3.5",
    lead: headline(data),
    hero: equilibrium.order(data),
    tiles: headTiles(data),
    guide: guide(data),
    sections: sections(data),
    strokes: strokes(data),
  });
}
