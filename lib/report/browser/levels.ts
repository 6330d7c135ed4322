/// <reference lib="dom" />
import uPlot from "uplot";
import type { Level } from "../chart-spec.ts";
import { color, FAMILY } from "./theme.ts";

const BAND_OPACITY = 0.1;

/** Labelled lines across the panel at values of `key`: levels of y, and vertical lines at values of x; bands under them. */
export function drawLevels(plot: uPlot, levels: readonly Level[], key: "x" | "y"): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const at = (value: number) => plot.valToPos(value, key, true);
  const [right, bottom] = [bbox.left + bbox.width, bbox.top + bbox.height];
  ctx.strokeStyle = ctx.fillStyle = color("text");
  ctx.lineWidth = ratio;
  ctx.font = `${11.5 * ratio}px ${FAMILY}`;
  ctx.textAlign = "left";
  for (const { value, label, low, high } of levels) {
    const place = at(value);
    const [from, to] = [at(low ?? Number.NaN), at(high ?? Number.NaN)];
    if (Number.isFinite(from) && Number.isFinite(to)) {
      ctx.globalAlpha = BAND_OPACITY;
      if (key === "y") ctx.fillRect(bbox.left, to, bbox.width, from - to);
      else ctx.fillRect(from, bbox.top, to - from, bbox.height);
      ctx.globalAlpha = 1;
    }
    if (!Number.isFinite(place)) continue;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(key === "y" ? bbox.left : place, key === "y" ? place : bbox.top);
    ctx.lineTo(key === "y" ? right : place, key === "y" ? place : bottom);
    ctx.stroke();
    ctx.textBaseline = key === "y" ? "bottom" : "top";
    if (key === "y") ctx.fillText(label, bbox.left + 6 * ratio, place - 2 * ratio);
    else ctx.fillText(label, place + 5 * ratio, bbox.top + 4 * ratio);
  }
  ctx.setLineDash([]);
}
