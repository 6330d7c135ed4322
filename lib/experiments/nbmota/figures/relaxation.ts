/** The relaxation from disorder at several sizes, and how its spread falls. */
import { chart } from "../../../report/chart.ts";
import type { Axis, Panel, Series } from "../../../report/chart-spec.ts";
import { LOOKS } from "../../../report/figures/methods.ts";
import { noiseSeries } from "../../../report/figures/noise-band.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../../report/number.ts";
import { scaleInk } from "../../../report/palette.ts";
import type { CourseLaw, NbMoTaReportData as Data } from "../data.ts";
import { DIRECT, LEARNED } from "./equilibrium.ts";

const band = ({ mean, std }: CourseLaw): Pick<Series, "y" | "low" | "high" | "interval"> => ({
  y: mean,
  interval: "std",
  low: mean.map((value, k) => value - std[k]),
  high: mean.map((value, k) => value + std[k]),
});

const UNITS = [
  ["s", 1],
  ["ms", 1e-3],
  ["µs", 1e-6],
  ["ns", 1e-9],
  ["ps", 1e-12],
] as const;

/** The times in the unit in which the last is a number above one. */
function timeAxis(courses: Data["courses"]): { axis: Axis; timesOf(one: Data["courses"][number]): number[] } {
  const last = Math.max(...courses.flatMap(({ times }) => times.slice(-1)));
  const [unit, size] = UNITS.find(([, size]) => last >= size) ?? UNITS[0];
  return { axis: { label: `time [${unit}]` }, timesOf: ({ times }) => times.map((time) => time / size) };
}

/** δ_TaTa, mean ± standard deviation: a panel for each size that is simulated directly too, then all sizes in one. */
export function relaxation({ courses, T }: Data): Html {
  if (courses.length === 0) return html``;
  const { axis, timesOf } = timeAxis(courses);
  const together: Panel = {
    title: courses.length > 1 ? "all sizes, learned" : "",
    series: courses.map((one, k): Series => {
      const name = `${formatSetting(one.atoms)} atoms`;
      return { name, ink: scaleInk(k, courses.length), x: timesOf(one), ...band(one.learned) };
    }),
  };
  const compared = courses.flatMap((one): Panel[] => {
    if (!one.direct) return [];
    const x = timesOf(one);
    return [
      {
        title: `${formatSetting(one.atoms)} atoms`,
        series: [
          { ...DIRECT, x, ...band(one.direct) },
          { ...LEARNED, x, ...band(one.learned) },
        ],
      },
    ];
  });
  return chart({
    id: "relaxation",
    title: `Relaxation from disorder at ${formatSetting(T)} K`,
    caption: html`δ of Ta and Ta, mean ± standard deviation over runs, first seed. An equation of its own, learned at this temperature from lattices on their way and from others near equilibrium, serves all sizes: the mean is the same, the band shrinks. Where a size is simulated directly too its law stands behind, in a panel of its own. The variables do not determine their own future in lattices with one vacancy for every 1,024 atoms, as the surroundings of that vacancy are not among them: that may make the way to equilibrium less right than equilibrium itself.`,
    alt: "Mean and standard deviation of the order parameter of Ta and Ta over time for several numbers of atoms",
    x: axis,
    y: { label: "δ of Ta and Ta" },
    panels: [...compared, together],
    columns: compared.length > 1 ? 3 : 2,
    height: 260,
  });
}

/** Learned minus direct mean of δ_TaTa, over what chance makes of it. */
export function relaxationErrors({ courses }: Data): Html {
  if (courses.length === 0) return html``;
  const { axis, timesOf } = timeAxis(courses);
  const panels = courses.flatMap((one): Panel[] => {
    const { learned, direct } = one;
    if (!direct) return [];
    const x = timesOf(one);
    const difference: Series = { ...LEARNED, x, y: learned.mean.map((value, t) => value - direct.mean[t]) };
    return [{ title: `${formatSetting(one.atoms)} atoms`, series: [noiseSeries(x, direct, learned), difference] }];
  });
  const runs = courses.flatMap(({ direct }) => (direct ? [formatSetting(direct.runs)] : []));
  return chart({
    id: "relaxation-error",
    title: "Error of the mean relaxation",
    caption: html`Learned minus direct mean of δ of Ta and Ta, first seed. At one time 95 % of the differences between means over as many runs (${runs.join(" and ")} direct ones) of one law lie in the grey band; what stays outside for long is an error of the equation.`,
    alt: "Learned minus direct mean order parameter of Ta and Ta over time, with the band of sampling noise",
    x: axis,
    y: { label: "mean − direct" },
    panels,
    height: 220,
    shareY: false,
  });
}

/** CSS pixels between points of one size. */
const DODGE = 9;

/** Standard deviation against the number of atoms, with the law of independent parts. */
export function spread({ spread, exponents }: Data): Html {
  const [learned] = spread;
  if (!learned || learned.atoms.length < 2) return html``;
  const looks = {
    learned: LEARNED,
    direct: DIRECT,
    paper: { ...LOOKS.paper, name: "Paper, learned", hollow: true },
  };
  const law: Series = {
    name: "n^(−1/2)",
    ink: "exact",
    dash: "dashed",
    x: learned.atoms,
    y: learned.atoms.map((n) => learned.std[0] * Math.sqrt(learned.atoms[0] / n)),
  };
  const shown = ({ value, low, high }: typeof exponents.learned) =>
    Number.isFinite(low) ? formatWithInterval({ value, low, high }) : formatNumber(value, 3);
  return chart({
    id: "spread",
    title: "Spread after the relaxation against the number of atoms",
    caption: html`Standard deviation of δ of Ta and Ta in the last quarter of the relaxation. Exponents: learned ${shown(exponents.learned)}, direct ${
      Number.isFinite(exponents.direct.value) ? shown(exponents.direct) : "not measured"
    }; independent parts give −1/2. The learned equation has that law by construction, one σσᵀ over n for all sizes, and starts spread like it: what shows that it is right is direct simulation.`,
    alt: "Standard deviation against the number of atoms on logarithmic axes",
    x: { label: "atoms", log: 2, ticks: [...new Set(spread.flatMap(({ atoms }) => atoms))].sort((a, b) => a - b) },
    y: { label: "standard deviation", log: 10 },
    panels: [
      {
        series: [
          law,
          ...spread.map(({ name, atoms, std, low, high }, k): Series => {
            const dodge = (k - (spread.length - 1) / 2) * DODGE;
            return { ...looks[name], draw: "points", dodge, x: atoms, y: std, ...(low && { low, high }) };
          }),
        ],
      },
    ],
    height: 280,
  });
}
