/** What learning costs beside direct simulation, against the number of atoms. */
import { chart } from "../../../report/chart.ts";
import { LOOKS } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { learningJumps } from "../costs.ts";
import type { NbMoTaReportData as Data } from "../data.ts";

export function cost({ costs }: Data): Html | false {
  const { direct } = costs;
  if (direct.length < 2) return false;
  const x = direct.map(({ atoms }) => atoms);
  return chart({
    id: "cost-by-atoms",
    title: "Cost against the number of atoms",
    caption: html`Jumps of vacancies to learn the equation of one seed, and of direct simulations: of one lattice that is taken through all temperatures of the comparison, and of as many states there as give standard deviations to 2 %. Where the lines cross learning pays for itself; the equation that is learned once serves all sizes.`,
    alt: "Jumps against the number of atoms: learning, one lattice, and standard deviations to 2 percent",
    x: { label: "atoms", log: 2, ticks: x },
    y: { label: "jumps", log: 10 },
    panels: [
      {
        series: [
          {
            ...LOOKS.small,
            name: "Direct, standard deviations to 2 %",
            draw: "line",
            x,
            y: direct.map(({ std }) => std),
          },
          {
            ...LOOKS.paper,
            name: "Direct, a single lattice",
            draw: "line",
            x,
            y: direct.map(({ lattice }) => lattice),
          },
          {
            ...LOOKS.increment,
            name: "Learning, once for all sizes",
            draw: "line",
            x,
            y: x.map(() => learningJumps(costs)),
          },
        ],
      },
    ],
    height: 280,
  });
}
