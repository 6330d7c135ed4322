import type { Numbers } from "./chart-spec.ts";
import { extent } from "./extent.ts";

/** One curve of a thumbnail; `bold` for a prediction, drawn in our colour over the wide grey lines of what it is compared with. */
export interface Stroke {
  x: Numbers;
  y: Numbers;
  bold?: boolean;
}

const WIDTH = 480;
const HEIGHT = 200;
const MARGIN = 6;
const POINTS = 90;

/**
 * Curves as a small SVG without axes, for the gallery. Middle tones only, legible on light and dark paper. Curves share
 * one range; points without a number are left out.
 */
export function thumbnail(strokes: readonly Stroke[]): string {
  const ordered = strokes.toSorted((a, b) => Number(a.bold ?? false) - Number(b.bold ?? false)); // predictions on top
  const curves = ordered.map(({ x, y, bold }) => {
    const step = Math.max(1, (x.length - 1) / (POINTS - 1));
    const picked = Array.from({ length: Math.min(x.length, POINTS) }, (_, i) => Math.round(i * step));
    const points = picked.map((i) => [x[i] ?? Number.NaN, y[i] ?? Number.NaN] as const);
    return { bold, points: points.filter((point) => point.every(Number.isFinite)) };
  });
  const all = curves.flatMap(({ points }) => points);
  const [across, up] = [extent(all.map(([x]) => x)), extent(all.map(([, y]) => y))];
  const scale = (value: number, [low, high]: [number, number], size: number) =>
    MARGIN + ((value - low) / (high - low || 1)) * (size - 2 * MARGIN);
  const lines = curves.map(({ bold, points }) => {
    const at = points.map(
      ([x, y]) => `${scale(x, across, WIDTH).toFixed(1)},${(HEIGHT - scale(y, up, HEIGHT)).toFixed(1)}`,
    );
    const look = bold ? 'stroke="#1677c2" stroke-width="2.5"' : 'stroke="#9aa2ad" stroke-width="7"';
    return at.length > 1 ? `<polyline points="${at.join(" ")}" ${look}/>` : "";
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" fill="none" stroke-linejoin="round">${lines.join("")}</svg>`;
}
