import type { Numbers, Series } from "../chart.ts";

/** An arrow may span this part of the way to the next foot in its direction; one of twenty may go further. */
const SPAN = 0.9;
const CROWDED = 0.05;
/** Feet within 45° of its direction are in the way of an arrow. */
const AHEAD = Math.SQRT1_2;
/** How far an arrow may go where no foot is in its way, as a part of the frame. */
const FREE_WAY = 0.15;
/** Feet of arrows nearer than this part of the frame cannot be told apart. */
const NEAREST = 0.04;

function extent(numbers: readonly number[]): number {
  let [low, high] = [Infinity, -Infinity];
  for (const value of numbers) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high > low ? high - low : 1;
}

function quantile(numbers: number[], at: number): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(at * (numbers.length - 1))];
}

/**
 * One length for the arrows of all `series`: units of the axes per unit of the vectors, such that few arrows reach the
 * next foot (distances in the frame of the figure). Quadratic in the number of arrows. 1 where nothing can be drawn.
 */
export function arrowScale(series: readonly Series[]): number {
  const arrows = series.flatMap(({ x, y, dx, dy }) =>
    Array.from(x, (_, i) => [x, y, dx, dy].map((numbers) => numbers?.[i] ?? Number.NaN)).filter((arrow) =>
      arrow.every(Number.isFinite),
    ),
  );
  const width = extent(arrows.map(([x]) => x!));
  const height = extent(arrows.map(([, y]) => y!));
  const framed = arrows.map(([x, y, dx, dy]) => [x! / width, y! / height, dx! / width, dy! / height] as const);
  const scales = framed.flatMap(([x, y, dx, dy]) => {
    const length = Math.hypot(dx, dy);
    if (length === 0) return [];
    let way = FREE_WAY;
    for (const [a, b] of framed) {
      const distance = Math.hypot(a - x, b - y);
      const ahead = (a - x) * dx + (b - y) * dy >= AHEAD * distance * length;
      if (ahead && distance > 1e-9) way = Math.min(way, distance); // series share their feet
    }
    return [(SPAN * way) / length];
  });
  return quantile(scales, CROWDED) ?? 1;
}

/**
 * Which of the points to draw arrows at, where they are too many or cluster: each is kept, in order, unless one kept
 * before is too near. Points without numbers are left out.
 */
export function spreadOut(x: Numbers, y: Numbers): number[] {
  const present = Array.from(x, (_, i) => i).filter((i) => Number.isFinite(x[i]) && Number.isFinite(y[i]));
  const width = extent(present.map((i) => x[i]!));
  const height = extent(present.map((i) => y[i]!));
  const kept: number[] = [];
  for (const i of present) {
    const near = (j: number) => Math.hypot((x[i]! - x[j]!) / width, (y[i]! - y[j]!) / height) < NEAREST;
    if (!kept.some(near)) kept.push(i);
  }
  return kept;
}
