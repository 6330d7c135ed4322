/** Figures of the learned drift and diffusion beside model-free estimates of both. */
import { driftField as arrows } from "../../../report/figures/drift-field.ts";
import { LOOKS, TRUE } from "../../../report/figures/methods.ts";
import { besideEstimates } from "../../../report/figures/model-free.ts";
import { type Html, html } from "../../../report/html.ts";
import type { PredatorPreyReportData as Data } from "../data.ts";

export function driftField({ driftField: field }: Data): Html | false {
  if (!field || field.u.length === 0) return false;
  const { u, v, learned, measured } = field;
  return arrows(
    {
      id: "drift-field",
      title: "Drift of the mean populations",
      caption: (
        shown,
        duration,
      ) => html`Drift of (mean <i>u</i>, mean <i>v</i>) at states of the sampled region${shown}: of the learned equation (thin) on top of the mean change in bins of the data (thick). An arrow
leads as far as its drift carries the state in ${duration} units of time; the two should point the same way and be equally long.`,
      alt: "Arrows of the learned drift over arrows of the measured drift in the plane of mean prey and mean predator",
      x: { label: "mean u" },
      y: { label: "mean v" },
      height: 480,
    },
    { dx: "drift of mean u [1/time]", dy: "drift of mean v [1/time]" },
    { x: u, y: v },
    [
      { look: { ...TRUE, name: "Measured, without a model", width: 3.5 }, dx: measured.du, dy: measured.dv },
      { look: { ...LOOKS.compensator, width: 1.5 }, dx: learned.du, dy: learned.dv },
    ],
  );
}

export function kramersMoyal({ kramersMoyal: checks }: Data): Html {
  return besideEstimates(
    {
      id: "kramers-moyal",
      title: "Kramers–Moyal coefficients",
      caption: html`Mean change (drift) and covariance of the change around a local linear fit, divided by λ = <i>K</i> (diffusion), per time in bins along one variable, without a learned model, less the
learned functions averaged over the same data: over a finite time (open), and extrapolated to zero time (filled, with 95 % intervals). The filled points should be at zero within their bars; where an equation was
learned over a finite time itself, zero lies between them and the open ones. Titles say how large the learned function is in these bins.`,
      alt: "Conditional drift and diffusion in bins along one variable, measured less learned",
    },
    checks,
  );
}
