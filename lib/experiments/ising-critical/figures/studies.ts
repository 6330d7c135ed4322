/** Kinetics, and what was compared for one seed: times of LocalRelax, temperatures alone, equations of other sizes, trajectories. */
import { chart } from "../../../report/chart.ts";
import { LOOKS, TRUE } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { htmlTable } from "../../../report/table.ts";
import type { CriticalReportData as Data } from "../data.ts";

/** Correlation time of m against the size. */
export function kinetics({ kinetics, T, exponents }: Data): Html | false {
  const { sides, learned, direct } = kinetics;
  if (sides.length < 2) return false;
  const x = [...sides];
  const ends = (list: Data["kinetics"]["learned"]) => ({
    y: list.map(({ value }) => value),
    low: list.map(({ low }) => low),
    high: list.map(({ high }) => high),
  });
  const z = exponents.filter(({ name }) => name.startsWith("z,"));
  return chart({
    id: "kinetics",
    title: "Correlation time of the magnetization",
    caption: html`Integral of the autocorrelation of <i>m</i> at T = ${formatSetting(T)}: of the learned equations, from their Fokker–Planck operator, and of Glauber dynamics, simulated from equilibrium. The stationary law of an equation whose drift and noise are the conditional means of the true ones is right whatever else matters for the dynamics; its kinetics are not: what (<i>m</i>, <i>ρ</i>) forget is left out, and a reversible dynamics that is projected so can only become faster. ${z.map(({ name, learned }, k) => html`${k > 0 && ", "}${name}: ${formatNumber(learned.value, 3)}`)} (literature: 2.17).`,
    alt: "Correlation time of the magnetization against the side on logarithmic axes, learned and directly simulated",
    x: { label: "side L [spins]", log: 2, ticks: x },
    y: { label: "correlation time [sweeps]", log: 10 },
    panels: [
      {
        series: [
          { ...TRUE, name: "Direct simulation", draw: "line+points", width: 3, x, ...ends(direct) },
          { ...LOOKS.compensator, name: "Learned", draw: "points", x, ...ends(learned) },
        ],
      },
    ],
    height: 300,
  });
}

/** Deviations of laws that lattices made of half as large ones teach. */
export function relaxTimes({ relaxTimes }: Data): Html | false {
  if (!relaxTimes || relaxTimes.rows.length === 0) return false;
  const { side, rows } = relaxTimes;
  return htmlTable(
    rows,
    [
      { label: "LocalRelax", unit: "sweeps", header: true, cell: ({ time }) => formatSetting(time) },
      { label: "⟨|m|⟩ off by", unit: "%", cell: ({ absM }) => 100 * absM, format: (x) => formatNumber(x, 2) },
      { label: "χ off by", unit: "%", cell: ({ chi }) => 100 * chi, format: (x) => formatNumber(x, 2) },
      { label: "U off by", cell: ({ binder }) => binder, format: (x) => formatNumber(x, 2) },
    ],
    html`How long LocalRelax has to be, from small lattices alone: lattices of ${side} × ${side} spins made of lattices half as large, relaxed in patches half as large, teach an equation whose stationary law is compared with that which true lattices of ${side} × ${side} teach. Both are sampled, by about the deviations of the last rows.`,
  );
}

/** Other ways to the same laws. */
export function others({ others }: Data): Html | false {
  if (others.length === 0) return false;
  return htmlTable(
    others,
    [
      { label: "Way", header: true, cell: ({ way }) => way },
      { label: "L", cell: ({ side }) => formatSetting(side) },
      { label: "T", unit: "J/k_B", cell: ({ temperature }) => formatSetting(temperature) },
      { label: "⟨|m|⟩", cell: ({ absM }) => absM, format: (x) => formatNumber(x, 4) },
      { label: "off by", unit: "%", cell: ({ absMOff }) => 100 * absMOff, format: (x) => formatNumber(x, 2) },
      { label: "χ off by", unit: "%", cell: ({ chiOff }) => 100 * chiOff, format: (x) => formatNumber(x, 2) },
      { label: "U off by", cell: ({ binderOff }) => binderOff, format: (x) => formatNumber(x, 2) },
    ],
    html`First seed. Alone: learned from the lattices of this temperature alone, a fifth of the data where there are five. From another size: the equation of smaller lattices, whose drift and n σσᵀ are taken over. Trajectories: means over time of Heun’s scheme from the stationary law, with the step of the run and half of it; they have to agree with the grid. Deviations are from cluster simulation.`,
  );
}
