import { isOurs, METHODS, type Method } from "../../method/pairs.ts";
import type { Panel, Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";

/** What tells one curve from another. */
export type Look = Pick<Series, "name" | "ink" | "dash" | "marker" | "hollow" | "width">;

/** Where numbers come from: a method, or the paper's model and its baseline. */
export type Source = Method | "paper" | "paper-naive";

/**
 * How each source of numbers looks everywhere: colour, dash and marker say the same thing three times. Ours is solid and in front, what it
 * is compared with is broken.
 */
export const LOOKS: Record<Source, Look> = {
  compensator: { name: "Ours (compensator)", ink: "compensator", dash: "solid", marker: "circle" },
  increment: { name: "Increments, λ = K", ink: "increment", dash: "dashed", marker: "square" },
  naive: { name: "Naive", ink: "naive", dash: "dotted", marker: "triangle" },
  small: { name: "Small system", ink: "small", dash: "dashed", marker: "square", hollow: true },
  paper: { name: "Paper", ink: "paper", dash: "solid", marker: "diamond" },
  "paper-naive": { name: "Paper, naive", ink: "paper", dash: "dotted", marker: "diamond", hollow: true },
};

/** What methods are compared with: a wide grey line under theirs. */
export const TRUE: Look = { name: "True", ink: "exact", width: 6 };

/** In the order of drawing: the last is on top. */
export const DRAWN: readonly Method[] = METHODS.toReversed();

export const OURS = DRAWN.filter(isOurs);

/** Over the wide line of the truth, as everywhere but thin: the truth shows on either side where both coincide. */
export const overTruth = (method: Method): Look => ({ ...LOOKS[method], width: 1.5 });

/** A frame goes so far beyond all curves, and not beyond so many times ours. */
const AIR = 1.1;
const WILD = 2.5;

/**
 * How far from `middle` the frame must reach to show in full, with their intervals, all but the methods of wrong noise, which may
 * leave it. Undefined where they keep within, unless it is to be told `always`.
 */
export function tameReach(panels: readonly Panel[], middle = 0, always = false): number | undefined {
  const wild = DRAWN.filter((method) => !isOurs(method)).map((method) => LOOKS[method].ink);
  const series = panels.flatMap((panel) => panel.series);
  const reach = (list: readonly Series[]) => {
    const ends = list.flatMap(({ y, low = [], high = [] }) => [y, low, high].flatMap((numbers) => Array.from(numbers)));
    const [least, most] = extent(ends);
    return Math.max(most - middle, middle - least);
  };
  const [ours, all] = [reach(series.filter(({ ink }) => !wild.includes(ink))), reach(series)];
  return ours > 0 && (always || all > ours) ? Math.min(AIR * all, WILD * ours) : undefined;
}
