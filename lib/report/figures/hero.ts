import type { Method } from "../../method/pairs.ts";
import { chart } from "../chart.ts";
import { thin } from "../chart-data.ts";
import type { Axis, Panel, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import { type Content, type Html, html } from "../html.ts";
import { DRAWN, LOOKS, TRUE } from "./methods.ts";
import { square } from "./patch-sides.ts";
import type { Case, Laws } from "./trajectories.ts";

/** What the first figure of a report shows. */
export interface Hero<O extends string> {
  /** From low to high, as the reader knows them. */
  cases: readonly Case<O>[];
  observable: O;
  /** Of the patches whose equations are shown. */
  patch: number;
  axis: Axis;
  time: string;
  truth?: string;
  caption: Content;
  nameOf?: (patch: number) => string;
}

/** Starts that are drawn, spread over all. */
const STARTS = 3;
/** The frame of standard deviations begins so far below the true one in the last part of the runs, and ends so far above the largest. */
const AIR = 1.6;
/** Standard deviations may leave it above so many times the true one. */
const WILD = 100;
/** Means may leave the frame of the true ones by so much of it. */
const BEYOND = 0.15;

/**
 * Mean of an observable over time from some of the starts, and standard deviation from the middle one on a logarithmic axis: true, and by the
 * equation of every method from patches of one side.
 */
export function hero<O extends string>(spec: Hero<O>): Html | false {
  const { observable, patch, axis, time, truth = "True", caption, nameOf = square } = spec;
  const predicted = (one: Case<O>, method: Method) =>
    one.predicted.find((other) => other.method === method && other.patch === patch)?.laws;
  const known = spec.cases.filter((one) => DRAWN.some((method) => predicted(one, method)));
  const cases = known.length > STARTS ? thin(known, STARTS) : known;
  if (cases.length === 0) return false;
  const middle = cases[Math.floor(cases.length / 2)];
  const curves = (one: Case<O>, of: (laws: Laws<O>) => Pick<Series, "y" | "low" | "high">): Series[] => [
    { ...TRUE, name: truth, x: one.times, ...of(one.truth), interval: "std", detail: one.title },
    ...DRAWN.flatMap((method): Series[] => {
      const laws = predicted(one, method);
      // Bands of wrong noise would hide everything.
      const { low: _, high: __, ...bare } = laws ? of(laws) : { y: [] };
      return laws ? [{ ...LOOKS[method], x: one.times, ...bare, detail: one.title }] : [];
    }),
  ];
  const mean = (laws: Laws<O>) => {
    const { mean, std } = laws[observable];
    return {
      y: mean,
      low: Array.from(mean, (value, t) => value - std[t]),
      high: Array.from(mean, (value, t) => value + std[t]),
    };
  };
  const [low, high] = extent(
    cases.flatMap((one) => Object.values<ArrayLike<number>>(mean(one.truth)).flatMap((all) => Array.from(all))),
  );
  const air = BEYOND * (high - low) || 0.1;
  const panels: Panel[] = [
    {
      title: cases.length > 1 ? `mean, ${cases.length} starts` : `mean, ${cases[0].title}`,
      series: cases.flatMap((one) => curves(one, mean)),
      y: { ...axis, range: axis.range ?? [low - air, high + air] },
    },
    {
      title: `standard deviation, ${middle.title}`,
      series: curves(middle, (laws) => ({ y: laws[observable].std })),
      y: { label: `std of ${axis.label.replace(/^.* /, "")}`, log: 10, ...framed(middle, observable, patch) },
    },
  ];
  return chart({
    id: "hero",
    title: `Predicted from patches of ${nameOf(patch)}, on top of the true system`,
    caption: cases.length > 1 ? html`${caption} Starts: ${cases.map(({ title }) => title).join("; ")}.` : caption,
    alt: `Mean and standard deviation of ${axis.label} against time, true and predicted`,
    x: { label: time },
    y: axis,
    panels,
    columns: 2,
    height: 300,
    shareY: false,
  });
}

/** A logarithmic frame of the standard deviations behind the first part of the runs, where they grow from zero. */
function framed<O extends string>(
  { times, truth, predicted }: Case<O>,
  observable: O,
  patch: number,
): Pick<Axis, "range"> {
  const from = Math.floor(times.length / 20);
  const laws = [truth, ...predicted.filter((one) => one.patch === patch).map((one) => one.laws)];
  const late = (list: readonly Laws<O>[]) =>
    extent(list.flatMap((law) => Array.from(law[observable].std).slice(from)).filter((value) => value > 0));
  const [[low, high], [, most]] = [late(laws), late([truth])];
  return low < high ? { range: [low / AIR, AIR * Math.min(high, WILD * most)] } : {};
}
