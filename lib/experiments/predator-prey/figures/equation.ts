/** Figures of the learned drift and diffusion beside model-free estimates of both. */

import { chart, type Panel, type Series } from "../../../report/chart.ts";
import { arrowScale, spreadOut } from "../../../report/figures/arrows.ts";
import { LOOKS, TRUTH } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber } from "../../../report/number.ts";
import type { PredatorPreyReportData as Data } from "../report.ts";

export function driftField(data: Data): Html | false {
  if (!data.driftField || data.driftField.u.length === 0) return false;
  const { u, v, learned, measured } = data.driftField;
  const kept = spreadOut(u, v);
  const pick = (values: number[]) => kept.map((i) => values[i]!);
  const arrows = ({ du, dv }: { du: number[]; dv: number[] }) =>
    ({ draw: "arrows", x: pick(u), y: pick(v), dx: pick(du), dy: pick(dv) }) as const;
  const series: Series[] = [
    { name: "Measured, without a model", ...TRUTH, width: 3.5, ...arrows(measured) },
    { name: LOOKS.compensator.name, ink: LOOKS.compensator.ink, width: 1.5, ...arrows(learned) },
  ];
  const scale = arrowScale(series);
  return chart({
    id: "drift-field",
    title: "Drift of the mean populations",
    caption: html`Drift of (mean <i>u</i>, mean <i>v</i>) at states of the sampled region${kept.length < u.length && html` (${kept.length} of ${u.length}, set apart)`}: of the learned equation (thin) on top of the mean change in bins of the data (thick). An arrow
leads as far as its drift carries the state in ${formatNumber(scale, 2)} units of time; the two should point the same way and be equally long.`,
    alt: "Arrows of the learned drift over arrows of the measured drift in the plane of mean prey and mean predator",
    x: { label: "mean u" },
    y: { label: "mean v" },
    height: 480,
    maxPoints: Math.max(kept.length, 2),
    arrows: { dx: "drift of mean u [1/time]", dy: "drift of mean v [1/time]", scale },
    panels: [{ series }],
  });
}

export function kramersMoyal(data: Data): Html {
  const panels = data.kramersMoyal.map(
    ({ quantity, along, unit, x, measured, corrected, low, high, learned }): Panel => ({
      title: quantity,
      x: { label: along },
      y: { label: unit && unit !== "1" ? `[${unit}]` : "" }, // the title says of what
      series: [
        {
          name: "Measured over a finite time",
          ink: "exact",
          draw: "points",
          marker: "diamond",
          hollow: true,
          x,
          y: measured,
        },
        {
          name: "Extrapolated to zero time, 95 %",
          ink: "paper",
          draw: "points",
          marker: "circle",
          x,
          y: corrected,
          low,
          high,
        },
        { name: LOOKS.compensator.name, ink: LOOKS.compensator.ink, width: 2, x, y: learned },
      ],
    }),
  );
  return chart({
    id: "kramers-moyal",
    title: "Kramers–Moyal coefficients",
    caption: html`Mean change (drift) and covariance of the change around a local linear fit, divided by λ = <i>K</i> (diffusion), per time in bins along one variable, without a learned model: over a
finite time (open), extrapolated to zero time (filled, with bars), and the learned functions averaged over the same data (line). The line should pass through the points: the filled
ones, or between them and the open ones where it was learned over a finite time itself.`,
    alt: "Conditional drift and diffusion in bins along one variable, measured and learned",
    x: { label: "" },
    y: { label: "" },
    columns: 2,
    height: 250,
    panels,
  });
}
