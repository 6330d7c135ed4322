/** Quantities against the size and the temperature, learned beside the truth. */
import type { CriticalQuantity } from "../../../analysis/finite-size.ts";
import { CRITICAL_TEMPERATURE } from "../../../analysis/ising-onsager.ts";
import { chart } from "../../../report/chart.ts";
import type { Panel, Series } from "../../../report/chart-spec.ts";
import { LOOKS, TRUE } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting, formatWithInterval } from "../../../report/number.ts";
import { scaleInk } from "../../../report/palette.ts";
import type { Estimate } from "../../../run/seeds.ts";
import type { Compared, CriticalReportData as Data } from "../data.ts";

const LEARNED = { ...LOOKS.compensator, name: "Learned" };
const TRUTH = { ...TRUE, name: "Cluster simulation" };

const ends = (list: readonly Estimate[]) => ({
  y: list.map(({ value }) => value),
  low: list.map(({ low }) => low),
  high: list.map(({ high }) => high),
});

const TITLES: Record<CriticalQuantity, { title: string; label: string }> = {
  abs_m: { title: "order ⟨|m|⟩", label: "⟨|m|⟩" },
  chi: { title: "susceptibility χ", label: "χ" },
  binder: { title: "Binder cumulant U", label: "U" },
};

/** ⟨|m|⟩ and χ against L at the temperature of the scaling, on logarithmic axes. */
export function scaling({ quantities, T, exponents }: Data): Html {
  const panel = (quantity: "abs_m" | "chi"): Panel => {
    const own = quantities[quantity].filter(({ temperature }) => temperature === T).sort((a, b) => a.side - b.side);
    const x = own.map(({ side }) => side);
    return {
      title: TITLES[quantity].title,
      series: [
        { ...TRUTH, draw: "line+points", width: 3, x, ...ends(own.map(({ truth }) => truth)) },
        { ...LEARNED, draw: "points", x, ...ends(own.map(({ learned }) => learned)) },
      ],
      y: { label: TITLES[quantity].label, log: 10 },
      x: { label: "side L [spins]", log: 2, ticks: x },
    };
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
    caption: html`Lines join the truth. Power laws through sides that are doubled up to eight patches: ${said}. 95 % intervals over seeds; of the truth, over its lattices.`,
    alt: "Mean absolute magnetization and susceptibility against the side of the lattice on logarithmic axes, learned and true",
    x: { label: "side L [spins]", log: 2 },
    y: { label: "" },
    panels: [panel("abs_m"), panel("chi")],
    columns: 2,
    height: 300,
    shareY: false,
  });
}

const at = (list: readonly Compared[], side: number) =>
  list.filter((one) => one.side === side).sort((a, b) => a.temperature - b.temperature);

/** All three against the temperature, a line per size. */
export function temperatures({ quantities, temperatures }: Data): Html | false {
  if (temperatures.length < 2) return false;
  const panels = (["abs_m", "chi", "binder"] as const).map((quantity): Panel => {
    const list = quantities[quantity];
    const sides = [...new Set(list.map(({ side }) => side))].filter((side) => at(list, side).length > 1);
    return {
      title: TITLES[quantity].title,
      y: { label: TITLES[quantity].label },
      verticals: [{ value: CRITICAL_TEMPERATURE, label: "T_c" }],
      series: sides.flatMap((side, k): Series[] => {
        const own = at(list, side);
        const x = own.map(({ temperature }) => temperature);
        const ink = scaleInk(k, sides.length);
        return [
          { name: `L = ${formatSetting(side)}, truth`, ink, draw: "line", x, y: own.map(({ truth }) => truth.value) },
          {
            name: `L = ${formatSetting(side)}, learned`,
            ink,
            draw: "points",
            x,
            ...ends(own.map(({ learned }) => learned)),
          },
        ];
      }),
    };
  });
  return chart({
    id: "temperatures",
    title: "Through the critical temperature",
    caption: html`Of the infinite lattice ⟨|m|⟩ vanishes at T_c, where χ diverges and curves of U cross. One set of class densities for each size serves all temperatures.`,
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
export function slopes({ slopes }: Data): Html | false {
  const { sides, learned, truth, paper } = slopes;
  if (sides.length < 2) return false;
  const x = [...sides];
  return chart({
    id: "slopes",
    title: "Slope of the Binder cumulant at the critical temperature",
    caption: html`|dU/dT| from polynomials in T through the temperatures of the run (of a degree two below their number, one to three) at T_c; it grows like L to the power 1/ν.`,
    alt: "Slope of the Binder cumulant at the critical temperature against the side on logarithmic axes",
    x: { label: "side L [spins]", log: 2, ticks: x },
    y: { label: "|dU/dT|", log: 10 },
    panels: [
      {
        series: [
          { ...TRUTH, draw: "line+points", width: 3, x, ...ends(truth) },
          { ...LOOKS.paper, name: "Paper, learned", draw: "points", hollow: true, x, y: [...paper] },
          { ...LEARNED, draw: "points", x, ...ends(learned) },
        ],
      },
    ],
    height: 280,
  });
}

/** Quantities scaled with the exact exponents: all sizes on one curve. */
export function collapse({ quantities, temperatures }: Data): Html | false {
  if (temperatures.length < 2) return false;
  const panel = (quantity: "abs_m" | "chi", power: number, label: string): Panel => {
    const list = quantities[quantity];
    const sides = [...new Set(list.map(({ side }) => side))].filter((side) => at(list, side).length > 1);
    return {
      title: TITLES[quantity].title,
      y: { label, log: 10 },
      series: sides.map((side, k): Series => {
        const own = at(list, side);
        const scale = side ** power;
        return {
          name: `L = ${formatSetting(side)}`,
          ink: scaleInk(k, sides.length),
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
    caption: html`Learned quantities of all sizes and temperatures, scaled: they fall on one curve where the size is large beside the lattice constant.`,
    alt: "Scaled order and susceptibility of learned equations against scaled distance from the critical temperature, all sizes on one curve",
    x: { label: "(T − T_c) L" },
    y: { label: "" },
    panels: [panel("abs_m", 1 / 8, "⟨|m|⟩ L^(1/8)"), panel("chi", -7 / 4, "χ L^(−7/4)")],
    columns: 2,
    height: 280,
    shareY: false,
  });
}
