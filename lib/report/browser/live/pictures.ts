/// <reference lib="dom" />
// What the frames show: runs over time, their cloud over the arrows of the drift, or where there is one variable only their histogram over its potential.
import { leverages } from "../../../method/sde/hull.ts";
import { driftValues } from "../../../method/sde/polynomial/drift.ts";
import type { LiveVariable } from "../../live-equation.ts";
import { color } from "../theme.ts";
import type { Curve, Equation } from "./equation.ts";
import { band, line, type Sheet } from "./frame.ts";
import type { Runs } from "./runs.ts";

/** What is shown now. */
export interface Scene {
  readonly equation: Equation;
  readonly runs: Runs;
  /** Of every variable that is shown. */
  readonly laws: readonly Curve[];
  /** The same of the true system; empty where it is not known. */
  readonly truth: readonly Curve[];
  /** Which of the times of the runs. */
  readonly now: number;
}

const OURS = "ink-compensator";
const TRUE = "ink-exact";
const ASTRAY = "ink-naive";
/** Runs that are drawn singly. */
export const SINGLE = [0, 1, 2];
/** Times that the tail of a run in the plane is long. */
const TAIL = 8;
/** CSS pixels of a bin of the histogram. */
const BIN = 5;

/** Mean and so many standard deviations. */
export const shifted = ({ mean, std }: Curve, sign: number) => Array.from(mean, (value, k) => value + sign * std[k]);

function pen({ ctx, ratio }: Sheet, ink: string, width: number, opacity = 1): void {
  ctx.strokeStyle = ctx.fillStyle = color(ink);
  ctx.lineWidth = width * ratio;
  ctx.globalAlpha = opacity;
  ctx.lineJoin = "round";
}

/** Mean ± standard deviation of variable `j`, some runs, and the truth behind them. */
export function overTime(sheet: Sheet, { runs, laws, truth }: Scene, j: number): void {
  const own = laws[j];
  if (truth[j]) {
    pen(sheet, TRUE, 4, 0.3);
    band(sheet, truth[j].times, shifted(truth[j], -1), shifted(truth[j], 1));
    pen(sheet, TRUE, 4.5);
    line(sheet, truth[j].times, truth[j].mean);
  }
  pen(sheet, OURS, 1, 0.18);
  band(sheet, own.times, shifted(own, -1), shifted(own, 1));
  pen(sheet, OURS, 0.8, 0.55);
  for (const r of SINGLE) line(sheet, own.times, pathOf(runs, r, j));
  pen(sheet, OURS, 1.9);
  line(sheet, own.times, own.mean);
  sheet.ctx.globalAlpha = 1;
}

/** Standard deviations alone. */
export function spreadOverTime(sheet: Sheet, { laws, truth }: Scene, j: number): void {
  if (truth[j]) {
    pen(sheet, TRUE, 4.5);
    line(sheet, truth[j].times, truth[j].std);
  }
  pen(sheet, OURS, 1.9);
  line(sheet, laws[j].times, laws[j].std);
}

/** Variable `j` of run `r` at its times, all that are known or some. */
export function pathOf({ record, runs, d, known }: Runs, r: number, j: number, first = 0, end = known): Float64Array {
  return Float64Array.from({ length: end - first }, (_, t) => record[((first + t) * runs + r) * d + j]);
}

/** The present time as an upright line. */
export function clockHand(sheet: Sheet, { runs, now }: Scene): void {
  const at = sheet.x(runs.times[now]);
  pen(sheet, "text", 1, 0.6);
  sheet.ctx.fillRect(at - sheet.ratio / 2, 0, sheet.ratio, sheet.height);
  sheet.ctx.globalAlpha = 1;
}

/** Cells of the shade across, and arrows. */
const SHADE = 72;
const ARROWS = 17;

/** The drift in the plane of the first two variables, the others where they are at these. */
export interface Field {
  /** Shade where training data do not reach. */
  readonly shade: HTMLCanvasElement;
  /** x, y, and the drift of both, within the training data. */
  readonly arrows: readonly (readonly [number, number, number, number])[];
}

/** `others`: the variables behind the first two, where the reader sets them. */
export function fieldOf(equation: Equation, [across, up]: readonly LiveVariable[], others: readonly number[]): Field {
  const grid = (count: number) => {
    const along = ({ low, high }: LiveVariable, k: number) => low + ((high - low) * (k + 0.5)) / count;
    const points = Array.from({ length: count ** 2 }, (_, k) =>
      equation.complete([along(across, k % count), along(up, count - 1 - Math.floor(k / count)), ...others]),
    );
    const flat = Float64Array.from(points.flat());
    const far = leverages(equation.hull, flat);
    return { points, flat, isFar: (k: number) => !(far[k] <= equation.hull.limit) };
  };
  const shade = document.createElement("canvas");
  shade.width = shade.height = SHADE;
  const cells = grid(SHADE);
  const image = new ImageData(SHADE, SHADE);
  for (let k = 0; k < SHADE ** 2; k++) image.data[4 * k + 3] = cells.isFar(k) ? 255 : 0;
  shade.getContext("2d")?.putImageData(image, 0, 0);
  const feet = grid(ARROWS);
  const f = driftValues(equation.drift, feet.flat);
  const arrows = feet.points.flatMap(([x, y], k) =>
    feet.isFar(k) ? [] : [[x, y, f[k * equation.d], f[k * equation.d + 1]] as const],
  );
  return { shade, arrows };
}

/** Shade, arrows, and the mean paths. */
export function plane(sheet: Sheet, field: Field, { laws, truth }: Scene): void {
  const { ctx, ratio, left, top, width, height, x, y } = sheet;
  // The shade in the ink of the theme: its own pixels only say where.
  const tinted = document.createElement("canvas");
  tinted.width = tinted.height = SHADE;
  const tint = tinted.getContext("2d");
  if (tint) {
    tint.drawImage(field.shade, 0, 0);
    tint.globalCompositeOperation = "source-in";
    tint.fillStyle = color("grid");
    tint.fillRect(0, 0, SHADE, SHADE);
  }
  ctx.globalAlpha = 0.75;
  ctx.drawImage(tinted, left, top, width, height);
  const cell = (0.82 * Math.min(width, height)) / ARROWS;
  const lengths = field.arrows.map(([a, b, da, db]) => Math.hypot(x(a + da) - x(a), y(b + db) - y(b)));
  const middle = [...lengths].sort((a, b) => a - b)[lengths.length >> 1] || 1;
  pen(sheet, "muted", 1.1, 0.75);
  for (const [k, [a, b, da, db]] of field.arrows.entries()) {
    if (!(lengths[k] > 0)) continue;
    // Slow ones are drawn longer than they are, so that their direction shows.
    const reach = (cell * lengths[k]) / (lengths[k] + middle) / lengths[k];
    const [x0, y0] = [x(a), y(b)];
    const [dx, dy] = [(x(a + da) - x0) * reach, (y(b + db) - y0) * reach];
    const head = 3.2 * ratio;
    const turn = Math.atan2(dy, dx);
    ctx.beginPath();
    ctx.moveTo(x0 - dx / 2, y0 - dy / 2);
    ctx.lineTo(x0 + dx / 2, y0 + dy / 2);
    for (const side of [2.6, -2.6]) {
      ctx.moveTo(x0 + dx / 2, y0 + dy / 2);
      ctx.lineTo(x0 + dx / 2 + head * Math.cos(turn + side), y0 + dy / 2 + head * Math.sin(turn + side));
    }
    ctx.stroke();
  }
  if (truth.length > 1) {
    pen(sheet, TRUE, 4.5);
    line(sheet, truth[0].mean, truth[1].mean);
  }
  pen(sheet, OURS, 1.9);
  line(sheet, laws[0].mean, laws[1].mean);
  ctx.globalAlpha = 1;
}

/** A dot for every run at its place, those whose states `[runs, d]` are outside the training data in another ink; none for those that are lost. */
function dots(
  sheet: Sheet,
  radius: number,
  { hull }: Equation,
  states: Float64Array,
  place: (run: number) => [number, number],
): void {
  const { ctx, ratio } = sheet;
  const far = leverages(hull, states);
  for (const astray of [false, true]) {
    pen(sheet, astray ? ASTRAY : OURS, 1, 0.7);
    for (let r = 0; r < far.length; r++) {
      const [x, y] = place(r);
      if (far[r] <= hull.limit === astray || !Number.isFinite(x + y)) continue;
      ctx.beginPath();
      ctx.arc(x, y, radius * ratio, 0, 2 * Math.PI);
      ctx.fill();
    }
  }
  ctx.globalAlpha = 1;
}

/** Runs at the present time, those outside the training data in another ink, and the way of some of them. */
export function cloud(sheet: Sheet, { equation, runs, now }: Scene): void {
  pen(sheet, OURS, 0.9, 0.45);
  const first = Math.max(0, now - TAIL);
  for (const r of SINGLE) line(sheet, pathOf(runs, r, 0, first, now + 1), pathOf(runs, r, 1, first, now + 1));
  const states = runs.at(now);
  dots(sheet, 2.1, equation, states, (r) => [sheet.x(states[r * runs.d]), sheet.y(states[r * runs.d + 1])]);
}

/** −∫ f dz along one variable, from its least value on. */
export interface Potential {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly range: [number, number];
}

export function potentialOf({ drift }: Equation, { low, high }: LiveVariable): Potential {
  const x = Float64Array.from({ length: 241 }, (_, k) => low + ((high - low) * k) / 240);
  const f = driftValues(drift, x);
  const y = new Float64Array(x.length);
  for (let k = 1; k < x.length; k++) y[k] = y[k - 1] - ((f[k] + f[k - 1]) * (x[k] - x[k - 1])) / 2;
  const least = Math.min(...y);
  const most = Math.max(...y);
  const air = most - least || 1;
  return { x, y: y.map((value) => value - least), range: [-0.06 * air, 1.5 * air] };
}

/** The potential at a value. */
export function heightAt({ x, y }: Potential, value: number): number {
  const at = ((value - x[0]) / (x[x.length - 1] - x[0])) * (x.length - 1);
  const k = Math.max(0, Math.min(x.length - 2, Math.floor(at)));
  return y[k] + (at - k) * (y[k + 1] - y[k]);
}

export function landscape(sheet: Sheet, potential: Potential, { equation }: Scene): void {
  const { ctx, left, top, width, height, x } = sheet;
  const far = leverages(equation.hull, potential.x);
  ctx.fillStyle = color("grid");
  ctx.globalAlpha = 0.75;
  const step = x(potential.x[1]) - x(potential.x[0]);
  for (let k = 0; k < far.length; k++)
    if (!(far[k] <= equation.hull.limit)) ctx.fillRect(x(potential.x[k]) - step / 2, top, step + 1, height);
  pen(sheet, "muted", 2, 0.9);
  line(sheet, potential.x, potential.y);
  ctx.globalAlpha = 0.1;
  ctx.beginPath();
  ctx.moveTo(left, top + height);
  for (let k = 0; k < potential.x.length; k++) ctx.lineTo(x(potential.x[k]), sheet.y(potential.y[k]));
  ctx.lineTo(left + width, top + height);
  ctx.fill();
  ctx.globalAlpha = 1;
}

/** The histogram of the runs, and the runs on the potential. */
export function histogram(sheet: Sheet, potential: Potential, { equation, runs, now }: Scene): void {
  const { ctx, width, height, x, y } = sheet;
  const states = runs.at(now);
  const bin = BIN * sheet.ratio;
  const counts = new Uint32Array(Math.ceil(width / bin));
  for (const value of states) {
    const k = Math.floor(x(value) / bin);
    if (k >= 0 && k < counts.length) counts[k]++;
  }
  const most = Math.max(...counts, 1);
  const tall = 0.34 * height;
  pen(sheet, OURS, 1, 0.45);
  for (const [k, count] of counts.entries())
    if (count > 0) ctx.fillRect(k * bin, tall * (1.06 - count / most), bin - sheet.ratio, (tall * count) / most);
  dots(sheet, 2.8, equation, states, (r) => [x(states[r]), y(heightAt(potential, states[r])) - 3 * sheet.ratio]);
}
