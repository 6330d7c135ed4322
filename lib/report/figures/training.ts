/** The loss of every network in the course of its training. */
import { studentQuantile } from "../../analysis/student-t.ts";
import type { Training } from "../../run/trainings.ts";
import { chart } from "../chart.ts";
import type { Panel, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import { type Html, html } from "../html.ts";
import { formatFixed } from "../number.ts";
import { scaleInk } from "../palette.ts";
import { LOOKS, type Look } from "./methods.ts";

/** The first of so many equal parts of the steps may leave the frame: what is looked for is at the end. */
const BEGINNING = 16;
/** Changes in the last quarter above this count as such, % of the whole fall. */
const FLAT = 1;
/** Trainings that are told one by one in the caption, at most. */
const TOLD = 4;

/** How much the loss changed over the last quarter of the steps, in % of its whole fall, with half the 95 % interval. */
export interface LateChange {
  readonly value: number;
  readonly reach: number;
}

/**
 * By a straight line through the means of the last quarter, whose scatter about it tells the error; parts count as independent. null where
 * these are fewer than three, or the loss did not fall.
 */
export function lateChange(mean: readonly number[]): LateChange | null {
  const n = Math.floor(mean.length / 4);
  const fall = mean[0] - mean[mean.length - 1];
  if (n < 3 || !(fall > 0)) return null;
  const y = mean.slice(mean.length - n);
  const at = (k: number) => k - (n - 1) / 2;
  const sum = (of: (value: number, k: number) => number) => y.reduce((total, value, k) => total + of(value, k), 0);
  const [center, square] = [sum((value) => value) / n, sum((_, k) => at(k) ** 2)];
  const slope = sum((value, k) => at(k) * value) / square;
  const rest = sum((value, k) => (value - center - slope * at(k)) ** 2) / (n - 2);
  const percent = (100 * n) / fall;
  return { value: percent * slope, reach: percent * studentQuantile(0.975, n - 2) * Math.sqrt(rest / square) };
}

/** "−1.2 ± 0.3 %" */
export const formatChange = ({ value, reach }: LateChange): string =>
  `${formatFixed(value, 1)} ± ${formatFixed(reach, 1)} %`;

/** `patch16/compensator` is `compensator` of `patch16`. */
function placeOf({ what }: Training) {
  const cut = what.lastIndexOf("/");
  return { folder: what.slice(0, Math.max(0, cut)), last: what.slice(cut + 1) };
}

/** A panel per folder and loss, a curve per network; those of other seeds than the first are thin. */
export function training(list: readonly Training[]): Html | false {
  if (list.length === 0) return false;
  const [{ seed }] = list;
  const several = list.some((one) => one.seed !== seed);
  const groups = Map.groupBy(list, (one) => JSON.stringify([placeOf(one).folder, one.loss, one.step.at(-1)]));
  const panels = [...groups.values()].map((own): Panel => {
    const whats = [...new Set(own.map(({ what }) => what))];
    const looks = new Map(whats.map((what, k) => [what, lookOf(own, what, scaleInk(k, whats.length))]));
    const series = own.map((one): Series => {
      const { last } = placeOf(one);
      return {
        ...(looks.get(one.what) as Look),
        detail: several ? `${last}, seed ${one.seed}` : last,
        width: one.seed === seed ? 2 : 0.75,
        draw: "line",
        x: one.step,
        y: one.mean,
      };
    });
    const [{ loss, step }] = own;
    const title = placeOf(own[0]).folder;
    return { title, series, x: { label: `step of ${step.at(-1)}` }, y: { label: loss, ...frameOf(own) } };
  });
  return chart({
    id: "training",
    title: "Training loss",
    caption: html`Mean loss of mini-batches over equal parts of the AdamW steps, against the steps done at the end of each; ${several && "thin: other seeds; "}what comes before the first ${`1/${BEGINNING}`} may leave the frame.
${
  list.some(({ loss }) => loss.includes("C⁻¹")) &&
  html`rᵀC⁻¹r + ln det C is twice the negative log-likelihood of a row of training data, less d ln 2π, in units of the spread of what is left of it: values below zero are as good as others. |r|² + tr C⁻¹Q + ln det C is the same for compensators, whose drift learns by least squares, and whose noise from the quadratic variation Q. `
}A training that has converged is flat in its last quarter; one that falls there would gain by more steps. The learning rate goes to zero at the end, where all curves are flat. ${lateSentence(list, several)}`,
    alt: "Mean training loss against the step, one line per network",
    x: { label: "step" },
    y: { label: "loss" },
    shareY: false,
    panels,
    height: 240,
  });
}

/** The first of a method looks as it does everywhere. */
function lookOf(own: readonly Training[], what: string, ink: Look["ink"]): Look {
  const found = own.find((one) => one.what === what) as Training;
  const first = own.find(({ method }) => method === found.method);
  if (found.method && first?.what === what) return LOOKS[found.method];
  return { name: placeOf(found).last, ink };
}

/** What y shows at first: all but the beginning of the curves. */
function frameOf(own: readonly Training[]): { range?: [number, number] } {
  const [low, high] = extent(own.flatMap(({ mean }) => Array.from(mean).slice(Math.ceil(mean.length / BEGINNING))));
  const air = 0.06 * (high - low);
  return high > low ? { range: [low - air, high + air] } : {};
}

/** The change over the last quarter, and how many trainings were still falling. */
function lateSentence(list: readonly Training[], several: boolean): string {
  const late = list.flatMap((one) => {
    const change = lateChange(Array.from(one.mean));
    return change ? [{ name: several ? `${one.what}, seed ${one.seed}` : one.what, ...change }] : [];
  });
  late.sort((a, b) => a.value - b.value);
  const told = ({ name, ...change }: (typeof late)[number]) => `${formatChange(change)} (${name})`;
  const falling = late.filter(({ value, reach }) => value < -FLAT && value + reach < 0).length;
  const changes =
    late.length <= TOLD ? late.map(told).join(", ") : `${told(late[0])} to ${told(late[late.length - 1])}`;
  const others = list.length - late.length;
  return [
    late.length > 0 &&
      `Over the last quarter the loss changed by ${changes} of its whole fall; ${falling} of ${late.length} still fell by more than ${FLAT} %.`,
    others > 0 && `Of ${others} it did not fall, or there were too few steps to say.`,
  ]
    .filter(Boolean)
    .join(" ");
}
