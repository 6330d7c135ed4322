import { average } from "../../analysis/mean.ts";
import { comparisonTable } from "../../report/figures/comparison.ts";
import { degrees } from "../../report/figures/degrees.ts";
import { diagnostics } from "../../report/figures/diagnostics.ts";
import { type Html, html } from "../../report/html.ts";
import { categoryKey, pictures } from "../../report/lattice.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import type { Stroke } from "../../report/thumbnail.ts";
import type { NbMoTaReportData } from "./data.ts";
import * as barriers from "./figures/barriers.ts";
import * as equilibrium from "./figures/equilibrium.ts";
import * as relaxation from "./figures/relaxation.ts";
import * as tables from "./figures/tables.ts";
import { liveEquation } from "./live.ts";
import { SITE_KINDS } from "./pictures.ts";

/** The key numbers: errors of the equilibrium, sum rules, spread. */
function headline({ errors, exponents, floor, courses, T }: NbMoTaReportData): Html | null {
  const own = errors.find(({ method }) => method === "increment")?.points ?? [];
  if (own.length === 0) return null;
  if (own.length < floor.length) {
    return html`The learned equation was lost at <strong>${floor.length - own.length}</strong> of ${floor.length} temperatures: trajectories of one seed or more did not stay finite, or relaxed too fast to be followed.`;
  }
  const worst = own.reduce((a, b) => (b.value > a.value ? b : a));
  const mean = (list: readonly { value: number }[]) => average(list.map(({ value }) => value));
  const largest = Math.max(...courses.map(({ atoms }) => atoms));
  return html`One stochastic equation, learned from jumps of single vacancies, gives the short-range order of the alloy at ${own.length} temperatures with a mean absolute error of <strong>${formatNumber(mean(own), 2)}</strong>
(a perfect model: ${formatNumber(mean(floor), 2)}; worst: ${formatNumber(worst.value, 2)} at ${formatSetting(worst.temperature)} K) against direct kinetic Monte Carlo.${
    Number.isFinite(exponents.learned.value) &&
    html` From 1,024 to ${formatSetting(largest)} atoms the spread, of an equation of the relaxation at ${formatSetting(T)} K, falls like n to the power <strong>${formatNumber(exponents.learned.value, 3)}</strong>.`
  }`;
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
          html`<p>Atoms of Nb, Mo and Ta in equal numbers on a bcc lattice; one vacancy in 1,024 sites jumps to one of its eight neighbours at a time, over barriers that its surroundings within 7.5 Å set. Where it is cold Mo and Ta take different corners.</p>`,
          pictures(
            "slices",
            "Lattices before and after ordering",
            html`Each picture holds four slices, of two neighbouring (001) layers each, turned by 45°: corners and centres of cells in turn, so that order of Mo and Ta shows as a chessboard. ${categoryKey(SITE_KINDS)}.`,
            data.pictures,
            300,
          ),
          equilibrium.potential(data),
        ],
      ),
    },
    {
      id: "relaxation",
      title: "Relaxation and size",
      body: ifAny([data.courses], [relaxation.relaxation(data), relaxation.spread(data)]),
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
    { id: "costs", title: "Cost", body: tables.costs(data) },
    {
      id: "comparison",
      title: "All numbers",
      body: ifAny(
        [data.comparison],
        [
          comparisonTable(
            data.comparison,
            "The paper’s learned values, direct simulation (as “Exact”, which it is but for its sampling) and this run.",
          ),
        ],
      ),
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
    summary: [equilibrium.order(data)],
    sections: sections(data),
    strokes: strokes(data),
  });
}
