/** What reports share that compare patches of several sides. */
import type { CentralRange } from "../../analysis/distribution.ts";
import type { Method } from "../../method/pairs.ts";
import { chart } from "../chart.ts";
import type { Frame, Level, Panel, Series } from "../chart-spec.ts";
import type { Html } from "../html.ts";
import { SHADES } from "../palette.ts";
import { LAST_TWO, opened } from "./folded.ts";
import { DRAWN, LOOKS, type Look } from "./methods.ts";

/** Which equation something belongs to: how it was trained, and on patches of which side. */
export interface Learned {
  method: Method;
  patch: number;
}

/** Names of square patches; figures take those of other shapes. */
export const square = (patch: number) => `${patch} × ${patch}`;
export const sideTitle = (patch: number) => `patches of ${square(patch)}`;

/** Patch sides from large to small, as in the paper's tables. */
export function sidesOf(items: readonly { patch: number }[]): number[] {
  return [...new Set(items.map((item) => item.patch))].sort((a, b) => b - a);
}

/** Widths and dashes of the lines of patch sides, the smallest side first: curves that scribble over each other are told apart by more than their ink. */
const LINES = [
  { width: 2.5, dash: "solid" },
  { width: 1.75, dash: "dashed" },
  { width: 2, dash: "dotted" },
  { width: 1.25, dash: "solid" },
] as const;

/** A patch side's ink and line: the smallest stands out most. */
export function shadeOf(patch: number, sides: readonly number[]): Omit<Look, "name"> {
  const rank = sides.length - 1 - sides.indexOf(patch);
  return { ink: SHADES[rank % SHADES.length], ...LINES[rank % LINES.length] };
}

/** Where the training data are, below a function of a variable: their median, which the line in the middle is, and the central 95 % of them. */
export const trainingRange = ({ low, middle, high }: CentralRange): Level => ({
  value: middle,
  label: "training median",
  ...{ low, high },
});

/** A line at zero, for differences. */
export const ZERO: Level = { value: 0, label: "" };

/** How panels of functions are made. */
interface PanelOptions<T> {
  titleOf?: typeof sideTitle;
  /** Where training data are. */
  trained?: (item: T) => CentralRange;
  /** What stands behind the curves of a patch side. */
  behind?: (items: readonly T[]) => Series[];
}

/**
 * A function of one variable (a drift, a density) as it was learned: a panel per patch side, from large to small, with a curve per method, over `truth`.
 * Without one the curves are differences from it, around zero.
 */
export function functionPanels<T extends Learned>(
  items: readonly T[],
  pick: (item: T) => Pick<Series, "x" | "y" | "low" | "high">,
  truth?: Series,
  { titleOf = sideTitle, trained, behind = () => [] }: PanelOptions<T> = {},
): Panel[] {
  return sidesOf(items).map((patch): Panel => {
    const there = items.filter((item) => item.patch === patch);
    const verticals = trained && [trainingRange(trained(there[0]))];
    const own = DRAWN.flatMap((method): Series[] => {
      const found = there.find((item) => item.method === method);
      return found ? [{ ...LOOKS[method], ...pick(found) }] : [];
    });
    const title = titleOf(patch);
    if (truth) return { title, series: [truth, ...own], verticals };
    return { title, series: [...behind(there), ...own], levels: [ZERO], verticals };
  });
}

/** The same as a figure, of which the smaller patch sides, the harder cases, stand open. */
export function functions<T extends Learned>(
  frame: Frame,
  items: readonly T[],
  pick: (item: T) => Pick<Series, "x" | "y" | "low" | "high">,
  truth: Series,
): Html {
  return chart({ ...frame, panels: opened(functionPanels(items, pick, truth), LAST_TWO) });
}
