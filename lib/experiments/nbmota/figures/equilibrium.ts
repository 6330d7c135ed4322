/** Equilibrium against the temperature: order parameters, errors of the methods, potentials. */
import { chart } from "../../../report/chart.ts";
import type { Panel, Series } from "../../../report/chart-spec.ts";
import { extent } from "../../../report/extent.ts";
import { LOOKS, type Look, TRUE } from "../../../report/figures/methods.ts";
import { barsNote, pointSeries } from "../../../report/figures/settings.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { scaleInk } from "../../../report/palette.ts";
import type { AtTemperature, NbMoTaReportData as Data } from "../data.ts";
import { ENOUGH } from "../plan.ts";

const TEMPERATURE = { label: "temperature [K]" };
export const LEARNED: Look = { ...LOOKS.increment, name: "Learned" };
export const DIRECT: Look = { ...TRUE, name: "Direct simulation" };

const bars = (points: readonly AtTemperature[]): Pick<Series, "x" | "y" | "low" | "high"> => ({
  x: points.map(({ temperature }) => temperature),
  y: points.map(({ value }) => value),
  low: points.map(({ low }) => low),
  high: points.map(({ high }) => high),
});

/** "1.0 relaxations", "1.5 to 3.0 relaxations": what lattices waited for at all temperatures. */
function waitedText(clock: Data["clock"]): string {
  const [least, most] = extent(clock.map(({ waited }) => waited)).map((x) => formatNumber(x, 2));
  return `${isEven(clock) ? least : `${least} to ${most}`} relaxations`;
}

/** Whether they waited alike at all. */
function isEven(clock: Data["clock"]): boolean {
  const [least, most] = extent(clock.map(({ waited }) => waited));
  return most < 1.01 * least;
}

/** Where lattices waited for too little to be near equilibrium. */
const isShort = (clock: Data["clock"]) => clock.some(({ waited }) => waited < ENOUGH);

/** How far from equilibrium the compared lattices are; nothing where that is not known. */
function waitedSentence(clock: Data["clock"]): string {
  const [least] = extent(clock.map(({ waited }) => waited));
  if (!Number.isFinite(least)) return "";
  const left = Math.round(100 * Math.exp(-least));
  const most = isEven(clock) ? "" : "at most ";
  return `Both rest on lattices that waited for ${waitedText(clock)} after cooling: of the way to equilibrium from the temperature before, ${most}about exp(−${formatNumber(least, 2)}) = ${left} % is left.`;
}

/** The pair whose order shows most. */
const SHOWN = "MoTa";
/** Neighbours of one element in a random alloy of three, of eight. */
const RANDOM = 8 / 3;

/** How the learned order of Mo and Ta falls from the coldest to the hottest temperature, and which power of T does the same; nothing where it does not fall. */
function fallSentence(order: Data["order"]): string {
  const points = order.find(({ pair }) => pair === SHOWN)?.learned ?? [];
  const [cold, hot] = [points[0], points.at(-1)];
  if (!(cold && hot && hot.value > 0 && cold.value > hot.value)) return "";
  const power = Math.log(hot.value / cold.value) / Math.log(hot.temperature / cold.temperature);
  const at = ({ temperature, value }: AtTemperature) =>
    `${formatNumber(value, 3)} at ${formatSetting(temperature)}\u00a0K`;
  return `The learned order of Mo and Ta falls from ${at(cold)} to ${at(hot)}, as T to the power ${formatNumber(power, 2)} does between these.`;
}

/** How many of the eight neighbours of an atom Mo are Ta at the coldest temperature, beside those of full order and of none; nothing where that is not known. */
export function neighbours({ order }: Pick<Data, "order">): string {
  const [cold] = order.find(({ pair }) => pair === SHOWN)?.direct ?? [];
  if (!cold) return "";
  return `, with 8 neighbours Ta round an atom of Mo; a random alloy has ${formatNumber(RANDOM, 3)}, direct simulation ${formatNumber(RANDOM + cold.value, 3)} at ${formatSetting(cold.temperature)}\u00a0K`;
}

/** A panel per pair: learned, direct, and the paper's. */
export function order({ order, T, result, clock }: Data): Html {
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
    title: isShort(clock) ? `Short-range order after ${waitedText(clock)}` : "Short-range order in equilibrium",
    caption: html`δ of a pair ij: how many neighbours j in the first shell an atom i has beyond the 8/3 of a random alloy. Learned: means of trajectories of the learned equation, one equation for all temperatures; ${
      several ? "95 % intervals over seeds" : "95 % intervals of one seed, of training data and runs"
    }. Direct: kinetic Monte Carlo with the same barriers, intervals over its lattices; none is drawn where it is too slow. ${waitedSentence(clock)} The paper's values are those of its learned model, with the published
network. ${fallSentence(order)}${result.parameters.barriers === "compact" && html` Barriers here are those of the compact model.`}`,
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
  const all = errors.flatMap(({ points }) => points);
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
    title: "Error of the order",
    caption: html`Mean absolute difference of learned and direct δ over the six pairs. A perfect model would show the sampling error of the direct simulation.${errors.length > 1 && " Comparisons of methods are of the first seed alone."}${
      all.some(({ low }) => low > 0) && html` B${barsNote(seeds).slice(1)}.`
    }${all.some(({ low }) => low <= 0) && " Intervals that reach zero are not drawn."}`,
    alt: "Mean absolute error of the order parameters against temperature, one line per method, with the sampling floor",
    x: TEMPERATURE,
    y: { label: "mean |Δδ|", log: 10 },
    panels: [{ series: [perfect, ...series] }],
    height: 300,
  });
}

/** What there is to know of minima at ascending temperatures: whether they move out where it is colder. */
function minimaSentence(curves: Data["potentials"][number]["curves"]): string {
  const places = curves
    .toSorted((a, b) => a.temperature - b.temperature)
    .map(({ order, perAtom }) => order[perAtom.indexOf(Math.min(...perAtom))]);
  const outwards =
    places.length > 1 && places.every((place, k) => k === 0 || Math.abs(place) < Math.abs(places[k - 1]));
  return outwards ? "The colder, the farther from disorder it is least." : "";
}

/** Along the main direction of ordering, a panel per kind of drift. */
export function potential({ potentials, affinities }: Data): Html {
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
  const rms = affinities.map((one) => one.rms).filter(Number.isFinite);
  const [least, most] = extent(rms).map((value) => formatNumber(value, 2));
  return chart({
    id: "potential",
    title: "Potential along the direction of ordering",
    caption: html`Along the line from disorder through the stationary mean of each temperature, as far as there are training data: −2 ∫ (σσᵀ)⁻¹ f · dz over the number <i>n</i> of atoms, less its least value. With detailed balance that would be −(1/<i>n</i>) ln of the stationary probability density of the order parameters, to leading order in <i>n</i>. The barriers themselves violate detailed balance${
      rms.length > 0 &&
      html` (figure “Detailed balance of the barriers”: ${least === most ? least : html`${least} to ${most}`} eV)`
    } and the equation is not made to obey it, so that another path could give another value. ${minimaSentence(potentials[0]?.curves ?? [])}`,
    alt: "Potential per atom against the order parameter of Mo and Ta along the ordering direction, one line per temperature",
    x: { label: "δ of Mo and Ta" },
    y: { label: "potential per atom" },
    panels,
    columns: panels.length > 2 ? 3 : 2,
    height: 280,
    shareY: false,
  });
}
