/** One curve of a thumbnail; `bold` for a prediction, drawn in our colour over the wide grey lines of what it is compared with. */
export interface Stroke {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
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
  const points = ordered.map(({ x, y }) => {
    const step = Math.max(1, (x.length - 1) / (POINTS - 1));
    const picked = Array.from({ length: Math.min(x.length, POINTS) }, (_, i) => Math.round(i * step));
    return picked.map((i) => [x[i]!, y[i]!] as const).filter((point) => point.every(Number.isFinite));
  });
  const all = points.flat();
  const bounds = (axis: 0 | 1): [number, number] => [
    Math.min(...all.map((point) => point[axis])),
    Math.max(...all.map((point) => point[axis])),
  ];
  const [x, y] = [bounds(0), bounds(1)];
  const scale = (value: number, [low, high]: [number, number], size: number) =>
    MARGIN + ((value - low) / (high - low || 1)) * (size - 2 * MARGIN);
  const paths = points.map((curve, i) => {
    const at = curve.map((p) => `${scale(p[0], x, WIDTH).toFixed(1)},${(HEIGHT - scale(p[1], y, HEIGHT)).toFixed(1)}`);
    const look = ordered[i]!.bold ? 'stroke="#1677c2" stroke-width="2.5"' : 'stroke="#9aa2ad" stroke-width="7"';
    return curve.length > 1 ? `<polyline points="${at.join(" ")}" ${look}/>` : "";
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" fill="none" stroke-linejoin="round">${paths.join("")}</svg>`;
}
