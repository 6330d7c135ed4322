import { comparisonTable } from "../../report/figures/comparison.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { ifAny, report } from "../../report/report.ts";
import type { Stroke } from "../../report/thumbnail.ts";
import type { CriticalReportData } from "./data.ts";
import * as scaling from "./figures/scaling.ts";
import * as studies from "./figures/studies.ts";

/** The key numbers: worst deviations, exponents. */
function headline({ worst, exponents, patch, T }: CriticalReportData): Html | null {
  if (!worst) return null;
  const said = exponents
    .filter(({ exact }) => exact !== null)
    .map(
      ({ name, learned, exact }, k) =>
        html`${k > 0 && ", "}${name} = <strong>${formatNumber(learned.value, 3)}</strong> (exact ${formatSetting(exact ?? Number.NaN)})`,
    );
  return html`Equations learned from patches of ${patch} × ${patch} spins have the stationary laws of critical lattices: over all sizes from 32 on and all temperatures ⟨|m|⟩ is off by <strong>${formatNumber(100 * worst.absM, 2)} %</strong> at most, χ by <strong>${formatNumber(100 * worst.chi, 2)} %</strong>, the Binder cumulant by <strong>${formatNumber(worst.binder, 2)}</strong>. Fits at T = ${formatSetting(T)} give ${said}.`;
}

function method({ patch, temperatures }: CriticalReportData): Html {
  return html`<p>Lattices of ${patch} × ${patch} spins in equilibrium at ${temperatures.length} temperatures are made larger level by level: every spin becomes a square of equal spins, and the true dynamics runs in overlapping patches of ${patch} × ${patch} (LocalRelax) until local order is as it should be. At such lattices the rates of all flips are known. A spin has one of ten classes, up or down with 0 … 4 up neighbours; each has one rate. What is learned are the mean numbers of spins of each class given magnetization <i>m</i> and domain-wall density <i>ρ</i>: in equilibrium they are the same at all temperatures, as the weight of a lattice depends on (<i>m</i>, <i>ρ</i>) alone. With the rates of a temperature they are its drift and diffusion. Stationary laws are those of the Fokker–Planck equation on a grid, without sampling error. λ = K throughout, and no number was chosen by looking at the truth.</p>`;
}

function sections(data: CriticalReportData): Section[] {
  return [
    {
      id: "temperature",
      title: "Through the critical temperature",
      body: ifAny([data.quantities.binder], [scaling.temperatures(data), scaling.slopes(data), scaling.collapse(data)]),
    },
    { id: "kinetics", title: "Kinetics", body: studies.kinetics(data) },
    {
      id: "training",
      title: "What the training needs",
      body: ifAny([data.relaxTimes?.rows ?? [], data.others], [studies.relaxTimes(data), studies.others(data)]),
    },
    {
      id: "comparison",
      title: "All numbers",
      body: ifAny(
        [data.comparison],
        [
          comparisonTable(
            data.comparison,
            "The paper’s values, cluster simulation (as “Exact”, which it is but for its sampling) and this run.",
          ),
        ],
      ),
    },
  ];
}

function strokes({ quantities }: CriticalReportData): Stroke[] {
  const sides = [...new Set(quantities.binder.map(({ side }) => side))];
  return sides.flatMap((side): Stroke[] => {
    const own = quantities.binder.filter((one) => one.side === side).sort((a, b) => a.temperature - b.temperature);
    if (own.length < 2) return [];
    const x = own.map(({ temperature }) => temperature);
    return [
      { x, y: own.map(({ truth }) => truth.value) },
      { x, y: own.map(({ learned }) => learned.value), bold: true },
    ];
  });
}

/** The report of the critical Ising experiment as one HTML document. Missing numbers leave gaps, they do not throw. */
export function criticalReport(data: CriticalReportData): string {
  const { result, command, patch } = data;
  return report({
    result,
    command,
    title: "Critical 2D Ising model: finite-size scaling learned from patches",
    subject: html`Glauber dynamics without a field, patches of ${patch} × ${patch} spins`,
    paperSection: "3.4",
    lead: headline(data),
    summary: [method(data), scaling.scaling(data)],
    sections: sections(data),
    strokes: strokes(data),
  });
}
