/** Equilibrium against the temperature: order parameters, errors of the methods, potentials. */
import { chart } from "../../../report/chart.ts";
import type { Panel, Series } from "../../../report/chart-spec.ts";
import { LOOKS, type Look, TRUE } from "../../../report/figures/methods.ts";
import { barsNote, pointSeries } from "../../../report/figures/settings.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting } from "../../../report/number.ts";
import { scaleInk } from "../../../report/palette.ts";
import type { AtTemperature, NbMoTaReportData as Data } from "../data.ts";

const TEMPERATURE = { label: "temperature [K]" };
export const LEARNED: Look = { ...LOOKS.increment, name: "Learned" };
export const DIRECT: Look = { ...TRUE, name: "Direct simulation" };

const bars = (points: readonly AtTemperature[]): Pick<Series, "x" | "y" | "low" | "high"> => ({
  x: points.map(({ temperature }) => temperature),
  y: points.map(({ value }) => value),
  low: points.map(({ low }) => low),
  high: points.map(({ high }) => high),
});

/** A panel per pair: learned, direct, and the paper's. */
export function order({ order, T, result }: Data): Html {
  const several = (order[0]?.learned ?? []).some(({ seeds }) => seeds);
  const panels = order.map(({ pair, learned, direct, paper }): Panel => {
    const published: Series = {
      ...LOOKS.paper,
      name: "Paper, learned",
      draw: "points",
      hollow: true,
      x: paper.map(({ temperature }) => temperature),
      y: paper.map(({ value }) => value),
    };
    return {
      title: pair,
      series: [
        { ...DIRECT, draw: "line+points", width: 3, ...bars(direct) },
        published,
        { ...LEARNED, draw: "points", ...bars(learned) },
      ],
    };
  });
  return chart({
    id: "order",
    title: "Short-range order in equilibrium",
    caption: html`δ of a pair ij: how many neighbours j in the first shell an atom i has beyond the 8/3 of a random alloy. Learned: means of trajectories of the learned equation, one equation for all temperatures; ${
      several ? "95 % intervals over seeds" : "95 % intervals of one seed, of training data and runs"
    }. Direct: kinetic Monte Carlo with the same barriers, intervals over its lattices; none is drawn where it is too slow. Both rest on lattices that waited for as many relaxations as the table of time scales says, so both are short of equilibrium where those are few. The paper's values are those of its learned model, with the published
network. Below about 1,000 K the alloy orders; above, what is left of order fades like 1/T.${result.parameters.barriers === "compact" && html` Barriers here are those of the compact model.`}`,
    alt: `Six panels, one per pair of elements: order parameter against temperature, learned, direct and published; time courses at ${T} K are in another figure`,
    x: TEMPERATURE,
    y: { label: "δ" },
    panels,
    columns: 3,
    height: 220,
    shareY: false,
  });
}

const INKS: Record<string, Look> = {
  increment: LEARNED,
  compensator: { ...LOOKS.compensator, name: "Compensator" },
  polynomial: { name: "Polynomial drift", ink: "scale1", dash: "dotted", marker: "diamond" },
  network: { name: "Network drift", ink: "scale3", dash: "dotted", marker: "triangle" },
  onsager: { name: "OnsagerNet drift", ink: "scale5", dash: "dashed", marker: "diamond" },
  tiles: { name: "Tiles instead of copies", ink: "small", dash: "dashed", marker: "square", hollow: true },
  supercell: { name: "Copies instead of tiles", ink: "small", dash: "dashed", marker: "square", hollow: true },
};
export const lookOf = (method: string): Look => INKS[method] ?? { ...LEARNED, name: method };

/** On a logarithmic axis an interval that reaches zero has no end. */
const NO_BAR = { low: Number.NaN, high: Number.NaN };

/** Mean absolute error over pairs against direct simulation, one line per method. */
export function errors({ errors, floor }: Data): Html {
  const series = pointSeries(
    errors.toReversed().map(({ method, points }) => ({
      look: lookOf(method),
      points: points.map((one) => ({ ...one, at: one.temperature, ...(one.low > 0 ? {} : NO_BAR) })),
    })),
  );
  const seeds = Math.max(1, ...errors.flatMap(({ points }) => points.map((one) => one.seeds?.length ?? 1)));
  const perfect: Series = {
    name: "A perfect model",
    ink: "exact",
    draw: "line",
    width: 3,
    x: floor.map(({ temperature }) => temperature),
    y: floor.map(({ value }) => value),
  };
  if (series.length === 0) return html``;
  return chart({
    id: "errors",
    title: "Error of the equilibrium",
    caption: html`Mean absolute difference of learned and direct δ over the six pairs. A perfect model would show the sampling error of the direct simulation. Comparisons of methods are of the first seed alone; ${barsNote(seeds)}. Intervals that reach zero are not drawn.`,
    alt: "Mean absolute error of the order parameters against temperature, one line per method, with the sampling floor",
    x: TEMPERATURE,
    y: { label: "mean |Δδ|", log: 10 },
    panels: [{ series: [perfect, ...series] }],
    height: 300,
  });
}

/** Along the main direction of ordering, a panel per kind of drift. */
export function potential({ potentials }: Data): Html {
  const panels = potentials.flatMap(({ method, curves }): Panel[] => {
    const sorted = curves.toSorted((a, b) => a.temperature - b.temperature);
    const lines = (pick: (one: (typeof curves)[number]) => readonly number[] | null): Series[] =>
      sorted.flatMap((one, k) => {
        const y = pick(one);
        return y
          ? [{ name: `${formatSetting(one.temperature)} K`, ink: scaleInk(k, sorted.length), x: one.order, y }]
          : [];
      });
    const from = { title: `${lookOf(method).name}: from drift and noise`, series: lines(({ perAtom }) => perAtom) };
    const V = lines(({ onsager }) => onsager);
    return V.length > 0
      ? [from, { title: "OnsagerNet: its potential V", series: V, y: { label: "V − least" } }]
      : [from];
  });
  return chart({
    id: "potential",
    title: "Potential along the direction of ordering",
    caption: html`Along the line from disorder through the equilibrium of each temperature, as far as there are training data: −2 ∫ (σσᵀ)⁻¹ f · dz for each atom, which is −ln of the density of states of the macroscopic variables per atom where the learned equation obeys detailed balance. Colder is deeper and further out.`,
    alt: "Potential per atom against the order parameter of Mo and Ta along the ordering direction, one line per temperature",
    x: { label: "δ of Mo and Ta" },
    y: { label: "potential per atom" },
    panels,
    columns: panels.length > 2 ? 3 : 2,
    height: 280,
    shareY: false,
  });
}
