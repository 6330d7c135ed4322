/** The learned drift in the plane of magnetization and domain-wall density. */

import { chart, type Series } from "../../../report/chart.ts";
import { arrowScale, spreadOut } from "../../../report/figures/arrows.ts";
import { LOOKS, TRUTH } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { LABELS } from "../observables.ts";
import type { IsingReportData as Data } from "../report.ts";

export function driftField(data: Data): Html | false {
  if (!data.driftField || data.driftField.m.length === 0) return false;
  const { patch, m, rho, driftM, driftRho } = data.driftField;
  const kept = spreadOut(m, rho);
  const pick = (values: number[]) => kept.map((i) => values[i]!);
  const arrows: Series = {
    name: LOOKS.compensator.name,
    ink: LOOKS.compensator.ink,
    width: 1.5,
    draw: "arrows",
    x: pick(m),
    y: pick(rho),
    dx: pick(driftM),
    dy: pick(driftRho),
  };
  const paths = data.cases.map(
    ({ m0, times, truth }): Series => ({
      name: "True mean trajectories",
      ...TRUTH,
      width: 3,
      detail: `m₀ = ${formatSetting(m0)}`,
      draw: "path",
      x: truth.m.mean,
      y: truth.rho.mean,
      t: times,
    }),
  );
  const scale = arrowScale([arrows]);
  return chart({
    id: "drift-field",
    title: "Learned drift and true paths",
    caption: html`Arrows: drift of (<i>m</i>, <i>ρ</i>) learned from patches of ${patch} × ${patch}, at states near training data${kept.length < m.length && html` (${kept.length} of ${m.length}, set apart)`}${data.variables.length > 2 && html`, closure variables at their mean given <i>m</i> and <i>ρ</i>`};
an arrow leads as far as its drift carries the state in ${formatNumber(scale, 2)} sweeps. Lines: true mean trajectories, with a marker at each start; they should run along the arrows. From random places walls vanish first
(downwards), then the magnetization moves to its equilibrium, where all paths end.`,
    alt: "Arrows of the learned drift in the plane of magnetization and domain-wall density, with the true mean paths from each start",
    x: { label: LABELS.m },
    y: { label: LABELS.rho },
    height: 520,
    maxPoints: Math.max(kept.length, 100),
    t: "time [sweeps]",
    arrows: { dx: "drift of m [1/sweep]", dy: "drift of ρ [1/sweep]", scale },
    panels: [{ series: [...paths, arrows] }],
  });
}
