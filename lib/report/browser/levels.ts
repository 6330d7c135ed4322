/// <reference lib="dom" />
import uPlot from "uplot";
import type { ChartData, PlottedSeries } from "../chart-data.ts";
import type { Level } from "../chart-spec.ts";
import { type Box, freePlace, type Point } from "./label-place.ts";
import { place } from "./marks.ts";
import { color, FAMILY } from "./theme.ts";

const BAND_OPACITY = 0.1;
/** Labels: their size, their distance from the edge of the frame and from the line, the halo that keeps them apart from curves, CSS pixels. */
const [LABEL, SMALL_LABEL, EDGE, GAP, HALO] = [11.5, 8, 5, 3, 3];
/** Labels of levels try so many places along the line. */
const PLACES = 9;
/** Distance of the points by which curves and bars are kept clear of labels, CSS pixels. */
const STEP = 3;

/** Lines across the panel at values of `key`: levels of y, and vertical lines at values of x; bands under them. */
export function drawLevels(plot: uPlot, levels: readonly Level[], key: "x" | "y"): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const at = (value: number) => plot.valToPos(value, key, true);
  const [right, bottom] = [bbox.left + bbox.width, bbox.top + bbox.height];
  ctx.strokeStyle = ctx.fillStyle = color("text");
  ctx.lineWidth = ratio;
  for (const { value, low, high } of levels) {
    const line = at(value);
    const [from, to] = [at(low ?? Number.NaN), at(high ?? Number.NaN)];
    if (Number.isFinite(from) && Number.isFinite(to)) {
      ctx.globalAlpha = BAND_OPACITY;
      if (key === "y") ctx.fillRect(bbox.left, to, bbox.width, from - to);
      else ctx.fillRect(from, bbox.top, to - from, bbox.height);
      ctx.globalAlpha = 1;
    }
    if (!Number.isFinite(line)) continue;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(key === "y" ? bbox.left : line, key === "y" ? line : bbox.top);
    ctx.lineTo(key === "y" ? right : line, key === "y" ? line : bottom);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

/** Writes the labels of `levels` and `verticals` beside their lines, where the fewest marks of the `shown` series are, and inside the frame. */
export function drawLabels(
  plot: uPlot,
  { levels, verticals }: { readonly levels: readonly Level[]; readonly verticals: readonly Level[] },
  shown: readonly PlottedSeries[],
  columns: ChartData["columns"],
): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const frame = { left: bbox.left, top: bbox.top, right: bbox.left + bbox.width, bottom: bbox.top + bbox.height };
  const lines = [
    ...verticals.map((line) => ({ ...line, key: "x" as const })),
    ...levels.map((line) => ({ ...line, key: "y" as const })),
  ];
  const labelled = lines.filter(({ label, value, key }) => label !== "" && isInside(plot, key, value));
  if (labelled.length === 0) return;
  const points = shown.flatMap((series) => pointsOf(plot, series, columns));
  const taken: Box[] = [];
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  for (const { label, value, key } of labelled) {
    ctx.font = `${LABEL * ratio}px ${FAMILY}`;
    const full = ctx.measureText(label).width;
    const size = Math.max(SMALL_LABEL, Math.min(LABEL, (LABEL * (bbox.width - 2 * EDGE * ratio)) / full));
    ctx.font = `${size * ratio}px ${FAMILY}`;
    const [width, height] = [(full * size) / LABEL, 1.2 * size * ratio];
    const line = plot.valToPos(value, key, true);
    const places = key === "y" ? alongLevel(frame, line, width, height) : besideVertical(frame, line, width, height);
    const best = freePlace(places, frame, points, taken) ?? places[0];
    taken.push(best);
    const middle = (best.top + best.bottom) / 2;
    ctx.strokeStyle = color("paper");
    ctx.lineWidth = HALO * ratio;
    ctx.strokeText(label, best.left, middle);
    ctx.fillStyle = color("text");
    ctx.fillText(label, best.left, middle);
  }
}

function isInside(plot: uPlot, key: "x" | "y", value: number): boolean {
  const { min = Number.NaN, max = Number.NaN } = plot.scales[key];
  return value >= min && value <= max;
}

/** From left to right above the line, then below it. */
function alongLevel(frame: Box, line: number, width: number, height: number): Box[] {
  const ratio = uPlot.pxRatio;
  const [first, last] = [frame.left + EDGE * ratio, frame.right - EDGE * ratio - width];
  const ends = Array.from({ length: PLACES }, (_, k) => first + (Math.max(0, last - first) * k) / (PLACES - 1));
  return [line - GAP * ratio - height, line + GAP * ratio].flatMap((top) =>
    ends.map((left) => ({ left, top, right: left + width, bottom: top + height })),
  );
}

/** Right of the line, then left of it, at the top before the bottom. */
function besideVertical(frame: Box, line: number, width: number, height: number): Box[] {
  const ratio = uPlot.pxRatio;
  const [right, left] = [line + EDGE * ratio, line - EDGE * ratio - width];
  return [frame.top + EDGE * ratio, frame.bottom - EDGE * ratio - height].flatMap((top) =>
    [right, left].map((from) => ({ left: from, top, right: from + width, bottom: top + height })),
  );
}

/** Points of a series' markers, of its bars, and of the straight lines between them. */
function pointsOf(plot: uPlot, series: PlottedSeries, columns: ChartData["columns"]): Point[] {
  const x = place(plot, columns[series.x], "x").map((at) => at + series.dodge * uPlot.pxRatio);
  const y = place(plot, columns[series.y], "y");
  const points: Point[] = x.map((at, i) => ({ x: at, y: y[i] }));
  const joined = series.draw === "line" || series.draw === "line+points" || series.draw === "path";
  const lines = joined ? points.slice(1).map((to, i) => [points[i], to]) : [];
  const bars =
    series.draw === "points" || series.draw === "line+points"
      ? [series.low, series.high].flatMap((column) =>
          place(plot, columns[column], "y").map((end, i) => [points[i], { x: x[i], y: end }]),
        )
      : [];
  const step = STEP * uPlot.pxRatio;
  const between = [...lines, ...bars].flatMap(([from, to]) => {
    const count = Math.min(1000, Math.floor(Math.hypot(to.x - from.x, to.y - from.y) / step));
    return Array.from({ length: count || 0 }, (_, k) => ({
      x: from.x + ((to.x - from.x) * (k + 1)) / (count + 1),
      y: from.y + ((to.y - from.y) * (k + 1)) / (count + 1),
    }));
  });
  return [...points, ...between].filter(({ x: left, y: top }) => Number.isFinite(left + top));
}
