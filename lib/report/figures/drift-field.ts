/** Drifts as arrows in the plane of two observables. */
import { chart } from "../chart.ts";
import type { Frame, Numbers, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import { type Content, type Html, html } from "../html.ts";
import { formatNumber } from "../number.ts";
import type { Look } from "./methods.ts";

/** An arrow may span this part of the way to the next foot in its direction; one of twenty may go further. */
const SPAN = 0.9;
const CROWDED = 0.05;
/** The same of slow ones, of which short ones would be seen as crosses. */
const SLOW_CROWDED = 0.1;
/** Feet within 45° of its direction are in the way of an arrow. */
const AHEAD = Math.SQRT1_2;
/** How far an arrow may go where no foot is in its way, as a part of the frame. */
const FREE_WAY = 0.15;
/** Feet of arrows nearer than this part of the frame cannot be told apart. */
const NEAREST = 0.04;
/** Arrows shorter than this part of the frame may be drawn as crosses. */
const CROSSED = 0.02;
/** Arrows shorter than this part of the frame are not seen as such, … */
const SHORT = 0.03;
/** … and are drawn longer by one round factor, of this at least, where they are more than this part of all. */
const LEAST_LONGER = 5;
const MANY = 0.2;
/** Paths keep at least so many points. */
const PATH_POINTS = 100;

function width(numbers: readonly number[]): number {
  const [low, high] = extent(numbers);
  return high > low ? high - low : 1;
}

/** Arrows as numbers, those that have all four, and the width of the frame both ways. */
function arrowsOf(series: readonly Series[]) {
  const arrows = series.flatMap(({ x, y, dx, dy }) =>
    Array.from(x, (_, i) => [x, y, dx, dy].map((numbers) => numbers?.[i] ?? Number.NaN)).filter((arrow) =>
      arrow.every(Number.isFinite),
    ),
  );
  return { arrows, across: width(arrows.map(([x]) => x)), up: width(arrows.map(([, y]) => y)) };
}

/**
 * One length for the arrows of all `series`: units of the axes per unit of the vectors, such that few arrows reach the
 * next foot, `crowded` of them at most (distances in the frame of the figure, whose widths are those of the feet unless they are given). Quadratic in the number of arrows. 1
 * where nothing can be drawn.
 */
export function arrowScale(series: readonly Series[], frame?: readonly number[], crowded = CROWDED): number {
  const { arrows, across: ownAcross, up: ownUp } = arrowsOf(series);
  const [across, up] = frame ?? [ownAcross, ownUp];
  const framed = arrows.map(([x, y, dx, dy]) => [x / across, y / up, dx / across, dy / up] as const);
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
  return scales.sort((a, b) => a - b)[Math.floor(crowded * (scales.length - 1))] ?? 1;
}

/**
 * Which of the points to draw arrows at, where they are too many or cluster: each is kept, in order, unless one kept
 * before is too near. Points without numbers are left out.
 */
export function spreadOut(x: Numbers, y: Numbers): number[] {
  const points = Array.from(x, (at, i) => ({ i, x: at ?? Number.NaN, y: y[i] ?? Number.NaN }));
  const present = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  const across = width(present.map((point) => point.x));
  const up = width(present.map((point) => point.y));
  const kept: typeof present = [];
  for (const point of present) {
    const near = (other: typeof point) => Math.hypot((point.x - other.x) / across, (point.y - other.y) / up) < NEAREST;
    if (!kept.some(near)) kept.push(point);
  }
  return kept.map(({ i }) => i);
}

/**
 * Feet in `kept` at which all arrows are too short to be seen beside the longest, and how many times as long they are drawn: the one of 1, 2 and 5 times
 * powers of ten with which they come nearest to reaching each other, and
 * the longest to the way that an arrow may go. None where they are few.
 */
function slowFeet(
  kept: readonly number[],
  { x, y }: { x: readonly number[]; y: readonly number[] },
  drifts: readonly Arrows[],
  scale: number,
): { slow: number[]; magnify: number } {
  const [across, up] = [x, y].map((along) => width(kept.map((i) => along[i])));
  const length = (i: number) =>
    scale * Math.max(...drifts.map(({ dx, dy }) => Math.hypot(dx[i] / across, dy[i] / up) || 0));
  const isShort = (i: number) => length(i) < SHORT;
  const slow = kept.filter(isShort);
  const own = drifts.map(({ look, dx, dy }): Series => {
    const pick = (values: readonly number[]) => slow.map((i) => values[i]);
    return { ...look, x: pick(x), y: pick(y), dx: pick(dx), dy: pick(dy) };
  });
  const most =
    slow.length > MANY * kept.length
      ? Math.min(arrowScale(own, [across, up], SLOW_CROWDED) / scale, FREE_WAY / Math.max(...slow.map(length)))
      : 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const off = (factor: number) => Math.abs(Math.log(factor / most));
  const magnify = [power, 2 * power, 5 * power, 10 * power].reduce((a, b) => (off(b) < off(a) ? b : a));
  return magnify >= LEAST_LONGER ? { slow, magnify } : { slow: [], magnify: 1 };
}

/** A drift at the feet of the field. */
export interface Arrows {
  look: Look;
  dx: readonly number[];
  dy: readonly number[];
}

/**
 * Arrows of drifts at the feet (`x`, `y`), set apart where they cluster, slow ones longer where they are many, over `paths`; `components` name what the arrows are, with
 * units. `caption` gets how many feet are shown, if not all ("(80 of 200, set apart)"), and for how long an arrow's drift
 * leads to its tip.
 */
export function driftField(
  frame: Omit<Frame, "caption" | "arrows"> & { caption(shown: Content, duration: string): Content },
  components: { dx: string; dy: string },
  { x, y }: { x: readonly number[]; y: readonly number[] },
  drifts: readonly Arrows[],
  paths: readonly Series[] = [],
): Html {
  const kept = spreadOut(x, y);
  const at = (feet: readonly number[]) =>
    drifts.map(({ look, dx, dy }): Series => {
      const pick = (values: readonly number[]) => feet.map((i) => values[i]);
      return { ...look, draw: "arrows", x: pick(x), y: pick(y), dx: pick(dx), dy: pick(dy) };
    });
  const scale = arrowScale(at(kept));
  const { slow, magnify } = slowFeet(kept, { x, y }, drifts, scale);
  const fast = kept.filter((i) => !slow.includes(i));
  const longer = at(slow).map(
    (one): Series => ({
      ...one,
      name: `${one.name}, ${magnify} times as long`,
      ink: one.ink === "compensator" ? "fourth" : one.ink,
      magnify,
    }),
  );
  const arrows = [...at(fast), ...(slow.length > 0 ? longer : [])];
  const shown = kept.length < x.length && html` (${kept.length} of ${x.length}, set apart)`;
  const { across, up } = arrowsOf(arrows);
  const crosses = arrows.some((one) =>
    arrowsOf([one]).arrows.some(
      ([, , dx, dy]) => scale * (one.magnify ?? 1) * Math.hypot(dx / across, dy / up) < CROSSED,
    ),
  );
  return chart({
    ...frame,
    caption: [
      frame.caption(shown, formatNumber(scale, 2)),
      slow.length > 0 && ` Where the drift is slow, arrows are drawn ${magnify} times as long.`,
      crosses && " A cross is an arrow too short to have a direction.",
    ],
    maxPoints: Math.max(kept.length, PATH_POINTS),
    arrows: { ...components, scale },
    panels: [{ series: [...paths, ...arrows] }],
  });
}
