/** The loss of every network in the course of its training. */
import { average } from "../../analysis/mean.ts";
import { studentQuantile } from "../../analysis/student-t.ts";
import type { Training } from "../../run/trainings.ts";
import { chart } from "../chart.ts";
import type { Axis, Panel, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import { type Html, html } from "../html.ts";
import { formatFixed, formatNumber, formatSetting } from "../number.ts";
import { scaleInk } from "../palette.ts";
import { LOOKS, type Look } from "./methods.ts";

/** One part in so many at the beginning may leave the frame: what is looked for is at the end. */
const BEGINNING = 8;
/** Positive losses that fall by more than this factor are shown as they are, on a logarithmic axis. */
const DEEP = 10;
/** Panels that are not folded. */
const OPEN = 4;
/** Changes in the last quarter above this count as such, and those that are not known to so much are not told, % of the whole fall. */
const [FLAT, VAGUE] = [1, 10];
/** Trainings that are told one by one in the caption, at most. */
const TOLD = 4;

/** How much the loss changed over the last quarter of the steps, in %, with half the 95 % interval. */
export interface LateChange {
  readonly value: number;
  readonly reach: number;
}

/**
 * By a straight line through the means of the last quarter, whose scatter about it tells the error; parts count as independent. In % of the
 * fall from the first part to there, or of the mean there, of losses that are 0 at best. null where these are fewer than three, or differ too much beside that.
 */
export function lateChange(mean: readonly number[], of: "fall" | "mean" = "fall"): LateChange | null {
  const y = lastQuarter(mean);
  const n = y.length;
  const end = average(y);
  const fall = mean[0] - end;
  if (n < 3 || !(fall > 0)) return null;
  const at = (k: number) => k - (n - 1) / 2;
  const sum = (of: (value: number, k: number) => number) => y.reduce((total, value, k) => total + of(value, k), 0);
  const square = sum((_, k) => at(k) ** 2);
  const slope = sum((value, k) => at(k) * value) / square;
  const rest = sum((value, k) => (value - end - slope * at(k)) ** 2) / (n - 2);
  const percent = (100 * n) / (of === "fall" ? fall : end);
  const reach = percent * studentQuantile(0.975, n - 2) * Math.sqrt(rest / square);
  return reach < VAGUE ? { value: percent * slope, reach } : null;
}

const lastQuarter = (mean: readonly number[]) => mean.slice(-Math.max(1, Math.floor(mean.length / 4)));

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
  const panels = [...groups.values()].map((own, k): Panel => {
    const whats = [...new Set(own.map(({ what }) => what))];
    const looks = new Map(whats.map((what, k) => [what, lookOf(own, what, scaleInk(k, whats.length))]));
    const [least, most] = extent(own.flatMap(({ mean }) => Array.from(mean)));
    const deep = least > 0 && most > DEEP * least;
    const series = own.map((one): Series => {
      const mean = Array.from(one.mean);
      const end = average(lastQuarter(mean));
      return {
        ...(looks.get(one.what) as Look),
        detail: `${placeOf(one).last}${several ? `, seed ${one.seed}` : ""}, to ${formatNumber(end, 4)}`,
        width: one.seed === seed ? 2 : 0.75,
        draw: "line",
        x: one.step,
        y: deep ? mean : mean.map((value) => value - end),
      };
    });
    const [{ loss, step }] = own;
    const { folder } = placeOf(own[0]);
    return {
      title: folder ? `${folder}: ${loss}` : loss,
      folded: k >= OPEN,
      series,
      x: { label: `step of ${formatSetting(step.at(-1) ?? Number.NaN)}` },
      y: deep ? { label: "loss", log: 10 } : { label: "loss above its end", ...frameOf(series) },
    };
  });
  const anyDeep = panels.some(({ y }) => y?.log);
  const anyShallow = panels.some(({ y }) => !y?.log);
  return chart({
    id: "training-loss",
    title: "Training loss",
    caption: html`Loss of mini-batches, mean over equal parts of the AdamW steps, against the steps done at the end of each. ${
      anyDeep && "A loss that is positive and falls more than tenfold stands on a logarithmic axis. "
    }${
      anyShallow &&
      `${anyDeep ? "From the others" : "From each"} its mean over the last quarter is subtracted (“to …” where values are read out), so that all curves end at zero; the first eighth of the steps may leave the frame. `
    }${several && "Thin: other seeds. "}
${
  list.some(({ loss }) => loss.includes("C⁻¹")) &&
  html`rᵀC⁻¹r + ln det C is twice the negative log-likelihood of a row of training data, less d ln 2π, in units of the spread of what is left of it; |r|² + tr C⁻¹Q + ln det C stands for it where the rows know their variation Q, from rates or from copies: the drift learns by least squares, the noise from Q. `
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
function frameOf(series: readonly Series[]): Pick<Axis, "range"> {
  const [low, high] = extent(series.flatMap(({ y }) => Array.from(y).slice(Math.ceil(y.length / BEGINNING))));
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
  const falling = late.filter(({ value, reach }) => value + reach < -FLAT).length;
  const changes =
    late.length <= TOLD ? late.map(told).join(", ") : `${told(late[0])} to ${told(late[late.length - 1])}`;
  const others = list.length - late.length;
  return [
    late.length > 0 &&
      `Over the last quarter the loss changed by ${changes} of its whole fall; ${falling} of ${late.length} still fell by more than ${FLAT} %.`,
    others > 0 &&
      `${late.length > 0 ? `For ${others} more` : `For ${others === 1 ? "this training" : `these ${others} trainings`}`} no change is told: the steps are too few, or the loss fell by too little beside its scatter from batch to batch.`,
  ]
    .filter(Boolean)
    .join(" ");
}
