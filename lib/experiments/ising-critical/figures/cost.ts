/** What the equation of every size costs and how good it is, beside direct simulation. */
import { chart } from "../../../report/chart.ts";
import type { Panel, Series } from "../../../report/chart-spec.ts";
import { LOOKS } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting } from "../../../report/number.ts";
import type { Compared, CriticalReportData as Data } from "../data.ts";

const LEARNED = { ...LOOKS.compensator, name: "Learned", draw: "line+points" } as const;
const DIRECT = { ...LOOKS.paper, name: "Glauber dynamics, ⟨|m|⟩ as well known", draw: "line+points" } as const;

const offBy = ({ learned, truth }: Compared) => 100 * Math.abs(learned.value / truth.value - 1);
/** Half the 95 % interval of the truth, in %. */
const knownTo = ({ truth }: Compared) => (100 * (truth.high - truth.low)) / 2 / truth.value;

/** Attempts to flip a spin against the side, and deviations of ⟨|m|⟩ and χ at the temperature of the scaling beside what is known of the truth. */
export function cost({ costs, quantities, T }: Data): Html | false {
  if (costs.length === 0) return false;
  const x = costs.map(({ side }) => side);
  const deviations = (quantity: "abs_m" | "chi", title: string): Panel => {
    const own = quantities[quantity].filter(({ temperature }) => temperature === T).sort((a, b) => a.side - b.side);
    const sides = own.map(({ side }) => side);
    const curve = (look: Partial<Series> & Pick<Series, "name" | "ink">, of: (one: Compared) => number): Series => {
      return { ...look, x: sides, y: own.map(of) };
    };
    return {
      title,
      y: { label: "off by [%]", log: 10 },
      series: [
        curve({ ...LOOKS.paper, name: "Half the 95 % interval of the truth", draw: "line", dash: "dotted" }, knownTo),
        curve({ ...LEARNED, draw: "points" }, offBy),
      ],
    };
  };
  return chart({
    id: "costs-by-side",
    title: "Cost and error against the size",
    caption: html`Left: attempts to flip a spin for the equations of one size, all seeds, and for direct simulations that know ⟨|m|⟩ at T = ${formatSetting(T)} as well, where they were made. Others: how far the learned order and fluctuations are off, and how well the truth is known; points below that line are not told from zero.`,
    alt: "Attempts to flip a spin against the side, learned and by direct simulation, and deviations from the truth",
    x: { label: "side L [spins]", log: 2, ticks: x },
    y: { label: "attempts", log: 10 },
    panels: [
      {
        title: "cost",
        y: { label: "attempts", log: 10 },
        series: [
          { ...DIRECT, x, y: costs.map(({ direct }) => direct) },
          { ...LEARNED, x, y: costs.map(({ learn }) => learn) },
        ],
      },
      deviations("abs_m", "error of ⟨|m|⟩"),
      deviations("chi", "error of χ"),
    ],
    columns: 3,
    height: 260,
    shareY: false,
  });
}
