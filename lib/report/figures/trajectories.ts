/** Figures of runs over time: what is true from every start, and what learned equations predict. */
import type { Moments } from "../../analysis/ensemble.ts";
import { average } from "../../analysis/mean.ts";
import type { Method } from "../../method/pairs.ts";
import { NORMAL } from "../../run/seeds.ts";
import { chart } from "../chart.ts";
import type { Frame, Panel, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import type { Html } from "../html.ts";
import type { Stroke } from "../thumbnail.ts";
import { ENDS_AND_MIDDLE, LAST_TWO, opened } from "./folded.ts";
import { LOOKS, type Look, overTruth, TRUE, tameReach } from "./methods.ts";
import { NOISE, noiseSeries } from "./noise-band.ts";
import { type Learned, shadeOf, sidesOf, sideTitle, square, ZERO } from "./patch-sides.ts";

/** Mean and standard deviation over runs of each observable, `[times]`. */
export type Laws<O extends string = string> = Record<O, Moments>;

export interface Prediction<O extends string = string> extends Learned {
  laws: Laws<O>;
}

/** The laws of the first variables of moments `[times, d]`, which are the observables. */
export function lawsOf<O extends string>(observables: readonly O[], { mean, std }: Moments, d: number): Laws<O> {
  const column = (values: ArrayLike<number>, j: number) =>
    Float64Array.from({ length: values.length / d }, (_, t) => values[t * d + j]);
  const laws = observables.map((name, j) => [name, { mean: column(mean, j), std: column(std, j) }]);
  return Object.fromEntries(laws) as Laws<O>;
}

/** What has a panel of its own: one start of the test, or one variable. */
export interface Case<O extends string = string> {
  title: string;
  times: number[];
  truth: Laws<O>;
  predicted: Prediction<O>[];
  /** How many independent runs the means are of, those of the truth (Infinity: exact) and of each prediction; without, no noise is drawn. */
  runs?: { truth: number; predicted: number };
  /** Its panel is folded below the others. Where no case says so, the lowest, the middle and the highest stand open. */
  folded?: boolean;
}

/** What is shown of laws. */
export interface Shown<O extends string = string> {
  of(
    laws: Laws<O>,
    truth: Laws<O>,
    times: number[],
  ): Pick<Series, "x" | "y" | "low" | "high" | "interval" | "t" | "draw">;
  /** Differences from the truth: it is the line at zero. */
  difference?: true;
  /** What a perfect model would show by sampling alone, behind the curves. */
  noise?(truth: Laws<O>, times: number[], runs: NonNullable<Case["runs"]>): Series;
  /** The range of y that reaches so far from zero; without it wild curves are shown in full. */
  range?(reach: number): [number, number];
}

/** Mean ± standard deviation as a line with its band. */
export function spread<O extends string>(observable: O): Shown<O> {
  return {
    of({ [observable]: { mean, std } }, _, times) {
      const edge = (sign: number) => Array.from(mean, (value, i) => value + sign * std[i]);
      return { x: times, y: mean, low: edge(-1), high: edge(1), interval: "std" };
    },
  };
}

/** Standard deviation. */
export function deviation<O extends string>(observable: O): Shown<O> {
  return { of: (laws, _, times) => ({ x: times, y: laws[observable].std }), range: (reach) => [0, reach] };
}

/** Of runs that hardly spread yet, by this part of the most that they will, ratios of standard deviations are not shown. */
const HARDLY = 0.05;

/**
 * Predicted over true standard deviation, minus one, in %. The noise is that of a normal law, of which the relative standard error of so many runs is
 * 1/√(2 (runs − 1)).
 */
export function deviationError<O extends string>(observable: O): Shown<O> {
  return {
    of(laws, truth, times) {
      const exact = truth[observable].std;
      const least = HARDLY * extent(Array.from(exact))[1];
      const y = Array.from(laws[observable].std, (std, i) =>
        exact[i] > least ? 100 * (std / exact[i] - 1) : Number.NaN,
      );
      return { x: times, y };
    },
    difference: true,
    noise(_, times, { truth, predicted }) {
      const reach = 100 * NORMAL * Math.sqrt(0.5 / (truth - 1) + 0.5 / (predicted - 1));
      const all = (value: number) => times.map(() => value);
      return { ...NOISE, x: times, y: all(0), low: all(-reach), high: all(reach) };
    },
    range: (reach) => [-reach, reach],
  };
}

/** Predicted minus true mean. */
export function meanError<O extends string>(observable: O): Shown<O> {
  return {
    of(laws, truth, times) {
      const exact = truth[observable].mean;
      return { x: times, y: Array.from(laws[observable].mean, (mean, i) => mean - exact[i]) };
    },
    difference: true,
    noise({ [observable]: { std } }, times, { truth, predicted }) {
      return noiseSeries(times, { std, runs: truth }, { std, runs: predicted });
    },
    range: (reach) => [-reach, reach],
  };
}

/** The path of two means through their plane. */
export function path<O extends string>(x: O, y: O): Shown<O> {
  return { of: (laws, _, t) => ({ draw: "path", x: laws[x].mean, y: laws[y].mean, t }) };
}

/** A curve of every panel: how it looks, and of which equation. */
export interface Curve {
  look: Look;
  matches(one: Learned): boolean;
}

/** A curve per method, all from patches of one side; `look`: how it is drawn. */
export function methodCurves(
  methods: readonly Method[],
  patch: number,
  look = (method: Method) => LOOKS[method],
): Curve[] {
  return methods.map((method) => ({
    look: look(method),
    matches: (one) => one.method === method && one.patch === patch,
  }));
}

/** Our method from patches of each side. */
export function sideCurves(sides: readonly number[], nameOf = square): Curve[] {
  return sides.map((patch) => ({
    look: { name: `Ours, ${nameOf(patch)}`, ...shadeOf(patch, sides) },
    matches: (one) => one.method === "compensator" && one.patch === patch,
  }));
}

/**
 * A panel per case with the curves of `predicted`, over the truth (which `truth` draws) or around zero, behind them what sampling does where
 * that is known.
 */
export function byCase<O extends string>(
  frame: Frame,
  cases: readonly Case<O>[],
  shown: Shown<O>,
  curves: readonly Curve[],
  truth = TRUE,
): Html {
  const panels = cases.map(({ title, times, truth: law, predicted, runs, folded }): Panel => {
    const own = curves.flatMap(({ look, matches }): Series[] => {
      const found = predicted.find(matches);
      return found ? [{ ...look, ...shown.of(found.laws, law, times) }] : [];
    });
    const noise = (runs && shown.noise && [shown.noise(law, times, runs)]) ?? [];
    if (shown.difference) return { title, folded, series: [...noise, ...own], levels: [ZERO] };
    return { title, folded, series: [...noise, { ...truth, ...shown.of(law, law, times) }, ...own] };
  });
  const said = cases.some(({ folded }) => folded !== undefined);
  const reach = shown.range && tameReach(panels);
  const y = { ...frame.y, ...(reach && { range: shown.range?.(reach) }) };
  return chart({ columns: 3, height: 200, ...frame, y, panels: said ? panels : opened(panels, ENDS_AND_MIDDLE) });
}

/**
 * Said of differences: the part of all times and cases that each of the curves spends within the noise, of a perfect model 95 %. Nothing where no noise is
 * known.
 */
export function withinNoise<O extends string>(
  cases: readonly Case<O>[],
  shown: Shown<O>,
  curves: readonly Curve[],
): string {
  const shares = curves.flatMap(({ look, matches }) => {
    const inside = cases.flatMap(({ times, truth, predicted, runs }) => {
      const found = predicted.find(matches);
      const noise = runs && shown.noise?.(truth, times, runs);
      if (!found || !noise) return [];
      const { y } = shown.of(found.laws, truth, times);
      return times.flatMap((_, t) => {
        const [value, low, high] = [y[t], noise.low?.[t], noise.high?.[t]].map(Number);
        return high > low && Number.isFinite(value) ? [Number(value >= low && value <= high)] : [];
      });
    });
    return inside.length > 0 ? [`${look.name} ${Math.round(100 * average(inside))} %`] : [];
  });
  return shares.length > 0 ? ` Within the grey, of all times and starts: ${shares.toReversed().join(", ")}.` : "";
}

/** All cases in a panel per patch side, of which the smaller ones stand open: mean ± standard deviation, true and by our method, and the naive mean without band. */
export function fans<O extends string>(
  frame: Frame,
  cases: readonly Case<O>[],
  observable: O,
  truth = TRUE,
  titleOf = sideTitle,
): Html {
  const law = spread(observable);
  const bare: Shown<O> = { of: (laws, _, times) => ({ x: times, y: laws[observable].mean }) };
  const draw = (look: Look, shown: Shown<O>, pick: (one: Case<O>) => Laws<O> | undefined) =>
    cases.flatMap((one): Series[] => {
      const laws = pick(one);
      return laws ? [{ ...look, ...shown.of(laws, one.truth, one.times), detail: one.title }] : [];
    });
  const panels = sidesOf(cases.flatMap((one) => one.predicted)).map((patch): Panel => {
    const predicted = (method: Method, shown: Shown<O>) => {
      const matches = (one: Learned) => one.method === method && one.patch === patch;
      return draw(overTruth(method), shown, (one) => one.predicted.find(matches)?.laws);
    };
    const exact = draw(truth, law, (one) => one.truth);
    return {
      title: titleOf(patch),
      series: [...exact, ...predicted("naive", bare), ...predicted("compensator", law)],
    };
  });
  return chart({ height: 300, ...frame, panels: opened(panels, LAST_TWO) });
}

/** The truth of every case and our prediction from patches of side `patch`, for the gallery. */
export function strokes<O extends string>(cases: readonly Case<O>[], shown: Shown<O>, patch: number): Stroke[] {
  return cases.flatMap(({ times, truth, predicted }): Stroke[] => {
    const ours = predicted.find((one) => one.method === "compensator" && one.patch === patch);
    const stroke = shown.of(truth, truth, times);
    return ours ? [stroke, { ...shown.of(ours.laws, truth, times), bold: true }] : [stroke];
  });
}
