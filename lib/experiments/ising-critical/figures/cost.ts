/** What the equation of every size costs, beside direct simulation. */
import { chart } from "../../../report/chart.ts";
import { LOOKS } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting } from "../../../report/number.ts";
import type { CriticalReportData as Data } from "../data.ts";

/** Attempts to flip a spin against the side. */
export function cost({ costs, T }: Data): Html | false {
  if (costs.length === 0) return false;
  const x = costs.map(({ side }) => side);
  return chart({
    id: "cost-by-side",
    title: "Cost against the size",
    caption: html`Attempts to flip a spin for the equations of one size, all seeds, and for direct simulations that know ⟨|m|⟩ at T = ${formatSetting(T)} as well, where such were made. The latter slow down at the critical temperature, as correlations live longer the larger the lattice.`,
    alt: "Attempts to flip a spin against the side of the lattice, for learning and for direct simulation",
    x: { label: "side L [spins]", log: 2, ticks: x },
    y: { label: "attempts", log: 10 },
    panels: [
      {
        series: [
          {
            ...LOOKS.paper,
            name: "Direct (Glauber), ⟨|m|⟩ as well known",
            draw: "line+points",
            x,
            y: costs.map(({ direct }) => direct),
          },
          { ...LOOKS.compensator, name: "Learning", draw: "line+points", x, y: costs.map(({ learn }) => learn) },
        ],
      },
    ],
    height: 260,
  });
}
