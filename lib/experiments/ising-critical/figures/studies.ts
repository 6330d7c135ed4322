/** Kinetics, times of LocalRelax, and what was simulated. */
import { chart } from "../../../report/chart.ts";
import { LOOKS, TRUE } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { htmlTable } from "../../../report/table.ts";
import { STRUCTURES } from "../../../systems/ising-classes.ts";
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
    id: "correlation-time",
    title: "Correlation time of the magnetization",
    caption: html`Integral of the autocorrelation of <i>m</i> at T = ${formatSetting(T)}: of the learned equations, from their Fokker–Planck operator, and of Glauber dynamics, simulated from equilibrium. The stationary law of an equation whose drift and noise are the conditional means of the true ones is right whatever else matters for the dynamics; its kinetics are not: what (<i>m</i>, <i>ρ</i>) forget is left out, and a reversible dynamics that is projected so can only become faster. With noise that has no power of L but n, the correlation time grows like χ, z = γ/ν = 1.75, the conventional theory (L. Van Hove, Phys. Rev. 95, 1374 (1954)). ${z.map(({ name, learned }, k) => html`${k > 0 && ", "}${name}: ${formatNumber(learned.value, 3)}`)} (literature: 2.17).`,
    alt: "Correlation time of the magnetization against the side on logarithmic axes, learned and directly simulated",
    x: { label: "side L [spins]", log: 2, ticks: x },
    y: { label: "correlation time [sweeps]", log: 10 },
    panels: [
      {
        series: [
          { ...TRUE, name: "Direct simulation, 95 %", x, ...ends(direct) },
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
      ...STRUCTURES.map((name, j) => ({
        label: name,
        cell: ({ structures }: (typeof rows)[number]) => structures[j],
      })),
      { label: "⟨|m|⟩ off by", unit: "%", cell: ({ absM }) => 100 * absM, format: (x) => formatNumber(x, 2) },
      { label: "χ off by", unit: "%", cell: ({ chi }) => 100 * chi, format: (x) => formatNumber(x, 2) },
      { label: "U off by", cell: ({ binder }) => binder, format: (x) => formatNumber(x, 2) },
    ],
    html`How long LocalRelax has to be, from small lattices alone: lattices of ${side} × ${side} spins made of lattices half as large, relaxed in patches half as large, beside true ones of ${side} × ${side}. First what the drift needs: correlations of second and third neighbours and of plaquettes, mean deviation at equal <i>m</i> and <i>ρ</i>, in units of the spread that lattices have there, with its 95 % interval. Then the stationary law that such lattices teach beside that which the true ones teach; both are sampled, by about the deviations of the last rows. Larger lattices get longer times, like the power 3/2 of their side: the drift that counts there is smaller, like |m| over the correlation time.`,
  );
}

/** What was simulated, and on which systems; λ. */
export function costs({ costs, patch }: Data): Html | false {
  if (costs.length === 0) return false;
  const many = (x: number) => formatNumber(x, 2);
  return htmlTable(
    costs,
    [
      { label: "L", header: true, cell: ({ side }) => formatSetting(side) },
      { label: "λ = K", cell: ({ K }) => formatSetting(K) },
      { label: "λ, paper", cell: ({ lambda }) => lambda, format: formatSetting },
      { label: `small lattices, ${patch} × ${patch}`, cell: ({ small }) => small, format: many },
      { label: `LocalRelax, patches of ${patch} × ${patch}`, cell: ({ relax }) => relax, format: many },
      { label: "looks, the same patches between", cell: ({ looks }) => looks, format: many },
      { label: "all seeds", cell: ({ learn }) => learn, format: many },
      { label: "direct, ⟨|m|⟩ as well known", cell: ({ direct }) => direct, format: many },
    ],
    html`Attempts to flip a spin: of one seed by phase, of all seeds together, and of Glauber dynamics of whole lattices from equilibrium on whose 95 % interval of ⟨|m|⟩ is as wide as that over the seeds. No dynamics that teaches an equation runs on more than ${patch} × ${patch} spins at once. Small lattices come to equilibrium by flips of clusters here; where there are none, as for most systems, they take a few hundred times as many attempts of the dynamics, which is still little beside the rest for large lattices. A simulator that flips clusters is cheaper than either column. λ is K, the number of patches, as theory says; the paper set it by hand for each size and temperature so that the law of <i>m</i> agrees with the true one (its values at T = 2.27).`,
  );
}
