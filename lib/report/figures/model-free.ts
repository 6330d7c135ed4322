/** Learned functions beside estimates of them that need no model. */
import { chart } from "../chart.ts";
import type { Frame, Panel } from "../chart-spec.ts";
import type { Html } from "../html.ts";
import { LOOKS } from "./methods.ts";

/**
 * A drift or diffusion in bins along one variable: `measured` over a finite time, `corrected` extrapolated to zero time with its 95 %
 * interval, `learned` averaged over the same data.
 */
export interface Checked {
  quantity: string;
  along: string;
  unit: string;
  x: number[];
  measured: number[];
  corrected: number[];
  low: number[];
  high: number[];
  learned: number[];
}

/** A panel per quantity: the learned function should pass through the points. */
export function besideEstimates(frame: Omit<Frame, "x" | "y">, checks: readonly Checked[]): Html {
  const panels = checks.map(
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
        { name: "Extrapolated to zero time, 95 %", ink: "paper", draw: "points", x, y: corrected, low, high },
        { name: LOOKS.compensator.name, ink: LOOKS.compensator.ink, width: 2, x, y: learned },
      ],
    }),
  );
  return chart({ columns: 2, height: 250, ...frame, x: { label: "" }, y: { label: "" }, panels });
}
