/** Quantities against the size and the temperature, learned beside the truth. */
import type { CriticalQuantity } from "../../../analysis/finite-size.ts";
import { CRITICAL_TEMPERATURE } from "../../../analysis/ising-onsager.ts";
import { average } from "../../../analysis/mean.ts";
import { chart } from "../../../report/chart.ts";
import type { Axis, Panel, Series } from "../../../report/chart-spec.ts";
import { extent } from "../../../report/extent.ts";
import { LOOKS, TRUE } from "../../../report/figures/methods.ts";
import { ZERO } from "../../../report/figures/patch-sides.ts";
import { pointSeries } from "../../../report/figures/settings.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting, formatWithInterval } from "../../../report/number.ts";
import { type InkName, scaleInk } from "../../../report/palette.ts";
import { type Estimate, single } from "../../../run/seeds.ts";
import { type Compared, type CriticalReportData as Data, SYMBOLS } from "../data.ts";

const LEARNED = { ...LOOKS.compensator, name: "Learned" };
const TRUTH = { ...TRUE, name: "Cluster simulation, 95 %" };
/** A power law of the infinite lattice through the middle of the truth: thin, broken and dark, so that it is not taken for the truth. */
const EXACT_SLOPE = { name: "Exact exponent", ink: "paper", dash: "dotted", width: 1.25 } as const;

/** Ends of a set of estimates as columns. */
const ends = (list: readonly Estimate[]) => ({
  y: list.map(({ value }) => value),
  low: list.map(({ low }) => low),
  high: list.map(({ high }) => high),
});

/** Points with bars over seeds, and the seeds themselves. */
const learnedPoints = (x: readonly number[], list: readonly Estimate[]): Series[] =>
  pointSeries([{ look: LEARNED, points: list.map((one, k) => ({ ...one, at: x[k] })) }]).map((one) => ({
    ...one,
    draw: "points",
  }));

/** x^power through the middle of the points, on logarithmic axes. */
function powerLine(x: readonly number[], y: readonly number[], power: number): Series[] {
  const known = x.flatMap((at, k) => (y[k] > 0 ? [Math.log(y[k]) - power * Math.log(at)] : []));
  if (known.length < 2) return [];
  const scale = Math.exp(average(known));
  return [{ ...EXACT_SLOPE, x: [...x], y: x.map((at) => scale * at ** power) }];
}

/** Steps of ticks, in powers of ten. */
const STEPS = [1, 2, 5, 10];
const LEAST_TICKS = 3;

/** Range and even ticks of a logarithmic axis of less than a decade, where powers of ten are too few; nothing for more. */
function tightTicks(list: readonly Estimate[]): Pick<Axis, "ticks" | "range"> {
  const [low, high] = extent(list.flatMap(({ value, low, high }) => [value, low, high]).filter((value) => value > 0));
  if (!(high < 10 * low)) return {};
  const power = 10 ** Math.floor(Math.log10(high - low || low));
  const step = power * (STEPS.findLast((one) => (high - low) / (one * power) >= LEAST_TICKS) ?? 0.5);
  const from = Math.max(1, Math.floor(low / step));
  const count = Math.ceil(high / step) - from + 1;
  const air = (high / low) ** 0.1 * 1.01;
  const ticks = Array.from({ length: count }, (_, k) => Number(((from + k) * step).toPrecision(6)));
  const range: [number, number] = [low / air, high * air];
  return { ticks: ticks.filter((tick) => tick >= range[0] && tick <= range[1]), range };
}

/** One ink per size, the same in all figures. */
function inksOf(quantities: Data["quantities"]): (side: number) => InkName {
  const sides = [...new Set(quantities.abs_m.map(({ side }) => side))].sort((a, b) => a - b);
  return (side) => scaleInk(Math.max(0, sides.indexOf(side)), sides.length);
}

const NAMES: Record<CriticalQuantity, string> = { abs_m: "order", chi: "susceptibility", binder: "Binder cumulant" };
const titleOf = (quantity: CriticalQuantity) => `${NAMES[quantity]} ${SYMBOLS[quantity]}`;

/** What intervals over seeds are, for captions. */
const seedsNote = (seeds: number, single = "") =>
  seeds > 1
    ? `Points: learned, with 95 % intervals over ${seeds} seeds${single}.`
    : "Points: learned, of one seed, without an interval over seeds.";
const SINGLE = ", small points the single seeds";

/** ⟨|m|⟩ and χ against L at the temperature of the scaling, on logarithmic axes, and beside each its error. */
export function scaling({ quantities, T, exponents, seeds }: Data): Html {
  const panels = (quantity: "abs_m" | "chi", power: number): Panel[] => {
    const own = quantities[quantity].filter(({ temperature }) => temperature === T).sort((a, b) => a.side - b.side);
    const x = own.map(({ side }) => side);
    const truth = own.map((one) => one.truth);
    const learned = own.map((one) => one.learned);
    const over = (one: Estimate, k: number): Estimate => {
      const change = (value: number) => 100 * (value / truth[k].value - 1);
      const { value, low, high, seeds: list } = one;
      return { value: change(value), low: change(low), high: change(high), seeds: list?.map(change) };
    };
    const sides: Axis = { label: "side L [spins]", log: 2, ticks: x };
    const [title, label] = [titleOf(quantity), SYMBOLS[quantity]];
    return [
      {
        title,
        series: [{ ...TRUTH, x, ...ends(truth) }, ...powerLine(x, ends(truth).y, power), ...learnedPoints(x, learned)],
        y: { label, log: 10, ...tightTicks([...truth, ...learned]) },
        x: sides,
      },
      {
        title: `error of ${title}`,
        series: [{ ...TRUTH, width: 1, x, ...ends(truth.map(over)) }, ...learnedPoints(x, learned.map(over))],
        levels: [ZERO],
        y: { label: `${label} / true − 1 [%]` },
        x: sides,
      },
    ];
  };
  const said = exponents
    .filter(({ name }) => name === "β/ν" || name === "γ/ν")
    .map(
      ({ name, learned, truth, exact }, k) =>
        html`${k > 0 && "; "}${name} = ${formatWithInterval(learned)} learned, ${formatWithInterval(truth)} by the same fit to the truth, ${formatSetting(exact ?? Number.NaN)} in the infinite lattice`,
    );
  return chart({
    id: "scaling",
    title: `Scaling with the size at T = ${formatSetting(T)}`,
    caption: html`Thick: the truth, with its 95 % band; dotted: the power of the infinite lattice through its middle, from which small sizes differ. ${seedsNote(seeds, SINGLE)} Right: learned over true, minus one, around the band of the truth. Power laws through sides that are doubled up to eight patches: ${said}.`,
    alt: "Mean absolute magnetization and susceptibility against the side of the lattice on logarithmic axes, learned and true, and the relative error of what is learned",
    x: { label: "side L [spins]", log: 2 },
    y: { label: "" },
    panels: [...panels("abs_m", -1 / 8), ...panels("chi", 7 / 4)],
    columns: 2,
    height: 260,
    shareY: false,
  });
}

const at = (list: readonly Compared[], side: number) =>
  list.filter((one) => one.side === side).sort((a, b) => a.temperature - b.temperature);

/** All three against the temperature, truth and learned of one size in one ink. */
export function temperatures({ quantities, temperatures, seeds }: Data): Html | false {
  if (temperatures.length < 2) return false;
  const inkOf = inksOf(quantities);
  const panels = (["abs_m", "chi", "binder"] as const).map((quantity): Panel => {
    const list = quantities[quantity];
    const sides = [...new Set(list.map(({ side }) => side))].filter((side) => at(list, side).length > 1);
    return {
      title: titleOf(quantity),
      // Between small and large sizes χ grows by orders of magnitude.
      y: { label: SYMBOLS[quantity], ...(quantity === "chi" && { log: 10 }) },
      verticals: [{ value: CRITICAL_TEMPERATURE, label: "T_c" }],
      series: sides.flatMap((side): Series[] => {
        const own = at(list, side);
        const x = own.map(({ temperature }) => temperature);
        const look = { name: `L = ${formatSetting(side)}`, ink: inkOf(side) };
        return [
          { ...look, detail: "truth", width: 1.25, x, ...ends(own.map(({ truth }) => truth)) },
          { ...look, detail: "learned", draw: "points", x, ...ends(own.map(({ learned }) => learned)) },
        ];
      }),
    };
  });
  return chart({
    id: "temperatures",
    title: "Through the critical temperature",
    caption: html`Lines: the truth, with its 95 % band. ${seedsNote(seeds)} Of the infinite lattice ⟨|m|⟩ vanishes at T_c, where χ diverges and curves of U cross. One set of class densities for each size serves all temperatures.`,
    alt: "Order, susceptibility and Binder cumulant against temperature for several sizes, learned points on true lines",
    x: { label: "temperature [J/k_B]" },
    y: { label: "" },
    panels,
    columns: 3,
    height: 280,
    shareY: false,
  });
}

/** |dU/dT| at the critical temperature against the size. */
export function slopes({ slopes, seeds }: Data): Html | false {
  const { sides, learned, truth, paper } = slopes;
  if (sides.length < 2) return false;
  const x = [...sides];
  return chart({
    id: "slopes",
    title: "Slope of the Binder cumulant at the critical temperature",
    caption: html`|dU/dT| from polynomials in T through the temperatures of the run (of a degree two below their number, one to three) at T_c; it grows like L to the power 1/ν, which is 1 in the infinite lattice (dotted, through the middle of the truth). ${seedsNote(seeds, SINGLE)}`,
    alt: "Slope of the Binder cumulant at the critical temperature against the side on logarithmic axes",
    x: { label: "side L [spins]", log: 2, ticks: x },
    y: { label: "|dU/dT|", log: 10, ...tightTicks([...learned, ...truth]) },
    panels: [
      {
        series: [
          { ...TRUTH, x, ...ends(truth) },
          ...powerLine(x, ends(truth).y, 1),
          { ...LOOKS.paper, name: "Paper, learned", draw: "points", hollow: true, x, y: [...paper] },
          ...learnedPoints(x, learned),
        ],
      },
    ],
    height: 280,
  });
}

/** Quantities scaled with the exact exponents: all sizes on one curve. */
export function collapse({ quantities, temperatures, seeds }: Data): Html | false {
  if (temperatures.length < 2) return false;
  const inkOf = inksOf(quantities);
  const panel = (quantity: "abs_m" | "chi", power: number, label: string): Panel => {
    const list = quantities[quantity];
    const sides = [...new Set(list.map(({ side }) => side))].filter((side) => at(list, side).length > 1);
    return {
      title: titleOf(quantity),
      y: {
        label,
        log: 10,
        ...tightTicks(
          sides.flatMap((side) => at(list, side).map(({ learned: { value } }) => single(value * side ** power))),
        ),
      },
      series: sides.map((side): Series => {
        const own = at(list, side);
        const scale = side ** power;
        return {
          name: `L = ${formatSetting(side)}`,
          ink: inkOf(side),
          draw: "points",
          x: own.map(({ temperature }) => (temperature - CRITICAL_TEMPERATURE) * side),
          y: own.map(({ learned }) => learned.value * scale),
          low: own.map(({ learned }) => learned.low * scale),
          high: own.map(({ learned }) => learned.high * scale),
        };
      }),
    };
  };
  return chart({
    id: "collapse",
    title: "Collapse with the exact exponents",
    caption: html`Learned quantities of all sizes and temperatures, scaled: they fall on one curve where the size is large beside the lattice constant. ${seeds > 1 ? `Bars: 95 % over ${seeds} seeds.` : "One seed."}`,
    alt: "Scaled order and susceptibility of learned equations against scaled distance from the critical temperature, all sizes on one curve",
    x: { label: "(T − T_c) L" },
    y: { label: "" },
    panels: [panel("abs_m", 1 / 8, "⟨|m|⟩ L^(1/8)"), panel("chi", -7 / 4, "χ L^(−7/4)")],
    columns: 2,
    height: 280,
    shareY: false,
  });
}
