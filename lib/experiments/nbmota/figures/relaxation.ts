/** The relaxation from disorder at several sizes, and how its spread falls. */
import { chart } from "../../../report/chart.ts";
import type { Panel, Series } from "../../../report/chart-spec.ts";
import { LOOKS, TRUE } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../../report/number.ts";
import type { NbMoTaReportData as Data } from "../data.ts";
import { LEARNED } from "./equilibrium.ts";

const band = ({ mean, std }: { mean: number[]; std: number[] }) => ({
  y: mean,
  interval: "std" as const,
  low: mean.map((value, k) => value - std[k]),
  high: mean.map((value, k) => value + std[k]),
});

/** δ_TaTa, mean ± standard deviation: all sizes in one frame, then a panel each. */
export function relaxation({ courses, T }: Data): Html {
  const inks = ["fourth", "third", "second", "first"] as const;
  const together: Panel = {
    title: "all sizes",
    series: courses.map(({ atoms, times, learned }, k) => ({
      name: `${formatSetting(atoms)} atoms`,
      ink: inks[Math.min(k, inks.length - 1)],
      x: times,
      ...band(learned),
    })),
  };
  const each = courses.map(
    ({ atoms, times, learned, direct }): Panel => ({
      title: `${formatSetting(atoms)} atoms`,
      series: [
        ...(direct ? [{ ...TRUE, name: "Direct simulation", x: times, ...band(direct) } satisfies Series] : []),
        { ...LEARNED, x: times, ...band(learned) },
      ],
    }),
  );
  return chart({
    id: "relaxation",
    title: `Relaxation from disorder at ${formatSetting(T)} K`,
    caption: html`δ of Ta and Ta, mean ± standard deviation over runs, first seed. An equation of its own, learned at this temperature from lattices on their way and from others near equilibrium, serves all sizes: the mean is the same, the band shrinks. Where a size is simulated directly too its law stands behind. The variables do not determine their own future in lattices with one vacancy for every 1,024 atoms, as the surroundings of that vacancy are not among them: that may make the way to equilibrium less right than equilibrium itself.`,
    alt: "Mean and standard deviation of the order parameter of Ta and Ta over time for several numbers of atoms",
    x: { label: "time [s]" },
    y: { label: "δ of Ta and Ta" },
    panels: [together, ...each],
    columns: 2,
    height: 240,
  });
}

/** Standard deviation against the number of atoms, with the law of independent parts. */
export function spread({ spread, exponents }: Data): Html {
  const [learned] = spread;
  if (!learned || learned.atoms.length < 2) return html``;
  const looks = {
    learned: LEARNED,
    direct: { ...TRUE, name: "Direct simulation", width: 2 },
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
          ...spread.map(({ name, atoms, std, low, high }): Series => {
            return { ...looks[name], draw: "points", x: atoms, y: std, ...(low && { low, high }) };
          }),
        ],
      },
    ],
    height: 280,
  });
}
