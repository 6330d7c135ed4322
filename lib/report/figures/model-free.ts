/** Learned functions beside estimates of them that need no model. */
import { chart } from "../chart.ts";
import type { Frame, Panel, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import type { Html } from "../html.ts";
import { formatNumber } from "../number.ts";
import { ZERO } from "./patch-sides.ts";

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

/**
 * A panel per quantity with what is measured less what is learned, and how large that gets: the means of bins themselves follow whatever other variables
 * do from bin to bin, and make no curve.
 */
export function besideEstimates(frame: Omit<Frame, "x" | "y">, checks: readonly Checked[]): Html {
  const panels = checks.map(({ quantity, along, unit, x, measured, corrected, low, high, learned }): Panel => {
    const less = (values: readonly number[]) => values.map((value, k) => value - learned[k]);
    const [least, most] = extent(learned.map(Math.abs));
    const size = least <= most ? `, up to ${formatNumber(most, 2)}` : "";
    const finite: Series = {
      ...{ name: "Measured over a finite time", ink: "exact", draw: "points", marker: "diamond", hollow: true },
      ...{ x, y: less(measured) },
    };
    const atZero: Series = {
      ...{ name: "Extrapolated to zero time, 95 %", ink: "paper", draw: "points" },
      ...{ x, y: less(corrected), low: less(low), high: less(high) },
    };
    return {
      title: `${quantity} along ${along}${size}`,
      x: { label: along },
      y: { label: `measured − learned${unit && unit !== "1" ? ` [${unit}]` : ""}` },
      series: [finite, atZero],
      levels: [ZERO],
    };
  });
  return chart({ columns: 2, height: 230, ...frame, x: { label: "" }, y: { label: "" }, panels });
}
